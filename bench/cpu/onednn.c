// SPDX-License-Identifier: Apache-2.0
#include "onednn.h"

#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS = 4 }; // source, weights, bias, destination

struct onednn_conv {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[TENSORS];
    void *bytes[TENSORS];
    dnnl_exec_arg_t arguments[TENSORS];
};

const char *onednn_version(void) {
    static char text[32];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "onednn-%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

static dnnl_status_t describe(const conv_shape *s, bool int8, dnnl_convolution_desc_t *out_desc) {
    int64_t size = conv_output_size(s);
    const dnnl_dims_t x = {1, s->in, s->size, s->size}, w = {s->out, s->in, s->kernel, s->kernel}, b = {s->out},
                      y = {1, s->out, size, size}, strides = {s->stride, s->stride}, pads = {s->pad, s->pad};
    dnnl_memory_desc_t desc[TENSORS];
    dnnl_data_type_t activation = int8 ? dnnl_u8 : dnnl_f32;
    dnnl_memory_desc_init_by_tag(&desc[0], 4, x, activation, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&desc[1], 4, w, int8 ? dnnl_s8 : dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&desc[2], 1, b, int8 ? dnnl_s32 : dnnl_f32, dnnl_a);
    dnnl_memory_desc_init_by_tag(&desc[3], 4, y, activation, dnnl_format_tag_any);
    return dnnl_convolution_forward_desc_init(out_desc, dnnl_forward_inference, dnnl_convolution_direct, &desc[0], &desc[1],
                                              &desc[2], &desc[3], strides, pads, pads);
}

static dnnl_status_t set_attributes(const conv_shape *s, bool int8, dnnl_primitive_attr_t attributes) {
    dnnl_post_ops_t ops;
    dnnl_status_t status = dnnl_post_ops_create(&ops);
    if (status != dnnl_success)
        return status;
    dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    status = dnnl_primitive_attr_set_post_ops(attributes, ops);
    dnnl_post_ops_destroy(ops);
    float *scales = malloc(sizeof *scales * (size_t)s->out);
    for (int64_t o = 0; scales != NULL && o < s->out; o++)
        scales[o] = 0.0004f + 0.000004f * (float)(o % 7);
    if (int8 && scales != NULL && status == dnnl_success)
        status = dnnl_primitive_attr_set_output_scales(attributes, s->out, 2, scales); // mask 2: along channels
    free(scales);
    return status;
}

static dnnl_status_t add_memory(onednn_conv *c, int i, dnnl_query_t what, int argument) {
    const dnnl_memory_desc_t *desc = dnnl_primitive_desc_query_md(c->desc, what, 0);
    size_t size = dnnl_memory_desc_get_size(desc);
    c->bytes[i] = aligned_alloc(64, (size + 63) / 64 * 64);
    if (c->bytes[i] == NULL)
        return dnnl_out_of_memory;
    memset(c->bytes[i], 0, (size + 63) / 64 * 64); // the time of a convolution does not depend on its data
    c->arguments[i].arg = argument;
    dnnl_status_t status = dnnl_memory_create(&c->memory[i], desc, c->engine, c->bytes[i]);
    c->arguments[i].memory = c->memory[i];
    return status;
}

static dnnl_status_t open(onednn_conv *c, const conv_shape *s, bool int8) {
    dnnl_convolution_desc_t desc;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = dnnl_engine_create(&c->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags);
    if (status == dnnl_success)
        status = describe(s, int8, &desc);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_create(&attributes);
    if (status == dnnl_success)
        status = set_attributes(s, int8, attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&c->desc, &desc, attributes, c->engine, NULL);
    dnnl_primitive_attr_destroy(attributes);
    static const struct {
        dnnl_query_t what;
        int argument;
    } tensors[TENSORS] = {{dnnl_query_src_md, DNNL_ARG_SRC},
                          {dnnl_query_weights_md, DNNL_ARG_WEIGHTS},
                          {dnnl_query_weights_md, DNNL_ARG_BIAS},
                          {dnnl_query_dst_md, DNNL_ARG_DST}};
    for (int i = 0; i < TENSORS && status == dnnl_success; i++)
        if (i != 2)
            status = add_memory(c, i, tensors[i].what, tensors[i].argument);
    if (status != dnnl_success)
        return status;
    const dnnl_memory_desc_t *bias = dnnl_primitive_desc_query_md(c->desc, dnnl_query_weights_md, 1);
    size_t size = dnnl_memory_desc_get_size(bias);
    c->bytes[2] = calloc(1, size);
    if (c->bytes[2] == NULL)
        return dnnl_out_of_memory;
    status = dnnl_memory_create(&c->memory[2], bias, c->engine, c->bytes[2]);
    c->arguments[2] = (dnnl_exec_arg_t){DNNL_ARG_BIAS, c->memory[2]};
    return status == dnnl_success ? dnnl_primitive_create(&c->primitive, c->desc) : status;
}

onednn_conv *onednn_open(const conv_shape *shape, bool int8) {
    onednn_conv *c = calloc(1, sizeof *c);
    if (c != NULL && open(c, shape, int8) != dnnl_success) {
        onednn_close(c);
        return NULL;
    }
    return c;
}

void onednn_run(onednn_conv *c) {
    dnnl_primitive_execute(c->primitive, c->stream, TENSORS, c->arguments);
    dnnl_stream_wait(c->stream);
}

void onednn_close(onednn_conv *c) {
    if (c == NULL)
        return;
    dnnl_primitive_destroy(c->primitive);
    dnnl_primitive_desc_destroy(c->desc);
    for (int i = 0; i < TENSORS; i++) {
        dnnl_memory_destroy(c->memory[i]);
        free(c->bytes[i]);
    }
    dnnl_stream_destroy(c->stream);
    dnnl_engine_destroy(c->engine);
    free(c);
}
