// SPDX-License-Identifier: Apache-2.0
// Where windows lie inside of the picture from left to right, a few neighbouring pixels are summed together, so that
// an element of the input serves several windows; the columns beside go one by one. Rows outside are left out.
#include "conv.h"

typedef struct depthwise {
    conv *v;
    tsr_tbuffer *weights; // [tile of channels][ky][kx][channel in tile]
    int64_t size;         // channels of a whole tile
    const tsr_var *n, *y, *tile;
} depthwise;

static ex within(lowering *l, ex i, int64_t extent) {
    return op(l, TSR_AND, op(l, TSR_GE, i, i64(l, 0)), op(l, TSR_LT, i, i64(l, extent)));
}

static void pack(lowering *l, depthwise *d) {
    const tsr_tensor *w = in(l, 1);
    const conv *v = d->v;
    const int64_t taps = v->kh * v->kw;
    void *data;
    d->weights = constant(l, "weights", v->type, (uint64_t)(taps * v->o), &data);
    for (int64_t o = 0; o < v->o; o++) {
        int64_t first = o / d->size * d->size, size = v->o - first < d->size ? v->o - first : d->size;
        for (int64_t t = 0; t < taps; t++) {
            int64_t to = first * taps + t * size + o - first;
            if (v->type == TSR_F32)
                ((float *)data)[to] = ((const float *)w->data)[o * taps + t];
            else if (v->type == TSR_F64)
                ((double *)data)[to] = ((const double *)w->data)[o * taps + t];
            else
                ((int32_t *)data)[to] = (int32_t)(constant_at(w, o * taps + t) - weight_zero(w, o));
        }
    }
}

// Output pixels x .. x + pixels - 1 of a row, channels of a tile.
static tsr_stmt *window(lowering *l, depthwise *d, tiles kind, int64_t pixels, ex x, bool guard) {
    enum { UNROLLED = 9 };
    conv *v = d->v;
    tsr_tbuffer *acc = tsr_local(l->f, "acc", v->type, (uint64_t)(pixels * kind.size)), *sums;
    const tsr_var *j = new_var(l, "j"), *q = new_var(l, "p"), *q2 = new_var(l, "p"), *ky = new_var(l, "ky"),
                  *kx = new_var(l, "kx");
    ex zero = tsr_dtype_is_float(v->type) ? tsr_float(l->arena, v->type, 0) : tsr_int(l->arena, v->type, 0);
    ex first = add(l, scaled(l, var(l, d->tile), kind.size), i64(l, kind.first)), channel = add(l, first, var(l, j));
    ex at = add(l, scaled(l, var(l, q), kind.size), var(l, j));
    tsr_stmt *clear = tsr_for(l->arena, q, pixels, TSR_FOR_UNROLL, lanes(l, j, kind.size, store(l, acc, at, zero)));

    ex iy = add(l, add(l, scaled(l, var(l, d->y), v->sy), scaled(l, var(l, ky), v->dy)), i64(l, -v->top));
    ex ix = add(l, scaled(l, add(l, x, var(l, q)), v->sx), add(l, scaled(l, var(l, kx), v->dx), i64(l, -v->left)));
    ex row = add(l, scaled(l, var(l, d->n), v->h), iy);
    ex value = cast(l, v->type, load(l, v->x, add(l, scaled(l, add(l, scaled(l, row, v->w), ix), v->c), channel)));
    if (v->x_zero != 0)
        value = sub(l, value, i32(l, v->x_zero));
    ex tap = add(l, scaled(l, var(l, ky), v->kw), var(l, kx));
    ex weight = add(l, scaled(l, first, v->kh * v->kw), add(l, scaled(l, tap, kind.size), var(l, j)));
    ex sum = add(l, load(l, acc, at), mul(l, value, load(l, d->weights, weight)));
    tsr_stmt *body = lanes(l, j, kind.size, store(l, acc, at, sum));
    if (guard)
        body = tsr_if(l->arena, within(l, ix, v->w), body);
    body = tsr_for(l->arena, q, pixels, TSR_FOR_UNROLL, body);
    tsr_for_kind unroll = v->kh * v->kw <= UNROLLED && !guard ? TSR_FOR_UNROLL : TSR_FOR_SERIAL;
    body = tsr_for(l->arena, kx, v->kw, unroll, body);
    if (v->guard_y)
        body = tsr_if(l->arena, within(l, iy, v->h), body);
    body = tsr_for(l->arena, ky, v->kh, unroll, body);

    tsr_stmt *copy = copy_local(l, acc, &sums);
    ex result = conv_result(l, v, load(l, sums, add(l, scaled(l, var(l, q2), kind.size), var(l, j))), channel);
    ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, d->n), v->oh), var(l, d->y)), v->ow), add(l, x, var(l, q2)));
    tsr_stmt *write = lanes(l, j, kind.size, store(l, out_buffer(l, 0), add(l, scaled(l, pixel, v->o), channel), result));
    tsr_stmt *all = seq4(l, clear, body, copy, loop(l, q2, pixels, write));
    return loop(l, d->tile, kind.count, all);
}

tsr_status lower_depthwise(lowering *l, conv *v) {
    enum { PIXELS = 4 };
    depthwise d = {.v = v};
    d.size = 2 * l->target->vector_bytes / (int64_t)tsr_dtype_size(v->type);
    pack(l, &d);
    // Columns [begin, begin + count * PIXELS) have whole windows.
    int64_t begin = (v->left + v->sx - 1) / v->sx, room = v->w - 1 - (v->kw - 1) * v->dx + v->left;
    int64_t end = room < 0 ? 0 : room / v->sx + 1;
    end = end < v->ow ? end : v->ow;
    int64_t count = end > begin ? (end - begin) / PIXELS : 0, beside = v->ow - count * PIXELS;
    tiles kinds[2];
    uint32_t kind_count = 0;
    if (v->o >= d.size)
        kinds[kind_count++] = (tiles){0, d.size, v->o / d.size};
    if (v->o % d.size != 0)
        kinds[kind_count++] = (tiles){v->o - v->o % d.size, v->o % d.size, 1};
    tsr_stmt *parts[4];
    uint32_t part_count = 0;
    d.n = new_var(l, "n"), d.y = new_var(l, "y"), d.tile = new_var(l, "t");
    for (uint32_t i = 0; i < kind_count; i++) {
        const tsr_var *x = new_var(l, "x"), *side = new_var(l, "x");
        ex at = op(l, TSR_LT, var(l, side), i64(l, begin));
        at = choose(l, at, var(l, side), add(l, var(l, side), i64(l, count * PIXELS)));
        if (count > 0)
            parts[part_count++] =
                loop(l, x, count, window(l, &d, kinds[i], PIXELS, add(l, scaled(l, var(l, x), PIXELS), i64(l, begin)), false));
        if (beside > 0)
            parts[part_count++] = loop(l, side, beside, window(l, &d, kinds[i], 1, at, v->guard_x));
    }
    tsr_stmt *row = tsr_seq(l->arena, part_count, parts);
    l->f->body = loop(l, d.n, v->n, tsr_for(l->arena, d.y, v->oh, TSR_FOR_PARALLEL, row));
    return tsr_ok();
}
