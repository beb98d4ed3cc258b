// SPDX-License-Identifier: Apache-2.0
// By itself: the graph's tensors and the runtime's have one name, so one file does not see both.
#include "targets.h"
#include "tsr/import.h"

const char *fuzz_import(const uint8_t *data, size_t size) {
    tsr_graph *graph = NULL;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_import_bytes(data, size, FUZZ_INPUT_NAME, NULL, &graph);
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
