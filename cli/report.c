// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "model.h"

enum { LABEL_LIMIT = 64 << 20, NAME_WIDTH = 40 };

// ---- labels -----------------------------------------------------------------------------------------------------------

tsr_status labels_load(const char *path, label_list *out_labels) {
    memset(out_labels, 0, sizeof *out_labels);
    uint8_t *bytes;
    size_t size;
    TSR_TRY(file_read(path, LABEL_LIMIT, &bytes, &size));
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    out_labels->text = malloc(size + 1);
    out_labels->lines = malloc(lines * sizeof *out_labels->lines);
    if (out_labels->text == NULL || out_labels->lines == NULL) {
        free(bytes);
        labels_free(out_labels);
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for labels", path);
    }
    memcpy(out_labels->text, bytes, size);
    out_labels->text[size] = '\0';
    free(bytes);
    for (char *at = out_labels->text, *end = at + size; at < end;) {
        size_t length = strcspn(at, "\r\n");
        bool carriage_return = at[length] == '\r' && at[length + 1] == '\n';
        at[length] = '\0';
        for (char *p = at; *p != '\0'; p++)
            if ((unsigned char)*p < 0x20)
                *p = ' ';
        out_labels->lines[out_labels->count++] = at;
        at += length + 1 + carriage_return;
    }
    return tsr_ok();
}

void labels_free(label_list *labels) {
    free(labels->text);
    free(labels->lines);
    memset(labels, 0, sizeof *labels);
}

// ---- outputs ----------------------------------------------------------------------------------------------------------

static double element(const tsr_io *io, const void *data, size_t i) {
    double raw;
    switch (io->dtype) {
    case TSR_I8: raw = ((const int8_t *)data)[i]; break;
    case TSR_U8:
    case TSR_BOOL: raw = ((const uint8_t *)data)[i]; break;
    case TSR_I16: raw = ((const int16_t *)data)[i]; break;
    case TSR_U16: raw = ((const uint16_t *)data)[i]; break;
    case TSR_I32: raw = ((const int32_t *)data)[i]; break;
    case TSR_U32: raw = ((const uint32_t *)data)[i]; break;
    case TSR_I64: raw = (double)((const int64_t *)data)[i]; break;
    case TSR_U64: raw = (double)((const uint64_t *)data)[i]; break;
    case TSR_F32: raw = (double)((const float *)data)[i]; break;
    case TSR_F16:
    case TSR_BF16: raw = (double)tsr_half_to_float(io->dtype, ((const uint16_t *)data)[i]); break;
    case TSR_F64: raw = ((const double *)data)[i]; break;
    default: return NAN;
    }
    return io->scale != 0 ? (double)io->scale * (raw - io->zero_point) : raw;
}

static size_t element_count(const tsr_io *io) { return io->bytes / tsr_dtype_size(io->dtype); }

// One list of classes: all extents but one are 1.
static bool is_class_list(const tsr_io *io) {
    uint32_t long_extents = 0;
    for (uint32_t i = 0; i < io->rank; i++)
        long_extents += io->shape[i] > 1;
    return long_extents == 1;
}

typedef struct ranking {
    size_t count;
    size_t *classes; // best first; owned
    bool probabilities; // the values are shares of one already
    double highest, exp_sum; // for the softmax of values that are not
} ranking;

static const double *sort_values; // for qsort only, set right before
static int by_value(const void *a, const void *b) {
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    double x = sort_values[i], y = sort_values[j];
    if (x != y)
        return isnan(y) || x > y ? -1 : 1;
    return i < j ? -1 : i > j;
}

static ranking rank_classes(const tsr_io *io, const void *data, double *values) {
    ranking r = {.count = element_count(io), .highest = -INFINITY, .probabilities = true};
    r.classes = malloc(r.count * sizeof *r.classes);
    if (r.classes == NULL) {
        r.count = 0;
        return r;
    }
    double sum = 0;
    for (size_t i = 0; i < r.count; i++) {
        r.classes[i] = i;
        values[i] = element(io, data, i);
        sum += values[i];
        r.highest = values[i] > r.highest ? values[i] : r.highest;
        r.probabilities = r.probabilities && values[i] >= 0 && values[i] <= 1.0 + 1e-6;
    }
    // Quantised shares of many classes add up to one only roughly.
    r.probabilities = r.probabilities && fabs(sum - 1) < (io->dtype == TSR_F32 || io->dtype == TSR_F64 ? 1e-3 : 0.25);
    for (size_t i = 0; i < r.count; i++)
        r.exp_sum += exp(values[i] - r.highest);
    sort_values = values;
    qsort(r.classes, r.count, sizeof *r.classes, by_value);
    return r;
}

static const char *label_of(const report *r, size_t class_index) {
    return r->labels != NULL && class_index < r->labels->count ? r->labels->lines[class_index] : NULL;
}

static void print_classes(const report *r, const tsr_io *io, const void *data) {
    double *values = malloc(element_count(io) * sizeof *values);
    if (values == NULL)
        return;
    ranking ranked = rank_classes(io, data, values);
    size_t shown = ranked.count < r->top ? ranked.count : r->top;
    for (size_t i = 0; i < shown; i++) {
        size_t c = ranked.classes[i];
        const char *label = label_of(r, c);
        if (ranked.probabilities)
            printf("%8.2f %%  class %-5zu %s\n", values[c] * 100, c, label != NULL ? label : "");
        else
            printf("%10.4f  %6.2f %%  class %-5zu %s\n", values[c], exp(values[c] - ranked.highest) / ranked.exp_sum * 100, c,
                   label != NULL ? label : "");
    }
    free(ranked.classes);
    free(values);
}

static void print_summary(uint32_t index, const tsr_io *io, const void *data) {
    double low = INFINITY, high = -INFINITY, sum = 0;
    size_t count = element_count(io);
    for (size_t i = 0; i < count; i++) {
        double value = element(io, data, i);
        low = value < low ? value : low;
        high = value > high ? value : high;
        sum += value;
    }
    printf("output %u (%s): %s %s, from %.6g to %.6g, mean %.6g\n", index, io->name, tsr_dtype_name(io->dtype),
           shape_text(io->rank, io->shape), low, high, sum / (double)count);
}

// ---- profile ------------------------------------------------------------------------------------------------------------

double report_utilisation(const tsr_program *program, uint32_t first_layer, uint32_t layer_count, uint64_t cycles) {
    uint64_t macs = 0;
    for (uint32_t i = first_layer; i < first_layer + layer_count; i++)
        macs += program->layers[i].on_accelerator ? program->layers[i].macs : 0;
    double array = (double)program->config.batch * program->config.block_in * program->config.block_out;
    return cycles == 0 || array == 0 ? 0 : (double)macs / ((double)cycles * array);
}

static double percent(uint64_t part, uint64_t whole) { return whole != 0 ? 100.0 * (double)part / (double)whole : 0; }

static void print_profile(const report *r) {
    static const char *const units[TSR_UNITS] = {"load", "gemm", "alu", "store"};
    printf("\n%4s  %-11s  %10s  %12s  %6s  %12s  %12s  %s\n", "step", "where", "ms", "cycles", "MACs %", "bytes read", "written",
           "layers");
    for (uint32_t i = 0; i < r->profile.step_count; i++) {
        const tsr_step *step = &r->program->steps[i];
        const tsr_step_profile *p = &r->profile.steps[i];
        bool device = step->kind == TSR_STEP_ACCELERATOR;
        printf("%4u  %-11s  %10.3f  %12s  %6.1f  %12s  %12s  %s%s\n", i, device ? "accelerator" : "CPU",
               (double)p->nanoseconds * 1e-6, count_text(p->device.cycles),
               100 * report_utilisation(r->program, step->first_layer, step->layer_count, p->device.cycles),
               count_text(p->device.bytes_read), count_text(p->device.bytes_written),
               step->layer_count != 0 ? r->program->layers[step->first_layer].name : "", step->layer_count > 1 ? ", ..." : "");
    }
    const tsr_profile *total = &r->profile.total.device;
    if (total->cycles == 0)
        return;
    printf("\n%-6s  %12s  %8s  %8s  %8s  %8s  %8s\n", "unit", "instructions", "busy %", "token %", "memory %", "queue %",
           "bank %");
    for (int u = 0; u < TSR_UNITS; u++) {
        const tsr_unit_profile *unit = &total->unit[u];
        printf("%-6s  %12s  %8.1f  %8.1f  %8.1f  %8.1f  %8.1f\n", units[u], count_text(unit->insns),
               percent(unit->busy, total->cycles), percent(unit->stall_token, total->cycles),
               percent(unit->stall_memory, total->cycles), percent(unit->stall_queue, total->cycles),
               percent(unit->stall_bank, total->cycles));
    }
    puts("(shares of all cycles; token, memory, queue, bank: waiting for that)");
}

static void print_totals(const report *r) {
    uint64_t cycles = r->profile.total.device.cycles;
    double seconds = (double)r->profile.total.nanoseconds * 1e-9;
    printf("\n%s, %.3f s", r->device, seconds);
    if (cycles != 0)
        printf(", %s cycles, MAC utilisation %.1f %%", count_text(cycles),
               100 * report_utilisation(r->program, 0, r->program->layer_count, cycles));
    putchar('\n');
}

// ---- the whole ----------------------------------------------------------------------------------------------------------

void report_text(const report *r) {
    for (uint32_t i = 0; i < r->program->output_count; i++) {
        const tsr_io *io = &r->program->outputs[i];
        if (i == 0 && is_class_list(io))
            print_classes(r, io, r->outputs[i]);
        else
            print_summary(i, io, r->outputs[i]);
    }
    print_totals(r);
    if (r->show_profile)
        print_profile(r);
}

static void json_classes(const report *r, const tsr_io *io, const void *data) {
    double *values = malloc(element_count(io) * sizeof *values);
    if (values == NULL)
        return;
    ranking ranked = rank_classes(io, data, values);
    printf(",\"top\":[");
    for (size_t i = 0; i < ranked.count && i < r->top; i++) {
        size_t c = ranked.classes[i];
        const char *label = label_of(r, c);
        printf("%s{\"class\":%zu,\"value\":", i > 0 ? "," : "", c);
        json_number(values[c]);
        printf(",\"probability\":");
        json_number(ranked.probabilities ? values[c] : exp(values[c] - ranked.highest) / ranked.exp_sum);
        if (label != NULL) {
            printf(",\"label\":");
            json_text(label);
        }
        printf("}");
    }
    printf("]");
    free(ranked.classes);
    free(values);
}

static void json_counters(const tsr_profile *p) {
    printf("\"cycles\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"bytes_read\":%" PRIu64 ",\"bytes_written\":%" PRIu64, p->cycles,
           p->insns, p->bytes_read, p->bytes_written);
}

void report_json(const report *r) {
    printf("{\"model\":");
    json_text(r->model);
    printf(",\"device\":");
    json_text(r->device);
    printf(",\"config\":");
    json_text(r->info->config.name);
    printf(",\"outputs\":[");
    for (uint32_t i = 0; i < r->program->output_count; i++, printf("%s", i < r->program->output_count ? "," : ""))
        model_print_io_json(&r->program->outputs[i]);
    printf("]");
    if (r->program->output_count != 0 && is_class_list(&r->program->outputs[0]))
        json_classes(r, &r->program->outputs[0], r->outputs[0]);
    printf(",\"seconds\":");
    json_number((double)r->profile.total.nanoseconds * 1e-9);
    printf(",");
    json_counters(&r->profile.total.device);
    printf(",\"utilisation\":");
    json_number(report_utilisation(r->program, 0, r->program->layer_count, r->profile.total.device.cycles));
    if (r->show_profile) {
        printf(",\"steps\":[");
        for (uint32_t i = 0; i < r->profile.step_count; i++) {
            const tsr_step *step = &r->program->steps[i];
            printf("%s{\"where\":\"%s\",\"first_layer\":%u,\"layer_count\":%u,\"seconds\":", i > 0 ? "," : "",
                   step->kind == TSR_STEP_ACCELERATOR ? "accelerator" : "cpu", step->first_layer, step->layer_count);
            json_number((double)r->profile.steps[i].nanoseconds * 1e-9);
            printf(",");
            json_counters(&r->profile.steps[i].device);
            printf("}");
        }
        printf("]");
    }
    printf("}\n");
}
