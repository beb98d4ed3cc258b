// SPDX-License-Identifier: Apache-2.0
// What a compiled model must be, whether it comes from a file or goes into one.
#include <math.h>

#include "program_file.h"
#include "tsr/insn.h"

static tsr_status check_io(const tsr_program *p, const tsr_io *io, const char *kind, uint32_t index) {
    size_t element = tsr_dtype_size(io->dtype);
    if (element == 0)
        return tsr_error(TSR_CORRUPT, "%s %u has an unknown element type", kind, index);
    if (io->rank > TSR_MAX_RANK)
        return tsr_error(TSR_CORRUPT, "%s %u has rank %u, the limit is %d", kind, index, io->rank, TSR_MAX_RANK);
    uint64_t bytes = element;
    for (uint32_t i = 0; i < TSR_MAX_RANK; i++) {
        if (i >= io->rank && io->shape[i] != 0)
            return tsr_error(TSR_CORRUPT, "%s %u has a dimension beyond its rank", kind, index);
        if (i < io->rank && io->shape[i] == 0)
            return tsr_error(TSR_CORRUPT, "%s %u has an empty dimension %u", kind, index, i);
        if (i < io->rank)
            bytes *= io->shape[i]; // stays below 2^63: at most MAX_WORK (2^31) before, 2^32 more
        if (bytes > TSR_PROGRAM_MAX_WORK)
            return tsr_error(TSR_CORRUPT, "%s %u is larger than a work area may be", kind, index);
    }
    if (bytes != io->bytes)
        return tsr_error(TSR_CORRUPT, "%s %u says %llu bytes, its shape has %llu", kind, index, (unsigned long long)io->bytes,
                         (unsigned long long)bytes);
    if (io->offset > p->work_bytes || io->bytes > p->work_bytes - io->offset)
        return tsr_error(TSR_CORRUPT, "%s %u ends outside the work area of %llu bytes", kind, index,
                         (unsigned long long)p->work_bytes);
    if (io->offset % element != 0)
        return tsr_error(TSR_CORRUPT, "%s %u is not aligned to its elements", kind, index);
    if (!isfinite(io->scale) || io->scale < 0)
        return tsr_error(TSR_CORRUPT, "%s %u has an impossible scale", kind, index);
    return tsr_ok();
}

// Instructions are checked by the device that runs them. Here: that a run cannot change the constants of the next one, and
// that it ends.
static tsr_status check_stream(const tsr_program *p, const tsr_step *step, uint32_t index) {
    tsr_insn insn = {0};
    for (uint32_t i = 0; i < step->insn_count; i++) {
        (void)tsr_insn_decode(p->const_data + step->insn_offset + (size_t)i * TSR_INSN_BYTES, &insn);
        if (insn.opcode == TSR_OP_STORE && insn.store.segment == 0)
            return tsr_error(TSR_CORRUPT, "accelerator step %u: instruction %u stores into the constants", index, i);
    }
    if (insn.opcode != TSR_OP_FINISH)
        return tsr_error(TSR_CORRUPT, "accelerator step %u does not end with finish", index);
    return tsr_ok();
}

static tsr_status check_step(const tsr_program *p, const tsr_step *step, uint32_t index) {
    if (step->first_layer > p->layer_count || step->layer_count > p->layer_count - step->first_layer)
        return tsr_error(TSR_CORRUPT, "step %u names layers %u to %llu of %u", index, step->first_layer,
                         (unsigned long long)step->first_layer + step->layer_count, p->layer_count);
    if (step->kind == TSR_STEP_HOST) {
        if (step->insn_offset != 0 || step->insn_count != 0)
            return tsr_error(TSR_CORRUPT, "host step %u has instructions", index);
        if (step->function >= p->function_count)
            return tsr_error(TSR_CORRUPT, "host step %u calls function %u of %u", index, step->function, p->function_count);
        return tsr_ok();
    }
    if (step->kind != TSR_STEP_ACCELERATOR)
        return tsr_error(TSR_CORRUPT, "step %u is of unknown kind %d", index, (int)step->kind);
    if (step->function != 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u has a host function", index);
    if (step->insn_count == 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u has no instructions", index);
    if (step->insn_offset % TSR_INSN_BYTES != 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u starts at byte %u, not a multiple of %d", index, step->insn_offset,
                         TSR_INSN_BYTES);
    if ((uint64_t)step->insn_offset + (uint64_t)step->insn_count * TSR_INSN_BYTES > p->const_bytes)
        return tsr_error(TSR_CORRUPT, "accelerator step %u: %u instructions from byte %u end outside %llu bytes", index,
                         step->insn_count, step->insn_offset, (unsigned long long)p->const_bytes);
    TSR_TRY(check_stream(p, step, index));
    for (uint32_t i = 0; i < step->layer_count; i++) {
        const tsr_layer *layer = &p->layers[step->first_layer + i];
        if (layer->first_insn > step->insn_count || layer->insn_count > step->insn_count - layer->first_insn)
            return tsr_error(TSR_CORRUPT, "layer %u has instructions that step %u does not", step->first_layer + i, index);
    }
    return tsr_ok();
}

static tsr_status check_layer(const tsr_layer *layer, uint32_t index) {
    if (layer->out_rank > TSR_MAX_RANK)
        return tsr_error(TSR_CORRUPT, "layer %u has rank %u, the limit is %d", index, layer->out_rank, TSR_MAX_RANK);
    for (uint32_t i = layer->out_rank; i < TSR_MAX_RANK; i++)
        if (layer->out_shape[i] != 0)
            return tsr_error(TSR_CORRUPT, "layer %u has a dimension beyond its rank", index);
    return tsr_ok();
}

static tsr_status check_counts(const tsr_program *p) {
    if (p->input_count > TSR_PROGRAM_MAX_IOS || p->output_count > TSR_PROGRAM_MAX_IOS)
        return tsr_error(TSR_CORRUPT, "%u inputs and %u outputs; the limit is %d each", p->input_count, p->output_count,
                         TSR_PROGRAM_MAX_IOS);
    if (p->step_count > TSR_PROGRAM_MAX_STEPS || p->layer_count > TSR_PROGRAM_MAX_LAYERS)
        return tsr_error(TSR_CORRUPT, "%u steps and %u layers; the limits are %d and %d", p->step_count, p->layer_count,
                         TSR_PROGRAM_MAX_STEPS, TSR_PROGRAM_MAX_LAYERS);
    if (p->const_bytes > TSR_PROGRAM_MAX_CONST || p->work_bytes > TSR_PROGRAM_MAX_WORK || p->code_bytes > TSR_PROGRAM_MAX_CODE)
        return tsr_error(TSR_CORRUPT, "%llu bytes of constants, %llu of work area, %llu of code: over the limits",
                         (unsigned long long)p->const_bytes, (unsigned long long)p->work_bytes,
                         (unsigned long long)p->code_bytes);
    return tsr_ok();
}

static tsr_status check_code(const tsr_program *p) {
    if (p->kind_count > TSR_PROGRAM_MAX_KINDS || p->function_count > TSR_PROGRAM_MAX_STEPS)
        return tsr_error(TSR_CORRUPT, "%u kinds of host code and %u functions; the limits are %d and %d", p->kind_count,
                         p->function_count, TSR_PROGRAM_MAX_KINDS, TSR_PROGRAM_MAX_STEPS);
    if ((p->kind_count == 0) != (p->code_bytes == 0) || (p->function_count == 0) != (p->code_bytes == 0))
        return tsr_error(TSR_CORRUPT, "%llu bytes of host code with %u functions of %u kinds", (unsigned long long)p->code_bytes,
                         p->function_count, p->kind_count);
    for (uint32_t i = 0; i < p->kind_count * p->function_count; i++)
        if (p->entries[i] >= p->code_bytes)
            return tsr_error(TSR_CORRUPT, "host function %u of kind %u starts at byte %u of %llu bytes of code",
                             i % p->function_count, i / p->function_count, p->entries[i], (unsigned long long)p->code_bytes);
    if (p->code_bytes != 0 && p->target[0] == '\0')
        return tsr_error(TSR_CORRUPT, "host code without a target");
    return tsr_ok();
}

bool tsr_program_uses_accelerator(const tsr_program *program) {
    for (uint32_t i = 0; i < program->step_count; i++)
        if (program->steps[i].kind == TSR_STEP_ACCELERATOR)
            return true;
    return false;
}

tsr_status tsr_program_check(const tsr_program *program) {
    TSR_TRY(check_counts(program));
    TSR_TRY(check_code(program));
    for (uint32_t i = 0; i < program->input_count; i++)
        TSR_TRY(check_io(program, &program->inputs[i], "input", i));
    for (uint32_t i = 0; i < program->output_count; i++)
        TSR_TRY(check_io(program, &program->outputs[i], "output", i));
    for (uint32_t i = 0; i < program->layer_count; i++)
        TSR_TRY(check_layer(&program->layers[i], i));
    for (uint32_t i = 0; i < program->step_count; i++)
        TSR_TRY(check_step(program, &program->steps[i], i));
    if (tsr_program_uses_accelerator(program) && !program_has_config(program))
        return tsr_error(TSR_CORRUPT, "accelerator steps without a hardware configuration");
    return tsr_ok();
}
