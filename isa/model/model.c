// SPDX-License-Identifier: Apache-2.0
// Fetch and dispatch: isa/spec.md, "Life of a run".
#include <stdlib.h>
#include <string.h>

#include "state.h"

static void clear_state(tsr_model *m) {
    memset(m->inp, 0, m->config.inp_buffer);
    memset(m->wgt, 0, m->config.wgt_buffer);
    memset(m->uop, 0, m->config.uop_buffer);
    memset(m->par, 0, m->config.par_buffer);
    memset(m->acc, 0, m->config.acc_buffer);
    memset(m->out, 0, m->config.out_buffer);
    memset(&m->counters, 0, sizeof m->counters);
    m->effort = 0;
    m->stopped = false;
}

tsr_status tsr_model_create(const tsr_config *config, const tsr_model_options *options, tsr_model **out_model) {
    *out_model = NULL;
    tsr_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the executable specification");
    m->config = *config;
    if (options != NULL)
        m->options = *options;
    m->inp_entries = tsr_inp_entries(config);
    m->wgt_entries = tsr_wgt_entries(config);
    m->par_entries = tsr_par_entries(config);
    m->acc_entries = tsr_acc_entries(config);
    m->out_entries = tsr_out_entries(config);
    m->inp = malloc(config->inp_buffer);
    m->wgt = malloc(config->wgt_buffer);
    m->uop = malloc(config->uop_buffer);
    m->par = malloc(config->par_buffer);
    m->acc = malloc(config->acc_buffer);
    m->out = malloc(config->out_buffer);
    if (m->options.check_races)
        m->race = race_create(config);
    if (m->inp == NULL || m->wgt == NULL || m->uop == NULL || m->par == NULL || m->acc == NULL || m->out == NULL ||
        (m->options.check_races && m->race == NULL)) {
        tsr_model_destroy(m);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the buffers of configuration %s", config->name);
    }
    *out_model = m;
    return tsr_ok();
}

void tsr_model_destroy(tsr_model *model) {
    if (model == NULL)
        return;
    race_destroy(model->race);
    free(model->inp);
    free(model->wgt);
    free(model->uop);
    free(model->par);
    free(model->acc);
    free(model->out);
    free(model);
}

tsr_model_race tsr_model_get_race(const tsr_model *model) {
    return model->race != NULL ? race_get(model->race) : (tsr_model_race){0};
}

// Everything that dispatch demands of an instruction, in the specified order; takes and gives its tokens.
static uint32_t dispatch(const tsr_model *m, const uint8_t *word, const uint64_t segment_size[TSR_MODEL_SEGMENTS],
                         tsr_tokens *tokens, tsr_insn *out_insn) {
    tsr_verdict verdict = tsr_insn_decode(word, out_insn);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_insn_check(out_insn, &m->config, segment_size);
    if (verdict.fault == TSR_FAULT_NONE)
        verdict = tsr_tokens_step(tokens, out_insn);
    return verdict.fault;
}

static uint32_t execute(tsr_model *m, const tsr_insn *insn) {
    switch (insn->opcode) {
    case TSR_OP_LOAD: return model_load(m, &insn->load);
    case TSR_OP_GEMM: return model_gemm(m, &insn->gemm);
    case TSR_OP_ALU: return model_alu(m, &insn->alu);
    default: return model_store(m, &insn->store);
    }
}

static tsr_model_fault fault_at(uint32_t code, uint32_t unit, uint32_t insn_index) {
    return (tsr_model_fault){.code = code, .unit = unit, .insn_index = insn_index};
}

static tsr_model_fault run_stream(tsr_model *m, const uint8_t *stream, uint32_t insn_count) {
    uint64_t segment_size[TSR_MODEL_SEGMENTS];
    for (int s = 0; s < TSR_MODEL_SEGMENTS; s++)
        segment_size[s] = m->segment[s].size;

    tsr_tokens tokens = {0};
    for (uint32_t index = 0; index < insn_count; index++) {
        tsr_insn insn;
        uint32_t fault = dispatch(m, stream + (size_t)index * TSR_INSN_BYTES, segment_size, &tokens, &insn);
        if (fault != TSR_FAULT_NONE)
            return fault_at(fault, TSR_UNIT_DISPATCH, index);
        if (insn.opcode == TSR_OP_FINISH) {
            m->counters.insns++;
            return fault_at(TSR_FAULT_NONE, 0, 0);
        }
        uint32_t unit = (uint32_t)tsr_insn_unit(insn.opcode);
        if (m->race != NULL)
            race_begin_insn(m->race, &insn, index);
        fault = execute(m, &insn);
        if (fault != TSR_FAULT_NONE)
            return fault_at(fault, unit, index);
        if (m->stopped || model_stop(m, TSR_INSN_BYTES))
            return fault_at(TSR_FAULT_NONE, 0, 0);
        if (m->race != NULL)
            race_end_insn(m->race, &insn);
        m->counters.insns++;
        m->counters.unit_insns[unit]++;
    }
    return fault_at(TSR_FAULT_MISSING_FINISH, TSR_UNIT_DISPATCH, insn_count);
}

tsr_status tsr_model_run(tsr_model *model, const tsr_model_segment segments[TSR_MODEL_SEGMENTS], uint32_t insn_offset,
                         uint32_t insn_count, tsr_model_fault *out_fault, tsr_model_counters *out_counters) {
    tsr_model *m = model;
    *out_fault = fault_at(TSR_FAULT_NONE, 0, 0);
    if (out_counters != NULL)
        memset(out_counters, 0, sizeof *out_counters);
    clear_state(m);
    memcpy(m->segment, segments, sizeof m->segment);

    uint64_t stream_end = insn_offset + (uint64_t)insn_count * TSR_INSN_BYTES;
    bool inside = insn_offset % TSR_INSN_BYTES == 0 && stream_end <= segments[0].size;
    if (m->race != NULL)
        TSR_TRY(race_begin_run(m->race, segments, insn_offset, inside ? insn_count : 0));
    if (!inside)
        *out_fault = fault_at(TSR_FAULT_INSN_ALIGN, TSR_UNIT_DISPATCH, 0);
    else if (insn_count == 0)
        *out_fault = fault_at(TSR_FAULT_MISSING_FINISH, TSR_UNIT_DISPATCH, 0);
    else
        *out_fault = run_stream(m, segments[0].data + insn_offset, insn_count);
    if (out_counters != NULL)
        *out_counters = m->counters;
    if (m->stopped)
        return tsr_error(TSR_TIMEOUT, "the run was stopped after %llu instructions", (unsigned long long)m->counters.insns);
    return tsr_ok();
}
