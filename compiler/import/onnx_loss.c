// SPDX-License-Identifier: Apache-2.0
// LogSoftmax and the losses that begin with it.
#include <inttypes.h>
#include <string.h>

#include "onnx_compose.h"

// (x - max) - log(sum(exp(x - max))) along an axis.
static tsr_id log_softmax(composer *c, tsr_id x, int64_t axis) {
    const tsr_id shifted = compose_sub(c, x, compose_reduce(c, TSR_OP_REDUCE_MAX, x, 1, &axis, true));
    const tsr_id sum = compose_reduce(c, TSR_OP_REDUCE_SUM, compose_unary(c, TSR_OP_EXP, shifted), 1, &axis, true);
    return compose_sub(c, shifted, compose_unary(c, TSR_OP_LOG, sum));
}

tsr_status onnx_log_softmax(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const tsr_tensor from = compose_tensor(&c, x);
    if (o->opset >= 13)
        return compose_define(&c, 0, log_softmax(&c, x, compose_attr_axis(&c, "axis", -1, x)));
    // Over all dimensions from the axis on.
    int64_t axis = compose_attr_int(&c, "axis", 1), shape[2] = {1, 1};
    if (axis != (int64_t)from.rank && !normalise_axis(&axis, from.rank))
        return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axis, from.rank);
    for (uint32_t i = 0; i < from.rank; i++)
        shape[i >= axis] *= from.shape[i];
    return compose_define(&c, 0,
                          compose_reshape(&c, log_softmax(&c, compose_reshape(&c, x, 2, shape), 1), from.rank, from.shape));
}

// x[N,C,...] where the target[N,...] of each element points: -x[n, target, ...] * weight[target], reduced.
static tsr_id likelihood_loss(composer *c, tsr_id x, tsr_id target, tsr_id weight) {
    const tsr_tensor from = compose_tensor(c, x), to = compose_tensor(c, target);
    int64_t perm[TSR_MAX_RANK], shape[TSR_MAX_RANK], ignored;
    if (!compose_rank(c, x, 2, TSR_MAX_RANK))
        return TSR_NO_ID;
    bool fits = to.rank + 1 == from.rank;
    for (uint32_t i = 0; i < to.rank && fits; i++)
        fits = to.shape[i] == from.shape[i == 0 ? 0 : i + 1];
    if (!fits) {
        compose_fails(c, tsr_error(TSR_CORRUPT, "the target must have the input's shape without its axis 1"));
        return TSR_NO_ID;
    }
    const bool ignores = onnx_attr(c->node, "ignore_index") != NULL;
    tsr_id ignore = TSR_NO_ID;
    if (ignores) { // it may lie outside of the classes
        ignored = compose_attr_int(c, "ignore_index", 0);
        ignore = compose_binary(c, TSR_OP_EQUAL, target, compose_number(c, to.dtype, (double)ignored));
        target = compose_where(c, ignore, compose_number(c, to.dtype, 0), target);
    }
    for (uint32_t i = 0; i < from.rank; i++) { // classes last
        perm[i] = i == 0 ? 0 : i + 1;
        shape[i] = i < to.rank ? to.shape[i] : 1;
    }
    perm[from.rank - 1] = 1;
    const tsr_id index = compose_reshape(c, target, from.rank, shape);
    tsr_id loss = compose_gather(c, compose_transpose(c, x, perm), index, from.rank - 1, from.rank - 1);
    loss = compose_unary(c, TSR_OP_NEG, compose_reshape(c, loss, to.rank, to.shape));
    tsr_id each = TSR_NO_ID; // the weight of each element
    if (weight != TSR_NO_ID)
        each = compose_gather(c, weight, target, 0, 0);
    if (ignores) {
        const tsr_id one = weight != TSR_NO_ID ? each : compose_number(c, from.dtype, 1);
        each = compose_where(c, ignore, compose_number(c, from.dtype, 0), one);
    }
    if (each != TSR_NO_ID)
        loss = compose_mul(c, loss, each);
    int64_t axes[TSR_MAX_RANK];
    for (uint32_t i = 0; i < to.rank; i++)
        axes[i] = i;
    if (compose_attr_is(c, "reduction", "mean", "none"))
        return loss;
    if (compose_attr_is(c, "reduction", "mean", "sum"))
        return compose_reduce(c, TSR_OP_REDUCE_SUM, loss, to.rank, axes, false);
    if (each == TSR_NO_ID)
        return compose_reduce(c, TSR_OP_MEAN, loss, to.rank, axes, false);
    return compose_div(c, compose_reduce(c, TSR_OP_REDUCE_SUM, loss, to.rank, axes, false),
                       compose_reduce(c, TSR_OP_REDUCE_SUM, each, to.rank, axes, false));
}

tsr_status onnx_likelihood_loss(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), target = compose_input(&c, 1), weight = compose_optional(&c, 2);
    return compose_define(&c, 0, likelihood_loss(&c, x, target, weight));
}

tsr_status onnx_cross_entropy_loss(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), target = compose_input(&c, 1), weight = compose_optional(&c, 2);
    if (!compose_rank(&c, x, 2, TSR_MAX_RANK))
        return c.status;
    const tsr_id logarithms = log_softmax(&c, x, 1);
    compose_define(&c, 0, likelihood_loss(&c, logarithms, target, weight));
    return compose_define(&c, 1, logarithms);
}
