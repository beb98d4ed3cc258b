// SPDX-License-Identifier: Apache-2.0
// The work area: a tensor lives from the node that makes it to the last that reads it, and two that are never alive
// together may share memory. Largest first, each at the lowest place where it fits (greedy by size).
#include <stdlib.h>
#include <string.h>

#include "compile.h"

// Rows of a tile may be written as whole bus words with strobes, so neighbours may touch; the alignment is for host vectors.
enum { ALIGNMENT = 64 };

typedef struct interval {
    tsr_id tensor; // the one whose memory it is
    int64_t first, last; // nodes
    uint64_t bytes, offset;
} interval;

static int by_size(const void *a, const void *b) {
    const interval *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->tensor < y->tensor ? -1 : 1; // the same input gives the same plan
}

static uint64_t lowest_fit(const interval *placed, uint32_t count, const interval *it) {
    uint64_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < count; i++) {
            const interval *p = &placed[i];
            bool together = p->first <= it->last && it->first <= p->last;
            if (together && p->offset < offset + it->bytes && offset < p->offset + p->bytes) {
                offset = p->offset + p->bytes;
                moved = true;
            }
        }
    }
    return offset;
}

tsr_status plan_memory(compilation *c) {
    const tsr_graph *g = c->graph;
    tsr_id *root = TSR_NEW_ARRAY(c->arena, tsr_id, g->tensor_count + 1); // whose memory a tensor uses
    interval *live = TSR_NEW_ARRAY(c->arena, interval, g->tensor_count + 1);
    for (uint32_t t = 0; t < g->tensor_count; t++) {
        root[t] = t;
        live[t] = (interval){t, INT64_MAX, -1, (tsr_tensor_bytes(&g->tensors[t]) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, 0};
    }
    for (uint32_t n = 0; n < g->node_count; n++)
        if (c->places[n].skip && !g->nodes[n].dead)
            root[g->nodes[n].outputs[0]] = root[g->nodes[n].inputs[0]];
#define USED(tensor, when)                                                                                                       \
    do {                                                                                                                         \
        interval *used_ = &live[root[tensor]];                                                                                   \
        if ((when) < used_->first)                                                                                               \
            used_->first = (when);                                                                                               \
        if ((when) > used_->last)                                                                                                \
            used_->last = (when);                                                                                                \
    } while (0)
    for (uint32_t n = 0; n < g->node_count; n++) {
        const tsr_node *node = &g->nodes[n];
        if (node->dead)
            continue;
        for (uint32_t i = 0; i < node->input_count; i++)
            if (node->inputs[i] != TSR_NO_ID)
                USED(node->inputs[i], (int64_t)n);
        for (uint32_t i = 0; i < node->output_count; i++)
            if (node->outputs[i] != TSR_NO_ID)
                USED(node->outputs[i], (int64_t)n);
    }
    for (uint32_t i = 0; i < g->input_count; i++)
        USED(g->inputs[i], (int64_t)-1);
    for (uint32_t i = 0; i < g->output_count; i++)
        USED(g->outputs[i], (int64_t)g->node_count);

    uint32_t count = 0;
    interval *sorted = TSR_NEW_ARRAY(c->arena, interval, g->tensor_count + 1);
    for (uint32_t t = 0; t < g->tensor_count; t++)
        if (g->tensors[t].data == NULL && root[t] == t && live[t].last >= live[t].first)
            sorted[count++] = live[t];
    qsort(sorted, count, sizeof *sorted, by_size);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i].offset = lowest_fit(sorted, i, &sorted[i]);
        live[sorted[i].tensor].offset = sorted[i].offset;
        if (sorted[i].offset + sorted[i].bytes > c->work_bytes)
            c->work_bytes = sorted[i].offset + sorted[i].bytes;
    }
    if (c->work_bytes > TSR_PROGRAM_MAX_WORK)
        return tsr_error(TSR_UNSUPPORTED, "the activations need %llu MiB at a time; a segment holds %llu MiB",
                         (unsigned long long)(c->work_bytes >> 20), (unsigned long long)(TSR_PROGRAM_MAX_WORK >> 20));
    c->buffers = TSR_NEW_ARRAY(c->arena, tsr_tbuffer *, g->tensor_count + 1);
    for (uint32_t t = 0; t < g->tensor_count; t++) {
        const tsr_tensor *tensor = &g->tensors[t];
        c->buffers[t] = tsr_tbuffer_create(c->arena, tensor->name, tensor->data != NULL ? TSR_SCOPE_CONST : TSR_SCOPE_WORK,
                                           tensor->dtype, tsr_tensor_elements(tensor));
        c->buffers[t]->data = tensor->data;
        c->buffers[t]->offset = tensor->data != NULL ? 0 : live[root[t]].offset;
    }
    return tsr_ok();
}
