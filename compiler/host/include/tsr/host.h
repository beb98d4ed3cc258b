// SPDX-License-Identifier: Apache-2.0
// Tensor programs to machine code for the host, through LLVM, without the system's linker: the result is one flat
// position-independent image with no external symbols, to be copied to executable memory (at a page boundary) and called.
//
// Every function of a compilation becomes a tsr_host_function (program.h): CONST and WORK buffers are at their `offset` in
// the two segments, LOCAL ones on the stack. WORK buffers of one function may share bytes only if they are the same
// buffer or an element-wise function reads and writes the same index; ranges that overlap are seen and compiled as such.
#ifndef TSR_HOST_H
#define TSR_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/lower_target.h"
#include "tsr/status.h"
#include "tsr/tensor.h"

enum { TSR_HOST_LOCAL_BYTES = 16 * 1024 }; // LOCAL buffers of one function, in total
// Elements that a PARALLEL loop stores, counting each time, from which on it is given to the runtime's threads. Fewer are
// done before a sleeping thread has woken up.
enum { TSR_HOST_LEAST_PARALLEL = 1 << 18 };

// target            cpu
// x86-64            avx512 (with VNNI), avx2 (with FMA), baseline (SSE4.1, found on every machine of the last 15 years)
// aarch64           baseline (NEON); scheduled for Cortex-A53
// armv7             baseline (NEON, hard-float ABI); Cortex-A9
// riscv64           v (vectors of at least 128 bits), baseline (rv64gc)
// this computer's   also native: all that it has
// all               portable: stands for all kinds of the target
typedef struct tsr_host_options {
    const char *target; // NULL or "native": this computer's
    const char *cpu;    // NULL: native, or portable for another target
    uint64_t least_parallel; // 0: TSR_HOST_LEAST_PARALLEL; UINT64_MAX: one thread runs everything
} tsr_host_options;

// The kinds of code that the options ask for, the most able first: one unless cpu is portable. tsr_host_compile takes one
// at a time. INVALID_ARGUMENT says what there is.
enum { TSR_HOST_MAX_CPUS = 8 };
tsr_status tsr_host_cpus(const tsr_host_options *options, const char *out_cpus[TSR_HOST_MAX_CPUS], uint32_t *out_count);

// What schedules for them may count on; for tsr_lower_node_for.
tsr_status tsr_host_lower_target(const tsr_host_options *options, tsr_lower_target *out_target);

typedef struct tsr_host_code {
    uint8_t *code; // in the arena
    uint64_t code_bytes;
    uint32_t entry_count;
    uint32_t *entries;   // byte offset into code of each function, in the order given
    const char *target;  // LLVM triple
    const char *features; // CPU features that the code needs, in LLVM's names: "sse4.1,avx,avx2"
} tsr_host_code;

// Errors: INVALID_ARGUMENT for an unknown cpu, for locals over the limit and for buffers of an accelerator's memory;
// INTERNAL when LLVM refuses what was built (a message of LLVM's).
tsr_status tsr_host_compile(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                            const tsr_host_options *options, tsr_host_code *out_code);

// The two halves of it. An object's functions are called f0, f1, ... in the order given.
tsr_status tsr_host_object(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                           const tsr_host_options *options, uint8_t **out_object, size_t *out_size, const char **out_target,
                           const char **out_features);

// A model whose steps are these functions, as an object to link into a C program: constants in .rodata, and
//   void NAME_invoke(const void *const inputs[], void *const outputs[], void *arena)
// which copies the inputs to their places in the arena, runs the functions and copies the outputs. Nothing outside of it is
// needed but memcpy, the mathematical functions of libm, and on armv7 the compiler's own library (libgcc).
typedef struct tsr_host_span {
    uint64_t offset, bytes; // in the work area, which is the arena
} tsr_host_span;
enum { TSR_HOST_NAME_BYTES = 64 };
typedef struct tsr_host_model {
    const char *name; // a C identifier of less than TSR_HOST_NAME_BYTES
    const uint8_t *consts;
    uint64_t const_bytes;
    uint32_t input_count, output_count;
    const tsr_host_span *inputs, *outputs;
} tsr_host_model;
tsr_status tsr_host_embed(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count,
                          const tsr_host_options *options, const tsr_host_model *model, uint8_t **out_object, size_t *out_size,
                          const char **out_features);

// Lays out the sections of a relocatable ELF object and resolves every relocation. CORRUPT: not such an object;
// UNSUPPORTED: names the symbol that would have to come from outside, or the relocation or section it cannot place.
tsr_status tsr_host_link(tsr_arena *arena, const uint8_t *object, size_t size, const char *const *names, uint32_t count,
                         tsr_host_code *out_code);

#endif
