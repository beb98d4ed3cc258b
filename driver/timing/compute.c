// SPDX-License-Identifier: Apache-2.0
// GEMM and ALU. Stage numbers: hw/rtl/README.md, "GEMM", "ALU", "Hazards".
#include "machine.h"
#include "tsr/pipeline.h"

// ---- banks -------------------------------------------------------------------------------------------------------------

// Banks of the entries [low, high] of a buffer with so many entries: the top two bits of an index.
static uint8_t banks_of(uint64_t low, uint64_t high, uint32_t entries) {
    const uint32_t each = entries / BANKS;
    uint8_t mask = 0;
    for (uint64_t b = low / each; b <= high / each && b < BANKS; b++)
        mask |= (uint8_t)(1u << b);
    return mask;
}

static void keep(unit_spans *spans, span s) {
    if (s.acc_banks != 0)
        spans->items[spans->next++ % SPANS] = s;
}

// The first clock from `start` on in which the other unit leaves these accumulator banks alone.
static clock_t64 wait_for_banks(const unit_spans *other, clock_t64 start, uint8_t acc_banks) {
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < SPANS; i++) {
            const span *s = &other->items[i];
            if ((s->acc_banks & acc_banks) != 0 && s->begin <= start && start < s->end) {
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

// ---- taking ------------------------------------------------------------------------------------------------------------

static clock_t64 next_take(const machine *m, uint32_t unit, const issuer *i) {
    const queue *q = &m->queues[unit];
    if (q->taken == q->pushed)
        return NEVER;
    const entry *e = at(q, q->taken);
    if (!tokens_known(m, unit, e->insn.wait))
        return NEVER;
    return later(later(e->pushed + 1, i->free), tokens_there(m, unit, e->insn.wait));
}

static const tsr_insn *take(machine *m, uint32_t unit, issuer *i, clock_t64 now) {
    queue *q = &m->queues[unit];
    entry *e = at(q, q->taken++);
    (void)take_tokens(m, unit, e->insn.wait);
    e->left = now;
    i->current = e;
    i->take = now;
    const clock_t64 alone = later(e->pushed + 1, i->last_issue + 1); // nothing older is under way
    i->token = now > alone ? now - alone : 0;
    i->wanted = later(now + TSR_TAKE_TO_ISSUE, i->last_issue + 1);
    m->dirty |= 1u << DISPATCH;
    return &e->insn;
}

// The current instruction has issued all its micro-ops.
static void issued(machine *m, issuer *i, clock_t64 last, uint64_t count, uint32_t depth) {
    // The next one is taken with the last step of the loop, so that its first micro-op follows directly.
    i->free = later(i->take + 1, last + 1 - TSR_TAKE_TO_ISSUE);
    i->last_issue = last;
    const entry *e = i->current;
    i->current = NULL;
    const timing t = {.begin = i->take, .end = last + depth, .busy = count, .token = i->token, .bank = i->bank};
    complete(m, e, &t);
}

// ---- GEMM --------------------------------------------------------------------------------------------------------------

clock_t64 gemm_next(machine *m) {
    if (m->gemm.current == NULL)
        return next_take(m, TSR_UNIT_GEMM, &m->gemm);
    if (m->alu.issued > 0 && (m->alu.acc_banks & m->gemm.acc_banks) != 0)
        return NEVER; // until the ALU is through
    return wait_for_banks(&m->alu.spans, m->gemm.wanted, m->gemm.acc_banks);
}

void gemm_step(machine *m, clock_t64 now) {
    if (m->gemm.current == NULL) {
        const tsr_gemm_insn *g = &take(m, TSR_UNIT_GEMM, &m->gemm, now)->gemm;
        const uint64_t outer = g->count0 - 1, inner = g->count1 - 1;
        const range acc = indices(m, g->uop_begin, g->uop_count, 0, outer * g->acc0 + inner * g->acc1);
        const range inp = indices(m, g->uop_begin, g->uop_count, 16, outer * g->inp0 + inner * g->inp1);
        m->gemm.acc_banks = banks_of(acc.low, acc.high, tsr_acc_entries(m->config));
        m->gemm.inp_banks = banks_of(inp.low, inp.high, tsr_inp_entries(m->config));
        return;
    }
    const tsr_gemm_insn *g = &m->gemm.current->insn.gemm;
    const uint64_t n = (uint64_t)g->uop_count * g->count0 * g->count1;
    const clock_t64 last = now + n - 1;
    keep(&m->gemm.spans, (span){now, last + TSR_GEMM_HELD + 1, m->gemm.acc_banks});
    m->gemm_runs[m->gemm_run_count++ % SPANS] = (gemm_run){now, last, *g, m->gemm.inp_banks};
    m->profile->gemm_uops += n;
    m->dirty |= 1u << ALU;
    m->gemm.bank = now - m->gemm.wanted;
    issued(m, &m->gemm, last, n, TSR_GEMM_DEPTH);
}

// ---- ALU ---------------------------------------------------------------------------------------------------------------

// Reads acc[dst] a clock before the others do.
static bool reads_early(const tsr_alu_insn *a) { return a->op == TSR_ALU_MUL || a->op == TSR_ALU_SHL || a->op == TSR_ALU_SHR; }

// One micro-op that wants to issue in clock x; returns when it does.
static clock_t64 issue(machine *m, const tsr_alu_insn *a, clock_t64 x, uint32_t dst, uint32_t src) {
    enum { LATE_AFTER_EARLY = 5 }; // S6 of a micro-op meets S1 of the one issued five clocks later
    const uint32_t entries = tsr_acc_entries(m->config), each = entries / BANKS;
    const bool to_acc = a->dst_kind == TSR_DST_ACC, from_acc = a->src_kind == TSR_SRC_ACC && src < entries;
    if (from_acc && m->written[src] != 0)
        x = later(x, m->written[src] - 1 + TSR_ALU_DEPTH);
    for (bool waits = true; waits;) {
        const clock_t64 late = x - LATE_AFTER_EARLY;
        waits = (from_acc && m->late_clock[late % 8] == late && m->late[late % 8] == 1 + src / each) ||
                (to_acc && dst < entries && reads_early(a) && m->written[dst] == x);
        x += waits;
    }
    if (to_acc && dst < entries)
        m->written[dst] = x + 1;
    if (to_acc && a->op != TSR_ALU_MOV) {
        m->late[x % 8] = (uint8_t)(1 + dst / each);
        m->late_clock[x % 8] = x;
    }
    return x;
}

// Micro-ops [from, to) of the instruction, the first no earlier than x; returns the last one's clock.
static clock_t64 walk(machine *m, const tsr_alu_insn *a, clock_t64 x, uint64_t from, uint64_t to) {
    uint32_t u = (uint32_t)(from % a->uop_count), k = (uint32_t)(from / a->uop_count % a->count1);
    uint32_t i = (uint32_t)(from / a->uop_count / a->count1);
    for (uint64_t n = from; n < to; n++) {
        const uint64_t uop = m->uops[a->uop_begin + u];
        x = 1 + issue(m, a, x, (uint32_t)(uop + i * a->dst0 + k * a->dst1) & 0xffff,
                      (uint32_t)((uop >> 16) + i * a->src0 + k * a->src1) & 0xffff);
        if (++u < a->uop_count)
            continue;
        u = 0;
        if (++k < a->count1)
            continue;
        k = 0;
        i++;
    }
    return x - 1;
}

// Micro-ops [from, to), the first in clock x; returns the last one's. Only those that read accumulators early can wait, and only
// for some that lie a few clocks back.
static clock_t64 walk_fast(machine *m, const tsr_alu_insn *a, clock_t64 x, uint64_t from, uint64_t to) {
    enum { MEMORY = TSR_ALU_DEPTH + 1 }; // more clocks than any micro-op has effect
    const uint64_t n = to - from;
    const bool from_acc = a->src_kind == TSR_SRC_ACC, to_acc = a->dst_kind == TSR_DST_ACC;
    if (n <= 2 * MEMORY || (from_acc && to_acc) || reads_early(a))
        return walk(m, a, x, from, to);
    if (from_acc) // nothing that it reads is its own
        return walk(m, a, x, from, from + MEMORY) + n - MEMORY;
    return to_acc ? walk(m, a, x + n - MEMORY, to - MEMORY, to) : x + n - 1;
}

// ---- INP, which both read: GEMM's micro-op of a clock has its bank first -----------------------------------------------

static uint32_t inp_bank(const machine *m, uint64_t index) { return (uint32_t)(index / (tsr_inp_entries(m->config) / BANKS)); }

// GEMM may read one of these banks in a clock of [first, last].
static bool gemm_may_read(const machine *m, clock_t64 first, clock_t64 last, uint8_t banks) {
    for (uint32_t i = 0; i < SPANS; i++) {
        const gemm_run *r = &m->gemm_runs[i];
        if ((r->inp_banks & banks) != 0 && r->begin <= last && first <= r->last)
            return true;
    }
    return false;
}

static bool gemm_reads(const machine *m, clock_t64 x, uint32_t bank) {
    for (uint32_t i = 0; i < SPANS; i++) {
        const gemm_run *r = &m->gemm_runs[i];
        if (r->inp_banks == 0 || x < r->begin || x > r->last)
            continue;
        const tsr_gemm_insn *g = &r->insn;
        const uint64_t n = x - r->begin, step = n / g->uop_count;
        const uint64_t offset = step / g->count1 * g->inp0 + step % g->count1 * g->inp1;
        return inp_bank(m, ((m->uops[g->uop_begin + n % g->uop_count] >> 16) + offset) & 0xffff) == bank;
    }
    return false;
}

// The ALU's next micro-ops, up to what others may do next.
static void issue_from_inp(machine *m, const tsr_alu_insn *a, clock_t64 now, uint64_t n) {
    m->alu.next = now;
    do {
        const uint64_t left = n - m->alu.issued, until = m->horizon > m->alu.next ? m->horizon - m->alu.next : 1;
        const uint64_t count = left < until ? left : until;
        if (!gemm_may_read(m, m->alu.next, m->alu.next + count - 1, m->alu.inp_banks)) {
            const clock_t64 first = m->alu.next;
            m->alu.next = walk_fast(m, a, first, m->alu.issued, m->alu.issued + count) + 1;
            m->alu.bank += m->alu.next - first - count;
            m->alu.issued += count;
            continue;
        }
        const uint64_t u = m->alu.issued % a->uop_count, step = m->alu.issued / a->uop_count;
        const uint64_t offset = step / a->count1 * a->src0 + step % a->count1 * a->src1;
        if (gemm_reads(m, m->alu.next, inp_bank(m, ((m->uops[a->uop_begin + u] >> 16) + offset) & 0xffff))) {
            m->alu.next++;
            m->alu.bank++;
            continue;
        }
        const clock_t64 wanted = m->alu.next;
        m->alu.next = walk(m, a, wanted, m->alu.issued, m->alu.issued + 1) + 1;
        m->alu.bank += m->alu.next - wanted - 1;
        m->alu.issued++;
    } while (m->alu.issued < n && m->alu.next < m->horizon);
}

clock_t64 alu_next(machine *m) {
    if (m->alu.current == NULL)
        return next_take(m, TSR_UNIT_ALU, &m->alu);
    return m->alu.issued > 0 ? m->alu.next : wait_for_banks(&m->gemm.spans, later(m->alu.wanted, m->alu.next), m->alu.acc_banks);
}

void alu_step(machine *m, clock_t64 now) {
    const uint32_t acc_entries = tsr_acc_entries(m->config);
    if (m->alu.current == NULL) {
        const tsr_alu_insn *a = &take(m, TSR_UNIT_ALU, &m->alu, now)->alu;
        const uint64_t outer = a->count0 - 1, inner = a->count1 - 1;
        const range dst = indices(m, a->uop_begin, a->uop_count, 0, outer * a->dst0 + inner * a->dst1);
        const range src = indices(m, a->uop_begin, a->uop_count, 16, outer * a->src0 + inner * a->src1);
        m->alu.dst_banks = a->dst_kind == TSR_DST_ACC ? banks_of(dst.low, dst.high, acc_entries) : 0;
        m->alu.src_banks = a->src_kind == TSR_SRC_ACC ? banks_of(src.low, src.high, acc_entries) : 0;
        m->alu.acc_banks = m->alu.src_banks | m->alu.dst_banks;
        m->alu.inp_banks = a->src_kind == TSR_SRC_INP ? banks_of(src.low, src.high, tsr_inp_entries(m->config)) : 0;
        m->alu.issued = m->alu.bank = m->alu.next = 0;
        return;
    }
    const tsr_alu_insn *a = &m->alu.current->insn.alu;
    const uint64_t n = (uint64_t)a->uop_count * a->count0 * a->count1;
    const clock_t64 wanted = m->alu.wanted;
    if (m->alu.issued == 0 && m->alu.next == 0)
        m->alu.bank = now - wanted;
    if (m->alu.inp_banks != 0) {
        issue_from_inp(m, a, now, n);
        if (m->alu.issued < n)
            return;
    } else {
        m->alu.next = walk_fast(m, a, now, 0, n) + 1;
        m->alu.bank += m->alu.next - now - n;
    }
    const clock_t64 last = m->alu.next - 1;
    keep(&m->alu.spans, (span){now, last + TSR_ALU_HELD + 1, m->alu.dst_banks});
    keep(&m->alu.spans, (span){now, last + 2, m->alu.src_banks});
    m->profile->alu_uops += n;
    m->dirty |= 1u << GEMM;
    m->alu.issued = m->alu.next = 0;
    issued(m, &m->alu, last, n, TSR_ALU_DEPTH);
}
