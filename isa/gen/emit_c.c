// SPDX-License-Identifier: Apache-2.0
// The C header: codes, unpacked instructions, field tables, register addresses.
#include "source.h"

#include <ctype.h>
#include <string.h>

static const char *upper(const char *name, char buffer[ISA_NAME_BYTES]) {
    size_t i = 0;
    for (; name[i] != '\0' && i < ISA_NAME_BYTES - 1; i++)
        buffer[i] = (char)toupper((unsigned char)name[i]);
    buffer[i] = '\0';
    return buffer;
}

static void emit_enums(const isa_source *source, FILE *out) {
    char a[ISA_NAME_BYTES], b[ISA_NAME_BYTES];
    fprintf(out, "typedef enum tsr_opcode {\n");
    for (size_t i = 0; i < source->insn_count; i++)
        fprintf(out, "    TSR_OP_%s = 0x%02x, // %s\n", upper(source->insns[i].name, a), source->insns[i].opcode,
                source->insns[i].meaning);
    fprintf(out, "} tsr_opcode;\n\n");
    for (size_t i = 0; i < source->enum_count; i++) {
        const isa_enum *e = &source->enums[i];
        fprintf(out, "// %s\ntypedef enum tsr_%s {\n", e->meaning, e->type);
        for (size_t v = 0; v < e->value_count; v++)
            fprintf(out, "    TSR_%s_%s = %u, // %s\n", upper(e->prefix, a), upper(e->values[v].name, b), e->values[v].number,
                    e->values[v].meaning);
        fprintf(out, "} tsr_%s;\n", e->type);
        if (strcmp(e->type, "unit") == 0)
            // A macro, since tsr/driver.h says the same one and C allows that as long as both agree.
            fprintf(out,
                    "#define TSR_UNITS %zu\nenum { TSR_UNIT_DISPATCH = TSR_UNITS }; // faults name dispatch as one more unit\n",
                    e->value_count);
        fprintf(out, "\n");
    }
    fprintf(out, "typedef enum tsr_fault_code {\n");
    for (size_t i = 0; i < source->fault_count; i++)
        fprintf(out, "    TSR_FAULT_%s = %u, // %s\n", upper(source->faults[i].name, a), source->faults[i].number,
                source->faults[i].meaning);
    fprintf(out, "} tsr_fault_code;\n\n");
}

static void emit_insn_structs(const isa_source *source, FILE *out) {
    size_t header = source->header.field_count;
    for (size_t i = 0; i < source->insn_count; i++) {
        const isa_format *insn = &source->insns[i];
        bool any = false;
        for (size_t f = header; f < insn->field_count; f++) {
            const isa_field *field = &insn->fields[f];
            if (field->kind == ISA_RESERVED)
                continue;
            if (!any)
                fprintf(out, "// %s\ntypedef struct tsr_%s_insn {\n", insn->meaning, insn->name);
            any = true;
            fprintf(out, "    %s %s; // [%u:%u] %s%s%s\n", field->kind == ISA_SIGNED ? "int32_t" : "uint32_t", field->name,
                    field->hi, field->lo, field->unit, field->unit[0] ? ": " : "", field->meaning);
        }
        if (any)
            fprintf(out, "} tsr_%s_insn;\n\n", insn->name);
    }
    fprintf(out, "// An instruction; opcode says which member holds its fields.\ntypedef struct tsr_insn {\n");
    for (size_t f = 0; f < header; f++)
        fprintf(out, "    uint32_t %s; // [%u:%u] %s\n", source->header.fields[f].name, source->header.fields[f].hi,
                source->header.fields[f].lo, source->header.fields[f].meaning);
    fprintf(out, "    union {\n");
    for (size_t i = 0; i < source->insn_count; i++) {
        const isa_format *insn = &source->insns[i];
        for (size_t f = header; f < insn->field_count; f++)
            if (insn->fields[f].kind != ISA_RESERVED) {
                fprintf(out, "        tsr_%s_insn %s;\n", insn->name, insn->name);
                break;
            }
    }
    fprintf(out, "    };\n} tsr_insn;\n\n");
}

static void emit_uop(const isa_source *source, FILE *out) {
    const isa_format *uop = &source->uop;
    fprintf(out, "// %s\ntypedef struct tsr_uop {\n", uop->meaning);
    uint64_t reserved = 0;
    for (size_t f = 0; f < uop->field_count; f++) {
        const isa_field *field = &uop->fields[f];
        unsigned width = field->hi - field->lo + 1;
        if (field->kind == ISA_RESERVED)
            reserved |= (UINT64_MAX >> (64 - width)) << field->lo;
        else
            fprintf(out, "    %s %s; // [%u:%u] %s\n",
                    width == 1    ? "bool"
                    : width <= 16 ? "uint16_t"
                                  : "uint32_t",
                    field->name, field->hi, field->lo, field->meaning);
    }
    fprintf(out, "} tsr_uop;\n\n#define TSR_UOP_RESERVED UINT64_C(0x%016llx)\n\n", (unsigned long long)reserved);
    fprintf(out, "static inline uint64_t tsr_uop_pack(tsr_uop uop) {\n    return 0");
    for (size_t f = 0; f < uop->field_count; f++)
        if (uop->fields[f].kind != ISA_RESERVED)
            fprintf(out, " | (uint64_t)uop.%s << %u", uop->fields[f].name, uop->fields[f].lo);
    fprintf(out, ";\n}\n\n// False when a reserved bit is set: TSR_FAULT_ILLEGAL_UOP.\n"
                 "static inline bool tsr_uop_unpack(uint64_t word, tsr_uop *out_uop) {\n");
    for (size_t f = 0; f < uop->field_count; f++) {
        const isa_field *field = &uop->fields[f];
        unsigned width = field->hi - field->lo + 1;
        if (field->kind != ISA_RESERVED)
            fprintf(out, "    out_uop->%s = (word >> %u) & 0x%llx;\n", field->name, field->lo,
                    (unsigned long long)(UINT64_MAX >> (64 - width)));
    }
    fprintf(out, "    return (word & TSR_UOP_RESERVED) == 0;\n}\n\n");
}

static void emit_registers(const isa_source *source, FILE *out) {
    char a[ISA_NAME_BYTES], b[ISA_NAME_BYTES];
    fprintf(out, "// Control registers: byte addresses.\nenum {\n");
    for (size_t i = 0; i < source->register_count; i++)
        fprintf(out, "    TSR_REG_%s = 0x%03x, // %s; %s\n", upper(source->registers[i].name, a), source->registers[i].address,
                source->registers[i].access, source->registers[i].meaning);
    fprintf(out, "};\n\n// Parts of registers: position of the lowest bit, and mask in place.\n");
    for (size_t i = 0; i < source->register_count; i++)
        for (size_t f = 0; f < source->registers[i].bit_count; f++) {
            const isa_field *bits = &source->registers[i].bits[f];
            uint32_t mask = (UINT32_MAX >> (31 - (bits->hi - bits->lo))) << bits->lo;
            upper(source->registers[i].name, a);
            upper(bits->name, b);
            fprintf(out, "#define TSR_%s_%s_SHIFT %u\n", a, b, bits->lo);
            fprintf(out, "#define TSR_%s_%s_MASK UINT32_C(0x%x) // %s\n", a, b, mask, bits->meaning);
        }
    fprintf(out,
            "\n// Counters: index; a counter's low half is at TSR_REG_COUNTERS + 8 * index, its high half 4 above.\nenum {\n");
    for (size_t i = 0; i < source->counter_count; i++)
        fprintf(out, "    TSR_COUNTER_%s = %u, // %s\n", upper(source->counters[i].name, a), source->counters[i].number,
                source->counters[i].meaning);
    const isa_enum *units = isa_find_enum(source, "unit");
    fprintf(out, "    TSR_COUNTERS = %u,\n};\n",
            source->unit_counter_base + source->unit_counter_stride * (unsigned)units->value_count);
    fprintf(out, "// Counters of a unit: TSR_UNIT_COUNTER(unit, BUSY).\nenum {\n");
    for (size_t i = 0; i < source->unit_counter_count; i++)
        fprintf(out, "    TSR_UNIT_COUNTER_%s = %u, // %s\n", upper(source->unit_counters[i].name, a),
                source->unit_counters[i].number, source->unit_counters[i].meaning);
    fprintf(out, "};\n#define TSR_UNIT_COUNTER(unit, NAME) (%u + %u * (unit) + TSR_UNIT_COUNTER_##NAME)\n\n",
            source->unit_counter_base, source->unit_counter_stride);
}

static void emit_table_declarations(const isa_source *source, FILE *out) {
    fprintf(out,
            "// The tables behind encoder, decoder, assembler and disassembler.\n"
            "typedef enum tsr_field_kind {\n    TSR_FIELD_UNSIGNED, // uint32_t member\n"
            "    TSR_FIELD_SIGNED,   // int32_t member, two's complement in the word\n"
            "    TSR_FIELD_FLAG,     // uint32_t member, one bit\n"
            "    TSR_FIELD_UNITS,    // uint32_t member, bit u stands for unit u\n"
            "    TSR_FIELD_ENUM,     // uint32_t member, values in .names\n} tsr_field_kind;\n\n"
            "typedef struct tsr_name {\n    const char *name;\n    uint32_t value;\n} tsr_name;\n\n"
            "typedef struct tsr_field {\n    const char *name;\n    uint8_t lo, hi;\n    tsr_field_kind kind;\n"
            "    uint16_t offset;       // of the member in tsr_insn\n"
            "    const tsr_name *names; // enum values, ended by a null name; NULL for other kinds\n} tsr_field;\n\n"
            "typedef struct tsr_format {\n    const char *name;\n    uint32_t opcode;\n"
            "    int unit; // -1: no unit, handled by dispatch\n    const tsr_field *fields;\n    size_t field_count;\n"
            "    uint64_t reserved[4]; // bits that must be zero; word w holds bits [64*w+63:64*w]\n} tsr_format;\n\n"
            "enum { TSR_FORMATS = %zu };\nextern const tsr_format tsr_formats[TSR_FORMATS];\n"
            "extern const tsr_name tsr_unit_names[], tsr_fault_names[], tsr_register_names[], tsr_counter_names[],\n"
            "    tsr_unit_counter_names[];\n\n",
            source->insn_count);
}

static void emit_names(const char *table, const isa_value *values, size_t count, FILE *out) {
    fprintf(out, "const tsr_name %s[] = {\n", table);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "    {\"%s\", %u},\n", values[i].name, values[i].number);
    fprintf(out, "    {NULL, 0},\n};\n");
}

static void emit_tables(const isa_source *source, FILE *out) {
    fprintf(out, "#ifdef TSR_ISA_DEFINE_TABLES // by isa/insn.c alone\n");
    for (size_t i = 0; i < source->enum_count; i++) {
        char table[2 * ISA_NAME_BYTES];
        snprintf(table, sizeof table, "tsr_%s_names", source->enums[i].type);
        if (strcmp(source->enums[i].type, "unit") != 0)
            fprintf(out, "static ");
        emit_names(table, source->enums[i].values, source->enums[i].value_count, out);
    }
    emit_names("tsr_fault_names", source->faults, source->fault_count, out);
    emit_names("tsr_counter_names", source->counters, source->counter_count, out);
    emit_names("tsr_unit_counter_names", source->unit_counters, source->unit_counter_count, out);
    fprintf(out, "const tsr_name tsr_register_names[] = {\n");
    for (size_t i = 0; i < source->register_count; i++)
        fprintf(out, "    {\"%s\", 0x%03x},\n", source->registers[i].name, source->registers[i].address);
    fprintf(out, "    {NULL, 0},\n};\n");

    static const char *const kinds[] = {
        [ISA_UNSIGNED] = "UNSIGNED", [ISA_SIGNED] = "SIGNED", [ISA_FLAG] = "FLAG", [ISA_UNITS] = "UNITS", [ISA_ENUM] = "ENUM",
    };
    size_t header = source->header.field_count;
    for (size_t i = 0; i < source->insn_count; i++) {
        const isa_format *insn = &source->insns[i];
        fprintf(out, "static const tsr_field tsr_%s_fields[] = {\n", insn->name);
        for (size_t f = 0; f < insn->field_count; f++) {
            const isa_field *field = &insn->fields[f];
            if (field->kind == ISA_RESERVED)
                continue;
            char member[2 * ISA_NAME_BYTES + 1], names[ISA_NAME_BYTES + 16] = "NULL";
            snprintf(member, sizeof member, "%s%s%s", f < header ? "" : insn->name, f < header ? "" : ".", field->name);
            if (field->kind == ISA_ENUM)
                snprintf(names, sizeof names, "tsr_%s_names", field->enum_type);
            fprintf(out, "    {\"%s\", %u, %u, TSR_FIELD_%s, offsetof(tsr_insn, %s), %s},\n", field->name, field->lo, field->hi,
                    kinds[field->kind], member, names);
        }
        fprintf(out, "};\n");
    }
    fprintf(out, "const tsr_format tsr_formats[TSR_FORMATS] = {\n");
    const isa_enum *units = isa_find_enum(source, "unit");
    for (size_t i = 0; i < source->insn_count; i++) {
        const isa_format *insn = &source->insns[i];
        int unit = -1;
        for (size_t v = 0; v < units->value_count; v++)
            if (strcmp(units->values[v].name, insn->unit) == 0)
                unit = (int)units->values[v].number;
        unsigned long long reserved[4] = {0};
        for (size_t f = 0; f < insn->field_count; f++)
            if (insn->fields[f].kind == ISA_RESERVED)
                for (unsigned bit = insn->fields[f].lo; bit <= insn->fields[f].hi; bit++)
                    reserved[bit / 64] |= 1ull << bit % 64;
        fprintf(out,
                "    {\"%s\", 0x%02x, %d, tsr_%s_fields, sizeof tsr_%s_fields / sizeof tsr_%s_fields[0],\n"
                "     {UINT64_C(0x%llx), UINT64_C(0x%llx), UINT64_C(0x%llx), UINT64_C(0x%llx)}},\n",
                insn->name, insn->opcode, unit, insn->name, insn->name, insn->name, reserved[0], reserved[1], reserved[2],
                reserved[3]);
    }
    fprintf(out, "};\n#endif\n\n");
}

void isa_emit_c(const isa_source *source, FILE *out) {
    fprintf(out, "// SPDX-License-Identifier: Apache-2.0\n// Generated by isagen from isa/tessera.isa; do not edit.\n"
                 "#ifndef TSR_ISA_H\n#define TSR_ISA_H\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n");
    fprintf(out,
            "enum { TSR_ISA_MAJOR = %u, TSR_ISA_MINOR = %u };\n"
            "#define TSR_ISA_VERSION UINT32_C(0x%08x) // major << 16 | minor, as register isa_version reads\n"
            "#define TSR_ISA_MAGIC UINT32_C(0x54455352)   // as register magic reads\n\n",
            source->major, source->minor, source->major << 16 | source->minor);
    emit_enums(source, out);
    emit_insn_structs(source, out);
    emit_uop(source, out);
    emit_registers(source, out);
    emit_table_declarations(source, out);
    emit_tables(source, out);
    fprintf(out, "#endif\n");
}
