// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "onnx.h"
#include "protobuf.h"

tsr_dtype onnx_dtype(int64_t type) {
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT: return TSR_F32;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8: return TSR_U8;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT8: return TSR_I8;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16: return TSR_U16;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT16: return TSR_I16;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32: return TSR_I32;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64: return TSR_I64;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL: return TSR_BOOL;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE: return TSR_F64;
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16: return TSR_F16;
    case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16: return TSR_BF16;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32: return TSR_U32;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64: return TSR_U64;
    default: return TSR_DTYPE_NONE;
    }
}

// The typed list that holds the contents when raw_data does not: its element count and the size of a stored element.
static const void *typed_list(const Onnx__TensorProto *proto, tsr_dtype dtype, size_t *out_count, size_t *out_size) {
    switch (dtype) {
    case TSR_F32:
        *out_count = proto->n_float_data;
        *out_size = 4;
        return proto->float_data;
    case TSR_F64:
        *out_count = proto->n_double_data;
        *out_size = 8;
        return proto->double_data;
    case TSR_I64:
        *out_count = proto->n_int64_data;
        *out_size = 8;
        return proto->int64_data;
    case TSR_U32:
    case TSR_U64:
        *out_count = proto->n_uint64_data;
        *out_size = 8;
        return proto->uint64_data;
    default:
        *out_count = proto->n_int32_data;
        *out_size = 4;
        return proto->int32_data;
    }
}

tsr_status onnx_read_tensor(const Onnx__TensorProto *proto, tsr_arena *arena, tsr_import_tensor *out_tensor, bool extra_zero) {
    memset(out_tensor, 0, sizeof *out_tensor);
    const int64_t type = proto->has_data_type ? proto->data_type : 0;
    const tsr_dtype dtype = onnx_dtype(type);
    if (dtype == TSR_DTYPE_NONE)
        return tsr_error(TSR_UNSUPPORTED, "element type %" PRId64 "; integers, bool, float16, bfloat16, float and double work",
                         type);
    if ((proto->has_data_location && proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT) ||
        proto->segment != NULL)
        return tsr_error(TSR_UNSUPPORTED, "contents in another file or in segments; save the model as one file");
    if (proto->n_dims > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %zu, at most %d is supported", proto->n_dims, TSR_MAX_RANK);
    uint64_t elements = 1;
    for (size_t i = 0; i < proto->n_dims; i++) {
        if (proto->dims[i] < 0 || __builtin_mul_overflow(elements, (uint64_t)proto->dims[i], &elements))
            return tsr_error(TSR_CORRUPT, "an extent of %" PRId64, proto->dims[i]);
        out_tensor->shape[i] = proto->dims[i];
    }
    if (elements != 0 || !extra_zero)
        TSR_TRY(tsr_shape_check(dtype, (uint32_t)proto->n_dims, proto->dims));
    const size_t size = tsr_dtype_size(dtype);
    const bool raw = proto->has_raw_data && proto->raw_data.len > 0;
    size_t count, stored = size;
    const void *list = typed_list(proto, dtype, &count, &stored);
    const uint64_t have = raw ? proto->raw_data.len : count, want = raw ? elements * size : elements;
    if (have != want) {
        char shape[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "%" PRIu64 " %s of contents, but shape %s of %s takes %" PRIu64, have,
                         raw ? "bytes" : "elements", tsr_shape_text(shape, (uint32_t)proto->n_dims, proto->dims),
                         tsr_dtype_name(dtype), want);
    }
    unsigned char *data = tsr_arena_alloc(arena, (size_t)elements * size);
    if (raw)
        memcpy(data, proto->raw_data.data, proto->raw_data.len);
    else if (stored == size && elements > 0)
        memcpy(data, list, (size_t)elements * size);
    else // the low bytes of wider elements, on a little-endian machine
        for (size_t i = 0; i < elements; i++)
            memcpy(data + i * size, (const unsigned char *)list + i * stored, size);
    out_tensor->name =
        tsr_arena_strndup(arena, proto->name != NULL ? proto->name : "", proto->name != NULL ? strlen(proto->name) : 0);
    out_tensor->dtype = dtype;
    out_tensor->rank = (uint32_t)proto->n_dims;
    out_tensor->data = data;
    return tsr_ok();
}

tsr_status tsr_import_onnx_tensor(const void *bytes, size_t size, const char *file_name, tsr_arena *arena,
                                  tsr_import_tensor *out_tensor) {
    memset(out_tensor, 0, sizeof *out_tensor);
    ProtobufCMessage *message;
    TSR_TRY(tsr_annotate(pb_unpack(&onnx__tensor_proto__descriptor, bytes, size, &message), "%s", file_name));
    tsr_status status = onnx_read_tensor((const Onnx__TensorProto *)message, arena, out_tensor, true);
    protobuf_c_message_free_unpacked(message, NULL);
    return tsr_annotate(status, "%s", file_name);
}
