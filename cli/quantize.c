// SPDX-License-Identifier: Apache-2.0
#include "tsr/quantize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "model.h"
#include "progress.h"
#include "quantize_report.h"
#include "samples.h"

enum { MOST_KEPT = 256 };

typedef struct arguments {
    const char *model, *output, *calibrate, *mean, *scale, *method, *type;
    option_list keep, dims;
    double percentile, least_sqnr;
    bool per_tensor, symmetric, no_equalise, no_bias_correct, json, csv;
    uint32_t samples, report_samples, batch;
    tsr_calibration calibration;
} arguments;

// "conv1,block*": the lists of all --keep-float options, taken apart. The parts are the caller's, in *text.
static uint32_t split_kept(const option_list *list, const char *kept[MOST_KEPT], char **text) {
    size_t length = 1;
    uint32_t count = 0;
    for (unsigned i = 0; i < list->count; i++)
        length += strlen(list->texts[i]) + 1;
    *text = calloc(length, 1);
    if (*text == NULL)
        return 0;
    for (unsigned i = 0; i < list->count; i++) {
        strcat(*text, list->texts[i]);
        strcat(*text, ",");
    }
    char *rest;
    for (char *part = strtok_r(*text, ",", &rest); part != NULL && count < MOST_KEPT; part = strtok_r(NULL, ",", &rest))
        kept[count++] = part;
    return count;
}

static tsr_status write_model(const arguments *a, const tsr_quantizer *q) {
    if (a->output == NULL)
        return tsr_ok();
    uint8_t *bytes;
    size_t size;
    TSR_TRY(tsr_quantizer_write(q, &bytes, &size));
    const file_part part = {bytes, size};
    tsr_status status = file_write(a->output, &part, 1);
    free(bytes);
    return status;
}

static tsr_status quantise(const arguments *a, tsr_quantizer *q, samples *s) {
    const char *kept[MOST_KEPT];
    char *text;
    progress *bar = progress_start("quantising");
    const tsr_quantize_options options = {
        .method = a->calibration,
        .percentile = a->percentile,
        .per_tensor_weights = a->per_tensor,
        .symmetric = a->symmetric,
        .uint8_activations = strcmp(a->type, "uint8") == 0,
        .equalise = !a->no_equalise,
        .bias_correct = !a->no_bias_correct,
        .keep_count = split_kept(&a->keep, kept, &text),
        .keep = kept,
        .least_sqnr = a->least_sqnr,
        .report_samples = a->report_samples,
        .on_progress = bar != NULL ? progress_on_stage : NULL,
        .progress_context = bar,
    };
    const tsr_samples data = {s->count, samples_load, s};
    tsr_status status = tsr_quantizer_run(q, &data, &options);
    progress_end(bar);
    free(text);
    return status;
}

static tsr_status work(const arguments *a) {
    tsr_quantizer *q;
    input_rule rule;
    samples s;
    bool compiled;
    TSR_TRY(input_rule_parse(a->mean, a->scale, &rule));
    TSR_TRY(model_is_compiled(a->model, &compiled));
    if (compiled)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: is a compiled model; give the .onnx or .tflite file", a->model);
    TSR_TRY(tsr_quantizer_open(a->model, a->batch, a->dims.count, a->dims.texts, &q));
    uint32_t count;
    const tsr_io *inputs = tsr_quantizer_inputs(q, &count);
    tsr_status status = samples_open(a->calibrate, inputs, count, &rule, a->samples, &s);
    if (status.code == TSR_OK) {
        status = tsr_annotate(quantise(a, q, &s), "%s", a->model);
        samples_close(&s);
    }
    if (status.code == TSR_OK)
        status = write_model(a, q);
    if (status.code == TSR_OK && a->json)
        quantize_report_json(a->model, a->output, tsr_quantizer_report(q));
    else if (status.code == TSR_OK && a->csv)
        quantize_report_csv(tsr_quantizer_report(q));
    else if (status.code == TSR_OK)
        quantize_report_text(tsr_quantizer_report(q));
    tsr_quantizer_close(q);
    return status;
}

static bool method_of(const char *name, tsr_calibration *out) {
    static const char *const names[] = {[TSR_CALIBRATE_MINMAX] = "minmax",
                                        [TSR_CALIBRATE_PERCENTILE] = "percentile",
                                        [TSR_CALIBRATE_ENTROPY] = "kl",
                                        [TSR_CALIBRATE_MSE] = "mse"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (tsr_calibration)i;
            return true;
        }
    return false;
}

int cli_quantize(int argc, char **argv) {
    arguments a = {.batch = 1, .type = "int8", .percentile = 0};
    const cli_option options[] = {
        {OPTION_TEXT, "--calibrate", "PATH", &a.calibrate,
         "samples of the input: a folder of pictures (PNG, JPEG, BMP) and\n.npy files, a .npy file with a first extent of "
         "samples, or a\n"
         ".npz file with such an array for each input, by name"},
        {OPTION_TEXT, "-o", "FILE", &a.output, "where the int8 model goes (.onnx); without it there is only\nthe report"},
        {OPTION_TEXT, "--method", "NAME", &a.method,
         "how ranges follow from the samples: mse (default), minmax,\npercentile or kl (entropy)"},
        {OPTION_REAL, "--percentile", "P", &a.percentile,
         "how many per cent of the values a range holds (default 99.99);\nmeans --method percentile"},
        {OPTION_FLAG, "--no-equalise", NULL, &a.no_equalise,
         "leave the weights of neighbouring layers as they are; else they\nare evened out first (cross-layer equalisation)"},
        {OPTION_FLAG, "--no-bias-correct", NULL, &a.no_bias_correct,
         "do not take back what rounding the weights does to the mean"},
        {OPTION_FLAG, "--per-tensor", NULL, &a.per_tensor, "one scale for the weights of a layer, not one a channel"},
        {OPTION_FLAG, "--symmetric", NULL, &a.symmetric, "activations with zero point 0 (uint8: 128)"},
        {OPTION_TEXT, "--activations", "TYPE", &a.type, "int8 (default) or uint8"},
        {OPTION_LIST, "--keep-float", "NAMES", &a.keep,
         "layers that stay in float, on the CPU: names from the report,\nwith commas between them; * and ? stand for any "
         "characters"},
        {OPTION_REAL, "--keep-below", "DB", &a.least_sqnr, "keep in float what alone falls below so many dB"},
        {OPTION_TEXT, "--mean", "M", &a.mean, "a pixel p stands for the real value (p - M) * S, as in `run`"},
        {OPTION_TEXT, "--scale", "S", &a.scale, "a number, a fraction such as 1/255, or one for each of R,G,B"},
        {OPTION_NUMBER, "--samples", "N", &a.samples, "use no more than the first N samples"},
        {OPTION_NUMBER, "--report-samples", "N", &a.report_samples, "measure the report on N of them (default 32)"},
        {OPTION_NUMBER, "--batch", "N", &a.batch, "what a symbolic first extent of an input becomes (default 1)"},
        {OPTION_LIST, "--dim", "NAME=N", &a.dims,
         "what the symbolic extent NAME of an ONNX model's inputs becomes; may be\ngiven several times"},
        {OPTION_FLAG, "--json", NULL, &a.json, "the report for programs"},
        {OPTION_FLAG, "--csv", NULL, &a.csv, "the report as a table for programs, one row a layer"},
        {0},
    };
    const cli_command command = {
        "quantize",
        "turn a float model into an int8 one, by calibration",
        "MODEL --calibrate PATH -o FILE [OPTIONS]",
        1,
        1,
        options,
        "MODEL is an .onnx or .tflite file in float. The result is an ordinary ONNX file in QDQ form: compile and run it\n"
        "here, or check it in other tools. Arrays of uint8 are pixels, like pictures.\n\n"
        "The report has one line a layer: the ratio of signal to quantisation noise of its output against the float\n"
        "model, of the layer alone (own) and with all that was lost before it (total). Above 30 dB little is lost; the\n"
        "layers that lose most alone are the ones to look at.\n",
        "  tessera quantize models/digits/digits_float.onnx --calibrate models/digits/images -o digits_int8.onnx\n"
        "  tessera quantize model.onnx --calibrate samples.npz --percentile 99.99 -o int8.onnx\n"
        "  tessera quantize model.tflite --calibrate photos/ --mean 127.5 --scale 1/127.5 --keep-float 'head*' --json\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, &a.model, &code))
        return code;
    if (a.calibrate == NULL)
        return cli_misuse("quantize", "say with --calibrate where samples of the input are");
    if (a.batch == 0)
        return cli_misuse("quantize", "--batch starts at 1");
    if (a.json && a.csv)
        return cli_misuse("quantize", "--json or --csv, not both");
    if (a.method == NULL)
        a.method = a.percentile != 0 ? "percentile" : "mse";
    if (!method_of(a.method, &a.calibration))
        return cli_misuse("quantize", "--method is minmax, percentile, kl or mse, not \"%s\"", a.method);
    if (a.percentile != 0 && a.calibration != TSR_CALIBRATE_PERCENTILE)
        return cli_misuse("quantize", "--percentile goes with --method percentile");
    if (a.percentile == 0)
        a.percentile = 99.99;
    if (a.percentile <= 50 || a.percentile > 100)
        return cli_misuse("quantize", "--percentile is over 50 and at most 100, not %g", a.percentile);
    if (strcmp(a.type, "int8") != 0 && strcmp(a.type, "uint8") != 0)
        return cli_misuse("quantize", "--activations is int8 or uint8, not \"%s\"", a.type);
    if (a.least_sqnr < 0)
        return cli_misuse("quantize", "--keep-below is a number of dB above 0, not %g", a.least_sqnr);
    return cli_finish(work(&a));
}
