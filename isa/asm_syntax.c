// SPDX-License-Identifier: Apache-2.0
#include "asm_syntax.h"

#include <string.h>

#define TOKENS                                                                                                                   \
    {OPERAND_UNITS, "wait", {"wait"}, {0}}, { OPERAND_UNITS, "signal", {"signal"}, {0} }
#define LOOPS                                                                                                                    \
    {OPERAND_TUPLE, "uops", {"uop_begin", "uop_count"}, {0, 1}}, { OPERAND_TUPLE, "loop", {"count0", "count1"}, {1, 1} }
#define BLOCK                                                                                                                    \
    {OPERAND_TUPLE, "seg", {"segment"}, {0}}, {OPERAND_HEX, "dram", {"dram_offset"}, {0}},                                       \
        {OPERAND_TUPLE, "plane", {"plane"}, {0}}, {OPERAND_HEX, "sram", {"sram_addr"}, {0}},                                     \
        {OPERAND_TUPLE, "run", {"run"}, {0}}, {OPERAND_TUPLE, "x", {"x_count", "x_stride", "sram_x_stride"}, {1, 0, 0}}, {       \
        OPERAND_TUPLE, "y", {"y_count", "y_stride", "sram_y_stride"}, {1, 0, 0}                                                  \
    }

static const asm_syntax syntaxes[] = {
    {TSR_OP_LOAD,
     {{OPERAND_WORD, "buffer", {"buffer"}, {0}},
      BLOCK,
      {OPERAND_TUPLE, "pad_x", {"x_before", "x_after"}, {0, 0}},
      {OPERAND_TUPLE, "pad_y", {"y_before", "y_after"}, {0, 0}},
      {OPERAND_TUPLE, "fill", {"pad_value"}, {0}},
      {OPERAND_FLAG, "diag", {"diag"}, {0}},
      TOKENS}},
    {TSR_OP_STORE, {BLOCK, TOKENS}},
    {TSR_OP_GEMM,
     {{OPERAND_FLAG, "overwrite", {"overwrite"}, {0}},
      LOOPS,
      {OPERAND_TUPLE, "acc", {"acc0", "acc1"}, {0, 0}},
      {OPERAND_TUPLE, "inp", {"inp0", "inp1"}, {0, 0}},
      {OPERAND_TUPLE, "wgt", {"wgt0", "wgt1"}, {0, 0}},
      TOKENS}},
    {TSR_OP_ALU,
     {{OPERAND_WORD, "op", {"op"}, {0}},
      {OPERAND_WORD, "destination", {"dst_kind"}, {0}},
      {OPERAND_WORD, "source", {"src_kind"}, {0}},
      {OPERAND_FLAG, "rescale", {"rescale"}, {0}},
      {OPERAND_TUPLE, "imm", {"imm"}, {0}},
      {OPERAND_CLIP, "clip", {"lo", "hi"}, {0, 0}},
      LOOPS,
      {OPERAND_TUPLE, "dst", {"dst0", "dst1"}, {0, 0}},
      {OPERAND_TUPLE, "src", {"src0", "src1"}, {0, 0}},
      {OPERAND_TUPLE, "par", {"par0", "par1"}, {0, 0}},
      TOKENS}},
    {TSR_OP_FINISH, {{.key = NULL}}},
};

const asm_syntax *asm_syntax_of(uint32_t opcode) {
    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++)
        if (syntaxes[i].opcode == opcode)
            return &syntaxes[i];
    return NULL;
}

const tsr_field *asm_field_named(const tsr_format *format, const char *name) {
    for (size_t i = 0; i < format->field_count; i++)
        if (strcmp(format->fields[i].name, name) == 0)
            return &format->fields[i];
    return NULL;
}

size_t asm_tuple_size(const asm_operand *o) {
    size_t n = 0;
    while (n < ASM_MAX_TUPLE && o->fields[n] != NULL)
        n++;
    return n;
}
