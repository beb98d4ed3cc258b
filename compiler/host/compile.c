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

// The features that code may be built for. A feature is used only if it is here, so that the list in a compiled model is
// complete and a loader can check each; in the order in which processors gained them.
static const char *const known_features[] = {
    "sse3", "ssse3", "sse4.1", "sse4.2",  "popcnt",   "avx",      "f16c",     "fma",      "avx2",       "bmi",
    "bmi2", "lzcnt", "movbe",  "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl", "avx512vnni",
};
static const char baseline_features[] = "sse3,ssse3,sse4.1";

typedef struct job {
    tsr_arena *arena;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    char *triple;
    const char *features; // comma separated
    LLVMAttributeRef attributes[8];
    unsigned attribute_count;
} job;

static bool has_feature(const char *host, const char *feature) { // host: "+sse2,-avx,..."
    size_t length = strlen(feature);
    for (const char *at = host; (at = strchr(at, '+')) != NULL; at++)
        if (strncmp(at + 1, feature, length) == 0 && (at[1 + length] == ',' || at[1 + length] == '\0'))
            return true;
    return false;
}

static tsr_status choose_features(job *j, const char *cpu) {
    if (strcmp(cpu, "baseline") == 0) {
        j->features = baseline_features;
        return tsr_ok();
    }
    if (strcmp(cpu, "native") != 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "unknown host cpu '%s': it is 'native' or 'baseline'", cpu);
    char *host = LLVMGetHostCPUFeatures();
    j->features = "";
    for (size_t i = 0; i < sizeof known_features / sizeof *known_features; i++)
        if (has_feature(host, known_features[i]))
            j->features = tsr_arena_printf(j->arena, "%s%s%s", j->features, *j->features ? "," : "", known_features[i]);
    LLVMDisposeMessage(host);
    return tsr_ok();
}

// "a,b" -> "+a,+b"
static char *plus_features(job *j) {
    char *text = TSR_NEW_ARRAY(j->arena, char, 2 * strlen(j->features) + 2), *to = text;
    for (const char *at = j->features; *at != '\0'; at++) {
        if (at == j->features || at[-1] == ',')
            *to++ = '+';
        *to++ = *at;
    }
    return text;
}

static void add_text_attribute(job *j, const char *key, const char *value) {
    j->attributes[j->attribute_count++] =
        LLVMCreateStringAttribute(j->context, key, (unsigned)strlen(key), value, (unsigned)strlen(value));
}

static tsr_status set_up(job *j, const char *cpu) {
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    j->context = LLVMContextCreate();
    j->module = LLVMModuleCreateWithNameInContext("tessera", j->context);
    j->triple = LLVMGetDefaultTargetTriple();
    TSR_TRY(choose_features(j, cpu));
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(j->triple, &target, &message)) {
        tsr_status status = tsr_error(TSR_INTERNAL, "LLVM: %s", message);
        LLVMDisposeMessage(message);
        return status;
    }
    const char *features = plus_features(j);
    j->machine = LLVMCreateTargetMachine(target, j->triple, "x86-64", features, LLVMCodeGenLevelAggressive, LLVMRelocPIC,
                                         LLVMCodeModelSmall);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(j->machine);
    LLVMSetModuleDataLayout(j->module, layout);
    LLVMDisposeTargetData(layout);
    LLVMSetTarget(j->module, j->triple);
    static const char *const flags[] = {"nounwind", "nofree", "norecurse"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        j->attributes[j->attribute_count++] =
            LLVMCreateEnumAttribute(j->context, LLVMGetEnumAttributeKindForName(flags[i], strlen(flags[i])), 0);
    add_text_attribute(j, "no-builtins", ""); // no memcpy or memset from a loop: there is nobody to call
    add_text_attribute(j, "target-cpu", "x86-64");
    add_text_attribute(j, "target-features", features);
    if (strcmp(cpu, "native") == 0) {
        char *tune = LLVMGetHostCPUName();
        add_text_attribute(j, "tune-cpu", tune);
        LLVMDisposeMessage(tune);
    }
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

static const char *cpu_of(const tsr_host_options *options) {
    return options != NULL && options->cpu != NULL ? options->cpu : "native";
}

static tsr_status build(job *j, const tsr_tensor_function *const *functions, uint32_t count, const tsr_host_options *options,
                        uint8_t **out_object, size_t *out_size) {
    TSR_TRY(set_up(j, cpu_of(options)));
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
    TSR_TRY(optimise(j));
    return emit_object(j, out_object, out_size);
}

tsr_status tsr_host_lower_target(const tsr_host_options *options, tsr_lower_target *out_target) {
    *out_target = (tsr_lower_target){.vector_bytes = 16, .registers = 16, .dot = 2}; // SSE
    job j = {.arena = tsr_arena_create()};
    tsr_status status = choose_features(&j, cpu_of(options));
    if (status.code == TSR_OK && strstr(j.features, "avx512bw") != NULL)
        *out_target = (tsr_lower_target){.vector_bytes = 64, .registers = 32, .dot = 2};
    else if (status.code == TSR_OK && strstr(j.features, "avx2") != NULL)
        out_target->vector_bytes = 32;
    tsr_arena_free(j.arena);
    return status;
}

tsr_status tsr_host_object(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                           const tsr_host_options *options, uint8_t **out_object, size_t *out_size, const char **out_target,
                           const char **out_features) {
    *out_object = NULL;
    *out_size = 0;
    *out_target = *out_features = "";
    job j = {.arena = arena};
    tsr_status status = build(&j, functions, count, options, out_object, out_size);
    if (status.code == TSR_OK) {
        *out_target = tsr_arena_strndup(arena, j.triple, strlen(j.triple));
        *out_features = tsr_arena_strndup(arena, j.features, strlen(j.features));
    }
    if (j.machine != NULL)
        LLVMDisposeTargetMachine(j.machine);
    LLVMDisposeMessage(j.triple);
    LLVMDisposeModule(j.module);
    LLVMContextDispose(j.context);
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
