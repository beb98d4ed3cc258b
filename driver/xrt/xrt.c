// SPDX-License-Identifier: Apache-2.0
// A board behind Xilinx's runtime XRT, by its native C API. The core's registers are used directly: the kernel is opened for
// this program alone, so that counters, faults and soft reset can be reached, which XRT's own way of running kernels cannot.
//
// Options: xclbin=FILE ($TESSERA_XCLBIN) what the board is to hold; config=NAME (what the file says) refuse another one;
// device=INDEX or PCIe address (the first board that is free); patience=SECONDS (10) a run in which nothing moves has hung.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "board.h"
#include "slab.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"

enum {
    FAST_POLLS = 200,      // at once, for short runs
    MAX_BOARDS = 64,
};

typedef struct xrt_device {
    tsr_device base;
    xrt_api api;
    board_lock lock;
    xrtDeviceHandle device;
    xrtKernelHandle kernel;
    xrtMemoryGroup group; // of the memory that buffers go to
    slab *slabs;
    tsr_control control;
    uint32_t patience_s;
    bool lost; // the core did not come back from an error
} xrt_device;

typedef struct xrt_buffer {
    tsr_buffer base;
    slab_part part;
} xrt_buffer;

static bool read_register(void *context, uint32_t offset, uint32_t *out_value) {
    const xrt_device *d = context;
    return d->api.xrtKernelReadRegister(d->kernel, offset, out_value) == 0;
}

static bool write_register(void *context, uint32_t offset, uint32_t value) {
    const xrt_device *d = context;
    return d->api.xrtKernelWriteRegister(d->kernel, offset, value) == 0;
}

// ---- opening --------------------------------------------------------------------------------------------------------

static const char *why(void) { return errno != 0 ? strerror(errno) : "XRT says no more"; }

// Loads the file's bytes as they were checked, and asks the board what it holds now.
static tsr_status load(xrt_device *d, const board_image *image) {
    errno = 0;
    if (d->api.xrtDeviceLoadXclbin(d->device, (const struct axlf *)(const void *)image->bytes) != 0)
        return tsr_error(TSR_IO, "%s cannot be loaded onto the board: %s", image->path, why());
    xuid_t holds;
    if (d->api.xrtDeviceGetXclbinUUID(d->device, holds) != 0)
        return tsr_error(TSR_IO, "the board does not say which xclbin it holds");
    if (memcmp(holds, image->xclbin->uuid, sizeof image->xclbin->uuid) == 0)
        return tsr_ok();
    char there[TSR_XCLBIN_UUID_TEXT], here[TSR_XCLBIN_UUID_TEXT];
    tsr_xclbin_uuid_text(holds, there);
    tsr_xclbin_uuid_text(image->xclbin->uuid, here);
    return tsr_error(TSR_MISMATCH, "the board holds xclbin %s, not %s (%s)", there, here, image->path);
}

static tsr_status open_kernel(xrt_device *d, const board_image *image) {
    char name[sizeof image->xclbin->ips[0].name + 4];
    snprintf(name, sizeof name, TSR_XCLBIN_KERNEL ":{%s}", image->kernel + sizeof TSR_XCLBIN_KERNEL);
    errno = 0;
    d->kernel = d->api.xrtPLKernelOpenExclusive(d->device, image->xclbin->uuid, name);
    if (d->kernel == NULL)
        return tsr_error(TSR_IO, "kernel %s cannot be opened for this program alone; does another one use it? %s", name, why());
    // What XRT understood the file to say about memories must be what was read from it here.
    for (uint32_t s = 0; s < TSR_SEGMENTS; s++) {
        const int group = d->api.xrtKernelArgGroupId(d->kernel, (int)tsr_xclbin_segment(s));
        if (group < 0 || (s > 0 && (xrtMemoryGroup)group != d->group))
            return tsr_error(TSR_UNSUPPORTED, "%s: XRT finds no common memory for the kernel's segments (segment %u: %d)",
                             image->path, s, group);
        d->group = (xrtMemoryGroup)group;
    }
    const tsr_control_identity identity = tsr_control_identify(&d->control);
    if (d->control.failed)
        return tsr_error(TSR_IO, "the registers of kernel %s do not answer", name);
    d->base.info.isa_version = identity.isa_version;
    return board_check_identity(&identity, image);
}

static void close_board(xrt_device *d) {
    if (d->kernel != NULL)
        (void)d->api.xrtKernelClose(d->kernel);
    if (d->device != NULL)
        (void)d->api.xrtDeviceClose(d->device);
    d->kernel = NULL;
    d->device = NULL;
    board_lock_release(&d->lock);
}

// *out_taken: somebody has it. *out_missing: there is no such board.
static tsr_status try_board(xrt_device *d, const char *name, const board_image *image, bool *out_taken, bool *out_missing) {
    *out_taken = *out_missing = false;
    if (!board_lock_take(name, &d->lock)) {
        *out_taken = true;
        return tsr_error(TSR_IO, "board %s is in use by another device of this or another program", name);
    }
    errno = 0;
    d->control.failed = false;
    d->device =
        strchr(name, ':') != NULL ? d->api.xrtDeviceOpenByBDF(name) : d->api.xrtDeviceOpen((unsigned)strtoul(name, NULL, 10));
    tsr_status status = tsr_ok();
    if (d->device == NULL) {
        *out_missing = true;
        status = tsr_error(TSR_NOT_FOUND, "XRT finds no board %s (%s); `xbutil examine` lists them", name, why());
    }
    if (status.code == TSR_OK)
        status = load(d, image);
    if (status.code == TSR_OK)
        status = open_kernel(d, image);
    if (status.code != TSR_OK)
        close_board(d);
    return status;
}

static tsr_status open_board(xrt_device *d, const board_options *options, const board_image *image) {
    bool taken, missing;
    if (options->device[0] != '\0')
        return try_board(d, options->device, image, &taken, &missing);
    tsr_status status = tsr_ok();
    for (unsigned i = 0; i < MAX_BOARDS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        const tsr_status tried = try_board(d, name, image, &taken, &missing);
        if (tried.code == TSR_OK)
            return tried;
        if (i == 0)
            status = tried;
        else if (!taken && !missing)
            status = tsr_annotate(tried, "board 0 is in use; board %u", i);
        if (!taken)
            break;
    }
    return status;
}

static tsr_status xrt_open(const char *text, tsr_device **out_device) {
    board_options options;
    board_image image;
    TSR_TRY(board_parse_options(text, false, &options));
    TSR_TRY(board_check_xrt());
    TSR_TRY(board_image_load(&options, &image));
    xrt_device *d = calloc(1, sizeof *d);
    tsr_status status = d != NULL ? xrt_api_load(&d->api) : tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    if (status.code == TSR_OK) {
        d->lock.fd = -1;
        d->patience_s = options.patience_s;
        d->control = (tsr_control){.context = d, .read = read_register, .write = write_register};
        d->base.info = (tsr_device_info){
            .driver = "xrt",
            .config = image.config,
            .cycle_accurate = true,
            .max_buffer_bytes = image.max_buffer_bytes,
        };
        status = open_board(d, &options, &image);
    }
    board_image_free(&image);
    if (status.code != TSR_OK) {
        free(d);
        return status;
    }
    *out_device = &d->base;
    return status;
}

static void xrt_close(tsr_device *base) {
    xrt_device *d = (xrt_device *)base;
    close_board(d);
    free(d);
}

// ---- buffers --------------------------------------------------------------------------------------------------------

static void free_part(xrt_device *d, slab_part *part) {
    if (part->slab != NULL)
        slab_give_back(&d->api, &d->slabs, part);
    else if (part->handle != NULL)
        (void)d->api.xrtBOFree(part->handle);
}

static tsr_status sync(xrt_device *d, const xrt_buffer *buffer, enum xclBOSyncDirection direction, uint64_t offset,
                       uint64_t size) {
    // XRT's own check of the bounds differs from shim to shim; one of them has none.
    if (offset > buffer->base.size || size > buffer->base.size - offset)
        return tsr_error(TSR_OUT_OF_RANGE, "sync of %llu bytes at %llu of a buffer of %llu bytes", (unsigned long long)size,
                         (unsigned long long)offset, (unsigned long long)buffer->base.size);
    errno = 0;
    if (d->api.xrtBOSync(buffer->part.handle, direction, size, offset) != 0)
        return tsr_error(TSR_IO, "%llu bytes cannot be copied %s the board: %s", (unsigned long long)size,
                         direction == XCL_BO_SYNC_BO_TO_DEVICE ? "to" : "from", why());
    return tsr_ok();
}

static tsr_status xrt_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    xrt_device *d = (xrt_device *)base;
    xrt_buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a buffer");
    const size_t whole = (size + SLAB_PAGE - 1) / SLAB_PAGE * SLAB_PAGE;
    if (whole <= SLAB_LARGEST)
        (void)slab_take(&d->api, d->device, d->group, &d->slabs, whole, &buffer->part);
    else
        buffer->part.handle = d->api.xrtBOAlloc(d->device, whole, XRT_BO_FLAGS_NONE, d->group);
    buffer->base.host = buffer->part.handle != NULL ? d->api.xrtBOMap(buffer->part.handle) : NULL;
    tsr_status status = tsr_ok();
    if (buffer->base.host == NULL) {
        status = tsr_error(TSR_OUT_OF_MEMORY, "the board has no memory for a buffer of %llu bytes", (unsigned long long)size);
    } else {
        buffer->base.size = size;
        memset(buffer->base.host, 0, size);
        status = sync(d, buffer, XCL_BO_SYNC_BO_TO_DEVICE, 0, size);
    }
    if (status.code != TSR_OK) {
        free_part(d, &buffer->part);
        free(buffer);
        return status;
    }
    *out_buffer = &buffer->base;
    return status;
}

static void xrt_buffer_free(tsr_device *base, tsr_buffer *buffer) {
    free_part((xrt_device *)base, &((xrt_buffer *)buffer)->part);
    free(buffer);
}

static tsr_status xrt_sync_to_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    return sync((xrt_device *)base, (const xrt_buffer *)buffer, XCL_BO_SYNC_BO_TO_DEVICE, offset, size);
}

static tsr_status xrt_sync_from_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    return sync((xrt_device *)base, (const xrt_buffer *)buffer, XCL_BO_SYNC_BO_FROM_DEVICE, offset, size);
}

// ---- runs -----------------------------------------------------------------------------------------------------------

static tsr_status lost(xrt_device *d) {
    d->lost = true;
    return tsr_error(TSR_IO, "the core's registers do not answer; is the board still there? Close the device and open it again");
}

static tsr_status xrt_submit(tsr_device *base, const tsr_run *run) {
    xrt_device *d = (xrt_device *)base;
    if (d->lost)
        return lost(d);
    tsr_control_segment segment[TSR_SEGMENTS] = {{0, 0}};
    for (int s = 0; s < TSR_SEGMENTS; s++) {
        const xrt_buffer *buffer = (const xrt_buffer *)run->segment[s];
        if (buffer != NULL)
            segment[s] = (tsr_control_segment){d->api.xrtBOAddress(buffer->part.handle), (uint32_t)buffer->base.size};
    }
    tsr_control_set_run(&d->control, segment, run->insn_offset, run->insn_count);
    // Interrupts are left alone: XRT gives them to nobody who uses registers directly, and polling costs microseconds.
    tsr_control_start(&d->control, false);
    return d->control.failed ? lost(d) : tsr_ok();
}

// Ends a run that does not end by itself, with what is known of it.
static tsr_status give_up(xrt_device *d, const char *what, tsr_profile *out_profile) {
    char units[TSR_CONTROL_STATE_BYTES];
    tsr_control_describe(&d->control, units);
    tsr_control_read_profile(&d->control, out_profile);
    d->lost = !tsr_control_soft_reset(&d->control, BOARD_RESET_POLLS, board_pause_in_reset);
    return tsr_error(TSR_TIMEOUT, "%s, after %llu instructions; %s%s", what, (unsigned long long)out_profile->insns, units,
                     d->lost ? "; the core does not reset: close the device and open it again" : "");
}

static tsr_status xrt_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    xrt_device *d = (xrt_device *)base;
    const tsr_deadline deadline = tsr_deadline_of(base, timeout_ms);
    board_watch watch = board_watch_begin();
    long pause = BOARD_SHORTEST_PAUSE_US;
    for (uint32_t polls = 0; !tsr_control_is_done(&d->control); polls++) {
        char what[64];
        if (d->control.failed)
            return lost(d);
        if (tsr_deadline_passed(&deadline)) {
            snprintf(what, sizeof what, "no end after %u ms", timeout_ms);
            return give_up(d, what, out_profile);
        }
        if (board_watch_has_hung(&watch, &d->control, d->patience_s)) {
            snprintf(what, sizeof what, "the core hangs: nothing moved for %u seconds", d->patience_s);
            return give_up(d, what, out_profile);
        }
        if (polls < FAST_POLLS)
            continue;
        board_pause(&pause);
    }
    *out_fault = tsr_control_read_fault(&d->control);
    tsr_control_read_profile(&d->control, out_profile);
    // A board that has fallen off its bus reads as ones everywhere, which looks like the end of a run.
    if (d->control.failed || !tsr_control_identify(&d->control).is_core)
        return lost(d);
    return out_fault->code != 0 ? tsr_driver_fault(out_fault->code, out_fault->unit, out_fault->insn_index) : tsr_ok();
}

const tsr_driver tsr_driver_xrt = {
    .name = "xrt",
    .summary = "an FPGA board behind Xilinx's runtime XRT",
    .options = BOARD_OPTIONS_TEXT,
    .ops =
        {
            .open = xrt_open,
            .close = xrt_close,
            .buffer_alloc = xrt_buffer_alloc,
            .buffer_free = xrt_buffer_free,
            .sync_to_device = xrt_sync_to_device,
            .sync_from_device = xrt_sync_from_device,
            .submit = xrt_submit,
            .wait = xrt_wait,
        },
};
