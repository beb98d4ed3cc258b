// SPDX-License-Identifier: Apache-2.0
// Instructions of each kind, one at a time, in all their forms; then much work for each of the arrays.
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { IN_BYTES = 8192 };

// Seals, compares, frees.
static case_result judge(bench *b, stream *im, const char *name) {
    if (im != NULL)
        stream_seal(im);
    const case_result result = bench_compare(b, im, COMPARE_ALL, name);
    stream_free(im);
    return result;
}

static stream *new_stream(bench *b, dice *d, uint32_t shown) {
    stream *im = stream_new(b->config, IN_BYTES, 4096 + stream_show_bytes(b->config, shown));
    if (im == NULL)
        return NULL;
    dice_fill(d, im->data[1], im->size[1]);
    dice_fill(d, im->data[2], im->size[2]);
    return im;
}

// ---- LOAD and STORE ---------------------------------------------------------------------------------------------------

// What INP holds in entries 0 to count - 1 comes out through GEMM with random weights.
static case_result show_inp(bench *b, stream *im, dice *d, uint32_t count, const char *name) {
    const tsr_config *c = b->config;
    uint8_t weights[64 * 64];
    dice_fill(d, weights, tsr_wgt_entry_bytes(c));
    stream_load(im, TSR_BUF_WGT, 0, stream_data(im, weights, tsr_wgt_entry_bytes(c)), 0, tsr_wgt_entry_bytes(c));
    stream_gemm(im, 0, 0, 0, count, true);
    stream_show(im, 0, count, count, 0);
    return judge(b, im, name);
}

static case_result load_inp(bench *b, dice *d) {
    const uint32_t KI = b->config->block_in;
    const struct {
        const char *name;
        tsr_load_insn load;
    } forms[] = {
        {"load inp, one run", {.run = 16 * KI, .x_count = 1, .y_count = 1}},
        {"load inp, odd address", {.dram_offset = 4093, .run = 5 * KI, .x_count = 1, .y_count = 1, .sram_addr = 3}},
        {"load inp, strided",
         {.dram_offset = 1,
          .run = KI - 1,
          .x_count = 4,
          .y_count = 4,
          .x_stride = KI + 1,
          .y_stride = 777,
          .sram_x_stride = KI,
          .sram_y_stride = 4 * KI}},
        {"load inp, overlapping steps",
         {.run = KI, .x_count = 8, .y_count = 2, .x_stride = 1, .y_stride = 64, .sram_x_stride = KI, .sram_y_stride = 8 * KI}},
        {"load inp, padded",
         {.run = KI,
          .x_count = 2,
          .y_count = 2,
          .x_stride = KI,
          .y_stride = 3 * KI,
          .sram_x_stride = KI,
          .sram_y_stride = 4 * KI,
          .x_before = 1,
          .x_after = 1,
          .y_before = 1,
          .y_after = 1,
          .pad_value = -128}},
        {"load inp, padding alone",
         {.run = KI, .x_after = 4, .y_before = 2, .sram_x_stride = KI, .sram_y_stride = 4 * KI, .pad_value = 77}},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        stream *im = new_stream(b, d, 16);
        if (im == NULL)
            return bench_fail(b, "no memory");
        for (uint32_t plane = 0; plane < b->config->batch; plane++) {
            tsr_insn insn = {.opcode = TSR_OP_LOAD, .load = forms[i].load};
            insn.load.segment = 1;
            insn.load.plane = plane;
            insn.load.dram_offset += 7 * plane;
            stream_push(im, insn);
        }
        BENCH_PASS(show_inp(b, im, d, 16, forms[i].name));
    }
    return CASE_PASS;
}

static case_result load_wgt(bench *b, dice *d, bool diag) {
    const tsr_config *c = b->config;
    const uint32_t entry = tsr_wgt_entry_bytes(c), tiles = IN_BYTES / entry < 4 ? IN_BYTES / entry : 4;
    stream *im = new_stream(b, d, 16);
    if (im == NULL)
        return bench_fail(b, "no memory");
    uint8_t tile[16 * 64];
    dice_fill(d, tile, sizeof tile);
    for (uint32_t plane = 0; plane < c->batch; plane++)
        stream_load(im, TSR_BUF_INP, 0, stream_data(im, tile, 16 * c->block_in), 0, 16 * c->block_in)->load.plane = plane;
    tsr_insn *load =
        stream_load(im, TSR_BUF_WGT, 1, 3, entry, diag ? tiles * c->block_out : tiles * entry - (tiles > 1 ? entry : 0));
    load->load.diag = diag;
    for (uint32_t t = 0; t < 4; t++)
        stream_gemm(im, 4 * t, t, t < tiles ? 1 + t : 1, 4, true);
    stream_show(im, 0, 16, 16, 0);
    return judge(b, im, diag ? "load wgt, diagonal" : "load wgt");
}

case_result case_load(bench *b) {
    dice d = {b->seed + 4};
    BENCH_PASS(load_inp(b, &d));
    BENCH_PASS(load_wgt(b, &d, false));
    if (b->config->block_in == b->config->block_out)
        BENCH_PASS(load_wgt(b, &d, true));
    return CASE_PASS;
}

case_result case_store(bench *b) {
    dice d = {b->seed + 5};
    const uint32_t KO = b->config->block_out;
    const struct {
        const char *name;
        tsr_store_insn store;
    } forms[] = {
        {"store, one run", {.run = 16 * KO, .x_count = 1, .y_count = 1}},
        {"store, odd address", {.dram_offset = 4091, .run = 3 * KO + 1, .x_count = 1, .y_count = 1, .sram_addr = 1}},
        {"store, strided",
         {.dram_offset = 2,
          .run = KO - 1,
          .x_count = 4,
          .y_count = 4,
          .x_stride = KO + 3,
          .y_stride = 555,
          .sram_x_stride = KO,
          .sram_y_stride = 4 * KO}},
        {"store, single bytes",
         {.run = 1, .x_count = 8, .y_count = 3, .x_stride = 3, .y_stride = 65, .sram_x_stride = 1, .sram_y_stride = KO}},
        {"store, overlapping steps", {.run = KO, .x_count = 4, .y_count = 1, .x_stride = 1, .sram_x_stride = KO}},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        stream *im = new_stream(b, &d, 64);
        if (im == NULL)
            return bench_fail(b, "no memory");
        stream_fill_acc(im, &d, 0, 16);
        stream_alu(im, TSR_ALU_SHR, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 16)->alu.imm = 21;
        stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 16);
        for (uint32_t plane = 0; plane < b->config->batch; plane++) {
            tsr_insn insn = {.opcode = TSR_OP_STORE, .store = forms[i].store};
            insn.store.segment = 2;
            insn.store.plane = plane;
            insn.store.dram_offset += 61 * plane;
            stream_push(im, insn);
        }
        BENCH_PASS(judge(b, im, forms[i].name));
    }
    return CASE_PASS;
}

// ---- GEMM -------------------------------------------------------------------------------------------------------------

static uint32_t down(uint32_t by) { return 65536 - by; } // strides are modulo 2^16

case_result case_gemm(bench *b) {
    dice d = {b->seed + 6};
    const struct {
        const char *name;
        tsr_gemm_insn gemm;
        uint32_t acc, inp, wgt; // of the micro-op
    } forms[] = {
        {"gemm, overwrite", {.overwrite = 1, .count0 = 1, .count1 = 8, .acc1 = 1, .inp1 = 1}, 0, 0, 0},
        {"gemm, accumulate", {.count0 = 1, .count1 = 8, .acc1 = 1, .inp1 = 1}, 0, 0, 1},
        {"gemm, one accumulator again and again", {.count0 = 4, .count1 = 8, .inp1 = 1}, 3, 0, 0},
        {"gemm, two loops", {.count0 = 2, .count1 = 4, .acc0 = 4, .acc1 = 1, .inp0 = 1, .inp1 = 2, .wgt0 = 1}, 0, 0, 0},
        {"gemm, counting down", {.count0 = 1, .count1 = 8, .acc1 = down(1), .inp1 = down(1)}, 7, 7, 1},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        stream *im = new_stream(b, &d, 16);
        if (im == NULL)
            return bench_fail(b, "no memory");
        stream_fill_acc(im, &d, 0, 16);
        tsr_insn insn = {.opcode = TSR_OP_GEMM, .gemm = forms[i].gemm};
        insn.gemm.uop_begin = stream_uop(im, forms[i].acc, forms[i].inp, forms[i].wgt, forms[i].gemm.overwrite != 0);
        insn.gemm.uop_count = 1;
        stream_push(im, insn);
        stream_show(im, 0, 16, 16, 0);
        BENCH_PASS(judge(b, im, forms[i].name));
    }
    return CASE_PASS;
}

// A product of matrices of many tiles, as a layer has it: several micro-ops under two loops.
case_result case_gemm_large(bench *b) {
    dice d = {b->seed + 7};
    const tsr_config *c = b->config;
    const uint32_t rows = 16, deep = c->block_in > 32 ? 4 : 8, wide = c->block_in > 32 ? 2 : 4; // in tiles
    stream *im = new_stream(b, &d, rows * wide);
    if (im == NULL)
        return bench_fail(b, "no memory");
    for (uint32_t plane = 0; plane < c->batch; plane++)
        for (uint32_t k = 0; k < deep; k++) {
            uint8_t tiles[16 * 64];
            dice_fill(&d, tiles, sizeof tiles);
            stream_load(im, TSR_BUF_INP, 0, stream_data(im, tiles, rows * c->block_in), k * rows * c->block_in,
                        rows * c->block_in)
                ->load.plane = plane;
        }
    for (uint32_t t = 0; t < deep * wide; t++) {
        uint8_t tile[64 * 64];
        dice_fill(&d, tile, tsr_wgt_entry_bytes(c));
        stream_load(im, TSR_BUF_WGT, 0, stream_data(im, tile, tsr_wgt_entry_bytes(c)), t * tsr_wgt_entry_bytes(c),
                    tsr_wgt_entry_bytes(c));
    }
    const uint32_t begin = im->uop_count;
    for (uint32_t k = 0; k < deep; k++)
        stream_uop(im, 0, k * rows, k, k == 0);
    stream_push(im, (tsr_insn){.opcode = TSR_OP_GEMM,
                               .gemm = {.overwrite = 1,
                                        .uop_begin = begin,
                                        .uop_count = deep,
                                        .count0 = wide,
                                        .count1 = rows,
                                        .acc0 = rows,
                                        .acc1 = 1,
                                        .inp1 = 1,
                                        .wgt0 = deep}});
    const uint32_t shown = rows;
    for (uint32_t w = 0; w < wide; w++)
        stream_show(im, w * rows, shown, wide * rows, w * stream_show_bytes(c, shown));
    return judge(b, im, "a product of matrices");
}

// ---- ALU --------------------------------------------------------------------------------------------------------------

static const char *const operations[] = {"mov", "add", "sub", "mul", "min", "max", "shl", "shr"};
static const char *const sources[] = {"acc", "inp", "imm"};

static case_result alu_form(bench *b, dice *d, uint32_t op, uint32_t source, bool clip) {
    stream *im = new_stream(b, d, 16);
    char name[64];
    if (im == NULL)
        return bench_fail(b, "no memory");
    snprintf(name, sizeof name, "alu %s, acc, %s%s", operations[op], sources[source], clip ? ", clip" : "");
    stream_fill_acc(im, d, 0, 16);
    tsr_insn *alu = stream_alu(im, op, source, TSR_DST_ACC, 0, source == TSR_SRC_INP ? 0 : 8, 8);
    if (source == TSR_SRC_IMM)
        alu->alu.imm = (int16_t)dice_next(d);
    alu->alu.clip = clip;
    if (clip) {
        alu->alu.lo = -1000;
        alu->alu.hi = 999;
    }
    stream_show(im, 0, 16, 16, 0);
    return judge(b, im, name);
}

case_result case_alu(bench *b) {
    dice d = {b->seed + 8};
    for (uint32_t op = 0; op < 8; op++)
        for (uint32_t source = 0; source < 3; source++)
            for (int clip = 0; clip < 2; clip++) {
                if (source == TSR_SRC_INP && b->config->block_in != b->config->block_out)
                    continue;
                BENCH_PASS(alu_form(b, &d, op, source, clip != 0));
            }
    // To OUT, which saturates.
    stream *im = new_stream(b, &d, 16);
    if (im == NULL)
        return bench_fail(b, "no memory");
    stream_fill_acc(im, &d, 0, 16);
    stream_alu(im, TSR_ALU_SHR, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 8)->alu.imm = 20;
    stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 16);
    for (uint32_t plane = 0; plane < b->config->batch; plane++)
        stream_store(im, plane, 0, plane * 16 * b->config->block_out, 16 * b->config->block_out);
    return judge(b, im, "alu mov, out, acc");
}

// Every kind of multiplier and shift that a model's scales can become, and both ways of rounding.
case_result case_rescale(bench *b) {
    dice d = {b->seed + 9};
    const uint32_t KO = b->config->block_out, rounds = b->quick ? 3 : 12;
    for (uint32_t round = 0; round < rounds; round++) {
        uint8_t params[64 * 12];
        for (uint32_t o = 0; o < KO; o++) {
            static const uint32_t multipliers[] = {0x40000000, 0x7fffffff, 0x80000000, 0, 1, 0xffffffff};
            const uint32_t roll = dice_below(&d, 10), bias = (uint32_t)((int32_t)dice_next(&d) >> dice_below(&d, 31));
            const uint32_t multiplier = roll < 6 ? multipliers[roll] : 0x40000000U | ((uint32_t)dice_next(&d) & 0x3fffffff);
            for (uint32_t i = 0; i < 4; i++) {
                params[12 * o + i] = (uint8_t)(bias >> (8 * i));
                params[12 * o + 4 + i] = (uint8_t)(multiplier >> (8 * i));
            }
            params[12 * o + 8] = (uint8_t)(round % 3 == 0 ? 0 : dice_below(&d, 32));
            params[12 * o + 9] = (uint8_t)dice_below(&d, 32);
            params[12 * o + 10] = (uint8_t)dice_below(&d, 2);
            params[12 * o + 11] = 0;
        }
        stream *im = new_stream(b, &d, 16);
        if (im == NULL)
            return bench_fail(b, "no memory");
        stream_fill_acc(im, &d, 0, 16);
        stream_load(im, TSR_BUF_PAR, 0, stream_data(im, params, 12 * KO), 0, 12 * KO);
        tsr_insn *alu = stream_alu(im, round % 4 == 3 ? TSR_ALU_ADD : TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_ACC, 0, 8, 8);
        alu->alu.rescale = 1;
        alu->alu.imm = (int16_t)dice_next(&d);
        stream_show(im, 0, 16, 16, 0);
        BENCH_PASS(judge(b, im, "alu, rescale"));
    }
    return CASE_PASS;
}

// Micro-ops that each need the result of the one before, which the pipeline must not take too early.
case_result case_alu_chain(bench *b) {
    dice d = {b->seed + 10};
    for (uint32_t distance = 1; distance <= 4; distance++) {
        stream *im = new_stream(b, &d, 16);
        if (im == NULL)
            return bench_fail(b, "no memory");
        stream_fill_acc(im, &d, 0, 16);
        stream_alu(im, TSR_ALU_SHR, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 16)->alu.imm = 24;
        const uint32_t begin = im->uop_count;
        for (uint32_t i = distance; i < 16; i++)
            stream_uop(im, i, i - distance, 0, false);
        const uint32_t ops[] = {TSR_ALU_ADD, TSR_ALU_SUB, TSR_ALU_MUL, TSR_ALU_MAX};
        for (uint32_t i = 0; i < 4; i++)
            stream_push(im, (tsr_insn){.opcode = TSR_OP_ALU,
                                       .alu = {.op = ops[i],
                                               .src_kind = TSR_SRC_ACC,
                                               .dst_kind = TSR_DST_ACC,
                                               .uop_begin = begin,
                                               .uop_count = 16 - distance,
                                               .count0 = 1,
                                               .count1 = 5}});
        stream_show(im, 0, 16, 16, 0);
        BENCH_PASS(judge(b, im, "a chain of operations"));
    }
    return CASE_PASS;
}
