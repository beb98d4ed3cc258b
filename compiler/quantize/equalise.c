// SPDX-License-Identifier: Apache-2.0
// Cross-layer equalisation: between two weighted layers of which the first feeds the second alone, through nothing or a Relu,
//   W2 relu(W1 x + b1) = (W2 S) relu(S^-1 W1 x + S^-1 b1)   for any positive diagonal S.
// With s = sqrt(r1 / r2), r1 the range of a channel's weights in W1 and r2 that of the same channel in W2, both ranges become
// sqrt(r1 r2): no channel is drowned by a larger one (Nagel et al. 2019, section 4.1). Chains settle in a few rounds.
#include <math.h>
#include <string.h>

#include "quantizer.h"

enum { MOST_ROUNDS = 20 };

// Weights as [out][inner][in], in = input channels of one group.
typedef struct weights {
    float *data, *bias; // bias NULL: none
    int64_t out, inner, in, groups;
} weights;

static weights weights_of(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *w = &graph->tensors[node->inputs[1]];
    const bool conv = node->op == TSR_OP_CONV, biased = node->input_count > 2 && node->inputs[2] != TSR_NO_ID;
    return (weights){(float *)(uintptr_t)w->data,
                     biased ? (float *)(uintptr_t)graph->tensors[node->inputs[2]].data : NULL,
                     w->shape[0],
                     conv ? w->shape[1] * w->shape[2] : 1,
                     w->shape[w->rank - 1],
                     conv ? node->attr.groups : 1};
}

static double out_range(const weights *w, int64_t channel) {
    double range = 0;
    for (int64_t i = 0; i < w->inner * w->in; i++)
        range = fmax(range, fabs((double)w->data[channel * w->inner * w->in + i]));
    return range;
}

// Calls for each weight that reads input channel `c`: its range, and then its scaling.
static double in_range(const weights *w, int64_t c, double factor) {
    const int64_t per_group = w->out / w->groups, group = c / w->in;
    double range = 0;
    for (int64_t o = group * per_group; o < (group + 1) * per_group; o++)
        for (int64_t i = 0; i < w->inner; i++) {
            float *at = &w->data[(o * w->inner + i) * w->in + c % w->in];
            *at = (float)((double)*at * factor);
            range = fmax(range, fabs((double)*at));
        }
    return range;
}

// How far the largest channel factor was from 1.
static double equalise_pair(const weights *first, const weights *second) {
    double change = 0;
    for (int64_t c = 0; c < first->out; c++) {
        const double r1 = out_range(first, c), r2 = in_range(second, c, 1);
        const double s = sqrt(r1 / r2);
        if (!(r1 > 0) || !(r2 > 0) || !(s > 1e-6) || !(s < 1e6))
            continue;
        for (int64_t i = 0; i < first->inner * first->in; i++) {
            float *at = &first->data[c * first->inner * first->in + i];
            *at = (float)((double)*at / s);
        }
        if (first->bias != NULL)
            first->bias[c] = (float)((double)first->bias[c] / s);
        in_range(second, c, s);
        change = fmax(change, fabs(log(s)));
    }
    return change;
}

static bool is_weighted(const tsr_graph *graph, const tsr_node *node) {
    return has_weights(node) && is_real_constant(&graph->tensors[node->inputs[1]]) &&
           (node->input_count < 3 || node->inputs[2] == TSR_NO_ID || is_real_constant(&graph->tensors[node->inputs[2]]));
}

// The node that may be equalised with those behind it, and that one.
static tsr_id partner(const tsr_graph *graph, const tsr_node *node) {
    const tsr_id y = node->outputs[0];
    const bool scales = node->attr.clip_hi == INFINITY && (node->attr.clip_lo == 0 || node->attr.clip_lo == -INFINITY);
    if (!is_weighted(graph, node) || !scales || tsr_graph_uses(graph, y) != 1)
        return TSR_NO_ID;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].input_count > 0 && graph->nodes[n].inputs[0] == y && is_weighted(graph, &graph->nodes[n]) &&
            graph->nodes[n].attr.pad_value == 0)
            return n;
    return TSR_NO_ID;
}

// A constant of the node's own, which may be written.
static void own_constant(tsr_graph *graph, tsr_node *node, uint32_t input) {
    if (node->input_count <= input || node->inputs[input] == TSR_NO_ID)
        return;
    const tsr_tensor t = graph->tensors[node->inputs[input]];
    node->inputs[input] = tsr_graph_add_const(graph, t.name, t.dtype, t.rank, t.shape, t.data);
}

uint32_t equalise(tsr_graph *graph) {
    tsr_id *second = TSR_NEW_ARRAY(graph->arena, tsr_id, graph->node_count);
    bool *involved = TSR_NEW_ARRAY(graph->arena, bool, graph->node_count);
    uint32_t pairs = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        second[n] = partner(graph, &graph->nodes[n]);
        if (second[n] == TSR_NO_ID)
            continue;
        involved[n] = involved[second[n]] = true;
        pairs++;
    }
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 1; i < 3 && involved[n]; i++)
            own_constant(graph, &graph->nodes[n], i);
    double change = 1;
    for (int round = 0; round < MOST_ROUNDS && change > 1e-3; round++) {
        change = 0;
        for (uint32_t n = 0; n < graph->node_count; n++) {
            if (second[n] == TSR_NO_ID)
                continue;
            const weights a = weights_of(graph, &graph->nodes[n]), b = weights_of(graph, &graph->nodes[second[n]]);
            change = fmax(change, equalise_pair(&a, &b));
        }
    }
    return pairs;
}
