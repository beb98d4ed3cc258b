// SPDX-License-Identifier: Apache-2.0
// The header of a .bit file, as XRT's kernel drivers read it (github.com/Xilinx/XRT, src/runtime_src/core/common/drv/xrt_xclbin.c):
// a field of fixed content and the number 1, then fields of a key, a 16-bit length and a text that ends with zero: a design,
// b part, c date, d time; at last e with the 32-bit length of the bits. Numbers are big-endian.
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "tsr/xclbin.h"

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

tsr_status tsr_xclbin_check_bitstream(const void *bytes, size_t size, const char *part, const char *file_name) {
    static const uint8_t start[] = {0x00, 0x09, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f, 0xf0, 0x00, 0x00, 0x01};
    cursor c = {bytes, (const uint8_t *)bytes + size};
    const uint8_t *text;
    uint32_t key, length;
    bool part_seen = false;
    if (!take_bytes(&c, sizeof start, &text) || memcmp(text, start, sizeof start) != 0)
        return tsr_error(TSR_CORRUPT, "%s: is no .bit file: it does not begin with the header of one", file_name);
    while (take_big(&c, 1, &key) && key >= 'a' && key <= 'd') {
        if (!take_big(&c, 2, &length) || !take_bytes(&c, length, &text))
            return tsr_error(TSR_CORRUPT, "%s: its header is cut off", file_name);
        if (key == 'b') {
            TSR_TRY(check_part(text, length, part, file_name));
            part_seen = true;
        }
    }
    if (key != 'e' || !part_seen || !take_big(&c, 4, &length))
        return tsr_error(TSR_CORRUPT, "%s: its header has no part or no length of the bits", file_name);
    if (length == 0 || length != (size_t)(c.end - c.at))
        return tsr_error(TSR_CORRUPT, "%s: its header says %" PRIu32 " bytes of bits, there are %zu: is it cut off?", file_name,
                         length, (size_t)(c.end - c.at));
    return tsr_ok();
}
