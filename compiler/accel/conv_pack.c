// SPDX-License-Identifier: Apache-2.0
// Constants of a convolution as LOAD wants them.
#include "conv.h"

// w - zero point: up to nine bits for asymmetric weights.
static int32_t weight_at(const tsr_tensor *w, int64_t index, int64_t channel) {
    int32_t zero_point = w->quant.count == 0 ? 0 : w->quant.zero_point[w->quant.count == 1 ? 0 : channel];
    return (w->dtype == TSR_U8 ? ((const uint8_t *)w->data)[index] : ((const int8_t *)w->data)[index]) - zero_point;
}

bool conv_needs_two_halves(const tsr_tensor *w, int64_t out_channels) {
    int64_t per_channel = (int64_t)tsr_tensor_elements(w) / out_channels;
    for (int64_t o = 0; o < out_channels; o++)
        for (int64_t i = 0; i < per_channel; i++) {
            int32_t v = weight_at(w, o * per_channel + i, o);
            if (v < -128 || v > 127)
                return true;
        }
    return false;
}

int64_t conv_weights_of_pair(const conv *c) { return c->halves * c->taps * (c->form == SHIFTED ? c->shifts.variants : 1); }

// The part of a weight that a half has: what does not fit the first is in the second.
static int8_t half_of(int32_t v, int64_t half) {
    const int32_t first = v < -128 ? -128 : v > 127 ? 127 : v;
    return (int8_t)(half == 0 ? first : v - first);
}

tsr_tbuffer *conv_pack_weights(const job *j, const conv *c, const tsr_tensor *w, int64_t first_channel) {
    const tsr_config *config = j->accel->config;
    const bool depthwise = c->form == DEPTHWISE;
    int64_t out = config->block_out, in = config->block_in, variants = c->form == SHIFTED ? c->shifts.variants : 1;
    int64_t entry = depthwise ? out : out * in;
    int64_t entries = c->co * (depthwise ? 1 : c->ci) * conv_weights_of_pair(c);
    int8_t *data = TSR_NEW_ARRAY(j->s->arena, int8_t, entries *entry);
    int64_t reduced = depthwise ? 1 : c->run; // values that one tap reduces, in the model's order too
    int64_t wide = c->form == SHIFTED ? c->shifts.entries : 1, taps = c->taps / wide;
    for (int64_t o = 0; o < c->out_channels; o++)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t i = 0; i < reduced; i++) {
                int64_t channel = first_channel + o;
                int32_t v = weight_at(w, (channel * taps + tap) * reduced + i, channel);
                for (int64_t n = 0; n < variants * c->halves; n++) {
                    int64_t lane = i + n / c->halves * c->shifts.grain; // n: variant, half
                    int64_t pair = depthwise ? o / out : (o / out) * c->ci + (wide > 1 ? 0 : lane / in);
                    int64_t at = ((pair * variants * c->halves + n) * c->taps + tap * wide + (wide > 1 ? lane / in : 0)) * entry;
                    data[depthwise ? at + o % out : at + (o % out) * in + lane % in] = half_of(v, n % c->halves);
                }
            }
    return place_constant(j, "weights", TSR_I8, data, (size_t)(entries * entry));
}

// sum (x - zx) w + bias = sum x w + (bias - zx sum w): the correction goes into the bias that RESCALE adds.
tsr_tbuffer *conv_pack_parameters(const job *j, const conv *c, const tsr_tensor *w, const tsr_tensor *bias,
                                  int64_t first_channel) {
    int64_t out = j->accel->config->block_out;
    int32_t *words = TSR_NEW_ARRAY(j->s->arena, int32_t, c->co *out * 3);
    const tsr_requant *q = &j->node->requant;
    int64_t per_channel = (int64_t)tsr_tensor_elements(w) / w->shape[0];
    for (int64_t o = 0; o < c->out_channels; o++) {
        int64_t channel = first_channel + o;
        uint32_t correction = 0; // wraps as the accumulator does
        for (int64_t i = 0; i < per_channel; i++)
            correction += (uint32_t)(weight_at(w, channel * per_channel + i, channel) * c->zero_point);
        uint32_t b = bias != NULL ? (uint32_t)((const int32_t *)bias->data)[channel] : 0;
        put_par(words + o * 3, (int32_t)(b - correction), q->out[q->channels == 1 ? 0 : channel]);
    }
    return place_constant(j, "parameters", TSR_I32, words, (size_t)(c->co * out * 3));
}
