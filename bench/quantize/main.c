// SPDX-License-Identifier: Apache-2.0
// What quantisation costs: float networks are quantised as `tessera quantize` does it, and both forms measured.
//
//   bench-quantize [-m FOLDER] [-o FILE.csv] [-r COMMIT] [-c CONFIG] [-t]
//
// -m: where the models and photographs of others are (default ../shared/models). -t: as a test, one line a network and the
// closing line of a test program; the super-resolution network then stays off the accelerator, which takes its time there.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "tsr/compiler.h"
#include "tsr/quantize.h"
#include "tsr/tessera.h"

typedef enum { ACCURACY, AGREEMENT, PSNR } metric_kind;
static const char *const metric_names[] = {"accuracy", "agreement", "psnr_db"};

typedef struct network {
    const char *name, *path; // path: below the project, or with "/" in front below FOLDER
    metric_kind metric;
    double may_lose; // points of accuracy as a share of 1, dB
    const char *on;  // what it is measured on
} network;

// There are no pictures for resnet8 (CIFAR-10) here: it is measured by how often it says what the float network says, on
// pieces of photographs that belong to none of its classes, where both are often undecided. The network's own int8 form, quantised
// by its makers, is measured beside it.
static const network networks[] = {
    {"digits", "models/digits/digits_float.onnx", ACCURACY, 0.01, "digits, 260 test pictures"},
    {"mnist_8", "/onnx_zoo/mnist_8/model.onnx", ACCURACY, 0.01, "the same, enlarged to 28x28"},
    {"resnet8", "/mlperf_tiny/ic_resnet8_float.tflite", AGREEMENT, 0.08, "300 pieces of photographs, against float"},
    {"super_resolution_10", "/onnx_zoo/super_resolution_10/model.onnx", PSNR, 1, "2 photographs"},
};
enum { NETWORKS = sizeof networks / sizeof *networks };
static const char resnet8_of_others[] = "/mlperf_tiny/ic_resnet8_int8.tflite";

typedef struct bench {
    const char *folder, *csv, *commit, *config;
    bool test;
    data_set data;
} bench;

// ---- running a program -------------------------------------------------------------------------------------------------

typedef struct runner {
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
    void *input, *output;
} runner;

static void close_runner(runner *r) {
    free(r->input);
    free(r->output);
    tsr_session_destroy(r->session);
    tsr_device_close(r->device);
    tsr_program_free(r->program);
    memset(r, 0, sizeof *r);
}

static tsr_status open_runner(const void *bytes, size_t size, const char *path, const char *device, runner *r) {
    memset(r, 0, sizeof *r);
    TSR_TRY(tsr_device_open(device, &r->device));
    const tsr_device_info *info = tsr_device_get_info(r->device);
    const tsr_compile_options options = {.host_only = info->config.batch == 0,
                                         .config = info->config.batch != 0 ? &info->config : NULL};
    TSR_TRY(bytes != NULL ? tsr_compile_bytes(bytes, size, path, &options, &r->program)
                          : tsr_compile_file(path, &options, &r->program));
    TSR_TRY(tsr_session_create(r->device, r->program, &r->session));
    r->input = malloc(r->program->inputs[0].bytes + 1);
    r->output = malloc(r->program->outputs[0].bytes + 1);
    return r->input != NULL && r->output != NULL ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for tensors");
}

// Where element i of a channels-last picture lies in a channels-first one.
static size_t place(const data_set *data, bool channels_last, size_t i) {
    return channels_last ? i : i % data->channels * data->height * data->width + i / data->channels;
}

static size_t elements_of(const data_set *data) { return (size_t)data->height * data->width * data->channels; }

static void fill(const data_set *data, uint32_t i, const tsr_io *io, void *to) {
    const float *from = data->pictures + i * elements_of(data);
    for (size_t k = 0; k < elements_of(data); k++) {
        const size_t at = place(data, io->channels_last, k);
        if (io->dtype == TSR_F32)
            ((float *)to)[at] = from[k];
        else
            ((int8_t *)to)[at] = (int8_t)(from[k] - 128); // a model of others; 0..255 are its 256 levels
    }
}

static tsr_status run(runner *r, const data_set *data, uint32_t i) {
    const tsr_io *in = &r->program->inputs[0], *out = &r->program->outputs[0];
    fill(data, i, in, r->input);
    const tsr_tensor x = tsr_tensor_for(in, r->input), y = tsr_tensor_for(out, r->output);
    TSR_TRY(tsr_session_set_input(r->session, 0, &x));
    TSR_TRY(tsr_session_invoke(r->session, 0));
    return tsr_session_get_output(r->session, 0, &y);
}

static uint32_t largest(const runner *r) {
    const tsr_io *out = &r->program->outputs[0];
    uint32_t best = 0;
    for (uint32_t i = 1; i < out->bytes / tsr_dtype_size(out->dtype); i++)
        if (out->dtype == TSR_F32 ? ((float *)r->output)[i] > ((float *)r->output)[best]
                                  : ((int8_t *)r->output)[i] > ((int8_t *)r->output)[best])
            best = i;
    return best;
}

// Peak signal to noise in dB, the peak being 1; the outermost pixels, where the network sees the border, left out.
static double psnr(const data_set *data, uint32_t i, const float *y) {
    enum { BORDER = 6 };
    const float *truth = data->truth + (size_t)i * data->truth_height * data->truth_width;
    double error = 0, count = 0;
    for (uint32_t row = BORDER; row + BORDER < data->truth_height; row++)
        for (uint32_t column = BORDER; column + BORDER < data->truth_width; column++) {
            const size_t at = (size_t)row * data->truth_width + column;
            if (isnan(truth[at]) || isnan(truth[at + BORDER]) || isnan(truth[at + (size_t)BORDER * data->truth_width]))
                continue;
            error += ((double)y[at] - (double)truth[at]) * ((double)y[at] - (double)truth[at]);
            count++;
        }
    return 10 * log10(count / error);
}

// The metric over all pictures that are not for calibration; `classes` holds the float network's answers.
static tsr_status measure(runner *r, metric_kind metric, const data_set *data, const uint8_t *classes, double *out_value) {
    double sum = 0;
    for (uint32_t i = data->calibration; i < data->count; i++) {
        TSR_TRY(run(r, data, i));
        sum += metric == PSNR ? psnr(data, i, r->output) : largest(r) == (metric == ACCURACY ? data->labels : classes)[i];
    }
    *out_value = sum / (data->count - data->calibration);
    return tsr_ok();
}

static tsr_status answers(runner *r, const data_set *data, uint8_t *classes) {
    for (uint32_t i = data->calibration; i < data->count; i++) {
        TSR_TRY(run(r, data, i));
        classes[i] = (uint8_t)largest(r);
    }
    return tsr_ok();
}

// Every device gives the same bytes: checked picture by picture.
static tsr_status same_results(runner *a, runner *b, const data_set *data, uint32_t count) {
    for (uint32_t i = data->calibration; i < data->count && i < data->calibration + count; i++) {
        TSR_TRY(run(a, data, i));
        TSR_TRY(run(b, data, i));
        if (memcmp(a->output, b->output, a->program->outputs[0].bytes) != 0)
            return tsr_error(TSR_MISMATCH, "picture %u: accelerator and CPU differ", (unsigned)i);
    }
    return tsr_ok();
}

// ---- networks ----------------------------------------------------------------------------------------------------------

typedef struct calibration_data {
    const data_set *data;
    const tsr_io *io;
} calibration_data;

static tsr_status load_sample(void *context, uint32_t sample, uint32_t input, void *data) {
    const calibration_data *c = context;
    (void)input;
    fill(c->data, sample, c->io, data);
    return tsr_ok();
}

static tsr_status quantise(const data_set *data, const char *path, uint8_t **out_bytes, size_t *out_size) {
    tsr_quantizer *q;
    *out_bytes = NULL;
    TSR_TRY(tsr_quantizer_open(path, 1, 0, NULL, &q));
    uint32_t inputs;
    calibration_data context = {data, tsr_quantizer_inputs(q, &inputs)};
    const tsr_samples samples = {data->calibration, load_sample, &context};
    const tsr_quantize_options options = {
        .method = TSR_CALIBRATE_MSE, .equalise = true, .bias_correct = true, .report_samples = 1};
    tsr_status status = tsr_quantizer_run(q, &samples, &options);
    if (status.code == TSR_OK)
        status = tsr_quantizer_write(q, out_bytes, out_size);
    tsr_quantizer_close(q);
    return status;
}

static tsr_status load_data(bench *b, const network *n) {
    char photographs[1024];
    snprintf(photographs, sizeof photographs, "%s/imagenet", b->folder);
    switch (n - networks) {
    case 0: return data_digits(&b->data);
    case 1: return data_large_digits(&b->data);
    case 2: return data_pieces(photographs, &b->data);
    default: return data_luminance(photographs, &b->data);
    }
}

typedef struct measured {
    double real, integer, of_others; // of_others: NAN where there is none
} measured;

static tsr_status compare_devices(const bench *b, const network *n, const uint8_t *bytes, size_t size, runner *cpu) {
    char device[256];
    runner accelerator;
    if (b->test && n->metric == PSNR)
        return tsr_ok();
    snprintf(device, sizeof device, "func:config=%s", b->config);
    tsr_status status = open_runner(bytes, size, n->name, device, &accelerator);
    if (status.code == TSR_OK)
        status = same_results(&accelerator, cpu, &b->data, n->metric == PSNR ? 1 : 20);
    close_runner(&accelerator);
    return status;
}

static tsr_status others_form(const bench *b, const uint8_t *classes, double *out_value) {
    char path[1024];
    runner r;
    snprintf(path, sizeof path, "%s%s", b->folder, resnet8_of_others);
    tsr_status status = open_runner(NULL, 0, path, "cpu", &r);
    if (status.code == TSR_OK)
        status = measure(&r, AGREEMENT, &b->data, classes, out_value);
    close_runner(&r);
    return status;
}

static tsr_status measure_both(const bench *b, const network *n, const char *path, const uint8_t *bytes, size_t size,
                               uint8_t *classes, measured *out) {
    runner real, integer;
    memset(&integer, 0, sizeof integer);
    tsr_status status = open_runner(NULL, 0, path, "cpu", &real);
    if (status.code == TSR_OK && n->metric == AGREEMENT)
        status = answers(&real, &b->data, classes);
    if (status.code == TSR_OK)
        status = measure(&real, n->metric, &b->data, classes, &out->real);
    if (status.code == TSR_OK)
        status = open_runner(bytes, size, n->name, "cpu", &integer);
    if (status.code == TSR_OK)
        status = measure(&integer, n->metric, &b->data, classes, &out->integer);
    if (status.code == TSR_OK)
        status = compare_devices(b, n, bytes, size, &integer);
    if (status.code == TSR_OK && n->metric == AGREEMENT)
        status = others_form(b, classes, &out->of_others);
    close_runner(&real);
    close_runner(&integer);
    return status;
}

static tsr_status work(bench *b, const network *n, const char *path, measured *out) {
    uint8_t *bytes = NULL, *classes = NULL;
    size_t size;
    *out = (measured){NAN, NAN, NAN};
    tsr_status status = load_data(b, n);
    if (status.code == TSR_OK)
        status = quantise(&b->data, path, &bytes, &size);
    if (status.code == TSR_OK && (classes = calloc(b->data.count, 1)) == NULL)
        status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for answers");
    if (status.code == TSR_OK)
        status = measure_both(b, n, path, bytes, size, classes, out);
    free(bytes);
    free(classes);
    data_free(&b->data);
    return status;
}

// ---- what is printed ---------------------------------------------------------------------------------------------------

static void report(const bench *b, const network *n, const measured *m) {
    const char *unit = n->metric == PSNR ? " dB" : " %";
    const double factor = n->metric == PSNR ? 1 : 100;
    printf("%-20s  %-9s  float %6.2f%s  int8 %6.2f%s   on %s\n", n->name, metric_names[n->metric], factor * m->real, unit,
           factor * m->integer, unit, n->on);
    if (!isnan(m->of_others))
        printf("%-20s  %-9s  its makers' int8 form: %6.2f%s\n", "", "", factor * m->of_others, unit);
    FILE *csv = b->csv != NULL ? fopen(b->csv, "a") : NULL;
    if (csv == NULL)
        return;
    fseek(csv, 0, SEEK_END);
    if (ftell(csv) == 0)
        fputs("commit,config,network,metric,float_value,int8_value\n", csv);
    fprintf(csv, "%s,%s,%s,%s,%.4f,%.4f\n", b->commit, b->config, n->name, metric_names[n->metric], m->real, m->integer);
    fclose(csv);
}

int main(int argc, char **argv) {
    bench b = {.folder = "../shared/models", .commit = "unknown", .config = "pynq"};
    unsigned passed = 0, failed = 0, skipped = 0;
    for (int option; (option = getopt(argc, argv, "m:o:r:c:t")) != -1;) {
        switch (option) {
        case 'm': b.folder = optarg; break;
        case 'o': b.csv = optarg; break;
        case 'r': b.commit = optarg; break;
        case 'c': b.config = optarg; break;
        case 't': b.test = true; break;
        default: fprintf(stderr, "usage: %s [-m FOLDER] [-o FILE.csv] [-r COMMIT] [-c CONFIG] [-t]\n", argv[0]); return 2;
        }
    }
    for (int i = 0; i < NETWORKS; i++) {
        const network *n = &networks[i];
        char path[1024];
        measured m;
        snprintf(path, sizeof path, "%s%s", n->path[0] == '/' ? b.folder : "", n->path);
        if (access(path, R_OK) != 0) {
            printf("SKIP %s_loses_little: %s is not there\n", n->name, path);
            skipped++;
            continue;
        }
        tsr_status status = work(&b, n, path, &m);
        if (status.code == TSR_OK)
            report(&b, n, &m);
        const bool good = status.code == TSR_OK && m.integer >= m.real - n->may_lose;
        if (!good)
            printf("FAIL %s_loses_little: %s\n", n->name, status.code != TSR_OK ? status.message : "loses more than it may");
        *(good ? &passed : &failed) += 1;
    }
    if (b.test)
        printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed == 0 ? 0 : 1;
}
