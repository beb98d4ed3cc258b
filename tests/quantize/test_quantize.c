// SPDX-License-Identifier: Apache-2.0
// Quantisation through its public interface: the digits network, and small networks made for one question each.
#include <math.h>

#include "check.h"
#include "tests/models/npy.h"
#include "tsr/compiler.h"
#include "tsr/onnx_writer.h"
#include "tsr/quantize.h"
#include "tsr/tessera.h"

enum { PIXELS = 64, CLASSES = 10, CALIBRATION = 100, RECORDED = 20 };

static const tsr_quantize_options standard = {.method = TSR_CALIBRATE_MSE, .equalise = true, .bias_correct = true};

// ---- running -----------------------------------------------------------------------------------------------------------

// One run of a model in memory on a device; the first output as floats.
static tsr_status run_model(const char *device_name, const uint8_t *bytes, size_t size, const float *inputs, uint32_t count,
                            float *out) {
    tsr_device *device = NULL;
    tsr_program *program = NULL;
    tsr_session *session = NULL;
    tsr_status status = tsr_device_open(device_name, &device);
    const tsr_device_info *info = status.code == TSR_OK ? tsr_device_get_info(device) : NULL;
    const bool host = info == NULL || info->config.batch == 0;
    const tsr_compile_options options = {.host_only = host, .config = host ? NULL : &info->config};
    if (status.code == TSR_OK)
        status = tsr_compile_bytes(bytes, size, "quantised.onnx", &options, &program);
    if (status.code == TSR_OK)
        status = tsr_session_create(device, program, &session);
    for (uint32_t i = 0; i < count && status.code == TSR_OK; i++) {
        const size_t in = program->inputs[0].bytes, outs = program->outputs[0].bytes;
        const tsr_tensor x = tsr_tensor_for(&program->inputs[0], (void *)(uintptr_t)((const char *)inputs + i * in));
        const tsr_tensor y = tsr_tensor_for(&program->outputs[0], (char *)out + i * outs);
        status = tsr_session_set_input(session, 0, &x);
        if (status.code == TSR_OK)
            status = tsr_session_invoke(session, 0);
        if (status.code == TSR_OK)
            status = tsr_session_get_output(session, 0, &y);
    }
    tsr_session_destroy(session);
    tsr_device_close(device);
    tsr_program_free(program);
    return status;
}

static double sqnr(const float *real, const float *other, size_t count) {
    double signal = 0, noise = 1e-30;
    for (size_t i = 0; i < count; i++) {
        signal += (double)real[i] * (double)real[i];
        noise += ((double)real[i] - (double)other[i]) * ((double)real[i] - (double)other[i]);
    }
    return 10 * log10(signal / noise);
}

// ---- the digits network ------------------------------------------------------------------------------------------------

typedef struct digits {
    npy images, labels;
    float *pictures;
    uint32_t count;
} digits;

static tsr_status load_digit(void *context, uint32_t sample, uint32_t input, void *data) {
    const digits *d = context;
    (void)input;
    memcpy(data, d->pictures + (size_t)sample * PIXELS, PIXELS * sizeof(float));
    return tsr_ok();
}

static bool open_digits(digits *d) {
    d->images = npy_read("models/digits/test_images.npy");
    d->labels = npy_read("models/digits/test_labels.npy");
    if (d->images.data == NULL || d->labels.data == NULL)
        return false;
    d->count = (uint32_t)d->labels.bytes;
    d->pictures = calloc(d->images.bytes, sizeof(float));
    for (size_t i = 0; i < d->images.bytes; i++)
        d->pictures[i] = (float)(d->images.data[i] / 255.0);
    return d->pictures != NULL;
}

static void close_digits(digits *d) {
    free(d->images.file);
    free(d->labels.file);
    free(d->pictures);
}

static tsr_status quantise_digits(const digits *d, const tsr_quantize_options *options, tsr_quantizer **out_q,
                                  uint8_t **out_bytes, size_t *out_size) {
    const tsr_samples samples = {CALIBRATION, load_digit, (void *)(uintptr_t)d};
    *out_bytes = NULL;
    TSR_TRY(tsr_quantizer_open("models/digits/digits_float.onnx", 0, 0, NULL, out_q));
    TSR_TRY(tsr_quantizer_run(*out_q, &samples, options));
    return tsr_quantizer_write(*out_q, out_bytes, out_size);
}

static uint32_t right_answers(const digits *d, const float *probabilities, uint32_t first, uint32_t count) {
    uint32_t right = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t best = 0;
        for (uint32_t c = 1; c < CLASSES; c++)
            best = probabilities[i * CLASSES + c] > probabilities[i * CLASSES + best] ? c : best;
        right += best == d->labels.data[first + i];
    }
    return right;
}

static const char *const kept[] = {"conv2_Conv", "logits*"};
static const struct variant {
    const char *name;
    bool accelerator; // run there, too
    tsr_quantize_options options;
} variants[] = {
    {"standard", true, {.method = TSR_CALIBRATE_MSE, .equalise = true, .bias_correct = true}},
    {"minmax", false, {.method = TSR_CALIBRATE_MINMAX, .equalise = true, .bias_correct = true}},
    {"percentile", false, {.method = TSR_CALIBRATE_PERCENTILE, .percentile = 99.9, .equalise = true, .bias_correct = true}},
    {"kl", false, {.method = TSR_CALIBRATE_ENTROPY, .equalise = true, .bias_correct = true}},
    {"plain", false, {.method = TSR_CALIBRATE_MSE}},
    {"per_tensor", false, {.method = TSR_CALIBRATE_MSE, .per_tensor_weights = true, .equalise = true, .bias_correct = true}},
    {"symmetric", false, {.method = TSR_CALIBRATE_MSE, .symmetric = true, .equalise = true, .bias_correct = true}},
    {"uint8", true, {.method = TSR_CALIBRATE_MSE, .uint8_activations = true, .equalise = true, .bias_correct = true}},
    {"keep", true, {.method = TSR_CALIBRATE_MSE, .keep_count = 2, .keep = kept, .equalise = true, .bias_correct = true}},
};

// On another kind of CPU the float model rounds differently, so that scales differ in their last bits and a few integers by a
// step; 40 dB is far above what any two variants agree by with one of their parameters wrong.
static check_result variant_is_right(const struct variant *v) {
    digits d = {0};
    tsr_quantizer *q = NULL;
    uint8_t *bytes;
    size_t size;
    char path[128];
    float *answers = calloc(260, CLASSES * sizeof(float));
    ASSERT(answers != NULL && open_digits(&d));
    ASSERT_OK(quantise_digits(&d, &v->options, &q, &bytes, &size));
    ASSERT(memmem(bytes, size, "Transpose", 9) == NULL && memmem(bytes, size, "QuantizeLinear", 14) != NULL);
    const float *pictures = d.pictures + (size_t)CALIBRATION * PIXELS;
    ASSERT_OK(run_model("cpu", bytes, size, pictures, 260, answers));
    ASSERT(right_answers(&d, answers, CALIBRATION, 260) >= 254); // float: 256
    snprintf(path, sizeof path, "tests/quantize/recorded/%s.npy", v->name);
    const npy recorded = npy_read(path);
    ASSERTm(path, recorded.data != NULL && recorded.bytes == sizeof(float[RECORDED * CLASSES]));
    const double agree = sqnr((const float *)(const void *)recorded.data, answers, RECORDED * CLASSES);
    if (agree < 40)
        fprintf(stderr, "%s: %.1f dB from ONNX Runtime's answers\n", v->name, agree);
    ASSERT(agree >= 40);
    float *accelerator = calloc(RECORDED, CLASSES * sizeof(float));
    if (v->accelerator)
        ASSERT_OK(run_model("func:config=tiny", bytes, size, pictures, RECORDED, accelerator));
    ASSERT_MEM_EQ(answers, accelerator, (v->accelerator ? RECORDED : 0) * CLASSES * sizeof(float));
    free(accelerator);
    free(recorded.file);
    free(answers);
    free(bytes);
    tsr_quantizer_close(q);
    close_digits(&d);
    PASS();
}

#define VARIANT(name, number)                                                                                                    \
    TEST name##_digits_answer_as_in_onnx_runtime(void) { return variant_is_right(&variants[number]); }
VARIANT(standard, 0)
VARIANT(minmax, 1)
VARIANT(percentile, 2)
VARIANT(kl, 3)
VARIANT(plain, 4)
VARIANT(per_tensor, 5)
VARIANT(symmetric, 6)
VARIANT(uint8, 7)
VARIANT(keep, 8)

static const tsr_quantize_layer *layer_named(const tsr_quantizer *q, const char *name);
static check_result report_is_right(const tsr_quantizer *q);

TEST the_same_samples_give_the_same_bytes_and_a_line_a_layer(void) {
    digits d = {0};
    tsr_quantizer *q[2] = {NULL, NULL};
    uint8_t *bytes[2];
    size_t size[2];
    ASSERT(open_digits(&d));
    for (int i = 0; i < 2; i++)
        ASSERT_OK(quantise_digits(&d, &standard, &q[i], &bytes[i], &size[i]));
    ASSERT_EQ(size[0], size[1]);
    ASSERT_MEM_EQ(bytes[0], bytes[1], size[0]);
    CHECK_CALL(report_is_right(q[0]));
    for (int i = 0; i < 2; i++) {
        free(bytes[i]);
        tsr_quantizer_close(q[i]);
    }
    close_digits(&d);
    PASS();
}

static const tsr_quantize_layer *layer_named(const tsr_quantizer *q, const char *name) {
    const tsr_quantize_report *report = tsr_quantizer_report(q);
    for (uint32_t i = 0; i < report->layer_count; i++)
        if (strcmp(report->layers[i].name, name) == 0)
            return &report->layers[i];
    return NULL;
}

static check_result report_is_right(const tsr_quantizer *q) {
    static const char *const names[] = {"conv1_Conv",     "conv2_Conv",          "conv3_Conv",  "add_Add",
                                        "depthwise_Conv", "avgpool_AveragePool", "logits_Gemm", "probabilities_Softmax"};
    const tsr_quantize_report *report = tsr_quantizer_report(q);
    ASSERT_EQ(8, report->layer_count);
    ASSERT_EQ(CALIBRATION, report->samples);
    ASSERT_EQ(1, report->equalised); // conv1 and conv2: the others have a pool or an Add between them
    ASSERT_EQ(5, report->corrected);
    for (uint32_t i = 0; i < 8; i++) {
        const tsr_quantize_layer *l = &report->layers[i];
        ASSERT_STR_EQ(names[i], l->name);
        ASSERT_EQ(i != 7, l->integer);
        ASSERT(i == 7 ? isnan(l->own_sqnr) : l->own_sqnr > 30 && l->own_sqnr < 60);
        ASSERT(l->total_sqnr > 30);
        ASSERT(i == 7 || l->total_sqnr <= l->own_sqnr + 1); // what is before a layer takes from it
    }
    ASSERT(report->layers[0].own_sqnr == report->layers[0].total_sqnr); // nothing is before it
    ASSERT_EQ(294912, report->layers[1].macs);
    ASSERT_EQ(1, report->output_count);
    ASSERT(report->outputs[0].agreement == 1);
    PASS();
}

// Alone conv3 is at 38.5 dB, conv1 and conv2 are over 41.
TEST layers_below_a_limit_stay_in_float(void) {
    digits d = {0};
    tsr_quantizer *q = NULL;
    tsr_quantize_options options = standard;
    uint8_t *bytes;
    size_t size;
    options.least_sqnr = 39;
    ASSERT(open_digits(&d));
    ASSERT_OK(quantise_digits(&d, &options, &q, &bytes, &size));
    ASSERT_FALSE(layer_named(q, "conv3_Conv")->integer);
    ASSERT(isnan(layer_named(q, "conv3_Conv")->own_sqnr) && layer_named(q, "conv3_Conv")->scale == 0);
    ASSERT(layer_named(q, "conv1_Conv")->integer && layer_named(q, "conv2_Conv")->integer);
    free(bytes);
    tsr_quantizer_close(q);
    close_digits(&d);
    PASS();
}

static tsr_status with_options(const digits *d, const tsr_quantize_options *options) {
    tsr_quantizer *q = NULL;
    uint8_t *bytes;
    size_t size;
    tsr_status status = quantise_digits(d, options, &q, &bytes, &size);
    free(bytes);
    tsr_quantizer_close(q);
    return status;
}

TEST a_pattern_that_fits_no_layer_is_refused(void) {
    static const char *const pattern[] = {"conv9*"};
    digits d = {0};
    tsr_quantize_options options = standard;
    options.keep_count = 1;
    options.keep = pattern;
    ASSERT(open_digits(&d));
    const tsr_status status = with_options(&d, &options);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("conv9*", status.message);
    close_digits(&d);
    PASS();
}

TEST a_model_with_every_layer_in_float_is_refused(void) {
    static const char *const pattern[] = {"*"};
    digits d = {0};
    tsr_quantize_options options = standard;
    options.keep_count = 1;
    options.keep = pattern;
    ASSERT(open_digits(&d));
    const tsr_status status = with_options(&d, &options);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("no layer can be quantised", status.message);
    close_digits(&d);
    PASS();
}

TEST values_that_are_no_numbers_are_refused(void) {
    digits d = {0};
    ASSERT(open_digits(&d));
    d.pictures[5 * PIXELS + 3] = INFINITY;
    const tsr_status status = with_options(&d, &standard);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("sample 5", status.message);
    close_digits(&d);
    PASS();
}

TEST a_quantised_model_is_refused(void) {
    tsr_quantizer *q;
    tsr_status status = tsr_quantizer_open("models/digits/digits_qdq.onnx", 0, 0, NULL, &q);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("quantised", status.message);
    ASSERT(q == NULL);
    status = tsr_quantizer_open("tests/import/small.tflite", 0, 0, NULL, &q);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("quantised", status.message);
    PASS();
}

// ---- small networks ----------------------------------------------------------------------------------------------------

typedef struct small {
    const float *samples;
    uint32_t elements, count;
    tsr_quantizer *q;
    uint8_t *bytes;
    size_t size;
    float result[64];
} small;

static tsr_status load_small(void *context, uint32_t sample, uint32_t input, void *data) {
    const small *s = context;
    (void)input;
    memcpy(data, s->samples + (size_t)sample * s->elements, s->elements * sizeof(float));
    return tsr_ok();
}

static tsr_status open_written(tsr_onnx_writer *w, small *s) {
    uint8_t *bytes;
    size_t size;
    char path[] = "/tmp/test_quantize_XXXXXX";
    TSR_TRY(tsr_onnx_serialise(w, &bytes, &size));
    tsr_onnx_writer_free(w);
    const int file = mkstemp(path);
    FILE *f = file >= 0 ? fdopen(file, "wb") : NULL;
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        return tsr_error(TSR_IO, "%s: cannot be written", path);
    free(bytes);
    tsr_status status = tsr_quantizer_open(path, 0, 0, NULL, &s->q);
    remove(path);
    return status;
}

static tsr_status quantise_small(tsr_onnx_writer *w, const tsr_quantize_options *options, small *s) {
    TSR_TRY(open_written(w, s));
    const tsr_samples samples = {s->count, load_small, s};
    TSR_TRY(tsr_quantizer_run(s->q, &samples, options));
    TSR_TRY(tsr_quantizer_write(s->q, &s->bytes, &s->size));
    return run_model("cpu", s->bytes, s->size, s->samples, 1, s->result);
}

static void close_small(small *s) {
    free(s->bytes);
    tsr_quantizer_close(s->q);
}

static const char *gemm(tsr_onnx_writer *w, const char *x, const char *name, int64_t out, int64_t in, const float *weights) {
    char weights_name[32];
    snprintf(weights_name, sizeof weights_name, "%s_w", name);
    const char *const inputs[] = {x, tsr_onnx_constant(w, weights_name, TSR_F32, 2, (const int64_t[]){out, in}, weights)};
    const tsr_onnx_attribute attributes[] = {{.name = "transB", .kind = TSR_ONNX_INT, .i = 1}, {0}};
    return tsr_onnx_node(w, "Gemm", 2, inputs, name, attributes);
}

static const float identity[4] = {1, 0, 0, 1};

// 999 values in -1..1, more of them near 0, and one of 100.
static tsr_status outlier(const tsr_quantize_options *options, double *out_high) {
    static float values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = (float)pow((i * 37 % 1000) / 500.0 - 1, 3);
    values[321] = 100;
    small s = {.samples = values, .elements = 2, .count = 500};
    tsr_onnx_writer *w = tsr_onnx_writer_create("outlier", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    gemm(w, "x", "y", 2, 2, identity);
    tsr_onnx_output(w, "y", TSR_F32, 2, (const int64_t[]){1, 2});
    tsr_status status = quantise_small(w, options, &s);
    if (status.code == TSR_OK)
        *out_high = tsr_quantizer_report(s.q)->layers[0].high;
    close_small(&s);
    return status;
}

TEST minmax_holds_every_value(void) {
    double high;
    ASSERT_OK(outlier(&(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &high));
    ASSERT(fabs(high - 100) < 0.5);
    PASS();
}

TEST a_percentile_cuts_outliers_off(void) {
    double high;
    ASSERT_OK(outlier(&(tsr_quantize_options){.method = TSR_CALIBRATE_PERCENTILE, .percentile = 99.5}, &high));
    ASSERT(high > 0.9 && high < 1.1);
    ASSERT_OK(outlier(&(tsr_quantize_options){.method = TSR_CALIBRATE_PERCENTILE, .percentile = 100}, &high));
    ASSERT(fabs(high - 100) < 0.5);
    PASS();
}

TEST entropy_gives_up_the_outlier(void) {
    double high;
    ASSERT_OK(outlier(&(tsr_quantize_options){.method = TSR_CALIBRATE_ENTROPY}, &high));
    ASSERT(high < 30);
    PASS();
}

// Two branches of very different range into one Concat: integers can only be moved when both have its scale.
TEST concatenated_tensors_share_a_scale(void) {
    static const float large[4] = {50, 0, 0, 50}, values[8] = {1, -1, 0.5f, 0.25f, -0.75f, 0.1f, 0.3f, -0.2f};
    small s = {.samples = values, .elements = 2, .count = 4};
    tsr_onnx_writer *w = tsr_onnx_writer_create("concat", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    const char *parts[] = {gemm(w, "x", "a", 2, 2, identity), gemm(w, "x", "b", 2, 2, large)};
    const tsr_onnx_attribute axis[] = {{.name = "axis", .kind = TSR_ONNX_INT, .i = 1}, {0}};
    tsr_onnx_node(w, "Concat", 2, parts, "c", axis);
    tsr_onnx_output(w, "c", TSR_F32, 2, (const int64_t[]){1, 4});
    ASSERT_OK(quantise_small(w, &(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &s));
    const tsr_quantize_layer *a = layer_named(s.q, "a"), *b = layer_named(s.q, "b");
    ASSERT(a != NULL && b != NULL);
    ASSERT(a->scale == b->scale && a->zero_point == b->zero_point);
    ASSERT(b->high >= 49.5 && b->low <= -49.5);
    ASSERT(fabs((double)s.result[2] - 50) < 0.3 && fabs((double)s.result[0] - 1) < 0.3);
    close_small(&s);
    PASS();
}

TEST sigmoid_and_tanh_have_fixed_ranges(void) {
    static const float values[4] = {0.1f, -0.2f, 0.3f, 0.05f};
    small s = {.samples = values, .elements = 2, .count = 2};
    tsr_onnx_writer *w = tsr_onnx_writer_create("fixed", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    const char *x = gemm(w, "x", "a", 2, 2, identity);
    x = tsr_onnx_node(w, "Sigmoid", 1, &x, "s", NULL);
    tsr_onnx_node(w, "Tanh", 1, &x, "t", NULL);
    tsr_onnx_output(w, "t", TSR_F32, 2, (const int64_t[]){1, 2});
    ASSERT_OK(quantise_small(w, &(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &s));
    ASSERT(layer_named(s.q, "s")->scale == 1.0 / 256 && layer_named(s.q, "s")->zero_point == -128);
    ASSERT(layer_named(s.q, "t")->scale == 1.0 / 128 && layer_named(s.q, "t")->zero_point == 0);
    ASSERT(fabs((double)s.result[0] - tanh(1 / (1 + exp(-0.1)))) < 0.02);
    close_small(&s);
    PASS();
}

TEST a_constant_operand_is_an_integer_in_the_file(void) {
    static const float values[4] = {0.5f, -0.25f, 1, 0.75f}, third[1] = {1.0f / 3};
    small s = {.samples = values, .elements = 2, .count = 2};
    tsr_onnx_writer *w = tsr_onnx_writer_create("scaled", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    const char *a = gemm(w, "x", "a", 2, 2, identity);
    const char *const inputs[] = {tsr_onnx_node(w, "Sigmoid", 1, &a, "s", NULL),
                                  tsr_onnx_constant(w, "third", TSR_F32, 0, NULL, third)};
    tsr_onnx_node(w, "Mul", 2, inputs, "y", NULL);
    tsr_onnx_output(w, "y", TSR_F32, 2, (const int64_t[]){1, 2});
    ASSERT_OK(quantise_small(w, &(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &s));
    static const char quantize[] = "\x0eQuantizeLinear"; // with its length in front, as protobuf has it
    uint32_t nodes = 0;
    for (size_t i = 0; i + sizeof quantize <= s.size; i++)
        nodes += memcmp(s.bytes + i, quantize, sizeof quantize - 1) == 0;
    ASSERT_EQ(4, nodes); // x, a, s, y
    ASSERT(fabs((double)s.result[0] - 1 / (1 + exp(-0.5)) / 3) < 0.01 &&
           fabs((double)s.result[1] - 1 / (1 + exp(0.25)) / 3) < 0.01);
    close_small(&s);
    PASS();
}

// x * sigmoid(exp(x)): what a float node gives is not rounded again before arithmetic.
TEST arithmetic_on_float_results_stays_in_float(void) {
    static const float values[4] = {0.5f, -0.25f, 1, 0.75f};
    small s = {.samples = values, .elements = 2, .count = 2};
    tsr_onnx_writer *w = tsr_onnx_writer_create("floats", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    const char *a = gemm(w, "x", "a", 2, 2, identity), *e = tsr_onnx_node(w, "Exp", 1, &a, "e", NULL);
    const char *const inputs[] = {a, tsr_onnx_node(w, "Sigmoid", 1, &e, "s", NULL)};
    gemm(w, tsr_onnx_node(w, "Mul", 2, inputs, "m", NULL), "y", 2, 2, identity);
    tsr_onnx_output(w, "y", TSR_F32, 2, (const int64_t[]){1, 2});
    ASSERT_OK(quantise_small(w, &(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &s));
    ASSERT(layer_named(s.q, "a")->integer && layer_named(s.q, "y")->integer);
    ASSERT_FALSE(layer_named(s.q, "e")->integer || layer_named(s.q, "s")->integer || layer_named(s.q, "m")->integer);
    close_small(&s);
    PASS();
}

// A bias a million times what its channel's weights allow for in 32 bits: the weights' scale grows instead.
TEST large_biases_fit_into_32_bits(void) {
    static const float weights[4] = {1e-9f, 0, 0, 1}, bias[2] = {3, 0.5f}, values[2] = {1, 1};
    small s = {.samples = values, .elements = 2, .count = 1};
    tsr_onnx_writer *w = tsr_onnx_writer_create("bias", 13);
    tsr_onnx_input(w, "x", TSR_F32, 2, (const int64_t[]){1, 2});
    const char *const inputs[] = {"x", tsr_onnx_constant(w, "w", TSR_F32, 2, (const int64_t[]){2, 2}, weights),
                                  tsr_onnx_constant(w, "b", TSR_F32, 1, (const int64_t[]){2}, bias)};
    const tsr_onnx_attribute attributes[] = {{.name = "transB", .kind = TSR_ONNX_INT, .i = 1}, {0}};
    tsr_onnx_node(w, "Gemm", 3, inputs, "y", attributes);
    tsr_onnx_output(w, "y", TSR_F32, 2, (const int64_t[]){1, 2});
    ASSERT_OK(quantise_small(w, &(tsr_quantize_options){.method = TSR_CALIBRATE_MINMAX}, &s));
    ASSERT(fabs((double)s.result[0] - 3) < 0.02 && fabs((double)s.result[1] - 1.5) < 0.02);
    close_small(&s);
    PASS();
}

TEST all_operators_that_cannot_be_written_are_named(void) {
    small s = {0};
    tsr_onnx_writer *w = tsr_onnx_writer_create("odd", 13);
    tsr_onnx_input(w, "x", TSR_F32, 4, (const int64_t[]){1, 1, 4, 4});
    const char *const x[] = {"x"}, *const outs[] = {"pooled", "where"};
    const tsr_onnx_attribute window[] = {
        {.name = "kernel_shape", .kind = TSR_ONNX_INTS, .ints = (const int64_t[]){2, 2}, .count = 2}, {0}};
    tsr_onnx_node_outputs(w, "MaxPool", 1, x, 2, outs, window);
    tsr_onnx_output(w, "pooled", TSR_F32, 4, (const int64_t[]){1, 1, 3, 3});
    tsr_onnx_output(w, "where", TSR_I64, 4, (const int64_t[]){1, 1, 3, 3});
    const tsr_status status = open_written(w, &s);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("MaxPoolIndex ('pooled", status.message);
    ASSERT(s.q == NULL);
    PASS();
}

SUITE(quantisation) {
    RUN_TEST(standard_digits_answer_as_in_onnx_runtime);
    RUN_TEST(minmax_digits_answer_as_in_onnx_runtime);
    RUN_TEST(percentile_digits_answer_as_in_onnx_runtime);
    RUN_TEST(kl_digits_answer_as_in_onnx_runtime);
    RUN_TEST(plain_digits_answer_as_in_onnx_runtime);
    RUN_TEST(per_tensor_digits_answer_as_in_onnx_runtime);
    RUN_TEST(symmetric_digits_answer_as_in_onnx_runtime);
    RUN_TEST(uint8_digits_answer_as_in_onnx_runtime);
    RUN_TEST(keep_digits_answer_as_in_onnx_runtime);
    RUN_TEST(the_same_samples_give_the_same_bytes_and_a_line_a_layer);
    RUN_TEST(layers_below_a_limit_stay_in_float);
    RUN_TEST(a_pattern_that_fits_no_layer_is_refused);
    RUN_TEST(a_model_with_every_layer_in_float_is_refused);
    RUN_TEST(values_that_are_no_numbers_are_refused);
    RUN_TEST(a_quantised_model_is_refused);
    RUN_TEST(minmax_holds_every_value);
    RUN_TEST(a_percentile_cuts_outliers_off);
    RUN_TEST(entropy_gives_up_the_outlier);
    RUN_TEST(concatenated_tensors_share_a_scale);
    RUN_TEST(sigmoid_and_tanh_have_fixed_ranges);
    RUN_TEST(a_constant_operand_is_an_integer_in_the_file);
    RUN_TEST(arithmetic_on_float_results_stays_in_float);
    RUN_TEST(large_biases_fit_into_32_bits);
    RUN_TEST(all_operators_that_cannot_be_written_are_named);
}

GREATEST_MAIN_DEFS();
int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(quantisation);
    GREATEST_MAIN_END();
}
