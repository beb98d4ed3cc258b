// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "embed.h"
#include "model.h"

typedef struct arguments {
    const char *output, *config, *target, *cpu, *dump_after, *emit;
    embed_parts parts;
    bool host_only, dump_data;
    model_arguments model;
} arguments;

static tsr_status compile(const char *model, const arguments *a) {
    tsr_config config;
    if (!a->host_only)
        TSR_TRY(tsr_find_config(a->config != NULL ? a->config : "pynq", &config));
    bool compiled;
    TSR_TRY(model_is_compiled(model, &compiled));
    if (compiled)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: is a compiled model already; give the .onnx or .tflite file it was made from",
                         model);
    const tsr_compile_options options = {
        .config = a->host_only ? NULL : &config,
        .host_only = a->host_only,
        .target = a->target,
        .cpu = a->cpu,
        .dump_after = a->dump_after,
        .dump_data = a->dump_data,
    };
    if (a->parts.object || a->parts.header)
        return embed_model(model, &a->model, options, a->parts, a->output);
    tsr_program *program;
    TSR_TRY(model_compile(model, &a->model, options, &program));
    tsr_status status = a->output != NULL ? tsr_program_save(program, a->output) : tsr_ok();
    if (status.code == TSR_OK && a->output != NULL) {
        model_totals totals = model_count(program);
        printf("%s: %u of %u layers and %.1f%% of %s MACs on the accelerator (%s), %s bytes of constants, %s of host code\n",
               a->output, totals.accelerator_layers, program->layer_count,
               totals.macs != 0 ? 100.0 * (double)totals.accelerator_macs / (double)totals.macs : 0.0, count_text(totals.macs),
               a->host_only ? "none" : program->config.name, count_text(program->const_bytes), count_text(program->code_bytes));
    }
    tsr_program_free(program);
    return status;
}

// The stages that can be dumped, for --help.
static void list_stages(char *out, size_t size) {
    size_t used = (size_t)snprintf(out, size, "print the model after a stage; -o may then be left out. Stages:"), column = 100;
    for (unsigned i = 0; tsr_compile_stage(i) != NULL && used < size; i++) {
        const char *name = tsr_compile_stage(i);
        const bool wraps = column + strlen(name) > 66;
        used += (size_t)snprintf(out + used, size - used, "%s%s%s", i > 0 ? "," : "", wraps ? "\n" : " ", name);
        column = (wraps ? 0 : column) + strlen(name) + 2;
    }
    if (used < size)
        snprintf(out + used, size - used, ".\nA pass that runs twice is printed twice; NAME:2 is the second only");
}

int cli_compile(int argc, char **argv) {
    char stages[1024];
    list_stages(stages, sizeof stages);
    arguments a = {.model.batch = 1};
    const cli_option options[] = {
        {OPTION_TEXT, "-o", "FILE", &a.output, "where the compiled model goes (.tsr)"},
        {OPTION_TEXT, "--emit", "WHAT", &a.emit,
         "program (the default), or object,header: FILE.o and FILE.h, to be\nlinked into a C program; implies --host-only, takes "
         "one --cpu"},
        {OPTION_TEXT, "--config", "NAME", &a.config,
         "hardware configuration: a name of `tessera devices`, or the\npath of a .cfg file (default pynq)"},
        {OPTION_FLAG, "--host-only", NULL, &a.host_only, "everything on the CPU; runs on every device"},
        {OPTION_TEXT, "--target", "CPU", &a.target, "code for x86-64, aarch64, armv7 or riscv64 (default: this computer's)"},
        {OPTION_TEXT, "--cpu", "KIND", &a.cpu,
         "kind of that CPU: native (this one; the default here), baseline\n(any), for x86-64 also avx2 or avx512, for "
         "aarch64\ndotprod, for riscv64 v, "
         "or portable (all of them; the\n"
         "best is chosen at load; the default elsewhere)"},
        MODEL_OPTIONS(a.model),
        {OPTION_TEXT, "--dump-after", "STAGE", &a.dump_after, stages},
        {OPTION_FLAG, "--dump-data", NULL, &a.dump_data,
         "with the contents of large constants, so that the graph can be\nread back (a .tsg file)"},
        {0},
    };
    const cli_command command = {
        "compile",
        "compile an ONNX or TFLite model, or a graph in text form, into a .tsr file",
        "MODEL -o FILE [OPTIONS]",
        1,
        1,
        options,
        "A compiled model belongs to one configuration and one version of the instruction set. It holds\n"
        "machine code for the CPU's part: run only those that you trust.\n",
        "  tessera compile models/digits/digits_qdq.onnx -o digits.tsr\n"
        "  tessera compile model.tflite --config wide --cpu portable -o model.tsr\n"
        "  tessera compile model.onnx --target armv7 -o model.tsr\n"
        "  tessera compile model.onnx --emit object,header --target armv7 -o model\n"
        "  tessera compile model.onnx --dump-after import --dump-data >model.tsg\n",
    };
    const char *model[1];
    int code;
    if (!cli_parse(&command, argc, argv, model, &code))
        return code;
    if (a.output == NULL && a.dump_after == NULL)
        return cli_misuse("compile", "say with -o where the compiled model goes");
    if (!embed_parse(a.emit, &a.parts))
        return cli_misuse("compile", "--emit is program, object, header or object,header, not \"%s\"", a.emit);
    if (a.parts.object || a.parts.header) {
        if (a.config != NULL)
            return cli_misuse("compile", "--emit %s makes code for the CPU alone; leave out --config", a.emit);
        if (a.output == NULL)
            return cli_misuse("compile", "say with -o how the files are called");
        a.host_only = true;
    }
    tsr_status known = tsr_compile_check_target(a.target, a.cpu);
    if (known.code != TSR_OK)
        return cli_misuse("compile", "%s", known.message);
    if (a.model.batch == 0)
        return cli_misuse("compile", "--batch starts at 1");
    return cli_finish(compile(model[0], &a));
}
