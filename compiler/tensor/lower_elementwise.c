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
    default: return TSR_ADD;
    }
}

// The integer kernels of TFLite; see tsr_requant.
static ex quantised_binary(lowering *l, ex a, ex b) {
    const tsr_requant *r = &l->node->requant;
    requant_tables none = {0};
    a = sub(l, cast(l, TSR_I32, a), i32(l, r->in_zero_point[0]));
    b = sub(l, cast(l, TSR_I32, b), i32(l, r->in_zero_point[1]));
    if (l->node->op == TSR_OP_MIN || l->node->op == TSR_OP_MAX)
        return finished(l, op(l, operator_of(l->node->op), a, b));
    if (l->node->op == TSR_OP_MUL)
        return requantised(l, &none, mul(l, a, b), i64(l, 0));
    a = rescale(l, op(l, TSR_SHL, a, i32(l, 20)), r->in[0]);
    b = rescale(l, op(l, TSR_SHL, b, i32(l, 20)), r->in[1]);
    return requantised(l, &none, op(l, operator_of(l->node->op), a, b), i64(l, 0));
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
    } else if (x->dtype == z->dtype && x->dtype == y->dtype && x->quant.count == 0 && y->quant.count == 0) {
        value = op(l, operator_of(l->node->op), a, b);
        value = tsr_dtype_is_float(y->dtype) ? clip_real(l, value) : value;
    } else {
        value = op(l, operator_of(l->node->op), real_of(l, x, a), real_of(l, z, b));
        value = stored_of(l, y, clip_real(l, value));
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[2], value));
    return tsr_ok();
}

static double real_unary(const tsr_node *node, double x) {
    float f = (float)x;
    switch (node->op) {
    case TSR_OP_SIGMOID: return 1.0f / (1.0f + expf(-f));
    case TSR_OP_TANH: return tanhf(f);
    case TSR_OP_EXP: return expf(f);
    case TSR_OP_NEG: return -f;
    case TSR_OP_LEAKY_RELU: return f < 0 ? f * node->attr.alpha : f;
    default: return fminf(fmaxf(f, node->attr.clip_lo), node->attr.clip_hi);
    }
}

static ex unary_expression(lowering *l, ex x) {
    ex zero = tsr_dtype_is_float(x->dtype) ? tsr_float(l->arena, x->dtype, 0) : tsr_int(l->arena, x->dtype, 0);
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
    case TSR_OP_LEAKY_RELU:
        return choose(l, op(l, TSR_LT, x, zero), mul(l, x, tsr_float(l->arena, x->dtype, l->node->attr.alpha)), x);
    default: return clip_real(l, x);
    }
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
    if (r->valid && which == TSR_OP_CLIP) {
        value = r->channels == 0 ? finished(l, moved) : requantised(l, &none, moved, i64(l, 0));
    } else if (r->valid && which == TSR_OP_LEAKY_RELU) {
        ex negative = op(l, TSR_LT, moved, i32(l, 0));
        value = finished(l, choose(l, negative, rescale(l, moved, r->in[0]), rescale(l, moved, r->out[0])));
    } else if (quantised && bytes) {
        value = looked_up(l, x, y, stored, real_unary);
    } else if (tsr_dtype_is_float(x->dtype) && x->dtype == y->dtype) {
        value = unary_expression(l, stored);
    } else if (is_whole(x->dtype) && x->dtype == y->dtype && !quantised && (which == TSR_OP_CLIP || which == TSR_OP_NEG)) {
        value = which == TSR_OP_CLIP ? clip_whole(l, stored) : unary_expression(l, stored);
    } else {
        value = stored_of(l, y, unary_expression(l, real_of(l, x, stored)));
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], value));
    return tsr_ok();
}
