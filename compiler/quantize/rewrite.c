// SPDX-License-Identifier: Apache-2.0
// The quantised twin of a graph: an integer node reads DequantizeLinear(...) and its result goes through QuantizeLinear and
// DequantizeLinear; a float node is repeated as it is. The twin stands behind the float graph's own nodes, so that one run
// gives both results; quantised_graph() leaves it alone.
#include <math.h>
#include <string.h>

#include "quantizer.h"

typedef struct rewriting {
    tsr_quantizer *q;
    tsr_graph *to;
    bool apart;
    tsr_id *value;     // a tensor of the float graph: its value for the nodes behind it
    tsr_id *quantised; // the same from DequantizeLinear; TSR_NO_ID: not made yet
} rewriting;

static const char *named(const rewriting *r, tsr_id t, const char *suffix) {
    return tsr_arena_printf(r->to->arena, "%s%s", r->q->graph->tensors[t].name, suffix);
}

static tsr_id add_node(const rewriting *r, tsr_op op, tsr_id in, tsr_id out) {
    return tsr_graph_add_node(r->to, op, r->to->tensors[out].name, 1, &in, 1, &out);
}

static tsr_id dequantised(const rewriting *r, tsr_id integers, const char *name) {
    const tsr_tensor from = r->to->tensors[integers];
    const tsr_id real = tsr_graph_add_tensor(r->to, name, TSR_F32, from.rank, from.shape);
    add_node(r, TSR_OP_DEQUANTIZE, integers, real);
    return real;
}

// DequantizeLinear(QuantizeLinear(from)) with the scale of tensor t.
static tsr_id through_integers(const rewriting *r, tsr_id t, tsr_id from) {
    const tensor_state *state = &r->q->tensors[t];
    const tsr_tensor x = r->to->tensors[from];
    const tsr_id integers = tsr_graph_add_tensor(r->to, named(r, t, "_q"), activation_type(r->q), x.rank, x.shape);
    tsr_graph_set_quant(r->to, integers, 1, 0, &state->scale, &state->zero_point);
    add_node(r, TSR_OP_QUANTIZE, from, integers);
    return dequantised(r, integers, named(r, t, "_dq"));
}

// A constant operand as integers.
static tsr_id quantised_constant(const rewriting *r, tsr_id t) {
    const tensor_state *state = &r->q->tensors[t];
    const tsr_tensor x = r->q->graph->tensors[t];
    const uint64_t elements = tsr_tensor_elements(&x);
    const int32_t low = activation_type(r->q) == TSR_U8 ? 0 : -128;
    uint8_t *data = TSR_NEW_ARRAY(r->to->arena, uint8_t, elements);
    for (uint64_t i = 0; i < elements; i++) {
        const double q = nearbyint((double)((const float *)x.data)[i] / (double)state->scale) + state->zero_point;
        data[i] = (uint8_t)(int32_t)fmin(fmax(q, low), low + 255);
    }
    const tsr_id integers = tsr_graph_add_tensor(r->to, named(r, t, "_q"), activation_type(r->q), x.rank, x.shape);
    r->to->tensors[integers].data = data;
    tsr_graph_set_quant(r->to, integers, 1, 0, &state->scale, &state->zero_point);
    return dequantised(r, integers, named(r, t, "_dq"));
}

static tsr_id quantised_value(const rewriting *r, tsr_id t) {
    if (r->quantised[t] == TSR_NO_ID)
        r->quantised[t] = r->q->graph->tensors[t].data != NULL ? quantised_constant(r, t) : through_integers(r, t, r->value[t]);
    return r->quantised[t];
}

static void add_weights(const rewriting *r, const tsr_node *node, tsr_id in[3]) {
    const tsr_tensor *w = &r->q->graph->tensors[node->inputs[1]];
    const integer_weights made = quantise_weights(r->q, node, r->to->arena);
    int32_t *zero = TSR_NEW_ARRAY(r->to->arena, int32_t, made.scales);
    tsr_id id = tsr_graph_add_tensor(r->to, named(r, node->inputs[1], "_q"), TSR_I8, w->rank, w->shape);
    r->to->tensors[id].data = made.weights;
    tsr_graph_set_quant(r->to, id, made.scales, 0, made.scale, zero);
    in[1] = dequantised(r, id, named(r, node->inputs[1], "_dq"));
    in[2] = TSR_NO_ID;
    if (made.bias == NULL)
        return;
    const char *name = tsr_arena_printf(r->to->arena, "%s_bias", node->name);
    id = tsr_graph_add_tensor(r->to, tsr_arena_printf(r->to->arena, "%s_q", name), TSR_I32, 1, w->shape);
    r->to->tensors[id].data = made.bias;
    tsr_graph_set_quant(r->to, id, made.scales, 0, made.bias_scale, zero);
    in[2] = dequantised(r, id, tsr_arena_printf(r->to->arena, "%s_dq", name));
}

// The node again, on other inputs; its result is named after the original's.
static tsr_id repeat(const rewriting *r, const tsr_node *node, uint32_t count, const tsr_id *in, uint32_t *out_node) {
    tsr_id *out = TSR_NEW_ARRAY(r->to->arena, tsr_id, node->output_count);
    for (uint32_t i = 0; i < node->output_count; i++) {
        const tsr_id id = node->outputs[i];
        out[i] = id;
        if (id == TSR_NO_ID)
            continue;
        const tsr_tensor y = r->to->tensors[id];
        out[i] = tsr_graph_add_tensor(r->to, y.name, y.dtype, y.rank, y.shape);
    }
    *out_node = tsr_graph_add_node(r->to, node->op, node->name, count, in, node->output_count, out);
    r->to->nodes[*out_node].attr = node->attr;
    return out[0];
}

// Transposes mostly vanish in the file: no rounding of their own, so that what stays next to each other can be one operator.
static void add_transpose(rewriting *r, const tsr_node *node) {
    const tsr_id in = quantised_value(r, node->inputs[0]);
    uint32_t added;
    const tsr_id result = repeat(r, node, 1, &in, &added);
    r->q->twin_of[node->outputs[0]] = result;
    if (!r->apart)
        r->value[node->outputs[0]] = r->quantised[node->outputs[0]] = result;
}

static void add_integer(rewriting *r, const tsr_node *node) {
    if (node->op == TSR_OP_TRANSPOSE) {
        add_transpose(r, node);
        return;
    }
    const bool weighted = has_weights(node);
    tsr_id *in = TSR_NEW_ARRAY(r->to->arena, tsr_id, node->input_count + 3);
    for (uint32_t i = 0; i < node->input_count; i++)
        in[i] = i < activations_of(node) ? quantised_value(r, node->inputs[i]) : node->inputs[i];
    if (weighted)
        add_weights(r, node, in);
    uint32_t added;
    const uint32_t count = !weighted ? node->input_count : in[2] != TSR_NO_ID ? 3 : 2;
    const tsr_id result = through_integers(r, node->outputs[0], repeat(r, node, count, in, &added));
    r->q->twin_of[node->outputs[0]] = result;
    if (!r->apart)
        r->value[node->outputs[0]] = r->quantised[node->outputs[0]] = result;
}

static void add_real(rewriting *r, const tsr_node *node) {
    if (r->apart)
        return;
    tsr_id *in = TSR_NEW_ARRAY(r->to->arena, tsr_id, node->input_count);
    for (uint32_t i = 0; i < node->input_count; i++)
        in[i] = node->inputs[i] != TSR_NO_ID ? r->value[node->inputs[i]] : TSR_NO_ID;
    uint32_t added;
    repeat(r, node, node->input_count, in, &added);
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != TSR_NO_ID)
            r->value[node->outputs[i]] = r->q->twin_of[node->outputs[i]] = r->to->nodes[added].outputs[i];
}

void rewrite(tsr_quantizer *q, bool apart) {
    tsr_graph_free(q->twin);
    q->twin = tsr_graph_clone(q->graph);
    const uint32_t tensors = q->graph->tensor_count;
    rewriting r = {q, q->twin, apart, TSR_NEW_ARRAY(q->twin->arena, tsr_id, tensors),
                   TSR_NEW_ARRAY(q->twin->arena, tsr_id, tensors)};
    q->twin_of = TSR_NEW_ARRAY(q->twin->arena, tsr_id, tensors);
    for (tsr_id t = 0; t < tensors; t++) {
        r.value[t] = t;
        r.quantised[t] = q->twin_of[t] = TSR_NO_ID;
    }
    for (uint32_t n = 0; n < q->graph->node_count; n++) {
        if (q->integer[n])
            add_integer(&r, &q->graph->nodes[n]);
        else
            add_real(&r, &q->graph->nodes[n]);
    }
}

tsr_graph *quantised_graph(const tsr_quantizer *q) {
    tsr_graph *graph = tsr_graph_clone(q->twin);
    for (uint32_t i = 0; i < graph->output_count; i++) {
        const char *name = graph->tensors[graph->outputs[i]].name;
        if (q->twin_of[graph->outputs[i]] != TSR_NO_ID)
            graph->outputs[i] = q->twin_of[graph->outputs[i]];
        graph->tensors[graph->outputs[i]].name = name;
    }
    tsr_graph_sweep(graph);
    return graph;
}
