// SPDX-License-Identifier: Apache-2.0
// What the schedules of host code depend on. A program made for one target runs on every other, only slower.
#ifndef TSR_LOWER_TARGET_H
#define TSR_LOWER_TARGET_H

#include <stdint.h>

#include "tsr/dtype.h"

typedef struct tsr_lower_target {
    int64_t vector_bytes, registers; // vector registers and their size
    int64_t dot; // products of int16 neighbours that an instruction adds up in an int32 lane: 2 (x86: pmaddwd) or 1
    // Where an instruction adds up four products of bytes (int8 weights): the type that activations should have, TSR_U8 (x86 with
    // VNNI: vpdpbusd) or TSR_I8 (aarch64 with dotprod: sdot). 0 when there is none.
    tsr_dtype quad;
} tsr_lower_target;

#endif
