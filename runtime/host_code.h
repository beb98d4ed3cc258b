// SPDX-License-Identifier: Apache-2.0
// The host machine code of a program, made executable in this process.
#ifndef TSR_RUNTIME_HOST_CODE_H
#define TSR_RUNTIME_HOST_CODE_H

#include "pool.h"
#include "tsr/program.h"

typedef struct host_code {
    uint8_t *memory; // NULL: the program has no host code
    size_t bytes;
    const uint32_t *entries; // of the kind for this CPU; the program's
} host_code;

// Chooses the first kind of code that this CPU can run. Refuses code for another CPU family, or when every kind needs
// features that this one lacks (TSR_MISMATCH, both named). The memory is never writable and executable at once.
tsr_status host_code_map(const tsr_program *program, host_code *out_code);
void host_code_unmap(host_code *code);

// threads NULL: the caller's alone.
tsr_host_env host_code_env(pool *threads);

// function is one of the program's, which was checked.
void host_code_call(const host_code *code, uint32_t function, const uint8_t *consts, uint8_t *work, const tsr_host_env *env);

#endif
