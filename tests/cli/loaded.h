// SPDX-License-Identifier: Apache-2.0
// A file of the repository as the command line reads it.
#ifndef TESTS_CLI_LOADED_H
#define TESTS_CLI_LOADED_H

#include <stdio.h>
#include <stdlib.h>

#include "file.h"

enum { LIMIT = 1 << 24 };

typedef struct loaded {
    uint8_t *bytes; // the caller frees them
    size_t size;
} loaded;

static inline loaded load(const char *path) {
    loaded l;
    tsr_status status = file_read(path, LIMIT, &l.bytes, &l.size);
    if (status.code != TSR_OK) {
        fprintf(stderr, "%s (run this from the project's top folder)\n", status.message);
        exit(1);
    }
    return l;
}

#endif
