// SPDX-License-Identifier: Apache-2.0
// The assembly in isa/spec.md is real: every block assembles to legal instructions, and the complete program at its end does
// what the text says. Run from the project's root.
#include <stdint.h>

#include "check.h"
#include "tsr/asm.h"
#include "tsr/model.h"

static char spec[1 << 17];

static void read_spec(void) {
    FILE *file = fopen("isa/spec.md", "rb");
    if (file == NULL) {
        fprintf(stderr, "run this from the project's root\n");
        exit(1);
    }
    spec[fread(spec, 1, sizeof spec - 1, file)] = '\0';
    fclose(file);
}

// The next ```asm block behind *at, or NULL.
static const char *next_block(const char **at, size_t *out_size) {
    static const char open[] = "```asm\n", close[] = "```";
    const char *begin = strstr(*at, open);
    if (begin == NULL)
        return NULL;
    begin += sizeof open - 1;
    const char *end = strstr(begin, close);
    if (end == NULL)
        return NULL;
    *out_size = (size_t)(end - begin);
    *at = end + sizeof close - 1;
    return begin;
}

TEST every_example_assembles_to_legal_instructions(void) {
    tsr_config pynq;
    ASSERT_OK(tsr_config_load("isa/configs/pynq.cfg", &pynq));
    const char *at = spec, *block;
    size_t size;
    unsigned seen[256] = {0};
    while ((block = next_block(&at, &size)) != NULL) {
        tsr_assembly assembly;
        ASSERT_OK(tsr_assemble(block, size, "isa/spec.md", &assembly));
        for (uint32_t i = 0; i < assembly.insn_count; i++) {
            tsr_insn insn;
            ASSERT_EQ(TSR_FAULT_NONE, tsr_insn_decode(assembly.bytes + assembly.insn_offset + 32 * i, &insn).fault);
            tsr_verdict verdict = tsr_insn_check(&insn, &pynq, NULL);
            if (verdict.fault != TSR_FAULT_NONE)
                fprintf(stderr, "%s\n", verdict.reason);
            ASSERT_EQ(TSR_FAULT_NONE, verdict.fault);
            seen[insn.opcode]++;
        }
        tsr_assembly_free(&assembly);
    }
    for (size_t f = 0; f < TSR_FORMATS; f++)
        ASSERT(seen[tsr_formats[f].opcode] > 0);
    PASS();
}

TEST the_complete_program_adds_one(void) {
    const char *at = spec, *block, *last = NULL;
    size_t size, last_size = 0;
    while ((block = next_block(&at, &size)) != NULL)
        last = block, last_size = size;
    ASSERT(last != NULL);
    tsr_assembly assembly;
    ASSERT_OK(tsr_assemble(last, last_size, "isa/spec.md", &assembly));
    uint8_t work[128];
    for (int i = 0; i < 64; i++)
        work[i] = (uint8_t)(i * 4 + 3); // reaches 127, which saturates
    tsr_config pynq;
    ASSERT_OK(tsr_config_load("isa/configs/pynq.cfg", &pynq));
    tsr_model *model;
    tsr_model_options options = {.check_races = true};
    ASSERT_OK(tsr_model_create(&pynq, &options, &model));
    tsr_model_segment segments[TSR_MODEL_SEGMENTS] = {{assembly.bytes, assembly.size}, {work, sizeof work}};
    tsr_model_fault fault;
    ASSERT_OK(tsr_model_run(model, segments, assembly.insn_offset, assembly.insn_count, &fault, NULL));
    ASSERT_EQ(TSR_FAULT_NONE, fault.code);
    ASSERT_FALSE(tsr_model_get_race(model).found);
    for (int i = 0; i < 64; i++) {
        int x = (int8_t)work[i];
        ASSERT_EQ(x == 127 ? 127 : x + 1, (int8_t)work[64 + i]);
    }
    tsr_model_destroy(model);
    tsr_assembly_free(&assembly);
    PASS();
}

SUITE(specification) {
    RUN_TEST(every_example_assembles_to_legal_instructions);
    RUN_TEST(the_complete_program_adds_one);
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    read_spec();
    RUN_SUITE(specification);
    GREATEST_MAIN_END();
}
