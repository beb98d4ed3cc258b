// SPDX-License-Identifier: Apache-2.0
// A model on device `cpu`, timed: the compiler's own part of networks.py, which puts ONNX Runtime beside it.
//
//   bench-cpu-network MODEL [-n RUNS] [-l] [-r REPEAT]
//
// Prints the least and the middle time of a run in milliseconds, with -l that of every layer too. Without -n it reads a number
// of runs a line from standard input and answers each with the least time of them, so that a caller can take turns.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tsr/compiler.h"
#include "tsr/tessera.h"

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static tsr_status fill_inputs(tsr_session *session) {
    const tsr_program *program = tsr_session_program(session);
    uint32_t state = 1;
    for (uint32_t i = 0; i < program->input_count; i++) {
        const tsr_io *io = &program->inputs[i];
        uint8_t *data = calloc(1, io->bytes);
        if (data == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %u", i);
        for (uint64_t at = 0; at < io->bytes; at += 4) {
            state = state * 1664525 + 1013904223;
            float real = (float)(state >> 8) / (1 << 23) - 1;
            if (io->dtype == TSR_F32)
                memcpy(data + at, &real, 4);
            else
                data[at] = (uint8_t)(state >> 24);
        }
        tsr_tensor tensor = tsr_tensor_for(io, data);
        tsr_status status = tsr_session_set_input(session, i, &tensor);
        free(data);
        TSR_TRY(status);
    }
    return tsr_ok();
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Runs `count` times; times of steps are kept at their least.
static tsr_status measure(tsr_session *session, unsigned count, double *out_least, double *out_middle, uint64_t *steps) {
    double *ms = calloc(count, sizeof *ms);
    if (ms == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u times", count);
    tsr_status status = tsr_ok();
    for (unsigned i = 0; i < count && status.code == TSR_OK; i++) {
        double begin = now_ms();
        status = tsr_session_invoke(session, 0);
        ms[i] = now_ms() - begin;
        tsr_session_profile profile = tsr_session_get_profile(session);
        for (uint32_t s = 0; s < profile.step_count; s++)
            if (steps[s] == 0 || profile.steps[s].nanoseconds < steps[s])
                steps[s] = profile.steps[s].nanoseconds;
    }
    qsort(ms, count, sizeof *ms, by_value);
    *out_least = ms[0];
    *out_middle = ms[count / 2];
    free(ms);
    return status;
}

static void print_layers(const tsr_program *program, const uint64_t *steps) {
    for (uint32_t s = 0; s < program->step_count; s++) {
        const tsr_layer *layer = &program->layers[program->steps[s].first_layer];
        double us = (double)steps[s] / 1e3;
        printf("%9.1f us  %6.1f GMAC/s  %-16s %-40s", us, (double)layer->macs / us / 1e3, layer->op, layer->name);
        for (uint32_t d = 0; d < layer->out_rank; d++)
            printf("%s%u", d ? "x" : " ", layer->out_shape[d]);
        printf("\n");
    }
}

static tsr_status serve(tsr_session *session, uint64_t *steps) {
    char line[32];
    while (fgets(line, sizeof line, stdin) != NULL) {
        long count = strtol(line, NULL, 10);
        if (count < 1 || count > 100000)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s is not a number of runs", line);
        double least, middle;
        TSR_TRY(measure(session, (unsigned)count, &least, &middle, steps));
        printf("%.4f\n", least);
        fflush(stdout);
    }
    return tsr_ok();
}

static tsr_status run(const tsr_program *program, unsigned count, bool layers) {
    tsr_device *device = NULL;
    tsr_session *session = NULL;
    uint64_t *steps = calloc(program->step_count + 1U, sizeof *steps);
    tsr_status status = steps == NULL ? tsr_error(TSR_OUT_OF_MEMORY, "no memory for a profile") : tsr_device_open("cpu", &device);
    if (status.code == TSR_OK)
        status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = fill_inputs(session);
    if (status.code == TSR_OK && count == 0)
        status = serve(session, steps);
    if (status.code == TSR_OK && count > 0) {
        double least = 0, middle = 0;
        status = measure(session, count, &least, &middle, steps);
        if (layers)
            print_layers(program, steps);
        printf("%.3f ms least, %.3f ms middle of %u runs\n", least, middle, count);
    }
    free(steps);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

int main(int argc, char **argv) {
    unsigned count = 0;
    bool layers = false;
    for (int option; (option = getopt(argc, argv, "n:l")) != -1;) {
        if (option == 'n')
            count = (unsigned)strtoul(optarg, NULL, 10);
        layers = layers || option == 'l';
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: %s [-n RUNS] [-l] MODEL\n", argv[0]);
        return 2;
    }
    tsr_compile_options options = {.host_only = true};
    tsr_program *program;
    tsr_status status = tsr_compile_file(argv[optind], &options, &program);
    if (status.code == TSR_OK) {
        status = run(program, count, layers);
        tsr_program_free(program);
    }
    if (status.code != TSR_OK)
        fprintf(stderr, "bench-cpu-network: %s\n", status.message);
    return status.code == TSR_OK ? 0 : 1;
}
