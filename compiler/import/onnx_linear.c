// SPDX-License-Identifier: Apache-2.0
// Convolutions, pools and matrix products. The graph's windows are NHWC, ONNX's are NCHW: each is put between two
// Transposes. One-dimensional windows become two-dimensional ones of height 1; three-dimensional ones: onnx_volume.c.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx.h"

static const int64_t to_nhwc[4] = {0, 2, 3, 1}, to_nchw[4] = {0, 3, 1, 2};

// ---- weights -----------------------------------------------------------------------------------------------------------

// The constant behind a value: itself, or what a DequantizeLinear reads; TSR_NO_ID when it is computed.
static tsr_id constant_behind(onnx *o, tsr_id id, bool *out_dequantised) {
    *out_dequantised = false;
    if (tensor_of(&o->imp, id)->data != NULL)
        return id;
    const tsr_id node = onnx_producer(o, id);
    if (node == TSR_NO_ID || o->imp.graph->nodes[node].op != TSR_OP_DEQUANTIZE)
        return TSR_NO_ID;
    const tsr_id from = o->imp.graph->nodes[node].inputs[0];
    *out_dequantised = true;
    return tensor_of(&o->imp, from)->data != NULL ? from : TSR_NO_ID;
}

// Reorders weights: in the constant where there is one (then dequantised again), else by a node.
static tsr_status reorder_weights(onnx *o, tsr_id w, const int64_t *perm, const char *suffix, tsr_id *out_id) {
    bool dequantised;
    const tsr_id constant = constant_behind(o, w, &dequantised);
    const tsr_id from = constant != TSR_NO_ID ? constant : w;
    const char *name = onnx_derived(o, tensor_of(&o->imp, from)->name, suffix);
    TSR_TRY(importer_transpose(&o->imp, from, perm, name, name, out_id));
    if (constant == TSR_NO_ID || !dequantised)
        return tsr_ok();
    name = onnx_derived(o, tensor_of(&o->imp, w)->name, suffix);
    return importer_emit(&o->imp, TSR_OP_DEQUANTIZE, name, NULL, 1, out_id, name, tensor_of(&o->imp, w)->dtype, out_id);
}

// [O, I, K] -> [O, I, 1, K], in the constant where there is one.
static tsr_status widen_weights(onnx *o, tsr_id *w) {
    bool dequantised;
    const tsr_id constant = constant_behind(o, *w, &dequantised), from = constant != TSR_NO_ID ? constant : *w;
    const tsr_tensor *tensor = tensor_of(&o->imp, from);
    const int64_t shape[4] = {tensor->shape[0], tensor->shape[1], 1, tensor->shape[2]};
    const int32_t axis = tensor->quant.axis == 2 ? 3 : tensor->quant.axis;
    const char *name = onnx_derived(o, tensor->name, "2d");
    const tsr_id dequantised_id = *w;
    TSR_TRY(importer_reshape(&o->imp, from, 4, shape, axis, name, name, w));
    if (constant == TSR_NO_ID || !dequantised)
        return tsr_ok();
    name = onnx_derived(o, tensor_of(&o->imp, dequantised_id)->name, "2d");
    return importer_emit(&o->imp, TSR_OP_DEQUANTIZE, name, NULL, 1, w, name, tensor_of(&o->imp, dequantised_id)->dtype, w);
}

// ---- windows -----------------------------------------------------------------------------------------------------------

// Reads a list of one value for each spatial dimension (or two: begins, then ends) into 2-D order, height first. Of three
// dimensions the last two.
static tsr_status read_spatial(const onnx_node *node, const char *name, uint32_t spatial, uint32_t sides, int64_t standard,
                               int64_t *out_values) {
    int64_t values[2 * TSR_MAX_RANK];
    uint32_t count;
    bool present;
    TSR_TRY(onnx_attr_ints(node, name, 2 * TSR_MAX_RANK, values, &count, &present));
    if (present && count != spatial * sides)
        return tsr_error(TSR_CORRUPT, "attribute '%s' has %" PRIu32 " elements, must have %" PRIu32, name, count,
                         spatial * sides);
    for (uint32_t side = 0; side < sides; side++)
        for (uint32_t i = 0; i < 2; i++) {
            const bool missing = i + spatial < 2; // the height of a 1-D window
            const int64_t value = present && !missing ? values[side * spatial + i + spatial - 2] : standard;
            out_values[side * 2 + i] = missing ? (sides == 2 ? 0 : 1) : value;
        }
    return tsr_ok();
}

tsr_status onnx_read_window(const onnx_node *node, uint32_t spatial, const tsr_tensor *x, tsr_attr *attr) {
    int64_t pads[4];
    char mode[16];
    TSR_TRY(read_spatial(node, "strides", spatial, 1, 1, attr->stride));
    TSR_TRY(read_spatial(node, "dilations", spatial, 1, 1, attr->dilation));
    TSR_TRY(read_spatial(node, "pads", spatial, 2, 0, pads));
    TSR_TRY(onnx_attr_text(node, "auto_pad", "NOTSET", sizeof mode, mode));
    const bool lower = strcmp(mode, "SAME_LOWER") == 0;
    if (lower || strcmp(mode, "SAME_UPPER") == 0) {
        pad_same(x->shape[1], attr->kernel[0], attr->stride[0], attr->dilation[0], lower, &attr->pad_top, &attr->pad_bottom);
        pad_same(x->shape[2], attr->kernel[1], attr->stride[1], attr->dilation[1], lower, &attr->pad_left, &attr->pad_right);
    } else if (strcmp(mode, "NOTSET") == 0) {
        attr->pad_top = pads[0], attr->pad_left = pads[1];
        attr->pad_bottom = pads[2], attr->pad_right = pads[3];
    } else if (strcmp(mode, "VALID") != 0)
        return tsr_error(TSR_CORRUPT, "auto_pad '%s'; NOTSET, VALID, SAME_UPPER and SAME_LOWER work", mode);
    return tsr_ok();
}

// NC[H]W -> NHWC.
static tsr_status enter_window(onnx *o, const onnx_node *node, tsr_id *x, uint32_t *out_spatial) {
    const uint32_t rank = tensor_of(&o->imp, *x)->rank;
    *out_spatial = rank - 2;
    if (rank != 3 && rank != 4)
        return tsr_error(TSR_UNSUPPORTED,
                         "an input of rank %" PRIu32 "; one and two spatial dimensions work, three in "
                         "Conv and pools",
                         rank);
    const char *name = onnx_derived(o, node->name, "2d");
    if (rank == 3) {
        const int64_t *shape = tensor_of(&o->imp, *x)->shape;
        TSR_TRY(importer_reshape(&o->imp, *x, 4, (const int64_t[]){shape[0], shape[1], 1, shape[2]}, -1, name, name, x));
    }
    name = onnx_derived(o, node->name, "nhwc");
    return importer_transpose(&o->imp, *x, to_nhwc, name, name, x);
}

// NHWC -> NC[H]W, defines an output.
static tsr_status leave_window(onnx *o, const onnx_node *node, uint32_t output, tsr_id y, uint32_t spatial) {
    const char *out_name = onnx_output_name(node, output), *name = onnx_derived(o, out_name, "nchw");
    TSR_TRY(importer_transpose(&o->imp, y, to_nchw, name, spatial == 2 ? out_name : name, &y));
    if (spatial == 1) {
        const int64_t *shape = tensor_of(&o->imp, y)->shape;
        TSR_TRY(importer_reshape(&o->imp, y, 3, (const int64_t[]){shape[0], shape[1], shape[3]}, -1,
                                 onnx_derived(o, out_name, "1d"), out_name, &y));
    }
    return onnx_define(o, node, output, y);
}

// Where the forms of an operator keep their operands. The bias of QLinear forms is int32 with scale x_scale * w_scale.
static tsr_status read_operands(onnx *o, const onnx_node *node, int64_t w_axis, tsr_id *x, tsr_id *w, tsr_quant *out_quant,
                                tsr_dtype *out_dtype) {
    memset(out_quant, 0, sizeof *out_quant);
    TSR_TRY(onnx_required(o, node, 0, x));
    TSR_TRY(onnx_required(o, node, node->variant == VARIANT_QLINEAR ? 3 : 1, w));
    const tsr_dtype x_dtype = tensor_of(&o->imp, *x)->dtype, w_dtype = tensor_of(&o->imp, *w)->dtype;
    tsr_quant x_quant, w_quant;
    *out_dtype = x_dtype;
    if (node->variant == VARIANT_PLAIN) {
        TSR_TRY(onnx_plain(o, x));
        return onnx_plain(o, w);
    }
    if (node->variant == VARIANT_QLINEAR) {
        TSR_TRY(onnx_read_quant(o, node, 1, 2, 0, x_dtype, &x_quant, NULL));
        TSR_TRY(onnx_read_quant(o, node, 4, 5, w_axis, w_dtype, &w_quant, NULL));
        TSR_TRY(onnx_read_quant(o, node, 6, 7, 0, TSR_DTYPE_NONE, out_quant, out_dtype));
        if (out_quant->count != 1)
            return tsr_error(TSR_UNSUPPORTED, "an output quantised per axis; per tensor works");
        if (*out_dtype == TSR_DTYPE_NONE)
            return tsr_error(TSR_CORRUPT, "the output's zero point is missing");
    } else {
        TSR_TRY(onnx_read_zero_point(o, node, 2, 0, x_dtype, &x_quant));
        TSR_TRY(onnx_read_zero_point(o, node, 3, w_axis, w_dtype, &w_quant));
        *out_dtype = TSR_I32;
    }
    if (x_quant.count != 1)
        return tsr_error(TSR_UNSUPPORTED, "a first operand quantised per axis; per tensor works");
    TSR_TRY(onnx_with_quant(o, x, x_quant));
    return onnx_with_quant(o, w, w_quant);
}

static tsr_status quantise_bias(onnx *o, tsr_id x, tsr_id w, tsr_id *bias) {
    const tsr_quant *xq = &tensor_of(&o->imp, x)->quant, *wq = &tensor_of(&o->imp, w)->quant;
    if (tensor_of(&o->imp, *bias)->dtype != TSR_I32)
        return tsr_error(TSR_CORRUPT, "a bias of %s; must be int32", tsr_dtype_name(tensor_of(&o->imp, *bias)->dtype));
    tsr_quant quant = {wq->count, 0, TSR_NEW_ARRAY(o->imp.graph->arena, float, wq->count),
                       TSR_NEW_ARRAY(o->imp.graph->arena, int32_t, wq->count)};
    for (uint32_t i = 0; i < quant.count; i++) {
        quant.scale[i] = xq->scale[0] * wq->scale[i];
        if (!isfinite(quant.scale[i]) || quant.scale[i] <= 0)
            return tsr_error(TSR_UNSUPPORTED, "scales whose product is %g", (double)quant.scale[i]);
    }
    return onnx_with_quant(o, bias, quant);
}

tsr_status onnx_conv(onnx *o, const onnx_node *node) {
    static const tsr_op ops[] = {
        [VARIANT_PLAIN] = TSR_OP_CONV, [VARIANT_INTEGER] = TSR_OP_CONV_INTEGER, [VARIANT_QLINEAR] = TSR_OP_CONV};
    tsr_id in[3] = {TSR_NO_ID, TSR_NO_ID, TSR_NO_ID}, y;
    tsr_quant out_quant;
    tsr_dtype dtype;
    uint32_t spatial;
    TSR_TRY(read_operands(o, node, 0, &in[0], &in[1], &out_quant, &dtype));
    if (node->variant == VARIANT_PLAIN)
        TSR_TRY(onnx_input(o, node, 2, &in[2]));
    if (node->variant == VARIANT_QLINEAR)
        TSR_TRY(onnx_input(o, node, 8, &in[2]));
    if (tensor_of(&o->imp, in[0])->rank != tensor_of(&o->imp, in[1])->rank)
        return tsr_error(TSR_CORRUPT, "input of rank %" PRIu32 ", weights of rank %" PRIu32, tensor_of(&o->imp, in[0])->rank,
                         tensor_of(&o->imp, in[1])->rank);
    const bool volume = node->variant == VARIANT_PLAIN && tensor_of(&o->imp, in[0])->rank == 5;
    int64_t batch = 0;
    if (volume)
        TSR_TRY(onnx_unfold_volume(o, node, &in[0], &in[1], &batch));
    TSR_TRY(enter_window(o, node, &in[0], &spatial));
    spatial = volume ? 3 : spatial;
    if (spatial == 1)
        TSR_TRY(widen_weights(o, &in[1]));
    if (in[2] != TSR_NO_ID && node->variant == VARIANT_QLINEAR)
        TSR_TRY(quantise_bias(o, in[0], in[1], &in[2]));
    TSR_TRY(reorder_weights(o, in[1], to_nhwc, "ohwi", &in[1]));
    tsr_attr attr = tsr_attr_default();
    int64_t stated[2];
    const int64_t *w_shape = tensor_of(&o->imp, in[1])->shape;
    attr.kernel[0] = w_shape[1], attr.kernel[1] = w_shape[2];
    TSR_TRY(read_spatial(node, "kernel_shape", spatial, 1, 0, stated));
    if (onnx_attr(node, "kernel_shape") != NULL && (stated[0] != attr.kernel[0] || stated[1] != attr.kernel[1]))
        return tsr_error(TSR_CORRUPT, "kernel_shape differs from the weights' shape");
    TSR_TRY(onnx_attr_int(node, "group", 1, &attr.groups));
    TSR_TRY(onnx_read_window(node, spatial, tensor_of(&o->imp, in[0]), &attr));
    TSR_TRY(importer_emit(&o->imp, ops[node->variant], node->name, &attr, in[2] == TSR_NO_ID ? 2 : 3, in,
                          onnx_derived(o, onnx_output_name(node, 0), "nhwc"), dtype, &y));
    tensor_of(&o->imp, y)->quant = out_quant;
    if (!volume)
        return leave_window(o, node, 0, y, spatial);
    const char *name = onnx_derived(o, node->name, "nchw");
    TSR_TRY(importer_transpose(&o->imp, y, to_nchw, name, name, &y));
    return onnx_fold_volume(o, node, batch, y);
}

// A pool over everything does not mind which spatial dimension is which: NCHW and more become N, C, rest, last.
static tsr_status global_pool(onnx *o, const onnx_node *node, tsr_id x) {
    const tsr_tensor *input = tensor_of(&o->imp, x);
    const uint32_t rank = input->rank;
    tsr_attr attr = tsr_attr_default();
    tsr_id y;
    if (rank < 3)
        return tsr_error(TSR_CORRUPT, "an input of rank %" PRIu32 " has nothing to pool over", rank);
    int64_t shape[TSR_MAX_RANK] = {input->shape[0], input->shape[1], 1, input->shape[rank - 1]}, ones[TSR_MAX_RANK];
    for (uint32_t i = 2; i + 1 < rank; i++)
        shape[2] *= input->shape[i];
    for (uint32_t i = 0; i < rank; i++)
        ones[i] = i < 2 ? input->shape[i] : 1;
    const char *name = onnx_derived(o, node->name, "2d"), *out_name = onnx_output_name(node, 0);
    if (rank != 4)
        TSR_TRY(importer_reshape(&o->imp, x, 4, shape, -1, name, name, &x));
    name = onnx_derived(o, node->name, "nhwc");
    TSR_TRY(importer_transpose(&o->imp, x, to_nhwc, name, name, &x));
    attr.kernel[0] = shape[2], attr.kernel[1] = shape[3];
    TSR_TRY(importer_emit(&o->imp, node->variant == VARIANT_GLOBAL_MAX ? TSR_OP_MAX_POOL : TSR_OP_AVERAGE_POOL, node->name, &attr,
                          1, &x, onnx_derived(o, out_name, "nhwc"), tensor_of(&o->imp, x)->dtype, &y));
    tensor_of(&o->imp, y)->quant = tensor_of(&o->imp, x)->quant;
    name = onnx_derived(o, node->name, "nchw");
    TSR_TRY(importer_transpose(&o->imp, y, to_nchw, name, rank == 4 ? out_name : name, &y));
    if (rank != 4)
        TSR_TRY(importer_reshape(&o->imp, y, rank, ones, -1, onnx_derived(o, node->name, "nd"), out_name, &y));
    return onnx_define(o, node, 0, y);
}

// The second output of MaxPool: where each maximum was.
static tsr_status pool_indices(onnx *o, const onnx_node *node, const tsr_attr *window, tsr_id x, uint32_t spatial) {
    tsr_attr attr = *window;
    tsr_id y;
    TSR_TRY(onnx_attr_int(node, "storage_order", 0, &attr.axis));
    if (attr.axis != 0 && attr.axis != 1)
        return tsr_error(TSR_CORRUPT, "storage_order %" PRId64 "; must be 0 or 1", attr.axis);
    TSR_TRY(importer_emit(&o->imp, TSR_OP_MAX_POOL_INDEX, onnx_derived(o, node->name, "index"), &attr, 1, &x,
                          onnx_derived(o, onnx_output_name(node, 1), "nhwc"), TSR_I64, &y));
    return leave_window(o, node, 1, y, spatial);
}

tsr_status onnx_pool(onnx *o, const onnx_node *node) {
    tsr_attr attr = tsr_attr_default();
    tsr_id x, y;
    uint32_t spatial;
    int64_t ceil_mode, include_pad;
    TSR_TRY(onnx_required(o, node, 0, &x));
    if (node->variant == VARIANT_GLOBAL_MAX || node->variant == VARIANT_GLOBAL_AVERAGE)
        return global_pool(o, node, x);
    const tsr_op op = node->variant == VARIANT_MAX_POOL ? TSR_OP_MAX_POOL : TSR_OP_AVERAGE_POOL;
    if (tensor_of(&o->imp, x)->rank == 5)
        return onnx_volume_pool(o, node, op, x);
    TSR_TRY(enter_window(o, node, &x, &spatial));
    if (onnx_attr(node, "kernel_shape") == NULL)
        return tsr_error(TSR_CORRUPT, "attribute 'kernel_shape' is missing");
    TSR_TRY(read_spatial(node, "kernel_shape", spatial, 1, 1, attr.kernel));
    TSR_TRY(onnx_read_window(node, spatial, tensor_of(&o->imp, x), &attr));
    TSR_TRY(onnx_attr_int(node, "ceil_mode", 0, &ceil_mode));
    TSR_TRY(onnx_attr_int(node, "count_include_pad", 0, &include_pad));
    attr.ceil_mode = ceil_mode != 0;
    attr.count_include_pad = include_pad != 0;
    TSR_TRY(importer_emit(&o->imp, op, node->name, &attr, 1, &x, onnx_derived(o, onnx_output_name(node, 0), "nhwc"),
                          tensor_of(&o->imp, x)->dtype, &y));
    tensor_of(&o->imp, y)->quant = tensor_of(&o->imp, x)->quant;
    if (onnx_has_output(node, 1) && op == TSR_OP_MAX_POOL)
        TSR_TRY(pool_indices(o, node, &attr, x, spatial));
    return leave_window(o, node, 0, y, spatial);
}

// ---- products ----------------------------------------------------------------------------------------------------------

// y = a * value, element by element.
static tsr_status scale_by(onnx *o, const onnx_node *node, tsr_id *x, float value, const char *suffix) {
    const char *name = onnx_derived(o, node->name, suffix);
    const tsr_id in[2] = {*x, onnx_scalar(o, onnx_derived(o, name, "factor"), value)};
    return importer_emit(&o->imp, TSR_OP_MUL, name, NULL, 2, in, name, tensor_of(&o->imp, *x)->dtype, x);
}

// A bias for FULLY_CONNECTED of C, when C is one value or one for each column; a constant is spread and scaled.
static tsr_status gemm_bias(onnx *o, const onnx_node *node, tsr_id c, int64_t columns, float beta, tsr_id *out_bias) {
    *out_bias = TSR_NO_ID;
    const tsr_tensor *tensor = tensor_of(&o->imp, c);
    const uint64_t elements = tsr_tensor_elements(tensor);
    if (tensor->data == NULL || tensor->dtype != TSR_F32) {
        if (beta == 1 && tensor->rank == 1 && elements == (uint64_t)columns)
            *out_bias = c;
        return tsr_ok();
    }
    if (elements != 1 && (elements != (uint64_t)columns || tensor->shape[tensor->rank - 1] != columns))
        return tsr_ok();
    TSR_TRY(importer_reserve(&o->imp, (uint64_t)columns * sizeof(float)));
    float *values = TSR_NEW_ARRAY(o->imp.graph->arena, float, columns);
    for (int64_t i = 0; i < columns; i++)
        values[i] = ((const float *)tensor->data)[elements == 1 ? 0 : i] * beta;
    *out_bias = tsr_graph_add_tensor(o->imp.graph, onnx_derived(o, node->name, "bias"), TSR_F32, 1, &columns);
    tensor_of(&o->imp, *out_bias)->data = values;
    return tsr_ok();
}

tsr_status onnx_gemm(onnx *o, const onnx_node *node) {
    static const int64_t swap[2] = {1, 0};
    tsr_id in[3], c, y;
    float alpha, beta;
    int64_t trans_a, trans_b;
    bool dequantised;
    TSR_TRY(onnx_required(o, node, 0, &in[0]));
    TSR_TRY(onnx_required(o, node, 1, &in[1]));
    TSR_TRY(onnx_input(o, node, 2, &c));
    TSR_TRY(onnx_attr_float(node, "alpha", 1, &alpha));
    TSR_TRY(onnx_attr_float(node, "beta", 1, &beta));
    TSR_TRY(onnx_attr_int(node, "transA", 0, &trans_a));
    TSR_TRY(onnx_attr_int(node, "transB", 0, &trans_b));
    const tsr_dtype dtype = tensor_of(&o->imp, in[0])->dtype;
    if (tensor_of(&o->imp, in[0])->rank != 2 || tensor_of(&o->imp, in[1])->rank != 2)
        return tsr_error(TSR_CORRUPT, "both factors must have rank 2");
    if (dtype != TSR_F32)
        return tsr_error(TSR_UNSUPPORTED,
                         "operands of %s; float works, and quantised ones through QLinearMatMul or "
                         "DequantizeLinear",
                         tsr_dtype_name(dtype));
    if (trans_a != 0)
        TSR_TRY(
            importer_transpose(&o->imp, in[0], swap, onnx_derived(o, node->name, "a"), onnx_derived(o, node->name, "a"), &in[0]));
    const bool constant = constant_behind(o, in[1], &dequantised) != TSR_NO_ID;
    if (constant != (trans_b != 0)) // FULLY_CONNECTED wants B transposed, MATMUL does not
        TSR_TRY(reorder_weights(o, in[1], swap, "transposed", &in[1]));
    in[2] = TSR_NO_ID;
    if (c != TSR_NO_ID && constant && alpha == 1)
        TSR_TRY(gemm_bias(o, node, c, tensor_of(&o->imp, in[1])->shape[0], beta, &in[2]));
    const bool add_c = c != TSR_NO_ID && in[2] == TSR_NO_ID && beta != 0, scaled = alpha != 1;
    const char *out_name = onnx_output_name(node, 0);
    TSR_TRY(importer_emit(&o->imp, constant ? TSR_OP_FULLY_CONNECTED : TSR_OP_MATMUL, node->name, NULL,
                          in[2] == TSR_NO_ID ? 2 : 3, in, add_c || scaled ? onnx_derived(o, out_name, "product") : out_name,
                          dtype, &y));
    if (scaled)
        TSR_TRY(scale_by(o, node, &y, alpha, "alpha"));
    if (add_c) {
        if (beta != 1)
            TSR_TRY(scale_by(o, node, &c, beta, "beta"));
        const tsr_id sum[2] = {y, c};
        TSR_TRY(importer_emit(&o->imp, TSR_OP_ADD, onnx_derived(o, node->name, "c"), NULL, 2, sum, out_name, dtype, &y));
    }
    return onnx_define(o, node, 0, y);
}

// A row or column of what is a vector for NumPy.
static tsr_status make_matrix(onnx *o, tsr_id *x, bool row) {
    const tsr_tensor *tensor = tensor_of(&o->imp, *x);
    const int64_t k = tensor->shape[0];
    const char *name = onnx_derived(o, tensor->name, row ? "row" : "column");
    return importer_reshape(&o->imp, *x, 2, row ? (const int64_t[]){1, k} : (const int64_t[]){k, 1}, row ? 1 : 0, name, name, x);
}

// a[..., K] times a constant b[K, N]: rows of K through FULLY_CONNECTED, then the leading dimensions again.
static tsr_status dense(onnx *o, const onnx_node *node, tsr_id a, tsr_id b, const char *out_name, tsr_dtype dtype,
                        tsr_quant quant, tsr_id *out_id) {
    int64_t shape[TSR_MAX_RANK];
    const uint32_t rank = tensor_of(&o->imp, a)->rank;
    memcpy(shape, tensor_of(&o->imp, a)->shape, sizeof shape);
    const int64_t k = shape[rank - 1], n = tensor_of(&o->imp, b)->shape[1];
    const int64_t rows = (int64_t)tsr_tensor_elements(tensor_of(&o->imp, a)) / k;
    tsr_id in[2];
    const char *name = onnx_derived(o, node->name, "rows");
    in[0] = a;
    if (rank != 2)
        TSR_TRY(importer_reshape(&o->imp, a, 2, (const int64_t[]){rows, k}, -1, name, name, &in[0]));
    TSR_TRY(reorder_weights(o, b, (const int64_t[]){1, 0}, "transposed", &in[1]));
    name = onnx_derived(o, out_name, "rows");
    TSR_TRY(importer_emit(&o->imp, TSR_OP_FULLY_CONNECTED, node->name, NULL, 2, in, rank == 2 ? out_name : name, dtype, out_id));
    tensor_of(&o->imp, *out_id)->quant = quant;
    if (rank == 2)
        return tsr_ok();
    shape[rank - 1] = n;
    return importer_reshape(&o->imp, *out_id, rank, shape, -1, name, out_name, out_id);
}

tsr_status onnx_matmul(onnx *o, const onnx_node *node) {
    tsr_id in[2], y;
    tsr_quant quant;
    tsr_dtype dtype;
    bool dequantised;
    const uint32_t b_input = node->variant == VARIANT_QLINEAR ? 3 : 1;
    TSR_TRY(onnx_required(o, node, b_input, &in[1]));
    TSR_TRY(read_operands(o, node, (int64_t)tensor_of(&o->imp, in[1])->rank - 1, &in[0], &in[1], &quant, &dtype));
    const uint32_t a_rank = tensor_of(&o->imp, in[0])->rank, b_rank = tensor_of(&o->imp, in[1])->rank;
    if (a_rank == 0 || b_rank == 0)
        return tsr_error(TSR_CORRUPT, "a scalar operand");
    const bool vectors = a_rank == 1 || b_rank == 1;
    if (a_rank == 1)
        TSR_TRY(make_matrix(o, &in[0], true));
    if (b_rank == 1)
        TSR_TRY(make_matrix(o, &in[1], false));
    const char *out_name = onnx_output_name(node, 0), *name = vectors ? onnx_derived(o, out_name, "matrix") : out_name;
    const tsr_id constant = constant_behind(o, in[1], &dequantised);
    if (constant != TSR_NO_ID && tensor_of(&o->imp, in[1])->rank == 2 && node->variant != VARIANT_INTEGER &&
        (dtype == TSR_F32 || node->variant == VARIANT_QLINEAR) &&
        tensor_of(&o->imp, in[0])->shape[tensor_of(&o->imp, in[0])->rank - 1] == tensor_of(&o->imp, in[1])->shape[0])
        TSR_TRY(dense(o, node, in[0], in[1], name, dtype, quant, &y));
    else {
        TSR_TRY(importer_emit(&o->imp, node->variant == VARIANT_INTEGER ? TSR_OP_MATMUL_INTEGER : TSR_OP_MATMUL, node->name, NULL,
                              2, in, name, dtype, &y));
        tensor_of(&o->imp, y)->quant = quant;
    }
    if (vectors) { // drop the dimensions of 1 that were added
        int64_t shape[TSR_MAX_RANK];
        uint32_t rank = 0;
        const tsr_tensor *result = tensor_of(&o->imp, y);
        for (uint32_t i = 0; i < result->rank; i++)
            if (!(a_rank == 1 && i + 2 == result->rank) && !(b_rank == 1 && i + 1 == result->rank))
                shape[rank++] = result->shape[i];
        TSR_TRY(importer_reshape(&o->imp, y, rank, shape, -1, name, out_name, &y));
    }
    return onnx_define(o, node, 0, y);
}
