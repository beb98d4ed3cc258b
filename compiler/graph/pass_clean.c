// SPDX-License-Identifier: Apache-2.0
// clean: takes out of a quantised graph what changes no integer.
//   requires  qdq
//   breaks    nothing
//   before    a:int8(0.02,-128) = Conv(x) clip=0..inf; b:int8(same) = Clip(a, 0, 9); y:int8(0.04,-128) = Clip(b, 0, inf)
//   after     a:int8(0.02,-128) = Conv(x); y:int8(0.04,-128) = QuantizeLinear(a)
#include "pass.h"

#include <math.h>

// True when clipping to lo..hi leaves every value of the tensor's type alone, whichever way halves are rounded.
static bool covers_type(const tsr_tensor *t, float lo, float hi) {
    int64_t low, high;
    if (!pass_is_8bit(t))
        return false;
    pass_type_range(t->dtype, &low, &high);
    const double scale = (double)t->quant.scale[0], zero = t->quant.zero_point[0];
    return floor((double)lo / scale + 0.5) + zero <= (double)low && ceil((double)hi / scale - 0.5) + zero >= (double)high;
}

static void drop_needless_clip(tsr_graph *graph, tsr_node *node) {
    const tsr_tensor *x = pass_input(graph, node, 0), *y = pass_output(graph, node);
    if (!pass_is_8bit(y) || !covers_type(y, node->attr.clip_lo, node->attr.clip_hi))
        return;
    node->attr.clip_lo = -INFINITY;
    node->attr.clip_hi = INFINITY;
    if (node->op == TSR_OP_CLIP && pass_is_8bit(x) && (!pass_same_quant(x, y) || !pass_replace_by(graph, node, node->inputs[0])))
        node->op = TSR_OP_QUANTIZE;
}

// A change of type that loses nothing: uint8 <-> int8 of one scale.
static bool changes_type_only(const tsr_tensor *x, const tsr_tensor *y) {
    return pass_is_8bit(x) && pass_is_8bit(y) && x->dtype != y->dtype && x->quant.scale[0] == y->quant.scale[0] &&
           x->quant.zero_point[0] - y->quant.zero_point[0] == (x->dtype == TSR_U8 ? 128 : -128);
}

static void drop_needless_quantize(tsr_graph *graph, tsr_node *node) {
    const tsr_node *first = pass_producer_of(graph, node->inputs[0], TSR_OP_QUANTIZE);
    if (first != NULL && changes_type_only(pass_input(graph, first, 0), pass_output(graph, first)))
        node->inputs[0] = first->inputs[0];
    if (pass_same_quant(pass_input(graph, node, 0), pass_output(graph, node)))
        pass_replace_by(graph, node, node->inputs[0]);
}

tsr_status tsr_pass_clean(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        if (!node->dead)
            drop_needless_clip(graph, node);
        if (!node->dead && node->op == TSR_OP_QUANTIZE)
            drop_needless_quantize(graph, node);
    }
    return pass_finish(graph);
}
