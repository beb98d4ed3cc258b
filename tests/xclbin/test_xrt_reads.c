// SPDX-License-Identifier: Apache-2.0
// XRT's own reader (libxrt_coreutil, no device needed) takes what is written: for hardware emulation in every configuration, and for
// every board of hw/fpga/boards that Vivado builds. Runs from the top folder.
#include <glob.h>
#include <stdio.h>

#include "check.h"
#include "tsr/xclbin.h"

GREATEST_MAIN_DEFS();

#ifdef HAVE_XRT
#include <experimental/xrt_xclbin.h>

static check_result reads(const tsr_xclbin_spec *spec) {
    uint8_t *bytes;
    size_t size;
    tsr_xclbin *x;
    char name[128] = "";
    int name_size = 0;
    xuid_t uuid;
    ASSERT_OK(tsr_xclbin_write(spec, &bytes, &size));
    ASSERT_OK(tsr_xclbin_read(bytes, size, "file", &x));
    xrtXclbinHandle handle = xrtXclbinAllocRawData((const char *)bytes, (int)size);
    ASSERT(handle != NULL);
    ASSERT_EQ(1u, xrtXclbinGetNumKernels(handle));
    ASSERT_EQ(spec->instance_count, xrtXclbinGetNumKernelComputeUnits(handle));
    ASSERT_EQ(0, xrtXclbinGetUUID(handle, uuid));
    ASSERT_MEM_EQ(x->uuid, uuid, sizeof x->uuid);
    ASSERT_EQ(0, xrtXclbinGetXSAName(handle, name, sizeof name - 1, &name_size));
    ASSERT_STR_EQ(spec->platform, name);
    ASSERT_EQ(0, xrtXclbinFreeHandle(handle));
    tsr_xclbin_free(x);
    free(bytes);
    PASS();
}

TEST reads_emulation_of(const void *path) {
    tsr_config config;
    tsr_xclbin_spec spec;
    ASSERT_OK(tsr_config_load(path, &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    const tsr_xclbin_instance two[] = {{"tessera_1", 0x1800000, 0}, {"tessera_2", 0x1810000, 0}};
    CHECK_CALL(reads(&spec));
    spec.instances = two;
    spec.instance_count = 2;
    return reads(&spec);
}

TEST reads_board(const void *path) {
    static char text[1 << 16];
    static tsr_xclbin_board board;
    tsr_config config;
    tsr_xclbin_spec spec;
    FILE *file = fopen(path, "rb");
    ASSERT(file != NULL);
    const size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    ASSERT_OK(tsr_xclbin_board_parse(text, size, path, &board));
    if (strcmp(board.flow, "vivado") != 0)
        PASS(); // the vendor's linker writes it
    ASSERT_OK(tsr_config_load("isa/configs/pynq.cfg", &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    const tsr_xclbin_instance instance = {TSR_XCLBIN_KERNEL "_1", board.kernel_base, 0};
    spec.mode = TSR_XCLBIN_HARDWARE;
    spec.platform = board.platform;
    spec.part = board.part;
    spec.clock_mhz = board.clock_mhz;
    spec.memory_count = board.memory_count;
    spec.memories = board.memories;
    spec.instances = &instance;
    spec.bitstream = text;
    spec.bitstream_size = size;
    return reads(&spec);
}

// That the calls above can fail: XRT counts the kernels of the XML.
TEST xrt_finds_no_kernel_in_xml_without_one(void) {
    uint8_t *bytes;
    size_t size;
    tsr_config config;
    tsr_xclbin_spec spec;
    ASSERT_OK(tsr_config_load("isa/configs/pynq.cfg", &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    ASSERT_OK(tsr_xclbin_write(&spec, &bytes, &size));
    for (size_t i = 0; i + 9 < size; i++)
        if (memcmp(bytes + i, "</kernel>", 9) == 0 || memcmp(bytes + i, " <kernel ", 9) == 0)
            bytes[i + 2] = 'K';
    xrtXclbinHandle handle = xrtXclbinAllocRawData((const char *)bytes, (int)size);
    ASSERT(handle != NULL);
    ASSERT_EQ(0u, xrtXclbinGetNumKernels(handle));
    ASSERT_EQ(0, xrtXclbinFreeHandle(handle));
    free(bytes);
    PASS();
}

static void run_all(const char *pattern, check_result (*test)(const void *)) {
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "no %s: run me from the top folder\n", pattern);
        check_report(pattern, CHECK_FAIL);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        RUN_TEST_AS(found.gl_pathv[i], test, found.gl_pathv[i]);
    globfree(&found);
}

SUITE(real_reader) {
    setenv("XILINX_XRT", "/usr", 0); // it asks for its folder of plug-ins, and needs none to read
    run_all("isa/configs/*.cfg", reads_emulation_of);
    run_all("hw/fpga/boards/*.board", reads_board);
    RUN_TEST(xrt_finds_no_kernel_in_xml_without_one);
}
#else
TEST xrt_s_reader_takes_what_is_written(void) { SKIPm("XRT is not installed (Debian: libxrt-dev)"); }
SUITE(real_reader) { RUN_TEST(xrt_s_reader_takes_what_is_written); }
#endif

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(real_reader);
    GREATEST_MAIN_END();
}
