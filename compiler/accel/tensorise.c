// SPDX-License-Identifier: Apache-2.0
// A nest is peeled into its loops and the one store inside; what the store writes decides what it may be. Indices are
// looked at as affine forms only, so that a nest written another way (loops exchanged, split, an index factored out)
// matches as well.
#include "tensorise.h"

#include <string.h>

#include "nest.h"
#include "rescale.h"

typedef struct peeled {
    uint32_t count;
    const tsr_var *var[MAX_LOOPS + 3];
    int64_t extent[MAX_LOOPS + 3];
    const tsr_stmt *store;
    tsr_affine to;
} peeled;

#define NO_MATCH(...) return tsr_error(TSR_UNSUPPORTED, "tensorise: " __VA_ARGS__)

static tsr_status peel(const tsr_stmt *nest, peeled *out) {
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
        NO_MATCH("the innermost statement is no store");
    out->store = nest;
    if (!tsr_affine_of(nest->index, &out->to))
        NO_MATCH("the index into '%s' is not affine", nest->buffer->name);
    return tsr_ok();
}

static tsr_status affine_load(const tsr_expr *load, tsr_affine *out) {
    if (!tsr_affine_of(load->a, out))
        NO_MATCH("the index into '%s' is not affine", load->value.buffer->name);
    return tsr_ok();
}

// Takes the loop of the given extent whose variable moves the index by `coefficient`; an extent of 1 needs no loop.
static bool take_lane(peeled *p, const tsr_affine *index, int64_t extent, int64_t coefficient, const tsr_var **out_var) {
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

static int64_t step_of(const tsr_affine *index, const tsr_var *var) {
    return var == NULL ? 0 : tsr_affine_coefficient(index, var);
}

// Divides an index by the size of an entry; every coefficient left must be a multiple.
static bool in_entries(const tsr_affine *index, const tsr_var *const *lanes, uint32_t lane_count, int64_t entry) {
    if (index->constant % entry != 0)
        return false;
    for (uint32_t i = 0; i < index->count; i++) {
        bool lane = false;
        for (uint32_t l = 0; l < lane_count; l++)
            lane |= index->var[i] == lanes[l];
        if (!lane && index->coefficient[i] % entry != 0)
            return false;
    }
    return true;
}

// ---- copies -----------------------------------------------------------------------------------------------------------

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

// Fills columns and rows from at most two loops that are left.
static tsr_status copy_loops(const peeled *p, const tsr_affine *dram, const tsr_affine *sram, int64_t element,
                             const int64_t *begin, const int64_t *end, copy_shape *c) {
    if (p->count > 2)
        NO_MATCH("a copy into '%s' has %u loops around its run; LOAD and STORE have two", p->store->buffer->name, p->count);
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

static tsr_status match_copy(const tsr_config *config, peeled *p, shape *out) {
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
            NO_MATCH("a copy into WGT is neither plain nor diagonal");
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
        NO_MATCH("a store into '%s' is no copy", to->name);
    }

    c->is_store = to->scope == TSR_SCOPE_WORK;
    c->dram = c->is_store ? to : source;
    c->memory = c->is_store ? source->scope : to->scope;
    if (c->is_store && (source == NULL || source->scope != TSR_SCOPE_OUT))
        NO_MATCH("only OUT can be stored");
    if (!c->is_store && source != NULL && source->scope != TSR_SCOPE_WORK && source->scope != TSR_SCOPE_CONST)
        NO_MATCH("'%s' is not in DRAM", source->name);
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
        if (!take_lane(p, &p->to, config->block_in, 1, &k) || !take_lane(p, &p->to, out_lanes, config->block_in, &o) ||
            step_of(&from, o) != 1 || step_of(&from, k) != 0 ||
            !((diagonal[0] == o && diagonal[1] == k) || (diagonal[0] == k && diagonal[1] == o)))
            NO_MATCH("a diagonal load does not fill whole WGT entries");
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
            NO_MATCH("filling '%s' has %u loops around its run", to->name, p->count);
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

// ---- GEMM -------------------------------------------------------------------------------------------------------------

static const tsr_expr *widened_load(const tsr_expr *e, tsr_scope scope) { // (int32)buffer[...] of that memory
    if (e->kind != TSR_E_CAST || e->dtype != TSR_I32 || e->a->kind != TSR_E_LOAD || e->a->value.buffer->scope != scope)
        return NULL;
    return e->a;
}

static tsr_status match_gemm(const tsr_config *config, peeled *p, shape *out) {
    int64_t rows = config->batch, lanes_out = config->block_out, lanes_in = config->block_in;
    const tsr_expr *sum = p->store->value;
    gemm_shape *g = &out->as.gemm;
    out->kind = SHAPE_GEMM;
    const tsr_expr *x = widened_load(sum->b->a, TSR_SCOPE_INP), *w = widened_load(sum->b->b, TSR_SCOPE_WGT);
    if (x == NULL || w == NULL) {
        x = widened_load(sum->b->b, TSR_SCOPE_INP);
        w = widened_load(sum->b->a, TSR_SCOPE_WGT);
    }
    if (x == NULL || w == NULL)
        NO_MATCH("the product added to ACC is not INP times WGT");
    tsr_affine xi, wi;
    TSR_TRY(affine_load(x, &xi));
    TSR_TRY(affine_load(w, &wi));
    const tsr_var *b, *o, *k;
    if (!take_lane(p, &wi, lanes_in, 1, &k) || step_of(&xi, k) != (k != NULL) || step_of(&p->to, k) != 0)
        NO_MATCH("no loop of %ld reduces over the lanes of INP and WGT", (long)lanes_in);
    if (!take_lane(p, &p->to, lanes_out, 1, &o) || step_of(&wi, o) != lanes_in * (o != NULL) || step_of(&xi, o) != 0)
        NO_MATCH("no loop of %ld runs over the output lanes of ACC and WGT", (long)lanes_out);
    int64_t plane = tsr_inp_plane_bytes(config);
    if (!take_lane(p, &p->to, rows, lanes_out, &b) || step_of(&xi, b) != plane * (b != NULL) || step_of(&wi, b) != 0)
        NO_MATCH("no loop of %ld runs over the batch rows of ACC and INP", (long)rows);
    const tsr_var *lanes[3] = {b, o, k};
    int64_t acc_entry = rows * lanes_out, wgt_entry = lanes_out * lanes_in;
    if (!in_entries(&p->to, lanes, 3, acc_entry) || !in_entries(&xi, lanes, 3, lanes_in) || !in_entries(&wi, lanes, 3, wgt_entry))
        NO_MATCH("a GEMM operand does not start at whole entries");
    if (p->count > MAX_LOOPS)
        NO_MATCH("more than %d loops around a GEMM", MAX_LOOPS);
    g->loop_count = p->count;
    for (uint32_t i = 0; i < p->count; i++)
        g->loop[i] =
            (lane_loop){p->extent[i], tsr_affine_coefficient(&p->to, p->var[i]) / acc_entry,
                        tsr_affine_coefficient(&xi, p->var[i]) / lanes_in, tsr_affine_coefficient(&wi, p->var[i]) / wgt_entry};
    g->acc = p->to.constant / acc_entry;
    g->inp = xi.constant / lanes_in;
    g->wgt = wi.constant / wgt_entry;
    return tsr_ok();
}

// ---- ALU --------------------------------------------------------------------------------------------------------------

static bool is_int(const tsr_expr *e, int64_t value) { return e->kind == TSR_E_INT && e->value.i == value; }
static bool is_binary(const tsr_expr *e, tsr_binary op) { return e->kind == TSR_E_BINARY && e->value.binary == op; }
static bool is_clip(const tsr_expr *e) {
    return is_binary(e, TSR_MIN) && e->b->kind == TSR_E_INT && is_binary(e->a, TSR_MAX) && e->a->b->kind == TSR_E_INT;
}
static const tsr_expr *low16(const tsr_expr *e) { // (int32)(int16)e
    return e->kind == TSR_E_CAST && e->a->kind == TSR_E_CAST && e->a->dtype == TSR_I16 ? e->a->a : NULL;
}

static tsr_status match_alu(tsr_arena *arena, const tsr_config *config, peeled *p, shape *out) {
    alu_shape *v = &out->as.alu;
    out->kind = SHAPE_ALU;
    const tsr_expr *e = p->store->value;
    v->to_out = p->store->buffer->scope == TSR_SCOPE_OUT;
    if (v->to_out) {
        if (e->kind != TSR_E_CAST || !is_clip(e->a) || !is_int(e->a->b, 127) || !is_int(e->a->a->b, -128))
            NO_MATCH("what is written to OUT is not saturated to int8");
        e = e->a->a->a;
    }
    if (is_clip(e)) {
        v->clip = true;
        v->lo = (int32_t)e->a->b->value.i;
        v->hi = (int32_t)e->b->value.i;
        e = e->a->a;
    }
    const tsr_expr *t = e;
    v->op = OP_MOV;
    if (!v->to_out && e->kind == TSR_E_BINARY) {
        static const int ops[] = {[TSR_ADD] = OP_ADD, [TSR_SUB] = OP_SUB, [TSR_MUL] = OP_MUL, [TSR_MIN] = OP_MIN,
                                  [TSR_MAX] = OP_MAX, [TSR_SHL] = OP_SHL, [TSR_SHR] = OP_SHR};
        tsr_binary op = e->value.binary;
        const tsr_expr *a = op == TSR_MUL ? low16(e->a) : e->a, *right = op == TSR_MUL ? low16(e->b) : e->b;
        bool known =
            op == TSR_ADD || op == TSR_SUB || op == TSR_MUL || op == TSR_MIN || op == TSR_MAX || op == TSR_SHL || op == TSR_SHR;
        if (known && a != NULL && right != NULL && a->kind == TSR_E_LOAD && a->value.buffer == p->store->buffer &&
            tsr_expr_equal(a->a, p->store->index)) {
            v->op = (uint32_t)ops[op];
            t = right;
        }
    }
    const tsr_expr *bias = NULL, *source = rescale_match(arena, t, &bias);
    if (source == NULL && is_binary(t, TSR_ADD) && t->b->kind == TSR_E_INT &&
        (source = rescale_match(arena, t->a, &bias)) != NULL)
        v->imm = (int32_t)t->b->value.i;
    v->rescale = source != NULL;
    if (!v->rescale)
        source = t;
    tsr_affine si, pi;
    memset(&si, 0, sizeof si);
    memset(&pi, 0, sizeof pi);
    const tsr_expr *load =
        source->kind == TSR_E_LOAD && source->value.buffer->scope == TSR_SCOPE_ACC ? source : widened_load(source, TSR_SCOPE_INP);
    if (load != NULL) {
        v->src_kind = load->value.buffer->scope == TSR_SCOPE_INP ? FROM_INP : FROM_ACC;
        TSR_TRY(affine_load(load, &si));
    } else if (source->kind == TSR_E_INT && !v->rescale) {
        v->src_kind = FROM_IMM;
        v->imm = (int32_t)source->value.i;
    } else {
        NO_MATCH("an operand of the vector operation is neither ACC, INP nor a number");
    }
    if (v->rescale) {
        if (bias->kind != TSR_E_LOAD || bias->value.buffer->scope != TSR_SCOPE_PAR)
            NO_MATCH("the parameters of a rescale are not in PAR");
        TSR_TRY(affine_load(bias, &pi));
    }
    int64_t rows = config->batch, lanes = config->block_out, in = config->block_in;
    if (v->src_kind == FROM_INP && in != lanes)
        NO_MATCH("vector operations read INP only where block_in == block_out");
    int64_t dst_entry = v->to_out ? lanes : rows * lanes, dst_row = v->to_out ? (int64_t)tsr_out_plane_bytes(config) : lanes;
    int64_t src_entry = v->src_kind == FROM_INP ? in : rows * lanes,
            src_row = v->src_kind == FROM_INP ? (int64_t)tsr_inp_plane_bytes(config) : lanes;
    const tsr_var *b, *o;
    if (!take_lane(p, &p->to, lanes, 1, &o) || !take_lane(p, &p->to, rows, dst_row, &b))
        NO_MATCH("the loops over %ld lanes and %ld batch rows are missing", (long)lanes, (long)rows);
    if (load != NULL && (step_of(&si, o) != (o != NULL) || step_of(&si, b) != src_row * (b != NULL)))
        NO_MATCH("lanes of source and destination do not match");
    if (v->rescale && (step_of(&pi, o) != 3 * (o != NULL) || step_of(&pi, b) != 0))
        NO_MATCH("rescale parameters are not taken lane by lane");
    const tsr_var *lane_vars[2] = {b, o};
    if (!in_entries(&p->to, lane_vars, 2, dst_entry) || !in_entries(&si, lane_vars, 2, src_entry) ||
        !in_entries(&pi, lane_vars, 2, lanes * 3))
        NO_MATCH("a vector operand does not start at whole entries");
    if (p->count > MAX_LOOPS)
        NO_MATCH("more than %d loops around a vector operation", MAX_LOOPS);
    v->loop_count = p->count;
    for (uint32_t i = 0; i < p->count; i++)
        v->loop[i] =
            (lane_loop){p->extent[i], tsr_affine_coefficient(&p->to, p->var[i]) / dst_entry,
                        tsr_affine_coefficient(&si, p->var[i]) / src_entry, tsr_affine_coefficient(&pi, p->var[i]) / (lanes * 3)};
    v->dst = p->to.constant / dst_entry;
    v->src = si.constant / src_entry;
    v->par = pi.constant / (lanes * 3);
    return tsr_ok();
}

// ---- what is it? ------------------------------------------------------------------------------------------------------

static bool is_product_sum(const tsr_stmt *store) { // acc[i] = acc[i] + x * w of two widened loads
    const tsr_expr *e = store->value;
    return store->buffer->scope == TSR_SCOPE_ACC && is_binary(e, TSR_ADD) && e->a->kind == TSR_E_LOAD &&
           e->a->value.buffer == store->buffer && tsr_expr_equal(e->a->a, store->index) && is_binary(e->b, TSR_MUL) &&
           low16(e->b->a) == NULL;
}

// Does the zeroing nest z cover exactly what the reduction g writes? Its loops must be g's non-reducing ones.
static bool zeroes(const tsr_config *config, const tsr_stmt *nest, const gemm_shape *g) {
    peeled z;
    const tsr_var *lane;
    int64_t rows = config->batch, lanes = config->block_out;
    if (peel(nest, &z).code != TSR_OK || z.store->buffer->scope != TSR_SCOPE_ACC || !is_int(z.store->value, 0) ||
        !take_lane(&z, &z.to, lanes, 1, &lane) || !take_lane(&z, &z.to, rows, lanes, &lane) ||
        z.to.constant != g->acc * rows * lanes)
        return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < g->loop_count; i++) {
        if (g->loop[i].dst == 0)
            continue;
        if (at == z.count || z.extent[at] != g->loop[i].extent ||
            tsr_affine_coefficient(&z.to, z.var[at]) != g->loop[i].dst * rows * lanes)
            return false;
        at++;
    }
    return at == z.count;
}

tsr_status tensorise(tsr_arena *arena, const tsr_config *config, tsr_stmt *const *items, uint32_t item_count, shape *out_shape,
                     uint32_t *out_used) {
    memset(out_shape, 0, sizeof *out_shape);
    *out_used = 1;
    peeled p;
    TSR_TRY(peel(items[0], &p));
    tsr_scope to = p.store->buffer->scope;
    if (is_product_sum(p.store))
        return match_gemm(config, &p, out_shape);
    if (to == TSR_SCOPE_ACC && is_int(p.store->value, 0) && item_count > 1) {
        peeled next;
        if (peel(items[1], &next).code == TSR_OK && is_product_sum(next.store)) {
            TSR_TRY(match_gemm(config, &next, out_shape));
            if (zeroes(config, items[0], &out_shape->as.gemm)) {
                out_shape->as.gemm.overwrite = true;
                *out_used = 2;
                return tsr_ok();
            }
            memset(out_shape, 0, sizeof *out_shape);
        }
    }
    if (to == TSR_SCOPE_ACC || to == TSR_SCOPE_OUT)
        return match_alu(arena, config, &p, out_shape);
    return match_copy(config, &p, out_shape);
}
