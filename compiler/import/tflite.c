// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite models: the file and its list of operators. The file is copied once; names and constants of the graph
// point into that copy.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tflite_model.h"

static const operator_kind kinds[] = {
    {TFL_CONV_2D, OPTIONS_CONV_2D, tflite_conv, TSR_OP_CONV},
    {TFL_DEPTHWISE_CONV_2D, OPTIONS_DEPTHWISE_CONV_2D, tflite_conv, TSR_OP_CONV},
    {TFL_FULLY_CONNECTED, OPTIONS_FULLY_CONNECTED, tflite_fully_connected, TSR_OP_FULLY_CONNECTED},
    {TFL_BATCH_MATMUL, OPTIONS_BATCH_MATMUL, tflite_batch_matmul, TSR_OP_MATMUL},
    {TFL_AVERAGE_POOL_2D, OPTIONS_POOL_2D, tflite_pool, TSR_OP_AVERAGE_POOL},
    {TFL_MAX_POOL_2D, OPTIONS_POOL_2D, tflite_pool, TSR_OP_MAX_POOL},
    {TFL_L2_POOL_2D, OPTIONS_POOL_2D, tflite_l2_pool, TSR_OP_NONE},
    {TFL_L2_NORMALIZATION, 0, tflite_l2_normalization, TSR_OP_NONE},
    {TFL_SOFTMAX, OPTIONS_SOFTMAX, tflite_softmax, TSR_OP_SOFTMAX},
    {TFL_LOG_SOFTMAX, 0, tflite_log_softmax, TSR_OP_NONE},
    {TFL_ADD, OPTIONS_ADD, tflite_binary, TSR_OP_ADD},
    {TFL_SUB, OPTIONS_SUB, tflite_binary, TSR_OP_SUB},
    {TFL_MUL, OPTIONS_MUL, tflite_binary, TSR_OP_MUL},
    {TFL_DIV, OPTIONS_DIV, tflite_binary, TSR_OP_DIV},
    {TFL_ADD_N, 0, tflite_add_n, TSR_OP_ADD},
    {TFL_MAXIMUM, 0, tflite_plain_binary, TSR_OP_MAX},
    {TFL_MINIMUM, 0, tflite_plain_binary, TSR_OP_MIN},
    {TFL_POW, 0, tflite_plain_binary, TSR_OP_POW},
    {TFL_FLOOR_DIV, 0, tflite_plain_binary, TSR_OP_FLOOR_DIV},
    {TFL_FLOOR_MOD, 0, tflite_plain_binary, TSR_OP_MOD},
    {TFL_SQUARED_DIFFERENCE, 0, tflite_plain_binary, TSR_OP_SQUARED_DIFFERENCE},
    {TFL_PRELU, 0, tflite_plain_binary, TSR_OP_PRELU},
    {TFL_LOGICAL_AND, 0, tflite_plain_binary, TSR_OP_AND},
    {TFL_LOGICAL_OR, 0, tflite_plain_binary, TSR_OP_OR},
    {TFL_LOGICAL_NOT, 0, tflite_unary, TSR_OP_NOT},
    {TFL_EQUAL, 0, tflite_comparison, TSR_OP_EQUAL},
    {TFL_NOT_EQUAL, 0, tflite_not_equal, TSR_OP_NONE},
    {TFL_LESS, 0, tflite_comparison, TSR_OP_LESS},
    {TFL_LESS_EQUAL, 0, tflite_comparison, TSR_OP_LESS_EQUAL},
    {TFL_GREATER, 0, tflite_comparison, TSR_OP_LESS},
    {TFL_GREATER_EQUAL, 0, tflite_comparison, TSR_OP_LESS_EQUAL},
    {TFL_SELECT, 0, tflite_select, TSR_OP_WHERE},
    {TFL_SELECT_V2, 0, tflite_select, TSR_OP_WHERE},
    {TFL_RELU, 0, tflite_unary, TSR_OP_CLIP},
    {TFL_RELU6, 0, tflite_unary, TSR_OP_CLIP},
    {TFL_RELU_N1_TO_1, 0, tflite_unary, TSR_OP_CLIP},
    {TFL_RELU_0_TO_1, 0, tflite_unary, TSR_OP_CLIP},
    {TFL_LEAKY_RELU, OPTIONS_LEAKY_RELU, tflite_unary, TSR_OP_LEAKY_RELU},
    {TFL_ELU, 0, tflite_unary, TSR_OP_ELU},
    {TFL_GELU, OPTIONS_GELU, tflite_unary, TSR_OP_GELU},
    {TFL_HARD_SWISH, 0, tflite_unary, TSR_OP_HARD_SWISH},
    {TFL_LOGISTIC, 0, tflite_unary, TSR_OP_SIGMOID},
    {TFL_TANH, 0, tflite_unary, TSR_OP_TANH},
    {TFL_ABS, 0, tflite_unary, TSR_OP_ABS},
    {TFL_NEG, 0, tflite_unary, TSR_OP_NEG},
    {TFL_EXP, 0, tflite_unary, TSR_OP_EXP},
    {TFL_LOG, 0, tflite_unary, TSR_OP_LOG},
    {TFL_SQRT, 0, tflite_unary, TSR_OP_SQRT},
    {TFL_RSQRT, 0, tflite_unary, TSR_OP_RSQRT},
    {TFL_SIN, 0, tflite_unary, TSR_OP_SIN},
    {TFL_COS, 0, tflite_unary, TSR_OP_COS},
    {TFL_FLOOR, 0, tflite_unary, TSR_OP_FLOOR},
    {TFL_CEIL, 0, tflite_unary, TSR_OP_CEIL},
    {TFL_ROUND, 0, tflite_unary, TSR_OP_ROUND},
    {TFL_SQUARE, 0, tflite_square, TSR_OP_MUL},
    {TFL_QUANTIZE, 0, tflite_quantize, TSR_OP_QUANTIZE},
    {TFL_DEQUANTIZE, 0, tflite_dequantize, TSR_OP_DEQUANTIZE},
    {TFL_CAST, 0, tflite_cast, TSR_OP_CAST},
    {TFL_MEAN, OPTIONS_REDUCER, tflite_reduce, TSR_OP_MEAN},
    {TFL_SUM, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_SUM},
    {TFL_REDUCE_PROD, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_PROD},
    {TFL_REDUCE_MAX, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_MAX},
    {TFL_REDUCE_MIN, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_MIN},
    {TFL_REDUCE_ANY, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_MAX},
    {TFL_REDUCE_ALL, OPTIONS_REDUCER, tflite_reduce, TSR_OP_REDUCE_MIN},
    {TFL_ARG_MAX, 0, tflite_arg, TSR_OP_ARG_MAX},
    {TFL_ARG_MIN, 0, tflite_arg, TSR_OP_ARG_MIN},
    {TFL_CUMSUM, OPTIONS_CUMSUM, tflite_cum_sum, TSR_OP_CUM_SUM},
    {TFL_GATHER, OPTIONS_GATHER, tflite_gather, TSR_OP_GATHER},
    {TFL_GATHER_ND, 0, tflite_gather_nd, TSR_OP_GATHER_ND},
    {TFL_SCATTER_ND, 0, tflite_scatter_nd, TSR_OP_SCATTER_ND},
    {TFL_WHERE, 0, tflite_where, TSR_OP_NONE},
    {TFL_TOPK_V2, 0, tflite_top_k, TSR_OP_TOP_K},
    {TFL_ONE_HOT, OPTIONS_ONE_HOT, tflite_one_hot, TSR_OP_NONE},
    {TFL_TRANSPOSE_CONV, OPTIONS_TRANSPOSE_CONV, tflite_transpose_conv, TSR_OP_CONV},
    {TFL_LOCAL_RESPONSE_NORMALIZATION, OPTIONS_LRN, tflite_lrn, TSR_OP_NONE},
    {TFL_RESIZE_BILINEAR, OPTIONS_RESIZE_BILINEAR, tflite_resize_bilinear, TSR_OP_RESIZE_BILINEAR},
    {TFL_RESIZE_NEAREST_NEIGHBOR, OPTIONS_RESIZE_NEAREST, tflite_resize_nearest, TSR_OP_GATHER},
    {TFL_RESHAPE, OPTIONS_RESHAPE, tflite_reshape, TSR_OP_RESHAPE},
    {TFL_SQUEEZE, OPTIONS_SQUEEZE, tflite_squeeze, TSR_OP_RESHAPE},
    {TFL_EXPAND_DIMS, 0, tflite_expand_dims, TSR_OP_RESHAPE},
    {TFL_TRANSPOSE, 0, tflite_transpose, TSR_OP_TRANSPOSE},
    {TFL_PAD, 0, tflite_pad, TSR_OP_PAD},
    {TFL_PADV2, 0, tflite_pad, TSR_OP_PAD},
    {TFL_MIRROR_PAD, OPTIONS_MIRROR_PAD, tflite_mirror_pad, TSR_OP_PAD},
    {TFL_CONCATENATION, OPTIONS_CONCATENATION, tflite_concatenation, TSR_OP_CONCAT},
    {TFL_PACK, OPTIONS_PACK, tflite_pack, TSR_OP_CONCAT},
    {TFL_UNPACK, OPTIONS_UNPACK, tflite_unpack, TSR_OP_SLICE},
    {TFL_TILE, 0, tflite_tile, TSR_OP_EXPAND},
    {TFL_BROADCAST_TO, 0, tflite_broadcast_to, TSR_OP_EXPAND},
    {TFL_FILL, 0, tflite_fill, TSR_OP_EXPAND},
    {TFL_RANGE, 0, tflite_range, TSR_OP_NONE},
    {TFL_SHAPE, OPTIONS_SHAPE, tflite_shape, TSR_OP_NONE},
    {TFL_RANK, 0, tflite_rank_of, TSR_OP_NONE},
    {TFL_ZEROS_LIKE, 0, tflite_zeros_like, TSR_OP_NONE},
    {TFL_SPLIT, 0, tflite_split, TSR_OP_SLICE},
    {TFL_SPLIT_V, 0, tflite_split_v, TSR_OP_SLICE},
    {TFL_SLICE, 0, tflite_slice, TSR_OP_SLICE},
    {TFL_STRIDED_SLICE, OPTIONS_STRIDED_SLICE, tflite_strided_slice, TSR_OP_SLICE},
    {TFL_REVERSE_V2, 0, tflite_reverse, TSR_OP_SLICE},
    {TFL_SPACE_TO_DEPTH, OPTIONS_SPACE_TO_DEPTH, tflite_space_to_depth, TSR_OP_NONE},
    {TFL_DEPTH_TO_SPACE, OPTIONS_DEPTH_TO_SPACE, tflite_depth_to_space, TSR_OP_NONE},
    {TFL_SPACE_TO_BATCH_ND, 0, tflite_space_to_batch, TSR_OP_NONE},
    {TFL_BATCH_TO_SPACE_ND, 0, tflite_batch_to_space, TSR_OP_NONE},
};

static const operator_kind *find_kind(int32_t code) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].code == code)
            return &kinds[i];
    return NULL;
}

// What to do about operators that are not supported.
static const char *way_out(int32_t code, const char *name) {
    switch (code) {
    case TFL_CUSTOM:
        if (strcmp(name, "TFLite_Detection_PostProcess") == 0)
            return "export the detector without post-processing (--add_postprocessing_op=false), so that boxes and scores are "
                   "its outputs, and select boxes in your program";
        if (strncmp(name, "Flex", 4) == 0)
            return "a TensorFlow operator; convert with TFLITE_BUILTINS only";
        return "a custom operator; leave it out of the model and compute it in your program";
    case TFL_IF:
    case TFL_WHILE:
    case TFL_CALL_ONCE: return "control flow; convert a model without loops and conditions";
    case TFL_VAR_HANDLE:
    case TFL_READ_VARIABLE:
    case TFL_ASSIGN_VARIABLE: return "a variable; make the state an input and an output of the model";
    case TFL_DENSIFY: return "sparse weights; convert the model with dense ones";
    case TFL_LSTM:
    case TFL_UNIDIRECTIONAL_SEQUENCE_LSTM:
    case TFL_BIDIRECTIONAL_SEQUENCE_LSTM:
    case TFL_RNN:
    case TFL_UNIDIRECTIONAL_SEQUENCE_RNN:
    case TFL_BIDIRECTIONAL_SEQUENCE_RNN:
    case TFL_SVDF: return "a recurrent operator; export the model as ONNX, or unroll it";
    case TFL_NON_MAX_SUPPRESSION_V4:
    case TFL_NON_MAX_SUPPRESSION_V5: return "make boxes and scores the outputs, and select boxes in your program";
    default: return "replace it by operators of docs/user-guide.md, or export the model as ONNX";
    }
}

// ---- operators ---------------------------------------------------------------------------------------------------------

// The kind of operator; its name for messages when it is not supported.
static tsr_status operator_code(tflite *t, fb_vector codes, fb_table table, int32_t *out_code, const char **out_name) {
    fb_file *file = &t->file;
    const uint32_t index = fb_get_u32(file, table, OPERATOR_CODE, 0);
    TSR_TRY(file->status);
    if (index >= codes.count)
        return tsr_error(TSR_CORRUPT, "operator code %" PRIu32 " of %" PRIu32, index, codes.count);
    const fb_table code = fb_table_at(file, codes, index);
    const int32_t old_code = fb_get_i8(file, code, CODE_DEPRECATED, 0), new_code = fb_get_i32(file, code, CODE_BUILTIN, 0);
    *out_code = old_code > new_code ? old_code : new_code; // old writers fill one, new writers both as far as it fits
    *out_name = *out_code == TFL_CUSTOM ? fb_get_string(file, code, CODE_CUSTOM) : tflite_operator_name(*out_code);
    return file->status;
}

// The name of the operator's output, as TFLite's operators have none themselves.
static const char *output_name(tflite *t, fb_table table) {
    const fb_vector outputs = fb_get_vector(&t->file, table, OPERATOR_OUTPUTS, 4);
    if (outputs.count == 0)
        return "";
    const int32_t index = fb_i32_at(&t->file, outputs, 0);
    if (index < 0 || (uint32_t)index >= t->tensors.count)
        return "";
    return fb_get_string(&t->file, fb_table_at(&t->file, t->tensors, (uint32_t)index), TENSOR_NAME);
}

// An operator that failed: what reads its outputs is still looked at, as far as the file tells their shapes.
static void give_up_outputs(tflite *t, const operation *op) {
    for (uint32_t i = 0; i < op->outputs.count; i++) {
        const int32_t number = fb_i32_at(&t->file, op->outputs, i);
        if (number < 0 || (uint32_t)number >= t->tensors.count || t->ids[number] != TSR_NO_ID)
            continue;
        uint32_t rank;
        int64_t shape[TSR_MAX_RANK];
        tsr_id id;
        if (!tflite_file_shape(t, op, i, &rank, shape) || tflite_output(t, op, i, rank, shape, &id).code != TSR_OK)
            t->ids[number] = TFLITE_FAILED;
    }
}

static bool reads_failed(tflite *t, const operation *op) {
    for (uint32_t i = 0; i < op->inputs.count; i++) {
        const int32_t number = fb_i32_at(&t->file, op->inputs, i);
        if (number >= 0 && (uint32_t)number < t->tensors.count && t->ids[number] == TFLITE_FAILED)
            return true;
    }
    return false;
}

// TSR_UNSUPPORTED goes to the list of problems; other errors end the import.
static tsr_status read_operator(tflite *t, fb_vector codes, fb_table table, uint32_t number, tsr_problems *p) {
    operation op = {.name = output_name(t, table)};
    const char *name = "";
    int32_t code = -1;
    TSR_TRY(tsr_annotate(operator_code(t, codes, table, &code, &name), "operator %" PRIu32, number));
    op.kind = find_kind(code);
    op.inputs = fb_get_vector(&t->file, table, OPERATOR_INPUTS, 4);
    op.outputs = fb_get_vector(&t->file, table, OPERATOR_OUTPUTS, 4);
    const uint32_t options_type = fb_get_u8(&t->file, table, OPERATOR_OPTIONS_TYPE, 0);
    op.options = fb_get_table(&t->file, table, OPERATOR_OPTIONS);
    tsr_status status = t->file.status;
    if (status.code == TSR_OK && op.kind == NULL) {
        char text[TSR_MESSAGE_BYTES];
        snprintf(text, sizeof text, "operator %.60s is not supported ('%.60s'): %s", name, op.name, way_out(code, name));
        tsr_problems_add(p, text);
        give_up_outputs(t, &op);
        return tsr_ok();
    }
    if (status.code == TSR_OK && op.kind->options != 0 && op.options.at != 0 && options_type != (uint32_t)op.kind->options)
        status = tsr_error(TSR_CORRUPT, "options of type %" PRIu32 ", must be %" PRId32, options_type, op.kind->options);
    const bool skip = status.code == TSR_OK && reads_failed(t, &op);
    if (status.code == TSR_OK && !skip)
        status = op.kind->handle(t, &op);
    if (status.code == TSR_OK)
        status = t->file.status;
    status = tsr_annotate(status, "operator %" PRIu32 " %s '%.80s'", number, name, op.name);
    if (status.code == TSR_UNSUPPORTED)
        tsr_problems_add(p, status.message);
    if (skip || status.code == TSR_UNSUPPORTED)
        give_up_outputs(t, &op);
    return status.code == TSR_UNSUPPORTED ? tsr_ok() : status;
}

// ---- the file ----------------------------------------------------------------------------------------------------------

static tsr_status read_inputs(tflite *t, fb_vector list, tsr_problems *p) {
    tsr_graph *graph = t->imp.graph;
    TSR_TRY(importer_reserve(&t->imp, 4 * (uint64_t)list.count));
    graph->inputs = TSR_NEW_ARRAY(graph->arena, tsr_id, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        const tsr_status status =
            tsr_annotate(tflite_tensor(t, fb_i32_at(&t->file, list, i), true, &graph->inputs[i]), "graph input %" PRIu32, i);
        if (status.code == TSR_UNSUPPORTED) {
            tsr_problems_add(p, status.message);
            t->ids[fb_i32_at(&t->file, list, i)] = TFLITE_FAILED;
        } else
            TSR_TRY(status);
    }
    graph->input_count = list.count;
    return tsr_ok();
}

static tsr_status read_outputs(tflite *t, fb_vector list) {
    tsr_graph *graph = t->imp.graph;
    TSR_TRY(importer_reserve(&t->imp, 4 * (uint64_t)list.count));
    graph->outputs = TSR_NEW_ARRAY(graph->arena, tsr_id, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        tsr_id *y = &graph->outputs[i];
        TSR_TRY(tsr_annotate(tflite_tensor(t, fb_i32_at(&t->file, list, i), false, y), "graph output %" PRIu32, i));
        if (tensor_of(&t->imp, *y)->data == NULL)
            continue;
        const tsr_tensor constant = *tensor_of(&t->imp, *y); // which a program has to write as well
        const tsr_id copy = importer_like(&t->imp, *y, constant.name, constant.rank, constant.shape);
        TSR_TRY(importer_node(&t->imp, TSR_OP_IDENTITY, constant.name, NULL, 1, y, copy));
        *y = copy;
    }
    graph->output_count = list.count;
    return tsr_ok();
}

static tsr_status read_model(tflite *t) {
    fb_file *file = &t->file;
    const fb_table model = fb_root(file);
    const uint32_t version = fb_get_u32(file, model, MODEL_VERSION, 0);
    const fb_vector codes = fb_get_vector(file, model, MODEL_OPERATOR_CODES, 4);
    const fb_vector subgraphs = fb_get_vector(file, model, MODEL_SUBGRAPHS, 4);
    t->buffers = fb_get_vector(file, model, MODEL_BUFFERS, 4);
    TSR_TRY(file->status);
    if (version != 3)
        return tsr_error(TSR_UNSUPPORTED, "schema version %" PRIu32 "; version 3 works", version);
    if (subgraphs.count == 0)
        return tsr_error(TSR_CORRUPT, "no subgraph");
    // The first is the model; others belong to control flow, whose operators say that they are not supported.
    const fb_table subgraph = fb_table_at(file, subgraphs, 0);
    t->tensors = fb_get_vector(file, subgraph, SUBGRAPH_TENSORS, 4);
    const fb_vector inputs = fb_get_vector(file, subgraph, SUBGRAPH_INPUTS, 4);
    const fb_vector outputs = fb_get_vector(file, subgraph, SUBGRAPH_OUTPUTS, 4);
    const fb_vector list = fb_get_vector(file, subgraph, SUBGRAPH_OPERATORS, 4);
    const char *name = fb_get_string(file, subgraph, SUBGRAPH_NAME);
    TSR_TRY(file->status);
    tsr_graph *graph = t->imp.graph;
    if (name[0] != '\0')
        graph->name = name;
    t->ids = TSR_NEW_ARRAY(graph->arena, tsr_id, t->tensors.count);
    memset(t->ids, 0xff, sizeof(tsr_id) * t->tensors.count);

    tsr_problems own = {.arena = graph->arena}, *p = graph->problems != NULL ? graph->problems : &own;
    TSR_TRY(read_inputs(t, inputs, p));
    for (uint32_t i = 0; i < list.count; i++)
        TSR_TRY(read_operator(t, codes, fb_table_at(file, list, i), i, p));
    TSR_TRY(file->status);
    TSR_TRY(tsr_problems_status(p));
    TSR_TRY(read_outputs(t, outputs));
    TSR_TRY(file->status);
    TSR_TRY(tsr_graph_verify(graph));
    tsr_graph_sweep(graph);
    return tsr_ok();
}

tsr_status tsr_import_tflite(const void *bytes, size_t size, const char *file_name, const tsr_import_options *options,
                             tsr_graph **out_graph) {
    *out_graph = NULL;
    if (options != NULL && options->bound_count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: inputs cannot be bound to values in a TFLite model", file_name);
    if (options != NULL && options->dim_count > 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: extents have no names in a TFLite model; an open first one is the batch",
                         file_name);
    tflite t;
    memset(&t, 0, sizeof t);
    t.batch = options != NULL ? options->batch : 0;
    if (!fb_open(&t.file, bytes, size, "TFL3"))
        return tsr_annotate(t.file.status, "%s", file_name);
    tsr_graph *graph = tsr_graph_create("main");
    graph->channels_last = true;
    graph->evaluate = options != NULL ? options->evaluate : NULL;
    graph->problems = options != NULL ? options->problems : NULL;
    importer_init(&t.imp, graph, size);
    unsigned char *copy = tsr_arena_alloc(graph->arena, size);
    memcpy(copy, bytes, size);
    t.file.bytes = copy;
    tsr_status status = read_model(&t);
    if (status.code != TSR_OK) {
        tsr_graph_free(graph);
        return tsr_annotate(status, "%s", file_name);
    }
    *out_graph = graph;
    return tsr_ok();
}
