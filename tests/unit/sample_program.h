// SPDX-License-Identifier: Apache-2.0
// A small compiled model, made by hand: one accelerator step that copies its 8-byte input to its output through INP, ACC and
// OUT, for the `tiny` configuration.
#ifndef SAMPLE_PROGRAM_H
#define SAMPLE_PROGRAM_H

#include "stream.h"
#include "tsr/program.h"

enum { SAMPLE_WORK = 4096, SAMPLE_IN = 64, SAMPLE_OUT = 128, SAMPLE_BYTES = 8 };

static inline void *sample_alloc(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL)
        abort();
    return memory;
}

static inline tsr_io sample_io(const char *name, uint64_t offset) {
    tsr_io io = {.dtype = TSR_I8,
                 .rank = 2,
                 .shape = {2, 4},
                 .offset = offset,
                 .bytes = SAMPLE_BYTES,
                 .channels_last = true,
                 .scale = 0.5F,
                 .zero_point = -3};
    snprintf(io.name, sizeof io.name, "%s", name);
    return io;
}

// The stream of the sample, encoded; `delta` is added to every element. Free it.
static inline stream *sample_stream(int16_t delta) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    tsr_insn load = {.opcode = TSR_OP_LOAD,
                     .load = {.segment = 1, .dram_offset = SAMPLE_IN, .run = SAMPLE_BYTES, .x_count = 1, .y_count = 1}};
    stream_push(s, load);
    tsr_insn *alu = stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_ACC, 0, 0, 0);
    alu->alu.count1 = 2, alu->alu.dst1 = alu->alu.src1 = 1;
    alu = stream_alu(s, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, delta);
    alu->alu.count1 = 2, alu->alu.dst1 = 1;
    alu = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 0);
    alu->alu.count1 = 2, alu->alu.dst1 = alu->alu.src1 = 1;
    stream_store(s, 0, 0, SAMPLE_OUT, SAMPLE_BYTES);
    stream_encode(s);
    return s;
}

static inline tsr_program *sample_program(int16_t delta) {
    stream *s = sample_stream(delta);
    tsr_program *p = sample_alloc(1, sizeof *p);
    snprintf(p->model_name, sizeof p->model_name, "sample");
    p->isa_version = TSR_ISA_VERSION;
    p->config = s->config;
    p->inputs = sample_alloc(1, sizeof *p->inputs);
    p->outputs = sample_alloc(1, sizeof *p->outputs);
    p->steps = sample_alloc(1, sizeof *p->steps);
    p->layers = sample_alloc(1, sizeof *p->layers);
    p->input_count = p->output_count = p->step_count = p->layer_count = 1;
    p->inputs[0] = sample_io("in", SAMPLE_IN);
    p->outputs[0] = sample_io("out", SAMPLE_OUT);
    p->steps[0] =
        (tsr_step){.kind = TSR_STEP_ACCELERATOR, .layer_count = 1, .insn_offset = s->insn_offset, .insn_count = s->insn_count};
    p->layers[0] = (tsr_layer){.name = "copy",
                               .op = "Add",
                               .reason = "int8",
                               .on_accelerator = true,
                               .macs = 12345678901,
                               .bytes_in = 4294967297,
                               .bytes_out = 4294967298,
                               .bound_cycles = 4294967299,
                               .insn_count = s->insn_count,
                               .out_rank = 2,
                               .out_shape = {2, 4}};
    p->const_bytes = stream_size(s);
    p->const_data = sample_alloc(1, p->const_bytes);
    memcpy(p->const_data, s->consts, p->const_bytes);
    p->work_bytes = SAMPLE_WORK;
    free(s);
    return p;
}

// Gives the sample host code in front: `bytes` of machine code for this computer.
static inline void sample_add_code(tsr_program *p, const void *code, size_t bytes, const char *target) {
    p->code = sample_alloc(1, bytes);
    p->code_bytes = bytes;
    p->kinds = sample_alloc(1, sizeof *p->kinds);
    p->entries = sample_alloc(1, sizeof *p->entries);
    p->kind_count = p->function_count = 1;
    memcpy(p->code, code, bytes);
    snprintf(p->target, sizeof p->target, "%s", target);
    free(p->steps);
    tsr_step accelerator = {.kind = TSR_STEP_ACCELERATOR,
                            .layer_count = 1,
                            .insn_offset = (uint32_t)(p->const_bytes - (uint64_t)p->layers[0].insn_count * 32),
                            .insn_count = p->layers[0].insn_count};
    p->steps = sample_alloc(2, sizeof *p->steps);
    p->steps[0] = (tsr_step){.kind = TSR_STEP_HOST};
    p->steps[1] = accelerator;
    p->step_count = 2;
}

#endif
