// SPDX-License-Identifier: Apache-2.0
// Runs a compiled model on a device: build/example MODEL.tsr DEVICE INPUT.bin
// INPUT.bin holds the first input's elements, nothing else; the first output goes to standard output, a number a line.
#include <stdio.h>
#include <stdlib.h>

#include "tsr/tessera.h"

static tsr_status read_input(const char *path, void *data, size_t bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(TSR_NOT_FOUND, "%s: cannot be opened", path);
    size_t got = fread(data, 1, bytes, file);
    fclose(file);
    return got == bytes ? tsr_ok() : tsr_error(TSR_MISMATCH, "%s: %zu bytes, the model takes %zu", path, got, bytes);
}

static void print_output(const tsr_io *io, const void *data) {
    for (size_t i = 0; i < io->bytes / tsr_dtype_size(io->dtype); i++) {
        if (io->dtype == TSR_F32)
            printf("%g\n", (double)((const float *)data)[i]);
        else if (io->dtype == TSR_U8)
            printf("%g\n", (double)io->scale * (((const uint8_t *)data)[i] - io->zero_point));
        else if (io->dtype == TSR_I8)
            printf("%g\n", (double)io->scale * (((const int8_t *)data)[i] - io->zero_point));
    }
}

static tsr_status run(tsr_session *session, const char *input_path) {
    const tsr_program *program = tsr_session_program(session);
    const tsr_io *input = &program->inputs[0], *output = &program->outputs[0];
    void *in = malloc(input->bytes), *out = malloc(output->bytes);
    tsr_status status = in != NULL && out != NULL ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for tensors");
    tsr_tensor in_tensor = tsr_tensor_for(input, in), out_tensor = tsr_tensor_for(output, out);
    if (status.code == TSR_OK && (status = read_input(input_path, in, input->bytes)).code == TSR_OK &&
        (status = tsr_session_set_input(session, 0, &in_tensor)).code == TSR_OK &&
        (status = tsr_session_invoke(session, 60000)).code == TSR_OK &&
        (status = tsr_session_get_output(session, 0, &out_tensor)).code == TSR_OK)
        print_output(output, out);
    free(in);
    free(out);
    return status;
}

int main(int argc, char **argv) {
    tsr_program *program = NULL;
    tsr_device *device = NULL;
    tsr_session *session = NULL;
    if (argc != 4)
        return fprintf(stderr, "usage: %s MODEL.tsr DEVICE INPUT.bin\n", argv[0]), 2;
    tsr_status status = tsr_program_load(argv[1], &program);
    if (status.code == TSR_OK && (program->input_count == 0 || program->output_count == 0))
        status = tsr_error(TSR_UNSUPPORTED, "%s: no input or no output", argv[1]);
    if (status.code == TSR_OK && (status = tsr_device_open(argv[2], &device)).code == TSR_OK &&
        (status = tsr_session_create(device, program, &session)).code == TSR_OK)
        status = run(session, argv[3]);
    if (status.code != TSR_OK)
        fprintf(stderr, "%s: %s\n", argv[0], status.message);
    tsr_session_destroy(session);
    tsr_device_close(device);
    tsr_program_free(program);
    return status.code != TSR_OK;
}
