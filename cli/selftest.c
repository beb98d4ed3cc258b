// SPDX-License-Identifier: Apache-2.0
// What a user runs on a new board: from the registers to a whole network, each step held against the executable specification.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "model.h"
#include "progress.h"
#include "selftest/bench.h"

typedef struct test {
    const char *name, *what;
    const char *means; // when it fails
    bench_case *run;
} test;

static const test tests[] = {
    {"identity", "registers: instruction set, configuration, sizes",
     "the bitstream was built from another version, or the control registers are not where the driver looks", case_identity},
    {"buffers", "new buffers of many sizes: zero, aligned, bounded", "the driver's memory: allocation, alignment or clearing",
     case_buffers},
    {"sync", "what the host writes, it reads again", "transfers between host and device memory, without the accelerator",
     case_sync},
    {"dma-patterns", "walking ones and zeros, addresses, random bytes, through LOAD and STORE",
     "single bits: a data line or a bus of a wrong width. Content of before: a cache is not flushed before or invalidated after "
     "a "
     "run. Everything: the base address registers or the memory bank",
     case_dma_patterns},
    {"dma-sizes", "odd sizes and addresses, over 4 KiB borders",
     "byte strobes, bursts at 4 KiB borders, alignment of addresses; content of before: a cache, as for dma-patterns",
     case_dma_sizes},
    {"dma-addresses", "words all over a large buffer", "an address line, or memory that is mapped twice", case_dma_addresses},
    {"load", "LOAD: strided, padded, odd, each buffer", "the LOAD unit, or the timing of its buffers' write ports", case_load},
    {"store", "STORE: strided, odd, single bytes", "the STORE unit, or byte strobes", case_store},
    {"gemm", "GEMM: loops, overwriting, one accumulator in a row", "the multiplier array or its accumulators: timing, forwarding",
     case_gemm},
    {"alu", "ALU: each operation, each source, clipping", "one operation: that part of the ALU. Many: the accumulators' ports",
     case_alu},
    {"rescale", "ALU: requantising with extreme parameters",
     "the wide multiplier of the ALU, often the slowest path of the design", case_rescale},
    {"gemm-large", "a product of matrices over many tiles", "buffers' address bits, or timing that only shows at full rate",
     case_gemm_large},
    {"alu-chain", "operations that need the result just before", "forwarding in the ALU's pipeline", case_alu_chain},
    {"faults", "wrong programs: the right fault, and recovery", "checks at dispatch, or what a run leaves behind after a fault",
     case_faults},
    {"timeout", "a program without end: abort, soft reset, recovery",
     "soft reset does not drain the bus, or the driver does not wait for it", case_timeout},
    {"state", "nothing of a run is left for the next", "clearing between runs", case_state},
    {"counters", "counters: work, cycles, busy and waiting", "the counters, or a clock other than the core's", case_counters},
    {"records", "when each instruction ran", "the records of instructions", case_records},
    {"tokens", "tokens from each unit to each other one, in every order of time",
     "the token counters: one is lost or counted twice when it is given and taken in the same clock", case_tokens},
    {"random", "random programs with all units at work", "tokens, banks and hazards between units; if nothing else fails: timing",
     case_random},
    {"network", "a network from end to end", "if all else passes: the compiler, host code or transfers between steps",
     case_network},
};
enum { TESTS = sizeof tests / sizeof tests[0], MOST_TIMEOUTS = 3 };

typedef struct row {
    case_result result;
    double seconds;
    uint32_t checks;
    char detail[BENCH_DETAIL_BYTES];
} row;

typedef struct session {
    const char *device_name;
    bool json;
    bench bench;
    row rows[TESTS + 1]; // the last: soak
    unsigned passed, failed, skipped;
} session;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- what is printed --------------------------------------------------------------------------------------------------

static const char *const words[] = {"PASS", "FAIL", "SKIP"};

static void print_head(const session *s) {
    const tsr_config *c = s->bench.config;
    printf("%s: configuration %s, %ux%ux%u, instruction set %u.%u, seed %" PRIu64 "\n\n", s->device_name, c->name, c->batch,
           c->block_in, c->block_out, s->bench.info.isa_version >> 16, s->bench.info.isa_version & 0xffff, s->bench.seed);
}

static void print_row(const char *name, const char *what, const char *means, const row *r) {
    printf("%s  %-14s %6u checks %7.2f s  %s\n", words[r->result], name, r->checks, r->seconds, what);
    if (r->detail[0] != '\0' && r->result != CASE_PASS)
        printf("      %s\n", r->detail);
    if (r->result == CASE_FAIL)
        printf("      look at: %s\n", means);
    fflush(stdout);
}

static void json_row(const char *name, const char *means, const row *r, bool first) {
    printf("%s{\"name\":\"%s\",\"result\":\"%s\",\"checks\":%u,\"seconds\":%.3f", first ? "" : ",", name,
           r->result == CASE_PASS   ? "pass"
           : r->result == CASE_FAIL ? "fail"
                                    : "skip",
           r->checks, r->seconds);
    if (r->detail[0] != '\0') {
        printf(",\"detail\":");
        json_text(r->detail);
    }
    if (r->result == CASE_FAIL) {
        printf(",\"look_at\":");
        json_text(means);
    }
    printf("}");
}

static void json_head(const session *s) {
    printf("{\"device\":");
    json_text(s->device_name);
    printf(",\"config\":");
    json_text(s->bench.config->name);
    printf(",\"config_id\":\"0x%016" PRIx64 "\",\"isa\":\"%u.%u\",\"seed\":%" PRIu64 ",\"quick\":%s,\"tests\":[",
           tsr_config_id(s->bench.config), s->bench.info.isa_version >> 16, s->bench.info.isa_version & 0xffff, s->bench.seed,
           s->bench.quick ? "true" : "false");
}

// ---- the tests --------------------------------------------------------------------------------------------------------

static void finish_row(session *s, const char *name, const char *what, const char *means, row *r, bool first) {
    memcpy(r->detail, s->bench.detail, sizeof r->detail);
    r->checks = s->bench.checks;
    s->passed += r->result == CASE_PASS;
    s->failed += r->result == CASE_FAIL;
    s->skipped += r->result == CASE_SKIP;
    if (s->json)
        json_row(name, means, r, first);
    else
        print_row(name, what, means, r);
}

static void run_test(session *s, int index, bool first) {
    const test *t = &tests[index];
    row *r = &s->rows[index];
    bench *b = &s->bench;
    b->checks = 0;
    b->detail[0] = '\0';
    progress *bar = s->json ? NULL : progress_start(t->name);
    const double begin = now();
    if (b->lost)
        r->result = bench_skip(b, "the device does not answer any more");
    else if (b->timeouts >= MOST_TIMEOUTS)
        r->result = bench_skip(b, "%d runs have not ended; the device hangs", MOST_TIMEOUTS);
    else
        r->result = t->run(b);
    r->seconds = now() - begin;
    progress_end(bar);
    finish_row(s, t->name, t->what, t->means, r, first);
}

// Random programs and copies until the time is over.
static void soak(session *s, uint32_t seconds) {
    bench *b = &s->bench;
    row *r = &s->rows[TESTS];
    progress *bar = s->json ? NULL : progress_start("soak");
    const double begin = now();
    b->checks = 0;
    b->detail[0] = '\0';
    r->result = CASE_PASS;
    const uint64_t seed = b->seed;
    for (uint32_t round = 0; r->result == CASE_PASS && now() - begin < seconds; round++) {
        progress_set(bar, "random programs", (uint32_t)(now() - begin), seconds);
        b->seed = seed + UINT64_C(1000003) * round;
        for (uint32_t i = 0; i < 50 && r->result == CASE_PASS; i++)
            r->result = random_program(b, b->seed + i);
        if (r->result == CASE_PASS && round % 8 == 0)
            r->result = case_dma_patterns(b);
    }
    b->seed = seed;
    r->seconds = now() - begin;
    progress_end(bar);
    finish_row(s, "soak", "random programs and copies for as long as was asked",
               "what fails only now and then: timing, power, temperature, memory", r, false);
}

static tsr_status prepare(session *s, const char *config) {
    static char name[1024];
    TSR_TRY(model_device_name(s->device_name, config, name, sizeof name));
    s->device_name = name;
    bench *b = &s->bench;
    TSR_TRY(tsr_device_open(name, &b->device));
    b->info = *tsr_device_get_info(b->device);
    b->config = &b->info.config;
    if (b->config->batch == 0)
        return tsr_error(TSR_UNSUPPORTED, "%s: the device has no accelerator to test", name);
    const tsr_model_options options = {.check_races = true};
    return tsr_model_create(b->config, &options, &b->judge);
}

static int run_all(session *s, const option_list *only, uint32_t soak_s) {
    bool first = true;
    if (s->json)
        json_head(s);
    else
        print_head(s);
    for (int i = 0; i < TESTS; i++) {
        bool wanted = only->count == 0;
        for (unsigned n = 0; n < only->count; n++)
            wanted |= strcmp(only->texts[n], tests[i].name) == 0;
        if (!wanted)
            continue;
        run_test(s, i, first);
        first = false;
    }
    if (soak_s != 0 && s->failed == 0)
        soak(s, soak_s);
    if (s->json)
        printf("],\"passed\":%u,\"failed\":%u,\"skipped\":%u}\n", s->passed, s->failed, s->skipped);
    else
        printf("\n%u passed, %u failed, %u skipped\n", s->passed, s->failed, s->skipped);
    return s->failed == 0 ? CLI_DONE : CLI_FAILED;
}

static int check_names(const option_list *only) {
    for (unsigned n = 0; n < only->count; n++) {
        bool known = false;
        for (int i = 0; i < TESTS; i++)
            known |= strcmp(only->texts[n], tests[i].name) == 0;
        if (known)
            continue;
        char all[400] = "";
        for (int i = 0; i < TESTS; i++)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? ", " : "", tests[i].name);
        return cli_misuse("selftest", "there is no test \"%s\"; there are %s", only->texts[n], all);
    }
    return CLI_DONE;
}

int cli_selftest(int argc, char **argv) {
    session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cli_finish(tsr_error(TSR_OUT_OF_MEMORY, "no memory"));
    uint32_t soak_s = 0, seed = 1;
    option_list only = {0};
    const char *config = NULL;
    const cli_option options[] = {
        {OPTION_TEXT, "--device", "NAME", &s->device_name, "the device to test: xrt:..., remote:HOST:PORT, rtl:config=pynq, ..."},
        {OPTION_TEXT, "--config", "NAME", &config, "hardware configuration, where the device does not know it (default pynq)"},
        {OPTION_FLAG, "--quick", NULL, &s->bench.quick, "a fraction of the checks; every test still has some"},
        {OPTION_NUMBER, "--soak", "SECONDS", &soak_s, "if all passes, go on with random programs and copies for so long"},
        {OPTION_NUMBER, "--seed", "N", &seed, "of everything that is random (default 1)"},
        {OPTION_LIST, "--only", "TEST", &only, "this test alone; may be given several times"},
        {OPTION_TEXT, "--model", "FILE", &s->bench.model_file, "the network of the last test (default: built in, 8x8 digits)"},
        {OPTION_FLAG, "--json", NULL, &s->json, "for programs"},
        {0},
    };
    const cli_command command = {
        "selftest",
        "test a device, such as a new board, from registers to a network",
        "--device NAME [OPTIONS]",
        0,
        0,
        options,
        "Everything that the device computes is compared with the executable specification, bit by bit: memory, faults and\n"
        "counters. A line for each test says PASS, FAIL or SKIP and why; a failed one what to look at. Exit code 1 when one "
        "fails.\n",
        "  tessera selftest --device xrt\n"
        "  tessera selftest --device remote:board.local:7433,token_file=key --soak 3600\n"
        "  tessera selftest --device rtl:config=tiny --quick --json\n",
    };
    int code;
    if (cli_parse(&command, argc, argv, NULL, &code)) {
        s->bench.seed = seed;
        code = check_names(&only);
        if (s->device_name == NULL)
            code = cli_misuse("selftest", "say with --device what to test");
        if (code == CLI_DONE) {
            const tsr_status status = prepare(s, config);
            code = status.code == TSR_OK ? run_all(s, &only, soak_s) : cli_finish(status);
        }
        tsr_model_destroy(s->bench.judge);
        tsr_device_close(s->bench.device);
    }
    free(s);
    return code;
}
