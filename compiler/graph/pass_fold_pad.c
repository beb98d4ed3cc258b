// SPDX-License-Identifier: Apache-2.0
// fold_pad: an explicit Pad of height and width in front of a single Conv becomes the Conv's own padding, when it pads with
// what Conv pads with: 0, or the zero point.
//   requires  layout, qdq
//   breaks    nothing
//   before    a = Pad(x, 0 1 1 0, 0 1 1 0, zero point); y = Conv(a) pads=0,0,0,0
//   after     y = Conv(x) pads=1,1,1,1
#include "pass.h"

static bool pads_picture_with_zero(const tsr_graph *graph, const tsr_node *pad) {
    const tsr_tensor *x = pass_input(graph, pad, 0), *y = pass_output(graph, pad);
    const tsr_attr *attr = &pad->attr;
    if (attr->pad_mode != TSR_PAD_VALUE || x->rank != 4 || !pass_same_quant(x, y) || x->quant.count > 1 ||
        attr->pads_begin[0] != 0 || attr->pads_end[0] != 0 || attr->pads_begin[3] != 0 || attr->pads_end[3] != 0)
        return false;
    if (x->quant.count == 1)
        return attr->pad_is_zero_point || attr->pad_value == x->quant.zero_point[0];
    return attr->pad_value == 0;
}

tsr_status tsr_pass_fold_pad(tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        tsr_node *conv = &graph->nodes[n];
        const tsr_node *pad = pass_producer_of(graph, conv->inputs[0], TSR_OP_PAD);
        if (conv->dead || conv->op != TSR_OP_CONV || pad == NULL || pass_only_reader(graph, conv->inputs[0]) != conv ||
            !pads_picture_with_zero(graph, pad))
            continue;
        conv->attr.pad_top += pad->attr.pads_begin[1];
        conv->attr.pad_left += pad->attr.pads_begin[2];
        conv->attr.pad_bottom += pad->attr.pads_end[1];
        conv->attr.pad_right += pad->attr.pads_end[2];
        conv->inputs[0] = pad->inputs[0];
    }
    return pass_finish(graph);
}
