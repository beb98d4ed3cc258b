// SPDX-License-Identifier: Apache-2.0
// Cases of lowering: a graph of one node, and what it is to give.
#ifndef LOWER_CASE_H
#define LOWER_CASE_H

#include "check.h"
#include "machine.h"

typedef struct bench { // a graph of one node
    tsr_arena *arena;
    tsr_graph *graph;
    tsr_node *node;
    tsr_id x, w, b, y;
} bench;

typedef void builder(bench *t);
typedef double reference(const bench *t, const machine *m, tsr_tbuffer *const *buffers, int64_t at);

typedef struct operator_case {
    const char *name;
    builder *build;
    reference *expected; // of output element `at`; NULL: only compared with the interpreter
    double tolerance;
} operator_case;

typedef struct dims {
    uint32_t rank;
    int64_t extent[TSR_MAX_RANK];
} dims;
#define DIMS(...) ((dims){sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}})

// Tensors of the graph; scale 0: not quantised. Constants are random.
tsr_id case_tensor(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero);
tsr_id case_constant(bench *t, const char *name, tsr_dtype type, dims d, float scale, int32_t zero);
void case_per_channel(bench *t, tsr_id id, uint32_t channels); // gives a constant a scale for each channel
// The node, of the first `inputs` of x, w, b and `outputs` tensors from y on.
void case_node(bench *t, tsr_op op, uint32_t inputs, uint32_t outputs);
uint32_t case_next(uint32_t bound); // a random number below bound, the next of the case
void case_fill(tsr_dtype type, void *data, int64_t count);

// For references.
double case_element(const bench *t, const machine *m, tsr_tbuffer *const *buffers, tsr_id id, int64_t at);
const tsr_tensor *shape_of(const bench *t, tsr_id id);
double zero_of(const bench *t, tsr_id id);
double scale_of(const bench *t, tsr_id id);
// Multiplication by a real multiplier the way TFLite does it, in steps that a double holds exactly.
double case_times(double value, double multiplier, bool once);
// Adds the output's zero point; clips to [lo, hi] (real numbers) and to the output's type.
double case_finish(const bench *t, double value, double lo, double hi);

check_result run_case(const operator_case *c);

// Each ends with a case without a name.
extern const operator_case product_cases[], elementwise_cases[], axis_cases[];

#endif
