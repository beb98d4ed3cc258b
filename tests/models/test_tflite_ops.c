// SPDX-License-Identifier: Apache-2.0
// Single TFLite operators, and small networks, against the interpreter's reference kernels (README.md beside this file): integers byte for byte,
// floats within a few units in the last place.
//
//   test_tflite_ops [-v] [-t TEXT]
#include <glob.h>
#include <math.h>

#include "check.h"
#include "npy.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

typedef struct family_run {
    const char *model; // path of the .tflite file
    bool func; // else cpu
} family_run;

static bool same_float(float want, float got) {
    if (isnan(want) || isinf(want))
        return isnan(want) ? isnan(got) : want == got;
    return fabsf(want - got) <= 1e-6f + 4e-6f * fabsf(want);
}

static size_t count_wrong(const tsr_io *io, const uint8_t *want, const uint8_t *got) {
    const size_t size = tsr_dtype_size(io->dtype), count = io->bytes / size;
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        if (io->dtype != TSR_F32) {
            wrong += memcmp(want + i * size, got + i * size, size) != 0;
            continue;
        }
        float a, b;
        memcpy(&a, want + i * size, size);
        memcpy(&b, got + i * size, size);
        wrong += !same_float(a, b);
    }
    return wrong;
}

// Runs all cases of a family at once; says which outputs are wrong.
static tsr_status run_family(const family_run *r, const tsr_program *program, tsr_session *session, const uint8_t *data,
                             size_t size, size_t *out_wrong) {
    size_t at = 0;
    *out_wrong = 0;
    for (uint32_t i = 0; i < program->input_count; i++) {
        tsr_tensor t = tsr_tensor_for(&program->inputs[i], (void *)(uintptr_t)(data + at));
        at += program->inputs[i].bytes;
        if (at > size)
            return tsr_error(TSR_CORRUPT, "the recording is too short");
        TSR_TRY(tsr_session_set_input(session, i, &t));
    }
    TSR_TRY(tsr_session_invoke(session, 0));
    for (uint32_t i = 0; i < program->output_count; i++) {
        const tsr_io *io = &program->outputs[i];
        if (at + io->bytes > size)
            return tsr_error(TSR_CORRUPT, "the recording is too short");
        uint8_t *got = malloc(io->bytes);
        tsr_tensor t = tsr_tensor_for(io, got);
        tsr_status status = tsr_session_get_output(session, i, &t);
        const size_t wrong = status.code == TSR_OK ? count_wrong(io, data + at, got) : 0;
        free(got);
        TSR_TRY(status);
        if (wrong > 0)
            fprintf(stderr, "%s on %s: %s: %zu of %zu elements differ\n", r->model, r->func ? "func" : "cpu", io->name, wrong,
                    (size_t)(io->bytes / tsr_dtype_size(io->dtype)));
        *out_wrong += wrong > 0;
        at += io->bytes;
    }
    return at == size ? tsr_ok() : tsr_error(TSR_CORRUPT, "the recording is too long");
}

static tsr_status compile_and_run(const family_run *r, const uint8_t *data, size_t size, size_t *out_wrong) {
    tsr_config config;
    tsr_program *program = NULL;
    tsr_device *device = NULL;
    tsr_session *session = NULL;
    TSR_TRY(tsr_config_load("isa/configs/pynq.cfg", &config));
    tsr_compile_options options = {.config = r->func ? &config : NULL, .host_only = !r->func};
    TSR_TRY(tsr_compile_file(r->model, &options, &program));
    tsr_status status = tsr_device_open(r->func ? "func:config=pynq" : "cpu", &device);
    if (status.code == TSR_OK)
        status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = run_family(r, program, session, data, size, out_wrong);
    tsr_session_destroy(session);
    tsr_device_close(device);
    tsr_program_free(program);
    return status;
}

TEST family_gives_the_reference_answers(const family_run *r) {
    char path[256];
    snprintf(path, sizeof path, "%.*s.bin", (int)(strlen(r->model) - strlen(".tflite")), r->model);
    size_t size, wrong = 0;
    uint8_t *data = read_whole_file(path, &size);
    ASSERTm("a recording beside the model", data != NULL);
    const tsr_status status = compile_and_run(r, data, size, &wrong);
    free(data);
    ASSERT_OK(status);
    ASSERT_EQ_FMT((size_t)0, wrong, "%zu cases are wrong");
    PASS();
}

TEST an_open_batch_is_what_the_caller_says(void) {
    tsr_program *program;
    const tsr_compile_options options = {.host_only = true, .batch = 3};
    ASSERT_OK(tsr_compile_file("tests/import/open_batch.tflite", &options, &program));
    const uint32_t in = program->inputs[0].shape[0], out = program->outputs[0].shape[0];
    tsr_program_free(program);
    ASSERT_EQ(3, in);
    ASSERT_EQ(3, out); // its RESHAPE computes with the batch
    PASS();
}

static void run_folder(const char *pattern) {
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        for (int func = 0; func < 2; func++) {
            const family_run r = {found.gl_pathv[i], func};
            char name[160];
            snprintf(name, sizeof name, "%s_gives_the_reference_answers_on_%s", strrchr(r.model, '/') + 1, func ? "func" : "cpu");
            RUN_TEST_AS(name, family_gives_the_reference_answers, &r);
        }
    globfree(&found);
}

SUITE(tflite_ops) { run_folder("tests/models/tflite_ops/*.tflite"); }
SUITE(tflite_networks) { run_folder("tests/models/tflite_networks/*.tflite"); }

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(tflite_ops);
    RUN_SUITE(tflite_networks);
    RUN_TEST(an_open_batch_is_what_the_caller_says);
    GREATEST_MAIN_END();
}
