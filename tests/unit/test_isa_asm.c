// SPDX-License-Identifier: Apache-2.0
// Assembler and disassembler: whatever 32 bytes hold comes back through its text.
#include <stdint.h>

#include "check.h"
#include "tsr/asm.h"

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static tsr_status assemble(const char *text, tsr_assembly *out) { return tsr_assemble(text, strlen(text), "t.s", out); }

static check_result survives(const uint8_t word[TSR_INSN_BYTES]) {
    char text[TSR_ASM_LINE_BYTES];
    size_t length = tsr_insn_print(word, text, sizeof text);
    ASSERT_EQ(strlen(text), length);
    tsr_assembly assembly;
    ASSERT_OK(assemble(text, &assembly));
    ASSERT_EQ(TSR_INSN_BYTES, assembly.size);
    ASSERT_EQ(1, assembly.insn_count);
    if (memcmp(assembly.bytes, word, TSR_INSN_BYTES) != 0)
        fprintf(stderr, "%s\n", text);
    ASSERT_MEM_EQ(assembly.bytes, word, TSR_INSN_BYTES);
    tsr_assembly_free(&assembly);
    return CHECK_PASS;
}

TEST every_opcode_with_random_fields_round_trips(void) {
    for (size_t f = 0; f < TSR_FORMATS; f++)
        for (int round = 0; round < 500; round++) {
            uint8_t word[TSR_INSN_BYTES];
            for (size_t i = 0; i < sizeof word; i++)
                word[i] = (uint8_t)(next_random() >> 20) & (round % 3 == 0 ? (uint8_t)(next_random() >> 30) : 0xff);
            word[0] = (uint8_t)tsr_formats[f].opcode;
            if (round % 4 != 0) // mostly words that decode; the others must become .word
                for (size_t i = 0; i < sizeof word; i++)
                    word[i] &= (uint8_t)~(tsr_formats[f].reserved[i / 8] >> 8 * (i % 8));
            ASSERT_EQ(CHECK_PASS, survives(word));
        }
    PASS();
}

TEST every_byte_as_opcode_round_trips(void) {
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t word[TSR_INSN_BYTES] = {0};
        ASSERT_EQ(CHECK_PASS, survives((word[0] = (uint8_t)opcode, word)));
        memset(word + 1, 0xff, sizeof word - 1);
        ASSERT_EQ(CHECK_PASS, survives(word));
    }
    PASS();
}

TEST words_without_syntax_become_dot_word(void) {
    uint8_t word[TSR_INSN_BYTES] = {TSR_OP_FINISH, 0x10}; // finish has no token operands
    char text[TSR_ASM_LINE_BYTES];
    tsr_insn_print(word, text, sizeof text);
    ASSERT_STR_EQ(".word 0x000000000000100f, 0x0000000000000000, 0x0000000000000000, 0x0000000000000000", text);
    word[1] = 0;
    tsr_insn_print(word, text, sizeof text);
    ASSERT_STR_EQ("finish", text);
    PASS();
}

TEST canonical_lines_print_as_they_were_written(void) {
    static const char *const lines[] = {
        "load inp, seg=1, dram=0x100, sram=0x40, run=64, x=56:64:64, y=3:3584:3712, pad_x=1:1, pad_y=1, fill=-128, "
        "wait=gemm, signal=gemm",
        "load wgt, dram=0x4000, run=2304, diag, signal=gemm+alu",
        "load uop, run=8",
        "load inp, seg=1, plane=3, run=16, x=0, pad_x=2",
        "store seg=1, dram=0xfffffff0, plane=1, sram=0x10, run=10, x=7:10:16, y=7:70:112, wait=alu, signal=alu",
        "gemm overwrite, uops=4:9, loop=14:56, acc=56:1, inp=58:1, wgt=0:2, wait=load+alu, signal=load+alu",
        "gemm",
        "alu mov, out, acc, rescale, imm=-3, clip=-128:127, uops=0:16, loop=1:4, dst=0:1, src=0:1, par=0:1",
        "alu max, acc, inp, loop=3:3, src=9:1",
        "alu shr, acc, imm, imm=4, clip=0",
        "finish",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        tsr_assembly assembly;
        ASSERT_OK(assemble(lines[i], &assembly));
        char *text;
        ASSERT_OK(tsr_disassemble(assembly.bytes, assembly.size, &text));
        text[strlen(text) - 1] = '\0';
        ASSERT_STR_EQ(lines[i], text);
        free(text);
        tsr_assembly_free(&assembly);
    }
    PASS();
}

TEST operands_reach_their_fields(void) {
    tsr_assembly assembly;
    ASSERT_OK(assemble("alu add acc inp rescale imm=-7 clip=-5:6 uops=3:2 loop=4:5 dst=6:7 src=8:9 par=10:11 wait=load+gemm "
                       "signal=store",
                       &assembly));
    tsr_insn insn;
    ASSERT_EQ(TSR_FAULT_NONE, tsr_insn_decode(assembly.bytes, &insn).fault);
    ASSERT_EQ(TSR_OP_ALU, insn.opcode);
    ASSERT_EQ(1u << TSR_UNIT_LOAD | 1u << TSR_UNIT_GEMM, insn.wait);
    ASSERT_EQ(1u << TSR_UNIT_STORE, insn.signal);
    const tsr_alu_insn *a = &insn.alu;
    ASSERT(a->op == TSR_ALU_ADD && a->dst_kind == TSR_DST_ACC && a->src_kind == TSR_SRC_INP && a->rescale == 1);
    ASSERT(a->imm == -7 && a->clip == 1 && a->lo == -5 && a->hi == 6);
    ASSERT(a->uop_begin == 3 && a->uop_count == 2 && a->count0 == 4 && a->count1 == 5);
    ASSERT(a->dst0 == 6 && a->dst1 == 7 && a->src0 == 8 && a->src1 == 9 && a->par0 == 10 && a->par1 == 11);
    tsr_assembly_free(&assembly);
    PASS();
}

TEST labels_place_data_behind_the_program(void) {
    static const char text[] = "# a program and its data\n"
                               "start: load uop, dram=uops, run=16, signal=gemm\n"
                               "       gemm overwrite, uops=0:2, wait=load\n"
                               "       load par, dram=lanes+12, run=48\n"
                               "       finish\n"
                               "uops:  .uop dst=1, src=2, par=3, first\n"
                               "       .uop\n"
                               "lanes: .lane bias=-1, mul=0x40000000, lsh=3, rsh=4\n"
                               "       .byte 1, -1, 255\n"
                               "       .align 64\n"
                               "       .quad 0xffffffffffffffff, 2\n"
                               "       .zero 3\n";
    tsr_assembly assembly;
    ASSERT_OK(assemble(text, &assembly));
    ASSERT_EQ(0, assembly.insn_offset);
    ASSERT_EQ(4, assembly.insn_count);
    ASSERT_EQ(192 + 16 + 3, assembly.size);
    tsr_insn insn;
    tsr_insn_decode(assembly.bytes, &insn);
    ASSERT_EQ(128, insn.load.dram_offset);
    tsr_insn_decode(assembly.bytes + 64, &insn);
    ASSERT_EQ(144 + 12, insn.load.dram_offset);
    static const uint8_t data[] = {1,   0,   2,   0,   3, 0, 1, 0,    0, 0, 0, 0, 0, 0,   0,   0,
                                   255, 255, 255, 255, 0, 0, 0, 0x40, 3, 4, 0, 0, 1, 255, 255, 0};
    ASSERT_MEM_EQ(data, assembly.bytes + 128, sizeof data);
    tsr_assembly_free(&assembly);
    PASS();
}

TEST micro_ops_round_trip(void) {
    for (int round = 0; round < 1000; round++) {
        uint64_t word = next_random() & (round % 2 == 0 ? ~TSR_UOP_RESERVED : ~UINT64_C(0));
        char text[TSR_ASM_LINE_BYTES];
        tsr_uop_print(word, text, sizeof text);
        tsr_assembly assembly;
        ASSERT_OK(assemble(text, &assembly));
        ASSERT_EQ(TSR_UOP_BYTES, assembly.size);
        uint64_t back = 0;
        for (int i = 7; i >= 0; i--)
            back = back << 8 | assembly.bytes[i];
        ASSERT_EQ(word, back);
        tsr_assembly_free(&assembly);
    }
    PASS();
}

TEST errors_name_line_and_operand(void) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"finish\n\nlaod inp\n", "t.s:3: there is no instruction 'laod'"},
        {"load\n", "t.s:1: load: the buffer is missing"},
        {"load out, run=1\n", "no buffer is called 'out'; there are inp, wgt, uop, par"},
        {"load inp, run=65536\n", "t.s:1: load: run = 65536 does not fit; allowed are 0 to 65535"},
        {"load inp, fill=128\n", "pad_value = 128 does not fit; allowed are -128 to 127"},
        {"load inp, fill=-129\n", "pad_value = -129 does not fit"},
        {"load inp, run=-1\n", "run = -1 does not fit"},
        {"load inp, dram=0x100000000\n", "'0x100000000' is not a number of 32 bits"},
        {"load inp, dram=nowhere\n", "t.s:1: there is no label 'nowhere'"},
        {"a: finish\na: finish\n", "t.s:2: label 'a' is placed twice"},
        {"load inp, run=1, run=2\n", "load: 'run' is given twice"},
        {"load inp, x=1:2:3:4\n", "load: x takes at most 3 values"},
        {"load inp, x=1::3\n", "'' is not a number"},
        {"load inp, run\n", "load: 'run' needs a value"},
        {"load wgt, diag=1\n", "load: 'diag' takes no value"},
        {"load inp, colour=1\n", "load has no operand 'colour'"},
        {"gemm wait=moon\n", "wait: no unit is called 'moon'"},
        {"gemm wait=load+\n", "wait: no unit is called ''"},
        {"alu mov, out\n", "alu: the source is missing"},
        {"finish wait=load\n", "finish has no operand 'wait'"},
        {".byte 1\nfinish\n", "t.s:2: the instruction lies at offset 1"},
        {"finish\n.zero 32\nfinish\n", "t.s:3: data stands between"},
        {".word 1, 2, 3\n", ".word takes four numbers"},
        {".word 1, 2, 3, 0x10000000000000000\n", "is not a number of 64 bits"},
        {".uop dst=65536\n", ".uop: dst = 65536 does not fit; allowed are 0 to 65535"},
        {".lane rsh=32\n", ".lane: rsh = 32 does not fit"},
        {".byte 256\n", ".byte: 256 does not fit"},
        {".align 3\n", ".align takes a power of two"},
        {".zero 0xffffffff\n", "the image grows beyond"},
        {".zero later\nlater: finish\n", ".zero takes one number"},
        {".bite 1\n", "there is no directive '.bite'"},
        {"1st: finish\n", "'1st' is not a label"},
        {"finish \x01\n", "unprintable character 0x01"},
        {"gemm loop=1:0x\n", "'0x' is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tsr_assembly assembly;
        tsr_status status = assemble(cases[i].text, &assembly);
        ASSERT_EQ(TSR_CORRUPT, status.code);
        ASSERT_STR_CONTAINS(cases[i].message, status.message);
        ASSERT_EQ(NULL, assembly.bytes);
    }
    PASS();
}

TEST long_lines_and_many_labels_are_refused(void) {
    char line[2 * TSR_ASM_LINE_BYTES];
    memset(line, ' ', sizeof line);
    tsr_assembly assembly;
    ASSERT_EQ(TSR_CORRUPT, tsr_assemble(line, sizeof line, "t.s", &assembly).code);
    char *labels = malloc(1100 * 8);
    size_t used = 0;
    for (int i = 0; i < 1100; i++)
        used += (size_t)sprintf(labels + used, "l%d:\n", i);
    tsr_status status = tsr_assemble(labels, used, "t.s", &assembly);
    free(labels);
    ASSERT_STR_CONTAINS("t.s:1025: more than 1024 labels", status.message);
    PASS();
}

TEST random_text_never_crashes(void) {
    static const char *const pieces[] = {"load", "store", "gemm", "alu",        "finish", " ",    ",",   "=",
                                         ":",    "inp",   "run",  "x",          "0x",     "7",    "-",   "+",
                                         "\n",   ".word", ".uop", "wait",       "first",  "clip", "mov", "acc",
                                         "l",    "#",     "\t",   "4294967295", "seg",    "diag", "\xff"};
    for (int round = 0; round < 20000; round++) {
        char text[256];
        size_t used = 0;
        while (used < 200) {
            const char *piece = pieces[next_random() % (sizeof pieces / sizeof pieces[0])];
            memcpy(text + used, piece, strlen(piece));
            used += strlen(piece);
            if (next_random() % 16 == 0)
                break;
        }
        tsr_assembly assembly;
        if (tsr_assemble(text, used, "t.s", &assembly).code == TSR_OK)
            tsr_assembly_free(&assembly);
    }
    PASS();
}

TEST partial_streams_are_refused(void) {
    uint8_t bytes[33] = {0};
    char *text;
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_disassemble(bytes, 33, &text).code);
    ASSERT_OK(tsr_disassemble(bytes, 0, &text));
    ASSERT_STR_EQ("", text);
    free(text);
    PASS();
}

TEST short_buffers_get_a_terminated_beginning(void) {
    uint8_t word[TSR_INSN_BYTES] = {TSR_OP_FINISH};
    char text[4];
    ASSERT_EQ(6, tsr_insn_print(word, text, sizeof text));
    ASSERT_STR_EQ("fin", text);
    ASSERT_EQ(6, tsr_insn_print(word, NULL, 0));
    PASS();
}

SUITE(assembler) {
    RUN_TEST(every_opcode_with_random_fields_round_trips);
    RUN_TEST(every_byte_as_opcode_round_trips);
    RUN_TEST(words_without_syntax_become_dot_word);
    RUN_TEST(canonical_lines_print_as_they_were_written);
    RUN_TEST(operands_reach_their_fields);
    RUN_TEST(labels_place_data_behind_the_program);
    RUN_TEST(micro_ops_round_trip);
    RUN_TEST(errors_name_line_and_operand);
    RUN_TEST(long_lines_and_many_labels_are_refused);
    RUN_TEST(random_text_never_crashes);
    RUN_TEST(partial_streams_are_refused);
    RUN_TEST(short_buffers_get_a_terminated_beginning);
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(assembler);
    GREATEST_MAIN_END();
}
