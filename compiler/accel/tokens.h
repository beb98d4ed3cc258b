// SPDX-License-Identifier: Apache-2.0
// Dependency tokens from access ranges: which earlier instruction of another unit must have completed before an
// instruction may start (isa/spec.md, tokens).
//
// For each pair of units, tokens are taken in the order in which they were given. So an instruction of unit v that depends
// on instruction j of unit u needs a token from u to v given by j, unless v has already waited for j or a later one, also
// by way of a third unit: an instruction completes after everything that it, or its unit before it, has waited for.
#ifndef ACCEL_TOKENS_H
#define ACCEL_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/arena.h"

enum { UNITS = 4 };
typedef enum { SPACE_INP, SPACE_WGT, SPACE_UOP, SPACE_PAR, SPACE_ACC, SPACE_OUT, SPACE_WORK, SPACES } space;

// [begin, end) of a space: entries, bytes, whatever; the same in every access to it. With a stride only the first `width` of each
// `stride` from begin on.
typedef struct access {
    space where;
    int64_t begin, end;
    bool write;
    int64_t stride, width;
} access;

// What nested loops over a block of `unit` touch, from `begin` on: strided where they leave gaps in an even pattern.
typedef struct walk {
    int64_t count, stride;
} walk;
access access_of_walks(space where, int64_t begin, int64_t unit, bool write, uint32_t count, const walk *walks);

typedef struct tracker tracker;
tracker *tracker_create(tsr_arena *arena);

// Declares the next instruction, of `unit`. Returns its wait mask; signal masks of earlier instructions are found with
// tracker_signals once the stream is complete.
uint32_t tracker_add(tracker *t, uint32_t unit, uint32_t access_count, const access *accesses);
uint32_t tracker_signals(const tracker *t, uint32_t instruction);

#endif
