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

// Each extent cut or padded to the wanted one, around its centre; the odd element comes or goes at the end.
tsr_status onnx_center_crop_pad(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    tsr_id x = compose_input(&c, 0);
    int64_t wanted[TSR_MAX_RANK], axes[TSR_MAX_RANK], begin[TSR_MAX_RANK] = {0}, end[TSR_MAX_RANK] = {0};
    uint32_t count, axis_count;
    bool given;
    compose_ints(&c, compose_input(&c, 1), TSR_MAX_RANK, wanted, &count);
    TSR_TRY(c.status);
    const tsr_tensor from = compose_tensor(&c, x);
    TSR_TRY(onnx_attr_ints(node, "axes", TSR_MAX_RANK, axes, &axis_count, &given));
    if (count != (given ? axis_count : from.rank))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " extents for %" PRIu32 " axes", count, given ? axis_count : from.rank);
    for (uint32_t i = 0; i < count; i++) {
        int64_t axis = given ? axes[i] : i;
        if (!normalise_axis(&axis, from.rank) || wanted[i] < 1 || wanted[i] > INT32_MAX)
            return tsr_error(TSR_CORRUPT, "extent %" PRId64 " of axis %" PRId64, wanted[i], axis);
        const int64_t more = wanted[i] - from.shape[axis];
        if (more < 0)
            x = compose_slice(&c, x, (uint32_t)axis, -more / 2, wanted[i], 1);
        begin[axis] = more > 0 ? more / 2 : 0;
        end[axis] = more > 0 ? more - more / 2 : 0;
    }
    return compose_define(&c, 0, compose_pad(&c, x, begin, end, 0));
}
