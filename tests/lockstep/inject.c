// SPDX-License-Identifier: Apache-2.0
// One thing that is wrong. Faults that dispatch finds are precise, so anything will do. Faults found in execution stop the
// units at a moment that nobody specifies, so they are placed where exactly one unit can meet them.
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "random.h"

const char *const injection_names[INJECTIONS] = {
    "nothing",    "illegal opcode",     "flipped bits",      "reserved bit",       "missing token",
    "256 tokens", "DRAM range",         "SRAM range",        "micro-op bits",      "micro-op range",
    "no FINISH",  "instruction offset", "bus error in LOAD", "bus error in STORE", "bus error in fetch",
};

static uint8_t *word_of(program *p, uint32_t i) { return p->data[0] + p->insn_space + i * TSR_INSN_BYTES; }

static bool rewrite(program *p, uint32_t i) { return tsr_insn_encode(&p->insn[i], word_of(p, i)).code == TSR_OK; }

static bool is_memory(const tsr_insn *insn) { return insn->opcode == TSR_OP_LOAD || insn->opcode == TSR_OP_STORE; }
static bool is_compute(const tsr_insn *insn) { return insn->opcode == TSR_OP_GEMM || insn->opcode == TSR_OP_ALU; }
static bool reads_or_writes_dram(const tsr_insn *insn) {
    return insn->opcode == TSR_OP_STORE || (insn->opcode == TSR_OP_LOAD && insn->load.x_count > 0 && insn->load.y_count > 0);
}
static bool redirectable_load(const tsr_insn *insn) { // data that may be anything
    return insn->opcode == TSR_OP_LOAD && insn->load.buffer <= TSR_BUF_WGT && reads_or_writes_dram(insn);
}
static bool is_store(const tsr_insn *insn) { return insn->opcode == TSR_OP_STORE; }
static bool anything(const tsr_insn *insn) { return insn != NULL; }

// Picks the victim among the instructions for which `wanted` holds; keeps the one of before when there is one.
static bool pick_victim(program *p, rng *r, bool (*wanted)(const tsr_insn *)) {
    if (p->victim < p->count && wanted(&p->insn[p->victim]))
        return true;
    for (int attempt = 0; attempt < 200; attempt++) {
        uint32_t i = below(r, p->count);
        if (wanted(&p->insn[i])) {
            p->victim = i;
            return true;
        }
    }
    return false;
}

static bool inject_opcode(program *p, rng *r) {
    uint8_t opcode;
    do
        opcode = (uint8_t)rng_next(r);
    while (tsr_format_of(opcode) != NULL);
    if (!pick_victim(p, r, anything))
        return false;
    word_of(p, p->victim)[0] = opcode;
    return true;
}

// The mutated instruction may be legal, so it must stay one that ends soon.
static bool ends_soon(const tsr_insn *i) {
    switch (i->opcode) {
    case TSR_OP_LOAD:
        return (uint64_t)(i->load.x_count + i->load.x_before + i->load.x_after) *
                   (i->load.y_count + i->load.y_before + i->load.y_after) * (i->load.run + 8) <
               60000;
    case TSR_OP_STORE: return (uint64_t)i->store.x_count * i->store.y_count * (i->store.run + 8) < 60000;
    case TSR_OP_GEMM: return (uint64_t)i->gemm.count0 * i->gemm.count1 * i->gemm.uop_count < 10000;
    case TSR_OP_ALU: return (uint64_t)i->alu.count0 * i->alu.count1 * i->alu.uop_count < 10000;
    default: return true;
    }
}

static bool inject_bit(program *p, rng *r) {
    if (!pick_victim(p, r, anything))
        return false;
    uint8_t word[TSR_INSN_BYTES];
    memcpy(word, word_of(p, p->victim), sizeof word);
    for (uint32_t n = between(r, 1, 3); n > 0; n--) {
        uint32_t bit = below(r, 256);
        word[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    tsr_insn insn;
    if (tsr_insn_decode(word, &insn).fault == TSR_FAULT_NONE && !ends_soon(&insn))
        return false;
    memcpy(word_of(p, p->victim), word, sizeof word);
    return true;
}

static bool inject_reserved(program *p, rng *r) {
    if (!pick_victim(p, r, anything))
        return false;
    const tsr_format *format = tsr_format_of(p->insn[p->victim].opcode);
    for (;;) {
        uint32_t bit = below(r, 256);
        if ((format->reserved[bit / 64] >> bit % 64 & 1) == 0)
            continue;
        word_of(p, p->victim)[bit / 8] |= (uint8_t)(1u << bit % 8);
        return true;
    }
}

static bool inject_underflow(program *p, rng *r) {
    if (!pick_victim(p, r, anything) || p->victim + 1 == p->count)
        return false;
    tsr_tokens tokens = {0};
    for (uint32_t i = 0; i < p->victim; i++)
        tsr_tokens_step(&tokens, &p->insn[i]);
    tsr_insn *insn = &p->insn[p->victim];
    uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode), from = below(r, TSR_UNITS);
    if (from == unit || (insn->wait >> from & 1) != 0 || tokens.count[from][unit] != 0)
        return false;
    insn->wait |= 1u << from;
    return rewrite(p, p->victim);
}

static bool inject_overflow(program *p) {
    for (uint32_t to = 0; to < TSR_UNITS; to++) {
        uint32_t gives = 0;
        bool taken = to == TSR_UNIT_ALU;
        for (uint32_t i = 0; i < p->count; i++) {
            gives += p->insn[i].opcode == TSR_OP_ALU;
            taken |= tsr_insn_unit(p->insn[i].opcode) == (int)to && (p->insn[i].wait >> TSR_UNIT_ALU & 1) != 0;
        }
        if (taken || gives < 256)
            continue;
        for (uint32_t i = 0; i < p->count; i++) {
            if (p->insn[i].opcode != TSR_OP_ALU)
                continue;
            p->insn[i].signal |= 1u << to;
            rewrite(p, i);
        }
        return true;
    }
    return false;
}

static bool inject_dram_range(program *p, rng *r) {
    if (!pick_victim(p, r, reads_or_writes_dram))
        return false;
    tsr_insn *insn = &p->insn[p->victim];
    bool load = insn->opcode == TSR_OP_LOAD;
    uint32_t *offset = load ? &insn->load.dram_offset : &insn->store.dram_offset;
    uint32_t size = p->size[load ? insn->load.segment : insn->store.segment];
    uint32_t run = load ? insn->load.run : insn->store.run;
    switch (below(r, 4)) {
    case 0: *offset = UINT32_MAX - below(r, 64); break; // would wrap around in 32 bits
    case 1: // a segment that is not there
        *(load ? &insn->load.segment : &insn->store.segment) = 2;
        if (p->size[2] != 0)
            return false;
        break;
    case 2:
        if ((load ? insn->load.y_count : insn->store.y_count) < 2)
            return false;
        *(load ? &insn->load.y_stride : &insn->store.y_stride) = UINT32_MAX - below(r, 100);
        break;
    default: *offset = size - run + 1 + below(r, 4); break;
    }
    return rewrite(p, p->victim);
}

static bool inject_sram_range(program *p, rng *r) {
    if (!pick_victim(p, r, chance(r, 60) ? is_memory : is_compute))
        return false;
    tsr_insn *insn = &p->insn[p->victim];
    const tsr_config *c = p->config;
    switch (insn->opcode) {
    case TSR_OP_GEMM: insn->gemm.uop_begin = tsr_uop_entries(c) - insn->gemm.uop_count + 1 + below(r, 3); break;
    case TSR_OP_ALU: insn->alu.uop_begin = tsr_uop_entries(c) - insn->alu.uop_count + 1 + below(r, 3); break;
    case TSR_OP_STORE: insn->store.sram_addr = tsr_out_plane_bytes(c) - insn->store.run + 1 + below(r, 3); break;
    default: {
        tsr_load_insn *l = &insn->load;
        uint32_t unit = l->buffer == TSR_BUF_INP   ? 1
                        : l->buffer == TSR_BUF_WGT ? tsr_wgt_entry_bytes(c)
                        : l->buffer == TSR_BUF_UOP ? TSR_UOP_BYTES
                                                   : tsr_par_entry_bytes(c);
        uint32_t limit = l->buffer == TSR_BUF_INP   ? tsr_inp_plane_bytes(c)
                         : l->buffer == TSR_BUF_WGT ? c->wgt_buffer
                         : l->buffer == TSR_BUF_UOP ? c->uop_buffer
                                                    : tsr_par_entries(c) * unit;
        uint32_t run = l->diag ? l->run / c->block_out * unit : l->run;
        l->sram_addr = chance(r, 80) ? limit - run + unit : ((1u << 22) - 1) / unit * unit;
    }
    }
    return rewrite(p, p->victim);
}

// Does a micro-op of this instruction raise a fault, with the UOP buffer like this?
static bool faults(const program *p, const tsr_insn *insn, const uint64_t *uops) {
    if (!is_compute(insn))
        return false;
    const tsr_config *c = p->config;
    bool gemm = insn->opcode == TSR_OP_GEMM;
    const tsr_gemm_insn *g = &insn->gemm;
    const tsr_alu_insn *a = &insn->alu;
    uint32_t begin = gemm ? g->uop_begin : a->uop_begin, count = gemm ? g->uop_count : a->uop_count;
    uint32_t count0 = gemm ? g->count0 : a->count0, count1 = gemm ? g->count1 : a->count1;
    for (uint32_t i0 = 0; i0 < count0; i0++) {
        for (uint32_t i1 = 0; i1 < count1; i1++) {
            for (uint32_t n = begin; n < begin + count; n++) {
                tsr_uop u;
                if (!tsr_uop_unpack(uops[n], &u))
                    return true;
                uint32_t dst = (u.dst + i0 * (gemm ? g->acc0 : a->dst0) + i1 * (gemm ? g->acc1 : a->dst1)) & 0xffff;
                uint32_t src = (u.src + i0 * (gemm ? g->inp0 : a->src0) + i1 * (gemm ? g->inp1 : a->src1)) & 0xffff;
                uint32_t par = (u.par + i0 * (gemm ? g->wgt0 : a->par0) + i1 * (gemm ? g->wgt1 : a->par1)) & 0xffff;
                if (gemm) {
                    if (dst >= tsr_acc_entries(c) || src >= tsr_inp_entries(c) || par >= tsr_wgt_entries(c))
                        return true;
                    continue;
                }
                if (dst >= (a->dst_kind == TSR_DST_OUT ? tsr_out_entries(c) : tsr_acc_entries(c)))
                    return true;
                if (a->src_kind != TSR_SRC_IMM && src >= (a->src_kind == TSR_SRC_INP ? tsr_inp_entries(c) : tsr_acc_entries(c)))
                    return true;
                if (a->rescale && par >= tsr_par_entries(c))
                    return true;
            }
        }
    }
    return false;
}

// Is there a fault, and only ever in one unit?
static bool one_unit_faults(const program *p) {
    uint64_t *uops = calloc(tsr_uop_entries(p->config), sizeof *uops);
    if (uops == NULL)
        abort();
    bool in_gemm = false, in_alu = false;
    for (uint32_t i = 0; i < p->count; i++) {
        if (faults(p, &p->insn[i], uops))
            *(p->insn[i].opcode == TSR_OP_GEMM ? &in_gemm : &in_alu) = true;
        program_load_uops(p, &p->insn[i], uops);
    }
    free(uops);
    return in_gemm != in_alu;
}

static bool inject_uop(program *p, rng *r, bool bits) {
    if (!bits && chance(r, 60)) { // a stride instead of a micro-op
        if (!pick_victim(p, r, is_compute))
            return false;
        tsr_insn *insn = &p->insn[p->victim];
        uint32_t *strides = insn->opcode == TSR_OP_GEMM ? &insn->gemm.acc0 : &insn->alu.dst0;
        strides[below(r, 6)] = chance(r, 50) ? 0x8000 : below(r, 65536);
        return one_unit_faults(p) && rewrite(p, p->victim);
    }
    for (int attempt = 0; attempt < 30; attempt++) {
        // Micro-ops lie at the places that the program loads them from.
        uint32_t i = below(r, p->count);
        const tsr_load_insn *l = &p->insn[i].load;
        if (p->insn[i].opcode != TSR_OP_LOAD || l->buffer != TSR_BUF_UOP)
            continue;
        uint8_t *at = p->data[0] + l->dram_offset + below(r, l->run / 8) * 8, before[8];
        memcpy(before, at, 8);
        if (bits) {
            uint32_t bit = between(r, 49, 63);
            at[bit / 8] |= (uint8_t)(1u << bit % 8);
        } else {
            at[2 * below(r, 3) + 1] |= chance(r, 50) ? 0xff : 0x40;
        }
        if (one_unit_faults(p))
            return true;
        memcpy(at, before, 8);
    }
    return false;
}

static bool inject_align(program *p, rng *r) {
    switch (below(r, 4)) {
    case 0: p->insn_offset += between(r, 1, 31); break;
    case 1: p->insn_count = (p->size[0] - p->insn_offset) / TSR_INSN_BYTES + 1; break;
    case 2: p->insn_count = UINT32_MAX; break;
    default: p->insn_offset = (p->size[0] + 31) / 32 * 32 + 32 * below(r, 3); break;
    }
    return true;
}

static bool inject_bus(program *p, rng *r, bool write) {
    if (p->size[3] != MAX_SEGMENT_BYTES || !pick_victim(p, r, write ? is_store : redirectable_load))
        return false;
    tsr_insn *insn = &p->insn[p->victim];
    uint32_t x, y;
    uint64_t offset;
    if (write) {
        tsr_store_insn *s = &insn->store;
        s->segment = 3;
        x = below(r, s->x_count), y = below(r, s->y_count);
        offset = s->dram_offset + (uint64_t)y * s->y_stride + (uint64_t)x * s->x_stride + below(r, s->run);
    } else {
        tsr_load_insn *l = &insn->load;
        l->segment = 3;
        x = below(r, l->x_count), y = below(r, l->y_count);
        offset = l->dram_offset + (uint64_t)y * l->y_stride + (uint64_t)x * l->x_stride + below(r, l->run);
    }
    p->error_base = p->base[3] + offset;
    p->error_bytes = 1;
    return rewrite(p, p->victim);
}

typedef struct line {
    uint32_t first; // 64 bytes of segment 0
    bool touched;
} line;

static void visit_line(void *context, space s, uint32_t at, bool writes) {
    line *l = context;
    (void)writes;
    l->touched |= s == SPACE_SEGMENT && at / 64 == l->first / 64;
}

// A LOAD that reads the same bus word would get the error too, perhaps earlier; so would an instruction ahead in that word.
static bool inject_fetch(program *p, rng *r) {
    if (!pick_victim(p, r, anything))
        return false;
    const uint32_t victim = p->insn_space + p->victim * TSR_INSN_BYTES, at = victim + below(r, TSR_INSN_BYTES);
    if (p->victim > 0 && ((p->base[0] + at) & ~((uint64_t)p->config->bus_bytes - 1)) < p->base[0] + victim)
        return false;
    line l = {at, false};
    for (uint32_t i = 0; i < p->count; i++)
        if (is_memory(&p->insn[i]))
            program_accesses(p, &p->insn[i], NULL, visit_line, &l);
    p->error_base = p->base[0] + at;
    p->error_bytes = l.touched ? 0 : 1;
    return !l.touched;
}

bool program_inject(program *p) {
    rng r = {p->injection_seed};
    switch (p->injection) {
    case INJECT_OPCODE: return inject_opcode(p, &r);
    case INJECT_BIT: return inject_bit(p, &r);
    case INJECT_RESERVED: return inject_reserved(p, &r);
    case INJECT_UNDERFLOW: return inject_underflow(p, &r);
    case INJECT_OVERFLOW: return inject_overflow(p);
    case INJECT_DRAM_RANGE: return inject_dram_range(p, &r);
    case INJECT_SRAM_RANGE: return inject_sram_range(p, &r);
    case INJECT_UOP_BITS: return inject_uop(p, &r, true);
    case INJECT_UOP_RANGE: return inject_uop(p, &r, false);
    case INJECT_NO_FINISH: p->insn_count = chance(&r, 50) ? p->count - 1 : below(&r, p->count); return true;
    case INJECT_ALIGN: return inject_align(p, &r);
    case INJECT_BUS_READ: return inject_bus(p, &r, false);
    case INJECT_BUS_WRITE: return inject_bus(p, &r, true);
    case INJECT_BUS_FETCH: return inject_fetch(p, &r);
    default: return true;
    }
}
