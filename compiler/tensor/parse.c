// SPDX-License-Identifier: Apache-2.0
// The text form of tensor programs (README.md): statements and buffers. The text is untrusted.
#include "parse.h"

#include <string.h>

#define MAX_BUFFER_BYTES (UINT64_C(1) << 40)

static tsr_status block(parser *p, tsr_stmt **out_body);

static tsr_status too_deep(parser *p) {
    return scan_error(&p->s, scan_place(&p->s), "statements nested more than %d deep", TSR_MAX_NEST);
}

// ---- buffers -----------------------------------------------------------------------------------------------------------
static bool scope_of(const char *word, tsr_scope *out_scope) {
    for (int i = TSR_SCOPE_CONST; i <= TSR_SCOPE_PAR; i++)
        if (strcmp(tsr_scope_name((tsr_scope)i), word) == 0) {
            *out_scope = (tsr_scope)i;
            return true;
        }
    return false;
}

static tsr_status add_buffer(parser *p, place here, tsr_tbuffer *b) {
    enum { MAX_BUFFERS = 4096 };
    if (parse_find_buffer(p, b->name) != NULL)
        return scan_error(&p->s, here, "a second buffer '%.40s'", b->name);
    if (p->buffer_count == MAX_BUFFERS)
        return scan_error(&p->s, here, "more than %d buffers", MAX_BUFFERS);
    if (p->buffer_count == p->buffer_capacity) {
        p->buffer_capacity = p->buffer_capacity == 0 ? 16 : 2 * p->buffer_capacity;
        tsr_tbuffer **bigger = TSR_NEW_ARRAY(p->f->arena, tsr_tbuffer *, p->buffer_capacity);
        if (p->buffer_count > 0)
            memcpy(bigger, p->buffers, sizeof *bigger * p->buffer_count);
        p->buffers = bigger;
    }
    p->buffers[p->buffer_count++] = b;
    return tsr_ok();
}

// const i8 weights[4] at 64 = 1 2 3 4
static tsr_status buffer(parser *p, tsr_scope scope) {
    const char *type, *name;
    tsr_dtype dtype;
    int64_t elements, offset = 0;
    place here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &type));
    if (!parse_short_type(type, &dtype))
        return scan_error(&p->s, here, "there is no type '%.40s'", type);
    here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &name));
    TSR_TRY(scan_expect(&p->s, '['));
    TSR_TRY(scan_range(&p->s, 0, (int64_t)(MAX_BUFFER_BYTES / tsr_dtype_size(dtype)), &elements));
    TSR_TRY(scan_expect(&p->s, ']'));
    if (scan_accept_word(&p->s, "at"))
        TSR_TRY(scan_range(&p->s, INT64_MIN, INT64_MAX, &offset));
    tsr_tbuffer *b = scope == TSR_SCOPE_LOCAL ? tsr_local(p->f, name, dtype, (uint64_t)elements)
                                              : tsr_tbuffer_create(p->f->arena, name, scope, dtype, (uint64_t)elements);
    b->offset = (uint64_t)offset;
    if (scan_accept(&p->s, '=')) {
        if (scope != TSR_SCOPE_CONST || elements == 0)
            return scan_error(&p->s, here, "only constants have contents");
        const tsr_tensor contents = {.dtype = dtype, .rank = 1, .shape = {elements}};
        TSR_TRY(parse_data(&p->s, p->f->arena, &contents, &p->room, &b->data));
    }
    TSR_TRY(add_buffer(p, here, b));
    return scan_line_end(&p->s);
}

// ---- statements --------------------------------------------------------------------------------------------------------
static tsr_status let(parser *p) {
    enum { MAX_LETS = 1 << 16 };
    const char *name;
    const tsr_expr *value;
    const place here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &name));
    if (strcmp(name, tsr_arena_printf(p->s.arena, "t%u", p->let_count)) != 0)
        return scan_error(&p->s, here, "let t%u comes next, not '%.40s'", p->let_count, name);
    if (p->let_count == MAX_LETS)
        return scan_error(&p->s, here, "more than %d lets of one statement", MAX_LETS);
    TSR_TRY(scan_expect(&p->s, '='));
    p->height = 0;
    TSR_TRY(parse_expr(p, &value));
    if (p->let_count == p->let_capacity) {
        p->let_capacity = p->let_capacity == 0 ? 16 : 2 * p->let_capacity;
        const tsr_expr **bigger = TSR_NEW_ARRAY(p->s.arena, const tsr_expr *, p->let_capacity);
        unsigned *heights = TSR_NEW_ARRAY(p->s.arena, unsigned, p->let_capacity);
        if (p->let_count > 0) {
            memcpy(bigger, p->lets, sizeof *bigger * p->let_count);
            memcpy(heights, p->let_heights, sizeof *heights * p->let_count);
        }
        p->lets = bigger;
        p->let_heights = heights;
    }
    p->let_heights[p->let_count] = p->height;
    p->lets[p->let_count++] = value;
    return scan_line_end(&p->s);
}

// for i in 0..5 vectorize {
static tsr_status loop(parser *p, tsr_stmt **out_stmt) {
    static const char *const kinds[] = {"parallel", "vectorize", "unroll"};
    const char *name;
    int64_t extent;
    tsr_for_kind kind = TSR_FOR_SERIAL;
    place here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &name));
    for (uint32_t i = 0; i < p->var_count; i++)
        if (strcmp(p->vars[i]->name, name) == 0)
            return scan_error(&p->s, here, "a loop '%.40s' inside of another", name);
    if (!scan_accept_word(&p->s, "in"))
        return scan_error(&p->s, scan_place(&p->s), "'in 0..N' expected");
    TSR_TRY(scan_expect(&p->s, '0'));
    TSR_TRY(scan_expect(&p->s, '.'));
    TSR_TRY(scan_expect(&p->s, '.'));
    TSR_TRY(scan_range(&p->s, 0, INT64_MAX, &extent));
    for (int i = 0; i < 3; i++)
        if (scan_accept_word(&p->s, kinds[i]))
            kind = (tsr_for_kind)(TSR_FOR_PARALLEL + i);
    if (p->nest == TSR_MAX_NEST) // there is a variable for each
        return too_deep(p);
    const tsr_var *var = tsr_var_create(p->f, name);
    tsr_stmt *body;
    p->vars[p->var_count++] = var;
    TSR_TRY(block(p, &body));
    p->var_count--;
    *out_stmt = tsr_for(p->f->arena, var, extent, kind, body);
    return tsr_ok();
}

// tensorised mac(acc: sums[i*16], x: inp[k]) {
static tsr_status tensorised(parser *p, tsr_stmt **out_stmt) {
    enum { MAX_OPERANDS = 16 };
    tsr_operand operands[MAX_OPERANDS];
    tsr_intrinsic *intrinsic = NULL;
    if (!scan_at(&p->s, '{')) {
        intrinsic = TSR_NEW(p->f->arena, tsr_intrinsic);
        TSR_TRY(scan_name(&p->s, &intrinsic->name));
        intrinsic->name = tsr_arena_strndup(p->f->arena, intrinsic->name, strlen(intrinsic->name));
        TSR_TRY(scan_expect(&p->s, '('));
        while (!scan_accept(&p->s, ')')) {
            const char *name;
            if (intrinsic->operand_count > 0)
                TSR_TRY(scan_expect(&p->s, ','));
            if (intrinsic->operand_count == MAX_OPERANDS)
                return scan_error(&p->s, scan_place(&p->s), "more than %d operands", MAX_OPERANDS);
            tsr_operand *o = &operands[intrinsic->operand_count++];
            TSR_TRY(scan_name(&p->s, &name));
            o->name = tsr_arena_strndup(p->f->arena, name, strlen(name));
            TSR_TRY(scan_expect(&p->s, ':'));
            TSR_TRY(parse_element(p, &o->buffer, &o->first));
        }
        tsr_operand *copy = TSR_NEW_ARRAY(p->f->arena, tsr_operand, intrinsic->operand_count + 1);
        if (intrinsic->operand_count > 0)
            memcpy(copy, operands, sizeof *copy * intrinsic->operand_count);
        intrinsic->operands = copy;
    }
    tsr_stmt *s = TSR_NEW(p->f->arena, tsr_stmt);
    s->kind = TSR_S_TENSORISED;
    s->intrinsic = intrinsic;
    *out_stmt = s;
    return block(p, &s->body);
}

static tsr_status store(parser *p, tsr_stmt **out_stmt) {
    tsr_tbuffer *to;
    const tsr_expr *index, *value;
    const place here = scan_place(&p->s);
    TSR_TRY(parse_element(p, &to, &index));
    TSR_TRY(scan_expect(&p->s, '='));
    TSR_TRY(parse_expr(p, &value));
    if (value->dtype != to->dtype)
        return scan_error(&p->s, here, "%s is stored to '%.40s', a buffer of %s", tsr_dtype_name(value->dtype), to->name,
                          tsr_dtype_name(to->dtype));
    *out_stmt = tsr_store(p->f->arena, to, index, value);
    return scan_line_end(&p->s);
}

// if i < 5 {
static tsr_status condition(parser *p, tsr_stmt **out_stmt) {
    const tsr_expr *test;
    tsr_stmt *body;
    TSR_TRY(parse_typed(p, TSR_BOOL, &test));
    TSR_TRY(block(p, &body));
    *out_stmt = tsr_if(p->f->arena, test, body);
    return tsr_ok();
}

static tsr_status statement(parser *p, tsr_stmt **out_stmt) {
    p->let_count = 0;
    while (scan_accept_word(&p->s, "let")) {
        TSR_TRY(let(p));
        if (!scan_next_line(&p->s))
            return scan_error(&p->s, scan_place(&p->s), "a statement expected after let");
    }
    if (scan_accept_word(&p->s, "for"))
        return loop(p, out_stmt);
    if (scan_accept_word(&p->s, "if"))
        return condition(p, out_stmt);
    if (scan_accept_word(&p->s, "tensorised"))
        return tensorised(p, out_stmt);
    return store(p, out_stmt);
}

// Statements up to '}', or to the end of the text.
static tsr_status statements(parser *p, bool to_end, tsr_stmt **out_body) {
    tsr_stmt **items = NULL;
    uint32_t count = 0, capacity = 0;
    for (;;) {
        const bool more = scan_next_line(&p->s);
        if (!more && !to_end)
            return scan_error(&p->s, scan_place(&p->s), "'}' expected, not the end of the text");
        if (!more || (!to_end && scan_accept(&p->s, '}')))
            break;
        if (count == capacity) {
            capacity = capacity == 0 ? 8 : 2 * capacity;
            tsr_stmt **bigger = TSR_NEW_ARRAY(p->s.arena, tsr_stmt *, capacity);
            if (count > 0)
                memcpy(bigger, items, sizeof *bigger * count);
            items = bigger;
        }
        TSR_TRY(statement(p, &items[count]));
        count++;
    }
    *out_body = tsr_seq(p->f->arena, count, items);
    return to_end ? tsr_ok() : scan_line_end(&p->s);
}

static tsr_status block(parser *p, tsr_stmt **out_body) {
    *out_body = NULL;
    if (++p->nest > TSR_MAX_NEST)
        return too_deep(p);
    TSR_TRY(scan_expect(&p->s, '{'));
    TSR_TRY(scan_line_end(&p->s));
    TSR_TRY(statements(p, false, out_body));
    p->nest--;
    return tsr_ok();
}

static tsr_status function(parser *p) {
    const char *name;
    if (!scan_next_line(&p->s) || !scan_accept_word(&p->s, "function"))
        return scan_error(&p->s, scan_place(&p->s), "'function NAME' expected");
    TSR_TRY(scan_name(&p->s, &name));
    p->f = tsr_function_create(p->f->arena, name);
    TSR_TRY(scan_line_end(&p->s));
    while (scan_next_line(&p->s)) { // buffers come first: a store has no type before its name
        const scanner start = p->s;
        const char *word;
        tsr_scope scope;
        if (!scan_at_name(&p->s) || scan_at(&p->s, '"'))
            break;
        TSR_TRY(scan_name(&p->s, &word));
        if (!scope_of(word, &scope) || !scan_at_name(&p->s)) {
            p->s = start;
            break;
        }
        TSR_TRY(buffer(p, scope));
    }
    return statements(p, true, &p->f->body);
}

tsr_status tsr_tensor_parse(tsr_arena *arena, const char *text, size_t size, const char *file_name,
                            tsr_tensor_function **out_function) {
    *out_function = NULL;
    parser p = {.room = TEXT_ROOM};
    p.s =
        (scanner){.at = text, .end = text + size, .line_start = text, .file = file_name, .line = 1, .arena = tsr_arena_create()};
    p.f = tsr_function_create(arena, "");
    tsr_status status = function(&p);
    if (status.code == TSR_OK)
        status = tsr_annotate(tsr_tensor_verify(p.f), "%s", file_name);
    if (status.code == TSR_OK)
        *out_function = p.f;
    tsr_arena_free(p.s.arena);
    return status;
}
