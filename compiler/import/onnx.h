// SPDX-License-Identifier: Apache-2.0
// Inside of the ONNX importer. A node is turned into graph nodes by the handler of its operator; values are looked up and
// defined by the names that the model gives them.
#ifndef TSR_IMPORT_ONNX_H
#define TSR_IMPORT_ONNX_H

#include "common.h"
#include "onnx.pb-c.h"

// A constant of the file, made a tensor when it is first read.
typedef struct lazy_constant {
    const Onnx__TensorProto *proto;
    const char *name;
    tsr_id id;
} lazy_constant;

// A tensor of float16 or bfloat16 and the same in float32.
typedef struct half_value {
    tsr_id half, wide;
} half_value;

// A function's body that is being imported, for the call of it.
typedef struct onnx_frame {
    const Onnx__NodeProto *call;
    const Onnx__FunctionProto *function;
} onnx_frame;

typedef struct onnx_defaults {
    const Onnx__FunctionProto *function;
    uint32_t count;
    Onnx__AttributeProto **attr; // owned
    struct onnx_defaults *next;
} onnx_defaults;

typedef struct onnx {
    importer imp;
    const Onnx__ModelProto *model;
    const onnx_frame *frame; // NULL: the model's own graph
    unsigned depth;          // of functions and branches
    onnx_defaults *defaults; // of those functions that were asked for them
    int64_t opset;
    name_map values; // a tensor's id, or LAZY | index into constants, or one of the enum below
    uint32_t constant_count, constant_capacity;
    lazy_constant *constants;
    uint32_t scanned, producer_capacity; // producer[] knows the nodes before `scanned`
    tsr_id *producer;
    tsr_problems *problems;
    // Halves are computed in float32: inputs of this node that are halves were widened, so its float32 outputs are halves too.
    tsr_dtype half;
    uint32_t half_count, half_capacity;
    half_value *halves;
    uint64_t filled; // bytes of constants that the file asks for by their shape alone
} onnx;
// EMPTY: a tensor without elements, which the graph cannot hold. It is the shape of a scalar, or no axes, or nothing to join.
// FAILED: of a node that is reported; what reads it is left out.
enum { NOT_COMPUTED = INT32_MAX, EMPTY = INT32_MAX - 1, FAILED = INT32_MAX - 2 };
#define LAZY UINT32_C(0x80000000)

typedef struct onnx_node {
    const Onnx__NodeProto *proto;
    const char *name; // not empty
    const char *op;
    int variant; // of handlers that serve several operators
} onnx_node;
typedef tsr_status onnx_handler(onnx *o, const onnx_node *node);

// ---- values (onnx.c) ---------------------------------------------------------------------------------------------------
const char *onnx_any_name(const Onnx__NodeProto *node); // its own, or its first output's
bool onnx_has_input(const onnx_node *node, uint32_t index);
bool onnx_has_output(const onnx_node *node, uint32_t index);
tsr_status onnx_input(onnx *o, const onnx_node *node, uint32_t index, tsr_id *out_id); // TSR_NO_ID: left out
tsr_status onnx_required(onnx *o, const onnx_node *node, uint32_t index, tsr_id *out_id);
tsr_status onnx_input_dtype(onnx *o, const onnx_node *node, uint32_t index, tsr_dtype *out_dtype); // as the model has it
// A constant list of integers; may be empty.
tsr_status onnx_input_ints(onnx *o, const onnx_node *node, uint32_t index, uint32_t most, int64_t *out_values,
                           uint32_t *out_count);
bool onnx_is_empty(const onnx *o, const onnx_node *node, uint32_t index); // an input that is a list without elements
tsr_status onnx_define_empty(onnx *o, const onnx_node *node, uint32_t index); // an output that is one
const char *onnx_output_name(const onnx_node *node, uint32_t index);
tsr_status onnx_define(onnx *o, const onnx_node *node, uint32_t index, tsr_id id);
tsr_status onnx_add_constant(onnx *o, const char *name, const Onnx__TensorProto *proto); // defines it
const char *onnx_derived(onnx *o, const char *base, const char *suffix); // "<base>/<suffix>"
tsr_id onnx_producer(onnx *o, tsr_id tensor); // node, or TSR_NO_ID
tsr_status onnx_read_opset(onnx *o, Onnx__OperatorSetIdProto **sets, size_t count);
// A node that is not supported is a problem; the nodes that do not depend on it are looked at all the same.
tsr_status onnx_import_nodes(onnx *o, Onnx__NodeProto **nodes, size_t count);
tsr_status onnx_list_unknown(onnx *o, Onnx__NodeProto **nodes, size_t count); // those without a handler: a problem, before that
void onnx_evaluate(onnx *o, uint32_t first); // nodes from `first` on whose inputs are constants; so it is after each handler
tsr_dtype onnx_dtype(int64_t type); // TSR_DTYPE_NONE: not supported

// The same elements without quantisation: for operators that take integers as plain numbers.
tsr_status onnx_plain(onnx *o, tsr_id *id);
// The same elements with another quantisation.
tsr_status onnx_with_quant(onnx *o, tsr_id *id, tsr_quant quant);
// Constant and per-tensor `value` as float32.
tsr_id onnx_scalar(onnx *o, const char *name, float value);
// importer_emit, type and quantisation as the first input's, the result defined as output 0.
tsr_status onnx_emit_like(onnx *o, const onnx_node *node, tsr_op op, const tsr_attr *attr, uint32_t count, const tsr_id *in);

// ---- bodies (onnx_body.c) ------------------------------------------------------------------------------------------------
enum { ONNX_MOST_FUNCTIONS = 2048 }; // they are looked for one after the other
const Onnx__FunctionProto *onnx_find_function(const onnx *o, const Onnx__NodeProto *node); // that it calls, or NULL
tsr_status onnx_call(onnx *o, const Onnx__NodeProto *node, const Onnx__FunctionProto *function);
// In a function's body: the node with the attributes of the call in the place of those that refer to them.
tsr_status onnx_resolve(onnx *o, const Onnx__NodeProto *node, const Onnx__NodeProto **out_node);
void onnx_forget_defaults(onnx *o);
onnx_handler onnx_if;

// ---- symbolic dimensions (onnx_dims.c) ----------------------------------------------------------------------------------
const char *onnx_symbol(const Onnx__TensorShapeProto__Dimension *dim); // its name; "": fixed, or open without a name
// What the options give to a dimension of that name; 0: nothing.
tsr_status onnx_extent(const tsr_import_options *options, const char *name, int64_t *out_extent);
tsr_status onnx_check_dims(const Onnx__GraphProto *proto, const tsr_import_options *options); // no name that no input has

// ---- halves (onnx_half.c) ----------------------------------------------------------------------------------------------
tsr_status onnx_widen(onnx *o, tsr_id *id); // a half becomes its float32, and o->half its type
tsr_status onnx_narrow(onnx *o, const char *name, tsr_id *id); // a float32 becomes a half of type o->half, called `name`

// ---- attributes (onnx_attr.c): absent ones give the standard value -----------------------------------------------------
tsr_status onnx_attr_int(const onnx_node *node, const char *name, int64_t standard, int64_t *out_value);
tsr_status onnx_attr_float(const onnx_node *node, const char *name, float standard, float *out_value);
tsr_status onnx_attr_ints(const onnx_node *node, const char *name, uint32_t most, int64_t *out_values, uint32_t *out_count,
                          bool *out_present);
tsr_status onnx_attr_text(const onnx_node *node, const char *name, const char *standard, size_t size, char *out_text);
const Onnx__AttributeProto *onnx_attr(const onnx_node *node, const char *name);
tsr_status onnx_check_attrs(const onnx_node *node, const char *known); // names, separated by blanks

// ---- operands ----------------------------------------------------------------------------------------------------------
// onnx_nodes.c. Before opset 7 the second operand was aligned at `axis` of the first.
tsr_status onnx_align(onnx *o, const onnx_node *node, tsr_id a, tsr_id *b);
// onnx_reduce.c. Axes from an attribute (older opsets) or a constant input, made not negative; false in out_given when there
// are none.
tsr_status onnx_read_axes(onnx *o, const onnx_node *node, uint32_t input, int64_t rank, int64_t *out_axes, uint32_t *out_count,
                          bool *out_given);

// ---- windows -----------------------------------------------------------------------------------------------------------
// Strides, dilations, pads and auto_pad; attr->kernel is known. `x` is NHWC. Of three spatial dimensions, the last two.
tsr_status onnx_read_window(const onnx_node *node, uint32_t spatial, const tsr_tensor *x, tsr_attr *attr);
// onnx_volume.c. Operands of a 3-D convolution into those of a 2-D one, its result [pictures, O, H, W] back: output 0.
tsr_status onnx_unfold_volume(onnx *o, const onnx_node *node, tsr_id *x, tsr_id *w, int64_t *out_batch);
tsr_status onnx_fold_volume(onnx *o, const onnx_node *node, int64_t batch, tsr_id y);
tsr_status onnx_volume_pool(onnx *o, const onnx_node *node, tsr_op op, tsr_id x);

// ---- tensors (onnx_tensor.c) -------------------------------------------------------------------------------------------
// Checks dims against the stored contents before anything is allocated. extra_zero: extents of 0 are fine.
tsr_status onnx_read_tensor(const Onnx__TensorProto *proto, tsr_arena *arena, tsr_import_tensor *out_tensor, bool extra_zero);

// ---- handlers ----------------------------------------------------------------------------------------------------------
enum { VARIANT_PLAIN, VARIANT_INTEGER, VARIANT_QLINEAR };
enum { VARIANT_MAX_POOL, VARIANT_AVERAGE_POOL, VARIANT_GLOBAL_MAX, VARIANT_GLOBAL_AVERAGE };
enum { VARIANT_RESHAPE, VARIANT_FLATTEN, VARIANT_SQUEEZE, VARIANT_UNSQUEEZE };
onnx_handler onnx_conv, onnx_pool, onnx_gemm, onnx_matmul; // onnx_linear.c
onnx_handler onnx_quantize, onnx_dequantize, onnx_dynamic_quantize; // onnx_quant.c
onnx_handler onnx_binary, onnx_min_max, onnx_unary, onnx_clip, onnx_softmax; // onnx_nodes.c
onnx_handler onnx_pad, onnx_concat, onnx_reshape, onnx_transpose, onnx_identity, onnx_dropout, onnx_constant, onnx_cast,
    onnx_batch_normalization;
onnx_handler onnx_instance_normalization, onnx_group_normalization, onnx_layer_normalization, onnx_mean_variance_normalization,
    onnx_lp_normalization, onnx_lrn; // onnx_normalize.c
onnx_handler onnx_formula, onnx_compare, onnx_logic, onnx_bit_shift, onnx_pow, onnx_mod, onnx_sum, onnx_where, onnx_prelu,
    onnx_hardmax; // onnx_elementwise.c
onnx_handler onnx_reduce, onnx_arg, onnx_cum_sum; // onnx_reduce.c
onnx_handler onnx_slice, onnx_split, onnx_gather, onnx_gather_nd, onnx_gather_elements, onnx_scatter_nd, onnx_scatter_elements,
    onnx_one_hot, onnx_compress, onnx_reverse_sequence; // onnx_index.c
onnx_handler onnx_shape, onnx_size, onnx_constant_of_shape, onnx_range, onnx_eye_like, onnx_non_zero, onnx_expand, onnx_tile,
    onnx_trilu, onnx_depth_to_space, onnx_space_to_depth, onnx_cast_like; // onnx_extent.c
onnx_handler onnx_det; // onnx_det.c
onnx_handler onnx_conv_transpose; // onnx_conv_transpose.c
onnx_handler onnx_resize, onnx_upsample; // onnx_resize.c
onnx_handler onnx_top_k, onnx_center_crop_pad, onnx_non_max_suppression, onnx_tensor_scatter; // onnx_select.c
onnx_handler onnx_grid_sample, onnx_affine_grid, onnx_roi_align, onnx_deform_conv; // onnx_sample.c
onnx_handler onnx_dft, onnx_stft, onnx_window, onnx_mel_weight_matrix; // onnx_signal.c
onnx_handler onnx_lp_pool, onnx_global_lp_pool, onnx_max_unpool, onnx_col2im; // onnx_window.c
onnx_handler onnx_recurrent; // onnx_recurrent.c
onnx_handler onnx_einsum; // onnx_einsum.c
onnx_handler onnx_gelu, onnx_hard_swish, onnx_mish, onnx_swish; // onnx_activation.c
onnx_handler onnx_attention, onnx_rotary_embedding, onnx_linear_attention,
    onnx_causal_conv; // onnx_attention.c, onnx_linear_attention.c
onnx_handler onnx_log_softmax, onnx_likelihood_loss, onnx_cross_entropy_loss; // onnx_loss.c
// onnx_quant_composed.c: scales for blocks, or computed ones.
bool onnx_quant_is_composed(onnx *o, const onnx_node *node);
onnx_handler onnx_quantize_composed, onnx_dequantize_composed;
// Scale and zero point from two inputs, both constant. zero_point_input may be left out: 0. `dtype`: what the zero point
// must be of; with TSR_DTYPE_NONE it is reported.
tsr_status onnx_read_quant(onnx *o, const onnx_node *node, uint32_t scale_input, uint32_t zero_point_input, int64_t axis,
                           tsr_dtype dtype, tsr_quant *out_quant, tsr_dtype *out_dtype);
// Only a zero point, scale 1.
tsr_status onnx_read_zero_point(onnx *o, const onnx_node *node, uint32_t input, int64_t axis, tsr_dtype dtype,
                                tsr_quant *out_quant);

#endif
