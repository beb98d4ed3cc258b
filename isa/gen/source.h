// SPDX-License-Identifier: Apache-2.0
// The instruction set as isa/tessera.isa states it, read and checked. Fixed-size tables: the text is small, and a text
// that is larger than them is refused.
#ifndef TSR_GEN_SOURCE_H
#define TSR_GEN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tsr/status.h"

enum {
    ISA_NAME_BYTES = 32,
    ISA_MEANING_BYTES = 240,
    ISA_INSN_BITS = 256,
    ISA_UOP_BITS = 64,
    ISA_MAX_FIELDS = 48,
    ISA_MAX_INSNS = 16,
    ISA_MAX_ENUMS = 16,
    ISA_MAX_VALUES = 32,
    ISA_MAX_FAULTS = 64,
    ISA_MAX_REGS = 64,
    ISA_MAX_BITS = 16,
    ISA_MAX_COUNTERS = 32,
};

typedef enum isa_kind { ISA_UNSIGNED, ISA_SIGNED, ISA_FLAG, ISA_UNITS, ISA_ENUM, ISA_RESERVED } isa_kind;

typedef struct isa_field {
    char name[ISA_NAME_BYTES];    // "reserved_N" for reserved ranges, counted from bit 0
    char sv_name[ISA_NAME_BYTES]; // name of the member in SystemVerilog
    unsigned hi, lo;
    isa_kind kind;
    char enum_type[ISA_NAME_BYTES]; // kind ISA_ENUM
    char unit[ISA_NAME_BYTES];
    char meaning[ISA_MEANING_BYTES];
    unsigned line;
} isa_field;

// An instruction, the header or the micro-op: fields in ascending bit order. An instruction's begin with the header's.
typedef struct isa_format {
    char name[ISA_NAME_BYTES];
    unsigned opcode;
    char unit[ISA_NAME_BYTES]; // "none" for instructions without a queue
    char meaning[ISA_MEANING_BYTES];
    isa_field fields[ISA_MAX_FIELDS];
    size_t field_count;
    unsigned line;
} isa_format;

typedef struct isa_value {
    char name[ISA_NAME_BYTES];
    unsigned number;
    char place[ISA_NAME_BYTES]; // faults: "dispatch" or "execute"
    char meaning[ISA_MEANING_BYTES];
} isa_value;

typedef struct isa_enum {
    char prefix[ISA_NAME_BYTES], type[ISA_NAME_BYTES];
    unsigned bits;
    char meaning[ISA_MEANING_BYTES];
    isa_value values[ISA_MAX_VALUES];
    size_t value_count;
} isa_enum;

typedef struct isa_register {
    char name[ISA_NAME_BYTES];
    unsigned address;
    char access[ISA_NAME_BYTES];
    char meaning[ISA_MEANING_BYTES];
    isa_field bits[ISA_MAX_BITS];
    size_t bit_count;
} isa_register;

typedef struct isa_source {
    unsigned major, minor;
    isa_enum enums[ISA_MAX_ENUMS];
    size_t enum_count;
    isa_format header, uop;
    isa_format insns[ISA_MAX_INSNS];
    size_t insn_count;
    isa_value faults[ISA_MAX_FAULTS];
    size_t fault_count;
    isa_register registers[ISA_MAX_REGS];
    size_t register_count;
    isa_value counters[ISA_MAX_COUNTERS], unit_counters[ISA_MAX_COUNTERS];
    size_t counter_count, unit_counter_count;
    unsigned unit_counter_base, unit_counter_stride;
} isa_source;

// Reads and checks a source text. The first broken rule is reported with file, line and the names involved.
tsr_status isa_source_parse(const char *text, size_t size, const char *file_name, isa_source *out_source);

const isa_enum *isa_find_enum(const isa_source *source, const char *type);

// The outputs. Each writes to a stream the caller owns; stream errors show in ferror.
void isa_emit_c(const isa_source *source, FILE *out);
void isa_emit_sv(const isa_source *source, FILE *out);

// Copies a Markdown text, replacing what stands between `<!-- isagen:WHAT -->` and `<!-- isagen:end -->`. Fails on an
// unknown WHAT, on a marker that is not closed, and when some part of the instruction set has no marker.
tsr_status isa_emit_md(const isa_source *source, const char *text, const char *file_name, FILE *out);

#endif
