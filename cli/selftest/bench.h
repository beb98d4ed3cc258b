// SPDX-License-Identifier: Apache-2.0
// What the cases of `tessera selftest` share: the device under test, programs to run on it, and the executable specification as the
// judge of what they must leave behind.
#ifndef SELFTEST_BENCH_H
#define SELFTEST_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/insn.h"
#include "tsr/model.h"
#include "tsr/tessera.h"

typedef enum case_result { CASE_PASS, CASE_FAIL, CASE_SKIP } case_result;

enum { BENCH_DETAIL_BYTES = 640, BENCH_RUN_MS = 60000 };

typedef struct bench {
    tsr_device *device;
    tsr_device_info info;
    const tsr_config *config; // info.config
    tsr_model *judge;
    uint64_t seed;
    bool quick;
    const char *model_file; // NULL: the built-in network
    uint32_t checks; // of the case that runs
    char detail[BENCH_DETAIL_BYTES]; // why it failed or was skipped, or what it found
    uint32_t timeouts; // runs that did not end, of all cases
    bool lost; // the device does not answer any more
} bench;

// Set the detail and return the result, for `return bench_fail(b, ...)`.
case_result bench_fail(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
case_result bench_skip(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
case_result bench_error(bench *b, const char *what, tsr_status status); // fails; takes notice of time-outs and lost devices

#define BENCH_TRY(b, what, expr)                                                                                                 \
    do {                                                                                                                         \
        const tsr_status bench_status_ = (expr);                                                                                 \
        if (bench_status_.code != TSR_OK)                                                                                        \
            return bench_error(b, what, bench_status_);                                                                          \
    } while (0)
#define BENCH_PASS(expr)                                                                                                         \
    do {                                                                                                                         \
        const case_result bench_result_ = (expr);                                                                                \
        if (bench_result_ != CASE_PASS)                                                                                          \
            return bench_result_;                                                                                                \
    } while (0)

// Random numbers that depend on a seed alone (splitmix64).
typedef struct dice {
    uint64_t state;
} dice;
uint64_t dice_next(dice *d);
uint32_t dice_below(dice *d, uint32_t n); // 0 .. n - 1
uint32_t dice_between(dice *d, uint32_t low, uint32_t high); // both included
void dice_fill(dice *d, uint8_t *bytes, size_t size);

// ---- programs -------------------------------------------------------------------------------------------------------

enum { STREAM_INSNS = 1024, STREAM_UOPS = 1024, STREAM_DATA = 1 << 18, STREAM_SEGMENTS = 3 };

// An instruction stream with its memory. Segment 0: data, micro-ops, instructions; 1: input; 2: output.
typedef struct stream {
    const tsr_config *config;
    tsr_insn insn[STREAM_INSNS];
    uint32_t count;
    uint64_t uop[STREAM_UOPS];
    uint32_t uop_count;
    bool chained; // stream_seal lets each instruction wait for the one before; true at first
    bool finish; // stream_seal appends FINISH; true at first
    bool full; // something did not fit: the stream is of no use
    uint8_t *data[STREAM_SEGMENTS]; // owned
    uint32_t size[STREAM_SEGMENTS], data_used;
    uint32_t insn_offset, insn_count;
} stream;

stream *stream_new(const tsr_config *config, uint32_t in_bytes, uint32_t out_bytes); // NULL: no memory
void stream_free(stream *im);
uint32_t stream_data(stream *im, const void *bytes, uint32_t size); // offset in segment 0; a copy
uint32_t stream_uop(stream *im, uint32_t dst, uint32_t src, uint32_t par, bool first); // its index in the UOP buffer
tsr_insn *stream_push(stream *im, tsr_insn insn);
tsr_insn *stream_load(stream *im, uint32_t buffer, uint32_t segment, uint32_t offset, uint32_t sram, uint32_t bytes);
tsr_insn *stream_store(stream *im, uint32_t plane, uint32_t sram, uint32_t offset, uint32_t bytes);
// `count` micro-ops dst + i, src + i, made by a loop.
tsr_insn *stream_alu(stream *im, uint32_t op, uint32_t src_kind, uint32_t dst_kind, uint32_t dst, uint32_t src, uint32_t count);
tsr_insn *stream_gemm(stream *im, uint32_t acc, uint32_t inp, uint32_t wgt, uint32_t count, bool overwrite);
// Puts accumulators first .. first + count - 1 into segment 2 from offset, all 32 bits of each. Changes as many from `scratch`
// on, and 4 * count entries of OUT. count at most a fourth of OUT's entries.
void stream_show(stream *im, uint32_t first, uint32_t count, uint32_t scratch, uint32_t offset);
uint32_t stream_show_bytes(const tsr_config *config, uint32_t count); // what that writes
// Random numbers over the whole range in accumulators first .. first + count - 1. Changes INP and WGT entries 0 to 15.
void stream_fill_acc(stream *im, dice *d, uint32_t first, uint32_t count);
// Loads micro-ops first, sets tokens, appends FINISH, writes the stream into segment 0.
void stream_seal(stream *im);
uint8_t *stream_word(stream *im, uint32_t index); // the 32 bytes of an instruction of a sealed stream

// ---- runs -----------------------------------------------------------------------------------------------------------

typedef enum compare_what {
    COMPARE_ALL, // a run without a fault: memory and counters
    COMPARE_PRECISE_FAULT, // a fault at dispatch, before which all has completed: memory
    COMPARE_FAULT, // a fault in execution
} compare_what;
// Runs a sealed stream on the device and on the specification; they must end the same way. Fails with the first difference; skips
// what the configuration has too little memory for.
case_result bench_compare(bench *b, const stream *im, compare_what what, const char *name);
// Runs an stream on the device alone. Buffers are freed again. out_data may be NULL, or has as many bytes as segment 2.
tsr_status bench_run(bench *b, const stream *im, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault,
                     uint8_t *out_data);

// A small layer that touches every unit and buffer: what must work after everything.
stream *stream_layer(const tsr_config *config, dice *d);
case_result bench_layer(bench *b, const char *name);

// ---- cases ----------------------------------------------------------------------------------------------------------

typedef case_result bench_case(bench *b);
bench_case case_identity, case_buffers, case_sync; // memory.c
bench_case case_dma_patterns, case_dma_sizes, case_dma_addresses; // dma.c
bench_case case_load, case_store, case_gemm, case_alu, case_rescale; // instructions.c
bench_case case_gemm_large, case_alu_chain; // instructions.c
bench_case case_faults, case_timeout, case_state; // faults.c
bench_case case_counters, case_records; // counters.c
bench_case case_tokens; // tokens.c
bench_case case_random; // random.c
case_result random_program(bench *b, uint64_t seed);
bench_case case_network; // network.c

#endif
