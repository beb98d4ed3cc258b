// SPDX-License-Identifier: Apache-2.0
// Elementwise operators on the ALU. Tensors of one shape are flat rows of bytes, cut into entries. With an operand that is
// broadcast over pixels (one value a channel, perhaps for each image, or a single constant) they are pixels of so many blocks of channels.
// Planes take one strip of pixels of a tile each.
#include <stdio.h>
#include <string.h>

#include "schedule.h"

typedef enum operand_kind { SAME_SHAPE, CHANNELS, CHANNELS_OF_IMAGE, SINGLE, OTHER_SHAPE } operand_kind;

typedef struct elementwise {
    bool binary, broadcast; // broadcast: an operand is not of the output's shape
    operand_kind kind[2];
    int64_t images, pixels, channels, blocks; // pixels of an image
} elementwise;

// Extents of x and y from the last on; x's missing leading ones are 1.
static int64_t extent_from_end(const tsr_tensor *t, uint32_t i) { return i < t->rank ? t->shape[t->rank - 1 - i] : 1; }

static operand_kind kind_of(const tsr_tensor *x, const tsr_tensor *y) {
    bool same = true, single = true, channels = true, image = true;
    const uint32_t rank = x->rank > y->rank ? x->rank : y->rank;
    for (uint32_t i = 0; i < rank; i++) {
        const int64_t m = extent_from_end(x, i), n = extent_from_end(y, i);
        same = same && m == n;
        single = single && m == 1;
        channels = channels && m == (i == 0 ? n : 1);
        image = image && m == (i == 0 || i + 1 == y->rank ? n : 1);
    }
    return same ? SAME_SHAPE : channels ? CHANNELS : single ? SINGLE : image && y->rank > 1 ? CHANNELS_OF_IMAGE : OTHER_SHAPE;
}

static elementwise describe(const tsr_graph *graph, const tsr_node *node, const tsr_config *config) {
    const tsr_tensor *y = tensor_of(graph, node->outputs[0]);
    const int64_t total = (int64_t)tsr_tensor_elements(y);
    elementwise e = {.binary = node->op == TSR_OP_ADD || node->op == TSR_OP_SUB || node->op == TSR_OP_MUL, .images = 1};
    for (uint32_t i = 0; i < (e.binary ? 2u : 1u); i++) {
        e.kind[i] = kind_of(tensor_of(graph, node->inputs[i]), y);
        e.broadcast = e.broadcast || e.kind[i] != SAME_SHAPE;
        if (e.kind[i] == CHANNELS_OF_IMAGE)
            e.images = y->shape[0];
    }
    e.channels = e.broadcast && y->rank > 0 ? y->shape[y->rank - 1] : config->block_out;
    e.blocks = ceil_div(e.channels, config->block_out);
    e.pixels = ceil_div(total / e.images, e.channels);
    return e;
}

// Pixels of a strip: a half of INP and of ACC holds both operands.
static int64_t longest_strip(const elementwise *e, const tsr_config *config) {
    int64_t entries = min64(min64(tsr_inp_entries(config), tsr_acc_entries(config)) / 4, tsr_out_entries(config) / 2);
    entries = min64(entries, 65535 / config->block_out);
    return entries / e->blocks;
}

bool elementwise_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles,
                           char *reason) {
    const char *why = NULL;
    const tsr_tensor *y = tensor_of(graph, node->outputs[0]);
    const elementwise e = describe(graph, node, config);
    if (config->block_in != config->block_out)
        why = "vector operations on inputs need block_in == block_out";
    for (uint32_t i = 0; i < (e.binary ? 2u : 1u) && why == NULL; i++) {
        const tsr_tensor *x = tensor_of(graph, node->inputs[i]);
        if (x->data != NULL && x->dtype != TSR_I8)
            why = "a constant operand that is not int8";
        else if (e.kind[i] == OTHER_SHAPE || (e.kind[i] == SINGLE && x->data == NULL))
            why = "an operand that is broadcast in other ways than one value a channel";
    }
    if (why == NULL && longest_strip(&e, config) < 1)
        why = "the channels of one pixel do not fit the buffers";
    if (why == NULL && tsr_par_entries(config) / 2 < ADD_PAR_ENTRIES)
        why = "the parameter buffer is too small";
    const double bytes = (double)tsr_tensor_elements(y),
                 entries = (double)(e.images * e.pixels * e.blocks) / (double)config->batch;
    *out_cycles = vector_cycles(config,
                                entries * (node->op == TSR_OP_MUL ? 6
                                           : e.binary             ? 3
                                                                  : 1),
                                bytes * (e.binary ? 2 : 1), bytes);
    snprintf(reason, TSR_PLACE_REASON_BYTES, "%s",
             why != NULL   ? why
             : e.broadcast ? "elementwise on the ALU, one operand a value a channel"
                           : "elementwise on the ALU");
    return why == NULL;
}

// What an operand is read from: an activation, or a constant, which if single is spread over the channels.
static tsr_tbuffer *source_of(const job *j, const elementwise *e, uint32_t i) {
    const tsr_id id = j->node->inputs[i];
    const tsr_tensor *x = tensor_of(j->graph, id);
    if (x->data == NULL)
        return j->work[id];
    if (e->kind[i] != SINGLE)
        return place_constant(j, "operand", TSR_I8, x->data, (size_t)tsr_tensor_elements(x));
    int8_t *spread = TSR_NEW_ARRAY(j->s->arena, int8_t, e->channels);
    memset(spread, *(const int8_t *)x->data, (size_t)e->channels);
    return place_constant(j, "operand", TSR_I8, spread, (size_t)e->channels);
}

// A strip of n pixels between DRAM and a plane; `left`: bytes that the tensor has from there on.
static block strip_of(const elementwise *e, int64_t lanes, int64_t n, int64_t left) {
    block b = {.rows = 1, .row_end = 1};
    if (e->channels == e->blocks * lanes) { // one run of bytes
        b.columns = b.column_end = 1;
        b.run = min64(n * e->channels, left);
    } else {
        b.columns = b.column_end = min64(n, left / e->channels);
        b.run = b.column_stride = e->channels;
        b.sram_column_stride = e->blocks * lanes;
    }
    return b;
}

static void load_operand(const job *j, const elementwise *e, uint32_t i, tsr_tbuffer *x, int64_t image, int64_t at, int64_t n,
                         int64_t inp) {
    const int64_t lanes = j->accel->config->block_out,
                  total = (int64_t)tsr_tensor_elements(tensor_of(j->graph, j->node->outputs[0])) / e->images;
    for (uint32_t p = 0; p < j->accel->config->batch; p++) {
        const int64_t from = (at + p * n) * e->channels;
        if (from >= total)
            break;
        block b = strip_of(e, lanes, n, total - from);
        b.dram_offset = image * total + from;
        if (e->kind[i] != SAME_SHAPE) {
            b = (block){.rows = 1, .row_end = 1, .columns = 1, .column_end = 1, .run = e->channels};
            b.dram_offset = e->kind[i] == CHANNELS_OF_IMAGE ? image * e->channels : 0;
        }
        b.dram = x;
        b.sram = inp;
        b.plane = p;
        schedule_load_inp(j->s, &b);
    }
}

static void store_result(const job *j, const elementwise *e, int64_t image, int64_t at, int64_t n, int64_t out) {
    const int64_t lanes = j->accel->config->block_out,
                  total = (int64_t)tsr_tensor_elements(tensor_of(j->graph, j->node->outputs[0])) / e->images;
    for (uint32_t p = 0; p < j->accel->config->batch; p++) {
        const int64_t to = (at + p * n) * e->channels;
        if (to >= total)
            break;
        block b = strip_of(e, lanes, n, total - to);
        b.dram_offset = image * total + to;
        b.dram = j->work[j->node->outputs[0]];
        b.sram = out * lanes;
        b.plane = p;
        schedule_store_out(j->s, &b);
    }
}

tsr_status add_parameters(const job *j, const tsr_node *node, tsr_tbuffer **out_parameters) {
    const int64_t lanes = j->accel->config->block_out;
    const tsr_requant *q = &node->requant;
    const bool sum = node->op == TSR_OP_ADD || node->op == TSR_OP_SUB;
    const tsr_rescale by = q->channels > 0 ? q->out[0] : (tsr_rescale){.multiplier = 1 << 30, .lsh = 1};
    int32_t *words = TSR_NEW_ARRAY(j->s->arena, int32_t, ADD_PAR_ENTRIES *lanes * 3);
    for (int64_t o = 0; o < lanes; o++) {
        // ADD and SUB scale each operand after << 20, which joins the left shift of its rescale.
        tsr_rescale a = q->in[0], b = q->in[1];
        a.lsh = (uint8_t)(a.lsh + 20);
        b.lsh = (uint8_t)(b.lsh + 20);
        if (sum) {
            if (a.lsh > 31 || b.lsh > 31)
                return tsr_error(TSR_UNSUPPORTED, "operand scales lie too far apart");
            put_par(words + (ADD_PAR_A * lanes + o) * 3, -q->in_zero_point[0], a);
            put_par(words + (ADD_PAR_B * lanes + o) * 3, -q->in_zero_point[1], b);
        }
        put_par(words + (ADD_PAR_OUT * lanes + o) * 3, sum || node->op == TSR_OP_MUL ? 0 : -q->in_zero_point[0], by);
    }
    *out_parameters = place_constant(j, "parameters", TSR_I32, words, (size_t)(ADD_PAR_ENTRIES * lanes * 3));
    return tsr_ok();
}

// One pass over the entries of a strip, reading ACC or operand `from` (-1: none).
static void pass(const job *j, const elementwise *e, int from, int64_t n, const vector *v) {
    const bool stays = from >= 0 && e->kind[from] != SAME_SHAPE;
    const step flat[] = {{"e", n * e->blocks, 1, 1, 0}};
    const step pixels[] = {{"p", n, e->blocks, 0, 0}, {"b", e->blocks, 1, 1, 0}};
    schedule_alu(j->s, stays ? 2 : 1, stays ? pixels : flat, v);
}

static void compute(const job *j, const elementwise *e, int64_t n, const int64_t inp[2], int64_t acc, int64_t acc_b,
                    int64_t par) {
    const tsr_requant *q = &j->node->requant;
    if (j->node->op == TSR_OP_ADD || j->node->op == TSR_OP_SUB) {
        vector a = {.op = OP_MOV, .from = FROM_INP, .rescale = true, .dst = acc, .src = inp[0], .par = par + ADD_PAR_A};
        vector b = {.op = j->node->op == TSR_OP_ADD ? OP_ADD : OP_SUB,
                    .from = FROM_INP,
                    .rescale = true,
                    .dst = acc,
                    .src = inp[1],
                    .par = par + ADD_PAR_B};
        pass(j, e, 0, n, &a);
        pass(j, e, 1, n, &b);
    } else if (j->node->op == TSR_OP_MUL) {
        vector load_a = {.op = OP_MOV, .from = FROM_INP, .dst = acc, .src = inp[0]},
               load_b = {.op = OP_MOV, .from = FROM_INP, .dst = acc_b, .src = inp[1]};
        vector zero_a = {.op = OP_SUB, .from = FROM_IMM, .imm = q->in_zero_point[0], .dst = acc},
               zero_b = {.op = OP_SUB, .from = FROM_IMM, .imm = q->in_zero_point[1], .dst = acc_b};
        vector product = {.op = OP_MUL, .from = FROM_ACC, .dst = acc, .src = acc_b};
        pass(j, e, 0, n, &load_a);
        pass(j, e, 1, n, &load_b);
        pass(j, e, -1, n, &zero_a);
        pass(j, e, -1, n, &zero_b);
        pass(j, e, -1, n, &product);
    }
}

static tsr_status schedule_strips(const job *j, const elementwise *e, tsr_tbuffer *const sources[2], bool rescales, int64_t par) {
    const tsr_config *config = j->accel->config;
    const tsr_requant *q = &j->node->requant;
    const int64_t lanes = config->block_out, rows = config->batch, most = ceil_div(e->pixels, rows);
    const int64_t strip = ceil_div(most, ceil_div(most, min64(most, longest_strip(e, config)))); // balanced
    for (int64_t image = 0; image < e->images; image++)
        for (int64_t at = 0; at < e->pixels; at += strip * rows) {
            TSR_TRY(schedule_room(j));
            const int64_t n = min64(strip, ceil_div(e->pixels - at, rows));
            const int64_t half = take_half(j->accel, SPACE_INP, tsr_inp_plane_bytes(config)) / lanes;
            const int64_t inp[2] = {half, half + tsr_inp_entries(config) / 4};
            const int64_t acc = take_half(j->accel, SPACE_ACC, tsr_acc_entries(config)),
                          acc_b = acc + tsr_acc_entries(config) / 4;
            const int64_t out = take_half(j->accel, SPACE_OUT, tsr_out_entries(config));
            for (uint32_t i = 0; i < (e->binary ? 2u : 1u); i++)
                load_operand(j, e, i, sources[i], image, at, n, inp[i] * lanes);
            compute(j, e, n, inp, acc, acc_b, par);
            vector result = {.op = OP_MOV,
                             .from = e->binary ? FROM_ACC : FROM_INP,
                             .rescale = rescales,
                             .clip = true,
                             .to_out = true,
                             .imm = rescales ? q->out_zero_point : 0,
                             .lo = q->lo,
                             .hi = q->hi,
                             .dst = out,
                             .src = e->binary ? acc : inp[0],
                             .par = par + ADD_PAR_OUT};
            pass(j, e, -1, n, &result);
            store_result(j, e, image, at, n, out);
        }
    return tsr_ok();
}

tsr_status schedule_elementwise(const job *j) {
    const tsr_node *node = j->node;
    const tsr_requant *q = &node->requant;
    const elementwise e = describe(j->graph, node, j->accel->config);
    // A clip of one scale and zero point moves no number; one of one scale only adds the difference of the zero points.
    const bool rescales = node->op != TSR_OP_CLIP || q->channels > 0 || q->in_zero_point[0] != q->out_zero_point;
    int64_t par = 0;
    if (rescales) {
        tsr_tbuffer *parameters;
        TSR_TRY(add_parameters(j, node, &parameters));
        par = take_half(j->accel, SPACE_PAR, tsr_par_entries(j->accel->config));
        schedule_load_par(j->s, parameters, 0, ADD_PAR_ENTRIES, par);
    }
    tsr_tbuffer *sources[2] = {source_of(j, &e, 0), e.binary ? source_of(j, &e, 1) : NULL};
    return schedule_strips(j, &e, sources, rescales, par);
}
