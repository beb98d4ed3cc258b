// SPDX-License-Identifier: Apache-2.0
// Which tile: the cheapest of those that fit, by a small cost model.
#include <math.h>

#include "conv.h"

int64_t input_extent(int64_t outputs, int64_t stride, int64_t kernel, int64_t dilation) {
    return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
}

static bool fits(const conv *c, const tsr_config *config, const tile *t) {
    int64_t results = t->th * t->tw * t->to;
    int64_t inputs = conv_input_entries(c, config, t->th, t->tw, t->nc);
    int64_t weights = t->to * (c->form == DEPTHWISE ? 1 : t->nc) * conv_weights_of_pair(c);
    // The addend's tile lies in the same half as the inputs, at its end.
    const int64_t addends = c->add != NULL ? results : 0;
    return results <= tsr_acc_entries(config) / 2 && results <= tsr_out_entries(config) / 2 &&
           inputs + addends <= tsr_inp_entries(config) / 2 && weights <= tsr_wgt_entries(config) / 2 &&
           t->to + (c->add != NULL ? ADD_PAR_ENTRIES : 0) <= tsr_par_entries(config) / 2;
}

bool conv_ramps_up(const conv *c) { return c->form == PLAIN; }

int64_t conv_first_blocks(const conv *c, const tsr_config *config, int64_t nc) {
    enum { MOST_PIECES = 16 };
    const int64_t enough = ceil_div(MEMORY_LATENCY * config->bus_bytes, config->outstanding_bursts * config->block_in);
    return c->ci == 1 ? 1 : min64(nc, max64(enough, ceil_div(nc, MOST_PIECES)));
}

int64_t conv_first_outputs(const conv *c, const tsr_config *config, int64_t nc) {
    const int64_t enough = 2 * MEMORY_LATENCY * config->bus_bytes,
                  bytes = conv_first_blocks(c, config, nc) * conv_weights_of_pair(c) * (int64_t)tsr_wgt_entry_bytes(config);
    return ceil_div(enough, bytes);
}

enum { MOST_PARTS = 8 };

bool conv_weights_are_slow(const conv *c, const tsr_config *config, int64_t pixels) {
    return c->form != DEPTHWISE && pixels * config->bus_bytes < 2 * (int64_t)tsr_wgt_entry_bytes(config);
}

int64_t conv_outputs_at_once(int64_t to) { return ceil_div(to, MOST_PARTS); }

int64_t conv_rows_at_once(int64_t th) { return ceil_div(th, MOST_PARTS); }

// Cycles of the busiest of array, reads and writes, plus what a tile costs however small it is.
static double cost(const conv *c, const tsr_config *config, const tile *t) {
    enum { TILE_OVERHEAD = 30 };
    int64_t rows = config->batch;
    int64_t down = ceil_div(c->out_rows, rows * t->th), across = ceil_div(c->out_columns, t->tw);
    int64_t spatial = down * across, channels = ceil_div(c->co, t->to),
            chunks = c->form == DEPTHWISE ? 1 : ceil_div(c->ci, t->nc);
    int64_t strip_rows = (down - 1) * t->th + ceil_div(c->out_rows - (down - 1) * rows * t->th, rows);
    double array = (double)strip_rows * (double)c->out_columns * (double)(c->co * c->taps * c->halves) *
                   (double)(c->form == DEPTHWISE ? 1 : c->ci);
    double bus = config->bus_bytes;
    double input_cycles = conv_input_cycles(c, config, t->th, t->tw, t->nc);
    double weight_cycles = (double)(t->to * (c->form == DEPTHWISE ? 1 : t->nc) * conv_weights_of_pair(c)) *
                           (double)(config->block_out * (c->form == DEPTHWISE ? 1 : config->block_in)) / bus;
    bool inputs_stay = spatial * chunks <= 2, weights_stay = channels * chunks <= 2;
    double inputs_loaded, weights_loaded;
    if (t->channels_outside) {
        inputs_loaded = inputs_stay ? (double)(spatial * chunks) : (double)(channels * spatial * chunks);
        weights_loaded = (double)channels * (double)(chunks <= 2 ? chunks : spatial * chunks);
    } else {
        inputs_loaded = c->form == DEPTHWISE ? (double)(channels * spatial)
                                             : (double)spatial * (double)(chunks <= 2 ? chunks : channels * chunks);
        weights_loaded = weights_stay ? (double)(channels * chunks) : (double)(channels * spatial * chunks);
    }
    double out_run = (double)min64(t->to * config->block_out, c->out_channels);
    double results = copy_cycles(config, (double)(c->out_rows * channels * across), (double)c->out_columns / (double)across,
                                 out_run, out_run == (double)c->y_column);
    double reads = inputs_loaded * input_cycles + weights_loaded * weight_cycles + (c->add != NULL ? results : 0);
    double passes = (c->add != NULL ? 4.0 : 1.0) * (double)strip_rows * (double)c->out_columns * (double)c->co;
    double busiest = fmax(fmax(array, passes), fmax(reads, results));
    double tiles = (double)(spatial * channels * chunks);
    // First loads and last store hide behind nothing.
    double start = input_cycles + weight_cycles, end = 3.0 * (double)(t->th * t->tw * t->to);
    if (conv_ramps_up(c)) {
        const double blocks = (double)conv_first_blocks(c, config, t->nc), outs = (double)conv_first_outputs(c, config, t->nc);
        const double late = start - array / tiles; // loads that the tile's own work does not cover
        start = blocks / (double)t->nc * (input_cycles + weight_cycles * fmin(1, outs / (double)t->to)) + fmax(0, late);
    }
    if (chunks <= 2 && tiles > 1)
        end *= conv_weights_are_slow(c, config, t->th * t->tw) ? (double)conv_outputs_at_once(t->to) / (double)t->to
                                                               : (double)conv_rows_at_once(t->th) / (double)t->th;
    return busiest + tiles * TILE_OVERHEAD + start + end + SCHEDULE_LATENCY;
}

bool conv_choose_tile(const conv *c, const tsr_config *config, tile *out) {
    enum { SIZES = 40 };
    int64_t outs[SIZES], widths[SIZES], chunks[SIZES];
    uint32_t out_count = tile_sizes(c->co, outs, SIZES), width_count = tile_sizes(c->out_columns, widths, SIZES);
    uint32_t chunk_count = c->form == DEPTHWISE ? 1 : tile_sizes(c->ci, chunks, c->form == PACKED ? 1 : SIZES);
    int64_t strip = ceil_div(c->out_rows, config->batch);
    bool found = false;
    for (uint32_t o = 0; o < out_count; o++)
        for (uint32_t w = 0; w < width_count; w++)
            for (uint32_t n = 0; n < chunk_count; n++) {
                tile t = {1, widths[w], outs[o], c->form == DEPTHWISE ? outs[o] : chunks[n], false, 0};
                if (!fits(c, config, &t))
                    continue;
                int64_t most = strip;
                for (int64_t low = 1; low < most;) { // the tallest tile that fits
                    t.th = (low + most + 1) / 2;
                    if (fits(c, config, &t))
                        low = t.th;
                    else
                        most = t.th - 1;
                }
                for (int64_t parts = ceil_div(strip, most), tries = 0; tries < 3 && parts <= strip; parts *= 2, tries++)
                    for (int outside = 0; outside < 2; outside++) {
                        t.th = ceil_div(strip, parts);
                        t.channels_outside = outside;
                        t.cycles = cost(c, config, &t);
                        if (!found || t.cycles < out->cycles)
                            *out = t;
                        found = true;
                    }
            }
    return found;
}
