// SPDX-License-Identifier: Apache-2.0
// The C header of a model that is linked into a program.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

enum { NAME_BYTES = 64 };

tsr_status tsr_embedded_check(const char *name) {
    size_t length = strlen(name);
    bool good = length > 0 && length < NAME_BYTES && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < length; i++)
        good = good && ((unsigned char)name[i] < 0x80) && (isalnum((unsigned char)name[i]) || name[i] == '_');
    return good ? tsr_ok()
                : tsr_error(
                      TSR_INVALID_ARGUMENT,
                      "'%.80s' cannot be the name of a model in C: it takes letters, digits and _, no digit first, at most %d",
                      name, NAME_BYTES - 1);
}

void tsr_embedded_free(tsr_embedded *embedded) {
    free(embedded->object);
    free(embedded->header);
    embedded->object = NULL;
    embedded->header = NULL;
}

// Names come from model files: nothing that ends a comment line.
static void print_name(const char *name, FILE *out) {
    for (; *name != '\0'; name++)
        fputc(*name == '\\' || (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name, out);
}

static const char *c_type(tsr_dtype dtype) {
    switch (dtype) {
    case TSR_I8: return "int8_t";
    case TSR_U8: return "uint8_t";
    case TSR_I16: return "int16_t";
    case TSR_U16: return "uint16_t";
    case TSR_I32: return "int32_t";
    case TSR_U32: return "uint32_t";
    case TSR_I64: return "int64_t";
    case TSR_U64: return "uint64_t";
    case TSR_F32: return "float";
    case TSR_F64: return "double";
    case TSR_F16:
    case TSR_BF16: return "uint16_t"; // the bits
    default: return "uint8_t"; // bool: 0 or 1
    }
}

static void print_io(const tsr_io *io, const char *prefix, const char *kind, uint32_t index, FILE *out) {
    fprintf(out, "\n// %s %u: ", kind[0] == 'I' ? "Input" : "Output", index);
    print_name(io->name, out);
    if (io->rank == 4)
        fprintf(out, ", %s", io->channels_last ? "NHWC" : "NCHW");
    if (io->scale != 0)
        fprintf(out, "; real value = SCALE * (q - ZERO_POINT)");
    fprintf(out, "\n#define %s_%s_%u_TYPE %s\n", prefix, kind, index, c_type(io->dtype));
    fprintf(out, "#define %s_%s_%u_ELEMENTS %llu\n", prefix, kind, index,
            (unsigned long long)(io->bytes / tsr_dtype_size(io->dtype)));
    fprintf(out, "#define %s_%s_%u_RANK %u\n#define %s_%s_%u_SHAPE {", prefix, kind, index, io->rank, prefix, kind, index);
    for (uint32_t d = 0; d < io->rank; d++)
        fprintf(out, "%s%u", d > 0 ? ", " : "", io->shape[d]);
    fprintf(out, "%s}\n", io->rank == 0 ? "1" : "");
    if (io->scale != 0)
        fprintf(out, "#define %s_%s_%u_SCALE %.9gf\n#define %s_%s_%u_ZERO_POINT %d\n", prefix, kind, index, (double)io->scale,
                prefix, kind, index, (int)io->zero_point);
}

static void print_header(const char *name, const tsr_program *p, const char *target, const char *features, FILE *out) {
    char prefix[NAME_BYTES];
    size_t length = strlen(name);
    for (size_t i = 0; i <= length; i++)
        prefix[i] = (char)toupper((unsigned char)name[i]);
    fprintf(out, "// Model ");
    print_name(p->model_name, out);
    fprintf(out, ", compiled by Tessera for %s%s%s.\n", target, features[0] != '\0' ? " with " : "", features);
    fprintf(out, "#ifndef %s_H\n#define %s_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", prefix,
            prefix);
    fprintf(out, "#define %s_INPUTS %u\n#define %s_OUTPUTS %u\n", prefix, p->input_count, prefix, p->output_count);
    for (uint32_t i = 0; i < p->input_count; i++)
        print_io(&p->inputs[i], prefix, "INPUT", i, out);
    for (uint32_t i = 0; i < p->output_count; i++)
        print_io(&p->outputs[i], prefix, "OUTPUT", i, out);
    fprintf(out,
            "\n// Memory for all activations; what is in it before does not matter.\n#define %s_ARENA_BYTES %llu\n"
            "#define %s_ARENA_ALIGNMENT 64\n\n",
            prefix, (unsigned long long)(p->work_bytes > 0 ? p->work_bytes : 1), prefix);
    fprintf(out,
            "// Runs the model once: reads the inputs, dense and in row-major order, writes the outputs. Cannot fail, allocates\n"
            "// nothing, keeps nothing: calls with arenas of their own may run at the same time.\n"
            "void %s_invoke(const void *const inputs[], void *const outputs[], void *arena);\n\n",
            name);
    fprintf(out, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}

tsr_status write_header(const compilation *c, const tsr_program *program, const char *features) {
    tsr_embedded *e = c->options->embedded;
    FILE *out = open_memstream(&e->header, &e->header_bytes);
    if (out == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a header");
    print_header(e->name, program, c->options->target != NULL ? c->options->target : "this computer", features, out);
    return fclose(out) == 0 ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for a header");
}
