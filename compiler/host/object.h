// SPDX-License-Identifier: Apache-2.0
// A relocatable ELF object, 32 or 64 bit, in one form for both.
#ifndef TSR_HOST_OBJECT_H
#define TSR_HOST_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/status.h"

enum { TSR_NO_PLACE = -1 };

typedef struct tsr_section {
    const char *name;
    uint32_t type;
    uint64_t flags, offset, size, align;
    uint32_t link, info;
    int64_t place; // offset in the image, or TSR_NO_PLACE
} tsr_section;

typedef struct tsr_symbol {
    const char *name;
    bool global;
    uint32_t section; // SHN_UNDEF: from outside
    uint64_t value;
} tsr_symbol;

typedef struct tsr_relocation {
    uint32_t type, symbol;
    uint64_t offset; // in its section
    int64_t addend;  // 0 when the bytes to change hold it
} tsr_relocation;

typedef struct tsr_object {
    const uint8_t *bytes;
    size_t size;
    bool wide; // ELF64
    uint16_t machine;
    uint32_t section_count, symbol_count;
    tsr_section *sections;
    tsr_symbol *symbols;
} tsr_object;

// object.c. Everything is held against the size of the file: CORRUPT says what is wrong.
tsr_status tsr_object_read(tsr_arena *arena, const uint8_t *bytes, size_t size, tsr_object *out_object);
bool tsr_is_relocation_section(const tsr_section *s);
tsr_status tsr_read_relocations(tsr_arena *arena, const tsr_object *o, const tsr_section *s, uint32_t *out_count,
                                tsr_relocation **out_relocations);

// relocate.c: changes the bytes at `at` of the image, whose first byte will lie at a page boundary. symbol: its place.
// UNSUPPORTED names a relocation that is not position independent, or does not reach.
typedef struct tsr_patch {
    const tsr_object *object;
    const tsr_section *section; // that it changes
    const tsr_relocation *all;  // of this section: RISC-V's lower halves refer to the upper ones
    uint32_t count;
    uint8_t *image;
} tsr_patch;
tsr_status tsr_relocate(const tsr_patch *p, const tsr_relocation *r);
// link.c
tsr_status tsr_symbol_place(const tsr_object *o, uint32_t index, int64_t *out_place);

#endif
