// SPDX-License-Identifier: Apache-2.0
// How long whole networks take on the simulators: the cycle-accurate one, the executable specification and the cycle model.
//
//   bench-speed [-c CONFIG]... [-o FOLDER] [-r COMMIT] [NETWORK...]
//
// CPU time of one inference, on one thread, compilation and start aside; the least of several runs where one is short. Rows go
// to sim_speed.csv (bench/README.md). Without a NETWORK resnet18 and mobilenet_v2 run, int8, as models/zoo builds them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "networks.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

enum { PATH_BYTES = 512, MOST_CONFIGS = 8 };

static const struct {
    const char *name, *options;
    int runs;
} devices[] = {{"rtl", "", 1}, {"func", "", 5}, {"timing", ",data=0", 5}};

static void check(const char *what, tsr_status status) {
    if (status.code == TSR_OK)
        return;
    fprintf(stderr, "bench-speed: %s: %s\n", what, status.message);
    exit(1);
}

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void feed(tsr_session *session) {
    const tsr_program *p = tsr_session_program(session);
    for (uint32_t i = 0; i < p->input_count; i++) {
        uint8_t *bytes = calloc(1, p->inputs[i].bytes);
        if (bytes == NULL)
            check("input", tsr_error(TSR_OUT_OF_MEMORY, "no memory for %s", p->inputs[i].name));
        const tsr_tensor t = tsr_tensor_for(&p->inputs[i], bytes);
        check("input", tsr_session_set_input(session, i, &t));
        free(bytes);
    }
}

// Neither cycles nor the work of a simulator depend on the data: inputs are zero.
static double fastest(const tsr_program *program, const char *device_name, int runs, uint64_t *out_cycles) {
    tsr_device *device;
    tsr_session *session;
    double best = 0;
    check(device_name, tsr_device_open(device_name, &device));
    check(device_name, tsr_session_create(device, program, &session));
    feed(session);
    for (int i = 0; i < runs; i++) {
        const double begin = cpu_seconds();
        check(device_name, tsr_session_invoke(session, 0));
        const double seconds = cpu_seconds() - begin;
        if (i == 0 || seconds < best)
            best = seconds;
    }
    *out_cycles = tsr_session_get_profile(session).total.device.cycles;
    tsr_session_destroy(session);
    tsr_device_close(device);
    return best;
}

static void measure(FILE *csv, const char *commit, const tsr_config *hardware, const char *network, const tsr_program *program) {
    const char *config = hardware->name;
    for (size_t d = 0; d < sizeof devices / sizeof devices[0]; d++) {
        char name[96];
        uint64_t cycles;
        snprintf(name, sizeof name, "%s:config=%s%s", devices[d].name, config, devices[d].options);
        const double seconds = fastest(program, name, devices[d].runs, &cycles);
        printf("%-8s %-20s %-8s %8.3f CPU seconds", config, network, devices[d].name, seconds);
        if (cycles != 0)
            printf("  %10llu cycles  %8.2f million cycles a second", (unsigned long long)cycles, (double)cycles / seconds / 1e6);
        printf("\n");
        fflush(stdout);
        if (csv == NULL)
            continue;
        if (cycles != 0) // the devices' own memory model; func has no clock: these columns stay empty
            fprintf(csv, "%s,%s,%s,%s,%llu,%.4f,%.0f,latency=64 bandwidth=%u outstanding=16\n", commit, config, devices[d].name,
                    network, (unsigned long long)cycles, seconds, (double)cycles / seconds, hardware->bus_bytes);
        else
            fprintf(csv, "%s,%s,%s,%s,,%.4f,,\n", commit, config, devices[d].name, network, seconds);
    }
}

static void measure_zoo(FILE *csv, const char *commit, const char *config_name, const char *network) {
    tsr_config config;
    check(config_name, tsr_find_config(config_name, &config));
    for (const zoo_network *z = zoo_networks; z->name != NULL; z++) {
        if (strcmp(z->name, network) != 0)
            continue;
        uint8_t *bytes;
        size_t size;
        tsr_program *program;
        check(network, zoo_build(z, true, &(zoo_options){z->size, z->classes}, &bytes, &size));
        const tsr_compile_options options = {.config = &config};
        check(network, tsr_compile_bytes(bytes, size, network, &options, &program));
        free(bytes);
        measure(csv, commit, &config, network, program);
        tsr_program_free(program);
        return;
    }
    check(network, tsr_error(TSR_INVALID_ARGUMENT, "no such network; `zoo -l` lists them"));
}

static FILE *open_csv(const char *folder) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/sim_speed.csv", folder);
    const bool fresh = access(path, F_OK) != 0;
    FILE *f = fopen(path, "a");
    if (f == NULL)
        check(path, tsr_error(TSR_INVALID_ARGUMENT, "cannot be written"));
    if (fresh)
        fprintf(f, "commit,config,device,workload,cycles,cpu_seconds,cycles_per_second,memory\n");
    return f;
}

int main(int argc, char **argv) {
    const char *configs[MOST_CONFIGS] = {"pynq"}, *folder = NULL, *commit = "unknown";
    int config_count = 0;
    for (int option; (option = getopt(argc, argv, "c:o:r:")) != -1;) {
        switch (option) {
        case 'c':
            if (config_count < MOST_CONFIGS)
                configs[config_count++] = optarg;
            break;
        case 'o': folder = optarg; break;
        case 'r': commit = optarg; break;
        default: fprintf(stderr, "usage: %s [-c CONFIG]... [-o FOLDER] [-r COMMIT] [NETWORK...]\n", argv[0]); return 2;
        }
    }
    FILE *csv = folder != NULL ? open_csv(folder) : NULL;
    for (int c = 0; c < (config_count > 0 ? config_count : 1); c++) {
        if (optind == argc) {
            measure_zoo(csv, commit, configs[c], "resnet18");
            measure_zoo(csv, commit, configs[c], "mobilenet_v2");
        }
        for (int i = optind; i < argc; i++)
            measure_zoo(csv, commit, configs[c], argv[i]);
    }
    if (csv != NULL && fclose(csv) != 0)
        check("sim_speed.csv", tsr_error(TSR_INVALID_ARGUMENT, "cannot be written"));
    return 0;
}
