// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz files: ZIP archives of .npy members, stored or deflated. Read through the central directory; the sizes in it
// are checked against the file and a limit before memory is taken, contents against their CRC-32.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#ifndef NPZ_H
#define NPZ_H

#include "npy.h"

typedef struct npz_member {
    char *name;     // without ".npy"
    uint8_t *bytes; // of the .npy file
    npy_array array;
} npz_member;

typedef struct npz_file {
    uint32_t count;
    npz_member *members;
} npz_file;

bool npz_is(const uint8_t *bytes, size_t size); // by its first bytes

// limit: most bytes that all members together may unpack to.
tsr_status npz_parse(const uint8_t *bytes, size_t size, size_t limit, const char *file_name, npz_file *out_file);
void npz_free(npz_file *file);

#endif
