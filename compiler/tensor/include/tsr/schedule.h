// SPDX-License-Identifier: Apache-2.0
// Schedule primitives: each changes how a tensor program runs and never what it computes. What that takes is checked; a
// primitive that is refused leaves the program as it was. README.md of this folder shows each before and after.
//
// A loop is named by its variable, which the builders and the primitives return and tsr_find_loop finds by name. A handle is
// good as long as its loop is: split, fuse and compute_at replace loops. Integer arithmetic wraps, so sums, products and the like
// of integers may be reordered; those of floats only where the caller says that rounding may differ.
//
// Errors: NOT_FOUND (no such loop or buffer), INVALID_ARGUMENT (a factor or kind that makes no sense), UNSUPPORTED (it would
// change results, or this cannot be excluded): each names function, primitive, loop, and the buffer that is in the way.
#ifndef TSR_SCHEDULE_H
#define TSR_SCHEDULE_H

#include "tsr/tensor.h"

// The one loop whose variable has this name. NOT_FOUND lists those that there are; INVALID_ARGUMENT when it is not one only.
tsr_status tsr_find_loop(const tsr_tensor_function *f, const char *name, const tsr_var **out_loop);

// What becomes of iterations that are no multiple of a factor.
typedef enum tsr_tail {
    TSR_TAIL_NONE, // there must be none
    TSR_TAIL_GUARD, // the last round of the outer loop tests for each iteration whether it is one
    TSR_TAIL_LOOP, // they follow in a loop of their own, with copies of the loops inside ("_t" behind their names)
} tsr_tail;
// for i in 0..n  ->  for i_o in 0..n/factor { for i_i in 0..factor }
tsr_status tsr_schedule_split(tsr_tensor_function *f, const tsr_var *loop, int64_t factor, tsr_tail tail,
                              const tsr_var **out_outer, const tsr_var **out_inner);
// The inverse, of two loops with nothing between them.
tsr_status tsr_schedule_fuse(tsr_tensor_function *f, const tsr_var *outer, const tsr_var *inner, const tsr_var **out_fused);
// Loops with nothing between them, outermost first as they are to be. Those in between that are not listed keep their places.
// inexact: sums of floats may be added in another order.
tsr_status tsr_schedule_reorder(tsr_tensor_function *f, uint32_t count, const tsr_var *const *order, bool inexact);
// Two splits and a reorder: y_o, x_o, y_i, x_i.
tsr_status tsr_schedule_tile(tsr_tensor_function *f, const tsr_var *y, const tsr_var *x, int64_t rows, int64_t columns,
                             tsr_tail tail, const tsr_var *out_loops[4]);

// How a loop runs. VECTORIZE and PARALLEL need iterations that do not depend on each other.
tsr_status tsr_schedule_vectorise(tsr_tensor_function *f, const tsr_var *loop);
tsr_status tsr_schedule_parallel(tsr_tensor_function *f, const tsr_var *loop);
tsr_status tsr_schedule_unroll(tsr_tensor_function *f, const tsr_var *loop);
tsr_status tsr_schedule_serial(tsr_tensor_function *f, const tsr_var *loop);

// An iteration of the loop works on a copy of what it reads, or reads and writes, of a buffer: a new LOCAL or SCRATCH buffer, filled
// before and (cache_write) copied back after. All indices into the buffer must be affine and move alike with outer loops.
tsr_status tsr_schedule_cache_read(tsr_tensor_function *f, const tsr_var *loop, const tsr_tbuffer *buffer, tsr_scope scope,
                                   tsr_tbuffer **out_copy);
tsr_status tsr_schedule_cache_write(tsr_tensor_function *f, const tsr_var *loop, const tsr_tbuffer *buffer, tsr_scope scope,
                                    tsr_tbuffer **out_copy);

// Moves the nest that fills a LOCAL or SCRATCH buffer into the loop that reads it: an iteration computes what it reads, and
// again what the one before had computed too.
tsr_status tsr_schedule_compute_at(tsr_tensor_function *f, const tsr_tbuffer *buffer, const tsr_var *loop);

// ---- tensorise ---------------------------------------------------------------------------------------------------------
// An intrinsic is declared by a pattern: a function of loops around one store. Its buffers are the operands; one in a memory of
// the accelerator matches buffers of that memory only, another any buffer of its type. A nest matches when it stores the
// same value (operands of commutative operators in any order) and has, for each loop of the pattern, one of as many iterations
// that moves every operand alike; in any order, with any loops beside them.
typedef struct tsr_matched_operand {
    const tsr_tbuffer *pattern; // of the pattern
    tsr_tbuffer *buffer; // of the nest
    tsr_affine first; // element that the pattern's element 0 is, in the loops that are left
} tsr_matched_operand;
enum { TSR_MAX_OPERANDS = 8 };
typedef struct tsr_match {
    uint32_t operand_count, loop_count, inner_count;
    tsr_matched_operand operands[TSR_MAX_OPERANDS]; // in order of appearance in the pattern, the store first
    const tsr_stmt *loops[TSR_MAX_NEST]; // that are left, outermost first; loops of one iteration are not counted
    const tsr_stmt *inner[TSR_MAX_NEST]; // that are the pattern's
} tsr_match;
// UNSUPPORTED says which loop, index or operand of the nest does not match.
tsr_status tsr_match_nest(const tsr_tensor_function *pattern, const tsr_stmt *nest, tsr_match *out_match);

// Replaces the pattern's loops of the nest at this loop, which must be the innermost ones, by a TENSORISED statement.
tsr_status tsr_schedule_tensorise(tsr_tensor_function *f, const tsr_var *loop, const tsr_tensor_function *pattern);

#endif
