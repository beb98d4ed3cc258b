// SPDX-License-Identifier: Apache-2.0
#include "tsr/graph.h"

#include <math.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

// A second or two of an interpreter.
enum { EVALUATE_STEPS = 16 << 20 };

tsr_graph *tsr_graph_create(const char *name) {
    tsr_arena *arena = tsr_arena_create();
    tsr_graph *graph = TSR_NEW(arena, tsr_graph);
    graph->arena = arena;
    graph->evaluate_steps = EVALUATE_STEPS;
    graph->name = tsr_arena_strndup(arena, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
    return graph;
}

void tsr_graph_free(tsr_graph *graph) {
    if (graph != NULL)
        tsr_arena_free(graph->arena);
}

static void *copy(tsr_arena *arena, const void *data, size_t size) {
    void *memory = tsr_arena_alloc(arena, size);
    if (size > 0)
        memcpy(memory, data, size);
    return memory;
}

static tsr_quant copy_quant(tsr_arena *arena, tsr_quant quant) {
    quant.scale = copy(arena, quant.scale, sizeof *quant.scale * quant.count);
    quant.zero_point = copy(arena, quant.zero_point, sizeof *quant.zero_point * quant.count);
    return quant;
}

tsr_graph *tsr_graph_clone(const tsr_graph *graph) {
    tsr_graph *clone = tsr_graph_create(graph->name);
    tsr_arena *arena = clone->arena;
    const tsr_graph shell = *clone;
    *clone = *graph;
    clone->arena = arena;
    clone->name = shell.name;
    clone->tensor_capacity = graph->tensor_count;
    clone->node_capacity = graph->node_count;
    clone->tensors = copy(arena, graph->tensors, sizeof *graph->tensors * graph->tensor_count);
    clone->nodes = copy(arena, graph->nodes, sizeof *graph->nodes * graph->node_count);
    clone->inputs = copy(arena, graph->inputs, sizeof *graph->inputs * graph->input_count);
    clone->outputs = copy(arena, graph->outputs, sizeof *graph->outputs * graph->output_count);
    for (uint32_t t = 0; t < clone->tensor_count; t++) {
        clone->tensors[t].name = tsr_arena_strndup(arena, graph->tensors[t].name, strlen(graph->tensors[t].name));
        clone->tensors[t].quant = copy_quant(arena, graph->tensors[t].quant);
    }
    for (uint32_t n = 0; n < clone->node_count; n++) {
        tsr_node *node = &clone->nodes[n];
        node->name = tsr_arena_strndup(arena, node->name, strlen(node->name));
        node->inputs = copy(arena, node->inputs, sizeof *node->inputs * node->input_count);
        node->outputs = copy(arena, node->outputs, sizeof *node->outputs * node->output_count);
        node->requant.out = copy(arena, node->requant.out, sizeof *node->requant.out * node->requant.channels);
    }
    return clone;
}

// Doubles an array that lives in the arena. The old one stays behind until the arena goes: at most as much again.
static void *grow(tsr_arena *arena, const void *old, uint32_t count, uint32_t *capacity, size_t element) {
    uint32_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
    void *larger = tsr_arena_alloc(arena, element * wanted);
    if (count > 0)
        memcpy(larger, old, element * count);
    *capacity = wanted;
    return larger;
}

tsr_id tsr_graph_add_tensor(tsr_graph *graph, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    if (graph->tensor_count == graph->tensor_capacity)
        graph->tensors = grow(graph->arena, graph->tensors, graph->tensor_count, &graph->tensor_capacity, sizeof(tsr_tensor));
    tsr_tensor *tensor = &graph->tensors[graph->tensor_count];
    memset(tensor, 0, sizeof *tensor);
    tensor->name = tsr_arena_strndup(graph->arena, name, strlen(name));
    tensor->dtype = dtype;
    tensor->rank = rank;
    for (uint32_t i = 0; i < rank; i++)
        tensor->shape[i] = shape[i];
    return graph->tensor_count++;
}

tsr_id tsr_graph_add_const(tsr_graph *graph, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape,
                           const void *data) {
    tsr_id id = tsr_graph_add_tensor(graph, name, dtype, rank, shape);
    tsr_tensor *tensor = &graph->tensors[id];
    tensor->data = copy(graph->arena, data, (size_t)tsr_tensor_bytes(tensor));
    return id;
}

tsr_id tsr_graph_add_node(tsr_graph *graph, tsr_op op, const char *name, uint32_t input_count, const tsr_id *inputs,
                          uint32_t output_count, const tsr_id *outputs) {
    if (graph->node_count == graph->node_capacity)
        graph->nodes = grow(graph->arena, graph->nodes, graph->node_count, &graph->node_capacity, sizeof(tsr_node));
    tsr_node *node = &graph->nodes[graph->node_count];
    memset(node, 0, sizeof *node);
    node->op = op;
    node->name = tsr_arena_strndup(graph->arena, name, strlen(name));
    node->input_count = input_count;
    node->output_count = output_count;
    node->inputs = copy(graph->arena, inputs, sizeof(tsr_id) * input_count);
    node->outputs = copy(graph->arena, outputs, sizeof(tsr_id) * output_count);
    node->attr = tsr_attr_default();
    return graph->node_count++;
}

void tsr_graph_set_quant(tsr_graph *graph, tsr_id tensor, uint32_t count, int32_t axis, const float *scale,
                         const int32_t *zero_point) {
    tsr_quant *quant = &graph->tensors[tensor].quant;
    memset(quant, 0, sizeof *quant);
    if (count == 0)
        return;
    quant->count = count;
    quant->axis = axis;
    quant->scale = copy(graph->arena, scale, sizeof(float) * count);
    quant->zero_point = copy(graph->arena, zero_point, sizeof(int32_t) * count);
}

void tsr_graph_sweep(tsr_graph *graph) {
    tsr_arena *scratch = tsr_arena_create();
    bool *needed = TSR_NEW_ARRAY(scratch, bool, graph->tensor_count);
    for (uint32_t i = 0; i < graph->output_count; i++)
        needed[graph->outputs[i]] = true;
    for (uint32_t n = graph->node_count; n-- > 0;) {
        tsr_node *node = &graph->nodes[n];
        bool used = false;
        for (uint32_t i = 0; i < node->output_count; i++)
            used |= node->outputs[i] != TSR_NO_ID && needed[node->outputs[i]];
        node->dead |= !used;
        for (uint32_t i = 0; i < node->input_count && !node->dead; i++)
            if (node->inputs[i] != TSR_NO_ID)
                needed[node->inputs[i]] = true;
    }
    uint32_t kept = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].dead)
            graph->nodes[kept++] = graph->nodes[n];
    graph->node_count = kept;
    tsr_arena_free(scratch);
}

const char *tsr_op_name(tsr_op op) {
    static const char *const names[TSR_OP_COUNT] = {[TSR_OP_NONE] = "None",
#define TSR_OP_TEXT(name, text) [TSR_OP_##name] = text,
                                                    TSR_OPS(TSR_OP_TEXT)
#undef TSR_OP_TEXT
    };
    return (unsigned)op < TSR_OP_COUNT ? names[op] : "unknown";
}

#define TSR_OP_IS(name, text) || op == TSR_OP_##name
bool tsr_op_is_unary(tsr_op op) { return false TSR_UNARY_OPS(TSR_OP_IS); }
bool tsr_op_is_binary(tsr_op op) { return false TSR_BINARY_OPS(TSR_OP_IS); }
#undef TSR_OP_IS

uint64_t tsr_tensor_elements(const tsr_tensor *tensor) {
    uint64_t elements = 1;
    for (uint32_t i = 0; i < tensor->rank; i++)
        if (tensor->shape[i] < 0 || __builtin_mul_overflow(elements, (uint64_t)tensor->shape[i], &elements))
            return UINT64_MAX;
    return elements;
}

uint64_t tsr_tensor_bytes(const tsr_tensor *tensor) {
    uint64_t bytes;
    if (__builtin_mul_overflow(tsr_tensor_elements(tensor), (uint64_t)tsr_dtype_size(tensor->dtype), &bytes))
        return UINT64_MAX;
    return bytes;
}

tsr_id tsr_graph_producer(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].output_count && !graph->nodes[n].dead; i++)
            if (graph->nodes[n].outputs[i] == tensor)
                return n;
    return TSR_NO_ID;
}

uint32_t tsr_graph_uses(const tsr_graph *graph, tsr_id tensor) {
    uint32_t uses = 0;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        bool reads = false;
        for (uint32_t i = 0; i < node->input_count && !node->dead; i++)
            reads |= node->inputs[i] == tensor;
        uses += reads;
    }
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor)
            return uses + 1;
    return uses;
}

uint64_t tsr_node_macs(const tsr_graph *graph, const tsr_node *node) {
    if (node->output_count == 0 || node->input_count < 2)
        return 0;
    uint64_t outputs = tsr_tensor_elements(&graph->tensors[node->outputs[0]]);
    const tsr_tensor *x = &graph->tensors[node->inputs[0]], *w = &graph->tensors[node->inputs[1]];
    switch (node->op) {
    case TSR_OP_CONV:
    case TSR_OP_CONV_INTEGER: return outputs * (uint64_t)(w->shape[1] * w->shape[2] * w->shape[3]);
    case TSR_OP_FULLY_CONNECTED: return outputs * (uint64_t)w->shape[1];
    case TSR_OP_MATMUL:
    case TSR_OP_MATMUL_INTEGER: return outputs * (uint64_t)x->shape[x->rank - 1];
    case TSR_OP_RECURRENT: return tsr_tensor_elements(x) * (uint64_t)w->shape[0];
    default: return 0;
    }
}
