// SPDX-License-Identifier: Apache-2.0
// A convolution's input on its way into INP.
#include "conv.h"

int64_t conv_copy_entries(const conv *c, const tsr_config *config, int64_t tw) {
    const int64_t last = (tw - 1) * c->shifts.step, in = config->block_in;
    return max64(ceil_div(last + c->shifts.window, in), last / in + c->shifts.entries);
}

int64_t conv_input_entries(const conv *c, const tsr_config *config, int64_t th, int64_t tw, int64_t nc) {
    const int64_t rows = input_extent(th, c->sy, c->kh, c->dy);
    return c->form == SHIFTED ? rows * c->shifts.copies * conv_copy_entries(c, config, tw)
                              : rows * input_extent(tw, c->sx, c->kw, c->dx) * nc;
}

double conv_input_cycles(const conv *c, const tsr_config *config, int64_t th, int64_t tw, int64_t nc) {
    const double rows = (double)(input_extent(th, c->sy, c->kh, c->dy) * config->batch);
    const picture *p = &c->picture;
    switch (c->form) {
    case PACKED: return copy_cycles(config, rows * (double)p->kh, (double)tw, (double)(p->kw * p->pixel), false);
    case SHIFTED:
        return copy_cycles(config, rows * (double)c->shifts.copies, 1, (double)((tw - 1) * c->shifts.step + c->shifts.window),
                           true);
    default: {
        const int64_t run = min64(nc * config->block_in, c->run);
        return copy_cycles(config, rows, (double)input_extent(tw, c->sx, c->kw, c->dx), (double)run, run == c->x_column);
    }
    }
}

// Of `count` rows from `y` on, `by` apart, those that the picture has.
static range rows_inside(int64_t y, int64_t by, int64_t count, int64_t height) {
    const int64_t begin = min64(count, max64(0, ceil_div(-y, by)));
    return (range){begin, max64(0, min64(count, ceil_div(height - y, by)) - begin)};
}

// Loads a block whose rows and columns have been set; without any inside it is padding, of which an instruction has less.
static void load_block(const job *j, block b, range rows, bool inside) {
    enum { MOST_PADDING = 63 };
    b.row_begin = rows.begin;
    b.row_end = rows.begin + rows.count;
    b.column_begin = 0;
    b.column_end = b.columns;
    if (b.rows <= 0 || b.columns <= 0 || b.run <= 0)
        return;
    if (inside && rows.count > 0) {
        schedule_load_inp(j->s, &b);
        return;
    }
    const block all = b;
    b.row_begin = b.row_end = 0;
    for (int64_t y = 0; y < all.rows; y += MOST_PADDING)
        for (int64_t x = 0; x < all.columns; x += MOST_PADDING) {
            b.rows = min64(all.rows - y, MOST_PADDING);
            b.columns = min64(all.columns - x, MOST_PADDING);
            b.sram = all.sram + y * all.sram_row_stride + x * all.sram_column_stride;
            schedule_load_inp(j->s, &b);
        }
}

// A pixel's window, a row of the kernel at a time, for each pixel of the result. At the picture's sides a part of it is padding.
static void load_packed(const job *j, const conv *c, const spot *t, block b, int64_t top, int64_t rows) {
    const picture *p = &c->picture;
    const int64_t first = t->ox * p->sx - p->pad_left, taps = p->kw * p->pixel, pixel_bytes = b.sram_column_stride,
                  begin = b.sram;
    const range whole = rows_inside(first, p->sx, t->tw, p->columns - p->kw + 1); // columns whose windows are inside
    b.rows = rows;
    b.row_stride = p->sy * p->row;
    b.column_stride = p->sx * p->pixel;
    for (int64_t ky = 0; ky < p->kh; ky++) {
        const int64_t y = top * p->sy + ky * p->dy - p->pad_top, row = t->image * c->x_image + c->x_offset + y * p->row;
        const range inside = rows_inside(y, p->sy, rows, p->rows);
        b.columns = whole.count;
        b.run = taps;
        b.sram = begin + ky * taps + whole.begin * pixel_bytes;
        b.dram_offset = row + (first + whole.begin * p->sx) * p->pixel;
        load_block(j, b, inside, true);
        b.columns = 1;
        for (int64_t x = 0; x < t->tw; x++) {
            if (x == whole.begin && whole.count > 0)
                x += whole.count;
            if (x == t->tw)
                break;
            const int64_t ix = first + x * p->sx, from = min64(p->kw, max64(0, -ix)),
                          to = max64(from, min64(p->kw, p->columns - ix)), at = begin + ky * taps + x * pixel_bytes;
            const range parts[] = {{0, from}, {from, to - from}, {to, p->kw - to}};
            for (int i = 0; i < 3; i++) {
                b.run = parts[i].count * p->pixel;
                b.sram = at + parts[i].begin * p->pixel;
                b.dram_offset = row + (ix + parts[i].begin) * p->pixel;
                load_block(j, b, inside, i == 1);
            }
        }
    }
}

// Whole rows, several times, each time from a little further on.
static void load_shifted(const job *j, const conv *c, const spot *t, block b, int64_t top, int64_t rows) {
    const tsr_config *config = j->accel->config;
    const picture *p = &c->picture;
    const int64_t entries = conv_copy_entries(c, config, t->tw), begin = b.sram;
    const int64_t y = top * p->sy - p->pad_top, in_rows = input_extent(rows, p->sy, p->kh, p->dy);
    const range inside = rows_inside(y, 1, in_rows, p->rows);
    b.rows = in_rows;
    b.row_stride = p->row;
    b.columns = 1;
    b.sram_row_stride = c->shifts.copies * entries * config->block_in;
    for (int64_t k = 0; k < c->shifts.copies; k++) {
        const int64_t at = (t->ox * p->sx - p->pad_left) * p->pixel + k * c->shifts.unit, // in the row
            bytes = (t->tw - 1) * c->shifts.step + c->shifts.window - k * c->shifts.unit, width = p->columns * p->pixel;
        const int64_t from = min64(max64(0, bytes), max64(0, -at)), to = max64(from, min64(bytes, width - at));
        const range parts[] = {{0, from}, {from, to - from}, {to, bytes - to}};
        for (int i = 0; i < 3; i++) {
            b.run = parts[i].count;
            b.sram = begin + k * entries * config->block_in + parts[i].begin;
            b.dram_offset = t->image * c->x_image + c->x_offset + y * p->row + at + parts[i].begin;
            load_block(j, b, inside, i == 1);
        }
    }
}

static void load_plain(const job *j, const conv *c, const spot *t, const chunk *k, range blocks, block b, int64_t top,
                       int64_t rows) {
    const int64_t in = j->accel->config->block_in, first = (k->i0 + blocks.begin) * in;
    const int64_t iy = top * c->sy - c->pad_top, ix = t->ox * c->sx - c->pad_left;
    b.rows = input_extent(rows, c->sy, c->kh, c->dy);
    b.run = min64(blocks.count * in, c->run - first);
    b.dram_offset = t->image * c->x_image + iy * c->x_row + ix * c->x_column + c->x_offset + first;
    b.row_begin = min64(b.rows, max64(0, -iy));
    b.row_end = max64(b.row_begin, min64(b.rows, c->in_rows - iy));
    b.column_begin = min64(b.columns, max64(0, -ix));
    b.column_end = max64(b.column_begin, min64(b.columns, c->in_columns - ix));
    schedule_load_inp(j->s, &b);
}

void conv_load_input(const job *j, const conv *c, const spot *t, const chunk *k, range blocks) {
    const int64_t in = j->accel->config->block_in, iw = input_extent(t->tw, c->sx, c->kw, c->dx);
    for (uint32_t p = 0; p < j->accel->config->batch; p++) {
        const int64_t top = t->oy + p * t->th, rows = min64(c->out_rows - top, t->th);
        if (rows <= 0)
            break;
        const block b = {.dram = c->x,
                         .columns = iw,
                         .row_stride = c->x_row,
                         .column_stride = c->x_column,
                         .sram = k->inp + blocks.begin * in,
                         .sram_row_stride = iw * k->nc * in,
                         .sram_column_stride = k->nc * in,
                         .pad = c->zero_point,
                         .plane = p};
        if (c->form == PACKED)
            load_packed(j, c, t, b, top, rows);
        else if (c->form == SHIFTED)
            load_shifted(j, c, t, b, top, rows);
        else
            load_plain(j, c, t, k, blocks, b, top, rows);
    }
}
