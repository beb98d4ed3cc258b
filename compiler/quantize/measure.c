// SPDX-License-Identifier: Apache-2.0
// The report: results of the quantised twin against those of the float graph.
#include <math.h>
#include <string.h>

#include "quantizer.h"

typedef struct comparison {
    const tsr_quantizer *q;
    const tsr_id *pairs; // float tensor, twin
    double *signal, *noise;
    uint32_t *agreed;
} comparison;

static uint64_t largest(const float *x, uint64_t elements) {
    uint64_t at = 0;
    for (uint64_t i = 1; i < elements; i++)
        at = x[i] > x[at] ? i : at;
    return at;
}

static tsr_status compare(void *context, uint32_t sample, uint32_t first, const void *const *data) {
    (void)sample;
    comparison *c = context;
    const float *real = data[0], *quantised = data[1];
    const uint64_t elements = tsr_tensor_elements(&c->q->twin->tensors[c->pairs[first]]);
    double signal = 0, noise = 0;
    for (uint64_t i = 0; i < elements; i++) {
        const double difference = (double)real[i] - (double)quantised[i];
        signal += (double)real[i] * (double)real[i];
        noise += difference * difference;
    }
    c->signal[first / 2] += signal;
    c->noise[first / 2] += noise;
    c->agreed[first / 2] += largest(real, elements) == largest(quantised, elements);
    return tsr_ok();
}

static double decibels(double signal, double noise) { return noise > 0 ? 10 * log10(signal / noise) : (double)INFINITY; }

// The node of a layer of the report, and the other way round: all nodes but those that only move elements.
static bool is_layer(const tsr_quantizer *q, uint32_t n) {
    const tsr_node *node = &q->graph->nodes[n];
    const tsr_tensor *y = &q->graph->tensors[node->outputs[0]];
    return !is_move(q->graph, node) && y->dtype == TSR_F32 && q->twin_of[node->outputs[0]] != TSR_NO_ID;
}

static tsr_status compare_all(tsr_quantizer *q, const char *stage, uint32_t count, const tsr_id *pairs, comparison *c) {
    *c = (comparison){q, pairs, TSR_NEW_ARRAY(q->arena, double, count), TSR_NEW_ARRAY(q->arena, double, count),
                      TSR_NEW_ARRAY(q->arena, uint32_t, count)};
    return observe(q, q->twin, 2 * count, pairs, 2, q->report.measured, 1, &(round_of_observation){stage, compare}, c);
}

static void describe(const tsr_quantizer *q, uint32_t n, tsr_quantize_layer *out) {
    const tsr_node *node = &q->graph->nodes[n];
    const tensor_state *y = &q->tensors[node->outputs[0]];
    out->name = node->name;
    out->op = tsr_op_name(node->op);
    out->integer = q->integer[n];
    out->macs = tsr_node_macs(q->graph, node);
    out->own_sqnr = out->total_sqnr = NAN;
    if (!out->integer)
        return;
    out->low = ((q->options.uint8_activations ? 0 : -128) - y->zero_point) * (double)y->scale;
    out->high = out->low + 255 * (double)y->scale;
    out->scale = (double)y->scale;
    out->zero_point = y->zero_point;
}

// Both lists of layers, apart and whole, are those of the whole: float nodes have no twin in the other.
tsr_status measure_apart(tsr_quantizer *q) {
    tsr_id *pairs = TSR_NEW_ARRAY(q->arena, tsr_id, 2 * q->graph->node_count);
    tsr_quantize_layer *layers = TSR_NEW_ARRAY(q->arena, tsr_quantize_layer, q->graph->node_count);
    uint32_t count = 0;
    for (uint32_t n = 0; n < q->graph->node_count; n++) {
        if (!q->integer[n] || !is_layer(q, n))
            continue;
        pairs[2 * count] = q->graph->nodes[n].outputs[0];
        pairs[2 * count + 1] = q->twin_of[pairs[2 * count]];
        describe(q, n, &layers[count++]);
    }
    comparison c;
    TSR_TRY(compare_all(q, "layers alone", count, pairs, &c));
    for (uint32_t i = 0; i < count; i++)
        layers[i].own_sqnr = decibels(c.signal[i], c.noise[i]);
    q->report.layers = layers;
    q->report.layer_count = count;
    return tsr_ok();
}

static const tsr_quantize_layer *measured_apart(const tsr_quantize_report *report, const char *name) {
    for (uint32_t i = 0; i < report->layer_count; i++)
        if (strcmp(report->layers[i].name, name) == 0)
            return &report->layers[i];
    return NULL;
}

// A number a class: all extents but one are 1.
static bool is_class_list(const tsr_tensor *t) {
    uint32_t long_extents = 0;
    for (uint32_t i = 0; i < t->rank; i++)
        long_extents += t->shape[i] > 1;
    return long_extents == 1;
}

tsr_status measure_whole(tsr_quantizer *q) {
    const uint32_t outputs = q->graph->output_count;
    tsr_id *pairs = TSR_NEW_ARRAY(q->arena, tsr_id, 2 * (q->graph->node_count + outputs));
    tsr_quantize_layer *layers = TSR_NEW_ARRAY(q->arena, tsr_quantize_layer, q->graph->node_count);
    tsr_quantize_output *ends = TSR_NEW_ARRAY(q->arena, tsr_quantize_output, outputs);
    uint32_t count = 0, compared = 0;
    for (uint32_t n = 0; n < q->graph->node_count; n++) {
        if (!is_layer(q, n))
            continue;
        pairs[2 * count] = q->graph->nodes[n].outputs[0];
        pairs[2 * count + 1] = q->twin_of[pairs[2 * count]];
        describe(q, n, &layers[count]);
        const tsr_quantize_layer *apart = layers[count].integer ? measured_apart(&q->report, layers[count].name) : NULL;
        if (apart != NULL)
            layers[count].own_sqnr = apart->own_sqnr;
        count++;
    }
    for (uint32_t i = 0; i < outputs; i++) {
        const tsr_id id = q->graph->outputs[i], twin = q->twin_of[id];
        if (twin == TSR_NO_ID || q->graph->tensors[id].dtype != TSR_F32)
            continue;
        pairs[2 * (count + compared)] = id;
        pairs[2 * (count + compared) + 1] = twin;
        ends[compared++].name = q->graph->tensors[id].name;
    }
    comparison c;
    TSR_TRY(compare_all(q, "whole model", count + compared, pairs, &c));
    for (uint32_t i = 0; i < count; i++)
        layers[i].total_sqnr = decibels(c.signal[i], c.noise[i]);
    for (uint32_t i = 0; i < compared; i++) {
        ends[i].sqnr = decibels(c.signal[count + i], c.noise[count + i]);
        if (is_class_list(&q->graph->tensors[pairs[2 * (count + i)]]))
            ends[i].agreement = (double)c.agreed[count + i] / q->report.measured;
        else
            ends[i].agreement = NAN;
    }
    q->report.layers = layers;
    q->report.layer_count = count;
    q->report.outputs = ends;
    q->report.output_count = compared;
    return tsr_ok();
}
