// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "profile.h"

static void text(FILE *out, const char *s) {
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*s, out);
        }
    }
}

// An SVG file inside of a page goes without its XML declaration; identifiers must differ from one picture to the next.
static tsr_status embed(const profile_run *r, picture which, FILE *out) {
    uint8_t *svg;
    size_t size;
    TSR_TRY(profile_svg(r, which, &svg, &size));
    const char *begin = (const char *)svg, *end = begin + size;
    for (const char *at = begin; at + 4 < end; at++)
        if (memcmp(at, "<svg", 4) == 0) {
            begin = at;
            break;
        }
    static const char *const marks[] = {"id=\"", "href=\"#", "url(#"};
    for (const char *at = begin; at < end;) {
        size_t length = 0;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0] && length == 0; i++)
            if ((size_t)(end - at) > strlen(marks[i]) && memcmp(at, marks[i], strlen(marks[i])) == 0)
                length = strlen(marks[i]);
        if (length == 0) {
            fputc(*at++, out);
            continue;
        }
        fwrite(at, 1, length, out);
        fprintf(out, "%s-", picture_name(which));
        at += length;
    }
    free(svg);
    return tsr_ok();
}

static void table(const profile_run *r, FILE *out) {
    char *lines = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&lines, &size);
    if (memory == NULL)
        return;
    profile_table(r, memory);
    if (fclose(memory) == 0) {
        fputs("<pre>", out);
        text(out, lines);
        fputs("</pre>\n", out);
    }
    free(lines);
}

static tsr_status page(const profile_run *r, FILE *out) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tessera profile: ", out);
    text(out, r->model);
    fputs("</"
          "title>\n<style>body{font-family:sans-serif;margin:2em;max-width:1240px}pre{font-size:12px;overflow-x:auto;background:#"
          "f6f6f6;"
          "padding:1em}svg{max-width:100%;height:auto}</style></head><body>\n<h1>",
          out);
    text(out, r->model);
    fputs("</h1>\n<p>Device ", out);
    text(out, r->device);
    fprintf(out, ", configuration %s: %u x %u x %u multipliers, bus of %u bytes. %llu cycles.</p>\n", r->program->config.name,
            r->program->config.batch, r->program->config.block_in, r->program->config.block_out, r->program->config.bus_bytes,
            (unsigned long long)r->cycles);
    static const char *const headings[] = {"Units over time", "Roofline", "What each layer's cycles went to"};
    for (int which = 0; which < PICTURES; which++) {
        fprintf(out, "<h2>%s</h2>\n", headings[which]);
        TSR_TRY(embed(r, (picture)which, out));
    }
    fputs("<h2>Layers</h2>\n", out);
    table(r, out);
    fputs("</body></html>\n", out);
    return tsr_ok();
}

tsr_status profile_html(const profile_run *r, const char *path) {
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a page");
    tsr_status status = page(r, out);
    const bool good = fclose(out) == 0;
    if (status.code == TSR_OK)
        status = good ? file_write(path, &(file_part){bytes, size}, 1) : tsr_error(TSR_OUT_OF_MEMORY, "no memory for a page");
    free(bytes);
    return status;
}
