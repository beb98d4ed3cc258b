// SPDX-License-Identifier: Apache-2.0
// Whole compilations: what runs where, how much memory that takes, and that the same input gives the same bytes.
#include <unistd.h>

#include "check.h"
#include "tsr/compiler.h"
#include "tsr/graph.h"
#include "tsr/import.h"

GREATEST_MAIN_DEFS();

static tsr_config config;

typedef struct rules {
    uint32_t count;
    const char *text[4];
    double clock_mhz;
    bool host_only;
} rules;

// The graph is left as the passes made it.
static tsr_status compile(const char *path, const rules *r, tsr_graph **out_graph, tsr_program **out_program) {
    *out_program = NULL;
    TSR_TRY(tsr_import_file(path, NULL, out_graph));
    const tsr_compile_options options = {.config = r->host_only ? NULL : &config,
                                         .host_only = r->host_only,
                                         .cpu = "baseline",
                                         .place_count = r->count,
                                         .places = r->text,
                                         .clock_mhz = r->clock_mhz};
    return tsr_compile_graph(*out_graph, path, &options, out_program);
}

// ---- placement
static bool has_products_or_pools(const tsr_layer *layer) {
    static const char *const ops[] = {"Conv", "FullyConnected", "MaxPool", "AveragePool", "Add", "Mean"};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (strcmp(layer->op, ops[i]) == 0)
            return true;
    return false;
}

TEST network(const char *path) {
    const rules none = {0};
    tsr_graph *g;
    tsr_program *p;
    uint64_t macs = 0, accelerated = 0;
    if (access(path, R_OK) != 0)
        SKIPm("no such file here");
    ASSERT_OK(compile(path, &none, &g, &p));
    for (uint32_t i = 0; i < p->layer_count; i++) {
        macs += p->layers[i].macs;
        accelerated += p->layers[i].on_accelerator ? p->layers[i].macs : 0;
        if (has_products_or_pools(&p->layers[i]) && !p->layers[i].on_accelerator) {
            fprintf(stderr, "%s (%s) is on the CPU: %s\n", p->layers[i].name, p->layers[i].op, p->layers[i].reason);
            FAIL();
        }
    }
    ASSERT(macs > 0 && (double)accelerated > 0.99 * (double)macs);
    tsr_program_free(p);
    tsr_graph_free(g);
    PASS();
}

static const tsr_layer *layer(const tsr_program *p, const char *name) {
    for (uint32_t i = 0; i < p->layer_count; i++)
        if (strcmp(p->layers[i].name, name) == 0)
            return &p->layers[i];
    return NULL;
}

static const char digits[] = "models/digits/digits_qdq.onnx";

TEST the_users_rules_place_nodes_and_the_last_counts(void) {
    const rules r = {.count = 3, .text = {"conv*=cpu", "c?nv2_Conv=accelerator", "probabilities_*=accelerator"}};
    tsr_graph *g;
    tsr_program *p;
    ASSERT_OK(compile(digits, &r, &g, &p));
    ASSERT(!layer(p, "conv1_Conv")->on_accelerator && !layer(p, "conv3_Conv")->on_accelerator);
    ASSERT(layer(p, "conv2_Conv")->on_accelerator);
    ASSERT(!layer(p, "probabilities_Softmax")->on_accelerator); // a pattern asks for what is possible
    ASSERT(strstr(layer(p, "conv1_Conv")->reason, "as the user placed it") != NULL);
    tsr_program_free(p);
    tsr_graph_free(g);
    PASS();
}

static check_result refused(const char *rule, const char *message) {
    const rules r = {.count = 1, .text = {rule}};
    tsr_graph *g;
    tsr_program *p;
    tsr_status status = compile(digits, &r, &g, &p);
    tsr_graph_free(g);
    ASSERT(p == NULL);
    ASSERT_STR_CONTAINS(message, status.message);
    PASS();
}

TEST rules_that_cannot_be_kept_are_errors(void) {
    CHECK_CALL(
        refused("probabilities_Softmax=accelerator", "cannot be placed on the accelerator: the accelerator has no Softmax"));
    CHECK_CALL(refused("conv9=cpu", "no node has such a name"));
    CHECK_CALL(refused("conv1_Conv=gpu", "NODE=cpu or NODE=accelerator"));
    CHECK_CALL(refused("=cpu", "NODE=cpu or NODE=accelerator"));
    PASS();
}

TEST a_slow_accelerator_leaves_small_layers_to_the_cpu(void) {
    const rules r = {.clock_mhz = 0.1};
    tsr_graph *g;
    tsr_program *p;
    ASSERT_OK(compile(digits, &r, &g, &p));
    ASSERT_FALSE(tsr_program_uses_accelerator(p));
    ASSERT(strstr(layer(p, "conv1_Conv")->reason, "cheaper here") != NULL);
    tsr_program_free(p);
    tsr_graph_free(g);
    PASS();
}

// ---- memory
// The bytes that some node needs at once: what it reads, what it writes, and what is made before and read after it. No plan that
// gives each tensor memory can do with less. A sum in place saves one of its size, one in the tiles of a convolution another.
static uint64_t needed(const tsr_graph *g) {
    uint64_t most = 0;
    for (uint32_t n = 0; n < g->node_count; n++) {
        uint64_t bytes = 0;
        for (tsr_id t = 0; t < g->tensor_count; t++) {
            int64_t first = INT64_MAX, last = -1;
            for (uint32_t i = 0; i < g->input_count; i++)
                first = g->inputs[i] == t ? -1 : first;
            for (uint32_t m = 0; m < g->node_count; m++) {
                for (uint32_t i = 0; i < g->nodes[m].output_count; i++)
                    first = g->nodes[m].outputs[i] == t ? (int64_t)m : first;
                for (uint32_t i = 0; i < g->nodes[m].input_count; i++)
                    last = g->nodes[m].inputs[i] == t ? (int64_t)m : last;
            }
            for (uint32_t i = 0; i < g->output_count; i++)
                last = g->outputs[i] == t ? INT64_MAX : last;
            if (g->tensors[t].data == NULL && first <= (int64_t)n && (int64_t)n <= last)
                bytes += tsr_tensor_bytes(&g->tensors[t]);
        }
        most = bytes > most ? bytes : most;
    }
    return most;
}

static uint64_t largest(const tsr_graph *g) {
    uint64_t most = 0;
    for (uint32_t n = 0; n < g->node_count; n++) {
        const uint64_t bytes = tsr_tensor_bytes(&g->tensors[g->nodes[n].outputs[0]]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

TEST memory(const char *path) {
    const rules none = {0};
    tsr_graph *g;
    tsr_program *p;
    if (access(path, R_OK) != 0)
        SKIPm("no such file here");
    ASSERT_OK(compile(path, &none, &g, &p));
    const uint64_t bound = needed(g), in_place = largest(g);
    if (check.verbose)
        printf("  %s: %llu bytes of activations, %llu without sharing in place\n", path, (unsigned long long)p->work_bytes,
               (unsigned long long)bound);
    ASSERT(p->work_bytes + 2 * in_place >= bound);
    ASSERT(p->work_bytes <= bound + bound / 8 + 4096);
    tsr_program_free(p);
    tsr_graph_free(g);
    PASS();
}

static tsr_status compile_text(const char *text, tsr_program **out_program) {
    const tsr_compile_options options = {.config = &config, .cpu = "baseline"};
    return tsr_compile_bytes(text, strlen(text), "t.tsg", &options, out_program);
}

TEST sums_take_the_memory_of_an_operand_that_ends_there(void) {
    tsr_program *p;
    ASSERT_OK(compile_text("tessera-graph 1 g\ninput x: float32[1,4096]\na = Exp(x)\nb = Tanh(x)\nc = Add(a, b)\nd = Sigmoid(c)\n"
                           "output d\n",
                           &p));
    ASSERT_EQ(3 * 16384, p->work_bytes); // x, a, b; c and d lie where a was
    tsr_program_free(p);
    ASSERT_OK(compile_text("tessera-graph 1 g\ninput x: float32[1,4096]\nd = Sigmoid(x)\noutput d\n", &p));
    ASSERT_EQ(2 * 16384, p->work_bytes); // an input is the user's
    tsr_program_free(p);
    PASS();
}

// ---- what is not supported
static const char three_problems[] = "tessera-graph 1 bad\n"
                                     "input x: int32[1,4]\n"
                                     "input i: int8[1,4](0.1,0)\n"
                                     "const v: int16[4,4](0.1,0) = splat 1\n"
                                     "a = Pow(x, x)\n"
                                     "c: int8[1,4](0.2,0) = FullyConnected(i, v)\n"
                                     "d = Pow(x, a)\n"
                                     "output c\n"
                                     "output d\n";

TEST everything_that_is_not_supported_is_told_in_one_run(void) {
    tsr_problems problems = {.arena = tsr_arena_create()};
    const tsr_compile_options options = {.config = &config, .cpu = "baseline", .problems = &problems};
    tsr_program *p;
    tsr_status status = tsr_compile_bytes(three_problems, strlen(three_problems), "bad.tsg", &options, &p);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT(p == NULL);
    ASSERT_EQ(3, problems.count);
    ASSERT_STR_CONTAINS("node c (FullyConnected): a quantised input needs int8 or uint8 weights", problems.messages[0]);
    ASSERT_STR_CONTAINS("node a (Pow): a power of integers; cast the operands to float32", problems.messages[1]);
    ASSERT_STR_CONTAINS("node d (Pow)", problems.messages[2]);
    ASSERT_STR_CONTAINS("bad.tsg", status.message);
    ASSERT_STR_CONTAINS("node d (Pow)", status.message);
    tsr_arena_free(problems.arena);
    PASS();
}

// ---- the same bytes
TEST two_compilations_give_the_same_bytes(void) {
    uint8_t *bytes[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        const rules none = {0};
        tsr_graph *g;
        tsr_program *p;
        ASSERT_OK(compile(digits, &none, &g, &p));
        ASSERT_OK(tsr_program_serialise(p, &bytes[i], &size[i]));
        tsr_program_free(p);
        tsr_graph_free(g);
    }
    ASSERT_EQ(size[0], size[1]);
    ASSERT_MEM_EQ(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
    PASS();
}

SUITE(placement) {
    static const struct {
        const char *name, *path;
    } networks[] = {
        {"resnet18", "build/zoo/resnet18_int8.onnx"},
        {"resnet50", "build/zoo/resnet50_int8.onnx"},
        {"mobilenet_v1", "build/zoo/mobilenet_v1_int8.onnx"},
        {"mobilenet_v2", "build/zoo/mobilenet_v2_int8.onnx"},
        {"mobilenet_v1_tflite", "../shared/models/imagenet/mobilenet_v1_0.25_128_uint8.tflite"},
        {"mobilenet_v2_tflite", "../shared/models/imagenet/mobilenet_v2_1.0_224_int8.tflite"},
        {"mlperf_tiny_resnet8", "../shared/models/mlperf_tiny/ic_resnet8_int8.tflite"},
        {"mlperf_tiny_dscnn", "../shared/models/mlperf_tiny/kws_dscnn_int8.tflite"},
        {"mlperf_tiny_autoencoder", "../shared/models/mlperf_tiny/ad_autoencoder_int8.tflite"},
    };
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s_runs_on_the_accelerator_from_the_first_layer_to_the_classifier", networks[i].name);
        RUN_TEST_AS(name, network, networks[i].path);
        snprintf(name, sizeof name, "%s_needs_the_memory_that_is_alive_at_once", networks[i].name);
        RUN_TEST_AS(name, memory, networks[i].path);
    }
    RUN_TEST(the_users_rules_place_nodes_and_the_last_counts);
    RUN_TEST(rules_that_cannot_be_kept_are_errors);
    RUN_TEST(a_slow_accelerator_leaves_small_layers_to_the_cpu);
}

SUITE(memory_and_bytes) {
    RUN_TEST(sums_take_the_memory_of_an_operand_that_ends_there);
    RUN_TEST(everything_that_is_not_supported_is_told_in_one_run);
    RUN_TEST(two_compilations_give_the_same_bytes);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    if (tsr_config_load("isa/configs/pynq.cfg", &config).code != TSR_OK)
        return 1; // not in the top folder
    RUN_SUITE(placement);
    RUN_SUITE(memory_and_bytes);
    GREATEST_MAIN_END();
}
