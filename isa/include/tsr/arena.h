// SPDX-License-Identifier: Apache-2.0
// Memory with one lifetime: what a phase allocates is freed at once with its arena.
#ifndef TSR_ARENA_H
#define TSR_ARENA_H

#include <stddef.h>

typedef struct tsr_arena tsr_arena;

// Never returns NULL: a program that cannot allocate a few bytes of bookkeeping ends with a message. Sizes that come from
// a file must be checked by the caller first.
tsr_arena *tsr_arena_create(void);
void tsr_arena_free(tsr_arena *arena); // NULL is fine
void *tsr_arena_alloc(tsr_arena *arena, size_t size); // zeroed, aligned to 64 bytes
char *tsr_arena_printf(tsr_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *tsr_arena_strndup(tsr_arena *arena, const char *text, size_t length);
size_t tsr_arena_bytes(const tsr_arena *arena); // handed out so far

#define TSR_NEW(arena, type) ((type *)tsr_arena_alloc((arena), sizeof(type)))
#define TSR_NEW_ARRAY(arena, type, count) ((type *)tsr_arena_alloc((arena), sizeof(type) * (size_t)(count)))

#endif
