// SPDX-License-Identifier: Apache-2.0
// Reads the .npy files of tests/models: version 1.0, C order, little-endian.
#ifndef TESTS_PASSES_NPY_H
#define TESTS_PASSES_NPY_H

#include <stddef.h>

#include "tsr/arena.h"

// The elements, NULL when there is no such file or it is another format.
void *npy_read(tsr_arena *arena, const char *path, size_t *out_bytes);

#endif
