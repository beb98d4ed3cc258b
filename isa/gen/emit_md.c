// SPDX-License-Identifier: Apache-2.0
// The tables of the specification, replaced in place between markers.
#include "source.h"

#include <string.h>

static void emit_format(const isa_format *format, FILE *out) {
    fprintf(out, "| bits | width | field | type | unit | meaning |\n|---|---|---|---|---|---|\n");
    static const char *const kinds[] = {
        [ISA_UNSIGNED] = "unsigned",
        [ISA_SIGNED] = "signed",
        [ISA_FLAG] = "flag",
        [ISA_UNITS] = "unit mask",
    };
    for (size_t f = 0; f < format->field_count; f++) {
        const isa_field *field = &format->fields[f];
        unsigned width = field->hi - field->lo + 1;
        if (field->kind == ISA_RESERVED)
            fprintf(out, "| %u:%u | %u | | | | reserved, must be 0 |\n", field->hi, field->lo, width);
        else
            fprintf(out, "| %u:%u | %u | `%s` | %s | %s | %s |\n", field->hi, field->lo, width, field->name,
                    field->kind == ISA_ENUM ? field->enum_type : kinds[field->kind], field->unit, field->meaning);
    }
}

static void emit_values(const isa_value *values, size_t count, const char *what, FILE *out) {
    fprintf(out, "| %s | name | meaning |\n|---|---|---|\n", what);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| %u | `%s` | %s |\n", values[i].number, values[i].name, values[i].meaning);
}

static void emit_opcodes(const isa_source *source, FILE *out) {
    fprintf(out, "| opcode | name | unit | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < source->insn_count; i++)
        fprintf(out, "| 0x%02x | `%s` | %s | %s |\n", source->insns[i].opcode, source->insns[i].name, source->insns[i].unit,
                source->insns[i].meaning);
}

static void emit_faults(const isa_source *source, FILE *out) {
    fprintf(out, "| code | name | found by | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < source->fault_count; i++)
        fprintf(out, "| %u | `%s` | %s | %s |\n", source->faults[i].number, source->faults[i].name,
                source->faults[i].number == 0 ? "" : source->faults[i].place, source->faults[i].meaning);
}

static void emit_registers(const isa_source *source, FILE *out) {
    fprintf(out, "| address | name | access | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < source->register_count; i++) {
        const isa_register *reg = &source->registers[i];
        fprintf(out, "| 0x%03x | `%s` | %s | %s |\n", reg->address, reg->name, reg->access, reg->meaning);
        for (size_t f = 0; f < reg->bit_count; f++)
            fprintf(out, "| | `%s.%s` [%u:%u] | | %s |\n", reg->name, reg->bits[f].name, reg->bits[f].hi, reg->bits[f].lo,
                    reg->bits[f].meaning);
    }
}

static void emit_unit_counters(const isa_source *source, FILE *out) {
    fprintf(out, "The counters of unit u start at index %u + %u * u:\n\n", source->unit_counter_base,
            source->unit_counter_stride);
    emit_values(source->unit_counters, source->unit_counter_count, "offset", out);
}

// Writes the table that a marker asks for and notes it in seen; false when there is no such table.
enum { TABLES = ISA_MAX_INSNS + ISA_MAX_ENUMS + 8 };

static size_t table_names(const isa_source *source, char names[TABLES][2 * ISA_NAME_BYTES]) {
    size_t count = 0;
    static const char *const fixed[] = {"version", "opcodes",   "header",   "uop",
                                        "faults",  "registers", "counters", "unit_counters"};
    for (size_t i = 0; i < 8; i++)
        snprintf(names[count++], sizeof names[0], "%s", fixed[i]);
    for (size_t i = 0; i < source->enum_count; i++)
        snprintf(names[count++], sizeof names[0], "enum %s", source->enums[i].type);
    for (size_t i = 0; i < source->insn_count; i++)
        snprintf(names[count++], sizeof names[0], "insn %s", source->insns[i].name);
    return count;
}

static void emit_table(const isa_source *source, size_t table, FILE *out) {
    switch (table) {
    case 0: fprintf(out, "This document specifies version %u.%u.\n", source->major, source->minor); return;
    case 1: emit_opcodes(source, out); return;
    case 2: emit_format(&source->header, out); return;
    case 3: emit_format(&source->uop, out); return;
    case 4: emit_faults(source, out); return;
    case 5: emit_registers(source, out); return;
    case 6: emit_values(source->counters, source->counter_count, "index", out); return;
    case 7: emit_unit_counters(source, out); return;
    default: break;
    }
    table -= 8;
    if (table < source->enum_count) {
        const isa_enum *e = &source->enums[table];
        fprintf(out, "%s\n\n", e->meaning);
        emit_values(e->values, e->value_count, "value", out);
    } else {
        emit_format(&source->insns[table - source->enum_count], out);
    }
}

tsr_status isa_emit_md(const isa_source *source, const char *text, const char *file_name, FILE *out) {
    static const char open_marker[] = "<!-- isagen:", close_marker[] = "<!-- isagen:end -->";
    char names[TABLES][2 * ISA_NAME_BYTES];
    size_t count = table_names(source, names);
    bool seen[TABLES] = {false};
    for (;;) {
        const char *open = strstr(text, open_marker);
        if (open == NULL)
            break;
        const char *name = open + sizeof open_marker - 1;
        const char *end = strstr(name, " -->\n");
        if (end == NULL)
            return tsr_error(TSR_CORRUPT, "%s: a marker is not closed by ' -->' and a new line", file_name);
        size_t table = 0;
        while (table < count &&
               !(strlen(names[table]) == (size_t)(end - name) && strncmp(names[table], name, (size_t)(end - name)) == 0))
            table++;
        if (table == count)
            return tsr_error(TSR_CORRUPT, "%s: there is no table '%.*s'", file_name, (int)(end - name), name);
        const char *close = strstr(end, close_marker), *next = strstr(end, open_marker);
        if (close == NULL || next != close)
            return tsr_error(TSR_CORRUPT, "%s: table '%s' does not end with %s", file_name, names[table], close_marker);
        end += strlen(" -->\n");
        fwrite(text, 1, (size_t)(end - text), out);
        emit_table(source, table, out);
        seen[table] = true;
        text = close + sizeof close_marker - 1;
        fwrite(close_marker, 1, sizeof close_marker - 1, out);
    }
    fputs(text, out);
    for (size_t table = 0; table < count; table++)
        if (!seen[table])
            return tsr_error(TSR_CORRUPT, "%s: no marker asks for '%s'", file_name, names[table]);
    return tsr_ok();
}
