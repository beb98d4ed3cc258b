// SPDX-License-Identifier: Apache-2.0
// Expressions for which an instruction set has a short way that LLVM does not find by itself.
//
// Sums of two products of int16 neighbours,
//
//   (int32)w[2j + c] * (int32)x[i] + (int32)w[2j + c + 1] * (int32)x[i + 1]       j: the lanes, i the same for all
//
// are one instruction of x86 for a vector of w (pmaddwd; with VNNI LLVM joins it with the sum that takes it: vpdpwssd).
//
// The upper half of a product, (int32)(((int64)a * (int64)b + c) >> 32 or 31), needs no conversion of vectors to int64 on
// x86: pmuldq multiplies the even elements as they are, and the odd ones after a shift.
// Products of int16 as int32 are one instruction for a vector on ARM (smull, smlal) and RISC-V (vwmul, vwmacc), if both
// factors are vectors before they are widened.
#include <string.h>

#include "emit.h"

// An index as something plus a constant.
static const tsr_expr *without_constant(const tsr_expr *index, int64_t *out_constant) {
    bool sum = index->kind == TSR_E_BINARY && index->value.binary == TSR_ADD && index->b->kind == TSR_E_INT;
    *out_constant = sum ? index->b->value.i : 0;
    return sum ? index->a : index;
}

bool tsr_follows(const tsr_expr *first, const tsr_expr *second) {
    int64_t a, b;
    return first->value.buffer == second->value.buffer && without_constant(first->a, &a) == without_constant(second->a, &b) &&
           b == a + 1;
}

// (int32)load of int16, or NULL.
static const tsr_expr *widened(const tsr_expr *e) {
    bool is = e->kind == TSR_E_CAST && e->dtype == TSR_I32 && e->a->kind == TSR_E_LOAD && e->a->dtype == TSR_I16;
    return is ? e->a : NULL;
}

static bool is(const tsr_expr *e, tsr_binary op) {
    return e->kind == TSR_E_BINARY && e->value.binary == op && e->dtype == TSR_I32;
}

bool tsr_match_wide_product(LLVMModuleRef module, const tsr_expr *e) {
    return strncmp(LLVMGetTarget(module), "x86_64", 6) != 0 && is(e, TSR_MUL) && e->a->kind == TSR_E_CAST &&
           e->b->kind == TSR_E_CAST && e->a->a->dtype == TSR_I16 && e->b->a->dtype == TSR_I16;
}

bool tsr_match_pair(const tsr_expr *e, const tsr_var *lane, const tsr_expr **out_w, const tsr_expr **out_x) {
    *out_w = *out_x = NULL;
    if (!is(e, TSR_ADD) || !is(e->a, TSR_MUL) || !is(e->b, TSR_MUL))
        return false;
    const tsr_expr *w[2] = {widened(e->a->a), widened(e->b->a)}, *x[2] = {widened(e->a->b), widened(e->b->b)};
    int64_t stride;
    if (w[0] == NULL || w[1] == NULL || x[0] == NULL || x[1] == NULL || !tsr_follows(w[0], w[1]) || !tsr_follows(x[0], x[1]))
        return false;
    if (!tsr_stride(w[0]->a, lane, &stride) || stride != 2 || tsr_depends(x[0]->a, lane))
        return false;
    *out_w = w[0];
    *out_x = x[0];
    return true;
}

bool tsr_function_has(LLVMValueRef function, const char *feature) {
    LLVMAttributeRef attribute = LLVMGetStringAttributeAtIndex(function, LLVMAttributeFunctionIndex, "target-features", 15);
    unsigned length = 0;
    const char *features = attribute != NULL ? LLVMGetStringAttributeValue(attribute, &length) : "";
    for (const char *at = features; (at = strstr(at, feature)) != NULL; at++)
        if (at > features && at[-1] == '+' && (at[strlen(feature)] == ',' || at[strlen(feature)] == '\0'))
            return true;
    return false;
}

// Lanes of the widest instruction, 0 when there is none.
static unsigned instruction_lanes(LLVMModuleRef module, LLVMValueRef function, const char **out_name) {
    *out_name = NULL;
    if (strncmp(LLVMGetTarget(module), "x86_64", 6) != 0)
        return 0;
    if (tsr_function_has(function, "avx512bw")) {
        *out_name = "llvm.x86.avx512.pmaddw.d.512";
        return 16;
    }
    bool avx2 = tsr_function_has(function, "avx2");
    *out_name = avx2 ? "llvm.x86.avx2.pmadd.wd" : "llvm.x86.sse2.pmadd.wd";
    return avx2 ? 8 : 4;
}

LLVMValueRef tsr_shuffle(LLVMBuilderRef builder, LLVMValueRef a, LLVMValueRef b, int first, int step, unsigned count) {
    LLVMValueRef mask[2 * TSR_MAX_LANES];
    LLVMTypeRef word = LLVMInt32TypeInContext(LLVMGetTypeContext(LLVMTypeOf(a)));
    for (unsigned i = 0; i < count; i++)
        mask[i] = LLVMConstInt(word, (unsigned long long)(first + step * (int)i), false);
    return LLVMBuildShuffleVector(builder, a, b, LLVMConstVector(mask, count), "");
}

// a and then b, which may be shorter.
static LLVMValueRef join(LLVMBuilderRef builder, LLVMValueRef a, LLVMValueRef b) {
    unsigned count = LLVMGetVectorSize(LLVMTypeOf(a)), more = LLVMGetVectorSize(LLVMTypeOf(b));
    if (more < count) {
        LLVMValueRef mask[2 * TSR_MAX_LANES];
        LLVMTypeRef word = LLVMInt32TypeInContext(LLVMGetTypeContext(LLVMTypeOf(b)));
        for (unsigned i = 0; i < count; i++)
            mask[i] = i < more ? LLVMConstInt(word, i, false) : LLVMGetPoison(word);
        b = LLVMBuildShuffleVector(builder, b, b, LLVMConstVector(mask, count), "");
    }
    return tsr_shuffle(builder, a, b, 0, 1, count + more);
}

LLVMValueRef tsr_join_all(LLVMBuilderRef builder, LLVMValueRef *part, unsigned parts) {
    for (; parts > 1; parts = (parts + 1) / 2)
        for (unsigned i = 0; i < (parts + 1) / 2; i++)
            part[i] = 2 * i + 1 < parts ? join(builder, part[2 * i], part[2 * i + 1]) : part[2 * i];
    return part[0];
}

static LLVMValueRef plain(LLVMBuilderRef builder, LLVMValueRef w, LLVMValueRef x, unsigned lanes) {
    LLVMTypeRef type = LLVMVectorType(LLVMInt32TypeInContext(LLVMGetTypeContext(LLVMTypeOf(w))), lanes);
    LLVMValueRef part[2];
    for (int i = 0; i < 2; i++) {
        LLVMValueRef a = LLVMBuildSExt(builder, tsr_shuffle(builder, w, w, i, 2, lanes), type, "");
        part[i] = LLVMBuildMul(builder, a, LLVMBuildSExt(builder, tsr_shuffle(builder, x, x, i, 2, lanes), type, ""), "");
    }
    return LLVMBuildAdd(builder, part[0], part[1], "");
}

LLVMValueRef tsr_emit_pair(LLVMBuilderRef builder, LLVMModuleRef module, LLVMValueRef function, LLVMValueRef w, LLVMValueRef x,
                           unsigned lanes) {
    const char *name;
    unsigned width = instruction_lanes(module, function, &name);
    while (width > 4 && lanes % width != 0) { // fewer lanes have instructions of their own
        width /= 2;
        name = width == 8 ? "llvm.x86.avx2.pmadd.wd" : "llvm.x86.sse2.pmadd.wd";
    }
    if (width == 0 || lanes % width != 0)
        return plain(builder, w, x, lanes);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef callee = LLVMGetIntrinsicDeclaration(module, id, NULL, 0), part[2 * TSR_MAX_LANES];
    LLVMTypeRef type = LLVMIntrinsicGetType(LLVMGetModuleContext(module), id, NULL, 0);
    unsigned parts = lanes / width;
    for (unsigned i = 0; i < parts; i++) {
        LLVMValueRef arguments[] = {tsr_shuffle(builder, w, w, (int)(2 * width * i), 1, 2 * width),
                                    tsr_shuffle(builder, x, x, 0, 1, 2 * width)};
        part[i] = LLVMBuildCall2(builder, type, callee, arguments, 2, "");
    }
    return tsr_join_all(builder, part, parts);
}

bool tsr_match_high(const tsr_expr *e, tsr_high_product *out_product) {
    *out_product = (tsr_high_product){0};
    if (e->kind != TSR_E_CAST || e->dtype != TSR_I32 || e->a->kind != TSR_E_BINARY || e->a->dtype != TSR_I64)
        return false;
    const tsr_expr *shift = e->a, *sum = shift->a;
    if (shift->value.binary != TSR_SHR || shift->b->kind != TSR_E_INT || sum->kind != TSR_E_BINARY ||
        sum->value.binary != TSR_ADD || sum->a->kind != TSR_E_BINARY || sum->a->value.binary != TSR_MUL)
        return false;
    const tsr_expr *a = sum->a->a, *b = sum->a->b;
    int64_t count = shift->b->value.i;
    if ((count != 31 && count != 32) || a->kind != TSR_E_CAST || a->a->dtype != TSR_I32)
        return false;
    if (b->kind == TSR_E_INT ? b->value.i != (int32_t)b->value.i : b->kind != TSR_E_CAST || b->a->dtype != TSR_I32)
        return false;
    // 31: the sum is doubled on the way, and must not leave int64. b and c are smaller than their types.
    *out_product = (tsr_high_product){a->a, b->kind == TSR_E_INT ? b : b->a, sum->b, (unsigned)count};
    return count == 32 || (sum->b->kind == TSR_E_INT && sum->b->value.i >= 0 && sum->b->value.i <= INT64_C(1) << 32);
}

// Elements first, first + 2, ... of int64 vectors; every second int32 as int64.
static LLVMValueRef half_of(LLVMBuilderRef builder, LLVMValueRef value, int first, unsigned lanes) {
    LLVMTypeRef wide = LLVMVectorType(LLVMInt64TypeInContext(LLVMGetTypeContext(LLVMTypeOf(value))), lanes / 2);
    if (LLVMGetIntTypeWidth(LLVMGetElementType(LLVMTypeOf(value))) == 64)
        return tsr_shuffle(builder, value, value, first, 2, lanes / 2);
    LLVMValueRef count[TSR_MAX_LANES], pairs = LLVMBuildBitCast(builder, value, wide, "");
    for (unsigned i = 0; i < lanes / 2; i++)
        count[i] = LLVMConstInt(LLVMGetElementType(wide), 32, false);
    LLVMValueRef by = LLVMConstVector(count, lanes / 2);
    return LLVMBuildAShr(builder, first == 0 ? LLVMBuildShl(builder, pairs, by, "") : pairs, by, "");
}

bool tsr_has_high(LLVMModuleRef module, unsigned lanes) {
    return strncmp(LLVMGetTarget(module), "x86_64", 6) == 0 && lanes >= 4 && lanes % 2 == 0;
}

LLVMValueRef tsr_emit_high(LLVMBuilderRef builder, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c, unsigned shift,
                           unsigned lanes) {
    LLVMTypeRef narrow = LLVMTypeOf(a), word = LLVMGetElementType(narrow);
    LLVMValueRef half[2], mask[TSR_MAX_LANES];
    for (int i = 0; i < 2; i++) {
        LLVMValueRef product = LLVMBuildMul(builder, half_of(builder, a, i, lanes), half_of(builder, b, i, lanes), "");
        product = LLVMBuildAdd(builder, product, half_of(builder, c, i, lanes), "");
        if (shift == 31)
            product = LLVMBuildAdd(builder, product, product, "");
        half[i] = LLVMBuildBitCast(builder, product, narrow, "");
    }
    for (unsigned i = 0; i < lanes; i++) // the upper halves of both, in turns
        mask[i] = LLVMConstInt(word, (i | 1) + (i % 2 == 0 ? 0 : lanes), false);
    return LLVMBuildShuffleVector(builder, half[0], half[1], LLVMConstVector(mask, lanes), "");
}
