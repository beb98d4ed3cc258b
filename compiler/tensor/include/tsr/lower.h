// SPDX-License-Identifier: Apache-2.0
// Graph nodes to tensor programs.
#ifndef TSR_LOWER_H
#define TSR_LOWER_H

#include "tsr/graph.h"
#include "tsr/lower_target.h"
#include "tsr/tensor.h"

// buffers[id] is the buffer of tensor id; constants have scope CONST and their data set. The function reads the node's
// inputs, writes its outputs, and may use constants of its own (weights in another order, multipliers, tables) that it
// creates in the arena, and SCRATCH: tsr_tensor_buffers(f) lists all that need a place. A quantised node needs node->requant as
// tsr_quantise leaves it. LOCAL buffers are small (a few KiB).
// UNSUPPORTED names node, operator and what is missing.
// The target chooses among programs that compute the same.
tsr_status tsr_lower_node_for(tsr_arena *arena, const tsr_graph *graph, const tsr_node *node, tsr_tbuffer *const *buffers,
                              const tsr_lower_target *target, tsr_tensor_function **out_function);
// The same for an x86-64 with AVX2.
tsr_status tsr_lower_node(tsr_arena *arena, const tsr_graph *graph, const tsr_node *node, tsr_tbuffer *const *buffers,
                          tsr_tensor_function **out_function);

// A graph's evaluator (tsr_evaluator): computes a node whose inputs are constants on the interpreter. For small tensors: it is slow.
tsr_status tsr_evaluate_node(tsr_graph *graph, const tsr_node *node);

#endif
