// SPDX-License-Identifier: Apache-2.0
// The one product that convolutions, fully connected layers and matrix products are made of:
//
//   y[p, c] = finish(sum over r < runs, k < run of x[at(p) + offset(r) + k] * w[c, r, k])
//
// for `pixels` places in x (of a picture, or rows of a matrix) and `channels` columns. A register tile of a few pixels and a
// few vectors of channels is summed at a time: elements of x are broadcast against vectors of weights packed in that order.
// Integers are summed exactly in int32. Those of 8 bits come as int16 with the zero points taken off, in groups of
// target->dot neighbours along k, which one multiply-add instruction takes (x86: pmaddwd).
#ifndef TSR_TENSOR_GEMM_H
#define TSR_TENSOR_GEMM_H

#include "lowering.h"

enum { MAX_CHANNEL_KINDS = 2 };
typedef struct channel_tiles { // `count` tiles of `size` channels from `first`, packed as if they were `width`
    int64_t first, size, width, count;
    int64_t pixels; // in a register tile
    int64_t offset; // of their weights, in elements
} channel_tiles;

typedef struct gemm {
    tsr_dtype type;    // of sums: int32 or a float type
    tsr_dtype operand; // of packed weights and x: int8 (x may be uint8), int16 or int32, or the same float type
    int64_t pixels, channels;
    int64_t runs_y, runs_x, run;  // runs = runs_y * runs_x
    int64_t run_step_y, run_step_x; // elements of x from run to run
    tsr_tbuffer *x;
    ex x_base;                                               // of all: a group, a batch
    // Element of x where the first run of pixel first + next begins; first is a multiple of a register tile's pixels.
    ex (*pixel_at)(lowering *l, const void *context, ex first, int64_t next);
    const void *context;

    // Where weights come from, in elements of w: base + channel * channel_step + (r * run + k) * k_step.
    int64_t channel_step, k_step;
    tsr_tbuffer *weights; // packed: for each tile [run][k / dot][width][dot]
    ex weights_base;

    // The statement that finishes and stores a sum.
    tsr_stmt *(*finish)(lowering *l, const void *context, ex sum, ex pixel, ex channel);

    channel_tiles kinds[MAX_CHANNEL_KINDS]; // by gemm_plan
    unsigned kind_count;
    int64_t packed; // elements of all packed weights
} gemm;

// Chooses tiles from type, pixels, channels, runs and run.
void gemm_plan(const lowering *l, gemm *m);
// Elements that a run takes in packed weights (x may be read as far): a multiple of the products that one instruction adds.
int64_t gemm_run(const lowering *l, const gemm *m);
// Packs a constant, from element `from` of w on, to element `at` of data. zero(context, channel) is the zero point.
void gemm_pack(const lowering *l, const gemm *m, const tsr_tensor *w, int64_t from, void *data, int64_t at,
               int64_t (*zero)(const tsr_tensor *w, int64_t channel), int64_t first_channel);
// The same at run time, for weights that are no constant: element `from` of w on into m->weights. zero: int32.
tsr_stmt *gemm_pack_at_run_time(lowering *l, const gemm *m, tsr_tbuffer *w, ex from, ex (*zero)(lowering *l, ex channel));
// All tiles. `batch`: loops around it run side by side, or the tiles should.
tsr_stmt *gemm_loops(lowering *l, const gemm *m);

// Whether bytes go to the instruction for four of them: weights that are known and have no zero points.
bool gemm_takes_quads(const lowering *l, const tsr_tensor *x, const tsr_tensor *w);
// An activation as target->quad wants it, and what its zero point is then.
ex gemm_quad(lowering *l, ex stored);
int32_t gemm_quad_zero(const lowering *l, tsr_dtype stored, int32_t zero);

#endif
