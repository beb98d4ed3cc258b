// SPDX-License-Identifier: Apache-2.0
// A whole model as one function of C's calling convention, with its constants beside it.
#include <stdio.h>

#include "emit.h"

// Visible to the linker within the program's own file, and kept apart: a model has many steps, most run once.
static void hide(LLVMValueRef function) {
    LLVMContextRef context = LLVMGetModuleContext(LLVMGetGlobalParent(function));
    LLVMSetVisibility(function, LLVMHiddenVisibility);
    LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(context, LLVMGetEnumAttributeKindForName("noinline", 8), 0));
}

static LLVMValueRef add_constants(LLVMModuleRef module, const tsr_host_model *model) {
    enum { ALIGNMENT = 64 };
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMValueRef bytes = LLVMConstStringInContext2(context, (const char *)model->consts, (size_t)model->const_bytes, true);
    LLVMValueRef global = LLVMAddGlobal(module, LLVMTypeOf(bytes), "constants");
    LLVMSetInitializer(global, bytes);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    LLVMSetAlignment(global, ALIGNMENT);
    return global;
}

static LLVMValueRef at(LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef base, uint64_t index) {
    LLVMValueRef number = LLVMConstInt(LLVMInt64TypeInContext(LLVMGetTypeContext(type)), index, false);
    return LLVMBuildInBoundsGEP2(builder, type, base, &number, 1, "");
}

// To the arena, or from there, each of the caller's tensors.
static void copy(LLVMBuilderRef builder, LLVMValueRef arena, LLVMValueRef tensors, const tsr_host_span *spans, uint32_t count,
                 bool to_arena) {
    LLVMContextRef context = LLVMGetTypeContext(LLVMTypeOf(arena));
    LLVMTypeRef byte = LLVMInt8TypeInContext(context), pointer = LLVMTypeOf(arena);
    for (uint32_t i = 0; i < count; i++) {
        LLVMValueRef place = at(builder, byte, arena, spans[i].offset);
        LLVMValueRef tensor = LLVMBuildLoad2(builder, pointer, at(builder, pointer, tensors, i), "");
        LLVMValueRef bytes = LLVMConstInt(LLVMInt64TypeInContext(context), spans[i].bytes, false);
        LLVMBuildMemCpy(builder, to_arena ? place : tensor, 1, to_arena ? tensor : place, 1, bytes);
    }
}

void tsr_emit_model(LLVMModuleRef module, const tsr_host_model *model, LLVMValueRef *functions, uint32_t count,
                    const tsr_emit_options *options) {
    LLVMContextRef context = LLVMGetModuleContext(module);
    LLVMTypeRef pointer = LLVMPointerTypeInContext(context, 0), types[] = {pointer, pointer, pointer};
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(context), types, 3, false); // of a step, too
    char name[TSR_HOST_NAME_BYTES + sizeof "_invoke"];
    snprintf(name, sizeof name, "%s_invoke", model->name);
    LLVMValueRef invoke = LLVMAddFunction(module, name, type), constants = add_constants(module, model);
    for (unsigned i = 0; i < options->attribute_count; i++)
        LLVMAddAttributeAtIndex(invoke, LLVMAttributeFunctionIndex, options->attributes[i]);
    LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
    LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(context, invoke, "entry"));
    LLVMValueRef arena = LLVMGetParam(invoke, 2);
    copy(builder, arena, LLVMGetParam(invoke, 0), model->inputs, model->input_count, true);
    for (uint32_t i = 0; i < count; i++) {
        hide(functions[i]);
        LLVMValueRef arguments[] = {constants, arena, LLVMConstNull(pointer)};
        LLVMBuildCall2(builder, type, functions[i], arguments, 3, "");
    }
    copy(builder, arena, LLVMGetParam(invoke, 1), model->outputs, model->output_count, false);
    LLVMBuildRetVoid(builder);
    LLVMDisposeBuilder(builder);
}
