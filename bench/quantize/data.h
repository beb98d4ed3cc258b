// SPDX-License-Identifier: Apache-2.0
// Pictures to measure quantised networks on, from what is in the repo and the photographs beside it.
#ifndef BENCH_QUANTIZE_DATA_H
#define BENCH_QUANTIZE_DATA_H

#include <stdint.h>

#include "tsr/status.h"

// float32 pictures, channels last, `elements` each.
typedef struct data_set {
    uint32_t count, calibration; // the first `calibration` are for calibration, the others for measuring
    uint32_t height, width, channels;
    float *pictures;
    uint8_t *labels; // one a picture, or NULL
    float *truth;    // super-resolution: what should come out, `truth_height` x `truth_width` a picture; else NULL
    uint32_t truth_height, truth_width;
} data_set;

// The digits' test pictures: 8x8 of 0..1, or enlarged to 20x20 (bilinear) in the middle of 28x28, 0..255, as MNIST's are.
tsr_status data_digits(data_set *out_data);
tsr_status data_large_digits(data_set *out_data);
// Square pieces of the photographs in `folder`, of 32 to 300 pixels, at places from a fixed generator, as 32x32 RGB, 0..255.
tsr_status data_pieces(const char *folder, data_set *out_data);
// Luminance (0..1) of the photographs: 224x224 pieces for calibration; then each whole, a third as large, in the top left of
// 224x224, repeated at the borders, with its original as the truth.
tsr_status data_luminance(const char *folder, data_set *out_data);
void data_free(data_set *data);

#endif
