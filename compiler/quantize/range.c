// SPDX-License-Identifier: Apache-2.0
// From the values of a tensor to the range that its integers stand for.
#include <math.h>
#include <string.h>

#include "quantizer.h"

enum { LEVELS = 256, CANDIDATES = 128 };

// Products of two scales must stay far from the end of float32.
static const double smallest_scale = 1e-15;

void scale_of_range(const tsr_quantizer *q, double low, double high, float *out_scale, int32_t *out_zero_point) {
    const bool wide = q->options.uint8_activations;
    const int32_t first = wide ? 0 : -128;
    if (q->options.symmetric) {
        *out_scale = (float)fmax(fmax(-low, high) / 127, smallest_scale);
        *out_zero_point = first + 128;
        return;
    }
    *out_scale = (float)fmax((high - low) / (LEVELS - 1), smallest_scale);
    const double zero = nearbyint(first - low / (double)*out_scale);
    *out_zero_point = zero < first ? first : zero > first + 255 ? first + 255 : (int32_t)zero;
}

// ---- a part of the distribution ----------------------------------------------------------------------------------------

typedef struct span {
    int begin, end; // bins
} span;

static double bin_width(const tensor_state *t) { return (t->high - t->low) / HISTOGRAM_BINS; }

// The range without what lies further from zero than a share of the furthest.
static void clip_range(const tensor_state *t, double share, double *out_low, double *out_high) {
    const double most = share * fmax(-t->low, t->high);
    *out_low = fmax(t->low, -most);
    *out_high = fmin(t->high, most);
}

static span clipped(const tensor_state *t, double share) {
    double low, high;
    clip_range(t, share, &low, &high);
    const int begin = (int)floor((low - t->low) / bin_width(t)), end = (int)ceil((high - t->low) / bin_width(t));
    return (span){begin < 0 ? 0 : begin, end > HISTOGRAM_BINS ? HISTOGRAM_BINS : end};
}

// Divergence between the distribution, its tails moved to the borders, and the same with only LEVELS different values.
static double divergence(const tensor_state *t, span s) {
    const int bins = s.end - s.begin;
    double below = 0, above = 0, total = 0, result = 0, inside = 0;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        *(i < s.begin ? &below : i >= s.end ? &above : &inside) += (double)t->bins[i];
        total += (double)t->bins[i];
    }
    if (inside == 0)
        return INFINITY;
    for (int level = 0; level < LEVELS; level++) {
        const int begin = s.begin + (int)((int64_t)bins * level / LEVELS);
        const int end = s.begin + (int)((int64_t)bins * (level + 1) / LEVELS);
        double sum = 0, used = 0;
        for (int i = begin; i < end; i++) {
            sum += (double)t->bins[i];
            used += t->bins[i] > 0 || (i == s.begin && below > 0) || (i + 1 == s.end && above > 0);
        }
        for (int i = begin; i < end; i++) {
            const double p = (double)t->bins[i] + (i == s.begin ? below : 0) + (i + 1 == s.end ? above : 0);
            if (p > 0) // a level that only tails reach has nothing to stand for them: a small share in its place
                result += p / total * log(p / total / (fmax(sum / used, 1e-4) / inside));
        }
    }
    return result;
}

// Mean squared error of the bins' middles, in squares of bins.
static double squared_error(const tensor_state *t, span s) {
    const double step = (double)(s.end - s.begin) / (LEVELS - 1);
    double error = 0;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        const double x = i + 0.5 - s.begin;
        double level = nearbyint(x / step);
        level = level < 0 ? 0 : level > LEVELS - 1 ? LEVELS - 1 : level;
        // Inside of a level the values are spread evenly; the bin's own width counts, too.
        error += (double)t->bins[i] * ((x - level * step) * (x - level * step));
    }
    return error;
}

static void least(tensor_state *t, double (*cost)(const tensor_state *, span)) {
    double best = INFINITY, share = 1;
    for (int i = CANDIDATES; i > 0; i--) {
        const double candidate = (double)i / CANDIDATES;
        const span s = clipped(t, candidate);
        if (s.end - s.begin < LEVELS)
            break;
        const double c = cost(t, s);
        if (c < best) {
            best = c;
            share = candidate;
        }
    }
    clip_range(t, share, &t->range_low, &t->range_high);
}

static void cut_tails(tensor_state *t, double percentile) {
    double total = 0, below = 0, above = 0;
    for (int i = 0; i < HISTOGRAM_BINS; i++)
        total += (double)t->bins[i];
    const double most = total * (1 - percentile / 100) / 2;
    int begin = 0, end = HISTOGRAM_BINS;
    while (begin < end && below + (double)t->bins[begin] <= most)
        below += (double)t->bins[begin++];
    while (end > begin && above + (double)t->bins[end - 1] <= most)
        above += (double)t->bins[--end];
    t->range_low = fmin(t->low + begin * bin_width(t), 0);
    t->range_high = fmax(t->low + end * bin_width(t), 0);
}

static void range_by_method(const tsr_quantizer *q, tensor_state *t) {
    t->range_low = t->low;
    t->range_high = t->high;
    if (t->high <= t->low)
        return;
    switch (q->options.method) {
    case TSR_CALIBRATE_MINMAX: break;
    case TSR_CALIBRATE_PERCENTILE: cut_tails(t, q->options.percentile); break;
    case TSR_CALIBRATE_ENTROPY: least(t, divergence); break;
    case TSR_CALIBRATE_MSE: least(t, squared_error); break;
    }
}

// Results whose range is known beforehand get the scale that TFLite gives them, which integer kernels are made for.
static bool fixed_range(const tsr_quantizer *q, tsr_id tensor, tensor_state *t) {
    const tsr_id producer = tsr_graph_producer(q->graph, tensor);
    const tsr_op op = producer != TSR_NO_ID ? q->graph->nodes[producer].op : TSR_OP_NONE;
    t->range_high = op == TSR_OP_TANH ? 127.0 / 128 : 255.0 / 256;
    t->range_low = op == TSR_OP_TANH ? -1 : 0;
    return op == TSR_OP_TANH || op == TSR_OP_SIGMOID || op == TSR_OP_SOFTMAX;
}

void choose_ranges(tsr_quantizer *q) {
    for (tsr_id id = 0; id < q->graph->tensor_count; id++) {
        tensor_state *t = &q->tensors[id];
        if (t->quantised && !t->follows && !fixed_range(q, id, t))
            range_by_method(q, t);
    }
    for (tsr_id id = 0; id < q->graph->tensor_count; id++) { // tensors of one scale: all that their sources hold
        const tensor_state *t = &q->tensors[id];
        tensor_state *leader = &q->tensors[t->leader];
        if (!t->quantised || t->follows || t == leader)
            continue;
        const bool first = leader->follows;
        leader->range_low = first ? t->range_low : fmin(leader->range_low, t->range_low);
        leader->range_high = first ? t->range_high : fmax(leader->range_high, t->range_high);
        leader->follows = false;
    }
    for (tsr_id id = 0; id < q->graph->tensor_count; id++) {
        tensor_state *t = &q->tensors[id];
        const tensor_state *leader = &q->tensors[t->leader];
        if (!t->quantised)
            continue;
        t->range_low = leader->range_low;
        t->range_high = leader->range_high;
        scale_of_range(q, t->range_low, t->range_high, &t->scale, &t->zero_point);
    }
}
