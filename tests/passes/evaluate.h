// SPDX-License-Identifier: Apache-2.0
// What a graph computes, by the tensor programs of its nodes and their interpreter: for comparing before and after a pass.
#ifndef TESTS_PASSES_EVALUATE_H
#define TESTS_PASSES_EVALUATE_H

#include "tsr/graph.h"

// inputs[i] holds the bytes of graph input i; out_outputs[i] becomes memory of the arena. A graph with quantised nodes needs
// node->requant.
tsr_status evaluate(const tsr_graph *graph, tsr_arena *arena, const void *const *inputs, void **out_outputs);

#endif
