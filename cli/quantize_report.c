// SPDX-License-Identifier: Apache-2.0
#include "quantize_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { NAME_WIDTH = 36, WORST = 3 };

// "-": was not measured.
static const char *decibels(double sqnr, char text[24]) {
    if (isnan(sqnr))
        snprintf(text, 24, "-");
    else if (isinf(sqnr))
        snprintf(text, 24, sqnr > 0 ? "exact" : "no signal");
    else
        snprintf(text, 24, "%.1f", sqnr);
    return text;
}

// Long names keep their end, which tells them apart.
static const char *tail(const char *name, int width) {
    const size_t length = strlen(name);
    return name + (length > (size_t)width ? length - (size_t)width : 0);
}

static void print_layer(const tsr_quantize_layer *layer, int width) {
    char own[24], total[24];
    printf("%-*s  %-14s  %-5s  %9s  %9s", width, tail(layer->name, width), layer->op, layer->integer ? "int8" : "float",
           decibels(layer->own_sqnr, own), decibels(layer->total_sqnr, total));
    if (layer->scale != 0)
        printf("  %10.4g  %10.4g  %4" PRId32, layer->low, layer->high, layer->zero_point);
    putchar('\n');
}

static void print_worst(const tsr_quantize_report *r) {
    uint32_t worst[WORST], count = 0;
    for (; count < WORST; count++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < r->layer_count; i++) {
            bool used = false;
            for (uint32_t k = 0; k < count; k++)
                used |= worst[k] == i;
            if (!used && isfinite(r->layers[i].own_sqnr) &&
                (best == UINT32_MAX || r->layers[i].own_sqnr < r->layers[best].own_sqnr))
                best = i;
        }
        if (best == UINT32_MAX)
            break;
        worst[count] = best;
    }
    if (count == 0)
        return;
    printf("\nlose most alone:");
    for (uint32_t k = 0; k < count; k++)
        printf("%s %s (%.1f dB)", k > 0 ? "," : "", r->layers[worst[k]].name, r->layers[worst[k]].own_sqnr);
    puts("; --keep-float NAME leaves a layer in float");
}

void quantize_report_text(const tsr_quantize_report *r) {
    int width = 5;
    for (uint32_t i = 0; i < r->layer_count; i++) {
        const int length = (int)strlen(r->layers[i].name);
        width = length > width ? length : width;
    }
    width = width < NAME_WIDTH ? width : NAME_WIDTH;
    printf("%-*s  %-14s  %-5s  %9s  %9s  %10s  %10s  %4s\n", width, "layer", "operator", "as", "own dB", "total dB", "from", "to",
           "zero");
    for (uint32_t i = 0; i < r->layer_count; i++)
        print_layer(&r->layers[i], width);
    print_worst(r);
    for (uint32_t i = 0; i < r->output_count; i++) {
        char text[24];
        printf("output %s: %s%s", r->outputs[i].name, decibels(r->outputs[i].sqnr, text),
               isfinite(r->outputs[i].sqnr) ? " dB" : "");
        if (!isnan(r->outputs[i].agreement))
            printf(", the same class in %.1f %% of %" PRIu32 " samples", 100 * r->outputs[i].agreement, r->measured);
        putchar('\n');
    }
    printf("%" PRIu32 " sample%s", r->samples, r->samples == 1 ? "" : "s");
    if (r->equalised > 0)
        printf(", %" PRIu32 " pair%s of layers equalised", r->equalised, r->equalised == 1 ? "" : "s");
    if (r->corrected > 0)
        printf(", %" PRIu32 " bias%s corrected", r->corrected, r->corrected == 1 ? "" : "es");
    putchar('\n');
}

static void json_decibels(const char *key, double sqnr) {
    printf(",\"%s\":", key);
    if (isinf(sqnr) && sqnr > 0)
        printf("\"exact\"");
    else
        json_number(sqnr);
}

void quantize_report_json(const char *model, const char *output, const tsr_quantize_report *r) {
    printf("{\"model\":");
    json_text(model);
    if (output != NULL) {
        printf(",\"output\":");
        json_text(output);
    }
    printf(",\"samples\":%" PRIu32 ",\"measured\":%" PRIu32 ",\"equalised\":%" PRIu32 ",\"corrected\":%" PRIu32 ",\"layers\":[",
           r->samples, r->measured, r->equalised, r->corrected);
    for (uint32_t i = 0; i < r->layer_count; i++) {
        const tsr_quantize_layer *l = &r->layers[i];
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(l->name);
        printf(",\"op\":");
        json_text(l->op);
        printf(",\"type\":\"%s\",\"macs\":%" PRIu64, l->integer ? "int8" : "float", l->macs);
        json_decibels("own_sqnr_db", l->own_sqnr);
        json_decibels("total_sqnr_db", l->total_sqnr);
        if (l->scale != 0) {
            printf(",\"scale\":");
            json_number(l->scale);
            printf(",\"zero_point\":%" PRId32, l->zero_point);
        }
        printf("}");
    }
    printf("],\"outputs\":[");
    for (uint32_t i = 0; i < r->output_count; i++) {
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(r->outputs[i].name);
        json_decibels("sqnr_db", r->outputs[i].sqnr);
        printf(",\"agreement\":");
        json_number(r->outputs[i].agreement);
        printf("}");
    }
    printf("]}\n");
}

static void csv_text(const char *text) {
    putchar('"');
    for (; *text != '\0'; text++)
        printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

void quantize_report_csv(const tsr_quantize_report *r) {
    puts("layer,operator,type,macs,own_sqnr_db,total_sqnr_db,scale,zero_point");
    for (uint32_t i = 0; i < r->layer_count; i++) {
        const tsr_quantize_layer *l = &r->layers[i];
        csv_text(l->name);
        printf(",%s,%s,%" PRIu64 ",", l->op, l->integer ? "int8" : "float", l->macs);
        if (!isnan(l->own_sqnr))
            printf("%.3f", l->own_sqnr);
        printf(",%.3f,", l->total_sqnr);
        if (l->scale != 0)
            printf("%.9g,%" PRId32 "\n", l->scale, l->zero_point);
        else
            puts(",");
    }
}
