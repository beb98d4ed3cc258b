// SPDX-License-Identifier: Apache-2.0
#include "tsr/graph.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const char *tsr_shape_text(char buffer[TSR_SHAPE_TEXT], uint32_t rank, const int64_t *shape) {
    size_t used = (size_t)snprintf(buffer, TSR_SHAPE_TEXT, "[");
    for (uint32_t i = 0; i < rank && i < TSR_MAX_RANK; i++)
        used += (size_t)snprintf(buffer + used, TSR_SHAPE_TEXT - used, "%s%" PRId64, i > 0 ? "," : "", shape[i]);
    snprintf(buffer + used, TSR_SHAPE_TEXT - used, "]");
    return buffer;
}

enum { NAME_TEXT = 40 };

// Names made by converters can fill a page; the end says most.
static const char *short_name(char buffer[NAME_TEXT], const char *name) {
    const size_t length = strlen(name);
    if (length < NAME_TEXT)
        return name;
    snprintf(buffer, NAME_TEXT, "..%s", name + length - (NAME_TEXT - 3));
    return buffer;
}

// "conv1:int8[1,8,8,16](0.023,-128)": name, type, quantisation. A constant is marked with '#'.
static void print_tensor(const tsr_graph *graph, tsr_id id, FILE *out) {
    if (id == TSR_NO_ID || id >= graph->tensor_count) {
        fputs(id == TSR_NO_ID ? "-" : "?", out);
        return;
    }
    const tsr_tensor *tensor = &graph->tensors[id];
    char shape[TSR_SHAPE_TEXT], name[NAME_TEXT];
    fprintf(out, "%s%s:%s%s", tensor->data != NULL ? "#" : "", short_name(name, tensor->name), tsr_dtype_name(tensor->dtype),
            tsr_shape_text(shape, tensor->rank, tensor->shape));
    if (tensor->quant.count == 1)
        fprintf(out, "(%g,%" PRId32 ")", (double)tensor->quant.scale[0], tensor->quant.zero_point[0]);
    else if (tensor->quant.count > 1)
        fprintf(out, "(%" PRIu32 " scales, axis %" PRId32 ")", tensor->quant.count, tensor->quant.axis);
}

static void print_list(const char *label, const int64_t *values, uint32_t count, FILE *out) {
    fprintf(out, " %s=", label);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s%" PRId64, i > 0 ? "," : "", values[i]);
}

static void print_window(const tsr_attr *attr, FILE *out) {
    print_list("kernel", attr->kernel, 2, out);
    print_list("stride", attr->stride, 2, out);
    if (attr->dilation[0] != 1 || attr->dilation[1] != 1)
        print_list("dilation", attr->dilation, 2, out);
    const int64_t pads[4] = {attr->pad_top, attr->pad_left, attr->pad_bottom, attr->pad_right};
    if (pads[0] != 0 || pads[1] != 0 || pads[2] != 0 || pads[3] != 0)
        print_list("pads", pads, 4, out);
    if (attr->groups != 1)
        fprintf(out, " groups=%" PRId64, attr->groups);
    if (attr->count_include_pad)
        fputs(" count_include_pad", out);
    if (attr->ceil_mode)
        fputs(" ceil", out);
}

static void print_attr(const tsr_graph *graph, const tsr_node *node, FILE *out) {
    const tsr_attr *attr = &node->attr;
    const uint32_t rank = node->input_count > 0 && node->inputs[0] != TSR_NO_ID ? graph->tensors[node->inputs[0]].rank : 0;
    switch (node->op) {
    case TSR_OP_CONV:
    case TSR_OP_CONV_INTEGER:
    case TSR_OP_MAX_POOL:
    case TSR_OP_MAX_POOL_INDEX:
    case TSR_OP_AVERAGE_POOL: print_window(attr, out); break;
    case TSR_OP_MEAN:
        print_list("axes", attr->axes, attr->axis_count, out);
        fputs(attr->keep_dims ? " keep_dims" : "", out);
        break;
    case TSR_OP_PAD:
        print_list("begin", attr->pads_begin, rank, out);
        print_list("end", attr->pads_end, rank, out);
        if (attr->pad_mode != TSR_PAD_VALUE)
            fputs(attr->pad_mode == TSR_PAD_EDGE ? " edge" : " reflect", out);
        else if (attr->pad_is_zero_point)
            fputs(" value=zero_point", out);
        else
            fprintf(out, " value=%g", attr->pad_value);
        break;
    case TSR_OP_CONCAT: print_list("axis", &attr->axis, 1, out); break;
    case TSR_OP_TRANSPOSE: print_list("perm", attr->perm, rank, out); break;
    case TSR_OP_SOFTMAX:
        print_list("axis", &attr->axis, 1, out);
        if (attr->flatten_axis >= 0)
            print_list("flatten_axis", &attr->flatten_axis, 1, out);
        if (attr->beta != 1.0f)
            fprintf(out, " beta=%g", (double)attr->beta);
        break;
    case TSR_OP_LEAKY_RELU: fprintf(out, " alpha=%g", (double)attr->alpha); break;
    default: break;
    }
    if (attr->clip_lo != -INFINITY || attr->clip_hi != INFINITY)
        fprintf(out, " clip=%g..%g", (double)attr->clip_lo, (double)attr->clip_hi);
}

void tsr_graph_print(const tsr_graph *graph, FILE *out) {
    fprintf(out, "graph %s%s\n", graph->name, graph->channels_last ? " (channels last)" : "");
    for (uint32_t i = 0; i < graph->input_count; i++) {
        fputs("  input ", out);
        print_tensor(graph, graph->inputs[i], out);
        fputc('\n', out);
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const tsr_node *node = &graph->nodes[n];
        if (node->dead)
            continue;
        fprintf(out, "  %3" PRIu32 " ", n);
        for (uint32_t i = 0; i < node->output_count; i++) {
            fputs(i > 0 ? ", " : "", out);
            print_tensor(graph, node->outputs[i], out);
        }
        fprintf(out, " = %s(", tsr_op_name(node->op));
        for (uint32_t i = 0; i < node->input_count; i++) {
            fputs(i > 0 ? ", " : "", out);
            print_tensor(graph, node->inputs[i], out);
        }
        fputc(')', out);
        print_attr(graph, node, out);
        const tsr_id first = node->output_count > 0 ? node->outputs[0] : TSR_NO_ID;
        if (first >= graph->tensor_count || strcmp(node->name, graph->tensors[first].name) != 0)
            fprintf(out, "  '%s'", node->name);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        fputs("  output ", out);
        print_tensor(graph, graph->outputs[i], out);
        fputc('\n', out);
    }
}
