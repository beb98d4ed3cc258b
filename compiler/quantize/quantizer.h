// SPDX-License-Identifier: Apache-2.0
// Inside of the quantiser. One file a step, in this order:
//
//   prepare.c   the model as a graph of few, fused layers in float
//   equalise.c  weights of neighbours rescaled
//   select.c    which nodes become integer ones, which tensors share a scale
//   calibrate.c ranges and distributions of tensors over the samples    (observe.c runs the graph)
//   range.c     a distribution into a range, a range into scale and zero point
//   rewrite.c   the quantised twin of the graph                         (weights.c: weights and biases)
//   measure.c   the twin against the graph
//   write.c     a graph into an ONNX file                               (write_*.c: operators)
#ifndef QUANTIZE_QUANTIZER_H
#define QUANTIZE_QUANTIZER_H

#include "tsr/graph.h"
#include "tsr/quantize.h"

enum { HISTOGRAM_BINS = 4096, SMALLEST_BINS = 256 };

// What is known of a tensor of the float graph.
typedef struct tensor_state {
    // select.c
    bool quantised;
    tsr_id leader;  // the tensor whose scale this one shares; itself when alone
    bool follows;   // its values are some of those of tensors that share its scale: they decide the range
    // calibrate.c
    double low, high; // over all samples, 0 among them
    uint64_t count;   // elements a channel
    double *mean;     // a channel: index of the last dimension
    uint64_t *bins;   // HISTOGRAM_BINS over low..high
    // range.c
    double range_low, range_high;
    float scale;
    int32_t zero_point;
} tensor_state;

struct tsr_quantizer {
    tsr_arena *arena;
    tsr_graph *graph; // in float
    uint32_t input_count;
    tsr_io *inputs;
    tsr_samples samples;
    tsr_quantize_options options;
    tensor_state *tensors; // a tensor of graph
    bool *integer;         // a node of graph
    tsr_graph *twin;       // both models side by side: graph's nodes, then the quantised ones
    tsr_id *twin_of;       // a tensor of graph: the tensor of `twin` with its quantised value
    tsr_quantize_report report;
};

static inline tsr_dtype activation_type(const tsr_quantizer *q) { return q->options.uint8_activations ? TSR_U8 : TSR_I8; }
static inline bool has_weights(const tsr_node *node) { return node->op == TSR_OP_CONV || node->op == TSR_OP_FULLY_CONNECTED; }
static inline bool is_real_constant(const tsr_tensor *t) { return t->data != NULL && t->dtype == TSR_F32; }
void progress(const tsr_quantizer *q, const char *stage, uint32_t done, uint32_t total);

// prepare.c
tsr_status prepare_graph(tsr_graph *graph);
// equalise.c: returns the number of pairs.
uint32_t equalise(tsr_graph *graph);
// select.c
tsr_status select_kept(tsr_quantizer *q, bool *kept); // the nodes that options.keep names
void select_integer(tsr_quantizer *q, const bool *kept);
uint32_t activations_of(const tsr_node *node); // its first inputs, which are quantised tensors
bool is_move(const tsr_graph *graph, const tsr_node *node); // gives some of its input's values
// calibrate.c
tsr_status calibrate(tsr_quantizer *q);
// range.c
void choose_ranges(tsr_quantizer *q);
void scale_of_range(const tsr_quantizer *q, double low, double high, float *out_scale, int32_t *out_zero_point);

// rewrite.c: with `apart`, every integer node reads the float graph's values, quantised; else those of the quantised model.
// Fills twin and twin_of.
void rewrite(tsr_quantizer *q, bool apart);
// The twin without the float model; the caller frees it.
tsr_graph *quantised_graph(const tsr_quantizer *q);

// weights.c: integer weights and bias of a Conv or FullyConnected.
typedef struct integer_weights {
    uint32_t scales;        // 1 or output channels
    int8_t *weights;        // as the float ones lie
    float *scale, *bias_scale;
    int32_t *bias;          // NULL: none
} integer_weights;
integer_weights quantise_weights(const tsr_quantizer *q, const tsr_node *node, tsr_arena *arena);

// observe.c: runs a graph over the first `samples` samples and shows tensors in groups of `group`: data[] holds one pointer a
// tensor of the group that starts at `first`. Where there are many tensors, some after the others; each has gone through a
// round with all samples before the next begins.
typedef tsr_status observer(void *context, uint32_t sample, uint32_t first, const void *const *data);
typedef struct round_of_observation {
    const char *stage; // for progress
    observer *show;
} round_of_observation;
tsr_status observe(tsr_quantizer *q, const tsr_graph *graph, uint32_t count, const tsr_id *tensors, uint32_t group,
                   uint32_t samples, uint32_t rounds, const round_of_observation *round, void *context);

// measure.c
tsr_status measure_apart(tsr_quantizer *q);
tsr_status measure_whole(tsr_quantizer *q);

// write.c
tsr_status write_check(const tsr_graph *graph); // names all operators that cannot be written
tsr_status write_onnx(const tsr_graph *graph, uint8_t **out_bytes, size_t *out_size);

#endif
