// SPDX-License-Identifier: Apache-2.0
// Tessera's public C API: the one header that a user includes. See docs/example.c for a whole program.
//
//   tsr_device_open("rtl:config=pynq,latency=80", &device)      devices by name; tsr_drivers[] lists them
//   tsr_program_load("model.tsr", &program)                     a compiled model; no compiler needed
//   tsr_session_create(device, program, &session)               memory on the device, weights uploaded
//   tsr_session_set_input(session, 0, &tensor)
//   tsr_session_invoke(session, timeout_ms)
//   tsr_session_get_output(session, 0, &tensor)
//
// Every call that can fail returns a tsr_status; print its message. Nothing is global: sessions of different devices may
// be used from different threads, those of one device from one thread at a time.
//
// Below sessions, tsr/driver.h gives buffers, submit and wait for running instruction streams of one's own.
#ifndef TSR_TESSERA_H
#define TSR_TESSERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/driver.h"
#include "tsr/dtype.h"
#include "tsr/program.h"
#include "tsr/status.h"

typedef struct tsr_session tsr_session;

// A dense row-major tensor in the caller's memory.
typedef struct tsr_tensor {
    tsr_dtype dtype;
    uint32_t rank;
    uint32_t shape[TSR_MAX_RANK];
    void *data;
    size_t bytes; // of data; must be the product of shape and element size
} tsr_tensor;

// A tensor that fits io: dtype, rank, shape and bytes are filled in, data is the caller's.
tsr_tensor tsr_tensor_for(const tsr_io *io, void *data);

// A program on a device. Refuses (TSR_MISMATCH, both sides named) a program for another configuration or ISA version, or
// with host code for another CPU. A program without accelerator steps runs on every device; device `cpu` runs only those.
// The session borrows device and program: both must outlive it. One device can hold many sessions.
tsr_status tsr_session_create(tsr_device *device, const tsr_program *program, tsr_session **out_session);
void tsr_session_destroy(tsr_session *session); // NULL is fine

// Threads that share the work of a host step, the caller's among them: 1 (after creation) to TSR_MAX_THREADS, 0 for one a
// CPU that the process may use. They start with the first run that has work for them, sleep between runs, and end with
// the session. Results do not depend on their number. Not while the session runs.
enum { TSR_MAX_THREADS = 64 };
tsr_status tsr_session_set_threads(tsr_session *session, uint32_t threads);

const tsr_program *tsr_session_program(const tsr_session *session);

// Copies the tensor; it stays set for all later runs until set again. TSR_MISMATCH when dtype, rank, shape or size is not
// the program's (the message names both), TSR_OUT_OF_RANGE when there is no such input.
tsr_status tsr_session_set_input(tsr_session *session, uint32_t index, const tsr_tensor *tensor);

// Copies an output of the last run into tensor->data; checks as above. TSR_INVALID_ARGUMENT when the last run did not end
// well, or there was none.
tsr_status tsr_session_get_output(tsr_session *session, uint32_t index, const tsr_tensor *tensor);

// Runs the program once. A run depends on the inputs only, whatever ran before, and however that ended: work memory is
// cleared first where the accelerator takes part, and host code reads nothing that the run has not written. timeout_ms bounds the accelerator's part (0 = no limit); TSR_TIMEOUT, TSR_DEVICE_FAULT leave the
// session and the device ready for another run.
tsr_status tsr_session_invoke(tsr_session *session, uint32_t timeout_ms);

// Called before each step of a run with its number and the count; for progress bars. NULL = none.
void tsr_session_on_step(tsr_session *session, void (*callback)(void *context, uint32_t step, uint32_t step_count),
                         void *context);

// What the last run took. Step i of the profile is step i of the program, layers first_layer.. of tsr_program.layers.
typedef struct tsr_step_profile {
    uint64_t nanoseconds; // wall clock
    tsr_profile device; // accelerator steps; zero for host steps
    tsr_fault fault; // code 0 unless this step ended the run with TSR_DEVICE_FAULT
} tsr_step_profile;
typedef struct tsr_session_profile {
    uint32_t step_count; // steps that ran
    const tsr_step_profile *steps; // owned by the session, valid until its next run
    tsr_step_profile total; // nanoseconds and counters summed over the steps; fault is that of the run
} tsr_session_profile;
tsr_session_profile tsr_session_get_profile(const tsr_session *session);

// From the next run on keeps when each instruction ran, about 90 bytes an instruction of the program. TSR_UNSUPPORTED on devices
// that cannot tell (func, cpu).
tsr_status tsr_session_record(tsr_session *session);
// Of an accelerator step in the last run: insn_count records by index in the stream, owned by the session, valid until its next
// run. One that did not complete (FINISH never does) has end 0. NULL: nothing was recorded, or it is a host step.
const tsr_insn_profile *tsr_session_insns(const tsr_session *session, uint32_t step);

#endif
