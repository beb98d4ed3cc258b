// SPDX-License-Identifier: Apache-2.0
// Where the clocks went, layer by layer: made from the records of a session (tsr_session_record) after a run.
//
// Layers overlap: the first loads of one run beside the last micro-ops of the one before. A layer's `cycles` are those that
// it adds, from the end of everything before it to its own end; they add up to the step's. Counters of a unit are what it
// counted from the last instruction of earlier layers to the last of this one.
//
// What a layer waits for is seen at the unit that does its work, GEMM where it has GEMM instructions and else the ALU (or
// LOAD): each gap between two of its instructions is put down to what ended it, the last token to come or the
// instruction itself; a gap that a LOAD ended is divided among the LOADs that were done meanwhile, since they complete in order.
#ifndef TSR_LAYERS_H
#define TSR_LAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"
#include "tsr/tessera.h"

typedef enum tsr_wait {
    TSR_WAIT_WEIGHTS,      // a LOAD into WGT
    TSR_WAIT_INPUT,        // a LOAD into INP
    TSR_WAIT_PARAMETERS,   // a LOAD into PAR or UOP
    TSR_WAIT_GEMM,         // accumulators that GEMM has not finished
    TSR_WAIT_REQUANTISE,   // the ALU has not emptied accumulators or tiles
    TSR_WAIT_STORE,        // STORE has not written tiles back
    TSR_WAIT_INSTRUCTIONS, // the next instruction had not been dispatched, or its unit was starting it
    TSR_WAIT_BANK,         // another unit used the bank, or an accumulator was not written yet
    TSR_WAIT_COUNT,
} tsr_wait;
const char *tsr_wait_name(tsr_wait wait); // "waits for weights"

typedef struct tsr_layer_profile {
    const tsr_layer *layer; // of the program
    uint32_t step;
    uint64_t begin, end;    // clocks of its step: first instruction taken, last one done; host layers: 0
    uint64_t cycles;
    uint64_t bytes_read, bytes_written; // that its instructions name
    tsr_unit_profile unit[TSR_UNITS];
    uint32_t main_unit;
    uint64_t wait[TSR_WAIT_COUNT]; // clocks of the main unit
    uint64_t nanoseconds;          // host layers: wall clock
} tsr_layer_profile;

// One for each layer of the program, in its order; free() the array. TSR_INVALID_ARGUMENT when the last run was not
// recorded or did not end well; TSR_CORRUPT for instructions that cannot be decoded.
tsr_status tsr_profile_layers(const tsr_session *session, tsr_layer_profile **out_layers);

// Every token of an accelerator step in the order in which they are taken: the instruction that gave it and the one that took it.
tsr_status tsr_profile_tokens(const tsr_program *program, uint32_t step,
                              void (*on_token)(void *context, uint32_t giver, uint32_t taker), void *context);
// "load", "gemm", "alu", "store".
const char *tsr_profile_unit_name(uint32_t unit);
// What an instruction does, in a few words: "load wgt 4608 B", "gemm 784 micro-ops".
tsr_status tsr_profile_describe(const tsr_program *program, uint32_t step, uint32_t insn, char *text, size_t size);

tsr_wait tsr_layer_top_wait(const tsr_layer_profile *layer); // the one with most clocks; TSR_WAIT_COUNT: none
// Useful multiply-accumulates / (cycles * array); 0 without cycles.
double tsr_layer_utilisation(const tsr_layer_profile *layer, const tsr_config *config);

#endif
