// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t mutate_random(uint64_t *state) { // splitmix64
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t limit) { return limit == 0 ? 0 : (size_t)(mutate_random(state) % limit); }

static bytes copy_of(const uint8_t *data, size_t size, size_t room) {
    bytes b = {malloc(size + room + 1), size};
    if (b.data == NULL)
        abort();
    memcpy(b.data, data, size);
    return b;
}

bytes bytes_read(const char *path) {
    bytes b = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return b;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        b = copy_of((const uint8_t *)"", 0, size > 0 ? (size_t)size : 0);
        b.size = fread(b.data, 1, size > 0 ? (size_t)size : 0, file);
    }
    fclose(file);
    return b;
}

bytes mutate_bits(const uint8_t *data, size_t size, uint64_t seed) {
    bytes b = copy_of(data, size, 0);
    for (size_t n = 1 + below(&seed, 4); n > 0 && size > 0; n--)
        b.data[below(&seed, size)] ^= (uint8_t)(1U << below(&seed, 8));
    return b;
}

bytes mutate_cut(const uint8_t *data, size_t size, uint64_t seed) {
    bytes b = copy_of(data, size, size);
    size_t from = below(&seed, size), length = below(&seed, size - from) + 1;
    if (size == 0)
        return b;
    switch (below(&seed, 3)) {
    case 0: b.size = from; break;
    case 1:
        memmove(b.data + from, b.data + from + length, size - from - length);
        b.size = size - length;
        break;
    default: memmove(b.data + from + length, b.data + from, size - from); b.size = size + length;
    }
    return b;
}

bytes mutate_words(const uint8_t *data, size_t size, uint64_t seed) {
    static const uint32_t telling[] = {0,          1,          2,          3,          7,          255,        256,
                                       32767,      65535,      65536,      0x00100000, 0x7fffffff, 0x80000000, 0xffffffff,
                                       0xfffffff0, 0x7fc00000, 0x7f800000, 0xff800000, 0xbf800000, 0x00000001, 0x7f7fffff};
    bytes b = copy_of(data, size, 0);
    for (size_t n = 1 + below(&seed, 3); n > 0 && size >= 4; n--) {
        uint32_t word = telling[below(&seed, sizeof telling / sizeof telling[0])];
        memcpy(b.data + below(&seed, size / 4) * 4, &word, 1U << below(&seed, 3));
    }
    return b;
}

// ---- texts ------------------------------------------------------------------------------------------------------------

static void line_at(const bytes *b, size_t at, size_t *out_from, size_t *out_to) {
    size_t from = at, to = at;
    while (from > 0 && b->data[from - 1] != '\n')
        from--;
    while (to < b->size && b->data[to] != '\n')
        to++;
    *out_from = from;
    *out_to = to < b->size ? to + 1 : to;
}

static void replace(bytes *b, size_t from, size_t to, const char *with, size_t length) {
    bytes result = copy_of(b->data, from, length + b->size - to);
    memcpy(result.data + from, with, length);
    memcpy(result.data + from + length, b->data + to, b->size - to);
    result.size = from + length + b->size - to;
    free(b->data);
    *b = result;
}

static void replace_word(bytes *b, uint64_t *seed) {
    static const char *const telling[] = {
        "0",  "-1",   "1",    "64",   "65536", "4294967295", "4294967296", "18446744073709551616",
        "",   " ",    "0x",   "0x7f", "name",  "1e9",        "\n",         "\xff\xfe",
        "..", "=",    "[",    "]",    ",",     "#",          "\"",         "%s%n",
        "+",  "load", "gemm", "uop",  ".word", ".uop",       "signal",     "batch"};
    size_t from = below(seed, b->size), to;
    while (from > 0 && strchr(" \n=,:", b->data[from - 1]) == NULL)
        from--;
    for (to = from; to < b->size && strchr(" \n=,:", b->data[to]) == NULL;)
        to++;
    const char *with = telling[below(seed, sizeof telling / sizeof telling[0])];
    replace(b, from, to, with, strlen(with));
}

bytes mutate_lines(const uint8_t *data, size_t size, uint64_t seed) {
    bytes b = copy_of(data, size, 0);
    for (size_t n = 1 + below(&seed, 3); n > 0 && b.size > 0; n--) {
        size_t from, to;
        line_at(&b, below(&seed, b.size), &from, &to);
        switch (below(&seed, 6)) {
        case 0: replace(&b, from, to, "", 0); break;
        case 1: { // twice
            bytes line = copy_of(b.data + from, to - from, 0);
            replace(&b, to, to, (const char *)line.data, line.size);
            free(line.data);
            break;
        }
        case 2: { // a very long one
            char text[2000];
            memset(text, 'a' + (int)below(&seed, 26), sizeof text);
            replace(&b, from, from, text, 1 + below(&seed, sizeof text));
            break;
        }
        default: replace_word(&b, &seed);
        }
    }
    return b;
}
