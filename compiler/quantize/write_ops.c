// SPDX-License-Identifier: Apache-2.0
// Layers of the graph as operators of ONNX; operators of elements: write_elements.c.
// https://onnx.ai/onnx/operators/
#include <math.h>
#include <string.h>

#include "write.h"

static void add_window(attribute_list *a, const tsr_attr *attr, bool dilated) {
    add_ints(a, "kernel_shape", 2, attr->kernel);
    add_ints(a, "strides", 2, attr->stride);
    if (dilated)
        add_ints(a, "dilations", 2, attr->dilation);
    add_ints(a, "pads", 4, (const int64_t[]){attr->pad_top, attr->pad_left, attr->pad_bottom, attr->pad_right});
}

// ---- operators ---------------------------------------------------------------------------------------------------------

static uint32_t operands(writing *w, const tsr_node *node, uint32_t in[3], const int64_t *x_perm, const int64_t *w_perm) {
    in[0] = value_in(w, node->inputs[0], written_tensor(w, node->inputs[0])->rank, x_perm);
    in[1] = value_in(w, node->inputs[1], written_tensor(w, node->inputs[1])->rank, w_perm);
    if (node->input_count < 3 || node->inputs[2] == TSR_NO_ID)
        return 2;
    in[2] = value_in(w, node->inputs[2], 1, as_it_is);
    return 3;
}

static void write_conv(writing *w, const tsr_node *node) {
    uint32_t in[3];
    const uint32_t count = operands(w, node, in, as_picture, as_picture);
    attribute_list a = no_attributes(w);
    add_window(&a, &node->attr, true);
    add_int(&a, "group", node->attr.groups);
    add_result(w, node, "Conv", count, in, &a, as_picture);
}

static void write_fully_connected(writing *w, const tsr_node *node) {
    uint32_t in[3];
    const uint32_t count = operands(w, node, in, as_it_is, as_it_is);
    attribute_list a = no_attributes(w);
    add_int(&a, "transB", 1);
    add_result(w, node, "Gemm", count, in, &a, as_it_is);
}

static void write_matmul(writing *w, const tsr_node *node) {
    uint32_t in[3];
    operands(w, node, in, as_it_is, as_it_is);
    add_result(w, node, "MatMul", 2, in, NULL, as_it_is);
}

static void write_concat(writing *w, const tsr_node *node) {
    int64_t perm[TSR_MAX_RANK];
    attribute_list a = no_attributes(w);
    add_int(&a, "axis", common_layout(w, node, perm)[node->attr.axis]);
    add_broadcast(w, node, "Concat", &a);
}

static void write_pool(writing *w, const tsr_node *node) {
    const tsr_attr *attr = &node->attr;
    const tsr_tensor *x = written_tensor(w, node->inputs[0]);
    const bool average = node->op == TSR_OP_AVERAGE_POOL;
    const bool padded = attr->pad_top != 0 || attr->pad_left != 0 || attr->pad_bottom != 0 || attr->pad_right != 0;
    const uint32_t in = value_in(w, node->inputs[0], 4, as_picture);
    if (!padded && attr->kernel[0] == x->shape[1] && attr->kernel[1] == x->shape[2]) {
        add_result(w, node, average ? "GlobalAveragePool" : "GlobalMaxPool", 1, &in, NULL, as_picture);
        return;
    }
    attribute_list a = no_attributes(w);
    add_window(&a, attr, attr->dilation[0] != 1 || attr->dilation[1] != 1);
    if (average && attr->count_include_pad)
        add_int(&a, "count_include_pad", 1);
    if (attr->ceil_mode)
        add_int(&a, "ceil_mode", 1);
    add_result(w, node, average ? "AveragePool" : "MaxPool", 1, &in, &a, as_picture);
}

static void write_pad(writing *w, const tsr_node *node) {
    static const char *const modes[] = {[TSR_PAD_VALUE] = "constant", [TSR_PAD_EDGE] = "edge", [TSR_PAD_REFLECT] = "reflect"};
    const view x = view_of_input(w, node->inputs[0]);
    const uint32_t rank = written_tensor(w, node->inputs[0])->rank;
    int64_t pads[2 * TSR_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) {
        pads[x.perm[i]] = node->attr.pads_begin[i];
        pads[rank + x.perm[i]] = node->attr.pads_end[i];
    }
    const uint32_t in[3] = {x.value, add_integers(w, output_name(w, node), "pads", 2 * rank, pads),
                            add_scalar(w, output_name(w, node), "value", (float)node->attr.pad_value)};
    attribute_list a = no_attributes(w);
    add_text(&a, "mode", modes[node->attr.pad_mode]);
    add_result(w, node, "Pad", node->attr.pad_mode == TSR_PAD_VALUE ? 3 : 2, in, &a, x.perm);
}

// Whether the value's elements lie in the order of the tensor's: only extents of 1 have moved.
static bool same_order(const tsr_tensor *t, const int64_t *perm) {
    int64_t last = -1;
    for (uint32_t i = 0; i < t->rank; i++) {
        if (t->shape[i] == 1)
            continue;
        if (perm[i] < last)
            return false;
        last = perm[i];
    }
    return true;
}

// Whether a window reads the tensor next, as it is or quantised.
static bool becomes_picture(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        if (node->input_count == 0 || node->inputs[0] != tensor)
            continue;
        if (node->op == TSR_OP_CONV || node->op == TSR_OP_MAX_POOL || node->op == TSR_OP_AVERAGE_POOL)
            return true;
        if ((node->op == TSR_OP_QUANTIZE || node->op == TSR_OP_DEQUANTIZE) && becomes_picture(graph, node->outputs[0]))
            return true;
    }
    return false;
}

static void write_reshape(writing *w, const tsr_node *node) {
    const tsr_tensor *x = written_tensor(w, node->inputs[0]), *y = written_tensor(w, node->outputs[0]);
    const view v = view_of_input(w, node->inputs[0]);
    uint32_t in[2] = {same_order(x, v.perm) ? v.value : value_in(w, node->inputs[0], x->rank, as_it_is)};
    if (y->rank == 2 && x->rank > 0 && y->shape[0] == x->shape[0]) {
        add_result(w, node, "Flatten", 1, in, NULL, as_it_is);
        return;
    }
    int64_t shape[TSR_MAX_RANK];
    const bool picture = y->rank == 4 && same_order(y, as_picture) && becomes_picture(written_graph(w), node->outputs[0]);
    for (uint32_t i = 0; i < y->rank; i++)
        shape[picture ? as_picture[i] : i] = y->shape[i];
    in[1] = add_integers(w, output_name(w, node), "shape", y->rank, shape);
    add_result(w, node, "Reshape", 2, in, NULL, picture ? as_picture : as_it_is);
}

static void write_transpose(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    int64_t perm[TSR_MAX_RANK];
    for (uint32_t i = 0; i < written_tensor(w, node->inputs[0])->rank; i++)
        perm[i] = x.perm[node->attr.perm[i]];
    define(w, node->outputs[0], x.value, perm);
}

static void write_identity(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    define(w, node->outputs[0], x.value, x.perm);
}

// Over all dimensions from an axis on, as one: what Softmax was before opset 13.
static void flat_softmax(writing *w, const tsr_node *node, uint32_t x) {
    const tsr_tensor *y = written_tensor(w, node->outputs[0]);
    const char *name = output_name(w, node);
    attribute_list flat = no_attributes(w), last = no_attributes(w);
    add_int(&flat, "axis", node->attr.flatten_axis);
    add_int(&last, "axis", -1);
    x = add_value(w, "Flatten", tsr_arena_printf(written_arena(w), "%s_flat", name), 1, &x, flat.list);
    x = add_value(w, "Softmax", tsr_arena_printf(written_arena(w), "%s_flat", name), 1, &x, last.list);
    const uint32_t in[2] = {x, add_integers(w, name, "shape", y->rank, y->shape)};
    add_result(w, node, "Reshape", 2, in, NULL, as_it_is);
}

static void write_softmax(writing *w, const tsr_node *node) {
    const char *name = output_name(w, node);
    const bool flat = node->attr.flatten_axis >= 0;
    view x = view_of_input(w, node->inputs[0]);
    if (flat)
        x.value = value_in(w, node->inputs[0], written_tensor(w, node->inputs[0])->rank, as_it_is);
    if (node->attr.beta != 1) {
        const uint32_t in[2] = {x.value, add_scalar(w, name, "beta", node->attr.beta)};
        x.value = add_value(w, "Mul", tsr_arena_printf(written_arena(w), "%s_scaled", name), 2, in, NULL);
    }
    if (flat) {
        flat_softmax(w, node, x.value);
        return;
    }
    attribute_list a = no_attributes(w);
    add_int(&a, "axis", x.perm[node->attr.axis]);
    add_result(w, node, "Softmax", 1, &x.value, &a, x.perm);
}

// Over the last dimensions it is LayerNormalization, whose scale has their shape; else written out.
static bool is_layer_normalization(const writing *w, const tsr_node *node, const int64_t *perm) {
    const tsr_tensor *x = written_tensor(w, node->inputs[0]);
    const int64_t first = (int64_t)x->rank - node->attr.axis_count;
    for (uint32_t i = 0; i < node->attr.axis_count; i++)
        if (perm[node->attr.axes[i]] < first)
            return false;
    for (uint32_t p = 1; p < node->input_count; p++) {
        if (node->inputs[p] == TSR_NO_ID)
            continue;
        const tsr_tensor *t = written_tensor(w, node->inputs[p]);
        if (t->rank > x->rank)
            return false;
        for (uint32_t i = 0; i < x->rank; i++) {
            const int64_t extent = i < x->rank - t->rank ? 1 : t->shape[i - (x->rank - t->rank)];
            if (extent != ((int64_t)i < first ? 1 : x->shape[i]))
                return false;
        }
    }
    return !node->attr.root_mean_square && node->input_count > 1 && node->inputs[1] != TSR_NO_ID &&
           memcmp(perm, as_it_is, x->rank * sizeof *perm) == 0;
}

// The parameter with exactly the normalised dimensions.
static uint32_t parameter_of(writing *w, tsr_id id, uint32_t rank) {
    const tsr_tensor *t = written_tensor(w, id);
    const uint32_t value = value_in(w, id, t->rank, as_it_is);
    if (t->rank == rank)
        return value;
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++)
        shape[i] = i + t->rank < rank ? 1 : t->shape[i + t->rank - rank];
    const uint32_t in[2] = {value, add_integers(w, t->name, "shape", rank, shape)};
    return add_value(w, "Reshape", t->name, 2, in, NULL);
}

static uint32_t mean_of(writing *w, uint32_t x, const char *name, uint32_t count, const int64_t *axes) {
    attribute_list a = no_attributes(w);
    add_int(&a, "keepdims", 1);
    return add_reduction(w, "ReduceMean", name, x, count, axes, &a);
}

static void write_normalize(writing *w, const tsr_node *node) {
    const uint32_t rank = written_tensor(w, node->inputs[0])->rank, count = node->attr.axis_count;
    const view x = view_of_input(w, node->inputs[0]);
    const char *name = output_name(w, node);
    if (is_layer_normalization(w, node, x.perm)) {
        uint32_t in[3] = {x.value, parameter_of(w, node->inputs[1], count)};
        const bool biased = node->input_count > 2 && node->inputs[2] != TSR_NO_ID;
        if (biased)
            in[2] = parameter_of(w, node->inputs[2], count);
        attribute_list a = no_attributes(w);
        add_int(&a, "axis", (int64_t)rank - count);
        add_float(&a, "epsilon", node->attr.epsilon);
        add_result(w, node, "LayerNormalization", biased ? 3 : 2, in, &a, as_it_is);
        return;
    }
    int64_t axes[TSR_MAX_RANK];
    for (uint32_t i = 0; i < count; i++)
        axes[i] = x.perm[node->attr.axes[i]];
    uint32_t y = x.value;
    if (!node->attr.root_mean_square)
        y = add_value(w, "Sub", name, 2, (const uint32_t[]){y, mean_of(w, y, name, count, axes)}, NULL);
    uint32_t spread = add_value(w, "Mul", name, 2, (const uint32_t[]){y, y}, NULL);
    spread = mean_of(w, spread, name, count, axes);
    spread = add_value(w, "Add", name, 2, (const uint32_t[]){spread, add_scalar(w, name, "epsilon", node->attr.epsilon)}, NULL);
    spread = add_value(w, "Sqrt", name, 1, &spread, NULL);
    y = add_value(w, "Div", name, 2, (const uint32_t[]){y, spread}, NULL);
    for (uint32_t p = 1; p < node->input_count; p++)
        if (node->inputs[p] != TSR_NO_ID)
            y = add_value(w, p == 1 ? "Mul" : "Add", name, 2, (const uint32_t[]){y, value_in(w, node->inputs[p], rank, x.perm)},
                          NULL);
    define(w, node->outputs[0], y, x.perm);
}

static void write_resize_bilinear(writing *w, const tsr_node *node) {
    const tsr_tensor *y = written_tensor(w, node->outputs[0]);
    const int64_t sizes[4] = {y->shape[0], y->shape[3], y->shape[1], y->shape[2]};
    const uint32_t in[4] = {value_in(w, node->inputs[0], 4, as_picture), NO_VALUE, NO_VALUE,
                            add_integers(w, output_name(w, node), "sizes", 4, sizes)};
    attribute_list a = no_attributes(w);
    add_text(&a, "mode", "linear");
    add_text(&a, "coordinate_transformation_mode",
             node->attr.align_corners ? "align_corners"
             : node->attr.half_pixel  ? "half_pixel"
                                      : "asymmetric");
    add_result(w, node, "Resize", 4, in, &a, as_picture);
}

// Column t of a constant [n, taps].
static const void *column(const writing *w, const tsr_tensor *table, uint32_t t) {
    const int64_t n = table->shape[0], taps = table->shape[1];
    uint32_t *to = TSR_NEW_ARRAY(written_arena(w), uint32_t, n);
    for (int64_t i = 0; i < n; i++)
        memcpy(&to[i], (const uint32_t *)table->data + i * taps + t, sizeof *to);
    return to;
}

static bool all_ones(const float *weights, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (weights[i] != 1)
            return false;
    return true;
}

// A sum of Gathers, each times its weights.
static void write_resample(writing *w, const tsr_node *node) {
    const tsr_tensor *index = written_tensor(w, node->inputs[1]), *weight = written_tensor(w, node->inputs[2]);
    const view x = view_of_input(w, node->inputs[0]);
    const char *name = output_name(w, node);
    const int64_t n = index->shape[0], axis = x.perm[node->attr.axis];
    const uint32_t rank = written_tensor(w, node->inputs[0])->rank;
    int64_t shape[TSR_MAX_RANK] = {n, 1, 1, 1, 1, 1, 1, 1}; // from the axis on
    uint32_t sum = NO_VALUE;
    for (uint32_t t = 0; t < (uint32_t)index->shape[1]; t++) {
        attribute_list a = no_attributes(w);
        add_int(&a, "axis", axis);
        const void *indices = column(w, index, t);
        const float *weights = column(w, weight, t);
        uint32_t part = add_value(w, "Gather", name, 2,
                                  (const uint32_t[]){x.value, add_constant(w, index->name, TSR_I32, 1, &n, indices)}, a.list);
        if (!all_ones(weights, n))
            part = add_value(
                w, "Mul", name, 2,
                (const uint32_t[]){part, add_constant(w, weight->name, TSR_F32, rank - (uint32_t)axis, shape, weights)}, NULL);
        sum = sum == NO_VALUE ? part : add_value(w, "Add", name, 2, (const uint32_t[]){sum, part}, NULL);
    }
    define(w, node->outputs[0], sum, x.perm);
}

static void write_quantize(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    uint32_t in[3] = {x.value};
    quant_constants(w, node->outputs[0], &in[1], &in[2]);
    add_result(w, node, "QuantizeLinear", 3, in, NULL, x.perm);
}

uint32_t write_dequantize(writing *w, tsr_id id, uint32_t from, int64_t axis) {
    const tsr_id integers_id = written_graph(w)->nodes[tsr_graph_producer(written_graph(w), id)].inputs[0];
    uint32_t in[3] = {from};
    quant_constants(w, integers_id, &in[1], &in[2]);
    attribute_list a = no_attributes(w);
    if (written_tensor(w, integers_id)->quant.count > 1)
        add_int(&a, "axis", axis);
    return add_value(w, "DequantizeLinear", written_tensor(w, id)->name, in[2] != NO_VALUE ? 3 : 2, in, a.list);
}

static void write_dequantize_node(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    define(w, node->outputs[0], write_dequantize(w, node->outputs[0], x.value, 0), x.perm);
}

static const struct {
    tsr_op op;
    write_handler *write;
    int64_t opset; // the first that has the operator in this form
} handlers[] = {
    {TSR_OP_CONV, write_conv, 11},
    {TSR_OP_FULLY_CONNECTED, write_fully_connected, 13},
    {TSR_OP_MATMUL, write_matmul, 13},
    {TSR_OP_MAX_POOL, write_pool, 12},
    {TSR_OP_AVERAGE_POOL, write_pool, 11},
    {TSR_OP_PAD, write_pad, 13},
    {TSR_OP_CONCAT, write_concat, 13},
    {TSR_OP_RESHAPE, write_reshape, 13},
    {TSR_OP_TRANSPOSE, write_transpose, 13},
    {TSR_OP_SOFTMAX, write_softmax, 13},
    {TSR_OP_NORMALIZE, write_normalize, 17},
    {TSR_OP_RESIZE_BILINEAR, write_resize_bilinear, 13},
    {TSR_OP_RESAMPLE, write_resample, 13},
    {TSR_OP_QUANTIZE, write_quantize, 13},
    {TSR_OP_DEQUANTIZE, write_dequantize_node, 13},
    {TSR_OP_IDENTITY, write_identity, 13},
};

write_handler *handler_of(const tsr_node *node, int64_t *out_opset) {
    *out_opset = 13;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].op == node->op) {
            *out_opset = handlers[i].opset;
            // AveragePool knows dilations since 19.
            if (node->op == TSR_OP_AVERAGE_POOL && (node->attr.dilation[0] != 1 || node->attr.dilation[1] != 1))
                *out_opset = 19;
            return handlers[i].write;
        }
    return element_handler_of(node, out_opset);
}
