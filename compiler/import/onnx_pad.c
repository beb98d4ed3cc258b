// SPDX-License-Identifier: Apache-2.0
// Pad in every opset's form.
#include <inttypes.h>
#include <string.h>

#include "onnx_compose.h"

typedef struct padding {
    int64_t begin[TSR_MAX_RANK], end[TSR_MAX_RANK]; // a dimension; below 0: cut
    bool cuts;
} padding;

static tsr_status read_pads(onnx *o, const onnx_node *node, uint32_t rank, padding *out_pads) {
    int64_t pads[2 * TSR_MAX_RANK], axes[TSR_MAX_RANK];
    uint32_t count, axis_count = 0;
    bool given;
    memset(out_pads, 0, sizeof *out_pads);
    TSR_TRY(onnx_attr_ints(node, "pads", 2 * TSR_MAX_RANK, pads, &count, &given)); // before opset 11
    if (!given)
        TSR_TRY(onnx_attr_ints(node, "paddings", 2 * TSR_MAX_RANK, pads, &count, &given)); // opset 1
    if (!given)
        TSR_TRY(onnx_input_ints(o, node, 1, 2 * TSR_MAX_RANK, pads, &count));
    if (onnx_has_input(node, 3))
        TSR_TRY(onnx_input_ints(o, node, 3, TSR_MAX_RANK, axes, &axis_count));
    else
        for (; axis_count < rank; axis_count++)
            axes[axis_count] = axis_count;
    if (count != 2 * axis_count)
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " pads for %" PRIu32 " axes", count, axis_count);
    for (uint32_t i = 0; i < axis_count; i++) {
        if (!normalise_axis(&axes[i], rank))
            return tsr_error(TSR_CORRUPT, "axis %" PRId64 " is outside of rank %" PRIu32, axes[i], rank);
        out_pads->begin[axes[i]] = pads[i];
        out_pads->end[axes[i]] = pads[i + axis_count];
        out_pads->cuts |= pads[i] < 0 || pads[i + axis_count] < 0;
    }
    return tsr_ok();
}

// Takes away what is negative; the pads are not negative afterwards.
static tsr_id cut(composer *c, tsr_id x, padding *pads) {
    for (uint32_t i = 0; i < compose_tensor(c, x).rank && c->status.code == TSR_OK; i++) {
        const int64_t extent = compose_tensor(c, x).shape[i];
        const int64_t first = pads->begin[i] < 0 ? -(pads->begin[i] + 1) + 1 : 0;
        const int64_t last = pads->end[i] < 0 ? -(pads->end[i] + 1) + 1 : 0;
        if (first >= extent || last >= extent - first)
            compose_fails(c, tsr_error(TSR_UNSUPPORTED, "nothing of dimension %" PRIu32 " is left", i));
        else if (first > 0 || last > 0)
            x = compose_slice(c, x, i, first, extent - first - last, 1);
        pads->begin[i] = pads->begin[i] < 0 ? 0 : pads->begin[i];
        pads->end[i] = pads->end[i] < 0 ? 0 : pads->end[i];
    }
    return x;
}

// The tensor repeated on both sides.
static tsr_id wrapped(composer *c, tsr_id x, const padding *pads) {
    for (uint32_t i = 0; i < compose_tensor(c, x).rank && c->status.code == TSR_OK; i++) {
        const int64_t extent = compose_tensor(c, x).shape[i];
        int64_t count, *index;
        if (pads->begin[i] == 0 && pads->end[i] == 0)
            continue;
        if (__builtin_add_overflow(pads->begin[i], pads->end[i], &count) || __builtin_add_overflow(count, extent, &count)) {
            compose_fails(c, tsr_error(TSR_CORRUPT, "the pads of dimension %" PRIu32 " are too large", i));
            break;
        }
        const tsr_id places = compose_wholes(c, 1, &count, &index);
        for (int64_t n = 0; index != NULL && n < count; n++)
            index[n] = ((n - pads->begin[i]) % extent + extent) % extent;
        x = compose_gather(c, x, places, i, 0);
    }
    return x;
}

static tsr_status read_value(onnx *o, const onnx_node *node, double *out_value) {
    float attribute;
    tsr_id id;
    TSR_TRY(onnx_attr_float(node, "value", 0, &attribute));
    *out_value = (double)attribute;
    TSR_TRY(onnx_input(o, node, 2, &id));
    if (id == TSR_NO_ID)
        return tsr_ok();
    const tsr_tensor *tensor = tensor_of(&o->imp, id);
    if (tensor->data == NULL || tsr_tensor_elements(tensor) != 1)
        return tsr_error(TSR_UNSUPPORTED, "the pad value '%.80s' must be one constant", tensor->name);
    switch (tensor->dtype) {
    case TSR_F32: *out_value = (double)*(const float *)tensor->data; break;
    case TSR_F64: *out_value = *(const double *)tensor->data; break;
    case TSR_I8: *out_value = *(const int8_t *)tensor->data; break;
    case TSR_U8:
    case TSR_BOOL: *out_value = *(const uint8_t *)tensor->data; break;
    case TSR_I16: *out_value = *(const int16_t *)tensor->data; break;
    case TSR_U16: *out_value = *(const uint16_t *)tensor->data; break;
    case TSR_I32: *out_value = *(const int32_t *)tensor->data; break;
    case TSR_U32: *out_value = *(const uint32_t *)tensor->data; break;
    case TSR_I64: *out_value = (double)*(const int64_t *)tensor->data; break;
    default: *out_value = (double)*(const uint64_t *)tensor->data; break;
    }
    return tsr_ok();
}

tsr_status onnx_pad(onnx *o, const onnx_node *node) {
    tsr_id x;
    tsr_attr attr = tsr_attr_default();
    char mode[16];
    padding pads;
    TSR_TRY(onnx_required(o, node, 0, &x));
    TSR_TRY(onnx_attr_text(node, "mode", "constant", sizeof mode, mode));
    attr.pad_mode = strcmp(mode, "edge") == 0 ? TSR_PAD_EDGE : strcmp(mode, "reflect") == 0 ? TSR_PAD_REFLECT : TSR_PAD_VALUE;
    const bool wraps = strcmp(mode, "wrap") == 0;
    if (attr.pad_mode == TSR_PAD_VALUE && !wraps && strcmp(mode, "constant") != 0)
        return tsr_error(TSR_UNSUPPORTED, "mode '%s'; constant, edge, reflect and wrap work", mode);
    TSR_TRY(read_pads(o, node, tensor_of(&o->imp, x)->rank, &pads));
    TSR_TRY(read_value(o, node, &attr.pad_value));
    composer c = compose(o, node);
    if (pads.cuts || wraps) {
        x = cut(&c, compose_input(&c, 0), &pads);
        TSR_TRY(c.status);
    }
    if (wraps)
        return compose_define(&c, 0, wrapped(&c, x, &pads));
    memcpy(attr.pads_begin, pads.begin, sizeof attr.pads_begin);
    memcpy(attr.pads_end, pads.end, sizeof attr.pads_end);
    return onnx_emit_like(o, node, TSR_OP_PAD, &attr, 1, &x);
}
