// SPDX-License-Identifier: Apache-2.0
// Reductions.
#include <inttypes.h>

#include "onnx_compose.h"
#include "onnx_reduce.h"

tsr_status onnx_read_axes(onnx *o, const onnx_node *node, uint32_t input, int64_t rank, int64_t *out_axes, uint32_t *out_count,
                          bool *out_given) {
    TSR_TRY(onnx_attr_ints(node, "axes", TSR_MAX_RANK, out_axes, out_count, out_given));
    if (onnx_has_input(node, input)) {
        *out_given = true;
        TSR_TRY(onnx_input_ints(o, node, input, TSR_MAX_RANK, out_axes, out_count));
    }
    for (uint32_t i = 0; i < *out_count; i++) {
        if (!normalise_axis(&out_axes[i], rank))
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, out_axes[i], rank);
        for (uint32_t j = 0; j < i; j++)
            if (out_axes[j] == out_axes[i])
                return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is named twice", out_axes[i]);
    }
    return tsr_ok();
}

typedef struct reduced {
    uint32_t count;
    int64_t axes[TSR_MAX_RANK];
    bool keep;
} reduced;

static tsr_id over(composer *c, const reduced *r, tsr_op op, tsr_id x, bool keep) {
    return r->count == 0 ? x : compose_reduce(c, op, x, r->count, r->axes, keep);
}

// Sums of exponentials less the largest one, which is added again: without overflow.
static tsr_id log_sum_exp(composer *c, const reduced *r, tsr_id x) {
    const tsr_id largest = over(c, r, TSR_OP_REDUCE_MAX, x, true);
    const tsr_id sum = over(c, r, TSR_OP_REDUCE_SUM, compose_unary(c, TSR_OP_EXP, compose_sub(c, x, largest)), r->keep);
    const tsr_tensor y = compose_tensor(c, sum);
    return compose_add(c, compose_unary(c, TSR_OP_LOG, sum), compose_reshape(c, largest, y.rank, y.shape));
}

static tsr_status direct(onnx *o, const onnx_node *node, const reduced *r, tsr_id x) {
    static const tsr_op ops[] = {[REDUCE_MEAN] = TSR_OP_MEAN,
                                 [REDUCE_SUM] = TSR_OP_REDUCE_SUM,
                                 [REDUCE_PROD] = TSR_OP_REDUCE_PROD,
                                 [REDUCE_MAX] = TSR_OP_REDUCE_MAX,
                                 [REDUCE_MIN] = TSR_OP_REDUCE_MIN};
    tsr_attr attr = tsr_attr_default();
    attr.keep_dims = r->keep;
    attr.axis_count = r->count;
    for (uint32_t i = 0; i < r->count; i++)
        attr.axes[i] = r->axes[i];
    return r->count == 0 ? onnx_define(o, node, 0, x) : onnx_emit_like(o, node, ops[node->variant], &attr, 1, &x);
}

tsr_status onnx_reduce(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    reduced r = {.keep = compose_attr_int(&c, "keepdims", 1) != 0};
    const bool noop = compose_attr_int(&c, "noop_with_empty_axes", 0) != 0;
    const uint32_t rank = compose_tensor(&c, x).rank;
    bool given;
    if (c.status.code != TSR_OK || compose_fails(&c, onnx_read_axes(o, node, 1, rank, r.axes, &r.count, &given)))
        return c.status;
    if (r.count == 0 && !noop) // all of them
        for (; r.count < rank; r.count++)
            r.axes[r.count] = r.count;
    if (node->variant <= REDUCE_MIN)
        return direct(o, node, &r, x);
    tsr_id y = TSR_NO_ID;
    switch (node->variant) {
    case REDUCE_SUM_SQUARE: y = over(&c, &r, TSR_OP_REDUCE_SUM, compose_mul(&c, x, x), r.keep); break;
    case REDUCE_L1: y = over(&c, &r, TSR_OP_REDUCE_SUM, compose_unary(&c, TSR_OP_ABS, x), r.keep); break;
    case REDUCE_L2: y = compose_unary(&c, TSR_OP_SQRT, over(&c, &r, TSR_OP_REDUCE_SUM, compose_mul(&c, x, x), r.keep)); break;
    case REDUCE_LOG_SUM: y = compose_unary(&c, TSR_OP_LOG, over(&c, &r, TSR_OP_REDUCE_SUM, x, r.keep)); break;
    default: y = log_sum_exp(&c, &r, x); break;
    }
    return compose_define(&c, 0, y);
}

tsr_status onnx_arg(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_attr attr = tsr_attr_default();
    attr.axis = compose_attr_axis(&c, "axis", 0, x);
    attr.keep_dims = compose_attr_int(&c, "keepdims", 1) != 0;
    attr.select_last = compose_attr_int(&c, "select_last_index", 0) != 0;
    return compose_define(&c, 0, compose_node(&c, (tsr_op)node->variant, &attr, 1, &x, TSR_I64));
}

tsr_status onnx_cum_sum(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const int64_t rank = compose_tensor(&c, x).rank;
    tsr_attr attr = tsr_attr_default();
    uint32_t count;
    compose_ints(&c, compose_input(&c, 1), 1, &attr.axis, &count);
    if (c.status.code == TSR_OK && (count != 1 || !normalise_axis(&attr.axis, rank)))
        compose_fails(&c, tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, attr.axis, rank));
    attr.reduction = node->variant == CUMULATIVE_PRODUCT ? TSR_REDUCE_MUL : TSR_REDUCE_NONE;
    attr.exclusive = compose_attr_int(&c, "exclusive", 0) != 0;
    attr.reverse = compose_attr_int(&c, "reverse", 0) != 0;
    return compose_define(&c, 0, compose_node(&c, TSR_OP_CUM_SUM, &attr, 1, &x, compose_tensor(&c, x).dtype));
}
