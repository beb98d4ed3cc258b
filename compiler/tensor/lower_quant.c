// SPDX-License-Identifier: Apache-2.0
// Requantisation as expressions, and the operators between real and quantised tensors.
#include <math.h>
#include <string.h>

#include "lowering.h"

static double lowest(tsr_dtype dtype) {
    switch (dtype) {
    case TSR_I8: return -128;
    case TSR_I16: return -32768;
    case TSR_I32: return -2147483648.0;
    default: return 0;
    }
}

static double highest(tsr_dtype dtype) {
    switch (dtype) {
    case TSR_I8: return 127;
    case TSR_U8: return 255;
    case TSR_I16: return 32767;
    case TSR_U16: return 65535;
    case TSR_U32: return 4294967295.0;
    default: return 2147483647.0;
    }
}

ex multiply_high(lowering *l, ex value, ex multiplier) {
    ex product = mul(l, cast(l, TSR_I64, value), cast(l, TSR_I64, multiplier));
    return cast(l, TSR_I32, op(l, TSR_SHR, add(l, product, i64(l, 1 << 30)), i64(l, 31)));
}

ex divide_by_power(lowering *l, ex x, ex exponent) {
    ex mask = sub(l, op(l, TSR_SHL, i32(l, 1), exponent), i32(l, 1));
    ex remainder = op(l, TSR_AND, x, mask);
    ex threshold = add(l, op(l, TSR_SHR, mask, i32(l, 1)), cast(l, TSR_I32, op(l, TSR_LT, x, i32(l, 0))));
    return add(l, op(l, TSR_SHR, x, exponent), cast(l, TSR_I32, op(l, TSR_GT, remainder, threshold)));
}

// (value * multiplier + half) >> (31 + rsh), half = 2^(30 + rsh). At least 32 in two steps: the upper half of the product, and
// a shift of 32 bits, which vectors of every CPU have.
static ex rescale_once(lowering *l, ex value, ex multiplier, ex half, ex rsh, bool shifts) {
    ex sum = add(l, mul(l, cast(l, TSR_I64, value), cast(l, TSR_I64, multiplier)), half);
    if (shifts)
        return op(l, TSR_SHR, cast(l, TSR_I32, op(l, TSR_SHR, sum, i64(l, 32))), sub(l, rsh, i32(l, 1)));
    return cast(l, TSR_I32, op(l, TSR_SHR, sum, add(l, cast(l, TSR_I64, rsh), i64(l, 31))));
}

ex rescale(lowering *l, ex value, tsr_rescale by) {
    value = op(l, TSR_SHL, value, i32(l, by.lsh));
    if (by.single_rounding)
        return rescale_once(l, value, i32(l, by.multiplier), i64(l, INT64_C(1) << (30 + by.rsh)), i32(l, by.rsh), by.rsh > 0);
    ex high = multiply_high(l, value, i32(l, by.multiplier));
    return by.rsh == 0 ? high : divide_by_power(l, high, i32(l, by.rsh));
}

ex finished(lowering *l, ex value) {
    const tsr_requant *r = &l->node->requant;
    ex moved = add(l, value, i32(l, r->out_zero_point));
    return cast(l, out(l, 0)->dtype, op(l, TSR_MIN, op(l, TSR_MAX, moved, i32(l, r->lo)), i32(l, r->hi)));
}

ex requantised(lowering *l, requant_tables *tables, ex value, ex channel) {
    const tsr_requant *r = &l->node->requant;
    if (r->channels == 1)
        return finished(l, rescale(l, value, r->out[0]));
    if (tables->multiplier == NULL) {
        void *multiplier, *lsh, *rsh, *half;
        bool left = false;
        tables->shifts = true;
        for (uint32_t c = 0; c < r->channels; c++) {
            left = left || r->out[c].lsh != 0;
            tables->shifts = tables->shifts && r->out[c].rsh > 0;
        }
        tables->multiplier = constant(l, "multiplier", TSR_I32, r->channels, &multiplier);
        tables->rsh = constant(l, "rsh", TSR_I32, r->channels, &rsh);
        tables->lsh = constant(l, "lsh", TSR_I32, r->channels, &lsh);
        tables->half = constant(l, "half", TSR_I64, r->channels, &half);
        for (uint32_t c = 0; c < r->channels; c++) {
            ((int32_t *)multiplier)[c] = r->out[c].multiplier;
            ((int32_t *)lsh)[c] = r->out[c].lsh;
            ((int32_t *)rsh)[c] = r->out[c].rsh;
            ((int64_t *)half)[c] = INT64_C(1) << (30 + r->out[c].rsh);
        }
        if (!left)
            tables->lsh = NULL;
    }
    if (tables->lsh != NULL)
        value = op(l, TSR_SHL, value, load(l, tables->lsh, channel));
    if (r->out[0].single_rounding) // of one node all are alike
        return finished(l, rescale_once(l, value, load(l, tables->multiplier, channel), load(l, tables->half, channel),
                                        load(l, tables->rsh, channel), tables->shifts));
    ex high = multiply_high(l, value, load(l, tables->multiplier, channel));
    return finished(l, divide_by_power(l, high, load(l, tables->rsh, channel)));
}

ex clip_real(lowering *l, ex real) {
    const tsr_attr *a = &l->node->attr;
    if (a->clip_lo > -INFINITY)
        real = op(l, TSR_MAX, real, tsr_float(l->arena, real->dtype, a->clip_lo));
    if (a->clip_hi < INFINITY)
        real = op(l, TSR_MIN, real, tsr_float(l->arena, real->dtype, a->clip_hi));
    return real;
}

ex real_of(lowering *l, const tsr_tensor *t, ex stored) {
    if (t->quant.count == 0 || !is_whole(t->dtype))
        return cast(l, TSR_F32, stored);
    ex moved = sub(l, cast(l, TSR_I32, stored), i32(l, zero_point(t)));
    return mul(l, f32(l, t->quant.scale[0]), cast(l, TSR_F32, moved));
}

ex round_away(lowering *l, ex real) {
    ex size = call(l, TSR_F_ABS, real), whole = call(l, TSR_F_FLOOR, size);
    ex up = choose(l, op(l, TSR_GE, sub(l, size, whole), f32(l, 0.5)), add(l, whole, f32(l, 1)), whole);
    return choose(l, op(l, TSR_LT, real, f32(l, 0)), sub(l, f32(l, 0), up), up);
}

// Saturates a rounded float32 plus a zero point. The bound is beyond every result, and sums with a zero point still fit.
static ex saturated(lowering *l, tsr_dtype dtype, ex rounded, ex zero) {
    bool narrow = tsr_dtype_size(dtype) <= 2;
    tsr_dtype wide = narrow ? TSR_I32 : TSR_I64;
    double bound = narrow ? 0x1p20 : 0x1p60;
    ex bounded = op(l, TSR_MAX, op(l, TSR_MIN, rounded, f32(l, bound)), f32(l, -bound));
    ex sum = add(l, cast(l, wide, bounded), cast(l, wide, zero));
    ex lo = tsr_int(l->arena, wide, (int64_t)lowest(dtype)), hi = tsr_int(l->arena, wide, (int64_t)highest(dtype));
    return cast(l, dtype, op(l, TSR_MIN, op(l, TSR_MAX, sum, lo), hi));
}

static ex quantised(lowering *l, const tsr_tensor *t, ex real, ex scale, ex zero) {
    ex quotient = op(l, TSR_DIV, real, scale);
    ex rounded = l->node->attr.round_half_away ? round_away(l, quotient) : call(l, TSR_F_ROUND_EVEN, quotient);
    return saturated(l, t->dtype, rounded, zero);
}

ex stored_of(lowering *l, const tsr_tensor *t, ex real) {
    if (t->quant.count == 0 || !is_whole(t->dtype))
        return cast(l, t->dtype, real);
    return quantised(l, t, real, f32(l, t->quant.scale[0]), i32(l, zero_point(t)));
}

ex looked_up_integers(lowering *l, const tsr_tensor *from, const tsr_tensor *to, ex stored, const int32_t values[256]) {
    void *data;
    tsr_tbuffer *table = constant(l, "table", to->dtype, 256, &data);
    const int32_t lo = (int32_t)lowest(to->dtype), hi = (int32_t)highest(to->dtype);
    for (int64_t i = 0; i < 256; i++)
        ((uint8_t *)data)[i] = (uint8_t)(values[i] < lo ? lo : values[i] > hi ? hi : values[i]);
    return load(l, table, sub(l, cast(l, TSR_I64, stored), i64(l, from->dtype == TSR_I8 ? -128 : 0)));
}

ex looked_up(lowering *l, const tsr_tensor *from, const tsr_tensor *to, ex stored, double (*f)(const tsr_node *, double)) {
    int32_t values[256];
    const int64_t first = from->dtype == TSR_I8 ? -128 : 0;
    const float inverse = 1 / to->quant.scale[0];
    for (int64_t i = 0; i < 256; i++) { // the arithmetic of TFLite's lookup tables, in float32
        float real = from->quant.scale[0] * (float)(first + i - zero_point(from));
        float moved = roundf((float)f(l->node, real) * inverse) + (float)zero_point(to);
        values[i] = (int32_t)fmin(fmax(moved, lowest(to->dtype)), highest(to->dtype));
    }
    return looked_up_integers(l, from, to, stored, values);
}

// The index into per-axis parameters is a third operand, with a stride only along the axis.
static void add_channel(nest *n, const tsr_tensor *shape, const tsr_quant *q) {
    int64_t stride[TSR_MAX_RANK] = {0};
    if (q->count > 1 && q->axis >= 0 && (uint32_t)q->axis < shape->rank)
        stride[q->axis] = 1;
    nest_operand(n, stride, 0);
}

static void parameters(lowering *l, const tsr_quant *q, ex channel, ex *out_scale, ex *out_zero) {
    if (q->count <= 1) {
        *out_scale = f32(l, q->count == 1 ? q->scale[0] : 1);
        *out_zero = i32(l, q->count == 1 && q->zero_point != NULL ? q->zero_point[0] : 0);
        return;
    }
    void *scale, *zero;
    tsr_tbuffer *scales = constant(l, "scale", TSR_F32, q->count, &scale), *zeros = constant(l, "zero", TSR_I32, q->count, &zero);
    memcpy(scale, q->scale, sizeof(float) * q->count);
    if (q->zero_point != NULL)
        memcpy(zero, q->zero_point, sizeof(int32_t) * q->count);
    *out_scale = load(l, scales, channel);
    *out_zero = load(l, zeros, channel);
}

tsr_status lower_quantize(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    nest n = nest_of(y->rank, y->shape);
    nest_broadcast(&n, x);
    nest_broadcast(&n, y);
    add_channel(&n, y, &y->quant);
    nest_begin(l, &n);
    ex stored = load(l, in_buffer(l, 0), n.index[0]), value;
    if (is_whole(x->dtype) && l->node->requant.valid) {
        requant_tables tables = {0};
        value = requantised(l, &tables, sub(l, cast(l, TSR_I32, stored), i32(l, l->node->requant.in_zero_point[0])), n.index[2]);
    } else {
        ex scale, zero;
        parameters(l, &y->quant, n.index[2], &scale, &zero);
        value = quantised(l, y, real_of(l, x, stored), scale, zero);
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], value));
    return tsr_ok();
}

tsr_status lower_dequantize(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    nest n = nest_of(y->rank, y->shape);
    nest_broadcast(&n, x);
    nest_broadcast(&n, y);
    add_channel(&n, x, &x->quant);
    nest_begin(l, &n);
    ex scale, zero, stored = load(l, in_buffer(l, 0), n.index[0]), value;
    if (!is_whole(x->dtype)) {
        value = cast(l, y->dtype, stored);
    } else {
        parameters(l, &x->quant, n.index[2], &scale, &zero);
        bool wide = tsr_dtype_size(x->dtype) >= 4; // the difference may need more than float32's 24 bits
        ex difference = wide ? sub(l, cast(l, TSR_I64, stored), cast(l, TSR_I64, zero)) : sub(l, cast(l, TSR_I32, stored), zero);
        tsr_dtype real = wide ? TSR_F64 : TSR_F32;
        value = cast(l, y->dtype, mul(l, cast(l, real, scale), cast(l, real, difference)));
    }
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], value));
    return tsr_ok();
}

// y = saturate(round(x / scale) + zero), scale = (max(x, 0) - min(x, 0)) / 255, zero = round(-min / scale)
tsr_status lower_dynamic_quantize(lowering *l) {
    int64_t count = elements(in(l, 0));
    tsr_tbuffer *x = in_buffer(l, 0), *scale = out_buffer(l, 1), *zero = out_buffer(l, 2);
    tsr_tbuffer *lo = tsr_local(l->f, "lo", TSR_F32, 1), *hi = tsr_local(l->f, "hi", TSR_F32, 1);
    ex o = i64(l, 0);
    tsr_stmt *s[6];
    s[0] = store(l, lo, o, f32(l, 0));
    s[1] = store(l, hi, o, f32(l, 0));
    const tsr_var *i = new_var(l, "i");
    ex value = load(l, x, var(l, i));
    s[2] = loop(
        l, i, count,
        seq2(l, store(l, lo, o, op(l, TSR_MIN, load(l, lo, o), value)), store(l, hi, o, op(l, TSR_MAX, load(l, hi, o), value))));
    ex range = op(l, TSR_DIV, sub(l, load(l, hi, o), load(l, lo, o)), f32(l, 255));
    s[3] = store(l, scale, o, choose(l, op(l, TSR_EQ, range, f32(l, 0)), f32(l, 1), range));
    ex middle = call(l, TSR_F_ROUND_EVEN, op(l, TSR_DIV, sub(l, f32(l, 0), load(l, lo, o)), load(l, scale, o)));
    s[4] = store(l, zero, o, saturated(l, TSR_U8, middle, i32(l, 0)));
    const tsr_var *j = new_var(l, "j");
    ex rounded = call(l, TSR_F_ROUND_EVEN, op(l, TSR_DIV, load(l, x, var(l, j)), load(l, scale, o)));
    s[5] = lanes(l, j, count,
                 store(l, out_buffer(l, 0), var(l, j), saturated(l, TSR_U8, rounded, cast(l, TSR_I32, load(l, zero, o)))));
    l->f->body = tsr_seq(l->arena, 6, s);
    return tsr_ok();
}
