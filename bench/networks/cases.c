// SPDX-License-Identifier: Apache-2.0
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "networks.h"
#include "tsr/compiler.h"

enum { PATH_BYTES = 512, SMALL_CLASSES = 10 };

const char *const bench_cases[] = {"C1",
                                   "C2",
                                   "C3",
                                   "C4",
                                   "C5",
                                   "C6",
                                   "C7",
                                   "C8",
                                   "C9",
                                   "C10",
                                   "C11",
                                   "resnet18",
                                   "resnet50",
                                   "mobilenet_v1",
                                   "mobilenet_v2",
                                   "vgg11",
                                   "resnet8",
                                   "dscnn",
                                   "mobilenet_v2_tflite",
                                   NULL};

// ---- networks ----------------------------------------------------------------------------------------------------------

static const struct convolution {
    const char *name;
    int64_t size, in, out, kernel, pad, stride;
} convolutions[] = {
    {"C1", 224, 3, 64, 7, 3, 2},   {"C2", 56, 64, 64, 3, 1, 1},    {"C3", 56, 64, 128, 3, 1, 2},  {"C4", 56, 64, 128, 1, 0, 2},
    {"C5", 28, 128, 128, 3, 1, 1}, {"C6", 28, 128, 256, 3, 1, 2},  {"C7", 28, 128, 256, 1, 0, 2}, {"C8", 14, 256, 256, 3, 1, 1},
    {"C9", 14, 256, 512, 3, 1, 2}, {"C10", 14, 256, 512, 1, 0, 2}, {"C11", 7, 512, 512, 3, 1, 1},
};
enum { CONVOLUTIONS = sizeof convolutions / sizeof convolutions[0] };

static const struct {
    const char *name, *file;
} shared_models[] = {
    {"resnet8", "mlperf_tiny/ic_resnet8_int8.tflite"},
    {"dscnn", "mlperf_tiny/kws_dscnn_int8.tflite"},
    {"mobilenet_v2_tflite", "imagenet/mobilenet_v2_1.0_224_int8.tflite"},
};

static void single_convolution(net *n, const zoo_options *options) {
    const struct convolution *c = &convolutions[options->classes];
    const value x = net_input(n, "x", 4, (int64_t[]){1, c->in, c->size, c->size});
    net_output(n, "y", net_conv(n, "conv", x, (conv_layer){c->out, c->kernel, c->stride, c->pad, 1, false, RELU}));
}

static int convolution_of(const char *name) {
    for (int i = 0; i < CONVOLUTIONS; i++)
        if (strcmp(convolutions[i].name, name) == 0)
            return i;
    return -1;
}

bool case_is_convolution(const char *name) { return convolution_of(name) >= 0; }

static tsr_status compile_zoo(const char *name, const zoo_network *z, const zoo_options *options,
                              const tsr_compile_options *compile, tsr_program **out_program) {
    uint8_t *bytes;
    size_t size;
    TSR_TRY(zoo_build(z, true, options, &bytes, &size));
    const tsr_status status = tsr_compile_bytes(bytes, size, name, compile, out_program);
    free(bytes);
    return status;
}

static tsr_status compile_named(const char *name, const char *shared_folder, const tsr_compile_options *compile,
                                tsr_program **out_program) {
    static const zoo_network single = {"resnet18", 13, 0, 0, 0, single_convolution};
    if (case_is_convolution(name))
        return compile_zoo(name, &single, &(zoo_options){0, convolution_of(name)}, compile, out_program);
    if (strcmp(name, "digits") == 0)
        return tsr_compile_file("models/digits/digits_qdq.onnx", compile, out_program);
    for (size_t i = 0; i < sizeof shared_models / sizeof shared_models[0]; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", shared_folder, shared_models[i].file);
        if (strcmp(name, shared_models[i].name) == 0)
            return access(path, R_OK) == 0 ? tsr_compile_file(path, compile, out_program)
                                           : tsr_error(TSR_NOT_FOUND, "%s is not there", path);
    }
    for (const zoo_network *z = zoo_networks; z->name != NULL; z++) {
        const size_t length = strlen(z->name);
        if (strncmp(name, z->name, length) != 0)
            continue;
        if (name[length] == '\0')
            return compile_zoo(name, z, &(zoo_options){z->size, z->classes}, compile, out_program);
        char *end;
        const long size = name[length] == '_' ? strtol(name + length + 1, &end, 10) : 0;
        if (size >= z->least && size > 0 && size <= z->size && *end == '\0')
            return compile_zoo(name, z, &(zoo_options){size, SMALL_CLASSES}, compile, out_program);
    }
    return tsr_error(TSR_NOT_FOUND, "no network is called %s", name);
}

tsr_status case_compile(const char *name, const char *shared_folder, const tsr_config *config, tsr_program **out_program) {
    *out_program = NULL;
    return tsr_annotate(compile_named(name, shared_folder, &(tsr_compile_options){.config = config}, out_program), "%s", name);
}

// ---- a run -------------------------------------------------------------------------------------------------------------

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// CPU time of the accelerator's steps alone: what the CPU computes between them is the same on every device.
typedef struct stopwatch {
    const tsr_program *program;
    double began, seconds;
    bool runs;
} stopwatch;

static void on_step(void *context, uint32_t step, uint32_t step_count) {
    stopwatch *w = context;
    const double now = cpu_seconds();
    if (w->runs)
        w->seconds += now - w->began;
    w->runs = step < step_count && w->program->steps[step].kind == TSR_STEP_ACCELERATOR;
    w->began = now;
}

static tsr_status set_inputs(tsr_session *session) {
    const tsr_program *p = tsr_session_program(session);
    for (uint32_t i = 0; i < p->input_count; i++) {
        uint8_t *bytes = calloc(1, p->inputs[i].bytes);
        if (bytes == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %s", p->inputs[i].name);
        const tsr_tensor t = tsr_tensor_for(&p->inputs[i], bytes);
        const tsr_status status = tsr_session_set_input(session, i, &t);
        free(bytes);
        TSR_TRY(status);
    }
    return tsr_ok();
}

static tsr_status invoke(tsr_session *session, double seconds, case_run *out_run) {
    double all = 0;
    do {
        stopwatch w = {.program = tsr_session_program(session)};
        tsr_session_on_step(session, on_step, &w);
        TSR_TRY(tsr_session_invoke(session, 0));
        on_step(&w, w.program->step_count, w.program->step_count);
        out_run->seconds = all == 0 || w.seconds < out_run->seconds ? w.seconds : out_run->seconds;
        all += w.seconds;
    } while (all < seconds);
    out_run->cycles = tsr_session_get_profile(session).total.device.cycles;
    return tsr_profile_layers(session, &out_run->layers);
}

tsr_status case_measure(const tsr_program *program, const char *device_name, double seconds, case_run *out_run) {
    tsr_device *device;
    tsr_session *session = NULL;
    *out_run = (case_run){0};
    TSR_TRY(tsr_device_open(device_name, &device));
    tsr_status status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = tsr_session_record(session);
    if (status.code == TSR_OK)
        status = set_inputs(session);
    if (status.code == TSR_OK)
        status = invoke(session, seconds, out_run);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

void case_release(case_run *run) {
    free(run->layers);
    *run = (case_run){0};
}

void case_memory_text(const tsr_config *config, const char *options, char text[MEMORY_TEXT_BYTES]) {
    static const char *const names[] = {"latency", "bandwidth", "outstanding"};
    unsigned long values[] = {64, config->bus_bytes, 16}; // the devices' own
    for (int i = 0; i < 3; i++) {
        char key[32];
        snprintf(key, sizeof key, ",%s=", names[i]);
        const char *at = strstr(options, key);
        if (at != NULL)
            values[i] = strtoul(at + strlen(key), NULL, 10);
    }
    snprintf(text, MEMORY_TEXT_BYTES, "latency=%lu bandwidth=%lu outstanding=%lu", values[0], values[1], values[2]);
}
