// SPDX-License-Identifier: Apache-2.0
// RNN, GRU, LSTM. The products with the inputs of all steps are one matrix product; the graph's RECURRENT does the rest, once
// for each direction.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx_compose.h"

enum { IN_X, IN_W, IN_R, IN_B, IN_LENGTHS, IN_H, IN_C, IN_P, INPUTS };

typedef struct layer {
    tsr_id in[INPUTS];
    int64_t steps, batch, hidden, gates, directions;
    bool batch_first;
    tsr_attr attr[2]; // of each direction
} layer;

static const struct {
    const char *word;
    tsr_activation activation;
    float alpha, beta; // when the model gives none
} activations[] = {
    {"Sigmoid", TSR_ACTIVATION_SIGMOID, 1, 1},
    {"Tanh", TSR_ACTIVATION_TANH, 1, 1},
    {"Relu", TSR_ACTIVATION_RELU, 1, 1},
    {"Affine", TSR_ACTIVATION_AFFINE, 1, 0},
    {"LeakyRelu", TSR_ACTIVATION_LEAKY_RELU, 0.01f, 0},
    {"ThresholdedRelu", TSR_ACTIVATION_THRESHOLDED_RELU, 1, 0},
    {"ScaledTanh", TSR_ACTIVATION_SCALED_TANH, 1, 1},
    {"HardSigmoid", TSR_ACTIVATION_HARD_SIGMOID, 0.2f, 0.5f},
    {"Elu", TSR_ACTIVATION_ELU, 1, 0},
    {"Softsign", TSR_ACTIVATION_SOFTSIGN, 1, 1},
    {"Softplus", TSR_ACTIVATION_SOFTPLUS, 1, 1},
};
enum { ACTIVATION_COUNT = sizeof activations / sizeof activations[0] };

static bool same_word(const char *a, ProtobufCBinaryData b) { // case does not matter here
    size_t i = 0;
    for (; i < b.len && a[i] != '\0'; i++)
        if ((a[i] | 32) != (b.data[i] | 32))
            return false;
    return i == b.len && a[i] == '\0';
}

static bool takes_alpha(tsr_activation a) { return a > TSR_ACTIVATION_RELU && a < TSR_ACTIVATION_SOFTSIGN; }
static bool takes_beta(tsr_activation a) {
    return a == TSR_ACTIVATION_AFFINE || a == TSR_ACTIVATION_SCALED_TANH || a == TSR_ACTIVATION_HARD_SIGMOID;
}

// The next parameter of a list that activations take one after the other.
static float next_parameter(const onnx_node *node, const char *name, size_t *at, float standard) {
    const Onnx__AttributeProto *list = onnx_attr(node, name);
    return list != NULL && *at < list->n_floats ? list->floats[(*at)++] : standard;
}

static tsr_status find_activation(ProtobufCBinaryData word, unsigned *out_index) {
    for (*out_index = 0; *out_index < ACTIVATION_COUNT; ++*out_index)
        if (same_word(activations[*out_index].word, word))
            return tsr_ok();
    return tsr_error(TSR_UNSUPPORTED, "activation '%.*s' is not known", (int)(word.len < 40 ? word.len : 40),
                     (const char *)word.data);
}

// `count` functions of each direction. A node of the graph has one alpha and beta: those that take some must agree.
static tsr_status read_activations(const onnx_node *node, uint32_t count, uint32_t directions, tsr_attr attr[2]) {
    const Onnx__AttributeProto *words = onnx_attr(node, "activations");
    size_t alpha_at = 0, beta_at = 0;
    if (words == NULL)
        return tsr_ok();
    if (words->n_strings != (size_t)count * directions)
        return tsr_error(TSR_CORRUPT, "%zu activations, needs %" PRIu32, words->n_strings, count * directions);
    for (uint32_t d = 0; d < directions; d++) {
        tsr_activation *const to[3] = {&attr[d].gate_activation, &attr[d].cell_activation, &attr[d].output_activation};
        bool has_parameters = false;
        for (uint32_t i = 0; i < count; i++) {
            unsigned a;
            TSR_TRY(find_activation(words->strings[d * count + i], &a));
            *to[i] = activations[a].activation;
            if (!takes_alpha(*to[i]))
                continue;
            const float alpha = next_parameter(node, "activation_alpha", &alpha_at, activations[a].alpha);
            const float beta = takes_beta(*to[i]) ? next_parameter(node, "activation_beta", &beta_at, activations[a].beta) : 0;
            if (has_parameters && (alpha != attr[d].alpha || beta != attr[d].beta))
                return tsr_error(TSR_UNSUPPORTED, "activations of one direction with several alphas or betas; one of each works");
            attr[d].alpha = alpha;
            attr[d].beta = beta;
            has_parameters = true;
        }
    }
    return tsr_ok();
}

static tsr_status read_attributes(const onnx_node *node, layer *r) {
    char direction[16];
    int64_t hidden, layout, before_reset, forget;
    float clip;
    const tsr_cell cell = (tsr_cell)node->variant;
    TSR_TRY(onnx_attr_text(node, "direction", "forward", sizeof direction, direction));
    TSR_TRY(onnx_attr_int(node, "hidden_size", r->hidden, &hidden));
    TSR_TRY(onnx_attr_int(node, "layout", 0, &layout));
    TSR_TRY(onnx_attr_int(node, "linear_before_reset", 0, &before_reset));
    TSR_TRY(onnx_attr_int(node, "input_forget", 0, &forget));
    TSR_TRY(onnx_attr_float(node, "clip", INFINITY, &clip));
    const bool reverse = strcmp(direction, "reverse") == 0, both = strcmp(direction, "bidirectional") == 0;
    if (!reverse && !both && strcmp(direction, "forward") != 0)
        return tsr_error(TSR_CORRUPT, "direction '%s'; forward, reverse and bidirectional work", direction);
    if (r->directions != (both ? 2 : 1) || hidden != r->hidden)
        return tsr_error(TSR_CORRUPT,
                         "weights for %" PRId64 " directions and %" PRId64 " hidden values do not fit the attributes",
                         r->directions, r->hidden);
    r->batch_first = layout != 0;
    for (uint32_t d = 0; d < 2; d++) {
        tsr_attr *attr = &r->attr[d];
        *attr = tsr_attr_default();
        attr->cell = cell;
        attr->reverse = reverse || d == 1;
        attr->linear_before_reset = before_reset != 0;
        attr->input_forget = forget != 0;
        attr->clip_hi = clip > 0 ? clip : INFINITY;
        attr->gate_activation = cell == TSR_CELL_RNN ? TSR_ACTIVATION_TANH : TSR_ACTIVATION_SIGMOID;
    }
    return read_activations(node, cell == TSR_CELL_LSTM ? 3 : cell == TSR_CELL_GRU ? 2 : 1, (uint32_t)r->directions, r->attr);
}

// One direction's part of an operand [directions, ...], without that dimension.
static tsr_id part_of(composer *c, tsr_id operand, uint32_t direction) {
    if (operand == TSR_NO_ID || c->status.code != TSR_OK)
        return TSR_NO_ID;
    const tsr_tensor all = compose_tensor(c, operand);
    return compose_reshape(c, compose_slice(c, operand, 0, direction, 1, 1), all.rank - 1, all.shape + 1);
}

static tsr_id vector_part(composer *c, tsr_id x, int64_t start, int64_t extent) {
    return compose_slice(c, x, 0, start, extent, 1);
}

// x * W + what of the biases can be added before the steps: Wb, Rb; of a GRU that resets afterwards, Rb of the candidate is
// left to it.
static tsr_id project(composer *c, const layer *r, uint32_t direction, tsr_id *out_candidate_bias) {
    const int64_t columns = r->gates * r->hidden;
    *out_candidate_bias = TSR_NO_ID;
    const tsr_id w = compose_transpose(c, part_of(c, r->in[IN_W], direction), (const int64_t[]){1, 0});
    const int64_t inputs = compose_tensor(c, r->in[IN_X]).shape[2];
    tsr_id y = compose_matmul(c, compose_reshape(c, r->in[IN_X], 2, (const int64_t[]){r->steps * r->batch, inputs}), w);
    const tsr_id bias = part_of(c, r->in[IN_B], direction);
    if (bias != TSR_NO_ID) {
        tsr_id recurrent = vector_part(c, bias, columns, columns);
        const bool apart = r->attr[direction].cell == TSR_CELL_GRU && r->attr[direction].linear_before_reset;
        if (apart) {
            *out_candidate_bias = vector_part(c, recurrent, 2 * r->hidden, r->hidden);
            recurrent = compose_pad(c, vector_part(c, recurrent, 0, 2 * r->hidden), (const int64_t[]){0},
                                    (const int64_t[]){r->hidden}, 0);
        }
        y = compose_add(c, y, compose_add(c, vector_part(c, bias, 0, columns), recurrent));
    }
    return compose_reshape(c, y, 3, (const int64_t[]){r->steps, r->batch, columns});
}

static void run_direction(composer *c, const layer *r, uint32_t direction, tsr_id out_results[3]) {
    const bool lstm = r->attr[direction].cell == TSR_CELL_LSTM;
    tsr_id in[7];
    in[0] = project(c, r, direction, &in[6]);
    in[1] = compose_transpose(c, part_of(c, r->in[IN_R], direction), (const int64_t[]){1, 0});
    in[2] = part_of(c, r->in[IN_H], direction);
    in[3] = part_of(c, r->in[IN_C], direction);
    in[4] = part_of(c, r->in[IN_P], direction);
    in[5] = r->in[IN_LENGTHS];
    uint32_t count = 7;
    while (count > 2 && in[count - 1] == TSR_NO_ID)
        count--;
    const tsr_dtype dtype = compose_tensor(c, r->in[IN_X]).dtype;
    const int64_t state[2] = {r->batch, r->hidden};
    out_results[0] = compose_node(c, TSR_OP_RECURRENT, &r->attr[direction], count, in, dtype);
    out_results[1] = compose_output(c, "h", dtype, 2, state);
    out_results[2] = lstm ? compose_output(c, "c", dtype, 2, state) : TSR_NO_ID;
}

static tsr_id swap_first(composer *c, tsr_id x) {
    return x == TSR_NO_ID ? x : compose_transpose(c, x, (const int64_t[]){1, 0, 2});
}

// Results of all directions: [T, D, B, H] and [D, B, H]; batch first [B, T, D, H] and [B, D, H].
static void define_results(composer *c, const layer *r, tsr_id results[2][3]) {
    for (uint32_t i = 0; i < 3; i++) {
        tsr_id part[2];
        if (!onnx_has_output(c->node, i))
            continue;
        for (uint32_t d = 0; d < r->directions; d++)
            part[d] = i == 0 ? compose_reshape(c, results[d][0], 4, (const int64_t[]){r->steps, 1, r->batch, r->hidden})
                             : compose_reshape(c, results[d][i], 3, (const int64_t[]){1, r->batch, r->hidden});
        tsr_id y = compose_concat(c, i == 0 ? 1 : 0, (uint32_t)r->directions, part);
        if (r->batch_first)
            y = i == 0 ? compose_transpose(c, y, (const int64_t[]){2, 0, 1, 3}) : swap_first(c, y);
        compose_define(c, i, y);
    }
}

tsr_status onnx_recurrent(onnx *o, const onnx_node *node) {
    static const int64_t gate_count[] = {[TSR_CELL_RNN] = 1, [TSR_CELL_GRU] = 3, [TSR_CELL_LSTM] = 4};
    composer c = compose(o, node);
    layer r = {.gates = gate_count[node->variant]};
    for (uint32_t i = 0; i < INPUTS; i++)
        r.in[i] = i <= IN_R ? compose_input(&c, i) : compose_optional(&c, i);
    TSR_TRY(c.status);
    const tsr_tensor w = compose_tensor(&c, r.in[IN_R]);
    if (w.rank != 3 || compose_tensor(&c, r.in[IN_W]).rank != 3 || compose_tensor(&c, r.in[IN_X]).rank != 3)
        return tsr_error(TSR_CORRUPT, "X, W and R must have rank 3");
    r.directions = w.shape[0];
    r.hidden = w.shape[2];
    TSR_TRY(read_attributes(node, &r));
    for (uint32_t i = IN_B; i < INPUTS; i++) {
        static const uint32_t rank[INPUTS] = {[IN_B] = 2, [IN_LENGTHS] = 1, [IN_H] = 3, [IN_C] = 3, [IN_P] = 2};
        if (r.in[i] != TSR_NO_ID && !compose_rank(&c, r.in[i], rank[i], rank[i]))
            return c.status;
    }
    if (r.batch_first) {
        r.in[IN_X] = swap_first(&c, r.in[IN_X]);
        r.in[IN_H] = swap_first(&c, r.in[IN_H]);
        r.in[IN_C] = swap_first(&c, r.in[IN_C]);
    }
    r.steps = compose_tensor(&c, r.in[IN_X]).shape[0];
    r.batch = compose_tensor(&c, r.in[IN_X]).shape[1];
    for (uint32_t i = 0; i < INPUTS; i++)
        if (i != IN_X && i != IN_LENGTHS && r.in[i] != TSR_NO_ID && compose_tensor(&c, r.in[i]).shape[0] != r.directions)
            return tsr_error(TSR_CORRUPT, "input %" PRIu32 " is not one for each of %" PRId64 " directions", i, r.directions);
    if (r.in[IN_B] != TSR_NO_ID && compose_tensor(&c, r.in[IN_B]).shape[1] != 2 * r.gates * r.hidden)
        return tsr_error(TSR_CORRUPT, "B must hold %" PRId64 " biases for each direction", 2 * r.gates * r.hidden);
    tsr_id results[2][3];
    for (uint32_t d = 0; d < r.directions; d++)
        run_direction(&c, &r, d, results[d]);
    define_results(&c, &r, results);
    return c.status;
}
