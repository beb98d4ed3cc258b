// SPDX-License-Identifier: Apache-2.0
// Activations of the newer operator sets.
#include "onnx_compose.h"

tsr_status onnx_gelu(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_attr attr = tsr_attr_default();
    attr.approximate = compose_attr_is(&c, "approximate", "none", "tanh");
    if (!attr.approximate && !compose_attr_is(&c, "approximate", "none", "none"))
        return tsr_error(TSR_CORRUPT, "approximate must be 'none' or 'tanh'");
    return compose_define(&c, 0, compose_node(&c, TSR_OP_GELU, &attr, 1, &x, compose_tensor(&c, x).dtype));
}

tsr_status onnx_hard_swish(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    return compose_define(&c, 0, compose_unary(&c, TSR_OP_HARD_SWISH, compose_input(&c, 0)));
}

// x * tanh(softplus(x)), with softplus(x) = max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
tsr_status onnx_mish(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), zero = compose_number(&c, compose_tensor(&c, x).dtype, 0);
    const tsr_id e = compose_unary(&c, TSR_OP_EXP, compose_unary(&c, TSR_OP_NEG, compose_unary(&c, TSR_OP_ABS, x)));
    const tsr_id rest = compose_unary(&c, TSR_OP_LOG, compose_add_number(&c, e, 1));
    const tsr_id softplus = compose_add(&c, compose_binary(&c, TSR_OP_MAX, x, zero), rest);
    return compose_define(&c, 0, compose_mul(&c, x, compose_unary(&c, TSR_OP_TANH, softplus)));
}

// x * sigmoid(alpha * x); SwiGLU (variant 1) times the second input.
tsr_status onnx_swish(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    const double alpha = (double)compose_attr_float(&c, "alpha", 1);
    const tsr_id y = compose_mul(&c, x, compose_unary(&c, TSR_OP_SIGMOID, compose_scale(&c, x, alpha)));
    return compose_define(&c, 0, node->variant == 1 ? compose_mul(&c, y, compose_input(&c, 1)) : y);
}
