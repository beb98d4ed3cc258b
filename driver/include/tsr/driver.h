// SPDX-License-Identifier: Apache-2.0
// The one device interface. A driver implements tsr_driver; everything above talks to tsr_device only.
//
// Life: open -> alloc buffers -> submit -> wait -> ... -> free buffers -> close. One run at a time on a device; a second
// submit before wait is TSR_INVALID_ARGUMENT. Devices are not thread-safe; use one from one thread at a time, but for
// tsr_device_interrupt.
#ifndef TSR_DRIVER_H
#define TSR_DRIVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/status.h"

typedef struct tsr_driver tsr_driver;
typedef struct tsr_device tsr_device;
typedef struct tsr_buffer tsr_buffer;

enum { TSR_SEGMENTS = 4 };
#define TSR_UNITS 4 // as in tsr_isa.h; a file that includes both sees that they agree

typedef struct tsr_device_info {
    char driver[16];           // "func", "rtl", ...
    tsr_config config;         // the hardware behind the device
    uint32_t isa_version;      // major << 16 | minor
    bool cycle_accurate;       // profile.cycles means something
    uint64_t max_buffer_bytes; // largest single buffer
} tsr_device_info;

// Counters of one run, as the control registers give them (isa/spec.md, counters). A device without a counter leaves it 0.
typedef struct tsr_unit_profile {
    uint64_t busy, stall_token, stall_memory, stall_queue, stall_bank, insns;
} tsr_unit_profile;
typedef struct tsr_profile {
    uint64_t cycles, insns, bytes_read, bytes_written, gemm_uops, alu_uops;
    tsr_unit_profile unit[TSR_UNITS]; // LOAD, GEMM, ALU, STORE
} tsr_profile;

// An instruction that has completed, on devices with a clock. Cycles count from the start of the run; unit: its unit's counters
// since then, up to its completion.
typedef struct tsr_insn_profile {
    uint32_t index; // in the stream
    uint32_t unit;  // LOAD, GEMM, ALU, STORE
    uint64_t begin, end; // the cycle in which the unit took it (LOAD: to read DRAM), and that in which it was done
    tsr_unit_profile counters;
} tsr_insn_profile;
typedef void tsr_on_insn(void *context, const tsr_insn_profile *insn);

// One run of an instruction stream. Segment 0 holds it; unused segments are NULL. The whole buffer is the segment.
typedef struct tsr_run {
    tsr_buffer *segment[TSR_SEGMENTS];
    uint32_t insn_offset; // bytes into segment 0, a multiple of 32
    uint32_t insn_count;
} tsr_run;

// What went wrong in a run, when wait returned TSR_DEVICE_FAULT.
typedef struct tsr_fault {
    uint32_t code; // a tsr_fault_code (isa/spec.md, faults); 0 = none
    uint32_t unit;
    uint32_t insn_index;
} tsr_fault;

// `options` is the text after the colon of a device name: "config=pynq,latency=80"; every driver rejects keys it does
// not know, naming those it does. A driver that reaches over a network takes an address in front of them
// ("remote:board.local:7433,token_file=key"; IPv6 in brackets), which is short for address=. Opens a device by its full name ("rtl:config=pynq,latency=80").
tsr_status tsr_device_open(const char *name, tsr_device **out_device);
void tsr_device_close(tsr_device *device); // frees what is left of its buffers; NULL is fine

const tsr_device_info *tsr_device_get_info(const tsr_device *device);

// Buffers are zeroed, 64-byte aligned, owned by the device until freed. Size 0 is invalid.
tsr_status tsr_buffer_alloc(tsr_device *device, uint64_t size, tsr_buffer **out_buffer);
void tsr_buffer_free(tsr_device *device, tsr_buffer *buffer); // NULL is fine
uint64_t tsr_buffer_size(const tsr_buffer *buffer);
// Host view of a buffer, valid until it is freed. After writing through it call tsr_buffer_sync_to_device for the range,
// before reading what the device wrote tsr_buffer_sync_from_device. Both check their bounds.
void *tsr_buffer_map(tsr_buffer *buffer);
tsr_status tsr_buffer_sync_to_device(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size);
tsr_status tsr_buffer_sync_from_device(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size);

tsr_status tsr_device_submit(tsr_device *device, const tsr_run *run);
// Waits for the submitted run. timeout_ms 0 = for ever. On TSR_TIMEOUT the run is aborted and the device reset, so that the
// device can be used again. out_profile and out_fault may be NULL.
tsr_status tsr_device_wait(tsr_device *device, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault);

// Ends the run that another thread waits for as if its time were over: its wait returns TSR_TIMEOUT, and the device can be used
// again. Any thread may call it as long as the device is open. Without effect when nothing runs, and on a device whose driver
// does not look (the run then ends by itself or by its timeout).
void tsr_device_interrupt(tsr_device *device);

// From the next run on calls back, inside tsr_device_wait, for every instruction that completes: each unit's in order, units
// interleaved. NULL ends it. TSR_UNSUPPORTED on a device that has no clock or cannot tell.
tsr_status tsr_device_on_insn(tsr_device *device, tsr_on_insn *callback, void *context);

// ---- for drivers ----------------------------------------------------------------------------------------------------

typedef struct tsr_driver_ops {
    tsr_status (*open)(const char *options, tsr_device **out_device);
    void (*close)(tsr_device *device);
    tsr_status (*buffer_alloc)(tsr_device *device, uint64_t size, tsr_buffer **out_buffer);
    void (*buffer_free)(tsr_device *device, tsr_buffer *buffer);
    // NULL = memory is shared, nothing to do.
    tsr_status (*sync_to_device)(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size);
    tsr_status (*sync_from_device)(tsr_device *device, tsr_buffer *buffer, uint64_t offset, uint64_t size);
    tsr_status (*submit)(tsr_device *device, const tsr_run *run);
    tsr_status (*wait)(tsr_device *device, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault);
    tsr_status (*on_insn)(tsr_device *device, tsr_on_insn *callback, void *context); // NULL = cannot tell
    void (*interrupt)(tsr_device *device); // beside setting `interrupted`; NULL = nothing. Called from any thread
} tsr_driver_ops;

struct tsr_driver {
    const char *name;
    const char *summary; // one line for `tessera devices`
    const char *options; // "config=NAME latency=N ...": for messages and help
    tsr_driver_ops ops;
};

// Every device struct starts with this.
struct tsr_device {
    const tsr_driver *driver;
    tsr_device_info info;
    bool running; // between submit and wait; kept by the dispatcher in driver/device.c
    atomic_bool interrupted; // a wait that sees it ends as at its timeout (tsr_deadline_of); kept by driver/device.c
    tsr_buffer *buffers; // list of live buffers, kept by driver/device.c
};

// Every buffer struct starts with this.
struct tsr_buffer {
    tsr_device *owner;
    void *host; // host view
    uint64_t size;
    tsr_buffer *next;
};

// The drivers compiled in, NULL-terminated (driver/registry.c).
extern const tsr_driver *const tsr_drivers[];
// Those that were left out of this build, and what was missing; ends with a NULL name.
typedef struct tsr_driver_absence {
    const char *name, *reason;
} tsr_driver_absence;
extern const tsr_driver_absence tsr_drivers_absent[];

// ---- `key=value,key=value` option texts -----------------------------------------------------------------------------
// Calls visit for each pair; rejects what is not of that form.
tsr_status tsr_options_each(const char *options, tsr_status (*visit)(void *context, const char *key, const char *value),
                            void *context);
// Splits an address without a key off the front: "[::1]:7433,config=tiny" gives the length 10 and "config=tiny". Length 0:
// options start with a key.
size_t tsr_options_address(const char *options, const char **out_rest);
tsr_status tsr_option_u32(const char *key, const char *value, uint32_t min, uint32_t max, uint32_t *out_number);
// Finds and loads the configuration called name: a path when it has a slash, else NAME.cfg in $TESSERA_CONFIGS or in the
// folder next to the installed or built program.
tsr_status tsr_find_config(const char *name, tsr_config *out_config);
// The name of the configuration with this identity (tsr_config_id) among those found by name, for messages; false: none has it.
bool tsr_find_config_name(uint64_t id, char out_name[32]);

#endif
