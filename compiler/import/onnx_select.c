// SPDX-License-Identifier: Apache-2.0
// Operators that choose among elements.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

tsr_status onnx_top_k(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_attr attr = tsr_attr_default();
    attr.axis = compose_attr_axis(&c, "axis", -1, x);
    attr.smallest = compose_attr_int(&c, "largest", 1) == 0;
    attr.extents[0] = compose_attr_int(&c, "k", 0); // before opset 10
    attr.extent_count = 1;
    if (onnx_has_input(node, 1))
        compose_ints(&c, compose_input(&c, 1), 1, attr.extents, &attr.extent_count);
    const tsr_id values = compose_node(&c, TSR_OP_TOP_K, &attr, 1, &x, compose_tensor(&c, x).dtype);
    const tsr_tensor shape = compose_tensor(&c, values);
    const tsr_id indices = compose_output(&c, "indices", TSR_I64, shape.rank, shape.shape);
    compose_define(&c, 0, values);
    return compose_define(&c, 1, indices);
}

// Each extent cut or padded to the wanted one, around its centre; the odd element comes or goes at the end.
tsr_status onnx_center_crop_pad(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    int64_t wanted[TSR_MAX_RANK], axes[TSR_MAX_RANK], begin[TSR_MAX_RANK] = {0}, end[TSR_MAX_RANK] = {0};
    uint32_t count, axis_count;
    bool given;
    compose_ints(&c, compose_input(&c, 1), TSR_MAX_RANK, wanted, &count);
    TSR_TRY(c.status);
    const tsr_tensor from = compose_tensor(&c, x);
    TSR_TRY(onnx_attr_ints(node, "axes", TSR_MAX_RANK, axes, &axis_count, &given));
    if (count != (given ? axis_count : from.rank))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " extents for %" PRIu32 " axes", count, given ? axis_count : from.rank);
    for (uint32_t i = 0; i < count; i++) {
        int64_t axis = given ? axes[i] : i;
        if (!normalise_axis(&axis, from.rank) || wanted[i] < 1 || wanted[i] > INT32_MAX)
            return tsr_error(TSR_CORRUPT, "extent %" PRId64 " of axis %" PRId64, wanted[i], axis);
        const int64_t more = wanted[i] - from.shape[axis];
        if (more < 0)
            x = compose_slice(&c, x, (uint32_t)axis, -more / 2, wanted[i], 1);
        begin[axis] = more > 0 ? more / 2 : 0;
        end[axis] = more > 0 ? more - more / 2 : 0;
    }
    return compose_define(&c, 0, compose_pad(&c, x, begin, end, 0));
}

// Rows of the result as the model states them, 0 when it does not.
static int64_t stated_rows(onnx *o, const onnx_node *node) {
    const Onnx__GraphProto *graph = o->model->graph;
    for (size_t list = 0; list < 2; list++) {
        const size_t count = list == 0 ? graph->n_output : graph->n_value_info;
        for (size_t i = 0; i < count; i++) {
            const Onnx__ValueInfoProto *info = list == 0 ? graph->output[i] : graph->value_info[i];
            if (info->name == NULL || strcmp(info->name, onnx_output_name(node, 0)) != 0 || info->type == NULL ||
                info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || info->type->tensor_type->shape == NULL ||
                info->type->tensor_type->shape->n_dim != 2)
                continue;
            const Onnx__TensorShapeProto__Dimension *dim = info->type->tensor_type->shape->dim[0];
            return dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE ? dim->dim_value : 0;
        }
    }
    return 0;
}

// How many boxes remain depends on the data; tensors here have one shape. The result has as many rows as the model states for
// it, or else as can be at most; rows that are not needed are -1.
tsr_status onnx_non_max_suppression(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id in[2] = {compose_input(&c, 0), compose_input(&c, 1)};
    tsr_attr attr = tsr_attr_default();
    int64_t most = 0;
    double overlap = 0, score = -INFINITY;
    uint32_t count;
    compose_ints(&c, compose_optional(&c, 2), 1, &most, &count);
    compose_doubles(&c, compose_optional(&c, 3), 1, &overlap, &count);
    compose_doubles(&c, compose_optional(&c, 4), 1, &score, &count);
    attr.center_boxes = compose_attr_int(&c, "center_point_box", 0) != 0;
    if (!compose_rank(&c, in[1], 3, 3))
        return c.status;
    const tsr_tensor scores = compose_tensor(&c, in[1]);
    if (most < 1)
        return tsr_error(TSR_UNSUPPORTED, "max_output_boxes_per_class %" PRId64 " gives an empty tensor", most);
    attr.alpha = (float)overlap;
    attr.beta = (float)score;
    attr.extent_count = 2;
    attr.extents[0] = most < scores.shape[2] ? most : scores.shape[2];
    const int64_t stated = stated_rows(o, node);
    attr.extents[1] = stated > 0 ? stated : scores.shape[0] * scores.shape[1] * attr.extents[0];
    return compose_define(&c, 0, compose_node(&c, TSR_OP_NON_MAX_SUPPRESSION, &attr, 2, in, TSR_I64));
}

// A cache with some of its rows along the axis replaced, in each batch from a place of its own.
tsr_status onnx_tensor_scatter(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id cache = compose_input(&c, 0), update = compose_input(&c, 1), start = compose_optional(&c, 2);
    const bool circular = compose_attr_is(&c, "mode", "linear", "circular");
    const int64_t axis = compose_attr_axis(&c, "axis", -2, cache);
    TSR_TRY(c.status);
    const tsr_tensor from = compose_tensor(&c, cache), by = compose_tensor(&c, update);
    if (axis < 1 || by.rank != from.rank || by.shape[axis] > from.shape[axis])
        return tsr_error(TSR_CORRUPT, "the update does not fit the cache");
    // As [batch, between, axis, after]; SCATTER_ND takes rows of [batch, axis, between, after].
    int64_t between = 1, after = 1;
    for (uint32_t i = 1; i < from.rank; i++)
        if (i != axis)
            *(i < axis ? &between : &after) *= from.shape[i];
    const int64_t batch = from.shape[0], rows = by.shape[axis], perm[4] = {0, 2, 1, 3};
    int64_t *place, *which;
    const int64_t shape[3] = {batch, rows, 1};
    tsr_id places = compose_wholes(&c, 3, shape, &place);
    const tsr_id batches = compose_wholes(&c, 3, shape, &which);
    TSR_TRY(c.status);
    for (int64_t i = 0; i < batch * rows; i++) {
        place[i] = i % rows;
        which[i] = i / rows;
    }
    if (start != TSR_NO_ID) {
        places =
            compose_add(&c, places, compose_reshape(&c, compose_cast(&c, start, TSR_I64), 3, (const int64_t[]){batch, 1, 1}));
        if (circular)
            places = compose_binary(&c, TSR_OP_MOD, places, compose_number(&c, TSR_I64, (double)from.shape[axis]));
    }
    const tsr_id index = compose_concat(&c, 2, 2, (const tsr_id[]){batches, places});
    tsr_id part[2] = {cache, update};
    for (unsigned i = 0; i < 2; i++)
        part[i] = compose_transpose(
            &c, compose_reshape(&c, part[i], 4, (const int64_t[]){batch, between, i == 0 ? from.shape[axis] : rows, after}),
            perm);
    const tsr_id in[3] = {part[0], index, part[1]};
    const tsr_id y = compose_transpose(&c, compose_node(&c, TSR_OP_SCATTER_ND, NULL, 3, in, from.dtype), perm);
    return compose_define(&c, 0, compose_reshape(&c, y, from.rank, from.shape));
}
