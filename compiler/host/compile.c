// SPDX-License-Identifier: Apache-2.0
// LLVM's part of the way: module, passes, object file in memory.
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <string.h>

#include "emit.h"
#include "target.h"

typedef struct job {
    tsr_arena *arena;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    tsr_target target;
    LLVMAttributeRef attributes[8];
    unsigned attribute_count;
} job;

// "a,b" -> "+a,+b"
static char *plus_features(job *j) {
    const tsr_target *t = &j->target;
    const char *list = tsr_arena_printf(j->arena, "%s%s%s", t->always, *t->always && *t->features ? "," : "", t->features);
    char *text = TSR_NEW_ARRAY(j->arena, char, 2 * strlen(list) + 2), *to = text;
    for (const char *at = list; *at != '\0'; at++) {
        if (at == list || at[-1] == ',')
            *to++ = '+';
        *to++ = *at;
    }
    return text;
}

static void add_text_attribute(job *j, const char *key, const char *value) {
    j->attributes[j->attribute_count++] =
        LLVMCreateStringAttribute(j->context, key, (unsigned)strlen(key), value, (unsigned)strlen(value));
}

static void initialise_targets(void) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTarget();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMAsmPrinter();
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
}

static tsr_status set_up(job *j, const tsr_host_options *options) {
    initialise_targets();
    j->context = LLVMContextCreate();
    j->module = LLVMModuleCreateWithNameInContext("tessera", j->context);
    TSR_TRY(tsr_target_find(j->arena, options, &j->target));
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(j->target.triple, &target, &message)) {
        tsr_status status = tsr_error(TSR_INTERNAL, "LLVM: %s", message);
        LLVMDisposeMessage(message);
        return status;
    }
    const char *features = plus_features(j);
    // RISC-V's small model reaches the lowest 2 GiB only; its medium one reaches 2 GiB around the code.
    LLVMCodeModel model = strncmp(j->target.triple, "riscv", 5) == 0 ? LLVMCodeModelMedium : LLVMCodeModelSmall;
    j->machine = LLVMCreateTargetMachine(target, j->target.triple, j->target.cpu, features, LLVMCodeGenLevelAggressive,
                                         LLVMRelocPIC, model);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(j->machine);
    LLVMSetModuleDataLayout(j->module, layout);
    LLVMDisposeTargetData(layout);
    LLVMSetTarget(j->module, j->target.triple);
    static const char *const flags[] = {"nounwind", "nofree", "norecurse"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        j->attributes[j->attribute_count++] =
            LLVMCreateEnumAttribute(j->context, LLVMGetEnumAttributeKindForName(flags[i], strlen(flags[i])), 0);
    add_text_attribute(j, "no-builtins", ""); // no memcpy or memset from a loop: there is nobody to call
    add_text_attribute(j, "target-cpu", j->target.cpu);
    add_text_attribute(j, "target-features", features);
    if (*j->target.tune != '\0')
        add_text_attribute(j, "tune-cpu", j->target.tune);
    return tsr_ok();
}

static tsr_status optimise(job *j) {
    char *message = NULL;
    if (LLVMVerifyModule(j->module, LLVMReturnStatusAction, &message)) {
        tsr_status status = tsr_error(TSR_INTERNAL, "LLVM: %s", message);
        LLVMDisposeMessage(message);
        return status;
    }
    LLVMDisposeMessage(message);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMPassBuilderOptionsSetLoopVectorization(options, false); // see emit.c
    LLVMPassBuilderOptionsSetSLPVectorization(options, false);
    LLVMPassBuilderOptionsSetLoopInterleaving(options, false);
    LLVMPassBuilderOptionsSetLoopUnrolling(options, false);
    LLVMErrorRef error = LLVMRunPasses(j->module, "default<O3>", j->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL)
        return tsr_ok();
    message = LLVMGetErrorMessage(error);
    tsr_status status = tsr_error(TSR_INTERNAL, "LLVM: %s", message);
    LLVMDisposeErrorMessage(message);
    return status;
}

static tsr_status emit_object(job *j, uint8_t **out_object, size_t *out_size) {
    char *message = NULL;
    LLVMMemoryBufferRef buffer = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(j->machine, j->module, LLVMObjectFile, &message, &buffer)) {
        tsr_status status = tsr_error(TSR_INTERNAL, "LLVM: %s", message);
        LLVMDisposeMessage(message);
        return status;
    }
    *out_size = LLVMGetBufferSize(buffer);
    *out_object = TSR_NEW_ARRAY(j->arena, uint8_t, *out_size + 1);
    memcpy(*out_object, LLVMGetBufferStart(buffer), *out_size);
    LLVMDisposeMemoryBuffer(buffer);
    return tsr_ok();
}

static tsr_status add_functions(job *j, const tsr_tensor_function *const *functions, uint32_t count,
                                const tsr_host_options *options) {
    const tsr_emit_options emit = {
        .attributes = j->attributes,
        .attribute_count = j->attribute_count,
        .least_parallel = options != NULL && options->least_parallel != 0 ? options->least_parallel : TSR_HOST_LEAST_PARALLEL,
    };
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%u", i);
        TSR_TRY(tsr_emit_function(j->module, functions[i], name, &emit));
    }
    return j->target.soft_64 ? tsr_add_support(j->module) : tsr_ok();
}

static tsr_status add_model(job *j, const tsr_tensor_function *const *functions, uint32_t count, const tsr_host_model *model) {
    const tsr_emit_options emit = {
        .attributes = j->attributes, .attribute_count = j->attribute_count, .libm = true, .least_parallel = UINT64_MAX};
    LLVMValueRef *steps = TSR_NEW_ARRAY(j->arena, LLVMValueRef, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = tsr_arena_printf(j->arena, "%s_step%u", model->name, i);
        TSR_TRY(tsr_emit_function(j->module, functions[i], name, &emit));
        steps[i] = LLVMGetNamedFunction(j->module, name);
    }
    tsr_emit_model(j->module, model, steps, count, &emit);
    return tsr_ok();
}

static void tear_down(job *j) {
    if (j->machine != NULL)
        LLVMDisposeTargetMachine(j->machine);
    LLVMDisposeModule(j->module);
    LLVMContextDispose(j->context);
}

tsr_status tsr_host_object(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                           const tsr_host_options *options, uint8_t **out_object, size_t *out_size, const char **out_target,
                           const char **out_features) {
    *out_object = NULL;
    *out_size = 0;
    job j = {.arena = arena};
    tsr_status status = set_up(&j, options);
    if (status.code == TSR_OK)
        status = add_functions(&j, functions, count, options);
    if (status.code == TSR_OK)
        status = optimise(&j);
    if (status.code == TSR_OK)
        status = emit_object(&j, out_object, out_size);
    *out_target = status.code == TSR_OK ? j.target.triple : "";
    *out_features = status.code == TSR_OK ? j.target.features : "";
    tear_down(&j);
    return status;
}

tsr_status tsr_host_embed(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                          const tsr_host_options *options, const tsr_host_model *model, uint8_t **out_object, size_t *out_size,
                          const char **out_features) {
    *out_object = NULL;
    *out_size = 0;
    job j = {.arena = arena};
    tsr_status status = set_up(&j, options);
    if (status.code == TSR_OK)
        status = add_model(&j, functions, count, model);
    if (status.code == TSR_OK)
        status = optimise(&j);
    if (status.code == TSR_OK)
        status = emit_object(&j, out_object, out_size);
    *out_features = status.code == TSR_OK ? j.target.features : "";
    tear_down(&j);
    return status;
}

tsr_status tsr_host_compile(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                            const tsr_host_options *options, tsr_host_code *out_code) {
    memset(out_code, 0, sizeof *out_code);
    uint8_t *object;
    size_t size;
    const char *target, *features;
    TSR_TRY(tsr_host_object(arena, functions, count, options, &object, &size, &target, &features));
    const char **names = TSR_NEW_ARRAY(arena, const char *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = tsr_arena_printf(arena, "f%u", i);
    TSR_TRY(tsr_host_link(arena, object, size, names, count, out_code));
    out_code->target = target;
    out_code->features = features;
    return tsr_ok();
}
