// SPDX-License-Identifier: Apache-2.0
// The memory model on its own, driven by hand.
#include <stdbool.h>
#include <stdint.h>

#include "../harness/check.h"
#include "memory.h"

GREATEST_MAIN_DEFS();

enum { BUS = 8, SIZE = 8192 };
#define BASE 0x10000ull

static uint8_t host[SIZE];

static tsr_memory *fresh(tsr_sim_memory options) {
    for (int i = 0; i < SIZE; i++)
        host[i] = (uint8_t)(i * 7 + i / 256);
    tsr_memory *m = tsr_memory_create(&options, BUS);
    if (m != NULL && !tsr_memory_attach(m, BASE, host, SIZE))
        return NULL;
    tsr_axi_request idle = {0};
    tsr_memory_tick(m, &idle); // the first cycle in which the ready outputs mean something
    return m;
}

static tsr_axi_request read_request(uint64_t addr, uint8_t beats) {
    return (tsr_axi_request){
        .ar_addr = addr, .ar_len = (uint8_t)(beats - 1), .ar_size = 3, .ar_burst = 1, .ar_valid = true, .r_ready = true};
}

// Ticks until a read beat is there; returns the cycles that took, or -1 after 1000.
static int wait_read(tsr_memory *m) {
    tsr_axi_request q = {.r_ready = false};
    for (int i = 0; i < 1000; i++) {
        if (tsr_memory_response(m)->r_valid)
            return i;
        tsr_memory_tick(m, &q);
    }
    return -1;
}

TEST first_beat_comes_latency_cycles_after_the_address(void) {
    for (uint32_t latency = 1; latency < 100; latency += 9) {
        tsr_memory *m = fresh((tsr_sim_memory){.latency = latency});
        ASSERT(m != NULL && tsr_memory_response(m)->ar_ready);
        tsr_axi_request q = read_request(BASE + 16, 1);
        tsr_memory_tick(m, &q);
        ASSERT_EQ((int)latency, wait_read(m) + 1);
        ASSERT_EQ(0, memcmp(tsr_memory_response(m)->r_data, host + 16, BUS));
        ASSERT(tsr_memory_response(m)->r_last);
        tsr_memory_destroy(m);
    }
    PASS();
}

static int cycles_for_reads(tsr_sim_memory options, int bursts, uint8_t beats) {
    tsr_memory *m = fresh(options);
    int asked = 0, got = 0, cycles = 0;
    uint32_t most = 0;
    for (; got < bursts * beats && cycles < 100000; cycles++) {
        tsr_axi_request q = read_request(BASE + (uint64_t)asked * beats * BUS, beats);
        q.ar_valid = asked < bursts;
        asked += q.ar_valid && tsr_memory_response(m)->ar_ready;
        if (tsr_memory_response(m)->r_valid) {
            if (memcmp(tsr_memory_response(m)->r_data, host + got * BUS, BUS) != 0)
                return -1;
            got++;
        }
        tsr_memory_tick(m, &q);
        if (tsr_memory_reads_in_flight(m) > most)
            most = tsr_memory_reads_in_flight(m);
    }
    if (most > (options.outstanding != 0 ? options.outstanding : 16) || tsr_memory_protocol_error(m) != NULL)
        cycles = -2;
    tsr_memory_destroy(m);
    return cycles;
}

TEST bursts_in_flight_hide_the_latency(void) {
    ASSERT_EQ_FMT(64 + 16 * 8, cycles_for_reads((tsr_sim_memory){0}, 16, 8), "%d");
    PASS();
}

TEST one_outstanding_request_pays_the_latency_each_time(void) {
    int cycles = cycles_for_reads((tsr_sim_memory){.outstanding = 1}, 4, 8);
    ASSERT(cycles >= 4 * (64 + 8) && cycles <= 4 * (64 + 8 + 2));
    PASS();
}

TEST bandwidth_below_the_bus_width_makes_gaps(void) {
    int cycles = cycles_for_reads((tsr_sim_memory){.read_bandwidth = 3}, 16, 8);
    ASSERT(cycles >= 64 + 16 * 8 * 8 / 3 - 2 && cycles <= 64 + 16 * 8 * 8 / 3 + 8);
    PASS();
}

TEST random_stalls_and_latency_keep_order_and_data(void) {
    for (uint64_t seed = 1; seed < 50; seed++)
        ASSERT(cycles_for_reads((tsr_sim_memory){.seed = seed, .random_latency = 100, .random_stall = 128}, 16, 8) > 0);
    PASS();
}

// Writes one burst of `beats` beats with this strobe on each; returns the response, -1 when none comes.
static int write_burst(tsr_memory *m, uint64_t addr, int beats, const uint8_t *data, uint64_t strobe) {
    int sent = 0;
    bool address = false;
    for (int i = 0; i < 1000; i++) {
        const tsr_axi_response *r = tsr_memory_response(m);
        tsr_axi_request q = {.aw_addr = addr,
                             .aw_len = (uint8_t)(beats - 1),
                             .aw_size = 3,
                             .aw_burst = 1,
                             .aw_valid = !address,
                             .w_valid = sent < beats,
                             .w_data = data + (sent < beats ? sent : 0) * BUS,
                             .w_strb = strobe,
                             .w_last = sent == beats - 1,
                             .b_ready = true};
        address |= r->aw_ready;
        if (q.w_valid && r->w_ready)
            sent++;
        int resp = r->b_valid ? r->b_resp : -1;
        tsr_memory_tick(m, &q);
        if (resp >= 0)
            return resp;
    }
    return -1;
}

TEST writes_change_the_strobed_bytes_only(void) {
    tsr_memory *m = fresh((tsr_sim_memory){.latency = 5});
    uint8_t before[SIZE], data[32];
    memcpy(before, host, SIZE);
    memset(data, 0xee, sizeof data);
    ASSERT_EQ(TSR_AXI_OKAY, write_burst(m, BASE + 64, 4, data, 0x5a));
    for (int i = 0; i < SIZE; i++) {
        bool changed = i >= 64 && i < 96 && (0x5a >> (i % 8) & 1) != 0;
        ASSERT_EQ(changed ? 0xee : before[i], host[i]);
    }
    ASSERT(tsr_memory_protocol_error(m) == NULL);
    tsr_memory_destroy(m);
    PASS();
}

TEST accesses_outside_of_regions_answer_decerr(void) {
    tsr_memory *m = fresh((tsr_sim_memory){.latency = 2});
    tsr_axi_request q = read_request(BASE + SIZE, 1);
    tsr_memory_tick(m, &q);
    ASSERT(wait_read(m) >= 0);
    ASSERT_EQ(TSR_AXI_DECERR, tsr_memory_response(m)->r_resp);
    tsr_memory_destroy(m);
    m = fresh((tsr_sim_memory){.latency = 2});
    uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ASSERT_EQ(TSR_AXI_DECERR, write_burst(m, BASE - 8, 1, data, 0xff));
    ASSERT_EQ(TSR_AXI_OKAY, write_burst(m, BASE, 1, data, 0xff));
    tsr_memory_destroy(m);
    PASS();
}

TEST bytes_beside_a_region_are_poison_and_unwritten(void) {
    uint8_t small[3] = {1, 2, 3};
    tsr_memory *m = tsr_memory_create(&(tsr_sim_memory){.latency = 1}, BUS);
    ASSERT(tsr_memory_attach(m, 0x100, small, sizeof small));
    tsr_axi_request idle = {0}, q = read_request(0x100, 1);
    tsr_memory_tick(m, &idle);
    tsr_memory_tick(m, &q);
    ASSERT(wait_read(m) >= 0);
    const uint8_t want[8] = {1, 2, 3, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    ASSERT_EQ(TSR_AXI_OKAY, tsr_memory_response(m)->r_resp);
    ASSERT_EQ(0, memcmp(want, tsr_memory_response(m)->r_data, 8));
    q = (tsr_axi_request){.r_ready = true};
    tsr_memory_tick(m, &q);
    uint8_t data[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    ASSERT_EQ(TSR_AXI_OKAY, write_burst(m, 0x100, 1, data, 0x07));
    ASSERT_EQ(TSR_AXI_DECERR, write_burst(m, 0x100, 1, data, 0x0f));
    tsr_memory_destroy(m);
    PASS();
}

TEST injected_errors_answer_slverr_in_their_direction(void) {
    tsr_memory *m = fresh((tsr_sim_memory){.latency = 1});
    uint8_t data[8] = {0};
    tsr_memory_inject_error(m, TSR_SIM_WRITE, BASE + 100, 1);
    ASSERT_EQ(TSR_AXI_SLVERR, write_burst(m, BASE + 96, 1, data, 0xff));
    ASSERT_EQ(TSR_AXI_OKAY, write_burst(m, BASE + 96, 1, data, 0x0f));
    tsr_axi_request q = read_request(BASE + 96, 1);
    tsr_memory_tick(m, &q);
    ASSERT(wait_read(m) >= 0);
    ASSERT_EQ(TSR_AXI_OKAY, tsr_memory_response(m)->r_resp);
    tsr_memory_destroy(m);
    PASS();
}

TEST overlapping_empty_and_wrapping_regions_are_rejected(void) {
    tsr_memory *m = fresh((tsr_sim_memory){0});
    ASSERT_FALSE(tsr_memory_attach(m, BASE + SIZE - 1, host, 1));
    ASSERT_FALSE(tsr_memory_attach(m, BASE - 1, host, 2));
    ASSERT_FALSE(tsr_memory_attach(m, 0, host, 0));
    ASSERT_FALSE(tsr_memory_attach(m, UINT64_MAX - 10, host, 100));
    ASSERT(tsr_memory_attach(m, BASE + SIZE, host, 1));
    ASSERT(tsr_memory_detach(m, BASE));
    ASSERT_FALSE(tsr_memory_detach(m, BASE));
    ASSERT(tsr_memory_attach(m, BASE, host, SIZE));
    tsr_memory_destroy(m);
    PASS();
}

TEST bursts_over_a_4k_border_are_reported(void) {
    tsr_memory *m = fresh((tsr_sim_memory){0});
    tsr_axi_request q = read_request(BASE + 4096 - 8, 2);
    tsr_memory_tick(m, &q);
    ASSERT(tsr_memory_protocol_error(m) != NULL);
    ASSERT_STR_CONTAINS("4 KiB", tsr_memory_protocol_error(m));
    tsr_memory_destroy(m);
    PASS();
}

TEST a_request_that_changes_while_it_waits_is_reported(void) {
    tsr_memory *m = tsr_memory_create(&(tsr_sim_memory){0}, BUS); // not ready in its first cycle
    tsr_axi_request q = read_request(BASE, 1);
    tsr_memory_tick(m, &q);
    q.ar_addr += 8;
    tsr_memory_tick(m, &q);
    ASSERT(tsr_memory_protocol_error(m) != NULL);
    ASSERT_STR_CONTAINS("AR changed", tsr_memory_protocol_error(m));
    tsr_memory_destroy(m);
    PASS();
}

TEST impossible_options_are_rejected(void) {
    ASSERT(tsr_memory_create(NULL, 12) == NULL);
    ASSERT(tsr_memory_create(&(tsr_sim_memory){.outstanding = 1000}, 8) == NULL);
    ASSERT(tsr_memory_create(&(tsr_sim_memory){.random_stall = 256}, 8) == NULL);
    PASS();
}

SUITE(memory) {
    RUN_TEST(first_beat_comes_latency_cycles_after_the_address);
    RUN_TEST(bursts_in_flight_hide_the_latency);
    RUN_TEST(one_outstanding_request_pays_the_latency_each_time);
    RUN_TEST(bandwidth_below_the_bus_width_makes_gaps);
    RUN_TEST(random_stalls_and_latency_keep_order_and_data);
    RUN_TEST(writes_change_the_strobed_bytes_only);
    RUN_TEST(accesses_outside_of_regions_answer_decerr);
    RUN_TEST(bytes_beside_a_region_are_poison_and_unwritten);
    RUN_TEST(injected_errors_answer_slverr_in_their_direction);
    RUN_TEST(overlapping_empty_and_wrapping_regions_are_rejected);
    RUN_TEST(bursts_over_a_4k_border_are_reported);
    RUN_TEST(a_request_that_changes_while_it_waits_is_reported);
    RUN_TEST(impossible_options_are_rejected);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(memory);
    GREATEST_MAIN_END();
}
