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

const tsr_expr *affine_expr(tsr_tensor_function *f, const tsr_affine *a) {
    const tsr_expr *e = tsr_int(f->arena, TSR_I64, 0);
    for (uint32_t i = 0; i < a->count; i++) {
        const tsr_expr *coefficient = tsr_int(f->arena, TSR_I64, a->coefficient[i]);
        e = tsr_binary_expr(f->arena, TSR_ADD, e,
                            tsr_binary_expr(f->arena, TSR_MUL, tsr_var_expr(f->arena, a->var[i]), coefficient));
    }
    return tsr_binary_expr(f->arena, TSR_ADD, e, tsr_int(f->arena, TSR_I64, a->constant));
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
