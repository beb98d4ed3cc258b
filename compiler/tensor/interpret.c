// SPDX-License-Identifier: Apache-2.0
// A tree-walking interpreter. Expressions are shared graphs, so each is flattened once into steps that know whether their
// value is still that of the current statement; otherwise a shared operand would be computed once a path to it.
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "pointer_map.h"

typedef struct step step;
struct step {
    const tsr_expr *expr;
    step *a, *b, *c;
    uint64_t stamp; // value belongs to this execution of a statement
    tsr_value value;
    void *base; // LOAD: the buffer's bytes
};

typedef struct machine {
    const tsr_tensor_function *f;
    tsr_arena *arena;
    void *(*storage)(void *context, const tsr_tbuffer *buffer);
    void *context;
    pointer_map steps, buffers;
    int64_t *vars;
    uint64_t stamp, limit; // statements run so far, and how many may be
    tsr_status status;
} machine;

static void *bytes_of(machine *m, const tsr_tbuffer *buffer) {
    void *bytes = map_get(&m->buffers, buffer);
    if (bytes != NULL)
        return bytes;
    if (buffer->scope == TSR_SCOPE_SCRATCH)
        bytes = tsr_arena_alloc(m->arena, (size_t)buffer->elements * tsr_dtype_size(buffer->dtype) + 1);
    else
        bytes = m->storage(m->context, buffer);
    if (bytes == NULL && m->status.code == TSR_OK)
        m->status = tsr_error(TSR_INVALID_ARGUMENT, "%s: no storage for buffer %s", m->f->name, buffer->name);
    if (bytes != NULL)
        map_put(m->arena, &m->buffers, buffer, bytes);
    return bytes;
}

static step *flatten(machine *m, const tsr_expr *e) {
    if (e == NULL)
        return NULL;
    step *s = map_get(&m->steps, e);
    if (s != NULL)
        return s;
    s = TSR_NEW(m->arena, step);
    s->expr = e;
    s->a = flatten(m, e->a);
    s->b = flatten(m, e->b);
    s->c = flatten(m, e->c);
    if (e->kind == TSR_E_LOAD)
        s->base = bytes_of(m, e->value.buffer);
    map_put(m->arena, &m->steps, e, s);
    return s;
}

static void flatten_stmt(machine *m, const tsr_stmt *s) {
    if (s == NULL)
        return;
    flatten(m, s->index);
    flatten(m, s->value);
    flatten(m, s->condition);
    if (s->kind == TSR_S_STORE)
        bytes_of(m, s->buffer);
    flatten_stmt(m, s->body);
    for (uint32_t i = 0; i < s->item_count; i++)
        flatten_stmt(m, s->items[i]);
}

static bool in_range(machine *m, const tsr_tbuffer *buffer, int64_t index, const char *what) {
    if (index >= 0 && (uint64_t)index < buffer->elements)
        return true;
    if (m->status.code == TSR_OK)
        m->status = tsr_error(TSR_OUT_OF_RANGE, "%s: %s of %s[%lld], which has %llu elements", m->f->name, what, buffer->name,
                              (long long)index, (unsigned long long)buffer->elements);
    return false;
}

static tsr_value eval(machine *m, step *s) {
    const tsr_expr *e = s->expr;
    switch (e->kind) {
    case TSR_E_INT: return (tsr_value){.i = e->value.i};
    case TSR_E_FLOAT: return (tsr_value){.f = e->value.f};
    case TSR_E_VAR: return (tsr_value){.i = m->vars[e->value.var->id]};
    default: break;
    }
    if (s->stamp == m->stamp)
        return s->value;
    tsr_value value = {.i = 0}, a = eval(m, s->a);
    switch (e->kind) {
    case TSR_E_LOAD:
        if (in_range(m, e->value.buffer, a.i, "load"))
            value = tsr_eval_load(e->dtype, (char *)s->base + (size_t)a.i * tsr_dtype_size(e->dtype));
        break;
    case TSR_E_BINARY: value = tsr_eval_binary(e->value.binary, e->a->dtype, a, eval(m, s->b)); break;
    case TSR_E_SELECT: value = eval(m, a.i ? s->b : s->c); break;
    case TSR_E_CAST: value = tsr_eval_cast(e->a->dtype, e->dtype, a); break;
    case TSR_E_BITCAST: value = tsr_eval_bitcast(e->a->dtype, e->dtype, a); break;
    case TSR_E_CALL:
        value = tsr_eval_call(e->value.function, e->dtype, a, s->b != NULL ? eval(m, s->b) : (tsr_value){.i = 0});
        break;
    default: break;
    }
    s->value = value;
    s->stamp = m->stamp;
    return value;
}

static bool next_statement(machine *m) {
    if (m->stamp++ < m->limit)
        return true;
    if (m->status.code == TSR_OK)
        m->status = tsr_error(TSR_OUT_OF_RANGE, "%s: takes more than %llu steps", m->f->name, (unsigned long long)m->limit);
    return false;
}

static void run(machine *m, const tsr_stmt *s) {
    switch (s->kind) {
    case TSR_S_FOR:
        for (int64_t i = 0; i < s->extent && m->status.code == TSR_OK; i++) {
            m->vars[s->var->id] = i;
            run(m, s->body);
        }
        return;
    case TSR_S_STORE: {
        if (!next_statement(m))
            return;
        int64_t index = eval(m, map_get(&m->steps, s->index)).i;
        tsr_value value = eval(m, map_get(&m->steps, s->value));
        if (in_range(m, s->buffer, index, "store") && m->status.code == TSR_OK)
            tsr_eval_store(s->buffer->dtype,
                           (char *)map_get(&m->buffers, s->buffer) + (size_t)index * tsr_dtype_size(s->buffer->dtype), value);
        return;
    }
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count && m->status.code == TSR_OK; i++)
            run(m, s->items[i]);
        return;
    case TSR_S_IF:
        if (next_statement(m) && eval(m, map_get(&m->steps, s->condition)).i)
            run(m, s->body);
        return;
    case TSR_S_TENSORISED: run(m, s->body); return;
    }
}

tsr_status tsr_tensor_interpret(const tsr_tensor_function *f, void *(*storage)(void *context, const tsr_tbuffer *buffer),
                                void *context) {
    uint64_t steps = UINT64_MAX;
    return tsr_tensor_interpret_within(f, storage, context, &steps);
}

tsr_status tsr_tensor_interpret_within(const tsr_tensor_function *f, void *(*storage)(void *context, const tsr_tbuffer *buffer),
                                       void *context, uint64_t *steps) {
    TSR_TRY(tsr_tensor_verify(f));
    machine m = {
        .f = f, .storage = storage, .context = context, .arena = tsr_arena_create(), .limit = *steps, .status = tsr_ok()};
    m.vars = TSR_NEW_ARRAY(m.arena, int64_t, f->var_count + 1);
    for (uint32_t i = 0; i < f->local_count; i++) {
        size_t bytes = (size_t)f->locals[i]->elements * tsr_dtype_size(f->locals[i]->dtype);
        map_put(m.arena, &m.buffers, f->locals[i], tsr_arena_alloc(m.arena, bytes + 1));
    }
    flatten_stmt(&m, f->body);
    if (m.status.code == TSR_OK && f->body != NULL)
        run(&m, f->body);
    tsr_arena_free(m.arena);
    *steps -= m.stamp < *steps ? m.stamp : *steps;
    return m.status;
}
