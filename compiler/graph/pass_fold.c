// SPDX-License-Identifier: Apache-2.0
// fold: computes what depends on constants only.
//   requires  nothing
//   breaks    nothing. DequantizeLinear of a constant stays, for the pass qdq to see; Transposes and Reshapes of it move
//             into the constant. fold_dequantize computes the rest, once qdq has taken what it wants.
//   before    w = DequantizeLinear(#q); v = Transpose(w);    s = Add(#a, #b)
//   after     v = DequantizeLinear(#q transposed);           #s
#include "pass.h"

static bool all_constant(const tsr_graph *graph, const tsr_node *node) {
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != TSR_NO_ID && graph->tensors[node->inputs[i]].data == NULL)
            return false;
    for (uint32_t i = 0; i < node->output_count; i++)
        if (pass_is_graph_output(graph, node->outputs[i]))
            return false;
    return true;
}

static void move_into_constant(tsr_graph *graph, tsr_node *node) {
    const tsr_node *dequantize = pass_producer_of(graph, node->inputs[0], TSR_OP_DEQUANTIZE);
    if (dequantize == NULL || graph->tensors[dequantize->inputs[0]].data == NULL)
        return;
    const tsr_tensor y = *pass_output(graph, node);
    tsr_id moved = node->op == TSR_OP_TRANSPOSE ? pass_transposed_const(graph, dequantize->inputs[0], node->attr.perm)
                                                : pass_reshaped_const(graph, dequantize->inputs[0], y.rank, y.shape);
    if (moved == TSR_NO_ID)
        return;
    node->op = TSR_OP_DEQUANTIZE;
    node->inputs[0] = moved;
}

tsr_status tsr_pass_fold(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (node->dead || node->op == TSR_OP_DEQUANTIZE)
            continue;
        if (all_constant(graph, node))
            node->dead = tsr_graph_evaluate(graph, node);
        else if (node->op == TSR_OP_TRANSPOSE || node->op == TSR_OP_RESHAPE)
            move_into_constant(graph, node);
    }
    return pass_finish(graph);
}

tsr_status tsr_pass_fold_dequantize(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (!node->dead && all_constant(graph, node))
            node->dead = tsr_graph_evaluate(graph, node);
    }
    return pass_finish(graph);
}
