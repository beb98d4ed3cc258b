// SPDX-License-Identifier: Apache-2.0
#define TSR_ISA_DEFINE_TABLES
#include "tsr/insn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- tables ----

const tsr_format *tsr_format_of(uint32_t opcode) {
    for (size_t i = 0; i < TSR_FORMATS; i++)
        if (tsr_formats[i].opcode == opcode)
            return &tsr_formats[i];
    return NULL;
}

int tsr_insn_unit(uint32_t opcode) {
    const tsr_format *format = tsr_format_of(opcode);
    return format == NULL ? -1 : format->unit;
}

int64_t tsr_field_get(const tsr_insn *insn, const tsr_field *field) {
    uint32_t bits;
    memcpy(&bits, (const char *)insn + field->offset, sizeof bits);
    return field->kind == TSR_FIELD_SIGNED ? (int64_t)(int32_t)bits : (int64_t)bits;
}

void tsr_field_set(tsr_insn *insn, const tsr_field *field, int64_t value) {
    uint32_t bits = (uint32_t)value;
    memcpy((char *)insn + field->offset, &bits, sizeof bits);
}

static const char *name_of(const tsr_name *names, uint32_t value) {
    for (; names->name != NULL; names++)
        if (names->value == value)
            return names->name;
    return "?";
}

const char *tsr_fault_name(uint32_t fault) { return name_of(tsr_fault_names, fault); }

const char *tsr_unit_name(uint32_t unit) { return unit == TSR_UNIT_DISPATCH ? "dispatch" : name_of(tsr_unit_names, unit); }

// ---- packing ----

static uint64_t load_le64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static void store_le64(uint8_t *bytes, uint64_t value) {
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

// A field has at most 32 bits and may straddle two of the four words.
static uint32_t extract(const uint64_t words[4], unsigned lo, unsigned width) {
    uint64_t bits = words[lo / 64] >> lo % 64;
    if (lo % 64 + width > 64)
        bits |= words[lo / 64 + 1] << (64 - lo % 64);
    return (uint32_t)(bits & (UINT64_MAX >> (64 - width)));
}

static void insert(uint64_t words[4], unsigned lo, unsigned width, uint64_t bits) {
    words[lo / 64] |= bits << lo % 64;
    if (lo % 64 + width > 64)
        words[lo / 64 + 1] |= bits >> (64 - lo % 64);
}

tsr_status tsr_insn_encode(const tsr_insn *insn, uint8_t out_word[TSR_INSN_BYTES]) {
    memset(out_word, 0, TSR_INSN_BYTES);
    const tsr_format *format = tsr_format_of(insn->opcode);
    if (format == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "no instruction has opcode 0x%02x", insn->opcode);
    uint64_t words[4] = {0};
    for (size_t i = 0; i < format->field_count; i++) {
        const tsr_field *field = &format->fields[i];
        unsigned width = field->hi - field->lo + 1u;
        int64_t value = tsr_field_get(insn, field);
        int64_t least = field->kind == TSR_FIELD_SIGNED ? -(INT64_C(1) << (width - 1)) : 0;
        int64_t most = (INT64_C(1) << (field->kind == TSR_FIELD_SIGNED ? width - 1 : width)) - 1;
        if (value < least || value > most)
            return tsr_error(TSR_OUT_OF_RANGE, "%s: %s = %lld does not fit; allowed are %lld to %lld", format->name, field->name,
                             (long long)value, (long long)least, (long long)most);
        insert(words, field->lo, width, (uint64_t)value & (UINT64_MAX >> (64 - width)));
    }
    for (int w = 0; w < 4; w++)
        store_le64(out_word + 8 * w, words[w]);
    return tsr_ok();
}

// ---- verdicts ----

static tsr_verdict legal(void) {
    tsr_verdict verdict;
    verdict.fault = TSR_FAULT_NONE;
    verdict.reason[0] = '\0';
    return verdict;
}

static tsr_verdict fault(tsr_fault_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

static tsr_verdict fault(tsr_fault_code code, const char *format, ...) {
    tsr_verdict verdict;
    verdict.fault = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict.reason, sizeof verdict.reason, format, arguments);
    va_end(arguments);
    return verdict;
}

#define ILLEGAL_UNLESS(condition, ...)                                                                                           \
    do {                                                                                                                         \
        if (!(condition))                                                                                                        \
            return fault(TSR_FAULT_ILLEGAL_FIELD, __VA_ARGS__);                                                                  \
    } while (0)

#define TRY_LEGAL(expr)                                                                                                          \
    do {                                                                                                                         \
        tsr_verdict try_verdict_ = (expr);                                                                                       \
        if (try_verdict_.fault != TSR_FAULT_NONE)                                                                                \
            return try_verdict_;                                                                                                 \
    } while (0)

tsr_verdict tsr_insn_decode(const uint8_t word[TSR_INSN_BYTES], tsr_insn *out_insn) {
    memset(out_insn, 0, sizeof *out_insn);
    out_insn->opcode = word[0];
    const tsr_format *format = tsr_format_of(word[0]);
    if (format == NULL)
        return fault(TSR_FAULT_ILLEGAL_OPCODE, "no instruction has opcode 0x%02x", word[0]);
    uint64_t words[4];
    for (int w = 0; w < 4; w++)
        words[w] = load_le64(word + 8 * w);
    for (size_t i = 0; i < format->field_count; i++) {
        const tsr_field *field = &format->fields[i];
        unsigned width = field->hi - field->lo + 1u;
        int64_t value = extract(words, field->lo, width);
        if (field->kind == TSR_FIELD_SIGNED && value >> (width - 1) != 0)
            value -= INT64_C(1) << width;
        tsr_field_set(out_insn, field, value);
    }
    for (unsigned w = 0; w < 4; w++) {
        uint64_t set = words[w] & format->reserved[w];
        for (unsigned bit = 0; set != 0 && bit < 64; bit++)
            if (set >> bit & 1)
                return fault(TSR_FAULT_ILLEGAL_FIELD, "%s: reserved bit %u is set", format->name, 64 * w + bit);
    }
    return legal();
}

// ---- rules of single instructions ----

// Bytes from the first to behind the last that a two-dimensional access touches; all operands have at most 32 bits.
static uint64_t extent(uint64_t rows, uint64_t row_stride, uint64_t columns, uint64_t column_stride, uint64_t run) {
    return (rows - 1) * row_stride + (columns - 1) * column_stride + run;
}

static tsr_verdict check_sram(const char *name, uint64_t begin, uint64_t bytes, uint64_t size) {
    if (begin + bytes > size)
        return fault(TSR_FAULT_SRAM_RANGE, "%s: bytes %llu to %llu of a buffer or plane of %llu", name, (unsigned long long)begin,
                     (unsigned long long)(begin + bytes - 1), (unsigned long long)size);
    return legal();
}

static tsr_verdict check_dram(const char *name, uint32_t segment, uint64_t begin, uint64_t bytes,
                              const uint64_t segment_size[4]) {
    if (segment_size != NULL && begin + bytes > segment_size[segment])
        return fault(TSR_FAULT_DRAM_RANGE, "%s: bytes %llu to %llu of segment %u, which has %llu", name,
                     (unsigned long long)begin, (unsigned long long)(begin + bytes - 1), segment,
                     (unsigned long long)segment_size[segment]);
    return legal();
}

// Size of what LOAD addresses (a plane for INP, else the whole buffer) and of the units its addresses count in.
static void load_target(uint32_t buffer, const tsr_config *c, uint64_t *out_size, uint32_t *out_entry) {
    switch (buffer) {
    case TSR_BUF_WGT: *out_size = c->wgt_buffer, *out_entry = tsr_wgt_entry_bytes(c); return;
    case TSR_BUF_UOP: *out_size = c->uop_buffer, *out_entry = TSR_UOP_BYTES; return;
    case TSR_BUF_PAR: *out_size = c->par_buffer, *out_entry = tsr_par_entry_bytes(c); return;
    default: *out_size = tsr_inp_plane_bytes(c), *out_entry = 1; return;
    }
}

static tsr_verdict check_load(const tsr_load_insn *l, const tsr_config *c, const uint64_t segment_size[4]) {
    uint32_t rows = l->y_before + l->y_count + l->y_after, columns = l->x_before + l->x_count + l->x_after;
    ILLEGAL_UNLESS(l->buffer <= TSR_BUF_PAR, "load: no buffer has number %u", l->buffer);
    ILLEGAL_UNLESS(l->run >= 1, "load: run is 0");
    ILLEGAL_UNLESS(rows >= 1 && columns >= 1, "load: %u rows and %u columns with padding", rows, columns);
    if (l->buffer != TSR_BUF_INP) {
        ILLEGAL_UNLESS((l->x_before | l->x_after | l->y_before | l->y_after) == 0, "load: only INP can be padded");
        ILLEGAL_UNLESS(l->pad_value == 0, "load: pad_value is for INP only");
        ILLEGAL_UNLESS(l->plane == 0, "load: plane is for INP only");
    }
    ILLEGAL_UNLESS(l->plane < c->batch, "load: plane %u of a batch of %u", l->plane, c->batch);
    if (l->diag) {
        ILLEGAL_UNLESS(l->buffer == TSR_BUF_WGT, "load: diag is for WGT only");
        ILLEGAL_UNLESS(c->block_in == c->block_out, "load: diag needs block_in = block_out");
    }
    uint64_t size;
    uint32_t entry;
    load_target(l->buffer, c, &size, &entry);
    uint32_t run_unit = l->diag ? c->block_out : entry;
    ILLEGAL_UNLESS(l->run % run_unit == 0, "load: run %u is no multiple of %u", l->run, run_unit);
    ILLEGAL_UNLESS(l->sram_addr % entry == 0, "load: sram_addr %u is no multiple of %u", l->sram_addr, entry);
    ILLEGAL_UNLESS(l->sram_x_stride % entry == 0, "load: sram_x_stride %u is no multiple of %u", l->sram_x_stride, entry);
    ILLEGAL_UNLESS(l->sram_y_stride % entry == 0, "load: sram_y_stride %u is no multiple of %u", l->sram_y_stride, entry);

    uint64_t sram_run = l->diag ? (uint64_t)(l->run / run_unit) * entry : l->run;
    TRY_LEGAL(check_sram("load", l->sram_addr, extent(rows, l->sram_y_stride, columns, l->sram_x_stride, sram_run), size));
    if (l->x_count == 0 || l->y_count == 0)
        return legal();
    return check_dram("load", l->segment, l->dram_offset, extent(l->y_count, l->y_stride, l->x_count, l->x_stride, l->run),
                      segment_size);
}

static tsr_verdict check_store(const tsr_store_insn *s, const tsr_config *c, const uint64_t segment_size[4]) {
    ILLEGAL_UNLESS(s->run >= 1, "store: run is 0");
    ILLEGAL_UNLESS(s->x_count >= 1 && s->y_count >= 1, "store: %u rows and %u columns", s->y_count, s->x_count);
    ILLEGAL_UNLESS(s->plane < c->batch, "store: plane %u of a batch of %u", s->plane, c->batch);
    TRY_LEGAL(check_sram("store", s->sram_addr, extent(s->y_count, s->sram_y_stride, s->x_count, s->sram_x_stride, s->run),
                         tsr_out_plane_bytes(c)));
    return check_dram("store", s->segment, s->dram_offset, extent(s->y_count, s->y_stride, s->x_count, s->x_stride, s->run),
                      segment_size);
}

static tsr_verdict check_loops(const char *name, uint32_t uop_count, uint32_t count0, uint32_t count1) {
    ILLEGAL_UNLESS(uop_count >= 1, "%s: uop_count is 0", name);
    ILLEGAL_UNLESS(count0 >= 1 && count1 >= 1, "%s: a loop count is 0", name);
    return legal();
}

static tsr_verdict check_uops(const char *name, uint32_t begin, uint32_t count, const tsr_config *c) {
    if (begin + count > tsr_uop_entries(c))
        return fault(TSR_FAULT_SRAM_RANGE, "%s: micro-ops %u to %u of %u", name, begin, begin + count - 1, tsr_uop_entries(c));
    return legal();
}

static tsr_verdict check_gemm(const tsr_gemm_insn *g, const tsr_config *c) {
    TRY_LEGAL(check_loops("gemm", g->uop_count, g->count0, g->count1));
    return check_uops("gemm", g->uop_begin, g->uop_count, c);
}

static tsr_verdict check_alu(const tsr_alu_insn *a, const tsr_config *c) {
    ILLEGAL_UNLESS(a->op <= TSR_ALU_SHR, "alu: no operation has number %u", a->op);
    ILLEGAL_UNLESS(a->src_kind <= TSR_SRC_IMM, "alu: no source has number %u", a->src_kind);
    ILLEGAL_UNLESS(a->src_kind != TSR_SRC_INP || c->block_in == c->block_out, "alu: an INP source needs block_in = block_out");
    ILLEGAL_UNLESS(a->src_kind != TSR_SRC_IMM || !a->rescale, "alu: an immediate cannot be rescaled");
    ILLEGAL_UNLESS(a->dst_kind != TSR_DST_OUT || a->op == TSR_ALU_MOV, "alu: only mov can write OUT");
    if (a->clip)
        ILLEGAL_UNLESS(a->lo <= a->hi, "alu: clip to %d .. %d", a->lo, a->hi);
    else
        ILLEGAL_UNLESS(a->lo == 0 && a->hi == 0, "alu: lo and hi without clip");
    TRY_LEGAL(check_loops("alu", a->uop_count, a->count0, a->count1));
    return check_uops("alu", a->uop_begin, a->uop_count, c);
}

tsr_verdict tsr_insn_check(const tsr_insn *insn, const tsr_config *config, const uint64_t segment_size[4]) {
    const tsr_format *format = tsr_format_of(insn->opcode);
    if (format == NULL)
        return fault(TSR_FAULT_ILLEGAL_OPCODE, "no instruction has opcode 0x%02x", insn->opcode);
    if (format->unit < 0) {
        ILLEGAL_UNLESS(insn->wait == 0 && insn->signal == 0, "%s: takes and gives no tokens", format->name);
        return legal();
    }
    ILLEGAL_UNLESS((insn->wait >> format->unit & 1) == 0, "%s: waits for its own unit", format->name);
    ILLEGAL_UNLESS((insn->signal >> format->unit & 1) == 0, "%s: signals its own unit", format->name);
    switch (insn->opcode) {
    case TSR_OP_LOAD: return check_load(&insn->load, config, segment_size);
    case TSR_OP_STORE: return check_store(&insn->store, config, segment_size);
    case TSR_OP_GEMM: return check_gemm(&insn->gemm, config);
    case TSR_OP_ALU: return check_alu(&insn->alu, config);
    default: return legal();
    }
}

// ---- tokens ----

tsr_verdict tsr_tokens_step(tsr_tokens *tokens, const tsr_insn *insn) {
    int unit = tsr_insn_unit(insn->opcode);
    if (unit < 0)
        return legal();
    for (unsigned u = 0; u < TSR_UNITS; u++)
        if ((insn->wait >> u & 1) != 0 && tokens->count[u][unit] == 0)
            return fault(TSR_FAULT_TOKEN_UNDERFLOW, "%s waits for a token from %s that nothing before it gives",
                         tsr_unit_name((uint32_t)unit), tsr_unit_name(u));
    for (unsigned u = 0; u < TSR_UNITS; u++)
        if ((insn->signal >> u & 1) != 0 && tokens->count[unit][u] == UINT8_MAX)
            return fault(TSR_FAULT_TOKEN_OVERFLOW, "%s gives %s more than %d tokens", tsr_unit_name((uint32_t)unit),
                         tsr_unit_name(u), UINT8_MAX);
    for (unsigned u = 0; u < TSR_UNITS; u++) {
        tokens->count[u][unit] -= insn->wait >> u & 1;
        tokens->count[unit][u] += insn->signal >> u & 1;
    }
    return legal();
}
