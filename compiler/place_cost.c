// SPDX-License-Identifier: Apache-2.0
// How long a node takes on one core of a board's CPU: a Cortex-A9 at 650 MHz, beside which the default configuration sits. Rough
// on purpose: it has to tell a convolution from an addition, and is compared with the accelerator's cycles only where that can
// do the node too. Rates are per microsecond.
#include <math.h>

#include "compile.h"

static const double memory_bytes = 600; // weights are read once a run, from DRAM
static const double products = 1000, depthwise_products = 300, float_products = 300;
static const double pooled_cells = 300, rescaled_sums = 60, moved_elements = 500, other_elements = 150;

static double elements_of(const tsr_graph *graph, tsr_id id) { return (double)tsr_tensor_elements(&graph->tensors[id]); }

static double largest_operand(const tsr_graph *graph, const tsr_node *node) {
    double most = elements_of(graph, node->outputs[0]);
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != TSR_NO_ID && graph->tensors[node->inputs[i]].data == NULL)
            most = fmax(most, elements_of(graph, node->inputs[i]));
    return most;
}

static double constant_bytes(const tsr_graph *graph, const tsr_node *node) {
    double bytes = 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != TSR_NO_ID && graph->tensors[node->inputs[i]].data != NULL)
            bytes += (double)tsr_tensor_bytes(&graph->tensors[node->inputs[i]]);
    return bytes;
}

static double product_rate(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *x = &graph->tensors[node->inputs[0]];
    const bool depthwise = node->op == TSR_OP_CONV && node->attr.groups > 1 && node->attr.groups == x->shape[x->rank - 1];
    return tsr_dtype_size(x->dtype) > 1 ? float_products : depthwise ? depthwise_products : products;
}

double host_microseconds(const tsr_graph *graph, const tsr_node *node) {
    const double macs = (double)tsr_node_macs(graph, node), elements = largest_operand(graph, node);
    const tsr_attr *a = &node->attr;
    switch (node->op) {
    case TSR_OP_MAX_POOL:
    case TSR_OP_AVERAGE_POOL: return elements_of(graph, node->outputs[0]) * (double)(a->kernel[0] * a->kernel[1]) / pooled_cells;
    case TSR_OP_MEAN: return elements / pooled_cells;
    case TSR_OP_CONCAT:
    case TSR_OP_PAD: return elements / moved_elements;
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL: return elements / rescaled_sums;
    default:
        return fmax(macs / product_rate(graph, node), constant_bytes(graph, node) / memory_bytes) + elements / other_elements;
    }
}
