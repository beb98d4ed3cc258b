// SPDX-License-Identifier: Apache-2.0
// Compiled models out of files, which are hostile until checked.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "program_file.h"

// The part of the file that must be right before anything else is looked at.
static tsr_status read_header(const uint8_t *bytes, size_t size, header *out_header) {
    memset(out_header, 0, sizeof *out_header);
    if (size < sizeof PROGRAM_MAGIC || memcmp(bytes, PROGRAM_MAGIC, sizeof PROGRAM_MAGIC) != 0)
        return tsr_error(TSR_CORRUPT, "offset 0: not a compiled model (no TESSERA signature); `tessera compile` makes one");
    if (size < FIRST_SECTION)
        return tsr_error(TSR_CORRUPT, "offset %zu: the file ends inside its header", size);
    cursor c = {.at = (uint8_t *)(uintptr_t)bytes};
    program_header_fields(&c, out_header);
    if (out_header->version != TSR_PROGRAM_VERSION)
        return tsr_error(TSR_MISMATCH, "offset 8: format version %u, this build reads %d; compile the model again",
                         out_header->version, TSR_PROGRAM_VERSION);
    if (out_header->file_bytes != size)
        return tsr_error(TSR_CORRUPT, "offset 16: the file says that it has %llu bytes, there are %zu; truncated?",
                         (unsigned long long)out_header->file_bytes, size);
    uint32_t crc = program_crc(bytes, size);
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
        program_section_fields(&c, s);
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
    if (program_lay_out(expected) != size)
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
    program_text_fields(&c, p);
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
        program_io_fields(&c, &(*out_ios)[i]);
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
        program_step_fields(&c, &p->steps[i]);
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
        program_layer_fields(&c, &p->layers[i]);
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
        program_field_text(&c, p->kinds[i].features, sizeof p->kinds[i].features);
    if (c.bad)
        return tsr_error(TSR_CORRUPT, "offset %llu: a list of CPU features is not terminated or has control characters",
                         (unsigned long long)kinds->offset);
    c.at = (uint8_t *)(uintptr_t)bytes + entries->offset;
    for (uint32_t i = 0; i < entries->count; i++)
        program_field_u32(&c, &p->entries[i]);
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
