// SPDX-License-Identifier: Apache-2.0
// Putting sections into a file; shared by the writer and tsr_xclbin_embed.
#ifndef TSR_XCLBIN_CONTAINER_H
#define TSR_XCLBIN_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/xclbin.h"

typedef struct container_section {
    uint32_t kind;
    const char *name; // cut to 15 characters
    const void *bytes;
    size_t size;
} container_section;

typedef struct container_header {
    uint32_t mode;
    uint32_t version[3];
    const char *platform;
} container_header;

// Lays the sections out one after another, 8-byte aligned, and makes the UUID. The caller frees *out_bytes.
tsr_status container_build(const container_header *header, const container_section *sections, uint32_t count, uint8_t **out_bytes,
                           size_t *out_size);

// Makes the UUID and the unique id anew from everything else in the file.
void container_identify(uint8_t *bytes, size_t size);

// The text of Tessera's own section, and back. TSR_CORRUPT when it is none.
enum { CONFIG_SECTION_BYTES = TSR_CONFIG_TEXT_BYTES + 64 };
size_t config_section_print(const tsr_config *config, char text[CONFIG_SECTION_BYTES]);
bool config_section_is(const uint8_t *bytes, size_t size);
tsr_status config_section_parse(const uint8_t *bytes, size_t size, const char *file_name, tsr_config *out_config,
                                uint32_t *out_isa_version);

// Takes the design's name out of a .bit file's header, so that the header is short and the bits begin at a multiple of four bytes.
// XRT's driver for Zynq hands header and bits together to Linux's FPGA manager (github.com/Xilinx/XRT, src/runtime_src/core/edge/
// drm/zocl/common/zocl_xclbin.c), which on a Zynq-7000 looks for the word 0xaa995566, some 50 bytes into the bits, among the aligned
// words of the first 128 bytes, and copies whole words (drivers/fpga/zynq-fpga.c of Linux). With the name that Vivado writes it
// would not find it. *out_copy is NULL for what is no .bit file; else the caller frees it.
tsr_status bitstream_shorten(const uint8_t *bytes, size_t size, uint8_t **out_copy, size_t *out_size);

// XML of the section EMBEDDED_METADATA. The caller frees *out_text.
tsr_status metadata_print(const tsr_xclbin_spec *spec, char **out_text);
// Holds it against the register map and the other sections.
tsr_status metadata_check(const tsr_xclbin *xclbin);

#endif
