// SPDX-License-Identifier: Apache-2.0
// Convolutions and fully connected layers as GEMM.
//
// A tile is th rows (of each plane) x tw columns x `to` blocks of output channels, reduced over chunks of nc blocks of
// input channels. Batch rows of the hardware are used as strips of output rows: plane p computes rows p*th .. of a tile.
// Three forms of reduction:
//   plain      every tap is an entry of `block_in` channels of a pixel: taps * ceil(C / block_in) entries
//   packed     few channels: the taps of a pixel lie one after another in its entries (im2col by LOAD), a LOAD a kernel row
//   depthwise  diagonal weight entries: a block of channels with itself, one entry a tap
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schedule.h"

typedef struct conv {
    int64_t images; // convolved one after another
    int64_t in_rows, in_columns, out_rows, out_columns, out_channels;
    int64_t x_image, x_row, x_column, x_offset, run; // bytes: of DRAM steps, of the channels that a pixel has
    int64_t y_image, y_row, y_column, y_offset;
    int64_t kh, kw, sy, sx, dy, dx, pad_top, pad_left;
    int64_t ci, co, taps, halves; // blocks in, out; kernel positions; parts that a weight is cut into
    bool packed, depthwise;
    int64_t packed_rows, packed_row_bytes, packed_row_stride; // kernel rows of a packed pixel
    tsr_tbuffer *x, *y, *wgt, *par;
    int32_t zero_point, out_zero_point, lo, hi;
    // An Add of the result and another tensor of its shape, done in the tile: the Add, its other operand, its parameters.
    const tsr_node *add;
    uint32_t add_side; // which operand of it the convolution is
    tsr_tbuffer *addend, *add_par;
} conv;

typedef struct tile {
    int64_t th, tw, to, nc;
    bool channels_outside; // output channel tiles are the outer loop: weights stay, inputs come again
    double cycles;
} tile;

// ---- weights ----------------------------------------------------------------------------------------------------------

// w - zero point: up to nine bits for asymmetric weights.
static int32_t weight_at(const tsr_tensor *w, int64_t index, int64_t channel) {
    int32_t zero_point = w->quant.count == 0 ? 0 : w->quant.zero_point[w->quant.count == 1 ? 0 : channel];
    return (w->dtype == TSR_U8 ? ((const uint8_t *)w->data)[index] : ((const int8_t *)w->data)[index]) - zero_point;
}

static bool needs_two_halves(const tsr_tensor *w, int64_t out_channels) {
    int64_t per_channel = (int64_t)tsr_tensor_elements(w) / out_channels;
    for (int64_t o = 0; o < out_channels; o++)
        for (int64_t i = 0; i < per_channel; i++) {
            int32_t v = weight_at(w, o * per_channel + i, o);
            if (v < -128 || v > 127)
                return true;
        }
    return false;
}

// Layout of a group's packed weights: [co][ci][half][tap] entries; depthwise: [co][half][tap] diagonals.
static tsr_tbuffer *pack_weights(const job *j, const conv *c, const tsr_tensor *w, int64_t first_channel) {
    const tsr_config *config = j->accel->config;
    int64_t out = config->block_out, in = config->block_in;
    int64_t entry = c->depthwise ? out : out * in;
    int64_t entries = c->co * (c->depthwise ? 1 : c->ci) * c->halves * c->taps;
    int8_t *data = TSR_NEW_ARRAY(j->s->arena, int8_t, entries *entry);
    int64_t reduced = c->depthwise ? 1 : c->run; // values that one tap reduces, in the model's order too
    for (int64_t o = 0; o < c->out_channels; o++)
        for (int64_t tap = 0; tap < c->taps; tap++)
            for (int64_t i = 0; i < reduced; i++) {
                int64_t channel = first_channel + o;
                int32_t v = weight_at(w, (channel * c->taps + tap) * reduced + i, channel);
                for (int64_t half = 0; half < c->halves; half++) {
                    int32_t part = half == 0 ? (v < -128 ? -128 : v > 127 ? 127 : v) : v < -128 ? v + 128 : v > 127 ? v - 127 : 0;
                    int64_t pair = c->depthwise ? o / out : (o / out) * c->ci + i / in;
                    int64_t at = ((pair * c->halves + half) * c->taps + tap) * entry;
                    data[c->depthwise ? at + o % out : at + (o % out) * in + i % in] = (int8_t)part;
                }
            }
    return place_constant(j, "weights", TSR_I8, data, (size_t)(entries * entry));
}

// sum (x - zx) w + bias = sum x w + (bias - zx sum w): the correction goes into the bias that RESCALE adds.
static tsr_tbuffer *pack_parameters(const job *j, const conv *c, const tsr_tensor *w, const tsr_tensor *bias,
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

// ---- tiles ------------------------------------------------------------------------------------------------------------

static int64_t input_extent(int64_t outputs, int64_t stride, int64_t kernel, int64_t dilation) {
    return (outputs - 1) * stride + (kernel - 1) * dilation + 1;
}

static bool fits(const conv *c, const tsr_config *config, const tile *t) {
    int64_t results = t->th * t->tw * t->to;
    int64_t inputs = input_extent(t->th, c->sy, c->kh, c->dy) * input_extent(t->tw, c->sx, c->kw, c->dx) * t->nc;
    int64_t weights = t->to * (c->depthwise ? 1 : t->nc) * c->halves * c->taps;
    // The addend's tile lies in the same half as the inputs, at its end.
    const int64_t addends = c->add != NULL ? results : 0;
    return results <= tsr_acc_entries(config) / 2 && results <= tsr_out_entries(config) / 2 &&
           inputs + addends <= tsr_inp_entries(config) / 2 && weights <= tsr_wgt_entries(config) / 2 &&
           t->to + (c->add != NULL ? ADD_PAR_ENTRIES : 0) <= tsr_par_entries(config) / 2;
}

// Cycles of the busiest of array, reads and writes, plus what a tile costs however small it is.
static double cost(const conv *c, const tsr_config *config, const tile *t) {
    enum { TILE_OVERHEAD = 30 };
    int64_t rows = config->batch;
    int64_t down = ceil_div(c->out_rows, rows * t->th), across = ceil_div(c->out_columns, t->tw);
    int64_t spatial = down * across, channels = ceil_div(c->co, t->to), chunks = c->depthwise ? 1 : ceil_div(c->ci, t->nc);
    int64_t strip_rows = (down - 1) * t->th + ceil_div(c->out_rows - (down - 1) * rows * t->th, rows);
    double array =
        (double)strip_rows * (double)c->out_columns * (double)(c->co * c->taps * c->halves) * (double)(c->depthwise ? 1 : c->ci);
    double run = c->packed ? (double)c->packed_row_bytes : (double)min64(t->nc * config->block_in, c->run);
    double in_rows = (double)(input_extent(t->th, c->sy, c->kh, c->dy) * rows * (c->packed ? c->packed_rows : 1));
    double in_columns = (double)input_extent(t->tw, c->sx, c->kw, c->dx);
    double bus = config->bus_bytes;
    double input_cycles = copy_cycles(config, in_rows, in_columns, run, run == (double)c->x_column);
    double weight_cycles = (double)(t->to * (c->depthwise ? 1 : t->nc) * c->halves * c->taps) *
                           (double)(config->block_out * (c->depthwise ? 1 : config->block_in)) / bus;
    bool inputs_stay = spatial * chunks <= 2, weights_stay = channels * chunks <= 2;
    double inputs_loaded, weights_loaded;
    if (t->channels_outside) {
        inputs_loaded = inputs_stay ? (double)(spatial * chunks) : (double)(channels * spatial * chunks);
        weights_loaded = (double)channels * (double)(chunks <= 2 ? chunks : spatial * chunks);
    } else {
        inputs_loaded =
            c->depthwise ? (double)(channels * spatial) : (double)spatial * (double)(chunks <= 2 ? chunks : channels * chunks);
        weights_loaded = weights_stay ? (double)(channels * chunks) : (double)(channels * spatial * chunks);
    }
    double out_run = (double)min64(t->to * config->block_out, c->out_channels);
    double results = copy_cycles(config, (double)(c->out_rows * channels * across), (double)c->out_columns / (double)across,
                                 out_run, out_run == (double)c->y_column);
    double reads = inputs_loaded * input_cycles + weights_loaded * weight_cycles + (c->add != NULL ? results : 0);
    double passes = (c->add != NULL ? 4.0 : 1.0) * (double)strip_rows * (double)c->out_columns * (double)c->co;
    double busiest = fmax(fmax(array, passes), fmax(reads, results));
    double tiles = (double)(spatial * channels * chunks);
    double ends = input_cycles + weight_cycles + 3.0 * (double)(t->th * t->tw * t->to) +
                  SCHEDULE_LATENCY; // first loads and last store hide behind nothing
    return busiest + tiles * TILE_OVERHEAD + ends;
}

static bool choose_tile(const conv *c, const tsr_config *config, tile *out) {
    enum { SIZES = 40 };
    int64_t outs[SIZES], widths[SIZES], chunks[SIZES];
    uint32_t out_count = tile_sizes(c->co, outs, SIZES), width_count = tile_sizes(c->out_columns, widths, SIZES);
    uint32_t chunk_count = c->depthwise ? 1 : tile_sizes(c->ci, chunks, c->packed ? 1 : SIZES);
    int64_t strip = ceil_div(c->out_rows, config->batch);
    bool found = false;
    for (uint32_t o = 0; o < out_count; o++)
        for (uint32_t w = 0; w < width_count; w++)
            for (uint32_t n = 0; n < chunk_count; n++) {
                tile t = {1, widths[w], outs[o], c->depthwise ? outs[o] : chunks[n], false, 0};
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

// ---- one tile ---------------------------------------------------------------------------------------------------------

static void load_input(const job *j, const conv *c, int64_t image, int64_t oy, int64_t th, int64_t ox, int64_t tw, int64_t block0,
                       int64_t blocks, int64_t base) {
    int64_t in = j->accel->config->block_in;
    int64_t iw = input_extent(tw, c->sx, c->kw, c->dx);
    for (uint32_t p = 0; p < j->accel->config->batch; p++) {
        int64_t rows = min64(c->out_rows - (oy + p * th), th);
        if (rows <= 0)
            break;
        rows = input_extent(rows, c->sy, c->kh, c->dy);
        int64_t iy = (oy + p * th) * c->sy - c->pad_top, ix = ox * c->sx - c->pad_left;
        block b = {.dram = c->x,
                   .rows = rows,
                   .columns = iw,
                   .row_stride = c->x_row,
                   .column_stride = c->x_column,
                   .sram = base,
                   .sram_row_stride = iw * blocks * in,
                   .sram_column_stride = blocks * in,
                   .pad = c->zero_point,
                   .plane = p};
        b.dram_offset = image * c->x_image + iy * c->x_row + ix * c->x_column + c->x_offset;
        if (c->packed) {
            b.run = c->packed_row_bytes;
            b.row_end = rows;
            b.column_end = iw;
            for (int64_t ky = 0; ky < c->packed_rows; ky++) {
                schedule_load_inp(j->s, &b);
                b.dram_offset += c->packed_row_stride;
                b.sram += c->packed_row_bytes;
            }
            continue;
        }
        b.run = min64(blocks * in, c->run - block0 * in);
        b.dram_offset += block0 * in;
        b.row_begin = min64(rows, max64(0, -iy));
        b.row_end = max64(b.row_begin, min64(rows, c->in_rows - iy));
        b.column_begin = min64(iw, max64(0, -ix));
        b.column_end = max64(b.column_begin, min64(iw, c->in_columns - ix));
        schedule_load_inp(j->s, &b);
    }
}

static void multiply(const job *j, const conv *c, int64_t th, int64_t tw, int64_t to, int64_t nc, int64_t acc, int64_t inp_bytes,
                     int64_t wgt, bool fresh) {
    int64_t iw = input_extent(tw, c->sx, c->kw, c->dx);
    int64_t pixel = c->depthwise ? to : nc; // input entries of a pixel
    step loops[] = {
        {"oy", th, tw * to, c->sy * iw * pixel, 0},
        {"ox", tw, to, c->sx * pixel, 0},
        {"ob", to, 1, c->depthwise ? 1 : 0, (c->depthwise ? 1 : nc) * c->halves * c->taps},
        {"ib", c->depthwise ? 1 : nc, 0, 1, c->halves * c->taps},
        {"half", c->halves, 0, 0, c->taps},
        {"ky", c->kh, 0, c->dy * iw * pixel, c->kw},
        {"kx", c->kw, 0, c->dx * pixel, 1},
    };
    schedule_gemm(j->s, sizeof loops / sizeof loops[0], loops, acc, inp_bytes / j->accel->config->block_in, wgt, fresh);
}

// The result's part of a tensor of its shape, for one plane; false when the tile ends above it.
static bool result_block(const job *j, const conv *c, int64_t image, int64_t oy, int64_t th, int64_t ox, int64_t tw, int64_t o0,
                         int64_t to, int64_t sram, uint32_t plane, block *out) {
    const int64_t lanes = j->accel->config->block_out, rows = min64(c->out_rows - (oy + plane * th), th);
    *out = (block){.rows = rows,
                   .columns = tw,
                   .row_end = rows,
                   .column_end = tw,
                   .run = min64(to * lanes, c->out_channels - o0 * lanes),
                   .row_stride = c->y_row,
                   .column_stride = c->y_column,
                   .sram = sram,
                   .sram_row_stride = tw * to * lanes,
                   .sram_column_stride = to * lanes,
                   .plane = plane};
    out->dram_offset = image * c->y_image + (oy + plane * th) * c->y_row + ox * c->y_column + c->y_offset + o0 * lanes;
    return rows > 0;
}

// The convolution's integers stay in ACC, and the Add goes on from there as it would from INP (schedule_elementwise.c).
static void add_in_tile(const job *j, const conv *c, int64_t number, int64_t image, int64_t oy, int64_t th, int64_t ox,
                        int64_t tw, int64_t o0, int64_t to, int64_t acc, int64_t par, int64_t out) {
    const tsr_config *config = j->accel->config;
    const tsr_requant *q = &c->add->requant;
    const int64_t lanes = config->block_out, inp = (1 + number % 2) * (tsr_inp_plane_bytes(config) / 2) - th * tw * to * lanes,
                  add_par = par + tsr_par_entries(config) / 2 - ADD_PAR_ENTRIES;
    for (uint32_t p = 0; p < config->batch; p++) {
        block b;
        if (!result_block(j, c, image, oy, th, ox, tw, o0, to, inp, p, &b))
            break;
        b.dram = c->addend;
        schedule_load_inp(j->s, &b);
    }
    const step channels[] = {{"e", th * tw, to, to, 0}, {"ob", to, 1, 1, 1}}, flat[] = {{"e", th * tw * to, 1, 1, 0}};
    const vector result = {.op = OP_MOV,
                           .from = FROM_ACC,
                           .rescale = true,
                           .clip = true,
                           .imm = c->out_zero_point,
                           .lo = c->lo,
                           .hi = c->hi,
                           .dst = acc,
                           .src = acc,
                           .par = par};
    const vector own = {
        .op = OP_MOV, .from = FROM_ACC, .rescale = true, .dst = acc, .src = acc, .par = add_par + ADD_PAR_A + c->add_side};
    const vector other = {.op = OP_ADD,
                          .from = FROM_INP,
                          .rescale = true,
                          .dst = acc,
                          .src = inp / lanes,
                          .par = add_par + ADD_PAR_A + !c->add_side};
    const vector sum = {.op = OP_MOV,
                        .from = FROM_ACC,
                        .rescale = true,
                        .clip = true,
                        .to_out = true,
                        .imm = q->out_zero_point,
                        .lo = q->lo,
                        .hi = q->hi,
                        .dst = out,
                        .src = acc,
                        .par = add_par + ADD_PAR_OUT};
    schedule_alu(j->s, 2, channels, &result);
    schedule_alu(j->s, 1, flat, &own);
    schedule_alu(j->s, 1, flat, &other);
    schedule_alu(j->s, 1, flat, &sum);
}

static void requantise(const job *j, const conv *c, int64_t th, int64_t tw, int64_t to, int64_t acc, int64_t par, int64_t out) {
    step loops[] = {{"oy", th, tw * to, tw * to, 0}, {"ox", tw, to, to, 0}, {"ob", to, 1, 1, 1}};
    vector v = {.op = OP_MOV,
                .from = FROM_ACC,
                .rescale = true,
                .clip = true,
                .to_out = true,
                .imm = c->out_zero_point,
                .lo = c->lo,
                .hi = c->hi,
                .dst = out,
                .src = acc,
                .par = par};
    schedule_alu(j->s, 3, loops, &v);
}

static void finish_and_store(const job *j, const conv *c, int64_t number, int64_t image, int64_t oy, int64_t th, int64_t ox,
                             int64_t tw, int64_t o0, int64_t to, int64_t acc, int64_t par) {
    const tsr_config *config = j->accel->config;
    const int64_t out = take_half(j->accel, SPACE_OUT, tsr_out_entries(config));
    if (c->add != NULL)
        add_in_tile(j, c, number, image, oy, th, ox, tw, o0, to, acc, par, out);
    else
        requantise(j, c, th, tw, to, acc, par, out);
    for (uint32_t p = 0; p < config->batch; p++) {
        block b;
        if (!result_block(j, c, image, oy, th, ox, tw, o0, to, out * config->block_out, p, &b))
            break;
        b.dram = c->y;
        schedule_store_out(j->s, &b);
    }
}

static tsr_status schedule_tiles(const job *j, const conv *c, const tile *t) {
    const tsr_config *config = j->accel->config;
    halves inputs = halves_of(SPACE_INP, tsr_inp_plane_bytes(config)), weights = halves_of(SPACE_WGT, tsr_wgt_entries(config)),
           parameters = halves_of(SPACE_PAR, tsr_par_entries(config));
    int64_t down = ceil_div(c->out_rows, config->batch * t->th), across = ceil_div(c->out_columns, t->tw);
    int64_t channels = ceil_div(c->co, t->to), chunks = c->depthwise ? 1 : ceil_div(c->ci, t->nc),
            spatial = c->images * down * across;
    for (int64_t n = 0; n < spatial * channels; n++) {
        TSR_TRY(schedule_room(j));
        int64_t s = t->channels_outside ? n % spatial : n / channels, o = t->channels_outside ? n / spatial : n % channels;
        int64_t image = s / (down * across), oy = s / across % down * config->batch * t->th, ox = s % across * t->tw;
        int64_t th = min64(t->th, ceil_div(c->out_rows - oy, config->batch)), tw = min64(t->tw, c->out_columns - ox);
        int64_t o0 = o * t->to, to = min64(t->to, c->co - o0);
        bool hit;
        int64_t acc = take_half(j->accel, SPACE_ACC, tsr_acc_entries(config));
        int64_t par = halves_find(j, &parameters, o, &hit);
        if (!hit)
            schedule_load_par(j->s, c->par, o0, to, par);
        if (!hit && c->add != NULL)
            schedule_load_par(j->s, c->add_par, 0, ADD_PAR_ENTRIES, par + tsr_par_entries(config) / 2 - ADD_PAR_ENTRIES);
        for (int64_t chunk = 0; chunk < chunks; chunk++) {
            int64_t i0 = c->depthwise ? o0 : chunk * t->nc, nc = c->depthwise ? to : min64(t->nc, c->ci - i0);
            int64_t inp = halves_find(j, &inputs, c->depthwise ? n : s * chunks + chunk, &hit);
            if (!hit)
                load_input(j, c, image, oy, th, ox, tw, i0, nc, inp);
            int64_t wgt = halves_find(j, &weights, o * chunks + chunk, &hit);
            int64_t per_block = c->halves * c->taps;
            if (!hit && c->depthwise)
                schedule_load_wgt(j->s, c->wgt, o0 * per_block, 1, to * per_block, 0, wgt, true);
            else if (!hit)
                schedule_load_wgt(j->s, c->wgt, (o0 * c->ci + i0) * per_block, to, nc * per_block, c->ci * per_block, wgt, false);
            multiply(j, c, th, tw, to, nc, acc, inp, wgt, chunk == 0);
        }
        finish_and_store(j, c, n, image, oy, th, ox, tw, o0, to, acc, par);
    }
    return tsr_ok();
}

// ---- nodes ------------------------------------------------------------------------------------------------------------

// The convolution of one group. Geometry only; constants come later.
static conv describe(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, int64_t group) {
    const tsr_tensor *x = tensor_of(graph, node->inputs[0]), *w = tensor_of(graph, node->inputs[1]),
                     *y = tensor_of(graph, node->outputs[0]);
    const tsr_attr *a = &node->attr;
    conv c;
    memset(&c, 0, sizeof c);
    c.halves = needs_two_halves(w, w->shape[0]) ? 2 : 1;
    c.images = c.kh = c.kw = c.sy = c.sx = c.dy = c.dx = c.taps = 1;
    c.zero_point = node->requant.in_zero_point[0];
    c.out_zero_point = node->requant.out_zero_point;
    c.lo = node->requant.lo;
    c.hi = node->requant.hi;
    if (node->op == TSR_OP_FULLY_CONNECTED) {
        c.run = w->shape[1];
        c.out_channels = w->shape[0];
        c.in_rows = c.out_rows = (int64_t)tsr_tensor_elements(x) / c.run;
        c.in_columns = c.out_columns = 1;
        c.x_row = c.x_column = c.run;
        c.y_row = c.y_column = c.out_channels;
    } else {
        int64_t in_channels = x->shape[3], out_channels = y->shape[3];
        c.depthwise = a->groups == in_channels && a->groups > 1;
        int64_t groups = c.depthwise ? 1 : a->groups;
        c.images = x->shape[0];
        c.in_rows = x->shape[1], c.in_columns = x->shape[2];
        c.out_rows = y->shape[1], c.out_columns = y->shape[2];
        c.run = in_channels / groups, c.out_channels = out_channels / groups;
        c.x_column = in_channels, c.x_row = c.in_columns * in_channels, c.x_image = c.in_rows * c.x_row,
        c.x_offset = group * c.run;
        c.y_column = out_channels, c.y_row = c.out_columns * out_channels, c.y_image = c.out_rows * c.y_row,
        c.y_offset = group * c.out_channels;
        c.kh = a->kernel[0], c.kw = a->kernel[1], c.sy = a->stride[0], c.sx = a->stride[1], c.dy = a->dilation[0],
        c.dx = a->dilation[1];
        c.pad_top = a->pad_top, c.pad_left = a->pad_left;
        c.taps = c.kh * c.kw;
        bool padded = a->pad_top || a->pad_left || a->pad_bottom || a->pad_right;
        // Few channels: a pixel's taps next to one another fill more lanes than tap by tap.
        int64_t plain = c.taps * ceil_div(c.run, config->block_in), dense = ceil_div(c.taps * c.run, config->block_in);
        bool whole =
            dense <= tsr_inp_entries(config) / 2 && dense * c.halves <= tsr_wgt_entries(config) / 2; // it is not cut in chunks
        if (!c.depthwise && groups == 1 && !padded && c.taps > 1 && (c.dx == 1 || c.kw == 1) && dense * 5 < plain * 4 && whole) {
            c.packed = true;
            c.packed_rows = c.kh;
            c.packed_row_bytes = c.kw * c.run;
            c.packed_row_stride = c.dy * c.x_row;
            c.x_row *= c.sy, c.x_column *= c.sx;
            c.in_rows = c.out_rows, c.in_columns = c.out_columns;
            c.kh = c.kw = c.sy = c.sx = c.dy = c.dx = c.taps = 1;
            c.run = c.packed_rows * c.packed_row_bytes;
        }
        if (c.kh == 1 && !padded) { // pixels that a stride skips are not loaded
            c.x_row *= c.sy;
            c.in_rows = c.out_rows;
            c.sy = 1;
        }
        if (c.kw == 1 && !padded) {
            c.x_column *= c.sx;
            c.in_columns = c.out_columns;
            c.sx = 1;
        }
    }
    c.ci = ceil_div(c.run, config->block_in);
    c.co = ceil_div(c.out_channels, config->block_out);
    return c;
}

static void describe_tile(const conv *c, const tile *t, const tsr_config *config, char *reason) {
    const long rows = (long)(t->th * config->batch), columns = (long)t->tw;
    if (c->depthwise)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "depthwise: tiles of %ldx%ld pixels, %ld blocks", rows, columns, (long)t->to);
    else if (c->packed)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "few channels: %ld taps packed into %ld input blocks",
                 (long)(c->packed_rows * c->packed_row_bytes), (long)c->ci);
    else
        snprintf(reason, TSR_PLACE_REASON_BYTES, "tiles of %ldx%ld pixels, %ld output and %ld input blocks", rows, columns,
                 (long)t->to, (long)t->nc);
}

bool conv_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason) {
    const tsr_tensor *w = tensor_of(graph, node->inputs[1]);
    const tsr_tensor *bias = node->input_count > 2 && node->inputs[2] != TSR_NO_ID ? tensor_of(graph, node->inputs[2]) : NULL;
    const tsr_attr *a = &node->attr;
    const char *why = NULL;
    if (w->data == NULL || (bias != NULL && bias->data == NULL))
        why = "weights are computed at run time";
    else if ((w->dtype != TSR_I8 && w->dtype != TSR_U8) || (bias != NULL && bias->dtype != TSR_I32))
        why = "weights are not 8-bit, or the bias is not int32";
    else if (node->op == TSR_OP_CONV) {
        const tsr_tensor *x = tensor_of(graph, node->inputs[0]), *y = tensor_of(graph, node->outputs[0]);
        bool depthwise = a->groups > 1 && a->groups == x->shape[3];
        if (depthwise && y->shape[3] != x->shape[3])
            why = "depthwise convolution with a channel multiplier";
        else if (depthwise && config->block_in != config->block_out)
            why = "depthwise convolution needs block_in == block_out";
        else if (a->pad_top > 63 || a->pad_left > 63 || a->pad_bottom > 63 || a->pad_right > 63)
            why = "padding of more than 63";
    }
    if (why == NULL) {
        const conv c = describe(graph, node, config, 0);
        tile t;
        if (!choose_tile(&c, config, &t)) {
            why = "not even one output pixel fits the buffers";
        } else {
            *out_cycles = t.cycles * (double)c.images * (double)(node->op == TSR_OP_CONV && !c.depthwise ? a->groups : 1);
            describe_tile(&c, &t, config, reason);
        }
    }
    if (why != NULL)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "%s", why);
    return why == NULL;
}

bool conv_takes_add(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config) {
    const uint32_t side = add->inputs[0] == node->outputs[0] ? 0 : 1;
    const tsr_tensor *y = tensor_of(graph, add->outputs[0]);
    if (add->op != TSR_OP_ADD || !add->requant.valid || add->inputs[0] == add->inputs[1] ||
        add->inputs[side] != node->outputs[0] || config->block_in != config->block_out)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        const tsr_tensor *x = tensor_of(graph, add->inputs[i]);
        if (x->data != NULL || x->dtype != TSR_I8 || x->rank != y->rank ||
            memcmp(x->shape, y->shape, y->rank * sizeof *y->shape) != 0 || add->requant.in[i].lsh + 20 > 31)
            return false;
    }
    conv c = describe(graph, node, config, 0);
    tile apart, together;
    double add_cycles;
    char unused[TSR_PLACE_REASON_BYTES];
    if (!choose_tile(&c, config, &apart) || !elementwise_supported(graph, add, config, &add_cycles, unused))
        return false;
    c.add = add;
    const double times = (double)c.images * (double)(node->op == TSR_OP_CONV && !c.depthwise ? node->attr.groups : 1);
    return choose_tile(&c, config, &together) && together.cycles * times < apart.cycles * times + add_cycles;
}

tsr_status schedule_conv(const job *j) {
    const tsr_config *config = j->accel->config;
    const tsr_tensor *x = tensor_of(j->graph, j->node->inputs[0]), *w = tensor_of(j->graph, j->node->inputs[1]);
    const tsr_tensor *bias =
        j->node->input_count > 2 && j->node->inputs[2] != TSR_NO_ID ? tensor_of(j->graph, j->node->inputs[2]) : NULL;
    int64_t groups = j->node->op == TSR_OP_CONV && j->node->attr.groups != x->shape[x->rank - 1] ? j->node->attr.groups : 1;
    for (int64_t g = 0; g < groups; g++) {
        conv c = describe(j->graph, j->node, config, g);
        c.x = j->work[j->node->inputs[0]];
        c.y = j->work[j->node->outputs[0]];
        if (j->add != NULL) {
            c.add = j->add;
            c.add_side = j->add->inputs[0] == j->node->outputs[0] ? 0 : 1;
            c.addend = j->work[j->add->inputs[!c.add_side]];
            c.y = j->work[j->add->outputs[0]];
            TSR_TRY(add_parameters(j, j->add, &c.add_par));
        }
        c.wgt = pack_weights(j, &c, w, g * c.out_channels);
        c.par = pack_parameters(j, &c, w, bias, g * c.out_channels);
        tile t;
        if (!choose_tile(&c, config, &t))
            return tsr_error(TSR_UNSUPPORTED, "not even one output pixel fits the buffers of configuration '%s'", config->name);
        TSR_TRY(schedule_tiles(j, &c, &t));
    }
    return tsr_ok();
}
