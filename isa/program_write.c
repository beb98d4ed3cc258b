// SPDX-License-Identifier: Apache-2.0
// Compiled models into files.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program_file.h"

static void write_records(uint8_t *file, const section *sections, const tsr_program *p) {
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const section *s = &sections[i];
        cursor c = {.at = file + s->offset, .writing = true};
        for (uint32_t n = 0; n < s->count; n++) {
            // The field functions take non-const records for the reader's sake: give them copies.
            if (s->kind == SECTION_INPUTS || s->kind == SECTION_OUTPUTS) {
                tsr_io io = s->kind == SECTION_INPUTS ? p->inputs[n] : p->outputs[n];
                program_io_fields(&c, &io);
            } else if (s->kind == SECTION_STEPS) {
                tsr_step step = p->steps[n];
                program_step_fields(&c, &step);
            } else if (s->kind == SECTION_LAYERS) {
                tsr_layer layer = p->layers[n];
                program_layer_fields(&c, &layer);
            } else if (s->kind == SECTION_KINDS) {
                tsr_code_kind kind = p->kinds[n];
                program_field_text(&c, kind.features, sizeof kind.features);
            } else if (s->kind == SECTION_ENTRIES) {
                uint32_t entry = p->entries[n];
                program_field_u32(&c, &entry);
            }
        }
    }
}

tsr_status tsr_program_serialise(const tsr_program *program, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    TSR_TRY(tsr_program_check(program));

    char config_text[TSR_CONFIG_TEXT_BYTES];
    size_t config_bytes = program_has_config(program) ? tsr_config_print(&program->config, config_text, sizeof config_text) : 0;
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
    size_t size = (size_t)program_lay_out(sections);
    uint8_t *file = calloc(1, size);
    if (file == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "a compiled model of %zu bytes", size);

    header h = {
        .version = TSR_PROGRAM_VERSION,
        .isa_version = program->isa_version,
        .file_bytes = size,
        .config_id = program_has_config(program) ? tsr_config_id(&program->config) : 0,
        .work_bytes = program->work_bytes,
    };
    cursor c = {.at = file, .writing = true};
    program_header_fields(&c, &h);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        program_section_fields(&c, &sections[i]);

    tsr_program texts = *program;
    c.at = file + sections[SECTION_TEXT - 1].offset;
    program_text_fields(&c, &texts);
    if (config_bytes != 0)
        memcpy(c.at, config_text, config_bytes);
    write_records(file, sections, program);
    if (program->const_bytes != 0)
        memcpy(file + sections[SECTION_CONST - 1].offset, program->const_data, program->const_bytes);
    if (program->code_bytes != 0)
        memcpy(file + sections[SECTION_CODE - 1].offset, program->code, program->code_bytes);

    uint32_t crc = program_crc(file, size);
    c.at = file + CRC_OFFSET;
    program_field_u32(&c, &crc);
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
