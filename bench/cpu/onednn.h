// SPDX-License-Identifier: Apache-2.0
// The same convolution in oneDNN (https://oneapi-src.github.io/oneDNN, C API of version 2), one thread, in the layouts that it
// likes best: bringing tensors there is not timed.
#ifndef BENCH_CPU_ONEDNN_H
#define BENCH_CPU_ONEDNN_H

#include "conv_program.h"

typedef struct onednn_conv onednn_conv;

const char *onednn_version(void); // "onednn-2.6.3", or NULL when this program was built without it
onednn_conv *onednn_open(const conv_shape *shape, bool int8); // NULL: oneDNN refused
void onednn_run(onednn_conv *conv);
void onednn_close(onednn_conv *conv);

#endif
