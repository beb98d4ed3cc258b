// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "eval.h"
#include "pointer_map.h"
#include "schedule.h"

typedef struct checker {
    const tsr_tensor_function *f;
    bool *bound; // by variable id
    // Shared expressions are checked once for each set of loops around them.
    pointer_map seen;
    tsr_arena *arena;
} checker;

static tsr_status fail(const checker *c, const char *what) {
    return tsr_error(TSR_INTERNAL, "tensor program %s: %s", c->f->name, what);
}

static bool is_local(const tsr_tensor_function *f, const tsr_tbuffer *buffer) {
    for (uint32_t i = 0; i < f->local_count; i++)
        if (f->locals[i] == buffer)
            return true;
    return false;
}

static tsr_status check_buffer(const checker *c, const tsr_tbuffer *buffer) {
    if (buffer == NULL)
        return fail(c, "no buffer");
    if (tsr_dtype_size(buffer->dtype) == 0)
        return fail(c, "a buffer without an element type");
    if (buffer->scope == TSR_SCOPE_LOCAL && !is_local(c->f, buffer))
        return tsr_error(TSR_INTERNAL, "tensor program %s: local buffer %s belongs to another function", c->f->name,
                         buffer->name);
    return tsr_ok();
}

static tsr_status check_expr(checker *c, const tsr_expr *e);

static tsr_status check_operands(checker *c, const tsr_expr *e, unsigned count) {
    const tsr_expr *operand[3] = {e->a, e->b, e->c};
    for (unsigned i = 0; i < 3; i++) {
        if ((operand[i] != NULL) != (i < count))
            return fail(c, "an expression has the wrong number of operands");
        if (operand[i] != NULL)
            TSR_TRY(check_expr(c, operand[i]));
    }
    return tsr_ok();
}

static tsr_status check_binary(checker *c, const tsr_expr *e) {
    TSR_TRY(check_operands(c, e, 2));
    tsr_binary op = e->value.binary;
    tsr_dtype dtype = e->a->dtype;
    if (dtype != e->b->dtype)
        return tsr_error(TSR_INTERNAL, "tensor program %s: operands of %s are %s and %s", c->f->name, tsr_binary_name(op),
                         tsr_dtype_name(dtype), tsr_dtype_name(e->b->dtype));
    if (e->dtype != (tsr_is_comparison(op) ? TSR_BOOL : dtype))
        return fail(c, "a binary operator has the wrong result type");
    bool bits = op == TSR_AND || op == TSR_OR || op == TSR_XOR;
    bool whole = op == TSR_MOD || op == TSR_SHL || op == TSR_SHR;
    if ((tsr_dtype_is_float(dtype) && (bits || whole)) || (dtype == TSR_BOOL && !bits && !tsr_is_comparison(op)))
        return tsr_error(TSR_INTERNAL, "tensor program %s: no operator %s for %s", c->f->name, tsr_binary_name(op),
                         tsr_dtype_name(dtype));
    return tsr_ok();
}

static tsr_status check_kind(checker *c, const tsr_expr *e) {
    switch (e->kind) {
    case TSR_E_INT:
        return tsr_dtype_is_float(e->dtype) ? fail(c, "an integer constant of a float type") : check_operands(c, e, 0);
    case TSR_E_FLOAT:
        return !tsr_dtype_is_float(e->dtype) ? fail(c, "a float constant of an integer type") : check_operands(c, e, 0);
    case TSR_E_VAR:
        if (e->dtype != TSR_I64)
            return fail(c, "a loop variable is an int64");
        if (e->value.var == NULL || e->value.var->id >= c->f->var_count)
            return fail(c, "a variable of another function");
        if (!c->bound[e->value.var->id])
            return tsr_error(TSR_INTERNAL, "tensor program %s: variable %s is used outside of its loop", c->f->name,
                             e->value.var->name);
        return tsr_ok();
    case TSR_E_LOAD:
        TSR_TRY(check_buffer(c, e->value.buffer));
        TSR_TRY(check_operands(c, e, 1));
        if (e->a->dtype != TSR_I64)
            return fail(c, "an index is an int64");
        return e->dtype == e->value.buffer->dtype ? tsr_ok() : fail(c, "a load has the type of its buffer");
    case TSR_E_BINARY: return check_binary(c, e);
    case TSR_E_SELECT:
        TSR_TRY(check_operands(c, e, 3));
        if (e->a->dtype != TSR_BOOL)
            return fail(c, "the condition of a select is a bool");
        return e->b->dtype == e->dtype && e->c->dtype == e->dtype ? tsr_ok() : fail(c, "the arms of a select differ in type");
    case TSR_E_CAST: return check_operands(c, e, 1);
    case TSR_E_BITCAST:
        TSR_TRY(check_operands(c, e, 1));
        return tsr_dtype_size(e->dtype) == tsr_dtype_size(e->a->dtype) ? tsr_ok() : fail(c, "a bitcast changes the size");
    case TSR_E_CALL:
        TSR_TRY(check_operands(c, e, tsr_function_is_binary(e->value.function) ? 2 : 1));
        if (!tsr_dtype_is_float(e->dtype) || e->a->dtype != e->dtype || (e->b != NULL && e->b->dtype != e->dtype))
            return fail(c, "a call is of one float type");
        return tsr_ok();
    }
    return fail(c, "an unknown kind of expression");
}

static tsr_status check_expr(checker *c, const tsr_expr *e) {
    if (e == NULL)
        return fail(c, "an expression is missing");
    if (tsr_dtype_size(e->dtype) == 0)
        return fail(c, "an expression without a type");
    if (map_get(&c->seen, e) != NULL)
        return tsr_ok();
    TSR_TRY(check_kind(c, e));
    map_put(c->arena, &c->seen, e, c);
    return tsr_ok();
}

static tsr_status check_stmt(checker *c, const tsr_stmt *s) {
    if (s == NULL)
        return fail(c, "a statement is missing");
    switch (s->kind) {
    case TSR_S_FOR: {
        if (s->var == NULL || s->var->id >= c->f->var_count)
            return fail(c, "a loop over a variable of another function");
        if (s->extent < 0)
            return fail(c, "a loop of a negative extent");
        if (c->bound[s->var->id])
            return tsr_error(TSR_INTERNAL, "tensor program %s: variable %s is bound twice", c->f->name, s->var->name);
        c->bound[s->var->id] = true;
        tsr_status status = check_stmt(c, s->body);
        c->bound[s->var->id] = false;
        map_clear(&c->seen);
        return status;
    }
    case TSR_S_STORE:
        TSR_TRY(check_buffer(c, s->buffer));
        if (s->buffer->scope == TSR_SCOPE_CONST)
            return tsr_error(TSR_INTERNAL, "tensor program %s: a store to constant %s", c->f->name, s->buffer->name);
        TSR_TRY(check_expr(c, s->index));
        TSR_TRY(check_expr(c, s->value));
        if (s->index->dtype != TSR_I64)
            return fail(c, "an index is an int64");
        if (s->value->dtype != s->buffer->dtype)
            return tsr_error(TSR_INTERNAL, "tensor program %s: %s is stored to %s, a buffer of %s", c->f->name,
                             tsr_dtype_name(s->value->dtype), s->buffer->name, tsr_dtype_name(s->buffer->dtype));
        return tsr_ok();
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            TSR_TRY(check_stmt(c, s->items[i]));
        return tsr_ok();
    case TSR_S_IF:
        TSR_TRY(check_expr(c, s->condition));
        if (s->condition->dtype != TSR_BOOL)
            return fail(c, "the condition of an if is a bool");
        return check_stmt(c, s->body);
    case TSR_S_TENSORISED:
        for (uint32_t i = 0; s->intrinsic != NULL && i < s->intrinsic->operand_count; i++) {
            TSR_TRY(check_buffer(c, s->intrinsic->operands[i].buffer));
            TSR_TRY(check_expr(c, s->intrinsic->operands[i].first));
            if (s->intrinsic->operands[i].first->dtype != TSR_I64)
                return fail(c, "an index is an int64");
        }
        return check_stmt(c, s->body);
    }
    return fail(c, "an unknown kind of statement");
}

tsr_status tsr_tensor_verify(const tsr_tensor_function *f) {
    if (f->body == NULL)
        return tsr_error(TSR_INTERNAL, "tensor program %s: no body", f->name);
    tsr_arena *arena = tsr_arena_create();
    checker c = {.f = f, .arena = arena, .bound = TSR_NEW_ARRAY(arena, bool, f->var_count + 1)};
    tsr_status status = check_stmt(&c, f->body);
    if (status.code == TSR_OK) {
        status = check_loops(arena, f, f->body, NULL);
        if (status.code != TSR_OK)
            status = tsr_error(TSR_INTERNAL, "tensor program %s: %s", f->name, status.message);
    }
    tsr_arena_free(arena);
    return status;
}

typedef struct collector {
    tsr_arena *arena;
    tsr_tbuffer **buffers;
    uint32_t count, capacity;
    pointer_map seen;
    tsr_arena *scratch;
} collector;

static void collect(collector *c, tsr_tbuffer *buffer) {
    if (buffer->scope == TSR_SCOPE_LOCAL)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        if (c->buffers[i] == buffer)
            return;
    if (c->count == c->capacity) {
        uint32_t capacity = c->capacity == 0 ? 8 : 2 * c->capacity;
        tsr_tbuffer **bigger = TSR_NEW_ARRAY(c->arena, tsr_tbuffer *, capacity);
        for (uint32_t i = 0; i < c->count; i++)
            bigger[i] = c->buffers[i];
        c->buffers = bigger;
        c->capacity = capacity;
    }
    c->buffers[c->count++] = buffer;
}

static void collect_expr(collector *c, const tsr_expr *e) {
    if (e == NULL || e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT || e->kind == TSR_E_VAR || map_get(&c->seen, e) != NULL)
        return;
    if (e->kind == TSR_E_LOAD)
        collect(c, e->value.buffer);
    collect_expr(c, e->a);
    collect_expr(c, e->b);
    collect_expr(c, e->c);
    map_put(c->scratch, &c->seen, e, c);
}

static void collect_stmt(collector *c, const tsr_stmt *s) {
    if (s == NULL)
        return;
    collect_expr(c, s->condition);
    collect_expr(c, s->index);
    collect_expr(c, s->value);
    if (s->kind == TSR_S_STORE)
        collect(c, s->buffer);
    collect_stmt(c, s->body);
    for (uint32_t i = 0; i < s->item_count; i++)
        collect_stmt(c, s->items[i]);
}

uint32_t tsr_tensor_buffers(const tsr_tensor_function *f, tsr_arena *arena, tsr_tbuffer ***out_buffers) {
    collector c = {.arena = arena, .scratch = tsr_arena_create()};
    collect_stmt(&c, f->body);
    tsr_arena_free(c.scratch);
    *out_buffers = c.buffers;
    return c.count;
}
