// SPDX-License-Identifier: Apache-2.0
// compute_at. The producer is a nest whose outermost loops address the buffer like the digits of a number; an index of the
// consumer is taken apart into the same digits, and what the loops inside of `loop` add to each is what has to be computed.
#include <string.h>

#include "schedule.h"

typedef struct digit {
    const tsr_stmt *loop; // of the producer
    int64_t step;
    tsr_affine outer;    // of the consumer's loops outside, without its constant
    int64_t least, most; // of the rest
} digit;

typedef struct move {
    site *s;
    const tsr_tbuffer *buffer;
    tsr_stmt **items; // of the sequence that holds both
    uint32_t item_count, producer, consumer;
    const binder *outside; // of what is computed: the loop and those around
    uint32_t count;
    digit digits[TSR_MAX_AFFINE]; // larger steps first
    int64_t constant;
    const tsr_stmt *inner; // below the digits' loops
} move;

static bool contains(const tsr_stmt *s, const tsr_stmt *what) {
    if (s == what)
        return true;
    if (s->body != NULL && contains(s->body, what))
        return true;
    for (uint32_t i = 0; i < s->item_count; i++)
        if (contains(s->items[i], what))
            return true;
    return false;
}

static bool stores_to(tsr_arena *scratch, const tsr_stmt *s, const tsr_tbuffer *buffer) {
    const access_list list = accesses_of(scratch, s, NULL);
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i].is_store && list.items[i].buffer == buffer)
            return true;
    return false;
}

// The innermost sequence with the producer before the consumer.
static bool find_pair(move *m, tsr_stmt *s) {
    if (s->body != NULL && find_pair(m, s->body))
        return true;
    for (uint32_t i = 0; i < s->item_count; i++)
        if (find_pair(m, s->items[i]))
            return true;
    uint32_t consumer = s->item_count, producer = s->item_count;
    for (uint32_t i = 0; i < s->item_count; i++)
        if (contains(s->items[i], m->s->loop))
            consumer = i;
    for (uint32_t i = 0; i < consumer && consumer < s->item_count; i++)
        if (stores_to(m->s->scratch, s->items[i], m->buffer))
            producer = i;
    if (producer == s->item_count)
        return false;
    m->items = s->items;
    m->item_count = s->item_count;
    m->producer = producer;
    m->consumer = consumer;
    return true;
}

static tsr_status find_digits(move *m) {
    site *s = m->s;
    const tsr_stmt *producer = m->items[m->producer];
    const access_list list = accesses_of(s->scratch, producer, NULL);
    const access *store = NULL;
    for (uint32_t i = 0; i < list.count; i++) {
        const access *a = &list.items[i];
        if (a->is_store && a->buffer != m->buffer)
            return tsr_error(TSR_UNSUPPORTED, "what fills %s stores to %s too", m->buffer->name, a->buffer->name);
        if (a->buffer != m->buffer)
            continue;
        if (!a->is_affine)
            return tsr_error(TSR_UNSUPPORTED, "the index of %s is not affine", element_text(s->scratch, a));
        if (store != NULL && !tsr_expr_equal(store->index, a->index))
            return tsr_error(TSR_UNSUPPORTED, "%s is filled at %s and %s", m->buffer->name, element_text(s->scratch, store),
                             element_text(s->scratch, a));
        store = a;
    }
    uint32_t used = 0;
    for (; producer->kind == TSR_S_FOR; producer = producer->body) {
        const int64_t step = tsr_affine_coefficient(&store->affine, producer->var);
        if (step == 0)
            break;
        if (step < 0 || producer->extent < 1)
            return tsr_error(TSR_UNSUPPORTED, "loop %s fills %s backwards or not at all", producer->var->name, m->buffer->name);
        uint32_t at = m->count++;
        for (; at > 0 && m->digits[at - 1].step < step; at--)
            m->digits[at] = m->digits[at - 1];
        m->digits[at] = (digit){.loop = producer, .step = step};
        used++;
    }
    if (used != store->affine.count)
        return tsr_error(TSR_UNSUPPORTED, "%s is filled by loops that are not the outermost of their nest", m->buffer->name);
    int64_t reach = 0;
    for (uint32_t d = m->count; d-- > 0; reach += (m->digits[d].loop->extent - 1) * m->digits[d].step)
        if (m->digits[d].step <= reach)
            return tsr_error(TSR_UNSUPPORTED, "loop %s fills elements of %s that another fills too", m->digits[d].loop->var->name,
                             m->buffer->name);
    m->constant = store->affine.constant;
    m->inner = producer;
    return tsr_ok();
}

// The digits of one load: sums of loops of the consumer.
static tsr_status take_apart(move *m, const access *load, bool first) {
    const char *text = element_text(m->s->scratch, load);
    if (!load->is_affine)
        return tsr_error(TSR_UNSUPPORTED, "the index of %s is not affine", text);
    tsr_affine parts[TSR_MAX_AFFINE] = {0};
    int64_t rest = load->affine.constant - m->constant;
    for (uint32_t d = 0; d < m->count; d++) {
        const int64_t step = m->digits[d].step, floor = rest / step - (rest % step < 0);
        parts[d].constant = floor;
        rest -= floor * step;
    }
    for (uint32_t t = 0; t < load->affine.count; t++) {
        uint32_t d = 0;
        while (d < m->count && load->affine.coefficient[t] % m->digits[d].step != 0)
            d++;
        if (d == m->count)
            return tsr_error(TSR_UNSUPPORTED, "%s moves by %lld with loop %s, which no loop that fills it does", text,
                             (long long)load->affine.coefficient[t], load->affine.var[t]->name);
        parts[d].var[parts[d].count] = load->affine.var[t];
        parts[d].coefficient[parts[d].count++] = load->affine.coefficient[t] / m->digits[d].step;
    }
    if (rest != 0)
        return tsr_error(TSR_UNSUPPORTED, "%s lies between the elements that are filled", text);
    for (uint32_t d = 0; d < m->count; d++) {
        digit *g = &m->digits[d];
        int64_t least, most;
        if (!affine_range(&parts[d], load->loops, &least, &most) || least < 0 || most >= g->loop->extent)
            return tsr_error(TSR_UNSUPPORTED, "%s may reach past what loop %s fills", text, g->loop->var->name);
        tsr_affine outer = {0};
        int64_t low = parts[d].constant, high = low;
        for (uint32_t t = 0; t < parts[d].count; t++) {
            const tsr_var *var = parts[d].var[t];
            if (bound_by(m->outside, var) != NULL) {
                outer.var[outer.count] = var;
                outer.coefficient[outer.count++] = parts[d].coefficient[t];
                continue;
            }
            const int64_t far = parts[d].coefficient[t] * (bound_by(load->loops, var)->extent - 1);
            *(far < 0 ? &low : &high) += far;
        }
        bool same = first || outer.count == g->outer.count;
        for (uint32_t t = 0; t < outer.count && !first && same; t++)
            same = tsr_affine_coefficient(&g->outer, outer.var[t]) == outer.coefficient[t];
        if (!same)
            return tsr_error(TSR_UNSUPPORTED, "%s moves in another way with the loops around than other loads do", text);
        g->outer = outer;
        g->least = first || low < g->least ? low : g->least;
        g->most = first || high > g->most ? high : g->most;
    }
    return tsr_ok();
}

// Everything that reads the buffer is inside of the loop; nothing changes before it what the producer reads.
static tsr_status check_others(const move *m) {
    site *s = m->s;
    const access_list all = accesses_of(s->scratch, s->f->body, NULL);
    for (uint32_t i = 0; i < all.count; i++) {
        const access *a = &all.items[i];
        bool inside = contains(m->items[m->producer], a->store);
        for (const binder *b = a->loops; b != NULL; b = b->up)
            inside |= b->loop == s->loop && !a->is_store;
        if (a->buffer == m->buffer && !inside)
            return tsr_error(TSR_UNSUPPORTED, "%s of %s is outside of loop %s", a->is_store ? "a store" : "a load",
                             element_text(s->scratch, a), s->loop->var->name);
    }
    const access_list read = accesses_of(s->scratch, m->items[m->producer], NULL);
    for (uint32_t i = 0; i < read.count; i++)
        for (uint32_t k = m->producer + 1; k <= m->consumer; k++)
            if (read.items[i].buffer != m->buffer && stores_to(s->scratch, m->items[k], read.items[i].buffer))
                return tsr_error(TSR_UNSUPPORTED, "%s, from which %s is made, is changed before loop %s ends",
                                 read.items[i].buffer->name, m->buffer->name, s->loop->var->name);
    return tsr_ok();
}

static tsr_stmt *computation(const move *m) {
    tsr_tensor_function *f = m->s->f;
    rewrite r = {.f = f};
    const tsr_var *vars[TSR_MAX_AFFINE];
    for (uint32_t d = 0; d < m->count; d++) {
        const digit *g = &m->digits[d];
        tsr_affine at = g->outer;
        vars[d] = named_after(f, g->loop->var, "_at");
        at.constant = g->least;
        rewrite_var(&r, g->loop->var, tsr_binary_expr(f->arena, TSR_ADD, affine_expr(f, &at), tsr_var_expr(f->arena, vars[d])));
    }
    tsr_stmt *nest = rewrite_stmt(&r, m->inner);
    for (uint32_t d = m->count; d-- > 0;)
        nest = tsr_for(f->arena, vars[d], m->digits[d].most - m->digits[d].least + 1, TSR_FOR_SERIAL, nest);
    return nest;
}

static tsr_status compute_at(site *s, const tsr_tbuffer *buffer) {
    binder here = {s->loop, s->around};
    move m = {.s = s, .buffer = buffer, .outside = &here};
    if (buffer->scope != TSR_SCOPE_LOCAL && buffer->scope != TSR_SCOPE_SCRATCH)
        return tsr_error(TSR_UNSUPPORTED, "%s is in memory %s: all of it is needed afterwards", buffer->name,
                         tsr_scope_name(buffer->scope));
    for (const binder *l = &here; l != NULL; l = l->up)
        if (l->loop->for_kind == TSR_FOR_VECTORIZE)
            return tsr_error(TSR_UNSUPPORTED, "loop %s is vectorised", l->loop->var->name);
    if (!find_pair(&m, s->f->body))
        return tsr_error(TSR_NOT_FOUND, "nothing before loop %s fills %s", s->loop->var->name, buffer->name);
    TSR_TRY(find_digits(&m));
    TSR_TRY(check_others(&m));
    const access_list list = accesses_of(s->scratch, s->loop->body, &here);
    bool first = true;
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.items[i].buffer != buffer)
            continue;
        TSR_TRY(take_apart(&m, &list.items[i], first));
        first = false;
    }
    if (first)
        return tsr_error(TSR_NOT_FOUND, "loop %s does not read %s", s->loop->var->name, buffer->name);
    tsr_stmt *before = s->loop->body, *producer = m.items[m.producer], *items[] = {computation(&m), before};
    s->loop->body = tsr_seq(s->f->arena, 2, items);
    m.items[m.producer] = tsr_seq(s->f->arena, 0, NULL);
    tsr_status status = check_around(s, &here);
    if (status.code != TSR_OK) {
        s->loop->body = before;
        m.items[m.producer] = producer;
    }
    return status;
}

tsr_status tsr_schedule_compute_at(tsr_tensor_function *f, const tsr_tbuffer *buffer, const tsr_var *loop) {
    site s;
    tsr_status status = site_find(f, "compute_at", loop, &s);
    if (status.code == TSR_OK)
        status = compute_at(&s, buffer);
    return site_end(&s, status);
}
