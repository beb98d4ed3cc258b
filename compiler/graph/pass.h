// SPDX-License-Identifier: Apache-2.0
// What the passes share. A pass marks nodes dead, appends new ones anywhere and ends in pass_finish, which puts the nodes
// back into execution order. Adding nodes or tensors moves the arrays: pointers into them end there, indices do not.
#ifndef TSR_PASS_H
#define TSR_PASS_H

#include "tsr/passes.h"

static inline tsr_tensor *pass_tensor(const tsr_graph *graph, tsr_id id) { return &graph->tensors[id]; }
static inline tsr_tensor *pass_input(const tsr_graph *graph, const tsr_node *node, uint32_t i) {
    return i < node->input_count && node->inputs[i] != TSR_NO_ID ? &graph->tensors[node->inputs[i]] : NULL;
}
static inline tsr_tensor *pass_output(const tsr_graph *graph, const tsr_node *node) { return &graph->tensors[node->outputs[0]]; }

// The node that writes a tensor, or NULL: a graph input, a constant, nothing.
tsr_node *pass_producer(const tsr_graph *graph, tsr_id tensor);
// The same when it is of that operator, else NULL.
tsr_node *pass_producer_of(const tsr_graph *graph, tsr_id tensor, tsr_op op);
bool pass_is_graph_output(const tsr_graph *graph, tsr_id tensor);
// The one node that reads a tensor which is not a graph output, else NULL.
tsr_node *pass_only_reader(const tsr_graph *graph, tsr_id tensor);
void pass_replace_reads(tsr_graph *graph, tsr_id from, tsr_id to); // of nodes, not the graph's outputs

bool pass_same_quant(const tsr_tensor *a, const tsr_tensor *b);  // types too
bool pass_same_shape(const tsr_tensor *a, const tsr_tensor *b);
bool pass_is_8bit(const tsr_tensor *tensor); // int8 or uint8 with one scale
void pass_copy_quant(tsr_graph *graph, tsr_id to, tsr_id from);

// How many of a node's inputs are tensors like its output; the others are indices and the like.
uint32_t pass_data_inputs(const tsr_node *node);

// A tensor of the same type, shape and quantisation; not the contents.
tsr_id pass_tensor_like(tsr_graph *graph, tsr_id model, const char *suffix);
// A node with one input and one output, named after `base`. Returns its index.
tsr_id pass_add_node(tsr_graph *graph, tsr_op op, const char *base, const char *suffix, tsr_id in, tsr_id out);
const char *pass_unique_name(tsr_graph *graph, const char *base, const char *suffix);

// Takes a node out whose first output equals `value`, a tensor of the same shape, type and quantisation. False, with nothing
// changed, when the graph's inputs and outputs would be disturbed.
bool pass_replace_by(tsr_graph *graph, tsr_node *node, tsr_id value);

void pass_set_bias(tsr_graph *graph, tsr_node *node, tsr_id bias); // of a Conv or FullyConnected

// Moves the padding of a quantised Conv or pool into a Pad with the zero point in front of it.
void pass_split_pad(tsr_graph *graph, tsr_id node);

// Constants rearranged. Quantisation goes along. TSR_NO_ID where that is impossible or beyond TSR_FOLD_LIMIT.
tsr_id pass_transposed_const(tsr_graph *graph, tsr_id constant, const int64_t *perm);
tsr_id pass_reshaped_const(tsr_graph *graph, tsr_id constant, uint32_t rank, const int64_t *shape); // shares the data
// True when per-axis scales keep their meaning in another shape; gives the axis.
bool pass_reshape_axis(const tsr_tensor *tensor, uint32_t rank, const int64_t *shape, int32_t *out_axis);

bool pass_is_unbounded(const tsr_attr *attr); // no fused activation, or a Clip that bounds nothing

// True for a float32 constant whose elements are all equal.
bool pass_splat_value(const tsr_graph *graph, tsr_id constant, double *out_value);
// ADD or MUL of two float32 constants, broadcast, as a constant; TSR_NO_ID beyond TSR_FOLD_LIMIT.
tsr_id pass_folded_pair(tsr_graph *graph, tsr_op op, tsr_id a, tsr_id b);

// The integer a real number becomes under a tensor's one scale: half to even, clamped to the type.
int64_t pass_quantise_value(const tsr_tensor *tensor, double real);
void pass_type_range(tsr_dtype dtype, int64_t *out_low, int64_t *out_high);

// float[channels] from a float constant with one value, or one a channel (its last axis), else NULL.
const float *pass_channel_vector(tsr_graph *graph, tsr_id constant, int64_t channels);

tsr_status pass_finish(tsr_graph *graph); // execution order, dead nodes out

#endif
