// SPDX-License-Identifier: Apache-2.0
#include "npy.h"

#include <stdio.h>
#include <string.h>

#include "file.h"

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
enum { PREFIX_BYTES = 10, ALIGNMENT = 64, HEADER_BYTES = 256 };

static const struct {
    tsr_dtype dtype;
    const char *descr;
} types[] = {
    {TSR_I8, "|i1"},   {TSR_U8, "|u1"},  {TSR_I16, "<i2"},  {TSR_U16, "<u2"}, {TSR_I32, "<i4"},
    {TSR_U32, "<u4"},  {TSR_I64, "<i8"}, {TSR_U64, "<u8"},  {TSR_F32, "<f4"}, {TSR_F64, "<f8"},
    {TSR_BOOL, "|b1"}, {TSR_F16, "<f2"}, {TSR_BF16, "<V2"}, // NumPy itself has no bfloat16
};
enum { TYPES = sizeof types / sizeof types[0] };

bool npy_is(const uint8_t *bytes, size_t size) { return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0; }

// ---- reading: a cursor over the header, which is a Python dict in text ----------------------------------------------

typedef struct cursor {
    const char *file_name;
    const uint8_t *bytes;
    size_t at, end;
} cursor;

static tsr_status bad(const cursor *c, const char *expected) {
    return tsr_error(TSR_CORRUPT, "%s: byte %zu: not a .npy header: expected %s", c->file_name, c->at, expected);
}

static void skip_blanks(cursor *c) {
    while (c->at < c->end && (c->bytes[c->at] == ' ' || c->bytes[c->at] == '\n' || c->bytes[c->at] == '\t'))
        c->at++;
}

static bool accept(cursor *c, char wanted) {
    skip_blanks(c);
    if (c->at == c->end || c->bytes[c->at] != (uint8_t)wanted)
        return false;
    c->at++;
    return true;
}

static bool accept_word(cursor *c, const char *word) {
    skip_blanks(c);
    size_t length = strlen(word);
    if (c->end - c->at < length || memcmp(c->bytes + c->at, word, length) != 0)
        return false;
    c->at += length;
    return true;
}

static tsr_status read_text(cursor *c, char *text, size_t size) {
    skip_blanks(c);
    char quote = c->at < c->end ? (char)c->bytes[c->at] : '\0';
    if (quote != '\'' && quote != '"')
        return bad(c, "a quoted text");
    size_t begin = ++c->at;
    while (c->at < c->end && c->bytes[c->at] != (uint8_t)quote)
        c->at++;
    if (c->at == c->end || c->at - begin >= size)
        return bad(c, "the end of a short text");
    memcpy(text, c->bytes + begin, c->at - begin);
    text[c->at - begin] = '\0';
    c->at++;
    return tsr_ok();
}

static tsr_status read_type(cursor *c, npy_array *array) {
    char descr[16];
    TSR_TRY(read_text(c, descr, sizeof descr));
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i].descr + 1, descr + (descr[0] != '\0')) == 0 &&
            (descr[0] == types[i].descr[0] || (types[i].descr[0] == '|' && strchr("<>=", descr[0]) != NULL)))
            array->dtype = types[i].dtype;
    if (array->dtype == TSR_DTYPE_NONE)
        return tsr_error(TSR_UNSUPPORTED, "%s: elements of type '%.12s' are not read; little-endian integers and floats are",
                         c->file_name, descr);
    return tsr_ok();
}

static tsr_status read_extent(cursor *c, uint32_t *out_extent) {
    skip_blanks(c);
    uint64_t value = 0;
    size_t begin = c->at;
    while (c->at < c->end && c->bytes[c->at] >= '0' && c->bytes[c->at] <= '9') {
        value = value * 10 + (uint64_t)(c->bytes[c->at++] - '0');
        if (value > UINT32_MAX)
            return bad(c, "an extent of less than 2^32");
    }
    *out_extent = (uint32_t)value;
    return c->at > begin ? tsr_ok() : bad(c, "a number");
}

static tsr_status read_shape(cursor *c, npy_array *array) {
    if (!accept(c, '('))
        return bad(c, "'('");
    while (!accept(c, ')')) {
        if (array->rank == TSR_MAX_RANK)
            return tsr_error(TSR_UNSUPPORTED, "%s: more than %d dimensions", c->file_name, TSR_MAX_RANK);
        TSR_TRY(read_extent(c, &array->shape[array->rank++]));
        if (!accept(c, ',')) {
            if (!accept(c, ')'))
                return bad(c, "',' or ')'");
            break;
        }
    }
    return tsr_ok();
}

static tsr_status read_dict(cursor *c, npy_array *array) {
    bool seen_shape = false, seen_order = false;
    if (!accept(c, '{'))
        return bad(c, "'{'");
    while (!accept(c, '}')) {
        char key[32];
        TSR_TRY(read_text(c, key, sizeof key));
        if (!accept(c, ':'))
            return bad(c, "':'");
        if (strcmp(key, "descr") == 0 && array->dtype == TSR_DTYPE_NONE) {
            TSR_TRY(read_type(c, array));
        } else if (strcmp(key, "shape") == 0 && !seen_shape) {
            seen_shape = true;
            TSR_TRY(read_shape(c, array));
        } else if (strcmp(key, "fortran_order") == 0 && !seen_order) {
            seen_order = true;
            if (accept_word(c, "True"))
                return tsr_error(TSR_UNSUPPORTED, "%s: stored column by column (fortran_order); save numpy.ascontiguousarray(x)",
                                 c->file_name);
            if (!accept_word(c, "False"))
                return bad(c, "True or False");
        } else {
            return bad(c, "the keys descr, fortran_order and shape, once each");
        }
        if (!accept(c, ',')) {
            if (!accept(c, '}'))
                return bad(c, "',' or '}'");
            break;
        }
    }
    if (array->dtype == TSR_DTYPE_NONE || !seen_shape || !seen_order)
        return bad(c, "the keys descr, fortran_order and shape");
    skip_blanks(c);
    return c->at == c->end ? tsr_ok() : bad(c, "nothing after the header's dict");
}

static tsr_status parse(const uint8_t *bytes, size_t size, const char *file_name, npy_array *array) {
    if (!npy_is(bytes, size))
        return tsr_error(TSR_CORRUPT, "%s: not a .npy file", file_name);
    if (size < PREFIX_BYTES)
        return tsr_error(TSR_CORRUPT, "%s: ends after %zu bytes, inside the .npy header", file_name, size);
    if (bytes[6] < 1 || bytes[6] > 2 || bytes[7] != 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: byte 6: .npy version %u.%u; 1.0 and 2.0 are read", file_name, bytes[6], bytes[7]);
    size_t begin = bytes[6] == 1 ? PREFIX_BYTES : PREFIX_BYTES + 2, length = bytes[8] | (size_t)bytes[9] << 8;
    if (size < begin)
        return tsr_error(TSR_CORRUPT, "%s: ends after %zu bytes, inside the .npy header", file_name, size);
    if (bytes[6] == 2)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - begin)
        return tsr_error(TSR_CORRUPT, "%s: byte 8: a header of %zu bytes in a file of %zu", file_name, length, size);
    cursor c = {file_name, bytes, begin, begin + length};
    TSR_TRY(read_dict(&c, array));
    uint64_t wanted = tsr_dtype_size(array->dtype);
    for (uint32_t i = 0; i < array->rank; i++)
        if (__builtin_mul_overflow(wanted, (uint64_t)array->shape[i], &wanted))
            return tsr_error(TSR_CORRUPT, "%s: the shape has more than 2^64 elements", file_name);
    if (wanted != size - c.end)
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: the header promises %llu bytes of data, the file has %zu", file_name, c.end,
                         (unsigned long long)wanted, size - c.end);
    array->data = bytes + c.end;
    array->bytes = (size_t)wanted;
    return tsr_ok();
}

tsr_status npy_parse(const uint8_t *bytes, size_t size, const char *file_name, npy_array *out_array) {
    npy_array array = {0};
    memset(out_array, 0, sizeof *out_array);
    TSR_TRY(parse(bytes, size, file_name, &array));
    *out_array = array;
    return tsr_ok();
}

// ---- writing --------------------------------------------------------------------------------------------------------

tsr_status npy_write(const char *path, const npy_array *array) {
    const char *descr = NULL;
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].dtype == array->dtype)
            descr = types[i].descr;
    if (descr == NULL || array->rank > TSR_MAX_RANK)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: no .npy for this type or rank", path);
    char header[HEADER_BYTES];
    size_t used = PREFIX_BYTES;
    used += (size_t)snprintf(header + used, sizeof header - used, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (uint32_t i = 0; i < array->rank; i++)
        used += (size_t)snprintf(header + used, sizeof header - used,
                                 i == 0                ? "%u,"
                                 : i + 1 < array->rank ? " %u,"
                                                       : " %u",
                                 array->shape[i]);
    used += (size_t)snprintf(header + used, sizeof header - used, "), }");
    size_t end = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; // with the closing newline, a multiple of 64
    memset(header + used, ' ', end - used);
    header[end - 1] = '\n';
    memcpy(header, magic, sizeof magic);
    header[6] = 1;
    header[7] = 0;
    header[8] = (char)((end - PREFIX_BYTES) & 0xff);
    header[9] = (char)((end - PREFIX_BYTES) >> 8);
    const file_part parts[] = {{header, end}, {array->data, array->bytes}};
    return file_write(path, parts, 2);
}
