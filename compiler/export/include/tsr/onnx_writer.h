// SPDX-License-Identifier: Apache-2.0
// Writes ONNX files: a graph is built node by node, in execution order, and serialised through protobuf-c. Nothing here knows
// what an operator means; names must be unique, and the caller follows the operator specification of the opset it states.
//
//   tsr_onnx_writer *w = tsr_onnx_writer_create("net", 13);
//   tsr_onnx_input(w, "x", TSR_F32, 2, (int64_t[]){1, 8});
//   const char *zero = tsr_onnx_constant(w, "zero", TSR_F32, 0, NULL, &(float){0});
//   tsr_onnx_attribute none[] = {{0}};
//   tsr_onnx_node(w, "Max", 2, (const char *[]){"x", zero}, "y", none);
//   tsr_onnx_output(w, "y", TSR_F32, 2, (int64_t[]){1, 8});
//   tsr_onnx_serialise(w, &bytes, &size);
//   tsr_onnx_writer_free(w);
#ifndef TSR_ONNX_WRITER_H
#define TSR_ONNX_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/dtype.h"
#include "tsr/status.h"

typedef struct tsr_onnx_writer tsr_onnx_writer;

// opset: version of the standard operator set; the file format's version is the one that came with it (13: 7, 17: 8).
tsr_onnx_writer *tsr_onnx_writer_create(const char *graph_name, int64_t opset);
void tsr_onnx_writer_free(tsr_onnx_writer *writer); // NULL is fine
// Memory that lives as long as the writer, for names made up by the caller.
tsr_arena *tsr_onnx_arena(tsr_onnx_writer *writer);

void tsr_onnx_input(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape);
void tsr_onnx_output(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape);

// An initialiser; copies dense row-major data. Returns the name (copied).
const char *tsr_onnx_constant(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape,
                              const void *data);

// One attribute of a node; a list ends with one whose name is NULL.
typedef struct tsr_onnx_attribute {
    const char *name;
    enum { TSR_ONNX_INT, TSR_ONNX_FLOAT, TSR_ONNX_STRING, TSR_ONNX_INTS, TSR_ONNX_FLOATS } kind;
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;   // count of them; copied
    const float *floats;
    uint32_t count;
} tsr_onnx_attribute;

// A node with one output, which is also its name. An input "" is an optional one left out. attributes: may be NULL.
// Returns the output's name (copied).
const char *tsr_onnx_node(tsr_onnx_writer *writer, const char *op, uint32_t input_count, const char *const *inputs,
                          const char *output, const tsr_onnx_attribute *attributes);
// The same with several outputs; the name is that of the first.
void tsr_onnx_node_outputs(tsr_onnx_writer *writer, const char *op, uint32_t input_count, const char *const *inputs,
                           uint32_t output_count, const char *const *outputs, const tsr_onnx_attribute *attributes);

// Another name for the node that was added last (copied).
void tsr_onnx_name_node(tsr_onnx_writer *writer, const char *name);

// The file's bytes; free() them. OUT_OF_MEMORY, or UNSUPPORTED for a model over 2 GiB, which protobuf cannot hold.
tsr_status tsr_onnx_serialise(const tsr_onnx_writer *writer, uint8_t **out_bytes, size_t *out_size);

#endif
