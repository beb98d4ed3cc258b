// SPDX-License-Identifier: Apache-2.0
// Convolutions and matrix products, and plain loops for them.
#include <math.h>

#include "lower_case.h"

typedef struct conv_shape {
    int64_t h, w, c, o, kh, kw, groups, stride, dilation, pad;
} conv_shape;

static void conv(bench *t, tsr_dtype type, conv_shape s, bool channels) {
    bool real = type == TSR_F32;
    int64_t oh = (s.h + 2 * s.pad - (s.kh - 1) * s.dilation - 1) / s.stride + 1;
    int64_t ow = (s.w + 2 * s.pad - (s.kw - 1) * s.dilation - 1) / s.stride + 1;
    t->x = case_tensor(t, "x", type, DIMS(2, s.h, s.w, s.c), real ? 0 : 0.05f, type == TSR_U8 ? 120 : -3);
    t->w = case_constant(t, "w", type, DIMS(s.o, s.kh, s.kw, s.c / s.groups), real ? 0 : 0.004f, type == TSR_U8 ? 131 : 0);
    if (channels)
        case_per_channel(t, t->w, (uint32_t)s.o);
    t->b = case_constant(t, "b", real ? TSR_F32 : TSR_I32, DIMS(s.o), 0, 0);
    t->y = case_tensor(t, "y", type, DIMS(2, oh, ow, s.o), real ? 0 : 0.11f, type == TSR_U8 ? 100 : 5);
    case_node(t, TSR_OP_CONV, 3, 1);
    tsr_attr *a = &t->node->attr;
    a->kernel[0] = s.kh, a->kernel[1] = s.kw;
    a->stride[0] = a->stride[1] = s.stride;
    a->dilation[0] = a->dilation[1] = s.dilation;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = s.pad;
    a->groups = s.groups;
}

static void conv_1x1(bench *t) { conv(t, TSR_I8, (conv_shape){6, 6, 16, 32, 1, 1, 1, 1, 1, 0}, true); }
static void conv_3x3(bench *t) { conv(t, TSR_I8, (conv_shape){9, 8, 3, 10, 3, 3, 1, 2, 1, 1}, true); }
static void conv_wide(bench *t) { conv(t, TSR_I8, (conv_shape){5, 5, 4, 131, 3, 1, 1, 1, 2, 1}, true); }
static void conv_groups(bench *t) { conv(t, TSR_I8, (conv_shape){5, 5, 8, 12, 3, 3, 4, 1, 1, 1}, true); }
static void conv_depthwise(bench *t) { conv(t, TSR_I8, (conv_shape){7, 7, 70, 70, 3, 3, 70, 1, 1, 1}, true); }
static void conv_multiplier(bench *t) { conv(t, TSR_I8, (conv_shape){7, 7, 6, 12, 3, 3, 6, 2, 1, 0}, false); }
static void conv_uint8(bench *t) { conv(t, TSR_U8, (conv_shape){6, 6, 5, 17, 3, 3, 1, 1, 1, 1}, false); }
static void conv_float(bench *t) {
    conv(t, TSR_F32, (conv_shape){6, 7, 5, 17, 3, 3, 1, 1, 1, 1}, false);
    t->node->attr.clip_lo = 0;
}
static void conv_single_rounding(bench *t) {
    t->graph->channels_last = false;
    conv_3x3(t);
}
static void conv_clipped(bench *t) {
    conv_3x3(t);
    t->node->attr.clip_lo = 0;
    t->node->attr.clip_hi = 6;
}

static void conv_blocks(bench *t) { conv(t, TSR_F32, (conv_shape){19, 19, 64, 2, 1, 1, 1, 1, 1, 0}, false); }
static void conv_points(bench *t) { conv(t, TSR_F32, (conv_shape){9, 9, 7, 24, 1, 1, 1, 2, 1, 0}, false); }
static void conv_points_int8(bench *t) { conv(t, TSR_I8, (conv_shape){9, 9, 7, 24, 1, 1, 1, 2, 1, 0}, true); }
static void conv_first_layer(bench *t) { conv(t, TSR_U8, (conv_shape){13, 12, 3, 17, 7, 7, 1, 2, 1, 3}, false); }
static void conv_narrow(bench *t) { conv(t, TSR_I8, (conv_shape){9, 2, 4, 33, 3, 3, 1, 1, 1, 1}, true); }
static void conv_depthwise_float(bench *t) { conv(t, TSR_F32, (conv_shape){9, 13, 20, 20, 3, 3, 20, 2, 1, 1}, false); }
static void conv_depthwise_small(bench *t) { conv(t, TSR_I8, (conv_shape){3, 2, 17, 17, 5, 5, 17, 1, 1, 2}, true); }

static void connected_alone(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(1, 41), 0.05f, 4);
    t->w = case_constant(t, "w", TSR_I8, DIMS(150, 41), 0.003f, 0);
    t->b = case_constant(t, "b", TSR_I32, DIMS(150), 0, 0);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(1, 150), 0.09f, -7);
    case_node(t, TSR_OP_FULLY_CONNECTED, 3, 1);
}

static void connected(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(3, 40), 0.05f, 4);
    t->w = case_constant(t, "w", TSR_I8, DIMS(77, 40), 0.003f, 0);
    t->b = case_constant(t, "b", TSR_I32, DIMS(77), 0, 0);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(3, 77), 0.09f, -7);
    case_node(t, TSR_OP_FULLY_CONNECTED, 3, 1);
}

static void conv_integer(bench *t) {
    t->x = case_tensor(t, "x", TSR_U8, DIMS(1, 4, 4, 3), 1, 7);
    t->w = case_tensor(t, "w", TSR_U8, DIMS(5, 2, 2, 3), 1, 100); // known only at run time
    t->y = case_tensor(t, "y", TSR_I32, DIMS(1, 3, 3, 5), 0, 0);
    case_node(t, TSR_OP_CONV_INTEGER, 2, 1);
    t->node->attr.kernel[0] = t->node->attr.kernel[1] = 2;
}

static void matmul(bench *t, tsr_op op, tsr_dtype type, tsr_dtype result, float scale) {
    t->x = case_tensor(t, "x", type, DIMS(2, 1, 4, 9), scale, 3);
    t->w = case_tensor(t, "w", type, DIMS(3, 9, 37), scale, 5);
    t->y = case_tensor(t, "y", result, DIMS(2, 3, 4, 37), result == TSR_I32 ? 0 : scale * 3, 1);
    case_node(t, op, 2, 1);
}
static void matmul_weights(bench *t, tsr_dtype type) {
    t->x = case_tensor(t, "x", type, DIMS(3, 5, 9), 0.05f, type == TSR_U8 ? 119 : 3);
    t->w = case_constant(t, "w", TSR_I8, DIMS(9, 37), 0.05f, 0);
    t->y = case_tensor(t, "y", type, DIMS(3, 5, 37), 0.15f, 1);
    case_node(t, TSR_OP_MATMUL, 2, 1);
}
static void matmul_weights_int8(bench *t) { matmul_weights(t, TSR_I8); }
static void matmul_weights_uint8(bench *t) { matmul_weights(t, TSR_U8); }
static void matmul_float(bench *t) { matmul(t, TSR_OP_MATMUL, TSR_F32, TSR_F32, 0); }
static void matmul_int8(bench *t) { matmul(t, TSR_OP_MATMUL, TSR_I8, TSR_I8, 0.05f); }
static void matmul_integer(bench *t) { matmul(t, TSR_OP_MATMUL_INTEGER, TSR_U8, TSR_I32, 1); }

// ---- what they are to give ----------------------------------------------------------------------------------------------
static double conv_sum(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const tsr_tensor *x = shape_of(t, t->x), *w = shape_of(t, t->w), *y = shape_of(t, t->y);
    const tsr_attr *a = &t->node->attr;
    int64_t o = at % y->shape[3], ox = at / y->shape[3] % y->shape[2], oy = at / y->shape[3] / y->shape[2] % y->shape[1];
    int64_t n = at / y->shape[3] / y->shape[2] / y->shape[1], per = w->shape[3], group = o / (y->shape[3] / a->groups);
    double sum = t->node->input_count > 2 ? case_element(t, m, buffers, t->b, o) : 0;
    for (int64_t ky = 0; ky < w->shape[1]; ky++)
        for (int64_t kx = 0; kx < w->shape[2]; kx++) {
            int64_t iy = oy * a->stride[0] + ky * a->dilation[0] - a->pad_top;
            int64_t ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad_left;
            if (iy < 0 || ix < 0 || iy >= x->shape[1] || ix >= x->shape[2])
                continue;
            for (int64_t i = 0; i < per; i++)
                sum +=
                    (case_element(t, m, buffers, t->x,
                                  ((n * x->shape[1] + iy) * x->shape[2] + ix) * x->shape[3] + group * per + i) -
                     zero_of(t, t->x)) *
                    (case_element(t, m, buffers, t->w, ((o * w->shape[1] + ky) * w->shape[2] + kx) * per + i) - zero_of(t, t->w));
        }
    return sum;
}

static double expect_conv(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const tsr_tensor *w = shape_of(t, t->w), *y = shape_of(t, t->y);
    double sum = conv_sum(t, m, buffers, at);
    if (y->dtype == TSR_I32)
        return sum;
    if (y->dtype == TSR_F32)
        return fmin(fmax(sum, (double)t->node->attr.clip_lo), (double)t->node->attr.clip_hi);
    double scale = (double)w->quant.scale[w->quant.count > 1 ? at % y->shape[3] : 0];
    double product =
        shape_of(t, t->x)->dtype == TSR_U8 ? (double)((float)scale_of(t, t->x) * (float)scale) : scale_of(t, t->x) * scale;
    double value = case_times(sum, product / scale_of(t, t->y), !t->graph->channels_last);
    return case_finish(t, value, (double)t->node->attr.clip_lo, (double)t->node->attr.clip_hi);
}

static double expect_connected(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t outputs = shape_of(t, t->w)->shape[0], inputs = shape_of(t, t->w)->shape[1];
    double sum = case_element(t, m, buffers, t->b, at % outputs);
    for (int64_t i = 0; i < inputs; i++)
        sum += (case_element(t, m, buffers, t->x, at / outputs * inputs + i) - zero_of(t, t->x)) *
               case_element(t, m, buffers, t->w, at % outputs * inputs + i);
    double product = (double)((float)scale_of(t, t->x) * (float)scale_of(t, t->w));
    return case_finish(t, case_times(sum, product / scale_of(t, t->y), true), NAN, NAN);
}

static double expect_matmul(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t col = at % 37, row = at / 37 % 4, b1 = at / 37 / 4 % 3, b0 = at / 37 / 4 / 3;
    double sum = 0;
    bool real = shape_of(t, t->x)->dtype == TSR_F32;
    for (int64_t k = 0; k < 9; k++)
        sum += (case_element(t, m, buffers, t->x, (b0 * 4 + row) * 9 + k) - (real ? 0 : zero_of(t, t->x))) *
               (case_element(t, m, buffers, t->w, (b1 * 9 + k) * 37 + col) - (real ? 0 : zero_of(t, t->w)));
    if (shape_of(t, t->y)->dtype != TSR_I8)
        return sum;
    return case_finish(t, case_times(sum, scale_of(t, t->x) * scale_of(t, t->w) / scale_of(t, t->y), false), NAN, NAN);
}

static double expect_weights(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double sum = 0;
    for (int64_t k = 0; k < 9; k++)
        sum += (case_element(t, m, buffers, t->x, at / 37 * 9 + k) - zero_of(t, t->x)) *
               case_element(t, m, buffers, t->w, k * 37 + at % 37);
    return case_finish(t, case_times(sum, scale_of(t, t->x) * scale_of(t, t->w) / scale_of(t, t->y), false), NAN, NAN);
}

const operator_case product_cases[] = {
    {"conv_of_one_by_one_int8_per_channel", conv_1x1, expect_conv, 0},
    {"conv_with_stride_and_pads", conv_3x3, expect_conv, 0},
    {"conv_with_a_fused_clip", conv_clipped, expect_conv, 0},
    {"conv_with_one_rounding", conv_single_rounding, expect_conv, 0},
    {"conv_with_dilation_and_two_kinds_of_tiles", conv_wide, expect_conv, 0},
    {"conv_in_groups", conv_groups, expect_conv, 0},
    {"conv_depthwise", conv_depthwise, expect_conv, 0},
    {"conv_depthwise_with_a_multiplier", conv_multiplier, expect_conv, 0},
    {"conv_uint8_with_zero_points_on_both_sides", conv_uint8, expect_conv, 0},
    {"conv_float", conv_float, expect_conv, 1e-5},
    {"conv_integer_with_weights_known_at_run_time", conv_integer, expect_conv, 0},
    {"conv_float_in_blocks_of_pixels", conv_blocks, expect_conv, 1e-4},
    {"conv_of_every_second_pixel", conv_points, expect_conv, 1e-5},
    {"conv_of_every_second_pixel_int8", conv_points_int8, expect_conv, 0},
    {"conv_of_an_odd_number_of_taps", conv_first_layer, expect_conv, 0},
    {"conv_of_pictures_narrower_than_a_tile", conv_narrow, expect_conv, 0},
    {"conv_depthwise_float", conv_depthwise_float, expect_conv, 1e-5},
    {"conv_depthwise_of_windows_larger_than_the_picture", conv_depthwise_small, expect_conv, 0},
    {"fully_connected", connected, expect_connected, 0},
    {"fully_connected_of_one_row", connected_alone, expect_connected, 0},
    {"matmul_float", matmul_float, expect_matmul, 1e-5},
    {"matmul_int8", matmul_int8, expect_matmul, 0},
    {"matmul_int8_by_weights", matmul_weights_int8, expect_weights, 0},
    {"matmul_uint8_by_weights", matmul_weights_uint8, expect_weights, 0},
    {"matmul_integer", matmul_integer, expect_matmul, 0},
    {0},
};
