// SPDX-License-Identifier: Apache-2.0
// Model files in, graphs out. Files are untrusted: every offset, length and shape is checked before it is used, and what
// is allocated stays within a fixed multiple of the file's size.
//
// A graph that comes out has passed tsr_graph_verify. A graph that does not is an error which names the file and the node,
// operator and attribute (TSR_UNSUPPORTED: well-formed, but outside of what Tessera does; says what would work) or the
// place in the file (TSR_CORRUPT).
#ifndef TSR_IMPORT_H
#define TSR_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/graph.h"
#include "tsr/import_tensor.h"
#include "tsr/status.h"

typedef struct tsr_import_options {
    int64_t batch; // what a symbolic first extent of an input becomes; 0 means 1
    // "NAME=N": what the symbolic extent NAME of the inputs becomes, before `batch`. A name that no input has is an error. ONNX only.
    uint32_t dim_count;
    const char *const *dims;
    // Graph inputs with a value known now: they become constants. For models that take weights, shapes or scales as inputs.
    uint32_t bound_count;
    const tsr_import_tensor *bound;
    // Computes what models compute of shapes and constants (tsr_evaluate_node). NULL: only the graph's own constant folding.
    tsr_evaluator *evaluate;
    tsr_problems *problems; // everything that is not supported is added here; NULL: only the status tells
} tsr_import_options;

// By content: ONNX, TFLite, or a graph in text form. NULL options: batch 1, nothing bound. The caller frees the graph; it
// does not refer to the file or to the options any more.
tsr_status tsr_import_file(const char *path, const tsr_import_options *options, tsr_graph **out_graph);
tsr_status tsr_import_bytes(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                            tsr_graph **out_graph);
tsr_status tsr_import_onnx(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                           tsr_graph **out_graph);
// Bound inputs and named extents do not exist in TFLite (TSR_UNSUPPORTED).
tsr_status tsr_import_tflite(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                             tsr_graph **out_graph);

#endif
