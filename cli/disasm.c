// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "model.h"
#include "tsr/asm.h"

enum { IMAGE_LIMIT = 1 << 30, BYTES_A_LINE = 16, TO_FINISH = UINT32_MAX };

static void print_insn(const uint8_t *word) {
    char line[TSR_ASM_LINE_BYTES];
    tsr_insn_print(word, line, sizeof line);
    puts(line);
}

static bool is_finish(const uint8_t *word) {
    char line[TSR_ASM_LINE_BYTES];
    tsr_insn_print(word, line, sizeof line);
    return strncmp(line, "finish", 6) == 0;
}

static void print_bytes(const uint8_t *bytes, size_t begin, size_t end) {
    for (size_t at = begin; at < end; at += BYTES_A_LINE) {
        printf(".byte ");
        for (size_t i = at; i < end && i < at + BYTES_A_LINE; i++)
            printf("%s%u", i > at ? ", " : "", bytes[i]);
        putchar('\n');
    }
}

// Instructions, and whatever lies around them as bytes, so that assembling the text gives the image again.
static tsr_status list_image(const char *path, const uint8_t *bytes, size_t size, uint32_t offset, uint32_t count) {
    if (offset % TSR_INSN_BYTES != 0 || offset > size)
        return tsr_error(TSR_OUT_OF_RANGE, "%s: --offset %u: instructions start at a multiple of %d inside the file's %zu bytes",
                         path, offset, TSR_INSN_BYTES, size);
    size_t there = (size - offset) / TSR_INSN_BYTES;
    if (count != TO_FINISH && count > there)
        return tsr_error(TSR_OUT_OF_RANGE, "%s: --count %u: the file has room for %zu instructions after byte %u", path, count,
                         there, offset);
    print_bytes(bytes, 0, offset);
    size_t at = offset;
    for (size_t i = 0; i < (count != TO_FINISH ? count : there); i++) {
        const uint8_t *word = bytes + at;
        print_insn(word);
        at += TSR_INSN_BYTES;
        if (count == TO_FINISH && is_finish(word))
            break;
    }
    print_bytes(bytes, at, size);
    return tsr_ok();
}

static const tsr_layer *layer_at(const tsr_program *program, const tsr_step *step, uint32_t insn) {
    for (uint32_t i = 0; i < step->layer_count; i++) {
        const tsr_layer *layer = &program->layers[step->first_layer + i];
        if (layer->insn_count != 0 && layer->first_insn == insn)
            return layer;
    }
    return NULL;
}

static void list_program(const tsr_program *program) {
    printf("# %s for configuration %s, instruction set %u.%u\n", program->model_name, program->config.name,
           program->isa_version >> 16, program->isa_version & 0xffff);
    for (uint32_t s = 0; s < program->step_count; s++) {
        const tsr_step *step = &program->steps[s];
        printf("\n# step %u: layers %u to %u on the %s", s, step->first_layer,
               step->first_layer + step->layer_count - (step->layer_count != 0),
               step->kind == TSR_STEP_HOST ? "CPU\n" : "accelerator");
        if (step->kind == TSR_STEP_HOST)
            continue;
        printf(", %u instructions at byte %u of segment 0\n", step->insn_count, step->insn_offset);
        for (uint32_t i = 0; i < step->insn_count; i++) {
            const tsr_layer *layer = layer_at(program, step, i);
            if (layer != NULL)
                printf("# %s (%s)\n", layer->name, layer->op);
            print_insn(program->const_data + step->insn_offset + (size_t)i * TSR_INSN_BYTES);
        }
    }
}

static tsr_status disassemble(const char *path, uint32_t offset, uint32_t count) {
    bool compiled;
    TSR_TRY(model_is_compiled(path, &compiled));
    if (compiled) {
        tsr_program *program;
        TSR_TRY(tsr_program_load(path, &program));
        list_program(program);
        tsr_program_free(program);
        return tsr_ok();
    }
    uint8_t *bytes;
    size_t size;
    TSR_TRY(file_read(path, IMAGE_LIMIT, &bytes, &size));
    tsr_status status = list_image(path, bytes, size, offset, count);
    free(bytes);
    return status;
}

int cli_disasm(int argc, char **argv) {
    uint32_t offset = 0, count = TO_FINISH;
    const cli_option options[] = {
        {OPTION_NUMBER, "--offset", "N", &offset, "byte at which the instructions of an image start (default 0)"},
        {OPTION_NUMBER, "--count", "N", &count, "how many there are (default: up to the first finish)"},
        {0},
    };
    const cli_command command = {
        "disasm",
        "list the instructions of an image or a compiled model",
        "FILE [OPTIONS]",
        1,
        1,
        options,
        "FILE is an image of `tessera asm` or a compiled model (.tsr). Of an image, what is no instruction is listed as\n"
        "bytes: the listing assembles to the same image.\n",
        "  tessera disasm add_one.bin\n"
        "  tessera disasm digits.tsr\n",
    };
    const char *file[1];
    int code;
    if (!cli_parse(&command, argc, argv, file, &code))
        return code;
    return cli_finish(disassemble(file[0], offset, count));
}
