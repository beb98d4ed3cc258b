// SPDX-License-Identifier: Apache-2.0
// Configuration files: the ones we ship load, and each way to be wrong is refused by name.
#include <stdint.h>

#include "check.h"
#include "tsr/config.h"

static const char good[] = "# comment\nname = good\nbatch = 1\nblock_in = 16\nblock_out = 16\ninp_bits = 8\nwgt_bits = 8\n"
                           "acc_bits = 32\nuop_buffer = 32768\ninp_buffer = 32768 # bytes\nwgt_buffer = 262144\n\n"
                           "acc_buffer = 131072\nout_buffer = 32768\npar_buffer = 12288\nbus_bytes = 8\nqueue_depth = 16\n"
                           "outstanding_bursts = 16\n\tburst_beats=64";

static tsr_status parse(const char *text, tsr_config *out) { return tsr_config_parse(text, strlen(text), "x.cfg", out); }

// The good text with one piece replaced.
static const char *with(const char *old, const char *replacement) {
    static char text[2048];
    const char *at = strstr(good, old);
    if (at == NULL)
        abort();
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, replacement, at + strlen(old));
    return text;
}

TEST shipped_configurations_load(void) {
    static const struct {
        const char *name;
        uint32_t batch, block, bus;
    } shipped[] = {{"tiny", 1, 4, 8}, {"pynq", 1, 16, 8}, {"wide", 1, 32, 32}, {"batch4", 4, 16, 16}};
    uint64_t ids[4];
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        tsr_config config;
        snprintf(path, sizeof path, "isa/configs/%s.cfg", shipped[i].name);
        ASSERT_OK(tsr_config_load(path, &config));
        ASSERT_STR_EQ(shipped[i].name, config.name);
        ASSERT(config.batch == shipped[i].batch && config.block_in == shipped[i].block && config.block_out == shipped[i].block &&
               config.bus_bytes == shipped[i].bus);
        ids[i] = tsr_config_id(&config);
        for (size_t other = 0; other < i; other++)
            ASSERT_NEQ(ids[other], ids[i]);
    }
    PASS();
}

TEST every_member_is_read(void) {
    tsr_config c;
    ASSERT_OK(parse(good, &c));
    ASSERT(c.batch == 1 && c.block_in == 16 && c.block_out == 16 && c.inp_bits == 8 && c.wgt_bits == 8 && c.acc_bits == 32);
    ASSERT(c.uop_buffer == 32768 && c.inp_buffer == 32768 && c.wgt_buffer == 262144 && c.acc_buffer == 131072);
    ASSERT(c.out_buffer == 32768 && c.par_buffer == 12288 && c.bus_bytes == 8 && c.queue_depth == 16);
    ASSERT(c.outstanding_bursts == 16 && c.burst_beats == 64);
    ASSERT_EQ(64, tsr_par_entries(&c));
    PASS();
}

TEST printed_text_reads_back(void) {
    tsr_config config, back;
    ASSERT_OK(parse(good, &config));
    char text[TSR_CONFIG_TEXT_BYTES], cut[8];
    size_t length = tsr_config_print(&config, text, sizeof text);
    ASSERT_EQ(strlen(text), length);
    ASSERT_OK(tsr_config_parse(text, length, "printed", &back));
    ASSERT_MEM_EQ(&config, &back, sizeof config);
    ASSERT_EQ(length, tsr_config_print(&config, cut, sizeof cut));
    ASSERT_STR_EQ("name = ", cut);
    PASS();
}

TEST the_identity_covers_every_parameter_but_the_name(void) {
    tsr_config config;
    ASSERT_OK(parse(good, &config));
    uint64_t id = tsr_config_id(&config);
    ASSERT_EQ(UINT64_C(0x4ea4a1ac9ccfc9eb), id); // devices and compiled models carry it: it must never change
    memcpy(config.name, "other", 6);
    ASSERT_EQ(id, tsr_config_id(&config));
    uint32_t *members[] = {&config.batch,      &config.block_in,    &config.block_out,          &config.inp_bits,
                           &config.wgt_bits,   &config.acc_bits,    &config.uop_buffer,         &config.inp_buffer,
                           &config.wgt_buffer, &config.acc_buffer,  &config.out_buffer,         &config.par_buffer,
                           &config.bus_bytes,  &config.queue_depth, &config.outstanding_bursts, &config.burst_beats};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        ++*members[i];
        ASSERT_NEQ(id, tsr_config_id(&config));
        --*members[i];
    }
    PASS();
}

TEST wrong_files_are_refused_by_name(void) {
    static const struct {
        const char *old, *replacement, *message;
    } cases[] = {
        {"queue_depth = 16\n", "", "x.cfg: 'queue_depth' is missing"},
        {"name = good\n", "", "x.cfg: 'name' is missing"},
        {"batch = 1\n", "batch = 1\nbatch = 1\n", "x.cfg:4: 'batch' is given twice"},
        {"batch = 1\n", "batsch = 1\n", "x.cfg:3: unknown key 'batsch'"},
        {"batch = 1\n", "batch 1\n", "x.cfg:3: 'batch 1' is not 'key = value'"},
        {"batch = 1\n", "batch = \n", "x.cfg:3: batch = '' is not a number"},
        {"batch = 1\n", "batch = -1\n", "batch = '-1' is not a number"},
        {"batch = 1\n", "batch = 1x\n", "batch = '1x' is not a number"},
        {"batch = 1\n", "batch = 4294967297\n", "batch = '4294967297' is not a number of 32 bits"},
        {"batch = 1\n", "batch = 99999999999999999999999999\n", "is not a number of 32 bits"},
        {"batch = 1\n", "batch = 0\n", "batch = 0 is impossible; allowed are 1 to 16"},
        {"batch = 1\n", "batch = 32\n", "batch = 32 is impossible"},
        {"batch = 1\n", "batch = 3\n", "batch = 3 is no power of two"},
        {"block_in = 16\n", "block_in = 1\n", "block_in = 1 is impossible; allowed are 2 to 64"},
        {"block_out = 16\n", "block_out = 128\n", "block_out = 128 is impossible"},
        {"inp_bits = 8\n", "inp_bits = 4\n", "inp_bits = 4 is impossible"},
        {"wgt_bits = 8\n", "wgt_bits = 16\n", "wgt_bits = 16 is impossible"},
        {"acc_bits = 32\n", "acc_bits = 48\n", "acc_bits = 48 is impossible"},
        {"uop_buffer = 32768", "uop_buffer = 32769", "uop_buffer = 32769 is no multiple of its entries' 8 bytes"},
        {"uop_buffer = 32768", "uop_buffer = 16", "uop_buffer = 16 holds 2 entries; allowed are 4 to 65536"},
        {"uop_buffer = 32768", "uop_buffer = 1048576", "holds 131072 entries"},
        {"inp_buffer = 32768", "inp_buffer = 49152", "inp_buffer = 49152 is no power of two"},
        {"wgt_buffer = 262144", "wgt_buffer = 8388608", "wgt_buffer: 8388608 bytes are more than a 22-bit address"},
        {"acc_buffer = 131072", "acc_buffer = 0", "acc_buffer = 0 holds 0 entries"},
        {"out_buffer = 32768", "out_buffer = 8", "out_buffer = 8 is no multiple"},
        {"par_buffer = 12288", "par_buffer = 12289", "par_buffer = 12289 is no multiple of its entries' 192 bytes"},
        {"bus_bytes = 8", "bus_bytes = 4", "bus_bytes = 4 is impossible; allowed are 8 to 64"},
        {"bus_bytes = 8", "bus_bytes = 24", "bus_bytes = 24 is no power of two"},
        {"queue_depth = 16", "queue_depth = 0", "queue_depth = 0 is impossible"},
        {"outstanding_bursts = 16", "outstanding_bursts = 0", "outstanding_bursts = 0 is impossible"},
        {"burst_beats=64", "burst_beats=512", "burst_beats = 512 is impossible"},
        {"burst_beats=64", "burst_beats=1", "burst_beats = 1 is impossible"},
        {"bus_bytes = 8", "bus_bytes = 64\n#", NULL},
        {"name = good", "name = ", "name has 0 characters"},
        {"name = good", "name = a b", "name 'a b' has characters other than"},
        {"name = good", "name = ../x", "has characters other than"},
        {"name = good", "name = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "name has 36 characters"},
        {"name = good", "name = g\x01", "unprintable"},
        {"batch = 1\n", "= 1\n", "unknown key ''"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tsr_config config;
        memset(&config, 0xff, sizeof config);
        tsr_status status = parse(with(cases[i].old, cases[i].replacement), &config);
        if (cases[i].message == NULL) {
            ASSERT_OK(status);
            continue;
        }
        ASSERT_EQ(TSR_CORRUPT, status.code);
        ASSERT_STR_CONTAINS(cases[i].message, status.message);
        ASSERT_EQ(0, config.batch); // cleared
    }
    PASS();
}

TEST bursts_stay_within_a_page(void) {
    char text[2048];
    snprintf(text, sizeof text, "%s", with("bus_bytes = 8", "bus_bytes = 64"));
    tsr_config config;
    ASSERT_OK(parse(text, &config)); // 64 * 64 = 4096
    memcpy(strstr(text, "beats=64"), "beats=128", 10);
    tsr_status status = parse(text, &config);
    ASSERT_STR_CONTAINS("burst_beats = 128: a burst of 8192 bytes crosses AXI's 4096 byte boundary", status.message);
    PASS();
}

TEST missing_and_empty_files_are_refused(void) {
    tsr_config config;
    tsr_status status = tsr_config_load("isa/configs/none.cfg", &config);
    ASSERT_EQ(TSR_NOT_FOUND, status.code);
    ASSERT_STR_CONTAINS("isa/configs/none.cfg", status.message);
    ASSERT_EQ(TSR_CORRUPT, tsr_config_parse("", 0, "x.cfg", &config).code);
    ASSERT_EQ(TSR_CORRUPT, tsr_config_parse("\0\0", 2, "x.cfg", &config).code);
    PASS();
}

SUITE(configurations) {
    RUN_TEST(shipped_configurations_load);
    RUN_TEST(every_member_is_read);
    RUN_TEST(printed_text_reads_back);
    RUN_TEST(the_identity_covers_every_parameter_but_the_name);
    RUN_TEST(wrong_files_are_refused_by_name);
    RUN_TEST(bursts_stay_within_a_page);
    RUN_TEST(missing_and_empty_files_are_refused);
}

GREATEST_MAIN_DEFS();

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(configurations);
    GREATEST_MAIN_END();
}
