// SPDX-License-Identifier: Apache-2.0
// GEMM and ALU. Stage numbers: hw/rtl/README.md, "GEMM", "ALU", "Hazards".
#include <string.h>

#include "machine.h"

enum { TAKE_TO_ISSUE = 2, GEMM_DEPTH = 4, ALU_DEPTH = 9, ALU_ACC_WRITE = 8 };

// ---- banks -------------------------------------------------------------------------------------------------------------

// Banks of the entries [low, high] of a buffer with so many entries: the top two bits of an index.
static uint8_t banks_of(uint64_t low, uint64_t high, uint32_t entries) {
    const uint32_t each = entries / BANKS;
    uint8_t mask = 0;
    for (uint64_t b = low / each; b <= high / each && b < BANKS; b++)
        mask |= (uint8_t)(1u << b);
    return mask;
}

static void keep(unit_spans *spans, span s) { spans->items[spans->next++ % SPANS] = s; }

// The first clock from `start` on in which the other unit leaves these banks alone.
static clock_t64 wait_for_banks(const unit_spans *other, clock_t64 start, uint8_t acc_banks, uint8_t inp_banks) {
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < SPANS; i++) {
            const span *s = &other->items[i];
            if (((s->acc_banks & acc_banks) != 0 || (s->inp_banks & inp_banks) != 0) && s->begin <= start && start < s->end) {
                start = s->end;
                moved = true;
            }
        }
    }
    return start;
}

typedef struct range {
    uint64_t low, high;
} range;

// Indices that an operand of the micro-ops takes, `shift` bits up in their words, with the offsets of both loops.
static range indices(const machine *m, uint32_t begin, uint32_t count, unsigned shift, uint64_t most_offset) {
    range r = {UINT16_MAX, 0};
    for (uint32_t u = begin; u < begin + count; u++) {
        const uint64_t index = m->uops[u] >> shift & 0xffff;
        r.low = index < r.low ? index : r.low;
        r.high = index > r.high ? index : r.high;
    }
    r.high += most_offset;
    return r;
}

// ---- GEMM --------------------------------------------------------------------------------------------------------------

clock_t64 simulate_gemm(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t) {
    const tsr_gemm_insn *g = &insn->gemm;
    const uint64_t n = (uint64_t)g->uop_count * g->count0 * g->count1, outer = g->count0 - 1, inner = g->count1 - 1;
    // The next instruction is taken with the last step of the loop, so that its first micro-op follows directly.
    const clock_t64 free = later(pushed + 1, m->gemm.issue > TAKE_TO_ISSUE ? m->gemm.issue - TAKE_TO_ISSUE : 0);
    const clock_t64 tokens = take_tokens(m, TSR_UNIT_GEMM, insn->wait), take = later(free, tokens);
    const range acc = indices(m, g->uop_begin, g->uop_count, 0, outer * g->acc0 + inner * g->acc1);
    const range inp = indices(m, g->uop_begin, g->uop_count, 16, outer * g->inp0 + inner * g->inp1);
    const uint8_t acc_banks = banks_of(acc.low, acc.high, tsr_acc_entries(m->config));
    const uint8_t inp_banks = banks_of(inp.low, inp.high, tsr_inp_entries(m->config));
    const clock_t64 wanted = take + TAKE_TO_ISSUE, issue = wait_for_banks(&m->alu.spans, wanted, acc_banks, 0);
    m->gemm.issue = issue + n;
    keep(&m->gemm.spans, (span){issue, issue + n - 1 + GEMM_DEPTH + 1, acc_banks, 0});
    keep(&m->gemm.spans, (span){issue, issue + n, 0, inp_banks});
    *t = (timing){.begin = take, .end = issue + n - 1 + GEMM_DEPTH, .busy = n, .bank = issue - wanted};
    t->token = tokens > free ? tokens - free : 0;
    m->profile->gemm_uops += n;
    return take + 1;
}

// ---- ALU ---------------------------------------------------------------------------------------------------------------

// Micro-op by micro-op: a chain over accumulators waits, and that depends on which.
typedef struct walk {
    clock_t64 issue; // of the next micro-op
    uint64_t waited;
    uint8_t late[8]; // banks of late reads by issue clock modulo 8
    clock_t64 late_clock[8];
} walk;

static void step(machine *m, const tsr_alu_insn *a, walk *w, uint32_t dst, uint32_t src) {
    enum { LATE_AFTER_EARLY = 5 }; // S6 of a micro-op meets S1 of the one issued five clocks later
    const uint32_t entries = tsr_acc_entries(m->config), each = entries / BANKS;
    const bool to_acc = a->dst_kind == TSR_DST_ACC, reads_late = to_acc && a->op != TSR_ALU_MOV;
    const clock_t64 wanted = w->issue;
    clock_t64 x = wanted;
    if (a->src_kind == TSR_SRC_ACC && src < entries) {
        if (m->written[src] != 0)
            x = later(x, m->written[src] - 1 + ALU_ACC_WRITE);
        while (w->late_clock[(x - LATE_AFTER_EARLY) % 8] == x - LATE_AFTER_EARLY &&
               w->late[(x - LATE_AFTER_EARLY) % 8] == 1 + src / each)
            x++;
    }
    w->waited += x - wanted;
    w->issue = x + 1;
    if (to_acc && dst < entries)
        m->written[dst] = x + 1;
    if (reads_late) {
        w->late[x % 8] = (uint8_t)(1 + dst / each);
        w->late_clock[x % 8] = x;
    }
}

clock_t64 simulate_alu(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t) {
    const tsr_alu_insn *a = &insn->alu;
    const uint64_t outer = a->count0 - 1, inner = a->count1 - 1;
    const clock_t64 free = later(pushed + 1, m->alu.issue > TAKE_TO_ISSUE ? m->alu.issue - TAKE_TO_ISSUE : 0);
    const clock_t64 tokens = take_tokens(m, TSR_UNIT_ALU, insn->wait), take = later(free, tokens);
    const range dst = indices(m, a->uop_begin, a->uop_count, 0, outer * a->dst0 + inner * a->dst1);
    const range src = indices(m, a->uop_begin, a->uop_count, 16, outer * a->src0 + inner * a->src1);
    uint8_t acc_banks = 0, inp_banks = 0;
    if (a->dst_kind == TSR_DST_ACC)
        acc_banks |= banks_of(dst.low, dst.high, tsr_acc_entries(m->config));
    if (a->src_kind == TSR_SRC_ACC)
        acc_banks |= banks_of(src.low, src.high, tsr_acc_entries(m->config));
    if (a->src_kind == TSR_SRC_INP)
        inp_banks = banks_of(src.low, src.high, tsr_inp_entries(m->config));
    const clock_t64 wanted = take + TAKE_TO_ISSUE, first = wait_for_banks(&m->gemm.spans, wanted, acc_banks, inp_banks);
    walk w = {.issue = first};
    memset(w.late_clock, 0xff, sizeof w.late_clock);
    for (uint32_t i = 0; i <= outer; i++)
        for (uint32_t k = 0; k <= inner; k++)
            for (uint32_t u = a->uop_begin; u < a->uop_begin + a->uop_count; u++)
                step(m, a, &w, (uint32_t)((m->uops[u] & 0xffff) + i * a->dst0 + k * a->dst1) & 0xffff,
                     (uint32_t)((m->uops[u] >> 16 & 0xffff) + i * a->src0 + k * a->src1) & 0xffff);
    const uint64_t n = (outer + 1) * (inner + 1) * a->uop_count;
    m->alu.issue = w.issue;
    const bool writes_acc = a->dst_kind == TSR_DST_ACC;
    keep(&m->alu.spans, (span){first, w.issue - 1 + (writes_acc ? ALU_DEPTH : 2), acc_banks, 0});
    *t = (timing){.begin = take, .end = w.issue - 1 + ALU_DEPTH, .busy = n, .bank = first - wanted + w.waited};
    t->token = tokens > free ? tokens - free : 0;
    m->profile->alu_uops += n;
    return take + 1;
}
