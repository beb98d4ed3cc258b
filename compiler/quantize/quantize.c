// SPDX-License-Identifier: Apache-2.0
// The steps of quantisation, one call each.
#include "tsr/quantize.h"

#include <stdlib.h>
#include <string.h>

#include "quantizer.h"
#include "tsr/import.h"
#include "tsr/lower.h"

enum { STANDARD_REPORT_SAMPLES = 32 };

void progress(const tsr_quantizer *q, const char *stage, uint32_t done, uint32_t total) {
    if (q->options.on_progress != NULL)
        q->options.on_progress(q->options.progress_context, stage, done, total);
}

// ---- opening -----------------------------------------------------------------------------------------------------------

static void describe_inputs(tsr_quantizer *q) {
    q->input_count = q->graph->input_count;
    q->inputs = TSR_NEW_ARRAY(q->arena, tsr_io, q->input_count);
    for (uint32_t i = 0; i < q->input_count; i++) {
        const tsr_tensor *t = &q->graph->tensors[q->graph->inputs[i]];
        tsr_io *io = &q->inputs[i];
        strncpy(io->name, t->name, sizeof io->name - 1);
        io->dtype = t->dtype;
        io->rank = t->rank;
        for (uint32_t d = 0; d < t->rank; d++)
            io->shape[d] = (uint32_t)t->shape[d];
        io->bytes = tsr_tensor_bytes(t);
        io->channels_last = q->graph->channels_last;
    }
}

static tsr_status prepare(tsr_quantizer *q) {
    TSR_TRY(prepare_graph(q->graph));
    TSR_TRY(write_check(q->graph));
    describe_inputs(q);
    q->tensors = TSR_NEW_ARRAY(q->arena, tensor_state, q->graph->tensor_count);
    q->integer = TSR_NEW_ARRAY(q->arena, bool, q->graph->node_count);
    return tsr_ok();
}

tsr_status tsr_quantizer_open(const char *path, int64_t batch, uint32_t dim_count, const char *const *dims,
                              tsr_quantizer **out_quantizer) {
    *out_quantizer = NULL;
    const tsr_import_options options = {.batch = batch, .dim_count = dim_count, .dims = dims, .evaluate = tsr_evaluate_node};
    tsr_graph *graph;
    TSR_TRY(tsr_import_file(path, &options, &graph));
    tsr_arena *arena = tsr_arena_create();
    tsr_quantizer *q = TSR_NEW(arena, tsr_quantizer);
    q->arena = arena;
    q->graph = graph;
    tsr_status status = tsr_annotate(prepare(q), "%s", path);
    if (status.code == TSR_OK)
        *out_quantizer = q;
    else
        tsr_quantizer_close(q);
    return status;
}

void tsr_quantizer_close(tsr_quantizer *quantizer) {
    if (quantizer == NULL)
        return;
    tsr_graph_free(quantizer->twin);
    tsr_graph_free(quantizer->graph);
    tsr_arena_free(quantizer->arena);
}

const tsr_io *tsr_quantizer_inputs(const tsr_quantizer *quantizer, uint32_t *out_count) {
    *out_count = quantizer->input_count;
    return quantizer->inputs;
}

// ---- running -----------------------------------------------------------------------------------------------------------

// Layers that alone lose too much. True when there were any.
static bool keep_worst(tsr_quantizer *q, bool *kept) {
    bool any = false;
    for (uint32_t i = 0; i < q->report.layer_count && q->options.least_sqnr > 0; i++)
        for (uint32_t n = 0; n < q->graph->node_count && q->report.layers[i].own_sqnr < q->options.least_sqnr; n++)
            if (!kept[n] && strcmp(q->graph->nodes[n].name, q->report.layers[i].name) == 0)
                any = kept[n] = true;
    return any;
}

static void count_corrected(tsr_quantizer *q) {
    for (uint32_t n = 0; n < q->graph->node_count && q->options.bias_correct; n++)
        q->report.corrected += q->integer[n] && has_weights(&q->graph->nodes[n]);
}

static tsr_status check_any(const tsr_quantizer *q) {
    for (uint32_t n = 0; n < q->graph->node_count; n++)
        if (q->integer[n])
            return tsr_ok();
    return tsr_error(TSR_UNSUPPORTED, "no layer can be quantised: Conv, Gemm, MatMul, Add, Sub, Mul, pools, Sigmoid and Tanh in "
                                      "float32 can, those that are kept in float left out");
}

static tsr_status run(tsr_quantizer *q) {
    bool *kept = TSR_NEW_ARRAY(q->arena, bool, q->graph->node_count);
    if (q->options.equalise)
        q->report.equalised = equalise(q->graph);
    if (q->report.equalised > 0) { // tensors were added
        q->tensors = TSR_NEW_ARRAY(q->arena, tensor_state, q->graph->tensor_count);
    }
    TSR_TRY(select_kept(q, kept));
    select_integer(q, kept);
    TSR_TRY(check_any(q));
    TSR_TRY(calibrate(q));
    choose_ranges(q);
    rewrite(q, true);
    TSR_TRY(measure_apart(q));
    if (keep_worst(q, kept)) {
        select_integer(q, kept);
        TSR_TRY(check_any(q));
        choose_ranges(q);
    }
    count_corrected(q);
    rewrite(q, false);
    return measure_whole(q);
}

tsr_status tsr_quantizer_run(tsr_quantizer *quantizer, const tsr_samples *samples, const tsr_quantize_options *options) {
    if (samples->count == 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "no samples to calibrate with");
    const uint32_t wanted = options->report_samples != 0 ? options->report_samples : STANDARD_REPORT_SAMPLES;
    quantizer->samples = *samples;
    quantizer->options = *options;
    quantizer->report.samples = samples->count;
    quantizer->report.measured = wanted < samples->count ? wanted : samples->count;
    return run(quantizer);
}

tsr_status tsr_quantizer_write(const tsr_quantizer *quantizer, uint8_t **out_bytes, size_t *out_size) {
    tsr_graph *graph = quantised_graph(quantizer);
    tsr_status status = write_onnx(graph, out_bytes, out_size);
    tsr_graph_free(graph);
    return status;
}

const tsr_quantize_report *tsr_quantizer_report(const tsr_quantizer *quantizer) { return &quantizer->report; }
