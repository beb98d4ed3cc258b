// SPDX-License-Identifier: Apache-2.0
// Constants of a graph, computed on the interpreter.
#include "tsr/lower.h"

static void *storage(void *context, const tsr_tbuffer *buffer) {
    (void)context;
    return buffer->data != NULL ? (void *)(uintptr_t)buffer->data : buffer->user; // constants are only read
}

static tsr_status interpret(tsr_graph *graph, const tsr_node *node, tsr_arena *scratch, void **contents) {
    if (tsr_tensor_elements(&graph->tensors[node->outputs[0]]) > graph->evaluate_steps)
        return tsr_error(TSR_OUT_OF_RANGE, "node %s: too much to compute now", node->name);
    tsr_tbuffer **buffers = TSR_NEW_ARRAY(scratch, tsr_tbuffer *, graph->tensor_count);
    for (uint32_t i = 0; i < node->input_count + node->output_count; i++) {
        const bool reads = i < node->input_count;
        const tsr_id id = reads ? node->inputs[i] : node->outputs[i - node->input_count];
        if (id == TSR_NO_ID || buffers[id] != NULL)
            continue;
        const tsr_tensor *t = &graph->tensors[id];
        buffers[id] =
            tsr_tbuffer_create(scratch, t->name, reads ? TSR_SCOPE_CONST : TSR_SCOPE_WORK, t->dtype, tsr_tensor_elements(t));
        buffers[id]->data = t->data;
        if (!reads)
            buffers[id]->user = contents[i - node->input_count] = tsr_arena_alloc(graph->arena, (size_t)tsr_tensor_bytes(t));
    }
    tsr_tensor_function *f;
    TSR_TRY(tsr_lower_node(scratch, graph, node, buffers, &f));
    return tsr_tensor_interpret_within(f, storage, NULL, &graph->evaluate_steps);
}

tsr_status tsr_evaluate_node(tsr_graph *graph, const tsr_node *node) {
    tsr_arena *scratch = tsr_arena_create();
    void **contents = TSR_NEW_ARRAY(scratch, void *, node->output_count);
    tsr_status status = interpret(graph, node, scratch, contents);
    for (uint32_t i = 0; i < node->output_count && status.code == TSR_OK; i++)
        if (node->outputs[i] != TSR_NO_ID)
            graph->tensors[node->outputs[i]].data = contents[i];
    tsr_arena_free(scratch);
    return status;
}
