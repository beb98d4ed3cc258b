// SPDX-License-Identifier: Apache-2.0
// The race check: which instructions are ordered by tokens, and which touched what.
//
// Vector clocks. Every unit counts its instructions; clock[u][v] is the last instruction of v that is known to have completed
// before the current one of u. A token carries its giver's clock to its taker. An earlier access by instruction c of unit v is
// ordered before the current instruction of u when v is u (units work in order) or clock[u][v] >= c. Everything else races.
//
// LOAD reads DRAM after taking STORE's tokens, but may do so before it takes GEMM's and ALU's, which only hold back its
// writes to the buffers. So its reads of DRAM are judged by a clock of their own.
#ifndef TSR_MODEL_RACE_H
#define TSR_MODEL_RACE_H

#include "tsr/insn.h"
#include "tsr/model.h"

typedef enum race_space { RACE_INP, RACE_WGT, RACE_UOP, RACE_PAR, RACE_ACC, RACE_OUT, RACE_SPACES } race_space;

typedef struct race_checker race_checker;

race_checker *race_create(const tsr_config *config); // NULL: out of memory
void race_destroy(race_checker *race);

// Forgets the last run. The stream is insn_count instructions from insn_offset of segment 0.
tsr_status race_begin_run(race_checker *race, const tsr_model_segment segment[TSR_MODEL_SEGMENTS], uint32_t insn_offset,
                          uint32_t insn_count);
// Around each instruction: takes its tokens and makes it the current one; gives its tokens.
void race_begin_insn(race_checker *race, const tsr_insn *insn, uint32_t index);
void race_end_insn(race_checker *race, const tsr_insn *insn);

// The current instruction touches `count` entries of a buffer, or bytes of a segment.
void race_buffer(race_checker *race, race_space space, uint64_t begin, uint64_t count, bool write);
void race_dram(race_checker *race, uint32_t segment, uint64_t begin, uint64_t count, bool write);

tsr_model_race race_get(const race_checker *race);

#endif
