// SPDX-License-Identifier: Apache-2.0
// Instruction streams for the tests of the rtl device. Apart from them because the instruction set's header is only seen here.
#ifndef TESTS_SIM_STREAMS_H
#define TESTS_SIM_STREAMS_H

#include <stdint.h>

enum { STREAM_BYTES = 4096 }; // of segment 0, instructions from offset 0

// Only FINISH. Returns the number of instructions, as all of these.
uint32_t stream_nothing(uint8_t *segment0);
// `loads` LOADs of 64 bytes of segment 1 into INP; the last lets one GEMM micro-op begin, which comes before FINISH.
uint32_t stream_loads_then_gemm(uint8_t *segment0, uint32_t loads);
// One GEMM of count0 x count1 micro-ops.
uint32_t stream_long_gemm(uint8_t *segment0, uint32_t count0, uint32_t count1);
// LOAD beyond segment 1.
uint32_t stream_bad_load(uint8_t *segment0);
// OUT = 5 by the ALU, four entries stored to the start of segment 1.
uint32_t stream_store_fives(uint8_t *segment0);

#endif
