// SPDX-License-Identifier: Apache-2.0
// HardSwish of 8-bit numbers as TFLite's reference kernel computes it (tensorflow/lite/kernels: HardSwishPrepare of
// activations.cc; internal/reference/hard_swish.h): 16-bit fixed point throughout. x is the stored number less its zero point.
//
//   high = x << 7, of scale s_x / 128;  before = high * m / 2^15, of scale s_y * 2^-e, where m * 2^(e-15) = s_x / 128 / s_y
//   relu = high in steps of 3 / 2^15, saturating, so that -3..3 becomes -1..1;  gate = (relu + 1) / 2
//   y = gate * before * 2^e + zero point
#include "lowering.h"

typedef struct factor {
    int32_t mantissa; // 16 bits
    int exponent;
} factor;

static factor factor_of(double real) {
    const tsr_rescale by = tsr_rescale_of(real);
    const int64_t rounded = ((int64_t)by.multiplier + (1 << 15)) >> 16;
    return (factor){rounded > INT16_MAX ? INT16_MAX : (int32_t)rounded, (int)by.lsh - (int)by.rsh};
}

static int32_t saturated(int64_t value) { return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : (int32_t)value; }

static int32_t rounded_product(int32_t a, int32_t b) { // a * b / 2^15, halves away from zero
    const int32_t product = a * b;
    return saturated((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

static int32_t rounded_shift(int32_t value, int by) { // halves away from zero
    const int32_t mask = (int32_t)((INT64_C(1) << by) - 1), rest = value & mask;
    return (value >> by) + (rest > (mask >> 1) + (value < 0));
}

static int32_t shift_left(int32_t value, int by) { return saturated(value * (INT64_C(1) << by)); }

static int32_t hard_swish(int32_t x, factor output, factor relu) {
    const int32_t high = x * (1 << 7), before = rounded_product(high, output.mantissa);
    int32_t gate = relu.exponent > 0 ? shift_left(high, relu.exponent - 1) : high;
    gate = rounded_product(gate, relu.mantissa);
    gate = relu.exponent > 0 ? shift_left(gate, 1) : rounded_shift(gate, -relu.exponent);
    gate = (gate + (1 << 15)) >> 1;
    const int32_t product = saturated(gate * before / (1 << 15));
    return output.exponent > 0 ? shift_left(product, output.exponent) : rounded_shift(product, -output.exponent);
}

ex hard_swish_table(lowering *l, ex stored) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    const float high_scale = 1.0f / 128 * x->quant.scale[0], relu_scale = 3.0f / 32768;
    const factor output = factor_of((double)(high_scale / y->quant.scale[0]));
    const factor relu = factor_of((double)(high_scale / relu_scale));
    int32_t values[256];
    for (int32_t i = 0; i < 256; i++)
        values[i] = hard_swish(i - (x->dtype == TSR_I8 ? 128 : 0) - zero_point(x), output, relu) + zero_point(y);
    return looked_up_integers(l, x, y, stored, values);
}
