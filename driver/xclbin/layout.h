// SPDX-License-Identifier: Apache-2.0
// Where things lie in an xclbin file: offsets and sizes of the structures in XRT's <xclbin.h> (github.com/Xilinx/XRT,
// src/runtime_src/core/include/xclbin.h, 2.13; packaged as /usr/include/xrt/xclbin.h). Numbers are little-endian.
// tests/xclbin/test_layout.c holds them against that header where it is installed.
#ifndef TSR_XCLBIN_LAYOUT_H
#define TSR_XCLBIN_LAYOUT_H

#include <stdint.h>

#define AXLF_MAGIC "xclbin2" // with its terminator

enum {
    // struct axlf, from the start of the file
    AXLF_SIGNATURE_LENGTH = 8, // -1: not signed
    AXLF_RESERVED = 12,        // 28 bytes of 0xff
    AXLF_KEY_BLOCK = 40,       // 256 bytes
    AXLF_UNIQUE_ID = 296,
    // its struct axlf_header
    AXLF_LENGTH = 304,
    AXLF_TIME_STAMP = 312,
    AXLF_VERSION_PATCH = 328, // 16 bits
    AXLF_VERSION_MAJOR = 330,
    AXLF_VERSION_MINOR = 331,
    AXLF_MODE = 332, // 16 bits
    AXLF_PLATFORM = 352,
    AXLF_PLATFORM_BYTES = 64,
    AXLF_UUID = 416,
    AXLF_SECTION_COUNT = 448,
    AXLF_SECTIONS = 456, // headers of sections

    // struct axlf_section_header
    SECTION_KIND = 0,
    SECTION_NAME = 4,
    SECTION_NAME_BYTES = 16,
    SECTION_OFFSET = 24,
    SECTION_SIZE = 32,
    SECTION_HEADER_BYTES = 40,
    SECTION_ALIGNMENT = 8,

    // struct mem_topology, mem_data
    MEMORY_FIRST = 8, // after the count
    MEMORY_TYPE = 0,
    MEMORY_USED = 1,
    MEMORY_KIB = 8,
    MEMORY_BASE = 16,
    MEMORY_TAG = 24,
    MEMORY_TAG_BYTES = 16,
    MEMORY_BYTES = 40,

    // struct connectivity, connection
    CONNECTION_FIRST = 4,
    CONNECTION_ARGUMENT = 0,
    CONNECTION_IP = 4,
    CONNECTION_MEMORY = 8,
    CONNECTION_BYTES = 12,

    // struct ip_layout, ip_data
    IP_FIRST = 8,
    IP_TYPE_AT = 0,
    IP_PROPERTIES = 4,
    IP_BASE = 8,
    IP_NAME = 16,
    IP_NAME_BYTES = 64,
    IP_BYTES = 80,
    IP_PROTOCOL_SHIFT = 8,

    // struct clock_freq_topology, clock_freq
    CLOCK_FIRST = 2,
    CLOCK_MHZ = 0,
    CLOCK_TYPE_AT = 2,
    CLOCK_NAME = 8,
    CLOCK_NAME_BYTES = 128,
    CLOCK_BYTES = 136,
    CLOCK_DATA = 1, // enum CLOCK_TYPE
};

// enum axlf_section_kind
enum {
    KIND_BITSTREAM = 0,
    KIND_EMBEDDED_METADATA = 2,
    KIND_MEM_TOPOLOGY = 6,
    KIND_CONNECTIVITY = 7,
    KIND_IP_LAYOUT = 8,
    KIND_CLOCK_FREQ_TOPOLOGY = 11,
    KIND_USER_METADATA = 16,
};

static inline void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}
static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, value);
    put16(at + 2, value >> 16);
}
static inline void put64(uint8_t *at, uint64_t value) {
    put32(at, (uint32_t)value);
    put32(at + 4, (uint32_t)(value >> 32));
}
static inline uint32_t get16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static inline uint32_t get32(const uint8_t *at) { return get16(at) | get16(at + 2) << 16; }
static inline uint64_t get64(const uint8_t *at) { return (uint64_t)get32(at) | (uint64_t)get32(at + 4) << 32; }

#endif
