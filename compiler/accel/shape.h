// SPDX-License-Identifier: Apache-2.0
// What the accelerator's instructions can say, with loops and addresses as numbers: the result of tensorising a nest.
#ifndef ACCEL_SHAPE_H
#define ACCEL_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/tensor.h"

enum { MAX_LOOPS = 10 };

// LOAD and STORE: a block of rows of runs between DRAM and one plane of a memory (isa/spec.md, LOAD).
typedef struct copy_shape {
    bool is_store;
    tsr_tbuffer *dram; // its offset is in dram_offset already
    tsr_scope memory;  // INP, WGT, PAR (LOAD), OUT (STORE)
    uint32_t segment, plane;
    bool diag;
    int64_t dram_offset, sram_addr; // bytes
    int64_t run, x_count, y_count, x_stride, y_stride, sram_x_stride, sram_y_stride;
    int64_t x_before, x_after, y_before, y_after;
    int32_t pad_value;
} copy_shape;

// Loops of GEMM and ALU around the lanes, outermost first, with the step of each operand's entry index.
typedef struct lane_loop {
    int64_t extent, dst, src, par;
} lane_loop;

typedef struct gemm_shape {
    uint32_t loop_count;
    lane_loop loop[MAX_LOOPS]; // dst: ACC, src: INP, par: WGT entries; dst == 0 marks a reduction
    int64_t acc, inp, wgt;     // entries at the origin
    bool overwrite;            // the reduction starts from zero
} gemm_shape;

typedef struct alu_shape {
    uint32_t loop_count;
    lane_loop loop[MAX_LOOPS]; // dst: ACC or OUT, src: ACC or INP, par: PAR entries
    int64_t dst, src, par;
    uint32_t op, src_kind;
    bool rescale, clip, to_out;
    int32_t imm, lo, hi;
} alu_shape;

typedef enum { SHAPE_COPY, SHAPE_GEMM, SHAPE_ALU } shape_kind;
typedef struct shape {
    shape_kind kind;
    union {
        copy_shape copy;
        gemm_shape gemm;
        alu_shape alu;
    } as;
} shape;

#endif
