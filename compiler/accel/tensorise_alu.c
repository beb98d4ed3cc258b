// SPDX-License-Identifier: Apache-2.0
// Vector operations of the ALU.
#include <string.h>

#include "nest.h"
#include "peel.h"
#include "rescale.h"

static bool is_clip(const tsr_expr *e) {
    return is_binary(e, TSR_MIN) && e->b->kind == TSR_E_INT && is_binary(e->a, TSR_MAX) && e->a->b->kind == TSR_E_INT;
}

tsr_status match_alu(tsr_arena *arena, const tsr_config *config, peeled *p, shape *out) {
    alu_shape *v = &out->as.alu;
    char text[LOOPS_TEXT];
    out->kind = SHAPE_ALU;
    const tsr_expr *e = p->store->value;
    v->to_out = p->store->buffer->scope == TSR_SCOPE_OUT;
    if (v->to_out) {
        if (e->kind != TSR_E_CAST || !is_clip(e->a) || !is_int(e->a->b, 127) || !is_int(e->a->a->b, -128))
            NO_MATCH("what is stored to '%s' is not saturated: i8(min(max(value, -128), 127))", p->store->buffer->name);
        e = e->a->a->a;
    }
    if (is_clip(e)) {
        v->clip = true;
        v->lo = (int32_t)e->a->b->value.i;
        v->hi = (int32_t)e->b->value.i;
        e = e->a->a;
    }
    const tsr_expr *t = e;
    v->op = OP_MOV;
    if (!v->to_out && e->kind == TSR_E_BINARY) {
        static const int ops[] = {[TSR_ADD] = OP_ADD, [TSR_SUB] = OP_SUB, [TSR_MUL] = OP_MUL, [TSR_MIN] = OP_MIN,
                                  [TSR_MAX] = OP_MAX, [TSR_SHL] = OP_SHL, [TSR_SHR] = OP_SHR};
        tsr_binary op = e->value.binary;
        const tsr_expr *a = op == TSR_MUL ? low16(e->a) : e->a, *right = op == TSR_MUL ? low16(e->b) : e->b;
        bool known =
            op == TSR_ADD || op == TSR_SUB || op == TSR_MUL || op == TSR_MIN || op == TSR_MAX || op == TSR_SHL || op == TSR_SHR;
        if (known && a != NULL && right != NULL && a->kind == TSR_E_LOAD && a->value.buffer == p->store->buffer &&
            tsr_expr_equal(a->a, p->store->index)) {
            v->op = (uint32_t)ops[op];
            t = right;
        }
    }
    const tsr_expr *bias = NULL, *source = rescale_match(arena, t, &bias);
    if (source == NULL && is_binary(t, TSR_ADD) && t->b->kind == TSR_E_INT &&
        (source = rescale_match(arena, t->a, &bias)) != NULL)
        v->imm = (int32_t)t->b->value.i;
    v->rescale = source != NULL;
    if (!v->rescale)
        source = t;
    tsr_affine si, pi;
    memset(&si, 0, sizeof si);
    memset(&pi, 0, sizeof pi);
    const tsr_expr *load =
        source->kind == TSR_E_LOAD && source->value.buffer->scope == TSR_SCOPE_ACC ? source : widened_load(source, TSR_SCOPE_INP);
    if (load != NULL) {
        v->src_kind = load->value.buffer->scope == TSR_SCOPE_INP ? FROM_INP : FROM_ACC;
        TSR_TRY(affine_load(load, &si));
    } else if (source->kind == TSR_E_INT && !v->rescale) {
        v->src_kind = FROM_IMM;
        v->imm = (int32_t)source->value.i;
    } else {
        NO_MATCH("%s of what is stored to '%s' is %s; the ALU takes acc, inp widened to int32, or a number",
                 v->rescale        ? "the rescaled operand"
                 : v->op == OP_MOV ? "the value"
                                   : "the right operand",
                 p->store->buffer->name, operand_text(source, text));
    }
    if (v->rescale) {
        if (bias->kind != TSR_E_LOAD || bias->value.buffer->scope != TSR_SCOPE_PAR)
            NO_MATCH("the bias of a rescale is %s; its parameters are loads of par", operand_text(bias, text));
        TSR_TRY(affine_load(bias, &pi));
    }
    int64_t rows = config->batch, lanes = config->block_out, in = config->block_in;
    if (v->src_kind == FROM_INP && in != lanes)
        NO_MATCH("vector operations read INP only where block_in == block_out");
    int64_t dst_entry = v->to_out ? lanes : rows * lanes, dst_row = v->to_out ? (int64_t)tsr_out_plane_bytes(config) : lanes;
    int64_t src_entry = v->src_kind == FROM_INP ? in : rows * lanes,
            src_row = v->src_kind == FROM_INP ? (int64_t)tsr_inp_plane_bytes(config) : lanes;
    const tsr_var *b, *o;
    const char *to = p->store->buffer->name, *from = load != NULL ? load->value.buffer->name : "";
    if (!take_lane(p, &p->to, lanes, 1, &o))
        return no_lane(p, to, "lanes", lanes, 1);
    if (!take_lane(p, &p->to, rows, dst_row, &b))
        return no_lane(p, to, "batch rows", rows, dst_row);
    if (load != NULL) {
        TSR_TRY(check_step(&si, from, o, 1));
        TSR_TRY(check_step(&si, from, b, src_row));
    }
    if (v->rescale) {
        TSR_TRY(check_step(&pi, "par", o, 3));
        TSR_TRY(check_step(&pi, "par", b, 0));
    }
    const tsr_var *lane_vars[2] = {b, o};
    TSR_TRY(check_entries(&p->to, to, lane_vars, 2, dst_entry));
    TSR_TRY(check_entries(&si, from, lane_vars, 2, src_entry));
    TSR_TRY(check_entries(&pi, "par", lane_vars, 2, lanes * 3));
    if (p->count > MAX_LOOPS)
        NO_MATCH("%u loops around a vector operation, more than %d", p->count, MAX_LOOPS);
    v->loop_count = p->count;
    for (uint32_t i = 0; i < p->count; i++)
        v->loop[i] =
            (lane_loop){p->extent[i], tsr_affine_coefficient(&p->to, p->var[i]) / dst_entry,
                        tsr_affine_coefficient(&si, p->var[i]) / src_entry, tsr_affine_coefficient(&pi, p->var[i]) / (lanes * 3)};
    v->dst = p->to.constant / dst_entry;
    v->src = si.constant / src_entry;
    v->par = pi.constant / (lanes * 3);
    return tsr_ok();
}
