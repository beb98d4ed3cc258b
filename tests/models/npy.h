// SPDX-License-Identifier: Apache-2.0
// Recorded arrays for tests: .npy version 1.0, little-endian, C order, as the scripts beside this file write them.
#ifndef NPY_H
#define NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct npy {
    uint8_t *file; // owned
    const uint8_t *data;
    size_t bytes;
    char type[4]; // "|i1", "<f4", ...
} npy;

static inline uint8_t *read_whole_file(const char *path, size_t *out_size) {
    FILE *f = fopen(path, "rb");
    *out_size = 0;
    if (f == NULL)
        return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes != NULL && size > 0)
        *out_size = fread(bytes, 1, (size_t)size, f);
    fclose(f);
    return bytes;
}

// data is NULL when the file is not there or no .npy.
static inline npy npy_read(const char *path) {
    npy a = {0};
    size_t size;
    a.file = read_whole_file(path, &size);
    if (a.file == NULL || size < 10 || memcmp(a.file, "\x93NUMPY\x01", 7) != 0)
        return a;
    size_t header = 10 + (size_t)(a.file[8] | a.file[9] << 8);
    char text[512] = {0};
    memcpy(text, a.file + 10, header - 10 < sizeof text ? header - 10 : sizeof text - 1);
    const char *type = strstr(text, "'descr': '");
    if (header > size || type == NULL)
        return a;
    memcpy(a.type, type + 10, 3);
    a.data = a.file + header;
    a.bytes = size - header;
    return a;
}

#endif
