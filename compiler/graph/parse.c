// SPDX-License-Identifier: Apache-2.0
// Text (text.md) to a graph. What a line says is checked where it stands; what only the whole graph shows is found by the
// verifier, and reported at the line of the tensor or node that breaks the rule.
#include <inttypes.h>
#include <string.h>

#include "text.h"
#include "verify.h"

typedef struct parser {
    scanner s;
    tsr_graph *graph;
    tsr_arena *scratch;
    name_map tensors, nodes; // by name
    place *tensor_places, *node_places;
    uint32_t tensor_room, node_room;
    uint64_t data_room;
} parser;

static place *remember(parser *p, place *places, uint32_t *room, uint32_t index, place where) {
    if (index >= *room) {
        place *larger = TSR_NEW_ARRAY(p->scratch, place, 2 * (index + 32));
        if (*room > 0)
            memcpy(larger, places, *room * sizeof *larger);
        *room = 2 * (index + 32);
        places = larger;
    }
    places[index] = where;
    return places;
}

// ---- tensors
static tsr_status parse_dtype(parser *p, tsr_dtype *out_dtype) {
    const place here = scan_place(&p->s);
    const char *name;
    TSR_TRY(scan_name(&p->s, &name));
    for (*out_dtype = TSR_DTYPE_NONE + 1; *out_dtype < TSR_DTYPE_COUNT; ++*out_dtype)
        if (strcmp(name, tsr_dtype_name(*out_dtype)) == 0)
            return tsr_ok();
    return scan_error(&p->s, here, "'%.24s' is no type of tensors: int8, uint8, float32, ...", name);
}

static tsr_status parse_shape(parser *p, tsr_tensor *t) {
    const place here = scan_place(&p->s);
    TSR_TRY(scan_expect(&p->s, '['));
    while (!scan_accept(&p->s, ']')) {
        if (t->rank == TSR_MAX_RANK)
            return scan_error(&p->s, here, "a rank of more than %d", TSR_MAX_RANK);
        if (t->rank > 0)
            TSR_TRY(scan_expect(&p->s, ','));
        TSR_TRY(scan_range(&p->s, 1, INT64_MAX, &t->shape[t->rank]));
        t->rank++;
    }
    tsr_status status = tsr_shape_check(t->dtype, t->rank, t->shape);
    return status.code == TSR_OK ? status : scan_error(&p->s, here, "%s", status.message);
}

// "(0.5,-128)" or "(axis 0: 0.5,0 0.25,0)"
static tsr_status parse_quant(parser *p, tsr_tensor *t) {
    scanner *s = &p->s;
    const place here = scan_place(s);
    int64_t axis = 0, count = 1;
    if (!scan_accept(s, '('))
        return tsr_ok();
    if (scan_accept_word(s, "axis")) {
        if (t->rank == 0)
            return scan_error(s, here, "a scalar has one scale");
        TSR_TRY(scan_range(s, 0, t->rank - 1, &axis));
        TSR_TRY(scan_expect(s, ':'));
        count = t->shape[axis];
    }
    if (count > s->end - s->at)
        return scan_error(s, here, "too few scales for axis %" PRId64 " of %" PRId64, axis, count);
    t->quant = (tsr_quant){.count = (uint32_t)count,
                           .axis = (int32_t)axis,
                           .scale = TSR_NEW_ARRAY(p->graph->arena, float, count),
                           .zero_point = TSR_NEW_ARRAY(p->graph->arena, int32_t, count)};
    for (int64_t i = 0; i < count; i++) {
        int64_t zero;
        TSR_TRY(scan_float(s, &t->quant.scale[i]));
        TSR_TRY(scan_expect(s, ','));
        TSR_TRY(scan_range(s, INT32_MIN, INT32_MAX, &zero));
        t->quant.zero_point[i] = (int32_t)zero;
    }
    return scan_expect(s, ')');
}

static tsr_status parse_type(parser *p, tsr_tensor *t) {
    TSR_TRY(parse_dtype(p, &t->dtype));
    TSR_TRY(parse_shape(p, t));
    return parse_quant(p, t);
}

static tsr_status add_tensor(parser *p, const tsr_tensor *t, place where, tsr_id *out_id) {
    *out_id = tsr_graph_add_tensor(p->graph, t->name, t->dtype, t->rank, t->shape);
    p->graph->tensors[*out_id].quant = t->quant;
    p->graph->tensors[*out_id].data = t->data;
    p->tensor_places = remember(p, p->tensor_places, &p->tensor_room, *out_id, where);
    if (!name_map_add(&p->tensors, p->graph->tensors[*out_id].name, *out_id))
        return scan_error(&p->s, where, "the tensor '%.40s' is defined a second time", t->name);
    return tsr_ok();
}

static tsr_status find_tensor(parser *p, tsr_id *out_id) {
    const place here = scan_place(&p->s);
    const char *name;
    *out_id = TSR_NO_ID;
    if (scan_accept(&p->s, '-'))
        return tsr_ok();
    TSR_TRY(scan_name(&p->s, &name));
    if (!name_map_get(&p->tensors, name, out_id))
        return scan_error(&p->s, here, "no line above defines '%.40s' (a node stands below those it reads: no cycles)", name);
    return tsr_ok();
}

static tsr_status append_io(parser *p, tsr_id **ids, uint32_t *count, tsr_id id) {
    if ((*count & (*count - 1)) == 0) { // a power of two, or none: full
        tsr_id *larger = TSR_NEW_ARRAY(p->graph->arena, tsr_id, 2 * (size_t)(*count + 1));
        if (*count > 0)
            memcpy(larger, *ids, *count * sizeof **ids);
        *ids = larger;
    }
    (*ids)[(*count)++] = id;
    return tsr_ok();
}

// ---- attributes
static tsr_status parse_ints(parser *p, const attr_field *f, tsr_attr *attr) {
    int64_t *values = (int64_t *)(void *)((char *)attr + f->offset);
    const unsigned room = attr_room(f->kind);
    uint32_t count = 0;
    do {
        if (count == room)
            return scan_error(&p->s, scan_place(&p->s), "%s takes %u numbers at most", f->name, room);
        TSR_TRY(scan_int(&p->s, &values[count++]));
    } while (scan_accept(&p->s, ','));
    if (f->kind == ATTR_PAIR && count != room)
        return scan_error(&p->s, scan_place(&p->s), "%s takes two numbers", f->name);
    if (f->kind == ATTR_LIST)
        memcpy((char *)attr + f->count_offset, &count, sizeof count);
    return tsr_ok();
}

static tsr_status parse_choice(parser *p, const attr_field *f, void *value) {
    const place here = scan_place(&p->s);
    const char *word;
    TSR_TRY(scan_name(&p->s, &word));
    for (unsigned i = 0; f->words[i] != NULL; i++)
        if (strcmp(f->words[i], word) == 0) {
            memcpy(value, &i, sizeof i);
            return tsr_ok();
        }
    return scan_error(&p->s, here, "%s has no '%.24s'", f->name, word);
}

static tsr_status parse_field(parser *p, const attr_field *f, tsr_attr *attr) {
    void *value = (char *)attr + f->offset;
    if (f->kind == ATTR_FLAG) {
        *(bool *)value = true;
        return tsr_ok();
    }
    TSR_TRY(scan_expect(&p->s, '='));
    switch (f->kind) {
    case ATTR_FLOAT: return scan_float(&p->s, value);
    case ATTR_DOUBLE: return scan_double(&p->s, value);
    case ATTR_CHOICE: return parse_choice(p, f, value);
    default: return parse_ints(p, f, attr);
    }
}

static tsr_status parse_rescale(parser *p, tsr_rescale *out) {
    int64_t multiplier, lsh, rsh;
    TSR_TRY(scan_range(&p->s, INT32_MIN, INT32_MAX, &multiplier));
    TSR_TRY(scan_expect(&p->s, ':'));
    TSR_TRY(scan_range(&p->s, 0, 31, &lsh));
    TSR_TRY(scan_expect(&p->s, ':'));
    TSR_TRY(scan_range(&p->s, 0, 31, &rsh));
    *out = (tsr_rescale){(int32_t)multiplier, (uint8_t)lsh, (uint8_t)rsh, scan_accept_word(&p->s, "s")};
    return tsr_ok();
}

static tsr_status parse_label(parser *p, const char *label) {
    if (!scan_accept_word(&p->s, label))
        return scan_error(&p->s, scan_place(&p->s), "'%s' expected", label);
    return scan_expect(&p->s, '=');
}

static tsr_status parse_int32(parser *p, int32_t *out) {
    int64_t value;
    TSR_TRY(scan_range(&p->s, INT32_MIN, INT32_MAX, &value));
    *out = (int32_t)value;
    return tsr_ok();
}

static tsr_status parse_outs(parser *p, tsr_requant *r) {
    uint32_t room = 0;
    if (scan_accept_word(&p->s, "none"))
        return tsr_ok();
    do {
        if (r->channels == room) {
            room = 2 * (room + 8);
            tsr_rescale *larger = TSR_NEW_ARRAY(p->graph->arena, tsr_rescale, room);
            if (r->channels > 0)
                memcpy(larger, r->out, r->channels * sizeof *larger);
            r->out = larger;
        }
        TSR_TRY(parse_rescale(p, &r->out[r->channels++]));
    } while (scan_accept(&p->s, ','));
    return tsr_ok();
}

static tsr_status parse_requant(parser *p, tsr_requant *r) {
    *r = (tsr_requant){.valid = true};
    TSR_TRY(scan_expect(&p->s, '('));
    TSR_TRY(parse_label(p, "in_zero"));
    TSR_TRY(parse_int32(p, &r->in_zero_point[0]));
    TSR_TRY(scan_expect(&p->s, ','));
    TSR_TRY(parse_int32(p, &r->in_zero_point[1]));
    TSR_TRY(parse_label(p, "in"));
    TSR_TRY(parse_rescale(p, &r->in[0]));
    TSR_TRY(scan_expect(&p->s, ','));
    TSR_TRY(parse_rescale(p, &r->in[1]));
    TSR_TRY(parse_label(p, "out"));
    TSR_TRY(parse_outs(p, r));
    TSR_TRY(parse_label(p, "out_zero"));
    TSR_TRY(parse_int32(p, &r->out_zero_point));
    TSR_TRY(parse_label(p, "lo"));
    TSR_TRY(parse_int32(p, &r->lo));
    TSR_TRY(parse_label(p, "hi"));
    TSR_TRY(parse_int32(p, &r->hi));
    return scan_expect(&p->s, ')');
}

static tsr_status parse_attr(parser *p, tsr_node *node) {
    const place here = scan_place(&p->s);
    const char *name;
    TSR_TRY(scan_name(&p->s, &name));
    if (strcmp(name, "requant") == 0)
        return parse_requant(p, &node->requant);
    for (unsigned i = 0; i < attr_field_count; i++)
        if (strcmp(name, attr_fields[i].name) == 0)
            return parse_field(p, &attr_fields[i], &node->attr);
    return scan_error(&p->s, here, "nodes have no attribute '%.24s'", name);
}

// ---- nodes
enum { MOST_OPERANDS = 65536 };

typedef struct output {
    tsr_tensor tensor; // .name NULL: left out; .dtype NONE: the type follows from the inputs
    place where;
} output;

static tsr_status parse_output(parser *p, output *out) {
    out->where = scan_place(&p->s);
    if (scan_accept(&p->s, '-'))
        return tsr_ok();
    TSR_TRY(scan_name(&p->s, &out->tensor.name));
    return scan_accept(&p->s, ':') ? parse_type(p, &out->tensor) : tsr_ok();
}

static tsr_status parse_op(parser *p, tsr_op *out_op) {
    const place here = scan_place(&p->s);
    const char *name;
    TSR_TRY(scan_name(&p->s, &name));
    for (*out_op = TSR_OP_NONE + 1; *out_op < TSR_OP_COUNT; ++*out_op)
        if (strcmp(name, tsr_op_name(*out_op)) == 0)
            return tsr_ok();
    return scan_error(&p->s, here, "there is no operator '%.24s'", name);
}

static bool compares(tsr_op op) { return op == TSR_OP_EQUAL || op == TSR_OP_LESS || op == TSR_OP_LESS_EQUAL; }

// The type of the first output when the text does not say it: the shape that follows, the first input's type and quantisation.
static tsr_status infer_type(parser *p, const tsr_node *node, output *out) {
    if (node->input_count == 0 || node->inputs[0] == TSR_NO_ID || node->op == TSR_OP_RESHAPE || node->op == TSR_OP_QUANTIZE ||
        node->op == TSR_OP_CAST)
        return scan_error(&p->s, out->where, "%s: the output's type has to be written", tsr_op_name(node->op));
    const uint32_t model = node->op == TSR_OP_WHERE ? 1 : 0;
    if (model >= node->input_count || node->inputs[model] == TSR_NO_ID)
        return scan_error(&p->s, out->where, "%s: input %u is missing", tsr_op_name(node->op), (unsigned)model);
    const tsr_tensor *x = &p->graph->tensors[node->inputs[model]];
    tsr_status status = tsr_graph_infer_shape(p->graph, node, &out->tensor.rank, out->tensor.shape);
    if (status.code != TSR_OK)
        return scan_error(&p->s, out->where, "%s: %s", tsr_op_name(node->op), status.message);
    out->tensor.dtype = node->op == TSR_OP_DEQUANTIZE ? TSR_F32 : compares(node->op) ? TSR_BOOL : x->dtype;
    if (out->tensor.dtype == x->dtype)
        out->tensor.quant = x->quant;
    return tsr_ok();
}

static tsr_status define_outputs(parser *p, tsr_id n, output *outputs, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (outputs[i].tensor.name == NULL)
            continue;
        if (outputs[i].tensor.dtype == TSR_DTYPE_NONE) {
            if (i > 0)
                return scan_error(&p->s, outputs[i].where, "only the first output's type follows from the inputs");
            TSR_TRY(infer_type(p, &p->graph->nodes[n], &outputs[i]));
        }
        tsr_id id;
        TSR_TRY(add_tensor(p, &outputs[i].tensor, outputs[i].where, &id));
        p->graph->nodes[n].outputs[i] = id;
    }
    return tsr_ok();
}

static tsr_status parse_inputs(parser *p, tsr_id **out_ids, uint32_t *out_count) {
    uint32_t room = 0;
    TSR_TRY(scan_expect(&p->s, '('));
    while (!scan_accept(&p->s, ')')) {
        if (*out_count > 0)
            TSR_TRY(scan_expect(&p->s, ','));
        if (*out_count == room) {
            room = 2 * (room + 4);
            tsr_id *larger = TSR_NEW_ARRAY(p->scratch, tsr_id, room);
            if (*out_count > 0)
                memcpy(larger, *out_ids, *out_count * sizeof *larger);
            *out_ids = larger;
        }
        if (*out_count == MOST_OPERANDS)
            return scan_error(&p->s, scan_place(&p->s), "more than %d inputs", MOST_OPERANDS);
        TSR_TRY(find_tensor(p, &(*out_ids)[(*out_count)++]));
    }
    return tsr_ok();
}

static tsr_status parse_node(parser *p) {
    enum { MOST_OUTPUTS = 64 };
    output outputs[MOST_OUTPUTS];
    tsr_id ids[MOST_OUTPUTS], *inputs = ids; // which is not read while there are none
    uint32_t count = 0, input_count = 0;
    tsr_node parsed = {.attr = tsr_attr_default()};
    const place where = scan_place(&p->s);
    do {
        if (count == MOST_OUTPUTS)
            return scan_error(&p->s, scan_place(&p->s), "more than %d outputs", MOST_OUTPUTS);
        memset(&outputs[count], 0, sizeof *outputs);
        ids[count] = TSR_NO_ID;
        TSR_TRY(parse_output(p, &outputs[count++]));
    } while (scan_accept(&p->s, ','));
    TSR_TRY(scan_expect(&p->s, '='));
    TSR_TRY(parse_op(p, &parsed.op));
    TSR_TRY(parse_inputs(p, &inputs, &input_count));
    while (scan_at_name(&p->s))
        TSR_TRY(parse_attr(p, &parsed));
    parsed.name = outputs[0].tensor.name != NULL ? outputs[0].tensor.name : "";
    if (scan_accept(&p->s, '@'))
        TSR_TRY(scan_name(&p->s, &parsed.name));
    tsr_id n = tsr_graph_add_node(p->graph, parsed.op, parsed.name, input_count, inputs, count, ids);
    p->node_places = remember(p, p->node_places, &p->node_room, n, where);
    p->graph->nodes[n].attr = parsed.attr;
    p->graph->nodes[n].requant = parsed.requant;
    if (!name_map_add(&p->nodes, p->graph->nodes[n].name, n))
        return scan_error(&p->s, where, "a second node '%.40s'; @ and a name after it tell them apart", parsed.name);
    return define_outputs(p, n, outputs, count);
}

// ---- lines
static tsr_status parse_declared(parser *p, bool constant, tsr_id *out_id) {
    tsr_tensor t = {0};
    const place where = scan_place(&p->s);
    TSR_TRY(scan_name(&p->s, &t.name));
    TSR_TRY(scan_expect(&p->s, ':'));
    TSR_TRY(parse_type(p, &t));
    if (constant) {
        TSR_TRY(scan_expect(&p->s, '='));
        TSR_TRY(parse_data(&p->s, p->graph->arena, &t, &p->data_room, &t.data));
    }
    return add_tensor(p, &t, where, out_id);
}

// A keyword only where a name follows it: a tensor may be called "input" as well.
static bool accept_keyword(parser *p, const char *word) {
    const scanner before = p->s;
    if (scan_accept_word(&p->s, word) && (scan_at_name(&p->s) || scan_at(&p->s, '-')))
        return true;
    p->s = before;
    return false;
}

static tsr_status parse_line(parser *p) {
    tsr_id id;
    if (accept_keyword(p, "input")) {
        TSR_TRY(parse_declared(p, false, &id));
        return append_io(p, &p->graph->inputs, &p->graph->input_count, id);
    }
    if (accept_keyword(p, "const"))
        return parse_declared(p, true, &id);
    if (accept_keyword(p, "output")) {
        const place here = scan_place(&p->s);
        TSR_TRY(find_tensor(p, &id));
        if (id == TSR_NO_ID)
            return scan_error(&p->s, here, "an output that is left out");
        return append_io(p, &p->graph->outputs, &p->graph->output_count, id);
    }
    return parse_node(p);
}

static tsr_status parse_header(parser *p) {
    int64_t version;
    const char *name;
    if (!scan_next_line(&p->s) || !scan_accept_word(&p->s, TEXT_MAGIC))
        return scan_error(&p->s, scan_place(&p->s), "a graph in text form begins with '" TEXT_MAGIC " %d NAME'", TEXT_VERSION);
    const place here = scan_place(&p->s);
    TSR_TRY(scan_int(&p->s, &version));
    if (version != TEXT_VERSION)
        return scan_error(&p->s, here, "version %" PRId64 " of the text form; this program reads %d", version, TEXT_VERSION);
    TSR_TRY(scan_name(&p->s, &name));
    p->graph = tsr_graph_create(name);
    p->graph->channels_last = scan_accept_word(&p->s, "channels_last");
    return scan_line_end(&p->s);
}

static tsr_status parse(parser *p) {
    TSR_TRY(parse_header(p));
    while (scan_next_line(&p->s)) {
        TSR_TRY(parse_line(p));
        TSR_TRY(scan_line_end(&p->s));
    }
    tsr_id tensor, node;
    tsr_status status = graph_verify(p->graph, &tensor, &node);
    const place end = scan_place(&p->s), where = node != TSR_NO_ID     ? p->node_places[node]
                                                 : tensor != TSR_NO_ID ? p->tensor_places[tensor]
                                                                       : end;
    return status.code == TSR_OK ? status : scan_error(&p->s, where, "%s", status.message);
}

bool tsr_graph_is_text(const void *bytes, size_t size) {
    tsr_arena *scratch = tsr_arena_create();
    scanner s = {.at = bytes, .end = (const char *)bytes + size, .line_start = bytes, .line = 1, .file = "", .arena = scratch};
    const bool is = scan_next_line(&s) && scan_accept_word(&s, TEXT_MAGIC);
    tsr_arena_free(scratch);
    return is;
}

tsr_status tsr_graph_parse(const char *text, size_t size, const char *file_name, tsr_graph **out_graph) {
    *out_graph = NULL;
    tsr_arena *scratch = tsr_arena_create();
    parser p = {.s = {.at = text, .end = text + size, .line_start = text, .line = 1, .file = file_name, .arena = scratch},
                .scratch = scratch,
                .tensors = {.arena = scratch},
                .nodes = {.arena = scratch},
                .data_room = TEXT_ROOM};
    tsr_status status = parse(&p);
    tsr_arena_free(scratch);
    if (status.code == TSR_OK)
        *out_graph = p.graph;
    else
        tsr_graph_free(p.graph);
    return status;
}
