// SPDX-License-Identifier: Apache-2.0
#include "flatbuffer.h"

#include <inttypes.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied out of the file as they are");

bool fb_ok(const fb_file *file) { return file->status.code == TSR_OK; }

static bool fail(fb_file *file, uint32_t at, const char *what) {
    if (fb_ok(file))
        file->status = tsr_error(TSR_CORRUPT, "offset %" PRIu32 ": %s", at, what);
    return false;
}

// That `size` bytes from `at` are in the file, and `at` is a multiple of `alignment`.
static bool check(fb_file *file, uint64_t at, uint64_t size, uint32_t alignment, const char *what) {
    if (!fb_ok(file))
        return false;
    if (at + size > file->size || size > file->size) {
        file->status = tsr_error(TSR_CORRUPT,
                                 "offset %" PRIu64 ": %s of %" PRIu64 " bytes reaches past the end of the file"
                                 " (%" PRIu32 " bytes)",
                                 at, what, size, file->size);
        return false;
    }
    if (at % alignment != 0)
        return fail(file, (uint32_t)at, "misaligned value");
    return true;
}

static uint16_t u16_at(const fb_file *file, uint32_t at) {
    uint16_t value;
    memcpy(&value, file->bytes + at, sizeof value);
    return value;
}

static uint32_t u32_at(const fb_file *file, uint32_t at) {
    uint32_t value;
    memcpy(&value, file->bytes + at, sizeof value);
    return value;
}

bool fb_open(fb_file *file, const void *bytes, size_t size, const char identifier[4]) {
    *file = (fb_file){.bytes = bytes, .status = tsr_ok()};
    if (size > INT32_MAX) {
        file->status = tsr_error(TSR_UNSUPPORTED, "files of more than 2 GiB are not supported");
        return false;
    }
    file->size = (uint32_t)size;
    if (!check(file, 0, 8, 4, "the file's header"))
        return false;
    return memcmp(file->bytes + 4, identifier, 4) == 0 || fail(file, 4, "another file identifier than expected");
}

static fb_table open_table(fb_file *file, uint64_t at) {
    const fb_table none = {0, 0, 0, 0};
    if (!check(file, at, 4, 4, "a table"))
        return none;
    int32_t back;
    memcpy(&back, file->bytes + at, sizeof back);
    int64_t vtable = (int64_t)at - back;
    if (vtable < 0) {
        fail(file, (uint32_t)at, "a table's vtable lies before the file");
        return none;
    }
    if (!check(file, (uint64_t)vtable, 4, 2, "a vtable"))
        return none;
    fb_table table = {(uint32_t)at, (uint32_t)vtable, u16_at(file, (uint32_t)vtable + 2), u16_at(file, (uint32_t)vtable)};
    if (table.vtable_size < 4 || table.vtable_size % 2 != 0 || table.table_size < 4) {
        fail(file, table.vtable, "a vtable with impossible sizes");
        return none;
    }
    if (!check(file, table.vtable, table.vtable_size, 2, "a vtable") || !check(file, table.at, table.table_size, 4, "a table"))
        return none;
    return table;
}

// File position of a field of `size` bytes, 0 when it is absent.
static uint32_t field_at(fb_file *file, fb_table table, uint32_t field, uint32_t size) {
    const uint32_t slot = 4 + 2 * field;
    if (!fb_ok(file) || table.at == 0 || slot + 2 > table.vtable_size)
        return 0;
    const uint32_t offset = u16_at(file, table.vtable + slot);
    if (offset == 0)
        return 0;
    if (offset < 4 || offset + size > table.table_size) {
        fail(file, table.vtable + slot, "a field lies outside of its table");
        return 0;
    }
    return check(file, table.at + offset, size, size, "a field") ? table.at + offset : 0;
}

// Follows the offset stored in a field or vector element.
static uint64_t follow(const fb_file *file, uint32_t at) { return (uint64_t)at + u32_at(file, at); }

fb_table fb_root(fb_file *file) {
    return check(file, 0, 4, 4, "the root offset") ? open_table(file, follow(file, 0)) : (fb_table){0, 0, 0, 0};
}

fb_table fb_get_table(fb_file *file, fb_table table, uint32_t field) {
    uint32_t at = field_at(file, table, field, 4);
    return at != 0 ? open_table(file, follow(file, at)) : (fb_table){0, 0, 0, 0};
}

static fb_vector open_vector(fb_file *file, uint64_t at, uint32_t element_size) {
    const fb_vector none = {0, 0, 0, false};
    if (!check(file, at, 4, 4, "a vector"))
        return none;
    const fb_vector vector = {(uint32_t)at + 4, u32_at(file, (uint32_t)at), element_size, true};
    // The elements' alignment only matters when there are some.
    if (!check(file, vector.at, (uint64_t)vector.count * element_size, vector.count > 0 ? element_size : 1, "a vector"))
        return none;
    return vector;
}

fb_vector fb_get_vector(fb_file *file, fb_table table, uint32_t field, uint32_t element_size) {
    uint32_t at = field_at(file, table, field, 4);
    return at != 0 ? open_vector(file, follow(file, at), element_size) : (fb_vector){0, 0, element_size, false};
}

const char *fb_get_string(fb_file *file, fb_table table, uint32_t field) {
    fb_vector text = fb_get_vector(file, table, field, 1);
    if (!text.present)
        return "";
    if (!check(file, text.at, (uint64_t)text.count + 1, 1, "a string"))
        return "";
    if (file->bytes[text.at + text.count] != 0) {
        fail(file, text.at, "a string without its terminating zero");
        return "";
    }
    return (const char *)file->bytes + text.at;
}

bool fb_has(fb_file *file, fb_table table, uint32_t field) { return field_at(file, table, field, 1) != 0; }

#define SCALAR(name, stored, returned)                                                                                           \
    returned fb_get_##name(fb_file *file, fb_table table, uint32_t field, returned standard) {                                   \
        uint32_t at = field_at(file, table, field, sizeof(stored));                                                              \
        stored value;                                                                                                            \
        if (at == 0)                                                                                                             \
            return standard;                                                                                                     \
        memcpy(&value, file->bytes + at, sizeof value);                                                                          \
        return value;                                                                                                            \
    }
SCALAR(i8, int8_t, int32_t)
SCALAR(u8, uint8_t, uint32_t)
SCALAR(i32, int32_t, int32_t)
SCALAR(u32, uint32_t, uint32_t)
SCALAR(u64, uint64_t, uint64_t)
SCALAR(f32, float, float)

fb_table fb_table_at(fb_file *file, fb_vector vector, uint32_t index) {
    if (!fb_ok(file) || index >= vector.count)
        return (fb_table){0, 0, 0, 0};
    return open_table(file, follow(file, vector.at + 4 * index));
}

#define ELEMENT(name, type)                                                                                                      \
    type fb_##name##_at(const fb_file *file, fb_vector vector, uint32_t index) {                                                 \
        type value;                                                                                                              \
        memcpy(&value, file->bytes + vector.at + sizeof(type) * (size_t)index, sizeof value);                                    \
        return value;                                                                                                            \
    }
ELEMENT(i32, int32_t)
ELEMENT(i64, int64_t)
ELEMENT(f32, float)
