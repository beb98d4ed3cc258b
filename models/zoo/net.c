// SPDX-License-Identifier: Apache-2.0
#include "net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

struct net {
    tsr_onnx_writer *writer;
    tsr_arena *arena;
    bool qdq;
    uint64_t random;
};

net *net_create(const char *name, int64_t opset, bool qdq) {
    tsr_onnx_writer *writer = tsr_onnx_writer_create(name, opset);
    net *n = TSR_NEW(tsr_onnx_arena(writer), net);
    *n = (net){writer, tsr_onnx_arena(writer), qdq, 0};
    for (const char *c = name; *c != '\0'; c++) // every network has weights of its own
        n->random = 31 * n->random + (uint8_t)*c;
    return n;
}

void net_free(net *n) { tsr_onnx_writer_free(n->writer); }
tsr_onnx_writer *net_writer(net *n) { return n->writer; }

// ---- names, constants, nodes -------------------------------------------------------------------------------------------

static const char *sub(const net *n, const char *name, const char *suffix) {
    return tsr_arena_printf(n->arena, "%s/%s", name, suffix);
}

static const char *floats(net *n, const char *name, uint32_t rank, const int64_t *shape, const float *data) {
    return tsr_onnx_constant(n->writer, name, TSR_F32, rank, shape, data);
}

static const char *ints(net *n, const char *name, int64_t count, const int64_t *data) {
    return tsr_onnx_constant(n->writer, name, TSR_I64, 1, &count, data);
}

static const char *node(net *n, const char *op, const char *name, const char *a, const char *b, const char *c,
                        const tsr_onnx_attribute *attributes) {
    const char *inputs[] = {a, b, c};
    const uint32_t count = b == NULL ? 1 : c == NULL ? 2 : 3;
    return tsr_onnx_node(n->writer, op, count, inputs, name, attributes);
}

static int64_t elements(const value *v) {
    int64_t count = 1;
    for (uint32_t d = 0; d < v->rank; d++)
        count *= v->shape[d];
    return count;
}

static float *draw(net *n, int64_t count, double mean, double deviation) {
    float *data = TSR_NEW_ARRAY(n->arena, float, count);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(mean + deviation * random_normal(&n->random));
    return data;
}

// ---- quantisation ------------------------------------------------------------------------------------------------------

// v, computed in float, quantised with the scale it carries and dequantised.
static value quantised_as_is(net *n, value v) {
    if (!n->qdq)
        return v;
    const char *s = floats(n, sub(n, v.name, "scale"), 0, NULL, &v.scale);
    const char *z = tsr_onnx_constant(n->writer, sub(n, v.name, "zero_point"), TSR_I8, 0, NULL, &v.zero_point);
    const char *q = node(n, "QuantizeLinear", sub(n, v.name, "q"), v.name, s, z, NULL);
    v.name = node(n, "DequantizeLinear", sub(n, v.name, "dq"), q, s, z, NULL);
    return v;
}

// The same with its expected range, widened to contain 0, spread over int8.
static value quantised(net *n, value v) {
    const double most = 4 * sqrt(v.mean_square);
    const double lo = fmin(fmax(v.lo, -most), 0), hi = fmax(fmin(v.hi, most), 0);
    v.scale = (float)((hi - lo) / 255);
    v.zero_point = (int8_t)(-128 + lrint(-lo / (double)v.scale));
    return quantised_as_is(n, v);
}

// A new value of the shape and bounds of `like`.
static value result(const char *name, value like) {
    like.name = name;
    return like;
}

typedef struct weights {
    const char *name;  // of the (dequantised) tensor
    const char *bias;  // NULL: none
} weights;

// Weights with `outputs` slices along `axis` (0, or 1 of a matrix [K,outputs]), and their bias, as float constants or as
// dequantised integers: int8 with a scale an output, int32 of scale input * weight.
static weights add_weights(net *n, const char *name, value x, uint32_t rank, const int64_t *shape, int64_t axis, const float *w,
                           const float *bias) {
    const int64_t outputs = shape[axis];
    const char *weight_name = sub(n, name, "weight"), *bias_name = sub(n, name, "bias");
    if (!n->qdq)
        return (weights){floats(n, weight_name, rank, shape, w), bias ? floats(n, bias_name, 1, &outputs, bias) : NULL};
    int64_t count = 1;
    for (uint32_t d = 0; d < rank; d++)
        count *= shape[d];
    const int64_t each = count / outputs;
    float *scale = TSR_NEW_ARRAY(n->arena, float, outputs), *bias_scale = TSR_NEW_ARRAY(n->arena, float, outputs);
    int8_t *q = TSR_NEW_ARRAY(n->arena, int8_t, count), *zero = TSR_NEW_ARRAY(n->arena, int8_t, outputs);
    int32_t *q_bias = TSR_NEW_ARRAY(n->arena, int32_t, outputs), *bias_zero = TSR_NEW_ARRAY(n->arena, int32_t, outputs);
    for (int64_t o = 0; o < outputs; o++) {
        const int64_t first = axis == 0 ? o * each : o, step = axis == 0 ? 1 : outputs;
        float most = 0;
        for (int64_t i = 0; i < each; i++)
            most = fmaxf(most, fabsf(w[first + i * step]));
        scale[o] = most > 0 ? most / 127 : 1;
        for (int64_t i = 0; i < each; i++)
            q[first + i * step] = (int8_t)lrintf(w[first + i * step] / scale[o]);
        bias_scale[o] = x.scale * scale[o];
        if (bias != NULL)
            q_bias[o] = (int32_t)lrint((double)bias[o] / (double)bias_scale[o]);
    }
    const tsr_onnx_attribute along[] = {{.name = "axis", .kind = TSR_ONNX_INT, .i = axis}, {0}};
    weights made = {0};
    made.name = node(n, "DequantizeLinear", sub(n, weight_name, "dq"),
                     tsr_onnx_constant(n->writer, sub(n, weight_name, "q"), TSR_I8, rank, shape, q),
                     floats(n, sub(n, weight_name, "scale"), 1, &outputs, scale),
                     tsr_onnx_constant(n->writer, sub(n, weight_name, "zero_point"), TSR_I8, 1, &outputs, zero), along);
    const tsr_onnx_attribute first_axis[] = {{.name = "axis", .kind = TSR_ONNX_INT, .i = 0}, {0}};
    if (bias != NULL)
        made.bias =
            node(n, "DequantizeLinear", sub(n, bias_name, "dq"),
                 tsr_onnx_constant(n->writer, sub(n, bias_name, "q"), TSR_I32, 1, &outputs, q_bias),
                 floats(n, sub(n, bias_name, "scale"), 1, &outputs, bias_scale),
                 tsr_onnx_constant(n->writer, sub(n, bias_name, "zero_point"), TSR_I32, 1, &outputs, bias_zero), first_axis);
    return made;
}

// ---- inputs, outputs ---------------------------------------------------------------------------------------------------

value net_input(net *n, const char *name, uint32_t rank, const int64_t *shape) {
    value v = {name, rank, {0}, 1, -INFINITY, INFINITY, 0, 0};
    memcpy(v.shape, shape, rank * sizeof *shape);
    tsr_onnx_input(n->writer, name, TSR_F32, rank, shape);
    return quantised(n, v);
}

void net_output(net *n, const char *name, value v) {
    node(n, "Identity", name, v.name, NULL, NULL, NULL);
    tsr_onnx_output(n->writer, name, TSR_F32, v.rank, v.shape);
}

// ---- convolutional layers ----------------------------------------------------------------------------------------------

// The activation, then quantisation: nothing is rounded in between. positive: how much of the mean square lies above 0.
static value activated(net *n, value v, activation act, double positive) {
    if (act == RELU)
        v.name = node(n, "Relu", sub(n, v.name, "relu"), v.name, NULL, NULL, NULL);
    if (act == RELU6) {
        const char *lo = floats(n, sub(n, v.name, "min"), 0, NULL, &(float){0});
        const char *hi = floats(n, sub(n, v.name, "max"), 0, NULL, &(float){6});
        v.name = node(n, "Clip", sub(n, v.name, "clip"), v.name, lo, hi, NULL);
    }
    if (act != NONE) {
        v.lo = 0;
        v.hi = act == RELU6 ? 6 : v.hi;
    }
    v = quantised(n, v);
    if (act != NONE)
        v.mean_square *= positive;
    return v;
}

typedef struct norm { // BatchNormalization for what a convolution gives here: mean 0, variance 1
    float *gamma, *beta, *mean, *variance;
} norm;

static const float epsilon = 1e-5f;

static norm draw_norm(net *n, int64_t channels) {
    norm b;
    b.gamma = draw(n, channels, 1, 0.1);
    b.beta = draw(n, channels, 0, 0.1);
    b.mean = draw(n, channels, 0, 0.1);
    b.variance = draw(n, channels, 1, 0.1);
    return b;
}

static const char *add_norm(net *n, const char *name, const char *x, int64_t channels, const norm *b) {
    const char *inputs[] = {
        x, floats(n, sub(n, name, "gamma"), 1, &channels, b->gamma), floats(n, sub(n, name, "beta"), 1, &channels, b->beta),
        floats(n, sub(n, name, "mean"), 1, &channels, b->mean), floats(n, sub(n, name, "var"), 1, &channels, b->variance)};
    const tsr_onnx_attribute attributes[] = {{.name = "epsilon", .kind = TSR_ONNX_FLOAT, .f = epsilon}, {0}};
    return tsr_onnx_node(n->writer, "BatchNormalization", 5, inputs, sub(n, name, "bn"), attributes);
}

static void fold_norm(int64_t channels, int64_t each, const norm *b, float *w, float *bias) {
    for (int64_t c = 0; c < channels; c++) {
        const float by = b->gamma[c] / sqrtf(b->variance[c] + epsilon);
        for (int64_t i = 0; i < each; i++)
            w[c * each + i] *= by;
        bias[c] = b->beta[c] - b->mean[c] * by;
    }
}

value net_conv(net *n, const char *name, value x, conv_layer layer) {
    const int64_t groups = layer.groups > 0 ? layer.groups : 1, k = layer.kernel;
    const int64_t shape[] = {layer.channels, x.shape[1] / groups, k, k}, each = shape[1] * k * k;
    float *w = draw(n, layer.channels * each, 0, 1 / sqrt((double)each * x.mean_square));
    const bool separate_norm = layer.batch_norm && !n->qdq;
    float *bias = NULL;
    norm b = {0};
    if (layer.batch_norm)
        b = draw_norm(n, layer.channels);
    else
        bias = draw(n, layer.channels, 0, 0.1);
    if (layer.batch_norm && n->qdq) {
        bias = TSR_NEW_ARRAY(n->arena, float, layer.channels);
        fold_norm(layer.channels, each, &b, w, bias);
    }
    const char *conv_name = separate_norm || layer.act != NONE ? sub(n, name, "conv") : name;
    const weights made = add_weights(n, name, x, 4, shape, 0, w, bias);
    const int64_t kernel[] = {k, k}, stride[] = {layer.stride, layer.stride},
                  pads[] = {layer.pad, layer.pad, layer.pad, layer.pad};
    const tsr_onnx_attribute attributes[] = {{.name = "kernel_shape", .kind = TSR_ONNX_INTS, .ints = kernel, .count = 2},
                                             {.name = "strides", .kind = TSR_ONNX_INTS, .ints = stride, .count = 2},
                                             {.name = "pads", .kind = TSR_ONNX_INTS, .ints = pads, .count = 4},
                                             {.name = "group", .kind = TSR_ONNX_INT, .i = groups},
                                             {0}};
    value y = {node(n, "Conv", conv_name, x.name, made.name, made.bias, attributes),
               4,
               {x.shape[0], layer.channels},
               1,
               -INFINITY,
               INFINITY,
               0,
               0};
    for (int d = 2; d < 4; d++)
        y.shape[d] = (x.shape[d] + 2 * layer.pad - k) / layer.stride + 1;
    if (separate_norm)
        y.name = add_norm(n, name, y.name, layer.channels, &b);
    return activated(n, y, layer.act, 0.5);
}

value net_add(net *n, const char *name, value a, value b, activation act) {
    value y = result(node(n, "Add", name, a.name, b.name, NULL, NULL), a);
    y.mean_square = a.mean_square + b.mean_square;
    y.lo = a.lo + b.lo;
    y.hi = a.hi + b.hi;
    return activated(n, y, act, a.lo < 0 && b.lo < 0 ? 0.5 : 1); // a shortcut is positive already
}

value net_max_pool(net *n, const char *name, value x, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t size[] = {kernel, kernel}, step[] = {stride, stride}, pads[] = {pad, pad, pad, pad};
    const tsr_onnx_attribute attributes[] = {{.name = "kernel_shape", .kind = TSR_ONNX_INTS, .ints = size, .count = 2},
                                             {.name = "strides", .kind = TSR_ONNX_INTS, .ints = step, .count = 2},
                                             {.name = "pads", .kind = TSR_ONNX_INTS, .ints = pads, .count = 4},
                                             {0}};
    value y = result(node(n, "MaxPool", name, x.name, NULL, NULL, attributes), x);
    for (int d = 2; d < 4; d++)
        y.shape[d] = (x.shape[d] + 2 * pad - kernel) / stride + 1;
    y = quantised_as_is(n, y);
    y.mean_square *= 2; // about, for the largest of a few neighbours
    return y;
}

value net_global_average(net *n, const char *name, value x) {
    value y = result(node(n, "GlobalAveragePool", name, x.name, NULL, NULL, NULL), x);
    y.shape[2] = y.shape[3] = 1;
    return net_flatten(n, sub(n, name, "flat"), quantised(n, y));
}

value net_flatten(net *n, const char *name, value x) {
    value y = result(node(n, "Flatten", name, x.name, NULL, NULL, NULL), x);
    y.rank = 2;
    y.shape[1] = elements(&x) / x.shape[0];
    return quantised_as_is(n, y);
}

value net_upsample(net *n, const char *name, value x) {
    const float twice[] = {1, 1, 2, 2};
    const tsr_onnx_attribute attributes[] = {
        {.name = "mode", .kind = TSR_ONNX_STRING, .s = "nearest"},
        {.name = "coordinate_transformation_mode", .kind = TSR_ONNX_STRING, .s = "asymmetric"},
        {.name = "nearest_mode", .kind = TSR_ONNX_STRING, .s = "floor"},
        {0}};
    value y =
        result(node(n, "Resize", name, x.name, "", floats(n, sub(n, name, "scales"), 1, &(int64_t){4}, twice), attributes), x);
    y.shape[2] *= 2;
    y.shape[3] *= 2;
    return quantised_as_is(n, y);
}

value net_concat(net *n, const char *name, value a, value b) {
    const tsr_onnx_attribute attributes[] = {{.name = "axis", .kind = TSR_ONNX_INT, .i = 1}, {0}};
    value y = result(node(n, "Concat", name, a.name, b.name, NULL, attributes), a);
    y.shape[1] += b.shape[1];
    y.mean_square = fmax(a.mean_square, b.mean_square);
    y.lo = fmin(a.lo, b.lo);
    y.hi = fmax(a.hi, b.hi);
    return quantised(n, y);
}

value net_sigmoid(net *n, const char *name, value x) {
    value y = result(node(n, "Sigmoid", name, x.name, NULL, NULL, NULL), x);
    y.mean_square = 1;
    y.lo = 0;
    y.hi = 1;
    return quantised(n, y);
}

// ---- linear layers and parts of a transformer --------------------------------------------------------------------------

value net_linear(net *n, const char *name, value x, int64_t features, activation act) {
    const bool gemm = x.rank == 2;
    const int64_t k = x.shape[x.rank - 1];
    const int64_t shape[] = {gemm ? features : k, gemm ? k : features};
    const float *w = draw(n, features * k, 0, 1 / sqrt((double)k * x.mean_square)), *bias = draw(n, features, 0, 0.1);
    value y = {name, x.rank, {0}, 1, -INFINITY, INFINITY, 0, 0};
    memcpy(y.shape, x.shape, sizeof y.shape);
    y.shape[x.rank - 1] = features;
    if (gemm) {
        const weights made = add_weights(n, name, x, 2, shape, 0, w, bias);
        const tsr_onnx_attribute attributes[] = {{.name = "transB", .kind = TSR_ONNX_INT, .i = 1}, {0}};
        y.name = node(n, "Gemm", act != NONE ? sub(n, name, "gemm") : name, x.name, made.name, made.bias, attributes);
        return activated(n, y, act, 0.5);
    }
    // A bias that is added behind a MatMul stays in float and before the quantisation.
    const weights made = add_weights(n, name, x, 2, shape, 1, w, NULL);
    const char *product = node(n, "MatMul", sub(n, name, "matmul"), x.name, made.name, NULL, NULL);
    y.name = node(n, "Add", name, product, floats(n, sub(n, name, "bias"), 1, &features, bias), NULL, NULL);
    return activated(n, y, act, 0.5);
}

value net_layer_norm(net *n, const char *name, value x) {
    const int64_t features = x.shape[x.rank - 1];
    const tsr_onnx_attribute attributes[] = {{.name = "epsilon", .kind = TSR_ONNX_FLOAT, .f = 1e-5f}, {0}};
    const char *gamma = floats(n, sub(n, name, "gamma"), 1, &features, draw(n, features, 1, 0.1));
    const char *beta = floats(n, sub(n, name, "beta"), 1, &features, draw(n, features, 0, 0.1));
    value y = result(node(n, "LayerNormalization", name, x.name, gamma, beta, attributes), x);
    y.mean_square = 1;
    y.lo = -INFINITY;
    y.hi = INFINITY;
    return quantised(n, y);
}

value net_gelu(net *n, const char *name, value x) {
    const char *root = floats(n, sub(n, name, "sqrt2"), 0, NULL, &(float){(float)M_SQRT2});
    const char *one = floats(n, sub(n, name, "one"), 0, NULL, &(float){1}),
               *half = floats(n, sub(n, name, "half"), 0, NULL, &(float){0.5f});
    const char *erf =
        node(n, "Erf", sub(n, name, "erf"), node(n, "Div", sub(n, name, "div"), x.name, root, NULL, NULL), NULL, NULL, NULL);
    const char *product =
        node(n, "Mul", sub(n, name, "mul"), x.name, node(n, "Add", sub(n, name, "add"), erf, one, NULL, NULL), NULL, NULL);
    value y = result(node(n, "Mul", name, product, half, NULL, NULL), x);
    y.lo = -0.17; // its minimum, at -0.7518
    y = quantised(n, y);
    y.mean_square /= 2;
    return y;
}

value net_matmul(net *n, const char *name, value a, value b) {
    value y = result(node(n, "MatMul", name, a.name, b.name, NULL, NULL), a);
    y.shape[y.rank - 1] = b.shape[b.rank - 1];
    // Rows of a softmax sum up to 1: a mean of b's rows. Of two independent factors the squares add up.
    y.mean_square = a.lo == 0 && a.hi == 1 ? b.mean_square : (double)a.shape[a.rank - 1] * a.mean_square * b.mean_square;
    y.lo = -INFINITY;
    y.hi = INFINITY;
    return quantised(n, y);
}

value net_scale(net *n, const char *name, value x, double by) {
    value y = result(node(n, "Mul", name, x.name, floats(n, sub(n, name, "by"), 0, NULL, &(float){(float)by}), NULL, NULL), x);
    y.mean_square *= by * by;
    return y; // stays in float: its only reader is the softmax
}

value net_softmax(net *n, const char *name, value x) {
    const tsr_onnx_attribute attributes[] = {{.name = "axis", .kind = TSR_ONNX_INT, .i = -1}, {0}};
    value y = result(node(n, "Softmax", name, x.name, NULL, NULL, attributes), x);
    y.mean_square = 1;
    y.lo = 0;
    y.hi = 1;
    return quantised(n, y);
}

value net_reshape(net *n, const char *name, value x, uint32_t rank, const int64_t *shape) {
    value y = result(node(n, "Reshape", name, x.name, ints(n, sub(n, name, "shape"), rank, shape), NULL, NULL), x);
    y.rank = rank;
    memcpy(y.shape, shape, rank * sizeof *shape);
    return y;
}

value net_transpose(net *n, const char *name, value x, const int64_t *perm) {
    const tsr_onnx_attribute attributes[] = {{.name = "perm", .kind = TSR_ONNX_INTS, .ints = perm, .count = x.rank}, {0}};
    value y = result(node(n, "Transpose", name, x.name, NULL, NULL, attributes), x);
    for (uint32_t d = 0; d < x.rank; d++)
        y.shape[d] = x.shape[perm[d]];
    return y;
}
