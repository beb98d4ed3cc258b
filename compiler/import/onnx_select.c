// SPDX-License-Identifier: Apache-2.0
// Operators that choose among elements.
#include <inttypes.h>

#include "onnx_compose.h"

tsr_status onnx_top_k(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0);
    tsr_attr attr = tsr_attr_default();
    attr.axis = compose_attr_axis(&c, "axis", -1, x);
    attr.smallest = compose_attr_int(&c, "largest", 1) == 0;
    attr.extents[0] = compose_attr_int(&c, "k", 0); // before opset 10
    attr.extent_count = 1;
    if (onnx_has_input(node, 1))
        compose_ints(&c, compose_input(&c, 1), 1, attr.extents, &attr.extent_count);
    const tsr_id values = compose_node(&c, TSR_OP_TOP_K, &attr, 1, &x, compose_tensor(&c, x).dtype);
    const tsr_tensor shape = compose_tensor(&c, values);
    const tsr_id indices = compose_output(&c, "indices", TSR_I64, shape.rank, shape.shape);
    compose_define(&c, 0, values);
    return compose_define(&c, 1, indices);
}
