// SPDX-License-Identifier: Apache-2.0
// Runs tensor programs both ways for tests: compiled, in executable memory, and interpreted. No two buffers share bytes.
#ifndef TESTS_TENSOR_MACHINE_H
#define TESTS_TENSOR_MACHINE_H

#include "tsr/graph.h"
#include "tsr/host.h"
#include "tsr/lower.h"
#include "tsr/program.h"

extern const tsr_host_env machine_env;

typedef struct machine {
    tsr_arena *arena;
    uint8_t *consts, *work;
    uint64_t const_bytes, work_bytes;
    const tsr_tensor_function *const *functions;
    uint32_t count;
    tsr_host_code code;
    void *mapped;
    size_t mapped_bytes;
} machine;

// Buffers of all tensors of a graph, by id.
tsr_tbuffer **machine_buffers(tsr_arena *arena, const tsr_graph *graph);
// Gives every buffer of the functions an offset, fills in constants, compiles with cpu ("native", "baseline").
tsr_status machine_create(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count, const char *cpu,
                          machine *out_machine);
void machine_free(machine *m); // what does not live in the arena
void machine_run(const machine *m, uint32_t function);
tsr_status machine_interpret(const machine *m, uint32_t function);
uint8_t *machine_bytes(const machine *m, const tsr_tbuffer *buffer);
uint32_t machine_crc(const void *bytes, size_t size); // CRC-32 as zlib's

#endif
