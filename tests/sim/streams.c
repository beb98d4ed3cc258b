// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include <stdlib.h>

#include "tsr/insn.h"

static uint32_t put(uint8_t *segment0, uint32_t index, tsr_insn insn) {
    if ((index + 1) * TSR_INSN_BYTES > STREAM_BYTES || tsr_insn_encode(&insn, segment0 + index * TSR_INSN_BYTES).code != TSR_OK)
        abort();
    return index + 1;
}

static uint32_t finish(uint8_t *segment0, uint32_t index) { return put(segment0, index, (tsr_insn){.opcode = TSR_OP_FINISH}); }

static tsr_insn load(uint32_t offset) {
    return (tsr_insn){
        .opcode = TSR_OP_LOAD,
        .load = {.buffer = TSR_BUF_INP, .segment = 1, .dram_offset = offset, .run = 64, .x_count = 1, .y_count = 1}};
}

static tsr_insn gemm(uint32_t count0, uint32_t count1) {
    return (tsr_insn){.opcode = TSR_OP_GEMM, .gemm = {.uop_count = 1, .count0 = count0, .count1 = count1}};
}

uint32_t stream_nothing(uint8_t *segment0) { return finish(segment0, 0); }

uint32_t stream_loads_then_gemm(uint8_t *segment0, uint32_t loads) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < loads; i++) {
        tsr_insn insn = load(0);
        insn.signal = i + 1 == loads ? 1u << TSR_UNIT_GEMM : 0;
        n = put(segment0, n, insn);
    }
    tsr_insn last = gemm(1, 1);
    last.wait = 1u << TSR_UNIT_LOAD;
    return finish(segment0, put(segment0, n, last));
}

uint32_t stream_long_gemm(uint8_t *segment0, uint32_t count0, uint32_t count1) {
    return finish(segment0, put(segment0, 0, gemm(count0, count1)));
}

uint32_t stream_bad_load(uint8_t *segment0) { return finish(segment0, put(segment0, 0, load(UINT32_MAX - 10))); }

uint32_t stream_store_fives(uint8_t *segment0) {
    tsr_insn alu = {.opcode = TSR_OP_ALU,
                    .signal = 1u << TSR_UNIT_STORE,
                    .alu = {.op = TSR_ALU_MOV,
                            .src_kind = TSR_SRC_IMM,
                            .dst_kind = TSR_DST_OUT,
                            .uop_count = 1,
                            .count0 = 1,
                            .count1 = 4,
                            .dst1 = 1,
                            .imm = 5}};
    tsr_insn store = {
        .opcode = TSR_OP_STORE, .wait = 1u << TSR_UNIT_ALU, .store = {.segment = 1, .run = 16, .x_count = 1, .y_count = 1}};
    return finish(segment0, put(segment0, put(segment0, 0, alu), store));
}
