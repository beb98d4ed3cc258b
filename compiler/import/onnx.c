// SPDX-License-Identifier: Apache-2.0
// ONNX models: the file, its values, and which handler takes which operator.
#include "onnx.h"

#include <inttypes.h>
#include <string.h>

#include "onnx_elementwise.h"
#include "onnx_reduce.h"
#include "protobuf.h"

static const char *const supported_operators = "supported are those of the user guide's list: networks of tensors, without "
                                               "loops, sequences, optional values, strings and training";

// ---- values ------------------------------------------------------------------------------------------------------------

const char *onnx_derived(onnx *o, const char *base, const char *suffix) {
    return tsr_arena_printf(o->imp.graph->arena, "%.200s/%s", base, suffix);
}

bool onnx_has_input(const onnx_node *node, uint32_t index) {
    return index < node->proto->n_input && node->proto->input[index][0] != '\0';
}

bool onnx_has_output(const onnx_node *node, uint32_t index) {
    return index < node->proto->n_output && node->proto->output[index][0] != '\0';
}

const char *onnx_output_name(const onnx_node *node, uint32_t index) {
    return onnx_has_output(node, index) ? node->proto->output[index] : node->name;
}

static tsr_status define_value(onnx *o, const char *name, uint32_t value) {
    if (!name_map_add(&o->values, name, value))
        return tsr_error(TSR_CORRUPT, "value '%.100s' is defined twice", name);
    return tsr_ok();
}

tsr_status onnx_define(onnx *o, const onnx_node *node, uint32_t index, tsr_id id) {
    if (!onnx_has_output(node, index))
        return tsr_ok();
    if (o->half != TSR_DTYPE_NONE && id != EMPTY && tensor_of(&o->imp, id)->dtype == TSR_F32)
        TSR_TRY(onnx_narrow(o, node->proto->output[index], &id));
    return define_value(o, node->proto->output[index], id);
}

bool onnx_is_empty(const onnx *o, const onnx_node *node, uint32_t index) {
    uint32_t value;
    return onnx_has_input(node, index) && name_map_get(&o->values, node->proto->input[index], &value) && value == EMPTY;
}

tsr_status onnx_define_empty(onnx *o, const onnx_node *node, uint32_t index) { return onnx_define(o, node, index, EMPTY); }

static tsr_status materialise(onnx *o, lazy_constant *constant) {
    if (constant->id != TSR_NO_ID)
        return tsr_ok();
    tsr_import_tensor tensor;
    TSR_TRY(importer_reserve(&o->imp, 0));
    TSR_TRY(tsr_annotate(onnx_read_tensor(constant->proto, o->imp.graph->arena, &tensor, false), "constant '%.100s'",
                         constant->name));
    constant->id = tsr_graph_add_tensor(o->imp.graph, constant->name, tensor.dtype, tensor.rank, tensor.shape);
    tensor_of(&o->imp, constant->id)->data = tensor.data;
    return tsr_ok();
}

static tsr_status find_value(onnx *o, const char *name, tsr_id *out_id) {
    uint32_t value;
    *out_id = TSR_NO_ID;
    if (!name_map_get(&o->values, name, &value))
        return tsr_error(TSR_CORRUPT, "'%.100s' is no input, constant or result of an earlier node", name);
    if (value == NOT_COMPUTED)
        return tsr_error(TSR_UNSUPPORTED, "'%.100s' is a result that is not computed (only a node's first one is)", name);
    if (value == EMPTY)
        return tsr_error(TSR_UNSUPPORTED, "'%.100s' has no elements; tensors without elements are not supported", name);
    if (value & LAZY) {
        TSR_TRY(materialise(o, &o->constants[value & ~LAZY]));
        value = o->constants[value & ~LAZY].id;
    }
    *out_id = value;
    return tsr_ok();
}

tsr_status onnx_input(onnx *o, const onnx_node *node, uint32_t index, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (!onnx_has_input(node, index))
        return tsr_ok();
    TSR_TRY(find_value(o, node->proto->input[index], out_id));
    return onnx_widen(o, out_id);
}

tsr_status onnx_input_dtype(onnx *o, const onnx_node *node, uint32_t index, tsr_dtype *out_dtype) {
    tsr_id id;
    *out_dtype = TSR_DTYPE_NONE;
    if (!onnx_has_input(node, index))
        return tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", index);
    TSR_TRY(find_value(o, node->proto->input[index], &id));
    *out_dtype = tensor_of(&o->imp, id)->dtype;
    return tsr_ok();
}

tsr_status onnx_required(onnx *o, const onnx_node *node, uint32_t index, tsr_id *out_id) {
    TSR_TRY(onnx_input(o, node, index, out_id));
    return *out_id != TSR_NO_ID ? tsr_ok() : tsr_error(TSR_CORRUPT, "input %" PRIu32 " is missing", index);
}

tsr_status onnx_input_ints(onnx *o, const onnx_node *node, uint32_t index, uint32_t most, int64_t *out_values,
                           uint32_t *out_count) {
    tsr_id id;
    *out_count = 0;
    if (onnx_is_empty(o, node, index))
        return tsr_ok();
    TSR_TRY(onnx_required(o, node, index, &id));
    return constant_ints(tensor_of(&o->imp, id), most, out_values, out_count);
}

tsr_status onnx_add_constant(onnx *o, const char *name, const Onnx__TensorProto *proto) {
    if (proto->n_dims == 1 && proto->dims[0] == 0)
        return define_value(o, name, EMPTY);
    if (o->constant_count == o->constant_capacity) {
        const uint32_t capacity = o->constant_capacity == 0 ? 64 : 2 * o->constant_capacity;
        lazy_constant *larger = TSR_NEW_ARRAY(o->imp.graph->arena, lazy_constant, capacity);
        if (o->constant_count > 0)
            memcpy(larger, o->constants, sizeof *larger * o->constant_count);
        o->constants = larger;
        o->constant_capacity = capacity;
    }
    o->constants[o->constant_count] = (lazy_constant){proto, name, TSR_NO_ID};
    return define_value(o, name, LAZY | o->constant_count++);
}

tsr_id onnx_producer(onnx *o, tsr_id tensor) {
    const tsr_graph *graph = o->imp.graph;
    if (graph->tensor_capacity > o->producer_capacity) {
        tsr_id *larger = TSR_NEW_ARRAY(graph->arena, tsr_id, graph->tensor_capacity);
        memset(larger, 0xff, sizeof *larger * graph->tensor_capacity);
        if (o->producer_capacity > 0)
            memcpy(larger, o->producer, sizeof *larger * o->producer_capacity);
        o->producer = larger;
        o->producer_capacity = graph->tensor_capacity;
    }
    for (; o->scanned < graph->node_count; o->scanned++)
        for (uint32_t i = 0; i < graph->nodes[o->scanned].output_count; i++)
            o->producer[graph->nodes[o->scanned].outputs[i]] = o->scanned;
    return o->producer[tensor];
}

tsr_status onnx_with_quant(onnx *o, tsr_id *id, tsr_quant quant) {
    const tsr_tensor *tensor = tensor_of(&o->imp, *id);
    const tsr_quant *has = &tensor->quant;
    if (has->count == quant.count &&
        (quant.count == 0 || (memcmp(has->scale, quant.scale, quant.count * sizeof(float)) == 0 &&
                              memcmp(has->zero_point, quant.zero_point, quant.count * sizeof(int32_t)) == 0 &&
                              (quant.count == 1 || has->axis == quant.axis))))
        return tsr_ok();
    if (quant.count > 1 &&
        (quant.axis < 0 || quant.axis >= (int32_t)tensor->rank || tensor->shape[quant.axis] != (int64_t)quant.count))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " scales do not fit axis %" PRId32 " of '%.100s'", quant.count, quant.axis,
                         tensor->name);
    const tsr_graph *graph = o->imp.graph;
    bool fresh = has->count == 0 && tensor->data == NULL && onnx_producer(o, *id) == TSR_NO_ID;
    for (uint32_t n = 0; fresh && n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++)
            fresh &= graph->nodes[n].inputs[i] != *id;
    if (fresh) { // an input that nobody has read yet
        tensor_of(&o->imp, *id)->quant = quant;
        return tsr_ok();
    }
    TSR_TRY(importer_reserve(&o->imp, 0));
    const tsr_id from = *id;
    const char *name = onnx_derived(o, tensor->name, quant.count > 0 ? "quantised" : "plain");
    *id = importer_like(&o->imp, from, name, tensor->rank, tensor->shape);
    tensor_of(&o->imp, *id)->quant = quant;
    tensor_of(&o->imp, *id)->data = tensor_of(&o->imp, from)->data;
    if (tensor_of(&o->imp, from)->data == NULL)
        tsr_graph_add_node(o->imp.graph, TSR_OP_IDENTITY, importer_node_name(&o->imp, name, "Identity"), 1, &from, 1, id);
    return tsr_ok();
}

tsr_status onnx_plain(onnx *o, tsr_id *id) { return onnx_with_quant(o, id, (tsr_quant){0, 0, NULL, NULL}); }

tsr_id onnx_scalar(onnx *o, const char *name, float value) {
    return tsr_graph_add_const(o->imp.graph, name, TSR_F32, 0, NULL, &value);
}

tsr_status onnx_emit_like(onnx *o, const onnx_node *node, tsr_op op, const tsr_attr *attr, uint32_t count, const tsr_id *in) {
    tsr_id y;
    TSR_TRY(
        importer_emit(&o->imp, op, node->name, attr, count, in, onnx_output_name(node, 0), tensor_of(&o->imp, in[0])->dtype, &y));
    tensor_of(&o->imp, y)->quant = tensor_of(&o->imp, in[0])->quant;
    return onnx_define(o, node, 0, y);
}

// ---- nodes -------------------------------------------------------------------------------------------------------------

static const struct {
    const char *op;
    onnx_handler *handler;
    int variant;
    const char *attributes;
} handlers[] = {
    {"Conv", onnx_conv, VARIANT_PLAIN, "auto_pad dilations group kernel_shape pads strides"},
    {"ConvInteger", onnx_conv, VARIANT_INTEGER, "auto_pad dilations group kernel_shape pads strides"},
    {"QLinearConv", onnx_conv, VARIANT_QLINEAR, "auto_pad dilations group kernel_shape pads strides"},
    {"Gemm", onnx_gemm, 0, "alpha beta transA transB broadcast"},
    {"MatMul", onnx_matmul, VARIANT_PLAIN, ""},
    {"MatMulInteger", onnx_matmul, VARIANT_INTEGER, ""},
    {"QLinearMatMul", onnx_matmul, VARIANT_QLINEAR, ""},
    {"MaxPool", onnx_pool, VARIANT_MAX_POOL, "auto_pad ceil_mode dilations kernel_shape pads storage_order strides"},
    {"AveragePool", onnx_pool, VARIANT_AVERAGE_POOL, "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides"},
    {"GlobalMaxPool", onnx_pool, VARIANT_GLOBAL_MAX, ""},
    {"GlobalAveragePool", onnx_pool, VARIANT_GLOBAL_AVERAGE, ""},
    {"QuantizeLinear", onnx_quantize, 0, "axis saturate block_size output_dtype precision"},
    {"DequantizeLinear", onnx_dequantize, 0, "axis block_size output_dtype"},
    {"DynamicQuantizeLinear", onnx_dynamic_quantize, 0, ""},
    {"Add", onnx_binary, TSR_OP_ADD, "axis broadcast consumed_inputs"},
    {"Sub", onnx_binary, TSR_OP_SUB, "axis broadcast consumed_inputs"},
    {"Mul", onnx_binary, TSR_OP_MUL, "axis broadcast consumed_inputs"},
    {"Div", onnx_binary, TSR_OP_DIV, "axis broadcast consumed_inputs"},
    {"Min", onnx_min_max, TSR_OP_MIN, "consumed_inputs"},
    {"Max", onnx_min_max, TSR_OP_MAX, "consumed_inputs"},
    {"Sigmoid", onnx_unary, TSR_OP_SIGMOID, "consumed_inputs"},
    {"Tanh", onnx_unary, TSR_OP_TANH, "consumed_inputs"},
    {"Exp", onnx_unary, TSR_OP_EXP, "consumed_inputs"},
    {"Neg", onnx_unary, TSR_OP_NEG, "consumed_inputs"},
    {"LeakyRelu", onnx_unary, TSR_OP_LEAKY_RELU, "alpha consumed_inputs"},
    {"Relu", onnx_unary, TSR_OP_CLIP, "consumed_inputs"},
    {"Clip", onnx_clip, 0, "min max consumed_inputs"},
    {"Softmax", onnx_softmax, 0, "axis"},
    {"Abs", onnx_unary, TSR_OP_ABS, "consumed_inputs"},
    {"Ceil", onnx_unary, TSR_OP_CEIL, "consumed_inputs"},
    {"Floor", onnx_unary, TSR_OP_FLOOR, "consumed_inputs"},
    {"Round", onnx_unary, TSR_OP_ROUND, "consumed_inputs"},
    {"Sqrt", onnx_unary, TSR_OP_SQRT, "consumed_inputs"},
    {"Log", onnx_unary, TSR_OP_LOG, "consumed_inputs"},
    {"Sin", onnx_unary, TSR_OP_SIN, "consumed_inputs"},
    {"Cos", onnx_unary, TSR_OP_COS, "consumed_inputs"},
    {"Erf", onnx_unary, TSR_OP_ERF, "consumed_inputs"},
    {"Atan", onnx_unary, TSR_OP_ATAN, "consumed_inputs"},
    {"Not", onnx_unary, TSR_OP_NOT, "consumed_inputs"},
    {"Reciprocal", onnx_formula, FORMULA_RECIPROCAL, "consumed_inputs"},
    {"Sign", onnx_formula, FORMULA_SIGN, "consumed_inputs"},
    {"Tan", onnx_formula, FORMULA_TAN, "consumed_inputs"},
    {"Sinh", onnx_formula, FORMULA_SINH, "consumed_inputs"},
    {"Cosh", onnx_formula, FORMULA_COSH, "consumed_inputs"},
    {"Asin", onnx_formula, FORMULA_ASIN, "consumed_inputs"},
    {"Acos", onnx_formula, FORMULA_ACOS, "consumed_inputs"},
    {"Asinh", onnx_formula, FORMULA_ASINH, "consumed_inputs"},
    {"Acosh", onnx_formula, FORMULA_ACOSH, "consumed_inputs"},
    {"Atanh", onnx_formula, FORMULA_ATANH, "consumed_inputs"},
    {"Elu", onnx_formula, FORMULA_ELU, "alpha consumed_inputs"},
    {"Celu", onnx_formula, FORMULA_CELU, "alpha consumed_inputs"},
    {"Selu", onnx_formula, FORMULA_SELU, "alpha gamma consumed_inputs"},
    {"HardSigmoid", onnx_formula, FORMULA_HARD_SIGMOID, "alpha beta consumed_inputs"},
    {"Softplus", onnx_formula, FORMULA_SOFTPLUS, "consumed_inputs"},
    {"Softsign", onnx_formula, FORMULA_SOFTSIGN, "consumed_inputs"},
    {"ThresholdedRelu", onnx_formula, FORMULA_THRESHOLDED_RELU, "alpha consumed_inputs"},
    {"Shrink", onnx_formula, FORMULA_SHRINK, "bias lambd consumed_inputs"},
    {"IsInf", onnx_formula, FORMULA_IS_INF, "detect_negative detect_positive consumed_inputs"},
    {"IsNaN", onnx_formula, FORMULA_IS_NAN, "consumed_inputs"},
    {"BitwiseNot", onnx_formula, FORMULA_BITWISE_NOT, "consumed_inputs"},
    {"Equal", onnx_compare, COMPARE_EQUAL, "axis broadcast"},
    {"Less", onnx_compare, COMPARE_LESS, "axis broadcast"},
    {"LessOrEqual", onnx_compare, COMPARE_LESS_EQUAL, "axis broadcast"},
    {"Greater", onnx_compare, COMPARE_GREATER, "axis broadcast"},
    {"GreaterOrEqual", onnx_compare, COMPARE_GREATER_EQUAL, "axis broadcast"},
    {"And", onnx_logic, TSR_OP_AND, "axis broadcast"},
    {"Or", onnx_logic, TSR_OP_OR, "axis broadcast"},
    {"Xor", onnx_logic, TSR_OP_XOR, "axis broadcast"},
    {"BitwiseAnd", onnx_logic, TSR_OP_AND, "axis broadcast"},
    {"BitwiseOr", onnx_logic, TSR_OP_OR, "axis broadcast"},
    {"BitwiseXor", onnx_logic, TSR_OP_XOR, "axis broadcast"},
    {"BitShift", onnx_bit_shift, 0, "direction"},
    {"Pow", onnx_pow, 0, "axis broadcast"},
    {"Mod", onnx_mod, 0, "fmod"},
    {"Sum", onnx_sum, SUM_PLAIN, "consumed_inputs"},
    {"Mean", onnx_sum, SUM_MEAN, "consumed_inputs"},
    {"Where", onnx_where, 0, ""},
    {"PRelu", onnx_prelu, 0, "consumed_inputs"},
    {"Hardmax", onnx_hardmax, 0, "axis"},
    {"ReduceMean", onnx_reduce, REDUCE_MEAN, "axes keepdims noop_with_empty_axes"},
    {"ReduceSum", onnx_reduce, REDUCE_SUM, "axes keepdims noop_with_empty_axes"},
    {"ReduceProd", onnx_reduce, REDUCE_PROD, "axes keepdims noop_with_empty_axes"},
    {"ReduceMax", onnx_reduce, REDUCE_MAX, "axes keepdims noop_with_empty_axes"},
    {"ReduceMin", onnx_reduce, REDUCE_MIN, "axes keepdims noop_with_empty_axes"},
    {"ReduceSumSquare", onnx_reduce, REDUCE_SUM_SQUARE, "axes keepdims noop_with_empty_axes"},
    {"ReduceL1", onnx_reduce, REDUCE_L1, "axes keepdims noop_with_empty_axes"},
    {"ReduceL2", onnx_reduce, REDUCE_L2, "axes keepdims noop_with_empty_axes"},
    {"ReduceLogSum", onnx_reduce, REDUCE_LOG_SUM, "axes keepdims noop_with_empty_axes"},
    {"ReduceLogSumExp", onnx_reduce, REDUCE_LOG_SUM_EXP, "axes keepdims noop_with_empty_axes"},
    {"ArgMax", onnx_arg, TSR_OP_ARG_MAX, "axis keepdims select_last_index"},
    {"ArgMin", onnx_arg, TSR_OP_ARG_MIN, "axis keepdims select_last_index"},
    {"Det", onnx_det, 0, ""},
    {"CumSum", onnx_cum_sum, CUMULATIVE_SUM, "exclusive reverse"},
    {"CumProd", onnx_cum_sum, CUMULATIVE_PRODUCT, "exclusive reverse"},
    {"Slice", onnx_slice, 0, "axes ends starts"},
    {"Split", onnx_split, 0, "axis num_outputs split"},
    {"Gather", onnx_gather, 0, "axis"},
    {"GatherND", onnx_gather_nd, 0, "batch_dims"},
    {"GatherElements", onnx_gather_elements, 0, "axis"},
    {"ScatterND", onnx_scatter_nd, 0, "reduction"},
    {"ScatterElements", onnx_scatter_elements, 0, "axis reduction"},
    {"Scatter", onnx_scatter_elements, 0, "axis"},
    {"OneHot", onnx_one_hot, 0, "axis"},
    {"Compress", onnx_compress, 0, "axis"},
    {"ReverseSequence", onnx_reverse_sequence, 0, "batch_axis time_axis"},
    {"Shape", onnx_shape, 0, "end start"},
    {"Size", onnx_size, 0, ""},
    {"ConstantOfShape", onnx_constant_of_shape, 0, "value"},
    {"Range", onnx_range, 0, ""},
    {"EyeLike", onnx_eye_like, 0, "dtype k"},
    {"NonZero", onnx_non_zero, 0, ""},
    {"Expand", onnx_expand, 0, ""},
    {"Tile", onnx_tile, 0, ""},
    {"Trilu", onnx_trilu, 0, "upper"},
    {"DepthToSpace", onnx_depth_to_space, 0, "blocksize mode"},
    {"SpaceToDepth", onnx_space_to_depth, 0, "blocksize mode"},
    {"CastLike", onnx_cast_like, 0, "saturate"},
    {"Pad", onnx_pad, 0, "mode pads paddings value"},
    {"Concat", onnx_concat, 0, "axis"},
    {"Reshape", onnx_reshape, VARIANT_RESHAPE, "allowzero shape consumed_inputs"},
    {"Flatten", onnx_reshape, VARIANT_FLATTEN, "axis"},
    {"Squeeze", onnx_reshape, VARIANT_SQUEEZE, "axes"},
    {"Unsqueeze", onnx_reshape, VARIANT_UNSQUEEZE, "axes"},
    {"Transpose", onnx_transpose, 0, "perm"},
    {"Identity", onnx_identity, 0, ""},
    {"Dropout", onnx_dropout, 0, "ratio seed is_test consumed_inputs"},
    {"Constant", onnx_constant, 0, "value value_float value_floats value_int value_ints"},
    {"Cast", onnx_cast, 0, "to saturate"},
    {"BatchNormalization", onnx_batch_normalization, 0, "epsilon momentum spatial training_mode is_test consumed_inputs"},
    {"InstanceNormalization", onnx_instance_normalization, 0, "epsilon consumed_inputs"},
    {"GroupNormalization", onnx_group_normalization, 0, "epsilon num_groups stash_type"},
    {"LayerNormalization", onnx_layer_normalization, 0, "axis epsilon stash_type"},
    {"RMSNormalization", onnx_layer_normalization, 1, "axis epsilon stash_type"},
    {"MeanVarianceNormalization", onnx_mean_variance_normalization, 0, "axes across_channels normalize_variance"},
    {"LpNormalization", onnx_lp_normalization, 0, "axis p"},
    {"LRN", onnx_lrn, 0, "alpha beta bias size"},
    {"ConvTranspose", onnx_conv_transpose, 0, "auto_pad dilations group kernel_shape output_padding output_shape pads strides"},
    {"Resize", onnx_resize, 0,
     "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy "
     "mode nearest_mode"},
    {"Upsample", onnx_upsample, 0, "mode scales height_scale width_scale"},
    {"RNN", onnx_recurrent, TSR_CELL_RNN, "activation_alpha activation_beta activations clip direction hidden_size layout"},
    {"GRU", onnx_recurrent, TSR_CELL_GRU,
     "activation_alpha activation_beta activations clip direction hidden_size layout linear_before_reset"},
    {"LSTM", onnx_recurrent, TSR_CELL_LSTM,
     "activation_alpha activation_beta activations clip direction hidden_size input_forget layout"},
    {"Einsum", onnx_einsum, 0, "equation"},
    {"LogSoftmax", onnx_log_softmax, 0, "axis"},
    {"NegativeLogLikelihoodLoss", onnx_likelihood_loss, 0, "ignore_index reduction"},
    {"SoftmaxCrossEntropyLoss", onnx_cross_entropy_loss, 0, "ignore_index reduction"},
    {"CenterCropPad", onnx_center_crop_pad, 0, "axes"},
    {"GridSample", onnx_grid_sample, 0, "align_corners mode padding_mode"},
    {"AffineGrid", onnx_affine_grid, 0, "align_corners"},
    {"RoiAlign", onnx_roi_align, 0,
     "coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale"},
    {"DeformConv", onnx_deform_conv, 0, "dilations group kernel_shape offset_group pads strides"},
    {"DFT", onnx_dft, 0, "axis inverse onesided"},
    {"STFT", onnx_stft, 0, "onesided"},
    {"HannWindow", onnx_window, 0, "output_datatype periodic"},
    {"HammingWindow", onnx_window, 1, "output_datatype periodic"},
    {"BlackmanWindow", onnx_window, 2, "output_datatype periodic"},
    {"MelWeightMatrix", onnx_mel_weight_matrix, 0, "output_datatype"},
    {"LpPool", onnx_lp_pool, 0, "auto_pad ceil_mode dilations kernel_shape p pads strides"},
    {"GlobalLpPool", onnx_global_lp_pool, 0, "p"},
    {"MaxUnpool", onnx_max_unpool, 0, "kernel_shape pads strides"},
    {"Col2Im", onnx_col2im, 0, "dilations pads strides"},
    {"Attention", onnx_attention, 0,
     "is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode right_window_size scale softcap "
     "softmax_precision"},
    {"RotaryEmbedding", onnx_rotary_embedding, 0, "interleaved num_heads rotary_embedding_dim"},
    {"Gelu", onnx_gelu, 0, "approximate"},
    {"HardSwish", onnx_hard_swish, 0, ""},
    {"Mish", onnx_mish, 0, ""},
    {"Swish", onnx_swish, 0, "alpha"},
    {"SwiGLU", onnx_swish, 1, "alpha"},
    {"NonMaxSuppression", onnx_non_max_suppression, 0, "center_point_box"},
    {"TensorScatter", onnx_tensor_scatter, 0, "axis mode"},
    {"LinearAttention", onnx_linear_attention, 0, "chunk_size kv_num_heads q_num_heads scale update_rule"},
    {"CausalConvWithState", onnx_causal_conv, 0, "activation"},
    {"TopK", onnx_top_k, 0, "axis k largest sorted"},
    {"If", onnx_if, 0, "then_branch else_branch"},
};
enum { HANDLER_COUNT = sizeof handlers / sizeof handlers[0] };

static int find_handler(const Onnx__NodeProto *proto) {
    if (proto->domain != NULL && proto->domain[0] != '\0' && strcmp(proto->domain, "ai.onnx") != 0)
        return -1;
    for (int i = 0; i < HANDLER_COUNT; i++)
        if (proto->op_type != NULL && strcmp(handlers[i].op, proto->op_type) == 0)
            return i;
    return -1;
}

// What nodes from `first` on compute of constants becomes constant at once, for the nodes after them to see: shapes, axes,
// scales. Dequantised weights stay as they are, for the passes to find.
void onnx_evaluate(onnx *o, uint32_t first) {
    tsr_graph *graph = o->imp.graph;
    for (uint32_t n = first; n < graph->node_count; n++) {
        tsr_node *node = &graph->nodes[n];
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < node->output_count; i++)
            bytes += tsr_tensor_bytes(&graph->tensors[node->outputs[i]]);
        if (!node->dead && node->op != TSR_OP_DEQUANTIZE && importer_reserve(&o->imp, bytes).code == TSR_OK)
            node->dead = tsr_graph_evaluate(graph, node);
    }
}

static tsr_status import_node(onnx *o, const Onnx__NodeProto *proto, size_t number) {
    const int index = find_handler(proto);
    onnx_node node = {proto, proto->name != NULL ? proto->name : "", handlers[index].op, handlers[index].variant};
    if (node.name[0] == '\0')
        node.name = tsr_arena_printf(o->imp.graph->arena, "%s_%zu", node.op, number);
    const uint32_t first = o->imp.graph->node_count;
    o->half = TSR_DTYPE_NONE;
    tsr_status status = importer_reserve(&o->imp, 0);
    if (status.code == TSR_OK)
        status = onnx_check_attrs(&node, handlers[index].attributes);
    if (status.code == TSR_OK)
        status = handlers[index].handler(o, &node);
    for (uint32_t i = 0; i < proto->n_output && status.code == TSR_OK; i++) {
        uint32_t known;
        if (onnx_has_output(&node, i) && !name_map_get(&o->values, proto->output[i], &known))
            status = define_value(o, proto->output[i], NOT_COMPUTED);
    }
    if (status.code == TSR_OK)
        onnx_evaluate(o, first);
    return tsr_annotate(status, "node '%.80s' (%s)", node.name, node.op);
}

// ---- the model ---------------------------------------------------------------------------------------------------------

static tsr_status add_bound(onnx *o, const tsr_import_tensor *bound) {
    if (bound->rank == 1 && bound->shape[0] == 0)
        return define_value(o, tsr_arena_strndup(o->imp.graph->arena, bound->name, strlen(bound->name)), EMPTY);
    TSR_TRY(tsr_shape_check(bound->dtype, bound->rank, bound->shape));
    o->imp.budget += 64 * (size_t)1024; // these do not come from the file
    const tsr_id id = tsr_graph_add_const(o->imp.graph, bound->name, bound->dtype, bound->rank, bound->shape, bound->data);
    const tsr_tensor *tensor = tensor_of(&o->imp, id);
    o->imp.budget += 16 * (size_t)tsr_tensor_bytes(tensor);
    return define_value(o, tensor->name, id);
}

static const tsr_import_tensor *find_bound(const tsr_import_options *options, const char *name) {
    for (uint32_t i = 0; i < options->bound_count; i++)
        if (strcmp(options->bound[i].name, name) == 0)
            return &options->bound[i];
    return NULL;
}

static tsr_status read_input(onnx *o, const Onnx__ValueInfoProto *info, const tsr_import_options *options, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    if (info->type == NULL || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || info->type->tensor_type == NULL)
        return tsr_error(TSR_UNSUPPORTED, "only tensors are supported, no sequences, maps or optional values");
    const Onnx__TypeProto__Tensor *type = info->type->tensor_type;
    const tsr_dtype dtype = onnx_dtype(type->has_elem_type ? type->elem_type : 0);
    if (dtype == TSR_DTYPE_NONE)
        return tsr_error(TSR_UNSUPPORTED, "element type %d; integers, bool, float16, bfloat16, float and double work",
                         type->has_elem_type ? (int)type->elem_type : 0);
    const tsr_import_tensor *bound = find_bound(options, info->name);
    if (bound != NULL) {
        if (bound->dtype != dtype)
            return tsr_error(TSR_MISMATCH, "given a value of %s, takes %s", tsr_dtype_name(bound->dtype), tsr_dtype_name(dtype));
        return add_bound(o, bound);
    }
    if (type->shape == NULL)
        return tsr_error(TSR_UNSUPPORTED, "its shape is unknown; give it one in the model");
    if (type->shape->n_dim > TSR_MAX_RANK)
        return tsr_error(TSR_UNSUPPORTED, "rank %zu, at most %d is supported", type->shape->n_dim, TSR_MAX_RANK);
    int64_t shape[TSR_MAX_RANK];
    for (size_t i = 0; i < type->shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[i];
        const bool known = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value > 0;
        const char *symbol = onnx_symbol(dim);
        TSR_TRY(onnx_extent(options, symbol, &shape[i]));
        if (known)
            shape[i] = dim->dim_value;
        else if (shape[i] > 0)
            continue;
        else if (i == 0)
            shape[i] = options->batch > 0 ? options->batch : 1;
        else
            return tsr_error(TSR_UNSUPPORTED, "dimension %zu ('%.40s') is unknown; %s", i, symbol[0] != '\0' ? symbol : "?",
                             symbol[0] != '\0' ? "give it a value (--dim NAME=N)" : "it has no name, fix it in the model");
    }
    TSR_TRY(tsr_shape_check(dtype, (uint32_t)type->shape->n_dim, shape));
    TSR_TRY(importer_reserve(&o->imp, 0));
    *out_id = tsr_graph_add_tensor(o->imp.graph, info->name, dtype, (uint32_t)type->shape->n_dim, shape);
    return define_value(o, info->name, *out_id);
}

static tsr_status read_inputs(onnx *o, const Onnx__GraphProto *proto, const tsr_import_options *options) {
    tsr_graph *graph = o->imp.graph;
    TSR_TRY(importer_reserve(&o->imp, sizeof(tsr_id) * proto->n_input));
    graph->inputs = TSR_NEW_ARRAY(graph->arena, tsr_id, proto->n_input);
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = proto->input[i]->name;
        uint32_t value;
        tsr_id id;
        if (name == NULL || name[0] == '\0')
            return tsr_error(TSR_CORRUPT, "input %zu has no name", i);
        if (name_map_get(&o->values, name, &value) && (value & LAZY))
            continue; // an initialiser's standard value; the form of the first file versions
        const tsr_status status = tsr_annotate(read_input(o, proto->input[i], options, &id), "input '%.100s'", name);
        if (status.code == TSR_UNSUPPORTED)
            TSR_TRY(define_value(o, name, FAILED));
        TSR_TRY(tsr_problems_take(o->problems, status));
        if (id != TSR_NO_ID)
            graph->inputs[graph->input_count++] = id;
    }
    return tsr_ok();
}

// Outputs get a tensor of their own: made by a node, with the output's name.
static tsr_status read_outputs(onnx *o, const Onnx__GraphProto *proto) {
    tsr_graph *graph = o->imp.graph;
    TSR_TRY(importer_reserve(&o->imp, sizeof(tsr_id) * proto->n_output));
    graph->outputs = TSR_NEW_ARRAY(graph->arena, tsr_id, proto->n_output);
    for (size_t i = 0; i < proto->n_output; i++) {
        const char *name = proto->output[i]->name != NULL ? proto->output[i]->name : "";
        tsr_id id;
        TSR_TRY(tsr_annotate(find_value(o, name, &id), "output %zu", i));
        if (tensor_of(&o->imp, id)->data != NULL || onnx_producer(o, id) == TSR_NO_ID ||
            strcmp(tensor_of(&o->imp, id)->name, name) != 0) {
            TSR_TRY(importer_reserve(&o->imp, 0));
            const tsr_id from = id;
            id = importer_like(&o->imp, from, name, tensor_of(&o->imp, from)->rank, tensor_of(&o->imp, from)->shape);
            tsr_graph_add_node(graph, TSR_OP_IDENTITY, importer_node_name(&o->imp, name, "Identity"), 1, &from, 1, &id);
        }
        graph->outputs[graph->output_count++] = id;
    }
    return tsr_ok();
}

tsr_status onnx_read_opset(onnx *o, Onnx__OperatorSetIdProto **sets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Onnx__OperatorSetIdProto *set = sets[i];
        if (set->domain == NULL || set->domain[0] == '\0' || strcmp(set->domain, "ai.onnx") == 0)
            o->opset = set->has_version ? set->version : 0;
    }
    if (count == 0)
        o->opset = 1; // as the format says of its first version
    if (o->opset < 1 || o->opset > 1000)
        return tsr_error(TSR_CORRUPT, "operator set version %" PRId64, o->opset);
    return tsr_ok();
}

const char *onnx_any_name(const Onnx__NodeProto *node) {
    return node->name != NULL && node->name[0] != '\0' ? node->name : node->n_output > 0 ? node->output[0] : "";
}

static bool reads_failed(const onnx *o, const Onnx__NodeProto *node) {
    uint32_t value;
    for (size_t i = 0; i < node->n_input; i++)
        if (name_map_get(&o->values, node->input[i], &value) && value == FAILED)
            return true;
    return false;
}

static void fail_outputs(onnx *o, const Onnx__NodeProto *node) {
    for (size_t i = 0; i < node->n_output; i++)
        if (node->output[i][0] != '\0')
            name_map_add(&o->values, node->output[i], FAILED);
}

tsr_status onnx_list_unknown(onnx *o, Onnx__NodeProto **nodes, size_t count) {
    unsupported_list unsupported = {.kinds = 0};
    for (size_t i = 0; i < count; i++)
        if (find_handler(nodes[i]) < 0 && onnx_find_function(o, nodes[i]) == NULL)
            unsupported_add(&unsupported, nodes[i]->op_type != NULL ? nodes[i]->op_type : "", onnx_any_name(nodes[i]));
    return tsr_problems_take(o->problems, unsupported_status(&unsupported, supported_operators));
}

tsr_status onnx_import_nodes(onnx *o, Onnx__NodeProto **nodes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Onnx__NodeProto *node;
        const Onnx__FunctionProto *function = onnx_find_function(o, nodes[i]);
        tsr_status status = onnx_resolve(o, nodes[i], &node);
        const bool skip = (function == NULL && find_handler(node) < 0) || reads_failed(o, node);
        if (status.code == TSR_OK && !skip)
            status = function != NULL ? onnx_call(o, node, function) : import_node(o, node, i);
        if (skip || status.code == TSR_UNSUPPORTED)
            fail_outputs(o, node);
        TSR_TRY(tsr_problems_take(o->problems, status));
    }
    return tsr_ok();
}

static tsr_status read_model(onnx *o, const Onnx__ModelProto *model, const tsr_import_options *options) {
    if (model->graph == NULL || !model->has_ir_version)
        return tsr_error(TSR_CORRUPT, "no %s in the file (is this an ONNX model?)",
                         model->graph == NULL ? "graph" : "ir_version");
    const Onnx__GraphProto *proto = model->graph;
    o->model = model;
    if (model->n_functions > ONNX_MOST_FUNCTIONS)
        return tsr_error(TSR_UNSUPPORTED, "%zu functions; at most %d are supported", model->n_functions, ONNX_MOST_FUNCTIONS);
    if (proto->n_sparse_initializer > 0)
        return tsr_error(TSR_UNSUPPORTED, "sparse initialisers; save them dense");
    TSR_TRY(onnx_list_unknown(o, proto->node, proto->n_node));
    TSR_TRY(onnx_read_opset(o, model->opset_import, model->n_opset_import));
    for (size_t i = 0; i < proto->n_initializer; i++)
        TSR_TRY(
            onnx_add_constant(o, proto->initializer[i]->name != NULL ? proto->initializer[i]->name : "", proto->initializer[i]));
    TSR_TRY(onnx_check_dims(proto, options));
    TSR_TRY(read_inputs(o, proto, options));
    TSR_TRY(onnx_import_nodes(o, proto->node, proto->n_node));
    TSR_TRY(tsr_problems_status(o->problems));
    TSR_TRY(read_outputs(o, proto));
    TSR_TRY(tsr_graph_verify(o->imp.graph));
    tsr_graph_sweep(o->imp.graph);
    return tsr_ok();
}

tsr_status tsr_import_onnx(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                           tsr_graph **out_graph) {
    static const tsr_import_options standard = {.batch = 1};
    *out_graph = NULL;
    ProtobufCMessage *message;
    TSR_TRY(tsr_annotate(pb_unpack(&onnx__model_proto__descriptor, bytes, size, &message), "%s", file_name));
    const Onnx__ModelProto *model = (const Onnx__ModelProto *)message;
    tsr_graph *graph = tsr_graph_create(model->graph != NULL ? model->graph->name : "");
    onnx o;
    memset(&o, 0, sizeof o);
    importer_init(&o.imp, graph, size);
    o.values.arena = graph->arena;
    if (options == NULL)
        options = &standard;
    graph->evaluate = options->evaluate;
    graph->problems = options->problems;
    tsr_problems own = {.arena = graph->arena};
    o.problems = options->problems != NULL ? options->problems : &own;
    tsr_status status = read_model(&o, model, options);
    if (status.code != TSR_OK && o.problems->count > 0)
        status = tsr_problems_status(o.problems); // what may have led to the error
    onnx_forget_defaults(&o);
    protobuf_c_message_free_unpacked(message, NULL);
    if (status.code != TSR_OK) {
        tsr_graph_free(graph);
        return tsr_annotate(status, "%s", file_name);
    }
    *out_graph = graph;
    return tsr_ok();
}
