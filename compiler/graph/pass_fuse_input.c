// SPDX-License-Identifier: Apache-2.0
// fuse_input: what multiplies each input channel of a float Conv or FullyConnected goes into its weights; what is added to it, into
// the bias. (A BatchNormalization in front of a convolution arrives as both.)
//   requires  matmul, layout (channels last), fold, simplify (no Sub, no Div)
//   breaks    rounding of float results: (w * s) * x instead of w * (s * x)
// Worked examples: README.md.
#include "pass.h"

#include <string.h>

// The float ADD or MUL with one constant a channel that only `node` looks through; gives the operand that is computed.
static tsr_node *channel_operand(tsr_graph *graph, const tsr_node *node, int64_t channels, const float **out_values,
                                 tsr_id *out_x) {
    tsr_node *before = pass_producer(graph, node->inputs[0]);
    if (before == NULL || (before->op != TSR_OP_ADD && before->op != TSR_OP_MUL) || !pass_is_unbounded(&before->attr) ||
        pass_only_reader(graph, node->inputs[0]) != node)
        return NULL;
    for (uint32_t side = 0; side < 2; side++) {
        *out_x = before->inputs[1 - side];
        *out_values = pass_channel_vector(graph, before->inputs[side], channels);
        if (*out_values != NULL && pass_same_shape(&graph->tensors[*out_x], pass_output(graph, before)))
            return before;
    }
    return NULL;
}

static bool is_padded(const tsr_attr *a) {
    return a->pad_top != 0 || a->pad_left != 0 || a->pad_bottom != 0 || a->pad_right != 0;
}

// Which input channel an element of the weights [outputs, ..., reads] multiplies.
static int64_t channel_of(const tsr_tensor *w, const tsr_node *node, int64_t output, int64_t read) {
    const int64_t reads = w->shape[w->rank - 1], groups = node->op == TSR_OP_CONV ? node->attr.groups : 1;
    return output / (w->shape[0] / groups) * reads + read;
}

static tsr_id scaled_weights(tsr_graph *graph, const tsr_node *node, const float *values) {
    const tsr_tensor w = graph->tensors[node->inputs[1]];
    const uint64_t elements = tsr_tensor_elements(&w);
    const int64_t reads = w.shape[w.rank - 1], each = (int64_t)elements / w.shape[0];
    float *data = TSR_NEW_ARRAY(graph->arena, float, elements);
    for (uint64_t i = 0; i < elements; i++)
        data[i] = ((const float *)w.data)[i] * values[channel_of(&w, node, (int64_t)i / each, (int64_t)i % reads)];
    tsr_id id = pass_tensor_like(graph, node->inputs[1], "scaled");
    graph->tensors[id].data = data;
    return id;
}

// bias + sum over a window of w * values; TSR_NO_ID when the bias there is no constant.
static tsr_id moved_bias(tsr_graph *graph, const tsr_node *node, const float *values) {
    const tsr_tensor w = graph->tensors[node->inputs[1]];
    const int64_t outputs = w.shape[0], reads = w.shape[w.rank - 1], each = (int64_t)tsr_tensor_elements(&w) / outputs;
    const float *old = NULL;
    if (node->input_count > 2 && node->inputs[2] != TSR_NO_ID &&
        (old = pass_channel_vector(graph, node->inputs[2], outputs)) == NULL)
        return TSR_NO_ID;
    float *data = TSR_NEW_ARRAY(graph->arena, float, outputs);
    for (int64_t o = 0; o < outputs; o++) {
        double sum = old != NULL ? (double)old[o] : 0;
        for (int64_t i = 0; i < each; i++)
            sum += (double)((const float *)w.data)[o * each + i] * (double)values[channel_of(&w, node, o, i % reads)];
        data[o] = (float)sum;
    }
    tsr_id id = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.bias", node->name), TSR_F32, 1, &outputs);
    graph->tensors[id].data = data;
    return id;
}

static bool fuse(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    const tsr_tensor *x = pass_input(graph, node, 0), *w = pass_input(graph, node, 1);
    const float *values;
    tsr_id source;
    if (x->dtype != TSR_F32 || w->data == NULL || w->dtype != TSR_F32 || tsr_tensor_bytes(w) > TSR_FOLD_LIMIT)
        return false;
    tsr_node *before = channel_operand(graph, node, x->shape[x->rank - 1], &values, &source);
    if (before == NULL || (before->op == TSR_OP_ADD && is_padded(&node->attr))) // pads are zero after the sum, not before
        return false;
    if (before->op == TSR_OP_MUL) {
        const tsr_id weights = scaled_weights(graph, node, values);
        graph->nodes[n].inputs[1] = weights;
    } else {
        const tsr_id bias = moved_bias(graph, node, values);
        if (bias == TSR_NO_ID)
            return false;
        pass_set_bias(graph, &graph->nodes[n], bias);
    }
    graph->nodes[n].inputs[0] = source;
    before->dead = true;
    return true;
}

tsr_status tsr_pass_fuse_input(tsr_graph *graph) {
    for (tsr_id n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].dead && (graph->nodes[n].op == TSR_OP_CONV || graph->nodes[n].op == TSR_OP_FULLY_CONNECTED))
            while (fuse(graph, n))
                continue;
    return pass_finish(graph);
}
