// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16 against their definition: sign, exponent and fraction, in double.
#include <math.h>

#include "check.h"
#include "tsr/dtype.h"

GREATEST_MAIN_DEFS();

static double defined(tsr_dtype half, unsigned bits) {
    const int fraction_bits = half == TSR_F16 ? 10 : 7, exponent_bits = 15 - fraction_bits, bias = (1 << (exponent_bits - 1)) - 1;
    const int fraction = (int)(bits & ((1u << fraction_bits) - 1)),
              exponent = (int)(bits >> fraction_bits & ((1u << exponent_bits) - 1));
    double size;
    if (exponent == (1 << exponent_bits) - 1)
        size = fraction != 0 ? NAN : INFINITY;
    else if (exponent == 0)
        size = ldexp(fraction, 1 - bias - fraction_bits);
    else
        size = ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
    return bits >> 15 != 0 ? -size : size;
}

static check_result every_pattern(tsr_dtype half) {
    for (unsigned bits = 0; bits < 65536; bits++) {
        const double want = defined(half, bits);
        const float got = tsr_half_to_float(half, (uint16_t)bits);
        ASSERT(isnan(want) ? isnan(got) : (double)got == want && !signbit(want) == !signbit(got));
        if (!isnan(want))
            ASSERT_EQ(bits, tsr_float_to_half(half, got));
        else
            ASSERT(isnan(defined(half, tsr_float_to_half(half, got))));
    }
    PASS();
}

TEST every_half_is_the_number_that_its_bits_define_and_comes_back(void) {
    CHECK_CALL(every_pattern(TSR_F16));
    return every_pattern(TSR_BF16);
}

// Between two neighbours: the nearer one, the even one from the middle.
static check_result between_neighbours(tsr_dtype half, unsigned last) {
    for (unsigned bits = 0; bits < last; bits++) {
        const double low = defined(half, bits), high = defined(half, bits + 1), middle = (low + high) / 2;
        const unsigned even = bits % 2 == 0 ? bits : bits + 1;
        ASSERT_EQ(even, tsr_float_to_half(half, (float)middle));
        ASSERT_EQ(even | 0x8000, tsr_float_to_half(half, (float)-middle));
        ASSERT_EQ(bits, tsr_float_to_half(half, nextafterf((float)middle, (float)low)));
        ASSERT_EQ(bits + 1, tsr_float_to_half(half, nextafterf((float)middle, (float)high)));
    }
    PASS();
}

TEST floats_round_to_the_nearest_half_and_ties_to_even(void) {
    CHECK_CALL(between_neighbours(TSR_F16, 0x7bff));
    return between_neighbours(TSR_BF16, 0x7f7f);
}

TEST what_is_beyond_the_largest_half_is_infinite(void) {
    ASSERT_EQ(0x7bff, tsr_float_to_half(TSR_F16, 65519.996f));
    ASSERT_EQ(0x7c00, tsr_float_to_half(TSR_F16, 65520));
    ASSERT_EQ(0xfc00, tsr_float_to_half(TSR_F16, -1e30f));
    ASSERT_EQ(0x7f80, tsr_float_to_half(TSR_BF16, 3.4e38f));
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(every_half_is_the_number_that_its_bits_define_and_comes_back);
    RUN_TEST(floats_round_to_the_nearest_half_and_ties_to_even);
    RUN_TEST(what_is_beyond_the_largest_half_is_infinite);
    GREATEST_MAIN_END();
}
