// SPDX-License-Identifier: Apache-2.0
#include "onnx_compose.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

composer compose(onnx *o, const onnx_node *node) { return (composer){o, node, tsr_ok(), o->imp.graph->tensor_count}; }

bool compose_fails(composer *c, tsr_status status) {
    if (c->status.code == TSR_OK)
        c->status = status;
    return c->status.code != TSR_OK;
}

static bool failed(const composer *c) { return c->status.code != TSR_OK; }

tsr_status compose_define(composer *c, uint32_t index, tsr_id id) {
    if (!failed(c) && onnx_has_output(c->node, index)) {
        tsr_tensor *tensor = tensor_of(&c->o->imp, id);
        if (id >= c->first && tensor->data == NULL)
            tensor->name = tsr_arena_printf(c->o->imp.graph->arena, "%s", onnx_output_name(c->node, index)); // the file goes
        compose_fails(c, onnx_define(c->o, c->node, index, id));
    }
    return c->status;
}

// ---- values ------------------------------------------------------------------------------------------------------------

tsr_id compose_optional(composer *c, uint32_t index) {
    tsr_id id = TSR_NO_ID;
    if (failed(c) || compose_fails(c, onnx_input(c->o, c->node, index, &id)) || id == TSR_NO_ID)
        return TSR_NO_ID;
    return compose_fails(c, onnx_plain(c->o, &id)) ? TSR_NO_ID : id;
}

tsr_id compose_input(composer *c, uint32_t index) {
    const tsr_id id = compose_optional(c, index);
    if (!failed(c) && id == TSR_NO_ID)
        compose_fails(c, tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", index));
    return id;
}

tsr_tensor compose_tensor(const composer *c, tsr_id id) {
    return id != TSR_NO_ID ? *tensor_of(&c->o->imp, id) : (tsr_tensor){.name = "", .dtype = TSR_F32};
}

bool compose_rank(composer *c, tsr_id id, uint32_t least, uint32_t most) {
    if (failed(c))
        return false;
    const tsr_tensor *tensor = tensor_of(&c->o->imp, id);
    if (tensor->rank >= least && tensor->rank <= most)
        return true;
    return !compose_fails(c, tsr_error(TSR_UNSUPPORTED, "'%.80s' has rank %" PRIu32 "; %" PRIu32 " to %" PRIu32 " work",
                                       tensor->name, tensor->rank, least, most));
}

static tsr_id constant(composer *c, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape, void **out_data) {
    *out_data = NULL;
    if (failed(c) || compose_fails(c, tsr_shape_check(dtype, rank, shape)))
        return TSR_NO_ID;
    uint64_t bytes = tsr_dtype_size(dtype);
    for (uint32_t i = 0; i < rank; i++)
        bytes *= (uint64_t)shape[i];
    if (compose_fails(c, importer_reserve(&c->o->imp, bytes)))
        return TSR_NO_ID;
    tsr_graph *graph = c->o->imp.graph;
    *out_data = memset(tsr_arena_alloc(graph->arena, (size_t)bytes), 0, (size_t)bytes);
    const tsr_id id = tsr_graph_add_tensor(graph, onnx_derived(c->o, c->node->name, name), dtype, rank, shape);
    tensor_of(&c->o->imp, id)->data = *out_data;
    return id;
}

tsr_id compose_number(composer *c, tsr_dtype dtype, double value) {
    void *data;
    const tsr_id id = constant(c, "number", dtype, 0, NULL, &data);
    const float single = (float)value;
    const bool fits = !tsr_dtype_is_float(dtype) && fabs(value) < 0x1p63;
    const int64_t whole = fits ? (int64_t)value : value < 0 ? INT64_MIN : INT64_MAX; // little-endian: the low bytes
    if (data != NULL)
        memcpy(data,
               dtype == TSR_F32   ? (const void *)&single
               : dtype == TSR_F64 ? (const void *)&value
                                  : (const void *)&whole,
               tsr_dtype_size(dtype));
    return id;
}

tsr_id compose_reals(composer *c, uint32_t rank, const int64_t *shape, float **out_values) {
    void *data;
    const tsr_id id = constant(c, "reals", TSR_F32, rank, shape, &data);
    *out_values = data;
    return id;
}

tsr_id compose_wholes(composer *c, uint32_t rank, const int64_t *shape, int64_t **out_values) {
    void *data;
    const tsr_id id = constant(c, "indices", TSR_I64, rank, shape, &data);
    *out_values = data;
    return id;
}

tsr_id compose_places(composer *c, uint32_t rank, const int64_t *shape, int32_t **out_values) {
    void *data;
    const tsr_id id = constant(c, "places", TSR_I32, rank, shape, &data);
    *out_values = data;
    return id;
}

tsr_id compose_precise(composer *c, uint32_t rank, const int64_t *shape, double **out_values) {
    void *data;
    const tsr_id id = constant(c, "reals", TSR_F64, rank, shape, &data);
    *out_values = data;
    return id;
}

void compose_doubles(composer *c, tsr_id id, uint32_t most, double *out_values, uint32_t *out_count) {
    *out_count = 0;
    if (failed(c) || id == TSR_NO_ID)
        return;
    const tsr_tensor *tensor = tensor_of(&c->o->imp, id);
    const uint64_t count = tsr_tensor_elements(tensor);
    if (tensor->data == NULL)
        compose_fails(c, tsr_error(TSR_UNSUPPORTED, "'%.80s' must be a constant", tensor->name));
    else if (count > most)
        compose_fails(c, tsr_error(TSR_CORRUPT, "'%.80s' has %" PRIu64 " elements, at most %" PRIu32 " make sense here",
                                   tensor->name, count, most));
    else if (tensor->dtype == TSR_I32 || tensor->dtype == TSR_I64 || tensor->dtype == TSR_F32 || tensor->dtype == TSR_F64)
        for (*out_count = 0; *out_count < count; ++*out_count)
            out_values[*out_count] = tensor->dtype == TSR_I32   ? ((const int32_t *)tensor->data)[*out_count]
                                     : tensor->dtype == TSR_I64 ? (double)((const int64_t *)tensor->data)[*out_count]
                                     : tensor->dtype == TSR_F32 ? (double)((const float *)tensor->data)[*out_count]
                                                                : ((const double *)tensor->data)[*out_count];
    else
        compose_fails(c, tsr_error(TSR_UNSUPPORTED, "'%.80s' is of %s; int32, int64, float and double work", tensor->name,
                                   tsr_dtype_name(tensor->dtype)));
}

void compose_ints(composer *c, tsr_id id, uint32_t most, int64_t *out_values, uint32_t *out_count) {
    *out_count = 0;
    if (!failed(c) && id != TSR_NO_ID)
        compose_fails(c, constant_ints(tensor_of(&c->o->imp, id), most, out_values, out_count));
}

// ---- attributes --------------------------------------------------------------------------------------------------------

int64_t compose_attr_int(composer *c, const char *name, int64_t standard) {
    int64_t value = standard;
    compose_fails(c, onnx_attr_int(c->node, name, standard, &value));
    return value;
}

float compose_attr_float(composer *c, const char *name, float standard) {
    float value = standard;
    compose_fails(c, onnx_attr_float(c->node, name, standard, &value));
    return value;
}

bool compose_attr_is(composer *c, const char *name, const char *standard, const char *value) {
    char text[40] = "";
    compose_fails(c, onnx_attr_text(c->node, name, standard, sizeof text, text));
    return strcmp(text, value) == 0;
}

int64_t compose_attr_axis(composer *c, const char *name, int64_t standard, tsr_id x) {
    int64_t axis = compose_attr_int(c, name, standard);
    const int64_t rank = compose_tensor(c, x).rank;
    if (!failed(c) && !normalise_axis(&axis, rank))
        compose_fails(c, tsr_error(TSR_CORRUPT, "%s %" PRId64 " is outside of rank %" PRId64, name, axis, rank));
    return failed(c) ? 0 : axis;
}

// ---- operators ---------------------------------------------------------------------------------------------------------

tsr_id compose_node(composer *c, tsr_op op, const tsr_attr *attr, uint32_t count, const tsr_id *in, tsr_dtype dtype) {
    tsr_id y = TSR_NO_ID;
    if (failed(c))
        return TSR_NO_ID;
    const char *name = onnx_derived(c->o, c->node->name, tsr_op_name(op));
    return compose_fails(c, importer_emit(&c->o->imp, op, name, attr, count, in, name, dtype, &y)) ? TSR_NO_ID : y;
}

tsr_id compose_output(composer *c, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    if (failed(c) || compose_fails(c, tsr_shape_check(dtype, rank, shape)) || compose_fails(c, importer_reserve(&c->o->imp, 0)))
        return TSR_NO_ID;
    tsr_graph *graph = c->o->imp.graph;
    const tsr_id id = tsr_graph_add_tensor(graph, onnx_derived(c->o, c->node->name, name), dtype, rank, shape);
    tsr_node *node = &graph->nodes[graph->node_count - 1];
    tsr_id *outputs = TSR_NEW_ARRAY(graph->arena, tsr_id, node->output_count + 1);
    memcpy(outputs, node->outputs, node->output_count * sizeof *outputs);
    outputs[node->output_count++] = id;
    node->outputs = outputs;
    return id;
}

tsr_id compose_unary(composer *c, tsr_op op, tsr_id x) { return compose_node(c, op, NULL, 1, &x, compose_tensor(c, x).dtype); }

tsr_id compose_binary(composer *c, tsr_op op, tsr_id a, tsr_id b) {
    const bool compares = op == TSR_OP_EQUAL || op == TSR_OP_LESS || op == TSR_OP_LESS_EQUAL;
    return compose_node(c, op, NULL, 2, (const tsr_id[]){a, b}, compares ? TSR_BOOL : compose_tensor(c, a).dtype);
}

tsr_id compose_where(composer *c, tsr_id condition, tsr_id yes, tsr_id no) {
    return compose_node(c, TSR_OP_WHERE, NULL, 3, (const tsr_id[]){condition, yes, no}, compose_tensor(c, yes).dtype);
}

tsr_id compose_cast(composer *c, tsr_id x, tsr_dtype dtype) {
    return failed(c) || compose_tensor(c, x).dtype == dtype ? x : compose_node(c, TSR_OP_CAST, NULL, 1, &x, dtype);
}

static bool has_shape(const tsr_tensor *tensor, uint32_t rank, const int64_t *shape) { // shape: NULL for a scalar
    bool same = tensor->rank == rank;
    for (uint32_t d = 0; same && d < rank; d++)
        same = tensor->shape[d] == shape[d];
    return same;
}

tsr_id compose_reduce(composer *c, tsr_op op, tsr_id x, uint32_t count, const int64_t *axes, bool keep) {
    tsr_attr attr = tsr_attr_default();
    attr.axis_count = count;
    if (count > 0)
        memcpy(attr.axes, axes, count * sizeof *axes);
    attr.keep_dims = keep;
    return compose_node(c, op, &attr, 1, &x, compose_tensor(c, x).dtype);
}

tsr_id compose_reshape(composer *c, tsr_id x, uint32_t rank, const int64_t *shape) {
    if (failed(c))
        return TSR_NO_ID;
    const tsr_tensor *from = tensor_of(&c->o->imp, x);
    if (has_shape(from, rank, shape))
        return x;
    tsr_id y = TSR_NO_ID;
    const char *name = onnx_derived(c->o, c->node->name, "Reshape");
    return compose_fails(c, importer_reshape(&c->o->imp, x, rank, shape, -1, name, name, &y)) ? TSR_NO_ID : y;
}

tsr_id compose_transpose(composer *c, tsr_id x, const int64_t *perm) {
    tsr_id y = TSR_NO_ID;
    if (failed(c))
        return TSR_NO_ID;
    const char *name = onnx_derived(c->o, c->node->name, "Transpose");
    return compose_fails(c, importer_transpose(&c->o->imp, x, perm, name, name, &y)) ? TSR_NO_ID : y;
}

tsr_id compose_slice(composer *c, tsr_id x, uint32_t axis, int64_t start, int64_t extent, int64_t step) {
    const tsr_tensor from = compose_tensor(c, x);
    if (failed(c) || (from.shape[axis] == extent && step == 1))
        return x;
    tsr_attr attr = tsr_attr_default();
    attr.extent_count = from.rank;
    for (uint32_t i = 0; i < from.rank; i++) {
        attr.extents[i] = i == axis ? extent : from.shape[i];
        attr.starts[i] = i == axis ? start : 0;
        attr.steps[i] = i == axis ? step : 1;
    }
    return compose_node(c, TSR_OP_SLICE, &attr, 1, &x, from.dtype);
}

tsr_id compose_pad(composer *c, tsr_id x, const int64_t *begin, const int64_t *end, double value) {
    const tsr_tensor from = compose_tensor(c, x);
    tsr_attr attr = tsr_attr_default();
    bool none = true;
    for (uint32_t i = 0; i < from.rank; i++) {
        attr.pads_begin[i] = begin[i];
        attr.pads_end[i] = end[i];
        none &= begin[i] == 0 && end[i] == 0;
    }
    attr.pad_value = value;
    return none ? x : compose_node(c, TSR_OP_PAD, &attr, 1, &x, from.dtype);
}

tsr_id compose_concat(composer *c, uint32_t axis, uint32_t count, const tsr_id *in) {
    tsr_attr attr = tsr_attr_default();
    attr.axis = axis;
    return failed(c) || count == 1 ? in[0] : compose_node(c, TSR_OP_CONCAT, &attr, count, in, compose_tensor(c, in[0]).dtype);
}

tsr_id compose_expand(composer *c, tsr_id x, uint32_t rank, const int64_t *shape) {
    const tsr_tensor from = compose_tensor(c, x);
    if (failed(c) || has_shape(&from, rank, shape))
        return x;
    tsr_attr attr = tsr_attr_default();
    attr.extent_count = rank;
    memcpy(attr.extents, shape, rank * sizeof *shape);
    return compose_node(c, TSR_OP_EXPAND, &attr, 1, &x, from.dtype);
}

tsr_id compose_gather(composer *c, tsr_id x, tsr_id indices, int64_t axis, int64_t batch_dims) {
    tsr_attr attr = tsr_attr_default();
    attr.axis = axis;
    attr.batch_dims = batch_dims;
    return compose_node(c, TSR_OP_GATHER, &attr, 2, (const tsr_id[]){x, indices}, compose_tensor(c, x).dtype);
}

tsr_id compose_softmax(composer *c, tsr_id x, int64_t axis) {
    tsr_attr attr = tsr_attr_default();
    attr.axis = axis;
    return compose_node(c, TSR_OP_SOFTMAX, &attr, 1, &x, compose_tensor(c, x).dtype);
}

tsr_id compose_add_number(composer *c, tsr_id x, double value) {
    return failed(c) || value == 0 ? x : compose_add(c, x, compose_number(c, compose_tensor(c, x).dtype, value));
}

tsr_id compose_scale(composer *c, tsr_id x, double factor) {
    return failed(c) || factor == 1 ? x : compose_mul(c, x, compose_number(c, compose_tensor(c, x).dtype, factor));
}
