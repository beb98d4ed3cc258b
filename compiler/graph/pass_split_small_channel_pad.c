// SPDX-License-Identifier: Apache-2.0
// split_small_channel_pad: the padding of a quantised Conv with few input channels becomes a Pad of its own. Such a Conv is
// computed from rows of kernel width times channels that lie side by side in memory, which padding on the way would cut.
//   requires  fold_pad (it would undo this one), qdq
//   breaks    nothing
//   before    y = Conv(x[1,32,32,3], #w[16,3,3,3]) pads=1,1,1,1
//   after     a = Pad(x, 0 1 1 0, 0 1 1 0, zero point); y = Conv(a) pads=0,0,0,0
#include "pass.h"

static bool gains(const tsr_graph *graph, const tsr_node *node, int64_t block_in) {
    const tsr_tensor *x = pass_input(graph, node, 0), *w = pass_input(graph, node, 1);
    const tsr_attr *a = &node->attr;
    if (!pass_is_8bit(x) || w->data == NULL || a->groups != 1 || a->kernel[0] * a->kernel[1] == 1 ||
        a->pad_top + a->pad_left + a->pad_bottom + a->pad_right == 0)
        return false;
    const int64_t taps = a->kernel[0] * a->kernel[1], channels = x->shape[3];
    const int64_t packed = (taps * channels + block_in - 1) / block_in, plain = taps * ((channels + block_in - 1) / block_in);
    return packed * 10 < plain * 8;
}

tsr_status tsr_pass_split_small_channel_pad(tsr_graph *graph, uint32_t block_in) {
    for (uint32_t n = 0, count = graph->node_count; n < count && block_in > 0; n++)
        if (!graph->nodes[n].dead && graph->nodes[n].op == TSR_OP_CONV && gains(graph, &graph->nodes[n], block_in))
            pass_split_pad(graph, n);
    return pass_finish(graph);
}
