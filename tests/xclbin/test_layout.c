// SPDX-License-Identifier: Apache-2.0
// The offsets of driver/xclbin/layout.h, and a written file, against XRT's own header where that is installed.
#include "check.h"
#include "layout.h"
#include "tsr/xclbin.h"
#include "tsr_isa.h"

#ifdef HAVE_XRT
#include <stddef.h>
#include <xclbin.h>

#define AT(type, member, offset) _Static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
AT(axlf, m_signature_length, AXLF_SIGNATURE_LENGTH);
AT(axlf, reserved, AXLF_RESERVED);
AT(axlf, m_keyBlock, AXLF_KEY_BLOCK);
AT(axlf, m_uniqueId, AXLF_UNIQUE_ID);
AT(axlf, m_header.m_length, AXLF_LENGTH);
AT(axlf, m_header.m_timeStamp, AXLF_TIME_STAMP);
AT(axlf, m_header.m_versionPatch, AXLF_VERSION_PATCH);
AT(axlf, m_header.m_versionMajor, AXLF_VERSION_MAJOR);
AT(axlf, m_header.m_versionMinor, AXLF_VERSION_MINOR);
AT(axlf, m_header.m_mode, AXLF_MODE);
AT(axlf, m_header.m_platformVBNV, AXLF_PLATFORM);
AT(axlf, m_header.uuid, AXLF_UUID);
AT(axlf, m_header.m_numSections, AXLF_SECTION_COUNT);
AT(axlf, m_sections, AXLF_SECTIONS);
_Static_assert(sizeof(((struct axlf *)0)->m_header.m_platformVBNV) == AXLF_PLATFORM_BYTES, "platform");
_Static_assert(sizeof(((struct axlf *)0)->m_header.uuid) == TSR_XCLBIN_UUID_BYTES, "uuid");
AT(axlf_section_header, m_sectionKind, SECTION_KIND);
AT(axlf_section_header, m_sectionName, SECTION_NAME);
AT(axlf_section_header, m_sectionOffset, SECTION_OFFSET);
AT(axlf_section_header, m_sectionSize, SECTION_SIZE);
SIZE(axlf_section_header, SECTION_HEADER_BYTES);
AT(mem_topology, m_mem_data, MEMORY_FIRST);
AT(mem_data, m_type, MEMORY_TYPE);
AT(mem_data, m_used, MEMORY_USED);
AT(mem_data, m_size, MEMORY_KIB);
AT(mem_data, m_base_address, MEMORY_BASE);
AT(mem_data, m_tag, MEMORY_TAG);
_Static_assert(sizeof(((struct mem_data *)0)->m_tag) == MEMORY_TAG_BYTES, "tag");
SIZE(mem_data, MEMORY_BYTES);
AT(connectivity, m_connection, CONNECTION_FIRST);
AT(connection, arg_index, CONNECTION_ARGUMENT);
AT(connection, m_ip_layout_index, CONNECTION_IP);
AT(connection, mem_data_index, CONNECTION_MEMORY);
SIZE(connection, CONNECTION_BYTES);
AT(ip_layout, m_ip_data, IP_FIRST);
AT(ip_data, m_type, IP_TYPE_AT);
AT(ip_data, properties, IP_PROPERTIES);
AT(ip_data, m_base_address, IP_BASE);
AT(ip_data, m_name, IP_NAME);
_Static_assert(sizeof(((struct ip_data *)0)->m_name) == IP_NAME_BYTES, "name");
SIZE(ip_data, IP_BYTES);
AT(clock_freq_topology, m_clock_freq, CLOCK_FIRST);
AT(clock_freq, m_freq_Mhz, CLOCK_MHZ);
AT(clock_freq, m_type, CLOCK_TYPE_AT);
AT(clock_freq, m_name, CLOCK_NAME);
_Static_assert(sizeof(((struct clock_freq *)0)->m_name) == CLOCK_NAME_BYTES, "name");
SIZE(clock_freq, CLOCK_BYTES);

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours)
SAME(KIND_BITSTREAM, BITSTREAM);
SAME(KIND_EMBEDDED_METADATA, EMBEDDED_METADATA);
SAME(KIND_MEM_TOPOLOGY, MEM_TOPOLOGY);
SAME(KIND_CONNECTIVITY, CONNECTIVITY);
SAME(KIND_IP_LAYOUT, IP_LAYOUT);
SAME(KIND_CLOCK_FREQ_TOPOLOGY, CLOCK_FREQ_TOPOLOGY);
SAME(KIND_USER_METADATA, USER_METADATA);
SAME(TSR_XCLBIN_HARDWARE, XCLBIN_FLAT);
SAME(TSR_XCLBIN_HW_EMULATION, XCLBIN_HW_EMU);
SAME(TSR_XCLBIN_DDR3, MEM_DDR3);
SAME(TSR_XCLBIN_DDR4, MEM_DDR4);
SAME(TSR_XCLBIN_DRAM, MEM_DRAM);
SAME(TSR_XCLBIN_HBM, MEM_HBM);
SAME(TSR_XCLBIN_IP_KERNEL, IP_KERNEL);
SAME(IP_PROTOCOL_SHIFT, IP_CONTROL_SHIFT);
SAME(CLOCK_DATA, CT_DATA);
#endif

GREATEST_MAIN_DEFS();

#ifdef HAVE_XRT
static const void *section(const struct axlf *top, uint32_t kind) {
    for (uint32_t i = 0; i < top->m_header.m_numSections; i++)
        if (top->m_sections[i].m_sectionKind == kind)
            return (const char *)top + top->m_sections[i].m_sectionOffset;
    return NULL;
}

// XRT's structures read it on a little-endian computer, as XRT itself does.
TEST a_written_file_reads_as_xrt_s_structures_say(void) {
    tsr_config config;
    tsr_xclbin_spec spec;
    uint8_t *bytes;
    size_t size;
    ASSERT_OK(tsr_config_load("isa/configs/pynq.cfg", &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    const tsr_xclbin_memory memories[] = {{TSR_XCLBIN_DDR4, false, 0, 1 << 20, "DDR[0]"},
                                          {TSR_XCLBIN_HBM, true, UINT64_C(0x4000000000), 262144, "HBM[0]"}};
    const tsr_xclbin_instance instances[] = {{"tessera_1", 0x1400000, 1}, {"tessera_2", 0x1410000, 1}};
    spec.memory_count = spec.instance_count = 2;
    spec.memories = memories;
    spec.instances = instances;
    spec.clock_mhz = 275;
    ASSERT_OK(tsr_xclbin_write(&spec, &bytes, &size));
    const struct axlf *top = (const struct axlf *)(const void *)bytes;
    ASSERT_STR_EQ("xclbin2", top->m_magic);
    ASSERT_EQ(-1, top->m_signature_length);
    ASSERT_EQ(size, top->m_header.m_length);
    ASSERT_EQ(XCLBIN_HW_EMU, top->m_header.m_mode);
    ASSERT_STR_EQ("tessera:emulation:tessera:1.0", (const char *)top->m_header.m_platformVBNV);
    for (uint32_t i = 0; i < top->m_header.m_numSections; i++) {
        ASSERT_EQ(0u, top->m_sections[i].m_sectionOffset % 8);
        ASSERT(top->m_sections[i].m_sectionOffset + top->m_sections[i].m_sectionSize <= size);
    }
    const struct mem_topology *mem = section(top, MEM_TOPOLOGY);
    ASSERT_EQ(2, mem->m_count);
    ASSERT_EQ(0, mem->m_mem_data[0].m_used);
    ASSERT_EQ(MEM_HBM, mem->m_mem_data[1].m_type);
    ASSERT_EQ(262144u, mem->m_mem_data[1].m_size);
    ASSERT_EQ(UINT64_C(0x4000000000), mem->m_mem_data[1].m_base_address);
    ASSERT_STR_EQ("HBM[0]", (const char *)mem->m_mem_data[1].m_tag);
    const struct ip_layout *ips = section(top, IP_LAYOUT);
    ASSERT_EQ(2, ips->m_count);
    ASSERT_EQ((uint32_t)IP_KERNEL, ips->m_ip_data[1].m_type);
    ASSERT_EQ(0x1410000u, ips->m_ip_data[1].m_base_address);
    ASSERT_EQ((uint32_t)AP_CTRL_HS, (ips->m_ip_data[1].properties & IP_CONTROL_MASK) >> IP_CONTROL_SHIFT);
    ASSERT_STR_EQ("tessera:tessera_2", (const char *)ips->m_ip_data[1].m_name);
    // Four segments an instance, at the arguments that hold their addresses.
    const struct connectivity *con = section(top, CONNECTIVITY);
    ASSERT_EQ(8, con->m_count);
    for (int i = 0; i < 8; i++) {
        ASSERT_EQ(2 + i % 4 * 2, con->m_connection[i].arg_index);
        ASSERT_EQ(i / 4, con->m_connection[i].m_ip_layout_index);
        ASSERT_EQ(1, con->m_connection[i].mem_data_index);
    }
    const struct clock_freq_topology *clocks = section(top, CLOCK_FREQ_TOPOLOGY);
    ASSERT_EQ(1, clocks->m_count);
    ASSERT_EQ(275, clocks->m_clock_freq[0].m_freq_Mhz);
    ASSERT_EQ(CT_DATA, clocks->m_clock_freq[0].m_type);
    free(bytes);
    PASS();
}
#else
TEST a_written_file_reads_as_xrt_s_structures_say(void) { SKIPm("XRT's <xclbin.h> is not installed (Debian: libxrt-dev)"); }
#endif

TEST arguments_are_the_registers_of_the_instruction_set(void) {
    static const uint32_t base[] = {TSR_REG_SEG0_BASE_LO, TSR_REG_SEG1_BASE_LO, TSR_REG_SEG2_BASE_LO, TSR_REG_SEG3_BASE_LO};
    static const uint32_t bytes[] = {TSR_REG_SEG0_SIZE, TSR_REG_SEG1_SIZE, TSR_REG_SEG2_SIZE, TSR_REG_SEG3_SIZE};
    uint32_t next = TSR_REG_INSN_OFFSET;
    for (uint32_t s = 0; s < 4; s++) {
        ASSERT_EQ(base[s], tsr_xclbin_arguments[tsr_xclbin_segment(s)].offset);
        ASSERT_EQ(8u, tsr_xclbin_arguments[tsr_xclbin_segment(s)].bytes);
        ASSERT(tsr_xclbin_arguments[tsr_xclbin_segment(s)].is_address);
        ASSERT_EQ(bytes[s], tsr_xclbin_arguments[tsr_xclbin_segment_size(s)].offset);
    }
    // A kernel start writes every word from the first argument to the last: no register of another kind may lie between.
    for (uint32_t a = 0; a < TSR_XCLBIN_ARGUMENTS; a++) {
        ASSERT_EQ(next, tsr_xclbin_arguments[a].offset);
        next += tsr_xclbin_arguments[a].bytes;
    }
    ASSERT_EQ((uint32_t)TSR_REG_SOFT_RESET, next);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(a_written_file_reads_as_xrt_s_structures_say);
    RUN_TEST(arguments_are_the_registers_of_the_instruction_set);
    GREATEST_MAIN_END();
}
