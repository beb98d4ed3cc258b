// SPDX-License-Identifier: Apache-2.0
// Softmax in reals, and TFLite's integer softmax: exponentials of the 256 possible differences to the maximum come from a
// table, the reciprocal of their sum is computed by Newton's method in fixed point.
#include <math.h>

#include "fixed_point.h"
#include "lowering.h"

typedef struct rows { // outer x length x inner
    int64_t outer, length, inner;
} rows;

static rows rows_of(const lowering *l) {
    const tsr_tensor *x = in(l, 0);
    const tsr_attr *a = &l->node->attr;
    bool flat = a->flatten_axis >= 0;
    int64_t axis = flat ? a->flatten_axis : a->axis < 0 ? a->axis + x->rank : a->axis;
    rows r = {1, 1, 1};
    for (uint32_t d = 0; d < x->rank; d++) {
        if (d < axis)
            r.outer *= x->shape[d];
        else if (d == axis || flat)
            r.length *= x->shape[d];
        else
            r.inner *= x->shape[d];
    }
    return r;
}

typedef struct walk {
    rows rows;
    const tsr_var *o, *i;
    bool real;         // values are dequantised
    tsr_tbuffer *best; // the maximum
} walk;

static ex element(lowering *l, const walk *w, ex k) {
    ex row = add(l, scaled(l, var(l, w->o), w->rows.length), k);
    return add(l, scaled(l, row, w->rows.inner), var(l, w->i));
}

static ex input(lowering *l, const void *context, ex k) {
    ex stored = load(l, in_buffer(l, 0), element(l, ((const walk *)context), k));
    return ((const walk *)context)->real ? real_of(l, in(l, 0), stored) : cast(l, TSR_I32, stored);
}

static ex exponential(lowering *l, const void *context, ex k) {
    ex difference = sub(l, input(l, context, k), load(l, ((const walk *)context)->best, i64(l, 0)));
    return call(l, TSR_F_EXP, l->node->attr.beta == 1 ? difference : mul(l, difference, f32(l, l->node->attr.beta)));
}

static ex kept(lowering *l, const void *context, ex k) { return load(l, out_buffer(l, 0), element(l, context, k)); }

static tsr_stmt *real_row(lowering *l, walk *w) {
    const tsr_tensor *y = out(l, 0);
    const int64_t length = w->rows.length;
    tsr_tbuffer *sum = tsr_local(l->f, "sum", TSR_F32, 1);
    const tsr_var *k = new_var(l, "k"), *k2 = new_var(l, "k");
    bool keep = y->dtype == TSR_F32; // the output holds the exponentials meanwhile
    w->real = true;
    w->best = tsr_local(l->f, "max", TSR_F32, 1);
    tsr_stmt *find = reduced(l, TSR_MAX, w->best, f32(l, -INFINITY), length, input, w);
    tsr_stmt *add_up = reduced(l, TSR_ADD, sum, f32(l, 0), length, keep ? kept : exponential, w);
    ex e = (keep ? kept : exponential)(l, w, var(l, k2));
    ex value = stored_of(l, y, op(l, TSR_DIV, e, load(l, sum, i64(l, 0))));
    tsr_stmt *divide = lanes(l, k2, length, store(l, out_buffer(l, 0), element(l, w, var(l, k2)), value));
    if (!keep)
        return seq3(l, find, add_up, divide);
    tsr_stmt *keep_all = lanes(l, k, length, store(l, out_buffer(l, 0), element(l, w, var(l, k)), exponential(l, w, var(l, k))));
    return seq4(l, find, keep_all, add_up, divide);
}

// ---- integer -----------------------------------------------------------------------------------------------------------
// TFLite's SoftmaxPrepare: the scaled difference is Q5.26.
static void make_table(lowering *l, tsr_tbuffer **out_table) {
    const tsr_tensor *x = in(l, 0);
    double real = (double)l->node->attr.beta * (double)x->quant.scale[0] * (1 << 26);
    real = real < 2147483647.0 ? real : 2147483647.0;
    tsr_rescale by = tsr_rescale_of(real); // at least 1 in every model; a smaller one only makes the left shift zero
    double radius = floor(31.0 * (double)(1 << 26) / (double)((int64_t)1 << by.lsh));
    void *data;
    *out_table = constant(l, "exp", TSR_I32, 256, &data);
    for (int d = 0; d < 256; d++) { // entry d: the difference -d
        if (d > radius)
            continue; // too small to count: 0
        int32_t scaled_difference = tsr_fixed_multiply_high((int32_t)((uint32_t)-d << by.lsh), by.multiplier);
        scaled_difference = tsr_fixed_divide_by_power(scaled_difference, by.rsh);
        ((int32_t *)data)[d] = tsr_fixed_exp_negative(scaled_difference);
    }
}

typedef struct scalar { // an int32 of the function, in a buffer of one element
    tsr_tbuffer *buffer;
} scalar;

static scalar new_scalar(lowering *l, const char *name) { return (scalar){tsr_local(l->f, name, TSR_I32, 1)}; }
static ex get(lowering *l, scalar s) { return load(l, s.buffer, i64(l, 0)); }
static tsr_stmt *set(lowering *l, scalar s, ex value) { return store(l, s.buffer, i64(l, 0), value); }

typedef struct list {
    tsr_stmt *items[64];
    uint32_t count;
} list;

static void put(list *s, tsr_stmt *item) { s->items[s->count++] = item; }

static ex saturating_shift_left(lowering *l, ex value, int by) {
    ex wide = op(l, TSR_SHL, cast(l, TSR_I64, value), i64(l, by));
    wide = op(l, TSR_MIN, op(l, TSR_MAX, wide, i64(l, INT32_MIN)), i64(l, INT32_MAX));
    return cast(l, TSR_I32, wide);
}

// sum > 0 becomes sum << zeros, its top bit set; zeros are its leading zero bits.
static void normalise(lowering *l, list *s, scalar sum, scalar zeros) {
    put(s, set(l, zeros, i32(l, 0)));
    for (int step = 16; step >= 1; step /= 2) {
        ex high = op(l, TSR_SHR, cast(l, TSR_U32, get(l, sum)), tsr_int(l->arena, TSR_U32, 32 - step));
        ex clear = op(l, TSR_EQ, high, tsr_int(l->arena, TSR_U32, 0));
        put(s, set(l, zeros, choose(l, clear, add(l, get(l, zeros), i32(l, step)), get(l, zeros))));
        put(s, set(l, sum, choose(l, clear, op(l, TSR_SHL, get(l, sum), i32(l, step)), get(l, sum))));
    }
}

// 1 / (1 + a) for a in [0, 1), Q0.31: three steps of Newton's method on x (Q2.29) from 48/17 - 32/17 * d, d = (1 + a) / 2.
static void reciprocal(lowering *l, list *s, scalar a, scalar d, scalar x) {
    ex total = add(l, cast(l, TSR_I64, get(l, a)), i64(l, INT32_MAX)); // not negative: rounds up
    put(s, set(l, d, cast(l, TSR_I32, op(l, TSR_SHR, add(l, total, i64(l, 1)), i64(l, 1)))));
    put(s, set(l, x, add(l, i32(l, 1515870810), multiply_high(l, get(l, d), i32(l, -1010580540)))));
    for (int i = 0; i < 3; i++) {
        ex rest = sub(l, i32(l, 1 << 29), multiply_high(l, get(l, d), get(l, x)));
        put(s, set(l, x, add(l, get(l, x), saturating_shift_left(l, multiply_high(l, get(l, x), rest), 2))));
    }
    put(s, set(l, x, saturating_shift_left(l, get(l, x), 1)));
}

static tsr_stmt *integer_row(lowering *l, walk *w, tsr_tbuffer *table) {
    scalar best = new_scalar(l, "max"), sum = new_scalar(l, "sum"), zeros = new_scalar(l, "zeros"), d = new_scalar(l, "d"),
           scale = new_scalar(l, "scale");
    list s = {.count = 0};
    const tsr_var *k = new_var(l, "k"), *k2 = new_var(l, "k");
    ex stored = cast(l, TSR_I32, load(l, in_buffer(l, 0), element(l, w, var(l, k))));
    ex stored2 = cast(l, TSR_I32, load(l, in_buffer(l, 0), element(l, w, var(l, k2))));
    ex e = load(l, table, cast(l, TSR_I64, sub(l, get(l, best), stored)));
    ex e2 = load(l, table, cast(l, TSR_I64, sub(l, get(l, best), stored2)));
    put(&s, reduced(l, TSR_MAX, best.buffer, i32(l, INT32_MIN), w->rows.length, input, w));
    put(&s, set(l, sum, i32(l, 0)));
    put(&s, loop(l, k, w->rows.length, set(l, sum, add(l, get(l, sum), divide_by_power(l, e, i32(l, 12)))))); // Q12.19
    normalise(l, &s, sum, zeros);
    put(&s, set(l, sum, op(l, TSR_XOR, get(l, sum), i32(l, INT32_MIN)))); // minus 1
    reciprocal(l, &s, sum, d, scale);
    // Bits over one of the sum (12 - zeros), and from Q0.31 to the output's 8 bits.
    ex exponent = sub(l, i32(l, 12 + 31 - 8), get(l, zeros));
    ex value = divide_by_power(l, multiply_high(l, get(l, scale), e2), exponent);
    tsr_dtype type = out(l, 0)->dtype;
    int32_t low = type == TSR_I8 ? -128 : 0;
    value = op(l, TSR_MIN, op(l, TSR_MAX, add(l, value, i32(l, low)), i32(l, low)), i32(l, low + 255));
    put(&s, lanes(l, k2, w->rows.length, store(l, out_buffer(l, 0), element(l, w, var(l, k2)), cast(l, type, value))));
    return tsr_seq(l->arena, s.count, s.items);
}

static bool is_integer_softmax(const lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    int32_t low = y->dtype == TSR_I8 ? -128 : 0;
    return x->quant.count == 1 && y->quant.count == 1 && tsr_dtype_size(x->dtype) == 1 && x->dtype == y->dtype &&
           y->quant.scale[0] == 1.0f / 256 && zero_point(y) == low;
}

tsr_status lower_softmax(lowering *l) {
    walk w = {.rows = rows_of(l)};
    w.o = new_var(l, "o");
    w.i = new_var(l, "i");
    tsr_stmt *row;
    if (is_integer_softmax(l)) {
        tsr_tbuffer *table;
        make_table(l, &table);
        row = integer_row(l, &w, table);
    } else {
        row = real_row(l, &w);
    }
    l->f->body = tsr_for(l->arena, w.o, w.rows.outer, TSR_FOR_PARALLEL, loop(l, w.i, w.rows.inner, row));
    return tsr_ok();
}
