// SPDX-License-Identifier: Apache-2.0
// Shapes -> instructions.
#ifndef ACCEL_EMIT_H
#define ACCEL_EMIT_H

#include "shape.h"
#include "tokens.h"
#include "tsr/accel.h"
#include "tsr/insn.h"

typedef struct cached_uops {
    uint64_t *words;
    uint32_t count, begin; // where they are in the UOP buffer
} cached_uops;

struct tsr_accel {
    tsr_arena *arena;
    const tsr_config *config;
    tsr_blob *consts;
    tsr_status (*on_schedule)(void *context, const tsr_tensor_function *f);
    void *schedule_context;
    // The stream so far. All of the device's state starts from zero with each stream.
    tracker *tracker;
    tsr_insn *insns;
    uint32_t insn_count, insn_capacity;
    cached_uops *uops;
    uint32_t uop_list_count, uop_list_capacity, uop_next;
    // Which half of each memory the next tile takes, so that it can be filled while the other half is in use.
    unsigned next_half[SPACES];
};

void stream_begin(tsr_accel *accel);
tsr_status emit_shape(tsr_accel *accel, const shape *s);

// Tensorises and emits a whole scheduled program.
tsr_status emit_program(tsr_accel *accel, const tsr_tensor_function *f);

// The first entry (or plane byte, for INP and OUT) of the half to use next; size is that of the memory in the same unit.
int64_t take_half(tsr_accel *accel, space memory, int64_t size);

#endif
