// SPDX-License-Identifier: Apache-2.0
#include "eval.h"

#include <math.h>
#include <string.h>

bool tsr_dtype_is_signed(tsr_dtype dtype) { return dtype == TSR_I8 || dtype == TSR_I16 || dtype == TSR_I32 || dtype == TSR_I64; }

bool tsr_dtype_is_integer(tsr_dtype dtype) { return dtype >= TSR_I8 && dtype <= TSR_U64; }

bool tsr_is_comparison(tsr_binary op) { return op >= TSR_EQ; }

bool tsr_function_is_binary(tsr_function function) { return function == TSR_F_POW || function == TSR_F_FMOD; }

int64_t tsr_wrap(tsr_dtype dtype, int64_t value) {
    switch (dtype) {
    case TSR_I8: return (int8_t)(uint8_t)value;
    case TSR_U8: return (uint8_t)value;
    case TSR_I16: return (int16_t)(uint16_t)value;
    case TSR_U16: return (uint16_t)value;
    case TSR_I32: return (int32_t)(uint32_t)value;
    case TSR_U32: return (uint32_t)value;
    case TSR_BOOL: return value != 0;
    default: return value;
    }
}

static tsr_value of_int(tsr_dtype dtype, uint64_t value) { return (tsr_value){.i = tsr_wrap(dtype, (int64_t)value)}; }
static tsr_value of_bool(bool value) { return (tsr_value){.i = value}; }

static tsr_value float_binary(tsr_binary op, double a, double b) {
    switch (op) {
    case TSR_ADD: return (tsr_value){.f = a + b};
    case TSR_SUB: return (tsr_value){.f = a - b};
    case TSR_MUL: return (tsr_value){.f = a * b};
    case TSR_DIV: return (tsr_value){.f = a / b};
    case TSR_MIN: return (tsr_value){.f = b < a ? b : a};
    case TSR_MAX: return (tsr_value){.f = b > a ? b : a};
    case TSR_EQ: return of_bool(a == b);
    case TSR_NE: return of_bool(a != b);
    case TSR_LT: return of_bool(a < b);
    case TSR_LE: return of_bool(a <= b);
    case TSR_GT: return of_bool(a > b);
    case TSR_GE: return of_bool(a >= b);
    default: return (tsr_value){.f = 0};
    }
}

static tsr_value divide(tsr_binary op, tsr_dtype dtype, tsr_value a, tsr_value b) {
    if (b.i == 0)
        return of_int(dtype, 0);
    if (!tsr_dtype_is_signed(dtype))
        return of_int(dtype, op == TSR_DIV ? (uint64_t)a.i / (uint64_t)b.i : (uint64_t)a.i % (uint64_t)b.i);
    if (b.i == -1) // the one quotient that may not fit
        return of_int(dtype, op == TSR_DIV ? 0 - (uint64_t)a.i : 0);
    return of_int(dtype, (uint64_t)(op == TSR_DIV ? a.i / b.i : a.i % b.i));
}

static bool less(tsr_dtype dtype, tsr_value a, tsr_value b) {
    return tsr_dtype_is_signed(dtype) ? a.i < b.i : (uint64_t)a.i < (uint64_t)b.i;
}

tsr_value tsr_eval_binary(tsr_binary op, tsr_dtype dtype, tsr_value a, tsr_value b) {
    if (tsr_dtype_is_float(dtype)) {
        tsr_value value = float_binary(op, a.f, b.f);
        // Rounding a float64 sum, product or quotient of two float32 once more gives the float32 result: 53 >= 2 * 24 + 2.
        if (dtype == TSR_F32 && !tsr_is_comparison(op))
            value.f = (float)value.f;
        return value;
    }
    uint64_t x = (uint64_t)a.i, y = (uint64_t)b.i;
    unsigned count = dtype == TSR_BOOL ? 0 : (unsigned)(y & (8 * tsr_dtype_size(dtype) - 1));
    switch (op) {
    case TSR_ADD: return of_int(dtype, x + y);
    case TSR_SUB: return of_int(dtype, x - y);
    case TSR_MUL: return of_int(dtype, x * y);
    case TSR_DIV:
    case TSR_MOD: return divide(op, dtype, a, b);
    case TSR_MIN: return less(dtype, b, a) ? b : a;
    case TSR_MAX: return less(dtype, a, b) ? b : a;
    case TSR_AND: return of_int(dtype, x & y);
    case TSR_OR: return of_int(dtype, x | y);
    case TSR_XOR: return of_int(dtype, x ^ y);
    case TSR_SHL: return of_int(dtype, x << count);
    case TSR_SHR: return of_int(dtype, tsr_dtype_is_signed(dtype) ? (uint64_t)(a.i >> count) : x >> count);
    case TSR_EQ: return of_bool(x == y);
    case TSR_NE: return of_bool(x != y);
    case TSR_LT: return of_bool(less(dtype, a, b));
    case TSR_LE: return of_bool(!less(dtype, b, a));
    case TSR_GT: return of_bool(less(dtype, b, a));
    case TSR_GE: return of_bool(!less(dtype, a, b));
    }
    return of_int(dtype, 0);
}

static int64_t saturate(tsr_dtype to, double value) {
    if (isnan(value))
        return 0;
    value = trunc(value);
    if (to == TSR_U64)
        return value <= 0 ? 0 : value >= 18446744073709551616.0 ? (int64_t)UINT64_MAX : (int64_t)(uint64_t)value;
    if (to == TSR_I64)
        return value >= 9223372036854775808.0 ? INT64_MAX : value < -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
    int bits = (int)(8 * tsr_dtype_size(to));
    double low = tsr_dtype_is_signed(to) ? -ldexp(1, bits - 1) : 0;
    double high = ldexp(1, tsr_dtype_is_signed(to) ? bits - 1 : bits) - 1;
    return (int64_t)(value < low ? low : value > high ? high : value);
}

tsr_value tsr_eval_cast(tsr_dtype from, tsr_dtype to, tsr_value a) {
    bool from_float = tsr_dtype_is_float(from);
    if (to == TSR_BOOL)
        return of_bool(from_float ? a.f != 0 : a.i != 0);
    if (tsr_dtype_is_float(to)) {
        if (to == TSR_F32) // straight from the integer: by way of float64 it would round twice
            return (tsr_value){.f = from_float ? (float)a.f : from == TSR_U64 ? (float)(uint64_t)a.i : (float)a.i};
        return (tsr_value){.f = from_float ? a.f : from == TSR_U64 ? (double)(uint64_t)a.i : (double)a.i};
    }
    return (tsr_value){.i = from_float ? saturate(to, a.f) : tsr_wrap(to, a.i)};
}

tsr_value tsr_eval_load(tsr_dtype dtype, const void *from) {
    tsr_value value = {.i = 0};
    if (dtype == TSR_F32) {
        float f;
        memcpy(&f, from, sizeof f);
        value.f = f;
    } else if (dtype == TSR_F64) {
        memcpy(&value.f, from, sizeof value.f);
    } else {
        memcpy(&value.i, from, tsr_dtype_size(dtype)); // little-endian, as every host that Tessera runs on
        value.i = tsr_wrap(dtype, value.i);
    }
    return value;
}

void tsr_eval_store(tsr_dtype dtype, void *to, tsr_value value) {
    if (dtype == TSR_F32) {
        float f = (float)value.f;
        memcpy(to, &f, sizeof f);
    } else if (dtype == TSR_F64) {
        memcpy(to, &value.f, sizeof value.f);
    } else {
        memcpy(to, &value.i, tsr_dtype_size(dtype));
    }
}

tsr_value tsr_eval_bitcast(tsr_dtype from, tsr_dtype to, tsr_value a) {
    unsigned char bytes[8] = {0};
    tsr_eval_store(from, bytes, a);
    return tsr_eval_load(to, bytes);
}

tsr_value tsr_eval_call(tsr_function function, tsr_dtype dtype, tsr_value a, tsr_value b) {
    double value = 0;
    switch (function) {
    case TSR_F_EXP: value = expf((float)a.f); break;
    case TSR_F_LOG: value = logf((float)a.f); break;
    case TSR_F_TANH: value = tanhf((float)a.f); break;
    case TSR_F_ERF: value = erff((float)a.f); break;
    case TSR_F_POW: value = powf((float)a.f, (float)b.f); break;
    case TSR_F_FMOD: value = fmodf((float)a.f, (float)b.f); break;
    case TSR_F_SIN: value = sinf((float)a.f); break;
    case TSR_F_COS: value = cosf((float)a.f); break;
    case TSR_F_SQRT: value = sqrt(a.f); break;
    case TSR_F_FLOOR: value = floor(a.f); break;
    case TSR_F_CEIL: value = ceil(a.f); break;
    case TSR_F_ROUND_EVEN: value = rint(a.f); break;
    case TSR_F_ABS: value = fabs(a.f); break;
    }
    return (tsr_value){.f = dtype == TSR_F32 ? (float)value : value};
}
