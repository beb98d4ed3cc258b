// SPDX-License-Identifier: Apache-2.0
// Runs a program on the executable specification and on the Verilated core, and compares.
#ifndef LOCKSTEP_MACHINE_H
#define LOCKSTEP_MACHINE_H

#include "program.h"
#include "tsr/model.h"
#include "tsr/sim.h"

typedef struct machine machine;

typedef enum outcome {
    OUTCOME_SAME,
    OUTCOME_SKIPPED,   // a mutation made a race: nothing to compare
    OUTCOME_DIFFERENT, // anything that is not as specified: memory, fault, counters, a hang, a broken bus rule
} outcome;

enum { DETAIL_BYTES = 1200 };
typedef struct result {
    outcome outcome;
    uint32_t fault;            // code, as specified
    uint64_t cycles;           // simulated
    uint64_t stall_bank;       // cycles, GEMM and ALU together
    char detail[DETAIL_BYTES]; // what is different
} result;

// library: path of a simulator. NULL with a message on stderr when it cannot be had.
machine *machine_open(const char *library, const tsr_config *config);
void machine_close(machine *m);
// Runs the program with a memory that depends on its seed. check_races: see that the generator's tokens suffice.
result machine_run(machine *m, const program *p, bool check_races);

#endif
