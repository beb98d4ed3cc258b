// SPDX-License-Identifier: Apache-2.0
// Reductions over any axes; where the largest element is; running sums.
#include <math.h>

#include "lowering.h"

typedef struct reduction {
    nest kept, gone; // operands: x (both), y (kept)
    int64_t count;   // elements that become one
    tsr_dtype type;  // of the accumulators
} reduction;

static bool is_sum(const lowering *l) { return l->node->op == TSR_OP_MEAN || l->node->op == TSR_OP_REDUCE_SUM; }

static ex number(lowering *l, tsr_dtype type, int64_t value) {
    return tsr_dtype_is_float(type) ? tsr_float(l->arena, type, (double)value) : tsr_int(l->arena, type, value);
}

static ex largest(lowering *l, tsr_dtype dtype) {
    switch (dtype) {
    case TSR_F32:
    case TSR_F64: return tsr_float(l->arena, dtype, INFINITY);
    case TSR_I8: return tsr_int(l->arena, dtype, INT8_MAX);
    case TSR_I16: return tsr_int(l->arena, dtype, INT16_MAX);
    case TSR_I32: return tsr_int(l->arena, dtype, INT32_MAX);
    case TSR_I64: return tsr_int(l->arena, dtype, INT64_MAX);
    default: return tsr_int(l->arena, dtype, dtype == TSR_BOOL ? 1 : -1);
    }
}

static tsr_dtype accumulator(const lowering *l) {
    const tsr_tensor *x = in(l, 0);
    if (l->node->op == TSR_OP_REDUCE_PROD && x->quant.count > 0)
        return TSR_F32;
    if (!is_sum(l) || tsr_dtype_is_float(x->dtype))
        return x->dtype;
    return tsr_dtype_size(x->dtype) <= 2 ? TSR_I32 : TSR_I64;
}

static ex first_value(lowering *l, tsr_dtype type) {
    switch (l->node->op) {
    case TSR_OP_REDUCE_MAX: return smallest(l, type);
    case TSR_OP_REDUCE_MIN: return largest(l, type);
    default: return number(l, type, l->node->op == TSR_OP_REDUCE_PROD ? 1 : 0);
    }
}

static ex combine(lowering *l, ex known, ex value) {
    const bool bits = known->dtype == TSR_BOOL; // any, all
    switch (l->node->op) {
    case TSR_OP_REDUCE_MAX: return op(l, bits ? TSR_OR : TSR_MAX, known, value);
    case TSR_OP_REDUCE_MIN: return op(l, bits ? TSR_AND : TSR_MIN, known, value);
    case TSR_OP_REDUCE_PROD: return op(l, TSR_MUL, known, value);
    default: return op(l, TSR_ADD, known, value);
    }
}

static ex result_of(lowering *l, ex total, int64_t count) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const tsr_dtype type = total->dtype;
    const tsr_requant *r = &l->node->requant;
    requant_tables none = {0};
    if (l->node->op == TSR_OP_MEAN) {
        const bool plain = !tsr_dtype_is_float(type) && (type == TSR_I64 || x->quant.count == 0);
        return plain ? cast(l, y->dtype, op(l, TSR_DIV, total, number(l, type, count))) : average(l, total, i64(l, count));
    }
    if (l->node->op == TSR_OP_REDUCE_SUM && x->quant.count > 0) {
        ex centred = sub(l, cast(l, TSR_I32, total), i32(l, count * zero_point(x)));
        if (r->valid)
            return requantised(l, &none, centred, i64(l, 0));
        return stored_of(l, y, mul(l, f32(l, x->quant.scale[0]), cast(l, TSR_F32, centred)));
    }
    if (l->node->op == TSR_OP_REDUCE_PROD && x->quant.count > 0)
        return stored_of(l, y, total);
    if (r->valid) // the largest, the smallest
        return finished(l, sub(l, cast(l, TSR_I32, total), i32(l, r->in_zero_point[0])));
    if (x->quant.count > 0)
        return stored_of(l, y, real_of(l, x, total));
    return cast(l, y->dtype, total);
}

static tsr_stmt *reduce_tile(lowering *l, const reduction *r, int64_t first, int64_t size, int64_t count, bool channels) {
    nest kept = r->kept, gone = r->gone;
    nest_begin(l, &kept);
    nest_begin(l, &gone);
    tsr_tbuffer *acc = tsr_local(l->f, "acc", r->type, (uint64_t)size);
    const tsr_var *t = new_var(l, "t"), *j[3] = {new_var(l, "j"), new_var(l, "j"), new_var(l, "j")};
    ex start = channels ? add(l, scaled(l, var(l, t), size), i64(l, first)) : i64(l, 0);
    tsr_stmt *init = lanes(l, j[0], size, store(l, acc, var(l, j[0]), first_value(l, r->type)));
    ex from = add(l, add(l, kept.index[0], gone.index[0]), add(l, start, var(l, j[1])));
    ex stored = load(l, in_buffer(l, 0), from);
    const bool real = r->type == TSR_F32 && in(l, 0)->quant.count > 0;
    ex value = combine(l, load(l, acc, var(l, j[1])), real ? real_of(l, in(l, 0), stored) : cast(l, r->type, stored));
    tsr_stmt *body = nest_loops(l, &gone, lanes(l, j[1], size, store(l, acc, var(l, j[1]), value)));
    tsr_stmt *copy = copy_local(l, acc, &acc);
    ex to = add(l, kept.index[1], add(l, start, var(l, j[2])));
    ex result = result_of(l, load(l, acc, var(l, j[2])), r->count);
    tsr_stmt *write = lanes(l, j[2], size, store(l, out_buffer(l, 0), to, result));
    return nest_loops(l, &kept, loop(l, t, count, seq4(l, init, body, copy, write)));
}

tsr_status lower_reduce(lowering *l) {
    const tsr_tensor *x = in(l, 0);
    const tsr_attr *a = &l->node->attr;
    int64_t from[TSR_MAX_RANK], kept_extent[TSR_MAX_RANK], gone_extent[TSR_MAX_RANK], to[TSR_MAX_RANK];
    int64_t kept_from[TSR_MAX_RANK], gone_from[TSR_MAX_RANK];
    uint32_t kept = 0, gone = 0;
    bool reduced[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < a->axis_count; i++)
        reduced[a->axes[i] < 0 ? a->axes[i] + x->rank : a->axes[i]] = true;
    row_major(x->shape, x->rank, from);
    reduction r = {.count = 1, .type = accumulator(l)};
    for (uint32_t d = 0; d < x->rank; d++)
        if (reduced[d]) {
            gone_from[gone] = from[d];
            gone_extent[gone++] = x->shape[d];
            r.count *= x->shape[d];
        } else {
            kept_from[kept] = from[d];
            kept_extent[kept++] = x->shape[d];
        }
    row_major(kept_extent, kept, to);
    bool channels = kept > 0 && !reduced[x->rank - 1];
    tiles kinds[2] = {{0, 1, 1}};
    unsigned count = channels ? split_channels(kept_extent[kept - 1], kinds) : 1;
    r.kept = nest_of(channels ? kept - 1 : kept, kept_extent);
    r.gone = nest_of(gone, gone_extent);
    nest_operand(&r.kept, kept_from, 0);
    nest_operand(&r.kept, to, 0);
    nest_operand(&r.gone, gone_from, 0);
    tsr_stmt *parts[2];
    for (unsigned i = 0; i < count; i++)
        parts[i] = reduce_tile(l, &r, kinds[i].first, kinds[i].size, kinds[i].count, channels);
    l->f->body = tsr_seq(l->arena, count, parts);
    return tsr_ok();
}

// ---- along one axis ----------------------------------------------------------------------------------------------------

typedef struct rows { // outer x length x inner
    int64_t outer, length, inner;
    const tsr_var *o, *k, *i;
} rows;

static rows rows_of(lowering *l) {
    const tsr_tensor *x = in(l, 0);
    rows r = {.outer = 1, .length = 1, .inner = 1, .o = new_var(l, "o"), .k = new_var(l, "k"), .i = new_var(l, "i")};
    for (uint32_t d = 0; d < x->rank; d++)
        *((int64_t)d < l->node->attr.axis ? &r.outer : (int64_t)d == l->node->attr.axis ? &r.length : &r.inner) *= x->shape[d];
    return r;
}

static ex element(lowering *l, const rows *r, ex k) {
    return add(l, scaled(l, add(l, scaled(l, var(l, r->o), r->length), k), r->inner), var(l, r->i));
}

tsr_status lower_arg(lowering *l) {
    rows r = rows_of(l);
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    tsr_tbuffer *best = tsr_local(l->f, "best", x->dtype, 1), *where = tsr_local(l->f, "where", y->dtype, 1);
    ex o = i64(l, 0), value = load(l, in_buffer(l, 0), element(l, &r, var(l, r.k))), known = load(l, best, o);
    const bool last = l->node->attr.select_last;
    tsr_binary better = l->node->op == TSR_OP_ARG_MAX ? last ? TSR_GE : TSR_GT : last ? TSR_LE : TSR_LT;
    tsr_stmt *take = seq2(l, store(l, best, o, value), store(l, where, o, cast(l, y->dtype, var(l, r.k))));
    tsr_stmt *start = seq2(l, store(l, best, o, load(l, in_buffer(l, 0), element(l, &r, o))),
                           store(l, where, o, tsr_int(l->arena, y->dtype, 0)));
    tsr_stmt *body = loop(l, r.k, r.length, tsr_if(l->arena, op(l, better, value, known), take));
    ex to = add(l, scaled(l, var(l, r.o), r.inner), var(l, r.i));
    tsr_stmt *write = store(l, out_buffer(l, 0), to, load(l, where, o));
    l->f->body = loop(l, r.o, r.outer, loop(l, r.i, r.inner, seq3(l, start, body, write)));
    return tsr_ok();
}

tsr_status lower_cum_sum(lowering *l) {
    rows r = rows_of(l);
    const tsr_attr *a = &l->node->attr;
    const tsr_dtype type = in(l, 0)->dtype;
    tsr_tbuffer *sum = tsr_local(l->f, "sum", type, 1);
    ex o = i64(l, 0), k = a->reverse ? sub(l, i64(l, r.length - 1), var(l, r.k)) : var(l, r.k), at = element(l, &r, k);
    const bool product = a->reduction == TSR_REDUCE_MUL;
    tsr_stmt *grow = store(l, sum, o, op(l, product ? TSR_MUL : TSR_ADD, load(l, sum, o), load(l, in_buffer(l, 0), at)));
    tsr_stmt *write = store(l, out_buffer(l, 0), at, load(l, sum, o));
    tsr_stmt *body = a->exclusive ? seq2(l, write, grow) : seq2(l, grow, write);
    tsr_stmt *start = store(l, sum, o, number(l, type, product));
    l->f->body = loop(l, r.o, r.outer, loop(l, r.i, r.inner, seq2(l, start, loop(l, r.k, r.length, body))));
    return tsr_ok();
}
