// SPDX-License-Identifier: Apache-2.0
#include "tsr/driver_host.h"

#include <stdlib.h>
#include <string.h>

tsr_status tsr_host_buffer_alloc(size_t struct_bytes, uint64_t size, tsr_buffer **out_buffer) {
    *out_buffer = NULL;
    tsr_buffer *buffer = calloc(1, struct_bytes);
    if (buffer == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a buffer");
    if (posix_memalign(&buffer->host, 64, size) != 0) {
        free(buffer);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a buffer of %llu bytes", (unsigned long long)size);
    }
    memset(buffer->host, 0, size);
    *out_buffer = buffer;
    return tsr_ok();
}

tsr_status tsr_host_plain_alloc(tsr_device *device, uint64_t size, tsr_buffer **out_buffer) {
    (void)device;
    return tsr_host_buffer_alloc(sizeof **out_buffer, size, out_buffer);
}

void tsr_host_buffer_free(tsr_device *device, tsr_buffer *buffer) {
    (void)device;
    free(buffer->host);
    free(buffer);
}

uint64_t tsr_take_bus_address(uint64_t *next, uint64_t size) {
    enum { ALIGNMENT = 64, GUARD = 4096 };
    const uint64_t address = *next;
    *next += (size + GUARD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return address;
}

tsr_deadline tsr_deadline_in(uint32_t timeout_ms) {
    tsr_deadline deadline = {.timed = timeout_ms != 0};
    clock_gettime(CLOCK_MONOTONIC, &deadline.at);
    deadline.at.tv_sec += timeout_ms / 1000;
    deadline.at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.at.tv_nsec >= 1000000000) {
        deadline.at.tv_nsec -= 1000000000;
        deadline.at.tv_sec++;
    }
    return deadline;
}

tsr_deadline tsr_deadline_of(const tsr_device *device, uint32_t timeout_ms) {
    tsr_deadline deadline = tsr_deadline_in(timeout_ms);
    deadline.interrupted = &device->interrupted;
    return deadline;
}

bool tsr_deadline_passed(const tsr_deadline *deadline) {
    if (deadline->interrupted != NULL && atomic_load(deadline->interrupted))
        return true;
    if (!deadline->timed)
        return false;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != deadline->at.tv_sec)
        return now.tv_sec > deadline->at.tv_sec;
    return now.tv_nsec >= deadline->at.tv_nsec;
}
