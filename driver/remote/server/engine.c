// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICK_MS = 250 };

struct engine {
    tsr_device *device;
    uint32_t run_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, over; // there is a job; a job is over
    job *first, **last;
    uint64_t bytes_left;
    bool stopping; // runs are refused
    bool ending;   // the thread is to end
};

// ---- the device's thread --------------------------------------------------------------------------------------------

static void keep_record(void *context, const tsr_insn_profile *record) {
    job *j = context;
    if (j->record_count < j->record_room)
        j->records[j->record_count++] = *record;
}

static tsr_status run(engine *e, job *j) {
    const bool own_limit = j->timeout_ms == 0 || j->timeout_ms > e->run_ms;
    if (j->records != NULL)
        TSR_TRY(tsr_device_on_insn(e->device, keep_record, j));
    tsr_status status = tsr_device_submit(e->device, &j->run);
    if (status.code == TSR_OK)
        status = tsr_device_wait(e->device, own_limit ? e->run_ms : j->timeout_ms, &j->profile, &j->fault);
    if (j->records != NULL)
        (void)tsr_device_on_insn(e->device, NULL, NULL);
    if (status.code == TSR_TIMEOUT && own_limit)
        status = tsr_annotate(status, "the server ends a run after %u s (--run-limit)", e->run_ms / 1000);
    return status;
}

static tsr_status do_job(engine *e, job *j) {
    switch (j->kind) {
    case JOB_ALLOC: return tsr_buffer_alloc(e->device, j->size, &j->buffer);
    case JOB_FREE: tsr_buffer_free(e->device, j->buffer); return tsr_ok();
    case JOB_WRITE:
        memcpy((uint8_t *)tsr_buffer_map(j->buffer) + j->offset, j->in, j->size);
        return tsr_buffer_sync_to_device(e->device, j->buffer, j->offset, j->size);
    case JOB_READ:
        TSR_TRY(tsr_buffer_sync_from_device(e->device, j->buffer, j->offset, j->size));
        memcpy(j->out, (const uint8_t *)tsr_buffer_map(j->buffer) + j->offset, j->size);
        return tsr_ok();
    case JOB_RUN: return run(e, j);
    }
    return tsr_error(TSR_INTERNAL, "no such job");
}

static void *device_thread(void *context) {
    engine *e = context;
    pthread_mutex_lock(&e->lock);
    for (;;) {
        while (e->first == NULL && !e->ending)
            pthread_cond_wait(&e->work, &e->lock);
        job *j = e->first;
        if (j == NULL)
            break;
        e->first = j->next;
        if (e->first == NULL)
            e->last = &e->first;
        j->state = JOB_UNDER_WAY;
        const bool refuse = j->kind == JOB_RUN && e->stopping;
        pthread_mutex_unlock(&e->lock);
        const tsr_status status = refuse ? tsr_error(TSR_TIMEOUT, "the server stops") : do_job(e, j);
        pthread_mutex_lock(&e->lock);
        j->status = status;
        j->state = JOB_OVER;
        pthread_cond_broadcast(&e->over);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

// ---- what clients' threads call -------------------------------------------------------------------------------------

tsr_status engine_create(tsr_device *device, uint64_t max_bytes, uint32_t run_s, engine **out_engine) {
    *out_engine = NULL;
    engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a server");
    e->device = device;
    e->bytes_left = max_bytes;
    e->run_ms = run_s < UINT32_MAX / 1000 ? run_s * 1000 : UINT32_MAX / 1000 * 1000;
    e->last = &e->first;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->work, NULL);
    pthread_cond_init(&e->over, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&e->thread, NULL, device_thread, e) != 0) {
        free(e);
        return tsr_error(TSR_OUT_OF_MEMORY, "no thread for the device");
    }
    *out_engine = e;
    return tsr_ok();
}

void engine_destroy(engine *e) {
    if (e == NULL)
        return;
    pthread_mutex_lock(&e->lock);
    e->ending = true;
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    tsr_device_close(e->device);
    pthread_cond_destroy(&e->work);
    pthread_cond_destroy(&e->over);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

static void enqueue(engine *e, job *j) {
    j->state = JOB_QUEUED;
    j->next = NULL;
    *e->last = j;
    e->last = &j->next;
    pthread_cond_signal(&e->work);
}

static void take_out(engine *e, job *j) {
    for (job **link = &e->first; *link != NULL; link = &(*link)->next) {
        if (*link == j) {
            *link = j->next;
            if (e->last == &j->next)
                e->last = link;
            return;
        }
    }
}

// Waits for the end of a job, at most a tick.
static void wait_a_tick(engine *e) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&e->over, &e->lock, &until);
}

static bool tick_passed(const struct timespec *since) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000 >= TICK_MS;
}

bool engine_do(engine *e, job *j, bool (*on_tick)(void *context, job_state state), void *context) {
    bool wanted = true;
    struct timespec last_tick;
    clock_gettime(CLOCK_MONOTONIC, &last_tick);
    pthread_mutex_lock(&e->lock);
    enqueue(e, j);
    while (j->state != JOB_OVER) {
        wait_a_tick(e);
        if (j->state == JOB_OVER || !tick_passed(&last_tick)) // other jobs' ends wake this thread too
            continue;
        clock_gettime(CLOCK_MONOTONIC, &last_tick);
        if (wanted && on_tick != NULL) {
            const job_state state = j->state;
            pthread_mutex_unlock(&e->lock);
            wanted = on_tick(context, state);
            pthread_mutex_lock(&e->lock);
        }
        if (!wanted && j->state == JOB_QUEUED) {
            take_out(e, j);
            break;
        }
        // Again at each tick, since an interrupt before the run begins is without effect.
        if (!wanted && j->state == JOB_UNDER_WAY && j->kind == JOB_RUN)
            tsr_device_interrupt(e->device);
    }
    pthread_mutex_unlock(&e->lock);
    return wanted;
}

void engine_do_now(engine *e, job *j) { (void)engine_do(e, j, NULL, NULL); }

void engine_stop(engine *e) {
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    tsr_device_interrupt(e->device);
    pthread_mutex_unlock(&e->lock);
}

bool engine_take_bytes(engine *e, uint64_t bytes) {
    pthread_mutex_lock(&e->lock);
    const bool enough = bytes <= e->bytes_left;
    if (enough)
        e->bytes_left -= bytes;
    pthread_mutex_unlock(&e->lock);
    return enough;
}

void engine_give_bytes(engine *e, uint64_t bytes) {
    pthread_mutex_lock(&e->lock);
    e->bytes_left += bytes;
    pthread_mutex_unlock(&e->lock);
}
