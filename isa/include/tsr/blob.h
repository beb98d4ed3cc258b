// SPDX-License-Identifier: Apache-2.0
// A growing array of bytes, for building segments and files.
#ifndef TSR_BLOB_H
#define TSR_BLOB_H

#include <stddef.h>
#include <stdint.h>

typedef struct tsr_blob {
    uint8_t *data; // owned; NULL while empty
    size_t size, capacity;
} tsr_blob;

// Appends size bytes (zeros when bytes is NULL) at the next multiple of alignment (a power of two); returns their offset.
size_t tsr_blob_append(tsr_blob *blob, const void *bytes, size_t size, size_t alignment);
void tsr_blob_free(tsr_blob *blob);

#endif
