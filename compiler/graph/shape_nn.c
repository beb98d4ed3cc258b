// SPDX-License-Identifier: Apache-2.0
// Output shapes of normalisations, resampling, selections and the like.
#include <inttypes.h>
#include <string.h>

#include "shape.h"

static tsr_status check_axis(const tsr_tensor *x, int64_t axis) {
    if (axis < 0 || axis >= (int64_t)x->rank)
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, x->rank);
    return tsr_ok();
}

static bool broadcasts_to(const tsr_tensor *t, const tsr_tensor *x) {
    for (uint32_t i = 0; i < t->rank; i++)
        if (t->rank > x->rank || (t->shape[t->rank - 1 - i] != 1 && t->shape[t->rank - 1 - i] != x->shape[x->rank - 1 - i]))
            return false;
    return true;
}

tsr_status shape_normalize(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *a = &f->node->attr;
    bool seen[TSR_MAX_RANK] = {false};
    if (a->axis_count == 0 || a->axis_count > x->rank)
        return shape_wrong("needs one axis or more, each once");
    for (uint32_t i = 0; i < a->axis_count; i++) {
        TSR_TRY(check_axis(x, a->axes[i]));
        if (seen[a->axes[i]])
            return shape_wrong("needs one axis or more, each once");
        seen[a->axes[i]] = true;
    }
    for (uint32_t i = 1; i < f->node->input_count; i++)
        if (shape_input(f, i) != NULL && !broadcasts_to(shape_input(f, i), x)) {
            char is[TSR_SHAPE_TEXT], to[TSR_SHAPE_TEXT];
            return tsr_error(TSR_CORRUPT, "scale or bias of shape %s does not broadcast to %s",
                             tsr_shape_text(is, shape_input(f, i)->rank, shape_input(f, i)->shape),
                             tsr_shape_text(to, x->rank, x->shape));
        }
    shape_set(f, x->rank, x->shape);
    return tsr_ok();
}

static tsr_status with_extent(const infer *f, const tsr_tensor *x, int64_t axis, int64_t extent) {
    TSR_TRY(check_axis(x, axis));
    shape_set(f, x->rank, x->shape);
    f->shape[axis] = extent;
    return tsr_ok();
}

tsr_status shape_resample(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *index = shape_input(f, 1), *weight = shape_input(f, 2);
    if (index->rank != 2 || weight->rank != 2 || memcmp(index->shape, weight->shape, 2 * sizeof *index->shape) != 0)
        return shape_wrong("indices and weights must have rank 2 and one shape");
    TSR_TRY(check_axis(x, f->node->attr.axis));
    if (index->data == NULL || index->dtype != TSR_I32)
        return shape_wrong("indices must be constants of int32");
    for (int64_t i = 0; i < index->shape[0] * index->shape[1]; i++) {
        const int32_t at = ((const int32_t *)index->data)[i];
        if (at < 0 || at >= x->shape[f->node->attr.axis])
            return tsr_error(TSR_CORRUPT, "index %" PRId32 " is outside of the extent %" PRId64, at,
                             x->shape[f->node->attr.axis]);
    }
    return with_extent(f, x, f->node->attr.axis, index->shape[0]);
}

tsr_status shape_top_k(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *a = &f->node->attr;
    TSR_TRY(check_axis(x, a->axis));
    if (a->extent_count != 1 || a->extents[0] < 1 || a->extents[0] > x->shape[a->axis])
        return tsr_error(TSR_CORRUPT, "%" PRId64 " elements wanted, must be between 1 and the extent %" PRId64,
                         a->extent_count == 1 ? a->extents[0] : 0, x->shape[a->axis]);
    return with_extent(f, x, a->axis, a->extents[0]);
}

static tsr_status check_shape(const infer *f, uint32_t input, const char *what, uint32_t rank, const int64_t *shape) {
    const tsr_tensor *t = shape_input(f, input);
    if (t == NULL || (t->rank == rank && memcmp(t->shape, shape, rank * sizeof *shape) == 0))
        return tsr_ok();
    char is[TSR_SHAPE_TEXT], wanted[TSR_SHAPE_TEXT];
    return tsr_error(TSR_CORRUPT, "%s of shape %s, must be %s", what, tsr_shape_text(is, t->rank, t->shape),
                     tsr_shape_text(wanted, rank, shape));
}

tsr_status shape_recurrent(const infer *f) {
    static const int64_t gate_count[] = {[TSR_CELL_RNN] = 1, [TSR_CELL_GRU] = 3, [TSR_CELL_LSTM] = 4};
    const tsr_tensor *x = shape_input(f, 0), *r = shape_input(f, 1);
    const int64_t gates = gate_count[f->node->attr.cell];
    if (x->rank != 3 || r->rank != 2 || r->shape[1] != x->shape[2] || x->shape[2] % gates != 0 ||
        r->shape[0] != x->shape[2] / gates)
        return tsr_error(TSR_CORRUPT, "gates must be [T,B,%" PRId64 "*H], recurrence weights [H,%" PRId64 "*H]", gates, gates);
    const int64_t hidden = r->shape[0], batch = x->shape[1];
    TSR_TRY(check_shape(f, 2, "first state", 2, (const int64_t[]){batch, hidden}));
    TSR_TRY(check_shape(f, 3, "first cell state", 2, (const int64_t[]){batch, hidden}));
    TSR_TRY(check_shape(f, 4, "peepholes", 1, (const int64_t[]){3 * hidden}));
    TSR_TRY(check_shape(f, 5, "lengths", 1, (const int64_t[]){batch}));
    TSR_TRY(check_shape(f, 6, "candidate bias", 1, (const int64_t[]){hidden}));
    shape_set(f, 3, (const int64_t[]){x->shape[0], batch, hidden});
    return tsr_ok();
}

tsr_status shape_non_max_suppression(const infer *f) {
    const tsr_tensor *boxes = shape_input(f, 0), *scores = shape_input(f, 1);
    const tsr_attr *a = &f->node->attr;
    if (boxes->rank != 3 || boxes->shape[2] != 4 || scores->rank != 3 || boxes->shape[0] != scores->shape[0] ||
        boxes->shape[1] != scores->shape[2])
        return shape_wrong("boxes must be [N,B,4], scores [N,C,B]");
    if (a->extent_count != 2 || a->extents[0] < 1 || a->extents[0] > scores->shape[2] || a->extents[1] < 1)
        return shape_wrong("needs how many boxes a class may give, and how many rows the result has");
    shape_set(f, 2, (const int64_t[]){a->extents[1], 3});
    return tsr_ok();
}
