// SPDX-License-Identifier: Apache-2.0
// Attributes of nodes: one line of TSR_ATTRS a field. The struct, its defaults and the graph's text form (compiler/graph/text.md)
// follow from the table; a new field needs nothing else.
#ifndef TSR_ATTR_H
#define TSR_ATTR_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "tsr/dtype.h"

// What PAD puts around: one value, the nearest element of the tensor, or the tensor mirrored at its first and last elements
// (then no pad may reach as far as the extent).
typedef enum tsr_pad_mode { TSR_PAD_VALUE, TSR_PAD_EDGE, TSR_PAD_REFLECT } tsr_pad_mode;
#define TSR_WORDS_tsr_pad_mode "value", "edge", "reflect"

// What SCATTER_ND does with the element that is there already.
typedef enum tsr_reduction { TSR_REDUCE_NONE, TSR_REDUCE_ADD, TSR_REDUCE_MUL, TSR_REDUCE_MIN, TSR_REDUCE_MAX } tsr_reduction;
#define TSR_WORDS_tsr_reduction "none", "add", "mul", "min", "max"

// What RECURRENT computes in each step, and the functions in it; alpha and beta are attributes of the node.
typedef enum tsr_cell { TSR_CELL_RNN, TSR_CELL_GRU, TSR_CELL_LSTM } tsr_cell;
#define TSR_WORDS_tsr_cell "rnn", "gru", "lstm"
typedef enum tsr_activation {
    TSR_ACTIVATION_SIGMOID,
    TSR_ACTIVATION_TANH,
    TSR_ACTIVATION_RELU,
    TSR_ACTIVATION_AFFINE, // alpha * x + beta
    TSR_ACTIVATION_LEAKY_RELU, // x < 0 ? alpha * x : x
    TSR_ACTIVATION_THRESHOLDED_RELU, // x >= alpha ? x : 0
    TSR_ACTIVATION_SCALED_TANH, // alpha * tanh(beta * x)
    TSR_ACTIVATION_HARD_SIGMOID, // min(max(alpha * x + beta, 0), 1)
    TSR_ACTIVATION_ELU, // x < 0 ? alpha * (exp(x) - 1) : x
    TSR_ACTIVATION_SOFTSIGN, // x / (1 + |x|)
    TSR_ACTIVATION_SOFTPLUS, // log(1 + exp(x))
} tsr_activation;
#define TSR_WORDS_tsr_activation                                                                                                 \
    "sigmoid", "tanh", "relu", "affine", "leaky_relu", "thresholded_relu", "scaled_tanh", "hard_sigmoid", "elu", "softsign",     \
        "softplus"

// Windows of CONV and pools: output row oh reads input rows oh * stride - pad_top + kh * dilation. Rows outside of the
// picture count as zero (CONV; quantised: as the zero point) or are left out (pools). With ceil_mode the last window may
// reach beyond pad_bottom; it always starts inside of the picture or its top padding. AVERAGE_POOL divides by the number
// of cells inside the picture, with count_include_pad by those inside the picture and its stated padding.
//
// X(KIND, field, default, extra). Kinds, and what extra is:
//   INT int64_t;  PAIR int64_t[2], height and width;  DIMS int64_t[TSR_MAX_RANK], one a dimension
//   LIST int64_t[TSR_MAX_RANK], extra: the field with its length;  FLAG bool;  FLOAT;  DOUBLE
//   CHOICE an enum, extra: its type; TSR_WORDS_<type> holds the words of its values
// clang-format off
#define TSR_ATTRS(X)                                                                                              \
    X(PAIR, kernel, 1, ) X(PAIR, stride, 1, ) X(PAIR, dilation, 1, )                                              \
    X(INT, pad_top, 0, ) X(INT, pad_left, 0, ) X(INT, pad_bottom, 0, ) X(INT, pad_right, 0, )                     \
    X(INT, groups, 1, )                                                                                           \
    X(FLAG, count_include_pad, false, ) /* AVERAGE_POOL: see the note on windows above */                         \
    X(FLAG, ceil_mode, false, )         /* pools: output extents round up */                                      \
    X(INT, axis, 0, )                                                                                             \
    X(INT, flatten_axis, -1, )          /* -1: none */                                                            \
    X(LIST, axes, 0, axis_count)                                                                                  \
    X(FLAG, keep_dims, false, )                                                                                   \
    X(DIMS, perm, 0, )                                                                                            \
    X(DIMS, pads_begin, 0, ) X(DIMS, pads_end, 0, )                                                               \
    X(DOUBLE, pad_value, 0, )           /* real value (float graphs), or the raw integer (integer tensors) */     \
    X(FLAG, pad_is_zero_point, false, ) /* quantised Pad with no value given */                                   \
    X(CHOICE, pad_mode, TSR_PAD_VALUE, tsr_pad_mode)                                                              \
    X(LIST, extents, 0, extent_count)   /* of y: SLICE, EXPAND, RESIZE_BILINEAR; TOP_K, NON_MAX_SUPPRESSION: how many */                \
    X(DIMS, starts, 0, ) X(DIMS, steps, 0, ) /* SLICE, one a dimension; all elements lie inside of x */           \
    X(INT, batch_dims, 0, )                                                                                       \
    X(CHOICE, reduction, TSR_REDUCE_NONE, tsr_reduction)                                                          \
    X(FLAG, fmod, false, ) X(FLAG, select_last, false, ) X(FLAG, exclusive, false, ) X(FLAG, reverse, false, )    \
    X(FLAG, align_corners, false, ) X(FLAG, half_pixel, false, ) /* RESIZE_BILINEAR */                              \
    X(FLAG, smallest, false, ) X(FLAG, center_boxes, false, ) X(FLAG, root_mean_square, false, ) X(FLOAT, epsilon, 1e-5f, )                      \
    X(CHOICE, cell, TSR_CELL_RNN, tsr_cell) X(FLAG, linear_before_reset, false, ) X(FLAG, input_forget, false, )  \
    X(CHOICE, gate_activation, TSR_ACTIVATION_SIGMOID, tsr_activation)                                            \
    X(CHOICE, cell_activation, TSR_ACTIVATION_TANH, tsr_activation)                                               \
    X(CHOICE, output_activation, TSR_ACTIVATION_TANH, tsr_activation)                                             \
    X(FLAG, approximate, false, )                                                                                 \
    X(FLAG, round_half_away, false, )   /* QUANTIZE of reals: halves away from zero (TFLite), not to even (ONNX) */ \
    X(FLOAT, alpha, 1, ) X(FLOAT, beta, 1, )                                                                      \
    X(FLOAT, clip_lo, -INFINITY, ) X(FLOAT, clip_hi, INFINITY, ) /* real values; on CONV, FULLY_CONNECTED, ADD,   \
        SUB, MUL, DIV, pools: the fused activation, applied to the result */
// clang-format on

#define TSR_ATTR_FIELD_INT(name, extra) int64_t name;
#define TSR_ATTR_FIELD_PAIR(name, extra) int64_t name[2];
#define TSR_ATTR_FIELD_DIMS(name, extra) int64_t name[TSR_MAX_RANK];
#define TSR_ATTR_FIELD_LIST(name, extra)                                                                                         \
    uint32_t extra;                                                                                                              \
    int64_t name[TSR_MAX_RANK];
#define TSR_ATTR_FIELD_FLAG(name, extra) bool name;
#define TSR_ATTR_FIELD_FLOAT(name, extra) float name;
#define TSR_ATTR_FIELD_DOUBLE(name, extra) double name;
#define TSR_ATTR_FIELD_CHOICE(name, extra) extra name;
#define TSR_ATTR_FIELD(kind, name, default, extra) TSR_ATTR_FIELD_##kind(name, extra)
typedef struct tsr_attr {
    TSR_ATTRS(TSR_ATTR_FIELD)
} tsr_attr;

tsr_attr tsr_attr_default(void);

#endif
