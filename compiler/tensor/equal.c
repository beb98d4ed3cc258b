// SPDX-License-Identifier: Apache-2.0
#include "tsr/tensor.h"

bool tsr_expr_equal(const tsr_expr *a, const tsr_expr *b) {
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->kind != b->kind || a->dtype != b->dtype)
        return false;
    switch (a->kind) {
    case TSR_E_INT: return a->value.i == b->value.i;
    case TSR_E_FLOAT: return a->value.f == b->value.f;
    case TSR_E_VAR: return a->value.var == b->value.var;
    case TSR_E_LOAD: return a->value.buffer == b->value.buffer && tsr_expr_equal(a->a, b->a);
    case TSR_E_BINARY: return a->value.binary == b->value.binary && tsr_expr_equal(a->a, b->a) && tsr_expr_equal(a->b, b->b);
    case TSR_E_SELECT: return tsr_expr_equal(a->a, b->a) && tsr_expr_equal(a->b, b->b) && tsr_expr_equal(a->c, b->c);
    case TSR_E_CAST:
    case TSR_E_BITCAST: return tsr_expr_equal(a->a, b->a);
    case TSR_E_CALL: return a->value.function == b->value.function && tsr_expr_equal(a->a, b->a) && tsr_expr_equal(a->b, b->b);
    }
    return false;
}
