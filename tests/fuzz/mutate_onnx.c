// SPDX-License-Identifier: Apache-2.0
// ONNX files that are well-formed and lie about what is in them.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "onnx.pb-c.h"

static size_t below(uint64_t *seed, size_t limit) { return limit == 0 ? 0 : (size_t)(mutate_random(seed) % limit); }

static int64_t telling_int(uint64_t *seed) {
    static const int64_t values[] = {0,  1,   2,   3,    5,     8,         16,        31,        64,        127,       -1,
                                     -2, 255, 256, 4096, 65535, 65536,     1 << 20,   INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN,
                                     7,  17,  -8,  100,  1000,  1LL << 32, 1LL << 40, 1LL << 62, 4,         9,         33};
    return values[below(seed, sizeof values / sizeof values[0])];
}

static float telling_float(uint64_t *seed) {
    const float values[] = {0.0F,  -0.0F,  NAN,    INFINITY, -INFINITY, -1.0F, 1.0F, 1e-45F, 1e-38F, 3e38F,
                            1e-6F, 1e-12F, 1000.F, -0.05F,   1e6F,      0.5F,  2.0F, 0.25F,  1e10F,  0.7F};
    return values[below(seed, sizeof values / sizeof values[0])];
}

static void set_text(char **text, const char *to) {
    char *copy = malloc(strlen(to) + 1);
    if (copy == NULL)
        abort();
    strcpy(copy, to);
    free(*text);
    *text = copy;
}

static void change_tensor(Onnx__TensorProto *t, uint64_t *seed) {
    size_t what = below(seed, 8);
    if (what == 0 && t->n_dims > 0)
        t->dims[below(seed, t->n_dims)] = telling_int(seed);
    else if (what == 1 && t->n_dims > 1)
        t->n_dims--;
    else if (what == 2)
        t->data_type = (int32_t)below(seed, 18);
    else if (what == 3 && t->raw_data.len > 0)
        t->raw_data.len = below(seed, t->raw_data.len + 1);
    else if (t->n_float_data > 0)
        t->float_data[below(seed, t->n_float_data)] = telling_float(seed);
    else if (t->n_int32_data > 0)
        t->int32_data[below(seed, t->n_int32_data)] = (int32_t)telling_int(seed);
    else if (t->n_int64_data > 0)
        t->int64_data[below(seed, t->n_int64_data)] = telling_int(seed);
    else if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && t->raw_data.len >= 4) {
        float value = telling_float(seed);
        memcpy(t->raw_data.data + below(seed, t->raw_data.len / 4) * 4, &value, sizeof value);
    } else if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 && t->raw_data.len >= 8) {
        int64_t value = telling_int(seed);
        memcpy(t->raw_data.data + below(seed, t->raw_data.len / 8) * 8, &value, sizeof value);
    } else if (t->raw_data.len > 0)
        t->raw_data.data[below(seed, t->raw_data.len)] = (uint8_t)mutate_random(seed);
}

static void change_attribute(Onnx__AttributeProto *a, uint64_t *seed) {
    size_t what = below(seed, 8);
    if (what == 0 && a->n_ints > 0)
        a->n_ints--;
    else if (what == 1)
        a->type = (Onnx__AttributeProto__AttributeType)below(seed, 15);
    else if (a->n_ints > 0)
        a->ints[below(seed, a->n_ints)] = telling_int(seed);
    else if (a->has_i)
        a->i = telling_int(seed);
    else if (a->has_f)
        a->f = telling_float(seed);
    else if (a->has_s && a->s.len > 0)
        a->s.data[below(seed, a->s.len)] = (uint8_t)mutate_random(seed);
    else if (a->t != NULL)
        change_tensor(a->t, seed);
}

static void change_value(Onnx__ValueInfoProto *v, uint64_t *seed) {
    if (v->type == NULL || v->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || v->type->tensor_type->shape == NULL)
        return;
    Onnx__TensorShapeProto *shape = v->type->tensor_type->shape;
    size_t what = below(seed, 6);
    if (what == 0)
        v->type->tensor_type->elem_type = (int32_t)below(seed, 18);
    else if (what == 1 && shape->n_dim > 1) {
        protobuf_c_message_free_unpacked(&shape->dim[shape->n_dim - 1]->base, NULL);
        shape->n_dim--;
    } else if (shape->n_dim > 0) {
        Onnx__TensorShapeProto__Dimension *d = shape->dim[below(seed, shape->n_dim)];
        if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
            d->dim_value = telling_int(seed);
    }
}

static void change_node(Onnx__GraphProto *g, Onnx__NodeProto *n, uint64_t *seed) {
    const Onnx__NodeProto *other = g->node[below(seed, g->n_node)];
    size_t what = below(seed, 10);
    if (what == 0 && other->op_type != NULL && other != n)
        set_text(&n->op_type, other->op_type);
    else if (what == 1 && n->n_input > 0)
        free(n->input[--n->n_input]);
    else if (what == 2 && n->n_input > 0 && other->n_output > 0)
        set_text(&n->input[below(seed, n->n_input)], other->output[0]);
    else if (what == 3 && n->n_input > 0 && other->n_input > 0 && other != n)
        set_text(&n->input[below(seed, n->n_input)], other->input[below(seed, other->n_input)]);
    else if (what == 4 && n->n_input > 1) {
        size_t a = below(seed, n->n_input), b = below(seed, n->n_input);
        char *text = n->input[a];
        n->input[a] = n->input[b];
        n->input[b] = text;
    } else if (n->n_attribute > 0)
        change_attribute(n->attribute[below(seed, n->n_attribute)], seed);
}

// Nodes without a say in it would waste most changes of a network of quantise nodes: half go where attributes are.
static Onnx__NodeProto *pick_node(Onnx__GraphProto *g, uint64_t *seed) {
    Onnx__NodeProto *n = g->node[below(seed, g->n_node)];
    for (int tries = 0; tries < 8 && n->n_attribute == 0; tries++)
        n = g->node[below(seed, g->n_node)];
    return n;
}

bytes mutate_onnx(const uint8_t *data, size_t size, uint64_t seed) {
    bytes result = {NULL, 0};
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, data);
    if (model == NULL || model->graph == NULL || model->graph->n_node == 0)
        abort(); // the file to start from is a good one
    Onnx__GraphProto *g = model->graph;
    for (size_t n = 1 + below(&seed, 3); n > 0; n--) {
        size_t what = below(&seed, 8);
        if (what < 3 && g->n_initializer > 0)
            change_tensor(g->initializer[below(&seed, g->n_initializer)], &seed);
        else if (what < 6)
            change_node(g, pick_node(g, &seed), &seed);
        else if (what == 6 && g->n_input > 0)
            change_value(g->input[below(&seed, g->n_input)], &seed);
        else if (g->n_output > 0)
            change_value(g->output[below(&seed, g->n_output)], &seed);
    }
    result.size = onnx__model_proto__get_packed_size(model);
    result.data = malloc(result.size + 1);
    if (result.data == NULL)
        abort();
    onnx__model_proto__pack(model, result.data);
    onnx__model_proto__free_unpacked(model, NULL);
    return result;
}
