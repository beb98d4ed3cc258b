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
void name_node(writing *w, uint32_t value, const char *name); // the node that gives it; else it is named as its output
void define(writing *w, tsr_id tensor, uint32_t value, const int64_t *perm);
// Scale and zero point of a quantised tensor as constants, once each; NO_VALUE for a zero point that may be left out.
void quant_constants(writing *w, tsr_id tensor, uint32_t *out_scale, uint32_t *out_zero_point);

int64_t written_opset(const writing *w);

// ---- write_util.c ------------------------------------------------------------------------------------------------------

typedef struct attribute_list {
    writing *w;
    tsr_onnx_attribute *list;
    uint32_t count;
} attribute_list;
attribute_list no_attributes(writing *w);
void add_int(attribute_list *a, const char *name, int64_t value);
void add_float(attribute_list *a, const char *name, float value);
void add_text(attribute_list *a, const char *name, const char *text);
void add_ints(attribute_list *a, const char *name, uint32_t count, const int64_t *values);

const tsr_tensor *written_tensor(const writing *w, tsr_id id);
const char *output_name(const writing *w, const tsr_node *node);
// Constants named "<base>_<suffix>".
uint32_t add_scalar(writing *w, const char *base, const char *suffix, float real);
uint32_t add_integers(writing *w, const char *base, const char *suffix, uint32_t count, const int64_t *values);
// The input as it was written, or a constant as it is.
view view_of_input(writing *w, tsr_id id);
// Relu or Clip by the node's bounds.
uint32_t add_clip(writing *w, const tsr_node *node, uint32_t x, const char *name);
// The node's result by one operator, then its fused activation.
void add_result(writing *w, const tsr_node *node, const char *op, uint32_t count, const uint32_t *in, const attribute_list *a,
                const int64_t *perm);
// The layout in which the operands of a broadcasting operator meet; returns perm.
const int64_t *common_layout(const writing *w, const tsr_node *node, int64_t perm[TSR_MAX_RANK]);
void add_broadcast(writing *w, const tsr_node *node, const char *op, const attribute_list *a);
// Axes of the value; they are an attribute or an input, as the opset wants it.
uint32_t add_reduction(writing *w, const char *op, const char *name, uint32_t x, uint32_t count, const int64_t *axes,
                       attribute_list *a);

// ---- write_ops.c, write_elements.c -------------------------------------------------------------------------------------

typedef void write_handler(writing *w, const tsr_node *node);
write_handler *handler_of(const tsr_node *node, int64_t *out_opset); // NULL: cannot be written
write_handler *element_handler_of(const tsr_node *node, int64_t *out_opset);
uint32_t write_dequantize(writing *w, tsr_id tensor, uint32_t from, int64_t axis);

#endif
