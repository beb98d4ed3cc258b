// SPDX-License-Identifier: Apache-2.0
#include "tsr/dtype.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[TSR_DTYPE_COUNT] = {
    [TSR_DTYPE_NONE] = {"none", 0}, [TSR_I8] = {"int8", 1},       [TSR_U8] = {"uint8", 1},    [TSR_I16] = {"int16", 2},
    [TSR_U16] = {"uint16", 2},      [TSR_I32] = {"int32", 4},     [TSR_U32] = {"uint32", 4},  [TSR_I64] = {"int64", 8},
    [TSR_U64] = {"uint64", 8},      [TSR_F32] = {"float32", 4},   [TSR_F64] = {"float64", 8}, [TSR_BOOL] = {"bool", 1},
    [TSR_F16] = {"float16", 2},     [TSR_BF16] = {"bfloat16", 2},
};

size_t tsr_dtype_size(tsr_dtype dtype) { return (unsigned)dtype < TSR_DTYPE_COUNT ? dtypes[dtype].size : 0; }

const char *tsr_dtype_name(tsr_dtype dtype) { return (unsigned)dtype < TSR_DTYPE_COUNT ? dtypes[dtype].name : "unknown"; }

bool tsr_dtype_is_float(tsr_dtype dtype) { return dtype == TSR_F32 || dtype == TSR_F64 || tsr_dtype_is_half(dtype); }

bool tsr_dtype_is_half(tsr_dtype dtype) { return dtype == TSR_F16 || dtype == TSR_BF16; }

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float tsr_half_to_float(tsr_dtype half, uint16_t bits) {
    if (half == TSR_BF16)
        return float_of((uint32_t)bits << 16);
    const uint32_t size = (bits & 0x7fffu) << 13, sign = (uint32_t)(bits & 0x8000) << 16;
    if (size >= 0x0f800000) // infinity, NaN
        return float_of(sign | 0x70000000 | size);
    const float value = float_of(size) * 0x1p112f; // the exponents' biases differ; subnormal numbers become normal ones
    return sign != 0 ? -value : value;
}

uint16_t tsr_float_to_half(tsr_dtype half, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (half == TSR_BF16)
        return (uint16_t)(sign | (bits > 0x7f800000 ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16));
    if (bits >= 0x47800000) // 2^16
        return (uint16_t)(sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00));
    if (bits < 0x38800000) { // 2^-14: the sum has its last place where a subnormal half has
        const float sum = float_of(bits) + 0.5f;
        memcpy(&bits, &sum, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13));
}
