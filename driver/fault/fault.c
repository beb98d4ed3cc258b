// SPDX-License-Identifier: Apache-2.0
// Wraps another device and lets chosen calls fail, so that the layers above can be tested against a device that misbehaves.
//
// Options: device=NAME (default func) is the device beneath; every key not listed here is passed on to it. Each of these
// names the n-th call (from 1) of its kind that goes wrong; every other call is passed through:
//   fail_alloc=N     buffer_alloc: TSR_OUT_OF_MEMORY
//   fail_submit=N    submit: TSR_IO, nothing was started
//   timeout=N        wait: the run beneath ends unseen, TSR_TIMEOUT
//   bus_fault=N      wait: TSR_DEVICE_FAULT with fault BUS_READ at instruction 0
//   fail_sync=N      sync, either way: TSR_IO, nothing was moved
//   skip_sync=N      sync, either way: ok, but nothing was moved (as when a cache is not flushed; of a device that shares memory
//                    with the host, nobody notices)
//   corrupt_sync=N   sync from the device: ok, but the first byte of the range has all bits flipped
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/driver.h"
#include "tsr/driver_isa.h"

enum { INNER_NAME_BYTES = 1024 };

typedef enum { ON_ALLOC, ON_SUBMIT, ON_TIMEOUT, ON_BUS_FAULT, ON_SYNC, ON_SKIP_SYNC, ON_CORRUPT_SYNC, TRIGGERS } trigger;
static const char *const trigger_keys[TRIGGERS] = {"fail_alloc", "fail_submit", "timeout",     "bus_fault",
                                                   "fail_sync",  "skip_sync",   "corrupt_sync"};

typedef struct fault_device {
    tsr_device base;
    tsr_device *inner;
    uint32_t fire_at[TRIGGERS]; // 0 = never
    uint32_t calls[TRIGGERS];
} fault_device;

typedef struct fault_buffer {
    tsr_buffer base;
    tsr_buffer *inner;
} fault_buffer;

typedef struct fault_options {
    uint32_t fire_at[TRIGGERS];
    char inner_driver[32];
    char inner_options[INNER_NAME_BYTES];
} fault_options;

static tsr_status visit_option(void *context, const char *key, const char *value) {
    fault_options *options = context;
    for (int t = 0; t < TRIGGERS; t++)
        if (strcmp(key, trigger_keys[t]) == 0)
            return tsr_option_u32(key, value, 1, UINT32_MAX, &options->fire_at[t]);
    if (strcmp(key, "device") == 0) {
        // It would have to find its own options among those that are passed on.
        if (strcmp(value, "fault") == 0)
            return tsr_error(TSR_INVALID_ARGUMENT, "option device=fault: a fault device cannot wrap another one");
        snprintf(options->inner_driver, sizeof options->inner_driver, "%s", value);
        return tsr_ok();
    }
    size_t used = strlen(options->inner_options);
    snprintf(options->inner_options + used, sizeof options->inner_options - used, "%s%s=%s", used > 0 ? "," : "", key, value);
    return tsr_ok();
}

static bool fires(fault_device *device, trigger t) { return ++device->calls[t] == device->fire_at[t]; }

static tsr_status fault_open(const char *text, tsr_device **out_device) {
    fault_options options = {.inner_driver = "func"};
    TSR_TRY(tsr_options_each(text, visit_option, &options));
    char inner_name[INNER_NAME_BYTES + 64];
    snprintf(inner_name, sizeof inner_name, "%s:%s", options.inner_driver, options.inner_options);
    fault_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    tsr_status status = tsr_device_open(inner_name, &device->inner);
    if (status.code != TSR_OK) {
        free(device);
        return status;
    }
    device->base.info = *tsr_device_get_info(device->inner);
    snprintf(device->base.info.driver, sizeof device->base.info.driver, "fault");
    memcpy(device->fire_at, options.fire_at, sizeof device->fire_at);
    *out_device = &device->base;
    return tsr_ok();
}

static void fault_close(tsr_device *base) {
    fault_device *device = (fault_device *)base;
    tsr_device_close(device->inner);
    free(device);
}

static tsr_status fault_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    fault_device *device = (fault_device *)base;
    if (fires(device, ON_ALLOC))
        return tsr_error(TSR_OUT_OF_MEMORY, "injected: allocation %u fails", device->calls[ON_ALLOC]);
    fault_buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a buffer");
    tsr_status status = tsr_buffer_alloc(device->inner, size, &buffer->inner);
    if (status.code != TSR_OK) {
        free(buffer);
        return status;
    }
    buffer->base.host = tsr_buffer_map(buffer->inner);
    *out_buffer = &buffer->base;
    return tsr_ok();
}

static void fault_buffer_free(tsr_device *base, tsr_buffer *buffer) {
    fault_device *device = (fault_device *)base;
    tsr_buffer_free(device->inner, ((fault_buffer *)buffer)->inner);
    free(buffer);
}

static tsr_status fault_sync_to_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    fault_device *device = (fault_device *)base;
    if (fires(device, ON_SYNC))
        return tsr_error(TSR_IO, "injected: sync %u fails", device->calls[ON_SYNC]);
    if (fires(device, ON_SKIP_SYNC))
        return tsr_ok();
    return tsr_buffer_sync_to_device(device->inner, ((fault_buffer *)buffer)->inner, offset, size);
}

static tsr_status fault_sync_from_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    fault_device *device = (fault_device *)base;
    if (fires(device, ON_SYNC))
        return tsr_error(TSR_IO, "injected: sync %u fails", device->calls[ON_SYNC]);
    if (fires(device, ON_SKIP_SYNC))
        return tsr_ok();
    TSR_TRY(tsr_buffer_sync_from_device(device->inner, ((fault_buffer *)buffer)->inner, offset, size));
    if (fires(device, ON_CORRUPT_SYNC)) {
        uint8_t *bytes = buffer->host;
        bytes[offset] = (uint8_t)~bytes[offset];
    }
    return tsr_ok();
}

static tsr_status fault_submit(tsr_device *base, const tsr_run *run) {
    fault_device *device = (fault_device *)base;
    if (fires(device, ON_SUBMIT))
        return tsr_error(TSR_IO, "injected: submit %u fails", device->calls[ON_SUBMIT]);
    tsr_run inner = *run;
    for (int s = 0; s < TSR_SEGMENTS; s++)
        if (run->segment[s] != NULL)
            inner.segment[s] = ((fault_buffer *)run->segment[s])->inner;
    return tsr_device_submit(device->inner, &inner);
}

static tsr_status fault_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    fault_device *device = (fault_device *)base;
    bool time_out = fires(device, ON_TIMEOUT);
    bool bus_fault = fires(device, ON_BUS_FAULT);
    if (!time_out && !bus_fault)
        return tsr_device_wait(device->inner, timeout_ms, out_profile, out_fault);

    // The device beneath must be idle again afterwards: let it finish, but keep what it says to ourselves.
    (void)tsr_device_wait(device->inner, timeout_ms, NULL, NULL);
    if (time_out)
        return tsr_error(TSR_TIMEOUT, "injected: wait %u times out", device->calls[ON_TIMEOUT]);
    *out_fault = (tsr_fault){.code = tsr_driver_bus_read_fault(), .unit = 0, .insn_index = 0};
    return tsr_annotate(tsr_driver_fault(out_fault->code, out_fault->unit, out_fault->insn_index), "injected");
}

static tsr_status fault_on_insn(tsr_device *base, tsr_on_insn *callback, void *context) {
    return tsr_device_on_insn(((fault_device *)base)->inner, callback, context);
}

static void fault_interrupt(tsr_device *base) { tsr_device_interrupt(((fault_device *)base)->inner); }

const tsr_driver tsr_driver_fault_injector = {
    .name = "fault",
    .summary = "another device with failures injected, for tests",
    .options =
        "device=NAME fail_alloc=N fail_submit=N timeout=N bus_fault=N fail_sync=N skip_sync=N corrupt_sync=N, others passed on",
    .ops =
        {
            .open = fault_open,
            .close = fault_close,
            .buffer_alloc = fault_buffer_alloc,
            .buffer_free = fault_buffer_free,
            .sync_to_device = fault_sync_to_device,
            .sync_from_device = fault_sync_from_device,
            .submit = fault_submit,
            .wait = fault_wait,
            .on_insn = fault_on_insn,
            .interrupt = fault_interrupt,
        },
};
