// SPDX-License-Identifier: Apache-2.0
// The race check: takes away one token of a correct stream and expects it to say which instructions race, and where.
#include "check.h"
#include "model_run.h"

GREATEST_MAIN_DEFS();

// 0 load uops, 1 load input, 2 load weights, 3 gemm, 4 alu to OUT, 5 store: the pipeline of every layer.
static stream *pipeline(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    s->chained = false;
    static const int8_t bytes[16] = {1, 2, 3};
    uint8_t uop[8] = {0};
    stream_load(s, TSR_BUF_UOP, 0, uop, 8);
    stream_load(s, TSR_BUF_INP, 0, bytes, 4);
    stream_load(s, TSR_BUF_WGT, 0, bytes, 16);
    stream_gemm(s, 0, 1, true);
    stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 0);
    stream_store(s, 0, 0, 100, 4);
    s->uop_count = 0; // they are loaded by instruction 0
    return s;
}

static void token(stream *s, uint32_t from, uint32_t to) {
    s->insn[from].signal |= 1u << tsr_insn_unit(s->insn[to].opcode);
    s->insn[to].wait |= 1u << tsr_insn_unit(s->insn[from].opcode);
}

static check_result expect_race(stream *s, uint32_t first, uint32_t second, const char *space, uint64_t from, uint64_t to) {
    model_result *r = model_run(s, NULL);
    tsr_model_race race = r->race;
    bool ran = r->status.code == TSR_OK && r->fault.code == 0;
    free(r);
    ASSERT(ran);
    ASSERT(race.found);
    ASSERT_EQ_FMT(first, race.insn[0], "first %u");
    ASSERT_EQ_FMT(second, race.insn[1], "second %u");
    ASSERT_STR_EQ(space, race.space);
    ASSERT_EQ(from, race.begin);
    ASSERT_EQ(to, race.end);
    PASS();
}

static check_result expect_no_race(stream *s) {
    model_result *r = model_run(s, NULL);
    bool clean = r->status.code == TSR_OK && r->fault.code == 0 && !r->race.found;
    free(r);
    ASSERT(clean);
    PASS();
}

TEST an_ordered_pipeline_has_no_race(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    return expect_no_race(s);
}

TEST a_missing_token_from_load_to_gemm_is_found(void) {
    stream *s = pipeline();
    token(s, 3, 4);
    token(s, 4, 5);
    return expect_race(s, 0, 3, "UOP", 0, 1);
}

// In order within the unit: a token from an earlier load says nothing about a later one.
TEST a_token_from_too_early_an_instruction_is_found(void) {
    stream *s = pipeline();
    token(s, 1, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    return expect_race(s, 2, 3, "WGT", 0, 1);
}

// ALU's micro-op comes through LOAD -> GEMM -> ALU: order is transitive. Without GEMM -> ALU both orders are lost.
TEST a_missing_token_from_gemm_to_alu_is_found(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 4, 5);
    CHECK_CALL(expect_race(s, 0, 4, "UOP", 0, 1));
    s = pipeline();
    token(s, 2, 3);
    token(s, 2, 4);
    token(s, 4, 5);
    return expect_race(s, 3, 4, "ACC", 0, 1);
}

TEST a_missing_token_from_alu_to_store_is_found(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    return expect_race(s, 4, 5, "OUT", 0, 1);
}

TEST overwriting_what_is_still_read_is_found(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    static const int8_t more[4] = {0};
    stream_load(s, TSR_BUF_INP, 0, more, 4); // 6: GEMM 3 may still be reading
    CHECK_CALL(expect_race(s, 3, 6, "INP", 0, 1));
    s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_load(s, TSR_BUF_INP, 0, more, 4);
    token(s, 3, 6);
    return expect_no_race(s);
}

static tsr_insn load_of_work(uint32_t offset) {
    return (tsr_insn){.opcode = TSR_OP_LOAD,
                      .load = {.segment = 1, .dram_offset = offset, .sram_addr = 64, .run = 4, .x_count = 1, .y_count = 1}};
}

TEST reading_back_what_was_stored_needs_a_token_from_store(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_push(s, load_of_work(102));
    CHECK_CALL(expect_race(s, 5, 6, "segment 1", 102, 104));
    s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_push(s, load_of_work(102));
    token(s, 5, 6);
    CHECK_CALL(expect_no_race(s));
    s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_push(s, load_of_work(104)); // next to it
    return expect_no_race(s);
}

// LOAD may read DRAM before it has taken ALU's token, so a chain through ALU does not order its reads.
TEST a_chain_through_alu_does_not_hold_back_reads_of_dram(void) {
    stream *s = pipeline();
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_alu(s, TSR_ALU_MOV, TSR_SRC_IMM, TSR_DST_ACC, 0, 0, 0)->alu.uop_begin = 0; // 6
    s->uop_count = 0;
    token(s, 5, 6);
    stream_push(s, load_of_work(100));
    token(s, 6, 7);
    return expect_race(s, 5, 7, "segment 1", 100, 104);
}

TEST storing_over_what_is_still_loaded_is_found(void) {
    stream *s = pipeline();
    stream_push(s, load_of_work(103)); // 6
    token(s, 2, 3);
    token(s, 3, 4);
    token(s, 4, 5);
    stream_store(s, 0, 0, 103, 1); // 7
    CHECK_CALL(expect_race(s, 5, 6, "segment 1", 103, 104));
    tsr_config config = stream_config_tiny();
    s = stream_new(&config);
    s->chained = false;
    stream_push(s, load_of_work(103));
    stream_store(s, 0, 0, 103, 1);
    CHECK_CALL(expect_race(s, 0, 1, "segment 1", 103, 104));
    s = stream_new(&config);
    s->chained = false;
    stream_push(s, load_of_work(103));
    stream_store(s, 0, 0, 103, 1);
    token(s, 0, 1);
    return expect_no_race(s);
}

TEST storing_into_instructions_to_come_is_found(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    s->chained = false;
    tsr_insn *store = stream_store(s, 0, 0, 0, 2);
    store->store.segment = 0;
    store->store.dram_offset = 97; // the stream begins at 64; FINISH is bytes 96 to 127
    static const uint8_t data[40];
    stream_data(s, data, sizeof data);
    return expect_race(s, 0, 1, "segment 0", 97, 99);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(an_ordered_pipeline_has_no_race);
    RUN_TEST(a_missing_token_from_load_to_gemm_is_found);
    RUN_TEST(a_token_from_too_early_an_instruction_is_found);
    RUN_TEST(a_missing_token_from_gemm_to_alu_is_found);
    RUN_TEST(a_missing_token_from_alu_to_store_is_found);
    RUN_TEST(overwriting_what_is_still_read_is_found);
    RUN_TEST(reading_back_what_was_stored_needs_a_token_from_store);
    RUN_TEST(a_chain_through_alu_does_not_hold_back_reads_of_dram);
    RUN_TEST(storing_over_what_is_still_loaded_is_found);
    RUN_TEST(storing_into_instructions_to_come_is_found);
    GREATEST_MAIN_END();
}
