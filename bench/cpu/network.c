// SPDX-License-Identifier: Apache-2.0
// A model on device `cpu`, timed: the compiler's own part of networks.py, which puts ONNX Runtime beside it.
//
//   bench-cpu-network [-n RUNS] [-l] MODEL
//
// Prints the least and the middle time of a run in milliseconds, with -l that of every layer too. Without -n it reads a number
// of runs a line from standard input and answers each with the least time of them, so that a caller can take turns.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timed.h"
#include "tsr/compiler.h"

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

static tsr_status serve(timed *t) {
    char line[32];
    while (fgets(line, sizeof line, stdin) != NULL) {
        long count = strtol(line, NULL, 10);
        if (count < 1 || count > 100000)
            return tsr_error(TSR_INVALID_ARGUMENT, "%.*s is not a number of runs from 1 to 100000", (int)strcspn(line, "\n"),
                             line);
        double least, middle;
        TSR_TRY(timed_run(t, (unsigned)count, &least, &middle));
        printf("%.4f\n", least);
        fflush(stdout);
    }
    return tsr_ok();
}

static tsr_status run(const tsr_program *program, unsigned count, bool layers) {
    timed t;
    TSR_TRY(timed_open(program, &t));
    double least, middle;
    tsr_status status = count == 0 ? serve(&t) : timed_run(&t, count, &least, &middle);
    if (status.code == TSR_OK && count > 0) {
        if (layers)
            print_layers(program, t.steps);
        printf("%.3f ms least, %.3f ms middle of %u runs\n", least, middle, count);
    }
    timed_close(&t);
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
