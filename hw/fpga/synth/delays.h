// SPDX-License-Identifier: Apache-2.0
// What a path costs: delays of cells in nanoseconds for the slowest process corner of a speed grade, and one figure for a net.
//
// xc7: Artix-7 and Zynq-7020 (the same fabric), grade -1: LUT, net and flip-flop as vendor timing reports print them, the other
// cells as in `specify` blocks of Yosys' xilinx/cells_sim.v, which took them from the prjxray database.
// xcup: UltraScale+, grade -2: rounded from vendor timing reports; nobody publishes a table. Estimates.
// net: what routing between two cells takes on average in a half-full part; it is placement that decides, so a frequency from
// these figures is an estimate.
#ifndef TSR_FPGA_DELAYS_H
#define TSR_FPGA_DELAYS_H

typedef struct delays {
    const char *family;
    double net;
    double ff_out, ff_setup;
    double lut;
    double mux;             // MUXF7, MUXF8, behind a LUT without a net between
    double carry_in;        // a LUT's output or a data input, to an output of the chain
    double carry_chain;     // from one block of the chain to the next (4 bits, on UltraScale+ 8)
    double carry_out;       // carry input to a sum output
    double lutram_out, lutram_setup;
    double bram_out, bram_setup; // without output register
    double dsp;             // A or B to P, no registers
    double dsp_c;           // C or PCIN to P
    double dsp_setup, dsp_m, dsp_p, dsp_from_operand; // A to the operand register; from MREG, PREG, AREG to P
    double target_mhz;
} delays;

static const delays delay_table[] = {
    {"xc7", 0.55,  0.456, 0.10,  0.124, 0.25, 0.50,  0.114, 0.31,  1.15,
     0.45,  2.454, 0.60,  2.823, 1.325, 0.35, 1.671, 0.329, 2.952, 150},
    {"xcup", 0.28,  0.080, 0.03,  0.090, 0.08, 0.18,  0.020, 0.10,  0.55,
     0.20,   0.990, 0.30,  1.550, 0.650, 0.20, 0.900, 0.200, 1.600, 300},
};

#endif
