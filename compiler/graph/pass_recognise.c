// SPDX-License-Identifier: Apache-2.0
// recognise: HardSwish and Gelu written out as arithmetic become the operator, which is one loop (and, quantised, one table).
//   requires  simplify (divisions are products, bounds are Clips)
//   breaks    last digits of float results
// Worked examples: README.md.
#include "pass.h"

#include <math.h>

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

tsr_status tsr_pass_recognise(tsr_graph *graph) {
    for (tsr_id n = 0; n < graph->node_count; n++) { // operands first: one that is recognised is no product any more
        tsr_node *node = &graph->nodes[n];
        if (!node->dead && node->op == TSR_OP_MUL && pass_output(graph, node)->dtype == TSR_F32 && pass_is_unbounded(&node->attr))
            recognise(graph, node);
    }
    return pass_finish(graph);
}
