// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static void describe(bench *b, const char *format, va_list arguments) {
    vsnprintf(b->detail, sizeof b->detail, format, arguments);
}

case_result bench_fail(bench *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    describe(b, format, arguments);
    va_end(arguments);
    return CASE_FAIL;
}

case_result bench_skip(bench *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    describe(b, format, arguments);
    va_end(arguments);
    return CASE_SKIP;
}

case_result bench_error(bench *b, const char *what, tsr_status status) {
    if (status.code == TSR_TIMEOUT)
        b->timeouts++;
    // Whether anything still works is seen by asking for a buffer.
    tsr_buffer *probe;
    const tsr_status alive = tsr_buffer_alloc(b->device, 64, &probe);
    tsr_buffer_free(b->device, probe);
    b->lost |= alive.code == TSR_IO || alive.code == TSR_TIMEOUT;
    return bench_fail(b, "%s: %s", what, status.message);
}

// ---- runs -------------------------------------------------------------------------------------------------------------

typedef struct upload {
    tsr_buffer *buffer[STREAM_SEGMENTS];
} upload;

static tsr_status send(bench *b, const stream *im, upload *up) {
    for (int s = 0; s < STREAM_SEGMENTS; s++) {
        if (im->size[s] == 0)
            continue;
        TSR_TRY(tsr_buffer_alloc(b->device, im->size[s], &up->buffer[s]));
        memcpy(tsr_buffer_map(up->buffer[s]), im->data[s], im->size[s]);
        TSR_TRY(tsr_buffer_sync_to_device(b->device, up->buffer[s], 0, im->size[s]));
    }
    return tsr_ok();
}

static tsr_status start_and_wait(bench *b, const stream *im, const upload *up, uint32_t timeout_ms, tsr_profile *profile,
                                 tsr_fault *fault) {
    const tsr_run run = {
        .segment = {up->buffer[0], up->buffer[1], up->buffer[2]}, .insn_offset = im->insn_offset, .insn_count = im->insn_count};
    TSR_TRY(tsr_device_submit(b->device, &run));
    return tsr_device_wait(b->device, timeout_ms, profile, fault);
}

// data: as many bytes as each segment has, or NULL.
static tsr_status run_and_fetch(bench *b, const stream *im, uint32_t timeout_ms, tsr_profile *profile, tsr_fault *fault,
                                uint8_t *const data[STREAM_SEGMENTS]) {
    upload up = {0};
    tsr_status status = im->full ? tsr_error(TSR_INTERNAL, "a test program does not fit its memory") : send(b, im, &up);
    if (status.code == TSR_OK)
        status = start_and_wait(b, im, &up, timeout_ms, profile, fault);
    for (int s = 0; s < STREAM_SEGMENTS; s++) {
        if (up.buffer[s] != NULL && data[s] != NULL && (status.code == TSR_OK || status.code == TSR_DEVICE_FAULT)) {
            const tsr_status sync = tsr_buffer_sync_from_device(b->device, up.buffer[s], 0, im->size[s]);
            if (sync.code != TSR_OK)
                status = sync;
            memcpy(data[s], tsr_buffer_map(up.buffer[s]), im->size[s]);
        }
    }
    for (int s = 0; s < STREAM_SEGMENTS; s++)
        tsr_buffer_free(b->device, up.buffer[s]);
    return status;
}

tsr_status bench_run(bench *b, const stream *im, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault,
                     uint8_t *out_data) {
    return run_and_fetch(b, im, timeout_ms, out_profile, out_fault, (uint8_t *const[STREAM_SEGMENTS]){NULL, NULL, out_data});
}

// ---- the judge --------------------------------------------------------------------------------------------------------

typedef struct outcome {
    uint8_t *data[STREAM_SEGMENTS];
    tsr_fault fault;
    tsr_model_counters counters; // the judge's
    tsr_profile profile;         // the device's
} outcome;

static bool outcome_init(outcome *o, const stream *im) {
    bool ok = true;
    *o = (outcome){0};
    for (int s = 0; s < STREAM_SEGMENTS; s++) {
        o->data[s] = malloc(im->size[s] != 0 ? im->size[s] : 1);
        ok &= o->data[s] != NULL;
        if (o->data[s] != NULL)
            memcpy(o->data[s], im->data[s], im->size[s]);
    }
    return ok;
}

static void outcome_free(outcome *o) {
    for (int s = 0; s < STREAM_SEGMENTS; s++)
        free(o->data[s]);
}

static case_result judge(bench *b, const stream *im, outcome *want) {
    tsr_model_segment segment[TSR_MODEL_SEGMENTS] = {0};
    for (int s = 0; s < STREAM_SEGMENTS; s++)
        if (im->size[s] != 0)
            segment[s] = (tsr_model_segment){want->data[s], im->size[s]};
    tsr_model_fault fault;
    BENCH_TRY(b, "the specification's own run",
              tsr_model_run(b->judge, segment, im->insn_offset, im->insn_count, &fault, &want->counters));
    want->fault = (tsr_fault){fault.code, fault.unit, fault.insn_index};
    const tsr_model_race race = tsr_model_get_race(b->judge);
    if (race.found)
        return bench_fail(b, "the test program itself is wrong: instructions %u and %u race for %s", race.insn[0], race.insn[1],
                          race.space);
    return CASE_PASS;
}

static case_result compare_end(bench *b, const char *name, tsr_status status, const outcome *want, const outcome *got) {
    if (status.code != TSR_OK && status.code != TSR_DEVICE_FAULT)
        return bench_error(b, name, status);
    b->checks++;
    if (want->fault.code == got->fault.code && want->fault.unit == got->fault.unit &&
        want->fault.insn_index == got->fault.insn_index && (want->fault.code != 0) == (status.code == TSR_DEVICE_FAULT))
        return CASE_PASS;
    if (want->fault.code == 0)
        return bench_fail(b, "%s: %s", name, status.message);
    return bench_fail(b, "%s: expected the fault %s of %s at instruction %u, got %s of %s at %u", name,
                      tsr_fault_name(want->fault.code), tsr_unit_name(want->fault.unit), want->fault.insn_index,
                      tsr_fault_name(got->fault.code), tsr_unit_name(got->fault.unit), got->fault.insn_index);
}

static case_result compare_memory(bench *b, const char *name, const stream *im, const outcome *want, const outcome *got) {
    for (int s = 0; s < STREAM_SEGMENTS; s++) {
        uint32_t wrong = 0, first = 0;
        for (uint32_t i = im->size[s]; i-- > 0;)
            if (want->data[s][i] != got->data[s][i]) {
                wrong++;
                first = i;
            }
        if (wrong != 0)
            return bench_fail(
                b, "%s: %u of %u bytes of segment %d are wrong, the first at %u: 0x%02x instead of 0x%02x (before: 0x%02x)", name,
                wrong, im->size[s], s, first, got->data[s][first], want->data[s][first], im->data[s][first]);
        b->checks++;
    }
    return CASE_PASS;
}

static case_result compare_counters(bench *b, const char *name, const outcome *want, const outcome *got) {
    const tsr_model_counters *w = &want->counters;
    const tsr_profile *g = &got->profile;
    const struct {
        const char *name;
        uint64_t want, got;
    } all[] = {{"instructions", w->insns, g->insns},
               {"bytes read", w->bytes_read, g->bytes_read},
               {"bytes written", w->bytes_written, g->bytes_written},
               {"GEMM micro-ops", w->gemm_uops, g->gemm_uops},
               {"ALU micro-ops", w->alu_uops, g->alu_uops},
               {"LOAD instructions", w->unit_insns[0], g->unit[0].insns},
               {"GEMM instructions", w->unit_insns[1], g->unit[1].insns},
               {"ALU instructions", w->unit_insns[2], g->unit[2].insns},
               {"STORE instructions", w->unit_insns[3], g->unit[3].insns}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].want != all[i].got)
            return bench_fail(b, "%s: counted %llu %s instead of %llu", name, (unsigned long long)all[i].got, all[i].name,
                              (unsigned long long)all[i].want);
    b->checks++;
    return CASE_PASS;
}

static case_result compare(bench *b, const stream *im, compare_what what, const char *name, outcome *want, outcome *got) {
    BENCH_PASS(judge(b, im, want));
    if (what == COMPARE_ALL && want->fault.code == TSR_FAULT_SRAM_RANGE)
        return bench_skip(b, "%s: the buffers of this configuration are too small for it", name);
    const tsr_status status = run_and_fetch(b, im, BENCH_RUN_MS, &got->profile, &got->fault, got->data);
    BENCH_PASS(compare_end(b, name, status, want, got));
    if (what == COMPARE_FAULT)
        return CASE_PASS;
    BENCH_PASS(compare_memory(b, name, im, want, got));
    return what != COMPARE_ALL ? CASE_PASS : compare_counters(b, name, want, got);
}

case_result bench_compare(bench *b, const stream *im, compare_what what, const char *name) {
    if (im == NULL || im->full)
        return bench_fail(b, "%s: %s", name, im == NULL ? "no memory" : "the test program does not fit its memory");
    outcome want, got;
    const bool want_ready = outcome_init(&want, im), got_ready = outcome_init(&got, im);
    const case_result result =
        want_ready && got_ready ? compare(b, im, what, name, &want, &got) : bench_fail(b, "%s: no memory", name);
    outcome_free(&want);
    outcome_free(&got);
    return result;
}

case_result bench_layer(bench *b, const char *name) {
    dice d = {b->seed + 77};
    stream *im = stream_layer(b->config, &d);
    const case_result result = bench_compare(b, im, COMPARE_ALL, name);
    stream_free(im);
    return result;
}
