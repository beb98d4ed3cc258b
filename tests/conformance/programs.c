// SPDX-License-Identifier: Apache-2.0
#include "programs.h"

#include "stream.h"

static device_program take(stream *s, uint32_t out_bytes) {
    stream_encode(s);
    device_program program = {.consts = malloc(stream_size(s)),
                              .consts_bytes = stream_size(s),
                              .insn_offset = s->insn_offset,
                              .insn_count = s->insn_count,
                              .out_bytes = out_bytes};
    if (program.consts == NULL)
        abort();
    memcpy(program.consts, s->consts, program.consts_bytes);
    free(s);
    return program;
}

void program_free(device_program *program) {
    free(program->consts);
    program->consts = NULL;
}

uint32_t program_copy_bytes(const tsr_config *config) { return 3 * config->block_in; }

static stream *copy_stream(const tsr_config *config, int16_t delta) {
    uint32_t bytes = program_copy_bytes(config), last = config->batch - 1;
    stream *s = stream_new(config);
    tsr_insn load = {.opcode = TSR_OP_LOAD,
                     .load = {.segment = 1, .plane = last, .dram_offset = PROGRAM_IN, .run = bytes, .x_count = 1, .y_count = 1}};
    stream_push(s, load);
    tsr_insn *alu = stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_ACC, 0, 0, 0);
    alu->alu.count1 = 3, alu->alu.dst1 = alu->alu.src1 = 1;
    alu = stream_alu(s, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, delta);
    alu->alu.count1 = 3, alu->alu.dst1 = 1;
    alu = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 0);
    alu->alu.count1 = 3, alu->alu.dst1 = alu->alu.src1 = 1;
    stream_store(s, last, 0, PROGRAM_OUT, bytes);
    return s;
}

device_program program_copy(const tsr_config *config, int16_t delta) {
    return take(copy_stream(config, delta), program_copy_bytes(config));
}

device_program program_layer(const tsr_config *config) {
    uint32_t KI = config->block_in, KO = config->block_out;
    static uint8_t weights[2 * 64 * 64], params[64 * 12];
    for (uint32_t i = 0; i < 2 * KO * KI; i++)
        weights[i] = (uint8_t)(i * 37 + i / 5);
    memset(params, 0, sizeof params);
    for (uint32_t o = 0; o < KO; o++) {
        const uint32_t bias = o * 100 - 300, multiplier = 0x40000000 + o * 12345;
        for (int b = 0; b < 4; b++) {
            params[12 * o + (uint32_t)b] = (uint8_t)(bias >> (8 * b));
            params[12 * o + 4 + (uint32_t)b] = (uint8_t)(multiplier >> (8 * b));
        }
        params[12 * o + 9] = (uint8_t)(5 + o % 4);
    }
    stream *s = stream_new(config);
    tsr_insn load = {.opcode = TSR_OP_LOAD,
                     .load = {.segment = 1,
                              .dram_offset = PROGRAM_IN,
                              .run = KI - 1,
                              .x_count = 3,
                              .y_count = 2,
                              .x_stride = KI - 1,
                              .y_stride = 100,
                              .sram_x_stride = KI,
                              .sram_y_stride = 5 * KI,
                              .x_before = 1,
                              .x_after = 1,
                              .y_before = 1,
                              .pad_value = -4}};
    for (load.load.plane = 0; load.load.plane < config->batch; load.load.plane++)
        stream_push(s, load);
    stream_load(s, TSR_BUF_WGT, 0, weights, 2 * KO * KI);
    stream_load(s, TSR_BUF_PAR, 0, params, KO * 12);
    uint32_t begin = stream_uop(s, 0, 0, 0, true);
    stream_uop(s, 0, 1, 1, false);
    tsr_insn *gemm = stream_gemm(s, begin, 2, true);
    gemm->gemm.count1 = 10, gemm->gemm.acc1 = 1, gemm->gemm.inp1 = 1;
    tsr_insn *alu = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 3);
    alu->alu.rescale = alu->alu.clip = 1;
    alu->alu.lo = -120, alu->alu.hi = 110;
    alu->alu.count1 = 10, alu->alu.dst1 = alu->alu.src1 = 1;
    uint32_t bytes = 10 * KO;
    stream_store(s, config->batch - 1, 0, PROGRAM_OUT, bytes);
    return take(s, bytes);
}

device_program program_dispatch_fault(const tsr_config *config) {
    stream *s = copy_stream(config, 1);
    stream_store(s, 0, 0, PROGRAM_WORK - 1, 2);
    device_program program = take(s, program_copy_bytes(config));
    program.fault_code = TSR_FAULT_DRAM_RANGE;
    program.fault_unit = TSR_UNIT_DISPATCH;
    program.fault_index = program.insn_count - 2;
    return program;
}

device_program program_unit_fault(const tsr_config *config) {
    stream *s = stream_new(config);
    stream_gemm(s, stream_uop(s, 0, UINT16_MAX, 0, false), 1, false);
    device_program program = take(s, 0);
    program.fault_code = TSR_FAULT_UOP_RANGE;
    program.fault_unit = TSR_UNIT_GEMM;
    program.fault_index = 1;
    return program;
}

device_program program_without_finish(const tsr_config *config) {
    stream *s = copy_stream(config, 1);
    s->finish = false;
    device_program program = take(s, program_copy_bytes(config));
    program.fault_code = TSR_FAULT_MISSING_FINISH;
    program.fault_unit = TSR_UNIT_DISPATCH;
    program.fault_index = program.insn_count;
    return program;
}

device_program program_endless(const tsr_config *config) {
    stream *s = stream_new(config);
    for (int i = 0; i < 4; i++) {
        tsr_insn *gemm = stream_gemm(s, stream_uop(s, 0, 0, 0, false), 1, false);
        gemm->gemm.count0 = gemm->gemm.count1 = UINT16_MAX;
    }
    return take(s, 0);
}
