// SPDX-License-Identifier: Apache-2.0
// What emit.c and emit_operator.c share: the state of one function's translation, types and constants.
#ifndef TSR_HOST_EMITTER_H
#define TSR_HOST_EMITTER_H

#include <string.h>

#include "emit.h"

typedef struct known { // the value of an expression in the current statement
    const tsr_expr *expr;
    LLVMValueRef value;
    bool lanes; // evaluated for all lanes rather than for one
} known;

enum { MAX_KNOWN = 1024 };

typedef struct range { // WORK bytes that alias each other
    uint64_t begin, end;
} range;

typedef struct emitter {
    const tsr_tensor_function *f;
    tsr_arena *arena;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    const tsr_emit_options *options;
    const char *name;
    tsr_frame frame;
    LLVMValueRef *vars;     // by id
    LLVMValueRef *locals;   // by position in f->locals
    const tsr_var **active; // variables of the loops around the current statement
    unsigned active_count;
    unsigned bodies; // of PARALLEL loops so far
    bool in_parallel;
    const tsr_var *lane_var; // the VECTORIZE loop being emitted, or NULL
    unsigned lanes;
    bool in_index;
    bool contract; // in a sum of products: see accumulates
    known known[MAX_KNOWN];
    unsigned known_count;
    range *ranges;
    unsigned range_count;
    LLVMValueRef *scope, *others; // alias.scope and noalias lists of each range
    unsigned scope_kind, noalias_kind, invariant_kind;
    tsr_status status;
} emitter;

static inline LLVMTypeRef scalar_type(emitter *m, tsr_dtype dtype) {
    switch (dtype) {
    case TSR_I8:
    case TSR_U8: return LLVMInt8TypeInContext(m->context);
    case TSR_I16:
    case TSR_U16: return LLVMInt16TypeInContext(m->context);
    case TSR_I32:
    case TSR_U32: return LLVMInt32TypeInContext(m->context);
    case TSR_F32: return LLVMFloatTypeInContext(m->context);
    case TSR_F64: return LLVMDoubleTypeInContext(m->context);
    case TSR_BOOL: return LLVMInt1TypeInContext(m->context);
    default: return LLVMInt64TypeInContext(m->context);
    }
}

static inline LLVMTypeRef memory_type(emitter *m, tsr_dtype dtype) { // BOOL is a byte in memory
    return dtype == TSR_BOOL ? LLVMInt8TypeInContext(m->context) : scalar_type(m, dtype);
}

static inline LLVMTypeRef widen(emitter *m, LLVMTypeRef type, bool lanes) {
    return lanes ? LLVMVectorType(type, m->lanes) : type;
}
static inline LLVMTypeRef type_of(emitter *m, tsr_dtype dtype, bool lanes) { return widen(m, scalar_type(m, dtype), lanes); }

static inline bool is_vector(LLVMValueRef value) { return LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMVectorTypeKind; }

static inline LLVMValueRef int64(emitter *m, int64_t value) {
    return LLVMConstInt(LLVMInt64TypeInContext(m->context), (unsigned long long)value, true);
}

static inline LLVMValueRef int32(emitter *m, unsigned value) {
    return LLVMConstInt(LLVMInt32TypeInContext(m->context), value, false);
}

static inline LLVMValueRef splat(emitter *m, LLVMValueRef scalar) {
    if (is_vector(scalar))
        return scalar;
    LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), m->lanes);
    LLVMValueRef one = LLVMBuildInsertElement(m->builder, LLVMGetPoison(type), scalar, int32(m, 0), "");
    LLVMValueRef zeros = LLVMConstNull(LLVMVectorType(LLVMInt32TypeInContext(m->context), m->lanes));
    return LLVMBuildShuffleVector(m->builder, one, LLVMGetPoison(type), zeros, "");
}

static inline bool is_signed(tsr_dtype dtype) {
    return dtype == TSR_I8 || dtype == TSR_I16 || dtype == TSR_I32 || dtype == TSR_I64;
}

static inline LLVMValueRef constant(emitter *m, const tsr_expr *e, bool lanes) {
    LLVMTypeRef type = scalar_type(m, e->dtype);
    LLVMValueRef value =
        e->kind == TSR_E_FLOAT ? LLVMConstReal(type, e->value.f) : LLVMConstInt(type, (unsigned long long)e->value.i, true);
    if (!lanes)
        return value;
    LLVMValueRef all[TSR_MAX_LANES];
    for (unsigned i = 0; i < m->lanes; i++)
        all[i] = value;
    return LLVMConstVector(all, m->lanes);
}

static inline LLVMValueRef lane_numbers(emitter *m, int64_t stride) {
    LLVMValueRef all[TSR_MAX_LANES];
    for (unsigned i = 0; i < m->lanes; i++)
        all[i] = int64(m, stride * (int64_t)i);
    return LLVMConstVector(all, m->lanes);
}

static inline LLVMValueRef intrinsic(emitter *m, const char *name, LLVMTypeRef *types, unsigned type_count,
                                     LLVMValueRef *arguments, unsigned count) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->module, id, types, type_count);
    return LLVMBuildCall2(m->builder, LLVMIntrinsicGetType(m->context, id, types, type_count), function, arguments, count, "");
}

static inline LLVMValueRef choose(emitter *m, LLVMValueRef condition, LLVMValueRef yes, LLVMValueRef no) {
    return LLVMBuildSelect(m->builder, condition, yes, no, "");
}

// emit_operator.c: values of operators; operands are both scalars or both vectors of the emitter's lanes.
LLVMValueRef emit_float_binary(emitter *m, tsr_binary op, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef emit_int_binary(emitter *m, const tsr_expr *e, LLVMValueRef a, LLVMValueRef b);
LLVMValueRef emit_cast(emitter *m, const tsr_expr *e, LLVMValueRef a);
LLVMValueRef emit_call(emitter *m, tsr_function function, LLVMValueRef a, LLVMValueRef b); // b NULL: of one operand

#endif
