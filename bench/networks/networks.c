// SPDX-License-Identifier: Apache-2.0
// Networks on the accelerator: clocks against the roofline bound, layer by layer and as a whole, and the cycle model against
// the RTL.
//
//   bench-networks [-l] [-n] [-t] [-c CONFIG]... [-o FOLDER] [-r COMMIT] [-s SHARED_MODELS] [NETWORK...]
//
// -l layers.csv   the convolutions of ResNet-18, each as a network of its own (C1 to C11), and the layers of every network
// -n networks.csv whole networks
// -t timing.csv   device timing against device rtl
// Columns: bench/README.md. Without a NETWORK all of them run.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "networks.h"
#include "tsr/compiler.h"
#include "tsr/layers.h"
#include "tsr/tessera.h"

enum { PATH_BYTES = 512, MOST_CONFIGS = 8 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "bench-networks: %s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, tsr_status status) {
    if (status.code != TSR_OK)
        fail(what, status.message);
}

// ---- what runs ---------------------------------------------------------------------------------------------------------

// ResNet-18's convolutions as VTA's benchmark numbers them.
static const struct {
    const char *name;
    int64_t size, in, out, kernel, pad, stride;
} convolutions[] = {
    {"C1", 224, 3, 64, 7, 3, 2},   {"C2", 56, 64, 64, 3, 1, 1},    {"C3", 56, 64, 128, 3, 1, 2},  {"C4", 56, 64, 128, 1, 0, 2},
    {"C5", 28, 128, 128, 3, 1, 1}, {"C6", 28, 128, 256, 3, 1, 2},  {"C7", 28, 128, 256, 1, 0, 2}, {"C8", 14, 256, 256, 3, 1, 1},
    {"C9", 14, 256, 512, 3, 1, 2}, {"C10", 14, 256, 512, 1, 0, 2}, {"C11", 7, 512, 512, 3, 1, 1},
};
enum { CONVOLUTIONS = sizeof convolutions / sizeof convolutions[0] };

static const char *const zoo_names[] = {"resnet18", "resnet50", "mobilenet_v1", "mobilenet_v2", "vgg11"};
static const struct {
    const char *name, *file; // in the folder of shared models; left out where that is missing
} shared_models[] = {
    {"resnet8", "mlperf_tiny/ic_resnet8_int8.tflite"},
    {"dscnn", "mlperf_tiny/kws_dscnn_int8.tflite"},
    {"mobilenet_v2_tflite", "imagenet/mobilenet_v2_1.0_224_int8.tflite"},
};

static void single_convolution(net *n, const zoo_options *options) {
    const int which = (int)options->classes;
    value x = net_input(n, "x", 4, (int64_t[]){1, convolutions[which].in, convolutions[which].size, convolutions[which].size});
    x = net_conv(n, "conv", x,
                 (conv_layer){convolutions[which].out, convolutions[which].kernel, convolutions[which].stride,
                              convolutions[which].pad, 1, false, RELU});
    net_output(n, "y", x);
}

// ---- a run -------------------------------------------------------------------------------------------------------------

typedef struct result {
    tsr_program *program;
    tsr_layer_profile *layers;
    uint64_t cycles;
    double seconds; // CPU time of the run
} result;

static void release(result *r) {
    tsr_program_free(r->program);
    free(r->layers);
    *r = (result){0};
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
        const tsr_tensor t = tsr_tensor_for(&p->inputs[i], bytes);
        check("input", tsr_session_set_input(session, i, &t));
        free(bytes);
    }
}

// Cycles do not depend on the data: inputs are zero.
static result run(const char *what, const tsr_program *program, const char *device_name) {
    tsr_device *device;
    tsr_session *session;
    result r = {0};
    check(what, tsr_device_open(device_name, &device));
    check(what, tsr_session_create(device, program, &session));
    check(what, tsr_session_record(session));
    feed(session);
    const double begin = cpu_seconds();
    check(what, tsr_session_invoke(session, 0));
    r.seconds = cpu_seconds() - begin;
    r.cycles = tsr_session_get_profile(session).total.device.cycles;
    check(what, tsr_profile_layers(session, &r.layers));
    tsr_session_destroy(session);
    tsr_device_close(device);
    return r;
}

// ---- settings and files ------------------------------------------------------------------------------------------------

typedef struct settings {
    bool layers, networks, timing;
    const char *folder, *commit, *shared;
    const char *configs[MOST_CONFIGS];
    int config_count;
    FILE *layers_csv, *networks_csv, *timing_csv;
    char *const *wanted; // NULL-terminated; empty: all
} settings;

static bool is_wanted(const settings *s, const char *name) {
    for (char *const *w = s->wanted; *w != NULL; w++)
        if (strcmp(*w, name) == 0)
            return true;
    return s->wanted[0] == NULL;
}

static FILE *open_csv(const settings *s, bool wanted, const char *name, const char *header) {
    char path[PATH_BYTES];
    if (!wanted || s->folder == NULL)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        fail(path, "cannot be written");
    fprintf(f, "commit,config,%s\n", header);
    return f;
}

// ---- rows --------------------------------------------------------------------------------------------------------------

static void layer_rows(const settings *s, const tsr_config *config, const char *network, const char *only_layer,
                       const result *r) {
    const tsr_program *p = r->program;
    for (uint32_t i = 0; i < p->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        if (!l->layer->on_accelerator)
            continue;
        const char *name = only_layer != NULL ? only_layer : l->layer->name, *wait = tsr_wait_name(tsr_layer_top_wait(l));
        // On its own a layer's clocks are those of the whole run.
        const uint64_t cycles = only_layer != NULL ? r->cycles : l->cycles;
        const double utilisation =
            (double)l->layer->macs / ((double)cycles * config->batch * config->block_in * config->block_out);
        const double of_bound = cycles == 0 ? 0 : (double)l->layer->bound_cycles / (double)cycles;
        printf("%-8s %-14s %-26.26s %12llu %10llu %10llu %8.1f %8.1f  %s\n", config->name, network, name,
               (unsigned long long)l->layer->macs, (unsigned long long)cycles, (unsigned long long)l->layer->bound_cycles,
               100 * utilisation, 100 * of_bound, wait);
        if (s->layers_csv != NULL)
            fprintf(s->layers_csv, "%s,%s,%s,\"%s\",rtl,%llu,%llu,%llu,%llu,%llu,%.4f,%s\n", s->commit, config->name, network,
                    name, (unsigned long long)l->layer->macs, (unsigned long long)cycles,
                    (unsigned long long)l->layer->bound_cycles, (unsigned long long)l->bytes_read,
                    (unsigned long long)l->bytes_written, utilisation, wait);
    }
}

static void network_row(const settings *s, const tsr_config *config, const char *network, const result *r) {
    uint64_t macs = 0, on_accelerator = 0, bound = 0;
    for (uint32_t i = 0; i < r->program->layer_count; i++) {
        const tsr_layer *l = &r->program->layers[i];
        macs += l->macs;
        on_accelerator += l->on_accelerator ? l->macs : 0;
        bound += l->on_accelerator && l->macs > 0 ? l->bound_cycles : 0;
    }
    const double array = (double)config->batch * config->block_in * config->block_out;
    const double utilisation = (double)on_accelerator / ((double)r->cycles * array);
    const double share = macs == 0 ? 0 : (double)on_accelerator / (double)macs;
    printf("%-8s %-20s %14llu %12llu %12llu %8.1f %8.1f %10.2f\n", config->name, network, (unsigned long long)macs,
           (unsigned long long)r->cycles, (unsigned long long)bound, 100 * utilisation, 100 * (double)bound / (double)r->cycles,
           100 * share);
    if (s->networks_csv != NULL)
        fprintf(s->networks_csv, "%s,%s,%s,rtl,%llu,%llu,%llu,%.4f,%.6f\n", s->commit, config->name, network,
                (unsigned long long)macs, (unsigned long long)r->cycles, (unsigned long long)bound, utilisation, share);
}

static double relative(uint64_t got, uint64_t want) { return want == 0 ? 0 : ((double)got - (double)want) / (double)want; }

static void timing_rows(const settings *s, const tsr_config *config, const char *network, const result *rtl,
                        const result *timing) {
    double worst = 0;
    const char *worst_name = "";
    for (uint32_t i = 0; i < rtl->program->layer_count; i++) {
        const tsr_layer_profile *a = &rtl->layers[i], *b = &timing->layers[i];
        if (!a->layer->on_accelerator)
            continue;
        const double error = relative(b->cycles, a->cycles);
        if (fabs(error) > fabs(worst)) {
            worst = error;
            worst_name = a->layer->name;
        }
        if (s->timing_csv != NULL)
            fprintf(s->timing_csv, "%s,%s,%s,\"%s\",%llu,%llu,%.5f,\n", s->commit, config->name, network, a->layer->name,
                    (unsigned long long)a->cycles, (unsigned long long)b->cycles, error);
    }
    const double error = relative(timing->cycles, rtl->cycles), speedup = rtl->seconds / timing->seconds;
    printf("%-8s %-20s %12llu %12llu %9.3f %9.2f %8.0f  %s\n", config->name, network, (unsigned long long)rtl->cycles,
           (unsigned long long)timing->cycles, 100 * error, 100 * worst, speedup, worst_name);
    if (s->timing_csv != NULL)
        fprintf(s->timing_csv, "%s,%s,%s,all,%llu,%llu,%.5f,%.1f\n", s->commit, config->name, network,
                (unsigned long long)rtl->cycles, (unsigned long long)timing->cycles, error, speedup);
}

// ---- the table ---------------------------------------------------------------------------------------------------------

// only_layer: the network is this one layer, with quantisation around it.
static void measure(const settings *s, const tsr_config *config, const char *network, const char *only_layer,
                    tsr_program *program) {
    char device[96];
    snprintf(device, sizeof device, "rtl:config=%s", config->name);
    result rtl = run(network, program, device);
    rtl.program = program;
    if (s->layers)
        layer_rows(s, config, network, only_layer, &rtl);
    if (s->networks && only_layer == NULL)
        network_row(s, config, network, &rtl);
    if (s->timing) {
        snprintf(device, sizeof device, "timing:config=%s,data=0", config->name);
        result timing = run(network, program, device);
        timing_rows(s, config, only_layer != NULL ? only_layer : network, &rtl, &timing);
        release(&timing);
    }
    fflush(stdout);
    release(&rtl);
}

static tsr_program *compile(const char *what, const uint8_t *bytes, size_t size, const tsr_config *config) {
    tsr_program *program;
    const tsr_compile_options options = {.config = config};
    check(what, tsr_compile_bytes(bytes, size, what, &options, &program));
    return program;
}

static void measure_zoo(const settings *s, const tsr_config *config, const char *network, const char *only_layer,
                        const zoo_network *z, const zoo_options *options) {
    uint8_t *bytes;
    size_t size;
    check(network, zoo_build(z, true, options, &bytes, &size));
    tsr_program *program = compile(network, bytes, size, config);
    free(bytes);
    measure(s, config, network, only_layer, program);
}

static void measure_all(const settings *s, const tsr_config *config) {
    const zoo_network single = {"resnet18", 13, 0, 0, 0, single_convolution};
    if (s->layers || s->timing)
        for (int i = 0; i < CONVOLUTIONS; i++)
            if (is_wanted(s, convolutions[i].name))
                measure_zoo(s, config, "resnet18", convolutions[i].name, &single, &(zoo_options){0, i});
    for (size_t i = 0; i < sizeof zoo_names / sizeof zoo_names[0]; i++)
        for (const zoo_network *z = zoo_networks; z->name != NULL; z++)
            if (strcmp(z->name, zoo_names[i]) == 0 && is_wanted(s, z->name))
                measure_zoo(s, config, z->name, NULL, z, &(zoo_options){z->size, z->classes});
    for (size_t i = 0; i < sizeof shared_models / sizeof shared_models[0]; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", s->shared, shared_models[i].file);
        if (!is_wanted(s, shared_models[i].name) || access(path, R_OK) != 0)
            continue;
        tsr_program *program;
        const tsr_compile_options options = {.config = config};
        check(path, tsr_compile_file(path, &options, &program));
        measure(s, config, shared_models[i].name, NULL, program);
    }
}

static void print_header(const settings *s) {
    if (s->layers)
        printf("%-8s %-14s %-26s %12s %10s %10s %8s %8s  %s\n", "config", "network", "layer", "MACs", "cycles", "bound", "MACs %",
               "bound %", "most of the rest");
    else if (s->networks)
        printf("%-8s %-20s %14s %12s %12s %8s %8s %10s\n", "config", "network", "MACs", "cycles", "bound", "MACs %", "bound %",
               "on accel %");
    else
        printf("%-8s %-20s %12s %12s %9s %9s %8s  %s\n", "config", "network", "rtl", "timing", "error %", "worst %", "speedup",
               "worst layer");
}

int main(int argc, char **argv) {
    settings s = {.commit = "unknown", .shared = "../shared/models"};
    for (int option; (option = getopt(argc, argv, "lntc:o:r:s:")) != -1;) {
        switch (option) {
        case 'l': s.layers = true; break;
        case 'n': s.networks = true; break;
        case 't': s.timing = true; break;
        case 'c':
            if (s.config_count < MOST_CONFIGS)
                s.configs[s.config_count++] = optarg;
            break;
        case 'o': s.folder = optarg; break;
        case 'r': s.commit = optarg; break;
        case 's': s.shared = optarg; break;
        default:
            fprintf(stderr, "usage: %s [-l] [-n] [-t] [-c CONFIG]... [-o FOLDER] [-r COMMIT] [-s SHARED_MODELS] [NETWORK...]\n",
                    argv[0]);
            return 2;
        }
    }
    s.wanted = argv + optind;
    if (s.config_count == 0)
        s.configs[s.config_count++] = "pynq";
    s.layers_csv = open_csv(&s, s.layers, "layers.csv",
                            "network,layer,device,macs,cycles,bound_cycles,bytes_read,bytes_written,utilisation,top_stall");
    s.networks_csv =
        open_csv(&s, s.networks, "networks.csv", "network,device,macs,cycles,bound_cycles,utilisation,macs_on_accelerator");
    s.timing_csv = open_csv(&s, s.timing, "timing.csv", "network,layer,rtl_cycles,timing_cycles,error,speedup");
    print_header(&s);
    for (int i = 0; i < s.config_count; i++) {
        tsr_config config;
        check(s.configs[i], tsr_find_config(s.configs[i], &config));
        measure_all(&s, &config);
    }
    FILE *const files[] = {s.layers_csv, s.networks_csv, s.timing_csv};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] != NULL && fclose(files[i]) != 0)
            fail("results", "cannot be written");
    return 0;
}
