// SPDX-License-Identifier: Apache-2.0
// The thread pool below sessions: every iteration runs once, whatever the number of threads, and nothing hangs.
#include "../../runtime/pool.h"

#include <stdatomic.h>

#include "check.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

enum { MOST = 1000 };

static void count_up(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, const int64_t *outer, uint32_t begin,
                     uint32_t end) {
    (void)consts;
    (void)env;
    for (uint32_t i = begin; i < end; i++)
        work[i] = (uint8_t)(work[i] + outer[0]);
}

static bool all_are(const uint8_t *work, uint32_t count, uint8_t value) {
    for (uint32_t i = 0; i < MOST; i++)
        if (work[i] != (i < count ? value : 0))
            return false;
    return true;
}

TEST every_iteration_runs_once_with_any_number_of_threads(void) {
    static const uint32_t threads[] = {1, 2, 3, 7, TSR_MAX_THREADS}, counts[] = {1, 2, 5, 64, 257, MOST};
    for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
        pool *p = pool_create(threads[t]);
        const tsr_host_env env = {.pool = p, .parallel_for = pool_parallel_for};
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            uint8_t work[MOST] = {0};
            for (int64_t step = 1; step <= 20; step++)
                env.parallel_for(NULL, work, &env, count_up, &step, counts[c]);
            ASSERT(all_are(work, counts[c], 210));
        }
        pool_destroy(p);
    }
    PASS();
}

static void loop_in_loop(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, const int64_t *outer, uint32_t begin,
                         uint32_t end) {
    for (uint32_t i = begin; i < end; i++)
        env->parallel_for(consts, work + 10 * i, env, count_up, outer, 10);
}

TEST a_loop_inside_of_a_loop_does_not_wait_for_itself(void) {
    pool *p = pool_create(3);
    const tsr_host_env env = {.pool = p, .parallel_for = pool_parallel_for};
    uint8_t work[MOST] = {0};
    int64_t step = 3;
    env.parallel_for(NULL, work, &env, loop_in_loop, &step, MOST / 10);
    ASSERT(all_are(work, MOST, 3));
    pool_destroy(p);
    PASS();
}

TEST without_a_pool_the_caller_runs_everything(void) {
    const tsr_host_env env = {.parallel_for = pool_parallel_for};
    uint8_t work[MOST] = {0};
    int64_t step = 7;
    env.parallel_for(NULL, work, &env, count_up, &step, 100);
    ASSERT(all_are(work, 100, 7));
    PASS();
}

TEST pools_that_never_ran_end_at_once(void) {
    for (int i = 0; i < 100; i++)
        pool_destroy(pool_create(TSR_MAX_THREADS));
    pool_destroy(NULL);
    ASSERT(pool_cpus() >= 1 && pool_cpus() <= TSR_MAX_THREADS);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(every_iteration_runs_once_with_any_number_of_threads);
    RUN_TEST(a_loop_inside_of_a_loop_does_not_wait_for_itself);
    RUN_TEST(without_a_pool_the_caller_runs_everything);
    RUN_TEST(pools_that_never_ran_end_at_once);
    GREATEST_MAIN_END();
}
