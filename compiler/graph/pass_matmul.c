// SPDX-License-Identifier: Apache-2.0
// matmul: a MatMul with a constant right side becomes a FullyConnected, whose weights lie output by output.
//   requires  fold (the constant, or DequantizeLinear of one, stands right before the node)
//   breaks    adds Reshapes around operands of rank other than 2
//   before    y = MatMul(x[2,5,40], #w[40,24])
//   after     a = Reshape(x, [10,40]); b = FullyConnected(a, #w transposed[24,40]); y = Reshape(b, [2,5,24])
#include "pass.h"

#include <string.h>

// [K,N] out of [1,..,1,K,N] as the FullyConnected's [N,K]; TSR_NO_ID when it is no constant.
static tsr_id weights_of(tsr_graph *graph, tsr_id w, const char *name) {
    const tsr_node *dequantize = pass_producer_of(graph, w, TSR_OP_DEQUANTIZE);
    const tsr_id constant = dequantize != NULL ? dequantize->inputs[0] : w;
    const tsr_tensor c = graph->tensors[constant];
    const uint32_t lead = c.rank - 2;
    if (c.data == NULL)
        return TSR_NO_ID;
    for (uint32_t i = 0; i < lead; i++)
        if (c.shape[i] != 1)
            return TSR_NO_ID;
    tsr_id flat = lead == 0 ? constant : pass_reshaped_const(graph, constant, 2, c.shape + lead);
    tsr_id turned = flat == TSR_NO_ID ? TSR_NO_ID : pass_transposed_const(graph, flat, (const int64_t[]){1, 0});
    if (turned == TSR_NO_ID || dequantize == NULL)
        return turned;
    tsr_id real = tsr_graph_add_tensor(graph, graph->tensors[w].name, graph->tensors[w].dtype, 2, graph->tensors[turned].shape);
    pass_add_node(graph, TSR_OP_DEQUANTIZE, name, "weights", turned, real);
    return real;
}

static void rewrite(tsr_graph *graph, tsr_id n) {
    const char *name = graph->nodes[n].name;
    const tsr_id x = graph->nodes[n].inputs[0], y = graph->nodes[n].outputs[0];
    const tsr_tensor a = graph->tensors[x], b = graph->tensors[graph->nodes[n].inputs[1]], out = graph->tensors[y];
    if (a.quant.count > 0 || b.rank > a.rank)
        return;
    tsr_id w = weights_of(graph, graph->nodes[n].inputs[1], name);
    if (w == TSR_NO_ID)
        return;
    graph->nodes[n].op = TSR_OP_FULLY_CONNECTED;
    graph->nodes[n].inputs[1] = w;
    if (a.rank == 2)
        return;
    const int64_t k = a.shape[a.rank - 1], rows = (int64_t)(tsr_tensor_elements(&a) / (uint64_t)k);
    tsr_id flat_in = tsr_graph_add_tensor(graph, a.name, a.dtype, 2, (const int64_t[]){rows, k});
    tsr_id flat_out = tsr_graph_add_tensor(graph, out.name, out.dtype, 2, (const int64_t[]){rows, out.shape[out.rank - 1]});
    pass_add_node(graph, TSR_OP_RESHAPE, name, "rows", x, flat_in);
    pass_add_node(graph, TSR_OP_RESHAPE, name, "back", flat_out, y);
    graph->nodes[n].inputs[0] = flat_in;
    graph->nodes[n].outputs[0] = flat_out;
}

tsr_status tsr_pass_matmul(tsr_graph *graph) {
    const uint32_t count = graph->node_count;
    for (uint32_t n = 0; n < count; n++)
        if (!graph->nodes[n].dead && graph->nodes[n].op == TSR_OP_MATMUL)
            rewrite(graph, n);
    return pass_finish(graph);
}
