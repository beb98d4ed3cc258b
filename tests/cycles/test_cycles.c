// SPDX-License-Identifier: Apache-2.0
// Cycles are deterministic: networks, layer by layer, against the recorded ones of cycles.csv. A change that moves them either
// is a mistake or makes Tessera faster; then `make record-cycles` writes the file anew, and it is committed with the change.
//
//   test_cycles            small networks on the RTL; ImageNet networks on the cycle model, whose own error (a few cycles at most)
//                          is let pass
//   test_cycles --whole    all on the RTL (minutes)
//   test_cycles [--whole] --record   writes the file from these
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "check.h"

GREATEST_MAIN_DEFS();

static const char file[] = "tests/cycles/cycles.csv";
static const char header[] = "network,config,layer,cycles\n";

typedef struct recorded {
    const char *name, *config;
    bool whole; // ImageNet size: seconds to minutes on the RTL
} recorded;

// Networks of this repo alone: the file is complete on every machine.
static const recorded networks[] = {
    {"digits", "tiny", false},
    {"digits", "pynq", false},
    {"digits", "wide", false},
    {"digits", "batch4", false},
    {"C4", "pynq", false},
    {"C7", "batch4", false},
    {"resnet18_32", "pynq", false},
    {"resnet18_32", "batch4", false},
    {"mobilenet_v2_64", "pynq", false},
    {"mobilenet_v2_64", "wide", false},
    {"mobilenet_v1_32", "pynq", false},
    {"yolo_tiny_64", "pynq", false},
    {"C1", "pynq", true},
    {"C2", "pynq", true},
    {"C11", "pynq", true},
    {"resnet18", "pynq", true},
    {"resnet18", "wide", true},
    {"resnet18", "batch4", true},
    {"mobilenet_v1", "pynq", true},
    {"mobilenet_v2", "pynq", true},
    {"resnet50", "pynq", true},
};
enum { NETWORKS = sizeof networks / sizeof networks[0], LINE = 256 };

static bool on_rtl;

static const char *device_of(const recorded *r) { return r->whole && !on_rtl ? "timing" : "rtl"; }

static tsr_status measure(const recorded *r, const char *device_name, tsr_program **out_program, case_run *out_run) {
    tsr_config config;
    char device[96];
    TSR_TRY(tsr_find_config(r->config, &config));
    TSR_TRY(case_compile(r->name, "", &config, out_program));
    snprintf(device, sizeof device, "%s:config=%s%s", device_name, r->config, strcmp(device_name, "rtl") == 0 ? "" : ",data=0");
    return case_measure(*out_program, device, 0, out_run);
}

// ---- the file ----------------------------------------------------------------------------------------------------------

static char *text; // of the whole file

static bool load(void) {
    FILE *in = fopen(file, "r");
    size_t size = 0;
    text = NULL;
    if (in == NULL || getdelim(&text, &size, '\0', in) < 0 || strncmp(text, header, strlen(header)) != 0) {
        fprintf(stderr, "%s: not there, or no file of `make record-cycles`\n", file);
        if (in != NULL)
            fclose(in);
        return false;
    }
    fclose(in);
    return true;
}

// Names of layers that hold a comma or quote would break the columns; networks of this repo have none.
static void key_of(char key[LINE], const recorded *r, const char *layer) {
    snprintf(key, LINE, "\n%s,%s,%s,", r->name, r->config, layer);
}

static bool find(const recorded *r, const char *layer, uint64_t *out_cycles) {
    char key[LINE];
    key_of(key, r, layer);
    const char *at = strstr(text, key);
    if (at != NULL)
        *out_cycles = strtoull(at + strlen(key), NULL, 10);
    return at != NULL;
}

static uint32_t lines_of(const recorded *r) {
    char key[LINE];
    uint32_t count = 0;
    snprintf(key, sizeof key, "\n%s,%s,", r->name, r->config);
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key))
        count++;
    return count;
}

static int record(void) {
    FILE *out = fopen("tests/cycles/cycles.csv.new", "w");
    bool good = out != NULL;
    if (good)
        fputs(header, out);
    for (int i = 0; good && i < NETWORKS; i++) {
        tsr_program *program = NULL;
        case_run run = {0};
        const tsr_status status = measure(&networks[i], device_of(&networks[i]), &program, &run);
        good = status.code == TSR_OK;
        if (!good)
            fprintf(stderr, "%s, %s: %s\n", networks[i].name, networks[i].config, status.message);
        for (uint32_t l = 0; good && l < program->layer_count; l++)
            if (program->layers[l].on_accelerator)
                fprintf(out, "%s,%s,%s,%llu\n", networks[i].name, networks[i].config, program->layers[l].name,
                        (unsigned long long)run.layers[l].cycles);
        if (good) {
            fprintf(out, "%s,%s,all,%llu\n", networks[i].name, networks[i].config, (unsigned long long)run.cycles);
            printf("%-16s %-8s %12llu cycles\n", networks[i].name, networks[i].config, (unsigned long long)run.cycles);
            fflush(stdout);
        }
        case_release(&run);
        tsr_program_free(program);
    }
    good = out != NULL && fclose(out) == 0 && good;
    if (good)
        good = rename("tests/cycles/cycles.csv.new", file) == 0;
    else
        remove("tests/cycles/cycles.csv.new");
    if (!good)
        fprintf(stderr, "%s: not written\n", file);
    return good ? 0 : 1;
}

// ---- the test ----------------------------------------------------------------------------------------------------------

// One number: prints what moved.
static bool same(const recorded *r, const char *layer, uint64_t now) {
    uint64_t before;
    if (!find(r, layer, &before)) {
        fprintf(stderr, "%s, %s: layer %s: %llu cycles, none recorded\n", r->name, r->config, layer, (unsigned long long)now);
        return false;
    }
    enum { MODEL_CYCLES = 4 };
    const uint64_t apart = now > before ? now - before : before - now;
    const uint64_t allowed = strcmp(device_of(r), "rtl") == 0 ? 0 : MODEL_CYCLES + before / 10000;
    if (apart <= allowed)
        return true;
    fprintf(stderr, "%s, %s: %s %s: %llu cycles, %llu recorded (%+.2f %%): %s\n", r->name, r->config,
            strcmp(layer, "all") == 0 ? "the network," : "layer", layer, (unsigned long long)now, (unsigned long long)before,
            before == 0 ? 0 : 100 * ((double)now - (double)before) / (double)before, now > before ? "slower" : "faster");
    return false;
}

static check_result takes_the_recorded_cycles(const recorded *r) {
    tsr_program *program;
    case_run run;
    uint32_t lines = 1;
    ASSERT_OK(measure(r, device_of(r), &program, &run));
    bool good = same(r, "all", run.cycles);
    for (uint32_t i = 0; i < program->layer_count; i++)
        if (program->layers[i].on_accelerator) {
            good = same(r, program->layers[i].name, run.layers[i].cycles) && good;
            lines++;
        }
    if (lines != lines_of(r))
        fprintf(stderr, "%s, %s: %u layers, %u recorded\n", r->name, r->config, lines - 1, lines_of(r) - 1);
    good = good && lines == lines_of(r);
    case_release(&run);
    tsr_program_free(program);
    if (!good)
        FAILm("cycles differ from tests/cycles/cycles.csv, see above; when they are meant to: make record-cycles");
    PASS();
}

int main(int argc, char **argv) {
    bool recording = false;
    for (; argc > 1 && strncmp(argv[1], "--", 2) == 0; argc--, argv++) {
        on_rtl = on_rtl || strcmp(argv[1], "--whole") == 0;
        recording = recording || strcmp(argv[1], "--record") == 0;
    }
    if (recording)
        return record();
    GREATEST_MAIN_BEGIN();
    if (!load())
        return 1;
    for (int i = 0; i < NETWORKS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_on_%s", networks[i].name, networks[i].config);
        RUN_TEST_AS(name, takes_the_recorded_cycles, &networks[i]);
    }
    free(text);
    GREATEST_MAIN_END();
}
