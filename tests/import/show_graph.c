// SPDX-License-Identifier: Apache-2.0
// Prints the graph that a model file is imported as: show_graph MODEL [BATCH]
#include <stdlib.h>

#include "tsr/import.h"

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s MODEL [BATCH]\n", argv[0]);
        return 2;
    }
    const tsr_import_options options = {.batch = argc > 2 ? strtol(argv[2], NULL, 10) : 1};
    tsr_graph *graph;
    tsr_status status = tsr_import_file(argv[1], &options, &graph);
    if (status.code != TSR_OK) {
        fprintf(stderr, "show_graph: %s\n", status.message);
        return 1;
    }
    tsr_graph_print(graph, TSR_PRINT_SMALL, stdout);
    uint64_t macs = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        macs += tsr_node_macs(graph, &graph->nodes[n]);
    printf("%lu multiply-accumulates\n", (unsigned long)macs);
    tsr_graph_free(graph);
    return 0;
}
