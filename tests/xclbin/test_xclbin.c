// SPDX-License-Identifier: Apache-2.0
// Writing, reading, checking and embedding; and files that lie. Runs from the top folder.
#include <expat.h>

#include "check.h"
#include "tsr/xclbin.h"

GREATEST_MAIN_DEFS();

enum { USER_METADATA = 16, KEYVALUE_METADATA = 15, HEADERS = 456, HEADER_BYTES = 40 };

static tsr_config pynq, tiny;

static uint8_t *written(const tsr_config *config, size_t *out_size) {
    tsr_xclbin_spec spec;
    uint8_t *bytes = NULL;
    tsr_xclbin_emulation_spec(config, &spec);
    if (tsr_xclbin_write(&spec, &bytes, out_size).code != TSR_OK)
        abort();
    return bytes;
}

static void put32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

// Header of the first section of a kind, in the file's bytes.
static uint8_t *header_of(uint8_t *bytes, uint32_t kind) {
    for (uint8_t *head = bytes + HEADERS;; head += HEADER_BYTES)
        if (head[0] == kind && head[1] == 0)
            return head;
}

// Puts `to`, of the same length, in the place of the first `from`.
static bool replace(uint8_t *bytes, size_t size, const char *from, const char *to) {
    const size_t length = strlen(from);
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp(bytes + i, from, length) == 0) {
            memcpy(bytes + i, to, length);
            return true;
        }
    return false;
}

static tsr_status checked(const uint8_t *bytes, size_t size) {
    tsr_xclbin *x;
    TSR_TRY(tsr_xclbin_read(bytes, size, "file", &x));
    tsr_status status = tsr_xclbin_check(x, "file");
    tsr_xclbin_free(x);
    return status;
}

TEST what_was_written_is_read_back(void) {
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    tsr_xclbin *x;
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    ASSERT_OK(tsr_xclbin_check(x, "file"));
    ASSERT_OK(tsr_xclbin_accepts(x, "file", &pynq));
    ASSERT_STR_EQ("pynq", x->config.name);
    ASSERT_EQ(tsr_config_id(&pynq), tsr_config_id(&x->config));
    ASSERT_EQ(1u, x->ip_count);
    ASSERT_STR_EQ("tessera:tessera_1", x->ips[0].name);
    ASSERT_EQ(0x1800000u, x->ips[0].base);
    ASSERT_EQ(4u, x->connection_count);
    ASSERT_STR_EQ("bank0", x->memories[x->connections[3].memory].tag);
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

TEST equal_input_gives_equal_bytes_and_other_input_another_uuid(void) {
    size_t size[4];
    uint8_t *bytes[4] = {written(&pynq, &size[0]), written(&pynq, &size[1]), written(&tiny, &size[2]), NULL};
    static const uint8_t bits[] = {1, 2, 3};
    tsr_xclbin_spec spec;
    tsr_xclbin_emulation_spec(&pynq, &spec);
    spec.bitstream = bits;
    spec.bitstream_size = sizeof bits;
    ASSERT_OK(tsr_xclbin_write(&spec, &bytes[3], &size[3]));
    char uuid[4][TSR_XCLBIN_UUID_TEXT];
    for (int i = 0; i < 4; i++) {
        tsr_xclbin *x;
        ASSERT_OK(tsr_xclbin_read(bytes[i], size[i], "file", &x));
        tsr_xclbin_uuid_text(x->uuid, uuid[i]);
        tsr_xclbin_free(x);
    }
    ASSERT_EQ(size[0], size[1]);
    ASSERT_MEM_EQ(bytes[0], bytes[1], size[0]);
    ASSERT(strcmp(uuid[0], uuid[2]) != 0 && strcmp(uuid[0], uuid[3]) != 0 && strcmp(uuid[2], uuid[3]) != 0);
    // Version 8 of variant 2 (RFC 9562).
    ASSERT_EQ(36u, strlen(uuid[0]));
    ASSERT_EQ('8', uuid[0][14]);
    ASSERT(strchr("89ab", uuid[0][19]) != NULL);
    for (int i = 0; i < 4; i++)
        free(bytes[i]);
    PASS();
}

TEST what_is_no_bit_file_is_inside_as_it_was_given(void) {
    uint8_t bits[1001], *bytes;
    size_t size;
    tsr_xclbin_spec spec;
    tsr_xclbin *x;
    for (size_t i = 0; i < sizeof bits; i++)
        bits[i] = (uint8_t)(i * 7);
    tsr_xclbin_emulation_spec(&pynq, &spec);
    spec.bitstream = bits;
    spec.bitstream_size = sizeof bits;
    ASSERT_OK(tsr_xclbin_write(&spec, &bytes, &size));
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    const tsr_xclbin_section *s = tsr_xclbin_find_section(x, 0);
    ASSERT(s != NULL && s->size == sizeof bits);
    ASSERT_MEM_EQ(bits, bytes + s->offset, sizeof bits);
    ASSERT_OK(tsr_xclbin_check(x, "file"));
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

TEST another_configuration_is_refused_with_both_named(void) {
    size_t size;
    uint8_t *bytes = written(&tiny, &size);
    tsr_xclbin *x;
    ASSERT_OK(tsr_xclbin_read(bytes, size, "tiny.xclbin", &x));
    tsr_status status = tsr_xclbin_accepts(x, "tiny.xclbin", &pynq);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("tiny.xclbin", status.message);
    ASSERT_STR_CONTAINS("configuration tiny", status.message);
    ASSERT_STR_CONTAINS("wanted is pynq", status.message);
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

TEST another_isa_version_is_refused_with_both_named(void) {
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    tsr_xclbin *x;
    ASSERT(replace(bytes, size, "isa = 1.0", "isa = 7.3"));
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    tsr_status status = tsr_xclbin_accepts(x, "file", &pynq);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("ISA version 7.3, this program of 1.0", status.message);
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

TEST a_file_without_tessera_is_refused(void) {
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    tsr_xclbin *x;
    ASSERT(replace(bytes, size, "tessera:tessera_1", "another:another_1"));
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    tsr_status status = tsr_xclbin_accepts(x, "file", &pynq);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("no kernel called tessera", status.message);
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

// As the vendor's linker leaves it: without our section, with a date and a version of its own.
TEST embed_adds_the_configuration_and_keeps_the_rest(void) {
    enum { TIME_STAMP = 312, MINOR = 331 };
    size_t size, new_size, again_size;
    uint8_t *bytes = written(&pynq, &size), *made, *again;
    tsr_xclbin *x, *y;
    put32(header_of(bytes, USER_METADATA), KEYVALUE_METADATA);
    put32(bytes + TIME_STAMP, 1700000000);
    bytes[MINOR] = 16;
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    ASSERT_FALSE(x->has_config);
    tsr_status status = tsr_xclbin_accepts(x, "file", &tiny);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("tessera xclbin embed", status.message);
    ASSERT_OK(tsr_xclbin_embed(x, &pynq, &made, &new_size));
    ASSERT_OK(tsr_xclbin_read(made, new_size, "made", &y));
    ASSERT_OK(tsr_xclbin_check(y, "made"));
    ASSERT_OK(tsr_xclbin_accepts(y, "made", &pynq));
    ASSERT_EQ(x->section_count + 1, y->section_count);
    ASSERT_EQ(16u, y->version[1]);
    ASSERT_MEM_EQ(bytes + TIME_STAMP, made + TIME_STAMP, 8);
    ASSERT(memcmp(x->uuid, y->uuid, sizeof x->uuid) != 0);
    for (uint32_t i = 0; i < x->section_count; i++) {
        ASSERT_EQ(x->sections[i].kind, y->sections[i].kind);
        ASSERT_EQ(x->sections[i].size, y->sections[i].size);
        ASSERT_MEM_EQ(bytes + x->sections[i].offset, made + y->sections[i].offset, x->sections[i].size);
    }
    // Once more: replaced, not doubled.
    ASSERT_OK(tsr_xclbin_embed(y, &tiny, &again, &again_size));
    tsr_xclbin_free(x);
    ASSERT_OK(tsr_xclbin_read(again, again_size, "again", &x));
    ASSERT_EQ(y->section_count, x->section_count);
    ASSERT_OK(tsr_xclbin_accepts(x, "again", &tiny));
    tsr_xclbin_free(x);
    tsr_xclbin_free(y);
    free(bytes);
    free(made);
    free(again);
    PASS();
}

TEST embed_leaves_the_metadata_of_others_alone(void) {
    size_t size, made_size;
    uint8_t *bytes = written(&pynq, &size), *made;
    tsr_xclbin *x;
    ASSERT(replace(bytes, size, "tessera xclbin 1\n", "somebody else's.\n"));
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    ASSERT_FALSE(x->has_config);
    ASSERT_EQ(TSR_UNSUPPORTED, tsr_xclbin_embed(x, &pynq, &made, &made_size).code);
    ASSERT(made == NULL);
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

// ---- what check finds ----

typedef struct damage {
    const char *name, *from, *to, *says;
} damage;

TEST check_finds(const void *argument) {
    const damage *d = argument;
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    ASSERT(replace(bytes, size, d->from, d->to));
    tsr_status status = checked(bytes, size);
    ASSERT_NEQ(TSR_OK, status.code);
    ASSERT_STR_CONTAINS(d->says, status.message);
    ASSERT_STR_CONTAINS("file: ", status.message);
    free(bytes);
    PASS();
}

SUITE(damaged_metadata) {
    static const damage all[] = {
        {"check_finds_an_argument_at_a_wrong_register", "offset=\"0x18\"", "offset=\"0x1c\"", "argument 2 (seg0)"},
        {"check_finds_an_argument_of_a_wrong_size", "size=\"0x8\" offset=\"0x24\"", "size=\"0x4\" offset=\"0x24\"",
         "size is 0x4"},
        {"check_finds_an_argument_of_another_name", "arg name=\"seg1\"", "arg name=\"segx\"", "\"segx\", not \"seg1\""},
        {"check_finds_an_argument_twice", "id=\"3\"", "id=\"2\"", "argument 2 twice"},
        {"check_finds_an_argument_too_many", "id=\"9\"", "id=\"A\"", "is no number"},
        {"check_finds_a_missing_argument", "<arg name=\"seg3_size\"", "<org name=\"seg3_size\"", "all of its 10 arguments"},
        {"check_finds_a_missing_attribute", "addressQualifier=\"1\"", "addressQualifies=\"1\"", "no attribute addressQualifier"},
        {"check_finds_a_number_as_address", "addressQualifier=\"0\"", "addressQualifier=\"1\"", "argument 0"},
        {"check_finds_an_address_at_the_register_port", "port=\"m_axi_gmem\" size=\"0x8\" offset=\"0x18\"",
         "port=\"s_axi_control\" size=\"8\"  offset=\"24\"", "belongs to the port to memory"},
        {"check_finds_a_port_that_is_not_there", "port=\"m_axi_gmem\"", "port=\"q_axi_gmem\"", "no port is called q_axi_gmem"},
        {"check_finds_a_bus_of_another_width", "dataWidth=\"64\"", "dataWidth=\"32\"", "bus of 64"},
        {"check_finds_a_short_register_port", "range=\"0x1000\" dataWidth", "range=\"0x0100\" dataWidth",
         "registers need 0x1000"},
        {"check_finds_another_protocol", "ap_ctrl_hs", "ap_ctrl_xx", "not \"ap_ctrl_hs\""},
        {"check_finds_another_device", "fpga0", "fpga1", "not \"fpga0\""},
        {"check_finds_another_region", "clc_region", "xxx_region", "not \"clc_region\""},
        {"check_finds_a_target_that_is_not_the_mode", "target=\"hw_em\"", "target=\"hw_xx\"", "not \"hw_em\""},
        {"check_finds_another_kernel", "kernel name=\"tessera\"", "kernel name=\"xessera\"", "no kernel is called tessera"},
        {"check_finds_an_instance_that_is_not_laid_out", "instance name=\"tessera_1\"", "instance name=\"tessera_7\"",
         "tessera_7 is not in section ip_layout"},
        {"check_finds_an_instance_elsewhere", "base=\"0x1800000\"", "base=\"0x1900000\"", "at 0x1900000 in the XML"},
        {"check_finds_a_missing_instance", "<addrRemap", "<addrRemix", "no instance"},
        {"check_finds_xml_that_is_none", "</kernel>", "</kernal>", "mismatched tag"},
        {"check_finds_a_missing_level", "<device name", "<devise name", "XML"},
        {"check_finds_no_work_group_size", " workGroupSize=", " workGroupSite=", "workGroupSize"},
        {"check_finds_a_wrong_configuration", "bus_bytes = 8", "bus_bytes = 9", "bus_bytes"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        RUN_TEST_AS(all[i].name, check_finds, &all[i]);
}

TEST check_finds_an_argument_without_memory(void) {
    enum { CONNECTIVITY = 7, SECTION_OFFSET = 24, FIRST = 4 };
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    const uint8_t *head = header_of(bytes, CONNECTIVITY);
    uint8_t *first = bytes + head[SECTION_OFFSET] + 256 * head[SECTION_OFFSET + 1] + FIRST;
    put32(first, 3); // the argument's number
    tsr_status status = checked(bytes, size);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("argument 2 (seg0) is not connected", status.message);
    put32(first, 2);
    ASSERT_OK(checked(bytes, size));
    put32(first + 8, 1); // its memory
    ASSERT_STR_CONTAINS("not there", checked(bytes, size).message);
    free(bytes);
    PASS();
}

// ---- files that lie ----

// From a copy of just that size, so that a sanitizer sees a read past its end.
static tsr_status checked_exact(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size + (size == 0));
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    tsr_status status = checked(copy, size);
    free(copy);
    return status;
}

TEST every_truncation_is_refused(void) {
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    for (size_t cut = 0; cut < size; cut++)
        ASSERT_EQ_FMT((int)TSR_CORRUPT, (int)checked_exact(bytes, cut).code, "%d");
    free(bytes);
    PASS();
}

TEST a_changed_byte_never_crashes_and_errors_name_the_file(void) {
    static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x20};
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    for (size_t i = 0; i < size; i++)
        for (size_t f = 0; f < sizeof flips; f++) {
            bytes[i] ^= flips[f];
            tsr_status status = checked_exact(bytes, size);
            bytes[i] ^= flips[f];
            ASSERT(status.code == TSR_OK || strstr(status.message, "file") != NULL);
        }
    free(bytes);
    PASS();
}

TEST sections_that_overlap_cannot_make_a_small_file_large(void) {
    enum { SECTION_OFFSET = 24 };
    size_t size;
    uint8_t *bytes = written(&pynq, &size);
    tsr_xclbin *x;
    // Two sections of one place: embed would copy it twice, a thousand of them a thousand times.
    memcpy(bytes + HEADERS + 4 * HEADER_BYTES + SECTION_OFFSET, bytes + HEADERS + 5 * HEADER_BYTES + SECTION_OFFSET, 16);
    memcpy(bytes + HEADERS + 3 * HEADER_BYTES + SECTION_OFFSET, bytes + HEADERS + 5 * HEADER_BYTES + SECTION_OFFSET, 16);
    memset(bytes + HEADERS + 5 * HEADER_BYTES + SECTION_OFFSET, 0, 4);
    put32(bytes + HEADERS + 5 * HEADER_BYTES + SECTION_OFFSET, HEADERS + 6 * HEADER_BYTES);
    put32(bytes + HEADERS + 5 * HEADER_BYTES + SECTION_OFFSET + 8, (uint32_t)size - HEADERS - 6 * HEADER_BYTES);
    tsr_status status = tsr_xclbin_read(bytes, size, "file", &x);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("overlaps", status.message);
    free(bytes);
    PASS();
}

// ---- what cannot be written ----

static check_result refused(const tsr_xclbin_spec *spec, const char *says) {
    uint8_t *bytes;
    size_t size;
    tsr_status status = tsr_xclbin_write(spec, &bytes, &size);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS(says, status.message);
    ASSERT(bytes == NULL && size == 0);
    PASS();
}

TEST impossible_specifications_are_refused_by_name(void) {
    tsr_xclbin_spec good, s;
    tsr_xclbin_emulation_spec(&pynq, &good);
    s = good, s.platform = "";
    CHECK_CALL(refused(&s, "platform"));
    s = good, s.platform = "a \"quoted\" name";
    CHECK_CALL(refused(&s, "platform"));
    s = good, s.platform = "a_platform_whose_name_is_longer_than_the_sixty_three_characters_of_the_header";
    CHECK_CALL(refused(&s, "platform"));
    s = good, s.clock_mhz = 0;
    CHECK_CALL(refused(&s, "clock"));
    s = good, s.memory_count = 0;
    CHECK_CALL(refused(&s, "0 memories"));
    s = good, s.instance_count = TSR_XCLBIN_MAX_INSTANCES + 1;
    CHECK_CALL(refused(&s, "16 instances"));
    const tsr_xclbin_memory unused = {TSR_XCLBIN_DDR4, false, 0, 1024, "bank0"}, nameless = {TSR_XCLBIN_DDR4, true, 0, 1024, ""};
    s = good, s.memories = &unused;
    CHECK_CALL(refused(&s, "not used"));
    s = good, s.memories = &nameless;
    CHECK_CALL(refused(&s, "name of memory 0"));
    const tsr_xclbin_instance odd = {"tessera_1", 0x1800010, 0}, twice[] = {{"a", 0x2000, 0}, {"a", 0x3000, 0}},
                              disorder[] = {{"a", 0x3000, 0}, {"b", 0x2000, 0}};
    s = good, s.instances = &odd;
    CHECK_CALL(refused(&s, "multiple of 4096"));
    s = good, s.instances = twice, s.instance_count = 2;
    CHECK_CALL(refused(&s, "two instances"));
    s = good, s.instances = disorder, s.instance_count = 2;
    CHECK_CALL(refused(&s, "order"));
    PASS();
}

// ---- boards ----

static const char board_text[] = "# a board\nname = b\ntitle = A board\nflow = vivado\nplatform = a:b:c:1.0\npart = xc7z020\n"
                                 "config = pynq\nclock_mhz = 150\nps = zynq7\nkernel_base = 0x40000000\n"
                                 "memory = ps_ddr ddr3 0x0 512\n";

TEST a_board_is_read(void) {
    tsr_xclbin_board board;
    ASSERT_OK(tsr_xclbin_board_parse(board_text, sizeof board_text - 1, "b.board", &board));
    ASSERT_STR_EQ("xc7z020", board.part);
    ASSERT_EQ(150u, board.clock_mhz);
    ASSERT_EQ(0x40000000u, board.kernel_base);
    ASSERT_EQ(1u, board.memory_count);
    ASSERT_EQ(512u * 1024, board.memories[0].kib);
    ASSERT_EQ(TSR_XCLBIN_DDR3, (int)board.memories[0].type);
    PASS();
}

TEST mistakes_in_a_board_are_named_with_their_line(void) {
    static const struct {
        const char *from, *to, *says;
    } all[] = {
        {"clock_mhz", "clack_mhz", "b.board:8: unknown key 'clack_mhz'"},
        {"= 150", "= 0  ", "b.board:8: clock_mhz"},
        {"ddr3", "ddrx", "b.board:11: memory type ddrx"},
        {" 512", " x12", "b.board:11: memory size"},
        {"kernel_base = 0x40000000", "#ernel_base = 0x40000000", "'kernel_base' is missing"},
        {"= vivado", "= vovado", "flow = vovado"},
        {"name = b", "name   b", "b.board:2: 'name   b'"},
        {"part = xc", "name = xc", "b.board:6: 'name' is given twice"},
        {"= vivado", "= vitis ", "means nothing with"},
    };
    tsr_xclbin_board board;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char text[sizeof board_text];
        memcpy(text, board_text, sizeof text);
        ASSERT(replace((uint8_t *)text, sizeof text, all[i].from, all[i].to));
        tsr_status status = tsr_xclbin_board_parse(text, sizeof text - 1, "b.board", &board);
        ASSERT_NEQ(TSR_OK, status.code);
        ASSERT_STR_CONTAINS(all[i].says, status.message);
    }
    PASS();
}

// ---- bitstreams ----

// As Vivado writes them: start, design, part, date, time, length, bits.
static const uint8_t bit_file[] = "\x00\x09\x0f\xf0\x0f\xf0\x0f\xf0\x0f\xf0\x00\x00\x01"
                                  "a\x00\x08"
                                  "tessera\0"
                                  "b\x00\x0c"
                                  "7z020clg400\0"
                                  "c\x00\x0b"
                                  "2022/11/20\0"
                                  "d\x00\x09"
                                  "12:34:56\0"
                                  "e\x00\x00\x00\x04"
                                  "\xaa\x99\x55\x66";
enum { BIT_BYTES = sizeof bit_file - 1 };

TEST a_bitstream_for_the_board_is_good(void) {
    ASSERT_OK(tsr_xclbin_check_bitstream(bit_file, BIT_BYTES, "xc7z020clg400-1", "t.bit"));
    PASS();
}

TEST a_bitstream_for_another_part_is_refused_with_both_named(void) {
    tsr_status status = tsr_xclbin_check_bitstream(bit_file, BIT_BYTES, "xczu3eg-sbva484-1-i", "t.bit");
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_EQ("t.bit: is a bitstream for part 7z020clg400, the board has zu3eg-sbva484-1-i", status.message);
    PASS();
}

TEST no_cut_bitstream_is_taken(void) {
    for (size_t cut = 0; cut < BIT_BYTES; cut++) {
        uint8_t *copy = malloc(cut + (cut == 0));
        ASSERT(copy != NULL);
        memcpy(copy, bit_file, cut);
        tsr_status status = tsr_xclbin_check_bitstream(copy, cut, "xc7z020clg400-1", "t.bit");
        free(copy);
        ASSERT_EQ(TSR_CORRUPT, status.code);
        ASSERT_STR_CONTAINS("t.bit: ", status.message);
    }
    ASSERT_STR_CONTAINS("is no .bit file", tsr_xclbin_check_bitstream("\xff\xff\xff\xff", 4, "xc7z020clg400-1", "t.bin").message);
    PASS();
}

// The kernel driver for Zynq needs the bits aligned and near (container.h): whatever the design is called, they are the same.
TEST a_bitstream_s_header_is_short_and_its_bits_aligned(void) {
    enum { HEADER = 13, KEY = 3, NAME = 8, REST = BIT_BYTES - HEADER - KEY - NAME, LONGEST = 90, FIRST_128 = 128 - 52 };
    for (size_t name = 1; name <= LONGEST; name++) {
        uint8_t bits[BIT_BYTES + LONGEST], *bytes;
        const size_t size_in = HEADER + KEY + name + REST;
        memcpy(bits, bit_file, HEADER + KEY);
        bits[HEADER + 2] = (uint8_t)name;
        memset(bits + HEADER + KEY, 'x', name - 1);
        bits[HEADER + KEY + name - 1] = 0;
        memcpy(bits + HEADER + KEY + name, bit_file + HEADER + KEY + NAME, REST);
        size_t size;
        tsr_xclbin_spec spec;
        tsr_xclbin *x;
        tsr_xclbin_emulation_spec(&pynq, &spec);
        spec.bitstream = bits;
        spec.bitstream_size = size_in;
        ASSERT_OK(tsr_xclbin_check_bitstream(bits, size_in, "xc7z020clg400-1", "t.bit"));
        ASSERT_OK(tsr_xclbin_write(&spec, &bytes, &size));
        ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
        const tsr_xclbin_section *s = tsr_xclbin_find_section(x, 0);
        ASSERT(s != NULL && s->offset % 8 == 0 && s->size % 4 == 0 && s->size - 4 <= FIRST_128);
        ASSERT_OK(tsr_xclbin_check_bitstream(bytes + s->offset, (size_t)s->size, "xc7z020clg400-1", "t.bit"));
        ASSERT_MEM_EQ(bit_file + BIT_BYTES - REST, bytes + s->offset + s->size - REST, REST);
        tsr_xclbin_free(x);
        free(bytes);
    }
    PASS();
}

// ---- the vendor packager's description ----

static void count_arguments(void *context, const XML_Char *name, const XML_Char **attributes) {
    (void)attributes;
    *(unsigned *)context += strcmp(name, "arg") == 0;
}

TEST the_packager_s_description_is_xml_with_every_argument(void) {
    char *text;
    unsigned arguments = 0;
    ASSERT_OK(tsr_xclbin_kernel_xml(&tiny, &text));
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetUserData(parser, &arguments);
    XML_SetStartElementHandler(parser, count_arguments);
    ASSERT_EQ(XML_STATUS_OK, (int)XML_Parse(parser, text, (int)strlen(text), 1));
    ASSERT_EQ((unsigned)TSR_XCLBIN_ARGUMENTS, arguments);
    ASSERT_STR_CONTAINS("hwControlProtocol=\"ap_ctrl_hs\"", text);
    XML_ParserFree(parser);
    free(text);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    if (tsr_config_load("isa/configs/pynq.cfg", &pynq).code != TSR_OK ||
        tsr_config_load("isa/configs/tiny.cfg", &tiny).code != TSR_OK) {
        fputs("run me from the top folder\n", stderr);
        return 1;
    }
    RUN_TEST(what_was_written_is_read_back);
    RUN_TEST(equal_input_gives_equal_bytes_and_other_input_another_uuid);
    RUN_TEST(what_is_no_bit_file_is_inside_as_it_was_given);
    RUN_TEST(another_configuration_is_refused_with_both_named);
    RUN_TEST(another_isa_version_is_refused_with_both_named);
    RUN_TEST(a_file_without_tessera_is_refused);
    RUN_TEST(embed_adds_the_configuration_and_keeps_the_rest);
    RUN_TEST(embed_leaves_the_metadata_of_others_alone);
    RUN_SUITE(damaged_metadata);
    RUN_TEST(check_finds_an_argument_without_memory);
    RUN_TEST(every_truncation_is_refused);
    RUN_TEST(a_changed_byte_never_crashes_and_errors_name_the_file);
    RUN_TEST(sections_that_overlap_cannot_make_a_small_file_large);
    RUN_TEST(impossible_specifications_are_refused_by_name);
    RUN_TEST(a_board_is_read);
    RUN_TEST(mistakes_in_a_board_are_named_with_their_line);
    RUN_TEST(a_bitstream_for_the_board_is_good);
    RUN_TEST(a_bitstream_for_another_part_is_refused_with_both_named);
    RUN_TEST(no_cut_bitstream_is_taken);
    RUN_TEST(a_bitstream_s_header_is_short_and_its_bits_aligned);
    RUN_TEST(the_packager_s_description_is_xml_with_every_argument);
    GREATEST_MAIN_END();
}
