// SPDX-License-Identifier: Apache-2.0
// Boxes of the highest scores of each class that do not overlap much: the best one left is taken, and all that overlap it go,
// until there is none or enough are taken.
#include <math.h>

#include "lowering.h"

enum { BOXES, SCORES };
enum { TOP, LEFT, BOTTOM, RIGHT, AREA, PLANES };

typedef struct nms {
    int64_t boxes, classes, most, rows;
    const tsr_var *n, *c;
    tsr_tbuffer *corners; // PLANES rows of `boxes`
    tsr_tbuffer *left;    // scores of the boxes that are left, -infinity for the others
    tsr_tbuffer *filled;  // rows of the result so far
    tsr_tbuffer *best, *at;
} nms;

static ex corner(lowering *l, const nms *m, int plane, ex box) {
    return load(l, m->corners, add(l, i64(l, plane * m->boxes), box));
}

// Corners in order, whichever way the boxes are given, and areas.
static tsr_stmt *find_corners(lowering *l, const nms *m) {
    const tsr_var *b = new_var(l, "b"), *b2 = new_var(l, "b");
    ex row = scaled(l, add(l, scaled(l, var(l, m->n), m->boxes), var(l, b)), 4), in[4];
    for (int i = 0; i < 4; i++)
        in[i] = load(l, in_buffer(l, BOXES), add(l, row, i64(l, i)));
    tsr_stmt *stores[5];
    for (int i = 0; i < 4; i++) { // centre x, y, width, height; or y, x, y, x
        ex value;
        if (l->node->attr.center_boxes) {
            ex half = mul(l, in[i % 2 == 0 ? 3 : 2], f32(l, 0.5)), middle = in[i % 2 == 0 ? 1 : 0];
            value = i < 2 ? sub(l, middle, half) : add(l, middle, half);
        } else {
            value = op(l, i < 2 ? TSR_MIN : TSR_MAX, in[i % 2], in[i % 2 + 2]);
        }
        stores[i] = store(l, m->corners, add(l, i64(l, i * m->boxes), var(l, b)), value);
    }
    tsr_stmt *all = lanes(l, b, m->boxes, tsr_seq(l->arena, 4, stores));
    ex at = var(l, b2), high = sub(l, corner(l, m, BOTTOM, at), corner(l, m, TOP, at));
    ex wide = sub(l, corner(l, m, RIGHT, at), corner(l, m, LEFT, at));
    return seq2(l, all, lanes(l, b2, m->boxes, store(l, m->corners, add(l, i64(l, AREA * m->boxes), at), mul(l, high, wide))));
}

static ex score(lowering *l, const nms *m, ex box) {
    ex row = add(l, scaled(l, var(l, m->n), m->classes), var(l, m->c));
    return load(l, in_buffer(l, SCORES), add(l, scaled(l, row, m->boxes), box));
}

static tsr_stmt *find_best(lowering *l, const nms *m) {
    const tsr_var *b = new_var(l, "b");
    ex o = i64(l, 0), value = load(l, m->left, var(l, b));
    tsr_stmt *take = seq2(l, store(l, m->best, o, value), store(l, m->at, o, var(l, b)));
    tsr_stmt *look = loop(l, b, m->boxes, tsr_if(l->arena, op(l, TSR_GT, value, load(l, m->best, o)), take));
    return seq3(l, store(l, m->best, o, f32(l, -INFINITY)), store(l, m->at, o, o), look);
}

static tsr_stmt *remove_overlapping(lowering *l, const nms *m) {
    const tsr_var *b = new_var(l, "b");
    ex box = var(l, b), at = load(l, m->at, i64(l, 0)), side[2], zero = f32(l, 0);
    for (int i = 0; i < 2; i++) {
        ex low = op(l, TSR_MAX, corner(l, m, TOP + i, box), corner(l, m, TOP + i, at));
        ex high = op(l, TSR_MIN, corner(l, m, BOTTOM + i, box), corner(l, m, BOTTOM + i, at));
        side[i] = op(l, TSR_MAX, sub(l, high, low), zero);
    }
    ex common = mul(l, side[0], side[1]);
    ex together = sub(l, add(l, corner(l, m, AREA, box), corner(l, m, AREA, at)), common);
    ex share = choose(l, op(l, TSR_GT, together, zero), op(l, TSR_DIV, common, together), zero);
    ex gone = op(l, TSR_OR, op(l, TSR_EQ, box, at), op(l, TSR_GT, share, f32(l, (double)l->node->attr.alpha)));
    ex kept = choose(l, gone, f32(l, -INFINITY), load(l, m->left, box));
    return lanes(l, b, m->boxes, store(l, m->left, box, kept));
}

static tsr_stmt *write_row(lowering *l, const nms *m) {
    ex o = i64(l, 0), row = scaled(l, load(l, m->filled, o), 3);
    ex value[3] = {var(l, m->n), var(l, m->c), load(l, m->at, o)};
    tsr_stmt *parts[4];
    for (int i = 0; i < 3; i++)
        parts[i] = store(l, out_buffer(l, 0), add(l, row, i64(l, i)), value[i]);
    parts[3] = store(l, m->filled, o, add(l, load(l, m->filled, o), i64(l, 1)));
    return tsr_seq(l->arena, 4, parts);
}

tsr_status lower_non_max_suppression(lowering *l) {
    const tsr_attr *a = &l->node->attr;
    nms m = {.boxes = in(l, SCORES)->shape[2], .classes = in(l, SCORES)->shape[1], .most = a->extents[0], .rows = a->extents[1]};
    const int64_t batch = in(l, SCORES)->shape[0];
    m.n = new_var(l, "n");
    m.c = new_var(l, "c");
    m.corners = tsr_tbuffer_create(l->arena, "corners", TSR_SCOPE_SCRATCH, TSR_F32, (uint64_t)(PLANES * m.boxes));
    m.left = tsr_tbuffer_create(l->arena, "left", TSR_SCOPE_SCRATCH, TSR_F32, (uint64_t)m.boxes);
    m.filled = tsr_local(l->f, "filled", TSR_I64, 1);
    m.best = tsr_local(l->f, "best", TSR_F32, 1);
    m.at = tsr_local(l->f, "at", TSR_I64, 1);
    ex o = i64(l, 0);
    const tsr_var *b = new_var(l, "b"), *k = new_var(l, "k"), *i = new_var(l, "i");
    ex above = op(l, TSR_GT, score(l, &m, var(l, b)), f32(l, (double)a->beta));
    tsr_stmt *start =
        lanes(l, b, m.boxes, store(l, m.left, var(l, b), choose(l, above, score(l, &m, var(l, b)), f32(l, -INFINITY))));
    ex found =
        op(l, TSR_AND, op(l, TSR_GT, load(l, m.best, o), f32(l, -INFINITY)), op(l, TSR_LT, load(l, m.filled, o), i64(l, m.rows)));
    tsr_stmt *take = tsr_if(l->arena, found, seq2(l, write_row(l, &m), remove_overlapping(l, &m)));
    tsr_stmt *class = seq2(l, start, loop(l, k, m.most, seq2(l, find_best(l, &m), take)));
    tsr_stmt *all = loop(l, m.n, batch, seq2(l, find_corners(l, &m), loop(l, m.c, m.classes, class)));
    tsr_stmt *empty = lanes(l, i, 3 * m.rows, store(l, out_buffer(l, 0), var(l, i), i64(l, -1)));
    l->f->body = seq3(l, empty, store(l, m.filled, o, o), all);
    return tsr_ok();
}
