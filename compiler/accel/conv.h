// SPDX-License-Identifier: Apache-2.0
// Inside of the schedule of convolutions: what schedule_conv.c, conv_pack.c, conv_cost.c and conv_tiles.c share.
#ifndef ACCEL_CONV_H
#define ACCEL_CONV_H

#include "schedule.h"

// How the taps and channels of an output pixel become entries of `block_in` lanes; see schedule_conv.c.
typedef enum { PLAIN, PACKED, SHIFTED, DEPTHWISE } conv_form;

// PACKED and SHIFTED: the picture itself, of which the convolution that is left is another view.
typedef struct picture {
    int64_t rows, columns, pixel, row; // bytes of a pixel, of a row
    int64_t kh, kw, sy, sx, dy, pad_top, pad_left;
} picture;

// SHIFTED: where the windows of a row lie in its copies.
typedef struct shifts {
    int64_t copies, unit;    // each copy of a row begins `unit` bytes after the one before
    int64_t step, window;    // bytes from a window to the next, of a window
    int64_t entries;         // that a window takes
    int64_t grain, variants; // windows begin at a multiple of grain within an entry: one set of weights for each
    int64_t period;          // so many windows later they lie the same way
} shifts;

typedef struct conv {
    conv_form form;
    int64_t images; // convolved one after another
    int64_t in_rows, in_columns, out_rows, out_columns, out_channels;
    int64_t x_image, x_row, x_column, x_offset, run; // bytes: of DRAM steps, of the channels that a pixel has
    int64_t y_image, y_row, y_column, y_offset;
    int64_t kh, kw, sy, sx, dy, dx, pad_top, pad_left;
    int64_t ci, co, taps, halves; // blocks in, out; kernel positions; parts that a weight is cut into
    picture picture;
    shifts shifts;
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

// A tile: where it lies in the result, and where its operands lie.
typedef struct spot {
    int64_t image, oy, th, ox, tw, o0, to; // rows of each plane, columns, blocks of output channels
    int64_t par;                           // entry
    int64_t addend_half;                   // of INP: not the one that GEMM reads while ALU adds
} spot;

// A chunk of its reduction: blocks of input channels [i0, i0 + nc), their place in INP (bytes) and that of the weights (entries),
// and whether they are not there yet.
typedef struct chunk {
    int64_t i0, nc, inp, wgt;
    bool load_inp, load_wgt;
} chunk;

typedef struct range { // [begin, begin + count)
    int64_t begin, count;
} range;

// conv_input.c
// INP entries of a plane's tile of th x tw pixels of the result, nc blocks deep.
int64_t conv_input_entries(const conv *c, const tsr_config *config, int64_t th, int64_t tw, int64_t nc);
// SHIFTED: entries of one copy of a row for tw windows.
int64_t conv_copy_entries(const conv *c, const tsr_config *config, int64_t tw);
// Bus cycles to load them for all planes, in runs of nc blocks.
double conv_input_cycles(const conv *c, const tsr_config *config, int64_t th, int64_t tw, int64_t nc);
// Loads some blocks of a chunk.
void conv_load_input(const job *j, const conv *c, const spot *t, const chunk *k, range blocks);

// conv_pack.c
// Weight entries between a block of input channels and one of output channels.
int64_t conv_weights_of_pair(const conv *c);
// Whether some weight less its zero point needs more than eight bits, so that each is cut into two parts.
bool conv_needs_two_halves(const tsr_tensor *w, int64_t out_channels);
// A group's packed weights, entries of [co][ci][variant][half][tap]; depthwise: diagonals of [co][half][tap].
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
