// SPDX-License-Identifier: Apache-2.0
// Nodes of constants, computed on the interpreter.
#include <string.h>

#include "lowering.h"

static void *storage_of(void *context, const tsr_tbuffer *buffer) {
    tsr_tbuffer *b = (tsr_tbuffer *)(uintptr_t)buffer;
    if (b->scope == TSR_SCOPE_CONST)
        return (void *)(uintptr_t)b->data;
    if (b->user == NULL)
        b->user = tsr_arena_alloc(context, (size_t)b->elements * tsr_dtype_size(b->dtype) + 1);
    return b->user;
}

static tsr_tbuffer *buffer_of(tsr_arena *arena, const tsr_tensor *t, void *memory) {
    const tsr_scope scope = t->data != NULL ? TSR_SCOPE_CONST : TSR_SCOPE_WORK;
    tsr_tbuffer *b = tsr_tbuffer_create(arena, t->name, scope, t->dtype, tsr_tensor_elements(t));
    b->data = t->data;
    b->user = memory;
    return b;
}

static tsr_status evaluate(tsr_graph *graph, const tsr_node *node, tsr_arena *scratch) {
    tsr_tbuffer **buffers = TSR_NEW_ARRAY(scratch, tsr_tbuffer *, graph->tensor_count);
    void **memory = TSR_NEW_ARRAY(scratch, void *, node->output_count);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == TSR_NO_ID)
            continue;
        const tsr_tensor *t = &graph->tensors[node->inputs[i]];
        if (t->data == NULL)
            return tsr_error(TSR_INVALID_ARGUMENT, "'%s' is not a constant", t->name);
        buffers[node->inputs[i]] = buffer_of(scratch, t, NULL);
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == TSR_NO_ID)
            continue;
        const tsr_tensor *t = &graph->tensors[node->outputs[i]];
        memory[i] = tsr_arena_alloc(graph->arena, (size_t)tsr_tensor_bytes(t));
        buffers[node->outputs[i]] = buffer_of(scratch, t, memory[i]);
    }
    tsr_tensor_function *f;
    TSR_TRY(tsr_lower_node(scratch, graph, node, buffers, &f));
    TSR_TRY(tsr_tensor_interpret(f, storage_of, scratch));
    for (uint32_t i = 0; i < node->output_count; i++)
        if (node->outputs[i] != TSR_NO_ID)
            graph->tensors[node->outputs[i]].data = memory[i];
    return tsr_ok();
}

tsr_status tsr_evaluate_node(tsr_graph *graph, const tsr_node *node) {
    tsr_arena *scratch = tsr_arena_create();
    const tsr_status status = evaluate(graph, node, scratch);
    tsr_arena_free(scratch);
    return status;
}
