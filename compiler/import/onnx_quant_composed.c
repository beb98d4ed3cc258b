// SPDX-License-Identifier: Apache-2.0
// QuantizeLinear and DequantizeLinear with scales for blocks of an axis, or scales that are computed: plain arithmetic, since
// the quantisation of a graph's tensor is a constant, per tensor or per axis.
#include <inttypes.h>

#include "onnx_compose.h"

static bool is_constant(onnx *o, const onnx_node *node, uint32_t input) {
    tsr_id id;
    return onnx_input(o, node, input, &id).code == TSR_OK && (id == TSR_NO_ID || tensor_of(&o->imp, id)->data != NULL);
}

bool onnx_quant_is_composed(onnx *o, const onnx_node *node) {
    const Onnx__AttributeProto *block = onnx_attr(node, "block_size");
    return (block != NULL && block->i != 0) || !is_constant(o, node, 1) || !is_constant(o, node, 2);
}

// Scales or zero points as something that broadcasts to x: one, one for each index of the axis, or one for each block.
static tsr_id spread(composer *c, tsr_id parameter, const tsr_tensor *x, int64_t axis, int64_t block) {
    const tsr_tensor from = compose_tensor(c, parameter);
    if (c->status.code != TSR_OK || parameter == TSR_NO_ID)
        return TSR_NO_ID;
    if (tsr_tensor_elements(&from) == 1)
        return compose_reshape(c, parameter, 0, NULL);
    if (block == 0) {
        int64_t shape[TSR_MAX_RANK] = {from.shape[0], 1, 1, 1, 1, 1, 1, 1};
        if (from.rank == 1 && from.shape[0] == x->shape[axis])
            return compose_reshape(c, parameter, x->rank - (uint32_t)axis, shape);
    } else if (from.rank == x->rank && block > 0 && (x->shape[axis] + block - 1) / block == from.shape[axis]) {
        int64_t *place;
        const tsr_id places = compose_wholes(c, 1, &x->shape[axis], &place);
        for (int64_t i = 0; i < x->shape[axis] && place != NULL; i++)
            place[i] = i / block;
        return compose_gather(c, parameter, places, axis, 0);
    }
    compose_fails(c,
                  tsr_error(TSR_CORRUPT, "scales or zero points do not fit axis %" PRId64 " in blocks of %" PRId64, axis, block));
    return TSR_NO_ID;
}

static void read_place(composer *c, tsr_id x, int64_t *out_axis, int64_t *out_block) {
    const int64_t rank = compose_tensor(c, x).rank;
    *out_axis = compose_attr_int(c, "axis", 1);
    *out_block = compose_attr_int(c, "block_size", 0);
    if (*out_axis == 1 && rank < 2)
        *out_axis = 0; // the standard value, of a tensor that has no such axis
    if (rank > 0 && !normalise_axis(out_axis, rank))
        compose_fails(c, tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRId64, *out_axis, rank));
}

tsr_status onnx_dequantize_composed(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), scale = compose_input(&c, 1), zero = compose_optional(&c, 2);
    int64_t axis, block;
    read_place(&c, x, &axis, &block);
    const tsr_tensor from = compose_tensor(&c, x);
    const tsr_dtype dtype = compose_tensor(&c, scale).dtype;
    tsr_id y = compose_cast(&c, x, dtype);
    if (zero != TSR_NO_ID)
        y = compose_sub(&c, y, compose_cast(&c, spread(&c, zero, &from, axis, block), dtype));
    return compose_define(&c, 0, compose_mul(&c, y, spread(&c, scale, &from, axis, block)));
}

tsr_status onnx_quantize_composed(onnx *o, const onnx_node *node) {
    composer c = compose(o, node);
    const tsr_id x = compose_input(&c, 0), scale = compose_input(&c, 1), zero = compose_optional(&c, 2);
    const int64_t wanted = compose_attr_int(&c, "output_dtype", 0);
    int64_t axis, block;
    read_place(&c, x, &axis, &block);
    const tsr_tensor from = compose_tensor(&c, x);
    const tsr_dtype dtype = zero != TSR_NO_ID ? compose_tensor(&c, zero).dtype : wanted != 0 ? onnx_dtype(wanted) : TSR_U8;
    tsr_attr attr = tsr_attr_default();
    switch (dtype) {
    case TSR_I8: attr.clip_lo = INT8_MIN, attr.clip_hi = INT8_MAX; break;
    case TSR_U8: attr.clip_lo = 0, attr.clip_hi = UINT8_MAX; break;
    case TSR_I16: attr.clip_lo = INT16_MIN, attr.clip_hi = INT16_MAX; break;
    case TSR_U16: attr.clip_lo = 0, attr.clip_hi = UINT16_MAX; break;
    default:
        return tsr_error(TSR_UNSUPPORTED, "blocks or computed scales of %s; int8, uint8, int16 and uint16 work",
                         tsr_dtype_name(dtype));
    }
    tsr_id y = compose_unary(&c, TSR_OP_ROUND, compose_div(&c, x, spread(&c, scale, &from, axis, block)));
    if (zero != TSR_NO_ID)
        y = compose_add(&c, y, compose_cast(&c, spread(&c, zero, &from, axis, block), from.dtype));
    y = compose_node(&c, TSR_OP_CLIP, &attr, 1, &y, from.dtype);
    return compose_define(&c, 0, compose_cast(&c, y, dtype));
}
