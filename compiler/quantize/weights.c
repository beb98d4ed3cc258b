// SPDX-License-Identifier: Apache-2.0
// Weights and biases of Conv and FullyConnected as integers: int8, symmetric, in -127..127, and int32 of scale
// x_scale * w_scale.
//
// Bias correction: rounded weights w' move the mean of each output channel by sum((w' - w) * mean(x)); what the samples say of
// mean(x), a channel, takes that back (padding at the borders counts as the mean).
#include <math.h>
#include <string.h>

#include "quantizer.h"

static const double most_weight = 127, smallest_scale = 1e-15;

// Largest bias in steps, so that it and the sum of the products stay below 2^31.
static const double most_bias = 1 << 30;

static const float *bias_of(const tsr_quantizer *q, const tsr_node *node) {
    return node->input_count > 2 && node->inputs[2] != TSR_NO_ID ? q->graph->tensors[node->inputs[2]].data : NULL;
}

static void choose_scales(const tsr_quantizer *q, const tsr_node *node, integer_weights *out) {
    const tsr_tensor *w = &q->graph->tensors[node->inputs[1]];
    const float *data = w->data, *bias = bias_of(q, node);
    const int64_t per_channel = (int64_t)tsr_tensor_elements(w) / w->shape[0];
    const double x_scale = (double)q->tensors[node->inputs[0]].scale;
    for (int64_t o = 0; o < w->shape[0]; o++) {
        double scale = bias != NULL ? fabs((double)bias[o]) / (x_scale * most_bias) : 0;
        for (int64_t i = 0; i < per_channel; i++)
            scale = fmax(scale, fabs((double)data[o * per_channel + i]) / most_weight);
        float *into = &out->scale[out->scales > 1 ? o : 0];
        *into = fmaxf(*into, (float)scale);
    }
    for (uint32_t s = 0; s < out->scales; s++) {
        out->scale[s] = out->scale[s] > 0 ? fmaxf(out->scale[s], (float)smallest_scale) : 1; // a channel of zeros: any scale
        out->bias_scale[s] = (float)x_scale * out->scale[s];
    }
}

// What rounding moved the mean of an output channel by.
static double mean_shift(const tsr_quantizer *q, const tsr_node *node, const integer_weights *rounded, int64_t channel) {
    const tsr_tensor *w = &q->graph->tensors[node->inputs[1]];
    const double *mean = q->tensors[node->inputs[0]].mean, scale = (double)rounded->scale[rounded->scales > 1 ? channel : 0];
    const float *data = w->data;
    const int64_t in = w->shape[w->rank - 1], per_channel = (int64_t)tsr_tensor_elements(w) / w->shape[0];
    const int64_t groups = node->op == TSR_OP_CONV ? node->attr.groups : 1, group = channel / (w->shape[0] / groups);
    double shift = 0;
    for (int64_t i = 0; i < per_channel; i++) {
        const int64_t at = channel * per_channel + i;
        shift += (rounded->weights[at] * scale - (double)data[at]) * mean[group * in + i % in];
    }
    return shift;
}

integer_weights quantise_weights(const tsr_quantizer *q, const tsr_node *node, tsr_arena *arena) {
    const tsr_tensor *w = &q->graph->tensors[node->inputs[1]];
    const float *data = w->data, *bias = bias_of(q, node);
    const int64_t channels = w->shape[0], per_channel = (int64_t)tsr_tensor_elements(w) / channels;
    integer_weights out = {.scales = q->options.per_tensor_weights ? 1 : (uint32_t)channels};
    out.weights = TSR_NEW_ARRAY(arena, int8_t, tsr_tensor_elements(w));
    out.scale = TSR_NEW_ARRAY(arena, float, out.scales);
    out.bias_scale = TSR_NEW_ARRAY(arena, float, out.scales);
    choose_scales(q, node, &out);
    for (int64_t i = 0; i < channels * per_channel; i++) {
        const double steps = nearbyint((double)data[i] / (double)out.scale[out.scales > 1 ? i / per_channel : 0]);
        out.weights[i] = (int8_t)fmin(fmax(steps, -most_weight), most_weight);
    }
    if (bias == NULL && !q->options.bias_correct)
        return out;
    out.bias = TSR_NEW_ARRAY(arena, int32_t, channels);
    for (int64_t o = 0; o < channels; o++) {
        double real = bias != NULL ? (double)bias[o] : 0;
        if (q->options.bias_correct)
            real -= mean_shift(q, node, &out, o);
        const double steps = nearbyint(real / (double)out.bias_scale[out.scales > 1 ? o : 0]);
        out.bias[o] = (int32_t)fmin(fmax(steps, -most_bias), most_bias);
    }
    return out;
}
