// SPDX-License-Identifier: Apache-2.0
// The header of a .bit file, as XRT's kernel drivers read it (github.com/Xilinx/XRT, src/runtime_src/core/common/drv/xrt_xclbin.c):
// a field of fixed content and the number 1; then a design's name, b part, c date, d time: a key, a 16-bit length, and a text
// that ends with zero; at last e with the 32-bit length of the bits. Numbers are big-endian.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"

static const uint8_t start[] = {0x00, 0x09, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f, 0xf0, 0x00, 0x00, 0x01};

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static bool take_bytes(cursor *c, size_t count, const uint8_t **out) {
    if ((size_t)(c->end - c->at) < count)
        return false;
    *out = c->at;
    c->at += count;
    return true;
}

static bool take_big(cursor *c, unsigned bytes, uint32_t *out) {
    const uint8_t *at;
    if (!take_bytes(c, bytes, &at))
        return false;
    *out = 0;
    for (unsigned i = 0; i < bytes; i++)
        *out = *out << 8 | at[i];
    return true;
}

// A part's name without the leading "xc", in lower case: tools write both forms into the header.
static void plain_part(char out[64], const char *part, size_t length) {
    const size_t skip = length > 2 && tolower((unsigned char)part[0]) == 'x' && tolower((unsigned char)part[1]) == 'c' ? 2 : 0;
    size_t n = 0;
    for (size_t i = skip; i < length && part[i] != '\0' && n < 63; i++)
        out[n++] = (char)tolower((unsigned char)part[i]);
    out[n] = '\0';
}

static bool same_part(const char *a, const char *b) {
    const size_t length_a = strlen(a), length_b = strlen(b);
    return length_a > 0 && strncmp(a, b, length_a < length_b ? length_a : length_b) == 0; // one may lack the speed grade
}

static tsr_status check_part(const uint8_t *text, size_t length, const char *part, const char *file_name) {
    char in_file[64], wanted[64];
    plain_part(in_file, (const char *)text, length);
    plain_part(wanted, part, strlen(part));
    for (const char *c = in_file; *c != '\0'; c++)
        if (!isprint((unsigned char)*c))
            return tsr_error(TSR_CORRUPT, "%s: the part's name in its header is not printable", file_name);
    if (!same_part(in_file, wanted))
        return tsr_error(TSR_MISMATCH, "%s: is a bitstream for part %s, the board has %s", file_name, in_file, wanted);
    return tsr_ok();
}

typedef struct header {
    const uint8_t *part; // the text of field b
    uint32_t part_length;
    size_t name_end; // where field b begins
    size_t bytes; // of the header
    uint32_t bits; // length of the rest, as the header says
} header;

static tsr_status read_header(const uint8_t *bytes, size_t size, const char *file_name, header *out) {
    cursor c = {bytes, bytes + size};
    const uint8_t *text;
    uint32_t key, length;
    memset(out, 0, sizeof *out);
    if (!take_bytes(&c, sizeof start, &text) || memcmp(text, start, sizeof start) != 0)
        return tsr_error(TSR_CORRUPT, "%s: is no .bit file: it does not begin with the header of one", file_name);
    for (uint32_t wanted = 'a'; wanted <= 'd'; wanted++) {
        if (!take_big(&c, 1, &key) || key != wanted || !take_big(&c, 2, &length) || length == 0 ||
            !take_bytes(&c, length, &text) || text[length - 1] != 0)
            return tsr_error(TSR_CORRUPT, "%s: the header's field %c is not there, cut off, or does not end with 0", file_name,
                             (char)wanted);
        if (wanted == 'a')
            out->name_end = (size_t)(c.at - bytes);
        if (wanted == 'b')
            out->part = text, out->part_length = length;
    }
    if (!take_big(&c, 1, &key) || key != 'e' || !take_big(&c, 4, &out->bits))
        return tsr_error(TSR_CORRUPT, "%s: the header does not say how long the bits are", file_name);
    out->bytes = (size_t)(c.at - bytes);
    return tsr_ok();
}

tsr_status tsr_xclbin_check_bitstream(const void *bytes, size_t size, const char *part, const char *file_name) {
    header h;
    TSR_TRY(read_header(bytes, size, file_name, &h));
    TSR_TRY(check_part(h.part, h.part_length, part, file_name));
    if (h.bits == 0 || h.bits != size - h.bytes)
        return tsr_error(TSR_CORRUPT, "%s: its header says %" PRIu32 " bytes of bits, there are %zu: is it cut off?", file_name,
                         h.bits, size - h.bytes);
    return tsr_ok();
}

tsr_status bitstream_shorten(const uint8_t *bytes, size_t size, uint8_t **out_copy, size_t *out_size) {
    enum { WORD = 4 };
    header h;
    *out_copy = NULL;
    *out_size = 0;
    if (read_header(bytes, size, "", &h).code != TSR_OK)
        return tsr_ok();
    const size_t without = sizeof start + 3 + (h.bytes - h.name_end); // a header whose name has no character
    const size_t name = WORD - without % WORD; // one zero at least
    const size_t whole = sizeof start + 3 + name + (size - h.name_end);
    uint8_t *copy = calloc(1, whole);
    if (copy == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the bitstream");
    memcpy(copy, start, sizeof start);
    copy[sizeof start] = 'a';
    copy[sizeof start + 2] = (uint8_t)name;
    memcpy(copy + sizeof start + 3 + name, bytes + h.name_end, size - h.name_end);
    *out_copy = copy;
    *out_size = whole;
    return tsr_ok();
}
