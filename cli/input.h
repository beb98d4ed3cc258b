// SPDX-License-Identifier: Apache-2.0
// A file (picture or .npy) as an input tensor of a model.
#ifndef INPUT_H
#define INPUT_H

#include "tsr/program.h"
#include "tsr/status.h"

enum { INPUT_MAX_CHANNELS = 3 };

// What a picture's bytes stand for. Not set, a pixel p is the real value p / 255 of a float input, and of an integer input
// the level p itself (uint8) or p - 128 (int8): the 256 levels of the picture are those of the tensor, whatever real range
// its scale gives them. Set, the real value is (p - mean) * scale, and an integer input is quantised from that.
typedef struct input_rule {
    bool set;
    unsigned channels; // 1: the same for all
    double mean[INPUT_MAX_CHANNELS], scale[INPUT_MAX_CHANNELS];
} input_rule;

// "127.5", "1/255", "123.7,116.3,103.5"; NULL leaves the default (mean 0, scale 1/255).
tsr_status input_rule_parse(const char *mean, const char *scale, input_rule *out_rule);

// Fills data (io->bytes) from the file.
tsr_status input_load(const char *path, const tsr_io *io, const input_rule *rule, void *data);
// Fills data from io->bytes / 4 pixels for a float input. other_layout: they lie channels last for a channels-first input of
// rank 4, or the other way round.
void input_from_pixels(const uint8_t *pixels, const tsr_io *io, bool other_layout, const input_rule *rule, void *data);

#endif
