// SPDX-License-Identifier: Apache-2.0
// Operators on elements, reductions and indices.
#include <math.h>
#include <string.h>

#include "write.h"

// ---- one operand -------------------------------------------------------------------------------------------------------

static void write_unary(writing *w, const tsr_node *node) { // of the same name in the graph
    const view x = view_of_input(w, node->inputs[0]);
    add_result(w, node, tsr_op_name(node->op), 1, &x.value, NULL, x.perm);
}

static void write_alpha(writing *w, const tsr_node *node) { // LeakyRelu, Elu
    const view x = view_of_input(w, node->inputs[0]);
    attribute_list a = no_attributes(w);
    add_float(&a, "alpha", node->attr.alpha);
    add_result(w, node, tsr_op_name(node->op), 1, &x.value, &a, x.perm);
}

static void write_rsqrt(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    const uint32_t root = add_value(w, "Sqrt", output_name(w, node), 1, &x.value, NULL);
    add_result(w, node, "Reciprocal", 1, &root, NULL, x.perm);
}

// Written out, as no opset before 20 has it; readers know it again.
static void write_gelu(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    const char *name = output_name(w, node);
    const uint32_t one = add_scalar(w, name, "one", 1), half = add_scalar(w, name, "half", 0.5f);
    uint32_t y;
    if (node->attr.approximate) { // tanh(sqrt(2 / pi) * (x + 0.044715 x^3))
        y = add_value(w, "Mul", name, 2, (const uint32_t[]){x.value, x.value}, NULL);
        y = add_value(w, "Mul", name, 2, (const uint32_t[]){y, x.value}, NULL);
        y = add_value(w, "Mul", name, 2, (const uint32_t[]){y, add_scalar(w, name, "cubic", 0.044715f)}, NULL);
        y = add_value(w, "Add", name, 2, (const uint32_t[]){x.value, y}, NULL);
        y = add_value(w, "Mul", name, 2, (const uint32_t[]){y, add_scalar(w, name, "slope", 0.7978845608f)}, NULL);
        y = add_value(w, "Tanh", name, 1, &y, NULL);
    } else {
        y = add_value(w, "Div", name, 2, (const uint32_t[]){x.value, add_scalar(w, name, "root", 1.4142135624f)}, NULL);
        y = add_value(w, "Erf", name, 1, &y, NULL);
    }
    y = add_value(w, "Add", name, 2, (const uint32_t[]){y, one}, NULL);
    y = add_value(w, "Mul", name, 2, (const uint32_t[]){x.value, y}, NULL);
    add_result(w, node, "Mul", 2, (const uint32_t[]){y, half}, NULL, x.perm);
}

static void write_clip(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    define(w, node->outputs[0], add_clip(w, node, x.value, output_name(w, node)), x.perm);
}

static int64_t onnx_type(tsr_dtype dtype) {
    static const int64_t types[TSR_DTYPE_COUNT] = {
        [TSR_I8] = 3,  [TSR_U8] = 2,   [TSR_I16] = 5, [TSR_U16] = 4,  [TSR_I32] = 6, [TSR_U32] = 12,
        [TSR_I64] = 7, [TSR_U64] = 13, [TSR_F32] = 1, [TSR_F64] = 11, [TSR_BOOL] = 9}; // TensorProto.DataType
    return types[dtype];
}

static void write_cast(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    attribute_list a = no_attributes(w);
    add_int(&a, "to", onnx_type(written_tensor(w, node->outputs[0])->dtype));
    add_result(w, node, "Cast", 1, &x.value, &a, x.perm);
}

// ---- operands that are broadcast ---------------------------------------------------------------------------------------

static void write_broadcast(writing *w, const tsr_node *node) { add_broadcast(w, node, tsr_op_name(node->op), NULL); }

static void write_mod(writing *w, const tsr_node *node) {
    attribute_list a = no_attributes(w);
    add_int(&a, "fmod", node->attr.fmod);
    add_broadcast(w, node, "Mod", &a);
}

// An operator of two operands, and another one on its result.
static void then(writing *w, const tsr_node *node, const char *first, const char *second, bool square) {
    int64_t perm[TSR_MAX_RANK];
    add_broadcast(w, node, first, NULL);
    const view y = view_of(w, node->outputs[0]);
    memcpy(perm, y.perm, sizeof perm);
    const uint32_t in[2] = {y.value, y.value};
    define(w, node->outputs[0], add_value(w, second, output_name(w, node), square ? 2 : 1, in, NULL), perm);
}

static void write_squared_difference(writing *w, const tsr_node *node) { then(w, node, "Sub", "Mul", true); }
static void write_floor_div(writing *w, const tsr_node *node) { then(w, node, "Div", "Floor", false); }

// ---- reductions --------------------------------------------------------------------------------------------------------

static void write_reduction(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    const uint32_t rank = written_tensor(w, node->inputs[0])->rank;
    int64_t axes[TSR_MAX_RANK], perm[TSR_MAX_RANK];
    bool gone[TSR_MAX_RANK] = {false}; // extents of the value
    for (uint32_t i = 0; i < node->attr.axis_count; i++)
        gone[axes[i] = x.perm[node->attr.axes[i]]] = true;
    for (uint32_t i = 0, k = 0; i < rank; i++) {
        if (node->attr.keep_dims) {
            perm[i] = x.perm[i];
        } else if (!gone[x.perm[i]]) {
            perm[k] = 0; // how many extents of the value are left in front of this one
            for (int64_t d = 0; d < x.perm[i]; d++)
                perm[k] += !gone[d];
            k++;
        }
    }
    attribute_list a = no_attributes(w);
    add_int(&a, "keepdims", node->attr.keep_dims);
    const char *op = node->op == TSR_OP_MEAN ? "ReduceMean" : tsr_op_name(node->op);
    define(w, node->outputs[0], add_reduction(w, op, output_name(w, node), x.value, node->attr.axis_count, axes, &a), perm);
}

static void write_arg(writing *w, const tsr_node *node) {
    const uint32_t x = value_in(w, node->inputs[0], written_tensor(w, node->inputs[0])->rank, as_it_is);
    attribute_list a = no_attributes(w);
    add_int(&a, "axis", node->attr.axis);
    add_int(&a, "keepdims", node->attr.keep_dims);
    add_int(&a, "select_last_index", node->attr.select_last);
    uint32_t y = add_value(w, tsr_op_name(node->op), output_name(w, node), 1, &x, a.list);
    if (written_tensor(w, node->outputs[0])->dtype == TSR_I32) {
        attribute_list cast = no_attributes(w);
        add_int(&cast, "to", onnx_type(TSR_I32));
        y = add_value(w, "Cast", output_name(w, node), 1, &y, cast.list);
    }
    define(w, node->outputs[0], y, as_it_is);
}

// ---- indices -----------------------------------------------------------------------------------------------------------

static void write_slice(writing *w, const tsr_node *node) {
    const view x = view_of_input(w, node->inputs[0]);
    const uint32_t rank = written_tensor(w, node->inputs[0])->rank;
    const tsr_attr *attr = &node->attr;
    const char *name = output_name(w, node);
    int64_t ends[TSR_MAX_RANK], axes[TSR_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) {
        ends[i] = attr->starts[i] + attr->steps[i] * attr->extents[i];
        if (ends[i] < 0) // backwards through the first element
            ends[i] = INT64_MIN;
        axes[i] = x.perm[i];
    }
    const uint32_t in[5] = {x.value, add_integers(w, name, "starts", rank, attr->starts),
                            add_integers(w, name, "ends", rank, ends), add_integers(w, name, "axes", rank, axes),
                            add_integers(w, name, "steps", rank, attr->steps)};
    add_result(w, node, "Slice", 5, in, NULL, x.perm);
}

static void write_expand(writing *w, const tsr_node *node) {
    const tsr_tensor *y = written_tensor(w, node->outputs[0]);
    const uint32_t in[2] = {value_in(w, node->inputs[0], written_tensor(w, node->inputs[0])->rank, as_it_is),
                            add_integers(w, output_name(w, node), "shape", y->rank, y->shape)};
    add_result(w, node, "Expand", 2, in, NULL, as_it_is);
}

static int64_t integer_at(const tsr_tensor *t, int64_t i) {
    return t->dtype == TSR_I64 ? ((const int64_t *)t->data)[i] : ((const int32_t *)t->data)[i];
}

// Rows or columns of a picture by floor(i * in / out): resizing to the nearest neighbour, which one Resize says.
static bool is_nearest(const tsr_tensor *x, const tsr_tensor *index, int64_t axis, int64_t written_axis) {
    if (x->rank != 4 || x->dtype != TSR_F32 || written_axis < 2 || index->data == NULL || index->rank != 1 ||
        (index->dtype != TSR_I32 && index->dtype != TSR_I64))
        return false;
    for (int64_t i = 0; i < index->shape[0]; i++)
        if (integer_at(index, i) != i * x->shape[axis] / index->shape[0])
            return false;
    return true;
}

static void write_nearest(writing *w, const tsr_node *node, const view *x) {
    const tsr_tensor *y = written_tensor(w, node->outputs[0]);
    int64_t sizes[TSR_MAX_RANK];
    for (uint32_t i = 0; i < y->rank; i++)
        sizes[x->perm[i]] = y->shape[i];
    const uint32_t in[4] = {x->value, NO_VALUE, NO_VALUE, add_integers(w, output_name(w, node), "sizes", y->rank, sizes)};
    attribute_list a = no_attributes(w);
    add_text(&a, "mode", "nearest");
    add_text(&a, "coordinate_transformation_mode", "asymmetric");
    add_text(&a, "nearest_mode", "floor");
    add_result(w, node, "Resize", 4, in, &a, x->perm);
}

static void write_gather(writing *w, const tsr_node *node) {
    const tsr_tensor *x = written_tensor(w, node->inputs[0]), *index = written_tensor(w, node->inputs[1]);
    const view v = view_of_input(w, node->inputs[0]);
    const int64_t axis = node->attr.axis;
    if (is_nearest(x, index, axis, v.perm[axis])) {
        write_nearest(w, node, &v);
        return;
    }
    const int64_t *perm = index->rank == 1 ? v.perm : as_it_is; // else the dimensions behind the axis move
    const uint32_t in[2] = {value_in(w, node->inputs[0], x->rank, perm), value_in(w, node->inputs[1], index->rank, as_it_is)};
    attribute_list a = no_attributes(w);
    add_int(&a, "axis", perm[axis]);
    add_result(w, node, "Gather", 2, in, &a, perm);
}

static const struct {
    tsr_op op;
    write_handler *write;
    int64_t opset;
} handlers[] = {
    {TSR_OP_ADD, write_broadcast, 13},
    {TSR_OP_SUB, write_broadcast, 13},
    {TSR_OP_MUL, write_broadcast, 13},
    {TSR_OP_DIV, write_broadcast, 13},
    {TSR_OP_MIN, write_broadcast, 13},
    {TSR_OP_MAX, write_broadcast, 13},
    {TSR_OP_POW, write_broadcast, 13},
    {TSR_OP_SQUARED_DIFFERENCE, write_squared_difference, 13},
    {TSR_OP_FLOOR_DIV, write_floor_div, 13},
    {TSR_OP_MOD, write_mod, 13},
    {TSR_OP_EQUAL, write_broadcast, 13},
    {TSR_OP_LESS, write_broadcast, 13},
    {TSR_OP_LESS_EQUAL, write_broadcast, 12},
    {TSR_OP_AND, write_broadcast, 7},
    {TSR_OP_OR, write_broadcast, 7},
    {TSR_OP_XOR, write_broadcast, 7},
    {TSR_OP_WHERE, write_broadcast, 9},
    {TSR_OP_PRELU, write_broadcast, 9},
    {TSR_OP_NOT, write_unary, 1},
    {TSR_OP_CLIP, write_clip, 13},
    {TSR_OP_SIGMOID, write_unary, 13},
    {TSR_OP_TANH, write_unary, 13},
    {TSR_OP_EXP, write_unary, 13},
    {TSR_OP_NEG, write_unary, 13},
    {TSR_OP_ABS, write_unary, 13},
    {TSR_OP_SQRT, write_unary, 13},
    {TSR_OP_RSQRT, write_rsqrt, 13},
    {TSR_OP_LOG, write_unary, 13},
    {TSR_OP_SIN, write_unary, 7},
    {TSR_OP_COS, write_unary, 7},
    {TSR_OP_ERF, write_unary, 13},
    {TSR_OP_FLOOR, write_unary, 13},
    {TSR_OP_CEIL, write_unary, 13},
    {TSR_OP_ROUND, write_unary, 11},
    {TSR_OP_LEAKY_RELU, write_alpha, 6},
    {TSR_OP_ELU, write_alpha, 6},
    {TSR_OP_HARD_SWISH, write_unary, 14},
    {TSR_OP_GELU, write_gelu, 13},
    {TSR_OP_CAST, write_cast, 13},
    {TSR_OP_MEAN, write_reduction, 13},
    {TSR_OP_REDUCE_SUM, write_reduction, 13},
    {TSR_OP_REDUCE_PROD, write_reduction, 13},
    {TSR_OP_REDUCE_MAX, write_reduction, 13},
    {TSR_OP_REDUCE_MIN, write_reduction, 13},
    {TSR_OP_ARG_MAX, write_arg, 13},
    {TSR_OP_ARG_MIN, write_arg, 13},
    {TSR_OP_SLICE, write_slice, 13},
    {TSR_OP_EXPAND, write_expand, 13},
    {TSR_OP_GATHER, write_gather, 13},
};

write_handler *element_handler_of(const tsr_node *node, int64_t *out_opset) {
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (handlers[i].op == node->op && node->attr.batch_dims == 0) {
            *out_opset = handlers[i].opset;
            return handlers[i].write;
        }
    return NULL;
}
