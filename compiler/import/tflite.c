// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite models. The file is copied once; names and constants of the graph point into that copy.
#include "tflite.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common.h"
#include "flatbuffer.h"

typedef struct tflite {
    importer imp;
    fb_file file;
    fb_vector buffers, tensors;
    tsr_id *ids; // of the file's tensors; TSR_NO_ID: not met yet
} tflite;

typedef struct operation {
    const char *name;
    int32_t code;
    fb_vector inputs, outputs;
    fb_table options; // absent: every option has its standard value
} operation;

static const char *const supported_operators =
    "supported are CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, SUB, MUL, DIV, MINIMUM, MAXIMUM, pools, MEAN, PAD, "
    "CONCATENATION, RESHAPE, TRANSPOSE, SOFTMAX, activations, QUANTIZE, DEQUANTIZE";

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
            wide[i] = half_to_float(half);
        }
        tensor->data = wide;
    }
    return tsr_ok();
}

static tsr_status read_tensor(tflite *t, fb_table table, tsr_id *out_id) {
    fb_file *file = &t->file;
    const fb_vector dims = fb_get_vector(file, table, TENSOR_SHAPE, 4);
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
    if (dtype == TSR_DTYPE_NONE || (type == TYPE_FLOAT16 && data.count == 0))
        return tsr_error(TSR_UNSUPPORTED, "element type %" PRId32 "%s; int8, uint8, int16, int32 and float32 work", type,
                         type == TYPE_FLOAT16 ? " (float16)" : "");
    if (dims.count > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", dims.count, TSR_MAX_RANK);
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < dims.count; i++)
        shape[i] = fb_i32_at(file, dims, i);
    TSR_TRY(tsr_shape_check(dtype, dims.count, shape));
    TSR_TRY(importer_reserve(&t->imp, 0));
    const tsr_id id = tsr_graph_add_tensor(t->imp.graph, "", dtype, dims.count, shape);
    tensor_of(&t->imp, id)->name = name;
    TSR_TRY(read_quantisation(t, id, quantisation));
    if (data.count > 0)
        TSR_TRY(read_contents(t, id, type, data));
    *out_id = id;
    return tsr_ok();
}

static tsr_status get_tensor(tflite *t, int32_t index, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (index < 0 || (uint32_t)index >= t->tensors.count)
        return tsr_error(TSR_CORRUPT, "tensor %" PRId32 " of %" PRIu32, index, t->tensors.count);
    if (t->ids[index] == TSR_NO_ID) {
        const fb_table table = fb_table_at(&t->file, t->tensors, (uint32_t)index);
        tsr_status status = read_tensor(t, table, &t->ids[index]);
        if (status.code != TSR_OK) {
            fb_file quiet = t->file;
            quiet.status = tsr_ok();
            return tsr_annotate(status, "tensor %" PRId32 " '%.80s'", index, fb_get_string(&quiet, table, TENSOR_NAME));
        }
    }
    *out_id = t->ids[index];
    return tsr_ok();
}

// ---- operators ---------------------------------------------------------------------------------------------------------

// Optional inputs (index -1, or past the end) are TSR_NO_ID.
static tsr_status get_input(tflite *t, const operation *op, uint32_t index, bool optional, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    const int32_t tensor = index < op->inputs.count ? fb_i32_at(&t->file, op->inputs, index) : -1;
    if (tensor == -1)
        return optional ? tsr_ok() : tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", index);
    return tsr_annotate(get_tensor(t, tensor, out_id), "input %" PRIu32, index);
}

static tsr_status get_output(tflite *t, const operation *op, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (op->outputs.count != 1)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " outputs, must be one", op->outputs.count);
    return tsr_annotate(get_tensor(t, fb_i32_at(&t->file, op->outputs, 0), out_id), "output");
}

static tsr_status add_node(tflite *t, tsr_op op, const char *name, const tsr_attr *attr, uint32_t input_count,
                           const tsr_id *inputs, tsr_id output) {
    TSR_TRY(importer_reserve(&t->imp, 0));
    const tsr_id id =
        tsr_graph_add_node(t->imp.graph, op, importer_node_name(&t->imp, name, tsr_op_name(op)), input_count, inputs, 1, &output);
    if (attr != NULL)
        t->imp.graph->nodes[id].attr = *attr;
    return tsr_ok();
}

static tsr_status set_activation(tsr_attr *attr, int32_t activation) {
    switch (activation) {
    case ACTIVATION_NONE: return tsr_ok();
    case ACTIVATION_RELU: attr->clip_lo = 0; return tsr_ok();
    case ACTIVATION_RELU_N1_TO_1: attr->clip_lo = -1, attr->clip_hi = 1; return tsr_ok();
    case ACTIVATION_RELU6: attr->clip_lo = 0, attr->clip_hi = 6; return tsr_ok();
    default:
        return tsr_error(TSR_UNSUPPORTED, "fused activation %" PRId32 "; NONE, RELU, RELU6 and RELU_N1_TO_1 work", activation);
    }
}

static tsr_status set_padding(tsr_attr *attr, int32_t padding, const tsr_tensor *x) {
    if (padding == PADDING_SAME) {
        pad_same(x->shape[1], attr->kernel[0], attr->stride[0], attr->dilation[0], false, &attr->pad_top, &attr->pad_bottom);
        pad_same(x->shape[2], attr->kernel[1], attr->stride[1], attr->dilation[1], false, &attr->pad_left, &attr->pad_right);
    } else if (padding != PADDING_VALID)
        return tsr_error(TSR_CORRUPT, "padding %" PRId32 "; SAME and VALID work", padding);
    return tsr_ok();
}

static tsr_status check_rank(const tsr_tensor *tensor, uint32_t rank, const char *which) {
    if (tensor->rank != rank)
        return tsr_error(TSR_CORRUPT, "%s '%s' must have rank %" PRIu32 ", has %" PRIu32, which, tensor->name, rank,
                         tensor->rank);
    return tsr_ok();
}

// Kernels of float activations with int8 weights quantise at run time, in a way of their own.
static tsr_status check_not_hybrid(const tsr_tensor *x, const tsr_tensor *w) {
    if (tsr_dtype_is_float(x->dtype) && w->quant.count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s activations with %s weights; convert the model with full integer quantisation",
                         tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype));
    return tsr_ok();
}

// Some writers give the bias leading dimensions of 1.
static tsr_status flatten_bias(tflite *t, tsr_id *bias) {
    if (*bias == TSR_NO_ID || tensor_of(&t->imp, *bias)->rank == 1 || tensor_of(&t->imp, *bias)->data == NULL)
        return tsr_ok();
    const int64_t elements = (int64_t)tsr_tensor_elements(tensor_of(&t->imp, *bias));
    return importer_reshape(&t->imp, *bias, 1, &elements, 0, "", tensor_of(&t->imp, *bias)->name, bias);
}

static tsr_status import_conv(tflite *t, const operation *op) {
    fb_file *file = &t->file;
    const bool depthwise = op->code == TFL_DEPTHWISE_CONV_2D;
    tsr_id in[3], y;
    TSR_TRY(get_input(t, op, 0, false, &in[0]));
    TSR_TRY(get_input(t, op, 1, false, &in[1]));
    TSR_TRY(get_input(t, op, 2, true, &in[2]));
    TSR_TRY(get_output(t, op, &y));
    TSR_TRY(check_rank(tensor_of(&t->imp, in[0]), 4, "input"));
    TSR_TRY(check_rank(tensor_of(&t->imp, in[1]), 4, "filter"));
    TSR_TRY(check_not_hybrid(tensor_of(&t->imp, in[0]), tensor_of(&t->imp, in[1])));
    tsr_attr attr = tsr_attr_default();
    const fb_table o = op->options;
    attr.stride[0] = fb_get_i32(file, o, depthwise ? DEPTHWISE_STRIDE_H : CONV_STRIDE_H, 0);
    attr.stride[1] = fb_get_i32(file, o, depthwise ? DEPTHWISE_STRIDE_W : CONV_STRIDE_W, 0);
    attr.dilation[0] = fb_get_i32(file, o, depthwise ? DEPTHWISE_DILATION_H : CONV_DILATION_H, 1);
    attr.dilation[1] = fb_get_i32(file, o, depthwise ? DEPTHWISE_DILATION_W : CONV_DILATION_W, 1);
    TSR_TRY(set_activation(&attr, fb_get_i8(file, o, depthwise ? DEPTHWISE_ACTIVATION : CONV_ACTIVATION, 0)));
    const int64_t channels = tensor_of(&t->imp, in[0])->shape[3];
    if (depthwise) { // [1, KH, KW, O] -> [O, KH, KW, 1]
        const char *name = tsr_arena_printf(t->imp.graph->arena, "%.200s/ohwi", tensor_of(&t->imp, in[1])->name);
        if (tensor_of(&t->imp, in[1])->shape[0] != 1)
            return tsr_error(TSR_CORRUPT, "the filter's first extent must be 1");
        TSR_TRY(importer_transpose(&t->imp, in[1], (const int64_t[]){3, 1, 2, 0}, name, name, &in[1]));
        attr.groups = channels;
    } else {
        const int64_t per_group = tensor_of(&t->imp, in[1])->shape[3];
        if (channels % per_group != 0)
            return tsr_error(TSR_CORRUPT, "%" PRId64 " input channels, but a filter for %" PRId64, channels, per_group);
        attr.groups = channels / per_group;
    }
    attr.kernel[0] = tensor_of(&t->imp, in[1])->shape[1];
    attr.kernel[1] = tensor_of(&t->imp, in[1])->shape[2];
    TSR_TRY(set_padding(&attr, fb_get_i8(file, o, CONV_PADDING, PADDING_SAME), tensor_of(&t->imp, in[0])));
    TSR_TRY(file->status);
    TSR_TRY(flatten_bias(t, &in[2]));
    return add_node(t, TSR_OP_CONV, op->name, &attr, in[2] == TSR_NO_ID ? 2 : 3, in, y);
}

static tsr_status import_fully_connected(tflite *t, const operation *op) {
    importer *imp = &t->imp;
    tsr_id in[3], y;
    TSR_TRY(get_input(t, op, 0, false, &in[0]));
    TSR_TRY(get_input(t, op, 1, false, &in[1]));
    TSR_TRY(get_input(t, op, 2, true, &in[2]));
    TSR_TRY(get_output(t, op, &y));
    TSR_TRY(check_rank(tensor_of(imp, in[1]), 2, "weights"));
    TSR_TRY(check_not_hybrid(tensor_of(imp, in[0]), tensor_of(imp, in[1])));
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(set_activation(&attr, fb_get_i8(&t->file, op->options, FULLY_CONNECTED_ACTIVATION, 0)));
    if (fb_get_i8(&t->file, op->options, FULLY_CONNECTED_FORMAT, 0) != 0)
        return tsr_error(TSR_UNSUPPORTED, "shuffled weights; convert the model with the default weights format");
    TSR_TRY(t->file.status);
    TSR_TRY(flatten_bias(t, &in[2]));
    // The kernel sees its input as rows of as many elements as the weights have columns.
    const int64_t features = tensor_of(imp, in[1])->shape[1], outputs = tensor_of(imp, in[1])->shape[0];
    const int64_t elements = (int64_t)tsr_tensor_elements(tensor_of(imp, in[0]));
    if (elements % features != 0)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " input elements, but weights for rows of %" PRId64, elements, features);
    const int64_t rows = elements / features;
    if (tensor_of(imp, in[0])->rank != 2 || tensor_of(imp, in[0])->shape[1] != features)
        TSR_TRY(importer_reshape(imp, in[0], 2, (const int64_t[]){rows, features}, -1,
                                 tsr_arena_printf(imp->graph->arena, "%.200s/rows", op->name),
                                 tsr_arena_printf(imp->graph->arena, "%.200s/rows", op->name), &in[0]));
    if (tensor_of(imp, y)->rank == 2)
        return add_node(t, TSR_OP_FULLY_CONNECTED, op->name, &attr, in[2] == TSR_NO_ID ? 2 : 3, in, y);
    const char *flat_name = tsr_arena_printf(imp->graph->arena, "%.200s/flat", op->name);
    const tsr_id flat = importer_like(imp, y, flat_name, 2, (const int64_t[]){rows, outputs});
    TSR_TRY(add_node(t, TSR_OP_FULLY_CONNECTED, op->name, &attr, in[2] == TSR_NO_ID ? 2 : 3, in, flat));
    return add_node(t, TSR_OP_RESHAPE, flat_name, NULL, 1, &flat, y);
}

static tsr_status import_binary(tflite *t, const operation *op, tsr_op graph_op) {
    tsr_id in[2], y;
    TSR_TRY(get_input(t, op, 0, false, &in[0]));
    TSR_TRY(get_input(t, op, 1, false, &in[1]));
    TSR_TRY(get_output(t, op, &y));
    tsr_attr attr = tsr_attr_default();
    if (graph_op != TSR_OP_MIN && graph_op != TSR_OP_MAX)
        TSR_TRY(set_activation(&attr, fb_get_i8(&t->file, op->options, BINARY_ACTIVATION, 0)));
    return add_node(t, graph_op, op->name, &attr, 2, in, y);
}

static tsr_status import_pool(tflite *t, const operation *op, tsr_op graph_op) {
    tsr_id x, y;
    TSR_TRY(get_input(t, op, 0, false, &x));
    TSR_TRY(get_output(t, op, &y));
    TSR_TRY(check_rank(tensor_of(&t->imp, x), 4, "input"));
    tsr_attr attr = tsr_attr_default();
    attr.stride[0] = fb_get_i32(&t->file, op->options, POOL_STRIDE_H, 0);
    attr.stride[1] = fb_get_i32(&t->file, op->options, POOL_STRIDE_W, 0);
    attr.kernel[0] = fb_get_i32(&t->file, op->options, POOL_FILTER_H, 0);
    attr.kernel[1] = fb_get_i32(&t->file, op->options, POOL_FILTER_W, 0);
    TSR_TRY(set_activation(&attr, fb_get_i8(&t->file, op->options, POOL_ACTIVATION, 0)));
    TSR_TRY(set_padding(&attr, fb_get_i8(&t->file, op->options, POOL_PADDING, PADDING_SAME), tensor_of(&t->imp, x)));
    return add_node(t, graph_op, op->name, &attr, 1, &x, y);
}

static tsr_status import_mean(tflite *t, const operation *op) {
    tsr_id x, axes_id, y;
    TSR_TRY(get_input(t, op, 0, false, &x));
    TSR_TRY(get_input(t, op, 1, false, &axes_id));
    TSR_TRY(get_output(t, op, &y));
    tsr_attr attr = tsr_attr_default();
    attr.keep_dims = fb_get_u8(&t->file, op->options, REDUCER_KEEP_DIMS, 0) != 0;
    int64_t axes[2 * TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(constant_ints(tensor_of(&t->imp, axes_id), 2 * TSR_MAX_RANK, axes, &count));
    bool reduced[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < count; i++) { // naming a dimension twice is allowed
        if (!normalise_axis(&axes[i], tensor_of(&t->imp, x)->rank))
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of the input's rank", axes[i]);
        if (!reduced[axes[i]])
            attr.axes[attr.axis_count++] = axes[i];
        reduced[axes[i]] = true;
    }
    return add_node(t, TSR_OP_MEAN, op->name, &attr, 1, &x, y);
}

static double scalar_of(const tsr_tensor *tensor) {
    switch (tensor->dtype) {
    case TSR_F32: return (double)*(const float *)tensor->data;
    case TSR_I8: return *(const int8_t *)tensor->data;
    case TSR_U8: return *(const uint8_t *)tensor->data;
    case TSR_I16: return *(const int16_t *)tensor->data;
    case TSR_I32: return *(const int32_t *)tensor->data;
    default: return NAN;
    }
}

static tsr_status import_pad(tflite *t, const operation *op) {
    tsr_id x, pads_id, value_id = TSR_NO_ID, y;
    TSR_TRY(get_input(t, op, 0, false, &x));
    TSR_TRY(get_input(t, op, 1, false, &pads_id));
    if (op->code == TFL_PADV2)
        TSR_TRY(get_input(t, op, 2, true, &value_id));
    TSR_TRY(get_output(t, op, &y));
    int64_t pads[2 * TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(constant_ints(tensor_of(&t->imp, pads_id), 2 * TSR_MAX_RANK, pads, &count));
    const tsr_tensor *input = tensor_of(&t->imp, x);
    if (count != 2 * input->rank)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " paddings for an input of rank %" PRIu32, count, input->rank);
    tsr_attr attr = tsr_attr_default();
    for (uint32_t i = 0; i < input->rank; i++) {
        attr.pads_begin[i] = pads[2 * i];
        attr.pads_end[i] = pads[2 * i + 1];
    }
    if (value_id != TSR_NO_ID) {
        const tsr_tensor *value = tensor_of(&t->imp, value_id);
        if (value->data == NULL || value->dtype != input->dtype || tsr_tensor_elements(value) != 1)
            return tsr_error(TSR_UNSUPPORTED, "the pad value must be one constant %s", tsr_dtype_name(input->dtype));
        attr.pad_value = scalar_of(value);
        if (isnan(attr.pad_value))
            return tsr_error(TSR_UNSUPPORTED, "a pad value of type %s", tsr_dtype_name(value->dtype));
    } else
        attr.pad_is_zero_point = input->quant.count > 0;
    return add_node(t, TSR_OP_PAD, op->name, &attr, 1, &x, y);
}

static tsr_status import_concatenation(tflite *t, const operation *op) {
    tsr_id y;
    TSR_TRY(get_output(t, op, &y));
    TSR_TRY(importer_reserve(&t->imp, 8 * (uint64_t)op->inputs.count));
    tsr_id *in = TSR_NEW_ARRAY(t->imp.graph->arena, tsr_id, op->inputs.count);
    for (uint32_t i = 0; i < op->inputs.count; i++)
        TSR_TRY(get_input(t, op, i, false, &in[i]));
    tsr_attr attr = tsr_attr_default();
    attr.axis = fb_get_i32(&t->file, op->options, CONCATENATION_AXIS, 0);
    if (!normalise_axis(&attr.axis, tensor_of(&t->imp, y)->rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of the output's rank", attr.axis);
    if (fb_get_i8(&t->file, op->options, CONCATENATION_ACTIVATION, 0) != ACTIVATION_NONE)
        return tsr_error(TSR_UNSUPPORTED, "a fused activation; use an operator of its own");
    return add_node(t, TSR_OP_CONCAT, op->name, &attr, op->inputs.count, in, y);
}

static tsr_status import_transpose(tflite *t, const operation *op) {
    tsr_id x, perm_id, y;
    TSR_TRY(get_input(t, op, 0, false, &x));
    TSR_TRY(get_input(t, op, 1, false, &perm_id));
    TSR_TRY(get_output(t, op, &y));
    tsr_attr attr = tsr_attr_default();
    uint32_t count;
    TSR_TRY(constant_ints(tensor_of(&t->imp, perm_id), TSR_MAX_RANK, attr.perm, &count));
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    for (uint32_t i = 0; i < count; i++)
        if (!normalise_axis(&attr.perm[i], rank))
            return tsr_error(TSR_CORRUPT, "perm %" PRId64 " is outside of the input's rank", attr.perm[i]);
    if (count != rank)
        return tsr_error(TSR_CORRUPT, "perm has %" PRIu32 " entries for an input of rank %" PRIu32, count, rank);
    return add_node(t, TSR_OP_TRANSPOSE, op->name, &attr, 1, &x, y);
}

static tsr_status import_unary(tflite *t, const operation *op, tsr_op graph_op) {
    tsr_id x, y;
    TSR_TRY(get_input(t, op, 0, false, &x));
    TSR_TRY(get_output(t, op, &y));
    tsr_attr attr = tsr_attr_default();
    switch (op->code) {
    case TFL_RELU: TSR_TRY(set_activation(&attr, ACTIVATION_RELU)); break;
    case TFL_RELU6: TSR_TRY(set_activation(&attr, ACTIVATION_RELU6)); break;
    case TFL_RELU_N1_TO_1: TSR_TRY(set_activation(&attr, ACTIVATION_RELU_N1_TO_1)); break;
    case TFL_LEAKY_RELU: attr.alpha = fb_get_f32(&t->file, op->options, LEAKY_RELU_ALPHA, 0); break;
    case TFL_SOFTMAX:
        attr.beta = fb_get_f32(&t->file, op->options, SOFTMAX_BETA, 0);
        attr.axis = (int64_t)tensor_of(&t->imp, x)->rank - 1;
        break;
    case TFL_DEQUANTIZE: // of a float16 constant, which was widened when it was read
        if (tensor_of(&t->imp, x)->dtype == TSR_F32)
            graph_op = TSR_OP_IDENTITY;
        break;
    default: break;
    }
    if (!isfinite(attr.alpha) || !isfinite(attr.beta))
        return tsr_error(TSR_CORRUPT, "alpha and beta must be finite");
    return add_node(t, graph_op, op->name, &attr, 1, &x, y);
}

static const struct {
    int32_t code, options;
    tsr_op op;
} operators[] = {
    {TFL_CONV_2D, OPTIONS_CONV_2D, TSR_OP_CONV},
    {TFL_DEPTHWISE_CONV_2D, OPTIONS_DEPTHWISE_CONV_2D, TSR_OP_CONV},
    {TFL_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED, TSR_OP_FULLY_CONNECTED},
    {TFL_ADD, OPTIONS_ADD, TSR_OP_ADD},
    {TFL_SUB, OPTIONS_SUB, TSR_OP_SUB},
    {TFL_MUL, OPTIONS_MUL, TSR_OP_MUL},
    {TFL_DIV, OPTIONS_DIV, TSR_OP_DIV},
    {TFL_MAXIMUM, 0, TSR_OP_MAX},
    {TFL_MINIMUM, 0, TSR_OP_MIN},
    {TFL_AVERAGE_POOL_2D, OPTIONS_POOL_2D, TSR_OP_AVERAGE_POOL},
    {TFL_MAX_POOL_2D, OPTIONS_POOL_2D, TSR_OP_MAX_POOL},
    {TFL_MEAN, OPTIONS_REDUCER, TSR_OP_MEAN},
    {TFL_PAD, 0, TSR_OP_PAD},
    {TFL_PADV2, 0, TSR_OP_PAD},
    {TFL_CONCATENATION, OPTIONS_CONCATENATION, TSR_OP_CONCAT},
    {TFL_RESHAPE, 0, TSR_OP_RESHAPE},
    {TFL_SQUEEZE, 0, TSR_OP_RESHAPE},
    {TFL_EXPAND_DIMS, 0, TSR_OP_RESHAPE},
    {TFL_TRANSPOSE, 0, TSR_OP_TRANSPOSE},
    {TFL_SOFTMAX, OPTIONS_SOFTMAX, TSR_OP_SOFTMAX},
    {TFL_LOGISTIC, 0, TSR_OP_SIGMOID},
    {TFL_TANH, 0, TSR_OP_TANH},
    {TFL_RELU, 0, TSR_OP_CLIP},
    {TFL_RELU6, 0, TSR_OP_CLIP},
    {TFL_RELU_N1_TO_1, 0, TSR_OP_CLIP},
    {TFL_LEAKY_RELU, OPTIONS_LEAKY_RELU, TSR_OP_LEAKY_RELU},
    {TFL_QUANTIZE, 0, TSR_OP_QUANTIZE},
    {TFL_DEQUANTIZE, 0, TSR_OP_DEQUANTIZE},
};
enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

static int find_operator(int32_t code) {
    for (int i = 0; i < OPERATOR_COUNT; i++)
        if (operators[i].code == code)
            return i;
    return -1;
}

static tsr_status import_operation(tflite *t, const operation *op) {
    const tsr_op graph_op = operators[find_operator(op->code)].op;
    switch (graph_op) {
    case TSR_OP_CONV: return import_conv(t, op);
    case TSR_OP_FULLY_CONNECTED: return import_fully_connected(t, op);
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_MIN:
    case TSR_OP_MAX: return import_binary(t, op, graph_op);
    case TSR_OP_MAX_POOL:
    case TSR_OP_AVERAGE_POOL: return import_pool(t, op, graph_op);
    case TSR_OP_MEAN: return import_mean(t, op);
    case TSR_OP_PAD: return import_pad(t, op);
    case TSR_OP_CONCAT: return import_concatenation(t, op);
    case TSR_OP_TRANSPOSE: return import_transpose(t, op);
    default: return import_unary(t, op, graph_op);
    }
}

// ---- the file ----------------------------------------------------------------------------------------------------------

// The kind of operator; its name for messages when it is not supported.
static tsr_status operator_code(tflite *t, fb_vector codes, fb_table table, int32_t *out_code, const char **out_name) {
    fb_file *file = &t->file;
    const uint32_t index = fb_get_u32(file, table, OPERATOR_CODE, 0);
    TSR_TRY(file->status);
    if (index >= codes.count)
        return tsr_error(TSR_CORRUPT, "operator code %" PRIu32 " of %" PRIu32, index, codes.count);
    const fb_table code = fb_table_at(file, codes, index);
    const int32_t old_code = fb_get_i8(file, code, CODE_DEPRECATED, 0), new_code = fb_get_i32(file, code, CODE_BUILTIN, 0);
    *out_code = old_code > new_code ? old_code : new_code; // old writers fill one, new writers both as far as it fits
    *out_name = *out_code == TFL_CUSTOM ? fb_get_string(file, code, CODE_CUSTOM) : tflite_operator_name(*out_code);
    return file->status;
}

// The name of the operator's output, as TFLite's operators have none themselves.
static const char *output_name(tflite *t, fb_table table) {
    const fb_vector outputs = fb_get_vector(&t->file, table, OPERATOR_OUTPUTS, 4);
    if (outputs.count == 0)
        return "";
    const int32_t index = fb_i32_at(&t->file, outputs, 0);
    if (index < 0 || (uint32_t)index >= t->tensors.count)
        return "";
    return fb_get_string(&t->file, fb_table_at(&t->file, t->tensors, (uint32_t)index), TENSOR_NAME);
}

static tsr_status read_operator(tflite *t, fb_vector codes, fb_table table, uint32_t number) {
    operation op;
    const char *kind;
    TSR_TRY(operator_code(t, codes, table, &op.code, &kind));
    op.name = output_name(t, table);
    op.inputs = fb_get_vector(&t->file, table, OPERATOR_INPUTS, 4);
    op.outputs = fb_get_vector(&t->file, table, OPERATOR_OUTPUTS, 4);
    const uint32_t options_type = fb_get_u8(&t->file, table, OPERATOR_OPTIONS_TYPE, 0);
    op.options = fb_get_table(&t->file, table, OPERATOR_OPTIONS);
    tsr_status status = t->file.status;
    const int wanted = operators[find_operator(op.code)].options;
    if (status.code == TSR_OK && wanted != 0 && op.options.at != 0 && options_type != (uint32_t)wanted)
        status = tsr_error(TSR_CORRUPT, "options of type %" PRIu32 ", must be %d", options_type, wanted);
    if (status.code == TSR_OK)
        status = import_operation(t, &op);
    if (status.code == TSR_OK)
        status = t->file.status;
    return tsr_annotate(status, "operator %" PRIu32 " %s '%.80s'", number, kind, op.name);
}

static tsr_status read_borders(tflite *t, fb_vector list, const char *what, uint32_t *out_count, tsr_id **out_ids) {
    *out_count = 0;
    TSR_TRY(importer_reserve(&t->imp, 4 * (uint64_t)list.count));
    *out_ids = TSR_NEW_ARRAY(t->imp.graph->arena, tsr_id, list.count);
    for (uint32_t i = 0; i < list.count; i++)
        TSR_TRY(tsr_annotate(get_tensor(t, fb_i32_at(&t->file, list, i), &(*out_ids)[i]), "graph %s %" PRIu32, what, i));
    *out_count = list.count;
    return tsr_ok();
}

static tsr_status read_model(tflite *t) {
    fb_file *file = &t->file;
    const fb_table model = fb_root(file);
    const uint32_t version = fb_get_u32(file, model, MODEL_VERSION, 0);
    const fb_vector codes = fb_get_vector(file, model, MODEL_OPERATOR_CODES, 4);
    const fb_vector subgraphs = fb_get_vector(file, model, MODEL_SUBGRAPHS, 4);
    t->buffers = fb_get_vector(file, model, MODEL_BUFFERS, 4);
    TSR_TRY(file->status);
    if (version != 3)
        return tsr_error(TSR_UNSUPPORTED, "schema version %" PRIu32 "; version 3 works", version);
    if (subgraphs.count != 1)
        return tsr_error(TSR_UNSUPPORTED, "%" PRIu32 " subgraphs; one works (no control flow)", subgraphs.count);
    const fb_table subgraph = fb_table_at(file, subgraphs, 0);
    t->tensors = fb_get_vector(file, subgraph, SUBGRAPH_TENSORS, 4);
    const fb_vector inputs = fb_get_vector(file, subgraph, SUBGRAPH_INPUTS, 4);
    const fb_vector outputs = fb_get_vector(file, subgraph, SUBGRAPH_OUTPUTS, 4);
    const fb_vector list = fb_get_vector(file, subgraph, SUBGRAPH_OPERATORS, 4);
    const char *name = fb_get_string(file, subgraph, SUBGRAPH_NAME);
    TSR_TRY(file->status);
    tsr_graph *graph = t->imp.graph;
    if (name[0] != '\0')
        graph->name = name;
    t->ids = TSR_NEW_ARRAY(graph->arena, tsr_id, t->tensors.count);
    memset(t->ids, 0xff, sizeof(tsr_id) * t->tensors.count);

    unsupported_list unsupported = {.kinds = 0};
    for (uint32_t i = 0; i < list.count; i++) {
        const fb_table table = fb_table_at(file, list, i);
        const char *kind;
        int32_t code;
        TSR_TRY(tsr_annotate(operator_code(t, codes, table, &code, &kind), "operator %" PRIu32, i));
        if (find_operator(code) < 0)
            unsupported_add(&unsupported, kind, output_name(t, table));
    }
    TSR_TRY(file->status);
    TSR_TRY(unsupported_status(&unsupported, supported_operators));

    TSR_TRY(read_borders(t, inputs, "input", &graph->input_count, &graph->inputs));
    for (uint32_t i = 0; i < list.count; i++)
        TSR_TRY(read_operator(t, codes, fb_table_at(file, list, i), i));
    TSR_TRY(read_borders(t, outputs, "output", &graph->output_count, &graph->outputs));
    TSR_TRY(file->status);
    TSR_TRY(tsr_graph_verify(graph));
    tsr_graph_sweep(graph);
    return tsr_ok();
}

tsr_status tsr_import_tflite(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                             tsr_graph **out_graph) {
    *out_graph = NULL;
    if (options != NULL && options->bound_count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: inputs cannot be bound to values in a TFLite model", file_name);
    tflite t;
    memset(&t, 0, sizeof t);
    if (!fb_open(&t.file, bytes, size, "TFL3"))
        return tsr_annotate(t.file.status, "%s", file_name);
    tsr_graph *graph = tsr_graph_create("main");
    graph->channels_last = true;
    importer_init(&t.imp, graph, size);
    unsigned char *copy = tsr_arena_alloc(graph->arena, size);
    memcpy(copy, bytes, size);
    t.file.bytes = copy;
    tsr_status status = read_model(&t);
    if (status.code != TSR_OK) {
        tsr_graph_free(graph);
        return tsr_annotate(status, "%s", file_name);
    }
    *out_graph = graph;
    return tsr_ok();
}
