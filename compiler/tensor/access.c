// SPDX-License-Identifier: Apache-2.0
#include "access.h"

#include <string.h>

#include "eval.h"
#include "pointer_map.h"

typedef struct collector {
    tsr_arena *arena;
    access_list list;
    pointer_map seen; // expressions of the statement
    const tsr_stmt *store;
    const binder *loops;
    bool guarded;
} collector;

static void collect(collector *c, tsr_tbuffer *buffer, const tsr_expr *index, bool is_store, bool guarded) {
    access_list *l = &c->list;
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 16 : 2 * l->capacity;
        access *bigger = TSR_NEW_ARRAY(c->arena, access, l->capacity);
        if (l->count > 0)
            memcpy(bigger, l->items, sizeof *bigger * l->count);
        l->items = bigger;
    }
    access *a = &l->items[l->count++];
    *a = (access){
        .buffer = buffer, .index = index, .is_store = is_store, .guarded = guarded, .store = c->store, .loops = c->loops};
    a->is_affine = tsr_affine_of(index, &a->affine);
}

static void collect_expr(collector *c, const tsr_expr *e, bool guarded) {
    if (e == NULL || e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT || e->kind == TSR_E_VAR || map_get(&c->seen, e) != NULL)
        return;
    map_put(c->arena, &c->seen, e, c);
    if (e->kind == TSR_E_LOAD)
        collect(c, e->value.buffer, e->a, false, guarded);
    collect_expr(c, e->a, guarded);
    collect_expr(c, e->b, guarded || e->kind == TSR_E_SELECT);
    collect_expr(c, e->c, guarded || e->kind == TSR_E_SELECT);
}

static void collect_stmt(collector *c, const tsr_stmt *s) {
    switch (s->kind) {
    case TSR_S_FOR: {
        const binder *outer = c->loops;
        binder *inner = TSR_NEW(c->arena, binder);
        *inner = (binder){s, outer};
        c->loops = inner;
        collect_stmt(c, s->body);
        c->loops = outer;
        return;
    }
    case TSR_S_STORE:
        map_clear(&c->seen);
        c->store = s;
        collect_expr(c, s->index, c->guarded);
        collect_expr(c, s->value, c->guarded);
        collect(c, s->buffer, s->index, true, c->guarded);
        return;
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            collect_stmt(c, s->items[i]);
        return;
    case TSR_S_IF: {
        const bool outer = c->guarded;
        map_clear(&c->seen);
        c->store = s;
        collect_expr(c, s->condition, outer);
        c->guarded = true;
        collect_stmt(c, s->body);
        c->guarded = outer;
        return;
    }
    case TSR_S_TENSORISED: collect_stmt(c, s->body); return;
    }
}

access_list accesses_of(tsr_arena *arena, const tsr_stmt *s, const binder *around) {
    collector c = {.arena = arena, .loops = around};
    collect_stmt(&c, s);
    return c.list;
}

const tsr_stmt *bound_by(const binder *loops, const tsr_var *var) {
    for (; loops != NULL; loops = loops->up)
        if (loops->loop->var == var)
            return loops->loop;
    return NULL;
}

bool affine_range(const tsr_affine *affine, const binder *loops, int64_t *out_least, int64_t *out_most) {
    *out_least = *out_most = affine->constant;
    for (uint32_t i = 0; i < affine->count; i++) {
        const tsr_stmt *loop = bound_by(loops, affine->var[i]);
        int64_t far;
        if (loop == NULL || loop->extent < 1 || __builtin_mul_overflow(affine->coefficient[i], loop->extent - 1, &far))
            return false;
        int64_t *end = far < 0 ? out_least : out_most;
        if (__builtin_add_overflow(*end, far, end))
            return false;
    }
    return true;
}

bool is_reduction(const tsr_stmt *store, bool floats_too) {
    const tsr_expr *e = store->value;
    if (store->kind != TSR_S_STORE || e->kind != TSR_E_BINARY || (tsr_dtype_is_float(e->dtype) && !floats_too))
        return false;
    switch (e->value.binary) {
    case TSR_ADD:
    case TSR_MUL:
    case TSR_MIN:
    case TSR_MAX:
    case TSR_AND:
    case TSR_OR:
    case TSR_XOR: break;
    default: return false;
    }
    tsr_arena *arena = tsr_arena_create();
    const access_list list = accesses_of(arena, store, NULL);
    uint32_t loads = 0;
    for (uint32_t i = 0; i < list.count; i++)
        loads += !list.items[i].is_store && list.items[i].buffer == store->buffer;
    tsr_arena_free(arena);
    const tsr_expr *sides[] = {e->a, e->b};
    for (int i = 0; i < 2; i++)
        if (sides[i]->kind == TSR_E_LOAD && sides[i]->value.buffer == store->buffer && tsr_expr_equal(sides[i]->a, store->index))
            return loads == (sides[0] == sides[1] ? 0u : 1u);
    return false;
}
