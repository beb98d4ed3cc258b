// SPDX-License-Identifier: Apache-2.0
// Nodes -> steps: runs of accelerator nodes become one instruction stream, each host node a function.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "tsr/host.h"
#include "tsr/lower.h"

typedef struct generator {
    compilation *c;
    tsr_program *program;
    tsr_accel *accel;
    const tsr_tensor_function **functions; // of host steps
    uint32_t function_count;
    tsr_host_options host;
    tsr_lower_target target;
    uint64_t scratch_bytes; // most that a function wants
} generator;

static void progress(const compilation *c, const char *stage, unsigned done, unsigned total) {
    if (c->options->on_progress != NULL)
        c->options->on_progress(c->options->progress_context, stage, done, total);
}

static void copy_name(char *to, size_t size, const char *from) { snprintf(to, size, "%s", from != NULL ? from : ""); }

static uint64_t bytes_of(const tsr_graph *graph, const tsr_id *ids, uint32_t count) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool again = ids[i] == TSR_NO_ID;
        for (uint32_t k = 0; k < i; k++)
            again |= ids[k] == ids[i];
        bytes += again ? 0 : tsr_tensor_bytes(&graph->tensors[ids[i]]);
    }
    return bytes;
}

// What no schedule can beat: every multiplier busy in every clock, or each tensor once over the bus.
static uint64_t bound_of(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, const tsr_layer *layer) {
    const bool depthwise = node->op == TSR_OP_CONV && graph->tensors[node->inputs[1]].shape[3] == 1 && node->attr.groups > 1;
    const uint64_t array = (uint64_t)config->batch * config->block_out * (depthwise ? 1 : config->block_in);
    uint64_t bound = (layer->macs + array - 1) / array;
    const uint64_t in = (layer->bytes_in + config->bus_bytes - 1) / config->bus_bytes;
    const uint64_t out = (layer->bytes_out + config->bus_bytes - 1) / config->bus_bytes;
    bound = in > bound ? in : bound;
    return out > bound ? out : bound;
}

static void describe_layer(const compilation *c, const tsr_node *node, const placement *place, tsr_layer *layer) {
    const tsr_tensor *y = &c->graph->tensors[node->outputs[0]];
    layer_name(node, layer->name);
    copy_name(layer->op, sizeof layer->op, tsr_op_name(node->op));
    copy_name(layer->reason, sizeof layer->reason, place->reason);
    layer->on_accelerator = place->on_accelerator;
    layer->macs = tsr_node_macs(c->graph, node);
    layer->bytes_in = bytes_of(c->graph, node->inputs, node->input_count);
    layer->bytes_out = bytes_of(c->graph, node->outputs, node->output_count);
    if (c->options->config != NULL)
        layer->bound_cycles = bound_of(c->graph, node, c->options->config, layer);
    layer->out_rank = y->rank;
    for (uint32_t d = 0; d < y->rank; d++)
        layer->out_shape[d] = (uint32_t)y->shape[d];
}

// Constants that host code reads get their place in segment 0 when the first function needs them.
static tsr_status place_buffers(generator *g, const tsr_tensor_function *f) {
    enum { SCRATCH_ALIGNMENT = 64 };
    uint64_t scratch = 0;
    tsr_tbuffer **buffers;
    uint32_t count = tsr_tensor_buffers(f, g->c->arena, &buffers);
    for (uint32_t i = 0; i < count; i++) {
        tsr_tbuffer *b = buffers[i];
        if (b->scope == TSR_SCOPE_SCRATCH) { // behind the activations; functions run one after another and share it
            b->offset = g->c->work_bytes + scratch;
            scratch += (b->elements * tsr_dtype_size(b->dtype) + SCRATCH_ALIGNMENT - 1) / SCRATCH_ALIGNMENT * SCRATCH_ALIGNMENT;
            continue;
        }
        if (b->scope != TSR_SCOPE_CONST || b->user != NULL)
            continue;
        b->offset = tsr_blob_append(&g->c->consts, b->data, (size_t)b->elements * tsr_dtype_size(b->dtype), 64);
        b->user = b; // placed
    }
    g->scratch_bytes = scratch > g->scratch_bytes ? scratch : g->scratch_bytes;
    if (g->c->work_bytes + g->scratch_bytes > TSR_PROGRAM_MAX_WORK)
        return tsr_error(TSR_UNSUPPORTED, "node %s needs %llu MiB of scratch memory beside %llu MiB of activations", f->name,
                         (unsigned long long)(scratch >> 20), (unsigned long long)(g->c->work_bytes >> 20));
    return tsr_ok();
}

// "schedule": programs over the accelerator's memories; "tensor": those of the CPU as well.
static bool dumps(const compilation *c, const char *stage) {
    return c->options->dump != NULL && c->options->dump_after != NULL && strcmp(c->options->dump_after, stage) == 0;
}

static tsr_status print_function(void *context, const tsr_tensor_function *f) {
    const compilation *c = context;
    if (c->options->dump_data)
        tsr_tensor_print_all(f, c->options->dump);
    else
        tsr_tensor_print(f, c->options->dump);
    return tsr_ok();
}

static tsr_status host_node(generator *g, const tsr_node *node, tsr_step *step) {
    tsr_tensor_function *f;
    TSR_TRY(tsr_lower_node_for(g->c->arena, g->c->graph, node, g->c->buffers, &g->target, &f));
    TSR_TRY(place_buffers(g, f));
    if (dumps(g->c, "tensor"))
        TSR_TRY(print_function(g->c, f));
    step->kind = TSR_STEP_HOST;
    step->function = g->function_count;
    g->functions[g->function_count++] = f;
    return tsr_ok();
}

static tsr_status end_stream(generator *g, tsr_step *step) {
    if (step == NULL || step->kind != TSR_STEP_ACCELERATOR || step->insn_count != 0)
        return tsr_ok();
    return tsr_accel_end_stream(g->accel, &step->insn_offset, &step->insn_count);
}

// Whether nothing more needs to be said about a node.
static bool has_problem(const compilation *c, const tsr_node *node) {
    char begin[TSR_MESSAGE_BYTES];
    snprintf(begin, sizeof begin, "node %.400s (", node->name);
    return c->graph->problems != NULL && tsr_problems_begin_with(c->graph->problems, begin);
}

// What is not supported is noted, and the other nodes are looked at too: the program is not finished then.
static tsr_status make_node(generator *g, const tsr_node *node, const placement *place, tsr_layer *layer, tsr_step *step) {
    compilation *c = g->c;
    if (has_problem(c, node))
        return tsr_ok();
    if (!place->on_accelerator)
        return tsr_problems_take(c->graph->problems, host_node(g, node, step));
    const tsr_node *fused = place->fused != TSR_NO_ID ? &c->graph->nodes[place->fused] : NULL;
    if (fused != NULL && fused < node) // done by the one before
        return tsr_ok();
    return tsr_problems_take(c->graph->problems, tsr_accel_add_node(g->accel, c->graph, node, fused, c->buffers,
                                                                    &layer->first_insn, &layer->insn_count));
}

static tsr_status make_steps(generator *g) {
    compilation *c = g->c;
    tsr_program *p = g->program;
    tsr_step *step = NULL;
    for (uint32_t n = 0; n < c->graph->node_count; n++) {
        const tsr_node *node = &c->graph->nodes[n];
        const placement *place = &c->places[n];
        progress(c, "generate", n, c->graph->node_count);
        if (place->skip)
            continue;
        if (step == NULL || step->kind != TSR_STEP_ACCELERATOR || !place->on_accelerator) {
            TSR_TRY(end_stream(g, step));
            step = &p->steps[p->step_count++];
            step->first_layer = p->layer_count;
            step->kind = place->on_accelerator ? TSR_STEP_ACCELERATOR : TSR_STEP_HOST;
        }
        tsr_layer *layer = &p->layers[p->layer_count++];
        describe_layer(c, node, place, layer);
        step->layer_count++;
        TSR_TRY(make_node(g, node, place, layer, step));
    }
    if (c->graph->problems != NULL)
        TSR_TRY(tsr_problems_status(c->graph->problems));
    return end_stream(g, step);
}

// The image of each kind begins on a page of its own.
static tsr_status add_kind(generator *g, uint32_t kind, const tsr_host_code *code) {
    enum { PAGE = 4096 };
    tsr_program *p = g->program;
    uint64_t begin = (p->code_bytes + PAGE - 1) / PAGE * PAGE, end = begin + code->code_bytes;
    if (end > TSR_PROGRAM_MAX_CODE)
        return tsr_error(TSR_UNSUPPORTED, "%llu MiB of host code are more than a compiled model can have (%llu)",
                         (unsigned long long)(end >> 20), (unsigned long long)(TSR_PROGRAM_MAX_CODE >> 20));
    uint8_t *grown = realloc(p->code, end);
    if (grown == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %llu bytes of host code", (unsigned long long)end);
    p->code = grown;
    memset(p->code + p->code_bytes, 0, begin - p->code_bytes);
    memcpy(p->code + begin, code->code, code->code_bytes);
    p->code_bytes = end;
    for (uint32_t f = 0; f < g->function_count; f++)
        p->entries[kind * g->function_count + f] = (uint32_t)begin + code->entries[f];
    copy_name(p->target, sizeof p->target, code->target);
    copy_name(p->kinds[kind].features, sizeof p->kinds[kind].features, code->features);
    if (strlen(code->features) >= sizeof p->kinds[kind].features)
        return tsr_error(TSR_INTERNAL, "the list of CPU features is too long for the file: %s", code->features);
    return tsr_ok();
}

// Object and header; the program keeps what describes the model.
static tsr_status embed(generator *g) {
    tsr_program *p = g->program;
    tsr_embedded *e = g->c->options->embedded;
    tsr_host_span *spans = TSR_NEW_ARRAY(g->c->arena, tsr_host_span, p->input_count + p->output_count + 1);
    for (uint32_t i = 0; i < p->input_count + p->output_count; i++) {
        const tsr_io *io = i < p->input_count ? &p->inputs[i] : &p->outputs[i - p->input_count];
        spans[i] = (tsr_host_span){io->offset, io->bytes};
    }
    const tsr_host_model model = {e->name, g->c->consts.data,     g->c->consts.size, p->input_count, p->output_count,
                                  spans,   spans + p->input_count};
    uint8_t *object;
    const char *features;
    progress(g->c, "host code", 0, 1);
    TSR_TRY(tsr_host_embed(g->c->arena, g->functions, g->function_count, &g->host, &model, &object, &e->object_bytes, &features));
    e->object = malloc(e->object_bytes);
    if (e->object == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for an object of %zu bytes", e->object_bytes);
    memcpy(e->object, object, e->object_bytes);
    p->step_count = 0;
    return write_header(g->c, p, features);
}

static tsr_status make_host_code(generator *g) {
    tsr_program *p = g->program;
    if (g->c->options->embedded != NULL)
        return embed(g);
    if (g->function_count == 0)
        return tsr_ok();
    const char *cpus[TSR_HOST_MAX_CPUS];
    TSR_TRY(tsr_host_cpus(&g->host, cpus, &p->kind_count));
    p->function_count = g->function_count;
    p->kinds = calloc(p->kind_count, sizeof *p->kinds);
    p->entries = calloc((size_t)p->kind_count * p->function_count, sizeof *p->entries);
    if (p->kinds == NULL || p->entries == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u host functions", p->function_count);
    for (uint32_t k = 0; k < p->kind_count; k++) {
        progress(g->c, "host code", k, p->kind_count);
        tsr_host_options options = g->host;
        options.cpu = cpus[k];
        tsr_host_code code;
        TSR_TRY(tsr_host_compile(g->c->arena, g->functions, g->function_count, &options, &code));
        TSR_TRY(add_kind(g, k, &code));
    }
    return tsr_ok();
}

static void describe_io(const compilation *c, tsr_id id, tsr_io *io) {
    const tsr_tensor *t = &c->graph->tensors[id];
    copy_name(io->name, sizeof io->name, t->name);
    io->dtype = t->dtype;
    io->rank = t->rank;
    for (uint32_t d = 0; d < t->rank; d++)
        io->shape[d] = (uint32_t)t->shape[d];
    io->offset = c->buffers[id]->offset;
    io->bytes = tsr_tensor_bytes(t);
    io->channels_last = c->graph->channels_last;
    if (t->quant.count == 1) {
        io->scale = t->quant.scale[0];
        io->zero_point = t->quant.zero_point[0];
    }
}

// For an object, which cannot choose at load.
static tsr_status choose_one_kind(tsr_host_options *host) {
    const char *cpus[TSR_HOST_MAX_CPUS];
    uint32_t count;
    TSR_TRY(tsr_host_cpus(host, cpus, &count));
    if (host->cpu != NULL && count > 1)
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "an object holds one kind of code, and cpu '%s' stands for %u; name one, such as %s", host->cpu, count,
                         cpus[count - 1]);
    host->cpu = cpus[count - 1]; // the one that runs everywhere
    return tsr_ok();
}

tsr_status generate(compilation *c, tsr_program *p) {
    uint32_t nodes = c->graph->node_count;
    p->inputs = calloc(c->graph->input_count + 1, sizeof *p->inputs);
    p->outputs = calloc(c->graph->output_count + 1, sizeof *p->outputs);
    p->steps = calloc(nodes + 1, sizeof *p->steps);
    p->layers = calloc(nodes + 1, sizeof *p->layers);
    if (p->inputs == NULL || p->outputs == NULL || p->steps == NULL || p->layers == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a program of %u nodes", nodes);
    generator g = {.c = c, .program = p, .functions = TSR_NEW_ARRAY(c->arena, const tsr_tensor_function *, nodes + 1)};
    g.host = (tsr_host_options){.target = c->options->target, .cpu = c->options->cpu};
    if (c->options->embedded != NULL)
        TSR_TRY(choose_one_kind(&g.host));
    TSR_TRY(tsr_host_lower_target(&g.host, &g.target));
    if (c->options->config != NULL) {
        TSR_TRY(tsr_accel_create(c->arena, c->options->config, &c->consts, &g.accel));
        if (dumps(c, "schedule") || dumps(c, "tensor"))
            tsr_accel_on_schedule(g.accel, print_function, c);
    }
    for (uint32_t i = 0; i < c->graph->input_count; i++)
        describe_io(c, c->graph->inputs[i], &p->inputs[p->input_count++]);
    for (uint32_t i = 0; i < c->graph->output_count; i++)
        describe_io(c, c->graph->outputs[i], &p->outputs[p->output_count++]);
    TSR_TRY(make_steps(&g));
    p->work_bytes = c->work_bytes + g.scratch_bytes;
    TSR_TRY(make_host_code(&g));
    if (c->consts.size > TSR_PROGRAM_MAX_CONST)
        return tsr_error(TSR_UNSUPPORTED, "the model's constants need %zu MiB; a segment holds %llu MiB", c->consts.size >> 20,
                         (unsigned long long)(TSR_PROGRAM_MAX_CONST >> 20));
    p->const_data = c->consts.data; // ownership moves
    p->const_bytes = c->consts.size;
    memset(&c->consts, 0, sizeof c->consts);
    return tsr_ok();
}
