// SPDX-License-Identifier: Apache-2.0
// Rows, or whatever the axes name, brought to mean 0 and variance 1.
#include <string.h>

#include "lowering.h"

enum { LANES = 16, X = 0, SCALE = 1, BIAS = 2 };

typedef struct group {
    nest kept, gone; // operands: x (as large as y), scale, bias
    ex base[3];      // of the group, by kept
    tsr_dtype type;  // of the arithmetic
    int64_t count;
} group;

static ex real_at(lowering *l, const group *g, uint32_t operand, ex index) {
    ex stored = load(l, in_buffer(l, operand), index);
    return g->type == TSR_F64 ? stored : real_of(l, in(l, operand), stored);
}

// The loops over a group: all but the last as they are, the last one in whole vectors and a rest. body(index of each operand,
// lane) is made twice.
typedef tsr_stmt *group_body(lowering *l, const group *g, const ex index[3], ex lane, void *context);
static tsr_stmt *over_group(lowering *l, const group *g, group_body *body, void *context) {
    nest outer = g->gone;
    const int64_t extent = outer.extent[--outer.rank], whole = extent / LANES;
    nest_begin(l, &outer);
    const tsr_var *b = new_var(l, "b"), *j = new_var(l, "j"), *r = new_var(l, "r");
    ex at[2] = {add(l, scaled(l, var(l, b), LANES), var(l, j)), add(l, i64(l, whole * LANES), var(l, r))};
    tsr_stmt *parts[2];
    for (unsigned p = 0; p < 2; p++) {
        ex index[3];
        for (uint32_t o = 0; o < 3; o++)
            index[o] = add(l, add(l, g->base[o], outer.index[o]), scaled(l, at[p], g->gone.stride[o][g->gone.rank - 1]));
        parts[p] = body(l, g, index, p == 0 ? var(l, j) : i64(l, 0), context);
    }
    parts[0] = loop(l, b, whole, lanes(l, j, LANES, parts[0]));
    parts[1] = loop(l, r, extent % LANES, parts[1]);
    return nest_loops(l, &outer, seq2(l, parts[0], parts[1]));
}

typedef struct sum {
    tsr_tbuffer *acc, *mean; // mean: NULL until it is known
} sum;

static tsr_stmt *accumulate(lowering *l, const group *g, const ex index[3], ex lane, void *context) {
    const sum *s = context;
    ex value = real_at(l, g, X, index[X]);
    if (s->mean != NULL)
        value = sub(l, value, load(l, s->mean, i64(l, 0)));
    if (s->mean != NULL || l->node->attr.root_mean_square)
        value = mul(l, value, value);
    return store(l, s->acc, lane, add(l, load(l, s->acc, lane), value));
}

// *out_total = the sum over the group of x, or of the squares of x - mean.
static tsr_stmt *add_up(lowering *l, const group *g, tsr_tbuffer *mean, tsr_tbuffer *out_total) {
    sum s = {tsr_local(l->f, "acc", g->type, LANES), mean};
    tsr_tbuffer *sums;
    const tsr_var *j = new_var(l, "j"), *k = new_var(l, "k");
    ex zero = tsr_float(l->arena, g->type, 0), o = i64(l, 0);
    tsr_stmt *parts[5];
    parts[0] = lanes(l, j, LANES, store(l, s.acc, var(l, j), zero));
    parts[1] = over_group(l, g, accumulate, &s);
    parts[2] = copy_local(l, s.acc, &sums);
    parts[3] = store(l, out_total, o, zero);
    parts[4] = loop(l, k, LANES, store(l, out_total, o, add(l, load(l, out_total, o), load(l, sums, var(l, k)))));
    return tsr_seq(l->arena, 5, parts);
}

typedef struct moments {
    tsr_tbuffer *mean, *factor;
} moments;

static tsr_stmt *write(lowering *l, const group *g, const ex index[3], ex lane, void *context) {
    const moments *m = context;
    (void)lane;
    ex value = real_at(l, g, X, index[X]);
    if (m->mean != NULL)
        value = sub(l, value, load(l, m->mean, i64(l, 0)));
    value = mul(l, value, load(l, m->factor, i64(l, 0)));
    if (has_input(l, SCALE))
        value = mul(l, value, real_at(l, g, SCALE, index[SCALE]));
    if (has_input(l, BIAS))
        value = add(l, value, real_at(l, g, BIAS, index[BIAS]));
    return store(l, out_buffer(l, 0), index[X], g->type == TSR_F64 ? value : stored_of(l, out(l, 0), value));
}

static tsr_stmt *normalise_group(lowering *l, const group *g) {
    moments m = {NULL, tsr_local(l->f, "factor", g->type, 1)};
    ex o = i64(l, 0), one = tsr_float(l->arena, g->type, 1), count = tsr_float(l->arena, g->type, (double)g->count);
    tsr_stmt *parts[5];
    uint32_t n = 0;
    if (!l->node->attr.root_mean_square) {
        m.mean = tsr_local(l->f, "mean", g->type, 1);
        parts[n++] = add_up(l, g, NULL, m.mean);
        parts[n++] = store(l, m.mean, o, op(l, TSR_DIV, load(l, m.mean, o), count));
    }
    parts[n++] = add_up(l, g, m.mean, m.factor);
    ex variance = op(l, TSR_DIV, load(l, m.factor, o), count);
    ex deviation = call(l, TSR_F_SQRT, add(l, variance, tsr_float(l->arena, g->type, (double)l->node->attr.epsilon)));
    parts[n++] = store(l, m.factor, o, op(l, TSR_DIV, one, deviation));
    parts[n++] = over_group(l, g, write, &m);
    return tsr_seq(l->arena, n, parts);
}

// Strides of an operand that broadcasts to x.
static void broadcast_strides(const tsr_tensor *t, uint32_t rank, int64_t *out_stride) {
    int64_t own[TSR_MAX_RANK];
    row_major(t->shape, t->rank, own);
    memset(out_stride, 0, rank * sizeof *out_stride);
    for (uint32_t i = 0; i < t->rank; i++)
        out_stride[rank - 1 - i] = t->shape[t->rank - 1 - i] == 1 ? 0 : own[t->rank - 1 - i];
}

tsr_status lower_normalize(lowering *l) {
    const tsr_tensor *x = in(l, 0);
    const tsr_attr *a = &l->node->attr;
    int64_t extent[2][TSR_MAX_RANK] = {{0}}, stride[TSR_MAX_RANK];
    uint32_t rank[2] = {0, 0}, of[TSR_MAX_RANK]; // of a dimension: 0 kept, 1 gone
    memset(of, 0, sizeof of);
    for (uint32_t i = 0; i < a->axis_count; i++)
        of[a->axes[i]] = 1;
    for (uint32_t d = 0; d < x->rank; d++)
        extent[of[d]][rank[of[d]]++] = x->shape[d];
    group g = {.kept = nest_of(rank[0], extent[0]), .gone = nest_of(rank[1], extent[1]), .count = 1};
    g.type = x->dtype == TSR_F64 ? TSR_F64 : TSR_F32;
    for (uint32_t i = 0; i < rank[1]; i++)
        g.count *= extent[1][i];
    for (uint32_t o = 0; o < 3; o++) {
        int64_t part[2][TSR_MAX_RANK] = {{0}};
        uint32_t n[2] = {0, 0};
        if (has_input(l, o))
            broadcast_strides(in(l, o), x->rank, stride);
        else
            memset(stride, 0, sizeof stride);
        for (uint32_t d = 0; d < x->rank; d++)
            part[of[d]][n[of[d]]++] = stride[d];
        nest_operand(&g.kept, part[0], 0);
        nest_operand(&g.gone, part[1], 0);
    }
    nest_begin(l, &g.kept);
    nest_begin(l, &g.gone); // to merge its loops
    if (g.gone.rank == 0)
        g.gone.extent[g.gone.rank++] = 1, g.gone.stride[0][0] = g.gone.stride[1][0] = g.gone.stride[2][0] = 0;
    for (uint32_t o = 0; o < 3; o++)
        g.base[o] = g.kept.index[o];
    tsr_stmt *body = normalise_group(l, &g);
    for (uint32_t i = g.kept.rank; i-- > 0;)
        body = tsr_for(l->arena, g.kept.var[i], g.kept.extent[i], i == 0 ? TSR_FOR_PARALLEL : TSR_FOR_SERIAL, body);
    l->f->body = body;
    return tsr_ok();
}
