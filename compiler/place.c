// SPDX-License-Identifier: Apache-2.0
// Placement: what the accelerator can do, it does; the rest is the host's.
#include <stdio.h>
#include <string.h>

#include "compile.h"

static bool is_io(const tsr_id *ids, uint32_t count, tsr_id tensor) {
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == tensor)
            return true;
    return false;
}

// A reshape moves no bytes: input and output can be one buffer, unless both belong to the user.
static bool is_view(const tsr_graph *graph, const tsr_node *node) {
    if (node->op != TSR_OP_RESHAPE && node->op != TSR_OP_IDENTITY)
        return false;
    const tsr_tensor *from = &graph->tensors[node->inputs[0]], *to = &graph->tensors[node->outputs[0]];
    return from->data == NULL && from->dtype == to->dtype && !is_io(graph->outputs, graph->output_count, node->outputs[0]) &&
           !is_io(graph->outputs, graph->output_count, node->inputs[0]);
}

tsr_status place_nodes(compilation *c) {
    c->places = TSR_NEW_ARRAY(c->arena, placement, c->graph->node_count + 1);
    for (uint32_t n = 0; n < c->graph->node_count; n++) {
        const tsr_node *node = &c->graph->nodes[n];
        placement *p = &c->places[n];
        p->skip = node->dead || is_view(c->graph, node);
        if (p->skip)
            continue;
        if (c->options->host_only)
            snprintf(p->reason, sizeof p->reason, "compiled for the CPU alone");
        else
            p->on_accelerator = tsr_accel_supports(c->graph, node, c->options->config, p->reason);
    }
    return tsr_ok();
}
