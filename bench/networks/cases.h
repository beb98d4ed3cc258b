// SPDX-License-Identifier: Apache-2.0
// What benches and tests of cycles run: networks by name, and a run with its cycles layer by layer.
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "tsr/layers.h"
#include "tsr/tessera.h"

// resnet18, mobilenet_v2, ... of models/zoo with pictures of 224x224; C1 to C11, the convolutions of ResNet-18 as VTA's
// benchmark numbers them; resnet8, dscnn, ... from the folder of shared models; digits; NAME_SIZE (resnet18_64): a network of
// models/zoo on small pictures, with ten classes.
typedef enum { CASE_CONVOLUTION, CASE_ZOO, CASE_SHARED, CASE_DIGITS } case_kind;

// The cases that benches run, in their order; NULL-terminated.
extern const char *const bench_cases[];
bool case_is_convolution(const char *name);

// TSR_NOT_FOUND: no such name, or a shared model that is not in that folder.
tsr_status case_compile(const char *name, const char *shared_folder, const tsr_config *config, tsr_program **out_program);

typedef struct case_run {
    tsr_layer_profile *layers; // one a layer of the program, owned
    uint64_t cycles;
    double seconds; // CPU time of the accelerator's steps: the fewest of the runs
} case_run;

// Runs it at least once, and again while all runs take less than `seconds`. Cycles do not depend on the data: inputs are zero.
tsr_status case_measure(const tsr_program *program, const char *device, double seconds, case_run *out_run);
void case_release(case_run *run);

// A memory model as options of a device (",latency=20", or ""), and in full: "latency=64 bandwidth=8 outstanding=16".
enum { MEMORY_TEXT_BYTES = 96 };
void case_memory_text(const tsr_config *config, const char *options, char text[MEMORY_TEXT_BYTES]);

#endif
