// SPDX-License-Identifier: Apache-2.0
// Windows over any number of dimensions that are not pools of the graph: LpPool, MaxUnpool, Col2Im.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

enum { MOST_SPATIAL = TSR_MAX_RANK - 2 };

typedef struct windows {
    uint32_t spatial;
    int64_t kernel[MOST_SPATIAL], stride[MOST_SPATIAL], dilation[MOST_SPATIAL], begin[MOST_SPATIAL], end[MOST_SPATIAL];
} windows;

static tsr_status read_list(const onnx_node *node, const char *name, uint32_t count, int64_t standard, int64_t least,
                            int64_t *out_values) {
    uint32_t given;
    bool present;
    TSR_TRY(onnx_attr_ints(node, name, 2 * MOST_SPATIAL, out_values, &given, &present));
    if (present && given != count)
        return tsr_error(TSR_CORRUPT, "attribute '%s' has %" PRIu32 " elements, must have %" PRIu32, name, given, count);
    for (uint32_t i = 0; i < count; i++) {
        out_values[i] = present ? out_values[i] : standard;
        if (out_values[i] < least || out_values[i] > INT32_MAX)
            return tsr_error(TSR_CORRUPT, "attribute '%s' holds %" PRId64, name, out_values[i]);
    }
    return tsr_ok();
}

static tsr_status read_windows(const onnx_node *node, uint32_t spatial, windows *w) {
    int64_t pads[2 * MOST_SPATIAL];
    w->spatial = spatial;
    TSR_TRY(read_list(node, "strides", spatial, 1, 1, w->stride));
    TSR_TRY(read_list(node, "dilations", spatial, 1, 1, w->dilation));
    TSR_TRY(read_list(node, "pads", 2 * spatial, 0, 0, pads));
    memcpy(w->begin, pads, spatial * sizeof *pads);
    memcpy(w->end, pads + spatial, spatial * sizeof *pads);
    return tsr_ok();
}

// Sums of windows along dimension `axis`, as averages that count their pads.
static tsr_id window_sums(composer *c, tsr_id x, uint32_t axis, int64_t kernel, int64_t stride, int64_t dilation, int64_t begin,
                          int64_t end, bool ceil_mode) {
    tsr_tensor from = compose_tensor(c, x);
    int64_t before = 1, after = 1, reach;
    for (uint32_t i = 0; i < from.rank; i++)
        if (i != axis)
            *(i < axis ? &before : &after) *= from.shape[i];
    const int64_t in = from.shape[axis];
    if (__builtin_mul_overflow(kernel - 1, dilation, &reach) || reach > INT32_MAX || in + begin + end <= reach) {
        compose_fails(c, tsr_error(TSR_CORRUPT, "the dilated kernel is larger than the padded extent %" PRId64, in));
        return TSR_NO_ID;
    }
    const int64_t room = in + begin + end - reach - 1;
    int64_t out = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil_mode && (out - 1) * stride >= in + begin)
        out--;
    const int64_t hang = (out - 1) * stride + reach + 1 - begin - in; // what the last window reads behind x
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = kernel;
    attr.stride[0] = stride;
    attr.dilation[0] = dilation;
    attr.pad_top = begin;
    attr.pad_bottom = hang > 0 ? hang : 0;
    attr.count_include_pad = true;
    x = compose_reshape(c, x, 4, (const int64_t[]){before, in, 1, after});
    x = compose_scale(c, compose_node(c, TSR_OP_AVERAGE_POOL, &attr, 1, &x, from.dtype), (double)kernel);
    from.shape[axis] = out;
    return compose_reshape(c, x, from.rank, from.shape);
}

static tsr_id power(composer *c, tsr_id x, int64_t p) {
    if (p == 1)
        return compose_unary(c, TSR_OP_ABS, x);
    if (p == 2)
        return compose_mul(c, x, x);
    return compose_binary(c, TSR_OP_POW, compose_unary(c, TSR_OP_ABS, x),
                          compose_number(c, compose_tensor(c, x).dtype, (double)p));
}

static tsr_id root(composer *c, tsr_id x, int64_t p) {
    if (p == 1)
        return x;
    if (p == 2)
        return compose_unary(c, TSR_OP_SQRT, x);
    return compose_binary(c, TSR_OP_POW, x, compose_number(c, compose_tensor(c, x).dtype, 1 / (double)p));
}

static tsr_status check_power(int64_t p) {
    return p >= 1 && p <= 64 ? tsr_ok() : tsr_error(TSR_UNSUPPORTED, "p %" PRId64 "; 1 to 64 work", p);
}

tsr_status onnx_lp_pool(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    const int64_t p = compose_attr_int(&c, "p", 2);
    const bool ceil_mode = compose_attr_int(&c, "ceil_mode", 0) != 0;
    char mode[16];
    windows w;
    if (!compose_rank(&c, x, 3, TSR_MAX_RANK))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    TSR_TRY(check_power(p));
    TSR_TRY(read_windows(node, from.rank - 2, &w));
    TSR_TRY(read_list(node, "kernel_shape", w.spatial, 0, 1, w.kernel));
    TSR_TRY(onnx_attr_text(node, "auto_pad", "NOTSET", sizeof mode, mode));
    for (uint32_t i = 0; i < w.spatial; i++)
        if (strncmp(mode, "SAME_", 5) == 0)
            pad_same(from.shape[2 + i], w.kernel[i], w.stride[i], w.dilation[i], strcmp(mode, "SAME_LOWER") == 0, &w.begin[i],
                     &w.end[i]);
        else if (strcmp(mode, "VALID") == 0)
            w.begin[i] = w.end[i] = 0;
    x = power(&c, x, p);
    for (uint32_t i = 0; i < w.spatial && c.status.code == TSR_OK; i++)
        x = window_sums(&c, x, 2 + i, w.kernel[i], w.stride[i], w.dilation[i], w.begin[i], w.end[i], ceil_mode);
    return compose_define(&c, 0, root(&c, x, p));
}

tsr_status onnx_global_lp_pool(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const int64_t p = compose_attr_int(&c, "p", 2);
    int64_t axes[TSR_MAX_RANK];
    TSR_TRY(check_power(p));
    if (!compose_rank(&c, x, 3, TSR_MAX_RANK))
        return c.status;
    const uint32_t spatial = compose_tensor(&c, x).rank - 2;
    for (uint32_t i = 0; i < spatial; i++)
        axes[i] = 2 + i;
    return compose_define(&c, 0, root(&c, compose_reduce(&c, TSR_OP_REDUCE_SUM, power(&c, x, p), spatial, axes, true), p));
}

static tsr_id scattered(composer *c, tsr_id x, tsr_id indices, tsr_id updates, tsr_reduction reduction) {
    tsr_attr attr = tsr_attr_default();
    attr.reduction = reduction;
    return compose_node(c, TSR_OP_SCATTER_ND, &attr, 3, (const tsr_id[]){x, indices, updates}, compose_tensor(c, updates).dtype);
}

static tsr_id zeros(composer *c, tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    float *value;
    return compose_cast(c, compose_reals(c, rank, shape, &value), dtype);
}

// Maxima back to where they were: places in the flat result of the inverse pool, which a larger output_shape contains.
tsr_status onnx_max_unpool(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), indices = compose_input(&c, 1);
    int64_t shape[TSR_MAX_RANK], wanted[TSR_MAX_RANK], none[TSR_MAX_RANK] = {0}, end[TSR_MAX_RANK] = {0};
    uint32_t count;
    windows w;
    compose_ints(&c, compose_optional(&c, 2), TSR_MAX_RANK, wanted, &count);
    if (!compose_rank(&c, x, 3, TSR_MAX_RANK))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    TSR_TRY(read_windows(node, from.rank - 2, &w));
    TSR_TRY(read_list(node, "kernel_shape", w.spatial, 0, 1, w.kernel));
    memcpy(shape, from.shape, sizeof shape);
    for (uint32_t i = 0; i < w.spatial; i++) {
        int64_t full;
        if (__builtin_mul_overflow(from.shape[2 + i] - 1, w.stride[i], &full) || full > INT32_MAX)
            return tsr_error(TSR_CORRUPT, "strides are too large");
        shape[2 + i] = full - w.begin[i] - w.end[i] + w.kernel[i];
    }
    TSR_TRY(tsr_shape_check(from.dtype, from.rank, shape));
    if (count != 0 && count != from.rank)
        return tsr_error(TSR_CORRUPT, "output_shape has %" PRIu32 " numbers, must have %" PRIu32, count, from.rank);
    for (uint32_t i = 0; i < count; i++)
        if ((end[i] = wanted[i] - shape[i]) < 0)
            return tsr_error(TSR_CORRUPT, "output_shape is smaller than what the windows cover");
    int64_t total = 1, elements = (int64_t)tsr_tensor_elements(&from);
    for (uint32_t i = 0; i < from.rank; i++)
        total *= shape[i];
    const tsr_id at = compose_reshape(&c, indices, 2, (const int64_t[]){elements, 1});
    const tsr_id y = scattered(&c, zeros(&c, from.dtype, 1, &total), at, compose_reshape(&c, x, 1, &elements), TSR_REDUCE_NONE);
    return compose_define(&c, 0, compose_pad(&c, compose_reshape(&c, y, from.rank, shape), none, end, 0));
}

// Where an element of a block lies in the padded, flat image. `block` and `tap` count row-major.
static int64_t image_place(const windows *w, const int64_t *image, const int64_t *blocks, int64_t tap, int64_t block) {
    int64_t place = 0, step = 1;
    for (uint32_t i = w->spatial; i-- > 0;) {
        place += step * (block % blocks[i] * w->stride[i] + tap % w->kernel[i] * w->dilation[i]);
        step *= image[i] + w->begin[i] + w->end[i];
        block /= blocks[i];
        tap /= w->kernel[i];
    }
    return place;
}

// Blocks [N, C * taps, blocks] added up where they overlap, in an image [N, C, ...].
tsr_status onnx_col2im(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    int64_t image[TSR_MAX_RANK], blocks[TSR_MAX_RANK], taps = 1, all = 1, pixels = 1;
    uint32_t count, kernel_count;
    windows w;
    compose_ints(&c, compose_input(&c, 1), MOST_SPATIAL, image, &count);
    compose_ints(&c, compose_input(&c, 2), MOST_SPATIAL, w.kernel, &kernel_count);
    if (!compose_rank(&c, x, 3, 3))
        return c.status;
    if (count < 1 || count != kernel_count)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " extents of the image, %" PRIu32 " of the block", count, kernel_count);
    TSR_TRY(read_windows(node, count, &w));
    const tsr_tensor from = compose_tensor(&c, x);
    TSR_TRY(tsr_shape_check(from.dtype, count, image));
    TSR_TRY(tsr_shape_check(from.dtype, count, w.kernel));
    for (uint32_t i = 0; i < count; i++) {
        int64_t reach;
        if (__builtin_mul_overflow(w.kernel[i] - 1, w.dilation[i], &reach) || reach >= image[i] + w.begin[i] + w.end[i])
            return tsr_error(TSR_CORRUPT, "a block is larger than the padded image");
        blocks[i] = (image[i] + w.begin[i] + w.end[i] - reach - 1) / w.stride[i] + 1;
        taps *= w.kernel[i];
        if (__builtin_mul_overflow(all, blocks[i], &all) ||
            __builtin_mul_overflow(pixels, image[i] + w.begin[i] + w.end[i], &pixels))
            return tsr_error(TSR_CORRUPT, "the image is too large");
    }
    if (from.shape[1] % taps != 0 || from.shape[2] != all)
        return tsr_error(TSR_CORRUPT, "input must be [N, C * %" PRId64 ", %" PRId64 "]", taps, all);
    const int64_t n = from.shape[0], channels = from.shape[1] / taps, planes = n * channels;
    int64_t *place;
    const tsr_id places = compose_wholes(&c, 2, (const int64_t[]){taps * all, 1}, &place);
    for (int64_t i = 0; i < taps * all && place != NULL; i++)
        place[i] = image_place(&w, image, blocks, i / all, i % all);
    tsr_id y = compose_reshape(&c, x, 2, (const int64_t[]){planes, taps * all});
    y = compose_transpose(&c, y, (const int64_t[]){1, 0});
    y = scattered(&c, zeros(&c, from.dtype, 2, (const int64_t[]){pixels, planes}), places, y, TSR_REDUCE_ADD);
    y = compose_transpose(&c, y, (const int64_t[]){1, 0});
    int64_t shape[TSR_MAX_RANK] = {n, channels};
    for (uint32_t i = 0; i < count; i++)
        shape[2 + i] = image[i] + w.begin[i] + w.end[i];
    y = compose_reshape(&c, y, count + 2, shape);
    for (uint32_t i = 0; i < count; i++)
        y = compose_slice(&c, y, 2 + i, w.begin[i], image[i], 1);
    return compose_define(&c, 0, y);
}
