// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "model.h"

typedef struct arguments {
    const char *config;
    bool host_only, json;
    model_arguments model;
} arguments;

static void print_json(const tsr_program *program) {
    model_totals totals = model_count(program);
    printf("{\"model\":");
    json_text(program->model_name);
    printf(",\"config\":");
    json_text(program->config.name);
    printf(",\"inputs\":[");
    for (uint32_t i = 0; i < program->input_count; i++, printf("%s", i < program->input_count ? "," : ""))
        model_print_io_json(&program->inputs[i]);
    printf("],\"outputs\":[");
    for (uint32_t i = 0; i < program->output_count; i++, printf("%s", i < program->output_count ? "," : ""))
        model_print_io_json(&program->outputs[i]);
    printf("],\"layers\":[");
    for (uint32_t i = 0; i < program->layer_count; i++) {
        const tsr_layer *layer = &program->layers[i];
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(layer->name);
        printf(",\"op\":");
        json_text(layer->op);
        printf(",\"shape\":%s,\"macs\":%" PRIu64 ",\"on_accelerator\":%s,\"reason\":",
               shape_text(layer->out_rank, layer->out_shape), layer->macs, layer->on_accelerator ? "true" : "false");
        json_text(layer->reason);
        printf("}");
    }
    printf("],\"macs\":%" PRIu64 ",\"accelerator_macs\":%" PRIu64 ",\"const_bytes\":%" PRIu64 ",\"work_bytes\":%" PRIu64
           ",\"code_bytes\":%" PRIu64 ",\"target\":",
           totals.macs, totals.accelerator_macs, program->const_bytes, program->work_bytes, program->code_bytes);
    json_text(program->target);
    printf(",\"kinds\":[");
    for (uint32_t i = 0; i < program->kind_count; i++) {
        printf("%s", i > 0 ? "," : "");
        json_text(program->kinds[i].features);
    }
    printf("]}\n");
}

static void print_text(const char *path, const tsr_program *program) {
    printf("%s", path);
    if (program->model_name[0] != '\0')
        printf(" (%s)", program->model_name);
    printf(", compiled for %s\n", tsr_program_uses_accelerator(program) ? program->config.name : "the CPU");
    for (uint32_t i = 0; i < program->input_count; i++)
        model_print_io("input", i, &program->inputs[i], stdout);
    for (uint32_t i = 0; i < program->output_count; i++)
        model_print_io("output", i, &program->outputs[i], stdout);
    putchar('\n');
    model_print_layers(program, stdout);
    printf("%u steps; %s bytes of instructions, weights and constants, %s of activations at their peak, %s of host code%s%s\n",
           program->step_count, count_text(program->const_bytes), count_text(program->work_bytes),
           count_text(program->code_bytes), program->code_bytes != 0 ? " for " : "", program->target);
    for (uint32_t i = 0; i < program->kind_count; i++)
        printf("  %s: %s\n", i == 0 ? "needs" : "or   ",
               program->kinds[i].features[0] != '\0' ? program->kinds[i].features : "nothing beyond what all of them have");
}

static tsr_status info(const char *path, const arguments *a) {
    bool compiled;
    TSR_TRY(model_is_compiled(path, &compiled));
    tsr_program *program;
    if (compiled) {
        if (a->config != NULL || a->host_only)
            return tsr_error(TSR_INVALID_ARGUMENT,
                             "%s: is a compiled model, bound to its configuration; leave out --config and --host-only", path);
        TSR_TRY(tsr_program_load(path, &program));
    } else {
        tsr_config config;
        TSR_TRY(tsr_find_config(a->config != NULL ? a->config : "pynq", &config));
        TSR_TRY(model_compile(path, &a->model,
                              (tsr_compile_options){
                                  .config = a->host_only ? NULL : &config,
                                  .host_only = a->host_only,
                              },
                              &program));
    }
    if (a->json)
        print_json(program);
    else
        print_text(path, program);
    tsr_program_free(program);
    return tsr_ok();
}

int cli_info(int argc, char **argv) {
    arguments a = {.model.batch = 1};
    const cli_option options[] = {
        {OPTION_TEXT, "--config", "NAME", &a.config, "for which hardware configuration (default pynq)"},
        {OPTION_FLAG, "--host-only", NULL, &a.host_only, "as when compiled for the CPU alone"},
        MODEL_OPTIONS(a.model),
        {OPTION_FLAG, "--json", NULL, &a.json, "for programs"},
        {0},
    };
    const cli_command command = {
        "info",
        "list a model's layers, where each runs, and why",
        "MODEL [OPTIONS]",
        1,
        1,
        options,
        "MODEL is an .onnx, .tflite or .tsg (graph in text form) file, or a compiled .tsr; which one is told by its content. "
        "Layers are those after\n"
        "fusion: a convolution with its bias, activation and requantisation is one.\n",
        "  tessera info models/digits/digits_qdq.onnx\n"
        "  tessera info model.tflite --config tiny --json\n",
    };
    const char *model[1];
    int code;
    if (!cli_parse(&command, argc, argv, model, &code))
        return code;
    if (a.model.batch == 0)
        return cli_misuse("info", "--batch starts at 1");
    return cli_finish(info(model[0], &a));
}
