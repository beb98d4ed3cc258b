// SPDX-License-Identifier: Apache-2.0
// TFLite's operators on single elements.
#include <math.h>

#include "tflite_model.h"

tsr_status tflite_binary(tflite *t, const operation *op) { // with a fused activation
    tsr_id in[2];
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_inputs(t, op, 2, in));
    TSR_TRY(tflite_activation(&attr, fb_get_i8(&t->file, op->options, BINARY_ACTIVATION, 0)));
    return tflite_emit(t, op, op->kind->op, &attr, 2, in);
}

tsr_status tflite_plain_binary(tflite *t, const operation *op) {
    tsr_id in[2];
    TSR_TRY(tflite_inputs(t, op, 2, in));
    return tflite_emit(t, op, op->kind->op, NULL, 2, in);
}

tsr_status tflite_comparison(tflite *t, const operation *op) {
    const bool swap = op->kind->code == TFL_GREATER || op->kind->code == TFL_GREATER_EQUAL;
    tsr_id in[2];
    TSR_TRY(tflite_inputs(t, op, 2, in));
    return tflite_emit(t, op, op->kind->op, NULL, 2, swap ? (const tsr_id[]){in[1], in[0]} : in);
}

tsr_status tflite_not_equal(tflite *t, const operation *op) {
    tsr_id in[2], equal;
    TSR_TRY(tflite_inputs(t, op, 2, in));
    const char *name = tflite_derived(t, op, "equal");
    TSR_TRY(importer_emit(&t->imp, TSR_OP_EQUAL, name, NULL, 2, in, name, TSR_BOOL, &equal));
    return tflite_emit(t, op, TSR_OP_NOT, NULL, 1, &equal);
}

tsr_status tflite_add_n(tflite *t, const operation *op) {
    tsr_id in[2];
    TSR_TRY(tflite_input(t, op, 0, &in[0]));
    if (op->inputs.count == 1)
        return tflite_emit(t, op, TSR_OP_IDENTITY, NULL, 1, in);
    for (uint32_t i = 1; i + 1 < op->inputs.count; i++) {
        TSR_TRY(tflite_input(t, op, i, &in[1]));
        TSR_TRY(tflite_step(t, op, "part", TSR_OP_ADD, NULL, 2, in, in[0], &in[0]));
    }
    TSR_TRY(tflite_input(t, op, op->inputs.count - 1, &in[1]));
    return tflite_emit(t, op, TSR_OP_ADD, NULL, 2, in);
}

// Version 1 also takes a condition that chooses whole slices of the first dimension.
tsr_status tflite_select(tflite *t, const operation *op) {
    tsr_id in[3];
    TSR_TRY(tflite_inputs(t, op, 3, in));
    const uint32_t rank = tensor_of(&t->imp, in[1])->rank;
    if (op->kind->code == TFL_SELECT && tensor_of(&t->imp, in[0])->rank == 1 && rank > 1) {
        int64_t shape[TSR_MAX_RANK];
        for (uint32_t i = 0; i < rank; i++)
            shape[i] = i == 0 ? tensor_of(&t->imp, in[0])->shape[0] : 1;
        TSR_TRY(tflite_step_reshape(t, op, "condition", rank, shape, &in[0]));
    }
    return tflite_emit(t, op, TSR_OP_WHERE, NULL, 3, in);
}

tsr_status tflite_unary(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    tsr_attr attr = tsr_attr_default();
    switch (op->kind->code) {
    case TFL_RELU: TSR_TRY(tflite_activation(&attr, ACTIVATION_RELU)); break;
    case TFL_RELU6: TSR_TRY(tflite_activation(&attr, ACTIVATION_RELU6)); break;
    case TFL_RELU_N1_TO_1: TSR_TRY(tflite_activation(&attr, ACTIVATION_RELU_N1_TO_1)); break;
    case TFL_RELU_0_TO_1: attr.clip_lo = 0, attr.clip_hi = 1; break;
    case TFL_LEAKY_RELU: attr.alpha = fb_get_f32(&t->file, op->options, LEAKY_RELU_ALPHA, 0); break;
    case TFL_GELU: attr.approximate = fb_get_u8(&t->file, op->options, GELU_APPROXIMATE, 0) != 0; break;
    default: break;
    }
    if (!isfinite(attr.alpha))
        return tsr_error(TSR_CORRUPT, "alpha must be finite");
    return tflite_emit(t, op, op->kind->op, &attr, 1, &x);
}

tsr_status tflite_square(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    return tflite_emit(t, op, TSR_OP_MUL, NULL, 2, (const tsr_id[]){x, x});
}

tsr_status tflite_quantize(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    attr.round_half_away = true;
    return tflite_emit(t, op, TSR_OP_QUANTIZE, &attr, 1, &x);
}

// Of a float16 constant, which was widened when it was read, there is nothing left to do.
tsr_status tflite_dequantize(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    return tflite_emit(t, op, tensor_of(&t->imp, x)->dtype == TSR_F32 ? TSR_OP_IDENTITY : TSR_OP_DEQUANTIZE, NULL, 1, &x);
}

tsr_status tflite_cast(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    return tflite_emit(t, op, TSR_OP_CAST, NULL, 1, &x);
}
