// SPDX-License-Identifier: Apache-2.0
// fuse_bias: what is added to each channel of a Conv or FullyConnected becomes its bias; what multiplies each channel goes
// into float weights (a BatchNormalization arrives as both).
//   requires  matmul, layout (channels last), fold
//   breaks    rounding of float results: (w * s) * x instead of (w * x) * s
//   before    a = Conv(x, #w); b = Mul(a, #s[C]); y = Add(b, #t[C])
//   after     y = Conv(x, #w * s, #t)
#include "pass.h"

static bool has_weights(const tsr_node *node) { return node->op == TSR_OP_CONV || node->op == TSR_OP_FULLY_CONNECTED; }

// The float Conv or FullyConnected whose only reader is `node`, perhaps through a Reshape that keeps the channels apart.
static tsr_node *weighted_producer(const tsr_graph *graph, const tsr_node *node, tsr_id x) {
    tsr_node *producer = pass_producer(graph, x);
    if (producer == NULL || pass_only_reader(graph, x) != node)
        return NULL;
    if (producer->op == TSR_OP_RESHAPE) {
        const tsr_tensor *in = pass_input(graph, producer, 0), *out = pass_output(graph, producer);
        if (in->rank == 0 || out->rank == 0 || in->shape[in->rank - 1] != out->shape[out->rank - 1] ||
            pass_only_reader(graph, producer->inputs[0]) != producer)
            return NULL;
        producer = pass_producer(graph, producer->inputs[0]);
    }
    if (producer == NULL || !has_weights(producer) || pass_output(graph, producer)->dtype != TSR_F32 ||
        !pass_is_unbounded(&producer->attr))
        return NULL;
    return producer;
}

static tsr_id vector(tsr_graph *graph, const char *name, const float *data, int64_t channels) {
    return tsr_graph_add_const(graph, tsr_arena_printf(graph->arena, "%s.bias", name), TSR_F32, 1, &channels, data);
}

static tsr_id bias_of(const tsr_node *node) { return node->input_count > 2 ? node->inputs[2] : TSR_NO_ID; }

// bias' = bias * scale + add, each NULL or one value a channel; false when the bias there is no constant.
static bool change_bias(tsr_graph *graph, tsr_node *node, const float *scale, const float *add, float sign) {
    const int64_t channels = pass_input(graph, node, 1)->shape[0];
    const float *old = NULL;
    if (bias_of(node) != TSR_NO_ID && (old = pass_channel_vector(graph, bias_of(node), channels)) == NULL)
        return false;
    if (old == NULL && add == NULL)
        return true;
    float *bias = TSR_NEW_ARRAY(graph->arena, float, channels);
    for (int64_t c = 0; c < channels; c++) {
        const float scaled = old == NULL ? 0.0f : scale != NULL ? old[c] * scale[c] : old[c];
        bias[c] = add != NULL ? scaled + sign * add[c] : scaled;
    }
    pass_set_bias(graph, node, vector(graph, node->name, bias, channels));
    return true;
}

static bool scale_weights(tsr_graph *graph, tsr_node *node, const float *scale) {
    const tsr_id id = node->inputs[1];
    const tsr_tensor w = graph->tensors[id];
    if (w.data == NULL || w.dtype != TSR_F32 || tsr_tensor_bytes(&w) > TSR_FOLD_LIMIT ||
        !change_bias(graph, node, scale, NULL, 1))
        return false;
    const uint64_t elements = tsr_tensor_elements(&w), each = elements / (uint64_t)w.shape[0];
    float *scaled = TSR_NEW_ARRAY(graph->arena, float, elements);
    for (uint64_t i = 0; i < elements; i++)
        scaled[i] = ((const float *)w.data)[i] * scale[i / each];
    tsr_id copy = pass_tensor_like(graph, id, "scaled");
    graph->tensors[copy].data = scaled;
    node->inputs[1] = copy;
    return true;
}

// DequantizeLinear(constant) with one value a channel, as a bias of rank 1.
static tsr_id dequantized_bias(tsr_graph *graph, const tsr_node *producer, tsr_id operand, int64_t channels) {
    const tsr_node *dequantize = pass_producer_of(graph, operand, TSR_OP_DEQUANTIZE);
    if (dequantize == NULL || bias_of(producer) != TSR_NO_ID)
        return TSR_NO_ID;
    const tsr_tensor c = graph->tensors[dequantize->inputs[0]];
    if (c.data == NULL || tsr_tensor_elements(&c) != (uint64_t)channels || (channels > 1 && c.shape[c.rank - 1] != channels))
        return TSR_NO_ID;
    tsr_id flat = pass_reshaped_const(graph, dequantize->inputs[0], 1, &channels);
    if (flat == TSR_NO_ID)
        return TSR_NO_ID;
    tsr_id real = tsr_graph_add_tensor(graph, graph->tensors[operand].name, TSR_F32, 1, &channels);
    pass_add_node(graph, TSR_OP_DEQUANTIZE, producer->name, "bias", flat, real);
    return real;
}

static bool fuse(tsr_graph *graph, tsr_id n, uint32_t side) {
    const tsr_id x = graph->nodes[n].inputs[side], operand = graph->nodes[n].inputs[1 - side];
    const tsr_op op = graph->nodes[n].op;
    tsr_node *producer = weighted_producer(graph, &graph->nodes[n], x);
    if (producer == NULL || (op == TSR_OP_SUB && side == 1) ||
        !pass_same_shape(&graph->tensors[x], pass_output(graph, &graph->nodes[n])))
        return false;
    const tsr_id p = (tsr_id)(producer - graph->nodes);
    const int64_t channels = pass_input(graph, producer, 1)->shape[0];
    const float *values = pass_channel_vector(graph, operand, channels);
    if (values == NULL) {
        tsr_id bias = op == TSR_OP_ADD ? dequantized_bias(graph, producer, operand, channels) : TSR_NO_ID;
        if (bias == TSR_NO_ID)
            return false;
        pass_set_bias(graph, &graph->nodes[p], bias);
        return true;
    }
    if (op == TSR_OP_MUL)
        return scale_weights(graph, &graph->nodes[p], values);
    return change_bias(graph, &graph->nodes[p], NULL, values, op == TSR_OP_SUB ? -1.0f : 1.0f);
}

tsr_status tsr_pass_fuse_bias(tsr_graph *graph) {
    for (uint32_t n = 0, count = graph->node_count; n < count; n++) {
        const tsr_op op = graph->nodes[n].op;
        if (graph->nodes[n].dead || (op != TSR_OP_ADD && op != TSR_OP_SUB && op != TSR_OP_MUL))
            continue;
        for (uint32_t side = 0; side < 2; side++)
            if (fuse(graph, n, side)) {
                // Hand the operator's own activation down, then let its reader have the producer's result.
                const tsr_id x = graph->nodes[n].inputs[side];
                const float lo = graph->nodes[n].attr.clip_lo, hi = graph->nodes[n].attr.clip_hi;
                if (lo == -INFINITY && hi == INFINITY) {
                    pass_replace_by(graph, &graph->nodes[n], x);
                } else {
                    graph->nodes[n].op = TSR_OP_CLIP;
                    graph->nodes[n].inputs[0] = x;
                    graph->nodes[n].input_count = 1;
                }
                break;
            }
    }
    return pass_finish(graph);
}
