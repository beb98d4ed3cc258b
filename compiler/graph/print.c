// SPDX-License-Identifier: Apache-2.0
// A graph as text (text.md). Names in the text are unique; a graph's need not be, so that a later one gets "~2" appended.
#include "text.h"

#include <inttypes.h>
#include <string.h>

const char *tsr_shape_text(char buffer[TSR_SHAPE_TEXT], uint32_t rank, const int64_t *shape) {
    size_t used = (size_t)snprintf(buffer, TSR_SHAPE_TEXT, "[");
    for (uint32_t i = 0; i < rank && i < TSR_MAX_RANK; i++)
        used += (size_t)snprintf(buffer + used, TSR_SHAPE_TEXT - used, "%s%" PRId64, i > 0 ? "," : "", shape[i]);
    snprintf(buffer + used, TSR_SHAPE_TEXT - used, "]");
    return buffer;
}

typedef struct printer {
    const tsr_graph *graph;
    tsr_print_constants constants;
    FILE *out;
    tsr_arena *scratch;
    const char **labels; // a tensor's name in the text; NULL: not given yet
    bool *printed;       // constants
    name_map tensor_names, node_names;
} printer;

static const char *unique(printer *p, name_map *names, const char *base) {
    const char *name = base != NULL ? base : "";
    for (uint32_t n = 2; !name_map_add(names, name, 0); n++)
        name = tsr_arena_printf(p->scratch, "%s~%" PRIu32, base != NULL ? base : "", n);
    return name;
}

static bool exists(const printer *p, tsr_id id) { return id < p->graph->tensor_count; }

static void print_label(printer *p, tsr_id id) {
    if (!exists(p, id)) {
        fputs(id == TSR_NO_ID ? "-" : "?", p->out);
        return;
    }
    if (p->labels[id] == NULL)
        p->labels[id] = unique(p, &p->tensor_names, p->graph->tensors[id].name);
    text_print_name(p->labels[id], p->out);
}

// "conv1: int8[1,8,8,16](0.023,-128)"
static void print_typed(printer *p, tsr_id id) {
    print_label(p, id);
    if (!exists(p, id))
        return;
    const tsr_tensor *t = &p->graph->tensors[id];
    const tsr_quant *q = &t->quant;
    char shape[TSR_SHAPE_TEXT];
    fprintf(p->out, ": %s%s", tsr_dtype_name(t->dtype), tsr_shape_text(shape, t->rank, t->shape));
    if (q->count == 0)
        return;
    fputc('(', p->out);
    if (q->count > 1)
        fprintf(p->out, "axis %" PRId32 ": ", q->axis);
    for (uint32_t i = 0; i < q->count; i++) {
        fputs(i > 0 ? " " : "", p->out);
        text_print_float(q->scale[i], p->out);
        fprintf(p->out, ",%" PRId32, q->zero_point[i]);
    }
    fputc(')', p->out);
}

static void print_constant(printer *p, tsr_id id) {
    if (!exists(p, id) || p->graph->tensors[id].data == NULL || p->printed[id])
        return;
    p->printed[id] = true;
    fputs("const ", p->out);
    print_typed(p, id);
    text_print_data(&p->graph->tensors[id], p->constants, p->out);
    fputc('\n', p->out);
}

static unsigned list_length(const attr_field *f, const tsr_attr *attr, const tsr_attr *standard, uint32_t rank) {
    unsigned length = attr_room(f->kind);
    if (f->kind == ATTR_LIST) {
        uint32_t count;
        memcpy(&count, (const char *)attr + f->count_offset, sizeof count);
        return count < length ? count : length;
    }
    const int64_t *values = (const int64_t *)(const void *)((const char *)attr + f->offset);
    const int64_t *usual = (const int64_t *)(const void *)((const char *)standard + f->offset);
    while (f->kind == ATTR_DIMS && length > rank && values[length - 1] == usual[length - 1])
        length--;
    return length;
}

static void print_field(const attr_field *f, const tsr_attr *attr, const tsr_attr *standard, uint32_t rank, FILE *out) {
    const char *value = (const char *)attr + f->offset;
    const unsigned length = list_length(f, attr, standard, rank);
    if (f->kind == ATTR_LIST ? length == 0 : memcmp(value, (const char *)standard + f->offset, f->size) == 0)
        return;
    fprintf(out, " %s%s", f->name, f->kind == ATTR_FLAG ? "" : "=");
    switch (f->kind) {
    case ATTR_FLAG: break;
    case ATTR_FLOAT: text_print_float(*(const float *)(const void *)value, out); break;
    case ATTR_DOUBLE: text_print_double(*(const double *)(const void *)value, out); break;
    case ATTR_CHOICE: {
        unsigned choice, count = 0;
        memcpy(&choice, value, sizeof choice);
        while (f->words[count] != NULL)
            count++;
        fputs(choice < count ? f->words[choice] : "?", out);
        break;
    }
    default:
        for (unsigned i = 0; i < length; i++)
            fprintf(out, "%s%" PRId64, i > 0 ? "," : "", ((const int64_t *)(const void *)value)[i]);
    }
}

static void print_rescale(const tsr_rescale *r, FILE *out) {
    fprintf(out, "%" PRId32 ":%u:%u%s", r->multiplier, r->lsh, r->rsh, r->single_rounding ? "s" : "");
}

static void print_requant(const tsr_requant *r, FILE *out) {
    if (!r->valid)
        return;
    fprintf(out, " requant(in_zero=%" PRId32 ",%" PRId32 " in=", r->in_zero_point[0], r->in_zero_point[1]);
    print_rescale(&r->in[0], out);
    fputc(',', out);
    print_rescale(&r->in[1], out);
    fputs(" out=", out);
    if (r->channels == 0)
        fputs("none", out);
    for (uint32_t c = 0; c < r->channels; c++) {
        fputs(c > 0 ? "," : "", out);
        print_rescale(&r->out[c], out);
    }
    fprintf(out, " out_zero=%" PRId32 " lo=%" PRId32 " hi=%" PRId32 ")", r->out_zero_point, r->lo, r->hi);
}

static void print_node(printer *p, const tsr_node *node) {
    const tsr_attr standard = tsr_attr_default();
    const uint32_t rank = node->input_count > 0 && exists(p, node->inputs[0]) ? p->graph->tensors[node->inputs[0]].rank : 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        print_constant(p, node->inputs[i]);
    for (uint32_t i = 0; i < node->output_count; i++) {
        fputs(i > 0 ? ", " : "", p->out);
        print_typed(p, node->outputs[i]);
    }
    fprintf(p->out, " = %s(", tsr_op_name(node->op));
    for (uint32_t i = 0; i < node->input_count; i++) {
        fputs(i > 0 ? ", " : "", p->out);
        print_label(p, node->inputs[i]);
    }
    fputc(')', p->out);
    for (unsigned i = 0; i < attr_field_count; i++)
        print_field(&attr_fields[i], &node->attr, &standard, rank, p->out);
    print_requant(&node->requant, p->out);
    const char *name = unique(p, &p->node_names, node->name);
    const tsr_id first = node->output_count > 0 ? node->outputs[0] : TSR_NO_ID;
    if (!exists(p, first) || strcmp(name, p->labels[first]) != 0) {
        fputs(" @ ", p->out);
        text_print_name(name, p->out);
    }
    fputc('\n', p->out);
}

static void print_graph(printer *p) {
    const tsr_graph *g = p->graph;
    fprintf(p->out, "%s %d ", TEXT_MAGIC, TEXT_VERSION);
    text_print_name(g->name, p->out);
    fputs(g->channels_last ? " channels_last\n" : "\n", p->out);
    for (uint32_t i = 0; i < g->input_count; i++) {
        fputs("input ", p->out);
        print_typed(p, g->inputs[i]);
        fputc('\n', p->out);
    }
    for (uint32_t i = 0; i < g->output_count; i++) // their names are the model's, whatever else has them
        if (exists(p, g->outputs[i]) && p->labels[g->outputs[i]] == NULL)
            p->labels[g->outputs[i]] = unique(p, &p->tensor_names, g->tensors[g->outputs[i]].name);
    for (uint32_t n = 0; n < g->node_count; n++)
        if (!g->nodes[n].dead)
            print_node(p, &g->nodes[n]);
    for (uint32_t i = 0; i < g->output_count; i++)
        print_constant(p, g->outputs[i]);
    for (uint32_t i = 0; i < g->output_count; i++) {
        fputs("output ", p->out);
        print_label(p, g->outputs[i]);
        fputc('\n', p->out);
    }
}

void tsr_graph_print(const tsr_graph *graph, tsr_print_constants constants, FILE *out) {
    tsr_arena *scratch = tsr_arena_create();
    printer p = {.graph = graph,
                 .constants = constants,
                 .out = out,
                 .scratch = scratch,
                 .labels = TSR_NEW_ARRAY(scratch, const char *, graph->tensor_count + 1),
                 .printed = TSR_NEW_ARRAY(scratch, bool, graph->tensor_count + 1),
                 .tensor_names = {.arena = scratch},
                 .node_names = {.arena = scratch}};
    print_graph(&p);
    tsr_arena_free(scratch);
}
