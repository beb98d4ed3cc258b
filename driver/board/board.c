// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tsr/driver_isa.h"

enum { DEFAULT_PATIENCE_S = 10, MAX_PATIENCE_S = 86400 };
static const uint64_t max_image_bytes = UINT64_C(1) << 30; // larger than any FPGA's bitstream

// ---- options --------------------------------------------------------------------------------------------------------

static tsr_status copy_text(const char *key, const char *value, char *out, size_t size) {
    if (strlen(value) >= size)
        return tsr_error(TSR_INVALID_ARGUMENT, "option %s: more than %zu characters", key, size - 1);
    strcpy(out, value);
    return tsr_ok();
}

// A number, or 0000:65:00.1.
static bool is_device(const char *text) {
    const size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits < 6 && text[digits] == '\0')
        return true;
    unsigned domain, bus, slot, function;
    int length = 0;
    return sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &length) == 4 && text[length] == '\0';
}

static tsr_status visit_option(void *context, const char *key, const char *value) {
    board_options *o = context;
    if (strcmp(key, "xclbin") == 0)
        return copy_text(key, value, o->xclbin, sizeof o->xclbin);
    if (strcmp(key, "config") == 0) {
        o->config_given = true;
        return tsr_find_config(value, &o->config);
    }
    if (strcmp(key, "patience") == 0)
        return tsr_option_u32(key, value, 1, MAX_PATIENCE_S, &o->patience_s);
    if (strcmp(key, "device") == 0) {
        if (!is_device(value))
            return tsr_error(TSR_INVALID_ARGUMENT, "option device=%.40s: neither an index nor of the form 0000:65:00.1", value);
        return copy_text(key, value, o->device, sizeof o->device);
    }
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; known: xclbin, config, device, patience", key);
}

static tsr_status visit_with_registers(void *context, const char *key, const char *value) {
    board_options *o = context;
    if (strcmp(key, "registers") == 0)
        return tsr_option_u32(key, value, 0, 1, &o->registers);
    return visit_option(context, key, value);
}

tsr_status board_parse_options(const char *text, bool has_registers, board_options *o) {
    memset(o, 0, sizeof *o);
    o->patience_s = DEFAULT_PATIENCE_S;
    o->registers = 1;
    TSR_TRY(tsr_options_each(text, has_registers ? visit_with_registers : visit_option, o));
    const char *set = getenv("TESSERA_XCLBIN");
    if (o->xclbin[0] == '\0' && set != NULL)
        TSR_TRY(tsr_annotate(copy_text("xclbin", set, o->xclbin, sizeof o->xclbin), "TESSERA_XCLBIN"));
    if (o->xclbin[0] == '\0')
        return tsr_error(TSR_INVALID_ARGUMENT, "say which file to load: xclbin=FILE, or set TESSERA_XCLBIN");
    return tsr_ok();
}

// ---- XRT ------------------------------------------------------------------------------------------------------------

// As XRT looks for it (2.13, src/runtime_src/core/common/module_loader.cpp).
tsr_status board_check_xrt(void) {
    static const struct {
        const char *mode, *shim;
    } shims[] = {{"hw_emu", "libxrt_hwemu.so"}, {"sw_emu", "libxrt_swemu.so"}, {"noop", "libxrt_noop.so"}};
    const char *root = getenv("XILINX_XRT"), *mode = getenv("XCL_EMULATION_MODE"), *shim = "libxrt_core.so";
#if defined(__aarch64__) || defined(__arm__)
    if (root == NULL)
        root = "/usr";
#endif
    if (root == NULL)
        return tsr_error(TSR_NOT_FOUND, "XILINX_XRT is not set; run XRT's setup.sh first");
    for (size_t i = 0; i < sizeof shims / sizeof shims[0]; i++)
        if (mode != NULL && strcmp(mode, shims[i].mode) == 0)
            shim = shims[i].shim;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lib/%s.2", root, shim);
    if (access(path, R_OK) != 0)
        return tsr_error(TSR_NOT_FOUND, "XRT is not where XILINX_XRT says: there is no %s", path);
    return tsr_ok();
}

// ---- the xclbin -----------------------------------------------------------------------------------------------------

static tsr_status read_file(const char *path, uint8_t **out_bytes, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return tsr_error(TSR_NOT_FOUND, "%s: %s", path, strerror(errno));
    const bool sized = fseek(file, 0, SEEK_END) == 0;
    const long size = sized ? ftell(file) : -1;
    tsr_status status = tsr_ok();
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        status = tsr_error(TSR_IO, "%s: cannot be read; is it a file?", path);
    else if (size == 0 || (uint64_t)size > max_image_bytes)
        status = tsr_error(TSR_CORRUPT, "%s: %ld bytes; no xclbin has this size", path, size);
    uint8_t *bytes = status.code == TSR_OK ? malloc((size_t)size) : NULL;
    if (status.code == TSR_OK && bytes == NULL)
        status = tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its %ld bytes", path, size);
    if (status.code == TSR_OK && fread(bytes, 1, (size_t)size, file) != (size_t)size)
        status = tsr_error(TSR_IO, "%s: cannot be read", path);
    fclose(file);
    if (status.code != TSR_OK) {
        free(bytes);
        return status;
    }
    *out_bytes = bytes;
    *out_size = (size_t)size;
    return status;
}

// The core has one bus port, so its segments share a memory; a file that says otherwise is for something else.
static tsr_status find_memory(board_image *image) {
    const tsr_xclbin *x = image->xclbin;
    bool found = false;
    for (uint32_t s = 0; s < TSR_SEGMENTS; s++) {
        bool connected = false;
        for (uint32_t i = 0; i < x->connection_count; i++) {
            const tsr_xclbin_connection *c = &x->connections[i];
            if (c->argument != tsr_xclbin_segment(s) || strncmp(x->ips[c->ip].name, TSR_XCLBIN_KERNEL ":", 8) != 0)
                continue;
            connected = true;
            if (!found)
                image->memory_index = c->memory;
            found = true;
            if (c->memory != image->memory_index)
                return tsr_error(TSR_UNSUPPORTED,
                                 "%s: segment %u may lie in memory %.16s and others in %.16s; link the kernel to one",
                                 image->path, s, x->memories[c->memory].tag, x->memories[image->memory_index].tag);
        }
        if (!connected)
            return tsr_error(TSR_UNSUPPORTED, "%s: segment %u of kernel " TSR_XCLBIN_KERNEL " is connected to no memory",
                             image->path, s);
    }
    image->memory = &x->memories[image->memory_index];
    const uint64_t kib = image->memory->kib;
    image->max_buffer_bytes = kib >= UINT32_MAX / 1024 ? UINT32_MAX : kib * 1024;
    return tsr_ok();
}

static tsr_status check_image(const board_options *options, board_image *image) {
    TSR_TRY(tsr_xclbin_read(image->bytes, image->size, image->path, &image->xclbin));
    if (!options->config_given && !image->xclbin->has_config)
        return tsr_error(TSR_UNSUPPORTED, "%s: does not say which configuration it holds; say config=NAME", image->path);
    for (uint32_t i = 0; i < image->xclbin->ip_count && image->kernel == NULL; i++)
        if (strncmp(image->xclbin->ips[i].name, TSR_XCLBIN_KERNEL ":", sizeof TSR_XCLBIN_KERNEL) == 0)
            image->kernel = image->xclbin->ips[i].name;
    if (image->kernel == NULL)
        return tsr_error(TSR_UNSUPPORTED, "%s: has no kernel " TSR_XCLBIN_KERNEL, image->path);
    image->config = options->config_given ? options->config : image->xclbin->config;
    if (image->xclbin->has_config)
        TSR_TRY(tsr_xclbin_accepts(image->xclbin, image->path, &image->config));
    return find_memory(image);
}

tsr_status board_image_load(const board_options *options, board_image *image) {
    memset(image, 0, sizeof *image);
    snprintf(image->path, sizeof image->path, "%s", options->xclbin);
    TSR_TRY(read_file(image->path, &image->bytes, &image->size));
    const tsr_status status = check_image(options, image);
    if (status.code != TSR_OK)
        board_image_free(image);
    return status;
}

void board_image_free(board_image *image) {
    tsr_xclbin_free(image->xclbin);
    free(image->bytes);
    memset(image, 0, sizeof *image);
}

// ---- the core -------------------------------------------------------------------------------------------------------

tsr_status board_check_identity(const tsr_control_identity *identity, const board_image *image) {
    const tsr_config *config = &image->config;
    if (identity->magic == UINT32_MAX) // what reads give when nobody answers them
        return tsr_error(TSR_IO, "the registers of the board do not answer");
    if (!identity->is_core)
        return tsr_error(TSR_MISMATCH, "what %s put on the board does not answer as a Tessera core (magic 0x%08x)", image->path,
                         identity->magic);
    const uint32_t own = tsr_driver_isa_version();
    if (!identity->same_isa)
        return tsr_error(TSR_MISMATCH, "the core on the board has ISA %u.%u, this program %u.%u; build one of them again",
                         identity->isa_version >> 16, identity->isa_version & 0xffff, own >> 16, own & 0xffff);
    if (identity->config_id == tsr_config_id(config))
        return tsr_ok();
    char name[sizeof config->name];
    if (!tsr_find_config_name(identity->config_id, name))
        snprintf(name, sizeof name, "unknown");
    return tsr_error(TSR_MISMATCH, "the core on the board is of configuration %s (identity %016llx), not %s (%016llx)", name,
                     (unsigned long long)identity->config_id, config->name, (unsigned long long)tsr_config_id(config));
}

// ---- the lock -------------------------------------------------------------------------------------------------------

// A name in the abstract socket space: nothing in the file system, gone with the process, the same for all users. An emulated
// board is another one in each emulation.
bool board_lock_take(const char *board_name, board_lock *out_lock) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *emulation = getenv("XCL_EMULATION_MODE"), *socket_name = getenv("EMULATION_SOCKETID"), *user = getenv("USER");
    const bool emulated = emulation != NULL && emulation[0] != '\0' && socket_name != NULL && user != NULL;
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "tessera-board/%.32s/%.24s/%.32s", emulated ? user : "",
             emulated ? socket_name : "", board_name);
    out_lock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (out_lock->fd < 0)
        return true; // no sockets at all: then XRT alone guards
    if (bind(out_lock->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return true;
    board_lock_release(out_lock);
    return false;
}

void board_lock_release(board_lock *lock) {
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

// ---- waiting --------------------------------------------------------------------------------------------------------

void board_pause(long *pause_us) {
    enum { LONGEST_US = 1000 };
    const struct timespec pause = {.tv_nsec = *pause_us * 1000};
    (void)nanosleep(&pause, NULL);
    *pause_us = *pause_us * 5 / 4 < LONGEST_US ? *pause_us * 5 / 4 : LONGEST_US;
}

void board_pause_in_reset(void *unused) {
    (void)unused;
    long pause_us = BOARD_SHORTEST_PAUSE_US;
    board_pause(&pause_us);
}

enum { LOOK_MS = 1000 };

board_watch board_watch_begin(void) { return (board_watch){.next = tsr_deadline_in(LOOK_MS), .progress = UINT64_MAX}; }

bool board_watch_has_hung(board_watch *w, tsr_control *control, uint32_t patience_s) {
    if (!tsr_deadline_passed(&w->next))
        return false;
    const uint64_t progress = tsr_control_read_progress(control);
    w->quiet_s = progress == w->progress ? w->quiet_s + 1 : 0;
    w->progress = progress;
    w->next = tsr_deadline_in(LOOK_MS);
    return w->quiet_s >= patience_s && !control->failed;
}
