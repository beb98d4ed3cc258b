// SPDX-License-Identifier: Apache-2.0
// sample_program.h for programs that use tessera.h, which shows no instruction formats.
#ifndef SAMPLE_BUILD_H
#define SAMPLE_BUILD_H

#include "tsr/program.h"

enum { BUILD_WORK = 4096, BUILD_IN = 64, BUILD_OUT = 128, BUILD_BYTES = 8 };

// Adds delta to 8 int8 values; with host code (x86-64 only) the host first adds 1 to the first of them.
tsr_program *build_sample(int delta, bool with_host_code);
// Only the host step: input and output are the same place.
tsr_program *build_host_only(void);
// Never ends.
tsr_program *build_endless(void);
// Faults in the GEMM unit, instruction 1.
tsr_program *build_faulting(void);

#endif
