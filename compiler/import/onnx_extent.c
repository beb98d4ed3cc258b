// SPDX-License-Identifier: Apache-2.0
// Operators whose result follows from shapes, or whose shape follows from numbers.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

// ---- constants ---------------------------------------------------------------------------------------------------------

tsr_status onnx_shape(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_tensor x = compose_tensor(&c, compose_input(&c, 0));
    int64_t start = compose_attr_int(&c, "start", 0), end = compose_attr_int(&c, "end", x.rank), *values;
    start = start < 0 ? start + x.rank : start;
    end = end < 0 ? end + x.rank : end;
    start = start < 0 ? 0 : start;
    end = end > (int64_t)x.rank ? (int64_t)x.rank : end;
    if (c.status.code == TSR_OK && start >= end)
        return onnx_define_empty(o, node, 0);
    const int64_t count = end - start;
    const tsr_id y = compose_wholes(&c, 1, &count, &values);
    for (int64_t i = 0; values != NULL && i < count; i++)
        values[i] = x.shape[start + i];
    return compose_define(&c, 0, y);
}

tsr_status onnx_size(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_tensor x = compose_tensor(&c, compose_input(&c, 0));
    int64_t *value;
    const tsr_id y = compose_wholes(&c, 0, NULL, &value);
    if (value != NULL)
        *value = (int64_t)tsr_tensor_elements(&x);
    return compose_define(&c, 0, y);
}

// How much a model may ask for by shapes alone. The weights of the largest public network without stored ones, VGG-19, are
// 548 MiB.
#define FILL_LIMIT (UINT64_C(768) << 20)

static tsr_id filled(composer *c, const tsr_import_tensor *value, uint32_t rank, const int64_t *shape) {
    onnx *o = c->o;
    if (compose_fails(c, tsr_shape_check(value->dtype, rank, shape)))
        return TSR_NO_ID;
    const tsr_id y = tsr_graph_add_tensor(o->imp.graph, onnx_output_name(c->node, 0), value->dtype, rank, shape);
    const size_t bytes = (size_t)tsr_tensor_bytes(tensor_of(&o->imp, y)), size = tsr_dtype_size(value->dtype);
    if (bytes > FILL_LIMIT - o->filled) {
        compose_fails(c, tsr_error(TSR_UNSUPPORTED, "%zu bytes of one value, %llu of them with those before; at most %llu work",
                                   bytes, (unsigned long long)(o->filled + bytes), (unsigned long long)FILL_LIMIT));
        return TSR_NO_ID;
    }
    o->filled += bytes;
    o->imp.budget += 4 * bytes; // contents, and in another order
    unsigned char *data = tsr_arena_alloc(o->imp.graph->arena, bytes);
    memcpy(data, value->data, size);
    for (size_t done = size; done < bytes; done *= 2)
        memcpy(data + done, data, done <= bytes - done ? done : bytes - done);
    tensor_of(&o->imp, y)->data = data;
    return y;
}

tsr_status onnx_constant_of_shape(onnx *o, const onnx_node *node) {
    static const float zero;
    composer c = compose(o, node);
    tsr_import_tensor value = {.dtype = TSR_F32, .data = &zero};
    int64_t shape[TSR_MAX_RANK];
    uint32_t rank;
    const Onnx__AttributeProto *attr = onnx_attr(node, "value");
    if (attr != NULL && attr->t == NULL)
        return tsr_error(TSR_CORRUPT, "attribute 'value' has the wrong type");
    if (attr != NULL)
        TSR_TRY(onnx_read_tensor(attr->t, o->imp.graph->arena, &value, false));
    for (uint32_t i = 0; i < value.rank; i++)
        if (value.shape[i] != 1)
            return tsr_error(TSR_CORRUPT, "attribute 'value' must have one element");
    TSR_TRY(onnx_input_ints(o, node, 0, TSR_MAX_RANK, shape, &rank));
    for (uint32_t i = 0; i < rank; i++)
        if (shape[i] == 0)
            return onnx_define_empty(o, node, 0);
    return compose_define(&c, 0, filled(&c, &value, rank, shape));
}

tsr_status onnx_range(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    double number[3] = {0, 0, 1};
    tsr_id in[3];
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t count;
        in[i] = compose_input(&c, i);
        compose_doubles(&c, in[i], 1, &number[i], &count);
        if (c.status.code == TSR_OK && (count != 1 || !isfinite(number[i])))
            compose_fails(&c, tsr_error(TSR_CORRUPT, "input %" PRIu32 " must be one finite number", i));
    }
    const double steps = ceil((number[1] - number[0]) / number[2]);
    if (c.status.code == TSR_OK && !(steps >= 1 && steps <= INT32_MAX))
        compose_fails(&c, tsr_error(TSR_UNSUPPORTED, "%g numbers; tensors without elements are not supported", steps));
    const int64_t count = c.status.code == TSR_OK ? (int64_t)steps : 1;
    int64_t *index;
    const tsr_id places = compose_wholes(&c, 1, &count, &index);
    for (int64_t i = 0; index != NULL && i < count; i++)
        index[i] = i;
    const tsr_dtype dtype = compose_tensor(&c, in[0]).dtype;
    return compose_define(&c, 0, compose_add(&c, in[0], compose_mul(&c, compose_cast(&c, places, dtype), in[2])));
}

tsr_status onnx_eye_like(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_tensor x = compose_tensor(&c, compose_input(&c, 0));
    const int64_t k = compose_attr_int(&c, "k", 0), type = compose_attr_int(&c, "dtype", 0);
    const tsr_dtype dtype = type != 0 ? onnx_dtype(type) : x.dtype;
    if (c.status.code == TSR_OK && (x.rank != 2 || dtype == TSR_DTYPE_NONE))
        compose_fails(
            &c, tsr_error(TSR_UNSUPPORTED, "rank %" PRIu32 ", element type %" PRId64 "; matrices of numbers work", x.rank, type));
    int64_t *values;
    const tsr_id y = compose_wholes(&c, 2, x.shape, &values);
    for (int64_t i = 0; values != NULL && i < x.shape[0]; i++)
        if (k > -x.shape[0] && k < x.shape[1] && i + k >= 0 && i + k < x.shape[1])
            values[i * x.shape[1] + i + k] = 1;
    return compose_define(&c, 0, compose_cast(&c, y, dtype));
}

tsr_status onnx_non_zero(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_tensor from = compose_tensor(&c, compose_input(&c, 0));
    if (c.status.code != TSR_OK)
        return c.status;
    if (from.data == NULL)
        return tsr_error(TSR_UNSUPPORTED, "'%.80s' must be a constant: the result's shape follows from it", from.name);
    const size_t size = tsr_dtype_size(from.dtype);
    const uint64_t elements = tsr_tensor_elements(&from);
    static const unsigned char zero[8];
    int64_t shape[2] = {from.rank, 0}, *values, n = 0;
#define IS_ZERO(i) (memcmp((const char *)from.data + (i) * size, zero, size) == 0)
    for (uint64_t i = 0; i < elements; i++)
        shape[1] += !IS_ZERO(i);
    const tsr_id y = compose_wholes(&c, 2, shape, &values);
    for (uint64_t i = 0; values != NULL && i < elements; i++) {
        if (IS_ZERO(i))
            continue;
        uint64_t rest = i;
        for (uint32_t d = from.rank; d-- > 0; rest /= (uint64_t)from.shape[d])
            values[d * shape[1] + n] = (int64_t)(rest % (uint64_t)from.shape[d]);
        n++;
    }
#undef IS_ZERO
    return compose_define(&c, 0, y);
}

// ---- broadcasts --------------------------------------------------------------------------------------------------------

tsr_status onnx_expand(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    int64_t shape[TSR_MAX_RANK], wanted[TSR_MAX_RANK];
    uint32_t count = 0;
    if (c.status.code == TSR_OK)
        compose_fails(&c, onnx_input_ints(o, node, 1, TSR_MAX_RANK, wanted, &count));
    const uint32_t rank = count > from.rank ? count : from.rank;
    for (uint32_t i = 0; i < rank && c.status.code == TSR_OK; i++) {
        const int64_t own = i < from.rank ? from.shape[from.rank - 1 - i] : 1, other = i < count ? wanted[count - 1 - i] : 1;
        shape[rank - 1 - i] = other == 1 ? own : other;
    }
    return compose_define(&c, 0, compose_expand(&c, x, rank, shape));
}

// One axis after the other: [outer, 1, rest] becomes [outer, times, rest].
tsr_status onnx_tile(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    int64_t shape[TSR_MAX_RANK], times[TSR_MAX_RANK] = {0};
    uint32_t count = 0;
    memcpy(shape, from.shape, sizeof shape);
    if (o->opset < 6) { // times and axis, one each
        int64_t tiles = 1, axis = 0;
        uint32_t one;
        compose_ints(&c, compose_input(&c, 1), 1, &tiles, &one);
        compose_ints(&c, compose_input(&c, 2), 1, &axis, &one);
        if (c.status.code == TSR_OK && !normalise_axis(&axis, from.rank))
            compose_fails(&c, tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, from.rank));
        for (; count < from.rank; count++)
            times[count] = count == axis ? tiles : 1;
    } else {
        compose_ints(&c, compose_input(&c, 1), TSR_MAX_RANK, times, &count);
    }
    if (c.status.code == TSR_OK && count != from.rank)
        compose_fails(&c, tsr_error(TSR_CORRUPT, "%" PRIu32 " repeats for rank %" PRIu32, count, from.rank));
    for (uint32_t i = from.rank; i-- > 0 && c.status.code == TSR_OK;) {
        int64_t rows[3] = {1, 1, 1};
        if (times[i] == 1)
            continue;
        for (uint32_t d = 0; d < from.rank; d++)
            rows[d < i ? 0 : 2] *= shape[d];
        x = compose_reshape(&c, x, 3, rows);
        rows[1] = times[i];
        x = compose_expand(&c, x, 3, rows);
        if (__builtin_mul_overflow(shape[i], times[i], &shape[i]))
            compose_fails(&c, tsr_error(TSR_CORRUPT, "%" PRId64 " repeats are too many", times[i]));
    }
    return compose_define(&c, 0, compose_reshape(&c, x, from.rank, shape));
}

tsr_status onnx_trilu(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    const bool upper = compose_attr_int(&c, "upper", 1) != 0;
    int64_t k = 0, *mask;
    uint32_t count;
    compose_ints(&c, compose_optional(&c, 1), 1, &k, &count);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const int64_t *extent = from.shape + from.rank - 2;
    k = k > extent[1] ? extent[1] : k < -extent[0] ? -extent[0] : k;
    const tsr_id stays = compose_wholes(&c, 2, extent, &mask);
    for (int64_t i = 0; mask != NULL && i < extent[0] * extent[1]; i++) {
        const int64_t distance = i % extent[1] - i / extent[1];
        mask[i] = upper ? distance >= k : distance <= k;
    }
    const tsr_id condition = compose_cast(&c, stays, TSR_BOOL);
    return compose_define(&c, 0, compose_where(&c, condition, x, compose_number(&c, from.dtype, 0)));
}

// ---- blocks ------------------------------------------------------------------------------------------------------------

static int64_t block_of(composer *c, const tsr_tensor *x) {
    const int64_t block = compose_attr_int(c, "blocksize", 0);
    if (c->status.code == TSR_OK && (block < 1 || block > INT16_MAX || x->rank != 4))
        compose_fails(c, tsr_error(TSR_CORRUPT, "blocks of %" PRId64 " in an input of rank %" PRIu32, block, x->rank));
    return c->status.code == TSR_OK ? block : 1;
}

tsr_status onnx_depth_to_space(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor t = compose_tensor(&c, x);
    const int64_t b = block_of(&c, &t), *s = t.shape;
    const bool columns_first = compose_attr_is(&c, "mode", "DCR", "CRD");
    if (c.status.code == TSR_OK && s[1] % (b * b) != 0)
        compose_fails(&c, tsr_error(TSR_CORRUPT, "%" PRId64 " channels do not make blocks of %" PRId64, s[1], b));
    if (c.status.code != TSR_OK)
        return c.status;
    const int64_t depth = s[1] / (b * b);
    const int64_t dcr[6] = {s[0], b, b, depth, s[2], s[3]}, crd[6] = {s[0], depth, b, b, s[2], s[3]};
    static const int64_t dcr_perm[6] = {0, 3, 4, 1, 5, 2}, crd_perm[6] = {0, 1, 4, 2, 5, 3};
    const tsr_id split = compose_reshape(&c, x, 6, columns_first ? crd : dcr);
    const tsr_id moved = compose_transpose(&c, split, columns_first ? crd_perm : dcr_perm);
    return compose_define(&c, 0, compose_reshape(&c, moved, 4, (const int64_t[]){s[0], depth, s[2] * b, s[3] * b}));
}

tsr_status onnx_space_to_depth(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor t = compose_tensor(&c, x);
    const int64_t b = block_of(&c, &t), *s = t.shape;
    if (c.status.code == TSR_OK && (s[2] % b != 0 || s[3] % b != 0))
        compose_fails(&c, tsr_error(TSR_CORRUPT, "pictures of %" PRId64 " x %" PRId64 " do not divide into blocks of %" PRId64,
                                    s[2], s[3], b));
    if (c.status.code != TSR_OK)
        return c.status;
    static const int64_t dcr_perm[6] = {0, 3, 5, 1, 2, 4}, crd_perm[6] = {0, 1, 3, 5, 2, 4};
    const int64_t *perm = compose_attr_is(&c, "mode", "DCR", "CRD") ? crd_perm : dcr_perm;
    const tsr_id split = compose_reshape(&c, x, 6, (const int64_t[]){s[0], s[1], s[2] / b, b, s[3] / b, b});
    const tsr_id moved = compose_transpose(&c, split, perm);
    return compose_define(&c, 0, compose_reshape(&c, moved, 4, (const int64_t[]){s[0], s[1] * b * b, s[2] / b, s[3] / b}));
}

// ---- types -------------------------------------------------------------------------------------------------------------

tsr_status onnx_cast_like(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_dtype from, to;
    TSR_TRY(onnx_input_dtype(o, node, 0, &from));
    TSR_TRY(onnx_input_dtype(o, node, 1, &to));
    o->half = from == to ? o->half : TSR_DTYPE_NONE; // a half to itself: nothing to do
    return compose_define(&c, 0, from == to ? x : compose_cast(&c, x, to));
}
