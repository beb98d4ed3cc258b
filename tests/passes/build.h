// SPDX-License-Identifier: Apache-2.0
// Short words for making graphs by hand.
#ifndef TESTS_PASSES_BUILD_H
#define TESTS_PASSES_BUILD_H

#include "tsr/graph.h"

#define SHAPE(...)                                                                                                               \
    (uint32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]) { __VA_ARGS__ }

tsr_id real(tsr_graph *g, uint32_t rank, const int64_t *shape);
tsr_id quantised(tsr_graph *g, tsr_dtype dtype, float scale, int32_t zero_point, uint32_t rank, const int64_t *shape);
tsr_id input(tsr_graph *g, tsr_id tensor);
void output(tsr_graph *g, tsr_id tensor);
// A constant: 0, 1, 2, ... modulo 7, less 3, in the tensor's type (times 0.25 for float32).
tsr_id fill(tsr_graph *g, tsr_id tensor);
tsr_id scales_per_channel(tsr_graph *g, tsr_id tensor, float first); // axis 0: first, 2 * first, ...
// A node whose output has the shape that follows from the inputs and attr (RESHAPE: use `reshape`); quantised like `like`
// unless that is TSR_NO_ID. Returns the output; `attr` may be NULL.
tsr_id node(tsr_graph *g, tsr_op op, const tsr_attr *attr, tsr_id a, tsr_id b, tsr_id c, tsr_id like);
tsr_id reshape(tsr_graph *g, tsr_id x, uint32_t rank, const int64_t *shape);
tsr_id transpose(tsr_graph *g, tsr_id x, uint32_t rank, const int64_t *perm);
tsr_id clip(tsr_graph *g, tsr_id x, float lo, float hi);
tsr_id quantize(tsr_graph *g, tsr_id x, tsr_dtype dtype, float scale, int32_t zero_point);
tsr_id dequantize(tsr_graph *g, tsr_id x);
tsr_id conv3x3(tsr_graph *g, tsr_id x, tsr_id w, tsr_id bias, int64_t pad, tsr_id like);

uint32_t count(const tsr_graph *g, tsr_op op);
const tsr_node *only(const tsr_graph *g, tsr_op op); // the one node of an operator, or NULL

#endif
