// SPDX-License-Identifier: Apache-2.0
// One loop at a time. The caller writes it down, opens a round and takes pieces like every thread that wakes up in time;
// when none is left it closes the round, so that late threads find nothing, and waits for those that take part. Which
// thread runs which piece changes nothing of the result.
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tsr/tessera.h"

enum {
    PIECES = 4,   // a thread, on average: the slower of two cores takes fewer
    SPINS = 2000, // looks before a thread goes to sleep: the next loop often follows within microseconds
};

struct pool {
    uint32_t threads; // wanted, the caller among them
    uint32_t started; // others that run
    bool tried;       // to start them
    pthread_t ids[TSR_MAX_THREADS];

    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    // Written under the lock; atomic for those who look without it for a while, before they sleep.
    atomic_uint round; // number of the loop
    atomic_uint busy;  // others that take part
    bool open, stop;
    atomic_uint in_loop; // a flag; all processors have exchanges of this size

    // The loop, constant while a round is under way.
    const uint8_t *consts;
    uint8_t *work;
    const tsr_host_env *env;
    tsr_host_body *body;
    const int64_t *outer;
    uint32_t count, piece;
    atomic_uint next; // first piece that nobody has taken
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void run_pieces(pool *p) {
    uint32_t pieces = p->count / p->piece + (p->count % p->piece != 0);
    for (uint32_t i; (i = atomic_fetch_add(&p->next, 1)) < pieces;) {
        uint32_t begin = i * p->piece, left = p->count - begin;
        p->body(p->consts, p->work, p->env, p->outer, begin, begin + (left < p->piece ? left : p->piece));
    }
}

static void *thread_main(void *context) {
    pool *p = context;
    unsigned seen = 0;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        if (p->open && atomic_load(&p->round) != seen) {
            seen = atomic_load(&p->round);
            atomic_fetch_add(&p->busy, 1);
            pthread_mutex_unlock(&p->lock);
            run_pieces(p);
            pthread_mutex_lock(&p->lock);
            if (atomic_fetch_sub(&p->busy, 1) == 1)
                pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
            for (int i = 0; i < SPINS && atomic_load(&p->round) == seen; i++)
                relax();
            pthread_mutex_lock(&p->lock);
        } else {
            pthread_cond_wait(&p->wake, &p->lock);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void start(pool *p) {
    p->tried = true;
    while (p->started + 1 < p->threads && pthread_create(&p->ids[p->started], NULL, thread_main, p) == 0)
        p->started++;
}

pool *pool_create(uint32_t threads) {
    pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->threads = threads < TSR_MAX_THREADS ? threads : TSR_MAX_THREADS;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

void pool_destroy(pool *p) {
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (uint32_t i = 0; i < p->started; i++)
        pthread_join(p->ids[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static void share(pool *p, const uint8_t *consts, uint8_t *work, const tsr_host_env *env, tsr_host_body *body,
                  const int64_t *outer, uint32_t count) {
    uint32_t pieces = PIECES * (p->started + 1);
    p->consts = consts;
    p->work = work;
    p->env = env;
    p->body = body;
    p->outer = outer;
    p->count = count;
    p->piece = count / pieces + (count % pieces != 0);
    atomic_store(&p->next, 0);
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->round, 1);
    p->open = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    run_pieces(p);
    pthread_mutex_lock(&p->lock);
    p->open = false;
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < SPINS && atomic_load(&p->busy) != 0; i++)
        relax();
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->busy) != 0)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pool_parallel_for(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, tsr_host_body *body, const int64_t *outer,
                       uint32_t count) {
    pool *p = env->pool;
    if (p == NULL || p->threads == 1 || atomic_exchange(&p->in_loop, 1) != 0) {
        body(consts, work, env, outer, 0, count);
        return;
    }
    if (!p->tried)
        start(p);
    if (p->started > 0)
        share(p, consts, work, env, body, outer, count);
    else
        body(consts, work, env, outer, 0, count);
    atomic_store(&p->in_loop, 0);
}

uint32_t pool_cpus(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > TSR_MAX_THREADS ? TSR_MAX_THREADS : (uint32_t)count;
}
