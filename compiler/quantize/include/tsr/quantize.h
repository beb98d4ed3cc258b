// SPDX-License-Identifier: Apache-2.0
// Quantisation of trained float models: an ONNX or TFLite model in float and some of its inputs go in, an ordinary ONNX file
// in QDQ form and a report of what each layer lost come out.
//
//   tsr_quantizer_open("model.onnx", 0, &q);             imports; tells the inputs
//   tsr_quantizer_run(q, &samples, &options);            calibrates, quantises, measures
//   tsr_quantizer_write(q, &bytes, &size);               the ONNX file
//   report = tsr_quantizer_report(q);
//   tsr_quantizer_close(q);
//
// The file is of opset 13 (or higher where an operator needs it): QuantizeLinear and DequantizeLinear around every operator
// that has an integer form, int8 weights of zero point 0 with one scale an output channel, int32 biases of scale
// x_scale * w_scale. Pictures are NCHW; those of a TFLite model become so too.
//
// Real value = scale * (q - zero_point). Methods:
//   min-max, percentile  the range seen, or what is left after cutting off a share of the values at both ends
//   entropy              the range whose quantised distribution has the least Kullback-Leibler divergence from the real one
//                        (S. Migacz, 8-bit Inference with TensorRT, GTC 2017)
//   mse                  the range with the least mean squared error
// Cross-layer equalisation and bias correction: M. Nagel et al., Data-Free Quantization Through Weight Equalization and Bias
// Correction, ICCV 2019; the correction uses the means of the calibration samples.
#ifndef TSR_QUANTIZE_H
#define TSR_QUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/program.h"
#include "tsr/status.h"

typedef struct tsr_quantizer tsr_quantizer;

typedef enum tsr_calibration {
    TSR_CALIBRATE_MINMAX,
    TSR_CALIBRATE_PERCENTILE,
    TSR_CALIBRATE_ENTROPY,
    TSR_CALIBRATE_MSE
} tsr_calibration;

typedef struct tsr_quantize_options {
    tsr_calibration method;
    double percentile;       // of TSR_CALIBRATE_PERCENTILE: 50 < percentile <= 100; how many per cent of the values stay inside
    bool per_tensor_weights; // one scale for all output channels
    bool symmetric;          // activations with the zero point in the middle of the type
    bool uint8_activations;  // rather than int8
    bool equalise, bias_correct;
    uint32_t keep_count;     // layers that stay in float: names, or patterns with * and ?; one that fits no layer is an error
    const char *const *keep;
    double least_sqnr;       // layers that alone lose more than this (dB) stay in float, too; 0: none
    uint32_t report_samples; // how many samples the report is measured on; 0: the first 32
    // Called as stages go by, for progress bars. NULL = none.
    void (*on_progress)(void *context, const char *stage, unsigned done, unsigned total);
    void *progress_context;
} tsr_quantize_options;

// Calibration data: `load` fills data (io->bytes, in the model's own type and layout) for one input of one sample.
typedef struct tsr_samples {
    uint32_t count;
    tsr_status (*load)(void *context, uint32_t sample, uint32_t input, void *data);
    void *context;
} tsr_samples;

// One layer: a node of the model after BatchNormalization, bias and activation went into their neighbours.
typedef struct tsr_quantize_layer {
    const char *name, *op;
    bool integer;       // false: stayed in float
    uint64_t macs;
    double low, high;   // the range that its output's integers stand for
    double scale;       // of its output; 0 when it has none
    int32_t zero_point;
    // Signal to quantisation noise of its output against the float model, 10 log10(sum(real^2) / sum((real - quantised)^2)):
    // of this layer alone on the float model's own values (NAN: it is in float), and in the quantised model, with all that the
    // layers before it lost. INFINITY: no difference.
    double own_sqnr, total_sqnr;
} tsr_quantize_layer;

typedef struct tsr_quantize_output {
    const char *name;
    double sqnr;
    double agreement; // of a list of classes: share of samples with the same largest element; else NAN
} tsr_quantize_output;

typedef struct tsr_quantize_report {
    uint32_t samples, measured; // used for calibration, for the figures
    uint32_t equalised; // pairs of layers
    uint32_t corrected; // layers
    uint32_t layer_count, output_count;
    const tsr_quantize_layer *layers;
    const tsr_quantize_output *outputs;
} tsr_quantize_report;

// Imports and simplifies. batch, dims: as in tsr_compile_options. UNSUPPORTED: the model is quantised already, holds nothing that
// could be, or has operators that the ONNX writer does not know (all are named).
tsr_status tsr_quantizer_open(const char *path, int64_t batch, uint32_t dim_count, const char *const *dims,
                              tsr_quantizer **out_quantizer);
void tsr_quantizer_close(tsr_quantizer *quantizer); // NULL is fine

// The model's inputs: name, type, shape, bytes, channels_last.
const tsr_io *tsr_quantizer_inputs(const tsr_quantizer *quantizer, uint32_t *out_count);

// Once a quantizer. Memory: a few hundred MiB beside the model, whatever the number of samples; each sample is loaded several
// times. INVALID_ARGUMENT: no samples, NaN or infinity in them, a pattern that fits nothing.
tsr_status tsr_quantizer_run(tsr_quantizer *quantizer, const tsr_samples *samples, const tsr_quantize_options *options);

// Both after a run that succeeded. The caller frees *out_bytes; the report is the quantizer's.
tsr_status tsr_quantizer_write(const tsr_quantizer *quantizer, uint8_t **out_bytes, size_t *out_size);
const tsr_quantize_report *tsr_quantizer_report(const tsr_quantizer *quantizer);

#endif
