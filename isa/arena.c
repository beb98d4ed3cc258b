// SPDX-License-Identifier: Apache-2.0
#include "tsr/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, BLOCK_BYTES = 64 * 1024 };

typedef struct block {
    struct block *next;
    size_t used, size; // bytes of data[]
    unsigned char *data;
} block;

struct tsr_arena {
    block *blocks;
    size_t bytes;
};

static void *must_alloc(void *memory) {
    if (memory == NULL) {
        fputs("tessera: out of memory\n", stderr);
        exit(70);
    }
    return memory;
}

tsr_arena *tsr_arena_create(void) { return must_alloc(calloc(1, sizeof(tsr_arena))); }

void tsr_arena_free(tsr_arena *arena) {
    if (arena == NULL)
        return;
    for (block *b = arena->blocks; b != NULL;) {
        block *next = b->next;
        free(b->data);
        free(b);
        b = next;
    }
    free(arena);
}

void *tsr_arena_alloc(tsr_arena *arena, size_t size) {
    if (size > SIZE_MAX - 2 * BLOCK_BYTES)
        must_alloc(NULL);
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0)
        size = ALIGNMENT;
    block *b = arena->blocks;
    if (b == NULL || b->size - b->used < size) {
        b = must_alloc(malloc(sizeof *b));
        b->size = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        b->used = 0;
        b->data = must_alloc(aligned_alloc(ALIGNMENT, b->size));
        b->next = arena->blocks;
        arena->blocks = b;
    }
    void *memory = memset(b->data + b->used, 0, size);
    b->used += size;
    arena->bytes += size;
    return memory;
}

char *tsr_arena_printf(tsr_arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = tsr_arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
    vsnprintf(text, (size_t)(length < 0 ? 0 : length) + 1, format, again);
    va_end(again);
    return text;
}

char *tsr_arena_strndup(tsr_arena *arena, const char *text, size_t length) {
    char *copy = tsr_arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

size_t tsr_arena_bytes(const tsr_arena *arena) { return arena->bytes; }
