// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, format version 1.0 (read: also 2.0), little-endian, C order.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#ifndef NPY_H
#define NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/dtype.h"
#include "tsr/status.h"

typedef struct npy_array {
    tsr_dtype dtype;
    uint32_t rank;
    uint32_t shape[TSR_MAX_RANK];
    const uint8_t *data; // inside the bytes that were parsed; not aligned
    size_t bytes;
} npy_array;

bool npy_is(const uint8_t *bytes, size_t size); // by its first bytes

// Errors name file_name and an offset. The file must be as long as its header says.
tsr_status npy_parse(const uint8_t *bytes, size_t size, const char *file_name, npy_array *out_array);

tsr_status npy_write(const char *path, const npy_array *array);

#endif
