// SPDX-License-Identifier: Apache-2.0
// GEMM: isa/spec.md, "GEMM".
#include <string.h>

#include "state.h"

enum { LARGEST_BLOCK = 64, CHUNK = 16 };

// A product of two int8 fits int16 (16384 at most) and the sum of a block of them int32. Constant length, operands widened first, and a loop
// that stays one until the compiler looks for vectors: then this becomes pairwise multiply-adds (pmaddwd, smlal).
static inline int32_t dot_chunk(const int16_t *x, const int8_t *wgt) {
    int16_t w[CHUNK];
    int32_t sum = 0;
#pragma GCC unroll 1
    for (int k = 0; k < CHUNK; k++)
        w[k] = wgt[k];
#pragma GCC unroll 1
    for (int k = 0; k < CHUNK; k++)
        sum += x[k] * w[k];
    return sum;
}

// acc[o] += sum over k of inp[k] * wgt[o][k]. Inlined with the usual blocks as constants.
static inline __attribute__((always_inline)) void add_row(int32_t *acc, const int8_t *inp, const int8_t *wgt, uint32_t block_out,
                                                          uint32_t block_in) {
    int16_t x[LARGEST_BLOCK];
#pragma GCC unroll 1
    for (uint32_t k = 0; k < block_in; k++)
        x[k] = inp[k];
    for (uint32_t o = 0; o < block_out; o++, wgt += block_in) {
        int32_t sum = 0;
        uint32_t k = 0;
        for (; k + CHUNK <= block_in; k += CHUNK)
            sum += dot_chunk(x + k, wgt + k);
        for (; k < block_in; k++)
            sum += x[k] * wgt[k];
        acc[o] = (int32_t)((uint32_t)acc[o] + (uint32_t)sum);
    }
}

// One micro-op: every batch row of an input tile against a weight tile.
static void multiply_tile(const tsr_config *c, int32_t *acc, const int8_t *inp, const int8_t *wgt) {
    for (uint32_t b = 0; b < c->batch; b++, acc += c->block_out, inp += c->block_in) {
        switch (c->block_in) {
        case 16: add_row(acc, inp, wgt, c->block_out, 16); break;
        case 32: add_row(acc, inp, wgt, c->block_out, 32); break;
        default: add_row(acc, inp, wgt, c->block_out, c->block_in); break;
        }
    }
}

static uint32_t run_uop(tsr_model *m, const tsr_gemm_insn *g, tsr_uop uop, uint32_t i0, uint32_t i1) {
    const tsr_config *c = &m->config;
    uint16_t a = (uint16_t)(uop.dst + i0 * g->acc0 + i1 * g->acc1);
    uint16_t i = (uint16_t)(uop.src + i0 * g->inp0 + i1 * g->inp1);
    uint16_t w = (uint16_t)(uop.par + i0 * g->wgt0 + i1 * g->wgt1);
    if (a >= m->acc_entries || i >= m->inp_entries || w >= m->wgt_entries)
        return TSR_FAULT_UOP_RANGE;

    int32_t *acc = m->acc + (size_t)a * c->batch * c->block_out;
    bool fresh = g->overwrite && uop.first;
    if (fresh)
        memset(acc, 0, tsr_acc_entry_bytes(c));
    multiply_tile(c, acc, m->inp + (size_t)i * tsr_inp_entry_bytes(c), m->wgt + (size_t)w * tsr_wgt_entry_bytes(c));
    m->counters.gemm_uops++;
    if (m->race != NULL) {
        race_buffer(m->race, RACE_INP, i, 1, false);
        race_buffer(m->race, RACE_WGT, w, 1, false);
        race_buffer(m->race, RACE_ACC, a, 1, true);
    }
    return TSR_FAULT_NONE;
}

uint32_t model_gemm(tsr_model *m, const tsr_gemm_insn *g) {
    for (uint32_t i0 = 0; i0 < g->count0; i0++) {
        for (uint32_t i1 = 0; i1 < g->count1; i1++) {
            for (uint32_t u = g->uop_begin; u < g->uop_begin + g->uop_count; u++) {
                tsr_uop uop;
                if (!model_fetch_uop(m, u, &uop))
                    return TSR_FAULT_ILLEGAL_UOP;
                uint32_t fault = run_uop(m, g, uop, i0, i1);
                if (fault != TSR_FAULT_NONE)
                    return fault;
            }
            if (model_stop(m, 16 * (uint64_t)g->uop_count))
                return TSR_FAULT_NONE;
        }
    }
    return TSR_FAULT_NONE;
}
