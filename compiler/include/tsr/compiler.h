// SPDX-License-Identifier: Apache-2.0
// The compiler: a model file goes in, a compiled model comes out.
#ifndef TSR_COMPILER_H
#define TSR_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tsr/config.h"
#include "tsr/problems.h"
#include "tsr/program.h"
#include "tsr/status.h"

struct tsr_graph;
struct tsr_import_tensor;

typedef struct tsr_compile_options {
    const tsr_config *config; // the accelerator; may be NULL with host_only
    bool host_only;           // everything on the CPU
    // Host code: for which processor ("x86-64", "aarch64", "armv7", "riscv64"; NULL: this computer's) and which of its
    // kinds ("native", "baseline", ..., or "portable": all of them, the best is chosen at load; NULL: native, or portable
    // for another processor). tsr/host.h has the list.
    const char *target, *cpu;
    int64_t batch;            // extent of a symbolic first dimension; 0 means 1
    uint32_t dim_count;       // "NAME=N": extents of symbolic dimensions by their names. ONNX only
    const char *const *dims;
    // Model inputs with a value known now: they become constants, and are no inputs of the program. ONNX only.
    uint32_t bound_count;
    const struct tsr_import_tensor *bound; // tsr/import_tensor.h
    // Where nodes run: "NODE=cpu" or "NODE=accelerator", NODE being a name as `tessera info` shows it, with * and ? for any
    // characters; the last rule that fits a node counts. A name without them that the accelerator cannot do is an error. For the
    // others the cheaper side is estimated, with an accelerator of clock_mhz (0: 100 MHz).
    uint32_t place_count;
    const char *const *places;
    double clock_mhz;
    // Everything of the model that is not supported, each with node, operator, reason and a way out, is added here
    // (by the caller, who brings the list); the status tells as many as it has room for. NULL: the first that code generation meets
    // ends it.
    tsr_problems *problems;
    // Called as stages go by ("import", "graph", "accelerator", "host", ...), for progress bars. NULL = none.
    void (*on_progress)(void *context, const char *stage, unsigned done, unsigned total);
    void *progress_context;
    // A stage (tsr_compile_stage) whose result is printed to dump each time it has run; "NAME:2" only the second time.
    const char *dump_after;
    // Not NULL: the model becomes an object file and a header instead of a program that can be run; the program then only
    // tells of its inputs, outputs and layers. Needs host_only. cpu names one kind (NULL: native, or baseline for another
    // target).
    struct tsr_embedded *embedded;
    bool dump_data; // all contents of constants too, so that the graph can be read back
    FILE *dump;
} tsr_compile_options;

// A model to be linked into a C program: see docs/user-guide.md.
typedef struct tsr_embedded {
    const char *name; // prefix of all symbols; tsr_embedded_check
    uint8_t *object; // a relocatable ELF object of the target
    size_t object_bytes;
    char *header; // C text
    size_t header_bytes;
} tsr_embedded;
tsr_status tsr_embedded_check(const char *name); // INVALID_ARGUMENT unless it is a C identifier of at most 63 characters
void tsr_embedded_free(tsr_embedded *embedded); // object and header

// The name of stage 0, 1, ... that can be dumped; NULL past the last: "import", the graph passes, "tensor" (the tensor
// programs of all nodes, compiler/tensor/README.md), "schedule" (those of accelerator nodes only).
const char *tsr_compile_stage(unsigned index);

// INVALID_ARGUMENT, with what there is, when there is no such target or kind.
tsr_status tsr_compile_check_target(const char *target, const char *cpu);

// Errors name the node and what would work. *out_program is the caller's (tsr_program_free).
tsr_status tsr_compile_file(const char *path, const tsr_compile_options *options, tsr_program **out_program);
tsr_status tsr_compile_bytes(const void *bytes, size_t size, const char *file_name, const tsr_compile_options *options,
                             tsr_program **out_program);
// A graph made in memory (tsr/graph.h), which the passes rewrite; it stays the caller's. batch and bound mean nothing here.
tsr_status tsr_compile_graph(struct tsr_graph *graph, const char *name, const tsr_compile_options *options,
                             tsr_program **out_program);

#endif
