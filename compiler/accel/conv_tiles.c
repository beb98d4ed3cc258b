// SPDX-License-Identifier: Apache-2.0
// The tiles of a convolution, one after another.
//
// While one tile is computed the next one is loaded and the one before stored; only the first one's loads and the last one's
// requantisation and store hide behind nothing. So the first tile is reduced in pieces, each of which starts when its own inputs
// and weights are there, and the last one is finished part by part.
#include "conv.h"

// Rows and blocks of output channels of a tile that are finished at once. They lie without gaps at acc.
typedef struct part {
    range rows, outs;
    int64_t number, acc, out; // acc, out: entries
} part;

// Weights between blocks of input channels and blocks of output channels.
static void load_weights(const job *j, const conv *c, const spot *t, const chunk *k, range in, range out) {
    const int64_t pair = conv_weights_of_pair(c);
    if (c->form == DEPTHWISE)
        schedule_load_wgt(j->s, c->wgt, t->o0 * pair, 1, t->to * pair, 0, k->wgt, 0, true);
    else
        schedule_load_wgt(j->s, c->wgt, ((t->o0 + out.begin) * c->ci + k->i0 + in.begin) * pair, out.count, in.count * pair,
                          c->ci * pair, k->wgt + (out.begin * k->nc + in.begin) * pair, k->nc * pair, false);
}

// Columns that lie alike in their entries together.
static void multiply_shifted(const job *j, const conv *c, const spot *t, const chunk *k, const part *p, range out, bool fresh) {
    const int64_t in = j->accel->config->block_in, copy = conv_copy_entries(c, j->accel->config, t->tw);
    const shifts *s = &c->shifts;
    const int64_t pair = conv_weights_of_pair(c), set = c->halves * c->taps, row = s->copies * copy;
    for (int64_t x = 0; x < min64(s->period, t->tw); x++) {
        const int64_t byte = x * s->step, which = byte / s->unit % s->copies, variant = byte % s->unit / s->grain;
        const step loops[] = {
            {"oy", p->rows.count, t->tw * p->outs.count, c->sy * row, 0},
            {"ox", ceil_div(t->tw - x, s->period), s->period * p->outs.count, s->period * s->step / in, 0},
            {"ob", out.count, 1, 0, pair},
            {"half", c->halves, 0, 0, c->taps},
            {"ky", c->kh, 0, c->dy * row, s->entries},
            {"e", s->entries, 0, 1, 1},
        };
        schedule_gemm(j->s, sizeof loops / sizeof loops[0], loops, p->acc + x * p->outs.count + out.begin - p->outs.begin,
                      k->inp / in + p->rows.begin * c->sy * row + which * copy + (byte - which * s->unit) / in,
                      k->wgt + out.begin * pair + variant * set, fresh);
    }
}

// Blocks of input channels, and of those output channels that the part has.
static void multiply(const job *j, const conv *c, const spot *t, const chunk *k, const part *p, range in, range out, bool fresh) {
    if (c->form == SHIFTED) {
        multiply_shifted(j, c, t, k, p, out, fresh);
        return;
    }
    const bool depthwise = c->form == DEPTHWISE;
    const int64_t iw = input_extent(t->tw, c->sx, c->kw, c->dx), pair = conv_weights_of_pair(c);
    const int64_t pixel = depthwise ? t->to : k->nc, row = iw * pixel; // input entries of a pixel, of a row
    const int64_t column = depthwise ? pair : k->nc * pair;            // weight entries of a block of output channels
    step loops[] = {
        {"oy", p->rows.count, t->tw * p->outs.count, c->sy * row, 0},
        {"ox", t->tw, p->outs.count, c->sx * pixel, 0},
        {"ob", out.count, 1, depthwise ? 1 : 0, column},
        {"ib", depthwise ? 1 : in.count, 0, 1, pair},
        {"half", c->halves, 0, 0, c->taps},
        {"ky", c->kh, 0, c->dy * row, c->kw},
        {"kx", c->kw, 0, c->dx * pixel, 1},
    };
    const int64_t first = depthwise ? out.begin : in.begin; // input entry of a pixel
    schedule_gemm(j->s, sizeof loops / sizeof loops[0], loops, p->acc + out.begin - p->outs.begin,
                  k->inp / j->accel->config->block_in + p->rows.begin * c->sy * row + first,
                  k->wgt + out.begin * column + in.begin * pair, fresh);
}

// A part of the result in a tensor of its shape, for one plane; false when the tile ends above it. It lies at `sram`.
static bool result_block(const job *j, const conv *c, const spot *t, const part *p, int64_t sram, uint32_t plane, block *out) {
    const int64_t lanes = j->accel->config->block_out, top = t->oy + plane * t->th, o0 = t->o0 + p->outs.begin;
    const int64_t count = min64(min64(c->out_rows - top, t->th) - p->rows.begin, p->rows.count);
    *out = (block){.rows = count,
                   .columns = t->tw,
                   .row_end = count,
                   .column_end = t->tw,
                   .run = min64(p->outs.count * lanes, c->out_channels - o0 * lanes),
                   .row_stride = c->y_row,
                   .column_stride = c->y_column,
                   .sram = sram,
                   .sram_row_stride = t->tw * p->outs.count * lanes,
                   .sram_column_stride = p->outs.count * lanes,
                   .plane = plane};
    out->dram_offset = t->image * c->y_image + (top + p->rows.begin) * c->y_row + t->ox * c->y_column + c->y_offset + o0 * lanes;
    return count > 0;
}

// The convolution's integers stay in ACC, and the Add goes on from there as it would from INP (schedule_elementwise.c).
static void add_in_tile(const job *j, const conv *c, const spot *t, const part *p) {
    const tsr_config *config = j->accel->config;
    const tsr_requant *q = &c->add->requant;
    const int64_t lanes = config->block_out, pixels = p->rows.count * t->tw,
                  before = p->rows.begin * t->tw * t->to + t->th * t->tw * p->outs.begin; // entries of the parts before
    const int64_t inp = (1 + t->addend_half) * (tsr_inp_plane_bytes(config) / 2) - (t->th * t->tw * t->to - before) * lanes,
                  add_par = t->par + tsr_par_entries(config) / 2 - ADD_PAR_ENTRIES;
    for (uint32_t plane = 0; plane < config->batch; plane++) {
        block b;
        if (!result_block(j, c, t, p, inp, plane, &b))
            break;
        b.dram = c->addend;
        schedule_load_inp(j->s, &b);
    }
    const step channels[] = {{"e", pixels, p->outs.count, p->outs.count, 0}, {"ob", p->outs.count, 1, 1, 1}},
               flat[] = {{"e", pixels * p->outs.count, 1, 1, 0}};
    const vector result = {.op = OP_MOV,
                           .from = FROM_ACC,
                           .rescale = true,
                           .clip = true,
                           .imm = c->out_zero_point,
                           .lo = c->lo,
                           .hi = c->hi,
                           .dst = p->acc,
                           .src = p->acc,
                           .par = t->par + p->outs.begin};
    const vector own = {
        .op = OP_MOV, .from = FROM_ACC, .rescale = true, .dst = p->acc, .src = p->acc, .par = add_par + ADD_PAR_A + c->add_side};
    const vector other = {.op = OP_ADD,
                          .from = FROM_INP,
                          .rescale = true,
                          .dst = p->acc,
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
                        .dst = p->out,
                        .src = p->acc,
                        .par = add_par + ADD_PAR_OUT};
    schedule_alu(j->s, 2, channels, &result);
    schedule_alu(j->s, 1, flat, &own);
    schedule_alu(j->s, 1, flat, &other);
    schedule_alu(j->s, 1, flat, &sum);
}

static void requantise(const job *j, const conv *c, const spot *t, const part *p) {
    const int64_t outs = p->outs.count;
    step loops[] = {{"oy", p->rows.count, t->tw * outs, t->tw * outs, 0}, {"ox", t->tw, outs, outs, 0}, {"ob", outs, 1, 1, 1}};
    vector v = {.op = OP_MOV,
                .from = FROM_ACC,
                .rescale = true,
                .clip = true,
                .to_out = true,
                .imm = c->out_zero_point,
                .lo = c->lo,
                .hi = c->hi,
                .dst = p->out,
                .src = p->acc,
                .par = t->par + p->outs.begin};
    schedule_alu(j->s, 3, loops, &v);
}

static void finish_and_store(const job *j, const conv *c, const spot *t, const part *p) {
    const tsr_config *config = j->accel->config;
    if (c->add != NULL)
        add_in_tile(j, c, t, p);
    else
        requantise(j, c, t, p);
    for (uint32_t plane = 0; plane < config->batch; plane++) {
        block b;
        if (!result_block(j, c, t, p, p->out * config->block_out, plane, &b))
            break;
        b.dram = c->y;
        schedule_store_out(j->s, &b);
    }
}

// What the halves of the memories hold, and the first tile while it waits to be finished: its parameters are loaded only when
// the second one has what it needs to begin.
typedef struct progress {
    halves inputs, weights, parameters;
    bool first_waits;
    spot first;
    part first_part;
    int64_t first_key; // of its parameters
} progress;

static void find_parameters(const job *j, const conv *c, spot *t, int64_t key, progress *g) {
    bool hit;
    t->par = halves_find(j, &g->parameters, key, &hit);
    if (!hit)
        schedule_load_par(j->s, c->par, t->o0, t->to, t->par);
    if (!hit && c->add != NULL)
        schedule_load_par(j->s, c->add_par, 0, ADD_PAR_ENTRIES, t->par + tsr_par_entries(j->accel->config) / 2 - ADD_PAR_ENTRIES);
}

static void finish_first(const job *j, const conv *c, progress *g) {
    if (!g->first_waits)
        return;
    g->first_waits = false;
    find_parameters(j, c, &g->first, g->first_key, g);
    finish_and_store(j, c, &g->first, &g->first_part);
}

// The first tile's first chunk: pieces of input channels, in pieces of output channels that grow as loads get ahead.
static void ramp_up(const job *j, const conv *c, const spot *t, const chunk *k, const part *p) {
    const tsr_config *config = j->accel->config;
    int64_t outs = conv_first_outputs(c, config, k->nc);
    const int64_t most = max64(outs, ceil_div(t->to, 4));
    for (range in = {0, 0}; in.begin < k->nc; in.begin += in.count, outs = min64(2 * outs, most)) {
        in.count = min64(conv_first_blocks(c, config, k->nc), k->nc - in.begin);
        conv_load_input(j, c, t, k, in);
        for (range out = {0, 0}; out.begin < t->to; out.begin += out.count) {
            out.count = min64(outs, t->to - out.begin);
            load_weights(j, c, t, k, in, out);
            multiply(j, c, t, k, p, in, out, in.begin == 0);
        }
    }
}

// All of a chunk for a part of the tile. Where weights come more slowly than they are used, they come in pieces.
static void reduce(const job *j, const conv *c, const spot *t, chunk *k, const part *p, bool fresh, progress *g) {
    const range all = {0, k->nc};
    if (k->load_inp)
        conv_load_input(j, c, t, k, all);
    k->load_inp = false;
    const bool part_by_part = p->outs.count < t->to && c->form != DEPTHWISE;
    if (!k->load_wgt || part_by_part || !conv_weights_are_slow(c, j->accel->config, t->th * t->tw)) {
        if (k->load_wgt)
            load_weights(j, c, t, k, all, p->outs);
        k->load_wgt = k->load_wgt && part_by_part;
        multiply(j, c, t, k, p, all, p->outs, fresh);
        finish_first(j, c, g);
        return;
    }
    const int64_t outs = conv_outputs_at_once(t->to);
    for (range out = {0, 0}; out.begin < t->to; out.begin += out.count) {
        out.count = min64(outs, t->to - out.begin);
        load_weights(j, c, t, k, all, out);
        multiply(j, c, t, k, p, all, out, fresh);
        finish_first(j, c, g);
    }
    k->load_wgt = false;
}

static chunk find_chunk(const job *j, const conv *c, const spot *t, int64_t i0, int64_t nc, int64_t input_key, int64_t weight_key,
                        progress *g) {
    bool input_hit, weight_hit;
    chunk k = {c->form == DEPTHWISE ? t->o0 : i0, c->form == DEPTHWISE ? t->to : min64(nc, c->ci - i0), 0, 0, false, false};
    k.inp = halves_find(j, &g->inputs, input_key, &input_hit);
    k.wgt = halves_find(j, &g->weights, weight_key, &weight_hit);
    k.load_inp = !input_hit;
    k.load_wgt = !weight_hit;
    return k;
}

// Rows or output channels of the last tile at a time: output channels where these wait for their weights.
static part first_part(const job *j, const spot *t, bool last, bool waits_for_weights) {
    part p = {{0, t->th}, {0, t->to}, 0, 0, 0};
    p.acc = take_half(j->accel, SPACE_ACC, tsr_acc_entries(j->accel->config));
    p.out = take_half(j->accel, SPACE_OUT, tsr_out_entries(j->accel->config));
    if (last && t->to > 1 && (waits_for_weights || t->th == 1))
        p.outs.count = conv_outputs_at_once(t->to);
    else if (last)
        p.rows.count = conv_rows_at_once(t->th);
    return p;
}

// Parts take the banks of ACC in turn, so that ALU empties one while GEMM fills the next.
static bool next_part(const job *j, const spot *t, part *p) {
    p->out += p->rows.count * t->tw * p->outs.count;
    p->rows.begin += p->rows.count;
    if (p->rows.begin >= t->th) {
        p->rows.begin = 0;
        p->outs.begin += p->outs.count;
    }
    p->rows.count = min64(p->rows.count, t->th - p->rows.begin);
    p->outs.count = min64(p->outs.count, t->to - p->outs.begin);
    p->number++;
    const int64_t entries = tsr_acc_entries(j->accel->config);
    if (p->outs.count > 0)
        p->acc = p->number % 2 == 1 ? p->acc + entries / 4 : take_half(j->accel, SPACE_ACC, entries);
    return p->outs.count > 0;
}

tsr_status conv_schedule_tiles(const job *j, const conv *c, const tile *tiles) {
    const tsr_config *config = j->accel->config;
    progress g = {.inputs = halves_of(SPACE_INP, tsr_inp_plane_bytes(config)),
                  .weights = halves_of(SPACE_WGT, tsr_wgt_entries(config)),
                  .parameters = halves_of(SPACE_PAR, tsr_par_entries(config))};
    const int64_t down = ceil_div(c->out_rows, config->batch * tiles->th), across = ceil_div(c->out_columns, tiles->tw);
    const int64_t channels = ceil_div(c->co, tiles->to), chunks = c->form == DEPTHWISE ? 1 : ceil_div(c->ci, tiles->nc),
                  spatial = c->images * down * across, count = spatial * channels;
    chunk *k = TSR_NEW_ARRAY(j->s->arena, chunk, chunks);
    for (int64_t n = 0; n < count; n++) {
        TSR_TRY(schedule_room(j));
        const int64_t s = tiles->channels_outside ? n % spatial : n / channels,
                      o = tiles->channels_outside ? n / spatial : n % channels;
        spot t = {.image = s / (down * across),
                  .oy = s / across % down * config->batch * tiles->th,
                  .ox = s % across * tiles->tw,
                  .o0 = o * tiles->to};
        t.th = min64(tiles->th, ceil_div(c->out_rows - t.oy, config->batch));
        t.tw = min64(tiles->tw, c->out_columns - t.ox);
        t.to = min64(tiles->to, c->co - t.o0);
        for (int64_t i = 0; i < chunks; i++)
            k[i] = find_chunk(j, c, &t, i * tiles->nc, tiles->nc, c->form == DEPTHWISE ? n : s * chunks + i, o * chunks + i, &g);
        const bool inputs_stay = chunks == 1 && !tiles->channels_outside && o + 1 < channels;
        t.addend_half = (k[chunks - 1].inp > 0) != inputs_stay;
        const bool first = n == 0 && conv_ramps_up(c), last = n == count - 1 && chunks <= 2 && !first;
        const bool waits = conv_weights_are_slow(c, config, t.th * t.tw) && (k[0].load_wgt || k[chunks - 1].load_wgt);
        part p = first_part(j, &t, last, waits);
        do {
            for (int64_t i = 0; i < chunks; i++)
                if (first && i == 0)
                    ramp_up(j, c, &t, &k[i], &p);
                else
                    reduce(j, c, &t, &k[i], &p, i == 0, &g);
            if (first) {
                g.first_waits = true;
                g.first = t;
                g.first_part = p;
                g.first_key = o;
                break;
            }
            if (p.number == 0)
                find_parameters(j, c, &t, o, &g);
            finish_and_store(j, c, &t, &p);
        } while (next_part(j, &t, &p));
    }
    finish_first(j, c, &g); // there was one only
    return tsr_ok();
}
