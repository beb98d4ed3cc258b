// SPDX-License-Identifier: Apache-2.0
// qdq: DequantizeLinear -> operator -> QuantizeLinear becomes the operator on integers.
//   requires  matmul, layout, fuse_bias, fuse_activation, fold (weights are constants behind one DequantizeLinear)
//   breaks    rounding: integer kernels round the exact result once, float kernels on the way too
//   before    a = DequantizeLinear(x:int8); b = Conv(a, DequantizeLinear(#w:int8), DequantizeLinear(#b:int32));
//             y:int8 = QuantizeLinear(b)
//   after     y:int8 = Conv(x:int8, #w:int8, #b:int32)
// First, what only moves elements goes to the integer side of its neighbours, which is exact:
//   Move(DequantizeLinear(x)) = DequantizeLinear(Move(x));  QuantizeLinear(Move(x)) = Move(QuantizeLinear(x))
// where Move is Reshape, Transpose, MaxPool, Slice, Gather, and Concat and Pad as far as scales allow. What then is not surrounded by
// the two, or has parameters that integer kernels do not take, stays in float and gives right answers more slowly.
#include "pass.h"

#include <math.h>
#include <string.h>

// The 8-bit tensor with one scale of which x is the float form, else TSR_NO_ID.
static tsr_id integer_of(const tsr_graph *graph, tsr_id x) {
    const tsr_node *node = pass_producer_of(graph, x, TSR_OP_DEQUANTIZE);
    return node != NULL && pass_is_8bit(pass_input(graph, node, 0)) ? node->inputs[0] : TSR_NO_ID;
}

// ---- moves -------------------------------------------------------------------------------------------------------------
static bool moves_elements(const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_RESHAPE:
    case TSR_OP_TRANSPOSE:
    case TSR_OP_CONCAT:
    case TSR_OP_PAD:
    case TSR_OP_SLICE:
    case TSR_OP_GATHER:
    case TSR_OP_MAX_POOL: return true;
    default: return false;
    }
}

static void quantise_pad_value(tsr_node *node, const tsr_tensor *quantised) {
    if (node->op != TSR_OP_PAD)
        return;
    node->attr.pad_is_zero_point = node->attr.pad_value == 0;
    node->attr.pad_value = (double)pass_quantise_value(quantised, node->attr.pad_value);
}

static bool pads_with_a_step(const tsr_node *node, const tsr_tensor *quantised) {
    const double zero = quantised->quant.zero_point[0], scale = (double)quantised->quant.scale[0];
    return node->op != TSR_OP_PAD || node->attr.pad_mode != TSR_PAD_VALUE ||
           (float)(((double)pass_quantise_value(quantised, node->attr.pad_value) - zero) * scale) == (float)node->attr.pad_value;
}

// Move(DequantizeLinear(x)...): all of one scale.
static bool move_before_dequantize(tsr_graph *graph, tsr_id n) {
    const tsr_node node = graph->nodes[n];
    if (!moves_elements(&node) || !pass_is_unbounded(&node.attr) || pass_output(graph, &node)->dtype != TSR_F32)
        return false;
    const tsr_id first = integer_of(graph, node.inputs[0]);
    if (first == TSR_NO_ID || !pads_with_a_step(&node, &graph->tensors[first]))
        return false;
    for (uint32_t i = 1; i < pass_data_inputs(&node); i++) {
        tsr_id other = integer_of(graph, node.inputs[i]);
        if (other == TSR_NO_ID || !pass_same_quant(&graph->tensors[first], &graph->tensors[other]))
            return false;
    }
    const tsr_id y = node.outputs[0];
    const tsr_tensor out = graph->tensors[y];
    tsr_id moved = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.moved", out.name), graph->tensors[first].dtype,
                                        out.rank, out.shape);
    pass_copy_quant(graph, moved, first);
    quantise_pad_value(&graph->nodes[n], &graph->tensors[first]);
    for (uint32_t i = 0; i < pass_data_inputs(&node); i++)
        node.inputs[i] = integer_of(graph, node.inputs[i]);
    graph->nodes[n].outputs[0] = moved;
    pass_add_node(graph, TSR_OP_DEQUANTIZE, node.name, "dequantize", moved, y);
    return true;
}

// QuantizeLinear(Move(x)), nobody else reading the float result.
static bool move_after_quantize(tsr_graph *graph, tsr_id n) {
    const tsr_node quantize = graph->nodes[n];
    if (quantize.op != TSR_OP_QUANTIZE || !pass_is_8bit(pass_output(graph, &quantize)) ||
        pass_only_reader(graph, quantize.inputs[0]) != &graph->nodes[n])
        return false;
    tsr_node *producer = pass_producer(graph, quantize.inputs[0]);
    if (producer == NULL || !moves_elements(producer) || pass_output(graph, producer)->dtype != TSR_F32)
        return false;
    const tsr_id m = (tsr_id)(producer - graph->nodes);
    const tsr_node move = *producer;
    const tsr_tensor y = *pass_output(graph, &quantize);
    for (uint32_t i = 0; i < pass_data_inputs(&move); i++) {
        const tsr_tensor x = graph->tensors[move.inputs[i]];
        tsr_id q = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.q", x.name), y.dtype, x.rank, x.shape);
        pass_copy_quant(graph, q, quantize.outputs[0]);
        tsr_id added = pass_add_node(graph, TSR_OP_QUANTIZE, quantize.name, "before", move.inputs[i], q);
        graph->nodes[added].attr = quantize.attr;
        move.inputs[i] = q;
    }
    quantise_pad_value(&graph->nodes[m], &y);
    graph->nodes[m].outputs[0] = quantize.outputs[0];
    graph->nodes[n].dead = true;
    return true;
}

// QuantizeLinear(DequantizeLinear(x)): nothing, or integer to integer.
static bool quantize_of_dequantize(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    if (node->op != TSR_OP_QUANTIZE || !pass_is_8bit(pass_output(graph, node)))
        return false;
    tsr_id x = integer_of(graph, node->inputs[0]);
    if (x == TSR_NO_ID)
        return false;
    if (!pass_same_quant(&graph->tensors[x], pass_output(graph, node)) || !pass_replace_by(graph, node, x))
        node->inputs[0] = x;
    return true;
}

// ---- operators that compute --------------------------------------------------------------------------------------------
// An operand in the type of the result, where the operator wants one type: a change of type alone loses nothing.
static tsr_id as_type(tsr_graph *graph, const char *name, tsr_id x, tsr_dtype dtype) {
    const tsr_tensor t = graph->tensors[x];
    if (t.dtype == dtype)
        return x;
    const int32_t zero = t.quant.zero_point[0] + (dtype == TSR_I8 ? -128 : 128);
    tsr_id id = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.%s", t.name, tsr_dtype_name(dtype)), dtype, t.rank,
                                     t.shape);
    tsr_graph_set_quant(graph, id, 1, 0, t.quant.scale, &zero);
    pass_add_node(graph, TSR_OP_QUANTIZE, name, "type", x, id);
    return id;
}

static bool one_type(tsr_op op) { return op != TSR_OP_CONV && op != TSR_OP_FULLY_CONNECTED && op != TSR_OP_MATMUL; }

// Weights of Conv and FullyConnected: int8 or uint8, one scale or one an output channel with one zero point for all.
static tsr_id integer_weights(const tsr_graph *graph, tsr_id w) {
    const tsr_node *node = pass_producer_of(graph, w, TSR_OP_DEQUANTIZE);
    if (node == NULL)
        return TSR_NO_ID;
    const tsr_tensor *t = pass_input(graph, node, 0);
    if (t->data == NULL || (t->dtype != TSR_I8 && t->dtype != TSR_U8) || (t->quant.count > 1 && t->quant.axis != 0))
        return TSR_NO_ID;
    for (uint32_t i = 1; i < t->quant.count; i++)
        if (t->quant.zero_point[i] != t->quant.zero_point[0])
            return TSR_NO_ID;
    return node->inputs[0];
}

// The real value of a bias element times 1 / unit, rounded; exactly the file's integer where its scale is the unit.
static bool bias_steps(const tsr_tensor *t, int64_t c, double unit, int32_t *out) {
    double steps;
    if (t->dtype == TSR_F32) {
        steps = (double)((const float *)t->data)[c] / unit;
    } else if (t->dtype == TSR_I32 || t->dtype == TSR_I8) {
        const uint32_t s = t->quant.count > 1 ? (uint32_t)c : 0;
        const int64_t q = t->dtype == TSR_I32 ? ((const int32_t *)t->data)[c] : ((const int8_t *)t->data)[c];
        const double ratio = (double)t->quant.scale[s] / unit;
        steps = (double)(q - t->quant.zero_point[s]) * (fabs(ratio - 1) < 1e-5 ? 1 : ratio);
    } else {
        return false;
    }
    steps = nearbyint(steps);
    if (!(fabs(steps) <= 2147483647.0))
        return false;
    *out = (int32_t)steps;
    return true;
}

// An int32 bias with scale x * w from a float constant or DequantizeLinear(constant).
static tsr_id integer_bias(tsr_graph *graph, tsr_id bias, tsr_id x, tsr_id w) {
    const tsr_node *dequantize = pass_producer_of(graph, bias, TSR_OP_DEQUANTIZE);
    const tsr_tensor b = graph->tensors[dequantize != NULL ? dequantize->inputs[0] : bias];
    const tsr_quant weights = graph->tensors[w].quant;
    if (b.data == NULL)
        return TSR_NO_ID;
    const int64_t channels = b.shape[0];
    int32_t *steps = TSR_NEW_ARRAY(graph->arena, int32_t, channels), *zero = TSR_NEW_ARRAY(graph->arena, int32_t, weights.count);
    float *scale = TSR_NEW_ARRAY(graph->arena, float, weights.count);
    for (uint32_t c = 0; c < weights.count; c++) {
        scale[c] = graph->tensors[x].quant.scale[0] * weights.scale[c];
        if (!(scale[c] > 0) || !isfinite(scale[c]))
            return TSR_NO_ID;
    }
    for (int64_t c = 0; c < channels; c++) {
        const double unit = (double)graph->tensors[x].quant.scale[0] * (double)weights.scale[weights.count > 1 ? c : 0];
        if (!bias_steps(&b, c, unit, &steps[c]))
            return TSR_NO_ID;
    }
    tsr_id id = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.int32", b.name), TSR_I32, 1, &channels);
    graph->tensors[id].data = steps;
    tsr_graph_set_quant(graph, id, weights.count, 0, scale, zero);
    return id;
}

// Fills in[] with integer operands; false when one of them is not there.
static bool integer_operands(tsr_graph *graph, const tsr_node *node, tsr_dtype dtype, tsr_id in[3]) {
    const bool weighted = node->op == TSR_OP_CONV || node->op == TSR_OP_FULLY_CONNECTED;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == TSR_NO_ID)
            in[i] = TSR_NO_ID;
        else if (weighted && i == 2 ? (in[i] = integer_bias(graph, node->inputs[i], in[0], in[1])) == TSR_NO_ID
                                    : (in[i] = weighted && i == 1 ? integer_weights(graph, node->inputs[i])
                                                                  : integer_of(graph, node->inputs[i])) == TSR_NO_ID)
            return false;
    }
    for (uint32_t i = 0; i < node->input_count && one_type(node->op); i++)
        in[i] = as_type(graph, node->name, in[i], dtype);
    return true;
}

static bool has_integer_kernel(const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_CONV:
    case TSR_OP_FULLY_CONNECTED:
    case TSR_OP_MATMUL:
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_AVERAGE_POOL:
    case TSR_OP_MEAN:
    case TSR_OP_SIGMOID:
    case TSR_OP_TANH:
    case TSR_OP_ELU:
    case TSR_OP_HARD_SWISH:
    case TSR_OP_GELU:
    case TSR_OP_LEAKY_RELU:
    case TSR_OP_CLIP: return true;
    default: return false;
    }
}

// An average that counts pads becomes one of a padded picture: integer kernels know pads that are left out.
static bool counts_pads(const tsr_node *node) {
    const tsr_attr *a = &node->attr;
    return node->op == TSR_OP_AVERAGE_POOL && a->count_include_pad && a->pad_top + a->pad_left + a->pad_bottom + a->pad_right > 0;
}

static bool quantise_node(tsr_graph *graph, tsr_id n) {
    const tsr_node quantize = graph->nodes[n];
    if (quantize.op != TSR_OP_QUANTIZE || !pass_is_8bit(pass_output(graph, &quantize)) ||
        pass_only_reader(graph, quantize.inputs[0]) != &graph->nodes[n])
        return false;
    const tsr_node *producer = pass_producer(graph, quantize.inputs[0]);
    if (producer == NULL || !has_integer_kernel(producer) || pass_output(graph, producer)->dtype != TSR_F32)
        return false;
    const tsr_id p = (tsr_id)(producer - graph->nodes);
    tsr_id in[3];
    if (!integer_operands(graph, producer, pass_output(graph, &quantize)->dtype, in))
        return false;
    tsr_node *node = &graph->nodes[p];
    memcpy(node->inputs, in, node->input_count * sizeof *in);
    node->outputs[0] = quantize.outputs[0];
    graph->nodes[n].dead = true;
    if (counts_pads(node))
        pass_split_pad(graph, p);
    return true;
}

tsr_status tsr_pass_qdq(tsr_graph *graph) {
    bool (*const steps[])(tsr_graph *, tsr_id) = {move_before_dequantize, quantize_of_dequantize, move_after_quantize,
                                                  quantise_node};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        bool changed = false;
        for (tsr_id n = 0; n < graph->node_count; n++)
            if (!graph->nodes[n].dead)
                changed |= steps[s](graph, n);
        if (changed) { // from the start: a step makes room for those before it
            TSR_TRY(pass_finish(graph));
            s = (size_t)-1;
        }
    }
    return pass_finish(graph);
}
