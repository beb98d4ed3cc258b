// SPDX-License-Identifier: Apache-2.0
// What the schedule_*.c files share: where a loop is, and who stands in the way.
#ifndef TSR_TENSOR_SCHEDULE_H
#define TSR_TENSOR_SCHEDULE_H

#include "access.h"
#include "rewrite.h"
#include "tsr/schedule.h"

typedef struct site {
    const char *primitive;
    tsr_tensor_function *f;
    tsr_arena *scratch;    // until site_end
    tsr_stmt **slot;       // where the loop hangs
    tsr_stmt *loop;        // *slot
    const binder *around;  // loops around it
} site;

// Every primitive begins and ends with these; the loop must be there once.
tsr_status site_find(tsr_tensor_function *f, const char *primitive, const tsr_var *loop, site *out_site);
tsr_status site_end(site *s, tsr_status status); // frees, and says which primitive of what failed

// "y[i*4 + 1]" for messages.
const char *element_text(tsr_arena *arena, const access *a);
const char *expr_text(tsr_arena *arena, const tsr_expr *e); // print.c

// UNSUPPORTED when iterations of the loop may depend on each other. own_locals: each has LOCAL buffers of its own.
// certain: only when they surely do.
tsr_status check_independent(tsr_arena *scratch, const tsr_tensor_function *f, const tsr_stmt *loop, const binder *around,
                             bool own_locals, bool certain);

// The same, certainly, for all PARALLEL and VECTORIZE loops of a function: s is its body at first.
tsr_status check_loops(tsr_arena *scratch, const tsr_tensor_function *f, const tsr_stmt *s, const binder *around);
// The same for each PARALLEL loop of these: what a primitive put into them must not tie their iterations together. LOCAL
// buffers are each iteration's own.
tsr_status check_around(site *s, const binder *around);

const tsr_expr *affine_expr(tsr_tensor_function *f, const tsr_affine *a);

// A variable with a part added to another's name.
static inline const tsr_var *named_after(tsr_tensor_function *f, const tsr_var *var, const char *suffix) {
    return tsr_var_create(f, tsr_arena_printf(f->arena, "%s%s", var->name, suffix));
}

#endif
