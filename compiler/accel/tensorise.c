// SPDX-License-Identifier: Apache-2.0
// A nest is peeled into its loops and the one store inside; what the store writes decides what it may be. Indices are
// looked at as affine forms only, so that a nest written another way (loops exchanged, split, an index factored out)
// matches as well.
#include "tensorise.h"

#include <string.h>

#include "peel.h"

static bool is_product_sum(const tsr_stmt *store) { // acc[i] = acc[i] + x * w of two widened loads
    const tsr_expr *e = store->value;
    return store->buffer->scope == TSR_SCOPE_ACC && is_binary(e, TSR_ADD) && e->a->kind == TSR_E_LOAD &&
           e->a->value.buffer == store->buffer && tsr_expr_equal(e->a->a, store->index) && is_binary(e->b, TSR_MUL) &&
           low16(e->b->a) == NULL;
}

// Does the zeroing nest z cover exactly what the reduction g writes? Its loops must be g's non-reducing ones.
static bool zeroes(const tsr_config *config, const tsr_stmt *nest, const gemm_shape *g) {
    peeled z;
    const tsr_var *lane;
    int64_t rows = config->batch, lanes = config->block_out;
    if (peel(nest, &z).code != TSR_OK || z.store->buffer->scope != TSR_SCOPE_ACC || !is_int(z.store->value, 0) ||
        !take_lane(&z, &z.to, lanes, 1, &lane) || !take_lane(&z, &z.to, rows, lanes, &lane) ||
        z.to.constant != g->acc * rows * lanes)
        return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < g->loop_count; i++) {
        if (g->loop[i].dst == 0)
            continue;
        if (at == z.count || z.extent[at] != g->loop[i].extent ||
            tsr_affine_coefficient(&z.to, z.var[at]) != g->loop[i].dst * rows * lanes)
            return false;
        at++;
    }
    return at == z.count;
}

tsr_status tensorise(tsr_arena *arena, const tsr_config *config, tsr_stmt *const *items, uint32_t item_count, shape *out_shape,
                     uint32_t *out_used) {
    memset(out_shape, 0, sizeof *out_shape);
    *out_used = 1;
    peeled p;
    TSR_TRY(peel(items[0], &p));
    tsr_scope to = p.store->buffer->scope;
    if (is_product_sum(p.store))
        return match_gemm(arena, config, items[0], out_shape);
    if (to == TSR_SCOPE_ACC && is_int(p.store->value, 0) && item_count > 1) {
        peeled next;
        if (peel(items[1], &next).code == TSR_OK && is_product_sum(next.store)) {
            TSR_TRY(match_gemm(arena, config, items[1], out_shape));
            if (zeroes(config, items[0], &out_shape->as.gemm)) {
                out_shape->as.gemm.overwrite = true;
                *out_used = 2;
                return tsr_ok();
            }
            memset(out_shape, 0, sizeof *out_shape);
        }
    }
    if (to == TSR_SCOPE_ACC || to == TSR_SCOPE_OUT)
        return match_alu(arena, config, &p, out_shape);
    return match_copy(config, &p, out_shape);
}
