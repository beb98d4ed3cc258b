// SPDX-License-Identifier: Apache-2.0
// TFLite's operators that give elements another shape, and those that make constants.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tflite_model.h"

// The new shape: an input, an option, or what the file says of the result.
static tsr_status wanted_shape(tflite *t, const operation *op, const tsr_tensor *x, uint32_t *out_rank, int64_t *out_shape) {
    const fb_vector option = fb_get_vector(&t->file, op->options, RESHAPE_NEW_SHAPE, 4);
    TSR_TRY(t->file.status);
    if (tflite_has_input(t, op, 1)) {
        const tsr_status status = tflite_ints(t, op, 1, TSR_MAX_RANK, out_shape, out_rank);
        if (status.code == TSR_UNSUPPORTED && tflite_file_shape(t, op, 0, out_rank, out_shape)) {
            uint64_t elements = 1; // small enough: the shape has been checked
            for (uint32_t i = 0; i < *out_rank; i++)
                elements *= (uint64_t)out_shape[i];
            if (elements == tsr_tensor_elements(x))
                return tsr_ok();
        }
        TSR_TRY(status);
    } else if (option.present) {
        if (option.count > TSR_MAX_RANK)
            return tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", at most %d is supported", option.count, TSR_MAX_RANK);
        *out_rank = option.count;
        for (uint32_t i = 0; i < option.count; i++)
            out_shape[i] = fb_i32_at(&t->file, option, i);
    } else if (!tflite_file_shape(t, op, 0, out_rank, out_shape))
        return tsr_error(TSR_CORRUPT, "no shape, neither as an input nor as an option");
    if (*out_rank == 1 && out_shape[0] == 0) // how old writers said "scalar"
        *out_rank = 0;
    uint64_t known = 1;
    for (uint32_t i = 0; i < *out_rank; i++)
        if (out_shape[i] != -1 && (out_shape[i] <= 0 || __builtin_mul_overflow(known, (uint64_t)out_shape[i], &known)))
            return tsr_error(TSR_UNSUPPORTED, "an extent of %" PRId64, out_shape[i]);
    for (uint32_t i = 0; i < *out_rank; i++)
        if (out_shape[i] == -1) {
            out_shape[i] = (int64_t)(tsr_tensor_elements(x) / known);
            break;
        }
    return tsr_ok();
}

tsr_status tflite_reshape(tflite *t, const operation *op) {
    tsr_id x;
    int64_t shape[TSR_MAX_RANK];
    uint32_t rank;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(wanted_shape(t, op, tensor_of(&t->imp, x), &rank, shape));
    return tflite_emit_reshape(t, op, 0, x, rank, shape);
}

tsr_status tflite_squeeze(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    const fb_vector dims = fb_get_vector(&t->file, op->options, SQUEEZE_DIMS, 4);
    TSR_TRY(t->file.status);
    bool gone[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < dims.count; i++) {
        int64_t axis = fb_i32_at(&t->file, dims, i);
        TSR_TRY(tflite_axis(t, x, &axis));
        if (from.shape[axis] != 1)
            return tsr_error(TSR_CORRUPT, "dimension %" PRId64 " has extent %" PRId64 ", not 1", axis, from.shape[axis]);
        gone[axis] = true;
    }
    int64_t shape[TSR_MAX_RANK];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < from.rank; i++)
        if (!gone[i] && (dims.count > 0 || from.shape[i] != 1))
            shape[rank++] = from.shape[i];
    return tflite_emit_reshape(t, op, 0, x, rank, shape);
}

static tsr_status insert_dimension(const tsr_tensor *x, int64_t axis, int64_t *out_shape) {
    if (x->rank == TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "a result of more than %d dimensions", TSR_MAX_RANK);
    for (uint32_t i = 0, from = 0; i <= x->rank; i++)
        out_shape[i] = i == axis ? 1 : x->shape[from++];
    return tsr_ok();
}

tsr_status tflite_expand_dims(tflite *t, const operation *op) {
    tsr_id x;
    int64_t axis, shape[TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, 1, &axis, &count));
    const uint32_t rank = tensor_of(&t->imp, x)->rank + 1;
    if (count != 1 || !normalise_axis(&axis, rank))
        return tsr_error(TSR_CORRUPT, "the axis is outside of the result's rank");
    TSR_TRY(insert_dimension(tensor_of(&t->imp, x), axis, shape));
    return tflite_emit_reshape(t, op, 0, x, rank, shape);
}

tsr_status tflite_transpose(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    uint32_t count;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, attr.perm, &count));
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    if (count != rank)
        return tsr_error(TSR_CORRUPT, "perm has %" PRIu32 " entries for an input of rank %" PRIu32, count, rank);
    for (uint32_t i = 0; i < count; i++)
        TSR_TRY(tflite_axis(t, x, &attr.perm[i]));
    return tflite_emit(t, op, TSR_OP_TRANSPOSE, &attr, 1, &x);
}

static double scalar_of(const tsr_tensor *tensor) {
    switch (tensor->dtype) {
    case TSR_F32: return (double)*(const float *)tensor->data;
    case TSR_I8: return *(const int8_t *)tensor->data;
    case TSR_U8: return *(const uint8_t *)tensor->data;
    case TSR_I16: return *(const int16_t *)tensor->data;
    case TSR_I32: return *(const int32_t *)tensor->data;
    case TSR_I64: return (double)*(const int64_t *)tensor->data;
    default: return NAN;
    }
}

static tsr_status read_pads(tflite *t, const operation *op, tsr_id x, tsr_attr *attr) {
    int64_t pads[2 * TSR_MAX_RANK];
    uint32_t count;
    TSR_TRY(tflite_ints(t, op, 1, 2 * TSR_MAX_RANK, pads, &count));
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    if (count != 2 * rank)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " paddings for an input of rank %" PRIu32, count, rank);
    for (uint32_t i = 0; i < rank; i++) {
        attr->pads_begin[i] = pads[2 * i];
        attr->pads_end[i] = pads[2 * i + 1];
    }
    return tsr_ok();
}

tsr_status tflite_pad(tflite *t, const operation *op) {
    tsr_id x, value_id = TSR_NO_ID;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_pads(t, op, x, &attr));
    if (op->kind->code == TFL_PADV2)
        TSR_TRY(tflite_optional(t, op, 2, &value_id));
    const tsr_tensor *input = tensor_of(&t->imp, x);
    if (value_id != TSR_NO_ID) {
        const tsr_tensor *value = tensor_of(&t->imp, value_id);
        if (value->data == NULL || value->dtype != input->dtype || tsr_tensor_elements(value) != 1)
            return tsr_error(TSR_UNSUPPORTED, "the pad value must be one constant %s", tsr_dtype_name(input->dtype));
        attr.pad_value = scalar_of(value);
        if (isnan(attr.pad_value))
            return tsr_error(TSR_UNSUPPORTED, "a pad value of type %s", tsr_dtype_name(value->dtype));
    } else
        attr.pad_is_zero_point = input->quant.count > 0;
    return tflite_emit(t, op, TSR_OP_PAD, &attr, 1, &x);
}

// SYMMETRIC repeats the border itself: slices of the input, reversed, before and after it.
static tsr_status symmetric_pad(tflite *t, const operation *op, tsr_id x, const tsr_attr *pads) {
    const uint32_t rank = tensor_of(&t->imp, x)->rank;
    uint32_t last = 0;
    for (uint32_t d = 0; d < rank; d++)
        if (pads->pads_begin[d] > 0 || pads->pads_end[d] > 0)
            last = d + 1;
    if (last == 0)
        return tflite_emit(t, op, TSR_OP_IDENTITY, NULL, 1, &x);
    for (uint32_t d = 0; d < last; d++) {
        const int64_t count[2] = {pads->pads_begin[d], pads->pads_end[d]}, extent = tensor_of(&t->imp, x)->shape[d];
        tsr_attr slice = tsr_attr_default(), concat = slice;
        tsr_id parts[3];
        uint32_t part_count = 0;
        concat.axis = d;
        slice.extent_count = rank;
        for (uint32_t i = 0; i < rank; i++)
            slice.extents[i] = tensor_of(&t->imp, x)->shape[i], slice.steps[i] = 1;
        slice.steps[d] = -1;
        for (int side = 0; side < 2; side++) {
            if (side == 1)
                parts[part_count++] = x;
            if (count[side] == 0)
                continue;
            if (count[side] < 0 || count[side] > extent)
                return tsr_error(TSR_CORRUPT, "pads that mirror must lie between 0 and the extent");
            slice.extents[d] = count[side];
            slice.starts[d] = side == 0 ? count[0] - 1 : extent - 1;
            TSR_TRY(tflite_step(t, op, "mirrored", TSR_OP_SLICE, &slice, 1, &x, x, &parts[part_count++]));
        }
        if (d + 1 == last)
            return tflite_emit(t, op, TSR_OP_CONCAT, &concat, part_count, parts);
        if (part_count > 1)
            TSR_TRY(tflite_step(t, op, "padded", TSR_OP_CONCAT, &concat, part_count, parts, x, &x));
    }
    return tsr_ok();
}

tsr_status tflite_mirror_pad(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(read_pads(t, op, x, &attr));
    if (fb_get_i8(&t->file, op->options, MIRROR_PAD_MODE, 0) != MIRROR_PAD_REFLECT)
        return symmetric_pad(t, op, x, &attr);
    attr.pad_mode = TSR_PAD_REFLECT;
    return tflite_emit(t, op, TSR_OP_PAD, &attr, 1, &x);
}

static tsr_status all_inputs(tflite *t, const operation *op, tsr_id **out_ids) {
    if (op->inputs.count == 0)
        return tsr_error(TSR_CORRUPT, "no inputs");
    TSR_TRY(importer_reserve(&t->imp, sizeof(tsr_id) * (uint64_t)op->inputs.count));
    *out_ids = TSR_NEW_ARRAY(t->imp.graph->arena, tsr_id, op->inputs.count);
    return tflite_inputs(t, op, op->inputs.count, *out_ids);
}

tsr_status tflite_concatenation(tflite *t, const operation *op) {
    tsr_id *in;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(all_inputs(t, op, &in));
    attr.axis = fb_get_i32(&t->file, op->options, CONCATENATION_AXIS, 0);
    TSR_TRY(tflite_axis(t, in[0], &attr.axis));
    if (fb_get_i8(&t->file, op->options, CONCATENATION_ACTIVATION, 0) != ACTIVATION_NONE)
        return tsr_error(TSR_UNSUPPORTED, "a fused activation; use an operator of its own");
    return tflite_emit(t, op, TSR_OP_CONCAT, &attr, op->inputs.count, in);
}

tsr_status tflite_pack(tflite *t, const operation *op) {
    tsr_id *in;
    tsr_attr attr = tsr_attr_default();
    int64_t shape[TSR_MAX_RANK];
    TSR_TRY(all_inputs(t, op, &in));
    const uint32_t rank = tensor_of(&t->imp, in[0])->rank + 1;
    attr.axis = fb_get_i32(&t->file, op->options, PACK_AXIS, 0);
    if (!normalise_axis(&attr.axis, rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of the result's rank", attr.axis);
    for (uint32_t i = 0; i < op->inputs.count; i++) {
        TSR_TRY(insert_dimension(tensor_of(&t->imp, in[i]), attr.axis, shape));
        TSR_TRY(tflite_step_reshape(t, op, "part", tensor_of(&t->imp, in[i])->rank + 1, shape, &in[i]));
    }
    return tflite_emit(t, op, TSR_OP_CONCAT, &attr, op->inputs.count, in);
}

tsr_status tflite_unpack(tflite *t, const operation *op) {
    tsr_id x, part;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    int64_t axis = fb_get_i32(&t->file, op->options, PACK_AXIS, 0);
    TSR_TRY(tflite_axis(t, x, &axis));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    if (from.shape[axis] != (int64_t)op->outputs.count)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " outputs, but an extent of %" PRId64, op->outputs.count, from.shape[axis]);
    int64_t shape[TSR_MAX_RANK];
    attr.extent_count = from.rank;
    for (uint32_t i = 0, to = 0; i < from.rank; i++) {
        attr.extents[i] = i == axis ? 1 : from.shape[i];
        attr.steps[i] = 1;
        if (i != axis)
            shape[to++] = from.shape[i];
    }
    for (uint32_t n = 0; n < op->outputs.count; n++) {
        attr.starts[axis] = n;
        TSR_TRY(tflite_step(t, op, "part", TSR_OP_SLICE, &attr, 1, &x, x, &part));
        TSR_TRY(tflite_emit_reshape(t, op, n, part, from.rank - 1, shape));
    }
    return tsr_ok();
}

// Each repeated dimension: [.., n, ..] -> [.., 1, n, ..] -> [.., repeats, n, ..] -> [.., repeats * n, ..]
tsr_status tflite_tile(tflite *t, const operation *op) {
    tsr_id x;
    int64_t repeats[TSR_MAX_RANK], shape[TSR_MAX_RANK];
    uint32_t count, last = 0;
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, repeats, &count));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    if (count != from.rank)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " repeats for an input of rank %" PRIu32, count, from.rank);
    memcpy(shape, from.shape, sizeof shape);
    for (uint32_t d = 0; d < count; d++) {
        if (repeats[d] < 1 || repeats[d] > INT32_MAX)
            return tsr_error(TSR_UNSUPPORTED, "%" PRId64 " repeats; must be 1 or more", repeats[d]);
        last = repeats[d] > 1 ? d + 1 : last;
    }
    if (last == 0)
        return tflite_emit(t, op, TSR_OP_IDENTITY, NULL, 1, &x);
    for (uint32_t d = 0; d < last; d++) {
        if (repeats[d] == 1)
            continue;
        tsr_attr expand = tsr_attr_default();
        TSR_TRY(insert_dimension(tensor_of(&t->imp, x), d, expand.extents));
        TSR_TRY(tflite_step_reshape(t, op, "one", count + 1, expand.extents, &x));
        expand.extent_count = count + 1;
        expand.extents[d] = repeats[d];
        TSR_TRY(tflite_step(t, op, "repeated", TSR_OP_EXPAND, &expand, 1, &x, x, &x));
        shape[d] *= repeats[d];
        if (d + 1 == last)
            return tflite_emit_reshape(t, op, 0, x, count, shape);
        TSR_TRY(tflite_step_reshape(t, op, "tiled", count, shape, &x));
    }
    return tsr_ok();
}

tsr_status tflite_broadcast_to(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_input(t, op, 0, &x));
    TSR_TRY(tflite_ints(t, op, 1, TSR_MAX_RANK, attr.extents, &attr.extent_count));
    return tflite_emit(t, op, TSR_OP_EXPAND, &attr, 1, &x);
}

tsr_status tflite_fill(tflite *t, const operation *op) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    TSR_TRY(tflite_ints(t, op, 0, TSR_MAX_RANK, attr.extents, &attr.extent_count));
    TSR_TRY(tflite_input(t, op, 1, &x));
    return tflite_emit(t, op, TSR_OP_EXPAND, &attr, 1, &x);
}

// ---- constants ---------------------------------------------------------------------------------------------------------

tsr_status tflite_range(tflite *t, const operation *op) {
    tsr_id in[3];
    TSR_TRY(tflite_inputs(t, op, 3, in));
    double v[3];
    for (uint32_t i = 0; i < 3; i++) {
        const tsr_tensor *x = tensor_of(&t->imp, in[i]);
        v[i] = x->data != NULL && tsr_tensor_elements(x) == 1 ? scalar_of(x) : NAN;
        if (isnan(v[i]))
            return tsr_error(TSR_UNSUPPORTED, "start, limit and delta must be constants of int32, int64 or float32");
    }
    const tsr_dtype dtype = tensor_of(&t->imp, in[0])->dtype;
    const double steps = v[2] == 0 ? 0 : ceil((v[1] - v[0]) / v[2]);
    if (!(steps >= 1) || steps > INT32_MAX)
        return tsr_error(TSR_UNSUPPORTED, "a range from %g to %g in steps of %g", v[0], v[1], v[2]);
    const int64_t count = (int64_t)steps;
    const size_t size = tsr_dtype_size(dtype);
    TSR_TRY(importer_reserve(&t->imp, 2 * (uint64_t)count * size));
    unsigned char *data = tsr_arena_alloc(t->imp.graph->arena, (size_t)count * size);
    for (int64_t i = 0; i < count; i++) {
        const float real = (float)v[0] + (float)i * (float)v[2];
        const int64_t whole = (int64_t)v[0] + i * (int64_t)v[2];
        memcpy(data + (size_t)i * size, dtype == TSR_F32 ? (const void *)&real : (const void *)&whole, size); // little-endian
    }
    return tflite_emit_constant(t, op, 1, &count, data);
}

static tsr_status emit_int_list(tflite *t, const operation *op, uint32_t rank, uint32_t count, const int64_t *values) {
    uint32_t wide_shape_rank = rank;
    int64_t extent = count, narrow_room[TSR_MAX_RANK];
    int32_t *narrow = (int32_t *)(void *)narrow_room;
    for (uint32_t i = 0; i < count; i++)
        narrow[i] = (int32_t)values[i];
    const bool wide = op->kind->code == TFL_SHAPE && fb_get_i8(&t->file, op->options, SHAPE_OUT_TYPE, TYPE_INT32) == TYPE_INT64;
    return tflite_emit_constant(t, op, wide_shape_rank, &extent, wide ? (const void *)values : (const void *)narrow);
}

tsr_status tflite_shape(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    if (tensor_of(&t->imp, x)->rank == 0)
        return tsr_error(TSR_UNSUPPORTED, "the shape of a scalar, which is empty");
    const tsr_tensor from = *tensor_of(&t->imp, x);
    return emit_int_list(t, op, 1, from.rank, from.shape);
}

tsr_status tflite_rank_of(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    const int64_t rank = tensor_of(&t->imp, x)->rank;
    return emit_int_list(t, op, 0, 1, &rank);
}

tsr_status tflite_zeros_like(tflite *t, const operation *op) {
    tsr_id x;
    TSR_TRY(tflite_input(t, op, 0, &x));
    const tsr_tensor from = *tensor_of(&t->imp, x);
    const uint64_t bytes = tsr_tensor_bytes(&from);
    TSR_TRY(importer_reserve(&t->imp, 2 * bytes));
    return tflite_emit_constant(t, op, from.rank, from.shape, tsr_arena_alloc(t->imp.graph->arena, (size_t)bytes));
}
