// SPDX-License-Identifier: Apache-2.0
// requires: dead nodes swept or marked, shapes known. breaks: nothing; fills node->requant.
//
// The numbers that TFLite's Prepare functions derive from scales (tensorflow/lite/kernels: kernel_util.cc, add.cc, mul.cc,
// pooling.cc, reduce.cc, activations.cc), including which products are rounded to float32 on the way. Models of ONNX
// rescale with one rounding and products in float64, which is closest to their definition in reals.
#include <math.h>
#include <string.h>

#include "tsr/graph.h"

typedef struct quantiser {
    tsr_graph *graph;
    tsr_node *node;
    const tsr_tensor *x, *y; // first input and output
    bool once;               // one rounding
} quantiser;

tsr_rescale tsr_rescale_of(double multiplier) {
    if (multiplier == 0 || !isfinite(multiplier))
        return (tsr_rescale){0};
    int shift;
    int64_t fixed = llround(frexp(multiplier, &shift) * 2147483648.0);
    if (fixed == INT64_C(1) << 31) {
        fixed /= 2;
        shift++;
    }
    if (shift < -31)
        return (tsr_rescale){0};
    if (shift > 31) {
        shift = 31;
        fixed = INT32_MAX;
    }
    return (tsr_rescale){
        .multiplier = (int32_t)fixed, .lsh = (uint8_t)(shift > 0 ? shift : 0), .rsh = (uint8_t)(shift > 0 ? 0 : -shift)};
}

static tsr_rescale rescale(const quantiser *q, double multiplier) {
    tsr_rescale r = tsr_rescale_of(multiplier);
    r.single_rounding = q->once;
    return r;
}

static void set_outputs(quantiser *q, uint32_t channels) {
    q->node->requant.channels = channels;
    q->node->requant.out = channels == 0 ? NULL : TSR_NEW_ARRAY(q->graph->arena, tsr_rescale, channels);
}

static void set_output(quantiser *q, double multiplier) {
    set_outputs(q, 1);
    q->node->requant.out[0] = rescale(q, multiplier);
}

static int32_t zero_of(const tsr_tensor *t) {
    return t->quant.count > 0 && t->quant.zero_point != NULL ? t->quant.zero_point[0] : 0;
}
static bool is_byte(const tsr_tensor *t) { return t->dtype == TSR_I8 || t->dtype == TSR_U8; }
static bool is_quantised(const tsr_tensor *t) { return is_byte(t) && t->quant.count == 1; } // an activation
static bool same_scale(const tsr_tensor *a, const tsr_tensor *b) { return a->quant.scale[0] == b->quant.scale[0]; }

static const tsr_tensor *input(const quantiser *q, uint32_t n) {
    if (n >= q->node->input_count || q->node->inputs[n] == TSR_NO_ID)
        return NULL;
    return &q->graph->tensors[q->node->inputs[n]];
}

static int32_t bound_of(const tsr_tensor *t, float real, int32_t unbounded) {
    if (!isfinite(real))
        return unbounded;
    double steps = roundf(real / t->quant.scale[0]);
    steps = fmin(fmax(steps, -1e9), 1e9);
    return (int32_t)steps + zero_of(t);
}

// CalculateActivationRangeQuantized
static void set_range(quantiser *q) {
    tsr_requant *r = &q->node->requant;
    int32_t low = q->y->dtype == TSR_I8 ? -128 : 0, high = low + 255;
    int32_t lo = bound_of(q->y, q->node->attr.clip_lo, low), hi = bound_of(q->y, q->node->attr.clip_hi, high);
    r->lo = lo < low ? low : lo > high ? high : lo;
    r->hi = hi > high ? high : hi < r->lo ? r->lo : hi;
}

static tsr_status fail(const quantiser *q, const char *why) {
    return tsr_error(TSR_UNSUPPORTED, "node %s (%s): %s", q->node->name, tsr_op_name(q->node->op), why);
}

// CONV, FULLY_CONNECTED: weights may have a scale a channel.
static tsr_status quantise_weighted(quantiser *q) {
    const tsr_tensor *w = input(q, 1), *b = input(q, 2);
    uint32_t channels = (uint32_t)w->shape[0];
    bool connected = q->node->op == TSR_OP_FULLY_CONNECTED;
    if (w->quant.count == 0 || !is_byte(w))
        return fail(q, "a quantised input needs int8 or uint8 weights with a scale");
    if (w->quant.count != 1 && w->quant.count != channels)
        return fail(q, "its weights have neither one scale nor one for each output channel");
    if (b != NULL && b->dtype != TSR_I32)
        return fail(q, "a quantised input needs an int32 bias");
    bool narrow = q->graph->channels_last && w->quant.count == 1 &&
                  (connected || w->dtype == TSR_U8); // uint8 models: the weights keep the type
    q->once = q->once || connected;
    set_outputs(q, w->quant.count);
    for (uint32_t c = 0; c < w->quant.count; c++) {
        double product = narrow ? (double)(q->x->quant.scale[0] * w->quant.scale[c])
                                : (double)q->x->quant.scale[0] * (double)w->quant.scale[c];
        q->node->requant.out[c] = rescale(q, product / (double)q->y->quant.scale[0]);
    }
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_matmul(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!is_byte(b) || b->quant.count == 0)
        return fail(q, "both operands of a quantised product must be quantised");
    uint32_t columns = b->rank == 1 ? 1 : (uint32_t)b->shape[b->rank - 1];
    if (b->quant.count != 1 && (b->quant.count != columns || b->quant.axis != (int32_t)b->rank - 1))
        return fail(q, "its second operand has neither one scale nor one for each column");
    for (uint32_t c = 1; c < b->quant.count; c++)
        if (b->quant.zero_point != NULL && b->quant.zero_point[c] != b->quant.zero_point[0])
            return fail(q, "the columns of its second operand have different zero points");
    set_outputs(q, b->quant.count);
    for (uint32_t c = 0; c < b->quant.count; c++)
        q->node->requant.out[c] =
            rescale(q, (double)q->x->quant.scale[0] * (double)b->quant.scale[c] / (double)q->y->quant.scale[0]);
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_sum(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!is_quantised(b))
        return tsr_ok(); // computed in reals
    double a_scale = (double)q->x->quant.scale[0], b_scale = (double)b->quant.scale[0];
    double twice_larger = 2 * fmax(a_scale, b_scale);
    q->node->requant.in[0] = rescale(q, a_scale / twice_larger);
    q->node->requant.in[1] = rescale(q, b_scale / twice_larger);
    set_output(q, twice_larger / ((double)(1 << 20) * (double)q->y->quant.scale[0]));
    q->node->requant.valid = true;
    return tsr_ok();
}

// TFLite's squared_difference.cc: both operands scaled by twice the larger scale after << 7, and its square undone.
static tsr_status quantise_squared_difference(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!is_quantised(b))
        return tsr_ok();
    double a_scale = (double)q->x->quant.scale[0], b_scale = (double)b->quant.scale[0];
    double twice_larger = 2 * fmax(a_scale, b_scale);
    q->node->requant.in[0] = rescale(q, a_scale / twice_larger);
    q->node->requant.in[1] = rescale(q, b_scale / twice_larger);
    set_output(q, twice_larger * twice_larger / ((double)(1 << 14) * (double)q->y->quant.scale[0]));
    q->node->requant.valid = true;
    return tsr_ok();
}

// TFLite's comparisons.cc: both operands << 8, times their own scale, which must be below 1.
static tsr_status quantise_comparison(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!q->graph->channels_last || !is_quantised(b) || q->x->quant.scale[0] >= 1 || b->quant.scale[0] >= 1)
        return tsr_ok(); // compared as reals
    q->node->requant.in[0] = rescale(q, (double)q->x->quant.scale[0]);
    q->node->requant.in[1] = rescale(q, (double)b->quant.scale[0]);
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_product(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!is_quantised(b))
        return tsr_ok();
    float a_scale = q->x->quant.scale[0], b_scale = b->quant.scale[0], y_scale = q->y->quant.scale[0];
    set_output(q, q->graph->channels_last ? (double)(a_scale * b_scale / y_scale)
                                          : (double)a_scale * (double)b_scale / (double)y_scale);
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_extremum(quantiser *q) { // MIN, MAX
    const tsr_tensor *b = input(q, 1);
    set_outputs(q, 0);
    q->node->requant.valid = is_quantised(b) && same_scale(q->x, q->y) && same_scale(b, q->y);
    return tsr_ok();
}

static bool windows_are_whole(const quantiser *q) {
    const tsr_attr *a = &q->node->attr;
    const int64_t before[2] = {a->pad_top, a->pad_left}, after[2] = {a->pad_bottom, a->pad_right};
    for (int d = 0; d < 2; d++) {
        if (!a->count_include_pad && (before[d] != 0 || after[d] != 0))
            return false;
        int64_t reach = (q->y->shape[1 + d] - 1) * a->stride[d] + (a->kernel[d] - 1) * a->dilation[d] + 1;
        if (reach > q->x->shape[1 + d] + before[d] + after[d])
            return false;
    }
    return true;
}

static tsr_status quantise_average_pool(quantiser *q) {
    const tsr_attr *a = &q->node->attr;
    double ratio = (double)q->x->quant.scale[0] / (double)q->y->quant.scale[0];
    int64_t window = a->kernel[0] * a->kernel[1];
    q->node->requant.valid = true;
    set_outputs(q, 0);
    if (same_scale(q->x, q->y) && (zero_of(q->x) == zero_of(q->y) || q->graph->channels_last))
        return tsr_ok();
    if (windows_are_whole(q)) {
        set_output(q, ratio / (double)window);
        return tsr_ok();
    }
    if (window > 65536)
        return fail(q, "its window is too large to change scale and leave out pads");
    set_outputs(q, (uint32_t)window);
    for (int64_t n = 1; n <= window; n++)
        q->node->requant.out[n - 1] = rescale(q, ratio / (double)n);
    return tsr_ok();
}

static tsr_status quantise_mean(quantiser *q) {
    const tsr_attr *a = &q->node->attr;
    int64_t count = 1;
    bool seen[TSR_MAX_RANK] = {false};
    for (uint32_t i = 0; i < a->axis_count; i++) {
        int64_t axis = a->axes[i] < 0 ? a->axes[i] + q->x->rank : a->axes[i];
        if (!seen[axis])
            count *= q->x->shape[axis];
        seen[axis] = true;
    }
    tsr_rescale whole = tsr_rescale_of((double)q->x->quant.scale[0] / (double)q->y->quant.scale[0]);
    int exponent = (int)whole.lsh - (int)whole.rsh;
    int shift = 63 - __builtin_clzll((unsigned long long)count);
    shift = shift > 32 ? 32 : shift;
    shift = shift > 31 + exponent ? 31 + exponent : shift;
    set_outputs(q, 1);
    int64_t multiplier = ((int64_t)whole.multiplier * ((int64_t)1 << shift)) / count;
    exponent -= shift;
    q->node->requant.out[0] = (tsr_rescale){.multiplier = (int32_t)multiplier,
                                            .lsh = (uint8_t)(exponent > 0 ? exponent : 0),
                                            .rsh = (uint8_t)(exponent > 0 ? 0 : -exponent),
                                            .single_rounding = q->once};
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_clip(quantiser *q) {
    q->node->requant.valid = true;
    set_outputs(q, 0);
    if (!same_scale(q->x, q->y))
        set_output(q, (double)(q->x->quant.scale[0] / q->y->quant.scale[0]));
    return tsr_ok();
}

static tsr_status quantise_leaky_relu(quantiser *q) {
    float x_scale = q->x->quant.scale[0], y_scale = q->y->quant.scale[0];
    set_output(q, (double)(x_scale / y_scale));
    q->node->requant.in[0] = rescale(q, (double)(x_scale * q->node->attr.alpha / y_scale));
    q->node->requant.valid = true;
    return tsr_ok();
}

// TFLite's div.cc; a real ratio of scales in float32.
static tsr_status quantise_quotient(quantiser *q) {
    const tsr_tensor *b = input(q, 1);
    if (!q->graph->channels_last || !is_quantised(b))
        return tsr_ok();
    set_output(q, (double)(q->x->quant.scale[0] / (b->quant.scale[0] * q->y->quant.scale[0])));
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_prelu(quantiser *q) {
    const tsr_tensor *slope = input(q, 1);
    if (!is_quantised(slope))
        return tsr_ok();
    float x_scale = q->x->quant.scale[0], y_scale = q->y->quant.scale[0];
    set_output(q, (double)(x_scale / y_scale));
    q->node->requant.in[0] = rescale(q, (double)(x_scale * slope->quant.scale[0] / y_scale));
    q->node->requant.valid = true;
    return tsr_ok();
}

static tsr_status quantise_reduction(quantiser *q) { // of sums less their zero points; REDUCE_MAX, REDUCE_MIN of one scale
    const bool sum = q->node->op == TSR_OP_REDUCE_SUM;
    set_outputs(q, 0);
    if (sum)
        set_output(q, (double)q->x->quant.scale[0] / (double)q->y->quant.scale[0]);
    q->node->requant.valid = sum || same_scale(q->x, q->y);
    return tsr_ok();
}

static tsr_status quantise_node(quantiser *q) {
    switch (q->node->op) {
    case TSR_OP_CONV:
    case TSR_OP_FULLY_CONNECTED: return quantise_weighted(q);
    case TSR_OP_MATMUL: return quantise_matmul(q);
    case TSR_OP_ADD:
    case TSR_OP_SUB: return quantise_sum(q);
    case TSR_OP_MUL: return quantise_product(q);
    case TSR_OP_MIN:
    case TSR_OP_MAX: return quantise_extremum(q);
    case TSR_OP_AVERAGE_POOL: return quantise_average_pool(q);
    case TSR_OP_MAX_POOL:
        set_outputs(q, 0);
        q->node->requant.valid = same_scale(q->x, q->y);
        return tsr_ok();
    case TSR_OP_MEAN: return quantise_mean(q);
    case TSR_OP_SQUARED_DIFFERENCE: return quantise_squared_difference(q);
    case TSR_OP_EQUAL:
    case TSR_OP_LESS:
    case TSR_OP_LESS_EQUAL: return quantise_comparison(q);
    case TSR_OP_DIV: return quantise_quotient(q);
    case TSR_OP_PRELU: return quantise_prelu(q);
    case TSR_OP_REDUCE_SUM:
    case TSR_OP_REDUCE_MAX:
    case TSR_OP_REDUCE_MIN: return quantise_reduction(q);
    case TSR_OP_ABS:
    case TSR_OP_CLIP: return quantise_clip(q);
    case TSR_OP_LEAKY_RELU: return quantise_leaky_relu(q);
    case TSR_OP_QUANTIZE:
        if (q->x->quant.count == 1 && q->y->quant.count == 1) {
            set_output(q, (double)q->x->quant.scale[0] / (double)q->y->quant.scale[0]);
            q->node->requant.valid = true;
        }
        return tsr_ok();
    default: return tsr_ok(); // a table, a move, or reals
    }
}

tsr_status tsr_quantise(tsr_graph *graph) {
    for (uint32_t i = 0; i < graph->node_count; i++) {
        tsr_node *node = &graph->nodes[i];
        if (node->dead || node->input_count == 0 || node->output_count == 0 || node->inputs[0] == TSR_NO_ID)
            continue;
        quantiser q = {.graph = graph, .node = node, .once = !graph->channels_last};
        q.x = &graph->tensors[node->inputs[0]];
        q.y = &graph->tensors[node->outputs[0]];
        if (!is_quantised(q.x) || (!is_quantised(q.y) && q.y->dtype != TSR_BOOL))
            continue;
        memset(&node->requant, 0, sizeof node->requant);
        node->requant.in_zero_point[0] = zero_of(q.x);
        const tsr_tensor *second = input(&q, 1);
        node->requant.in_zero_point[1] = second != NULL ? zero_of(second) : 0;
        node->requant.out_zero_point = zero_of(q.y);
        if (is_quantised(q.y))
            set_range(&q);
        TSR_TRY(tsr_problems_take(graph->problems, quantise_node(&q)));
    }
    return tsr_ok();
}
