// SPDX-License-Identifier: Apache-2.0
// Plain host memory and no accelerator behind it: the device for programs that were compiled for the CPU alone. Runs of
// instructions are refused, with what to do instead.
#include <stdlib.h>

#include "tsr/driver.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"

static tsr_status visit_option(void *context, const char *key, const char *value) {
    (void)context;
    (void)value;
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; this device has none", key);
}

static tsr_status cpu_open(const char *text, tsr_device **out_device) {
    TSR_TRY(tsr_options_each(text, visit_option, NULL));
    tsr_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    device->info = (tsr_device_info){
        .driver = "cpu",
        .config = {.name = "none"},
        .isa_version = tsr_driver_isa_version(),
        .max_buffer_bytes = UINT32_MAX,
    };
    *out_device = device;
    return tsr_ok();
}

static void cpu_close(tsr_device *device) { free(device); }

static tsr_status cpu_submit(tsr_device *device, const tsr_run *run) {
    (void)device;
    (void)run;
    return tsr_error(TSR_UNSUPPORTED, "there is no accelerator behind this device; use func or rtl, or compile the model for "
                                      "the cpu");
}

static tsr_status cpu_wait(tsr_device *device, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    (void)device;
    (void)timeout_ms;
    (void)out_profile;
    (void)out_fault;
    return tsr_error(TSR_INTERNAL, "no run can have been submitted");
}

const tsr_driver tsr_driver_cpu = {
    .name = "cpu",
    .summary = "this computer alone, for programs compiled for the CPU",
    .options = "",
    .ops =
        {
            .open = cpu_open,
            .close = cpu_close,
            .buffer_alloc = tsr_host_plain_alloc,
            .buffer_free = tsr_host_buffer_free,
            .submit = cpu_submit,
            .wait = cpu_wait,
        },
};
