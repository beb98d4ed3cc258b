// SPDX-License-Identifier: Apache-2.0
// Exponential, hyperbolic tangent and error function of float32 as arithmetic, so that they run in vectors and give the same bits
// on every CPU: at most 1, 1.3 and 2.4 units in the last place off (tests/tensor/test_math.c). The polynomials are those of
// S. L. Moshier's Cephes library, single precision.
#include <math.h>

#include "lowering.h"

// c[0] * x^(count - 1) + ... + c[count - 1]
static ex polynomial(lowering *l, ex x, const double *c, unsigned count) {
    ex value = f32(l, c[0]);
    for (unsigned i = 1; i < count; i++)
        value = add(l, mul(l, value, x), f32(l, c[i]));
    return value;
}
#define POLYNOMIAL(l, x, c) polynomial(l, x, c, sizeof(c) / sizeof *(c))

static ex power_of_two(lowering *l, ex n) { // -126 <= n <= 127
    return tsr_bitcast(l->arena, TSR_F32, op(l, TSR_SHL, add(l, n, i32(l, 127)), i32(l, 23)));
}

// x = n * ln 2 + r, |r| <= ln 2 / 2: 2^n * e^r. The product of x and log2 e is rounded by adding 1.5 * 2^23, whose last bits
// then are n. 2^n is multiplied in two parts, since n goes from -150 to 128.
static ex exponential(lowering *l, ex x) {
    static const double c[] = {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
                               4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1};
    const double magic = 12582912, magic_bits = 0x4b400000;
    x = op(l, TSR_MIN, op(l, TSR_MAX, x, f32(l, -104)), f32(l, 88.8));
    ex sum = add(l, mul(l, x, f32(l, 1.44269504088896341)), f32(l, magic));
    ex n = sub(l, tsr_bitcast(l->arena, TSR_I32, sum), i32(l, (int64_t)magic_bits)), n_real = sub(l, sum, f32(l, magic));
    ex r = sub(l, sub(l, x, mul(l, n_real, f32(l, 0.693359375))), mul(l, n_real, f32(l, -2.12194440e-4)));
    ex value = add(l, add(l, mul(l, POLYNOMIAL(l, r, c), mul(l, r, r)), r), f32(l, 1));
    ex half = op(l, TSR_SHR, n, i32(l, 1));
    return mul(l, mul(l, value, power_of_two(l, half)), power_of_two(l, sub(l, n, half)));
}

static ex with_sign_of(lowering *l, ex x, ex size) {
    return choose(l, op(l, TSR_LT, x, f32(l, 0)), sub(l, f32(l, -0.0), size), size);
}

// 1 - 2 / (e^2|x| + 1), near zero a polynomial.
static ex hyperbolic_tangent(lowering *l, ex x) {
    static const double c[] = {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1};
    ex size = tsr_call(l->arena, TSR_F_ABS, x, NULL), square = mul(l, x, x);
    ex small = add(l, mul(l, mul(l, POLYNOMIAL(l, square, c), square), x), x);
    ex e = exponential(l, add(l, size, size));
    ex large = sub(l, f32(l, 1), op(l, TSR_DIV, f32(l, 2), add(l, e, f32(l, 1))));
    return choose(l, op(l, TSR_LT, size, f32(l, 0.625)), small, with_sign_of(l, x, large));
}

// Beyond 1 by the complement, e^(-x^2) / |x| times a polynomial in 1 / x^2.
static ex error_function(lowering *l, ex x) {
    static const double inner[] = {7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
                                   1.128358514861418e-1, -3.761262582423300e-1, 1.128379165726710};
    static const double middle[] = {2.326819970068386e-2,  -1.387039388740657e-1, 3.687424674597105e-1,
                                    -5.824733027278666e-1, 6.210004621745983e-1,  -4.944515323274145e-1,
                                    3.404879937665872e-1,  -2.741127028184656e-1, 5.638259427386472e-1};
    static const double outer[] = {-1.047766399936249e+1, 1.297719955372516e+1, -7.495518717768503,    2.921019019210786,
                                   -1.015265279202700,    4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1};
    ex size = tsr_call(l->arena, TSR_F_ABS, x, NULL), square = mul(l, x, x);
    ex small = mul(l, POLYNOMIAL(l, square, inner), x);
    ex reciprocal = op(l, TSR_DIV, f32(l, 1), size), y = mul(l, reciprocal, reciprocal);
    ex factor = choose(l, op(l, TSR_LT, size, f32(l, 2)), POLYNOMIAL(l, y, middle), POLYNOMIAL(l, y, outer));
    ex complement = mul(l, mul(l, exponential(l, sub(l, f32(l, -0.0), square)), reciprocal), factor);
    ex large = with_sign_of(l, x, sub(l, f32(l, 1), complement));
    return choose(l, op(l, TSR_LT, size, f32(l, 1)), small, large);
}

// |x| from tan(pi / 8) to tan(3 pi / 8) is turned by an eighth, beyond that by a quarter.
ex arc_tangent(lowering *l, ex x) {
    static const double c[] = {8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1};
    const tsr_dtype type = x->dtype;
    x = cast(l, TSR_F32, x);
    ex size = tsr_call(l->arena, TSR_F_ABS, x, NULL), one = f32(l, 1);
    ex far = op(l, TSR_GT, size, f32(l, 2.414213562373095)), middle = op(l, TSR_GT, size, f32(l, 0.4142135623730950));
    ex turned = choose(l, far, op(l, TSR_DIV, f32(l, -1), size),
                       choose(l, middle, op(l, TSR_DIV, sub(l, size, one), add(l, size, one)), size));
    ex angle = choose(l, far, f32(l, 1.57079632679489661923), choose(l, middle, f32(l, 0.78539816339744830962), f32(l, 0)));
    ex square = mul(l, turned, turned);
    ex series = add(l, mul(l, mul(l, POLYNOMIAL(l, square, c), square), turned), turned);
    return cast(l, type, with_sign_of(l, x, add(l, angle, series)));
}

ex call(lowering *l, tsr_function function, ex a) {
    if (a->dtype != TSR_F32)
        return tsr_call(l->arena, function, a, NULL);
    switch (function) {
    case TSR_F_EXP: return exponential(l, a);
    case TSR_F_TANH: return hyperbolic_tangent(l, a);
    case TSR_F_ERF: return error_function(l, a);
    default: return tsr_call(l->arena, function, a, NULL);
    }
}
