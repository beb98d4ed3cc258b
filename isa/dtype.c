// SPDX-License-Identifier: Apache-2.0
#include "tsr/dtype.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[TSR_DTYPE_COUNT] = {
    [TSR_DTYPE_NONE] = {"none", 0}, [TSR_I8] = {"int8", 1},     [TSR_U8] = {"uint8", 1},    [TSR_I16] = {"int16", 2},
    [TSR_U16] = {"uint16", 2},      [TSR_I32] = {"int32", 4},   [TSR_U32] = {"uint32", 4},  [TSR_I64] = {"int64", 8},
    [TSR_U64] = {"uint64", 8},      [TSR_F32] = {"float32", 4}, [TSR_F64] = {"float64", 8}, [TSR_BOOL] = {"bool", 1},
};

size_t tsr_dtype_size(tsr_dtype dtype) { return (unsigned)dtype < TSR_DTYPE_COUNT ? dtypes[dtype].size : 0; }

const char *tsr_dtype_name(tsr_dtype dtype) { return (unsigned)dtype < TSR_DTYPE_COUNT ? dtypes[dtype].name : "unknown"; }

bool tsr_dtype_is_float(tsr_dtype dtype) { return dtype == TSR_F32 || dtype == TSR_F64; }
