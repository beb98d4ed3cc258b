// SPDX-License-Identifier: Apache-2.0
// TFLite's operators that resize pictures, and those composed of convolutions and poolings.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tflite_model.h"

// The new height and width.
static tsr_status read_size(tflite *t, const operation *op, tsr_id x, int64_t out_size[2]) {
    uint32_t count;
    TSR_TRY(tflite_rank(t, x, 4, "input"));
    TSR_TRY(tflite_ints(t, op, 1, 2, out_size, &count));
    if (count != 2 || out_size[0] < 1 || out_size[1] < 1 || out_size[0] > INT32_MAX || out_size[1] > INT32_MAX)
        return tsr_error(TSR_CORRUPT, "the size must be a height and a width of 1 or more");
    return tsr_ok();
}

tsr_status tflite_resize_bilinear(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    int64_t size[2];
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_size(t, op, x, size));
    attr.align_corners = fb_get_u8(&t->file, op->options, RESIZE_BILINEAR_ALIGN_CORNERS, 0) != 0;
    attr.half_pixel = fb_get_u8(&t->file, op->options, RESIZE_BILINEAR_HALF_PIXEL, 0) != 0;
    const int64_t *shape = tensor_of(&t->imp, x)->shape, extents[4] = {shape[0], size[0], size[1], shape[3]};
    attr.extent_count = 4;
    memcpy(attr.extents, extents, sizeof extents);
    return tflite_emit(t, op, TSR_OP_RESIZE_BILINEAR, &attr, 1, &x);
}

// Which element of `in` each of `out` positions takes (reference/resize_nearest_neighbor.h).
static tsr_status nearest(tflite *t, const operation *op, int64_t in, int64_t out, bool align_corners, bool half_pixel,
                          tsr_id *out_id) {
    TSR_TRY(importer_reserve(&t->imp, 4 * (uint64_t)out));
    int32_t *which = TSR_NEW_ARRAY(t->imp.graph->arena, int32_t, out);
    const bool align = align_corners && out > 1;
    const float scale = align ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    for (int64_t p = 0; p < out; p++) {
        const float at = ((float)p + (half_pixel ? 0.5f : 0)) * scale;
        const int64_t index = (int64_t)(align_corners ? roundf(at) : floorf(at));
        which[p] = (int32_t)(index < in ? index : in - 1);
    }
    *out_id = tsr_graph_add_tensor(t->imp.graph, tflite_derived(t, op, "nearest"), TSR_I32, 1, &out);
    tensor_of(&t->imp, *out_id)->data = which;
    return tsr_ok();
}

tsr_status tflite_resize_nearest(tflite *t, const operation *op) {
    tsr_id in[2];
    int64_t size[2];
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &in[0]));
    TSR_TRY(read_size(t, op, in[0], size));
    const bool align = fb_get_u8(&t->file, op->options, RESIZE_NEAREST_ALIGN_CORNERS, 0) != 0;
    const bool half = fb_get_u8(&t->file, op->options, RESIZE_NEAREST_HALF_PIXEL, 0) != 0;
    TSR_TRY(nearest(t, op, tensor_of(&t->imp, in[0])->shape[1], size[0], align, half, &in[1]));
    attr.axis = 1;
    TSR_TRY(tflite_step(t, op, "rows", TSR_OP_GATHER, &attr, 2, in, in[0], &in[0]));
    TSR_TRY(nearest(t, op, tensor_of(&t->imp, in[0])->shape[2], size[1], align, half, &in[1]));
    attr.axis = 2;
    return tflite_emit(t, op, TSR_OP_GATHER, &attr, 2, in);
}

// ---- transposed convolution --------------------------------------------------------------------------------------------
// A convolution of stride 1 over the input with stride - 1 zeros between its pixels, with the filter turned around. As zeros
// add nothing to the int32 sums, the numbers are those of TFLite's kernel.

static tsr_status turn_filter(tflite *t, const operation *op, tsr_id *w) {
    const tsr_tensor from = *tensor_of(&t->imp, *w);
    if (from.data == NULL)
        return tsr_error(TSR_UNSUPPORTED, "the filter must be a constant");
    const size_t pixel = (size_t)from.shape[3] * tsr_dtype_size(from.dtype), taps = (size_t)(from.shape[1] * from.shape[2]);
    TSR_TRY(importer_reserve(&t->imp, tsr_tensor_bytes(&from)));
    unsigned char *data = tsr_arena_alloc(t->imp.graph->arena, (size_t)tsr_tensor_bytes(&from));
    for (size_t o = 0; o < (size_t)from.shape[0]; o++)
        for (size_t k = 0; k < taps; k++)
            memcpy(data + (o * taps + k) * pixel, (const unsigned char *)from.data + (o * taps + taps - 1 - k) * pixel, pixel);
    *w = importer_like(&t->imp, *w, tflite_derived(t, op, "turned"), 4, from.shape);
    tensor_of(&t->imp, *w)->data = data;
    return tsr_ok();
}

// [N,H,W,C] -> [N,H,1,W,1,C], padded to [N,H,sy,W,sx,C] -> [N,H*sy,W*sx,C], less the zeros after the last pixel.
static tsr_status spread(tflite *t, const operation *op, const int64_t stride[2], tsr_id *x) {
    const tsr_tensor from = *tensor_of(&t->imp, *x);
    const int64_t *s = from.shape;
    tsr_attr pad = tsr_attr_default(), slice = pad;
    if (stride[0] == 1 && stride[1] == 1)
        return tsr_ok();
    pad.pads_end[2] = stride[0] - 1;
    pad.pads_end[4] = stride[1] - 1;
    pad.pad_is_zero_point = from.quant.count > 0;
    TSR_TRY(tflite_step_reshape(t, op, "apart", 6, (const int64_t[]){s[0], s[1], 1, s[2], 1, s[3]}, x));
    TSR_TRY(tflite_step(t, op, "spread", TSR_OP_PAD, &pad, 1, x, *x, x));
    const int64_t joined[4] = {s[0], s[1] * stride[0], s[2] * stride[1], s[3]};
    TSR_TRY(tflite_step_reshape(t, op, "joined", 4, joined, x));
    slice.extent_count = 4;
    for (int d = 0; d < 4; d++) {
        slice.steps[d] = 1;
        slice.extents[d] = d == 1 || d == 2 ? joined[d] - stride[d - 1] + 1 : joined[d];
    }
    return tflite_step(t, op, "picture", TSR_OP_SLICE, &slice, 1, x, *x, x);
}

tsr_status tflite_transpose_conv(tflite *t, const operation *op) { // output shape, filter [O,KH,KW,I], x, bias
    tsr_id in[3];
    int64_t shape[4], before[2], after[2];
    uint32_t rank;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_ints(t, op, 0, 4, shape, &rank));
    TSR_TRY(tflite_input(t, op, 2, &in[0]));
    TSR_TRY(tflite_input(t, op, 1, &in[1]));
    TSR_TRY(tflite_optional(t, op, 3, &in[2]));
    TSR_TRY(tflite_rank(t, in[0], 4, "input"));
    TSR_TRY(tflite_rank(t, in[1], 4, "filter"));
    TSR_TRY(tflite_activation(&attr, fb_get_i8(&t->file, op->options, TRANSPOSE_CONV_ACTIVATION, 0)));
    const int64_t stride[2] = {fb_get_i32(&t->file, op->options, TRANSPOSE_CONV_STRIDE_H, 0),
                               fb_get_i32(&t->file, op->options, TRANSPOSE_CONV_STRIDE_W, 0)};
    const int32_t padding = fb_get_i8(&t->file, op->options, TRANSPOSE_CONV_PADDING, PADDING_SAME);
    const tsr_tensor x = *tensor_of(&t->imp, in[0]), w = *tensor_of(&t->imp, in[1]);
    if (rank != 4 || w.shape[3] != x.shape[3] || x.dtype == TSR_I16 || tsr_dtype_is_float(x.dtype) != tsr_dtype_is_float(w.dtype))
        return tsr_error(TSR_UNSUPPORTED, "an input of %" PRId64 " channels of %s with a filter for %" PRId64 " of %s",
                         x.shape[3], tsr_dtype_name(x.dtype), w.shape[3], tsr_dtype_name(w.dtype));
    for (int d = 0; d < 2; d++) {
        const int64_t k = w.shape[1 + d], wanted = shape[1 + d], most = 1 << 20;
        if (stride[d] < 1 || stride[d] > most || wanted < 1 || wanted > most || x.shape[1 + d] > most || k > most)
            return tsr_error(TSR_CORRUPT, "strides, extents and filter must be between 1 and 2^20");
        const int64_t spread_extent = (x.shape[1 + d] - 1) * stride[d] + 1, all = spread_extent - 1 + k - wanted;
        // Pads of the convolution that this one is the transpose of; SAME splits them, the odd one at the end.
        const int64_t pad = padding == PADDING_SAME && all > 0 ? all / 2 : 0;
        before[d] = k - 1 - pad;
        after[d] = wanted + k - 1 - spread_extent - before[d];
        attr.kernel[d] = k;
    }
    if (before[0] < 0 || before[1] < 0 || after[0] < 0 || after[1] < 0)
        return tsr_error(TSR_UNSUPPORTED, "an output of %" PRId64 "x%" PRId64 ", smaller than what the input reaches", shape[1],
                         shape[2]);
    attr.pad_top = before[0], attr.pad_left = before[1], attr.pad_bottom = after[0], attr.pad_right = after[1];
    TSR_TRY(turn_filter(t, op, &in[1]));
    TSR_TRY(spread(t, op, stride, &in[0]));
    return tflite_emit(t, op, TSR_OP_CONV, &attr, in[2] == TSR_NO_ID ? 2 : 3, in);
}

// ---- local response normalisation --------------------------------------------------------------------------------------

// x * (bias + alpha * sum(x^2 over radius channels to both sides))^-beta. The sum is an average pool over a picture of C rows.
tsr_status tflite_lrn(tflite *t, const operation *op) {
    tsr_id in[2], x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_rank(t, x, 4, "input"));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    const int64_t radius = fb_get_i32(&t->file, op->options, LRN_RADIUS, 0), channels = from.shape[3];
    const float bias = fb_get_f32(&t->file, op->options, LRN_BIAS, 0), alpha = fb_get_f32(&t->file, op->options, LRN_ALPHA, 0),
                beta = fb_get_f32(&t->file, op->options, LRN_BETA, 0);
    if (radius < 0 || radius >= channels || !isfinite(bias) || !isfinite(alpha) || !isfinite(beta))
        return tsr_error(TSR_UNSUPPORTED, "a radius of %" PRId64 " over %" PRId64 " channels, or numbers that are not finite",
                         radius, channels);
    tsr_attr pool = tsr_attr_default();
    pool.kernel[0] = 2 * radius + 1;
    pool.pad_top = pool.pad_bottom = radius;
    pool.count_include_pad = true;
    TSR_TRY(tflite_step(t, op, "squares", TSR_OP_MUL, NULL, 2, (const tsr_id[]){x, x}, x, &in[0]));
    TSR_TRY(tflite_step_reshape(t, op, "rows", 4,
                                (const int64_t[]){from.shape[0] * from.shape[1] * from.shape[2], channels, 1, 1}, &in[0]));
    TSR_TRY(tflite_step(t, op, "mean", TSR_OP_AVERAGE_POOL, &pool, 1, in, x, &in[0]));
    in[1] = tflite_scalar(t, op, "alpha", alpha * (float)(2 * radius + 1));
    TSR_TRY(tflite_step(t, op, "scaled", TSR_OP_MUL, NULL, 2, in, x, &in[0]));
    in[1] = tflite_scalar(t, op, "bias", bias);
    TSR_TRY(tflite_step(t, op, "sum", TSR_OP_ADD, NULL, 2, in, x, &in[0]));
    in[1] = tflite_scalar(t, op, "beta", -beta);
    TSR_TRY(tflite_step(t, op, "factor", TSR_OP_POW, NULL, 2, in, x, &in[1]));
    TSR_TRY(tflite_step_reshape(t, op, "factors", 4, from.shape, &in[1]));
    in[0] = x;
    return tflite_emit(t, op, TSR_OP_MUL, NULL, 2, in);
}
