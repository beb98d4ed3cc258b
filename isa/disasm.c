// SPDX-License-Identifier: Apache-2.0
#include "tsr/asm.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm_syntax.h"

typedef struct printer {
    char text[TSR_ASM_LINE_BYTES];
    size_t used;
} printer;

static void put(printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(printer *p, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(p->text + p->used, sizeof p->text - p->used, format, arguments);
    va_end(arguments);
    p->used += (size_t)length;
    if (p->used >= sizeof p->text) // all operands together are far shorter than a line
        p->used = sizeof p->text - 1;
}

static const char *enum_name(const tsr_field *field, int64_t value) {
    for (const tsr_name *n = field->names; n->name != NULL; n++)
        if (n->value == value)
            return n->name;
    return "?";
}

static void print_units(printer *p, const char *key, int64_t units) {
    const char *before = "";
    put(p, ", %s=", key);
    for (const tsr_name *n = tsr_unit_names; n->name != NULL; n++)
        if (units >> n->value & 1) {
            put(p, "%s%s", before, n->name);
            before = "+";
        }
}

static void print_tuple(printer *p, const tsr_format *format, const asm_operand *o, const tsr_insn *insn) {
    size_t count = asm_tuple_size(o), last = 0;
    int64_t values[ASM_MAX_TUPLE];
    bool any = o->kind == OPERAND_CLIP;
    for (size_t i = 0; i < count; i++) {
        values[i] = tsr_field_get(insn, asm_field_named(format, o->fields[i]));
        if (values[i] != o->defaults[i]) {
            any = true;
            last = i;
        }
    }
    if (!any)
        return;
    put(p, ", %s=", o->key);
    for (size_t i = 0; i <= last; i++)
        put(p, o->kind == OPERAND_HEX ? "%s0x%llx" : "%s%lld", i > 0 ? ":" : "", (long long)values[i]);
}

static void print_operand(printer *p, const tsr_format *format, const asm_operand *o, const tsr_insn *insn) {
    int64_t value = tsr_field_get(insn, asm_field_named(format, o->fields[0]));
    switch (o->kind) {
    case OPERAND_WORD: put(p, ", %s", enum_name(asm_field_named(format, o->fields[0]), value)); return;
    case OPERAND_FLAG:
        if (value != 0)
            put(p, ", %s", o->key);
        return;
    case OPERAND_UNITS:
        if (value != 0)
            print_units(p, o->key, value);
        return;
    case OPERAND_CLIP:
        if (tsr_field_get(insn, asm_field_named(format, o->key)) != 0)
            print_tuple(p, format, o, insn);
        return;
    case OPERAND_TUPLE:
    case OPERAND_HEX: print_tuple(p, format, o, insn); return;
    }
}

// The decisive test for whether a word has instruction syntax: it is read back and compared.
static bool reads_back(const char *text, const uint8_t word[TSR_INSN_BYTES]) {
    tsr_assembly assembly;
    tsr_status status = tsr_assemble(text, strlen(text), "", &assembly);
    bool same = status.code == TSR_OK && assembly.size == TSR_INSN_BYTES && memcmp(assembly.bytes, word, TSR_INSN_BYTES) == 0;
    tsr_assembly_free(&assembly);
    return same;
}

static size_t copy_out(const printer *p, char *buffer, size_t size) {
    if (size > 0) {
        size_t copied = p->used < size - 1 ? p->used : size - 1;
        memcpy(buffer, p->text, copied);
        buffer[copied] = '\0';
    }
    return p->used;
}

size_t tsr_insn_print(const uint8_t word[TSR_INSN_BYTES], char *buffer, size_t size) {
    printer p;
    p.used = 0;
    p.text[0] = '\0';
    tsr_insn insn;
    if (tsr_insn_decode(word, &insn).fault == TSR_FAULT_NONE) {
        const tsr_format *format = tsr_format_of(insn.opcode);
        const asm_operand *operands = asm_syntax_of(insn.opcode)->operands;
        put(&p, "%s", format->name);
        for (size_t i = 0; i < ASM_MAX_OPERANDS && operands[i].key != NULL; i++)
            print_operand(&p, format, &operands[i], &insn);
        // No comma between the mnemonic and its first operand.
        char *comma = strchr(p.text, ',');
        if (comma != NULL) {
            memmove(comma, comma + 1, strlen(comma + 1) + 1);
            p.used--;
        }
        if (reads_back(p.text, word))
            return copy_out(&p, buffer, size);
    }
    p.used = 0;
    put(&p, ".word");
    for (int w = 0; w < 4; w++) {
        uint64_t value = 0;
        for (int i = 7; i >= 0; i--)
            value = value << 8 | word[8 * w + i];
        put(&p, "%s 0x%016llx", w > 0 ? "," : "", (unsigned long long)value);
    }
    return copy_out(&p, buffer, size);
}

size_t tsr_uop_print(uint64_t word, char *buffer, size_t size) {
    printer p;
    p.used = 0;
    tsr_uop uop;
    if (tsr_uop_unpack(word, &uop))
        put(&p, ".uop dst=%u, src=%u, par=%u%s", uop.dst, uop.src, uop.par, uop.first ? ", first" : "");
    else
        put(&p, ".quad 0x%016llx", (unsigned long long)word);
    return copy_out(&p, buffer, size);
}

tsr_status tsr_disassemble(const uint8_t *bytes, size_t size, char **out_text) {
    *out_text = NULL;
    if (size % TSR_INSN_BYTES != 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "%zu bytes are no whole number of instructions", size);
    size_t capacity = size / TSR_INSN_BYTES * TSR_ASM_LINE_BYTES + 1;
    char *text = malloc(capacity);
    if (text == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "out of memory for a listing of %zu instructions", size / TSR_INSN_BYTES);
    size_t used = 0;
    for (size_t at = 0; at < size; at += TSR_INSN_BYTES) {
        used += tsr_insn_print(bytes + at, text + used, capacity - used);
        text[used++] = '\n';
    }
    text[used] = '\0';
    *out_text = text;
    return tsr_ok();
}
