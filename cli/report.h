// SPDX-License-Identifier: Apache-2.0
// What `tessera run` prints.
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

#include "tsr/tessera.h"

// Names of classes: line i of the file is class i.
typedef struct label_list {
    char *text; // owned
    uint32_t count;
    const char **lines; // owned
} label_list;
tsr_status labels_load(const char *path, label_list *out_labels);
void labels_free(label_list *labels);

typedef struct report {
    const char *model, *device;
    const tsr_program *program;
    const tsr_device_info *info;
    tsr_session_profile profile;
    const label_list *labels;
    uint32_t top;
    bool show_profile;
    void *const *outputs; // one a program output
} report;

void report_text(const report *r);
void report_json(const report *r);

// Useful MACs of the accelerator's layers over what the array could have done in these cycles; 0 when not known.
double report_utilisation(const tsr_program *program, uint32_t first_layer, uint32_t layer_count, uint64_t cycles);

#endif
