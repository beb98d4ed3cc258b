// SPDX-License-Identifier: Apache-2.0
// A graph in text form through the compiler and a device. Apart from the tests: tsr_tensor of the runtime is not the graph's.
#ifndef TESTS_RANDOM_DEVICE_H
#define TESTS_RANDOM_DEVICE_H

#include <stddef.h>

#include "tsr/status.h"

// device: "cpu", "func" or "rtl". One input, one output. All that the accelerator can do is placed there, also where the CPU would be
// faster.
tsr_status compile_and_run(const char *text, size_t size, const char *device, const char *config_name, void *input, void *output);

#endif
