// SPDX-License-Identifier: Apache-2.0
#include "program_file.h"

#include <string.h>

static void field_bytes(cursor *c, uint64_t *value, unsigned count) {
    uint64_t number = c->writing ? *value : 0;
    for (unsigned i = 0; i < count; i++) {
        if (c->writing)
            c->at[i] = (uint8_t)(number >> (8 * i));
        else
            number |= (uint64_t)c->at[i] << (8 * i);
    }
    *value = number;
    c->at += count;
}

static void field_u64(cursor *c, uint64_t *value) { field_bytes(c, value, 8); }

void program_field_u32(cursor *c, uint32_t *value) {
    uint64_t wide = *value;
    field_bytes(c, &wide, 4);
    *value = (uint32_t)wide;
}

static void field_i32(cursor *c, int32_t *value) {
    uint32_t bits = (uint32_t)*value;
    program_field_u32(c, &bits);
    *value = (int32_t)bits;
}

static void field_f32(cursor *c, float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    program_field_u32(c, &bits);
    memcpy(value, &bits, sizeof bits);
}

static void field_bool(cursor *c, bool *value) {
    uint32_t number = *value;
    program_field_u32(c, &number);
    if (number > 1)
        c->bad = true;
    *value = number != 0;
}

static void field_reserved(cursor *c) {
    uint32_t zero = 0;
    program_field_u32(c, &zero);
    if (zero != 0)
        c->bad = true;
}

static bool is_control(char byte) { return ((unsigned char)byte < 0x20) || byte == 0x7f; }

// NUL-terminated, NUL-padded. Names get printed on terminals, so control characters never pass.
void program_field_text(cursor *c, char *text, size_t size) {
    if (c->writing) {
        size_t length = strnlen(text, size - 1);
        memset(c->at, 0, size);
        for (size_t i = 0; i < length; i++)
            c->at[i] = (uint8_t)(is_control(text[i]) ? '?' : text[i]);
    } else {
        memcpy(text, c->at, size);
        size_t length = strnlen(text, size);
        for (size_t i = 0; i < length; i++)
            c->bad |= is_control(text[i]);
        for (size_t i = length; i < size; i++)
            c->bad |= text[i] != '\0';
        c->bad |= length == size;
        text[size - 1] = '\0';
    }
    c->at += size;
}

static void field_shape(cursor *c, uint32_t *rank, uint32_t shape[TSR_MAX_RANK]) {
    program_field_u32(c, rank);
    for (unsigned i = 0; i < TSR_MAX_RANK; i++)
        program_field_u32(c, &shape[i]);
}

void program_section_fields(cursor *c, section *s) {
    program_field_u32(c, &s->kind);
    program_field_u32(c, &s->count);
    field_u64(c, &s->offset);
    field_u64(c, &s->size);
}

void program_text_fields(cursor *c, tsr_program *p) {
    program_field_text(c, p->model_name, sizeof p->model_name);
    program_field_text(c, p->target, sizeof p->target);
}

void program_io_fields(cursor *c, tsr_io *io) {
    uint32_t dtype = (uint32_t)io->dtype;
    program_field_text(c, io->name, sizeof io->name);
    program_field_u32(c, &dtype);
    field_shape(c, &io->rank, io->shape);
    field_u64(c, &io->offset);
    field_u64(c, &io->bytes);
    field_bool(c, &io->channels_last);
    field_f32(c, &io->scale);
    field_i32(c, &io->zero_point);
    field_reserved(c);
    io->dtype = dtype < TSR_DTYPE_COUNT ? (tsr_dtype)dtype : TSR_DTYPE_NONE;
}

void program_step_fields(cursor *c, tsr_step *step) {
    uint32_t kind = (uint32_t)step->kind;
    program_field_u32(c, &kind);
    program_field_u32(c, &step->first_layer);
    program_field_u32(c, &step->layer_count);
    program_field_u32(c, &step->insn_offset);
    program_field_u32(c, &step->insn_count);
    program_field_u32(c, &step->function);
    field_reserved(c);
    field_reserved(c);
    step->kind = kind == TSR_STEP_HOST ? TSR_STEP_HOST : TSR_STEP_ACCELERATOR;
    if (kind != TSR_STEP_HOST && kind != TSR_STEP_ACCELERATOR)
        c->bad = true;
}

void program_layer_fields(cursor *c, tsr_layer *layer) {
    program_field_text(c, layer->name, sizeof layer->name);
    program_field_text(c, layer->op, sizeof layer->op);
    program_field_text(c, layer->reason, sizeof layer->reason);
    field_bool(c, &layer->on_accelerator);
    program_field_u32(c, &layer->first_insn);
    program_field_u32(c, &layer->insn_count);
    field_shape(c, &layer->out_rank, layer->out_shape);
    field_u64(c, &layer->macs);
    field_u64(c, &layer->bytes_in);
    field_u64(c, &layer->bytes_out);
    field_u64(c, &layer->bound_cycles);
}

static uint64_t align_up(uint64_t offset) { return (offset + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN; }

uint64_t program_lay_out(section sections[SECTION_COUNT]) {
    uint64_t at = FIRST_SECTION;
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        sections[i].offset = align_up(at);
        at = sections[i].offset + sections[i].size;
    }
    return at;
}

static uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t size) {
    // The polynomial of IEEE 802.3, reflected.
    uint32_t table[256];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0);
        table[i] = value;
    }
    crc = ~crc;
    for (size_t i = 0; i < size; i++)
        crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

uint32_t program_crc(const uint8_t *bytes, size_t size) {
    static const uint8_t zeros[4];
    uint32_t crc = crc32_of(0, bytes, CRC_OFFSET);
    crc = crc32_of(crc, zeros, sizeof zeros);
    return crc32_of(crc, bytes + CRC_OFFSET + 4, size - CRC_OFFSET - 4);
}

void program_header_fields(cursor *c, header *h) {
    uint32_t section_count = SECTION_COUNT;
    if (c->writing)
        memcpy(c->at, PROGRAM_MAGIC, sizeof PROGRAM_MAGIC);
    c->at += sizeof PROGRAM_MAGIC;
    program_field_u32(c, &h->version);
    program_field_u32(c, &h->crc);
    field_u64(c, &h->file_bytes);
    program_field_u32(c, &h->isa_version);
    program_field_u32(c, &section_count);
    field_u64(c, &h->config_id);
    field_u64(c, &h->work_bytes);
    for (int i = 0; i < 4; i++)
        field_reserved(c);
    c->bad |= section_count != SECTION_COUNT;
}
