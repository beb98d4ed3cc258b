// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "tsr/tensor.h"

static bool add_term(tsr_affine *affine, const tsr_var *var, int64_t coefficient) {
    for (uint32_t i = 0; i < affine->count; i++)
        if (affine->var[i] == var) {
            return !__builtin_add_overflow(affine->coefficient[i], coefficient, &affine->coefficient[i]);
        }
    if (affine->count == TSR_MAX_AFFINE)
        return false;
    affine->var[affine->count] = var;
    affine->coefficient[affine->count++] = coefficient;
    return true;
}

// Adds factor * expr. Operands may be shared; the budget ends walks that would take a path to each.
static bool accumulate(const tsr_expr *expr, int64_t factor, tsr_affine *affine, unsigned *budget) {
    if (expr->dtype != TSR_I64 || (*budget)-- == 0)
        return false;
    int64_t scaled = 0;
    switch (expr->kind) {
    case TSR_E_INT:
        return !__builtin_mul_overflow(factor, expr->value.i, &scaled) &&
               !__builtin_add_overflow(affine->constant, scaled, &affine->constant);
    case TSR_E_VAR: return add_term(affine, expr->value.var, factor);
    case TSR_E_BINARY: break;
    default: return false;
    }
    const tsr_expr *a = expr->a, *b = expr->b;
    switch (expr->value.binary) {
    case TSR_ADD: return accumulate(a, factor, affine, budget) && accumulate(b, factor, affine, budget);
    case TSR_SUB:
        return accumulate(a, factor, affine, budget) && !__builtin_sub_overflow(0, factor, &scaled) &&
               accumulate(b, scaled, affine, budget);
    case TSR_MUL:
        if (a->kind == TSR_E_INT) {
            a = expr->b;
            b = expr->a;
        }
        return b->kind == TSR_E_INT && !__builtin_mul_overflow(factor, b->value.i, &scaled) &&
               accumulate(a, scaled, affine, budget);
    case TSR_SHL:
        return b->kind == TSR_E_INT && b->value.i >= 0 && b->value.i < 31 &&
               !__builtin_mul_overflow(factor, (int64_t)1 << b->value.i, &scaled) && accumulate(a, scaled, affine, budget);
    default: return false;
    }
}

bool tsr_affine_of(const tsr_expr *expr, tsr_affine *out_affine) {
    memset(out_affine, 0, sizeof *out_affine);
    unsigned budget = 1000;
    if (!accumulate(expr, 1, out_affine, &budget))
        return false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out_affine->count; i++) // terms may have cancelled
        if (out_affine->coefficient[i] != 0) {
            out_affine->var[kept] = out_affine->var[i];
            out_affine->coefficient[kept++] = out_affine->coefficient[i];
        }
    out_affine->count = kept;
    return true;
}

int64_t tsr_affine_coefficient(const tsr_affine *affine, const tsr_var *var) {
    for (uint32_t i = 0; i < affine->count; i++)
        if (affine->var[i] == var)
            return affine->coefficient[i];
    return 0;
}
