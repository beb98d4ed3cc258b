// SPDX-License-Identifier: Apache-2.0
// Layers that carry a state from call to call: LinearAttention, step by step, and CausalConvWithState.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

enum { MOST_STEPS = 1024 };

typedef struct layer {
    int64_t batch, steps, heads, kv_heads, size, value_size;
    bool gating, delta;
    double scale;
} layer;

// [B, T, heads * size] -> [T, B, heads, size, 1] or [T, B, heads, 1, size]
static tsr_id by_steps(composer *c, const layer *a, tsr_id x, int64_t heads, int64_t size, bool column) {
    x = compose_reshape(c, x, 4, (const int64_t[]){a->batch, a->steps, heads, size});
    x = compose_transpose(c, x, (const int64_t[]){1, 0, 2, 3});
    return compose_reshape(c, x, 5, (const int64_t[]){a->steps, a->batch, heads, column ? size : 1, column ? 1 : size});
}

static tsr_id at_step(composer *c, tsr_id x, int64_t step) {
    const tsr_tensor all = compose_tensor(c, x);
    return compose_reshape(c, compose_slice(c, x, 0, step, 1, 1), all.rank - 1, all.shape + 1);
}

static tsr_status read_layer(composer *c, const tsr_id in[6], layer *a) {
    TSR_TRY(c->status);
    for (unsigned i = 0; i < 3; i++)
        if (!compose_rank(c, in[i], 3, 3))
            return c->status;
    const tsr_tensor q = compose_tensor(c, in[0]), k = compose_tensor(c, in[1]), v = compose_tensor(c, in[2]);
    *a = (layer){.batch = q.shape[0], .steps = q.shape[1]};
    a->heads = compose_attr_int(c, "q_num_heads", 0);
    a->kv_heads = compose_attr_int(c, "kv_num_heads", 0);
    if (a->heads < 1 || a->kv_heads < 1 || a->heads % a->kv_heads != 0 || q.shape[2] % a->heads != 0 ||
        v.shape[2] % a->kv_heads != 0 || k.shape[2] != q.shape[2] / a->heads * a->kv_heads || k.shape[1] != a->steps ||
        v.shape[1] != a->steps || k.shape[0] != a->batch || v.shape[0] != a->batch)
        return tsr_error(TSR_CORRUPT, "%" PRId64 " and %" PRId64 " heads do not fit the inputs", a->heads, a->kv_heads);
    if (a->steps > MOST_STEPS)
        return tsr_error(TSR_UNSUPPORTED, "a sequence of %" PRId64 "; up to %d steps work", a->steps, MOST_STEPS);
    a->size = q.shape[2] / a->heads;
    a->value_size = v.shape[2] / a->kv_heads;
    const bool both = compose_attr_is(c, "update_rule", "gated_delta", "gated_delta");
    a->gating = both || compose_attr_is(c, "update_rule", "gated_delta", "gated");
    a->delta = both || compose_attr_is(c, "update_rule", "gated_delta", "delta");
    if (!a->gating && !a->delta && !compose_attr_is(c, "update_rule", "gated_delta", "linear"))
        return tsr_error(TSR_UNSUPPORTED, "update_rule; linear, gated, delta and gated_delta work");
    if (a->gating != (in[4] != TSR_NO_ID) || a->delta != (in[5] != TSR_NO_ID))
        return tsr_error(TSR_CORRUPT, "decay belongs to the gated rules, beta to the delta rules");
    const double scale = (double)compose_attr_float(c, "scale", 0);
    a->scale = scale == 0 ? 1 / sqrt((double)a->size) : scale;
    return c->status;
}

// S = exp(decay) * S + k (v - S^T k) beta; y = q S, with what the rule leaves out left out.
tsr_status onnx_linear_attention(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id in[6], results[MOST_STEPS];
    layer a;
    for (uint32_t i = 0; i < 6; i++)
        in[i] = i < 3 ? compose_input(&c, i) : compose_optional(&c, i);
    TSR_TRY(read_layer(&c, in, &a));
    const tsr_dtype dtype = compose_tensor(&c, in[0]).dtype;
    const int64_t group = a.heads / a.kv_heads, state_shape[4] = {a.batch, a.kv_heads, a.size, a.value_size};
    // Query heads that share a state are rows of one product.
    tsr_id q = compose_reshape(&c, compose_scale(&c, in[0], a.scale), 4, (const int64_t[]){a.batch, a.steps, a.heads, a.size});
    q = compose_reshape(&c, compose_transpose(&c, q, (const int64_t[]){1, 0, 2, 3}), 5,
                        (const int64_t[]){a.steps, a.batch, a.kv_heads, group, a.size});
    const tsr_id k = by_steps(&c, &a, in[1], a.kv_heads, a.size, true), row = by_steps(&c, &a, in[1], a.kv_heads, a.size, false);
    const tsr_id v = by_steps(&c, &a, in[2], a.kv_heads, a.value_size, false);
    tsr_id decay = TSR_NO_ID, beta = TSR_NO_ID;
    if (a.gating) {
        const bool each = compose_tensor(&c, in[4]).shape[2] != a.kv_heads;
        decay = compose_unary(&c, TSR_OP_EXP, by_steps(&c, &a, in[4], a.kv_heads, each ? a.size : 1, true));
    }
    if (a.delta)
        beta = by_steps(&c, &a, in[5], compose_tensor(&c, in[5]).shape[2], 1, true);
    float *zeros;
    tsr_id state = in[3] != TSR_NO_ID ? in[3] : compose_cast(&c, compose_reals(&c, 4, state_shape, &zeros), dtype);
    for (int64_t t = 0; t < a.steps && c.status.code == TSR_OK; t++) {
        tsr_id value = at_step(&c, v, t);
        if (a.gating)
            state = compose_mul(&c, state, at_step(&c, decay, t));
        if (a.delta)
            value = compose_mul(&c, compose_sub(&c, value, compose_matmul(&c, at_step(&c, row, t), state)), at_step(&c, beta, t));
        state = compose_add(&c, state, compose_mul(&c, at_step(&c, k, t), value));
        const tsr_id y = compose_matmul(&c, at_step(&c, q, t), state); // [B, kv heads, group, value size]
        results[t] = compose_reshape(&c, y, 3, (const int64_t[]){a.batch, 1, a.heads * a.value_size});
    }
    TSR_TRY(c.status);
    compose_define(&c, 0, compose_concat(&c, 1, (uint32_t)a.steps, results));
    return compose_define(&c, 1, state);
}

// A depthwise convolution along a sequence that begins with the end of the one before.
tsr_status onnx_causal_conv(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), w = compose_input(&c, 1), bias = compose_optional(&c, 2),
                 past = compose_optional(&c, 3);
    if (!compose_rank(&c, x, 3, 3) || !compose_rank(&c, w, 3, 3))
        return c.status;
    const tsr_tensor from = compose_tensor(&c, x);
    const int64_t n = from.shape[0], channels = from.shape[1], length = from.shape[2], kernel = compose_tensor(&c, w).shape[2];
    const bool silu = compose_attr_is(&c, "activation", "none", "silu") || compose_attr_is(&c, "activation", "none", "swish");
    tsr_id whole = past != TSR_NO_ID ? compose_concat(&c, 2, 2, (const tsr_id[]){past, x})
                                     : compose_pad(&c, x, (const int64_t[]){0, 0, kernel - 1}, (const int64_t[]){0, 0, 0}, 0);
    TSR_TRY(c.status);
    if (compose_tensor(&c, whole).shape[2] != length + kernel - 1 || compose_tensor(&c, w).shape[0] != channels ||
        compose_tensor(&c, w).shape[1] != 1)
        return tsr_error(TSR_CORRUPT, "weights must be [C, 1, K], the state [N, C, K - 1]");
    tsr_attr attr = tsr_attr_default();
    attr.kernel[1] = kernel;
    attr.groups = channels;
    const tsr_id picture = compose_reshape(&c, compose_transpose(&c, whole, (const int64_t[]){0, 2, 1}), 4,
                                           (const int64_t[]){n, 1, length + kernel - 1, channels});
    const tsr_id in[3] = {picture, compose_reshape(&c, w, 4, (const int64_t[]){channels, 1, kernel, 1}), bias};
    tsr_id y = compose_node(&c, TSR_OP_CONV, &attr, bias != TSR_NO_ID ? 3 : 2, in, from.dtype);
    if (silu)
        y = compose_mul(&c, y, compose_unary(&c, TSR_OP_SIGMOID, y));
    y = compose_transpose(&c, compose_reshape(&c, y, 3, (const int64_t[]){n, length, channels}), (const int64_t[]){0, 2, 1});
    compose_define(&c, 0, y);
    if (kernel > 1)
        compose_define(&c, 1, compose_slice(&c, whole, 2, length, kernel - 1, 1));
    return c.status;
}
