// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry point, compiled once for each target (FUZZ_TARGET).
#include <stdio.h>
#include <stdlib.h>

#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *complaint = FUZZ_TARGET(data, size);
    if (complaint != NULL) {
        fprintf(stderr, "%s\n", complaint);
        abort();
    }
    return 0;
}
