// SPDX-License-Identifier: Apache-2.0
// Inside of the schedule of convolutions: what schedule_conv.c, conv_pack.c, conv_cost.c and conv_tiles.c share.
#ifndef ACCEL_CONV_H
#define ACCEL_CONV_H

#include "schedule.h"

typedef struct conv {
    int64_t images; // convolved one after another
    int64_t in_rows, in_columns, out_rows, out_columns, out_channels;
    int64_t x_image, x_row, x_column, x_offset, run; // bytes: of DRAM steps, of the channels that a pixel has
    int64_t y_image, y_row, y_column, y_offset;
    int64_t kh, kw, sy, sx, dy, dx, pad_top, pad_left;
    int64_t ci, co, taps, halves; // blocks in, out; kernel positions; parts that a weight is cut into
    bool packed, depthwise;
    int64_t packed_rows, packed_row_bytes, packed_row_stride; // kernel rows of a packed pixel
    tsr_tbuffer *x, *y, *wgt, *par;
    int32_t zero_point, out_zero_point, lo, hi;
    // An Add of the result and another tensor of its shape, done in the tile: the Add, its other operand, its parameters.
    const tsr_node *add;
    uint32_t add_side; // which operand of it the convolution is
    tsr_tbuffer *addend, *add_par;
} conv;

typedef struct tile {
    int64_t th, tw, to, nc;
    bool channels_outside; // output channel tiles are the outer loop: weights stay, inputs come again
    double cycles;
} tile;

// conv_pack.c
// Whether some weight less its zero point needs more than eight bits, so that each is cut into two parts.
bool conv_needs_two_halves(const tsr_tensor *w, int64_t out_channels);
// A group's packed weights, entries of [co][ci][half][tap]; depthwise: diagonals of [co][half][tap].
tsr_tbuffer *conv_pack_weights(const job *j, const conv *c, const tsr_tensor *w, int64_t first_channel);
tsr_tbuffer *conv_pack_parameters(const job *j, const conv *c, const tsr_tensor *w, const tsr_tensor *bias,
                                  int64_t first_channel);

// conv_cost.c
int64_t input_extent(int64_t outputs, int64_t stride, int64_t kernel, int64_t dilation);
// The cheapest tile; false when not even one output pixel fits.
bool conv_choose_tile(const conv *c, const tsr_config *config, tile *out);
// Whether the first tile is reduced in pieces, of how many blocks of input channels, and how many blocks of output channels the
// first piece takes at a time: as few as LOAD moves at full speed.
bool conv_ramps_up(const conv *c);
int64_t conv_first_blocks(const conv *c, const tsr_config *config, int64_t nc);
int64_t conv_first_outputs(const conv *c, const tsr_config *config, int64_t nc);
// Whether the weights of a tile of so many pixels come hardly faster than they are used.
bool conv_weights_are_slow(const conv *c, const tsr_config *config, int64_t pixels);
// Blocks of output channels at a time whose weights are loaded then, rows at a time in which the last tile is finished.
int64_t conv_outputs_at_once(int64_t to);
int64_t conv_rows_at_once(int64_t th);

// conv_tiles.c
tsr_status conv_schedule_tiles(const job *j, const conv *c, const tile *t);

#endif
