// SPDX-License-Identifier: Apache-2.0
// Looks inside of a running graph: the tensors of interest become outputs of a copy, which is compiled for the CPU.
#include <stdlib.h>

#include "execute.h"
#include "quantizer.h"
#include "tsr/compiler.h"

enum { MOST_OUTPUTS = 128 }; // a program has at most TSR_PROGRAM_MAX_IOS
#define MOST_BYTES (UINT64_C(256) << 20)

static tsr_status compile_outputs(const tsr_graph *graph, uint32_t count, const tsr_id *tensors, tsr_program **out_program) {
    tsr_graph *copy = tsr_graph_clone(graph);
    copy->outputs = TSR_NEW_ARRAY(copy->arena, tsr_id, count);
    copy->output_count = count;
    for (uint32_t i = 0; i < count; i++)
        copy->outputs[i] = tensors[i];
    copy->channels_last = false; // rounding as the ONNX file will have it
    tsr_graph_sweep(copy);
    const tsr_compile_options options = {.host_only = true};
    tsr_status status = tsr_compile_graph(copy, graph->name, &options, out_program);
    tsr_graph_free(copy);
    return status;
}

static tsr_status run_sample(tsr_quantizer *q, executor *e, uint32_t sample, void *const *inputs) {
    for (uint32_t i = 0; i < q->input_count; i++) {
        TSR_TRY(q->samples.load(q->samples.context, sample, i, inputs[i]));
        TSR_TRY(executor_set_input(e, i, inputs[i]));
    }
    return executor_run(e);
}

static tsr_status run_all(tsr_quantizer *q, const char *stage, executor *e, uint32_t count, uint32_t first, uint32_t group,
                          uint32_t samples, void *const *inputs, observer *show, void *context) {
    for (uint32_t s = 0; s < samples; s++) {
        progress(q, stage, s, samples);
        TSR_TRY(run_sample(q, e, s, inputs));
        for (uint32_t i = 0; i < count; i += group)
            TSR_TRY(show(context, s, first + i, executor_outputs(e) + i));
    }
    return tsr_ok();
}

// How many of the tensors from `first` on fit into one program.
static uint32_t fitting(const tsr_graph *graph, uint32_t count, const tsr_id *tensors, uint32_t first, uint32_t group) {
    uint64_t bytes = 0;
    uint32_t fits = 0;
    while (first + fits < count) {
        for (uint32_t i = 0; i < group; i++)
            bytes += tsr_tensor_bytes(&graph->tensors[tensors[first + fits + i]]);
        if (fits > 0 && (bytes > MOST_BYTES || fits + group > MOST_OUTPUTS))
            break;
        fits += group;
    }
    return fits;
}

tsr_status observe(tsr_quantizer *q, const tsr_graph *graph, uint32_t count, const tsr_id *tensors, uint32_t group,
                   uint32_t samples, uint32_t rounds, const round_of_observation *round, void *context) {
    void **inputs = calloc(q->input_count + 1U, sizeof *inputs);
    tsr_status status = inputs == NULL ? tsr_error(TSR_OUT_OF_MEMORY, "no memory for inputs") : tsr_ok();
    for (uint32_t i = 0; status.code == TSR_OK && i < q->input_count; i++)
        if ((inputs[i] = malloc(q->inputs[i].bytes + 1)) == NULL)
            status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for input %s", q->inputs[i].name);
    for (uint32_t first = 0, fits; status.code == TSR_OK && first < count; first += fits) {
        fits = fitting(graph, count, tensors, first, group);
        tsr_program *program;
        executor *e = NULL;
        progress(q, "compiling", 0, 0);
        status = compile_outputs(graph, fits, tensors + first, &program);
        if (status.code == TSR_OK)
            status = executor_create(program, &e);
        for (uint32_t r = 0; r < rounds && status.code == TSR_OK; r++)
            status = run_all(q, round[r].stage, e, fits, first, group, samples, inputs, round[r].show, context);
        executor_free(e);
    }
    for (uint32_t i = 0; inputs != NULL && i < q->input_count; i++)
        free(inputs[i]);
    free(inputs);
    return status;
}
