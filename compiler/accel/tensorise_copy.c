// SPDX-License-Identifier: Apache-2.0
// Copies between DRAM and a memory: LOAD and STORE.
#include <string.h>

#include "nest.h"
#include "peel.h"

// Narrows [begin, end) of the loops' variables by a conjunction of comparisons of one variable with a number.
static bool narrow(const tsr_expr *e, const peeled *p, int64_t *begin, int64_t *end) {
    if (e->kind != TSR_E_BINARY)
        return false;
    if (e->value.binary == TSR_AND)
        return narrow(e->a, p, begin, end) && narrow(e->b, p, begin, end);
    tsr_affine a;
    if (e->b->kind != TSR_E_INT || !tsr_affine_of(e->a, &a) || a.count != 1 || a.coefficient[0] != 1)
        return false;
    int64_t limit = e->b->value.i - a.constant;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->var[i] != a.var[0])
            continue;
        if (e->value.binary == TSR_GE && limit > begin[i])
            begin[i] = limit;
        else if (e->value.binary == TSR_LT && limit < end[i])
            end[i] = limit;
        else if (e->value.binary != TSR_GE && e->value.binary != TSR_LT)
            return false;
        return true;
    }
    return false;
}

// Merges loops that walk one contiguous range on both sides (p's loops are outermost first).
static void merge_contiguous(peeled *p, const tsr_affine *from, const int64_t *begin, const int64_t *end, int64_t *run) {
    *run = 1;
    while (p->count > 0) {
        uint32_t i = p->count - 1;
        if (tsr_affine_coefficient(&p->to, p->var[i]) != *run || tsr_affine_coefficient(from, p->var[i]) != *run ||
            begin[i] != 0 || end[i] != p->extent[i])
            return;
        *run *= p->extent[i];
        p->count--;
    }
}

static tsr_status too_many_loops(const peeled *p) {
    char text[LOOPS_TEXT];
    NO_MATCH("a copy into '%s' has %u loops around its contiguous run; LOAD and STORE have two: %s", p->store->buffer->name,
             p->count, loops_text(p, text));
}

// Fills columns and rows from at most two loops that are left.
static tsr_status copy_loops(const peeled *p, const tsr_affine *dram, const tsr_affine *sram, int64_t element,
                             const int64_t *begin, const int64_t *end, copy_shape *c) {
    if (p->count > 2)
        return too_many_loops(p);
    c->x_count = c->y_count = 1;
    c->x_stride = c->y_stride = 0; // of loops that are not there
    c->sram_x_stride = c->sram_y_stride = 0;
    if (p->count >= 1) {
        uint32_t i = p->count - 1;
        c->x_before = begin[i];
        c->x_count = end[i] - begin[i];
        c->x_after = p->extent[i] - end[i];
        c->x_stride = tsr_affine_coefficient(dram, p->var[i]) * element;
        c->sram_x_stride = tsr_affine_coefficient(sram, p->var[i]) * element;
        c->dram_offset += begin[i] * c->x_stride;
    }
    if (p->count == 2) {
        c->y_before = begin[0];
        c->y_count = end[0] - begin[0];
        c->y_after = p->extent[0] - end[0];
        c->y_stride = tsr_affine_coefficient(dram, p->var[0]) * element;
        c->sram_y_stride = tsr_affine_coefficient(sram, p->var[0]) * element;
        c->dram_offset += begin[0] * c->y_stride;
    }
    return tsr_ok();
}

tsr_status match_copy(const tsr_config *config, peeled *p, shape *out) {
    char text[LOOPS_TEXT];
    copy_shape *c = &out->as.copy;
    out->kind = SHAPE_COPY;
    const tsr_expr *value = p->store->value;
    tsr_tbuffer *to = p->store->buffer;
    int64_t begin[MAX_LOOPS + 3], end[MAX_LOOPS + 3];
    for (uint32_t i = 0; i < p->count; i++) {
        begin[i] = 0;
        end[i] = p->extent[i];
    }
    const tsr_var *diagonal[2] = {NULL, NULL};
    if (value->kind == TSR_E_SELECT && to->scope == TSR_SCOPE_WGT) {
        // select(o == k, load, 0): the load fills a diagonal
        const tsr_expr *test = value->a;
        if (test->kind != TSR_E_BINARY || test->value.binary != TSR_EQ || test->a->kind != TSR_E_VAR ||
            test->b->kind != TSR_E_VAR || value->c->kind != TSR_E_INT || value->c->value.i != 0)
            NO_MATCH("a select in a copy into '%s' is not select(o == k, load, 0) of two loops", to->name);
        c->diag = true;
        diagonal[0] = test->a->value.var;
        diagonal[1] = test->b->value.var;
        value = value->b;
    } else if (value->kind == TSR_E_SELECT) {
        if (value->c->kind != TSR_E_INT || !narrow(value->a, p, begin, end))
            NO_MATCH("padding into '%s' is not of the form select(begin <= i < end, load, number)", to->name);
        c->pad_value = (int32_t)value->c->value.i;
        value = value->b;
    } else if (value->kind == TSR_E_INT) { // nothing but padding
        c->pad_value = (int32_t)value->value.i;
        for (uint32_t i = 0; i < p->count; i++)
            begin[i] = end[i] = 0;
    }
    tsr_affine from;
    memset(&from, 0, sizeof from);
    tsr_tbuffer *source = NULL;
    if (value->kind == TSR_E_LOAD) {
        source = value->value.buffer;
        TSR_TRY(affine_load(value, &from));
    } else if (value->kind != TSR_E_INT) {
        NO_MATCH("what is stored to '%s' in memory %s is %s; a copy is a load or a number", to->name, tsr_scope_name(to->scope),
                 operand_text(value, text));
    }

    c->is_store = to->scope == TSR_SCOPE_WORK;
    c->dram = c->is_store ? to : source;
    c->memory = c->is_store ? source->scope : to->scope;
    if (c->is_store && (source == NULL || source->scope != TSR_SCOPE_OUT))
        NO_MATCH("'%s' is stored from memory %s; only out can be", to->name,
                 source != NULL ? tsr_scope_name(source->scope) : "none");
    if (!c->is_store && source != NULL && source->scope != TSR_SCOPE_WORK && source->scope != TSR_SCOPE_CONST)
        NO_MATCH("'%s' is loaded from '%s' in memory %s, not from DRAM", to->name, source->name, tsr_scope_name(source->scope));
    const tsr_affine *sram = c->is_store ? &from : &p->to, *dram = c->is_store ? &p->to : &from;
    int64_t element = (int64_t)tsr_dtype_size(to->dtype);
    c->segment = c->dram != NULL && c->dram->scope == TSR_SCOPE_WORK ? 1 : 0;
    c->dram_offset = dram->constant * element + (c->dram != NULL ? (int64_t)c->dram->offset : 0);
    c->sram_addr = sram->constant * element;
    if (c->memory == TSR_SCOPE_INP || c->memory == TSR_SCOPE_OUT) {
        int64_t plane_bytes = c->memory == TSR_SCOPE_INP ? tsr_inp_plane_bytes(config) : tsr_out_plane_bytes(config);
        c->plane = (uint32_t)(c->sram_addr / plane_bytes);
        c->sram_addr %= plane_bytes;
    }

    if (c->diag) {
        int64_t out_lanes = config->block_out;
        const tsr_var *o, *k;
        if (config->block_in != config->block_out)
            NO_MATCH("a diagonal load needs block_in == block_out");
        if (!take_lane(p, &p->to, config->block_in, 1, &k))
            return no_lane(p, to->name, "input lanes", config->block_in, 1);
        if (!take_lane(p, &p->to, out_lanes, config->block_in, &o))
            return no_lane(p, to->name, "output lanes", out_lanes, config->block_in);
        TSR_TRY(check_step(&from, source->name, o, 1));
        TSR_TRY(check_step(&from, source->name, k, 0));
        if (!((diagonal[0] == o && diagonal[1] == k) || (diagonal[0] == k && diagonal[1] == o)))
            NO_MATCH("loops %s and %s, which a diagonal compares, do not run over the lanes of '%s'", diagonal[0]->name,
                     diagonal[1]->name, to->name);
        // What is left are entries; those that follow one another on both sides are one run.
        int64_t entry = out_lanes * config->block_in;
        c->run = out_lanes;
        while (p->count > 0) {
            uint32_t i = p->count - 1;
            if (tsr_affine_coefficient(&from, p->var[i]) != c->run ||
                tsr_affine_coefficient(&p->to, p->var[i]) != c->run / out_lanes * entry)
                break;
            c->run *= p->extent[i];
            p->count--;
        }
        return copy_loops(p, dram, sram, element, begin, end, c);
    }

    if (value->kind == TSR_E_INT) { // all padding: contiguous or strided on the SRAM side only
        int64_t run = 1;
        while (p->count > 0 && tsr_affine_coefficient(&p->to, p->var[p->count - 1]) == run)
            run *= p->extent[--p->count];
        c->run = run;
        if (p->count > 2)
            return too_many_loops(p);
        TSR_TRY(copy_loops(p, dram, sram, element, begin, end, c));
        c->dram_offset = 0;
        if (p->count == 0) {
            c->y_count = 0;
            c->y_after = 1;
        }
        return tsr_ok();
    }
    merge_contiguous(p, &from, begin, end, &c->run);
    c->run *= element;
    return copy_loops(p, dram, sram, element, begin, end, c);
}
