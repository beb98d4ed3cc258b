// SPDX-License-Identifier: Apache-2.0
// What values the tensors take: range and channel means in a first run over the samples, distributions, for the methods that
// want them, in a second.
#include <math.h>
#include <string.h>

#include "quantizer.h"

typedef struct calibration {
    tsr_quantizer *q;
    const tsr_id *tensors;
} calibration;

static uint64_t channels_of(const tsr_tensor *t) { return t->rank > 0 ? (uint64_t)t->shape[t->rank - 1] : 1; }

static tsr_status see_range(void *context, uint32_t sample, uint32_t first, const void *const *data) {
    const calibration *c = context;
    const tsr_tensor *t = &c->q->graph->tensors[c->tensors[first]];
    tensor_state *state = &c->q->tensors[c->tensors[first]];
    const uint64_t channels = channels_of(t), rows = tsr_tensor_elements(t) / channels;
    const float *x = data[0];
    float low = (float)state->low, high = (float)state->high, odd = 0;
    for (uint64_t r = 0; r < rows; r++, x += channels)
        for (uint64_t i = 0; i < channels; i++) {
            low = x[i] < low ? x[i] : low;
            high = x[i] > high ? x[i] : high;
            odd += x[i] * 0.0f; // NaN once there is a NaN or an infinity
            state->mean[i] += (double)x[i];
        }
    if (odd != 0 || isnan(odd))
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "tensor '%.100s' takes NaN or infinite values in the float model, at sample %u: check the preprocessing "
                         "of the samples, or the model",
                         t->name, (unsigned)sample);
    const bool symmetric = c->q->options.symmetric;
    state->low = (double)(symmetric && -high < low ? -high : low);
    state->high = (double)(symmetric && -low > high ? -low : high);
    state->count += rows;
    return tsr_ok();
}

static tsr_status see_values(void *context, uint32_t sample, uint32_t first, const void *const *data) {
    (void)sample;
    const calibration *c = context;
    tensor_state *state = &c->q->tensors[c->tensors[first]];
    const uint64_t elements = tsr_tensor_elements(&c->q->graph->tensors[c->tensors[first]]);
    const float *x = data[0], low = (float)state->low;
    const float bins = state->high > state->low ? (float)(HISTOGRAM_BINS / (state->high - state->low)) : 0;
    // Zero is exact whatever the scale: what a Relu cut off must not pull at it.
    const bool zeros = c->q->options.method == TSR_CALIBRATE_PERCENTILE;
    for (uint64_t i = 0; i < elements; i++) {
        const int bin = (int)((x[i] - low) * bins);
        state->bins[bin < 0 ? 0 : bin >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : bin] += x[i] != 0 || zeros;
    }
    return tsr_ok();
}

static bool is_graph_input(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == tensor)
            return true;
    return false;
}

// Tensors that no run is needed for: the model's inputs, as they are loaded, and constants.
static tsr_status see_given(tsr_quantizer *q, observer *see) {
    for (tsr_id t = 0; t < q->graph->tensor_count; t++)
        if (q->tensors[t].quantised && q->graph->tensors[t].data != NULL)
            TSR_TRY(see(&(calibration){q, &t}, 0, 0, &q->graph->tensors[t].data));
    for (uint32_t i = 0; i < q->graph->input_count; i++) {
        if (!q->tensors[q->graph->inputs[i]].quantised)
            continue;
        void *data = tsr_arena_alloc(q->arena, (size_t)q->inputs[i].bytes);
        const void *seen = data;
        for (uint32_t s = 0; s < q->samples.count; s++) {
            TSR_TRY(q->samples.load(q->samples.context, s, i, data));
            TSR_TRY(see(&(calibration){q, &q->graph->inputs[i]}, s, 0, &seen));
        }
    }
    return tsr_ok();
}

// Lists the tensors that have to be computed.
static uint32_t prepare_states(tsr_quantizer *q, bool distribution, tsr_id *computed) {
    uint32_t count = 0;
    for (tsr_id t = 0; t < q->graph->tensor_count; t++) {
        tensor_state *state = &q->tensors[t];
        if (!state->quantised)
            continue;
        state->mean = TSR_NEW_ARRAY(q->arena, double, channels_of(&q->graph->tensors[t]));
        if (distribution)
            state->bins = TSR_NEW_ARRAY(q->arena, uint64_t, HISTOGRAM_BINS);
        if (q->graph->tensors[t].data == NULL && !is_graph_input(q->graph, t))
            computed[count++] = t;
    }
    return count;
}

tsr_status calibrate(tsr_quantizer *q) {
    static const round_of_observation rounds[] = {{"ranges", see_range}, {"distributions", see_values}};
    const uint32_t round_count = q->options.method != TSR_CALIBRATE_MINMAX ? 2 : 1;
    tsr_id *computed = TSR_NEW_ARRAY(q->arena, tsr_id, q->graph->tensor_count);
    const uint32_t count = prepare_states(q, round_count > 1, computed);
    for (uint32_t r = 0; r < round_count; r++)
        TSR_TRY(see_given(q, rounds[r].show));
    calibration c = {q, computed};
    TSR_TRY(observe(q, q->graph, count, computed, 1, q->samples.count, round_count, rounds, &c));
    for (tsr_id t = 0; t < q->graph->tensor_count; t++) {
        tensor_state *state = &q->tensors[t];
        for (uint64_t i = 0; state->quantised && i < channels_of(&q->graph->tensors[t]); i++)
            state->mean[i] /= (double)state->count;
    }
    return tsr_ok();
}
