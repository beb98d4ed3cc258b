// SPDX-License-Identifier: Apache-2.0
// Runs a test's stream on the executable specification.
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "stream.h"
#include "tsr/model.h"

typedef struct model_result {
    tsr_status status;
    tsr_model_fault fault;
    tsr_model_counters counters;
    tsr_model_race race;
    uint8_t work[STREAM_WORK]; // segment 1 afterwards
} model_result;

// work0: what segment 1 holds before the run; NULL = zeros. The stream is encoded by this call and freed; free the result.
static inline model_result *model_run(stream *s, const uint8_t *work0) {
    model_result *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    if (work0 != NULL)
        memcpy(r->work, work0, sizeof r->work);
    stream_encode(s);
    tsr_model_options options = {.check_races = true};
    tsr_model *model = NULL;
    r->status = tsr_model_create(&s->config, &options, &model);
    if (r->status.code == TSR_OK) {
        tsr_model_segment segments[4] = {{s->consts, stream_size(s)}, {r->work, sizeof r->work}};
        r->status = tsr_model_run(model, segments, s->insn_offset, s->insn_count, &r->fault, &r->counters);
        r->race = tsr_model_get_race(model);
    }
    tsr_model_destroy(model);
    free(s);
    return r;
}

// xorshift64*: the same numbers on every machine.
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#endif
