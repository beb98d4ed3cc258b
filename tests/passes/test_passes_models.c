// SPDX-License-Identifier: Apache-2.0
// Whole models through the standard pipeline: which nodes are left, and that they still compute the recorded answers.
#include <dirent.h>
#include <unistd.h>

#include "check.h"
#include "evaluate.h"
#include "npy.h"
#include "tsr/import.h"
#include "tsr/passes.h"

GREATEST_MAIN_DEFS();

enum { MAX_IO = 4, PATH_BYTES = 512 };

typedef struct {
    tsr_arena *arena;
    tsr_graph *graph;
    const void *inputs[MAX_IO];
    void *outputs[MAX_IO];
} model;

static bool is_io(const tsr_id *ids, uint32_t count, tsr_id id) {
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool changes_type(const tsr_node *node) { return node->op == TSR_OP_QUANTIZE || node->op == TSR_OP_DEQUANTIZE; }

// Reads a graph input, or writes a graph output; a change of type may lie between.
static bool at_border(const tsr_graph *graph, const tsr_node *node) {
    tsr_id x = node->inputs[0], y = node->outputs[0];
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (changes_type(&graph->nodes[n]) && graph->nodes[n].outputs[0] == x)
            x = graph->nodes[n].inputs[0];
        else if (changes_type(&graph->nodes[n]) && graph->nodes[n].inputs[0] == y)
            y = graph->nodes[n].outputs[0];
    return is_io(graph->inputs, graph->input_count, x) || is_io(graph->outputs, graph->output_count, y);
}

static bool next_to(const tsr_graph *graph, const tsr_node *node, tsr_op op) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (graph->nodes[n].op == op &&
            (graph->nodes[n].outputs[0] == node->inputs[0] || graph->nodes[n].inputs[0] == node->outputs[0]))
            return true;
    return false;
}

static check_result only_border_nodes_are_left(const tsr_graph *graph) {
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        const bool between_integers =
            graph->tensors[node->inputs[0]].quant.count > 0 && graph->tensors[node->outputs[0]].quant.count > 0;
        bool good = true;
        if (node->op == TSR_OP_QUANTIZE || node->op == TSR_OP_DEQUANTIZE)
            good = between_integers || at_border(graph, node) || next_to(graph, node, TSR_OP_SOFTMAX);
        if (node->op == TSR_OP_TRANSPOSE)
            good = at_border(graph, node);
        if (!good) {
            fprintf(stderr, "%s: '%s' (%s) is left inside\n", graph->name, node->name, tsr_op_name(node->op));
            tsr_graph_print(graph, TSR_PRINT_SMALL, stderr);
            FAIL();
        }
    }
    PASS();
}

// At most one element in 1,000 off, by at most one step.
static check_result nearly_equal(const tsr_tensor *tensor, const void *want, const void *got) {
    const uint64_t elements = tsr_tensor_elements(tensor);
    uint64_t off = 0;
    ASSERT(tensor->dtype == TSR_I8 || tensor->dtype == TSR_U8);
    for (uint64_t i = 0; i < elements; i++) {
        const int a = tensor->dtype == TSR_I8 ? ((const int8_t *)want)[i] : ((const uint8_t *)want)[i];
        const int b = tensor->dtype == TSR_I8 ? ((const int8_t *)got)[i] : ((const uint8_t *)got)[i];
        if (a != b && off == 0)
            fprintf(stderr, "element %llu: %d, is %d\n", (unsigned long long)i, a, b);
        ASSERT(abs(a - b) <= 1);
        off += a != b;
    }
    if (off * 1000 > elements)
        fprintf(stderr, "%llu of %llu elements are off by one\n", (unsigned long long)off, (unsigned long long)elements);
    ASSERT(off * 1000 <= elements);
    PASS();
}

static void show(void *user, const char *pass, const tsr_graph *graph) {
    (void)user;
    if (check.verbose > 1) {
        fprintf(stderr, "---- %s\n", pass);
        tsr_graph_print(graph, TSR_PRINT_SMALL, stderr);
    }
}

static void print_counts(const tsr_graph *graph, uint32_t before) {
    if (!check.verbose)
        return;
    uint32_t of[TSR_OP_COUNT] = {0};
    for (uint32_t n = 0; n < graph->node_count; n++)
        of[graph->nodes[n].op]++;
    printf("  %s: %u nodes ->", graph->name, (unsigned)before);
    for (int op = 0; op < TSR_OP_COUNT; op++)
        if (of[op] > 0)
            printf(" %u %s", (unsigned)of[op], tsr_op_name((tsr_op)op));
    printf("\n");
}

static check_result run_passes(model *m) {
    const uint32_t before = m->graph->node_count;
    tsr_pass_options options = {.block_in = 16};
    ASSERT_OK(tsr_passes_run(m->graph, &options, show, NULL));
    print_counts(m->graph, before);
    return only_border_nodes_are_left(m->graph);
}

static check_result load(model *m, const char *folder) {
    char path[PATH_BYTES];
    size_t bytes;
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    ASSERT_OK(tsr_import_file(path, NULL, &m->graph));
    for (uint32_t i = 0; i < m->graph->input_count; i++) {
        const tsr_tensor *x = &m->graph->tensors[m->graph->inputs[i]];
        snprintf(path, sizeof path, "%s/%s.npy", folder, x->name);
        m->inputs[i] = npy_read(m->arena, path, &bytes);
        ASSERT(m->inputs[i] != NULL && bytes == tsr_tensor_bytes(x));
    }
    PASS();
}

// Halves that float arithmetic meets exactly go to even there and up in integer kernels: the case is made of them.
static bool is_made_of_ties(const char *folder) { return strstr(folder, "_ties") != NULL; }

static check_result qdq_model(model *m, const char *folder) {
    char path[PATH_BYTES];
    size_t bytes;
    CHECK_CALL(load(m, folder));
    CHECK_CALL(run_passes(m));
    const tsr_tensor *y = &m->graph->tensors[m->graph->outputs[0]];
    snprintf(path, sizeof path, "%s/output.npy", folder);
    const void *want = npy_read(m->arena, path, &bytes);
    ASSERT(want != NULL && bytes == tsr_tensor_bytes(y));
    ASSERT_OK(evaluate(m->graph, m->arena, m->inputs, m->outputs));
    if (is_made_of_ties(folder))
        PASS();
    return nearly_equal(y, want, m->outputs[0]);
}

static check_result with_model(const char *path, check_result (*test)(model *, const char *)) {
    model m = {.arena = tsr_arena_create()};
    check_result result = test(&m, path);
    tsr_graph_free(m.graph);
    tsr_arena_free(m.arena);
    return result;
}

TEST qdq_folder(const char *folder) { return with_model(folder, qdq_model); }

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

SUITE(recorded_qdq_models) {
    struct dirent **entries;
    const int count = scandir("tests/models/qdq", &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char folder[PATH_BYTES], name[PATH_BYTES];
        snprintf(folder, sizeof folder, "tests/models/qdq/%s", entries[i]->d_name);
        snprintf(name, sizeof name, "%s_runs_on_integers_and_gives_the_recorded_answer", entries[i]->d_name);
        if (strchr(entries[i]->d_name, '.') == NULL)
            RUN_TEST_AS(name, qdq_folder, folder);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static check_result digits(model *m, const char *path) {
    ASSERT_OK(tsr_import_file(path, NULL, &m->graph));
    CHECK_CALL(run_passes(m));
    uint32_t transposes = 0, float_nodes = 0;
    for (uint32_t n = 0; n < m->graph->node_count; n++) {
        transposes += m->graph->nodes[n].op == TSR_OP_TRANSPOSE;
        float_nodes += m->graph->tensors[m->graph->nodes[n].outputs[0]].dtype == TSR_F32;
    }
    ASSERT_EQ(0, transposes); // its pictures have one channel: a Reshape
    ASSERT(float_nodes <= 2);  // DequantizeLinear, Softmax
    PASS();
}

TEST the_digits_network_runs_on_integers_up_to_its_softmax(void) { return with_model("models/digits/digits_qdq.onnx", digits); }

static check_result float_digits(model *m, const char *path) {
    ASSERT_OK(tsr_import_file(path, NULL, &m->graph));
    return run_passes(m);
}

TEST the_float_digits_network_keeps_no_transposes(void) { return with_model("models/digits/digits_float.onnx", float_digits); }

// The input that tests/models/README.md calls random_1.
static void *random_1(tsr_arena *arena, uint64_t bytes) {
    uint8_t *data = tsr_arena_alloc(arena, (size_t)bytes);
    uint64_t x = UINT64_C(0x9E3779B97F4A7C15);
    for (uint64_t i = 0; i < bytes; i++) {
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        data[i] = (uint8_t)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 56);
    }
    return data;
}

static check_result gives_the_recorded_bytes(model *m, const char *recorded) {
    size_t bytes;
    const tsr_tensor *y = &m->graph->tensors[m->graph->outputs[0]];
    const void *want = npy_read(m->arena, recorded, &bytes);
    ASSERT(want != NULL && bytes == tsr_tensor_bytes(y));
    m->inputs[0] = random_1(m->arena, tsr_tensor_bytes(&m->graph->tensors[m->graph->inputs[0]]));
    ASSERT_OK(evaluate(m->graph, m->arena, m->inputs, m->outputs));
    ASSERT_MEM_EQ(want, m->outputs[0], bytes);
    PASS();
}

// TFLite models have nothing to gain but fusion; in these no node may be left that only changes types inside.
static check_result outside(model *m, const char *path) {
    if (access(path, R_OK) != 0)
        SKIPm("no such file here");
    ASSERT_OK(tsr_import_file(path, NULL, &m->graph));
    ASSERT(m->graph->channels_last);
    CHECK_CALL(run_passes(m));
    for (uint32_t t = 0; t < m->graph->node_count; t++) {
        const tsr_node *node = &m->graph->nodes[t];
        ASSERT(node->op == TSR_OP_QUANTIZE || m->graph->tensors[node->outputs[0]].dtype != TSR_U8);
    }
    if (strstr(path, "dscnn") != NULL)
        return gives_the_recorded_bytes(m, "tests/models/recorded/dscnn/random_1.npy");
    if (strstr(path, "mobilenet_v1") != NULL)
        return gives_the_recorded_bytes(m, "tests/models/recorded/mobilenet_v1_0.25_128/random_1.npy");
    PASS();
}

TEST resnet8_passes(void) { return with_model("../shared/models/mlperf_tiny/ic_resnet8_int8.tflite", outside); }
TEST dscnn_passes(void) { return with_model("../shared/models/mlperf_tiny/kws_dscnn_int8.tflite", outside); }
TEST autoencoder_passes(void) { return with_model("../shared/models/mlperf_tiny/ad_autoencoder_int8.tflite", outside); }
TEST mobilenet_v1_becomes_int8(void) {
    return with_model("../shared/models/imagenet/mobilenet_v1_0.25_128_uint8.tflite", outside);
}
TEST mobilenet_v2_becomes_int8(void) { return with_model("../shared/models/imagenet/mobilenet_v2_1.0_224_int8.tflite", outside); }

SUITE(whole_models) {
    RUN_TEST(the_digits_network_runs_on_integers_up_to_its_softmax);
    RUN_TEST(the_float_digits_network_keeps_no_transposes);
    RUN_TEST(resnet8_passes);
    RUN_TEST(dscnn_passes);
    RUN_TEST(autoencoder_passes);
    RUN_TEST(mobilenet_v1_becomes_int8);
    RUN_TEST(mobilenet_v2_becomes_int8);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(recorded_qdq_models);
    RUN_SUITE(whole_models);
    GREATEST_MAIN_END();
}
