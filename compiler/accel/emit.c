// SPDX-License-Identifier: Apache-2.0
#include "emit.h"

#include <string.h>

#include "tensorise.h"

enum { FIELD16 = 65535, MAX_PAD = 63 };

void stream_begin(tsr_accel *accel) {
    accel->tracker = tracker_create(accel->arena);
    accel->insn_count = 0;
    accel->uop_list_count = 0;
    accel->uop_next = 0;
    memset(accel->next_half, 0, sizeof accel->next_half);
}

int64_t take_half(tsr_accel *accel, space memory, int64_t size) {
    unsigned half = accel->next_half[memory];
    accel->next_half[memory] = !half;
    return half ? size / 2 : 0;
}

static void append(tsr_accel *accel, const tsr_insn *insn, uint32_t unit, uint32_t access_count, const access *accesses) {
    if (accel->insn_count == accel->insn_capacity) {
        accel->insn_capacity = accel->insn_capacity ? accel->insn_capacity * 2 : 256;
        tsr_insn *larger = TSR_NEW_ARRAY(accel->arena, tsr_insn, accel->insn_capacity);
        if (accel->insn_count > 0)
            memcpy(larger, accel->insns, accel->insn_count * sizeof *larger);
        accel->insns = larger;
    }
    tsr_insn *to = &accel->insns[accel->insn_count++];
    *to = *insn;
    to->wait = tracker_add(accel->tracker, unit, access_count, accesses);
}

// ---- LOAD, STORE ------------------------------------------------------------------------------------------------------

static space space_of(tsr_scope scope) {
    switch (scope) {
    case TSR_SCOPE_WGT: return SPACE_WGT;
    case TSR_SCOPE_PAR: return SPACE_PAR;
    case TSR_SCOPE_OUT: return SPACE_OUT;
    default: return SPACE_INP;
    }
}

static tsr_status emit_one_copy(tsr_accel *accel, const copy_shape *c) {
    const tsr_config *config = accel->config;
    int64_t rows = c->y_before + c->y_count + c->y_after, columns = c->x_before + c->x_count + c->x_after;
    int64_t entry = (int64_t)tsr_wgt_entry_bytes(config);
    int64_t sram_run = c->diag ? c->run / config->block_out * entry : c->run;
    access accesses[2];
    uint32_t access_count = 1;
    int64_t plane = c->memory == TSR_SCOPE_INP   ? tsr_inp_plane_bytes(config)
                    : c->memory == TSR_SCOPE_OUT ? tsr_out_plane_bytes(config)
                                                 : 0;
    int64_t begin = plane * c->plane + c->sram_addr;
    accesses[0] = access_of_walks(space_of(c->memory), begin, sram_run, !c->is_store, 2,
                                  (walk[]){{rows, c->sram_y_stride}, {columns, c->sram_x_stride}});
    bool reads = c->x_count > 0 && c->y_count > 0;
    if (c->segment == 1 && reads)
        accesses[access_count++] = access_of_walks(SPACE_WORK, c->dram_offset, c->run, c->is_store, 2,
                                                   (walk[]){{c->y_count, c->y_stride}, {c->x_count, c->x_stride}});
    tsr_insn insn;
    memset(&insn, 0, sizeof insn);
    if (c->is_store) {
        insn.opcode = TSR_OP_STORE;
        insn.store = (tsr_store_insn){.segment = c->segment,
                                      .plane = c->plane,
                                      .dram_offset = (uint32_t)c->dram_offset,
                                      .sram_addr = (uint32_t)c->sram_addr,
                                      .run = (uint32_t)c->run,
                                      .x_count = (uint32_t)c->x_count,
                                      .y_count = (uint32_t)c->y_count,
                                      .y_stride = (uint32_t)c->y_stride,
                                      .x_stride = (uint32_t)c->x_stride,
                                      .sram_x_stride = (uint32_t)c->sram_x_stride,
                                      .sram_y_stride = (uint32_t)c->sram_y_stride};
        append(accel, &insn, TSR_UNIT_STORE, access_count, accesses);
    } else {
        insn.opcode = TSR_OP_LOAD;
        insn.load = (tsr_load_insn){.buffer = c->memory == TSR_SCOPE_INP   ? TSR_BUF_INP
                                              : c->memory == TSR_SCOPE_WGT ? TSR_BUF_WGT
                                                                           : TSR_BUF_PAR,
                                    .segment = c->segment,
                                    .diag = c->diag,
                                    .plane = c->plane,
                                    .dram_offset = reads ? (uint32_t)c->dram_offset : 0,
                                    .sram_addr = (uint32_t)c->sram_addr,
                                    .pad_value = c->pad_value,
                                    .run = (uint32_t)c->run,
                                    .x_count = (uint32_t)c->x_count,
                                    .y_count = (uint32_t)c->y_count,
                                    .y_stride = (uint32_t)c->y_stride,
                                    .x_stride = (uint32_t)c->x_stride,
                                    .sram_x_stride = (uint32_t)c->sram_x_stride,
                                    .sram_y_stride = (uint32_t)c->sram_y_stride,
                                    .x_before = (uint32_t)c->x_before,
                                    .x_after = (uint32_t)c->x_after,
                                    .y_before = (uint32_t)c->y_before,
                                    .y_after = (uint32_t)c->y_after};
        append(accel, &insn, TSR_UNIT_LOAD, access_count, accesses);
    }
    return tsr_ok();
}

// Fits a copy into the fields of one instruction, or cuts it: a run that is too long becomes columns, rows that lie too far
// apart become instructions of their own.
static tsr_status emit_copy(tsr_accel *accel, copy_shape c) {
    if (c.x_before > MAX_PAD || c.x_after > MAX_PAD || c.y_before > MAX_PAD || c.y_after > MAX_PAD)
        return tsr_error(TSR_UNSUPPORTED, "padding of more than %d rows or columns at a side", MAX_PAD);
    int64_t entry = (int64_t)tsr_wgt_entry_bytes(accel->config);
    bool one_column = c.x_count == 1 && c.x_before + c.x_after == 0, one_row = c.y_count == 1 && c.y_before + c.y_after == 0;
    int64_t per_byte = c.diag ? entry / accel->config->block_out : 1; // SRAM bytes for a byte of the run
    if (c.run > FIELD16 || c.run * per_byte > FIELD16) {
        // The granule that a run must be made of whole.
        int64_t granule = c.memory == TSR_SCOPE_WGT   ? (c.diag ? accel->config->block_out : entry)
                          : c.memory == TSR_SCOPE_PAR ? (int64_t)tsr_par_entry_bytes(accel->config)
                                                      : 1;
        int64_t pieces = c.run / granule, best = 1;
        for (int64_t d = 1; d <= pieces; d++)
            if (pieces % d == 0 && d * granule * per_byte <= FIELD16)
                best = d;
        if (!one_column && one_row) { // columns move out to be rows
            c.y_count = c.x_count, c.y_before = c.x_before, c.y_after = c.x_after, c.y_stride = c.x_stride,
            c.sram_y_stride = c.sram_x_stride;
            one_column = true;
        }
        if (one_column && best * granule < c.run) {
            c.x_before = c.x_after = 0;
            c.x_count = c.run / (best * granule);
            c.run = best * granule;
            c.x_stride = c.run;
            c.sram_x_stride = c.run * per_byte;
        }
    }
    bool fits =
        c.run <= FIELD16 && c.x_count <= FIELD16 && c.y_count <= FIELD16 && c.sram_x_stride <= FIELD16 && c.x_stride < (1 << 24);
    if (fits && c.sram_y_stride <= FIELD16)
        return emit_one_copy(accel, &c);
    if (!fits)
        return tsr_error(TSR_UNSUPPORTED, "a copy of %ld x %ld runs of %ld bytes does not fit an instruction", (long)c.y_count,
                         (long)c.x_count, (long)c.run);
    for (int64_t y = 0; y < c.y_before + c.y_count + c.y_after; y++) {
        copy_shape row = c;
        bool real = y >= c.y_before && y < c.y_before + c.y_count;
        row.sram_addr += y * c.sram_y_stride;
        row.dram_offset += (y - c.y_before) * c.y_stride;
        row.y_before = 0;
        row.y_count = real;
        row.y_after = !real;
        row.sram_y_stride = 0;
        row.y_stride = 0;
        TSR_TRY(emit_one_copy(accel, &row));
    }
    return tsr_ok();
}

// ---- loops and micro-ops ----------------------------------------------------------------------------------------------

typedef struct lanes {
    uint32_t count;
    lane_loop loop[MAX_LOOPS];
} lanes;

// Joins loops that move all operands evenly: a loop of n over a loop of m is one loop of n*m.
static void merge_loops(lanes *l) {
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < l->count && !again; i++)
            for (uint32_t j = 0; j < l->count && !again; j++) {
                lane_loop *a = &l->loop[i], *b = &l->loop[j]; // a around b
                if (i == j || a->dst != b->dst * b->extent || a->src != b->src * b->extent || a->par != b->par * b->extent ||
                    a->extent * b->extent > FIELD16 || (a->dst == 0) != (b->dst == 0))
                    continue;
                b->extent *= a->extent;
                memmove(a, a + 1, (--l->count - i) * sizeof *a);
                again = true;
            }
    }
}

// Takes the largest loop out of l; with keep_reductions only loops that move dst are considered.
static bool take_largest(lanes *l, bool keep_reductions, lane_loop *out) {
    uint32_t best = l->count;
    for (uint32_t i = 0; i < l->count; i++)
        if (!(keep_reductions && l->loop[i].dst == 0) && l->loop[i].extent <= FIELD16 &&
            (best == l->count || l->loop[i].extent > l->loop[best].extent))
            best = i;
    *out = (lane_loop){1, 0, 0, 0};
    if (best == l->count)
        return false;
    *out = l->loop[best];
    memmove(&l->loop[best], &l->loop[best + 1], (--l->count - best) * sizeof l->loop[0]);
    return true;
}

static int64_t uop_count(const lanes *l) {
    int64_t count = 1;
    for (uint32_t i = 0; i < l->count; i++)
        count *= l->loop[i].extent;
    return count;
}

// The UOP entries of a list of micro-ops, loaded if they are not there already.
static tsr_status place_uops(tsr_accel *accel, const uint64_t *words, uint32_t count, uint32_t *out_begin) {
    for (uint32_t i = 0; i < accel->uop_list_count; i++)
        if (accel->uops[i].count == count && memcmp(accel->uops[i].words, words, count * 8) == 0) {
            *out_begin = accel->uops[i].begin;
            return tsr_ok();
        }
    uint32_t capacity = tsr_uop_entries(accel->config);
    if (accel->uop_next + count > capacity)
        accel->uop_next = 0;
    uint32_t begin = accel->uop_next;
    accel->uop_next += count;
    uint32_t kept = 0; // lists that the new one overwrites are gone
    for (uint32_t i = 0; i < accel->uop_list_count; i++)
        if (accel->uops[i].begin >= begin + count || accel->uops[i].begin + accel->uops[i].count <= begin)
            accel->uops[kept++] = accel->uops[i];
    accel->uop_list_count = kept;
    if (kept == accel->uop_list_capacity) {
        accel->uop_list_capacity = kept ? kept * 2 : 32;
        cached_uops *larger = TSR_NEW_ARRAY(accel->arena, cached_uops, accel->uop_list_capacity);
        if (kept > 0)
            memcpy(larger, accel->uops, kept * sizeof *larger);
        accel->uops = larger;
    }
    cached_uops *list = &accel->uops[accel->uop_list_count++];
    list->words = TSR_NEW_ARRAY(accel->arena, uint64_t, count);
    memcpy(list->words, words, count * 8);
    list->count = count;
    list->begin = begin;
    *out_begin = begin;

    size_t offset = tsr_blob_append(accel->consts, words, (size_t)count * 8, 64);
    tsr_insn insn;
    memset(&insn, 0, sizeof insn);
    insn.opcode = TSR_OP_LOAD;
    insn.load = (tsr_load_insn){.buffer = TSR_BUF_UOP,
                                .segment = 0,
                                .dram_offset = (uint32_t)offset,
                                .sram_addr = begin * 8,
                                .run = count * 8,
                                .x_count = 1,
                                .y_count = 1};
    access a = {.where = SPACE_UOP, .begin = begin, .end = begin + count, .write = true};
    append(accel, &insn, TSR_UNIT_LOAD, 1, &a);
    return tsr_ok();
}

static int64_t dst_stride(const lane_loop *l) { return l->dst; }
static int64_t src_stride(const lane_loop *l) { return l->src; }
static int64_t par_stride(const lane_loop *l) { return l->par; }

// What an operand of all micro-ops touches; `unit`: of the space, for an entry.
static access operand_access(space where, int64_t at, int64_t unit, bool write, const lanes *l, const lane_loop hw[2],
                             int64_t (*stride)(const lane_loop *)) {
    walk walks[MAX_LOOPS + 2] = {{hw[0].extent, stride(&hw[0]) * unit}, {hw[1].extent, stride(&hw[1]) * unit}};
    for (uint32_t i = 0; i < l->count; i++)
        walks[2 + i] = (walk){l->loop[i].extent, stride(&l->loop[i]) * unit};
    return access_of_walks(where, at * unit, unit, write, 2 + l->count, walks);
}

// The same in a plane.
static access in_plane(access a, int64_t plane) {
    a.begin += plane;
    a.end += plane;
    return a;
}

typedef struct origin {
    int64_t dst, src, par;
} origin;

static tsr_status list_uops(tsr_accel *accel, const lanes *l, origin at, bool mark_first, uint32_t *out_begin,
                            uint32_t *out_count) {
    uint32_t count = (uint32_t)uop_count(l);
    uint64_t *words = TSR_NEW_ARRAY(accel->arena, uint64_t, count);
    for (uint32_t n = 0; n < count; n++) {
        int64_t rest = n, dst = at.dst, src = at.src, par = at.par;
        bool first = mark_first;
        for (uint32_t i = l->count; i-- > 0;) { // innermost loop fastest
            int64_t k = rest % l->loop[i].extent;
            rest /= l->loop[i].extent;
            dst += k * l->loop[i].dst;
            src += k * l->loop[i].src;
            par += k * l->loop[i].par;
            first &= l->loop[i].dst != 0 || k == 0;
        }
        words[n] = tsr_uop_pack((tsr_uop){(uint16_t)dst, (uint16_t)src, (uint16_t)par, first});
    }
    *out_count = count;
    return place_uops(accel, words, count, out_begin);
}

static tsr_status emit_gemm(tsr_accel *accel, const lanes *l, const lane_loop hw[2], origin at, bool overwrite) {
    const tsr_config *config = accel->config;
    uint32_t begin, count;
    TSR_TRY(list_uops(accel, l, at, overwrite, &begin, &count));
    tsr_insn insn;
    memset(&insn, 0, sizeof insn);
    insn.opcode = TSR_OP_GEMM;
    insn.gemm = (tsr_gemm_insn){.overwrite = overwrite,
                                .uop_begin = begin,
                                .uop_count = count,
                                .count0 = (uint32_t)hw[0].extent,
                                .count1 = (uint32_t)hw[1].extent,
                                .acc0 = (uint32_t)hw[0].dst,
                                .acc1 = (uint32_t)hw[1].dst,
                                .inp0 = (uint32_t)hw[0].src,
                                .inp1 = (uint32_t)hw[1].src,
                                .wgt0 = (uint32_t)hw[0].par,
                                .wgt1 = (uint32_t)hw[1].par};
    access a[4 + 16];
    uint32_t n = 0;
    a[n++] = (access){.where = SPACE_UOP, .begin = begin, .end = begin + count};
    a[n++] = operand_access(SPACE_ACC, at.dst, 1, true, l, hw, dst_stride);
    a[n++] = operand_access(SPACE_WGT, at.par, tsr_wgt_entry_bytes(config), false, l, hw, par_stride);
    const access inputs = operand_access(SPACE_INP, at.src, config->block_in, false, l, hw, src_stride);
    for (uint32_t p = 0; p < config->batch; p++)
        a[n++] = in_plane(inputs, (int64_t)p * tsr_inp_plane_bytes(config));
    append(accel, &insn, TSR_UNIT_GEMM, n, a);
    return tsr_ok();
}

static tsr_status emit_alu(tsr_accel *accel, const lanes *l, const lane_loop hw[2], origin at, const alu_shape *v) {
    const tsr_config *config = accel->config;
    uint32_t begin, count;
    TSR_TRY(list_uops(accel, l, at, false, &begin, &count));
    tsr_insn insn;
    memset(&insn, 0, sizeof insn);
    insn.opcode = TSR_OP_ALU;
    insn.alu = (tsr_alu_insn){.op = v->op,
                              .src_kind = v->src_kind,
                              .rescale = v->rescale,
                              .clip = v->clip,
                              .dst_kind = v->to_out,
                              .uop_begin = begin,
                              .uop_count = count,
                              .count0 = (uint32_t)hw[0].extent,
                              .count1 = (uint32_t)hw[1].extent,
                              .dst0 = (uint32_t)hw[0].dst,
                              .dst1 = (uint32_t)hw[1].dst,
                              .src0 = (uint32_t)hw[0].src,
                              .src1 = (uint32_t)hw[1].src,
                              .par0 = (uint32_t)hw[0].par,
                              .par1 = (uint32_t)hw[1].par,
                              .imm = v->imm,
                              .lo = v->lo,
                              .hi = v->hi};
    access a[4 + 32];
    uint32_t n = 0;
    a[n++] = (access){.where = SPACE_UOP, .begin = begin, .end = begin + count};
    if (!v->to_out)
        a[n++] = operand_access(SPACE_ACC, at.dst, 1, true, l, hw, dst_stride);
    if (v->src_kind == TSR_SRC_ACC)
        a[n++] = operand_access(SPACE_ACC, at.src, 1, false, l, hw, src_stride);
    if (v->rescale)
        a[n++] = operand_access(SPACE_PAR, at.par, tsr_par_entry_bytes(config), false, l, hw, par_stride);
    const access inputs = operand_access(SPACE_INP, at.src, config->block_in, false, l, hw, src_stride),
                 results = operand_access(SPACE_OUT, at.dst, config->block_out, true, l, hw, dst_stride);
    for (uint32_t p = 0; p < config->batch; p++) {
        if (v->src_kind == TSR_SRC_INP)
            a[n++] = in_plane(inputs, (int64_t)p * tsr_inp_plane_bytes(config));
        if (v->to_out)
            a[n++] = in_plane(results, (int64_t)p * tsr_out_plane_bytes(config));
    }
    append(accel, &insn, TSR_UNIT_ALU, n, a);
    return tsr_ok();
}

// Two loops become the instruction's own, the others micro-ops; what would be too many of those becomes instructions.
static tsr_status emit_lanes(tsr_accel *accel, lanes l, origin at, const alu_shape *alu, bool overwrite) {
    bool gemm = alu == NULL;
    merge_loops(&l);
    lane_loop hw[2];
    take_largest(&l, gemm, &hw[0]);
    take_largest(&l, gemm, &hw[1]);
    lane_loop peeled[MAX_LOOPS];
    uint32_t peeled_count = 0;
    int64_t limit = tsr_uop_entries(accel->config) / 4;
    while (uop_count(&l) > limit && l.count > 0) {
        // Cut a loop in two rather than unroll all of it, where its extent divides.
        uint32_t i = 0;
        for (uint32_t k = 1; k < l.count; k++)
            if (l.loop[k].extent > l.loop[i].extent)
                i = k;
        int64_t divisor = 2;
        while (l.loop[i].extent % divisor != 0)
            divisor++;
        if (peeled_count == MAX_LOOPS)
            return tsr_error(TSR_INTERNAL, "too many micro-ops for the UOP buffer");
        int64_t inner = l.loop[i].extent / divisor;
        peeled[peeled_count++] = (lane_loop){divisor, l.loop[i].dst * inner, l.loop[i].src * inner, l.loop[i].par * inner};
        l.loop[i].extent = inner;
    }
    int64_t total = 1;
    for (uint32_t i = 0; i < peeled_count; i++)
        total *= peeled[i].extent;
    for (int64_t n = 0; n < total; n++) {
        origin here = at;
        int64_t rest = n;
        bool first = true; // of its reduction
        for (uint32_t i = peeled_count; i-- > 0;) {
            int64_t k = rest % peeled[i].extent;
            rest /= peeled[i].extent;
            here.dst += k * peeled[i].dst;
            here.src += k * peeled[i].src;
            here.par += k * peeled[i].par;
            first &= peeled[i].dst != 0 || k == 0;
        }
        TSR_TRY(gemm ? emit_gemm(accel, &l, hw, here, overwrite && first) : emit_alu(accel, &l, hw, here, alu));
    }
    return tsr_ok();
}

tsr_status emit_shape(tsr_accel *accel, const shape *s) {
    lanes l;
    switch (s->kind) {
    case SHAPE_COPY: return emit_copy(accel, s->as.copy);
    case SHAPE_GEMM:
        l.count = s->as.gemm.loop_count;
        memcpy(l.loop, s->as.gemm.loop, sizeof l.loop);
        return emit_lanes(accel, l, (origin){s->as.gemm.acc, s->as.gemm.inp, s->as.gemm.wgt}, NULL, s->as.gemm.overwrite);
    case SHAPE_ALU:
        l.count = s->as.alu.loop_count;
        memcpy(l.loop, s->as.alu.loop, sizeof l.loop);
        return emit_lanes(accel, l, (origin){s->as.alu.dst, s->as.alu.src, s->as.alu.par}, &s->as.alu, false);
    }
    return tsr_error(TSR_INTERNAL, "unknown shape");
}

tsr_status emit_program(tsr_accel *accel, const tsr_tensor_function *f) {
    if (accel->on_schedule != NULL)
        TSR_TRY(accel->on_schedule(accel->schedule_context, f));
    tsr_stmt *only = f->body;
    tsr_stmt *const *items = f->body->kind == TSR_S_SEQ ? f->body->items : &only;
    uint32_t count = f->body->kind == TSR_S_SEQ ? f->body->item_count : 1;
    tsr_arena *scratch = tsr_arena_create();
    tsr_status status = tsr_ok();
    for (uint32_t i = 0, used; i < count && status.code == TSR_OK; i += used) {
        shape s;
        status = tensorise(scratch, accel->config, items + i, count - i, &s, &used);
        if (status.code == TSR_OK)
            status = emit_shape(accel, &s);
    }
    tsr_arena_free(scratch);
    return tsr_annotate(status, "%s", f->name);
}
