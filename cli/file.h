// SPDX-License-Identifier: Apache-2.0
// Whole files in and out.
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"

// Reads at most limit bytes (TSR_UNSUPPORTED when there are more); works for pipes too. The caller frees *out_bytes.
tsr_status file_read(const char *path, size_t limit, uint8_t **out_bytes, size_t *out_size);

// A piece of a file to write.
typedef struct file_part {
    const void *bytes;
    size_t size;
} file_part;

// The file appears whole or not at all: it is written beside its place and renamed. Devices and pipes are written directly.
tsr_status file_write(const char *path, const file_part *parts, size_t part_count);

#endif
