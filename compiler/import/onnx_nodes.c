// SPDX-License-Identifier: Apache-2.0
// The operators that are not products or windows.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx.h"

static bool is_narrow(tsr_dtype dtype) { return dtype >= TSR_I8 && dtype <= TSR_U16; }

static tsr_status plain_input(onnx *o, const onnx_node *node, uint32_t index, tsr_id *out_id) {
    TSR_TRY(onnx_required(o, node, index, out_id));
    return onnx_plain(o, out_id);
}

// ---- arithmetic --------------------------------------------------------------------------------------------------------

// Before opset 7 the second operand was aligned at `axis` of the first.
tsr_status onnx_align(onnx *o, const onnx_node *node, tsr_id a, tsr_id *b) {
    int64_t broadcast, axis;
    TSR_TRY(onnx_attr_int(node, "broadcast", 0, &broadcast));
    const int64_t a_rank = tensor_of(&o->imp, a)->rank, b_rank = tensor_of(&o->imp, *b)->rank;
    if (o->opset >= 7 || broadcast == 0 || onnx_attr(node, "axis") == NULL || b_rank > a_rank)
        return tsr_ok();
    TSR_TRY(onnx_attr_int(node, "axis", 0, &axis));
    if (!normalise_axis(&axis, a_rank) || axis + b_rank > a_rank)
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " does not fit ranks %" PRId64 " and %" PRId64, axis, a_rank, b_rank);
    int64_t shape[TSR_MAX_RANK];
    for (int64_t i = axis; i < a_rank; i++)
        shape[i - axis] = i - axis < b_rank ? tensor_of(&o->imp, *b)->shape[i - axis] : 1;
    const char *name = onnx_derived(o, node->name, "aligned");
    return importer_reshape(&o->imp, *b, (uint32_t)(a_rank - axis), shape, -1, name, name, b);
}

tsr_status onnx_binary(onnx *o, const onnx_node *node) {
    tsr_id in[2];
    TSR_TRY(plain_input(o, node, 0, &in[0]));
    TSR_TRY(plain_input(o, node, 1, &in[1]));
    TSR_TRY(onnx_align(o, node, in[0], &in[1]));
    return onnx_emit_like(o, node, (tsr_op)node->variant, NULL, 2, in);
}

tsr_status onnx_min_max(onnx *o, const onnx_node *node) {
    tsr_id in[2];
    const uint32_t count = (uint32_t)node->proto->n_input;
    TSR_TRY(plain_input(o, node, 0, &in[0]));
    if (count == 1)
        return onnx_define(o, node, 0, in[0]);
    for (uint32_t i = 1; i < count; i++) {
        TSR_TRY(plain_input(o, node, i, &in[1]));
        if (i + 1 == count)
            return onnx_emit_like(o, node, (tsr_op)node->variant, NULL, 2, in);
        const char *name = onnx_derived(o, node->name, "part");
        TSR_TRY(importer_emit(&o->imp, (tsr_op)node->variant, name, NULL, 2, in, name, tensor_of(&o->imp, in[0])->dtype, &in[0]));
    }
    return tsr_ok();
}

tsr_status onnx_unary(onnx *o, const onnx_node *node) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(plain_input(o, node, 0, &x));
    if (node->variant == TSR_OP_CLIP)
        attr.clip_lo = 0;
    if (node->variant == TSR_OP_LEAKY_RELU)
        TSR_TRY(onnx_attr_float(node, "alpha", 0.01f, &attr.alpha));
    return onnx_emit_like(o, node, (tsr_op)node->variant, &attr, 1, &x);
}

// Reads a bound that CLIP can hold exactly.
static bool exact_bound(const tsr_tensor *tensor, float *out_value) {
    if (tensor->data == NULL || tsr_tensor_elements(tensor) != 1)
        return false;
    switch (tensor->dtype) {
    case TSR_F32: *out_value = *(const float *)tensor->data; return !isnan(*out_value);
    case TSR_I8: *out_value = *(const int8_t *)tensor->data; return true;
    case TSR_U8: *out_value = *(const uint8_t *)tensor->data; return true;
    case TSR_I16: *out_value = *(const int16_t *)tensor->data; return true;
    case TSR_U16: *out_value = *(const uint16_t *)tensor->data; return true;
    default: return false;
    }
}

// Bounds that are computed, or too wide for a float, become MAX and MIN.
static tsr_status clip_by_nodes(onnx *o, const onnx_node *node, tsr_id x, tsr_id lo, tsr_id hi) {
    tsr_id in[2] = {x, lo};
    if (lo == TSR_NO_ID && hi == TSR_NO_ID)
        return onnx_define(o, node, 0, x);
    if (hi == TSR_NO_ID)
        return onnx_emit_like(o, node, TSR_OP_MAX, NULL, 2, in);
    const char *name = onnx_derived(o, node->name, "lo");
    if (lo != TSR_NO_ID)
        TSR_TRY(importer_emit(&o->imp, TSR_OP_MAX, name, NULL, 2, in, name, tensor_of(&o->imp, x)->dtype, &in[0]));
    in[1] = hi;
    return onnx_emit_like(o, node, TSR_OP_MIN, NULL, 2, in);
}

tsr_status onnx_clip(onnx *o, const onnx_node *node) {
    tsr_id x, lo, hi;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(plain_input(o, node, 0, &x));
    TSR_TRY(onnx_attr_float(node, "min", attr.clip_lo, &attr.clip_lo)); // before opset 11
    TSR_TRY(onnx_attr_float(node, "max", attr.clip_hi, &attr.clip_hi));
    TSR_TRY(onnx_input(o, node, 1, &lo));
    TSR_TRY(onnx_input(o, node, 2, &hi));
    if (lo != TSR_NO_ID)
        TSR_TRY(onnx_plain(o, &lo));
    if (hi != TSR_NO_ID)
        TSR_TRY(onnx_plain(o, &hi));
    const tsr_dtype dtype = tensor_of(&o->imp, x)->dtype;
    if ((dtype != TSR_F32 && !is_narrow(dtype)) || (lo != TSR_NO_ID && !exact_bound(tensor_of(&o->imp, lo), &attr.clip_lo)) ||
        (hi != TSR_NO_ID && !exact_bound(tensor_of(&o->imp, hi), &attr.clip_hi)))
        return clip_by_nodes(o, node, x, lo, hi);
    return onnx_emit_like(o, node, TSR_OP_CLIP, &attr, 1, &x);
}

tsr_status onnx_softmax(onnx *o, const onnx_node *node) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(plain_input(o, node, 0, &x));
    TSR_TRY(onnx_attr_int(node, "axis", o->opset < 13 ? 1 : -1, &attr.axis));
    const int64_t rank = tensor_of(&o->imp, x)->rank;
    if (!normalise_axis(&attr.axis, rank) && !(o->opset < 13 && attr.axis == rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, attr.axis, rank);
    // Before opset 13 over all dimensions from the axis on: the same when that is the last one.
    if (o->opset < 13 && attr.axis != rank - 1)
        attr.flatten_axis = attr.axis;
    return onnx_emit_like(o, node, TSR_OP_SOFTMAX, &attr, 1, &x);
}

// A parameter that a quantiser has put behind a DequantizeLinear becomes the constant that it stands for.
static void dequantise_parameter(onnx *o, tsr_id id) {
    const tsr_id producer = onnx_producer(o, id);
    tsr_node *node = producer != TSR_NO_ID ? &o->imp.graph->nodes[producer] : NULL;
    if (node != NULL && node->op == TSR_OP_DEQUANTIZE &&
        importer_reserve(&o->imp, tsr_tensor_bytes(tensor_of(&o->imp, id))).code == TSR_OK)
        node->dead = tsr_graph_evaluate(o->imp.graph, node);
}

tsr_status onnx_batch_normalization(onnx *o, const onnx_node *node) {
    tsr_id in[5];
    float epsilon;
    int64_t training, spatial;
    TSR_TRY(onnx_attr_float(node, "epsilon", 1e-5f, &epsilon));
    TSR_TRY(onnx_attr_int(node, "training_mode", 0, &training));
    TSR_TRY(onnx_attr_int(node, "spatial", 1, &spatial));
    if (training != 0 || spatial != 1)
        return tsr_error(TSR_UNSUPPORTED, "%s; inference per channel works (training_mode 0, spatial 1)",
                         training != 0 ? "training_mode 1" : "spatial 0");
    for (uint32_t i = 0; i < 5; i++)
        TSR_TRY(onnx_required(o, node, i, &in[i]));
    const tsr_tensor *x = tensor_of(&o->imp, in[0]);
    const int64_t channels = x->rank >= 2 ? x->shape[1] : 1;
    const float *parameter[5] = {NULL, NULL, NULL, NULL, NULL};
    for (uint32_t i = 1; i < 5; i++) {
        const tsr_tensor *tensor = tensor_of(&o->imp, in[i]);
        if (tensor->data == NULL)
            dequantise_parameter(o, in[i]);
        if (tensor->data == NULL || tensor->dtype != TSR_F32)
            return tsr_error(TSR_UNSUPPORTED, "'%.80s' must be a float32 constant", tensor->name);
        if (tensor->rank != 1 || tensor->shape[0] != channels)
            return tsr_error(TSR_CORRUPT, "'%.80s' must have one value for each of %" PRId64 " channels", tensor->name, channels);
        parameter[i] = tensor->data;
    }
    if (x->dtype != TSR_F32 || x->rank < 1)
        return tsr_error(TSR_UNSUPPORTED, "an input of %s; float32 works", tsr_dtype_name(x->dtype));
    TSR_TRY(importer_reserve(&o->imp, 8 * (uint64_t)channels));
    float *factor = TSR_NEW_ARRAY(o->imp.graph->arena, float, channels);
    float *offset = TSR_NEW_ARRAY(o->imp.graph->arena, float, channels);
    for (int64_t i = 0; i < channels; i++) {
        const double f = (double)parameter[1][i] / sqrt((double)parameter[4][i] + (double)epsilon);
        factor[i] = (float)f;
        offset[i] = (float)((double)parameter[2][i] - (double)parameter[3][i] * f);
    }
    int64_t shape[TSR_MAX_RANK] = {channels, 1, 1, 1, 1, 1, 1, 1}; // aligned with dimension 1
    const uint32_t rank = x->rank >= 2 ? x->rank - 1 : 1;
    tsr_id mul[2] = {in[0], tsr_graph_add_tensor(o->imp.graph, onnx_derived(o, node->name, "factor"), TSR_F32, rank, shape)};
    tensor_of(&o->imp, mul[1])->data = factor;
    tsr_id add[2] = {TSR_NO_ID, tsr_graph_add_tensor(o->imp.graph, onnx_derived(o, node->name, "offset"), TSR_F32, rank, shape)};
    tensor_of(&o->imp, add[1])->data = offset;
    const char *name = onnx_derived(o, node->name, "scaled");
    TSR_TRY(importer_emit(&o->imp, TSR_OP_MUL, name, NULL, 2, mul, name, TSR_F32, &add[0]));
    return onnx_emit_like(o, node, TSR_OP_ADD, NULL, 2, add);
}

// ---- shapes ------------------------------------------------------------------------------------------------------------

static tsr_status reshape_target(onnx *o, const onnx_node *node, const tsr_tensor *x, uint32_t *out_rank, int64_t *out_shape) {
    int64_t allow_zero;
    bool given;
    uint32_t unknown = TSR_MAX_RANK;
    uint64_t known = 1;
    TSR_TRY(onnx_attr_ints(node, "shape", TSR_MAX_RANK, out_shape, out_rank, &given)); // before opset 5
    if (!given)
        TSR_TRY(onnx_input_ints(o, node, 1, TSR_MAX_RANK, out_shape, out_rank));
    TSR_TRY(onnx_attr_int(node, "allowzero", 0, &allow_zero));
    for (uint32_t i = 0; i < *out_rank; i++) {
        if (out_shape[i] == 0 && allow_zero == 0 && i < x->rank)
            out_shape[i] = x->shape[i];
        if (out_shape[i] == -1 && unknown == TSR_MAX_RANK)
            unknown = i;
        else if (out_shape[i] <= 0)
            return tsr_error(TSR_UNSUPPORTED, "extent %" PRId64 " in the new shape; empty tensors are not supported",
                             out_shape[i]);
        else if (__builtin_mul_overflow(known, (uint64_t)out_shape[i], &known))
            return tsr_error(TSR_CORRUPT, "the new shape is too large");
    }
    if (unknown < TSR_MAX_RANK)
        out_shape[unknown] = (int64_t)(tsr_tensor_elements(x) / known);
    return tsr_ok();
}

static tsr_status flatten_target(const onnx_node *node, const tsr_tensor *x, uint32_t *out_rank, int64_t *out_shape) {
    int64_t axis;
    TSR_TRY(onnx_attr_int(node, "axis", 1, &axis));
    if (axis != (int64_t)x->rank && !normalise_axis(&axis, x->rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, x->rank);
    *out_rank = 2;
    out_shape[0] = out_shape[1] = 1;
    for (uint32_t i = 0; i < x->rank; i++)
        out_shape[i >= axis] *= x->shape[i];
    return tsr_ok();
}

static tsr_status squeeze_target(onnx *o, const onnx_node *node, const tsr_tensor *x, uint32_t *out_rank, int64_t *out_shape) {
    int64_t axes[TSR_MAX_RANK];
    uint32_t count;
    bool given;
    TSR_TRY(onnx_read_axes(o, node, 1, x->rank, axes, &count, &given));
    *out_rank = 0;
    for (uint32_t i = 0; i < x->rank; i++) {
        bool squeezed = !given && x->shape[i] == 1;
        for (uint32_t j = 0; j < count; j++)
            squeezed |= axes[j] == i;
        if (squeezed && x->shape[i] != 1)
            return tsr_error(TSR_CORRUPT, "axis %" PRIu32 " of extent %" PRId64 " cannot be squeezed", i, x->shape[i]);
        if (!squeezed)
            out_shape[(*out_rank)++] = x->shape[i];
    }
    return tsr_ok();
}

static tsr_status unsqueeze_target(onnx *o, const onnx_node *node, const tsr_tensor *x, uint32_t *out_rank, int64_t *out_shape) {
    int64_t axes[TSR_MAX_RANK];
    uint32_t count;
    bool given, added[TSR_MAX_RANK] = {false};
    // The axes are of the output, whose rank they make.
    TSR_TRY(onnx_attr_ints(node, "axes", TSR_MAX_RANK, axes, &count, &given));
    if (!given)
        TSR_TRY(onnx_input_ints(o, node, 1, TSR_MAX_RANK, axes, &count));
    *out_rank = x->rank + count;
    if (*out_rank > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", *out_rank, TSR_MAX_RANK);
    for (uint32_t i = 0; i < count; i++) {
        if (!normalise_axis(&axes[i], *out_rank) || added[axes[i]])
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32 " or named twice", axes[i], *out_rank);
        added[axes[i]] = true;
    }
    for (uint32_t i = 0, from = 0; i < *out_rank; i++)
        out_shape[i] = added[i] ? 1 : x->shape[from++];
    return tsr_ok();
}

tsr_status onnx_reshape(onnx *o, const onnx_node *node) {
    tsr_id x, y;
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    TSR_TRY(onnx_required(o, node, 0, &x));
    const tsr_tensor from = *tensor_of(&o->imp, x); // reading the target may move the tensors
    switch (node->variant) {
    case VARIANT_RESHAPE: TSR_TRY(reshape_target(o, node, &from, &rank, shape)); break;
    case VARIANT_FLATTEN: TSR_TRY(flatten_target(node, &from, &rank, shape)); break;
    case VARIANT_SQUEEZE: TSR_TRY(squeeze_target(o, node, &from, &rank, shape)); break;
    default: TSR_TRY(unsqueeze_target(o, node, &from, &rank, shape)); break;
    }
    if (from.quant.count > 1)
        TSR_TRY(onnx_plain(o, &x));
    TSR_TRY(importer_reshape(&o->imp, x, rank, shape, -1, node->name, onnx_output_name(node, 0), &y));
    return onnx_define(o, node, 0, y);
}

tsr_status onnx_transpose(onnx *o, const onnx_node *node) {
    tsr_id x, y;
    int64_t perm[TSR_MAX_RANK];
    uint32_t count;
    bool given, seen[TSR_MAX_RANK] = {false};
    TSR_TRY(onnx_required(o, node, 0, &x));
    const uint32_t rank = tensor_of(&o->imp, x)->rank;
    TSR_TRY(onnx_attr_ints(node, "perm", TSR_MAX_RANK, perm, &count, &given));
    for (uint32_t i = 0; i < rank && !given; i++)
        perm[i] = (int64_t)rank - 1 - i;
    if (given && count != rank)
        return tsr_error(TSR_CORRUPT, "perm has %" PRIu32 " entries for rank %" PRIu32, count, rank);
    for (uint32_t i = 0; i < rank; i++) {
        if (perm[i] < 0 || perm[i] >= (int64_t)rank || seen[perm[i]])
            return tsr_error(TSR_CORRUPT, "perm must name every dimension once");
        seen[perm[i]] = true;
    }
    TSR_TRY(importer_transpose(&o->imp, x, perm, node->name, onnx_output_name(node, 0), &y));
    return onnx_define(o, node, 0, y);
}

// Quantised inputs keep their quantisation when it is the same of all; else they are joined as plain numbers.
tsr_status onnx_concat(onnx *o, const onnx_node *node) {
    const uint32_t inputs = (uint32_t)node->proto->n_input;
    tsr_attr attr = tsr_attr_default();
    if (inputs == 0)
        return tsr_error(TSR_CORRUPT, "no inputs");
    TSR_TRY(importer_reserve(&o->imp, sizeof(tsr_id) * (uint64_t)inputs));
    tsr_id *in = TSR_NEW_ARRAY(o->imp.graph->arena, tsr_id, inputs);
    uint32_t count = 0;
    bool same = true;
    for (uint32_t i = 0; i < inputs; i++) {
        if (onnx_is_empty(o, node, i))
            continue;
        TSR_TRY(onnx_required(o, node, i, &in[count++]));
        const tsr_quant *a = &tensor_of(&o->imp, in[0])->quant, *b = &tensor_of(&o->imp, in[count - 1])->quant;
        same &= a->count <= 1 && a->count == b->count &&
                (a->count == 0 || (a->scale[0] == b->scale[0] && a->zero_point[0] == b->zero_point[0]));
    }
    if (count == 0)
        return onnx_define_empty(o, node, 0);
    for (uint32_t i = 0; i < count && !same; i++)
        TSR_TRY(onnx_plain(o, &in[i]));
    const int64_t rank = tensor_of(&o->imp, in[0])->rank;
    TSR_TRY(onnx_attr_int(node, "axis", 1, &attr.axis)); // without a standard value from opset 4 on
    if (!normalise_axis(&attr.axis, rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, attr.axis, rank);
    return onnx_emit_like(o, node, TSR_OP_CONCAT, &attr, count, in);
}

// ---- values ------------------------------------------------------------------------------------------------------------

tsr_status onnx_identity(onnx *o, const onnx_node *node) {
    tsr_id x;
    TSR_TRY(onnx_required(o, node, 0, &x));
    return onnx_define(o, node, 0, x);
}

// At inference the data goes through; the mask says that everything was kept.
tsr_status onnx_dropout(onnx *o, const onnx_node *node) {
    tsr_id x, training, mask;
    TSR_TRY(onnx_required(o, node, 0, &x));
    TSR_TRY(onnx_input(o, node, 2, &training));
    if (training != TSR_NO_ID) {
        const tsr_tensor *tensor = tensor_of(&o->imp, training);
        if (tensor->data == NULL || tensor->dtype != TSR_BOOL || *(const uint8_t *)tensor->data != 0)
            return tsr_error(TSR_UNSUPPORTED, "training_mode; inference works (the constant false)");
    }
    if (onnx_has_output(node, 1)) {
        const tsr_tensor *input = tensor_of(&o->imp, x);
        const uint64_t elements = tsr_tensor_elements(input);
        TSR_TRY(importer_reserve(&o->imp, elements));
        uint8_t *ones = memset(tsr_arena_alloc(o->imp.graph->arena, (size_t)elements), 1, (size_t)elements);
        int64_t shape[TSR_MAX_RANK];
        memcpy(shape, input->shape, sizeof shape);
        mask = tsr_graph_add_tensor(o->imp.graph, onnx_output_name(node, 1), TSR_BOOL, input->rank, shape);
        tensor_of(&o->imp, mask)->data = ones;
        TSR_TRY(onnx_define(o, node, 1, mask));
    }
    return onnx_define(o, node, 0, x);
}

static tsr_status list_constant(onnx *o, const onnx_node *node, tsr_dtype dtype, uint32_t rank, size_t count, const void *data) {
    const int64_t extent = (int64_t)count;
    TSR_TRY(tsr_shape_check(dtype, rank, &extent));
    TSR_TRY(importer_reserve(&o->imp, 8 * (uint64_t)count));
    return onnx_define(o, node, 0, tsr_graph_add_const(o->imp.graph, onnx_output_name(node, 0), dtype, rank, &extent, data));
}

tsr_status onnx_constant(onnx *o, const onnx_node *node) {
    const Onnx__AttributeProto *attr;
    if ((attr = onnx_attr(node, "value")) != NULL && attr->t != NULL)
        return onnx_has_output(node, 0) ? onnx_add_constant(o, onnx_output_name(node, 0), attr->t) : tsr_ok();
    if ((attr = onnx_attr(node, "value_float")) != NULL)
        return list_constant(o, node, TSR_F32, 0, 1, &attr->f);
    if ((attr = onnx_attr(node, "value_int")) != NULL)
        return list_constant(o, node, TSR_I64, 0, 1, &attr->i);
    if ((attr = onnx_attr(node, "value_floats")) != NULL)
        return list_constant(o, node, TSR_F32, 1, attr->n_floats, attr->floats);
    if ((attr = onnx_attr(node, "value_ints")) != NULL)
        return list_constant(o, node, TSR_I64, 1, attr->n_ints, attr->ints);
    return tsr_error(TSR_CORRUPT, "no value");
}

tsr_status onnx_cast(onnx *o, const onnx_node *node) {
    tsr_id x, y;
    int64_t to;
    TSR_TRY(plain_input(o, node, 0, &x));
    TSR_TRY(onnx_attr_int(node, "to", 0, &to));
    const tsr_dtype dtype = onnx_dtype(to);
    if (dtype == TSR_DTYPE_NONE)
        return tsr_error(TSR_UNSUPPORTED, "to element type %" PRId64 "; integers, bool, float16, bfloat16, float and double work",
                         to);
    o->half = dtype == o->half ? dtype : TSR_DTYPE_NONE; // of a half to itself nothing is left
    if (dtype == tensor_of(&o->imp, x)->dtype || dtype == o->half)
        return onnx_define(o, node, 0, x);
    TSR_TRY(importer_emit(&o->imp, TSR_OP_CAST, node->name, NULL, 1, &x, onnx_output_name(node, 0), dtype, &y));
    return onnx_define(o, node, 0, y);
}
