// SPDX-License-Identifier: Apache-2.0
#include "container.h"

#include <stdlib.h>
#include <string.h>

#include "layout.h"

// FNV-1a, 128 bits: times 2^88 + 0x13b for each byte (the parameters of draft-eastlake-fnv).
typedef struct hash128 {
    uint64_t high, low;
} hash128;

static hash128 hash_bytes(hash128 h, const uint8_t *bytes, size_t size) {
    enum { PRIME_LOW = 0x13b, PRIME_SHIFT = 88 - 64 };
    for (size_t i = 0; i < size; i++) {
        h.low ^= bytes[i];
        const uint64_t low0 = (h.low & UINT32_MAX) * PRIME_LOW;
        const uint64_t low1 = (h.low >> 32) * PRIME_LOW + (low0 >> 32);
        h.high = h.high * PRIME_LOW + (low1 >> 32) + (h.low << PRIME_SHIFT);
        h.low = low1 << 32 | (low0 & UINT32_MAX);
    }
    return h;
}

static void put_big64(uint8_t *at, uint64_t value) {
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (56 - 8 * i));
}

void container_identify(uint8_t *bytes, size_t size) {
    memset(bytes + AXLF_UUID, 0, TSR_XCLBIN_UUID_BYTES);
    memset(bytes + AXLF_UNIQUE_ID, 0, 8);
    const hash128 start = {UINT64_C(0x6c62272e07bb0142), UINT64_C(0x62b821756295c58d)};
    const hash128 h = hash_bytes(start, bytes, size);
    uint8_t *uuid = bytes + AXLF_UUID;
    put_big64(uuid, h.high);
    put_big64(uuid + 8, h.low);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); // version 8, "custom" (RFC 9562)
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); // its variant
    put64(bytes + AXLF_UNIQUE_ID, h.low);
}

static size_t align(size_t at) { return (at + SECTION_ALIGNMENT - 1) / SECTION_ALIGNMENT * SECTION_ALIGNMENT; }

tsr_status container_build(const container_header *header, const container_section *sections, uint32_t count, uint8_t **out_bytes,
                           size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    const size_t first = align(AXLF_SECTIONS + (size_t)count * SECTION_HEADER_BYTES);
    size_t size = first;
    for (uint32_t i = 0; i < count; i++)
        size = align(size + sections[i].size);
    uint8_t *bytes = calloc(1, size);
    if (bytes == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for an xclbin of %zu bytes", size);

    memcpy(bytes, AXLF_MAGIC, sizeof AXLF_MAGIC);
    put32(bytes + AXLF_SIGNATURE_LENGTH, UINT32_MAX);
    memset(bytes + AXLF_RESERVED, 0xff, AXLF_KEY_BLOCK - AXLF_RESERVED);
    put64(bytes + AXLF_LENGTH, size);
    put16(bytes + AXLF_VERSION_PATCH, header->version[2]);
    bytes[AXLF_VERSION_MAJOR] = (uint8_t)header->version[0];
    bytes[AXLF_VERSION_MINOR] = (uint8_t)header->version[1];
    put16(bytes + AXLF_MODE, header->mode);
    memcpy(bytes + AXLF_PLATFORM, header->platform, strnlen(header->platform, AXLF_PLATFORM_BYTES - 1));
    put32(bytes + AXLF_SECTION_COUNT, count);

    size_t at = first;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *head = bytes + AXLF_SECTIONS + (size_t)i * SECTION_HEADER_BYTES;
        put32(head + SECTION_KIND, sections[i].kind);
        memcpy(head + SECTION_NAME, sections[i].name, strnlen(sections[i].name, SECTION_NAME_BYTES - 1));
        put64(head + SECTION_OFFSET, at);
        put64(head + SECTION_SIZE, sections[i].size);
        if (sections[i].size > 0)
            memcpy(bytes + at, sections[i].bytes, sections[i].size);
        at = align(at + sections[i].size);
    }
    container_identify(bytes, size);
    *out_bytes = bytes;
    *out_size = size;
    return tsr_ok();
}
