// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "lowering.h"

static tsr_binary operator_of(tsr_op which) {
    switch (which) {
    case TSR_OP_SUB: return TSR_SUB;
    case TSR_OP_MUL: return TSR_MUL;
    case TSR_OP_DIV: return TSR_DIV;
    case TSR_OP_MIN: return TSR_MIN;
    case TSR_OP_MAX: return TSR_MAX;
    case TSR_OP_EQUAL: return TSR_EQ;
    case TSR_OP_LESS: return TSR_LT;
    case TSR_OP_LESS_EQUAL: return TSR_LE;
    case TSR_OP_AND: return TSR_AND;
    case TSR_OP_OR: return TSR_OR;
    case TSR_OP_XOR: return TSR_XOR;
    default: return TSR_ADD;
    }
}

static ex number(lowering *l, tsr_dtype type, double value) {
    return tsr_dtype_is_float(type) ? tsr_float(l->arena, type, value) : tsr_int(l->arena, type, (int64_t)value);
}

static ex differ_in_sign(lowering *l, ex a, ex b) {
    ex zero = number(l, a->dtype, 0);
    return op(l, TSR_NE, op(l, TSR_LT, a, zero), op(l, TSR_LT, b, zero));
}

static ex remainder_of(lowering *l, ex a, ex b) {
    ex rest = tsr_dtype_is_float(a->dtype) ? tsr_call(l->arena, TSR_F_FMOD, a, b) : op(l, TSR_MOD, a, b);
    if (l->node->attr.fmod)
        return rest;
    ex other = op(l, TSR_AND, op(l, TSR_NE, rest, number(l, a->dtype, 0)), differ_in_sign(l, rest, b));
    ex value = choose(l, other, add(l, rest, b), rest);
    if (!tsr_dtype_is_float(a->dtype))
        return value;
    ex zero = number(l, a->dtype, 0), signed_zero = choose(l, op(l, TSR_LT, b, zero), number(l, a->dtype, -0.0), zero);
    return choose(l, op(l, TSR_EQ, rest, zero), signed_zero, value);
}

static ex floor_quotient(lowering *l, ex a, ex b) {
    ex quotient = op(l, TSR_DIV, a, b);
    if (tsr_dtype_is_float(a->dtype))
        return call(l, TSR_F_FLOOR, quotient);
    ex inexact = op(l, TSR_NE, op(l, TSR_MOD, a, b), number(l, a->dtype, 0));
    return choose(l, op(l, TSR_AND, inexact, differ_in_sign(l, a, b)), sub(l, quotient, number(l, a->dtype, 1)), quotient);
}

// By the width or more, or by a negative number: only the sign is left of a shift to the right, of others nothing.
static ex shifted(lowering *l, tsr_binary direction, ex a, ex by) {
    static const tsr_dtype unsigned_of[] = {[TSR_I8] = TSR_U8, [TSR_I16] = TSR_U16, [TSR_I32] = TSR_U32, [TSR_I64] = TSR_U64};
    const bool has_sign = a->dtype <= TSR_I64 && unsigned_of[a->dtype] != TSR_DTYPE_NONE;
    const double width = (double)(8 * tsr_dtype_size(a->dtype));
    ex distance = has_sign ? cast(l, unsigned_of[a->dtype], by) : by;
    ex fits = op(l, TSR_LT, distance, number(l, distance->dtype, width)), none = number(l, a->dtype, 0);
    if (has_sign && direction == TSR_SHR)
        none = op(l, TSR_SHR, a, number(l, a->dtype, width - 1));
    return choose(l, fits, op(l, direction, a, by), none);
}

static ex binary_expression(lowering *l, ex a, ex b) {
    switch (l->node->op) {
    case TSR_OP_SHIFT_LEFT: return shifted(l, TSR_SHL, a, b);
    case TSR_OP_SHIFT_RIGHT: return shifted(l, TSR_SHR, a, b);
    case TSR_OP_POW: return tsr_call(l->arena, TSR_F_POW, a, b);
    case TSR_OP_SQUARED_DIFFERENCE: return mul(l, sub(l, a, b), sub(l, a, b));
    case TSR_OP_FLOOR_DIV: return floor_quotient(l, a, b);
    case TSR_OP_MOD: return remainder_of(l, a, b);
    case TSR_OP_PRELU: return choose(l, op(l, TSR_LT, a, number(l, a->dtype, 0)), mul(l, a, b), a);
    default: return op(l, operator_of(l->node->op), a, b);
    }
}

// The integer kernels of TFLite; see tsr_requant.
static ex quantised_binary(lowering *l, ex a, ex b) {
    const tsr_requant *r = &l->node->requant;
    requant_tables none = {0};
    int64_t shift;
    if (l->node->op == TSR_OP_DIV)
        return quotient_table(l, a, b);
    a = sub(l, cast(l, TSR_I32, a), i32(l, r->in_zero_point[0]));
    b = sub(l, cast(l, TSR_I32, b), i32(l, r->in_zero_point[1]));
    switch (l->node->op) {
    case TSR_OP_MIN:
    case TSR_OP_MAX: return finished(l, op(l, operator_of(l->node->op), a, b));
    case TSR_OP_MUL: return requantised(l, &none, mul(l, a, b), i64(l, 0));
    case TSR_OP_PRELU: {
        ex below = rescale(l, mul(l, a, b), r->in[0]), above = rescale(l, a, r->out[0]);
        return finished(l, choose(l, op(l, TSR_LT, a, i32(l, 0)), below, above));
    }
    case TSR_OP_ADD:
    case TSR_OP_SUB: shift = 20; break;
    case TSR_OP_SQUARED_DIFFERENCE: shift = 7; break;
    default: shift = 8; break; // comparisons
    }
    a = rescale(l, op(l, TSR_SHL, a, i32(l, shift)), r->in[0]);
    b = rescale(l, op(l, TSR_SHL, b, i32(l, shift)), r->in[1]);
    ex value = binary_expression(l, a, b);
    return shift == 8 ? value : requantised(l, &none, value, i64(l, 0));
}

// Clip of plain integers (int32, int64, unquantised int8): the bounds that lie outside of the type clip nothing.
static ex clip_whole(lowering *l, ex x) {
    const tsr_attr *a = &l->node->attr;
    if (fabsf(a->clip_lo) < 0x1p62f)
        x = op(l, TSR_MAX, x, cast(l, x->dtype, tsr_float(l->arena, TSR_F64, ceil(a->clip_lo))));
    if (fabsf(a->clip_hi) < 0x1p62f)
        x = op(l, TSR_MIN, x, cast(l, x->dtype, tsr_float(l->arena, TSR_F64, floor(a->clip_hi))));
    return x;
}

tsr_status lower_binary(lowering *l) {
    const tsr_tensor *x = in(l, 0), *z = in(l, 1), *y = out(l, 0);
    nest n = nest_of(y->rank, y->shape);
    nest_broadcast(&n, x);
    nest_broadcast(&n, z);
    nest_broadcast(&n, y);
    nest_begin(l, &n);
    ex a = load(l, in_buffer(l, 0), n.index[0]), b = load(l, in_buffer(l, 1), n.index[1]), value;
    if (l->node->requant.valid) {
        value = quantised_binary(l, a, b);
    } else if (x->quant.count == 0 && z->quant.count == 0 && y->quant.count == 0) {
        if (l->node->op == TSR_OP_POW && !tsr_dtype_is_float(x->dtype))
            return unsupported(l, "a power of integers; cast the operands to float32");
        value = binary_expression(l, a, b);
        value = tsr_dtype_is_float(y->dtype) ? clip_real(l, value) : is_whole(y->dtype) ? clip_whole(l, value) : value;
    } else {
        value = binary_expression(l, real_of(l, x, a), real_of(l, z, b));
        value = y->dtype == TSR_BOOL ? value : stored_of(l, y, clip_real(l, value));
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[2], value));
    return tsr_ok();
}

tsr_status lower_where(lowering *l) {
    const tsr_tensor *y = out(l, 0);
    nest n = nest_of(y->rank, y->shape);
    for (uint32_t i = 0; i < 3; i++)
        nest_broadcast(&n, in(l, i));
    nest_broadcast(&n, y);
    nest_begin(l, &n);
    ex arm[2];
    for (uint32_t i = 0; i < 2; i++) {
        arm[i] = load(l, in_buffer(l, 1 + i), n.index[1 + i]);
        if (!same_quant(in(l, 1 + i), y))
            arm[i] = stored_of(l, y, real_of(l, in(l, 1 + i), arm[i]));
    }
    ex value = choose(l, load(l, in_buffer(l, 0), n.index[0]), arm[0], arm[1]);
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[3], value));
    return tsr_ok();
}

static double real_unary(const tsr_node *node, double x) {
    float f = (float)x;
    switch (node->op) {
    case TSR_OP_SIGMOID: return 1.0f / (1.0f + expf(-f));
    case TSR_OP_TANH: return tanhf(f);
    case TSR_OP_EXP: return expf(f);
    case TSR_OP_NEG: return -f;
    case TSR_OP_ABS: return fabsf(f);
    case TSR_OP_SQRT: return sqrtf(f);
    case TSR_OP_RSQRT: return 1 / sqrtf(f);
    case TSR_OP_LOG: return logf(f);
    case TSR_OP_SIN: return sinf(f);
    case TSR_OP_COS: return cosf(f);
    case TSR_OP_ATAN: return atanf(f);
    case TSR_OP_ERF: return erff(f);
    case TSR_OP_FLOOR: return floorf(f);
    case TSR_OP_CEIL: return ceilf(f);
    case TSR_OP_ROUND: return rintf(f);
    case TSR_OP_ELU: return f < 0 ? node->attr.alpha * expm1f(f) : f;
    case TSR_OP_HARD_SWISH: return f * fminf(fmaxf(f + 3, 0), 6) / 6;
    case TSR_OP_GELU:
        if (node->attr.approximate)
            return 0.5f * f * (1 + tanhf(0.7978845608f * (f + 0.044715f * f * f * f)));
        return 0.5f * f * (1 + erff(f * 0.7071067812f));
    case TSR_OP_LEAKY_RELU: return f < 0 ? f * node->attr.alpha : f;
    default: return fminf(fmaxf(f, node->attr.clip_lo), node->attr.clip_hi);
    }
}

static ex gelu(lowering *l, ex x) {
    ex one = number(l, x->dtype, 1), inner;
    if (l->node->attr.approximate) {
        ex cube = mul(l, mul(l, x, x), mul(l, x, number(l, x->dtype, 0.044715)));
        inner = call(l, TSR_F_TANH, mul(l, add(l, x, cube), number(l, x->dtype, 0.79788456080286535588))); // sqrt(2 / pi)
    } else {
        inner = call(l, TSR_F_ERF, mul(l, x, number(l, x->dtype, 0.70710678118654752440)));
    }
    return mul(l, mul(l, x, number(l, x->dtype, 0.5)), add(l, one, inner));
}

static ex unary_expression(lowering *l, ex x) {
    ex zero = number(l, x->dtype, 0);
    switch (l->node->op) {
    case TSR_OP_SIGMOID: { // exp of a negative number only, so that nothing overflows
        ex one = tsr_float(l->arena, x->dtype, 1), size = call(l, TSR_F_ABS, x);
        ex e = call(l, TSR_F_EXP, sub(l, tsr_float(l->arena, x->dtype, -0.0), size));
        ex top = choose(l, op(l, TSR_LT, x, zero), e, one);
        return op(l, TSR_DIV, top, add(l, one, e));
    }
    case TSR_OP_TANH: return call(l, TSR_F_TANH, x);
    case TSR_OP_EXP: return call(l, TSR_F_EXP, x);
    case TSR_OP_NEG: return sub(l, tsr_dtype_is_float(x->dtype) ? tsr_float(l->arena, x->dtype, -0.0) : zero, x);
    case TSR_OP_ABS: return tsr_dtype_is_float(x->dtype) ? call(l, TSR_F_ABS, x) : op(l, TSR_MAX, x, sub(l, zero, x));
    case TSR_OP_SQRT: return call(l, TSR_F_SQRT, x);
    case TSR_OP_RSQRT: return op(l, TSR_DIV, number(l, x->dtype, 1), call(l, TSR_F_SQRT, x));
    case TSR_OP_LOG: return call(l, TSR_F_LOG, x);
    case TSR_OP_SIN: return call(l, TSR_F_SIN, x);
    case TSR_OP_COS: return call(l, TSR_F_COS, x);
    case TSR_OP_ATAN: return arc_tangent(l, x);
    case TSR_OP_ERF: return call(l, TSR_F_ERF, x);
    case TSR_OP_FLOOR: return call(l, TSR_F_FLOOR, x);
    case TSR_OP_CEIL: return call(l, TSR_F_CEIL, x);
    case TSR_OP_ROUND: return call(l, TSR_F_ROUND_EVEN, x);
    case TSR_OP_ELU: {
        ex grown = sub(l, call(l, TSR_F_EXP, x), number(l, x->dtype, 1));
        return choose(l, op(l, TSR_LT, x, zero), mul(l, grown, number(l, x->dtype, (double)l->node->attr.alpha)), x);
    }
    case TSR_OP_HARD_SWISH: {
        ex gate = op(l, TSR_MIN, op(l, TSR_MAX, add(l, x, number(l, x->dtype, 3)), zero), number(l, x->dtype, 6));
        return op(l, TSR_DIV, mul(l, x, gate), number(l, x->dtype, 6));
    }
    case TSR_OP_GELU: return gelu(l, x);
    case TSR_OP_NOT: return op(l, TSR_XOR, x, tsr_int(l->arena, TSR_BOOL, 1));
    case TSR_OP_LEAKY_RELU:
        return choose(l, op(l, TSR_LT, x, zero), mul(l, x, tsr_float(l->arena, x->dtype, l->node->attr.alpha)), x);
    default: return clip_real(l, x);
    }
}

tsr_status lower_unary(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const tsr_requant *r = &l->node->requant;
    tsr_op which = l->node->op;
    nest n = nest_of(y->rank, y->shape);
    nest_broadcast(&n, x);
    nest_broadcast(&n, y);
    nest_begin(l, &n);
    ex stored = load(l, in_buffer(l, 0), n.index[0]), value;
    requant_tables none = {0};
    bool quantised = x->quant.count > 0 && y->quant.count > 0 && is_whole(x->dtype) && is_whole(y->dtype);
    bool bytes = tsr_dtype_size(x->dtype) == 1 && tsr_dtype_size(y->dtype) == 1;
    ex moved = is_whole(x->dtype) ? sub(l, cast(l, TSR_I32, stored), i32(l, r->in_zero_point[0])) : NULL;
    if (r->valid && (which == TSR_OP_CLIP || which == TSR_OP_ABS)) {
        moved = which == TSR_OP_ABS ? op(l, TSR_MAX, moved, sub(l, i32(l, 0), moved)) : moved;
        value = r->channels == 0 ? finished(l, moved) : requantised(l, &none, moved, i64(l, 0));
    } else if (r->valid && which == TSR_OP_LEAKY_RELU) {
        ex negative = op(l, TSR_LT, moved, i32(l, 0));
        value = finished(l, choose(l, negative, rescale(l, moved, r->in[0]), rescale(l, moved, r->out[0])));
    } else if (quantised && bytes) {
        value = has_own_table(l) ? own_table(l, stored) : looked_up(l, x, y, stored, real_unary);
    } else if ((tsr_dtype_is_float(x->dtype) || x->dtype == TSR_BOOL) && x->dtype == y->dtype) {
        value = unary_expression(l, stored);
    } else if (is_whole(x->dtype) && x->dtype == y->dtype && !quantised &&
               (which == TSR_OP_CLIP || which == TSR_OP_NEG || which == TSR_OP_ABS)) {
        value = which == TSR_OP_CLIP ? clip_whole(l, stored) : unary_expression(l, stored);
    } else {
        value = stored_of(l, y, unary_expression(l, real_of(l, x, stored)));
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], value));
    return tsr_ok();
}
