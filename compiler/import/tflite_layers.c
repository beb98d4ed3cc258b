// SPDX-License-Identifier: Apache-2.0
// TFLite's products, windows and normalisations.
#include <inttypes.h>
#include <math.h>

#include "tflite_model.h"

// Kernels of float activations with int8 weights quantise at run time, in a way of their own.
static tsr_status check_not_hybrid(const tsr_tensor *x, const tsr_tensor *w) {
    if (tsr_dtype_is_float(x->dtype) && w->quant.count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s activations with %s weights; convert the model with full integer quantisation",
                         tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype));
    return tsr_ok();
}

static tsr_status check_activation_type(const tsr_tensor *x) {
    if (x->dtype == TSR_I16)
        return tsr_error(TSR_UNSUPPORTED, "int16 activations; convert the model with int8 activations");
    return tsr_ok();
}

// Some writers give the bias leading dimensions of 1.
static tsr_status flatten_bias(tflite *t, tsr_id *bias) {
    if (*bias == TSR_NO_ID || tensor_of(&t->imp, *bias)->rank == 1 || tensor_of(&t->imp, *bias)->data == NULL)
        return tsr_ok();
    const int64_t elements = (int64_t)tsr_tensor_elements(tensor_of(&t->imp, *bias));
    return importer_reshape(&t->imp, *bias, 1, &elements, 0, "", tensor_of(&t->imp, *bias)->name, bias);
}

static tsr_status weighted_inputs(tflite *t, const operation *op, tsr_id in[3]) {
    TSR_TRY(tflite_inputs(t, op, 2, in));
    TSR_TRY(tflite_optional(t, op, 2, &in[2]));
    TSR_TRY(check_not_hybrid(tensor_of(&t->imp, in[0]), tensor_of(&t->imp, in[1])));
    TSR_TRY(check_activation_type(tensor_of(&t->imp, in[0])));
    return flatten_bias(t, &in[2]);
}

tsr_status tflite_conv(tflite *t, const operation *op) {
    fb_file *file = &t->file;
    const bool depthwise = op->kind->code == TFL_DEPTHWISE_CONV_2D;
    tsr_id in[3];
    TSR_TRY(weighted_inputs(t, op, in));
    TSR_TRY(tflite_rank(t, in[0], 4, "input"));
    TSR_TRY(tflite_rank(t, in[1], 4, "filter"));
    tsr_attr attr = tsr_attr_default();
    const fb_table o = op->options;
    attr.stride[0] = fb_get_i32(file, o, depthwise ? DEPTHWISE_STRIDE_H : CONV_STRIDE_H, 0);
    attr.stride[1] = fb_get_i32(file, o, depthwise ? DEPTHWISE_STRIDE_W : CONV_STRIDE_W, 0);
    attr.dilation[0] = fb_get_i32(file, o, depthwise ? DEPTHWISE_DILATION_H : CONV_DILATION_H, 1);
    attr.dilation[1] = fb_get_i32(file, o, depthwise ? DEPTHWISE_DILATION_W : CONV_DILATION_W, 1);
    TSR_TRY(tflite_activation(&attr, fb_get_i8(file, o, depthwise ? DEPTHWISE_ACTIVATION : CONV_ACTIVATION, 0)));
    const tsr_tensor *x = tensor_of(&t->imp, in[0]);
    const int64_t channels = x->shape[3], height = x->shape[1], width = x->shape[2];
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
    TSR_TRY(tflite_padding(&attr, fb_get_i8(file, o, CONV_PADDING, PADDING_SAME), height, width));
    return tflite_emit(t, op, TSR_OP_CONV, &attr, in[2] == TSR_NO_ID ? 2 : 3, in);
}

tsr_status tflite_fully_connected(tflite *t, const operation *op) {
    tsr_id in[3];
    TSR_TRY(weighted_inputs(t, op, in));
    TSR_TRY(tflite_rank(t, in[1], 2, "weights"));
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_activation(&attr, fb_get_i8(&t->file, op->options, FULLY_CONNECTED_ACTIVATION, 0)));
    if (fb_get_i8(&t->file, op->options, FULLY_CONNECTED_FORMAT, 0) != 0)
        return tsr_error(TSR_UNSUPPORTED, "shuffled weights; convert the model with the default weights format");
    const bool keep_dims = fb_get_u8(&t->file, op->options, FULLY_CONNECTED_KEEP_DIMS, 0) != 0;
    TSR_TRY(t->file.status);
    // The kernel sees its input as rows of as many elements as the weights have columns.
    const tsr_tensor x = *tensor_of(&t->imp, in[0]);
    const int64_t features = tensor_of(&t->imp, in[1])->shape[1], outputs = tensor_of(&t->imp, in[1])->shape[0];
    const int64_t elements = (int64_t)tsr_tensor_elements(&x);
    if (elements % features != 0)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " input elements, but weights for rows of %" PRId64, elements, features);
    const int64_t flat[2] = {elements / features, outputs};
    if (x.rank != 2 || x.shape[1] != features)
        TSR_TRY(tflite_step_reshape(t, op, "rows", 2, (const int64_t[]){flat[0], features}, &in[0]));
    const uint32_t count = in[2] == TSR_NO_ID ? 2 : 3;
    if (!keep_dims || x.rank == 2 || x.rank == 0 || x.shape[x.rank - 1] != features)
        return tflite_emit(t, op, TSR_OP_FULLY_CONNECTED, &attr, count, in);
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i + 1 < x.rank; i++)
        shape[i] = x.shape[i];
    shape[x.rank - 1] = outputs;
    tsr_id y, rows;
    TSR_TRY(tflite_output(t, op, 0, x.rank, shape, &y));
    TSR_TRY(tflite_step(t, op, "flat", TSR_OP_FULLY_CONNECTED, &attr, count, in, y, &rows));
    return importer_node(&t->imp, TSR_OP_RESHAPE, op->name, NULL, 1, &rows, y);
}

tsr_status tflite_batch_matmul(tflite *t, const operation *op) {
    tsr_id in[2];
    TSR_TRY(tflite_inputs(t, op, 2, in));
    TSR_TRY(check_not_hybrid(tensor_of(&t->imp, in[0]), tensor_of(&t->imp, in[1])));
    TSR_TRY(check_activation_type(tensor_of(&t->imp, in[0])));
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t rank = tensor_of(&t->imp, in[i])->rank;
        if (fb_get_u8(&t->file, op->options, i == 0 ? BATCH_MATMUL_ADJ_X : BATCH_MATMUL_ADJ_Y, 0) == 0)
            continue;
        if (rank < 2)
            return tsr_error(TSR_CORRUPT, "operands must have rank 2 or more");
        int64_t perm[TSR_MAX_RANK];
        for (uint32_t d = 0; d < rank; d++)
            perm[d] = d;
        perm[rank - 1] = rank - 2;
        perm[rank - 2] = rank - 1;
        const char *name = tflite_derived(t, op, i == 0 ? "x_transposed" : "y_transposed");
        TSR_TRY(importer_transpose(&t->imp, in[i], perm, name, name, &in[i]));
    }
    return tflite_emit(t, op, TSR_OP_MATMUL, NULL, 2, in);
}

static tsr_status read_pool(tflite *t, const operation *op, tsr_id x, tsr_attr *attr) {
    TSR_TRY(tflite_rank(t, x, 4, "input"));
    attr->stride[0] = fb_get_i32(&t->file, op->options, POOL_STRIDE_H, 0);
    attr->stride[1] = fb_get_i32(&t->file, op->options, POOL_STRIDE_W, 0);
    attr->kernel[0] = fb_get_i32(&t->file, op->options, POOL_FILTER_H, 0);
    attr->kernel[1] = fb_get_i32(&t->file, op->options, POOL_FILTER_W, 0);
    return tflite_padding(attr, fb_get_i8(&t->file, op->options, POOL_PADDING, PADDING_SAME), tensor_of(&t->imp, x)->shape[1],
                          tensor_of(&t->imp, x)->shape[2]);
}

tsr_status tflite_pool(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_pool(t, op, x, &attr));
    TSR_TRY(tflite_activation(&attr, fb_get_i8(&t->file, op->options, POOL_ACTIVATION, 0)));
    return tflite_emit(t, op, op->kind->op, &attr, 1, &x);
}

static tsr_status check_real(const tflite *t, tsr_id x) {
    if (!tsr_dtype_is_float(tensor_of(&t->imp, x)->dtype))
        return tsr_error(TSR_UNSUPPORTED, "an input of %s; float32 works", tsr_dtype_name(tensor_of(&t->imp, x)->dtype));
    return tsr_ok();
}

// sqrt(mean(x^2)) of each window
tsr_status tflite_l2_pool(tflite *t, const operation *op) {
    tsr_id x, y;
    tsr_attr attr = tsr_attr_default(), clip = attr;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(check_real(t, x));
    TSR_TRY(read_pool(t, op, x, &attr));
    TSR_TRY(tflite_activation(&clip, fb_get_i8(&t->file, op->options, POOL_ACTIVATION, 0)));
    TSR_TRY(tflite_step(t, op, "squares", TSR_OP_MUL, NULL, 2, (const tsr_id[]){x, x}, x, &y));
    TSR_TRY(tflite_step(t, op, "mean", TSR_OP_AVERAGE_POOL, &attr, 1, &y, x, &y));
    if (isinf(clip.clip_lo))
        return tflite_emit(t, op, TSR_OP_SQRT, NULL, 1, &y);
    TSR_TRY(tflite_step(t, op, "root", TSR_OP_SQRT, NULL, 1, &y, x, &y));
    return tflite_emit(t, op, TSR_OP_CLIP, &clip, 1, &y);
}

static tsr_attr over_last_axis(const tflite *t, tsr_id x) {
    tsr_attr attr = tsr_attr_default();
    attr.axis = (int64_t)tensor_of(&t->imp, x)->rank - 1;
    attr.axis_count = 1;
    attr.axes[0] = attr.axis;
    attr.keep_dims = true;
    return attr;
}

// x / max(sqrt(sum(x^2)), 1e-6) over the last dimension
tsr_status tflite_l2_normalization(tflite *t, const operation *op) {
    tsr_id x, in[2];
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(check_real(t, x));
    if (tensor_of(&t->imp, x)->rank == 0)
        return tsr_error(TSR_CORRUPT, "the input is a scalar");
    const tsr_attr attr = over_last_axis(t, x);
    TSR_TRY(tflite_step(t, op, "squares", TSR_OP_MUL, NULL, 2, (const tsr_id[]){x, x}, x, &in[0]));
    TSR_TRY(tflite_step(t, op, "sum", TSR_OP_REDUCE_SUM, &attr, 1, in, x, &in[0]));
    TSR_TRY(tflite_step(t, op, "root", TSR_OP_SQRT, NULL, 1, in, x, &in[0]));
    in[1] = tflite_scalar(t, op, "epsilon", 1e-6f);
    TSR_TRY(tflite_step(t, op, "norm", TSR_OP_MAX, NULL, 2, in, x, &in[1]));
    in[0] = x;
    return tflite_emit(t, op, TSR_OP_DIV, NULL, 2, in);
}

tsr_status tflite_softmax(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    tsr_attr attr = over_last_axis(t, x);
    attr.beta = fb_get_f32(&t->file, op->options, SOFTMAX_BETA, 0);
    if (!isfinite(attr.beta))
        return tsr_error(TSR_CORRUPT, "beta must be finite");
    return tflite_emit(t, op, TSR_OP_SOFTMAX, &attr, 1, &x);
}

// x - max - log(sum(exp(x - max)))
tsr_status tflite_log_softmax(tflite *t, const operation *op) {
    tsr_id x, in[2], sum;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(check_real(t, x));
    if (tensor_of(&t->imp, x)->rank == 0)
        return tsr_error(TSR_CORRUPT, "the input is a scalar");
    const tsr_attr attr = over_last_axis(t, x);
    in[0] = x;
    TSR_TRY(tflite_step(t, op, "max", TSR_OP_REDUCE_MAX, &attr, 1, &x, x, &in[1]));
    TSR_TRY(tflite_step(t, op, "shifted", TSR_OP_SUB, NULL, 2, in, x, &in[0]));
    TSR_TRY(tflite_step(t, op, "exp", TSR_OP_EXP, NULL, 1, in, x, &sum));
    TSR_TRY(tflite_step(t, op, "sum", TSR_OP_REDUCE_SUM, &attr, 1, &sum, x, &sum));
    TSR_TRY(tflite_step(t, op, "log", TSR_OP_LOG, NULL, 1, &sum, x, &in[1]));
    return tflite_emit(t, op, TSR_OP_SUB, NULL, 2, in);
}
