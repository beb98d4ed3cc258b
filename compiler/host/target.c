// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdio.h>
#include <string.h>

enum { MAX_KINDS = 3 };

// What can be told apart when a model is loaded: features that some processors of a target have.
typedef struct cpu_kind {
    const char *name;
    const char *features;
    tsr_lower_target lower;
    bool alone; // not one of "portable": the constants of its schedules are of no use to the others
} cpu_kind;

typedef struct target_kind {
    const char *name;
    tsr_target target;         // features and lower are those of a kind
    cpu_kind kinds[MAX_KINDS]; // the most able first; each has all that the next one has
    // The features that code for "native" may use, in the order in which processors gained them. No others, so that a
    // loader can check every one.
    const char *known;
} target_kind;

#define SSE41 "sse3,ssse3,sse4.1"
#define AVX2 SSE41 ",sse4.2,popcnt,avx,f16c,fma,avx2,bmi,bmi2,lzcnt,movbe"
#define AVX512 AVX2 ",avx512f,avx512cd,avx512bw,avx512dq,avx512vl,avx512vnni"

static const target_kind targets[] = {
    {.name = "x86-64",
     .target = {.triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64", .tune = "", .always = ""},
     .kinds = {{"avx512", AVX512, {.vector_bytes = 64, .registers = 32, .dot = 2, .quad = TSR_U8}, false},
               {"avx2", AVX2, {.vector_bytes = 32, .registers = 16, .dot = 2}, false},
               {"baseline", SSE41, {.vector_bytes = 16, .registers = 16, .dot = 2}, false}},
     .known = AVX512},
    {.name = "aarch64",
     .target = {.triple = "aarch64-unknown-linux-gnu", .cpu = "generic", .tune = "cortex-a53", .always = ""},
     .kinds = {{"dotprod", "neon,dotprod", {.vector_bytes = 16, .registers = 32, .dot = 1, .quad = TSR_I8}, true},
               {"baseline", "neon", {.vector_bytes = 16, .registers = 32, .dot = 1}, false}},
     .known = "neon,dotprod"},
    {.name = "armv7",
     .target = {.triple = "armv7-unknown-linux-gnueabihf", .cpu = "cortex-a9", .tune = "", .always = "", .soft_64 = true},
     .kinds = {{"baseline", "neon", {.vector_bytes = 16, .registers = 16, .dot = 1}, false}},
     .known = "neon"},
    // Without vectors a register holds one element; tiles are planned in pairs.
    {.name = "riscv64",
     .target = {.triple = "riscv64-unknown-linux-gnu", .cpu = "generic-rv64", .tune = "", .always = "m,a,f,d,c"},
     .kinds = {{"v", "v", {.vector_bytes = 16, .registers = 32, .dot = 1}, false},
               {"baseline", "", {.vector_bytes = 8, .registers = 14, .dot = 1}, false}},
     .known = "v"},
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

#if defined(__x86_64__)
static const char this_computer[] = "x86-64";
#elif defined(__aarch64__)
static const char this_computer[] = "aarch64";
#elif defined(__arm__)
static const char this_computer[] = "armv7";
#elif defined(__riscv) && __riscv_xlen == 64
static const char this_computer[] = "riscv64";
#else
static const char this_computer[] = "";
#endif

static tsr_status find_target(const char *name, const target_kind **out_target) {
    *out_target = NULL;
    char all[64] = "";
    if (name == NULL || strcmp(name, "native") == 0)
        name = this_computer;
    for (size_t i = 0, used = 0; i < TARGETS; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            *out_target = &targets[i];
            return tsr_ok();
        }
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", targets[i].name);
    }
    return tsr_error(TSR_INVALID_ARGUMENT, "there is no code for target '%.40s'; there is for %s", name, all);
}

static unsigned count_kinds(const target_kind *target) {
    unsigned count = 0;
    while (count < MAX_KINDS && target->kinds[count].name != NULL)
        count++;
    return count;
}

static tsr_status unknown_cpu(const target_kind *target, const char *cpu) {
    char all[128] = "";
    size_t used = 0;
    for (unsigned i = 0; i < count_kinds(target); i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s, ", target->kinds[i].name);
    if (strcmp(cpu, "native") == 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "cpu 'native' is this computer's, which is no %s; for that there are %sportable",
                         target->name, all);
    return tsr_error(TSR_INVALID_ARGUMENT, "there is no cpu '%.40s' for target %s; there are %sportable%s", cpu, target->name,
                     all, strcmp(target->name, this_computer) == 0 ? ", native" : "");
}

// The name that NULL stands for.
static const char *cpu_of(const target_kind *target, const char *cpu) {
    return cpu != NULL ? cpu : strcmp(target->name, this_computer) == 0 ? "native" : "portable";
}

tsr_status tsr_host_cpus(const tsr_host_options *options, const char *out_cpus[TSR_HOST_MAX_CPUS], uint32_t *out_count) {
    *out_count = 0;
    const target_kind *target;
    TSR_TRY(find_target(options->target, &target));
    const char *cpu = cpu_of(target, options->cpu);
    if (strcmp(cpu, "native") == 0 && strcmp(target->name, this_computer) == 0) {
        out_cpus[(*out_count)++] = "native";
        return tsr_ok();
    }
    for (unsigned i = 0; i < count_kinds(target); i++)
        if ((strcmp(cpu, "portable") == 0 && !target->kinds[i].alone) || strcmp(cpu, target->kinds[i].name) == 0)
            out_cpus[(*out_count)++] = target->kinds[i].name;
    return *out_count > 0 ? tsr_ok() : unknown_cpu(target, cpu);
}

static bool in_list(const char *list, const char *name, size_t length) { // list: "+sse2,-avx,..." or "sse3,avx"
    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        const char *item = at + (*at == '+');
        if (strncmp(item, name, length) == 0 && (item[length] == ',' || item[length] == '\0'))
            return true;
    }
    return false;
}

// The members of `wanted` that `there` has, in wanted's order.
static const char *common_features(tsr_arena *arena, const char *wanted, const char *there) {
    const char *all = "";
    for (const char *at = wanted; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (in_list(there, at, length))
            all = tsr_arena_printf(arena, "%s%s%.*s", all, *all ? "," : "", (int)length, at);
    }
    return all;
}

// What this computer has; scheduled for as the most able kind that it covers.
static void find_native(tsr_arena *arena, const target_kind *kind, tsr_target *out_target) {
    char *there = LLVMGetHostCPUFeatures(), *name = LLVMGetHostCPUName();
    out_target->features = common_features(arena, kind->known, there);
    out_target->tune = tsr_arena_strndup(arena, name, strlen(name));
    unsigned i = 0;
    while (i + 1 < count_kinds(kind) &&
           strcmp(common_features(arena, kind->kinds[i].features, out_target->features), kind->kinds[i].features) != 0)
        i++;
    out_target->lower = kind->kinds[i].lower;
    LLVMDisposeMessage(name);
    LLVMDisposeMessage(there);
}

tsr_status tsr_target_find(tsr_arena *arena, const tsr_host_options *options, tsr_target *out_target) {
    memset(out_target, 0, sizeof *out_target);
    static const tsr_host_options defaults = {0};
    options = options != NULL ? options : &defaults;
    const target_kind *kind;
    TSR_TRY(find_target(options->target, &kind));
    const char *cpu = cpu_of(kind, options->cpu);
    *out_target = kind->target;
    if (strcmp(cpu, "native") == 0 && strcmp(kind->name, this_computer) == 0) {
        find_native(arena, kind, out_target);
        return tsr_ok();
    }
    for (unsigned i = 0; i < count_kinds(kind); i++)
        if (strcmp(cpu, kind->kinds[i].name) == 0) {
            out_target->features = kind->kinds[i].features;
            out_target->lower = kind->kinds[i].lower;
            return tsr_ok();
        }
    return unknown_cpu(kind, cpu);
}

tsr_status tsr_host_lower_target(const tsr_host_options *options, tsr_lower_target *out_target) {
    memset(out_target, 0, sizeof *out_target);
    const char *cpus[TSR_HOST_MAX_CPUS];
    uint32_t count;
    TSR_TRY(tsr_host_cpus(options, cpus, &count));
    tsr_host_options one = *options;
    // Constants are packed once, for the second most able of several: what comes after it is old.
    one.cpu = cpus[count > 2 ? 1 : 0];
    tsr_arena *arena = tsr_arena_create();
    tsr_target target;
    tsr_status status = tsr_target_find(arena, &one, &target);
    *out_target = target.lower;
    tsr_arena_free(arena);
    return status;
}
