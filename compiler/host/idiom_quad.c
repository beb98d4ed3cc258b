// SPDX-License-Identifier: Apache-2.0
// Sums of four products of neighbouring bytes,
//
//   sum + ((w0 * x0 + w1 * x1) + w2 * x2) + w3 * x3     wd = (int32)w[4j + c + d], xd = (int32)x[i + d]
//
// j being the lanes, w int8, x uint8 or int8 and the same for all lanes: one instruction where the CPU has dot products of
// bytes (x86 with VNNI: vpdpbusd, x unsigned; aarch64 with dotprod: sdot, x signed).
#include <string.h>

#include "emit.h"

static bool is(const tsr_expr *e, tsr_binary op) {
    return e->kind == TSR_E_BINARY && e->value.binary == op && e->dtype == TSR_I32;
}

// (int32)load of a byte, or NULL.
static const tsr_expr *widened(const tsr_expr *e) {
    bool is = e->kind == TSR_E_CAST && e->dtype == TSR_I32 && e->a->kind == TSR_E_LOAD && tsr_dtype_size(e->a->dtype) == 1;
    return is ? e->a : NULL;
}

bool tsr_match_quad(const tsr_expr *e, const tsr_var *lane, tsr_quad *out_quad) {
    *out_quad = (tsr_quad){0};
    if (!is(e, TSR_ADD) || !is(e->b, TSR_ADD))
        return false;
    const tsr_expr *product[4], *rest = e->b;
    for (int d = 3; d > 0; d--, rest = rest->a) {
        if (!is(rest, TSR_ADD))
            return false;
        product[d] = rest->b;
    }
    product[0] = rest;
    const tsr_expr *w[4], *x[4];
    for (int d = 0; d < 4; d++) {
        if (!is(product[d], TSR_MUL))
            return false;
        w[d] = widened(product[d]->a);
        x[d] = widened(product[d]->b);
        if (w[d] == NULL || x[d] == NULL || w[d]->dtype != TSR_I8 || x[d]->dtype == TSR_BOOL)
            return false;
        if (d > 0 && (!tsr_follows(w[d - 1], w[d]) || !tsr_follows(x[d - 1], x[d])))
            return false;
    }
    int64_t stride;
    if (!tsr_stride(w[0]->a, lane, &stride) || stride != 4 || tsr_depends(x[0]->a, lane))
        return false;
    *out_quad = (tsr_quad){e->a, w[0], x[0]};
    return true;
}

typedef struct instruction {
    const char *name;
    unsigned lanes;
    bool bytes; // operands are vectors of bytes rather than of int32
} instruction;

static instruction find(LLVMModuleRef module, LLVMValueRef function, bool x_signed, unsigned lanes) {
    static const instruction vnni[] = {{"llvm.x86.avx512.vpdpbusd.512", 16, false},
                                       {"llvm.x86.avx512.vpdpbusd.256", 8, false},
                                       {"llvm.x86.avx512.vpdpbusd.128", 4, false}};
    bool x86 = strncmp(LLVMGetTarget(module), "x86_64", 6) == 0, arm = strncmp(LLVMGetTarget(module), "aarch64", 7) == 0;
    if (x86 && !x_signed && tsr_function_has(function, "avx512vnni") && tsr_function_has(function, "avx512vl"))
        for (int i = 0; i < 3; i++)
            if (lanes % vnni[i].lanes == 0)
                return vnni[i];
    if (arm && x_signed && tsr_function_has(function, "dotprod") && lanes % 4 == 0)
        return (instruction){"llvm.aarch64.neon.sdot", 4, true};
    return (instruction){0};
}

static LLVMValueRef plain(LLVMBuilderRef builder, LLVMValueRef sum, LLVMValueRef w, LLVMValueRef x, bool x_signed,
                          unsigned lanes) {
    LLVMTypeRef type = LLVMTypeOf(sum);
    LLVMValueRef products = NULL;
    for (int d = 0; d < 4; d++) {
        LLVMValueRef a = tsr_shuffle(builder, w, w, d, 4, lanes), b = tsr_shuffle(builder, x, x, d, 4, lanes);
        b = x_signed ? LLVMBuildSExt(builder, b, type, "") : LLVMBuildZExt(builder, b, type, "");
        LLVMValueRef one = LLVMBuildMul(builder, LLVMBuildSExt(builder, a, type, ""), b, "");
        products = products == NULL ? one : LLVMBuildAdd(builder, products, one, "");
    }
    return LLVMBuildAdd(builder, sum, products, "");
}

LLVMValueRef tsr_emit_quad(LLVMBuilderRef builder, LLVMModuleRef module, LLVMValueRef function, LLVMValueRef sum, LLVMValueRef w,
                           LLVMValueRef x, bool x_signed, unsigned lanes) {
    instruction found = find(module, function, x_signed, lanes);
    if (found.name == NULL)
        return plain(builder, sum, w, x, x_signed, lanes);
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef types[] = {LLVMVectorType(LLVMInt32TypeInContext(context), found.lanes),
                           LLVMVectorType(LLVMInt8TypeInContext(context), 4 * found.lanes)};
    unsigned id = LLVMLookupIntrinsicID(found.name, strlen(found.name)), overloads = found.bytes ? 2 : 0;
    LLVMValueRef callee = LLVMGetIntrinsicDeclaration(module, id, types, overloads), part[TSR_MAX_LANES];
    LLVMTypeRef type = LLVMIntrinsicGetType(context, id, types, overloads), operand = types[found.bytes ? 1 : 0];
    for (unsigned i = 0; i < lanes / found.lanes; i++) {
        LLVMValueRef sums = tsr_shuffle(builder, sum, sum, (int)(i * found.lanes), 1, found.lanes);
        LLVMValueRef ws = tsr_shuffle(builder, w, w, (int)(4 * i * found.lanes), 1, 4 * found.lanes);
        LLVMValueRef xs = tsr_shuffle(builder, x, x, 0, 1, 4 * found.lanes);
        ws = LLVMBuildBitCast(builder, ws, operand, "");
        xs = LLVMBuildBitCast(builder, xs, operand, "");
        LLVMValueRef x86[] = {sums, xs, ws}, arm[] = {sums, ws, xs}; // vpdpbusd: the unsigned operand first
        part[i] = LLVMBuildCall2(builder, type, callee, found.bytes ? arm : x86, 3, "");
    }
    return tsr_join_all(builder, part, lanes / found.lanes);
}
