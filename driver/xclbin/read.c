// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "layout.h"
#include "tsr/xclbin.h"
#include "tsr_isa.h"

// More than any tool writes, and little memory.
enum { MAX_SECTIONS = 1024, MAX_ENTRIES = 4096 };

typedef struct reader {
    tsr_xclbin *x;
    const char *file_name;
} reader;

static tsr_status corrupt_at(const reader *r, uint64_t offset, const char *what) {
    return tsr_error(TSR_CORRUPT, "%s: byte %" PRIu64 ": %s", r->file_name, offset, what);
}

static tsr_status no_memory(const reader *r) {
    return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its contents", r->file_name);
}

// Copies a text that has to end, and be printable, inside its `bytes`.
static bool take_text(char *to, const uint8_t *from, size_t bytes) {
    const size_t length = strnlen((const char *)from, bytes);
    for (size_t i = 0; i < length; i++)
        if (from[i] < 0x20 || from[i] > 0x7e)
            return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static tsr_status read_header(const reader *r) {
    tsr_xclbin *x = r->x;
    const uint8_t *b = x->bytes;
    if (x->size < AXLF_SECTIONS || memcmp(b, AXLF_MAGIC, sizeof AXLF_MAGIC) != 0)
        return tsr_error(TSR_CORRUPT, "%s: is no xclbin: it does not begin with \"%s\" and a header of %d bytes", r->file_name,
                         AXLF_MAGIC, AXLF_SECTIONS);
    const uint64_t length = get64(b + AXLF_LENGTH);
    if (length > x->size || length < AXLF_SECTIONS)
        return tsr_error(TSR_CORRUPT, "%s: byte %d: the header says %" PRIu64 " bytes, the file has %zu: is it cut off?",
                         r->file_name, AXLF_LENGTH, length, x->size);
    memcpy(x->uuid, b + AXLF_UUID, sizeof x->uuid);
    x->mode = get16(b + AXLF_MODE);
    x->version[0] = b[AXLF_VERSION_MAJOR];
    x->version[1] = b[AXLF_VERSION_MINOR];
    x->version[2] = get16(b + AXLF_VERSION_PATCH);
    if (!take_text(x->platform, b + AXLF_PLATFORM, AXLF_PLATFORM_BYTES))
        return corrupt_at(r, AXLF_PLATFORM, "the platform's name is not printable");
    x->section_count = get32(b + AXLF_SECTION_COUNT);
    if (x->section_count > MAX_SECTIONS)
        return corrupt_at(r, AXLF_SECTION_COUNT, "more than 1024 sections");
    if (length - AXLF_SECTIONS < (uint64_t)x->section_count * SECTION_HEADER_BYTES)
        return corrupt_at(r, AXLF_SECTION_COUNT, "the headers of its sections end after the file");
    return tsr_ok();
}

static tsr_status read_sections(const reader *r) {
    tsr_xclbin *x = r->x;
    const uint64_t length = get64(x->bytes + AXLF_LENGTH);
    const uint64_t first = AXLF_SECTIONS + (uint64_t)x->section_count * SECTION_HEADER_BYTES;
    x->sections = calloc((size_t)x->section_count + 1, sizeof x->sections[0]);
    if (x->sections == NULL)
        return no_memory(r);
    uint64_t total = 0;
    for (uint32_t i = 0; i < x->section_count; i++) {
        const uint64_t at = AXLF_SECTIONS + (uint64_t)i * SECTION_HEADER_BYTES;
        const uint8_t *head = x->bytes + at;
        tsr_xclbin_section *s = &x->sections[i];
        s->kind = get32(head + SECTION_KIND);
        s->offset = get64(head + SECTION_OFFSET);
        s->size = get64(head + SECTION_SIZE);
        if (!take_text(s->name, head + SECTION_NAME, SECTION_NAME_BYTES))
            return corrupt_at(r, at + SECTION_NAME, "the section's name is not printable");
        // A section that is not present has both 0.
        if (s->size != 0 && (s->offset < first || s->offset > length || s->size > length - s->offset))
            return corrupt_at(r, at + SECTION_OFFSET, "the section lies outside of the file");
        total += s->size;
        if (total > length - first)
            return corrupt_at(r, at + SECTION_OFFSET, "the section overlaps others");
    }
    return tsr_ok();
}

// The one section of a kind, NULL when there is none.
static tsr_status only_section(const reader *r, uint32_t kind, const tsr_xclbin_section **out) {
    *out = NULL;
    for (uint32_t i = 0; i < r->x->section_count; i++) {
        const tsr_xclbin_section *s = &r->x->sections[i];
        if (s->kind != kind || s->size == 0)
            continue;
        if (*out != NULL)
            return tsr_error(TSR_CORRUPT, "%s: two sections %s", r->file_name, tsr_xclbin_section_name(kind));
        *out = s;
    }
    return tsr_ok();
}

// Entries of a section that begins with their count; `stride` bytes each from `first` on.
static tsr_status count_entries(const reader *r, const tsr_xclbin_section *s, uint32_t first, uint32_t stride, uint32_t *out) {
    *out = 0;
    if (s->size < 4)
        return corrupt_at(r, s->offset, "the section is too short for its count");
    const uint32_t count = get32(r->x->bytes + s->offset);
    if (count > MAX_ENTRIES || (count > 0 && s->size < first + (uint64_t)count * stride))
        return tsr_error(TSR_CORRUPT, "%s: byte %" PRIu64 ": section %s has %u entries in %" PRIu64 " bytes", r->file_name,
                         s->offset, tsr_xclbin_section_name(s->kind), count, s->size);
    *out = count;
    return tsr_ok();
}

static tsr_status read_memories(const reader *r) {
    const tsr_xclbin_section *s;
    tsr_xclbin *x = r->x;
    TSR_TRY(only_section(r, KIND_MEM_TOPOLOGY, &s));
    if (s == NULL)
        return tsr_ok();
    TSR_TRY(count_entries(r, s, MEMORY_FIRST, MEMORY_BYTES, &x->memory_count));
    x->memories = calloc((size_t)x->memory_count + 1, sizeof x->memories[0]);
    if (x->memories == NULL)
        return no_memory(r);
    for (uint32_t i = 0; i < x->memory_count; i++) {
        const uint64_t at = s->offset + MEMORY_FIRST + (uint64_t)i * MEMORY_BYTES;
        tsr_xclbin_memory *m = &x->memories[i];
        m->type = x->bytes[at + MEMORY_TYPE];
        m->used = x->bytes[at + MEMORY_USED] != 0;
        m->kib = get64(x->bytes + at + MEMORY_KIB);
        m->base = get64(x->bytes + at + MEMORY_BASE);
        if (x->bytes[at + MEMORY_TAG + MEMORY_TAG_BYTES - 1] != 0 ||
            !take_text(m->tag, x->bytes + at + MEMORY_TAG, MEMORY_TAG_BYTES))
            return corrupt_at(r, at + MEMORY_TAG, "the memory's name does not end, or is not printable");
    }
    return tsr_ok();
}

static tsr_status read_ips(const reader *r) {
    const tsr_xclbin_section *s;
    tsr_xclbin *x = r->x;
    TSR_TRY(only_section(r, KIND_IP_LAYOUT, &s));
    if (s == NULL)
        return tsr_ok();
    TSR_TRY(count_entries(r, s, IP_FIRST, IP_BYTES, &x->ip_count));
    x->ips = calloc((size_t)x->ip_count + 1, sizeof x->ips[0]);
    if (x->ips == NULL)
        return no_memory(r);
    for (uint32_t i = 0; i < x->ip_count; i++) {
        const uint64_t at = s->offset + IP_FIRST + (uint64_t)i * IP_BYTES;
        tsr_xclbin_ip *ip = &x->ips[i];
        ip->type = get32(x->bytes + at + IP_TYPE_AT);
        ip->properties = get32(x->bytes + at + IP_PROPERTIES);
        ip->base = get64(x->bytes + at + IP_BASE);
        if (x->bytes[at + IP_NAME + IP_NAME_BYTES - 1] != 0 || !take_text(ip->name, x->bytes + at + IP_NAME, IP_NAME_BYTES))
            return corrupt_at(r, at + IP_NAME, "the kernel's name does not end, or is not printable");
    }
    return tsr_ok();
}

static tsr_status read_connections(const reader *r) {
    const tsr_xclbin_section *s;
    tsr_xclbin *x = r->x;
    TSR_TRY(only_section(r, KIND_CONNECTIVITY, &s));
    if (s == NULL)
        return tsr_ok();
    TSR_TRY(count_entries(r, s, CONNECTION_FIRST, CONNECTION_BYTES, &x->connection_count));
    x->connections = calloc((size_t)x->connection_count + 1, sizeof x->connections[0]);
    if (x->connections == NULL)
        return no_memory(r);
    for (uint32_t i = 0; i < x->connection_count; i++) {
        const uint64_t at = s->offset + CONNECTION_FIRST + (uint64_t)i * CONNECTION_BYTES;
        tsr_xclbin_connection *c = &x->connections[i];
        c->argument = get32(x->bytes + at + CONNECTION_ARGUMENT);
        c->ip = get32(x->bytes + at + CONNECTION_IP);
        c->memory = get32(x->bytes + at + CONNECTION_MEMORY);
        if (c->ip >= x->ip_count || c->memory >= x->memory_count)
            return corrupt_at(r, at, "the connection names a kernel or memory that is not there");
    }
    return tsr_ok();
}

static tsr_status read_config(const reader *r) {
    const tsr_xclbin_section *s;
    TSR_TRY(only_section(r, KIND_USER_METADATA, &s));
    if (s == NULL || !config_section_is(r->x->bytes + s->offset, (size_t)s->size)) // USER_METADATA may hold other things
        return tsr_ok();
    TSR_TRY(config_section_parse(r->x->bytes + s->offset, (size_t)s->size, r->file_name, &r->x->config, &r->x->isa_version));
    r->x->has_config = true;
    return tsr_ok();
}

static tsr_status read_all(const reader *r) {
    TSR_TRY(read_header(r));
    TSR_TRY(read_sections(r));
    TSR_TRY(read_memories(r));
    TSR_TRY(read_ips(r));
    TSR_TRY(read_connections(r));
    return read_config(r);
}

tsr_status tsr_xclbin_read(const void *bytes, size_t size, const char *file_name, tsr_xclbin **out_xclbin) {
    *out_xclbin = NULL;
    tsr_xclbin *x = calloc(1, sizeof *x);
    if (x == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its contents", file_name);
    x->bytes = bytes;
    x->size = size;
    const reader r = {x, file_name};
    tsr_status status = read_all(&r);
    if (status.code == TSR_OK)
        *out_xclbin = x;
    else
        tsr_xclbin_free(x);
    return status;
}

void tsr_xclbin_free(tsr_xclbin *xclbin) {
    if (xclbin == NULL)
        return;
    free(xclbin->sections);
    free(xclbin->memories);
    free(xclbin->ips);
    free(xclbin->connections);
    free(xclbin);
}

const char *tsr_xclbin_section_name(uint32_t kind) {
    static const char *const names[] = {
        "bitstream",
        "clearing_bitstream",
        "embedded_metadata",
        "firmware",
        "debug_data",
        "sched_firmware",
        "mem_topology",
        "connectivity",
        "ip_layout",
        "debug_ip_layout",
        "design_check_point",
        "clock_freq_topology",
        "mcs",
        "bmc",
        "build_metadata",
        "keyvalue_metadata",
        "user_metadata",
        "dna_certificate",
        "pdi",
        "bitstream_partial_pdi",
        "partition_metadata",
        "emulation_data",
        "system_metadata",
        "soft_kernel",
        "ask_flash",
        "aie_metadata",
        "group_topology",
        "group_connectivity",
        "smartnic",
        "aie_resources",
        "overlay",
        "vender_metadata",
    };
    return kind < sizeof names / sizeof names[0] ? names[kind] : "of unknown kind";
}

const tsr_xclbin_section *tsr_xclbin_find_section(const tsr_xclbin *xclbin, uint32_t kind) {
    for (uint32_t i = 0; i < xclbin->section_count; i++)
        if (xclbin->sections[i].kind == kind && xclbin->sections[i].size != 0)
            return &xclbin->sections[i];
    return NULL;
}

void tsr_xclbin_uuid_text(const uint8_t uuid[TSR_XCLBIN_UUID_BYTES], char out_text[TSR_XCLBIN_UUID_TEXT]) {
    char *at = out_text;
    for (unsigned i = 0; i < TSR_XCLBIN_UUID_BYTES; i++)
        at += snprintf(at, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
}

tsr_status tsr_xclbin_accepts(const tsr_xclbin *xclbin, const char *file_name, const tsr_config *config) {
    static const char kernel[] = TSR_XCLBIN_KERNEL ":";
    bool found = false;
    for (uint32_t i = 0; i < xclbin->ip_count && !found; i++)
        found = xclbin->ips[i].type == TSR_XCLBIN_IP_KERNEL && strncmp(xclbin->ips[i].name, kernel, sizeof kernel - 1) == 0;
    if (!found)
        return tsr_error(TSR_UNSUPPORTED, "%s: has no kernel called " TSR_XCLBIN_KERNEL, file_name);
    if (!xclbin->has_config)
        return tsr_error(TSR_UNSUPPORTED,
                         "%s: does not say which configuration it is of; add it with `tessera xclbin embed --config NAME`",
                         file_name);
    if (xclbin->isa_version != TSR_ISA_VERSION)
        return tsr_error(TSR_MISMATCH, "%s: is of ISA version %u.%u, this program of %d.%d", file_name, xclbin->isa_version >> 16,
                         xclbin->isa_version & 0xffff, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    const uint64_t has = tsr_config_id(&xclbin->config), wanted = tsr_config_id(config);
    if (has != wanted)
        return tsr_error(TSR_MISMATCH,
                         "%s: is of configuration %s (%016" PRIx64 "), wanted is %s (%016" PRIx64 "): load the xclbin of %s, or "
                         "open the device with config=%s",
                         file_name, xclbin->config.name, has, config->name, wanted, config->name, xclbin->config.name);
    return tsr_ok();
}

tsr_status tsr_xclbin_embed(const tsr_xclbin *xclbin, const tsr_config *config, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    container_section *sections = calloc((size_t)xclbin->section_count + 1, sizeof sections[0]);
    if (sections == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u sections", xclbin->section_count + 1);
    char text[CONFIG_SECTION_BYTES];
    uint32_t count = 0;
    tsr_status status = tsr_ok();
    for (uint32_t i = 0; i < xclbin->section_count; i++) {
        const tsr_xclbin_section *s = &xclbin->sections[i];
        if (s->kind == KIND_USER_METADATA && s->size != 0) {
            if (config_section_is(xclbin->bytes + s->offset, (size_t)s->size))
                continue;
            status = tsr_error(TSR_UNSUPPORTED, "the file has a section USER_METADATA of somebody else's, and may have only one");
        }
        sections[count++] =
            (container_section){s->kind, s->name, xclbin->bytes + (s->size != 0 ? s->offset : 0), (size_t)s->size};
    }
    sections[count++] = (container_section){KIND_USER_METADATA, "tessera", text, config_section_print(config, text)};
    const container_header header = {0, {0, 0, 0}, ""};
    if (status.code == TSR_OK)
        status = container_build(&header, sections, count, out_bytes, out_size);
    free(sections);
    if (status.code != TSR_OK)
        return status;
    // Everything else in the header stays: time stamps, platform, version, mode. A signature of the old content does not.
    uint8_t *b = *out_bytes;
    memcpy(b + AXLF_LENGTH + 8, xclbin->bytes + AXLF_LENGTH + 8, AXLF_SECTION_COUNT - AXLF_LENGTH - 8);
    container_identify(b, *out_size);
    return tsr_ok();
}
