// SPDX-License-Identifier: Apache-2.0
// Fourier transforms as products with constant matrices, in double precision; windows and mel filters as constants.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

static const double pi = 3.14159265358979323846;
static const int64_t most_length = 1 << 14; // of a transform: its matrix has length^2 elements

typedef struct transform {
    int64_t length;                  // N
    int64_t in, out;                 // elements before and after along the axis
    int64_t in_parts, out_parts;     // 1 real, 2 complex
    bool inverse, onesided;
} transform;

// exp(-+2 pi i t k / N) as a matrix [in * in_parts, out * out_parts] of real numbers. Elements past N count as cut off, missing
// ones as zeros. An inverse that begins with half a spectrum takes the other half as its mirror image.
static tsr_id matrix_of(composer *c, const transform *t) {
    const int64_t columns = t->out * t->out_parts, half = t->length / 2 + 1;
    double *m;
    const tsr_id id = compose_precise(c, 2, (const int64_t[]){t->in * t->in_parts, columns}, &m);
    const bool mirrored = t->inverse && t->onesided;
    for (int64_t i = 0; i < t->in && i < (mirrored ? half : t->length) && m != NULL; i++)
        for (int64_t o = 0; o < t->out; o++) {
            const double angle = 2 * pi * (double)(i * o % t->length) / (double)t->length * (t->inverse ? 1 : -1);
            double scale = t->inverse ? 1 / (double)t->length : 1;
            if (mirrored && i != 0 && 2 * i != t->length)
                scale *= 2;
            double *row = m + i * t->in_parts * columns + o * t->out_parts;
            row[0] = cos(angle) * scale;
            if (t->out_parts == 2)
                row[1] = sin(angle) * scale;
            if (t->in_parts == 2) { // times i
                row[columns] = -sin(angle) * scale;
                if (t->out_parts == 2)
                    row[columns + 1] = cos(angle) * scale;
            }
        }
    return id;
}

static tsr_status check_length(int64_t length) {
    if (length < 1 || length > most_length)
        return tsr_error(TSR_UNSUPPORTED, "a transform of length %" PRId64 "; 1 to %" PRId64 " work", length, most_length);
    return tsr_ok();
}

// x[rows, in, in_parts] -> [rows, out, out_parts]
static tsr_id transformed(composer *c, const transform *t, tsr_id x, int64_t rows) {
    const tsr_dtype dtype = compose_tensor(c, x).dtype;
    const tsr_id flat = compose_reshape(c, x, 2, (const int64_t[]){rows, t->in * t->in_parts});
    const tsr_id y = compose_matmul(c, compose_cast(c, flat, TSR_F64), matrix_of(c, t));
    return compose_cast(c, compose_reshape(c, y, 3, (const int64_t[]){rows, t->out, t->out_parts}), dtype);
}

tsr_status onnx_dft(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    transform t = {.inverse = compose_attr_int(&c, "inverse", 0) != 0, .onesided = compose_attr_int(&c, "onesided", 0) != 0};
    int64_t axis = compose_attr_int(&c, "axis", 1), given[1]; // before opset 20
    uint32_t count;
    if (o->opset >= 20) {
        axis = -2;
        compose_ints(&c, compose_optional(&c, 2), 1, given, &count);
        axis = count == 1 ? given[0] : axis;
    }
    compose_ints(&c, compose_optional(&c, 1), 1, given, &count);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    if (!normalise_axis(&axis, from.rank) || axis == (int64_t)from.rank - 1)
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " must be one of the signal's", axis);
    t.in = from.shape[axis];
    t.in_parts = from.shape[from.rank - 1];
    if (t.in_parts != 1 && t.in_parts != 2)
        return tsr_error(TSR_CORRUPT, "the last extent is %" PRId64 "; must be 1 (real) or 2 (complex)", t.in_parts);
    t.length = count == 1 ? given[0] : t.inverse && t.onesided ? 2 * (t.in - 1) : t.in;
    TSR_TRY(check_length(t.length));
    t.out = t.onesided && !t.inverse ? t.length / 2 + 1 : t.length;
    t.out_parts = t.onesided && t.inverse ? 1 : 2;
    int64_t perm[TSR_MAX_RANK], back[TSR_MAX_RANK], shape[TSR_MAX_RANK], rows = 1;
    for (uint32_t i = 0, at = 0; i < from.rank; i++)
        if (i != axis && i + 1 < from.rank) {
            perm[at] = i;
            shape[at++] = from.shape[i];
            rows *= from.shape[i];
        }
    perm[from.rank - 2] = axis, perm[from.rank - 1] = from.rank - 1;
    shape[from.rank - 2] = t.out, shape[from.rank - 1] = t.out_parts;
    for (uint32_t i = 0; i < from.rank; i++)
        back[perm[i]] = i;
    const tsr_id y = transformed(&c, &t, compose_transpose(&c, x, perm), rows);
    return compose_define(&c, 0, compose_transpose(&c, compose_reshape(&c, y, from.rank, shape), back));
}

// signal[B, L, 1 or 2] cut into frames, times the window -> [B, frames, bins, 2]
tsr_status onnx_stft(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    const tsr_id window = compose_optional(&c, 2);
    int64_t step = 0, length = 0;
    uint32_t count;
    compose_ints(&c, compose_input(&c, 1), 1, &step, &count);
    compose_ints(&c, compose_optional(&c, 3), 1, &length, &count);
    if (!compose_rank(&c, x, 2, 3))
        return c.status;
    if (compose_tensor(&c, x).rank == 2) {
        const tsr_tensor flat = compose_tensor(&c, x);
        x = compose_reshape(&c, x, 3, (const int64_t[]){flat.shape[0], flat.shape[1], 1});
    }
    const tsr_tensor from = compose_tensor(&c, x);
    if (count == 0)
        length = window != TSR_NO_ID ? compose_tensor(&c, window).shape[0] : from.shape[1];
    TSR_TRY(check_length(length));
    if (step < 1 || length > from.shape[1] || (from.shape[2] != 1 && from.shape[2] != 2) ||
        (window != TSR_NO_ID && (compose_tensor(&c, window).rank != 1 || compose_tensor(&c, window).shape[0] != length)))
        return tsr_error(TSR_CORRUPT, "frames of %" PRId64 " every %" PRId64 " do not fit signal and window", length, step);
    const int64_t frames = (from.shape[1] - length) / step + 1, batch = from.shape[0], parts = from.shape[2];
    int64_t *place;
    const tsr_id places = compose_wholes(&c, 2, (const int64_t[]){frames, length}, &place);
    for (int64_t i = 0; i < frames * length && place != NULL; i++)
        place[i] = i / length * step + i % length;
    tsr_id y = compose_gather(&c, x, places, 1, 0); // [B, frames, length, parts]
    if (window != TSR_NO_ID)
        y = compose_mul(&c, y, compose_reshape(&c, window, 2, (const int64_t[]){length, 1}));
    transform t = {.length = length, .in = length, .out = length, .in_parts = parts, .out_parts = 2};
    if (compose_attr_int(&c, "onesided", 1) != 0)
        t.out = length / 2 + 1;
    y = transformed(&c, &t, y, batch * frames);
    return compose_define(&c, 0, compose_reshape(&c, y, 4, (const int64_t[]){batch, frames, t.out, 2}));
}

static tsr_dtype output_type(composer *c) {
    const tsr_dtype dtype = onnx_dtype(compose_attr_int(c, "output_datatype", 1));
    if (!tsr_dtype_is_float(dtype))
        compose_fails(c, tsr_error(TSR_UNSUPPORTED, "output_datatype must be a float type"));
    return dtype;
}

// HannWindow, HammingWindow, BlackmanWindow: variants 0 to 2. a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N)
tsr_status onnx_window(onnx *o, const onnx_node *node) {
    static const double factor[3][3] = {{0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};
    composer c = compose(o, node);
    int64_t size = 0;
    uint32_t count;
    compose_ints(&c, compose_input(&c, 0), 1, &size, &count);
    const bool periodic = compose_attr_int(&c, "periodic", 1) != 0;
    const tsr_dtype dtype = output_type(&c);
    const double *a = factor[node->variant], period = (double)(periodic ? size : size > 1 ? size - 1 : 1);
    double *value;
    const tsr_id y = compose_precise(&c, 1, &size, &value);
    for (int64_t i = 0; i < size && value != NULL; i++)
        value[i] = a[0] - a[1] * cos(2 * pi * (double)i / period) + a[2] * cos(4 * pi * (double)i / period);
    return compose_define(&c, 0, compose_cast(&c, y, dtype));
}

tsr_status onnx_mel_weight_matrix(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    double in[5]; // mel bins, length of the transform, sample rate, lower and upper edge
    uint32_t count;
    for (uint32_t i = 0; i < 5; i++)
        compose_doubles(&c, compose_input(&c, i), 1, &in[i], &count);
    const tsr_dtype dtype = output_type(&c);
    TSR_TRY(c.status);
    if (!(in[0] >= 1 && in[0] <= 4096 && in[1] >= 1 && in[1] <= 1 << 20 && in[2] >= 1 && in[3] >= 0 && in[4] > in[3] &&
          in[4] <= in[2]))
        return tsr_error(TSR_CORRUPT, "bins, length, rate and edges make no filters");
    const int64_t bins = (int64_t)in[0], rows = (int64_t)in[1] / 2 + 1;
    const double low = 2595 * log10(1 + in[3] / 700), step = (2595 * log10(1 + in[4] / 700) - low) / (double)(bins + 2);
    double *value;
    const tsr_id y = compose_precise(&c, 2, (const int64_t[]){rows, bins}, &value);
    for (int64_t i = 0; i < bins && value != NULL; i++) {
        int64_t edge[3]; // of a triangle
        for (int64_t e = 0; e < 3; e++) {
            const double hertz = 700 * (pow(10, (low + (double)(i + e) * step) / 2595) - 1);
            edge[e] = (int64_t)floor((in[1] + 1) * hertz / in[2]);
            edge[e] = edge[e] < rows ? edge[e] : rows - 1;
        }
        if (edge[1] == edge[0])
            value[edge[1] * bins + i] = 1;
        for (int64_t j = edge[0]; j <= edge[1] && edge[1] > edge[0]; j++)
            value[j * bins + i] = (double)(j - edge[0]) / (double)(edge[1] - edge[0]);
        for (int64_t j = edge[1]; j < edge[2]; j++)
            value[j * bins + i] = (double)(edge[2] - j) / (double)(edge[2] - edge[1]);
    }
    return compose_define(&c, 0, compose_cast(&c, y, dtype));
}
