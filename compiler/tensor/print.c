// SPDX-License-Identifier: Apache-2.0
// Text of a tensor program. An operand that a statement uses more than once is printed once, as `let tN = ...` above it.
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "schedule.h"

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

static const char *short_type(tsr_dtype dtype) {
    static const char *const name[TSR_DTYPE_COUNT] = {"?",   "i8",  "u8",  "i16", "u16", "i32",
                                                      "u32", "i64", "u64", "f32", "f64", "bool"};
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
    uint32_t count, capacity, lets;
} printer;

static shared *find(const printer *p, const tsr_expr *e) {
    for (uint32_t i = 0; i < p->count; i++)
        if (p->items[i].expr == e)
            return &p->items[i];
    return NULL;
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
}

static void print_expr(printer *p, const tsr_expr *e, bool nested);

static void print_node(printer *p, const tsr_expr *e, bool nested) {
    switch (e->kind) {
    case TSR_E_INT:
        fprintf(p->out, "%lld", (long long)e->value.i);
        if (e->dtype != TSR_I64)
            fprintf(p->out, ":%s", short_type(e->dtype));
        return;
    case TSR_E_FLOAT: fprintf(p->out, "%.9g:%s", e->value.f, short_type(e->dtype)); return;
    case TSR_E_VAR: fputs(e->value.var->name, p->out); return;
    case TSR_E_LOAD:
        fprintf(p->out, "%s[", e->value.buffer->name);
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
        fprintf(p->out, "%s%s(", e->kind == TSR_E_BITCAST ? "bits_" : "", short_type(e->dtype));
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

static void print_stmt(printer *p, const tsr_stmt *s, unsigned depth) {
    static const char *const kind[] = {"", " parallel", " vectorize", " unroll"};
    switch (s->kind) {
    case TSR_S_FOR:
        indent(p->out, depth);
        fprintf(p->out, "for %s in 0..%lld%s {\n", s->var->name, (long long)s->extent, kind[s->for_kind]);
        print_stmt(p, s->body, depth + 1);
        indent(p->out, depth);
        fputs("}\n", p->out);
        return;
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++)
            print_stmt(p, s->items[i], depth);
        return;
    case TSR_S_STORE:
        p->count = p->lets = 0;
        count_uses(p, s->index);
        count_uses(p, s->value);
        print_lets(p, depth);
        indent(p->out, depth);
        fprintf(p->out, "%s[", s->buffer->name);
        print_expr(p, s->index, false);
        fputs("] = ", p->out);
        print_expr(p, s->value, false);
        fputs("\n", p->out);
        return;
    case TSR_S_IF:
        p->count = p->lets = 0;
        count_uses(p, s->condition);
        print_lets(p, depth);
        indent(p->out, depth);
        fputs("if ", p->out);
        print_expr(p, s->condition, false);
        fputs(" {\n", p->out);
        print_stmt(p, s->body, depth + 1);
        indent(p->out, depth);
        fputs("}\n", p->out);
        return;
    case TSR_S_TENSORISED:
        indent(p->out, depth);
        fputs("tensorised {\n", p->out);
        print_stmt(p, s->body, depth + 1);
        indent(p->out, depth);
        fputs("}\n", p->out);
        return;
    }
}

void tsr_tensor_print(const tsr_tensor_function *f, FILE *out) {
    printer p = {.out = out, .arena = tsr_arena_create()};
    tsr_tbuffer **buffers;
    uint32_t count = tsr_tensor_buffers(f, p.arena, &buffers);
    fprintf(out, "function %s\n", f->name);
    for (uint32_t i = 0; i < count + f->local_count; i++) {
        const tsr_tbuffer *b = i < count ? buffers[i] : f->locals[i - count];
        fprintf(out, "  %s %s %s[%llu]\n", tsr_scope_name(b->scope), short_type(b->dtype), b->name,
                (unsigned long long)b->elements);
    }
    print_stmt(&p, f->body, 1);
    tsr_arena_free(p.arena);
}

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
