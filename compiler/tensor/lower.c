// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "lowering.h"

tsr_status unsupported(const lowering *l, const char *why) {
    return tsr_error(TSR_UNSUPPORTED, "node %s (%s): %s", l->node->name, tsr_op_name(l->node->op), why);
}

int64_t elements(const tsr_tensor *t) {
    int64_t count = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        count *= t->shape[i];
    return count;
}

int32_t zero_point(const tsr_tensor *t) { return t->quant.count > 0 && t->quant.zero_point != NULL ? t->quant.zero_point[0] : 0; }

bool is_whole(tsr_dtype dtype) { return dtype >= TSR_I8 && dtype <= TSR_U64; }

tsr_tbuffer *constant(lowering *l, const char *name, tsr_dtype dtype, uint64_t count, void **out_data) {
    tsr_tbuffer *buffer =
        tsr_tbuffer_create(l->arena, tsr_arena_printf(l->arena, "%s.%s", l->node->name, name), TSR_SCOPE_CONST, dtype, count);
    buffer->data = *out_data = tsr_arena_alloc(l->arena, (size_t)(count * tsr_dtype_size(dtype)) + 1);
    return buffer;
}

int64_t constant_at(const tsr_tensor *t, int64_t index) {
    switch (t->dtype) {
    case TSR_I8: return ((const int8_t *)t->data)[index];
    case TSR_U8:
    case TSR_BOOL: return ((const uint8_t *)t->data)[index];
    case TSR_I16: return ((const int16_t *)t->data)[index];
    case TSR_U16: return ((const uint16_t *)t->data)[index];
    case TSR_I32: return ((const int32_t *)t->data)[index];
    case TSR_U32: return ((const uint32_t *)t->data)[index];
    case TSR_I64:
    case TSR_U64: return ((const int64_t *)t->data)[index];
    default: return 0;
    }
}

void row_major(const int64_t *shape, uint32_t rank, int64_t *out_stride) {
    int64_t stride = 1;
    for (uint32_t i = rank; i-- > 0;) {
        out_stride[i] = stride;
        stride *= shape[i];
    }
}

nest nest_of(uint32_t rank, const int64_t *extent) {
    nest n = {.rank = rank};
    for (uint32_t i = 0; i < rank; i++)
        n.extent[i] = extent[i];
    return n;
}

void nest_operand(nest *n, const int64_t *stride, int64_t base) {
    for (uint32_t i = 0; i < n->rank; i++)
        n->stride[n->operands][i] = stride[i];
    n->base[n->operands++] = base;
}

void nest_broadcast(nest *n, const tsr_tensor *t) {
    int64_t own[TSR_MAX_RANK], stride[TSR_MAX_RANK] = {0};
    row_major(t->shape, t->rank, own);
    for (uint32_t i = 0; i < t->rank && i < n->rank; i++) // aligned at the right
        stride[n->rank - 1 - i] = t->shape[t->rank - 1 - i] == 1 ? 0 : own[t->rank - 1 - i];
    nest_operand(n, stride, 0);
}

static bool walks_as_one(const nest *n, uint32_t outer, uint32_t inner) {
    for (uint32_t o = 0; o < n->operands; o++)
        if (n->stride[o][outer] != n->stride[o][inner] * n->extent[inner])
            return false;
    return true;
}

static void merge_loops(nest *n) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->rank; i++) {
        if (n->extent[i] == 1)
            continue;
        bool merge = kept > 0 && walks_as_one(n, kept - 1, i);
        uint32_t to = merge ? kept - 1 : kept;
        n->extent[to] = merge ? n->extent[to] * n->extent[i] : n->extent[i];
        for (uint32_t o = 0; o < n->operands; o++)
            n->stride[o][to] = n->stride[o][i];
        kept = to + 1;
    }
    n->rank = kept;
}

void nest_begin(lowering *l, nest *n) {
    merge_loops(n);
    for (uint32_t o = 0; o < n->operands; o++)
        n->index[o] = i64(l, n->base[o]);
    for (uint32_t i = 0; i < n->rank; i++) {
        char name[8] = {'i', (char)('0' + i)};
        n->var[i] = new_var(l, name);
        for (uint32_t o = 0; o < n->operands; o++)
            n->index[o] = add(l, n->index[o], scaled(l, var(l, n->var[i]), n->stride[o][i]));
    }
}

tsr_stmt *nest_end(lowering *l, const nest *n, tsr_stmt *body) {
    for (uint32_t i = n->rank; i-- > 0;)
        body = i + 1 == n->rank ? lanes(l, n->var[i], n->extent[i], body) : loop(l, n->var[i], n->extent[i], body);
    return body;
}

tsr_stmt *nest_loops(lowering *l, const nest *n, tsr_stmt *body) {
    for (uint32_t i = n->rank; i-- > 0;)
        body = loop(l, n->var[i], n->extent[i], body);
    return body;
}

unsigned split_channels(int64_t channels, tiles out_tiles[2]) {
    if (channels <= 64) {
        out_tiles[0] = (tiles){0, channels, 1};
        return 1;
    }
    for (int64_t size = 64; size >= 24; size -= 8)
        if (channels % size == 0) {
            out_tiles[0] = (tiles){0, size, channels / size};
            return 1;
        }
    out_tiles[0] = (tiles){0, 32, channels / 32};
    out_tiles[1] = (tiles){channels - channels % 32, channels % 32, 1};
    return channels % 32 == 0 ? 1 : 2;
}

tsr_stmt *copy_local(lowering *l, tsr_tbuffer *from, tsr_tbuffer **out_copy) {
    tsr_tbuffer *copy = tsr_local(l->f, "sums", from->dtype, from->elements);
    const tsr_var *j = new_var(l, "j");
    *out_copy = copy;
    return lanes(l, j, (int64_t)from->elements, store(l, copy, var(l, j), load(l, from, var(l, j))));
}

tsr_stmt *reduced(lowering *l, tsr_binary o, tsr_tbuffer *result, ex neutral, int64_t length, value_at *value,
                  const void *context) {
    enum { LANES = 16 };
    const int64_t whole = length / LANES;
    ex zero = i64(l, 0);
    tsr_stmt *s[4];
    uint32_t count = 0;
    s[count++] = store(l, result, zero, neutral);
    const tsr_var *rest = new_var(l, "k");
    ex last = value(l, context, add(l, var(l, rest), i64(l, whole * LANES)));
    s[count++] = loop(l, rest, length % LANES, store(l, result, zero, op(l, o, load(l, result, zero), last)));
    if (whole > 0) {
        tsr_tbuffer *parts = tsr_local(l->f, "parts", result->dtype, LANES);
        const tsr_var *k = new_var(l, "k"), *j = new_var(l, "j"), *i = new_var(l, "i");
        ex at = var(l, j), next = value(l, context, add(l, scaled(l, var(l, k), LANES), at));
        tsr_stmt *step = lanes(l, j, LANES, store(l, parts, at, op(l, o, load(l, parts, at), next)));
        s[count++] = seq2(l, lanes(l, j, LANES, store(l, parts, at, neutral)), loop(l, k, whole, step));
        ex both = op(l, o, load(l, result, zero), load(l, parts, var(l, i)));
        s[count++] = tsr_for(l->arena, i, LANES, TSR_FOR_UNROLL, store(l, result, zero, both));
    }
    return tsr_seq(l->arena, count, s);
}

static tsr_status lower(lowering *l) {
    if (tsr_op_is_unary(l->node->op))
        return lower_unary(l);
    if (tsr_op_is_binary(l->node->op))
        return lower_binary(l);
    switch (l->node->op) {
    case TSR_OP_CONV:
    case TSR_OP_CONV_INTEGER:
    case TSR_OP_FULLY_CONNECTED: return lower_conv(l);
    case TSR_OP_MATMUL:
    case TSR_OP_MATMUL_INTEGER: return lower_matmul(l);
    case TSR_OP_WHERE: return lower_where(l);
    case TSR_OP_MAX_POOL_INDEX: return lower_pool_index(l);
    case TSR_OP_MAX_POOL:
    case TSR_OP_AVERAGE_POOL: return lower_pool(l);
    case TSR_OP_MEAN:
    case TSR_OP_REDUCE_SUM:
    case TSR_OP_REDUCE_PROD:
    case TSR_OP_REDUCE_MAX:
    case TSR_OP_REDUCE_MIN: return lower_reduce(l);
    case TSR_OP_ARG_MAX:
    case TSR_OP_ARG_MIN: return lower_arg(l);
    case TSR_OP_NORMALIZE: return lower_normalize(l);
    case TSR_OP_RESAMPLE: return lower_resample(l);
    case TSR_OP_NON_MAX_SUPPRESSION: return lower_non_max_suppression(l);
    case TSR_OP_RECURRENT: return lower_recurrent(l);
    case TSR_OP_TOP_K: return lower_top_k(l);
    case TSR_OP_CUM_SUM: return lower_cum_sum(l);
    case TSR_OP_SLICE: return lower_slice(l);
    case TSR_OP_EXPAND: return lower_expand(l);
    case TSR_OP_RESIZE_BILINEAR: return lower_resize_bilinear(l);
    case TSR_OP_GATHER: return lower_gather(l);
    case TSR_OP_GATHER_ND: return lower_gather_nd(l);
    case TSR_OP_SCATTER_ND: return lower_scatter_nd(l);
    case TSR_OP_PAD: return lower_pad(l);
    case TSR_OP_CONCAT: return lower_concat(l);
    case TSR_OP_RESHAPE:
    case TSR_OP_IDENTITY:
    case TSR_OP_CAST: return lower_copy(l);
    case TSR_OP_TRANSPOSE: return lower_transpose(l);
    case TSR_OP_SOFTMAX: return lower_softmax(l);
    case TSR_OP_QUANTIZE: return lower_quantize(l);
    case TSR_OP_DEQUANTIZE: return lower_dequantize(l);
    case TSR_OP_DYNAMIC_QUANTIZE: return lower_dynamic_quantize(l);
    default: return unsupported(l, "there is no host code for this operator");
    }
}

// Scales along an axis are for weights and for the operators that quantise; elsewhere an activation has one.
static tsr_status check_scales(const lowering *l) {
    switch (l->node->op) {
    case TSR_OP_CONV:
    case TSR_OP_CONV_INTEGER:
    case TSR_OP_FULLY_CONNECTED:
    case TSR_OP_MATMUL:
    case TSR_OP_MATMUL_INTEGER:
    case TSR_OP_QUANTIZE:
    case TSR_OP_DEQUANTIZE:
    case TSR_OP_RESHAPE:
    case TSR_OP_IDENTITY:
    case TSR_OP_TRANSPOSE: return tsr_ok();
    default: break;
    }
    for (uint32_t i = 0; i < l->node->input_count; i++)
        if (has_input(l, i) && in(l, i)->quant.count > 1)
            return unsupported(l, "an input with a scale for each channel; one for the whole tensor works");
    return tsr_ok();
}

tsr_status tsr_lower_node_for(tsr_arena *arena, const tsr_graph *graph, const tsr_node *node, tsr_tbuffer *const *buffers,
                              const tsr_lower_target *target, tsr_tensor_function **out_function) {
    *out_function = NULL;
    lowering l = {.arena = arena, .graph = graph, .node = node, .buffers = buffers, .target = target};
    l.f = tsr_function_create(arena, node->name);
    TSR_TRY(check_scales(&l));
    TSR_TRY(lower(&l));
    share_among_threads(l.f);
    *out_function = l.f;
    return tsr_tensor_verify(l.f);
}

tsr_status tsr_lower_node(tsr_arena *arena, const tsr_graph *graph, const tsr_node *node, tsr_tbuffer *const *buffers,
                          tsr_tensor_function **out_function) {
    static const tsr_lower_target avx2 = {.vector_bytes = 32, .registers = 16, .dot = 2};
    return tsr_lower_node_for(arena, graph, node, buffers, &avx2, out_function);
}
