// SPDX-License-Identifier: Apache-2.0
// TFLite's 8-bit kernels whose numbers are not those of the real function: tables of what they give.
#include <math.h>

#include "fixed_point.h"
#include "lowering.h"

// ---- HardSwish ---------------------------------------------------------------------------------------------------------
// 16-bit fixed point throughout (tensorflow/lite/kernels: HardSwishPrepare of activations.cc;
// internal/reference/hard_swish.h). x is the stored number less its zero point.
//
//   high = x << 7, of scale s_x / 128;  before = high * m / 2^15, of scale s_y * 2^-e, where m * 2^(e-15) = s_x / 128 / s_y
//   relu = high in steps of 3 / 2^15, saturating, so that -3..3 becomes -1..1;  gate = (relu + 1) / 2
//   y = gate * before * 2^e + zero point

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

static void fill_hard_swish(const tsr_tensor *x, const tsr_tensor *y, int32_t first, int32_t values[256]) {
    const float high_scale = 1.0f / 128 * x->quant.scale[0], relu_scale = 3.0f / 32768;
    const factor output = factor_of((double)(high_scale / y->quant.scale[0]));
    const factor relu = factor_of((double)(high_scale / relu_scale));
    for (int32_t i = 0; i < 256; i++)
        values[i] = hard_swish(i + first - zero_point(x), output, relu) + zero_point(y);
}

// ---- square root -------------------------------------------------------------------------------------------------------
// sqrt(s_x * x) / s_y in float32, towards zero; negative numbers are an error of the interpreter, here they give 0.
static void fill_sqrt(const tsr_tensor *x, const tsr_tensor *y, int32_t first, int32_t values[256]) {
    for (int32_t i = 0; i < 256; i++) {
        const int32_t moved = i + first - zero_point(x);
        const float root = sqrtf(x->quant.scale[0] * (float)(moved > 0 ? moved : 0)) / y->quant.scale[0];
        values[i] = (int32_t)fminf(root, 65536) + zero_point(y);
    }
}

// ---- one over the square root ------------------------------------------------------------------------------------------
// elementwise.cc: 2^20 / sqrt(x) by Newton's method, rounded, times 1 / (sqrt(s_x) * s_y) / 2^20. x <= 0 gives the largest.

// 1 / sqrt(x) as mantissa * 2^(shift - 31), x > 0 (internal/common.h, GetInvSqrtQuantizedMultiplierExp). Qm.n of 32 bits.
static tsr_rescale inverse_root(int32_t x) {
    if (x <= 1)
        return (tsr_rescale){.multiplier = INT32_MAX};
    const int pairs = (__builtin_clz((unsigned)x) - 1) / 2 - 1; // of bits, up to 29 in all
    const int32_t half = tsr_fixed_divide_by_power((x << 2 * pairs) >> 1, 1), three_halves = (1 << 28) + (1 << 27); // Q3.28
    int32_t y = 1 << 28;
    for (int i = 0; i < 5; i++) { // y = (3/2 - x/2 * y^2) * y
        const int32_t square = tsr_fixed_multiply_high(y, y);
        const int32_t cube = tsr_fixed_shift_left(tsr_fixed_multiply_high(square, y), 6);
        y = tsr_fixed_shift_left(tsr_fixed_multiply_high(three_halves, y) - tsr_fixed_multiply_high(half, cube), 3);
    }
    y = tsr_fixed_multiply_high(y, 1518500250); // sqrt(1/2), Q0.31
    const int right = 11 - pairs;
    return (tsr_rescale){.multiplier = right < 0 ? y << -right : y, .rsh = (uint8_t)(right < 0 ? 0 : right)};
}

// x * mantissa * 2^(shift - 31): RESCALE with a shift of either sign.
static int32_t rescaled(int32_t x, int32_t multiplier, int shift) {
    const int32_t high = tsr_fixed_multiply_high((int32_t)((uint32_t)x << (shift > 0 ? shift : 0)), multiplier);
    return tsr_fixed_divide_by_power(high, shift > 0 ? 0 : shift < -31 ? 31 : -shift);
}

static void fill_rsqrt(const tsr_tensor *x, const tsr_tensor *y, int32_t first, int32_t values[256]) {
    const tsr_rescale by = tsr_rescale_of(1.0 / (double)(sqrtf(x->quant.scale[0]) * y->quant.scale[0]));
    for (int32_t i = 0; i < 256; i++) {
        const int32_t moved = i + first - zero_point(x);
        values[i] = INT16_MAX;
        if (moved <= 0)
            continue;
        const tsr_rescale root = inverse_root(moved);
        const int32_t data = rescaled(1, root.multiplier, 20 - (int)root.rsh);
        values[i] = rescaled(data, by.multiplier, (int)by.lsh - (int)by.rsh - 20) + zero_point(y);
    }
}

bool has_own_table(const lowering *l) {
    return l->graph->channels_last &&
           (l->node->op == TSR_OP_HARD_SWISH || l->node->op == TSR_OP_SQRT || l->node->op == TSR_OP_RSQRT);
}

ex own_table(lowering *l, ex stored) {
    const tsr_tensor *x = in(l, 0), *y = out(l, 0);
    int32_t values[256];
    const int32_t first = x->dtype == TSR_I8 ? -128 : 0;
    if (l->node->op == TSR_OP_SQRT)
        fill_sqrt(x, y, first, values);
    else if (l->node->op == TSR_OP_RSQRT)
        fill_rsqrt(x, y, first, values);
    else
        fill_hard_swish(x, y, first, values);
    return looked_up_integers(l, x, y, stored, values);
}

// ---- division ----------------------------------------------------------------------------------------------------------
// internal/reference/div.h: the reciprocal of b, normalised to 31 bits, times a << headroom, rescaled twice over. a, b less
// their zero points lie in -255..255: a table of all pairs.

// The kernel's rounding shift, which is not meant for more than 31, as an x86 computes it then: counts are taken modulo the
// width. (A dividend of 0 becomes 1, for one.)
static int32_t shifted_as_x86(int32_t x, int by) {
    const int32_t mask = (int32_t)((UINT64_C(1) << (by & 63)) - 1), rest = x & mask;
    return (x >> (by & 31)) + (rest > (mask >> 1) + (x < 0));
}

static int32_t quotient(int32_t a, int32_t b, const tsr_rescale *by) {
    if (b < 0) {
        a = -a;
        b = -b;
    }
    if (b == 0)
        return a < 0 ? INT16_MIN : INT16_MAX;
    const int zeros = __builtin_clz((unsigned)b);
    const int32_t inverse = tsr_fixed_reciprocal((int32_t)(((uint32_t)b << zeros) - (UINT32_C(1) << 31)));
    const unsigned size = (unsigned)(a < 0 ? -a : a);
    const int headroom = a > 0 ? __builtin_clz(size) - 1 : a < 0 ? __builtin_clz(2 * size - 1) : 31;
    const int32_t high = tsr_fixed_multiply_high((int32_t)((uint32_t)a << headroom), inverse);
    const int shift = (int)by->rsh - (int)by->lsh + (31 - zeros) + headroom;
    const int32_t product = tsr_fixed_multiply_high(high, by->multiplier);
    return shifted_as_x86(product, shift);
}

// Of elements a and b, as they are stored.
ex quotient_table(lowering *l, ex a, ex b) {
    const tsr_requant *r = &l->node->requant;
    void *data;
    tsr_tbuffer *table = constant(l, "quotients", out(l, 0)->dtype, 65536, &data);
    const int32_t first[2] = {a->dtype == TSR_I8 ? -128 : 0, b->dtype == TSR_I8 ? -128 : 0};
    for (int32_t i = 0; i < 65536; i++) {
        const int32_t x = i / 256 + first[0] - r->in_zero_point[0], y = i % 256 + first[1] - r->in_zero_point[1];
        const int32_t q = quotient(x, y, &r->out[0]) + r->out_zero_point;
        ((uint8_t *)data)[i] = (uint8_t)(q < r->lo ? r->lo : q > r->hi ? r->hi : q);
    }
    ex row = scaled(l, sub(l, cast(l, TSR_I64, a), i64(l, first[0])), 256);
    return load(l, table, add(l, row, sub(l, cast(l, TSR_I64, b), i64(l, first[1]))));
}
