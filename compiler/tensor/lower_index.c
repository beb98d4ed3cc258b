// SPDX-License-Identifier: Apache-2.0
// Slices, and elements whose place is computed.
#include <string.h>

#include "lowering.h"

tsr_status lower_slice(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const tsr_attr *a = &l->node->attr;
    int64_t own[TSR_MAX_RANK], from[TSR_MAX_RANK], to[TSR_MAX_RANK], first = 0;
    row_major(x->shape, x->rank, own);
    row_major(y->shape, y->rank, to);
    for (uint32_t d = 0; d < x->rank; d++) {
        first += a->starts[d] * own[d];
        from[d] = y->shape[d] == 1 ? 0 : own[d] * a->steps[d];
    }
    nest n = nest_of(y->rank, y->shape);
    nest_operand(&n, from, first);
    nest_operand(&n, to, 0);
    nest_begin(l, &n);
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], load(l, in_buffer(l, 0), n.index[0])));
    return tsr_ok();
}

tsr_status lower_expand(lowering *l) {
    nest n = nest_of(out(l, 0)->rank, out(l, 0)->shape);
    nest_broadcast(&n, in(l, 0));
    nest_broadcast(&n, out(l, 0));
    nest_begin(l, &n);
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[1], load(l, in_buffer(l, 0), n.index[0])));
    return tsr_ok();
}

// An index from a tensor: negative ones count from the end, and none leaves the extent.
static ex bounded(lowering *l, ex index, int64_t extent) {
    index = cast(l, TSR_I64, index);
    index = choose(l, op(l, TSR_LT, index, i64(l, 0)), add(l, index, i64(l, extent)), index);
    return op(l, TSR_MIN, op(l, TSR_MAX, index, i64(l, 0)), i64(l, extent - 1));
}

// y[batch, before, indices, after] = x[batch, before, indices[batch, i], after]
tsr_status lower_gather(lowering *l) {
    const tsr_tensor *x = in(l, 0), *indices = in(l, 1), *y = out(l, 0);
    const uint32_t axis = (uint32_t)l->node->attr.axis, batch = (uint32_t)l->node->attr.batch_dims;
    const uint32_t count = indices->rank - batch; // dimensions that the indices bring
    int64_t own[TSR_MAX_RANK], row[TSR_MAX_RANK], to[TSR_MAX_RANK], from[TSR_MAX_RANK] = {0}, which[TSR_MAX_RANK] = {0};
    row_major(x->shape, x->rank, own);
    row_major(indices->shape, indices->rank, row);
    row_major(y->shape, y->rank, to);
    for (uint32_t d = 0; d < axis; d++)
        from[d] = own[d];
    for (uint32_t d = axis + 1; d < x->rank; d++)
        from[d + count - 1] = own[d];
    for (uint32_t d = 0; d < batch; d++)
        which[d] = row[d];
    for (uint32_t d = 0; d < count; d++)
        which[axis + d] = row[batch + d];
    nest n = nest_of(y->rank, y->shape);
    nest_operand(&n, from, 0);
    nest_operand(&n, which, 0);
    nest_operand(&n, to, 0);
    nest_begin(l, &n);
    ex index = bounded(l, load(l, in_buffer(l, 1), n.index[1]), x->shape[axis]);
    ex value = load(l, in_buffer(l, 0), add(l, n.index[0], scaled(l, index, own[axis])));
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[2], value));
    return tsr_ok();
}

// Where the slice of `x` begins that a row of indices names, less the batch's offset.
static ex named_slice(lowering *l, const tsr_tensor *x, uint32_t batch, const tsr_tensor *indices, ex row) {
    int64_t own[TSR_MAX_RANK];
    row_major(x->shape, x->rank, own);
    ex at = i64(l, 0);
    for (int64_t k = 0; k < indices->shape[indices->rank - 1]; k++) {
        ex index = bounded(l, load(l, in_buffer(l, 1), add(l, row, i64(l, k))), x->shape[batch + k]);
        at = add(l, at, scaled(l, index, own[batch + k]));
    }
    return at;
}

tsr_status lower_gather_nd(lowering *l) {
    const tsr_tensor *x = in(l, 0), *indices = in(l, 1), *y = out(l, 0);
    const uint32_t batch = (uint32_t)l->node->attr.batch_dims, rows = indices->rank - 1;
    const uint32_t depth = (uint32_t)indices->shape[rows];
    int64_t own[TSR_MAX_RANK], row[TSR_MAX_RANK], to[TSR_MAX_RANK], from[TSR_MAX_RANK] = {0}, which[TSR_MAX_RANK] = {0};
    row_major(x->shape, x->rank, own);
    row_major(indices->shape, indices->rank, row);
    row_major(y->shape, y->rank, to);
    for (uint32_t d = 0; d < batch; d++)
        from[d] = own[d];
    for (uint32_t d = 0; d < rows; d++)
        which[d] = row[d];
    for (uint32_t d = batch + depth; d < x->rank; d++)
        from[rows + d - batch - depth] = own[d];
    nest n = nest_of(y->rank, y->shape);
    nest_operand(&n, from, 0);
    nest_operand(&n, which, 0);
    nest_operand(&n, to, 0);
    nest_begin(l, &n);
    ex value = load(l, in_buffer(l, 0), add(l, n.index[0], named_slice(l, x, batch, indices, n.index[1])));
    l->f->body = nest_end(l, &n, store(l, out_buffer(l, 0), n.index[2], value));
    return tsr_ok();
}

static ex scattered(lowering *l, ex known, ex update) {
    switch (l->node->attr.reduction) {
    case TSR_REDUCE_ADD: return op(l, TSR_ADD, known, update);
    case TSR_REDUCE_MUL: return op(l, TSR_MUL, known, update);
    case TSR_REDUCE_MIN: return op(l, TSR_MIN, known, update);
    case TSR_REDUCE_MAX: return op(l, TSR_MAX, known, update);
    default: return update;
    }
}

// A copy of x, then one update after the other.
tsr_status lower_scatter_nd(lowering *l) {
    const tsr_tensor *x = in(l, 0), *indices = in(l, 1), *updates = in(l, 2);
    const uint32_t rows = indices->rank - 1, depth = (uint32_t)indices->shape[rows];
    int64_t own[TSR_MAX_RANK], row[TSR_MAX_RANK], from[TSR_MAX_RANK], to[TSR_MAX_RANK] = {0}, which[TSR_MAX_RANK] = {0};
    row_major(x->shape, x->rank, own);
    row_major(indices->shape, indices->rank, row);
    row_major(updates->shape, updates->rank, from);
    for (uint32_t d = 0; d < rows; d++)
        which[d] = row[d];
    for (uint32_t d = depth; d < x->rank; d++)
        to[rows + d - depth] = own[d];
    const tsr_var *i = new_var(l, "i");
    tsr_stmt *copy = lanes(l, i, elements(x), store(l, out_buffer(l, 0), var(l, i), load(l, in_buffer(l, 0), var(l, i))));
    nest n = nest_of(updates->rank, updates->shape);
    nest_operand(&n, from, 0);
    nest_operand(&n, which, 0);
    nest_operand(&n, to, 0);
    nest_begin(l, &n);
    ex target = add(l, n.index[2], named_slice(l, x, 0, indices, n.index[1]));
    ex value = scattered(l, load(l, out_buffer(l, 0), target), load(l, in_buffer(l, 2), n.index[0]));
    l->f->body = seq2(l, copy, nest_loops(l, &n, store(l, out_buffer(l, 0), target, value)));
    return tsr_ok();
}
