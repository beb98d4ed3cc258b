// SPDX-License-Identifier: Apache-2.0
// The state of the core (isa/spec.md, "State") and the functions that make up the interpreter.
#ifndef TSR_MODEL_STATE_H
#define TSR_MODEL_STATE_H

#include "race.h"
#include "tsr/insn.h"
#include "tsr/model.h"

struct tsr_model {
    tsr_config config;
    tsr_model_options options;
    race_checker *race; // NULL unless races are checked

    // Sizes of the buffers in entries.
    uint32_t inp_entries, wgt_entries, par_entries, acc_entries, out_entries;

    // Buffers, entry after entry. An INP or OUT entry is batch rows of a block each.
    int8_t *inp; // [entry][batch][block_in]
    int8_t *wgt; // [entry][block_out][block_in]
    uint8_t *uop; // [entry][8]
    uint8_t *par; // [entry][block_out][12]
    int32_t *acc; // [entry][batch][block_out]
    int8_t *out; // [entry][batch][block_out]

    // Of the run.
    tsr_model_segment segment[TSR_MODEL_SEGMENTS];
    tsr_model_counters counters;
    uint64_t effort; // since stop was last asked
    bool stopped;
};

// One function an instruction. They run after dispatch has found the instruction legal; TSR_FAULT_NONE, or the fault that
// only execution can find. Each returns early once m->stopped.
uint32_t model_load(tsr_model *m, const tsr_load_insn *load);
uint32_t model_store(tsr_model *m, const tsr_store_insn *store);
uint32_t model_gemm(tsr_model *m, const tsr_gemm_insn *gemm);
uint32_t model_alu(tsr_model *m, const tsr_alu_insn *alu);

// Micro-op `index` of the UOP buffer; false when a reserved bit is set.
static inline bool model_fetch_uop(tsr_model *m, uint32_t index, tsr_uop *out_uop) {
    const uint8_t *bytes = m->uop + (size_t)index * TSR_UOP_BYTES;
    uint64_t word = 0;
    for (int i = 0; i < TSR_UOP_BYTES; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    if (m->race != NULL)
        race_buffer(m->race, RACE_UOP, index, 1, false);
    return tsr_uop_unpack(word, out_uop);
}

// Instructions call this with the bytes or micro-ops that they worked on; true when the run is to end.
static inline bool model_stop(tsr_model *m, uint64_t effort) {
    m->effort += effort;
    if (m->effort >= 1u << 18 && m->options.stop != NULL) {
        m->effort = 0;
        m->stopped = m->options.stop(m->options.stop_context);
    }
    return m->stopped;
}

#endif
