// SPDX-License-Identifier: Apache-2.0
// Runs TFLite models on the CPU, node by node as imported, and compares every tensor with the CRCs of
// tests/models/recorded (see tests/models/README.md).
//
//   test_models                   every recorded model found under $TESSERA_MODELS, or ../shared/models
//   test_models MODEL RECORDED    one, with timings; PROFILE=1 lists nodes, CASE=ramp takes one input, CPU=baseline
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "machine.h"
#include "tsr/import.h"

GREATEST_MAIN_DEFS();

static bool quiet;

enum { MAX_CASES = 16, LINE = 4096 };

typedef struct model {
    tsr_arena *arena;
    tsr_graph *graph;
    tsr_tbuffer **buffers;
    const tsr_tensor_function **functions;
    uint32_t *nodes;
    uint32_t count;
    machine machine;
} model;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tsr_status prepare(model *m, const char *path) {
    TSR_TRY(tsr_import_file(path, NULL, &m->graph));
    TSR_TRY(tsr_quantise(m->graph));
    m->buffers = machine_buffers(m->arena, m->graph);
    m->functions = TSR_NEW_ARRAY(m->arena, const tsr_tensor_function *, m->graph->node_count + 1);
    m->nodes = TSR_NEW_ARRAY(m->arena, uint32_t, m->graph->node_count + 1);
    for (uint32_t i = 0; i < m->graph->node_count; i++) {
        if (m->graph->nodes[i].dead)
            continue;
        tsr_tensor_function *f;
        TSR_TRY(tsr_lower_node(m->arena, m->graph, &m->graph->nodes[i], m->buffers, &f));
        m->nodes[m->count] = i;
        m->functions[m->count++] = f;
    }
    double start = now();
    TSR_TRY(machine_create(m->arena, m->functions, m->count, getenv("CPU") != NULL ? getenv("CPU") : "native", &m->machine));
    if (!quiet)
        printf("%s: %u functions, compiled in %.3f s, %llu bytes of code\n", path, m->count, now() - start,
               (unsigned long long)m->machine.code.code_bytes);
    return tsr_ok();
}

// The inputs that the README of tests/models describes; photographs are left to the programs that read pictures.
static bool fill_input(uint8_t *bytes, size_t size, bool is_signed, const char *name) {
    unsigned seed;
    if (sscanf(name, "random_%u", &seed) == 1) {
        uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15);
        for (size_t i = 0; i < size; i++) {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            bytes[i] = (uint8_t)(x * UINT64_C(0x2545F4914F6CDD1D) >> 56);
        }
        return true;
    }
    int flip = is_signed ? 128 : 0;
    for (size_t i = 0; i < size; i++)
        if (strcmp(name, "ramp") == 0)
            bytes[i] = (uint8_t)((int)((5 * i + i / 64 * 3) % 256) - flip);
        else if (strcmp(name, "lowest") == 0)
            bytes[i] = (uint8_t)(is_signed ? 0x80 : 0);
        else if (strcmp(name, "highest") == 0)
            bytes[i] = (uint8_t)(is_signed ? 0x7f : 0xff);
        else
            return false;
    return true;
}

static tsr_id find_tensor(const tsr_graph *graph, const char *name) {
    for (uint32_t i = 0; i < graph->tensor_count; i++)
        if (strcmp(graph->tensors[i].name, name) == 0)
            return i;
    return TSR_NO_ID;
}

static uint32_t crc_of(const model *m, tsr_id id) {
    return machine_crc(machine_bytes(&m->machine, m->buffers[id]), (size_t)tsr_tensor_bytes(&m->graph->tensors[id]));
}

static unsigned split(char *line, char **fields, unsigned most) {
    unsigned n = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at != NULL && n < most; n++) {
        fields[n] = at;
        at = n + 1 < most ? strchr(at, '\t') : NULL;
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

// Columns: op, operator, tensor, shape, type, a CRC a case, name.
static int compare_case(const model *m, FILE *recorded, unsigned column, unsigned columns, const char *name) {
    char line[LINE], *fields[MAX_CASES + 6];
    unsigned compared = 0, wrong = 0, unknown = 0;
    rewind(recorded);
    while (fgets(line, sizeof line, recorded) != NULL) {
        if (line[0] == '#' || split(line, fields, columns) != columns || strcmp(fields[0], "op") == 0)
            continue;
        tsr_id id = find_tensor(m->graph, fields[columns - 1]);
        if (id == TSR_NO_ID || m->buffers[id]->offset == UINT64_MAX) {
            unknown++;
            continue;
        }
        compared++;
        if (crc_of(m, id) != strtoul(fields[column], NULL, 16) && wrong++ == 0)
            printf("  %s: operator %s (%s) differs first, in %s\n", name, fields[0], fields[1], fields[columns - 1]);
    }
    if (!quiet || wrong != 0)
        printf("  %s: %u tensors compared, %u differ, %u not in the graph\n", name, compared, wrong, unknown);
    return wrong != 0 || compared < 2;
}

static int run_cases(const model *m, FILE *recorded) {
    char line[LINE], *fields[MAX_CASES + 6];
    unsigned columns = 0;
    while (columns == 0 && fgets(line, sizeof line, recorded) != NULL)
        if (strncmp(line, "op\t", 3) == 0)
            columns = split(line, fields, MAX_CASES + 6);
    int failed = columns == 0;
    const tsr_tensor *input = &m->graph->tensors[m->graph->inputs[0]];
    const char *only = getenv("CASE");
    for (unsigned c = 5; c + 1 < columns; c++) {
        char name[64];
        snprintf(name, sizeof name, "%s", fields[c]);
        uint8_t *bytes = machine_bytes(&m->machine, m->buffers[m->graph->inputs[0]]);
        if ((only != NULL && strcmp(only, name) != 0) ||
            !fill_input(bytes, (size_t)tsr_tensor_bytes(input), input->dtype == TSR_I8, name))
            continue;
        double start = now();
        for (uint32_t f = 0; f < m->count; f++) {
            double begin = now();
            machine_run(&m->machine, f);
            if (getenv("PROFILE") != NULL)
                printf("    %-18s %-60.60s %8.3f ms %6.2f GMAC/s\n", tsr_op_name(m->graph->nodes[m->nodes[f]].op),
                       m->functions[f]->name, 1e3 * (now() - begin),
                       1e-9 * (double)tsr_node_macs(m->graph, &m->graph->nodes[m->nodes[f]]) / (now() - begin));
        }
        if (!quiet)
            printf("  %s: %.2f ms\n", name, 1e3 * (now() - start));
        char header[LINE];
        memcpy(header, line, sizeof header);
        failed |= compare_case(m, recorded, c, columns, name);
        memcpy(line, header, sizeof header);
    }
    return failed;
}

static int run_model(const char *model_path, const char *recorded_path) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tensors.txt", recorded_path);
    FILE *recorded = fopen(path, "r");
    if (recorded == NULL) {
        perror(path);
        return 2;
    }
    model m = {.arena = tsr_arena_create()};
    tsr_status status = prepare(&m, model_path);
    int failed = 1;
    if (status.code == TSR_OK)
        failed = run_cases(&m, recorded);
    else
        fprintf(stderr, "%s\n", status.message);
    machine_free(&m.machine);
    tsr_graph_free(m.graph);
    tsr_arena_free(m.arena);
    fclose(recorded);
    return failed;
}

typedef struct recorded_model {
    const char *name, *path, *recorded;
} recorded_model;

static const recorded_model models[] = {
    {"autoencoder_on_the_cpu", "mlperf_tiny/ad_autoencoder_int8.tflite", "autoencoder"},
    {"dscnn_on_the_cpu", "mlperf_tiny/kws_dscnn_int8.tflite", "dscnn"},
    {"resnet8_on_the_cpu", "mlperf_tiny/ic_resnet8_int8.tflite", "resnet8"},
    {"mobilenet_v1_on_the_cpu", "imagenet/mobilenet_v1_0.25_128_uint8.tflite", "mobilenet_v1_0.25_128"},
    {"mobilenet_v2_on_the_cpu", "imagenet/mobilenet_v2_1.0_224_int8.tflite", "mobilenet_v2_1.0_224"},
};

TEST every_tensor_is_the_recorded_one(const recorded_model *r) {
    const char *folder = getenv("TESSERA_MODELS") != NULL ? getenv("TESSERA_MODELS") : "../shared/models";
    char path[1024], recorded[1024];
    snprintf(path, sizeof path, "%s/%s", folder, r->path);
    snprintf(recorded, sizeof recorded, "tests/models/recorded/%s", r->recorded);
    FILE *there = fopen(path, "rb");
    if (there == NULL)
        SKIPm("the model is not here");
    fclose(there);
    ASSERT_EQ(0, run_model(path, recorded));
    PASS();
}

int main(int argc, char **argv) {
    if (argc == 3 && argv[1][0] != '-')
        return run_model(argv[1], argv[2]);
    quiet = true;
    GREATEST_MAIN_BEGIN();
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        RUN_TEST_AS(models[i].name, every_tensor_is_the_recorded_one, &models[i]);
    GREATEST_MAIN_END();
}
