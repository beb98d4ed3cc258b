// SPDX-License-Identifier: Apache-2.0
// Constants made of constants: what models compute of their weights and shapes. What is done to whole weights is computed
// right here, fast; the rest is left to the graph's evaluator. Numbers are looked at as double or as int64_t; +, -, *, / of
// float32 values in double, rounded once, are the float32 results.
#include "pass.h"

#include <math.h>
#include <string.h>

typedef struct {
    bool is_float;
    double f;
    int64_t i;
} number;

static number load(const tsr_tensor *t, uint64_t at) {
    const unsigned char *p = (const unsigned char *)t->data + at * tsr_dtype_size(t->dtype);
    number v = {.is_float = tsr_dtype_is_float(t->dtype)};
#define LOAD(field, type)                                                                                                        \
    do {                                                                                                                         \
        type x_;                                                                                                                 \
        memcpy(&x_, p, sizeof x_);                                                                                               \
        v.field = (__typeof__(v.field))x_;                                                                                       \
    } while (0)
    switch (t->dtype) {
    case TSR_I8: LOAD(i, int8_t); break;
    case TSR_U8:
    case TSR_BOOL: LOAD(i, uint8_t); break;
    case TSR_I16: LOAD(i, int16_t); break;
    case TSR_U16: LOAD(i, uint16_t); break;
    case TSR_I32: LOAD(i, int32_t); break;
    case TSR_U32: LOAD(i, uint32_t); break;
    case TSR_I64: LOAD(i, int64_t); break;
    case TSR_U64: LOAD(i, uint64_t); break;
    case TSR_F32: LOAD(f, float); break;
    case TSR_F64: LOAD(f, double); break;
    case TSR_F16:
    case TSR_BF16: {
        uint16_t bits;
        memcpy(&bits, p, sizeof bits);
        v.f = (double)tsr_half_to_float(t->dtype, bits);
        break;
    }
    case TSR_DTYPE_NONE:
    case TSR_DTYPE_COUNT: break;
    }
#undef LOAD
    return v;
}

static void store(tsr_dtype dtype, void *data, uint64_t at, number v) {
    unsigned char *p = (unsigned char *)data + at * tsr_dtype_size(dtype);
    if (dtype == TSR_F32) {
        const float f = (float)v.f;
        memcpy(p, &f, sizeof f);
    } else if (tsr_dtype_is_half(dtype)) {
        const uint16_t bits = tsr_float_to_half(dtype, (float)v.f);
        memcpy(p, &bits, sizeof bits);
    } else if (dtype == TSR_F64) {
        memcpy(p, &v.f, sizeof v.f);
    } else {
        memcpy(p, &v.i, tsr_dtype_size(dtype)); // little-endian: the low bytes, as wrapping wants
    }
}

// Element steps of an operand that is broadcast to `rank` dimensions.
static void steps_of(const tsr_tensor *t, uint32_t rank, uint64_t step[TSR_MAX_RANK]) {
    uint64_t stride = 1;
    for (uint32_t i = 0; i < rank; i++)
        step[i] = 0;
    for (uint32_t i = t->rank; i-- > 0;) {
        step[rank - t->rank + i] = t->shape[i] == 1 ? 0 : stride;
        stride *= (uint64_t)t->shape[i];
    }
}

// Goes to the next index of a shape, last dimension fastest, and keeps an offset with it.
static void advance(uint32_t rank, const int64_t *shape, int64_t *index, const uint64_t *step, uint64_t *offset) {
    for (uint32_t i = rank; i-- > 0;) {
        *offset += step[i];
        if (++index[i] < shape[i])
            return;
        *offset -= step[i] * (uint64_t)shape[i];
        index[i] = 0;
    }
}

static void transpose_data(const tsr_tensor *x, const int64_t *perm, const int64_t *shape, unsigned char *to) {
    uint64_t own[TSR_MAX_RANK], step[TSR_MAX_RANK], offset = 0;
    int64_t index[TSR_MAX_RANK] = {0};
    const size_t size = tsr_dtype_size(x->dtype);
    const uint64_t elements = tsr_tensor_elements(x);
    steps_of(x, x->rank, own);
    for (uint32_t i = 0; i < x->rank; i++)
        step[i] = own[perm[i]];
    for (uint64_t e = 0; e < elements; e++, advance(x->rank, shape, index, step, &offset))
        memcpy(to + e * size, (const unsigned char *)x->data + offset * size, size);
}

tsr_id pass_transposed_const(tsr_graph *graph, tsr_id constant, const int64_t *perm) {
    const tsr_tensor x = graph->tensors[constant];
    if (x.data == NULL || tsr_tensor_bytes(&x) > TSR_FOLD_LIMIT || tsr_arena_bytes(graph->arena) > 16 * TSR_FOLD_LIMIT)
        return TSR_NO_ID;
    int64_t shape[TSR_MAX_RANK];
    int32_t axis = 0;
    for (uint32_t i = 0; i < x.rank; i++) {
        shape[i] = x.shape[perm[i]];
        if (perm[i] == x.quant.axis)
            axis = (int32_t)i;
    }
    unsigned char *data = tsr_arena_alloc(graph->arena, (size_t)tsr_tensor_bytes(&x));
    transpose_data(&x, perm, shape, data);
    tsr_id id = tsr_graph_add_tensor(graph, x.name, x.dtype, x.rank, shape);
    graph->tensors[id].data = data;
    tsr_graph_set_quant(graph, id, x.quant.count, axis, x.quant.scale, x.quant.zero_point);
    return id;
}

bool pass_reshape_axis(const tsr_tensor *tensor, uint32_t rank, const int64_t *shape, int32_t *out_axis) {
    *out_axis = 0;
    if (tensor->quant.count <= 1)
        return true;
    int64_t outer = 1, other = 1;
    for (int32_t i = 0; i < tensor->quant.axis; i++)
        outer *= tensor->shape[i];
    for (uint32_t i = 0; i < rank; other *= shape[i++])
        if (other == outer && shape[i] == (int64_t)tensor->quant.count) {
            *out_axis = (int32_t)i;
            return true;
        }
    return false;
}

tsr_id pass_reshaped_const(tsr_graph *graph, tsr_id constant, uint32_t rank, const int64_t *shape) {
    const tsr_tensor x = graph->tensors[constant];
    int32_t axis;
    if (x.data == NULL || !pass_reshape_axis(&x, rank, shape, &axis))
        return TSR_NO_ID;
    tsr_id id = tsr_graph_add_tensor(graph, x.name, x.dtype, rank, shape);
    graph->tensors[id].data = x.data;
    tsr_graph_set_quant(graph, id, x.quant.count, axis, x.quant.scale, x.quant.zero_point);
    return id;
}

static double clip(const tsr_attr *attr, double v) {
    v = v < (double)attr->clip_lo ? (double)attr->clip_lo : v;
    return v > (double)attr->clip_hi ? (double)attr->clip_hi : v;
}

static bool float_op(const tsr_node *node, double a, double b, double *out) {
    switch (node->op) {
    case TSR_OP_ADD: *out = clip(&node->attr, a + b); return true;
    case TSR_OP_SUB: *out = clip(&node->attr, a - b); return true;
    case TSR_OP_MUL: *out = clip(&node->attr, a * b); return true;
    case TSR_OP_DIV: *out = clip(&node->attr, a / b); return true;
    case TSR_OP_MIN: *out = a < b || a != a ? a : b; return true;
    case TSR_OP_MAX: *out = a > b || a != a ? a : b; return true;
    case TSR_OP_NEG: *out = -a; return true;
    case TSR_OP_CLIP: *out = clip(&node->attr, a); return true;
    default: return false;
    }
}

static bool integer_op(tsr_op op, int64_t a, int64_t b, int64_t *out) {
    switch (op) {
    case TSR_OP_ADD: *out = (int64_t)((uint64_t)a + (uint64_t)b); return true;
    case TSR_OP_SUB: *out = (int64_t)((uint64_t)a - (uint64_t)b); return true;
    case TSR_OP_MUL: *out = (int64_t)((uint64_t)a * (uint64_t)b); return true;
    case TSR_OP_DIV:
        if (b == 0)
            return false;
        *out = b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
        return true;
    case TSR_OP_MIN: *out = a < b ? a : b; return true;
    case TSR_OP_MAX: *out = a > b ? a : b; return true;
    case TSR_OP_NEG: *out = (int64_t)(0 - (uint64_t)a); return true;
    default: return false;
    }
}

static bool elementwise(const tsr_graph *graph, const tsr_node *node, const tsr_tensor *y, void *data) {
    const tsr_tensor *a = pass_input(graph, node, 0), *b = pass_input(graph, node, 1);
    const bool is_float = tsr_dtype_is_float(y->dtype);
    if (a->dtype != y->dtype || a->quant.count > 0 || y->quant.count > 0 || y->dtype == TSR_U64 || y->dtype == TSR_BOOL ||
        (!is_float && !pass_is_unbounded(&node->attr)))
        return false;
    uint64_t a_step[TSR_MAX_RANK], b_step[TSR_MAX_RANK] = {0}, a_at = 0, b_at = 0;
    int64_t a_index[TSR_MAX_RANK] = {0}, b_index[TSR_MAX_RANK] = {0};
    steps_of(a, y->rank, a_step);
    if (b != NULL)
        steps_of(b, y->rank, b_step);
    const uint64_t elements = tsr_tensor_elements(y);
    for (uint64_t e = 0; e < elements; e++) {
        const number p = load(a, a_at), q = b != NULL ? load(b, b_at) : p;
        number r = {.is_float = is_float};
        if (is_float ? !float_op(node, p.f, q.f, &r.f) : !integer_op(node->op, p.i, q.i, &r.i))
            return false;
        store(y->dtype, data, e, r);
        advance(y->rank, y->shape, a_index, a_step, &a_at);
        advance(y->rank, y->shape, b_index, b_step, &b_at);
    }
    return true;
}

// Which of the scales belongs to an element.
static uint64_t scale_index(const tsr_tensor *t, uint64_t element) {
    if (t->quant.count <= 1)
        return 0;
    uint64_t inner = 1;
    for (uint32_t i = (uint32_t)t->quant.axis + 1; i < t->rank; i++)
        inner *= (uint64_t)t->shape[i];
    return element / inner % t->quant.count;
}

static bool dequantize(const tsr_tensor *x, const tsr_tensor *y, void *data) {
    const uint64_t elements = tsr_tensor_elements(x);
    for (uint64_t e = 0; e < elements; e++) {
        const uint64_t s = scale_index(x, e);
        const float steps = (float)(load(x, e).i - x->quant.zero_point[s]);
        store(y->dtype, data, e, (number){.is_float = true, .f = (double)(steps * x->quant.scale[s])});
    }
    return true;
}

static bool quantize(const tsr_tensor *x, const tsr_tensor *y, void *data) {
    if (!tsr_dtype_is_float(x->dtype))
        return false; // integer arithmetic of a quantised node: not ours
    int64_t low, high;
    pass_type_range(y->dtype, &low, &high);
    const uint64_t elements = tsr_tensor_elements(x);
    for (uint64_t e = 0; e < elements; e++) {
        const uint64_t s = scale_index(y, e);
        const double q = (double)nearbyintf((float)load(x, e).f / y->quant.scale[s]) + y->quant.zero_point[s];
        const int64_t value = q != q || q <= (double)low ? low : q >= (double)high ? high : (int64_t)q;
        store(y->dtype, data, e, (number){.i = value});
    }
    return true;
}

static bool cast(const tsr_tensor *x, const tsr_tensor *y, void *data) {
    const bool to_float = tsr_dtype_is_float(y->dtype);
    if (x->quant.count > 0 || y->quant.count > 0 || x->dtype == TSR_U64)
        return false;
    const uint64_t elements = tsr_tensor_elements(x);
    for (uint64_t e = 0; e < elements; e++) {
        const number v = load(x, e);
        number r = {.is_float = to_float};
        if (to_float)
            r.f = v.is_float ? v.f : (double)v.i;
        else if (y->dtype == TSR_BOOL)
            r.i = v.is_float ? v.f != 0 : v.i != 0;
        else if (v.is_float && !(fabs(v.f) < 9.2e18))
            return false; // C does not say what this becomes
        else
            r.i = v.is_float ? (int64_t)v.f : v.i;
        store(y->dtype, data, e, r);
    }
    return true;
}

static void expand(const tsr_tensor *x, const tsr_tensor *y, unsigned char *data) {
    uint64_t step[TSR_MAX_RANK], offset = 0;
    int64_t index[TSR_MAX_RANK] = {0};
    const size_t size = tsr_dtype_size(x->dtype);
    const uint64_t elements = tsr_tensor_elements(y);
    steps_of(x, y->rank, step);
    for (uint64_t e = 0; e < elements; e++, advance(y->rank, y->shape, index, step, &offset))
        memcpy(data + e * size, (const unsigned char *)x->data + offset * size, size);
}

// Copies x into a larger tensor y, at an origin.
static void place(const tsr_tensor *x, const tsr_tensor *y, const int64_t *origin, unsigned char *data) {
    uint64_t step[TSR_MAX_RANK], stride = 1, offset = 0;
    int64_t index[TSR_MAX_RANK] = {0};
    const size_t size = tsr_dtype_size(x->dtype);
    for (uint32_t i = y->rank; i-- > 0;) {
        step[i] = stride;
        offset += stride * (uint64_t)origin[i];
        stride *= (uint64_t)y->shape[i];
    }
    const uint64_t elements = tsr_tensor_elements(x);
    for (uint64_t e = 0; e < elements; e++, advance(x->rank, x->shape, index, step, &offset))
        memcpy(data + offset * size, (const unsigned char *)x->data + e * size, size);
}

static bool concat(const tsr_graph *graph, const tsr_node *node, const tsr_tensor *y, unsigned char *data) {
    int64_t origin[TSR_MAX_RANK] = {0};
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_tensor *x = pass_input(graph, node, i);
        if (!pass_same_quant(x, y))
            return false;
        place(x, y, origin, data);
        origin[node->attr.axis] += x->shape[node->attr.axis];
    }
    return true;
}

static bool pad(const tsr_node *node, const tsr_tensor *x, const tsr_tensor *y, unsigned char *data) {
    if (!pass_same_quant(x, y) || x->quant.count > 1 || node->attr.pad_mode != TSR_PAD_VALUE)
        return false;
    number value = {.is_float = tsr_dtype_is_float(y->dtype), .f = node->attr.pad_value};
    if (!value.is_float)
        value.i = node->attr.pad_is_zero_point && y->quant.count == 1 ? y->quant.zero_point[0] : (int64_t)node->attr.pad_value;
    const uint64_t elements = tsr_tensor_elements(y);
    for (uint64_t e = 0; e < elements; e++)
        store(y->dtype, data, e, value);
    place(x, y, node->attr.pads_begin, data);
    return true;
}

static bool slice(const tsr_node *node, const tsr_tensor *x, const tsr_tensor *y, unsigned char *data) {
    uint64_t own[TSR_MAX_RANK], step[TSR_MAX_RANK], offset = 0;
    int64_t index[TSR_MAX_RANK] = {0};
    const size_t size = tsr_dtype_size(x->dtype);
    steps_of(x, x->rank, own);
    for (uint32_t i = 0; i < x->rank; i++) {
        step[i] = own[i] * (uint64_t)node->attr.steps[i]; // negative ones wrap, and so does the sum
        offset += own[i] * (uint64_t)node->attr.starts[i];
    }
    const uint64_t elements = tsr_tensor_elements(y);
    for (uint64_t e = 0; e < elements; e++, advance(y->rank, y->shape, index, step, &offset))
        memcpy(data + e * size, (const unsigned char *)x->data + offset * size, size);
    return pass_same_quant(x, y);
}

static bool compute(const tsr_graph *graph, const tsr_node *node, const tsr_tensor *y, void *data) {
    const tsr_tensor *x = pass_input(graph, node, 0);
    switch (node->op) {
    case TSR_OP_RESHAPE:
    case TSR_OP_IDENTITY: memcpy(data, x->data, (size_t)tsr_tensor_bytes(x)); return x->dtype == y->dtype;
    case TSR_OP_TRANSPOSE: transpose_data(x, node->attr.perm, y->shape, (unsigned char *)data); return x->dtype == y->dtype;
    case TSR_OP_CONCAT: return concat(graph, node, y, (unsigned char *)data);
    case TSR_OP_PAD: return pad(node, x, y, (unsigned char *)data);
    case TSR_OP_SLICE: return slice(node, x, y, (unsigned char *)data);
    case TSR_OP_EXPAND: expand(x, y, (unsigned char *)data); return pass_same_quant(x, y);
    case TSR_OP_CAST: return cast(x, y, data);
    case TSR_OP_QUANTIZE: return quantize(x, y, data);
    case TSR_OP_DEQUANTIZE: return dequantize(x, y, data);
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_MIN:
    case TSR_OP_MAX:
    case TSR_OP_NEG:
    case TSR_OP_CLIP: return elementwise(graph, node, y, data);
    default: return false;
    }
}

// What is wide and what costs too much in steps of an interpreter.
static bool evaluate_here(tsr_graph *graph, const tsr_node *node) {
    tsr_tensor *y = pass_output(graph, node);
    void *data = tsr_arena_alloc(graph->arena, (size_t)tsr_tensor_bytes(y));
    if (!compute(graph, node, y, data))
        return false;
    y->data = data;
    return true;
}

static bool is_known(const tsr_node *node) {
    switch (node->op) {
    case TSR_OP_RESHAPE:
    case TSR_OP_IDENTITY:
    case TSR_OP_TRANSPOSE:
    case TSR_OP_CONCAT:
    case TSR_OP_PAD:
    case TSR_OP_CAST:
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE:
    case TSR_OP_EXPAND:
    case TSR_OP_SLICE:
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_MIN:
    case TSR_OP_MAX:
    case TSR_OP_NEG:
    case TSR_OP_CLIP: return true;
    default: return false;
    }
}

bool tsr_graph_evaluate(tsr_graph *graph, const tsr_node *node) {
    uint64_t bytes = 0;
    bool quantised = false;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == TSR_NO_ID)
            continue;
        if (graph->tensors[node->inputs[i]].data == NULL)
            return false;
        quantised |= graph->tensors[node->inputs[i]].quant.count > 0;
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (node->outputs[i] == TSR_NO_ID)
            continue;
        bytes += tsr_tensor_bytes(&graph->tensors[node->outputs[i]]);
        quantised |= graph->tensors[node->outputs[i]].quant.count > 0;
    }
    if (bytes > TSR_FOLD_LIMIT || tsr_arena_bytes(graph->arena) > 16 * TSR_FOLD_LIMIT)
        return false; // the second: a small file can ask for many large constants
    if (tsr_graph_check_types(graph, node).code != TSR_OK)
        return false;
    if (node->output_count == 1 && is_known(node) && evaluate_here(graph, node))
        return true;
    // The arithmetic of quantised nodes is known only after tsr_quantise.
    return !quantised && graph->evaluate != NULL && graph->evaluate(graph, node).code == TSR_OK;
}
