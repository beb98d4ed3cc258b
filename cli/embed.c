// SPDX-License-Identifier: Apache-2.0
#include "embed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "file.h"

bool embed_parse(const char *text, embed_parts *out_parts) {
    *out_parts = (embed_parts){0};
    if (text == NULL || strcmp(text, "program") == 0)
        return true;
    out_parts->object = strcmp(text, "header") != 0;
    out_parts->header = strcmp(text, "object") != 0;
    return strcmp(text, "object") == 0 || strcmp(text, "header") == 0 || strcmp(text, "object,header") == 0 ||
           strcmp(text, "header,object") == 0;
}

// "out/mobilenet-v2.o" is files out/mobilenet-v2.* and symbols mobilenet_v2_*.
static tsr_status names_of(const char *output, char *path, char *symbol, size_t size) {
    int length = snprintf(path, size, "%s", output);
    if (length < 0 || (size_t)length >= size)
        return tsr_error(TSR_INVALID_ARGUMENT, "-o: the name is too long");
    char *ending = length > 2 ? path + length - 2 : path;
    if (strcmp(ending, ".o") == 0 || strcmp(ending, ".h") == 0)
        *ending = '\0';
    const char *slash = strrchr(path, '/');
    snprintf(symbol, size, "%s", slash != NULL ? slash + 1 : path);
    for (char *c = symbol; *c != '\0'; c++)
        if (*c == '-' || *c == '.' || *c == ' ')
            *c = '_';
    return tsr_annotate(tsr_embedded_check(symbol), "-o %s", output);
}

static tsr_status write_part(const char *path, const char *ending, const void *bytes, size_t size) {
    char full[4096 + 4];
    snprintf(full, sizeof full, "%s%s", path, ending);
    return file_write(full, &(file_part){bytes, size}, 1);
}

tsr_status embed_model(const char *model, const model_arguments *arguments, tsr_compile_options options, embed_parts parts,
                       const char *output) {
    char path[4096], symbol[4096];
    tsr_embedded embedded = {.name = symbol};
    tsr_program *program = NULL;
    TSR_TRY(names_of(output, path, symbol, sizeof path));
    options.embedded = &embedded;
    tsr_status status = model_compile(model, arguments, options, &program);
    if (status.code == TSR_OK && parts.object)
        status = write_part(path, ".o", embedded.object, embedded.object_bytes);
    if (status.code == TSR_OK && parts.header)
        status = write_part(path, ".h", embedded.header, embedded.header_bytes);
    if (status.code == TSR_OK)
        printf("%s%s: %s_invoke, %u layers on the CPU, %s bytes of constants, an arena of %s bytes\n", path,
               !parts.header   ? ".o"
               : !parts.object ? ".h"
                               : ".o and .h",
               symbol, program->layer_count, count_text(program->const_bytes), count_text(program->work_bytes));
    tsr_program_free(program);
    tsr_embedded_free(&embedded);
    return status;
}
