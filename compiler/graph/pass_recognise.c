// SPDX-License-Identifier: Apache-2.0
// recognise: HardSwish, Gelu and layer normalisation written out as arithmetic become the operator, which is one loop (and, the
// first two, quantised one table).
//   requires  simplify (divisions are products, bounds are Clips)
//   breaks    last digits of float results
// Worked examples: README.md.
#include "pass.h"

#include <math.h>
#include <string.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-5 * fabs(b); }

static tsr_node *plain_producer(const tsr_graph *graph, tsr_id id, tsr_op op) {
    tsr_node *node = pass_producer_of(graph, id, op);
    return node != NULL && pass_output(graph, node)->dtype == TSR_F32 && (op == TSR_OP_CLIP || pass_is_unbounded(&node->attr))
               ? node
               : NULL;
}

// A product as a number times factors that are computed.
typedef struct product {
    double scale;
    uint32_t count;
    tsr_id factor[3];
    bool too_long;
} product;

static void multiply_in(const tsr_graph *graph, tsr_id id, unsigned depth, product *p) {
    double value;
    const tsr_node *node = depth > 0 ? plain_producer(graph, id, TSR_OP_MUL) : NULL;
    if (pass_splat_value(graph, id, &value)) {
        p->scale *= value;
    } else if (node != NULL && node->inputs[0] != node->inputs[1]) {
        multiply_in(graph, node->inputs[0], depth - 1, p);
        multiply_in(graph, node->inputs[1], depth - 1, p);
    } else if (p->count == sizeof p->factor / sizeof p->factor[0]) {
        p->too_long = true;
    } else {
        p->factor[p->count++] = id;
    }
}

static product product_of(const tsr_graph *graph, tsr_id id) {
    product p = {.scale = 1};
    multiply_in(graph, id, 3, &p);
    return p;
}

// id = a * x + b with numbers a and b: x.
static tsr_id affine(const tsr_graph *graph, tsr_id id, double *out_a, double *out_b) {
    double value;
    *out_a = 1;
    *out_b = 0;
    for (unsigned depth = 0; depth < 4; depth++) {
        const tsr_node *sum = plain_producer(graph, id, TSR_OP_ADD),
                       *node = sum != NULL ? sum : plain_producer(graph, id, TSR_OP_MUL);
        if (node == NULL)
            break;
        const uint32_t side = pass_splat_value(graph, node->inputs[0], &value) ? 0 : 1;
        if (!pass_splat_value(graph, node->inputs[side], &value))
            break;
        if (sum != NULL)
            *out_b += *out_a * value;
        else
            *out_a *= value;
        id = node->inputs[1 - side];
    }
    return id;
}

static bool is_clip(const tsr_node *node, float lo, float hi) {
    return node != NULL && node->attr.clip_lo == lo && node->attr.clip_hi == hi;
}

// x * clip(x + 3, 0, 6) / 6, x * clip(x / 6 + 1/2, 0, 1)
static bool is_hard_swish(const tsr_graph *graph, double scale, tsr_id x, tsr_id gate) {
    const tsr_node *clip = plain_producer(graph, gate, TSR_OP_CLIP);
    double a, b;
    if (clip == NULL || affine(graph, clip->inputs[0], &a, &b) != x)
        return false;
    return (is_clip(clip, 0, 6) && near(a, 1) && near(b, 3) && near(scale, 1.0 / 6)) ||
           (is_clip(clip, 0, 1) && near(a, 1.0 / 6) && near(b, 0.5) && near(scale, 1));
}

// x * (1 + erf(x / sqrt 2)) / 2
static bool is_gelu(const tsr_graph *graph, double scale, tsr_id x, tsr_id gate) {
    double a, b, inner_a, inner_b;
    const tsr_node *erf = plain_producer(graph, affine(graph, gate, &a, &b), TSR_OP_ERF);
    return erf != NULL && near(a, b) && near(scale * a, 0.5) && affine(graph, erf->inputs[0], &inner_a, &inner_b) == x &&
           near(inner_a, sqrt(0.5)) && inner_b == 0;
}

// Whether id is x * x * x, as products or a power.
static bool is_cube(const tsr_graph *graph, tsr_id id, tsr_id x) {
    double value;
    const tsr_node *power = plain_producer(graph, id, TSR_OP_POW), *outer = plain_producer(graph, id, TSR_OP_MUL);
    if (power != NULL)
        return power->inputs[0] == x && pass_splat_value(graph, power->inputs[1], &value) && value == 3;
    for (uint32_t side = 0; side < 2 && outer != NULL; side++) {
        const tsr_node *square = plain_producer(graph, outer->inputs[side], TSR_OP_MUL);
        if (outer->inputs[1 - side] == x && square != NULL && square->inputs[0] == x && square->inputs[1] == x)
            return true;
    }
    return false;
}

// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
static bool is_gelu_tanh(const tsr_graph *graph, double scale, tsr_id x, tsr_id gate) {
    double a, b, outer, shift, cubed, none;
    const tsr_node *tanh_of = plain_producer(graph, affine(graph, gate, &a, &b), TSR_OP_TANH);
    if (tanh_of == NULL || !near(a, b) || !near(scale * a, 0.5))
        return false;
    const tsr_node *sum = plain_producer(graph, affine(graph, tanh_of->inputs[0], &outer, &shift), TSR_OP_ADD);
    if (sum == NULL || shift != 0 || !near(outer, sqrt(2 / acos(-1.0))))
        return false;
    for (uint32_t side = 0; side < 2; side++)
        if (sum->inputs[side] == x && is_cube(graph, affine(graph, sum->inputs[1 - side], &cubed, &none), x) &&
            near(cubed, 0.044715) && none == 0)
            return true;
    return false;
}

static void recognise(tsr_graph *graph, tsr_node *node) {
    const product p = product_of(graph, node->outputs[0]);
    if (p.too_long || p.count != 2)
        return;
    for (uint32_t side = 0; side < 2; side++) {
        const tsr_id x = p.factor[side], gate = p.factor[1 - side];
        const bool swish = is_hard_swish(graph, p.scale, x, gate), gelu = is_gelu(graph, p.scale, x, gate),
                   approximate = is_gelu_tanh(graph, p.scale, x, gate);
        if ((!swish && !gelu && !approximate) || !pass_same_shape(&graph->tensors[x], pass_output(graph, node)))
            continue;
        node->op = swish ? TSR_OP_HARD_SWISH : TSR_OP_GELU;
        node->attr.approximate = approximate;
        node->inputs[0] = x;
        node->input_count = 1;
        return;
    }
}

// ---- (x - mean) / sqrt(mean((x - mean)^2) + epsilon)
static bool same_axes(const tsr_node *a, const tsr_node *b) {
    return a->attr.axis_count == b->attr.axis_count && a->attr.keep_dims && b->attr.keep_dims &&
           memcmp(a->attr.axes, b->attr.axes, a->attr.axis_count * sizeof *a->attr.axes) == 0;
}

// The node that computes mean((x - mean)^2) of `deviation` = x - mean.
static const tsr_node *variance_of(const tsr_graph *graph, tsr_id id, tsr_id deviation) {
    const tsr_node *mean = plain_producer(graph, id, TSR_OP_MEAN);
    const tsr_node *square = mean == NULL ? NULL : plain_producer(graph, mean->inputs[0], TSR_OP_MUL);
    return square != NULL && square->inputs[0] == deviation && square->inputs[1] == deviation ? mean : NULL;
}

// id = sqrt(variance + epsilon), or with `inverse` one over that.
static const tsr_node *deviation_scale(const tsr_graph *graph, tsr_id id, tsr_id deviation, bool inverse, float *out_epsilon) {
    const tsr_node *one_over = inverse ? plain_producer(graph, id, TSR_OP_DIV) : NULL;
    double value;
    if (one_over != NULL && pass_splat_value(graph, one_over->inputs[0], &value) && value == 1)
        id = one_over->inputs[1];
    const tsr_node *root = plain_producer(graph, id, inverse && one_over == NULL ? TSR_OP_RSQRT : TSR_OP_SQRT);
    const tsr_node *sum = root == NULL ? NULL : plain_producer(graph, root->inputs[0], TSR_OP_ADD);
    for (uint32_t side = 0; side < 2 && sum != NULL; side++)
        if (pass_splat_value(graph, sum->inputs[side], &value) && value > 0) {
            *out_epsilon = (float)value;
            return variance_of(graph, sum->inputs[1 - side], deviation);
        }
    return NULL;
}

static void recognise_normalisation(const tsr_graph *graph, tsr_node *node) {
    for (uint32_t side = 0; side < (node->op == TSR_OP_MUL ? 2u : 1u); side++) {
        const tsr_id deviation = node->inputs[side];
        const tsr_node *difference = plain_producer(graph, deviation, TSR_OP_SUB);
        const tsr_node *mean = difference == NULL ? NULL : plain_producer(graph, difference->inputs[1], TSR_OP_MEAN);
        if (mean == NULL || mean->inputs[0] != difference->inputs[0])
            continue;
        float epsilon = 0;
        const tsr_node *variance = deviation_scale(graph, node->inputs[1 - side], deviation, node->op == TSR_OP_MUL, &epsilon);
        if (variance == NULL || !same_axes(mean, variance) ||
            !pass_same_shape(&graph->tensors[mean->inputs[0]], pass_output(graph, node)))
            continue;
        node->op = TSR_OP_NORMALIZE;
        node->attr.axis_count = mean->attr.axis_count;
        memcpy(node->attr.axes, mean->attr.axes, sizeof node->attr.axes);
        node->attr.epsilon = epsilon;
        node->inputs[0] = mean->inputs[0];
        node->input_count = 1;
        return;
    }
}

// What multiplies a normalised tensor, and is added then, are operands of NORMALIZE.
static void take_scale_or_bias(tsr_graph *graph, tsr_node *node) {
    const uint32_t wanted = node->op == TSR_OP_MUL ? 1 : 2;
    for (uint32_t side = 0; side < 2; side++) {
        tsr_node *normal = plain_producer(graph, node->inputs[side], TSR_OP_NORMALIZE);
        const tsr_id constant = node->inputs[1 - side];
        if (normal == NULL || normal->input_count > wanted || graph->tensors[constant].data == NULL ||
            pass_only_reader(graph, node->inputs[side]) != node ||
            !pass_same_shape(pass_output(graph, normal), pass_output(graph, node)))
            continue;
        tsr_id *inputs = TSR_NEW_ARRAY(graph->arena, tsr_id, 3);
        inputs[0] = normal->inputs[0];
        inputs[1] = normal->input_count > 1 ? normal->inputs[1] : TSR_NO_ID;
        inputs[wanted] = constant;
        node->op = TSR_OP_NORMALIZE;
        node->attr = normal->attr;
        node->inputs = inputs;
        node->input_count = wanted + 1;
        normal->dead = true;
        return;
    }
}

static bool is_plain_real(const tsr_graph *graph, const tsr_node *node) {
    return pass_output(graph, node)->dtype == TSR_F32 && pass_is_unbounded(&node->attr);
}

tsr_status tsr_pass_recognise(tsr_graph *graph) {
    for (tsr_id n = 0; n < graph->node_count; n++) { // operands first: one that is recognised is no product any more
        tsr_node *node = &graph->nodes[n];
        if (node->dead || !is_plain_real(graph, node))
            continue;
        if (node->op == TSR_OP_MUL)
            recognise(graph, node);
        if (node->op == TSR_OP_MUL || node->op == TSR_OP_DIV)
            recognise_normalisation(graph, node);
        if (node->op == TSR_OP_MUL || node->op == TSR_OP_ADD)
            take_scale_or_bias(graph, node);
    }
    return pass_finish(graph);
}
