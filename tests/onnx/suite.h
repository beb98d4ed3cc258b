// SPDX-License-Identifier: Apache-2.0
// The cases of the public ONNX backend suite, as they lie on disk: a folder with model.onnx and test_data_set_N folders,
// each of which holds input_N.pb and output_N.pb.
#ifndef TESTS_ONNX_SUITE_H
#define TESTS_ONNX_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/import_tensor.h"
#include "tsr/status.h"

// How an input may be given to the compiler.
typedef enum {
    INPUT_RUN_TIME, // as a value of each run
    INPUT_WEIGHT,   // or as a constant, which accelerated layers ask for
    INPUT_CONSTANT, // only as a constant: shapes, axes, pads, scales, zero points
} input_kind;

typedef struct suite_input {
    const char *name;
    input_kind kind;
} suite_input;

typedef struct suite_case {
    const char *folder;
    unsigned char *model;
    size_t model_size;
    uint32_t operator_count;
    const char **operators;       // each once
    const char *unknown_operator; // one that the importer does not know, or NULL
    uint32_t input_count;   // without those that have an initialiser
    suite_input *inputs;
} suite_case;

// Everything but the model's bytes lives in the arena.
tsr_status suite_case_read(const char *folder, tsr_arena *arena, suite_case *out_case);
void suite_case_free(suite_case *c); // the model's bytes
bool suite_case_has_weights(const suite_case *c);

// The tensors kind_0.pb, kind_1.pb, ... of a data set; kind is "input" or "output". No such folder: TSR_NOT_FOUND.
tsr_status suite_data_read(const suite_case *c, unsigned set, const char *kind, tsr_arena *arena, uint32_t most,
                           tsr_import_tensor *out_tensors, uint32_t *out_count);

#endif
