// SPDX-License-Identifier: Apache-2.0
// A graph on its way into an ONNX file. The graph's pictures are channels last, ONNX's are channels first; so a tensor of the
// graph is a *view* of a value of the file: extent i of the tensor is extent perm[i] of the value. A Transpose of the graph is
// another view of the same value, and a node of the file appears only where a view cannot be had for nothing.
#ifndef QUANTIZE_WRITE_H
#define QUANTIZE_WRITE_H

#include "tsr/graph.h"
#include "tsr/onnx_writer.h"

#define NO_VALUE UINT32_MAX

typedef struct view {
    uint32_t value;
    int64_t perm[TSR_MAX_RANK];
} view;

typedef struct writing writing;
const tsr_graph *written_graph(const writing *w);
tsr_arena *written_arena(const writing *w);

extern const int64_t as_it_is[TSR_MAX_RANK]; // 0, 1, 2, ...
extern const int64_t as_picture[TSR_MAX_RANK]; // a channels-last tensor, a channels-first value

// How a tensor that is not constant was written.
view view_of(const writing *w, tsr_id tensor);
bool is_constant(const writing *w, tsr_id tensor); // or dequantised from one: any view is free
// The value whose view by perm the tensor is; adds a constant or a Transpose when there is none yet. A constant may be asked
// for at a higher rank: its shape gets ones in front.
uint32_t value_in(writing *w, tsr_id tensor, uint32_t rank, const int64_t *perm);
uint32_t add_constant(writing *w, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape, const void *data);
// A node with one output; attributes as in tsr_onnx_node, must live as long as the arena.
uint32_t add_value(writing *w, const char *op, const char *name, uint32_t count, const uint32_t *in,
                   const tsr_onnx_attribute *attributes);
void define(writing *w, tsr_id tensor, uint32_t value, const int64_t *perm);
// Scale and zero point of a quantised tensor as constants, once each; NO_VALUE for a zero point that may be left out.
void quant_constants(writing *w, tsr_id tensor, uint32_t *out_scale, uint32_t *out_zero_point);

// write_ops.c
typedef void write_handler(writing *w, const tsr_node *node);
write_handler *handler_of(const tsr_node *node, int64_t *out_opset); // NULL: cannot be written
uint32_t write_dequantize(writing *w, tsr_id tensor, uint32_t from, int64_t axis);

#endif
