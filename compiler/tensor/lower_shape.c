// SPDX-License-Identifier: Apache-2.0
// Operators that move elements without computing.
#include <math.h>

#include "lowering.h"

tsr_status lower_copy(lowering *l) {
    int64_t count = elements(out(l, 0));
    if (elements(in(l, 0)) != count)
        return unsupported(l, "input and output differ in size");
    nest n = nest_of(1, &count);
    nest_operand(&n, (int64_t[]){1}, 0);
    nest_begin(l, &n);
    const tsr_dtype from = in(l, 0)->dtype, to = out(l, 0)->dtype;
    ex value = load(l, in_buffer(l, 0), n.index[0]);
    if (from != to && tsr_dtype_is_half(from))
        value = float_of_half(l, from, value);
    if (from != to)
        value = tsr_dtype_is_half(to) ? half_of_float(l, to, cast(l, TSR_F32, value)) : cast(l, to, value);
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[0], value));
    return tsr_ok();
}

tsr_status lower_transpose(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    int64_t own[TSR_MAX_RANK], from[TSR_MAX_RANK], to[TSR_MAX_RANK];
    row_major(x->shape, x->rank, own);
    row_major(y->shape, y->rank, to);
    for (uint32_t i = 0; i < y->rank; i++)
        from[i] = own[l->node->attr.perm[i]];
    nest n = nest_of(y->rank, y->shape);
    nest_operand(&n, from, 0);
    nest_operand(&n, to, 0);
    nest_begin(l, &n);
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], load(l, in_buffer(l, 0), n.index[0])));
    return tsr_ok();
}

static ex pad_value(lowering *l) {
    const tsr_tensor *y = out(l, 0);
    const tsr_attr *a = &l->node->attr;
    if (tsr_dtype_is_float(y->dtype))
        return tsr_float(l->arena, y->dtype, a->pad_value);
    return tsr_int(l->arena, y->dtype, a->pad_is_zero_point ? zero_point(y) : (int64_t)a->pad_value);
}

// Where a padded index of one dimension takes its element from.
static ex pad_source(lowering *l, ex index, int64_t begin, int64_t extent) {
    ex at = sub(l, index, i64(l, begin));
    if (l->node->attr.pad_mode == TSR_PAD_EDGE)
        return op(l, TSR_MIN, op(l, TSR_MAX, at, i64(l, 0)), i64(l, extent - 1));
    at = op(l, TSR_MAX, at, sub(l, i64(l, 0), at));
    return op(l, TSR_MIN, at, sub(l, i64(l, 2 * (extent - 1)), at));
}

// Every element of the output looks up its own.
static tsr_status lower_pad_from_picture(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    int64_t from[TSR_MAX_RANK], to[TSR_MAX_RANK];
    const tsr_var *v[TSR_MAX_RANK];
    ex source = i64(l, 0), target = i64(l, 0);
    row_major(x->shape, x->rank, from);
    row_major(y->shape, y->rank, to);
    for (uint32_t d = 0; d < y->rank; d++) {
        v[d] = new_var(l, "i");
        const bool padded = x->shape[d] != y->shape[d];
        ex at = padded ? pad_source(l, var(l, v[d]), l->node->attr.pads_begin[d], x->shape[d]) : var(l, v[d]);
        source = add(l, source, scaled(l, at, from[d]));
        target = add(l, target, scaled(l, var(l, v[d]), to[d]));
    }
    tsr_stmt *body = store(l, out_buffer(l, 0), target, load(l, in_buffer(l, 0), source));
    for (uint32_t d = y->rank; d-- > 0;)
        body = loop(l, v[d], y->shape[d], body);
    l->f->body = body;
    return tsr_ok();
}

// Everything is filled, then the picture is put over it.
tsr_status lower_pad(lowering *l) {
    if (l->node->attr.pad_mode != TSR_PAD_VALUE)
        return lower_pad_from_picture(l);
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    int64_t from[TSR_MAX_RANK], to[TSR_MAX_RANK], target = 0;
    const tsr_var *i = new_var(l, "i");
    tsr_stmt *fill = lanes(l, i, elements(y), store(l, out_buffer(l, 0), var(l, i), pad_value(l)));
    row_major(x->shape, x->rank, from);
    row_major(y->shape, y->rank, to);
    for (uint32_t d = 0; d < x->rank; d++)
        target += l->node->attr.pads_begin[d] * to[d];
    nest n = nest_of(x->rank, x->shape);
    nest_operand(&n, from, 0);
    nest_operand(&n, to, target);
    nest_begin(l, &n);
    tsr_stmt *copy = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], load(l, in_buffer(l, 0), n.index[0])));
    l->f->body = elements(x) == elements(y) ? copy : seq2(l, fill, copy);
    return tsr_ok();
}

static double same(const tsr_node *node, double real) {
    (void)node;
    return real;
}

bool same_quant(const tsr_tensor *a, const tsr_tensor *b) {
    if (a->quant.count == 0 || b->quant.count == 0)
        return true;
    return a->quant.scale[0] == b->quant.scale[0] && zero_point(a) == zero_point(b);
}

tsr_status lower_concat(lowering *l) {
    const tsr_tensor *y = out(l, 0);
    int64_t to[TSR_MAX_RANK], at = 0;
    uint32_t axis = (uint32_t)l->node->attr.axis;
    row_major(y->shape, y->rank, to);
    tsr_stmt **parts = TSR_NEW_ARRAY(l->arena, tsr_stmt *, l->node->input_count + 1);
    for (uint32_t i = 0; i < l->node->input_count; i++) {
        const tsr_tensor *x = in(l, i);
        int64_t from[TSR_MAX_RANK];
        row_major(x->shape, x->rank, from);
        nest n = nest_of(x->rank, x->shape);
        nest_operand(&n, from, 0);
        nest_operand(&n, to, at * to[axis]);
        nest_begin(l, &n);
        ex value = load(l, in_buffer(l, i), n.index[0]);
        if (!same_quant(x, y))
            value = tsr_dtype_size(x->dtype) == 1 ? looked_up(l, x, y, value, same) : stored_of(l, y, real_of(l, x, value));
        parts[i] = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], value));
        at += x->shape[axis];
    }
    l->f->body = tsr_seq(l->arena, l->node->input_count, parts);
    return tsr_ok();
}
