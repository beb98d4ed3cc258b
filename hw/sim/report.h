// SPDX-License-Identifier: Apache-2.0
// The hang report: a picture of the units, in words.
#ifndef TSR_SIM_REPORT_H
#define TSR_SIM_REPORT_H

#include "tsr/sim.h"

#ifdef __cplusplus
extern "C" {
#endif

// A unit as the core's debug signals show it.
typedef struct tsr_sim_unit_view {
    bool active, stall_token, stall_bank;
    bool has_insn;         // at the head of its queue
    uint32_t insn_index;   // of that
    uint8_t wait, present; // bit u: it waits for a token from unit u; such a token is there
} tsr_sim_unit_view;

typedef struct tsr_sim_view {
    bool running;
    uint64_t cycle;
    tsr_sim_unit_view unit[TSR_SIM_UNITS]; // LOAD, GEMM, ALU, STORE
    uint32_t reads_in_flight, writes_in_flight;
} tsr_sim_view;

// As tsr_sim_api.report.
size_t tsr_sim_describe(const tsr_sim_view *view, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
