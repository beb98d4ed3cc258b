// SPDX-License-Identifier: Apache-2.0
// cache_read and cache_write. What one iteration touches is a box: each step with which an index moves inside of the loop is a
// dimension of the copy, so that a tile of a matrix becomes a small matrix.
#include <string.h>

#include "schedule.h"

typedef struct dimension {
    int64_t step, extent, stride; // in the buffer, in the copy
} dimension;

typedef struct box {
    const tsr_tbuffer *buffer;
    const binder *outside; // loops whose variables stay
    tsr_tbuffer *copy;
    tsr_affine base; // of element 0 of the copy
    uint32_t count;
    dimension dims[TSR_MAX_AFFINE]; // larger steps first
    int64_t elements;
    pointer_map moved; // indices into the buffer -> into the copy
} box;

static bool is_outer(const box *b, const tsr_var *var) { return bound_by(b->outside, var) != NULL; }

static bool add_step(box *b, int64_t step) {
    uint32_t at = 0;
    while (at < b->count && b->dims[at].step > step)
        at++;
    if (at < b->count && b->dims[at].step == step)
        return true;
    if (b->count == TSR_MAX_AFFINE)
        return false;
    memmove(&b->dims[at + 1], &b->dims[at], (b->count - at) * sizeof b->dims[0]);
    b->dims[at] = (dimension){step, 1, 0};
    b->count++;
    return true;
}

static bool same_outer(const box *b, const tsr_affine *x, const tsr_affine *y) {
    for (uint32_t i = 0; i < x->count; i++)
        if (is_outer(b, x->var[i]) && tsr_affine_coefficient(y, x->var[i]) != x->coefficient[i])
            return false;
    return true;
}

// How far an access reaches in each dimension: position of its first element, and the loops' part on top.
static int64_t position(const box *b, const tsr_affine *index, int64_t at[TSR_MAX_AFFINE]) {
    int64_t rest = index->constant - b->base.constant;
    for (uint32_t d = 0; d < b->count; d++) {
        at[d] = rest / b->dims[d].step;
        rest %= b->dims[d].step;
    }
    return rest;
}

static tsr_status find_steps(site *s, box *b, const access_list *list) {
    bool first = true;
    for (uint32_t i = 0; i < list->count; i++) {
        const access *a = &list->items[i];
        if (a->buffer != b->buffer)
            continue;
        if (!a->is_affine)
            return tsr_error(TSR_UNSUPPORTED, "the index of %s is not affine", element_text(s->scratch, a));
        if (!first && (!same_outer(b, &a->affine, &b->base) || !same_outer(b, &b->base, &a->affine)))
            return tsr_error(TSR_UNSUPPORTED, "%s moves in another way with the loops around than other accesses do",
                             element_text(s->scratch, a));
        if (first || a->affine.constant < b->base.constant)
            b->base = a->affine;
        first = false;
        for (uint32_t t = 0; t < a->affine.count; t++) {
            const tsr_stmt *loop = bound_by(a->loops, a->affine.var[t]);
            if (is_outer(b, a->affine.var[t]) || loop->extent < 2)
                continue;
            if (a->affine.coefficient[t] < 0)
                return tsr_error(TSR_UNSUPPORTED, "%s moves backwards with loop %s", element_text(s->scratch, a),
                                 loop->var->name);
            if (!add_step(b, a->affine.coefficient[t]))
                return tsr_error(TSR_UNSUPPORTED, "%s moves in too many ways", b->buffer->name);
        }
    }
    return first ? tsr_error(TSR_NOT_FOUND, "loop %s does not use buffer %s", s->loop->var->name, b->buffer->name) : tsr_ok();
}

static tsr_status find_extents(box *b, const access_list *list) {
    for (int round = 0; round < 2; round++) // once more with a dimension for what no other step divides
        for (uint32_t i = 0; i < list->count; i++) {
            const access *a = &list->items[i];
            int64_t at[TSR_MAX_AFFINE];
            if (a->buffer != b->buffer)
                continue;
            if (position(b, &a->affine, at) != 0 && !add_step(b, 1))
                return tsr_error(TSR_UNSUPPORTED, "%s moves in too many ways", b->buffer->name);
            for (uint32_t d = 0; d < b->count && round == 1; d++) {
                int64_t extent = at[d] + 1;
                for (uint32_t t = 0; t < a->affine.count; t++)
                    if (!is_outer(b, a->affine.var[t]) && a->affine.coefficient[t] == b->dims[d].step)
                        extent += bound_by(a->loops, a->affine.var[t])->extent - 1;
                b->dims[d].extent = extent > b->dims[d].extent ? extent : b->dims[d].extent;
            }
        }
    b->elements = 1;
    for (uint32_t d = b->count; d-- > 0;) {
        b->dims[d].stride = b->elements;
        if (__builtin_mul_overflow(b->elements, b->dims[d].extent, &b->elements))
            return tsr_error(TSR_UNSUPPORTED, "the copy of %s is too large", b->buffer->name);
    }
    uint32_t kept = 0; // base: outer loops only
    for (uint32_t t = 0; t < b->base.count; t++)
        if (is_outer(b, b->base.var[t])) {
            b->base.var[kept] = b->base.var[t];
            b->base.coefficient[kept++] = b->base.coefficient[t];
        }
    b->base.count = kept;
    return tsr_ok();
}

// All of the box is copied, also what conditions would leave out: it must be there.
static tsr_status check_range(const box *b) {
    int64_t least, most;
    bool fits = affine_range(&b->base, b->outside, &least, &most);
    for (uint32_t d = 0; fits && d < b->count; d++) {
        int64_t far;
        fits = !__builtin_mul_overflow(b->dims[d].extent - 1, b->dims[d].step, &far) && !__builtin_add_overflow(most, far, &most);
    }
    if (!fits || least < 0 || (uint64_t)most >= b->buffer->elements)
        return tsr_error(TSR_UNSUPPORTED,
                         "the copy would reach out of %s, which has %llu elements: what keeps the loop inside is a condition",
                         b->buffer->name, (unsigned long long)b->buffer->elements);
    return tsr_ok();
}

// Where an index of the buffer is in the copy: one expression for all that share it.
static const tsr_expr *index_in_copy(rewrite *r, const tsr_expr *index) {
    box *b = r->context;
    tsr_affine a, in = {0};
    int64_t at[TSR_MAX_AFFINE];
    const tsr_expr *known = map_get(&b->moved, index);
    if (known != NULL || !tsr_affine_of(index, &a)) // find_steps has refused those that are not
        return known;
    position(b, &a, at);
    for (uint32_t d = 0; d < b->count; d++) {
        in.constant += at[d] * b->dims[d].stride;
        for (uint32_t t = 0; t < a.count; t++)
            if (!is_outer(b, a.var[t]) && a.coefficient[t] == b->dims[d].step) {
                in.var[in.count] = a.var[t];
                in.coefficient[in.count++] = b->dims[d].stride;
            }
    }
    known = affine_expr(r->f, &in);
    map_put(r->f->arena, &b->moved, index, (void *)(uintptr_t)known);
    return known;
}

static const tsr_expr *redirect(rewrite *r, const tsr_expr *e) {
    const box *b = r->context;
    if (e->kind != TSR_E_LOAD || e->value.buffer != b->buffer)
        return NULL;
    return tsr_load(r->f->arena, b->copy, index_in_copy(r, e->a));
}

static tsr_tbuffer *redirect_store(rewrite *r, const tsr_stmt *store, const tsr_expr **index) {
    const box *b = r->context;
    if (store->buffer != b->buffer)
        return store->buffer;
    *index = index_in_copy(r, store->index);
    return b->copy;
}

static tsr_stmt *copy_nest(site *s, const box *b, bool back) {
    tsr_tensor_function *f = s->f;
    const tsr_var *vars[TSR_MAX_AFFINE];
    tsr_affine in = {0};
    const tsr_expr *at = affine_expr(f, &b->base);
    for (uint32_t d = 0; d < b->count; d++) {
        vars[d] = tsr_var_create(f, tsr_arena_printf(f->arena, "%s_%s%u", b->copy->name, back ? "w" : "r", d));
        if (b->dims[d].extent == 1)
            continue;
        in.var[in.count] = vars[d];
        in.coefficient[in.count++] = b->dims[d].stride;
        tsr_affine step = {.count = 1, .var = {vars[d]}, .coefficient = {b->dims[d].step}};
        at = tsr_binary_expr(f->arena, TSR_ADD, at, affine_expr(f, &step));
    }
    const tsr_expr *index = affine_expr(f, &in);
    tsr_tbuffer *buffer = (tsr_tbuffer *)(uintptr_t)b->buffer;
    tsr_stmt *nest = back ? tsr_store(f->arena, buffer, at, tsr_load(f->arena, b->copy, index))
                          : tsr_store(f->arena, b->copy, index, tsr_load(f->arena, buffer, at));
    for (uint32_t d = b->count; d-- > 0;)
        if (b->dims[d].extent > 1)
            nest = tsr_for(f->arena, vars[d], b->dims[d].extent, TSR_FOR_SERIAL, nest);
    return nest;
}

// Are elements of the box elements of the buffer, one to one?
static bool is_injective(const box *b) {
    int64_t reach = 0;
    for (uint32_t d = b->count; d-- > 0;) {
        if (b->dims[d].extent > 1 && b->dims[d].step <= reach)
            return false;
        reach += (b->dims[d].extent - 1) * b->dims[d].step;
    }
    return true;
}

// Does the one store write all of the box, whatever was there?
static bool overwrites(const box *b, const access_list *list) {
    const access *store = NULL;
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i].buffer == b->buffer) {
            if (store != NULL || !list->items[i].is_store || list->items[i].guarded)
                return false;
            store = &list->items[i];
        }
    uint32_t inner = 0;
    for (uint32_t t = 0; t < store->affine.count; t++)
        inner += !is_outer(b, store->affine.var[t]);
    for (const binder *l = store->loops; l != NULL && l != b->outside; l = l->up)
        if (l->loop->extent < 1)
            return false;
    return inner == b->count;
}

static tsr_status cache(site *s, const tsr_tbuffer *buffer, tsr_scope scope, bool write, tsr_tbuffer **out_copy) {
    tsr_tensor_function *f = s->f;
    binder here = {s->loop, s->around};
    box b = {.buffer = buffer, .outside = &here};
    if (scope != TSR_SCOPE_LOCAL && scope != TSR_SCOPE_SCRATCH)
        return tsr_error(TSR_INVALID_ARGUMENT, "a copy is in memory local or scratch, not %s", tsr_scope_name(scope));
    for (const binder *l = &here; l != NULL; l = l->up)
        if (l->loop->for_kind == TSR_FOR_VECTORIZE)
            return tsr_error(TSR_UNSUPPORTED, "iterations of loop %s, which is vectorised, would share the copy",
                             l->loop->var->name);
    const access_list list = accesses_of(s->scratch, s->loop->body, &here);
    for (uint32_t i = 0; i < list.count && !write; i++)
        if (list.items[i].is_store && list.items[i].buffer == buffer)
            return tsr_error(TSR_UNSUPPORTED, "loop %s stores to %s; cache_write copies both ways", s->loop->var->name,
                             buffer->name);
    TSR_TRY(find_steps(s, &b, &list));
    TSR_TRY(find_extents(&b, &list));
    TSR_TRY(check_range(&b));
    if (write && !is_injective(&b))
        return tsr_error(TSR_UNSUPPORTED, "two places of the copy would be one element of %s", buffer->name);
    const char *name = tsr_arena_printf(f->arena, "%s_copy", buffer->name);
    const uint32_t locals = f->local_count;
    b.copy = scope == TSR_SCOPE_LOCAL ? tsr_local(f, name, buffer->dtype, (uint64_t)b.elements)
                                      : tsr_tbuffer_create(f->arena, name, scope, buffer->dtype, (uint64_t)b.elements);
    rewrite r = {.f = f, .replace = redirect, .target = redirect_store, .context = &b};
    tsr_stmt *before = s->loop->body, *items[3];
    uint32_t count = 0;
    if (!write || !overwrites(&b, &list))
        items[count++] = copy_nest(s, &b, false);
    items[count++] = rewrite_stmt(&r, before);
    if (write)
        items[count++] = copy_nest(s, &b, true);
    s->loop->body = tsr_seq(f->arena, count, items);
    tsr_status status = check_around(s, &here);
    if (status.code != TSR_OK) {
        s->loop->body = before;
        f->local_count = locals;
        return status;
    }
    *out_copy = b.copy;
    return tsr_ok();
}

static tsr_status cache_at(tsr_tensor_function *f, const char *primitive, const tsr_var *loop, const tsr_tbuffer *buffer,
                           tsr_scope scope, bool write, tsr_tbuffer **out_copy) {
    *out_copy = NULL;
    site s;
    tsr_status status = site_find(f, primitive, loop, &s);
    if (status.code == TSR_OK)
        status = cache(&s, buffer, scope, write, out_copy);
    return site_end(&s, status);
}

tsr_status tsr_schedule_cache_read(tsr_tensor_function *f, const tsr_var *loop, const tsr_tbuffer *buffer, tsr_scope scope,
                                   tsr_tbuffer **out_copy) {
    return cache_at(f, "cache_read", loop, buffer, scope, false, out_copy);
}

tsr_status tsr_schedule_cache_write(tsr_tensor_function *f, const tsr_var *loop, const tsr_tbuffer *buffer, tsr_scope scope,
                                    tsr_tbuffer **out_copy) {
    return cache_at(f, "cache_write", loop, buffer, scope, true, out_copy);
}
