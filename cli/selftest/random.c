// SPDX-License-Identifier: Apache-2.0
// Random programs in which all units work at once: tile after tile through LOAD, GEMM, ALU and STORE, each tile in the other half of
// every buffer, with the tokens that this needs and no more. The specification's race check sees that they suffice.
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { IN_BYTES = 8192, MOST_TILES = 12, TILE_OUT = 2048 };
enum { TO_LOAD = 1 << TSR_UNIT_LOAD, TO_GEMM = 1 << TSR_UNIT_GEMM, TO_ALU = 1 << TSR_UNIT_ALU, TO_STORE = 1 << TSR_UNIT_STORE };

// The half of each buffer that a tile has, in entries.
typedef struct half {
    uint32_t inp, wgt, acc, out, par, uop; // first
    uint32_t inps, wgts, accs, outs, pars, uops; // how many
} half;

typedef struct tile {
    bench *b;
    stream *im;
    dice *d;
    half h;
    uint32_t number;
} tile;

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

// near: the two parts of ACC and OUT lie side by side in one bank, where GEMM and ALU get in each other's way.
static half half_of(const tsr_config *c, uint32_t number, bool near) {
    half h = {.inps = smaller(tsr_inp_entries(c) / 2, 64),
              .wgts = smaller(tsr_wgt_entries(c) / 2, 8),
              .accs = smaller(tsr_acc_entries(c) / (near ? 8 : 2), 64),
              .outs = smaller(tsr_out_entries(c) / (near ? 8 : 2), 64),
              .pars = smaller(tsr_par_entries(c) / 2, 4),
              .uops = smaller(tsr_uop_entries(c) / 2, 24)};
    if (number % 2 != 0) {
        h.inp = tsr_inp_entries(c) / 2;
        h.wgt = tsr_wgt_entries(c) / 2;
        h.acc = near ? h.accs : tsr_acc_entries(c) / 2;
        h.out = near ? h.outs : tsr_out_entries(c) / 2;
        h.par = tsr_par_entries(c) / 2;
        h.uop = tsr_uop_entries(c) / 2;
    }
    return h;
}

// ---- loops ------------------------------------------------------------------------------------------------------------

typedef struct loops {
    uint32_t count0, count1;
} loops;

static loops pick_loops(dice *d) { return (loops){dice_between(d, 1, 3), dice_between(d, 1, 8)}; }

// Strides under which an index stays among `room` entries from `first`: gives the micro-op's part.
static uint32_t pick_index(dice *d, loops l, uint32_t first, uint32_t room, uint32_t *out_stride0, uint32_t *out_stride1) {
    const int32_t steps0 = (int32_t)l.count0 - 1, steps1 = (int32_t)l.count1 - 1;
    for (int attempt = 0; attempt < 8; attempt++) {
        const int32_t s0 = (int32_t)dice_below(d, 7) - 2, s1 = (int32_t)dice_below(d, 5) - 1;
        const int32_t e0 = s0 * steps0, e1 = s1 * steps1;
        const int32_t low = (e0 < 0 ? e0 : 0) + (e1 < 0 ? e1 : 0), high = (e0 > 0 ? e0 : 0) + (e1 > 0 ? e1 : 0);
        if (high - low >= (int32_t)room)
            continue;
        *out_stride0 = (uint32_t)s0 & 0xffff;
        *out_stride1 = (uint32_t)s1 & 0xffff;
        return first + (uint32_t)-low + dice_below(d, room - (uint32_t)(high - low));
    }
    *out_stride0 = *out_stride1 = 0;
    return first + dice_below(d, room);
}

// ---- the four stages --------------------------------------------------------------------------------------------------

static void load_stage(tile *t, const uint8_t *uops, uint32_t uop_bytes) {
    const tsr_config *c = t->im->config;
    const uint32_t first = t->im->count;
    for (uint32_t n = dice_between(t->d, 1, 3); n > 0; n--) {
        const uint32_t rows = dice_between(t->d, 1, 3), columns = dice_between(t->d, 1, 4),
                       run = dice_between(t->d, 1, c->block_in);
        const uint32_t span = (rows - 1) * columns * c->block_in + (columns - 1) * c->block_in + run;
        if (span > t->h.inps * c->block_in)
            continue;
        tsr_insn *load = stream_load(t->im, TSR_BUF_INP, 1, dice_below(t->d, IN_BYTES / 2),
                                     t->h.inp * c->block_in + dice_below(t->d, t->h.inps * c->block_in - span + 1), run);
        load->load.plane = dice_below(t->d, c->batch);
        load->load.x_before = dice_below(t->d, columns);
        load->load.x_count = columns - load->load.x_before;
        load->load.y_after = dice_below(t->d, rows);
        load->load.y_count = rows - load->load.y_after;
        load->load.x_stride = dice_below(t->d, 2 * c->block_in);
        load->load.y_stride = dice_below(t->d, 500);
        load->load.sram_x_stride = c->block_in;
        load->load.sram_y_stride = columns * c->block_in;
        load->load.pad_value = (int8_t)dice_next(t->d);
    }
    const uint32_t tiles = smaller(t->h.wgts, 4096 / tsr_wgt_entry_bytes(c));
    stream_load(t->im, TSR_BUF_WGT, 1, dice_below(t->d, IN_BYTES - tiles * tsr_wgt_entry_bytes(c)),
                t->h.wgt * tsr_wgt_entry_bytes(c), tiles * tsr_wgt_entry_bytes(c));
    stream_load(t->im, TSR_BUF_PAR, 0, 0, t->h.par * tsr_par_entry_bytes(c), t->h.pars * tsr_par_entry_bytes(c));
    stream_load(t->im, TSR_BUF_UOP, 0, stream_data(t->im, uops, uop_bytes), 8 * t->h.uop, uop_bytes);
    // ALU of the tile before the last is over, and with it GEMM of that tile: the half is free.
    if (t->number >= 2)
        t->im->insn[first].wait = TO_ALU;
    t->im->insn[t->im->count - 1].signal = TO_GEMM | TO_ALU;
}

typedef struct micro_ops {
    uint8_t bytes[64 * 8];
    uint32_t count;
} micro_ops;

static uint32_t add_uop(micro_ops *m, tsr_uop uop) {
    for (int b = 0; b < 8; b++)
        m->bytes[8 * m->count + (uint32_t)b] = (uint8_t)(tsr_uop_pack(uop) >> (8 * b));
    return m->count++;
}

static tsr_insn make_gemm(tile *t, micro_ops *m) {
    const loops l = pick_loops(t->d);
    tsr_gemm_insn g = {.overwrite = dice_below(t->d, 2), .uop_count = 1, .count0 = l.count0, .count1 = l.count1};
    tsr_uop uop = {.first = dice_below(t->d, 2) != 0};
    uop.dst = (uint16_t)pick_index(t->d, l, t->h.acc, t->h.accs, &g.acc0, &g.acc1);
    uop.src = (uint16_t)pick_index(t->d, l, t->h.inp, t->h.inps, &g.inp0, &g.inp1);
    uop.par =
        (uint16_t)pick_index(t->d, l, t->h.wgt, smaller(t->h.wgts, 4096 / tsr_wgt_entry_bytes(t->im->config)), &g.wgt0, &g.wgt1);
    g.uop_begin = t->h.uop + add_uop(m, uop);
    return (tsr_insn){.opcode = TSR_OP_GEMM, .gemm = g};
}

static tsr_insn make_alu(tile *t, micro_ops *m, bool to_out) {
    const tsr_config *c = t->im->config;
    const loops l = pick_loops(t->d);
    tsr_alu_insn a = {.op = to_out ? TSR_ALU_MOV : dice_below(t->d, 8),
                      .src_kind = dice_below(t->d, 3),
                      .dst_kind = to_out ? TSR_DST_OUT : TSR_DST_ACC,
                      .clip = dice_below(t->d, 2),
                      .uop_count = 1,
                      .count0 = l.count0,
                      .count1 = l.count1,
                      .imm = (int16_t)dice_next(t->d)};
    if (a.src_kind == TSR_SRC_INP && c->block_in != c->block_out)
        a.src_kind = TSR_SRC_ACC;
    a.rescale = a.src_kind != TSR_SRC_IMM && (to_out || dice_below(t->d, 3) == 0);
    if (a.clip) {
        a.lo = -(int32_t)dice_below(t->d, 30000);
        a.hi = (int32_t)dice_below(t->d, 30000);
    }
    tsr_uop uop = {0};
    uop.dst = (uint16_t)(to_out ? pick_index(t->d, l, t->h.out, t->h.outs, &a.dst0, &a.dst1)
                                : pick_index(t->d, l, t->h.acc, t->h.accs, &a.dst0, &a.dst1));
    uop.src = (uint16_t)(a.src_kind == TSR_SRC_INP ? pick_index(t->d, l, t->h.inp, t->h.inps, &a.src0, &a.src1)
                                                   : pick_index(t->d, l, t->h.acc, t->h.accs, &a.src0, &a.src1));
    uop.par = (uint16_t)pick_index(t->d, l, t->h.par, t->h.pars, &a.par0, &a.par1);
    a.uop_begin = t->h.uop + add_uop(m, uop);
    return (tsr_insn){.opcode = TSR_OP_ALU, .alu = a};
}

static void store_stage(tile *t) {
    const tsr_config *c = t->im->config;
    const uint32_t bytes = smaller(t->h.outs * c->block_out, TILE_OUT / c->batch);
    const uint32_t first = t->im->count;
    for (uint32_t plane = 0; plane < c->batch; plane++)
        stream_store(t->im, plane, t->h.out * c->block_out, t->number * TILE_OUT + plane * bytes, bytes);
    t->im->insn[first].wait = TO_ALU;
    t->im->insn[t->im->count - 1].signal = TO_ALU;
}

static void add_tile(tile *t) {
    micro_ops m = {.count = 0};
    tsr_insn gemm[3], alu[6];
    const uint32_t gemms = dice_between(t->d, 1, 3), alus = dice_between(t->d, 2, 6);
    for (uint32_t i = 0; i < gemms; i++)
        gemm[i] = make_gemm(t, &m);
    for (uint32_t i = 0; i < alus; i++)
        alu[i] = make_alu(t, &m, i + 2 >= alus);
    load_stage(t, m.bytes, 8 * m.count);
    // The accumulators of the tile before the last are done with, as LOAD's token says, which came after ALU's.
    gemm[0].wait = TO_LOAD;
    gemm[gemms - 1].signal = TO_ALU;
    for (uint32_t i = 0; i < gemms; i++)
        stream_push(t->im, gemm[i]);
    alu[0].wait = TO_LOAD | TO_GEMM | (t->number >= 2 ? (uint32_t)TO_STORE : 0U);
    alu[alus - 1].signal = TO_LOAD | TO_STORE;
    for (uint32_t i = 0; i < alus; i++)
        stream_push(t->im, alu[i]);
    store_stage(t);
}

// ---- programs ---------------------------------------------------------------------------------------------------------

static void put_params(stream *im, dice *d, uint32_t entries) {
    const tsr_config *c = im->config;
    uint8_t lane[12];
    for (uint32_t i = 0; i < entries * c->block_out; i++) {
        const uint32_t bias = (uint32_t)((int32_t)dice_next(d) >> dice_below(d, 31)), multiplier = (uint32_t)dice_next(d);
        for (uint32_t b = 0; b < 4; b++) {
            lane[b] = (uint8_t)(bias >> (8 * b));
            lane[4 + b] = (uint8_t)(multiplier >> (8 * b));
        }
        lane[8] = (uint8_t)dice_below(d, 3);
        lane[9] = (uint8_t)dice_below(d, 20);
        lane[10] = (uint8_t)dice_below(d, 2);
        lane[11] = 0;
        stream_data(im, lane, sizeof lane);
    }
}

case_result random_program(bench *b, uint64_t seed) {
    dice d = {seed};
    const uint32_t tiles = dice_between(&d, 2, MOST_TILES);
    const bool near = dice_below(&d, 2) != 0;
    stream *im = stream_new(b->config, IN_BYTES, tiles * TILE_OUT);
    if (im == NULL)
        return bench_fail(b, "no memory");
    dice_fill(&d, im->data[1], im->size[1]);
    dice_fill(&d, im->data[2], im->size[2]);
    im->chained = false;
    put_params(im, &d, half_of(b->config, 0, false).pars);
    for (uint32_t i = 0; i < tiles; i++)
        add_tile(&(tile){b, im, &d, half_of(b->config, i, near), i});
    stream_seal(im);
    char name[64];
    snprintf(name, sizeof name, "program of seed %llu", (unsigned long long)seed);
    const case_result result = bench_compare(b, im, COMPARE_ALL, name);
    stream_free(im);
    return result;
}

case_result case_random(bench *b) {
    for (uint32_t i = 0; i < (b->quick ? 10U : 100U); i++)
        BENCH_PASS(random_program(b, b->seed + i));
    return CASE_PASS;
}
