// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "program.h"

uint32_t space_cells(const program *p, space s) {
    const tsr_config *c = p->config;
    switch (s) {
    case SPACE_INP: return tsr_inp_entries(c);
    case SPACE_WGT: return tsr_wgt_entries(c);
    case SPACE_UOP: return tsr_uop_entries(c);
    case SPACE_PAR: return tsr_par_entries(c);
    case SPACE_ACC: return tsr_acc_entries(c);
    case SPACE_OUT: return tsr_out_entries(c);
    default: return p->size[s - SPACE_SEGMENT];
    }
}

typedef struct walk {
    const program *p;
    access_visitor *visit;
    void *context;
} walk;

static bool touch(const walk *w, space s, uint32_t cell, bool writes) {
    if (cell >= space_cells(w->p, s))
        return false;
    w->visit(w->context, s, cell, writes);
    return true;
}

static void touch_bytes(const walk *w, space s, uint32_t first, uint32_t bytes, uint32_t cell_bytes, bool writes) {
    for (uint32_t cell = first / cell_bytes; cell <= (first + bytes - 1) / cell_bytes; cell++)
        touch(w, s, cell, writes);
}

static void load_accesses(const walk *w, const tsr_load_insn *l) {
    static const space spaces[] = {SPACE_INP, SPACE_WGT, SPACE_UOP, SPACE_PAR};
    const tsr_config *c = w->p->config;
    uint32_t cell_bytes = l->buffer == TSR_BUF_INP   ? c->block_in
                          : l->buffer == TSR_BUF_WGT ? tsr_wgt_entry_bytes(c)
                          : l->buffer == TSR_BUF_UOP ? TSR_UOP_BYTES
                                                     : tsr_par_entry_bytes(c);
    uint32_t rows = l->y_before + l->y_count + l->y_after, columns = l->x_before + l->x_count + l->x_after;
    uint32_t sram_run = l->diag ? l->run / c->block_out * cell_bytes : l->run;
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++) {
            uint32_t d = l->sram_addr + y * l->sram_y_stride + x * l->sram_x_stride;
            touch_bytes(w, spaces[l->buffer], d, sram_run, cell_bytes, true);
            if (y < l->y_before || y >= l->y_before + l->y_count || x < l->x_before || x >= l->x_before + l->x_count)
                continue;
            uint32_t s = l->dram_offset + (y - l->y_before) * l->y_stride + (x - l->x_before) * l->x_stride;
            touch_bytes(w, SPACE_SEGMENT + l->segment, s, l->run, 1, false);
        }
    }
}

static void store_accesses(const walk *w, const tsr_store_insn *st) {
    for (uint32_t y = 0; y < st->y_count; y++) {
        for (uint32_t x = 0; x < st->x_count; x++) {
            touch_bytes(w, SPACE_OUT, st->sram_addr + y * st->sram_y_stride + x * st->sram_x_stride, st->run,
                        w->p->config->block_out, false);
            touch_bytes(w, SPACE_SEGMENT + st->segment, st->dram_offset + y * st->y_stride + x * st->x_stride, st->run, 1, true);
        }
    }
}

static void gemm_accesses(const walk *w, const tsr_gemm_insn *g, const uint64_t *uops) {
    for (uint32_t i0 = 0; i0 < g->count0; i0++) {
        for (uint32_t i1 = 0; i1 < g->count1; i1++) {
            for (uint32_t n = 0; n < g->uop_count; n++) {
                tsr_uop u;
                tsr_uop_unpack(uops[g->uop_begin + n], &u);
                if (i0 == 0 && i1 == 0)
                    touch(w, SPACE_UOP, g->uop_begin + n, false);
                touch(w, SPACE_INP, (u.src + i0 * g->inp0 + i1 * g->inp1) & 0xffff, false);
                touch(w, SPACE_WGT, (u.par + i0 * g->wgt0 + i1 * g->wgt1) & 0xffff, false);
                touch(w, SPACE_ACC, (u.dst + i0 * g->acc0 + i1 * g->acc1) & 0xffff, true);
            }
        }
    }
}

static void alu_accesses(const walk *w, const tsr_alu_insn *a, const uint64_t *uops) {
    for (uint32_t i0 = 0; i0 < a->count0; i0++) {
        for (uint32_t i1 = 0; i1 < a->count1; i1++) {
            for (uint32_t n = 0; n < a->uop_count; n++) {
                tsr_uop u;
                tsr_uop_unpack(uops[a->uop_begin + n], &u);
                if (i0 == 0 && i1 == 0)
                    touch(w, SPACE_UOP, a->uop_begin + n, false);
                if (a->src_kind != TSR_SRC_IMM)
                    touch(w, a->src_kind == TSR_SRC_INP ? SPACE_INP : SPACE_ACC, (u.src + i0 * a->src0 + i1 * a->src1) & 0xffff,
                          false);
                if (a->rescale)
                    touch(w, SPACE_PAR, (u.par + i0 * a->par0 + i1 * a->par1) & 0xffff, false);
                touch(w, a->dst_kind == TSR_DST_OUT ? SPACE_OUT : SPACE_ACC, (u.dst + i0 * a->dst0 + i1 * a->dst1) & 0xffff,
                      true);
            }
        }
    }
}

void program_accesses(const program *p, const tsr_insn *insn, const uint64_t *uops, access_visitor *visit, void *context) {
    walk w = {p, visit, context};
    switch (insn->opcode) {
    case TSR_OP_LOAD: load_accesses(&w, &insn->load); break;
    case TSR_OP_STORE: store_accesses(&w, &insn->store); break;
    case TSR_OP_GEMM: gemm_accesses(&w, &insn->gemm, uops); break;
    case TSR_OP_ALU: alu_accesses(&w, &insn->alu, uops); break;
    default: break;
    }
}

void program_load_uops(const program *p, const tsr_insn *insn, uint64_t *uops) {
    const tsr_load_insn *l = &insn->load;
    if (insn->opcode != TSR_OP_LOAD || l->buffer != TSR_BUF_UOP)
        return;
    for (uint32_t y = 0; y < l->y_count; y++)
        for (uint32_t x = 0; x < l->x_count; x++)
            memcpy((uint8_t *)uops + l->sram_addr + y * l->sram_y_stride + x * l->sram_x_stride,
                   p->data[l->segment] + l->dram_offset + y * l->y_stride + x * l->x_stride, l->run);
}
