// SPDX-License-Identifier: Apache-2.0
#include "fixed_point.h"

int32_t tsr_fixed_multiply_high(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN)
        return INT32_MAX;
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

int32_t tsr_fixed_divide_by_power(int32_t x, int exponent) {
    int32_t mask = (int32_t)(((int64_t)1 << exponent) - 1);
    int32_t remainder = x & mask, threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (remainder > threshold);
}

int32_t tsr_fixed_shift_left(int32_t x, int by) {
    int64_t wide = (int64_t)((uint64_t)(int64_t)x << by);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

// Taylor series around -1/8, for x in [-1/4, 0); Q0.31 to Q0.31.
static int32_t exp_small(int32_t x) {
    const int32_t exp_minus_eighth = 1895147668, third = 715827883;
    x += 1 << 28;
    int32_t x2 = tsr_fixed_multiply_high(x, x), x3 = tsr_fixed_multiply_high(x2, x), x4 = tsr_fixed_multiply_high(x2, x2);
    int32_t x4_over_4 = tsr_fixed_divide_by_power(x4, 2);
    int32_t tail = tsr_fixed_divide_by_power(tsr_fixed_multiply_high(x4_over_4 + x3, third) + x2, 1);
    return exp_minus_eighth + tsr_fixed_multiply_high(exp_minus_eighth, x + tail);
}

// Newton's method for 1 / d, d = (1 + x) / 2, in Q2.29 from 48/17 - 32/17 * d: three steps, then halved.
int32_t tsr_fixed_reciprocal(int32_t x) {
    const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) >> 1);
    int32_t y = 1515870810 + tsr_fixed_multiply_high(d, -1010580540);
    for (int i = 0; i < 3; i++)
        y += tsr_fixed_shift_left(tsr_fixed_multiply_high(y, (1 << 29) - tsr_fixed_multiply_high(d, y)), 2);
    return tsr_fixed_shift_left(y, 1);
}

int32_t tsr_fixed_exp_negative(int32_t x) {
    static const struct { // exp(-2^exponent)
        int exponent;
        int32_t factor;
    } steps[] = {{-2, 1672461947}, {-1, 1302514674}, {0, 790015084}, {1, 290630308}, {2, 39332535}, {3, 720401}, {4, 242}};
    const int32_t quarter = 1 << 24;
    if (x == 0)
        return INT32_MAX;
    int32_t small = (x & (quarter - 1)) - quarter; // what is left in [-1/4, 0)
    int32_t result = exp_small(tsr_fixed_shift_left(small, 5));
    uint32_t rest = (uint32_t)small - (uint32_t)x;
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++)
        if (rest & (uint32_t)1 << (26 + steps[i].exponent))
            result = tsr_fixed_multiply_high(result, steps[i].factor);
    return result;
}
