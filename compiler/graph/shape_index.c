// SPDX-License-Identifier: Apache-2.0
// Output shapes of operators over dimensions: reductions, slices, gathers.
#include <inttypes.h>
#include <string.h>

#include "shape.h"

tsr_status shape_reduce(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *attr = &f->node->attr;
    bool reduced[TSR_MAX_RANK] = {false};
    if (attr->axis_count > TSR_MAX_RANK)
        return shape_wrong("too many axes");
    for (uint32_t i = 0; i < attr->axis_count; i++) {
        if (attr->axes[i] < 0 || attr->axes[i] >= (int64_t)x->rank || reduced[attr->axes[i]])
            return shape_wrong("axes must be different dimensions of the input");
        reduced[attr->axes[i]] = true;
    }
    uint32_t rank = 0;
    for (uint32_t i = 0; i < x->rank; i++)
        if (!reduced[i])
            f->shape[rank++] = x->shape[i];
        else if (attr->keep_dims)
            f->shape[rank++] = 1;
    *f->rank = rank;
    return tsr_ok();
}

static tsr_status check_axis(const infer *f) {
    const int64_t axis = f->node->attr.axis, rank = shape_input(f, 0)->rank;
    if (axis < 0 || axis >= rank)
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, axis, rank);
    return tsr_ok();
}

tsr_status shape_arg(const infer *f) {
    TSR_TRY(check_axis(f));
    const tsr_tensor *x = shape_input(f, 0);
    uint32_t rank = 0;
    for (uint32_t i = 0; i < x->rank; i++)
        if (i != (uint32_t)f->node->attr.axis)
            f->shape[rank++] = x->shape[i];
        else if (f->node->attr.keep_dims)
            f->shape[rank++] = 1;
    *f->rank = rank;
    return tsr_ok();
}

tsr_status shape_cum_sum(const infer *f) {
    TSR_TRY(check_axis(f));
    shape_set(f, shape_input(f, 0)->rank, shape_input(f, 0)->shape);
    return tsr_ok();
}

tsr_status shape_slice(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *a = &f->node->attr;
    if (a->extent_count != x->rank)
        return shape_wrong("a slice needs an extent for each dimension of the input");
    for (uint32_t i = 0; i < x->rank; i++) {
        int64_t last = 0;
        const bool fits = a->extents[i] >= 1 && a->extents[i] <= x->shape[i] && a->starts[i] >= 0 && a->starts[i] < x->shape[i] &&
                          !__builtin_mul_overflow(a->extents[i] - 1, a->steps[i], &last) &&
                          !__builtin_add_overflow(last, a->starts[i], &last) && last >= 0 && last < x->shape[i];
        if (!fits)
            return tsr_error(TSR_CORRUPT,
                             "dimension %" PRIu32 ": %" PRId64 " elements from %" PRId64 " in steps of %" PRId64
                             " do not lie in an extent of %" PRId64 " (an empty slice is not supported)",
                             i, a->extents[i], a->starts[i], a->steps[i], x->shape[i]);
    }
    shape_set(f, x->rank, a->extents);
    return tsr_ok();
}

tsr_status shape_expand(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *a = &f->node->attr;
    if (a->extent_count > TSR_MAX_RANK || a->extent_count < x->rank)
        return shape_wrong("the extents have fewer dimensions than the input, or too many");
    for (uint32_t i = 0; i < x->rank; i++) {
        const int64_t wanted = a->extents[a->extent_count - x->rank + i];
        if (x->shape[i] != 1 && x->shape[i] != wanted) {
            char from[TSR_SHAPE_TEXT], to[TSR_SHAPE_TEXT];
            return tsr_error(TSR_CORRUPT, "shape %s does not broadcast to %s", tsr_shape_text(from, x->rank, x->shape),
                             tsr_shape_text(to, a->extent_count, a->extents));
        }
    }
    shape_set(f, a->extent_count, a->extents);
    return tsr_ok();
}

// Positions are computed in float32 and in steps of 1/1024.
tsr_status shape_resize(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *a = &f->node->attr;
    const int64_t most = 1 << 20;
    if (x->rank != 4 || a->extent_count != 4)
        return tsr_error(TSR_CORRUPT, "input and result must have rank 4, have %" PRIu32 " and %" PRIu32, x->rank,
                         a->extent_count);
    if (a->extents[0] != x->shape[0] || a->extents[3] != x->shape[3])
        return shape_wrong("only height and width can change");
    for (int d = 1; d < 3; d++)
        if (a->extents[d] < 1 || a->extents[d] > most || x->shape[d] > most)
            return shape_wrong("height and width must be between 1 and 2^20");
    shape_set(f, 4, a->extents);
    return tsr_ok();
}

static tsr_status check_batch(const tsr_tensor *x, const tsr_tensor *indices, int64_t batch_dims, int64_t most) {
    if (batch_dims < 0 || batch_dims > most)
        return tsr_error(TSR_CORRUPT, "batch_dims %" PRId64 " must be between 0 and %" PRId64, batch_dims, most);
    for (int64_t i = 0; i < batch_dims; i++)
        if (x->shape[i] != indices->shape[i])
            return shape_wrong("the batch dimensions of data and indices differ");
    return tsr_ok();
}

static tsr_status append(const infer *f, int64_t extent) {
    if (*f->rank == TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "the result has more than %d dimensions", TSR_MAX_RANK);
    f->shape[(*f->rank)++] = extent;
    return tsr_ok();
}

tsr_status shape_gather(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *indices = shape_input(f, 1);
    const int64_t axis = f->node->attr.axis, batch = f->node->attr.batch_dims;
    TSR_TRY(check_axis(f));
    TSR_TRY(check_batch(x, indices, batch, axis < indices->rank ? axis : indices->rank));
    for (int64_t i = 0; i < axis; i++)
        TSR_TRY(append(f, x->shape[i]));
    for (int64_t i = batch; i < indices->rank; i++)
        TSR_TRY(append(f, indices->shape[i]));
    for (int64_t i = axis + 1; i < x->rank; i++)
        TSR_TRY(append(f, x->shape[i]));
    return tsr_ok();
}

// How many dimensions of x a row of indices names.
static tsr_status index_depth(const tsr_tensor *x, const tsr_tensor *indices, int64_t batch, int64_t *out_depth) {
    *out_depth = 0;
    if (indices->rank == 0 || x->rank == 0)
        return shape_wrong("data and indices need one dimension or more");
    *out_depth = indices->shape[indices->rank - 1];
    if (*out_depth > x->rank - batch)
        return tsr_error(TSR_CORRUPT, "indices of %" PRId64 " numbers into %" PRId64 " dimensions", *out_depth, x->rank - batch);
    return tsr_ok();
}

tsr_status shape_gather_nd(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *indices = shape_input(f, 1);
    const int64_t batch = f->node->attr.batch_dims;
    int64_t depth;
    TSR_TRY(index_depth(x, indices, 0, &depth));
    TSR_TRY(check_batch(x, indices, batch, (x->rank < indices->rank ? x->rank : indices->rank) - 1));
    TSR_TRY(index_depth(x, indices, batch, &depth));
    for (uint32_t i = 0; i + 1 < indices->rank; i++)
        TSR_TRY(append(f, indices->shape[i]));
    for (int64_t i = batch + depth; i < x->rank; i++)
        TSR_TRY(append(f, x->shape[i]));
    return tsr_ok();
}

tsr_status shape_scatter_nd(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *indices = shape_input(f, 1), *updates = shape_input(f, 2);
    int64_t depth;
    TSR_TRY(index_depth(x, indices, 0, &depth));
    for (uint32_t i = 0; i + 1 < indices->rank; i++)
        TSR_TRY(append(f, indices->shape[i]));
    for (int64_t i = depth; i < x->rank; i++)
        TSR_TRY(append(f, x->shape[i]));
    if (*f->rank != updates->rank || memcmp(f->shape, updates->shape, *f->rank * sizeof *f->shape) != 0) {
        char is[TSR_SHAPE_TEXT], wanted[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "updates of shape %s, must be %s", tsr_shape_text(is, updates->rank, updates->shape),
                         tsr_shape_text(wanted, *f->rank, f->shape));
    }
    shape_set(f, x->rank, x->shape);
    return tsr_ok();
}
