// SPDX-License-Identifier: Apache-2.0
// What `tessera profile` shows of a run: table, pictures, trace, report.
#ifndef PROFILE_H
#define PROFILE_H

#include <stdint.h>
#include <stdio.h>

#include "tsr/layers.h"
#include "tsr/tessera.h"

typedef struct profile_run {
    const char *model, *device;
    const tsr_program *program;
    const tsr_session *session;
    const tsr_layer_profile *layers; // one a layer of the program
    uint64_t cycles;
} profile_run;

// profile_table.c
void profile_table(const profile_run *r, FILE *out);
void profile_json(const profile_run *r); // to standard output
void profile_csv(const profile_run *r, FILE *out);

// profile_draw.c: three pictures, each as PREFIX-NAME.svg and .png.
typedef enum { PICTURE_TIMELINE, PICTURE_ROOFLINE, PICTURE_WAITS, PICTURES } picture;
const char *picture_name(picture which); // "timeline", "roofline", "waits"
tsr_status profile_pictures(const profile_run *r, const char *prefix);
// The SVG text of one, for a page; free() it.
tsr_status profile_svg(const profile_run *r, picture which, uint8_t **out_text, size_t *out_size);

// profile_trace.c: Chrome's trace format with at most so many events; what is left out is said in the file.
tsr_status profile_trace(const profile_run *r, const char *path, uint32_t most_events);

// profile_html.c: everything on one page that needs nothing else.
tsr_status profile_html(const profile_run *r, const char *path);

// profile_compare.c: two files of --csv, layer by layer.
tsr_status profile_compare(const char *path_a, const char *path_b, FILE *out);

#endif
