// SPDX-License-Identifier: Apache-2.0
// common: two nodes that compute the same become one; so do two constants of the same contents.
//   requires  nothing
//   breaks    nothing
// Worked examples: README.md.
#include "pass.h"

#include <string.h>

static uint64_t mix(uint64_t h, const void *bytes, size_t size) { // FNV-1a
    for (size_t i = 0; i < size; i++)
        h = (h ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
    return h;
}

static bool same_type(const tsr_tensor *a, const tsr_tensor *b) { return pass_same_shape(a, b) && pass_same_quant(a, b); }

// Nodes and constants under the hash of what they are: open addressing, twice as many slots as entries at least.
typedef struct table {
    uint64_t *keys;
    tsr_id *ids;
    size_t slots; // a power of two
} table;

static table table_of(tsr_arena *arena, uint32_t entries) {
    table t = {.slots = 64};
    while (t.slots < 2 * (size_t)entries)
        t.slots *= 2;
    t.keys = TSR_NEW_ARRAY(arena, uint64_t, t.slots);
    t.ids = TSR_NEW_ARRAY(arena, tsr_id, t.slots);
    for (size_t i = 0; i < t.slots; i++)
        t.ids[i] = TSR_NO_ID;
    return t;
}

typedef bool same_function(const tsr_graph *graph, tsr_id a, tsr_id b);

// An earlier entry that is the same, or `id` itself, which then is one.
static tsr_id find_or_add(table *t, const tsr_graph *graph, uint64_t key, tsr_id id, same_function *same) {
    size_t slot = (size_t)(key ^ key >> 32) & (t->slots - 1);
    for (; t->ids[slot] != TSR_NO_ID; slot = (slot + 1) & (t->slots - 1))
        if (t->keys[slot] == key && same(graph, t->ids[slot], id))
            return t->ids[slot];
    t->keys[slot] = key;
    t->ids[slot] = id;
    return id;
}

static bool same_constant(const tsr_graph *graph, tsr_id a, tsr_id b) {
    const tsr_tensor *x = &graph->tensors[a], *y = &graph->tensors[b];
    return same_type(x, y) && (x->data == y->data || memcmp(x->data, y->data, (size_t)tsr_tensor_bytes(x)) == 0);
}

// The ends tell constants apart well enough; equal ones are compared in full.
static uint64_t constant_key(const tsr_tensor *t) {
    enum { ENDS = 256 };
    const size_t bytes = (size_t)tsr_tensor_bytes(t), part = bytes < ENDS ? bytes : ENDS;
    uint64_t h = mix(UINT64_C(14695981039346656037), t->shape, t->rank * sizeof *t->shape);
    h = mix(h, t->data, part);
    return mix(h, (const char *)t->data + bytes - part, part);
}

static void merge_constants(const tsr_graph *graph, const tsr_node *node, table *constants, tsr_id *kept) {
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_id t = node->inputs[i];
        if (t == TSR_NO_ID || graph->tensors[t].data == NULL)
            continue;
        if (kept[t] == 0)
            kept[t] = 1 + find_or_add(constants, graph, constant_key(&graph->tensors[t]), t, same_constant);
        node->inputs[i] = kept[t] - 1;
    }
}

static bool same_node(const tsr_graph *graph, tsr_id a, tsr_id b) {
    const tsr_node *x = &graph->nodes[a], *y = &graph->nodes[b];
    if (x->op != y->op || x->input_count != y->input_count || x->output_count != y->output_count ||
        memcmp(x->inputs, y->inputs, x->input_count * sizeof *x->inputs) != 0 || memcmp(&x->attr, &y->attr, sizeof x->attr) != 0)
        return false;
    for (uint32_t i = 0; i < x->output_count; i++)
        if ((x->outputs[i] == TSR_NO_ID) != (y->outputs[i] == TSR_NO_ID) ||
            (x->outputs[i] != TSR_NO_ID && !same_type(&graph->tensors[x->outputs[i]], &graph->tensors[y->outputs[i]])))
            return false;
    return true;
}

static uint64_t node_key(const tsr_node *node) {
    uint64_t h = mix(UINT64_C(14695981039346656037), &node->op, sizeof node->op);
    return mix(h, node->inputs, node->input_count * sizeof *node->inputs);
}

// Reads of b's outputs become reads of a's, when the graph's own outputs can stay.
static void merge(tsr_graph *graph, const tsr_node *a, tsr_node *b) {
    for (uint32_t i = 0; i < b->output_count; i++)
        if (b->outputs[i] != TSR_NO_ID && pass_is_graph_output(graph, b->outputs[i]))
            return;
    for (uint32_t i = 0; i < b->output_count; i++)
        if (b->outputs[i] != TSR_NO_ID)
            pass_replace_reads(graph, b->outputs[i], a->outputs[i]);
    b->dead = true;
}

tsr_status tsr_pass_common(tsr_graph *graph) {
    tsr_arena *scratch = tsr_arena_create();
    table constants = table_of(scratch, graph->tensor_count), nodes = table_of(scratch, graph->node_count);
    tsr_id *kept = TSR_NEW_ARRAY(scratch, tsr_id, graph->tensor_count); // what a constant became, plus 1
    for (tsr_id n = 0; n < graph->node_count; n++) { // in execution order: inputs are merged before their readers
        if (graph->nodes[n].dead)
            continue;
        merge_constants(graph, &graph->nodes[n], &constants, kept);
        const tsr_id first = find_or_add(&nodes, graph, node_key(&graph->nodes[n]), n, same_node);
        if (first != n)
            merge(graph, &graph->nodes[first], &graph->nodes[n]);
    }
    tsr_arena_free(scratch);
    return pass_finish(graph);
}
