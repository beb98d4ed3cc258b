// SPDX-License-Identifier: Apache-2.0
// fuse_activation: a Clip (Relu, Relu6) becomes part of the operator whose result it alone reads. On quantised tensors
// only when both have one scale: the operator then clamps integers where the Clip would have.
//   requires  fuse_bias (or the Clip hides the Add from it)
//   breaks    nothing
//   before    a = Conv(x, #w); y = Clip(a, 0, 6)
//   after     y = Conv(x, #w) clip=0..6
#include "pass.h"

static bool takes_activation(tsr_op op) {
    switch (op) {
    case TSR_OP_CONV:
    case TSR_OP_FULLY_CONNECTED:
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_MAX_POOL:
    case TSR_OP_AVERAGE_POOL:
    case TSR_OP_CLIP: return true;
    default: return false;
    }
}

static float clamp(float v, float lo, float hi) {
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
}

static bool is_number(const tsr_tensor *t) { return tsr_dtype_is_float(t->dtype) || t->quant.count == 1; }

// The node, perhaps behind Reshapes and Transposes, that computes what `node` clips, if nobody else looks at it.
static tsr_node *clipped(const tsr_graph *graph, const tsr_node *node) {
    const tsr_node *reader = node;
    for (;;) {
        const tsr_tensor *x = pass_input(graph, reader, 0);
        tsr_node *producer = pass_producer(graph, reader->inputs[0]);
        if (producer == NULL || pass_only_reader(graph, reader->inputs[0]) != reader || !is_number(x) ||
            !pass_same_quant(x, pass_output(graph, node)))
            return NULL;
        if (producer->op != TSR_OP_RESHAPE && producer->op != TSR_OP_TRANSPOSE)
            return takes_activation(producer->op) ? producer : NULL;
        reader = producer;
    }
}

tsr_status tsr_pass_fuse_activation(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (node->dead || node->op != TSR_OP_CLIP)
            continue;
        tsr_node *producer = clipped(graph, node);
        if (producer == NULL)
            continue;
        const float lo = node->attr.clip_lo, hi = node->attr.clip_hi;
        if (pass_replace_by(graph, node, node->inputs[0])) {
            producer->attr.clip_lo = clamp(producer->attr.clip_lo, lo, hi);
            producer->attr.clip_hi = clamp(producer->attr.clip_hi, lo, hi);
        }
    }
    return pass_finish(graph);
}
