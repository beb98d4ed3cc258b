// SPDX-License-Identifier: Apache-2.0
// Names, numbers and contents of constants in the text form.
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool text_starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/'; }
bool text_continues_name(char c) { return text_starts_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '~'; }

static bool is_plain(const char *name) {
    if (!text_starts_name(*name))
        return false;
    while (text_continues_name(*name))
        name++;
    return *name == '\0';
}

void text_print_name(const char *name, FILE *out) {
    if (is_plain(name)) {
        fputs(name, out);
        return;
    }
    fputc('"', out);
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void text_print_float(float value, FILE *out) {
    char text[TEXT_NUMBER];
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

void text_print_double(double value, FILE *out) {
    char text[TEXT_NUMBER];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

// One element as a number; false when numbers do not say it (NaN has contents) or the type has none.
static bool print_element(const tsr_tensor *t, uint64_t at, FILE *out) {
    const unsigned char *p = (const unsigned char *)t->data + at * tsr_dtype_size(t->dtype);
    switch (t->dtype) {
#define INTEGER(type, ctype, format)                                                                                             \
    case type: {                                                                                                                 \
        ctype v;                                                                                                                 \
        memcpy(&v, p, sizeof v);                                                                                                 \
        if (out != NULL)                                                                                                         \
            fprintf(out, "%" format, v);                                                                                         \
        return true;                                                                                                             \
    }
        INTEGER(TSR_I8, int8_t, PRId8)
        INTEGER(TSR_U8, uint8_t, PRIu8)
        INTEGER(TSR_BOOL, uint8_t, PRIu8)
        INTEGER(TSR_I16, int16_t, PRId16)
        INTEGER(TSR_U16, uint16_t, PRIu16)
        INTEGER(TSR_I32, int32_t, PRId32)
        INTEGER(TSR_U32, uint32_t, PRIu32)
        INTEGER(TSR_I64, int64_t, PRId64)
        INTEGER(TSR_U64, uint64_t, PRIu64)
#undef INTEGER
    case TSR_F32: {
        float v;
        memcpy(&v, p, sizeof v);
        if (isnan(v))
            return false;
        if (out != NULL)
            text_print_float(v, out);
        return true;
    }
    case TSR_F64: {
        double v;
        memcpy(&v, p, sizeof v);
        if (isnan(v))
            return false;
        if (out != NULL)
            text_print_double(v, out);
        return true;
    }
    default: return false;
    }
}

static bool is_splat(const tsr_tensor *t) {
    const uint64_t elements = tsr_tensor_elements(t);
    const size_t size = tsr_dtype_size(t->dtype);
    return elements > 1 && memcmp(t->data, (const char *)t->data + size, (size_t)(elements - 1) * size) == 0 &&
           print_element(t, 0, NULL);
}

static bool print_numbers(const tsr_tensor *t, FILE *out) {
    const uint64_t elements = tsr_tensor_elements(t);
    for (uint64_t i = 0; i < elements; i++)
        if (!print_element(t, i, NULL))
            return false;
    for (uint64_t i = 0; i < elements; i++) {
        fputc(' ', out);
        print_element(t, i, out);
    }
    return true;
}

static void print_hex(const tsr_tensor *t, FILE *out) {
    static const char digit[] = "0123456789abcdef";
    const uint64_t bytes = tsr_tensor_bytes(t);
    char text[1024];
    size_t used = 0;
    fputs(" hex ", out);
    for (uint64_t i = 0; i < bytes; i++) {
        const unsigned char byte = ((const unsigned char *)t->data)[i];
        text[used++] = digit[byte >> 4];
        text[used++] = digit[byte & 15];
        if (used == sizeof text || i + 1 == bytes) {
            fwrite(text, 1, used, out);
            used = 0;
        }
    }
}

void text_print_data(const tsr_tensor *t, tsr_print_constants constants, FILE *out) {
    const bool small = tsr_tensor_elements(t) <= TEXT_SMALL;
    fputs(" =", out);
    if (is_splat(t)) {
        fputs(" splat ", out);
        print_element(t, 0, out);
    } else if (!small && constants == TSR_PRINT_SMALL) {
        fputs(" omitted", out);
    } else if (!small || !print_numbers(t, out)) {
        print_hex(t, out);
    }
}
