// SPDX-License-Identifier: Apache-2.0
// What one operator computes: shared by constant folding and the interpreter, so that they cannot disagree.
#ifndef TSR_TENSOR_EVAL_H
#define TSR_TENSOR_EVAL_H

#include "tsr/tensor.h"

// Integers and BOOL live in i (uint64: its bits), floats in f (float32: exactly representable).
typedef union tsr_value {
    int64_t i;
    double f;
} tsr_value;

int64_t tsr_wrap(tsr_dtype dtype, int64_t value); // what remains of value in dtype
tsr_value tsr_eval_binary(tsr_binary op, tsr_dtype dtype, tsr_value a, tsr_value b); // dtype: of the operands
tsr_value tsr_eval_cast(tsr_dtype from, tsr_dtype to, tsr_value a);
tsr_value tsr_eval_bitcast(tsr_dtype from, tsr_dtype to, tsr_value a);
tsr_value tsr_eval_call(tsr_function function, tsr_dtype dtype, tsr_value a, tsr_value b);
tsr_value tsr_eval_load(tsr_dtype dtype, const void *from);
void tsr_eval_store(tsr_dtype dtype, void *to, tsr_value value);

bool tsr_dtype_is_signed(tsr_dtype dtype);  // a signed integer
bool tsr_dtype_is_integer(tsr_dtype dtype); // not BOOL
bool tsr_is_comparison(tsr_binary op);
bool tsr_function_is_binary(tsr_function function);

#endif
