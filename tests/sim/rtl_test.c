// SPDX-License-Identifier: Apache-2.0
// The Verilated core as a device, beyond what tests/conformance asks of every device: time, limits, reports, waveforms.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../harness/check.h"
#include "streams.h"
#include "tsr/driver.h"

GREATEST_MAIN_DEFS();

enum { WORK_BYTES = 4096 };

typedef struct bench {
    tsr_device *device;
    tsr_buffer *constants, *work;
} bench;

static tsr_status set_up(const char *name, bench *b) {
    TSR_TRY(tsr_device_open(name, &b->device));
    TSR_TRY(tsr_buffer_alloc(b->device, STREAM_BYTES, &b->constants));
    return tsr_buffer_alloc(b->device, WORK_BYTES, &b->work);
}

static tsr_status run(bench *b, uint32_t insns, uint32_t timeout_ms, tsr_profile *profile) {
    tsr_run r = {.segment = {b->constants, b->work}, .insn_count = insns};
    TSR_TRY(tsr_device_submit(b->device, &r));
    return tsr_device_wait(b->device, timeout_ms, profile, NULL);
}

static uint8_t *code(bench *b) { return tsr_buffer_map(b->constants); }

TEST profile_accounts_for_every_cycle_of_every_unit(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny", &b));
    tsr_profile p;
    ASSERT_OK(run(&b, stream_long_gemm(code(&b), 10, 30), 0, &p));
    ASSERT_EQ(300u, p.gemm_uops);
    ASSERT_EQ(300u, p.unit[1].busy);
    ASSERT_EQ(2u, p.insns);
    for (int u = 0; u < TSR_UNITS; u++) {
        const tsr_unit_profile *c = &p.unit[u];
        ASSERT_EQ(p.cycles, c->busy + c->stall_token + c->stall_memory + c->stall_queue + c->stall_bank);
    }
    tsr_device_close(b.device);
    PASS();
}

TEST the_same_run_takes_the_same_cycles_again(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny", &b));
    tsr_profile first, again;
    ASSERT_OK(run(&b, stream_loads_then_gemm(code(&b), 5), 0, &first));
    ASSERT_OK(run(&b, stream_loads_then_gemm(code(&b), 5), 0, &again));
    ASSERT_EQ(first.cycles, again.cycles);
    tsr_device_close(b.device);
    PASS();
}

static uint64_t cycles_with(const char *name) {
    bench b;
    tsr_profile p = {0};
    if (set_up(name, &b).code != TSR_OK || run(&b, stream_loads_then_gemm(code(&b), 30), 0, &p).code != TSR_OK)
        return 0;
    tsr_device_close(b.device);
    return p.cycles;
}

TEST memory_options_change_the_cycles(void) {
    uint64_t plain = cycles_with("rtl:config=tiny"), slow = cycles_with("rtl:config=tiny,latency=300");
    uint64_t narrow = cycles_with("rtl:config=tiny,bandwidth=2"), single = cycles_with("rtl:config=tiny,outstanding=1");
    uint64_t random = cycles_with("rtl:config=tiny,seed=7"), other = cycles_with("rtl:config=tiny,seed=8");
    ASSERT(plain > 0 && slow >= plain + 236);
    ASSERT(narrow > plain + 30 * 64 / 4);
    ASSERT(single >= 30 * 64);
    ASSERT(random > plain && other > plain && random != other);
    ASSERT_EQ(random, cycles_with("rtl:config=tiny,seed=7"));
    PASS();
}

TEST cycle_limit_ends_a_run_with_a_report_of_who_waits_for_what(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny,latency=400,outstanding=1,cycle_limit=2500", &b));
    tsr_profile p;
    tsr_status status = run(&b, stream_loads_then_gemm(code(&b), 8), 0, &p);
    ASSERT_EQ(TSR_TIMEOUT, status.code);
    ASSERT_STR_CONTAINS("limit", status.message);
    ASSERT_STR_CONTAINS("GEMM waits for a token from LOAD for instruction 8", status.message);
    ASSERT_STR_CONTAINS("LOAD waits for memory", status.message);
    ASSERT_STR_CONTAINS("STORE has no instruction", status.message);
    ASSERT(p.cycles > 1000);
    // The device is ready for another run.
    ASSERT_OK(run(&b, stream_nothing(code(&b)), 0, &p));
    tsr_device_close(b.device);
    PASS();
}

TEST timeout_ends_a_run_and_leaves_the_device_usable(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny", &b));
    tsr_status status = run(&b, stream_long_gemm(code(&b), 65535, 65535), 30, NULL);
    ASSERT_EQ(TSR_TIMEOUT, status.code);
    ASSERT_STR_CONTAINS("GEMM works", status.message);
    ASSERT_OK(run(&b, stream_store_fives(code(&b)), 0, NULL));
    const uint8_t *work = tsr_buffer_map(b.work);
    for (int i = 0; i < WORK_BYTES; i++)
        ASSERT_EQ(i < 16 ? 5 : 0, work[i]);
    tsr_device_close(b.device);
    PASS();
}

TEST a_fault_leaves_the_device_usable(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny", &b));
    tsr_status status = run(&b, stream_bad_load(code(&b)), 0, NULL);
    ASSERT_EQ(TSR_DEVICE_FAULT, status.code);
    ASSERT_STR_CONTAINS("dram_range", status.message);
    ASSERT_OK(run(&b, stream_store_fives(code(&b)), 0, NULL));
    ASSERT_EQ(5, *(uint8_t *)tsr_buffer_map(b.work));
    tsr_device_close(b.device);
    PASS();
}

TEST two_simulators_live_side_by_side(void) {
    bench a, b;
    ASSERT_OK(set_up("rtl:config=tiny", &a));
    ASSERT_OK(set_up("rtl:config=pynq", &b));
    ASSERT_OK(run(&a, stream_store_fives(code(&a)), 0, NULL));
    ASSERT_OK(run(&b, stream_store_fives(code(&b)), 0, NULL));
    ASSERT_EQ(5, *(uint8_t *)tsr_buffer_map(a.work));
    ASSERT_EQ(5, *(uint8_t *)tsr_buffer_map(b.work));
    tsr_device_close(a.device);
    tsr_device_close(b.device);
    PASS();
}

static long file_size(const char *path) {
    struct stat file;
    return stat(path, &file) == 0 ? (long)file.st_size : -1;
}

// A run with a waveform of these cycles; the size of the file, and the cycles of the run.
static long traced(const char *window, uint64_t *out_cycles) {
    char path[] = "/tmp/tessera-trace-XXXXXX", name[200];
    int fd = mkstemp(path);
    bench b;
    tsr_profile p = {0};
    snprintf(name, sizeof name, "rtl:config=tiny,trace=%s,%s", path, window);
    tsr_status status = set_up(name, &b);
    if (status.code == TSR_OK) {
        status = run(&b, stream_long_gemm(code(&b), 100, 200), 0, &p);
        tsr_device_close(b.device);
    }
    long size = status.code == TSR_OK ? file_size(path) : -1;
    close(fd);
    unlink(path);
    *out_cycles = p.cycles;
    return size;
}

TEST waveform_holds_the_cycles_asked_for_and_changes_nothing(void) {
    uint64_t few_cycles, many_cycles;
    long few = traced("trace_start=1000,trace_stop=1010", &few_cycles), many = traced("trace_stop=20000", &many_cycles);
    ASSERT(few > 0 && many > few + 10000);
    ASSERT_EQ(few_cycles, many_cycles);
    bench b;
    tsr_profile p;
    ASSERT_OK(set_up("rtl:config=tiny", &b));
    ASSERT_OK(run(&b, stream_long_gemm(code(&b), 100, 200), 0, &p));
    ASSERT_EQ(few_cycles, p.cycles);
    tsr_device_close(b.device);
    PASS();
}

TEST waveform_that_cannot_be_written_is_an_error(void) {
    bench b;
    ASSERT_OK(set_up("rtl:config=tiny,trace=/nonexistent/x.fst", &b));
    tsr_status status = run(&b, stream_nothing(code(&b)), 0, NULL);
    ASSERT_EQ(TSR_IO, status.code);
    ASSERT_STR_CONTAINS("/nonexistent/x.fst", status.message);
    tsr_device_close(b.device);
    PASS();
}

TEST missing_simulator_names_the_make_target(void) {
    tsr_device *device;
    setenv("TESSERA_SIM_DIR", "/nonexistent", 1);
    tsr_status status = tsr_device_open("rtl:config=tiny", &device);
    unsetenv("TESSERA_SIM_DIR");
    ASSERT_EQ(TSR_NOT_FOUND, status.code);
    ASSERT_STR_CONTAINS("make sims", status.message);
    ASSERT_STR_CONTAINS("tiny", status.message);
    ASSERT(device == NULL);
    PASS();
}

TEST simulator_of_other_parameters_is_refused(void) {
    // The tiny configuration with one number changed: same name, so the same library, but another identity.
    FILE *from = fopen("isa/configs/tiny.cfg", "r");
    if (from == NULL)
        SKIPm("isa/configs/tiny.cfg is not below the current folder");
    char path[] = "/tmp/tessera-config-XXXXXX", line[200], name[100];
    int fd = mkstemp(path);
    ASSERT(fd >= 0);
    while (fgets(line, sizeof line, from) != NULL) {
        const char *text = strncmp(line, "uop_buffer", 10) == 0 ? "uop_buffer = 4096\n" : line;
        ASSERT(write(fd, text, strlen(text)) > 0);
    }
    fclose(from);
    close(fd);
    snprintf(name, sizeof name, "rtl:config=%s", path);
    tsr_device *device;
    tsr_status status = tsr_device_open(name, &device);
    unlink(path);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("other parameters", status.message);
    PASS();
}

TEST unknown_and_impossible_options_are_refused(void) {
    tsr_device *device;
    tsr_status status = tsr_device_open("rtl:config=tiny,speed=9", &device);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("latency", status.message);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("rtl:config=tiny,latency=0", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("rtl:config=tiny,outstanding=1000", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("rtl:config=tiny,trace=x,trace_start=9,trace_stop=9", &device).code);
    PASS();
}

SUITE(rtl_device) {
    RUN_TEST(profile_accounts_for_every_cycle_of_every_unit);
    RUN_TEST(the_same_run_takes_the_same_cycles_again);
    RUN_TEST(memory_options_change_the_cycles);
    RUN_TEST(cycle_limit_ends_a_run_with_a_report_of_who_waits_for_what);
    RUN_TEST(timeout_ends_a_run_and_leaves_the_device_usable);
    RUN_TEST(a_fault_leaves_the_device_usable);
    RUN_TEST(two_simulators_live_side_by_side);
    RUN_TEST(waveform_holds_the_cycles_asked_for_and_changes_nothing);
    RUN_TEST(waveform_that_cannot_be_written_is_an_error);
    RUN_TEST(missing_simulator_names_the_make_target);
    RUN_TEST(simulator_of_other_parameters_is_refused);
    RUN_TEST(unknown_and_impossible_options_are_refused);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(rtl_device);
    GREATEST_MAIN_END();
}
