// SPDX-License-Identifier: Apache-2.0
// The matched loops become the body of a TENSORISED statement.
#include "schedule.h"

static bool is_inner(const tsr_match *match, const tsr_stmt *loop) {
    for (uint32_t i = 0; i < match->inner_count; i++)
        if (match->inner[i] == loop)
            return true;
    return false;
}

static tsr_status tensorise(site *s, const tsr_tensor_function *pattern) {
    tsr_tensor_function *f = s->f;
    tsr_match match;
    TSR_TRY(tsr_match_nest(pattern, s->loop, &match));
    tsr_stmt **slot = s->slot; // of the outermost of the pattern's loops
    while ((*slot)->kind == TSR_S_FOR && !is_inner(&match, *slot))
        slot = &(*slot)->body;
    const tsr_var *outermost = (*slot)->kind == TSR_S_FOR ? (*slot)->var : NULL;
    for (const tsr_stmt *at = *slot; at->kind == TSR_S_FOR; at = at->body)
        if (!is_inner(&match, at) && at->extent != 1)
            return tsr_error(TSR_UNSUPPORTED, "loop %s, which is none of %s, is inside of loop %s: reorder them first",
                             at->var->name, pattern->name, outermost->name);
    tsr_operand *operands = TSR_NEW_ARRAY(f->arena, tsr_operand, match.operand_count + 1);
    for (uint32_t i = 0; i < match.operand_count; i++)
        operands[i] = (tsr_operand){tsr_arena_printf(f->arena, "%s", match.operands[i].pattern->name), match.operands[i].buffer,
                                    affine_expr(f, &match.operands[i].first)};
    tsr_intrinsic *intrinsic = TSR_NEW(f->arena, tsr_intrinsic);
    *intrinsic = (tsr_intrinsic){tsr_arena_printf(f->arena, "%s", pattern->name), match.operand_count, operands};
    tsr_stmt *call = TSR_NEW(f->arena, tsr_stmt);
    *call = (tsr_stmt){.kind = TSR_S_TENSORISED, .body = *slot, .intrinsic = intrinsic};
    *slot = call;
    return tsr_ok();
}

tsr_status tsr_schedule_tensorise(tsr_tensor_function *f, const tsr_var *loop, const tsr_tensor_function *pattern) {
    site s;
    tsr_status status = site_find(f, "tensorise", loop, &s);
    if (status.code == TSR_OK)
        status = tensorise(&s, pattern);
    return site_end(&s, status);
}
