// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

static int32_t integer_at(const tsr_tensor *tensor, uint64_t index) {
    switch (tensor->dtype) {
    case TSR_I8: return ((const int8_t *)tensor->data)[index];
    case TSR_U8: return ((const uint8_t *)tensor->data)[index];
    case TSR_I16: return ((const int16_t *)tensor->data)[index];
    case TSR_U16: return ((const uint16_t *)tensor->data)[index];
    default: return ((const int32_t *)tensor->data)[index];
    }
}

// One value, or one for each index along an axis.
static tsr_status check_parameter(const tsr_tensor *tensor, const char *which) {
    if (tensor->data == NULL)
        return tsr_error(TSR_UNSUPPORTED, "%s '%.80s' must be a constant (static quantisation)", which, tensor->name);
    for (uint32_t i = 0, extents = 0; i < tensor->rank; i++)
        if (tensor->shape[i] > 1 && ++extents > 1)
            return tsr_error(TSR_UNSUPPORTED, "%s '%.80s' varies along two axes; per-tensor and per-axis work", which,
                             tensor->name);
    return tsr_ok();
}

tsr_status onnx_read_quant(onnx *o, const onnx_node *node, uint32_t scale_input, uint32_t zero_point_input, int64_t axis,
                           tsr_dtype dtype, tsr_quant *out_quant, tsr_dtype *out_dtype) {
    tsr_id scale_id, zero_id;
    memset(out_quant, 0, sizeof *out_quant);
    TSR_TRY(onnx_required(o, node, scale_input, &scale_id));
    TSR_TRY(onnx_input(o, node, zero_point_input, &zero_id));
    const tsr_tensor *scale = tensor_of(&o->imp, scale_id), *zero = zero_id != TSR_NO_ID ? tensor_of(&o->imp, zero_id) : NULL;
    TSR_TRY(check_parameter(scale, "scale"));
    if (scale->dtype != TSR_F32)
        return tsr_error(TSR_UNSUPPORTED, "a scale of %s; float32 works", tsr_dtype_name(scale->dtype));
    const uint64_t count = tsr_tensor_elements(scale);
    if (zero != NULL) {
        TSR_TRY(check_parameter(zero, "zero point"));
        if (tsr_tensor_elements(zero) != count)
            return tsr_error(TSR_CORRUPT, "%" PRIu64 " scales, but %" PRIu64 " zero points", count, tsr_tensor_elements(zero));
        if (dtype != TSR_DTYPE_NONE && zero->dtype != dtype)
            return tsr_error(TSR_CORRUPT, "a zero point of %s for a tensor of %s", tsr_dtype_name(zero->dtype),
                             tsr_dtype_name(dtype));
        if (zero->dtype < TSR_I8 || zero->dtype > TSR_I32)
            return tsr_error(TSR_UNSUPPORTED, "a zero point of %s; int8, uint8, int16, uint16 and int32 work",
                             tsr_dtype_name(zero->dtype));
    }
    if (count > UINT32_MAX / 8)
        return tsr_error(TSR_UNSUPPORTED, "%" PRIu64 " scales", count);
    TSR_TRY(importer_reserve(&o->imp, 8 * count));
    *out_quant = (tsr_quant){(uint32_t)count, count > 1 ? (int32_t)axis : 0, TSR_NEW_ARRAY(o->imp.graph->arena, float, count),
                             TSR_NEW_ARRAY(o->imp.graph->arena, int32_t, count)};
    for (uint64_t i = 0; i < count; i++) {
        out_quant->scale[i] = ((const float *)scale->data)[i];
        out_quant->zero_point[i] = zero != NULL ? integer_at(zero, i) : 0;
        if (!isfinite(out_quant->scale[i]) || out_quant->scale[i] <= 0)
            return tsr_error(TSR_CORRUPT, "scale %" PRIu64 " is %g, must be finite and > 0", i, (double)out_quant->scale[i]);
    }
    if (out_dtype != NULL)
        *out_dtype = zero != NULL ? zero->dtype : TSR_DTYPE_NONE;
    return tsr_ok();
}

tsr_status onnx_read_zero_point(onnx *o, const onnx_node *node, uint32_t input, int64_t axis, tsr_dtype dtype,
                                tsr_quant *out_quant) {
    tsr_id id;
    TSR_TRY(onnx_input(o, node, input, &id));
    const tsr_tensor *zero = id != TSR_NO_ID ? tensor_of(&o->imp, id) : NULL;
    if (zero != NULL) {
        TSR_TRY(check_parameter(zero, "zero point"));
        if (zero->dtype != dtype || dtype < TSR_I8 || dtype > TSR_U16)
            return tsr_error(TSR_CORRUPT, "a zero point of %s for a tensor of %s", tsr_dtype_name(zero->dtype),
                             tsr_dtype_name(dtype));
    }
    const uint64_t count = zero != NULL ? tsr_tensor_elements(zero) : 1;
    TSR_TRY(importer_reserve(&o->imp, 8 * count));
    *out_quant = (tsr_quant){(uint32_t)count, count > 1 ? (int32_t)axis : 0, TSR_NEW_ARRAY(o->imp.graph->arena, float, count),
                             TSR_NEW_ARRAY(o->imp.graph->arena, int32_t, count)};
    for (uint64_t i = 0; i < count; i++) {
        out_quant->scale[i] = 1;
        out_quant->zero_point[i] = zero != NULL ? integer_at(zero, i) : 0;
    }
    return tsr_ok();
}

static tsr_status read_axis(const onnx_node *node, const tsr_tensor *x, int64_t *out_axis) {
    TSR_TRY(onnx_attr_int(node, "axis", 1, out_axis));
    if (*out_axis == 1 && x->rank < 2)
        *out_axis = 0; // the standard value, of a tensor that has no such axis
    if (x->rank > 0 && !normalise_axis(out_axis, x->rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, *out_axis, x->rank);
    return tsr_ok();
}

static tsr_status check_count(const tsr_quant *quant, const tsr_tensor *x) {
    if (quant->count > 1 && (quant->axis >= (int32_t)x->rank || x->shape[quant->axis] != (int64_t)quant->count))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " scales do not fit axis %" PRId32 " of '%.80s'", quant->count, quant->axis,
                         x->name);
    return tsr_ok();
}

static bool is_computed(onnx *o, const onnx_node *node) {
    tsr_id scale, zero;
    return (onnx_input(o, node, 1, &scale).code == TSR_OK && scale != TSR_NO_ID && tensor_of(&o->imp, scale)->data == NULL) ||
           (onnx_input(o, node, 2, &zero).code == TSR_OK && zero != TSR_NO_ID && tensor_of(&o->imp, zero)->data == NULL);
}

// A scale or zero point that broadcasts to x: a scalar, or one element for each of an axis.
static tsr_id along_axis(composer *c, tsr_id parameter, const tsr_tensor *x, int64_t axis) {
    const tsr_tensor t = compose_tensor(c, parameter);
    int64_t shape[TSR_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    if (c->status.code != TSR_OK || parameter == TSR_NO_ID || t.rank == 0)
        return parameter;
    if (t.rank > 1)
        compose_fails(c, tsr_error(TSR_UNSUPPORTED, "a scale of rank %" PRIu32 " that is computed; a constant works", t.rank));
    shape[0] = t.shape[0];
    return compose_reshape(c, parameter, t.shape[0] == 1 ? 0 : (uint32_t)(x->rank - axis), shape);
}

// Scales that the model computes are no quantisation that the compiler knows: plain arithmetic.
static tsr_status quantize_computed(onnx *o, const onnx_node *node, int64_t axis, int64_t wanted) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    const tsr_id scale = along_axis(&c, compose_input(&c, 1), &from, axis);
    const tsr_id zero = along_axis(&c, compose_optional(&c, 2), &from, axis);
    const tsr_dtype dtype = zero != TSR_NO_ID ? compose_tensor(&c, zero).dtype : wanted != 0 ? onnx_dtype(wanted) : TSR_U8;
    if (c.status.code == TSR_OK && (dtype < TSR_I8 || dtype > TSR_U16))
        return tsr_error(TSR_UNSUPPORTED, "to %s; int8, uint8, int16 and uint16 work", tsr_dtype_name(dtype));
    x = compose_unary(&c, TSR_OP_ROUND, compose_div(&c, x, scale));
    if (zero != TSR_NO_ID)
        x = compose_add(&c, x, compose_cast(&c, zero, from.dtype));
    tsr_attr clip = tsr_attr_default();
    const bool has_sign = dtype == TSR_I8 || dtype == TSR_I16;
    const float steps = tsr_dtype_size(dtype) == 1 ? 256 : 65536;
    clip.clip_lo = has_sign ? -steps / 2 : 0;
    clip.clip_hi = clip.clip_lo + steps - 1;
    return compose_define(&c, 0, compose_cast(&c, compose_node(&c, TSR_OP_CLIP, &clip, 1, &x, from.dtype), dtype));
}

static tsr_status dequantize_computed(onnx *o, const onnx_node *node, int64_t axis) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    const tsr_id scale = along_axis(&c, compose_input(&c, 1), &from, axis);
    const tsr_id zero = along_axis(&c, compose_optional(&c, 2), &from, axis);
    const tsr_dtype dtype = compose_tensor(&c, scale).dtype;
    tsr_id y = compose_cast(&c, x, dtype);
    if (zero != TSR_NO_ID)
        y = compose_sub(&c, y, compose_cast(&c, zero, dtype));
    return compose_define(&c, 0, compose_mul(&c, y, scale));
}

tsr_status onnx_quantize(onnx *o, const onnx_node *node) {
    tsr_id x, y;
    tsr_quant quant;
    tsr_dtype dtype;
    int64_t axis, wanted, precision;
    if (onnx_quant_is_composed(o, node))
        return onnx_quantize_composed(o, node);
    TSR_TRY(onnx_required(o, node, 0, &x));
    if (!tsr_dtype_is_float(tensor_of(&o->imp, x)->dtype))
        return tsr_error(TSR_UNSUPPORTED, "an input of %s; float works", tsr_dtype_name(tensor_of(&o->imp, x)->dtype));
    TSR_TRY(read_axis(node, tensor_of(&o->imp, x), &axis));
    TSR_TRY(onnx_attr_int(node, "output_dtype", 0, &wanted));
    TSR_TRY(onnx_attr_int(node, "precision", 0, &precision));
    if (precision != 0 && precision != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return tsr_error(TSR_UNSUPPORTED, "precision %" PRId64 "; float works", precision);
    if (is_computed(o, node))
        return quantize_computed(o, node, axis, wanted);
    TSR_TRY(onnx_read_quant(o, node, 1, 2, axis, TSR_DTYPE_NONE, &quant, &dtype));
    TSR_TRY(check_count(&quant, tensor_of(&o->imp, x)));
    if (dtype == TSR_DTYPE_NONE)
        dtype = wanted != 0 ? onnx_dtype(wanted) : TSR_U8;
    if (dtype < TSR_I8 || dtype > TSR_I32)
        return tsr_error(TSR_UNSUPPORTED, "output_dtype %" PRId64 "; int8, uint8, int16 and uint16 work", wanted);
    TSR_TRY(importer_emit(&o->imp, TSR_OP_QUANTIZE, node->name, NULL, 1, &x, onnx_output_name(node, 0), dtype, &y));
    tensor_of(&o->imp, y)->quant = quant;
    return onnx_define(o, node, 0, y);
}

tsr_status onnx_dequantize(onnx *o, const onnx_node *node) {
    tsr_id x, y;
    tsr_quant quant;
    int64_t axis, wanted;
    if (onnx_quant_is_composed(o, node))
        return onnx_dequantize_composed(o, node);
    TSR_TRY(onnx_required(o, node, 0, &x));
    const tsr_dtype dtype = tensor_of(&o->imp, x)->dtype;
    if (dtype < TSR_I8 || dtype > TSR_I32)
        return tsr_error(TSR_UNSUPPORTED, "an input of %s; int8, uint8, int16, uint16 and int32 work", tsr_dtype_name(dtype));
    TSR_TRY(read_axis(node, tensor_of(&o->imp, x), &axis));
    TSR_TRY(onnx_attr_int(node, "output_dtype", 0, &wanted));
    if (wanted != 0 && wanted != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return tsr_error(TSR_UNSUPPORTED, "output_dtype %" PRId64 "; float works", wanted);
    if (is_computed(o, node))
        return dequantize_computed(o, node, axis);
    TSR_TRY(onnx_read_quant(o, node, 1, 2, axis, dtype, &quant, NULL));
    TSR_TRY(onnx_with_quant(o, &x, quant));
    TSR_TRY(importer_emit(&o->imp, TSR_OP_DEQUANTIZE, node->name, NULL, 1, &x, onnx_output_name(node, 0), TSR_F32, &y));
    return onnx_define(o, node, 0, y);
}

tsr_status onnx_dynamic_quantize(onnx *o, const onnx_node *node) {
    tsr_id x, y[3];
    TSR_TRY(onnx_required(o, node, 0, &x));
    TSR_TRY(importer_reserve(&o->imp, 0));
    const tsr_tensor *input = tensor_of(&o->imp, x);
    int64_t shape[TSR_MAX_RANK];
    memcpy(shape, input->shape, sizeof shape);
    const uint32_t rank = input->rank;
    y[0] = tsr_graph_add_tensor(o->imp.graph, onnx_output_name(node, 0), TSR_U8, rank, shape);
    y[1] = tsr_graph_add_tensor(o->imp.graph, onnx_output_name(node, 1), TSR_F32, 0, NULL);
    y[2] = tsr_graph_add_tensor(o->imp.graph, onnx_output_name(node, 2), TSR_U8, 0, NULL);
    tsr_graph_add_node(o->imp.graph, TSR_OP_DYNAMIC_QUANTIZE, importer_node_name(&o->imp, node->name, node->op), 1, &x, 3, y);
    for (uint32_t i = 0; i < 3; i++)
        TSR_TRY(onnx_define(o, node, i, y[i]));
    return tsr_ok();
}
