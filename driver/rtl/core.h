// SPDX-License-Identifier: Apache-2.0
// A core in a simulator library: finding and checking the library, one run, recovery.
#ifndef DRIVER_RTL_CORE_H
#define DRIVER_RTL_CORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tsr/driver_control.h"
#include "tsr/sim.h"

typedef struct core core;

typedef struct core_limits {
    uint64_t cycles;     // 0 = none
    uint32_t timeout_ms; // of wall-clock time; 0 = none
    const atomic_bool *interrupted; // true ends the run like a timeout
} core_limits;

// Loads libtessera_sim_<config name>.so from $TESSERA_SIM_DIR, or else from beside the program or build/sim, and checks that
// it simulates this very configuration. TSR_NOT_FOUND names the make target that builds it.
tsr_status core_open(const tsr_config *config, const tsr_sim_memory *memory, core **out_core);
void core_close(core *core); // NULL is fine

bool core_attach(core *core, uint64_t base, void *host, uint64_t size);
void core_detach(core *core, uint64_t base);

void core_start(core *core, const tsr_control_segment segment[TSR_SEGMENTS], uint32_t insn_offset, uint32_t insn_count);
// Runs until the core is done. TSR_TIMEOUT with the hang report in the message: past a limit, or nothing moved for a million
// cycles; the run is then aborted and the core ready for another. Counters are given in each case.
tsr_status core_finish(core *core, core_limits limits, tsr_profile *out_profile, tsr_fault *out_fault);

// Instructions as they complete, cycles counted from the start of the run. NULL ends it.
void core_on_insn(core *core, tsr_sim_on_insn *callback, void *context);

// Cycles [start, stop) from the next core_start on, into an FST file of at most about max_bytes.
tsr_status core_trace(core *core, const char *path, uint64_t start, uint64_t stop, uint64_t max_bytes);

uint32_t core_isa_version(const core *core);

#endif
