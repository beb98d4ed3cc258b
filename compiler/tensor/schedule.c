// SPDX-License-Identifier: Apache-2.0
// Finding loops, and how one runs.
#include "schedule.h"

#include <stdio.h>
#include <string.h>

typedef struct search {
    const tsr_var *var;
    tsr_arena *arena;
    tsr_stmt **slot;
    const binder *around;
    uint32_t found;
} search;

static void find(search *s, tsr_stmt **slot, const binder *around) {
    tsr_stmt *at = *slot;
    if (at->kind == TSR_S_FOR) {
        if (at->var == s->var && s->found++ == 0) {
            s->slot = slot;
            s->around = around;
        }
        binder *inner = TSR_NEW(s->arena, binder);
        *inner = (binder){at, around};
        around = inner;
    }
    if (at->body != NULL)
        find(s, &at->body, around);
    for (uint32_t i = 0; i < at->item_count; i++)
        find(s, &at->items[i], around);
}

tsr_status site_find(tsr_tensor_function *f, const char *primitive, const tsr_var *loop, site *out_site) {
    *out_site = (site){.primitive = primitive, .f = f, .scratch = tsr_arena_create()};
    search s = {.var = loop, .arena = out_site->scratch};
    if (loop != NULL && f->body != NULL)
        find(&s, &f->body, NULL);
    if (s.found == 0)
        return tsr_error(TSR_NOT_FOUND, "there is no loop %s", loop != NULL ? loop->name : "without a variable");
    if (s.found > 1)
        return tsr_error(TSR_INVALID_ARGUMENT, "%u loops have the variable %s", s.found, loop->name);
    out_site->slot = s.slot;
    out_site->loop = *s.slot;
    out_site->around = s.around;
    return tsr_ok();
}

tsr_status site_end(site *s, tsr_status status) {
    status = tsr_annotate(status, "%s: %s", s->f->name, s->primitive);
    tsr_arena_free(s->scratch);
    s->scratch = NULL;
    return status;
}

typedef struct listing {
    const char *name;
    const tsr_var *found;
    uint32_t count;
    char names[200];
} listing;

static void list_loops(listing *l, const tsr_stmt *s) {
    if (s->kind == TSR_S_FOR) {
        const size_t used = strlen(l->names);
        snprintf(l->names + used, sizeof l->names - used, "%s%s", used > 0 ? ", " : "", s->var->name);
        if (strcmp(s->var->name, l->name) == 0) {
            l->found = s->var;
            l->count++;
        }
    }
    if (s->body != NULL)
        list_loops(l, s->body);
    for (uint32_t i = 0; i < s->item_count; i++)
        list_loops(l, s->items[i]);
}

tsr_status tsr_find_loop(const tsr_tensor_function *f, const char *name, const tsr_var **out_loop) {
    listing l = {.name = name};
    *out_loop = NULL;
    if (f->body != NULL)
        list_loops(&l, f->body);
    if (l.count == 0)
        return tsr_error(TSR_NOT_FOUND, "%s: there is no loop %s; there are: %s", f->name, name, l.names);
    if (l.count > 1)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: %u loops are called %s; loops: %s", f->name, l.count, name, l.names);
    *out_loop = l.found;
    return tsr_ok();
}

const char *element_text(tsr_arena *arena, const access *a) {
    return tsr_arena_printf(arena, "%s[%.80s]", a->buffer->name, expr_text(arena, a->index));
}

static bool used_outside(tsr_arena *scratch, const tsr_stmt *all, const tsr_stmt *loop, const tsr_tbuffer *buffer) {
    const access_list list = accesses_of(scratch, all, NULL);
    for (uint32_t i = 0; i < list.count; i++) {
        const binder *b = list.items[i].loops;
        while (b != NULL && b->loop != loop)
            b = b->up;
        if (list.items[i].buffer == buffer && b == NULL)
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
    const distance later = {loop->var, 1, loop->extent - 1};
    for (uint32_t i = 0; i < list.count; i++) {
        const access *a = &list.items[i];
        if (own_locals && a->buffer->scope == TSR_SCOPE_LOCAL) {
            if (used_outside(scratch, f->body, loop, a->buffer))
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

static tsr_status annotate(tsr_tensor_function *f, const char *primitive, const tsr_var *loop, tsr_for_kind kind) {
    site s;
    tsr_status status = site_find(f, primitive, loop, &s);
    if (status.code == TSR_OK && (kind == TSR_FOR_VECTORIZE || kind == TSR_FOR_PARALLEL))
        status = check_independent(s.scratch, f, s.loop, s.around, kind == TSR_FOR_PARALLEL, false);
    if (status.code == TSR_OK)
        s.loop->for_kind = kind;
    return site_end(&s, status);
}

tsr_status tsr_schedule_vectorise(tsr_tensor_function *f, const tsr_var *loop) {
    return annotate(f, "vectorise", loop, TSR_FOR_VECTORIZE);
}
tsr_status tsr_schedule_parallel(tsr_tensor_function *f, const tsr_var *loop) {
    return annotate(f, "parallel", loop, TSR_FOR_PARALLEL);
}
tsr_status tsr_schedule_unroll(tsr_tensor_function *f, const tsr_var *loop) {
    return annotate(f, "unroll", loop, TSR_FOR_UNROLL);
}
tsr_status tsr_schedule_serial(tsr_tensor_function *f, const tsr_var *loop) {
    return annotate(f, "serial", loop, TSR_FOR_SERIAL);
}
