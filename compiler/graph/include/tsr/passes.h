// SPDX-License-Identifier: Apache-2.0
// Graph passes: rewrites of a graph into one that means the same and suits the back ends better.
//
// Every pass takes a graph that tsr_graph_verify accepts and leaves one; nodes stay in execution order, inputs and outputs
// of the graph keep number, order, names, types and shapes. What a pass needs from passes before it, and what it may
// undo, stands at the top of its file. A pass fails only on a broken graph.
#ifndef TSR_PASSES_H
#define TSR_PASSES_H

#include "tsr/graph.h"

// No pass makes a constant larger than this out of others.
#define TSR_FOLD_LIMIT (UINT64_C(256) << 20)

// Every pass, in the order in which the pipeline first runs it. What each does: the table of compiler/graph/README.md.
#define TSR_PASSES(X)                                                                                                            \
    X(dead)                                                                                                                      \
    X(fold)                                                                                                                      \
    X(common)                                                                                                                    \
    X(simplify)                                                                                                                  \
    X(recognise)                                                                                                                 \
    X(matmul)                                                                                                                    \
    X(layout)                                                                                                                    \
    X(fuse_bias)                                                                                                                 \
    X(fuse_input)                                                                                                                \
    X(fuse_activation)                                                                                                           \
    X(qdq)                                                                                                                       \
    X(fold_dequantize)                                                                                                           \
    X(clean)                                                                                                                     \
    X(fold_pad)                                                                                                                  \
    X(expand_depthwise)                                                                                                          \
    X(quantise)                                                                                                                  \
    X(int8)

typedef struct tsr_pass_options {
    uint32_t block_in; // how many input channels the accelerator multiplies at once; 0: there is none
} tsr_pass_options;

tsr_status tsr_pass_dead(tsr_graph *graph);
tsr_status tsr_pass_fold(tsr_graph *graph);
tsr_status tsr_pass_common(tsr_graph *graph);
tsr_status tsr_pass_simplify(tsr_graph *graph);
tsr_status tsr_pass_recognise(tsr_graph *graph);
tsr_status tsr_pass_fold_dequantize(tsr_graph *graph);
tsr_status tsr_pass_matmul(tsr_graph *graph);
tsr_status tsr_pass_layout(tsr_graph *graph);
tsr_status tsr_pass_fuse_bias(tsr_graph *graph);
tsr_status tsr_pass_fuse_input(tsr_graph *graph);
tsr_status tsr_pass_fuse_activation(tsr_graph *graph);
tsr_status tsr_pass_qdq(tsr_graph *graph);
tsr_status tsr_pass_int8(tsr_graph *graph);
tsr_status tsr_pass_clean(tsr_graph *graph);
tsr_status tsr_pass_fold_pad(tsr_graph *graph);
tsr_status tsr_pass_expand_depthwise(tsr_graph *graph, uint32_t block_in);

// The name of pass 0, 1, ...; NULL past the last.
const char *tsr_pass_name(unsigned index);
// One pass by its name, not verified. NULL options: all zero. TSR_NOT_FOUND: there is none of that name.
tsr_status tsr_pass_run(tsr_graph *graph, const char *name, const tsr_pass_options *options);

// Called after each pass that succeeded, for dumps.
typedef void tsr_on_pass(void *user, const char *pass, const tsr_graph *graph);

// The standard pipeline, verified after each pass, tsr_quantise among them: node->requant is filled and must not be computed
// again, since int8 moves numbers along that no longer follow from the types. NULL options: all zero. on_pass may be NULL.
// An error names the pass.
tsr_status tsr_passes_run(tsr_graph *graph, const tsr_pass_options *options, tsr_on_pass *on_pass, void *user);
// The first part of it: what works on real numbers and does not look at quantisation. For tools that change the graph next.
tsr_status tsr_passes_real(tsr_graph *graph, tsr_on_pass *on_pass, void *user);

#endif
