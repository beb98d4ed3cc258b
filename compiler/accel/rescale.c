// SPDX-License-Identifier: Apache-2.0
#include "rescale.h"

const tsr_expr *rescale_expr(tsr_arena *arena, const tsr_expr *b, const tsr_expr *bias, const tsr_expr *multiplier,
                             const tsr_expr *shifts) {
#define BIN(op, x, y) tsr_binary_expr(arena, op, x, y)
#define I32(value) tsr_int(arena, TSR_I32, value)
#define I64(value) tsr_int(arena, TSR_I64, value)
    const tsr_expr *lsh = BIN(TSR_AND, shifts, I32(255));
    const tsr_expr *rsh = BIN(TSR_AND, BIN(TSR_SHR, shifts, I32(8)), I32(255));
    const tsr_expr *v = BIN(TSR_SHL, BIN(TSR_ADD, b, bias), lsh);
    const tsr_expr *product = BIN(TSR_MUL, tsr_cast(arena, TSR_I64, v), tsr_cast(arena, TSR_I64, multiplier));
    const tsr_expr *high = tsr_cast(arena, TSR_I32, BIN(TSR_SHR, BIN(TSR_ADD, product, I64(INT64_C(1) << 30)), I64(31)));
    const tsr_expr *total = BIN(TSR_ADD, tsr_cast(arena, TSR_I64, rsh), I64(31));
    const tsr_expr *half = BIN(TSR_SHL, I64(1), BIN(TSR_SUB, total, I64(1)));
    const tsr_expr *once = tsr_cast(arena, TSR_I32, BIN(TSR_SHR, BIN(TSR_ADD, product, half), total));
    const tsr_expr *mask = BIN(TSR_SUB, BIN(TSR_SHL, I32(1), rsh), I32(1));
    const tsr_expr *negative = tsr_select(arena, BIN(TSR_LT, high, I32(0)), I32(1), I32(0));
    const tsr_expr *threshold = BIN(TSR_ADD, BIN(TSR_SHR, mask, I32(1)), negative);
    const tsr_expr *up = tsr_select(arena, BIN(TSR_GT, BIN(TSR_AND, high, mask), threshold), I32(1), I32(0));
    const tsr_expr *single = BIN(TSR_NE, BIN(TSR_AND, shifts, I32(1 << 16)), I32(0));
    return tsr_select(arena, single, once, BIN(TSR_ADD, BIN(TSR_SHR, high, rsh), up));
#undef BIN
#undef I32
#undef I64
}

static const tsr_expr *left_of(const tsr_expr *e, tsr_binary op) {
    return e != NULL && e->kind == TSR_E_BINARY && e->value.binary == op ? e->a : NULL;
}
static const tsr_expr *cast_of(const tsr_expr *e) { return e != NULL && e->kind == TSR_E_CAST ? e->a : NULL; }

// Walks down to the leaves where a rescale_expr has them, builds the expression anew from those and compares: so that this
// function cannot disagree with rescale_expr about the form.
const tsr_expr *rescale_match(tsr_arena *arena, const tsr_expr *e, const tsr_expr **out_bias) {
    *out_bias = NULL;
    const tsr_expr *high = e->kind == TSR_E_SELECT ? left_of(left_of(e->c, TSR_ADD), TSR_SHR) : NULL;
    const tsr_expr *product = left_of(left_of(cast_of(high), TSR_SHR), TSR_ADD);
    const tsr_expr *v = cast_of(left_of(product, TSR_MUL));
    const tsr_expr *sum = left_of(v, TSR_SHL);
    const tsr_expr *b = left_of(sum, TSR_ADD);
    const tsr_expr *multiplier = product != NULL ? cast_of(product->b) : NULL;
    const tsr_expr *shifts = v != NULL ? left_of(v->b, TSR_AND) : NULL;
    if (b == NULL || multiplier == NULL || shifts == NULL ||
        !tsr_expr_equal(e, rescale_expr(arena, b, sum->b, multiplier, shifts)))
        return NULL;
    *out_bias = sum->b;
    return b;
}

int32_t rescale_value(int32_t b, int32_t bias, int32_t multiplier, unsigned lsh, unsigned rsh, bool single) {
    int32_t v = (int32_t)(((uint32_t)b + (uint32_t)bias) << lsh);
    if (single)
        return (int32_t)(((int64_t)v * multiplier + (INT64_C(1) << (30 + rsh))) >> (31 + rsh));
    int32_t high = (int32_t)(((int64_t)v * multiplier + (INT64_C(1) << 30)) >> 31);
    int32_t mask = (int32_t)((UINT32_C(1) << rsh) - 1);
    int32_t threshold = (mask >> 1) + (high < 0);
    return (high >> rsh) + ((high & mask) > threshold);
}
