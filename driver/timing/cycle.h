// SPDX-License-Identifier: Apache-2.0
// The cycle model: when each instruction of a stream starts and ends, by arithmetic on instructions and bursts instead of
// clocks. It knows the core as hw/rtl/README.md describes it (stages, queues, FIFOs, banks) and the memory of hw/sim.
//
// Tokens only come from earlier instructions (isa/spec.md 3.2), so one pass in program order is enough: every time that an
// instruction depends on is known when its turn comes. What that order cannot see is contention with instructions that come
// later in the stream but earlier in time: for the read bus between instruction fetch and LOAD, and for a bank between GEMM
// and ALU. These are approximated; the rest follows the RTL's stages. bench-timing holds it against the RTL.
#ifndef DRIVER_TIMING_CYCLE_H
#define DRIVER_TIMING_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/driver.h"
#include "tsr/status.h"

typedef struct cycle_memory {
    uint32_t latency;     // clocks, as hw/sim counts them
    uint32_t bandwidth;   // bytes a clock each way
    uint32_t outstanding; // bursts each way
} cycle_memory;

typedef struct cycle_segment {
    const uint8_t *data;
    uint64_t base; // bus address
    uint32_t size;
} cycle_segment;

typedef struct cycle_run {
    cycle_segment segment[TSR_SEGMENTS];
    uint32_t insn_offset, insn_count;
    tsr_on_insn *on_insn; // may be NULL
    void *on_insn_context;
    bool (*stop)(void *context); // asked now and then, true ends the run with TSR_TIMEOUT; may be NULL
    void *stop_context;
} cycle_run;

// Fills profile (all counters) and fault. TSR_TIMEOUT, TSR_OUT_OF_MEMORY. Faults found are those of dispatch; micro-ops out of
// range are not looked at.
tsr_status cycle_simulate(const tsr_config *config, const cycle_memory *memory, const cycle_run *run, tsr_profile *out_profile,
                          tsr_fault *out_fault);

#endif
