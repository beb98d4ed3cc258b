// SPDX-License-Identifier: Apache-2.0
// RESCALE of isa/spec.md as a tensor expression: the multiplication by a 32-bit fixed-point number with which integer
// kernels requantise. Two roundings: once, half up; or twice, as gemmlowp's SaturatingRoundingDoublingHighMul and then
// RoundingDivideByPOT, which TFLite's reference convolutions use.
#ifndef ACCEL_RESCALE_H
#define ACCEL_RESCALE_H

#include <stdint.h>

#include "tsr/tensor.h"

// All int32; shifts packs lsh | rsh << 8 | single << 16.
const tsr_expr *rescale_expr(tsr_arena *arena, const tsr_expr *b, const tsr_expr *bias, const tsr_expr *multiplier,
                             const tsr_expr *shifts);
// The value that b of a rescale_expr has, or NULL when e is not one; out_bias is its first parameter.
const tsr_expr *rescale_match(tsr_arena *arena, const tsr_expr *e, const tsr_expr **out_bias);

int32_t rescale_value(int32_t b, int32_t bias, int32_t multiplier, unsigned lsh, unsigned rsh, bool single);

#endif
