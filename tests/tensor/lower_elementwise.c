// SPDX-License-Identifier: Apache-2.0
// Operators on one element at a time, and what each is to give.
#include <math.h>

#include "lower_case.h"

static void pairwise(bench *t, tsr_op op, tsr_dtype type, float a, float b, float y) {
    t->x = case_tensor(t, "x", type, DIMS(2, 3, 1, 33), a, type == TSR_U8 ? 128 : 3);
    t->w = case_tensor(t, "w", type, DIMS(5, 33), b, type == TSR_U8 ? 100 : -9);
    t->y = case_tensor(t, "y", type, DIMS(2, 3, 5, 33), y, type == TSR_U8 ? 110 : 2);
    case_node(t, op, 2, 1);
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
    t->x = case_tensor(t, "x", from, DIMS(3, 7, 11), x, from == TSR_U8 ? 128 : 1);
    t->y = case_tensor(t, "y", to, DIMS(3, 7, 11), y, to == TSR_U8 ? 120 : -5);
    case_node(t, op, 1, 1);
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
    t->x = case_tensor(t, "x", TSR_F32, DIMS(3, 45), 0, 0);
    t->y = case_tensor(t, "y", TSR_U8, DIMS(3, 45), 0, 0);
    case_tensor(t, "scale", TSR_F32, DIMS(1), 0, 0);
    case_tensor(t, "zero", TSR_U8, DIMS(1), 0, 0);
    case_node(t, TSR_OP_DYNAMIC_QUANTIZE, 1, 3);
}

// ---- what they are to give ----------------------------------------------------------------------------------------------
static double expect_pairwise(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t c = at % 33, r = at / 33 % 5, n = at / 33 / 5;
    double a = case_element(t, m, buffers, t->x, n * 33 + c), b = case_element(t, m, buffers, t->w, r * 33 + c);
    tsr_op op = t->node->op;
    if (shape_of(t, t->x)->quant.count == 0)
        return op == TSR_OP_ADD ? a + b : (double)((float)a / (float)b);
    a -= zero_of(t, t->x);
    b -= zero_of(t, t->w);
    double as = scale_of(t, t->x), bs = scale_of(t, t->w), ys = scale_of(t, t->y), larger = 2 * fmax(as, bs);
    if (op == TSR_OP_MUL)
        return case_finish(t, case_times(a * b, (double)((float)as * (float)bs / (float)ys), false), NAN, NAN);
    if (op == TSR_OP_MAX)
        return case_finish(t, fmax(a, b), NAN, NAN);
    a = case_times(a * 1048576, as / larger, false);
    b = case_times(b * 1048576, bs / larger, false);
    return case_finish(t, case_times(op == TSR_OP_ADD ? a + b : a - b, larger / (1048576 * ys), false), NAN, NAN);
}

static double expect_quantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = case_element(t, m, buffers, t->x, at) / scale_of(t, t->y);
    return case_finish(t, t->node->attr.round_half_away ? round(x) : rint(x), NAN, NAN);
}

static double expect_requantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = case_element(t, m, buffers, t->x, at) - zero_of(t, t->x);
    return case_finish(t, case_times(x, scale_of(t, t->x) / scale_of(t, t->y), false), NAN, NAN);
}

static double expect_dequantized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    return (double)(float)((case_element(t, m, buffers, t->x, at) - zero_of(t, t->x)) * scale_of(t, t->x));
}

static double expect_unary(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double x = (case_element(t, m, buffers, t->x, at) - zero_of(t, t->x)) * scale_of(t, t->x);
    double y = x;
    switch (t->node->op) {
    case TSR_OP_SIGMOID: y = 1 / (1 + exp(-x)); break;
    case TSR_OP_TANH: y = tanh(x); break;
    case TSR_OP_EXP: y = exp(x); break;
    case TSR_OP_NEG: y = -x; break;
    case TSR_OP_LEAKY_RELU: y = x < 0 ? x * (double)t->node->attr.alpha : x; break;
    default: y = fmin(fmax(x, (double)t->node->attr.clip_lo), (double)t->node->attr.clip_hi);
    }
    return shape_of(t, t->y)->quant.count > 0 ? case_finish(t, round(y / scale_of(t, t->y)), NAN, NAN) : y;
}

const operator_case elementwise_cases[] = {
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
    {0},
};
