// SPDX-License-Identifier: Apache-2.0
#ifndef TSR_RUNTIME_TENSOR_H
#define TSR_RUNTIME_TENSOR_H

#include "tsr/tessera.h"

// TSR_MISMATCH, naming both sides, unless the tensor is what io says. kind: "input" or "output".
tsr_status tensor_check(const tsr_io *io, const char *kind, uint32_t index, const tsr_tensor *tensor);

#endif
