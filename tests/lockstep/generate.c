// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "random.h"

uint64_t coverage[COVERAGE_POINTS];
const char *const coverage_meanings[COVERAGE_POINTS] = {
#define LOCKSTEP_COVERAGE_TEXT(name, meaning) meaning,
    LOCKSTEP_COVERAGE(LOCKSTEP_COVERAGE_TEXT)
#undef LOCKSTEP_COVERAGE_TEXT
};

enum { UOP_POOL = 512, PAR_POOL = 24, PAGE = 4096, SHOW = 48, MAX_BODY = 340 };

// A part of an index range that a program likes, so that its instructions meet there (or never do).
typedef struct window {
    uint32_t first, count, limit;
} window;

typedef struct generator {
    program *p;
    const tsr_config *c;
    rng r;
    window gemm_acc, alu_acc, inp, wgt, out, par;
    uint32_t uop_pool[2]; // segment 0 offsets: micro-ops for GEMM, for ALU
    uint32_t par_pool;
    uint32_t show_pool;              // micro-ops of the end, 2 * SHOW
    uint32_t show_offset;            // where the end of segment 1 takes what they show
    bool *acc_written, *out_written; // entries
    uint64_t *uops;   // content of the UOP buffer so far
    uint8_t *for_alu; // what each entry of it was made for: 0 nothing, 1 GEMM, 2 ALU
    bool keep_segment_3_free;
} generator;

static window make_window(rng *r, uint32_t limit) {
    uint32_t quarter = limit / 4, count = chance(r, 50) ? 1 + below(r, 6) : 1 + below(r, limit / 2);
    uint32_t first = chance(r, 50) ? below(r, 4) * quarter : edgy(r, limit);
    if (first + count > limit)
        first = limit - count;
    return (window){first, count, limit};
}

static uint32_t pick(rng *r, const window *w) {
    uint32_t roll = below(r, 100);
    return roll < 80 ? w->first + below(r, w->count) : roll < 95 ? below(r, w->limit) : edgy(r, w->limit);
}

static uint32_t minimum(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t round_up(uint32_t n, uint32_t step) { return (n + step - 1) / step * step; }

// ---- LOAD and STORE -------------------------------------------------------------------------------------------------

typedef struct shape {
    uint32_t rows, columns, run;         // on the SRAM side
    uint32_t unit, limit;                // every SRAM number is a multiple of unit; bytes there are
    uint32_t addr, x_stride, y_stride;
    uint32_t touched;                    // SRAM bytes of a run (differs from run for diag)
} shape;

// Picks strides and address. May shrink the shape until it fits.
static void place_in_sram(generator *g, shape *s, uint32_t natural) {
    rng *r = &g->r;
    for (;;) {
        uint32_t x_options[] = {s->touched, round_up(s->touched, natural), s->touched + s->unit * below(r, 5),
                                s->unit * below(r, s->touched / s->unit + 1)};
        uint32_t roll = below(r, 10);
        s->x_stride = x_options[roll < 4 ? 0 : roll < 7 ? 1 : roll < 9 ? 2 : 3];
        uint32_t row = (s->columns - 1) * s->x_stride + s->touched;
        uint32_t y_options[] = {s->columns * s->x_stride, round_up(row, natural), row + s->unit * below(r, 9),
                                s->unit * below(r, 4)};
        roll = below(r, 10);
        s->y_stride = y_options[roll < 4 ? 0 : roll < 7 ? 1 : roll < 9 ? 2 : 3];
        if (s->x_stride > 0xffff)
            s->x_stride = 0;
        if (s->y_stride > 0xffff)
            s->y_stride = 0;
        uint32_t span = (s->rows - 1) * s->y_stride + (s->columns - 1) * s->x_stride + s->touched;
        if (span <= s->limit) {
            s->addr = edgy(r, (s->limit - span) / s->unit + 1) * s->unit;
            if (natural > s->unit && chance(r, 50))
                s->addr = s->addr / natural * natural;
            if (s->addr + span == s->limit)
                COVER(buffer_end);
            return;
        }
        if (s->rows > 1)
            s->rows = (s->rows + 1) / 2;
        else if (s->columns > 1)
            s->columns = (s->columns + 1) / 2;
        else {
            s->run = s->touched = s->unit;
        }
    }
}

// Mostly a few rows and columns; now and then more regions than may be in flight.
static shape pick_shape(rng *r) {
    bool many = chance(r, 5);
    return (shape){.rows = 1 + mostly_small(r, 8), .columns = 1 + (many ? below(r, 48) : mostly_small(r, 8)), .unit = 1};
}

// Bytes of a run of INP or OUT entries of `entry` bytes.
static uint32_t pick_run(rng *r, uint32_t entry) {
    uint32_t runs[] = {1 + below(r, entry), entry, entry * (1 + below(r, 6)), 1 + below(r, chance(r, 10) ? 4000 : 300)};
    return runs[below(r, 4)];
}

typedef struct source {
    uint32_t segment, first, bytes; // where the data may be
    uint32_t unit;                  // offsets are first + a multiple of this
} source;

typedef struct place {
    uint32_t offset, x_stride, y_stride;
} place;

// Picks DRAM strides and offset for counts x run; false when it does not fit.
static bool place_in_dram(generator *g, const source *from, uint32_t y_count, uint32_t x_count, uint32_t run, place *out) {
    rng *r = &g->r;
    uint32_t u = from->unit;
    if (y_count == 0 || x_count == 0) {
        *out = (place){below(r, 100), below(r, 100), below(r, 100)};
        return true;
    }
    for (int attempt = 0; attempt < 8; attempt++) {
        uint32_t x_options[] = {run, run + u * below(r, 20), u * below(r, run / u + 1)};
        uint32_t roll = below(r, 10);
        uint32_t xs = x_options[roll < 5 ? 0 : roll < 8 ? 1 : 2];
        uint32_t y_options[] = {x_count * xs, x_count * xs + u * below(r, 50), u * below(r, 10)};
        roll = below(r, 10);
        uint32_t ys = y_options[roll < 5 ? 0 : roll < 9 ? 1 : 2];
        uint32_t span = (y_count - 1) * ys + (x_count - 1) * xs + run;
        if (span > from->bytes)
            continue;
        uint32_t at = edgy(r, (from->bytes - span) / u + 1) * u;
        if (u == 1 && chance(r, 25))
            at = at / 8 * 8;
        *out = (place){from->first + at, xs, ys};
        // A number that does not matter may be anything.
        if (x_count == 1 && chance(r, 30))
            out->x_stride = below(r, 1u << 24);
        if (y_count == 1 && chance(r, 30))
            out->y_stride = (uint32_t)rng_next(r);
        return true;
    }
    return false;
}

static uint32_t pick_segment(generator *g, bool for_store) {
    for (;;) {
        uint32_t s = chance(&g->r, 60) ? 1 : below(&g->r, SEGMENTS);
        if ((s == 0 && for_store && chance(&g->r, 70)) || (s == 3 && g->keep_segment_3_free))
            continue;
        if (g->p->size[s] >= 64)
            return s;
    }
}

static bool make_load(generator *g, uint32_t buffer, bool alu_uops, tsr_insn *out) {
    rng *r = &g->r;
    const tsr_config *c = g->c;
    tsr_load_insn l = {.buffer = buffer};
    shape s = pick_shape(r);
    source from = {.unit = 1};
    uint32_t natural = c->block_in;
    if (buffer == TSR_BUF_INP) {
        s.limit = tsr_inp_plane_bytes(c);
        s.run = pick_run(r, c->block_in);
        l.plane = below(r, c->batch);
        if (chance(r, 40)) {
            uint32_t max = chance(r, 10) ? 20 : 3;
            l.x_before = below(r, max);
            l.x_after = below(r, max);
            l.y_before = below(r, max);
            l.y_after = below(r, max);
        }
        l.pad_value = chance(r, 50) ? (int32_t)below(r, 256) - 128 : 0;
    } else {
        s.unit = natural = buffer == TSR_BUF_WGT ? tsr_wgt_entry_bytes(c) : buffer == TSR_BUF_UOP ? 8 : tsr_par_entry_bytes(c);
        s.limit = buffer == TSR_BUF_WGT ? c->wgt_buffer : buffer == TSR_BUF_UOP ? c->uop_buffer : tsr_par_entries(c) * s.unit;
        uint32_t budget = buffer == TSR_BUF_UOP ? 12 : 2048 / s.unit > 4 ? 4 : 2048 / s.unit + 1;
        s.run = s.unit * (1 + mostly_small(r, budget));
        if (s.unit > 256) {
            s.rows = minimum(s.rows, 2);
            s.columns = minimum(s.columns, 2);
        }
        from.unit = buffer == TSR_BUF_WGT ? 1 : s.unit;
        if (buffer == TSR_BUF_WGT && c->block_in == c->block_out && chance(r, 35)) {
            l.diag = 1;
            s.run = s.run / s.unit * c->block_out;
        }
    }
    s.touched = l.diag ? s.run / c->block_out * s.unit : s.run;
    if (buffer == TSR_BUF_UOP) {
        from = (source){0, g->uop_pool[alu_uops], UOP_POOL * 8, 8};
    } else if (buffer == TSR_BUF_PAR) {
        from = (source){0, g->par_pool, PAR_POOL * s.unit, s.unit};
    } else {
        from.segment = pick_segment(g, false);
        from.bytes = g->p->size[from.segment];
    }
    s.rows += l.y_before + l.y_after;
    s.columns += l.x_before + l.x_after;
    place_in_sram(g, &s, natural);
    s.run = l.diag ? s.touched / s.unit * c->block_out : s.touched;
    // Shrinking may have left less than the padding: then there is padding only, or none.
    l.y_before = minimum(l.y_before, s.rows);
    l.y_after = minimum(l.y_after, s.rows - l.y_before);
    l.x_before = minimum(l.x_before, s.columns);
    l.x_after = minimum(l.x_after, s.columns - l.x_before);
    l.y_count = s.rows - l.y_before - l.y_after;
    l.x_count = s.columns - l.x_before - l.x_after;
    place where;
    if (!place_in_dram(g, &from, l.y_count, l.x_count, s.run, &where))
        return false;
    l.segment = from.segment;
    l.dram_offset = where.offset;
    l.x_stride = where.x_stride;
    l.y_stride = where.y_stride;
    l.sram_addr = s.addr;
    l.sram_x_stride = s.x_stride;
    l.sram_y_stride = s.y_stride;
    l.run = s.run;
    *out = (tsr_insn){.opcode = TSR_OP_LOAD, .load = l};
    for (uint32_t i = 0; buffer == TSR_BUF_UOP && i < s.rows * s.columns; i++)
        memset(g->for_alu + (l.sram_addr + i / s.columns * l.sram_y_stride + i % s.columns * l.sram_x_stride) / 8,
               alu_uops ? 2 : 1, l.run / 8);
    program_load_uops(g->p, out, g->uops);

    bool padded = l.x_before + l.x_after + l.y_before + l.y_after != 0;
    uint64_t bus = g->p->base[l.segment] + l.dram_offset;
    coverage[COVER_load_inp + buffer]++;
    if (l.diag)
        COVER(load_diag);
    if (padded)
        COVER(load_padded);
    if (l.y_count == 0 || l.x_count == 0)
        COVER(load_only_padding);
    if (l.plane != 0)
        COVER(load_plane);
    if ((bus ^ l.sram_addr) % c->bus_bytes != 0)
        COVER(load_odd);
    if (l.x_count > 1 && l.x_stride == l.run)
        COVER(load_merged);
    else if (l.x_count * l.y_count > c->outstanding_bursts)
        COVER(load_many);
    if ((s.columns > 1 && l.sram_x_stride < s.touched) || (s.rows > 1 && l.sram_y_stride == 0))
        COVER(load_overlapping);
    if (bus / PAGE != (bus + l.run - 1) / PAGE)
        COVER(load_4k);
    return true;
}

static bool make_store(generator *g, tsr_insn *out) {
    rng *r = &g->r;
    const tsr_config *c = g->c;
    shape s = pick_shape(r);
    s.limit = tsr_out_plane_bytes(c);
    s.run = s.touched = pick_run(r, c->block_out);
    place_in_sram(g, &s, c->block_out);
    uint32_t span = (s.rows - 1) * s.y_stride + (s.columns - 1) * s.x_stride + s.run, wanted = g->out.first * c->block_out;
    if (chance(r, 60) && wanted + span <= s.limit)
        s.addr = wanted + below(r, minimum(g->out.count * c->block_out, s.limit - wanted - span + 1));
    source to = {.segment = pick_segment(g, true), .unit = 1};
    to.bytes = to.segment == 0 ? g->p->scratch_bytes : g->p->size[to.segment];
    to.first = to.segment == 0 ? g->p->scratch : 0;
    place where;
    if (!place_in_dram(g, &to, s.rows, s.columns, s.run, &where))
        return false;
    tsr_store_insn st = {.segment = to.segment,
                         .plane = below(r, c->batch),
                         .dram_offset = where.offset,
                         .sram_addr = s.addr,
                         .run = s.run,
                         .x_count = s.columns,
                         .y_count = s.rows,
                         .y_stride = where.y_stride,
                         .x_stride = where.x_stride,
                         .sram_x_stride = s.x_stride,
                         .sram_y_stride = s.y_stride};
    *out = (tsr_insn){.opcode = TSR_OP_STORE, .store = st};
    uint64_t bus = g->p->base[st.segment] + st.dram_offset;
    COVER(store);
    if (st.plane != 0)
        COVER(store_plane);
    if ((bus ^ st.sram_addr) % c->bus_bytes != 0)
        COVER(store_odd);
    if (bus / PAGE != (bus + st.run - 1) / PAGE)
        COVER(store_4k);
    return true;
}

// ---- GEMM and ALU ---------------------------------------------------------------------------------------------------

typedef struct loops {
    uint32_t begin, count, count0, count1;
} loops;

static loops pick_loops(generator *g, bool alu) {
    rng *r = &g->r;
    loops l = {.count = 1 + mostly_small(r, 12), .count0 = 1 + mostly_small(r, 6), .count1 = 1 + mostly_small(r, 10)};
    if (chance(r, 30))
        l.count0 = l.count1 = 1;
    if (chance(r, 4))
        l.count1 = 1 + below(r, 120);
    uint32_t entries = tsr_uop_entries(g->c);
    // Prefer entries that were loaded for this unit.
    for (int attempt = 0; attempt < 40; attempt++) {
        l.begin = below(r, entries - l.count + 1);
        uint32_t fit = 0;
        while (fit < l.count && g->for_alu[l.begin + fit] == (alu ? 2 : 1))
            fit++;
        if (fit == 0)
            continue;
        l.count = fit;
        return l;
    }
    if (chance(r, 10))
        l.begin = entries - l.count;
    return l;
}

// Picks the strides of one index so that all indices stay inside `limit`. `values` are the micro-ops' parts.
static bool pick_strides(generator *g, const loops *l, uint32_t shift, uint32_t limit, uint32_t *out0, uint32_t *out1) {
    rng *r = &g->r;
    int64_t low = 0xffff, high = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        int64_t v = g->uops[l->begin + i] >> shift & 0xffff;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    if (high >= limit)
        return false;
    for (int attempt = 0; attempt < 12; attempt++) {
        int32_t choices[] = {0, 1, 1, (int32_t)below(r, 9) - 4, (int32_t)below(r, limit) - (int32_t)limit / 2};
        int32_t s0 = choices[below(r, 5)], s1 = choices[below(r, 5)];
        if (attempt == 11)
            s0 = s1 = 0;
        int64_t e0 = (int64_t)s0 * (l->count0 - 1), e1 = (int64_t)s1 * (l->count1 - 1);
        int64_t least = low + (e0 < 0 ? e0 : 0) + (e1 < 0 ? e1 : 0), most = high + (e0 > 0 ? e0 : 0) + (e1 > 0 ? e1 : 0);
        if (least < 0 || most >= limit)
            continue;
        if (s0 < 0 || s1 < 0)
            COVER(negative_stride);
        if (most == limit - 1)
            COVER(buffer_end);
        *out0 = (uint32_t)s0 & 0xffff;
        *out1 = (uint32_t)s1 & 0xffff;
        return true;
    }
    return false;
}

typedef struct recent { // the last destinations, newest first
    uint32_t dst[4];
    bool alu;
    generator *g;
} recent;

static void visit_recent(void *context, space s, uint32_t cell, bool writes) {
    recent *seen = context;
    if (s != SPACE_ACC && !(s == SPACE_OUT && writes))
        return;
    if (!writes) {
        for (int i = 0; i < 4; i++)
            if (seen->dst[i] == cell) {
                COVER(alu_raw);
                return;
            }
        return;
    }
    (s == SPACE_ACC ? seen->g->acc_written : seen->g->out_written)[cell] = true;
    if (seen->dst[0] == cell)
        coverage[seen->alu ? COVER_alu_same_acc : COVER_gemm_same_acc]++;
    memmove(seen->dst + 1, seen->dst, 3 * sizeof seen->dst[0]);
    seen->dst[0] = cell;
}

static bool make_gemm(generator *g, tsr_insn *out) {
    const tsr_config *c = g->c;
    loops l = pick_loops(g, false);
    tsr_gemm_insn m = {
        .overwrite = chance(&g->r, 50), .uop_begin = l.begin, .uop_count = l.count, .count0 = l.count0, .count1 = l.count1};
    if (!pick_strides(g, &l, 0, tsr_acc_entries(c), &m.acc0, &m.acc1) ||
        !pick_strides(g, &l, 16, tsr_inp_entries(c), &m.inp0, &m.inp1) ||
        !pick_strides(g, &l, 32, tsr_wgt_entries(c), &m.wgt0, &m.wgt1))
        return false;
    *out = (tsr_insn){.opcode = TSR_OP_GEMM, .gemm = m};
    COVER(gemm);
    if (m.overwrite)
        COVER(gemm_overwrite);
    recent seen = {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, false, g};
    program_accesses(g->p, out, g->uops, visit_recent, &seen);
    return true;
}

static int32_t pick_i16(rng *r) {
    static const int32_t special[] = {0, 1, -1, 32767, -32768, 127, -128, 31};
    return chance(r, 40) ? special[below(r, 8)] : (int32_t)below(r, 65536) - 32768;
}

static bool make_alu(generator *g, tsr_insn *out) {
    rng *r = &g->r;
    const tsr_config *c = g->c;
    loops l = pick_loops(g, true);
    tsr_alu_insn a = {.uop_begin = l.begin, .uop_count = l.count, .count0 = l.count0, .count1 = l.count1};
    a.src_kind = below(r, c->block_in == c->block_out ? 3 : 2);
    if (a.src_kind == TSR_SRC_INP && c->block_in != c->block_out)
        a.src_kind = TSR_SRC_IMM;
    a.rescale = a.src_kind != TSR_SRC_IMM && chance(r, 50);
    a.dst_kind = chance(r, 40);
    a.op = a.dst_kind == TSR_DST_OUT ? TSR_ALU_MOV : below(r, 8);
    a.clip = chance(r, 40);
    a.imm = a.src_kind == TSR_SRC_IMM || a.rescale ? pick_i16(r) : chance(r, 50) ? 0 : pick_i16(r);
    if (a.clip) {
        int32_t x = pick_i16(r), y = pick_i16(r);
        a.lo = x < y ? x : y;
        a.hi = x < y ? y : x;
    }
    uint32_t dst_limit = a.dst_kind == TSR_DST_OUT ? tsr_out_entries(c) : tsr_acc_entries(c);
    uint32_t src_limit = a.src_kind == TSR_SRC_INP ? tsr_inp_entries(c) : tsr_acc_entries(c);
    if (!pick_strides(g, &l, 0, dst_limit, &a.dst0, &a.dst1))
        return false;
    if (a.src_kind == TSR_SRC_IMM) {
        a.src0 = below(r, 65536); // not looked at
        a.src1 = below(r, 65536);
    } else if (!pick_strides(g, &l, 16, src_limit, &a.src0, &a.src1)) {
        return false;
    }
    if (!a.rescale) {
        a.par0 = below(r, 65536);
        a.par1 = below(r, 65536);
    } else if (!pick_strides(g, &l, 32, tsr_par_entries(c), &a.par0, &a.par1)) {
        return false;
    }
    *out = (tsr_insn){.opcode = TSR_OP_ALU, .alu = a};
    coverage[COVER_alu_acc + a.src_kind]++;
    if (a.rescale)
        COVER(alu_rescale);
    if (a.clip)
        COVER(alu_clip);
    if (a.dst_kind == TSR_DST_OUT)
        COVER(alu_out);
    recent seen = {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, true, g};
    program_accesses(g->p, out, g->uops, visit_recent, &seen);
    return true;
}

// ---- memory ---------------------------------------------------------------------------------------------------------

static void fill(rng *r, uint8_t *data, uint32_t size) {
    static const uint8_t extremes[] = {0x80, 0x7f, 0xff, 0, 1, 0x81};
    uint32_t kind = below(r, 4);
    for (uint32_t i = 0; i < size; i++)
        data[i] = kind == 0 && chance(r, 50) ? extremes[below(r, 6)] : (uint8_t)rng_next(r);
}

static void put_uop(generator *g, uint32_t at, bool alu) {
    rng *r = &g->r;
    tsr_uop u;
    if (alu)
        u = (tsr_uop){.dst = (uint16_t)(chance(r, 50) ? pick(r, &g->alu_acc) : pick(r, &g->out)),
                      .src = (uint16_t)(chance(r, 65) ? pick(r, &g->alu_acc) : pick(r, &g->inp)),
                      .par = (uint16_t)pick(r, &g->par)};
    else
        u = (tsr_uop){
            .dst = (uint16_t)pick(r, &g->gemm_acc), .src = (uint16_t)pick(r, &g->inp), .par = (uint16_t)pick(r, &g->wgt)};
    u.first = chance(r, 30);
    uint64_t word = tsr_uop_pack(u);
    memcpy(g->p->data[0] + at, &word, 8);
}

static void put_par(generator *g, uint32_t at) {
    rng *r = &g->r;
    uint8_t *entry = g->p->data[0] + at;
    for (uint32_t lane = 0; lane < g->c->block_out; lane++, entry += 12) {
        int32_t bias = chance(r, 20) ? 0 : (int32_t)rng_next(r) >> below(r, 31);
        uint32_t roll = below(r, 10);
        int32_t multiplier = roll == 0   ? INT32_MIN
                             : roll == 1 ? INT32_MAX
                             : roll == 2 ? (int32_t)rng_next(r)
                                         : (int32_t)(0x40000000 | (rng_next(r) & 0x3fffffff));
        memcpy(entry, &bias, 4);
        memcpy(entry + 4, &multiplier, 4);
        entry[8] = (uint8_t)(chance(r, 70) ? 0 : below(r, 32));
        entry[9] = (uint8_t)(chance(r, 30) ? 0 : below(r, 32));
        // Bits that are not looked at may be anything.
        entry[8] |= (uint8_t)(below(r, 8) << 5);
        entry[9] |= (uint8_t)(below(r, 8) << 5);
        entry[10] = (uint8_t)rng_next(r);
        entry[11] = 0;
    }
}

static void make_memory(generator *g) {
    program *p = g->p;
    rng *r = &g->r;
    uint32_t par_bytes = tsr_par_entry_bytes(g->c), at = below(r, 70);
    g->uop_pool[0] = at;
    g->uop_pool[1] = at += UOP_POOL * 8 + below(r, 20);
    at += UOP_POOL * 8 + below(r, 20);
    g->par_pool = at;
    at += PAR_POOL * par_bytes;
    g->show_pool = at += below(r, 20);
    at += 2 * SHOW * 8;
    p->insn_space = round_up(at, 32) + 32 * below(r, 200);
    p->scratch = p->insn_space + MAX_INSNS * TSR_INSN_BYTES + below(r, 64);
    p->scratch_bytes = 600 + below(r, 600);
    p->size[0] = p->scratch + p->scratch_bytes;
    p->size[1] = 4000 + below(r, 16000);
    // What the end shows: accumulators and outputs of every plane. STORE of the body may go there too.
    uint32_t shown = 2 * SHOW * tsr_out_entry_bytes(g->c);
    g->show_offset = p->size[1];
    p->size[1] += shown + below(r, 100);
    p->size[2] = chance(r, 30) ? 0 : 200 + below(r, 8000);
    p->size[3] = chance(r, 50) ? 0 : 200 + below(r, 8000);
    if (g->keep_segment_3_free)
        p->size[3] = MAX_SEGMENT_BYTES;
    if (p->size[0] > MAX_SEGMENT_BYTES)
        abort();
    uint64_t base = (uint64_t)(1 + below(r, 1000)) << 32;
    for (int s = 0; s < SEGMENTS; s++) {
        base += 64 * below(r, 200);
        p->base[s] = base;
        base += p->size[s];
        base = (base + 63) / 64 * 64 + 64; // drivers place buffers at multiples of 64
        fill(r, p->data[s], MAX_SEGMENT_BYTES);
    }
    for (uint32_t i = 0; i < UOP_POOL; i++) {
        put_uop(g, g->uop_pool[0] + 8 * i, false);
        put_uop(g, g->uop_pool[1] + 8 * i, true);
    }
    for (uint32_t i = 0; i < PAR_POOL; i++)
        put_par(g, g->par_pool + par_bytes * i);
}

static injection pick_injection(rng *r) {
    if (chance(r, 72))
        return INJECT_NOTHING;
    return (injection)between(r, 1, INJECTIONS - 1);
}

void program_init(program *p) {
    memset(p, 0, sizeof *p);
    for (int s = 0; s < SEGMENTS; s++) {
        p->data[s] = malloc(MAX_SEGMENT_BYTES);
        if (p->data[s] == NULL)
            abort();
    }
}

void program_free(program *p) {
    for (int s = 0; s < SEGMENTS; s++)
        free(p->data[s]);
}

// ---- the end --------------------------------------------------------------------------------------------------------

// Picks up to SHOW entries among those that were written, at random and in order.
static uint32_t pick_written(rng *r, const bool *written, uint32_t entries, uint32_t *out) {
    uint32_t total = 0, count = 0;
    for (uint32_t i = 0; i < entries; i++)
        total += written[i];
    for (uint32_t i = 0, left = total; i < entries && count < SHOW; i++) {
        if (!written[i])
            continue;
        if (below(r, left) < SHOW - count)
            out[count++] = i;
        left--;
    }
    return count;
}

static void append(program *p, tsr_insn insn) { p->insn[p->count++] = insn; }

static void append_stores(generator *g, uint32_t first, uint32_t entries, uint32_t offset) {
    uint32_t bytes = entries * g->c->block_out;
    for (uint32_t plane = 0; plane < g->c->batch; plane++)
        append(g->p, (tsr_insn){.opcode = TSR_OP_STORE,
                                .store = {.segment = 1,
                                          .plane = plane,
                                          .dram_offset = offset + plane * bytes,
                                          .run = bytes,
                                          .x_count = 1,
                                          .y_count = 1,
                                          .sram_addr = first * g->c->block_out}});
}

// What the body computed stays in ACC and OUT unless it happens to be stored, and a mistake would go unseen. So the end stores
// OUT around an entry that was written, and a byte of accumulators that were written (brought down by shifts, since OUT
// saturates).
static void show_results(generator *g) {
    program *p = g->p;
    rng *r = &g->r;
    uint32_t acc[SHOW], out[SHOW];
    uint32_t out_entries = tsr_out_entries(g->c), reach = minimum(SHOW, out_entries);
    uint32_t outs = pick_written(r, g->out_written, out_entries, out),
             accs = pick_written(r, g->acc_written, tsr_acc_entries(g->c), acc);
    accs = minimum(accs, reach);
    if (outs != 0)
        append_stores(g, minimum(out[below(r, outs)], out_entries - reach), reach, g->show_offset);
    if (accs == 0)
        return;
    uint32_t first_out = below(r, out_entries - accs + 1), uop = below(r, tsr_uop_entries(g->c) - 2 * SHOW + 1);
    for (uint32_t i = 0; i < accs; i++) {
        uint64_t in_place = tsr_uop_pack((tsr_uop){.dst = (uint16_t)acc[i]});
        uint64_t move = tsr_uop_pack((tsr_uop){.dst = (uint16_t)(first_out + i), .src = (uint16_t)acc[i]});
        memcpy(p->data[0] + g->show_pool + 8 * i, &in_place, 8);
        memcpy(p->data[0] + g->show_pool + 8 * (accs + i), &move, 8);
        COVER(shown);
    }
    append(p, (tsr_insn){.opcode = TSR_OP_LOAD,
                         .load = {.buffer = TSR_BUF_UOP,
                                  .dram_offset = g->show_pool,
                                  .sram_addr = 8 * uop,
                                  .run = 16 * accs,
                                  .x_count = 1,
                                  .y_count = 1}});
    tsr_insn alu = {.opcode = TSR_OP_ALU,
                    .alu = {.op = TSR_ALU_SHL,
                            .src_kind = TSR_SRC_IMM,
                            .uop_begin = uop,
                            .uop_count = accs,
                            .count0 = 1,
                            .count1 = 1,
                            .imm = (int32_t)(24 - 8 * below(r, 3))}};
    append(p, alu);
    alu.alu.op = TSR_ALU_SHR;
    alu.alu.imm = 24;
    append(p, alu);
    alu.alu = (tsr_alu_insn){.op = TSR_ALU_MOV,
                             .src_kind = TSR_SRC_ACC,
                             .dst_kind = TSR_DST_OUT,
                             .uop_begin = uop + accs,
                             .uop_count = accs,
                             .count0 = 1,
                             .count1 = 1};
    append(p, alu);
    append_stores(g, first_out, accs, g->show_offset + SHOW * tsr_out_entry_bytes(g->c));
}

// How likely each kind of instruction is; a program keeps to one mix.
static const uint8_t mixes[][8] = {
    // inp wgt gemm-uop alu-uop par gemm alu store
    {12, 8, 6, 6, 6, 25, 25, 12},  {2, 2, 3, 1, 1, 80, 5, 6},    {2, 1, 1, 3, 3, 5, 80, 5},
    {35, 15, 5, 5, 5, 10, 10, 15}, {10, 2, 2, 2, 2, 12, 30, 40}, {6, 4, 3, 3, 3, 40, 40, 1},
};

static bool make_insn(generator *g, const uint8_t *mix, tsr_insn *out) {
    uint32_t total = 0, roll, kind = 0;
    for (int i = 0; i < 8; i++)
        total += mix[i];
    for (roll = below(&g->r, total); roll >= mix[kind]; kind++)
        roll -= mix[kind];
    switch (kind) {
    case 0: return make_load(g, TSR_BUF_INP, false, out);
    case 1: return make_load(g, TSR_BUF_WGT, false, out);
    case 2: return make_load(g, TSR_BUF_UOP, false, out);
    case 3: return make_load(g, TSR_BUF_UOP, true, out);
    case 4: return make_load(g, TSR_BUF_PAR, false, out);
    case 5: return make_gemm(g, out);
    case 6: return make_alu(g, out);
    default: return make_store(g, out);
    }
}

void program_generate(program *p, const tsr_config *config, uint64_t seed) {
    generator g = {.p = p, .c = config, .r = {seed}};
    rng *r = &g.r;
    p->config = config;
    p->seed = seed;
    p->injection = pick_injection(r);
    p->injection_seed = rng_next(r);
    p->victim = UINT32_MAX;
    g.keep_segment_3_free = p->injection == INJECT_BUS_READ || p->injection == INJECT_BUS_WRITE;
    g.gemm_acc = make_window(r, tsr_acc_entries(config));
    g.alu_acc = chance(r, 50) ? g.gemm_acc : make_window(r, tsr_acc_entries(config));
    g.inp = make_window(r, tsr_inp_entries(config));
    g.wgt = make_window(r, tsr_wgt_entries(config));
    g.out = make_window(r, tsr_out_entries(config));
    g.par = make_window(r, tsr_par_entries(config));
    g.uops = calloc(tsr_uop_entries(config), 8);
    g.for_alu = calloc(tsr_uop_entries(config), 1);
    g.acc_written = calloc(tsr_acc_entries(config), 1);
    g.out_written = calloc(tsr_out_entries(config), 1);
    if (g.uops == NULL || g.for_alu == NULL || g.acc_written == NULL || g.out_written == NULL)
        abort();
    make_memory(&g);

    bool overflow = p->injection == INJECT_OVERFLOW;
    uint32_t wanted = overflow ? between(r, 262, MAX_BODY) : chance(r, 10) ? 1 + below(r, 6) : 4 + mostly_small(r, 90);
    const uint8_t *mix = mixes[below(r, sizeof mixes / sizeof mixes[0])];
    p->count = 0;
    // Data to work on, else most programs would compute with zeros.
    for (uint32_t i = 0; i < 5 && chance(r, 85) && p->count < wanted; i++)
        if (make_load(&g, i < 4 ? i : TSR_BUF_UOP, i == 4, &p->insn[p->count]))
            p->count++;
    while (p->count < wanted) {
        tsr_insn *next = &p->insn[p->count];
        if (overflow && chance(r, 97)) { // many, but short
            if (!make_alu(&g, next))
                continue;
            next->alu.count0 = next->alu.count1 = next->alu.uop_count = 1;
            p->count++;
        } else if (make_insn(&g, mix, next)) {
            p->count++;
        }
    }
    show_results(&g);
    append(p, (tsr_insn){.opcode = TSR_OP_FINISH});
    free(g.acc_written);
    free(g.out_written);
    free(g.uops);
    free(g.for_alu);
}

void program_drop(program *p, uint32_t i) {
    memmove(p->insn + i, p->insn + i + 1, (p->count - i - 1) * sizeof p->insn[0]);
    p->count--;
    if (p->victim != UINT32_MAX && p->victim > i)
        p->victim--;
}

void program_make(program *p, const tsr_config *config, uint64_t seed) {
    program_generate(p, config, seed);
    program_schedule(p);
    if (!program_inject(p)) {
        p->injection = INJECT_NOTHING;
        program_schedule(p);
    }
}
