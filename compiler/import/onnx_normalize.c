// SPDX-License-Identifier: Apache-2.0
// Normalisations over channels, rows and groups.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

static tsr_id normalise(composer *c, tsr_id x, tsr_id scale, tsr_id bias, const tsr_attr *attr) {
    const tsr_id in[3] = {x, scale, bias};
    return compose_node(c, TSR_OP_NORMALIZE, attr,
                        bias != TSR_NO_ID    ? 3
                        : scale != TSR_NO_ID ? 2
                                             : 1,
                        in, compose_tensor(c, x).dtype);
}

static void axes_from(tsr_attr *attr, uint32_t first, uint32_t rank) {
    for (attr->axis_count = 0; first < rank; first++)
        attr->axes[attr->axis_count++] = first;
}

// [C] as something that broadcasts along axis 1 of `rank` dimensions.
static tsr_id per_channel(composer *c, tsr_id values, uint32_t rank) {
    int64_t shape[TSR_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    if (values == TSR_NO_ID || !compose_rank(c, values, 1, 1))
        return TSR_NO_ID;
    shape[0] = compose_tensor(c, values).shape[0];
    return compose_reshape(c, values, rank - 1, shape);
}

tsr_status onnx_instance_normalization(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), scale = compose_input(&c, 1), bias = compose_input(&c, 2);
    tsr_attr attr = tsr_attr_default();
    attr.epsilon = compose_attr_float(&c, "epsilon", 1e-5f);
    if (compose_rank(&c, x, 3, TSR_MAX_RANK)) {
        const uint32_t rank = compose_tensor(&c, x).rank;
        axes_from(&attr, 2, rank);
        compose_define(&c, 0, normalise(&c, x, per_channel(&c, scale, rank), per_channel(&c, bias, rank), &attr));
    }
    return c.status;
}

// [N, C, ...] as [N, G, C / G, rest]. Scale and bias are one a channel, before opset 21 one a group.
tsr_status onnx_group_normalization(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_id part[2] = {compose_input(&c, 1), compose_input(&c, 2)};
    tsr_attr attr = tsr_attr_default();
    attr.epsilon = compose_attr_float(&c, "epsilon", 1e-5f);
    const int64_t groups = compose_attr_int(&c, "num_groups", 0);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    const int64_t channels = from.shape[1];
    if (groups < 1 || channels % groups != 0)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " channels in %" PRId64 " groups", channels, groups);
    int64_t rest = 1;
    for (uint32_t i = 2; i < from.rank; i++)
        rest *= from.shape[i];
    for (unsigned i = 0; i < 2; i++) {
        if (!compose_rank(&c, part[i], 1, 1))
            return c.status;
        const int64_t count = compose_tensor(&c, part[i]).shape[0];
        if (count != channels && count != groups)
            return tsr_error(TSR_CORRUPT, "%" PRId64 " scales or biases for %" PRId64 " channels in %" PRId64 " groups", count,
                             channels, groups);
        part[i] = compose_reshape(&c, part[i], 3, (const int64_t[]){groups, count / groups, 1});
    }
    attr.axis_count = 2;
    attr.axes[0] = 2, attr.axes[1] = 3;
    const tsr_id grouped = compose_reshape(&c, x, 4, (const int64_t[]){from.shape[0], groups, channels / groups, rest});
    return compose_define(&c, 0, compose_reshape(&c, normalise(&c, grouped, part[0], part[1], &attr), from.rank, from.shape));
}

// LayerNormalization, and RMSNormalization (variant 1). The other outputs, mean and reciprocal deviation, are computed apart
// when a model wants them.
tsr_status onnx_layer_normalization(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), scale = compose_input(&c, 1), bias = compose_optional(&c, 2);
    tsr_attr attr = tsr_attr_default();
    attr.epsilon = compose_attr_float(&c, "epsilon", 1e-5f);
    attr.root_mean_square = node->variant == 1;
    axes_from(&attr, (uint32_t)compose_attr_axis(&c, "axis", -1, x), compose_tensor(&c, x).rank);
    compose_define(&c, 0, normalise(&c, x, scale, bias, &attr));
    if (onnx_has_output(node, 1) || onnx_has_output(node, 2)) {
        const tsr_id mean = compose_reduce(&c, TSR_OP_MEAN, x, attr.axis_count, attr.axes, true);
        const tsr_id squares = compose_binary(&c, TSR_OP_SQUARED_DIFFERENCE, x, mean);
        const tsr_id variance = compose_reduce(&c, TSR_OP_MEAN, squares, attr.axis_count, attr.axes, true);
        compose_define(&c, 1, mean);
        compose_define(&c, 2, compose_unary(&c, TSR_OP_RSQRT, compose_add_number(&c, variance, (double)attr.epsilon)));
    }
    return c.status;
}

tsr_status onnx_mean_variance_normalization(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_attr attr = tsr_attr_default();
    bool given = false;
    compose_fails(&c, onnx_attr_ints(node, "axes", TSR_MAX_RANK, attr.axes, &attr.axis_count, &given));
    const uint32_t rank = compose_tensor(&c, x).rank;
    if (!given)
        memcpy(attr.axes, (const int64_t[]){0, 2, 3}, 3 * sizeof *attr.axes), attr.axis_count = 3;
    if (!given && o->opset < 9 && compose_attr_int(&c, "across_channels", 0) != 0)
        attr.axes[1] = 1, attr.axes[2] = 2, attr.axes[3] = 3, attr.axis_count = 4;
    if (compose_attr_int(&c, "normalize_variance", 1) != 1)
        return tsr_error(TSR_UNSUPPORTED, "normalize_variance 0; 1 works");
    for (uint32_t i = 0; i < attr.axis_count; i++)
        if (!normalise_axis(&attr.axes[i], rank))
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, attr.axes[i], rank);
    // (x - mean) / (deviation + 1e-9): far below what float32 shows, unless nothing deviates.
    attr.epsilon = 1e-18f;
    return compose_define(&c, 0, normalise(&c, x, TSR_NO_ID, TSR_NO_ID, &attr));
}

// x over its norm along the axis; 0 where that is 0.
tsr_status onnx_lp_normalization(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const int64_t axis = compose_attr_axis(&c, "axis", -1, x), p = compose_attr_int(&c, "p", 2);
    if (p != 1 && p != 2)
        return tsr_error(TSR_CORRUPT, "p %" PRId64 "; must be 1 or 2", p);
    const tsr_id powers = p == 1 ? compose_unary(&c, TSR_OP_ABS, x) : compose_mul(&c, x, x);
    const tsr_id sum = compose_reduce(&c, TSR_OP_REDUCE_SUM, powers, 1, &axis, true);
    const tsr_id norm = p == 1 ? sum : compose_unary(&c, TSR_OP_SQRT, sum);
    const tsr_id zero = compose_number(&c, compose_tensor(&c, x).dtype, 0);
    return compose_define(&c, 0, compose_where(&c, compose_binary(&c, TSR_OP_EQUAL, norm, zero), norm, compose_div(&c, x, norm)));
}

// t^exponent; without a call of pow for the exponent of nearly all models, 0.75, and for 0.5 and 1.
static tsr_id over_power(composer *c, tsr_id x, tsr_id t, double exponent) {
    if (exponent == 1)
        return compose_div(c, x, t);
    if (exponent != 0.5 && exponent != 0.75)
        return compose_div(c, x, compose_binary(c, TSR_OP_POW, t, compose_number(c, compose_tensor(c, t).dtype, exponent)));
    const tsr_id root = compose_unary(c, TSR_OP_RSQRT, t);
    const tsr_id y = compose_mul(c, x, root);
    return exponent == 0.5 ? y : compose_mul(c, y, compose_unary(c, TSR_OP_SQRT, root));
}

// x over (bias + alpha / size * sum of squares of `size` neighbouring channels)^beta. The sum is an average pool along the
// channels that counts its pads: over [N, C, 1, rest], the layout whose last dimension is worked on at once.
tsr_status onnx_lrn(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const double alpha = (double)compose_attr_float(&c, "alpha", 1e-4f), beta = (double)compose_attr_float(&c, "beta", 0.75f);
    const double bias = (double)compose_attr_float(&c, "bias", 1);
    const int64_t size = compose_attr_int(&c, "size", 0);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    if (size < 1 || size > INT32_MAX)
        return tsr_error(TSR_CORRUPT, "size %" PRId64 "; must be > 0", size);
    const int64_t n = from.shape[0], channels = from.shape[1], rest = (int64_t)tsr_tensor_elements(&from) / n / channels;
    const tsr_id flat = compose_reshape(&c, x, 4, (const int64_t[]){n, channels, 1, rest}), squares = compose_mul(&c, flat, flat);
    tsr_attr window = tsr_attr_default();
    window.kernel[0] = size;
    window.pad_top = (size - 1) / 2;
    window.pad_bottom = size - 1 - window.pad_top;
    window.count_include_pad = true;
    const tsr_id mean = compose_node(&c, TSR_OP_AVERAGE_POOL, &window, 1, &squares, from.dtype);
    const tsr_id total = compose_add_number(&c, compose_scale(&c, mean, alpha), bias);
    return compose_define(&c, 0, compose_reshape(&c, over_power(&c, flat, total, beta), from.rank, from.shape));
}
