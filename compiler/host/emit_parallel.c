// SPDX-License-Identifier: Apache-2.0
// A PARALLEL loop becomes a function of its own, which runs iterations begin..end, and a call of the runtime that has
// its threads call it. What the loop's body needs from around it are the variables of outer loops: they go along in an
// array. LOCAL buffers are the body's own (tensor.h).
#include <stddef.h>

#include "emit.h"
#include "tsr/program.h"

uint64_t tsr_work_of(const tsr_stmt *s) {
    uint64_t sum = 0, inner;
    switch (s->kind) {
    case TSR_S_FOR:
        inner = tsr_work_of(s->body);
        return s->extent <= 0 ? 0 : inner > UINT64_MAX / (uint64_t)s->extent ? UINT64_MAX : inner * (uint64_t)s->extent;
    case TSR_S_SEQ:
        for (uint32_t i = 0; i < s->item_count; i++) {
            inner = tsr_work_of(s->items[i]);
            sum = sum + inner < sum ? UINT64_MAX : sum + inner;
        }
        return sum;
    case TSR_S_STORE: return 1;
    default: return tsr_work_of(s->body);
    }
}

static void add_attribute(LLVMContextRef context, LLVMValueRef function, unsigned parameter, const char *name, size_t length) {
    LLVMAttributeRef attribute = LLVMCreateEnumAttribute(context, LLVMGetEnumAttributeKindForName(name, length), 0);
    LLVMAddAttributeAtIndex(function, parameter + 1, attribute);
}

// Its type is tsr_host_body's.
static LLVMValueRef declare_body(LLVMModuleRef module, const char *name, const tsr_emit_options *options, LLVMTypeRef *out_type) {
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0), number = LLVMInt32TypeInContext(context);
    LLVMTypeRef types[] = {pointer, pointer, pointer, pointer, number, number};
    *out_type = LLVMFunctionType(LLVMVoidTypeInContext(context), types, 6, false);
    LLVMValueRef body = LLVMAddFunction(module, name, *out_type);
    LLVMSetLinkage(body, LLVMInternalLinkage);
    for (unsigned i = 0; i < options->attribute_count; i++)
        LLVMAddAttributeAtIndex(body, LLVMAttributeFunctionIndex, options->attributes[i]);
    for (unsigned i = 0; i < 4; i++) {
        add_attribute(context, body, i, "noalias", 7);
        if (i != 1)
            add_attribute(context, body, i, "readonly", 8);
    }
    return body;
}

// The array on the parent's stack, made once however often the loop runs.
static LLVMValueRef outer_array(LLVMBuilderRef builder, LLVMValueRef parent, LLVMTypeRef type) {
    LLVMBasicBlockRef block = LLVMGetInsertBlock(builder), entry = LLVMGetEntryBasicBlock(parent);
    LLVMValueRef first = LLVMGetFirstInstruction(entry);
    if (first != NULL)
        LLVMPositionBuilderBefore(builder, first);
    else
        LLVMPositionBuilderAtEnd(builder, entry);
    LLVMValueRef array = LLVMBuildAlloca(builder, type, "outer");
    LLVMPositionBuilderAtEnd(builder, block);
    return array;
}

static LLVMValueRef element(LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef array, unsigned index) {
    LLVMContextRef context = LLVMGetTypeContext(type);
    LLVMValueRef at = LLVMConstInt(LLVMInt32TypeInContext(context), index, false);
    return LLVMBuildInBoundsGEP2(builder, type, array, &at, 1, "");
}

LLVMBasicBlockRef tsr_outline(LLVMBuilderRef builder, LLVMModuleRef module, const char *name, const tsr_emit_options *options,
                              tsr_frame *frame, LLVMValueRef *outer, unsigned outer_count, int64_t extent,
                              LLVMValueRef *out_begin, LLVMValueRef *out_end) {
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0), wide = LLVMInt64TypeInContext(context);
    LLVMTypeRef number = LLVMInt32TypeInContext(context), body_type;
    LLVMValueRef body = declare_body(module, name, options, &body_type);
    LLVMValueRef array = outer_array(builder, frame->function, LLVMArrayType2(wide, outer_count + 1));
    for (unsigned i = 0; i < outer_count; i++)
        LLVMBuildStore(builder, outer[i], element(builder, wide, array, i));

    unsigned index = (unsigned)(offsetof(tsr_host_env, parallel_for) / sizeof(void *));
    LLVMValueRef callee = LLVMBuildLoad2(builder, pointer, element(builder, pointer, frame->env, index), "");
    LLVMTypeRef types[] = {pointer, pointer, pointer, pointer, pointer, number};
    LLVMValueRef arguments[] = {frame->consts, frame->work, frame->env,
                                body,          array,       LLVMConstInt(number, (unsigned long long)extent, false)};
    LLVMBuildCall2(builder, LLVMFunctionType(LLVMVoidTypeInContext(context), types, 6, false), callee, arguments, 6, "");

    LLVMBasicBlockRef back = LLVMGetInsertBlock(builder);
    LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(context, body, "entry"));
    *frame = (tsr_frame){body, LLVMGetParam(body, 0), LLVMGetParam(body, 1), LLVMGetParam(body, 2)};
    for (unsigned i = 0; i < outer_count; i++)
        outer[i] = LLVMBuildLoad2(builder, wide, element(builder, wide, LLVMGetParam(body, 3), i), "");
    *out_begin = LLVMBuildZExt(builder, LLVMGetParam(body, 4), wide, "");
    *out_end = LLVMBuildZExt(builder, LLVMGetParam(body, 5), wide, "");
    return back;
}
