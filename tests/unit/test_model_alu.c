// SPDX-License-Identifier: Apache-2.0
// The ALU of the executable specification against references that are written another way: wide integers and doubles.
#include <math.h>

#include "check.h"
#include "model_run.h"

GREATEST_MAIN_DEFS();

static const int32_t corners[] = {
    0,     1,      -1,    2,     -2,        127,       -128,          128,           -129,    255,        32767, -32768,
    32768, -32769, 65535, 65536, INT32_MAX, INT32_MIN, INT32_MAX - 1, INT32_MIN + 1, 1 << 30, -(1 << 30), 31,    33};
enum { CORNERS = sizeof corners / sizeof corners[0], LANES = 16 };

static void random_lanes(uint64_t *seed, int32_t values[LANES]) {
    for (int i = 0; i < LANES; i++) {
        uint64_t r = next_random(seed);
        values[i] = (r & 3) == 0 ? corners[(r >> 8) % CORNERS] : (int32_t)(r >> 32);
        if ((r & 3) == 1)
            values[i] >>= (r >> 4) & 31;
    }
}

static int64_t floor_division(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

// In 64 bits where nothing can overflow; the low 32 bits count.
static int32_t reference(uint32_t op, int64_t a, int64_t t) {
    int64_t result = 0;
    int64_t low_a = a & 0xffff, low_t = t & 0xffff;
    switch (op) {
    case TSR_ALU_MOV: result = t; break;
    case TSR_ALU_ADD: result = a + t; break;
    case TSR_ALU_SUB: result = a - t; break;
    case TSR_ALU_MUL: result = (low_a - (low_a >= 32768 ? 65536 : 0)) * (low_t - (low_t >= 32768 ? 65536 : 0)); break;
    case TSR_ALU_MIN: result = a < t ? a : t; break;
    case TSR_ALU_MAX: result = a < t ? t : a; break;
    case TSR_ALU_SHL: result = (int64_t)((uint64_t)a * (UINT64_C(1) << (t & 31))); break;
    case TSR_ALU_SHR: result = floor_division(a, INT64_C(1) << (t & 31)); break;
    }
    return (int32_t)(uint32_t)((uint64_t)result & 0xffffffff);
}

static check_result compare(uint32_t op, const int32_t *a, const int32_t *t, uint32_t lanes, const stream *shape,
                            const uint8_t *work) {
    for (uint32_t l = 0; l < lanes; l++)
        ASSERT_EQ_FMT(reference(op, a[l], t[l]), stream_lane(shape, work, 0, l), "%d");
    PASS();
}

static check_result vector_op(uint32_t op, const tsr_config *config) {
    uint64_t seed = 1 + op;
    stream shape = {.config = *config};
    for (int round = 0; round < 60; round++) {
        int32_t a[LANES], t[LANES];
        random_lanes(&seed, a);
        random_lanes(&seed, t);
        stream *s = stream_new(config);
        stream_put_acc(s, 1, a);
        stream_put_acc(s, 2, t);
        stream_alu(s, op, TSR_SRC_ACC, TSR_DST_ACC, 1, 2, 0);
        stream_get_acc(s, 1, 5, 0);
        model_result *r = model_run(s, NULL);
        check_result result = compare(op, a, t, config->batch * config->block_out, &shape, r->work);
        bool clean = r->status.code == TSR_OK && r->fault.code == 0 && !r->race.found;
        free(r);
        ASSERT(clean);
        CHECK_CALL(result);
    }
    PASS();
}

TEST operates_on_two_accumulators(const uint32_t *op) {
    tsr_config config = stream_config_tiny();
    return vector_op(*op, &config);
}

TEST operates_with_an_immediate(const uint32_t *op) {
    static const int16_t immediates[] = {0, 1, -1, 5, 31, 32, 127, -128, 32767, -32768};
    tsr_config config = stream_config_tiny();
    stream shape = {.config = config};
    uint64_t seed = 77;
    for (size_t i = 0; i < sizeof immediates / sizeof immediates[0]; i++) {
        int32_t a[LANES], t[LANES];
        random_lanes(&seed, a);
        for (int l = 0; l < LANES; l++)
            t[l] = immediates[i];
        stream *s = stream_new(&config);
        stream_put_acc(s, 1, a);
        stream_alu(s, *op, TSR_SRC_IMM, TSR_DST_ACC, 1, 60000, immediates[i]); // the source index is not looked at
        stream_get_acc(s, 1, 5, 0);
        model_result *r = model_run(s, NULL);
        check_result result = compare(*op, a, t, 4, &shape, r->work);
        bool clean = r->status.code == TSR_OK && r->fault.code == 0;
        free(r);
        ASSERT(clean);
        CHECK_CALL(result);
    }
    PASS();
}

TEST operates_on_input_tiles(const uint32_t *op) {
    tsr_config config = stream_config_tiny();
    stream shape = {.config = config};
    const int32_t a[4] = {1000, -1000, INT32_MAX, INT32_MIN};
    const int8_t tile[4] = {-128, 127, -1, 3};
    const int32_t t[4] = {-128, 127, -1, 3};
    stream *s = stream_new(&config);
    stream_put_acc(s, 1, a);
    stream_load(s, TSR_BUF_INP, 9 * 4, tile, 4);
    stream_alu(s, *op, TSR_SRC_INP, TSR_DST_ACC, 1, 9, 0);
    stream_get_acc(s, 1, 5, 0);
    model_result *r = model_run(s, NULL);
    check_result result = compare(*op, a, t, 4, &shape, r->work);
    free(r);
    return result;
}

// ---- rescaling ------------------------------------------------------------------------------------------------------

// As gemmlowp states it: a doubling high multiplication that rounds to nearest through division, then a division by a power
// of two that rounds half away from zero, which is what C's round() does; 53 bits hold every quotient here exactly.
static int32_t reference_rescale(int32_t b, int32_t bias, int32_t multiplier, uint32_t lsh, uint32_t rsh, bool single) {
    int64_t shifted = (int64_t)(int32_t)(uint32_t)(((uint64_t)(int64_t)b + (uint64_t)(int64_t)bias) << lsh);
    int64_t product = shifted * multiplier;
    if (single) // half up, in 64 bits of mantissa: exact
        return (int32_t)(int64_t)floorl(ldexpl((long double)product, -(int)(31 + rsh)) + 0.5L);
    int64_t nudge = product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);
    int32_t high = (int32_t)(uint32_t)(uint64_t)((product + nudge) / (INT64_C(1) << 31));
    return (int32_t)(int64_t)round(ldexp((double)high, -(int)rsh));
}

static void put_le32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

// One entry of parameters, lane by lane.
static void put_params(uint8_t *entry, const int32_t *bias, const int32_t *multiplier, const uint8_t *lsh, const uint8_t *rsh,
                       const bool *single, uint32_t lanes) {
    for (uint32_t l = 0; l < lanes; l++) {
        put_le32(entry + 12 * l, (uint32_t)bias[l]);
        put_le32(entry + 12 * l + 4, (uint32_t)multiplier[l]);
        entry[12 * l + 8] = lsh[l];
        entry[12 * l + 9] = rsh[l];
        entry[12 * l + 10] = single[l];
        entry[12 * l + 11] = 0;
    }
}

TEST rescales_each_channel_with_double_or_single_rounding(void) {
    tsr_config config = stream_config_batch();
    uint32_t channels = config.block_out, lanes = config.batch * channels;
    uint64_t seed = 4711;
    stream shape = {.config = config};
    for (int round_number = 0; round_number < 80; round_number++) {
        int32_t b[64], bias[64], multiplier[64];
        uint8_t lsh[64], rsh[64], entry[64 * 12];
        bool single[64];
        for (int part = 0; part < 4; part++) {
            random_lanes(&seed, b + part * LANES);
            random_lanes(&seed, bias + part * LANES);
            random_lanes(&seed, multiplier + part * LANES);
        }
        for (uint32_t c = 0; c < channels; c++) {
            uint64_t r = next_random(&seed);
            lsh[c] = (uint8_t)((r & 1) != 0 ? 0 : (r >> 1) & 31);
            rsh[c] = (uint8_t)((r >> 8) & 31);
            single[c] = (r >> 16) & 1;
            if (single[c] && multiplier[c] < 0) // the one product of 2^62 wraps: see the specification
                multiplier[c] = ~multiplier[c];
        }
        int32_t zero_point = (int32_t)(next_random(&seed) % 256) - 128;
        put_params(entry, bias, multiplier, lsh, rsh, single, channels);
        stream *s = stream_new(&config);
        stream_load(s, TSR_BUF_PAR, 3 * channels * 12, entry, channels * 12);
        stream_put_acc(s, 7, b);
        tsr_insn *insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_ACC, 8, 7, zero_point);
        insn->alu.rescale = 1;
        insn->alu.uop_begin = stream_uop(s, 8, 7, 3, false);
        stream_get_acc(s, 8, 5, 0);
        model_result *r = model_run(s, NULL);
        bool clean = r->status.code == TSR_OK && r->fault.code == 0 && !r->race.found;
        int32_t got[64];
        for (uint32_t l = 0; l < lanes; l++)
            got[l] = stream_lane(&shape, r->work, 0, l);
        free(r);
        ASSERT(clean);
        for (uint32_t l = 0; l < lanes; l++) {
            uint32_t c = l % channels;
            int32_t want = reference_rescale(b[l], bias[c], multiplier[c], lsh[c], rsh[c], single[c]);
            want = (int32_t)((uint32_t)want + (uint32_t)zero_point);
            ASSERT_EQ_FMT(want, got[l], "%d");
        }
    }
    PASS();
}

// A whole requantisation: accumulator to int8 with zero point, clamp and saturation, in one instruction.
TEST rescales_clips_and_saturates_into_out(void) {
    tsr_config config = stream_config_tiny();
    const int32_t acc[4] = {100000, -100000, 51, 300};
    const int32_t bias[4] = {0, 0, 9, -300}, multiplier[4] = {1 << 30, 1 << 30, 1 << 30, 1 << 30};
    const uint8_t lsh[4] = {0, 0, 0, 0}, rsh[4] = {0, 0, 1, 0};
    uint8_t entry[4 * 12];
    const bool single[4] = {false, false, false, false};
    put_params(entry, bias, multiplier, lsh, rsh, single, 4);
    stream *s = stream_new(&config);
    stream_load(s, TSR_BUF_PAR, 0, entry, sizeof entry);
    stream_put_acc(s, 1, acc);
    tsr_insn *insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 2, 1, -5);
    insn->alu.rescale = 1;
    insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 3, 1, -5);
    insn->alu.rescale = insn->alu.clip = 1;
    insn->alu.lo = -7;
    insn->alu.hi = 6;
    stream_store(s, 0, 2 * 4, 0, 8);
    model_result *r = model_run(s, NULL);
    const int8_t want[8] = {127, -128, 10, -5, 6, -7, 6, -5};
    bool same = memcmp(want, r->work, sizeof want) == 0;
    free(r);
    ASSERT(same);
    PASS();
}

TEST walks_both_loops_and_all_micro_ops(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    // acc[d] = immediate-free copy of INP tiles: dst = u + 2 * i1 + 4 * i0, src = u + 2 * i1 + 8 * i0.
    int8_t tiles[16 * 4];
    for (int i = 0; i < 64; i++)
        tiles[i] = (int8_t)(i * 3 - 90);
    stream_load(s, TSR_BUF_INP, 0, tiles, sizeof tiles);
    uint32_t begin = stream_uop(s, 0, 0, 0, false);
    stream_uop(s, 1, 1, 0, false);
    tsr_insn insn = {.opcode = TSR_OP_ALU};
    insn.alu = (tsr_alu_insn){.op = TSR_ALU_MOV,
                              .src_kind = TSR_SRC_INP,
                              .dst_kind = TSR_DST_OUT,
                              .uop_begin = begin,
                              .uop_count = 2,
                              .count0 = 2,
                              .count1 = 2,
                              .dst0 = 4,
                              .dst1 = 2,
                              .src0 = 8,
                              .src1 = 2};
    stream_push(s, insn);
    stream_store(s, 0, 0, 0, 32);
    model_result *r = model_run(s, NULL);
    bool same = memcmp(r->work, tiles, 16) == 0 && memcmp(r->work + 16, tiles + 32, 16) == 0;
    uint64_t uops = r->counters.alu_uops;
    free(r);
    ASSERT(same);
    ASSERT_EQ(8, uops);
    PASS();
}

TEST indices_wrap_at_sixteen_bits(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    const int8_t tiles[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    stream_load(s, TSR_BUF_INP, 0, tiles, sizeof tiles);
    tsr_insn *insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_OUT, 1, 1, 0);
    insn->alu.count1 = 2;
    insn->alu.dst1 = insn->alu.src1 = 65535; // the second step goes one down
    stream_store(s, 0, 0, 0, 8);
    model_result *r = model_run(s, NULL);
    bool same = r->fault.code == 0 && memcmp(r->work, tiles, 8) == 0;
    free(r);
    ASSERT(same);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    for (uint32_t op = TSR_ALU_MOV; op <= TSR_ALU_SHR; op++) {
        char name[80];
        snprintf(name, sizeof name, "operates_on_two_accumulators/%u", op);
        RUN_TEST_AS(name, operates_on_two_accumulators, &op);
        snprintf(name, sizeof name, "operates_with_an_immediate/%u", op);
        RUN_TEST_AS(name, operates_with_an_immediate, &op);
        snprintf(name, sizeof name, "operates_on_input_tiles/%u", op);
        RUN_TEST_AS(name, operates_on_input_tiles, &op);
    }
    RUN_TEST(rescales_each_channel_with_double_or_single_rounding);
    RUN_TEST(rescales_clips_and_saturates_into_out);
    RUN_TEST(walks_both_loops_and_all_micro_ops);
    RUN_TEST(indices_wrap_at_sixteen_bits);
    GREATEST_MAIN_END();
}
