// SPDX-License-Identifier: Apache-2.0
// simplify: algebra. Fewer operators for the passes behind it to know: what is subtracted or divided by is added or multiplied
// by, bounds are Clips, runs of one operator with constants are one.
//   requires  fold (constants stand right before the nodes)
//   breaks    last digits of float results: x / c becomes x * (1 / c), (x * a) * b becomes x * (a * b); the sign of zero of x + 0
// Worked examples: README.md.
#include "pass.h"

#include <math.h>
#include <string.h>

static bool is_plain(const tsr_graph *graph, const tsr_node *node) { // no quantised tensor near it
    for (uint32_t i = 0; i < node->input_count; i++)
        if (pass_input(graph, node, i) == NULL || pass_input(graph, node, i)->quant.count > 0)
            return false;
    return pass_output(graph, node)->quant.count == 0;
}

static bool is_constant(const tsr_graph *graph, tsr_id id) { return graph->tensors[id].data != NULL; }

// y = value, through the node's own activation if it has one.
static bool becomes(tsr_graph *graph, tsr_id n, tsr_id value) {
    tsr_node *node = &graph->nodes[n];
    const tsr_tensor *v = &graph->tensors[value], *y = pass_output(graph, node);
    if (!pass_same_shape(v, y) || v->dtype != y->dtype)
        return false;
    if (pass_is_unbounded(&node->attr))
        return pass_replace_by(graph, node, value);
    node->op = TSR_OP_CLIP;
    node->input_count = 1;
    node->inputs[0] = value;
    return true;
}

// x + 0, x - 0, x * 1, x / 1, x ^ 1
static bool neutral_operand(tsr_graph *graph, tsr_id n) {
    const tsr_node *node = &graph->nodes[n];
    double neutral;
    switch (node->op) {
    case TSR_OP_ADD:
    case TSR_OP_SUB: neutral = 0; break;
    case TSR_OP_MUL:
    case TSR_OP_DIV:
    case TSR_OP_POW: neutral = 1; break;
    default: return false;
    }
    const bool commutes = node->op == TSR_OP_ADD || node->op == TSR_OP_MUL;
    for (uint32_t side = commutes ? 0 : 1; side < 2; side++) {
        double value;
        if (pass_splat_value(graph, node->inputs[side], &value) && value == neutral && becomes(graph, n, node->inputs[1 - side]))
            return true;
    }
    return false;
}

// A float32 constant with a function of another's elements; TSR_NO_ID when a result is not an ordinary number.
static tsr_id mapped(tsr_graph *graph, tsr_id constant, float (*f)(float), const char *suffix) {
    const tsr_tensor c = graph->tensors[constant];
    const uint64_t elements = tsr_tensor_elements(&c);
    if (tsr_tensor_bytes(&c) > TSR_FOLD_LIMIT)
        return TSR_NO_ID;
    float *data = TSR_NEW_ARRAY(graph->arena, float, elements);
    for (uint64_t i = 0; i < elements; i++) {
        data[i] = f(((const float *)c.data)[i]);
        if (!isnormal(data[i]) && data[i] != 0)
            return TSR_NO_ID;
    }
    tsr_id id = pass_tensor_like(graph, constant, suffix);
    graph->tensors[id].data = data;
    return id;
}

static float negated(float v) { return -v; }
static float reciprocal(float v) { return 1 / v; }

// x - c = x + (-c), x / c = x * (1 / c), x ^ 2 = x * x, max(x, c) and min(x, c) with one c are Clips.
static bool other_operator(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    double value;
    if (node->input_count != 2 || pass_output(graph, node)->dtype != TSR_F32)
        return false;
    const tsr_id c = node->inputs[1];
    if (node->op == TSR_OP_SUB || node->op == TSR_OP_DIV) {
        tsr_id other = !is_constant(graph, c)   ? TSR_NO_ID
                       : node->op == TSR_OP_SUB ? mapped(graph, c, negated, "negated")
                                                : mapped(graph, c, reciprocal, "reciprocal");
        if (other == TSR_NO_ID)
            return false;
        graph->nodes[n].inputs[1] = other;
        graph->nodes[n].op = node->op == TSR_OP_SUB ? TSR_OP_ADD : TSR_OP_MUL;
        return true;
    }
    if (node->op == TSR_OP_POW && pass_splat_value(graph, c, &value) && value == 2 &&
        pass_same_shape(pass_input(graph, node, 0), pass_output(graph, node))) {
        node->op = TSR_OP_MUL;
        node->inputs[1] = node->inputs[0];
        return true;
    }
    for (uint32_t side = 0; side < 2 && (node->op == TSR_OP_MIN || node->op == TSR_OP_MAX); side++)
        if (pass_splat_value(graph, node->inputs[side], &value) && value == value &&
            pass_same_shape(pass_input(graph, node, 1 - side), pass_output(graph, node)) && pass_is_unbounded(&node->attr)) {
            *(node->op == TSR_OP_MAX ? &node->attr.clip_lo : &node->attr.clip_hi) = (float)value;
            node->op = TSR_OP_CLIP;
            node->inputs[0] = node->inputs[1 - side];
            node->input_count = 1;
            return true;
        }
    return false;
}

// (x + a) + b = x + (a + b), (x * a) * b = x * (a * b)
static bool run_of_constants(tsr_graph *graph, tsr_id n) {
    const tsr_op op = graph->nodes[n].op;
    if ((op != TSR_OP_ADD && op != TSR_OP_MUL) || pass_output(graph, &graph->nodes[n])->dtype != TSR_F32)
        return false;
    for (uint32_t side = 0; side < 2; side++) {
        const tsr_id b = graph->nodes[n].inputs[side], inner = graph->nodes[n].inputs[1 - side];
        const tsr_node *first = pass_producer_of(graph, inner, op);
        if (!is_constant(graph, b) || first == NULL || !pass_is_unbounded(&first->attr) ||
            pass_only_reader(graph, inner) != &graph->nodes[n])
            continue;
        const uint32_t with = is_constant(graph, first->inputs[0]) ? 0 : 1;
        const tsr_id a = first->inputs[with], x = first->inputs[1 - with];
        if (!is_constant(graph, a) || is_constant(graph, x))
            continue;
        tsr_id both = pass_folded_pair(graph, op, a, b);
        if (both == TSR_NO_ID)
            continue;
        graph->nodes[n].inputs[0] = x;
        graph->nodes[n].inputs[1] = both;
        return true;
    }
    return false;
}

// Clip of Clip; a Clip that bounds nothing.
static bool clip_of_clip(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    if (node->op != TSR_OP_CLIP)
        return false;
    if (pass_is_unbounded(&node->attr))
        return becomes(graph, n, node->inputs[0]);
    const tsr_node *first = pass_producer_of(graph, node->inputs[0], TSR_OP_CLIP);
    if (first == NULL || !(first->attr.clip_lo <= first->attr.clip_hi) || !(node->attr.clip_lo <= node->attr.clip_hi))
        return false;
    const float lo = node->attr.clip_lo, hi = node->attr.clip_hi;
    node->attr.clip_lo = fminf(fmaxf(first->attr.clip_lo, lo), hi);
    node->attr.clip_hi = fminf(fmaxf(first->attr.clip_hi, lo), hi);
    node->inputs[0] = first->inputs[0];
    return true;
}

// -(-x) = x, x + (-y) = x - y, x - (-y) = x + y
static bool negations(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    const bool sum = node->op == TSR_OP_ADD || node->op == TSR_OP_SUB;
    if (node->op != TSR_OP_NEG && !sum)
        return false;
    const tsr_node *first = pass_producer_of(graph, node->inputs[sum ? 1 : 0], TSR_OP_NEG);
    if (first == NULL)
        return false;
    if (!sum)
        return becomes(graph, n, first->inputs[0]);
    node->op = node->op == TSR_OP_ADD ? TSR_OP_SUB : TSR_OP_ADD;
    node->inputs[1] = first->inputs[0];
    return true;
}

// Whether every value of a type is one of another.
static bool holds(tsr_dtype wide, tsr_dtype narrow) {
    if (wide == narrow || narrow == TSR_BOOL)
        return true;
    if (tsr_dtype_is_float(narrow) || wide == TSR_BOOL)
        return wide == TSR_F64 && narrow == TSR_F32;
    const unsigned bits = (unsigned)tsr_dtype_size(narrow) * 8;
    if (tsr_dtype_is_float(wide))
        return bits <= (wide == TSR_F32 ? 16 : 32);
    int64_t wide_low, wide_high, low, high;
    pass_type_range(wide, &wide_low, &wide_high);
    pass_type_range(narrow, &low, &high);
    return narrow != TSR_U64 && wide_low <= low && wide_high >= high;
}

// Cast of a Cast that lost nothing.
static bool cast_of_cast(tsr_graph *graph, tsr_id n) {
    tsr_node *node = &graph->nodes[n];
    const tsr_node *first = node->op == TSR_OP_CAST ? pass_producer_of(graph, node->inputs[0], TSR_OP_CAST) : NULL;
    if (first == NULL || !holds(pass_output(graph, first)->dtype, pass_input(graph, first, 0)->dtype) ||
        pass_input(graph, first, 0)->quant.count > 0 || pass_output(graph, first)->quant.count > 0)
        return false;
    if (becomes(graph, n, first->inputs[0]))
        return true;
    node->inputs[0] = first->inputs[0];
    return true;
}

static bool simplify(tsr_graph *graph, tsr_id n) {
    bool (*const rules[])(tsr_graph *, tsr_id) = {neutral_operand, other_operator, run_of_constants,
                                                  clip_of_clip,    negations,      cast_of_cast};
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++)
        if (rules[r](graph, n))
            return true;
    return false;
}

// Every rule leaves a node less, or one of an operator that no rule turns back, or shorter chains of one: this ends.
tsr_status tsr_pass_simplify(tsr_graph *graph) {
    for (bool changed = true; changed;) {
        changed = false;
        for (tsr_id n = 0; n < graph->node_count; n++)
            if (!graph->nodes[n].dead && is_plain(graph, &graph->nodes[n]))
                changed |= simplify(graph, n);
        TSR_TRY(pass_finish(graph));
    }
    return tsr_ok();
}
