// SPDX-License-Identifier: Apache-2.0
// Packing, unpacking and the rules of dispatch.
#include <stdint.h>

#include "check.h"
#include "tsr/insn.h"

static const char tiny_text[] =
    "name=tiny\nbatch=1\nblock_in=4\nblock_out=4\ninp_bits=8\nwgt_bits=8\nacc_bits=32\nuop_buffer=2048\ninp_buffer=2048\n"
    "wgt_buffer=4096\nacc_buffer=4096\nout_buffer=1024\npar_buffer=1536\nbus_bytes=8\nqueue_depth=16\n"
    "outstanding_bursts=16\nburst_beats=64\n";

static tsr_config tiny(void) {
    tsr_config config;
    tsr_status status = tsr_config_parse(tiny_text, sizeof tiny_text - 1, "tiny", &config);
    if (status.code != TSR_OK)
        abort();
    return config;
}

static const uint64_t segments[4] = {1 << 16, 1 << 16, 0, UINT32_MAX};

static tsr_fault_code check_with(const tsr_insn *insn, const tsr_config *config) {
    tsr_verdict verdict = tsr_insn_check(insn, config, segments);
    if ((verdict.fault == TSR_FAULT_NONE) != (verdict.reason[0] == '\0'))
        abort(); // a fault has a reason, and only a fault
    return verdict.fault;
}

static tsr_fault_code check_tiny(const tsr_insn *insn) {
    tsr_config config = tiny();
    return check_with(insn, &config);
}

// Legal instructions that the tests break one rule at a time.
static tsr_insn a_load(uint32_t buffer) {
    tsr_insn insn = {.opcode = TSR_OP_LOAD};
    insn.load.buffer = buffer;
    insn.load.run = 48; // an entry of PAR, six micro-ops, three entries of WGT
    insn.load.x_count = insn.load.y_count = 1;
    return insn;
}

static tsr_insn a_store(void) {
    tsr_insn insn = {.opcode = TSR_OP_STORE};
    insn.store.segment = 1;
    insn.store.run = 10;
    insn.store.x_count = insn.store.y_count = 1;
    return insn;
}

static tsr_insn a_gemm(void) {
    tsr_insn insn = {.opcode = TSR_OP_GEMM};
    insn.gemm.uop_count = insn.gemm.count0 = insn.gemm.count1 = 1;
    return insn;
}

static tsr_insn an_alu(void) {
    tsr_insn insn = {.opcode = TSR_OP_ALU};
    insn.alu.uop_count = insn.alu.count0 = insn.alu.count1 = 1;
    return insn;
}

#define BREAK(expected, make, member, value)                                                                                     \
    do {                                                                                                                         \
        tsr_insn insn_ = make;                                                                                                   \
        ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn_));                                                                           \
        insn_.member = (value);                                                                                                  \
        ASSERT_EQ(expected, check_tiny(&insn_));                                                                                 \
    } while (0)

TEST every_field_keeps_its_extremes_and_nothing_else_changes(void) {
    for (size_t f = 0; f < TSR_FORMATS; f++) {
        const tsr_format *format = &tsr_formats[f];
        for (size_t i = 0; i < format->field_count; i++) {
            const tsr_field *field = &format->fields[i];
            if (strcmp(field->name, "opcode") == 0)
                continue;
            unsigned width = field->hi - field->lo + 1u;
            bool is_signed = field->kind == TSR_FIELD_SIGNED;
            int64_t least = is_signed ? -(INT64_C(1) << (width - 1)) : 0;
            int64_t most = (INT64_C(1) << (is_signed ? width - 1 : width)) - 1;
            const int64_t values[] = {least, most};
            for (int v = 0; v < 2; v++) {
                tsr_insn insn = {.opcode = format->opcode}, back;
                uint8_t word[TSR_INSN_BYTES];
                tsr_field_set(&insn, field, values[v]);
                ASSERT_OK(tsr_insn_encode(&insn, word));
                for (unsigned bit = 8; bit < 256; bit++)
                    if ((word[bit / 8] >> bit % 8 & 1) != 0)
                        ASSERT(bit >= field->lo && bit <= field->hi);
                ASSERT_EQ(TSR_FAULT_NONE, tsr_insn_decode(word, &back).fault);
                ASSERT_EQ(values[v], tsr_field_get(&back, field));
                ASSERT_MEM_EQ(&insn, &back, sizeof insn);
            }
        }
    }
    PASS();
}

TEST values_that_do_not_fit_are_refused_by_name(void) {
    uint8_t word[TSR_INSN_BYTES];
    for (size_t f = 0; f < TSR_FORMATS; f++)
        for (size_t i = 0; i < tsr_formats[f].field_count; i++) {
            const tsr_field *field = &tsr_formats[f].fields[i];
            unsigned width = field->hi - field->lo + 1u;
            if (width == 32 || strcmp(field->name, "opcode") == 0)
                continue;
            bool is_signed = field->kind == TSR_FIELD_SIGNED;
            const int64_t values[] = {INT64_C(1) << (is_signed ? width - 1 : width),
                                      is_signed ? -(INT64_C(1) << (width - 1)) - 1 : INT64_C(0xffffffff)};
            for (int v = 0; v < 2; v++) {
                tsr_insn insn = {.opcode = tsr_formats[f].opcode};
                tsr_field_set(&insn, field, values[v]);
                tsr_status status = tsr_insn_encode(&insn, word);
                ASSERT_EQ(TSR_OUT_OF_RANGE, status.code);
                ASSERT_STR_CONTAINS(field->name, status.message);
                ASSERT_STR_CONTAINS(tsr_formats[f].name, status.message);
            }
        }
    tsr_insn insn = {.opcode = 5};
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_insn_encode(&insn, word).code);
    PASS();
}

TEST fields_lie_where_the_specification_puts_them(void) {
    tsr_insn insn = {.opcode = TSR_OP_LOAD, .wait = 2, .signal = 4};
    insn.load.buffer = 1, insn.load.segment = 2, insn.load.dram_offset = 0x89abcdef, insn.load.sram_addr = 0x3fedcb;
    insn.load.run = 0x1234, insn.load.x_count = 0x5678, insn.load.y_count = 0x9abc, insn.load.y_stride = 0x01020304;
    insn.load.x_stride = 0x0a0b0c, insn.load.y_after = 63;
    static const uint8_t expected[TSR_INSN_BYTES] = {0x01, 0x42, 0x11, 0x00, 0xef, 0xcd, 0xab, 0x89, 0xcb, 0xed, 0x3f,
                                                     0x00, 0x34, 0x12, 0x78, 0x56, 0xbc, 0x9a, 0x04, 0x03, 0x02, 0x01,
                                                     0x0c, 0x0b, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xfc};
    uint8_t word[TSR_INSN_BYTES];
    ASSERT_OK(tsr_insn_encode(&insn, word));
    ASSERT_MEM_EQ(expected, word, sizeof word);
    PASS();
}

TEST a_set_reserved_bit_is_an_illegal_field(void) {
    unsigned reserved = 0;
    for (size_t f = 0; f < TSR_FORMATS; f++)
        for (unsigned bit = 0; bit < 256; bit++) {
            uint8_t word[TSR_INSN_BYTES] = {0};
            word[0] = (uint8_t)tsr_formats[f].opcode;
            word[bit / 8] |= (uint8_t)(1 << bit % 8);
            if (bit < 8 || (tsr_formats[f].reserved[bit / 64] >> bit % 64 & 1) == 0)
                continue;
            tsr_insn insn;
            ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, tsr_insn_decode(word, &insn).fault);
            reserved++;
        }
    ASSERT_EQ(8u + (3 + 1 + 6 + 10 + 24) + (15 + 64) + (7 + 16) + 240, reserved);
    PASS();
}

TEST opcodes_without_an_instruction_are_illegal(void) {
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t word[TSR_INSN_BYTES] = {(uint8_t)opcode};
        bool known = (opcode >= 1 && opcode <= 4) || opcode == 15;
        tsr_insn insn;
        ASSERT_EQ(known ? TSR_FAULT_NONE : TSR_FAULT_ILLEGAL_OPCODE, tsr_insn_decode(word, &insn).fault);
        ASSERT_EQ(known, tsr_format_of(opcode) != NULL);
    }
    ASSERT_EQ(TSR_UNIT_STORE, tsr_insn_unit(TSR_OP_STORE));
    ASSERT_EQ(-1, tsr_insn_unit(TSR_OP_FINISH));
    PASS();
}

TEST tokens_to_and_from_the_own_unit_are_illegal(void) {
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), wait, 1u << TSR_UNIT_LOAD);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_gemm(), signal, 1u << TSR_UNIT_GEMM);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), wait, 1u << TSR_UNIT_ALU);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_store(), signal, 1u << TSR_UNIT_STORE);
    BREAK(TSR_FAULT_NONE, a_store(), signal, 7);
    tsr_insn finish = {.opcode = TSR_OP_FINISH};
    BREAK(TSR_FAULT_ILLEGAL_FIELD, finish, wait, 1);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, finish, signal, 8);
    PASS();
}

TEST load_fields_are_checked(void) {
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.buffer, 4);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.run, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.x_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.y_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.plane, 1);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(TSR_BUF_INP), load.diag, 1);
    for (uint32_t buffer = TSR_BUF_WGT; buffer <= TSR_BUF_PAR; buffer++) {
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.x_before, 1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.x_after, 1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.y_before, 1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.y_after, 1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.pad_value, -1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.plane, 1);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.run, 49);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.sram_addr, 4);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.sram_x_stride, 4);
        BREAK(TSR_FAULT_ILLEGAL_FIELD, a_load(buffer), load.sram_y_stride, 4);
        BREAK(TSR_FAULT_NONE, a_load(buffer), load.dram_offset, 7);
    }
    PASS();
}

TEST padding_alone_needs_no_dram(void) {
    tsr_insn insn = a_load(TSR_BUF_INP);
    insn.load.x_count = 0;
    insn.load.x_before = 3;
    insn.load.segment = 2; // has no bytes
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.x_count = 1;
    ASSERT_EQ(TSR_FAULT_DRAM_RANGE, check_tiny(&insn));
    PASS();
}

TEST diagonal_loads_count_entries(void) {
    tsr_insn insn = a_load(TSR_BUF_WGT);
    insn.load.diag = 1;
    insn.load.run = 4 * 256; // 256 entries: the whole buffer
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.run += 4;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&insn));
    insn.load.run = 6;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_tiny(&insn));
    insn.load.run = 4;
    insn.load.sram_addr = 4;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_tiny(&insn));
    insn.load.sram_addr = 16;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    tsr_config uneven = tiny();
    uneven.block_in = 8;
    insn.load.sram_addr = 32;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_with(&insn, &uneven));
    PASS();
}

TEST buffer_ranges_end_with_the_last_byte(void) {
    tsr_insn insn = a_load(TSR_BUF_INP);
    insn.load.sram_addr = 2048 - 48;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.sram_addr++;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&insn));
    insn.load.sram_addr = 0;
    insn.load.x_count = 5, insn.load.x_before = 1, insn.load.sram_x_stride = 400; // 5 * 400 + 48 = 2048
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.x_after = 1;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&insn));
    insn.load.x_after = 0, insn.load.y_count = 2, insn.load.sram_y_stride = 1;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&insn));

    tsr_insn store = a_store();
    store.store.sram_addr = 1024 - 10;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&store));
    store.store.run = 11;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&store));
    PASS();
}

TEST planes_share_a_buffer(void) {
    tsr_config config = tiny();
    config.batch = 4;
    tsr_insn insn = a_load(TSR_BUF_INP);
    insn.load.plane = 3;
    insn.load.sram_addr = 512 - 48;
    ASSERT_EQ(TSR_FAULT_NONE, check_with(&insn, &config));
    insn.load.sram_addr++;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_with(&insn, &config));
    insn.load.plane = 4;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_with(&insn, &config)); // fields before ranges
    tsr_insn store = a_store();
    store.store.plane = 3;
    ASSERT_EQ(TSR_FAULT_NONE, check_with(&store, &config));
    store.store.plane = 4;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_with(&store, &config));
    PASS();
}

TEST segment_ranges_do_not_wrap(void) {
    tsr_insn insn = a_load(TSR_BUF_INP);
    insn.load.dram_offset = (1 << 16) - 48;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.dram_offset++;
    ASSERT_EQ(TSR_FAULT_DRAM_RANGE, check_tiny(&insn));
    insn.load.segment = 3;
    insn.load.dram_offset = UINT32_MAX - 48;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.x_count = 2, insn.load.x_stride = 0xffffff;
    ASSERT_EQ(TSR_FAULT_DRAM_RANGE, check_tiny(&insn));
    insn.load.x_count = 1, insn.load.y_count = 0xffff, insn.load.y_stride = UINT32_MAX;
    ASSERT_EQ(TSR_FAULT_DRAM_RANGE, check_tiny(&insn));
    insn.load.y_stride = 0;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    insn.load.sram_addr = 4096; // SRAM before DRAM
    insn.load.dram_offset = UINT32_MAX;
    ASSERT_EQ(TSR_FAULT_SRAM_RANGE, check_tiny(&insn));
    tsr_config config = tiny();
    insn.load.sram_addr = 0;
    ASSERT_EQ(TSR_FAULT_NONE, tsr_insn_check(&insn, &config, NULL).fault);
    BREAK(TSR_FAULT_DRAM_RANGE, a_store(), store.segment, 2);
    PASS();
}

TEST store_gemm_and_alu_fields_are_checked(void) {
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_store(), store.run, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_store(), store.x_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_store(), store.y_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_gemm(), gemm.uop_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_gemm(), gemm.count0, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, a_gemm(), gemm.count1, 0);
    BREAK(TSR_FAULT_NONE, a_gemm(), gemm.uop_begin, 255);
    BREAK(TSR_FAULT_SRAM_RANGE, a_gemm(), gemm.uop_begin, 256);
    BREAK(TSR_FAULT_SRAM_RANGE, a_gemm(), gemm.uop_count, 257);
    BREAK(TSR_FAULT_SRAM_RANGE, an_alu(), alu.uop_count, 257);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.uop_count, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.count0, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.count1, 0);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.op, 8);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.src_kind, 3);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.lo, -1);
    BREAK(TSR_FAULT_ILLEGAL_FIELD, an_alu(), alu.hi, 1);
    BREAK(TSR_FAULT_NONE, an_alu(), alu.dst_kind, TSR_DST_OUT);
    BREAK(TSR_FAULT_NONE, an_alu(), alu.clip, 1);
    for (uint32_t op = TSR_ALU_ADD; op <= TSR_ALU_SHR; op++) {
        tsr_insn insn = an_alu();
        insn.alu.op = op;
        ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
        insn.alu.dst_kind = TSR_DST_OUT;
        ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_tiny(&insn));
    }
    tsr_insn insn = an_alu();
    insn.alu.src_kind = TSR_SRC_IMM;
    insn.alu.rescale = 1;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_tiny(&insn));
    insn.alu.src_kind = TSR_SRC_INP;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    tsr_config uneven = tiny();
    uneven.block_in = 8;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_with(&insn, &uneven));
    insn.alu.clip = 1, insn.alu.lo = 5, insn.alu.hi = 4;
    ASSERT_EQ(TSR_FAULT_ILLEGAL_FIELD, check_tiny(&insn));
    insn.alu.hi = 5;
    ASSERT_EQ(TSR_FAULT_NONE, check_tiny(&insn));
    PASS();
}

TEST tokens_underflow_and_overflow(void) {
    tsr_tokens tokens = {{{0}}}, before;
    tsr_insn load = a_load(TSR_BUF_INP), gemm = a_gemm();
    load.signal = 1u << TSR_UNIT_GEMM;
    gemm.wait = 1u << TSR_UNIT_LOAD;
    gemm.signal = 1u << TSR_UNIT_STORE;
    tsr_verdict verdict = tsr_tokens_step(&tokens, &gemm);
    ASSERT_EQ(TSR_FAULT_TOKEN_UNDERFLOW, verdict.fault);
    ASSERT_STR_CONTAINS("gemm waits for a token from load", verdict.reason);
    ASSERT_EQ(0, tokens.count[TSR_UNIT_GEMM][TSR_UNIT_STORE]);
    for (int i = 0; i < 255; i++)
        ASSERT_EQ(TSR_FAULT_NONE, tsr_tokens_step(&tokens, &load).fault);
    before = tokens;
    ASSERT_EQ(TSR_FAULT_TOKEN_OVERFLOW, tsr_tokens_step(&tokens, &load).fault);
    ASSERT_MEM_EQ(&before, &tokens, sizeof tokens);
    for (int i = 0; i < 255; i++)
        ASSERT_EQ(TSR_FAULT_NONE, tsr_tokens_step(&tokens, &gemm).fault);
    ASSERT_EQ(TSR_FAULT_TOKEN_UNDERFLOW, tsr_tokens_step(&tokens, &gemm).fault);
    ASSERT_EQ(255, tokens.count[TSR_UNIT_GEMM][TSR_UNIT_STORE]);
    tsr_insn finish = {.opcode = TSR_OP_FINISH};
    ASSERT_EQ(TSR_FAULT_NONE, tsr_tokens_step(&tokens, &finish).fault);
    PASS();
}

TEST micro_ops_pack_and_unpack(void) {
    tsr_uop uop = {0x1234, 0x5678, 0x9abc, true}, back;
    ASSERT_EQ(UINT64_C(0x00019abc56781234), tsr_uop_pack(uop));
    ASSERT(tsr_uop_unpack(tsr_uop_pack(uop), &back));
    ASSERT(back.dst == 0x1234 && back.src == 0x5678 && back.par == 0x9abc && back.first);
    for (unsigned bit = 49; bit < 64; bit++)
        ASSERT_FALSE(tsr_uop_unpack(UINT64_C(1) << bit, &back));
    PASS();
}

TEST numbers_have_names(void) {
    ASSERT_STR_EQ("sram_range", tsr_fault_name(TSR_FAULT_SRAM_RANGE));
    ASSERT_STR_EQ("?", tsr_fault_name(200));
    ASSERT_STR_EQ("alu", tsr_unit_name(TSR_UNIT_ALU));
    ASSERT_STR_EQ("dispatch", tsr_unit_name(TSR_UNIT_DISPATCH));
    ASSERT_EQ(0x54455352u, TSR_ISA_MAGIC);
    ASSERT_EQ(0x44, TSR_REG_SEG3_SIZE);
    ASSERT_EQ(29, TSR_UNIT_COUNTER(TSR_UNIT_ALU, INSNS));
    PASS();
}

SUITE(instructions) {
    RUN_TEST(every_field_keeps_its_extremes_and_nothing_else_changes);
    RUN_TEST(values_that_do_not_fit_are_refused_by_name);
    RUN_TEST(fields_lie_where_the_specification_puts_them);
    RUN_TEST(a_set_reserved_bit_is_an_illegal_field);
    RUN_TEST(opcodes_without_an_instruction_are_illegal);
    RUN_TEST(tokens_to_and_from_the_own_unit_are_illegal);
    RUN_TEST(load_fields_are_checked);
    RUN_TEST(padding_alone_needs_no_dram);
    RUN_TEST(diagonal_loads_count_entries);
    RUN_TEST(buffer_ranges_end_with_the_last_byte);
    RUN_TEST(planes_share_a_buffer);
    RUN_TEST(segment_ranges_do_not_wrap);
    RUN_TEST(store_gemm_and_alu_fields_are_checked);
    RUN_TEST(tokens_underflow_and_overflow);
    RUN_TEST(micro_ops_pack_and_unpack);
    RUN_TEST(numbers_have_names);
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(instructions);
    GREATEST_MAIN_END();
}
