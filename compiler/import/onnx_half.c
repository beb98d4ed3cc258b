// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16: tensors are stored as halves, every operator computes in float32 and its result is rounded.
#include <string.h>

#include "onnx.h"

static void remember(onnx *o, tsr_id half, tsr_id wide) {
    if (o->half_count == o->half_capacity) {
        const uint32_t capacity = o->half_capacity == 0 ? 64 : 2 * o->half_capacity;
        half_value *larger = TSR_NEW_ARRAY(o->imp.graph->arena, half_value, capacity);
        if (o->half_count > 0)
            memcpy(larger, o->halves, sizeof *larger * o->half_count);
        o->halves = larger;
        o->half_capacity = capacity;
    }
    o->halves[o->half_count++] = (half_value){half, wide};
}

tsr_status onnx_widen(onnx *o, tsr_id *id) {
    const tsr_id half = *id;
    const tsr_dtype dtype = tensor_of(&o->imp, half)->dtype;
    if (!tsr_dtype_is_half(dtype))
        return tsr_ok();
    o->half = dtype;
    for (uint32_t i = o->half_count; i-- > 0;) // what was made last is read next
        if (o->halves[i].half == half && o->halves[i].wide != TSR_NO_ID) {
            *id = o->halves[i].wide;
            return tsr_ok();
        }
    tsr_graph *graph = o->imp.graph;
    const uint64_t bytes = 2 * tsr_tensor_bytes(tensor_of(&o->imp, half));
    const char *name = onnx_derived(o, tensor_of(&o->imp, half)->name, "float32");
    TSR_TRY(importer_reserve(&o->imp, tensor_of(&o->imp, half)->data != NULL ? bytes : 0));
    TSR_TRY(importer_emit(&o->imp, TSR_OP_CAST, name, NULL, 1, &half, name, TSR_F32, id));
    if (tensor_of(&o->imp, half)->data != NULL) // weights: at once, for handlers that look at them
        graph->nodes[graph->node_count - 1].dead = tsr_graph_evaluate(graph, &graph->nodes[graph->node_count - 1]);
    remember(o, half, *id);
    return tsr_ok();
}

// The next reader widens the rounded numbers again: the float32 that there is has more digits than the model's.
tsr_status onnx_narrow(onnx *o, const char *name, tsr_id *id) {
    const tsr_id wide = *id;
    for (uint32_t i = o->half_count; i-- > 0;)
        if (o->halves[i].wide == wide) { // went through unchanged
            *id = o->halves[i].half;
            return tsr_ok();
        }
    tensor_of(&o->imp, wide)->name = onnx_derived(o, name, "unrounded");
    const char *node = onnx_derived(o, name, "rounded");
    return importer_emit(&o->imp, TSR_OP_CAST, node, NULL, 1, &wide, name, o->half, id);
}
