// SPDX-License-Identifier: Apache-2.0
// A run by way of the core's control registers (isa/spec.md 8), for drivers that reach them: the simulated core's and the
// boards'. Only how a register is read and written differs.
#ifndef TSR_DRIVER_CONTROL_H
#define TSR_DRIVER_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/driver.h"

typedef struct tsr_control {
    void *context;
    bool (*read)(void *context, uint32_t offset, uint32_t *out_value); // false: no answer, or an error
    bool (*write)(void *context, uint32_t offset, uint32_t value);
    bool failed; // an access was not answered; the caller clears it
} tsr_control;

typedef struct tsr_control_segment {
    uint64_t base; // bus address
    uint32_t size;
} tsr_control_segment;

typedef struct tsr_control_identity {
    uint32_t magic, isa_version;
    uint64_t config_id; // tsr_config_id of what the core was built from
    bool is_core;       // every register was answered and the magic number is a Tessera core's
    bool same_isa;      // as this program's
} tsr_control_identity;
tsr_control_identity tsr_control_identify(tsr_control *control);

// Sets the run's registers, without starting it; unused segments are {0, 0}.
void tsr_control_set_run(tsr_control *control, const tsr_control_segment segment[TSR_SEGMENTS], uint32_t insn_offset,
                         uint32_t insn_count);
void tsr_control_start(tsr_control *control, bool with_interrupt);
// Whether the run has ended. Reading clears what it reads, so a run is asked until it says yes, and no further.
bool tsr_control_is_done(tsr_control *control);
void tsr_control_acknowledge(tsr_control *control); // the interrupt, and done
// Waits until the core is idle and nobody is left to be told of a run's end; polls and pause as below. For runs that are started
// for their end alone.
bool tsr_control_settle(tsr_control *control, uint32_t polls, void (*pause)(void *context));

tsr_fault tsr_control_read_fault(tsr_control *control);
void tsr_control_read_profile(tsr_control *control, tsr_profile *out_profile);
uint64_t tsr_control_read_progress(tsr_control *control); // grows with everything that moves

// Ends the run and clears the core's state. `polls` bounds how often it is asked whether that is done, with `pause` (or NULL)
// between; false when it is not, or the registers do not answer.
bool tsr_control_soft_reset(tsr_control *control, uint32_t polls, void (*pause)(void *context));

// "load 3: token, gemm: idle, ...": what the units do, from the register `state`; for messages.
enum { TSR_CONTROL_STATE_BYTES = 160 };
void tsr_control_describe(tsr_control *control, char text[TSR_CONTROL_STATE_BYTES]);

#endif
