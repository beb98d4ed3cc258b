// SPDX-License-Identifier: Apache-2.0
// GEMM: what the array does at once is declared as a pattern of tsr/schedule.h, which matches however the loops are written.
#include "nest.h"
#include "peel.h"
#include "tsr/schedule.h"

// What the array does at one micro-op: for b { for o { for k { acc[b, o] += inp[b, k] * wgt[o, k] } } }
static const tsr_tensor_function *gemm_pattern(tsr_arena *arena, const tsr_config *config) {
    tsr_tensor_function *f = tsr_function_create(arena, "gemm");
    tsr_tbuffer *acc = tsr_tbuffer_create(arena, "acc", TSR_SCOPE_ACC, TSR_I32, 0),
                *inp = tsr_tbuffer_create(arena, "inp", TSR_SCOPE_INP, TSR_I8, 0),
                *wgt = tsr_tbuffer_create(arena, "wgt", TSR_SCOPE_WGT, TSR_I8, 0);
    const tsr_var *b = tsr_var_create(f, "b"), *o = tsr_var_create(f, "o"), *k = tsr_var_create(f, "k");
    const int64_t out = config->block_out, in = config->block_in;
#define INDEX(x, by, y)                                                                                                          \
    tsr_binary_expr(arena, TSR_ADD, tsr_binary_expr(arena, TSR_MUL, tsr_var_expr(arena, x), tsr_int(arena, TSR_I64, by)),        \
                    tsr_var_expr(arena, y))
    const tsr_expr *at = INDEX(b, out, o);
    const tsr_expr *x = tsr_cast(arena, TSR_I32, tsr_load(arena, inp, INDEX(b, tsr_inp_plane_bytes(config), k))),
                   *w = tsr_cast(arena, TSR_I32, tsr_load(arena, wgt, INDEX(o, in, k)));
#undef INDEX
    const tsr_expr *sum = tsr_binary_expr(arena, TSR_ADD, tsr_load(arena, acc, at), tsr_binary_expr(arena, TSR_MUL, x, w));
    tsr_stmt *nest = tsr_for(arena, k, in, TSR_FOR_SERIAL, tsr_store(arena, acc, at, sum));
    nest = tsr_for(arena, o, out, TSR_FOR_SERIAL, nest);
    f->body = tsr_for(arena, b, config->batch, TSR_FOR_SERIAL, nest);
    return f;
}

static const tsr_affine *operand_in(const tsr_match *match, tsr_scope scope) {
    for (uint32_t i = 0; i < match->operand_count; i++)
        if (match->operands[i].buffer->scope == scope)
            return &match->operands[i].first;
    return NULL;
}

tsr_status match_gemm(tsr_arena *arena, const tsr_config *config, const tsr_stmt *nest, shape *out) {
    tsr_match match;
    gemm_shape *g = &out->as.gemm;
    out->kind = SHAPE_GEMM;
    TSR_TRY(tsr_annotate(tsr_match_nest(gemm_pattern(arena, config), nest, &match), "tensorise"));
    const tsr_affine *a = operand_in(&match, TSR_SCOPE_ACC), *x = operand_in(&match, TSR_SCOPE_INP),
                     *w = operand_in(&match, TSR_SCOPE_WGT);
    int64_t acc_entry = config->batch * config->block_out, inp_entry = config->block_in,
            wgt_entry = config->block_out * config->block_in;
    TSR_TRY(check_entries(a, "acc", NULL, 0, acc_entry));
    TSR_TRY(check_entries(x, "inp", NULL, 0, inp_entry));
    TSR_TRY(check_entries(w, "wgt", NULL, 0, wgt_entry));
    if (match.loop_count > MAX_LOOPS)
        NO_MATCH("%u loops around a GEMM, more than %d", match.loop_count, MAX_LOOPS);
    g->loop_count = match.loop_count;
    for (uint32_t i = 0; i < match.loop_count; i++) {
        const tsr_stmt *loop = match.loops[i];
        g->loop[i] =
            (lane_loop){loop->extent, tsr_affine_coefficient(a, loop->var) / acc_entry,
                        tsr_affine_coefficient(x, loop->var) / inp_entry, tsr_affine_coefficient(w, loop->var) / wgt_entry};
    }
    g->acc = a->constant / acc_entry;
    g->inp = x->constant / inp_entry;
    g->wgt = w->constant / wgt_entry;
    return tsr_ok();
}
