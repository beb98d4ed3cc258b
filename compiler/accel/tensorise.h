// SPDX-License-Identifier: Apache-2.0
// Matching loop nests onto the accelerator's instructions.
#ifndef ACCEL_TENSORISE_H
#define ACCEL_TENSORISE_H

#include "shape.h"
#include "tsr/config.h"
#include "tsr/status.h"

// Matches items[0] (or items[0] and items[1]: a zeroing nest and the reduction it belongs to) to one shape. out_used says
// how many statements that took. TSR_UNSUPPORTED says which part of the nest no instruction can do.
tsr_status tensorise(tsr_arena *arena, const tsr_config *config, tsr_stmt *const *items, uint32_t item_count, shape *out_shape,
                     uint32_t *out_used);

#endif
