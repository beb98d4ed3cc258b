// SPDX-License-Identifier: Apache-2.0
// A program on a device: memory, inputs, runs, outputs, profile.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host_code.h"
#include "tensor.h"
#include "tsr/tessera.h"

struct tsr_session {
    tsr_device *device;
    const tsr_program *program;
    host_code code;
    pool *threads; // NULL: the caller's alone
    tsr_buffer *consts, *work; // segments 0 and 1; NULL when the program has none
    uint8_t **inputs; // copies, so that a run which reuses an input's place in the work area does not lose it
    bool outputs_valid;
    bool clear_work; // before each run

    // Which side has the newer work area, while a run is under way.
    bool host_wrote, device_wrote;

    void (*on_step)(void *context, uint32_t step, uint32_t step_count);
    void *on_step_context;

    tsr_step_profile *step_profiles;
    tsr_session_profile profile;

    tsr_insn_profile **insns; // a step, each as long as its stream; NULL: not recorded
};

// ---- life -----------------------------------------------------------------------------------------------------------

static tsr_status check_device(const tsr_device_info *info, const tsr_program *program) {
    if (!tsr_program_uses_accelerator(program))
        return tsr_ok();
    if (strcmp(info->driver, "cpu") == 0)
        return tsr_error(TSR_MISMATCH,
                         "the program has steps for an accelerator of configuration %s, device cpu has none; use "
                         "func:config=%s or rtl:config=%s, or compile the model for the cpu",
                         program->config.name, program->config.name, program->config.name);
    if (info->isa_version != program->isa_version)
        return tsr_error(TSR_MISMATCH, "the program was compiled for ISA version %u.%u, device %s has %u.%u; compile it again",
                         program->isa_version >> 16, program->isa_version & 0xffff, info->driver, info->isa_version >> 16,
                         info->isa_version & 0xffff);
    uint64_t wanted = tsr_config_id(&program->config), present = tsr_config_id(&info->config);
    if (wanted != present)
        return tsr_error(TSR_MISMATCH,
                         "the program was compiled for configuration %s (id %016llx), device %s has %s (id %016llx); open the "
                         "device with config=%s, or compile the model for %s",
                         program->config.name, (unsigned long long)wanted, info->driver, info->config.name,
                         (unsigned long long)present, program->config.name, info->config.name);
    return tsr_ok();
}

static tsr_status upload_consts(tsr_session *session) {
    uint64_t bytes = session->program->const_bytes;
    if (bytes == 0)
        return tsr_ok();
    TSR_TRY(tsr_buffer_alloc(session->device, bytes, &session->consts));
    memcpy(tsr_buffer_map(session->consts), session->program->const_data, bytes);
    return tsr_buffer_sync_to_device(session->device, session->consts, 0, bytes);
}

static tsr_status set_up(tsr_session *session) {
    const tsr_program *program = session->program;
    TSR_TRY(tsr_program_check(program));
    TSR_TRY(check_device(tsr_device_get_info(session->device), program));
    TSR_TRY(host_code_map(program, &session->code));
    session->inputs = calloc(program->input_count + 1U, sizeof *session->inputs);
    session->step_profiles = calloc(program->step_count + 1U, sizeof *session->step_profiles);
    if (session->inputs == NULL || session->step_profiles == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a session");
    session->profile.steps = session->step_profiles;
    session->clear_work = tsr_program_uses_accelerator(program);
    TSR_TRY(tsr_annotate(upload_consts(session), "constants"));
    if (program->work_bytes != 0)
        TSR_TRY(tsr_annotate(tsr_buffer_alloc(session->device, program->work_bytes, &session->work), "work area"));
    return tsr_ok();
}

tsr_status tsr_session_create(tsr_device *device, const tsr_program *program, tsr_session **out_session) {
    if (out_session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_create needs a place for the session");
    *out_session = NULL;
    if (device == NULL || program == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_create needs a device and a program");
    tsr_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a session");
    session->device = device;
    session->program = program;
    tsr_status status = set_up(session);
    if (status.code != TSR_OK) {
        tsr_session_destroy(session);
        return status;
    }
    *out_session = session;
    return status;
}

static void forget_insns(tsr_session *session) {
    for (uint32_t i = 0; session->insns != NULL && i < session->program->step_count; i++)
        free(session->insns[i]);
    free(session->insns);
    session->insns = NULL;
}

void tsr_session_destroy(tsr_session *session) {
    if (session == NULL)
        return;
    for (uint32_t i = 0; session->inputs != NULL && i < session->program->input_count; i++)
        free(session->inputs[i]);
    free(session->inputs);
    free(session->step_profiles);
    forget_insns(session);
    tsr_buffer_free(session->device, session->consts);
    tsr_buffer_free(session->device, session->work);
    host_code_unmap(&session->code);
    pool_destroy(session->threads);
    free(session);
}

const tsr_program *tsr_session_program(const tsr_session *session) { return session->program; }

tsr_status tsr_session_set_threads(tsr_session *session, uint32_t threads) {
    if (session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_set_threads needs a session");
    if (threads > TSR_MAX_THREADS)
        return tsr_error(TSR_OUT_OF_RANGE, "%u threads; the limit is %d", threads, TSR_MAX_THREADS);
    if (threads == 0)
        threads = pool_cpus();
    pool *created = NULL;
    if (threads > 1 && (created = pool_create(threads)) == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u threads", threads);
    pool_destroy(session->threads);
    session->threads = created;
    return tsr_ok();
}

void tsr_session_on_step(tsr_session *session, void (*callback)(void *context, uint32_t step, uint32_t step_count),
                         void *context) {
    session->on_step = callback;
    session->on_step_context = context;
}

tsr_session_profile tsr_session_get_profile(const tsr_session *session) { return session->profile; }

// ---- inputs and outputs ---------------------------------------------------------------------------------------------

static tsr_status check_index(const char *kind, uint32_t index, uint32_t count) {
    if (index >= count)
        return tsr_error(TSR_OUT_OF_RANGE, "there is no %s %u: the program has %u, counted from 0", kind, index, count);
    return tsr_ok();
}

tsr_status tsr_session_set_input(tsr_session *session, uint32_t index, const tsr_tensor *tensor) {
    if (session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_set_input needs a session");
    TSR_TRY(check_index("input", index, session->program->input_count));
    const tsr_io *io = &session->program->inputs[index];
    TSR_TRY(tensor_check(io, "input", index, tensor));
    if (session->inputs[index] == NULL)
        session->inputs[index] = malloc(io->bytes);
    if (session->inputs[index] == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "input %u (%s): no memory for %llu bytes", index, io->name,
                         (unsigned long long)io->bytes);
    memcpy(session->inputs[index], tensor->data, io->bytes);
    return tsr_ok();
}

tsr_status tsr_session_get_output(tsr_session *session, uint32_t index, const tsr_tensor *tensor) {
    if (session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_get_output needs a session");
    TSR_TRY(check_index("output", index, session->program->output_count));
    const tsr_io *io = &session->program->outputs[index];
    TSR_TRY(tensor_check(io, "output", index, tensor));
    if (!session->outputs_valid)
        return tsr_error(TSR_INVALID_ARGUMENT, "output %u (%s): no run has finished yet, or the last one failed", index,
                         io->name);
    memcpy(tensor->data, (const uint8_t *)tsr_buffer_map(session->work) + io->offset, io->bytes);
    return tsr_ok();
}

// ---- runs -----------------------------------------------------------------------------------------------------------

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static tsr_status place_inputs(tsr_session *session) {
    const tsr_program *program = session->program;
    for (uint32_t i = 0; i < program->input_count; i++)
        if (session->inputs[i] == NULL)
            return tsr_error(TSR_INVALID_ARGUMENT, "input %u (%s) has not been set", i, program->inputs[i].name);
    if (session->work == NULL)
        return tsr_ok();
    uint8_t *work = tsr_buffer_map(session->work);
    // Host code writes every byte before it reads it. The accelerator may see padding of its rows that nobody writes.
    if (session->clear_work)
        memset(work, 0, program->work_bytes);
    for (uint32_t i = 0; i < program->input_count; i++)
        memcpy(work + program->inputs[i].offset, session->inputs[i], program->inputs[i].bytes);
    session->host_wrote = true;
    session->device_wrote = false;
    return tsr_ok();
}

// Milliseconds left of the run's time, at least 1 when there is any; 0 stands for no limit.
static tsr_status time_left(uint64_t start, uint32_t timeout_ms, uint32_t *out_left) {
    *out_left = 0;
    if (timeout_ms == 0)
        return tsr_ok();
    uint64_t used = (now_ns() - start) / 1000000;
    if (used >= timeout_ms)
        return tsr_error(TSR_TIMEOUT, "the run took longer than %u ms", timeout_ms);
    *out_left = timeout_ms - (uint32_t)used;
    return tsr_ok();
}

static tsr_status submit_and_wait(tsr_session *session, const tsr_run *run, uint32_t timeout_ms, tsr_step_profile *profile) {
    TSR_TRY(tsr_device_submit(session->device, run));
    session->device_wrote = true;
    return tsr_device_wait(session->device, timeout_ms, &profile->device, &profile->fault);
}

typedef struct insn_record {
    tsr_insn_profile *insns;
    uint32_t count;
} insn_record;

static void keep_insn(void *context, const tsr_insn_profile *insn) {
    const insn_record *record = context;
    if (insn->index < record->count)
        record->insns[insn->index] = *insn;
}

static tsr_status run_accelerator_step(tsr_session *session, const tsr_step *step, uint64_t start, uint32_t timeout_ms,
                                       tsr_step_profile *profile) {
    if (session->host_wrote && session->work != NULL)
        TSR_TRY(tsr_buffer_sync_to_device(session->device, session->work, 0, session->program->work_bytes));
    session->host_wrote = false;
    uint32_t left;
    TSR_TRY(time_left(start, timeout_ms, &left));
    tsr_run run = {
        .segment = {session->consts, session->work},
        .insn_offset = step->insn_offset,
        .insn_count = step->insn_count,
    };
    if (session->insns == NULL)
        return submit_and_wait(session, &run, left, profile);
    insn_record record = {session->insns[step - session->program->steps], step->insn_count};
    memset(record.insns, 0, step->insn_count * sizeof *record.insns);
    TSR_TRY(tsr_device_on_insn(session->device, keep_insn, &record));
    tsr_status status = submit_and_wait(session, &run, left, profile);
    tsr_status ended = tsr_device_on_insn(session->device, NULL, NULL);
    return status.code != TSR_OK ? status : ended;
}

static tsr_status run_host_step(tsr_session *session, const tsr_step *step) {
    if (session->device_wrote && session->work != NULL)
        TSR_TRY(tsr_buffer_sync_from_device(session->device, session->work, 0, session->program->work_bytes));
    session->device_wrote = false;
    const uint8_t *consts = session->consts != NULL ? tsr_buffer_map(session->consts) : NULL;
    uint8_t *work = session->work != NULL ? tsr_buffer_map(session->work) : NULL;
    const tsr_host_env env = host_code_env(session->threads);
    host_code_call(&session->code, step->function, consts, work, &env);
    session->host_wrote = true;
    return tsr_ok();
}

// Adds where a step failed: the layer of the instruction when it is known, else the step's first.
static tsr_status annotate_step(const tsr_session *session, tsr_status status, uint32_t index, const tsr_fault *fault) {
    const tsr_program *program = session->program;
    const tsr_step *step = &program->steps[index];
    for (uint32_t i = 0; i < step->layer_count && fault->code != 0; i++) {
        const tsr_layer *layer = &program->layers[step->first_layer + i];
        if (fault->insn_index >= layer->first_insn && fault->insn_index - layer->first_insn < layer->insn_count)
            return tsr_annotate(status, "step %u, layer %s (%s)", index, layer->name, layer->op);
    }
    return tsr_annotate(status, "step %u", index);
}

static void add_to_total(tsr_step_profile *total, const tsr_step_profile *step) {
    const tsr_profile *from = &step->device;
    tsr_profile *to = &total->device;
    total->nanoseconds += step->nanoseconds;
    to->cycles += from->cycles;
    to->insns += from->insns;
    to->bytes_read += from->bytes_read;
    to->bytes_written += from->bytes_written;
    to->gemm_uops += from->gemm_uops;
    to->alu_uops += from->alu_uops;
    for (int u = 0; u < TSR_UNITS; u++) {
        to->unit[u].busy += from->unit[u].busy;
        to->unit[u].stall_token += from->unit[u].stall_token;
        to->unit[u].stall_memory += from->unit[u].stall_memory;
        to->unit[u].stall_queue += from->unit[u].stall_queue;
        to->unit[u].stall_bank += from->unit[u].stall_bank;
        to->unit[u].insns += from->unit[u].insns;
    }
    if (step->fault.code != 0)
        total->fault = step->fault;
}

static tsr_status run_steps(tsr_session *session, uint32_t timeout_ms) {
    const tsr_program *program = session->program;
    uint64_t start = now_ns();
    for (uint32_t i = 0; i < program->step_count; i++) {
        const tsr_step *step = &program->steps[i];
        tsr_step_profile *profile = &session->step_profiles[i];
        if (session->on_step != NULL)
            session->on_step(session->on_step_context, i, program->step_count);
        uint64_t begin = now_ns();
        tsr_status status = step->kind == TSR_STEP_HOST ? run_host_step(session, step)
                                                        : run_accelerator_step(session, step, start, timeout_ms, profile);
        profile->nanoseconds = now_ns() - begin;
        add_to_total(&session->profile.total, profile);
        session->profile.step_count = i + 1;
        if (status.code != TSR_OK)
            return annotate_step(session, status, i, &profile->fault);
    }
    return tsr_ok();
}

static tsr_status fetch_outputs(tsr_session *session) {
    for (uint32_t i = 0; session->device_wrote && i < session->program->output_count; i++) {
        const tsr_io *io = &session->program->outputs[i];
        TSR_TRY(tsr_annotate(tsr_buffer_sync_from_device(session->device, session->work, io->offset, io->bytes), "output %u (%s)",
                             i, io->name));
    }
    return tsr_ok();
}

tsr_status tsr_session_invoke(tsr_session *session, uint32_t timeout_ms) {
    if (session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_invoke needs a session");
    session->outputs_valid = false;
    memset(session->step_profiles, 0, session->program->step_count * sizeof *session->step_profiles);
    memset(&session->profile.total, 0, sizeof session->profile.total);
    session->profile.step_count = 0;
    TSR_TRY(place_inputs(session));
    TSR_TRY(run_steps(session, timeout_ms));
    TSR_TRY(fetch_outputs(session));
    session->outputs_valid = true;
    return tsr_ok();
}

tsr_status tsr_session_record(tsr_session *session) {
    if (session == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_session_record needs a session");
    if (session->insns != NULL)
        return tsr_ok();
    const tsr_program *program = session->program;
    TSR_TRY(tsr_device_on_insn(session->device, NULL, NULL)); // can it?
    session->insns = calloc(program->step_count + 1U, sizeof *session->insns);
    bool good = session->insns != NULL;
    for (uint32_t i = 0; good && i < program->step_count; i++) {
        if (program->steps[i].kind != TSR_STEP_ACCELERATOR)
            continue;
        session->insns[i] = calloc(program->steps[i].insn_count, sizeof **session->insns);
        good = session->insns[i] != NULL;
    }
    if (good)
        return tsr_ok();
    forget_insns(session);
    return tsr_error(TSR_OUT_OF_MEMORY, "no memory to record every instruction");
}

const tsr_insn_profile *tsr_session_insns(const tsr_session *session, uint32_t step) {
    return session->insns != NULL && step < session->program->step_count ? session->insns[step] : NULL;
}
