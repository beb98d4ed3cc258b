// SPDX-License-Identifier: Apache-2.0
// Builds instruction streams for tests. Instructions are chained by tokens in the order in which they are pushed, so that a
// test may think of them as a sequence; micro-ops are put into an image that is loaded before the first of them.
#ifndef STREAM_H
#define STREAM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/insn.h"

enum { STREAM_INSNS = 512, STREAM_DATA = 1 << 18, STREAM_UOPS = 256, STREAM_WORK = 1 << 16 };

typedef struct stream {
    tsr_config config;
    tsr_insn insn[STREAM_INSNS];
    uint32_t count;
    bool chained; // set tokens in stream_encode; true unless a test sets its own
    bool finish;  // append FINISH
    tsr_uop uop[STREAM_UOPS];
    uint32_t uop_count;
    // Segment 0: data, then the stream.
    uint8_t consts[STREAM_DATA + STREAM_INSNS * 32];
    uint32_t data_used, insn_offset, insn_count;
} stream;

static inline stream *stream_new(const tsr_config *config) {
    stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->config = *config;
    s->chained = s->finish = true;
    return s;
}

static inline uint32_t stream_size(const stream *s) { return s->insn_offset + s->insn_count * 32; }

// Puts bytes into segment 0; their offset.
static inline uint32_t stream_data(stream *s, const void *bytes, uint32_t size) {
    uint32_t offset = s->data_used;
    if (size > STREAM_DATA - offset)
        abort();
    memcpy(s->consts + offset, bytes, size);
    s->data_used += size;
    return offset;
}

static inline tsr_insn *stream_push(stream *s, tsr_insn insn) {
    if (s->count + 2 > STREAM_INSNS)
        abort();
    s->insn[s->count] = insn;
    return &s->insn[s->count++];
}

// Index of a micro-op in the UOP buffer; equal ones share a place.
static inline uint32_t stream_uop(stream *s, uint16_t dst, uint16_t src, uint16_t par, bool first) {
    tsr_uop uop = {.dst = dst, .src = src, .par = par, .first = first};
    for (uint32_t i = 0; i < s->uop_count; i++)
        if (tsr_uop_pack(s->uop[i]) == tsr_uop_pack(uop))
            return i;
    if (s->uop_count == STREAM_UOPS)
        abort();
    s->uop[s->uop_count] = uop;
    return s->uop_count++;
}

// `size` contiguous bytes, size <= 65535, from segment 0.
static inline tsr_insn *stream_load(stream *s, uint32_t buffer, uint32_t sram_addr, const void *bytes, uint32_t size) {
    uint32_t offset = stream_data(s, bytes, size);
    tsr_insn insn = {.opcode = TSR_OP_LOAD};
    insn.load =
        (tsr_load_insn){.buffer = buffer, .dram_offset = offset, .sram_addr = sram_addr, .run = size, .x_count = 1, .y_count = 1};
    return stream_push(s, insn);
}

static inline tsr_insn *stream_store(stream *s, uint32_t plane, uint32_t sram_addr, uint32_t work_offset, uint32_t size) {
    tsr_insn insn = {.opcode = TSR_OP_STORE};
    insn.store = (tsr_store_insn){.segment = 1,
                                  .plane = plane,
                                  .sram_addr = sram_addr,
                                  .dram_offset = work_offset,
                                  .run = size,
                                  .x_count = 1,
                                  .y_count = 1};
    return stream_push(s, insn);
}

// One ALU micro-op; the caller may change the rest of the instruction.
static inline tsr_insn *stream_alu(stream *s, uint32_t op, uint32_t src_kind, uint32_t dst_kind, uint16_t dst, uint16_t src,
                                   int32_t imm) {
    tsr_insn insn = {.opcode = TSR_OP_ALU};
    insn.alu = (tsr_alu_insn){.op = op,
                              .src_kind = src_kind,
                              .dst_kind = dst_kind,
                              .uop_begin = stream_uop(s, dst, src, 0, false),
                              .uop_count = 1,
                              .count0 = 1,
                              .count1 = 1,
                              .imm = imm};
    return stream_push(s, insn);
}

static inline tsr_insn *stream_gemm(stream *s, uint32_t uop_begin, uint32_t uop_count, bool overwrite) {
    tsr_insn insn = {.opcode = TSR_OP_GEMM};
    insn.gemm = (tsr_gemm_insn){.overwrite = overwrite, .uop_begin = uop_begin, .uop_count = uop_count, .count0 = 1, .count1 = 1};
    return stream_push(s, insn);
}

// Sets accumulator entry `entry`, lane l of batch row b, to values[b * block_out + l], through INP tiles 0..3 and the ALU's
// shift and add: needs block_in = block_out. Changes INP tiles 0 to 3.
static inline void stream_put_acc(stream *s, uint16_t entry, const int32_t *values) {
    uint32_t lanes = s->config.batch * s->config.block_out;
    int8_t digits[4][16 * 64];
    for (uint32_t l = 0; l < lanes; l++) {
        int64_t rest = values[l];
        for (int d = 0; d < 4; d++) {
            digits[d][l] = (int8_t)(uint8_t)((uint64_t)rest & 0xff);
            rest = (rest - digits[d][l]) / 256;
        }
    }
    for (uint32_t b = 0; b < s->config.batch; b++) {
        uint8_t plane[4 * 64];
        for (int d = 0; d < 4; d++)
            memcpy(plane + (size_t)d * s->config.block_in, digits[d] + (size_t)b * s->config.block_in, s->config.block_in);
        stream_load(s, TSR_BUF_INP, 0, plane, 4 * s->config.block_in)->load.plane = b;
    }
    stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_ACC, entry, 3, 0);
    for (uint16_t d = 3; d-- > 0;) {
        stream_alu(s, TSR_ALU_SHL, TSR_SRC_IMM, TSR_DST_ACC, entry, 0, 8);
        stream_alu(s, TSR_ALU_ADD, TSR_SRC_INP, TSR_DST_ACC, entry, d, 0);
    }
}

// Stores accumulator `entry` as four bytes planes: byte d of lane l of batch row b at work[offset + (d * batch + b) *
// block_out + l]. Changes the accumulator entry `scratch` and OUT entries 0 to 3. Read back with stream_lane.
static inline void stream_get_acc(stream *s, uint16_t entry, uint16_t scratch, uint32_t offset) {
    uint32_t block = s->config.block_out;
    for (uint16_t d = 0; d < 4; d++) {
        stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_ACC, scratch, entry, 0);
        stream_alu(s, TSR_ALU_SHL, TSR_SRC_IMM, TSR_DST_ACC, scratch, 0, 24 - 8 * d);
        stream_alu(s, TSR_ALU_SHR, TSR_SRC_IMM, TSR_DST_ACC, scratch, 0, 24);
        stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, d, scratch, 0);
        for (uint32_t b = 0; b < s->config.batch; b++)
            stream_store(s, b, d * block, offset + (d * s->config.batch + b) * block, block);
    }
}

static inline int32_t stream_lane(const stream *s, const uint8_t *work, uint32_t offset, uint32_t lane) {
    uint32_t lanes = s->config.batch * s->config.block_out, bits = 0;
    for (uint32_t d = 0; d < 4; d++)
        bits |= (uint32_t)work[offset + d * lanes + lane] << (8 * d);
    return (int32_t)bits;
}

// Writes the stream behind the data of segment 0.
static inline void stream_encode(stream *s) {
    uint8_t image[STREAM_UOPS * 8];
    for (uint32_t i = 0; i < s->uop_count; i++)
        for (int b = 0; b < 8; b++)
            image[8 * i + (uint32_t)b] = (uint8_t)(tsr_uop_pack(s->uop[i]) >> (8 * b));
    if (s->uop_count > 0) {
        stream_load(s, TSR_BUF_UOP, 0, image, s->uop_count * 8);
        tsr_insn load = s->insn[s->count - 1];
        memmove(s->insn + 1, s->insn, (s->count - 1) * sizeof *s->insn);
        s->insn[0] = load;
    }
    for (uint32_t i = 1; s->chained && i < s->count; i++) {
        int before = tsr_insn_unit(s->insn[i - 1].opcode), after = tsr_insn_unit(s->insn[i].opcode);
        if (before < 0 || after < 0 || before == after)
            continue;
        s->insn[i - 1].signal |= 1u << after;
        s->insn[i].wait |= 1u << before;
    }
    if (s->finish)
        stream_push(s, (tsr_insn){.opcode = TSR_OP_FINISH});
    s->insn_offset = (s->data_used + 63) / 64 * 64;
    s->insn_count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        tsr_status status = tsr_insn_encode(&s->insn[i], s->consts + s->insn_offset + i * 32);
        if (status.code != TSR_OK) {
            fprintf(stderr, "instruction %u: %s\n", i, status.message);
            abort();
        }
    }
}

// Small configurations for tests, without a file. `odd` has batch and unequal blocks, so that mixed-up sizes show.
static inline tsr_config stream_config_tiny(void) {
    return (tsr_config){.name = "tiny",
                        .batch = 1,
                        .block_in = 4,
                        .block_out = 4,
                        .inp_bits = 8,
                        .wgt_bits = 8,
                        .acc_bits = 32,
                        .uop_buffer = 2048,
                        .inp_buffer = 2048,
                        .wgt_buffer = 4096,
                        .acc_buffer = 4096,
                        .out_buffer = 1024,
                        .par_buffer = 1536,
                        .bus_bytes = 8,
                        .queue_depth = 16,
                        .outstanding_bursts = 16,
                        .burst_beats = 64};
}
static inline tsr_config stream_config_batch(void) {
    return (tsr_config){.name = "batch",
                        .batch = 2,
                        .block_in = 16,
                        .block_out = 16,
                        .inp_bits = 8,
                        .wgt_bits = 8,
                        .acc_bits = 32,
                        .uop_buffer = 4096,
                        .inp_buffer = 8192,
                        .wgt_buffer = 32768,
                        .acc_buffer = 32768,
                        .out_buffer = 8192,
                        .par_buffer = 6144,
                        .bus_bytes = 8,
                        .queue_depth = 16,
                        .outstanding_bursts = 16,
                        .burst_beats = 64};
}
static inline tsr_config stream_config_odd(void) {
    return (tsr_config){.name = "odd",
                        .batch = 2,
                        .block_in = 4,
                        .block_out = 8,
                        .inp_bits = 8,
                        .wgt_bits = 8,
                        .acc_bits = 32,
                        .uop_buffer = 2048,
                        .inp_buffer = 2048,
                        .wgt_buffer = 4096,
                        .acc_buffer = 4096,
                        .out_buffer = 1024,
                        .par_buffer = 1536,
                        .bus_bytes = 8,
                        .queue_depth = 16,
                        .outstanding_bursts = 16,
                        .burst_beats = 64};
}

#endif
