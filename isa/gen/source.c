// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8, MAX_LINE = 512 };

// One statement: its words, and the quoted meaning that ended it.
typedef struct statement {
    char text[MAX_LINE];
    char *words[MAX_WORDS];
    size_t count;
    char meaning[ISA_MEANING_BYTES];
    bool has_meaning;
} statement;

typedef struct parser {
    isa_source *source;
    const char *file_name;
    unsigned line;
    isa_format *format;    // receives `field` and `reserved`
    isa_enum *enumeration; // receives `value`
    isa_register *reg;     // receives `bits`
    bool has_version, has_header, has_uop;
} parser;

#define FAIL(p, ...) return at_line((p), (p)->line, tsr_error(TSR_CORRUPT, __VA_ARGS__))

static tsr_status at_line(const parser *p, unsigned line, tsr_status status) {
    return tsr_annotate(status, "%s:%u", p->file_name, line);
}

// ---- words ----

static tsr_status split(const parser *p, const char *line, size_t size, statement *out) {
    memset(out, 0, sizeof *out);
    if (size >= sizeof out->text)
        FAIL(p, "line is longer than %d characters", MAX_LINE - 1);
    memcpy(out->text, line, size);
    char *at = out->text;
    for (;;) {
        while (*at == ' ' || *at == '\t' || *at == '\r')
            at++;
        if (*at == '\0' || *at == '#')
            return tsr_ok();
        if (*at == '"') {
            char *end = strchr(at + 1, '"');
            if (end == NULL)
                FAIL(p, "a quoted meaning is not closed");
            size_t length = (size_t)(end - at - 1);
            if (length >= sizeof out->meaning)
                FAIL(p, "a meaning is longer than %d characters", ISA_MEANING_BYTES - 1);
            memcpy(out->meaning, at + 1, length);
            // Meanings end up in comments and table cells of three languages.
            for (size_t i = 0; i < length; i++)
                if (!isprint((unsigned char)out->meaning[i]) || strchr("\\|`", out->meaning[i]) != NULL)
                    FAIL(p, "a meaning may not contain '%c'", isprint((unsigned char)out->meaning[i]) ? out->meaning[i] : '?');
            out->has_meaning = true;
            at = end + 1;
            while (*at == ' ' || *at == '\t' || *at == '\r')
                at++;
            if (*at != '\0' && *at != '#')
                FAIL(p, "'%s' follows the meaning, which ends a statement", at);
            return tsr_ok();
        }
        if (out->count == MAX_WORDS)
            FAIL(p, "more than %d words", MAX_WORDS);
        out->words[out->count++] = at;
        while (*at != '\0' && *at != ' ' && *at != '\t' && *at != '\r')
            at++;
        if (*at != '\0')
            *at++ = '\0';
    }
}

static tsr_status take_name(const parser *p, const char *word, char out[ISA_NAME_BYTES]) {
    size_t length = strlen(word);
    bool good = length > 0 && length < ISA_NAME_BYTES && islower((unsigned char)word[0]);
    for (size_t i = 0; i < length; i++)
        good = good && (islower((unsigned char)word[i]) || isdigit((unsigned char)word[i]) || word[i] == '_');
    if (!good)
        FAIL(p, "'%s' is not a lower_snake name of at most %d characters", word, ISA_NAME_BYTES - 1);
    memcpy(out, word, length + 1);
    return tsr_ok();
}

// The owner, "register 'isr'" or the like, starts the message.
static tsr_status take_number(const parser *p, const char *owner, const char *word, unsigned bits, unsigned *out) {
    char *end = NULL;
    unsigned long value = isdigit((unsigned char)word[0]) ? strtoul(word, &end, 0) : 0;
    if (end == NULL || *end != '\0')
        FAIL(p, "%s: '%s' is not a number", owner, word);
    if (value >> bits != 0)
        FAIL(p, "%s: %s does not fit %u bits", owner, word, bits);
    *out = (unsigned)value;
    return tsr_ok();
}

static tsr_status take_range(const parser *p, const char *word, const char *owner, const char *name, unsigned width,
                             unsigned *out_hi, unsigned *out_lo) {
    char *end = NULL;
    unsigned long hi = isdigit((unsigned char)word[0]) ? strtoul(word, &end, 10) : 0, lo = 0;
    if (end != NULL && *end == ':' && isdigit((unsigned char)end[1]))
        lo = strtoul(end + 1, &end, 10);
    else
        end = NULL;
    if (end == NULL || *end != '\0')
        FAIL(p, "%s: %s: '%s' is not a bit range HI:LO", owner, name, word);
    if (hi < lo)
        FAIL(p, "%s: %s: bit range %s has its ends swapped", owner, name, word);
    if (hi >= width)
        FAIL(p, "%s: %s: bits %s do not fit %u bits", owner, name, word, width);
    *out_hi = (unsigned)hi;
    *out_lo = (unsigned)lo;
    return tsr_ok();
}

const isa_enum *isa_find_enum(const isa_source *source, const char *type) {
    for (size_t i = 0; i < source->enum_count; i++)
        if (strcmp(source->enums[i].type, type) == 0)
            return &source->enums[i];
    return NULL;
}

static const isa_value *find_value(const isa_enum *e, const char *name) {
    for (size_t i = 0; i < e->value_count; i++)
        if (strcmp(e->values[i].name, name) == 0)
            return &e->values[i];
    return NULL;
}

// ---- fields ----

// What a message calls the format: "instruction 'load'".
static const char *owner_name(const parser *p, char buffer[2 * ISA_NAME_BYTES]) {
    if (p->format == &p->source->header || p->format == &p->source->uop)
        snprintf(buffer, 2 * ISA_NAME_BYTES, "%s", p->format->name);
    else
        snprintf(buffer, 2 * ISA_NAME_BYTES, "instruction '%s'", p->format->name);
    return buffer;
}

static unsigned format_width(const parser *p) { return p->format == &p->source->uop ? ISA_UOP_BITS : ISA_INSN_BITS; }

// The widest field a struct member of 32 bits holds.
enum { MAX_FIELD_BITS = 32 };

static tsr_status add_field(parser *p, isa_field *field) {
    char owner[2 * ISA_NAME_BYTES];
    owner_name(p, owner);
    isa_format *format = p->format;
    if (format->field_count == ISA_MAX_FIELDS)
        FAIL(p, "%s: more than %d fields", owner, ISA_MAX_FIELDS);
    for (size_t i = 0; i < format->field_count; i++) {
        const isa_field *other = &format->fields[i];
        if (field->kind != ISA_RESERVED && (strcmp(field->name, other->name) == 0))
            FAIL(p, "%s: field '%s' is named twice", owner, field->name);
        if (field->kind != ISA_RESERVED && (strcmp(field->sv_name, other->sv_name) == 0))
            FAIL(p, "%s: fields '%s' and '%s' have one SystemVerilog name", owner, other->name, field->name);
        if (field->lo <= other->hi && other->lo <= field->hi)
            FAIL(p, "%s: field '%s' [%u:%u] overlaps field '%s' [%u:%u]", owner, field->name, field->hi, field->lo, other->name,
                 other->hi, other->lo);
    }
    field->line = p->line;
    size_t at = format->field_count++;
    for (; at > 0 && format->fields[at - 1].lo > field->lo; at--)
        format->fields[at] = format->fields[at - 1];
    format->fields[at] = *field;
    return tsr_ok();
}

static tsr_status parse_field(parser *p, const statement *s) {
    if (p->format == NULL)
        FAIL(p, "field outside of an instruction");
    if (s->count != 5 && s->count != 6)
        FAIL(p, "expected: field NAME HI:LO KIND UNIT [sv=NAME] \"meaning\"");
    char owner[2 * ISA_NAME_BYTES];
    owner_name(p, owner);
    isa_field field;
    memset(&field, 0, sizeof field);
    TSR_TRY(take_name(p, s->words[1], field.name));
    if (strncmp(field.name, "reserved", 8) == 0)
        FAIL(p, "%s: the name '%s' is kept for reserved ranges", owner, field.name);
    TSR_TRY(take_range(p, s->words[2], owner, field.name, format_width(p), &field.hi, &field.lo));
    unsigned width = field.hi - field.lo + 1;
    const char *kind = s->words[3];
    const isa_enum *units = isa_find_enum(p->source, "unit");
    if (strcmp(kind, "u") == 0) {
        field.kind = ISA_UNSIGNED;
    } else if (strcmp(kind, "s") == 0) {
        field.kind = ISA_SIGNED;
    } else if (strcmp(kind, "flag") == 0) {
        field.kind = ISA_FLAG;
        if (width != 1)
            FAIL(p, "%s: flag '%s' has %u bits instead of 1", owner, field.name, width);
    } else if (strcmp(kind, "units") == 0) {
        field.kind = ISA_UNITS;
        if (units == NULL || width != units->value_count)
            FAIL(p, "%s: field '%s' needs one bit for each value of enum unit", owner, field.name);
    } else {
        const isa_enum *e = isa_find_enum(p->source, kind);
        if (e == NULL)
            FAIL(p, "%s: field '%s' has unknown kind '%s'", owner, field.name, kind);
        if (e->bits != width)
            FAIL(p, "%s: field '%s' has %u bits, enum '%s' has %u", owner, field.name, width, kind, e->bits);
        field.kind = ISA_ENUM;
        memcpy(field.enum_type, e->type, sizeof field.enum_type);
    }
    if (width > MAX_FIELD_BITS)
        FAIL(p, "%s: field '%s' has %u bits, more than %d", owner, field.name, width, MAX_FIELD_BITS);
    if (strcmp(s->words[4], "-") != 0)
        TSR_TRY(take_name(p, s->words[4], field.unit));
    memcpy(field.sv_name, field.name, sizeof field.sv_name);
    if (s->count == 6) {
        if (strncmp(s->words[5], "sv=", 3) != 0)
            FAIL(p, "%s: field '%s': unexpected '%s'", owner, field.name, s->words[5]);
        TSR_TRY(take_name(p, s->words[5] + 3, field.sv_name));
    }
    memcpy(field.meaning, s->meaning, sizeof field.meaning);
    return add_field(p, &field);
}

static tsr_status parse_reserved(parser *p, const statement *s) {
    if (p->format == NULL)
        FAIL(p, "reserved outside of an instruction");
    if (s->count != 2)
        FAIL(p, "expected: reserved HI:LO");
    char owner[2 * ISA_NAME_BYTES];
    owner_name(p, owner);
    isa_field field;
    memset(&field, 0, sizeof field);
    memcpy(field.name, "reserved", sizeof "reserved");
    field.kind = ISA_RESERVED;
    TSR_TRY(take_range(p, s->words[1], owner, "reserved", format_width(p), &field.hi, &field.lo));
    return add_field(p, &field);
}

// Numbers the reserved ranges and refuses bits that nothing claims, so that a format always states all its bits.
static tsr_status finish_format(parser *p, isa_format *format, unsigned width) {
    p->format = format;
    char owner[2 * ISA_NAME_BYTES];
    owner_name(p, owner);
    unsigned next = 0, reserved = 0;
    for (size_t i = 0; i < format->field_count; i++) {
        isa_field *field = &format->fields[i];
        if (field->lo != next)
            return at_line(p, format->line,
                           tsr_error(TSR_CORRUPT,
                                     "%s: bits [%u:%u] belong to no field; write them as "
                                     "reserved",
                                     owner, field->lo - 1, next));
        next = field->hi + 1;
        if (field->kind == ISA_RESERVED) {
            snprintf(field->name, sizeof field->name, "reserved_%u", reserved++);
            memcpy(field->sv_name, field->name, sizeof field->sv_name);
        }
    }
    if (next != width)
        return at_line(p, format->line,
                       tsr_error(TSR_CORRUPT,
                                 "%s: bits [%u:%u] belong to no field; write them as "
                                 "reserved",
                                 owner, width - 1, next));
    return tsr_ok();
}

// ---- statements ----

static tsr_status parse_version(parser *p, const statement *s) {
    if (s->count != 2 || p->has_version)
        FAIL(p, "expected once: isa MAJOR.MINOR");
    char major[16];
    const char *dot = strchr(s->words[1], '.');
    size_t length = dot == NULL ? 0 : (size_t)(dot - s->words[1]);
    if (length == 0 || length >= sizeof major)
        FAIL(p, "'%s' is not MAJOR.MINOR", s->words[1]);
    memcpy(major, s->words[1], length);
    major[length] = '\0';
    TSR_TRY(take_number(p, "isa", major, 16, &p->source->major));
    TSR_TRY(take_number(p, "isa", dot + 1, 16, &p->source->minor));
    p->has_version = true;
    return tsr_ok();
}

static tsr_status parse_enum(parser *p, const statement *s) {
    isa_source *source = p->source;
    if (s->count != 4)
        FAIL(p, "expected: enum PREFIX TYPE BITS \"meaning\"");
    if (source->enum_count == ISA_MAX_ENUMS)
        FAIL(p, "more than %d enums", ISA_MAX_ENUMS);
    isa_enum *e = &source->enums[source->enum_count];
    TSR_TRY(take_name(p, s->words[1], e->prefix));
    TSR_TRY(take_name(p, s->words[2], e->type));
    TSR_TRY(take_number(p, "enum", s->words[3], 4, &e->bits));
    for (size_t i = 0; i < source->enum_count; i++)
        if (strcmp(source->enums[i].type, e->type) == 0 || strcmp(source->enums[i].prefix, e->prefix) == 0)
            FAIL(p, "enum '%s': its type or prefix '%s' is taken", e->type, e->prefix);
    if (e->bits == 0)
        FAIL(p, "enum '%s' has no bits", e->type);
    memcpy(e->meaning, s->meaning, sizeof e->meaning);
    source->enum_count++;
    p->enumeration = e;
    return tsr_ok();
}

// Appends a named number to a table in which both names and numbers are unique.
static tsr_status add_value(const parser *p, const char *what, const statement *s, unsigned bits, isa_value *values,
                            size_t capacity, size_t *count) {
    if (*count == capacity)
        FAIL(p, "%s: more than %zu values", what, capacity);
    isa_value value;
    memset(&value, 0, sizeof value);
    TSR_TRY(take_name(p, s->words[1], value.name));
    char owner[4 * ISA_NAME_BYTES];
    snprintf(owner, sizeof owner, "%s '%s'", what, value.name);
    TSR_TRY(take_number(p, owner, s->words[2], bits, &value.number));
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(values[i].name, value.name) == 0)
            FAIL(p, "%s: '%s' is named twice", what, value.name);
        if (values[i].number == value.number)
            FAIL(p, "%s: '%s' and '%s' share the value %u", what, values[i].name, value.name, value.number);
    }
    memcpy(value.meaning, s->meaning, sizeof value.meaning);
    values[(*count)++] = value;
    return tsr_ok();
}

static tsr_status parse_value(parser *p, const statement *s) {
    if (p->enumeration == NULL)
        FAIL(p, "value outside of an enum");
    if (s->count != 3)
        FAIL(p, "expected: value NAME NUMBER \"meaning\"");
    isa_enum *e = p->enumeration;
    char what[2 * ISA_NAME_BYTES];
    snprintf(what, sizeof what, "enum %s", e->type);
    return add_value(p, what, s, e->bits, e->values, ISA_MAX_VALUES, &e->value_count);
}

static tsr_status parse_header(parser *p, const statement *s) {
    isa_format *header = &p->source->header;
    if (s->count != 1 || p->has_header || p->source->insn_count > 0)
        FAIL(p, "expected once, before the instructions: header \"meaning\"");
    memcpy(header->name, "header", sizeof "header");
    memcpy(header->meaning, s->meaning, sizeof header->meaning);
    header->line = p->line;
    p->has_header = true;
    p->format = header;
    return tsr_ok();
}

static tsr_status parse_insn(parser *p, const statement *s) {
    isa_source *source = p->source;
    if (s->count != 4)
        FAIL(p, "expected: insn NAME OPCODE UNIT \"meaning\"");
    if (!p->has_header)
        FAIL(p, "the header must come before the instructions");
    if (source->insn_count == ISA_MAX_INSNS)
        FAIL(p, "more than %d instructions", ISA_MAX_INSNS);
    isa_format *insn = &source->insns[source->insn_count];
    TSR_TRY(take_name(p, s->words[1], insn->name));
    char owner[2 * ISA_NAME_BYTES];
    snprintf(owner, sizeof owner, "instruction '%s'", insn->name);
    TSR_TRY(take_number(p, owner, s->words[2], 8, &insn->opcode));
    TSR_TRY(take_name(p, s->words[3], insn->unit));
    const isa_enum *units = isa_find_enum(source, "unit");
    if (strcmp(insn->unit, "none") != 0 && (units == NULL || find_value(units, insn->unit) == NULL))
        FAIL(p, "instruction '%s': no unit is called '%s'", insn->name, insn->unit);
    for (size_t i = 0; i < source->insn_count; i++) {
        if (strcmp(source->insns[i].name, insn->name) == 0)
            FAIL(p, "instruction '%s' is defined twice", insn->name);
        if (source->insns[i].opcode == insn->opcode)
            FAIL(p, "instructions '%s' and '%s' share opcode 0x%02x", source->insns[i].name, insn->name, insn->opcode);
    }
    memcpy(insn->meaning, s->meaning, sizeof insn->meaning);
    memcpy(insn->fields, source->header.fields, sizeof insn->fields);
    insn->field_count = source->header.field_count;
    insn->line = p->line;
    source->insn_count++;
    p->format = insn;
    return tsr_ok();
}

static tsr_status parse_uop(parser *p, const statement *s) {
    isa_format *uop = &p->source->uop;
    if (s->count != 1 || p->has_uop)
        FAIL(p, "expected once: uop \"meaning\"");
    memcpy(uop->name, "uop", sizeof "uop");
    memcpy(uop->meaning, s->meaning, sizeof uop->meaning);
    uop->line = p->line;
    p->has_uop = true;
    p->format = uop;
    return tsr_ok();
}

static tsr_status parse_fault(parser *p, const statement *s) {
    isa_source *source = p->source;
    if (s->count != 4 || (strcmp(s->words[3], "dispatch") != 0 && strcmp(s->words[3], "execute") != 0))
        FAIL(p, "expected: fault NAME CODE dispatch|execute \"meaning\"");
    TSR_TRY(add_value(p, "fault", s, 8, source->faults, ISA_MAX_FAULTS, &source->fault_count));
    snprintf(source->faults[source->fault_count - 1].place, ISA_NAME_BYTES, "%s", s->words[3]);
    return tsr_ok();
}

static tsr_status parse_register(parser *p, const statement *s) {
    isa_source *source = p->source;
    if (s->count != 4)
        FAIL(p, "expected: reg NAME ADDRESS ACCESS \"meaning\"");
    if (source->register_count == ISA_MAX_REGS)
        FAIL(p, "more than %d registers", ISA_MAX_REGS);
    isa_register *reg = &source->registers[source->register_count];
    TSR_TRY(take_name(p, s->words[1], reg->name));
    char owner[2 * ISA_NAME_BYTES];
    snprintf(owner, sizeof owner, "register '%s'", reg->name);
    TSR_TRY(take_number(p, owner, s->words[2], 12, &reg->address));
    if (reg->address % 4 != 0)
        FAIL(p, "register '%s': address 0x%03x is no multiple of 4", reg->name, reg->address);
    if (strcmp(s->words[3], "ro") != 0 && strcmp(s->words[3], "rw") != 0 && strcmp(s->words[3], "wo") != 0)
        FAIL(p, "register '%s': access '%s' is none of ro, rw, wo", reg->name, s->words[3]);
    memcpy(reg->access, s->words[3], 3);
    for (size_t i = 0; i < source->register_count; i++) {
        if (strcmp(source->registers[i].name, reg->name) == 0)
            FAIL(p, "register '%s' is named twice", reg->name);
        if (source->registers[i].address == reg->address)
            FAIL(p, "registers '%s' and '%s' share address 0x%03x", source->registers[i].name, reg->name, reg->address);
    }
    memcpy(reg->meaning, s->meaning, sizeof reg->meaning);
    source->register_count++;
    p->reg = reg;
    return tsr_ok();
}

static tsr_status parse_bits(parser *p, const statement *s) {
    isa_register *reg = p->reg;
    if (reg == NULL)
        FAIL(p, "bits outside of a register");
    if (s->count != 3)
        FAIL(p, "expected: bits NAME HI:LO \"meaning\"");
    if (reg->bit_count == ISA_MAX_BITS)
        FAIL(p, "register '%s': more than %d parts", reg->name, ISA_MAX_BITS);
    isa_field *bits = &reg->bits[reg->bit_count];
    char owner[2 * ISA_NAME_BYTES];
    snprintf(owner, sizeof owner, "register '%s'", reg->name);
    TSR_TRY(take_name(p, s->words[1], bits->name));
    TSR_TRY(take_range(p, s->words[2], owner, bits->name, 32, &bits->hi, &bits->lo));
    for (size_t i = 0; i < reg->bit_count; i++) {
        const isa_field *other = &reg->bits[i];
        if (strcmp(other->name, bits->name) == 0)
            FAIL(p, "%s: '%s' is named twice", owner, bits->name);
        if (bits->lo <= other->hi && other->lo <= bits->hi)
            FAIL(p, "%s: '%s' [%u:%u] overlaps '%s' [%u:%u]", owner, bits->name, bits->hi, bits->lo, other->name, other->hi,
                 other->lo);
    }
    memcpy(bits->meaning, s->meaning, sizeof bits->meaning);
    reg->bit_count++;
    return tsr_ok();
}

static tsr_status parse_counter(parser *p, const statement *s) {
    if (s->count != 3)
        FAIL(p, "expected: counter NAME INDEX \"meaning\"");
    return add_value(p, "counter", s, 8, p->source->counters, ISA_MAX_COUNTERS, &p->source->counter_count);
}

static tsr_status parse_unit_counters(parser *p, const statement *s) {
    if (s->count != 3)
        FAIL(p, "expected: unit_counters BASE STRIDE");
    TSR_TRY(take_number(p, "unit_counters", s->words[1], 8, &p->source->unit_counter_base));
    return take_number(p, "unit_counters", s->words[2], 8, &p->source->unit_counter_stride);
}

static tsr_status parse_unit_counter(parser *p, const statement *s) {
    if (s->count != 3)
        FAIL(p, "expected: unit_counter NAME OFFSET \"meaning\"");
    return add_value(p, "unit_counter", s, 8, p->source->unit_counters, ISA_MAX_COUNTERS, &p->source->unit_counter_count);
}

static tsr_status parse_statement(parser *p, const statement *s) {
    static const struct {
        const char *keyword;
        bool has_meaning;
        tsr_status (*parse)(parser *, const statement *);
    } statements[] = {
        {"isa", false, parse_version},
        {"enum", true, parse_enum},
        {"value", true, parse_value},
        {"header", true, parse_header},
        {"insn", true, parse_insn},
        {"uop", true, parse_uop},
        {"field", true, parse_field},
        {"reserved", false, parse_reserved},
        {"fault", true, parse_fault},
        {"reg", true, parse_register},
        {"bits", true, parse_bits},
        {"counter", true, parse_counter},
        {"unit_counters", false, parse_unit_counters},
        {"unit_counter", true, parse_unit_counter},
    };
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (strcmp(s->words[0], statements[i].keyword) != 0)
            continue;
        if (s->has_meaning != statements[i].has_meaning)
            FAIL(p, "'%s' %s a quoted meaning", s->words[0], s->has_meaning ? "takes no" : "needs");
        return statements[i].parse(p, s);
    }
    FAIL(p, "unknown statement '%s'", s->words[0]);
}

// ---- rules across statements ----

static tsr_status check_counters(parser *p) {
    const isa_source *source = p->source;
    unsigned end = 0;
    for (size_t i = 0; i < source->counter_count; i++) {
        if (source->counters[i].number >= source->unit_counter_base)
            FAIL(p, "counter '%s' %u reaches into the units' counters", source->counters[i].name, source->counters[i].number);
    }
    for (size_t i = 0; i < source->unit_counter_count; i++)
        if (source->unit_counters[i].number >= source->unit_counter_stride)
            FAIL(p, "unit_counter '%s' %u reaches into the next unit's", source->unit_counters[i].name,
                 source->unit_counters[i].number);
    const isa_enum *units = isa_find_enum(source, "unit");
    end = source->unit_counter_base + source->unit_counter_stride * (unsigned)units->value_count;
    const isa_register *counters = NULL;
    for (size_t i = 0; i < source->register_count; i++)
        if (strcmp(source->registers[i].name, "counters") == 0)
            counters = &source->registers[i];
    if (counters == NULL)
        FAIL(p, "there is no register 'counters'");
    for (size_t i = 0; i < source->register_count; i++)
        if (source->registers[i].address > counters->address && source->registers[i].address < counters->address + 8 * end)
            FAIL(p, "register '%s' lies among the counters", source->registers[i].name);
    if (counters->address + 8 * end > 4096)
        FAIL(p, "the counters do not fit 12 bits of address");
    return tsr_ok();
}

static tsr_status finish(parser *p) {
    isa_source *source = p->source;
    if (!p->has_version || !p->has_header || !p->has_uop || source->insn_count == 0)
        FAIL(p, "version, header, uop or instructions are missing");
    if (isa_find_enum(source, "unit") == NULL)
        FAIL(p, "there is no enum unit");
    static const char *const header_fields[] = {"opcode", "wait", "signal"};
    if (source->header.field_count != 3)
        FAIL(p, "header: has %zu fields instead of opcode, wait, signal", source->header.field_count);
    for (size_t i = 0; i < 3; i++)
        if (strcmp(source->header.fields[i].name, header_fields[i]) != 0)
            FAIL(p, "header: field '%s' stands where '%s' belongs", source->header.fields[i].name, header_fields[i]);
    for (size_t i = 0; i < source->insn_count; i++)
        TSR_TRY(finish_format(p, &source->insns[i], ISA_INSN_BITS));
    TSR_TRY(finish_format(p, &source->uop, ISA_UOP_BITS));
    return check_counters(p);
}

tsr_status isa_source_parse(const char *text, size_t size, const char *file_name, isa_source *out_source) {
    memset(out_source, 0, sizeof *out_source);
    parser p;
    memset(&p, 0, sizeof p);
    p.source = out_source;
    p.file_name = file_name;
    size_t at = 0;
    while (at < size) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t length = newline == NULL ? size - at : (size_t)(newline - (text + at));
        p.line++;
        if (memchr(text + at, '\0', length) != NULL)
            FAIL(&p, "the text contains a zero byte");
        statement s;
        TSR_TRY(split(&p, text + at, length, &s));
        if (s.count > 0)
            TSR_TRY(parse_statement(&p, &s));
        else if (s.has_meaning)
            FAIL(&p, "a quoted meaning without a statement");
        at += length + (newline != NULL);
    }
    return finish(&p);
}
