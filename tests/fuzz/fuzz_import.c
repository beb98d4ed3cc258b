// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry point for model files:
//   clang -g -O1 -fsanitize=fuzzer,address,undefined <includes> tests/fuzz/fuzz_import.c <sources of import, graph, isa> -lprotobuf-c -lm
#include "tsr/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tsr_graph *graph;
    if (tsr_import_bytes(data, size, "fuzz", NULL, &graph).code == TSR_OK && tsr_graph_verify(graph).code != TSR_OK)
        __builtin_trap(); // an imported graph is a valid one
    tsr_graph_free(graph);
    return 0;
}
