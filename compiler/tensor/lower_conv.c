// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers. Output channels are innermost: a tile of accumulators (for a few neighbouring
// pixels) stays in registers while input elements are broadcast against rows of packed weights.
#include "lowering.h"

typedef struct conv {
    int64_t n, h, w, c, oh, ow, o, kh, kw;
    int64_t groups, ipg, opg; // channels of a group in and out
    int64_t sy, sx, dy, dx, top, left;
    bool depthwise; // a filter a channel: vectors run over channels of input and output alike
    bool guard_y, guard_x;
    tsr_dtype type;   // of accumulators
    int32_t x_zero;
    tsr_tbuffer *x, *weights, *bias;
    bool packed; // weights: [tile][ky][kx][i][channel in tile], zero points removed
    requant_tables tables;
} conv;

typedef struct place { // where in the output the innermost loops are
    const tsr_var *n, *g, *tile, *y, *x;
    tiles tiles;
    int64_t pixels; // computed together
} place;

static conv conv_of(const lowering *l) {
    const tsr_tensor *x = in(l, 0), *w = in(l, 1), *y = out(l, 0);
    const tsr_attr *a = &l->node->attr;
    conv v = {.n = 1, .h = 1, .oh = 1, .kh = 1, .kw = 1, .groups = 1, .sy = 1, .sx = 1, .dy = 1, .dx = 1};
    v.o = w->shape[0];
    if (l->node->op == TSR_OP_FULLY_CONNECTED) {
        v.c = v.ipg = w->shape[1];
        v.w = v.ow = elements(x) / v.c;
    } else {
        v.n = x->shape[0], v.h = x->shape[1], v.w = x->shape[2], v.c = x->shape[3];
        v.oh = y->shape[1], v.ow = y->shape[2];
        v.kh = w->shape[1], v.kw = w->shape[2], v.ipg = w->shape[3];
        v.groups = a->groups;
        v.sy = a->stride[0], v.sx = a->stride[1], v.dy = a->dilation[0], v.dx = a->dilation[1];
        v.top = a->pad_top, v.left = a->pad_left;
    }
    v.guard_y = v.top > 0 || (v.oh - 1) * v.sy + (v.kh - 1) * v.dy - v.top >= v.h;
    v.guard_x = v.left > 0 || (v.ow - 1) * v.sx + (v.kw - 1) * v.dx - v.left >= v.w;
    v.depthwise = v.groups > 1 && v.ipg == 1 && v.o == v.groups;
    if (v.depthwise)
        v.groups = 1;
    v.opg = v.o / v.groups;
    if (v.kh == 1 && v.kw == 1 && v.sy == 1 && v.sx == 1 && !v.guard_y && !v.guard_x && v.h == v.oh && v.w == v.ow) {
        v.w = v.ow = v.n * v.h * v.w; // each pixel by itself: one long row
        v.n = v.h = v.oh = 1;
    }
    return v;
}

static int64_t weight_zero(const tsr_tensor *w, int64_t channel) {
    if (w->quant.count == 0 || w->quant.zero_point == NULL)
        return 0;
    return w->quant.zero_point[w->quant.count > 1 && (uint64_t)channel < w->quant.count ? channel : 0];
}

static void pack_element(tsr_dtype type, void *to, int64_t at, const tsr_tensor *w, int64_t from, int64_t zero) {
    switch (type) {
    case TSR_F32: ((float *)to)[at] = ((const float *)w->data)[from]; return;
    case TSR_F64: ((double *)to)[at] = ((const double *)w->data)[from]; return;
    case TSR_I8: ((int8_t *)to)[at] = ((const int8_t *)w->data)[from]; return;
    default: ((int16_t *)to)[at] = (int16_t)(constant_at(w, from) - zero); return;
    }
}

static void pack_weights(lowering *l, conv *v) {
    const tsr_tensor *w = in(l, 1);
    bool plain = w->dtype == TSR_I8;
    for (int64_t o = 0; o < v->o; o++)
        plain = plain && weight_zero(w, o) == 0;
    tsr_dtype type = tsr_dtype_is_float(w->dtype) ? w->dtype : plain ? TSR_I8 : TSR_I16;
    int64_t taps = v->kh * v->kw * v->ipg;
    void *data;
    v->weights = constant(l, "weights", type, (uint64_t)(taps * v->o), &data);
    v->packed = true;
    tiles kinds[2];
    unsigned kind_count = split_channels(v->opg, kinds);
    for (int64_t g = 0; g < v->groups; g++)
        for (unsigned kind = 0; kind < kind_count; kind++)
            for (int64_t t = 0; t < kinds[kind].count; t++) {
                int64_t first = g * v->opg + kinds[kind].first + t * kinds[kind].size;
                for (int64_t tap = 0; tap < taps; tap++)
                    for (int64_t j = 0; j < kinds[kind].size; j++)
                        pack_element(type, data, taps * first + tap * kinds[kind].size + j, w, (first + j) * taps + tap,
                                     weight_zero(w, first + j));
            }
}

static ex first_channel(lowering *l, const conv *v, const place *p) {
    ex within = add(l, scaled(l, var(l, p->tile), p->tiles.size), i64(l, p->tiles.first));
    return add(l, scaled(l, var(l, p->g), v->opg), within);
}

static ex weight(lowering *l, const conv *v, const place *p, ex ky, ex kx, ex i, ex j) {
    ex tap = add(l, scaled(l, add(l, scaled(l, ky, v->kw), kx), v->ipg), i);
    int64_t taps = v->kh * v->kw * v->ipg;
    ex first = first_channel(l, v, p);
    if (v->packed) {
        ex index = add(l, scaled(l, first, taps), add(l, scaled(l, tap, p->tiles.size), j));
        return cast(l, v->type, load(l, v->weights, index));
    }
    ex value = cast(l, v->type, load(l, v->weights, add(l, scaled(l, add(l, first, j), taps), tap)));
    int64_t zero = tsr_dtype_is_float(v->type) ? 0 : weight_zero(in(l, 1), 0);
    return zero == 0 ? value : sub(l, value, i32(l, zero));
}

static ex within(lowering *l, ex i, int64_t extent) {
    return op(l, TSR_AND, op(l, TSR_GE, i, i64(l, 0)), op(l, TSR_LT, i, i64(l, extent)));
}

// acc[p * size + j] += x[pixel p] * w[channel j], for all taps
static tsr_stmt *multiply(lowering *l, conv *v, const place *p, tsr_tbuffer *acc) {
    const tsr_var *ky = new_var(l, "ky"), *kx = new_var(l, "kx"), *i = new_var(l, "i"), *q = new_var(l, "p"),
                  *j = new_var(l, "j");
    ex iy = add(l, add(l, scaled(l, var(l, p->y), v->sy), scaled(l, var(l, ky), v->dy)), i64(l, -v->top));
    ex ox = add(l, scaled(l, var(l, p->x), p->pixels), var(l, q));
    ex ix = add(l, add(l, scaled(l, ox, v->sx), scaled(l, var(l, kx), v->dx)), i64(l, -v->left));
    ex channel = v->depthwise ? add(l, first_channel(l, v, p), var(l, j)) : add(l, scaled(l, var(l, p->g), v->ipg), var(l, i));
    ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, p->n), v->h), iy), v->w), ix);
    ex x = cast(l, v->type, load(l, v->x, add(l, scaled(l, pixel, v->c), channel)));
    if (v->x_zero != 0)
        x = sub(l, x, i32(l, v->x_zero));
    ex at = add(l, scaled(l, var(l, q), p->tiles.size), var(l, j));
    ex product = mul(l, x, weight(l, v, p, var(l, ky), var(l, kx), var(l, i), var(l, j)));
    tsr_stmt *body = lanes(l, j, p->tiles.size, store(l, acc, at, add(l, load(l, acc, at), product)));
    if (p->pixels > 1 || !v->guard_x)
        body = tsr_for(l->arena, q, p->pixels, TSR_FOR_UNROLL, body);
    body = loop(l, i, v->ipg, body);
    if (v->guard_x) // one pixel at a time, see below
        body = tsr_for(l->arena, q, p->pixels, TSR_FOR_UNROLL, tsr_if(l->arena, within(l, ix, v->w), body));
    body = loop(l, kx, v->kw, body);
    if (v->guard_y)
        body = tsr_if(l->arena, within(l, iy, v->h), body);
    return loop(l, ky, v->kh, body);
}

static tsr_status one_tile(lowering *l, conv *v, tiles kind, tsr_stmt **out_stmt) {
    place p = {.tiles = kind, .pixels = 1};
    if (!v->guard_x)
        while (p.pixels < 4 && v->ow % (2 * p.pixels) == 0 && 2 * p.pixels * kind.size <= 128)
            p.pixels *= 2;
    p.n = new_var(l, "n"), p.g = new_var(l, "g"), p.tile = new_var(l, "t"), p.y = new_var(l, "y"), p.x = new_var(l, "x");
    tsr_tbuffer *acc = tsr_local(l->f, "acc", v->type, (uint64_t)(p.pixels * kind.size));
    const tsr_var *q = new_var(l, "p"), *j = new_var(l, "j");
    ex at = add(l, scaled(l, var(l, q), kind.size), var(l, j));
    ex channel = add(l, first_channel(l, v, &p), var(l, j));
    ex zero = tsr_dtype_is_float(v->type) ? tsr_float(l->arena, v->type, 0) : tsr_int(l->arena, v->type, 0);
    ex start = v->bias != NULL ? cast(l, v->type, load(l, v->bias, channel)) : zero;
    tsr_stmt *init = tsr_for(l->arena, q, p.pixels, TSR_FOR_UNROLL, lanes(l, j, kind.size, store(l, acc, at, start)));
    tsr_stmt *sums = multiply(l, v, &p, acc);

    const tsr_var *q2 = new_var(l, "p"), *j2 = new_var(l, "j");
    channel = add(l, first_channel(l, v, &p), var(l, j2));
    tsr_stmt *copy = copy_local(l, acc, &acc);
    ex sum = load(l, acc, add(l, scaled(l, var(l, q2), kind.size), var(l, j2))), value;
    if (l->node->requant.valid)
        value = requantised(l, &v->tables, sum, channel);
    else if (tsr_dtype_is_float(v->type))
        value = cast(l, out(l, 0)->dtype, clip_real(l, sum));
    else if (out(l, 0)->dtype == TSR_I32)
        value = sum;
    else
        return unsupported(l, "its integer result has no quantisation parameters");
    ex ox = add(l, scaled(l, var(l, p.x), p.pixels), var(l, q2));
    ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, p.n), v->oh), var(l, p.y)), v->ow), ox);
    tsr_stmt *write = lanes(l, j2, kind.size, store(l, out_buffer(l, 0), add(l, scaled(l, pixel, v->o), channel), value));
    write = loop(l, q2, p.pixels, write);

    tsr_stmt *body = loop(l, p.x, v->ow / p.pixels, seq4(l, init, sums, copy, write));
    body = loop(l, p.tile, kind.count, loop(l, p.y, v->oh, body));
    *out_stmt = loop(l, p.n, v->n, loop(l, p.g, v->groups, body));
    return tsr_ok();
}

tsr_status lower_conv(lowering *l) {
    conv v = conv_of(l);
    const tsr_tensor *x = in(l, 0), *w = in(l, 1);
    v.type = tsr_dtype_is_float(x->dtype) ? x->dtype : TSR_I32;
    if (v.type != TSR_I32 && w->dtype != x->dtype)
        return unsupported(l, "input and weights are of different types");
    if (v.type == TSR_I32 && !is_whole(w->dtype))
        return unsupported(l, "an integer input with weights that are not");
    v.x = in_buffer(l, 0);
    v.x_zero = v.type != TSR_I32 ? 0 : l->node->requant.valid ? l->node->requant.in_zero_point[0] : zero_point(x);
    v.bias = has_input(l, 2) ? in_buffer(l, 2) : NULL;
    v.weights = in_buffer(l, 1);
    if (w->data != NULL)
        pack_weights(l, &v);
    else if (w->quant.count > 1 && v.type == TSR_I32)
        return unsupported(l, "weights computed at run time with zero points per channel");
    tiles kinds[2];
    tsr_stmt *parts[2];
    unsigned count = split_channels(v.opg, kinds);
    for (unsigned i = 0; i < count; i++)
        TSR_TRY(one_tile(l, &v, kinds[i], &parts[i]));
    l->f->body = tsr_seq(l->arena, count, parts);
    return tsr_ok();
}
