// SPDX-License-Identifier: Apache-2.0
// expand_depthwise: a quantised depthwise Conv with several outputs a channel becomes a Conv of groups as wide as the accelerator
// multiplies at once, with zeros where a channel does not count.
//   requires  qdq (quantised weights that are constants)
//   breaks    more multiplications are counted than the model asks for
// Worked examples: README.md.
#include "pass.h"

#include <string.h>

// The widest group that divides the channels; all of them when they are few; 0: none that pays.
static int64_t group_width(int64_t channels, int64_t block_in) {
    for (int64_t width = block_in; width > 1; width--)
        if (channels % width == 0)
            return width;
    return channels <= 2 * block_in ? channels : 0;
}

static bool gains(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *x = pass_input(graph, node, 0), *w = pass_input(graph, node, 1);
    return pass_is_8bit(x) && w->data != NULL && (w->dtype == TSR_I8 || w->dtype == TSR_U8) && w->quant.count > 0 &&
           node->attr.groups == x->shape[3] && node->attr.groups > 1 && w->shape[0] > node->attr.groups &&
           (w->quant.count == 1 || w->quant.axis == 0);
}

static tsr_id expanded(tsr_graph *graph, tsr_id weights, int64_t channels, int64_t width) {
    const tsr_tensor w = graph->tensors[weights];
    const int64_t outputs = w.shape[0], taps = w.shape[1] * w.shape[2], multiplier = outputs / channels;
    const int64_t shape[4] = {outputs, w.shape[1], w.shape[2], width};
    if (tsr_tensor_bytes(&w) > TSR_FOLD_LIMIT / (uint64_t)width)
        return TSR_NO_ID;
    unsigned char *data = TSR_NEW_ARRAY(graph->arena, unsigned char, outputs *taps *width);
    for (int64_t o = 0; o < outputs; o++) {
        const int32_t zero = w.quant.zero_point[w.quant.count == 1 ? 0 : o];
        memset(data + o * taps * width, zero, (size_t)(taps * width));
        for (int64_t t = 0; t < taps; t++)
            data[(o * taps + t) * width + o / multiplier % width] = ((const unsigned char *)w.data)[o * taps + t];
    }
    tsr_id id = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.expanded", w.name), w.dtype, 4, shape);
    graph->tensors[id].data = data;
    pass_copy_quant(graph, id, weights);
    return id;
}

tsr_status tsr_pass_expand_depthwise(tsr_graph *graph, uint32_t block_in) {
    for (tsr_id n = 0; n < graph->node_count && block_in > 0; n++) {
        const tsr_node *node = &graph->nodes[n];
        if (node->dead || node->op != TSR_OP_CONV || !gains(graph, node))
            continue;
        const int64_t channels = node->attr.groups, width = group_width(channels, block_in);
        const tsr_id weights = width == 0 ? TSR_NO_ID : expanded(graph, node->inputs[1], channels, width);
        if (weights == TSR_NO_ID)
            continue;
        graph->nodes[n].inputs[1] = weights;
        graph->nodes[n].attr.groups = channels / width;
    }
    return pass_finish(graph);
}
