// SPDX-License-Identifier: Apache-2.0
// The work area: a tensor lives from the node that makes it to the last that reads it, and two that are never alive
// together may share memory. What is computed element by element takes the memory of an operand that ends there. Largest first, each at the lowest place where it fits (greedy by size).
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

typedef struct planner {
    const tsr_graph *graph;
    const compilation *c;
    tsr_id *shares; // whose memory a tensor uses: itself, or another, which may share in turn
    interval *live;
} planner;

static tsr_id root(const planner *p, tsr_id tensor) {
    while (p->shares[tensor] != tensor)
        tensor = p->shares[tensor];
    return tensor;
}

static void used(planner *p, tsr_id tensor, int64_t when) {
    interval *it = &p->live[root(p, tensor)];
    it->first = when < it->first ? when : it->first;
    it->last = when > it->last ? when : it->last;
}

// A convolution whose tiles finish an Add: its own result has no memory.
static bool is_fused_first(const planner *p, tsr_id n) { return p->c->places[n].fused != TSR_NO_ID && p->c->places[n].fused > n; }
static bool is_between(const planner *p, tsr_id tensor, tsr_id n) {
    const tsr_id first = p->c->places[n].fused;
    return first != TSR_NO_ID && first < n && p->graph->nodes[first].outputs[0] == tensor;
}
// In place of a tensor whose halo other tiles still read nothing may be written.
static bool feeds_fused(const planner *p, tsr_id memory, tsr_id n) {
    const tsr_id first = p->c->places[n].fused;
    if (first == TSR_NO_ID || first > n)
        return false;
    const tsr_node *node = &p->graph->nodes[first];
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i] != TSR_NO_ID && root(p, node->inputs[i]) == memory)
            return true;
    return false;
}

static void find_intervals(planner *p) {
    const tsr_graph *g = p->graph;
    for (uint32_t n = 0; n < g->node_count; n++)
        if (p->c->places[n].skip && !g->nodes[n].dead)
            p->shares[g->nodes[n].outputs[0]] = root(p, g->nodes[n].inputs[0]);
    for (uint32_t n = 0; n < g->node_count; n++) {
        const tsr_node *node = &g->nodes[n];
        for (uint32_t i = 0; i < node->input_count && !node->dead; i++)
            if (node->inputs[i] != TSR_NO_ID && !is_between(p, node->inputs[i], n))
                used(p, node->inputs[i], n);
        for (uint32_t i = 0; i < node->input_count && is_fused_first(p, n);
             i++) // read until the second has written its last tile
            if (node->inputs[i] != TSR_NO_ID)
                used(p, node->inputs[i], p->c->places[n].fused);
        for (uint32_t i = 0; i < node->output_count && !node->dead && !is_fused_first(p, n); i++)
            if (node->outputs[i] != TSR_NO_ID)
                used(p, node->outputs[i], n);
    }
    for (uint32_t i = 0; i < g->input_count; i++)
        used(p, g->inputs[i], -1);
    for (uint32_t i = 0; i < g->output_count; i++)
        used(p, g->outputs[i], g->node_count);
}

// ---- in place
// Operators whose element i depends on element i of each operand of the output's shape: every schedule of them reads an element
// before it writes the one of the same index.
static bool is_elementwise(tsr_op op) { return tsr_op_is_unary(op) || tsr_op_is_binary(op) || op == TSR_OP_QUANTIZE; }

static bool same_layout(const tsr_tensor *a, const tsr_tensor *b) {
    return a->rank == b->rank && tsr_dtype_size(a->dtype) == tsr_dtype_size(b->dtype) &&
           memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0;
}

// The result takes the memory of an operand that nobody reads afterwards. Model inputs stay as the user gave them.
static void share_in_place(planner *p, uint32_t n) {
    const tsr_graph *g = p->graph;
    const tsr_node *node = &g->nodes[n];
    if (node->dead || p->c->places[n].skip || !is_elementwise(node->op))
        return;
    const tsr_id y = root(p, node->outputs[0]);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == TSR_NO_ID || g->tensors[node->inputs[i]].data != NULL)
            continue;
        const tsr_id x = root(p, node->inputs[i]);
        if (is_between(p, node->inputs[i], n) || feeds_fused(p, x, n) || p->live[x].last != (int64_t)n || p->live[x].first < 0 ||
            x == y || !same_layout(&g->tensors[node->inputs[i]], &g->tensors[node->outputs[0]]) ||
            p->live[x].bytes != p->live[y].bytes)
            continue;
        p->shares[y] = x;
        p->live[x].last = p->live[y].last;
        return;
    }
}

static void place_intervals(compilation *c, planner *p) {
    const tsr_graph *g = c->graph;
    uint32_t count = 0;
    interval *sorted = TSR_NEW_ARRAY(c->arena, interval, g->tensor_count + 1);
    for (uint32_t t = 0; t < g->tensor_count; t++)
        if (g->tensors[t].data == NULL && p->shares[t] == t && p->live[t].last >= p->live[t].first)
            sorted[count++] = p->live[t];
    qsort(sorted, count, sizeof *sorted, by_size);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i].offset = lowest_fit(sorted, i, &sorted[i]);
        p->live[sorted[i].tensor].offset = sorted[i].offset;
        if (sorted[i].offset + sorted[i].bytes > c->work_bytes)
            c->work_bytes = sorted[i].offset + sorted[i].bytes;
    }
}

tsr_status plan_memory(compilation *c) {
    const tsr_graph *g = c->graph;
    planner p = {g, c, TSR_NEW_ARRAY(c->arena, tsr_id, g->tensor_count + 1),
                 TSR_NEW_ARRAY(c->arena, interval, g->tensor_count + 1)};
    for (uint32_t t = 0; t < g->tensor_count; t++) {
        p.shares[t] = t;
        p.live[t] = (interval){t, INT64_MAX, -1, (tsr_tensor_bytes(&g->tensors[t]) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, 0};
    }
    find_intervals(&p);
    for (uint32_t n = 0; n < g->node_count; n++)
        share_in_place(&p, n);
    place_intervals(c, &p);
    if (c->work_bytes > TSR_PROGRAM_MAX_WORK)
        return tsr_error(TSR_UNSUPPORTED, "the activations need %llu MiB at a time; a segment holds %llu MiB",
                         (unsigned long long)(c->work_bytes >> 20), (unsigned long long)(TSR_PROGRAM_MAX_WORK >> 20));
    c->buffers = TSR_NEW_ARRAY(c->arena, tsr_tbuffer *, g->tensor_count + 1);
    for (uint32_t t = 0; t < g->tensor_count; t++) {
        const tsr_tensor *tensor = &g->tensors[t];
        c->buffers[t] = tsr_tbuffer_create(c->arena, tensor->name, tensor->data != NULL ? TSR_SCOPE_CONST : TSR_SCOPE_WORK,
                                           tensor->dtype, tsr_tensor_elements(tensor));
        c->buffers[t]->data = tensor->data;
        c->buffers[t]->offset = tensor->data != NULL ? 0 : p.live[root(&p, t)].offset;
    }
    return tsr_ok();
}
