// SPDX-License-Identifier: Apache-2.0
// Pooling on the ALU: the first tap of a window is moved into an accumulator, the others are added or compared to it, and
// the result is averaged and clipped on its way to OUT. Tiles as in schedule_conv.c: strips of rows are planes.
#include <stdio.h>
#include <string.h>

#include "rescale.h"
#include "schedule.h"

typedef struct pool {
    int64_t images, in_rows, in_columns, out_rows, out_columns, channels, kh, kw, sy, sx, pad_top, pad_left, blocks;
    bool average;
    tsr_rescale mean; // of a sum; identity for a maximum
    int32_t pad;
} pool;

// sum / count as TFLite's integer average pool computes it: rounded half away from zero.
static int32_t rounded_mean(int32_t sum, int32_t count) {
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// A rescale that gives exactly that for every sum of `count` int8 values. Found by trying, proven by trying all.
static bool mean_rescale(int64_t count, tsr_rescale *out) {
    if (count < 1 || count > 4096)
        return false;
    uint8_t power = 0; // 2^(power-1) < count <= 2^power
    while ((INT64_C(1) << power) < count)
        power++;
    int64_t limit = 128 * count;
    uint8_t lsh = 0; // sums shifted left keep fractions through the first rounding
    while (limit << (lsh + 1) < INT64_C(1) << 30 && lsh < 16)
        lsh++;
    int64_t multiplier = ((INT64_C(1) << (31 + power)) / count + 1) / 2; // 2^(30 + power) / count, in [2^30, 2^31)
    if (multiplier > INT32_MAX)
        multiplier = INT32_MAX;
    *out = (tsr_rescale){(int32_t)multiplier, lsh, (uint8_t)(lsh + power - 1), false};
    if (count == 1)
        *out = (tsr_rescale){1 << 30, 1, 0, false};
    for (int32_t sum = (int32_t)-limit; sum <= limit; sum++)
        if (rescale_value(sum, 0, out->multiplier, out->lsh, out->rsh, false) != rounded_mean(sum, (int32_t)count))
            return false;
    return true;
}

// A Mean over height and width is an average pool of one window.
static bool is_mean_of_picture(const tsr_node *node, const tsr_tensor *x) {
    const int64_t *axes = node->attr.axes;
    return x->rank == 4 && node->attr.axis_count == 2 && ((axes[0] == 1 && axes[1] == 2) || (axes[0] == 2 && axes[1] == 1));
}

static bool describe_mean(const tsr_tensor *x, const tsr_node *node, const tsr_config *config, pool *p, const char **why) {
    *why = NULL;
    if (config->block_in != config->block_out)
        *why = "pooling needs block_in == block_out";
    else if (!is_mean_of_picture(node, x))
        *why = "a Mean over other dimensions than height and width";
    else if (node->requant.out == NULL || node->requant.channels != 1)
        *why = "a Mean without a scale of its own";
    if (*why != NULL)
        return false;
    *p = (pool){.images = x->shape[0],
                .in_rows = x->shape[1],
                .in_columns = x->shape[2],
                .out_rows = 1,
                .out_columns = 1,
                .channels = x->shape[3],
                .kh = x->shape[1],
                .kw = x->shape[2],
                .sy = 1,
                .sx = 1,
                .blocks = ceil_div(x->shape[3], config->block_out),
                .average = true,
                .mean = node->requant.out[0]};
    return true;
}

static bool describe(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, pool *p, const char **why) {
    const tsr_tensor *x = tensor_of(graph, node->inputs[0]), *y = tensor_of(graph, node->outputs[0]);
    const tsr_attr *a = &node->attr;
    memset(p, 0, sizeof *p);
    if (node->op == TSR_OP_MEAN)
        return describe_mean(x, node, config, p, why);
    *p = (pool){.images = x->shape[0],
                .in_rows = x->shape[1],
                .in_columns = x->shape[2],
                .out_rows = y->shape[1],
                .out_columns = y->shape[2],
                .channels = y->shape[3],
                .kh = a->kernel[0],
                .kw = a->kernel[1],
                .sy = a->stride[0],
                .sx = a->stride[1],
                .pad_top = a->pad_top,
                .pad_left = a->pad_left};
    p->blocks = ceil_div(p->channels, config->block_out);
    p->average = node->op == TSR_OP_AVERAGE_POOL;
    bool padded = a->pad_top || a->pad_left || a->pad_bottom || a->pad_right || (p->out_rows - 1) * p->sy + p->kh > p->in_rows ||
                  (p->out_columns - 1) * p->sx + p->kw > p->in_columns;
    p->pad = p->average ? node->requant.in_zero_point[0] : -128;
    *why = NULL;
    if (config->block_in != config->block_out)
        *why = "pooling needs block_in == block_out";
    else if (a->dilation[0] > 1 || a->dilation[1] > 1)
        *why = "dilated pooling";
    else if (a->pad_top > 63 || a->pad_left > 63 || a->pad_bottom > 63 || a->pad_right > 63)
        *why = "padding of more than 63";
    else if (p->average && padded && !a->count_include_pad)
        *why = "the windows of an average pool differ in size";
    else if (p->average && node->requant.out != NULL && node->requant.channels > 0) // its own scale, with the count in it
        p->mean = node->requant.out[0];
    else if (p->average && !mean_rescale(p->kh * p->kw, &p->mean))
        *why = "no exact fixed-point mean for this window";
    return *why == NULL;
}

typedef struct tile {
    int64_t th, tw, blocks;
    double cycles;
} tile;

// Cycles of the busiest of ALU, reads and writes.
static double cost(const pool *p, const tsr_config *config, const tile *t) {
    enum { TILE_OVERHEAD = 30 };
    const int64_t down = ceil_div(p->out_rows, config->batch * t->th), across = ceil_div(p->out_columns, t->tw),
                  deep = ceil_div(p->blocks, t->blocks);
    const double tiles = (double)(p->images * down * across * deep);
    const double run = (double)min64(t->blocks * config->block_out, p->channels);
    const bool whole = t->blocks == p->blocks;
    const double in_rows = (double)(config->batch * ((t->th - 1) * p->sy + p->kh)),
                 in_columns = (double)((t->tw - 1) * p->sx + p->kw);
    const double reads = tiles * copy_cycles(config, in_rows, in_columns, run, whole);
    const double writes = tiles * copy_cycles(config, (double)(config->batch * t->th), (double)t->tw, run, whole);
    const double results = (double)(p->images * ceil_div(p->out_rows, config->batch) * p->out_columns * p->blocks);
    const double passes = results * (double)(p->kh * p->kw + 1);
    const double ends = (reads + passes + writes - fmax(passes, fmax(reads, writes))) / tiles + SCHEDULE_LATENCY;
    return fmax(passes, fmax(reads, writes)) + tiles * TILE_OVERHEAD + ends;
}

static bool choose_tile(const pool *p, const tsr_config *config, tile *out) {
    int64_t widths[40], blocks[40];
    uint32_t width_count = tile_sizes(p->out_columns, widths, 40), block_count = tile_sizes(p->blocks, blocks, 40);
    bool found = false;
    for (uint32_t w = 0; w < width_count; w++)
        for (uint32_t b = 0; b < block_count; b++)
            for (int64_t th = ceil_div(p->out_rows, config->batch); th >= 1; th--) {
                tile t = {th, widths[w], blocks[b], 0};
                int64_t inputs = ((th - 1) * p->sy + p->kh) * ((t.tw - 1) * p->sx + p->kw) * t.blocks;
                int64_t results = th * t.tw * t.blocks;
                if (inputs > tsr_inp_entries(config) / 2 || results > tsr_acc_entries(config) / 2 ||
                    results > tsr_out_entries(config) / 2)
                    continue;
                t.cycles = cost(p, config, &t);
                if (!found || t.cycles < out->cycles)
                    *out = t;
                found = true;
            }
    return found;
}

bool pool_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason) {
    pool p;
    const char *why;
    tile t;
    if (describe(graph, node, config, &p, &why) && !choose_tile(&p, config, &t))
        why = "not even one window fits the buffers";
    if (why == NULL)
        *out_cycles = t.cycles;
    snprintf(reason, TSR_PLACE_REASON_BYTES, "%s", why != NULL ? why : "pooled on the ALU");
    return why == NULL;
}

tsr_status schedule_pool(const job *j) {
    const tsr_config *config = j->accel->config;
    pool p;
    const char *why;
    tile t;
    const int64_t lanes = config->block_out;
    if (!describe(j->graph, j->node, config, &p, &why) || !choose_tile(&p, config, &t))
        return tsr_error(TSR_INTERNAL, "placed on the accelerator, which cannot run it");
    const tsr_requant *q = &j->node->requant;
    tsr_tbuffer *parameters = NULL;
    int64_t par = 0;
    bool rescales = p.average;
    if (rescales) {
        int32_t *words = TSR_NEW_ARRAY(j->s->arena, int32_t, lanes * 3);
        bool own_scale = q->out != NULL && q->channels > 0;
        for (int64_t o = 0; o < lanes; o++) // with a scale of its own the zero point is taken off the sum first
            put_par(words + o * 3, own_scale ? (int32_t)(-q->in_zero_point[0] * p.kh * p.kw) : 0, p.mean);
        parameters = place_constant(j, "parameters", TSR_I32, words, (size_t)(lanes * 3));
        par = take_half(j->accel, SPACE_PAR, tsr_par_entries(config));
        schedule_load_par(j->s, parameters, 0, 1, par);
    }
    int32_t zero_point = rescales && q->out != NULL && q->channels > 0 ? q->out_zero_point : 0;
    for (int64_t image = 0; image < p.images; image++)
        for (int64_t oy = 0; oy < p.out_rows; oy += t.th * config->batch)
            for (int64_t ox = 0; ox < p.out_columns; ox += t.tw)
                for (int64_t b0 = 0; b0 < p.blocks; b0 += t.blocks) {
                    TSR_TRY(schedule_room(j));
                    int64_t th = min64(t.th, ceil_div(p.out_rows - oy, config->batch)), tw = min64(t.tw, p.out_columns - ox);
                    int64_t blocks = min64(t.blocks, p.blocks - b0), iw = (tw - 1) * p.sx + p.kw;
                    int64_t run = min64(blocks * lanes, p.channels - b0 * lanes);
                    int64_t inp = take_half(j->accel, SPACE_INP, tsr_inp_plane_bytes(config));
                    int64_t acc = take_half(j->accel, SPACE_ACC, tsr_acc_entries(config));
                    int64_t out = take_half(j->accel, SPACE_OUT, tsr_out_entries(config));
                    for (uint32_t plane = 0; plane < config->batch; plane++) {
                        int64_t first = oy + plane * th, rows = min64(th, p.out_rows - first);
                        if (rows <= 0)
                            break;
                        rows = (rows - 1) * p.sy + p.kh;
                        int64_t iy = first * p.sy - p.pad_top, ix = ox * p.sx - p.pad_left;
                        block in = {.dram = j->work[j->node->inputs[0]],
                                    .rows = rows,
                                    .columns = iw,
                                    .run = run,
                                    .row_stride = p.in_columns * p.channels,
                                    .column_stride = p.channels,
                                    .sram = inp,
                                    .sram_row_stride = iw * blocks * lanes,
                                    .sram_column_stride = blocks * lanes,
                                    .pad = p.pad,
                                    .plane = plane};
                        in.dram_offset = ((image * p.in_rows + iy) * p.in_columns + ix) * p.channels + b0 * lanes;
                        in.row_begin = min64(rows, max64(0, -iy));
                        in.row_end = max64(in.row_begin, min64(rows, p.in_rows - iy));
                        in.column_begin = min64(iw, max64(0, -ix));
                        in.column_end = max64(in.column_begin, min64(iw, p.in_columns - ix));
                        schedule_load_inp(j->s, &in);
                    }
                    for (int64_t tap = 0; tap < p.kh * p.kw; tap++) {
                        step loops[] = {{"oy", th, tw * blocks, p.sy * iw * blocks, 0},
                                        {"ox", tw, blocks, p.sx * blocks, 0},
                                        {"ob", blocks, 1, 1, 0}};
                        vector v = {.op = tap == 0    ? OP_MOV
                                          : p.average ? OP_ADD
                                                      : OP_MAX,
                                    .from = FROM_INP,
                                    .dst = acc,
                                    .src = inp / lanes + (tap / p.kw * iw + tap % p.kw) * blocks};
                        schedule_alu(j->s, 3, loops, &v);
                    }
                    step loops[] = {{"e", th * tw * blocks, 1, 1, 0}};
                    vector v = {.op = OP_MOV,
                                .from = FROM_ACC,
                                .rescale = rescales,
                                .clip = true,
                                .to_out = true,
                                .imm = zero_point,
                                .lo = q->lo,
                                .hi = q->hi,
                                .dst = out,
                                .src = acc,
                                .par = par};
                    schedule_alu(j->s, 1, loops, &v);
                    for (uint32_t plane = 0; plane < config->batch; plane++) {
                        int64_t first = oy + plane * th, rows = min64(th, p.out_rows - first);
                        if (rows <= 0)
                            break;
                        block to = {.dram = j->work[j->node->outputs[0]],
                                    .rows = rows,
                                    .columns = tw,
                                    .run = run,
                                    .row_stride = p.out_columns * p.channels,
                                    .column_stride = p.channels,
                                    .sram = out * lanes,
                                    .sram_row_stride = tw * blocks * lanes,
                                    .sram_column_stride = blocks * lanes,
                                    .plane = plane};
                        to.dram_offset = ((image * p.out_rows + first) * p.out_columns + ox) * p.channels + b0 * lanes;
                        schedule_store_out(j->s, &to);
                    }
                }
    return tsr_ok();
}
