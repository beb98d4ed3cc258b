// SPDX-License-Identifier: Apache-2.0
// Chrome's trace event format (JSON object form; "Trace Event Format", chromium.org), which Perfetto and chrome://tracing
// read. A clock is shown as a microsecond. Rows: layers, then the four units; tokens are flow arrows from the instruction that
// gave one to the one that took it. Checked with a reader: docs/user-guide.md.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "profile.h"

enum { LAYER_ROW = 1, FIRST_UNIT_ROW = 2, TRACE_VERSION = 1 };

typedef struct trace {
    const profile_run *run;
    FILE *out;
    uint32_t step;
    uint64_t offset; // clocks of the steps before
    uint32_t events, most, left_out;
    const tsr_insn_profile *insns;
    uint64_t *begins; // of the instructions' spans, owned
    uint32_t next_flow;
} trace;

static bool room(trace *t) {
    if (t->events < t->most) {
        t->events++;
        return true;
    }
    t->left_out++;
    return false;
}

static void text(FILE *out, const char *s) {
    fputc('"', out);
    for (; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', out);
        if ((unsigned char)*s >= 0x20)
            fputc(*s, out);
    }
    fputc('"', out);
}

static void name_row(trace *t, uint32_t row, const char *name) {
    fprintf(t->out, ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_name\",\"args\":{\"name\":", row);
    text(t->out, name);
    fprintf(t->out, "}},\n{\"ph\":\"M\",\"pid\":1,\"tid\":%u,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%u}}", row,
            row);
}

static void span(trace *t, uint32_t row, const char *name, uint64_t begin, uint64_t end, const char *key, const char *value) {
    if (!room(t))
        return;
    fprintf(t->out, ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%u,\"ts\":%" PRIu64 ",\"dur\":%" PRIu64 ",\"name\":", row,
            t->offset + begin, end > begin ? end - begin : 1);
    text(t->out, name);
    fprintf(t->out, ",\"args\":{");
    text(t->out, key);
    fputc(':', t->out);
    text(t->out, value);
    fprintf(t->out, "}}");
}

static void token(void *context, uint32_t giver, uint32_t taker) {
    trace *t = context;
    const tsr_insn_profile *from = &t->insns[giver], *to = &t->insns[taker];
    if (from->end == 0 || to->end == 0 || !room(t))
        return;
    // A flow begins and ends inside of a span, and readers drop one that ends before it begins: LOAD takes an instruction to read
    // DRAM, and its tokens later, to write.
    const uint32_t id = ++t->next_flow;
    const uint64_t given = from->end - 1, last = to->end - 1;
    uint64_t taken = to->begin > from->end ? to->begin : from->end;
    taken = taken > t->begins[taker] ? taken : t->begins[taker];
    fprintf(t->out,
            ",\n{\"ph\":\"s\",\"pid\":1,\"tid\":%u,\"ts\":%" PRIu64 ",\"id\":%u,\"cat\":\"token\",\"name\":\"token\"},"
            "\n{\"ph\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":%u,\"ts\":%" PRIu64
            ",\"id\":%u,\"cat\":\"token\",\"name\":\"token\"}",
            FIRST_UNIT_ROW + from->unit, t->offset + given, id, FIRST_UNIT_ROW + to->unit,
            t->offset + (taken < last ? taken : last), id);
}

// A unit works on several instructions at a time but completes them in order. Spans of a row must not overlap, so one begins
// no earlier than the one before has ended.
static void unit_span(trace *t, const char *layer, uint32_t index, uint64_t ends[TSR_UNITS]) {
    const tsr_insn_profile *r = &t->insns[index];
    char name[64];
    t->begins[index] = r->begin > ends[r->unit] ? r->begin : ends[r->unit];
    ends[r->unit] = r->end;
    if (tsr_profile_describe(t->run->program, t->step, index, name, sizeof name).code == TSR_OK)
        span(t, FIRST_UNIT_ROW + r->unit, name, t->begins[index], r->end, "layer", layer);
}

static tsr_status step(trace *t) {
    const profile_run *r = t->run;
    const tsr_step *s = &r->program->steps[t->step];
    t->insns = tsr_session_insns(r->session, t->step);
    if (t->insns == NULL)
        return tsr_ok();
    t->begins = calloc(s->insn_count + 1U, sizeof *t->begins);
    if (t->begins == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a trace");
    uint64_t ends[TSR_UNITS] = {0}, layers = 0;
    for (uint32_t i = s->first_layer; i < s->first_layer + s->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        if (l->cycles > 0) // what each adds, one after the other
            span(t, LAYER_ROW, l->layer->name, layers, layers + l->cycles, "operator", l->layer->op);
        layers += l->cycles;
        for (uint32_t k = l->layer->first_insn; k < l->layer->first_insn + l->layer->insn_count; k++)
            if (t->insns[k].end != 0)
                unit_span(t, l->layer->name, k, ends);
    }
    const tsr_status status = tsr_profile_tokens(r->program, t->step, token, t);
    free(t->begins);
    return status;
}

static tsr_status write_all(trace *t) {
    const profile_run *r = t->run;
    const tsr_session_profile all = tsr_session_get_profile(r->session);
    fprintf(
        t->out,
        "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":");
    char process[256];
    snprintf(process, sizeof process, "%s on %s, %s", r->model, r->device, r->program->config.name);
    text(t->out, process);
    fprintf(t->out, "}}");
    name_row(t, LAYER_ROW, "layers");
    for (uint32_t u = 0; u < TSR_UNITS; u++)
        name_row(t, FIRST_UNIT_ROW + u, tsr_profile_unit_name(u));
    for (t->step = 0; t->step < r->program->step_count; t->step++) {
        TSR_TRY(step(t));
        t->offset += all.steps[t->step].device.cycles;
    }
    fprintf(t->out, "\n],\"otherData\":{\"format\":\"tessera trace\",\"version\":\"%d\",\"unit\":\"1 us = 1 clock\",\"model\":",
            TRACE_VERSION);
    text(t->out, r->model);
    fprintf(t->out, ",\"config\":");
    text(t->out, r->program->config.name);
    fprintf(t->out, ",\"cycles\":\"%" PRIu64 "\",\"events_left_out\":\"%u\"}}\n", r->cycles, t->left_out);
    return tsr_ok();
}

tsr_status profile_trace(const profile_run *r, const char *path, uint32_t most_events) {
    char *bytes = NULL;
    size_t size = 0;
    trace t = {.run = r, .most = most_events, .out = open_memstream(&bytes, &size)};
    if (t.out == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a trace");
    tsr_status status = write_all(&t);
    const bool good = fclose(t.out) == 0;
    if (status.code == TSR_OK)
        status = good ? file_write(path, &(file_part){bytes, size}, 1) : tsr_error(TSR_OUT_OF_MEMORY, "no memory for a trace");
    free(bytes);
    if (status.code == TSR_OK && t.left_out > 0)
        fprintf(stderr, "tessera: %s: %u events left out; see --trace-events\n", path, t.left_out);
    return status;
}
