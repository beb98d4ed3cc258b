// SPDX-License-Identifier: Apache-2.0
// Pictures read at computed places: GridSample, AffineGrid, RoiAlign, DeformConv. A picture becomes rows of channels; every
// element around a place is gathered as a row and weighted.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

typedef enum { NEAREST, LINEAR, CUBIC } mode;
typedef enum { ZEROS, BORDER, REFLECTION } padding;
enum { MOST_TAPS = 4, MOST_DIMS = 3 };

typedef struct sampler {
    uint32_t dims;
    int64_t extent[MOST_DIMS];
    mode mode;
    padding padding;
    bool align_corners;
} sampler;

typedef struct taps { // of one dimension: indices (int64) and weights, of the coordinates' shape
    uint32_t count;
    tsr_id index[MOST_TAPS], weight[MOST_TAPS];
} taps;

// [N, C, ...] as rows [N * ..., C].
static tsr_id channel_rows(composer *c, tsr_id x) {
    const tsr_tensor from = compose_tensor(c, x);
    const int64_t n = from.shape[0], channels = from.shape[1], rest = (int64_t)tsr_tensor_elements(&from) / n / channels;
    const tsr_id flat = compose_reshape(c, x, 3, (const int64_t[]){n, channels, rest});
    return compose_reshape(c, compose_transpose(c, flat, (const int64_t[]){0, 2, 1}), 2, (const int64_t[]){n * rest, channels});
}

static tsr_id clipped(composer *c, tsr_id x, double lo, double hi) {
    tsr_attr attr = tsr_attr_default();
    attr.clip_lo = (float)lo, attr.clip_hi = (float)hi;
    return compose_node(c, TSR_OP_CLIP, &attr, 1, &x, compose_tensor(c, x).dtype);
}

// lo + t or hi - t, whichever the mirror image of x between lo and hi is.
static tsr_id reflected(composer *c, tsr_id x, double lo, double hi) {
    const double period = 2 * (hi - lo);
    if (period <= 0)
        return compose_scale(c, x, 0);
    const tsr_id distance = compose_unary(c, TSR_OP_ABS, compose_add_number(c, x, -lo));
    tsr_attr attr = tsr_attr_default();
    attr.fmod = true;
    const tsr_dtype dtype = compose_tensor(c, x).dtype;
    const tsr_id t = compose_node(c, TSR_OP_MOD, &attr, 2, (const tsr_id[]){distance, compose_number(c, dtype, period)}, dtype);
    const tsr_id back = compose_sub(c, compose_number(c, dtype, period), t);
    return compose_add_number(c, compose_binary(c, TSR_OP_MIN, t, back), lo);
}

static double lower_border(const sampler *s) { return s->align_corners ? 0 : -0.5; }
static double upper_border(const sampler *s, int64_t extent) {
    return s->align_corners ? (double)(extent - 1) : (double)extent - 0.5;
}

// A coordinate outside of the picture, brought inside as the padding wants.
static tsr_id brought_inside(composer *c, const sampler *s, tsr_id x, int64_t extent) {
    if (s->padding == REFLECTION)
        return reflected(c, x, lower_border(s), upper_border(s, extent));
    if (s->padding == ZEROS || s->mode == CUBIC) // whose elements are moved inside one by one
        return x;
    const tsr_dtype dtype = compose_tensor(c, x).dtype;
    const tsr_id below = compose_binary(c, TSR_OP_LESS, x, compose_number(c, dtype, lower_border(s)));
    const tsr_id above = compose_binary(c, TSR_OP_LESS, compose_number(c, dtype, upper_border(s, extent)), x);
    return compose_where(c, compose_binary(c, TSR_OP_OR, below, above), clipped(c, x, 0, (double)(extent - 1)), x);
}

static tsr_id cubic_weight(composer *c, tsr_id rest, int64_t tap) {
    const double a = -0.75;
    // Distance from tap -1, 0, 1, 2: rest + 1, rest, 1 - rest, 2 - rest.
    const tsr_id distance = tap == 0   ? compose_add_number(c, rest, 1)
                            : tap == 1 ? rest
                                       : compose_add_number(c, compose_unary(c, TSR_OP_NEG, rest), (double)(tap - 1));
    const bool near = tap == 1 || tap == 2;
    const double p[4] = {near ? a + 2 : a, near ? -(a + 3) : -5 * a, near ? 0 : 8 * a, near ? 1 : -4 * a};
    tsr_id y = compose_add_number(c, compose_scale(c, distance, p[0]), p[1]);
    for (unsigned i = 2; i < 4; i++)
        y = compose_add_number(c, compose_mul(c, y, distance), p[i]);
    return y;
}

// The element at a whole coordinate: where it is stored, and what its weight is multiplied by.
static void put_tap(composer *c, const sampler *s, taps *t, tsr_id whole, int64_t extent, tsr_id weight) {
    const tsr_id inside = s->padding == REFLECTION ? reflected(c, whole, lower_border(s), upper_border(s, extent)) : whole;
    const tsr_id at = clipped(c, inside, 0, (double)(extent - 1));
    if (s->padding == ZEROS) { // what lies outside counts as zero
        const tsr_dtype dtype = compose_tensor(c, whole).dtype;
        const tsr_id counts = compose_cast(c, compose_binary(c, TSR_OP_EQUAL, at, whole), dtype);
        weight = weight == TSR_NO_ID ? counts : compose_mul(c, weight, counts);
    }
    t->index[t->count] = compose_cast(c, at, TSR_I64);
    t->weight[t->count++] = weight;
}

static taps taps_of(composer *c, const sampler *s, uint32_t dim, tsr_id x) {
    taps t = {.count = 0};
    const int64_t extent = s->extent[dim];
    x = s->mode == NEAREST ? compose_unary(c, TSR_OP_ROUND, x) : x;
    x = brought_inside(c, s, x, extent);
    if (s->mode == NEAREST) {
        put_tap(c, s, &t, compose_cast(c, compose_cast(c, x, TSR_I32), compose_tensor(c, x).dtype), extent, TSR_NO_ID);
        return t;
    }
    const tsr_id low = compose_unary(c, TSR_OP_FLOOR, x), rest = compose_sub(c, x, low);
    const int64_t first = s->mode == CUBIC ? -1 : 0, last = s->mode == CUBIC ? 2 : 1;
    for (int64_t i = first; i <= last; i++) {
        const tsr_id weight = s->mode == CUBIC ? cubic_weight(c, rest, i + 1)
                              : i == 1         ? rest
                                               : compose_add_number(c, compose_unary(c, TSR_OP_NEG, rest), 1);
        put_tap(c, s, &t, compose_add_number(c, low, (double)i), extent, weight);
    }
    return t;
}

// Rows at coordinates of one shape (or shapes that broadcast), as [that shape, C]. `batch`: the first row of each place's
// picture, int64. What is weighted is added up, or the largest is taken, as `together` says.
static tsr_id sampled(composer *c, const sampler *s, tsr_id rows, tsr_id batch, const tsr_id coordinates[MOST_DIMS],
                      tsr_op together) {
    taps t[MOST_DIMS];
    uint32_t combinations = 1;
    for (uint32_t d = 0; d < s->dims; d++) {
        t[d] = taps_of(c, s, d, coordinates[d]);
        combinations *= t[d].count;
    }
    tsr_id sum = TSR_NO_ID;
    for (uint32_t n = 0; n < combinations && c->status.code == TSR_OK; n++) {
        tsr_id row = TSR_NO_ID, weight = TSR_NO_ID;
        for (uint32_t d = 0, rest = n; d < s->dims; d++) {
            const uint32_t tap = rest % t[d].count;
            rest /= t[d].count;
            row =
                row == TSR_NO_ID ? t[d].index[tap] : compose_add(c, compose_scale(c, row, (double)s->extent[d]), t[d].index[tap]);
            if (t[d].weight[tap] != TSR_NO_ID)
                weight = weight == TSR_NO_ID ? t[d].weight[tap] : compose_mul(c, weight, t[d].weight[tap]);
        }
        row = compose_add(c, row, batch);
        tsr_id value = compose_gather(c, rows, row, 0, 0);
        if (weight != TSR_NO_ID) {
            tsr_tensor shape = compose_tensor(c, weight);
            shape.shape[shape.rank] = 1;
            value = compose_mul(c, value, compose_reshape(c, weight, shape.rank + 1, shape.shape));
        }
        sum = sum == TSR_NO_ID ? value : compose_binary(c, together, sum, value);
    }
    return sum;
}

// 0, step, 2 * step, ... as [count, 1...]: the first rows of pictures.
static tsr_id first_rows(composer *c, int64_t count, int64_t step, uint32_t rank) {
    const int64_t shape[TSR_MAX_RANK] = {count, 1, 1, 1, 1, 1, 1, 1};
    int64_t *value;
    const tsr_id id = compose_wholes(c, rank, shape, &value);
    for (int64_t i = 0; i < count && value != NULL; i++)
        value[i] = i * step;
    return id;
}

// ---- GridSample --------------------------------------------------------------------------------------------------------

static tsr_status read_sampler(composer *c, sampler *s) {
    char text[24];
    TSR_TRY(onnx_attr_text(c->node, "mode", "linear", sizeof text, text));
    s->mode = strcmp(text, "nearest") == 0 ? NEAREST : strstr(text, "cubic") != NULL ? CUBIC : LINEAR;
    if (s->mode == LINEAR && strcmp(text, "linear") != 0 && strcmp(text, "bilinear") != 0)
        return tsr_error(TSR_UNSUPPORTED, "mode '%s'; linear, nearest and cubic work", text);
    TSR_TRY(onnx_attr_text(c->node, "padding_mode", "zeros", sizeof text, text));
    s->padding = strcmp(text, "border") == 0 ? BORDER : strcmp(text, "reflection") == 0 ? REFLECTION : ZEROS;
    if (s->padding == ZEROS && strcmp(text, "zeros") != 0)
        return tsr_error(TSR_UNSUPPORTED, "padding_mode '%s'; zeros, border and reflection work", text);
    s->align_corners = compose_attr_int(c, "align_corners", 0) != 0;
    return c->status;
}

tsr_status onnx_grid_sample(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), grid = compose_input(&c, 1);
    sampler s = {.dims = 0};
    if (!compose_rank(&c, x, 3, 2 + MOST_DIMS))
        return c.status;
    TSR_TRY(read_sampler(&c, &s));
    const tsr_tensor from = compose_tensor(&c, x), to = compose_tensor(&c, grid);
    s.dims = from.rank - 2;
    if (to.rank != from.rank || to.shape[0] != from.shape[0] || to.shape[to.rank - 1] != (int64_t)s.dims)
        return tsr_error(TSR_CORRUPT, "the grid must be [N, ..., %" PRIu32 "]", s.dims);
    const int64_t n = from.shape[0], places = (int64_t)tsr_tensor_elements(&to) / n / s.dims;
    const tsr_id flat = compose_reshape(&c, grid, 3, (const int64_t[]){n, places, s.dims});
    tsr_id coordinates[MOST_DIMS];
    int64_t pixels = 1, shape[TSR_MAX_RANK], perm[TSR_MAX_RANK];
    for (uint32_t d = 0; d < s.dims; d++) {
        const int64_t extent = s.extent[d] = from.shape[2 + d];
        pixels *= extent;
        // From -1 .. 1; the last coordinate of the grid is of the first dimension.
        tsr_id at = compose_reshape(&c, compose_slice(&c, flat, 2, s.dims - 1 - d, 1, 1), 2, (const int64_t[]){n, places});
        at = compose_add_number(&c, at, 1);
        coordinates[d] = s.align_corners ? compose_scale(&c, at, (double)(extent - 1) / 2)
                                         : compose_add_number(&c, compose_scale(&c, at, (double)extent / 2), -0.5);
    }
    const tsr_id y = sampled(&c, &s, channel_rows(&c, x), first_rows(&c, n, pixels, 2), coordinates, TSR_OP_ADD);
    memcpy(shape, to.shape, sizeof shape);
    shape[to.rank - 1] = from.shape[1]; // channels last
    for (uint32_t i = 0; i < to.rank; i++)
        perm[i] = i == 0 ? 0 : i == 1 ? to.rank - 1 : i - 1;
    return compose_define(&c, 0, compose_transpose(&c, compose_reshape(&c, y, to.rank, shape), perm));
}

// theta[N, D, D + 1] times the homogeneous coordinates of every pixel of [N, C, spatial...].
tsr_status onnx_affine_grid(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id theta = compose_input(&c, 0);
    int64_t size[TSR_MAX_RANK];
    uint32_t count;
    compose_ints(&c, compose_input(&c, 1), TSR_MAX_RANK, size, &count);
    const bool align = compose_attr_int(&c, "align_corners", 0) != 0;
    TSR_TRY(c.status);
    const tsr_tensor from = compose_tensor(&c, theta);
    const int64_t dims = (int64_t)count - 2;
    if (dims < 1 || dims > MOST_DIMS || from.rank != 3 || from.shape[1] != dims || from.shape[2] != dims + 1)
        return tsr_error(TSR_CORRUPT, "theta must be [N, D, D + 1] for a size of 2 + D numbers");
    TSR_TRY(tsr_shape_check(TSR_F32, count, size));
    int64_t pixels = 1;
    for (int64_t d = 0; d < dims; d++)
        pixels *= size[2 + d];
    float *value;
    const tsr_id places = compose_reals(&c, 2, (const int64_t[]){dims + 1, pixels}, &value);
    for (int64_t p = 0; p < pixels && value != NULL; p++) {
        int64_t rest = p;
        for (int64_t d = dims; d-- > 0; rest /= size[2 + d]) {
            const double i = (double)(rest % size[2 + d]), extent = (double)size[2 + d];
            const double at = align ? (extent > 1 ? 2 * i / (extent - 1) - 1 : -1) : (2 * i + 1) / extent - 1;
            value[(dims - 1 - d) * pixels + p] = (float)at; // x before y before z
        }
        value[dims * pixels + p] = 1;
    }
    const tsr_id product = compose_matmul(&c, theta, compose_cast(&c, places, from.dtype)); // [N, D, pixels]
    int64_t shape[TSR_MAX_RANK] = {from.shape[0]};
    memcpy(shape + 1, size + 2, (size_t)dims * sizeof *shape);
    shape[dims + 1] = dims;
    const tsr_id y = compose_transpose(&c, product, (const int64_t[]){0, 2, 1});
    return compose_define(&c, 0, compose_reshape(&c, y, (uint32_t)dims + 2, shape));
}

// ---- RoiAlign ----------------------------------------------------------------------------------------------------------

// Coordinates [R, cells * samples] along one dimension, and what they weigh: 1, or 0 far outside.
static tsr_id roi_coordinates(composer *c, tsr_id start, tsr_id end, int64_t cells, int64_t samples, bool half_pixel,
                              int64_t extent, tsr_id *out_counts) {
    float *value;
    const tsr_id steps = compose_reals(c, 2, (const int64_t[]){1, cells * samples}, &value);
    for (int64_t i = 0; i < cells * samples && value != NULL; i++)
        value[i] = (float)(((double)i + 0.5) / (double)(cells * samples));
    tsr_id length = compose_sub(c, end, start);
    const tsr_dtype dtype = compose_tensor(c, start).dtype;
    if (!half_pixel)
        length = compose_binary(c, TSR_OP_MAX, length, compose_number(c, dtype, 1));
    const tsr_id at = compose_add(c, start, compose_mul(c, length, steps));
    const tsr_id below = compose_binary(c, TSR_OP_LESS_EQUAL, compose_number(c, dtype, -1), at);
    const tsr_id above = compose_binary(c, TSR_OP_LESS_EQUAL, at, compose_number(c, dtype, (double)extent));
    *out_counts = compose_cast(c, compose_binary(c, TSR_OP_AND, below, above), dtype);
    return clipped(c, at, 0, (double)(extent - 1));
}

tsr_status onnx_roi_align(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), rois = compose_input(&c, 1), batch = compose_input(&c, 2);
    const int64_t high = compose_attr_int(&c, "output_height", 1), wide = compose_attr_int(&c, "output_width", 1);
    const int64_t samples = compose_attr_int(&c, "sampling_ratio", 0);
    const double scale = (double)compose_attr_float(&c, "spatial_scale", 1);
    const bool half =
        compose_attr_is(&c, "coordinate_transformation_mode", o->opset < 16 ? "output_half_pixel" : "half_pixel", "half_pixel");
    const bool max = compose_attr_is(&c, "mode", "avg", "max");
    if (!compose_rank(&c, x, 4, 4) || !compose_rank(&c, rois, 2, 2) || !compose_rank(&c, batch, 1, 1))
        return c.status;
    if (samples < 1 || samples > 64 || high < 1 || wide < 1 || high > 4096 || wide > 4096)
        return tsr_error(TSR_UNSUPPORTED,
                         "sampling_ratio %" PRId64 ", output %" PRId64 " x %" PRId64
                         "; a fixed sampling_ratio of 1 to 64 works (0 depends on the regions)",
                         samples, high, wide);
    const tsr_tensor from = compose_tensor(&c, x), r = compose_tensor(&c, rois);
    const int64_t count = r.shape[0], channels = from.shape[1], rows = high * samples, columns = wide * samples;
    if (r.shape[1] != 4 || compose_tensor(&c, batch).shape[0] != count)
        return tsr_error(TSR_CORRUPT, "regions must be [R, 4], batch indices [R]");
    tsr_id edge[4]; // x1, y1, x2, y2
    for (uint32_t i = 0; i < 4; i++)
        edge[i] = compose_add_number(&c, compose_scale(&c, compose_slice(&c, rois, 1, i, 1, 1), scale), half ? -0.5 : 0);
    tsr_id counts[2];
    const int64_t row_shape[3] = {count, rows, 1}, column_shape[3] = {count, 1, columns};
    tsr_id y = roi_coordinates(&c, edge[1], edge[3], high, samples, half, from.shape[2], &counts[0]);
    tsr_id xs = roi_coordinates(&c, edge[0], edge[2], wide, samples, half, from.shape[3], &counts[1]);
    const tsr_id coordinates[MOST_DIMS] = {compose_reshape(&c, y, 3, row_shape), compose_reshape(&c, xs, 3, column_shape)};
    const tsr_id weight =
        compose_mul(&c, compose_reshape(&c, counts[0], 3, row_shape), compose_reshape(&c, counts[1], 3, column_shape));
    const tsr_id first =
        compose_reshape(&c, compose_scale(&c, compose_cast(&c, batch, TSR_I64), (double)(from.shape[2] * from.shape[3])), 3,
                        (const int64_t[]){count, 1, 1});
    sampler s = {.dims = 2, .extent = {from.shape[2], from.shape[3]}, .mode = LINEAR, .padding = BORDER, .align_corners = true};
    tsr_id value =
        sampled(&c, &s, channel_rows(&c, x), first, coordinates, max ? TSR_OP_MAX : TSR_OP_ADD); // [R, rows, columns, C]
    value = compose_mul(&c, value, compose_reshape(&c, weight, 4, (const int64_t[]){count, rows, columns, 1}));
    value = compose_reshape(&c, value, 6, (const int64_t[]){count, high, samples, wide, samples, channels});
    value = compose_reduce(&c, max ? TSR_OP_REDUCE_MAX : TSR_OP_MEAN, value, 2, (const int64_t[]){2, 4}, false);
    return compose_define(&c, 0, compose_transpose(&c, value, (const int64_t[]){0, 3, 1, 2}));
}

// ---- DeformConv --------------------------------------------------------------------------------------------------------

static tsr_status read_pair(const onnx_node *node, const char *name, uint32_t count, int64_t standard, int64_t *out_values) {
    uint32_t given;
    bool present;
    TSR_TRY(onnx_attr_ints(node, name, 4, out_values, &given, &present));
    for (uint32_t i = 0; i < count && !present; i++)
        out_values[i] = standard;
    if (present && given != count)
        return tsr_error(TSR_UNSUPPORTED, "attribute '%s' has %" PRIu32 " elements; two spatial dimensions work", name, given);
    for (uint32_t i = 0; i < count; i++)
        if (out_values[i] < 0 || out_values[i] > INT32_MAX)
            return tsr_error(TSR_CORRUPT, "attribute '%s' holds %" PRId64, name, out_values[i]);
    return tsr_ok();
}

// Places of the undeformed kernel along one dimension: [1, 1, K, 1, oH, oW] or with 1 for what they do not depend on.
static tsr_id kernel_places(composer *c, bool vertical, const int64_t kernel[2], int64_t out, int64_t stride, int64_t dilation,
                            int64_t pad) {
    const int64_t shape[5] = {1, 1, kernel[0] * kernel[1], vertical ? out : 1, vertical ? 1 : out};
    float *value;
    const tsr_id id = compose_reals(c, 5, shape, &value);
    for (int64_t k = 0; k < kernel[0] * kernel[1] && value != NULL; k++)
        for (int64_t i = 0; i < out; i++)
            value[k * out + i] = (float)(i * stride - pad + (vertical ? k / kernel[1] : k % kernel[1]) * dilation);
    return id;
}

tsr_status onnx_deform_conv(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), w = compose_input(&c, 1), offset = compose_input(&c, 2);
    const tsr_id bias = compose_optional(&c, 3), mask = compose_optional(&c, 4);
    const int64_t groups = compose_attr_int(&c, "group", 1), fields = compose_attr_int(&c, "offset_group", 1);
    int64_t stride[4], dilation[4], pads[4];
    TSR_TRY(read_pair(node, "strides", 2, 1, stride));
    TSR_TRY(read_pair(node, "dilations", 2, 1, dilation));
    TSR_TRY(read_pair(node, "pads", 4, 0, pads));
    if (!compose_rank(&c, x, 4, 4) || !compose_rank(&c, w, 4, 4) || !compose_rank(&c, offset, 4, 4))
        return c.status;
    const tsr_tensor a = compose_tensor(&c, x), b = compose_tensor(&c, w), f = compose_tensor(&c, offset);
    const int64_t n = a.shape[0], channels = a.shape[1], kernel[2] = {b.shape[2], b.shape[3]}, taps_ = kernel[0] * kernel[1];
    const int64_t oh = f.shape[2], ow = f.shape[3], places = oh * ow;
    if (groups < 1 || fields < 1 || channels % groups != 0 || channels % fields != 0 || b.shape[0] % groups != 0 ||
        b.shape[1] != channels / groups || f.shape[0] != n || f.shape[1] != 2 * fields * taps_)
        return tsr_error(TSR_CORRUPT, "input, weights and offsets do not fit %" PRId64 " groups and %" PRId64 " offset groups",
                         groups, fields);
    tsr_id coordinates[MOST_DIMS];
    const tsr_id moved = compose_reshape(&c, offset, 6, (const int64_t[]){n, fields, taps_, 2, oh, ow});
    for (uint32_t d = 0; d < 2; d++) { // [N, fields, K, oH, oW]
        const tsr_id by =
            compose_reshape(&c, compose_slice(&c, moved, 3, d, 1, 1), 5, (const int64_t[]){n, fields, taps_, oh, ow});
        const tsr_id base = kernel_places(&c, d == 0, kernel, d == 0 ? oh : ow, stride[d], dilation[d], pads[d]);
        coordinates[d] = compose_reshape(&c, compose_add(&c, by, base), 4, (const int64_t[]){n, fields, taps_, places});
    }
    const int64_t pixels = a.shape[2] * a.shape[3], each = channels / fields;
    const tsr_id rows = channel_rows(&c, compose_reshape(&c, x, 3, (const int64_t[]){n * fields, each, pixels}));
    const tsr_id first = compose_reshape(&c, first_rows(&c, n * fields, pixels, 1), 4, (const int64_t[]){n, fields, 1, 1});
    const sampler s = {.dims = 2, .extent = {a.shape[2], a.shape[3]}, .mode = LINEAR, .padding = ZEROS};
    tsr_id y = sampled(&c, &s, rows, first, coordinates, TSR_OP_ADD); // [N, fields, K, places, C / fields]
    if (mask != TSR_NO_ID)
        y = compose_mul(&c, y, compose_reshape(&c, mask, 5, (const int64_t[]){n, fields, taps_, places, 1}));
    y = compose_transpose(&c, y, (const int64_t[]){0, 3, 1, 4, 2}); // [N, places, channels, K]
    const int64_t per = channels / groups * taps_, outputs = b.shape[0] / groups;
    y = compose_reshape(&c, y, 3, (const int64_t[]){n * places, groups, per});
    y = compose_transpose(&c, y, (const int64_t[]){1, 0, 2});
    const tsr_id matrix =
        compose_transpose(&c, compose_reshape(&c, w, 3, (const int64_t[]){groups, outputs, per}), (const int64_t[]){0, 2, 1});
    y = compose_reshape(&c, compose_matmul(&c, y, matrix), 4, (const int64_t[]){groups, n, places, outputs});
    y = compose_transpose(&c, y, (const int64_t[]){1, 0, 3, 2});
    y = compose_reshape(&c, y, 4, (const int64_t[]){n, b.shape[0], oh, ow});
    if (bias != TSR_NO_ID)
        y = compose_add(&c, y, compose_reshape(&c, bias, 3, (const int64_t[]){b.shape[0], 1, 1}));
    return compose_define(&c, 0, y);
}
