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
    TSR_DTYPE_COUNT,
} tsr_dtype;

enum { TSR_MAX_RANK = 8 };

size_t tsr_dtype_size(tsr_dtype dtype); // bytes; 0 for an unknown type
const char *tsr_dtype_name(tsr_dtype dtype); // "int8", "float32", ...
bool tsr_dtype_is_float(tsr_dtype dtype);

#endif
