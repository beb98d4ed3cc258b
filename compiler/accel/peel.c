// SPDX-License-Identifier: Apache-2.0
#include "peel.h"

#include <stdio.h>
#include <string.h>

bool is_int(const tsr_expr *e, int64_t value) { return e->kind == TSR_E_INT && e->value.i == value; }
bool is_binary(const tsr_expr *e, tsr_binary op) { return e->kind == TSR_E_BINARY && e->value.binary == op; }
const tsr_expr *low16(const tsr_expr *e) { // (int32)(int16)e
    return e->kind == TSR_E_CAST && e->a->kind == TSR_E_CAST && e->a->dtype == TSR_I16 ? e->a->a : NULL;
}

const tsr_expr *widened_load(const tsr_expr *e, tsr_scope scope) { // (int32)buffer[...] of that memory
    if (e->kind != TSR_E_CAST || e->dtype != TSR_I32 || e->a->kind != TSR_E_LOAD || e->a->value.buffer->scope != scope)
        return NULL;
    return e->a;
}

const char *loops_text(const peeled *p, char text[LOOPS_TEXT]) {
    size_t used = 0;
    strcpy(text, "none");
    for (uint32_t i = 0; i < p->count && used < LOOPS_TEXT; i++)
        used += (size_t)snprintf(text + used, LOOPS_TEXT - used, "%s%.24s (%lld)", i > 0 ? ", " : "", p->var[i]->name,
                                 (long long)p->extent[i]);
    return text;
}

tsr_status peel(const tsr_stmt *nest, peeled *out) {
    memset(out, 0, sizeof *out);
    while (nest->kind == TSR_S_FOR) {
        if (nest->extent != 1) { // a loop of one adds nothing to any index
            if (out->count == MAX_LOOPS + 3)
                NO_MATCH("more than %d loops around one store", MAX_LOOPS + 3);
            out->var[out->count] = nest->var;
            out->extent[out->count++] = nest->extent;
        }
        nest = nest->body;
    }
    if (nest->kind != TSR_S_STORE)
        NO_MATCH("inside of loop %s stands %s, not one store", out->count > 0 ? out->var[out->count - 1]->name : "(none)",
                 nest->kind == TSR_S_IF ? "an if" : "a sequence of statements");
    out->store = nest;
    if (!tsr_affine_of(nest->index, &out->to))
        NO_MATCH("the index into '%s' is not affine", nest->buffer->name);
    return tsr_ok();
}

tsr_status affine_load(const tsr_expr *load, tsr_affine *out) {
    if (!tsr_affine_of(load->a, out))
        NO_MATCH("the index into '%s' is not affine", load->value.buffer->name);
    return tsr_ok();
}

bool take_lane(peeled *p, const tsr_affine *index, int64_t extent, int64_t coefficient, const tsr_var **out_var) {
    *out_var = NULL;
    if (extent == 1)
        return true;
    for (uint32_t i = p->count; i-- > 0;) // innermost first
        if (p->extent[i] == extent && tsr_affine_coefficient(index, p->var[i]) == coefficient) {
            *out_var = p->var[i];
            p->count--;
            memmove(&p->var[i], &p->var[i + 1], (p->count - i) * sizeof p->var[0]);
            memmove(&p->extent[i], &p->extent[i + 1], (p->count - i) * sizeof p->extent[0]);
            return true;
        }
    return false;
}

const char *operand_text(const tsr_expr *e, char text[LOOPS_TEXT]) {
    if (e->kind == TSR_E_LOAD)
        snprintf(text, LOOPS_TEXT, "a load of '%.60s' in memory %s", e->value.buffer->name,
                 tsr_scope_name(e->value.buffer->scope));
    else if (e->kind == TSR_E_BINARY)
        snprintf(text, LOOPS_TEXT, "operator %s", tsr_binary_name(e->value.binary));
    else if (e->kind == TSR_E_CAST)
        snprintf(text, LOOPS_TEXT, "a cast from %s to %s", tsr_dtype_name(e->a->dtype), tsr_dtype_name(e->dtype));
    else
        snprintf(text, LOOPS_TEXT, "%s",
                 e->kind == TSR_E_SELECT ? "a select"
                 : e->kind == TSR_E_INT  ? "a number"
                                         : "another expression");
    return text;
}

tsr_status no_lane(const peeled *p, const char *buffer, const char *what, int64_t extent, int64_t by) {
    char text[LOOPS_TEXT];
    NO_MATCH("no loop runs over the %lld %s of '%s' with a step of %lld; loops that it could be: %s", (long long)extent, what,
             buffer, (long long)by, loops_text(p, text));
}

tsr_status check_step(const tsr_affine *index, const char *buffer, const tsr_var *lane, int64_t by) {
    if (lane != NULL && tsr_affine_coefficient(index, lane) != by)
        NO_MATCH("loop %s moves the index of '%s' by %lld an iteration, not by %lld", lane->name, buffer,
                 (long long)tsr_affine_coefficient(index, lane), (long long)by);
    return tsr_ok();
}

tsr_status check_entries(const tsr_affine *index, const char *buffer, const tsr_var *const *lanes, uint32_t lane_count,
                         int64_t entry) {
    if (index->constant % entry != 0)
        NO_MATCH("'%s' begins at element %lld, which is no multiple of an entry's %lld", buffer, (long long)index->constant,
                 (long long)entry);
    for (uint32_t i = 0; i < index->count; i++) {
        bool lane = false;
        for (uint32_t l = 0; l < lane_count; l++)
            lane |= index->var[i] == lanes[l];
        if (!lane && index->coefficient[i] % entry != 0)
            NO_MATCH("loop %s moves the index of '%s' by %lld an iteration, which is no multiple of an entry's %lld",
                     index->var[i]->name, buffer, (long long)index->coefficient[i], (long long)entry);
    }
    return tsr_ok();
}
