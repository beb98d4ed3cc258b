// SPDX-License-Identifier: Apache-2.0
// Operators that gather along axes: pools, means, softmax, moves, recurrences; and plain loops for them.
#include <math.h>

#include "lower_case.h"

static void pool(bench *t, tsr_op op, tsr_dtype type, int64_t c, int64_t pad, float x, float y) {
    t->x = case_tensor(t, "x", type, DIMS(2, 9, 8, c), x, type == TSR_U8 ? 128 : 3);
    t->y =
        case_tensor(t, "y", type, DIMS(2, (9 + 2 * pad - 3) / 2 + 1, (8 + 2 * pad - 2) / 2 + 1, c), y, type == TSR_U8 ? 128 : 3);
    case_node(t, op, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->kernel[0] = 3, a->kernel[1] = 2;
    a->stride[0] = a->stride[1] = 2;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = pad;
}
static void max_pool_int8(bench *t) { pool(t, TSR_OP_MAX_POOL, TSR_I8, 70, 1, 0.05f, 0.05f); }
static void max_pool_float(bench *t) { pool(t, TSR_OP_MAX_POOL, TSR_F32, 5, 1, 0, 0); }
static void average_pool_int8(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 24, 1, 0.05f, 0.05f); }
static void average_pool_uint8(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_U8, 3, 1, 0.05f, 0.05f); }
static void average_pool_rescaled(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 3, 1, 0.05f, 0.04f); }
static void average_pool_rescaled_whole(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_I8, 3, 0, 0.05f, 0.04f); }
static void average_pool_float(bench *t) { pool(t, TSR_OP_AVERAGE_POOL, TSR_F32, 5, 1, 0, 0); }
static void average_pool_with_pads(bench *t) {
    pool(t, TSR_OP_AVERAGE_POOL, TSR_F32, 5, 1, 0, 0);
    t->node->attr.count_include_pad = true;
}

static void mean(bench *t, tsr_dtype type, float scale, bool last) {
    t->x = case_tensor(t, "x", type, DIMS(2, 5, 6, 70), scale, 3);
    t->y = last ? case_tensor(t, "y", type, DIMS(2, 5, 6), scale * 2, 1) : case_tensor(t, "y", type, DIMS(2, 70), scale * 2, 1);
    case_node(t, TSR_OP_MEAN, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->axis_count = last ? 1 : 2;
    a->axes[0] = last ? 3 : 1;
    a->axes[1] = 2;
}
static void mean_int8(bench *t) { mean(t, TSR_I8, 0.05f, false); }
static void mean_last(bench *t) { mean(t, TSR_I8, 0.05f, true); }
static void mean_float(bench *t) { mean(t, TSR_F32, 0, false); }

static void pad(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(1, 4, 5, 3), 0.05f, 9);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(1, 6, 9, 3), 0.05f, 9);
    case_node(t, TSR_OP_PAD, 1, 1);
    tsr_attr *a = &t->node->attr;
    a->pads_begin[1] = a->pads_end[1] = 1;
    a->pads_begin[2] = 3, a->pads_end[2] = 1;
    a->pad_is_zero_point = true;
}

static void concat(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(2, 4, 5), 0.05f, 9);
    t->w = case_tensor(t, "w", TSR_I8, DIMS(2, 3, 5), 0.07f, -9);
    t->b = case_tensor(t, "b", TSR_I8, DIMS(2, 2, 5), 0.05f, 9);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(2, 9, 5), 0.05f, 9);
    case_node(t, TSR_OP_CONCAT, 3, 1);
    t->node->attr.axis = 1;
}

static void transpose(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(2, 5, 40, 7), 0, 0);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(2, 7, 5, 40), 0, 0);
    case_node(t, TSR_OP_TRANSPOSE, 1, 1);
    const int64_t perm[] = {0, 3, 1, 2};
    memcpy(t->node->attr.perm, perm, sizeof perm);
}

static void reshape(bench *t) {
    t->x = case_tensor(t, "x", TSR_F32, DIMS(2, 3, 4), 0, 0);
    t->y = case_tensor(t, "y", TSR_F32, DIMS(6, 4), 0, 0);
    case_node(t, TSR_OP_RESHAPE, 1, 1);
}

static void softmax(bench *t, tsr_dtype type, float x, float y, int32_t zero, int64_t axis) {
    t->x = case_tensor(t, "x", type, DIMS(3, 20, 4), x, 7);
    t->y = case_tensor(t, "y", type, DIMS(3, 20, 4), y, zero);
    case_node(t, TSR_OP_SOFTMAX, 1, 1);
    t->node->attr.axis = axis;
    t->node->attr.flatten_axis = -1;
    t->node->attr.beta = 1;
}
static void softmax_int8(bench *t) { softmax(t, TSR_I8, 0.06f, 1.0f / 256, -128, 1); }
static void softmax_uint8(bench *t) { softmax(t, TSR_U8, 0.6f, 1.0f / 256, 0, 2); }
static void softmax_other_scale(bench *t) { softmax(t, TSR_I8, 0.06f, 1.0f / 200, -128, 1); }
static void softmax_float(bench *t) { softmax(t, TSR_F32, 0, 0, 0, 1); }

static void normalize(bench *t) { // over 37 elements: whole vectors and a rest
    t->x = case_tensor(t, "x", TSR_F32, DIMS(4, 5, 37), 0, 0);
    t->w = case_constant(t, "scale", TSR_F32, DIMS(37), 0, 0);
    t->b = case_constant(t, "bias", TSR_F32, DIMS(5, 1), 0, 0);
    t->y = case_tensor(t, "y", TSR_F32, DIMS(4, 5, 37), 0, 0);
    case_node(t, TSR_OP_NORMALIZE, 3, 1);
    t->node->attr.axis_count = 1;
    t->node->attr.axes[0] = 2;
}
static void normalize_squares(bench *t) {
    normalize(t);
    t->node->attr.root_mean_square = true;
}

static void resample(bench *t, int64_t axis, int64_t taps) {
    enum { OUT = 11 };
    int32_t *index = tsr_arena_alloc(t->arena, (size_t)(OUT * taps) * sizeof *index);
    for (int64_t i = 0; i < OUT * taps; i++)
        index[i] = (int32_t)case_next(6);
    t->x = case_tensor(t, "x", TSR_F32, axis == 2 ? DIMS(2, 3, 6) : DIMS(2, 6, 5), 0, 0);
    t->w = tsr_graph_add_const(t->graph, "index", TSR_I32, 2, (const int64_t[]){OUT, taps}, index);
    t->b = case_constant(t, "weight", TSR_F32, DIMS(OUT, taps), 0, 0);
    t->y = case_tensor(t, "y", TSR_F32, axis == 2 ? DIMS(2, 3, OUT) : DIMS(2, OUT, 5), 0, 0);
    case_node(t, TSR_OP_RESAMPLE, 3, 1);
    t->node->attr.axis = axis;
}
static void resample_last(bench *t) { resample(t, 2, 2); }
static void resample_middle(bench *t) { resample(t, 1, 4); }
static void resample_many_taps(bench *t) { resample(t, 1, 12); }

static void top_k(bench *t) {
    t->x = case_tensor(t, "x", TSR_I8, DIMS(3, 40, 4), 0, 0);
    t->y = case_tensor(t, "y", TSR_I8, DIMS(3, 7, 4), 0, 0);
    case_tensor(t, "indices", TSR_I64, DIMS(3, 7, 4), 0, 0);
    case_node(t, TSR_OP_TOP_K, 1, 2);
    t->node->attr.axis = 1;
    t->node->attr.extents[0] = 7;
    t->node->attr.extent_count = 1;
}

static void non_max_suppression(bench *t) {
    t->x = case_tensor(t, "boxes", TSR_F32, DIMS(2, 30, 4), 0, 0);
    t->w = case_tensor(t, "scores", TSR_F32, DIMS(2, 3, 30), 0, 0);
    t->y = case_tensor(t, "y", TSR_I64, DIMS(20, 3), 0, 0);
    case_node(t, TSR_OP_NON_MAX_SUPPRESSION, 2, 1);
    tsr_attr *a = &t->node->attr;
    a->alpha = 0.2f, a->beta = 0;
    a->extent_count = 2, a->extents[0] = 5, a->extents[1] = 20;
}

static void recurrent(bench *t, tsr_cell cell, int64_t gates, uint32_t outputs) {
    enum { HIDDEN = 20 };
    t->x = case_tensor(t, "gates", TSR_F32, DIMS(5, 3, gates * HIDDEN), 0, 0);
    t->w = case_constant(t, "weights", TSR_F32, DIMS(HIDDEN, gates * HIDDEN), 0, 0);
    t->b = case_tensor(t, "state", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    t->y = case_tensor(t, "y", TSR_F32, DIMS(5, 3, HIDDEN), 0, 0);
    case_tensor(t, "h", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    case_tensor(t, "c", TSR_F32, DIMS(3, HIDDEN), 0, 0);
    case_node(t, TSR_OP_RECURRENT, 3, outputs);
    t->node->attr.cell = cell;
    t->node->attr.reverse = cell == TSR_CELL_LSTM;
}
static void recurrent_rnn(bench *t) { recurrent(t, TSR_CELL_RNN, 1, 2); }
static void recurrent_gru(bench *t) { recurrent(t, TSR_CELL_GRU, 3, 2); }
static void recurrent_lstm(bench *t) { recurrent(t, TSR_CELL_LSTM, 4, 3); }

// ---- what they are to give ----------------------------------------------------------------------------------------------
static double expect_pool(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const tsr_tensor *x = shape_of(t, t->x), *y = shape_of(t, t->y);
    const tsr_attr *a = &t->node->attr;
    int64_t c = at % y->shape[3], ox = at / y->shape[3] % y->shape[2], oy = at / y->shape[3] / y->shape[2] % y->shape[1];
    int64_t n = at / y->shape[3] / y->shape[2] / y->shape[1], count = 0, padded = 0;
    double sum = 0, best = -INFINITY;
    for (int64_t ky = 0; ky < a->kernel[0]; ky++)
        for (int64_t kx = 0; kx < a->kernel[1]; kx++) {
            int64_t iy = oy * a->stride[0] + ky - a->pad_top, ix = ox * a->stride[1] + kx - a->pad_left;
            padded += iy < x->shape[1] + a->pad_bottom && ix < x->shape[2] + a->pad_right;
            if (iy < 0 || ix < 0 || iy >= x->shape[1] || ix >= x->shape[2])
                continue;
            double value = case_element(t, m, buffers, t->x, ((n * x->shape[1] + iy) * x->shape[2] + ix) * x->shape[3] + c);
            sum += value;
            best = fmax(best, value);
            count++;
        }
    if (t->node->op == TSR_OP_MAX_POOL)
        return best;
    if (x->dtype == TSR_F32)
        return sum / (double)(a->count_include_pad ? padded : count);
    if (scale_of(t, t->x) == scale_of(t, t->y))
        return round(sum / (double)count);
    sum -= (double)count * zero_of(t, t->x);
    return case_finish(t, case_times(sum, scale_of(t, t->x) / scale_of(t, t->y) / (double)count, false), NAN, NAN);
}

static double expect_mean(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    double sum = 0;
    bool last = t->node->attr.axis_count == 1;
    int64_t count = last ? 70 : 30;
    for (int64_t i = 0; i < count; i++)
        sum += case_element(t, m, buffers, t->x, last ? at * 70 + i : (at / 70 * 30 + i) * 70 + at % 70) - zero_of(t, t->x);
    double real = sum / (double)count * scale_of(t, t->x) / scale_of(t, t->y);
    return shape_of(t, t->y)->dtype == TSR_F32 ? real : case_finish(t, round(real), NAN, NAN);
}

static double expect_softmax(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t inner = t->node->attr.axis == 1 ? 4 : 1, length = t->node->attr.axis == 1 ? 20 : 4;
    int64_t base = at / inner / length * length * inner + at % inner;
    double sum = 0, s = scale_of(t, t->x), own = case_element(t, m, buffers, t->x, at);
    for (int64_t k = 0; k < length; k++)
        sum += exp((case_element(t, m, buffers, t->x, base + k * inner) - own) * s);
    if (shape_of(t, t->y)->dtype == TSR_F32)
        return 1 / sum;
    return case_finish(t, round(1 / sum / scale_of(t, t->y)), NAN, NAN);
}

static double expect_padded(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t c = at % 3, x = at / 3 % 9 - 3, y = at / 27 - 1;
    return x < 0 || x >= 5 || y < 0 || y >= 4 ? 9 : case_element(t, m, buffers, t->x, (y * 5 + x) * 3 + c);
}

static double expect_transposed(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t w = at % 40, h = at / 40 % 5, c = at / 200 % 7, n = at / 1400;
    return case_element(t, m, buffers, t->x, ((n * 5 + h) * 40 + w) * 7 + c);
}

static double expect_concat(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    int64_t n = at / 45, row = at / 5 % 9, c = at % 5;
    if (row < 4)
        return case_element(t, m, buffers, t->x, (n * 4 + row) * 5 + c);
    if (row >= 7)
        return case_element(t, m, buffers, t->b, (n * 2 + row - 7) * 5 + c);
    double real = (case_element(t, m, buffers, t->w, (n * 3 + row - 4) * 5 + c) + 9) * scale_of(t, t->w);
    return case_finish(t, round(real / scale_of(t, t->y)), NAN, NAN);
}

static double expect_normalized(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const int64_t row = at / 37 * 37;
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < 37 && !t->node->attr.root_mean_square; i++)
        mean += case_element(t, m, buffers, t->x, row + i) / 37;
    for (int64_t i = 0; i < 37; i++) {
        const double d = case_element(t, m, buffers, t->x, row + i) - mean;
        squares += d * d / 37;
    }
    const double x = (case_element(t, m, buffers, t->x, at) - mean) / sqrt(squares + (double)t->node->attr.epsilon);
    return x * case_element(t, m, buffers, t->w, at % 37) + case_element(t, m, buffers, t->b, at / 37 % 5);
}

static double expect_resampled(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const bool last = t->node->attr.axis == 2;
    const int64_t inner = last ? 1 : 5, taps = shape_of(t, t->w)->shape[1];
    const int64_t o = at / inner / 11, p = at / inner % 11, i = at % inner;
    double sum = 0;
    for (int64_t k = 0; k < taps; k++) {
        const int64_t from = (int64_t)case_element(t, m, buffers, t->w, p * taps + k);
        sum += case_element(t, m, buffers, t->b, p * taps + k) * case_element(t, m, buffers, t->x, (o * 6 + from) * inner + i);
    }
    return sum;
}

// The element that as many are larger than, or equal and before it, as stand above this one.
static double expect_top(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at) {
    const int64_t o = at / 28, place = at / 4 % 7, i = at % 4;
    for (int64_t k = 0; k < 40; k++) {
        const double x = case_element(t, m, buffers, t->x, (o * 40 + k) * 4 + i);
        int64_t before = 0;
        for (int64_t j = 0; j < 40; j++) {
            const double other = case_element(t, m, buffers, t->x, (o * 40 + j) * 4 + i);
            before += other > x || (other == x && j < k);
        }
        if (before == place)
            return x;
    }
    return NAN;
}

const operator_case axis_cases[] = {
    {"max_pool_int8", max_pool_int8, expect_pool, 0},
    {"max_pool_float", max_pool_float, expect_pool, 0},
    {"average_pool_int8_leaves_out_pads", average_pool_int8, expect_pool, 0},
    {"average_pool_uint8", average_pool_uint8, expect_pool, 0},
    {"average_pool_that_changes_scale", average_pool_rescaled, expect_pool, 0},
    {"average_pool_that_changes_scale_without_pads", average_pool_rescaled_whole, expect_pool, 0},
    {"average_pool_float", average_pool_float, expect_pool, 1e-6},
    {"average_pool_counts_pads", average_pool_with_pads, expect_pool, 1e-6},
    {"mean_int8", mean_int8, expect_mean, 1},
    {"mean_over_the_last_axis", mean_last, expect_mean, 1},
    {"mean_float", mean_float, expect_mean, 1e-5},
    {"pad_with_the_zero_point", pad, expect_padded, 0},
    {"concat_changes_scale_where_needed", concat, expect_concat, 0},
    {"transpose", transpose, expect_transposed, 0},
    {"reshape", reshape, NULL, 0},
    {"softmax_int8", softmax_int8, expect_softmax, 1},
    {"softmax_uint8", softmax_uint8, expect_softmax, 1},
    {"softmax_int8_of_another_scale", softmax_other_scale, expect_softmax, 1},
    {"softmax_float", softmax_float, expect_softmax, 1e-6},
    {"normalize", normalize, expect_normalized, 1e-5},
    {"normalize_by_the_mean_of_squares", normalize_squares, expect_normalized, 1e-5},
    {"resample_along_the_last_axis", resample_last, expect_resampled, 1e-5},
    {"resample_along_another_axis", resample_middle, expect_resampled, 1e-5},
    {"resample_with_many_taps", resample_many_taps, expect_resampled, 1e-5},
    {"top_k_keeps_the_first_of_equals", top_k, expect_top, 0},
    {"non_max_suppression", non_max_suppression, NULL, 0},
    {"recurrent_rnn", recurrent_rnn, NULL, 1e-4},
    {"recurrent_gru", recurrent_gru, NULL, 1e-4},
    {"recurrent_lstm", recurrent_lstm, NULL, 1e-4},
    {0},
};
