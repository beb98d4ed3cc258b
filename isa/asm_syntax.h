// SPDX-License-Identifier: Apache-2.0
// How instructions are written: the assembler reads by this table, the disassembler prints by it.
#ifndef ASM_SYNTAX_H
#define ASM_SYNTAX_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/insn.h"

// How an operand is written. Fields are named as in isa/tessera.isa.
typedef enum asm_operand_kind {
    OPERAND_WORD,  // a bare enum name at its place right after the mnemonic; always written
    OPERAND_FLAG,  // a bare name, written when the field is 1
    OPERAND_UNITS, // key=load+gemm
    OPERAND_TUPLE, // key=a:b:c, trailing defaults left out; not written when all are defaults
    OPERAND_HEX,   // the same, printed in hexadecimal
    OPERAND_CLIP,  // the same, and the flag of the key's name is set when the operand is written
} asm_operand_kind;

enum { ASM_MAX_TUPLE = 3, ASM_MAX_OPERANDS = 16 };

typedef struct asm_operand {
    asm_operand_kind kind;
    const char *key;
    const char *fields[ASM_MAX_TUPLE];
    int defaults[ASM_MAX_TUPLE];
} asm_operand;

typedef struct asm_syntax {
    uint32_t opcode;
    asm_operand operands[ASM_MAX_OPERANDS]; // ended by a null key
} asm_syntax;

const asm_syntax *asm_syntax_of(uint32_t opcode); // NULL: no such instruction
const tsr_field *asm_field_named(const tsr_format *format, const char *name);
size_t asm_tuple_size(const asm_operand *o); // fields that it has

#endif
