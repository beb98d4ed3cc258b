// SPDX-License-Identifier: Apache-2.0
// One compilation, as its stages see it.
#ifndef COMPILE_H
#define COMPILE_H

#include "tsr/accel.h"
#include "tsr/blob.h"
#include "tsr/compiler.h"
#include "tsr/graph.h"
#include "tsr/tensor.h"

// Where a node runs and why.
typedef struct placement {
    bool skip;     // nothing to do: its output is its input under another name
    bool possible; // the accelerator can do it
    bool fixed;    // the user says where
    bool on_accelerator;
    tsr_id fused; // a convolution: the Add that its tiles finish; that Add: the convolution; else TSR_NO_ID
    double accelerator_us, host_us; // estimated
    char reason[TSR_PLACE_REASON_BYTES];
} placement;

typedef struct compilation {
    const tsr_compile_options *options;
    tsr_graph *graph;
    tsr_arena *arena;
    long dumps; // how often the pass of options->dump_after has run
    placement *places;      // a node
    tsr_tbuffer **buffers;  // a tensor: WORK with its offset, or CONST
    uint64_t work_bytes;
    tsr_blob consts;        // segment 0
} compilation;

// place.c: fills places.
tsr_status place_nodes(compilation *c);
const char *layer_name(const tsr_node *node, char buffer[TSR_NAME_BYTES]); // as `tessera info` shows it
// place_cost.c: an estimate for the CPU of a small board.
double host_microseconds(const tsr_graph *graph, const tsr_node *node);
// plan.c: gives every tensor its buffer, and activations their place in the work area, reusing memory of dead ones.
tsr_status plan_memory(compilation *c);
// generate.c: steps and layers of the program, instructions, host code.
tsr_status generate(compilation *c, tsr_program *program);

// embed.c: the header of an embedded model. features: that the code needs.
tsr_status write_header(const compilation *c, const tsr_program *program, const char *features);

#endif
