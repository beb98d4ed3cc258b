// SPDX-License-Identifier: Apache-2.0
// Instructions as structs: packing, unpacking, and the rules that dispatch checks. The executable specification, the
// compiler and the assembler share these; isa/spec.md is the text they implement.
#ifndef TSR_INSN_H
#define TSR_INSN_H

#include <stdint.h>

#include "tsr/config.h"
#include "tsr/status.h"
#include "tsr_isa.h" // generated from isa/tessera.isa

// What dispatch says about an instruction: the fault it raises and why, in words.
enum { TSR_REASON_BYTES = 160 };
typedef struct tsr_verdict {
    tsr_fault_code fault;          // TSR_FAULT_NONE: the instruction may be queued
    char reason[TSR_REASON_BYTES]; // empty when fault is TSR_FAULT_NONE
} tsr_verdict;

// The format of an opcode (name, unit, field table), or NULL when no instruction has it.
const tsr_format *tsr_format_of(uint32_t opcode);

// The unit that executes an opcode: a tsr_unit, or -1 for FINISH and for opcodes that do not exist.
int tsr_insn_unit(uint32_t opcode);

// Reads and writes a member of an instruction through its field table entry.
int64_t tsr_field_get(const tsr_insn *insn, const tsr_field *field);
void tsr_field_set(tsr_insn *insn, const tsr_field *field, int64_t value);

// Packs an instruction into its 32 bytes, little-endian. TSR_OUT_OF_RANGE names the field whose value does not fit;
// TSR_INVALID_ARGUMENT: no such opcode. Rules other than width are tsr_insn_check's.
tsr_status tsr_insn_encode(const tsr_insn *insn, uint8_t out_word[TSR_INSN_BYTES]);

// Unpacks 32 bytes. Raises ILLEGAL_OPCODE (out_insn then holds only the opcode) and ILLEGAL_FIELD for reserved bits that
// are set (out_insn is complete). Members that the opcode does not have are 0.
tsr_verdict tsr_insn_decode(const uint8_t word[TSR_INSN_BYTES], tsr_insn *out_insn);

// The rules of dispatch on a decoded instruction but for tokens, in the order of isa/spec.md: fields, buffer range,
// segment range. segment_size holds the four sizes in bytes; NULL leaves the segment range unchecked.
tsr_verdict tsr_insn_check(const tsr_insn *insn, const tsr_config *config, const uint64_t segment_size[4]);

// The token counters as dispatch keeps them in program order; all zero at the start of a run.
typedef struct tsr_tokens {
    uint8_t count[TSR_UNITS][TSR_UNITS]; // [producer][consumer]
} tsr_tokens;

// Takes and gives an instruction's tokens; a fault leaves the counters as they were.
tsr_verdict tsr_tokens_step(tsr_tokens *tokens, const tsr_insn *insn);

// "sram_range", "load", ...: names as in isa/tessera.isa, "?" for numbers without one.
const char *tsr_fault_name(uint32_t fault);
const char *tsr_unit_name(uint32_t unit); // "dispatch" for TSR_UNIT_DISPATCH

#endif
