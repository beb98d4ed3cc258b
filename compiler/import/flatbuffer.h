// SPDX-License-Identifier: Apache-2.0
// Reads FlatBuffers (https://flatbuffers.dev/internals) without trusting them: every offset, length and alignment is
// checked against the file when it is followed. The first thing that is wrong is kept in `status` with its file offset;
// from then on every accessor returns nothing (0, an absent table, an empty vector), so that callers may check once.
#ifndef TSR_IMPORT_FLATBUFFER_H
#define TSR_IMPORT_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"

typedef struct fb_file {
    const unsigned char *bytes;
    uint32_t size;
    tsr_status status;
} fb_file;

typedef struct fb_table { // at == 0: absent
    uint32_t at, vtable, table_size, vtable_size;
} fb_table;

typedef struct fb_vector { // of `count` elements from `at`; count == 0: empty or absent
    uint32_t at, count, element;
    bool present;
} fb_vector;

bool fb_ok(const fb_file *file);
// False when the file is too large or has another identifier.
bool fb_open(fb_file *file, const void *bytes, size_t size, const char identifier[4]);
fb_table fb_root(fb_file *file);

// `field` counts the fields of a table from 0, as the schema lists them.
fb_table fb_get_table(fb_file *file, fb_table table, uint32_t field);
fb_vector fb_get_vector(fb_file *file, fb_table table, uint32_t field, uint32_t element_size);
const char *fb_get_string(fb_file *file, fb_table table, uint32_t field); // in the file, terminated; "" when absent
bool fb_has(fb_file *file, fb_table table, uint32_t field);
int32_t fb_get_i8(fb_file *file, fb_table table, uint32_t field, int32_t standard);
uint32_t fb_get_u8(fb_file *file, fb_table table, uint32_t field, uint32_t standard); // bool too
int32_t fb_get_i32(fb_file *file, fb_table table, uint32_t field, int32_t standard);
uint32_t fb_get_u32(fb_file *file, fb_table table, uint32_t field, uint32_t standard);
uint64_t fb_get_u64(fb_file *file, fb_table table, uint32_t field, uint64_t standard);
float fb_get_f32(fb_file *file, fb_table table, uint32_t field, float standard);

fb_table fb_table_at(fb_file *file, fb_vector vector, uint32_t index); // of a vector of tables
int32_t fb_i32_at(const fb_file *file, fb_vector vector, uint32_t index); // index < count
int64_t fb_i64_at(const fb_file *file, fb_vector vector, uint32_t index);
float fb_f32_at(const fb_file *file, fb_vector vector, uint32_t index);

#endif
