// SPDX-License-Identifier: Apache-2.0
// Whether iterations of a loop may run in any order or at once.
#include "schedule.h"

const char *element_text(tsr_arena *arena, const access *a) {
    return tsr_arena_printf(arena, "%s[%.80s]", a->buffer->name, expr_text(arena, a->index));
}

// certain: what is inside of another PARALLEL loop is that one's own.
static bool used_outside(const access_list *all, const tsr_stmt *loop, const tsr_tbuffer *buffer, bool certain) {
    for (uint32_t i = 0; i < all->count; i++) {
        const binder *b = all->items[i].loops;
        while (b != NULL && b->loop != loop && !(certain && b->loop->for_kind == TSR_FOR_PARALLEL))
            b = b->up;
        if (all->items[i].buffer == buffer && b == NULL)
            return true;
    }
    return false;
}

static tsr_status depend_error(tsr_arena *scratch, const tsr_stmt *loop, const access *a, const access *b, depend how) {
    const char *first = element_text(scratch, a), *second = element_text(scratch, b);
    if (a->store == b->store && is_reduction(a->store, true))
        return tsr_error(TSR_UNSUPPORTED, "loop %s reduces into %s: its iterations all change one element", loop->var->name,
                         first);
    if (!a->is_affine || !b->is_affine)
        return tsr_error(TSR_UNSUPPORTED, "iterations of loop %s may depend on each other: the index of %s is not affine",
                         loop->var->name, a->is_affine ? second : first);
    return tsr_error(TSR_UNSUPPORTED, "iterations of loop %s %s on each other: %s of %s and %s of %s", loop->var->name,
                     how == DEPEND_YES ? "depend" : "may depend", a->is_store ? "store" : "load", first,
                     b->is_store ? "store" : "load", second);
}

tsr_status check_independent(tsr_arena *scratch, const tsr_tensor_function *f, const tsr_stmt *loop, const binder *around,
                             bool own_locals, bool certain) {
    const access_list list = accesses_of(scratch, loop, around);
    const access_list all = own_locals && f->local_count > 0 ? accesses_of(scratch, f->body, NULL) : (access_list){0};
    const distance later = {loop->var, 1, loop->extent - 1};
    for (uint32_t i = 0; i < list.count; i++) {
        const access *a = &list.items[i];
        if (own_locals && a->buffer->scope == TSR_SCOPE_LOCAL) {
            if (used_outside(&all, loop, a->buffer, certain))
                return tsr_error(TSR_UNSUPPORTED,
                                 "local buffer %s is used outside of loop %s too; iterations of a parallel loop have their own",
                                 a->buffer->name, loop->var->name);
            continue;
        }
        for (uint32_t j = 0; j < list.count; j++) {
            const access *b = &list.items[j];
            if (a->buffer != b->buffer || (!a->is_store && !b->is_store))
                continue;
            const depend how = depends(a, b, &later, 1, around);
            if (how > (certain ? DEPEND_MAYBE : DEPEND_NO))
                return depend_error(scratch, loop, a->is_store ? a : b, a->is_store ? b : a, how);
        }
    }
    return tsr_ok();
}

tsr_status check_around(site *s, const binder *around) {
    for (const binder *b = around; b != NULL; b = b->up)
        if (b->loop->for_kind == TSR_FOR_PARALLEL)
            TSR_TRY(check_independent(s->scratch, s->f, b->loop, b->up, true, false));
    return check_loops(s->scratch, s->f, s->f->body, NULL);
}

tsr_status check_loops(tsr_arena *scratch, const tsr_tensor_function *f, const tsr_stmt *s, const binder *around) {
    const binder inner = {s, around};
    if (s->kind == TSR_S_FOR && (s->for_kind == TSR_FOR_PARALLEL || s->for_kind == TSR_FOR_VECTORIZE))
        TSR_TRY(check_independent(scratch, f, s, around, s->for_kind == TSR_FOR_PARALLEL, true));
    if (s->body != NULL)
        TSR_TRY(check_loops(scratch, f, s->body, s->kind == TSR_S_FOR ? &inner : around));
    for (uint32_t i = 0; i < s->item_count; i++)
        TSR_TRY(check_loops(scratch, f, s->items[i], around));
    return tsr_ok();
}
