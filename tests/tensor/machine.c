// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

// Three pieces, the last one first: the order must not matter.
static void parallel_for(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, tsr_host_body *body, const int64_t *outer,
                         uint32_t count) {
    uint32_t third = count / 3;
    if (2 * third < count)
        body(consts, work, env, outer, 2 * third, count);
    if (third > 0)
        body(consts, work, env, outer, 0, third);
    if (third > 0)
        body(consts, work, env, outer, third, 2 * third);
}

const tsr_host_env machine_env = {NULL, parallel_for, expf, tanhf, logf, erff, powf, sinf, cosf, fmodf};

tsr_tbuffer **machine_buffers(tsr_arena *arena, const tsr_graph *graph) {
    tsr_tbuffer **buffers = TSR_NEW_ARRAY(arena, tsr_tbuffer *, graph->tensor_count + 1);
    for (uint32_t i = 0; i < graph->tensor_count; i++) {
        const tsr_tensor *t = &graph->tensors[i];
        buffers[i] = tsr_tbuffer_create(arena, t->name, t->data != NULL ? TSR_SCOPE_CONST : TSR_SCOPE_WORK, t->dtype,
                                        tsr_tensor_elements(t));
        buffers[i]->data = t->data;
        buffers[i]->offset = UINT64_MAX;
    }
    return buffers;
}

static uint64_t bytes_of(const tsr_tbuffer *b) { return b->elements * tsr_dtype_size(b->dtype); }

static void place(machine *m, tsr_tbuffer *b) {
    uint64_t *end = b->scope == TSR_SCOPE_CONST ? &m->const_bytes : &m->work_bytes;
    b->offset = *end;
    *end += (bytes_of(b) + 127) & ~(uint64_t)63;
}

tsr_status machine_create(tsr_arena *arena, const tsr_tensor_function *const *functions, uint32_t count, const char *cpu,
                          machine *out_machine) {
    machine *m = out_machine;
    *m = (machine){.arena = arena, .functions = functions, .count = count};
    for (int pass = 0; pass < 2; pass++) { // forget where buffers were, then place each once
        for (uint32_t f = 0; f < count; f++) {
            tsr_tbuffer **used;
            uint32_t n = tsr_tensor_buffers(functions[f], arena, &used);
            for (uint32_t i = 0; i < n; i++)
                if (pass == 0)
                    used[i]->offset = UINT64_MAX;
                else if (used[i]->offset == UINT64_MAX)
                    place(m, used[i]);
        }
    }
    m->consts = tsr_arena_alloc(arena, m->const_bytes + 64);
    m->work = tsr_arena_alloc(arena, m->work_bytes + 64);
    for (uint32_t f = 0; f < count; f++) {
        tsr_tbuffer **used;
        uint32_t n = tsr_tensor_buffers(functions[f], arena, &used);
        for (uint32_t i = 0; i < n; i++)
            if (used[i]->scope == TSR_SCOPE_CONST && used[i]->data != NULL)
                memcpy(m->consts + used[i]->offset, used[i]->data, bytes_of(used[i]));
    }
    // Both ways of running PARALLEL loops get their turn.
    tsr_host_options options = {.cpu = cpu, .least_parallel = strcmp(cpu, "baseline") == 0 ? 1 : UINT64_MAX};
    TSR_TRY(tsr_host_compile(arena, functions, count, &options, &m->code));
    m->mapped_bytes = m->code.code_bytes + 1;
    m->mapped = mmap(NULL, m->mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m->mapped == MAP_FAILED)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for code");
    memcpy(m->mapped, m->code.code, m->code.code_bytes);
    mprotect(m->mapped, m->mapped_bytes, PROT_READ | PROT_EXEC);
    return tsr_ok();
}

void machine_free(machine *m) {
    if (m->mapped != NULL && m->mapped != MAP_FAILED)
        munmap(m->mapped, m->mapped_bytes);
    m->mapped = NULL;
}

void machine_run(const machine *m, uint32_t function) {
    tsr_host_function *entry;
    uintptr_t address = (uintptr_t)m->mapped + m->code.entries[function];
    memcpy(&entry, &address, sizeof entry);
    entry(m->consts, m->work, &machine_env);
}

uint8_t *machine_bytes(const machine *m, const tsr_tbuffer *buffer) {
    return (buffer->scope == TSR_SCOPE_CONST ? m->consts : m->work) + buffer->offset;
}

static void *storage(void *context, const tsr_tbuffer *buffer) { return machine_bytes(context, buffer); }

tsr_status machine_interpret(const machine *m, uint32_t function) {
    machine copy = *m;
    return tsr_tensor_interpret(m->functions[function], storage, &copy);
}

uint32_t machine_crc(const void *bytes, size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= ((const uint8_t *)bytes)[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (0xedb88320 & (0 - (crc & 1)));
    }
    return ~crc;
}
