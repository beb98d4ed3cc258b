// SPDX-License-Identifier: Apache-2.0
// A graph written as an ONNX file and read again computes what it did; and equalised weights, too. The oracle is the tensor
// programs' interpreter, which never saw a file.
#include <math.h>

#include "../passes/build.h"
#include "../passes/evaluate.h"
#include "check.h"
#include "quantizer.h"
#include "tsr/import.h"

#define NONE TSR_NO_ID
static const int64_t to_nhwc[4] = {0, 2, 3, 1}, to_nchw[4] = {0, 3, 1, 2};

static float *numbers(tsr_arena *arena, uint64_t count, uint32_t seed, float spread) {
    float *x = TSR_NEW_ARRAY(arena, float, count);
    for (uint64_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        x[i] = ((float)(seed >> 8) / (1 << 23) - 1) * spread;
    }
    return x;
}

static tsr_id constant(tsr_graph *g, uint32_t seed, float spread, uint32_t rank, const int64_t *shape) {
    const tsr_id id = real(g, rank, shape);
    g->tensors[id].data = numbers(g->arena, tsr_tensor_elements(&g->tensors[id]), seed, spread);
    return id;
}

// [N,H,W,C] data as [N,C,H,W] or the other way round.
static float *turned(tsr_arena *arena, const tsr_tensor *t, const float *x, bool to_first) {
    float *y = TSR_NEW_ARRAY(arena, float, tsr_tensor_elements(t));
    const int64_t plane = t->shape[1] * t->shape[2], channels = t->shape[3];
    for (int64_t n = 0; n < t->shape[0]; n++)
        for (int64_t p = 0; p < plane; p++)
            for (int64_t c = 0; c < channels; c++) {
                const int64_t last = (n * plane + p) * channels + c, first = (n * channels + c) * plane + p;
                y[to_first ? first : last] = x[to_first ? last : first];
            }
    return y;
}

static check_result same_numbers(const float *expected, const float *actual, uint64_t count, float tolerance) {
    for (uint64_t i = 0; i < count; i++)
        if (!(fabsf(expected[i] - actual[i]) <= tolerance * (1 + fabsf(expected[i])))) {
            fprintf(stderr, "element %llu: expected %g, got %g\n", (unsigned long long)i, (double)expected[i], (double)actual[i]);
            FAILm("the same numbers");
        }
    PASS();
}

// Writes, reads and compares. The file's bytes must not hold `never` (NULL: anything goes).
static check_result survives(tsr_graph *g, const char *never) {
    uint8_t *bytes;
    size_t size;
    tsr_graph *again;
    void *expected[4], *actual[4];
    ASSERT_OK(tsr_graph_verify(g));
    const tsr_tensor *x = &g->tensors[g->inputs[0]];
    const float *in = numbers(g->arena, tsr_tensor_elements(x), 99, 2);
    const void *inputs[1] = {in};
    ASSERT_OK(evaluate(g, g->arena, inputs, expected));
    ASSERT_OK(write_onnx(g, &bytes, &size));
    ASSERT(never == NULL || memmem(bytes, size, never, strlen(never)) == NULL);
    ASSERT_OK(tsr_import_onnx(bytes, size, "written.onnx", NULL, &again));
    free(bytes);
    ASSERT_STR_EQ(x->name, again->tensors[again->inputs[0]].name);
    if (g->channels_last)
        inputs[0] = turned(g->arena, x, in, true);
    ASSERT_OK(evaluate(again, again->arena, inputs, actual));
    ASSERT_EQ(g->output_count, again->output_count);
    for (uint32_t i = 0; i < g->output_count; i++) {
        const tsr_tensor *y = &g->tensors[g->outputs[i]];
        const bool picture = g->channels_last && y->rank == 4;
        ASSERT_STR_EQ(y->name, again->tensors[again->outputs[i]].name);
        ASSERT(picture || memcmp(y->shape, again->tensors[again->outputs[i]].shape, y->rank * sizeof *y->shape) == 0);
        CHECK_CALL(same_numbers(expected[i], picture ? turned(g->arena, y, actual[i], false) : actual[i], tsr_tensor_elements(y),
                                1e-4f));
    }
    tsr_graph_free(again);
    tsr_graph_free(g);
    PASS();
}

static tsr_id conv(tsr_graph *g, tsr_id x, int64_t channels, int64_t groups, int64_t pad, uint32_t seed) {
    const int64_t in = g->tensors[x].shape[3] / groups;
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = 3;
    attr.pad_top = attr.pad_left = attr.pad_bottom = attr.pad_right = pad;
    attr.groups = groups;
    attr.clip_lo = 0;
    return node(g, TSR_OP_CONV, &attr, x, constant(g, seed, 0.5f, SHAPE(channels, 3, 3, in)),
                constant(g, seed + 1, 0.5f, SHAPE(channels)), NONE);
}

static tsr_id pool(tsr_graph *g, tsr_op op, tsr_id x, int64_t kernel, int64_t stride, int64_t pad) {
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = kernel;
    attr.stride[0] = attr.stride[1] = stride;
    attr.pad_top = attr.pad_left = attr.pad_bottom = attr.pad_right = pad;
    return node(g, op, &attr, x, NONE, NONE, NONE);
}

static tsr_graph *picture_graph(bool channels_last, tsr_id *out_x) {
    tsr_graph *g = tsr_graph_create("net");
    g->channels_last = channels_last;
    *out_x =
        channels_last ? input(g, real(g, SHAPE(2, 9, 8, 3))) : transpose(g, input(g, real(g, SHAPE(2, 3, 9, 8))), 4, to_nhwc);
    return g;
}

static tsr_graph *windows(bool channels_last) {
    tsr_id x;
    tsr_graph *g = picture_graph(channels_last, &x);
    x = conv(g, x, 6, 1, 1, 1);
    const tsr_id y = conv(g, x, 6, 6, 1, 3);
    x = node(g, TSR_OP_ADD, NULL, x, y, NONE, NONE);
    x = pool(g, TSR_OP_MAX_POOL, x, 2, 2, 0);
    x = pool(g, TSR_OP_AVERAGE_POOL, x, 3, 1, 1);
    const int64_t *shape = g->tensors[x].shape;
    x = node(g, TSR_OP_AVERAGE_POOL,
             &(tsr_attr){.kernel = {shape[1], shape[2]},
                         .stride = {1, 1},
                         .dilation = {1, 1},
                         .groups = 1,
                         .clip_lo = -INFINITY,
                         .clip_hi = INFINITY},
             x, NONE, NONE, NONE);
    x = reshape(g, x, SHAPE(2, 6));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, x, constant(g, 5, 0.5f, SHAPE(4, 6)), constant(g, 6, 0.5f, SHAPE(4)), NONE));
    return g;
}

TEST windows_survive_without_a_transpose(void) { return survives(windows(false), "Transpose"); }
TEST windows_of_a_channels_last_model_survive_without_a_transpose(void) { return survives(windows(true), "Transpose"); }

static tsr_graph *elements(bool channels_last) {
    tsr_id x;
    tsr_graph *g = picture_graph(channels_last, &x);
    tsr_attr attr = tsr_attr_default();
    x = conv(g, x, 4, 1, 1, 7);
    x = node(g, TSR_OP_MUL, NULL, x, constant(g, 8, 1, SHAPE(4)), NONE, NONE); // a number a channel
    x = node(g, TSR_OP_SUB, NULL, constant(g, 9, 1, SHAPE(1, 1, 8, 1)), x, NONE, NONE);
    x = clip(g, x, -1, 1.5f);
    attr.axis = 3;
    const tsr_id half = node(g, TSR_OP_SIGMOID, NULL, x, NONE, NONE, NONE), both[2] = {x, half};
    x = node(g, TSR_OP_CONCAT, &attr, both[0], both[1], NONE, NONE);
    attr = tsr_attr_default();
    attr.pads_begin[1] = attr.pads_end[2] = 2;
    attr.pad_value = 0.25;
    x = node(g, TSR_OP_PAD, &attr, x, NONE, NONE, NONE);
    attr = tsr_attr_default();
    attr.axis = 3;
    output(g, node(g, TSR_OP_SOFTMAX, &attr, x, NONE, NONE, NONE));
    attr.axis_count = 2;
    attr.axes[0] = 1, attr.axes[1] = 2;
    output(g, node(g, TSR_OP_MEAN, &attr, x, NONE, NONE, NONE));
    attr.axis_count = 1;
    attr.axes[0] = 3;
    output(g, node(g, TSR_OP_REDUCE_MAX, &attr, x, NONE, NONE, NONE));
    return g;
}

TEST operators_on_elements_survive_in_channels_first(void) {
    tsr_graph *g = elements(false);
    g->outputs[0] = transpose(g, g->outputs[0], 4, to_nchw);
    return survives(g, NULL);
}
TEST operators_on_elements_of_a_channels_last_model_survive(void) { return survives(elements(true), NULL); }

// Flattening a channels-last picture and a channels-first one give different orders.
TEST a_flattened_picture_keeps_its_order(void) {
    tsr_id x;
    tsr_graph *g = picture_graph(true, &x);
    x = conv(g, x, 4, 1, 0, 11);
    x = reshape(g, x, SHAPE(2, 7 * 6 * 4));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, x, constant(g, 12, 0.2f, SHAPE(5, 7 * 6 * 4)), NONE, NONE));
    ASSERT_OK(prepare_graph(g));
    return survives(g, "Transpose"); // the columns of the matrix have moved instead
}

TEST indices_and_norms_survive(void) {
    tsr_graph *g = tsr_graph_create("net");
    tsr_attr attr = tsr_attr_default();
    tsr_id x = input(g, real(g, SHAPE(2, 5, 6)));
    attr.axis_count = 1;
    attr.axes[0] = 2;
    tsr_id y = node(g, TSR_OP_NORMALIZE, &attr, x, constant(g, 1, 1, SHAPE(6)), constant(g, 2, 1, SHAPE(6)), NONE);
    y = node(g, TSR_OP_GELU, NULL, y, NONE, NONE, NONE);
    y = node(g, TSR_OP_MATMUL, NULL, y,
             node(g, TSR_OP_TRANSPOSE, &(tsr_attr){.perm = {0, 2, 1}, .groups = 1}, x, NONE, NONE, NONE), NONE, NONE);
    output(g, y);
    attr = tsr_attr_default();
    attr.extent_count = 3;
    attr.extents[0] = 2, attr.extents[1] = 2, attr.extents[2] = 3;
    attr.starts[1] = 4, attr.steps[0] = 1, attr.steps[1] = -3, attr.steps[2] = 2;
    output(g, node(g, TSR_OP_SLICE, &attr, x, NONE, NONE, NONE));
    return survives(g, NULL);
}

// ---- equalisation ------------------------------------------------------------------------------------------------------

static double range_in(const tsr_graph *g, const tsr_node *node, int64_t channel, bool out) {
    const tsr_tensor *w = &g->tensors[node->inputs[1]];
    const float *data = w->data;
    const int64_t inner = w->shape[1] * w->shape[2], in = w->shape[3];
    double range = 0;
    for (int64_t o = 0; o < w->shape[0]; o++)
        for (int64_t k = 0; k < inner; k++)
            for (int64_t i = 0; i < in; i++)
                if (out || in == 1 ? o == channel : i == channel)
                    range = fmax(range, fabs((double)data[(o * inner + k) * in + i]));
    return range;
}

TEST equalised_layers_compute_the_same_with_even_weights(void) {
    tsr_id x;
    tsr_graph *g = picture_graph(true, &x);
    x = conv(g, x, 6, 1, 1, 21);
    x = conv(g, x, 6, 6, 1, 23); // depthwise
    x = conv(g, x, 5, 1, 1, 25);
    output(g, x);
    float *first = (float *)(uintptr_t)g->tensors[g->nodes[0].inputs[1]].data; // channel 2 drowns the others
    for (int i = 0; i < 27; i++)
        first[2 * 27 + i] *= 1000;
    const float *in = numbers(g->arena, 2 * 9 * 8 * 3, 5, 1);
    const void *inputs[1] = {in};
    void *before[1], *after[1];
    ASSERT_OK(evaluate(g, g->arena, inputs, before));
    ASSERT_EQ(2, equalise(g));
    ASSERT_OK(evaluate(g, g->arena, inputs, after));
    CHECK_CALL(same_numbers(before[0], after[0], 2 * 9 * 8 * 5, 1e-3f));
    for (uint32_t n = 0; n < 2; n++)
        for (int64_t c = 0; c < 6; c++) {
            const double ratio = range_in(g, &g->nodes[n], c, true) / range_in(g, &g->nodes[n + 1], c, false);
            ASSERT(ratio > 0.9 && ratio < 1.1);
        }
    tsr_graph_free(g);
    PASS();
}

TEST a_bounded_activation_is_not_equalised(void) {
    tsr_id x;
    tsr_graph *g = picture_graph(true, &x);
    x = conv(g, x, 6, 1, 1, 21);
    g->nodes[0].attr.clip_hi = 6; // min(s * x, 6) is not s * min(x, 6)
    output(g, conv(g, x, 4, 1, 1, 25));
    ASSERT_EQ(0, equalise(g));
    tsr_graph_free(g);
    PASS();
}

// ---- weights -----------------------------------------------------------------------------------------------------------

TEST a_corrected_bias_gives_the_mean_back(void) {
    tsr_graph *g = tsr_graph_create("net");
    const tsr_id x = input(g, real(g, SHAPE(1, 8)));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, x, constant(g, 3, 1, SHAPE(3, 8)), constant(g, 4, 1, SHAPE(3)), NONE));
    double mean[8];
    tensor_state *states = TSR_NEW_ARRAY(g->arena, tensor_state, g->tensor_count);
    for (int i = 0; i < 8; i++)
        mean[i] = 3 + 0.1 * i;
    states[x] = (tensor_state){.scale = 0.02f, .mean = mean};
    const tsr_node *dense = &g->nodes[0];
    const float *w = g->tensors[dense->inputs[1]].data, *b = g->tensors[dense->inputs[2]].data;
    double worst[2];
    for (int corrected = 0; corrected < 2; corrected++) {
        const tsr_quantizer q = {
            .graph = g, .tensors = states, .options.per_tensor_weights = true, .options.bias_correct = corrected};
        const integer_weights made = quantise_weights(&q, dense, g->arena);
        worst[corrected] = 0;
        for (int o = 0; o < 3; o++) {
            double expected = (double)b[o], actual = made.bias[o] * (double)made.bias_scale[0];
            for (int i = 0; i < 8; i++) {
                expected += (double)w[o * 8 + i] * mean[i];
                actual += made.weights[o * 8 + i] * (double)made.scale[0] * mean[i];
            }
            worst[corrected] = fmax(worst[corrected], fabs(expected - actual));
        }
    }
    ASSERT(worst[1] < 0.02 / 127); // half a step of the bias, and a little
    ASSERT(worst[0] > 10 * worst[1]);
    tsr_graph_free(g);
    PASS();
}

SUITE(writing) {
    RUN_TEST(windows_survive_without_a_transpose);
    RUN_TEST(windows_of_a_channels_last_model_survive_without_a_transpose);
    RUN_TEST(operators_on_elements_survive_in_channels_first);
    RUN_TEST(operators_on_elements_of_a_channels_last_model_survive);
    RUN_TEST(a_flattened_picture_keeps_its_order);
    RUN_TEST(indices_and_norms_survive);
    RUN_TEST(equalised_layers_compute_the_same_with_even_weights);
    RUN_TEST(a_bounded_activation_is_not_equalised);
    RUN_TEST(a_corrected_bias_gives_the_mean_back);
}

GREATEST_MAIN_DEFS();
int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(writing);
    GREATEST_MAIN_END();
}
