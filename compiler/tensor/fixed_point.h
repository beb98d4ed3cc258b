// SPDX-License-Identifier: Apache-2.0
// Fixed-point arithmetic as gemmlowp defines it (github.com/google/gemmlowp, fixedpoint/fixedpoint.h), as far as TFLite's
// integer softmax needs it. Qm.n below: m integer bits, n fraction bits, 32 bits with the sign.
#ifndef TSR_FIXED_POINT_H
#define TSR_FIXED_POINT_H

#include <stdint.h>

int32_t tsr_fixed_multiply_high(int32_t a, int32_t b); // (2ab + 2^31) >> 32, saturating
int32_t tsr_fixed_divide_by_power(int32_t x, int exponent); // rounding half away from zero
int32_t tsr_fixed_shift_left(int32_t x, int by); // saturating
int32_t tsr_fixed_reciprocal(int32_t x);          // 1 / (1 + x) of a Q0.31 number in [0, 1), as Q0.31
int32_t tsr_fixed_exp_negative(int32_t x);       // exp of a Q5.26 number <= 0, as Q0.31

#endif
