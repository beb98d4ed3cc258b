// SPDX-License-Identifier: Apache-2.0
// One tensor function as one LLVM function.
#ifndef TSR_HOST_EMIT_H
#define TSR_HOST_EMIT_H

#include <llvm-c/Core.h>

#include "tsr/host.h"

// What a loop body needs to become vector instructions; which loops qualify is decided in vector.c.
enum { TSR_MAX_LANES = 64 };

typedef struct tsr_emit_options {
    const LLVMAttributeRef *attributes; // of every function: cpu, features, no-builtins
    unsigned attribute_count;
    bool libm; // mathematical functions are external symbols rather than services
    uint64_t least_parallel; // elements stored by a PARALLEL loop, from which on it is worth the threads' while
} tsr_emit_options;

// Adds function `name` to the module.
tsr_status tsr_emit_function(LLVMModuleRef module, const tsr_tensor_function *f, const char *name,
                             const tsr_emit_options *options);

// emit_parallel.c
typedef struct tsr_frame { // the function being written, and its arguments
    LLVMValueRef function, consts, work, env;
} tsr_frame;
uint64_t tsr_work_of(const tsr_stmt *s); // elements that it stores
// Ends the parent's part of a PARALLEL loop and begins function `name`, its body: frame and outer become the body's, the
// builder stands at its begin. Returns where the parent goes on.
LLVMBasicBlockRef tsr_outline(LLVMBuilderRef builder, LLVMModuleRef module, const char *name, const tsr_emit_options *options,
                              tsr_frame *frame, LLVMValueRef *outer, unsigned outer_count, int64_t extent,
                              LLVMValueRef *out_begin, LLVMValueRef *out_end);

// Whether an expression changes with a variable.
bool tsr_depends(const tsr_expr *e, const tsr_var *var);
// Whether an arm of a select may only be evaluated when it is taken: it loads what the condition does not, or calls.
bool tsr_needs_guard(const tsr_expr *arm, const tsr_expr *condition);
// By how much an index grows with each step of var; false when that is not a constant.
bool tsr_stride(const tsr_expr *e, const tsr_var *var, int64_t *out_stride);
// Lanes that one vector instruction should have for a VECTORIZE loop, or 1 when the loop has to stay scalar. Heavy: the
// body computes so much that copies of it cost more (time to compile, code) than a loop around it.
unsigned tsr_lanes(const tsr_stmt *loop, bool *out_heavy);

// emit_round.c: FLOOR, CEIL and ROUND_EVEN where the processor has no instruction.
bool tsr_has_rounding(LLVMModuleRef module);
LLVMValueRef tsr_emit_rounding(LLVMBuilderRef builder, tsr_function function, LLVMValueRef x);

// embed.c: the function that runs a model from inputs to outputs, and its constants. functions: of its steps, in order.
void tsr_emit_model(LLVMModuleRef module, const tsr_host_model *model, LLVMValueRef *functions, uint32_t count,
                    const tsr_emit_options *options);

// support.c: the functions that LLVM calls by name on ARM, into the module.
tsr_status tsr_add_support(LLVMModuleRef module);

// idiom.c: whether an expression is a sum of two products of int16 neighbours, and the loads of w and x in its first product.
bool tsr_match_pair(const tsr_expr *e, const tsr_var *lane, const tsr_expr **out_w, const tsr_expr **out_x);
// Its value: w and x are vectors of 2 * lanes int16; function says for which CPU.
LLVMValueRef tsr_emit_pair(LLVMBuilderRef builder, LLVMModuleRef module, LLVMValueRef function, LLVMValueRef w, LLVMValueRef x,
                           unsigned lanes);
// idiom_quad.c: the same of four products of bytes, which are added to `sum`.
typedef struct tsr_quad {
    const tsr_expr *sum, *w, *x; // w, x: the loads of the first product
} tsr_quad;
bool tsr_match_quad(const tsr_expr *e, const tsr_var *lane, tsr_quad *out_quad);
// w and x are vectors of 4 * lanes bytes.
LLVMValueRef tsr_emit_quad(LLVMBuilderRef builder, LLVMModuleRef module, LLVMValueRef function, LLVMValueRef sum, LLVMValueRef w,
                           LLVMValueRef x, bool x_signed, unsigned lanes);
// What both share.
bool tsr_function_has(LLVMValueRef function, const char *feature);         // a CPU feature, by its attribute
bool tsr_follows(const tsr_expr *first, const tsr_expr *second);           // loads of neighbouring elements
LLVMValueRef tsr_shuffle(LLVMBuilderRef builder, LLVMValueRef a, LLVMValueRef b, int first, int step, unsigned count);
LLVMValueRef tsr_join_all(LLVMBuilderRef builder, LLVMValueRef *part, unsigned parts); // one vector of them; overwrites part

// Whether an expression is (int32)a * (int32)b of int16 that should be widened as vectors.
bool tsr_match_wide_product(LLVMModuleRef module, const tsr_expr *e);
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
