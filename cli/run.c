// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "input.h"
#include "model.h"
#include "npy.h"
#include "progress.h"
#include "report.h"

enum { DEVICE_NAME_BYTES = 1024 };

typedef struct arguments {
    const char *device, *config, *labels, *output, *mean, *scale;
    option_list inputs;
    uint32_t top, timeout_ms, threads;
    model_arguments compile;
    bool json, profile;
} arguments;

typedef struct job {
    const char *model;
    const arguments *arguments;
    input_rule rule;
    label_list labels;
    char device_name[DEVICE_NAME_BYTES];
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
    void **outputs;
} job;

// A compiled model says which configuration it wants; --device rtl alone then means that one.
static tsr_status open_device(job *j, bool compiled) {
    const arguments *a = j->arguments;
    const char *config = a->config, *device = a->device;
    if (compiled && device == NULL)
        device = tsr_program_uses_accelerator(j->program) ? "func" : "cpu";
    if (compiled && config == NULL && strchr(device, ':') == NULL && tsr_program_uses_accelerator(j->program))
        config = j->program->config.name;
    TSR_TRY(model_device_name(device != NULL ? device : "func", config, j->device_name, sizeof j->device_name));
    return tsr_device_open(j->device_name, &j->device);
}

static tsr_status load(job *j) {
    bool compiled;
    TSR_TRY(model_is_compiled(j->model, &compiled));
    if (compiled) {
        TSR_TRY(tsr_program_load(j->model, &j->program));
        return open_device(j, true);
    }
    TSR_TRY(open_device(j, false));
    const tsr_device_info *info = tsr_device_get_info(j->device);
    bool host_only = info->config.batch == 0; // a device without an accelerator
    return model_compile(j->model, &j->arguments->compile,
                         (tsr_compile_options){
                             .config = host_only ? NULL : &info->config,
                             .host_only = host_only,
                         },
                         &j->program);
}

// `FILE` is for the next input, `NAME=FILE` for the one of that name.
static tsr_status find_input(const job *j, const char *text, uint32_t *next, uint32_t *out_index, const char **out_path) {
    *out_path = text;
    for (uint32_t i = 0; i < j->program->input_count; i++) {
        const char *name = j->program->inputs[i].name;
        size_t length = strlen(name);
        if (length != 0 && strncmp(text, name, length) == 0 && text[length] == '=') {
            *out_index = i;
            *out_path = text + length + 1;
            return tsr_ok();
        }
    }
    *out_index = (*next)++;
    if (*out_index >= j->program->input_count)
        return tsr_error(TSR_INVALID_ARGUMENT, "--input %s: %s has %" PRIu32 " input%s; see `tessera info %s`", text, j->model,
                         j->program->input_count, j->program->input_count == 1 ? "" : "s", j->model);
    return tsr_ok();
}

static tsr_status set_input(job *j, uint32_t index, const char *path) {
    const tsr_io *io = &j->program->inputs[index];
    void *data = calloc(1, io->bytes);
    if (data == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %s", io->name);
    tsr_status status = input_load(path, io, &j->rule, data);
    if (status.code == TSR_OK) {
        tsr_tensor tensor = tsr_tensor_for(io, data);
        status = tsr_session_set_input(j->session, index, &tensor);
    }
    free(data);
    return status;
}

static tsr_status set_inputs(job *j) {
    bool *given = calloc(j->program->input_count + 1U, sizeof *given);
    if (given == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for inputs");
    tsr_status status = tsr_ok();
    uint32_t next = 0;
    for (unsigned i = 0; i < j->arguments->inputs.count && status.code == TSR_OK; i++) {
        uint32_t index;
        const char *path;
        status = find_input(j, j->arguments->inputs.texts[i], &next, &index, &path);
        if (status.code == TSR_OK && given[index])
            status = tsr_error(TSR_INVALID_ARGUMENT, "--input %s: input %s has been given before", j->arguments->inputs.texts[i],
                               j->program->inputs[index].name);
        if (status.code == TSR_OK) {
            given[index] = true;
            status = set_input(j, index, path);
        }
    }
    for (uint32_t i = 0; i < j->program->input_count && status.code == TSR_OK; i++)
        if (!given[i])
            status = tsr_error(TSR_INVALID_ARGUMENT, "input %" PRIu32 " (%s, %s %s) is missing; give --input FILE", i,
                               j->program->inputs[i].name, tsr_dtype_name(j->program->inputs[i].dtype),
                               shape_text(j->program->inputs[i].rank, j->program->inputs[i].shape));
    free(given);
    return status;
}

static tsr_status get_outputs(job *j) {
    j->outputs = calloc(j->program->output_count + 1U, sizeof *j->outputs);
    if (j->outputs == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for outputs");
    for (uint32_t i = 0; i < j->program->output_count; i++) {
        const tsr_io *io = &j->program->outputs[i];
        j->outputs[i] = malloc(io->bytes != 0 ? io->bytes : 1);
        if (j->outputs[i] == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for output %s", io->name);
        tsr_tensor tensor = tsr_tensor_for(io, j->outputs[i]);
        TSR_TRY(tsr_session_get_output(j->session, i, &tensor));
    }
    return tsr_ok();
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

// FILE.npy takes the first output; PREFIX makes PREFIX0.npy, PREFIX1.npy, ...
static tsr_status write_outputs(const job *j) {
    const char *output = j->arguments->output;
    if (output == NULL)
        return tsr_ok();
    bool one = ends_with(output, ".npy");
    for (uint32_t i = 0; i < (one ? 1 : j->program->output_count); i++) {
        const tsr_io *io = &j->program->outputs[i];
        npy_array array = {.dtype = io->dtype, .rank = io->rank, .data = j->outputs[i], .bytes = io->bytes};
        memcpy(array.shape, io->shape, sizeof array.shape);
        char path[4096];
        int length =
            one ? snprintf(path, sizeof path, "%s", output) : snprintf(path, sizeof path, "%s%" PRIu32 ".npy", output, i);
        if (length < 0 || (size_t)length >= sizeof path)
            return tsr_error(TSR_INVALID_ARGUMENT, "--output: the name is too long");
        TSR_TRY(npy_write(path, &array));
    }
    return tsr_ok();
}

static tsr_status invoke(job *j) {
    progress *bar = progress_start("running");
    if (bar != NULL)
        tsr_session_on_step(j->session, progress_on_step, bar);
    tsr_status status = tsr_session_invoke(j->session, j->arguments->timeout_ms);
    tsr_session_on_step(j->session, NULL, NULL);
    progress_end(bar);
    return status;
}

static tsr_status work(job *j) {
    const arguments *a = j->arguments;
    TSR_TRY(input_rule_parse(a->mean, a->scale, &j->rule));
    if (a->labels != NULL)
        TSR_TRY(labels_load(a->labels, &j->labels));
    TSR_TRY(load(j));
    if (j->program->output_count == 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: has no output", j->model);
    TSR_TRY(tsr_session_create(j->device, j->program, &j->session));
    TSR_TRY(tsr_session_set_threads(j->session, a->threads));
    TSR_TRY(set_inputs(j));
    TSR_TRY(invoke(j));
    TSR_TRY(get_outputs(j));
    TSR_TRY(write_outputs(j));
    const report r = {
        .model = j->model,
        .device = j->device_name,
        .program = j->program,
        .info = tsr_device_get_info(j->device),
        .profile = tsr_session_get_profile(j->session),
        .labels = a->labels != NULL ? &j->labels : NULL,
        .top = a->top,
        .show_profile = a->profile,
        .outputs = j->outputs,
    };
    if (a->json)
        report_json(&r);
    else
        report_text(&r);
    return tsr_ok();
}

static void clean_up(job *j) {
    for (uint32_t i = 0; j->outputs != NULL && i < j->program->output_count; i++)
        free(j->outputs[i]);
    free(j->outputs);
    tsr_session_destroy(j->session);
    tsr_program_free(j->program);
    tsr_device_close(j->device);
    labels_free(&j->labels);
}

int cli_run(int argc, char **argv) {
    arguments a = {.top = 5, .compile.batch = 1};
    const cli_option options[] = {
        {OPTION_LIST, "--input", "FILE", &a.inputs,
         "picture (PNG, JPEG, BMP) or tensor (.npy); once for each input of\nthe model, in their order or as NAME=FILE"},
        {OPTION_TEXT, "--device", "NAME", &a.device,
         "rtl, func, cpu, or a full name such as rtl:config=tiny,latency=80\n(default func; `tessera devices` lists them)"},
        {OPTION_TEXT, "--config", "NAME", &a.config, "hardware configuration (default pynq, or that of a compiled model)"},
        {OPTION_TEXT, "--labels", "FILE", &a.labels, "names of the classes; the first line is class 0"},
        {OPTION_NUMBER, "--top", "N", &a.top, "how many classes to show (default 5)"},
        {OPTION_TEXT, "--output", "FILE.npy", &a.output,
         "write the first output; without the ending .npy it is a prefix:\nPREFIX0.npy, PREFIX1.npy, ..."},
        {OPTION_TEXT, "--mean", "M", &a.mean, "a pixel p stands for the real value (p - M) * S; see below"},
        {OPTION_TEXT, "--scale", "S", &a.scale, "a number, a fraction such as 1/255, or one for each of R,G,B"},
        {OPTION_NUMBER, "--timeout", "MS", &a.timeout_ms, "give up after so many milliseconds on the accelerator"},
        MODEL_OPTIONS(a.compile),
        {OPTION_NUMBER, "--threads", "N", &a.threads,
         "threads for layers on the CPU, at most 64 (default: one a CPU);\nthe result does not depend on it"},
        {OPTION_FLAG, "--profile", NULL, &a.profile, "time, cycles and stalls of each step"},
        {OPTION_FLAG, "--json", NULL, &a.json, "for programs"},
        {0},
    };
    const cli_command command = {
        "run",
        "run a model on a picture or tensor, on a simulator or the CPU",
        "MODEL --input FILE [OPTIONS]",
        1,
        1,
        options,
        "MODEL is an .onnx, .tflite or compiled .tsr file; which one is told by its content.\n\n"
        "Pictures become grey or RGB as the model wants and are resized to its size (a box filter; the aspect ratio is\n"
        "not kept). Then, without --mean and --scale, a float input gets pixel / 255, and an integer input the pixel's\n"
        "own level: p for uint8, p - 128 for int8. With them the real value is (pixel - mean) * scale, which an integer\n"
        "input quantises by its own scale and zero point.\n\n"
        "Values are the model's own first output, dequantised. When they do not add up to one, their softmax is shown\n"
        "beside them.\n",
        "  tessera run models/digits/digits_qdq.onnx --input models/digits/images/01_is_6.png --device rtl\n"
        "  tessera run mobilenet.tflite --input cat.jpg --labels labels.txt --device cpu\n"
        "  tessera run model.tsr --input x.npy --output y.npy --device rtl:config=pynq,latency=100 --profile\n",
    };
    const char *model[1];
    int code;
    if (!cli_parse(&command, argc, argv, model, &code))
        return code;
    if (a.compile.batch == 0)
        return cli_misuse("run", "--batch starts at 1");
    if (a.threads > TSR_MAX_THREADS)
        return cli_misuse("run", "--threads is at most %d", TSR_MAX_THREADS);
    if (a.inputs.count == 0)
        return cli_misuse("run", "say with --input what to run %s on", model[0]);
    job j = {.model = model[0], .arguments = &a};
    tsr_status status = work(&j);
    clean_up(&j);
    return cli_finish(status);
}
