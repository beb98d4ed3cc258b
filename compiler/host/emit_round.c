// SPDX-License-Identifier: Apache-2.0
// Rounding for processors without instructions for it: ARMv7. A float at or above 2^23 (a double, 2^52) has no fraction;
// below, adding that number and taking it away again rounds to nearest, ties to even.
#include <string.h>

#include "emit.h"

bool tsr_has_rounding(LLVMModuleRef module) { return strncmp(LLVMGetTarget(module), "arm", 3) != 0; }

static LLVMValueRef same_for_all(LLVMTypeRef type, LLVMValueRef value) {
    if (LLVMGetTypeKind(type) != LLVMVectorTypeKind)
        return value;
    LLVMValueRef all[TSR_MAX_LANES];
    unsigned lanes = LLVMGetVectorSize(type);
    for (unsigned i = 0; i < lanes; i++)
        all[i] = value;
    return LLVMConstVector(all, lanes);
}

LLVMValueRef tsr_emit_rounding(LLVMBuilderRef b, tsr_function function, LLVMValueRef x) {
    LLVMTypeRef type = LLVMTypeOf(x);
    bool vector = LLVMGetTypeKind(type) == LLVMVectorTypeKind;
    LLVMTypeRef scalar = vector ? LLVMGetElementType(type) : type;
    LLVMContextRef context = LLVMGetTypeContext(type);
    bool wide = LLVMGetTypeKind(scalar) == LLVMDoubleTypeKind;
    LLVMTypeRef word = wide ? LLVMInt64TypeInContext(context) : LLVMInt32TypeInContext(context);
    LLVMTypeRef words = vector ? LLVMVectorType(word, LLVMGetVectorSize(type)) : word;
    LLVMValueRef sign_bit = same_for_all(type, LLVMConstInt(word, wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31, false));
    LLVMValueRef whole = same_for_all(type, LLVMConstReal(scalar, wide ? 0x1p52 : 0x1p23));
    LLVMValueRef one = same_for_all(type, LLVMConstReal(scalar, 1));

    LLVMValueRef sign = LLVMBuildAnd(b, LLVMBuildBitCast(b, x, words, ""), sign_bit, "");
    LLVMValueRef size = LLVMBuildBitCast(b, LLVMBuildXor(b, LLVMBuildBitCast(b, x, words, ""), sign, ""), type, "");
    LLVMValueRef nearest = LLVMBuildFSub(b, LLVMBuildFAdd(b, size, whole, ""), whole, "");
    nearest = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOLT, size, whole, ""), nearest, size, "");
    LLVMValueRef value = LLVMBuildBitCast(b, LLVMBuildOr(b, LLVMBuildBitCast(b, nearest, words, ""), sign, ""), type, "");
    if (function == TSR_F_ROUND_EVEN)
        return value;
    bool down = function == TSR_F_FLOOR;
    LLVMValueRef past = LLVMBuildFCmp(b, down ? LLVMRealOGT : LLVMRealOLT, value, x, "");
    LLVMValueRef next = down ? LLVMBuildFSub(b, value, one, "") : LLVMBuildFAdd(b, value, one, "");
    value = LLVMBuildSelect(b, past, next, value, "");
    // ceil(-0.7) is -0.
    LLVMValueRef bits = LLVMBuildAnd(b, LLVMBuildBitCast(b, value, words, ""), LLVMBuildNot(b, sign_bit, ""), "");
    return LLVMBuildBitCast(b, LLVMBuildOr(b, bits, sign, ""), type, "");
}
