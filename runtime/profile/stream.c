// SPDX-License-Identifier: Apache-2.0
// What can be read off a stream without running it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tsr/insn.h"
#include "tsr/layers.h"

enum { MOST_TOKENS = 256 };

typedef struct rings { // who gave the tokens that are under way
    uint32_t giver[TSR_UNITS][TSR_UNITS][MOST_TOKENS];
    uint32_t given[TSR_UNITS][TSR_UNITS], taken[TSR_UNITS][TSR_UNITS];
} rings;

static tsr_status decode(const tsr_program *program, uint32_t step, uint32_t index, tsr_insn *out_insn) {
    const tsr_step *s = &program->steps[step];
    if (step >= program->step_count || s->kind != TSR_STEP_ACCELERATOR || index >= s->insn_count)
        return tsr_error(TSR_OUT_OF_RANGE, "step %" PRIu32 " has no instruction %" PRIu32, step, index);
    const tsr_verdict verdict = tsr_insn_decode(program->const_data + s->insn_offset + (size_t)index * TSR_INSN_BYTES, out_insn);
    return verdict.fault == TSR_FAULT_NONE
               ? tsr_ok()
               : tsr_error(TSR_CORRUPT, "step %" PRIu32 ", instruction %" PRIu32 ": %s", step, index, verdict.reason);
}

tsr_status tsr_profile_tokens(const tsr_program *program, uint32_t step,
                              void (*on_token)(void *context, uint32_t giver, uint32_t taker), void *context) {
    rings *r = calloc(1, sizeof *r);
    tsr_status status = r != NULL ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for tokens");
    for (uint32_t i = 0; status.code == TSR_OK && step < program->step_count && i < program->steps[step].insn_count; i++) {
        tsr_insn insn;
        status = decode(program, step, i, &insn);
        if (status.code != TSR_OK || insn.opcode == TSR_OP_FINISH)
            continue;
        const uint32_t unit = (uint32_t)tsr_insn_unit(insn.opcode);
        for (uint32_t u = 0; u < TSR_UNITS; u++)
            if (insn.wait >> u & 1)
                on_token(context, r->giver[u][unit][r->taken[u][unit]++ % MOST_TOKENS], i);
        for (uint32_t u = 0; u < TSR_UNITS; u++)
            if (insn.signal >> u & 1)
                r->giver[unit][u][r->given[unit][u]++ % MOST_TOKENS] = i;
    }
    free(r);
    return status;
}

const char *tsr_profile_unit_name(uint32_t unit) { return tsr_unit_name(unit); }

tsr_status tsr_profile_describe(const tsr_program *program, uint32_t step, uint32_t index, char *text, size_t size) {
    static const char *const buffers[] = {"inp", "wgt", "uop", "par"};
    tsr_insn insn;
    TSR_TRY(decode(program, step, index, &insn));
    switch (insn.opcode) {
    case TSR_OP_LOAD:
        snprintf(text, size, "load %s %" PRIu64 " B", insn.load.buffer < 4 ? buffers[insn.load.buffer] : "?",
                 (uint64_t)insn.load.run * insn.load.x_count * insn.load.y_count);
        break;
    case TSR_OP_STORE:
        snprintf(text, size, "store %" PRIu64 " B", (uint64_t)insn.store.run * insn.store.x_count * insn.store.y_count);
        break;
    case TSR_OP_GEMM:
        snprintf(text, size, "gemm %" PRIu64 " micro-ops", (uint64_t)insn.gemm.uop_count * insn.gemm.count0 * insn.gemm.count1);
        break;
    case TSR_OP_ALU:
        snprintf(text, size, "alu %" PRIu64 " micro-ops", (uint64_t)insn.alu.uop_count * insn.alu.count0 * insn.alu.count1);
        break;
    default: snprintf(text, size, "finish"); break;
    }
    return tsr_ok();
}
