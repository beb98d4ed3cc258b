// SPDX-License-Identifier: Apache-2.0
#include "tsr/onnx_writer.h"

#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

// A growing array of pointers to messages, as protobuf-c wants repeated fields.
typedef struct list {
    size_t count, capacity;
    void **items;
} list;

struct tsr_onnx_writer {
    tsr_arena *arena;
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    list nodes, constants, inputs, outputs;
};

static void append(tsr_onnx_writer *w, list *l, void *item) {
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 64 : 2 * l->capacity;
        void **larger = TSR_NEW_ARRAY(w->arena, void *, l->capacity);
        if (l->count > 0)
            memcpy(larger, l->items, l->count * sizeof *larger);
        l->items = larger;
    }
    l->items[l->count++] = item;
}

static char *text(tsr_onnx_writer *w, const char *s) { return tsr_arena_strndup(w->arena, s, strlen(s)); }

static int64_t *copy_ints(tsr_onnx_writer *w, uint32_t count, const int64_t *values) {
    int64_t *copy = TSR_NEW_ARRAY(w->arena, int64_t, count + 1);
    if (count > 0)
        memcpy(copy, values, count * sizeof *copy);
    return copy;
}

static int32_t data_type(tsr_dtype dtype) {
    switch (dtype) {
    case TSR_I8: return ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    case TSR_U8: return ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    case TSR_I16: return ONNX__TENSOR_PROTO__DATA_TYPE__INT16;
    case TSR_U16: return ONNX__TENSOR_PROTO__DATA_TYPE__UINT16;
    case TSR_I32: return ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    case TSR_U32: return ONNX__TENSOR_PROTO__DATA_TYPE__UINT32;
    case TSR_I64: return ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
    case TSR_U64: return ONNX__TENSOR_PROTO__DATA_TYPE__UINT64;
    case TSR_F32: return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    case TSR_F64: return ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    case TSR_BOOL: return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    case TSR_F16: return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
    case TSR_BF16: return ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
    default: return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
    }
}

// The file format that ONNX released together with an operator set (onnx/docs/Versioning.md, "Released Versions").
static int64_t ir_version(int64_t opset) { return opset <= 12 ? 6 : opset <= 14 ? 7 : opset <= 18 ? 8 : 9; }

tsr_onnx_writer *tsr_onnx_writer_create(const char *graph_name, int64_t opset) {
    tsr_arena *arena = tsr_arena_create();
    tsr_onnx_writer *w = TSR_NEW(arena, tsr_onnx_writer);
    w->arena = arena;
    onnx__model_proto__init(&w->model);
    onnx__graph_proto__init(&w->graph);
    onnx__operator_set_id_proto__init(&w->opset);
    w->opset.has_version = true;
    w->opset.version = opset;
    w->opset.domain = text(w, "");
    w->opsets[0] = &w->opset;
    w->model.opset_import = w->opsets;
    w->model.n_opset_import = 1;
    w->model.has_ir_version = true;
    w->model.ir_version = ir_version(opset);
    w->model.producer_name = text(w, "tessera");
    w->model.graph = &w->graph;
    w->graph.name = text(w, graph_name);
    return w;
}

void tsr_onnx_writer_free(tsr_onnx_writer *writer) {
    if (writer != NULL)
        tsr_arena_free(writer->arena);
}

tsr_arena *tsr_onnx_arena(tsr_onnx_writer *writer) { return writer->arena; }

static Onnx__ValueInfoProto *value_info(tsr_onnx_writer *w, const char *name, tsr_dtype dtype, uint32_t rank,
                                        const int64_t *shape) {
    Onnx__ValueInfoProto *info = TSR_NEW(w->arena, Onnx__ValueInfoProto);
    Onnx__TypeProto *type = TSR_NEW(w->arena, Onnx__TypeProto);
    Onnx__TypeProto__Tensor *tensor = TSR_NEW(w->arena, Onnx__TypeProto__Tensor);
    Onnx__TensorShapeProto *dims = TSR_NEW(w->arena, Onnx__TensorShapeProto);
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(type);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(dims);
    info->name = text(w, name);
    info->type = type;
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = data_type(dtype);
    tensor->shape = dims;
    dims->n_dim = rank;
    dims->dim = TSR_NEW_ARRAY(w->arena, Onnx__TensorShapeProto__Dimension *, rank + 1);
    for (uint32_t d = 0; d < rank; d++) {
        dims->dim[d] = TSR_NEW(w->arena, Onnx__TensorShapeProto__Dimension);
        onnx__tensor_shape_proto__dimension__init(dims->dim[d]);
        dims->dim[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dims->dim[d]->dim_value = shape[d];
    }
    return info;
}

void tsr_onnx_input(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    append(writer, &writer->inputs, value_info(writer, name, dtype, rank, shape));
}

void tsr_onnx_output(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape) {
    append(writer, &writer->outputs, value_info(writer, name, dtype, rank, shape));
}

const char *tsr_onnx_constant(tsr_onnx_writer *writer, const char *name, tsr_dtype dtype, uint32_t rank, const int64_t *shape,
                              const void *data) {
    Onnx__TensorProto *tensor = TSR_NEW(writer->arena, Onnx__TensorProto);
    onnx__tensor_proto__init(tensor);
    size_t bytes = tsr_dtype_size(dtype);
    for (uint32_t d = 0; d < rank; d++)
        bytes *= (size_t)shape[d];
    tensor->name = text(writer, name);
    tensor->has_data_type = true;
    tensor->data_type = data_type(dtype);
    tensor->n_dims = rank;
    tensor->dims = copy_ints(writer, rank, shape);
    tensor->has_raw_data = true;
    tensor->raw_data.len = bytes;
    tensor->raw_data.data = tsr_arena_alloc(writer->arena, bytes + 1);
    if (bytes > 0)
        memcpy(tensor->raw_data.data, data, bytes);
    append(writer, &writer->constants, tensor);
    return tensor->name;
}

static Onnx__AttributeProto *attribute_of(tsr_onnx_writer *w, const tsr_onnx_attribute *a) {
    Onnx__AttributeProto *attribute = TSR_NEW(w->arena, Onnx__AttributeProto);
    onnx__attribute_proto__init(attribute);
    attribute->name = text(w, a->name);
    attribute->has_type = true;
    switch (a->kind) {
    case TSR_ONNX_INT:
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        attribute->has_i = true;
        attribute->i = a->i;
        break;
    case TSR_ONNX_FLOAT:
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        attribute->has_f = true;
        attribute->f = a->f;
        break;
    case TSR_ONNX_STRING:
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        attribute->has_s = true;
        attribute->s.len = strlen(a->s);
        attribute->s.data = (uint8_t *)text(w, a->s);
        break;
    case TSR_ONNX_INTS:
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        attribute->n_ints = a->count;
        attribute->ints = copy_ints(w, a->count, a->ints);
        break;
    case TSR_ONNX_FLOATS:
        attribute->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        attribute->n_floats = a->count;
        attribute->floats = TSR_NEW_ARRAY(w->arena, float, a->count + 1);
        if (a->count > 0)
            memcpy(attribute->floats, a->floats, a->count * sizeof(float));
        break;
    }
    return attribute;
}

void tsr_onnx_node_outputs(tsr_onnx_writer *writer, const char *op, uint32_t input_count, const char *const *inputs,
                           uint32_t output_count, const char *const *outputs, const tsr_onnx_attribute *attributes) {
    Onnx__NodeProto *node = TSR_NEW(writer->arena, Onnx__NodeProto);
    onnx__node_proto__init(node);
    node->op_type = text(writer, op);
    node->name = text(writer, outputs[0]);
    node->n_input = input_count;
    node->input = TSR_NEW_ARRAY(writer->arena, char *, input_count + 1);
    for (uint32_t i = 0; i < input_count; i++)
        node->input[i] = text(writer, inputs[i]);
    node->n_output = output_count;
    node->output = TSR_NEW_ARRAY(writer->arena, char *, output_count + 1);
    for (uint32_t i = 0; i < output_count; i++)
        node->output[i] = text(writer, outputs[i]);
    list all = {0};
    for (const tsr_onnx_attribute *a = attributes; a != NULL && a->name != NULL; a++)
        append(writer, &all, attribute_of(writer, a));
    node->n_attribute = all.count;
    node->attribute = (Onnx__AttributeProto **)all.items;
    append(writer, &writer->nodes, node);
}

const char *tsr_onnx_node(tsr_onnx_writer *writer, const char *op, uint32_t input_count, const char *const *inputs,
                          const char *output, const tsr_onnx_attribute *attributes) {
    const char *name = text(writer, output);
    tsr_onnx_node_outputs(writer, op, input_count, inputs, 1, &name, attributes);
    return name;
}

void tsr_onnx_name_node(tsr_onnx_writer *writer, const char *name) {
    if (writer->nodes.count > 0)
        ((Onnx__NodeProto *)writer->nodes.items[writer->nodes.count - 1])->name = text(writer, name);
}

tsr_status tsr_onnx_serialise(const tsr_onnx_writer *writer, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    Onnx__GraphProto graph = writer->graph;
    graph.n_node = writer->nodes.count;
    graph.node = (Onnx__NodeProto **)writer->nodes.items;
    graph.n_initializer = writer->constants.count;
    graph.initializer = (Onnx__TensorProto **)writer->constants.items;
    graph.n_input = writer->inputs.count;
    graph.input = (Onnx__ValueInfoProto **)writer->inputs.items;
    graph.n_output = writer->outputs.count;
    graph.output = (Onnx__ValueInfoProto **)writer->outputs.items;
    Onnx__ModelProto model = writer->model;
    model.graph = &graph;
    const size_t size = onnx__model_proto__get_packed_size(&model);
    if (size > INT32_MAX)
        return tsr_error(TSR_UNSUPPORTED, "an ONNX file of %zu MiB; the format holds 2 GiB", size >> 20);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for an ONNX file of %zu MiB", size >> 20);
    onnx__model_proto__pack(&model, bytes);
    *out_bytes = bytes;
    *out_size = size;
    return tsr_ok();
}
