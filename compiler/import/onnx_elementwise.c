// SPDX-License-Identifier: Apache-2.0
// Operators that work element by element and are one of the graph's, or a formula of a few of them.
#include <inttypes.h>
#include <math.h>

#include "onnx_compose.h"
#include "onnx_elementwise.h"

// ---- one operand -------------------------------------------------------------------------------------------------------

static tsr_id number_like(composer *c, tsr_id x, double value) { return compose_number(c, compose_tensor(c, x).dtype, value); }

static tsr_id clipped(composer *c, tsr_id x, float lo, float hi) {
    tsr_attr attr = tsr_attr_default();
    attr.clip_lo = lo;
    attr.clip_hi = hi;
    return compose_node(c, TSR_OP_CLIP, &attr, 1, &x, compose_tensor(c, x).dtype);
}

static tsr_id negative(composer *c, tsr_id x) { return compose_unary(c, TSR_OP_NEG, x); }
static tsr_id exponential(composer *c, tsr_id x) { return compose_unary(c, TSR_OP_EXP, x); }
static tsr_id logarithm(composer *c, tsr_id x) { return compose_unary(c, TSR_OP_LOG, x); }
static tsr_id root(composer *c, tsr_id x) { return compose_unary(c, TSR_OP_SQRT, x); }
static tsr_id size_of(composer *c, tsr_id x) { return compose_unary(c, TSR_OP_ABS, x); }
static tsr_id less(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_LESS, a, b); }

// 1, 0, -1; of a NaN 0.
static tsr_id sign(composer *c, tsr_id x) {
    const tsr_dtype dtype = compose_tensor(c, x).dtype;
    const tsr_id zero = number_like(c, x, 0);
    return compose_sub(c, compose_cast(c, less(c, zero, x), dtype), compose_cast(c, less(c, x, zero), dtype));
}

static tsr_id elu(composer *c, tsr_id x, float alpha) {
    tsr_attr attr = tsr_attr_default();
    attr.alpha = alpha;
    return compose_node(c, TSR_OP_ELU, &attr, 1, &x, compose_tensor(c, x).dtype);
}

static tsr_id celu(composer *c, tsr_id x) {
    const double alpha = (double)compose_attr_float(c, "alpha", 1);
    const tsr_id below = compose_scale(c, elu(c, compose_scale(c, x, 1 / alpha), 1), alpha); // alpha * (exp(x / alpha) - 1)
    return compose_where(c, less(c, x, number_like(c, x, 0)), below, x);
}

// log(1 + exp(x)), without overflow.
static tsr_id softplus(composer *c, tsr_id x) {
    const tsr_id tail = logarithm(c, compose_add_number(c, exponential(c, negative(c, size_of(c, x))), 1));
    return compose_add(c, clipped(c, x, 0, INFINITY), tail);
}

static tsr_id arc_sine(composer *c, tsr_id x) {
    const tsr_id side = root(c, compose_sub(c, number_like(c, x, 1), compose_mul(c, x, x)));
    return compose_unary(c, TSR_OP_ATAN, compose_div(c, x, side));
}

// sign(x) * log(|x| + sqrt(x^2 + 1)): of a negative x the sum would cancel.
static tsr_id area_sine(composer *c, tsr_id x) {
    const tsr_id size = size_of(c, x);
    const tsr_id sum = compose_add(c, size, root(c, compose_add_number(c, compose_mul(c, x, x), 1)));
    return compose_mul(c, sign(c, x), logarithm(c, sum));
}

static tsr_id hyperbolic(composer *c, tsr_id x, tsr_op op) {
    const tsr_id up = exponential(c, x), down = exponential(c, negative(c, x));
    return compose_scale(c, compose_binary(c, op, up, down), 0.5);
}

static tsr_id shrink(composer *c, tsr_id x) {
    const double lambda = (double)compose_attr_float(c, "lambd", 0.5f), bias = (double)compose_attr_float(c, "bias", 0);
    const tsr_id above =
        compose_where(c, less(c, number_like(c, x, lambda), x), compose_add_number(c, x, -bias), number_like(c, x, 0));
    return compose_where(c, less(c, x, number_like(c, x, -lambda)), compose_add_number(c, x, bias), above);
}

static tsr_id is_infinite(composer *c, tsr_id x) {
    const bool below = compose_attr_int(c, "detect_negative", 1) != 0, above = compose_attr_int(c, "detect_positive", 1) != 0;
    const tsr_id infinity = number_like(c, x, INFINITY);
    const tsr_id value = below && above ? size_of(c, x) : below ? negative(c, x) : x;
    const tsr_id found = compose_binary(c, TSR_OP_EQUAL, value, infinity);
    return below || above ? found : compose_binary(c, TSR_OP_LESS, infinity, infinity);
}

static tsr_id bitwise_not(composer *c, tsr_id x) { return compose_binary(c, TSR_OP_XOR, x, number_like(c, x, -1)); }

static tsr_id formula_of(composer *c, formula which, tsr_id x) {
    switch (which) {
    case FORMULA_RECIPROCAL: return compose_div(c, number_like(c, x, 1), x);
    case FORMULA_SIGN: return sign(c, x);
    case FORMULA_TAN: return compose_div(c, compose_unary(c, TSR_OP_SIN, x), compose_unary(c, TSR_OP_COS, x));
    case FORMULA_SINH: return hyperbolic(c, x, TSR_OP_SUB);
    case FORMULA_COSH: return hyperbolic(c, x, TSR_OP_ADD);
    case FORMULA_ASIN: return arc_sine(c, x);
    case FORMULA_ACOS: return compose_sub(c, number_like(c, x, 1.57079632679489661923), arc_sine(c, x));
    case FORMULA_ASINH: return area_sine(c, x);
    case FORMULA_ACOSH: return logarithm(c, compose_add(c, x, root(c, compose_add_number(c, compose_mul(c, x, x), -1))));
    case FORMULA_ATANH: {
        const tsr_id one = number_like(c, x, 1);
        return compose_scale(c, logarithm(c, compose_div(c, compose_add(c, x, one), compose_sub(c, one, x))), 0.5);
    }
    case FORMULA_ELU: return elu(c, x, compose_attr_float(c, "alpha", 1));
    case FORMULA_CELU: return celu(c, x);
    case FORMULA_SELU:
        return compose_scale(c, elu(c, x, compose_attr_float(c, "alpha", 1.67326319217681884765625f)),
                             (double)compose_attr_float(c, "gamma", 1.05070102214813232421875f));
    case FORMULA_HARD_SIGMOID: {
        const tsr_id line = compose_scale(c, x, (double)compose_attr_float(c, "alpha", 0.2f));
        return clipped(c, compose_add_number(c, line, (double)compose_attr_float(c, "beta", 0.5f)), 0, 1);
    }
    case FORMULA_SOFTPLUS: return softplus(c, x);
    case FORMULA_SOFTSIGN: return compose_div(c, x, compose_add_number(c, size_of(c, x), 1));
    case FORMULA_THRESHOLDED_RELU: {
        const tsr_id alpha = number_like(c, x, (double)compose_attr_float(c, "alpha", 1));
        return compose_where(c, less(c, alpha, x), x, number_like(c, x, 0));
    }
    case FORMULA_SHRINK: return shrink(c, x);
    case FORMULA_IS_INF: return is_infinite(c, x);
    case FORMULA_IS_NAN: return compose_unary(c, TSR_OP_NOT, compose_binary(c, TSR_OP_EQUAL, x, x));
    case FORMULA_BITWISE_NOT: return bitwise_not(c, x);
    }
    return TSR_NO_ID;
}

tsr_status onnx_formula(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    return compose_define(&c, 0, formula_of(&c, (formula)node->variant, compose_input(&c, 0)));
}

// ---- two and more ------------------------------------------------------------------------------------------------------

// Both operands plain, the second one where opsets before 7 put it.
static void operands(composer *c, tsr_id out_in[2]) {
    out_in[0] = compose_input(c, 0);
    out_in[1] = compose_input(c, 1);
    if (c->status.code == TSR_OK)
        compose_fails(c, onnx_align(c->o, c->node, out_in[0], &out_in[1]));
}

tsr_status onnx_compare(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id in[2];
    operands(&c, in);
    const bool swapped = node->variant == COMPARE_GREATER || node->variant == COMPARE_GREATER_EQUAL;
    const tsr_op op = node->variant == COMPARE_EQUAL                                      ? TSR_OP_EQUAL
                      : node->variant == COMPARE_LESS || node->variant == COMPARE_GREATER ? TSR_OP_LESS
                                                                                          : TSR_OP_LESS_EQUAL;
    return compose_define(&c, 0, compose_binary(&c, op, in[swapped], in[!swapped]));
}

tsr_status onnx_logic(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id in[2];
    operands(&c, in);
    return compose_define(&c, 0, compose_binary(&c, (tsr_op)node->variant, in[0], in[1]));
}

tsr_status onnx_bit_shift(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const bool left = compose_attr_is(&c, "direction", "", "LEFT");
    if (!left && !compose_attr_is(&c, "direction", "", "RIGHT"))
        compose_fails(&c, tsr_error(TSR_CORRUPT, "attribute 'direction' must be LEFT or RIGHT"));
    const tsr_id x = compose_input(&c, 0), by = compose_input(&c, 1);
    return compose_define(&c, 0, compose_binary(&c, left ? TSR_OP_SHIFT_LEFT : TSR_OP_SHIFT_RIGHT, x, by));
}

// The exponent may be of another type; integers go through float32.
tsr_status onnx_pow(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id in[2];
    operands(&c, in);
    const tsr_dtype dtype = compose_tensor(&c, in[0]).dtype, real = tsr_dtype_is_float(dtype) ? dtype : TSR_F32;
    const tsr_id y = compose_binary(&c, TSR_OP_POW, compose_cast(&c, in[0], real), compose_cast(&c, in[1], real));
    return compose_define(&c, 0, compose_cast(&c, y, dtype));
}

tsr_status onnx_mod(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_attr attr = tsr_attr_default();
    attr.fmod = compose_attr_int(&c, "fmod", 0) != 0;
    const tsr_id in[2] = {compose_input(&c, 0), compose_input(&c, 1)};
    return compose_define(&c, 0, compose_node(&c, TSR_OP_MOD, &attr, 2, in, compose_tensor(&c, in[0]).dtype));
}

tsr_status onnx_sum(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const uint32_t count = (uint32_t)node->proto->n_input;
    tsr_id sum = compose_input(&c, 0);
    for (uint32_t i = 1; i < count && c.status.code == TSR_OK; i++)
        sum = compose_add(&c, sum, compose_input(&c, i));
    if (node->variant == SUM_MEAN)
        sum = compose_scale(&c, sum, 1.0 / (count > 0 ? count : 1));
    return compose_define(&c, 0, sum);
}

tsr_status onnx_where(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id condition = compose_input(&c, 0), yes = compose_input(&c, 1), no = compose_input(&c, 2);
    return compose_define(&c, 0, compose_where(&c, condition, yes, no));
}

// Before opset 7 a slope of one dimension belonged to the channels.
tsr_status onnx_prelu(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_id slope = compose_input(&c, 1);
    const tsr_tensor from = compose_tensor(&c, x), factors = compose_tensor(&c, slope);
    if (o->opset < 7 && factors.rank == 1 && from.rank > 2) {
        const int64_t shape[TSR_MAX_RANK] = {factors.shape[0], 1, 1, 1, 1, 1, 1, 1};
        slope = compose_reshape(&c, slope, from.rank - 1, shape);
    }
    if (tsr_dtype_is_float(from.dtype))
        return compose_define(&c, 0, compose_binary(&c, TSR_OP_PRELU, x, slope));
    const tsr_id below = less(&c, x, number_like(&c, x, 0));
    return compose_define(&c, 0, compose_where(&c, below, compose_mul(&c, x, slope), x));
}

// ---- along an axis -----------------------------------------------------------------------------------------------------

// x as [outer, n, inner] with n the elements that belong together: those along the axis, before opset 13 all from there on.
static tsr_id rows_of(composer *c, tsr_id x, int64_t out_shape[3]) {
    const tsr_tensor from = compose_tensor(c, x);
    const bool flat = c->o->opset < 13;
    int64_t axis = compose_attr_int(c, "axis", flat ? 1 : -1);
    if (c->status.code == TSR_OK && !normalise_axis(&axis, from.rank) && !(flat && axis == (int64_t)from.rank))
        compose_fails(c, tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, from.rank));
    out_shape[0] = out_shape[1] = out_shape[2] = 1;
    for (uint32_t i = 0; i < from.rank && c->status.code == TSR_OK; i++)
        out_shape[i < axis ? 0 : i == axis || flat ? 1 : 2] *= from.shape[i];
    return compose_reshape(c, x, 3, out_shape);
}

tsr_status onnx_hardmax(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor like = compose_tensor(&c, x);
    int64_t shape[3], *numbers;
    tsr_attr attr = tsr_attr_default();
    const tsr_id rows = rows_of(&c, x, shape);
    attr.axis = 1;
    attr.keep_dims = true;
    const tsr_id best = compose_node(&c, TSR_OP_ARG_MAX, &attr, 1, &rows, TSR_I64);
    const tsr_id places = compose_wholes(&c, 3, (const int64_t[]){1, shape[1], 1}, &numbers);
    for (int64_t i = 0; numbers != NULL && i < shape[1]; i++)
        numbers[i] = i;
    const tsr_id y = compose_cast(&c, compose_binary(&c, TSR_OP_EQUAL, best, places), like.dtype);
    return compose_define(&c, 0, compose_reshape(&c, y, like.rank, like.shape));
}
