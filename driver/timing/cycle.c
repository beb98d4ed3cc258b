// SPDX-License-Identifier: Apache-2.0
// The pass over the stream: dispatch, tokens, counters.
#include "cycle.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

clock_t64 take_tokens(machine *m, uint32_t unit, uint32_t mask) {
    clock_t64 there = 0;
    for (uint32_t p = 0; p < TSR_UNITS; p++)
        if (mask >> p & 1)
            there = later(there, m->token[p][unit][m->taken[p][unit]++ % MOST_TOKENS]);
    return there;
}

static void give_tokens(machine *m, uint32_t unit, uint32_t mask, clock_t64 end) {
    for (uint32_t c = 0; c < TSR_UNITS; c++)
        if (mask >> c & 1)
            m->token[unit][c][m->given[unit][c]++ % MOST_TOKENS] = end + 1;
}

uint32_t bus_words(const machine *m, uint64_t address, uint64_t bytes) {
    const uint64_t bus = m->config->bus_bytes;
    return (uint32_t)(((address & (bus - 1)) + bytes + bus - 1) / bus);
}

static void count(machine *m, uint32_t unit, uint32_t index, const timing *t) {
    tsr_unit_profile *u = &m->profile->unit[unit];
    u->busy += t->busy;
    u->stall_token += t->token;
    u->stall_memory += t->memory;
    u->stall_bank += t->bank;
    u->insns++;
    m->profile->insns++;
    m->done = later(m->done, t->end);
    const uint64_t known = u->busy + u->stall_token + u->stall_memory + u->stall_bank;
    u->stall_queue = t->end > known ? t->end - known : 0;
    if (m->run->on_insn == NULL)
        return;
    const tsr_insn_profile p = {.index = index, .unit = unit, .begin = t->begin, .end = t->end, .counters = *u};
    m->run->on_insn(m->run->on_insn_context, &p);
}

static uint64_t named_bytes(const tsr_insn *insn) {
    return insn->opcode == TSR_OP_LOAD ? (uint64_t)insn->load.run * insn->load.x_count * insn->load.y_count
                                       : (uint64_t)insn->store.run * insn->store.x_count * insn->store.y_count;
}

// Dispatch goes on with an instruction once it is known when a place in the unit's queue gets free.
static bool place_known(const machine *m, uint32_t unit) {
    return m->queued[unit] < m->config->queue_depth || m->executed[unit] > m->queued[unit] - m->config->queue_depth;
}

static void dispatch(machine *m, const tsr_insn *insn) {
    const uint32_t index = m->fetch.dispatched++, depth = m->config->queue_depth;
    const uint32_t pieces = m->config->bus_bytes < TSR_INSN_BYTES ? TSR_INSN_BYTES / m->config->bus_bytes : 1;
    clock_t64 taken = fetch_arrival(m, index);
    if (index > 0) {
        taken = later(taken, m->fetch.pushed[(index - 1) % LOGGED] + 1);
        taken = later(taken, m->fetch.taken[(index - 1) % LOGGED] + pieces);
    }
    m->fetch.taken[index % LOGGED] = taken;
    m->fetch.insn[index % LOGGED] = *insn;
    clock_t64 pushed = taken + 2;
    if (insn->opcode == TSR_OP_LOAD || insn->opcode == TSR_OP_STORE)
        pushed += 2;
    if (insn->opcode != TSR_OP_FINISH) {
        const uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode);
        if (m->queued[unit] >= depth)
            pushed = later(pushed, m->left[unit][m->queued[unit] % depth]);
        m->queued[unit]++;
    }
    m->fetch.pushed[index % LOGGED] = pushed;
}

static void execute(machine *m, uint32_t index) {
    const tsr_insn *insn = &m->fetch.insn[index % LOGGED];
    const uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode), depth = m->config->queue_depth;
    const clock_t64 pushed = m->fetch.pushed[index % LOGGED];
    timing t;
    clock_t64 left;
    switch (unit) {
    case TSR_UNIT_LOAD:
        left = simulate_load(m, insn, pushed, &t);
        m->profile->bytes_read += named_bytes(insn);
        break;
    case TSR_UNIT_GEMM: left = simulate_gemm(m, insn, pushed, &t); break;
    case TSR_UNIT_ALU: left = simulate_alu(m, insn, pushed, &t); break;
    default:
        left = simulate_store(m, insn, pushed, &t);
        m->profile->bytes_written += named_bytes(insn);
        break;
    }
    m->left[unit][m->executed[unit]++ % depth] = left;
    give_tokens(m, unit, insn->signal, t.end);
    count(m, unit, index, &t);
}

static void fault_at(tsr_fault *fault, uint32_t code, uint32_t index) { *fault = (tsr_fault){code, TSR_UNITS, index}; }

// What dispatch reads, until a fault or FINISH.
typedef struct stream_reader {
    machine *m;
    uint64_t sizes[TSR_SEGMENTS];
    tsr_tokens tokens;
    tsr_insn next;
    bool waiting; // `next` waits for a place in its queue
    bool ended;
    uint32_t fault;
} stream_reader;

static tsr_fault_code read_next(stream_reader *r) {
    const cycle_run *run = r->m->run;
    const uint32_t index = r->m->fetch.dispatched;
    if (index == run->insn_count)
        return TSR_FAULT_MISSING_FINISH;
    tsr_verdict verdict = tsr_insn_decode(run->segment[0].data + run->insn_offset + (size_t)index * TSR_INSN_BYTES, &r->next);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_insn_check(&r->next, r->m->config, r->sizes);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_tokens_step(&r->tokens, &r->next);
    return verdict.fault;
}

// Dispatches one more instruction; false when that must wait, or nothing is left.
static bool dispatch_next(stream_reader *r) {
    if (r->ended)
        return false;
    if (!r->waiting) {
        r->fault = (uint32_t)read_next(r);
        r->ended = r->fault != TSR_FAULT_NONE || r->next.opcode == TSR_OP_FINISH;
        if (r->fault != TSR_FAULT_NONE)
            return false;
    }
    r->waiting = r->next.opcode != TSR_OP_FINISH && !place_known(r->m, (uint32_t)tsr_insn_unit(r->next.opcode));
    if (!r->waiting)
        dispatch(r->m, &r->next);
    return !r->waiting;
}

static tsr_status all(machine *m, tsr_fault *out_fault) {
    enum { FINISH_TO_DONE = 4, LOOK = 4096 };
    const cycle_run *run = m->run;
    const uint64_t sizes[TSR_SEGMENTS] = {run->segment[0].size, run->segment[1].size, run->segment[2].size, run->segment[3].size};
    if (run->insn_offset % TSR_INSN_BYTES != 0 || run->insn_offset + (uint64_t)run->insn_count * TSR_INSN_BYTES > sizes[0]) {
        fault_at(out_fault, TSR_FAULT_INSN_ALIGN, 0);
        return tsr_ok();
    }
    stream_reader reader = {.m = m};
    memcpy(reader.sizes, sizes, sizeof sizes);
    m->fetch.last_request = 3; // start, stream check, burst cutter
    for (uint32_t i = 0;; i++) {
        while (dispatch_next(&reader)) {
        }
        if (i == m->fetch.dispatched) {
            fault_at(out_fault, reader.fault, i);
            return tsr_ok();
        }
        if (m->fetch.insn[i % LOGGED].opcode == TSR_OP_FINISH) {
            m->profile->cycles = later(m->fetch.pushed[i % LOGGED], m->done + 1) + FINISH_TO_DONE;
            m->profile->insns++;
            return tsr_ok();
        }
        execute(m, i);
        if (i % LOOK == LOOK - 1 && run->stop != NULL && run->stop(run->stop_context))
            return tsr_error(TSR_TIMEOUT, "%u of %u instructions done", i, run->insn_count);
    }
}

tsr_status cycle_simulate(const tsr_config *config, const cycle_memory *memory, const cycle_run *run, tsr_profile *out_profile,
                          tsr_fault *out_fault) {
    memset(out_profile, 0, sizeof *out_profile);
    *out_fault = (tsr_fault){0};
    machine *m = calloc(1, sizeof *m);
    clock_t64 *written = calloc(tsr_acc_entries(config), sizeof *written);
    uint64_t *uops = calloc(tsr_uop_entries(config), sizeof *uops);
    tsr_status status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for a cycle model");
    if (m != NULL && written != NULL && uops != NULL) {
        m->config = config;
        m->memory = *memory;
        m->run = run;
        m->written = written;
        m->uops = uops;
        m->profile = out_profile;
        status = all(m, out_fault);
        for (int u = 0; u < TSR_UNITS; u++) { // every clock is in one of a unit's counters
            tsr_unit_profile *p = &out_profile->unit[u];
            const uint64_t known = p->busy + p->stall_token + p->stall_memory + p->stall_bank;
            p->stall_queue = out_profile->cycles > known ? out_profile->cycles - known : 0;
        }
    }
    free(m);
    free(written);
    free(uops);
    return status;
}
