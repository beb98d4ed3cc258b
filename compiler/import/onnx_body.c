// SPDX-License-Identifier: Apache-2.0
// Bodies within a model: functions of its own where they are called, and the branch of an If whose condition is known.
#include <inttypes.h>
#include <string.h>

#include "onnx.h"
#include "protobuf.h"

// Names are looked for one after the other, which bounds their number by what hostile files may cost.
enum { MOST_DEPTH = 32, MOST_NAMES = 256, ATTRIBUTE_PROTO = 11 };

static bool same_text(const char *a, const char *b) { return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0; }

const Onnx__FunctionProto *onnx_find_function(const onnx *o, const Onnx__NodeProto *node) {
    for (size_t i = 0; i < o->model->n_functions; i++)
        if (same_text(o->model->functions[i]->name, node->op_type) && same_text(o->model->functions[i]->domain, node->domain))
            return o->model->functions[i];
    return NULL;
}

// ---- nodes of a function's body ------------------------------------------------------------------------------------------

static bool is_left_out(const onnx_frame *frame, const char *name) {
    for (size_t i = 0; i < frame->function->n_input; i++)
        if (same_text(frame->function->input[i], name))
            return i >= frame->call->n_input || frame->call->input[i][0] == '\0';
    return false;
}

// What a function gives to attributes that a call leaves out: a field that is newer than the format's description here, so its
// messages are read one by one. They are kept until the model has been read.
static tsr_status read_defaults(onnx *o, const Onnx__FunctionProto *function, onnx_defaults **out_defaults) {
    const ProtobufCMessage *base = &function->base;
    for (*out_defaults = o->defaults; *out_defaults != NULL; *out_defaults = (*out_defaults)->next)
        if ((*out_defaults)->function == function)
            return tsr_ok();
    TSR_TRY(importer_reserve(&o->imp, sizeof(onnx_defaults) + base->n_unknown_fields * sizeof(void *)));
    onnx_defaults *d = TSR_NEW(o->imp.graph->arena, onnx_defaults);
    *d = (onnx_defaults){.function = function, .next = o->defaults};
    d->attr = TSR_NEW_ARRAY(o->imp.graph->arena, Onnx__AttributeProto *, base->n_unknown_fields);
    o->defaults = *out_defaults = d;
    for (unsigned i = 0; i < base->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &base->unknown_fields[i];
        if (field->tag != ATTRIBUTE_PROTO || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        size_t prefix = 0; // the length, seven bits a byte
        while (prefix < field->len && (field->data[prefix] & 0x80) != 0)
            prefix++;
        if (prefix == field->len)
            return tsr_error(TSR_CORRUPT, "an attribute of function '%.80s' has no end", function->name);
        ProtobufCMessage *message;
        TSR_TRY(pb_unpack(&onnx__attribute_proto__descriptor, field->data + prefix + 1, field->len - prefix - 1, &message));
        d->attr[d->count++] = (Onnx__AttributeProto *)message;
    }
    return tsr_ok();
}

void onnx_forget_defaults(onnx *o) {
    for (const onnx_defaults *d = o->defaults; d != NULL; d = d->next)
        for (uint32_t i = 0; i < d->count; i++)
            onnx__attribute_proto__free_unpacked(d->attr[i], NULL);
    o->defaults = NULL;
}

// An attribute of the body that stands for one of the call; NULL where neither the call nor the function gives one.
static tsr_status resolve_attr(onnx *o, const Onnx__AttributeProto *attr, Onnx__AttributeProto **out_attr) {
    const onnx_frame *frame = o->frame;
    const Onnx__AttributeProto *given = NULL;
    onnx_defaults *defaults;
    *out_attr = NULL;
    for (size_t i = 0; i < frame->call->n_attribute && given == NULL; i++)
        if (same_text(frame->call->attribute[i]->name, attr->ref_attr_name))
            given = frame->call->attribute[i];
    if (given == NULL && frame->function->base.n_unknown_fields > 0) {
        TSR_TRY(read_defaults(o, frame->function, &defaults));
        for (uint32_t i = 0; i < defaults->count && given == NULL; i++)
            if (same_text(defaults->attr[i]->name, attr->ref_attr_name))
                given = defaults->attr[i];
    }
    if (given == NULL)
        return tsr_ok();
    *out_attr = TSR_NEW(o->imp.graph->arena, Onnx__AttributeProto);
    **out_attr = *given;
    (*out_attr)->name = attr->name;
    return tsr_ok();
}

tsr_status onnx_resolve(onnx *o, const Onnx__NodeProto *node, const Onnx__NodeProto **out_node) {
    const onnx_frame *frame = o->frame;
    *out_node = node;
    if (frame == NULL)
        return tsr_ok();
    tsr_arena *arena = o->imp.graph->arena;
    TSR_TRY(importer_reserve(&o->imp, sizeof *node + node->n_input * sizeof(void *) +
                                          node->n_attribute * (sizeof(void *) + sizeof(Onnx__AttributeProto))));
    Onnx__NodeProto *own = TSR_NEW(arena, Onnx__NodeProto);
    *own = *node;
    *out_node = own;
    own->input = TSR_NEW_ARRAY(arena, char *, node->n_input);
    for (size_t i = 0; i < node->n_input; i++) {
        static char none[] = "";
        own->input[i] = is_left_out(frame, node->input[i]) ? none : node->input[i];
    }
    own->attribute = TSR_NEW_ARRAY(arena, Onnx__AttributeProto *, node->n_attribute);
    own->n_attribute = 0;
    for (size_t i = 0; i < node->n_attribute; i++) {
        Onnx__AttributeProto *attr = node->attribute[i];
        if (attr->ref_attr_name != NULL && attr->ref_attr_name[0] != '\0')
            TSR_TRY(resolve_attr(o, node->attribute[i], &attr));
        if (attr != NULL)
            own->attribute[own->n_attribute++] = attr;
    }
    return tsr_ok();
}

// ---- bodies --------------------------------------------------------------------------------------------------------------

// What a body calls `name` becomes the node's output.
static tsr_status hand_out(onnx *o, const name_map *body, const char *name, const Onnx__NodeProto *node, size_t output) {
    uint32_t value;
    if (output >= node->n_output || node->output[output][0] == '\0')
        return tsr_ok();
    if (name == NULL || !name_map_get(body, name, &value))
        return tsr_error(TSR_CORRUPT, "output '%.100s' of its body is not computed there", name != NULL ? name : "");
    if (!name_map_add(&o->values, node->output[output], value))
        return tsr_error(TSR_CORRUPT, "value '%.100s' is defined twice", node->output[output]);
    return tsr_ok();
}

static tsr_status import_body(onnx *o, Onnx__NodeProto **nodes, size_t count) {
    TSR_TRY(onnx_list_unknown(o, nodes, count));
    return onnx_import_nodes(o, nodes, count);
}

static tsr_status enter(onnx *o) {
    TSR_TRY(importer_reserve(&o->imp, 0));
    if (o->depth == MOST_DEPTH)
        return tsr_error(TSR_CORRUPT, "functions and branches within each other, more than %d deep", MOST_DEPTH);
    o->depth++;
    return tsr_ok();
}

static tsr_status call(onnx *o, const Onnx__NodeProto *node, const Onnx__FunctionProto *function) {
    const onnx_frame frame = {node, function}, *outer_frame = o->frame;
    const name_map outer = o->values;
    const int64_t opset = o->opset;
    name_map inner = {.arena = outer.arena};
    if (function->n_input > MOST_NAMES || node->n_attribute > MOST_NAMES)
        return tsr_error(TSR_UNSUPPORTED, "a function with more than %d inputs or attributes", MOST_NAMES);
    if (node->n_input > function->n_input || node->n_output > function->n_output)
        return tsr_error(TSR_CORRUPT, "it has more inputs or outputs than its function");
    for (size_t i = 0; i < node->n_input; i++) {
        uint32_t value;
        if (node->input[i][0] == '\0')
            continue;
        if (!name_map_get(&outer, node->input[i], &value))
            return tsr_error(TSR_CORRUPT, "'%.100s' is no input, constant or result of an earlier node", node->input[i]);
        if (!name_map_add(&inner, function->input[i], value))
            return tsr_error(TSR_CORRUPT, "two inputs of its function are called '%.100s'", function->input[i]);
    }
    TSR_TRY(enter(o));
    o->values = inner;
    o->frame = &frame;
    tsr_status status = onnx_read_opset(o, function->opset_import, function->n_opset_import);
    if (status.code == TSR_OK)
        status = import_body(o, function->node, function->n_node);
    inner = o->values;
    o->values = outer;
    o->frame = outer_frame;
    o->opset = opset;
    o->depth--;
    for (size_t i = 0; i < function->n_output && status.code == TSR_OK; i++)
        status = hand_out(o, &inner, function->output[i], node, i);
    return status;
}

// What is told begins with the outermost call and ends with the node that it is about; those between would fill the line.
tsr_status onnx_call(onnx *o, const Onnx__NodeProto *node, const Onnx__FunctionProto *function) {
    const tsr_status status = call(o, node, function);
    return o->depth > 0 ? status : tsr_annotate(status, "node '%.80s' (function %.80s)", onnx_any_name(node), node->op_type);
}

// A branch sees all values around it, and its own have other names.
tsr_status onnx_if(onnx *o, const onnx_node *node) {
    tsr_id condition;
    TSR_TRY(onnx_required(o, node, 0, &condition));
    const tsr_tensor *tensor = tensor_of(&o->imp, condition);
    if (tensor->dtype != TSR_BOOL || tsr_tensor_elements(tensor) != 1)
        return tsr_error(TSR_CORRUPT, "its condition must be one bool");
    if (tensor->data == NULL)
        return tsr_error(TSR_UNSUPPORTED, "its condition depends on the model's inputs; one that is known from constants and "
                                          "shapes works");
    const char *name = *(const uint8_t *)tensor->data != 0 ? "then_branch" : "else_branch";
    const Onnx__AttributeProto *attr = onnx_attr(node, name);
    if (attr == NULL || attr->g == NULL || attr->g->n_input != 0 || attr->g->n_output != node->proto->n_output)
        return tsr_error(TSR_CORRUPT, "'%s' must be a graph without inputs and with %zu outputs", name, node->proto->n_output);
    const Onnx__GraphProto *branch = attr->g;
    TSR_TRY(enter(o));
    tsr_status status = tsr_ok();
    for (size_t i = 0; i < branch->n_initializer && status.code == TSR_OK; i++)
        status = onnx_add_constant(o, branch->initializer[i]->name != NULL ? branch->initializer[i]->name : "",
                                   branch->initializer[i]);
    if (status.code == TSR_OK)
        status = import_body(o, branch->node, branch->n_node);
    o->depth--;
    for (size_t i = 0; i < branch->n_output && status.code == TSR_OK; i++)
        status = hand_out(o, &o->values, branch->output[i]->name, node->proto, i);
    return status;
}
