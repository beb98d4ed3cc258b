// SPDX-License-Identifier: Apache-2.0
// Element types of tensors, shared by model files, compiled models and the compiler.
#ifndef TSR_DTYPE_H
#define TSR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tsr_dtype {
    TSR_DTYPE_NONE = 0,
    TSR_I8,
    TSR_U8,
    TSR_I16,
    TSR_U16,
    TSR_I32,
    TSR_U32,
    TSR_I64,
    TSR_U64,
    TSR_F32,
    TSR_F64,
    TSR_BOOL, // one byte, 0 or 1
    TSR_F16,  // IEEE 754 binary16 and the upper half of a float32: storage types, computed in float32
    TSR_BF16,
    TSR_DTYPE_COUNT,
} tsr_dtype;

enum { TSR_MAX_RANK = 8 };

size_t tsr_dtype_size(tsr_dtype dtype); // bytes; 0 for an unknown type
const char *tsr_dtype_name(tsr_dtype dtype); // "int8", "float32", ...
bool tsr_dtype_is_float(tsr_dtype dtype); // halves too
bool tsr_dtype_is_half(tsr_dtype dtype);  // TSR_F16, TSR_BF16
// Their bits; rounded to the nearest, halves to even, beyond the largest number to infinity.
float tsr_half_to_float(tsr_dtype half, uint16_t bits);
uint16_t tsr_float_to_half(tsr_dtype half, float value);

#endif
