// SPDX-License-Identifier: Apache-2.0
// ALU: isa/spec.md, "ALU". Arithmetic wraps at 32 bits, written with unsigned operands for C's sake.
#include <string.h>

#include "state.h"

enum { MOST_LANES = 16 * 64 }; // batch * block_out

typedef struct lane_param {
    int32_t bias, multiplier;
    uint32_t left_shift, right_shift;
    bool single_rounding;
} lane_param;

static int32_t wrap(uint32_t bits) { return (int32_t)bits; }

static uint32_t read_le32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static lane_param read_param(const tsr_model *m, uint32_t entry, uint32_t lane) {
    const uint8_t *bytes = m->par + (size_t)entry * tsr_par_entry_bytes(&m->config) + (size_t)lane * 12;
    return (lane_param){
        .bias = wrap(read_le32(bytes)),
        .multiplier = wrap(read_le32(bytes + 4)),
        .left_shift = bytes[8] & 31u,
        .right_shift = bytes[9] & 31u,
        .single_rounding = bytes[10] & 1u,
    };
}

// Division by 2^exponent, rounding half away from zero.
static int32_t rounding_shift(int32_t x, uint32_t exponent) {
    int32_t mask = wrap((UINT32_C(1) << exponent) - 1);
    int32_t remainder = x & mask;
    int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (remainder > threshold);
}

static int32_t rescale(int32_t b, lane_param p) {
    int32_t shifted = wrap(((uint32_t)b + (uint32_t)p.bias) << p.left_shift);
    int64_t product = (int64_t)shifted * p.multiplier;
    if (p.single_rounding && p.right_shift > 0) // half up, once
        return (int32_t)((wrap((uint32_t)(product >> 31)) + (INT64_C(1) << (p.right_shift - 1))) >> p.right_shift);
    int32_t high = wrap((uint32_t)((product + (INT64_C(1) << 30)) >> 31));
    return rounding_shift(high, p.right_shift);
}

static inline int32_t operate(uint32_t op, int32_t a, int32_t t) {
    switch (op) {
    case TSR_ALU_MOV: return t;
    case TSR_ALU_ADD: return wrap((uint32_t)a + (uint32_t)t);
    case TSR_ALU_SUB: return wrap((uint32_t)a - (uint32_t)t);
    case TSR_ALU_MUL: return (int32_t)(int16_t)a * (int16_t)t;
    case TSR_ALU_MIN: return a < t ? a : t;
    case TSR_ALU_MAX: return a > t ? a : t;
    case TSR_ALU_SHL: return wrap((uint32_t)a << (t & 31));
    default: return a >> (t & 31);
    }
}

static inline int32_t clamp(int32_t value, int32_t lo, int32_t hi) { return value < lo ? lo : value > hi ? hi : value; }

// t[lane] = a[lane] op t[lane], with the operation chosen outside of the loop.
static void operate_lanes(uint32_t op, const int32_t *a, int32_t *t, uint32_t lanes) {
#define EACH_LANE(which)                                                                                                         \
    case which:                                                                                                                  \
        for (uint32_t lane = 0; lane < lanes; lane++)                                                                            \
            t[lane] = operate(which, a[lane], t[lane]);                                                                          \
        break
    switch (op) {
        EACH_LANE(TSR_ALU_ADD);
        EACH_LANE(TSR_ALU_SUB);
        EACH_LANE(TSR_ALU_MUL);
        EACH_LANE(TSR_ALU_MIN);
        EACH_LANE(TSR_ALU_MAX);
        EACH_LANE(TSR_ALU_SHL);
        EACH_LANE(TSR_ALU_SHR);
    default: break; // MOV
    }
#undef EACH_LANE
}

// One micro-op: one destination entry, step by step over all of its lanes. The source is read before anything is written, so an
// entry may be both.
static void run_lanes(tsr_model *m, const tsr_alu_insn *alu, uint32_t d, uint32_t s, uint32_t p) {
    const uint32_t block = m->config.block_out, lanes = m->config.batch * block;
    int32_t t[MOST_LANES];
    for (uint32_t lane = 0; lane < lanes; lane++)
        t[lane] = alu->src_kind == TSR_SRC_ACC   ? m->acc[(size_t)s * lanes + lane]
                  : alu->src_kind == TSR_SRC_INP ? m->inp[(size_t)s * lanes + lane]
                                                 : alu->imm;
    if (alu->rescale)
        for (uint32_t lane = 0; lane < lanes; lane++)
            t[lane] = wrap((uint32_t)rescale(t[lane], read_param(m, p, lane % block)) + (uint32_t)alu->imm);
    if (alu->dst_kind == TSR_DST_ACC)
        operate_lanes(alu->op, m->acc + (size_t)d * lanes, t, lanes);
    if (alu->clip)
        for (uint32_t lane = 0; lane < lanes; lane++)
            t[lane] = clamp(t[lane], alu->lo, alu->hi);
    if (alu->dst_kind == TSR_DST_ACC)
        memcpy(m->acc + (size_t)d * lanes, t, lanes * sizeof *t);
    else
        for (uint32_t lane = 0; lane < lanes; lane++)
            m->out[(size_t)d * lanes + lane] = (int8_t)clamp(t[lane], INT8_MIN, INT8_MAX);
}

static void note_races(tsr_model *m, const tsr_alu_insn *alu, uint32_t d, uint32_t s, uint32_t p) {
    if (alu->src_kind != TSR_SRC_IMM)
        race_buffer(m->race, alu->src_kind == TSR_SRC_ACC ? RACE_ACC : RACE_INP, s, 1, false);
    if (alu->rescale)
        race_buffer(m->race, RACE_PAR, p, 1, false);
    race_buffer(m->race, alu->dst_kind == TSR_DST_ACC ? RACE_ACC : RACE_OUT, d, 1, true);
}

static uint32_t run_uop(tsr_model *m, const tsr_alu_insn *alu, tsr_uop uop, uint32_t i0, uint32_t i1) {
    uint16_t d = (uint16_t)(uop.dst + i0 * alu->dst0 + i1 * alu->dst1);
    uint16_t s = (uint16_t)(uop.src + i0 * alu->src0 + i1 * alu->src1);
    uint16_t p = (uint16_t)(uop.par + i0 * alu->par0 + i1 * alu->par1);
    if (d >= (alu->dst_kind == TSR_DST_ACC ? m->acc_entries : m->out_entries))
        return TSR_FAULT_UOP_RANGE;
    if (alu->src_kind == TSR_SRC_ACC && s >= m->acc_entries)
        return TSR_FAULT_UOP_RANGE;
    if (alu->src_kind == TSR_SRC_INP && s >= m->inp_entries)
        return TSR_FAULT_UOP_RANGE;
    if (alu->rescale && p >= m->par_entries)
        return TSR_FAULT_UOP_RANGE;

    run_lanes(m, alu, d, s, p);
    m->counters.alu_uops++;
    if (m->race != NULL)
        note_races(m, alu, d, s, p);
    return TSR_FAULT_NONE;
}

uint32_t model_alu(tsr_model *m, const tsr_alu_insn *alu) {
    for (uint32_t i0 = 0; i0 < alu->count0; i0++) {
        for (uint32_t i1 = 0; i1 < alu->count1; i1++) {
            for (uint32_t u = alu->uop_begin; u < alu->uop_begin + alu->uop_count; u++) {
                tsr_uop uop;
                if (!model_fetch_uop(m, u, &uop))
                    return TSR_FAULT_ILLEGAL_UOP;
                uint32_t fault = run_uop(m, alu, uop, i0, i1);
                if (fault != TSR_FAULT_NONE)
                    return fault;
            }
            if (model_stop(m, 16 * (uint64_t)alu->uop_count))
                return TSR_FAULT_NONE;
        }
    }
    return TSR_FAULT_NONE;
}
