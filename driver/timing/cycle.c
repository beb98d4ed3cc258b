// SPDX-License-Identifier: Apache-2.0
// Who is next; tokens, counters, the end of a run.
#include "cycle.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

bool tokens_known(const machine *m, uint32_t unit, uint32_t mask) {
    for (uint32_t p = 0; p < TSR_UNITS; p++)
        if ((mask >> p & 1) != 0 && m->given[p][unit] == m->taken[p][unit])
            return false;
    return true;
}

clock_t64 tokens_there(const machine *m, uint32_t unit, uint32_t mask) {
    clock_t64 there = 0;
    for (uint32_t p = 0; p < TSR_UNITS; p++)
        if ((mask >> p & 1) != 0)
            there = later(there, m->token[p][unit][m->taken[p][unit] % MOST_TOKENS]);
    return there;
}

clock_t64 take_tokens(machine *m, uint32_t unit, uint32_t mask) {
    const clock_t64 there = tokens_there(m, unit, mask);
    for (uint32_t p = 0; p < TSR_UNITS; p++)
        m->taken[p][unit] += mask >> p & 1;
    return there;
}

// Clocks first to last of 64, numbered `word`.
static void mark(clock_set *s, uint64_t word, unsigned first, unsigned last) {
    const uint64_t mask = UINT64_MAX >> (63 - last) & UINT64_MAX << first;
    if (s->head >= word + CLOCK_WORDS) { // too far back
        s->count += last - first + 1;
        return;
    }
    for (; s->head < word; s->head++)
        s->bits[(s->head + 1) % CLOCK_WORDS] = 0;
    uint64_t *bits = &s->bits[word % CLOCK_WORDS];
    const uint64_t both = mask & *bits;
    s->count += last - first + 1;
    if (both != 0)
        s->count -= both == mask ? last - first + 1 : (unsigned)__builtin_popcountll(both);
    *bits |= mask;
}

void busy_clocks_far(clock_set *s, clock_t64 first, clock_t64 last) {
    if (first > last)
        return;
    if (last / 64 > s->head + CLOCK_WORDS) {
        s->head = last / 64 - CLOCK_WORDS;
        memset(s->bits, 0, sizeof s->bits);
    }
    for (; first / 64 < last / 64; first = (first / 64 + 1) * 64)
        mark(s, first / 64, first % 64, 63);
    mark(s, last / 64, first % 64, last % 64);
}

static const uint32_t actors_of[TSR_UNITS] = {1u << AHEAD | 1u << BACK, 1u << GEMM, 1u << ALU, 1u << STORE};

void complete(machine *m, const entry *e, const timing *t) {
    const uint32_t unit = (uint32_t)(e->insn.opcode == TSR_OP_LOAD   ? TSR_UNIT_LOAD
                                     : e->insn.opcode == TSR_OP_GEMM ? TSR_UNIT_GEMM
                                     : e->insn.opcode == TSR_OP_ALU  ? TSR_UNIT_ALU
                                                                     : TSR_UNIT_STORE);
    for (uint32_t c = 0; c < TSR_UNITS; c++)
        if ((e->insn.signal >> c & 1) != 0) {
            m->token[unit][c][m->given[unit][c]++ % MOST_TOKENS] = t->end + 1;
            m->dirty |= actors_of[c];
        }
    tsr_unit_profile *u = &m->profile->unit[unit];
    u->busy += t->busy;
    u->stall_token += t->token;
    u->stall_memory += t->memory;
    u->stall_bank += t->bank;
    u->insns++;
    m->profile->insns++;
    m->done = later(m->done, t->end);
    if (m->run->on_insn == NULL)
        return;
    const uint64_t known = u->busy + u->stall_token + u->stall_memory + u->stall_bank;
    u->stall_queue = t->end > known ? t->end - known : 0;
    const tsr_insn_profile p = {.index = e->index, .unit = unit, .begin = t->begin, .end = t->end, .counters = *u};
    m->run->on_insn(m->run->on_insn_context, &p);
}

static tsr_status all(machine *m) {
    enum { LOOK = 65536 };
    static clock_t64 (*const next[ACTORS])(machine *) = {fetch_next, ahead_next, back_next, dispatch_next,
                                                         gemm_next,  alu_next,   store_next};
    static void (*const step[ACTORS])(machine *, clock_t64) = {fetch_step, ahead_step, back_step, dispatch_step,
                                                               gemm_step,  alu_step,   store_step};
    clock_t64 when[ACTORS];
    m->dirty = (1u << ACTORS) - 1;
    for (uint32_t steps = 1;; steps++) {
        while (m->dirty != 0) { // finding one's next step may help another one
            const int a = __builtin_ctz(m->dirty);
            m->dirty &= m->dirty - 1;
            when[a] = next[a](m);
        }
        int first = 0;
        for (int a = 1; a < ACTORS; a++)
            first = when[a] < when[first] ? a : first;
        if (when[first] == NEVER)
            return tsr_ok();
        if (first == FETCH && when[AHEAD] == when[FETCH] && m->fetch.asks == when[FETCH])
            first = AHEAD; // which goes first unless fetch has waited
        if (first == FETCH || first == AHEAD) { // the other one may have had the bus in the meantime
            const clock_t64 bus_free = read_bus_free(m);
            if (bus_free > when[first]) {
                when[first] = bus_free;
                continue;
            }
        }
        clock_t64 horizon = NEVER; // nobody else does anything before
        for (int a = 0; a < ACTORS; a++)
            horizon = a != first && when[a] < horizon ? when[a] : horizon;
        m->horizon = horizon;
        m->dirty |= 1u << first;
        step[first](m, when[first]);
        if (steps % LOOK == 0 && m->run->stop != NULL && m->run->stop(m->run->stop_context))
            return tsr_error(TSR_TIMEOUT, "%u of %u instructions dispatched", m->dispatch.count, m->run->insn_count);
    }
}

static tsr_status end(machine *m, tsr_fault *out_fault) {
    enum { FINISH_TO_DONE = 3 };
    if (!m->dispatch.ended)
        return tsr_error(TSR_UNSUPPORTED, "the cycle model finds no next step after instruction %u", m->dispatch.count);
    if (m->dispatch.finish == NEVER) {
        *out_fault = (tsr_fault){(uint32_t)m->dispatch.fault, TSR_UNITS, m->dispatch.count};
        m->profile->cycles = m->done;
    } else {
        m->profile->cycles = later(m->dispatch.finish, m->done + 1) + FINISH_TO_DONE;
        m->profile->insns++;
    }
    for (int u = 0; u < TSR_UNITS; u++) { // every clock is in one of a unit's counters
        tsr_unit_profile *p = &m->profile->unit[u];
        const uint64_t known = p->busy + p->stall_token + p->stall_memory + p->stall_bank;
        p->stall_queue = m->profile->cycles > known ? m->profile->cycles - known : 0;
    }
    return tsr_ok();
}

static bool create_queues(machine *m) {
    uint32_t size = 2 * m->config->queue_depth > 64 ? 2 * m->config->queue_depth : 64;
    while ((size & (size - 1)) != 0)
        size++;
    for (int u = 0; u < TSR_UNITS; u++) {
        m->queues[u].mask = size - 1;
        m->queues[u].items = malloc(size * sizeof *m->queues[u].items);
        if (m->queues[u].items == NULL)
            return false;
    }
    return true;
}

tsr_status cycle_simulate(const tsr_config *config, const cycle_memory *memory, const cycle_run *run, tsr_profile *out_profile,
                          tsr_fault *out_fault) {
    memset(out_profile, 0, sizeof *out_profile);
    *out_fault = (tsr_fault){0};
    machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a cycle model");
    m->config = config;
    m->memory = *memory;
    m->run = run;
    m->bus = config->bus_bytes;
    m->bus_shift = (uint32_t)__builtin_ctz(config->bus_bytes);
    m->profile = out_profile;
    m->written = calloc(tsr_acc_entries(config), sizeof *m->written);
    m->uops = calloc(tsr_uop_entries(config), sizeof *m->uops);
    tsr_status status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for a cycle model");
    if (create_queues(m) && m->written != NULL && m->uops != NULL) {
        const uint64_t stream_end = run->insn_offset + (uint64_t)run->insn_count * TSR_INSN_BYTES;
        for (int s = 0; s < TSR_SEGMENTS; s++)
            m->dispatch.sizes[s] = run->segment[s].size;
        status = tsr_ok();
        if (run->insn_offset % TSR_INSN_BYTES != 0 || stream_end > run->segment[0].size)
            *out_fault = (tsr_fault){TSR_FAULT_INSN_ALIGN, TSR_UNITS, 0};
        else if ((status = all(m)).code == TSR_OK)
            status = end(m, out_fault);
    }
    for (int u = 0; u < TSR_UNITS; u++)
        free(m->queues[u].items);
    free(m->uops);
    free(m->written);
    free(m);
    return status;
}
