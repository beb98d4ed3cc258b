// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "layout.h"
#include "tsr/xclbin.h"

void tsr_xclbin_emulation_spec(const tsr_config *config, tsr_xclbin_spec *out_spec) {
    static const tsr_xclbin_memory memory = {TSR_XCLBIN_DDR4, true, 0, UINT64_C(1) << 20, "bank0"};
    static const tsr_xclbin_instance instance = {TSR_XCLBIN_KERNEL "_1", 0x1800000, 0};
    *out_spec = (tsr_xclbin_spec){
        .config = config,
        .mode = TSR_XCLBIN_HW_EMULATION,
        .platform = "tessera:emulation:tessera:1.0",
        .part = "emulation",
        .clock_mhz = 100,
        .memory_count = 1,
        .memories = &memory,
        .instance_count = 1,
        .instances = &instance,
    };
}

// ---- what a specification must be ----

static bool is_word(const char *text, size_t most, const char *also) {
    const size_t length = strlen(text);
    if (length == 0 || length > most)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr(also, text[i]) == NULL)
            return false;
    return true;
}

static tsr_status check_memories(const tsr_xclbin_spec *spec) {
    if (spec->memory_count == 0 || spec->memory_count > TSR_XCLBIN_MAX_MEMORIES)
        return tsr_error(TSR_INVALID_ARGUMENT, "%u memories; an xclbin has 1 to %d", spec->memory_count, TSR_XCLBIN_MAX_MEMORIES);
    for (uint32_t i = 0; i < spec->memory_count; i++) {
        const tsr_xclbin_memory *m = &spec->memories[i];
        if (strnlen(m->tag, sizeof m->tag) == sizeof m->tag || !is_word(m->tag, sizeof m->tag - 1, "_-.[]:"))
            return tsr_error(TSR_INVALID_ARGUMENT, "the name of memory %u: 1 to 15 letters, digits and _ - . [ ] :", i);
        if (m->kib == 0 || m->kib > UINT64_MAX >> 10 || m->base > UINT64_MAX - (m->kib << 10))
            return tsr_error(TSR_INVALID_ARGUMENT, "memory %s has no size, or ends after 2^64", m->tag);
        if (m->type > UINT8_MAX)
            return tsr_error(TSR_INVALID_ARGUMENT, "memory %s: type %u takes more than 8 bits", m->tag, m->type);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(m->tag, spec->memories[j].tag) == 0)
                return tsr_error(TSR_INVALID_ARGUMENT, "two memories are called %s", m->tag);
    }
    return tsr_ok();
}

static tsr_status check_instances(const tsr_xclbin_spec *spec) {
    if (spec->instance_count == 0 || spec->instance_count > TSR_XCLBIN_MAX_INSTANCES)
        return tsr_error(TSR_INVALID_ARGUMENT, "%u instances; an xclbin has 1 to %d", spec->instance_count,
                         TSR_XCLBIN_MAX_INSTANCES);
    for (uint32_t i = 0; i < spec->instance_count; i++) {
        const tsr_xclbin_instance *k = &spec->instances[i];
        if (strnlen(k->name, sizeof k->name) == sizeof k->name || !is_word(k->name, sizeof k->name - 1, "_"))
            return tsr_error(TSR_INVALID_ARGUMENT, "the name of instance %u: 1 to 31 letters, digits and _", i);
        if (k->base % TSR_XCLBIN_RANGE != 0 || k->base > UINT64_MAX - TSR_XCLBIN_RANGE)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: its registers begin at a multiple of %d, not at 0x%llx", k->name,
                             TSR_XCLBIN_RANGE, (unsigned long long)k->base);
        if (k->memory >= spec->memory_count || !spec->memories[k->memory].used)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: memory %u is not there, or not used", k->name, k->memory);
        if (i > 0 && k->base <= spec->instances[i - 1].base)
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: instances have to be in the order of their addresses", k->name);
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(k->name, spec->instances[j].name) == 0)
                return tsr_error(TSR_INVALID_ARGUMENT, "two instances are called %s", k->name);
    }
    return tsr_ok();
}

static tsr_status check_spec(const tsr_xclbin_spec *spec) {
    if (spec->config == NULL || spec->platform == NULL || spec->part == NULL || spec->memories == NULL || spec->instances == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "an xclbin needs a configuration, a platform, a part, memories and instances");
    if (!is_word(spec->platform, AXLF_PLATFORM_BYTES - 1, "._-:"))
        return tsr_error(TSR_INVALID_ARGUMENT, "platform \"%.80s\": 1 to 63 letters, digits and . _ - :", spec->platform);
    if (!is_word(spec->part, AXLF_PLATFORM_BYTES - 1, "._-:"))
        return tsr_error(TSR_INVALID_ARGUMENT, "part \"%.80s\": 1 to 63 letters, digits and . _ - :", spec->part);
    if (spec->mode != TSR_XCLBIN_HARDWARE && spec->mode != TSR_XCLBIN_HW_EMULATION)
        return tsr_error(TSR_INVALID_ARGUMENT, "mode %d is neither hardware (0) nor hardware emulation (4)", (int)spec->mode);
    if (spec->clock_mhz == 0 || spec->clock_mhz > 1000)
        return tsr_error(TSR_INVALID_ARGUMENT, "a clock of %u MHz; 1 to 1000", spec->clock_mhz);
    if ((spec->bitstream == NULL) != (spec->bitstream_size == 0))
        return tsr_error(TSR_INVALID_ARGUMENT, "the bitstream is empty");
    TSR_TRY(check_memories(spec));
    return check_instances(spec);
}

// ---- sections ----

enum { FIRST_BYTES = 8, CLOCKS = 1 };
typedef struct parts {
    uint8_t memories[FIRST_BYTES + TSR_XCLBIN_MAX_MEMORIES * MEMORY_BYTES];
    uint8_t ips[FIRST_BYTES + TSR_XCLBIN_MAX_INSTANCES * IP_BYTES];
    uint8_t connections[FIRST_BYTES + TSR_XCLBIN_MAX_INSTANCES * TSR_XCLBIN_ARGUMENTS * CONNECTION_BYTES];
    uint8_t clocks[CLOCK_FIRST + CLOCKS * CLOCK_BYTES];
    char config[CONFIG_SECTION_BYTES];
} parts;

static size_t put_memories(uint8_t *to, const tsr_xclbin_spec *spec) {
    put32(to, spec->memory_count);
    for (uint32_t i = 0; i < spec->memory_count; i++) {
        const tsr_xclbin_memory *m = &spec->memories[i];
        uint8_t *at = to + MEMORY_FIRST + (size_t)i * MEMORY_BYTES;
        at[MEMORY_TYPE] = (uint8_t)m->type;
        at[MEMORY_USED] = m->used;
        put64(at + MEMORY_KIB, m->kib);
        put64(at + MEMORY_BASE, m->base);
        memcpy(at + MEMORY_TAG, m->tag, strlen(m->tag));
    }
    return MEMORY_FIRST + (size_t)spec->memory_count * MEMORY_BYTES;
}

static size_t put_ips(uint8_t *to, const tsr_xclbin_spec *spec) {
    put32(to, spec->instance_count);
    for (uint32_t i = 0; i < spec->instance_count; i++) {
        uint8_t *at = to + IP_FIRST + (size_t)i * IP_BYTES;
        put32(at + IP_TYPE_AT, TSR_XCLBIN_IP_KERNEL);
        put32(at + IP_PROPERTIES, 0); // ap_ctrl_hs, polled
        put64(at + IP_BASE, spec->instances[i].base);
        static const char kernel[] = TSR_XCLBIN_KERNEL ":";
        memcpy(at + IP_NAME, kernel, sizeof kernel - 1);
        memcpy(at + IP_NAME + sizeof kernel - 1, spec->instances[i].name, strlen(spec->instances[i].name));
    }
    return IP_FIRST + (size_t)spec->instance_count * IP_BYTES;
}

static size_t put_connections(uint8_t *to, const tsr_xclbin_spec *spec) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < spec->instance_count; i++)
        for (uint32_t a = 0; a < TSR_XCLBIN_ARGUMENTS; a++) {
            if (!tsr_xclbin_arguments[a].is_address)
                continue;
            uint8_t *at = to + CONNECTION_FIRST + (size_t)count++ * CONNECTION_BYTES;
            put32(at + CONNECTION_ARGUMENT, a);
            put32(at + CONNECTION_IP, i);
            put32(at + CONNECTION_MEMORY, spec->instances[i].memory);
        }
    put32(to, count);
    return CONNECTION_FIRST + (size_t)count * CONNECTION_BYTES;
}

static size_t put_clocks(uint8_t *to, const tsr_xclbin_spec *spec) {
    static const char name[] = "DATA_CLK";
    put16(to, CLOCKS);
    uint8_t *at = to + CLOCK_FIRST;
    put16(at + CLOCK_MHZ, spec->clock_mhz);
    at[CLOCK_TYPE_AT] = CLOCK_DATA;
    memcpy(at + CLOCK_NAME, name, sizeof name);
    return CLOCK_FIRST + (size_t)CLOCKS * CLOCK_BYTES;
}

static tsr_status write_sections(const tsr_xclbin_spec *spec, uint8_t **out_bytes, size_t *out_size) {
    char *xml;
    TSR_TRY(metadata_print(spec, &xml));
    parts *p = calloc(1, sizeof *p);
    if (p == NULL) {
        free(xml);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the parts of an xclbin");
    }
    // The first is left out where there is no bitstream.
    const container_section sections[] = {
        {KIND_BITSTREAM, "bitstream", spec->bitstream, spec->bitstream_size},
        {KIND_MEM_TOPOLOGY, "mem_topology", p->memories, put_memories(p->memories, spec)},
        {KIND_CONNECTIVITY, "connectivity", p->connections, put_connections(p->connections, spec)},
        {KIND_IP_LAYOUT, "ip_layout", p->ips, put_ips(p->ips, spec)},
        {KIND_CLOCK_FREQ_TOPOLOGY, "clock_freq", p->clocks, put_clocks(p->clocks, spec)},
        {KIND_EMBEDDED_METADATA, "metadata", xml, strlen(xml)},
        {KIND_USER_METADATA, "tessera", p->config, config_section_print(spec->config, p->config)},
    };
    const uint32_t skip = spec->bitstream == NULL, count = (uint32_t)(sizeof sections / sizeof sections[0]) - skip;
    const container_header header = {(uint32_t)spec->mode, {2, 13, 0}, spec->platform};
    tsr_status status = container_build(&header, sections + skip, count, out_bytes, out_size);
    free(p);
    free(xml);
    return status;
}

tsr_status tsr_xclbin_write(const tsr_xclbin_spec *spec, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    TSR_TRY(check_spec(spec));
    tsr_xclbin_spec shortened = *spec;
    uint8_t *copy = NULL;
    size_t size = 0;
    if (spec->bitstream != NULL)
        TSR_TRY(bitstream_shorten(spec->bitstream, spec->bitstream_size, &copy, &size));
    if (copy != NULL) {
        shortened.bitstream = copy;
        shortened.bitstream_size = size;
    }
    tsr_status status = write_sections(&shortened, out_bytes, out_size);
    free(copy);
    return status;
}
