// SPDX-License-Identifier: Apache-2.0
// Programs that are wrong, programs without end, and that nothing of a run is left for the next.
#include <string.h>

#include "bench.h"

typedef struct fault_form {
    const char *name;
    void (*build)(stream *im);  // before it is sealed
    void (*damage)(stream *im); // after
    bool in_execution;
} fault_form;

static void copy_out(stream *im) { stream_store(im, 0, 0, 8, im->config->block_out); }

static void build_plain(stream *im) {
    stream_alu(im, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 4)->alu.imm = 5;
    stream_alu(im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 4);
    copy_out(im);
    copy_out(im);
}

static void damage_opcode(stream *im) { stream_word(im, im->count - 2)[0] = 0x77; }
static void damage_reserved(stream *im) { stream_word(im, im->count - 2)[31] |= 0x80; }

static void damage_token(stream *im) {
    tsr_insn *insn = &im->insn[im->count - 2];
    insn->wait |= 1U << TSR_UNIT_GEMM; // nothing gives it one
    im->full |= tsr_insn_encode(insn, stream_word(im, im->count - 2)).code != TSR_OK;
}

static void build_overflow(stream *im) {
    for (int i = 0; i < 257; i++)
        stream_alu(im, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 1)->signal = 1U << TSR_UNIT_GEMM;
}

static void build_dram_range(stream *im) {
    build_plain(im);
    stream_store(im, 0, 0, im->size[2] - 1, 2);
}
static void build_no_segment(stream *im) {
    build_plain(im);
    stream_load(im, TSR_BUF_INP, 3, 0, 0, 1);
}
static void build_sram_range(stream *im) {
    build_plain(im);
    stream_store(im, 0, tsr_out_plane_bytes(im->config) - 1, 0, 2);
}

static void build_illegal_uop(stream *im) {
    static const uint8_t word[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
    stream_load(im, TSR_BUF_UOP, 0, stream_data(im, word, sizeof word), 8 * (tsr_uop_entries(im->config) - 1), 8);
    tsr_insn *alu = stream_alu(im, TSR_ALU_MOV, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 1);
    alu->alu.uop_begin = tsr_uop_entries(im->config) - 1;
}
static void build_uop_range(stream *im) { stream_gemm(im, 0xffff, 0, 0, 1, false); }

static void damage_finish(stream *im) { im->insn_count--; }
static void damage_align(stream *im) { im->insn_offset += 4; }
static void damage_count(stream *im) { im->insn_count = im->size[0] / TSR_INSN_BYTES + 1; }

static const fault_form forms[] = {
    {"an opcode that does not exist", build_plain, damage_opcode, false},
    {"a reserved bit", build_plain, damage_reserved, false},
    {"a missing token", build_plain, damage_token, false},
    {"256 tokens", build_overflow, NULL, false},
    {"an address outside a segment", build_dram_range, NULL, false},
    {"a segment that is not there", build_no_segment, NULL, false},
    {"an address outside a buffer", build_sram_range, NULL, false},
    {"a reserved bit of a micro-op", build_illegal_uop, NULL, true},
    {"a micro-op outside a buffer", build_uop_range, NULL, true},
    {"a stream without FINISH", build_plain, damage_finish, false},
    {"a stream that is not aligned", build_plain, damage_align, false},
    {"a stream longer than its segment", build_plain, damage_count, false},
};

static case_result check_fault(bench *b, const fault_form *form) {
    dice d = {b->seed + 11};
    stream *im = stream_new(b->config, 64, 512);
    if (im == NULL)
        return bench_fail(b, "no memory");
    dice_fill(&d, im->data[2], im->size[2]);
    form->build(im);
    stream_seal(im);
    if (form->damage != NULL)
        form->damage(im);
    const case_result result = bench_compare(b, im, form->in_execution ? COMPARE_FAULT : COMPARE_PRECISE_FAULT, form->name);
    stream_free(im);
    BENCH_PASS(result);
    return bench_layer(b, "the run after a fault");
}

case_result case_faults(bench *b) {
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        BENCH_PASS(check_fault(b, &forms[i]));
    return CASE_PASS;
}

// ---- no end -----------------------------------------------------------------------------------------------------------

static case_result run_without_end(bench *b) {
    stream *im = stream_new(b->config, 0, 0);
    if (im == NULL)
        return bench_fail(b, "no memory");
    for (int i = 0; i < 4; i++) { // years
        tsr_insn *gemm = stream_gemm(im, 0, 0, 0, UINT16_MAX, false);
        gemm->gemm.count0 = UINT16_MAX;
        gemm->gemm.acc1 = gemm->gemm.inp1 = 0;
    }
    stream_seal(im);
    const tsr_status status = bench_run(b, im, 50, NULL, NULL, NULL);
    stream_free(im);
    if (status.code == TSR_OK || status.code == TSR_DEVICE_FAULT)
        return bench_fail(b, "a program without end ended: %s", status.code == TSR_OK ? "with FINISH" : status.message);
    if (status.code != TSR_TIMEOUT)
        return bench_error(b, "a program without end", status);
    b->checks++;
    return CASE_PASS;
}

// The second one in a row ends at once when the first one's end is taken for its own.
case_result case_timeout(bench *b) {
    for (int round = 0; round < 2; round++) {
        BENCH_PASS(run_without_end(b));
        BENCH_PASS(run_without_end(b));
        BENCH_PASS(bench_layer(b, "the run after a timeout"));
    }
    return CASE_PASS;
}

// ---- nothing is left --------------------------------------------------------------------------------------------------

// Computes with buffers that it has not written: all zero, whatever ran before.
static stream *untouched(bench *b) {
    stream *im = stream_new(b->config, 0, 512 + stream_show_bytes(b->config, 16));
    if (im == NULL)
        return NULL;
    memset(im->data[2], 0xee, im->size[2]);
    for (uint32_t plane = 0; plane < b->config->batch; plane++)
        stream_store(im, plane, 0, plane * 16, 16 < b->config->block_out * 4 ? 16 : b->config->block_out * 4);
    stream_gemm(im, 0, 0, 0, 8, false);
    stream_show(im, 0, 16, 16, 512);
    stream_seal(im);
    return im;
}

case_result case_state(bench *b) {
    for (int round = 0; round < (b->quick ? 2 : 5); round++) {
        BENCH_PASS(bench_layer(b, "a layer"));
        stream *im = untouched(b);
        const case_result result = bench_compare(b, im, COMPARE_ALL, "buffers of before");
        stream_free(im);
        BENCH_PASS(result);
    }
    return CASE_PASS;
}
