// SPDX-License-Identifier: Apache-2.0
// The clocks that hw/rtl/README.md promises: what an instruction costs is the difference between a run with it and one without.
#include "../harness/check.h"
#include "tsr/driver.h"
#include "tsr/insn.h"

GREATEST_MAIN_DEFS();

enum { INSNS = 1024, WORK_BYTES = 1 << 16, LATENCY = 64, BUS = 8 };
#define ASSERT_CLOCKS(expected, actual) ASSERT_EQ_FMT((unsigned long long)(expected), (unsigned long long)(actual), "%llu")

typedef struct program {
    tsr_insn insn[INSNS];
    uint32_t count;
} program;

static void push(program *p, tsr_insn insn) { p->insn[p->count++] = insn; }

static tsr_insn load(uint32_t runs, uint32_t run, uint32_t stride) {
    return (tsr_insn){.opcode = TSR_OP_LOAD,
                      .load = {.buffer = TSR_BUF_INP,
                               .segment = 1,
                               .run = run,
                               .x_count = runs,
                               .y_count = 1,
                               .x_stride = stride,
                               .sram_x_stride = run}};
}

static tsr_insn store(uint32_t runs, uint32_t run, uint32_t stride) {
    return (tsr_insn){.opcode = TSR_OP_STORE,
                      .store = {.segment = 1,
                                .dram_offset = WORK_BYTES / 2,
                                .run = run,
                                .x_count = runs,
                                .y_count = 1,
                                .x_stride = stride,
                                .sram_x_stride = run}};
}

static tsr_insn gemm(uint32_t uops) {
    return (tsr_insn){.opcode = TSR_OP_GEMM, .gemm = {.uop_count = 1, .count0 = 1, .count1 = uops}};
}

static tsr_insn alu(uint32_t uops) {
    return (tsr_insn){.opcode = TSR_OP_ALU,
                      .alu = {.op = TSR_ALU_ADD, .src_kind = TSR_SRC_IMM, .uop_count = 1, .count0 = 1, .count1 = uops}};
}

// Cycles of the program on tiny; 0 with a message when something went wrong.
static uint64_t cycles(const program *p, uint32_t latency) {
    char name[64];
    snprintf(name, sizeof name, "rtl:config=tiny,latency=%u,outstanding=16", latency);
    tsr_device *device = NULL;
    tsr_buffer *stream, *work;
    tsr_profile profile = {0};
    tsr_status status = tsr_device_open(name, &device);
    if (status.code == TSR_OK)
        status = tsr_buffer_alloc(device, (INSNS + 1) * TSR_INSN_BYTES, &stream);
    if (status.code == TSR_OK)
        status = tsr_buffer_alloc(device, WORK_BYTES, &work);
    if (status.code == TSR_OK) {
        uint8_t *at = tsr_buffer_map(stream);
        tsr_insn finish = {.opcode = TSR_OP_FINISH};
        for (uint32_t i = 0; i <= p->count && status.code == TSR_OK; i++)
            status = tsr_insn_encode(i < p->count ? &p->insn[i] : &finish, at + i * TSR_INSN_BYTES);
    }
    if (status.code == TSR_OK)
        status = tsr_device_submit(device, &(tsr_run){.segment = {stream, work}, .insn_count = p->count + 1});
    if (status.code == TSR_OK)
        status = tsr_device_wait(device, 0, &profile, NULL);
    if (status.code != TSR_OK)
        fprintf(stderr, "%s\n", status.message);
    tsr_device_close(device);
    return status.code == TSR_OK ? profile.cycles : 0;
}

// What `more` more of the instruction cost behind one of them, in clocks.
static uint64_t cost(tsr_insn insn, uint32_t more, uint32_t latency) {
    program p = {.count = 0};
    push(&p, insn);
    uint64_t one = cycles(&p, latency);
    for (uint32_t i = 0; i < more; i++)
        push(&p, insn);
    return cycles(&p, latency) - one;
}

TEST finish_alone_takes_16_clocks_and_the_latency(void) {
    program p = {.count = 0};
    ASSERT_CLOCKS(16 + 64, cycles(&p, 64));
    ASSERT_CLOCKS(16 + 20, cycles(&p, 20));
    PASS();
}

TEST compute_instructions_follow_each_other_without_a_gap(void) {
    ASSERT_CLOCKS(10 * 100, cost(gemm(100), 10, LATENCY));
    ASSERT_CLOCKS(10 * 100, cost(alu(100), 10, LATENCY));
    PASS();
}

TEST loads_and_stores_move_a_word_a_clock_with_one_clock_between(void) {
    uint64_t words = 1024 / BUS;
    ASSERT_CLOCKS(8 * (words + 1), cost(load(1, 1024, 0), 8, LATENCY));
    ASSERT_CLOCKS(8 * (words + 1), cost(store(1, 1024, 0), 8, LATENCY));
    PASS();
}

TEST short_instructions_come_as_fast_as_dispatch_and_fetch_allow(void) {
    ASSERT_CLOCKS(100 * 4, cost(gemm(1), 100, LATENCY));
    ASSERT_CLOCKS(100 * 5, cost(store(1, 8, 0), 100, 1));
    PASS();
}

// Clocks of a chain over tokens between two units, there and back.
static uint64_t round_trip(tsr_insn first, uint32_t first_unit, tsr_insn second, uint32_t second_unit, uint32_t latency) {
    enum { TRIPS = 20 };
    uint64_t total[2];
    for (uint32_t k = 0; k < 2; k++) {
        program p = {.count = 0};
        for (uint32_t i = 0; i < TRIPS * (k + 1); i++) {
            tsr_insn there = first, back = second;
            there.wait = i > 0 ? 1u << second_unit : 0;
            there.signal = 1u << second_unit;
            back.wait = 1u << first_unit;
            back.signal = i + 1 < TRIPS * (k + 1) ? 1u << first_unit : 0;
            push(&p, there);
            push(&p, back);
        }
        total[k] = cycles(&p, latency);
    }
    return (total[1] - total[0]) / TRIPS;
}

TEST chains_over_tokens_cost_what_the_pipelines_are_deep(void) {
    ASSERT_CLOCKS(10 + 14, round_trip(gemm(1), TSR_UNIT_GEMM, alu(1), TSR_UNIT_ALU, LATENCY));
    ASSERT_CLOCKS(14 + 6 + 64, round_trip(alu(1), TSR_UNIT_ALU, store(1, 8, 0), TSR_UNIT_STORE, 64));
    ASSERT_CLOCKS(14 + 6 + 20, round_trip(alu(1), TSR_UNIT_ALU, store(1, 8, 0), TSR_UNIT_STORE, 20));
    PASS();
}

// Regions of `bytes` in DRAM that do not touch: clocks of each, in tenths.
static uint64_t tenths_a_region(tsr_insn insn, uint32_t regions) {
    return cost(insn, 20, LATENCY) * 10 / (20 * (uint64_t)regions);
}

TEST small_regions_are_bound_by_the_bursts_in_flight(void) {
    ASSERT_CLOCKS(41, tenths_a_region(load(128, 8, 24), 128));
    ASSERT_CLOCKS(43, tenths_a_region(load(32, 32, 96), 32));
    ASSERT_CLOCKS(80, tenths_a_region(load(16, 64, 192), 16));
    PASS();
}

SUITE(clocks) {
    RUN_TEST(finish_alone_takes_16_clocks_and_the_latency);
    RUN_TEST(compute_instructions_follow_each_other_without_a_gap);
    RUN_TEST(loads_and_stores_move_a_word_a_clock_with_one_clock_between);
    RUN_TEST(short_instructions_come_as_fast_as_dispatch_and_fetch_allow);
    RUN_TEST(chains_over_tokens_cost_what_the_pipelines_are_deep);
    RUN_TEST(small_regions_are_bound_by_the_bursts_in_flight);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(clocks);
    GREATEST_MAIN_END();
}
