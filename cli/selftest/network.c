// SPDX-License-Identifier: Apache-2.0
// A whole network: compiled for the device's configuration, run on it and on the executable specification, the same bytes wanted.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "tsr/compiler.h"

// models/digits/digits_qdq.onnx, so that a board's host needs no file. The path is that of the build.
__asm__(".section .rodata\n"
        ".balign 16\n"
        "selftest_digits:\n"
        ".incbin \"models/digits/digits_qdq.onnx\"\n"
        "selftest_digits_end:\n"
        ".byte 0\n"
        ".previous\n");
extern const uint8_t selftest_digits[], selftest_digits_end[];

typedef struct answers {
    uint8_t *bytes;
    size_t size;
} answers;

static tsr_status set_inputs(tsr_session *session, const tsr_program *program, uint64_t seed) {
    dice d = {seed};
    for (uint32_t i = 0; i < program->input_count; i++) {
        const tsr_io *io = &program->inputs[i];
        uint8_t *bytes = malloc(io->bytes + sizeof(float));
        if (bytes == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for an input");
        dice_fill(&d, bytes, io->bytes);
        for (size_t e = 0; io->dtype == TSR_F32 && e < io->bytes / sizeof(float); e++) {
            const float share = (float)dice_below(&d, 256) / 255; // as a picture's
            memcpy(bytes + e * sizeof share, &share, sizeof share);
        }
        const tsr_tensor tensor = tsr_tensor_for(io, bytes);
        const tsr_status status = tsr_session_set_input(session, i, &tensor);
        free(bytes);
        TSR_TRY(status);
    }
    return tsr_ok();
}

static tsr_status get_outputs(tsr_session *session, const tsr_program *program, answers *out) {
    for (uint32_t i = 0; i < program->output_count; i++)
        out->size += program->outputs[i].bytes;
    out->bytes = malloc(out->size + 1);
    if (out->bytes == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for outputs");
    size_t at = 0;
    for (uint32_t i = 0; i < program->output_count; i++) {
        const tsr_tensor tensor = tsr_tensor_for(&program->outputs[i], out->bytes + at);
        TSR_TRY(tsr_session_get_output(session, i, &tensor));
        at += program->outputs[i].bytes;
    }
    return tsr_ok();
}

static tsr_status run(tsr_device *device, const tsr_program *program, uint64_t seed, answers *out) {
    *out = (answers){0};
    tsr_session *session;
    TSR_TRY(tsr_session_create(device, program, &session));
    tsr_status status = set_inputs(session, program, seed);
    if (status.code == TSR_OK)
        status = tsr_session_invoke(session, 10 * BENCH_RUN_MS);
    if (status.code == TSR_OK)
        status = get_outputs(session, program, out);
    tsr_session_destroy(session);
    return status;
}

// The specification as a device, with a configuration that may be known to the device alone.
static tsr_status open_judge(const tsr_config *config, tsr_device **out_device) {
    char path[] = "/tmp/tessera-selftest-XXXXXX", name[64], text[TSR_CONFIG_TEXT_BYTES];
    const int fd = mkstemp(path);
    if (fd < 0)
        return tsr_error(TSR_IO, "/tmp: no file can be made there");
    const size_t length = tsr_config_print(config, text, sizeof text);
    const bool written = write(fd, text, length) == (ssize_t)length;
    close(fd);
    snprintf(name, sizeof name, "func:config=%s", path);
    const tsr_status status = written ? tsr_device_open(name, out_device) : tsr_error(TSR_IO, "%s: cannot be written", path);
    unlink(path);
    return status;
}

static case_result compare_runs(bench *b, tsr_device *judge, const tsr_program *program, uint64_t seed) {
    answers want = {0}, got = {0};
    case_result result = CASE_PASS;
    tsr_status status = run(judge, program, seed, &want);
    if (status.code == TSR_OK)
        status = run(b->device, program, seed, &got);
    if (status.code != TSR_OK)
        result = bench_error(b, program->model_name, status);
    size_t wrong = 0;
    for (size_t i = 0; result == CASE_PASS && i < want.size; i++)
        wrong += want.bytes[i] != got.bytes[i];
    if (wrong != 0)
        result = bench_fail(b, "%s: %zu of %zu bytes of its outputs are wrong", program->model_name, wrong, want.size);
    free(want.bytes);
    free(got.bytes);
    b->checks++;
    return result;
}

static tsr_status compile(const bench *b, tsr_program **out_program) {
    static const char *const all[] = {"*=accelerator"}; // also where the CPU would be faster
    const tsr_compile_options options = {.config = b->config, .batch = 1, .place_count = 1, .places = all};
    if (b->model_file != NULL)
        return tsr_compile_file(b->model_file, &options, out_program);
    return tsr_compile_bytes(selftest_digits, (size_t)(selftest_digits_end - selftest_digits), "digits", &options, out_program);
}

case_result case_network(bench *b) {
    tsr_program *program = NULL;
    tsr_device *judge = NULL;
    BENCH_TRY(b, "compiling the network", compile(b, &program));
    tsr_status status = tsr_program_uses_accelerator(program)
                            ? open_judge(b->config, &judge)
                            : tsr_error(TSR_UNSUPPORTED, "nothing of the network runs on the accelerator");
    case_result result = status.code == TSR_OK ? CASE_PASS : bench_error(b, "the specification", status);
    for (uint32_t i = 0; i < (b->quick ? 1U : 3U) && result == CASE_PASS; i++)
        result = compare_runs(b, judge, program, b->seed + i);
    tsr_device_close(judge);
    tsr_program_free(program);
    return result;
}
