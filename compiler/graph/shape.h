// SPDX-License-Identifier: Apache-2.0
// What the files with shape rules share.
#ifndef TSR_GRAPH_SHAPE_H
#define TSR_GRAPH_SHAPE_H

#include "tsr/graph.h"

typedef struct infer {
    const tsr_graph *graph;
    const tsr_node *node;
    uint32_t *rank;
    int64_t *shape;
} infer;

static inline tsr_status shape_wrong(const char *rule) { return tsr_error(TSR_CORRUPT, "%s", rule); }
static inline const tsr_tensor *shape_input(const infer *f, uint32_t index) {
    if (index >= f->node->input_count || f->node->inputs[index] == TSR_NO_ID)
        return NULL;
    return &f->graph->tensors[f->node->inputs[index]];
}
void shape_set(const infer *f, uint32_t rank, const int64_t *shape);

// shape_index.c
tsr_status shape_reduce(const infer *f);
tsr_status shape_arg(const infer *f);
tsr_status shape_slice(const infer *f);
tsr_status shape_expand(const infer *f);
tsr_status shape_resize(const infer *f);
tsr_status shape_gather(const infer *f);
tsr_status shape_gather_nd(const infer *f);
tsr_status shape_scatter_nd(const infer *f);
tsr_status shape_cum_sum(const infer *f);

// shape_nn.c
tsr_status shape_normalize(const infer *f);
tsr_status shape_resample(const infer *f);
tsr_status shape_top_k(const infer *f);
tsr_status shape_recurrent(const infer *f);
tsr_status shape_non_max_suppression(const infer *f);

#endif
