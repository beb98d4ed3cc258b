// SPDX-License-Identifier: Apache-2.0
// Operators that take elements by their place.
#include <inttypes.h>
#include <string.h>

#include "onnx_compose.h"

// ---- slices ------------------------------------------------------------------------------------------------------------

typedef struct slice_list {
    uint32_t count;
    int64_t starts[TSR_MAX_RANK], ends[TSR_MAX_RANK], axes[TSR_MAX_RANK], steps[TSR_MAX_RANK];
} slice_list;

static void attr_ints(composer *c, const char *name, int64_t *out_values, uint32_t *out_count, bool *out_given) {
    compose_fails(c, onnx_attr_ints(c->node, name, TSR_MAX_RANK, out_values, out_count, out_given));
}

// Attributes before opset 10, inputs from there on.
static void read_slices(composer *c, slice_list *out_list) {
    uint32_t ends = 0, axes = 0, steps = 0;
    bool given, ends_given, axes_given = false;
    attr_ints(c, "starts", out_list->starts, &out_list->count, &given);
    attr_ints(c, "ends", out_list->ends, &ends, &ends_given);
    attr_ints(c, "axes", out_list->axes, &axes, &axes_given);
    if (!given) {
        compose_ints(c, compose_input(c, 1), TSR_MAX_RANK, out_list->starts, &out_list->count);
        compose_ints(c, compose_input(c, 2), TSR_MAX_RANK, out_list->ends, &ends);
        compose_ints(c, compose_optional(c, 3), TSR_MAX_RANK, out_list->axes, &axes);
        compose_ints(c, compose_optional(c, 4), TSR_MAX_RANK, out_list->steps, &steps);
    }
    const bool every = axes == 0, unit = steps == 0;
    for (uint32_t i = 0; i < out_list->count; i++) {
        out_list->axes[i] = every ? i : out_list->axes[i];
        out_list->steps[i] = unit ? 1 : out_list->steps[i];
    }
    if (c->status.code == TSR_OK &&
        (ends != out_list->count || (!every && axes != out_list->count) || (!unit && steps != out_list->count)))
        compose_fails(c, tsr_error(TSR_CORRUPT, "starts, ends, axes and steps differ in length"));
}

static int64_t clamp(int64_t value, int64_t lo, int64_t hi) { return value < lo ? lo : value > hi ? hi : value; }

// The first element and how many, by the operator's rules for an extent.
static bool slice_extent(int64_t extent, int64_t start, int64_t end, int64_t step, int64_t *out_start, int64_t *out_count) {
    *out_start = *out_count = 0;
    if (step == 0 || step == INT64_MIN)
        return false;
    start = clamp(start < 0 ? start + extent : start, 0, step < 0 ? extent - 1 : extent);
    end = clamp(end < 0 && end >= -INT64_MAX + extent ? end + extent : end, step < 0 ? -1 : 0, extent);
    const int64_t length = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    *out_start = start;
    *out_count = length <= 0 ? 0 : (length - 1) / stride + 1;
    return *out_count > 0;
}

tsr_status onnx_slice(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    slice_list list = {.count = 0};
    read_slices(&c, &list);
    int64_t first, count; // of a list that is no more than a shape
    if (c.status.code == TSR_OK && from.rank == 1 && from.data != NULL && list.count == 1 &&
        (list.axes[0] == 0 || list.axes[0] == -1) && list.steps[0] != 0 &&
        !slice_extent(from.shape[0], list.starts[0], list.ends[0], list.steps[0], &first, &count))
        return onnx_define_empty(o, node, 0);
    tsr_attr attr = tsr_attr_default();
    attr.extent_count = from.rank;
    for (uint32_t i = 0; i < from.rank; i++) {
        attr.extents[i] = from.shape[i];
        attr.steps[i] = 1;
    }
    for (uint32_t i = 0; i < list.count && c.status.code == TSR_OK; i++) {
        int64_t axis = list.axes[i];
        if (!normalise_axis(&axis, from.rank))
            compose_fails(&c, tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, from.rank));
        else if (!slice_extent(from.shape[axis], list.starts[i], list.ends[i], list.steps[i], &attr.starts[axis],
                               &attr.extents[axis]))
            compose_fails(&c, tsr_error(TSR_UNSUPPORTED,
                                        "axis %" PRId64 ": nothing lies between %" PRId64 " and %" PRId64 " in steps of %" PRId64
                                        "; tensors without elements are not supported",
                                        axis, list.starts[i], list.ends[i], list.steps[i]));
        attr.steps[axis < 0 ? 0 : axis] = list.steps[i];
    }
    return compose_define(&c, 0, compose_node(&c, TSR_OP_SLICE, &attr, 1, &x, from.dtype));
}

// The parts' sizes: given, or equal ones of which the last may be smaller.
static void split_sizes(composer *c, int64_t extent, uint32_t parts, int64_t **out_sizes) {
    bool given = false;
    uint32_t count = 0;
    int64_t *sizes = *out_sizes = TSR_NEW_ARRAY(c->o->imp.graph->arena, int64_t, parts);
    compose_fails(c, onnx_attr_ints(c->node, "split", parts, sizes, &count, &given)); // before opset 13
    if (!given && onnx_has_input(c->node, 1)) {
        given = true;
        compose_ints(c, compose_input(c, 1), parts, sizes, &count);
    }
    if (c->status.code == TSR_OK && given && count != parts)
        compose_fails(c, tsr_error(TSR_CORRUPT, "%" PRIu32 " sizes for %" PRIu32 " outputs", count, parts));
    const int64_t equal = (extent + parts - 1) / parts;
    for (uint32_t i = 0; i < parts && !given; i++)
        sizes[i] = equal * (i + 1) <= extent ? equal : extent - equal * i;
}

tsr_status onnx_split(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const int64_t axis = compose_attr_axis(&c, "axis", 0, x);
    const tsr_tensor from = compose_tensor(&c, x);
    const uint32_t parts = (uint32_t)node->proto->n_output;
    const int64_t wanted = compose_attr_int(&c, "num_outputs", parts);
    if (parts == 0 || wanted != parts)
        compose_fails(&c, tsr_error(TSR_CORRUPT, "num_outputs is %" PRId64 ", the node has %" PRIu32, wanted, parts));
    if (compose_fails(&c, importer_reserve(&o->imp, 8 * (uint64_t)parts)))
        return c.status;
    int64_t *sizes, at = 0;
    split_sizes(&c, from.shape[axis], parts, &sizes);
    for (uint32_t i = 0; i < parts && c.status.code == TSR_OK; at += sizes[i++])
        if (sizes[i] == 0)
            compose_fails(&c, onnx_define_empty(o, node, i));
        else if (sizes[i] < 0 || sizes[i] > from.shape[axis] - at)
            compose_fails(&c, tsr_error(TSR_UNSUPPORTED,
                                        "output %" PRIu32 " of %" PRId64 " elements from %" PRId64 " in an extent of %" PRId64, i,
                                        sizes[i], at, from.shape[axis]));
        else
            compose_define(&c, i, compose_slice(&c, x, (uint32_t)axis, at, sizes[i], 1));
    return c.status;
}

// ---- gather and scatter ------------------------------------------------------------------------------------------------

tsr_status onnx_gather(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), indices = compose_input(&c, 1);
    return compose_define(&c, 0, compose_gather(&c, x, indices, compose_attr_axis(&c, "axis", 0, x), 0));
}

tsr_status onnx_gather_nd(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id in[2] = {compose_input(&c, 0), compose_input(&c, 1)};
    tsr_attr attr = tsr_attr_default();
    attr.batch_dims = compose_attr_int(&c, "batch_dims", 0);
    return compose_define(&c, 0, compose_node(&c, TSR_OP_GATHER_ND, &attr, 2, in, compose_tensor(&c, in[0]).dtype));
}

static void read_reduction(composer *c, tsr_attr *attr) {
    static const char *const words[] = {TSR_WORDS_tsr_reduction};
    char text[16] = "";
    compose_fails(c, onnx_attr_text(c->node, "reduction", "none", sizeof text, text));
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0) {
            attr->reduction = (tsr_reduction)i;
            return;
        }
    compose_fails(c, tsr_error(TSR_UNSUPPORTED, "reduction '%s'; none, add, mul, min and max work", text));
}

tsr_status onnx_scatter_nd(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id in[3] = {compose_input(&c, 0), compose_input(&c, 1), compose_input(&c, 2)};
    tsr_attr attr = tsr_attr_default();
    read_reduction(&c, &attr);
    return compose_define(&c, 0, compose_node(&c, TSR_OP_SCATTER_ND, &attr, 3, in, compose_tensor(&c, in[0]).dtype));
}

// Where each element named by `indices` along an axis lies in x as one dimension.
static tsr_id flat_places(composer *c, tsr_id x, tsr_id indices, int64_t axis) {
    const tsr_tensor from = compose_tensor(c, x), at = compose_tensor(c, indices);
    if (c->status.code == TSR_OK && at.rank != from.rank)
        compose_fails(c, tsr_error(TSR_CORRUPT, "indices of rank %" PRIu32 " for data of rank %" PRIu32, at.rank, from.rank));
    int64_t stride[TSR_MAX_RANK], shape[TSR_MAX_RANK], index[TSR_MAX_RANK] = {0}, *base, count = 1;
    for (uint32_t i = from.rank; i-- > 0;)
        stride[i] = i + 1 == from.rank ? 1 : stride[i + 1] * from.shape[i + 1];
    for (uint32_t i = 0; i < from.rank && c->status.code == TSR_OK; i++) {
        shape[i] = i == axis ? 1 : at.shape[i];
        count *= shape[i];
        if (i != axis && at.shape[i] > from.shape[i])
            compose_fails(c, tsr_error(TSR_CORRUPT, "more indices than data in dimension %" PRIu32, i));
    }
    const tsr_id places = compose_wholes(c, from.rank, shape, &base);
    for (int64_t n = 0; base != NULL && n < count; n++) {
        for (uint32_t i = 0; i < from.rank; i++)
            base[n] += index[i] * stride[i];
        for (uint32_t i = from.rank; i-- > 0;) { // the next place, last dimension first
            index[i]++;
            if (index[i] < shape[i])
                break;
            index[i] = 0;
        }
    }
    const tsr_id wide = compose_cast(c, indices, TSR_I64);
    const tsr_id below = compose_binary(c, TSR_OP_LESS, wide, compose_number(c, TSR_I64, 0));
    const tsr_id positive = compose_where(c, below, compose_add_number(c, wide, (double)from.shape[axis]), wide);
    return compose_add(c, compose_scale(c, positive, (double)stride[axis]), places);
}

static tsr_id flat(composer *c, tsr_id x) {
    const tsr_tensor from = compose_tensor(c, x);
    const int64_t count = c->status.code == TSR_OK ? (int64_t)tsr_tensor_elements(&from) : 1;
    return compose_reshape(c, x, 1, &count);
}

tsr_status onnx_gather_elements(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), indices = compose_input(&c, 1);
    const int64_t axis = compose_attr_axis(&c, "axis", 0, x);
    return compose_define(&c, 0, compose_gather(&c, flat(&c, x), flat_places(&c, x, indices, axis), 0, 0));
}

tsr_status onnx_scatter_elements(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), indices = compose_input(&c, 1), updates = compose_input(&c, 2);
    const int64_t axis = compose_attr_axis(&c, "axis", 0, x);
    const tsr_tensor like = compose_tensor(&c, x);
    tsr_attr attr = tsr_attr_default();
    read_reduction(&c, &attr);
    const tsr_id places = flat(&c, flat_places(&c, x, indices, axis));
    const int64_t rows[2] = {compose_tensor(&c, places).shape[0], 1};
    const tsr_id in[3] = {flat(&c, x), compose_reshape(&c, places, 2, rows), flat(&c, updates)};
    const tsr_id y = compose_node(&c, TSR_OP_SCATTER_ND, &attr, 3, in, like.dtype);
    return compose_define(&c, 0, compose_reshape(&c, y, like.rank, like.shape));
}

// ---- others ------------------------------------------------------------------------------------------------------------

static tsr_id counting(composer *c, uint32_t rank, const int64_t *shape) {
    int64_t *values, count = 1;
    const tsr_id id = compose_wholes(c, rank, shape, &values);
    for (uint32_t i = 0; i < rank; i++)
        count *= shape[i];
    for (int64_t i = 0; values != NULL && i < count; i++)
        values[i] = i;
    return id;
}

tsr_status onnx_one_hot(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id indices = compose_cast(&c, compose_input(&c, 0), TSR_I64), values = compose_input(&c, 2);
    const tsr_tensor from = compose_tensor(&c, indices);
    double depth = 0;
    uint32_t count;
    compose_doubles(&c, compose_input(&c, 1), 1, &depth, &count);
    int64_t axis = compose_attr_int(&c, "axis", -1);
    if (c.status.code == TSR_OK && (count != 1 || !(depth >= 1 && depth < INT32_MAX) || from.rank >= TSR_MAX_RANK ||
                                    !normalise_axis(&axis, (int64_t)from.rank + 1) || compose_tensor(&c, values).rank != 1 ||
                                    compose_tensor(&c, values).shape[0] != 2))
        compose_fails(&c,
                      tsr_error(TSR_CORRUPT, "depth must be positive, axis inside of the result, and there must be two values"));
    int64_t shape[TSR_MAX_RANK] = {0}, places[TSR_MAX_RANK] = {0};
    for (uint32_t i = 0; i < from.rank + 1 && c.status.code == TSR_OK; i++) {
        shape[i] = i < axis ? from.shape[i] : i == axis ? 1 : from.shape[i - 1];
        places[i] = i == axis ? (int64_t)depth : 1;
    }
    const tsr_id below = compose_binary(&c, TSR_OP_LESS, indices, compose_number(&c, TSR_I64, 0));
    const tsr_id positive = compose_where(&c, below, compose_add_number(&c, indices, depth), indices);
    const tsr_id hot = compose_binary(&c, TSR_OP_EQUAL, compose_reshape(&c, positive, from.rank + 1, shape),
                                      counting(&c, from.rank + 1, places));
    return compose_define(&c, 0,
                          compose_where(&c, hot, compose_slice(&c, values, 0, 1, 1, 1), compose_slice(&c, values, 0, 0, 1, 1)));
}

tsr_status onnx_compress(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    const tsr_tensor condition = compose_tensor(&c, compose_input(&c, 1));
    int64_t axis = 0, *indices, count = 0;
    if (onnx_attr(node, "axis") == NULL)
        x = flat(&c, x);
    else
        axis = compose_attr_axis(&c, "axis", 0, x);
    if (c.status.code == TSR_OK && (condition.data == NULL || condition.dtype != TSR_BOOL || condition.rank != 1))
        compose_fails(
            &c, tsr_error(TSR_UNSUPPORTED, "the condition must be a constant list of bool: the result's shape follows from it"));
    for (int64_t i = 0; i < condition.shape[0] && c.status.code == TSR_OK; i++)
        count += ((const uint8_t *)condition.data)[i] != 0;
    const tsr_id chosen = compose_wholes(&c, 1, &count, &indices);
    for (int64_t i = 0, n = 0; indices != NULL && i < condition.shape[0]; i++)
        if (((const uint8_t *)condition.data)[i] != 0)
            indices[n++] = i;
    return compose_define(&c, 0, compose_gather(&c, x, chosen, axis, 0));
}

// Element t of a sequence of length n is element n - 1 - t of x, behind its end element t.
tsr_status onnx_reverse_sequence(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0), lengths = compose_cast(&c, compose_input(&c, 1), TSR_I64);
    const int64_t time = compose_attr_axis(&c, "time_axis", 0, x), batch = compose_attr_axis(&c, "batch_axis", 1, x);
    if (c.status.code == TSR_OK && (time > 1 || batch > 1 || time == batch))
        compose_fails(&c, tsr_error(TSR_CORRUPT, "time_axis and batch_axis must be 0 and 1"));
    int64_t perm[TSR_MAX_RANK] = {1, 0};
    for (uint32_t i = 2; i < TSR_MAX_RANK; i++)
        perm[i] = i;
    x = time == 0 ? compose_transpose(&c, x, perm) : x;
    const tsr_tensor rows = compose_tensor(&c, x);
    lengths = compose_reshape(&c, lengths, 2, (const int64_t[]){rows.shape[0], 1});
    const tsr_id t = counting(&c, 2, (const int64_t[]){1, rows.shape[1]});
    const tsr_id mirrored = compose_sub(&c, compose_add_number(&c, lengths, -1), t);
    const tsr_id index = compose_where(&c, compose_binary(&c, TSR_OP_LESS, t, lengths), mirrored, t);
    const tsr_id y = compose_gather(&c, x, index, 1, 1);
    return compose_define(&c, 0, time == 0 ? compose_transpose(&c, y, perm) : y);
}
