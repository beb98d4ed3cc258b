// SPDX-License-Identifier: Apache-2.0
// Clocks of GEMM's and ALU's pipelines, for whoever models or explains them. hw/rtl/README.md ("Clocks per instruction") shows the
// stages; tests/sim/clocks_test.c and tests/rtl/compute hold the RTL to them.
#ifndef TSR_PIPELINE_H
#define TSR_PIPELINE_H

enum {
    TSR_TAKE_TO_ISSUE = 3, // from taking an instruction to its first micro-op's issue
    TSR_GEMM_DEPTH = 4, // from the last micro-op's issue to done, its write in the same clock
    TSR_ALU_DEPTH = 9,
    TSR_ALU_ACC_WRITE = 8, // from issue to the write of an accumulator
};

#endif
