// SPDX-License-Identifier: Apache-2.0
#include "evaluate.h"

#include <string.h>

#include "tsr/lower.h"

// The bytes of a buffer stand in its own data; every buffer here is one tensor, or a constant of one function.
static void *storage(void *context, const tsr_tbuffer *buffer) {
    (void)context;
    return (void *)(uintptr_t)buffer->data;
}

static tsr_status run_node(const tsr_graph *graph, const tsr_node *node, tsr_arena *arena, tsr_tbuffer *const *buffers,
                           void *const *memory) {
    tsr_tensor_function *f;
    tsr_tbuffer **used;
    TSR_TRY(tsr_lower_node(arena, graph, node, buffers, &f));
    const uint32_t count = tsr_tensor_buffers(f, arena, &used);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t t = 0; t < graph->tensor_count; t++)
            if (used[i] == buffers[t])
                used[i]->data = memory[t];
    return tsr_tensor_interpret(f, storage, NULL);
}

tsr_status evaluate(const tsr_graph *graph, tsr_arena *arena, const void *const *inputs, void **out_outputs) {
    tsr_tbuffer **buffers = TSR_NEW_ARRAY(arena, tsr_tbuffer *, graph->tensor_count);
    void **memory = TSR_NEW_ARRAY(arena, void *, graph->tensor_count);
    for (uint32_t t = 0; t < graph->tensor_count; t++) {
        const tsr_tensor *tensor = &graph->tensors[t];
        buffers[t] = tsr_tbuffer_create(arena, tensor->name, tensor->data != NULL ? TSR_SCOPE_CONST : TSR_SCOPE_WORK,
                                        tensor->dtype, tsr_tensor_elements(tensor));
        memory[t] = tsr_arena_alloc(arena, (size_t)tsr_tensor_bytes(tensor));
        if (tensor->data != NULL)
            memcpy(memory[t], tensor->data, (size_t)tsr_tensor_bytes(tensor));
        buffers[t]->data = tensor->data != NULL ? memory[t] : NULL;
    }
    for (uint32_t i = 0; i < graph->input_count; i++)
        memcpy(memory[graph->inputs[i]], inputs[i], (size_t)tsr_tensor_bytes(&graph->tensors[graph->inputs[i]]));
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (!graph->nodes[n].dead)
            TSR_TRY(tsr_annotate(run_node(graph, &graph->nodes[n], arena, buffers, memory), "%s", graph->nodes[n].name));
    for (uint32_t i = 0; i < graph->output_count; i++)
        out_outputs[i] = memory[graph->outputs[i]];
    return tsr_ok();
}
