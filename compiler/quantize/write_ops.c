// SPDX-License-Identifier: Apache-2.0
// Operators of the graph as operators of ONNX: https://onnx.ai/onnx/operators/
#include <math.h>
#include <string.h>

#include "write.h"

enum { MOST_ATTRIBUTES = 8 };

// ---- attributes --------------------------------------------------------------------------------------------------------

typedef struct attributes {
    writing *w;
    tsr_onnx_attribute *list;
    uint32_t count;
} attributes;

static attributes no_attributes(writing *w) {
    return (attributes){w, TSR_NEW_ARRAY(written_arena(w), tsr_onnx_attribute, MOST_ATTRIBUTES + 1), 0};
}

static void add_int(attributes *a, const char *name, int64_t value) {
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_INT, .i = value};
}

static void add_float(attributes *a, const char *name, float value) {
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_FLOAT, .f = value};
}

static void add_ints(attributes *a, const char *name, uint32_t count, const int64_t *values) {
    int64_t *copy = TSR_NEW_ARRAY(written_arena(a->w), int64_t, count);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = values[i];
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_INTS, .ints = copy, .count = count};
}

static void add_window(attributes *a, const tsr_attr *attr, bool dilated) {
    add_ints(a, "kernel_shape", 2, attr->kernel);
    add_ints(a, "strides", 2, attr->stride);
    if (dilated)
        add_ints(a, "dilations", 2, attr->dilation);
    add_ints(a, "pads", 4, (const int64_t[]){attr->pad_top, attr->pad_left, attr->pad_bottom, attr->pad_right});
}

// ---- results -----------------------------------------------------------------------------------------------------------

static const tsr_tensor *tensor(const writing *w, tsr_id id) { return &written_graph(w)->tensors[id]; }
static const char *output_name(const writing *w, const tsr_node *node) { return tensor(w, node->outputs[0])->name; }

static uint32_t scalar(writing *w, const char *base, const char *suffix, float real) {
    float *data = TSR_NEW(written_arena(w), float);
    *data = real;
    return add_constant(w, tsr_arena_printf(written_arena(w), "%s_%s", base, suffix), TSR_F32, 0, NULL, data);
}

static uint32_t integers(writing *w, const char *base, const char *suffix, uint32_t count, const int64_t *values) {
    int64_t *data = TSR_NEW_ARRAY(written_arena(w), int64_t, count);
    for (uint32_t i = 0; i < count; i++)
        data[i] = values[i];
    return add_constant(w, tsr_arena_printf(written_arena(w), "%s_%s", base, suffix), TSR_I64, 1, (const int64_t[]){count}, data);
}

static uint32_t add_clip(writing *w, const tsr_node *node, uint32_t x, const char *name) {
    const tsr_attr *attr = &node->attr;
    if (attr->clip_lo == 0 && attr->clip_hi == INFINITY)
        return add_value(w, "Relu", name, 1, &x, NULL);
    const uint32_t in[3] = {x, attr->clip_lo > -INFINITY ? scalar(w, name, "min", attr->clip_lo) : NO_VALUE,
                            attr->clip_hi < INFINITY ? scalar(w, name, "max", attr->clip_hi) : NO_VALUE};
    return add_value(w, "Clip", name, in[2] != NO_VALUE ? 3 : 2, in, NULL);
}

// The node's result by an ONNX operator, then its fused activation.
static void result(writing *w, const tsr_node *node, const char *op, uint32_t count, const uint32_t *in, const attributes *a,
                   const int64_t *perm) {
    const bool clipped = node->op != TSR_OP_CLIP && (node->attr.clip_lo > -INFINITY || node->attr.clip_hi < INFINITY);
    const char *name = output_name(w, node);
    const char *before = clipped ? tsr_arena_printf(written_arena(w), "%s_linear", name) : name;
    uint32_t y = add_value(w, op, before, count, in, a != NULL ? a->list : NULL);
    if (clipped)
        y = add_clip(w, node, y, name);
    define(w, node->outputs[0], y, perm);
}

// The input as it was written, or a constant as it is.
static view input_view(writing *w, tsr_id id) {
    view v = {0};
    memcpy(v.perm, as_it_is, sizeof v.perm);
    if (!is_constant(w, id))
        return view_of(w, id);
    v.value = value_in(w, id, tensor(w, id)->rank, as_it_is);
    return v;
}

// ---- operators ---------------------------------------------------------------------------------------------------------

static uint32_t operands(writing *w, const tsr_node *node, uint32_t in[3], const int64_t *x_perm, const int64_t *w_perm) {
    in[0] = value_in(w, node->inputs[0], tensor(w, node->inputs[0])->rank, x_perm);
    in[1] = value_in(w, node->inputs[1], tensor(w, node->inputs[1])->rank, w_perm);
    if (node->input_count < 3 || node->inputs[2] == TSR_NO_ID)
        return 2;
    in[2] = value_in(w, node->inputs[2], 1, as_it_is);
    return 3;
}

static void write_conv(writing *w, const tsr_node *node) {
    uint32_t in[3];
    const uint32_t count = operands(w, node, in, as_picture, as_picture);
    attributes a = no_attributes(w);
    add_window(&a, &node->attr, true);
    add_int(&a, "group", node->attr.groups);
    result(w, node, "Conv", count, in, &a, as_picture);
}

static void write_fully_connected(writing *w, const tsr_node *node) {
    uint32_t in[3];
    const uint32_t count = operands(w, node, in, as_it_is, as_it_is);
    attributes a = no_attributes(w);
    add_int(&a, "transB", 1);
    result(w, node, "Gemm", count, in, &a, as_it_is);
}

static void write_matmul(writing *w, const tsr_node *node) {
    uint32_t in[3];
    operands(w, node, in, as_it_is, as_it_is);
    result(w, node, "MatMul", 2, in, NULL, as_it_is);
}

// Operands meet in the layout of the first computed one of full rank; one of lower rank wants them all as they are.
static const int64_t *common_layout(const writing *w, const tsr_node *node, int64_t perm[TSR_MAX_RANK]) {
    const uint32_t rank = tensor(w, node->outputs[0])->rank;
    bool found = false, plain = false;
    memcpy(perm, as_it_is, sizeof as_it_is);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (is_constant(w, node->inputs[i]))
            continue;
        plain |= tensor(w, node->inputs[i])->rank < rank;
        if (!found)
            memcpy(perm, view_of(w, node->inputs[i]).perm, rank * sizeof *perm);
        found = true;
    }
    if (plain)
        memcpy(perm, as_it_is, sizeof as_it_is);
    return perm;
}

static void broadcast(writing *w, const tsr_node *node, const char *op, const attributes *a) {
    int64_t perm[TSR_MAX_RANK];
    common_layout(w, node, perm);
    const uint32_t rank = tensor(w, node->outputs[0])->rank;
    const bool plain = memcmp(perm, as_it_is, rank * sizeof *perm) == 0;
    uint32_t *in = TSR_NEW_ARRAY(written_arena(w), uint32_t, node->input_count);
    for (uint32_t i = 0; i < node->input_count; i++)
        in[i] = value_in(w, node->inputs[i], plain ? tensor(w, node->inputs[i])->rank : rank, perm);
    result(w, node, op, node->input_count, in, a, perm);
}

static void write_binary(writing *w, const tsr_node *node) { broadcast(w, node, tsr_op_name(node->op), NULL); }

static void write_concat(writing *w, const tsr_node *node) {
    int64_t perm[TSR_MAX_RANK];
    attributes a = no_attributes(w);
    add_int(&a, "axis", common_layout(w, node, perm)[node->attr.axis]);
    broadcast(w, node, "Concat", &a);
}

static void write_unary(writing *w, const tsr_node *node) { // of the same name in the graph
    const view x = input_view(w, node->inputs[0]);
    result(w, node, tsr_op_name(node->op), 1, &x.value, NULL, x.perm);
}

static void write_leaky_relu(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    attributes a = no_attributes(w);
    add_float(&a, "alpha", node->attr.alpha);
    result(w, node, "LeakyRelu", 1, &x.value, &a, x.perm);
}

static void write_clip(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    define(w, node->outputs[0], add_clip(w, node, x.value, output_name(w, node)), x.perm);
}

static void write_cast(writing *w, const tsr_node *node) {
    static const int64_t types[TSR_DTYPE_COUNT] = {
        [TSR_I8] = 3,  [TSR_U8] = 2,   [TSR_I16] = 5, [TSR_U16] = 4,  [TSR_I32] = 6, [TSR_U32] = 12,
        [TSR_I64] = 7, [TSR_U64] = 13, [TSR_F32] = 1, [TSR_F64] = 11, [TSR_BOOL] = 9}; // TensorProto.DataType
    const view x = input_view(w, node->inputs[0]);
    attributes a = no_attributes(w);
    add_int(&a, "to", types[tensor(w, node->outputs[0])->dtype]);
    result(w, node, "Cast", 1, &x.value, &a, x.perm);
}

static void write_pool(writing *w, const tsr_node *node) {
    const tsr_attr *attr = &node->attr;
    const tsr_tensor *x = tensor(w, node->inputs[0]);
    const bool average = node->op == TSR_OP_AVERAGE_POOL;
    const bool padded = attr->pad_top != 0 || attr->pad_left != 0 || attr->pad_bottom != 0 || attr->pad_right != 0;
    const uint32_t in = value_in(w, node->inputs[0], 4, as_picture);
    if (!padded && attr->kernel[0] == x->shape[1] && attr->kernel[1] == x->shape[2]) {
        result(w, node, average ? "GlobalAveragePool" : "GlobalMaxPool", 1, &in, NULL, as_picture);
        return;
    }
    attributes a = no_attributes(w);
    add_window(&a, attr, attr->dilation[0] != 1 || attr->dilation[1] != 1);
    if (average && attr->count_include_pad)
        add_int(&a, "count_include_pad", 1);
    if (attr->ceil_mode)
        add_int(&a, "ceil_mode", 1);
    result(w, node, average ? "AveragePool" : "MaxPool", 1, &in, &a, as_picture);
}

static void write_mean(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    const uint32_t rank = tensor(w, node->inputs[0])->rank;
    int64_t axes[TSR_MAX_RANK], perm[TSR_MAX_RANK];
    bool gone[TSR_MAX_RANK] = {false}; // extents of the value
    for (uint32_t i = 0; i < node->attr.axis_count; i++)
        gone[axes[i] = x.perm[node->attr.axes[i]]] = true;
    for (uint32_t i = 0, k = 0; i < rank; i++) {
        if (node->attr.keep_dims) {
            perm[i] = x.perm[i];
        } else if (!gone[x.perm[i]]) {
            perm[k] = 0; // how many extents of the value are left in front of this one
            for (int64_t d = 0; d < x.perm[i]; d++)
                perm[k] += !gone[d];
            k++;
        }
    }
    attributes a = no_attributes(w);
    add_ints(&a, "axes", node->attr.axis_count, axes);
    add_int(&a, "keepdims", node->attr.keep_dims);
    result(w, node, "ReduceMean", 1, &x.value, &a, perm);
}

static void write_pad(writing *w, const tsr_node *node) {
    static const char *const modes[] = {[TSR_PAD_VALUE] = "constant", [TSR_PAD_EDGE] = "edge", [TSR_PAD_REFLECT] = "reflect"};
    const view x = input_view(w, node->inputs[0]);
    const uint32_t rank = tensor(w, node->inputs[0])->rank;
    int64_t pads[2 * TSR_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) {
        pads[x.perm[i]] = node->attr.pads_begin[i];
        pads[rank + x.perm[i]] = node->attr.pads_end[i];
    }
    const uint32_t in[3] = {x.value, integers(w, output_name(w, node), "pads", 2 * rank, pads),
                            scalar(w, output_name(w, node), "value", (float)node->attr.pad_value)};
    attributes a = no_attributes(w);
    a.list[a.count++] = (tsr_onnx_attribute){.name = "mode", .kind = TSR_ONNX_STRING, .s = modes[node->attr.pad_mode]};
    result(w, node, "Pad", node->attr.pad_mode == TSR_PAD_VALUE ? 3 : 2, in, &a, x.perm);
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

static void write_reshape(writing *w, const tsr_node *node) {
    const tsr_tensor *x = tensor(w, node->inputs[0]), *y = tensor(w, node->outputs[0]);
    const view v = input_view(w, node->inputs[0]);
    uint32_t in[2] = {same_order(x, v.perm) ? v.value : value_in(w, node->inputs[0], x->rank, as_it_is)};
    if (y->rank == 2 && x->rank > 0 && y->shape[0] == x->shape[0]) {
        result(w, node, "Flatten", 1, in, NULL, as_it_is);
        return;
    }
    in[1] = integers(w, output_name(w, node), "shape", y->rank, y->shape);
    result(w, node, "Reshape", 2, in, NULL, as_it_is);
}

static void write_transpose(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    int64_t perm[TSR_MAX_RANK];
    for (uint32_t i = 0; i < tensor(w, node->inputs[0])->rank; i++)
        perm[i] = x.perm[node->attr.perm[i]];
    define(w, node->outputs[0], x.value, perm);
}

static void write_identity(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    define(w, node->outputs[0], x.value, x.perm);
}

// Over all dimensions from an axis on, as one: what Softmax was before opset 13.
static void flat_softmax(writing *w, const tsr_node *node, uint32_t x) {
    const tsr_tensor *y = tensor(w, node->outputs[0]);
    const char *name = output_name(w, node);
    attributes flat = no_attributes(w), last = no_attributes(w);
    add_int(&flat, "axis", node->attr.flatten_axis);
    add_int(&last, "axis", -1);
    x = add_value(w, "Flatten", tsr_arena_printf(written_arena(w), "%s_flat", name), 1, &x, flat.list);
    x = add_value(w, "Softmax", tsr_arena_printf(written_arena(w), "%s_flat", name), 1, &x, last.list);
    const uint32_t in[2] = {x, integers(w, name, "shape", y->rank, y->shape)};
    result(w, node, "Reshape", 2, in, NULL, as_it_is);
}

static void write_softmax(writing *w, const tsr_node *node) {
    const char *name = output_name(w, node);
    const bool flat = node->attr.flatten_axis >= 0;
    view x = input_view(w, node->inputs[0]);
    if (flat)
        x.value = value_in(w, node->inputs[0], tensor(w, node->inputs[0])->rank, as_it_is);
    if (node->attr.beta != 1) {
        const uint32_t in[2] = {x.value, scalar(w, name, "beta", node->attr.beta)};
        x.value = add_value(w, "Mul", tsr_arena_printf(written_arena(w), "%s_scaled", name), 2, in, NULL);
    }
    if (flat) {
        flat_softmax(w, node, x.value);
        return;
    }
    attributes a = no_attributes(w);
    add_int(&a, "axis", x.perm[node->attr.axis]);
    result(w, node, "Softmax", 1, &x.value, &a, x.perm);
}

static void write_quantize(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
    uint32_t in[3] = {x.value};
    quant_constants(w, node->outputs[0], &in[1], &in[2]);
    result(w, node, "QuantizeLinear", 3, in, NULL, x.perm);
}

uint32_t write_dequantize(writing *w, tsr_id id, uint32_t from, int64_t axis) {
    const tsr_id integers_id = written_graph(w)->nodes[tsr_graph_producer(written_graph(w), id)].inputs[0];
    uint32_t in[3] = {from};
    quant_constants(w, integers_id, &in[1], &in[2]);
    attributes a = no_attributes(w);
    if (tensor(w, integers_id)->quant.count > 1)
        add_int(&a, "axis", axis);
    return add_value(w, "DequantizeLinear", tensor(w, id)->name, in[2] != NO_VALUE ? 3 : 2, in, a.list);
}

static void write_dequantize_node(writing *w, const tsr_node *node) {
    const view x = input_view(w, node->inputs[0]);
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
    {TSR_OP_ADD, write_binary, 13},
    {TSR_OP_SUB, write_binary, 13},
    {TSR_OP_MUL, write_binary, 13},
    {TSR_OP_DIV, write_binary, 13},
    {TSR_OP_MIN, write_binary, 13},
    {TSR_OP_MAX, write_binary, 13},
    {TSR_OP_CLIP, write_clip, 13},
    {TSR_OP_SIGMOID, write_unary, 13},
    {TSR_OP_TANH, write_unary, 13},
    {TSR_OP_EXP, write_unary, 13},
    {TSR_OP_NEG, write_unary, 13},
    {TSR_OP_LEAKY_RELU, write_leaky_relu, 6},
    {TSR_OP_MAX_POOL, write_pool, 12},
    {TSR_OP_AVERAGE_POOL, write_pool, 11},
    {TSR_OP_MEAN, write_mean, 13},
    {TSR_OP_PAD, write_pad, 13},
    {TSR_OP_CONCAT, write_concat, 13},
    {TSR_OP_RESHAPE, write_reshape, 13},
    {TSR_OP_TRANSPOSE, write_transpose, 13},
    {TSR_OP_SOFTMAX, write_softmax, 13},
    {TSR_OP_QUANTIZE, write_quantize, 13},
    {TSR_OP_DEQUANTIZE, write_dequantize_node, 13},
    {TSR_OP_CAST, write_cast, 13},
    {TSR_OP_IDENTITY, write_identity, 13},
};

write_handler *handler_of(const tsr_node *node, int64_t *out_opset) {
    *out_opset = 0;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].op == node->op) {
            *out_opset = handlers[i].opset;
            // AveragePool knows dilations since 19.
            if (node->op == TSR_OP_AVERAGE_POOL && (node->attr.dilation[0] != 1 || node->attr.dilation[1] != 1))
                *out_opset = 19;
            return handlers[i].write;
        }
    return NULL;
}
