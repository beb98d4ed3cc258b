// SPDX-License-Identifier: Apache-2.0
#include "conv_program.h"

#include <stdlib.h>

#include "tsr/compiler.h"
#include "tsr/graph.h"

static void fill(tsr_graph *g, const conv_shape *s, bool int8, tsr_id out_ids[4]) {
    int64_t size = conv_output_size(s), taps = s->kernel * s->kernel * s->in, count = s->out * taps;
    tsr_dtype activation = int8 ? TSR_U8 : TSR_F32;
    float *real = TSR_NEW_ARRAY(g->arena, float, count), *scale = TSR_NEW_ARRAY(g->arena, float, s->out);
    int8_t *whole = TSR_NEW_ARRAY(g->arena, int8_t, count);
    int32_t *zero = TSR_NEW_ARRAY(g->arena, int32_t, s->out);
    uint32_t state = 1;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        whole[i] = (int8_t)(((int32_t)(state >> 24) - 128) | 1); // never -128
        real[i] = (float)whole[i] / 1000;
    }
    for (int64_t o = 0; o < s->out; o++)
        scale[o] = 0.001f + 0.00001f * (float)(o % 7);
    out_ids[0] = tsr_graph_add_tensor(g, "x", activation, 4, (int64_t[]){1, s->size, s->size, s->in});
    out_ids[1] = tsr_graph_add_const(g, "w", int8 ? TSR_I8 : TSR_F32, 4, (int64_t[]){s->out, s->kernel, s->kernel, s->in},
                                     int8 ? (const void *)whole : real);
    out_ids[2] = tsr_graph_add_const(g, "b", int8 ? TSR_I32 : TSR_F32, 1, (int64_t[]){s->out}, zero); // the same bytes in both
    out_ids[3] = tsr_graph_add_tensor(g, "y", activation, 4, (int64_t[]){1, size, size, s->out});
    if (!int8)
        return;
    float x_scale = 0.02f, y_scale = 0.05f;
    int32_t x_zero = 120, y_zero = 0;
    tsr_graph_set_quant(g, out_ids[0], 1, 0, &x_scale, &x_zero);
    tsr_graph_set_quant(g, out_ids[1], (uint32_t)s->out, 0, scale, zero);
    tsr_graph_set_quant(g, out_ids[3], 1, 0, &y_scale, &y_zero);
}

tsr_status conv_program(const conv_shape *s, bool int8, tsr_program **out_program) {
    *out_program = NULL;
    tsr_graph *g = tsr_graph_create(s->name);
    tsr_id ids[4];
    fill(g, s, int8, ids);
    tsr_id node = tsr_graph_add_node(g, TSR_OP_CONV, s->name, 3, ids, 1, &ids[3]);
    tsr_attr *a = &g->nodes[node].attr;
    a->kernel[0] = a->kernel[1] = s->kernel;
    a->stride[0] = a->stride[1] = s->stride;
    a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = s->pad;
    a->clip_lo = 0;
    g->inputs = TSR_NEW_ARRAY(g->arena, tsr_id, 1);
    g->outputs = TSR_NEW_ARRAY(g->arena, tsr_id, 1);
    g->inputs[0] = ids[0];
    g->outputs[0] = ids[3];
    g->input_count = g->output_count = 1;
    tsr_compile_options options = {.host_only = true};
    tsr_status status = tsr_compile_graph(g, s->name, &options, out_program);
    tsr_graph_free(g);
    return status;
}
