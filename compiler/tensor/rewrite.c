// SPDX-License-Identifier: Apache-2.0
// Everything is made anew by the builders, so that numbers that became constant fold.
#include "rewrite.h"

void rewrite_var(rewrite *r, const tsr_var *var, const tsr_expr *with) {
    map_put(r->f->arena, &r->vars, var, (void *)(uintptr_t)with);
}

static const tsr_expr *copy(rewrite *r, const tsr_expr *e) {
    tsr_arena *arena = r->f->arena;
    const tsr_expr *a = rewrite_expr(r, e->a), *b = rewrite_expr(r, e->b), *c = rewrite_expr(r, e->c);
    if (a == e->a && b == e->b && c == e->c)
        return e;
    switch (e->kind) {
    case TSR_E_LOAD: return tsr_load(arena, e->value.buffer, a);
    case TSR_E_BINARY: return tsr_binary_expr(arena, e->value.binary, a, b);
    case TSR_E_SELECT: return tsr_select(arena, a, b, c);
    case TSR_E_CAST: return tsr_cast(arena, e->dtype, a);
    case TSR_E_BITCAST: return tsr_bitcast(arena, e->dtype, a);
    case TSR_E_CALL: return tsr_call(arena, e->value.function, a, b);
    default: return e;
    }
}

const tsr_expr *rewrite_expr(rewrite *r, const tsr_expr *e) {
    if (e == NULL || e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT)
        return e;
    const tsr_expr *known = map_get(&r->done, e);
    if (known != NULL)
        return known;
    const tsr_expr *new = e->kind == TSR_E_VAR ? map_get(&r->vars, e->value.var) : NULL;
    if (new == NULL && r->replace != NULL)
        new = r->replace(r, e);
    if (new == NULL)
        new = copy(r, e);
    if (map_get(&r->done, e) == NULL)
        map_put(r->f->arena, &r->done, e, (void *)(uintptr_t)new);
    return new;
}

static tsr_stmt *copy_for(rewrite *r, const tsr_stmt *s) {
    const tsr_var *var = s->var;
    const tsr_expr *known = map_get(&r->vars, s->var); // loops side by side may have one variable
    if (known != NULL && known->kind == TSR_E_VAR) {
        var = known->value.var;
    } else if (r->suffix != NULL) {
        var = tsr_var_create(r->f, tsr_arena_printf(r->f->arena, "%s%s", var->name, r->suffix));
        rewrite_var(r, s->var, tsr_var_expr(r->f->arena, var));
    }
    return tsr_for(r->f->arena, var, s->extent, s->for_kind, rewrite_stmt(r, s->body));
}

tsr_stmt *rewrite_stmt(rewrite *r, const tsr_stmt *s) {
    tsr_arena *arena = r->f->arena;
    switch (s->kind) {
    case TSR_S_FOR: return copy_for(r, s);
    case TSR_S_STORE: {
        tsr_tbuffer *buffer = s->buffer;
        const tsr_expr *value = rewrite_expr(r, s->value), *index = NULL;
        if (r->target != NULL)
            buffer = r->target(r, s, &index);
        return tsr_store(arena, buffer, index != NULL ? index : rewrite_expr(r, s->index), value);
    }
    case TSR_S_SEQ: {
        tsr_stmt **items = TSR_NEW_ARRAY(arena, tsr_stmt *, s->item_count + 1);
        for (uint32_t i = 0; i < s->item_count; i++)
            items[i] = rewrite_stmt(r, s->items[i]);
        return tsr_seq(arena, s->item_count, items);
    }
    case TSR_S_IF: return tsr_if(arena, rewrite_expr(r, s->condition), rewrite_stmt(r, s->body));
    default: {
        tsr_stmt *new = TSR_NEW(arena, tsr_stmt);
        *new = *s;
        new->body = rewrite_stmt(r, s->body);
        return new;
    }
    }
}
