// SPDX-License-Identifier: Apache-2.0
// What XRT 2.13 and OpenCL on top of it need to find in the XML of an xclbin (src/runtime_src/core/common/xclbin_parser.cpp,
// src/runtime_src/xocl/xclbin/xclbin.cpp), and that it is Tessera's register map. Expat does the reading.
#include <errno.h>
#include <expat.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "layout.h"
#include "tsr/xclbin.h"

enum { MAX_XML = 64 << 20, MAX_PORTS = 16, PORT_NAME = 64 };

typedef enum { OUTSIDE, PROJECT, PLATFORM, DEVICE, CORE, KERNEL, INSTANCE, LEVELS } level;
static const char *const level_names[LEVELS] = {"", "project", "platform", "device", "core", "kernel", "instance"};

typedef struct port {
    char name[PORT_NAME];
    bool slave;
    uint64_t width;
} port;

typedef struct checker {
    const tsr_xclbin *x;
    const XML_Parser parser;
    tsr_status status;
    unsigned depth;   // of elements
    level level;      // how many of level_names we are inside of, in order
    unsigned count[LEVELS]; // elements of each level
    bool ours;        // the kernel that we are in is Tessera's
    unsigned kernels; // of those
    port ports[MAX_PORTS];
    unsigned port_count;
    uint64_t range; // of the slave port
    uint32_t arguments; // seen, a bit each
    char instance[64];
    unsigned instances;
} checker;

// ---- attributes: pairs of name and value, as Expat hands them over ----

static const char *find(const char *const *attributes, const char *name) {
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

static tsr_status get_text(const char *element, const char *const *attributes, const char *name, const char **out) {
    *out = find(attributes, name);
    return *out != NULL ? tsr_ok() : tsr_error(TSR_CORRUPT, "<%s> has no attribute %s, which XRT asks for", element, name);
}

static tsr_status get_number(const char *element, const char *const *attributes, const char *name, uint64_t *out) {
    const char *text;
    *out = 0;
    TSR_TRY(get_text(element, attributes, name, &text));
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return tsr_error(TSR_CORRUPT, "<%s> %s=\"%.40s\" is no number", element, name, text);
    return tsr_ok();
}

static tsr_status expect_text(const char *element, const char *const *attributes, const char *name, const char *value) {
    const char *text;
    TSR_TRY(get_text(element, attributes, name, &text));
    return strcmp(text, value) == 0 ? tsr_ok()
                                    : tsr_error(TSR_CORRUPT, "<%s> %s=\"%.40s\", not \"%s\"", element, name, text, value);
}

static tsr_status expect_number(const char *element, const char *const *attributes, const char *name, uint64_t value) {
    uint64_t number;
    TSR_TRY(get_number(element, attributes, name, &number));
    return number == value ? tsr_ok()
                           : tsr_error(TSR_CORRUPT, "<%s> %s is 0x%" PRIx64 ", not 0x%" PRIx64, element, name, number, value);
}

// ---- elements ----

// The vendor's linker also writes 1 and 6: a part of the device is loaded, the card's own part stays.
static bool is_hardware(uint32_t mode) { return mode == TSR_XCLBIN_HARDWARE || mode == 1; }
static bool is_emulation(uint32_t mode) { return mode == TSR_XCLBIN_HW_EMULATION || mode == 6; }

static tsr_status enter_core(const checker *c, const char *const *attributes) {
    TSR_TRY(expect_text("core", attributes, "type", "clc_region"));
    return expect_text("core", attributes, "target", is_emulation(c->x->mode) ? "hw_em" : "bitstream");
}

static tsr_status enter_kernel(checker *c, const char *const *attributes) {
    const char *name;
    uint64_t size;
    TSR_TRY(get_text("kernel", attributes, "name", &name));
    c->ours = strcmp(name, TSR_XCLBIN_KERNEL) == 0;
    if (!c->ours)
        return tsr_ok();
    if (++c->kernels > 1)
        return tsr_error(TSR_CORRUPT, "two kernels " TSR_XCLBIN_KERNEL);
    TSR_TRY(get_number("kernel", attributes, "workGroupSize", &size));
    return find(attributes, "hwControlProtocol") != NULL ? expect_text("kernel", attributes, "hwControlProtocol", "ap_ctrl_hs")
                                                         : tsr_ok();
}

static tsr_status take_port(checker *c, const char *const *attributes) {
    const char *name, *mode;
    if (c->port_count == MAX_PORTS)
        return tsr_error(TSR_CORRUPT, "more than %d ports", MAX_PORTS);
    port *p = &c->ports[c->port_count++];
    TSR_TRY(get_text("port", attributes, "name", &name));
    TSR_TRY(get_text("port", attributes, "mode", &mode));
    TSR_TRY(get_number("port", attributes, "dataWidth", &p->width));
    snprintf(p->name, sizeof p->name, "%s", name);
    p->slave = strcmp(mode, "slave") == 0;
    if (p->slave)
        return get_number("port", attributes, "range", &c->range);
    if (c->x->has_config && p->width != (uint64_t)c->x->config.bus_bytes * 8)
        return tsr_error(TSR_MISMATCH, "port %s has %" PRIu64 " bits; configuration %s has a bus of %u", p->name, p->width,
                         c->x->config.name, c->x->config.bus_bytes * 8);
    return tsr_ok();
}

static tsr_status check_argument_port(const checker *c, const char *const *attributes, bool is_address) {
    const char *name;
    TSR_TRY(get_text("arg", attributes, "port", &name));
    for (unsigned i = 0; i < c->port_count; i++)
        if (strcmp(c->ports[i].name, name) == 0)
            return c->ports[i].slave == !is_address ? tsr_ok()
                                                    : tsr_error(TSR_CORRUPT,
                                                                "an address belongs to the port to memory, a number "
                                                                "to the registers, but this one is at %s",
                                                                c->ports[i].name);
    return tsr_error(TSR_CORRUPT, "no port is called %.40s", name);
}

static tsr_status take_argument(checker *c, const char *const *attributes) {
    uint64_t id, host;
    const char *name;
    TSR_TRY(get_number("arg", attributes, "id", &id));
    if (id >= TSR_XCLBIN_ARGUMENTS)
        return tsr_error(TSR_MISMATCH, "argument %" PRIu64 "; the kernel has %d", id, TSR_XCLBIN_ARGUMENTS);
    if ((c->arguments >> id & 1) != 0)
        return tsr_error(TSR_CORRUPT, "argument %" PRIu64 " twice", id);
    c->arguments |= UINT32_C(1) << id;
    const tsr_xclbin_argument *a = &tsr_xclbin_arguments[id];
    tsr_status status = get_text("arg", attributes, "name", &name);
    if (status.code == TSR_OK)
        status = expect_text("arg", attributes, "name", a->name);
    if (status.code == TSR_OK)
        status = expect_number("arg", attributes, "offset", a->offset);
    if (status.code == TSR_OK)
        status = expect_number("arg", attributes, "size", a->bytes);
    if (status.code == TSR_OK)
        status = expect_number("arg", attributes, "hostSize", a->bytes);
    if (status.code == TSR_OK)
        status = get_number("arg", attributes, "hostOffset", &host);
    if (status.code == TSR_OK)
        status = expect_number("arg", attributes, "addressQualifier", a->is_address ? 1 : 0);
    if (status.code == TSR_OK)
        status = check_argument_port(c, attributes, a->is_address);
    return tsr_annotate(status, "argument %" PRIu64 " (%s)", id, a->name);
}

static tsr_status take_remap(checker *c, const char *const *attributes) {
    uint64_t base;
    char name[sizeof TSR_XCLBIN_KERNEL + sizeof c->instance];
    TSR_TRY(get_number("addrRemap", attributes, "base", &base));
    snprintf(name, sizeof name, TSR_XCLBIN_KERNEL ":%s", c->instance);
    for (uint32_t i = 0; i < c->x->ip_count; i++)
        if (strcmp(c->x->ips[i].name, name) == 0) {
            if (c->x->ips[i].base != base)
                return tsr_error(TSR_CORRUPT, "instance %s is at 0x%" PRIx64 " in the XML, at 0x%" PRIx64 " in section ip_layout",
                                 c->instance, base, c->x->ips[i].base);
            c->instances++;
            return tsr_ok();
        }
    return tsr_error(TSR_CORRUPT, "instance %s is not in section ip_layout", c->instance);
}

static tsr_status enter(checker *c, const char *const *attributes) {
    const char *name;
    switch (c->level) {
    case DEVICE: return expect_text("device", attributes, "name", "fpga0");
    case CORE: return enter_core(c, attributes);
    case KERNEL: return enter_kernel(c, attributes);
    case INSTANCE:
        TSR_TRY(get_text("instance", attributes, "name", &name));
        snprintf(c->instance, sizeof c->instance, "%s", name);
        return tsr_ok();
    default: return tsr_ok();
    }
}

static void on_begin(void *context, const XML_Char *name, const XML_Char **pairs) {
    checker *c = context;
    const char *const *attributes = (const char *const *)pairs;
    const bool straight = c->depth++ == (unsigned)c->level;
    if (c->status.code != TSR_OK || !straight)
        return;
    if (c->level + 1 < LEVELS && strcmp(name, level_names[c->level + 1]) == 0) {
        c->level++;
        c->count[c->level]++;
        c->status = c->level <= CORE && c->count[c->level] > 1
                        ? tsr_error(TSR_CORRUPT, "two elements <%s>, where XRT takes one", name)
                        : enter(c, attributes);
    } else if (c->level == KERNEL && c->ours && strcmp(name, "port") == 0) {
        c->status = take_port(c, attributes);
    } else if (c->level == KERNEL && c->ours && strcmp(name, "arg") == 0) {
        c->status = take_argument(c, attributes);
    } else if (c->level == INSTANCE && c->ours && strcmp(name, "addrRemap") == 0) {
        c->status = take_remap(c, attributes);
    }
    if (c->status.code != TSR_OK)
        XML_StopParser(c->parser, XML_FALSE);
}

static void on_end(void *context, const XML_Char *name) {
    checker *c = context;
    (void)name;
    if (--c->depth < (unsigned)c->level)
        c->level--;
}

static tsr_status check_whole(const checker *c) {
    for (level l = PROJECT; l < KERNEL; l++)
        if (c->count[l] == 0)
            return tsr_error(TSR_CORRUPT, "the XML has no element <%s> in its place", level_names[l]);
    if (c->kernels == 0)
        return tsr_error(TSR_UNSUPPORTED, "no kernel is called " TSR_XCLBIN_KERNEL);
    if (c->arguments != (UINT32_C(1) << TSR_XCLBIN_ARGUMENTS) - 1)
        return tsr_error(TSR_MISMATCH, "the kernel has not all of its %d arguments", TSR_XCLBIN_ARGUMENTS);
    if (c->range < TSR_XCLBIN_RANGE)
        return tsr_error(TSR_MISMATCH, "the register port has 0x%" PRIx64 " bytes; its registers need 0x%x", c->range,
                         (unsigned)TSR_XCLBIN_RANGE);
    return c->instances > 0 ? tsr_ok() : tsr_error(TSR_CORRUPT, "the kernel has no instance");
}

tsr_status metadata_check(const tsr_xclbin *xclbin) {
    const tsr_xclbin_section *s = tsr_xclbin_find_section(xclbin, KIND_EMBEDDED_METADATA);
    if (s == NULL)
        return tsr_error(TSR_CORRUPT, "the section embedded_metadata is missing, without which XRT finds no kernel");
    const char *text = (const char *)xclbin->bytes + s->offset;
    uint64_t size = s->size;
    while (size > 0 && text[size - 1] == '\0')
        size--;
    if (size > MAX_XML)
        return tsr_error(TSR_UNSUPPORTED, "more than %d MiB of XML", MAX_XML >> 20);
    XML_Parser parser = XML_ParserCreate(NULL);
    checker *c = calloc(1, sizeof *c);
    tsr_status status = tsr_error(TSR_OUT_OF_MEMORY, "no memory to read the XML");
    if (parser != NULL && c != NULL) {
        const checker start = {.x = xclbin, .parser = parser};
        memcpy(c, &start, sizeof start);
        XML_SetUserData(parser, c);
        XML_SetElementHandler(parser, on_begin, on_end);
        const enum XML_Status parsed = XML_Parse(parser, text, (int)size, 1);
        if (c->status.code != TSR_OK || parsed == XML_STATUS_OK)
            status = c->status;
        else
            status = tsr_error(TSR_CORRUPT, "%s", XML_ErrorString(XML_GetErrorCode(parser)));
        if (status.code == TSR_OK)
            status = check_whole(c);
        else
            status = tsr_annotate(status, "XML, line %lu", (unsigned long)XML_GetCurrentLineNumber(parser));
    }
    free(c);
    if (parser != NULL)
        XML_ParserFree(parser);
    return status;
}

// ---- the whole file ----

static tsr_status check_instance(const tsr_xclbin *x, uint32_t ip) {
    enum { AP_CTRL_HS = 0 };
    if ((x->ips[ip].properties >> IP_PROTOCOL_SHIFT & 0xff) != AP_CTRL_HS)
        return tsr_error(TSR_CORRUPT, "%s: its protocol is not ap_ctrl_hs", x->ips[ip].name);
    if (x->ips[ip].base % TSR_XCLBIN_RANGE != 0)
        return tsr_error(TSR_CORRUPT, "%s: its registers at 0x%" PRIx64 " are not aligned to their 0x%x bytes", x->ips[ip].name,
                         x->ips[ip].base, (unsigned)TSR_XCLBIN_RANGE);
    for (uint32_t a = 0; a < TSR_XCLBIN_ARGUMENTS; a++) {
        bool connected = !tsr_xclbin_arguments[a].is_address;
        for (uint32_t i = 0; i < x->connection_count; i++)
            connected = connected || (x->connections[i].ip == ip && x->connections[i].argument == a &&
                                      x->memories[x->connections[i].memory].used);
        if (!connected)
            return tsr_error(TSR_CORRUPT, "%s: argument %u (%s) is not connected to a memory that is used", x->ips[ip].name, a,
                             tsr_xclbin_arguments[a].name);
    }
    return tsr_ok();
}

static tsr_status check_all(const tsr_xclbin *x) {
    static const char kernel[] = TSR_XCLBIN_KERNEL ":";
    if (!is_hardware(x->mode) && !is_emulation(x->mode))
        return tsr_error(TSR_UNSUPPORTED, "mode %u is neither for hardware nor for hardware emulation", x->mode);
    TSR_TRY(metadata_check(x));
    for (uint32_t i = 0; i < x->ip_count; i++)
        if (x->ips[i].type == TSR_XCLBIN_IP_KERNEL && strncmp(x->ips[i].name, kernel, sizeof kernel - 1) == 0)
            TSR_TRY(check_instance(x, i));
    return tsr_ok();
}

tsr_status tsr_xclbin_check(const tsr_xclbin *xclbin, const char *file_name) {
    tsr_status status = check_all(xclbin);
    if (status.code != TSR_OK)
        return tsr_annotate(status, "%s", file_name);
    // The rest is what loading would say.
    return tsr_xclbin_accepts(xclbin, file_name, &xclbin->config);
}
