// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "file.h"
#include "tsr/asm.h"

enum { SOURCE_LIMIT = 256 << 20 };

static tsr_status assemble(const char *path, const char *output) {
    uint8_t *text;
    size_t size;
    TSR_TRY(file_read(path, SOURCE_LIMIT, &text, &size));
    tsr_assembly assembly;
    tsr_status status = tsr_assemble((const char *)text, size, path, &assembly);
    free(text);
    if (status.code != TSR_OK)
        return status;
    const file_part part = {assembly.bytes, assembly.size};
    status = file_write(output, &part, 1);
    if (status.code == TSR_OK)
        printf("%s: %zu bytes, %u instructions at byte %u\n", output, assembly.size, assembly.insn_count, assembly.insn_offset);
    tsr_assembly_free(&assembly);
    return status;
}

int cli_asm(int argc, char **argv) {
    const char *output = NULL;
    const cli_option options[] = {
        {OPTION_TEXT, "-o", "FILE", &output, "where the image goes"},
        {0},
    };
    const cli_command command = {
        "asm",
        "assemble Tessera instructions",
        "SOURCE -o FILE",
        1,
        1,
        options,
        "The language is in isa/spec.md, section 9. The image is what is loaded at the start of segment 0.\n",
        "  tessera asm add_one.s -o add_one.bin\n",
    };
    const char *source[1];
    int code;
    if (!cli_parse(&command, argc, argv, source, &code))
        return code;
    if (output == NULL)
        return cli_misuse("asm", "say with -o where the image goes");
    return cli_finish(assemble(source[0], output));
}
