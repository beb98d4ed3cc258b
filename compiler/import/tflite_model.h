// SPDX-License-Identifier: Apache-2.0
// Inside of the TFLite importer. Shapes of results follow from the operators, as the interpreter computes them; those in the
// file only count for the graph's inputs and for constants.
#ifndef TSR_IMPORT_TFLITE_MODEL_H
#define TSR_IMPORT_TFLITE_MODEL_H

#include "common.h"
#include "flatbuffer.h"
#include "tflite.h"

// A SPACE_TO_BATCH_ND over height and width, for the BATCH_TO_SPACE_ND that undoes it (tflite_slice.c).
typedef struct space_to_batch {
    const struct space_to_batch *next;
    tsr_id x, y;
    int64_t block[2], before[2], after[2];
} space_to_batch;

typedef struct tflite {
    importer imp;
    fb_file file;
    fb_vector buffers, tensors;
    const space_to_batch *batched; // all so far
    int64_t batch; // of inputs whose first extent is open
    tsr_id *ids;   // of the file's tensors; TSR_NO_ID: not met yet, TFLITE_FAILED: of an operator that is not supported
} tflite;
#define TFLITE_FAILED (UINT32_MAX - 1)

typedef struct operation operation;
typedef tsr_status tflite_handler(tflite *t, const operation *op);

typedef struct operator_kind {
    int32_t code, options; // options: which member of BuiltinOptions; 0: none is read
    tflite_handler *handle;
    tsr_op op; // of handlers that serve several operators
} operator_kind;

struct operation {
    const operator_kind *kind;
    const char *name; // of its first output, as TFLite's operators have none themselves
    fb_vector inputs, outputs;
    fb_table options; // absent: every option has its standard value
};

// ---- tensors (tflite.c) ------------------------------------------------------------------------------------------------
// Tensor `index` of the file: a graph input, a constant, or what an operator before has written.
tsr_status tflite_tensor(tflite *t, int32_t index, bool is_input, tsr_id *out_id);
bool tflite_has_input(tflite *t, const operation *op, uint32_t index);
tsr_status tflite_input(tflite *t, const operation *op, uint32_t index, tsr_id *out_id);
tsr_status tflite_inputs(tflite *t, const operation *op, uint32_t count, tsr_id *out_ids); // the first `count`
tsr_status tflite_optional(tflite *t, const operation *op, uint32_t index, tsr_id *out_id); // TSR_NO_ID: left out
// A constant list of integers.
tsr_status tflite_ints(tflite *t, const operation *op, uint32_t index, uint32_t most, int64_t *out_values, uint32_t *out_count);
// Output `index` of the file, with the shape that the operator gives it.
tsr_status tflite_output(tflite *t, const operation *op, uint32_t index, uint32_t rank, const int64_t *shape, tsr_id *out_id);
// The shape that the file gives an output; false when it has none or an open one.
bool tflite_file_shape(tflite *t, const operation *op, uint32_t index, uint32_t *out_rank, int64_t out_shape[TSR_MAX_RANK]);
const char *tflite_derived(tflite *t, const operation *op, const char *suffix); // "<name>/<suffix>"

// ---- nodes -------------------------------------------------------------------------------------------------------------
// A node whose result is output `index`, of the inferred shape.
tsr_status tflite_emit_to(tflite *t, const operation *op, uint32_t index, tsr_op graph_op, const tsr_attr *attr, uint32_t count,
                          const tsr_id *in);
tsr_status tflite_emit(tflite *t, const operation *op, tsr_op graph_op, const tsr_attr *attr, uint32_t count, const tsr_id *in);
// A step on the way: a new tensor of type and quantisation of `like`. *out_id may be one of `in`.
tsr_status tflite_step(tflite *t, const operation *op, const char *suffix, tsr_op graph_op, const tsr_attr *attr, uint32_t count,
                       const tsr_id *in, tsr_id like, tsr_id *out_id);
tsr_status tflite_step_reshape(tflite *t, const operation *op, const char *suffix, uint32_t rank, const int64_t *shape,
                               tsr_id *id);
tsr_status tflite_emit_reshape(tflite *t, const operation *op, uint32_t index, tsr_id x, uint32_t rank, const int64_t *shape);
// Output 0 is a constant; the data is copied.
tsr_status tflite_emit_constant(tflite *t, const operation *op, uint32_t rank, const int64_t *shape, const void *data);
// A constant of one float32.
tsr_id tflite_scalar(tflite *t, const operation *op, const char *suffix, float value);

tsr_status tflite_axis(const tflite *t, tsr_id x, int64_t *axis); // negative ones count from the end
tsr_status tflite_rank(const tflite *t, tsr_id id, uint32_t rank, const char *which);
tsr_status tflite_activation(tsr_attr *attr, int32_t activation);
// Strides and kernel are known: SAME or VALID.
tsr_status tflite_padding(tsr_attr *attr, int32_t padding, int64_t height, int64_t width);

// ---- handlers ----------------------------------------------------------------------------------------------------------
tflite_handler tflite_conv, tflite_fully_connected, tflite_batch_matmul, tflite_pool, tflite_l2_pool, tflite_l2_normalization,
    tflite_softmax, tflite_log_softmax; // tflite_layers.c
tflite_handler tflite_transpose_conv, tflite_lrn, tflite_resize_bilinear, tflite_resize_nearest; // tflite_pictures.c
tflite_handler tflite_binary, tflite_plain_binary, tflite_comparison, tflite_not_equal, tflite_add_n, tflite_prelu, tflite_select,
    tflite_unary, tflite_square, tflite_quantize, tflite_dequantize, tflite_cast; // tflite_elements.c
tflite_handler tflite_reduce, tflite_arg, tflite_cum_sum, tflite_gather, tflite_gather_nd, tflite_scatter_nd, tflite_one_hot,
    tflite_top_k, tflite_where; // tflite_index.c
tflite_handler tflite_reshape, tflite_squeeze, tflite_expand_dims, tflite_transpose, tflite_pad, tflite_mirror_pad,
    tflite_concatenation, tflite_pack, tflite_unpack, tflite_tile, tflite_broadcast_to, tflite_fill, tflite_range, tflite_shape,
    tflite_rank_of, tflite_zeros_like; // tflite_shape.c
tflite_handler tflite_split, tflite_split_v, tflite_slice, tflite_strided_slice, tflite_reverse, tflite_space_to_depth,
    tflite_depth_to_space, tflite_space_to_batch, tflite_batch_to_space; // tflite_slice.c

#endif
