// SPDX-License-Identifier: Apache-2.0
// The executable specification (isa/model) as a device. The run happens inside wait.
//
// Options: config=NAME (default pynq); race=1: a run in which two units touch the same bytes without tokens between them ends
// with TSR_DEVICE_FAULT, fault code 0 and a message that names both instructions and the bytes.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/driver.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"
#include "tsr/model.h"

static_assert(TSR_SEGMENTS == (int)TSR_MODEL_SEGMENTS, "a device and the model have as many segments");

typedef struct func_device {
    tsr_device base;
    tsr_model *model;
    tsr_run run; // submitted
    tsr_deadline deadline;
} func_device;

typedef struct func_options {
    tsr_config config;
    bool config_given;
    uint32_t race;
} func_options;

static tsr_status visit_option(void *context, const char *key, const char *value) {
    func_options *options = context;
    if (strcmp(key, "config") == 0) {
        options->config_given = true;
        return tsr_find_config(value, &options->config);
    }
    if (strcmp(key, "race") == 0)
        return tsr_option_u32(key, value, 0, 1, &options->race);
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; known: config, race", key);
}

// The model asks this every few milliseconds of work.
static bool past_deadline(void *context) { return tsr_deadline_passed(&((const func_device *)context)->deadline); }

static tsr_status func_open(const char *text, tsr_device **out_device) {
    func_options options = {0};
    TSR_TRY(tsr_options_each(text, visit_option, &options));
    if (!options.config_given)
        TSR_TRY(tsr_find_config("pynq", &options.config));
    func_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    tsr_model_options model_options = {.check_races = options.race != 0, .stop = past_deadline, .stop_context = device};
    tsr_status status = tsr_model_create(&options.config, &model_options, &device->model);
    if (status.code != TSR_OK) {
        free(device);
        return status;
    }
    device->base.info = (tsr_device_info){
        .driver = "func",
        .config = options.config,
        .isa_version = tsr_driver_isa_version(),
        .cycle_accurate = false,
        .max_buffer_bytes = UINT32_MAX,
    };
    *out_device = &device->base;
    return tsr_ok();
}

static void func_close(tsr_device *base) {
    func_device *device = (func_device *)base;
    tsr_model_destroy(device->model);
    free(device);
}

static tsr_status func_submit(tsr_device *base, const tsr_run *run) {
    func_device *device = (func_device *)base;
    device->run = *run;
    return tsr_ok();
}

static void give_profile(const tsr_model_counters *counters, tsr_profile *out_profile) {
    out_profile->insns = counters->insns;
    out_profile->bytes_read = counters->bytes_read;
    out_profile->bytes_written = counters->bytes_written;
    out_profile->gemm_uops = counters->gemm_uops;
    out_profile->alu_uops = counters->alu_uops;
    for (int u = 0; u < TSR_UNITS; u++)
        out_profile->unit[u].insns = counters->unit_insns[u];
}

static tsr_status race_status(const tsr_model_race *race) {
    static const char *const units[] = {"load", "gemm", "alu", "store", "fetch"};
    return tsr_error(TSR_DEVICE_FAULT,
                     "race: instruction %u (%s) %s and instruction %u (%s) %s %s %llu to %llu of %s with no token between "
                     "them",
                     race->insn[0], units[race->unit[0]], race->writes[0] ? "writes" : "reads", race->insn[1],
                     units[race->unit[1]], race->writes[1] ? "writes" : "reads", race->space[0] == 's' ? "bytes" : "entries",
                     (unsigned long long)race->begin, (unsigned long long)race->end - 1, race->space);
}

static tsr_status func_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    func_device *device = (func_device *)base;
    tsr_model_segment segment[TSR_MODEL_SEGMENTS] = {0};
    for (int s = 0; s < TSR_SEGMENTS; s++) {
        tsr_buffer *buffer = device->run.segment[s];
        if (buffer != NULL)
            segment[s] = (tsr_model_segment){.data = buffer->host, .size = buffer->size};
    }
    device->deadline = tsr_deadline_of(base, timeout_ms);
    tsr_model_fault fault;
    tsr_model_counters counters;
    tsr_status status = tsr_model_run(device->model, segment, device->run.insn_offset, device->run.insn_count, &fault, &counters);
    give_profile(&counters, out_profile);
    if (status.code == TSR_TIMEOUT)
        return tsr_error(TSR_TIMEOUT, "no end after %u ms, %llu of %u instructions done", timeout_ms,
                         (unsigned long long)counters.insns, device->run.insn_count);
    TSR_TRY(status);
    *out_fault = (tsr_fault){.code = fault.code, .unit = fault.unit, .insn_index = fault.insn_index};
    if (fault.code != 0)
        return tsr_driver_fault(fault.code, fault.unit, fault.insn_index);
    tsr_model_race race = tsr_model_get_race(device->model);
    return race.found ? race_status(&race) : tsr_ok();
}

const tsr_driver tsr_driver_func = {
    .name = "func",
    .summary = "the executable specification: exact results, no notion of time",
    .options = "config=NAME race=0|1",
    .ops =
        {
            .open = func_open,
            .close = func_close,
            .buffer_alloc = tsr_host_plain_alloc,
            .buffer_free = tsr_host_buffer_free,
            .submit = func_submit,
            .wait = func_wait,
        },
};
