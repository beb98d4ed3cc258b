// SPDX-License-Identifier: Apache-2.0
// What both importers need: names, budget, adding nodes whose output shape follows from their inputs.
#ifndef TSR_IMPORT_COMMON_H
#define TSR_IMPORT_COMMON_H

#include "tsr/import.h"
#include "tsr/name_map.h"

typedef struct importer {
    tsr_graph *graph;
    size_t budget;       // the graph's arena may not grow past this
    name_map node_names; // used so far
} importer;

void importer_init(importer *imp, tsr_graph *graph, size_t file_size);

// Fails when `bytes` more would take the arena past the budget: a file that describes far more than it holds.
tsr_status importer_reserve(const importer *imp, uint64_t bytes);

static inline tsr_tensor *tensor_of(const importer *imp, tsr_id id) { return &imp->graph->tensors[id]; }

// `base`, or a variant of it that no node has yet; when base is empty, the operator and the node's number.
const char *importer_node_name(importer *imp, const char *base, const char *op);

// A tensor of the same type and quantisation, without contents. The shape may have another rank only when the
// quantisation is per tensor.
tsr_id importer_like(importer *imp, tsr_id model, const char *name, uint32_t rank, const int64_t *shape);

// The shape of a node's result; NULL attr: the standard one.
tsr_status importer_infer(const importer *imp, tsr_op op, const tsr_attr *attr, uint32_t input_count, const tsr_id *inputs,
                          uint32_t *out_rank, int64_t out_shape[TSR_MAX_RANK]);
// Adds a node whose output tensor is there already.
tsr_status importer_node(importer *imp, tsr_op op, const char *name, const tsr_attr *attr, uint32_t input_count,
                         const tsr_id *inputs, tsr_id output);
// Adds a node on a new output tensor of the inferred shape and the given type (no quantisation).
tsr_status importer_emit(importer *imp, tsr_op op, const char *name, const tsr_attr *attr, uint32_t input_count,
                         const tsr_id *inputs, const char *out_name, tsr_dtype dtype, tsr_id *out_id);

// Another shape, other order of dimensions. A constant is changed in place of a node (reshaped without copying it).
// Quantisation goes along; a per-axis one through reshape only when `axis_map` says where its axis goes (-1: lost, error).
tsr_status importer_reshape(importer *imp, tsr_id x, uint32_t rank, const int64_t *shape, int32_t new_axis, const char *node_name,
                            const char *out_name, tsr_id *out_id);
tsr_status importer_transpose(importer *imp, tsr_id x, const int64_t *perm, const char *node_name, const char *out_name,
                              tsr_id *out_id);

// Negative axes count from the end. False when it is outside of [-rank, rank).
bool normalise_axis(int64_t *axis, int64_t rank);

// Pads of one dimension so that the output has ceil(in / stride) elements; the odd one goes to the end or the beginning.
void pad_same(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, bool lower, int64_t *out_before, int64_t *out_after);

// Elements of a constant integer tensor as int64; at most `most` of them.
tsr_status constant_ints(const tsr_tensor *tensor, uint32_t most, int64_t *out_values, uint32_t *out_count);

// Collects operators that are not supported, each once with how often, into one message.
typedef struct unsupported_list {
    uint32_t kinds;
    struct {
        const char *op, *first_node;
        uint32_t count;
    } item[16];
    bool more;
} unsupported_list;
void unsupported_add(unsupported_list *list, const char *op, const char *node);
tsr_status unsupported_status(const unsupported_list *list, const char *supported);

#endif
