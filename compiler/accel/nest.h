// SPDX-License-Identifier: Apache-2.0
// Building blocks of scheduled programs: nests over the accelerator's memories, in the layout that tensorise.c expects.
//
// In the tensor IR the memories are flat buffers, laid out as their instructions address them:
//   INP, OUT  int8:  plane * plane_bytes + byte in the plane           (entry * block + lane within the plane)
//   WGT       int8:  entry * KO*KI + o*KI + k
//   ACC       int32: entry * B*KO + row*KO + o
//   PAR       int32: entry * KO*3 + o*3 + {0 bias, 1 multiplier, 2 lsh | rsh << 8}
#ifndef ACCEL_NEST_H
#define ACCEL_NEST_H

#include "tsr/config.h"
#include "tsr/tensor.h"

typedef struct scheduler {
    tsr_arena *arena;
    const tsr_config *config;
    tsr_tensor_function *function;
    tsr_tbuffer *inp, *wgt, *acc, *out, *par;
    tsr_stmt **items; // the program so far
    uint32_t item_count, item_capacity;
} scheduler;

void scheduler_begin(scheduler *s, tsr_arena *arena, const tsr_config *config, const char *name);
tsr_tensor_function *scheduler_end(scheduler *s);

// A block to copy. Positions and strides in bytes of the DRAM tensor (int8) or, for PAR, in 4-byte words.
typedef struct block {
    tsr_tbuffer *dram;
    int64_t dram_offset;           // of row 0, column 0 (may be outside the tensor where padding covers it)
    int64_t rows, columns, run;    // with the padded ones
    int64_t row_stride, column_stride;
    int64_t sram, sram_row_stride, sram_column_stride;
    int64_t row_begin, row_end, column_begin, column_end; // what is really there: [begin, end)
    int32_t pad;
    uint32_t plane;
} block;
void schedule_load_inp(scheduler *s, const block *b);
void schedule_store_out(scheduler *s, const block *b);
// Rows of entries from `first` of a packed constant to entry `entry` of WGT; they lie row_stride entries apart there and
// to_stride entries apart in WGT.
void schedule_load_wgt(scheduler *s, tsr_tbuffer *dram, int64_t first, int64_t rows, int64_t per_row, int64_t row_stride,
                       int64_t entry, int64_t to_stride, bool diag);
// count entries from `first` of a packed constant to entry `entry` of PAR.
void schedule_load_par(scheduler *s, tsr_tbuffer *dram, int64_t first, int64_t count, int64_t entry);

// A loop of a compute nest: how far each operand's entry index moves a step.
typedef struct step {
    const char *name;
    int64_t extent, dst, src, par;
} step;
// acc[..] (= or +=) inp x wgt over the loops; `fresh` starts from zero. Loops with dst == 0 reduce.
void schedule_gemm(scheduler *s, uint32_t count, const step *loops, int64_t acc, int64_t inp, int64_t wgt, bool fresh);

typedef enum { OP_MOV, OP_ADD, OP_SUB, OP_MUL, OP_MIN, OP_MAX, OP_SHL, OP_SHR } vector_op; // as the ALU's op field
typedef enum { FROM_ACC, FROM_INP, FROM_IMM } vector_source;                                // as its src_kind
typedef struct vector {
    vector_op op;
    vector_source from;
    bool rescale, clip, to_out;
    int32_t imm, lo, hi;
    int64_t dst, src, par; // entries
} vector;
void schedule_alu(scheduler *s, uint32_t count, const step *loops, const vector *v);

#endif
