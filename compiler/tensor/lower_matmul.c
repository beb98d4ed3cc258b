// SPDX-License-Identifier: Apache-2.0
// y[..., m, n] = sum over k of a[..., m, k] * b[..., k, n], by NumPy's rules. One b for all makes one tall product; else there
// is a product for each batch, which packs its b first.
#include "gemm.h"

typedef struct product {
    int64_t m, n, k;
    nest batch; // operands: a, b, y
    gemm gemm;
    int64_t row; // elements from row to row of the gemm's x
    tsr_tbuffer *offset; // bytes four at a time: what to add to a column's sums for the zero point of a; else NULL
    requant_tables tables;
} product;

static product product_of(const lowering *l) {
    const tsr_tensor *a = in(l, 0), *b = in(l, 1), *y = out(l, 0);
    product p = {.k = a->shape[a->rank - 1]};
    p.m = a->rank == 1 ? 1 : a->shape[a->rank - 2];
    p.n = b->rank == 1 ? 1 : b->shape[b->rank - 1];
    uint32_t matrix = (a->rank > 1) + (b->rank > 1); // dimensions of y that are not batches
    if (b->rank <= 2) {
        p.m = elements(a) / p.k;
        p.batch = nest_of(0, NULL);
    } else {
        p.batch = nest_of(y->rank - matrix, y->shape);
    }
    int64_t strides[3][TSR_MAX_RANK] = {{0}};
    const int64_t size[3] = {p.m * p.k, p.k * p.n, p.m * p.n};
    const tsr_tensor *t[3] = {a, b, y};
    for (unsigned i = 0; i < 3; i++) {
        uint32_t own = i == 2 ? y->rank - matrix : t[i]->rank > 2 ? t[i]->rank - 2 : 0;
        int64_t stride = size[i];
        for (uint32_t d = own; d-- > 0 && b->rank > 2;) {
            strides[i][p.batch.rank - own + d] = t[i]->shape[d] == 1 ? 0 : stride;
            stride *= t[i]->shape[d];
        }
        nest_operand(&p.batch, strides[i], 0);
    }
    return p;
}

static int64_t column_zero(const tsr_tensor *t, int64_t column) {
    if (t->quant.count == 0 || t->quant.zero_point == NULL)
        return 0;
    return t->quant.zero_point[t->quant.count > 1 ? column : 0];
}

// Zero point of a row of a or a column of b at run time: one for all, or a table.
static ex zero_at(lowering *l, const tsr_tensor *t, const char *name, ex at) {
    if (l->node->requant.valid || t->quant.count <= 1)
        return i32(l, column_zero(t, 0));
    void *data;
    tsr_tbuffer *zeros = constant(l, name, TSR_I32, t->quant.count, &data);
    for (uint32_t i = 0; i < t->quant.count; i++)
        ((int32_t *)data)[i] = t->quant.zero_point[i];
    return load(l, zeros, at);
}

static ex zero_of_column(lowering *l, ex column) { return zero_at(l, in(l, 1), "b_zero", column); }

static ex pixel_at(lowering *l, const void *context, ex first, int64_t next) {
    const product *p = context;
    return scaled(l, add(l, first, i64(l, next)), p->row);
}

static tsr_stmt *finish(lowering *l, const void *context, ex sum, ex pixel, ex channel) {
    product *p = (product *)(uintptr_t)context;
    if (p->offset != NULL)
        sum = add(l, sum, load(l, p->offset, channel));
    ex value = sum;
    if (l->node->requant.valid)
        value = requantised(l, &p->tables, sum, channel);
    else if (tsr_dtype_is_float(p->gemm.type))
        value = cast(l, out(l, 0)->dtype, clip_real(l, sum));
    return store(l, out_buffer(l, 0), add(l, p->batch.index[2], add(l, scaled(l, pixel, p->n), channel)), value);
}

// Rows of a as int16 without zero points, or as bytes with them, each as long as the gemm reads it.
static tsr_stmt *widened_rows(lowering *l, product *p) {
    gemm *m = &p->gemm;
    bool quads = m->operand == TSR_I8;
    tsr_dtype type = quads ? l->target->quad : TSR_I16;
    p->row = gemm_run(l, m);
    m->x = tsr_tbuffer_create(l->arena, tsr_arena_printf(l->arena, "%s.rows", l->node->name), TSR_SCOPE_SCRATCH, type,
                              (uint64_t)(p->m * p->row));
    const tsr_var *r = new_var(l, "r"), *k = new_var(l, "k");
    ex value = load(l, in_buffer(l, 0), add(l, p->batch.index[0], add(l, scaled(l, var(l, r), p->k), var(l, k))));
    if (quads)
        value = gemm_quad(l, value);
    else
        value = sub(l, cast(l, TSR_I16, value), cast(l, TSR_I16, zero_at(l, in(l, 0), "a_zero", var(l, r))));
    tsr_stmt *body = lanes(l, k, p->k, store(l, m->x, add(l, scaled(l, var(l, r), p->row), var(l, k)), value));
    return tsr_for(l->arena, r, p->m, TSR_FOR_PARALLEL, body);
}

static void take_off_zero_point(lowering *l, product *p) {
    const tsr_tensor *a = in(l, 0), *b = in(l, 1);
    const int64_t zero = gemm_quad_zero(l, a->dtype, (int32_t)column_zero(a, 0));
    void *data;
    p->offset = constant(l, "offset", TSR_I32, (uint64_t)p->n, &data);
    for (int64_t n = 0; n < p->n; n++) {
        int64_t sum = 0;
        for (int64_t k = 0; k < p->k; k++)
            sum += ((const int8_t *)b->data)[k * p->n + n];
        ((int32_t *)data)[n] = (int32_t)(-zero * sum);
    }
}

static tsr_stmt *pack_columns(lowering *l, product *p) {
    gemm *m = &p->gemm;
    const tsr_tensor *b = in(l, 1);
    bool known = b->data != NULL && b->rank <= 2 && (tsr_dtype_size(m->operand) <= 2 || tsr_dtype_is_float(m->operand));
    m->weights_base = i64(l, 0);
    if (known) {
        void *data;
        m->weights = constant(l, "weights", m->operand, (uint64_t)m->packed, &data);
        gemm_pack(l, m, b, 0, data, 0, column_zero, 0);
        return NULL;
    }
    m->weights = tsr_tbuffer_create(l->arena, tsr_arena_printf(l->arena, "%s.weights", l->node->name), TSR_SCOPE_SCRATCH,
                                    m->operand, (uint64_t)m->packed);
    return gemm_pack_at_run_time(l, m, in_buffer(l, 1), p->batch.index[1], zero_of_column);
}

tsr_status lower_matmul(lowering *l) {
    const tsr_tensor *a = in(l, 0), *b = in(l, 1), *y = out(l, 0);
    product p = product_of(l);
    bool bytes = tsr_dtype_size(a->dtype) == 1 && tsr_dtype_size(b->dtype) == 1;
    tsr_dtype type = bytes ? TSR_I32 : a->dtype;
    if (!bytes && (a->dtype != b->dtype || a->dtype != y->dtype || l->node->requant.valid))
        return unsupported(l, "operands of these types");
    if (bytes && !l->node->requant.valid && y->dtype != TSR_I32)
        return unsupported(l, "its integer result has no quantisation parameters");
    nest_begin(l, &p.batch);
    p.row = p.k;
    bool quads = bytes && gemm_takes_quads(l, a, b) && b->rank <= 2 && a->quant.count <= 1;
    p.gemm = (gemm){.type = type, .operand = quads ? TSR_I8 : bytes ? TSR_I16 : type, .pixels = p.m, .channels = p.n};
    p.gemm.runs_y = p.gemm.runs_x = 1;
    p.gemm.run = p.k;
    p.gemm.channel_step = 1, p.gemm.k_step = p.n;
    p.gemm.x = in_buffer(l, 0);
    p.gemm.x_base = bytes ? i64(l, 0) : p.batch.index[0];
    p.gemm.context = &p, p.gemm.pixel_at = pixel_at, p.gemm.finish = finish;
    gemm_plan(l, &p.gemm);
    if (quads)
        take_off_zero_point(l, &p);
    tsr_stmt *parts[3];
    uint32_t count = 0;
    if (bytes)
        parts[count++] = widened_rows(l, &p);
    tsr_stmt *pack = pack_columns(l, &p);
    if (pack != NULL)
        parts[count++] = pack;
    parts[count++] = gemm_loops(l, &p.gemm);
    l->f->body = nest_loops(l, &p.batch, tsr_seq(l->arena, count, parts));
    return tsr_ok();
}
