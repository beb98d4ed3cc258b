// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "progress.h"
#include "tsr/problems.h"

static const char compiled_magic[8] = "TESSERA";

tsr_status model_is_compiled(const char *path, bool *out_compiled) {
    *out_compiled = false;
    uint8_t first[sizeof compiled_magic];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(TSR_NOT_FOUND, "%s: there is no such model file, or it cannot be read", path);
    size_t got = fread(first, 1, sizeof first, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return tsr_error(TSR_IO, "%s: cannot be read; is it a file?", path);
    *out_compiled = got == sizeof first && memcmp(first, compiled_magic, sizeof first) == 0;
    return tsr_ok();
}

tsr_status model_compile(const char *path, const model_arguments *arguments, tsr_compile_options options,
                         tsr_program **out_program) {
    options.batch = arguments->batch;
    options.dim_count = arguments->dims.count;
    options.dims = arguments->dims.texts;
    options.place_count = arguments->places.count;
    options.places = arguments->places.texts;
    options.clock_mhz = arguments->clock;
    progress *bar = progress_start("compiling");
    options.on_progress = bar != NULL ? progress_on_stage : NULL;
    options.progress_context = bar;
    options.dump = stdout;
    tsr_problems problems = {.arena = tsr_arena_create()};
    options.problems = &problems;
    tsr_status status = tsr_compile_file(path, &options, out_program);
    progress_end(bar);
    if (status.code == TSR_UNSUPPORTED && problems.count > 1) { // a line each instead of what fits one message
        for (uint32_t i = 0; i < problems.stored; i++)
            fprintf(stderr, "tessera: %s: %s\n", path, problems.messages[i]);
        status = tsr_error(TSR_UNSUPPORTED, "%s: %u things of it are not supported; they are listed above", path,
                           (unsigned)problems.count);
    }
    tsr_arena_free(problems.arena);
    return status;
}

tsr_status model_device_name(const char *device, const char *config, char *name, size_t size) {
    int length;
    if (config == NULL || strcmp(device, "cpu") == 0) {
        length = snprintf(name, size, "%s", device);
    } else if (strstr(device, "config=") != NULL) {
        return tsr_error(TSR_INVALID_ARGUMENT, "the configuration is given twice: --device %s and --config %s; leave one out",
                         device, config);
    } else {
        const char *colon = strchr(device, ':');
        length = snprintf(name, size, "%s%sconfig=%s", device, colon == NULL ? ":" : colon[1] != '\0' ? "," : "", config);
    }
    if (length < 0 || (size_t)length >= size)
        return tsr_error(TSR_INVALID_ARGUMENT, "a device name of more than %zu characters", size - 1);
    return tsr_ok();
}

model_totals model_count(const tsr_program *program) {
    model_totals totals = {0};
    for (uint32_t i = 0; i < program->layer_count; i++) {
        const tsr_layer *layer = &program->layers[i];
        totals.macs += layer->macs;
        if (layer->on_accelerator) {
            totals.accelerator_macs += layer->macs;
            totals.accelerator_layers++;
        }
    }
    return totals;
}

static int widest(int least, int most, size_t length) {
    int width = (int)length > least ? (int)length : least;
    return width < most ? width : most;
}

void model_print_layers(const tsr_program *program, FILE *out) {
    int name_width = 5, op_width = 8, shape_width = 6;
    for (uint32_t i = 0; i < program->layer_count; i++) {
        const tsr_layer *layer = &program->layers[i];
        name_width = widest(name_width, 40, strlen(layer->name));
        op_width = widest(op_width, 24, strlen(layer->op));
        shape_width = widest(shape_width, 24, strlen(shape_text(layer->out_rank, layer->out_shape)));
    }
    fprintf(out, "%4s  %-*s  %-*s  %-*s  %13s  %-11s  %s\n", "", name_width, "layer", op_width, "operator", shape_width, "output",
            "MACs", "where", "why");
    for (uint32_t i = 0; i < program->layer_count; i++) {
        const tsr_layer *layer = &program->layers[i];
        size_t length = strlen(layer->name);
        // Long names (TFLite joins those of all fused operators) keep their end, which tells them apart.
        const char *name = layer->name + (length > (size_t)name_width ? length - (size_t)name_width : 0);
        fprintf(out, "%4u  %-*s  %-*s  %-*s  %13s  %-11s  %s\n", i, name_width, name, op_width, layer->op, shape_width,
                shape_text(layer->out_rank, layer->out_shape), layer->macs != 0 ? count_text(layer->macs) : "-",
                layer->on_accelerator ? "accelerator" : "CPU", layer->reason);
    }
    model_totals totals = model_count(program);
    fprintf(out, "\n%u layers, %u on the accelerator; %s MACs, %.1f%% on the accelerator\n", program->layer_count,
            totals.accelerator_layers, count_text(totals.macs),
            totals.macs != 0 ? 100.0 * (double)totals.accelerator_macs / (double)totals.macs : 0.0);
}

void model_print_io(const char *kind, uint32_t index, const tsr_io *io, FILE *out) {
    fprintf(out, "%s %u: %s, %s %s", kind, index, io->name, tsr_dtype_name(io->dtype), shape_text(io->rank, io->shape));
    if (io->scale != 0)
        fprintf(out, ", real = %.6g * (q - %" PRId32 ")", (double)io->scale, io->zero_point);
    fputc('\n', out);
}

void model_print_io_json(const tsr_io *io) {
    printf("{\"name\":");
    json_text(io->name);
    printf(",\"dtype\":\"%s\",\"shape\":%s", tsr_dtype_name(io->dtype), shape_text(io->rank, io->shape));
    if (io->scale != 0) {
        printf(",\"scale\":");
        json_number((double)io->scale);
        printf(",\"zero_point\":%" PRId32, io->zero_point);
    }
    printf("}");
}
