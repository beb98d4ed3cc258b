// SPDX-License-Identifier: Apache-2.0
#include "tsr/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Every key but the name, in canonical order: the order of printed text and of the identity.
// clang-format off
#define CONFIG_KEYS(K)                                                                                        \
    K(batch) K(block_in) K(block_out) K(inp_bits) K(wgt_bits) K(acc_bits) K(uop_buffer) K(inp_buffer)         \
    K(wgt_buffer) K(acc_buffer) K(out_buffer) K(par_buffer) K(bus_bytes) K(queue_depth) K(outstanding_bursts) \
    K(burst_beats)
// clang-format on

static const struct {
    const char *name;
    size_t offset;
} keys[] = {
#define KEY(name) {#name, offsetof(tsr_config, name)},
    CONFIG_KEYS(KEY)
#undef KEY
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static uint32_t *member(tsr_config *config, size_t key) { return (uint32_t *)(void *)((char *)config + keys[key].offset); }

static uint32_t value_of(const tsr_config *config, size_t key) {
    return *(const uint32_t *)(const void *)((const char *)config + keys[key].offset);
}

// ---- rules ----

// Values of one key: powers of two between least and most, or exactly one value, or (par_buffer) whatever fits below.
static const struct {
    const char *key;
    uint32_t least, most;
} limits[] = {
    {"batch", 1, 16},        {"block_in", 2, 64},     {"block_out", 2, 64},
    {"inp_bits", 8, 8},      {"wgt_bits", 8, 8},      {"acc_bits", 32, 32},
    {"bus_bytes", 8, 64},    {"queue_depth", 2, 256}, {"outstanding_bursts", 2, 64},
    {"burst_beats", 2, 256}, // AXI4's longest
};

static bool power_of_two(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

enum { MIN_ENTRIES = 4, MAX_ENTRIES = 65536, MAX_PAGE = 4096 };

static tsr_status check_buffer(const char *key, uint32_t bytes, uint32_t entry_bytes, bool any_size) {
    if (bytes % entry_bytes != 0)
        return tsr_error(TSR_CORRUPT, "%s = %u is no multiple of its entries' %u bytes", key, bytes, entry_bytes);
    uint32_t entries = bytes / entry_bytes;
    if (entries < MIN_ENTRIES || entries > MAX_ENTRIES)
        return tsr_error(TSR_CORRUPT, "%s = %u holds %u entries; allowed are %d to %d", key, bytes, entries, MIN_ENTRIES,
                         MAX_ENTRIES);
    if (!any_size && !power_of_two(bytes))
        return tsr_error(TSR_CORRUPT, "%s = %u is no power of two", key, bytes);
    return tsr_ok();
}

// LOAD and STORE name bytes of a plane or buffer with 22 bits.
static tsr_status check_reach(const char *key, uint32_t bytes) {
    if (bytes > (UINT32_C(1) << 22))
        return tsr_error(TSR_CORRUPT, "%s: %u bytes are more than a 22-bit address reaches", key, bytes);
    return tsr_ok();
}

static tsr_status check(const tsr_config *c) {
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        for (size_t k = 0; k < KEY_COUNT; k++) {
            uint32_t value = value_of(c, k);
            if (strcmp(keys[k].name, limits[i].key) != 0)
                continue;
            if (value < limits[i].least || value > limits[i].most)
                return tsr_error(TSR_CORRUPT, "%s = %u is impossible; allowed are %u to %u", keys[k].name, value, limits[i].least,
                                 limits[i].most);
            if (!power_of_two(value))
                return tsr_error(TSR_CORRUPT, "%s = %u is no power of two", keys[k].name, value);
        }
    TSR_TRY(check_buffer("uop_buffer", c->uop_buffer, TSR_UOP_BYTES, false));
    TSR_TRY(check_buffer("inp_buffer", c->inp_buffer, tsr_inp_entry_bytes(c), false));
    TSR_TRY(check_buffer("wgt_buffer", c->wgt_buffer, tsr_wgt_entry_bytes(c), false));
    TSR_TRY(check_buffer("acc_buffer", c->acc_buffer, tsr_acc_entry_bytes(c), false));
    TSR_TRY(check_buffer("out_buffer", c->out_buffer, tsr_out_entry_bytes(c), false));
    TSR_TRY(check_buffer("par_buffer", c->par_buffer, tsr_par_entry_bytes(c), true));
    TSR_TRY(check_reach("uop_buffer", c->uop_buffer));
    TSR_TRY(check_reach("inp_buffer", tsr_inp_plane_bytes(c)));
    TSR_TRY(check_reach("wgt_buffer", c->wgt_buffer));
    TSR_TRY(check_reach("out_buffer", tsr_out_plane_bytes(c)));
    TSR_TRY(check_reach("par_buffer", c->par_buffer));
    if (c->burst_beats * c->bus_bytes > MAX_PAGE)
        return tsr_error(TSR_CORRUPT, "burst_beats = %u: a burst of %u bytes crosses AXI's %d byte boundary", c->burst_beats,
                         c->burst_beats * c->bus_bytes, MAX_PAGE);
    return tsr_ok();
}

// ---- text ----

typedef struct span {
    const char *at;
    size_t size;
} span;

static span trim(span s) {
    while (s.size > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s.at++, s.size--;
    while (s.size > 0 && (s.at[s.size - 1] == ' ' || s.at[s.size - 1] == '\t' || s.at[s.size - 1] == '\r'))
        s.size--;
    return s;
}

static bool equals(span s, const char *word) { return s.size == strlen(word) && memcmp(s.at, word, s.size) == 0; }

// For messages: names from the text are cut to a readable length.
static int shown(span s) { return s.size > 40 ? 40 : (int)s.size; }

static bool printable(span s) {
    for (size_t i = 0; i < s.size; i++)
        if (!isprint((unsigned char)s.at[i]) && s.at[i] != '\t')
            return false;
    return true;
}

static tsr_status parse_name(span value, tsr_config *config) {
    if (value.size == 0 || value.size >= sizeof config->name)
        return tsr_error(TSR_CORRUPT, "name has %zu characters; allowed are 1 to %zu", value.size, sizeof config->name - 1);
    for (size_t i = 0; i < value.size; i++)
        if (!isalnum((unsigned char)value.at[i]) && value.at[i] != '_' && value.at[i] != '-')
            return tsr_error(TSR_CORRUPT, "name '%.*s' has characters other than letters, digits, _ and -", shown(value),
                             value.at);
    memcpy(config->name, value.at, value.size);
    config->name[value.size] = '\0';
    return tsr_ok();
}

static tsr_status parse_number(const char *key, span value, uint32_t *out_value) {
    uint64_t number = 0;
    bool good = value.size > 0;
    for (size_t i = 0; i < value.size && good; i++) {
        good = isdigit((unsigned char)value.at[i]) != 0;
        if (good)
            number = number * 10 + (uint64_t)(value.at[i] - '0');
        good = good && number <= UINT32_MAX;
    }
    if (!good)
        return tsr_error(TSR_CORRUPT, "%s = '%.*s' is not a number of 32 bits", key, shown(value), value.at);
    *out_value = (uint32_t)number;
    return tsr_ok();
}

static tsr_status parse_line(span line, tsr_config *config, bool given[KEY_COUNT + 1]) {
    if (!printable(line))
        return tsr_error(TSR_CORRUPT, "the line contains unprintable characters");
    const char *equal = memchr(line.at, '=', line.size);
    if (equal == NULL)
        return tsr_error(TSR_CORRUPT, "'%.*s' is not 'key = value'", shown(line), line.at);
    span key = trim((span){line.at, (size_t)(equal - line.at)});
    span value = trim((span){equal + 1, line.size - (size_t)(equal + 1 - line.at)});
    size_t k = 0;
    if (!equals(key, "name")) {
        while (k < KEY_COUNT && !equals(key, keys[k].name))
            k++;
        if (k == KEY_COUNT)
            return tsr_error(TSR_CORRUPT, "unknown key '%.*s'", shown(key), key.at);
    } else {
        k = KEY_COUNT;
    }
    if (given[k])
        return tsr_error(TSR_CORRUPT, "'%.*s' is given twice", shown(key), key.at);
    given[k] = true;
    return k == KEY_COUNT ? parse_name(value, config) : parse_number(keys[k].name, value, member(config, k));
}

tsr_status tsr_config_parse(const char *text, size_t size, const char *file_name, tsr_config *out_config) {
    tsr_config config;
    memset(&config, 0, sizeof config);
    memset(out_config, 0, sizeof *out_config);
    bool given[KEY_COUNT + 1] = {false};
    unsigned line_number = 0;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t length = newline == NULL ? size - at : (size_t)(newline - (text + at));
        span line = {text + at, length};
        const char *comment = memchr(line.at, '#', length);
        if (comment != NULL)
            line.size = (size_t)(comment - line.at);
        line = trim(line);
        line_number++;
        if (line.size > 0) {
            tsr_status status = parse_line(line, &config, given);
            if (status.code != TSR_OK)
                return tsr_annotate(status, "%s:%u", file_name, line_number);
        }
        at += length + (newline != NULL);
    }
    for (size_t k = 0; k <= KEY_COUNT; k++)
        if (!given[k])
            return tsr_error(TSR_CORRUPT, "%s: '%s' is missing", file_name, k == KEY_COUNT ? "name" : keys[k].name);
    tsr_status status = check(&config);
    if (status.code != TSR_OK)
        return tsr_annotate(status, "%s", file_name);
    *out_config = config;
    return tsr_ok();
}

tsr_status tsr_config_load(const char *path, tsr_config *out_config) {
    memset(out_config, 0, sizeof *out_config);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(TSR_NOT_FOUND, "%s: %s", path, strerror(errno));
    char text[16384];
    size_t size = fread(text, 1, sizeof text, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return tsr_error(TSR_IO, "%s: cannot be read", path);
    if (size == sizeof text)
        return tsr_error(TSR_CORRUPT, "%s: too long for a configuration", path);
    return tsr_config_parse(text, size, path, out_config);
}

size_t tsr_config_print(const tsr_config *config, char *buffer, size_t size) {
    char text[TSR_CONFIG_TEXT_BYTES];
    size_t used = (size_t)snprintf(text, sizeof text, "name = %s\n", config->name);
    for (size_t k = 0; k < KEY_COUNT; k++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s = %u\n", keys[k].name, value_of(config, k));
    if (size > 0) {
        size_t copied = used < size - 1 ? used : size - 1;
        memcpy(buffer, text, copied);
        buffer[copied] = '\0';
    }
    return used;
}

uint64_t tsr_config_id(const tsr_config *config) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t k = 0; k < KEY_COUNT; k++) {
        char line[64];
        int length = snprintf(line, sizeof line, "%s=%u\n", keys[k].name, value_of(config, k));
        for (int i = 0; i < length; i++)
            hash = (hash ^ (unsigned char)line[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
