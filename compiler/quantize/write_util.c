// SPDX-License-Identifier: Apache-2.0
// What the writers of operators share.
#include <math.h>
#include <string.h>

#include "write.h"

enum { MOST_ATTRIBUTES = 8 };

// ---- attributes --------------------------------------------------------------------------------------------------------

attribute_list no_attributes(writing *w) {
    return (attribute_list){w, TSR_NEW_ARRAY(written_arena(w), tsr_onnx_attribute, MOST_ATTRIBUTES + 1), 0};
}

void add_int(attribute_list *a, const char *name, int64_t value) {
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_INT, .i = value};
}

void add_float(attribute_list *a, const char *name, float value) {
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_FLOAT, .f = value};
}

void add_text(attribute_list *a, const char *name, const char *text) {
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_STRING, .s = text};
}

void add_ints(attribute_list *a, const char *name, uint32_t count, const int64_t *values) {
    int64_t *copy = TSR_NEW_ARRAY(written_arena(a->w), int64_t, count);
    for (uint32_t i = 0; i < count; i++)
        copy[i] = values[i];
    a->list[a->count++] = (tsr_onnx_attribute){.name = name, .kind = TSR_ONNX_INTS, .ints = copy, .count = count};
}

// ---- results -----------------------------------------------------------------------------------------------------------

const tsr_tensor *written_tensor(const writing *w, tsr_id id) { return &written_graph(w)->tensors[id]; }
const char *output_name(const writing *w, const tsr_node *node) { return written_tensor(w, node->outputs[0])->name; }

uint32_t add_scalar(writing *w, const char *base, const char *suffix, float real) {
    float *data = TSR_NEW(written_arena(w), float);
    *data = real;
    return add_constant(w, tsr_arena_printf(written_arena(w), "%s_%s", base, suffix), TSR_F32, 0, NULL, data);
}

uint32_t add_integers(writing *w, const char *base, const char *suffix, uint32_t count, const int64_t *values) {
    int64_t *data = TSR_NEW_ARRAY(written_arena(w), int64_t, count);
    for (uint32_t i = 0; i < count; i++)
        data[i] = values[i];
    return add_constant(w, tsr_arena_printf(written_arena(w), "%s_%s", base, suffix), TSR_I64, 1, (const int64_t[]){count}, data);
}

uint32_t add_clip(writing *w, const tsr_node *node, uint32_t x, const char *name) {
    const tsr_attr *attr = &node->attr;
    if (attr->clip_lo == 0 && attr->clip_hi == INFINITY)
        return add_value(w, "Relu", name, 1, &x, NULL);
    const uint32_t in[3] = {x, attr->clip_lo > -INFINITY ? add_scalar(w, name, "min", attr->clip_lo) : NO_VALUE,
                            attr->clip_hi < INFINITY ? add_scalar(w, name, "max", attr->clip_hi) : NO_VALUE};
    return add_value(w, "Clip", name, in[2] != NO_VALUE ? 3 : 2, in, NULL);
}

// The node's result by an ONNX operator, then its fused activation.
void add_result(writing *w, const tsr_node *node, const char *op, uint32_t count, const uint32_t *in, const attribute_list *a,
                const int64_t *perm) {
    const bool clipped = node->op != TSR_OP_CLIP && (node->attr.clip_lo > -INFINITY || node->attr.clip_hi < INFINITY);
    const char *name = output_name(w, node);
    const char *before = clipped ? tsr_arena_printf(written_arena(w), "%s_linear", name) : name;
    uint32_t y = add_value(w, op, before, count, in, a != NULL ? a->list : NULL);
    name_node(w, y, node->name);
    if (clipped)
        y = add_clip(w, node, y, name);
    define(w, node->outputs[0], y, perm);
}

// The input as it was written, or a constant as it is.
view view_of_input(writing *w, tsr_id id) {
    view v = {0};
    memcpy(v.perm, as_it_is, sizeof v.perm);
    if (!is_constant(w, id))
        return view_of(w, id);
    v.value = value_in(w, id, written_tensor(w, id)->rank, as_it_is);
    return v;
}

// ---- operands that meet ---------------------------------------------------------------------------------------------------

// Operands meet in the layout of the first computed one of full rank; one of lower rank wants them all as they are.
const int64_t *common_layout(const writing *w, const tsr_node *node, int64_t perm[TSR_MAX_RANK]) {
    const uint32_t rank = written_tensor(w, node->outputs[0])->rank;
    bool found = false, plain = false;
    memcpy(perm, as_it_is, sizeof as_it_is);
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (is_constant(w, node->inputs[i]))
            continue;
        plain |= written_tensor(w, node->inputs[i])->rank < rank;
        if (!found)
            memcpy(perm, view_of(w, node->inputs[i]).perm, rank * sizeof *perm);
        found = true;
    }
    if (plain)
        memcpy(perm, as_it_is, sizeof as_it_is);
    return perm;
}

void add_broadcast(writing *w, const tsr_node *node, const char *op, const attribute_list *a) {
    int64_t perm[TSR_MAX_RANK];
    common_layout(w, node, perm);
    const uint32_t rank = written_tensor(w, node->outputs[0])->rank;
    const bool plain = memcmp(perm, as_it_is, rank * sizeof *perm) == 0;
    uint32_t *in = TSR_NEW_ARRAY(written_arena(w), uint32_t, node->input_count);
    for (uint32_t i = 0; i < node->input_count; i++)
        in[i] = value_in(w, node->inputs[i], plain ? written_tensor(w, node->inputs[i])->rank : rank, perm);
    add_result(w, node, op, node->input_count, in, a, perm);
}

uint32_t add_reduction(writing *w, const char *op, const char *name, uint32_t x, uint32_t count, const int64_t *axes,
                       attribute_list *a) {
    const int64_t since = strcmp(op, "ReduceSum") == 0 ? 13 : 18;
    const uint32_t in[2] = {x, written_opset(w) >= since ? add_integers(w, name, "axes", count, axes) : NO_VALUE};
    if (in[1] == NO_VALUE)
        add_ints(a, "axes", count, axes);
    return add_value(w, op, name, in[1] == NO_VALUE ? 1 : 2, in, a->list);
}
