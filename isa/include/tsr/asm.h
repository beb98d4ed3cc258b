// SPDX-License-Identifier: Apache-2.0
// Assembler and disassembler. The language is described in isa/spec.md, section "Assembly language"; what it can say is a
// table in isa/asm_syntax.c over the generated field tables.
//
// Any 32 bytes survive a trip through tsr_insn_print and tsr_assemble: what has no instruction syntax (an opcode that does
// not exist, a reserved bit that is set) becomes a `.word`.
#ifndef TSR_ASM_H
#define TSR_ASM_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/insn.h"

enum {
    TSR_ASM_MAX_BYTES = 64 << 20, // largest image
    TSR_ASM_LINE_BYTES = 512,     // longest line of source, and of anything printed
};

// An assembled image, to be placed at the start of segment 0.
typedef struct tsr_assembly {
    uint8_t *bytes;
    size_t size;
    uint32_t insn_offset; // bytes; registers insn_offset and insn_count take these two
    uint32_t insn_count;
} tsr_assembly;

// Assembles a text. Errors (TSR_CORRUPT, message "file:line: ...") name the operand. On success the caller frees
// out_assembly with tsr_assembly_free; on failure nothing is allocated. Encodings only: whether an instruction is legal on
// some configuration is tsr_insn_check's business, so that tests can write illegal programs.
tsr_status tsr_assemble(const char *text, size_t size, const char *file_name, tsr_assembly *out_assembly);
void tsr_assembly_free(tsr_assembly *assembly);

// One instruction or micro-op as a line without its end. Returns the length, less than TSR_ASM_LINE_BYTES; at most size - 1
// characters and a terminator are written.
size_t tsr_insn_print(const uint8_t word[TSR_INSN_BYTES], char *buffer, size_t size);
size_t tsr_uop_print(uint64_t word, char *buffer, size_t size);

// A whole instruction stream, a line each; TSR_INVALID_ARGUMENT when size is no multiple of 32. The caller frees *out_text.
tsr_status tsr_disassemble(const uint8_t *bytes, size_t size, char **out_text);

#endif
