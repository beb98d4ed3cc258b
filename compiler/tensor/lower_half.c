// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16 to float32 and back by integer arithmetic, the same as isa/dtype.c.
#include "lowering.h"

static ex bits_of(lowering *l, ex real) { return tsr_bitcast(l->arena, TSR_I32, real); }
static ex real_of_bits(lowering *l, ex bits) { return tsr_bitcast(l->arena, TSR_F32, bits); }

ex float_of_half(lowering *l, tsr_dtype half, ex bits) {
    bits = cast(l, TSR_I32, bits);
    if (half == TSR_BF16)
        return real_of_bits(l, op(l, TSR_SHL, bits, i32(l, 16)));
    ex size = op(l, TSR_SHL, op(l, TSR_AND, bits, i32(l, 0x7fff)), i32(l, 13));
    ex sign = op(l, TSR_SHL, op(l, TSR_AND, bits, i32(l, 0x8000)), i32(l, 16));
    ex finite = bits_of(l, mul(l, real_of_bits(l, size), f32(l, 0x1p112)));
    ex special = op(l, TSR_OR, size, i32(l, 0x70000000));
    return real_of_bits(l, op(l, TSR_OR, sign, choose(l, op(l, TSR_GE, size, i32(l, 0x0f800000)), special, finite)));
}

ex half_of_float(lowering *l, tsr_dtype half, ex value) {
    const bool brain = half == TSR_BF16;
    const int64_t drop = brain ? 16 : 13;
    ex all = bits_of(l, value), bits = op(l, TSR_AND, all, i32(l, 0x7fffffff));
    ex sign = op(l, TSR_AND, op(l, TSR_SHR, all, i32(l, 16)), i32(l, 0x8000));
    ex odd = op(l, TSR_AND, op(l, TSR_SHR, bits, i32(l, drop)), i32(l, 1));
    ex moved = brain ? bits : sub(l, bits, i32(l, INT64_C(112) << 23));
    ex size = op(l, TSR_SHR, add(l, moved, add(l, odd, i32(l, (1 << (drop - 1)) - 1))), i32(l, drop));
    if (!brain) { // beyond the largest and below the smallest normal number
        ex tiny = sub(l, bits_of(l, add(l, real_of_bits(l, bits), f32(l, 0.5))), i32(l, 0x3f000000));
        size = choose(l, op(l, TSR_LT, bits, i32(l, 0x38800000)), tiny, size);
        size = choose(l, op(l, TSR_GE, bits, i32(l, 0x47800000)), i32(l, 0x7c00), size);
    }
    size = choose(l, op(l, TSR_GT, bits, i32(l, 0x7f800000)), i32(l, brain ? 0x7fc0 : 0x7e00), size);
    return cast(l, TSR_U16, op(l, TSR_OR, sign, size));
}
