// SPDX-License-Identifier: Apache-2.0
// One tensor function as one LLVM function.
#ifndef TSR_HOST_EMIT_H
#define TSR_HOST_EMIT_H

#include <llvm-c/Core.h>

#include "tsr/host.h"

// What a loop body needs to become vector instructions; which loops qualify is decided in vector.c.
enum { TSR_MAX_LANES = 64 };

// Adds function `name` to the module. `attributes` are put on it (cpu, features, no-builtins).
tsr_status tsr_emit_function(LLVMModuleRef module, const tsr_tensor_function *f, const char *name,
                             const LLVMAttributeRef *attributes, unsigned attribute_count);

// Whether an expression changes with a variable.
bool tsr_depends(const tsr_expr *e, const tsr_var *var);
// By how much an index grows with each step of var; false when that is not a constant.
bool tsr_stride(const tsr_expr *e, const tsr_var *var, int64_t *out_stride);
// Lanes that one vector instruction should have for a VECTORIZE loop, or 1 when the loop has to stay scalar. Heavy: the
// body computes so much that copies of it cost more (time to compile, code) than a loop around it.
unsigned tsr_lanes(const tsr_stmt *loop, bool *out_heavy);

// idiom.c: whether an expression is a sum of two products of int16 neighbours, and the loads of w and x in its first product.
bool tsr_match_pair(const tsr_expr *e, const tsr_var *lane, const tsr_expr **out_w, const tsr_expr **out_x);
// Its value: w and x are vectors of 2 * lanes int16; function says for which CPU.
LLVMValueRef tsr_emit_pair(LLVMBuilderRef builder, LLVMModuleRef module, LLVMValueRef function, LLVMValueRef w, LLVMValueRef x,
                           unsigned lanes);
// Whether an expression is the upper half of a product: (int32)((a * b + c) >> shift). c is int64, a and b int32 but b
// may also be an int64 constant that fits int32.
typedef struct tsr_high_product {
    const tsr_expr *a, *b, *c;
    unsigned shift;
} tsr_high_product;
bool tsr_match_high(const tsr_expr *e, tsr_high_product *out_product);
bool tsr_has_high(LLVMModuleRef module, unsigned lanes); // whether it pays for this CPU
// a, b: vectors of int32, c of int64.
LLVMValueRef tsr_emit_high(LLVMBuilderRef builder, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c, unsigned shift,
                           unsigned lanes);

#endif
