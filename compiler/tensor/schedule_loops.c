// SPDX-License-Identifier: Apache-2.0
// split, fuse, reorder, tile. The first two and the last keep the order of iterations (tile: until its reorder).
#include <string.h>

#include "schedule.h"

static const tsr_expr *number(tsr_tensor_function *f, int64_t value) { return tsr_int(f->arena, TSR_I64, value); }
static const tsr_expr *scaled(tsr_tensor_function *f, const tsr_expr *e, int64_t by) {
    return tsr_binary_expr(f->arena, TSR_MUL, e, number(f, by));
}
static const tsr_expr *sum(tsr_tensor_function *f, const tsr_expr *a, const tsr_expr *b) {
    return tsr_binary_expr(f->arena, TSR_ADD, a, b);
}

// The body with the loop's variable replaced.
static tsr_stmt *body_with(tsr_tensor_function *f, const tsr_stmt *loop, const tsr_expr *iteration, const char *suffix) {
    rewrite r = {.f = f, .suffix = suffix};
    rewrite_var(&r, loop->var, iteration);
    return rewrite_stmt(&r, loop->body);
}

// Guards what is inside of loops with nothing between them, so that those stay such loops.
static void guard(tsr_arena *arena, tsr_stmt **body, const tsr_expr *condition) {
    while ((*body)->kind == TSR_S_FOR)
        body = &(*body)->body;
    *body = tsr_if(arena, condition, *body);
}

static tsr_status split(site *s, int64_t factor, tsr_tail tail, const tsr_var **out_outer, const tsr_var **out_inner) {
    tsr_tensor_function *f = s->f;
    const tsr_stmt *loop = s->loop;
    const int64_t whole = loop->extent / (factor > 0 ? factor : 1), rest = factor > 0 ? loop->extent % factor : 0;
    if (factor < 1 || factor > loop->extent)
        return tsr_error(TSR_INVALID_ARGUMENT, "a factor of %lld; loop %s has %lld iterations", (long long)factor,
                         loop->var->name, (long long)loop->extent);
    if (rest != 0 && tail == TSR_TAIL_NONE)
        return tsr_error(TSR_UNSUPPORTED, "loop %s has %lld iterations, no multiple of %lld; say what becomes of the last %lld",
                         loop->var->name, (long long)loop->extent, (long long)factor, (long long)rest);
    const tsr_var *outer = named_after(f, loop->var, "_o"), *inner = named_after(f, loop->var, "_i");
    const tsr_expr *at = sum(f, scaled(f, tsr_var_expr(f->arena, outer), factor), tsr_var_expr(f->arena, inner));
    const bool guarded = rest != 0 && tail == TSR_TAIL_GUARD;
    tsr_stmt *body = body_with(f, loop, at, NULL);
    if (guarded)
        guard(f->arena, &body, tsr_binary_expr(f->arena, TSR_LT, at, number(f, loop->extent)));
    body = tsr_for(f->arena, inner, factor, loop->for_kind, body);
    body =
        tsr_for(f->arena, outer, whole + guarded, loop->for_kind == TSR_FOR_PARALLEL ? TSR_FOR_PARALLEL : TSR_FOR_SERIAL, body);
    if (loop->for_kind == TSR_FOR_PARALLEL)
        body->body->for_kind = TSR_FOR_SERIAL; // threads take whole rounds
    if (rest != 0 && tail == TSR_TAIL_LOOP) {
        const tsr_var *last = named_after(f, loop->var, "_t");
        const tsr_expr *there = sum(f, tsr_var_expr(f->arena, last), number(f, whole * factor));
        tsr_stmt *items[] = {body, tsr_for(f->arena, last, rest, loop->for_kind, body_with(f, loop, there, "_t"))};
        body = tsr_seq(f->arena, 2, items);
    }
    *s->slot = body;
    *out_outer = outer;
    *out_inner = inner;
    return tsr_ok();
}

tsr_status tsr_schedule_split(tsr_tensor_function *f, const tsr_var *loop, int64_t factor, tsr_tail tail,
                              const tsr_var **out_outer, const tsr_var **out_inner) {
    *out_outer = *out_inner = NULL;
    site s;
    tsr_status status = site_find(f, "split", loop, &s);
    if (status.code == TSR_OK)
        status = split(&s, factor, tail, out_outer, out_inner);
    return site_end(&s, status);
}

// What stands where a loop was expected, for messages.
static const char *describe(const tsr_stmt *s) {
    switch (s->kind) {
    case TSR_S_STORE: return "a store";
    case TSR_S_SEQ: return "several statements";
    case TSR_S_IF: return "an if";
    default: return "another loop";
    }
}

// ---- fuse --------------------------------------------------------------------------------------------------------------
typedef struct fusion {
    const tsr_stmt *outer, *inner;
    const tsr_expr *both;
} fusion;

// outer * (n * c) + inner * c + rest is fused * c + rest: indices stay affine where they can.
static const tsr_expr *fuse_affine(rewrite *r, const tsr_expr *e) {
    const fusion *u = r->context;
    tsr_affine a;
    int64_t step;
    if (e->dtype != TSR_I64 || e->kind != TSR_E_BINARY || !tsr_affine_of(e, &a))
        return NULL;
    const int64_t c = tsr_affine_coefficient(&a, u->inner->var);
    if (c == 0 || __builtin_mul_overflow(c, u->inner->extent, &step) || tsr_affine_coefficient(&a, u->outer->var) != step)
        return NULL;
    const tsr_expr *value = scaled(r->f, u->both, c);
    for (uint32_t i = 0; i < a.count; i++)
        if (a.var[i] != u->inner->var && a.var[i] != u->outer->var)
            value = sum(r->f, value, scaled(r->f, tsr_var_expr(r->f->arena, a.var[i]), a.coefficient[i]));
    return sum(r->f, value, number(r->f, a.constant));
}

static tsr_status fuse(site *s, const tsr_var *inner_var, const tsr_var **out_fused) {
    tsr_tensor_function *f = s->f;
    const tsr_stmt *outer = s->loop, *inner = outer->body;
    int64_t extent;
    if (inner->kind != TSR_S_FOR || inner->var != inner_var)
        return tsr_error(TSR_UNSUPPORTED, "directly inside of loop %s stands %s, not loop %s", outer->var->name, describe(inner),
                         inner_var != NULL ? inner_var->name : "?");
    if (__builtin_mul_overflow(outer->extent, inner->extent, &extent))
        return tsr_error(TSR_UNSUPPORTED, "loops %s and %s have too many iterations together", outer->var->name,
                         inner->var->name);
    if (outer->for_kind != inner->for_kind)
        return tsr_error(TSR_UNSUPPORTED, "loops %s and %s run in different ways", outer->var->name, inner->var->name);
    const tsr_var *var = tsr_var_create(f, tsr_arena_printf(f->arena, "%s_%s", outer->var->name, inner->var->name));
    fusion u = {outer, inner, tsr_var_expr(f->arena, var)};
    const int64_t n = inner->extent > 0 ? inner->extent : 1;
    rewrite r = {.f = f, .replace = fuse_affine, .context = &u};
    rewrite_var(&r, outer->var, tsr_binary_expr(f->arena, TSR_DIV, u.both, number(f, n)));
    rewrite_var(&r, inner->var, n == 1 ? number(f, 0) : tsr_binary_expr(f->arena, TSR_MOD, u.both, number(f, n)));
    *s->slot = tsr_for(f->arena, var, extent, outer->for_kind, rewrite_stmt(&r, inner->body));
    *out_fused = var;
    return tsr_ok();
}

tsr_status tsr_schedule_fuse(tsr_tensor_function *f, const tsr_var *outer, const tsr_var *inner, const tsr_var **out_fused) {
    *out_fused = NULL;
    site s;
    tsr_status status = site_find(f, "fuse", outer, &s);
    if (status.code == TSR_OK)
        status = fuse(&s, inner, out_fused);
    return site_end(&s, status);
}

// ---- reorder -----------------------------------------------------------------------------------------------------------
enum { MAX_CHAIN = 10 };
typedef struct chain { // loops with nothing between them
    uint32_t count;
    tsr_stmt *loop[MAX_CHAIN];    // as they are, outermost first
    uint32_t position[MAX_CHAIN]; // of loop i in the new order
} chain;

// Could `from` come before `to` now and after it then? Signs of distances are chosen loop by loop, outermost first; what is not
// chosen yet can be anything.
static depend reverses(const chain *c, const access *from, const access *to, const binder *around, distance *d, uint32_t at,
                       bool is_later) {
    const depend possible = depends(from, to, d, c->count, around);
    if (possible == DEPEND_NO)
        return DEPEND_NO;
    if (at == c->count) {
        uint32_t first = c->count;
        for (uint32_t i = 0; i < c->count; i++)
            if (d[i].low != 0 && (first == c->count || c->position[i] < c->position[first]))
                first = i;
        return first < c->count && d[first].low < 0 ? possible : DEPEND_NO;
    }
    const distance all = d[at];
    const int64_t most = all.high;
    const distance choices[] = {{all.var, 1, most}, {all.var, 0, 0}, {all.var, -most, -1}};
    depend found = DEPEND_NO;
    for (int i = 0; i < 3 && found != DEPEND_YES; i++) {
        if ((i == 2 && !is_later) || (i != 1 && most < 1))
            continue; // it has to be later in the present order
        d[at] = choices[i];
        const depend one = reverses(c, from, to, around, d, at + 1, is_later || i == 0);
        found = one > found ? one : found;
    }
    d[at] = all;
    return found;
}

static tsr_status check_order(site *s, const chain *c, bool inexact) {
    const access_list list = accesses_of(s->scratch, c->loop[0], s->around);
    for (uint32_t i = 0; i < list.count; i++)
        for (uint32_t j = 0; j < list.count; j++) {
            const access *a = &list.items[i], *b = &list.items[j];
            if (a->buffer != b->buffer || (!a->is_store && !b->is_store))
                continue;
            const bool own = a->store == b->store && a->buffer == a->store->buffer;
            if (own && is_reduction(a->store, inexact))
                continue;
            distance d[MAX_CHAIN];
            for (uint32_t k = 0; k < c->count; k++)
                d[k] = (distance){c->loop[k]->var, -(c->loop[k]->extent - 1), c->loop[k]->extent - 1};
            if (reverses(c, a, b, s->around, d, 0, false) == DEPEND_NO)
                continue;
            if (own && is_reduction(a->store, true))
                return tsr_error(TSR_UNSUPPORTED,
                                 "floats are added into %s in the order of loops; in another they round differently",
                                 element_text(s->scratch, a));
            return tsr_error(TSR_UNSUPPORTED, "%s of %s and %s of %s would change places", a->is_store ? "store" : "load",
                             element_text(s->scratch, a), b->is_store ? "store" : "load", element_text(s->scratch, b));
        }
    return tsr_ok();
}

static int place_in(uint32_t count, const tsr_var *const *order, const tsr_var *var) {
    for (uint32_t i = 0; i < count; i++)
        if (order[i] == var)
            return (int)i;
    return -1;
}

// The chain from the outermost of the listed loops (s->loop) to the innermost.
static tsr_status find_chain(const site *s, uint32_t count, const tsr_var *const *order, chain *c) {
    uint32_t found = 0, places[MAX_CHAIN], of[MAX_CHAIN];
    memset(c, 0, sizeof *c);
    for (tsr_stmt *at = s->loop; found < count; at = at->body) {
        if (at->kind != TSR_S_FOR)
            return tsr_error(TSR_UNSUPPORTED,
                             "%s stands directly inside of loop %s: only loops with nothing between them can change places",
                             describe(at), c->loop[c->count - 1]->var->name);
        if (c->count == MAX_CHAIN)
            return tsr_error(TSR_UNSUPPORTED, "more than %d loops from %s on", MAX_CHAIN, s->loop->var->name);
        const int place = place_in(count, order, at->var);
        c->position[c->count] = c->count;
        c->loop[c->count++] = at;
        if (place < 0)
            continue;
        places[found] = c->count - 1; // in the chain, ascending
        of[found++] = (uint32_t)place;
    }
    for (uint32_t i = 0; i < count; i++)
        c->position[places[i]] = places[of[i]];
    return tsr_ok();
}

// A loop that runs in any order where it is need not do so further out.
static tsr_status check_kinds(site *s, const chain *c) {
    binder around[MAX_CHAIN];
    const binder *outer = s->around;
    for (uint32_t i = 0; i < c->count; i++) {
        const tsr_for_kind kind = c->loop[i]->for_kind;
        if (kind == TSR_FOR_PARALLEL || kind == TSR_FOR_VECTORIZE)
            TSR_TRY(check_independent(s->scratch, s->f, c->loop[i], outer, kind == TSR_FOR_PARALLEL, false));
        around[i] = (binder){c->loop[i], outer};
        outer = &around[i];
    }
    return tsr_ok();
}

static void move_loop(tsr_stmt *to, const tsr_stmt *from) {
    to->var = from->var;
    to->extent = from->extent;
    to->for_kind = from->for_kind;
}

static tsr_status reorder(site *s, uint32_t count, const tsr_var *const *order, bool inexact) {
    chain c;
    TSR_TRY(find_chain(s, count, order, &c));
    TSR_TRY(check_order(s, &c, inexact));
    tsr_stmt old[MAX_CHAIN];
    for (uint32_t i = 0; i < c.count; i++)
        old[i] = *c.loop[i];
    for (uint32_t i = 0; i < c.count; i++) // the statements stay, their loops change
        move_loop(c.loop[c.position[i]], &old[i]);
    tsr_status status = check_kinds(s, &c);
    for (uint32_t i = 0; i < c.count && status.code != TSR_OK; i++)
        move_loop(c.loop[i], &old[i]);
    return status;
}

tsr_status tsr_schedule_reorder(tsr_tensor_function *f, uint32_t count, const tsr_var *const *order, bool inexact) {
    site s, outermost;
    memset(&outermost, 0, sizeof outermost);
    tsr_status status = count < 2 ? tsr_error(TSR_INVALID_ARGUMENT, "%s: reorder: fewer than two loops", f->name) : tsr_ok();
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < count && status.code == TSR_OK; i++) {
        uint32_t depth = 0;
        status = site_find(f, "reorder", order[i], &s);
        for (const binder *b = s.around; b != NULL; b = b->up)
            depth++;
        if (status.code == TSR_OK && place_in(i, order, order[i]) >= 0)
            status = tsr_error(TSR_INVALID_ARGUMENT, "loop %s is listed twice", order[i]->name);
        if (status.code != TSR_OK || depth >= least) {
            status = site_end(&s, status);
            continue;
        }
        if (outermost.scratch != NULL)
            site_end(&outermost, tsr_ok());
        outermost = s;
        least = depth;
    }
    if (outermost.scratch == NULL)
        return status;
    if (status.code != TSR_OK) {
        site_end(&outermost, tsr_ok());
        return status;
    }
    return site_end(&outermost, reorder(&outermost, count, order, inexact));
}

tsr_status tsr_schedule_tile(tsr_tensor_function *f, const tsr_var *y, const tsr_var *x, int64_t rows, int64_t columns,
                             tsr_tail tail, const tsr_var *out_loops[4]) {
    // A copy to go back to: the reorder may be refused after both splits.
    tsr_stmt *before = f->body;
    rewrite r = {.f = f};
    f->body = rewrite_stmt(&r, f->body);
    tsr_status status = tsr_schedule_split(f, x, columns, tail, &out_loops[1], &out_loops[3]);
    if (status.code == TSR_OK)
        status = tsr_schedule_split(f, y, rows, tail, &out_loops[0], &out_loops[2]);
    if (status.code == TSR_OK)
        status = tsr_schedule_reorder(f, 4, out_loops, false);
    if (status.code != TSR_OK) {
        f->body = before;
        memset(out_loops, 0, 4 * sizeof *out_loops);
    }
    return tsr_annotate(status, "tile");
}
