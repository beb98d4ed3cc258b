// SPDX-License-Identifier: Apache-2.0
// Tensorise: a nest against a pattern. Values are compared as trees, which pairs up the loads of both; then each loop of the
// pattern looks for one of the nest that moves all of them alike. What differs is named as precisely as it was found.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "eval.h"
#include "schedule.h"

enum { MAX_PAIRS = 32 };

typedef struct loop_nest { // loops around one store
    uint32_t count;
    const tsr_stmt *loops[TSR_MAX_NEST];
    const tsr_stmt *store;
} loop_nest;

typedef struct pair { // an access of the pattern and the one of the nest that stands for it
    const tsr_tbuffer *pattern;
    tsr_tbuffer *buffer;
    tsr_affine in_pattern, in_nest;
} pair;

typedef struct matcher {
    const char *name; // of the pattern
    tsr_arena *scratch;
    const tsr_stmt *pattern_root, *nest_root;
    loop_nest pattern, nest;
    pair pairs[MAX_PAIRS];
    uint32_t count;
} matcher;

// Where in a value: an operand of an expression of the pattern, and where that one is. Without it the stored value itself.
typedef struct path {
    const tsr_expr *of;
    int operand;
    const struct path *up;
} path;

static const char *path_text(const matcher *m, const path *p) {
    static const char *const sides[] = {"left side", "right side"}, *const arms[] = {"condition", "first arm", "second arm"};
    if (p == NULL)
        return tsr_arena_printf(m->scratch, "the value stored to %s", m->nest.store->buffer->name);
    const char *up = path_text(m, p->up);
    switch (p->of->kind) {
    case TSR_E_BINARY:
        return tsr_arena_printf(m->scratch, "%s of %s of %s", sides[p->operand], tsr_binary_name(p->of->value.binary), up);
    case TSR_E_SELECT: return tsr_arena_printf(m->scratch, "%s of select of %s", arms[p->operand], up);
    case TSR_E_CAST: return tsr_arena_printf(m->scratch, "operand of %s() of %s", tsr_short_type(p->of->dtype), up);
    default: return tsr_arena_printf(m->scratch, "operand of %s", up);
    }
}

#define NO_MATCH(m, ...) tsr_annotate(tsr_error(TSR_UNSUPPORTED, __VA_ARGS__), "%s", (m)->name)

static tsr_status peel(matcher *m, const tsr_stmt *s, const char *whose, loop_nest *out) {
    memset(out, 0, sizeof *out);
    for (; s->kind == TSR_S_FOR; s = s->body) {
        if (s->extent == 1) // adds nothing to any index
            continue;
        if (out->count == TSR_MAX_NEST)
            return NO_MATCH(m, "%s has more than %d loops", whose, TSR_MAX_NEST);
        out->loops[out->count++] = s;
    }
    if (s->kind != TSR_S_STORE)
        return NO_MATCH(m, "%s is no nest of loops around one store: inside of loop %s stands %s", whose,
                        out->count > 0 ? out->loops[out->count - 1]->var->name : "(none)",
                        s->kind == TSR_S_IF    ? "an if"
                        : s->kind == TSR_S_SEQ ? "a sequence of statements"
                                               : "a tensorised statement");
    out->store = s;
    return tsr_ok();
}

// Indices may use variables of loops of one iteration, which are always 0.
static void drop_absent(const tsr_stmt *root, tsr_affine *a) {
    for (const tsr_stmt *s = root; s->kind == TSR_S_FOR; s = s->body)
        for (uint32_t i = 0; i < a->count && s->extent == 1; i++)
            if (a->var[i] == s->var) {
                a->count--;
                a->var[i] = a->var[a->count];
                a->coefficient[i] = a->coefficient[a->count];
                break;
            }
}

// stored: what both store to; the path says nothing then.
static tsr_status add_pair(matcher *m, const path *where, bool stored, const tsr_tbuffer *pattern, const tsr_expr *pattern_index,
                           tsr_tbuffer *buffer, const tsr_expr *index) {
    const char *what = NULL;
    for (uint32_t i = 0; i < m->count; i++)
        if (m->pairs[i].pattern == pattern && m->pairs[i].buffer != buffer)
            what = tsr_arena_printf(m->scratch, "the pattern's %s is %s here and %s elsewhere", pattern->name, buffer->name,
                                    m->pairs[i].buffer->name);
    pair *p = &m->pairs[m->count];
    *p = (pair){.pattern = pattern, .buffer = buffer};
    if (pattern->dtype != buffer->dtype)
        what = tsr_arena_printf(m->scratch, "the pattern has %s of %s, the nest %s of %s", pattern->name,
                                tsr_dtype_name(pattern->dtype), buffer->name, tsr_dtype_name(buffer->dtype));
    else if (pattern->scope >= TSR_SCOPE_INP && buffer->scope != pattern->scope)
        what = tsr_arena_printf(m->scratch, "the pattern has %s in memory %s, the nest %s in memory %s", pattern->name,
                                tsr_scope_name(pattern->scope), buffer->name, tsr_scope_name(buffer->scope));
    else if (!tsr_affine_of(pattern_index, &p->in_pattern))
        what = tsr_arena_printf(m->scratch, "the pattern's index %s[%s] is not affine", pattern->name,
                                expr_text(m->scratch, pattern_index));
    else if (!tsr_affine_of(index, &p->in_nest))
        what = tsr_arena_printf(m->scratch, "the index %s[%s] is not affine", buffer->name, expr_text(m->scratch, index));
    if (what != NULL)
        return NO_MATCH(m, "%s: %s", stored ? "what is stored to" : path_text(m, where), what);
    drop_absent(m->pattern_root, &p->in_pattern);
    drop_absent(m->nest_root, &p->in_nest);
    if (++m->count == MAX_PAIRS)
        return NO_MATCH(m, "the pattern has more than %d loads", MAX_PAIRS - 1);
    return tsr_ok();
}

static const char *describe(matcher *m, const tsr_expr *e) {
    switch (e->kind) {
    case TSR_E_LOAD: return tsr_arena_printf(m->scratch, "a load of %s", e->value.buffer->name);
    case TSR_E_BINARY: return tsr_arena_printf(m->scratch, "operator %s", tsr_binary_name(e->value.binary));
    case TSR_E_CAST:
        return tsr_arena_printf(m->scratch, "a cast from %s to %s", tsr_dtype_name(e->a->dtype), tsr_dtype_name(e->dtype));
    case TSR_E_CALL: return tsr_arena_printf(m->scratch, "function %s", tsr_function_name(e->value.function));
    case TSR_E_SELECT: return "a select";
    case TSR_E_BITCAST: return "a bitcast";
    case TSR_E_VAR: return tsr_arena_printf(m->scratch, "loop variable %s", e->value.var->name);
    default: return expr_text(m->scratch, e);
    }
}

static bool commutes(tsr_binary op) {
    return op == TSR_ADD || op == TSR_MUL || op == TSR_AND || op == TSR_OR || op == TSR_XOR || op == TSR_EQ || op == TSR_NE;
}

static tsr_status match_value(matcher *m, const path *where, const tsr_expr *p, const tsr_expr *e);

static tsr_status match_operands(matcher *m, const path *where, const tsr_expr *p, const tsr_expr *const operands[3]) {
    const tsr_expr *const mine[3] = {p->a, p->b, p->c};
    for (int i = 0; i < 3 && mine[i] != NULL; i++) {
        const path inner = {p, i, where};
        TSR_TRY(match_value(m, &inner, mine[i], operands[i]));
    }
    return tsr_ok();
}

static tsr_status match_value(matcher *m, const path *where, const tsr_expr *p, const tsr_expr *e) {
    bool same = p->kind == e->kind && p->dtype == e->dtype;
    switch (p->kind) {
    case TSR_E_INT: same = same && p->value.i == e->value.i; break;
    case TSR_E_FLOAT: same = same && memcmp(&p->value.f, &e->value.f, sizeof p->value.f) == 0; break;
    case TSR_E_VAR: same = false; break; // a pattern's variables stand in indices only
    case TSR_E_BINARY: same = same && p->value.binary == e->value.binary; break;
    case TSR_E_CALL: same = same && p->value.function == e->value.function; break;
    case TSR_E_CAST:
    case TSR_E_BITCAST: same = same && p->a->dtype == e->a->dtype; break;
    default: break;
    }
    if (!same && p->kind == TSR_E_LOAD && e->kind == TSR_E_LOAD) // of another type: named as an operand
        same = true;
    if (!same)
        return NO_MATCH(m, "%s: the pattern has %s, the nest %s", path_text(m, where), describe(m, p), describe(m, e));
    if (p->kind == TSR_E_LOAD)
        return add_pair(m, where, false, p->value.buffer, p->a, e->value.buffer, e->a);
    const uint32_t before = m->count;
    const tsr_expr *straight[] = {e->a, e->b, e->c}, *crossed[] = {e->b, e->a, NULL};
    tsr_status status = match_operands(m, where, p, straight);
    if (status.code == TSR_OK || p->kind != TSR_E_BINARY || !commutes(p->value.binary))
        return status;
    const uint32_t reached = m->count; // the way round that went further knows better what is wrong
    m->count = before;
    tsr_status other = match_operands(m, where, p, crossed);
    if (other.code == TSR_OK)
        return other;
    const bool further = m->count > reached;
    m->count = before;
    return further ? other : status;
}

static const char *loops_text(tsr_arena *arena, const loop_nest *n) {
    const char *text = "";
    for (uint32_t i = 0; i < n->count; i++)
        text =
            tsr_arena_printf(arena, "%s%s%s (%" PRId64 ")", text, i > 0 ? ", " : "", n->loops[i]->var->name, n->loops[i]->extent);
    return n->count > 0 ? text : "none";
}

// How many operands two loops move alike; *out_differs is one that they do not.
static uint32_t alike(const matcher *m, const tsr_stmt *p, const tsr_stmt *e, const pair **out_differs) {
    uint32_t count = 0;
    *out_differs = NULL;
    for (uint32_t i = 0; i < m->count; i++)
        if (tsr_affine_coefficient(&m->pairs[i].in_pattern, p->var) == tsr_affine_coefficient(&m->pairs[i].in_nest, e->var))
            count++;
        else if (*out_differs == NULL)
            *out_differs = &m->pairs[i];
    return count;
}

// Takes the loop of the nest that is the pattern's loop p; innermost first. NULL when there is none.
static const tsr_stmt *take_loop(matcher *m, const tsr_stmt *p) {
    const pair *differs;
    for (uint32_t i = m->nest.count; i-- > 0;) {
        const tsr_stmt *e = m->nest.loops[i];
        if (e->extent != p->extent)
            continue;
        alike(m, p, e, &differs);
        if (differs != NULL)
            continue;
        memmove(&m->nest.loops[i], &m->nest.loops[i + 1], (m->nest.count - i - 1) * sizeof m->nest.loops[0]);
        m->nest.count--;
        return e;
    }
    return NULL;
}

// Why none of the loops that are left is p: the one that comes nearest says it.
static tsr_status no_loop(const matcher *m, const tsr_stmt *p) {
    const tsr_stmt *best = NULL;
    const pair *differs, *best_differs = NULL;
    uint32_t most = 0;
    for (uint32_t i = m->nest.count; i-- > 0;) {
        if (m->nest.loops[i]->extent != p->extent)
            continue;
        const uint32_t count = alike(m, p, m->nest.loops[i], &differs);
        if (best != NULL && count <= most)
            continue;
        best = m->nest.loops[i];
        most = count;
        best_differs = differs;
    }
    if (best == NULL)
        return NO_MATCH(m, "no loop of %" PRId64 " iterations for the pattern's loop %s; loops that it could be: %s", p->extent,
                        p->var->name, loops_text(m->scratch, &m->nest));
    return NO_MATCH(m, "loop %s moves the index of %s by %" PRId64 " an iteration, the pattern's loop %s moves %s by %" PRId64,
                    best->var->name, best_differs->buffer->name, tsr_affine_coefficient(&best_differs->in_nest, best->var),
                    p->var->name, best_differs->pattern->name, tsr_affine_coefficient(&best_differs->in_pattern, p->var));
}

// What is left of an index without the pattern's loops.
static tsr_affine rest_of(const pair *p, const tsr_match *match) {
    tsr_affine rest = {.constant = p->in_nest.constant - p->in_pattern.constant};
    for (uint32_t i = 0; i < p->in_nest.count; i++) {
        bool inner = false;
        for (uint32_t k = 0; k < match->inner_count; k++)
            inner |= match->inner[k]->var == p->in_nest.var[i];
        if (inner)
            continue;
        rest.var[rest.count] = p->in_nest.var[i];
        rest.coefficient[rest.count++] = p->in_nest.coefficient[i];
    }
    return rest;
}

static bool same_affine(const tsr_affine *a, const tsr_affine *b) {
    bool same = a->constant == b->constant && a->count == b->count;
    for (uint32_t i = 0; i < a->count && same; i++)
        same = tsr_affine_coefficient(b, a->var[i]) == a->coefficient[i];
    return same;
}

static tsr_status find_operands(matcher *m, tsr_match *match) {
    for (uint32_t i = 0; i < m->count; i++) {
        const tsr_affine first = rest_of(&m->pairs[i], match);
        uint32_t at = 0;
        while (at < match->operand_count && match->operands[at].pattern != m->pairs[i].pattern)
            at++;
        if (at < match->operand_count && !same_affine(&first, &match->operands[at].first))
            return NO_MATCH(m, "two indices into %s lie apart in another way than the pattern's", m->pairs[i].buffer->name);
        if (at < match->operand_count)
            continue;
        if (at == TSR_MAX_OPERANDS)
            return NO_MATCH(m, "the pattern has more than %d operands", TSR_MAX_OPERANDS);
        match->operands[match->operand_count++] = (tsr_matched_operand){m->pairs[i].pattern, m->pairs[i].buffer, first};
    }
    return tsr_ok();
}

static tsr_status match(matcher *m, tsr_match *out) {
    TSR_TRY(peel(m, m->pattern_root, "the pattern", &m->pattern));
    TSR_TRY(peel(m, m->nest_root, "what should match", &m->nest));
    const tsr_stmt *p = m->pattern.store, *e = m->nest.store;
    TSR_TRY(add_pair(m, NULL, true, p->buffer, p->index, e->buffer, e->index));
    TSR_TRY(match_value(m, NULL, p->value, e->value));
    const tsr_stmt *missing = NULL;
    for (uint32_t i = m->pattern.count; i-- > 0;) {
        const tsr_stmt *loop = take_loop(m, m->pattern.loops[i]);
        if (loop != NULL)
            out->inner[out->inner_count++] = loop;
        else
            missing = m->pattern.loops[i];
    }
    if (missing != NULL)
        return no_loop(m, missing);
    TSR_TRY(find_operands(m, out));
    out->loop_count = m->nest.count;
    memcpy(out->loops, m->nest.loops, m->nest.count * sizeof out->loops[0]);
    return tsr_ok();
}

tsr_status tsr_match_nest(const tsr_tensor_function *pattern, const tsr_stmt *nest, tsr_match *out_match) {
    memset(out_match, 0, sizeof *out_match);
    matcher m = {.name = pattern->name, .scratch = tsr_arena_create(), .pattern_root = pattern->body, .nest_root = nest};
    tsr_status status = match(&m, out_match);
    tsr_arena_free(m.scratch);
    return status;
}
