// SPDX-License-Identifier: Apache-2.0
// Whole networks of models/zoo on small pictures against what ONNX Runtime gave for the same file and input (record.py): the float
// form on `cpu`; the QDQ form on `cpu`, which must come close to the recording, and on `func` and `rtl`, which must give
// the bytes of `cpu`.
//
// ONNX Runtime computes the scale of a requantisation in float, Tessera in integers, so the two round apart now and then,
// and a deep network spreads that: the measure of int8 is the ratio of signal to difference, in decibel.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../models/npy.h"
#include "check.h"
#include "networks.h"
#include "random.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

enum { SIZE = 64, CLASSES = 10, SEED = 1, MOST_OUTPUTS = 2 }; // the first three as in record.py

typedef struct answer {
    size_t count[MOST_OUTPUTS]; // elements
    float *values[MOST_OUTPUTS];
} answer;

static void free_answer(answer *a) {
    for (int i = 0; i < MOST_OUTPUTS; i++)
        free(a->values[i]);
    memset(a, 0, sizeof *a);
}

static tsr_status feed(tsr_session *session) {
    const tsr_io *io = &tsr_session_program(session)->inputs[0];
    float *data = malloc(io->bytes);
    uint64_t state = SEED;
    for (size_t i = 0; i < io->bytes / sizeof *data; i++)
        data[i] = (float)random_normal(&state);
    const tsr_tensor t = tsr_tensor_for(io, data);
    tsr_status status = tsr_session_set_input(session, 0, &t);
    free(data);
    return status;
}

static tsr_status collect(tsr_session *session, answer *out) {
    const tsr_program *program = tsr_session_program(session);
    for (uint32_t i = 0; i < program->output_count && i < MOST_OUTPUTS; i++) {
        const tsr_io *io = &program->outputs[i];
        out->count[i] = io->bytes / sizeof(float);
        out->values[i] = malloc(io->bytes);
        const tsr_tensor t = tsr_tensor_for(io, out->values[i]);
        TSR_TRY(tsr_session_get_output(session, i, &t));
    }
    return tsr_ok();
}

static tsr_status run_program(const tsr_program *program, const char *device_name, answer *out) {
    tsr_device *device;
    tsr_session *session = NULL;
    TSR_TRY(tsr_device_open(device_name, &device));
    tsr_status status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = feed(session);
    if (status.code == TSR_OK)
        status = tsr_session_invoke(session, 0);
    if (status.code == TSR_OK)
        status = collect(session, out);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

// config: NULL compiles for the CPU alone.
static tsr_status run(const zoo_network *network, bool qdq, const char *device, const char *config, answer *out,
                      double *out_accelerated) {
    memset(out, 0, sizeof *out);
    uint8_t *bytes;
    size_t size;
    tsr_config configuration;
    char path[64];
    if (config != NULL) {
        snprintf(path, sizeof path, "isa/configs/%s.cfg", config);
        TSR_TRY(tsr_config_load(path, &configuration));
    }
    TSR_TRY(zoo_build(network, qdq, &(zoo_options){SIZE, CLASSES}, &bytes, &size));
    const tsr_compile_options options = {.config = config != NULL ? &configuration : NULL, .host_only = config == NULL};
    tsr_program *program;
    tsr_status status = tsr_compile_bytes(bytes, size, network->name, &options, &program);
    free(bytes);
    if (status.code != TSR_OK)
        return status;
    uint64_t all = 0, accelerated = 0;
    for (uint32_t i = 0; i < program->layer_count; i++) {
        all += program->layers[i].macs;
        accelerated += program->layers[i].on_accelerator ? program->layers[i].macs : 0;
    }
    *out_accelerated = (double)accelerated / (double)all;
    status = run_program(program, device, out);
    tsr_program_free(program);
    if (status.code != TSR_OK)
        free_answer(out);
    return status;
}

// Signal to difference, in dB; the recording holds every element, or every 7th. NAN: no recording of that size.
static double agreement(const char *name, int output, const answer *got) {
    char path[128];
    snprintf(path, sizeof path, "tests/zoo/recorded/%s.%d.npy", name, output);
    npy want = npy_read(path);
    const size_t step = got->count[output] <= 64 ? 1 : 7;
    double signal = 0, difference = 1e-30, ratio = NAN;
    if (want.data != NULL && strcmp(want.type, "<f4") == 0 &&
        want.bytes == (got->count[output] + step - 1) / step * sizeof(float)) {
        for (size_t i = 0; i * step < got->count[output]; i++) {
            float w;
            memcpy(&w, want.data + i * sizeof w, sizeof w);
            const double d = (double)(w - got->values[output][i * step]);
            signal += (double)w * (double)w;
            difference += d * d;
        }
        ratio = 10 * log10(signal / difference);
    }
    free(want.file);
    return ratio;
}

static char message[640];

// The worst of a network's outputs.
static double worst_agreement(const char *name, const answer *got) {
    double worst = INFINITY;
    for (int i = 0; i < MOST_OUTPUTS && got->count[i] > 0; i++) {
        const double ratio = agreement(name, i, got);
        worst = isnan(ratio) || ratio < worst ? ratio : worst;
    }
    return worst;
}

TEST float_form_gives_what_onnx_runtime_gives(const zoo_network *network) {
    answer got;
    double ignored;
    const tsr_status status = run(network, false, "cpu", NULL, &got, &ignored);
    snprintf(message, sizeof message, "%s", status.message);
    if (status.code != TSR_OK)
        FAILm(message);
    const double ratio = worst_agreement(network->name, &got);
    free_answer(&got);
    snprintf(message, sizeof message, "%.1f dB, at least 90 expected of float", ratio);
    if (!(ratio >= 90))
        FAILm(message);
    PASS();
}

static bool same(const answer *a, const answer *b) {
    for (int i = 0; i < MOST_OUTPUTS; i++)
        if (a->count[i] != b->count[i] ||
            (a->count[i] > 0 && memcmp(a->values[i], b->values[i], a->count[i] * sizeof(float)) != 0))
            return false;
    return true;
}

// Of a convolutional network all but 1 % of the multiplications must be on the accelerator. RTL: one network, for the time it takes.
TEST int8_form_is_close_to_onnx_runtime_and_equal_on_every_device(const zoo_network *network) {
    const bool convolutional = strcmp(network->name, "encoder") != 0, rtl = strcmp(network->name, "resnet18") == 0;
    char name[80];
    snprintf(name, sizeof name, "%s_int8", network->name);
    answer cpu, other;
    double share;
    tsr_status status = run(network, true, "cpu", NULL, &cpu, &share);
    if (status.code == TSR_OK) {
        const double ratio = worst_agreement(name, &cpu);
        if (!(ratio >= 25))
            status = tsr_error(TSR_MISMATCH, "%.1f dB, at least 25 expected of int8", ratio);
    }
    for (int on_rtl = 0; on_rtl <= (int)rtl && status.code == TSR_OK; on_rtl++) {
        const char *device = on_rtl ? "rtl:config=pynq" : "func:config=pynq";
        status = run(network, true, device, "pynq", &other, &share);
        if (status.code == TSR_OK && !same(&cpu, &other))
            status = tsr_error(TSR_MISMATCH, "%s gives other bytes than cpu", device);
        if (status.code == TSR_OK && convolutional && share < 0.99)
            status = tsr_error(TSR_MISMATCH, "only %.2f %% of the MACs are on the accelerator", 100 * share);
        free_answer(&other);
    }
    free_answer(&cpu);
    snprintf(message, sizeof message, "%s", status.message);
    if (status.code != TSR_OK)
        FAILm(message);
    PASS();
}

SUITE(zoo) {
    char name[128];
    for (const zoo_network *network = zoo_networks; network->name != NULL; network++) {
        snprintf(name, sizeof name, "%s: float form gives what ONNX Runtime gives", network->name);
        RUN_TEST_AS(name, float_form_gives_what_onnx_runtime_gives, network);
        snprintf(name, sizeof name, "%s: int8 form is close to ONNX Runtime and equal on every device", network->name);
        RUN_TEST_AS(name, int8_form_is_close_to_onnx_runtime_and_equal_on_every_device, network);
    }
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(zoo);
    GREATEST_MAIN_END();
}
