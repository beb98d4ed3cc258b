// SPDX-License-Identifier: Apache-2.0
#include "tsr/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t tsr_blob_append(tsr_blob *blob, const void *bytes, size_t size, size_t alignment) {
    size_t offset = (blob->size + alignment - 1) / alignment * alignment;
    if (offset + size > blob->capacity) {
        size_t capacity = (offset + size) * 2;
        uint8_t *data = realloc(blob->data, capacity);
        if (data == NULL) {
            fputs("tessera: out of memory\n", stderr);
            exit(70);
        }
        blob->data = data;
        blob->capacity = capacity;
    }
    if (offset > blob->size)
        memset(blob->data + blob->size, 0, offset - blob->size);
    if (size > 0) {
        if (bytes != NULL)
            memcpy(blob->data + offset, bytes, size);
        else
            memset(blob->data + offset, 0, size);
    }
    blob->size = offset + size;
    return offset;
}

void tsr_blob_free(tsr_blob *blob) {
    free(blob->data);
    memset(blob, 0, sizeof *blob);
}
