// SPDX-License-Identifier: Apache-2.0
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "quantizer.h"

const int64_t as_it_is[TSR_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
const int64_t as_picture[TSR_MAX_RANK] = {0, 2, 3, 1};

typedef struct value { // of the file; names are given at the end, when it is known which are the model's outputs
    const char *name;
    bool final;
} value;

typedef struct made { // what value_in has made so far
    tsr_id tensor;
    uint32_t rank, value;
    int64_t perm[TSR_MAX_RANK];
} made;

typedef struct constant {
    uint32_t value, rank;
    tsr_dtype dtype;
    int64_t shape[TSR_MAX_RANK];
    const void *data;
} constant;

typedef struct record {
    const char *op, *name;
    uint32_t count, output;
    uint32_t *in;
    const tsr_onnx_attribute *attributes;
} record;

struct writing {
    const tsr_graph *graph;
    tsr_arena *arena;
    int64_t opset;
    view *views;            // a tensor
    tsr_id *dequantised;    // a tensor: the constant it is dequantised from, or TSR_NO_ID
    uint32_t (*parameters)[2]; // a tensor: scale and zero point
    uint32_t value_count, made_count, constant_count, record_count;
    value *values;
    made *mades;
    constant *constants;
    record *records;
};

const tsr_graph *written_graph(const writing *w) { return w->graph; }
tsr_arena *written_arena(const writing *w) { return w->arena; }
int64_t written_opset(const writing *w) { return w->opset; }

// Lists double at powers of two; the old ones stay in the arena until the end.
static void *room(const writing *w, void *items, uint32_t count, size_t size) {
    if ((count & (count - 1)) != 0)
        return items;
    void *larger = tsr_arena_alloc(w->arena, size * 2 * (count + 1));
    if (count > 0)
        memcpy(larger, items, size * count);
    return larger;
}

// Names without what the importer and the layout pass say about a layout that the file does not have.
static const char *plain_name(const writing *w, const char *name) {
    static const char *const notes[] = {"/nhwc", "/nchw", "/ohwi", ".nhwc", ".nchw", "_nchw"};
    char *plain = tsr_arena_strndup(w->arena, name, strlen(name));
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        for (char *at; (at = strstr(plain, notes[i])) != NULL;)
            memmove(at, at + strlen(notes[i]), strlen(at + strlen(notes[i])) + 1);
    return plain;
}

static uint32_t new_value(writing *w, const char *name) {
    w->values = room(w, w->values, w->value_count, sizeof *w->values);
    w->values[w->value_count] = (value){plain_name(w, name), false};
    return w->value_count++;
}

uint32_t add_constant(writing *w, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape, const void *data) {
    w->constants = room(w, w->constants, w->constant_count, sizeof *w->constants);
    constant *c = &w->constants[w->constant_count++];
    *c = (constant){.value = new_value(w, name), .rank = rank, .dtype = dtype, .data = data};
    for (uint32_t i = 0; i < rank; i++)
        c->shape[i] = shape[i];
    return c->value;
}

uint32_t add_value(writing *w, const char *op, const char *name, uint32_t count, const uint32_t *in,
                   const tsr_onnx_attribute *attributes) {
    w->records = room(w, w->records, w->record_count, sizeof *w->records);
    record *r = &w->records[w->record_count++];
    *r = (record){op, NULL, count, new_value(w, name), TSR_NEW_ARRAY(w->arena, uint32_t, count), attributes};
    for (uint32_t i = 0; i < count; i++)
        r->in[i] = in[i];
    return r->output;
}

void name_node(writing *w, uint32_t given, const char *name) {
    for (uint32_t i = w->record_count; i-- > 0;)
        if (w->records[i].output == given) {
            w->records[i].name = name;
            return;
        }
}

void define(writing *w, tsr_id tensor, uint32_t written, const int64_t *perm) {
    w->views[tensor].value = written;
    for (uint32_t i = 0; i < w->graph->tensors[tensor].rank; i++)
        w->views[tensor].perm[i] = perm[i];
}

view view_of(const writing *w, tsr_id tensor) { return w->views[tensor]; }

bool is_constant(const writing *w, tsr_id tensor) {
    return w->graph->tensors[tensor].data != NULL || w->dequantised[tensor] != TSR_NO_ID;
}

void quant_constants(writing *w, tsr_id tensor, uint32_t *out_scale, uint32_t *out_zero_point) {
    const tsr_tensor *t = &w->graph->tensors[tensor];
    uint32_t *known = w->parameters[tensor];
    if (known[0] == NO_VALUE) {
        const int64_t count = t->quant.count;
        const uint32_t rank = count > 1;
        const size_t length = strlen(t->name), base = length > 2 && strcmp(t->name + length - 2, "_q") == 0 ? length - 2 : length;
        const char *name = tsr_arena_printf(w->arena, "%.*s_scale", (int)base, t->name);
        known[0] = add_constant(w, name, TSR_F32, rank, &count, t->quant.scale);
        int8_t *zero = TSR_NEW_ARRAY(w->arena, int8_t, count);
        for (int64_t i = 0; i < count; i++)
            zero[i] = (int8_t)t->quant.zero_point[i]; // uint8: the same byte
        name = tsr_arena_printf(w->arena, "%.*s_zero_point", (int)base, t->name);
        known[1] = t->dtype == TSR_I32 ? NO_VALUE : add_constant(w, name, t->dtype, rank, &count, zero);
    }
    *out_scale = known[0];
    *out_zero_point = known[1];
}

// ---- views -------------------------------------------------------------------------------------------------------------

// The constant's elements in the order of the value.
static uint32_t constant_in(writing *w, tsr_id tensor, uint32_t rank, const int64_t *perm) {
    const tsr_tensor *t = &w->graph->tensors[tensor];
    const uint32_t ones = rank - t->rank;
    const size_t size = tsr_dtype_size(t->dtype);
    int64_t shape[TSR_MAX_RANK], step[TSR_MAX_RANK], index[TSR_MAX_RANK] = {0}, stride = 1;
    for (uint32_t i = rank; i-- > 0;) {
        shape[perm[i]] = i < ones ? 1 : t->shape[i - ones];
        step[perm[i]] = stride;
        stride *= shape[perm[i]];
    }
    unsigned char *data = tsr_arena_alloc(w->arena, (size_t)tsr_tensor_bytes(t));
    int64_t from = 0;
    for (int64_t e = 0; e < stride; e++) {
        memcpy(data + (size_t)e * size, (const unsigned char *)t->data + (size_t)from * size, size);
        for (uint32_t i = rank; i-- > 0;) {
            from += step[i];
            if (++index[i] < shape[i])
                break;
            from -= step[i] * shape[i];
            index[i] = 0;
        }
    }
    return add_constant(w, t->name, t->dtype, rank, shape, data);
}

static uint32_t transposed(writing *w, tsr_id tensor, uint32_t rank, const int64_t *perm) {
    const view have = w->views[tensor];
    int64_t *order = TSR_NEW_ARRAY(w->arena, int64_t, rank);
    for (uint32_t i = 0; i < rank; i++)
        order[perm[i]] = have.perm[i];
    tsr_onnx_attribute *attributes = TSR_NEW_ARRAY(w->arena, tsr_onnx_attribute, 2);
    attributes[0] = (tsr_onnx_attribute){.name = "perm", .kind = TSR_ONNX_INTS, .ints = order, .count = rank};
    return add_value(w, "Transpose", tsr_arena_printf(w->arena, "%s_transposed", w->graph->tensors[tensor].name), 1, &have.value,
                     attributes);
}

uint32_t value_in(writing *w, tsr_id tensor, uint32_t rank, const int64_t *perm) {
    const tsr_id from = w->dequantised[tensor];
    if (!is_constant(w, tensor) && memcmp(w->views[tensor].perm, perm, rank * sizeof *perm) == 0)
        return w->views[tensor].value;
    for (uint32_t i = 0; i < w->made_count; i++)
        if (w->mades[i].tensor == tensor && w->mades[i].rank == rank && memcmp(w->mades[i].perm, perm, rank * sizeof *perm) == 0)
            return w->mades[i].value;
    made m = {.tensor = tensor, .rank = rank};
    memcpy(m.perm, perm, rank * sizeof *perm);
    if (from != TSR_NO_ID) {
        const uint32_t ones = rank - w->graph->tensors[tensor].rank;
        m.value = write_dequantize(w, tensor, constant_in(w, from, rank, perm),
                                   rank > 0 ? perm[ones + (uint32_t)w->graph->tensors[from].quant.axis] : 0);
    } else {
        m.value = is_constant(w, tensor) ? constant_in(w, tensor, rank, perm) : transposed(w, tensor, rank, perm);
    }
    w->mades = room(w, w->mades, w->made_count, sizeof *w->mades);
    w->mades[w->made_count++] = m;
    return m.value;
}

// ---- the file ----------------------------------------------------------------------------------------------------------

static const int64_t *border_perm(const tsr_graph *graph, tsr_id tensor) {
    return graph->channels_last && graph->tensors[tensor].rank == 4 ? as_picture : as_it_is;
}

static void border_shape(const tsr_graph *graph, tsr_id tensor, int64_t *out_shape) {
    const tsr_tensor *t = &graph->tensors[tensor];
    for (uint32_t i = 0; i < t->rank; i++)
        out_shape[border_perm(graph, tensor)[i]] = t->shape[i];
}

static bool name_is_taken(const writing *w, const char *name, uint32_t before) {
    for (uint32_t i = 0; i < w->value_count; i++)
        if ((i < before || w->values[i].final) && strcmp(w->values[i].name, name) == 0)
            return true;
    return false;
}

static void name_values(writing *w) {
    for (uint32_t i = 0; i < w->value_count; i++) {
        if (w->values[i].final)
            continue;
        const char *base = w->values[i].name[0] != '\0' ? w->values[i].name : "value", *name = base;
        for (unsigned k = 1; name_is_taken(w, name, i); k++)
            name = tsr_arena_printf(w->arena, "%s_%u", base, k);
        w->values[i].name = name;
    }
}

// Makes sure that the output's value carries its name and shape.
static void finish_output(writing *w, tsr_id tensor) {
    const tsr_tensor *t = &w->graph->tensors[tensor];
    uint32_t from = value_in(w, tensor, t->rank, border_perm(w->graph, tensor));
    bool given = false;
    for (uint32_t i = 0; i < w->constant_count; i++)
        given |= w->constants[i].value == from;
    if (w->values[from].final || given)
        from = add_value(w, "Identity", t->name, 1, &from, NULL);
    w->values[from] = (value){t->name, true};
}

static bool names_another_node(const writing *w, uint32_t record_index) {
    for (uint32_t i = 0; i < w->record_count; i++) {
        const struct record *r = &w->records[i];
        if (i != record_index && (strcmp(w->values[r->output].name, w->records[record_index].name) == 0 ||
                                  (r->name != NULL && strcmp(r->name, w->records[record_index].name) == 0)))
            return true;
    }
    return false;
}

static void give_to_file(const writing *w, tsr_onnx_writer *file) {
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < w->graph->input_count; i++) {
        const tsr_tensor *t = &w->graph->tensors[w->graph->inputs[i]];
        border_shape(w->graph, w->graph->inputs[i], shape);
        tsr_onnx_input(file, t->name, t->dtype, t->rank, shape);
    }
    for (uint32_t i = 0; i < w->constant_count; i++) {
        const constant *c = &w->constants[i];
        tsr_onnx_constant(file, w->values[c->value].name, c->dtype, c->rank, c->shape, c->data);
    }
    for (uint32_t i = 0; i < w->record_count; i++) {
        const record *r = &w->records[i];
        const char **in = TSR_NEW_ARRAY(w->arena, const char *, r->count);
        for (uint32_t k = 0; k < r->count; k++)
            in[k] = r->in[k] != NO_VALUE ? w->values[r->in[k]].name : "";
        tsr_onnx_node(file, r->op, r->count, in, w->values[r->output].name, r->attributes);
        if (r->name != NULL && !names_another_node(w, i))
            tsr_onnx_name_node(file, r->name);
    }
    for (uint32_t i = 0; i < w->graph->output_count; i++) {
        const tsr_tensor *t = &w->graph->tensors[w->graph->outputs[i]];
        border_shape(w->graph, w->graph->outputs[i], shape);
        tsr_onnx_output(file, t->name, t->dtype, t->rank, shape);
    }
}

static void find_dequantised(writing *w) {
    for (uint32_t n = 0; n < w->graph->node_count; n++) {
        const tsr_node *node = &w->graph->nodes[n];
        if (node->op == TSR_OP_DEQUANTIZE && w->graph->tensors[node->inputs[0]].data != NULL)
            w->dequantised[node->outputs[0]] = node->inputs[0];
    }
}

// What the newest of the operators needs, at least 13: the first with scales per channel.
static int64_t needed_opset(const tsr_graph *graph) {
    int64_t needed = 13, opset;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        handler_of(&graph->nodes[n], &opset);
        needed = opset > needed ? opset : needed;
    }
    return needed;
}

static void write_graph(writing *w) {
    const tsr_graph *graph = w->graph;
    w->views = TSR_NEW_ARRAY(w->arena, view, graph->tensor_count);
    w->dequantised = TSR_NEW_ARRAY(w->arena, tsr_id, graph->tensor_count);
    w->parameters = tsr_arena_alloc(w->arena, sizeof *w->parameters * graph->tensor_count);
    for (uint32_t t = 0; t < graph->tensor_count; t++)
        w->dequantised[t] = w->parameters[t][0] = TSR_NO_ID;
    find_dequantised(w);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const uint32_t v = new_value(w, graph->tensors[graph->inputs[i]].name);
        w->values[v] = (value){graph->tensors[graph->inputs[i]].name, true};
        define(w, graph->inputs[i], v, border_perm(graph, graph->inputs[i]));
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        int64_t opset;
        write_handler *write = handler_of(&graph->nodes[n], &opset);
        if (w->dequantised[graph->nodes[n].outputs[0]] == TSR_NO_ID) // those are written where they are read
            write(w, &graph->nodes[n]);
    }
    for (uint32_t i = 0; i < graph->output_count; i++)
        finish_output(w, graph->outputs[i]);
    name_values(w);
}

tsr_status write_onnx(const tsr_graph *graph, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    TSR_TRY(write_check(graph));
    writing w = {.graph = graph, .arena = tsr_arena_create(), .opset = needed_opset(graph)};
    write_graph(&w);
    tsr_onnx_writer *file = tsr_onnx_writer_create(graph->name, w.opset);
    give_to_file(&w, file);
    tsr_status status = tsr_onnx_serialise(file, out_bytes, out_size);
    tsr_onnx_writer_free(file);
    tsr_arena_free(w.arena);
    return status;
}

tsr_status write_check(const tsr_graph *graph) {
    char list[TSR_MESSAGE_BYTES / 2] = "";
    size_t used = 0;
    unsigned kinds = 0;
    bool seen[TSR_OP_COUNT] = {false};
    for (uint32_t n = 0; n < graph->node_count; n++) {
        int64_t opset;
        const tsr_node *node = &graph->nodes[n];
        if (handler_of(node, &opset) != NULL || seen[node->op])
            continue;
        seen[node->op] = true;
        kinds++;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s ('%.40s')", used > 0 ? ", " : "",
                                     tsr_op_name(node->op), node->name);
    }
    if (kinds == 0)
        return tsr_ok();
    return tsr_error(TSR_UNSUPPORTED,
                     "%u kind%s of operator cannot be written to an ONNX file: %s%s; quantise the part of the model without "
                     "them",
                     kinds, kinds == 1 ? "" : "s", list, used >= sizeof list ? "..." : "");
}
