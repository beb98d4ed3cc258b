// SPDX-License-Identifier: Apache-2.0
// The Verilated core as a device: cycle-accurate by construction. The run happens inside wait.
//
// Options, all of them optional:
//   config=NAME      (pynq) which core
//   latency=N        (64) cycles from a read request to its first data, and from a write's last data to its response
//   bandwidth=N      (bus width) bytes a cycle, each way
//   outstanding=N    (16) requests that the memory has in hand, each way
//   seed=N           (0 = off) random latencies up to twice as long, and random back-pressure, both from this seed
//   cycle_limit=N    (0 = none) a longer run ends with TSR_TIMEOUT and a report of what every unit waits for
//   trace=FILE       an FST waveform; trace_start=N (0) and trace_stop=N (trace_start + 100000) in cycles from the start of
//                    the device's first run; trace_mib=N (256) bounds the file
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "tsr/driver.h"
#include "tsr/driver_host.h"
#include "tsr/driver_isa.h"

enum { TRACE_CYCLES = 100000, TRACE_MIB = 256, PATH_BYTES = 512, STALL_256THS = 32 };

typedef struct rtl_options {
    tsr_config config;
    bool config_given;
    uint32_t latency, bandwidth, outstanding, seed, cycle_limit;
    uint32_t trace_start, trace_stop, trace_mib;
    char trace[PATH_BYTES];
} rtl_options;

typedef struct rtl_device {
    tsr_device base;
    core *core;
    rtl_options options;
    bool trace_opened;
    uint64_t next_address;
    tsr_on_insn *on_insn;
    void *on_insn_context;
} rtl_device;

typedef struct rtl_buffer {
    tsr_buffer base;
    uint64_t address;
} rtl_buffer;

static tsr_status visit_option(void *context, const char *key, const char *value) {
    rtl_options *o = context;
    const struct {
        const char *key;
        uint32_t min, max, *number;
    } numbers[] = {
        {"latency", 1, 100000, &o->latency},
        {"bandwidth", 1, 4096, &o->bandwidth},
        {"outstanding", 1, 256, &o->outstanding},
        {"seed", 0, UINT32_MAX, &o->seed},
        {"cycle_limit", 0, UINT32_MAX, &o->cycle_limit},
        {"trace_start", 0, UINT32_MAX, &o->trace_start},
        {"trace_stop", 1, UINT32_MAX, &o->trace_stop},
        {"trace_mib", 1, 65536, &o->trace_mib},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(key, numbers[i].key) == 0)
            return tsr_option_u32(key, value, numbers[i].min, numbers[i].max, numbers[i].number);
    if (strcmp(key, "config") == 0) {
        o->config_given = true;
        return tsr_find_config(value, &o->config);
    }
    if (strcmp(key, "trace") == 0) {
        snprintf(o->trace, sizeof o->trace, "%s", value);
        return tsr_ok();
    }
    return tsr_error(TSR_INVALID_ARGUMENT,
                     "unknown option \"%s\"; known: config, latency, bandwidth, outstanding, seed, cycle_limit, trace, "
                     "trace_start, trace_stop, trace_mib",
                     key);
}

static tsr_status rtl_open(const char *text, tsr_device **out_device) {
    rtl_options options = {.latency = 64, .outstanding = 16, .trace_mib = TRACE_MIB};
    TSR_TRY(tsr_options_each(text, visit_option, &options));
    if (!options.config_given)
        TSR_TRY(tsr_find_config("pynq", &options.config));
    if (options.trace_stop == 0)
        options.trace_stop = options.trace_start < UINT32_MAX - TRACE_CYCLES ? options.trace_start + TRACE_CYCLES : UINT32_MAX;
    if (options.trace_stop <= options.trace_start)
        return tsr_error(TSR_INVALID_ARGUMENT, "option trace_stop=%u: not after trace_start=%u", options.trace_stop,
                         options.trace_start);
    rtl_device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    tsr_sim_memory memory = {.latency = options.latency,
                             .read_bandwidth = options.bandwidth,
                             .write_bandwidth = options.bandwidth,
                             .outstanding = options.outstanding};
    if (options.seed != 0) {
        memory.seed = options.seed;
        memory.random_latency = options.latency;
        memory.random_stall = STALL_256THS;
    }
    tsr_status status = core_open(&options.config, &memory, &device->core);
    if (status.code != TSR_OK) {
        free(device);
        return status;
    }
    device->options = options;
    device->next_address = TSR_FIRST_BUS_ADDRESS;
    device->base.info = (tsr_device_info){
        .driver = "rtl",
        .config = options.config,
        .isa_version = core_isa_version(device->core),
        .cycle_accurate = true,
        .max_buffer_bytes = UINT32_MAX,
    };
    *out_device = &device->base;
    return tsr_ok();
}

static void rtl_close(tsr_device *base) {
    rtl_device *device = (rtl_device *)base;
    core_close(device->core);
    free(device);
}

static tsr_status rtl_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    rtl_device *device = (rtl_device *)base;
    tsr_buffer *host;
    TSR_TRY(tsr_host_buffer_alloc(sizeof(rtl_buffer), size, &host));
    rtl_buffer *buffer = (rtl_buffer *)host;
    buffer->address = tsr_take_bus_address(&device->next_address, size);
    if (!core_attach(device->core, buffer->address, buffer->base.host, size)) {
        tsr_host_buffer_free(base, host);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a buffer of %llu bytes", (unsigned long long)size);
    }
    *out_buffer = &buffer->base;
    return tsr_ok();
}

static void rtl_buffer_free(tsr_device *base, tsr_buffer *buffer) {
    core_detach(((rtl_device *)base)->core, ((rtl_buffer *)buffer)->address);
    tsr_host_buffer_free(base, buffer);
}

static tsr_status rtl_submit(tsr_device *base, const tsr_run *run) {
    rtl_device *device = (rtl_device *)base;
    const rtl_options *o = &device->options;
    if (o->trace[0] != '\0' && !device->trace_opened) {
        TSR_TRY(core_trace(device->core, o->trace, o->trace_start, o->trace_stop, (uint64_t)o->trace_mib << 20));
        device->trace_opened = true;
    }
    tsr_control_segment segment[TSR_SEGMENTS] = {{0, 0}};
    for (int s = 0; s < TSR_SEGMENTS; s++) {
        const rtl_buffer *buffer = (const rtl_buffer *)run->segment[s];
        if (buffer != NULL)
            segment[s] = (tsr_control_segment){buffer->address, (uint32_t)buffer->base.size};
    }
    core_start(device->core, segment, run->insn_offset, run->insn_count);
    return tsr_ok();
}

static tsr_status rtl_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    rtl_device *device = (rtl_device *)base;
    const core_limits limits = {device->options.cycle_limit, timeout_ms, &base->interrupted};
    TSR_TRY(core_finish(device->core, limits, out_profile, out_fault));
    return out_fault->code != 0 ? tsr_driver_fault(out_fault->code, out_fault->unit, out_fault->insn_index) : tsr_ok();
}

static void insn_completed(void *context, const tsr_sim_insn *insn) {
    const rtl_device *device = context;
    const tsr_insn_profile profile = {.index = insn->index,
                                      .unit = insn->unit,
                                      .begin = insn->begin,
                                      .end = insn->end,
                                      .counters = {.busy = insn->busy,
                                                   .stall_token = insn->stall_token,
                                                   .stall_memory = insn->stall_memory,
                                                   .stall_queue = insn->stall_queue,
                                                   .stall_bank = insn->stall_bank}};
    device->on_insn(device->on_insn_context, &profile);
}

static tsr_status rtl_on_insn(tsr_device *base, tsr_on_insn *callback, void *context) {
    rtl_device *device = (rtl_device *)base;
    device->on_insn = callback;
    device->on_insn_context = context;
    core_on_insn(device->core, callback != NULL ? insn_completed : NULL, device);
    return tsr_ok();
}

const tsr_driver tsr_driver_rtl = {
    .name = "rtl",
    .summary = "the Verilated core with a memory model: exact results and cycles",
    .options =
        "config=NAME latency=N bandwidth=N outstanding=N seed=N cycle_limit=N trace=FILE trace_start=N trace_stop=N trace_mib=N",
    .ops =
        {
            .open = rtl_open,
            .close = rtl_close,
            .buffer_alloc = rtl_buffer_alloc,
            .buffer_free = rtl_buffer_free,
            .submit = rtl_submit,
            .wait = rtl_wait,
            .on_insn = rtl_on_insn,
        },
};
