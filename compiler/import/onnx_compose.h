// SPDX-License-Identifier: Apache-2.0
// Operators that the graph does not have, composed of those that it has, mostly as the operator's definition says it. The first
// error is kept in `status`; from then on every function gives TSR_NO_ID and does nothing, so that compositions read like
// formulas and are checked once, by compose_define.
//
//   composer c = compose(o, node);
//   const tsr_id x = compose_input(&c, 0);
//   return compose_define(&c, 0, compose_mul(&c, x, compose_unary(&c, TSR_OP_SIGMOID, x)));
#ifndef TSR_IMPORT_ONNX_COMPOSE_H
#define TSR_IMPORT_ONNX_COMPOSE_H

#include "onnx.h"

typedef struct composer {
    onnx *o;
    const onnx_node *node;
    tsr_status status;
    tsr_id first; // tensors from here on are the composition's own
} composer;

composer compose(onnx *o, const onnx_node *node);
bool compose_fails(composer *c, tsr_status status); // keeps the first error; true when there is one
// Names the value as output `index` of the node. An output that nobody asked for is left alone.
tsr_status compose_define(composer *c, uint32_t index, tsr_id id);

// ---- values ------------------------------------------------------------------------------------------------------------
tsr_id compose_input(composer *c, uint32_t index);    // required, without quantisation
tsr_id compose_optional(composer *c, uint32_t index); // TSR_NO_ID when it is left out
tsr_tensor compose_tensor(const composer *c, tsr_id id); // a copy; of TSR_NO_ID an empty scalar
bool compose_rank(composer *c, tsr_id id, uint32_t least, uint32_t most); // false: an error is kept
tsr_id compose_number(composer *c, tsr_dtype dtype, double value); // a scalar
tsr_id compose_reals(composer *c, uint32_t rank, const int64_t *shape, float **out_values); // float32 zeros, to be filled
tsr_id compose_wholes(composer *c, uint32_t rank, const int64_t *shape, int64_t **out_values); // int64 zeros, to be filled
tsr_id compose_places(composer *c, uint32_t rank, const int64_t *shape, int32_t **out_values); // the same of int32
tsr_id compose_precise(composer *c, uint32_t rank, const int64_t *shape, double **out_values); // the same of float64
// A constant input as double; reals or integers, at most `most` of them. TSR_NO_ID leaves *out_count 0.
void compose_doubles(composer *c, tsr_id id, uint32_t most, double *out_values, uint32_t *out_count);
void compose_ints(composer *c, tsr_id id, uint32_t most, int64_t *out_values, uint32_t *out_count);

// ---- attributes --------------------------------------------------------------------------------------------------------
int64_t compose_attr_int(composer *c, const char *name, int64_t standard);
float compose_attr_float(composer *c, const char *name, float standard);
bool compose_attr_is(composer *c, const char *name, const char *standard, const char *value); // of a text
// An axis of x from an attribute, made not negative.
int64_t compose_attr_axis(composer *c, const char *name, int64_t standard, tsr_id x);

// ---- operators ---------------------------------------------------------------------------------------------------------
tsr_id compose_node(composer *c, tsr_op op, const tsr_attr *attr, uint32_t count, const tsr_id *in, tsr_dtype dtype);
// One more output of the node that compose_node has just made.
tsr_id compose_output(composer *c, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape);
tsr_id compose_unary(composer *c, tsr_op op, tsr_id x);
tsr_id compose_binary(composer *c, tsr_op op, tsr_id a, tsr_id b); // NumPy broadcasting; comparisons give bool
tsr_id compose_where(composer *c, tsr_id condition, tsr_id yes, tsr_id no);
tsr_id compose_cast(composer *c, tsr_id x, tsr_dtype dtype);
tsr_id compose_reduce(composer *c, tsr_op op, tsr_id x, uint32_t count, const int64_t *axes, bool keep);
tsr_id compose_reshape(composer *c, tsr_id x, uint32_t rank, const int64_t *shape);
tsr_id compose_transpose(composer *c, tsr_id x, const int64_t *perm);
tsr_id compose_slice(composer *c, tsr_id x, uint32_t axis, int64_t start, int64_t extent, int64_t step);
tsr_id compose_pad(composer *c, tsr_id x, const int64_t *begin, const int64_t *end, double value);
tsr_id compose_concat(composer *c, uint32_t axis, uint32_t count, const tsr_id *in);
tsr_id compose_expand(composer *c, tsr_id x, uint32_t rank, const int64_t *shape);
tsr_id compose_gather(composer *c, tsr_id x, tsr_id indices, int64_t axis, int64_t batch_dims);
tsr_id compose_softmax(composer *c, tsr_id x, int64_t axis);
static inline tsr_id compose_add(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_ADD, a, b); }
static inline tsr_id compose_sub(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_SUB, a, b); }
static inline tsr_id compose_mul(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_MUL, a, b); }
static inline tsr_id compose_div(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_DIV, a, b); }
static inline tsr_id compose_matmul(composer *c, tsr_id a, tsr_id b) { return compose_binary(c, TSR_OP_MATMUL, a, b); }
// With a number on the right; x and 0 or x times 1 is x.
tsr_id compose_add_number(composer *c, tsr_id x, double value);
tsr_id compose_scale(composer *c, tsr_id x, double factor);

#endif
