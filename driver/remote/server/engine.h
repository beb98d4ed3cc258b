// SPDX-License-Identifier: Apache-2.0
// The one thread that calls the device, and the queue of what clients want from it.
#ifndef SERVER_ENGINE_H
#define SERVER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/driver.h"

typedef struct engine engine;

typedef enum job_kind { JOB_ALLOC, JOB_FREE, JOB_WRITE, JOB_READ, JOB_RUN } job_kind;
typedef enum job_state { JOB_QUEUED, JOB_UNDER_WAY, JOB_OVER } job_state;

typedef struct job {
    job_kind kind;
    tsr_buffer *buffer; // FREE, WRITE, READ; ALLOC: what it gave
    uint64_t offset, size;
    const uint8_t *in; // WRITE
    uint8_t *out;      // READ
    tsr_run run;
    uint32_t timeout_ms; // RUN; 0 = the server's own limit alone
    tsr_insn_profile *records; // RUN: NULL or room for record_room, the client's
    uint32_t record_room, record_count;
    // Afterwards.
    tsr_status status;
    tsr_profile profile;
    tsr_fault fault;
    // The engine's own.
    job_state state;
    struct job *next;
} job;

// The engine owns the device from then on.
tsr_status engine_create(tsr_device *device, uint64_t max_bytes, uint32_t run_s, engine **out_engine);
void engine_destroy(engine *e); // no client may be left

// Does the job and returns true. Meanwhile calls on_tick four times a second; when that returns false the job is dropped if it
// still waits, and a run is interrupted: false, and the job is nowhere in use any more.
bool engine_do(engine *e, job *j, bool (*on_tick)(void *context, job_state state), void *context);
// The same without being asked.
void engine_do_now(engine *e, job *j);
// Ends the run under way and lets the following ones fail.
void engine_stop(engine *e);

// Memory that clients share.
bool engine_take_bytes(engine *e, uint64_t bytes);
void engine_give_bytes(engine *e, uint64_t bytes);

#endif
