// SPDX-License-Identifier: Apache-2.0
// The instruction stream of the GEMM bench. Apart from gemm.c, because the instruction set's header is only seen here.
#ifndef BENCH_GEMM_ISA_H
#define BENCH_GEMM_ISA_H

#include <stdint.h>

#include "tsr/config.h"
#include "tsr/status.h"

typedef struct gemm_problem {
    uint32_t m, n, k; // given
    const tsr_config *config;

    // Filled in by gemm_plan. Segment 0: instructions, micro-ops, weights, parameters. Segment 1: A, then C.
    uint32_t insn_count;
    uint64_t const_bytes, work_bytes, c_offset, c_bytes;
    uint64_t uop_offset, weight_offset, param_offset;
    uint32_t k_blocks, n_blocks;
    uint32_t strip_rows, strips;       // in entries, that is batch rows at once
    uint32_t store_blocks, store_steps; // blocks of columns collected for a STORE; such groups in a strip
    uint32_t step_uops;                // micro-ops of one block of columns
} gemm_problem;

// Chooses the tiling; TSR_UNSUPPORTED, with the limit named, when the problem does not fit this schedule.
tsr_status gemm_plan(gemm_problem *p);
// Writes both segments, with random numbers, and the expected result.
void gemm_fill(const gemm_problem *p, uint8_t *constants, uint8_t *work, uint8_t *expected);

#endif
