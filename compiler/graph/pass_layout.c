// SPDX-License-Identifier: Apache-2.0
// layout: pictures channel last. Convolutions and pools of channel-first models come wrapped in Transposes; operators that
// do not care for the layout and stand next to such a Transpose are turned to channels last, and the Transposes between two
// turned operators cancel.
//   requires  matmul (for Flatten), fold
//   breaks    nothing; leaves constants behind Transposes only where folding refuses them
//   before    a = Transpose(x, NCHW->NHWC); b = Conv(a); c = Transpose(b, NHWC->NCHW); d = Clip(c);
//             e = Transpose(d, NCHW->NHWC); Conv(e)
//   after     a = Transpose(x, NCHW->NHWC); b = Conv(a); d = Clip(b); Conv(d)
// Each turn wraps one node in Transposes of its own, at most once a node, which is why this ends:
//   P(x...) = Transpose(P'(Transpose(x)...)), P' with its axes renamed.
// Operators of one operand first go in front of a Reshape that they alone read, so that Reshapes (of one-dimensional windows,
// of Flatten) do not stand between a Transpose and its partner.
// Afterwards Flatten into a FullyConnected takes the channel-last picture and the weights' columns move instead, and
// Transposes that only move extents of 1 become Reshapes.
#include "pass.h"

#include <string.h>

static const int64_t to_nhwc[4] = {0, 2, 3, 1}, to_nchw[4] = {0, 3, 1, 2};
static const int64_t nhwc_axis_of[4] = {0, 3, 1, 2}; // where a channel-first axis goes

static bool is_transpose(const tsr_graph *graph, const tsr_node *node, const int64_t perm[4]) {
    return node != NULL && node->op == TSR_OP_TRANSPOSE && pass_output(graph, node)->rank == 4 &&
           memcmp(node->attr.perm, perm, 4 * sizeof *perm) == 0;
}

// A Mean without keep_dims can be turned when what it leaves stays in order.
static bool mean_keeps_order(const tsr_node *node) {
    bool reduced[4] = {false};
    for (uint32_t i = 0; i < node->attr.axis_count; i++)
        reduced[node->attr.axes[i]] = true;
    return reduced[1] || (reduced[2] && reduced[3]);
}

static bool can_turn(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *x = pass_input(graph, node, 0), *y = pass_output(graph, node);
    if (node->output_count != 1 || x == NULL)
        return false;
    if (tsr_op_is_unary(node->op) || node->op == TSR_OP_CAST || node->op == TSR_OP_IDENTITY)
        return x->rank == 4;
    if (tsr_op_is_binary(node->op))
        return y->rank == 4 && x->quant.count <= 1 && pass_input(graph, node, 1)->quant.count <= 1;
    switch (node->op) {
    case TSR_OP_MEAN:
    case TSR_OP_REDUCE_SUM:
    case TSR_OP_REDUCE_PROD:
    case TSR_OP_REDUCE_MAX:
    case TSR_OP_REDUCE_MIN: return x->rank == 4 && (node->attr.keep_dims || mean_keeps_order(node));
    case TSR_OP_SOFTMAX: return x->rank == 4 && node->attr.flatten_axis < 0;
    case TSR_OP_GATHER: return x->rank == 4 && y->rank == 4 && node->attr.batch_dims == 0 && x->quant.count <= 1;
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE:
    case TSR_OP_SLICE:
    case TSR_OP_RESAMPLE:
    case TSR_OP_PAD:
    case TSR_OP_CONCAT: return x->rank == 4;
    default: return false;
    }
}

static bool wants_turn(const tsr_graph *graph, const tsr_node *node) {
    for (uint32_t i = 0; i < pass_data_inputs(node); i++)
        if (is_transpose(graph, pass_producer(graph, node->inputs[i]), to_nchw))
            return true;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].dead && graph->nodes[n].inputs[0] == node->outputs[0] &&
            is_transpose(graph, &graph->nodes[n], to_nhwc))
            return true;
    return false;
}

static tsr_id turned_tensor(tsr_graph *graph, tsr_id id, const char *suffix) {
    const tsr_tensor t = graph->tensors[id];
    int64_t shape[4];
    for (uint32_t i = 0; i < 4; i++)
        shape[i] = t.shape[to_nhwc[i]];
    tsr_id turned = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.%s", t.name, suffix), t.dtype, 4, shape);
    tsr_graph_set_quant(graph, turned, t.quant.count, t.quant.count > 1 ? (int32_t)nhwc_axis_of[t.quant.axis] : t.quant.axis,
                        t.quant.scale, t.quant.zero_point);
    return turned;
}

// A lower rank operand of a broadcasting operator, with extents of 1 in front.
static tsr_id with_rank_4(tsr_graph *graph, tsr_id x, const char *name) {
    const tsr_tensor t = graph->tensors[x];
    int64_t shape[4] = {1, 1, 1, 1};
    if (t.rank == 4)
        return x;
    memcpy(shape + 4 - t.rank, t.shape, t.rank * sizeof *shape);
    if (t.data != NULL)
        return pass_reshaped_const(graph, x, 4, shape);
    tsr_id wide = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.rank4", t.name), t.dtype, 4, shape);
    tsr_graph_set_quant(graph, wide, t.quant.count == 1, 0, t.quant.scale, t.quant.zero_point);
    pass_add_node(graph, TSR_OP_RESHAPE, name, "rank4", x, wide);
    return wide;
}

// The channel-last twin of a channel-first tensor: found, computed or transposed.
static tsr_id turned_input(tsr_graph *graph, tsr_id x, const char *name) {
    x = with_rank_4(graph, x, name);
    if (graph->tensors[x].data != NULL) {
        tsr_id constant = pass_transposed_const(graph, x, to_nhwc);
        if (constant != TSR_NO_ID)
            return constant;
    }
    const tsr_node *producer = pass_producer(graph, x);
    if (is_transpose(graph, producer, to_nchw))
        return producer->inputs[0];
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].dead && graph->nodes[n].inputs[0] == x && is_transpose(graph, &graph->nodes[n], to_nhwc) &&
            !pass_is_graph_output(graph, graph->nodes[n].outputs[0]))
            return graph->nodes[n].outputs[0];
    tsr_id turned = turned_tensor(graph, x, "nhwc");
    tsr_id transpose = pass_add_node(graph, TSR_OP_TRANSPOSE, name, "to_nhwc", x, turned);
    memcpy(graph->nodes[transpose].attr.perm, to_nhwc, sizeof to_nhwc);
    return turned;
}

static void turn_axes(tsr_node *node) {
    tsr_attr *attr = &node->attr;
    const tsr_attr old = *attr;
    for (uint32_t i = 0; i < 4; i++) {
        attr->pads_begin[i] = old.pads_begin[to_nhwc[i]];
        attr->pads_end[i] = old.pads_end[to_nhwc[i]];
        attr->starts[i] = old.starts[to_nhwc[i]];
        attr->steps[i] = old.steps[to_nhwc[i]];
        attr->extents[i] = old.extents[to_nhwc[i]];
    }
    for (uint32_t i = 0; i < attr->axis_count; i++)
        attr->axes[i] = nhwc_axis_of[old.axes[i]];
    if (node->op == TSR_OP_CONCAT || node->op == TSR_OP_SOFTMAX || node->op == TSR_OP_GATHER || node->op == TSR_OP_RESAMPLE)
        attr->axis = nhwc_axis_of[old.axis];
}

// Reads of y through a Transpose to channels last become reads of what stands there already.
static void cancel_after(tsr_graph *graph, tsr_id y, const tsr_node *maker) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (!node->dead && node->inputs[0] == y && is_transpose(graph, node, to_nhwc))
            pass_replace_by(graph, node, maker->outputs[0]);
    }
}

static void turn(tsr_graph *graph, tsr_id n) {
    const char *name = graph->nodes[n].name;
    for (uint32_t i = 0; i < pass_data_inputs(&graph->nodes[n]); i++) {
        tsr_id turned = turned_input(graph, graph->nodes[n].inputs[i], name);
        graph->nodes[n].inputs[i] = turned;
    }
    turn_axes(&graph->nodes[n]);
    const tsr_id y = graph->nodes[n].outputs[0];
    if (graph->tensors[y].rank != 4)
        return; // a Mean that drops the picture's dimensions
    tsr_id turned = turned_tensor(graph, y, "nhwc");
    graph->nodes[n].outputs[0] = turned;
    cancel_after(graph, y, &graph->nodes[n]);
    if (tsr_graph_uses(graph, y) == 0)
        return;
    tsr_id transpose = pass_add_node(graph, TSR_OP_TRANSPOSE, name, "to_nchw", graph->nodes[n].outputs[0], y);
    memcpy(graph->nodes[transpose].attr.perm, to_nchw, sizeof to_nchw);
}

// Down the graph and up again in turn: a Transpose travels as far as it can in one sweep.
static void turn_all(tsr_graph *graph, bool *turned, uint32_t count) {
    bool changed = true;
    for (bool down = true, again = true; changed || again; down = !down) {
        again = changed;
        changed = false;
        for (uint32_t i = 0; i < count; i++) {
            const tsr_id n = down ? i : count - 1 - i;
            if (!turned[n] && !graph->nodes[n].dead && can_turn(graph, &graph->nodes[n]) && wants_turn(graph, &graph->nodes[n])) {
                turn(graph, n);
                turned[n] = changed = true;
            }
        }
    }
}

// ---- Transpose, Reshape (Flatten), FullyConnected
// The constant behind a weight operand, through a DequantizeLinear; TSR_NO_ID when there is none.
static tsr_id constant_weights(const tsr_graph *graph, tsr_id w) {
    const tsr_node *dequantize = pass_producer_of(graph, w, TSR_OP_DEQUANTIZE);
    tsr_id id = dequantize != NULL ? dequantize->inputs[0] : w;
    return graph->tensors[id].data != NULL ? id : TSR_NO_ID;
}

static bool only_feeds_fully_connected(const tsr_graph *graph, tsr_id x) {
    bool any = false;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count && !graph->nodes[n].dead; i++) {
            const tsr_node *node = &graph->nodes[n];
            if (node->inputs[i] != x)
                continue;
            if (node->op != TSR_OP_FULLY_CONNECTED || i != 0)
                return false;
            tsr_id w = constant_weights(graph, node->inputs[1]);
            if (w == TSR_NO_ID || (graph->tensors[w].quant.count > 1 && graph->tensors[w].quant.axis != 0))
                return false;
            any = true;
        }
    return any && !pass_is_graph_output(graph, x);
}

// Columns numbered as the transposed picture's elements, renumbered as the picture's own.
static tsr_id permuted_columns(tsr_graph *graph, tsr_id w, const tsr_tensor *transposed, const int64_t *perm) {
    const int64_t outputs = graph->tensors[w].shape[0], columns = graph->tensors[w].shape[1];
    int64_t split[TSR_MAX_RANK], back[TSR_MAX_RANK];
    split[0] = outputs;
    for (uint32_t i = 1; i < transposed->rank; i++)
        split[i] = transposed->shape[i];
    for (uint32_t i = 0; i < transposed->rank; i++)
        back[perm[i]] = i;
    tsr_id wide = pass_reshaped_const(graph, w, transposed->rank, split);
    tsr_id moved = wide == TSR_NO_ID ? TSR_NO_ID : pass_transposed_const(graph, wide, back);
    return moved == TSR_NO_ID ? TSR_NO_ID : pass_reshaped_const(graph, moved, 2, (const int64_t[]){outputs, columns});
}

static bool reads(const tsr_node *node, tsr_id x) { return !node->dead && node->inputs[0] == x; }

// Constants for all readers, or false.
static bool permute_all_columns(tsr_graph *graph, tsr_id flat, const tsr_tensor *transposed, const int64_t *perm, tsr_id *out) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (reads(&graph->nodes[n], flat)) {
            out[n] = permuted_columns(graph, constant_weights(graph, graph->nodes[n].inputs[1]), transposed, perm);
            if (out[n] == TSR_NO_ID)
                return false;
        }
    return true;
}

static void flatten_channels_last(tsr_graph *graph, tsr_id n, tsr_id *columns) {
    const tsr_node reshape = graph->nodes[n];
    const tsr_id flat = reshape.outputs[0];
    const tsr_node *producer = pass_producer_of(graph, reshape.inputs[0], TSR_OP_TRANSPOSE);
    if (producer == NULL || producer->attr.perm[0] != 0 || !only_feeds_fully_connected(graph, flat))
        return;
    const tsr_node transpose = *producer;
    const tsr_tensor transposed = graph->tensors[reshape.inputs[0]];
    if (graph->tensors[flat].shape[0] != transposed.shape[0] ||
        !permute_all_columns(graph, flat, &transposed, transpose.attr.perm, columns))
        return;
    for (uint32_t c = 0, count = graph->node_count; c < count; c++) {
        if (!reads(&graph->nodes[c], flat))
            continue;
        const tsr_id w = graph->nodes[c].inputs[1];
        tsr_id moved = columns[c];
        if (graph->tensors[w].data == NULL) {
            moved = pass_tensor_like(graph, w, "columns");
            pass_add_node(graph, TSR_OP_DEQUANTIZE, graph->nodes[c].name, "columns", columns[c], moved);
        }
        graph->nodes[c].inputs[1] = moved;
    }
    graph->nodes[n].inputs[0] = transpose.inputs[0];
}

static void flatten_all(tsr_graph *graph) {
    tsr_arena *scratch = tsr_arena_create();
    const uint32_t count = graph->node_count;
    tsr_id *columns = TSR_NEW_ARRAY(scratch, tsr_id, 2 * (size_t)count); // each FullyConnected may add one node
    for (uint32_t n = 0; n < count; n++)
        if (graph->nodes[n].op == TSR_OP_RESHAPE)
            flatten_channels_last(graph, n, columns);
    tsr_arena_free(scratch);
}

// ---- Transposes that move no data
static void transpose_to_reshape(const tsr_graph *graph, tsr_node *node) {
    const tsr_tensor *x = pass_input(graph, node, 0);
    int64_t last = -1;
    if (x->quant.count > 1)
        return;
    for (uint32_t i = 0; i < x->rank; i++)
        if (x->shape[node->attr.perm[i]] != 1) {
            if (node->attr.perm[i] < last)
                return;
            last = node->attr.perm[i];
        }
    node->op = TSR_OP_RESHAPE;
}

// ---- P(Reshape(x)) = Reshape(P(x))
static bool is_elementwise(const tsr_graph *graph, const tsr_node *node) {
    if (node->op == TSR_OP_QUANTIZE)
        return pass_output(graph, node)->quant.count == 1;
    if (node->op == TSR_OP_DEQUANTIZE)
        return pass_input(graph, node, 0)->quant.count == 1;
    return tsr_op_is_unary(node->op) || node->op == TSR_OP_CAST; // IDENTITY may be a copy between quantisations
}

static void lift_over_reshape(tsr_graph *graph, tsr_id n) {
    const tsr_node node = graph->nodes[n];
    tsr_node *reshape = pass_producer_of(graph, node.inputs[0], TSR_OP_RESHAPE);
    if (!is_elementwise(graph, &node) || reshape == NULL || pass_only_reader(graph, node.inputs[0]) != &graph->nodes[n])
        return;
    const tsr_tensor x = *pass_input(graph, reshape, 0), y = *pass_output(graph, &node);
    if (x.quant.count > 1 || y.quant.count > 1)
        return;
    tsr_id lifted = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.lifted", y.name), y.dtype, x.rank, x.shape);
    pass_copy_quant(graph, lifted, node.outputs[0]);
    node.inputs[0] = reshape->inputs[0];
    reshape->inputs[0] = lifted;
    reshape->outputs[0] = node.outputs[0];
    node.outputs[0] = lifted;
}

tsr_status tsr_pass_layout(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        lift_over_reshape(graph, n);
    TSR_TRY(pass_finish(graph));
    TSR_TRY(tsr_pass_dead(graph));
    tsr_arena *scratch = tsr_arena_create();
    const uint32_t count = graph->node_count;
    turn_all(graph, TSR_NEW_ARRAY(scratch, bool, count), count);
    tsr_arena_free(scratch);
    TSR_TRY(pass_finish(graph));
    TSR_TRY(tsr_pass_dead(graph)); // pairs of Transposes in a row
    flatten_all(graph);
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].op == TSR_OP_TRANSPOSE)
            transpose_to_reshape(graph, &graph->nodes[n]);
    TSR_TRY(pass_finish(graph));
    return tsr_pass_dead(graph);
}
