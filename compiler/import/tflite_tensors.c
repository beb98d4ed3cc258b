// SPDX-License-Identifier: Apache-2.0
// Tensors and nodes of a TFLite model, for the handlers of its operators.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tflite_model.h"

// ---- tensors -----------------------------------------------------------------------------------------------------------

static tsr_dtype dtype_of(int32_t type) {
    switch (type) {
    case TYPE_FLOAT32: return TSR_F32;
    case TYPE_FLOAT16: return TSR_F32; // constants only, widened
    case TYPE_INT32: return TSR_I32;
    case TYPE_UINT8: return TSR_U8;
    case TYPE_INT64: return TSR_I64;
    case TYPE_BOOL: return TSR_BOOL;
    case TYPE_INT16: return TSR_I16;
    case TYPE_INT8: return TSR_I8;
    case TYPE_FLOAT64: return TSR_F64;
    case TYPE_UINT64: return TSR_U64;
    case TYPE_UINT32: return TSR_U32;
    case TYPE_UINT16: return TSR_U16;
    default: return TSR_DTYPE_NONE;
    }
}

static tsr_status read_quantisation(tflite *t, tsr_id id, fb_table quantisation) {
    fb_file *file = &t->file;
    const fb_vector scales = fb_get_vector(file, quantisation, QUANTIZATION_SCALE, 4);
    const fb_vector zeros = fb_get_vector(file, quantisation, QUANTIZATION_ZERO_POINT, 8);
    const uint32_t details = fb_get_u8(file, quantisation, QUANTIZATION_DETAILS_TYPE, 0);
    const int32_t axis = fb_get_i32(file, quantisation, QUANTIZATION_DIMENSION, 0);
    TSR_TRY(file->status);
    const tsr_tensor *tensor = tensor_of(&t->imp, id);
    if (scales.count == 0 || tensor->dtype < TSR_I8 || tensor->dtype > TSR_I32)
        return tsr_ok();
    if (details != 0)
        return tsr_error(TSR_UNSUPPORTED, "a quantisation that is not affine (detail type %" PRIu32 ")", details);
    if (zeros.count > 1 && zeros.count != scales.count)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " scales, but %" PRIu32 " zero points", scales.count, zeros.count);
    if (scales.count > 1 && (axis < 0 || axis >= (int32_t)tensor->rank || tensor->shape[axis] != (int64_t)scales.count))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " scales do not fit dimension %" PRId32, scales.count, axis);
    TSR_TRY(importer_reserve(&t->imp, 8 * (uint64_t)scales.count));
    tsr_arena *arena = t->imp.graph->arena;
    tsr_quant quant = {scales.count, scales.count > 1 ? axis : 0, TSR_NEW_ARRAY(arena, float, scales.count),
                       TSR_NEW_ARRAY(arena, int32_t, scales.count)};
    for (uint32_t i = 0; i < scales.count; i++) {
        const int64_t zero = zeros.count == 0 ? 0 : fb_i64_at(file, zeros, zeros.count == 1 ? 0 : i);
        quant.scale[i] = fb_f32_at(file, scales, i);
        quant.zero_point[i] = (int32_t)zero;
        if (!isfinite(quant.scale[i]) || quant.scale[i] <= 0)
            return tsr_error(TSR_CORRUPT, "scale %" PRIu32 " is %g, must be finite and > 0", i, (double)quant.scale[i]);
        const int64_t lo = tensor->dtype == TSR_I8 ? INT8_MIN : tensor->dtype == TSR_I16 ? INT16_MIN : 0;
        const int64_t hi = tensor->dtype == TSR_I8    ? INT8_MAX
                           : tensor->dtype == TSR_U8  ? UINT8_MAX
                           : tensor->dtype == TSR_I16 ? INT16_MAX
                           : tensor->dtype == TSR_U16 ? UINT16_MAX
                                                      : 0;
        if (zero < lo || zero > hi)
            return tsr_error(TSR_CORRUPT, "zero point %" PRId64 " does not fit %s", zero, tsr_dtype_name(tensor->dtype));
    }
    tensor_of(&t->imp, id)->quant = quant;
    return tsr_ok();
}

// A constant's bytes, in the file's copy. float16 is widened into memory of its own.
static tsr_status read_contents(tflite *t, tsr_id id, int32_t type, fb_vector data) {
    tsr_tensor *tensor = tensor_of(&t->imp, id);
    const uint64_t elements = tsr_tensor_elements(tensor);
    const uint64_t stored = type == TYPE_FLOAT16 ? 2 : tsr_dtype_size(tensor->dtype);
    if (elements * stored != data.count) {
        char shape[TSR_SHAPE_TEXT];
        return tsr_error(
            TSR_CORRUPT, "offset %" PRIu32 ": contents of %" PRIu32 " bytes for shape %s of %s, which takes %" PRIu64, data.at,
            data.count, tsr_shape_text(shape, tensor->rank, tensor->shape), tsr_dtype_name(tensor->dtype), elements * stored);
    }
    if (data.at % stored != 0)
        return tsr_error(TSR_CORRUPT, "offset %" PRIu32 ": misaligned contents", data.at);
    tensor->data = t->file.bytes + data.at;
    if (type == TYPE_FLOAT16) {
        TSR_TRY(importer_reserve(&t->imp, elements * sizeof(float)));
        float *wide = TSR_NEW_ARRAY(t->imp.graph->arena, float, elements);
        for (uint64_t i = 0; i < elements; i++) {
            uint16_t half;
            memcpy(&half, (const unsigned char *)tensor->data + 2 * i, sizeof half);
            wide[i] = tsr_half_to_float(TSR_F16, half);
        }
        tensor->data = wide;
    }
    return tsr_ok();
}

// The shape of a tensor as the file has it: a graph input's or a constant's.
static tsr_status read_shape(tflite *t, fb_table table, uint32_t *out_rank, int64_t out_shape[TSR_MAX_RANK]) {
    fb_file *file = &t->file;
    const fb_vector dims = fb_get_vector(file, table, TENSOR_SHAPE, 4);
    const fb_vector open = fb_get_vector(file, table, TENSOR_SHAPE_SIGNATURE, 4);
    TSR_TRY(file->status);
    *out_rank = dims.count;
    if (dims.count > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", dims.count, TSR_MAX_RANK);
    for (uint32_t i = 0; i < dims.count; i++) {
        out_shape[i] = fb_i32_at(file, dims, i);
        if (i >= open.count || fb_i32_at(file, open, i) != -1)
            continue;
        if (i > 0)
            return tsr_error(TSR_UNSUPPORTED,
                             "dimension %" PRIu32 " is open; only the first may be: convert the model for one size", i);
        out_shape[i] = t->batch > 0 ? t->batch : 1;
    }
    return tsr_ok();
}

// Everything but the shape.
static tsr_status read_tensor(tflite *t, fb_table table, uint32_t rank, const int64_t *shape, tsr_id *out_id) {
    fb_file *file = &t->file;
    const int32_t type = fb_get_i8(file, table, TENSOR_TYPE, TYPE_FLOAT32);
    const uint32_t buffer_index = fb_get_u32(file, table, TENSOR_BUFFER, 0);
    const char *name = fb_get_string(file, table, TENSOR_NAME);
    const fb_table quantisation = fb_get_table(file, table, TENSOR_QUANTIZATION);
    const bool variable = fb_get_u8(file, table, TENSOR_IS_VARIABLE, 0) != 0;
    const bool sparse = fb_has(file, table, TENSOR_SPARSITY);
    const uint32_t external = fb_get_u32(file, table, TENSOR_EXTERNAL_BUFFER, 0);
    TSR_TRY(file->status);
    if (buffer_index >= t->buffers.count && buffer_index != 0)
        return tsr_error(TSR_CORRUPT, "buffer %" PRIu32 " of %" PRIu32, buffer_index, t->buffers.count);
    const fb_table buffer = fb_table_at(file, t->buffers, buffer_index);
    const fb_vector data = fb_get_vector(file, buffer, BUFFER_DATA, 1);
    const uint64_t outside = fb_get_u64(file, buffer, BUFFER_OFFSET, 0);
    TSR_TRY(file->status);
    if (variable || sparse || external != 0 || outside > 1)
        return tsr_error(TSR_UNSUPPORTED, "a %s tensor; convert the model without",
                         variable ? "variable"
                         : sparse ? "sparse"
                                  : "tensor with contents outside of the flatbuffer:");
    const tsr_dtype dtype = dtype_of(type);
    if (type == TYPE_INT4)
        return tsr_error(TSR_UNSUPPORTED, "int4 contents; quantise the weights to int8");
    if (dtype == TSR_DTYPE_NONE || (type == TYPE_FLOAT16 && data.count == 0))
        return tsr_error(TSR_UNSUPPORTED, "element type %" PRId32 "%s; int8, uint8, int16, int32 and float32 work", type,
                         type == TYPE_FLOAT16 ? " (float16)" : "");
    TSR_TRY(tsr_shape_check(dtype, rank, shape));
    TSR_TRY(importer_reserve(&t->imp, 0));
    const tsr_id id = tsr_graph_add_tensor(t->imp.graph, "", dtype, rank, shape);
    tensor_of(&t->imp, id)->name = name;
    TSR_TRY(read_quantisation(t, id, quantisation));
    if (data.count > 0)
        TSR_TRY(read_contents(t, id, type, data));
    *out_id = id;
    return tsr_ok();
}

static tsr_status check_index(const tflite *t, int32_t index) {
    if (index < 0 || (uint32_t)index >= t->tensors.count)
        return tsr_error(TSR_CORRUPT, "tensor %" PRId32 " of %" PRIu32, index, t->tensors.count);
    return tsr_ok();
}

static tsr_status name_tensor(tflite *t, int32_t index, fb_table table, tsr_status status) {
    if (status.code == TSR_OK)
        return status;
    fb_file quiet = t->file;
    quiet.status = tsr_ok();
    return tsr_annotate(status, "tensor %" PRId32 " '%.80s'", index, fb_get_string(&quiet, table, TENSOR_NAME));
}

// A graph input, a constant, or what an operator before has written.
tsr_status tflite_tensor(tflite *t, int32_t index, bool is_input, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    TSR_TRY(check_index(t, index));
    if (t->ids[index] == TSR_NO_ID) {
        const fb_table table = fb_table_at(&t->file, t->tensors, (uint32_t)index);
        uint32_t rank;
        int64_t shape[TSR_MAX_RANK];
        tsr_status status = read_shape(t, table, &rank, shape);
        if (status.code == TSR_OK)
            status = read_tensor(t, table, rank, shape, &t->ids[index]);
        if (status.code == TSR_OK && !is_input && tensor_of(&t->imp, t->ids[index])->data == NULL)
            status = tsr_error(TSR_CORRUPT, "is read before it is written (a cycle, or operators out of order)");
        TSR_TRY(name_tensor(t, index, table, status));
    }
    if (t->ids[index] == TFLITE_FAILED)
        return tsr_error(TSR_UNSUPPORTED, "tensor %" PRId32 " comes from an operator that is not supported", index);
    *out_id = t->ids[index];
    return tsr_ok();
}

// ---- for the handlers --------------------------------------------------------------------------------------------------

bool tflite_has_input(tflite *t, const operation *op, uint32_t index) {
    return index < op->inputs.count && fb_i32_at(&t->file, op->inputs, index) != -1;
}

tsr_status tflite_optional(tflite *t, const operation *op, uint32_t index, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (!tflite_has_input(t, op, index))
        return tsr_ok();
    return tsr_annotate(tflite_tensor(t, fb_i32_at(&t->file, op->inputs, index), false, out_id), "input %" PRIu32, index);
}

tsr_status tflite_input(tflite *t, const operation *op, uint32_t index, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (!tflite_has_input(t, op, index))
        return tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", index);
    return tflite_optional(t, op, index, out_id);
}

tsr_status tflite_inputs(tflite *t, const operation *op, uint32_t count, tsr_id *out_ids) {
    for (uint32_t i = 0; i < count; i++)
        TSR_TRY(tflite_input(t, op, i, &out_ids[i]));
    return tsr_ok();
}

// A list without elements (the shape of a scalar, no axes), which the graph does not know as a tensor.
static bool is_empty(tflite *t, const operation *op, uint32_t index) {
    const int32_t number = tflite_has_input(t, op, index) ? fb_i32_at(&t->file, op->inputs, index) : -1;
    if (check_index(t, number).code != TSR_OK)
        return false;
    const fb_table table = fb_table_at(&t->file, t->tensors, (uint32_t)number);
    const fb_vector dims = fb_get_vector(&t->file, table, TENSOR_SHAPE, 4);
    return dims.count == 1 && fb_i32_at(&t->file, dims, 0) == 0 && t->ids[number] == TSR_NO_ID;
}

tsr_status tflite_ints(tflite *t, const operation *op, uint32_t index, uint32_t most, int64_t *out_values, uint32_t *out_count) {
    tsr_id id;
    *out_count = 0;
    if (is_empty(t, op, index))
        return t->file.status;
    TSR_TRY(tflite_input(t, op, index, &id));
    return constant_ints(tensor_of(&t->imp, id), most, out_values, out_count);
}

tsr_status tflite_output(tflite *t, const operation *op, uint32_t index, uint32_t rank, const int64_t *shape, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (index >= op->outputs.count)
        return tsr_error(TSR_CORRUPT, "output %" PRIu32 " is missing", index);
    const int32_t number = fb_i32_at(&t->file, op->outputs, index);
    TSR_TRY(check_index(t, number));
    if (t->ids[number] != TSR_NO_ID)
        return tsr_error(TSR_CORRUPT,
                         "output %" PRIu32 " is tensor %" PRId32 ", which is an input, a constant or another's output", index,
                         number);
    const fb_table table = fb_table_at(&t->file, t->tensors, (uint32_t)number);
    TSR_TRY(name_tensor(t, number, table, read_tensor(t, table, rank, shape, out_id)));
    t->ids[number] = *out_id;
    return tsr_ok();
}

bool tflite_file_shape(tflite *t, const operation *op, uint32_t index, uint32_t *out_rank, int64_t out_shape[TSR_MAX_RANK]) {
    *out_rank = 0;
    const int32_t number = index < op->outputs.count ? fb_i32_at(&t->file, op->outputs, index) : -1;
    if (check_index(t, number).code != TSR_OK || t->batch > 1)
        return false;
    if (read_shape(t, fb_table_at(&t->file, t->tensors, (uint32_t)number), out_rank, out_shape).code != TSR_OK)
        return false;
    return tsr_shape_check(TSR_F32, *out_rank, out_shape).code == TSR_OK;
}

const char *tflite_derived(tflite *t, const operation *op, const char *suffix) {
    return tsr_arena_printf(t->imp.graph->arena, "%.200s/%s", op->name, suffix);
}

// Shapes that a model computes become constants, so that handlers see their values. What is large, or quantised, is left to
// the passes.
static tsr_status add_node(tflite *t, tsr_op graph_op, const char *name, const tsr_attr *attr, uint32_t count, const tsr_id *in,
                           tsr_id out) {
    enum { LARGEST = 4096 };
    tsr_graph *graph = t->imp.graph;
    TSR_TRY(importer_node(&t->imp, graph_op, name, attr, count, in, out));
    const tsr_tensor *y = tensor_of(&t->imp, out);
    bool constant = y->quant.count == 0 && tsr_tensor_elements(y) <= LARGEST;
    for (uint32_t i = 0; i < count && constant; i++) {
        const tsr_tensor *x = in[i] != TSR_NO_ID ? tensor_of(&t->imp, in[i]) : NULL;
        constant = x == NULL || (x->data != NULL && x->quant.count == 0 && tsr_tensor_elements(x) <= LARGEST);
    }
    if (constant && tsr_graph_evaluate(graph, &graph->nodes[graph->node_count - 1]))
        graph->node_count--;
    return tsr_ok();
}

// Of quantised tensors, int16 ones can be moved, compared and converted; of int8 and uint8 some operators are missing. In reals
// they would give other numbers than the interpreter's.
static tsr_status check_quantised(const tsr_tensor *x, tsr_op op) {
    const bool wide = x->dtype == TSR_I16;
    if (x->quant.count == 0 || (!wide && x->dtype != TSR_I8 && x->dtype != TSR_U8))
        return tsr_ok();
    switch (op) {
    case TSR_OP_RESHAPE:
    case TSR_OP_TRANSPOSE:
    case TSR_OP_SLICE:
    case TSR_OP_EXPAND:
    case TSR_OP_CONCAT:
    case TSR_OP_PAD:
    case TSR_OP_GATHER:
    case TSR_OP_GATHER_ND:
    case TSR_OP_WHERE:
    case TSR_OP_IDENTITY:
    case TSR_OP_CAST:
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE:
    case TSR_OP_RESIZE_BILINEAR:
    case TSR_OP_ARG_MAX:
    case TSR_OP_ARG_MIN:
    case TSR_OP_TOP_K:
    case TSR_OP_CONV: // which checks for itself
    case TSR_OP_FULLY_CONNECTED:
    case TSR_OP_MATMUL: return tsr_ok();
    case TSR_OP_POW:
    case TSR_OP_FLOOR_DIV:
    case TSR_OP_MOD:
    case TSR_OP_NEG:
        return tsr_error(TSR_UNSUPPORTED, "quantised operands (%s); keep this operator in float32", tsr_dtype_name(x->dtype));
    default: break;
    }
    if (wide)
        return tsr_error(TSR_UNSUPPORTED, "int16 activations; convert the model with int8 activations");
    return tsr_ok();
}

tsr_status tflite_emit_to(tflite *t, const operation *op, uint32_t index, tsr_op graph_op, const tsr_attr *attr, uint32_t count,
                          const tsr_id *in) {
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    tsr_id y;
    TSR_TRY(t->file.status);
    TSR_TRY(check_quantised(tensor_of(&t->imp, in[0]), graph_op));
    TSR_TRY(importer_infer(&t->imp, graph_op, attr, count, in, &rank, shape));
    TSR_TRY(tflite_output(t, op, index, rank, shape, &y));
    return add_node(t, graph_op, op->name, attr, count, in, y);
}

tsr_status tflite_emit(tflite *t, const operation *op, tsr_op graph_op, const tsr_attr *attr, uint32_t count, const tsr_id *in) {
    return tflite_emit_to(t, op, 0, graph_op, attr, count, in);
}

tsr_status tflite_step(tflite *t, const operation *op, const char *suffix, tsr_op graph_op, const tsr_attr *attr, uint32_t count,
                       const tsr_id *in, tsr_id like, tsr_id *out_id) {
    const char *name = tflite_derived(t, op, suffix);
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    TSR_TRY(t->file.status);
    TSR_TRY(importer_infer(&t->imp, graph_op, attr, count, in, &rank, shape));
    TSR_TRY(tsr_shape_check(tensor_of(&t->imp, like)->dtype, rank, shape));
    const tsr_id y = importer_like(&t->imp, like, name, rank, shape);
    TSR_TRY(add_node(t, graph_op, name, attr, count, in, y));
    *out_id = y; // last: it may be one of the inputs
    return tsr_ok();
}

tsr_status tflite_step_reshape(tflite *t, const operation *op, const char *suffix, uint32_t rank, const int64_t *shape,
                               tsr_id *id) {
    const char *name = tflite_derived(t, op, suffix);
    return importer_reshape(&t->imp, *id, rank, shape, -1, name, name, id);
}

tsr_status tflite_emit_reshape(tflite *t, const operation *op, uint32_t index, tsr_id x, uint32_t rank, const int64_t *shape) {
    tsr_id y;
    TSR_TRY(t->file.status);
    TSR_TRY(tflite_output(t, op, index, rank, shape, &y));
    return add_node(t, TSR_OP_RESHAPE, op->name, NULL, 1, &x, y);
}

tsr_status tflite_emit_constant(tflite *t, const operation *op, uint32_t rank, const int64_t *shape, const void *data) {
    tsr_id y;
    TSR_TRY(tflite_output(t, op, 0, rank, shape, &y));
    tsr_tensor *tensor = tensor_of(&t->imp, y);
    const size_t bytes = (size_t)tsr_tensor_bytes(tensor);
    void *copy = tsr_arena_alloc(t->imp.graph->arena, bytes);
    memcpy(copy, data, bytes);
    tensor->data = copy;
    return tsr_ok();
}

tsr_id tflite_scalar(tflite *t, const operation *op, const char *suffix, float value) {
    return tsr_graph_add_const(t->imp.graph, tflite_derived(t, op, suffix), TSR_F32, 0, NULL, &value);
}

tsr_status tflite_axis(const tflite *t, tsr_id x, int64_t *axis) {
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    if (!normalise_axis(axis, rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of the input's rank %" PRIu32, *axis, rank);
    return tsr_ok();
}

tsr_status tflite_rank(const tflite *t, tsr_id id, uint32_t rank, const char *which) {
    const tsr_tensor *tensor = tensor_of(&t->imp, id);
    if (tensor->rank != rank)
        return tsr_error(TSR_CORRUPT, "%s '%s' must have rank %" PRIu32 ", has %" PRIu32, which, tensor->name, rank,
                         tensor->rank);
    return tsr_ok();
}

tsr_status tflite_activation(tsr_attr *attr, int32_t activation) {
    switch (activation) {
    case ACTIVATION_NONE: return tsr_ok();
    case ACTIVATION_RELU: attr->clip_lo = 0; return tsr_ok();
    case ACTIVATION_RELU_N1_TO_1: attr->clip_lo = -1, attr->clip_hi = 1; return tsr_ok();
    case ACTIVATION_RELU6: attr->clip_lo = 0, attr->clip_hi = 6; return tsr_ok();
    default:
        return tsr_error(TSR_UNSUPPORTED, "fused activation %" PRId32 "; NONE, RELU, RELU6 and RELU_N1_TO_1 work", activation);
    }
}

tsr_status tflite_padding(tsr_attr *attr, int32_t padding, int64_t height, int64_t width) {
    if (padding == PADDING_SAME) {
        pad_same(height, attr->kernel[0], attr->stride[0], attr->dilation[0], false, &attr->pad_top, &attr->pad_bottom);
        pad_same(width, attr->kernel[1], attr->stride[1], attr->dilation[1], false, &attr->pad_left, &attr->pad_right);
    } else if (padding != PADDING_VALID)
        return tsr_error(TSR_CORRUPT, "padding %" PRId32 "; SAME and VALID work", padding);
    return tsr_ok();
}
