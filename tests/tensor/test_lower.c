// SPDX-License-Identifier: Apache-2.0
// Every operator lowered: compiled code (two processors) and interpreter agree byte for byte, and the main operators agree
// with plain loops written here.
#include <math.h>

#include "check.h"
#include "machine.h"

GREATEST_MAIN_DEFS();

static uint64_t state;
static uint32_t next(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

typedef struct bench { // a graph of one node
    tsr_arena *arena;
    tsr_graph *graph;
    tsr_node *node;
    tsr_id x, w, b, y;
} bench;

typedef void builder(bench *t);
typedef double reference(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at);

typedef struct operator_case {
    const char *name;
    builder *build;
    reference *expected; // of output element `at`; NULL: only compared with the interpreter
    double tolerance;
} operator_case;

// ---- building ----------------------------------------------------------------------------------------------------------
typedef struct dims {
    uint32_t rank;
    int64_t extent[TSR_MAX_RANK];
} dims;
#define DIMS(...) ((dims){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})

static tsr_id tensor(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero) {
    tsr_id id = tsr_graph_add_tensor(t->graph, name, type, d.rank, d.extent);
    if (scale != 0)
        tsr_graph_set_quant(t->graph, id, 1, 0, &scale, &zero);
    return id;
}

static void random_fill(tsr_dtype type, void *data, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float real = (float)((double)next(8192) / 1024 - 4);
        double wide = real;
        int32_t word = (int32_t)next(20000) - 10000;
        int64_t whole = (int64_t)(((uint64_t)next(UINT32_MAX) << 32) | next(UINT32_MAX));
        switch (type) {
        case TSR_F32: memcpy((char *)data + 4 * i, &real, 4); break;
        case TSR_F64: memcpy((char *)data + 8 * i, &wide, 8); break;
        case TSR_I32: memcpy((char *)data + 4 * i, &word, 4); break;
        case TSR_BOOL: ((uint8_t *)data)[i] = whole & 1; break;
        default: memcpy((char *)data + tsr_dtype_size(type) * (size_t)i, &whole, tsr_dtype_size(type));
        }
    }
}

static tsr_id constant(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero) {
    int64_t count = 1;
    for (uint32_t i = 0; i < d.rank; i++)
        count *= d.extent[i];
    void *data = tsr_arena_alloc(t->arena, (size_t)count * tsr_dtype_size(type));
    random_fill(type, data, count);
    if (type == TSR_I8)
        for (int64_t i = 0; i < count; i++) // weights of TFLite are never -128
            ((int8_t *)data)[i] = ((int8_t *)data)[i] == -128 ? 0 : ((int8_t *)data)[i];
    tsr_id id = tsr_graph_add_const(t->graph, name, type, d.rank, d.extent, data);
    if (scale != 0)
        tsr_graph_set_quant(t->graph, id, 1, 0, &scale, &zero);
    return id;
}

static void per_channel(bench *t, tsr_id id, uint32_t channels) {
    float *scale = TSR_NEW_ARRAY(t->arena, float, channels);
    int32_t *zero = TSR_NEW_ARRAY(t->arena, int32_t, channels);
    for (uint32_t c = 0; c < channels; c++)
        scale[c] = 0.001f + 0.0007f * (float)(c % 13);
    tsr_graph_set_quant(t->graph, id, channels, 0, scale, zero);
}

static void node(bench *t, tsr_op op, uint32_t inputs, uint32_t outputs) {
    tsr_id in[3] = {t->x, t->w, t->b}, out[3] = {t->y, t->y + 1, t->y + 2};
    tsr_id id = tsr_graph_add_node(t->graph, op, "node", inputs, in, outputs, out);
    t->node = &t->graph->nodes[id];
    t->graph->inputs = TSR_NEW_ARRAY(t->graph->arena, tsr_id, 3);
    for (uint32_t i = 0; i < inputs; i++)
        if (t->graph->tensors[in[i]].data == NULL)
            t->graph->inputs[t->graph->input_count++] = in[i];
}

typedef struct conv_shape {
    int64_t h, w, c, o, kh, kw, groups, stride, dilation, pad;
} conv_shape;

static void conv(bench *t, tsr_dtype type, conv_shape s, bool channels) {
    bool real = type == TSR_F32;
    int64_t oh = (s.h + 2 * s.pad - (s.kh - 1) * s.dilation - 1) / s.stride + 1;
    int64_t ow = (s.w + 2 * s.pad - (s.kw - 1) * s.dilation - 1) / s.stride + 1;
    t->x = tensor(t, "x", type, DIMS(2, s.h, s.w, s.c), real ? 0 : 0.05f, type == TSR_U8 ? 120 : -3);
    t->w = constant(t, "w", type, DIMS(s.o, s.kh, s.kw, s.c / s.groups), real ? 0 : 0.004f, type == TSR_U8 ? 131 : 0);
    if (channels)
        per_channel(t, t->w, (uint32_t)s.o);
    t->b = constant(t, "b", real ? TSR_F32 : TSR_I32, DIMS(s.o), 0, 0);
    t->y = tensor(t, "y", type, DIMS(2, oh, ow, s.o), real ? 0 : 0.11f, type == TSR_U8 ? 100 : 5);
    node(t, TSR_OP_CONV, 3, 1);
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
    t->x = tensor(t, "x", TSR_I8, DIMS(1, 41), 0.05f, 4);
    t->w = constant(t, "w", TSR_I8, DIMS(150, 41), 0.003f, 0);
    t->b = constant(t, "b", TSR_I32, DIMS(150), 0, 0);
    t->y = tensor(t, "y", TSR_I8, DIMS(1, 150), 0.09f, -7);
    node(t, TSR_OP_FULLY_CONNECTED, 3, 1);
}

static void connected(bench *t) {
    t->x = tensor(t, "x", TSR_I8, DIMS(3, 40), 0.05f, 4);
    t->w = constant(t, "w", TSR_I8, DIMS(77, 40), 0.003f, 0);
    t->b = constant(t, "b", TSR_I32, DIMS(77), 0, 0);
    t->y = tensor(t, "y", TSR_I8, DIMS(3, 77), 0.09f, -7);
    node(t, TSR_OP_FULLY_CONNECTED, 3, 1);
}

static void conv_integer(bench *t) {
    t->x = tensor(t, "x", TSR_U8, DIMS(1, 4, 4, 3), 1, 7);
    t->w = tensor(t, "w", TSR_U8, DIMS(5, 2, 2, 3), 1, 100); // known only at run time
    t->y = tensor(t, "y", TSR_I32, DIMS(1, 3, 3, 5), 0, 0);
    node(t, TSR_OP_CONV_INTEGER, 2, 1);
    t->node->attr.kernel[0] = t->node->attr.kernel[1] = 2;
}

static void matmul(bench *t, tsr_op op, tsr_dtype type, tsr_dtype result, float scale) {
    t->x = tensor(t, "x", type, DIMS(2, 1, 4, 9), scale, 3);
    t->w = tensor(t, "w", type, DIMS(3, 9, 37), scale, 5);
    t->y = tensor(t, "y", result, DIMS(2, 3, 4, 37), result == TSR_I32 ? 0 : scale * 3, 1);
    node(t, op, 2, 1);
}
static void matmul_weights(bench *t, tsr_dtype type) {
    t->x = tensor(t, "x", type, DIMS(3, 5, 9), 0.05f, type == TSR_U8 ? 119 : 3);
    t->w = constant(t, "w", TSR_I8, DIMS(9, 37), 0.05f, 0);
    t->y = tensor(t, "y", type, DIMS(3, 5, 37), 0.15f, 1);
    node(t, TSR_OP_MATMUL, 2, 1);
}
static void matmul_weights_int8(bench *t) { matmul_weights(t, TSR_I8); }
static void matmul_weights_uint8(bench *t) { matmul_weights(t, TSR_U8); }
static void matmul_float(bench *t) { matmul(t, TSR_OP_MATMUL, TSR_F32, TSR_F32, 0); }
static void matmul_int8(bench *t) { matmul(t, TSR_OP_MATMUL, TSR_I8, TSR_I8, 0.05f); }
static void matmul_integer(bench *t) { matmul(t, TSR_OP_MATMUL_INTEGER, TSR_U8, TSR_I32, 1); }

static void pairwise(bench *t, tsr_op op, tsr_dtype type, float a, float b, float y) {
    t->x = tensor(t, "x", type, DIMS(2, 3, 1, 33), a, type == TSR_U8 ? 128 : 3);
    t->w = tensor(t, "w", type, DIMS(5, 33), b, type == TSR_U8 ? 100 : -9);
    t->y = tensor(t, "y", type, DIMS(2, 3, 5, 33), y, type == TSR_U8 ? 110 : 2);
    node(t, op, 2, 1);
}
static void add_int8(bench *t) { pairwise(t, TSR_OP_ADD, TSR_I8, 0.04f, 0.07f, 0.09f); }
static void add_uint8(bench *t) { pairwise(t, TSR_OP_ADD, TSR_U8, 0.04f, 0.03f, 0.05f); }
static void sub_int8(bench *t) { pairwise(t, TSR_OP_SUB, TSR_I8, 0.04f, 0.07f, 0.09f); }
static void mul_int8(bench *t) { pairwise(t, TSR_OP_MUL, TSR_I8, 0.04f, 0.07f, 0.3f); }
static void div_int8(bench *t) { pairwise(t, TSR_OP_DIV, TSR_I8, 0.04f, 0.07f, 0.3f); }
static void max_int8(bench *t) { pairwise(t, TSR_OP_MAX, TSR_I8, 0.04f, 0.04f, 0.04f); }
static void min_other_scale(bench *t) { pairwise(t, TSR_OP_MIN, TSR_I8, 0.04f, 0.04f, 0.05f); }
static void add_float(bench *t) { pairwise(t, TSR_OP_ADD, TSR_F32, 0, 0, 0); }
static void div_float(bench *t) { pairwise(t, TSR_OP_DIV, TSR_F32, 0, 0, 0); }
static void div_int32(bench *t) { pairwise(t, TSR_OP_DIV, TSR_I32, 0, 0, 0); }
static void mul_int64(bench *t) { pairwise(t, TSR_OP_MUL, TSR_I64, 0, 0, 0); }

static void single(bench *t, tsr_op op, tsr_dtype from, float x, tsr_dtype to, float y) {
    t->x = tensor(t, "x", from, DIMS(3, 7, 11), x, from == TSR_U8 ? 128 : 1);
    t->y = tensor(t, "y", to, DIMS(3, 7, 11), y, to == TSR_U8 ? 120 : -5);
    node(t, op, 1, 1);
}
static void clip_int8(bench *t) {
    single(t, TSR_OP_CLIP, TSR_I8, 0.05f, TSR_I8, 0.05f);
    t->node->attr.clip_lo = 0;
}
static void clip_rescaled(bench *t) {
    single(t, TSR_OP_CLIP, TSR_I8, 0.05f, TSR_I8, 0.03f);
    t->node->attr.clip_lo = 0, t->node->attr.clip_hi = 3;
}
static void clip_float(bench *t) {
    single(t, TSR_OP_CLIP, TSR_F32, 0, TSR_F32, 0);
    t->node->attr.clip_lo = -1, t->node->attr.clip_hi = 1;
}
static void clip_int32(bench *t) {
    single(t, TSR_OP_CLIP, TSR_I32, 0, TSR_I32, 0);
    t->node->attr.clip_lo = -100, t->node->attr.clip_hi = 1000;
}
static void sigmoid_int8(bench *t) { single(t, TSR_OP_SIGMOID, TSR_I8, 0.05f, TSR_I8, 1.0f / 256); }
static void sigmoid_float(bench *t) { single(t, TSR_OP_SIGMOID, TSR_F32, 0, TSR_F32, 0); }
static void tanh_uint8(bench *t) { single(t, TSR_OP_TANH, TSR_U8, 0.02f, TSR_U8, 1.0f / 128); }
static void tanh_float(bench *t) { single(t, TSR_OP_TANH, TSR_F32, 0, TSR_F32, 0); }
static void exp_float(bench *t) { single(t, TSR_OP_EXP, TSR_F32, 0, TSR_F32, 0); }
static void neg_int32(bench *t) { single(t, TSR_OP_NEG, TSR_I32, 0, TSR_I32, 0); }
static void leaky_int8(bench *t) {
    single(t, TSR_OP_LEAKY_RELU, TSR_I8, 0.05f, TSR_I8, 0.06f);
    t->node->attr.alpha = 0.1f;
}
static void leaky_float(bench *t) {
    single(t, TSR_OP_LEAKY_RELU, TSR_F32, 0, TSR_F32, 0);
    t->node->attr.alpha = 0.1f;
}
static void quantize_away(bench *t) {
    single(t, TSR_OP_QUANTIZE, TSR_F32, 0, TSR_I8, 0.0625f);
    t->node->attr.round_half_away = true;
}
static void quantize_even(bench *t) { single(t, TSR_OP_QUANTIZE, TSR_F32, 0, TSR_U8, 0.0625f); }
static void requantize(bench *t) { single(t, TSR_OP_QUANTIZE, TSR_U8, 0.04f, TSR_I8, 0.05f); }
static void dequantize(bench *t) { single(t, TSR_OP_DEQUANTIZE, TSR_I8, 0.04f, TSR_F32, 0); }
static void dequantize_channels(bench *t) {
    single(t, TSR_OP_DEQUANTIZE, TSR_I8, 0.04f, TSR_F32, 0);
    float scale[7] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};
    int32_t zero[7] = {1, 2, 3, 4, 5, 6, 7};
    tsr_graph_set_quant(t->graph, t->x, 7, 1, scale, zero);
}
static void quantize_channels(bench *t) {
    single(t, TSR_OP_QUANTIZE, TSR_F32, 0, TSR_I8, 0.0625f);
    float scale[7] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};
    int32_t zero[7] = {1, 2, 3, 4, 5, 6, 7};
    tsr_graph_set_quant(t->graph, t->y, 7, 1, scale, zero);
}
static void dequantize_int32(bench *t) { single(t, TSR_OP_DEQUANTIZE, TSR_I32, 0.04f, TSR_F32, 0); }
static void cast_float(bench *t) { single(t, TSR_OP_CAST, TSR_F32, 0, TSR_I32, 0); }
static void cast_bool(bench *t) { single(t, TSR_OP_CAST, TSR_BOOL, 0, TSR_F32, 0); }

static void dynamic_quantize(bench *t) {
    t->x = tensor(t, "x", TSR_F32, DIMS(3, 45), 0, 0);
    t->y = tensor(t, "y", TSR_U8, DIMS(3, 45), 0, 0);
    tensor(t, "scale", TSR_F32, DIMS(1), 0, 0);
    tensor(t, "zero", TSR_U8, DIMS(1), 0, 0);
    node(t, TSR_OP_DYNAMIC_QUANTIZE, 1, 3);
}

static void pool(bench *t, tsr_op op, tsr_dtype type, int64_t c, int64_t pad, float x, float y) {
    t->x = tensor(t, "x", type, DIMS(2, 9, 8, c), x, type == TSR_U8 ? 128 : 3);
    t->y = tensor(t, "y", type, DIMS(2, (9 + 2 * pad - 3) / 2 + 1, (8 + 2 * pad - 2) / 2 + 1, c), y, type == TSR_U8 ? 128 : 3);
    node(t, op, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->kernel[0] = 3, a->kernel[1] = 2;
    a->stride[0] = a->stride[1] = 2;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = pad;
}
static void max_pool_int8(bench *t) { pool(t, TSR_OP_MAX_POOL, TSR_I8, 70, 1, 0.05f, 0.05f); }
static void max_pool_float(bench *t) { pool(t, TSR_OP_MAX_POOL, TSR_F32, 5, 1, 0, 0); }
static void average_pool_int8(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 24, 1, 0.05f, 0.05f); }
static void average_pool_uint8(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_U8, 3, 1, 0.05f, 0.05f); }
static void average_pool_rescaled(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 3, 1, 0.05f, 0.04f); }
static void average_pool_rescaled_whole(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 3, 0, 0.05f, 0.04f); }
static void average_pool_float(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_F32, 5, 1, 0, 0); }
static void average_pool_with_pads(bench *t) {
    pool(t, TSR_OP_AVERAGE_POOL, TSR_F32, 5, 1, 0, 0);
    t->node->attr.count_include_pad = true;
}

static void mean(bench *t, tsr_dtype type, float scale, bool last) {
    t->x = tensor(t, "x", type, DIMS(2, 5, 6, 70), scale, 3);
    t->y = last ? tensor(t, "y", type, DIMS(2, 5, 6), scale * 2, 1) : tensor(t, "y", type, DIMS(2, 70), scale * 2, 1);
    node(t, TSR_OP_MEAN, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->axis_count = last ? 1 : 2;
    a->axes[0] = last ? 3 : 1;
    a->axes[1] = 2;
}
static void mean_int8(bench *t) { mean(t, TSR_I8, 0.05f, false); }
static void mean_last(bench *t) { mean(t, TSR_I8, 0.05f, true); }
static void mean_float(bench *t) { mean(t, TSR_F32, 0, false); }

static void pad(bench *t) {
    t->x = tensor(t, "x", TSR_I8, DIMS(1, 4, 5, 3), 0.05f, 9);
    t->y = tensor(t, "y", TSR_I8, DIMS(1, 6, 9, 3), 0.05f, 9);
    node(t, TSR_OP_PAD, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->pads_begin[1] = a->pads_end[1] = 1;
    a->pads_begin[2] = 3, a->pads_end[2] = 1;
    a->pad_is_zero_point = true;
}

static void concat(bench *t) {
    t->x = tensor(t, "x", TSR_I8, DIMS(2, 4, 5), 0.05f, 9);
    t->w = tensor(t, "w", TSR_I8, DIMS(2, 3, 5), 0.07f, -9);
    t->b = tensor(t, "b", TSR_I8, DIMS(2, 2, 5), 0.05f, 9);
    t->y = tensor(t, "y", TSR_I8, DIMS(2, 9, 5), 0.05f, 9);
    node(t, TSR_OP_CONCAT, 3, 1);
    t->node->attr.axis = 1;
}

static void transpose(bench *t) {
    t->x = tensor(t, "x", TSR_I8, DIMS(2, 5, 40, 7), 0, 0);
    t->y = tensor(t, "y", TSR_I8, DIMS(2, 7, 5, 40), 0, 0);
    node(t, TSR_OP_TRANSPOSE, 1, 1);
    const int64_t perm[] = {0, 3, 1, 2};
    memcpy(t->node->attr.perm, perm, sizeof perm);
}

static void reshape(bench *t) {
    t->x = tensor(t, "x", TSR_F32, DIMS(2, 3, 4), 0, 0);
    t->y = tensor(t, "y", TSR_F32, DIMS(6, 4), 0, 0);
    node(t, TSR_OP_RESHAPE, 1, 1);
}

static void softmax(bench *t, tsr_dtype type, float x, float y, int32_t zero, int64_t axis) {
    t->x = tensor(t, "x", type, DIMS(3, 20, 4), x, 7);
    t->y = tensor(t, "y", type, DIMS(3, 20, 4), y, zero);
    node(t, TSR_OP_SOFTMAX, 1, 1);
    t->node->attr.axis = axis;
    t->node->attr.flatten_axis = -1;
    t->node->attr.beta = 1;
}
static void softmax_int8(bench *t) { softmax(t, TSR_I8, 0.06f, 1.0f / 256, -128, 1); }
static void softmax_uint8(bench *t) { softmax(t, TSR_U8, 0.6f, 1.0f / 256, 0, 2); }
static void softmax_other_scale(bench *t) { softmax(t, TSR_I8, 0.06f, 1.0f / 200, -128, 1); }
static void softmax_float(bench *t) { softmax(t, TSR_F32, 0, 0, 0, 1); }

static void normalize(bench *t) { // over 37 elements: whole vectors and a rest
    t->x = tensor(t, "x", TSR_F32, DIMS(4, 5, 37), 0, 0);
    t->w = constant(t, "scale", TSR_F32, DIMS(37), 0, 0);
    t->b = constant(t, "bias", TSR_F32, DIMS(5, 1), 0, 0);
    t->y = tensor(t, "y", TSR_F32, DIMS(4, 5, 37), 0, 0);
    node(t, TSR_OP_NORMALIZE, 3, 1);
    t->node->attr.axis_count = 1;
    t->node->attr.axes[0] = 2;
}
static void normalize_squares(bench *t) {
    normalize(t);
    t->node->attr.root_mean_square = true;
}

static void resample(bench *t, int64_t axis, int64_t taps) {
    enum { OUT = 11 };
    int32_t *index = tsr_arena_alloc(t->arena, (size_t)(OUT * taps) * sizeof *index);
    for (int64_t i = 0; i < OUT * taps; i++)
        index[i] = (int32_t)next(6);
    t->x = tensor(t, "x", TSR_F32, axis == 2 ? DIMS(2, 3, 6) : DIMS(2, 6, 5), 0, 0);
    t->w = tsr_graph_add_const(t->graph, "index", TSR_I32, 2, (const int64_t[]){OUT, taps}, index);
    t->b = constant(t, "weight", TSR_F32, DIMS(OUT, taps), 0, 0);
    t->y = tensor(t, "y", TSR_F32, axis == 2 ? DIMS(2, 3, OUT) : DIMS(2, OUT, 5), 0, 0);
    node(t, TSR_OP_RESAMPLE, 3, 1);
    t->node->attr.axis = axis;
}
static void resample_last(bench *t) { resample(t, 2, 2); }
static void resample_middle(bench *t) { resample(t, 1, 4); }
static void resample_many_taps(bench *t) { resample(t, 1, 12); }

static void top_k(bench *t) {
    t->x = tensor(t, "x", TSR_I8, DIMS(3, 40, 4), 0, 0);
    t->y = tensor(t, "y", TSR_I8, DIMS(3, 7, 4), 0, 0);
    tensor(t, "indices", TSR_I64, DIMS(3, 7, 4), 0, 0);
    node(t, TSR_OP_TOP_K, 1, 2);
    t->node->attr.axis = 1;
    t->node->attr.extents[0] = 7;
    t->node->attr.extent_count = 1;
}

static void non_max_suppression(bench *t) {
    t->x = tensor(t, "boxes", TSR_F32, DIMS(2, 30, 4), 0, 0);
    t->w = tensor(t, "scores", TSR_F32, DIMS(2, 3, 30), 0, 0);
    t->y = tensor(t, "y", TSR_I64, DIMS(20, 3), 0, 0);
    node(t, TSR_OP_NON_MAX_SUPPRESSION, 2, 1);
    tsr_attr *a = &t->node->attr;
    a->alpha = 0.2f, a->beta = 0;
    a->extent_count = 2, a->extents[0] = 5, a->extents[1] = 20;
}

static void recurrent(bench *t, tsr_cell cell, int64_t gates, uint32_t outputs) {
    enum { HIDDEN = 20 };
    t->x = tensor(t, "gates", TSR_F32, DIMS(5, 3, gates * HIDDEN), 0, 0);
    t->w = constant(t, "weights", TSR_F32, DIMS(HIDDEN, gates * HIDDEN), 0, 0);
    t->b = tensor(t, "state", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    t->y = tensor(t, "y", TSR_F32, DIMS(5, 3, HIDDEN), 0, 0);
    tensor(t, "h", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    tensor(t, "c", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    node(t, TSR_OP_RECURRENT, 3, outputs);
    t->node->attr.cell = cell;
    t->node->attr.reverse = cell == TSR_CELL_LSTM;
}
static void recurrent_rnn(bench *t) { recurrent(t, TSR_CELL_RNN, 1, 2); }
static void recurrent_gru(bench *t) { recurrent(t, TSR_CELL_GRU, 3, 2); }
static void recurrent_lstm(bench *t) { recurrent(t, TSR_CELL_LSTM, 4, 3); }

// ---- references --------------------------------------------------------------------------------------------------------
static double element(const bench *t, const machine *m, tsr_tbuffer *const *buffers, tsr_id id, int64_t at) {
    const tsr_tensor *tensor_ = &t->graph->tensors[id];
    const uint8_t *bytes = tensor_->data != NULL ? tensor_->data : machine_bytes(m, buffers[id]);
    switch (tensor_->dtype) {
    case TSR_I8: return ((const int8_t *)bytes)[at];
    case TSR_U8: return bytes[at];
    case TSR_I32: return ((const int32_t *)(const void *)bytes)[at];
    case TSR_F32: return (double)((const float *)(const void *)bytes)[at];
    default: return NAN;
    }
}

static const tsr_tensor *shape_of(const bench *t, tsr_id id) { return &t->graph->tensors[id]; }
static double zero_of(const bench *t, tsr_id id) {
    return shape_of(t, id)->quant.count > 0 ? shape_of(t, id)->quant.zero_point[0] : 0;
}
static double scale_of(const bench *t, tsr_id id) {
    return shape_of(t, id)->quant.count > 0 ? (double)shape_of(t, id)->quant.scale[0] : 1;
}

// Multiplication by a real multiplier the way TFLite does it, in steps that a double holds exactly.
static double times(double value, double multiplier, bool once) {
    int exponent;
    double mantissa = floor(frexp(multiplier, &exponent) * 2147483648.0 + 0.5);
    double left = exponent > 0 ? ldexp(value, exponent) : value;
    int right = exponent > 0 ? 0 : -exponent;
    int64_t product = (int64_t)left * (int64_t)mantissa;
    if (once)
        return (double)((product + ((int64_t)1 << (30 + right))) >> (31 + right));
    double high = (double)((product + (1 << 30)) >> 31);
    return round(ldexp(high, -right)); // halves away from zero
}

static double finish(const bench *t, double value, double lo, double hi) {
    bool is_signed = shape_of(t, t->y)->dtype == TSR_I8;
    double low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    double s = scale_of(t, t->y), z = zero_of(t, t->y);
    if (isfinite(lo))
        low = fmax(low, z + round(lo / s));
    if (isfinite(hi))
        high = fmin(high, z + round(hi / s));
    return fmin(fmax(value + z, low), high);
}

static double conv_sum(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const tsr_tensor *x = shape_of(t, t->x), *w = shape_of(t, t->w), *y = shape_of(t, t->y);
    const tsr_attr *a = &t->node->attr;
    int64_t o = at % y->shape[3], ox = at / y->shape[3] % y->shape[2], oy = at / y->shape[3] / y->shape[2] % y->shape[1];
    int64_t n = at / y->shape[3] / y->shape[2] / y->shape[1], per = w->shape[3], group = o / (y->shape[3] / a->groups);
    double sum = t->node->input_count > 2 ? element(t, m, buffers, t->b, o) : 0;
    for (int64_t ky = 0; ky < w->shape[1]; ky++)
        for (int64_t kx = 0; kx < w->shape[2]; kx++) {
            int64_t iy = oy * a->stride[0] + ky * a->dilation[0] - a->pad_top;
            int64_t ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad_left;
            if (iy < 0 || ix < 0 || iy >= x->shape[1] || ix >= x->shape[2])
                continue;
            for (int64_t i = 0; i < per; i++)
                sum +=
                    (element(t, m, buffers, t->x, ((n * x->shape[1] + iy) * x->shape[2] + ix) * x->shape[3] + group * per + i) -
                     zero_of(t, t->x)) *
                    (element(t, m, buffers, t->w, ((o * w->shape[1] + ky) * w->shape[2] + kx) * per + i) - zero_of(t, t->w));
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
    double value = times(sum, product / scale_of(t, t->y), !t->graph->channels_last);
    return finish(t, value, (double)t->node->attr.clip_lo, (double)t->node->attr.clip_hi);
}

static double expect_connected(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t outputs = shape_of(t, t->w)->shape[0], inputs = shape_of(t, t->w)->shape[1];
    double sum = element(t, m, buffers, t->b, at % outputs);
    for (int64_t i = 0; i < inputs; i++)
        sum += (element(t, m, buffers, t->x, at / outputs * inputs + i) - zero_of(t, t->x)) *
               element(t, m, buffers, t->w, at % outputs * inputs + i);
    double product = (double)((float)scale_of(t, t->x) * (float)scale_of(t, t->w));
    return finish(t, times(sum, product / scale_of(t, t->y), true), NAN, NAN);
}

static double expect_matmul(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t col = at % 37, row = at / 37 % 4, b1 = at / 37 / 4 % 3, b0 = at / 37 / 4 / 3;
    double sum = 0;
    bool real = shape_of(t, t->x)->dtype == TSR_F32;
    for (int64_t k = 0; k < 9; k++)
        sum += (element(t, m, buffers, t->x, (b0 * 4 + row) * 9 + k) - (real ? 0 : zero_of(t, t->x))) *
               (element(t, m, buffers, t->w, (b1 * 9 + k) * 37 + col) - (real ? 0 : zero_of(t, t->w)));
    if (shape_of(t, t->y)->dtype != TSR_I8)
        return sum;
    return finish(t, times(sum, scale_of(t, t->x) * scale_of(t, t->w) / scale_of(t, t->y), false), NAN, NAN);
}

static double expect_weights(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double sum = 0;
    for (int64_t k = 0; k < 9; k++)
        sum +=
            (element(t, m, buffers, t->x, at / 37 * 9 + k) - zero_of(t, t->x)) * element(t, m, buffers, t->w, k * 37 + at % 37);
    return finish(t, times(sum, scale_of(t, t->x) * scale_of(t, t->w) / scale_of(t, t->y), false), NAN, NAN);
}

static double expect_pairwise(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t c = at % 33, r = at / 33 % 5, n = at / 33 / 5;
    double a = element(t, m, buffers, t->x, n * 33 + c), b = element(t, m, buffers, t->w, r * 33 + c);
    tsr_op op = t->node->op;
    if (shape_of(t, t->x)->quant.count == 0)
        return op == TSR_OP_ADD ? a + b : (double)((float)a / (float)b);
    a -= zero_of(t, t->x);
    b -= zero_of(t, t->w);
    double as = scale_of(t, t->x), bs = scale_of(t, t->w), ys = scale_of(t, t->y), larger = 2 * fmax(as, bs);
    if (op == TSR_OP_MUL)
        return finish(t, times(a * b, (double)((float)as * (float)bs / (float)ys), false), NAN, NAN);
    if (op == TSR_OP_MAX)
        return finish(t, fmax(a, b), NAN, NAN);
    a = times(a * 1048576, as / larger, false);
    b = times(b * 1048576, bs / larger, false);
    return finish(t, times(op == TSR_OP_ADD ? a + b : a - b, larger / (1048576 * ys), false), NAN, NAN);
}

static double expect_pool(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const tsr_tensor *x = shape_of(t, t->x), *y = shape_of(t, t->y);
    const tsr_attr *a = &t->node->attr;
    int64_t c = at % y->shape[3], ox = at / y->shape[3] % y->shape[2], oy = at / y->shape[3] / y->shape[2] % y->shape[1];
    int64_t n = at / y->shape[3] / y->shape[2] / y->shape[1], count = 0, padded = 0;
    double sum = 0, best = -INFINITY;
    for (int64_t ky = 0; ky < a->kernel[0]; ky++)
        for (int64_t kx = 0; kx < a->kernel[1]; kx++) {
            int64_t iy = oy * a->stride[0] + ky - a->pad_top, ix = ox * a->stride[1] + kx - a->pad_left;
            padded += iy < x->shape[1] + a->pad_bottom && ix < x->shape[2] + a->pad_right;
            if (iy < 0 || ix < 0 || iy >= x->shape[1] || ix >= x->shape[2])
                continue;
            double value = element(t, m, buffers, t->x, ((n * x->shape[1] + iy) * x->shape[2] + ix) * x->shape[3] + c);
            sum += value;
            best = fmax(best, value);
            count++;
        }
    if (t->node->op == TSR_OP_MAX_POOL)
        return best;
    if (x->dtype == TSR_F32)
        return sum / (double)(a->count_include_pad ? padded : count);
    if (scale_of(t, t->x) == scale_of(t, t->y))
        return round(sum / (double)count);
    sum -= (double)count * zero_of(t, t->x);
    return finish(t, times(sum, scale_of(t, t->x) / scale_of(t, t->y) / (double)count, false), NAN, NAN);
}

static double expect_quantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = element(t, m, buffers, t->x, at) / scale_of(t, t->y);
    return finish(t, t->node->attr.round_half_away ? round(x) : rint(x), NAN, NAN);
}

static double expect_requantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = element(t, m, buffers, t->x, at) - zero_of(t, t->x);
    return finish(t, times(x, scale_of(t, t->x) / scale_of(t, t->y), false), NAN, NAN);
}

static double expect_dequantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    return (double)(float)((element(t, m, buffers, t->x, at) - zero_of(t, t->x)) * scale_of(t, t->x));
}

static double expect_unary(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = (element(t, m, buffers, t->x, at) - zero_of(t, t->x)) * scale_of(t, t->x);
    double y = x;
    switch (t->node->op) {
    case TSR_OP_SIGMOID: y = 1 / (1 + exp(-x)); break;
    case TSR_OP_TANH: y = tanh(x); break;
    case TSR_OP_EXP: y = exp(x); break;
    case TSR_OP_NEG: y = -x; break;
    case TSR_OP_LEAKY_RELU: y = x < 0 ? x * (double)t->node->attr.alpha : x; break;
    default: y = fmin(fmax(x, (double)t->node->attr.clip_lo), (double)t->node->attr.clip_hi);
    }
    return shape_of(t, t->y)->quant.count > 0 ? finish(t, round(y / scale_of(t, t->y)), NAN, NAN) : y;
}

static double expect_mean(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double sum = 0;
    bool last = t->node->attr.axis_count == 1;
    int64_t count = last ? 70 : 30;
    for (int64_t i = 0; i < count; i++)
        sum += element(t, m, buffers, t->x, last ? at * 70 + i : (at / 70 * 30 + i) * 70 + at % 70) - zero_of(t, t->x);
    double real = sum / (double)count * scale_of(t, t->x) / scale_of(t, t->y);
    return shape_of(t, t->y)->dtype == TSR_F32 ? real : finish(t, round(real), NAN, NAN);
}

static double expect_softmax(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t inner = t->node->attr.axis == 1 ? 4 : 1, length = t->node->attr.axis == 1 ? 20 : 4;
    int64_t base = at / inner / length * length * inner + at % inner;
    double sum = 0, s = scale_of(t, t->x), own = element(t, m, buffers, t->x, at);
    for (int64_t k = 0; k < length; k++)
        sum += exp((element(t, m, buffers, t->x, base + k * inner) - own) * s);
    if (shape_of(t, t->y)->dtype == TSR_F32)
        return 1 / sum;
    return finish(t, round(1 / sum / scale_of(t, t->y)), NAN, NAN);
}

static double expect_padded(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t c = at % 3, x = at / 3 % 9 - 3, y = at / 27 - 1;
    return x < 0 || x >= 5 || y < 0 || y >= 4 ? 9 : element(t, m, buffers, t->x, (y * 5 + x) * 3 + c);
}

static double expect_transposed(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t w = at % 40, h = at / 40 % 5, c = at / 200 % 7, n = at / 1400;
    return element(t, m, buffers, t->x, ((n * 5 + h) * 40 + w) * 7 + c);
}

static double expect_concat(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t n = at / 45, row = at / 5 % 9, c = at % 5;
    if (row < 4)
        return element(t, m, buffers, t->x, (n * 4 + row) * 5 + c);
    if (row >= 7)
        return element(t, m, buffers, t->b, (n * 2 + row - 7) * 5 + c);
    double real = (element(t, m, buffers, t->w, (n * 3 + row - 4) * 5 + c) + 9) * scale_of(t, t->w);
    return finish(t, round(real / scale_of(t, t->y)), NAN, NAN);
}

static double expect_normalized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const int64_t row = at / 37 * 37;
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < 37 && !t->node->attr.root_mean_square; i++)
        mean += element(t, m, buffers, t->x, row + i) / 37;
    for (int64_t i = 0; i < 37; i++) {
        const double d = element(t, m, buffers, t->x, row + i) - mean;
        squares += d * d / 37;
    }
    const double x = (element(t, m, buffers, t->x, at) - mean) / sqrt(squares + (double)t->node->attr.epsilon);
    return x * element(t, m, buffers, t->w, at % 37) + element(t, m, buffers, t->b, at / 37 % 5);
}

static double expect_resampled(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const bool last = t->node->attr.axis == 2;
    const int64_t inner = last ? 1 : 5, taps = shape_of(t, t->w)->shape[1];
    const int64_t o = at / inner / 11, p = at / inner % 11, i = at % inner;
    double sum = 0;
    for (int64_t k = 0; k < taps; k++) {
        const int64_t from = (int64_t)element(t, m, buffers, t->w, p * taps + k);
        sum += element(t, m, buffers, t->b, p * taps + k) * element(t, m, buffers, t->x, (o * 6 + from) * inner + i);
    }
    return sum;
}

// The element that as many are larger than, or equal and before it, as stand above this one.
static double expect_top(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const int64_t o = at / 28, place = at / 4 % 7, i = at % 4;
    for (int64_t k = 0; k < 40; k++) {
        const double x = element(t, m, buffers, t->x, (o * 40 + k) * 4 + i);
        int64_t before = 0;
        for (int64_t j = 0; j < 40; j++) {
            const double other = element(t, m, buffers, t->x, (o * 40 + j) * 4 + i);
            before += other > x || (other == x && j < k);
        }
        if (before == place)
            return x;
    }
    return NAN;
}

// ---- comparing ---------------------------------------------------------------------------------------------------------
static check_result check_reference(const operator_case *c, const bench *t, const machine *m, tsr_tbuffer *const *buffers) {
    if (c->expected == NULL)
        return CHECK_PASS;
    int64_t count = (int64_t)tsr_tensor_elements(shape_of(t, t->y));
    bool varied = false;
    for (int64_t i = 0; i < count; i++) {
        double want = c->expected(t, m, buffers, i), got = element(t, m, buffers, t->y, i);
        double limit = c->tolerance * (shape_of(t, t->y)->dtype == TSR_F32 ? fmax(1, fabs(want)) : 1);
        if (!(fabs(want - got) <= limit) && !(isinf(want) && want == got)) {
            fprintf(stderr, "element %lld: expected %.9g, got %.9g\n", (long long)i, want, got);
            FAILm("differs from the reference");
        }
        varied = varied || got != element(t, m, buffers, t->y, 0);
    }
    ASSERTm("the results are all the same: the case tests nothing", varied);
    return CHECK_PASS;
}

// Byte for byte; sums of float products, which compiled code may fuse, up to rounding.
static bool same(const operator_case *c, const bench *t, const tsr_tbuffer *buffer, const uint8_t *a, const uint8_t *b) {
    bool products = t->node->op == TSR_OP_CONV || t->node->op == TSR_OP_FULLY_CONNECTED || t->node->op == TSR_OP_MATMUL ||
                    t->node->op == TSR_OP_NORMALIZE || t->node->op == TSR_OP_RESAMPLE || t->node->op == TSR_OP_RECURRENT;
    if (!products || !tsr_dtype_is_float(buffer->dtype))
        return memcmp(a, b, (size_t)buffer->elements * tsr_dtype_size(buffer->dtype)) == 0;
    for (uint64_t i = 0; i < buffer->elements; i++) {
        double x = (double)((const float *)(const void *)a)[i], y = (double)((const float *)(const void *)b)[i];
        if (!(fabs(x - y) <= c->tolerance * fmax(1, fabs(x))))
            return false;
    }
    return true;
}

typedef struct processor {
    const char *cpu;
    tsr_lower_target target; // need not be that of the cpu
} processor;

static check_result run_on(const operator_case *c, bench *t, const processor *p) {
    tsr_tbuffer **buffers = machine_buffers(t->arena, t->graph);
    tsr_tensor_function *f;
    ASSERT_OK(tsr_graph_verify(t->graph));
    ASSERT_OK(tsr_quantise(t->graph));
    ASSERT_OK(tsr_lower_node_for(t->arena, t->graph, t->node, buffers, &p->target, &f));
    const tsr_tensor_function *functions = f;
    machine m;
    ASSERT_OK(machine_create(t->arena, &functions, 1, p->cpu, &m));
    tsr_tbuffer **used;
    uint32_t count = tsr_tensor_buffers(f, t->arena, &used);
    for (uint32_t i = 0; i < count; i++)
        if (used[i]->scope == TSR_SCOPE_WORK)
            random_fill(used[i]->dtype, machine_bytes(&m, used[i]), (int64_t)used[i]->elements);
    uint8_t *before = tsr_arena_alloc(t->arena, m.work_bytes), *compiled = tsr_arena_alloc(t->arena, m.work_bytes);
    memcpy(before, m.work, m.work_bytes);
    machine_run(&m, 0);
    memcpy(compiled, m.work, m.work_bytes);
    CHECK_CALL(check_reference(c, t, &m, buffers));
    memcpy(m.work, before, m.work_bytes);
    ASSERT_OK(machine_interpret(&m, 0));
    for (uint32_t i = 0; i < count; i++)
        if (used[i]->scope == TSR_SCOPE_WORK) {
            const uint8_t *interpreted = machine_bytes(&m, used[i]);
            ASSERTm("compiled code and interpreter differ", same(c, t, used[i], interpreted, compiled + (interpreted - m.work)));
        }
    machine_free(&m);
    return CHECK_PASS;
}

static check_result run_case(const operator_case *c) {
    static const processor processors[] = {
        {"native", {.vector_bytes = 32, .registers = 16, .dot = 2}},
        {"baseline", {.vector_bytes = 16, .registers = 16, .dot = 2}},
        {"native", {.vector_bytes = 64, .registers = 32, .dot = 2}},
        {"native", {.vector_bytes = 16, .registers = 32, .dot = 1, .quad = TSR_I8}},
        {"native", {.vector_bytes = 32, .registers = 16, .dot = 2, .quad = TSR_U8}},
    };
    enum { PROCESSORS = sizeof processors / sizeof *processors };
    check_result result = CHECK_PASS;
    for (unsigned i = 0; i < PROCESSORS && result == CHECK_PASS; i++) {
        bench t = {.arena = tsr_arena_create(), .graph = tsr_graph_create("test")};
        t.graph->channels_last = true;
        state = 7;
        c->build(&t);
        t.graph->outputs = &t.y;
        t.graph->output_count = 1;
        result = run_on(c, &t, &processors[i]);
        tsr_graph_free(t.graph);
        tsr_arena_free(t.arena);
    }
    return result;
}

static const operator_case cases[] = {
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
    {"add_int8", add_int8, expect_pairwise, 0},
    {"add_uint8", add_uint8, expect_pairwise, 0},
    {"sub_int8", sub_int8, expect_pairwise, 0},
    {"mul_int8", mul_int8, expect_pairwise, 0},
    {"max_int8", max_int8, expect_pairwise, 0},
    {"min_of_another_scale", min_other_scale, NULL, 0},
    {"div_int8", div_int8, NULL, 0},
    {"add_float", add_float, expect_pairwise, 1e-6},
    {"div_float", div_float, expect_pairwise, 1e-6},
    {"div_int32", div_int32, NULL, 0},
    {"mul_int64", mul_int64, NULL, 0},
    {"clip_int8", clip_int8, expect_unary, 0},
    {"clip_int8_to_another_scale", clip_rescaled, expect_unary, 1},
    {"clip_float", clip_float, expect_unary, 0},
    {"clip_int32", clip_int32, expect_unary, 0},
    {"sigmoid_int8", sigmoid_int8, expect_unary, 0},
    {"sigmoid_float", sigmoid_float, expect_unary, 1e-6},
    {"tanh_uint8", tanh_uint8, expect_unary, 0},
    {"tanh_float", tanh_float, expect_unary, 1e-6},
    {"exp_float", exp_float, expect_unary, 1e-6},
    {"neg_int32", neg_int32, expect_unary, 0},
    {"leaky_relu_int8", leaky_int8, expect_unary, 1},
    {"leaky_relu_float", leaky_float, expect_unary, 1e-6},
    {"quantize_rounds_halves_away_from_zero", quantize_away, expect_quantized, 0},
    {"quantize_rounds_halves_to_even", quantize_even, expect_quantized, 0},
    {"quantize_from_integers", requantize, expect_requantized, 0},
    {"quantize_along_an_axis", quantize_channels, NULL, 0},
    {"dequantize", dequantize, expect_dequantized, 0},
    {"dequantize_int32", dequantize_int32, expect_dequantized, 0},
    {"dequantize_along_an_axis", dequantize_channels, NULL, 0},
    {"dynamic_quantize", dynamic_quantize, NULL, 0},
    {"cast_float_to_integer", cast_float, NULL, 0},
    {"cast_bool_to_float", cast_bool, NULL, 0},
    {"max_pool_int8", max_pool_int8, expect_pool, 0},
    {"max_pool_float", max_pool_float, expect_pool, 0},
    {"average_pool_int8_leaves_out_pads", average_pool_int8, expect_pool, 0},
    {"average_pool_uint8", average_pool_uint8, expect_pool, 0},
    {"average_pool_that_changes_scale", average_pool_rescaled, expect_pool, 0},
    {"average_pool_that_changes_scale_without_pads", average_pool_rescaled_whole, expect_pool, 0},
    {"average_pool_float", average_pool_float, expect_pool, 1e-6},
    {"average_pool_counts_pads", average_pool_with_pads, expect_pool, 1e-6},
    {"mean_int8", mean_int8, expect_mean, 1},
    {"mean_over_the_last_axis", mean_last, expect_mean, 1},
    {"mean_float", mean_float, expect_mean, 1e-5},
    {"pad_with_the_zero_point", pad, expect_padded, 0},
    {"concat_changes_scale_where_needed", concat, expect_concat, 0},
    {"transpose", transpose, expect_transposed, 0},
    {"reshape", reshape, NULL, 0},
    {"softmax_int8", softmax_int8, expect_softmax, 1},
    {"softmax_uint8", softmax_uint8, expect_softmax, 1},
    {"softmax_int8_of_another_scale", softmax_other_scale, expect_softmax, 1},
    {"softmax_float", softmax_float, expect_softmax, 1e-6},
    {"normalize", normalize, expect_normalized, 1e-5},
    {"normalize_by_the_mean_of_squares", normalize_squares, expect_normalized, 1e-5},
    {"resample_along_the_last_axis", resample_last, expect_resampled, 1e-5},
    {"resample_along_another_axis", resample_middle, expect_resampled, 1e-5},
    {"resample_with_many_taps", resample_many_taps, expect_resampled, 1e-5},
    {"top_k_keeps_the_first_of_equals", top_k, expect_top, 0},
    {"non_max_suppression", non_max_suppression, NULL, 0},
    {"recurrent_rnn", recurrent_rnn, NULL, 1e-4},
    {"recurrent_gru", recurrent_gru, NULL, 1e-4},
    {"recurrent_lstm", recurrent_lstm, NULL, 1e-4},
};

// Chosen so that rounds of the vector loop leave a rest.
TEST a_long_vector_loop_is_shared_among_threads(void) {
    enum { COUNT = 70001 };
    tsr_graph *g = tsr_graph_create("long");
    const int64_t shape[] = {COUNT};
    const tsr_id in[] = {tsr_graph_add_tensor(g, "a", TSR_F32, 1, shape), tsr_graph_add_tensor(g, "b", TSR_F32, 1, shape)};
    const tsr_id y = tsr_graph_add_tensor(g, "y", TSR_F32, 1, shape);
    const tsr_id n = tsr_graph_add_node(g, TSR_OP_ADD, "add", 2, in, 1, &y);
    tsr_tbuffer **buffers = machine_buffers(g->arena, g);
    tsr_tensor_function *f;
    ASSERT_OK(tsr_lower_node(g->arena, g, &g->nodes[n], buffers, &f));
    ASSERT(f->body->kind == TSR_S_SEQ && f->body->items[0]->for_kind == TSR_FOR_PARALLEL);
    const tsr_tensor_function *functions = f;
    machine m;
    ASSERT_OK(machine_create(g->arena, &functions, 1, "baseline", &m));
    const float *a = (const float *)machine_bytes(&m, buffers[in[0]]), *b = (const float *)machine_bytes(&m, buffers[in[1]]);
    float *sum = (float *)machine_bytes(&m, buffers[y]), *copy = TSR_NEW_ARRAY(g->arena, float, COUNT);
    random_fill(TSR_F32, machine_bytes(&m, buffers[in[0]]), COUNT);
    random_fill(TSR_F32, machine_bytes(&m, buffers[in[1]]), COUNT);
    machine_run(&m, 0);
    memcpy(copy, sum, COUNT * sizeof *sum);
    ASSERT_OK(machine_interpret(&m, 0));
    ASSERT_MEM_EQ(copy, sum, COUNT * sizeof *sum);
    for (int i = 0; i < COUNT; i++)
        ASSERT(sum[i] == a[i] + b[i]);
    machine_free(&m);
    tsr_graph_free(g);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(a_long_vector_loop_is_shared_among_threads);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        RUN_TEST_AS(cases[i].name, run_case, &cases[i]);
    GREATEST_MAIN_END();
}
