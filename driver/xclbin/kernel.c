// SPDX-License-Identifier: Apache-2.0
// The kernel's arguments from the register map, and the two XML descriptions of it: the vendor packager's, and the one inside an
// xclbin. The elements and attributes of the second are those that XRT 2.13 asks for (src/runtime_src/core/common/
// xclbin_parser.cpp, src/runtime_src/xocl/xclbin/xclbin.cpp); those of the first are in the vendor's user guide UG1393, "RTL
// Kernel XML File".
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "layout.h"
#include "tsr_isa.h"

#define SEGMENT(n)                                                                                                               \
    {"seg" #n, TSR_REG_SEG##n##_BASE_LO, 8, true}, { "seg" #n "_size", TSR_REG_SEG##n##_SIZE, 4, false }
const tsr_xclbin_argument tsr_xclbin_arguments[TSR_XCLBIN_ARGUMENTS] = {
    {"insn_offset", TSR_REG_INSN_OFFSET, 4, false},
    {"insn_count", TSR_REG_INSN_COUNT, 4, false},
    SEGMENT(0),
    SEGMENT(1),
    SEGMENT(2),
    SEGMENT(3),
};
// An address is one argument of 8 bytes: its halves have to be neighbours.
#define NEIGHBOURS(n)                                                                                                            \
    _Static_assert((int)TSR_REG_SEG##n##_BASE_HI == (int)TSR_REG_SEG##n##_BASE_LO + 4, "a segment's base is one register pair")
NEIGHBOURS(0);
NEIGHBOURS(1);
NEIGHBOURS(2);
NEIGHBOURS(3);
_Static_assert(TSR_REG_CTRL == 0 && TSR_REG_INSN_OFFSET == 0x10, "XRT expects ap_ctrl_hs at 0 and arguments from 0x10 on");
_Static_assert(TSR_REG_COUNTERS + 8 * TSR_COUNTERS <= TSR_XCLBIN_RANGE, "the register port has room for every register");

static const char control_port[] = "s_axi_control", memory_port[] = "m_axi_gmem";

static void print_ports(FILE *out, const tsr_config *config, const char *indent) {
    fprintf(out, "%s<port name=\"%s\" mode=\"slave\" range=\"0x%x\" dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n",
            indent, control_port, (unsigned)TSR_XCLBIN_RANGE);
    fprintf(out,
            "%s<port name=\"%s\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"%u\" portType=\"addressable\" "
            "base=\"0x0\"/>\n",
            indent, memory_port, config->bus_bytes * 8);
}

static void print_arguments(FILE *out, const char *indent) {
    for (unsigned i = 0; i < TSR_XCLBIN_ARGUMENTS; i++) {
        const tsr_xclbin_argument *a = &tsr_xclbin_arguments[i];
        fprintf(out,
                "%s<arg name=\"%s\" addressQualifier=\"%d\" id=\"%u\" port=\"%s\" size=\"0x%x\" offset=\"0x%x\" "
                "hostOffset=\"0x0\" hostSize=\"0x%x\" type=\"%s\"/>\n",
                indent, a->name, a->is_address ? 1 : 0, i, a->is_address ? memory_port : control_port, a->bytes, a->offset,
                a->bytes, a->is_address ? "void*" : "unsigned int");
    }
}

static tsr_status finish(FILE *out, char **text) {
    const bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed && *text != NULL)
        return tsr_ok();
    free(*text);
    *text = NULL;
    return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the kernel's description");
}

tsr_status tsr_xclbin_kernel_xml(const tsr_config *config, char **out_text) {
    size_t size;
    *out_text = NULL;
    FILE *out = open_memstream(out_text, &size);
    if (out == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the kernel's description");
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root versionMajor=\"1\" versionMinor=\"6\">\n", out);
    fprintf(out,
            "  <kernel name=\"%s\" language=\"ip_c\" vlnv=\"tessera:kernel:%s:%d.%d\" attributes=\"\" "
            "preferredWorkGroupSizeMultiple=\"0\" workGroupSize=\"1\" interrupt=\"true\" hwControlProtocol=\"ap_ctrl_hs\">\n",
            TSR_XCLBIN_KERNEL, TSR_XCLBIN_KERNEL, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    fputs("    <ports>\n", out);
    print_ports(out, config, "      ");
    fputs("    </ports>\n    <args>\n", out);
    print_arguments(out, "      ");
    fputs("    </args>\n  </kernel>\n</root>\n", out);
    return finish(out, out_text);
}

// "vendor:board:name:1.2" by its parts; missing ones are empty.
static void split_platform(const char *platform, char parts[4][AXLF_PLATFORM_BYTES]) {
    memset(parts, 0, 4 * sizeof parts[0]);
    for (unsigned i = 0; i < 4 && *platform != '\0'; i++) {
        const size_t length = i < 3 ? strcspn(platform, ":") : strlen(platform);
        memcpy(parts[i], platform, length);
        platform += length + (platform[length] == ':');
    }
}

tsr_status metadata_print(const tsr_xclbin_spec *spec, char **out_text) {
    size_t size;
    char platform[4][AXLF_PLATFORM_BYTES];
    *out_text = NULL;
    FILE *out = open_memstream(out_text, &size);
    if (out == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the kernel's description");
    split_platform(spec->platform, platform);
    const unsigned major = (unsigned)strtoul(platform[3], NULL, 10);
    const char *dot = strchr(platform[3], '.');
    const unsigned minor = dot != NULL ? (unsigned)strtoul(dot + 1, NULL, 10) : 0;
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"%s\">\n", TSR_XCLBIN_KERNEL);
    fprintf(out, "  <platform vendor=\"%s\" boardid=\"%s\" name=\"%s\" featureRomTime=\"0\">\n", platform[0], platform[1],
            platform[2]);
    fprintf(out, "    <version major=\"%u\" minor=\"%u\"/>\n    <device name=\"fpga0\" fpgaDevice=\"%s\">\n", major, minor,
            spec->part);
    fprintf(out,
            "      <core name=\"OCL_REGION_0\" target=\"%s\" type=\"clc_region\" clockFreq=\"%uMHz\" numComputeUnits=\"%u\">\n",
            spec->mode == TSR_XCLBIN_HARDWARE ? "bitstream" : "hw_em", spec->clock_mhz, spec->instance_count);
    fprintf(out, "        <kernelClocks>\n          <clock port=\"DATA_CLK\" frequency=\"%uMHz\"/>\n", spec->clock_mhz);
    fprintf(out, "          <clock port=\"KERNEL_CLK\" frequency=\"%uMHz\"/>\n        </kernelClocks>\n", spec->clock_mhz);
    fprintf(out,
            "        <kernel name=\"%s\" language=\"ip_c\" vlnv=\"tessera:kernel:%s:%d.%d\" attributes=\"\" hash=\"\" "
            "preferredWorkGroupSizeMultiple=\"0\" workGroupSize=\"1\" debug=\"false\" interrupt=\"true\" "
            "hwControlProtocol=\"ap_ctrl_hs\">\n",
            TSR_XCLBIN_KERNEL, TSR_XCLBIN_KERNEL, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    fputs("          <compileWorkGroupSize x=\"1\" y=\"1\" z=\"1\"/>\n          <maxWorkGroupSize x=\"1\" y=\"1\" z=\"1\"/>\n",
          out);
    print_ports(out, spec->config, "          ");
    print_arguments(out, "          ");
    for (uint32_t i = 0; i < spec->instance_count; i++)
        fprintf(out,
                "          <instance name=\"%s\">\n            <addrRemap base=\"0x%" PRIx64
                "\" range=\"0x%x\" port=\"%s\"/>\n          </instance>\n",
                spec->instances[i].name, spec->instances[i].base, (unsigned)TSR_XCLBIN_RANGE, control_port);
    fputs("        </kernel>\n      </core>\n    </device>\n  </platform>\n</project>\n", out);
    return finish(out, out_text);
}
