// SPDX-License-Identifier: Apache-2.0
// Attention and RotaryEmbedding, of products, sums and Softmax. Heads that share keys and values are rows of one product, so that
// nothing is repeated.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

enum { IN_Q, IN_K, IN_V, IN_MASK, IN_PAST_KEY, IN_PAST_VALUE, IN_LENGTHS, INPUTS };

typedef struct attention {
    tsr_id in[INPUTS];
    int64_t batch, heads, kv_heads, queries, keys, size, value_size; // keys: with those of the past
    int64_t left, right; // of the window; -1: no limit
    bool causal, flat; // flat: [batch, sequence, heads * size]
    tsr_dtype dtype;
} attention;

// [B, S, heads * size] -> [B, heads, S, size]
static tsr_id split_heads(composer *c, tsr_id x, int64_t heads) {
    const tsr_tensor from = compose_tensor(c, x);
    const int64_t shape[4] = {from.shape[0], from.shape[1], heads, from.shape[2] / heads};
    return compose_transpose(c, compose_reshape(c, x, 4, shape), (const int64_t[]){0, 2, 1, 3});
}

static tsr_status read_shapes(composer *c, attention *a) {
    TSR_TRY(c->status);
    const tsr_tensor q = compose_tensor(c, a->in[IN_Q]), k = compose_tensor(c, a->in[IN_K]), v = compose_tensor(c, a->in[IN_V]);
    a->flat = q.rank == 3;
    a->dtype = q.dtype;
    if ((q.rank != 3 && q.rank != 4) || k.rank != q.rank || v.rank != q.rank)
        return tsr_error(TSR_CORRUPT, "Q, K and V must have rank 3 or 4, all the same");
    if (a->flat) {
        a->heads = compose_attr_int(c, "q_num_heads", 0);
        a->kv_heads = compose_attr_int(c, "kv_num_heads", 0);
        if (a->heads < 1 || a->kv_heads < 1 || q.shape[2] % a->heads != 0 || k.shape[2] % a->kv_heads != 0 ||
            v.shape[2] % a->kv_heads != 0)
            return tsr_error(TSR_CORRUPT, "%" PRId64 " and %" PRId64 " heads do not fit the inputs", a->heads, a->kv_heads);
        a->in[IN_Q] = split_heads(c, a->in[IN_Q], a->heads);
        a->in[IN_K] = split_heads(c, a->in[IN_K], a->kv_heads);
        a->in[IN_V] = split_heads(c, a->in[IN_V], a->kv_heads);
    }
    if ((a->in[IN_PAST_KEY] == TSR_NO_ID) != (a->in[IN_PAST_VALUE] == TSR_NO_ID))
        return tsr_error(TSR_CORRUPT, "past_key and past_value belong together");
    if (a->in[IN_PAST_KEY] != TSR_NO_ID) {
        if (!compose_rank(c, a->in[IN_PAST_KEY], 4, 4) || !compose_rank(c, a->in[IN_PAST_VALUE], 4, 4))
            return c->status;
        a->in[IN_K] = compose_concat(c, 2, 2, (const tsr_id[]){a->in[IN_PAST_KEY], a->in[IN_K]});
        a->in[IN_V] = compose_concat(c, 2, 2, (const tsr_id[]){a->in[IN_PAST_VALUE], a->in[IN_V]});
    }
    TSR_TRY(c->status);
    const tsr_tensor queries = compose_tensor(c, a->in[IN_Q]), keys = compose_tensor(c, a->in[IN_K]);
    const tsr_tensor values = compose_tensor(c, a->in[IN_V]);
    a->batch = queries.shape[0], a->heads = queries.shape[1], a->queries = queries.shape[2], a->size = queries.shape[3];
    a->kv_heads = keys.shape[1], a->keys = keys.shape[2], a->value_size = values.shape[3];
    if (a->heads % a->kv_heads != 0 || keys.shape[0] != a->batch || keys.shape[3] != a->size || values.shape[0] != a->batch ||
        values.shape[1] != a->kv_heads || values.shape[2] != a->keys)
        return tsr_error(TSR_CORRUPT, "shapes of queries, keys and values do not fit each other");
    return tsr_ok();
}

static tsr_id sum_of(composer *c, tsr_id a, tsr_id b) { return a == TSR_NO_ID ? b : b == TSR_NO_ID ? a : compose_add(c, a, b); }

// 0 where a condition holds, else minus infinity.
static tsr_id bias_of(composer *c, const attention *a, tsr_id condition) {
    return compose_where(c, condition, compose_number(c, a->dtype, 0), compose_number(c, a->dtype, -INFINITY));
}

static bool sees(const attention *a, int64_t query, int64_t key) {
    const int64_t distance = query - key;
    return !(a->causal && distance < 0) && !(a->left >= 0 && distance > a->left) && !(a->right >= 0 && -distance > a->right);
}

// Which keys a query may look at by its place, [Q, K]. The queries follow `offset` keys.
static tsr_id place_bias(composer *c, const attention *a, int64_t offset, bool *out_hides_all) {
    float *value;
    const tsr_id id = compose_reals(c, 2, (const int64_t[]){a->queries, a->keys}, &value);
    for (int64_t q = 0; q < a->queries && value != NULL; q++) {
        bool any = false;
        for (int64_t k = 0; k < a->keys; k++) {
            const bool seen = sees(a, q + offset, k);
            value[q * a->keys + k] = seen ? 0 : -INFINITY;
            any |= seen;
        }
        *out_hides_all |= !any;
    }
    return compose_cast(c, id, a->dtype);
}

static tsr_id counting(composer *c, uint32_t rank, const int64_t *shape, int64_t first) {
    int64_t *value;
    const tsr_id id = compose_wholes(c, rank, shape, &value);
    for (uint32_t d = 0; d < rank && value != NULL; d++)
        for (int64_t i = 0; shape[d] > 1 && i < shape[d]; i++) // one dimension is larger than 1
            value[i] = first + i;
    if (value != NULL)
        value[0] = first;
    return id;
}

static tsr_id limited(composer *c, tsr_id known, tsr_id distance, double limit) {
    const tsr_id condition = compose_binary(c, TSR_OP_LESS_EQUAL, distance, compose_number(c, TSR_I64, limit));
    return known == TSR_NO_ID ? condition : compose_binary(c, TSR_OP_AND, known, condition);
}

// With a length for each batch: keys from there on are none, and the queries are the last before it. [B, 1, Q or 1, K]
static tsr_id length_bias(composer *c, const attention *a) {
    const tsr_id lengths =
        compose_reshape(c, compose_cast(c, a->in[IN_LENGTHS], TSR_I64), 4, (const int64_t[]){a->batch, 1, 1, 1});
    const tsr_id key = counting(c, 4, (const int64_t[]){1, 1, 1, a->keys}, 0);
    tsr_id condition = compose_binary(c, TSR_OP_LESS, key, lengths);
    if (a->causal || a->left >= 0 || a->right >= 0) {
        const tsr_id query = counting(c, 4, (const int64_t[]){1, 1, a->queries, 1}, -a->queries);
        const tsr_id distance = compose_sub(c, compose_add(c, query, lengths), key);
        const tsr_id back = compose_unary(c, TSR_OP_NEG, distance);
        condition = a->causal ? limited(c, condition, back, 0) : condition;
        condition = a->left >= 0 ? limited(c, condition, distance, (double)a->left) : condition;
        condition = a->right >= 0 ? limited(c, condition, back, (double)a->right) : condition;
    }
    return bias_of(c, a, condition);
}

static tsr_id mask_bias(composer *c, const attention *a) {
    tsr_id mask = a->in[IN_MASK];
    if (mask == TSR_NO_ID || !compose_rank(c, mask, 1, 4))
        return TSR_NO_ID;
    const tsr_tensor from = compose_tensor(c, mask);
    const int64_t missing = a->keys - from.shape[from.rank - 1], none[4] = {0};
    int64_t end[4] = {0};
    end[from.rank - 1] = missing;
    const bool is_bool = from.dtype == TSR_BOOL;
    if (missing > 0 && from.shape[from.rank - 1] > 1)
        mask = compose_pad(c, mask, none, end, is_bool ? 0 : -INFINITY);
    return is_bool ? bias_of(c, a, mask) : compose_cast(c, mask, a->dtype);
}

static tsr_id all_biases(composer *c, const attention *a, bool *out_hides_all) {
    const bool by_place = a->causal || a->left >= 0 || a->right >= 0;
    tsr_id bias = mask_bias(c, a);
    *out_hides_all = bias != TSR_NO_ID; // who knows
    if (a->in[IN_LENGTHS] != TSR_NO_ID) {
        *out_hides_all = true;
        return sum_of(c, bias, length_bias(c, a));
    }
    const int64_t past = a->in[IN_PAST_KEY] != TSR_NO_ID ? compose_tensor(c, a->in[IN_PAST_KEY]).shape[2] : 0;
    return by_place ? sum_of(c, bias, place_bias(c, a, past, out_hides_all)) : bias;
}

tsr_status onnx_attention(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    attention a = {.left = compose_attr_int(&c, "left_window_size", -1), .right = compose_attr_int(&c, "right_window_size", -1)};
    for (uint32_t i = 0; i < INPUTS; i++)
        a.in[i] = i <= IN_V ? compose_input(&c, i) : compose_optional(&c, i);
    a.causal = compose_attr_int(&c, "is_causal", 0) != 0;
    TSR_TRY(read_shapes(&c, &a));
    const double scale = onnx_attr(node, "scale") != NULL ? (double)compose_attr_float(&c, "scale", 1) : 1 / sqrt((double)a.size);
    const double cap = (double)compose_attr_float(&c, "softcap", 0);
    const int64_t mode = compose_attr_int(&c, "qk_matmul_output_mode", 0), rows = a.heads / a.kv_heads * a.queries;
    const int64_t grouped[4] = {a.batch, a.kv_heads, rows, a.size}, by_head[4] = {a.batch, a.heads, a.queries, a.keys};
    const tsr_id q = compose_reshape(&c, compose_scale(&c, a.in[IN_Q], scale), 4, grouped);
    const tsr_id k = compose_transpose(&c, a.in[IN_K], (const int64_t[]){0, 1, 3, 2});
    tsr_id stage[4]; // raw, capped, with bias, probabilities
    stage[0] = compose_reshape(&c, compose_matmul(&c, q, k), 4, by_head);
    stage[1] = cap > 0 ? compose_scale(&c, compose_unary(&c, TSR_OP_TANH, compose_scale(&c, stage[0], 1 / cap)), cap) : stage[0];
    bool hides_all = false;
    const tsr_id bias = all_biases(&c, &a, &hides_all);
    stage[2] = sum_of(&c, stage[1], bias);
    const tsr_dtype precision = onnx_dtype(compose_attr_int(&c, "softmax_precision", 0));
    const tsr_id logits = precision == TSR_F64 ? compose_cast(&c, stage[2], TSR_F64) : stage[2];
    stage[3] = compose_cast(&c, compose_softmax(&c, logits, 3), a.dtype);
    if (bias != TSR_NO_ID && hides_all) { // a query that may look at no key gets zeros
        const int64_t last = (int64_t)compose_tensor(&c, bias).rank - 1;
        const tsr_id most = compose_reduce(&c, TSR_OP_REDUCE_MAX, bias, 1, &last, true);
        const tsr_id hidden = compose_binary(&c, TSR_OP_EQUAL, most, compose_number(&c, a.dtype, -INFINITY));
        stage[3] = compose_where(&c, hidden, compose_number(&c, a.dtype, 0), stage[3]);
    }
    const tsr_id p = compose_reshape(&c, stage[3], 4, (const int64_t[]){a.batch, a.kv_heads, rows, a.keys});
    tsr_id y =
        compose_reshape(&c, compose_matmul(&c, p, a.in[IN_V]), 4, (const int64_t[]){a.batch, a.heads, a.queries, a.value_size});
    if (a.flat)
        y = compose_reshape(&c, compose_transpose(&c, y, (const int64_t[]){0, 2, 1, 3}), 3,
                            (const int64_t[]){a.batch, a.queries, a.heads * a.value_size});
    if (mode < 0 || mode > 3)
        return tsr_error(TSR_CORRUPT, "qk_matmul_output_mode %" PRId64 "; must be 0 to 3", mode);
    compose_define(&c, 0, y);
    compose_define(&c, 1, a.in[IN_K]);
    compose_define(&c, 2, a.in[IN_V]);
    return compose_define(&c, 3, stage[mode]);
}

// Pairs of elements of each head turned by an angle that grows with the place in the sequence.
tsr_status onnx_rotary_embedding(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id input = compose_input(&c, 0), position = compose_optional(&c, 3);
    tsr_id cache[2] = {compose_input(&c, 1), compose_input(&c, 2)};
    if (!compose_rank(&c, input, 3, 4))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, input);
    const bool flat = from.rank == 3, interleaved = compose_attr_int(&c, "interleaved", 0) != 0;
    const int64_t heads = flat ? compose_attr_int(&c, "num_heads", 0) : from.shape[1];
    if (heads < 1 || (flat && from.shape[2] % heads != 0))
        return tsr_error(TSR_CORRUPT, "%" PRId64 " heads do not fit the input", heads);
    // [B, S, heads, size]
    tsr_id x = flat ? compose_reshape(&c, input, 4, (const int64_t[]){from.shape[0], from.shape[1], heads, from.shape[2] / heads})
                    : compose_transpose(&c, input, (const int64_t[]){0, 2, 1, 3});
    TSR_TRY(c.status);
    const tsr_tensor all = compose_tensor(&c, x);
    const int64_t size = all.shape[3], stated = compose_attr_int(&c, "rotary_embedding_dim", 0);
    const int64_t turned = stated > 0 ? stated : size, half = turned / 2;
    if (turned > size || turned % 2 != 0)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " elements to turn of %" PRId64, turned, size);
    for (unsigned i = 0; i < 2; i++) {
        if (position != TSR_NO_ID)
            cache[i] = compose_gather(&c, cache[i], position, 0, 0);
        if (!compose_rank(&c, cache[i], 3, 3))
            return c.status;
        const tsr_tensor t = compose_tensor(&c, cache[i]);
        cache[i] = compose_reshape(&c, cache[i], 4, (const int64_t[]){t.shape[0], t.shape[1], 1, t.shape[2]});
    }
    tsr_id part[2];
    for (unsigned i = 0; i < 2; i++)
        part[i] = interleaved ? compose_slice(&c, x, 3, i, half, 2) : compose_slice(&c, x, 3, i * half, half, 1);
    tsr_id y[3];
    y[0] = compose_sub(&c, compose_mul(&c, part[0], cache[0]), compose_mul(&c, part[1], cache[1]));
    y[1] = compose_add(&c, compose_mul(&c, part[0], cache[1]), compose_mul(&c, part[1], cache[0]));
    if (interleaved) {
        const int64_t apart[5] = {all.shape[0], all.shape[1], heads, half, 1};
        for (unsigned i = 0; i < 2; i++)
            y[i] = compose_reshape(&c, y[i], 5, apart);
        y[0] = compose_reshape(&c, compose_concat(&c, 4, 2, y), 4, (const int64_t[]){all.shape[0], all.shape[1], heads, turned});
    } else {
        y[0] = compose_concat(&c, 3, 2, y);
    }
    y[1] = turned < size ? compose_slice(&c, x, 3, turned, size - turned, 1) : TSR_NO_ID;
    const tsr_id whole = compose_concat(&c, 3, turned < size ? 2 : 1, y);
    return compose_define(
        &c, 0, flat ? compose_reshape(&c, whole, 3, from.shape) : compose_transpose(&c, whole, (const int64_t[]){0, 2, 1, 3}));
}
