// SPDX-License-Identifier: Apache-2.0
// Runs compiled models on the processor that it was built for: run_cases FOLDER. Case n is FOLDER/n.tsr, FOLDER/n.in (the
// inputs, one after another) and FOLDER/n.out (what the first output has to be, byte for byte).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/tessera.h"

static FILE *open_file(const char *folder, unsigned n, const char *ending) {
    char path[512];
    snprintf(path, sizeof path, "%s/%u.%s", folder, n, ending);
    return fopen(path, "rb");
}

static tsr_status read_exactly(FILE *file, void *data, size_t bytes) {
    return fread(data, 1, bytes, file) == bytes ? tsr_ok() : tsr_error(TSR_IO, "a file is too short");
}

static tsr_status set_inputs(tsr_session *session, FILE *file) {
    const tsr_program *program = tsr_session_program(session);
    tsr_status status = tsr_ok();
    for (uint32_t i = 0; i < program->input_count && status.code == TSR_OK; i++) {
        void *data = malloc(program->inputs[i].bytes);
        tsr_tensor tensor = tsr_tensor_for(&program->inputs[i], data);
        status = read_exactly(file, data, program->inputs[i].bytes);
        if (status.code == TSR_OK)
            status = tsr_session_set_input(session, i, &tensor);
        free(data);
    }
    return status;
}

static tsr_status compare(tsr_session *session, FILE *file) {
    const tsr_io *io = &tsr_session_program(session)->outputs[0];
    uint8_t *got = malloc(io->bytes), *want = malloc(io->bytes);
    tsr_tensor tensor = tsr_tensor_for(io, got);
    uint64_t differing = 0;
    tsr_status status = tsr_session_get_output(session, 0, &tensor);
    if (status.code == TSR_OK)
        status = read_exactly(file, want, io->bytes);
    for (uint64_t i = 0; i < io->bytes && status.code == TSR_OK; i++)
        differing += got[i] != want[i];
    free(got);
    free(want);
    if (differing != 0)
        return tsr_error(TSR_MISMATCH, "%llu of %llu bytes differ", (unsigned long long)differing, (unsigned long long)io->bytes);
    return status;
}

static tsr_status run_case(const char *folder, unsigned n, FILE *in, FILE *out, tsr_device *device) {
    char path[512];
    snprintf(path, sizeof path, "%s/%u.tsr", folder, n);
    tsr_program *program = NULL;
    tsr_session *session = NULL;
    tsr_status status = tsr_program_load(path, &program);
    if (status.code == TSR_OK && (status = tsr_session_create(device, program, &session)).code == TSR_OK &&
        (status = tsr_session_set_threads(session, 2)).code == TSR_OK && (status = set_inputs(session, in)).code == TSR_OK &&
        (status = tsr_session_invoke(session, 0)).code == TSR_OK)
        status = compare(session, out);
    if (status.code != TSR_OK)
        printf("case %u (%s): %s\n", n, program != NULL ? program->model_name : "?", status.message);
    tsr_session_destroy(session);
    tsr_program_free(program);
    return status;
}

int main(int argc, char **argv) {
    tsr_device *device;
    if (argc != 2 || tsr_device_open("cpu", &device).code != TSR_OK)
        return 2;
    unsigned n = 0, wrong = 0;
    for (FILE *in; (in = open_file(argv[1], n, "in")) != NULL; n++) {
        FILE *out = open_file(argv[1], n, "out");
        wrong += out == NULL || run_case(argv[1], n, in, out, device).code != TSR_OK;
        fclose(in);
        if (out != NULL)
            fclose(out);
    }
    printf("%u cases, %u wrong\n", n, wrong);
    tsr_device_close(device);
    return wrong != 0 || n == 0;
}
