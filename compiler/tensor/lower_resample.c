// SPDX-License-Identifier: Apache-2.0
// Linear resampling along one axis: each element of the result is a weighted sum of `taps` elements of x.
#include "lowering.h"

enum { MOST_UNROLLED = 8 };

tsr_status lower_resample(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const int64_t axis = l->node->attr.axis, taps = in(l, 1)->shape[1], from = x->shape[axis], to = y->shape[axis];
    int64_t outer = 1, inner = 1;
    for (uint32_t d = 0; d < x->rank; d++)
        if (d != axis)
            *(d < axis ? &outer : &inner) *= x->shape[d];
    const tsr_var *o = new_var(l, "o"), *p = new_var(l, "p"), *i[2] = {new_var(l, "i"), new_var(l, "i")}, *k = new_var(l, "k");
    const bool unrolled = taps <= MOST_UNROLLED;
    const tsr_dtype type = unrolled || y->dtype != TSR_F64 ? TSR_F32 : TSR_F64;
    if (!unrolled && y->dtype != TSR_F32)
        return unsupported(l, "resampling by more than 8 taps of other types than float32; cast to float32");
    ex row = add(l, scaled(l, var(l, o), to), var(l, p)), sum = NULL, at = NULL;
    for (int64_t t = 0; t < (unrolled ? taps : 1); t++) {
        ex entry = add(l, scaled(l, var(l, p), taps), unrolled ? i64(l, t) : var(l, k));
        ex source = add(l, scaled(l, var(l, o), from), cast(l, TSR_I64, load(l, in_buffer(l, 1), entry)));
        at = add(l, scaled(l, source, inner), var(l, i[0]));
        ex term = mul(l, load(l, in_buffer(l, 2), entry), cast(l, type, real_of(l, x, load(l, in_buffer(l, 0), at))));
        sum = sum == NULL ? term : add(l, sum, term);
    }
    ex target[2];
    for (unsigned n = 0; n < 2; n++)
        target[n] = add(l, scaled(l, row, inner), var(l, i[n]));
    tsr_stmt *body;
    if (unrolled) {
        body = store(l, out_buffer(l, 0), target[0], stored_of(l, y, sum));
        body = inner == 1 ? loop(l, i[0], 1, body) : lanes(l, i[0], inner, body);
        body =
            inner == 1 ? lanes(l, p, to, body) : tsr_for(l->arena, p, to, outer == 1 ? TSR_FOR_PARALLEL : TSR_FOR_SERIAL, body);
    } else {
        ex more = add(l, load(l, out_buffer(l, 0), target[0]), sum);
        body = seq2(l, lanes(l, i[1], inner, store(l, out_buffer(l, 0), target[1], f32(l, 0))),
                    loop(l, k, taps, lanes(l, i[0], inner, store(l, out_buffer(l, 0), target[0], more))));
        body = loop(l, p, to, body);
    }
    l->f->body = tsr_for(l->arena, o, outer, outer == 1 ? TSR_FOR_SERIAL : TSR_FOR_PARALLEL, body);
    return tsr_ok();
}
