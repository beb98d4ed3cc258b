// SPDX-License-Identifier: Apache-2.0
// Output shapes, one rule an operator. Extents of existing tensors are > 0 and small enough to be added and multiplied by
// a stride (TSR_MAX_TENSOR_BYTES); attributes come from files, so that each is bounded here before it is computed with.
#include "shape.h"

#include <inttypes.h>

#define MAX_ATTR (INT64_C(1) << 31) // strides, pads, kernels: no picture is that large

void shape_set(const infer *f, uint32_t rank, const int64_t *shape) {
    *f->rank = rank;
    for (uint32_t i = 0; i < rank; i++)
        f->shape[i] = shape[i];
}

tsr_status tsr_shape_check(tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    if (rank > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", rank, TSR_MAX_RANK);
    uint64_t bytes = tsr_dtype_size(dtype);
    char text[TSR_SHAPE_TEXT];
    for (uint32_t i = 0; i < rank; i++) {
        if (shape[i] <= 0)
            return tsr_error(TSR_UNSUPPORTED, "shape %s: every extent must be known and > 0", tsr_shape_text(text, rank, shape));
        if (__builtin_mul_overflow(bytes, (uint64_t)shape[i], &bytes) || bytes > TSR_MAX_TENSOR_BYTES)
            return tsr_error(TSR_UNSUPPORTED, "shape %s is larger than 4 GiB", tsr_shape_text(text, rank, shape));
    }
    return tsr_ok();
}

static tsr_status window_extent(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t before, int64_t after,
                                bool ceil_mode, int64_t *out_extent) {
    if (kernel < 1 || stride < 1 || dilation < 1 || kernel > MAX_ATTR || stride > MAX_ATTR || dilation > MAX_ATTR)
        return shape_wrong("kernel, strides and dilations must be between 1 and 2^31");
    if (before < 0 || after < 0 || before > MAX_ATTR || after > MAX_ATTR)
        return shape_wrong("pads must be between 0 and 2^31");
    int64_t reach;
    if (__builtin_mul_overflow(kernel - 1, dilation, &reach) || reach > 2 * MAX_ATTR)
        return shape_wrong("the dilated kernel is larger than the padded picture");
    int64_t room = in + before + after - (reach + 1);
    if (room < 0)
        return shape_wrong("the dilated kernel is larger than the padded picture");
    *out_extent = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
    if (ceil_mode && (*out_extent - 1) * stride >= in + before)
        --*out_extent;
    return tsr_ok();
}

static tsr_status window(const infer *f, const tsr_tensor *x, int64_t channels) {
    const tsr_attr *attr = &f->node->attr;
    int64_t height, width;
    TSR_TRY(window_extent(x->shape[1], attr->kernel[0], attr->stride[0], attr->dilation[0], attr->pad_top, attr->pad_bottom,
                          attr->ceil_mode, &height));
    TSR_TRY(window_extent(x->shape[2], attr->kernel[1], attr->stride[1], attr->dilation[1], attr->pad_left, attr->pad_right,
                          attr->ceil_mode, &width));
    shape_set(f, 4, (const int64_t[]){x->shape[0], height, width, channels});
    return tsr_ok();
}

static tsr_status check_bias(const tsr_tensor *bias, int64_t channels) {
    if (bias != NULL && (bias->rank != 1 || bias->shape[0] != channels))
        return tsr_error(TSR_CORRUPT, "the bias must have one value for each of %" PRId64 " output channels", channels);
    return tsr_ok();
}

static tsr_status conv(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *w = shape_input(f, 1);
    const tsr_attr *attr = &f->node->attr;
    if (x->rank != 4 || w->rank != 4)
        return tsr_error(TSR_CORRUPT, "input and weights must have rank 4, have %" PRIu32 " and %" PRIu32, x->rank, w->rank);
    if (attr->kernel[0] != w->shape[1] || attr->kernel[1] != w->shape[2])
        return shape_wrong("the kernel's shape differs from the weights'");
    if (attr->groups < 1 || x->shape[3] % attr->groups != 0 || x->shape[3] / attr->groups != w->shape[3])
        return tsr_error(TSR_CORRUPT,
                         "%" PRId64 " input channels in %" PRId64 " groups do not fit weights for %" PRId64 " channels a group",
                         x->shape[3], attr->groups, w->shape[3]);
    if (w->shape[0] % attr->groups != 0)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " output channels cannot be split into %" PRId64 " groups", w->shape[0],
                         attr->groups);
    if (f->node->op == TSR_OP_CONV)
        TSR_TRY(check_bias(shape_input(f, 2), w->shape[0]));
    return window(f, x, w->shape[0]);
}

static tsr_status pool(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *attr = &f->node->attr;
    if (x->rank != 4)
        return tsr_error(TSR_CORRUPT, "the input must have rank 4, has %" PRIu32, x->rank);
    // A window wholly in the padding would have no cell to look at.
    if (attr->dilation[0] >= 1 && attr->dilation[1] >= 1 && attr->kernel[0] >= 1 && attr->kernel[1] >= 1 &&
        attr->kernel[0] <= MAX_ATTR && attr->kernel[1] <= MAX_ATTR && attr->dilation[0] <= MAX_ATTR &&
        attr->dilation[1] <= MAX_ATTR) {
        int64_t high, wide; // extents of the dilated window; saturating, since the products may not fit
        if (__builtin_mul_overflow(attr->kernel[0] - 1, attr->dilation[0], &high))
            high = INT64_MAX - 1;
        if (__builtin_mul_overflow(attr->kernel[1] - 1, attr->dilation[1], &wide))
            wide = INT64_MAX - 1;
        if (attr->pad_top > high || attr->pad_bottom > high || attr->pad_left > wide || attr->pad_right > wide)
            return shape_wrong("pads must be smaller than the kernel");
    }
    return window(f, x, x->shape[3]);
}

static tsr_status fully_connected(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *w = shape_input(f, 1);
    if (x->rank != 2 || w->rank != 2)
        return tsr_error(TSR_CORRUPT, "input and weights must have rank 2, have %" PRIu32 " and %" PRIu32, x->rank, w->rank);
    if (x->shape[1] != w->shape[1])
        return tsr_error(TSR_CORRUPT, "%" PRId64 " input features, but weights for %" PRId64, x->shape[1], w->shape[1]);
    TSR_TRY(check_bias(shape_input(f, 2), w->shape[0]));
    shape_set(f, 2, (const int64_t[]){x->shape[0], w->shape[0]});
    return tsr_ok();
}

// NumPy's rule: merges the leading `rank` extents of a tensor into the shape so far.
static tsr_status broadcast(const infer *f, const tsr_tensor *t, uint32_t rank) {
    const uint32_t known = *f->rank, most = known > rank ? known : rank;
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < most; i++) {
        const int64_t m = i + known < most ? 1 : f->shape[i + known - most];
        const int64_t n = i + rank < most ? 1 : t->shape[i + rank - most];
        if (m != n && m != 1 && n != 1) {
            char left[TSR_SHAPE_TEXT], right[TSR_SHAPE_TEXT];
            return tsr_error(TSR_CORRUPT, "shapes %s and %s do not broadcast", tsr_shape_text(left, known, f->shape),
                             tsr_shape_text(right, t->rank, t->shape));
        }
        shape[i] = m > n ? m : n;
    }
    shape_set(f, most, shape);
    return tsr_ok();
}

static tsr_status elementwise(const infer *f) {
    for (uint32_t i = 0; i < f->node->input_count; i++)
        TSR_TRY(broadcast(f, shape_input(f, i), shape_input(f, i)->rank));
    return tsr_ok();
}

static tsr_status matmul(const infer *f) {
    const tsr_tensor *a = shape_input(f, 0), *b = shape_input(f, 1);
    if (a->rank < 2 || b->rank < 2)
        return shape_wrong("both operands must have rank 2 or more");
    if (a->shape[a->rank - 1] != b->shape[b->rank - 2]) {
        char left[TSR_SHAPE_TEXT], right[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "shapes %s and %s cannot be multiplied", tsr_shape_text(left, a->rank, a->shape),
                         tsr_shape_text(right, b->rank, b->shape));
    }
    TSR_TRY(broadcast(f, a, a->rank - 2));
    TSR_TRY(broadcast(f, b, b->rank - 2));
    f->shape[(*f->rank)++] = a->shape[a->rank - 2];
    f->shape[(*f->rank)++] = b->shape[b->rank - 1];
    return tsr_ok();
}

static tsr_status pad(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *attr = &f->node->attr;
    for (uint32_t i = 0; i < x->rank; i++) {
        if (attr->pads_begin[i] < 0 || attr->pads_end[i] < 0 || attr->pads_begin[i] > MAX_ATTR || attr->pads_end[i] > MAX_ATTR)
            return shape_wrong("pads must be between 0 and 2^31");
        if (attr->pad_mode == TSR_PAD_REFLECT && (attr->pads_begin[i] >= x->shape[i] || attr->pads_end[i] >= x->shape[i]))
            return shape_wrong("pads that reflect must be smaller than the extent");
        f->shape[i] = x->shape[i] + attr->pads_begin[i] + attr->pads_end[i];
    }
    *f->rank = x->rank;
    return tsr_ok();
}

static tsr_status concat(const infer *f) {
    const tsr_tensor *first = shape_input(f, 0);
    const int64_t axis = f->node->attr.axis;
    if (axis < 0 || axis >= (int64_t)first->rank)
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, first->rank);
    shape_set(f, first->rank, first->shape);
    for (uint32_t n = 1; n < f->node->input_count; n++) {
        const tsr_tensor *x = shape_input(f, n);
        if (x == NULL || x->rank != first->rank || x->dtype != first->dtype)
            return shape_wrong("all inputs must have one rank and type");
        for (uint32_t i = 0; i < x->rank; i++)
            if (i != (uint32_t)axis && x->shape[i] != first->shape[i])
                return shape_wrong("the inputs' shapes may only differ along the axis");
        if (__builtin_add_overflow(f->shape[axis], x->shape[axis], &f->shape[axis]))
            return shape_wrong("the result is too large");
    }
    return tsr_ok();
}

static tsr_status reshape(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0), *y = &f->graph->tensors[f->node->outputs[0]];
    if (tsr_tensor_elements(x) != tsr_tensor_elements(y)) {
        char from[TSR_SHAPE_TEXT], to[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "%s has other elements than %s", tsr_shape_text(from, x->rank, x->shape),
                         tsr_shape_text(to, y->rank, y->shape));
    }
    shape_set(f, y->rank, y->shape);
    return tsr_ok();
}

static tsr_status transpose(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    bool seen[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < x->rank; i++) {
        int64_t from = f->node->attr.perm[i];
        if (from < 0 || from >= (int64_t)x->rank || seen[from])
            return shape_wrong("perm must name every dimension once");
        seen[from] = true;
        f->shape[i] = x->shape[from];
    }
    *f->rank = x->rank;
    return tsr_ok();
}

static tsr_status softmax(const infer *f) {
    const tsr_tensor *x = shape_input(f, 0);
    const tsr_attr *attr = &f->node->attr;
    if (attr->flatten_axis > (int64_t)x->rank)
        return shape_wrong("axis is outside of the input's rank");
    if (attr->flatten_axis < 0 && (attr->axis < 0 || attr->axis >= (int64_t)x->rank))
        return shape_wrong("axis is outside of the input's rank");
    shape_set(f, x->rank, x->shape);
    return tsr_ok();
}

static tsr_status check_inputs(const infer *f, uint32_t least, uint32_t most) {
    const tsr_node *node = f->node;
    if (node->input_count < least || node->input_count > most || node->output_count < 1)
        return tsr_error(TSR_CORRUPT, "%s takes %" PRIu32 " to %" PRIu32 " inputs, has %" PRIu32, tsr_op_name(node->op), least,
                         most, node->input_count);
    for (uint32_t i = 0; i < least; i++)
        if (node->inputs[i] == TSR_NO_ID)
            return tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", i);
    return tsr_ok();
}

static tsr_status same_shape(const infer *f) {
    shape_set(f, shape_input(f, 0)->rank, shape_input(f, 0)->shape);
    return tsr_ok();
}

tsr_status tsr_graph_infer_shape(const tsr_graph *graph, const tsr_node *node, uint32_t *out_rank,
                                 int64_t out_shape[TSR_MAX_RANK]) {
    const infer f = {graph, node, out_rank, out_shape};
    *out_rank = 0;
    if (tsr_op_is_unary(node->op)) {
        TSR_TRY(check_inputs(&f, 1, 1));
        return same_shape(&f);
    }
    if (tsr_op_is_binary(node->op)) {
        TSR_TRY(check_inputs(&f, 2, 2));
        return elementwise(&f);
    }
    switch (node->op) {
    case TSR_OP_CONV: TSR_TRY(check_inputs(&f, 2, 3)); return conv(&f);
    case TSR_OP_CONV_INTEGER: TSR_TRY(check_inputs(&f, 2, 2)); return conv(&f);
    case TSR_OP_FULLY_CONNECTED: TSR_TRY(check_inputs(&f, 2, 3)); return fully_connected(&f);
    case TSR_OP_MATMUL:
    case TSR_OP_MATMUL_INTEGER: TSR_TRY(check_inputs(&f, 2, 2)); return matmul(&f);
    case TSR_OP_WHERE: TSR_TRY(check_inputs(&f, 3, 3)); return elementwise(&f);
    case TSR_OP_MAX_POOL:
    case TSR_OP_MAX_POOL_INDEX:
    case TSR_OP_AVERAGE_POOL: TSR_TRY(check_inputs(&f, 1, 1)); return pool(&f);
    case TSR_OP_MEAN:
    case TSR_OP_REDUCE_SUM:
    case TSR_OP_REDUCE_PROD:
    case TSR_OP_REDUCE_MAX:
    case TSR_OP_REDUCE_MIN: TSR_TRY(check_inputs(&f, 1, 1)); return shape_reduce(&f);
    case TSR_OP_ARG_MAX:
    case TSR_OP_ARG_MIN: TSR_TRY(check_inputs(&f, 1, 1)); return shape_arg(&f);
    case TSR_OP_NORMALIZE: TSR_TRY(check_inputs(&f, 1, 3)); return shape_normalize(&f);
    case TSR_OP_RESAMPLE: TSR_TRY(check_inputs(&f, 3, 3)); return shape_resample(&f);
    case TSR_OP_NON_MAX_SUPPRESSION: TSR_TRY(check_inputs(&f, 2, 2)); return shape_non_max_suppression(&f);
    case TSR_OP_RECURRENT: TSR_TRY(check_inputs(&f, 2, 7)); return shape_recurrent(&f);
    case TSR_OP_TOP_K: TSR_TRY(check_inputs(&f, 1, 1)); return shape_top_k(&f);
    case TSR_OP_CUM_SUM: TSR_TRY(check_inputs(&f, 1, 1)); return shape_cum_sum(&f);
    case TSR_OP_SLICE: TSR_TRY(check_inputs(&f, 1, 1)); return shape_slice(&f);
    case TSR_OP_EXPAND: TSR_TRY(check_inputs(&f, 1, 1)); return shape_expand(&f);
    case TSR_OP_RESIZE_BILINEAR: TSR_TRY(check_inputs(&f, 1, 1)); return shape_resize(&f);
    case TSR_OP_GATHER: TSR_TRY(check_inputs(&f, 2, 2)); return shape_gather(&f);
    case TSR_OP_GATHER_ND: TSR_TRY(check_inputs(&f, 2, 2)); return shape_gather_nd(&f);
    case TSR_OP_SCATTER_ND: TSR_TRY(check_inputs(&f, 3, 3)); return shape_scatter_nd(&f);
    case TSR_OP_PAD: TSR_TRY(check_inputs(&f, 1, 1)); return pad(&f);
    case TSR_OP_CONCAT: TSR_TRY(check_inputs(&f, 1, UINT32_MAX)); return concat(&f);
    case TSR_OP_RESHAPE: TSR_TRY(check_inputs(&f, 1, 1)); return reshape(&f);
    case TSR_OP_TRANSPOSE: TSR_TRY(check_inputs(&f, 1, 1)); return transpose(&f);
    case TSR_OP_SOFTMAX: TSR_TRY(check_inputs(&f, 1, 1)); return softmax(&f);
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE:
    case TSR_OP_CAST:
    case TSR_OP_DYNAMIC_QUANTIZE:
    case TSR_OP_IDENTITY: TSR_TRY(check_inputs(&f, 1, 1)); return same_shape(&f);
    default: break;
    }
    return tsr_error(TSR_INTERNAL, "operator %d is none", (int)node->op);
}
