// SPDX-License-Identifier: Apache-2.0
// The records of a compiled-model file: one description of each serves reader and writer. Layout: isa/program.md.
#ifndef PROGRAM_FILE_H
#define PROGRAM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/program.h"

enum {
    HEADER_BYTES = 64,
    SECTION_ENTRY_BYTES = 24,
    SECTION_ALIGN = 64,
    CRC_OFFSET = 12,
    TEXT_FIXED_BYTES = 128, // of the text section, in front of the configuration
    IO_BYTES = 136,
    STEP_BYTES = 32,
    LAYER_BYTES = 272,
    KIND_BYTES = 256,
    ENTRY_BYTES = 4,
};

// In file order; the number is the `kind` in the section table.
enum {
    SECTION_TEXT = 1,
    SECTION_INPUTS,
    SECTION_OUTPUTS,
    SECTION_STEPS,
    SECTION_LAYERS,
    SECTION_KINDS,
    SECTION_ENTRIES,
    SECTION_CONST,
    SECTION_CODE
};
enum { SECTION_COUNT = 9, FIRST_SECTION = HEADER_BYTES + SECTION_COUNT * SECTION_ENTRY_BYTES };

typedef struct section {
    uint32_t kind, count;
    uint64_t offset, size;
} section;

#define PROGRAM_MAGIC "TESSERA" // with its NUL: 8 bytes

typedef struct cursor {
    uint8_t *at;
    bool writing;
    bool bad; // a field that only has one legal value or form held another
} cursor;

typedef struct header {
    uint32_t version, crc, isa_version;
    uint64_t file_bytes, config_id, work_bytes;
} header;

void program_field_u32(cursor *c, uint32_t *value);
void program_field_text(cursor *c, char *text, size_t size);
void program_header_fields(cursor *c, header *h);
void program_section_fields(cursor *c, section *s);
void program_text_fields(cursor *c, tsr_program *p);
void program_io_fields(cursor *c, tsr_io *io);
void program_step_fields(cursor *c, tsr_step *step);
void program_layer_fields(cursor *c, tsr_layer *layer);

// Sections follow one another in order of kind, each on the next multiple of 64: the sizes decide the offsets.
// Returns the size of the file.
uint64_t program_lay_out(section sections[SECTION_COUNT]);
uint32_t program_crc(const uint8_t *bytes, size_t size); // of the whole file, its own field taken as 0

static inline bool program_has_config(const tsr_program *p) { return p->config.batch != 0; }

#endif
