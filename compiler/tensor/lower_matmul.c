// SPDX-License-Identifier: Apache-2.0
// y[..., m, n] = sum over k of a[..., m, k] * b[..., k, n], by NumPy's rules; columns are innermost.
#include "lowering.h"

typedef struct product {
    int64_t m, n, k;
    nest batch; // operands: a, b, y
    tsr_dtype type;
    requant_tables tables;
} product;

static product product_of(const lowering *l) {
    const tsr_tensor *a = in(l, 0), *b = in(l, 1), *y = out(l, 0);
    product p = {.k = a->shape[a->rank - 1]};
    p.m = a->rank == 1 ? 1 : a->shape[a->rank - 2];
    p.n = b->rank == 1 ? 1 : b->shape[b->rank - 1];
    uint32_t matrix = (a->rank > 1) + (b->rank > 1); // dimensions of y that are not batches
    p.batch = nest_of(y->rank - matrix, y->shape);
    int64_t strides[3][TSR_MAX_RANK] = {{0}};
    const int64_t size[3] = {p.m * p.k, p.k * p.n, p.m * p.n};
    const tsr_tensor *t[3] = {a, b, y};
    for (unsigned i = 0; i < 3; i++) {
        uint32_t own = i == 2 ? y->rank - matrix : t[i]->rank > 2 ? t[i]->rank - 2 : 0;
        int64_t stride = size[i];
        for (uint32_t d = own; d-- > 0;) {
            strides[i][p.batch.rank - own + d] = t[i]->shape[d] == 1 ? 0 : stride;
            stride *= t[i]->shape[d];
        }
        nest_operand(&p.batch, strides[i], 0);
    }
    return p;
}

// Zero point of a row of a or a column of b: one for all, or a table.
static ex zero_of(lowering *l, const tsr_tensor *t, int64_t requant, const char *name, ex at) {
    if (l->node->requant.valid || t->quant.count <= 1)
        return i32(l, l->node->requant.valid ? requant : zero_point(t));
    void *data;
    tsr_tbuffer *zeros = constant(l, name, TSR_I32, t->quant.count, &data);
    for (uint32_t i = 0; i < t->quant.count; i++)
        ((int32_t *)data)[i] = t->quant.zero_point[i];
    return load(l, zeros, at);
}

static ex operand(lowering *l, tsr_dtype type, ex stored, ex zero) {
    ex value = cast(l, type, stored);
    return type == TSR_I32 && !(zero->kind == TSR_E_INT && zero->value.i == 0) ? sub(l, value, zero) : value;
}

static tsr_status one_tile(lowering *l, product *p, tiles kind, tsr_stmt **out_stmt) {
    int64_t rows = 1;
    while (rows < 4 && p->m % (2 * rows) == 0 && 2 * rows * kind.size <= 128)
        rows *= 2;
    nest batch = p->batch;
    nest_begin(l, &batch);
    const tsr_var *t = new_var(l, "t"), *m = new_var(l, "m"), *k = new_var(l, "k");
    const tsr_var *q[3], *j[3];
    ex at[3], row[3], column[3];
    tsr_tbuffer *acc = tsr_local(l->f, "acc", p->type, (uint64_t)(rows * kind.size));
    for (int i = 0; i < 3; i++) { // start, sum, finish
        q[i] = new_var(l, "p");
        j[i] = new_var(l, "j");
        at[i] = add(l, scaled(l, var(l, q[i]), kind.size), var(l, j[i]));
        row[i] = add(l, scaled(l, var(l, m), rows), var(l, q[i]));
        column[i] = add(l, add(l, scaled(l, var(l, t), kind.size), i64(l, kind.first)), var(l, j[i]));
    }
    ex zero = tsr_dtype_is_float(p->type) ? tsr_float(l->arena, p->type, 0) : tsr_int(l->arena, p->type, 0);
    tsr_stmt *body[3];
    body[0] = store(l, acc, at[0], zero);
    const tsr_requant *r = &l->node->requant;
    ex a = load(l, in_buffer(l, 0), add(l, batch.index[0], add(l, scaled(l, row[1], p->k), var(l, k))));
    ex b = load(l, in_buffer(l, 1), add(l, batch.index[1], add(l, scaled(l, var(l, k), p->n), column[1])));
    a = operand(l, p->type, a, zero_of(l, in(l, 0), r->in_zero_point[0], "a_zero", row[1]));
    b = operand(l, p->type, b, zero_of(l, in(l, 1), r->in_zero_point[1], "b_zero", column[1]));
    body[1] = store(l, acc, at[1], add(l, load(l, acc, at[1]), mul(l, a, b)));
    tsr_tbuffer *sums;
    tsr_stmt *copy = copy_local(l, acc, &sums);
    ex sum = load(l, sums, at[2]), value = sum;
    if (r->valid)
        value = requantised(l, &p->tables, sum, column[2]);
    else if (tsr_dtype_is_float(p->type))
        value = cast(l, out(l, 0)->dtype, clip_real(l, sum));
    else if (out(l, 0)->dtype != p->type)
        return unsupported(l, "its integer result has no quantisation parameters");
    body[2] = store(l, out_buffer(l, 0), add(l, batch.index[2], add(l, scaled(l, row[2], p->n), column[2])), value);
    for (int i = 0; i < 3; i++)
        body[i] = tsr_for(l->arena, q[i], rows, i < 2 ? TSR_FOR_UNROLL : TSR_FOR_SERIAL, lanes(l, j[i], kind.size, body[i]));
    tsr_stmt *all = seq4(l, body[0], loop(l, k, p->k, body[1]), copy, body[2]);
    *out_stmt = nest_loops(l, &batch, loop(l, t, kind.count, loop(l, m, p->m / rows, all)));
    return tsr_ok();
}

tsr_status lower_matmul(lowering *l) {
    const tsr_tensor *a = in(l, 0), *b = in(l, 1), *y = out(l, 0);
    product p = product_of(l);
    bool bytes = tsr_dtype_size(a->dtype) == 1 && tsr_dtype_size(b->dtype) == 1;
    p.type = bytes ? TSR_I32 : a->dtype;
    if (!bytes && (a->dtype != b->dtype || a->dtype != y->dtype || l->node->requant.valid))
        return unsupported(l, "operands of these types");
    tiles kinds[2];
    tsr_stmt *parts[2];
    unsigned count = split_channels(p.n, kinds);
    for (unsigned i = 0; i < count; i++)
        TSR_TRY(one_tile(l, &p, kinds[i], &parts[i]));
    l->f->body = tsr_seq(l->arena, count, parts);
    return tsr_ok();
}
