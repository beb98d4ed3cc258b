// SPDX-License-Identifier: Apache-2.0
// Models by content, devices by name.
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

// Whether the file is a compiled model. TSR_NOT_FOUND and the like when it cannot be read.
tsr_status model_is_compiled(const char *path, bool *out_compiled);

// What every command that compiles takes.
typedef struct model_arguments {
    uint32_t batch, clock;
    option_list dims, places;
} model_arguments;
#define MODEL_OPTIONS(m)                                                                                                         \
    {OPTION_NUMBER, "--batch", "N", &(m).batch, "what a symbolic first extent of an input becomes (default 1)"},                 \
        {OPTION_LIST, "--dim", "NAME=N", &(m).dims,                                                                              \
         "what the symbolic extent NAME of an ONNX model's inputs becomes; may be\ngiven several times"},                        \
        {OPTION_LIST, "--place", "NODE=WHERE", &(m).places,                                                                      \
         "put a node, or all that fit a pattern with * and ?, on the cpu or the\naccelerator; may be given several times"},      \
        {OPTION_NUMBER, "--clock", "MHZ", &(m).clock,                                                                            \
         "the accelerator's, for the estimates that place the others (default 100)"}

// Compiles with a progress bar; dumps go to standard output. The fields of `arguments` are added to the options.
tsr_status model_compile(const char *path, const model_arguments *arguments, tsr_compile_options options,
                         tsr_program **out_program);

// The full name of a device from what the user gave: a full name stays; a driver's name gets config=CONFIG. config may be
// NULL, for the driver's default.
tsr_status model_device_name(const char *device, const char *config, char *name, size_t size);

// The lines of `tessera info`: layers, where they run, why, and the totals.
void model_print_layers(const tsr_program *program, FILE *out);
typedef struct model_totals {
    uint64_t macs, accelerator_macs;
    uint32_t accelerator_layers;
} model_totals;
model_totals model_count(const tsr_program *program);

// "float32 [1,1,8,8] image"
void model_print_io(const char *kind, uint32_t index, const tsr_io *io, FILE *out);
void model_print_io_json(const tsr_io *io);

#endif
