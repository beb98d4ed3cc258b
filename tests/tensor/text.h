// SPDX-License-Identifier: Apache-2.0
// Tensor programs of tests, as text.
#ifndef TESTS_TENSOR_TEXT_H
#define TESTS_TENSOR_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "tsr/tensor.h"

static inline char *text_of(tsr_arena *arena, const tsr_tensor_function *f) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    tsr_tensor_print_all(f, out);
    fclose(out);
    char *copy = tsr_arena_strndup(arena, text, size);
    free(text);
    return copy;
}

static inline tsr_status parse_text(tsr_arena *arena, const char *text, tsr_tensor_function **out_function) {
    return tsr_tensor_parse(arena, text, strlen(text), "text", out_function);
}

#endif
