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

#endif
