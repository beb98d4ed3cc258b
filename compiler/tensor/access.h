// SPDX-License-Identifier: Apache-2.0
// The loads and stores of a statement with the loops around each, and whether two of them can meet at one element.
#ifndef TSR_TENSOR_ACCESS_H
#define TSR_TENSOR_ACCESS_H

#include "tsr/tensor.h"

typedef struct binder binder; // a loop and those around it
struct binder {
    const tsr_stmt *loop;
    const binder *up; // NULL: the outermost
};

typedef struct access {
    tsr_tbuffer *buffer;
    const tsr_expr *index;
    bool is_store, is_affine;
    bool guarded; // by an IF or the arm of a SELECT: it may not happen
    tsr_affine affine;
    const tsr_stmt *store; // the statement that it is part of; an IF for loads of a condition
    const binder *loops;   // innermost first
} access;

typedef struct access_list {
    access *items;
    uint32_t count, capacity;
} access_list;

// All accesses below s, in order of execution (loads of a store before it). around: the loops around s.
access_list accesses_of(tsr_arena *arena, const tsr_stmt *s, const binder *around);

const tsr_stmt *bound_by(const binder *loops, const tsr_var *var); // the loop of a variable; NULL when there is none
// Least and greatest value of an affine form over the loops; false when it is not bounded by them or overflows.
bool affine_range(const tsr_affine *affine, const binder *loops, int64_t *out_least, int64_t *out_most);

typedef enum { DEPEND_NO, DEPEND_MAYBE, DEPEND_YES } depend;

// A distance of iterations of one loop: that of `to` less that of `from`.
typedef struct distance {
    const tsr_var *var;
    int64_t low, high;
} distance;

// Do `from` and `to` touch one element in iterations that far apart? Loops that are not listed: those around both are at
// the same iteration when they are in `same` or further out; further in, at any two. MAYBE: it cannot be decided.
depend depends(const access *from, const access *to, const distance *distances, uint32_t count, const binder *same);

// acc[i] = acc[i] op e, where e does not read acc and op is associative and commutative: iterations may run in any order
// (floats: not exactly). Returns whether it is one.
bool is_reduction(const tsr_stmt *store, bool floats_too);

#endif
