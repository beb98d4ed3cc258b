// SPDX-License-Identifier: Apache-2.0
#include "execute.h"

#include <stdlib.h>

#include "tsr/tessera.h"

struct executor {
    tsr_program *program;
    tsr_device *device;
    tsr_session *session;
    void **outputs;
};

static tsr_status prepare(executor *e) {
    TSR_TRY(tsr_device_open("cpu", &e->device));
    TSR_TRY(tsr_session_create(e->device, e->program, &e->session));
    e->outputs = calloc(e->program->output_count + 1U, sizeof *e->outputs);
    for (uint32_t i = 0; e->outputs != NULL && i < e->program->output_count; i++)
        if ((e->outputs[i] = malloc(e->program->outputs[i].bytes + 1)) == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the values of %s", e->program->outputs[i].name);
    return e->outputs != NULL ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for results");
}

tsr_status executor_create(tsr_program *program, executor **out_executor) {
    *out_executor = NULL;
    executor *e = calloc(1, sizeof *e);
    if (e == NULL) {
        tsr_program_free(program);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory to run a model");
    }
    e->program = program;
    tsr_status status = prepare(e);
    if (status.code == TSR_OK)
        *out_executor = e;
    else
        executor_free(e);
    return status;
}

void executor_free(executor *e) {
    if (e == NULL)
        return;
    for (uint32_t i = 0; e->outputs != NULL && i < e->program->output_count; i++)
        free(e->outputs[i]);
    free(e->outputs);
    tsr_session_destroy(e->session);
    tsr_device_close(e->device);
    tsr_program_free(e->program);
    free(e);
}

tsr_status executor_set_input(executor *e, uint32_t index, void *data) {
    const tsr_tensor tensor = tsr_tensor_for(&e->program->inputs[index], data);
    return tsr_session_set_input(e->session, index, &tensor);
}

tsr_status executor_run(executor *e) {
    TSR_TRY(tsr_session_invoke(e->session, 0));
    for (uint32_t i = 0; i < e->program->output_count; i++) {
        const tsr_tensor tensor = tsr_tensor_for(&e->program->outputs[i], e->outputs[i]);
        TSR_TRY(tsr_session_get_output(e->session, i, &tensor));
    }
    return tsr_ok();
}

const void *const *executor_outputs(const executor *e) { return (const void *const *)e->outputs; }
