// SPDX-License-Identifier: Apache-2.0
// Three spatial dimensions, made of two: the graph knows windows over pictures only.
//
// A pool is one over the depth, then one over each picture: maxima, and averages with whatever they divide by, are
// separable. A convolution becomes one over pictures whose channels are every channel at every depth of the kernel; the
// weights [O, I, KD, KH, KW] are those of that convolution as they lie, [O, I * KD, KH, KW].
#include <inttypes.h>
#include <string.h>

#include "onnx.h"

// The window along the depth, as a window of height.
static tsr_status read_depth(const onnx_node *node, int64_t extent, int64_t kernel, tsr_attr *out_attr) {
    int64_t strides[3], dilations[3], pads[6];
    uint32_t count;
    bool has_strides, has_dilations, has_pads;
    char mode[16];
    *out_attr = tsr_attr_default();
    TSR_TRY(onnx_attr_ints(node, "strides", 3, strides, &count, &has_strides));
    if (has_strides && count != 3)
        return tsr_error(TSR_CORRUPT, "attribute 'strides' has %" PRIu32 " elements, must have 3", count);
    TSR_TRY(onnx_attr_ints(node, "dilations", 3, dilations, &count, &has_dilations));
    if (has_dilations && count != 3)
        return tsr_error(TSR_CORRUPT, "attribute 'dilations' has %" PRIu32 " elements, must have 3", count);
    TSR_TRY(onnx_attr_ints(node, "pads", 6, pads, &count, &has_pads));
    if (has_pads && count != 6)
        return tsr_error(TSR_CORRUPT, "attribute 'pads' has %" PRIu32 " elements, must have 6", count);
    TSR_TRY(onnx_attr_text(node, "auto_pad", "NOTSET", sizeof mode, mode)); // onnx_read_window checks it
    out_attr->kernel[0] = kernel;
    out_attr->stride[0] = has_strides ? strides[0] : 1;
    out_attr->dilation[0] = has_dilations ? dilations[0] : 1;
    if (strncmp(mode, "SAME_", 5) == 0) {
        if (out_attr->stride[0] < 1)
            return tsr_error(TSR_CORRUPT, "a stride of %" PRId64, out_attr->stride[0]);
        pad_same(extent, kernel, out_attr->stride[0], out_attr->dilation[0], strcmp(mode, "SAME_LOWER") == 0, &out_attr->pad_top,
                 &out_attr->pad_bottom);
    } else if (strcmp(mode, "NOTSET") == 0 && has_pads) {
        out_attr->pad_top = pads[0];
        out_attr->pad_bottom = pads[3];
    }
    return tsr_ok();
}

// Depth as height and a whole picture as width, one channel.
static tsr_status by_depth(onnx *o, const onnx_node *node, tsr_id x, tsr_id *out_id) {
    const int64_t *shape = tensor_of(&o->imp, x)->shape;
    const char *name = onnx_derived(o, node->name, "depth");
    return importer_reshape(&o->imp, x, 4, (const int64_t[]){shape[0] * shape[1], shape[2], shape[3] * shape[4], 1}, -1, name,
                            name, out_id);
}

// Every depth of the kernel is a channel: a convolution with 0 and 1.
static tsr_status spread_depth(onnx *o, const onnx_node *node, const tsr_attr *attr, tsr_id x, tsr_id *out_id) {
    const int64_t kernel = attr->kernel[0], shape[4] = {kernel, kernel, 1, 1};
    const char *name = onnx_derived(o, node->name, "depths");
    if (kernel > INT16_MAX)
        return tsr_error(TSR_UNSUPPORTED, "a kernel with a depth of %" PRId64, kernel);
    TSR_TRY(importer_reserve(&o->imp, (uint64_t)(kernel * kernel) * sizeof(float)));
    float *ones = TSR_NEW_ARRAY(o->imp.graph->arena, float, kernel *kernel);
    for (int64_t i = 0; i < kernel; i++)
        ones[i * kernel + i] = 1;
    tsr_id in[2] = {x, tsr_graph_add_tensor(o->imp.graph, onnx_derived(o, name, "ones"), TSR_F32, 4, shape)};
    tensor_of(&o->imp, in[1])->data = ones;
    return importer_emit(&o->imp, TSR_OP_CONV, name, attr, 2, in, name, TSR_F32, out_id);
}

tsr_status onnx_unfold_volume(onnx *o, const onnx_node *node, tsr_id *x, tsr_id *w, int64_t *out_batch) {
    int64_t from[TSR_MAX_RANK], kernel[TSR_MAX_RANK], stated[3];
    uint32_t count;
    bool present;
    tsr_attr attr;
    memcpy(from, tensor_of(&o->imp, *x)->shape, sizeof from);
    memcpy(kernel, tensor_of(&o->imp, *w)->shape, sizeof kernel);
    if (tensor_of(&o->imp, *x)->dtype != TSR_F32 || tensor_of(&o->imp, *w)->dtype != TSR_F32)
        return tsr_error(TSR_UNSUPPORTED, "three spatial dimensions of %s; float32 works",
                         tsr_dtype_name(tensor_of(&o->imp, *x)->dtype));
    TSR_TRY(onnx_attr_ints(node, "kernel_shape", 3, stated, &count, &present));
    if (present && (count != 3 || stated[0] != kernel[2]))
        return tsr_error(TSR_CORRUPT, "kernel_shape differs from the weights' shape");
    TSR_TRY(read_depth(node, from[2], kernel[2], &attr));
    TSR_TRY(by_depth(o, node, *x, x));
    TSR_TRY(spread_depth(o, node, &attr, *x, x));
    const int64_t depth = tensor_of(&o->imp, *x)->shape[1], n = from[0], c = from[1];
    const char *name = onnx_derived(o, node->name, "channels");
    TSR_TRY(importer_reshape(&o->imp, *x, 5, (const int64_t[]){n, c, depth, from[3] * from[4], kernel[2]}, -1, name, name, x));
    TSR_TRY(importer_transpose(&o->imp, *x, (const int64_t[]){0, 2, 1, 4, 3}, name, name, x));
    name = onnx_derived(o, node->name, "pictures");
    TSR_TRY(importer_reshape(&o->imp, *x, 4, (const int64_t[]){n * depth, c * kernel[2], from[3], from[4]}, -1, name, name, x));
    name = onnx_derived(o, tensor_of(&o->imp, *w)->name, "2d");
    TSR_TRY(importer_reshape(&o->imp, *w, 4, (const int64_t[]){kernel[0], kernel[1] * kernel[2], kernel[3], kernel[4]}, -1, name,
                             name, w));
    *out_batch = n;
    return tsr_ok();
}

tsr_status onnx_fold_volume(onnx *o, const onnx_node *node, int64_t batch, tsr_id y) {
    const int64_t *shape = tensor_of(&o->imp, y)->shape;
    const char *name = onnx_derived(o, node->name, "volumes");
    TSR_TRY(importer_reshape(&o->imp, y, 5, (const int64_t[]){batch, shape[0] / batch, shape[1], shape[2], shape[3]}, -1, name,
                             name, &y));
    TSR_TRY(importer_transpose(&o->imp, y, (const int64_t[]){0, 2, 1, 3, 4}, onnx_derived(o, node->name, "ncdhw"),
                               onnx_output_name(node, 0), &y));
    return onnx_define(o, node, 0, y);
}

static tsr_status pool_like(onnx *o, tsr_op op, const char *name, const tsr_attr *attr, tsr_id *x) {
    const tsr_id from = *x;
    TSR_TRY(importer_emit(&o->imp, op, name, attr, 1, &from, name, tensor_of(&o->imp, from)->dtype, x));
    tensor_of(&o->imp, *x)->quant = tensor_of(&o->imp, from)->quant;
    return tsr_ok();
}

tsr_status onnx_volume_pool(onnx *o, const onnx_node *node, tsr_op op, tsr_id x) {
    int64_t from[TSR_MAX_RANK], kernel[3], ceil_mode, include_pad;
    uint32_t count;
    bool present;
    tsr_attr attr;
    memcpy(from, tensor_of(&o->imp, x)->shape, sizeof from);
    if (op == TSR_OP_AVERAGE_POOL && tensor_of(&o->imp, x)->dtype != TSR_F32)
        return tsr_error(TSR_UNSUPPORTED, "an average over three spatial dimensions of %s; float32 works",
                         tsr_dtype_name(tensor_of(&o->imp, x)->dtype));
    TSR_TRY(onnx_attr_ints(node, "kernel_shape", 3, kernel, &count, &present));
    if (!present || count != 3)
        return tsr_error(TSR_CORRUPT, "attribute 'kernel_shape' must have 3 elements");
    TSR_TRY(onnx_attr_int(node, "ceil_mode", 0, &ceil_mode));
    TSR_TRY(onnx_attr_int(node, "count_include_pad", 0, &include_pad));
    TSR_TRY(read_depth(node, from[2], kernel[0], &attr));
    attr.ceil_mode = ceil_mode != 0;
    attr.count_include_pad = include_pad != 0;
    TSR_TRY(by_depth(o, node, x, &x));
    TSR_TRY(pool_like(o, op, onnx_derived(o, node->name, "depths"), &attr, &x));
    const int64_t depth = tensor_of(&o->imp, x)->shape[1], pictures = from[0] * from[1] * depth;
    const char *name = onnx_derived(o, node->name, "pictures");
    TSR_TRY(importer_reshape(&o->imp, x, 4, (const int64_t[]){pictures, from[3], from[4], 1}, -1, name, name, &x));
    attr = tsr_attr_default();
    attr.kernel[0] = kernel[1], attr.kernel[1] = kernel[2];
    TSR_TRY(onnx_read_window(node, 3, tensor_of(&o->imp, x), &attr));
    attr.ceil_mode = ceil_mode != 0;
    attr.count_include_pad = include_pad != 0;
    TSR_TRY(pool_like(o, op, node->name, &attr, &x));
    const int64_t *to = tensor_of(&o->imp, x)->shape;
    TSR_TRY(importer_reshape(&o->imp, x, 5, (const int64_t[]){from[0], from[1], depth, to[1], to[2]}, -1,
                             onnx_derived(o, node->name, "volumes"), onnx_output_name(node, 0), &x));
    return onnx_define(o, node, 0, x);
}
