// SPDX-License-Identifier: Apache-2.0
// The section that says what the hardware is:
//
//   tessera xclbin 1
//   isa = 1.0
//   name = pynq
//   batch = 1
//   ...                   the configuration, as tsr_config_print writes it
#include <stdio.h>
#include <string.h>

#include "container.h"
#include "tsr_isa.h"

static const char first_line[] = "tessera xclbin 1\n";
enum { FIRST_LINE = sizeof first_line - 1 };

size_t config_section_print(const tsr_config *config, char text[CONFIG_SECTION_BYTES]) {
    const size_t used = (size_t)snprintf(text, CONFIG_SECTION_BYTES, "%sisa = %d.%d\n", first_line, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    return used + tsr_config_print(config, text + used, CONFIG_SECTION_BYTES - used);
}

bool config_section_is(const uint8_t *bytes, size_t size) {
    return size > FIRST_LINE && memcmp(bytes, first_line, FIRST_LINE) == 0;
}

// A decimal number below 65536 at *at; moves past it.
static bool read_number(const uint8_t **at, const uint8_t *end, uint32_t *out) {
    const uint8_t *begin = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        *out = *out * 10 + (uint32_t)(**at - '0');
        if (*out > UINT16_MAX)
            return false;
    }
    return *at != begin;
}

static bool read_word(const uint8_t **at, const uint8_t *end, const char *word) {
    const size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

tsr_status config_section_parse(const uint8_t *bytes, size_t size, const char *file_name, tsr_config *out_config,
                                uint32_t *out_isa_version) {
    memset(out_config, 0, sizeof *out_config);
    *out_isa_version = 0;
    const uint8_t *at = bytes, *end = bytes + size;
    uint32_t major, minor;
    if (!read_word(&at, end, first_line) || !read_word(&at, end, "isa = ") || !read_number(&at, end, &major) ||
        !read_word(&at, end, ".") || !read_number(&at, end, &minor) || !read_word(&at, end, "\n"))
        return tsr_error(TSR_CORRUPT, "%s: the section with the configuration does not begin with an ISA version", file_name);
    TSR_TRY(tsr_config_parse((const char *)at, (size_t)(end - at), file_name, out_config));
    *out_isa_version = major << 16 | minor;
    return tsr_ok();
}
