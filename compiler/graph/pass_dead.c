// SPDX-License-Identifier: Apache-2.0
// dead: takes out nodes that nobody reads and nodes that do nothing.
//   requires  nothing
//   breaks    nothing
//   before    a = Identity(x); b = Transpose(a, 0 2 3 1); c = Transpose(b, 0 3 1 2); d = Reshape(c, same shape);
//             unused = Neg(x)
//   after     (d is x)
#include "pass.h"

static bool is_identity_perm(const tsr_node *node, uint32_t rank) {
    for (uint32_t i = 0; i < rank; i++)
        if (node->attr.perm[i] != i)
            return false;
    return true;
}

static bool all_forward(const tsr_node *node, uint32_t rank) {
    for (uint32_t i = 0; i < rank; i++)
        if (node->attr.steps[i] < 0)
            return false;
    return true;
}

static bool does_nothing(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *x = pass_input(graph, node, 0), *y = pass_output(graph, node);
    if (x == NULL || !pass_same_shape(x, y) || !pass_same_quant(x, y))
        return false;
    if (node->op == TSR_OP_MAX_POOL || node->op == TSR_OP_AVERAGE_POOL) // of one cell
        return node->attr.kernel[0] == 1 && node->attr.kernel[1] == 1 && pass_is_unbounded(&node->attr);
    if (node->op == TSR_OP_PAD) // by nothing: the shape is the same
        return true;
    return (node->op == TSR_OP_SLICE && all_forward(node, x->rank)) || node->op == TSR_OP_EXPAND || node->op == TSR_OP_IDENTITY ||
           node->op == TSR_OP_RESHAPE || node->op == TSR_OP_CAST ||
           (node->op == TSR_OP_TRANSPOSE && is_identity_perm(node, x->rank)) ||
           (node->op == TSR_OP_CONCAT && node->input_count == 1);
}

// Transpose of Transpose and Reshape of Reshape: the second reads what the first reads.
static bool skip_first(const tsr_graph *graph, tsr_node *node) {
    const tsr_node *first = pass_producer_of(graph, node->inputs[0], node->op);
    if (first == NULL || !pass_same_quant(pass_input(graph, first, 0), pass_output(graph, node)))
        return false;
    if (node->op == TSR_OP_TRANSPOSE)
        for (uint32_t i = 0; i < pass_output(graph, node)->rank; i++)
            node->attr.perm[i] = first->attr.perm[node->attr.perm[i]];
    node->inputs[0] = first->inputs[0];
    return true;
}

tsr_status tsr_pass_dead(tsr_graph *graph) {
    tsr_graph_sweep(graph);
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (node->dead)
            continue;
        if (node->op == TSR_OP_TRANSPOSE || node->op == TSR_OP_RESHAPE)
            while (skip_first(graph, node))
                continue;
        if (does_nothing(graph, node))
            pass_replace_by(graph, node, node->inputs[0]);
    }
    return pass_finish(graph);
}
