// SPDX-License-Identifier: Apache-2.0
#include "nest.h"

#include <string.h>

#include "rescale.h"

void scheduler_begin(scheduler *s, tsr_arena *arena, const tsr_config *config, const char *name) {
    memset(s, 0, sizeof *s);
    s->arena = arena;
    s->config = config;
    s->function = tsr_function_create(arena, name);
    s->inp = tsr_tbuffer_create(arena, "inp", TSR_SCOPE_INP, TSR_I8, config->inp_buffer);
    s->wgt = tsr_tbuffer_create(arena, "wgt", TSR_SCOPE_WGT, TSR_I8, config->wgt_buffer);
    s->acc = tsr_tbuffer_create(arena, "acc", TSR_SCOPE_ACC, TSR_I32, config->acc_buffer / 4);
    s->out = tsr_tbuffer_create(arena, "out", TSR_SCOPE_OUT, TSR_I8, config->out_buffer);
    s->par = tsr_tbuffer_create(arena, "par", TSR_SCOPE_PAR, TSR_I32, config->par_buffer / 4);
}

tsr_tensor_function *scheduler_end(scheduler *s) {
    s->function->body = tsr_seq(s->arena, s->item_count, s->items);
    return s->function;
}

static void append(scheduler *s, tsr_stmt *item) {
    if (s->item_count == s->item_capacity) {
        s->item_capacity = s->item_capacity ? s->item_capacity * 2 : 64;
        tsr_stmt **items = TSR_NEW_ARRAY(s->arena, tsr_stmt *, s->item_capacity);
        if (s->item_count > 0)
            memcpy(items, s->items, s->item_count * sizeof *items);
        s->items = items;
    }
    s->items[s->item_count++] = item;
}

static const tsr_expr *number(scheduler *s, int64_t value) { return tsr_int(s->arena, TSR_I64, value); }

static const tsr_expr *add_term(scheduler *s, const tsr_expr *sum, const tsr_var *var, int64_t coefficient) {
    if (coefficient == 0)
        return sum;
    const tsr_expr *term = tsr_binary_expr(s->arena, TSR_MUL, tsr_var_expr(s->arena, var), number(s, coefficient));
    return tsr_binary_expr(s->arena, TSR_ADD, sum, term);
}

static tsr_stmt *loop(scheduler *s, const tsr_var *var, int64_t extent, tsr_stmt *body) {
    return tsr_for(s->arena, var, extent, TSR_FOR_SERIAL, body);
}

// ---- copies -----------------------------------------------------------------------------------------------------------

// begin <= var < end, leaving out what always holds for 0 <= var < extent; NULL when all of it does.
static const tsr_expr *within(scheduler *s, const tsr_expr *so_far, const tsr_var *var, int64_t begin, int64_t end,
                              int64_t extent) {
    const tsr_expr *v = tsr_var_expr(s->arena, var);
    if (begin > 0) {
        const tsr_expr *test = tsr_binary_expr(s->arena, TSR_GE, v, number(s, begin));
        so_far = so_far ? tsr_binary_expr(s->arena, TSR_AND, so_far, test) : test;
    }
    if (end < extent) {
        const tsr_expr *test = tsr_binary_expr(s->arena, TSR_LT, v, number(s, end));
        so_far = so_far ? tsr_binary_expr(s->arena, TSR_AND, so_far, test) : test;
    }
    return so_far;
}

void schedule_load_inp(scheduler *s, const block *b) {
    const tsr_var *y = tsr_var_create(s->function, "y"), *x = tsr_var_create(s->function, "x"),
                  *c = tsr_var_create(s->function, "c");
    const tsr_expr *to = number(s, (int64_t)b->plane * tsr_inp_plane_bytes(s->config) + b->sram);
    to = add_term(s, add_term(s, add_term(s, to, y, b->sram_row_stride), x, b->sram_column_stride), c, 1);
    const tsr_expr *pad = tsr_int(s->arena, TSR_I8, b->pad);
    const tsr_expr *value = pad;
    if (b->row_begin < b->row_end && b->column_begin < b->column_end) {
        const tsr_expr *from = number(s, b->dram_offset);
        from = add_term(s, add_term(s, add_term(s, from, y, b->row_stride), x, b->column_stride), c, 1);
        value = tsr_load(s->arena, b->dram, from);
        const tsr_expr *inside = within(s, NULL, y, b->row_begin, b->row_end, b->rows);
        inside = within(s, inside, x, b->column_begin, b->column_end, b->columns);
        if (inside != NULL)
            value = tsr_select(s->arena, inside, value, pad);
    }
    append(s, loop(s, y, b->rows, loop(s, x, b->columns, loop(s, c, b->run, tsr_store(s->arena, s->inp, to, value)))));
}

void schedule_store_out(scheduler *s, const block *b) {
    const tsr_var *y = tsr_var_create(s->function, "y"), *x = tsr_var_create(s->function, "x"),
                  *c = tsr_var_create(s->function, "c");
    const tsr_expr *from = number(s, (int64_t)b->plane * tsr_out_plane_bytes(s->config) + b->sram);
    from = add_term(s, add_term(s, add_term(s, from, y, b->sram_row_stride), x, b->sram_column_stride), c, 1);
    const tsr_expr *to = number(s, b->dram_offset);
    to = add_term(s, add_term(s, add_term(s, to, y, b->row_stride), x, b->column_stride), c, 1);
    append(s,
           loop(s, y, b->rows,
                loop(s, x, b->columns, loop(s, c, b->run, tsr_store(s->arena, b->dram, to, tsr_load(s->arena, s->out, from))))));
}

void schedule_load_wgt(scheduler *s, tsr_tbuffer *dram, int64_t first, int64_t rows, int64_t per_row, int64_t row_stride,
                       int64_t entry, int64_t to_stride, bool diag) {
    int64_t out = s->config->block_out, in = s->config->block_in;
    const tsr_var *y = tsr_var_create(s->function, "y"), *e = tsr_var_create(s->function, "e");
    const tsr_var *o = tsr_var_create(s->function, "o"), *k = tsr_var_create(s->function, "k");
    const tsr_expr *to = add_term(s, add_term(s, number(s, entry * out * in), y, to_stride * out * in), e, out * in);
    to = add_term(s, add_term(s, to, o, in), k, 1);
    int64_t size = diag ? out : out * in; // bytes of an entry in DRAM
    const tsr_expr *from = add_term(s, add_term(s, number(s, first * size), y, row_stride * size), e, size);
    const tsr_expr *value;
    if (diag) {
        const tsr_expr *on = tsr_binary_expr(s->arena, TSR_EQ, tsr_var_expr(s->arena, o), tsr_var_expr(s->arena, k));
        value = tsr_select(s->arena, on, tsr_load(s->arena, dram, add_term(s, from, o, 1)), tsr_int(s->arena, TSR_I8, 0));
    } else {
        value = tsr_load(s->arena, dram, add_term(s, add_term(s, from, o, in), k, 1));
    }
    tsr_stmt *store = tsr_store(s->arena, s->wgt, to, value);
    append(s, loop(s, y, rows, loop(s, e, per_row, loop(s, o, out, loop(s, k, in, store)))));
}

void schedule_load_par(scheduler *s, tsr_tbuffer *dram, int64_t first, int64_t count, int64_t entry) {
    int64_t words = (int64_t)s->config->block_out * 3;
    const tsr_var *w = tsr_var_create(s->function, "w");
    const tsr_expr *to = add_term(s, number(s, entry * words), w, 1);
    const tsr_expr *from = add_term(s, number(s, first * words), w, 1);
    append(s, loop(s, w, count * words, tsr_store(s->arena, s->par, to, tsr_load(s->arena, dram, from))));
}

// ---- compute ----------------------------------------------------------------------------------------------------------

void schedule_gemm(scheduler *s, uint32_t count, const step *loops, int64_t acc, int64_t inp, int64_t wgt, bool fresh) {
    int64_t rows = s->config->batch, out = s->config->block_out, in = s->config->block_in;
    for (int zeroing = fresh; zeroing >= 0; zeroing--) {
        const tsr_var *var[16];
        const tsr_var *b = tsr_var_create(s->function, "b"), *o = tsr_var_create(s->function, "o"),
                      *k = tsr_var_create(s->function, "k");
        const tsr_expr *a_index = add_term(s, add_term(s, number(s, acc * rows * out), b, out), o, 1);
        const tsr_expr *i_index = add_term(s, add_term(s, number(s, inp * in), b, tsr_inp_plane_bytes(s->config)), k, 1);
        const tsr_expr *w_index = add_term(s, add_term(s, number(s, wgt * out * in), o, in), k, 1);
        for (uint32_t i = 0; i < count; i++) {
            if (loops[i].extent == 1) // adds nothing to any index
                continue;
            var[i] = tsr_var_create(s->function, loops[i].name);
            a_index = add_term(s, a_index, var[i], loops[i].dst * rows * out);
            i_index = add_term(s, i_index, var[i], loops[i].src * in);
            w_index = add_term(s, w_index, var[i], loops[i].par * out * in);
        }
        const tsr_expr *value;
        if (zeroing) {
            value = tsr_int(s->arena, TSR_I32, 0);
        } else {
            const tsr_expr *x = tsr_cast(s->arena, TSR_I32, tsr_load(s->arena, s->inp, i_index));
            const tsr_expr *w = tsr_cast(s->arena, TSR_I32, tsr_load(s->arena, s->wgt, w_index));
            value =
                tsr_binary_expr(s->arena, TSR_ADD, tsr_load(s->arena, s->acc, a_index), tsr_binary_expr(s->arena, TSR_MUL, x, w));
        }
        tsr_stmt *nest = tsr_store(s->arena, s->acc, a_index, value);
        if (!zeroing)
            nest = loop(s, k, in, nest);
        nest = loop(s, b, rows, loop(s, o, out, nest));
        for (uint32_t i = count; i-- > 0;)
            if (loops[i].extent > 1 && (!zeroing || loops[i].dst != 0))
                nest = loop(s, var[i], loops[i].extent, nest);
        append(s, nest);
    }
}

static const tsr_expr *sext16(scheduler *s, const tsr_expr *e) {
    return tsr_cast(s->arena, TSR_I32, tsr_cast(s->arena, TSR_I16, e));
}

void schedule_alu(scheduler *s, uint32_t count, const step *loops, const vector *v) {
    int64_t rows = s->config->batch, out = s->config->block_out, in = s->config->block_in;
    const tsr_var *b = tsr_var_create(s->function, "b"), *o = tsr_var_create(s->function, "o");
    const tsr_var *var[16];
    int64_t dst_entry = v->to_out ? out : rows * out, dst_row = v->to_out ? (int64_t)tsr_out_plane_bytes(s->config) : out;
    int64_t src_entry = v->from == FROM_INP ? in : rows * out,
            src_row = v->from == FROM_INP ? (int64_t)tsr_inp_plane_bytes(s->config) : out;
    const tsr_expr *dst = add_term(s, add_term(s, number(s, v->dst * dst_entry), b, dst_row), o, 1);
    const tsr_expr *src = add_term(s, add_term(s, number(s, v->src * src_entry), b, src_row), o, 1);
    const tsr_expr *par = add_term(s, number(s, v->par * out * 3), o, 3);
    for (uint32_t i = 0; i < count; i++) {
        if (loops[i].extent == 1)
            continue;
        var[i] = tsr_var_create(s->function, loops[i].name);
        dst = add_term(s, dst, var[i], loops[i].dst * dst_entry);
        src = add_term(s, src, var[i], loops[i].src * src_entry);
        par = add_term(s, par, var[i], loops[i].par * out * 3);
    }
    const tsr_expr *t = v->from == FROM_IMM   ? tsr_int(s->arena, TSR_I32, v->imm)
                        : v->from == FROM_INP ? tsr_cast(s->arena, TSR_I32, tsr_load(s->arena, s->inp, src))
                                              : tsr_load(s->arena, s->acc, src);
    if (v->rescale) {
        const tsr_expr *p[3];
        for (int i = 0; i < 3; i++)
            p[i] = tsr_load(s->arena, s->par, tsr_binary_expr(s->arena, TSR_ADD, par, number(s, i)));
        t = tsr_binary_expr(s->arena, TSR_ADD, rescale_expr(s->arena, t, p[0], p[1], p[2]), tsr_int(s->arena, TSR_I32, v->imm));
    }
    const tsr_expr *r = t;
    if (v->op != OP_MOV) {
        static const tsr_binary binary[] = {[OP_ADD] = TSR_ADD, [OP_SUB] = TSR_SUB, [OP_MUL] = TSR_MUL, [OP_MIN] = TSR_MIN,
                                            [OP_MAX] = TSR_MAX, [OP_SHL] = TSR_SHL, [OP_SHR] = TSR_SHR};
        const tsr_expr *a = tsr_load(s->arena, s->acc, dst);
        r = v->op == OP_MUL ? tsr_binary_expr(s->arena, TSR_MUL, sext16(s, a), sext16(s, t))
                            : tsr_binary_expr(s->arena, binary[v->op], a, t);
    }
    if (v->clip)
        r = tsr_binary_expr(s->arena, TSR_MIN, tsr_binary_expr(s->arena, TSR_MAX, r, tsr_int(s->arena, TSR_I32, v->lo)),
                            tsr_int(s->arena, TSR_I32, v->hi));
    if (v->to_out) {
        r = tsr_binary_expr(s->arena, TSR_MIN, tsr_binary_expr(s->arena, TSR_MAX, r, tsr_int(s->arena, TSR_I32, -128)),
                            tsr_int(s->arena, TSR_I32, 127));
        r = tsr_cast(s->arena, TSR_I8, r);
    }
    tsr_stmt *nest = tsr_store(s->arena, v->to_out ? s->out : s->acc, dst, r);
    nest = loop(s, b, rows, loop(s, o, out, nest));
    for (uint32_t i = count; i-- > 0;)
        if (loops[i].extent > 1)
            nest = loop(s, var[i], loops[i].extent, nest);
    append(s, nest);
}
