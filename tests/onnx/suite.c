// SPDX-License-Identifier: Apache-2.0
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "onnx.pb-c.h"
#include "tsr/import.h"

// The operands of operators that are constants in every model of practice, by their place.
static const struct {
    const char *op;
    const char *constants, *weights; // digits
} operands[] = {
    {"Reshape", "1", ""},
    {"Squeeze", "1", ""},
    {"Unsqueeze", "1", ""},
    {"Pad", "123", ""},
    {"ReduceMean", "1", ""},
    {"Slice", "1234", ""},
    {"Split", "1", ""},
    {"Expand", "1", ""},
    {"Tile", "12", ""},
    {"Range", "012", ""},
    {"ConstantOfShape", "0", ""},
    {"OneHot", "1", ""},
    {"NonZero", "0", ""},
    {"Compress", "1", ""},
    {"Unique", "0", ""},
    {"Trilu", "1", ""},
    {"CumSum", "1", ""},
    {"CumProd", "1", ""},
    {"ReduceSum", "1", ""},
    {"ReduceProd", "1", ""},
    {"ReduceMax", "1", ""},
    {"ReduceMin", "1", ""},
    {"ReduceSumSquare", "1", ""},
    {"ReduceL1", "1", ""},
    {"ReduceL2", "1", ""},
    {"ReduceLogSum", "1", ""},
    {"ReduceLogSumExp", "1", ""},
    {"Dropout", "12", ""},
    {"BatchNormalization", "1234", ""},
    {"QuantizeLinear", "12", ""},
    {"DequantizeLinear", "12", ""},
    {"QLinearConv", "124567", "38"},
    {"QLinearMatMul", "124567", "3"},
    {"ConvInteger", "23", "1"},
    {"MatMulInteger", "23", "1"},
    {"Resize", "123", ""},
    {"Upsample", "1", ""},
    {"TopK", "1", ""},
    {"NonMaxSuppression", "234", ""},
    {"CenterCropPad", "1", ""},
    {"AffineGrid", "1", ""},
    {"DFT", "12", ""},
    {"STFT", "13", ""},
    {"HannWindow", "0", ""},
    {"HammingWindow", "0", ""},
    {"BlackmanWindow", "0", ""},
    {"MelWeightMatrix", "01234", ""},
    {"MaxUnpool", "2", ""},
    {"Col2Im", "12", ""},
    {"ConvTranspose", "", "12"},
    {"Conv", "", "12"},
    {"Gemm", "", "12"},
    {"MatMul", "", "1"},
};

static input_kind operand_kind(const char *op, size_t place) {
    for (size_t i = 0; i < sizeof operands / sizeof operands[0] && place < 10; i++) {
        if (strcmp(operands[i].op, op) != 0)
            continue;
        const int digit = (int)('0' + place);
        if (strchr(operands[i].constants, digit) != NULL)
            return INPUT_CONSTANT;
        return strchr(operands[i].weights, digit) != NULL ? INPUT_WEIGHT : INPUT_RUN_TIME;
    }
    return INPUT_RUN_TIME;
}

static input_kind input_kind_of(const Onnx__GraphProto *graph, const char *name) {
    input_kind kind = INPUT_RUN_TIME;
    for (size_t n = 0; n < graph->n_node; n++)
        for (size_t i = 0; i < graph->node[n]->n_input; i++)
            if (strcmp(graph->node[n]->input[i], name) == 0) {
                const input_kind wanted = operand_kind(graph->node[n]->op_type, i);
                kind = wanted > kind ? wanted : kind;
            }
    return kind;
}

static bool is_initialiser(const Onnx__GraphProto *graph, const char *name) {
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return true;
    return false;
}

// A number or a few of them, of an integer type: sizes, axes.
static bool is_list(const Onnx__ValueInfoProto *info) {
    const bool is_tensor = info->type != NULL && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    const Onnx__TypeProto__Tensor *type = is_tensor ? info->type->tensor_type : NULL;
    return type != NULL && type->shape != NULL && type->shape->n_dim <= 1 &&
           (type->elem_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 || type->elem_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
}

static void describe(const Onnx__GraphProto *graph, tsr_arena *arena, suite_case *c) {
    c->operators = TSR_NEW_ARRAY(arena, const char *, graph->n_node + 1);
    for (size_t n = 0; n < graph->n_node; n++) {
        const char *op = graph->node[n]->op_type;
        bool known = false;
        for (uint32_t i = 0; i < c->operator_count; i++)
            known |= strcmp(c->operators[i], op) == 0;
        if (!known)
            c->operators[c->operator_count++] = tsr_arena_strndup(arena, op, strlen(op));
    }
    const bool expanded = strstr(c->folder, "_expanded") != NULL; // an operator as its definition's formula
    c->inputs = TSR_NEW_ARRAY(arena, suite_input, graph->n_input + 1);
    for (size_t i = 0; i < graph->n_input; i++) {
        const char *name = graph->input[i]->name;
        if (!is_initialiser(graph, name))
            c->inputs[c->input_count++] =
                (suite_input){tsr_arena_strndup(arena, name, strlen(name)),
                              expanded && is_list(graph->input[i]) ? INPUT_CONSTANT : input_kind_of(graph, name)};
    }
}

// The importer looks at all operators before it looks at anything else.
static const char *unknown_operator(const suite_case *c, tsr_arena *arena) {
    static const char before[] = "operators that are not supported: ";
    tsr_graph *graph;
    const tsr_status status = tsr_import_onnx(c->model, c->model_size, "model.onnx", NULL, &graph);
    tsr_graph_free(graph);
    const char *found = strstr(status.message, before);
    if (found == NULL)
        return NULL;
    found += strlen(before);
    return tsr_arena_strndup(arena, found, strcspn(found, " "));
}

tsr_status suite_case_read(const char *folder, tsr_arena *arena, suite_case *out_case) {
    memset(out_case, 0, sizeof *out_case);
    out_case->folder = tsr_arena_strndup(arena, folder, strlen(folder));
    TSR_TRY(tsr_import_read_file(tsr_arena_printf(arena, "%s/model.onnx", folder), &out_case->model, &out_case->model_size));
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, out_case->model_size, out_case->model);
    const bool readable = model != NULL && model->graph != NULL;
    if (readable) {
        describe(model->graph, arena, out_case);
        out_case->unknown_operator = unknown_operator(out_case, arena);
    }
    onnx__model_proto__free_unpacked(model, NULL);
    return readable ? tsr_ok() : tsr_error(TSR_CORRUPT, "%s/model.onnx is no model", folder);
}

void suite_case_free(suite_case *c) {
    free(c->model);
    c->model = NULL;
}

bool suite_case_has_weights(const suite_case *c) {
    for (uint32_t i = 0; i < c->input_count; i++)
        if (c->inputs[i].kind == INPUT_WEIGHT)
            return true;
    return false;
}

tsr_status suite_data_read(const suite_case *c, unsigned set, const char *kind, tsr_arena *arena, uint32_t most,
                           tsr_import_tensor *out_tensors, uint32_t *out_count) {
    *out_count = 0;
    const char *folder = tsr_arena_printf(arena, "%s/test_data_set_%u", c->folder, set);
    if (access(folder, R_OK) != 0)
        return tsr_error(TSR_NOT_FOUND, "no %s", folder);
    for (; *out_count < most; (*out_count)++) {
        const char *path = tsr_arena_printf(arena, "%s/%s_%u.pb", folder, kind, *out_count);
        unsigned char *bytes;
        size_t size;
        if (access(path, R_OK) != 0)
            break;
        TSR_TRY(tsr_import_read_file(path, &bytes, &size));
        tsr_status status = tsr_import_onnx_tensor(bytes, size, path, arena, &out_tensors[*out_count]);
        free(bytes);
        TSR_TRY(status);
    }
    return tsr_ok();
}
