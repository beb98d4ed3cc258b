// SPDX-License-Identifier: Apache-2.0
// Instruction fetch and dispatch. Stage numbers: hw/rtl/README.md, "Life of an instruction".
#include "machine.h"

enum { FETCH_BURST = 256, FETCH_FIFO = 1024 }; // bytes
enum { TO_TAKE = 2 };                           // clocks from a beat to its leaving the FIFO

static uint32_t pieces(const machine *m) { return m->bus < TSR_INSN_BYTES ? TSR_INSN_BYTES >> m->bus_shift : 1; }

// ---- fetch -------------------------------------------------------------------------------------------------------------

// When bus word `word` of the stream, which has been asked for, leaves fetch's data FIFO: the byte queue behind it holds QUEUED
// words, and an instruction is assembled while dispatch has the one before. False: dispatch has not got that far.
static bool word_leaves(const machine *m, uint64_t word, clock_t64 *out_when) {
    const uint64_t bus = m->bus, piece = bus < TSR_INSN_BYTES ? bus : TSR_INSN_BYTES;
    *out_when = m->fetch.word[word % LOGGED] + TO_TAKE;
    if (word < QUEUED)
        return true;
    const uint64_t last = (bus * (word - QUEUED + 1) + piece - 1) / piece - 1; // piece that must have left the byte queue
    const uint64_t insn = last / pieces(m);
    if (insn == 0)
        return true;
    if (insn - 1 >= m->dispatch.count)
        return false;
    *out_when = later(*out_when, m->dispatch.taken[(insn - 1) % LOGGED] + last % pieces(m) + 1);
    return true;
}

static uint32_t longest(const machine *m) { // burst
    const uint32_t eight = FETCH_BURST >> m->bus_shift;
    return eight > m->config->burst_beats ? m->config->burst_beats : eight;
}

static uint32_t fetch_beats(const machine *m, uint64_t address) {
    const uint64_t left = (uint64_t)m->run->insn_count * TSR_INSN_BYTES - m->fetch.requested;
    return burst_beats(m, address, bus_words(m, address, left), longest(m));
}

static uint64_t fetch_address(const machine *m) { return m->run->segment[0].base + m->run->insn_offset + m->fetch.requested; }

clock_t64 fetch_next(machine *m) {
    enum { START = 3 }; // stream check, and two registers of the burst cutter
    if (m->fetch.requested == (uint64_t)m->run->insn_count * TSR_INSN_BYTES)
        return NEVER;
    const uint64_t end = m->fetch.words + longest(m), fifo = FETCH_FIFO >> m->bus_shift;
    clock_t64 room = START, leaves;
    if (end > fifo) {
        if (!word_leaves(m, end - fifo - 1, &leaves))
            return NEVER;
        room = later(room, leaves + 1);
    }
    m->fetch.asks = later(room, m->fetch.ready);
    return later(m->fetch.asks, read_bus_free(m));
}

void fetch_step(machine *m, clock_t64 now) {
    enum { ASSEMBLY = 4 }; // clocks from a word's arrival to the complete instruction
    const uint64_t address = fetch_address(m), bus = m->bus;
    const uint32_t beats = fetch_beats(m, address);
    const uint64_t left = (uint64_t)m->run->insn_count * TSR_INSN_BYTES - m->fetch.requested;
    const uint64_t room = beats * bus - (address & (bus - 1)), bytes = room < left ? room : left;
    const clock_t64 first = read_bus_grant(m, now, beats);
    m->fetch.ready = now + 1;
    m->fetch.requested += bytes;
    for (uint32_t i = 0; i < beats; i++)
        m->fetch.word[m->fetch.words++ % LOGGED] = channel_beat(m, first, m->read.data.first_credit, i);
    for (; (m->fetch.complete + 1ull) * TSR_INSN_BYTES <= m->fetch.requested; m->fetch.complete++) {
        const uint64_t last_byte = fetch_address(m) - m->fetch.requested + (m->fetch.complete + 1ull) * TSR_INSN_BYTES - 1;
        const uint64_t word = (last_byte >> m->bus_shift) - (address >> m->bus_shift);
        m->fetch.arrived[m->fetch.complete % LOGGED] = m->fetch.word[(m->fetch.words - beats + word) % LOGGED] + ASSEMBLY;
    }
    m->dirty |= 1u << DISPATCH;
}

// ---- dispatch ----------------------------------------------------------------------------------------------------------

static bool push_held(machine *m) {
    static const uint32_t wakes[TSR_UNITS] = {1u << AHEAD, 1u << GEMM, 1u << ALU, 1u << STORE};
    const uint32_t unit = (uint32_t)tsr_insn_unit(m->dispatch.held.insn.opcode), depth = m->config->queue_depth;
    queue *q = &m->queues[unit];
    clock_t64 push = m->dispatch.held.pushed;
    if (q->pushed >= depth) {
        if (q->taken + depth <= q->pushed)
            return false;
        push = later(push, at(q, q->pushed - depth)->left + 1);
    }
    entry *e = at(q, q->pushed++);
    *e = m->dispatch.held;
    e->pushed = push;
    m->dispatch.holds = false;
    m->dispatch.ready = push + 1;
    m->dirty |= wakes[unit];
    return true;
}

clock_t64 dispatch_next(machine *m) {
    if (m->dispatch.holds && !push_held(m))
        return NEVER;
    if (m->dispatch.ended)
        return NEVER;
    if (m->dispatch.count == m->run->insn_count)
        return m->dispatch.ready;
    if (m->dispatch.count == m->fetch.complete)
        return NEVER;
    clock_t64 when = later(m->dispatch.ready, m->fetch.arrived[m->dispatch.count % LOGGED]);
    if (m->dispatch.count > 0)
        when = later(when, m->dispatch.taken[(m->dispatch.count - 1) % LOGGED] + pieces(m));
    return when;
}

static tsr_fault_code read_insn(machine *m, tsr_insn *insn) {
    if (m->dispatch.count == m->run->insn_count)
        return TSR_FAULT_MISSING_FINISH;
    const uint8_t *stream = m->run->segment[0].data + m->run->insn_offset;
    tsr_verdict verdict = tsr_insn_decode(stream + (size_t)m->dispatch.count * TSR_INSN_BYTES, insn);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_insn_check(insn, m->config, m->dispatch.sizes);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_tokens_step(&m->dispatch.tokens, insn);
    return verdict.fault;
}

void dispatch_step(machine *m, clock_t64 now) {
    enum { SHORT_CHECK = 2, LONG_CHECK = 4 };
    entry *held = &m->dispatch.held;
    m->dispatch.fault = read_insn(m, &held->insn);
    m->dispatch.ended = m->dispatch.fault != TSR_FAULT_NONE || held->insn.opcode == TSR_OP_FINISH;
    if (m->dispatch.ended) {
        m->dispatch.finish = m->dispatch.fault != TSR_FAULT_NONE ? NEVER : now + SHORT_CHECK;
        return;
    }
    held->index = m->dispatch.count;
    held->pushed = now + (held->insn.opcode == TSR_OP_LOAD || held->insn.opcode == TSR_OP_STORE ? LONG_CHECK : SHORT_CHECK);
    m->dispatch.holds = true;
    m->dispatch.taken[m->dispatch.count++ % LOGGED] = now;
    m->dirty |= 1u << FETCH;
}
