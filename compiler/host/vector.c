// SPDX-License-Identifier: Apache-2.0
// Which VECTORIZE loops become straight vector code: those whose body is a list of stores, each to an address that moves
// with the loop, with no call out of the code and no load that a condition of the loop itself has to guard.
#include "emit.h"

bool tsr_depends(const tsr_expr *e, const tsr_var *var) {
    if (e == NULL)
        return false;
    if (e->kind == TSR_E_VAR)
        return e->value.var == var;
    return tsr_depends(e->a, var) || tsr_depends(e->b, var) || tsr_depends(e->c, var);
}

bool tsr_stride(const tsr_expr *e, const tsr_var *var, int64_t *out_stride) {
    *out_stride = 0;
    if (!tsr_depends(e, var))
        return true;
    if (e->kind == TSR_E_VAR) {
        *out_stride = 1;
        return true;
    }
    int64_t a, b;
    if (e->kind != TSR_E_BINARY || e->dtype != TSR_I64 || !tsr_stride(e->a, var, &a) || !tsr_stride(e->b, var, &b))
        return false;
    switch (e->value.binary) {
    case TSR_ADD: return !__builtin_add_overflow(a, b, out_stride);
    case TSR_SUB: return !__builtin_sub_overflow(a, b, out_stride);
    case TSR_MUL:
        if (e->b->kind == TSR_E_INT)
            return !__builtin_mul_overflow(a, e->b->value.i, out_stride);
        return e->a->kind == TSR_E_INT && !__builtin_mul_overflow(b, e->a->value.i, out_stride);
    default: return false;
    }
}

static bool is_instruction(tsr_function function) {
    return function == TSR_F_SQRT || function == TSR_F_FLOOR || function == TSR_F_CEIL || function == TSR_F_ROUND_EVEN ||
           function == TSR_F_ABS;
}

// Expressions are shared graphs. Walks remember the last nodes they came by, so that they do not take every path.
typedef struct seen {
    const tsr_expr *recent[256];
} seen;

static bool seen_before(seen *s, const tsr_expr *e) {
    const tsr_expr **recent = &s->recent[((uintptr_t)e >> 6) % 256];
    if (*recent == e)
        return true;
    *recent = e;
    return false;
}

static bool contains(const tsr_expr *e, const tsr_expr *part, seen *s) {
    if (e == NULL || e == part)
        return e != NULL;
    return !seen_before(s, e) && (contains(e->a, part, s) || contains(e->b, part, s) || contains(e->c, part, s));
}

static bool guarded(const tsr_expr *arm, const tsr_expr *condition, seen *s) {
    if (arm == NULL || seen_before(s, arm))
        return false;
    if (arm->kind == TSR_E_LOAD)
        return !contains(condition, arm, &(seen){0});
    if (arm->kind == TSR_E_CALL && !is_instruction(arm->value.function))
        return true;
    return guarded(arm->a, condition, s) || guarded(arm->b, condition, s) || guarded(arm->c, condition, s);
}

bool tsr_needs_guard(const tsr_expr *arm, const tsr_expr *condition) { return guarded(arm, condition, &(seen){0}); }

typedef struct value_sizes {
    size_t widest; // bytes of the widest value that differs between lanes
    seen seen;
} value_sizes;

static bool fits(const tsr_expr *e, const tsr_var *var, value_sizes *s, unsigned *budget) {
    if (e == NULL || !tsr_depends(e, var) || seen_before(&s->seen, e))
        return true;
    if (*budget == 0)
        return false;
    --*budget;
    if (e->kind == TSR_E_LOAD) {
        int64_t stride;
        size_t size = tsr_dtype_size(e->dtype);
        s->widest = size > s->widest ? size : s->widest;
        return tsr_stride(e->a, var, &stride) || fits(e->a, var, s, budget);
    }
    if (e->kind == TSR_E_CALL && !is_instruction(e->value.function))
        return false;
    if (e->kind == TSR_E_SELECT && tsr_depends(e->a, var) && (tsr_needs_guard(e->b, e->a) || tsr_needs_guard(e->c, e->a)))
        return false;
    size_t size = tsr_dtype_size(e->dtype);
    s->widest = size > s->widest ? size : s->widest;
    return fits(e->a, var, s, budget) && fits(e->b, var, s, budget) && fits(e->c, var, s, budget);
}

static bool fits_stmt(const tsr_stmt *s, const tsr_var *var, value_sizes *sizes, unsigned *budget) {
    int64_t stride;
    switch (s->kind) {
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            if (!fits_stmt(s->items[i], var, sizes, budget))
                return false;
        return true;
    case TSR_S_STORE: return tsr_stride(s->index, var, &stride) && stride != 0 && fits(s->value, var, sizes, budget);
    default: return false;
    }
}

unsigned tsr_lanes(const tsr_stmt *loop, bool *out_heavy) {
    enum { BUDGET = 4000, LIGHT = 40 };
    value_sizes sizes = {.widest = 1};
    unsigned budget = BUDGET;
    *out_heavy = false;
    if (loop->for_kind != TSR_FOR_VECTORIZE || loop->extent < 2 || !fits_stmt(loop->body, loop->var, &sizes, &budget))
        return 1;
    *out_heavy = BUDGET - budget > LIGHT;
    return sizes.widest >= 8 ? 16 : sizes.widest >= 2 ? 32 : TSR_MAX_LANES;
}
