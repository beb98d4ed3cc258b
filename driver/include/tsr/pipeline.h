// SPDX-License-Identifier: Apache-2.0
// Clocks of GEMM's and ALU's pipelines, for whoever models or explains them. hw/rtl/README.md ("Clocks per instruction") shows the
// stages; tests/sim/clocks_test.c and tests/rtl/compute hold the RTL to them.
#ifndef TSR_PIPELINE_H
#define TSR_PIPELINE_H

enum {
    TSR_TAKE_TO_ISSUE = 3, // from taking an instruction to its first micro-op's issue
    TSR_GEMM_DEPTH = 6, // from the last micro-op's issue to done, its write in the same clock
    TSR_GEMM_HELD = 5, // clocks behind issue in which the other unit has to leave the bank that is written alone
    TSR_ALU_DEPTH = 10,
    TSR_ALU_HELD = 6,
};

#endif
