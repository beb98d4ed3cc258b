// SPDX-License-Identifier: Apache-2.0
// Expressions of the text form. The builders assert types, so that each is checked here first.
#include <string.h>

#include "eval.h"
#include "parse.h"

enum { MAX_DEPTH = 400 };

bool parse_short_type(const char *word, tsr_dtype *out_dtype) {
    for (int t = 1; t < TSR_DTYPE_COUNT; t++)
        if (strcmp(tsr_short_type((tsr_dtype)t), word) == 0 && tsr_dtype_size((tsr_dtype)t) > 0) {
            *out_dtype = (tsr_dtype)t;
            return true;
        }
    return false;
}

tsr_tbuffer *parse_find_buffer(const parser *p, const char *name) {
    for (uint32_t i = 0; i < p->buffer_count; i++)
        if (strcmp(p->buffers[i]->name, name) == 0)
            return p->buffers[i];
    return NULL;
}

tsr_status parse_typed(parser *p, tsr_dtype dtype, const tsr_expr **out_expr) {
    const place here = scan_place(&p->s);
    TSR_TRY(parse_expr(p, out_expr));
    if ((*out_expr)->dtype != dtype)
        return scan_error(&p->s, here, "%s expected, not %s", tsr_dtype_name(dtype), tsr_dtype_name((*out_expr)->dtype));
    return tsr_ok();
}

static tsr_status element_of(parser *p, place here, const char *name, tsr_tbuffer **out_buffer, const tsr_expr **out_index) {
    *out_buffer = parse_find_buffer(p, name);
    if (*out_buffer == NULL)
        return scan_error(&p->s, here, "there is no buffer '%.40s'", name);
    TSR_TRY(scan_expect(&p->s, '['));
    TSR_TRY(parse_typed(p, TSR_I64, out_index));
    return scan_expect(&p->s, ']');
}

tsr_status parse_element(parser *p, tsr_tbuffer **out_buffer, const tsr_expr **out_index) {
    const char *name;
    const place here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &name));
    return element_of(p, here, name, out_buffer, out_index);
}

// ":f32" behind a number
static tsr_status suffix(parser *p, tsr_dtype *out_dtype) {
    const char *word;
    const place here = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &word));
    if (!parse_short_type(word, out_dtype))
        return scan_error(&p->s, here, "there is no type '%.40s'", word);
    return tsr_ok();
}

// 5 (int64), 5:i8, 0.5:f32, inf:f64, nan:f32
static tsr_status number(parser *p, const tsr_expr **out_expr) {
    tsr_dtype dtype = TSR_I64;
    const place here = scan_place(&p->s);
    scanner start = p->s;
    double real;
    TSR_TRY(scan_double(&p->s, &real)); // to see what it is
    const bool typed = scan_accept(&p->s, ':');
    if (typed)
        TSR_TRY(suffix(p, &dtype));
    if (tsr_dtype_is_float(dtype)) {
        *out_expr = tsr_float(p->f->arena, dtype, real);
        return tsr_ok();
    }
    const scanner end = p->s;
    int64_t whole;
    p->s = start;
    TSR_TRY(scan_int(&p->s, &whole));
    p->s = end;
    if (tsr_wrap(dtype, whole) != whole)
        return scan_error(&p->s, here, "%lld is no %s", (long long)whole, tsr_dtype_name(dtype));
    *out_expr = tsr_int(p->f->arena, dtype, whole);
    return tsr_ok();
}

static tsr_status arguments(parser *p, uint32_t count, const tsr_expr **out) {
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            TSR_TRY(scan_expect(&p->s, ','));
        TSR_TRY(parse_expr(p, &out[i]));
    }
    return scan_expect(&p->s, ')');
}

static bool has_operator(tsr_binary op, tsr_dtype dtype) {
    const bool bits = op == TSR_AND || op == TSR_OR || op == TSR_XOR, whole = op == TSR_MOD || op == TSR_SHL || op == TSR_SHR;
    if (dtype == TSR_BOOL)
        return bits || tsr_is_comparison(op);
    return !tsr_dtype_is_float(dtype) || (!bits && !whole);
}

static tsr_status binary(parser *p, place here, tsr_binary op, const tsr_expr *a, const tsr_expr *b, const tsr_expr **out_expr) {
    if (a->dtype != b->dtype)
        return scan_error(&p->s, here, "operands of %s are %s and %s", tsr_binary_name(op), tsr_dtype_name(a->dtype),
                          tsr_dtype_name(b->dtype));
    if (!has_operator(op, a->dtype))
        return scan_error(&p->s, here, "no operator %s for %s", tsr_binary_name(op), tsr_dtype_name(a->dtype));
    *out_expr = tsr_binary_expr(p->f->arena, op, a, b);
    return tsr_ok();
}

static tsr_status cast(parser *p, place here, tsr_dtype dtype, bool bits, const tsr_expr **out_expr) {
    const tsr_expr *a;
    TSR_TRY(arguments(p, 1, &a));
    if (bits && tsr_dtype_size(dtype) != tsr_dtype_size(a->dtype))
        return scan_error(&p->s, here, "a %s has not the size of a %s", tsr_dtype_name(dtype), tsr_dtype_name(a->dtype));
    *out_expr = bits ? tsr_bitcast(p->f->arena, dtype, a) : tsr_cast(p->f->arena, dtype, a);
    return tsr_ok();
}

// What follows "name(".
static tsr_status call(parser *p, place here, const char *name, const tsr_expr **out_expr) {
    const tsr_expr *a[3] = {NULL, NULL, NULL};
    tsr_dtype dtype;
    if (strcmp(name, "select") == 0) {
        TSR_TRY(arguments(p, 3, a));
        if (a[0]->dtype != TSR_BOOL)
            return scan_error(&p->s, here, "the condition of a select is a bool");
        if (a[1]->dtype != a[2]->dtype)
            return scan_error(&p->s, here, "the arms of a select are %s and %s", tsr_dtype_name(a[1]->dtype),
                              tsr_dtype_name(a[2]->dtype));
        *out_expr = tsr_select(p->f->arena, a[0], a[1], a[2]);
        return tsr_ok();
    }
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0) {
        TSR_TRY(arguments(p, 2, a));
        return binary(p, here, name[1] == 'i' ? TSR_MIN : TSR_MAX, a[0], a[1], out_expr);
    }
    if (parse_short_type(name, &dtype))
        return cast(p, here, dtype, false, out_expr);
    if (strncmp(name, "bits_", 5) == 0 && parse_short_type(name + 5, &dtype))
        return cast(p, here, dtype, true, out_expr);
    for (int i = 0; tsr_function_name((tsr_function)i)[0] != '?'; i++) {
        const tsr_function function = (tsr_function)i;
        if (strcmp(tsr_function_name(function), name) != 0)
            continue;
        const bool two = tsr_function_is_binary(function);
        TSR_TRY(arguments(p, two ? 2 : 1, a));
        if (!tsr_dtype_is_float(a[0]->dtype) || (two && a[1]->dtype != a[0]->dtype))
            return scan_error(&p->s, here, "%s is of one float type", name);
        *out_expr = tsr_call(p->f->arena, function, a[0], a[1]);
        return tsr_ok();
    }
    return scan_error(&p->s, here, "there is no function '%.40s'", name);
}

// The number of a let's name; -1: it is none.
static int64_t let_number(const char *name) {
    if (name[0] != 't' || strlen(name) > 9 || name[1] == '\0' || name[1 + strspn(name + 1, "0123456789")] != '\0')
        return -1;
    int64_t number = 0;
    for (name++; *name != '\0'; name++)
        number = 10 * number + (*name - '0');
    return number;
}

// What walks expressions does so by recursion: through lets too.
static tsr_status reach(parser *p, unsigned height) {
    if (height > MAX_DEPTH)
        return scan_error(&p->s, scan_place(&p->s), "expressions nested more than %d deep", MAX_DEPTH);
    p->height = height > p->height ? height : p->height;
    return tsr_ok();
}

static tsr_status named(parser *p, const tsr_expr **out_expr) {
    const char *name;
    const place here = scan_place(&p->s);
    const bool quoted = scan_at(&p->s, '"');
    TSR_TRY(scan_name(&p->s, &name));
    if (scan_at(&p->s, '[')) {
        tsr_tbuffer *buffer;
        const tsr_expr *index;
        TSR_TRY(element_of(p, here, name, &buffer, &index));
        *out_expr = tsr_load(p->f->arena, buffer, index);
        return tsr_ok();
    }
    if (!quoted && scan_accept(&p->s, '('))
        return call(p, here, name, out_expr);
    const int64_t let = quoted ? -1 : let_number(name);
    if (let >= 0) {
        if (let >= p->let_count)
            return scan_error(&p->s, here, "there is no '%s' above this statement", name);
        *out_expr = p->lets[let];
        return reach(p, p->depth + p->let_heights[let]);
    }
    for (uint32_t i = p->var_count; i-- > 0;)
        if (strcmp(p->vars[i]->name, name) == 0) {
            *out_expr = tsr_var_expr(p->f->arena, p->vars[i]);
            return tsr_ok();
        }
    return scan_error(&p->s, here, "there is no loop '%.40s' around this", name);
}

static tsr_status primary(parser *p, const tsr_expr **out_expr) {
    if (scan_accept(&p->s, '(')) {
        TSR_TRY(parse_expr(p, out_expr));
        return scan_expect(&p->s, ')');
    }
    const scanner start = p->s;
    const bool special = scan_accept_word(&p->s, "inf") || scan_accept_word(&p->s, "nan");
    const bool real = special && scan_at(&p->s, ':');
    p->s = start;
    return !real && scan_at_name(&p->s) ? named(p, out_expr) : number(p, out_expr);
}

// The operator that comes, or false.
static bool operator_here(parser *p, tsr_binary *out_op) {
    size_t best = 0;
    scan_at(&p->s, ' '); // past blanks
    for (int i = TSR_ADD; i <= TSR_GE; i++) {
        const char *name = tsr_binary_name((tsr_binary)i);
        const size_t length = strlen(name);
        if (i == TSR_MIN || i == TSR_MAX || length <= best || (size_t)(p->s.end - p->s.at) < length ||
            memcmp(p->s.at, name, length) != 0)
            continue;
        best = length;
        *out_op = (tsr_binary)i;
    }
    p->s.at += best;
    return best > 0;
}

tsr_status parse_expr(parser *p, const tsr_expr **out_expr) {
    const tsr_expr *b;
    tsr_binary op;
    *out_expr = NULL;
    p->depth++;
    TSR_TRY(reach(p, p->depth));
    TSR_TRY(primary(p, out_expr));
    const place here = scan_place(&p->s);
    if (operator_here(p, &op)) {
        TSR_TRY(primary(p, &b));
        TSR_TRY(binary(p, here, op, *out_expr, b, out_expr));
    }
    p->depth--;
    return tsr_ok();
}
