// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool is_integer(tsr_dtype dtype) { return dtype >= TSR_I8 && dtype <= TSR_U64; }
static bool is_narrow(tsr_dtype dtype) { return dtype >= TSR_I8 && dtype <= TSR_U16; }

static tsr_status verify_quant(const tsr_tensor *tensor) {
    const tsr_quant *quant = &tensor->quant;
    if (quant->count == 0)
        return tsr_ok();
    if (!is_integer(tensor->dtype))
        return tsr_error(TSR_CORRUPT, "only integer tensors can be quantised, not %s", tsr_dtype_name(tensor->dtype));
    if (quant->scale == NULL || quant->zero_point == NULL)
        return tsr_error(TSR_INTERNAL, "quantised without scales or zero points");
    if (quant->count > 1 &&
        (quant->axis < 0 || (uint32_t)quant->axis >= tensor->rank || tensor->shape[quant->axis] != (int64_t)quant->count))
        return tsr_error(TSR_CORRUPT, "%" PRIu32 " scales do not fit axis %" PRId32 " of the tensor", quant->count, quant->axis);
    for (uint32_t i = 0; i < quant->count; i++)
        if (!isfinite(quant->scale[i]) || quant->scale[i] <= 0)
            return tsr_error(TSR_CORRUPT, "scale %" PRIu32 " is %g, must be finite and > 0", i, (double)quant->scale[i]);
    return tsr_ok();
}

static tsr_status verify_tensor(const tsr_tensor *tensor) {
    if (tensor->name == NULL || tsr_dtype_size(tensor->dtype) == 0)
        return tsr_error(TSR_INTERNAL, "no name or no type");
    TSR_TRY(tsr_shape_check(tensor->dtype, tensor->rank, tensor->shape));
    return verify_quant(tensor);
}

static tsr_status verify_same_shape(const tsr_tensor *a, const tsr_tensor *b) {
    if (a->rank != b->rank || memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) != 0)
        return tsr_error(TSR_CORRUPT, "its outputs must have one shape");
    return tsr_ok();
}

static tsr_status verify_recurrent(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *y = &graph->tensors[node->outputs[0]];
    const uint32_t outputs = node->attr.cell == TSR_CELL_LSTM ? 3 : 2;
    enum { LENGTHS = 5 };
    if (node->output_count != outputs || !tsr_dtype_is_float(y->dtype))
        return tsr_error(TSR_UNSUPPORTED, "must give %" PRIu32 " float outputs", outputs);
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_dtype dtype = node->inputs[i] != TSR_NO_ID ? graph->tensors[node->inputs[i]].dtype : TSR_DTYPE_NONE;
        if (dtype != TSR_DTYPE_NONE && (i == LENGTHS ? dtype != TSR_I32 && dtype != TSR_I64 : dtype != y->dtype))
            return tsr_error(TSR_UNSUPPORTED, "input %" PRIu32 " of %s", i, tsr_dtype_name(dtype));
    }
    for (uint32_t i = 1; i < outputs; i++) {
        const tsr_tensor *state = node->outputs[i] != TSR_NO_ID ? &graph->tensors[node->outputs[i]] : NULL;
        if (state == NULL || state->dtype != y->dtype || state->rank != 2 || state->shape[0] != y->shape[1] ||
            state->shape[1] != y->shape[2])
            return tsr_error(TSR_CORRUPT, "output %" PRIu32 " must be a state of the batch", i);
    }
    return tsr_ok();
}

// Types: which operators change them, and which only exist on some.
tsr_status tsr_graph_check_types(const tsr_graph *graph, const tsr_node *node) {
    const tsr_tensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    const tsr_tensor *w = node->input_count > 1 && node->inputs[1] != TSR_NO_ID ? &graph->tensors[node->inputs[1]] : NULL;
    const bool quantised = x->quant.count > 0;
    if ((tsr_dtype_is_half(x->dtype) || tsr_dtype_is_half(y->dtype)) && node->op != TSR_OP_CAST && node->op != TSR_OP_IDENTITY &&
        node->op != TSR_OP_RESHAPE && node->op != TSR_OP_TRANSPOSE)
        return tsr_error(TSR_UNSUPPORTED, "%s is stored, not computed with: cast it to float32",
                         tsr_dtype_name(tsr_dtype_is_half(x->dtype) ? x->dtype : y->dtype));
    switch (node->op) {
    case TSR_OP_CONV:
    case TSR_OP_FULLY_CONNECTED:
    case TSR_OP_MATMUL:
        if (quantised ? !is_narrow(x->dtype) || !is_narrow(w->dtype) || w->quant.count == 0 || y->quant.count != 1
                      : x->dtype != w->dtype || x->dtype != y->dtype)
            return tsr_error(TSR_UNSUPPORTED, "operand types %s, %s -> %s: all must be one float type, or all quantised",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype), tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_MATMUL_INTEGER:
    case TSR_OP_CONV_INTEGER:
        if (!is_narrow(x->dtype) || !is_narrow(w->dtype) || y->dtype != TSR_I32)
            return tsr_error(TSR_UNSUPPORTED, "operand types %s, %s -> %s: must be 8 or 16 bit integers -> int32",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype), tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_ADD:
    case TSR_OP_SUB:
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_MIN:
    case TSR_OP_MAX:
    case TSR_OP_POW:
    case TSR_OP_SQUARED_DIFFERENCE:
    case TSR_OP_FLOOR_DIV:
    case TSR_OP_MOD:
        if (x->dtype != w->dtype || x->dtype != y->dtype || (w->quant.count > 0) != quantised ||
            (y->quant.count > 0) != quantised)
            return tsr_error(TSR_UNSUPPORTED, "operand types %s, %s -> %s: must be the same, all or none quantised",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype), tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_QUANTIZE:
        if (y->quant.count == 0 || (!quantised && !tsr_dtype_is_float(x->dtype)))
            return tsr_error(TSR_UNSUPPORTED, "must turn a float or quantised tensor into a quantised one");
        return tsr_ok();
    case TSR_OP_DEQUANTIZE:
        if (!quantised || !tsr_dtype_is_float(y->dtype))
            return tsr_error(TSR_UNSUPPORTED, "must turn a quantised tensor into a float one");
        return tsr_ok();
    case TSR_OP_DYNAMIC_QUANTIZE:
        if (x->dtype != TSR_F32 || y->dtype != TSR_U8 || node->output_count != 3)
            return tsr_error(TSR_UNSUPPORTED, "must turn float32 into uint8, scale and zero point");
        return tsr_ok();
    case TSR_OP_MAX_POOL_INDEX:
        if (y->dtype != TSR_I64)
            return tsr_error(TSR_UNSUPPORTED, "must give int64, gives %s", tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_CAST: return tsr_ok();
    case TSR_OP_EQUAL:
    case TSR_OP_LESS:
    case TSR_OP_LESS_EQUAL:
        if (x->dtype != w->dtype || y->dtype != TSR_BOOL || (w->quant.count > 0) != quantised)
            return tsr_error(TSR_UNSUPPORTED, "operand types %s, %s -> %s: operands must be the same, both or none quantised",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype), tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_SHIFT_LEFT:
    case TSR_OP_SHIFT_RIGHT:
        if (x->dtype > TSR_U64 || w->dtype != x->dtype || y->dtype != x->dtype || quantised)
            return tsr_error(TSR_UNSUPPORTED, "operands of %s and %s; must be of one integer type", tsr_dtype_name(x->dtype),
                             tsr_dtype_name(w->dtype));
        return tsr_ok();
    case TSR_OP_AND:
    case TSR_OP_OR:
    case TSR_OP_XOR:
        if (tsr_dtype_is_float(x->dtype) || w->dtype != x->dtype || y->dtype != x->dtype || quantised)
            return tsr_error(TSR_UNSUPPORTED, "operands of %s and %s; must be bool or of one integer type",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype));
        return tsr_ok();
    case TSR_OP_NOT:
        if (x->dtype != TSR_BOOL || y->dtype != TSR_BOOL || (w != NULL && w->dtype != TSR_BOOL))
            return tsr_error(TSR_UNSUPPORTED, "operands and result must be bool");
        return tsr_ok();
    case TSR_OP_WHERE: {
        const tsr_tensor *other = &graph->tensors[node->inputs[2]];
        if (x->dtype != TSR_BOOL || w->dtype != y->dtype || other->dtype != y->dtype)
            return tsr_error(TSR_UNSUPPORTED, "operand types %s, %s, %s -> %s: must be bool and twice the result's",
                             tsr_dtype_name(x->dtype), tsr_dtype_name(w->dtype), tsr_dtype_name(other->dtype),
                             tsr_dtype_name(y->dtype));
        return tsr_ok();
    }
    case TSR_OP_ARG_MAX:
    case TSR_OP_ARG_MIN:
        if (y->dtype != TSR_I32 && y->dtype != TSR_I64)
            return tsr_error(TSR_UNSUPPORTED, "must give int32 or int64, gives %s", tsr_dtype_name(y->dtype));
        return tsr_ok();
    case TSR_OP_GATHER:
    case TSR_OP_GATHER_ND:
    case TSR_OP_SCATTER_ND:
        if (w->dtype != TSR_I32 && w->dtype != TSR_I64)
            return tsr_error(TSR_UNSUPPORTED, "indices must be int32 or int64, are %s", tsr_dtype_name(w->dtype));
        if (node->op == TSR_OP_SCATTER_ND && graph->tensors[node->inputs[2]].dtype != x->dtype)
            return tsr_error(TSR_UNSUPPORTED, "updates of %s into %s", tsr_dtype_name(graph->tensors[node->inputs[2]].dtype),
                             tsr_dtype_name(x->dtype));
        break;
    case TSR_OP_RESAMPLE:
        if (graph->tensors[node->inputs[2]].dtype != TSR_F32)
            return tsr_error(TSR_UNSUPPORTED, "weights of %s; must be float32",
                             tsr_dtype_name(graph->tensors[node->inputs[2]].dtype));
        if (!quantised && !tsr_dtype_is_float(x->dtype))
            return tsr_error(TSR_UNSUPPORTED, "the input must be float or quantised, is %s", tsr_dtype_name(x->dtype));
        break;
    case TSR_OP_TOP_K:
        if (node->output_count != 2 || node->outputs[1] == TSR_NO_ID ||
            (graph->tensors[node->outputs[1]].dtype != TSR_I32 && graph->tensors[node->outputs[1]].dtype != TSR_I64))
            return tsr_error(TSR_UNSUPPORTED, "must give values and indices of int32 or int64");
        TSR_TRY(verify_same_shape(y, &graph->tensors[node->outputs[1]]));
        break;
    case TSR_OP_NON_MAX_SUPPRESSION:
        if (x->dtype != TSR_F32 || w->dtype != TSR_F32 || y->dtype != TSR_I64)
            return tsr_error(TSR_UNSUPPORTED, "boxes and scores must be float32, the result int64");
        return tsr_ok();
    case TSR_OP_RECURRENT: return verify_recurrent(graph, node);
    case TSR_OP_NORMALIZE:
        for (uint32_t i = 1; i < node->input_count; i++)
            if (node->inputs[i] != TSR_NO_ID && !tsr_dtype_is_float(graph->tensors[node->inputs[i]].dtype))
                return tsr_error(TSR_UNSUPPORTED, "scale and bias must be float");
        if (!quantised && !tsr_dtype_is_float(x->dtype))
            return tsr_error(TSR_UNSUPPORTED, "the input must be float or quantised, is %s", tsr_dtype_name(x->dtype));
        break;
    case TSR_OP_SQRT:
    case TSR_OP_RSQRT:
    case TSR_OP_LOG:
    case TSR_OP_SIN:
    case TSR_OP_COS:
    case TSR_OP_ATAN:
    case TSR_OP_ERF:
    case TSR_OP_ELU:
    case TSR_OP_PRELU:
    case TSR_OP_HARD_SWISH:
    case TSR_OP_GELU:
    case TSR_OP_SIGMOID:
    case TSR_OP_TANH:
    case TSR_OP_EXP:
    case TSR_OP_SOFTMAX:
    case TSR_OP_AVERAGE_POOL:
    case TSR_OP_LEAKY_RELU:
        if (!quantised && !tsr_dtype_is_float(x->dtype))
            return tsr_error(TSR_UNSUPPORTED, "the input must be float or quantised, is %s", tsr_dtype_name(x->dtype));
        break;
    default: break;
    }
    if (x->dtype != y->dtype)
        return tsr_error(TSR_UNSUPPORTED, "%s -> %s: input and output must have one type", tsr_dtype_name(x->dtype),
                         tsr_dtype_name(y->dtype));
    if (node->op != TSR_OP_IDENTITY && (y->quant.count > 0) != quantised)
        return tsr_error(TSR_CORRUPT, "input and output must both be quantised, or neither");
    return tsr_ok();
}

static bool shifts_fit(const tsr_rescale *r) { return r->lsh <= 31 && r->rsh <= 31; }

static tsr_status verify_requant(const tsr_requant *r) {
    if (!r->valid)
        return tsr_ok();
    if (r->channels > 0 && r->out == NULL)
        return tsr_error(TSR_INTERNAL, "rescaled without numbers");
    bool fit = shifts_fit(&r->in[0]) && shifts_fit(&r->in[1]);
    for (uint32_t c = 0; c < r->channels; c++)
        fit = fit && shifts_fit(&r->out[c]);
    if (!fit || r->lo > r->hi)
        return tsr_error(TSR_CORRUPT, "its rescaling shifts by more than 31, or clamps to nothing");
    return tsr_ok();
}

static tsr_status verify_node(const tsr_graph *graph, const tsr_node *node, bool *ready) {
    if ((unsigned)node->op >= TSR_OP_COUNT || node->op == TSR_OP_NONE || node->name == NULL)
        return tsr_error(TSR_INTERNAL, "no operator or no name");
    if (node->output_count == 0 || node->input_count == 0 || node->inputs[0] == TSR_NO_ID || node->outputs[0] == TSR_NO_ID)
        return tsr_error(TSR_CORRUPT, "the first input and the first output must be there");
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_id id = node->inputs[i];
        if (id == TSR_NO_ID)
            continue;
        if (id >= graph->tensor_count)
            return tsr_error(TSR_CORRUPT, "input %" PRIu32 " is no tensor of the graph", i);
        if (!ready[id])
            return tsr_error(TSR_CORRUPT, "reads '%s' before it is produced (a cycle, or nodes out of order)",
                             graph->tensors[id].name);
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        const tsr_id id = node->outputs[i];
        if (id == TSR_NO_ID)
            continue;
        if (id >= graph->tensor_count)
            return tsr_error(TSR_CORRUPT, "output %" PRIu32 " is no tensor of the graph", i);
        if (ready[id])
            return tsr_error(TSR_CORRUPT, "writes '%s', which is an input, a constant or another node's output",
                             graph->tensors[id].name);
        ready[id] = true;
    }
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    TSR_TRY(tsr_graph_infer_shape(graph, node, &rank, shape));
    const tsr_tensor *y = &graph->tensors[node->outputs[0]];
    if (rank != y->rank || memcmp(shape, y->shape, rank * sizeof *shape) != 0) {
        char is[TSR_SHAPE_TEXT], should[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "the output's shape is %s, must be %s", tsr_shape_text(is, y->rank, y->shape),
                         tsr_shape_text(should, rank, shape));
    }
    TSR_TRY(verify_requant(&node->requant));
    return tsr_graph_check_types(graph, node);
}

static tsr_status verify_all(const tsr_graph *graph, bool *ready, tsr_id *out_tensor, tsr_id *out_node) {
    for (uint32_t t = 0; t < graph->tensor_count; t++) {
        *out_tensor = t;
        TSR_TRY(tsr_annotate(verify_tensor(&graph->tensors[t]), "tensor '%s'",
                             graph->tensors[t].name != NULL ? graph->tensors[t].name : ""));
        ready[t] = graph->tensors[t].data != NULL;
    }
    *out_tensor = TSR_NO_ID;
    for (uint32_t i = 0; i < graph->input_count; i++) {
        if (graph->inputs[i] >= graph->tensor_count || ready[graph->inputs[i]])
            return tsr_error(TSR_CORRUPT, "graph input %" PRIu32 " is a constant, a repetition or no tensor", i);
        ready[graph->inputs[i]] = true;
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        *out_node = n;
        if (!node->dead)
            TSR_TRY(tsr_annotate(verify_node(graph, node, ready), "node '%s' (%s)", node->name != NULL ? node->name : "",
                                 tsr_op_name(node->op)));
    }
    *out_node = TSR_NO_ID;
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] >= graph->tensor_count || !ready[graph->outputs[i]])
            return tsr_error(TSR_CORRUPT, "graph output %" PRIu32 " is never produced", i);
    if (graph->output_count == 0)
        return tsr_error(TSR_CORRUPT, "the graph has no outputs");
    return tsr_ok();
}

tsr_status graph_verify(const tsr_graph *graph, tsr_id *out_tensor, tsr_id *out_node) {
    *out_tensor = *out_node = TSR_NO_ID;
    tsr_arena *scratch = tsr_arena_create();
    bool *ready = TSR_NEW_ARRAY(scratch, bool, graph->tensor_count);
    tsr_status status = verify_all(graph, ready, out_tensor, out_node);
    tsr_arena_free(scratch);
    return status;
}

tsr_status tsr_graph_verify(const tsr_graph *graph) {
    tsr_id tensor, node;
    return graph_verify(graph, &tensor, &node);
}
