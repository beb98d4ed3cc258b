// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/xclbin.h"

enum { LINE_BYTES = 256, MAX_TEXT = 1 << 16 };

// Who has to give a key: every board, those that Vivado builds whole, those that the vendor's linker builds, or nobody.
typedef enum { ALWAYS, VIVADO, VITIS, OPTIONAL } need;

typedef struct key {
    const char *name;
    need need;
    size_t offset, size; // a text of the board, or size 0
} key;

#define TEXT(member) offsetof(tsr_xclbin_board, member), sizeof((tsr_xclbin_board *)0)->member
// All keys of a board file (hw/fpga/README.md). Those without a text here, but for the numbers, are for the build scripts.
static const key keys[] = {
    {"name", ALWAYS, TEXT(name)},   {"flow", ALWAYS, TEXT(flow)},
    {"title", ALWAYS, 0, 0},        {"platform", ALWAYS, TEXT(platform)},
    {"part", ALWAYS, TEXT(part)},   {"config", ALWAYS, TEXT(config)},
    {"clock_mhz", ALWAYS, 0, 0},    {"kernel_base", VIVADO, 0, 0},
    {"memory", VIVADO, 0, 0},       {"ps", VIVADO, 0, 0},
    {"connect", VITIS, 0, 0},       {"slr", OPTIONAL, 0, 0},
    {"board_part", OPTIONAL, 0, 0}, {"dot", OPTIONAL, 0, 0},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static tsr_status to_number(const char *key_name, const char *text, uint64_t *out) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return tsr_error(TSR_CORRUPT, "%s = %.40s is no number", key_name, text);
    return tsr_ok();
}

// "NAME TYPE BASE MIB"
static tsr_status take_memory(tsr_xclbin_board *board, const char *value) {
    static const struct {
        const char *name;
        tsr_xclbin_memory_type type;
    } types[] = {{"ddr3", TSR_XCLBIN_DDR3}, {"ddr4", TSR_XCLBIN_DDR4}, {"dram", TSR_XCLBIN_DRAM}, {"hbm", TSR_XCLBIN_HBM}};
    if (board->memory_count == TSR_XCLBIN_MAX_MEMORIES)
        return tsr_error(TSR_CORRUPT, "more than %d memories", TSR_XCLBIN_MAX_MEMORIES);
    tsr_xclbin_memory *m = &board->memories[board->memory_count];
    char type[16], base[32], mib[32], rest[2];
    if (sscanf(value, "%15s %15s %31s %31s %1s", m->tag, type, base, mib, rest) != 4) // NOLINT(cert-err34-c): words only
        return tsr_error(TSR_CORRUPT, "memory = NAME TYPE BASE MIB, not %.60s", value);
    uint64_t size;
    TSR_TRY(to_number("memory base", base, &m->base));
    TSR_TRY(to_number("memory size", mib, &size));
    if (size == 0 || size > UINT64_C(1) << 24)
        return tsr_error(TSR_CORRUPT, "a memory of %s MiB", mib);
    m->kib = size << 10;
    m->used = true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0) {
            m->type = types[i].type;
            board->memory_count++;
            return tsr_ok();
        }
    return tsr_error(TSR_CORRUPT, "memory type %s; there are ddr3, ddr4, dram and hbm", type);
}

static tsr_status take(tsr_xclbin_board *board, size_t index, const char *value) {
    const key *k = &keys[index];
    uint64_t number;
    if (k->size != 0) {
        if (strlen(value) >= k->size || value[0] == '\0')
            return tsr_error(TSR_CORRUPT, "%s takes 1 to %zu characters", k->name, k->size - 1);
        memcpy((char *)board + k->offset, value, strlen(value) + 1);
    } else if (strcmp(k->name, "memory") == 0) {
        return take_memory(board, value);
    } else if (strcmp(k->name, "kernel_base") == 0) {
        return to_number(k->name, value, &board->kernel_base);
    } else if (strcmp(k->name, "clock_mhz") == 0) {
        TSR_TRY(to_number(k->name, value, &number));
        if (number == 0 || number > 1000)
            return tsr_error(TSR_CORRUPT, "clock_mhz = %s; 1 to 1000", value);
        board->clock_mhz = (uint32_t)number;
    }
    return tsr_ok();
}

// Cuts "key = value # comment" apart in place; false for an empty line. *out_value is NULL without a '='.
static bool split(char *line, char **out_key, char **out_value) {
    line[strcspn(line, "#\r")] = '\0';
    *out_key = line + strspn(line, " \t");
    char *equal = strchr(line, '=');
    *out_value = NULL;
    if (equal != NULL) {
        *equal = '\0';
        *out_value = equal + 1 + strspn(equal + 1, " \t");
        for (size_t n = strlen(*out_value); n > 0 && ((*out_value)[n - 1] == ' ' || (*out_value)[n - 1] == '\t'); n--)
            (*out_value)[n - 1] = '\0';
    }
    for (size_t n = strlen(*out_key); n > 0 && ((*out_key)[n - 1] == ' ' || (*out_key)[n - 1] == '\t'); n--)
        (*out_key)[n - 1] = '\0';
    return (*out_key)[0] != '\0' || equal != NULL;
}

static tsr_status take_line(tsr_xclbin_board *board, char *line, bool given[KEYS]) {
    char *name, *value;
    if (!split(line, &name, &value))
        return tsr_ok();
    if (value == NULL)
        return tsr_error(TSR_CORRUPT, "'%.40s' is not 'key = value'", name);
    size_t k = 0;
    while (k < KEYS && strcmp(keys[k].name, name) != 0)
        k++;
    if (k == KEYS)
        return tsr_error(TSR_CORRUPT, "unknown key '%.40s'", name);
    if (given[k] && strcmp(name, "memory") != 0)
        return tsr_error(TSR_CORRUPT, "'%s' is given twice", name);
    given[k] = true;
    return take(board, k, value);
}

static tsr_status check_given(const tsr_xclbin_board *board, const bool given[KEYS]) {
    const bool vivado = strcmp(board->flow, "vivado") == 0;
    if (!vivado && board->flow[0] != '\0' && strcmp(board->flow, "vitis") != 0)
        return tsr_error(TSR_CORRUPT, "flow = %s; there are vivado and vitis", board->flow);
    for (size_t k = 0; k < KEYS; k++) {
        const bool needed = keys[k].need == ALWAYS || keys[k].need == (vivado ? VIVADO : VITIS);
        if (needed && !given[k])
            return tsr_error(TSR_CORRUPT, "'%s' is missing", keys[k].name);
        if (!needed && keys[k].need != OPTIONAL && given[k])
            return tsr_error(TSR_CORRUPT, "'%s' means nothing with flow = %s", keys[k].name, board->flow);
    }
    return tsr_ok();
}

tsr_status tsr_xclbin_board_parse(const char *text, size_t size, const char *file_name, tsr_xclbin_board *out_board) {
    memset(out_board, 0, sizeof *out_board);
    tsr_xclbin_board *board = calloc(1, sizeof *board);
    if (board == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for a board", file_name);
    bool given[KEYS] = {false};
    tsr_status status = size > MAX_TEXT ? tsr_error(TSR_CORRUPT, "%s: too long for a board", file_name) : tsr_ok();
    unsigned number = 0;
    for (size_t at = 0; at < size && status.code == TSR_OK;) {
        char line[LINE_BYTES];
        const char *newline = memchr(text + at, '\n', size - at);
        const size_t length = newline != NULL ? (size_t)(newline - text) - at : size - at;
        number++;
        if (length >= sizeof line || memchr(text + at, '\0', length) != NULL) {
            status = tsr_error(TSR_CORRUPT, "the line is too long, or has a zero in it");
        } else {
            memcpy(line, text + at, length);
            line[length] = '\0';
            status = take_line(board, line, given);
        }
        if (status.code != TSR_OK)
            status = tsr_annotate(status, "%s:%u", file_name, number);
        at += length + (newline != NULL);
    }
    if (status.code == TSR_OK) {
        status = check_given(board, given);
        if (status.code != TSR_OK)
            status = tsr_annotate(status, "%s", file_name);
    }
    if (status.code == TSR_OK)
        *out_board = *board;
    free(board);
    return status;
}
