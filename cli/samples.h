// SPDX-License-Identifier: Apache-2.0
// Many inputs of a model: a folder of pictures and .npy files, one a sample; a .npy file whose first extent counts samples; or
// a .npz file with such an array for each input, by name.
#ifndef SAMPLES_H
#define SAMPLES_H

#include "input.h"
#include "npz.h"

typedef struct samples {
    const tsr_io *inputs; // borrowed
    uint32_t input_count, count;
    input_rule rule;
    uint32_t path_count;
    char **paths;          // a folder: the files, by name; owned
    uint8_t *bytes;        // a .npy file; owned
    npz_file archive;
    const npy_array **arrays; // an input; owned list
    npy_array single;
} samples;

// most: use no more than so many; 0 means all. Errors name the file and what would fit.
tsr_status samples_open(const char *path, const tsr_io *inputs, uint32_t input_count, const input_rule *rule, uint32_t most,
                        samples *out_samples);
void samples_close(samples *s);

// Fits tsr_samples.load.
tsr_status samples_load(void *samples, uint32_t sample, uint32_t input, void *data);

#endif
