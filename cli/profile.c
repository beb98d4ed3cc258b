// SPDX-License-Identifier: Apache-2.0
// tessera profile: where the cycles of a model go.
#include "profile.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model.h"
#include "progress.h"

enum { DEVICE_NAME_BYTES = 1024, TRACE_EVENTS = 200000 };

typedef struct arguments {
    const char *device, *config, *pictures, *trace, *html;
    model_arguments compile;
    uint32_t trace_events;
    bool json, csv, compare;
} arguments;

typedef struct job {
    const arguments *arguments;
    const char *model;
    char device_name[DEVICE_NAME_BYTES];
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
    tsr_layer_profile *layers;
} job;

static tsr_status load(job *j) {
    const arguments *a = j->arguments;
    const char *config = a->config;
    bool compiled;
    TSR_TRY(model_is_compiled(j->model, &compiled));
    if (compiled) {
        TSR_TRY(tsr_program_load(j->model, &j->program));
        if (config == NULL && strchr(a->device, ':') == NULL)
            config = j->program->config.name;
    }
    TSR_TRY(model_device_name(a->device, config, j->device_name, sizeof j->device_name));
    TSR_TRY(tsr_device_open(j->device_name, &j->device));
    const tsr_device_info *info = tsr_device_get_info(j->device);
    if (!info->cycle_accurate)
        return tsr_error(TSR_INVALID_ARGUMENT, "device %s has no clock; profile on rtl or timing", info->driver);
    if (!compiled)
        TSR_TRY(model_compile(j->model, &a->compile, (tsr_compile_options){.config = &info->config}, &j->program));
    return tsr_program_uses_accelerator(j->program)
               ? tsr_ok()
               : tsr_error(TSR_UNSUPPORTED, "%s runs on the CPU alone, there are no cycles to show; `tessera info %s` says why",
                           j->model, j->model);
}

// Clocks do not depend on data, so all inputs are zero.
static tsr_status set_inputs(job *j) {
    for (uint32_t i = 0; i < j->program->input_count; i++) {
        const tsr_io *io = &j->program->inputs[i];
        void *data = calloc(1, io->bytes);
        if (data == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %s", io->name);
        const tsr_tensor tensor = tsr_tensor_for(io, data);
        const tsr_status status = tsr_session_set_input(j->session, i, &tensor);
        free(data);
        TSR_TRY(status);
    }
    return tsr_ok();
}

static tsr_status invoke(job *j) {
    progress *bar = progress_start("running");
    if (bar != NULL)
        tsr_session_on_step(j->session, progress_on_step, bar);
    const tsr_status status = tsr_session_invoke(j->session, 0);
    tsr_session_on_step(j->session, NULL, NULL);
    progress_end(bar);
    return status;
}

static tsr_status show(const job *j) {
    const arguments *a = j->arguments;
    const profile_run r = {j->model,   j->device_name, j->program,
                           j->session, j->layers,      tsr_session_get_profile(j->session).total.device.cycles};
    if (a->json)
        profile_json(&r);
    else if (a->csv)
        profile_csv(&r, stdout);
    else
        profile_table(&r, stdout);
    if (a->pictures != NULL)
        TSR_TRY(profile_pictures(&r, a->pictures));
    if (a->trace != NULL)
        TSR_TRY(profile_trace(&r, a->trace, a->trace_events));
    return a->html != NULL ? profile_html(&r, a->html) : tsr_ok();
}

static tsr_status work(job *j) {
    TSR_TRY(load(j));
    TSR_TRY(tsr_session_create(j->device, j->program, &j->session));
    TSR_TRY(tsr_session_record(j->session));
    TSR_TRY(set_inputs(j));
    TSR_TRY(invoke(j));
    TSR_TRY(tsr_profile_layers(j->session, &j->layers));
    return show(j);
}

int cli_profile(int argc, char **argv) {
    arguments a = {.compile.batch = 1, .device = "rtl", .trace_events = TRACE_EVENTS};
    const cli_option options[] = {
        {OPTION_TEXT, "--device", "NAME", &a.device,
         "rtl (default), timing (the same cycles, tens to hundreds of times as fast), or a full name\nsuch as "
         "rtl:config=wide,latency=100"},
        {OPTION_TEXT, "--config", "NAME", &a.config, "hardware configuration (default pynq, or that of a compiled model)"},
        MODEL_OPTIONS(a.compile),
        {OPTION_TEXT, "--pictures", "PREFIX", &a.pictures,
         "write PREFIX-timeline, PREFIX-roofline and PREFIX-waits, each as .svg and .png"},
        {OPTION_TEXT, "--trace", "FILE.json", &a.trace,
         "write a trace for Perfetto or chrome://tracing; a clock is a microsecond there"},
        {OPTION_NUMBER, "--trace-events", "N", &a.trace_events, "at most so many events in it (default 200000)"},
        {OPTION_TEXT, "--html", "FILE.html", &a.html, "write one page with pictures and table; it needs no network"},
        {OPTION_FLAG, "--compare", NULL, &a.compare, "compare two files of --csv: tessera profile --compare A.csv B.csv"},
        {OPTION_FLAG, "--csv", NULL, &a.csv, "the table for programs"},
        {OPTION_FLAG, "--json", NULL, &a.json, "the same as JSON"},
        {0},
    };
    const cli_command command = {
        "profile",
        "show where a model's cycles go, layer by layer",
        "MODEL [OPTIONS]",
        1,
        2,
        options,
        "MODEL is an .onnx, .tflite or compiled .tsr file. Cycles do not depend on the data, so there is no input: it is zero.\n",
        "  tessera profile models/digits/digits_qdq.onnx\n"
        "  tessera profile resnet18.onnx --device timing --config wide --html report.html\n"
        "  tessera profile model.tsr --csv > a.csv; tessera profile --compare a.csv b.csv\n",
    };
    const char *names[3] = {0};
    int code;
    if (!cli_parse(&command, argc, argv, names, &code))
        return code;
    if (a.compare)
        return names[1] == NULL ? cli_misuse("profile", "--compare takes two files")
                                : cli_finish(profile_compare(names[0], names[1], stdout));
    if (names[1] != NULL)
        return cli_misuse("profile", "one model at a time; two files go with --compare");
    if (a.compile.batch == 0)
        return cli_misuse("profile", "--batch starts at 1");
    job j = {.arguments = &a, .model = names[0]};
    const tsr_status status = work(&j);
    free(j.layers);
    tsr_session_destroy(j.session);
    tsr_program_free(j.program);
    tsr_device_close(j.device);
    return cli_finish(status);
}
