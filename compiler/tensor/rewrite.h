// SPDX-License-Identifier: Apache-2.0
// Copies of expressions and statements in which some expressions are others.
#ifndef TSR_TENSOR_REWRITE_H
#define TSR_TENSOR_REWRITE_H

#include "pointer_map.h"
#include "tsr/tensor.h"

typedef struct rewrite rewrite;
struct rewrite {
    tsr_tensor_function *f;
    // What stands for a variable, load or index instead, or NULL to keep it; rewrite_expr may be called for its parts.
    const tsr_expr *(*replace)(rewrite *r, const tsr_expr *e);
    // What a store writes to instead. NULL: nothing changes.
    tsr_tbuffer *(*target)(rewrite *r, const tsr_stmt *store, const tsr_expr **index);
    const char *suffix; // not NULL: loops get variables of their own, with this behind their names
    void *context;
    pointer_map done; // expression -> its copy; of one r, all parts that were shared still are
    pointer_map vars; // variable -> expression
};

// Puts `with` where the variable is.
void rewrite_var(rewrite *r, const tsr_var *var, const tsr_expr *with);
const tsr_expr *rewrite_expr(rewrite *r, const tsr_expr *e);
tsr_stmt *rewrite_stmt(rewrite *r, const tsr_stmt *s);

#endif
