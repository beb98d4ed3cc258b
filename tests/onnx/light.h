// SPDX-License-Identifier: Apache-2.0
// The public networks of the onnx package without their weights (onnx/backend/test/data/light): light_NAME.onnx, all of whose
// weights are ConstantOfShape nodes, and the answer light_NAME_output_0.pb for an input that counts from 0 to 1.
#ifndef TESTS_ONNX_LIGHT_H
#define TESTS_ONNX_LIGHT_H

#include "tsr/status.h"

// Compiles for the CPU, runs and compares.
tsr_status light_run(const char *folder, const char *name);

#endif
