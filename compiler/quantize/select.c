// SPDX-License-Identifier: Apache-2.0
// Which nodes get integers, and which tensors must share a scale.
//
// Conv, Gemm and MatMul, which have the work, become integer wherever they can. Arithmetic on elements becomes integer between
// integers alone: not when an operand comes from a float node, and not when float nodes alone read it, so that what an
// importer or exporter wrote out as arithmetic (a normalisation, say) is not rounded at every step. What only moves
// elements follows its neighbours: integer behind an integer node, or in front of nothing but integer nodes; its input and
// output then have one scale, so that bytes move and nothing is rounded again.
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "quantizer.h"

bool is_move(const tsr_graph *graph, const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_GATHER: return graph->tensors[node->inputs[1]].data != NULL; // resizing to the nearest neighbour, too
    case TSR_OP_RESHAPE:
    case TSR_OP_TRANSPOSE:
    case TSR_OP_CONCAT: return true;
    case TSR_OP_PAD: return node->attr.pad_mode != TSR_PAD_VALUE || node->attr.pad_value == 0;
    case TSR_OP_MAX_POOL: return node->attr.clip_lo == -INFINITY && node->attr.clip_hi == INFINITY;
    default: return false;
    }
}

static bool multiplies(const tsr_graph *graph, const tsr_node *node) {
    if (has_weights(node))
        return is_real_constant(&graph->tensors[node->inputs[1]]) &&
               (node->input_count < 3 || node->inputs[2] == TSR_NO_ID || is_real_constant(&graph->tensors[node->inputs[2]]));
    return node->op == TSR_OP_MATMUL;
}

static bool is_arithmetic(const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_AVERAGE_POOL:
    case TSR_OP_MEAN:
    case TSR_OP_SIGMOID:
    case TSR_OP_TANH:
    case TSR_OP_LEAKY_RELU:
    case TSR_OP_ELU:
    case TSR_OP_HARD_SWISH:
    case TSR_OP_GELU:
    case TSR_OP_CLIP: return true;
    default: return false;
    }
}

// The first inputs, those that integers are made of as they are.
uint32_t activations_of(const tsr_node *node) { return has_weights(node) || node->op == TSR_OP_GATHER ? 1 : node->input_count; }

// Reads and writes float32 alone.
static bool is_real(const tsr_graph *graph, const tsr_node *node) {
    for (uint32_t i = 0; i < activations_of(node); i++)
        if (node->inputs[i] != TSR_NO_ID && graph->tensors[node->inputs[i]].dtype != TSR_F32)
            return false;
    return node->output_count == 1 && graph->tensors[node->outputs[0]].dtype == TSR_F32;
}

// ---- layers that stay in float -----------------------------------------------------------------------------------------

tsr_status select_kept(tsr_quantizer *q, bool *kept) {
    for (uint32_t k = 0; k < q->options.keep_count; k++) {
        bool fits = false;
        for (uint32_t n = 0; n < q->graph->node_count; n++)
            if (fnmatch(q->options.keep[k], q->graph->nodes[n].name, 0) == 0)
                fits = kept[n] = true;
        if (!fits)
            return tsr_error(TSR_INVALID_ARGUMENT,
                             "no layer is named '%.100s', to be kept in float; the report of a run without it lists the names",
                             q->options.keep[k]);
    }
    return tsr_ok();
}

// ---- integer nodes -----------------------------------------------------------------------------------------------------

static bool reads_integer(const tsr_quantizer *q, const tsr_node *node) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_id producer = tsr_graph_producer(q->graph, node->inputs[i]);
        if (producer != TSR_NO_ID && q->integer[producer])
            return true;
    }
    return false;
}

static bool is_output(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor)
            return true;
    return false;
}

// Every reader is an integer node, or none is; the model's outputs have other readers.
static bool read_alone_by(const tsr_quantizer *q, tsr_id tensor, bool integers) {
    uint32_t readers = 0;
    for (uint32_t n = 0; n < q->graph->node_count; n++)
        for (uint32_t i = 0; i < q->graph->nodes[n].input_count; i++)
            if (q->graph->nodes[n].inputs[i] == tensor) {
                readers++;
                if (q->integer[n] != integers)
                    return false;
            }
    return readers > 0 && !is_output(q->graph, tensor);
}

// Computed by a float node, perhaps with moves behind it; the model's inputs and constants are not.
static bool comes_from_float(const tsr_quantizer *q, tsr_id tensor) {
    const tsr_id producer = tsr_graph_producer(q->graph, tensor);
    if (producer == TSR_NO_ID || q->integer[producer])
        return false;
    const tsr_node *node = &q->graph->nodes[producer];
    return !is_move(q->graph, node) || comes_from_float(q, node->inputs[0]);
}

static bool reads_float(const tsr_quantizer *q, const tsr_node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != TSR_NO_ID && comes_from_float(q, node->inputs[i]))
            return true;
    return false;
}

// A picture's mean stays an integer even when a float node (Softmax) comes next: it makes much less of what is dequantised.
static bool stays(const tsr_quantizer *q, const tsr_node *node) {
    if (is_move(q->graph, node))
        return reads_integer(q, node);
    return !is_arithmetic(node) ||
           (!reads_float(q, node) && (node->op == TSR_OP_AVERAGE_POOL || !read_alone_by(q, node->outputs[0], false)));
}

static void mark_integer(tsr_quantizer *q, const bool *kept) {
    const tsr_graph *graph = q->graph;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        q->integer[n] =
            !kept[n] && is_real(graph, node) && (multiplies(graph, node) || is_arithmetic(node) || is_move(graph, node));
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t n = graph->node_count; n-- > 0;)
            if (q->integer[n] && !stays(q, &graph->nodes[n])) {
                q->integer[n] = false;
                changed = true;
            }
    }
    for (uint32_t n = graph->node_count; n-- > 0;) {
        const tsr_node *node = &graph->nodes[n];
        if (!kept[n] && is_real(graph, node) && is_move(graph, node) && read_alone_by(q, node->outputs[0], true))
            q->integer[n] = true;
    }
}

// ---- scales ------------------------------------------------------------------------------------------------------------

static tsr_id leader_of(tsr_quantizer *q, tsr_id tensor) {
    while (q->tensors[tensor].leader != tensor)
        tensor = q->tensors[tensor].leader = q->tensors[q->tensors[tensor].leader].leader;
    return tensor;
}

static void share(tsr_quantizer *q, tsr_id a, tsr_id b) {
    a = leader_of(q, a), b = leader_of(q, b);
    q->tensors[a > b ? a : b].leader = a > b ? b : a;
}

void select_integer(tsr_quantizer *q, const bool *kept) {
    const tsr_graph *graph = q->graph;
    mark_integer(q, kept);
    for (uint32_t t = 0; t < graph->tensor_count; t++) {
        q->tensors[t].quantised = q->tensors[t].follows = false;
        q->tensors[t].leader = t;
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        if (!q->integer[n])
            continue;
        const uint32_t activations = activations_of(node);
        for (uint32_t i = 0; i < activations; i++)
            q->tensors[node->inputs[i]].quantised = true;
        q->tensors[node->outputs[0]].quantised = true;
        q->tensors[node->outputs[0]].follows = is_move(graph, node);
        for (uint32_t i = 0; i < activations && is_move(graph, node); i++)
            share(q, node->outputs[0], node->inputs[i]);
    }
    for (uint32_t t = 0; t < graph->tensor_count; t++)
        q->tensors[t].leader = leader_of(q, t);
}
