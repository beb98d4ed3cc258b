// SPDX-License-Identifier: Apache-2.0
// TFLite's reductions and gathers.
#include <inttypes.h>
#include <string.h>

#include "tflite_model.h"

tsr_status tflite_reduce(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    tsr_attr attr = tsr_attr_default();
    attr.keep_dims = fb_get_u8(&t->file, op->options, REDUCER_KEEP_DIMS, 0) != 0;
    if (op->kind->op == TSR_OP_REDUCE_PROD && tensor_of(&t->imp, x)->quant.count > 0)
        return tsr_error(TSR_UNSUPPORTED, "a product of quantised values; keep this operator in float32");
    int64_t axes[2 * TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(tflite_ints(t, op, 1, 2 * TSR_MAX_RANK, axes, &count));
    bool reduced[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < count; i++) { // naming a dimension twice is allowed
        TSR_TRY(tflite_axis(t, x, &axes[i]));
        if (!reduced[axes[i]])
            attr.axes[attr.axis_count++] = axes[i];
        reduced[axes[i]] = true;
    }
    return tflite_emit(t, op, op->kind->op, &attr, 1, &x);
}

static tsr_status read_axis(tflite *t, const operation *op, uint32_t index, tsr_id x, int64_t *out_axis) {
    uint32_t count;
    TSR_TRY(tflite_ints(t, op, index, 1, out_axis, &count));
    if (count != 1)
        return tsr_error(TSR_CORRUPT, "the axis must be one number");
    return tflite_axis(t, x, out_axis);
}

tsr_status tflite_arg(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_axis(t, op, 1, x, &attr.axis));
    return tflite_emit(t, op, op->kind->op, &attr, 1, &x);
}

tsr_status tflite_cum_sum(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_axis(t, op, 1, x, &attr.axis));
    attr.exclusive = fb_get_u8(&t->file, op->options, CUMSUM_EXCLUSIVE, 0) != 0;
    attr.reverse = fb_get_u8(&t->file, op->options, CUMSUM_REVERSE, 0) != 0;
    return tflite_emit(t, op, TSR_OP_CUM_SUM, &attr, 1, &x);
}

tsr_status tflite_gather(tflite *t, const operation *op) {
    tsr_id in[2];
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_inputs(t, op, 2, in));
    attr.axis = fb_get_i32(&t->file, op->options, GATHER_AXIS, 0);
    attr.batch_dims = fb_get_i32(&t->file, op->options, GATHER_BATCH_DIMS, 0);
    TSR_TRY(tflite_axis(t, in[0], &attr.axis));
    if (attr.batch_dims < 0)
        attr.batch_dims += tensor_of(&t->imp, in[1])->rank;
    return tflite_emit(t, op, TSR_OP_GATHER, &attr, 2, in);
}

tsr_status tflite_gather_nd(tflite *t, const operation *op) {
    tsr_id in[2];
    TSR_TRY(tflite_inputs(t, op, 2, in));
    return tflite_emit(t, op, TSR_OP_GATHER_ND, NULL, 2, in);
}

// indices, updates, shape: the updates added into zeros.
tsr_status tflite_scatter_nd(tflite *t, const operation *op) {
    tsr_id in[3];
    TSR_TRY(tflite_input(t, op, 0, &in[1]));
    TSR_TRY(tflite_input(t, op, 1, &in[2]));
    int64_t shape[TSR_MAX_RANK];
    uint32_t rank;
    TSR_TRY(tflite_ints(t, op, 2, TSR_MAX_RANK, shape, &rank));
    const tsr_dtype dtype = tensor_of(&t->imp, in[2])->dtype;
    TSR_TRY(tsr_shape_check(dtype, rank, shape));
    in[0] = importer_like(&t->imp, in[2], tflite_derived(t, op, "zeros"), rank, shape);
    tsr_tensor *zeros = tensor_of(&t->imp, in[0]);
    TSR_TRY(importer_reserve(&t->imp, tsr_tensor_bytes(zeros)));
    zeros->data = tsr_arena_alloc(t->imp.graph->arena, (size_t)tsr_tensor_bytes(zeros));
    tsr_attr attr = tsr_attr_default();
    attr.reduction = TSR_REDUCE_ADD;
    return tflite_emit(t, op, TSR_OP_SCATTER_ND, &attr, 3, in);
}

// indices, depth, on, off: Where(Equal(indices with a dimension at the axis, 0..depth), on, off)
tsr_status tflite_one_hot(tflite *t, const operation *op) {
    tsr_id in[3], pair[2];
    int64_t depth, axis = fb_get_i32(&t->file, op->options, ONE_HOT_AXIS, 0), shape[TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(tflite_input(t, op, 0, &pair[0]));
    TSR_TRY(tflite_ints(t, op, 1, 1, &depth, &count));
    TSR_TRY(tflite_input(t, op, 2, &in[1]));
    TSR_TRY(tflite_input(t, op, 3, &in[2]));
    const tsr_tensor indices = *tensor_of(&t->imp, pair[0]);
    const uint32_t rank = indices.rank + 1;
    if (!normalise_axis(&axis, rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of the result's rank", axis);
    if (count != 1 || depth < 1 || depth > INT32_MAX || rank > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "depth %" PRId64 " and rank %" PRIu32 ": depth must be 1 or more, rank at most %d",
                         depth, rank, TSR_MAX_RANK);
    for (uint32_t i = 0, from = 0; i < rank; i++)
        shape[i] = i == axis ? 1 : indices.shape[from++];
    TSR_TRY(tflite_step_reshape(t, op, "indices", rank, shape, &pair[0]));
    for (uint32_t i = 0; i < rank; i++)
        shape[i] = i == axis ? depth : 1;
    const size_t size = tsr_dtype_size(indices.dtype);
    TSR_TRY(importer_reserve(&t->imp, (uint64_t)depth * size));
    pair[1] = tsr_graph_add_tensor(t->imp.graph, tflite_derived(t, op, "classes"), indices.dtype, rank, shape);
    unsigned char *classes = tsr_arena_alloc(t->imp.graph->arena, (size_t)depth * size);
    for (int64_t i = 0; i < depth; i++)
        memcpy(classes + (size_t)i * size, &i, size); // little-endian
    tensor_of(&t->imp, pair[1])->data = classes;
    const char *name = tflite_derived(t, op, "equal");
    TSR_TRY(importer_emit(&t->imp, TSR_OP_EQUAL, name, NULL, 2, pair, name, TSR_BOOL, &in[0]));
    return tflite_emit(t, op, TSR_OP_WHERE, NULL, 3, in);
}

// x, k -> values, indices
tsr_status tflite_top_k(tflite *t, const operation *op) {
    tsr_id x, y[2];
    tsr_attr attr = tsr_attr_default();
    int64_t shape[TSR_MAX_RANK];
    uint32_t rank, count;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, 1, attr.extents, &count));
    attr.extent_count = count;
    attr.axis = -1;
    TSR_TRY(tflite_axis(t, x, &attr.axis));
    TSR_TRY(importer_infer(&t->imp, TSR_OP_TOP_K, &attr, 1, &x, &rank, shape));
    TSR_TRY(tflite_output(t, op, 0, rank, shape, &y[0]));
    TSR_TRY(tflite_output(t, op, 1, rank, shape, &y[1]));
    TSR_TRY(importer_reserve(&t->imp, 0));
    const tsr_id node =
        tsr_graph_add_node(t->imp.graph, TSR_OP_TOP_K, importer_node_name(&t->imp, op->name, "TopK"), 1, &x, 2, y);
    t->imp.graph->nodes[node].attr = attr;
    return tsr_ok();
}

// The indices of a constant's elements that are true; of others, how many there are is not known.
tsr_status tflite_where(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    if (from.data == NULL || from.rank == 0)
        return tsr_error(TSR_UNSUPPORTED, "the condition must be a constant; SELECT_V2 works with computed ones");
    const uint64_t elements = tsr_tensor_elements(&from);
    const size_t size = tsr_dtype_size(from.dtype);
    const bool real = tsr_dtype_is_float(from.dtype);
    const unsigned char *bytes = from.data;
    TSR_TRY(importer_reserve(&t->imp, 8 * elements * from.rank));
    int64_t *places = TSR_NEW_ARRAY(t->imp.graph->arena, int64_t, elements *from.rank), index[TSR_MAX_RANK] = {0}, count = 0;
    for (uint64_t e = 0; e < elements; e++) {
        bool is_true = false;
        for (size_t i = 0; i < size; i++) // of -0.0 the sign does not count
            is_true = is_true || (bytes[e * size + i] & (real && i + 1 == size ? 0x7f : 0xff)) != 0;
        if (is_true)
            memcpy(places + count++ * from.rank, index, from.rank * sizeof *index);
        for (uint32_t d = from.rank; d-- > 0;) {
            if (++index[d] < from.shape[d])
                break;
            index[d] = 0;
        }
    }
    if (count == 0)
        return tsr_error(TSR_UNSUPPORTED, "no element of the condition is true: the result is empty");
    return tflite_emit_constant(t, op, 2, (const int64_t[]){count, from.rank}, places);
}
