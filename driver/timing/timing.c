// SPDX-License-Identifier: Apache-2.0
// The cycle model as a device: the executable specification computes the results, the cycle model the clocks. The run happens
// inside wait.
//
// Options, all of them optional:
//   config=NAME    (pynq) which core
//   latency=N, bandwidth=N, outstanding=N   the memory, as device rtl has them
//   data=0|1       (1) 0: only clocks; outputs then keep whatever the buffers held
#include <stdlib.h>
#include <string.h>

#include "cycle.h"
#include "tsr/driver.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"
#include "tsr/model.h"

typedef struct timing_options {
    tsr_config config;
    bool config_given;
    uint32_t latency, bandwidth, outstanding, data;
} timing_options;

typedef struct timing_device {
    tsr_device base;
    timing_options options;
    tsr_model *model; // NULL: clocks only
    tsr_run run;      // submitted
    tsr_deadline deadline;
    uint64_t next_address;
    tsr_on_insn *on_insn;
    void *on_insn_context;
} timing_device;

typedef struct timing_buffer {
    tsr_buffer base;
    uint64_t address;
} timing_buffer;

static tsr_status visit_option(void *context, const char *key, const char *value) {
    timing_options *o = context;
    const struct {
        const char *key;
        uint32_t min, max, *number;
    } numbers[] = {
        {"latency", 1, 100000, &o->latency},
        {"bandwidth", 1, 4096, &o->bandwidth},
        {"outstanding", 1, 256, &o->outstanding},
        {"data", 0, 1, &o->data},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(key, numbers[i].key) == 0)
            return tsr_option_u32(key, value, numbers[i].min, numbers[i].max, numbers[i].number);
    if (strcmp(key, "config") == 0) {
        o->config_given = true;
        return tsr_find_config(value, &o->config);
    }
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; known: config, latency, bandwidth, outstanding, data", key);
}

static bool past_deadline(void *context) { return tsr_deadline_passed(&((const timing_device *)context)->deadline); }

static tsr_status timing_open(const char *text, tsr_device **out_device) {
    timing_options options = {.latency = 64, .outstanding = 16, .data = 1};
    TSR_TRY(tsr_options_each(text, visit_option, &options));
    if (!options.config_given)
        TSR_TRY(tsr_find_config("pynq", &options.config));
    timing_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    const tsr_model_options model = {.stop = past_deadline, .stop_context = device};
    const tsr_status status = options.data ? tsr_model_create(&options.config, &model, &device->model) : tsr_ok();
    if (status.code != TSR_OK) {
        free(device);
        return status;
    }
    device->options = options;
    device->next_address = TSR_FIRST_BUS_ADDRESS;
    device->base.info = (tsr_device_info){
        .driver = "timing",
        .config = options.config,
        .isa_version = tsr_driver_isa_version(),
        .cycle_accurate = true,
        .max_buffer_bytes = UINT32_MAX,
    };
    *out_device = &device->base;
    return tsr_ok();
}

static void timing_close(tsr_device *base) {
    timing_device *device = (timing_device *)base;
    tsr_model_destroy(device->model);
    free(device);
}

static tsr_status timing_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    timing_device *device = (timing_device *)base;
    TSR_TRY(tsr_host_buffer_alloc(sizeof(timing_buffer), size, out_buffer));
    ((timing_buffer *)*out_buffer)->address = tsr_take_bus_address(&device->next_address, size);
    return tsr_ok();
}

static tsr_status timing_submit(tsr_device *base, const tsr_run *run) {
    ((timing_device *)base)->run = *run;
    return tsr_ok();
}

static tsr_status timeout(uint32_t timeout_ms) { return tsr_error(TSR_TIMEOUT, "no end after %u ms", timeout_ms); }

// The clocks come first: the run may change the memory that its instructions are in.
static tsr_status timing_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    timing_device *device = (timing_device *)base;
    const timing_options *o = &device->options;
    const uint32_t bus = o->config.bus_bytes;
    const cycle_memory memory = {o->latency, o->bandwidth != 0 && o->bandwidth < bus ? o->bandwidth : bus, o->outstanding};
    cycle_run run = {.insn_offset = device->run.insn_offset,
                     .insn_count = device->run.insn_count,
                     .on_insn = device->on_insn,
                     .on_insn_context = device->on_insn_context,
                     .stop = past_deadline,
                     .stop_context = device};
    tsr_model_segment data[TSR_MODEL_SEGMENTS] = {0};
    for (int s = 0; s < TSR_SEGMENTS; s++) {
        const timing_buffer *buffer = (const timing_buffer *)device->run.segment[s];
        if (buffer == NULL)
            continue;
        run.segment[s] = (cycle_segment){buffer->base.host, buffer->address, (uint32_t)buffer->base.size};
        data[s] = (tsr_model_segment){.data = buffer->base.host, .size = buffer->base.size};
    }
    device->deadline = tsr_deadline_of(base, timeout_ms);
    const tsr_status status = cycle_simulate(&o->config, &memory, &run, out_profile, out_fault);
    if (status.code == TSR_TIMEOUT)
        return timeout(timeout_ms);
    TSR_TRY(status);
    if (device->model != NULL) {
        tsr_model_fault fault;
        const tsr_status computed = tsr_model_run(device->model, data, run.insn_offset, run.insn_count, &fault, NULL);
        if (computed.code == TSR_TIMEOUT)
            return timeout(timeout_ms);
        TSR_TRY(computed);
        *out_fault = (tsr_fault){fault.code, fault.unit, fault.insn_index};
    }
    return out_fault->code != 0 ? tsr_driver_fault(out_fault->code, out_fault->unit, out_fault->insn_index) : tsr_ok();
}

static tsr_status timing_on_insn(tsr_device *base, tsr_on_insn *callback, void *context) {
    timing_device *device = (timing_device *)base;
    device->on_insn = callback;
    device->on_insn_context = context;
    return tsr_ok();
}

const tsr_driver tsr_driver_timing = {
    .name = "timing",
    .summary = "a fast cycle model: exact results, the clocks of rtl",
    .options = "config=NAME latency=N bandwidth=N outstanding=N data=0|1",
    .ops =
        {
            .open = timing_open,
            .close = timing_close,
            .buffer_alloc = timing_buffer_alloc,
            .buffer_free = tsr_host_buffer_free,
            .submit = timing_submit,
            .wait = timing_wait,
            .on_insn = timing_on_insn,
        },
};
