// SPDX-License-Identifier: Apache-2.0
// Counters that need no clock are compared in every run (compare.c); here are the cycles, and when each instruction ran.
#include "bench.h"

static tsr_status run_layer(bench *b, tsr_profile *out_profile, uint32_t *out_insns) {
    dice d = {b->seed + 77};
    stream *im = stream_layer(b->config, &d);
    if (im == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory");
    *out_insns = im->insn_count;
    const tsr_status status = bench_run(b, im, BENCH_RUN_MS, out_profile, NULL, NULL);
    stream_free(im);
    return status;
}

static case_result check_cycles(bench *b, const tsr_profile *p) {
    static const char *const units[] = {"LOAD", "GEMM", "ALU", "STORE"};
    if (p->cycles < p->gemm_uops || p->cycles < p->alu_uops)
        return bench_fail(b, "%llu cycles for %llu GEMM and %llu ALU micro-ops: a unit does one a cycle at most",
                          (unsigned long long)p->cycles, (unsigned long long)p->gemm_uops, (unsigned long long)p->alu_uops);
    for (int u = 0; u < TSR_UNITS; u++) {
        const tsr_unit_profile *unit = &p->unit[u];
        const uint64_t sum = unit->busy + unit->stall_token + unit->stall_memory + unit->stall_queue + unit->stall_bank;
        if (sum != p->cycles)
            return bench_fail(b, "%s was busy or waiting for %llu of %llu cycles; the two are the same by definition", units[u],
                              (unsigned long long)sum, (unsigned long long)p->cycles);
        if (unit->busy == 0)
            return bench_fail(b, "%s did work in no cycle", units[u]);
        b->checks++;
    }
    return CASE_PASS;
}

case_result case_counters(bench *b) {
    tsr_profile p = {0};
    uint32_t insns;
    BENCH_TRY(b, "a layer", run_layer(b, &p, &insns));
    if (p.insns != insns)
        return bench_fail(b, "counted %llu instructions of %u", (unsigned long long)p.insns, insns);
    if (p.bytes_read == 0 || p.bytes_written == 0 || p.gemm_uops == 0 || p.alu_uops == 0)
        return bench_fail(b, "a counter of work stays 0");
    b->checks++;
    if (!b->info.cycle_accurate)
        return p.cycles == 0 ? CASE_PASS : bench_fail(b, "cycles are counted by a device that says it has no clock");
    BENCH_PASS(check_cycles(b, &p));
    // An empty run must not show the counters of the one before.
    stream *im = stream_new(b->config, 0, 0);
    if (im == NULL)
        return bench_fail(b, "no memory");
    stream_seal(im);
    tsr_profile empty = {0};
    const tsr_status status = bench_run(b, im, BENCH_RUN_MS, &empty, NULL, NULL);
    stream_free(im);
    BENCH_TRY(b, "an empty run", status);
    b->checks++;
    if (empty.insns != 1 || empty.gemm_uops != 0 || empty.cycles == 0 || empty.cycles >= p.cycles)
        return bench_fail(b, "FINISH alone took %llu cycles and %llu instructions", (unsigned long long)empty.cycles,
                          (unsigned long long)empty.insns);
    return CASE_PASS;
}

typedef struct record_log {
    uint64_t count[TSR_UNITS], last_end[TSR_UNITS];
    bool ordered, sane;
} record_log;

static void on_record(void *context, const tsr_insn_profile *record) {
    record_log *log = context;
    if (record->unit >= TSR_UNITS) {
        log->sane = false;
        return;
    }
    log->sane &= record->begin < record->end;
    log->ordered &= record->end >= log->last_end[record->unit];
    log->last_end[record->unit] = record->end;
    log->count[record->unit]++;
}

case_result case_records(bench *b) {
    record_log log = {.ordered = true, .sane = true};
    const tsr_status status = tsr_device_on_insn(b->device, on_record, &log);
    if (status.code == TSR_UNSUPPORTED)
        return bench_skip(b, "the device does not tell when an instruction runs");
    BENCH_TRY(b, "records", status);
    tsr_profile p = {0};
    uint32_t insns;
    const tsr_status run = run_layer(b, &p, &insns);
    (void)tsr_device_on_insn(b->device, NULL, NULL);
    BENCH_TRY(b, "a layer", run);
    for (int u = 0; u < TSR_UNITS; u++) {
        if (log.count[u] != p.unit[u].insns)
            return bench_fail(b, "%llu records of unit %d, which completed %llu instructions", (unsigned long long)log.count[u],
                              u, (unsigned long long)p.unit[u].insns);
        if (log.last_end[u] > p.cycles)
            return bench_fail(b, "unit %d ends at cycle %llu of %llu", u, (unsigned long long)log.last_end[u],
                              (unsigned long long)p.cycles);
        b->checks++;
    }
    return log.ordered && log.sane ? CASE_PASS
                                   : bench_fail(b, "records out of order, or instructions that end before they begin");
}
