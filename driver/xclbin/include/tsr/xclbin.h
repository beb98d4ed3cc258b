// SPDX-License-Identifier: Apache-2.0
// xclbin files: what Xilinx's runtime XRT loads onto an FPGA. One holds the bitstream, the memories, where the kernel's
// registers are, which memory an argument may lie in, and XML that says the same in words. The container's layout is that
// of XRT's <xclbin.h> (2.13); driver/xclbin/layout.h has the offsets.
//
// Tessera's carry one section more, USER_METADATA, with the configuration's text and the ISA version, so that a driver can
// refuse a file before it loads it. A file from the vendor's linker gets that section from tsr_xclbin_embed.
//
// Files are hostile until they are checked: a tsr_xclbin has no offset, index or text that leads outside of it.
#ifndef TSR_XCLBIN_H
#define TSR_XCLBIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/status.h"

// The kernel's name in every xclbin; its first instance ("compute unit") is "tessera_1".
#define TSR_XCLBIN_KERNEL "tessera"

enum { TSR_XCLBIN_UUID_BYTES = 16, TSR_XCLBIN_RANGE = 4096 }; // RANGE: bytes of the register port

// How the file is to be used (enum XCLBIN_MODE of <xclbin.h>).
typedef enum tsr_xclbin_mode { TSR_XCLBIN_HARDWARE = 0, TSR_XCLBIN_HW_EMULATION = 4 } tsr_xclbin_mode;

// Kinds of memory (enum MEM_TYPE of <xclbin.h>); others occur in files of others.
typedef enum tsr_xclbin_memory_type {
    TSR_XCLBIN_DDR3 = 0,
    TSR_XCLBIN_DDR4 = 1,
    TSR_XCLBIN_DRAM = 2,
    TSR_XCLBIN_HBM = 6,
} tsr_xclbin_memory_type;

typedef struct tsr_xclbin_memory {
    uint32_t type; // a tsr_xclbin_memory_type
    bool used;     // some argument may lie in it
    uint64_t base; // bus address
    uint64_t kib;
    char tag[16]; // "bank0", "HBM[0]"
} tsr_xclbin_memory;

// An instance of a kernel, or another block with registers. Only type 1 is a kernel (enum IP_TYPE of <xclbin.h>).
enum { TSR_XCLBIN_IP_KERNEL = 1 };
typedef struct tsr_xclbin_ip {
    uint32_t type;
    uint32_t properties; // bit 0: interrupt enabled; 15:8: protocol, 0 is ap_ctrl_hs
    uint64_t base;       // bus address of its registers
    char name[64];       // "tessera:tessera_1"
} tsr_xclbin_ip;

typedef struct tsr_xclbin_connection {
    uint32_t argument; // number of the argument
    uint32_t ip;       // index in ips
    uint32_t memory;   // index in memories
} tsr_xclbin_connection;

// ---- the kernel's arguments --------------------------------------------------------------------------------------------

// Arguments are the rw registers of isa/tessera.isa from insn_offset on; an address takes two of them. XRT numbers them from 0.
typedef struct tsr_xclbin_argument {
    const char *name;  // "insn_offset", "seg0", "seg0_size", ...
    uint32_t offset;   // register, from the kernel's base
    uint32_t bytes;    // 4, or 8 for an address
    bool is_address;   // a buffer; connectivity says where it may lie
} tsr_xclbin_argument;

enum { TSR_XCLBIN_ARGUMENTS = 10 };
extern const tsr_xclbin_argument tsr_xclbin_arguments[TSR_XCLBIN_ARGUMENTS];
enum { TSR_XCLBIN_INSN_OFFSET = 0, TSR_XCLBIN_INSN_COUNT = 1 }; // argument numbers
static inline uint32_t tsr_xclbin_segment(uint32_t segment) { return 2 + 2 * segment; }
static inline uint32_t tsr_xclbin_segment_size(uint32_t segment) { return 3 + 2 * segment; }

// ---- writing -----------------------------------------------------------------------------------------------------------

typedef struct tsr_xclbin_instance {
    char name[32]; // "tessera_1"
    uint64_t base; // bus address of its registers
    uint32_t memory; // index of the memory that its bus port reaches
} tsr_xclbin_instance;

typedef struct tsr_xclbin_spec {
    const tsr_config *config;
    tsr_xclbin_mode mode;
    const char *platform; // "vendor:board:name:major.minor", letters, digits and . _ - : only; at most 63 characters
    const char *part;     // "xc7z020clg400-1"
    uint32_t clock_mhz;
    uint32_t memory_count; // 1 to TSR_XCLBIN_MAX_MEMORIES
    const tsr_xclbin_memory *memories;
    uint32_t instance_count; // 1 to TSR_XCLBIN_MAX_INSTANCES
    const tsr_xclbin_instance *instances;
    // A .bit file with its header, as the kernel drivers of XRT take it; NULL for none. Its design's name is left
    // out, for XRT's driver for Zynq to find the bits.
    const void *bitstream;
    size_t bitstream_size;
} tsr_xclbin_spec;

enum { TSR_XCLBIN_MAX_MEMORIES = 64, TSR_XCLBIN_MAX_INSTANCES = 15 };

// What hardware emulation needs: one memory of 1 GiB at 0, one instance at 0x1800000. Borrows config; its pointers are to
// constants.
void tsr_xclbin_emulation_spec(const tsr_config *config, tsr_xclbin_spec *out_spec);

// Equal specifications give equal bytes: the UUID is made from the content, there is no date inside. The caller frees
// *out_bytes. TSR_INVALID_ARGUMENT names what is impossible in the specification.
tsr_status tsr_xclbin_write(const tsr_xclbin_spec *spec, uint8_t **out_bytes, size_t *out_size);

// A board: what one needs to know of it for its xclbin. Text of `key = value` lines (hw/fpga/README.md). With flow "vitis" the
// vendor's linker writes the xclbin; kernel_base and the memories are given with flow "vivado" alone.
typedef struct tsr_xclbin_board {
    char name[32], flow[16], platform[64], part[40], config[32];
    uint32_t clock_mhz;
    uint64_t kernel_base;
    uint32_t memory_count;
    tsr_xclbin_memory memories[TSR_XCLBIN_MAX_MEMORIES];
} tsr_xclbin_board;
tsr_status tsr_xclbin_board_parse(const char *text, size_t size, const char *file_name, tsr_xclbin_board *out_board);

// Whether a file is a whole .bit file (with its header, as Vivado writes it) for this part. TSR_MISMATCH names both parts.
tsr_status tsr_xclbin_check_bitstream(const void *bytes, size_t size, const char *part, const char *file_name);

// The kernel description that the vendor's packager takes (`package_xo -kernel_xml`). The caller frees *out_text.
tsr_status tsr_xclbin_kernel_xml(const tsr_config *config, char **out_text);

// ---- reading -----------------------------------------------------------------------------------------------------------

typedef struct tsr_xclbin_section {
    uint32_t kind; // enum axlf_section_kind of <xclbin.h>
    char name[17];
    uint64_t offset, size; // in the file
} tsr_xclbin_section;

typedef struct tsr_xclbin {
    const uint8_t *bytes; // the file, borrowed
    size_t size;
    uint8_t uuid[TSR_XCLBIN_UUID_BYTES];
    uint32_t mode; // enum XCLBIN_MODE; TSR_XCLBIN_HARDWARE or TSR_XCLBIN_HW_EMULATION in files of Tessera
    uint32_t version[3]; // of the tool that wrote it: major, minor, patch
    char platform[65];
    uint32_t section_count, memory_count, ip_count, connection_count;
    tsr_xclbin_section *sections;
    tsr_xclbin_memory *memories;
    tsr_xclbin_ip *ips;
    tsr_xclbin_connection *connections;
    bool has_config; // false: no section of Tessera's inside, config and isa_version are 0
    tsr_config config;
    uint32_t isa_version; // major << 16 | minor
} tsr_xclbin;

// Reads and checks the container and the sections named above. `bytes` must stay as long as the result is used, which
// tsr_xclbin_free frees. TSR_CORRUPT says where in the file.
tsr_status tsr_xclbin_read(const void *bytes, size_t size, const char *file_name, tsr_xclbin **out_xclbin);
void tsr_xclbin_free(tsr_xclbin *xclbin); // NULL is fine

// "embedded_metadata", ...; "section N" for a kind that <xclbin.h> 2.13 does not know.
const char *tsr_xclbin_section_name(uint32_t kind);

// NULL where there is none.
const tsr_xclbin_section *tsr_xclbin_find_section(const tsr_xclbin *xclbin, uint32_t kind);

// "6d8a2b1c-...": 36 characters.
enum { TSR_XCLBIN_UUID_TEXT = 37 };
void tsr_xclbin_uuid_text(const uint8_t uuid[TSR_XCLBIN_UUID_BYTES], char out_text[TSR_XCLBIN_UUID_TEXT]);

// TSR_OK when the file is for this configuration and this build's ISA version; else TSR_MISMATCH naming both, or
// TSR_UNSUPPORTED when the file does not say what it is for, or has no instance of the kernel.
tsr_status tsr_xclbin_accepts(const tsr_xclbin *xclbin, const char *file_name, const tsr_config *config);

// Everything that can be wrong with a readable file: a kernel instance without connections, its XML against the register map
// of this ISA version and against the other sections, the configuration missing. The first of them, TSR_OK if none.
tsr_status tsr_xclbin_check(const tsr_xclbin *xclbin, const char *file_name);

// Copies a file and puts (or replaces) the section with the configuration. For what the vendor's linker writes. The UUID
// becomes one of the new content. The caller frees *out_bytes.
tsr_status tsr_xclbin_embed(const tsr_xclbin *xclbin, const tsr_config *config, uint8_t **out_bytes, size_t *out_size);

#endif
