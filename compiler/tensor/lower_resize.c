// SPDX-License-Identifier: Apache-2.0
// RESIZE_BILINEAR as TFLite's reference kernels compute it (tensorflow/lite/kernels/internal/reference/resize_bilinear.h).
// Output position p lies at s = p * scale in the input, or (p + 1/2) * scale - 1/2 with half_pixel; scale is in / out, or
// (in - 1) / (out - 1) with align_corners. The result is the sum of the four neighbours, weighted by 1 - d and d on each axis.
// float32 and uint8: in float32, uint8 rounded by adding 1/2. int8 and others: scale, s and d are rounded to 1/1024, and the
// sum, in steps of 2^-20, to the nearest integer, halves away from zero.
#include <math.h>

#include "lowering.h"

typedef struct axis {
    tsr_tbuffer *lower, *upper, *weight; // of each output position; weight is that of `upper`
} axis;

static int64_t limited(int64_t value, int64_t lo, int64_t hi) { return value < lo ? lo : value > hi ? hi : value; }

static void place_real(const tsr_attr *a, int64_t in, int64_t out, int64_t p, int64_t *lower, int64_t *upper, float *weight) {
    const float scale = a->align_corners && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    const float at = a->half_pixel ? ((float)p + 0.5f) * scale - 0.5f : (float)p * scale;
    *lower = limited((int64_t)floorf(at), 0, in - 1);
    *upper = limited((int64_t)ceilf(at), 0, in - 1);
    *weight = at - (float)*lower;
}

static void place_whole(const tsr_attr *a, int64_t in, int64_t out, int64_t p, int64_t *lower, int64_t *upper, int32_t *weight) {
    const int64_t scale =
        a->align_corners && out > 1 ? (1024 * (in - 1) + (out - 1) / 2) / (out - 1) : (1024 * in + out / 2) / out;
    const int64_t at = a->half_pixel ? p * scale + scale / 2 - 512 : p * scale;
    *lower = limited(at / 1024, 0, in - 1);
    *upper = limited((at + 1023) / 1024, 0, in - 1);
    *weight = (int32_t)(at - 1024 * *lower);
}

static axis axis_of(lowering *l, int64_t in, int64_t out, bool real) {
    void *lower, *upper, *weight;
    const uint64_t count = (uint64_t)out;
    axis v = {constant(l, "lower", TSR_I32, count, &lower), constant(l, "upper", TSR_I32, count, &upper),
              constant(l, "weight", real ? TSR_F32 : TSR_I32, count, &weight)};
    for (int64_t p = 0; p < out; p++) {
        int64_t lo, hi;
        if (real)
            place_real(&l->node->attr, in, out, p, &lo, &hi, &((float *)weight)[p]);
        else
            place_whole(&l->node->attr, in, out, p, &lo, &hi, &((int32_t *)weight)[p]);
        ((int32_t *)lower)[p] = (int32_t)lo;
        ((int32_t *)upper)[p] = (int32_t)hi;
    }
    return v;
}

tsr_status lower_resize_bilinear(lowering *l) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const int64_t h = x->shape[1], w = x->shape[2], c = x->shape[3], oh = y->shape[1], ow = y->shape[2];
    const bool real = tsr_dtype_is_float(x->dtype) || x->dtype == TSR_U8;
    if (!tsr_dtype_is_float(x->dtype) && tsr_dtype_size(x->dtype) > 2)
        return unsupported(l, "resizing 32-bit integers; cast to float32");
    const tsr_dtype type = real ? TSR_F32 : tsr_dtype_size(x->dtype) > 1 ? TSR_I64 : TSR_I32;
    const axis v[2] = {axis_of(l, h, oh, real), axis_of(l, w, ow, real)};
    const tsr_var *n = new_var(l, "n"), *p[2] = {new_var(l, "y"), new_var(l, "x")}, *k = new_var(l, "c");
    ex near[2][2], far[2]; // weights of the lower and upper neighbour; their positions
    for (int d = 0; d < 2; d++) {
        ex one = real ? f32(l, 1) : tsr_int(l->arena, type, 1024), weight = cast(l, type, load(l, v[d].weight, var(l, p[d])));
        near[d][0] = sub(l, one, weight);
        near[d][1] = weight;
    }
    ex sum = NULL;
    for (int right = 0; right < 2; right++)
        for (int below = 0; below < 2; below++) {
            far[0] = cast(l, TSR_I64, load(l, below ? v[0].upper : v[0].lower, var(l, p[0])));
            far[1] = cast(l, TSR_I64, load(l, right ? v[1].upper : v[1].lower, var(l, p[1])));
            ex pixel = add(l, scaled(l, add(l, scaled(l, var(l, n), h), far[0]), w), far[1]);
            ex value = cast(l, type, load(l, in_buffer(l, 0), add(l, scaled(l, pixel, c), var(l, k))));
            ex term = mul(l, mul(l, value, near[0][below]), near[1][right]);
            sum = sum == NULL ? term : add(l, sum, term);
        }
    if (x->dtype == TSR_U8)
        sum = add(l, sum, f32(l, 0.5));
    if (!real) {
        ex half = tsr_int(l->arena, type, 1 << 19), positive = op(l, TSR_GT, sum, tsr_int(l->arena, type, 0));
        sum = op(l, TSR_DIV, choose(l, positive, add(l, sum, half), sub(l, sum, half)), tsr_int(l->arena, type, 1 << 20));
    }
    ex to = add(l, scaled(l, add(l, scaled(l, var(l, n), oh), var(l, p[0])), ow), var(l, p[1]));
    tsr_stmt *body = lanes(l, k, c, store(l, out_buffer(l, 0), add(l, scaled(l, to, c), var(l, k)), cast(l, y->dtype, sum)));
    l->f->body = loop(l, n, x->shape[0], loop(l, p[0], oh, loop(l, p[1], ow, body)));
    return tsr_ok();
}
