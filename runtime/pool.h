// SPDX-License-Identifier: Apache-2.0
// Threads that share the iterations of a loop.
#ifndef TSR_RUNTIME_POOL_H
#define TSR_RUNTIME_POOL_H

#include "tsr/program.h"

typedef struct pool pool;

// The caller's thread and threads - 1 others (threads >= 1), which start with the first loop and sleep between loops.
// Fewer when the system gives fewer. NULL without memory.
pool *pool_create(uint32_t threads);
void pool_destroy(pool *p); // waits for the threads to end; NULL is fine

// tsr_host_env.parallel_for; env->pool NULL: the caller's thread alone. A loop that begins inside of one, which compiled
// code never does, runs in its thread alone.
void pool_parallel_for(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, tsr_host_body *body, const int64_t *outer,
                       uint32_t count);

// CPUs that this process may use, at least 1, at most TSR_MAX_THREADS.
uint32_t pool_cpus(void);

#endif
