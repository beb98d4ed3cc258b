// SPDX-License-Identifier: Apache-2.0
#include "tsr/asm.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm_syntax.h"

// ---- assembler state ----

enum { MAX_LABELS = 1024, LABEL_BYTES = 32, MAX_WORDS = 40 };

typedef struct label {
    char name[LABEL_BYTES];
    uint32_t offset;
} label;

// Two passes over the same lines: the first places labels, the second, which knows them all, keeps the bytes. Sizes never
// depend on a label's value.
typedef struct assembler {
    const char *file_name;
    unsigned line;
    bool last_pass;
    uint8_t *bytes;
    size_t size, capacity;
    label *labels;
    size_t label_count;
    size_t insn_offset, insn_count;
    char *words[MAX_WORDS]; // of the current line
    size_t word_count;
} assembler;

static tsr_status fail(const assembler *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static tsr_status fail(const assembler *a, const char *format, ...) {
    char text[TSR_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return tsr_annotate(tsr_error(TSR_CORRUPT, "%s", text), "%s:%u", a->file_name, a->line);
}

static tsr_status append(assembler *a, const void *bytes, size_t size) {
    if (size > TSR_ASM_MAX_BYTES - a->size)
        return fail(a, "the image grows beyond %d bytes", TSR_ASM_MAX_BYTES);
    if (a->last_pass && size > 0) {
        if (a->size + size > a->capacity) {
            size_t capacity = 2 * (a->size + size) + 256;
            uint8_t *grown = realloc(a->bytes, capacity);
            if (grown == NULL)
                return tsr_error(TSR_OUT_OF_MEMORY, "%s: out of memory", a->file_name);
            a->bytes = grown;
            a->capacity = capacity;
        }
        if (bytes != NULL)
            memcpy(a->bytes + a->size, bytes, size);
        else
            memset(a->bytes + a->size, 0, size);
    }
    a->size += size;
    return tsr_ok();
}

static tsr_status append_le(assembler *a, uint64_t value, size_t size) {
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return append(a, bytes, size);
}

static tsr_status append_insn(assembler *a, const uint8_t word[TSR_INSN_BYTES]) {
    if (a->size % TSR_INSN_BYTES != 0)
        return fail(a, "the instruction lies at offset %zu, no multiple of %d; put '.align %d' before it", a->size,
                    TSR_INSN_BYTES, TSR_INSN_BYTES);
    if (a->insn_count == 0)
        a->insn_offset = a->size;
    if (a->insn_offset + a->insn_count * TSR_INSN_BYTES != a->size)
        return fail(a, "data stands between this instruction and the ones before it; a program is one block of instructions");
    a->insn_count++;
    return append(a, word, TSR_INSN_BYTES);
}

// ---- values ----

static bool is_name(const char *text, size_t size) {
    if (size == 0 || size >= LABEL_BYTES || !(isalpha((unsigned char)text[0]) || text[0] == '_'))
        return false;
    for (size_t i = 1; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

// A number (decimal, 0x hexadecimal, signed), or a label with an optional +number.
static tsr_status parse_value(const assembler *a, const char *text, int64_t *out_value) {
    int64_t base = 0;
    *out_value = 0;
    const char *digits = text;
    if (isalpha((unsigned char)text[0]) || text[0] == '_') {
        size_t length = strcspn(text, "+");
        if (!is_name(text, length))
            return fail(a, "'%s' is neither a number nor a label", text);
        size_t i = 0;
        while (i < a->label_count && !(strlen(a->labels[i].name) == length && memcmp(a->labels[i].name, text, length) == 0))
            i++;
        if (i < a->label_count)
            base = a->labels[i].offset;
        else if (a->last_pass)
            return fail(a, "there is no label '%.*s'", (int)length, text);
        if (text[length] == '\0') {
            *out_value = base;
            return tsr_ok();
        }
        digits = text + length + 1;
        if (!isdigit((unsigned char)digits[0]))
            return fail(a, "'%s': a number must follow the +", text);
    }
    bool negative = digits[0] == '-';
    const char *first = digits + negative;
    char *end = NULL;
    errno = 0;
    bool hex = first[0] == '0' && (first[1] == 'x' || first[1] == 'X');
    unsigned long long magnitude = isdigit((unsigned char)first[0]) ? strtoull(first, &end, hex ? 16 : 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || magnitude > UINT32_MAX)
        return fail(a, "'%s' is not a number of 32 bits or a label", digits);
    *out_value = base + (negative ? -(int64_t)magnitude : (int64_t)magnitude);
    return tsr_ok();
}

static tsr_status parse_quad(const assembler *a, const char *text, uint64_t *out_value) {
    char *end = NULL;
    errno = 0;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, hex ? 16 : 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0)
        return fail(a, "'%s' is not a number of 64 bits", text);
    *out_value = value;
    return tsr_ok();
}

static tsr_status parse_enum(const assembler *a, const tsr_field *field, const char *what, const char *text, int64_t *out_value) {
    for (const tsr_name *n = field->names; n->name != NULL; n++)
        if (strcmp(n->name, text) == 0) {
            *out_value = n->value;
            return tsr_ok();
        }
    char known[128] = "";
    for (const tsr_name *n = field->names; n->name != NULL; n++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", n->name);
    }
    return fail(a, "no %s is called '%s'; there are %s", what, text, known);
}

static tsr_status parse_units(const assembler *a, const char *key, char *text, int64_t *out_value) {
    *out_value = 0;
    for (char *name = text; name != NULL;) {
        char *plus = strchr(name, '+');
        if (plus != NULL)
            *plus = '\0';
        const tsr_name *n = tsr_unit_names;
        while (n->name != NULL && strcmp(n->name, name) != 0)
            n++;
        if (n->name == NULL)
            return fail(a, "%s: no unit is called '%s'", key, name);
        *out_value |= INT64_C(1) << n->value;
        name = plus == NULL ? NULL : plus + 1;
    }
    return tsr_ok();
}

// ---- instructions ----

// Members hold 32 bits; what is wider is refused here, what is wider than the field by the encoder.
static tsr_status set_field(const assembler *a, tsr_insn *insn, const tsr_format *format, const char *name, int64_t value) {
    const tsr_field *field = asm_field_named(format, name);
    bool is_signed = field->kind == TSR_FIELD_SIGNED;
    if (value < (is_signed ? INT32_MIN : 0) || value > (is_signed ? INT32_MAX : (int64_t)UINT32_MAX))
        return fail(a, "%s: %s = %lld does not fit", format->name, name, (long long)value);
    tsr_field_set(insn, field, value);
    return tsr_ok();
}

static tsr_status parse_tuple(const assembler *a, const tsr_format *format, const asm_operand *o, char *text, tsr_insn *insn) {
    size_t count = asm_tuple_size(o);
    for (size_t i = 0; i < count && text != NULL; i++) {
        char *colon = strchr(text, ':');
        if (colon != NULL)
            *colon = '\0';
        int64_t value;
        TSR_TRY(parse_value(a, text, &value));
        TSR_TRY(set_field(a, insn, format, o->fields[i], value));
        text = colon == NULL ? NULL : colon + 1;
    }
    if (text != NULL)
        return fail(a, "%s: %s takes at most %zu values", format->name, o->key, count);
    return tsr_ok();
}

static tsr_status parse_operand(const assembler *a, const tsr_format *format, const asm_operand *o, char *value, tsr_insn *insn) {
    int64_t number = 0;
    switch (o->kind) {
    case OPERAND_FLAG: return set_field(a, insn, format, o->fields[0], 1);
    case OPERAND_UNITS: TSR_TRY(parse_units(a, o->key, value, &number)); return set_field(a, insn, format, o->fields[0], number);
    case OPERAND_CLIP: TSR_TRY(set_field(a, insn, format, o->key, 1)); return parse_tuple(a, format, o, value, insn);
    case OPERAND_TUPLE:
    case OPERAND_HEX: return parse_tuple(a, format, o, value, insn);
    case OPERAND_WORD: break;
    }
    return fail(a, "%s: unexpected '%s'", format->name, o->key);
}

static tsr_status parse_insn(assembler *a, const tsr_format *format, tsr_insn *insn) {
    memset(insn, 0, sizeof *insn);
    insn->opcode = format->opcode;
    const asm_operand *operands = asm_syntax_of(format->opcode)->operands;
    size_t count = 0, word = 1;
    for (; count < ASM_MAX_OPERANDS && operands[count].key != NULL; count++) {
        const asm_operand *o = &operands[count];
        for (size_t i = 0; i < asm_tuple_size(o); i++)
            TSR_TRY(set_field(a, insn, format, o->fields[i], o->defaults[i]));
        if (o->kind != OPERAND_WORD)
            continue;
        int64_t value = 0;
        if (word == a->word_count)
            return fail(a, "%s: the %s is missing", format->name, o->key);
        TSR_TRY(parse_enum(a, asm_field_named(format, o->fields[0]), o->key, a->words[word++], &value));
        TSR_TRY(set_field(a, insn, format, o->fields[0], value));
    }
    bool given[ASM_MAX_OPERANDS] = {false};
    for (; word < a->word_count; word++) {
        char *key = a->words[word], *equal = strchr(key, '=');
        if (equal != NULL)
            *equal = '\0';
        size_t k = 0;
        while (k < count && (operands[k].kind == OPERAND_WORD || strcmp(operands[k].key, key) != 0))
            k++;
        if (k == count)
            return fail(a, "%s has no operand '%s'", format->name, key);
        if (given[k])
            return fail(a, "%s: '%s' is given twice", format->name, key);
        given[k] = true;
        if ((operands[k].kind == OPERAND_FLAG) != (equal == NULL))
            return fail(a, "%s: '%s' %s value", format->name, key, equal == NULL ? "needs a" : "takes no");
        TSR_TRY(parse_operand(a, format, &operands[k], equal == NULL ? NULL : equal + 1, insn));
    }
    return tsr_ok();
}

// ---- directives ----

// key=value operands of micro-ops and parameter lanes: plain numbers within limits.
typedef struct number_operand {
    const char *key;
    bool is_flag;
    int64_t least, most, value;
} number_operand;

static tsr_status parse_numbers(assembler *a, number_operand *operands, size_t count) {
    for (size_t word = 1; word < a->word_count; word++) {
        char *key = a->words[word], *equal = strchr(key, '=');
        if (equal != NULL)
            *equal = '\0';
        size_t k = 0;
        while (k < count && strcmp(operands[k].key, key) != 0)
            k++;
        if (k == count)
            return fail(a, "%s has no operand '%s'", a->words[0], key);
        if (operands[k].is_flag != (equal == NULL))
            return fail(a, "%s: '%s' %s value", a->words[0], key, equal == NULL ? "needs a" : "takes no");
        if (equal == NULL) {
            operands[k].value = 1;
            continue;
        }
        TSR_TRY(parse_value(a, equal + 1, &operands[k].value));
        if (operands[k].value < operands[k].least || operands[k].value > operands[k].most)
            return fail(a, "%s: %s = %lld does not fit; allowed are %lld to %lld", a->words[0], key, (long long)operands[k].value,
                        (long long)operands[k].least, (long long)operands[k].most);
    }
    return tsr_ok();
}

static tsr_status directive_uop(assembler *a) {
    number_operand o[] = {{"dst", false, 0, UINT16_MAX, 0},
                          {"src", false, 0, UINT16_MAX, 0},
                          {"par", false, 0, UINT16_MAX, 0},
                          {"first", true, 0, 1, 0}};
    TSR_TRY(parse_numbers(a, o, sizeof o / sizeof o[0]));
    tsr_uop uop = {(uint16_t)o[0].value, (uint16_t)o[1].value, (uint16_t)o[2].value, o[3].value != 0};
    return append_le(a, tsr_uop_pack(uop), TSR_UOP_BYTES);
}

// One lane of a parameter entry.
static tsr_status directive_lane(assembler *a) {
    number_operand o[] = {{"bias", false, INT32_MIN, INT32_MAX, 0},
                          {"mul", false, INT32_MIN, INT32_MAX, 0},
                          {"lsh", false, 0, 31, 0},
                          {"rsh", false, 0, 31, 0},
                          {"single", true, 0, 1, 0}};
    TSR_TRY(parse_numbers(a, o, sizeof o / sizeof o[0]));
    TSR_TRY(append_le(a, (uint64_t)o[0].value, 4));
    TSR_TRY(append_le(a, (uint64_t)o[1].value, 4));
    return append_le(a, (uint64_t)(o[2].value | o[3].value << 8 | o[4].value << 16), 4);
}

static tsr_status directive_word(assembler *a) {
    uint8_t word[TSR_INSN_BYTES];
    if (a->word_count != 5)
        return fail(a, ".word takes four numbers of 64 bits, lowest first");
    for (size_t w = 0; w < 4; w++) {
        uint64_t value;
        TSR_TRY(parse_quad(a, a->words[1 + w], &value));
        for (size_t i = 0; i < 8; i++)
            word[8 * w + i] = (uint8_t)(value >> 8 * i);
    }
    return append_insn(a, word);
}

static tsr_status directive_quad(assembler *a) {
    for (size_t w = 1; w < a->word_count; w++) {
        uint64_t value;
        TSR_TRY(parse_quad(a, a->words[w], &value));
        TSR_TRY(append_le(a, value, 8));
    }
    return tsr_ok();
}

static tsr_status directive_byte(assembler *a) {
    for (size_t w = 1; w < a->word_count; w++) {
        int64_t value;
        TSR_TRY(parse_value(a, a->words[w], &value));
        if (value < -128 || value > 255)
            return fail(a, ".byte: %lld does not fit 8 bits", (long long)value);
        TSR_TRY(append_le(a, (uint64_t)value, 1));
    }
    return tsr_ok();
}

static tsr_status only_number(const assembler *a, int64_t *out_value) {
    if (a->word_count != 2 || !isdigit((unsigned char)a->words[1][0]))
        return fail(a, "%s takes one number", a->words[0]);
    return parse_value(a, a->words[1], out_value);
}

static tsr_status directive_zero(assembler *a) {
    int64_t count;
    TSR_TRY(only_number(a, &count));
    return append(a, NULL, (size_t)count);
}

static tsr_status directive_align(assembler *a) {
    int64_t unit;
    TSR_TRY(only_number(a, &unit));
    if (unit < 1 || unit > 4096 || (unit & (unit - 1)) != 0)
        return fail(a, ".align takes a power of two up to 4096");
    return append(a, NULL, (size_t)(-(int64_t)a->size & (unit - 1)));
}

static tsr_status parse_directive(assembler *a) {
    static const struct {
        const char *name;
        tsr_status (*parse)(assembler *);
    } directives[] = {
        {".word", directive_word}, {".uop", directive_uop},   {".lane", directive_lane},   {".quad", directive_quad},
        {".byte", directive_byte}, {".zero", directive_zero}, {".align", directive_align},
    };
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++)
        if (strcmp(a->words[0], directives[i].name) == 0)
            return directives[i].parse(a);
    return fail(a, "there is no directive '%s'", a->words[0]);
}

// ---- lines ----

static tsr_status place_label(assembler *a, const char *name, size_t length) {
    if (!is_name(name, length))
        return fail(a, "'%.*s' is not a label of at most %d letters, digits and _", length > 40 ? 40 : (int)length, name,
                    LABEL_BYTES - 1);
    if (a->last_pass)
        return tsr_ok();
    for (size_t i = 0; i < a->label_count; i++)
        if (strlen(a->labels[i].name) == length && memcmp(a->labels[i].name, name, length) == 0)
            return fail(a, "label '%.*s' is placed twice", (int)length, name);
    if (a->label_count == MAX_LABELS)
        return fail(a, "more than %d labels", MAX_LABELS);
    memcpy(a->labels[a->label_count].name, name, length);
    a->labels[a->label_count].name[length] = '\0';
    a->labels[a->label_count++].offset = (uint32_t)a->size;
    return tsr_ok();
}

static bool is_separator(char c) { return c == ' ' || c == '\t' || c == '\r' || c == ','; }

// Cuts a line, which the words then point into.
static tsr_status split(assembler *a, char *text) {
    a->word_count = 0;
    while (*text != '\0') {
        while (is_separator(*text))
            text++;
        if (*text == '\0')
            break;
        if (a->word_count == MAX_WORDS)
            return fail(a, "more than %d words", MAX_WORDS);
        a->words[a->word_count++] = text;
        while (*text != '\0' && !is_separator(*text))
            text++;
        if (*text != '\0')
            *text++ = '\0';
    }
    return tsr_ok();
}

static tsr_status assemble_line(assembler *a, const char *line, size_t size) {
    char text[TSR_ASM_LINE_BYTES];
    const char *comment = memchr(line, '#', size);
    if (comment != NULL)
        size = (size_t)(comment - line);
    if (size >= sizeof text)
        return fail(a, "the line is longer than %d characters", TSR_ASM_LINE_BYTES - 1);
    for (size_t i = 0; i < size; i++)
        if (!isprint((unsigned char)line[i]) && line[i] != '\t' && line[i] != '\r')
            return fail(a, "unprintable character 0x%02x", (unsigned char)line[i]);
    memcpy(text, line, size);
    text[size] = '\0';
    char *rest = text;
    while (is_separator(*rest))
        rest++;
    size_t first = strcspn(rest, " \t\r,");
    if (first > 0 && rest[first - 1] == ':') {
        TSR_TRY(place_label(a, rest, first - 1));
        rest += first;
    }
    TSR_TRY(split(a, rest));
    if (a->word_count == 0)
        return tsr_ok();
    if (a->words[0][0] == '.')
        return parse_directive(a);
    for (size_t i = 0; i < TSR_FORMATS; i++) {
        if (strcmp(a->words[0], tsr_formats[i].name) != 0)
            continue;
        tsr_insn insn;
        uint8_t word[TSR_INSN_BYTES];
        TSR_TRY(parse_insn(a, &tsr_formats[i], &insn));
        // Labels are known in the last pass only, so that is when values can be too large.
        memset(word, 0, sizeof word);
        if (a->last_pass) {
            tsr_status status = tsr_insn_encode(&insn, word);
            if (status.code != TSR_OK)
                return fail(a, "%s", status.message);
        }
        return append_insn(a, word);
    }
    return fail(a, "there is no instruction '%s'", a->words[0]);
}

static tsr_status pass(assembler *a, const char *text, size_t size) {
    a->line = 0;
    a->size = 0;
    a->insn_count = 0;
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t length = newline == NULL ? size - at : (size_t)(newline - (text + at));
        a->line++;
        TSR_TRY(assemble_line(a, text + at, length));
        at += length + (newline != NULL);
    }
    return tsr_ok();
}

tsr_status tsr_assemble(const char *text, size_t size, const char *file_name, tsr_assembly *out_assembly) {
    memset(out_assembly, 0, sizeof *out_assembly);
    assembler a;
    memset(&a, 0, sizeof a);
    a.file_name = file_name;
    a.labels = calloc(MAX_LABELS, sizeof *a.labels);
    if (a.labels == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: out of memory", file_name);
    tsr_status status = pass(&a, text, size);
    if (status.code == TSR_OK) {
        a.last_pass = true;
        status = pass(&a, text, size);
    }
    free(a.labels);
    if (status.code != TSR_OK) {
        free(a.bytes);
        return status;
    }
    out_assembly->bytes = a.bytes;
    out_assembly->size = a.size;
    out_assembly->insn_offset = (uint32_t)a.insn_offset;
    out_assembly->insn_count = (uint32_t)a.insn_count;
    return tsr_ok();
}

void tsr_assembly_free(tsr_assembly *assembly) {
    free(assembly->bytes);
    memset(assembly, 0, sizeof *assembly);
}
