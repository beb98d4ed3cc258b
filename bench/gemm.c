// SPDX-License-Identifier: Apache-2.0
// Matrix product with a hand-scheduled instruction stream: C[m][n] = requantise(A[m][k] x W[k][n]), all int8, through the device
// interface, result checked. What the core can do when nothing but the core is in the way.
//
//   bench-gemm [-c CONFIG] [-d DEVICE] [-m M] [-n N] [-k K] [-o FOLDER] [-r COMMIT] [-s]
//
// -s measures the simulator instead (sim_speed.csv). Sizes must be multiples of the blocks.
//
// Schedule. W stays in WGT as a whole. A goes through INP in strips of rows, in two halves of the buffer; a strip's
// accumulators for one block of columns are complete before those of the next begin, in two halves of ACC, so that the ALU
// requantises one while GEMM fills the other; OUT collects several blocks of columns of a strip, in two halves, and STORE writes
// them as rows. Micro-ops: one list a block of columns and half of INP.
//
// Units depend on each other as follows, one token a step:
//   LOAD  -> GEMM   a strip of A, and in the first strip each block of W with its parameters and micro-ops
//   GEMM  -> LOAD   a half of INP is free again
//   GEMM  -> ALU    accumulators complete          ALU  -> GEMM   accumulators free again
//   ALU   -> STORE  a half of OUT complete         STORE -> ALU   it is free again
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gemm_isa.h"
#include "tsr/driver.h"

typedef struct settings {
    const char *config, *device, *folder, *commit;
    uint32_t m, n, k;
    bool speed;
} settings;

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void fail(tsr_status status) {
    if (status.code == TSR_OK)
        return;
    fprintf(stderr, "bench-gemm: %s\n", status.message);
    exit(1);
}

// A header line when the file is new, then the row.
static void append(const settings *s, const char *file, const char *header, const char *row) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", s->folder, file);
    bool fresh = access(path, F_OK) != 0;
    FILE *f = fopen(path, "a");
    if (f == NULL) {
        fprintf(stderr, "bench-gemm: %s cannot be written\n", path);
        exit(1);
    }
    if (fresh)
        fprintf(f, "%s\n", header);
    fprintf(f, "%s\n", row);
    fclose(f);
}

static uint32_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0 || value > 65536) {
        fprintf(stderr, "bench-gemm: %s is no size\n", text);
        exit(2);
    }
    return (uint32_t)value;
}

int main(int argc, char **argv) {
    settings s = {.config = "pynq", .folder = "build/results", .commit = "unknown", .m = 512, .n = 512, .k = 512};
    int option;
    while ((option = getopt(argc, argv, "c:d:m:n:k:o:r:s")) != -1) {
        switch (option) {
        case 'c': s.config = optarg; break;
        case 'd': s.device = optarg; break;
        case 'm': s.m = number(optarg); break;
        case 'n': s.n = number(optarg); break;
        case 'k': s.k = number(optarg); break;
        case 'o': s.folder = optarg; break;
        case 'r': s.commit = optarg; break;
        case 's': s.speed = true; break;
        default:
            fprintf(stderr, "usage: bench-gemm [-c CONFIG] [-d DEVICE] [-m M] [-n N] [-k K] [-o FOLDER] [-r COMMIT] [-s]\n");
            return 2;
        }
    }
    char name[256];
    snprintf(name, sizeof name, "%s:config=%s", s.device != NULL ? s.device : "rtl", s.config);
    tsr_device *device;
    fail(tsr_device_open(name, &device));
    const tsr_config *config = &tsr_device_get_info(device)->config;

    gemm_problem problem = {.m = s.m, .n = s.n, .k = s.k, .config = config};
    fail(gemm_plan(&problem));
    tsr_buffer *constants, *work;
    fail(tsr_buffer_alloc(device, problem.const_bytes, &constants));
    fail(tsr_buffer_alloc(device, problem.work_bytes, &work));
    uint8_t *expected = malloc(problem.c_bytes);
    if (expected == NULL) {
        fprintf(stderr, "bench-gemm: out of memory\n");
        return 1;
    }
    gemm_fill(&problem, tsr_buffer_map(constants), tsr_buffer_map(work), expected);
    fail(tsr_buffer_sync_to_device(device, constants, 0, problem.const_bytes));
    fail(tsr_buffer_sync_to_device(device, work, 0, problem.work_bytes));

    tsr_run run = {.segment = {constants, work}, .insn_offset = 0, .insn_count = problem.insn_count};
    tsr_profile profile;
    double begin = cpu_seconds();
    fail(tsr_device_submit(device, &run));
    fail(tsr_device_wait(device, 0, &profile, NULL));
    double seconds = cpu_seconds() - begin;
    fail(tsr_buffer_sync_from_device(device, work, 0, problem.work_bytes));
    if (memcmp((uint8_t *)tsr_buffer_map(work) + problem.c_offset, expected, problem.c_bytes) != 0) {
        fprintf(stderr, "bench-gemm: the result is wrong\n");
        return 1;
    }

    const char *driver = tsr_device_get_info(device)->driver;
    if (!tsr_device_get_info(device)->cycle_accurate) {
        printf("%s: %ux%ux%u int8 GEMM on %s: result checked, no cycles to show\n", s.config, s.m, s.n, s.k, driver);
        free(expected);
        tsr_device_close(device);
        return 0;
    }
    double macs = (double)s.m * s.n * s.k, array = (double)config->batch * config->block_in * config->block_out;
    double utilisation = macs / array / (double)profile.cycles;
    char row[400], memory[64]; // the device's own memory model
    snprintf(memory, sizeof memory, "latency=64 bandwidth=%u outstanding=16", config->bus_bytes);
    mkdir("build", 0777);
    mkdir(s.folder, 0777);
    if (s.speed) {
        double rate = (double)profile.cycles / seconds;
        snprintf(row, sizeof row, "%s,%s,%s,gemm_%ux%ux%u,%llu,%.4f,%.0f,%s", s.commit, s.config, driver, s.m, s.n, s.k,
                 (unsigned long long)profile.cycles, seconds, rate, memory);
        append(&s, "sim_speed.csv", "commit,config,device,workload,cycles,cpu_seconds,cycles_per_second,memory", row);
        printf("%-8s gemm %ux%ux%u %10llu cycles in %6.2f CPU seconds: %5.2f million cycles a second\n", s.config, s.m, s.n, s.k,
               (unsigned long long)profile.cycles, seconds, rate / 1e6);
    } else {
        static const char *const units[] = {"LOAD", "GEMM", "ALU", "STORE"};
        snprintf(row, sizeof row, "%s,%s,%u,%u,%u,%s,%llu,%.4f,%s", s.commit, s.config, s.m, s.n, s.k, driver,
                 (unsigned long long)profile.cycles, utilisation, memory);
        append(&s, "gemm.csv", "commit,config,m,n,k,device,cycles,utilisation,memory", row);
        printf("%s: %ux%ux%u int8 GEMM, requantised and stored, result checked; commit %s, memory: %s\n", s.config, s.m, s.n, s.k,
               s.commit, memory);
        printf("  %llu cycles, %.1f%% of %.0f MAC a cycle; %llu bytes read, %llu written\n", (unsigned long long)profile.cycles,
               100 * utilisation, array, (unsigned long long)profile.bytes_read, (unsigned long long)profile.bytes_written);
        printf("  share of cycles   busy   token  memory   queue    bank\n");
        for (int u = 0; u < TSR_UNITS; u++) {
            const tsr_unit_profile *p = &profile.unit[u];
            double all = (double)profile.cycles / 100;
            printf("  %-14s %6.1f%% %6.1f%% %6.1f%% %6.1f%% %6.1f%%\n", units[u], (double)p->busy / all,
                   (double)p->stall_token / all, (double)p->stall_memory / all, (double)p->stall_queue / all,
                   (double)p->stall_bank / all);
        }
    }
    free(expected);
    tsr_device_close(device);
    return 0;
}
