// SPDX-License-Identifier: Apache-2.0
// Recorded outputs and computed ones.
#ifndef TESTS_ONNX_ANSWERS_H
#define TESTS_ONNX_ANSWERS_H

#include "tsr/import_tensor.h"
#include "tsr/program.h"

uint64_t answers_count(const tsr_import_tensor *t); // elements
// TSR_MISMATCH when type, shape or an element differs: floats by more than 1e-3 of the value plus the tolerance, integers at all.
tsr_status answers_compare(const tsr_import_tensor *want, const tsr_io *io, const void *got, double tolerance);

#endif
