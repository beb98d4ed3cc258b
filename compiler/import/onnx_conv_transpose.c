// SPDX-License-Identifier: Apache-2.0
// ConvTranspose as a convolution. Full output row o takes x[i] * w[k] of every i * stride + k * dilation = o. With stride 1
// that is a convolution with the kernel turned round. Otherwise let o = stride * j + r and k = stride * q + r: the rows of
// each remainder r are a convolution of x with every stride-th row of the kernel. All of them together are one convolution
// with stride^2 times as many output channels and a kernel of ceil(k / stride), whose channels are then spread over the
// picture: no multiplication by zeros that stride puts between elements, and whatever runs convolutions runs this.
// A dilated kernel with a stride is first filled up with zeros.
#include <inttypes.h>
#include <string.h>

#include "onnx_compose.h"

typedef struct transposed { // of one spatial dimension
    int64_t in, kernel, stride, dilation, pad_begin, out;
    int64_t taps;                       // of the convolution's kernel
    int64_t conv_begin, conv_end, crop; // pads of the convolution; what its spread result has before the output
    int64_t rows;                       // results of the convolution
} transposed;

typedef struct window {
    uint32_t spatial; // 1 to 3
    int64_t batch, channels, outputs, groups;
    transposed d[3]; // depth, height, width; those that are missing have extent 1
} window;

static const int64_t most = INT32_MAX;

static tsr_status read_list(const onnx_node *node, const char *name, uint32_t count, int64_t standard, int64_t least,
                            int64_t *out_values, bool *out_given) {
    uint32_t given;
    TSR_TRY(onnx_attr_ints(node, name, 6, out_values, &given, out_given));
    if (*out_given && given != count)
        return tsr_error(TSR_CORRUPT, "attribute '%s' has %" PRIu32 " elements, must have %" PRIu32, name, given, count);
    for (uint32_t i = 0; i < count; i++) {
        out_values[i] = *out_given ? out_values[i] : standard;
        if (out_values[i] < least || out_values[i] > most)
            return tsr_error(TSR_CORRUPT, "attribute '%s' holds %" PRId64 "; must be %" PRId64 " to %" PRId64, name,
                             out_values[i], least, most);
    }
    return tsr_ok();
}

static tsr_status read_extents(const onnx_node *node, window *w) {
    int64_t strides[6], dilations[6], pads[6], more[6], shape[6];
    const uint32_t n = w->spatial;
    bool given, has_shape;
    char mode[16];
    TSR_TRY(read_list(node, "strides", n, 1, 1, strides, &given));
    TSR_TRY(read_list(node, "dilations", n, 1, 1, dilations, &given));
    TSR_TRY(read_list(node, "output_padding", n, 0, 0, more, &given));
    TSR_TRY(read_list(node, "output_shape", n, 1, 1, shape, &has_shape));
    TSR_TRY(read_list(node, "pads", 2 * n, 0, 0, pads, &given));
    TSR_TRY(onnx_attr_text(node, "auto_pad", "NOTSET", sizeof mode, mode));
    int64_t together = 1;
    const bool upper = strcmp(mode, "SAME_UPPER") == 0, lower = strcmp(mode, "SAME_LOWER") == 0;
    for (uint32_t i = 0; i < n; i++) {
        transposed *d = &w->d[3 - n + i];
        int64_t reach, full;
        d->stride = strides[i], d->dilation = dilations[i];
        if (__builtin_mul_overflow(d->kernel - 1, d->dilation, &reach) || reach > most ||
            __builtin_mul_overflow(d->in - 1, d->stride, &full) || full > most ||
            __builtin_mul_overflow(together, d->stride, &together) || together > most)
            return tsr_error(TSR_CORRUPT, "strides or dilations are too large");
        full += reach + 1 + more[i];
        if (has_shape || upper || lower) {
            d->out = has_shape ? shape[i] : d->in * d->stride;
            const int64_t total = full - d->out > 0 ? full - d->out : 0;
            d->pad_begin = upper ? total / 2 : total - total / 2;
        } else {
            d->pad_begin = pads[i];
            d->out = full - pads[i] - pads[n + i];
        }
        if (d->out < 1 || d->out > most)
            return tsr_error(TSR_CORRUPT, "an output extent of %" PRId64, d->out);
    }
    return tsr_ok();
}

static void plan(transposed *d) {
    if (d->stride > 1) { // the dilated kernel is filled up
        d->kernel *= d->dilation;
        d->dilation = 1;
    }
    d->taps = (d->kernel + d->stride - 1) / d->stride;
    // Row j of the convolution reads x[j - (taps - 1) * dilation .. j].
    const int64_t reach = (d->taps - 1) * d->dilation, wanted = d->pad_begin / d->stride;
    const int64_t first = wanted < reach ? wanted : reach; // what is computed before is cut off, so that no pad is negative
    const int64_t last = (d->pad_begin + d->out - 1) / d->stride;
    d->conv_begin = reach - first;
    d->conv_end = last - (d->in - 1) > 0 ? last - (d->in - 1) : 0;
    d->rows = d->in + d->conv_begin + d->conv_end - reach;
    d->crop = d->pad_begin - first * d->stride;
}

static int64_t positions(const window *w) { return w->d[0].stride * w->d[1].stride * w->d[2].stride; }

// One spatial dimension of weights, seen as [positions so far, before, kernel, after]: zeros fill it up, it is turned round
// and cut into [positions so far, stride, before, taps, after].
static tsr_id split_kernel(composer *c, tsr_id w, const transposed *d, int64_t known, int64_t before, int64_t after,
                           int64_t fill) {
    const int64_t kernel = d->kernel / fill;
    static const int64_t none[5];
    w = compose_reshape(c, w, 5, (const int64_t[]){known, before, kernel, 1, after});
    w = compose_pad(c, w, none, (const int64_t[]){0, 0, 0, fill - 1, 0}, 0);
    w = compose_reshape(c, w, 5, (const int64_t[]){known, before, d->kernel, 1, after});
    w = compose_pad(c, w, none, (const int64_t[]){0, 0, d->taps * d->stride - d->kernel, 0, 0}, 0);
    w = compose_reshape(c, w, 5, (const int64_t[]){known, before, d->taps, d->stride, after});
    if (d->taps > 1)
        w = compose_slice(c, w, 2, d->taps - 1, d->taps, -1);
    return d->stride > 1 ? compose_transpose(c, w, (const int64_t[]){0, 3, 1, 2, 4}) : w;
}

// [C, O / G, kernel...] -> [G * positions * O / G, taps of height, of width, C / G * taps of depth].
static tsr_id convolution_weights(composer *c, const window *w, tsr_id weights, const int64_t fill[3]) {
    const int64_t inputs = w->channels / w->groups, outputs = w->outputs / w->groups;
    int64_t known = 1, before = w->channels * outputs;
    int64_t after = w->d[0].kernel / fill[0] * (w->d[1].kernel / fill[1]) * (w->d[2].kernel / fill[2]);
    for (unsigned i = 0; i < 3; i++) {
        after /= w->d[i].kernel / fill[i];
        weights = split_kernel(c, weights, &w->d[i], known, before, after, fill[i]);
        known *= w->d[i].stride;
        before *= w->d[i].taps;
    }
    const int64_t pixels = w->d[1].taps * w->d[2].taps, depth = w->d[0].taps;
    weights = compose_reshape(c, weights, 6, (const int64_t[]){known, w->groups, inputs, outputs, depth, pixels});
    weights = compose_transpose(c, weights, (const int64_t[]){1, 0, 3, 5, 2, 4});
    return compose_reshape(c, weights, 4,
                           (const int64_t[]){w->groups * known * outputs, w->d[1].taps, w->d[2].taps, inputs * depth});
}

// One bias a channel, at all positions.
static tsr_id convolution_bias(composer *c, const window *w, tsr_id bias, const int64_t fill[3]) {
    (void)fill;
    const int64_t each = w->outputs / w->groups, count = positions(w), shape[3] = {w->groups, count, each};
    if (count == 1 || bias == TSR_NO_ID || !compose_rank(c, bias, 1, 1))
        return bias;
    bias = compose_expand(c, compose_reshape(c, bias, 3, (const int64_t[]){w->groups, 1, each}), 3, shape);
    return compose_reshape(c, bias, 1, (const int64_t[]){w->outputs * count});
}

typedef tsr_id rearrangement(composer *c, const window *w, tsr_id x, const int64_t fill[3]);

// An operand in its new order. One that is dequantised from a constant stays integers, so that the convolution can run on them:
// one scale stays one, a scale for each of `scales` channels goes with its channel.
static tsr_id rearranged(composer *c, const window *w, tsr_id x, const int64_t fill[3], rearrangement *rearrange, int32_t axis,
                         int64_t scales) {
    const tsr_id producer = x != TSR_NO_ID && c->status.code == TSR_OK ? onnx_producer(c->o, x) : TSR_NO_ID;
    const tsr_graph *graph = c->o->imp.graph;
    const bool dequantised = producer != TSR_NO_ID && graph->nodes[producer].op == TSR_OP_DEQUANTIZE;
    const tsr_tensor from = dequantised ? graph->tensors[graph->nodes[producer].inputs[0]] : (tsr_tensor){.data = NULL};
    bool fits = from.data != NULL && (from.quant.count == 1 || (from.quant.count == scales && from.quant.axis == axis));
    for (uint32_t i = 0; i < from.quant.count && fits; i++)
        fits = from.quant.zero_point[i] == 0; // what fills up is 0
    if (!fits)
        return rearrange(c, w, x, fill);
    const tsr_dtype real = compose_tensor(c, x).dtype;
    const tsr_id plain = tsr_graph_add_tensor(c->o->imp.graph, from.name, from.dtype, from.rank, from.shape);
    tensor_of(&c->o->imp, plain)->data = from.data;
    const uint32_t first = graph->node_count;
    tsr_id y = rearrange(c, w, plain, fill);
    onnx_evaluate(c->o, first);
    if (c->status.code != TSR_OK || tensor_of(&c->o->imp, y)->data == NULL) // nothing computed it
        return rearrange(c, w, x, fill);
    const int64_t each = w->outputs / w->groups, channels = w->outputs * positions(w);
    tsr_quant quant = from.quant;
    if (quant.count > 1) {
        quant = (tsr_quant){(uint32_t)channels, 0, TSR_NEW_ARRAY(graph->arena, float, channels),
                            TSR_NEW_ARRAY(graph->arena, int32_t, channels)};
        for (int64_t i = 0; i < channels; i++) {
            const int64_t group = i / (each * positions(w));
            quant.scale[i] = from.quant.scale[scales == each ? i % each : group * each + i % each];
            quant.zero_point[i] = 0;
        }
    }
    const tsr_tensor t = compose_tensor(c, y);
    y = tsr_graph_add_tensor(c->o->imp.graph, t.name, t.dtype, t.rank, t.shape);
    tensor_of(&c->o->imp, y)->data = t.data;
    tensor_of(&c->o->imp, y)->quant = quant;
    return compose_node(c, TSR_OP_DEQUANTIZE, NULL, 1, &y, real);
}

// [N, C, D, H, W] -> [N * rows, H, W, C * taps of depth].
static tsr_id pictures(composer *c, const window *w, tsr_id x) {
    const transposed *d = &w->d[0];
    const int64_t pixels = w->d[1].in * w->d[2].in;
    if (w->spatial == 3) {
        if (d->taps > 64) {
            compose_fails(c, tsr_error(TSR_UNSUPPORTED, "a kernel whose depth is %" PRId64 " strides", d->taps));
            return TSR_NO_ID;
        }
        x = compose_reshape(c, x, 5, (const int64_t[]){w->batch, w->channels, 1, d->in, pixels});
        x = compose_pad(c, x, (const int64_t[]){0, 0, 0, d->conv_begin, 0}, (const int64_t[]){0, 0, 0, d->conv_end, 0}, 0);
        tsr_id taps[64];
        for (int64_t q = 0; q < d->taps; q++)
            taps[q] = compose_slice(c, x, 3, q * d->dilation, d->rows, 1);
        x = compose_transpose(c, compose_concat(c, 2, (uint32_t)d->taps, taps), (const int64_t[]){0, 3, 1, 2, 4});
    }
    x = compose_reshape(c, x, 4, (const int64_t[]){w->batch * d->rows, w->channels * d->taps, w->d[1].in, w->d[2].in});
    return compose_transpose(c, x, (const int64_t[]){0, 2, 3, 1});
}

// The output out of what was computed of a picture [N, H, W, C].
static tsr_id crop_picture(composer *c, const transposed *high, const transposed *wide, tsr_id x) {
    const tsr_tensor from = compose_tensor(c, x);
    tsr_attr attr = tsr_attr_default();
    attr.extent_count = 4;
    for (uint32_t i = 0; i < 4; i++)
        attr.extents[i] = from.shape[i], attr.steps[i] = 1;
    attr.extents[1] = high->out, attr.starts[1] = high->crop;
    attr.extents[2] = wide->out, attr.starts[2] = wide->crop;
    const bool whole = high->out == from.shape[1] && wide->out == from.shape[2];
    return whole ? x : compose_node(c, TSR_OP_SLICE, &attr, 1, &x, from.dtype);
}

// [N * rows of depth, rows, columns, G * positions * O / G] -> [N, O, D, H, W], or fewer dimensions.
static tsr_id spread(composer *c, const window *w, tsr_id y) {
    const transposed *d = w->d;
    const int64_t outputs = w->outputs / w->groups, high = d[1].rows * d[1].stride, wide = d[2].rows * d[2].stride;
    if (positions(w) > 1) {
        y = compose_reshape(c, y, 8,
                            (const int64_t[]){w->batch * d[0].rows, d[1].rows, d[2].rows, w->groups, d[0].stride, d[1].stride,
                                              d[2].stride, outputs});
        y = compose_transpose(c, y, (const int64_t[]){0, 1, 5, 2, 6, 4, 3, 7});
    }
    y = compose_reshape(c, y, 4, (const int64_t[]){w->batch * d[0].rows, high, wide, d[0].stride * w->outputs});
    y = crop_picture(c, &d[1], &d[2], y);
    if (w->spatial < 3) {
        y = compose_transpose(c, y, (const int64_t[]){0, 3, 1, 2});
        return w->spatial == 2 ? y : compose_reshape(c, y, 3, (const int64_t[]){w->batch, w->outputs, d[2].out});
    }
    y = compose_reshape(c, y, 5, (const int64_t[]){w->batch, d[0].rows, d[1].out * d[2].out, d[0].stride, w->outputs});
    y = compose_transpose(c, y, (const int64_t[]){0, 4, 1, 3, 2});
    y = compose_reshape(c, y, 4, (const int64_t[]){w->batch, w->outputs, d[0].rows * d[0].stride, d[1].out * d[2].out});
    return compose_reshape(c, compose_slice(c, y, 2, d[0].crop, d[0].out, 1), 5,
                           (const int64_t[]){w->batch, w->outputs, d[0].out, d[1].out, d[2].out});
}

static tsr_status check_operands(composer *c, tsr_id x, tsr_id weights, window *w) {
    const tsr_tensor a = compose_tensor(c, x), b = compose_tensor(c, weights);
    if (a.rank < 3 || a.rank > 5 || a.rank != b.rank)
        return tsr_error(TSR_UNSUPPORTED,
                         "input of rank %" PRIu32 ", weights of rank %" PRIu32 "; 3 to 5, and both the same, work", a.rank,
                         b.rank);
    *w = (window){.spatial = a.rank - 2, .batch = a.shape[0], .channels = a.shape[1], .groups = 1};
    TSR_TRY(onnx_attr_int(c->node, "group", 1, &w->groups));
    if (w->groups < 1 || w->channels % w->groups != 0 || b.shape[0] != w->channels ||
        __builtin_mul_overflow(b.shape[1], w->groups, &w->outputs))
        return tsr_error(TSR_CORRUPT, "weights for %" PRId64 " channels, the input has %" PRId64 " in %" PRId64 " groups",
                         b.shape[0], w->channels, w->groups);
    for (uint32_t i = 0; i < 3; i++)
        w->d[i] = (transposed){.in = 1, .kernel = 1, .stride = 1, .dilation = 1, .out = 1};
    for (uint32_t i = 0; i < w->spatial; i++) {
        w->d[3 - w->spatial + i].in = a.shape[2 + i];
        w->d[3 - w->spatial + i].kernel = b.shape[2 + i];
    }
    int64_t stated[6];
    bool given;
    TSR_TRY(read_list(c->node, "kernel_shape", w->spatial, 1, 1, stated, &given));
    for (uint32_t i = 0; i < w->spatial && given; i++)
        if (stated[i] != b.shape[2 + i])
            return tsr_error(TSR_CORRUPT, "kernel_shape differs from the weights' shape");
    return tsr_ok();
}

tsr_status onnx_conv_transpose(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), weights = compose_input(&c, 1), bias = compose_optional(&c, 2);
    int64_t fill[3]; // elements for each of the kernel, where zeros come between
    window w;
    TSR_TRY(c.status);
    TSR_TRY(check_operands(&c, x, weights, &w));
    TSR_TRY(read_extents(node, &w));
    for (unsigned i = 0; i < 3; i++) {
        fill[i] = w.d[i].stride > 1 ? w.d[i].dilation : 1;
        plan(&w.d[i]);
    }
    const int64_t each = w.outputs / w.groups;
    const tsr_id in[3] = {pictures(&c, &w, x), rearranged(&c, &w, weights, fill, convolution_weights, 1, each),
                          rearranged(&c, &w, bias, fill, convolution_bias, 0, w.outputs)};
    tsr_attr attr = tsr_attr_default();
    attr.groups = w.groups;
    attr.kernel[0] = w.d[1].taps, attr.kernel[1] = w.d[2].taps;
    attr.dilation[0] = w.d[1].dilation, attr.dilation[1] = w.d[2].dilation;
    attr.pad_top = w.d[1].conv_begin, attr.pad_bottom = w.d[1].conv_end;
    attr.pad_left = w.d[2].conv_begin, attr.pad_right = w.d[2].conv_end;
    const tsr_id y = compose_node(&c, TSR_OP_CONV, &attr, in[2] != TSR_NO_ID ? 3 : 2, in, compose_tensor(&c, x).dtype);
    return compose_define(&c, 0, spread(&c, &w, y));
}
