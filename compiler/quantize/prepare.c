// SPDX-License-Identifier: Apache-2.0
// The float graph as the quantiser wants it: few layers, biases and activations inside of them, and matrices behind pictures
// with their columns in the order of the ONNX file, channels first.
#include <string.h>

#include "quantizer.h"
#include "tsr/passes.h"

static tsr_status refuse_quantised(const tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != TSR_NO_ID && graph->tensors[node->outputs[i]].quant.count > 0)
                return tsr_error(TSR_UNSUPPORTED,
                                 "node '%s' (%s): its result is quantised: the model is quantised already; compile it as it is, "
                                 "or give the float model",
                                 node->name, tsr_op_name(node->op));
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != TSR_NO_ID && graph->tensors[node->inputs[i]].quant.count > 0)
                return tsr_error(TSR_UNSUPPORTED,
                                 "node '%s' (%s): reads quantised values: the model is quantised already; compile it as it is, "
                                 "or give the float model",
                                 node->name, tsr_op_name(node->op));
    }
    return tsr_ok();
}

static tsr_id only_reader(const tsr_graph *graph, tsr_id tensor) {
    tsr_id reader = TSR_NO_ID;
    if (tsr_graph_uses(graph, tensor) != 1)
        return TSR_NO_ID;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == tensor)
                reader = n;
    return reader;
}

// [O, H*W*C] -> [O, C*H*W]
static tsr_id channels_first(tsr_graph *graph, tsr_id weights, const int64_t *picture) {
    const tsr_tensor w = graph->tensors[weights];
    const int64_t plane = picture[1] * picture[2], channels = picture[3];
    float *data = TSR_NEW_ARRAY(graph->arena, float, tsr_tensor_elements(&w));
    const float *from = w.data;
    for (int64_t o = 0; o < w.shape[0]; o++)
        for (int64_t p = 0; p < plane; p++)
            for (int64_t c = 0; c < channels; c++)
                data[(o * channels + c) * plane + p] = from[(o * plane + p) * channels + c];
    const tsr_id id = tsr_graph_add_tensor(graph, w.name, TSR_F32, w.rank, w.shape);
    graph->tensors[id].data = data;
    return id;
}

// A Reshape between the two layouts of pictures with one channel or one pixel: a Transpose, which costs nothing in the file.
static void turn_reshape(tsr_graph *graph, tsr_node *node) {
    static const int64_t layouts[2][4] = {{0, 2, 3, 1}, {0, 3, 1, 2}};
    const tsr_tensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    if (node->op != TSR_OP_RESHAPE || x->rank != 4 || y->rank != 4 || memcmp(x->shape, y->shape, sizeof(int64_t[4])) == 0)
        return;
    for (int l = 0; l < 2; l++) {
        const int64_t channels = x->shape[l == 0 ? 1 : 3];
        bool same = channels == 1 || tsr_tensor_elements(x) == (uint64_t)(x->shape[0] * channels);
        for (int i = 0; i < 4; i++)
            same = same && y->shape[i] == x->shape[layouts[l][i]];
        if (!same)
            continue;
        node->op = TSR_OP_TRANSPOSE;
        memcpy(node->attr.perm, layouts[l], sizeof layouts[l]);
        return;
    }
}

// FullyConnected(Reshape(picture)): the channel-first picture is flattened, as ONNX does it, and the columns move.
static bool turn_flatten(tsr_graph *graph, uint32_t n) {
    static const int64_t to_nchw[4] = {0, 3, 1, 2};
    const tsr_node reshape = graph->nodes[n];
    if (reshape.op != TSR_OP_RESHAPE)
        return false;
    const tsr_tensor x = graph->tensors[reshape.inputs[0]];
    const tsr_id reader = only_reader(graph, reshape.outputs[0]);
    if (x.rank != 4 || x.shape[1] * x.shape[2] == 1 || x.shape[3] == 1 || reader == TSR_NO_ID)
        return false;
    tsr_node *dense = &graph->nodes[reader];
    const tsr_tensor *w = &graph->tensors[dense->inputs[1]];
    if (dense->op != TSR_OP_FULLY_CONNECTED || dense->inputs[0] != reshape.outputs[0] || !is_real_constant(w) ||
        w->shape[1] != x.shape[1] * x.shape[2] * x.shape[3])
        return false;
    dense->inputs[1] = channels_first(graph, dense->inputs[1], x.shape);
    const int64_t shape[4] = {x.shape[0], x.shape[3], x.shape[1], x.shape[2]};
    const tsr_id turned = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s_nchw", x.name), x.dtype, 4, shape);
    const tsr_id added = tsr_graph_add_node(graph, TSR_OP_TRANSPOSE, tsr_arena_printf(graph->arena, "%s_nchw", reshape.name), 1,
                                            &reshape.inputs[0], 1, &turned);
    memcpy(graph->nodes[added].attr.perm, to_nchw, sizeof to_nchw);
    graph->nodes[n].inputs[0] = turned;
    const tsr_node transpose = graph->nodes[added]; // before the Reshape
    memmove(&graph->nodes[n + 1], &graph->nodes[n], (graph->node_count - 1 - n) * sizeof transpose);
    graph->nodes[n] = transpose;
    return true;
}

tsr_status prepare_graph(tsr_graph *graph) {
    TSR_TRY(refuse_quantised(graph));
    TSR_TRY(tsr_passes_real(graph, NULL, NULL));
    TSR_TRY(tsr_pass_fold_pad(graph));
    TSR_TRY(tsr_pass_dead(graph));
    tsr_graph_sweep(graph);
    for (uint32_t n = 0; n < graph->node_count; n++)
        n += turn_flatten(graph, n);
    for (uint32_t n = 0; n < graph->node_count; n++)
        turn_reshape(graph, &graph->nodes[n]);
    return tsr_graph_verify(graph);
}
