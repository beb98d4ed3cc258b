// SPDX-License-Identifier: Apache-2.0
#include "build.h"

#include <stdlib.h>
#include <string.h>

static const char *fresh(tsr_graph *g, const char *stem) {
    return tsr_arena_printf(g->arena, "%s%u", stem, (unsigned)g->tensor_count);
}

tsr_id real(tsr_graph *g, uint32_t rank, const int64_t *shape) {
    return tsr_graph_add_tensor(g, fresh(g, "t"), TSR_F32, rank, shape);
}

tsr_id quantised(tsr_graph *g, tsr_dtype dtype, float scale, int32_t zero_point, uint32_t rank, const int64_t *shape) {
    tsr_id id = tsr_graph_add_tensor(g, fresh(g, "q"), dtype, rank, shape);
    tsr_graph_set_quant(g, id, 1, 0, &scale, &zero_point);
    return id;
}

static void append(tsr_graph *g, tsr_id **ids, uint32_t *ids_count, tsr_id id) {
    tsr_id *longer = TSR_NEW_ARRAY(g->arena, tsr_id, *ids_count + 1);
    if (*ids_count > 0)
        memcpy(longer, *ids, *ids_count * sizeof **ids);
    longer[(*ids_count)++] = id;
    *ids = longer;
}

tsr_id input(tsr_graph *g, tsr_id tensor) {
    append(g, &g->inputs, &g->input_count, tensor);
    return tensor;
}

void output(tsr_graph *g, tsr_id tensor) { append(g, &g->outputs, &g->output_count, tensor); }

tsr_id fill(tsr_graph *g, tsr_id tensor) {
    tsr_tensor *t = &g->tensors[tensor];
    const uint64_t elements = tsr_tensor_elements(t);
    unsigned char *data = tsr_arena_alloc(g->arena, (size_t)tsr_tensor_bytes(t));
    for (uint64_t i = 0; i < elements; i++) {
        const int32_t value = (int32_t)(i % 7) - 3;
        const float f = 0.25f * (float)value;
        const void *from = t->dtype == TSR_F32 ? (const void *)&f : (const void *)&value;
        memcpy(data + i * tsr_dtype_size(t->dtype), from, tsr_dtype_size(t->dtype));
    }
    t->data = data;
    return tensor;
}

tsr_id scales_per_channel(tsr_graph *g, tsr_id tensor, float first) {
    const uint32_t channels = (uint32_t)g->tensors[tensor].shape[0];
    float *scale = TSR_NEW_ARRAY(g->arena, float, channels);
    int32_t *zero = TSR_NEW_ARRAY(g->arena, int32_t, channels);
    for (uint32_t i = 0; i < channels; i++)
        scale[i] = first * (float)(i + 1);
    tsr_graph_set_quant(g, tensor, channels, 0, scale, zero);
    return tensor;
}

static tsr_id add(tsr_graph *g, tsr_op op, const tsr_attr *attr, const tsr_id *in, tsr_id y) {
    uint32_t inputs = 0;
    while (inputs < 3 && in[inputs] != TSR_NO_ID)
        inputs++;
    tsr_id n = tsr_graph_add_node(g, op, tsr_arena_printf(g->arena, "n%u", (unsigned)g->node_count), inputs, in, 1, &y);
    if (attr != NULL)
        g->nodes[n].attr = *attr;
    return n;
}

tsr_id node(tsr_graph *g, tsr_op op, const tsr_attr *attr, tsr_id a, tsr_id b, tsr_id c, tsr_id like) {
    const tsr_id in[3] = {a, b, c};
    tsr_id y = tsr_graph_add_tensor(g, fresh(g, "y"), like != TSR_NO_ID ? g->tensors[like].dtype : TSR_F32, 0, NULL);
    tsr_tensor *t = &g->tensors[y];
    if (like != TSR_NO_ID)
        t->quant = g->tensors[like].quant;
    tsr_id n = add(g, op, attr, in, y);
    if (tsr_graph_infer_shape(g, &g->nodes[n], &t->rank, t->shape).code != TSR_OK)
        abort();
    return y;
}

static tsr_id like_of(const tsr_graph *g, tsr_id x) { return g->tensors[x].quant.count > 0 ? x : TSR_NO_ID; }

tsr_id reshape(tsr_graph *g, tsr_id x, uint32_t rank, const int64_t *shape) {
    tsr_id y = tsr_graph_add_tensor(g, fresh(g, "y"), g->tensors[x].dtype, rank, shape);
    g->tensors[y].quant = g->tensors[x].quant;
    add(g, TSR_OP_RESHAPE, NULL, (const tsr_id[]){x, TSR_NO_ID}, y);
    return y;
}

tsr_id transpose(tsr_graph *g, tsr_id x, uint32_t rank, const int64_t *perm) {
    tsr_attr attr = tsr_attr_default();
    memcpy(attr.perm, perm, rank * sizeof *perm);
    return node(g, TSR_OP_TRANSPOSE, &attr, x, TSR_NO_ID, TSR_NO_ID, like_of(g, x));
}

tsr_id clip(tsr_graph *g, tsr_id x, float lo, float hi) {
    tsr_attr attr = tsr_attr_default();
    attr.clip_lo = lo;
    attr.clip_hi = hi;
    return node(g, TSR_OP_CLIP, &attr, x, TSR_NO_ID, TSR_NO_ID, like_of(g, x));
}

tsr_id quantize(tsr_graph *g, tsr_id x, tsr_dtype dtype, float scale, int32_t zero_point) {
    tsr_id y = quantised(g, dtype, scale, zero_point, g->tensors[x].rank, g->tensors[x].shape);
    add(g, TSR_OP_QUANTIZE, NULL, (const tsr_id[]){x, TSR_NO_ID}, y);
    return y;
}

tsr_id dequantize(tsr_graph *g, tsr_id x) { return node(g, TSR_OP_DEQUANTIZE, NULL, x, TSR_NO_ID, TSR_NO_ID, TSR_NO_ID); }

tsr_id conv3x3(tsr_graph *g, tsr_id x, tsr_id w, tsr_id bias, int64_t pad, tsr_id like) {
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = 3;
    attr.pad_top = attr.pad_left = attr.pad_bottom = attr.pad_right = pad;
    return node(g, TSR_OP_CONV, &attr, x, w, bias, like);
}

uint32_t count(const tsr_graph *g, tsr_op op) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        n += !g->nodes[i].dead && g->nodes[i].op == op;
    return n;
}

const tsr_node *only(const tsr_graph *g, tsr_op op) {
    for (uint32_t i = 0; i < g->node_count && count(g, op) == 1; i++)
        if (g->nodes[i].op == op)
            return &g->nodes[i];
    return NULL;
}
