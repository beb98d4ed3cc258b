// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void importer_init(importer *imp, tsr_graph *graph, size_t file_size) {
    // Generous for honest models: contents once or twice, and a few hundred bytes for each tensor and node.
    *imp = (importer){.graph = graph, .budget = 64 * file_size + ((size_t)64 << 20)};
    imp->node_names.arena = graph->arena;
}

tsr_status importer_reserve(const importer *imp, uint64_t bytes) {
    if (bytes > imp->budget || tsr_arena_bytes(imp->graph->arena) > imp->budget - bytes)
        return tsr_error(TSR_CORRUPT, "the model describes far more data than its file holds");
    return tsr_ok();
}

const char *importer_node_name(importer *imp, const char *base, const char *op) {
    tsr_arena *arena = imp->graph->arena;
    const uint32_t number = imp->graph->node_count;
    const char *name = base[0] != '\0' ? base : tsr_arena_printf(arena, "%s_%" PRIu32, op, number);
    for (uint32_t n = number; !name_map_add(&imp->node_names, name, number); n++)
        name = tsr_arena_printf(arena, "%s#%" PRIu32, base[0] != '\0' ? base : op, n);
    return name;
}

tsr_id importer_like(importer *imp, tsr_id model, const char *name, uint32_t rank, const int64_t *shape) {
    tsr_id id = tsr_graph_add_tensor(imp->graph, name, tensor_of(imp, model)->dtype, rank, shape);
    tensor_of(imp, id)->quant = tensor_of(imp, model)->quant; // shared: quantisations are never changed in place
    return id;
}

tsr_status importer_infer(const importer *imp, tsr_op op, const tsr_attr *attr, uint32_t input_count, const tsr_id *inputs,
                          uint32_t *out_rank, int64_t out_shape[TSR_MAX_RANK]) {
    tsr_id unused = TSR_NO_ID;
    tsr_node node = {.op = op, .name = "", .input_count = input_count, .output_count = 1, .outputs = &unused};
    node.inputs = (tsr_id *)(uintptr_t)inputs; // only read
    node.attr = attr != NULL ? *attr : tsr_attr_default();
    return tsr_graph_infer_shape(imp->graph, &node, out_rank, out_shape);
}

tsr_status importer_node(importer *imp, tsr_op op, const char *name, const tsr_attr *attr, uint32_t input_count,
                         const tsr_id *inputs, tsr_id output) {
    TSR_TRY(importer_reserve(imp, 0));
    const tsr_id id =
        tsr_graph_add_node(imp->graph, op, importer_node_name(imp, name, tsr_op_name(op)), input_count, inputs, 1, &output);
    if (attr != NULL)
        imp->graph->nodes[id].attr = *attr;
    return tsr_ok();
}

tsr_status importer_emit(importer *imp, tsr_op op, const char *name, const tsr_attr *attr, uint32_t input_count,
                         const tsr_id *inputs, const char *out_name, tsr_dtype dtype, tsr_id *out_id) {
    uint32_t rank;
    int64_t shape[TSR_MAX_RANK];
    TSR_TRY(importer_infer(imp, op, attr, input_count, inputs, &rank, shape));
    TSR_TRY(tsr_shape_check(dtype, rank, shape));
    TSR_TRY(importer_reserve(imp, 0));
    const tsr_id y = tsr_graph_add_tensor(imp->graph, out_name, dtype, rank, shape);
    TSR_TRY(importer_node(imp, op, name, attr, input_count, inputs, y));
    *out_id = y; // last: it may be one of the inputs
    return tsr_ok();
}

tsr_status importer_reshape(importer *imp, tsr_id x, uint32_t rank, const int64_t *shape, int32_t new_axis, const char *node_name,
                            const char *out_name, tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    const tsr_tensor *from = tensor_of(imp, x);
    TSR_TRY(tsr_shape_check(from->dtype, rank, shape));
    uint64_t elements = 1;
    for (uint32_t i = 0; i < rank; i++)
        elements *= (uint64_t)shape[i];
    if (elements != tsr_tensor_elements(from)) {
        char is[TSR_SHAPE_TEXT], wanted[TSR_SHAPE_TEXT];
        return tsr_error(TSR_CORRUPT, "shape %s cannot become %s", tsr_shape_text(is, from->rank, from->shape),
                         tsr_shape_text(wanted, rank, shape));
    }
    const bool per_axis = from->quant.count > 1;
    if (per_axis && new_axis < 0)
        return tsr_error(TSR_UNSUPPORTED, "reshaping a tensor with per-axis quantisation; quantise it per tensor");
    TSR_TRY(importer_reserve(imp, 0));
    const void *data = from->data;
    *out_id = importer_like(imp, x, out_name, rank, shape);
    tensor_of(imp, *out_id)->data = data;
    if (per_axis)
        tensor_of(imp, *out_id)->quant.axis = new_axis;
    if (data == NULL)
        tsr_graph_add_node(imp->graph, TSR_OP_RESHAPE, importer_node_name(imp, node_name, "Reshape"), 1, &x, 1, out_id);
    return tsr_ok();
}

// Gathers the elements of a dense tensor in their new order.
static void transpose_data(const tsr_tensor *from, const int64_t *perm, const tsr_tensor *to, unsigned char *out) {
    const size_t size = tsr_dtype_size(from->dtype);
    const uint32_t rank = from->rank;
    int64_t stride[TSR_MAX_RANK], step[TSR_MAX_RANK], index[TSR_MAX_RANK] = {0}, at = 0;
    for (uint32_t i = rank; i-- > 0;)
        stride[i] = i + 1 == rank ? 1 : stride[i + 1] * from->shape[i + 1];
    for (uint32_t i = 0; i < rank; i++)
        step[i] = stride[perm[i]];
    for (uint64_t n = tsr_tensor_elements(from); n > 0; n--, out += size) {
        memcpy(out, (const unsigned char *)from->data + (size_t)at * size, size);
        for (uint32_t i = rank; i-- > 0;) {
            at += step[i];
            if (++index[i] < to->shape[i])
                break;
            at -= step[i] * to->shape[i];
            index[i] = 0;
        }
    }
}

tsr_status importer_transpose(importer *imp, tsr_id x, const int64_t *perm, const char *node_name, const char *out_name,
                              tsr_id *out_id) {
    *out_id = TSR_NO_ID;
    const uint32_t rank = tensor_of(imp, x)->rank;
    tsr_attr attr = tsr_attr_default();
    int64_t shape[TSR_MAX_RANK];
    for (uint32_t i = 0; i < rank; i++) {
        attr.perm[i] = perm[i];
        shape[i] = tensor_of(imp, x)->shape[perm[i]];
    }
    const bool constant = tensor_of(imp, x)->data != NULL;
    TSR_TRY(importer_reserve(imp, constant ? tsr_tensor_bytes(tensor_of(imp, x)) : 0));
    *out_id = importer_like(imp, x, out_name, rank, shape);
    tsr_tensor *to = tensor_of(imp, *out_id);
    const tsr_tensor *from = tensor_of(imp, x);
    for (uint32_t i = 0; i < rank && from->quant.count > 1; i++)
        if (perm[i] == from->quant.axis)
            to->quant.axis = (int32_t)i;
    if (constant) {
        unsigned char *data = tsr_arena_alloc(imp->graph->arena, (size_t)tsr_tensor_bytes(from));
        transpose_data(from, perm, to, data);
        to->data = data;
        return tsr_ok();
    }
    tsr_id node =
        tsr_graph_add_node(imp->graph, TSR_OP_TRANSPOSE, importer_node_name(imp, node_name, "Transpose"), 1, &x, 1, out_id);
    imp->graph->nodes[node].attr = attr;
    return tsr_ok();
}

bool normalise_axis(int64_t *axis, int64_t rank) {
    if (*axis < -rank || *axis >= rank)
        return false;
    if (*axis < 0)
        *axis += rank;
    return true;
}

void pad_same(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, bool lower, int64_t *out_before, int64_t *out_after) {
    *out_before = *out_after = 0;
    int64_t reach, total;
    if (stride < 1 || stride > INT32_MAX || __builtin_mul_overflow(kernel - 1, dilation, &reach))
        return; // the shape rule finds the fault
    const int64_t out = (in + stride - 1) / stride;
    if (__builtin_add_overflow((out - 1) * stride + 1 - in, reach, &total) || total <= 0)
        return;
    *out_before = lower ? total - total / 2 : total / 2;
    *out_after = total - *out_before;
}

tsr_status constant_ints(const tsr_tensor *tensor, uint32_t most, int64_t *out_values, uint32_t *out_count) {
    *out_count = 0;
    if (tensor->data == NULL)
        return tsr_error(TSR_UNSUPPORTED, "'%s' must be a constant", tensor->name);
    if (tensor->dtype != TSR_I32 && tensor->dtype != TSR_I64)
        return tsr_error(TSR_CORRUPT, "'%s' must be int32 or int64, is %s", tensor->name, tsr_dtype_name(tensor->dtype));
    const uint64_t count = tsr_tensor_elements(tensor);
    if (count > most)
        return tsr_error(TSR_CORRUPT, "'%s' has %" PRIu64 " elements, at most %" PRIu32 " make sense here", tensor->name, count,
                         most);
    for (uint32_t i = 0; i < count; i++)
        if (tensor->dtype == TSR_I32) {
            int32_t value;
            memcpy(&value, (const char *)tensor->data + 4 * (size_t)i, sizeof value);
            out_values[i] = value;
        } else
            memcpy(&out_values[i], (const char *)tensor->data + 8 * (size_t)i, sizeof *out_values);
    *out_count = (uint32_t)count;
    return tsr_ok();
}

void unsupported_add(unsupported_list *list, const char *op, const char *node) {
    for (uint32_t i = 0; i < list->kinds; i++)
        if (strcmp(list->item[i].op, op) == 0) {
            list->item[i].count++;
            return;
        }
    if (list->kinds == sizeof list->item / sizeof list->item[0]) {
        list->more = true;
        return;
    }
    list->item[list->kinds].op = op;
    list->item[list->kinds].first_node = node;
    list->item[list->kinds++].count = 1;
}

tsr_status unsupported_status(const unsupported_list *list, const char *supported) {
    if (list->kinds == 0)
        return tsr_ok();
    char text[TSR_MESSAGE_BYTES] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < list->kinds && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.40s (%" PRIu32 " %s '%.40s')", i > 0 ? ", " : "",
                                 list->item[i].op, list->item[i].count, list->item[i].count > 1 ? "nodes, first" : "node",
                                 list->item[i].first_node);
    return tsr_error(TSR_UNSUPPORTED, "operators that are not supported: %s%s; %s", text, list->more ? " and others" : "",
                     supported);
}
