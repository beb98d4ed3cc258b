// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "bench.h"

uint64_t dice_next(dice *d) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}
uint32_t dice_below(dice *d, uint32_t n) { return (uint32_t)((dice_next(d) >> 32) * n >> 32); }
uint32_t dice_between(dice *d, uint32_t low, uint32_t high) { return low + dice_below(d, high - low + 1); }
void dice_fill(dice *d, uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(dice_next(d) >> 24);
}

// ---- building ---------------------------------------------------------------------------------------------------------

stream *stream_new(const tsr_config *config, uint32_t in_bytes, uint32_t out_bytes) {
    stream *im = calloc(1, sizeof *im);
    if (im == NULL)
        return NULL;
    im->config = config;
    im->chained = im->finish = true;
    im->size[0] = STREAM_DATA + (STREAM_INSNS + 4) * TSR_INSN_BYTES;
    im->size[1] = in_bytes;
    im->size[2] = out_bytes;
    bool ok = true;
    for (int s = 0; s < STREAM_SEGMENTS; s++) {
        im->data[s] = calloc(1, im->size[s] != 0 ? im->size[s] : 1);
        ok &= im->data[s] != NULL;
    }
    if (!ok) {
        stream_free(im);
        return NULL;
    }
    return im;
}

void stream_free(stream *im) {
    if (im == NULL)
        return;
    for (int s = 0; s < STREAM_SEGMENTS; s++)
        free(im->data[s]);
    free(im);
}

uint32_t stream_data(stream *im, const void *bytes, uint32_t size) {
    const uint32_t offset = im->data_used;
    if (size > STREAM_DATA - offset) {
        im->full = true;
        return 0;
    }
    memcpy(im->data[0] + offset, bytes, size);
    im->data_used += size;
    return offset;
}

uint32_t stream_uop(stream *im, uint32_t dst, uint32_t src, uint32_t par, bool first) {
    const uint64_t word =
        tsr_uop_pack((tsr_uop){.dst = (uint16_t)dst, .src = (uint16_t)src, .par = (uint16_t)par, .first = first});
    for (uint32_t i = 0; i < im->uop_count; i++)
        if (im->uop[i] == word)
            return i;
    if (im->uop_count == STREAM_UOPS || im->uop_count == tsr_uop_entries(im->config)) {
        im->full = true;
        return 0;
    }
    im->uop[im->uop_count] = word;
    return im->uop_count++;
}

tsr_insn *stream_push(stream *im, tsr_insn insn) {
    if (im->count + 2 > STREAM_INSNS) { // the load of micro-ops, FINISH
        im->full = true;
        im->count--;
    }
    im->insn[im->count] = insn;
    return &im->insn[im->count++];
}

tsr_insn *stream_load(stream *im, uint32_t buffer, uint32_t segment, uint32_t offset, uint32_t sram, uint32_t bytes) {
    return stream_push(im, (tsr_insn){.opcode = TSR_OP_LOAD,
                                      .load = {.buffer = buffer,
                                               .segment = segment,
                                               .dram_offset = offset,
                                               .sram_addr = sram,
                                               .run = bytes,
                                               .x_count = 1,
                                               .y_count = 1}});
}

tsr_insn *stream_store(stream *im, uint32_t plane, uint32_t sram, uint32_t offset, uint32_t bytes) {
    return stream_push(im, (tsr_insn){.opcode = TSR_OP_STORE,
                                      .store = {.segment = 2,
                                                .plane = plane,
                                                .dram_offset = offset,
                                                .sram_addr = sram,
                                                .run = bytes,
                                                .x_count = 1,
                                                .y_count = 1}});
}

tsr_insn *stream_alu(stream *im, uint32_t op, uint32_t src_kind, uint32_t dst_kind, uint32_t dst, uint32_t src, uint32_t count) {
    return stream_push(im, (tsr_insn){.opcode = TSR_OP_ALU,
                                      .alu = {.op = op,
                                              .src_kind = src_kind,
                                              .dst_kind = dst_kind,
                                              .uop_begin = stream_uop(im, dst, src, 0, false),
                                              .uop_count = 1,
                                              .count0 = 1,
                                              .count1 = count,
                                              .dst1 = 1,
                                              .src1 = 1}});
}

tsr_insn *stream_gemm(stream *im, uint32_t acc, uint32_t inp, uint32_t wgt, uint32_t count, bool overwrite) {
    return stream_push(im, (tsr_insn){.opcode = TSR_OP_GEMM,
                                      .gemm = {.overwrite = overwrite,
                                               .uop_begin = stream_uop(im, acc, inp, wgt, true),
                                               .uop_count = 1,
                                               .count0 = 1,
                                               .count1 = count,
                                               .acc1 = 1,
                                               .inp1 = 1}});
}

uint32_t stream_show_bytes(const tsr_config *config, uint32_t count) { return 4 * count * tsr_out_entry_bytes(config); }

// Byte d of an accumulator: shifted to the top, and back to the bottom with its sign, so that OUT does not saturate.
void stream_show(stream *im, uint32_t first, uint32_t count, uint32_t scratch, uint32_t offset) {
    for (uint32_t d = 0; d < 4; d++) {
        stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_ACC, scratch, first, count);
        stream_alu(im, TSR_ALU_SHL, TSR_SRC_IMM, TSR_DST_ACC, scratch, 0, count)->alu.imm = (int32_t)(24 - 8 * d);
        stream_alu(im, TSR_ALU_SHR, TSR_SRC_IMM, TSR_DST_ACC, scratch, 0, count)->alu.imm = 24;
        stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, d * count, scratch, count);
    }
    const uint32_t bytes = 4 * count * im->config->block_out;
    for (uint32_t plane = 0; plane < im->config->batch; plane++)
        stream_store(im, plane, 0, offset + plane * bytes, bytes);
}

// Two products of random tiles, one of them in the upper half of the word.
void stream_fill_acc(stream *im, dice *d, uint32_t first, uint32_t count) {
    const tsr_config *c = im->config;
    static const uint32_t tiles = 2;
    uint8_t bytes[16 * 64];
    for (uint32_t plane = 0; plane < c->batch; plane++) {
        for (uint32_t at = 0; at < count; at += 16) { // INP entries at .. at + 15
            dice_fill(d, bytes, sizeof bytes);
            stream_load(im, TSR_BUF_INP, 0, stream_data(im, bytes, 16 * c->block_in), at * c->block_in, 16 * c->block_in)
                ->load.plane = plane;
        }
    }
    for (uint32_t w = 0; w < tiles; w++) {
        uint8_t weights[64 * 64];
        dice_fill(d, weights, tsr_wgt_entry_bytes(c));
        stream_load(im, TSR_BUF_WGT, 0, stream_data(im, weights, tsr_wgt_entry_bytes(c)), w * tsr_wgt_entry_bytes(c),
                    tsr_wgt_entry_bytes(c));
    }
    stream_gemm(im, first, 0, 0, count, true);
    stream_alu(im, TSR_ALU_SHL, TSR_SRC_IMM, TSR_DST_ACC, first, 0, count)->alu.imm = 15;
    stream_gemm(im, first, 0, 1, count, false);
}

void stream_seal(stream *im) {
    if (im->uop_count > 0) {
        uint8_t words[STREAM_UOPS * 8];
        for (uint32_t i = 0; i < im->uop_count; i++)
            for (int b = 0; b < 8; b++)
                words[8 * i + (uint32_t)b] = (uint8_t)(im->uop[i] >> (8 * b));
        stream_load(im, TSR_BUF_UOP, 0, stream_data(im, words, im->uop_count * 8), 0, im->uop_count * 8);
        const tsr_insn load = im->insn[im->count - 1];
        memmove(im->insn + 1, im->insn, (im->count - 1) * sizeof *im->insn);
        im->insn[0] = load;
    }
    for (uint32_t i = 1; im->chained && i < im->count; i++) {
        const int before = tsr_insn_unit(im->insn[i - 1].opcode), after = tsr_insn_unit(im->insn[i].opcode);
        if (before < 0 || after < 0 || before == after)
            continue;
        im->insn[i - 1].signal |= 1U << after;
        im->insn[i].wait |= 1U << before;
    }
    if (im->finish)
        stream_push(im, (tsr_insn){.opcode = TSR_OP_FINISH});
    im->insn_offset = (im->data_used + 63) / 64 * 64;
    im->insn_count = im->count;
    im->size[0] = im->insn_offset + im->count * TSR_INSN_BYTES;
    for (uint32_t i = 0; i < im->count; i++)
        im->full |= tsr_insn_encode(&im->insn[i], stream_word(im, i)).code != TSR_OK;
}

uint8_t *stream_word(stream *im, uint32_t index) { return im->data[0] + im->insn_offset + index * TSR_INSN_BYTES; }

stream *stream_layer(const tsr_config *config, dice *d) {
    const uint32_t count = 8;
    stream *im = stream_new(config, 4096, 4096 + stream_show_bytes(config, count));
    if (im == NULL)
        return NULL;
    dice_fill(d, im->data[1], im->size[1]);
    dice_fill(d, im->data[2], im->size[2]);
    uint8_t params[64 * 12];
    for (uint32_t o = 0; o < config->block_out; o++) {
        const uint32_t bias = (uint32_t)dice_next(d) >> 20, multiplier = 0x40000000U | ((uint32_t)dice_next(d) & 0x3fffffff);
        for (uint32_t b = 0; b < 4; b++) {
            params[12 * o + b] = (uint8_t)(bias >> (8 * b));
            params[12 * o + 4 + b] = (uint8_t)(multiplier >> (8 * b));
        }
        params[12 * o + 8] = 0;
        params[12 * o + 9] = (uint8_t)(4 + o % 8);
        params[12 * o + 10] = (uint8_t)(o % 2);
        params[12 * o + 11] = 0;
    }
    stream_fill_acc(im, d, 0, count);
    stream_load(im, TSR_BUF_PAR, 0, stream_data(im, params, config->block_out * 12), 0, config->block_out * 12);
    for (uint32_t plane = 0; plane < config->batch; plane++) {
        tsr_insn *load = stream_load(im, TSR_BUF_INP, 1, 5, 0, config->block_in);
        load->load.plane = plane;
        load->load.x_count = 4;
        load->load.x_stride = config->block_in + 3;
        load->load.sram_x_stride = config->block_in;
        load->load.x_before = load->load.x_after = 2;
        load->load.pad_value = -7;
    }
    stream_gemm(im, 0, 0, 0, count, false);
    tsr_insn *alu = stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, count);
    alu->alu.rescale = alu->alu.clip = 1;
    alu->alu.imm = -3;
    alu->alu.lo = -100;
    alu->alu.hi = 120;
    for (uint32_t plane = 0; plane < config->batch; plane++)
        stream_store(im, plane, 0, 1 + plane * 600, count * config->block_out);
    stream_show(im, 0, count, 2 * count, 4096);
    stream_seal(im);
    return im;
}
