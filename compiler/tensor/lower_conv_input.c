// SPDX-License-Identifier: Apache-2.0
#include "conv.h"
#include "gemm.h"

typedef struct copy {
    const conv *v;
    tsr_tbuffer *to;
    int64_t rows, columns; // of the copy
    ex zero;
} copy;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t not_negative(int64_t a) { return a < 0 ? 0 : a; }

// `columns` columns of `rows` rows from (first_row, first_column) of the copy on are zero.
static tsr_stmt *clear(lowering *l, const copy *c, int64_t first_row, int64_t rows, int64_t first_column, int64_t columns) {
    const tsr_var *n = new_var(l, "n"), *y = new_var(l, "y"), *i = new_var(l, "i");
    ex row = add(l, scaled(l, var(l, n), c->rows), add(l, var(l, y), i64(l, first_row)));
    ex at = add(l, scaled(l, add(l, scaled(l, row, c->columns), i64(l, first_column)), c->v->c), var(l, i));
    tsr_stmt *body = lanes(l, i, columns * c->v->c, store(l, c->to, at, c->zero));
    return loop(l, n, c->v->n, loop(l, y, rows, body));
}

static tsr_stmt *fill(lowering *l, const copy *c, int64_t top, int64_t left, int64_t rows, int64_t columns, int64_t sy,
                      int64_t sx) {
    const conv *v = c->v;
    const tsr_var *n = new_var(l, "n"), *y = new_var(l, "y"), *x = new_var(l, "x"), *i = new_var(l, "i");
    bool dense = sx == 1; // a whole row at a time
    ex from_row = add(l, scaled(l, var(l, n), v->h), scaled(l, var(l, y), sy));
    ex to_row = add(l, scaled(l, var(l, n), c->rows), add(l, var(l, y), i64(l, top)));
    ex from = add(l, scaled(l, add(l, scaled(l, from_row, v->w), scaled(l, var(l, x), sx)), v->c), var(l, i));
    ex to = add(l, scaled(l, add(l, scaled(l, to_row, c->columns), add(l, var(l, x), i64(l, left))), v->c), var(l, i));
    bool bytes = tsr_dtype_size(c->to->dtype) == 1;
    ex value = bytes ? gemm_quad(l, load(l, v->x, from)) : cast(l, c->to->dtype, load(l, v->x, from));
    if (v->x_zero != 0 && !bytes)
        value = sub(l, value, tsr_int(l->arena, c->to->dtype, v->x_zero));
    tsr_stmt *body = lanes(l, i, dense ? columns * v->c : v->c, store(l, c->to, to, value));
    body = loop(l, x, dense ? 1 : columns, body);
    return loop(l, n, v->n, tsr_for(l->arena, y, rows, TSR_FOR_PARALLEL, body));
}

tsr_stmt *conv_input(lowering *l, conv *v, tsr_dtype type, int64_t slack) {
    bool points = v->kh == 1 && v->kw == 1 && v->top == 0 && v->left == 0 && !v->guard_y && !v->guard_x;
    copy c = {.v = v};
    c.rows = points ? v->oh : (v->oh - 1) * v->sy + (v->kh - 1) * v->dy + 1;
    c.columns = points ? v->ow : (v->ow - 1) * v->sx + (v->kw - 1) * v->dx + 1;
    c.to = tsr_tbuffer_create(l->arena, tsr_arena_printf(l->arena, "%s.input", l->node->name), TSR_SCOPE_SCRATCH, type,
                              (uint64_t)(v->n * c.rows * c.columns * v->c + slack));
    int64_t zero = tsr_dtype_size(type) == 1 ? gemm_quad_zero(l, v->x->dtype, v->x_zero) : 0;
    c.zero = tsr_dtype_is_float(type) ? tsr_float(l->arena, type, 0) : tsr_int(l->arena, type, zero);
    int64_t sy = points ? v->sy : 1, sx = points ? v->sx : 1;
    int64_t top = least(v->top, c.rows), left = least(v->left, c.columns);
    int64_t rows = least(points ? v->oh : v->h, c.rows - top), columns = least(points ? v->ow : v->w, c.columns - left);
    int64_t bottom = not_negative(c.rows - top - rows), right = not_negative(c.columns - left - columns);
    tsr_stmt *parts[5];
    uint32_t count = 0;
    parts[count++] = fill(l, &c, top, left, rows, columns, sy, sx);
    if (top > 0)
        parts[count++] = clear(l, &c, 0, top, 0, c.columns);
    if (bottom > 0)
        parts[count++] = clear(l, &c, top + rows, bottom, 0, c.columns);
    if (left > 0)
        parts[count++] = clear(l, &c, top, rows, 0, left);
    if (right > 0)
        parts[count++] = clear(l, &c, top, rows, left + columns, right);
    v->x = c.to;
    v->h = c.rows;
    v->w = c.columns;
    v->top = v->left = 0;
    v->guard_y = v->guard_x = false;
    v->x_zero = 0;
    if (points)
        v->sy = v->sx = 1;
    return tsr_seq(l->arena, count, parts);
}
