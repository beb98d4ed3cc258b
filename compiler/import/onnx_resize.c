// SPDX-License-Identifier: Apache-2.0
// Resize in all its forms, and Upsample. Every mode works along one axis after the other: nearest neighbours are a Gather, the
// others a Resample, with indices and weights that are known when the model is read.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

typedef enum { NEAREST, LINEAR, CUBIC } mode;
typedef enum {
    HALF_PIXEL,
    HALF_PIXEL_SYMMETRIC,
    PYTORCH_HALF_PIXEL,
    ALIGN_CORNERS,
    ASYMMETRIC,
    TF_HALF_PIXEL,
    TF_CROP_AND_RESIZE
} transformation;
typedef enum { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL, SIMPLE } rounding; // SIMPLE: Resize of opset 10

typedef struct resize {
    mode mode;
    transformation transformation;
    rounding rounding;
    bool antialias, exclude_outside;
    double cubic, extrapolation;
} resize;

typedef struct axis_plan {
    int64_t in, out;
    double scale, roi[2];
} axis_plan;

static tsr_status word_of(const onnx_node *node, const char *name, const char *standard, uint32_t count, const char *const *words,
                          int *out_index) {
    char text[40];
    TSR_TRY(onnx_attr_text(node, name, standard, sizeof text, text));
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0) {
            *out_index = (int)i;
            return tsr_ok();
        }
    return tsr_error(TSR_UNSUPPORTED, "%s '%.40s' is not known", name, text);
}

static tsr_status read_modes(onnx *o, const onnx_node *node, resize *r) {
    static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear"};
    static const char *const transformations[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                                  "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    int value;
    int64_t flag;
    float number;
    TSR_TRY(word_of(node, "mode", "nearest", 4, modes, &value));
    r->mode = value == 3 ? LINEAR : (mode)value;
    TSR_TRY(
        word_of(node, "coordinate_transformation_mode", o->opset < 11 ? "asymmetric" : "half_pixel", 7, transformations, &value));
    r->transformation = (transformation)value;
    TSR_TRY(word_of(node, "nearest_mode", "round_prefer_floor", 4, roundings, &value));
    r->rounding = o->opset < 11 ? SIMPLE : (rounding)value;
    TSR_TRY(onnx_attr_int(node, "antialias", 0, &flag));
    r->antialias = flag != 0;
    TSR_TRY(onnx_attr_int(node, "exclude_outside", 0, &flag));
    r->exclude_outside = flag != 0;
    TSR_TRY(onnx_attr_float(node, "cubic_coeff_a", -0.75f, &number));
    r->cubic = (double)number;
    TSR_TRY(onnx_attr_float(node, "extrapolation_value", 0, &number));
    r->extrapolation = (double)number;
    return tsr_ok();
}

// Where in x an element of the result lies; in float32, as other implementations do, so that ties fall on the same side.
static float source_of(const resize *r, const axis_plan *a, int64_t i) {
    const float x = (float)i, in = (float)a->in, scale = (float)a->scale, out = scale * in; // which the definition does not round
    const float begin = (float)a->roi[0], end = (float)a->roi[1];
    switch (r->transformation) {
    case HALF_PIXEL_SYMMETRIC: {
        const float adjusted = (float)a->out / out, centre = in / 2;
        return centre * (1 - adjusted) + (x + 0.5f) / scale - 0.5f;
    }
    case PYTORCH_HALF_PIXEL: return out != 1 ? (x + 0.5f) / scale - 0.5f : -0.5f;
    case ALIGN_CORNERS: return out != 1 ? x * (in - 1) / (out - 1) : 0;
    case ASYMMETRIC: return x / scale;
    case TF_HALF_PIXEL: return (x + 0.5f) / scale;
    case TF_CROP_AND_RESIZE:
        return out != 1 ? begin * (in - 1) + x * (end - begin) * (in - 1) / (out - 1) : 0.5f * (begin + end) * (in - 1);
    default: return (x + 0.5f) / scale - 0.5f;
    }
}

static bool is_outside(const resize *r, const axis_plan *a, int64_t i) {
    const float x = source_of(r, a, i);
    return r->transformation == TF_CROP_AND_RESIZE && (x < 0 || x > (float)(a->in - 1));
}

static int64_t nearest_to(const resize *r, const axis_plan *a, int64_t i) {
    const float x = source_of(r, a, i), whole = floorf(x), rest = x - whole;
    float at = whole;
    if (r->rounding == CEIL || (r->rounding == SIMPLE && a->scale < 1))
        at = ceilf(x);
    else if (r->rounding == ROUND_PREFER_FLOOR)
        at = rest <= 0.5f ? whole : whole + 1;
    else if (r->rounding == ROUND_PREFER_CEIL)
        at = rest < 0.5f ? whole : whole + 1;
    return at<0 ? 0 : at>(double)(a->in - 1) ? a->in - 1 : (int64_t)at;
}

static double kernel(const resize *r, double distance) {
    const double d = fabs(distance), a = r->cubic;
    if (r->mode == LINEAR)
        return d < 1 ? 1 - d : 0;
    return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

// Weights of the elements around the source; with antialias, a smaller scale makes the kernel wider.
static void fill_row(const resize *r, const axis_plan *a, int64_t i, int64_t taps, double stretch, int32_t *index,
                     float *weight) {
    const double x = (double)source_of(r, a, i);
    const int64_t first = (int64_t)floor(x) - taps / 2 + 1;
    double total = 0;
    for (int64_t t = 0; t < taps; t++) {
        const int64_t at = first + t;
        const bool outside = at < 0 || at >= a->in;
        index[t] = (int32_t)(at < 0 ? 0 : at >= a->in ? a->in - 1 : at);
        const double w = outside && r->exclude_outside ? 0 : kernel(r, (x - (double)at) * stretch);
        weight[t] = (float)w;
        total += w;
    }
    for (int64_t t = 0; t < taps; t++)
        weight[t] = is_outside(r, a, i) || total == 0 ? 0 : (float)((double)weight[t] / total);
}

// What lies outside of the region of interest.
static tsr_id extrapolate(composer *c, const resize *r, const axis_plan *a, tsr_id x, uint32_t axis) {
    bool any = false;
    for (int64_t i = 0; i < a->out && c->status.code == TSR_OK; i++)
        any |= is_outside(r, a, i);
    if (!any)
        return x;
    const uint32_t rank = compose_tensor(c, x).rank - axis;
    int64_t shape[TSR_MAX_RANK] = {a->out, 1, 1, 1, 1, 1, 1, 1}, *outside;
    const tsr_id which = compose_wholes(c, rank, shape, &outside);
    for (int64_t i = 0; i < a->out && outside != NULL; i++)
        outside[i] = is_outside(r, a, i);
    const tsr_id value = compose_number(c, compose_tensor(c, x).dtype, r->extrapolation);
    return compose_where(c, compose_cast(c, which, TSR_BOOL), value, x);
}

static tsr_id resize_axis(composer *c, const resize *r, const axis_plan *a, tsr_id x, uint32_t axis) {
    if (r->mode == NEAREST) {
        int64_t *at;
        const tsr_id index = compose_wholes(c, 1, &a->out, &at);
        for (int64_t i = 0; i < a->out && at != NULL; i++)
            at[i] = nearest_to(r, a, i);
        return extrapolate(c, r, a, compose_gather(c, x, index, axis, 0), axis);
    }
    const double stretch = r->antialias && a->scale < 1 ? a->scale : 1;
    const int64_t reach = (int64_t)ceil((r->mode == CUBIC ? 2 : 1) / stretch), taps = 2 * reach, shape[2] = {a->out, taps};
    int32_t *index;
    float *weight;
    const tsr_id weights = compose_reals(c, 2, shape, &weight), indices = compose_places(c, 2, shape, &index);
    for (int64_t i = 0; i < a->out && c->status.code == TSR_OK; i++)
        fill_row(r, a, i, taps, stretch, index + i * taps, weight + i * taps);
    tsr_attr attr = tsr_attr_default();
    attr.axis = axis;
    const tsr_id in[3] = {x, indices, weights};
    return extrapolate(c, r, a, compose_node(c, TSR_OP_RESAMPLE, &attr, 3, in, compose_tensor(c, x).dtype), axis);
}

// Smaller results first, so that less is computed; of equal ones the last axis, along which neighbours are cheap.
static tsr_id resize_all(composer *c, const resize *r, axis_plan *plans, tsr_id x) {
    const uint32_t rank = compose_tensor(c, x).rank;
    const bool real = tsr_dtype_is_float(compose_tensor(c, x).dtype);
    const tsr_dtype dtype = compose_tensor(c, x).dtype;
    bool done[TSR_MAX_RANK] = {false};
    if (r->mode != NEAREST && !real)
        x = compose_cast(c, x, TSR_F32);
    for (uint32_t n = 0; n < rank; n++) {
        uint32_t next = rank;
        for (uint32_t i = rank; i-- > 0;)
            if (!done[i] && (next == rank || plans[i].scale < plans[next].scale))
                next = i;
        done[next] = true;
        const bool moves = plans[next].in != plans[next].out || plans[next].scale != 1 || r->transformation == TF_CROP_AND_RESIZE;
        if (moves)
            x = resize_axis(c, r, &plans[next], x, next);
    }
    return compose_cast(c, x, dtype);
}

static tsr_status check_plan(const axis_plan *a, uint32_t axis) {
    if (!isfinite(a->scale) || a->scale <= 0 || a->out < 1 || a->out > INT32_MAX || a->in > INT32_MAX)
        return tsr_error(TSR_CORRUPT, "axis %" PRIu32 ": a scale of %g, %" PRId64 " elements from %" PRId64, axis, a->scale,
                         a->out, a->in);
    if (!isfinite(a->roi[0]) || !isfinite(a->roi[1]) || fabs(a->roi[0]) > 1e6 || fabs(a->roi[1]) > 1e6)
        return tsr_error(TSR_CORRUPT, "axis %" PRIu32 ": a region from %g to %g", axis, a->roi[0], a->roi[1]);
    return tsr_ok();
}

static void scale_axes(uint32_t count, const int64_t *axes, const double *scales, axis_plan *plans) {
    for (uint32_t i = 0; i < count; i++) {
        axis_plan *a = &plans[axes[i]];
        a->scale = scales[i];
        const float extent = (float)a->in * (float)a->scale; // the definition's arithmetic
        a->out = extent >= 1 && extent < (float)INT32_MAX ? (int64_t)extent : 0;
    }
}

static tsr_status size_axes(const onnx_node *node, uint32_t count, const int64_t *axes, const int64_t *sizes, axis_plan *plans) {
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    int policy;
    TSR_TRY(word_of(node, "keep_aspect_ratio_policy", "stretch", 3, policies, &policy));
    double common = 0;
    for (uint32_t i = 0; i < count; i++) {
        axis_plan *a = &plans[axes[i]];
        a->out = sizes[i];
        a->scale = (double)a->out / (double)a->in;
        common = i == 0 || (policy == 1 ? a->scale < common : a->scale > common) ? a->scale : common;
    }
    for (uint32_t i = 0; i < count && policy != 0; i++) {
        axis_plan *a = &plans[axes[i]];
        a->scale = common;
        a->out = (int64_t)fmin(floor(common * (double)a->in + 0.5), INT32_MAX);
    }
    return tsr_ok();
}

static tsr_status check_counts(uint32_t scales, uint32_t sizes, uint32_t roi, uint32_t axes) {
    if ((scales == 0) == (sizes == 0))
        return tsr_error(TSR_CORRUPT, "either scales or sizes must be given");
    if ((scales != 0 ? scales : sizes) != axes || (roi != 0 && roi != 2 * axes))
        return tsr_error(TSR_CORRUPT,
                         "%" PRIu32 " scales, %" PRIu32 " sizes and %" PRIu32 " limits of a region for %" PRIu32 " axes", scales,
                         sizes, roi, axes);
    return tsr_ok();
}

static tsr_status start_plans(composer *c, tsr_id x, axis_plan *out_plans) {
    TSR_TRY(c->status);
    const tsr_tensor from = compose_tensor(c, x);
    for (uint32_t i = 0; i < from.rank; i++)
        out_plans[i] = (axis_plan){from.shape[i], from.shape[i], 1, {0, 1}};
    return tsr_ok();
}

static tsr_status finish(composer *c, const resize *r, axis_plan *plans, tsr_id x) {
    for (uint32_t i = 0; i < compose_tensor(c, x).rank; i++)
        TSR_TRY(check_plan(&plans[i], i));
    return compose_define(c, 0, resize_all(c, r, plans, x));
}

tsr_status onnx_resize(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const bool old = o->opset < 11; // X, scales
    axis_plan plans[TSR_MAX_RANK];
    resize r;
    double scales[TSR_MAX_RANK], roi[2 * TSR_MAX_RANK];
    int64_t sizes[TSR_MAX_RANK], axes[TSR_MAX_RANK];
    uint32_t scale_count, size_count = 0, roi_count = 0, axis_count;
    bool has_axes;
    TSR_TRY(start_plans(&c, x, plans));
    TSR_TRY(read_modes(o, node, &r));
    if (!old && r.transformation == TF_CROP_AND_RESIZE)
        compose_doubles(&c, compose_input(&c, 1), 2 * TSR_MAX_RANK, roi, &roi_count);
    const bool empty = !old && onnx_has_input(node, 3); // then scales may be an empty list, which is no tensor
    scale_count = 0;
    if (!empty)
        compose_doubles(&c, compose_input(&c, old ? 1 : 2), TSR_MAX_RANK, scales, &scale_count);
    if (empty)
        TSR_TRY(onnx_input_ints(o, node, 3, TSR_MAX_RANK, sizes, &size_count));
    TSR_TRY(c.status);
    const uint32_t rank = compose_tensor(&c, x).rank;
    TSR_TRY(onnx_attr_ints(node, "axes", TSR_MAX_RANK, axes, &axis_count, &has_axes));
    for (uint32_t i = 0; i < (has_axes ? axis_count : rank); i++) {
        axes[i] = has_axes ? axes[i] : i;
        if (!normalise_axis(&axes[i], rank))
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axes[i], rank);
    }
    axis_count = has_axes ? axis_count : rank;
    TSR_TRY(check_counts(scale_count, size_count, roi_count, axis_count));
    for (uint32_t i = 0; i < roi_count / 2; i++)
        plans[axes[i]].roi[0] = roi[i], plans[axes[i]].roi[1] = roi[roi_count / 2 + i];
    if (scale_count > 0)
        scale_axes(axis_count, axes, scales, plans);
    else
        TSR_TRY(size_axes(node, axis_count, axes, sizes, plans));
    return finish(&c, &r, plans, x);
}

tsr_status onnx_upsample(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    static const int64_t all[TSR_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    axis_plan plans[TSR_MAX_RANK];
    resize r;
    double scales[TSR_MAX_RANK] = {1, 1};
    uint32_t count = 4;
    TSR_TRY(start_plans(&c, x, plans));
    TSR_TRY(read_modes(o, node, &r));
    r.transformation = ASYMMETRIC;
    r.rounding = SIMPLE;
    const Onnx__AttributeProto *list = onnx_attr(node, "scales");
    if (onnx_has_input(node, 1)) {
        compose_doubles(&c, compose_input(&c, 1), TSR_MAX_RANK, scales, &count);
    } else if (list != NULL && list->n_floats <= TSR_MAX_RANK) { // opset 7
        for (count = 0; count < list->n_floats; count++)
            scales[count] = (double)list->floats[count];
    } else { // opset 1
        scales[2] = (double)compose_attr_float(&c, "height_scale", 1);
        scales[3] = (double)compose_attr_float(&c, "width_scale", 1);
    }
    TSR_TRY(c.status);
    TSR_TRY(check_counts(count, 0, 0, compose_tensor(&c, x).rank));
    scale_axes(count, all, scales, plans);
    return finish(&c, &r, plans, x);
}
