// SPDX-License-Identifier: Apache-2.0
// The dispatcher: everything above calls these functions, they check, keep the books that all devices share, and call the
// driver. A driver therefore never sees a bad argument, a range outside a buffer or a second run beside the first.
#include "tsr/driver.h"

#include <string.h>

static const tsr_driver *find_driver(const char *name, size_t length) {
    for (const tsr_driver *const *d = tsr_drivers; *d != NULL; d++)
        if (strlen((*d)->name) == length && memcmp((*d)->name, name, length) == 0)
            return *d;
    return NULL;
}

static tsr_status unknown_device(const char *name, size_t length) {
    for (const tsr_driver_absence *a = tsr_drivers_absent; a->name != NULL; a++)
        if (strlen(a->name) == length && memcmp(a->name, name, length) == 0)
            return tsr_error(TSR_UNSUPPORTED, "this build has no device %s: %s", a->name, a->reason);
    char known[160] = "";
    for (const tsr_driver *const *d = tsr_drivers; *d != NULL; d++) {
        size_t used = strlen(known);
        if (used + strlen((*d)->name) + 3 < sizeof known) {
            strcat(known, used > 0 ? ", " : "");
            strcat(known, (*d)->name);
        }
    }
    return tsr_error(TSR_NOT_FOUND, "no device driver is called \"%.*s\"; there are %s (written like rtl:config=pynq)",
                     (int)(length < 64 ? length : 64), name, known);
}

tsr_status tsr_device_open(const char *name, tsr_device **out_device) {
    if (out_device == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_device_open needs a place for the device");
    *out_device = NULL;
    if (name == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_device_open needs a device name");
    size_t length = strcspn(name, ":");
    const tsr_driver *driver = find_driver(name, length);
    if (driver == NULL)
        return unknown_device(name, length);
    const char *options = name[length] == ':' ? name + length + 1 : "";
    tsr_device *device = NULL;
    TSR_TRY(tsr_annotate(driver->ops.open(options, &device), "%s", driver->name));
    device->driver = driver;
    device->running = false;
    atomic_init(&device->interrupted, false);
    device->buffers = NULL;
    *out_device = device;
    return tsr_ok();
}

static bool owns(const tsr_device *device, const tsr_buffer *buffer) {
    for (const tsr_buffer *b = device->buffers; b != NULL; b = b->next)
        if (b == buffer)
            return true;
    return false;
}

static void free_buffer(tsr_device *device, tsr_buffer *buffer) {
    for (tsr_buffer **link = &device->buffers; *link != NULL; link = &(*link)->next) {
        if (*link == buffer) {
            *link = buffer->next;
            device->driver->ops.buffer_free(device, buffer);
            return;
        }
    }
}

void tsr_device_close(tsr_device *device) {
    if (device == NULL)
        return;
    // A run that nobody waited for must not outlive its buffers.
    if (device->running)
        (void)tsr_device_wait(device, 1, NULL, NULL);
    while (device->buffers != NULL)
        free_buffer(device, device->buffers);
    device->driver->ops.close(device);
}

const tsr_device_info *tsr_device_get_info(const tsr_device *device) { return &device->info; }

tsr_status tsr_buffer_alloc(tsr_device *device, uint64_t size, tsr_buffer **out_buffer) {
    if (out_buffer == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_buffer_alloc needs a place for the buffer");
    *out_buffer = NULL;
    if (device == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_buffer_alloc needs a device");
    if (size == 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "a buffer of 0 bytes");
    if (size > device->info.max_buffer_bytes)
        return tsr_error(TSR_OUT_OF_MEMORY, "a buffer of %llu bytes; the largest that device %s has is %llu",
                         (unsigned long long)size, device->info.driver, (unsigned long long)device->info.max_buffer_bytes);
    tsr_buffer *buffer = NULL;
    TSR_TRY(tsr_annotate(device->driver->ops.buffer_alloc(device, size, &buffer), "%s", device->info.driver));
    buffer->owner = device;
    buffer->size = size;
    buffer->next = device->buffers;
    device->buffers = buffer;
    *out_buffer = buffer;
    return tsr_ok();
}

void tsr_buffer_free(tsr_device *device, tsr_buffer *buffer) {
    if (device == NULL || buffer == NULL)
        return;
    // The run may be using it; end the run first.
    if (device->running)
        (void)tsr_device_wait(device, 1, NULL, NULL);
    free_buffer(device, buffer);
}

uint64_t tsr_buffer_size(const tsr_buffer *buffer) { return buffer->size; }

void *tsr_buffer_map(tsr_buffer *buffer) { return buffer->host; }

static tsr_status check_range(const tsr_device *device, const tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    if (device == NULL || buffer == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "a sync needs a device and a buffer");
    if (!owns(device, buffer))
        return tsr_error(TSR_INVALID_ARGUMENT, "the buffer is none of this device's");
    if (offset > buffer->size || size > buffer->size - offset)
        return tsr_error(TSR_OUT_OF_RANGE, "sync of %llu bytes at %llu of a buffer of %llu bytes", (unsigned long long)size,
                         (unsigned long long)offset, (unsigned long long)buffer->size);
    return tsr_ok();
}

tsr_status tsr_buffer_sync_to_device(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    TSR_TRY(check_range(device, buffer, offset, size));
    if (size == 0 || device->driver->ops.sync_to_device == NULL)
        return tsr_ok();
    return tsr_annotate(device->driver->ops.sync_to_device(device, buffer, offset, size), "%s", device->info.driver);
}

tsr_status tsr_buffer_sync_from_device(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    TSR_TRY(check_range(device, buffer, offset, size));
    if (size == 0 || device->driver->ops.sync_from_device == NULL)
        return tsr_ok();
    return tsr_annotate(device->driver->ops.sync_from_device(device, buffer, offset, size), "%s", device->info.driver);
}

tsr_status tsr_device_submit(tsr_device *device, const tsr_run *run) {
    if (device == NULL || run == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_device_submit needs a device and a run");
    if (device->running)
        return tsr_error(TSR_INVALID_ARGUMENT, "device %s is running; wait for it before the next submit", device->info.driver);
    if (run->segment[0] == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "a run needs segment 0: it holds the instructions");
    for (int i = 0; i < TSR_SEGMENTS; i++) {
        const tsr_buffer *buffer = run->segment[i];
        if (buffer != NULL && !owns(device, buffer))
            return tsr_error(TSR_INVALID_ARGUMENT, "segment %d of the run is no buffer of device %s", i, device->info.driver);
        if (buffer != NULL && buffer->size > UINT32_MAX)
            return tsr_error(TSR_OUT_OF_RANGE, "segment %d of the run has %llu bytes; a segment has at most 2^32 - 1", i,
                             (unsigned long long)buffer->size);
    }
    atomic_store(&device->interrupted, false);
    TSR_TRY(tsr_annotate(device->driver->ops.submit(device, run), "%s", device->info.driver));
    device->running = true;
    return tsr_ok();
}

tsr_status tsr_device_wait(tsr_device *device, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    tsr_profile profile = {0};
    tsr_fault fault = {0};
    if (out_profile != NULL)
        *out_profile = profile;
    if (out_fault != NULL)
        *out_fault = fault;
    if (device == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_device_wait needs a device");
    if (!device->running)
        return tsr_error(TSR_INVALID_ARGUMENT, "nothing was submitted to device %s", device->info.driver);
    tsr_status status = device->driver->ops.wait(device, timeout_ms, &profile, &fault);
    device->running = false; // whatever happened: on a timeout the driver has aborted the run
    if (out_profile != NULL)
        *out_profile = profile;
    if (out_fault != NULL)
        *out_fault = fault;
    if (status.code == TSR_TIMEOUT && atomic_load(&device->interrupted))
        status = tsr_error(TSR_TIMEOUT, "the run was interrupted");
    return tsr_annotate(status, "%s", device->info.driver);
}

void tsr_device_interrupt(tsr_device *device) {
    if (device == NULL)
        return;
    atomic_store(&device->interrupted, true);
    if (device->driver->ops.interrupt != NULL)
        device->driver->ops.interrupt(device);
}

tsr_status tsr_device_on_insn(tsr_device *device, tsr_on_insn *callback, void *context) {
    if (device == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_device_on_insn needs a device");
    if (device->running)
        return tsr_error(TSR_INVALID_ARGUMENT, "device %s is running; wait for it first", device->info.driver);
    if (device->driver->ops.on_insn == NULL)
        return tsr_error(TSR_UNSUPPORTED, "device %s does not know when an instruction runs; devices timing and rtl do",
                         device->info.driver);
    return device->driver->ops.on_insn(device, callback, context);
}
