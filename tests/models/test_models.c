// SPDX-License-Identifier: Apache-2.0
// Whole models against the answers that their own frameworks gave (README.md beside this file).
//
//   test_models [-v] [-l] [-t TEXT] [--full] [--shared DIR]
//
// Without --full the large networks run on `cpu` and `func` only and the small ones on `rtl` in one configuration; with it
// every model runs on every device in every configuration.
#include <math.h>
#include <unistd.h>

#include "check.h"
#include "npy.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

static const char *shared_models = "../shared/models";
static bool full;

// ---- a model on a device ----------------------------------------------------------------------------------------------

typedef struct loaded {
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
} loaded;

static void unload(loaded *l) {
    tsr_session_destroy(l->session);
    tsr_program_free(l->program);
    tsr_device_close(l->device);
    memset(l, 0, sizeof *l);
}

// device: "cpu", "func", "rtl", or "race": func with its race check on; config: a configuration's name.
static tsr_status load(const char *model, const char *device, const char *config_name, loaded *out) {
    memset(out, 0, sizeof *out);
    tsr_config config;
    char path[128], full_name[128];
    snprintf(path, sizeof path, "isa/configs/%s.cfg", config_name);
    TSR_TRY(tsr_config_load(path, &config));
    bool cpu = strcmp(device, "cpu") == 0;
    static const char *const all[] = {"*=accelerator"}; // also where the CPU would be faster
    tsr_compile_options options = {.config = cpu ? NULL : &config, .host_only = cpu, .place_count = 1, .places = all};
    TSR_TRY(tsr_compile_file(model, &options, &out->program));
    if (strcmp(device, "race") == 0)
        snprintf(full_name, sizeof full_name, "func:config=%s,race=1", config_name);
    else
        snprintf(full_name, sizeof full_name, cpu ? "cpu" : "%s:config=%s", device, config_name);
    tsr_status status = tsr_device_open(full_name, &out->device);
    if (status.code == TSR_OK)
        status = tsr_session_create(out->device, out->program, &out->session);
    if (status.code != TSR_OK)
        unload(out);
    return status;
}

static tsr_status run(loaded *l, void *const *inputs, void *output) {
    for (uint32_t i = 0; i < l->program->input_count; i++) {
        tsr_tensor t = tsr_tensor_for(&l->program->inputs[i], inputs[i]);
        TSR_TRY(tsr_session_set_input(l->session, i, &t));
    }
    TSR_TRY(tsr_session_invoke(l->session, 0));
    tsr_tensor t = tsr_tensor_for(&l->program->outputs[0], output);
    return tsr_session_get_output(l->session, 0, &t);
}

// ---- TFLite: byte for byte --------------------------------------------------------------------------------------------

typedef struct tflite_model {
    const char *folder, *file;
    bool large, picture;
} tflite_model;

static const tflite_model tflite_models[] = {
    {"resnet8", "mlperf_tiny/ic_resnet8_int8.tflite", false, true},
    {"dscnn", "mlperf_tiny/kws_dscnn_int8.tflite", false, false},
    {"autoencoder", "mlperf_tiny/ad_autoencoder_int8.tflite", false, false},
    {"mobilenet_v1_0.25_128", "imagenet/mobilenet_v1_0.25_128_uint8.tflite", true, true},
    {"mobilenet_v2_1.0_224", "imagenet/mobilenet_v2_1.0_224_int8.tflite", true, true},
};

// The photographs, 24-bit uncompressed, resized by an integer box filter.
static bool fill_picture(const char *name, uint8_t *to, uint32_t height, uint32_t width, bool is_signed) {
    char path[256];
    snprintf(path, sizeof path, "%s/imagenet/%s.bmp", shared_models, name);
    size_t size;
    uint8_t *file = read_whole_file(path, &size);
    if (file == NULL || size < 54) {
        free(file);
        return false;
    }
    uint32_t start, w, h;
    memcpy(&start, file + 10, 4);
    memcpy(&w, file + 18, 4);
    memcpy(&h, file + 22, 4);
    size_t row = ((size_t)w * 3 + 3) / 4 * 4;
    if (start + row * h > size) {
        free(file);
        return false;
    }
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t y0 = y * h / height, y1 = (y + 1) * h / height, x0 = x * w / width, x1 = (x + 1) * w / width;
            y1 = y1 > y0 ? y1 : y0 + 1;
            x1 = x1 > x0 ? x1 : x0 + 1;
            uint32_t n = (y1 - y0) * (x1 - x0);
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t sum = 0;
                for (uint32_t sy = y0; sy < y1; sy++)
                    for (uint32_t sx = x0; sx < x1; sx++)
                        sum += file[start + (h - 1 - sy) * row + sx * 3 + (2 - c)];
                to[(y * width + x) * 3 + c] = (uint8_t)((sum + n / 2) / n - (is_signed ? 128 : 0));
            }
        }
    free(file);
    return true;
}

static bool fill_input(const char *name, const tsr_io *io, uint8_t *to) {
    bool is_signed = io->dtype == TSR_I8;
    uint64_t n = 0;
    if (strncmp(name, "random_", 7) == 0) {
        uint64_t x = (uint64_t)(name[7] - '0') * UINT64_C(0x9E3779B97F4A7C15);
        for (; n < io->bytes; n++) {
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            to[n] = (uint8_t)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 56);
        }
        return true;
    }
    if (strcmp(name, "cat") == 0 || strcmp(name, "grace_hopper") == 0)
        return fill_picture(name, to, io->shape[1], io->shape[2], is_signed);
    for (; n < io->bytes; n++)
        to[n] = strcmp(name, "ramp") == 0     ? (uint8_t)((5 * n + n / 64 * 3) % 256 - (is_signed ? 128 : 0))
                : strcmp(name, "lowest") == 0 ? (is_signed ? 0x80 : 0)
                                              : (is_signed ? 0x7f : 0xff);
    return true;
}

typedef struct model_run {
    const tflite_model *model;
    const char *device, *config;
} model_run;

// With random_1 first and last, so that what ran in between cannot have left anything behind.
TEST tflite_model_gives_the_reference_bytes(const model_run *r) {
    static const char *const cases[] = {"random_1", "cat",      "grace_hopper", "ramp",    "lowest",
                                        "highest",  "random_2", "random_3",     "random_1"};
    char path[256];
    snprintf(path, sizeof path, "%s/%s", shared_models, r->model->file);
    if (access(path, R_OK) != 0)
        SKIPm("the models folder is not beside the project");
    loaded l;
    ASSERT_OK(load(path, r->device, r->config, &l));
    const tsr_io *in = &l.program->inputs[0], *out = &l.program->outputs[0];
    uint8_t *input = malloc(in->bytes), *output = malloc(out->bytes);
    unsigned wrong = 0, ran = 0;
    tsr_status status = tsr_ok();
    bool slow = (strcmp(r->device, "rtl") == 0 && r->model->large) || strcmp(r->device, "race") == 0;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0] && status.code == TSR_OK; c++) {
        snprintf(path, sizeof path, "tests/models/recorded/%s/%s.npy", r->model->folder, cases[c]);
        npy want = npy_read(path);
        if (want.data != NULL && !(slow && c > 1) && fill_input(cases[c], in, input)) {
            status = run(&l, (void *[]){input}, output);
            ran++;
            if (status.code == TSR_OK && (want.bytes != out->bytes || memcmp(want.data, output, out->bytes) != 0)) {
                unsigned differing = 0;
                for (uint64_t i = 0; i < out->bytes && i < want.bytes; i++)
                    differing += want.data[i] != output[i];
                fprintf(stderr, "%s on %s (%s), %s: %u of %u bytes differ\n", r->model->folder, r->device, r->config, cases[c],
                        differing, (unsigned)out->bytes);
                wrong++;
            }
        }
        free(want.file);
    }
    free(input);
    free(output);
    unload(&l);
    ASSERT_OK(status);
    ASSERT(ran > 0);
    ASSERT_EQ_FMT(0u, wrong, "%u wrong cases");
    PASS();
}

// ---- ONNX QDQ: at most one step in one element of a thousand ----------------------------------------------------------

typedef struct qdq_run {
    char name[64];
    const char *device, *config;
} qdq_run;

// Halves of steps are what add_ties and averagepool_ties are made of; there, integer kernels may round the other way.
static bool ties_are_meant(const char *name) { return strstr(name, "_ties") != NULL; }

static check_result compare_steps(const uint8_t *want, const uint8_t *got, size_t count, bool is_signed, bool ties) {
    size_t off_by_one = 0, off = 0;
    for (size_t i = 0; i < count; i++) {
        int a = is_signed ? (int8_t)want[i] : want[i], b = is_signed ? (int8_t)got[i] : got[i];
        off_by_one += abs(a - b) == 1;
        off += abs(a - b) > 1;
    }
    if (off > 0 || (!ties && off_by_one > count / 1000)) {
        fprintf(stderr, "%zu of %zu elements differ by one step, %zu by more\n", off_by_one, count, off);
        FAILm("too far from ONNX Runtime's answer");
    }
    PASS();
}

TEST qdq_model_agrees_with_onnx_runtime(const qdq_run *r) {
    char path[256];
    snprintf(path, sizeof path, "tests/models/qdq/%s/model.onnx", r->name);
    loaded l;
    ASSERT_OK(load(path, r->device, r->config, &l));
    npy in[2] = {{0}}, want;
    snprintf(path, sizeof path, "tests/models/qdq/%s/input.npy", r->name);
    in[0] = npy_read(path);
    snprintf(path, sizeof path, "tests/models/qdq/%s/input_1.npy", r->name);
    in[1] = npy_read(path);
    snprintf(path, sizeof path, "tests/models/qdq/%s/output.npy", r->name);
    want = npy_read(path);
    void *inputs[2];
    for (uint32_t i = 0; i < l.program->input_count && i < 2; i++) { // input_1.npy is the model input of that name
        bool second = in[1].data != NULL && strcmp(l.program->inputs[i].name, "input_1") == 0;
        inputs[i] = (void *)(uintptr_t)in[second].data;
    }
    uint8_t *got = malloc(l.program->outputs[0].bytes);
    check_result result = CHECK_FAIL;
    tsr_status status = want.data != NULL && want.bytes == l.program->outputs[0].bytes
                            ? run(&l, inputs, got)
                            : tsr_error(TSR_NOT_FOUND, "%s is no recording of this model", path);
    if (status.code == TSR_OK)
        result = compare_steps(want.data, got, want.bytes, want.type[1] == 'i', ties_are_meant(r->name));
    else
        fprintf(stderr, "%s\n", status.message), check.message = "did not run", check.file = __FILE__, check.line = __LINE__;
    free(got);
    free(in[0].file);
    free(in[1].file);
    free(want.file);
    unload(&l);
    return result;
}

// ---- the digits model -------------------------------------------------------------------------------------------------

TEST digits_model_agrees_with_onnx_runtime(const model_run *r) {
    loaded l;
    ASSERT_OK(load("models/digits/digits_qdq.onnx", r->device, r->config, &l));
    npy images = npy_read("models/digits/test_images.npy"), want = npy_read("tests/models/digits/probabilities.npy"),
        labels = npy_read("models/digits/test_labels.npy");
    ASSERT(images.data != NULL && want.data != NULL && labels.data != NULL);
    size_t count = labels.bytes, right = 0, differing = 0;
    if (strcmp(r->device, "rtl") == 0)
        count = 40;
    tsr_status status = tsr_ok();
    for (size_t n = 0; n < count && status.code == TSR_OK; n++) {
        float input[64], output[10];
        for (int i = 0; i < 64; i++)
            input[i] = images.data[n * 64 + i] / 255.0f;
        status = run(&l, (void *[]){input}, output);
        int best = 0;
        for (int i = 0; i < 10; i++) {
            float expected;
            memcpy(&expected, want.data + (n * 10 + (size_t)i) * 4, 4);
            differing += fabsf(expected - output[i]) > 1e-5f;
            best = output[i] > output[best] ? i : best;
        }
        right += best == labels.data[n];
    }
    free(images.file);
    free(want.file);
    free(labels.file);
    unload(&l);
    ASSERT_OK(status);
    // A logit one step off moves all ten probabilities of its picture.
    ASSERTm("at most one logit in a thousand differs", differing <= (count * 10 / 1000 + 1) * 10);
    ASSERTm("at least 97% are recognised", right * 100 >= count * 97);
    PASS();
}

// ---- float ------------------------------------------------------------------------------------------------------------

TEST digits_float_model_agrees_with_onnx_runtime(void) {
    loaded l;
    ASSERT_OK(load("models/digits/digits_float.onnx", "cpu", "pynq", &l));
    npy images = npy_read("models/digits/test_images.npy"), want = npy_read("tests/models/digits/float_logits.npy");
    ASSERT(images.data != NULL && want.data != NULL && l.program->outputs[0].bytes == 40);
    bool logits = true; // or probabilities, when the model ends in Softmax
    tsr_status status = tsr_ok();
    float worst = 0;
    for (size_t n = 0; n < 50 && status.code == TSR_OK; n++) {
        float input[64], output[10], expected[10], sum = 0;
        for (int i = 0; i < 64; i++)
            input[i] = images.data[n * 64 + i] / 255.0f;
        status = run(&l, (void *[]){input}, output);
        memcpy(expected, want.data + n * 40, 40);
        for (int i = 0; i < 10; i++)
            sum += output[i];
        logits = fabsf(sum - 1) > 1e-3f;
        float total = 0;
        for (int i = 0; i < 10; i++)
            total += expf(expected[i]);
        for (int i = 0; i < 10; i++)
            worst = fmaxf(worst, fabsf(output[i] - (logits ? expected[i] : expf(expected[i]) / total)));
    }
    free(images.file);
    free(want.file);
    unload(&l);
    ASSERT_OK(status);
    ASSERT(worst < 1e-4f);
    PASS();
}

// ---- which, where -----------------------------------------------------------------------------------------------------

static const char *const configs[] = {"pynq", "tiny", "wide", "batch4"};

static void run_tflite(const tflite_model *m, const char *device, const char *config) {
    char name[128];
    snprintf(name, sizeof name, "tflite_%s_gives_the_reference_bytes_on_%s_%s", m->folder, device, config);
    model_run r = {m, device, config};
    RUN_TEST_AS(name, tflite_model_gives_the_reference_bytes, &r);
}
static void run_digits(const char *device, const char *config) {
    char name[128];
    snprintf(name, sizeof name, "digits_agree_with_onnx_runtime_on_%s_%s", device, config);
    model_run r = {NULL, device, config};
    RUN_TEST_AS(name, digits_model_agrees_with_onnx_runtime, &r);
}

SUITE(digits) {
    RUN_TEST(digits_float_model_agrees_with_onnx_runtime);
    run_digits("cpu", "pynq");
    for (int c = 0; c < 4; c++) {
        run_digits("func", configs[c]);
        run_digits("rtl", configs[c]);
    }
}

SUITE(qdq) {
    FILE *f = fopen("tests/models/qdq/cases.txt", "r");
    char line[256];
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        qdq_run r = {.device = "cpu", .config = "pynq"};
        if (strncmp(line, "case\t", 5) == 0 || sscanf(line, "%63[^\t]", r.name) != 1)
            continue;
        char name[160];
        snprintf(name, sizeof name, "qdq_%s_agrees_with_onnx_runtime_on_cpu", r.name);
        RUN_TEST_AS(name, qdq_model_agrees_with_onnx_runtime, &r);
        for (int c = 0; c < 4; c++) {
            r.device = "func";
            r.config = configs[c];
            snprintf(name, sizeof name, "qdq_%s_agrees_with_onnx_runtime_on_func_%s", r.name, configs[c]);
            RUN_TEST_AS(name, qdq_model_agrees_with_onnx_runtime, &r);
        }
    }
    if (f != NULL)
        fclose(f);
}

SUITE(tflite) {
    for (size_t m = 0; m < sizeof tflite_models / sizeof tflite_models[0]; m++) {
        const tflite_model *model = &tflite_models[m];
        run_tflite(model, "cpu", "pynq");
        for (int c = 0; c < (full ? 4 : 1); c++)
            run_tflite(model, "func", configs[c]);
        for (int c = 0; c < (full ? 4 : 1); c++)
            if (full || !model->large)
                run_tflite(model, "rtl", configs[c]);
        for (int c = 0; c < 4; c++)
            if (full || !model->large)
                run_tflite(model, "race", configs[c]);
    }
}

int main(int argc, char **argv) {
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0)
            full = true;
        else if (strcmp(argv[i], "--shared") == 0 && i + 1 < argc)
            shared_models = argv[++i];
        else
            argv[kept++] = argv[i];
    }
    argc = kept;
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(digits);
    RUN_SUITE(qdq);
    RUN_SUITE(tflite);
    GREATEST_MAIN_END();
}
