// SPDX-License-Identifier: Apache-2.0
// Each pass on a small graph made by hand: what is left, and that it computes the same.
#include <math.h>

#include "build.h"
#include "check.h"
#include "evaluate.h"
#include "tsr/passes.h"

GREATEST_MAIN_DEFS();

static const int64_t nhwc[4] = {0, 2, 3, 1}, nchw[4] = {0, 3, 1, 2};
#define NO TSR_NO_ID

typedef check_result graph_test(tsr_graph *g, tsr_arena *arena);

static check_result with_graph(graph_test *test) {
    tsr_graph *g = tsr_graph_create("test");
    tsr_arena *arena = tsr_arena_create();
    check_result result = test(g, arena);
    tsr_arena_free(arena);
    tsr_graph_free(g);
    return result;
}

// TEST_GRAPH name: a test with a graph `g` and an arena.
#define TEST_GRAPH(name)                                                                                                         \
    static check_result name##_body(tsr_graph *g, tsr_arena *arena);                                                             \
    TEST name(void) { return with_graph(name##_body); }                                                                          \
    static check_result name##_body(tsr_graph *g, tsr_arena *arena)

// Bytes for each input that look random; floats between -4 and 4.
static const void *sample(tsr_arena *arena, const tsr_tensor *t) {
    unsigned char *bytes = tsr_arena_alloc(arena, (size_t)tsr_tensor_bytes(t));
    uint32_t state = 12345;
    const uint64_t elements = tsr_tensor_elements(t);
    for (uint64_t i = 0; i < elements; i++) {
        state = state * 1664525u + 1013904223u;
        if (t->dtype == TSR_F32)
            ((float *)(void *)bytes)[i] = (float)(state >> 8) / (float)(1 << 21) - 4.0f;
        else
            memset(bytes + i * tsr_dtype_size(t->dtype), (int)(state >> 24), tsr_dtype_size(t->dtype));
    }
    return bytes;
}

static tsr_status run(tsr_graph *g, tsr_arena *arena, void **outputs) {
    const void *inputs[4] = {NULL};
    for (uint32_t i = 0; i < g->input_count; i++)
        inputs[i] = sample(arena, &g->tensors[g->inputs[i]]);
    return evaluate(g, arena, inputs, outputs);
}

// Outputs before and after agree: to 1e-5 in float; in integers to `steps`.
static check_result agree(const tsr_graph *g, void *const *before, void *const *after, int steps) {
    for (uint32_t o = 0; o < g->output_count; o++) {
        const tsr_tensor *t = &g->tensors[g->outputs[o]];
        const uint64_t elements = tsr_tensor_elements(t);
        for (uint64_t i = 0; i < elements; i++) {
            if (t->dtype == TSR_F32) {
                const float a = ((const float *)before[o])[i], b = ((const float *)after[o])[i];
                ASSERT(fabsf(a - b) <= 1e-5f * (1 + fabsf(a)));
            } else {
                const int a = t->dtype == TSR_I8 ? ((const int8_t *)before[o])[i] : ((const uint8_t *)before[o])[i];
                const int b = t->dtype == TSR_I8 ? ((const int8_t *)after[o])[i] : ((const uint8_t *)after[o])[i];
                if (abs(a - b) > steps)
                    fprintf(stderr, "element %u: %d before, %d after\n", (unsigned)i, a, b);
                ASSERT(abs(a - b) <= steps);
            }
        }
    }
    PASS();
}

// Runs a pass between two evaluations.
#define APPLY_WITHIN(steps, expr)                                                                                                \
    do {                                                                                                                         \
        void *before_[4], *after_[4];                                                                                            \
        ASSERT_OK(tsr_graph_verify(g));                                                                                          \
        ASSERT_OK(tsr_quantise(g));                                                                                              \
        ASSERT_OK(run(g, arena, before_));                                                                                       \
        ASSERT_OK(expr);                                                                                                         \
        ASSERT_OK(tsr_graph_verify(g));                                                                                          \
        if (!moves_requant)                                                                                                      \
            ASSERT_OK(tsr_quantise(g));                                                                                          \
        ASSERT_OK(run(g, arena, after_));                                                                                        \
        CHECK_CALL(agree(g, before_, after_, (steps)));                                                                          \
    } while (0)
#define APPLY(expr) APPLY_WITHIN(0, expr)
static bool moves_requant; // the pass changes node->requant, which then must not be computed anew

// ---- fold
TEST_GRAPH(constants_are_added_with_broadcasting) {
    tsr_id x = input(g, real(g, SHAPE(2, 3))), a = fill(g, real(g, SHAPE(2, 3))), b = fill(g, real(g, SHAPE(3)));
    output(g, node(g, TSR_OP_MUL, NULL, x, node(g, TSR_OP_ADD, NULL, a, b, NO, NO), NO, NO));
    APPLY(tsr_pass_fold(g));
    ASSERT_EQ(1, g->node_count);
    const float *sum = g->tensors[only(g, TSR_OP_MUL)->inputs[1]].data;
    ASSERT(sum[0] == -1.5f && sum[3] == -0.75f && sum[5] == 0.25f);
    PASS();
}

TEST_GRAPH(transposes_and_reshapes_move_into_dequantised_constants) {
    tsr_id x = input(g, real(g, SHAPE(2, 3)));
    tsr_id w = scales_per_channel(g, fill(g, tsr_graph_add_tensor(g, "w", TSR_I8, 2, (const int64_t[]){3, 2})), 0.5f);
    output(g, node(g, TSR_OP_ADD, NULL, x, transpose(g, dequantize(g, w), 2, (const int64_t[]){1, 0}), NO, NO));
    APPLY(tsr_pass_fold(g));
    ASSERT_EQ(0, count(g, TSR_OP_TRANSPOSE));
    const tsr_tensor *moved = &g->tensors[only(g, TSR_OP_DEQUANTIZE)->inputs[0]];
    ASSERT_EQ(1, moved->quant.axis);
    ASSERT_EQ(-1, ((const int8_t *)moved->data)[1]);
    APPLY(tsr_pass_fold_dequantize(g));
    ASSERT_EQ(1, g->node_count);
    PASS();
}

TEST_GRAPH(constants_are_padded_and_joined_and_cast) {
    tsr_id x = input(g, real(g, SHAPE(1, 4))), a = fill(g, tsr_graph_add_tensor(g, "a", TSR_I32, 1, (const int64_t[]){2}));
    tsr_attr attr = tsr_attr_default();
    attr.pads_begin[0] = 1;
    attr.pad_value = 9;
    tsr_id f = node(g, TSR_OP_CAST, NULL, a, NO, NO, NO);
    tsr_id p = node(g, TSR_OP_PAD, &attr, f, NO, NO, NO), one = fill(g, real(g, SHAPE(1)));
    attr = tsr_attr_default();
    output(g, node(g, TSR_OP_ADD, NULL, x, node(g, TSR_OP_CONCAT, &attr, p, one, NO, NO), NO, NO));
    APPLY(tsr_pass_fold(g));
    ASSERT_EQ(1, g->node_count);
    const float *c = g->tensors[only(g, TSR_OP_ADD)->inputs[1]].data;
    ASSERT(c[0] == 9 && c[1] == -3 && c[2] == -2 && c[3] == -0.75f);
    PASS();
}

// ---- dead
TEST_GRAPH(nodes_that_do_nothing_or_that_nobody_reads_disappear) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 3, 4)));
    node(g, TSR_OP_NEG, NULL, x, NO, NO, NO);
    tsr_id a = node(g, TSR_OP_IDENTITY, NULL, node(g, TSR_OP_NEG, NULL, x, NO, NO, NO), NO, NO, NO);
    tsr_id b = transpose(g, transpose(g, a, 4, nhwc), 4, nchw);
    output(g, reshape(g, reshape(g, b, SHAPE(24)), SHAPE(1, 2, 3, 4)));
    const tsr_id y = g->outputs[0];
    APPLY(tsr_pass_dead(g));
    ASSERT_EQ(1, g->node_count);
    ASSERT_EQ(y, g->outputs[0]);
    PASS();
}

TEST_GRAPH(a_copy_from_an_input_to_an_output_stays) {
    tsr_id x = input(g, real(g, SHAPE(2)));
    output(g, node(g, TSR_OP_IDENTITY, NULL, x, NO, NO, NO));
    APPLY(tsr_pass_dead(g));
    ASSERT_EQ(1, g->node_count);
    PASS();
}

// ---- matmul
TEST_GRAPH(a_matmul_of_rank_3_with_constant_weights_becomes_fully_connected) {
    tsr_id x = input(g, real(g, SHAPE(2, 3, 4))), w = fill(g, real(g, SHAPE(4, 5)));
    output(g, clip(g, node(g, TSR_OP_ADD, NULL, node(g, TSR_OP_MATMUL, NULL, x, w, NO, NO), fill(g, real(g, SHAPE(5))), NO, NO),
                   0, 1));
    APPLY(tsr_pass_matmul(g));
    ASSERT_EQ(0, count(g, TSR_OP_MATMUL));
    ASSERT_EQ(2, count(g, TSR_OP_RESHAPE));
    APPLY(tsr_pass_fuse_bias(g));
    APPLY(tsr_pass_fuse_activation(g));
    ASSERT_EQ(3, g->node_count);
    ASSERT_EQ(3, only(g, TSR_OP_FULLY_CONNECTED)->input_count);
    ASSERT(only(g, TSR_OP_FULLY_CONNECTED)->attr.clip_hi == 1);
    PASS();
}

TEST_GRAPH(a_matmul_of_two_activations_stays) {
    output(g, node(g, TSR_OP_MATMUL, NULL, input(g, real(g, SHAPE(2, 3))), input(g, real(g, SHAPE(3, 2))), NO, NO));
    APPLY(tsr_pass_matmul(g));
    ASSERT_EQ(1, count(g, TSR_OP_MATMUL));
    PASS();
}

// ---- layout
static tsr_id nchw_conv(tsr_graph *g, tsr_id x, tsr_id w) {
    return transpose(g, conv3x3(g, transpose(g, x, 4, nhwc), w, NO, 1, NO), 4, nchw);
}

TEST_GRAPH(transposes_between_convolutions_cancel_through_a_residual_add) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 4, 5))), w = fill(g, real(g, SHAPE(2, 3, 3, 2)));
    tsr_id a = clip(g, nchw_conv(g, x, w), 0, 6);
    tsr_id scale = fill(g, real(g, SHAPE(2, 1, 1)));
    tsr_id b = node(g, TSR_OP_MUL, NULL, nchw_conv(g, a, w), scale, NO, NO);
    output(g, nchw_conv(g, node(g, TSR_OP_ADD, NULL, b, x, NO, NO), w));
    ASSERT_EQ(6, count(g, TSR_OP_TRANSPOSE));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(2, count(g, TSR_OP_TRANSPOSE));
    PASS();
}

TEST_GRAPH(transposes_cancel_over_every_operator_of_one_operand) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 4, 5))), w = fill(g, real(g, SHAPE(2, 3, 3, 2)));
    uint32_t convolutions = 1;
    x = nchw_conv(g, x, w);
    for (tsr_op op = TSR_OP_NONE; op < TSR_OP_COUNT; op++)
        if (tsr_op_is_unary(op) && op != TSR_OP_NOT) {
            x = nchw_conv(g, node(g, op, NULL, clip(g, x, 0.5F, 2), NO, NO, NO), w);
            convolutions++;
        }
    output(g, x);
    ASSERT_EQ(2 * convolutions, count(g, TSR_OP_TRANSPOSE));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(2, count(g, TSR_OP_TRANSPOSE));
    PASS();
}

TEST_GRAPH(pad_concat_mean_and_softmax_are_turned_with_their_axes) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 4, 5))), w = fill(g, real(g, SHAPE(2, 3, 3, 2)));
    tsr_id a = nchw_conv(g, x, w);
    tsr_attr attr = tsr_attr_default();
    attr.pads_begin[1] = 1, attr.pads_end[3] = 2;
    tsr_id p = node(g, TSR_OP_PAD, &attr, a, NO, NO, NO);
    attr = tsr_attr_default();
    attr.axis = 1;
    tsr_id c = node(g, TSR_OP_CONCAT, &attr, p, p, NO, NO);
    tsr_id s = node(g, TSR_OP_SOFTMAX, &attr, c, NO, NO, NO);
    attr.axis_count = 2, attr.axes[0] = 2, attr.axes[1] = 3;
    output(g, node(g, TSR_OP_MEAN, &attr, s, NO, NO, NO));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(1, count(g, TSR_OP_TRANSPOSE)); // at the input
    ASSERT_EQ(3, only(g, TSR_OP_CONCAT)->attr.axis);
    ASSERT_EQ(1, only(g, TSR_OP_MEAN)->attr.axes[0]);
    PASS();
}

TEST_GRAPH(gather_slice_and_reductions_are_turned_with_their_axes) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 4, 5))), w = fill(g, real(g, SHAPE(2, 3, 3, 2)));
    tsr_attr attr = tsr_attr_default();
    attr.axis = 2;
    const int64_t rows[] = {0, 0, 1, -1, 3};
    tsr_id indices = tsr_graph_add_const(g, "rows", TSR_I64, 1, (const int64_t[]){5}, rows);
    tsr_id a = node(g, TSR_OP_GATHER, &attr, nchw_conv(g, x, w), indices, NO, NO);
    attr = tsr_attr_default();
    attr.extent_count = 4;
    for (int d = 0; d < 4; d++)
        attr.extents[d] = g->tensors[a].shape[d], attr.steps[d] = 1;
    attr.extents[1] = 1, attr.starts[1] = 1, attr.starts[2] = 4, attr.steps[2] = -1;
    tsr_id b = node(g, TSR_OP_HARD_SWISH, NULL, node(g, TSR_OP_SLICE, &attr, a, NO, NO, NO), NO, NO, NO);
    attr = tsr_attr_default();
    attr.axis_count = 2, attr.axes[0] = 2, attr.axes[1] = 3;
    output(g, node(g, TSR_OP_REDUCE_MAX, &attr, b, NO, NO, NO));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(1, count(g, TSR_OP_TRANSPOSE)); // at the input
    ASSERT_EQ(1, only(g, TSR_OP_GATHER)->attr.axis);
    ASSERT_EQ(1, only(g, TSR_OP_SLICE)->attr.starts[3]);
    ASSERT_EQ(-1, only(g, TSR_OP_SLICE)->attr.steps[1]);
    PASS();
}

TEST_GRAPH(flatten_into_fully_connected_moves_the_weights_columns) {
    tsr_id x = input(g, real(g, SHAPE(2, 2, 3, 4))), w = fill(g, real(g, SHAPE(3, 3, 3, 2)));
    tsr_id flat = reshape(g, nchw_conv(g, x, w), SHAPE(2, 36));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, flat, fill(g, real(g, SHAPE(5, 36))), NO, NO));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, flat, fill(g, real(g, SHAPE(2, 36))), NO, NO));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(1, count(g, TSR_OP_TRANSPOSE));
    PASS();
}

TEST_GRAPH(a_flatten_that_others_read_too_keeps_its_transpose) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 3, 4))), w = fill(g, real(g, SHAPE(3, 3, 3, 2)));
    tsr_id flat = reshape(g, nchw_conv(g, x, w), SHAPE(1, 36));
    output(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, flat, fill(g, real(g, SHAPE(5, 36))), NO, NO));
    output(g, node(g, TSR_OP_NEG, NULL, flat, NO, NO, NO));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(2, count(g, TSR_OP_TRANSPOSE));
    PASS();
}

TEST_GRAPH(a_transpose_that_moves_extents_of_one_is_a_reshape) {
    tsr_id x = input(g, real(g, SHAPE(1, 1, 4, 5)));
    output(g, transpose(g, x, 4, nhwc));
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(0, count(g, TSR_OP_TRANSPOSE));
    ASSERT_EQ(1, count(g, TSR_OP_RESHAPE));
    PASS();
}

TEST_GRAPH(transposes_of_one_dimensional_convolutions_cancel_through_their_reshapes) {
    tsr_id x = input(g, real(g, SHAPE(1, 2, 6))), w = fill(g, real(g, SHAPE(2, 3, 3, 2)));
    for (int i = 0; i < 2; i++)
        x = clip(g, reshape(g, nchw_conv(g, reshape(g, x, SHAPE(1, 2, 1, 6)), w), SHAPE(1, 2, 6)), 0, INFINITY);
    output(g, x);
    APPLY(tsr_pass_layout(g));
    ASSERT_EQ(2, count(g, TSR_OP_TRANSPOSE));
    PASS();
}

// ---- fuse_bias, fuse_activation
TEST_GRAPH(a_batch_normalisation_and_a_relu_disappear_into_the_convolution) {
    tsr_id x = input(g, real(g, SHAPE(1, 4, 4, 2))), w = fill(g, real(g, SHAPE(3, 3, 3, 2)));
    tsr_id a = conv3x3(g, x, w, fill(g, real(g, SHAPE(3))), 1, NO);
    tsr_id b = node(g, TSR_OP_MUL, NULL, a, fill(g, real(g, SHAPE(3))), NO, NO);
    output(g, clip(g, node(g, TSR_OP_ADD, NULL, b, fill(g, real(g, SHAPE(1, 1, 1, 3))), NO, NO), 0, INFINITY));
    APPLY(tsr_pass_fuse_bias(g));
    APPLY(tsr_pass_fuse_activation(g));
    ASSERT_EQ(1, g->node_count);
    ASSERT(only(g, TSR_OP_CONV)->attr.clip_lo == 0);
    PASS();
}

TEST_GRAPH(a_bias_is_not_fused_where_the_sum_before_it_is_read_too) {
    tsr_id x = input(g, real(g, SHAPE(1, 4, 4, 2))), w = fill(g, real(g, SHAPE(3, 3, 3, 2)));
    tsr_id a = conv3x3(g, x, w, NO, 1, NO);
    output(g, a);
    output(g, node(g, TSR_OP_ADD, NULL, a, fill(g, real(g, SHAPE(3))), NO, NO));
    APPLY(tsr_pass_fuse_bias(g));
    ASSERT_EQ(1, count(g, TSR_OP_ADD));
    PASS();
}

TEST_GRAPH(an_add_that_varies_along_the_picture_is_no_bias) {
    tsr_id x = input(g, real(g, SHAPE(1, 3, 3, 2))), w = fill(g, real(g, SHAPE(3, 3, 3, 2)));
    output(g, node(g, TSR_OP_ADD, NULL, conv3x3(g, x, w, NO, 1, NO), fill(g, real(g, SHAPE(1, 3, 1, 1))), NO, NO));
    APPLY(tsr_pass_fuse_bias(g));
    ASSERT_EQ(1, count(g, TSR_OP_ADD));
    PASS();
}

TEST_GRAPH(two_clips_become_their_intersection) {
    tsr_id x = input(g, real(g, SHAPE(8)));
    output(g, clip(g, clip(g, node(g, TSR_OP_ADD, NULL, x, x, NO, NO), -1, 2), 0.5f, 9));
    APPLY(tsr_pass_fuse_activation(g));
    const tsr_node *add = only(g, TSR_OP_ADD);
    ASSERT_EQ(1, g->node_count);
    ASSERT(add->attr.clip_lo == 0.5f && add->attr.clip_hi == 2);
    PASS();
}

TEST_GRAPH(a_quantised_clip_of_the_same_scale_is_fused) {
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(8)));
    output(g, clip(g, node(g, TSR_OP_ADD, NULL, x, x, NO, x), 0, 1));
    APPLY(tsr_pass_fuse_activation(g));
    ASSERT_EQ(1, g->node_count);
    PASS();
}

// ---- qdq
TEST_GRAPH(a_convolution_between_dequantize_and_quantize_becomes_quantised) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 5, 5, 2))));
    tsr_id w = dequantize(
        g, scales_per_channel(g, fill(g, tsr_graph_add_tensor(g, "w", TSR_I8, 4, (const int64_t[]){3, 3, 3, 2})), 0.25f));
    tsr_id y = conv3x3(g, x, w, fill(g, real(g, SHAPE(3))), 1, NO);
    g->nodes[g->node_count - 1].attr.clip_lo = 0;
    output(g, quantize(g, y, TSR_I8, 0.2f, -100));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(1, g->node_count);
    const tsr_node *conv = only(g, TSR_OP_CONV);
    const tsr_tensor *bias = &g->tensors[conv->inputs[2]];
    ASSERT_EQ(TSR_I32, bias->dtype);
    ASSERT_EQ(-30, ((const int32_t *)bias->data)[0]); // -0.75 / (0.1 * 0.25)
    ASSERT_EQ(-10, ((const int32_t *)bias->data)[1]); // -0.5 / (0.1 * 0.5)
    PASS();
}

TEST_GRAPH(a_dequantised_int32_bias_is_taken_as_it_is) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 4))));
    tsr_id w = dequantize(g, fill(g, quantised(g, TSR_I8, 0.25f, 0, SHAPE(3, 4))));
    tsr_id b = dequantize(g, fill(g, quantised(g, TSR_I32, 0.1f * 0.25f, 0, SHAPE(3))));
    output(g, quantize(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, x, w, b, NO), TSR_I8, 0.2f, 1));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(1, g->node_count);
    ASSERT_EQ(-3, ((const int32_t *)g->tensors[only(g, TSR_OP_FULLY_CONNECTED)->inputs[2]].data)[0]);
    PASS();
}

TEST_GRAPH(operands_of_one_dequantize_with_many_readers_become_quantised) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(8))));
    tsr_id a = dequantize(g, quantize(g, node(g, TSR_OP_ADD, NULL, x, x, NO, NO), TSR_I8, 0.2f, 3));
    output(g, quantize(g, node(g, TSR_OP_MUL, NULL, x, a, NO, NO), TSR_I8, 0.4f, 0));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(2, g->node_count);
    PASS();
}

TEST_GRAPH(operands_of_other_types_are_converted_where_one_type_is_needed) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(8))));
    tsr_id y = dequantize(g, input(g, quantised(g, TSR_U8, 0.2f, 100, SHAPE(8))));
    output(g, quantize(g, node(g, TSR_OP_ADD, NULL, x, y, NO, NO), TSR_I8, 0.2f, 3));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(1, count(g, TSR_OP_QUANTIZE));
    ASSERT_EQ(0, count(g, TSR_OP_DEQUANTIZE));
    PASS();
}

TEST_GRAPH(moves_go_to_the_integer_side_without_a_quantize_of_their_own) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 4, 4, 2))));
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = attr.stride[0] = attr.stride[1] = 2;
    tsr_id p = node(g, TSR_OP_MAX_POOL, &attr, x, NO, NO, NO);
    tsr_id f = reshape(g, p, SHAPE(1, 8));
    tsr_id w = dequantize(g, fill(g, quantised(g, TSR_I8, 0.25f, 0, SHAPE(3, 8))));
    output(g, quantize(g, reshape(g, node(g, TSR_OP_FULLY_CONNECTED, NULL, f, w, NO, NO), SHAPE(3)), TSR_I8, 0.2f, 1));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(4, g->node_count);
    ASSERT_EQ(0, count(g, TSR_OP_DEQUANTIZE) + count(g, TSR_OP_QUANTIZE));
    PASS();
}

TEST_GRAPH(concat_of_other_scales_requantises_its_operands) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 8))));
    tsr_id y = dequantize(g, input(g, quantised(g, TSR_I8, 0.2f, -7, SHAPE(1, 8))));
    tsr_attr attr = tsr_attr_default();
    attr.axis = 1;
    output(g, quantize(g, node(g, TSR_OP_CONCAT, &attr, x, y, NO, NO), TSR_I8, 0.2f, -7));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(1, count(g, TSR_OP_QUANTIZE));
    ASSERT_EQ(2, g->node_count);
    PASS();
}

TEST_GRAPH(a_softmax_stays_in_float) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 8))));
    tsr_attr attr = tsr_attr_default();
    attr.axis = 1;
    output(g, quantize(g, node(g, TSR_OP_SOFTMAX, &attr, x, NO, NO, NO), TSR_I8, 1.0f / 256, -128));
    APPLY(tsr_pass_qdq(g));
    ASSERT_EQ(3, g->node_count);
    PASS();
}

TEST_GRAPH(a_result_that_is_read_in_float_too_stays_in_float) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(8))));
    tsr_id y = node(g, TSR_OP_ADD, NULL, x, x, NO, NO);
    output(g, y);
    output(g, quantize(g, y, TSR_I8, 0.2f, 3));
    APPLY(tsr_pass_qdq(g));
    ASSERT_EQ(TSR_F32, g->tensors[only(g, TSR_OP_ADD)->outputs[0]].dtype);
    PASS();
}

TEST_GRAPH(sixteen_bit_activations_stay_in_float) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I16, 0.1f, 0, SHAPE(8))));
    output(g, quantize(g, node(g, TSR_OP_ADD, NULL, x, x, NO, NO), TSR_I8, 0.2f, 3));
    APPLY(tsr_pass_qdq(g));
    ASSERT_EQ(3, g->node_count);
    PASS();
}

TEST_GRAPH(an_average_that_counts_pads_is_one_of_a_padded_picture) {
    tsr_id x = dequantize(g, input(g, quantised(g, TSR_I8, 0.1f, 30, SHAPE(1, 4, 4, 2))));
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = 3;
    attr.pad_top = attr.pad_left = 1;
    attr.count_include_pad = true;
    output(g, quantize(g, node(g, TSR_OP_AVERAGE_POOL, &attr, x, NO, NO, NO), TSR_I8, 0.07f, 5));
    APPLY_WITHIN(1, tsr_pass_qdq(g));
    ASSERT_EQ(2, g->node_count);
    ASSERT(only(g, TSR_OP_PAD)->attr.pad_is_zero_point);
    PASS();
}

// ---- clean
TEST_GRAPH(a_clip_beyond_the_types_range_disappears) {
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, -128, SHAPE(8)));
    tsr_id a = node(g, TSR_OP_ADD, NULL, x, x, NO, x);
    g->nodes[0].attr.clip_lo = 0;
    output(g, clip(g, a, 0, 30));
    APPLY(tsr_pass_clean(g));
    ASSERT_EQ(1, g->node_count);
    ASSERT(only(g, TSR_OP_ADD)->attr.clip_lo == -INFINITY);
    PASS();
}

TEST_GRAPH(a_clip_inside_the_types_range_stays) {
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, -128, SHAPE(8)));
    output(g, clip(g, x, 0, 6));
    APPLY(tsr_pass_clean(g));
    ASSERT_EQ(1, count(g, TSR_OP_CLIP));
    PASS();
}

TEST_GRAPH(changes_of_type_there_and_back_cancel) {
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, -128, SHAPE(8)));
    tsr_id back = quantize(g, quantize(g, x, TSR_U8, 0.1f, 0), TSR_I8, 0.1f, -128);
    output(g, node(g, TSR_OP_ADD, NULL, back, back, NO, x));
    APPLY(tsr_pass_clean(g));
    ASSERT_EQ(1, g->node_count);
    PASS();
}

// ---- fold_pad
static tsr_id padded(tsr_graph *g, tsr_id x, bool zero_point, double value, int64_t channels) {
    tsr_attr attr = tsr_attr_default();
    attr.pads_begin[1] = 1, attr.pads_end[2] = 2, attr.pads_end[3] = channels;
    attr.pad_is_zero_point = zero_point;
    attr.pad_value = value;
    return node(g, TSR_OP_PAD, &attr, x, NO, NO, g->tensors[x].quant.count > 0 ? x : NO);
}

TEST_GRAPH(a_zero_pad_before_a_convolution_becomes_its_own) {
    tsr_id x = input(g, real(g, SHAPE(1, 4, 4, 2)));
    output(g, conv3x3(g, padded(g, x, false, 0, 0), fill(g, real(g, SHAPE(3, 3, 3, 2))), NO, 1, NO));
    APPLY(tsr_pass_fold_pad(g));
    ASSERT_EQ(1, g->node_count);
    ASSERT_EQ(2, g->nodes[0].attr.pad_top);
    ASSERT_EQ(3, g->nodes[0].attr.pad_right);
    PASS();
}

TEST_GRAPH(a_pad_of_another_value_or_of_channels_stays) {
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, 3, SHAPE(1, 4, 4, 2)));
    tsr_id w = fill(g, quantised(g, TSR_I8, 0.1f, 0, SHAPE(3, 3, 3, 2))),
           wide = fill(g, quantised(g, TSR_I8, 0.1f, 0, SHAPE(3, 3, 3, 4)));
    output(g, conv3x3(g, padded(g, x, false, 0, 0), w, NO, 1, x));
    output(g, conv3x3(g, padded(g, x, true, 3, 2), wide, NO, 1, x));
    APPLY(tsr_pass_fold_pad(g));
    ASSERT_EQ(2, count(g, TSR_OP_PAD));
    PASS();
}

// ---- int8
TEST_GRAPH(uint8_activations_become_int8_and_give_the_same_bytes) {
    g->channels_last = true;
    tsr_id x = input(g, quantised(g, TSR_U8, 0.1f, 128, SHAPE(1, 6, 6, 2)));
    tsr_id w = fill(g, quantised(g, TSR_U8, 0.05f, 130, SHAPE(4, 3, 3, 2))), like = quantised(g, TSR_U8, 0.7f, 77, SHAPE(1));
    tsr_id a = conv3x3(g, x, w, fill(g, quantised(g, TSR_I32, 0.005f, 0, SHAPE(4))), 1, like);
    tsr_id b = node(g, TSR_OP_ADD, NULL, a, fill(g, quantised(g, TSR_U8, 0.3f, 3, SHAPE(4))), NO, like);
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = attr.stride[0] = attr.stride[1] = 2;
    tsr_id p = node(g, TSR_OP_AVERAGE_POOL, &attr, b, NO, NO, like);
    tsr_id q = padded(g, p, false, 200, 0);
    output(g, q);
    output(g, node(g, TSR_OP_SOFTMAX, (attr.axis = 1, &attr), reshape(g, p, SHAPE(1, 36)), NO, NO,
                   quantised(g, TSR_U8, 1.0f / 256, 0, SHAPE(1))));
    moves_requant = true;
    APPLY(tsr_pass_int8(g));
    moves_requant = false;
    for (uint32_t n = 0; n < g->node_count; n++)
        ASSERT(g->nodes[n].op == TSR_OP_QUANTIZE || g->tensors[g->nodes[n].outputs[0]].dtype == TSR_I8);
    ASSERT_EQ(TSR_U8, g->tensors[only(g, TSR_OP_CONV)->inputs[1]].dtype);
    ASSERT_EQ(3, count(g, TSR_OP_QUANTIZE));
    PASS();
}

TEST_GRAPH(averages_of_uint8_round_halves_up_in_int8_too) {
    g->channels_last = true;
    tsr_id x = input(g, quantised(g, TSR_U8, 0.1f, 128, SHAPE(1, 16, 16, 4)));
    tsr_attr attr = tsr_attr_default();
    attr.kernel[0] = attr.kernel[1] = 2;
    attr.kernel[1] = 3;
    attr.pad_left = 1;
    output(g, node(g, TSR_OP_AVERAGE_POOL, &attr, x, NO, NO, x));
    attr.pad_left = 0;
    output(g, node(g, TSR_OP_AVERAGE_POOL, &attr, x, NO, NO, x));
    attr.kernel[1] = 1;
    output(g, node(g, TSR_OP_AVERAGE_POOL, &attr, x, NO, NO, x));
    moves_requant = true;
    APPLY(tsr_pass_int8(g));
    moves_requant = false;
    PASS();
}

TEST_GRAPH(quantize_and_dequantize_take_uint8_at_the_border_as_it_is) {
    tsr_id x = input(g, quantised(g, TSR_U8, 0.1f, 128, SHAPE(8)));
    output(g, dequantize(g, x));
    output(g, quantize(g, input(g, real(g, SHAPE(8))), TSR_U8, 0.1f, 9));
    moves_requant = true;
    APPLY(tsr_pass_int8(g));
    moves_requant = false;
    ASSERT_EQ(2, g->node_count);
    PASS();
}

// ---- pipeline
static void note(void *user, const char *pass, const tsr_graph *graph) {
    (void)graph;
    strcat(user, pass);
    strcat(user, " ");
}

TEST_GRAPH(the_pipeline_reports_each_pass_in_order) {
    char passes[1000] = "";
    (void)arena;
    output(g, clip(g, input(g, real(g, SHAPE(8))), 0, 1));
    ASSERT_OK(tsr_passes_run(g, NULL, note, passes));
    ASSERT_STR_CONTAINS("dead fold common simplify recognise matmul layout fold fuse_bias fuse_input fuse_activation qdq",
                        passes);
    ASSERT_STR_CONTAINS("quantise int8", passes);
    PASS();
}

TEST_GRAPH(a_broken_graph_is_refused_with_the_name_of_the_pass) {
    (void)arena;
    tsr_id x = input(g, real(g, SHAPE(8)));
    output(g, node(g, TSR_OP_ADD, NULL, x, x, NO, NO));
    g->tensors[g->outputs[0]].shape[0] = 7;
    const tsr_status status = tsr_passes_run(g, NULL, NULL, NULL);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("graph pass dead", status.message);
    PASS();
}

SUITE(one_pass_at_a_time) {
    RUN_TEST(constants_are_added_with_broadcasting);
    RUN_TEST(transposes_and_reshapes_move_into_dequantised_constants);
    RUN_TEST(constants_are_padded_and_joined_and_cast);
    RUN_TEST(nodes_that_do_nothing_or_that_nobody_reads_disappear);
    RUN_TEST(a_copy_from_an_input_to_an_output_stays);
    RUN_TEST(a_matmul_of_rank_3_with_constant_weights_becomes_fully_connected);
    RUN_TEST(a_matmul_of_two_activations_stays);
    RUN_TEST(transposes_between_convolutions_cancel_through_a_residual_add);
    RUN_TEST(transposes_cancel_over_every_operator_of_one_operand);
    RUN_TEST(pad_concat_mean_and_softmax_are_turned_with_their_axes);
    RUN_TEST(gather_slice_and_reductions_are_turned_with_their_axes);
    RUN_TEST(flatten_into_fully_connected_moves_the_weights_columns);
    RUN_TEST(a_flatten_that_others_read_too_keeps_its_transpose);
    RUN_TEST(a_transpose_that_moves_extents_of_one_is_a_reshape);
    RUN_TEST(transposes_of_one_dimensional_convolutions_cancel_through_their_reshapes);
    RUN_TEST(a_batch_normalisation_and_a_relu_disappear_into_the_convolution);
    RUN_TEST(a_bias_is_not_fused_where_the_sum_before_it_is_read_too);
    RUN_TEST(an_add_that_varies_along_the_picture_is_no_bias);
    RUN_TEST(two_clips_become_their_intersection);
    RUN_TEST(a_quantised_clip_of_the_same_scale_is_fused);
    RUN_TEST(a_convolution_between_dequantize_and_quantize_becomes_quantised);
    RUN_TEST(a_dequantised_int32_bias_is_taken_as_it_is);
    RUN_TEST(operands_of_one_dequantize_with_many_readers_become_quantised);
    RUN_TEST(operands_of_other_types_are_converted_where_one_type_is_needed);
    RUN_TEST(moves_go_to_the_integer_side_without_a_quantize_of_their_own);
    RUN_TEST(concat_of_other_scales_requantises_its_operands);
    RUN_TEST(a_softmax_stays_in_float);
    RUN_TEST(a_result_that_is_read_in_float_too_stays_in_float);
    RUN_TEST(sixteen_bit_activations_stay_in_float);
    RUN_TEST(an_average_that_counts_pads_is_one_of_a_padded_picture);
    RUN_TEST(a_clip_beyond_the_types_range_disappears);
    RUN_TEST(a_clip_inside_the_types_range_stays);
    RUN_TEST(changes_of_type_there_and_back_cancel);
    RUN_TEST(a_zero_pad_before_a_convolution_becomes_its_own);
    RUN_TEST(a_pad_of_another_value_or_of_channels_stays);
    RUN_TEST(uint8_activations_become_int8_and_give_the_same_bytes);
    RUN_TEST(averages_of_uint8_round_halves_up_in_int8_too);
    RUN_TEST(quantize_and_dequantize_take_uint8_at_the_border_as_it_is);
}

SUITE(the_pipeline) {
    RUN_TEST(the_pipeline_reports_each_pass_in_order);
    RUN_TEST(a_broken_graph_is_refused_with_the_name_of_the_pass);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(one_pass_at_a_time);
    RUN_SUITE(the_pipeline);
    GREATEST_MAIN_END();
}
