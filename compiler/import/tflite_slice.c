// SPDX-License-Identifier: Apache-2.0
// TFLite's slices, and its operators that exchange pixels with channels or pictures.
#include <inttypes.h>
#include <string.h>

#include "tflite_model.h"

static tsr_attr whole_slice(const tsr_tensor *x) {
    tsr_attr attr = tsr_attr_default();
    attr.extent_count = x->rank;
    for (uint32_t i = 0; i < x->rank; i++) {
        attr.extents[i] = x->shape[i];
        attr.steps[i] = 1;
    }
    return attr;
}

// Output n gets sizes[n] slices along the axis; NULL: all the same.
static tsr_status split(tflite *t, const operation *op, tsr_id x, int64_t axis, const int64_t *sizes) {
    tsr_attr attr = whole_slice(tensor_of(&t->imp, x));
    const int64_t extent = attr.extents[axis], count = op->outputs.count;
    if (sizes == NULL && (count == 0 || extent % count != 0))
        return tsr_error(TSR_CORRUPT, "an extent of %" PRId64 " cannot be split into %" PRId64 " equal parts", extent, count);
    for (uint32_t n = 0; n < count; n++) {
        attr.extents[axis] = sizes != NULL ? sizes[n] : extent / count;
        TSR_TRY(tflite_emit_to(t, op, n, TSR_OP_SLICE, &attr, 1, &x));
        attr.starts[axis] += attr.extents[axis];
    }
    return tsr_ok();
}

static tsr_status read_axis(tflite *t, const operation *op, uint32_t index, tsr_id x, int64_t *out_axis) {
    uint32_t count;
    TSR_TRY(tflite_ints(t, op, index, 1, out_axis, &count));
    if (count != 1)
        return tsr_error(TSR_CORRUPT, "the axis must be one number");
    return tflite_axis(t, x, out_axis);
}

tsr_status tflite_split(tflite *t, const operation *op) { // axis, x
    tsr_id x;
    int64_t axis;
    TSR_TRY(tflite_input(t, op, 1, &x));
    TSR_TRY(read_axis(t, op, 0, x, &axis));
    return split(t, op, x, axis, NULL);
}

tsr_status tflite_split_v(tflite *t, const operation *op) { // x, sizes, axis
    tsr_id x;
    int64_t axis;
    uint32_t count;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_axis(t, op, 2, x, &axis));
    TSR_TRY(importer_reserve(&t->imp, 8 * (uint64_t)op->outputs.count));
    int64_t *sizes = TSR_NEW_ARRAY(t->imp.graph->arena, int64_t, op->outputs.count + 1), known = 0;
    TSR_TRY(tflite_ints(t, op, 1, op->outputs.count, sizes, &count));
    if (count != op->outputs.count)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " sizes for %" PRIu32 " outputs", count, op->outputs.count);
    const int64_t extent = tensor_of(&t->imp, x)->shape[axis];
    for (uint32_t n = 0; n < count; n++)
        known += sizes[n] > 0 && sizes[n] <= extent ? sizes[n] : 0;
    for (uint32_t n = 0; n < count; n++)
        if (sizes[n] == -1)
            sizes[n] = extent - known;
    return split(t, op, x, axis, sizes);
}

tsr_status tflite_slice(tflite *t, const operation *op) {
    tsr_id x;
    int64_t begin[TSR_MAX_RANK], size[TSR_MAX_RANK];
    uint32_t begins, sizes;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, begin, &begins));
    TSR_TRY(tflite_ints(t, op, 2, TSR_MAX_RANK, size, &sizes));
    tsr_attr attr = whole_slice(tensor_of(&t->imp, x));
    if (begins != attr.extent_count || sizes != attr.extent_count)
        return tsr_error(TSR_CORRUPT, "begin and size need a number for each of %" PRIu32 " dimensions", attr.extent_count);
    for (uint32_t i = 0; i < sizes; i++) {
        attr.starts[i] = begin[i];
        attr.extents[i] = size[i] == -1 ? attr.extents[i] - begin[i] : size[i];
    }
    return tflite_emit(t, op, TSR_OP_SLICE, &attr, 1, &x);
}

typedef struct strided {
    int64_t begin[TSR_MAX_RANK], end[TSR_MAX_RANK], stride[TSR_MAX_RANK];
    uint32_t count;
    uint32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
    bool end_is_offset; // end counts from begin
} strided;

static tsr_status read_strided(tflite *t, const operation *op, strided *s) {
    uint32_t ends, strides;
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, s->begin, &s->count));
    TSR_TRY(tflite_ints(t, op, 2, TSR_MAX_RANK, s->end, &ends));
    TSR_TRY(tflite_ints(t, op, 3, TSR_MAX_RANK, s->stride, &strides));
    if (ends != s->count || strides != s->count)
        return tsr_error(TSR_CORRUPT, "begin, end and strides have different lengths");
    s->begin_mask = (uint32_t)fb_get_i32(&t->file, op->options, STRIDED_SLICE_BEGIN_MASK, 0);
    s->end_mask = (uint32_t)fb_get_i32(&t->file, op->options, STRIDED_SLICE_END_MASK, 0);
    s->ellipsis_mask = (uint32_t)fb_get_i32(&t->file, op->options, STRIDED_SLICE_ELLIPSIS_MASK, 0);
    s->new_axis_mask = (uint32_t)fb_get_i32(&t->file, op->options, STRIDED_SLICE_NEW_AXIS_MASK, 0);
    s->shrink_mask = (uint32_t)fb_get_i32(&t->file, op->options, STRIDED_SLICE_SHRINK_AXIS_MASK, 0);
    s->end_is_offset = fb_get_u8(&t->file, op->options, STRIDED_SLICE_OFFSET, 0) != 0;
    return t->file.status;
}

static int64_t limited(int64_t value, int64_t lo, int64_t hi) { return value < lo ? lo : value > hi ? hi : value; }

// Entry i of the lists, on a dimension of `extent` elements, by NumPy's rules.
static tsr_status slice_dimension(const strided *s, uint32_t i, int64_t extent, int64_t *start, int64_t *step, int64_t *count) {
    const bool shrink = s->shrink_mask >> i & 1, forward = s->stride[i] > 0;
    *step = shrink ? 1 : s->stride[i];
    if (s->stride[i] == 0)
        return tsr_error(TSR_CORRUPT, "a stride of 0");
    int64_t begin = s->begin[i], end = s->end_is_offset ? s->begin[i] + s->end[i] : s->end[i];
    begin += begin < 0 ? extent : 0;
    end += end < 0 && !s->end_is_offset ? extent : 0;
    if (shrink) {
        if (s->begin_mask >> i & 1)
            begin = 0;
        *start = begin;
        *count = 1;
        return tsr_ok();
    }
    begin = s->begin_mask >> i & 1 ? (forward ? 0 : extent - 1) : limited(begin, forward ? 0 : -1, forward ? extent : extent - 1);
    end = s->end_mask >> i & 1 ? (forward ? extent : -1) : limited(end, forward ? 0 : -1, forward ? extent : extent - 1);
    *start = begin;
    *count = forward ? (end - begin + *step - 1) / *step : (begin - end - *step - 1) / -*step;
    return tsr_ok();
}

tsr_status tflite_strided_slice(tflite *t, const operation *op) {
    tsr_id x;
    strided s = {.count = 0};
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_strided(t, op, &s));
    tsr_attr attr = whole_slice(tensor_of(&t->imp, x));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    int64_t shape[2 * TSR_MAX_RANK];
    uint32_t named = 0, rank = 0, d = 0;
    for (uint32_t i = 0; i < s.count; i++)
        named += !(s.new_axis_mask >> i & 1) && !(s.ellipsis_mask >> i & 1);
    if (named > from.rank)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " slices of an input of rank %" PRIu32, named, from.rank);
    for (uint32_t i = 0; i < s.count; i++)
        if (s.ellipsis_mask >> i & 1) {
            for (uint32_t skip = from.rank - named; skip > 0; skip--)
                shape[rank++] = from.shape[d++];
            named = from.rank; // a second one stands for nothing
        } else if (s.new_axis_mask >> i & 1) {
            shape[rank++] = 1;
        } else {
            TSR_TRY(slice_dimension(&s, i, from.shape[d], &attr.starts[d], &attr.steps[d], &attr.extents[d]));
            if (!(s.shrink_mask >> i & 1))
                shape[rank++] = attr.extents[d];
            d++;
        }
    while (d < from.rank)
        shape[rank++] = from.shape[d++];
    if (rank > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", rank, TSR_MAX_RANK);
    if (s.new_axis_mask == 0 && s.shrink_mask == 0)
        return tflite_emit(t, op, TSR_OP_SLICE, &attr, 1, &x);
    TSR_TRY(tflite_step(t, op, "slice", TSR_OP_SLICE, &attr, 1, &x, x, &x));
    return tflite_emit_reshape(t, op, 0, x, rank, shape);
}

tsr_status tflite_reverse(tflite *t, const operation *op) {
    tsr_id x;
    int64_t axes[TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, axes, &count));
    tsr_attr attr = whole_slice(tensor_of(&t->imp, x));
    for (uint32_t i = 0; i < count; i++) {
        TSR_TRY(tflite_axis(t, x, &axes[i]));
        attr.starts[axes[i]] = attr.extents[axes[i]] - 1;
        attr.steps[axes[i]] = -1;
    }
    return tflite_emit(t, op, TSR_OP_SLICE, &attr, 1, &x);
}

// ---- blocks ------------------------------------------------------------------------------------------------------------

// Splits dimensions (a reshape), reorders them, joins them again.
static tsr_status reorder(tflite *t, const operation *op, tsr_id x, uint32_t rank, const int64_t *shape, const int64_t *perm,
                          tsr_id *out_id) {
    tsr_attr attr = tsr_attr_default();
    memcpy(attr.perm, perm, rank * sizeof *perm);
    *out_id = x;
    TSR_TRY(tflite_step_reshape(t, op, "blocks", rank, shape, out_id));
    return tflite_step(t, op, "reordered", TSR_OP_TRANSPOSE, &attr, 1, out_id, x, out_id);
}

static tsr_status read_block(tflite *t, const operation *op, uint32_t field, tsr_id x, int64_t *out_block) {
    *out_block = fb_get_i32(&t->file, op->options, field, 0);
    if (*out_block < 1)
        return tsr_error(TSR_CORRUPT, "a block size of %" PRId64, *out_block);
    return tflite_rank(t, x, 4, "input");
}

tsr_status tflite_space_to_depth(tflite *t, const operation *op) {
    tsr_id x;
    int64_t b;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_block(t, op, SPACE_TO_DEPTH_BLOCK_SIZE, x, &b));
    const int64_t *s = tensor_of(&t->imp, x)->shape, n = s[0], h = s[1] / b, w = s[2] / b, c = s[3];
    TSR_TRY(reorder(t, op, x, 6, (const int64_t[]){n, h, b, w, b, c}, (const int64_t[]){0, 1, 3, 2, 4, 5}, &x));
    return tflite_emit_reshape(t, op, 0, x, 4, (const int64_t[]){n, h, w, b * b * c});
}

tsr_status tflite_depth_to_space(tflite *t, const operation *op) {
    tsr_id x;
    int64_t b;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_block(t, op, SPACE_TO_DEPTH_BLOCK_SIZE, x, &b));
    const int64_t *s = tensor_of(&t->imp, x)->shape, n = s[0], h = s[1], w = s[2], c = s[3] / b / b;
    TSR_TRY(reorder(t, op, x, 6, (const int64_t[]){n, h, w, b, b, c}, (const int64_t[]){0, 1, 3, 2, 4, 5}, &x));
    return tflite_emit_reshape(t, op, 0, x, 4, (const int64_t[]){n, h * b, w * b, c});
}

typedef struct block_lists {
    int64_t block[TSR_MAX_RANK], border[2 * TSR_MAX_RANK]; // of the dimensions after the batch; borders: before, after
    uint32_t count;
} block_lists;

static tsr_status read_lists(tflite *t, const operation *op, tsr_id x, block_lists *b) {
    uint32_t borders;
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, b->block, &b->count));
    TSR_TRY(tflite_ints(t, op, 2, 2 * TSR_MAX_RANK, b->border, &borders));
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    if (borders != 2 * b->count || b->count == 0 || b->count + 1 > rank || rank + b->count > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED,
                         "blocks of %" PRIu32 " dimensions and %" PRIu32 " borders for an input of rank %" PRIu32
                         "; one or two dimensions of rank 3 or 4 work",
                         b->count, borders, rank);
    for (uint32_t i = 0; i < b->count; i++)
        if (b->block[i] < 1 || b->block[i] > INT32_MAX || b->border[2 * i] < 0 || b->border[2 * i + 1] < 0)
            return tsr_error(TSR_CORRUPT, "block sizes must be 1 or more, borders 0 or more");
    return tsr_ok();
}

// Pad; [N, H/b0, b0, W/b1, b1, C] -> [b0, b1, N, H/b0, W/b1, C]
tsr_status tflite_space_to_batch(tflite *t, const operation *op) {
    tsr_id x;
    block_lists b;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_lists(t, op, x, &b));
    const tsr_id before = x;
    const tsr_tensor from = *tensor_of(&t->imp, x);
    tsr_attr pad = tsr_attr_default();
    pad.pad_is_zero_point = from.quant.count > 0;
    bool padded = false;
    for (uint32_t i = 0; i < b.count; i++) {
        pad.pads_begin[1 + i] = b.border[2 * i];
        pad.pads_end[1 + i] = b.border[2 * i + 1];
        padded = padded || b.border[2 * i] != 0 || b.border[2 * i + 1] != 0;
    }
    if (padded)
        TSR_TRY(tflite_step(t, op, "padded", TSR_OP_PAD, &pad, 1, &x, x, &x));
    const tsr_tensor wide = *tensor_of(&t->imp, x);
    int64_t split[TSR_MAX_RANK], perm[TSR_MAX_RANK], shape[TSR_MAX_RANK], n = wide.shape[0];
    uint32_t rank = 0;
    split[rank++] = wide.shape[0];
    for (uint32_t i = 0; i < b.count; i++) {
        perm[i] = rank + 1;
        perm[b.count + 1 + i] = rank;
        shape[1 + i] = wide.shape[1 + i] / b.block[i];
        split[rank++] = shape[1 + i];
        split[rank++] = b.block[i];
        if (__builtin_mul_overflow(n, b.block[i], &n))
            return tsr_error(TSR_CORRUPT, "the result is too large");
    }
    perm[b.count] = 0;
    for (uint32_t d = b.count + 1; d < wide.rank; d++) {
        perm[rank] = rank;
        shape[d] = wide.shape[d];
        split[rank++] = wide.shape[d];
    }
    shape[0] = n;
    TSR_TRY(reorder(t, op, x, rank, split, perm, &x));
    TSR_TRY(tflite_emit_reshape(t, op, 0, x, wide.rank, shape));
    if (from.rank == 4 && b.count == 2) {
        space_to_batch *entry = TSR_NEW(t->imp.graph->arena, space_to_batch);
        *entry = (space_to_batch){t->batched,
                                  before,
                                  t->ids[fb_i32_at(&t->file, op->outputs, 0)],
                                  {b.block[0], b.block[1]},
                                  {b.border[0], b.border[2]},
                                  {b.border[1], b.border[3]}};
        t->batched = entry;
    }
    return tsr_ok();
}

// SPACE_TO_BATCH_ND, a convolution of stride 1 without pads, BATCH_TO_SPACE_ND are a dilated convolution of the original: how
// converters wrote it before CONV_2D had dilations. Borders that are cropped again need no pads.
static bool dilated_conv(tflite *t, const block_lists *b, tsr_id x, tsr_node *out_conv) {
    const tsr_id producer = tsr_graph_producer(t->imp.graph, x);
    if (producer == TSR_NO_ID || t->imp.graph->nodes[producer].op != TSR_OP_CONV || b->count != 2)
        return false;
    *out_conv = t->imp.graph->nodes[producer];
    tsr_attr *a = &out_conv->attr;
    const space_to_batch *s = t->batched;
    while (s != NULL && s->y != out_conv->inputs[0])
        s = s->next;
    if (s == NULL || a->pad_top != 0 || a->pad_left != 0 || a->pad_bottom != 0 || a->pad_right != 0)
        return false;
    int64_t pads[4];
    for (int d = 0; d < 2; d++) {
        pads[d] = s->before[d] - b->border[2 * d];
        pads[2 + d] = s->after[d] - b->border[2 * d + 1];
        if (a->stride[d] != 1 || a->dilation[d] != 1 || b->block[d] != s->block[d] || pads[d] < 0 || pads[2 + d] < 0)
            return false;
        a->dilation[d] = b->block[d];
    }
    a->pad_top = pads[0], a->pad_left = pads[1], a->pad_bottom = pads[2], a->pad_right = pads[3];
    out_conv->inputs = TSR_NEW_ARRAY(t->imp.graph->arena, tsr_id, out_conv->input_count);
    memcpy(out_conv->inputs, t->imp.graph->nodes[producer].inputs, out_conv->input_count * sizeof(tsr_id));
    out_conv->inputs[0] = s->x;
    return true;
}

// [b0, b1, N, H, W, C] -> [N, H, b0, W, b1, C]; crop
tsr_status tflite_batch_to_space(tflite *t, const operation *op) {
    tsr_id x;
    block_lists b;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_lists(t, op, x, &b));
    tsr_node conv;
    if (dilated_conv(t, &b, x, &conv))
        return tflite_emit(t, op, TSR_OP_CONV, &conv.attr, conv.input_count, conv.inputs);
    const tsr_tensor from = *tensor_of(&t->imp, x);
    int64_t split[TSR_MAX_RANK], perm[TSR_MAX_RANK], shape[TSR_MAX_RANK], n = from.shape[0];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < b.count; i++) {
        split[rank++] = b.block[i];
        n /= b.block[i];
    }
    perm[0] = rank;
    shape[0] = split[rank++] = n;
    for (uint32_t i = 0; i < b.count; i++) {
        perm[1 + 2 * i] = rank;
        perm[2 + 2 * i] = i;
        split[rank++] = from.shape[1 + i];
        if (__builtin_mul_overflow(from.shape[1 + i], b.block[i], &shape[1 + i]))
            return tsr_error(TSR_CORRUPT, "the result is too large");
    }
    for (uint32_t d = b.count + 1; d < from.rank; d++) {
        perm[rank] = rank;
        shape[d] = split[rank++] = from.shape[d];
    }
    TSR_TRY(reorder(t, op, x, rank, split, perm, &x));
    bool cropped = false;
    for (uint32_t i = 0; i < 2 * b.count; i++)
        cropped = cropped || b.border[i] != 0;
    if (!cropped)
        return tflite_emit_reshape(t, op, 0, x, from.rank, shape);
    TSR_TRY(tflite_step_reshape(t, op, "joined", from.rank, shape, &x));
    tsr_attr attr = whole_slice(tensor_of(&t->imp, x));
    for (uint32_t i = 0; i < b.count; i++) {
        attr.starts[1 + i] = b.border[2 * i];
        attr.extents[1 + i] -= b.border[2 * i] + b.border[2 * i + 1];
    }
    return tflite_emit(t, op, TSR_OP_SLICE, &attr, 1, &x);
}
