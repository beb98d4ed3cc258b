// SPDX-License-Identifier: Apache-2.0
// Two files of `tessera profile --csv`, matched by the names of layers.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "profile.h"

enum { LIMIT = 16 << 20, COLUMNS = 10, MOST_LAYERS = 65536 };

typedef struct row {
    const char *layer;
    uint64_t cycles;
    bool matched;
} row;

typedef struct rows {
    char *text; // owned; what rows point into
    row *items; // owned
    uint32_t count;
    uint64_t cycles;
    const char *config;
} rows;

// The next field of a line, quotes taken off in place; NULL at its end.
static char *field(char **at) {
    if (*at == NULL)
        return NULL;
    char *begin = *at, *to = begin, *from = begin;
    const bool quoted = *from == '"';
    from += quoted;
    for (; *from != '\0' && (quoted || *from != ','); from++) {
        if (quoted && *from == '"') {
            if (from[1] != '"')
                break;
            from++;
        }
        *to++ = *from;
    }
    from += *from == '"';
    *at = *from == ',' ? from + 1 : NULL;
    *to = '\0';
    return begin;
}

static tsr_status parse_line(const char *path, uint32_t number, char *line, rows *out) {
    char *columns[COLUMNS], *at = line, *end;
    for (int i = 0; i < COLUMNS; i++)
        if ((columns[i] = field(&at)) == NULL)
            return tsr_error(TSR_CORRUPT, "%s:%" PRIu32 ": fewer columns than `tessera profile --csv` writes", path, number);
    const uint64_t cycles = strtoull(columns[5], &end, 10);
    if (end == columns[5] || *end != '\0')
        return tsr_error(TSR_CORRUPT, "%s:%" PRIu32 ": '%.40s' is no number of cycles", path, number, columns[5]);
    out->config = columns[0];
    out->items[out->count++] = (row){columns[2], cycles, false};
    out->cycles += cycles;
    return tsr_ok();
}

static tsr_status load(const char *path, rows *out) {
    uint8_t *bytes;
    size_t size;
    TSR_TRY(file_read(path, LIMIT, &bytes, &size));
    out->text = malloc(size + 1);
    out->items = malloc(MOST_LAYERS * sizeof *out->items);
    if (out->text == NULL || out->items == NULL) {
        free(bytes);
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory", path);
    }
    memcpy(out->text, bytes, size);
    out->text[size] = '\0';
    free(bytes);
    static const char header[] = "config,device,layer,op,macs,cycles,";
    if (strncmp(out->text, header, sizeof header - 1) != 0)
        return tsr_error(TSR_CORRUPT, "%s: no output of `tessera profile MODEL --csv`", path);
    uint32_t number = 1;
    for (char *line = strchr(out->text, '\n'), *next; line != NULL && line[1] != '\0'; line = next) {
        line++;
        number++;
        next = strchr(line, '\n');
        if (next != NULL)
            *next = '\0';
        if (out->count == MOST_LAYERS)
            return tsr_error(TSR_UNSUPPORTED, "%s: more than %d layers", path, MOST_LAYERS);
        TSR_TRY(parse_line(path, number, line, out));
        if (next == NULL)
            break;
    }
    return tsr_ok();
}

static row *find(rows *in, const char *layer) {
    for (uint32_t i = 0; i < in->count; i++)
        if (!in->items[i].matched && strcmp(in->items[i].layer, layer) == 0)
            return &in->items[i];
    return NULL;
}

static void line(FILE *out, const char *name, uint64_t a, uint64_t b) {
    fprintf(out, "%-32.32s %14s %14s %+8.2f %%\n", name, count_text(a), count_text(b),
            a == 0 ? 0 : 100 * ((double)b - (double)a) / (double)a);
}

static void compare(rows *a, rows *b, FILE *out) {
    fprintf(out, "%-32s %14s %14s %10s\n", "layer", a->config != NULL ? a->config : "A", b->config != NULL ? b->config : "B",
            "change");
    for (uint32_t i = 0; i < a->count; i++) {
        row *other = find(b, a->items[i].layer);
        if (other == NULL) {
            fprintf(out, "%-32.32s %14s %14s\n", a->items[i].layer, count_text(a->items[i].cycles), "-");
            continue;
        }
        other->matched = true;
        line(out, a->items[i].layer, a->items[i].cycles, other->cycles);
    }
    for (uint32_t i = 0; i < b->count; i++)
        if (!b->items[i].matched)
            fprintf(out, "%-32.32s %14s %14s\n", b->items[i].layer, "-", count_text(b->items[i].cycles));
    line(out, "all", a->cycles, b->cycles);
}

tsr_status profile_compare(const char *path_a, const char *path_b, FILE *out) {
    rows a = {0}, b = {0};
    tsr_status status = load(path_a, &a);
    if (status.code == TSR_OK)
        status = load(path_b, &b);
    if (status.code == TSR_OK)
        compare(&a, &b, out);
    free(a.text);
    free(a.items);
    free(b.text);
    free(b.items);
    return status;
}
