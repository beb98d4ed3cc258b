// SPDX-License-Identifier: Apache-2.0
#include "tsr/layers.h"

#include <stdlib.h>
#include <string.h>

#include "tsr/insn.h"
#include "tsr/pipeline.h"

enum { MOST_TOKENS = 256 };
#define NONE UINT32_MAX

const char *tsr_wait_name(tsr_wait wait) {
    static const char *const names[] = {
        [TSR_WAIT_WEIGHTS] = "waits for weights",
        [TSR_WAIT_INPUT] = "waits for input",
        [TSR_WAIT_PARAMETERS] = "waits for parameters",
        [TSR_WAIT_GEMM] = "waits for GEMM",
        [TSR_WAIT_REQUANTISE] = "waits for requantisation",
        [TSR_WAIT_STORE] = "waits for stores",
        [TSR_WAIT_INSTRUCTIONS] = "waits for instructions",
        [TSR_WAIT_BANK] = "waits for a bank",
        [TSR_WAIT_COUNT] = "waits for nothing",
    };
    return wait <= TSR_WAIT_COUNT ? names[wait] : "?";
}

// The pass over one step's stream.
typedef struct pass {
    const tsr_insn_profile *records;
    uint32_t giver[TSR_UNITS][TSR_UNITS][MOST_TOKENS]; // instruction that gave a token, [producer][consumer], a ring
    uint32_t given[TSR_UNITS][TSR_UNITS], taken[TSR_UNITS][TSR_UNITS];
    uint8_t *kind; // of each instruction: a tsr_wait, what whoever waits for it waits for
    uint32_t *load_before; // of a LOAD: the one before, NONE for the first
    uint32_t last_load;
    const tsr_insn_profile *last[TSR_UNITS]; // instruction of a unit
    tsr_unit_profile counted[TSR_UNITS];     // up to the layers before
    uint64_t end;                            // of the layers before
} pass;

static tsr_wait kind_of(const tsr_insn *insn) {
    switch (insn->opcode) {
    case TSR_OP_LOAD:
        return insn->load.buffer == TSR_BUF_WGT   ? TSR_WAIT_WEIGHTS
               : insn->load.buffer == TSR_BUF_INP ? TSR_WAIT_INPUT
                                                  : TSR_WAIT_PARAMETERS;
    case TSR_OP_GEMM: return TSR_WAIT_GEMM;
    case TSR_OP_ALU: return TSR_WAIT_REQUANTISE;
    default: return TSR_WAIT_STORE;
    }
}

// The giver of the tokens that came last; NONE: it waits for none.
static uint32_t take_tokens(pass *p, uint32_t unit, uint32_t mask, uint64_t *out_there) {
    uint32_t last = NONE;
    *out_there = 0;
    for (uint32_t from = 0; from < TSR_UNITS; from++) {
        if (!(mask >> from & 1))
            continue;
        const uint32_t giver = p->giver[from][unit][p->taken[from][unit]++ % MOST_TOKENS];
        if (p->records[giver].end + 1 > *out_there) {
            *out_there = p->records[giver].end + 1;
            last = giver;
        }
    }
    return last;
}

static void give_tokens(pass *p, uint32_t unit, uint32_t mask, uint32_t index) {
    for (uint32_t to = 0; to < TSR_UNITS; to++)
        if (mask >> to & 1)
            p->giver[unit][to][p->given[unit][to]++ % MOST_TOKENS] = index;
}

// First and last clock in which an instruction kept its unit.
static uint64_t issue_of(const tsr_insn_profile *r) {
    return r->begin + (r->unit == TSR_UNIT_GEMM || r->unit == TSR_UNIT_ALU ? TSR_TAKE_TO_ISSUE : 0);
}
static uint64_t idle_after(const tsr_insn_profile *r) {
    return r->end - (r->unit == TSR_UNIT_GEMM ? TSR_GEMM_DEPTH : r->unit == TSR_UNIT_ALU ? TSR_ALU_DEPTH : 0) + 1;
}

// Clocks idle to issue ended with a token of LOAD `giver`. LOADs complete in order: each is what was waited for since the one before it
// was done.
static void divide_among_loads(const pass *p, tsr_layer_profile *l, uint32_t giver, uint64_t idle, uint64_t issue) {
    for (uint32_t load = giver; issue > idle; load = p->load_before[load]) {
        const uint32_t before = p->load_before[load];
        const uint64_t since = before != NONE && p->records[before].end + 1 > idle ? p->records[before].end + 1 : idle;
        if (since < issue) {
            l->wait[p->kind[load]] += issue - since;
            issue = since;
        }
    }
}

// The gap in front of an instruction of the layer's main unit.
static void explain_gap(const pass *p, tsr_layer_profile *l, const tsr_insn_profile *r, uint32_t giver, uint64_t tokens) {
    const tsr_insn_profile *before = p->last[r->unit];
    const uint64_t bank = r->counters.stall_bank - (before != NULL ? before->counters.stall_bank : 0);
    l->wait[TSR_WAIT_BANK] += bank;
    const uint64_t issue = issue_of(r);
    uint64_t idle = before != NULL ? idle_after(before) : 0;
    idle = idle > p->end ? idle : p->end; // what earlier layers took is theirs
    if (issue <= idle)
        return;
    // Waiting ended when the last token came, if the unit took the instruction just then.
    const bool token = giver != NONE && tokens >= r->begin && tokens > idle;
    if (token && p->records[giver].unit == TSR_UNIT_LOAD)
        divide_among_loads(p, l, giver, idle, issue);
    else
        l->wait[token ? (tsr_wait)p->kind[giver] : TSR_WAIT_INSTRUCTIONS] += issue - idle;
}

static void subtract(tsr_unit_profile *from, const tsr_unit_profile *what) {
    from->busy -= what->busy;
    from->stall_token -= what->stall_token;
    from->stall_memory -= what->stall_memory;
    from->stall_queue -= what->stall_queue;
    from->stall_bank -= what->stall_bank;
    from->insns -= what->insns;
}

// One instruction of a layer. now: counters of the units so far.
static void account(pass *p, tsr_layer_profile *l, uint32_t index, const tsr_insn *insn, tsr_unit_profile now[TSR_UNITS]) {
    const uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode);
    const tsr_insn_profile *r = &p->records[index];
    uint64_t tokens;
    const uint32_t giver = take_tokens(p, unit, insn->wait, &tokens);
    p->kind[index] = (uint8_t)kind_of(insn);
    give_tokens(p, unit, insn->signal, index);
    if (unit == l->main_unit)
        explain_gap(p, l, r, giver, tokens);
    if (insn->opcode == TSR_OP_LOAD) {
        p->load_before[index] = p->last_load;
        p->last_load = index;
        l->bytes_read += (uint64_t)insn->load.run * insn->load.x_count * insn->load.y_count;
    }
    if (insn->opcode == TSR_OP_STORE)
        l->bytes_written += (uint64_t)insn->store.run * insn->store.x_count * insn->store.y_count;
    l->begin = r->begin < l->begin ? r->begin : l->begin;
    l->end = r->end > l->end ? r->end : l->end;
    const uint64_t insns = now[unit].insns + 1;
    now[unit] = r->counters;
    now[unit].insns = insns;
    p->last[unit] = r;
}

// The unit that does a layer's work.
static tsr_status find_main_unit(const uint8_t *stream, tsr_layer_profile *l) {
    bool has[TSR_UNITS] = {false};
    for (uint32_t i = l->layer->first_insn; i < l->layer->first_insn + l->layer->insn_count; i++) {
        tsr_insn insn;
        const tsr_verdict verdict = tsr_insn_decode(stream + (size_t)i * TSR_INSN_BYTES, &insn);
        if (verdict.fault != TSR_FAULT_NONE)
            return tsr_error(TSR_CORRUPT, "layer %s, instruction %u: %s", l->layer->name, i, verdict.reason);
        if (insn.opcode != TSR_OP_FINISH)
            has[tsr_insn_unit(insn.opcode)] = true;
    }
    l->main_unit = has[TSR_UNIT_GEMM] ? TSR_UNIT_GEMM : has[TSR_UNIT_ALU] ? TSR_UNIT_ALU : TSR_UNIT_LOAD;
    return tsr_ok();
}

static tsr_status profile_layer(pass *p, const uint8_t *stream, tsr_layer_profile *l) {
    tsr_unit_profile now[TSR_UNITS];
    memcpy(now, p->counted, sizeof now);
    TSR_TRY(find_main_unit(stream, l));
    l->begin = UINT64_MAX;
    for (uint32_t i = l->layer->first_insn; i < l->layer->first_insn + l->layer->insn_count; i++) {
        tsr_insn insn;
        (void)tsr_insn_decode(stream + (size_t)i * TSR_INSN_BYTES, &insn); // as above
        if (insn.opcode != TSR_OP_FINISH)
            account(p, l, i, &insn, now);
    }
    for (int u = 0; u < TSR_UNITS; u++) {
        l->unit[u] = now[u];
        subtract(&l->unit[u], &p->counted[u]);
        p->counted[u] = now[u];
    }
    l->begin = l->begin == UINT64_MAX ? 0 : l->begin;
    l->cycles = l->end > p->end ? l->end - p->end : 0;
    p->end = l->end > p->end ? l->end : p->end;
    return tsr_ok();
}

static tsr_status profile_step(const tsr_session *session, uint32_t number, tsr_layer_profile *layers) {
    const tsr_program *program = tsr_session_program(session);
    const tsr_step *step = &program->steps[number];
    const tsr_insn_profile *records = tsr_session_insns(session, number);
    if (records == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "the last run was not recorded");
    pass *p = calloc(1, sizeof *p);
    uint8_t *kind = calloc(step->insn_count, 1);
    uint32_t *load_before = calloc(step->insn_count, sizeof *load_before);
    tsr_status status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for a profile");
    if (p != NULL && kind != NULL && load_before != NULL) {
        p->records = records;
        p->kind = kind;
        p->load_before = load_before;
        p->last_load = NONE;
        status = tsr_ok();
        for (uint32_t i = 0; i < step->layer_count && status.code == TSR_OK; i++)
            status = profile_layer(p, program->const_data + step->insn_offset, &layers[step->first_layer + i]);
        // What is left goes to the end of the run: the last responses, FINISH.
        const tsr_session_profile all = tsr_session_get_profile(session);
        const uint64_t cycles = all.steps[number].device.cycles;
        if (status.code == TSR_OK && step->layer_count > 0 && cycles > p->end)
            layers[step->first_layer + step->layer_count - 1].cycles += cycles - p->end;
    }
    free(p);
    free(kind);
    free(load_before);
    return status;
}

tsr_status tsr_profile_layers(const tsr_session *session, tsr_layer_profile **out_layers) {
    *out_layers = NULL;
    const tsr_program *program = tsr_session_program(session);
    const tsr_session_profile all = tsr_session_get_profile(session);
    if (all.step_count != program->step_count)
        return tsr_error(TSR_INVALID_ARGUMENT, "no run has finished yet, or the last one failed");
    tsr_layer_profile *layers = calloc(program->layer_count + 1U, sizeof *layers);
    if (layers == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a profile");
    tsr_status status = tsr_ok();
    for (uint32_t s = 0; s < program->step_count && status.code == TSR_OK; s++) {
        const tsr_step *step = &program->steps[s];
        for (uint32_t i = 0; i < step->layer_count; i++) {
            layers[step->first_layer + i].layer = &program->layers[step->first_layer + i];
            layers[step->first_layer + i].step = s;
        }
        if (step->kind == TSR_STEP_ACCELERATOR)
            status = profile_step(session, s, layers);
        else if (step->layer_count > 0)
            layers[step->first_layer].nanoseconds = all.steps[s].nanoseconds;
    }
    if (status.code == TSR_OK)
        *out_layers = layers;
    else
        free(layers);
    return status;
}

tsr_wait tsr_layer_top_wait(const tsr_layer_profile *layer) {
    tsr_wait top = TSR_WAIT_COUNT;
    for (int w = 0; w < TSR_WAIT_COUNT; w++)
        if (layer->wait[w] > (top == TSR_WAIT_COUNT ? 0 : layer->wait[top]))
            top = (tsr_wait)w;
    return top;
}

double tsr_layer_utilisation(const tsr_layer_profile *layer, const tsr_config *config) {
    const double array = (double)config->batch * config->block_in * config->block_out;
    return layer->cycles == 0 ? 0 : (double)layer->layer->macs / ((double)layer->cycles * array);
}
