// SPDX-License-Identifier: Apache-2.0
// xclbin files: one action a function, each with its own options.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "tsr/driver.h"
#include "tsr/xclbin.h"

enum { XCLBIN_LIMIT = 1 << 30, BOARD_LIMIT = 1 << 16 };

// ---- a file that was read ----

typedef struct xclbin_file {
    uint8_t *bytes;
    size_t size;
    tsr_xclbin *xclbin;
} xclbin_file;

static tsr_status open_file(const char *path, xclbin_file *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(file_read(path, XCLBIN_LIMIT, &out->bytes, &out->size));
    return tsr_xclbin_read(out->bytes, out->size, path, &out->xclbin);
}

static void close_file(xclbin_file *file) {
    tsr_xclbin_free(file->xclbin);
    free(file->bytes);
}

static const char *mode_name(uint32_t mode) {
    static const char *const names[] = {
        "hardware",           "hardware, partial",           "tandem", "tandem, partial", "hardware emulation",
        "software emulation", "hardware emulation, partial",
    };
    return mode < sizeof names / sizeof names[0] ? names[mode] : "unknown";
}

static const char *memory_type_name(uint32_t type) {
    static const char *const names[] = {
        "DDR3", "DDR4",      "DRAM", "streaming", "preallocated", "ARE", "HBM", "BRAM", "URAM", "streaming connection",
        "host", "PS kernel",
    };
    return type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

// An argument's name; its number where the kernel is not ours.
static const char *argument_name(const tsr_xclbin *x, const tsr_xclbin_connection *c, char text[16]) {
    if (strncmp(x->ips[c->ip].name, TSR_XCLBIN_KERNEL ":", sizeof TSR_XCLBIN_KERNEL) == 0 && c->argument < TSR_XCLBIN_ARGUMENTS)
        return tsr_xclbin_arguments[c->argument].name;
    snprintf(text, 16, "%u", c->argument);
    return text;
}

// ---- info ----

static void info_text(const char *path, const xclbin_file *file) {
    const tsr_xclbin *x = file->xclbin;
    char uuid[TSR_XCLBIN_UUID_TEXT], number[16];
    tsr_xclbin_uuid_text(x->uuid, uuid);
    printf("%s: %s bytes for %s\n", path, count_text(file->size), mode_name(x->mode));
    printf("  uuid           %s\n  platform       %s\n  tool version   %u.%u.%u\n", uuid, x->platform, x->version[0],
           x->version[1], x->version[2]);
    if (x->has_config)
        printf("  configuration  %s (%016" PRIx64 "), %ux%ux%u MACs a cycle, bus of %u bits\n  ISA version    %u.%u\n",
               x->config.name, tsr_config_id(&x->config), x->config.batch, x->config.block_in, x->config.block_out,
               x->config.bus_bytes * 8, x->isa_version >> 16, x->isa_version & 0xffff);
    else
        puts("  configuration  not inside (tessera xclbin embed adds it)");
    puts("\n  section                   offset        bytes");
    for (uint32_t i = 0; i < x->section_count; i++)
        printf("  %-20s%12" PRIu64 "%13" PRIu64 "\n", tsr_xclbin_section_name(x->sections[i].kind), x->sections[i].offset,
               x->sections[i].size);
    puts("\n  memory            type                  base          KiB");
    for (uint32_t i = 0; i < x->memory_count; i++)
        printf("  %-18s%-12s%14s%" PRIx64 "%13" PRIu64 "%s\n", x->memories[i].tag, memory_type_name(x->memories[i].type), "0x",
               x->memories[i].base, x->memories[i].kib, x->memories[i].used ? "" : "  not used");
    puts("\n  kernel instance                       registers  argument and memory");
    for (uint32_t i = 0; i < x->ip_count; i++) {
        printf("  %-34s0x%" PRIx64, x->ips[i].name, x->ips[i].base);
        for (uint32_t c = 0; c < x->connection_count; c++)
            if (x->connections[c].ip == i)
                printf("  %s:%s", argument_name(x, &x->connections[c], number), x->memories[x->connections[c].memory].tag);
        putchar('\n');
    }
}

static void info_json(const xclbin_file *file) {
    const tsr_xclbin *x = file->xclbin;
    char uuid[TSR_XCLBIN_UUID_TEXT], number[16];
    tsr_xclbin_uuid_text(x->uuid, uuid);
    printf("{\"bytes\":%zu,\"uuid\":\"%s\",\"mode\":%u,\"version\":\"%u.%u.%u\",\"platform\":", file->size, uuid, x->mode,
           x->version[0], x->version[1], x->version[2]);
    json_text(x->platform);
    if (x->has_config)
        printf(",\"config\":\"%s\",\"config_id\":\"%016" PRIx64 "\",\"isa_version\":\"%u.%u\"", x->config.name,
               tsr_config_id(&x->config), x->isa_version >> 16, x->isa_version & 0xffff);
    printf(",\"sections\":[");
    for (uint32_t i = 0; i < x->section_count; i++)
        printf("%s{\"kind\":%u,\"name\":\"%s\",\"offset\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", i > 0 ? "," : "",
               x->sections[i].kind, tsr_xclbin_section_name(x->sections[i].kind), x->sections[i].offset, x->sections[i].size);
    printf("],\"memories\":[");
    for (uint32_t i = 0; i < x->memory_count; i++) {
        printf("%s{\"tag\":", i > 0 ? "," : "");
        json_text(x->memories[i].tag);
        printf(",\"type\":%u,\"used\":%s,\"base\":%" PRIu64 ",\"kib\":%" PRIu64 "}", x->memories[i].type,
               x->memories[i].used ? "true" : "false", x->memories[i].base, x->memories[i].kib);
    }
    printf("],\"instances\":[");
    for (uint32_t i = 0; i < x->ip_count; i++) {
        bool first = true;
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(x->ips[i].name);
        printf(",\"type\":%u,\"base\":%" PRIu64 ",\"connections\":[", x->ips[i].type, x->ips[i].base);
        for (uint32_t c = 0; c < x->connection_count; c++) {
            if (x->connections[c].ip != i)
                continue;
            printf("%s{\"argument\":%u,\"name\":\"%s\",\"memory\":", first ? "" : ",", x->connections[c].argument,
                   argument_name(x, &x->connections[c], number));
            json_text(x->memories[x->connections[c].memory].tag);
            putchar('}');
            first = false;
        }
        printf("]}");
    }
    printf("]}\n");
}

static int do_info(int argc, char **argv) {
    bool json = false;
    const cli_option options[] = {{OPTION_FLAG, "--json", NULL, &json, "for programs"}, {0}};
    const cli_command command = {
        "xclbin info", "print what is inside of an xclbin",      "FILE [OPTIONS]", 1, 1, options,
        NULL,          "  tessera xclbin info tessera.xclbin\n",
    };
    const char *paths[2];
    int code;
    if (!cli_parse(&command, argc, argv, paths, &code))
        return code;
    xclbin_file file;
    tsr_status status = open_file(paths[0], &file);
    if (status.code == TSR_OK && json)
        info_json(&file);
    else if (status.code == TSR_OK)
        info_text(paths[0], &file);
    close_file(&file);
    return cli_finish(status);
}

// ---- check ----

static int do_check(int argc, char **argv) {
    const char *config_name = NULL;
    const cli_option options[] = {
        {OPTION_TEXT, "--config", "NAME", &config_name, "and that it is of this configuration"},
        {0},
    };
    const cli_command command = {
        "xclbin check",
        "check that XRT and Tessera's driver can use an xclbin",
        "FILE [OPTIONS]",
        1,
        1,
        options,
        "What is checked: the container, its XML as XRT reads it, the kernel's arguments against the register map, the\n"
        "connections to memory, the configuration and ISA version.\n",
        "  tessera xclbin check tessera.xclbin --config pynq\n",
    };
    const char *paths[2];
    int code;
    if (!cli_parse(&command, argc, argv, paths, &code))
        return code;
    xclbin_file file;
    tsr_config config;
    tsr_status status = open_file(paths[0], &file);
    if (status.code == TSR_OK)
        status = tsr_xclbin_check(file.xclbin, paths[0]);
    if (status.code == TSR_OK && config_name != NULL) {
        status = tsr_find_config(config_name, &config);
        if (status.code == TSR_OK)
            status = tsr_xclbin_accepts(file.xclbin, paths[0], &config);
    }
    if (status.code == TSR_OK)
        printf("%s: good, configuration %s, ISA version %u.%u\n", paths[0], file.xclbin->config.name,
               file.xclbin->isa_version >> 16, file.xclbin->isa_version & 0xffff);
    close_file(&file);
    return cli_finish(status);
}

// ---- write, embed, kernel-xml ----

static tsr_status load_board(const char *path, tsr_xclbin_board *out_board) {
    uint8_t *text;
    size_t size;
    TSR_TRY(file_read(path, BOARD_LIMIT, &text, &size));
    tsr_status status = tsr_xclbin_board_parse((const char *)text, size, path, out_board);
    free(text);
    if (status.code == TSR_OK && strcmp(out_board->flow, "vivado") != 0)
        status = tsr_error(TSR_UNSUPPORTED,
                           "%s: the vendor's linker writes the xclbin of this board; add the configuration to that "
                           "one with `tessera xclbin embed`",
                           path);
    return status;
}

static tsr_status save(const char *path, const void *bytes, size_t size) {
    const file_part part = {bytes, size};
    return file_write(path, &part, 1);
}

typedef struct write_options {
    const char *config, *board, *platform, *bitstream, *output;
    uint32_t clock_mhz;
    bool emulation;
} write_options;

static tsr_status write_file(const write_options *o) {
    static tsr_xclbin_board board;
    tsr_config config;
    tsr_xclbin_spec spec;
    uint8_t *bits = NULL, *bytes = NULL;
    size_t bit_size = 0, size = 0;
    if (o->board != NULL)
        TSR_TRY(load_board(o->board, &board));
    TSR_TRY(tsr_find_config(o->config != NULL ? o->config : o->board != NULL ? board.config : "pynq", &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    const tsr_xclbin_instance instance = {TSR_XCLBIN_KERNEL "_1", board.kernel_base, 0};
    if (o->board != NULL) {
        spec.mode = o->emulation ? TSR_XCLBIN_HW_EMULATION : TSR_XCLBIN_HARDWARE;
        spec.platform = board.platform;
        spec.part = board.part;
        spec.clock_mhz = board.clock_mhz;
        spec.memory_count = board.memory_count;
        spec.memories = board.memories;
        spec.instances = &instance;
    }
    if (o->platform != NULL)
        spec.platform = o->platform;
    if (o->clock_mhz != 0)
        spec.clock_mhz = o->clock_mhz;
    if (o->bitstream != NULL) {
        TSR_TRY(file_read(o->bitstream, XCLBIN_LIMIT, &bits, &bit_size));
        spec.bitstream = bits;
        spec.bitstream_size = bit_size;
    }
    tsr_status status = tsr_ok();
    if (bits != NULL)
        status = tsr_xclbin_check_bitstream(bits, bit_size, spec.part, o->bitstream);
    if (status.code == TSR_OK)
        status = tsr_xclbin_write(&spec, &bytes, &size);
    if (status.code == TSR_OK)
        status = save(o->output, bytes, size);
    if (status.code == TSR_OK)
        printf("%s: %s bytes, configuration %s, %s\n", o->output, count_text(size), config.name, mode_name((uint32_t)spec.mode));
    free(bits);
    free(bytes);
    return status;
}

static int do_write(int argc, char **argv) {
    write_options o = {0};
    const cli_option options[] = {
        {OPTION_TEXT, "-o", "FILE", &o.output, "the xclbin to write"},
        {OPTION_TEXT, "--board", "FILE", &o.board,
         "platform, memories and addresses of a board (hw/fpga/boards);\nwithout it: for hardware emulation"},
        {OPTION_TEXT, "--config", "NAME", &o.config, "configuration of the hardware; the board's, or pynq"},
        {OPTION_TEXT, "--bitstream", "FILE", &o.bitstream, "the .bit file to put inside"},
        {OPTION_TEXT, "--platform", "NAME", &o.platform, "another platform's name, VENDOR:BOARD:NAME:VERSION"},
        {OPTION_NUMBER, "--clock", "MHZ", &o.clock_mhz, "another clock than the board's"},
        {OPTION_FLAG, "--emulation", NULL, &o.emulation, "for hardware emulation of that board"},
        {0},
    };
    const cli_command command = {
        "xclbin write",
        "write an xclbin",
        "-o FILE [OPTIONS]",
        0,
        0,
        options,
        "Equal input gives equal bytes; the UUID is made from the content.\n",
        "  tessera xclbin write --config pynq -o emulation.xclbin\n"
        "  tessera xclbin write --board hw/fpga/boards/pynq-z2.board --bitstream tessera.bit -o tessera.xclbin\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, NULL, &code))
        return code;
    if (o.output == NULL)
        return cli_misuse("xclbin write", "say with -o which file to write");
    if (o.board != NULL && !o.emulation && o.bitstream == NULL)
        return cli_misuse("xclbin write", "a board needs its --bitstream; without one there is only --emulation");
    if ((o.board == NULL || o.emulation) && o.bitstream != NULL)
        return cli_misuse("xclbin write", "hardware emulation takes no --bitstream; give the --board that it is for");
    return cli_finish(write_file(&o));
}

static tsr_status embed(const char *from, const char *config_name, const char *to) {
    xclbin_file file;
    tsr_config config;
    uint8_t *bytes = NULL;
    size_t size = 0;
    TSR_TRY(tsr_find_config(config_name, &config));
    tsr_status status = open_file(from, &file);
    if (status.code == TSR_OK)
        status = tsr_annotate(tsr_xclbin_embed(file.xclbin, &config, &bytes, &size), "%s", from);
    close_file(&file);
    if (status.code == TSR_OK)
        status = save(to, bytes, size);
    free(bytes);
    if (status.code == TSR_OK)
        printf("%s: %s bytes, configuration %s\n", to, count_text(size), config.name);
    return status;
}

static int do_embed(int argc, char **argv) {
    const char *config_name = NULL, *output = NULL, *paths[2];
    const cli_option options[] = {
        {OPTION_TEXT, "--config", "NAME", &config_name, "configuration that the hardware was built from"},
        {OPTION_TEXT, "-o", "FILE", &output, "the xclbin to write; may be the same"},
        {0},
    };
    const cli_command command = {
        "xclbin embed",
        "put the configuration into an xclbin of the vendor's linker",
        "FILE --config NAME -o FILE",
        1,
        1,
        options,
        NULL,
        "  tessera xclbin embed linked.xclbin --config wide -o tessera.xclbin\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, paths, &code))
        return code;
    if (config_name == NULL || output == NULL)
        return cli_misuse("xclbin embed", "say with --config what was built, and with -o which file to write");
    return cli_finish(embed(paths[0], config_name, output));
}

static tsr_status write_kernel_xml(const char *config_name, const char *output) {
    tsr_config config;
    char *text;
    TSR_TRY(tsr_find_config(config_name, &config));
    TSR_TRY(tsr_xclbin_kernel_xml(&config, &text));
    tsr_status status = tsr_ok();
    if (output != NULL)
        status = save(output, text, strlen(text));
    else
        fputs(text, stdout);
    free(text);
    return status;
}

static int do_kernel_xml(int argc, char **argv) {
    const char *config_name = "pynq", *output = NULL;
    const cli_option options[] = {
        {OPTION_TEXT, "--config", "NAME", &config_name, "configuration of the hardware (pynq)"},
        {OPTION_TEXT, "-o", "FILE", &output, "where to write it; else on standard output"},
        {0},
    };
    const cli_command command = {
        "xclbin kernel-xml",
        "write the kernel's description for the vendor's packager",
        "[OPTIONS]",
        0,
        0,
        options,
        NULL,
        "  tessera xclbin kernel-xml --config wide -o kernel.xml\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, NULL, &code))
        return code;
    return cli_finish(write_kernel_xml(config_name, output));
}

// ---- the command ----

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} actions[] = {
    {"info", "print what is inside of one", do_info},
    {"check", "check that XRT and Tessera's driver can use one", do_check},
    {"write", "write one, for a board or for hardware emulation", do_write},
    {"embed", "put the configuration into one of the vendor's linker", do_embed},
    {"kernel-xml", "write the kernel's description for the vendor's packager", do_kernel_xml},
};
enum { ACTIONS = sizeof actions / sizeof actions[0] };

static void print_actions(void) {
    puts("tessera xclbin: read and write xclbin files, which XRT loads onto an FPGA\n\nUsage: tessera xclbin ACTION "
         "[ARGUMENTS]\n\n"
         "Actions:");
    for (int i = 0; i < ACTIONS; i++)
        printf("  %-12s%s\n", actions[i].name, actions[i].summary);
    puts("\n`tessera xclbin ACTION --help` says more.\n\nExamples:\n  tessera xclbin write --config pynq -o emulation.xclbin\n"
         "  tessera xclbin check emulation.xclbin\n\nExit code: 0 done, 1 failed, 2 called in a wrong way.");
}

int cli_xclbin(int argc, char **argv) {
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_actions();
        return CLI_DONE;
    }
    if (argc < 2)
        return cli_misuse("xclbin", "say what to do: info, check, write, embed or kernel-xml");
    for (int i = 0; i < ACTIONS; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    return cli_misuse("xclbin", argv[1][0] == '-' ? "there is no option %s" : "there is no action \"%s\"", argv[1]);
}
