// SPDX-License-Identifier: Apache-2.0
// Elementwise operators on the ALU. Shapes do not matter: tensors of one shape are flat rows of bytes, cut into entries;
// planes take one strip of a tile each.
#include <stdio.h>
#include <string.h>

#include "schedule.h"

// Parameters are per tensor: PAR entries of equal lanes.
enum { PAR_A, PAR_B, PAR_OUT, PAR_ENTRIES };

static bool same_shape(const tsr_tensor *a, const tsr_tensor *b) {
    if (tsr_tensor_elements(a) != tsr_tensor_elements(b))
        return false;
    uint32_t i = a->rank, k = b->rank; // leading ones do not matter
    while (i > 0 && k > 0)
        if (a->shape[--i] != b->shape[--k])
            return false;
    return true;
}

bool elementwise_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles,
                           char *reason) {
    const char *why = NULL;
    const tsr_tensor *y = tensor_of(graph, node->outputs[0]);
    bool binary = node->op == TSR_OP_ADD || node->op == TSR_OP_SUB || node->op == TSR_OP_MUL;
    if (config->block_in != config->block_out)
        why = "vector operations on inputs need block_in == block_out";
    for (uint32_t i = 0; i < (binary ? 2u : 1u) && why == NULL; i++) {
        const tsr_tensor *x = tensor_of(graph, node->inputs[i]);
        if (x->data != NULL)
            why = "an operand is a constant";
        else if (!same_shape(x, y))
            why = "operands of different shapes";
    }
    if (why == NULL && tsr_par_entries(config) / 2 < PAR_ENTRIES)
        why = "the parameter buffer is too small";
    const double bytes = (double)tsr_tensor_elements(y), entries = bytes / (config->block_out * config->batch);
    *out_cycles = vector_cycles(config, entries * (node->op == TSR_OP_MUL ? 6 : binary ? 3 : 1), bytes * (binary ? 2 : 1), bytes);
    snprintf(reason, TSR_PLACE_REASON_BYTES, "%s", why != NULL ? why : "elementwise on the ALU");
    return why == NULL;
}

static void load_strips(const job *j, tsr_tbuffer *x, int64_t total, int64_t at, int64_t strip, int64_t inp) {
    int64_t lanes = j->accel->config->block_out;
    for (uint32_t p = 0; p < j->accel->config->batch; p++) {
        int64_t from = (at + p * strip) * lanes, bytes = min64(strip * lanes, total - from);
        if (bytes <= 0)
            break;
        block b = {.dram = x,
                   .dram_offset = from,
                   .rows = 1,
                   .columns = 1,
                   .run = bytes,
                   .sram = inp,
                   .row_end = 1,
                   .column_end = 1,
                   .plane = p};
        schedule_load_inp(j->s, &b);
    }
}

tsr_status schedule_elementwise(const job *j) {
    const tsr_config *config = j->accel->config;
    const tsr_node *node = j->node;
    const tsr_requant *q = &node->requant;
    int64_t lanes = config->block_out, total = (int64_t)tsr_tensor_elements(tensor_of(j->graph, node->outputs[0]));
    bool binary = node->op == TSR_OP_ADD || node->op == TSR_OP_SUB || node->op == TSR_OP_MUL;
    // A clip of one scale and zero point moves no number; one of one scale only adds the difference of the zero points.
    bool rescales = node->op != TSR_OP_CLIP || q->channels > 0 || q->in_zero_point[0] != q->out_zero_point;
    const tsr_rescale by = q->channels > 0 ? q->out[0] : (tsr_rescale){.multiplier = 1 << 30, .lsh = 1};

    int32_t *words = TSR_NEW_ARRAY(j->s->arena, int32_t, PAR_ENTRIES *lanes * 3);
    int64_t par = 0;
    if (rescales) {
        for (int64_t o = 0; o < lanes; o++) {
            // ADD and SUB scale each operand after << 20, which joins the left shift of its rescale.
            tsr_rescale a = q->in[0], b = q->in[1];
            a.lsh = (uint8_t)(a.lsh + 20);
            b.lsh = (uint8_t)(b.lsh + 20);
            if (node->op == TSR_OP_ADD || node->op == TSR_OP_SUB) {
                if (a.lsh > 31 || b.lsh > 31)
                    return tsr_error(TSR_UNSUPPORTED, "operand scales lie too far apart");
                put_par(words + (PAR_A * lanes + o) * 3, -q->in_zero_point[0], a);
                put_par(words + (PAR_B * lanes + o) * 3, -q->in_zero_point[1], b);
            }
            put_par(words + (PAR_OUT * lanes + o) * 3, binary ? 0 : -q->in_zero_point[0], by);
        }
        tsr_tbuffer *parameters = place_constant(j, "parameters", TSR_I32, words, (size_t)(PAR_ENTRIES * lanes * 3));
        par = take_half(j->accel, SPACE_PAR, tsr_par_entries(config));
        schedule_load_par(j->s, parameters, 0, PAR_ENTRIES, par);
    }

    int64_t entries = ceil_div(total, lanes);
    int64_t inp_entries = tsr_inp_entries(config) / 4; // a half holds both operands
    int64_t acc_entries = tsr_acc_entries(config) / 4; // and both of theirs (MUL)
    int64_t strip = min64(min64(inp_entries, acc_entries), tsr_out_entries(config) / 2);
    strip = min64(strip, 65535 / lanes);
    strip = min64(strip, ceil_div(entries, config->batch));
    strip = ceil_div(ceil_div(entries, config->batch), ceil_div(ceil_div(entries, config->batch), strip)); // balanced
    for (int64_t at = 0; at < entries; at += strip * config->batch) {
        TSR_TRY(schedule_room(j));
        int64_t n = min64(strip, ceil_div(entries - at, config->batch));
        int64_t inp = take_half(j->accel, SPACE_INP, tsr_inp_plane_bytes(config)), inp_b = inp + inp_entries * lanes;
        int64_t acc = take_half(j->accel, SPACE_ACC, tsr_acc_entries(config)), acc_b = acc + acc_entries;
        int64_t out = take_half(j->accel, SPACE_OUT, tsr_out_entries(config));
        load_strips(j, j->work[node->inputs[0]], total, at, n, inp);
        if (binary)
            load_strips(j, j->work[node->inputs[1]], total, at, n, inp_b);
        step loop = {"e", n, 1, 1, 0};
        vector result = {.op = OP_MOV,
                         .from = FROM_ACC,
                         .rescale = rescales,
                         .clip = true,
                         .to_out = true,
                         .imm = rescales ? q->out_zero_point : 0,
                         .lo = q->lo,
                         .hi = q->hi,
                         .dst = out,
                         .src = acc,
                         .par = par + PAR_OUT};
        if (node->op == TSR_OP_ADD || node->op == TSR_OP_SUB) {
            vector a = {.op = OP_MOV, .from = FROM_INP, .rescale = true, .dst = acc, .src = inp / lanes, .par = par + PAR_A};
            vector b = {.op = node->op == TSR_OP_ADD ? OP_ADD : OP_SUB,
                        .from = FROM_INP,
                        .rescale = true,
                        .dst = acc,
                        .src = inp_b / lanes,
                        .par = par + PAR_B};
            schedule_alu(j->s, 1, &loop, &a);
            schedule_alu(j->s, 1, &loop, &b);
        } else if (node->op == TSR_OP_MUL) {
            vector load_a = {.op = OP_MOV, .from = FROM_INP, .dst = acc, .src = inp / lanes},
                   load_b = {.op = OP_MOV, .from = FROM_INP, .dst = acc_b, .src = inp_b / lanes};
            vector zero_a = {.op = OP_SUB, .from = FROM_IMM, .imm = q->in_zero_point[0], .dst = acc},
                   zero_b = {.op = OP_SUB, .from = FROM_IMM, .imm = q->in_zero_point[1], .dst = acc_b};
            vector product = {.op = OP_MUL, .from = FROM_ACC, .dst = acc, .src = acc_b};
            schedule_alu(j->s, 1, &loop, &load_a);
            schedule_alu(j->s, 1, &loop, &load_b);
            schedule_alu(j->s, 1, &loop, &zero_a);
            schedule_alu(j->s, 1, &loop, &zero_b);
            schedule_alu(j->s, 1, &loop, &product);
        } else {
            result.from = FROM_INP;
            result.src = inp / lanes;
        }
        schedule_alu(j->s, 1, &loop, &result);
        for (uint32_t p = 0; p < config->batch; p++) {
            int64_t to = (at + p * n) * lanes, bytes = min64(n * lanes, total - to);
            if (bytes <= 0)
                break;
            block b = {.dram = j->work[node->outputs[0]],
                       .dram_offset = to,
                       .rows = 1,
                       .columns = 1,
                       .run = bytes,
                       .sram = out * lanes,
                       .plane = p};
            schedule_store_out(j->s, &b);
        }
    }
    return tsr_ok();
}
