// SPDX-License-Identifier: Apache-2.0
// Importing: every model at hand, the public ONNX operator cases, and files that lie.
#include <dirent.h>
#include <inttypes.h>

#include "check.h"
#include "onnx.pb-c.h"
#include "tsr/import.h"
#include "tsr/lower.h"

// ---- models ------------------------------------------------------------------------------------------------------------

typedef struct {
    const char *name, *path, *input, *output;
    uint64_t macs;
} model_case;

static const model_case models[] = {
    {"mobilenet_v2_imports", "../shared/models/imagenet/mobilenet_v2_1.0_224_int8.tflite", "uint8[1,224,224,3]", "uint8[1,1001]",
     300775552},
    {"mobilenet_v1_imports", "../shared/models/imagenet/mobilenet_v1_0.25_128_uint8.tflite", "uint8[1,128,128,3]",
     "uint8[1,1001]", 0},
    {"resnet8_imports", "../shared/models/mlperf_tiny/ic_resnet8_int8.tflite", "int8[1,32,32,3]", "int8[1,10]", 12501632},
    {"float_resnet8_imports", "../shared/models/mlperf_tiny/ic_resnet8_float.tflite", "float32[1,32,32,3]", "float32[1,10]",
     12501632},
    {"dscnn_imports", "../shared/models/mlperf_tiny/kws_dscnn_int8.tflite", "int8[1,49,10,1]", "int8[1,12]", 2656768},
    {"autoencoder_imports", "../shared/models/mlperf_tiny/ad_autoencoder_int8.tflite", "int8[1,640]", "int8[1,640]", 264192},
    {"mnist_imports", "../shared/models/onnx_zoo/mnist_8/model.onnx", "float32[1,1,28,28]", "float32[1,10]", 786560},
    {"super_resolution_imports", "../shared/models/onnx_zoo/super_resolution_10/model.onnx", "float32[1,1,224,224]",
     "float32[1,1,672,672]", 0},
    {"digits_import", "models/digits/digits_float.onnx", "float32[1,1,8,8]", "float32[1,10]", 0},
    {"quantised_digits_import", "models/digits/digits_qdq.onnx", "float32[1,1,8,8]", "float32[1,10]", 0},
    {"the_small_model_imports", "tests/import/small.tflite", "int8[1,6,6,2]", "float32[1,5]", 762},
};

static const char *describe(const tsr_graph *graph, tsr_id id) {
    static char text[TSR_SHAPE_TEXT + 32];
    char shape[TSR_SHAPE_TEXT];
    const tsr_tensor *tensor = &graph->tensors[id];
    snprintf(text, sizeof text, "%s%s", tsr_dtype_name(tensor->dtype), tsr_shape_text(shape, tensor->rank, tensor->shape));
    return text;
}

static check_result imports(const model_case *model) {
    FILE *file = fopen(model->path, "rb");
    if (file == NULL)
        SKIPm("the model is not here");
    fclose(file);
    tsr_graph *graph;
    ASSERT_OK(tsr_import_file(model->path, NULL, &graph));
    ASSERT_OK(tsr_graph_verify(graph));
    ASSERT_EQ(1, graph->input_count);
    ASSERT_EQ(1, graph->output_count);
    ASSERT_STR_EQ(model->input, describe(graph, graph->inputs[0]));
    ASSERT_STR_EQ(model->output, describe(graph, graph->outputs[0]));
    uint64_t macs = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        macs += tsr_node_macs(graph, &graph->nodes[n]);
    if (model->macs != 0)
        ASSERT_EQ_FMT(model->macs, macs, "%" PRIu64);
    FILE *nowhere = fopen("/dev/null", "w");
    tsr_graph_print(graph, TSR_PRINT_SMALL, nowhere);
    fclose(nowhere);
    tsr_graph_free(graph);
    PASS();
}

// ---- cases of the ONNX backend suite, and our own of the same layout ---------------------------------------------------

enum { MAX_INPUTS = 16 };

static tsr_status read_pb(tsr_arena *arena, const char *folder, const char *kind, uint32_t index, tsr_import_tensor *out) {
    char path[600];
    unsigned char *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s/test_data_set_0/%s_%" PRIu32 ".pb", folder, kind, index);
    TSR_TRY(tsr_import_read_file(path, &bytes, &size));
    tsr_status status = tsr_import_onnx_tensor(bytes, size, path, arena, out);
    free(bytes);
    return status;
}

// Names of the graph's inputs, in order, without those that have initialisers.
static uint32_t input_names(tsr_arena *arena, const char *path, const char *names[MAX_INPUTS]) {
    unsigned char *bytes;
    size_t size;
    uint32_t count = 0;
    if (tsr_import_read_file(path, &bytes, &size).code != TSR_OK)
        return 0;
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, bytes);
    for (size_t i = 0; model != NULL && model->graph != NULL && i < model->graph->n_input && count < MAX_INPUTS; i++)
        names[count++] = tsr_arena_printf(arena, "%s", model->graph->input[i]->name);
    onnx__model_proto__free_unpacked(model, NULL);
    free(bytes);
    return count;
}

typedef struct {
    unsigned imported, other_operators, refused;
} tally;

// Cases that cannot be imported although all of their operators can.
static const struct {
    const char *name, *why;
} refused_cases[] = {
    {"training", "training"},
    {"STRING", "strings"},
    {"test_if", "a branch on a value"},
    {"identity_opt", "optional values"},
    {"identity_sequence", "sequences"},
    {"BFLOAT16", "bfloat16 is recorded as uint16"},
    {"allowzero", "empty tensors"},
    {"_zero", "empty tensors"},
    {"start_out_of_bounds", "empty tensors"},
};

static check_result backend_case(const char *folder, const char *name, tally *sum) {
    tsr_arena *arena = tsr_arena_create();
    const char *names[MAX_INPUTS];
    char path[600];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    tsr_import_tensor bound[MAX_INPUTS], wanted;
    uint32_t count = input_names(arena, path, names), bound_count = 0;
    // The first input stays one, unless it too must be known (the size of a window); shapes, scales and weights are known now.
    for (uint32_t i = 0; i < count; i++)
        if (read_pb(arena, folder, "input", i, &bound[bound_count]).code == TSR_OK)
            bound[bound_count++].name = names[i];
    tsr_import_options options = {
        .batch = 1, .bound_count = bound_count > 0 ? bound_count - 1 : 0, .bound = bound + 1, .evaluate = tsr_evaluate_node};
    tsr_graph *graph;
    tsr_status status = tsr_import_file(path, &options, &graph);
    if (strstr(status.message, "must be a constant") != NULL) {
        options.bound = bound, options.bound_count = bound_count;
        status = tsr_import_file(path, &options, &graph);
    }
    if (status.code != TSR_OK) {
        tsr_arena_free(arena);
        if (strstr(status.message, "operators that are not supported") != NULL) {
            sum->other_operators++;
            PASS();
        }
        for (size_t i = 0; i < sizeof refused_cases / sizeof refused_cases[0]; i++)
            if (strstr(name, refused_cases[i].name) != NULL) {
                if (check.verbose)
                    printf("  %s: %s\n", name, refused_cases[i].why);
                sum->refused++;
                PASS();
            }
        fprintf(stderr, "%s\n", status.message);
        FAILm("import");
    }
    sum->imported++;
    for (uint32_t i = 0; i < graph->output_count; i++) {
        if (read_pb(arena, folder, "output", i, &wanted).code != TSR_OK)
            continue;
        const tsr_tensor *output = &graph->tensors[graph->outputs[i]];
        // Recorded with a symbolic extent of 0, and as uint16.
        if (strstr(name, "_zero") != NULL || strstr(name, "BFLOAT16") != NULL)
            continue;
        char have[TSR_SHAPE_TEXT], want[TSR_SHAPE_TEXT];
        ASSERT_STR_EQ(tsr_shape_text(want, wanted.rank, wanted.shape), tsr_shape_text(have, output->rank, output->shape));
        ASSERT_STR_EQ(tsr_dtype_name(wanted.dtype), tsr_dtype_name(output->dtype));
    }
    tsr_graph_free(graph);
    tsr_arena_free(arena);
    PASS();
}

static check_result walk(const char *root, tally *sum) {
    DIR *dir = opendir(root);
    if (dir == NULL)
        SKIPm("the cases are not here");
    bool failed = false;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char folder[560];
        snprintf(folder, sizeof folder, "%s/%.200s", root, entry->d_name);
        char model[600];
        snprintf(model, sizeof model, "%s/model.onnx", folder);
        FILE *file = fopen(model, "rb");
        if (file == NULL)
            continue;
        fclose(file);
        if (backend_case(folder, entry->d_name, sum) != CHECK_PASS) {
            fprintf(stderr, "in case %s\n", entry->d_name);
            failed = true;
        }
    }
    closedir(dir);
    return failed ? CHECK_FAIL : CHECK_PASS;
}

TEST every_case_of_the_onnx_suite_with_known_operators_imports_with_its_output_shape(void) {
    static const char *const roots[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};
    tally sum = {0, 0, 0};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        char root[200];
        snprintf(root, sizeof root, "/usr/share/libonnx-testdata/data/%s", roots[i]);
        CHECK_CALL(walk(root, &sum));
    }
    if (check.verbose)
        printf("%u cases imported, %u with other operators, %u refused for a known reason\n", sum.imported, sum.other_operators,
               sum.refused);
    ASSERT(sum.imported > 250);
    PASS();
}

TEST every_quantised_case_imports(void) {
    tally sum = {0, 0, 0};
    CHECK_CALL(walk("tests/models/qdq", &sum));
    ASSERT_EQ(0, sum.other_operators + sum.refused);
    PASS();
}

// ---- files that lie ----------------------------------------------------------------------------------------------------

static unsigned char *small_tflite(size_t *out_size) {
    unsigned char *bytes;
    tsr_status status = tsr_import_read_file("tests/import/small.tflite", &bytes, out_size);
    return status.code == TSR_OK ? bytes : NULL;
}

// Imports from a copy of exactly this size, so that the sanitiser sees every step over its end.
static tsr_code import_code(const unsigned char *bytes, size_t size) {
    unsigned char *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, bytes, size);
    tsr_graph *graph;
    tsr_status status = tsr_import_bytes(copy, size, "damaged", NULL, &graph);
    tsr_graph_free(graph);
    free(copy);
    return status.code;
}

static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

// One to four damaged bytes, 4000 times: whatever comes out, nothing crashes.
static void damage(unsigned char *bytes, size_t size) {
    uint64_t state = 42;
    for (int round = 0; round < 4000; round++) {
        size_t at[4];
        unsigned char old[4];
        const unsigned count = 1 + (unsigned)(next_random(&state) % 4);
        for (unsigned i = 0; i < count; i++) {
            at[i] = next_random(&state) % size;
            old[i] = bytes[at[i]];
            bytes[at[i]] = next_random(&state) % 2 ? old[i] ^ (unsigned char)(1u << next_random(&state) % 8)
                                                   : (unsigned char)(next_random(&state) >> 32);
        }
        import_code(bytes, size);
        for (unsigned i = count; i-- > 0;)
            bytes[at[i]] = old[i];
    }
}

TEST all_that_a_tflite_model_wants_in_vain_is_said_in_one_run(void) {
    static const char *const wanted[] = {
        "TFLite_Detection_PostProcess is not supported ('boxes'): export the detector without post-processing",
        "FlexErf is not supported ('flex'): a TensorFlow operator; convert with TFLITE_BUILTINS only",
        "UNIDIRECTIONAL_SEQUENCE_LSTM is not supported ('lstm'): a recurrent operator",
        "operator 3 ADD 'wide_sum': int16 activations; convert the model with int8 activations",
        "operator 4 FULLY_CONNECTED 'hybrid': float32 activations with int8 weights",
        "operator 5 NEG 'negated': quantised operands (int8); keep this operator in float32",
        "operator 6 ADD 'tanh_sum': fused activation 4; NONE, RELU, RELU6 and RELU_N1_TO_1 work",
        "operator 7 RESHAPE 'reshaped': 'in4' must be a constant"};
    enum { COUNT = sizeof wanted / sizeof wanted[0] };
    tsr_problems problems = {.arena = tsr_arena_create()};
    const tsr_import_options options = {.problems = &problems};
    tsr_graph *graph;
    const tsr_status status = tsr_import_file("tests/import/unsupported.tflite", &options, &graph);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_EQ((uint32_t)COUNT, problems.count);
    for (uint32_t i = 0; i < COUNT; i++)
        ASSERT_STR_CONTAINS(wanted[i], problems.messages[i]);
    tsr_arena_free(problems.arena);
    PASS();
}

TEST the_open_batch_of_a_tflite_model_is_what_the_caller_says(void) {
    const tsr_import_options options = {.batch = 3};
    tsr_graph *graph;
    ASSERT_OK(tsr_import_file("tests/import/open_batch.tflite", NULL, &graph));
    ASSERT_STR_EQ("float32[1,6]", describe(graph, graph->inputs[0]));
    tsr_graph_free(graph);
    // Its RESHAPE computes with the batch.
    ASSERT_OK(tsr_import_file("tests/import/open_batch.tflite", &options, &graph));
    ASSERT_STR_EQ("float32[3,6]", describe(graph, graph->inputs[0]));
    tsr_graph_free(graph);
    PASS();
}

TEST a_tflite_file_cut_anywhere_is_an_error(void) {
    size_t size;
    unsigned char *bytes = small_tflite(&size);
    ASSERT(bytes != NULL);
    ASSERT_EQ(TSR_OK, import_code(bytes, size));
    for (size_t cut = 0; cut < size; cut++)
        ASSERT_NEQ(TSR_OK, import_code(bytes, cut));
    free(bytes);
    PASS();
}

TEST a_tflite_file_with_damaged_bytes_does_not_crash(void) {
    size_t size;
    unsigned char *bytes = small_tflite(&size);
    ASSERT(bytes != NULL);
    damage(bytes, size);
    free(bytes);
    PASS();
}

// A model of the given parts in ONNX's format; everything points at the caller's storage.
typedef struct {
    Onnx__ModelProto model;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__GraphProto graph;
    Onnx__ValueInfoProto value[4], *inputs[3], *outputs[1];
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor_type;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension dim[5], *dims[5];
    Onnx__NodeProto node[4], *nodes[4];
    char *in[4][3], *out[4][1];
    Onnx__AttributeProto attribute, *attributes[1];
    Onnx__TensorProto weight, *weights[2];
    int64_t weight_dims[4];
    float weight_data[36];
} onnx_file;

static void add_node(onnx_file *f, const char *op, const char *a, const char *b, const char *y) {
    const size_t n = f->graph.n_node++;
    onnx__node_proto__init(&f->node[n]);
    f->node[n].op_type = (char *)(uintptr_t)op;
    f->in[n][0] = (char *)(uintptr_t)a;
    f->in[n][1] = (char *)(uintptr_t)b;
    f->node[n].n_input = b != NULL ? 2 : 1;
    f->node[n].input = f->in[n];
    f->out[n][0] = (char *)(uintptr_t)y;
    f->node[n].n_output = 1;
    f->node[n].output = f->out[n];
    f->nodes[n] = &f->node[n];
}

// x[1,1,5,5] float, w[4,1,3,3]; the caller adds nodes. The output is y.
static void begin_onnx(onnx_file *f) {
    memset(f, 0, sizeof *f);
    onnx__model_proto__init(&f->model);
    onnx__operator_set_id_proto__init(&f->opset);
    onnx__graph_proto__init(&f->graph);
    onnx__type_proto__init(&f->type);
    onnx__type_proto__tensor__init(&f->tensor_type);
    onnx__tensor_shape_proto__init(&f->shape);
    f->model.has_ir_version = 1, f->model.ir_version = 8;
    f->opset.has_version = 1, f->opset.version = 13;
    f->opsets[0] = &f->opset;
    f->model.n_opset_import = 1, f->model.opset_import = f->opsets;
    f->model.graph = &f->graph;
    f->graph.name = (char *)(uintptr_t)"g";
    for (int i = 0; i < 4; i++)
        onnx__value_info_proto__init(&f->value[i]);
    for (int i = 0; i < 5; i++) {
        onnx__tensor_shape_proto__dimension__init(&f->dim[i]);
        f->dim[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        f->dim[i].dim_value = i < 2 ? 1 : 5;
        f->dims[i] = &f->dim[i];
    }
    f->shape.n_dim = 4, f->shape.dim = f->dims;
    f->tensor_type.has_elem_type = 1, f->tensor_type.elem_type = 1, f->tensor_type.shape = &f->shape;
    f->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE, f->type.tensor_type = &f->tensor_type;
    f->value[0].name = (char *)(uintptr_t)"x", f->value[0].type = &f->type;
    f->value[1].name = (char *)(uintptr_t)"y";
    f->inputs[0] = &f->value[0], f->outputs[0] = &f->value[1];
    f->graph.n_input = 1, f->graph.input = f->inputs;
    f->graph.n_output = 1, f->graph.output = f->outputs;
    f->graph.node = f->nodes;
    onnx__tensor_proto__init(&f->weight);
    f->weight.name = (char *)(uintptr_t)"w";
    f->weight.has_data_type = 1, f->weight.data_type = 1;
    const int64_t dims[4] = {4, 1, 3, 3};
    memcpy(f->weight_dims, dims, sizeof dims);
    f->weight.n_dims = 4, f->weight.dims = f->weight_dims;
    f->weight.n_float_data = 36, f->weight.float_data = f->weight_data;
    f->weights[0] = &f->weight;
    f->graph.n_initializer = 1, f->graph.initializer = f->weights;
}

static tsr_status import_onnx(const onnx_file *f, tsr_graph **out_graph) {
    unsigned char *bytes = malloc(onnx__model_proto__get_packed_size(&f->model));
    size_t size = onnx__model_proto__pack(&f->model, bytes);
    const tsr_import_options options = {.batch = 1, .evaluate = tsr_evaluate_node};
    tsr_status status = tsr_import_onnx(bytes, size, "made.onnx", &options, out_graph);
    free(bytes);
    return status;
}

static check_result refuses(const onnx_file *f, tsr_code code, const char *part) {
    tsr_graph *graph;
    tsr_status status = import_onnx(f, &graph);
    ASSERT(graph == NULL);
    ASSERT_STR_CONTAINS(part, status.message);
    ASSERT_STR_CONTAINS("made.onnx", status.message);
    ASSERT_EQ(code, status.code);
    PASS();
}

static unsigned char *small_onnx(size_t *out_size) {
    static onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Conv", "x", "w", "c");
    add_node(&f, "Relu", "c", NULL, "r");
    add_node(&f, "Softmax", "r", NULL, "y");
    unsigned char *bytes = malloc(onnx__model_proto__get_packed_size(&f.model));
    *out_size = onnx__model_proto__pack(&f.model, bytes);
    return bytes;
}

TEST an_onnx_file_cut_anywhere_is_an_error(void) {
    size_t size;
    unsigned char *bytes = small_onnx(&size);
    ASSERT_EQ(TSR_OK, import_code(bytes, size));
    for (size_t cut = 0; cut < size; cut++) {
        const tsr_code code = import_code(bytes, cut);
        if (code == TSR_OK) // between two fields of the model, what is left is a whole model of opset 1
            ASSERT(size - cut <= 8);
    }
    free(bytes);
    PASS();
}

TEST an_onnx_file_with_damaged_bytes_does_not_crash(void) {
    size_t size;
    unsigned char *bytes = small_onnx(&size);
    damage(bytes, size);
    free(bytes);
    PASS();
}

TEST onnx_convolution_gets_ohwi_weights_and_transposes(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "Conv", "x", "w", "y");
    ASSERT_OK(import_onnx(&f, &graph));
    ASSERT_EQ(3, graph->node_count);
    ASSERT_EQ(TSR_OP_CONV, graph->nodes[1].op);
    ASSERT_STR_EQ("float32[4,3,3,1]", describe(graph, graph->nodes[1].inputs[1]));
    ASSERT_STR_EQ("float32[1,4,3,3]", describe(graph, graph->outputs[0]));
    tsr_graph_free(graph);
    PASS();
}

TEST a_product_with_a_constant_gets_its_weights_by_output(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "MatMul", "x", "w", "y");
    f.shape.n_dim = 2;
    f.dim[0].dim_value = 2, f.dim[1].dim_value = 9; // x[2,9], w[9,4]
    f.weight.n_dims = 2;
    f.weight_dims[0] = 9, f.weight_dims[1] = 4;
    for (int i = 0; i < 36; i++)
        f.weight_data[i] = (float)i;
    ASSERT_OK(import_onnx(&f, &graph));
    ASSERT_EQ(1, graph->node_count);
    ASSERT_EQ(TSR_OP_FULLY_CONNECTED, graph->nodes[0].op);
    const float *w = graph->tensors[graph->nodes[0].inputs[1]].data;
    for (int o = 0; o < 4; o++)
        for (int k = 0; k < 9; k++)
            ASSERT_EQ((float)(k * 4 + o), w[o * 9 + k]);
    tsr_graph_free(graph);
    PASS();
}

TEST weights_larger_than_their_contents_are_refused_before_they_are_allocated(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Conv", "x", "w", "y");
    f.weight_dims[0] = INT64_C(1) << 29;
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "larger than 4 GiB"));
    f.weight_dims[0] = INT64_C(1) << 24;
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "'w'"));
    f.weight_dims[0] = INT64_MAX;
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "'w'"));
    f.weight_dims[0] = -4;
    return refuses(&f, TSR_CORRUPT, "-4");
}

TEST a_value_that_nobody_makes_is_named(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Relu", "nothing", NULL, "y");
    return refuses(&f, TSR_CORRUPT, "'nothing'");
}

TEST a_cycle_is_an_error(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Add", "x", "b", "a");
    add_node(&f, "Relu", "a", NULL, "b");
    add_node(&f, "Relu", "b", NULL, "y");
    return refuses(&f, TSR_CORRUPT, "'b'");
}

TEST a_value_defined_twice_is_an_error(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "y");
    add_node(&f, "Sigmoid", "x", NULL, "y");
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "defined twice"));
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "w");
    return refuses(&f, TSR_CORRUPT, "defined twice");
}

TEST operands_of_the_wrong_rank_name_the_node(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Gemm", "x", "w", "y");
    f.node[0].name = (char *)(uintptr_t)"the_gemm";
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "node 'the_gemm' (Gemm)"));
    begin_onnx(&f);
    add_node(&f, "Conv", "x", "w", "y");
    f.shape.n_dim = 3;
    return refuses(&f, TSR_CORRUPT, "rank");
}

TEST an_unknown_extent_names_input_and_dimension(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "y");
    f.dim[2].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    f.dim[2].dim_param = (char *)(uintptr_t)"height";
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "input 'x': dimension 2 ('height')"));
    return CHECK_PASS;
}

TEST a_symbolic_batch_takes_the_option(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "y");
    f.dim[0].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    f.dim[0].dim_param = (char *)(uintptr_t)"N";
    unsigned char bytes[4096];
    ASSERT(onnx__model_proto__get_packed_size(&f.model) <= sizeof bytes);
    const size_t size = onnx__model_proto__pack(&f.model, bytes);
    const tsr_import_options options = {.batch = 7};
    ASSERT_OK(tsr_import_onnx(bytes, size, "made.onnx", &options, &graph));
    ASSERT_STR_EQ("float32[7,1,5,5]", describe(graph, graph->outputs[0]));
    tsr_graph_free(graph);
    PASS();
}

TEST symbolic_dimensions_take_extents_by_name(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "y");
    const char *const names[] = {"N", NULL, "height", "width"};
    for (int i = 0; i < 4; i++)
        if (names[i] != NULL) {
            f.dim[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            f.dim[i].dim_param = (char *)(uintptr_t)names[i];
        }
    unsigned char bytes[4096];
    ASSERT(onnx__model_proto__get_packed_size(&f.model) <= sizeof bytes);
    const size_t size = onnx__model_proto__pack(&f.model, bytes);
    const char *const dims[] = {"height=6", "width=9", "heigh=6", "width=0", "width=9x", "width"};
    tsr_import_options options = {.batch = 7, .dim_count = 2, .dims = dims};
    ASSERT_OK(tsr_import_onnx(bytes, size, "made.onnx", &options, &graph));
    ASSERT_STR_EQ("float32[7,1,6,9]", describe(graph, graph->outputs[0]));
    tsr_graph_free(graph);
    options.dim_count = 1;
    ASSERT_STR_CONTAINS("'width') is unknown; give it a value",
                        tsr_import_onnx(bytes, size, "made.onnx", &options, &graph).message);
    const char *const wrong[] = {"no input has a dimension called 'heigh'; there are 'N', 'height', 'width'",
                                 "'width=0' is no extent", "'width=9x' is no extent", "'width' is no extent"};
    for (int i = 0; i < 4; i++) {
        const char *const both[] = {"height=6", dims[2 + i]};
        options = (tsr_import_options){.dim_count = 2, .dims = both};
        const tsr_status status = tsr_import_onnx(bytes, size, "made.onnx", &options, &graph);
        ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
        ASSERT_STR_CONTAINS(wrong[i], status.message);
    }
    PASS();
}

TEST every_unsupported_operator_is_listed(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Loop", "x", NULL, "a");
    add_node(&f, "StringSplit", "a", NULL, "b");
    add_node(&f, "Loop", "b", NULL, "y");
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "Loop (2 nodes, first 'a'), StringSplit (1 node 'b')"));
    return refuses(&f, TSR_UNSUPPORTED, "supported are");
}

// Functions f0, f1, ... of domain "own" with the body y = op(op(x)); the model calls the last one.
enum { FUNCTIONS = 31 };
typedef struct {
    Onnx__FunctionProto function[FUNCTIONS], *functions[FUNCTIONS];
    Onnx__NodeProto node[FUNCTIONS][2], *nodes[FUNCTIONS][2];
    char name[FUNCTIONS][16];
} function_set;

static char input_name[] = "x", middle_name[] = "m", output_name[] = "y", own_domain[] = "own", *input_names_[] = {input_name},
            *middle_names[] = {middle_name}, *output_names[] = {output_name};

static Onnx__NodeProto call_of(char *op, char *domain, char **in, char **out) {
    Onnx__NodeProto node;
    onnx__node_proto__init(&node);
    node.op_type = op, node.domain = domain;
    node.n_input = node.n_output = 1;
    node.input = in, node.output = out;
    return node;
}

static void add_functions(onnx_file *f, function_set *set) {
    for (int i = 0; i < FUNCTIONS; i++) {
        Onnx__FunctionProto *function = &set->function[i];
        snprintf(set->name[i], sizeof set->name[i], "f%d", i);
        onnx__function_proto__init(function);
        function->name = set->name[i], function->domain = own_domain;
        function->n_input = function->n_output = 1;
        function->input = input_names_, function->output = output_names;
        function->n_opset_import = 1, function->opset_import = f->opsets;
        static char relu[] = "Relu";
        char *op = i == 0 ? relu : set->name[i - 1], *domain = i == 0 ? NULL : own_domain;
        set->node[i][0] = call_of(op, domain, input_names_, middle_names);
        set->node[i][1] = call_of(op, domain, middle_names, output_names);
        for (int n = 0; n < 2; n++)
            set->nodes[i][n] = &set->node[i][n];
        function->n_node = 2, function->node = set->nodes[i];
        set->functions[i] = function;
    }
    f->model.n_functions = FUNCTIONS, f->model.functions = set->functions;
    add_node(f, set->name[FUNCTIONS - 1], "x", NULL, "y");
    f->node[0].domain = own_domain;
}

TEST functions_that_call_each_other_twice_do_not_fill_the_memory(void) {
    static function_set set;
    onnx_file f;
    begin_onnx(&f);
    add_functions(&f, &set);
    return refuses(&f, TSR_CORRUPT, "describes far more data than its file holds");
}

TEST a_function_that_calls_itself_is_refused(void) {
    static function_set set;
    onnx_file f;
    begin_onnx(&f);
    add_functions(&f, &set);
    set.node[0][0].op_type = set.name[FUNCTIONS - 1], set.node[0][0].domain = own_domain;
    return refuses(&f, TSR_CORRUPT, "more than 32 deep");
}

TEST what_a_function_has_that_is_not_supported_is_told_with_the_way_to_it(void) {
    static function_set set;
    onnx_file f;
    begin_onnx(&f);
    add_functions(&f, &set);
    static char loop[] = "Loop", *nowhere[] = {middle_name};
    f.node[0].op_type = set.name[1];
    set.node[0][0].op_type = loop;
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "Loop (1 node 'm')"));
    add_functions(&f, &set);
    f.graph.n_node = 1, f.node[0].op_type = set.name[1];
    set.node[1][0].input = nowhere;
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "node 'y' (function f1): 'm' is no input, constant or result"));
    set.node[1][0].input = input_names_, set.function[1].output = nowhere, set.node[1][0].output = output_names;
    set.function[1].n_node = 1;
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "output 'm' of its body is not computed there"));
    f.node[0].n_input = 2, f.in[0][1] = input_name;
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "more inputs or outputs than its function"));
    static char *many[257];
    for (size_t i = 0; i < 257; i++)
        many[i] = input_name;
    set.function[1].n_input = 257, set.function[1].input = many;
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "a function with more than 256 inputs"));
    static Onnx__FunctionProto *functions[2049];
    for (size_t i = 0; i < 2049; i++)
        functions[i] = &set.function[0];
    f.model.n_functions = 2049, f.model.functions = functions;
    return refuses(&f, TSR_UNSUPPORTED, "2049 functions; at most 2048");
}

TEST a_branch_on_a_computed_value_is_refused(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Equal", "x", "x", "same");
    add_node(&f, "If", "same", NULL, "y");
    CHECK_CALL(refuses(&f, TSR_CORRUPT, "(If): its condition must be one bool"));
    f.shape.n_dim = 1, f.dim[0].dim_value = 1;
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "(If): its condition depends on the model's inputs"));
    add_node(&f, "Shape", "x", NULL, "one");
    add_node(&f, "Equal", "one", "one", "known");
    f.nodes[0] = &f.node[2], f.nodes[1] = &f.node[3], f.nodes[2] = &f.node[1];
    f.in[1][0] = f.out[3][0];
    f.graph.n_node = 3;
    return refuses(&f, TSR_CORRUPT, "(If): 'then_branch' must be a graph without inputs and with 1 outputs");
}

// What hangs on a node that failed is no problem of its own.
TEST several_unsupported_nodes_are_told_in_one_run(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "StringSplit", "x", NULL, "a");
    add_node(&f, "Relu", "a", NULL, "b");
    add_node(&f, "Tile", "x", "x", "c");
    add_node(&f, "Expand", "x", "x", "y");
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "StringSplit (1 node 'a')"));
    CHECK_CALL(refuses(&f, TSR_UNSUPPORTED, "(Tile): 'x' must be a constant"));
    return refuses(&f, TSR_UNSUPPORTED, "(Expand): 'x' must be a constant");
}

// Shape and Size of a known input are numbers, and so is what is computed of them: Reshape to [1 * 1 * 5 * 5, ...].
TEST a_shape_that_the_model_computes_is_a_constant(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "Shape", "x", NULL, "shape");
    add_node(&f, "Neg", "shape", NULL, "negative");
    add_node(&f, "Abs", "negative", NULL, "extents");
    add_node(&f, "Reshape", "x", "extents", "y");
    ASSERT_OK(import_onnx(&f, &graph));
    ASSERT_EQ(1u, graph->node_count);
    ASSERT_EQ(4u, graph->tensors[graph->outputs[0]].rank);
    ASSERT_EQ(5, graph->tensors[graph->outputs[0]].shape[3]);
    tsr_graph_free(graph);
    PASS();
}

TEST an_unsupported_attribute_is_named(void) {
    onnx_file f;
    begin_onnx(&f);
    add_node(&f, "Relu", "x", NULL, "y");
    onnx__attribute_proto__init(&f.attribute);
    f.attribute.name = (char *)(uintptr_t)"slope";
    f.attribute.has_type = 1, f.attribute.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    f.attribute.has_i = 1;
    f.attributes[0] = &f.attribute;
    f.node[0].n_attribute = 1, f.node[0].attribute = f.attributes;
    return refuses(&f, TSR_UNSUPPORTED, "attribute 'slope'");
}

TEST deeply_nested_messages_are_an_error(void) {
    // graph(7) -> node(1) -> attribute(5) -> g(6) -> node(1) ..., built from the inside.
    enum { DEPTH = 3000 };
    static const unsigned char fields[3] = {1, 5, 6};
    size_t size = 0, capacity = 8 * DEPTH;
    unsigned char *bytes = malloc(capacity);
    unsigned char *begin = bytes + capacity;
    for (int i = DEPTH; i-- > 0;) {
        unsigned char head[8];
        size_t used = 0, length = size;
        head[used++] = (unsigned char)((i == 0 ? 7 : fields[(i - 1) % 3]) << 3 | 2);
        for (; length >= 128; length >>= 7)
            head[used++] = (unsigned char)(length | 128);
        head[used++] = (unsigned char)length;
        begin -= used;
        memcpy(begin, head, used);
        size += used;
    }
    tsr_graph *graph;
    tsr_status status = tsr_import_onnx(begin, size, "deep", NULL, &graph);
    free(bytes);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("nested too deeply", status.message);
    PASS();
}

TEST other_files_are_refused(void) {
    static const unsigned char png[] = "\x89PNG\r\n\x1a\n0123456789", text[] = "hello, this is a text file\n";
    ASSERT_EQ(TSR_CORRUPT, import_code(png, sizeof png - 1));
    ASSERT_EQ(TSR_CORRUPT, import_code(text, sizeof text - 1));
    ASSERT_EQ(TSR_CORRUPT, import_code(text, 0));
    tsr_graph *graph;
    ASSERT_EQ(TSR_NOT_FOUND, tsr_import_file("no/such/model.onnx", NULL, &graph).code);
    PASS();
}

// ---- the graph itself --------------------------------------------------------------------------------------------------

TEST the_verifier_finds_a_second_writer_and_a_wrong_shape(void) {
    const int64_t shape[2] = {2, 3}, other[2] = {3, 2};
    tsr_graph *graph = tsr_graph_create("g");
    const tsr_id x = tsr_graph_add_tensor(graph, "x", TSR_F32, 2, shape);
    const tsr_id y = tsr_graph_add_tensor(graph, "y", TSR_F32, 2, shape);
    graph->inputs = TSR_NEW_ARRAY(graph->arena, tsr_id, 1);
    graph->outputs = TSR_NEW_ARRAY(graph->arena, tsr_id, 1);
    graph->inputs[0] = x, graph->outputs[0] = y;
    graph->input_count = graph->output_count = 1;
    ASSERT_STR_CONTAINS("never produced", tsr_graph_verify(graph).message);
    tsr_graph_add_node(graph, TSR_OP_TANH, "t", 1, &x, 1, &y);
    ASSERT_OK(tsr_graph_verify(graph));
    memcpy(graph->tensors[y].shape, other, sizeof other);
    ASSERT_STR_CONTAINS("node 't' (Tanh)", tsr_graph_verify(graph).message);
    memcpy(graph->tensors[y].shape, shape, sizeof shape);
    tsr_graph_add_node(graph, TSR_OP_TANH, "u", 1, &x, 1, &y);
    ASSERT_STR_CONTAINS("another node's output", tsr_graph_verify(graph).message);
    tsr_graph_free(graph);
    PASS();
}

TEST the_sweep_drops_what_no_output_needs(void) {
    onnx_file f;
    tsr_graph *graph;
    begin_onnx(&f);
    add_node(&f, "Tanh", "x", NULL, "unused");
    add_node(&f, "Exp", "unused", NULL, "unused_too");
    add_node(&f, "Relu", "x", NULL, "y");
    ASSERT_OK(import_onnx(&f, &graph));
    ASSERT_EQ(1, graph->node_count);
    ASSERT_EQ(0, tsr_graph_producer(graph, graph->outputs[0]));
    ASSERT_EQ(1, tsr_graph_uses(graph, graph->inputs[0]));
    tsr_graph_free(graph);
    PASS();
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        RUN_TEST_AS(models[i].name, imports, &models[i]);
    RUN_TEST(every_case_of_the_onnx_suite_with_known_operators_imports_with_its_output_shape);
    RUN_TEST(every_quantised_case_imports);
    RUN_TEST(onnx_convolution_gets_ohwi_weights_and_transposes);
    RUN_TEST(a_product_with_a_constant_gets_its_weights_by_output);
    RUN_TEST(a_symbolic_batch_takes_the_option);
    RUN_TEST(symbolic_dimensions_take_extents_by_name);
    RUN_TEST(all_that_a_tflite_model_wants_in_vain_is_said_in_one_run);
    RUN_TEST(the_open_batch_of_a_tflite_model_is_what_the_caller_says);
    RUN_TEST(a_tflite_file_cut_anywhere_is_an_error);
    RUN_TEST(a_tflite_file_with_damaged_bytes_does_not_crash);
    RUN_TEST(an_onnx_file_cut_anywhere_is_an_error);
    RUN_TEST(an_onnx_file_with_damaged_bytes_does_not_crash);
    RUN_TEST(weights_larger_than_their_contents_are_refused_before_they_are_allocated);
    RUN_TEST(a_value_that_nobody_makes_is_named);
    RUN_TEST(a_cycle_is_an_error);
    RUN_TEST(a_value_defined_twice_is_an_error);
    RUN_TEST(operands_of_the_wrong_rank_name_the_node);
    RUN_TEST(an_unknown_extent_names_input_and_dimension);
    RUN_TEST(every_unsupported_operator_is_listed);
    RUN_TEST(functions_that_call_each_other_twice_do_not_fill_the_memory);
    RUN_TEST(a_function_that_calls_itself_is_refused);
    RUN_TEST(what_a_function_has_that_is_not_supported_is_told_with_the_way_to_it);
    RUN_TEST(a_branch_on_a_computed_value_is_refused);
    RUN_TEST(several_unsupported_nodes_are_told_in_one_run);
    RUN_TEST(a_shape_that_the_model_computes_is_a_constant);
    RUN_TEST(an_unsupported_attribute_is_named);
    RUN_TEST(deeply_nested_messages_are_an_error);
    RUN_TEST(other_files_are_refused);
    RUN_TEST(the_verifier_finds_a_second_writer_and_a_wrong_shape);
    RUN_TEST(the_sweep_drops_what_no_output_needs);
    GREATEST_MAIN_END();
}
