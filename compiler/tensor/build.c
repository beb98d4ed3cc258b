// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <string.h>

#include "eval.h"

tsr_tensor_function *tsr_function_create(tsr_arena *arena, const char *name) {
    tsr_tensor_function *f = TSR_NEW(arena, tsr_tensor_function);
    f->name = tsr_arena_strndup(arena, name, strlen(name));
    f->arena = arena;
    return f;
}

tsr_tbuffer *tsr_tbuffer_create(tsr_arena *arena, const char *name, tsr_scope scope, tsr_dtype dtype, uint64_t elements) {
    tsr_tbuffer *buffer = TSR_NEW(arena, tsr_tbuffer);
    buffer->name = tsr_arena_strndup(arena, name, strlen(name));
    buffer->scope = scope;
    buffer->dtype = tsr_dtype_is_half(dtype) ? TSR_U16 : dtype;
    buffer->elements = elements;
    return buffer;
}

tsr_tbuffer *tsr_local(tsr_tensor_function *f, const char *name, tsr_dtype dtype, uint64_t elements) {
    tsr_tbuffer *buffer = tsr_tbuffer_create(f->arena, name, TSR_SCOPE_LOCAL, dtype, elements);
    tsr_tbuffer **locals = TSR_NEW_ARRAY(f->arena, tsr_tbuffer *, f->local_count + 1);
    if (f->local_count > 0)
        memcpy(locals, f->locals, sizeof *locals * f->local_count);
    locals[f->local_count++] = buffer;
    f->locals = locals;
    return buffer;
}

const tsr_var *tsr_var_create(tsr_tensor_function *f, const char *name) {
    tsr_var *var = TSR_NEW(f->arena, tsr_var);
    var->name = tsr_arena_strndup(f->arena, name, strlen(name));
    var->id = f->var_count++;
    return var;
}

static tsr_expr *expr(tsr_arena *arena, tsr_expr_kind kind, tsr_dtype dtype) {
    tsr_expr *e = TSR_NEW(arena, tsr_expr);
    e->kind = kind;
    e->dtype = dtype;
    return e;
}

const tsr_expr *tsr_int(tsr_arena *arena, tsr_dtype dtype, int64_t value) {
    assert(tsr_dtype_is_integer(dtype) || dtype == TSR_BOOL);
    tsr_expr *e = expr(arena, TSR_E_INT, dtype);
    e->value.i = tsr_wrap(dtype, value);
    return e;
}

const tsr_expr *tsr_float(tsr_arena *arena, tsr_dtype dtype, double value) {
    assert(tsr_dtype_is_float(dtype));
    tsr_expr *e = expr(arena, TSR_E_FLOAT, dtype);
    e->value.f = dtype == TSR_F32 ? (float)value : value;
    return e;
}

const tsr_expr *tsr_var_expr(tsr_arena *arena, const tsr_var *var) {
    tsr_expr *e = expr(arena, TSR_E_VAR, TSR_I64);
    e->value.var = var;
    return e;
}

const tsr_expr *tsr_load(tsr_arena *arena, tsr_tbuffer *buffer, const tsr_expr *index) {
    assert(index->dtype == TSR_I64);
    tsr_expr *e = expr(arena, TSR_E_LOAD, buffer->dtype);
    e->value.buffer = buffer;
    e->a = index;
    return e;
}

static bool is_constant(const tsr_expr *e) { return e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT; }
static bool is_int(const tsr_expr *e, int64_t value) { return e->kind == TSR_E_INT && e->value.i == value; }

static tsr_value value_of(const tsr_expr *e) {
    return e->kind == TSR_E_INT ? (tsr_value){.i = e->value.i} : (tsr_value){.f = e->value.f};
}

static const tsr_expr *constant(tsr_arena *arena, tsr_dtype dtype, tsr_value value) {
    return tsr_dtype_is_float(dtype) ? tsr_float(arena, dtype, value.f) : tsr_int(arena, dtype, value.i);
}

// x+0, x-0, x*1, x*0, x/1, x<<0, x>>0 and (x + c1) + c2 of integers; NULL when there is nothing to simplify. Floats are
// left alone: x + 0.0 is not x when x is -0.0.
static const tsr_expr *simplify(tsr_arena *arena, tsr_binary op, const tsr_expr *a, const tsr_expr *b) {
    if (!tsr_dtype_is_integer(a->dtype))
        return NULL;
    switch (op) {
    case TSR_ADD:
        if (is_int(a, 0))
            return b;
        if (is_int(b, 0))
            return a;
        if (b->kind == TSR_E_INT && a->kind == TSR_E_BINARY && a->value.binary == TSR_ADD && a->b->kind == TSR_E_INT)
            return tsr_binary_expr(arena, TSR_ADD, a->a, tsr_binary_expr(arena, TSR_ADD, a->b, b));
        return NULL;
    case TSR_MUL:
        if (is_int(a, 1))
            return b;
        if (is_int(b, 1))
            return a;
        if (is_int(a, 0) || is_int(b, 0))
            return tsr_int(arena, a->dtype, 0);
        return NULL;
    case TSR_SUB:
    case TSR_SHL:
    case TSR_SHR: return is_int(b, 0) ? a : NULL;
    case TSR_DIV: return is_int(b, 1) ? a : NULL;
    default: return NULL;
    }
}

const tsr_expr *tsr_binary_expr(tsr_arena *arena, tsr_binary op, const tsr_expr *a, const tsr_expr *b) {
    assert(a->dtype == b->dtype);
    tsr_dtype dtype = tsr_is_comparison(op) ? TSR_BOOL : a->dtype;
    if (is_constant(a) && is_constant(b))
        return constant(arena, dtype, tsr_eval_binary(op, a->dtype, value_of(a), value_of(b)));
    const tsr_expr *simple = simplify(arena, op, a, b);
    if (simple != NULL)
        return simple;
    tsr_expr *e = expr(arena, TSR_E_BINARY, dtype);
    e->value.binary = op;
    e->a = a;
    e->b = b;
    return e;
}

const tsr_expr *tsr_select(tsr_arena *arena, const tsr_expr *condition, const tsr_expr *yes, const tsr_expr *no) {
    assert(condition->dtype == TSR_BOOL && yes->dtype == no->dtype);
    if (condition->kind == TSR_E_INT)
        return condition->value.i ? yes : no;
    tsr_expr *e = expr(arena, TSR_E_SELECT, yes->dtype);
    e->a = condition;
    e->b = yes;
    e->c = no;
    return e;
}

const tsr_expr *tsr_cast(tsr_arena *arena, tsr_dtype dtype, const tsr_expr *a) {
    if (a->dtype == dtype)
        return a;
    if (is_constant(a))
        return constant(arena, dtype, tsr_eval_cast(a->dtype, dtype, value_of(a)));
    tsr_expr *e = expr(arena, TSR_E_CAST, dtype);
    e->a = a;
    return e;
}

const tsr_expr *tsr_bitcast(tsr_arena *arena, tsr_dtype dtype, const tsr_expr *a) {
    assert(tsr_dtype_size(dtype) == tsr_dtype_size(a->dtype));
    if (a->dtype == dtype)
        return a;
    if (is_constant(a))
        return constant(arena, dtype, tsr_eval_bitcast(a->dtype, dtype, value_of(a)));
    tsr_expr *e = expr(arena, TSR_E_BITCAST, dtype);
    e->a = a;
    return e;
}

const tsr_expr *tsr_call(tsr_arena *arena, tsr_function function, const tsr_expr *a, const tsr_expr *b) {
    assert(tsr_dtype_is_float(a->dtype) && (b != NULL) == tsr_function_is_binary(function));
    assert(b == NULL || b->dtype == a->dtype);
    tsr_expr *e = expr(arena, TSR_E_CALL, a->dtype);
    e->value.function = function;
    e->a = a;
    e->b = b;
    return e;
}

static tsr_stmt *stmt(tsr_arena *arena, tsr_stmt_kind kind) {
    tsr_stmt *s = TSR_NEW(arena, tsr_stmt);
    s->kind = kind;
    return s;
}

tsr_stmt *tsr_for(tsr_arena *arena, const tsr_var *var, int64_t extent, tsr_for_kind kind, tsr_stmt *body) {
    tsr_stmt *s = stmt(arena, TSR_S_FOR);
    s->var = var;
    s->extent = extent;
    s->for_kind = kind;
    s->body = body;
    return s;
}

tsr_stmt *tsr_store(tsr_arena *arena, tsr_tbuffer *buffer, const tsr_expr *index, const tsr_expr *value) {
    assert(index->dtype == TSR_I64 && value->dtype == buffer->dtype);
    tsr_stmt *s = stmt(arena, TSR_S_STORE);
    s->buffer = buffer;
    s->index = index;
    s->value = value;
    return s;
}

tsr_stmt *tsr_seq(tsr_arena *arena, uint32_t count, tsr_stmt *const *items) {
    if (count == 1)
        return items[0];
    tsr_stmt *s = stmt(arena, TSR_S_SEQ);
    s->items = TSR_NEW_ARRAY(arena, tsr_stmt *, count);
    for (uint32_t i = 0; i < count; i++)
        s->items[i] = items[i];
    s->item_count = count;
    return s;
}

tsr_stmt *tsr_if(tsr_arena *arena, const tsr_expr *condition, tsr_stmt *body) {
    assert(condition->dtype == TSR_BOOL);
    if (condition->kind == TSR_E_INT)
        return condition->value.i ? body : tsr_seq(arena, 0, NULL);
    tsr_stmt *s = stmt(arena, TSR_S_IF);
    s->condition = condition;
    s->body = body;
    return s;
}
