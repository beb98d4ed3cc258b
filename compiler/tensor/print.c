// SPDX-License-Identifier: Apache-2.0
// Text of a tensor program. An operand that a statement uses more than once is printed once, as `let tN = ...` above it.
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "schedule.h"
#include "tsr/text.h"

const char *tsr_scope_name(tsr_scope scope) {
    static const char *const name[] = {"const", "work", "local", "scratch", "inp", "wgt", "acc", "out", "par"};
    return (unsigned)scope < sizeof name / sizeof *name ? name[scope] : "?";
}

const char *tsr_binary_name(tsr_binary op) {
    static const char *const name[] = {"+", "-",  "*",  "/",  "%",  "min", "max", "&", "|",
                                       "^", "<<", ">>", "==", "!=", "<",   "<=",  ">", ">="};
    return (unsigned)op < sizeof name / sizeof *name ? name[op] : "?";
}

const char *tsr_function_name(tsr_function function) {
    static const char *const name[] = {"exp",        "log", "tanh", "erf", "sqrt", "floor", "ceil",
                                       "round_even", "abs", "pow",  "sin", "cos",  "fmod"};
    return (unsigned)function < sizeof name / sizeof *name ? name[function] : "?";
}

const char *tsr_short_type(tsr_dtype dtype) {
    static const char *const name[TSR_DTYPE_COUNT] = {
        [TSR_DTYPE_NONE] = "?", [TSR_I8] = "i8",   [TSR_U8] = "u8",   [TSR_I16] = "i16",   [TSR_U16] = "u16",
        [TSR_I32] = "i32",      [TSR_U32] = "u32", [TSR_I64] = "i64", [TSR_U64] = "u64",   [TSR_F16] = "f16",
        [TSR_BF16] = "bf16",    [TSR_F32] = "f32", [TSR_F64] = "f64", [TSR_BOOL] = "bool",
    };
    static_assert(TSR_DTYPE_COUNT == 14, "every type has a name");
    return (unsigned)dtype < TSR_DTYPE_COUNT ? name[dtype] : "?";
}

typedef struct shared { // one expression of a statement
    const tsr_expr *expr;
    uint32_t uses;
    bool printed; // as a let
    uint32_t number;
} shared;

typedef struct printer {
    FILE *out;
    tsr_arena *arena;
    shared *items; // in order of completion: operands before users
    pointer_map known; // of expressions: where in items
    uint32_t count, capacity, lets;
    pointer_map names; // buffers and variables -> what they are called here
    tsr_tbuffer *const *buffers;
    const tsr_tensor_function *f;
    uint32_t buffer_count, local_count; // that have names
    const tsr_stmt *loops[TSR_MAX_NEST];
    uint32_t depth;
} printer;

static shared *find(const printer *p, const tsr_expr *e) {
    const uintptr_t at = (uintptr_t)map_get(&p->known, e); // its place in items, from 1
    return at == 0 ? NULL : &p->items[at - 1];
}

static void count_uses(printer *p, const tsr_expr *e) {
    if (e == NULL || e->kind == TSR_E_INT || e->kind == TSR_E_FLOAT || e->kind == TSR_E_VAR)
        return;
    shared *known = find(p, e);
    if (known != NULL) {
        known->uses++;
        return;
    }
    count_uses(p, e->a);
    count_uses(p, e->b);
    count_uses(p, e->c);
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity == 0 ? 32 : 2 * p->capacity;
        shared *bigger = TSR_NEW_ARRAY(p->arena, shared, capacity);
        if (p->count > 0)
            memcpy(bigger, p->items, sizeof *bigger * p->count);
        p->items = bigger;
        p->capacity = capacity;
    }
    p->items[p->count++] = (shared){.expr = e, .uses = 1};
    map_put(p->arena, &p->known, e, (void *)(uintptr_t)p->count);
}

// ---- names -------------------------------------------------------------------------------------------------------------
// Two buffers of one name, or two loops of one around another, get numbers.
static const char *name_of(const printer *p, const void *thing, const char *name) {
    const char *known = map_get(&p->names, thing);
    return known != NULL ? known : name;
}

static bool buffer_has(const printer *p, const char *name) {
    for (uint32_t i = 0; i < p->buffer_count; i++)
        if (strcmp(name_of(p, p->buffers[i], p->buffers[i]->name), name) == 0)
            return true;
    for (uint32_t i = 0; i < p->local_count; i++)
        if (strcmp(name_of(p, p->f->locals[i], p->f->locals[i]->name), name) == 0)
            return true;
    return false;
}

static bool loop_has(const printer *p, const char *name) {
    for (uint32_t i = 0; i < p->depth; i++)
        if (strcmp(name_of(p, p->loops[i]->var, p->loops[i]->var->name), name) == 0)
            return true;
    return false;
}

static void give_name(printer *p, const void *thing, const char *name, bool (*taken)(const printer *p, const char *name)) {
    const char *unique = name;
    for (unsigned i = 2; taken(p, unique); i++)
        unique = tsr_arena_printf(p->arena, "%s~%u", name, i);
    if (unique != name)
        map_put(p->arena, &p->names, thing, (void *)(uintptr_t)unique);
}

// Words of the language are written in quotes when they are names: quoted ones never are words.
static bool is_word(const char *name) {
    static const char *const words[] = {"for", "if", "let", "tensorised", "function", "inf", "nan", "parallel"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return name[0] == 't' && name[1] != '\0' && name[1 + strspn(name + 1, "0123456789")] == '\0'; // a let
}

static void print_name(printer *p, const void *thing, const char *name) {
    name = name_of(p, thing, name);
    if (is_word(name))
        fprintf(p->out, "\"%s\"", name);
    else
        text_print_name(name, p->out);
}

// ---- expressions -------------------------------------------------------------------------------------------------------
static void print_expr(printer *p, const tsr_expr *e, bool nested);

static void print_node(printer *p, const tsr_expr *e, bool nested) {
    switch (e->kind) {
    case TSR_E_INT:
        fprintf(p->out, "%lld", (long long)e->value.i);
        if (e->dtype != TSR_I64)
            fprintf(p->out, ":%s", tsr_short_type(e->dtype));
        return;
    case TSR_E_FLOAT:
        if (isnan(e->value.f))
            fputs("nan", p->out);
        else if (e->dtype == TSR_F32)
            text_print_float((float)e->value.f, p->out);
        else
            text_print_double(e->value.f, p->out);
        fprintf(p->out, ":%s", tsr_short_type(e->dtype));
        return;
    case TSR_E_VAR: print_name(p, e->value.var, e->value.var->name); return;
    case TSR_E_LOAD:
        print_name(p, e->value.buffer, e->value.buffer->name);
        fputs("[", p->out);
        print_expr(p, e->a, false);
        fputs("]", p->out);
        return;
    case TSR_E_BINARY: {
        bool call = e->value.binary == TSR_MIN || e->value.binary == TSR_MAX;
        fputs(call ? tsr_binary_name(e->value.binary) : "", p->out);
        fputs(call || nested ? "(" : "", p->out);
        print_expr(p, e->a, !call);
        if (call)
            fputs(", ", p->out);
        else
            fprintf(p->out, " %s ", tsr_binary_name(e->value.binary));
        print_expr(p, e->b, !call);
        fputs(call || nested ? ")" : "", p->out);
        return;
    }
    case TSR_E_SELECT:
        fputs("select(", p->out);
        print_expr(p, e->a, false);
        fputs(", ", p->out);
        print_expr(p, e->b, false);
        fputs(", ", p->out);
        print_expr(p, e->c, false);
        fputs(")", p->out);
        return;
    case TSR_E_CAST:
    case TSR_E_BITCAST:
        fprintf(p->out, "%s%s(", e->kind == TSR_E_BITCAST ? "bits_" : "", tsr_short_type(e->dtype));
        print_expr(p, e->a, false);
        fputs(")", p->out);
        return;
    case TSR_E_CALL:
        fprintf(p->out, "%s(", tsr_function_name(e->value.function));
        print_expr(p, e->a, false);
        if (e->b != NULL) {
            fputs(", ", p->out);
            print_expr(p, e->b, false);
        }
        fputs(")", p->out);
        return;
    }
}

static void print_expr(printer *p, const tsr_expr *e, bool nested) {
    shared *s = find(p, e);
    if (s != NULL && s->printed)
        fprintf(p->out, "t%u", s->number);
    else
        print_node(p, e, nested);
}

static void indent(FILE *out, unsigned depth) { fprintf(out, "%*s", (int)(2 * depth), ""); }

// Shared loads of plain addresses are short enough to repeat; everything else used twice becomes a let.
static void print_lets(printer *p, unsigned depth) {
    for (uint32_t i = 0; i < p->count; i++) {
        shared *s = &p->items[i];
        if (s->uses < 2)
            continue;
        indent(p->out, depth);
        fprintf(p->out, "let t%u = ", p->lets);
        print_node(p, s->expr, false);
        fputs("\n", p->out);
        s->printed = true;
        s->number = p->lets++;
    }
}

static void begin_statement(printer *p) {
    p->count = p->lets = 0;
    map_clear(&p->known);
}

static void close_block(printer *p, unsigned depth) {
    indent(p->out, depth);
    fputs("}\n", p->out);
}

static void print_stmt(printer *p, const tsr_stmt *s, unsigned depth);

static void print_for(printer *p, const tsr_stmt *s, unsigned depth) {
    static const char *const kind[] = {"", " parallel", " vectorize", " unroll"};
    if (map_get(&p->names, s->var) == NULL)
        give_name(p, s->var, s->var->name, loop_has);
    indent(p->out, depth);
    fputs("for ", p->out);
    print_name(p, s->var, s->var->name);
    fprintf(p->out, " in 0..%lld%s {\n", (long long)s->extent, kind[s->for_kind]);
    const bool room = p->depth < TSR_MAX_NEST;
    if (room)
        p->loops[p->depth++] = s;
    print_stmt(p, s->body, depth + 1);
    p->depth -= room;
    close_block(p, depth);
}

// tensorised mac(acc: sums[i*16], x: inp[k]) {
static void print_tensorised(printer *p, const tsr_stmt *s, unsigned depth) {
    begin_statement(p);
    for (uint32_t i = 0; s->intrinsic != NULL && i < s->intrinsic->operand_count; i++)
        count_uses(p, s->intrinsic->operands[i].first);
    print_lets(p, depth);
    indent(p->out, depth);
    fputs("tensorised ", p->out);
    if (s->intrinsic != NULL) {
        text_print_name(s->intrinsic->name, p->out);
        fputs("(", p->out);
        for (uint32_t i = 0; i < s->intrinsic->operand_count; i++) {
            const tsr_operand *o = &s->intrinsic->operands[i];
            fputs(i > 0 ? ", " : "", p->out);
            text_print_name(o->name, p->out);
            fputs(": ", p->out);
            print_name(p, o->buffer, o->buffer->name);
            fputs("[", p->out);
            print_expr(p, o->first, false);
            fputs("]", p->out);
        }
        fputs(") ", p->out);
    }
    fputs("{\n", p->out);
    print_stmt(p, s->body, depth + 1);
    close_block(p, depth);
}

static void print_stmt(printer *p, const tsr_stmt *s, unsigned depth) {
    switch (s->kind) {
    case TSR_S_FOR: print_for(p, s, depth); return;
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            print_stmt(p, s->items[i], depth);
        return;
    case TSR_S_STORE:
        begin_statement(p);
        count_uses(p, s->index);
        count_uses(p, s->value);
        print_lets(p, depth);
        indent(p->out, depth);
        print_name(p, s->buffer, s->buffer->name);
        fputs("[", p->out);
        print_expr(p, s->index, false);
        fputs("] = ", p->out);
        print_expr(p, s->value, false);
        fputs("\n", p->out);
        return;
    case TSR_S_IF:
        begin_statement(p);
        count_uses(p, s->condition);
        print_lets(p, depth);
        indent(p->out, depth);
        fputs("if ", p->out);
        print_expr(p, s->condition, false);
        fputs(" {\n", p->out);
        print_stmt(p, s->body, depth + 1);
        close_block(p, depth);
        return;
    case TSR_S_TENSORISED: print_tensorised(p, s, depth); return;
    }
}

static void print_buffer(printer *p, const tsr_tbuffer *b, tsr_print_constants constants) {
    fprintf(p->out, "  %s %s ", tsr_scope_name(b->scope), tsr_short_type(b->dtype));
    print_name(p, b, b->name);
    fprintf(p->out, "[%llu]", (unsigned long long)b->elements);
    if (b->offset != 0)
        fprintf(p->out, " at %llu", (unsigned long long)b->offset);
    if (b->data != NULL && b->elements > 0 && b->elements <= INT64_MAX) {
        tsr_tensor contents = {.dtype = b->dtype, .rank = 1, .shape = {(int64_t)b->elements}, .data = b->data};
        text_print_data(&contents, constants, p->out);
    }
    fputs("\n", p->out);
}

static void print(const tsr_tensor_function *f, tsr_print_constants constants, FILE *out) {
    printer p = {.out = out, .arena = tsr_arena_create(), .f = f};
    tsr_tbuffer **buffers;
    const uint32_t count = tsr_tensor_buffers(f, p.arena, &buffers);
    p.buffers = buffers;
    fputs("function ", out);
    text_print_name(f->name, out);
    fputs("\n", out);
    for (uint32_t i = 0; i < count; i++, p.buffer_count++)
        give_name(&p, buffers[i], buffers[i]->name, buffer_has);
    for (uint32_t i = 0; i < f->local_count; i++, p.local_count++)
        give_name(&p, f->locals[i], f->locals[i]->name, buffer_has);
    for (uint32_t i = 0; i < count + f->local_count; i++)
        print_buffer(&p, i < count ? buffers[i] : f->locals[i - count], constants);
    print_stmt(&p, f->body, 1);
    tsr_arena_free(p.arena);
}

void tsr_tensor_print(const tsr_tensor_function *f, FILE *out) { print(f, TSR_PRINT_SMALL, out); }
void tsr_tensor_print_all(const tsr_tensor_function *f, FILE *out) { print(f, TSR_PRINT_ALL, out); }

const char *expr_text(tsr_arena *arena, const tsr_expr *e) {
    char *text = NULL;
    size_t size = 0;
    printer p = {.arena = arena, .out = open_memstream(&text, &size)};
    if (p.out == NULL)
        return "?";
    print_expr(&p, e, false);
    fclose(p.out);
    const char *copy = tsr_arena_strndup(arena, text, size);
    free(text);
    return copy;
}
