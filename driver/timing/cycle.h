// SPDX-License-Identifier: Apache-2.0
// The cycle model: when each instruction of a stream starts and ends, by arithmetic on instructions and bursts instead of
// clocks. It knows the core as hw/rtl/README.md describes it (stages, queues, FIFOs, banks) and the memory of hw/sim. What it
// leaves out: driver/README.md, "The device timing".
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
