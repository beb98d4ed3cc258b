// SPDX-License-Identifier: Apache-2.0
// Tokens between each two units. First many are given and taken in every order of time, by instructions that touch nothing of each
// other's; then comes a chain in which one unit is slow and the next has to wait for that same token. A token too many lets it begin too
// early, one too few keeps it from beginning at all.
#include <stdio.h>

#include "bench.h"

enum { ROUNDS = 50, UNITS = 4, STAGES = 8, LONG = 500, RESULT_BYTES = 1024, IN_BYTES = 2048 };

typedef struct plan {
    const tsr_config *c;
    stream *im;
    dice *d;
    uint32_t n; // entries of INP, ACC and OUT, from 0, that the chain uses
} plan;

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

// Keeps the unit busy for at least so many clocks; uses the last entries of its buffers, and of each another than the other units.
static tsr_insn *spend(const plan *p, int unit, uint32_t length) {
    const tsr_config *c = p->c;
    tsr_insn *insn;
    switch (unit) {
    case TSR_UNIT_LOAD: // rows on top of one another
        insn = stream_load(p->im, TSR_BUF_INP, 1, 0, (tsr_inp_entries(c) - 1) * c->block_in, 1);
        insn->load.x_count = length;
        insn->load.x_stride = 3;
        return insn;
    case TSR_UNIT_GEMM:
        insn = stream_gemm(p->im, tsr_acc_entries(c) - 1, tsr_inp_entries(c) - 2, 0, length, false);
        insn->gemm.acc1 = insn->gemm.inp1 = 0;
        return insn;
    case TSR_UNIT_ALU:
        insn = stream_alu(p->im, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_ACC, tsr_acc_entries(c) / 2 - 1, 0, length);
        insn->alu.dst1 = insn->alu.src1 = 0;
        insn->alu.imm = 1;
        return insn;
    default:
        insn = stream_store(p->im, 0, (tsr_out_entries(c) - 1) * c->block_out, 2 * RESULT_BYTES, 1);
        insn->store.x_count = length;
        return insn;
    }
}

static tsr_insn *small(const plan *p, int unit) { return spend(p, unit, dice_between(p->d, 1, 16)); }

// One stage of the chain: input, through INP, ACC and OUT, to output; and the second time the same with that output, and other
// numbers in OUT.
static tsr_insn *stage(const plan *p, int index) {
    const tsr_config *c = p->c;
    const uint32_t in = p->n * c->block_in, out = p->n * c->block_out;
    tsr_insn *insn;
    switch (index) {
    case 0: return stream_load(p->im, TSR_BUF_INP, 1, 1, 0, in);
    case 4: return stream_load(p->im, TSR_BUF_INP, 2, 0, 0, smaller(in, out));
    case 1:
    case 5: return stream_gemm(p->im, 0, 0, 0, p->n, true);
    case 2: return stream_alu(p->im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, p->n);
    case 6:
        insn = stream_alu(p->im, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, p->n);
        insn->alu.clip = 1;
        insn->alu.lo = -3;
        insn->alu.hi = 3;
        return insn;
    case 3: return stream_store(p->im, 0, 0, 0, out);
    default: return stream_store(p->im, 0, 0, RESULT_BYTES, out);
    }
}

static const int unit_of_stage[STAGES] = {TSR_UNIT_LOAD, TSR_UNIT_GEMM, TSR_UNIT_ALU, TSR_UNIT_STORE,
                                          TSR_UNIT_LOAD, TSR_UNIT_GEMM, TSR_UNIT_ALU, TSR_UNIT_STORE};

// In bursts that fit the queues, so that neither unit's pace is the other's.
static void add_rounds(const plan *p, int giver, int taker) {
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t burst = dice_between(p->d, 2, 6);
        for (uint32_t given = 0, taken = 0; taken < burst;) {
            if (given < burst && (given == taken || dice_below(p->d, 2) != 0)) {
                tsr_insn *insn = small(p, giver);
                insn->signal = 1U << taker;
                insn->wait = given == 0 && round > 0 ? 1U << taker : 0;
                given++;
            } else {
                tsr_insn *insn = small(p, taker);
                insn->wait = 1U << giver;
                taken++;
                insn->signal = taken == burst && round < ROUNDS - 1 ? 1U << giver : 0;
            }
        }
    }
}

// From the giver's stage the chain goes over the taker. What LOAD reads waits for STORE alone (isa/spec.md 3.1), so that a chain from
// STORE over GEMM or ALU goes on where OUT is written again.
static void add_chain(const plan *p, int giver, int taker) {
    const bool to_alu = giver == TSR_UNIT_STORE && taker != TSR_UNIT_LOAD;
    int before = -1;
    for (int s = 0; s < STAGES; s++) {
        if (to_alu && (s == 4 || s == 5))
            continue;
        const int unit = unit_of_stage[s], next = s == STAGES - 1 ? -1 : to_alu && s == 3 ? TSR_UNIT_ALU : unit_of_stage[s + 1];
        const uint32_t first = p->im->count;
        if (unit == giver && s < UNITS)
            spend(p, unit, LONG);
        tsr_insn *insn = stage(p, s);
        if (before >= 0)
            p->im->insn[first].wait |= 1U << before;
        before = unit;
        if (s < UNITS && unit == giver && taker != next) {
            insn->signal |= 1U << taker;
            insn = small(p, taker);
            insn->wait |= 1U << giver;
            before = taker;
        }
        if (next >= 0)
            insn->signal |= 1U << next;
    }
}

static case_result check_pair(bench *b, dice *d, int giver, int taker) {
    const tsr_config *c = b->config;
    char name[64];
    stream *im = stream_new(c, IN_BYTES, 2 * RESULT_BYTES + 1);
    if (im == NULL)
        return bench_fail(b, "no memory");
    const uint32_t widest = c->block_in > c->block_out ? c->block_in : c->block_out;
    plan p = {c, im, d, smaller(smaller(tsr_inp_entries(c) / 4, tsr_acc_entries(c) / 4), tsr_out_entries(c) / 4)};
    p.n = smaller(p.n, 512 / widest);
    dice_fill(d, im->data[1], im->size[1]);
    dice_fill(d, im->data[2], im->size[2]);
    im->chained = false;
    uint8_t weights[64 * 64];
    dice_fill(d, weights, tsr_wgt_entry_bytes(c));
    stream_load(im, TSR_BUF_WGT, 0, stream_data(im, weights, tsr_wgt_entry_bytes(c)), 0, tsr_wgt_entry_bytes(c));
    // Before all else: weights and micro-ops are there for GEMM and ALU.
    im->insn[0].signal = 1U << TSR_UNIT_GEMM | 1U << TSR_UNIT_ALU;
    small(&p, TSR_UNIT_GEMM)->wait = 1U << TSR_UNIT_LOAD;
    small(&p, TSR_UNIT_ALU)->wait = 1U << TSR_UNIT_LOAD;
    add_rounds(&p, giver, taker);
    add_chain(&p, giver, taker);
    stream_seal(im);
    snprintf(name, sizeof name, "tokens from %s to %s", tsr_unit_name((uint32_t)giver), tsr_unit_name((uint32_t)taker));
    const case_result result = bench_compare(b, im, COMPARE_ALL, name);
    stream_free(im);
    return result;
}

case_result case_tokens(bench *b) {
    dice d = {b->seed + 9};
    for (uint32_t i = 0; i < (b->quick ? 1U : 4U); i++)
        for (int giver = 0; giver < UNITS; giver++)
            for (int taker = 0; taker < UNITS; taker++)
                if (giver != taker)
                    BENCH_PASS(check_pair(b, &d, giver, taker));
    return CASE_PASS;
}
