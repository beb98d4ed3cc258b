// SPDX-License-Identifier: Apache-2.0
// Contents of constants: numbers, hexadecimal bytes, or a short form that says how to make them.
#include "text.h"

#include <inttypes.h>
#include <string.h>

static bool is_unsigned(tsr_dtype t) { return t == TSR_U8 || t == TSR_U16 || t == TSR_U32 || t == TSR_U64 || t == TSR_BOOL; }

// An integer element; uint64 beyond int64_t has no number and is written in hexadecimal.
static tsr_status integer(scanner *s, tsr_dtype dtype, void *out_element) {
    const unsigned bits = dtype == TSR_BOOL ? 1 : (unsigned)tsr_dtype_size(dtype) * 8;
    const int64_t high = is_unsigned(dtype) ? (bits == 64 ? INT64_MAX : (int64_t)((UINT64_C(1) << bits) - 1))
                                            : (int64_t)((UINT64_C(1) << (bits - 1)) - 1);
    int64_t value;
    TSR_TRY(scan_range(s, is_unsigned(dtype) ? 0 : -high - 1, high, &value));
    memcpy(out_element, &value, tsr_dtype_size(dtype)); // little-endian
    return tsr_ok();
}

static tsr_status element(scanner *s, tsr_dtype dtype, void *out_element) {
    if (dtype == TSR_F32) {
        float value;
        TSR_TRY(scan_float(s, &value));
        memcpy(out_element, &value, sizeof value);
        return tsr_ok();
    }
    if (dtype == TSR_F64) {
        double value;
        TSR_TRY(scan_double(s, &value));
        memcpy(out_element, &value, sizeof value);
        return tsr_ok();
    }
    if (dtype < TSR_I8 || (dtype > TSR_U64 && dtype != TSR_BOOL))
        return scan_error(s, scan_place(s), "elements of type %s are written in hexadecimal only", tsr_dtype_name(dtype));
    return integer(s, dtype, out_element);
}

static tsr_status reserve(scanner *s, uint64_t bytes, uint64_t *room) {
    if (bytes > *room)
        return scan_error(s, scan_place(s), "the constants that are not written out take more than %u MiB",
                          (unsigned)(TEXT_ROOM >> 20));
    *room -= bytes;
    return tsr_ok();
}

static tsr_status splat(scanner *s, const tsr_tensor *t, unsigned char *data) {
    const size_t size = tsr_dtype_size(t->dtype);
    unsigned char value[8];
    TSR_TRY(element(s, t->dtype, value));
    for (uint64_t i = 0, elements = tsr_tensor_elements(t); i < elements; i++)
        memcpy(data + i * size, value, size);
    return tsr_ok();
}

static uint64_t mix(uint64_t *state) { // splitmix64
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static tsr_status random_data(scanner *s, const tsr_tensor *t, unsigned char *data) {
    const size_t size = tsr_dtype_size(t->dtype);
    int64_t seed;
    TSR_TRY(scan_int(s, &seed));
    uint64_t state = (uint64_t)seed;
    for (uint64_t i = 0, elements = tsr_tensor_elements(t); i < elements; i++) {
        const uint64_t bits = mix(&state);
        const float real = (float)(bits >> 40) / (float)(1 << 23) - 1; // [-1, 1)
        const double wide = (double)real;
        const int64_t byte = t->dtype == TSR_BOOL    ? (int64_t)(bits & 1)
                             : is_unsigned(t->dtype) ? (int64_t)(bits & 255)
                                                     : (int64_t)(bits & 255) - 128;
        memcpy(data + i * size,
               t->dtype == TSR_F32   ? (const void *)&real
               : t->dtype == TSR_F64 ? (const void *)&wide
                                     : (const void *)&byte,
               size);
    }
    return tsr_ok();
}

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static tsr_status hex(scanner *s, tsr_arena *arena, const tsr_tensor *t, const void **out_data) {
    const uint64_t bytes = tsr_tensor_bytes(t);
    const place here = scan_place(s);
    uint64_t digits = 0;
    while (s->at + digits < s->end && digit(s->at[digits]) >= 0)
        digits++;
    if (digits != 2 * bytes)
        return scan_error(s, here, "%" PRIu64 " hexadecimal digits for a tensor of %" PRIu64 " bytes, which takes two a byte",
                          digits, bytes);
    unsigned char *data = tsr_arena_alloc(arena, (size_t)bytes);
    for (uint64_t i = 0; i < bytes; i++, s->at += 2)
        data[i] = (unsigned char)(digit(s->at[0]) << 4 | digit(s->at[1]));
    *out_data = data;
    return tsr_ok();
}

static tsr_status numbers(scanner *s, tsr_arena *arena, const tsr_tensor *t, const void **out_data) {
    const uint64_t elements = tsr_tensor_elements(t);
    const size_t size = tsr_dtype_size(t->dtype);
    if (elements > (uint64_t)(s->end - s->at)) // a digit each: nothing is allocated for what cannot be there
        return scan_error(s, scan_place(s), "too few numbers for %" PRIu64 " elements", elements);
    unsigned char *data = tsr_arena_alloc(arena, (size_t)(elements * size));
    for (uint64_t i = 0; i < elements; i++)
        TSR_TRY(element(s, t->dtype, data + i * size));
    *out_data = data;
    return tsr_ok();
}

tsr_status parse_data(scanner *s, tsr_arena *arena, const tsr_tensor *t, uint64_t *room, const void **out_data) {
    *out_data = NULL;
    const place here = scan_place(s);
    if (scan_accept_word(s, "omitted"))
        return scan_error(s, here,
                          "the contents of this constant were left out when the text was written; print it with "
                          "all of them (--dump-data)");
    if (scan_accept_word(s, "hex"))
        return hex(s, arena, t, out_data);
    const bool same = scan_accept_word(s, "splat");
    if (!same && !scan_accept_word(s, "random"))
        return numbers(s, arena, t, out_data);
    TSR_TRY(reserve(s, tsr_tensor_bytes(t), room));
    unsigned char *data = tsr_arena_alloc(arena, (size_t)tsr_tensor_bytes(t));
    *out_data = data;
    return same ? splat(s, t, data) : random_data(s, t, data);
}
