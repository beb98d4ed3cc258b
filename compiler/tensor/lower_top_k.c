// SPDX-License-Identifier: Apache-2.0
// The largest elements along an axis, in order. Each element that is larger than the last one kept is put in its place among
// them. Most elements are not, so that the cost is about that of one look at each.
#include "lowering.h"

typedef struct rows { // outer x length x inner
    int64_t inner;
    const tsr_var *o, *i;
} rows;

static ex element(lowering *l, const rows *r, int64_t length, ex k) {
    return add(l, scaled(l, add(l, scaled(l, var(l, r->o), length), k), r->inner), var(l, r->i));
}

static ex better(lowering *l, ex a, ex b) { return op(l, l->node->attr.smallest ? TSR_LT : TSR_GT, a, b); }

static tsr_stmt *put(lowering *l, ex to, ex value, ex index) {
    return seq2(l, store(l, out_buffer(l, 0), to, value), store(l, out_buffer(l, 1), to, cast(l, out(l, 1)->dtype, index)));
}

tsr_status lower_top_k(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const int64_t axis = l->node->attr.axis, length = x->shape[axis], kept = y->shape[axis];
    rows r = {.inner = 1, .o = new_var(l, "o"), .i = new_var(l, "i")};
    int64_t outer = 1;
    for (uint32_t d = 0; d < x->rank; d++)
        if (d != axis)
            *(d < axis ? &outer : &r.inner) *= x->shape[d];
    if (x->quant.count > 0 && !same_quant(x, y))
        return unsupported(l, "a result quantised otherwise than the input");
    tsr_tbuffer *moved = tsr_local(l->f, "moved", TSR_I64, 1), *now = tsr_local(l->f, "now", x->dtype, 1);
    const tsr_var *n = new_var(l, "n"), *m = new_var(l, "m");
    ex o = i64(l, 0), value = load(l, now, o), shift = load(l, moved, o);
    // From the place before the last upwards, whatever is worse moves down by one. Places from n on hold nothing yet.
    ex place = sub(l, i64(l, kept - 2), var(l, m)), at = element(l, &r, kept, place);
    ex known = load(l, out_buffer(l, 0), at), below = element(l, &r, kept, add(l, place, i64(l, 1)));
    ex worse = op(l, TSR_OR, op(l, TSR_GE, place, var(l, n)), better(l, value, known));
    tsr_stmt *move = seq2(l, put(l, below, known, load(l, out_buffer(l, 1), at)), store(l, moved, o, add(l, shift, i64(l, 1))));
    tsr_stmt *step = tsr_if(l->arena, op(l, TSR_EQ, shift, var(l, m)), tsr_if(l->arena, worse, move)); // none stayed before it
    tsr_stmt *end = put(l, element(l, &r, kept, sub(l, i64(l, kept - 1), shift)), value, var(l, n));
    tsr_stmt *insert = seq3(l, store(l, moved, o, o), loop(l, m, kept - 1, step), end);

    ex last = load(l, out_buffer(l, 0), element(l, &r, kept, i64(l, kept - 1)));
    ex wanted = op(l, TSR_OR, op(l, TSR_LT, var(l, n), i64(l, kept)), better(l, value, last));
    tsr_stmt *read = store(l, now, o, load(l, in_buffer(l, 0), element(l, &r, length, var(l, n))));
    tsr_stmt *row = loop(l, n, length, seq2(l, read, tsr_if(l->arena, wanted, insert)));
    l->f->body = loop(l, r.o, outer, loop(l, r.i, r.inner, row));
    return tsr_ok();
}
