// SPDX-License-Identifier: Apache-2.0
// Windows over pictures. A tile of channels is reduced at once.
#include <math.h>

#include "lowering.h"

ex smallest(lowering *l, tsr_dtype dtype) {
    switch (dtype) {
    case TSR_F32:
    case TSR_F64: return tsr_float(l->arena, dtype, -INFINITY);
    case TSR_I8: return tsr_int(l->arena, dtype, INT8_MIN);
    case TSR_I16: return tsr_int(l->arena, dtype, INT16_MIN);
    case TSR_I32: return tsr_int(l->arena, dtype, INT32_MIN);
    case TSR_I64: return tsr_int(l->arena, dtype, INT64_MIN);
    default: return tsr_int(l->arena, dtype, 0);
    }
}

typedef struct window {
    int64_t h, w, c, oh, ow;
    const tsr_attr *a;
    bool guard_y, guard_x;
} window;

static ex inside(lowering *l, ex i, int64_t extent) {
    return op(l, TSR_AND, op(l, TSR_GE, i, i64(l, 0)), op(l, TSR_LT, i, i64(l, extent)));
}

// How many of kernel positions o * stride + k * dilation - pad (k < kernel) lie in 0..extent: those from the first k with
// a position >= 0 up to the last one below extent.
static ex covered(lowering *l, ex o, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad, int64_t extent) {
    ex start = add(l, scaled(l, o, stride), i64(l, -pad));
    ex before = op(l, TSR_MAX, sub(l, i64(l, dilation - 1), start), i64(l, 0));
    ex first = op(l, TSR_DIV, before, i64(l, dilation));
    ex room = op(l, TSR_MAX, sub(l, i64(l, extent + dilation - 1), start), i64(l, 0));
    ex end = op(l, TSR_MIN, op(l, TSR_DIV, room, i64(l, dilation)), i64(l, kernel));
    return op(l, TSR_MAX, sub(l, end, first), i64(l, 1));
}

// Elements of the window that are in the picture: a constant unless pads are left out.
static ex window_inside(lowering *l, const window *v, ex oy, ex ox) {
    const tsr_attr *a = v->a;
    ex ky = v->guard_y ? covered(l, oy, a->kernel[0], a->stride[0], a->dilation[0], a->pad_top, v->h) : i64(l, a->kernel[0]);
    ex kx = v->guard_x ? covered(l, ox, a->kernel[1], a->stride[1], a->dilation[1], a->pad_left, v->w) : i64(l, a->kernel[1]);
    return mul(l, ky, kx);
}

// Elements that an average divides by.
static ex window_size(lowering *l, const window *v, ex oy, ex ox) {
    const tsr_attr *a = v->a;
    if (a->count_include_pad) // the pads count, but not what lies past them where the last window hangs over
        return mul(l, covered(l, oy, a->kernel[0], a->stride[0], a->dilation[0], 0, v->h + a->pad_top + a->pad_bottom),
                   covered(l, ox, a->kernel[1], a->stride[1], a->dilation[1], 0, v->w + a->pad_left + a->pad_right));
    return window_inside(l, v, oy, ox);
}

// TFLite's integer average: halves away from zero.
static ex rounded_average(lowering *l, ex sum, ex count) {
    ex half = op(l, TSR_DIV, count, i32(l, 2));
    ex positive = op(l, TSR_GT, sum, i32(l, 0));
    return op(l, TSR_DIV, choose(l, positive, add(l, sum, half), sub(l, sum, half)), count);
}

ex average(lowering *l, ex sum, ex count) {
    const tsr_requant *r = &l->node->requant;
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    requant_tables tables = {0};
    ex count32 = cast(l, TSR_I32, count);
    if (r->valid && r->channels == 0) { // one scale on both sides; zero points may differ
        ex mean = rounded_average(l, sum, count32);
        return finished(l, sub(l, mean, i32(l, r->in_zero_point[0])));
    }
    if (r->valid) {
        ex centred = sub(l, sum, mul(l, count32, i32(l, r->in_zero_point[0])));
        return requantised(l, &tables, centred, sub(l, count, i64(l, 1)));
    }
    if (tsr_dtype_is_float(x->dtype))
        return cast(l, y->dtype, clip_real(l, op(l, TSR_DIV, sum, cast(l, sum->dtype, count))));
    ex centred = sub(l, sum, mul(l, count32, i32(l, zero_point(x))));
    ex scale = f32(l, x->quant.count > 0 ? x->quant.scale[0] : 1);
    return stored_of(l, y, clip_real(l, op(l, TSR_DIV, mul(l, scale, cast(l, TSR_F32, centred)), cast(l, TSR_F32, count))));
}

static ex maximum(lowering *l, ex best) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    if (l->node->requant.valid)
        return finished(l, sub(l, cast(l, TSR_I32, best), i32(l, l->node->requant.in_zero_point[0])));
    if (tsr_dtype_is_float(x->dtype))
        return cast(l, y->dtype, clip_real(l, best));
    return x->dtype == y->dtype && x->quant.count == 0 ? best : stored_of(l, y, clip_real(l, real_of(l, x, best)));
}

static tsr_stmt *pool_tile(lowering *l, const window *v, tiles kind) {
    bool max = l->node->op == TSR_OP_MAX_POOL;
    const tsr_tensor *x = in(l, 0);
    const tsr_attr *a = v->a;
    tsr_dtype type = max || tsr_dtype_is_float(x->dtype) ? x->dtype : TSR_I32;
    tsr_tbuffer *acc = tsr_local(l->f, "acc", type, (uint64_t)kind.size);
    const tsr_var *n = new_var(l, "n"), *t = new_var(l, "t"), *y = new_var(l, "y"), *xo = new_var(l, "x"), *ky = new_var(l, "ky"),
                  *kx = new_var(l, "kx"), *j[3] = {new_var(l, "j"), new_var(l, "j"), new_var(l, "j")};
    ex zero = tsr_dtype_is_float(type) ? tsr_float(l->arena, type, 0) : tsr_int(l->arena, type, 0);
    tsr_stmt *init = lanes(l, j[0], kind.size, store(l, acc, var(l, j[0]), max ? smallest(l, type) : zero));

    ex first = add(l, scaled(l, var(l, t), kind.size), i64(l, kind.first));
    ex iy = add(l, add(l, scaled(l, var(l, y), a->stride[0]), scaled(l, var(l, ky), a->dilation[0])), i64(l, -a->pad_top));
    ex ix = add(l, add(l, scaled(l, var(l, xo), a->stride[1]), scaled(l, var(l, kx), a->dilation[1])), i64(l, -a->pad_left));
    ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, n), v->h), iy), v->w), ix);
    ex value = cast(l, type, load(l, in_buffer(l, 0), add(l, add(l, scaled(l, pixel, v->c), first), var(l, j[1]))));
    ex known = load(l, acc, var(l, j[1]));
    tsr_stmt *body = lanes(l, j[1], kind.size, store(l, acc, var(l, j[1]), op(l, max ? TSR_MAX : TSR_ADD, known, value)));
    if (v->guard_x)
        body = tsr_if(l->arena, inside(l, ix, v->w), body);
    body = loop(l, kx, a->kernel[1], body);
    if (v->guard_y)
        body = tsr_if(l->arena, inside(l, iy, v->h), body);
    body = loop(l, ky, a->kernel[0], body);

    tsr_stmt *copy = copy_local(l, acc, &acc);
    ex result = load(l, acc, var(l, j[2]));
    if (!max && a->count_include_pad && (v->guard_y || v->guard_x) && x->quant.count > 0) { // a counted pad is a real zero
        ex pads = sub(l, window_size(l, v, var(l, y), var(l, xo)), window_inside(l, v, var(l, y), var(l, xo)));
        result = add(l, result, mul(l, cast(l, TSR_I32, pads), i32(l, zero_point(x))));
    }
    result = max ? maximum(l, result) : average(l, result, window_size(l, v, var(l, y), var(l, xo)));
    ex to = add(l, scaled(l, add(l, scaled(l, var(l, n), v->oh), var(l, y)), v->ow), var(l, xo));
    to = add(l, add(l, scaled(l, to, v->c), first), var(l, j[2]));
    tsr_stmt *write = lanes(l, j[2], kind.size, store(l, out_buffer(l, 0), to, result));
    tsr_stmt *all = loop(l, y, v->oh, loop(l, xo, v->ow, seq4(l, init, body, copy, write)));
    return loop(l, n, x->shape[0], loop(l, t, kind.count, all));
}

tsr_status lower_pool(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const tsr_attr *a = &l->node->attr;
    if (x->rank != 4)
        return unsupported(l, "pooling takes pictures of rank 4");
    window v = {.h = x->shape[1], .w = x->shape[2], .c = x->shape[3], .oh = y->shape[1], .ow = y->shape[2], .a = a};
    v.guard_y = a->pad_top > 0 || (v.oh - 1) * a->stride[0] + (a->kernel[0] - 1) * a->dilation[0] - a->pad_top >= v.h;
    v.guard_x = a->pad_left > 0 || (v.ow - 1) * a->stride[1] + (a->kernel[1] - 1) * a->dilation[1] - a->pad_left >= v.w;
    tiles kinds[2];
    tsr_stmt *parts[2];
    unsigned count = split_channels(v.c, kinds);
    for (unsigned i = 0; i < count; i++)
        parts[i] = pool_tile(l, &v, kinds[i]);
    l->f->body = tsr_seq(l->arena, count, parts);
    return tsr_ok();
}

// ---- where the maximum is ----------------------------------------------------------------------------------------------

// One element at a time; of several maxima the first counts.
tsr_status lower_pool_index(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const tsr_attr *a = &l->node->attr;
    if (x->rank != 4)
        return unsupported(l, "pooling takes pictures of rank 4");
    const int64_t h = x->shape[1], w = x->shape[2], c = x->shape[3];
    tsr_tbuffer *best = tsr_local(l->f, "best", x->dtype, 1), *where = tsr_local(l->f, "where", TSR_I64, 1);
    const tsr_var *n = new_var(l, "n"), *oy = new_var(l, "y"), *ox = new_var(l, "x"), *k = new_var(l, "c"),
                  *ky = new_var(l, "ky"), *kx = new_var(l, "kx");
    ex iy = add(l, add(l, scaled(l, var(l, oy), a->stride[0]), scaled(l, var(l, ky), a->dilation[0])), i64(l, -a->pad_top));
    ex ix = add(l, add(l, scaled(l, var(l, ox), a->stride[1]), scaled(l, var(l, kx), a->dilation[1])), i64(l, -a->pad_left));
    ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, n), h), iy), w), ix);
    ex value = load(l, in_buffer(l, 0), add(l, scaled(l, pixel, c), var(l, k)));
    ex plane = scaled(l, add(l, scaled(l, var(l, n), c), var(l, k)), h * w);
    ex place = a->axis == 1 ? add(l, scaled(l, ix, h), iy) : add(l, scaled(l, iy, w), ix);
    ex known = load(l, where, i64(l, 0));
    ex better = op(l, TSR_OR, op(l, TSR_LT, known, i64(l, 0)), op(l, TSR_GT, value, load(l, best, i64(l, 0))));
    tsr_stmt *take = seq2(l, store(l, best, i64(l, 0), value), store(l, where, i64(l, 0), add(l, plane, place)));
    tsr_stmt *body = tsr_if(l->arena, inside(l, ix, w), tsr_if(l->arena, better, take));
    body = loop(l, kx, a->kernel[1], body);
    body = loop(l, ky, a->kernel[0], tsr_if(l->arena, inside(l, iy, h), body));
    tsr_stmt *init = seq2(l, store(l, best, i64(l, 0), smallest(l, x->dtype)), store(l, where, i64(l, 0), i64(l, -1)));
    ex to = add(l, scaled(l, add(l, scaled(l, var(l, n), y->shape[1]), var(l, oy)), y->shape[2]), var(l, ox));
    tsr_stmt *write = store(l, out_buffer(l, 0), add(l, scaled(l, to, c), var(l, k)), known);
    body = loop(l, ox, y->shape[2], loop(l, k, c, seq3(l, init, body, write)));
    l->f->body = loop(l, n, x->shape[0], loop(l, oy, y->shape[1], body));
    return tsr_ok();
}
