// SPDX-License-Identifier: Apache-2.0
#include "gemm.h"

#include <string.h>

static int64_t round_up(int64_t value, int64_t to) { return (value + to - 1) / to * to; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t lanes_of(const lowering *l, const gemm *m) { return l->target->vector_bytes / (int64_t)tsr_dtype_size(m->type); }
static int64_t dot_of(const lowering *l, const gemm *m) {
    return m->operand == TSR_I8 ? 4 : m->operand == TSR_I16 ? l->target->dot : 1;
}

int64_t gemm_run(const lowering *l, const gemm *m) { return round_up(m->run, dot_of(l, m)); }

// ---- four bytes at a time ----------------------------------------------------------------------------------------------
bool gemm_takes_quads(const lowering *l, const tsr_tensor *x, const tsr_tensor *w) {
    bool bytes = x->dtype == TSR_I8 || x->dtype == TSR_U8;
    if (l->target->quad == TSR_DTYPE_NONE || !bytes || w->dtype != TSR_I8 || w->data == NULL)
        return false;
    for (uint32_t i = 0; i < w->quant.count && w->quant.zero_point != NULL; i++)
        if (w->quant.zero_point[i] != 0)
            return false;
    return true;
}

ex gemm_quad(lowering *l, ex stored) {
    if (stored->dtype == l->target->quad)
        return stored;
    ex bits = op(l, TSR_XOR, tsr_bitcast(l->arena, TSR_U8, stored), tsr_int(l->arena, TSR_U8, 128));
    return tsr_bitcast(l->arena, l->target->quad, bits);
}

int32_t gemm_quad_zero(const lowering *l, tsr_dtype stored, int32_t zero) {
    return stored == l->target->quad ? zero : stored == TSR_I8 ? zero + 128 : zero - 128;
}

// ---- tiles -------------------------------------------------------------------------------------------------------------
// As many pixels as leave room for a row of weights, a broadcast element and for integers a product; rather one or two fewer
// when that leaves a better rest. A rest of fewer than 4 pixels takes as long as 4: the sums wait for each other.
static int64_t choose_pixels(const lowering *l, const gemm *m, int64_t width) {
    enum { MOST = 12, SHORTEST = 4 };
    int64_t vectors = width / lanes_of(l, m), reserved = vectors + (m->type == TSR_I32 ? 2 : 1);
    int64_t most = (l->target->registers - reserved) / vectors;
    most = most > MOST ? MOST : most < 1 ? 1 : most;
    if (m->pixels <= most)
        return m->pixels;
    int64_t best = most, best_cost = INT64_MAX;
    for (int64_t n = most; n >= 1 && n >= most - 2; n--) {
        int64_t rest = m->pixels % n, cost = m->pixels - rest + (rest == 0 ? 0 : rest < SHORTEST ? SHORTEST : rest);
        if (cost < best_cost) {
            best = n;
            best_cost = cost;
        }
    }
    return best;
}

static void add_kind(const lowering *l, gemm *m, int64_t first, int64_t size, int64_t count) {
    int64_t width = round_up(size, lanes_of(l, m));
    channel_tiles *kind = &m->kinds[m->kind_count++];
    *kind = (channel_tiles){.first = first, .size = size, .width = width, .count = count, .offset = m->packed};
    kind->pixels = choose_pixels(l, m, width);
    m->packed += width * count * m->runs_y * m->runs_x * gemm_run(l, m);
}

void gemm_plan(const lowering *l, gemm *m) {
    int64_t lanes = lanes_of(l, m);
    int64_t vectors = l->target->registers >= 32 && l->target->vector_bytes <= 16 ? 4 : 2;
    if (m->channels % (2 * lanes) != 0 && m->channels % (3 * lanes) == 0 && m->type != TSR_I32)
        vectors = 3;
    if (m->pixels == 1) // one row against everything: only the weights' way from memory counts
        vectors = 8;
    m->kind_count = 0;
    m->packed = 0;
    int64_t size = vectors * lanes, whole = m->channels / size, rest = m->channels % size;
    if (whole > 0)
        add_kind(l, m, 0, size, whole);
    if (rest > 0)
        add_kind(l, m, whole * size, rest, 1);
}

// ---- weights -----------------------------------------------------------------------------------------------------------
static void pack_element(tsr_dtype type, void *to, int64_t at, const tsr_tensor *w, int64_t from, int64_t zero) {
    switch (type) {
    case TSR_F32: ((float *)to)[at] = ((const float *)w->data)[from]; return;
    case TSR_F64: ((double *)to)[at] = ((const double *)w->data)[from]; return;
    case TSR_I8: ((int8_t *)to)[at] = ((const int8_t *)w->data)[from]; return;
    case TSR_I32: ((int32_t *)to)[at] = (int32_t)(constant_at(w, from) - zero); return;
    default: ((int16_t *)to)[at] = (int16_t)(constant_at(w, from) - zero); return;
    }
}

void gemm_pack(const lowering *l, const gemm *m, const tsr_tensor *w, int64_t from, void *data, int64_t at,
               int64_t (*zero)(const tsr_tensor *w, int64_t channel), int64_t first_channel) {
    const int64_t dot = dot_of(l, m), run = gemm_run(l, m), runs = m->runs_y * m->runs_x;
    tsr_dtype type = m->operand;
    for (unsigned i = 0; i < m->kind_count; i++) {
        const channel_tiles *kind = &m->kinds[i];
        for (int64_t t = 0; t < kind->count; t++)
            for (int64_t j = 0; j < kind->size; j++) {
                int64_t channel = kind->first + t * kind->size + j, z = zero(w, first_channel + channel);
                int64_t tile = at + kind->offset + t * kind->width * runs * run;
                for (int64_t r = 0; r < runs; r++)
                    for (int64_t k = 0; k < m->run; k++) {
                        int64_t to = tile + ((r * run + k) / dot * kind->width + j) * dot + (r * run + k) % dot;
                        pack_element(type, data, to, w, from + channel * m->channel_step + (r * m->run + k) * m->k_step, z);
                    }
            }
    }
}

tsr_stmt *gemm_pack_at_run_time(lowering *l, const gemm *m, tsr_tbuffer *w, ex from, ex (*zero)(lowering *l, ex channel)) {
    const int64_t dot = dot_of(l, m), run = gemm_run(l, m), runs = m->runs_y * m->runs_x;
    tsr_dtype type = m->operand;
    ex nothing = tsr_dtype_is_float(type) ? tsr_float(l->arena, type, 0) : tsr_int(l->arena, type, 0);
    tsr_stmt *parts[MAX_CHANNEL_KINDS];
    for (unsigned i = 0; i < m->kind_count; i++) {
        const channel_tiles *kind = &m->kinds[i];
        const tsr_var *t = new_var(l, "t"), *r = new_var(l, "r"), *k = new_var(l, "k"), *d = new_var(l, "d"),
                      *j = new_var(l, "j");
        ex in_run = add(l, scaled(l, var(l, k), dot), var(l, d));
        ex channel = add(l, add(l, scaled(l, var(l, t), kind->size), i64(l, kind->first)), var(l, j));
        ex source =
            add(l, scaled(l, channel, m->channel_step), scaled(l, add(l, scaled(l, var(l, r), m->run), in_run), m->k_step));
        ex value = load(l, w, add(l, from, source));
        if (m->type == TSR_I32)
            value = cast(l, type, sub(l, cast(l, TSR_I32, value), zero(l, channel)));
        ex valid = tsr_int(l->arena, TSR_BOOL, 1);
        if (run != m->run)
            valid = op(l, TSR_AND, valid, op(l, TSR_LT, in_run, i64(l, m->run)));
        if (kind->size != kind->width)
            valid = op(l, TSR_AND, valid, op(l, TSR_LT, var(l, j), i64(l, kind->size)));
        value = choose(l, valid, value, nothing);
        ex group = add(l, scaled(l, add(l, scaled(l, var(l, t), runs), var(l, r)), run / dot), var(l, k));
        ex to = add(l, scaled(l, add(l, scaled(l, group, kind->width), var(l, j)), dot), var(l, d));
        tsr_stmt *body = lanes(l, j, kind->width, store(l, m->weights, add(l, to, i64(l, kind->offset)), value));
        body = loop(l, r, runs, loop(l, k, run / dot, loop(l, d, dot, body)));
        parts[i] = tsr_for(l->arena, t, kind->count, TSR_FOR_PARALLEL, body);
    }
    return tsr_seq(l->arena, m->kind_count, parts);
}

// ---- sums --------------------------------------------------------------------------------------------------------------
// acc[q * width + j] += sum over d < dot of w[.., j, d] * x[pixel q, .. + d]
static tsr_stmt *multiply(lowering *l, const gemm *m, const channel_tiles *kind, int64_t pixels, tsr_tbuffer *acc, ex tile,
                          ex first_pixel) {
    const int64_t dot = dot_of(l, m), groups = gemm_run(l, m) / dot;
    const tsr_var *ry = new_var(l, "ry"), *rx = new_var(l, "rx"), *k = new_var(l, "k"), *j = new_var(l, "j");
    ex run = add(l, scaled(l, var(l, ry), m->runs_x), var(l, rx));
    ex group = add(l, scaled(l, add(l, scaled(l, tile, m->runs_y * m->runs_x), run), groups), var(l, k));
    ex offset = add(l, scaled(l, var(l, ry), m->run_step_y), scaled(l, var(l, rx), m->run_step_x));
    ex weights = add(l, m->weights_base, scaled(l, group, kind->width * dot));
    weights = add(l, add(l, weights, i64(l, kind->offset)), scaled(l, var(l, j), dot));
    tsr_stmt **rows = TSR_NEW_ARRAY(l->arena, tsr_stmt *, pixels);
    for (int64_t q = 0; q < pixels; q++) {
        ex pixel = m->pixel_at(l, m->context, first_pixel, q);
        ex at = add(l, add(l, pixel, offset), add(l, m->x_base, scaled(l, var(l, k), dot)));
        ex product = NULL;
        for (int64_t d = 0; d < dot; d++) {
            ex w = cast(l, m->type, load(l, m->weights, add(l, weights, i64(l, d))));
            ex one = mul(l, w, cast(l, m->type, load(l, m->x, add(l, at, i64(l, d)))));
            product = product == NULL ? one : add(l, product, one);
        }
        ex to = add(l, var(l, j), i64(l, q * kind->width));
        rows[q] = store(l, acc, to, add(l, load(l, acc, to), product));
    }
    for (int64_t q = 0; q < pixels; q++)
        rows[q] = lanes(l, j, kind->width, rows[q]);
    return loop(l, ry, m->runs_y, loop(l, rx, m->runs_x, loop(l, k, groups, tsr_seq(l->arena, (uint32_t)pixels, rows))));
}

// One register tile: pixels from first_pixel on, channels of a tile.
static tsr_stmt *register_tile(lowering *l, const gemm *m, const channel_tiles *kind, int64_t pixels, ex tile, ex first_pixel) {
    tsr_tbuffer *acc = tsr_local(l->f, "acc", m->type, (uint64_t)(pixels * kind->width)), *sums;
    const tsr_var *q = new_var(l, "p"), *j = new_var(l, "j"), *q2 = new_var(l, "p"), *j2 = new_var(l, "j");
    ex zero = tsr_dtype_is_float(m->type) ? tsr_float(l->arena, m->type, 0) : tsr_int(l->arena, m->type, 0);
    tsr_stmt *clear = lanes(l, j, kind->width, store(l, acc, add(l, scaled(l, var(l, q), kind->width), var(l, j)), zero));
    clear = tsr_for(l->arena, q, pixels, TSR_FOR_UNROLL, clear);
    tsr_stmt *add_up = multiply(l, m, kind, pixels, acc, tile, first_pixel);
    tsr_stmt *copy = copy_local(l, acc, &sums);
    ex sum = load(l, sums, add(l, scaled(l, var(l, q2), kind->width), var(l, j2)));
    ex channel = add(l, add(l, scaled(l, tile, kind->size), i64(l, kind->first)), var(l, j2));
    tsr_stmt *finish = m->finish(l, m->context, sum, add(l, first_pixel, var(l, q2)), channel);
    finish = loop(l, q2, pixels, lanes(l, j2, kind->size, finish));
    return seq4(l, clear, add_up, copy, finish);
}

// Pixels in blocks whose part of x stays in the second-level cache while all channels pass by.
static tsr_stmt *whole_tiles(lowering *l, const gemm *m, const channel_tiles *kind) {
    enum { CACHE = 160 * 1024 };
    int64_t rows = m->pixels / kind->pixels;
    int64_t width = m->run_step_x * m->runs_x > m->run ? m->run_step_x * m->runs_x : m->run;
    int64_t bytes = kind->pixels * width * (int64_t)tsr_dtype_size(m->operand);
    int64_t most = CACHE / bytes < 4 ? 4 : CACHE / bytes, block = least(rows, most);
    if (rows > most)
        for (int64_t n = most; 2 * n > most; n--)
            if (rows % n == 0) {
                block = n;
                break;
            }
    int64_t blocks = (rows + block - 1) / block;
    const tsr_var *b = new_var(l, "b"), *t = new_var(l, "t"), *p = new_var(l, "p");
    ex at = add(l, scaled(l, var(l, b), block), var(l, p));
    tsr_stmt *body = register_tile(l, m, kind, kind->pixels, var(l, t), scaled(l, at, kind->pixels));
    if (rows % block != 0)
        body = tsr_if(l->arena, op(l, TSR_LT, at, i64(l, rows)), body);
    body = loop(l, p, block, body);
    body = tsr_for(l->arena, t, kind->count, blocks > 1 ? TSR_FOR_SERIAL : TSR_FOR_PARALLEL, body);
    return tsr_for(l->arena, b, blocks, blocks > 1 ? TSR_FOR_PARALLEL : TSR_FOR_SERIAL, body);
}

tsr_stmt *gemm_loops(lowering *l, const gemm *m) {
    tsr_stmt *parts[2 * MAX_CHANNEL_KINDS];
    uint32_t count = 0;
    for (unsigned i = 0; i < m->kind_count; i++) {
        const channel_tiles *kind = &m->kinds[i];
        int64_t rest = m->pixels % kind->pixels;
        parts[count++] = whole_tiles(l, m, kind);
        if (rest > 0) {
            const tsr_var *t = new_var(l, "t");
            tsr_stmt *body = register_tile(l, m, kind, rest, var(l, t), i64(l, m->pixels - rest));
            parts[count++] = tsr_for(l->arena, t, kind->count, TSR_FOR_PARALLEL, body);
        }
    }
    return tsr_seq(l->arena, count, parts);
}
