// SPDX-License-Identifier: Apache-2.0
// Operators, conversions and functions of values that are there already.
#include <math.h>
#include <stddef.h>

#include "emitter.h"
#include "tsr/program.h"

static LLVMValueRef fused(const emitter *m, LLVMValueRef value) {
    if (m->contract && LLVMCanValueUseFastMathFlags(value))
        LLVMSetFastMathFlags(value, LLVMFastMathAllowContract);
    return value;
}

LLVMValueRef emit_float_binary(emitter *m, tsr_binary op, LLVMValueRef a, LLVMValueRef b) {
    LLVMBuilderRef builder = m->builder;
    switch (op) {
    case TSR_ADD: return fused(m, LLVMBuildFAdd(builder, a, b, ""));
    case TSR_SUB: return LLVMBuildFSub(builder, a, b, "");
    case TSR_MUL: return fused(m, LLVMBuildFMul(builder, a, b, ""));
    case TSR_DIV: return LLVMBuildFDiv(builder, a, b, "");
    case TSR_MIN: return choose(m, LLVMBuildFCmp(builder, LLVMRealOLT, b, a, ""), b, a);
    case TSR_MAX: return choose(m, LLVMBuildFCmp(builder, LLVMRealOGT, b, a, ""), b, a);
    case TSR_EQ: return LLVMBuildFCmp(builder, LLVMRealOEQ, a, b, "");
    case TSR_NE: return LLVMBuildFCmp(builder, LLVMRealUNE, a, b, "");
    case TSR_LT: return LLVMBuildFCmp(builder, LLVMRealOLT, a, b, "");
    case TSR_LE: return LLVMBuildFCmp(builder, LLVMRealOLE, a, b, "");
    case TSR_GT: return LLVMBuildFCmp(builder, LLVMRealOGT, a, b, "");
    case TSR_GE: return LLVMBuildFCmp(builder, LLVMRealOGE, a, b, "");
    default: return a;
    }
}

// Division by zero gives zero, and the smallest number divided by -1 wraps: neither may trap.
static LLVMValueRef emit_division(emitter *m, const tsr_expr *e, LLVMValueRef a, LLVMValueRef b) {
    bool sign = is_signed(e->dtype), quotient = e->value.binary == TSR_DIV;
    LLVMBuilderRef builder = m->builder;
    LLVMTypeRef type = LLVMTypeOf(b);
    bool safe = e->b->kind == TSR_E_INT && e->b->value.i != 0 && e->b->value.i != -1;
    LLVMValueRef zero = LLVMConstNull(type), by_zero = NULL, by_minus_one = NULL, divisor = b;
    if (!safe) {
        LLVMValueRef one =
            is_vector(b) ? splat(m, LLVMConstInt(LLVMGetElementType(type), 1, false)) : LLVMConstInt(type, 1, false);
        by_zero = LLVMBuildICmp(builder, LLVMIntEQ, b, zero, "");
        divisor = choose(m, by_zero, one, divisor);
        if (sign) {
            by_minus_one = LLVMBuildICmp(builder, LLVMIntEQ, b, LLVMConstAllOnes(type), "");
            divisor = choose(m, by_minus_one, one, divisor);
        }
    }
    LLVMValueRef value = quotient ? (sign ? LLVMBuildSDiv(builder, a, divisor, "") : LLVMBuildUDiv(builder, a, divisor, ""))
                                  : (sign ? LLVMBuildSRem(builder, a, divisor, "") : LLVMBuildURem(builder, a, divisor, ""));
    if (by_minus_one != NULL && quotient)
        value = choose(m, by_minus_one, LLVMBuildNeg(builder, a, ""), value);
    return by_zero != NULL ? choose(m, by_zero, zero, value) : value;
}

static LLVMValueRef shift_count(emitter *m, const tsr_expr *e, LLVMValueRef count) {
    uint64_t mask = 8 * tsr_dtype_size(e->dtype) - 1;
    if (e->b->kind == TSR_E_INT && (uint64_t)e->b->value.i <= mask)
        return count;
    LLVMValueRef bits = LLVMConstInt(scalar_type(m, e->dtype), mask, false);
    return LLVMBuildAnd(m->builder, count, is_vector(count) ? splat(m, bits) : bits, "");
}

LLVMValueRef emit_int_binary(emitter *m, const tsr_expr *e, LLVMValueRef a, LLVMValueRef b) {
    bool sign = is_signed(e->a->dtype);
    bool nsw = m->in_index && e->dtype == TSR_I64;
    LLVMBuilderRef builder = m->builder;
    switch (e->value.binary) {
    case TSR_ADD: return nsw ? LLVMBuildNSWAdd(builder, a, b, "") : LLVMBuildAdd(builder, a, b, "");
    case TSR_SUB: return nsw ? LLVMBuildNSWSub(builder, a, b, "") : LLVMBuildSub(builder, a, b, "");
    case TSR_MUL: return nsw ? LLVMBuildNSWMul(builder, a, b, "") : LLVMBuildMul(builder, a, b, "");
    case TSR_DIV:
    case TSR_MOD: return emit_division(m, e, a, b);
    case TSR_MIN: return choose(m, LLVMBuildICmp(builder, sign ? LLVMIntSLT : LLVMIntULT, b, a, ""), b, a);
    case TSR_MAX: return choose(m, LLVMBuildICmp(builder, sign ? LLVMIntSGT : LLVMIntUGT, b, a, ""), b, a);
    case TSR_AND: return LLVMBuildAnd(builder, a, b, "");
    case TSR_OR: return LLVMBuildOr(builder, a, b, "");
    case TSR_XOR: return LLVMBuildXor(builder, a, b, "");
    case TSR_SHL: return LLVMBuildShl(builder, a, shift_count(m, e, b), "");
    case TSR_SHR:
        return sign ? LLVMBuildAShr(builder, a, shift_count(m, e, b), "") : LLVMBuildLShr(builder, a, shift_count(m, e, b), "");
    case TSR_EQ: return LLVMBuildICmp(builder, LLVMIntEQ, a, b, "");
    case TSR_NE: return LLVMBuildICmp(builder, LLVMIntNE, a, b, "");
    case TSR_LT: return LLVMBuildICmp(builder, sign ? LLVMIntSLT : LLVMIntULT, a, b, "");
    case TSR_LE: return LLVMBuildICmp(builder, sign ? LLVMIntSLE : LLVMIntULE, a, b, "");
    case TSR_GT: return LLVMBuildICmp(builder, sign ? LLVMIntSGT : LLVMIntUGT, a, b, "");
    case TSR_GE: return LLVMBuildICmp(builder, sign ? LLVMIntSGE : LLVMIntUGE, a, b, "");
    }
    return a;
}

// LLVM takes its own saturating conversion apart into scalars on x86. Here: clamp, convert, and put right what is beyond the
// largest float32 below the bound, or no number.
static LLVMValueRef emit_saturating_cast(emitter *m, tsr_dtype to, LLVMValueRef a) {
    const unsigned bits = 8 * (unsigned)tsr_dtype_size(to);
    const double top = ldexp(1, (int)bits - is_signed(to)), bottom = is_signed(to) ? -top : 0;
    LLVMBuilderRef builder = m->builder;
    LLVMTypeRef word = LLVMInt32TypeInContext(m->context);
    LLVMValueRef lo = splat(m, LLVMConstReal(LLVMFloatTypeInContext(m->context), bottom));
    LLVMValueRef hi = splat(m, LLVMConstReal(LLVMFloatTypeInContext(m->context), bits == 32 ? top - 128 : top - 1));
    LLVMValueRef value = choose(m, LLVMBuildFCmp(builder, LLVMRealOGT, a, lo, ""), a, lo);
    value = choose(m, LLVMBuildFCmp(builder, LLVMRealOLT, value, hi, ""), value, hi);
    value = LLVMBuildFPToSI(builder, value, LLVMVectorType(word, m->lanes), "");
    if (bits == 32)
        value = choose(m, LLVMBuildFCmp(builder, LLVMRealOGT, a, hi, ""), splat(m, LLVMConstInt(word, INT32_MAX, false)), value);
    value = choose(m, LLVMBuildFCmp(builder, LLVMRealORD, a, a, ""), value, LLVMConstNull(LLVMTypeOf(value)));
    return bits == 32 ? value : LLVMBuildTrunc(builder, value, type_of(m, to, true), "");
}

LLVMValueRef emit_cast(emitter *m, const tsr_expr *e, LLVMValueRef a) {
    tsr_dtype from = e->a->dtype, to = e->dtype;
    LLVMBuilderRef builder = m->builder;
    LLVMTypeRef type = type_of(m, to, is_vector(a));
    bool from_float = tsr_dtype_is_float(from), to_float = tsr_dtype_is_float(to);
    if (from == to)
        return a;
    if (to == TSR_BOOL) {
        LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(a));
        return from_float ? LLVMBuildFCmp(builder, LLVMRealUNE, a, zero, "") : LLVMBuildICmp(builder, LLVMIntNE, a, zero, "");
    }
    if (from_float && to_float)
        return to == TSR_F32 ? LLVMBuildFPTrunc(builder, a, type, "") : LLVMBuildFPExt(builder, a, type, "");
    if (to_float)
        return is_signed(from) ? LLVMBuildSIToFP(builder, a, type, "") : LLVMBuildUIToFP(builder, a, type, "");
    if (from_float && is_vector(a) && from == TSR_F32 && to != TSR_U32 && tsr_dtype_size(to) <= 4)
        return emit_saturating_cast(m, to, a);
    if (from_float) {
        LLVMTypeRef types[] = {type, LLVMTypeOf(a)};
        return intrinsic(m, is_signed(to) ? "llvm.fptosi.sat" : "llvm.fptoui.sat", types, 2, &a, 1);
    }
    size_t from_size = from == TSR_BOOL ? 0 : tsr_dtype_size(from), to_size = tsr_dtype_size(to);
    if (to_size < from_size)
        return LLVMBuildTrunc(builder, a, type, "");
    if (to_size == from_size)
        return a;
    return is_signed(from) ? LLVMBuildSExt(builder, a, type, "") : LLVMBuildZExt(builder, a, type, "");
}

static LLVMValueRef env_function(emitter *m, tsr_function function) {
    static const struct {
        tsr_function function;
        size_t offset;
    } table[] = {
        {TSR_F_EXP, offsetof(tsr_host_env, expf)}, {TSR_F_TANH, offsetof(tsr_host_env, tanhf)},
        {TSR_F_LOG, offsetof(tsr_host_env, logf)}, {TSR_F_ERF, offsetof(tsr_host_env, erff)},
        {TSR_F_POW, offsetof(tsr_host_env, powf)}, {TSR_F_SIN, offsetof(tsr_host_env, sinf)},
        {TSR_F_COS, offsetof(tsr_host_env, cosf)}, {TSR_F_FMOD, offsetof(tsr_host_env, fmodf)},
    };
    size_t offset = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].function == function)
            offset = table[i].offset / sizeof(void *);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(m->context, 0);
    LLVMValueRef index = int64(m, (int64_t)offset);
    LLVMValueRef callee =
        LLVMBuildLoad2(m->builder, pointer, LLVMBuildInBoundsGEP2(m->builder, pointer, m->frame.env, &index, 1, ""), "");
    LLVMSetMetadata(callee, m->invariant_kind, LLVMMetadataAsValue(m->context, LLVMMDNodeInContext2(m->context, NULL, 0)));
    return callee;
}

// exp is expf there.
static LLVMValueRef libm_function(emitter *m, tsr_function function, LLVMTypeRef type) {
    const char *name = tsr_arena_printf(m->arena, "%sf", tsr_function_name(function));
    LLVMValueRef there = LLVMGetNamedFunction(m->module, name);
    return there != NULL ? there : LLVMAddFunction(m->module, name, type);
}

static LLVMValueRef call_env(emitter *m, tsr_function function, LLVMValueRef a, LLVMValueRef b) {
    LLVMTypeRef real = LLVMFloatTypeInContext(m->context);
    bool wide = LLVMGetTypeKind(LLVMTypeOf(a)) == LLVMDoubleTypeKind;
    LLVMTypeRef types[] = {real, real};
    LLVMValueRef arguments[] = {wide ? LLVMBuildFPTrunc(m->builder, a, real, "") : a, NULL};
    if (b != NULL)
        arguments[1] = wide ? LLVMBuildFPTrunc(m->builder, b, real, "") : b;
    unsigned count = b != NULL ? 2 : 1;
    LLVMTypeRef type = LLVMFunctionType(real, types, count, false);
    LLVMValueRef callee = m->options->libm ? libm_function(m, function, type) : env_function(m, function);
    LLVMValueRef value = LLVMBuildCall2(m->builder, type, callee, arguments, count, "");
    return wide ? LLVMBuildFPExt(m->builder, value, LLVMDoubleTypeInContext(m->context), "") : value;
}

LLVMValueRef emit_call(emitter *m, tsr_function function, LLVMValueRef a, LLVMValueRef b) {
    const char *name = NULL;
    switch (function) {
    case TSR_F_SQRT: name = "llvm.sqrt"; break;
    case TSR_F_FLOOR: name = "llvm.floor"; break;
    case TSR_F_CEIL: name = "llvm.ceil"; break;
    case TSR_F_ROUND_EVEN: name = "llvm.roundeven"; break;
    case TSR_F_ABS: name = "llvm.fabs"; break;
    default: return call_env(m, function, a, b);
    }
    LLVMTypeRef type = LLVMTypeOf(a);
    if ((function == TSR_F_FLOOR || function == TSR_F_CEIL || function == TSR_F_ROUND_EVEN) && !tsr_has_rounding(m->module))
        return tsr_emit_rounding(m->builder, function, a);
    return intrinsic(m, name, &type, 1, &a, 1);
}
