// SPDX-License-Identifier: Apache-2.0
// The compiled-model file: what is written is read back, and nothing else is accepted.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "sample_program.h"

GREATEST_MAIN_DEFS();

typedef struct file {
    uint8_t *bytes;
    size_t size;
} file;

static file sample_file(void) {
    tsr_program *p = sample_program(1);
    static const uint8_t code[5] = {1, 2, 3, 4, 5};
    sample_add_code(p, code, sizeof code, "x86_64-unknown-linux-gnu");
    snprintf(p->kinds[0].features, sizeof p->kinds[0].features, "avx2,fma");
    file f = {0};
    if (tsr_program_serialise(p, &f.bytes, &f.size).code != TSR_OK)
        abort();
    tsr_program_free(p);
    return f;
}

// Written apart from the implementation: bit by bit.
static void fix_crc(file f) {
    memset(f.bytes + 12, 0, 4);
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < f.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t feedback = (crc ^ (uint32_t)(f.bytes[i] >> bit)) & 1;
            crc = crc >> 1 ^ (feedback != 0 ? UINT32_C(0xedb88320) : 0);
        }
    crc = ~crc;
    for (int i = 0; i < 4; i++)
        f.bytes[12 + i] = (uint8_t)(crc >> (8 * i));
}

TEST what_is_written_is_read_back(void) {
    file f = sample_file();
    tsr_program *p = NULL;
    tsr_status status = tsr_program_parse(f.bytes, f.size, "sample.tsr", &p);
    free(f.bytes);
    ASSERT_OK(status);
    tsr_program *want = sample_program(1);
    bool same = strcmp(p->model_name, "sample") == 0 && strcmp(p->target, "x86_64-unknown-linux-gnu") == 0 &&
                p->kind_count == 1 && p->function_count == 1 && p->entries[0] == 0 &&
                strcmp(p->kinds[0].features, "avx2,fma") == 0 && p->isa_version == TSR_ISA_VERSION &&
                tsr_config_id(&p->config) == tsr_config_id(&want->config) && strcmp(p->config.name, "tiny") == 0 &&
                p->input_count == 1 && p->output_count == 1 && p->step_count == 2 && p->layer_count == 1 &&
                memcmp(&p->inputs[0].shape, &want->inputs[0].shape, sizeof want->inputs[0].shape) == 0 &&
                strcmp(p->inputs[0].name, "in") == 0 && p->inputs[0].dtype == TSR_I8 && p->inputs[0].rank == 2 &&
                p->inputs[0].channels_last && p->inputs[0].scale == 0.5F && p->inputs[0].zero_point == -3 &&
                p->outputs[0].offset == SAMPLE_OUT && p->steps[0].kind == TSR_STEP_HOST &&
                p->steps[1].insn_count == want->steps[0].insn_count && p->layers[0].macs == 12345678901 &&
                p->layers[0].bytes_in == 4294967297 && p->layers[0].bytes_out == 4294967298 &&
                p->layers[0].bound_cycles == 4294967299 && strcmp(p->layers[0].reason, "int8") == 0 &&
                p->layers[0].on_accelerator && p->work_bytes == SAMPLE_WORK && p->const_bytes == want->const_bytes &&
                memcmp(p->const_data, want->const_data, want->const_bytes) == 0 && p->code_bytes == 5 && p->code[4] == 5;
    tsr_program_free(want);
    tsr_program_free(p);
    ASSERT(same);
    PASS();
}

TEST a_second_writing_gives_the_same_bytes(void) {
    file f = sample_file(), again = {0};
    tsr_program *p = NULL;
    tsr_status status = tsr_program_parse(f.bytes, f.size, "sample.tsr", &p);
    if (status.code == TSR_OK)
        status = tsr_program_serialise(p, &again.bytes, &again.size);
    bool same = again.size == f.size && memcmp(again.bytes, f.bytes, f.size) == 0;
    tsr_program_free(p);
    free(f.bytes);
    free(again.bytes);
    ASSERT_OK(status);
    ASSERT(same);
    PASS();
}

TEST a_file_truncated_anywhere_is_refused(void) {
    file f = sample_file();
    bool refused = true;
    for (size_t size = 0; size < f.size && refused; size++) {
        uint8_t *exact = malloc(size + (size == 0)); // so that the address sanitizer sees a read past the end
        memcpy(exact, f.bytes, size);
        tsr_program *p = NULL;
        tsr_status status = tsr_program_parse(exact, size, "cut.tsr", &p);
        refused = status.code == TSR_CORRUPT && p == NULL && strstr(status.message, "cut.tsr") != NULL;
        free(exact);
    }
    free(f.bytes);
    ASSERT(refused);
    PASS();
}

TEST a_flipped_bit_anywhere_is_refused(void) {
    file f = sample_file();
    bool refused = true;
    for (size_t i = 0; i < f.size && refused; i++) {
        f.bytes[i] ^= (uint8_t)(1u << (i % 8));
        tsr_program *p = NULL;
        refused = tsr_program_parse(f.bytes, f.size, "flip.tsr", &p).code != TSR_OK && p == NULL;
        f.bytes[i] ^= (uint8_t)(1u << (i % 8));
    }
    free(f.bytes);
    ASSERT(refused);
    PASS();
}

// With a right checksum every other rule is on its own: anything may come out but a crash, and what is accepted is whole
// enough to be written again.
TEST hostile_bytes_under_a_right_checksum_do_no_harm(void) {
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    file f = sample_file();
    unsigned accepted = 0, refused = 0;
    bool good = true;
    for (size_t i = 0; i < f.size; i++) {
        if (i >= 2000 && i % 31 != 0)
            continue;
        uint8_t old = f.bytes[i];
        for (size_t v = 0; v < sizeof values; v++) {
            f.bytes[i] = values[v];
            fix_crc(f);
            tsr_program *p = NULL;
            if (tsr_program_parse(f.bytes, f.size, "hostile.tsr", &p).code == TSR_OK) {
                file again = {0};
                good = good && tsr_program_serialise(p, &again.bytes, &again.size).code == TSR_OK && again.size == f.size &&
                       memcmp(again.bytes, f.bytes, f.size) == 0;
                free(again.bytes);
                accepted++;
            } else {
                good = good && p == NULL;
                refused++;
            }
            tsr_program_free(p);
        }
        f.bytes[i] = old;
    }
    free(f.bytes);
    ASSERT(good);
    ASSERT(accepted > 0 && refused > 1000);
    PASS();
}

TEST another_version_is_named(void) {
    file f = sample_file();
    f.bytes[8] = 9;
    fix_crc(f);
    tsr_program *p = NULL;
    tsr_status status = tsr_program_parse(f.bytes, f.size, "new.tsr", &p);
    free(f.bytes);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("format version 9", status.message);
    ASSERT_STR_CONTAINS("reads 3", status.message);
    PASS();
}

// ---- rules that the writer enforces as well -------------------------------------------------------------------------

typedef struct rule {
    const char *name;
    void (*damage)(tsr_program *p);
    const char *message;
} rule;

static void io_outside(tsr_program *p) { p->outputs[0].offset = SAMPLE_WORK - 4; }
static void io_overflow(tsr_program *p) { p->outputs[0].offset = UINT64_MAX - 3; }
static void io_bytes(tsr_program *p) { p->inputs[0].bytes = 9; }
static void io_rank(tsr_program *p) { p->inputs[0].rank = 9; }
static void io_dtype(tsr_program *p) { p->inputs[0].dtype = TSR_DTYPE_NONE; }
static void io_huge(tsr_program *p) {
    p->inputs[0].rank = TSR_MAX_RANK;
    for (int i = 0; i < TSR_MAX_RANK; i++)
        p->inputs[0].shape[i] = UINT32_MAX;
}
static void step_alignment(tsr_program *p) { p->steps[0].insn_offset += 8; }
static void step_length(tsr_program *p) { p->steps[0].insn_count = UINT32_MAX; }
static void step_empty(tsr_program *p) { p->steps[0].insn_count = 0; }
static void step_layers(tsr_program *p) { p->steps[0].first_layer = UINT32_MAX; }
static void step_entry(tsr_program *p) { p->steps[0] = (tsr_step){.kind = TSR_STEP_HOST}; }
static void code_without_kinds(tsr_program *p) {
    sample_add_code(p, "code", 5, "x86_64-unknown-linux-gnu");
    p->kind_count = 0;
}
static void too_many_kinds(tsr_program *p) {
    sample_add_code(p, "code", 5, "x86_64-unknown-linux-gnu");
    p->kind_count = UINT32_MAX;
}
static void entry_outside(tsr_program *p) {
    sample_add_code(p, "code", 5, "x86_64-unknown-linux-gnu");
    p->entries[0] = 5;
}
static void step_finish(tsr_program *p) { p->steps[0].insn_count--; }
static void store_to_consts(tsr_program *p) {
    p->const_data[p->steps[0].insn_offset + (p->steps[0].insn_count - 2) * 32 + 2] &= 0xe7;
}
static void layer_insns(tsr_program *p) { p->layers[0].insn_count = UINT32_MAX; }
static void work_huge(tsr_program *p) { p->work_bytes = UINT64_MAX; }
static void no_config(tsr_program *p) { memset(&p->config, 0, sizeof p->config); }

static const rule rules[] = {
    {"tensor_outside_work", io_outside, "outside the work area"},
    {"tensor_offset_wraps", io_overflow, "outside the work area"},
    {"tensor_size_differs_from_shape", io_bytes, "its shape has 8"},
    {"tensor_rank", io_rank, "rank 9"},
    {"tensor_type", io_dtype, "element type"},
    {"tensor_shape_overflows", io_huge, "larger than"},
    {"step_not_aligned", step_alignment, "multiple of 32"},
    {"step_beyond_constants", step_length, "end outside"},
    {"step_without_instructions", step_empty, "no instructions"},
    {"step_without_its_layers", step_layers, "names layers"},
    {"host_step_without_code", step_entry, "calls function 0 of 0"},
    {"code_without_kinds", code_without_kinds, "functions of 0 kinds"},
    {"too_many_kinds", too_many_kinds, "kinds of host code"},
    {"entry_outside_code", entry_outside, "starts at byte 5 of 5"},
    {"step_without_finish", step_finish, "finish"},
    {"step_stores_into_constants", store_to_consts, "stores into the constants"},
    {"layer_beyond_its_step", layer_insns, "instructions that step"},
    {"work_area_too_large", work_huge, "over the limits"},
    {"accelerator_without_configuration", no_config, "configuration"},
};

TEST breaks_a_rule(const rule *r) {
    tsr_program *p = sample_program(0);
    r->damage(p);
    uint8_t *bytes = NULL;
    size_t size = 0;
    tsr_status status = tsr_program_serialise(p, &bytes, &size);
    tsr_program_free(p);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT(bytes == NULL);
    ASSERT_STR_CONTAINS(r->message, status.message);
    PASS();
}

TEST control_characters_in_names_do_not_survive(void) {
    tsr_program *p = sample_program(0);
    snprintf(p->layers[0].name, sizeof p->layers[0].name, "a\x1b[31mb\n");
    uint8_t *bytes = NULL;
    size_t size = 0;
    tsr_status status = tsr_program_serialise(p, &bytes, &size);
    tsr_program_free(p);
    ASSERT_OK(status);
    status = tsr_program_parse(bytes, size, "x", &p);
    free(bytes);
    ASSERT_OK(status);
    bool clean = strcmp(p->layers[0].name, "a?[31mb?") == 0;
    tsr_program_free(p);
    ASSERT(clean);
    PASS();
}

// ---- files ----------------------------------------------------------------------------------------------------------

static unsigned entries_of(const char *folder) {
    unsigned count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

TEST saves_whole_files_and_leaves_nothing_else(void) {
    char folder[] = "/tmp/tessera-test-XXXXXX", path[64], taken[64];
    ASSERT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/a.tsr", folder);
    snprintf(taken, sizeof taken, "%s/taken", folder);
    tsr_program *p = sample_program(0), *back = NULL;
    tsr_status saved = tsr_program_save(p, path), loaded = tsr_program_load(path, &back);
    unsigned after_save = entries_of(folder);
    int made = mkdir(taken, 0777); // a folder is in the way of rename
    tsr_status blocked = tsr_program_save(p, taken);
    unsigned after_failure = entries_of(folder);
    tsr_program *none = NULL;
    tsr_status folder_load = tsr_program_load(folder, &none), missing = tsr_program_load("/nonexistent/x.tsr", &none);
    tsr_status nowhere = tsr_program_save(p, "/nonexistent/x.tsr");
    tsr_program_free(p);
    tsr_program_free(back);
    unlink(path);
    rmdir(taken);
    rmdir(folder);
    ASSERT_OK(saved);
    ASSERT_OK(loaded);
    ASSERT_EQ(1, after_save);
    ASSERT_EQ(0, made);
    ASSERT_EQ(TSR_IO, blocked.code);
    ASSERT_EQ(2, after_failure);
    ASSERT_EQ(TSR_IO, folder_load.code);
    ASSERT_EQ(TSR_NOT_FOUND, missing.code);
    ASSERT_EQ(TSR_IO, nowhere.code);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(what_is_written_is_read_back);
    RUN_TEST(a_second_writing_gives_the_same_bytes);
    RUN_TEST(a_file_truncated_anywhere_is_refused);
    RUN_TEST(a_flipped_bit_anywhere_is_refused);
    RUN_TEST(hostile_bytes_under_a_right_checksum_do_no_harm);
    RUN_TEST(another_version_is_named);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        RUN_TEST_AS(rules[i].name, breaks_a_rule, &rules[i]);
    RUN_TEST(control_characters_in_names_do_not_survive);
    RUN_TEST(saves_whole_files_and_leaves_nothing_else);
    GREATEST_MAIN_END();
}
