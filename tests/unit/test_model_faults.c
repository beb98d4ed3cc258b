// SPDX-License-Identifier: Apache-2.0
// Every fault of the executable specification: code, unit, instruction; and what has happened by then.
#include "check.h"
#include "model_run.h"

GREATEST_MAIN_DEFS();

// The stream of every test: instruction 0 stores a byte (so that one sees that what comes before a fault completes), then
// whatever the test adds.
static stream *begin(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    s->chained = false;
    stream_store(s, 0, 0, 0, 1);
    return s;
}

static check_result expect(stream *s, uint32_t code, uint32_t unit, uint32_t index) {
    uint8_t before[STREAM_WORK];
    memset(before, 0x5a, sizeof before);
    model_result *r = model_run(s, before);
    tsr_model_fault fault = r->fault;
    tsr_status status = r->status;
    bool first_completed = r->work[0] == 0;
    free(r);
    ASSERT_OK(status);
    ASSERT_EQ_FMT(code, fault.code, "code %u");
    ASSERT_EQ_FMT(unit, fault.unit, "unit %u");
    ASSERT_EQ_FMT(index, fault.insn_index, "instruction %u");
    ASSERT_EQ(code != TSR_FAULT_INSN_ALIGN, first_completed);
    PASS();
}

static check_result expect_dispatch(stream *s, uint32_t code) { return expect(s, code, TSR_UNIT_DISPATCH, 1); }

static tsr_load_insn good_load(void) { return (tsr_load_insn){.run = 4, .x_count = 1, .y_count = 1}; }

static check_result bad_load(tsr_load_insn load, uint32_t code) {
    stream *s = begin();
    stream_push(s, (tsr_insn){.opcode = TSR_OP_LOAD, .load = load});
    return expect_dispatch(s, code);
}

TEST a_good_stream_ends_without_fault(void) {
    stream *s = begin();
    stream_push(s, (tsr_insn){.opcode = TSR_OP_LOAD, .load = good_load()});
    return expect(s, TSR_FAULT_NONE, 0, 0);
}

TEST an_unknown_opcode_is_illegal(void) {
    stream *s = begin();
    stream_encode(s);
    // Encoding refuses such an opcode: put it into the bytes, in place of FINISH.
    s->consts[s->insn_offset + 32] = 0x77;
    tsr_model *model = NULL;
    ASSERT_OK(tsr_model_create(&s->config, NULL, &model));
    uint8_t work[16] = {0};
    tsr_model_segment segments[4] = {{s->consts, stream_size(s)}, {work, sizeof work}};
    tsr_model_fault opcode, reserved;
    tsr_status one = tsr_model_run(model, segments, s->insn_offset, 2, &opcode, NULL);
    s->consts[s->insn_offset + 32] = TSR_OP_FINISH;
    s->consts[s->insn_offset + 32 + 31] = 0x80;
    tsr_status two = tsr_model_run(model, segments, s->insn_offset, 2, &reserved, NULL);
    tsr_model_destroy(model);
    free(s);
    ASSERT_OK(one);
    ASSERT_OK(two);
    ASSERT_EQ(TSR_FAULT_ILLEGAL_OPCODE, opcode.code);
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, reserved.code);
    ASSERT_EQ(1, reserved.insn_index);
    PASS();
}

TEST illegal_fields_are_found_at_dispatch(void) {
    tsr_load_insn load = good_load();
    load.run = 0;
    CHECK_CALL(bad_load(load, TSR_FAULT_ILLEGAL_FIELD));
    load = good_load();
    load.plane = 1; // batch is 1
    CHECK_CALL(bad_load(load, TSR_FAULT_ILLEGAL_FIELD));
    load = good_load();
    load.diag = 1; // INP
    CHECK_CALL(bad_load(load, TSR_FAULT_ILLEGAL_FIELD));
    load = good_load();
    load.buffer = TSR_BUF_WGT;
    load.run = 15;
    CHECK_CALL(bad_load(load, TSR_FAULT_ILLEGAL_FIELD));
    stream *s = begin();
    stream_alu(s, TSR_ALU_ADD, TSR_SRC_IMM, TSR_DST_OUT, 0, 0, 1)->alu.uop_begin = 0;
    s->uop_count = 0;
    return expect_dispatch(s, TSR_FAULT_ILLEGAL_FIELD);
}

TEST buffers_are_not_left(void) {
    tsr_load_insn load = good_load();
    load.sram_addr = 2045;
    CHECK_CALL(bad_load(load, TSR_FAULT_SRAM_RANGE));
    load = good_load();
    load.y_count = 2, load.sram_y_stride = 2045;
    CHECK_CALL(bad_load(load, TSR_FAULT_SRAM_RANGE));
    stream *s = begin();
    stream_store(s, 0, 1021, 0, 4);
    CHECK_CALL(expect_dispatch(s, TSR_FAULT_SRAM_RANGE));
    s = begin();
    stream_gemm(s, 255, 2, false);
    return expect_dispatch(s, TSR_FAULT_SRAM_RANGE);
}

TEST segments_are_not_left(void) {
    tsr_load_insn load = good_load();
    load.dram_offset = UINT32_MAX; // the sum must not wrap
    CHECK_CALL(bad_load(load, TSR_FAULT_DRAM_RANGE));
    load = good_load();
    load.segment = 2; // not there
    CHECK_CALL(bad_load(load, TSR_FAULT_DRAM_RANGE));
    load = good_load();
    load.y_count = 65535, load.y_stride = UINT32_MAX;
    CHECK_CALL(bad_load(load, TSR_FAULT_DRAM_RANGE));
    stream *s = begin();
    stream_store(s, 0, 0, STREAM_WORK - 3, 4);
    return expect_dispatch(s, TSR_FAULT_DRAM_RANGE);
}

TEST tokens_are_counted_in_program_order(void) {
    stream *s = begin();
    tsr_insn insn = {.opcode = TSR_OP_LOAD, .wait = 1u << TSR_UNIT_GEMM, .load = good_load()};
    stream_push(s, insn);
    CHECK_CALL(expect_dispatch(s, TSR_FAULT_TOKEN_UNDERFLOW));
    s = begin();
    insn.wait = 0;
    insn.signal = 1u << TSR_UNIT_GEMM;
    for (int i = 0; i < 256; i++)
        stream_push(s, insn);
    return expect(s, TSR_FAULT_TOKEN_OVERFLOW, TSR_UNIT_DISPATCH, 256);
}

// UOP_RANGE and ILLEGAL_UOP are found by the unit.
static check_result bad_uop(uint16_t dst, uint16_t src, uint16_t par, bool gemm, uint32_t code) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    stream_store(s, 0, 0, 0, 1);
    if (gemm)
        stream_gemm(s, stream_uop(s, dst, src, par, false), 1, false);
    else
        stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, dst, src, 0);
    return expect(s, code, gemm ? TSR_UNIT_GEMM : TSR_UNIT_ALU, 2); // 0 loads the micro-ops
}

TEST micro_ops_stay_inside_their_buffers(void) {
    CHECK_CALL(bad_uop(256, 0, 0, true, TSR_FAULT_UOP_RANGE));
    CHECK_CALL(bad_uop(0, 512, 0, true, TSR_FAULT_UOP_RANGE));
    CHECK_CALL(bad_uop(0, 0, 256, true, TSR_FAULT_UOP_RANGE));
    CHECK_CALL(bad_uop(256, 0, 0, false, TSR_FAULT_UOP_RANGE));
    CHECK_CALL(bad_uop(0, 256, 0, false, TSR_FAULT_UOP_RANGE));
    PASS();
}

TEST the_last_entries_are_inside(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    stream_store(s, 0, 0, 0, 1);
    stream_gemm(s, stream_uop(s, 255, 511, 255, false), 1, false);
    stream_alu(s, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 255, 255, 0);
    return expect(s, TSR_FAULT_NONE, 0, 0);
}

TEST reserved_bits_of_micro_ops_are_zero(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    s->chained = false;
    stream_store(s, 0, 0, 0, 1);
    const uint8_t uop[8] = {0, 0, 0, 0, 0, 0, 2, 0};
    stream_load(s, TSR_BUF_UOP, 0, uop, 8)->signal = 1u << TSR_UNIT_GEMM;
    stream_gemm(s, 0, 1, false)->wait = 1u << TSR_UNIT_LOAD;
    return expect(s, TSR_FAULT_ILLEGAL_UOP, TSR_UNIT_GEMM, 2);
}

TEST a_stream_needs_finish(void) {
    stream *s = begin();
    s->finish = false;
    return expect(s, TSR_FAULT_MISSING_FINISH, TSR_UNIT_DISPATCH, 1);
}

TEST nothing_after_finish_runs(void) {
    stream *s = begin();
    stream_push(s, (tsr_insn){.opcode = TSR_OP_FINISH});
    tsr_insn bad = {.opcode = TSR_OP_LOAD, .wait = 2};
    stream_push(s, bad);
    return expect(s, TSR_FAULT_NONE, 0, 0);
}

TEST a_stream_lies_inside_segment_0(void) {
    tsr_config config = stream_config_tiny();
    stream *s = begin();
    stream_encode(s);
    tsr_model *model = NULL;
    ASSERT_OK(tsr_model_create(&config, NULL, &model));
    tsr_model_segment segments[4] = {{s->consts, stream_size(s)}};
    static const uint32_t bad[][2] = {{0, 3}, {16, 1}, {32, 2}, {0, UINT32_MAX}, {UINT32_MAX - 31, 1}, {UINT32_MAX, UINT32_MAX}};
    bool good = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tsr_model_fault fault;
        good = good && tsr_model_run(model, segments, bad[i][0], bad[i][1], &fault, NULL).code == TSR_OK &&
               fault.code == TSR_FAULT_INSN_ALIGN && fault.unit == TSR_UNIT_DISPATCH;
    }
    tsr_model_destroy(model);
    free(s);
    ASSERT(good);
    PASS();
}

static bool stop_now(void *context) {
    ++*(int *)context;
    return true;
}

TEST an_endless_looking_run_can_be_stopped(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    tsr_insn *gemm = stream_gemm(s, stream_uop(s, 0, 0, 0, false), 1, false);
    gemm->gemm.count0 = gemm->gemm.count1 = 65535; // 4 G micro-ops
    stream_encode(s);
    int asked = 0;
    tsr_model_options options = {.stop = stop_now, .stop_context = &asked};
    tsr_model *model = NULL;
    ASSERT_OK(tsr_model_create(&config, &options, &model));
    tsr_model_segment segments[4] = {{s->consts, stream_size(s)}};
    tsr_model_fault fault;
    tsr_status status = tsr_model_run(model, segments, s->insn_offset, s->insn_count, &fault, NULL);
    tsr_model_destroy(model);
    free(s);
    ASSERT_EQ(TSR_TIMEOUT, status.code);
    ASSERT_EQ(1, asked);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(a_good_stream_ends_without_fault);
    RUN_TEST(an_unknown_opcode_is_illegal);
    RUN_TEST(illegal_fields_are_found_at_dispatch);
    RUN_TEST(buffers_are_not_left);
    RUN_TEST(segments_are_not_left);
    RUN_TEST(tokens_are_counted_in_program_order);
    RUN_TEST(micro_ops_stay_inside_their_buffers);
    RUN_TEST(the_last_entries_are_inside);
    RUN_TEST(reserved_bits_of_micro_ops_are_zero);
    RUN_TEST(a_stream_needs_finish);
    RUN_TEST(nothing_after_finish_runs);
    RUN_TEST(a_stream_lies_inside_segment_0);
    RUN_TEST(an_endless_looking_run_can_be_stopped);
    GREATEST_MAIN_END();
}
