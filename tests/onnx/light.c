// SPDX-License-Identifier: Apache-2.0
#include "light.h"

#include <stdlib.h>

#include "answers.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

// Element i of n is i / n.
static tsr_status count_up(tsr_session *session, const tsr_program *program, uint32_t index, tsr_arena *arena) {
    const tsr_io *io = &program->inputs[index];
    if (io->dtype != TSR_F32)
        return tsr_error(TSR_MISMATCH, "input '%s' is no float32", io->name);
    const uint64_t count = io->bytes / sizeof(float);
    float *values = TSR_NEW_ARRAY(arena, float, count);
    for (uint64_t i = 0; i < count; i++)
        values[i] = (float)((double)i / (double)count);
    tsr_tensor t = tsr_tensor_for(io, values);
    return tsr_session_set_input(session, index, &t);
}

static tsr_status answer(tsr_session *session, const tsr_program *program, const tsr_import_tensor *want, tsr_arena *arena) {
    for (uint32_t i = 0; i < program->input_count; i++)
        TSR_TRY(count_up(session, program, i, arena));
    TSR_TRY(tsr_session_invoke(session, 0));
    const tsr_io *io = &program->outputs[0];
    tsr_tensor t = tsr_tensor_for(io, tsr_arena_alloc(arena, io->bytes));
    TSR_TRY(tsr_session_get_output(session, 0, &t));
    return answers_compare(want, io, t.data, 1e-6);
}

static tsr_status run(const tsr_program *program, const char *path, tsr_arena *arena) {
    unsigned char *bytes;
    size_t size;
    tsr_import_tensor want;
    TSR_TRY(tsr_import_read_file(path, &bytes, &size));
    tsr_status status = tsr_import_onnx_tensor(bytes, size, path, arena, &want);
    free(bytes);
    TSR_TRY(status);
    tsr_device *device;
    tsr_session *session = NULL;
    TSR_TRY(tsr_device_open("cpu", &device));
    status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = answer(session, program, &want, arena);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

tsr_status light_run(const char *folder, const char *name) {
    tsr_program *program;
    const tsr_compile_options options = {.host_only = true};
    tsr_arena *arena = tsr_arena_create();
    tsr_status status = tsr_compile_file(tsr_arena_printf(arena, "%s/%s.onnx", folder, name), &options, &program);
    if (status.code == TSR_OK) {
        status = run(program, tsr_arena_printf(arena, "%s/%s_output_0.pb", folder, name), arena);
        tsr_program_free(program);
    }
    tsr_arena_free(arena);
    return status;
}
