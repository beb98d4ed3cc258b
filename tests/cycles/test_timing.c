// SPDX-License-Identifier: Apache-2.0
// Device timing against device rtl, network by network and layer by layer: at most 1 % on a network, 3 % on a layer, and
// counters of the same size. Small networks here; `test_timing --whole` takes ImageNet networks (minutes).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "check.h"

GREATEST_MAIN_DEFS();

static const double network_band = 0.01, layer_band = 0.03;

typedef struct comparison {
    const char *name, *config, *memory; // memory: options of a device, each with a comma in front
} comparison;

static const comparison quick[] = {
    {"digits", "tiny", ""},
    {"digits", "pynq", ""},
    {"digits", "wide", ""},
    {"digits", "batch4", ""},
    {"digits", "tiny", ",latency=7"},
    {"digits", "pynq", ",latency=500,outstanding=2"},
    {"digits", "batch4", ",bandwidth=5"},
    {"resnet18_32", "pynq", ""},
    {"resnet18_32", "wide", ",latency=200"},
    {"resnet18_32", "batch4", ",latency=20,bandwidth=8"},
    {"mobilenet_v1_32", "pynq", ",latency=10,outstanding=4"},
    {"mobilenet_v2_64", "pynq", ""},
    {"mobilenet_v2_64", "wide", ""},
    {"mobilenet_v2_64", "batch4", ""},
    {"mobilenet_v2_32", "pynq", ",bandwidth=3"},
    {"yolo_tiny_64", "pynq", ""},
    {"encoder_16", "pynq", ""},
    {"dscnn", "tiny", ""},
    {"dscnn", "pynq", ""},
    {"dscnn", "batch4", ",latency=120"},
    {"resnet8", "pynq", ",latency=200"},
    {"resnet8", "wide", ""},
    {"resnet8", "batch4", ""},
    {"C4", "pynq", ""},
    {"C7", "wide", ""},
    {"C10", "batch4", ",outstanding=3"},
};

static const comparison whole[] = {
    {"resnet18", "pynq", ""},
    {"resnet18", "wide", ""},
    {"resnet18", "batch4", ""},
    {"resnet50", "pynq", ""},
    {"resnet50", "wide", ""},
    {"resnet50", "batch4", ""},
    {"mobilenet_v1", "pynq", ""},
    {"mobilenet_v1", "wide", ""},
    {"mobilenet_v1", "batch4", ""},
    {"mobilenet_v2", "pynq", ""},
    {"mobilenet_v2", "wide", ""},
    {"mobilenet_v2", "batch4", ""},
    {"vgg11", "wide", ""},
    {"C1", "pynq", ""},
    {"C1", "wide", ""},
    {"C1", "batch4", ""},
    {"C4", "wide", ""},
    {"C4", "batch4", ""},
    {"mobilenet_v2", "pynq", ",latency=200,bandwidth=4"},
};

static double relative(uint64_t got, uint64_t want) { return want == 0 ? 0 : ((double)got - (double)want) / (double)want; }

static check_result compare(const comparison *c, const tsr_program *program) {
    case_run rtl, timing = {0};
    char device[128];
    snprintf(device, sizeof device, "rtl:config=%s%s", c->config, c->memory);
    ASSERT_OK(case_measure(program, device, 0, &rtl));
    snprintf(device, sizeof device, "timing:data=0,config=%s%s", c->config, c->memory);
    const tsr_status status = case_measure(program, device, 0, &timing);
    bool good = status.code == TSR_OK;
    if (!good)
        fprintf(stderr, "%s\n", status.message);
    for (uint32_t i = 0; good && i < program->layer_count; i++) {
        const double error = relative(timing.layers[i].cycles, rtl.layers[i].cycles);
        if (fabs(error) <= layer_band)
            continue;
        fprintf(stderr, "%s, %s%s: layer %s: %+.2f %% (rtl %llu cycles, timing %llu), the band is %.0f %%\n", c->name, c->config,
                c->memory, program->layers[i].name, 100 * error, (unsigned long long)rtl.layers[i].cycles,
                (unsigned long long)timing.layers[i].cycles, 100 * layer_band);
        good = false;
    }
    const double error = relative(timing.cycles, rtl.cycles);
    if (fabs(error) > network_band)
        fprintf(stderr, "%s, %s%s: %+.2f %% (rtl %llu cycles, timing %llu), the band is %.0f %%\n", c->name, c->config, c->memory,
                100 * error, (unsigned long long)rtl.cycles, (unsigned long long)timing.cycles, 100 * network_band);
    good = good && fabs(error) <= network_band;
    case_release(&rtl);
    case_release(&timing);
    return good ? CHECK_PASS : CHECK_FAIL;
}

static check_result stays_in_its_bands(const comparison *c) {
    tsr_config config;
    tsr_program *program;
    ASSERT_OK(tsr_find_config(c->config, &config));
    const tsr_status status = case_compile(c->name, "../shared/models", &config, &program);
    if (status.code == TSR_NOT_FOUND)
        SKIPm("the model is not there");
    ASSERT_OK(status);
    const check_result result = compare(c, program);
    tsr_program_free(program);
    if (result == CHECK_FAIL)
        FAILm("the cycle model leaves its band; see above");
    return result;
}

static void run_all(const comparison *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s_on_%s%s", list[i].name, list[i].config, list[i].memory);
        RUN_TEST_AS(name, stays_in_its_bands, &list[i]);
    }
}

int main(int argc, char **argv) {
    const bool slow = argc > 1 && strcmp(argv[1], "--whole") == 0;
    if (slow) {
        argv[1] = argv[0];
        argv++;
        argc--;
    }
    GREATEST_MAIN_BEGIN();
    if (slow)
        run_all(whole, sizeof whole / sizeof whole[0]);
    else
        run_all(quick, sizeof quick / sizeof quick[0]);
    GREATEST_MAIN_END();
}
