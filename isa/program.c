// SPDX-License-Identifier: Apache-2.0
// The compiled-model file: checks, writer and reader. Layout: isa/program.md.
#include "tsr/program.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tsr/insn.h"

enum {
    HEADER_BYTES = 64,
    SECTION_ENTRY_BYTES = 24,
    SECTION_ALIGN = 64,
    CRC_OFFSET = 12,
    TEXT_FIXED_BYTES = 128, // of the text section, in front of the configuration
    IO_BYTES = 136,
    STEP_BYTES = 32,
    LAYER_BYTES = 272,
    KIND_BYTES = 256,
    ENTRY_BYTES = 4,
};

// In file order; the number is the `kind` in the section table.
enum {
    SECTION_TEXT = 1,
    SECTION_INPUTS,
    SECTION_OUTPUTS,
    SECTION_STEPS,
    SECTION_LAYERS,
    SECTION_KINDS,
    SECTION_ENTRIES,
    SECTION_CONST,
    SECTION_CODE
};
enum { SECTION_COUNT = 9, FIRST_SECTION = HEADER_BYTES + SECTION_COUNT * SECTION_ENTRY_BYTES };

static const char magic[8] = "TESSERA";

typedef struct section {
    uint32_t kind, count;
    uint64_t offset, size;
} section;

// ---- fields: one description of each record serves reader and writer ------------------------------------------------

typedef struct cursor {
    uint8_t *at;
    bool writing;
    bool bad; // a field that only has one legal value or form held another
} cursor;

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

static void field_u32(cursor *c, uint32_t *value) {
    uint64_t wide = *value;
    field_bytes(c, &wide, 4);
    *value = (uint32_t)wide;
}

static void field_i32(cursor *c, int32_t *value) {
    uint32_t bits = (uint32_t)*value;
    field_u32(c, &bits);
    *value = (int32_t)bits;
}

static void field_f32(cursor *c, float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    field_u32(c, &bits);
    memcpy(value, &bits, sizeof bits);
}

static void field_bool(cursor *c, bool *value) {
    uint32_t number = *value;
    field_u32(c, &number);
    if (number > 1)
        c->bad = true;
    *value = number != 0;
}

static void field_reserved(cursor *c) {
    uint32_t zero = 0;
    field_u32(c, &zero);
    if (zero != 0)
        c->bad = true;
}

static bool is_control(char byte) { return ((unsigned char)byte < 0x20) || byte == 0x7f; }

// NUL-terminated, NUL-padded. Names get printed on terminals, so control characters never pass.
static void field_text(cursor *c, char *text, size_t size) {
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
    field_u32(c, rank);
    for (unsigned i = 0; i < TSR_MAX_RANK; i++)
        field_u32(c, &shape[i]);
}

static void section_fields(cursor *c, section *s) {
    field_u32(c, &s->kind);
    field_u32(c, &s->count);
    field_u64(c, &s->offset);
    field_u64(c, &s->size);
}

static void text_fields(cursor *c, tsr_program *p) {
    field_text(c, p->model_name, sizeof p->model_name);
    field_text(c, p->target, sizeof p->target);
}

static void io_fields(cursor *c, tsr_io *io) {
    uint32_t dtype = (uint32_t)io->dtype;
    field_text(c, io->name, sizeof io->name);
    field_u32(c, &dtype);
    field_shape(c, &io->rank, io->shape);
    field_u64(c, &io->offset);
    field_u64(c, &io->bytes);
    field_bool(c, &io->channels_last);
    field_f32(c, &io->scale);
    field_i32(c, &io->zero_point);
    field_reserved(c);
    io->dtype = dtype < TSR_DTYPE_COUNT ? (tsr_dtype)dtype : TSR_DTYPE_NONE;
}

static void step_fields(cursor *c, tsr_step *step) {
    uint32_t kind = (uint32_t)step->kind;
    field_u32(c, &kind);
    field_u32(c, &step->first_layer);
    field_u32(c, &step->layer_count);
    field_u32(c, &step->insn_offset);
    field_u32(c, &step->insn_count);
    field_u32(c, &step->function);
    field_reserved(c);
    field_reserved(c);
    step->kind = kind == TSR_STEP_HOST ? TSR_STEP_HOST : TSR_STEP_ACCELERATOR;
    if (kind != TSR_STEP_HOST && kind != TSR_STEP_ACCELERATOR)
        c->bad = true;
}

static void layer_fields(cursor *c, tsr_layer *layer) {
    field_text(c, layer->name, sizeof layer->name);
    field_text(c, layer->op, sizeof layer->op);
    field_text(c, layer->reason, sizeof layer->reason);
    field_bool(c, &layer->on_accelerator);
    field_u32(c, &layer->first_insn);
    field_u32(c, &layer->insn_count);
    field_shape(c, &layer->out_rank, layer->out_shape);
    field_u64(c, &layer->macs);
    field_u64(c, &layer->bytes_in);
    field_u64(c, &layer->bytes_out);
    field_u64(c, &layer->bound_cycles);
}

// ---- what a program must be -----------------------------------------------------------------------------------------

static tsr_status check_io(const tsr_program *p, const tsr_io *io, const char *kind, uint32_t index) {
    size_t element = tsr_dtype_size(io->dtype);
    if (element == 0)
        return tsr_error(TSR_CORRUPT, "%s %u has an unknown element type", kind, index);
    if (io->rank > TSR_MAX_RANK)
        return tsr_error(TSR_CORRUPT, "%s %u has rank %u, the limit is %d", kind, index, io->rank, TSR_MAX_RANK);
    uint64_t bytes = element;
    for (uint32_t i = 0; i < TSR_MAX_RANK; i++) {
        if (i >= io->rank && io->shape[i] != 0)
            return tsr_error(TSR_CORRUPT, "%s %u has a dimension beyond its rank", kind, index);
        if (i < io->rank && io->shape[i] == 0)
            return tsr_error(TSR_CORRUPT, "%s %u has an empty dimension %u", kind, index, i);
        if (i < io->rank)
            bytes *= io->shape[i]; // stays below 2^63: at most MAX_WORK (2^31) before, 2^32 more
        if (bytes > TSR_PROGRAM_MAX_WORK)
            return tsr_error(TSR_CORRUPT, "%s %u is larger than a work area may be", kind, index);
    }
    if (bytes != io->bytes)
        return tsr_error(TSR_CORRUPT, "%s %u says %llu bytes, its shape has %llu", kind, index, (unsigned long long)io->bytes,
                         (unsigned long long)bytes);
    if (io->offset > p->work_bytes || io->bytes > p->work_bytes - io->offset)
        return tsr_error(TSR_CORRUPT, "%s %u ends outside the work area of %llu bytes", kind, index,
                         (unsigned long long)p->work_bytes);
    if (io->offset % element != 0)
        return tsr_error(TSR_CORRUPT, "%s %u is not aligned to its elements", kind, index);
    if (!isfinite(io->scale) || io->scale < 0)
        return tsr_error(TSR_CORRUPT, "%s %u has an impossible scale", kind, index);
    return tsr_ok();
}

// Instructions are checked by the device that runs them. Here: that a run cannot change the constants of the next one, and
// that it ends.
static tsr_status check_stream(const tsr_program *p, const tsr_step *step, uint32_t index) {
    tsr_insn insn = {0};
    for (uint32_t i = 0; i < step->insn_count; i++) {
        (void)tsr_insn_decode(p->const_data + step->insn_offset + (size_t)i * TSR_INSN_BYTES, &insn);
        if (insn.opcode == TSR_OP_STORE && insn.store.segment == 0)
            return tsr_error(TSR_CORRUPT, "accelerator step %u: instruction %u stores into the constants", index, i);
    }
    if (insn.opcode != TSR_OP_FINISH)
        return tsr_error(TSR_CORRUPT, "accelerator step %u does not end with finish", index);
    return tsr_ok();
}

static tsr_status check_step(const tsr_program *p, const tsr_step *step, uint32_t index) {
    if (step->first_layer > p->layer_count || step->layer_count > p->layer_count - step->first_layer)
        return tsr_error(TSR_CORRUPT, "step %u names layers %u to %llu of %u", index, step->first_layer,
                         (unsigned long long)step->first_layer + step->layer_count, p->layer_count);
    if (step->kind == TSR_STEP_HOST) {
        if (step->insn_offset != 0 || step->insn_count != 0)
            return tsr_error(TSR_CORRUPT, "host step %u has instructions", index);
        if (step->function >= p->function_count)
            return tsr_error(TSR_CORRUPT, "host step %u calls function %u of %u", index, step->function, p->function_count);
        return tsr_ok();
    }
    if (step->kind != TSR_STEP_ACCELERATOR)
        return tsr_error(TSR_CORRUPT, "step %u is of unknown kind %d", index, (int)step->kind);
    if (step->function != 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u has a host function", index);
    if (step->insn_count == 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u has no instructions", index);
    if (step->insn_offset % TSR_INSN_BYTES != 0)
        return tsr_error(TSR_CORRUPT, "accelerator step %u starts at byte %u, not a multiple of %d", index, step->insn_offset,
                         TSR_INSN_BYTES);
    if ((uint64_t)step->insn_offset + (uint64_t)step->insn_count * TSR_INSN_BYTES > p->const_bytes)
        return tsr_error(TSR_CORRUPT, "accelerator step %u: %u instructions from byte %u end outside %llu bytes", index,
                         step->insn_count, step->insn_offset, (unsigned long long)p->const_bytes);
    TSR_TRY(check_stream(p, step, index));
    for (uint32_t i = 0; i < step->layer_count; i++) {
        const tsr_layer *layer = &p->layers[step->first_layer + i];
        if (layer->first_insn > step->insn_count || layer->insn_count > step->insn_count - layer->first_insn)
            return tsr_error(TSR_CORRUPT, "layer %u has instructions that step %u does not", step->first_layer + i, index);
    }
    return tsr_ok();
}

static tsr_status check_layer(const tsr_layer *layer, uint32_t index) {
    if (layer->out_rank > TSR_MAX_RANK)
        return tsr_error(TSR_CORRUPT, "layer %u has rank %u, the limit is %d", index, layer->out_rank, TSR_MAX_RANK);
    for (uint32_t i = layer->out_rank; i < TSR_MAX_RANK; i++)
        if (layer->out_shape[i] != 0)
            return tsr_error(TSR_CORRUPT, "layer %u has a dimension beyond its rank", index);
    return tsr_ok();
}

static tsr_status check_counts(const tsr_program *p) {
    if (p->input_count > TSR_PROGRAM_MAX_IOS || p->output_count > TSR_PROGRAM_MAX_IOS)
        return tsr_error(TSR_CORRUPT, "%u inputs and %u outputs; the limit is %d each", p->input_count, p->output_count,
                         TSR_PROGRAM_MAX_IOS);
    if (p->step_count > TSR_PROGRAM_MAX_STEPS || p->layer_count > TSR_PROGRAM_MAX_LAYERS)
        return tsr_error(TSR_CORRUPT, "%u steps and %u layers; the limits are %d and %d", p->step_count, p->layer_count,
                         TSR_PROGRAM_MAX_STEPS, TSR_PROGRAM_MAX_LAYERS);
    if (p->const_bytes > TSR_PROGRAM_MAX_CONST || p->work_bytes > TSR_PROGRAM_MAX_WORK || p->code_bytes > TSR_PROGRAM_MAX_CODE)
        return tsr_error(TSR_CORRUPT, "%llu bytes of constants, %llu of work area, %llu of code: over the limits",
                         (unsigned long long)p->const_bytes, (unsigned long long)p->work_bytes,
                         (unsigned long long)p->code_bytes);
    return tsr_ok();
}

static tsr_status check_code(const tsr_program *p) {
    if (p->kind_count > TSR_PROGRAM_MAX_KINDS || p->function_count > TSR_PROGRAM_MAX_STEPS)
        return tsr_error(TSR_CORRUPT, "%u kinds of host code and %u functions; the limits are %d and %d", p->kind_count,
                         p->function_count, TSR_PROGRAM_MAX_KINDS, TSR_PROGRAM_MAX_STEPS);
    if ((p->kind_count == 0) != (p->code_bytes == 0) || (p->function_count == 0) != (p->code_bytes == 0))
        return tsr_error(TSR_CORRUPT, "%llu bytes of host code with %u functions of %u kinds", (unsigned long long)p->code_bytes,
                         p->function_count, p->kind_count);
    for (uint32_t i = 0; i < p->kind_count * p->function_count; i++)
        if (p->entries[i] >= p->code_bytes)
            return tsr_error(TSR_CORRUPT, "host function %u of kind %u starts at byte %u of %llu bytes of code",
                             i % p->function_count, i / p->function_count, p->entries[i], (unsigned long long)p->code_bytes);
    if (p->code_bytes != 0 && p->target[0] == '\0')
        return tsr_error(TSR_CORRUPT, "host code without a target");
    return tsr_ok();
}

bool tsr_program_uses_accelerator(const tsr_program *program) {
    for (uint32_t i = 0; i < program->step_count; i++)
        if (program->steps[i].kind == TSR_STEP_ACCELERATOR)
            return true;
    return false;
}

static bool has_config(const tsr_program *p) { return p->config.batch != 0; }

tsr_status tsr_program_check(const tsr_program *program) {
    TSR_TRY(check_counts(program));
    TSR_TRY(check_code(program));
    for (uint32_t i = 0; i < program->input_count; i++)
        TSR_TRY(check_io(program, &program->inputs[i], "input", i));
    for (uint32_t i = 0; i < program->output_count; i++)
        TSR_TRY(check_io(program, &program->outputs[i], "output", i));
    for (uint32_t i = 0; i < program->layer_count; i++)
        TSR_TRY(check_layer(&program->layers[i], i));
    for (uint32_t i = 0; i < program->step_count; i++)
        TSR_TRY(check_step(program, &program->steps[i], i));
    if (tsr_program_uses_accelerator(program) && !has_config(program))
        return tsr_error(TSR_CORRUPT, "accelerator steps without a hardware configuration");
    return tsr_ok();
}

// ---- layout ---------------------------------------------------------------------------------------------------------

static uint64_t align_up(uint64_t offset) { return (offset + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN; }

// Sections follow one another in order of kind, each on the next multiple of 64: the sizes decide the offsets.
// Returns the size of the file.
static uint64_t lay_out(section sections[SECTION_COUNT]) {
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

static uint32_t file_crc(const uint8_t *bytes, size_t size) {
    static const uint8_t zeros[4];
    uint32_t crc = crc32_of(0, bytes, CRC_OFFSET);
    crc = crc32_of(crc, zeros, sizeof zeros);
    return crc32_of(crc, bytes + CRC_OFFSET + 4, size - CRC_OFFSET - 4);
}

typedef struct header {
    uint32_t version, crc, isa_version;
    uint64_t file_bytes, config_id, work_bytes;
} header;

static void header_fields(cursor *c, header *h) {
    uint32_t section_count = SECTION_COUNT;
    if (c->writing)
        memcpy(c->at, magic, sizeof magic);
    c->at += sizeof magic;
    field_u32(c, &h->version);
    field_u32(c, &h->crc);
    field_u64(c, &h->file_bytes);
    field_u32(c, &h->isa_version);
    field_u32(c, &section_count);
    field_u64(c, &h->config_id);
    field_u64(c, &h->work_bytes);
    for (int i = 0; i < 4; i++)
        field_reserved(c);
    c->bad |= section_count != SECTION_COUNT;
}

// ---- writer ---------------------------------------------------------------------------------------------------------

static void write_records(uint8_t *file, const section *sections, const tsr_program *p) {
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const section *s = &sections[i];
        cursor c = {.at = file + s->offset, .writing = true};
        for (uint32_t n = 0; n < s->count; n++) {
            // The field functions take non-const records for the reader's sake: give them copies.
            if (s->kind == SECTION_INPUTS || s->kind == SECTION_OUTPUTS) {
                tsr_io io = s->kind == SECTION_INPUTS ? p->inputs[n] : p->outputs[n];
                io_fields(&c, &io);
            } else if (s->kind == SECTION_STEPS) {
                tsr_step step = p->steps[n];
                step_fields(&c, &step);
            } else if (s->kind == SECTION_LAYERS) {
                tsr_layer layer = p->layers[n];
                layer_fields(&c, &layer);
            } else if (s->kind == SECTION_KINDS) {
                tsr_code_kind kind = p->kinds[n];
                field_text(&c, kind.features, sizeof kind.features);
            } else if (s->kind == SECTION_ENTRIES) {
                uint32_t entry = p->entries[n];
                field_u32(&c, &entry);
            }
        }
    }
}

tsr_status tsr_program_serialise(const tsr_program *program, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    TSR_TRY(tsr_program_check(program));

    char config_text[TSR_CONFIG_TEXT_BYTES];
    size_t config_bytes = has_config(program) ? tsr_config_print(&program->config, config_text, sizeof config_text) : 0;
    section sections[SECTION_COUNT] = {
        {SECTION_TEXT, 1, 0, TEXT_FIXED_BYTES + config_bytes},
        {SECTION_INPUTS, program->input_count, 0, (uint64_t)program->input_count * IO_BYTES},
        {SECTION_OUTPUTS, program->output_count, 0, (uint64_t)program->output_count * IO_BYTES},
        {SECTION_STEPS, program->step_count, 0, (uint64_t)program->step_count * STEP_BYTES},
        {SECTION_LAYERS, program->layer_count, 0, (uint64_t)program->layer_count * LAYER_BYTES},
        {SECTION_KINDS, program->kind_count, 0, (uint64_t)program->kind_count * KIND_BYTES},
        {SECTION_ENTRIES, program->kind_count * program->function_count, 0,
         (uint64_t)program->kind_count * program->function_count * ENTRY_BYTES},
        {SECTION_CONST, 1, 0, program->const_bytes},
        {SECTION_CODE, 1, 0, program->code_bytes},
    };
    size_t size = (size_t)lay_out(sections);
    uint8_t *file = calloc(1, size);
    if (file == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "a compiled model of %zu bytes", size);

    header h = {
        .version = TSR_PROGRAM_VERSION,
        .isa_version = program->isa_version,
        .file_bytes = size,
        .config_id = has_config(program) ? tsr_config_id(&program->config) : 0,
        .work_bytes = program->work_bytes,
    };
    cursor c = {.at = file, .writing = true};
    header_fields(&c, &h);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        section_fields(&c, &sections[i]);

    tsr_program texts = *program;
    c.at = file + sections[SECTION_TEXT - 1].offset;
    text_fields(&c, &texts);
    if (config_bytes != 0)
        memcpy(c.at, config_text, config_bytes);
    write_records(file, sections, program);
    if (program->const_bytes != 0)
        memcpy(file + sections[SECTION_CONST - 1].offset, program->const_data, program->const_bytes);
    if (program->code_bytes != 0)
        memcpy(file + sections[SECTION_CODE - 1].offset, program->code, program->code_bytes);

    uint32_t crc = file_crc(file, size);
    c.at = file + CRC_OFFSET;
    field_u32(&c, &crc);
    *out_bytes = file;
    *out_size = size;
    return tsr_ok();
}

static bool write_all(int fd, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

tsr_status tsr_program_save(const tsr_program *program, const char *path) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    TSR_TRY(tsr_annotate(tsr_program_serialise(program, &bytes, &size), "%s", path));

    size_t name_bytes = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(name_bytes);
    if (temporary == NULL) {
        free(bytes);
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for a file name", path);
    }
    snprintf(temporary, name_bytes, "%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    if (fd < 0) {
        tsr_status status = tsr_error(TSR_IO, "%s: cannot create a file in this folder: %s", path, strerror(errno));
        free(temporary);
        free(bytes);
        return status;
    }
    // mkstemp makes files for the owner only; a compiled model is an ordinary file.
    mode_t mask = umask(0);
    umask(mask);
    bool good = write_all(fd, bytes, size) && fchmod(fd, 0666 & ~mask) == 0;
    good = close(fd) == 0 && good;
    good = good && rename(temporary, path) == 0;
    tsr_status status = good ? tsr_ok() : tsr_error(TSR_IO, "%s: cannot write: %s", path, strerror(errno));
    if (!good)
        unlink(temporary);
    free(temporary);
    free(bytes);
    return status;
}

// ---- reader ---------------------------------------------------------------------------------------------------------

// The part of the file that must be right before anything else is looked at.
static tsr_status read_header(const uint8_t *bytes, size_t size, header *out_header) {
    memset(out_header, 0, sizeof *out_header);
    if (size < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return tsr_error(TSR_CORRUPT, "offset 0: not a compiled model (no TESSERA signature); `tessera compile` makes one");
    if (size < FIRST_SECTION)
        return tsr_error(TSR_CORRUPT, "offset %zu: the file ends inside its header", size);
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes};
    header_fields(&c, out_header);
    if (out_header->version != TSR_PROGRAM_VERSION)
        return tsr_error(TSR_MISMATCH, "offset 8: format version %u, this build reads %d; compile the model again",
                         out_header->version, TSR_PROGRAM_VERSION);
    if (out_header->file_bytes != size)
        return tsr_error(TSR_CORRUPT, "offset 16: the file says that it has %llu bytes, there are %zu; truncated?",
                         (unsigned long long)out_header->file_bytes, size);
    uint32_t crc = file_crc(bytes, size);
    if (out_header->crc != crc)
        return tsr_error(TSR_CORRUPT, "offset %d: checksum %08x, the file says %08x; damaged?", CRC_OFFSET, crc, out_header->crc);
    if (c.bad)
        return tsr_error(TSR_CORRUPT, "offset 0: the header has an impossible field");
    return tsr_ok();
}

// Sizes of the sections against their counts, the limits, one another and the file, so that nothing later can overrun.
static tsr_status read_sections(const uint8_t *bytes, size_t size, section sections[SECTION_COUNT]) {
    static const uint64_t record_bytes[SECTION_COUNT] = {0,          IO_BYTES,    IO_BYTES, STEP_BYTES, LAYER_BYTES,
                                                         KIND_BYTES, ENTRY_BYTES, 0,        0};
    static const uint64_t limit[SECTION_COUNT] = {
        1,
        TSR_PROGRAM_MAX_IOS,
        TSR_PROGRAM_MAX_IOS,
        TSR_PROGRAM_MAX_STEPS,
        TSR_PROGRAM_MAX_LAYERS,
        TSR_PROGRAM_MAX_KINDS,
        (uint64_t)TSR_PROGRAM_MAX_KINDS * TSR_PROGRAM_MAX_STEPS,
        1,
        1,
    };
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + HEADER_BYTES};
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        section *s = &sections[i];
        unsigned entry = HEADER_BYTES + i * SECTION_ENTRY_BYTES;
        section_fields(&c, s);
        if (s->kind != i + 1)
            return tsr_error(TSR_CORRUPT, "offset %u: section of kind %u, expected %u", entry, s->kind, i + 1);
        if (s->count > limit[i] || (record_bytes[i] == 0 && s->count != 1))
            return tsr_error(TSR_CORRUPT, "offset %u: section %u has %u records, the limit is %llu", entry, s->kind, s->count,
                             (unsigned long long)limit[i]);
        if (s->size > size || (record_bytes[i] != 0 && s->size != s->count * record_bytes[i]))
            return tsr_error(TSR_CORRUPT, "offset %u: section %u has an impossible size of %llu bytes", entry, s->kind,
                             (unsigned long long)s->size);
    }
    uint64_t text_bytes = sections[SECTION_TEXT - 1].size;
    if (text_bytes < TEXT_FIXED_BYTES || text_bytes > TEXT_FIXED_BYTES + TSR_CONFIG_TEXT_BYTES)
        return tsr_error(TSR_CORRUPT, "offset %d: text section of %llu bytes", HEADER_BYTES, (unsigned long long)text_bytes);

    section expected[SECTION_COUNT];
    memcpy(expected, sections, sizeof expected);
    if (lay_out(expected) != size)
        return tsr_error(TSR_CORRUPT, "offset %d: the sections do not fill the file", HEADER_BYTES);
    uint64_t end = FIRST_SECTION;
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        if (sections[i].offset != expected[i].offset)
            return tsr_error(TSR_CORRUPT, "offset %u: section %u at byte %llu, expected %llu",
                             HEADER_BYTES + i * SECTION_ENTRY_BYTES, sections[i].kind, (unsigned long long)sections[i].offset,
                             (unsigned long long)expected[i].offset);
        for (; end < sections[i].offset; end++)
            if (bytes[end] != 0)
                return tsr_error(TSR_CORRUPT, "offset %llu: padding is not zero", (unsigned long long)end);
        end = sections[i].offset + sections[i].size;
    }
    return tsr_ok();
}

static tsr_status read_text(const uint8_t *bytes, const section *s, const header *h, tsr_program *p) {
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + s->offset};
    text_fields(&c, p);
    if (c.bad)
        return tsr_error(TSR_CORRUPT, "offset %llu: a name is not terminated or has control characters",
                         (unsigned long long)s->offset);
    size_t config_bytes = (size_t)(s->size - TEXT_FIXED_BYTES);
    if (config_bytes != 0)
        TSR_TRY(tsr_annotate(tsr_config_parse((const char *)c.at, config_bytes, "configuration", &p->config), "offset %llu",
                             (unsigned long long)(s->offset + TEXT_FIXED_BYTES)));
    uint64_t id = config_bytes != 0 ? tsr_config_id(&p->config) : 0;
    if (id != h->config_id)
        return tsr_error(TSR_CORRUPT, "offset 32: configuration id %016llx, the configuration inside has %016llx",
                         (unsigned long long)h->config_id, (unsigned long long)id);
    return tsr_ok();
}

static tsr_status read_ios(const uint8_t *bytes, const section *s, uint32_t *out_count, tsr_io **out_ios) {
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + s->offset};
    *out_ios = calloc(s->count + 1U, sizeof **out_ios);
    if (*out_ios == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%u tensors", s->count);
    *out_count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        io_fields(&c, &(*out_ios)[i]);
        if (c.bad)
            return tsr_error(TSR_CORRUPT, "offset %llu: tensor %u has an impossible field",
                             (unsigned long long)(s->offset + (uint64_t)i * IO_BYTES), i);
    }
    return tsr_ok();
}

static tsr_status read_steps(const uint8_t *bytes, const section *s, tsr_program *p) {
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + s->offset};
    p->steps = calloc(s->count + 1U, sizeof *p->steps);
    if (p->steps == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%u steps", s->count);
    p->step_count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        step_fields(&c, &p->steps[i]);
        if (c.bad)
            return tsr_error(TSR_CORRUPT, "offset %llu: step %u has an impossible field",
                             (unsigned long long)(s->offset + (uint64_t)i * STEP_BYTES), i);
    }
    return tsr_ok();
}

static tsr_status read_layers(const uint8_t *bytes, const section *s, tsr_program *p) {
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + s->offset};
    p->layers = calloc(s->count + 1U, sizeof *p->layers);
    if (p->layers == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%u layers", s->count);
    p->layer_count = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        layer_fields(&c, &p->layers[i]);
        if (c.bad)
            return tsr_error(TSR_CORRUPT, "offset %llu: layer %u has an impossible field",
                             (unsigned long long)(s->offset + (uint64_t)i * LAYER_BYTES), i);
    }
    return tsr_ok();
}

static tsr_status read_code(const uint8_t *bytes, const section *kinds, const section *entries, tsr_program *p) {
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes + kinds->offset};
    p->kinds = calloc(kinds->count + 1U, sizeof *p->kinds);
    p->entries = calloc(entries->count + 1U, sizeof *p->entries);
    if (p->kinds == NULL || p->entries == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%u kinds of host code with %u functions", kinds->count, entries->count);
    p->kind_count = kinds->count;
    p->function_count = kinds->count != 0 ? entries->count / kinds->count : 0;
    if ((uint64_t)p->kind_count * p->function_count != entries->count)
        return tsr_error(TSR_CORRUPT, "offset %llu: %u functions of %u kinds of host code", (unsigned long long)entries->offset,
                         entries->count, kinds->count);
    for (uint32_t i = 0; i < kinds->count; i++)
        field_text(&c, p->kinds[i].features, sizeof p->kinds[i].features);
    if (c.bad)
        return tsr_error(TSR_CORRUPT, "offset %llu: a list of CPU features is not terminated or has control characters",
                         (unsigned long long)kinds->offset);
    c.at = (uint8_t *)(uintptr_t)bytes + entries->offset;
    for (uint32_t i = 0; i < entries->count; i++)
        field_u32(&c, &p->entries[i]);
    return tsr_ok();
}

static tsr_status read_blob(const uint8_t *bytes, const section *s, uint8_t **out_blob, uint64_t *out_size) {
    *out_blob = malloc(s->size + 1);
    if (*out_blob == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%llu bytes", (unsigned long long)s->size);
    memcpy(*out_blob, bytes + s->offset, s->size);
    *out_size = s->size;
    return tsr_ok();
}

static tsr_status read_program(const uint8_t *bytes, size_t size, tsr_program *p) {
    header h;
    section sections[SECTION_COUNT];
    TSR_TRY(read_header(bytes, size, &h));
    TSR_TRY(read_sections(bytes, size, sections));
    p->isa_version = h.isa_version;
    p->work_bytes = h.work_bytes;
    TSR_TRY(read_text(bytes, &sections[SECTION_TEXT - 1], &h, p));
    TSR_TRY(read_ios(bytes, &sections[SECTION_INPUTS - 1], &p->input_count, &p->inputs));
    TSR_TRY(read_ios(bytes, &sections[SECTION_OUTPUTS - 1], &p->output_count, &p->outputs));
    TSR_TRY(read_steps(bytes, &sections[SECTION_STEPS - 1], p));
    TSR_TRY(read_layers(bytes, &sections[SECTION_LAYERS - 1], p));
    TSR_TRY(read_code(bytes, &sections[SECTION_KINDS - 1], &sections[SECTION_ENTRIES - 1], p));
    TSR_TRY(read_blob(bytes, &sections[SECTION_CONST - 1], &p->const_data, &p->const_bytes));
    TSR_TRY(read_blob(bytes, &sections[SECTION_CODE - 1], &p->code, &p->code_bytes));
    return tsr_program_check(p);
}

tsr_status tsr_program_parse(const uint8_t *bytes, size_t size, const char *file_name, tsr_program **out_program) {
    *out_program = NULL;
    tsr_program *program = calloc(1, sizeof *program);
    if (program == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory", file_name);
    tsr_status status = tsr_annotate(read_program(bytes, size, program), "%s", file_name);
    if (status.code != TSR_OK) {
        tsr_program_free(program);
        return status;
    }
    *out_program = program;
    return status;
}

static tsr_status read_file(const char *path, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(errno == ENOENT ? TSR_NOT_FOUND : TSR_IO, "%s: %s", path, strerror(errno));
    struct stat info;
    tsr_status status = tsr_ok();
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode))
        status = tsr_error(TSR_IO, "%s: not an ordinary file", path);
    else if ((uint64_t)info.st_size > TSR_PROGRAM_MAX_CONST + 2 * TSR_PROGRAM_MAX_CODE)
        status = tsr_error(TSR_CORRUPT, "%s: %lld bytes are more than a compiled model can have", path, (long long)info.st_size);
    if (status.code == TSR_OK) {
        size_t size = (size_t)info.st_size;
        uint8_t *bytes = malloc(size + 1);
        if (bytes == NULL) {
            status = tsr_error(TSR_OUT_OF_MEMORY, "%s: %zu bytes", path, size);
        } else if (fread(bytes, 1, size, file) != size) {
            status = tsr_error(TSR_IO, "%s: cannot read all of it", path);
            free(bytes);
        } else {
            *out_bytes = bytes;
            *out_size = size;
        }
    }
    fclose(file);
    return status;
}

tsr_status tsr_program_load(const char *path, tsr_program **out_program) {
    *out_program = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    TSR_TRY(read_file(path, &bytes, &size));
    tsr_status status = tsr_program_parse(bytes, size, path, out_program);
    free(bytes);
    return status;
}

void tsr_program_free(tsr_program *program) {
    if (program == NULL)
        return;
    free(program->inputs);
    free(program->outputs);
    free(program->steps);
    free(program->layers);
    free(program->kinds);
    free(program->entries);
    free(program->const_data);
    free(program->code);
    free(program);
}
