// SPDX-License-Identifier: Apache-2.0
// The pipeline, one call a stage.
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "tsr/host.h"
#include "tsr/import.h"
#include "tsr/lower.h"
#include "tsr/passes.h"
#include "tsr_isa.h"

static void progress(const compilation *c, const char *stage) {
    if (c->options->on_progress != NULL)
        c->options->on_progress(c->options->progress_context, stage, 0, 1);
}

// ---- dumps: "import", a pass, "pass:2" for its second run only, "tensor", "schedule"
static bool is_stage(const char *name, size_t length) {
    for (unsigned i = 0; tsr_compile_stage(i) != NULL; i++)
        if (strlen(tsr_compile_stage(i)) == length && memcmp(tsr_compile_stage(i), name, length) == 0)
            return true;
    return false;
}

const char *tsr_compile_stage(unsigned index) {
    if (index == 0)
        return "import";
    unsigned passes = 0;
    while (tsr_pass_name(passes) != NULL)
        passes++;
    static const char *const last[] = {"tensor", "schedule", NULL};
    return index <= passes ? tsr_pass_name(index - 1) : last[index - passes - 1 < 2 ? index - passes - 1 : 2];
}

static tsr_status check_dump(const char *dump_after) {
    if (dump_after == NULL || is_stage(dump_after, strcspn(dump_after, ":")))
        return tsr_ok();
    char text[TSR_MESSAGE_BYTES] = "";
    size_t used = 0;
    for (unsigned i = 0; tsr_compile_stage(i) != NULL && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "", tsr_compile_stage(i));
    return tsr_error(TSR_INVALID_ARGUMENT, "there is no stage '%.40s' to dump after; there are %s", dump_after, text);
}

static void dump(void *context, const char *pass, const tsr_graph *graph) {
    compilation *c = context;
    const char *wanted = c->options->dump_after;
    if (wanted == NULL || c->options->dump == NULL || strncmp(wanted, pass, strlen(pass)) != 0)
        return;
    const char *rest = wanted + strlen(pass);
    if (*rest == '\0' || (*rest == ':' && strtol(rest + 1, NULL, 10) == ++c->dumps))
        tsr_graph_print(graph, c->options->dump_data ? TSR_PRINT_ALL : TSR_PRINT_SMALL, c->options->dump);
}

static tsr_status import(compilation *c, const void *bytes, size_t size, const char *file_name) {
    const tsr_compile_options *options = c->options;
    const tsr_import_options import = {.batch = options->batch,
                                       .dim_count = options->dim_count,
                                       .dims = options->dims,
                                       .bound_count = options->bound_count,
                                       .bound = options->bound,
                                       .evaluate = tsr_evaluate_node,
                                       .problems = options->problems};
    progress(c, "import");
    TSR_TRY(tsr_import_bytes(bytes, size, file_name, &import, &c->graph));
    dump(c, "import", c->graph);
    return tsr_ok();
}

static tsr_status compile(compilation *c, tsr_program *program) {
    const tsr_compile_options *options = c->options;
    const tsr_pass_options passes = {.block_in = options->host_only ? 0 : options->config->block_in};
    c->arena = c->graph->arena;
    c->graph->evaluate = tsr_evaluate_node;
    c->graph->problems = options->problems;
    progress(c, "graph");
    TSR_TRY(tsr_passes_run(c->graph, &passes, dump, c));
    TSR_TRY(place_nodes(c));
    TSR_TRY(plan_memory(c));
    TSR_TRY(generate(c, program));
    return tsr_program_check(program);
}

tsr_status tsr_compile_check_target(const char *target, const char *cpu) {
    const tsr_host_options options = {.target = target, .cpu = cpu};
    const char *cpus[TSR_HOST_MAX_CPUS];
    uint32_t count;
    return tsr_host_cpus(&options, cpus, &count);
}

// The file's name without folders and ending.
static void name_of(const char *file_name, char *out, size_t size) {
    const char *slash = strrchr(file_name, '/');
    snprintf(out, size, "%s", slash != NULL ? slash + 1 : file_name);
    char *dot = strrchr(out, '.');
    if (dot != NULL && dot != out)
        *dot = '\0';
}

// c->graph, or what import makes of the bytes.
static tsr_status make_program(compilation *c, const void *bytes, size_t size, const char *file_name, tsr_program **out_program) {
    const tsr_compile_options *options = c->options;
    *out_program = NULL;
    TSR_TRY(check_dump(options->dump_after));
    if (options->embedded != NULL) {
        TSR_TRY(tsr_embedded_check(options->embedded->name));
        if (!options->host_only)
            return tsr_error(TSR_INVALID_ARGUMENT,
                             "a model to be linked into a C program runs on the CPU alone: compile it with host_only");
    }
    if (options->config == NULL && !options->host_only)
        return tsr_error(TSR_INVALID_ARGUMENT, "compiling for the accelerator needs a hardware configuration");
    tsr_program *program = calloc(1, sizeof *program);
    if (program == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a program");
    name_of(file_name, program->model_name, sizeof program->model_name);
    program->isa_version = TSR_ISA_VERSION;
    if (options->config != NULL)
        program->config = *options->config;
    tsr_status status = c->graph == NULL ? import(c, bytes, size, file_name) : tsr_ok();
    if (status.code == TSR_OK)
        status = compile(c, program);
    if (status.code != TSR_OK && strstr(status.message, file_name) == NULL)
        status = tsr_annotate(status, "%s", file_name);
    tsr_blob_free(&c->consts);
    if (status.code == TSR_OK)
        *out_program = program;
    else
        tsr_program_free(program);
    return status;
}

tsr_status tsr_compile_bytes(const void *bytes, size_t size, const char *file_name, const tsr_compile_options *options,
                             tsr_program **out_program) {
    compilation c = {.options = options};
    tsr_status status = make_program(&c, bytes, size, file_name, out_program);
    tsr_graph_free(c.graph);
    return status;
}

tsr_status tsr_compile_graph(tsr_graph *graph, const char *name, const tsr_compile_options *options, tsr_program **out_program) {
    compilation c = {.options = options, .graph = graph};
    return make_program(&c, NULL, 0, name, out_program);
}

tsr_status tsr_compile_file(const char *path, const tsr_compile_options *options, tsr_program **out_program) {
    *out_program = NULL;
    unsigned char *bytes;
    size_t size;
    TSR_TRY(tsr_import_read_file(path, &bytes, &size));
    tsr_status status = tsr_compile_bytes(bytes, size, path, options, out_program);
    free(bytes);
    return status;
}
