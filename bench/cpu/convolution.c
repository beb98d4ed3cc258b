// SPDX-License-Identifier: Apache-2.0
// ResNet-18's convolutions one by one on device cpu, beside oneDNN, one thread each, taking turns.
//
//   bench-cpu-convolution [-o FILE.csv] [-r COMMIT] [-n ROUNDS] [-t NAME]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onednn.h"
#include "timed.h"

static const conv_shape shapes[] = {
    {"C1", 224, 3, 64, 7, 3, 2},   {"C2", 56, 64, 64, 3, 1, 1},    {"C3", 56, 64, 128, 3, 1, 2},  {"C4", 56, 64, 128, 1, 0, 2},
    {"C5", 28, 128, 128, 3, 1, 1}, {"C6", 28, 128, 256, 3, 1, 2},  {"C7", 28, 128, 256, 1, 0, 2}, {"C8", 14, 256, 256, 3, 1, 1},
    {"C9", 14, 256, 512, 3, 1, 2}, {"C10", 14, 256, 512, 1, 0, 2}, {"C11", 7, 512, 512, 3, 1, 1},
};

static double peer_run(onednn_conv *peer, unsigned count) {
    double least = 0;
    for (unsigned i = 0; i < count; i++) {
        double begin = now_ms();
        onednn_run(peer);
        double ms = now_ms() - begin;
        least = i == 0 || ms < least ? ms : least;
    }
    return least;
}

// Turns of some 20 ms each; the least time of all runs of a side.
static tsr_status measure(timed *t, onednn_conv *peer, unsigned rounds, double *out_ours, double *out_theirs) {
    enum { TURN_MS = 20 };
    double middle;
    TSR_TRY(timed_run(t, 3, out_ours, &middle));
    *out_theirs = peer != NULL ? peer_run(peer, 3) : 0;
    for (unsigned i = 0; i < rounds; i++) {
        double ours;
        TSR_TRY(timed_run(t, (unsigned)(TURN_MS / *out_ours) + 1, &ours, &middle));
        *out_ours = ours < *out_ours ? ours : *out_ours;
        double theirs = peer != NULL ? peer_run(peer, (unsigned)(TURN_MS / *out_theirs) + 1) : 0;
        *out_theirs = theirs < *out_theirs ? theirs : *out_theirs;
    }
    return tsr_ok();
}

static tsr_status compare(const conv_shape *s, bool int8, unsigned rounds, FILE *csv, const char *commit) {
    tsr_program *program;
    timed t;
    double ours = 0, theirs = 0;
    TSR_TRY(conv_program(s, int8, &program));
    onednn_conv *peer = onednn_version() != NULL ? onednn_open(s, int8) : NULL;
    tsr_status status = timed_open(program, &t);
    if (status.code == TSR_OK) {
        status = measure(&t, peer, rounds, &ours, &theirs);
        timed_close(&t);
    }
    onednn_close(peer);
    tsr_program_free(program);
    TSR_TRY(status);
    int64_t size = conv_output_size(s), macs = size * size * s->out * s->in * s->kernel * s->kernel;
    printf("%-5s %3lldx%-3lld %4lld -> %-4lld %lldx%lld/%lld  %-6s %8.3f %7.1f", s->name, (long long)s->size, (long long)s->size,
           (long long)s->in, (long long)s->out, (long long)s->kernel, (long long)s->kernel, (long long)s->stride,
           int8 ? "int8" : "float", ours, (double)macs / ours / 1e6);
    if (peer != NULL)
        printf(" %9.3f %6.2f\n", theirs, theirs / ours);
    else
        printf(" %9s %6s\n", "-", "-");
    fflush(stdout);
    if (csv != NULL && peer != NULL)
        fprintf(csv, "%.64s,cpu,%s,%s,1,%s,%.4f,%.4f,%.3f\n", commit, s->name, int8 ? "int8" : "float", onednn_version(), ours,
                theirs, theirs / ours);
    return tsr_ok();
}

int main(int argc, char **argv) {
    const char *csv_path = NULL, *commit = "unknown", *only = NULL;
    unsigned rounds = 8;
    for (int option; (option = getopt(argc, argv, "o:r:n:t:")) != -1;) {
        switch (option) {
        case 'o': csv_path = optarg; break;
        case 'r': commit = optarg; break;
        case 'n': rounds = (unsigned)strtoul(optarg, NULL, 10); break;
        case 't': only = optarg; break;
        default: fprintf(stderr, "usage: %s [-o FILE.csv] [-r COMMIT] [-n ROUNDS] [-t NAME]\n", argv[0]); return 2;
        }
    }
    const char *threads = getenv("OMP_NUM_THREADS");
    if (threads == NULL || strcmp(threads, "1") != 0) { // OpenMP, which oneDNN uses, has read it before main
        setenv("OMP_NUM_THREADS", "1", 1);
        execv("/proc/self/exe", argv);
    }
    FILE *csv = csv_path != NULL ? fopen(csv_path, "a") : NULL;
    if (csv_path != NULL && csv == NULL) {
        fprintf(stderr, "bench-cpu-convolution: %s cannot be written\n", csv_path);
        return 1;
    }
    if (onednn_version() == NULL)
        printf("no oneDNN beside it: built without dnnl.h (package libdnnl-dev)\n");
    printf("%-37s %-6s %8s %7s %9s %6s\n", "convolution", "dtype", "Tessera", "GMAC/s", "oneDNN ms", "ratio");
    int code = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int int8 = 0; int8 < 2; int8++) {
            if (only != NULL && strcmp(only, shapes[i].name) != 0)
                continue;
            tsr_status status = compare(&shapes[i], int8 == 1, rounds, csv, commit);
            if (status.code != TSR_OK) {
                fprintf(stderr, "bench-cpu-convolution: %s: %s\n", shapes[i].name, status.message);
                code = 1;
            }
        }
    if (csv != NULL)
        fclose(csv);
    return code;
}
