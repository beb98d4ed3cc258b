// SPDX-License-Identifier: Apache-2.0
#include "timed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static tsr_status fill_inputs(tsr_session *session) {
    const tsr_program *program = tsr_session_program(session);
    uint32_t state = 1;
    for (uint32_t i = 0; i < program->input_count; i++) {
        const tsr_io *io = &program->inputs[i];
        uint8_t *data = calloc(1, io->bytes);
        if (data == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %u", i);
        for (uint64_t at = 0; at < io->bytes; at += 4) {
            state = state * 1664525 + 1013904223;
            float real = (float)(state >> 8) / (1 << 23) - 1;
            if (io->dtype == TSR_F32)
                memcpy(data + at, &real, 4);
            else
                data[at] = (uint8_t)(state >> 24);
        }
        tsr_tensor tensor = tsr_tensor_for(io, data);
        tsr_status status = tsr_session_set_input(session, i, &tensor);
        free(data);
        TSR_TRY(status);
    }
    return tsr_ok();
}

tsr_status timed_open(const tsr_program *program, timed *out_timed) {
    *out_timed = (timed){.program = program, .steps = calloc(program->step_count + 1U, sizeof *out_timed->steps)};
    tsr_status status = out_timed->steps == NULL ? tsr_error(TSR_OUT_OF_MEMORY, "no memory for a profile")
                                                 : tsr_device_open("cpu", &out_timed->device);
    if (status.code == TSR_OK)
        status = tsr_session_create(out_timed->device, program, &out_timed->session);
    if (status.code == TSR_OK)
        status = fill_inputs(out_timed->session);
    if (status.code != TSR_OK)
        timed_close(out_timed);
    return status;
}

void timed_close(timed *t) {
    free(t->steps);
    tsr_session_destroy(t->session);
    tsr_device_close(t->device);
    *t = (timed){0};
}

tsr_status timed_run(timed *t, unsigned count, double *out_least, double *out_middle) {
    *out_least = *out_middle = 0;
    double *ms = calloc(count, sizeof *ms);
    if (ms == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u times", count);
    tsr_status status = tsr_ok();
    for (unsigned i = 0; i < count && status.code == TSR_OK; i++) {
        double begin = now_ms();
        status = tsr_session_invoke(t->session, 0);
        ms[i] = now_ms() - begin;
        tsr_session_profile profile = tsr_session_get_profile(t->session);
        for (uint32_t s = 0; s < profile.step_count; s++)
            if (t->steps[s] == 0 || profile.steps[s].nanoseconds < t->steps[s])
                t->steps[s] = profile.steps[s].nanoseconds;
    }
    qsort(ms, count, sizeof *ms, by_value);
    *out_least = ms[0];
    *out_middle = ms[count / 2];
    free(ms);
    return status;
}
