// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/import.h"

#define MAX_FILE_BYTES ((size_t)INT32_MAX)

static tsr_status read_stream(FILE *file, const char *path, unsigned char **out_bytes, size_t *out_size) {
    // Not by the size that the file claims: pipes have none.
    size_t capacity = 1 << 16, size = 0;
    unsigned char *bytes = NULL;
    for (;;) {
        unsigned char *larger = realloc(bytes, capacity);
        if (larger == NULL) {
            free(bytes);
            return tsr_error(TSR_OUT_OF_MEMORY, "%s: not enough memory to read it", path);
        }
        bytes = larger;
        size += fread(bytes + size, 1, capacity - size, file);
        if (size < capacity)
            break;
        if (size >= MAX_FILE_BYTES) {
            free(bytes);
            return tsr_error(TSR_UNSUPPORTED, "%s: larger than 2 GiB", path);
        }
        capacity = capacity > MAX_FILE_BYTES / 2 ? MAX_FILE_BYTES : capacity * 2;
    }
    if (ferror(file)) {
        free(bytes);
        return tsr_error(TSR_IO, "%s: %s", path, strerror(errno));
    }
    *out_bytes = bytes;
    *out_size = size;
    return tsr_ok();
}

tsr_status tsr_import_read_file(const char *path, unsigned char **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(errno == ENOENT ? TSR_NOT_FOUND : TSR_IO, "%s: %s", path, strerror(errno));
    tsr_status status = read_stream(file, path, out_bytes, out_size);
    fclose(file);
    return status;
}

// The passes compute the integer arithmetic themselves, also of a graph that was printed after they had.
static tsr_status import_text(const char *text, size_t size, const char *file_name, const tsr_import_options *options,
                              tsr_graph **out_graph) {
    if (options != NULL && options->bound_count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: inputs of a graph in text form cannot be bound; write a const line", file_name);
    TSR_TRY(tsr_graph_parse(text, size, file_name, out_graph));
    for (uint32_t n = 0; n < (*out_graph)->node_count; n++)
        (*out_graph)->nodes[n].requant = (tsr_requant){0};
    return tsr_ok();
}

tsr_status tsr_import_bytes(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                            tsr_graph **out_graph) {
    *out_graph = NULL;
    if (size == 0)
        return tsr_error(TSR_CORRUPT, "%s: the file is empty", file_name);
    if (size >= 8 && memcmp((const char *)bytes + 4, "TFL3", 4) == 0)
        return tsr_import_tflite(bytes, size, file_name, options, out_graph);
    if (tsr_graph_is_text(bytes, size))
        return import_text(bytes, size, file_name, options, out_graph);
    return tsr_import_onnx(bytes, size, file_name, options, out_graph);
}

tsr_status tsr_import_file(const char *path, const tsr_import_options *options, tsr_graph **out_graph) {
    *out_graph = NULL;
    unsigned char *bytes;
    size_t size;
    TSR_TRY(tsr_import_read_file(path, &bytes, &size));
    tsr_status status = tsr_import_bytes(bytes, size, path, options, out_graph);
    free(bytes);
    return status;
}
