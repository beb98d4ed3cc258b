// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers: the input with its pads goes to a scratch buffer where that is needed, then every
// output pixel is a row of a matrix product whose elements lie in runs of that buffer.
#include "conv.h"
#include "gemm.h"

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
    v.opg = v.o / v.groups;
    return v;
}

int64_t weight_zero(const tsr_tensor *w, int64_t channel) {
    if (w->quant.count == 0 || w->quant.zero_point == NULL)
        return 0;
    return w->quant.zero_point[w->quant.count > 1 && (uint64_t)channel < w->quant.count ? channel : 0];
}

ex conv_result(lowering *l, conv *v, ex sum, ex channel) {
    if (v->bias != NULL)
        sum = add(l, sum, cast(l, v->type, load(l, v->bias, channel)));
    if (l->node->requant.valid)
        return requantised(l, &v->tables, sum, channel);
    if (tsr_dtype_is_float(v->type))
        return cast(l, out(l, 0)->dtype, clip_real(l, sum));
    return sum;
}

typedef struct product { // a convolution as a matrix product
    conv *v;
    ex image, group; // loop variables around it
} product;

static ex pixel_at(lowering *l, const void *context, ex first, int64_t next) {
    const conv *v = ((const product *)context)->v;
    if (v->sx == 1 && v->sy == 1 && v->w == v->ow && v->h == v->oh)
        return scaled(l, add(l, first, i64(l, next)), v->c); // one after another
    bool near = next <= v->ow; // in this row or the next
    ex pixel = near ? first : add(l, first, i64(l, next));
    ex y = op(l, TSR_DIV, pixel, i64(l, v->ow)), x = op(l, TSR_MOD, pixel, i64(l, v->ow));
    ex at = scaled(l, add(l, scaled(l, y, v->sy * v->w), scaled(l, x, v->sx)), v->c);
    if (!near || next == 0)
        return at;
    ex over = op(l, TSR_GE, add(l, x, i64(l, next)), i64(l, v->ow));
    int64_t here = next * v->sx * v->c, there = here + (v->sy * v->w - v->ow * v->sx) * v->c;
    return add(l, at, choose(l, over, i64(l, there), i64(l, here)));
}

static tsr_stmt *finish(lowering *l, const void *context, ex sum, ex pixel, ex channel) {
    const product *p = context;
    conv *v = p->v;
    channel = add(l, scaled(l, p->group, v->opg), channel);
    ex at = add(l, scaled(l, add(l, scaled(l, p->image, v->oh * v->ow), pixel), v->o), channel);
    return store(l, out_buffer(l, 0), at, conv_result(l, v, sum, channel));
}

static ex zero_of_weights(lowering *l, ex channel) {
    (void)channel; // only constants have one each
    return i32(l, weight_zero(in(l, 1), 0));
}

// The bias less what the zero point of the input, as the product reads it, adds to every sum.
static void take_off_zero_point(lowering *l, conv *v) {
    const tsr_tensor *w = in(l, 1);
    const int64_t taps = v->kh * v->kw * v->ipg, zero = gemm_quad_zero(l, in(l, 0)->dtype, v->x_zero);
    void *data;
    tsr_tbuffer *bias = constant(l, "bias", TSR_I32, (uint64_t)v->o, &data);
    for (int64_t o = 0; o < v->o; o++) {
        int64_t sum = 0;
        for (int64_t t = 0; t < taps; t++)
            sum += ((const int8_t *)w->data)[o * taps + t];
        ((int32_t *)data)[o] = (int32_t)((v->bias != NULL ? constant_at(in(l, 2), o) : 0) - zero * sum);
    }
    v->bias = bias;
}

static tsr_status as_product(lowering *l, conv *v) {
    const tsr_tensor *w = in(l, 1);
    tsr_stmt *parts[3];
    uint32_t count = 0;
    bool bytes = tsr_dtype_size(in(l, 0)->dtype) == 1 && tsr_dtype_size(w->dtype) == 1, padded = v->guard_y || v->guard_x;
    bool quads = bytes && gemm_takes_quads(l, in(l, 0), w) && (v->bias == NULL || in(l, 2)->data != NULL);
    gemm m = {.type = v->type, .operand = quads ? TSR_I8 : v->type == TSR_I32 && bytes ? TSR_I16 : v->type, .channels = v->opg};
    if (quads)
        take_off_zero_point(l, v);
    bool as_it_is = quads ? in(l, 0)->dtype == l->target->quad && v->ipg % 4 == 0 : v->type != TSR_I32;
    if (!as_it_is || padded)
        parts[count++] = conv_input(l, v, quads ? l->target->quad : m.operand, 3);
    if (v->kh == 1 && v->kw == 1 && v->sy == 1 && v->sx == 1 && v->h == v->oh && v->w == v->ow) {
        v->ow *= v->n * v->oh; // each pixel by itself: one long row
        v->w = v->ow;
        v->n = v->h = v->oh = 1;
    }
    bool joined = v->dx == 1 && v->groups == 1; // the columns of a window follow each other
    m.pixels = v->oh * v->ow;
    m.runs_y = v->kh, m.runs_x = joined ? 1 : v->kw;
    m.run = joined ? v->kw * v->c : v->ipg;
    m.run_step_y = v->dy * v->w * v->c, m.run_step_x = v->dx * v->c;
    m.channel_step = v->kh * v->kw * v->ipg, m.k_step = 1;
    gemm_plan(l, &m);
    const tsr_var *n = new_var(l, "n"), *g = new_var(l, "g");
    uint64_t packed = (uint64_t)(m.packed * v->groups);
    product p = {v, var(l, n), var(l, g)};
    m.context = &p, m.pixel_at = pixel_at, m.finish = finish;
    m.x = v->x;
    m.x_base = add(l, scaled(l, p.image, v->h * v->w * v->c), scaled(l, p.group, v->ipg));
    tsr_stmt *before = NULL;
    if (w->data != NULL) {
        void *data;
        m.weights = constant(l, "weights", m.operand, packed, &data);
        m.weights_base = scaled(l, p.group, m.packed);
        for (int64_t group = 0; group < v->groups; group++)
            gemm_pack(l, &m, w, group * v->opg * m.channel_step, data, group * m.packed, weight_zero, group * v->opg);
    } else { // one group at a time
        m.weights = tsr_tbuffer_create(l->arena, tsr_arena_printf(l->arena, "%s.weights", l->node->name), TSR_SCOPE_SCRATCH,
                                       m.operand, (uint64_t)m.packed);
        m.weights_base = i64(l, 0);
        before = gemm_pack_at_run_time(l, &m, in_buffer(l, 1), scaled(l, p.group, v->opg * m.channel_step), zero_of_weights);
    }
    tsr_stmt *body = loop(l, n, v->n, gemm_loops(l, &m));
    parts[count++] = loop(l, g, v->groups, before != NULL ? seq2(l, before, body) : body);
    l->f->body = tsr_seq(l->arena, count, parts);
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
    if (v.type == TSR_I32 && !l->node->requant.valid && out(l, 0)->dtype != TSR_I32)
        return unsupported(l, "its integer result has no quantisation parameters");
    if (w->data == NULL && w->quant.count > 1 && v.type == TSR_I32)
        return unsupported(l, "weights computed at run time with zero points per channel");
    v.x = in_buffer(l, 0);
    v.x_zero = v.type != TSR_I32 ? 0 : l->node->requant.valid ? l->node->requant.in_zero_point[0] : zero_point(x);
    v.bias = has_input(l, 2) ? in_buffer(l, 2) : NULL;
    if (v.groups > 1 && v.ipg == 1 && v.o == v.groups && w->data != NULL)
        return lower_depthwise(l, &v);
    return as_product(l, &v);
}
