// SPDX-License-Identifier: Apache-2.0
// Damage, the same for the same seed.
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    uint8_t *data; // owned
    size_t size;
} bytes;

typedef bytes mutator(const uint8_t *data, size_t size, uint64_t seed);

mutator mutate_bits;  // flips a few bits
mutator mutate_cut;   // truncates, or takes out or doubles a piece
mutator mutate_words; // puts telling values (0, -1, limits, NaN, infinity) in place of aligned words
mutator mutate_onnx;  // changes shapes, scales, attributes, operators and edges of a well-formed ONNX file
mutator mutate_lines; // changes numbers, words and lines of a text

uint64_t mutate_random(uint64_t *state);
bytes bytes_read(const char *path); // data is NULL when there is no such file

#endif
