// SPDX-License-Identifier: Apache-2.0
// A nest peeled into its loops and the one store inside, and what the tensorise_*.c files ask of it. Each error names the loop,
// index or operand that no instruction can do.
#ifndef ACCEL_PEEL_H
#define ACCEL_PEEL_H

#include "shape.h"
#include "tsr/config.h"
#include "tsr/status.h"

typedef struct peeled {
    uint32_t count;
    const tsr_var *var[MAX_LOOPS + 3];
    int64_t extent[MAX_LOOPS + 3];
    const tsr_stmt *store;
    tsr_affine to;
} peeled;

#define NO_MATCH(...) return tsr_error(TSR_UNSUPPORTED, "tensorise: " __VA_ARGS__)

enum { LOOPS_TEXT = 200 };

tsr_status peel(const tsr_stmt *nest, peeled *out);
tsr_status affine_load(const tsr_expr *load, tsr_affine *out);
// Takes the loop of the given extent whose variable moves the index by `coefficient`; an extent of 1 needs no loop.
bool take_lane(peeled *p, const tsr_affine *index, int64_t extent, int64_t coefficient, const tsr_var **out_var);

// UNSUPPORTED: no loop of so many iterations moves an index like this.
tsr_status no_lane(const peeled *p, const char *buffer, const char *what, int64_t extent, int64_t by);
// The lane's loop moves another operand by so much.
tsr_status check_step(const tsr_affine *index, const char *buffer, const tsr_var *lane, int64_t by);
// Apart from the loops over lanes, an index moves by whole entries.
tsr_status check_entries(const tsr_affine *index, const char *buffer, const tsr_var *const *lanes, uint32_t lane_count,
                         int64_t entry);

const char *loops_text(const peeled *p, char text[LOOPS_TEXT]);
const char *operand_text(const tsr_expr *e, char text[LOOPS_TEXT]);
bool is_int(const tsr_expr *e, int64_t value);
bool is_binary(const tsr_expr *e, tsr_binary op);
const tsr_expr *widened_load(const tsr_expr *e, tsr_scope scope); // (int32)buffer[...] of that memory
const tsr_expr *low16(const tsr_expr *e);                         // (int32)(int16)e

tsr_status match_copy(const tsr_config *config, peeled *p, shape *out);
tsr_status match_gemm(tsr_arena *arena, const tsr_config *config, const tsr_stmt *nest, shape *out);
tsr_status match_alu(tsr_arena *arena, const tsr_config *config, peeled *p, shape *out);

#endif
