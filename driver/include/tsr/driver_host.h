// SPDX-License-Identifier: Apache-2.0
// For drivers whose buffers are host memory and whose runs happen inside wait.
#ifndef TSR_DRIVER_HOST_H
#define TSR_DRIVER_HOST_H

#include <stdbool.h>
#include <time.h>

#include "tsr/driver.h"

// A buffer struct of struct_bytes, which starts with a tsr_buffer, and zeroed memory aligned to 64 bytes as its host view.
tsr_status tsr_host_buffer_alloc(size_t struct_bytes, uint64_t size, tsr_buffer **out_buffer);
// The same as functions of a driver whose buffers have nothing of their own.
tsr_status tsr_host_plain_alloc(tsr_device *device, uint64_t size, tsr_buffer **out_buffer);
void tsr_host_buffer_free(tsr_device *device, tsr_buffer *buffer);

// Bus addresses of buffers in simulated memory. Devices rtl and timing must give the same ones: bursts end at 4 KiB.
// They begin above 4 GiB, so that the upper halves of the base registers matter, are not used again, and lie apart, so that
// whoever strays gets a bus error.
#define TSR_FIRST_BUS_ADDRESS UINT64_C(0x100000000)
uint64_t tsr_take_bus_address(uint64_t *next, uint64_t size); // *next: TSR_FIRST_BUS_ADDRESS at first

typedef struct tsr_deadline {
    bool timed;
    struct timespec at;
    const atomic_bool *interrupted; // the device's; NULL = nothing to look at
} tsr_deadline;
tsr_deadline tsr_deadline_in(uint32_t timeout_ms); // 0 = never
tsr_deadline tsr_deadline_of(const tsr_device *device, uint32_t timeout_ms); // passes when the device is interrupted, too
bool tsr_deadline_passed(const tsr_deadline *deadline);

#endif
