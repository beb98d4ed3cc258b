// SPDX-License-Identifier: Apache-2.0
// A random program with its memory. Made in three steps, each a pure function of what came before, so that a program can be
// shortened and made again: generate (instructions without tokens, one after another), schedule (tokens where two units
// touch the same bytes, and some more), and inject (at most one thing that is wrong).
#ifndef LOCKSTEP_PROGRAM_H
#define LOCKSTEP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/insn.h"

enum { MAX_INSNS = 400, SEGMENTS = 4, MAX_SEGMENT_BYTES = 48 * 1024 };

typedef enum injection {
    INJECT_NOTHING,
    INJECT_OPCODE,
    INJECT_BIT,       // any bit of an instruction, which may do nothing at all
    INJECT_RESERVED,  // a bit that must be 0
    INJECT_UNDERFLOW, // a wait without a token
    INJECT_OVERFLOW,  // 256 tokens (a program of its own kind)
    INJECT_DRAM_RANGE,
    INJECT_SRAM_RANGE,
    INJECT_UOP_BITS,
    INJECT_UOP_RANGE,
    INJECT_NO_FINISH,
    INJECT_ALIGN,
    INJECT_BUS_READ,
    INJECT_BUS_WRITE,
    INJECT_BUS_FETCH,
    INJECTIONS
} injection;

extern const char *const injection_names[INJECTIONS];

typedef struct program {
    const tsr_config *config;
    uint64_t seed;

    tsr_insn insn[MAX_INSNS]; // the last one is FINISH
    uint32_t count;

    uint8_t *data[SEGMENTS]; // MAX_SEGMENT_BYTES each; what they hold before the run
    uint32_t size[SEGMENTS]; // 0: not there
    uint64_t base[SEGMENTS]; // bus addresses
    uint32_t insn_space;     // where instructions are in segment 0
    uint32_t scratch, scratch_bytes; // the part of segment 0 that STORE may write

    injection injection;
    uint32_t victim;         // the instruction it is done to
    uint64_t injection_seed; // what exactly
    // What a run is started with; differs from insn_space and count for INJECT_NO_FINISH and INJECT_ALIGN.
    uint32_t insn_offset, insn_count;
    uint64_t error_base; // bus address of the byte that answers with an error, when error_bytes is not 0
    uint32_t error_bytes;
} program;

// Counts of what programs did, for the coverage table. X(name, "meaning")
#define LOCKSTEP_COVERAGE(X)                                                                                                     \
    X(load_inp, "LOAD into INP")                                                                                                 \
    X(load_wgt, "LOAD into WGT")                                                                                                 \
    X(load_uop, "LOAD into UOP")                                                                                                 \
    X(load_par, "LOAD into PAR")                                                                                                 \
    X(load_diag, "LOAD spreading diagonals")                                                                                     \
    X(load_padded, "LOAD with padding")                                                                                          \
    X(load_only_padding, "LOAD that reads no DRAM")                                                                              \
    X(load_plane, "LOAD into a batch row other than 0")                                                                          \
    X(load_odd, "LOAD whose addresses differ modulo the bus width")                                                              \
    X(load_merged, "LOAD from one contiguous region in several steps")                                                           \
    X(load_many, "LOAD from more regions than bursts may be in flight")                                                          \
    X(load_overlapping, "LOAD that writes a byte twice")                                                                         \
    X(load_4k, "LOAD over a 4 KiB border")                                                                                       \
    X(store, "STORE")                                                                                                            \
    X(store_plane, "STORE from a batch row other than 0")                                                                        \
    X(store_odd, "STORE whose addresses differ modulo the bus width")                                                            \
    X(store_4k, "STORE over a 4 KiB border")                                                                                     \
    X(gemm, "GEMM")                                                                                                              \
    X(gemm_overwrite, "GEMM that overwrites")                                                                                    \
    X(gemm_same_acc, "GEMM micro-op on the accumulator of the one before")                                                       \
    X(alu_acc, "ALU from ACC")                                                                                                   \
    X(alu_inp, "ALU from INP")                                                                                                   \
    X(alu_imm, "ALU with an immediate")                                                                                          \
    X(alu_rescale, "ALU that requantises")                                                                                       \
    X(alu_clip, "ALU that clips")                                                                                                \
    X(alu_out, "ALU to OUT")                                                                                                     \
    X(alu_same_acc, "ALU micro-op on the destination of the one before")                                                         \
    X(alu_raw, "ALU micro-op that reads one of the last four destinations")                                                      \
    X(negative_stride, "micro-op loop that counts down modulo 2^16")                                                             \
    X(buffer_end, "access to the last entry of a buffer")                                                                        \
    X(shown, "accumulators shown in memory at the end")                                                                          \
    X(token_needed, "tokens that order accesses")                                                                                \
    X(token_extra, "tokens more than needed")                                                                                    \
    X(token_left, "tokens that nobody takes")

typedef enum coverage_point {
#define LOCKSTEP_COVERAGE_ENUM(name, meaning) COVER_##name,
    LOCKSTEP_COVERAGE(LOCKSTEP_COVERAGE_ENUM)
#undef LOCKSTEP_COVERAGE_ENUM
        COVERAGE_POINTS
} coverage_point;

extern uint64_t coverage[COVERAGE_POINTS];
extern const char *const coverage_meanings[COVERAGE_POINTS];
#define COVER(name) (coverage[COVER_##name]++)

void program_init(program *p); // allocates the segments; end the process when there is no memory
void program_free(program *p);

// Fills in everything but tokens and injection.
void program_generate(program *p, const tsr_config *config, uint64_t seed);
// Sets wait and signal of every instruction and writes the encoded stream into segment 0.
void program_schedule(program *p);
// Does the chosen injection to the scheduled program. False when it cannot be done to this program.
bool program_inject(program *p);
// generate, schedule, inject.
void program_make(program *p, const tsr_config *config, uint64_t seed);
// Removes instruction i (not FINISH) from an unscheduled or scheduled program; follow with schedule and inject.
void program_drop(program *p, uint32_t i);

// ---- what an instruction touches ------------------------------------------------------------------------------------

typedef enum space {
    SPACE_INP,
    SPACE_WGT,
    SPACE_UOP,
    SPACE_PAR,
    SPACE_ACC,
    SPACE_OUT,
    SPACE_SEGMENT,
    SPACES = SPACE_SEGMENT + SEGMENTS
} space;

uint32_t space_cells(const program *p, space s); // entries of a buffer, bytes of a segment

typedef void access_visitor(void *context, space s, uint32_t cell, bool writes);
// Calls visit for every cell that the instruction touches, in execution order. uops: the UOP buffer as it is then. Indices
// outside of a buffer are left out.
void program_accesses(const program *p, const tsr_insn *insn, const uint64_t *uops, access_visitor *visit, void *context);
// What a LOAD into UOP does to its content; other instructions do nothing.
void program_load_uops(const program *p, const tsr_insn *insn, uint64_t *uops);

#endif
