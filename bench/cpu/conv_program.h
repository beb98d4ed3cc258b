// SPDX-License-Identifier: Apache-2.0
// One convolution as a compiled model for device cpu.
#ifndef BENCH_CPU_CONV_PROGRAM_H
#define BENCH_CPU_CONV_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/program.h"

typedef struct conv_shape {
    const char *name;
    int64_t size, in, out, kernel, pad, stride; // a picture of size x size, NHWC
} conv_shape;

static inline int64_t conv_output_size(const conv_shape *s) { return (s->size + 2 * s->pad - s->kernel) / s->stride + 1; }

// Random weights and bias, and a Relu. int8: uint8 input and output, int8 weights with a scale a channel.
tsr_status conv_program(const conv_shape *shape, bool int8, tsr_program **out_program);

#endif
