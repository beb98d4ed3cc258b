// SPDX-License-Identifier: Apache-2.0
// The accelerator back end: graph node -> scheduled tensor program -> tensorised nests -> instructions.
//
//   schedule_*.c   one operator family each: chooses tiles (tile.c), writes the tile's nests over the accelerator's
//                  memories, in program order
//   tensorise.c    matches one nest to one LOAD, STORE, GEMM or ALU shape, or says where it does not match
//   emit.c         shapes -> instructions: loops, micro-ops, double-buffer slots
//   tokens.c       which instruction must wait for which, from the ranges that each touches
//
// The scheduled program is an ordinary tensor function: the interpreter runs it, which is how schedules are tested.
#ifndef TSR_ACCEL_H
#define TSR_ACCEL_H

#include "tsr/arena.h"
#include "tsr/blob.h"
#include "tsr/config.h"
#include "tsr/graph.h"
#include "tsr/status.h"
#include "tsr/tensor.h"

typedef struct tsr_accel tsr_accel;

enum { TSR_PLACE_REASON_BYTES = 96 };

// Can the accelerator run this quantised node? Writes how many cycles that is estimated to take, and why, or why not, in words
// ("tensor is float").
bool tsr_accel_supports(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles,
                        char reason[TSR_PLACE_REASON_BYTES]);

// Can the tiles of a convolution or fully connected layer finish an Add of its result and another tensor as well, so that the result
// itself is never stored, and is that faster? Both are supported by themselves.
bool tsr_accel_fuses(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config);

// Builds instruction streams. consts is segment 0 under construction: micro-ops, packed weights, parameters and the
// instructions themselves are appended to it. All arguments are borrowed.
tsr_status tsr_accel_create(tsr_arena *arena, const tsr_config *config, tsr_blob *consts, tsr_accel **out_accel);

// Appends a node to the current stream, with `add` (NULL: none) fused into it. work[tensor id] gives each activation's place (scope WORK, offset assigned).
// out_first_insn / out_insn_count: what it became, within the stream.
tsr_status tsr_accel_add_node(tsr_accel *accel, const tsr_graph *graph, const tsr_node *node, const tsr_node *add,
                              tsr_tbuffer *const *work, uint32_t *out_first_insn, uint32_t *out_insn_count);

// Ends the current stream with FINISH and puts it into consts; the next node starts another one.
tsr_status tsr_accel_end_stream(tsr_accel *accel, uint32_t *out_insn_offset, uint32_t *out_insn_count);

// Called with the scheduled tensor program of each node before it is tensorised (dumps, tests). NULL = none.
void tsr_accel_on_schedule(tsr_accel *accel, tsr_status (*callback)(void *context, const tsr_tensor_function *f), void *context);

#endif
