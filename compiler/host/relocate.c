// SPDX-License-Identifier: Apache-2.0
// Relocations of each processor, by its ELF supplement: S the symbol, A the addend, P the place that changes, all as offsets
// in the image. The image moves as a whole and by whole pages, so differences of places, and the lowest 12 bits of one, are
// known now; nothing else is. Which kinds there are is what LLVM writes for position-independent code.
#include <elf.h>
#include <string.h>

#include "object.h"

// How the value gets into the bytes.
typedef enum form {
    DATA_32,
    DATA_64,
    A64_ADR,     // adr, adrp: 21 bits in two parts
    A64_IMM12,   // add, ldr, str
    A64_IMM19,   // ldr of a literal, b.cond
    A64_BRANCH,  // b, bl: 26 bits
    ARM_BRANCH,  // b, bl: 24 bits
    ARM_MOVW,    // movw, movt: 4 and 12 bits
    RISCV_U,     // auipc
    RISCV_I,     // addi, loads
    RISCV_S,     // stores
    RISCV_B,     // beq, ...
    RISCV_J,     // jal
    RISCV_CALL,  // auipc and jalr
} form;

typedef enum value_kind {
    NOTHING,   // of use to a linker that shortens code, or an unwinder
    RELATIVE,  // S + A - P
    PAGE,      // page of S + A - page of P, in pages
    LOW,       // lowest 12 bits of S + A, in units of 1 << shift
    RISCV_LOW, // lower 12 bits of what the relocation at S is about
    ADD,       // *P + S + A
    SUBTRACT,  // *P - (S + A)
} value_kind;

typedef struct kind {
    uint16_t machine;
    uint32_t type;
    const char *name;
    value_kind value;
    form form;
    unsigned shift; // of the value on its way into the bytes
} kind;

#define KIND(machine, type) machine, type, #type
static const kind kinds[] = {
    {KIND(EM_X86_64, R_X86_64_PC32), RELATIVE, DATA_32, 0},
    {KIND(EM_X86_64, R_X86_64_PLT32), RELATIVE, DATA_32, 0},
    {KIND(EM_X86_64, R_X86_64_PC64), RELATIVE, DATA_64, 0},
    {KIND(EM_AARCH64, R_AARCH64_NONE), NOTHING, DATA_32, 0},
    {KIND(EM_AARCH64, R_AARCH64_PREL64), RELATIVE, DATA_64, 0},
    {KIND(EM_AARCH64, R_AARCH64_PREL32), RELATIVE, DATA_32, 0},
    {KIND(EM_AARCH64, R_AARCH64_ADR_PREL_PG_HI21), PAGE, A64_ADR, 0},
    {KIND(EM_AARCH64, R_AARCH64_ADR_PREL_LO21), RELATIVE, A64_ADR, 0},
    {KIND(EM_AARCH64, R_AARCH64_LD_PREL_LO19), RELATIVE, A64_IMM19, 2},
    {KIND(EM_AARCH64, R_AARCH64_CONDBR19), RELATIVE, A64_IMM19, 2},
    {KIND(EM_AARCH64, R_AARCH64_ADD_ABS_LO12_NC), LOW, A64_IMM12, 0},
    {KIND(EM_AARCH64, R_AARCH64_LDST8_ABS_LO12_NC), LOW, A64_IMM12, 0},
    {KIND(EM_AARCH64, R_AARCH64_LDST16_ABS_LO12_NC), LOW, A64_IMM12, 1},
    {KIND(EM_AARCH64, R_AARCH64_LDST32_ABS_LO12_NC), LOW, A64_IMM12, 2},
    {KIND(EM_AARCH64, R_AARCH64_LDST64_ABS_LO12_NC), LOW, A64_IMM12, 3},
    {KIND(EM_AARCH64, R_AARCH64_LDST128_ABS_LO12_NC), LOW, A64_IMM12, 4},
    {KIND(EM_AARCH64, R_AARCH64_JUMP26), RELATIVE, A64_BRANCH, 2},
    {KIND(EM_AARCH64, R_AARCH64_CALL26), RELATIVE, A64_BRANCH, 2},
    {KIND(EM_ARM, R_ARM_NONE), NOTHING, DATA_32, 0},
    {KIND(EM_ARM, R_ARM_REL32), RELATIVE, DATA_32, 0},
    {KIND(EM_ARM, R_ARM_CALL), RELATIVE, ARM_BRANCH, 2},
    {KIND(EM_ARM, R_ARM_JUMP24), RELATIVE, ARM_BRANCH, 2},
    {KIND(EM_ARM, R_ARM_MOVW_PREL_NC), RELATIVE, ARM_MOVW, 0},
    {KIND(EM_ARM, R_ARM_MOVT_PREL), RELATIVE, ARM_MOVW, 16},
    {KIND(EM_RISCV, R_RISCV_RELAX), NOTHING, DATA_32, 0},
    {KIND(EM_RISCV, R_RISCV_BRANCH), RELATIVE, RISCV_B, 0},
    {KIND(EM_RISCV, R_RISCV_JAL), RELATIVE, RISCV_J, 0},
    {KIND(EM_RISCV, R_RISCV_CALL), RELATIVE, RISCV_CALL, 0},
    {KIND(EM_RISCV, R_RISCV_CALL_PLT), RELATIVE, RISCV_CALL, 0},
    {KIND(EM_RISCV, R_RISCV_PCREL_HI20), RELATIVE, RISCV_U, 0},
    {KIND(EM_RISCV, R_RISCV_PCREL_LO12_I), RISCV_LOW, RISCV_I, 0},
    {KIND(EM_RISCV, R_RISCV_PCREL_LO12_S), RISCV_LOW, RISCV_S, 0},
    {KIND(EM_RISCV, R_RISCV_32_PCREL), RELATIVE, DATA_32, 0},
    {KIND(EM_RISCV, R_RISCV_ADD32), ADD, DATA_32, 0},
    {KIND(EM_RISCV, R_RISCV_SUB32), SUBTRACT, DATA_32, 0},
};

static const kind *find_kind(uint16_t machine, uint32_t type) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].machine == machine && kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static unsigned bytes_of(form f) { return f == DATA_64 || f == RISCV_CALL ? 8 : 4; }

static uint32_t read_32(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static void write_32(uint8_t *at, uint32_t word) { memcpy(at, &word, sizeof word); }

// Bits `from` on of value, `count` of them, at bit `to`.
static uint32_t bits(int64_t value, unsigned from, unsigned count, unsigned to) {
    return (uint32_t)((uint64_t)value >> from & (((uint64_t)1 << count) - 1)) << to;
}

static int64_t signed_bits(uint32_t word, unsigned from, unsigned count) {
    int64_t value = word >> from & (uint32_t)(((uint64_t)1 << count) - 1);
    return value >> (count - 1) ? value - ((int64_t)1 << count) : value;
}

// ARM's objects keep addends in the bytes to change.
static int64_t addend_in(const kind *k, uint32_t word) {
    if (k->machine != EM_ARM)
        return 0;
    switch (k->form) {
    case DATA_32: return (int32_t)word;
    case ARM_BRANCH: return signed_bits(word, 0, 24) * 4;
    default: return signed_bits((word >> 4 & 0xf000) | (word & 0xfff), 0, 16);
    }
}

// Of the values that the form holds, after the shift.
static bool fits(const kind *k, int64_t value) {
    unsigned width = 64;
    switch (k->form) {
    case DATA_32:
        if (k->value != RELATIVE)
            return true;
        width = 32;
        break;
    case DATA_64: return true;
    case A64_ADR: width = 21; break;
    case A64_IMM12: return true;
    case A64_IMM19: width = 19; break;
    case A64_BRANCH: width = 26; break;
    case ARM_BRANCH: width = 24; break;
    case ARM_MOVW: return true;
    case RISCV_U:
    case RISCV_CALL: return value >= (int64_t)INT32_MIN - 0x800 && value <= (int64_t)INT32_MAX - 0x800;
    case RISCV_I:
    case RISCV_S: return true;
    case RISCV_B: width = 13; break;
    case RISCV_J: width = 21; break;
    }
    return value >= -((int64_t)1 << (width - 1)) && value < (int64_t)1 << (width - 1);
}

static void put(form f, uint8_t *at, int64_t v) {
    uint32_t word = read_32(at);
    switch (f) {
    case DATA_32: word = (uint32_t)v; break;
    case DATA_64: memcpy(at, &v, sizeof v); return;
    case A64_ADR: word = (word & 0x9f00001f) | bits(v, 0, 2, 29) | bits(v, 2, 19, 5); break;
    case A64_IMM12: word = (word & 0xffc003ff) | bits(v, 0, 12, 10); break;
    case A64_IMM19: word = (word & 0xff00001f) | bits(v, 0, 19, 5); break;
    case A64_BRANCH: word = (word & 0xfc000000) | bits(v, 0, 26, 0); break;
    case ARM_BRANCH: word = (word & 0xff000000) | bits(v, 0, 24, 0); break;
    case ARM_MOVW: word = (word & 0xfff0f000) | bits(v, 0, 12, 0) | bits(v, 12, 4, 16); break;
    case RISCV_U: word = (word & 0xfff) | bits(v + 0x800, 12, 20, 12); break;
    case RISCV_I: word = (word & 0xfffff) | bits(v, 0, 12, 20); break;
    case RISCV_S: word = (word & 0x01fff07f) | bits(v, 0, 5, 7) | bits(v, 5, 7, 25); break;
    case RISCV_B:
        word = (word & 0x01fff07f) | bits(v, 11, 1, 7) | bits(v, 1, 4, 8) | bits(v, 5, 6, 25) | bits(v, 12, 1, 31);
        break;
    case RISCV_J:
        word = (word & 0xfff) | bits(v, 12, 8, 12) | bits(v, 11, 1, 20) | bits(v, 1, 10, 21) | bits(v, 20, 1, 31);
        break;
    case RISCV_CALL:
        put(RISCV_I, at + 4, v);
        put(RISCV_U, at, v);
        return;
    }
    write_32(at, word);
}

// The lower half of an address goes with the upper half, whose instruction the symbol names.
static tsr_status upper_half(const tsr_patch *p, const tsr_relocation *lower, int64_t place, int64_t *out_value) {
    *out_value = 0;
    for (uint32_t i = 0; i < p->count; i++) { // it mostly comes just before
        const tsr_relocation *r = &p->all[((uint32_t)(lower - p->all) + p->count - i) % p->count];
        if (r->type != R_RISCV_PCREL_HI20 || (uint64_t)p->section->place + r->offset != (uint64_t)place)
            continue;
        int64_t symbol;
        TSR_TRY(tsr_symbol_place(p->object, r->symbol, &symbol));
        *out_value = (int64_t)((uint64_t)symbol + (uint64_t)r->addend - (uint64_t)place);
        return tsr_ok();
    }
    return tsr_error(TSR_CORRUPT, "host object: the lower half of an address without its upper half");
}

tsr_status tsr_relocate(const tsr_patch *p, const tsr_relocation *r) {
    const tsr_section *s = p->section;
    const kind *k = find_kind(p->object->machine, r->type);
    if (k != NULL && k->value == NOTHING)
        return tsr_ok();
    int64_t symbol, value = 0;
    TSR_TRY(tsr_symbol_place(p->object, r->symbol, &symbol)); // an external symbol is the more helpful message
    if (k == NULL)
        return tsr_error(TSR_UNSUPPORTED,
                         "host object: relocation type %u of machine %u in section %s is not position independent", r->type,
                         p->object->machine, s->name);
    if (r->offset > s->size || s->size - r->offset < bytes_of(k->form))
        return tsr_error(TSR_CORRUPT, "host object: a relocation outside of its section");
    const int64_t place = s->place + (int64_t)r->offset;
    uint8_t *at = p->image + place;
    // Wraps instead of overflowing: the addend comes from the file.
    const int64_t target = (int64_t)((uint64_t)symbol + (uint64_t)r->addend + (uint64_t)addend_in(k, read_32(at)));
    switch (k->value) {
    case NOTHING: break;
    case RELATIVE: value = (int64_t)((uint64_t)target - (uint64_t)place); break;
    case PAGE: value = (target >> 12) - (place >> 12); break;
    case LOW: value = target & 0xfff; break;
    case RISCV_LOW: TSR_TRY(upper_half(p, r, symbol, &value)); break;
    case ADD: value = (int64_t)((uint64_t)target + read_32(at)); break;
    case SUBTRACT: value = (int64_t)(read_32(at) - (uint64_t)target); break;
    }
    if ((value & (((int64_t)1 << k->shift) - 1)) != 0 && k->form != ARM_MOVW)
        return tsr_error(TSR_UNSUPPORTED, "host object: %s of a place that is not aligned", k->name);
    value >>= k->shift;
    if (!fits(k, value))
        return tsr_error(TSR_UNSUPPORTED, "host object: %s does not reach its symbol", k->name);
    put(k->form, at, value);
    return tsr_ok();
}
