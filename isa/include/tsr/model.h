// SPDX-License-Identifier: Apache-2.0
// The executable specification: a sequential interpreter of instruction streams (isa/spec.md), one function an
// instruction. Every other implementation is held against it.
//
// A stream that passes the token checks at dispatch cannot deadlock, and running it one instruction after another is a
// legal schedule of the four units, so the interpreter needs no notion of time. A stream whose units touch the same bytes
// without tokens between them has a race and no specified result; the race check finds the first one.
#ifndef TSR_MODEL_H
#define TSR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/status.h"

typedef struct tsr_model tsr_model;

enum { TSR_MODEL_SEGMENTS = 4, TSR_MODEL_UNITS = 4 };

// Memory that a run works on, owned by the caller. size 0 (data may be NULL) = an unused segment. Two segments may be the
// same memory, but must not overlap partly.
typedef struct tsr_model_segment {
    uint8_t *data;
    uint64_t size;
} tsr_model_segment;

// Codes are those of isa/spec.md, "Faults"; 0 = none. unit: 0..3 LOAD, GEMM, ALU, STORE; 4 = dispatch.
typedef struct tsr_model_fault {
    uint32_t code, unit, insn_index;
} tsr_model_fault;

// What can be counted without a clock. Bytes are those that the instructions name, instruction fetch not among them.
typedef struct tsr_model_counters {
    uint64_t insns, bytes_read, bytes_written, gemm_uops, alu_uops;
    uint64_t unit_insns[TSR_MODEL_UNITS];
} tsr_model_counters;

// Two instructions of different units that touch the same bytes, at least one writing, with no chain of tokens between.
typedef struct tsr_model_race {
    bool found;
    const char *space;      // "INP", "WGT", "UOP", "PAR", "ACC", "OUT" or "segment 0".."segment 3"
    uint64_t begin, end;    // SRAM: entries; segment: bytes; end is one past the last
    uint32_t insn[2];       // in program order; the second is the lowest that races with anything
    uint32_t unit[2];       // 4 = instruction fetch
    bool writes[2];
} tsr_model_race;

typedef struct tsr_model_options {
    bool check_races; // about three times slower, and eight bytes of shadow for each byte of memory
    // Asked now and then (every few milliseconds of work); true ends the run early. NULL = never.
    bool (*stop)(void *context);
    void *stop_context;
} tsr_model_options;

// The model owns its buffers; config is copied. options may be NULL.
tsr_status tsr_model_create(const tsr_config *config, const tsr_model_options *options, tsr_model **out_model);
void tsr_model_destroy(tsr_model *model); // NULL is fine

// Runs insn_count instructions from byte insn_offset of segment 0 until FINISH or a fault. All state is cleared first, so
// runs do not know of one another. A fault of the stream is no error of this function: it is reported in *out_fault.
// Errors: TSR_TIMEOUT when options.stop said so, TSR_OUT_OF_MEMORY for the race check's shadow. out_counters may be NULL.
tsr_status tsr_model_run(tsr_model *model, const tsr_model_segment segments[TSR_MODEL_SEGMENTS], uint32_t insn_offset,
                         uint32_t insn_count, tsr_model_fault *out_fault, tsr_model_counters *out_counters);

// The first race of the last run; found is false when there was none or races are not checked. A run goes on after a race.
tsr_model_race tsr_model_get_race(const tsr_model *model);

#endif
