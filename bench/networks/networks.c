// SPDX-License-Identifier: Apache-2.0
// Networks on the accelerator: clocks against the roofline bound, layer by layer and as a whole, and the cycle model against
// the RTL.
//
//   bench-networks [-l] [-n] [-t] [-c CONFIG]... [-m MEMORY] [-o FOLDER] [-r COMMIT] [-s SHARED_MODELS] [NETWORK...]
//
// -l layers.csv   the convolutions of ResNet-18, each as a network of its own (C1 to C11), and the layers of every network
// -n networks.csv whole networks
// -t timing.csv   device timing against device rtl; fails when a network or a layer leaves its band
// -m latency=20,bandwidth=4,outstanding=2   the memory, as the devices take it; what is left out is their own
// Columns: bench/README.md. Without a NETWORK all of them run.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cases.h"

enum { PATH_BYTES = 512, MOST_CONFIGS = 8 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "bench-networks: %s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, tsr_status status) {
    if (status.code != TSR_OK)
        fail(what, status.message);
}

// ---- settings and files ------------------------------------------------------------------------------------------------

// What the cycle model promises: the error of a network and of a layer, and how many times as fast it is.
static const double network_band = 0.01, layer_band = 0.03, least_speedup = 100;

typedef struct settings {
    bool layers, networks, timing;
    const char *folder, *commit, *shared;
    const char *configs[MOST_CONFIGS];
    int config_count;
    FILE *layers_csv, *networks_csv, *timing_csv;
    char *const *wanted; // NULL-terminated; empty: all
    char memory[128];    // options of a device, each with a comma in front
    char memory_text[MEMORY_TEXT_BYTES];
    int layers_out, networks_out, slow; // of their bands
    double worst_network, worst_layer, slowest;
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
                       const tsr_program *p, const case_run *r) {
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
            fprintf(s->layers_csv, "%s,%s,%s,\"%s\",rtl,%llu,%llu,%llu,%llu,%llu,%.4f,%s,%s\n", s->commit, config->name, network,
                    name, (unsigned long long)l->layer->macs, (unsigned long long)cycles,
                    (unsigned long long)l->layer->bound_cycles, (unsigned long long)l->bytes_read,
                    (unsigned long long)l->bytes_written, utilisation, wait, s->memory_text);
    }
}

static void network_row(const settings *s, const tsr_config *config, const char *network, const tsr_program *p,
                        const case_run *r) {
    uint64_t macs = 0, on_accelerator = 0, bound = 0;
    for (uint32_t i = 0; i < p->layer_count; i++) {
        const tsr_layer *l = &p->layers[i];
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
        fprintf(s->networks_csv, "%s,%s,%s,rtl,%llu,%llu,%llu,%.4f,%.6f,%s\n", s->commit, config->name, network,
                (unsigned long long)macs, (unsigned long long)r->cycles, (unsigned long long)bound, utilisation, share,
                s->memory_text);
}

static double relative(uint64_t got, uint64_t want) { return want == 0 ? 0 : ((double)got - (double)want) / (double)want; }

static void timing_rows(settings *s, const tsr_config *config, const char *network, const tsr_program *p, const case_run *rtl,
                        const case_run *timing) {
    double worst = 0;
    const char *worst_name = "";
    for (uint32_t i = 0; i < p->layer_count; i++) {
        const tsr_layer_profile *a = &rtl->layers[i], *b = &timing->layers[i];
        if (!a->layer->on_accelerator)
            continue;
        const double error = relative(b->cycles, a->cycles);
        s->layers_out += fabs(error) > layer_band;
        s->worst_layer = fmax(s->worst_layer, fabs(error));
        if (fabs(error) > fabs(worst)) {
            worst = error;
            worst_name = a->layer->name;
        }
        if (s->timing_csv != NULL)
            fprintf(s->timing_csv, "%s,%s,%s,\"%s\",%llu,%llu,%.5f,,%s\n", s->commit, config->name, network, a->layer->name,
                    (unsigned long long)a->cycles, (unsigned long long)b->cycles, error, s->memory_text);
    }
    const double error = relative(timing->cycles, rtl->cycles), speedup = rtl->seconds / timing->seconds;
    printf("%-8s %-20s %12llu %12llu %9.3f %9.2f %8.0f  %s\n", config->name, network, (unsigned long long)rtl->cycles,
           (unsigned long long)timing->cycles, 100 * error, 100 * worst, speedup, worst_name);
    if (s->timing_csv != NULL)
        fprintf(s->timing_csv, "%s,%s,%s,all,%llu,%llu,%.5f,%.1f,%s\n", s->commit, config->name, network,
                (unsigned long long)rtl->cycles, (unsigned long long)timing->cycles, error, speedup, s->memory_text);
    s->networks_out += fabs(error) > network_band;
    s->slow += speedup < least_speedup;
    s->worst_network = fmax(s->worst_network, fabs(error));
    s->slowest = s->slowest == 0 || speedup < s->slowest ? speedup : s->slowest;
}

// ---- the table ---------------------------------------------------------------------------------------------------------

// only_layer: the network is this one layer, with quantisation around it.
static void measure(settings *s, const tsr_config *config, const char *name, const tsr_program *program) {
    enum { REPEAT_MS = 50 }; // the cycle model's runs are too short to be timed alone
    const char *network = case_is_convolution(name) ? "resnet18" : name, *only_layer = case_is_convolution(name) ? name : NULL;
    char device[224];
    case_run rtl, timing;
    snprintf(device, sizeof device, "rtl:config=%s%s", config->name, s->memory);
    check(name, case_measure(program, device, 0, &rtl));
    if (s->layers)
        layer_rows(s, config, network, only_layer, program, &rtl);
    if (s->networks && only_layer == NULL)
        network_row(s, config, network, program, &rtl);
    if (s->timing) {
        snprintf(device, sizeof device, "timing:config=%s,data=0%s", config->name, s->memory);
        check(name, case_measure(program, device, REPEAT_MS / 1000.0, &timing));
        timing_rows(s, config, name, program, &rtl, &timing);
        case_release(&timing);
    }
    fflush(stdout);
    case_release(&rtl);
}

static void measure_all(settings *s, const tsr_config *config) {
    case_memory_text(config, s->memory, s->memory_text);
    printf("# %s, commit %s, memory: %s\n", config->name, s->commit, s->memory_text);
    for (const char *const *name = bench_cases; *name != NULL; name++) {
        tsr_program *program;
        if (!is_wanted(s, *name) || (case_is_convolution(*name) && !s->layers && !s->timing))
            continue;
        const tsr_status status = case_compile(*name, s->shared, config, &program);
        if (status.code == TSR_NOT_FOUND) {
            fprintf(stderr, "bench-networks: %s\n", status.message);
            continue;
        }
        check(*name, status);
        measure(s, config, *name, program);
        tsr_program_free(program);
    }
}

// False when the cycle model broke a promise.
static bool verdict(const settings *s) {
    printf(
        "networks: worst error %.3f %%, %d outside of %.0f %%; layers: worst error %.2f %%, %d outside of %.0f %%; slowest %.0f "
        "times rtl, %d below %.0f times\n",
        100 * s->worst_network, s->networks_out, 100 * network_band, 100 * s->worst_layer, s->layers_out, 100 * layer_band,
        s->slowest, s->slow, least_speedup);
    printf("%s\n", s->networks_out + s->layers_out == 0 ? "all within the band" : "OUTSIDE OF THE BAND");
    return s->networks_out + s->layers_out == 0;
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
    for (int option; (option = getopt(argc, argv, "lntc:m:o:r:s:")) != -1;) {
        switch (option) {
        case 'l': s.layers = true; break;
        case 'n': s.networks = true; break;
        case 't': s.timing = true; break;
        case 'c':
            if (s.config_count < MOST_CONFIGS)
                s.configs[s.config_count++] = optarg;
            break;
        case 'm': snprintf(s.memory, sizeof s.memory, ",%s", optarg); break;
        case 'o': s.folder = optarg; break;
        case 'r': s.commit = optarg; break;
        case 's': s.shared = optarg; break;
        default:
            fprintf(
                stderr,
                "usage: %s [-l] [-n] [-t] [-c CONFIG]... [-m MEMORY] [-o FOLDER] [-r COMMIT] [-s SHARED_MODELS] [NETWORK...]\n",
                argv[0]);
            return 2;
        }
    }
    s.wanted = argv + optind;
    if (s.config_count == 0)
        s.configs[s.config_count++] = "pynq";
    s.layers_csv =
        open_csv(&s, s.layers, "layers.csv",
                 "network,layer,device,macs,cycles,bound_cycles,bytes_read,bytes_written,utilisation,top_stall,memory");
    s.networks_csv = open_csv(&s, s.networks, "networks.csv",
                              "network,device,macs,cycles,bound_cycles,utilisation,macs_on_accelerator,memory");
    s.timing_csv = open_csv(&s, s.timing, "timing.csv", "network,layer,rtl_cycles,timing_cycles,error,speedup,memory");
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
    return s.timing && !verdict(&s) ? 1 : 0;
}
