// SPDX-License-Identifier: Apache-2.0
#include "pass.h"

#include <math.h>
#include <string.h>

tsr_node *pass_producer(const tsr_graph *graph, tsr_id tensor) {
    if (tensor == TSR_NO_ID)
        return NULL;
    tsr_id node = tsr_graph_producer(graph, tensor);
    return node == TSR_NO_ID ? NULL : &graph->nodes[node];
}

tsr_node *pass_producer_of(const tsr_graph *graph, tsr_id tensor, tsr_op op) {
    tsr_node *node = pass_producer(graph, tensor);
    return node != NULL && node->op == op ? node : NULL;
}

bool pass_is_graph_output(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == tensor)
            return true;
    return false;
}

static bool is_graph_input(const tsr_graph *graph, tsr_id tensor) {
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == tensor)
            return true;
    return false;
}

tsr_node *pass_only_reader(const tsr_graph *graph, tsr_id tensor) {
    tsr_node *reader = NULL;
    if (pass_is_graph_output(graph, tensor))
        return NULL;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count && !graph->nodes[n].dead; i++)
            if (graph->nodes[n].inputs[i] == tensor) {
                if (reader != NULL)
                    return NULL;
                reader = &graph->nodes[n];
            }
    return reader;
}

void pass_replace_reads(tsr_graph *graph, tsr_id from, tsr_id to) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].input_count; i++)
            if (graph->nodes[n].inputs[i] == from)
                graph->nodes[n].inputs[i] = to;
}

uint32_t pass_data_inputs(const tsr_node *node) {
    return node->op == TSR_OP_GATHER || node->op == TSR_OP_RESAMPLE ? 1 : node->input_count;
}

bool pass_same_quant(const tsr_tensor *a, const tsr_tensor *b) {
    if (a->dtype != b->dtype || a->quant.count != b->quant.count || (a->quant.count > 1 && a->quant.axis != b->quant.axis))
        return false;
    for (uint32_t i = 0; i < a->quant.count; i++)
        if (a->quant.scale[i] != b->quant.scale[i] || a->quant.zero_point[i] != b->quant.zero_point[i])
            return false;
    return true;
}

bool pass_same_shape(const tsr_tensor *a, const tsr_tensor *b) {
    return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0;
}

bool pass_is_8bit(const tsr_tensor *tensor) {
    return tensor != NULL && tensor->quant.count == 1 && (tensor->dtype == TSR_I8 || tensor->dtype == TSR_U8);
}

void pass_copy_quant(tsr_graph *graph, tsr_id to, tsr_id from) {
    const tsr_quant quant = graph->tensors[from].quant;
    tsr_graph_set_quant(graph, to, quant.count, quant.axis, quant.scale, quant.zero_point);
}

tsr_id pass_tensor_like(tsr_graph *graph, tsr_id model, const char *suffix) {
    const tsr_tensor like = graph->tensors[model];
    tsr_id id = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.%s", like.name, suffix), like.dtype, like.rank,
                                     like.shape);
    pass_copy_quant(graph, id, model);
    return id;
}

static bool name_taken(const tsr_graph *graph, const char *name) {
    for (uint32_t n = 0; n < graph->node_count; n++)
        if (strcmp(graph->nodes[n].name, name) == 0)
            return true;
    return false;
}

const char *pass_unique_name(tsr_graph *graph, const char *base, const char *suffix) {
    const char *name = tsr_arena_printf(graph->arena, "%s.%s", base, suffix);
    for (uint32_t n = 2; name_taken(graph, name); n++)
        name = tsr_arena_printf(graph->arena, "%s.%s%u", base, suffix, (unsigned)n);
    return name;
}

tsr_id pass_add_node(tsr_graph *graph, tsr_op op, const char *base, const char *suffix, tsr_id in, tsr_id out) {
    return tsr_graph_add_node(graph, op, pass_unique_name(graph, base, suffix), 1, &in, 1, &out);
}

bool pass_replace_by(tsr_graph *graph, tsr_node *node, tsr_id value) {
    const tsr_id y = node->outputs[0];
    if (!pass_is_graph_output(graph, y)) {
        node->dead = true;
        pass_replace_reads(graph, y, value);
        return true;
    }
    // The graph's output keeps its tensor: whoever makes the value writes there.
    tsr_node *maker = pass_producer(graph, value);
    if (maker == NULL || is_graph_input(graph, value) || pass_is_graph_output(graph, value))
        return false;
    node->dead = true;
    for (uint32_t i = 0; i < maker->output_count; i++)
        if (maker->outputs[i] == value)
            maker->outputs[i] = y;
    pass_replace_reads(graph, value, y);
    return true;
}

void pass_type_range(tsr_dtype dtype, int64_t *out_low, int64_t *out_high) {
    const unsigned bits = (unsigned)tsr_dtype_size(dtype) * 8;
    const bool is_signed = dtype == TSR_I8 || dtype == TSR_I16 || dtype == TSR_I32 || dtype == TSR_I64;
    *out_low = is_signed ? INT64_MIN >> (64 - bits) : 0;
    *out_high = is_signed ? INT64_MAX >> (64 - bits) : bits == 64 ? INT64_MAX : (INT64_C(1) << bits) - 1;
}

int64_t pass_quantise_value(const tsr_tensor *tensor, double real) {
    int64_t low, high;
    pass_type_range(tensor->dtype, &low, &high);
    const double q = nearbyint(real / (double)tensor->quant.scale[0]) + tensor->quant.zero_point[0];
    return q != q || q <= (double)low ? low : q >= (double)high ? high : (int64_t)q;
}

bool pass_is_unbounded(const tsr_attr *attr) { return attr->clip_lo == -INFINITY && attr->clip_hi == INFINITY; }

bool pass_splat_value(const tsr_graph *graph, tsr_id constant, double *out_value) {
    *out_value = 0;
    const tsr_tensor *t = constant == TSR_NO_ID ? NULL : &graph->tensors[constant];
    if (t == NULL || t->data == NULL || t->dtype != TSR_F32)
        return false;
    const float *data = (const float *)t->data;
    const uint64_t elements = tsr_tensor_elements(t);
    for (uint64_t i = 1; i < elements; i++)
        if (data[i] != data[0])
            return false;
    *out_value = (double)data[0];
    return true;
}

tsr_id pass_folded_pair(tsr_graph *graph, tsr_op op, tsr_id a, tsr_id b) {
    tsr_id inputs[2] = {a, b}, output = pass_tensor_like(graph, a, "folded");
    tsr_node node = {
        .op = op, .input_count = 2, .inputs = inputs, .output_count = 1, .outputs = &output, .attr = tsr_attr_default()};
    tsr_tensor *y = &graph->tensors[output];
    if (tsr_graph_infer_shape(graph, &node, &y->rank, y->shape).code != TSR_OK || !tsr_graph_evaluate(graph, &node))
        return TSR_NO_ID;
    return output;
}

const float *pass_channel_vector(tsr_graph *graph, tsr_id constant, int64_t channels) {
    const tsr_tensor *tensor = &graph->tensors[constant];
    if (tensor->data == NULL || tensor->dtype != TSR_F32)
        return NULL;
    const uint64_t elements = tsr_tensor_elements(tensor);
    const float *data = (const float *)tensor->data;
    if (elements == (uint64_t)channels && (channels == 1 || tensor->shape[tensor->rank - 1] == channels))
        return data;
    if (elements != 1)
        return NULL;
    float *spread = TSR_NEW_ARRAY(graph->arena, float, channels);
    for (int64_t i = 0; i < channels; i++)
        spread[i] = data[0];
    return spread;
}

void pass_set_bias(tsr_graph *graph, tsr_node *node, tsr_id bias) {
    if (node->input_count < 3) {
        tsr_id *inputs = TSR_NEW_ARRAY(graph->arena, tsr_id, 3);
        memcpy(inputs, node->inputs, 2 * sizeof *inputs);
        node->inputs = inputs;
        node->input_count = 3;
    }
    node->inputs[2] = bias;
}

void pass_split_pad(tsr_graph *graph, tsr_id n) {
    const tsr_attr attr = graph->nodes[n].attr;
    const tsr_id x = graph->nodes[n].inputs[0];
    const tsr_tensor t = graph->tensors[x];
    const int64_t shape[4] = {t.shape[0], t.shape[1] + attr.pad_top + attr.pad_bottom,
                              t.shape[2] + attr.pad_left + attr.pad_right, t.shape[3]};
    tsr_id padded = tsr_graph_add_tensor(graph, tsr_arena_printf(graph->arena, "%s.padded", t.name), t.dtype, 4, shape);
    pass_copy_quant(graph, padded, x);
    tsr_id pad = pass_add_node(graph, TSR_OP_PAD, graph->nodes[n].name, "pad", x, padded);
    tsr_attr *own = &graph->nodes[pad].attr;
    own->pads_begin[1] = attr.pad_top;
    own->pads_begin[2] = attr.pad_left;
    own->pads_end[1] = attr.pad_bottom;
    own->pads_end[2] = attr.pad_right;
    own->pad_is_zero_point = true;
    own->pad_value = t.quant.zero_point[0];
    tsr_node *node = &graph->nodes[n];
    node->inputs[0] = padded;
    node->attr.pad_top = node->attr.pad_left = node->attr.pad_bottom = node->attr.pad_right = 0;
}

// Depth first along the producers, with a stack of our own: chains are as long as a file makes them.
static tsr_status sort(tsr_graph *graph, tsr_arena *scratch) {
    enum { NEW, OPEN, DONE };
    tsr_id *producer = TSR_NEW_ARRAY(scratch, tsr_id, graph->tensor_count);
    unsigned char *state = TSR_NEW_ARRAY(scratch, unsigned char, graph->node_count);
    tsr_id *stack = TSR_NEW_ARRAY(scratch, tsr_id, graph->node_count);
    tsr_node *sorted = TSR_NEW_ARRAY(scratch, tsr_node, graph->node_count);
    uint32_t count = 0;
    for (uint32_t t = 0; t < graph->tensor_count; t++)
        producer[t] = TSR_NO_ID;
    for (uint32_t n = 0; n < graph->node_count; n++)
        for (uint32_t i = 0; i < graph->nodes[n].output_count && !graph->nodes[n].dead; i++)
            if (graph->nodes[n].outputs[i] != TSR_NO_ID)
                producer[graph->nodes[n].outputs[i]] = n;
    for (uint32_t root = 0; root < graph->node_count; root++) {
        uint32_t depth = 0;
        if (state[root] == NEW && !graph->nodes[root].dead) {
            stack[depth++] = root;
            state[root] = OPEN;
        }
        while (depth > 0) {
            const tsr_node *node = &graph->nodes[stack[depth - 1]];
            tsr_id next = TSR_NO_ID;
            for (uint32_t i = 0; i < node->input_count && next == TSR_NO_ID; i++) {
                const tsr_id before = node->inputs[i] == TSR_NO_ID ? TSR_NO_ID : producer[node->inputs[i]];
                if (before != TSR_NO_ID && state[before] != DONE)
                    next = before;
            }
            if (next == TSR_NO_ID) {
                state[stack[--depth]] = DONE;
                sorted[count++] = *node;
            } else if (state[next] == OPEN) {
                return tsr_error(TSR_INTERNAL, "node '%s': a cycle", graph->nodes[next].name);
            } else {
                state[next] = OPEN;
                stack[depth++] = next;
            }
        }
    }
    if (count > 0)
        memcpy(graph->nodes, sorted, count * sizeof *sorted);
    graph->node_count = count;
    return tsr_ok();
}

tsr_status pass_finish(tsr_graph *graph) {
    tsr_arena *scratch = tsr_arena_create();
    tsr_status status = sort(graph, scratch);
    tsr_arena_free(scratch);
    TSR_TRY(status);
    tsr_graph_sweep(graph);
    return tsr_ok();
}
