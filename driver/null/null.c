// SPDX-License-Identifier: Apache-2.0
// A device that accepts everything and computes nothing: the smallest whole driver, to copy (see README.md), and a way to
// measure what the layers above cost.
//
// Options: config=NAME (default pynq).
#include <stdlib.h>
#include <string.h>

#include "tsr/driver.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"

typedef struct null_device {
    tsr_device base; // first, always
} null_device;

typedef struct null_options {
    tsr_config config;
    bool config_given;
} null_options;

static tsr_status visit_option(void *context, const char *key, const char *value) {
    null_options *options = context;
    if (strcmp(key, "config") == 0) {
        options->config_given = true;
        return tsr_find_config(value, &options->config);
    }
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; known: config", key);
}

static tsr_status null_open(const char *text, tsr_device **out_device) {
    null_options options = {0};
    TSR_TRY(tsr_options_each(text, visit_option, &options));
    if (!options.config_given)
        TSR_TRY(tsr_find_config("pynq", &options.config));
    null_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    device->base.info = (tsr_device_info){
        .driver = "null",
        .config = options.config,
        .isa_version = tsr_driver_isa_version(),
        .cycle_accurate = false,
        .max_buffer_bytes = UINT32_MAX,
    };
    *out_device = &device->base;
    return tsr_ok();
}

static void null_close(tsr_device *device) { free(device); }

static tsr_status null_submit(tsr_device *device, const tsr_run *run) {
    (void)device;
    (void)run;
    return tsr_ok();
}

static tsr_status null_wait(tsr_device *device, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    (void)device;
    (void)timeout_ms;
    (void)out_profile; // cleared by the dispatcher, as is the fault
    (void)out_fault;
    return tsr_ok();
}

const tsr_driver tsr_driver_null = {
    .name = "null",
    .summary = "accepts everything, computes nothing",
    .options = "config=NAME",
    .ops =
        {
            .open = null_open,
            .close = null_close,
            .buffer_alloc = tsr_host_plain_alloc,
            .buffer_free = tsr_host_buffer_free,
            .submit = null_submit,
            .wait = null_wait,
        },
};
