// SPDX-License-Identifier: Apache-2.0
// The machines that code can be made for.
#ifndef TSR_HOST_TARGET_H
#define TSR_HOST_TARGET_H

#include "tsr/host.h"

typedef struct tsr_target {
    const char *triple;
    const char *cpu;      // LLVM's name of the processor whose instructions all have
    const char *tune;     // LLVM's name of the one to schedule for; "" when LLVM knows no difference
    const char *always;   // features of all of them, comma separated, "" for those of cpu
    const char *features; // further ones that the code needs: a loader checks each
    bool soft_64;         // 64-bit division and conversion are calls of a support library
    tsr_lower_target lower;
} tsr_target;

// Text of the result lives in the arena. INVALID_ARGUMENT lists what there is.
tsr_status tsr_target_find(tsr_arena *arena, const tsr_host_options *options, tsr_target *out_target);

#endif
