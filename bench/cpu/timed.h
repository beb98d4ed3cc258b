// SPDX-License-Identifier: Apache-2.0
// A compiled model on device cpu with random inputs, timed.
#ifndef BENCH_CPU_TIMED_H
#define BENCH_CPU_TIMED_H

#include "tsr/tessera.h"

typedef struct timed {
    const tsr_program *program; // borrowed
    tsr_device *device;
    tsr_session *session;
    uint64_t *steps; // nanoseconds of each step, the least of all runs
} timed;

double now_ms(void); // of CPU time: with one thread the time it takes, however busy the machine is
int by_value(const void *a, const void *b); // of doubles, for qsort
tsr_status timed_open(const tsr_program *program, timed *out_timed);
void timed_close(timed *t);
// Runs `count` times: the least and the middle time of a run in milliseconds.
tsr_status timed_run(timed *t, unsigned count, double *out_least, double *out_middle);

#endif
