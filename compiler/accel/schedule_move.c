// SPDX-License-Identifier: Apache-2.0
// Operators that only move bytes: Concat, and Pad of height and width. Rows of bytes go from DRAM to INP, through the ALU to OUT,
// and back to where they belong. Planes take one strip of rows of a tile each. Worth it where the nodes around run here too.
#include <stdio.h>
#include <string.h>

#include "schedule.h"

typedef struct rows { // of `run` bytes each
    int64_t count, run;
    tsr_tbuffer *from;
    int64_t from_offset, from_stride; // a stride of 0: one row, again and again
    tsr_tbuffer *to;
    int64_t to_offset, to_stride;
} rows;

static int64_t entries_at_once(const tsr_config *config) {
    return min64(min64(tsr_inp_entries(config), tsr_out_entries(config)) / 2, 65535 / config->block_out);
}

static block strip(const rows *r, int64_t first, int64_t count, int64_t at, int64_t piece, int64_t lanes, bool store) {
    block b = {.rows = 1,
               .columns = count,
               .row_end = 1,
               .column_end = count,
               .run = piece,
               .sram_column_stride = ceil_div(piece, lanes) * lanes};
    b.dram = store ? r->to : r->from;
    b.column_stride = store ? r->to_stride : r->from_stride;
    b.dram_offset = (store ? r->to_offset : r->from_offset) + first * b.column_stride + at;
    return b;
}

static tsr_status move_rows(const job *j, const rows *r) {
    const tsr_config *config = j->accel->config;
    const int64_t lanes = config->block_out, most = entries_at_once(config);
    for (int64_t at = 0; at < r->run; at += most * lanes) {
        const int64_t piece = min64(r->run - at, most * lanes), blocks = ceil_div(piece, lanes);
        const int64_t longest = min64(most / blocks, ceil_div(r->count, config->batch));
        for (int64_t first = 0; first < r->count; first += longest * config->batch) {
            TSR_TRY(schedule_room(j));
            const int64_t n = min64(longest, ceil_div(r->count - first, config->batch));
            const int64_t inp = take_half(j->accel, SPACE_INP, tsr_inp_plane_bytes(config)),
                          out = take_half(j->accel, SPACE_OUT, tsr_out_entries(config));
            for (uint32_t p = 0; p < config->batch && first + p * n < r->count; p++) {
                block b = strip(r, first + p * n, min64(n, r->count - first - p * n), at, piece, lanes, false);
                b.sram = inp;
                b.plane = p;
                schedule_load_inp(j->s, &b);
            }
            const step loop = {"e", n * blocks, 1, 1, 0};
            const vector v = {.op = OP_MOV, .from = FROM_INP, .to_out = true, .dst = out, .src = inp / lanes};
            schedule_alu(j->s, 1, &loop, &v);
            for (uint32_t p = 0; p < config->batch && first + p * n < r->count; p++) {
                block b = strip(r, first + p * n, min64(n, r->count - first - p * n), at, piece, lanes, true);
                b.sram = out * lanes;
                b.plane = p;
                schedule_store_out(j->s, &b);
            }
        }
    }
    return tsr_ok();
}

static int64_t product(const int64_t *extents, uint32_t from, uint32_t to) {
    int64_t p = 1;
    for (uint32_t i = from; i < to; i++)
        p *= extents[i];
    return p;
}

static bool same_numbers(const tsr_tensor *a, const tsr_tensor *b) {
    if (a->dtype != TSR_I8 || b->dtype != TSR_I8 || a->quant.count > 1 || a->quant.count != b->quant.count)
        return false;
    return a->quant.count == 0 || (a->quant.scale[0] == b->quant.scale[0] && a->quant.zero_point[0] == b->quant.zero_point[0]);
}

static bool pads_picture(const tsr_node *node, const tsr_tensor *x) {
    const tsr_attr *a = &node->attr;
    return x->rank == 4 && a->pad_mode == TSR_PAD_VALUE && a->pads_begin[0] == 0 && a->pads_end[0] == 0 &&
           a->pads_begin[3] == 0 && a->pads_end[3] == 0;
}

bool move_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason) {
    const tsr_tensor *y = tensor_of(graph, node->outputs[0]);
    const char *why = NULL;
    if (config->block_in != config->block_out)
        why = "vector operations on inputs need block_in == block_out";
    for (uint32_t i = 0; i < node->input_count && why == NULL; i++)
        if (!same_numbers(tensor_of(graph, node->inputs[i]), y))
            why = "not int8 of one scale, or of more than one";
    if (why == NULL && node->op == TSR_OP_PAD && !pads_picture(node, tensor_of(graph, node->inputs[0])))
        why = "a Pad of other dimensions than height and width, or with other than one value";
    const double bytes = (double)tsr_tensor_elements(y);
    *out_cycles = vector_cycles(config, bytes / (config->block_out * config->batch), bytes, bytes);
    snprintf(reason, TSR_PLACE_REASON_BYTES, "%s", why != NULL ? why : "moved through the ALU");
    return why == NULL;
}

tsr_status schedule_concat(const job *j) {
    const tsr_node *node = j->node;
    const tsr_tensor *y = tensor_of(j->graph, node->outputs[0]);
    const uint32_t axis = (uint32_t)node->attr.axis;
    int64_t offset = 0;
    for (uint32_t i = 0; i < node->input_count; i++) {
        const tsr_tensor *x = tensor_of(j->graph, node->inputs[i]);
        rows r = {.count = product(x->shape, 0, axis),
                  .run = product(x->shape, axis, x->rank),
                  .from = x->data == NULL ? j->work[node->inputs[i]]
                                          : place_constant(j, "operand", TSR_I8, x->data, (size_t)tsr_tensor_elements(x)),
                  .to = j->work[node->outputs[0]],
                  .to_offset = offset,
                  .to_stride = product(y->shape, axis, y->rank)};
        r.from_stride = r.run;
        offset += r.run;
        TSR_TRY(move_rows(j, &r));
    }
    return tsr_ok();
}

// Bytes of one value to read rows from.
static tsr_tbuffer *filled(const job *j, int64_t bytes, int32_t value) {
    int8_t *data = TSR_NEW_ARRAY(j->s->arena, int8_t, bytes);
    memset(data, value, (size_t)bytes);
    return place_constant(j, "pad", TSR_I8, data, (size_t)bytes);
}

// An image: its rows, what stands before the first and after the last, what stands between two of them.
tsr_status schedule_pad(const job *j) {
    const tsr_node *node = j->node;
    const tsr_attr *a = &node->attr;
    const tsr_tensor *x = tensor_of(j->graph, node->inputs[0]), *y = tensor_of(j->graph, node->outputs[0]);
    tsr_tbuffer *from = j->work[node->inputs[0]], *to = j->work[node->outputs[0]];
    const int64_t height = x->shape[1], line = x->shape[2] * x->shape[3], to_line = y->shape[2] * y->shape[3],
                  left = a->pads_begin[2] * x->shape[3], right = a->pads_end[2] * x->shape[3],
                  above = a->pads_begin[1] * to_line + left, below = a->pads_end[1] * to_line + right;
    const int32_t fill = a->pad_is_zero_point && y->quant.count == 1 ? y->quant.zero_point[0] : (int32_t)a->pad_value;
    tsr_tbuffer *pad = filled(j, 1 + max64(max64(above, below), left + right), fill);
    for (int64_t image = 0; image < x->shape[0]; image++) {
        const int64_t begin = image * y->shape[1] * to_line, first = begin + above;
        const rows all[] = {
            {height, line, from, image * height * line, line, to, first, to_line},
            {1, above, pad, 0, 0, to, begin, 0},
            {height - 1, right + left, pad, 0, 0, to, first + line, to_line},
            {1, below, pad, 0, 0, to, first + (height - 1) * to_line + line, 0},
        };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            if (all[i].count > 0 && all[i].run > 0)
                TSR_TRY(move_rows(j, &all[i]));
    }
    return tsr_ok();
}
