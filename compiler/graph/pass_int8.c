// SPDX-License-Identifier: Apache-2.0
// int8: quantised activations of uint8 become int8: every integer and zero point less 128. Inputs and outputs of the
// graph keep their type behind a QuantizeLinear that only changes the type.
//   requires  tsr_quantise, whose numbers depend on the file's types in places; they are moved along here
//   breaks    node->requant of AveragePool no longer follows from its tensors (see `average_pool`)
//   before    y:uint8(0.1,130) = Conv(x:uint8(0.02,128), #w:uint8)
//   after     a:int8(0.02,0) = QuantizeLinear(x); b:int8(0.1,2) = Conv(a, #w:uint8); y = QuantizeLinear(b)
// Weights keep their type and zero point. Nodes that look at bytes rather than at numbers (IDENTITY to another
// quantisation, Cast, MatMulInteger, ...) keep theirs; between them and the others the type changes as at the borders.
#include "pass.h"

#include <string.h>

enum { MOVE = 128 };

static bool is_uint8(const tsr_tensor *t) { return t->dtype == TSR_U8 && t->quant.count == 1; }

// Operators whose meaning is in the real values, so that all their tensors can move together.
static bool is_numeric(const tsr_graph *graph, const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_NONE:
    case TSR_OP_COUNT:
    case TSR_OP_CAST:
    case TSR_OP_MATMUL_INTEGER:
    case TSR_OP_CONV_INTEGER:
    case TSR_OP_CUM_SUM:
    case TSR_OP_RESIZE_BILINEAR: // rounds uint8 in another way than int8
    case TSR_OP_DYNAMIC_QUANTIZE: return false;
    case TSR_OP_SCATTER_ND:
        if (node->attr.reduction != TSR_REDUCE_NONE)
            return false;
        break;
    case TSR_OP_IDENTITY: return pass_same_quant(pass_input(graph, node, 0), pass_output(graph, node));
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE: return true;
    default: break;
    }
    // A float or raw result of a quantised input, or one the other way: leave it alone.
    return pass_input(graph, node, 0)->quant.count == 1 && pass_output(graph, node)->quant.count == 1;
}

static bool is_weight(const tsr_node *node, uint32_t i) {
    return i > 0 && (node->op == TSR_OP_CONV || node->op == TSR_OP_FULLY_CONNECTED);
}

static tsr_rescale one_over(int64_t n, bool single_rounding) {
    tsr_rescale by = {.multiplier = 1 << 30, .lsh = 1, .single_rounding = single_rounding};
    if (n == 1)
        return by;
    by.lsh = 0;
    while ((INT64_C(1) << by.rsh) < n)
        by.rsh++;
    by.rsh--;
    by.multiplier = (int32_t)(((INT64_C(1) << (31 + by.rsh)) + n - 1) / n);
    return by;
}

// Of one scale on both sides, the average of uint8 is the mean of the stored bytes, halves up. The int8 kernel rounds halves
// away from zero, which is not the same 128 steps lower: so average bytes + 128 by a multiplication with 1 / n, just
// above, and one rounding, which is exact for sums below 2^31.
static void average_pool(tsr_graph *graph, tsr_node *node) {
    tsr_requant *r = &node->requant;
    const tsr_attr *a = &node->attr;
    const int64_t window = a->kernel[0] * a->kernel[1];
    if (r->channels != 0 || window > 65536)
        return;
    const bool whole = a->pad_top == 0 && a->pad_left == 0 && a->pad_bottom == 0 && a->pad_right == 0 && !a->ceil_mode;
    r->out_zero_point -= r->in_zero_point[0]; // both moved already: the difference, from -128
    r->out_zero_point -= MOVE;
    r->in_zero_point[0] = -MOVE;
    r->channels = whole ? 1 : (uint32_t)window;
    r->out = TSR_NEW_ARRAY(graph->arena, tsr_rescale, r->channels);
    for (uint32_t i = 0; i < r->channels; i++)
        r->out[i] = one_over(whole ? window : (int64_t)i + 1, true);
}

static void move_requant(tsr_graph *graph, tsr_node *node, bool first, bool second, bool result) {
    tsr_requant *r = &node->requant;
    r->in_zero_point[0] -= first ? MOVE : 0;
    r->in_zero_point[1] -= second ? MOVE : 0;
    r->out_zero_point -= result ? MOVE : 0;
    r->lo -= result ? MOVE : 0;
    r->hi -= result ? MOVE : 0;
    if (node->op == TSR_OP_AVERAGE_POOL && r->valid && first)
        average_pool(graph, node);
}

static tsr_id make_twin(tsr_graph *graph, tsr_id id) {
    const tsr_tensor t = graph->tensors[id];
    const int32_t zero = t.quant.zero_point[0] - MOVE;
    tsr_id twin = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.int8", t.name), TSR_I8, t.rank, t.shape);
    tsr_graph_set_quant(graph, twin, 1, 0, t.quant.scale, &zero);
    if (t.data == NULL)
        return twin;
    const uint64_t bytes = tsr_tensor_bytes(&t);
    unsigned char *data = tsr_arena_alloc(graph->arena, (size_t)bytes);
    for (uint64_t i = 0; i < bytes; i++)
        data[i] = ((const unsigned char *)t.data)[i] ^ 0x80;
    graph->tensors[twin].data = data;
    return twin;
}

static tsr_id twin_of(tsr_graph *graph, tsr_id id, tsr_id *twins) {
    if (twins[id] == TSR_NO_ID)
        twins[id] = make_twin(graph, id);
    return twins[id];
}

// QuantizeLinear and DequantizeLinear take uint8 at the border as it is.
static bool stays(const tsr_graph *graph, const tsr_node *node, tsr_id id, bool is_output) {
    if (node->op != TSR_OP_QUANTIZE && node->op != TSR_OP_DEQUANTIZE)
        return false;
    if (is_output)
        return pass_is_graph_output(graph, id);
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == id)
            return true;
    return false;
}

static void move_node(tsr_graph *graph, tsr_id n, tsr_id *twins) {
    bool moved[2] = {false, false}, result = false;
    for (uint32_t i = 0; i < graph->nodes[n].input_count; i++) {
        const tsr_id id = graph->nodes[n].inputs[i];
        if (id == TSR_NO_ID || is_weight(&graph->nodes[n], i) || !is_uint8(&graph->tensors[id]) ||
            stays(graph, &graph->nodes[n], id, false))
            continue;
        tsr_id twin = twin_of(graph, id, twins);
        graph->nodes[n].inputs[i] = twin;
        if (i < 2)
            moved[i] = true;
    }
    const tsr_id y = graph->nodes[n].outputs[0];
    if (is_uint8(&graph->tensors[y]) && !stays(graph, &graph->nodes[n], y, true)) {
        tsr_id twin = twin_of(graph, y, twins);
        graph->nodes[n].outputs[0] = twin;
        result = true;
        if (graph->nodes[n].op == TSR_OP_PAD)
            graph->nodes[n].attr.pad_value -= MOVE;
    }
    move_requant(graph, &graph->nodes[n], moved[0], moved[1], result);
}

static void add_type_change(tsr_graph *graph, tsr_id from, tsr_id to) {
    tsr_id n = pass_add_node(graph, TSR_OP_QUANTIZE, graph->tensors[from].name, "type", from, to);
    const tsr_tensor *x = &graph->tensors[from], *y = &graph->tensors[to];
    tsr_requant *r = &graph->nodes[n].requant;
    int64_t low, high;
    pass_type_range(y->dtype, &low, &high);
    *r = (tsr_requant){.valid = true,
                       .channels = 1,
                       .in_zero_point = {x->quant.zero_point[0], 0},
                       .out_zero_point = y->quant.zero_point[0],
                       .lo = (int32_t)low,
                       .hi = (int32_t)high};
    r->out = TSR_NEW(graph->arena, tsr_rescale);
    *r->out = one_over(1, !graph->channels_last);
}

static bool is_read(const tsr_graph *graph, tsr_id id) { return tsr_graph_uses(graph, id) > 0; }

tsr_status tsr_pass_int8(tsr_graph *graph) {
    tsr_arena *scratch = tsr_arena_create();
    const uint32_t nodes = graph->node_count, tensors = graph->tensor_count;
    tsr_id *twins = TSR_NEW_ARRAY(scratch, tsr_id, tensors);
    for (uint32_t t = 0; t < tensors; t++)
        twins[t] = TSR_NO_ID;
    for (tsr_id n = 0; n < nodes; n++)
        if (!graph->nodes[n].dead && is_numeric(graph, &graph->nodes[n]))
            move_node(graph, n, twins);
    for (tsr_id t = 0; t < tensors; t++) {
        if (twins[t] == TSR_NO_ID || graph->tensors[t].data != NULL)
            continue;
        if (pass_producer(graph, twins[t]) == NULL)
            add_type_change(graph, t, twins[t]);
        else if (is_read(graph, t))
            add_type_change(graph, twins[t], t);
    }
    tsr_arena_free(scratch);
    return pass_finish(graph);
}
