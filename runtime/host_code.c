// SPDX-License-Identifier: Apache-2.0
#include "host_code.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(__x86_64__)
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)
static const char host_architecture[] = "x86_64";
#elif defined(__aarch64__)
static const char host_architecture[] = "aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
static const char host_architecture[] = "riscv64";
#elif defined(__arm__)
static const char host_architecture[] = "arm";
#else
static const char host_architecture[] = "unknown";
#endif

typedef struct cpu_feature {
    const char *name; // LLVM's
    bool present;
} cpu_feature;

// What this CPU has of the features that compiled code may ask for. Returns how many are known.
enum { MAX_FEATURES = 32 };
static size_t list_features(cpu_feature out[MAX_FEATURES]) {
    size_t n = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    // The builtin takes literals only.
#define FEATURE(llvm_name, gcc_name) out[n++] = (cpu_feature){llvm_name, __builtin_cpu_supports(gcc_name) != 0}
    FEATURE("cx8", "cmpxchg8b");
    FEATURE("fxsr", "fxsave");
    FEATURE("mmx", "mmx");
    FEATURE("sse", "sse");
    FEATURE("sse2", "sse2");
    FEATURE("sse3", "sse3");
    FEATURE("ssse3", "ssse3");
    FEATURE("sse4.1", "sse4.1");
    FEATURE("sse4.2", "sse4.2");
    FEATURE("cx16", "cmpxchg16b");
    FEATURE("popcnt", "popcnt");
    FEATURE("avx", "avx");
    FEATURE("avx2", "avx2");
    FEATURE("fma", "fma");
    FEATURE("f16c", "f16c");
    FEATURE("bmi", "bmi");
    FEATURE("bmi2", "bmi2");
    FEATURE("lzcnt", "lzcnt");
    FEATURE("movbe", "movbe");
    FEATURE("xsave", "xsave");
    FEATURE("avxvnni", "avxvnni");
    FEATURE("avx512f", "avx512f");
    FEATURE("avx512bw", "avx512bw");
    FEATURE("avx512cd", "avx512cd");
    FEATURE("avx512dq", "avx512dq");
    FEATURE("avx512vl", "avx512vl");
    FEATURE("avx512vnni", "avx512vnni");
#undef FEATURE
#elif defined(__aarch64__)
    unsigned long bits = getauxval(AT_HWCAP);
    // Bit numbers of the kernel's user interface (asm/hwcap.h).
    out[n++] = (cpu_feature){"fp-armv8", (bits >> 0 & 1) != 0};
    out[n++] = (cpu_feature){"neon", (bits >> 1 & 1) != 0};
    out[n++] = (cpu_feature){"aes", (bits >> 3 & 1) != 0};
    out[n++] = (cpu_feature){"crc", (bits >> 7 & 1) != 0};
    out[n++] = (cpu_feature){"lse", (bits >> 8 & 1) != 0};
    out[n++] = (cpu_feature){"fullfp16", (bits >> 10 & 1) != 0};
    out[n++] = (cpu_feature){"rdm", (bits >> 12 & 1) != 0};
    out[n++] = (cpu_feature){"dotprod", (bits >> 20 & 1) != 0};
    out[n++] = (cpu_feature){"sve", (bits >> 22 & 1) != 0};
#elif defined(__arm__)
    out[n++] = (cpu_feature){"neon", (getauxval(AT_HWCAP) >> 12 & 1) != 0};
#elif defined(__riscv)
    out[n++] = (cpu_feature){"v", (getauxval(AT_HWCAP) >> ('v' - 'a') & 1) != 0}; // a bit a letter
#else
    (void)out;
#endif
    return n;
}

static tsr_status check_feature(const cpu_feature *features, size_t count, const char *name, int length) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(features[i].name) != (size_t)length || memcmp(features[i].name, name, (size_t)length) != 0)
            continue;
        if (features[i].present)
            return tsr_ok();
        return tsr_error(TSR_MISMATCH, "the program's host code needs the CPU feature %s, which this CPU does not have",
                         features[i].name);
    }
    return tsr_error(
        TSR_MISMATCH,
        "the program's host code needs the CPU feature \"%.*s\", which this runtime does not know how to check on %s",
        length < 40 ? length : 40, name, host_architecture);
}

static tsr_status check_features(const char *list) {
    cpu_feature features[MAX_FEATURES];
    size_t count = list_features(features);
    for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',')
        TSR_TRY(check_feature(features, count, list, (int)strcspn(list, ",")));
    return tsr_ok();
}

// LLVM's triples of one architecture begin with one of several names: arm, armv7, ...
static bool is_this_architecture(const char *target) {
    size_t length = strcspn(target, "-");
    if (strcmp(host_architecture, "arm") == 0)
        return strncmp(target, "armv7", 5) == 0 && strstr(target, "eabihf") != NULL;
    return length == strlen(host_architecture) && memcmp(target, host_architecture, length) == 0;
}

// When no kind fits, the last one, which asks for least, says why.
static tsr_status choose_kind(const tsr_program *program, uint32_t *out_kind) {
    *out_kind = 0;
    if (!is_this_architecture(program->target) || strstr(program->target, "linux") == NULL)
        return tsr_error(TSR_MISMATCH, "the program's host code is for %s, this computer is %s-linux; compile the model for it",
                         program->target, host_architecture);
    tsr_status status = tsr_ok();
    for (uint32_t k = 0; k < program->kind_count; k++) {
        status = check_features(program->kinds[k].features);
        if (status.code == TSR_OK) {
            *out_kind = k;
            return status;
        }
    }
    size_t used = strlen(status.message);
    snprintf(status.message + used, sizeof status.message - used,
             "; compile the model on this computer, or with --cpu baseline or portable");
    return status;
}

tsr_status host_code_map(const tsr_program *program, host_code *out_code) {
    *out_code = (host_code){0};
    if (program->code_bytes == 0)
        return tsr_ok();
    uint32_t kind;
    TSR_TRY(choose_kind(program, &kind));
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = ((size_t)program->code_bytes + page - 1) / page * page;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %zu bytes of host code: %s", bytes, strerror(errno));
    memcpy(memory, program->code, program->code_bytes);
    if (mprotect(memory, bytes, PROT_READ | PROT_EXEC) != 0) {
        tsr_status status =
            tsr_error(TSR_UNSUPPORTED, "this system does not let a program run host code that it loads: %s", strerror(errno));
        munmap(memory, bytes);
        return status;
    }
    // Instruction caches that do not see stores need to be told; nothing on x86.
    __builtin___clear_cache((char *)memory, (char *)memory + bytes);
    *out_code =
        (host_code){.memory = memory, .bytes = bytes, .entries = program->entries + (size_t)kind * program->function_count};
    return tsr_ok();
}

void host_code_unmap(host_code *code) {
    if (code->memory != NULL)
        munmap(code->memory, code->bytes);
    *code = (host_code){0};
}

tsr_host_env host_code_env(pool *threads) {
    return (tsr_host_env){threads, pool_parallel_for, expf, tanhf, logf, erff, powf, sinf, cosf, fmodf};
}

void host_code_call(const host_code *code, uint32_t function, const uint8_t *consts, uint8_t *work, const tsr_host_env *env) {
    // ISO C has no conversion from object to function pointers.
    tsr_host_function *entry;
    const uint8_t *address = code->memory + code->entries[function];
    static_assert(sizeof entry == sizeof address, "code and data pointers have one size");
    memcpy(&entry, &address, sizeof entry);
    entry(consts, work, env);
}
