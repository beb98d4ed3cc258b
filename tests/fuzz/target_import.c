// SPDX-License-Identifier: Apache-2.0
// By itself: the graph's tensors and the runtime's have one name, so one file does not see both.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets.h"
#include "tsr/import.h"

typedef tsr_status reader(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                          tsr_graph **out_graph);

static const char *import(reader *read, const uint8_t *data, size_t size) {
    tsr_graph *graph = NULL;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = read(data, size, FUZZ_INPUT_NAME, NULL, &graph);
    const char *complaint = NULL;
    if (status.code != TSR_OK) {
        complaint = graph != NULL ? "a graph in spite of an error" : fuzz_check_error(status);
    } else {
        status = tsr_graph_verify(graph);
        complaint = status.code != TSR_OK ? fuzz_complain("an imported graph that is none", status) : NULL;
    }
    tsr_graph_free(graph);
    return complaint;
}

const char *fuzz_import(const uint8_t *data, size_t size) { return import(tsr_import_bytes, data, size); }
const char *fuzz_onnx(const uint8_t *data, size_t size) { return import(tsr_import_onnx, data, size); }
const char *fuzz_tflite(const uint8_t *data, size_t size) { return import(tsr_import_tflite, data, size); }

// ---- the text form
static char *print(const tsr_graph *graph, size_t *out_size) {
    char *text = NULL;
    FILE *file = open_memstream(&text, out_size);
    if (file == NULL)
        abort();
    tsr_graph_print(graph, TSR_PRINT_ALL, file);
    fclose(file);
    return text;
}

static const char *check_printed(const tsr_graph *graph) {
    size_t size, again_size = 0;
    char *text = print(graph, &size), *again_text = NULL;
    tsr_graph *again = NULL;
    tsr_status status = tsr_graph_parse(text, size, FUZZ_INPUT_NAME, &again);
    const char *complaint = status.code != TSR_OK ? fuzz_complain("a printed graph cannot be read", status) : NULL;
    if (complaint == NULL) {
        again_text = print(again, &again_size);
        if (size != again_size || memcmp(text, again_text, size) != 0)
            complaint = "a printed graph prints another text when read back";
    }
    tsr_graph_free(again);
    free(text);
    free(again_text);
    return complaint;
}

const char *fuzz_graph(const uint8_t *data, size_t size) {
    tsr_graph *graph = NULL;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_graph_parse((const char *)data, size, FUZZ_INPUT_NAME, &graph);
    if (status.code != TSR_OK)
        return graph != NULL ? "a graph in spite of an error" : fuzz_check_error(status);
    uint64_t bytes = 0; // a short text can ask for much data, which takes long to print
    for (uint32_t t = 0; t < graph->tensor_count; t++)
        bytes += graph->tensors[t].data != NULL ? tsr_tensor_bytes(&graph->tensors[t]) : 0;
    const char *complaint = bytes < 1 << 20 ? check_printed(graph) : NULL;
    tsr_graph_free(graph);
    return complaint;
}
