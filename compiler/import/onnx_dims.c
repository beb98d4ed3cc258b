// SPDX-License-Identifier: Apache-2.0
// Symbolic dimensions of a model's inputs, and the extents that the user gives them by name.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.h"

tsr_status onnx_extent(const tsr_import_options *options, const char *name, int64_t *out_extent) {
    *out_extent = 0;
    for (uint32_t i = 0; i < options->dim_count; i++) {
        const char *text = options->dims[i], *equals = strrchr(text, '=');
        if (equals == NULL || (size_t)(equals - text) != strlen(name) || memcmp(text, name, strlen(name)) != 0)
            continue;
        char *end;
        *out_extent = strtoll(equals + 1, &end, 10);
        if (*end != '\0' || end == equals + 1 || *out_extent < 1 || *out_extent > INT32_MAX)
            return tsr_error(TSR_INVALID_ARGUMENT, "'%.100s' is no extent: write NAME=N, N from 1 on", text);
    }
    return tsr_ok();
}

const char *onnx_symbol(const Onnx__TensorShapeProto__Dimension *dim) {
    return dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param != NULL ? dim->dim_param
                                                                                                             : "";
}

tsr_status onnx_check_dims(const Onnx__GraphProto *proto, const tsr_import_options *options) {
    for (uint32_t d = 0; d < options->dim_count; d++) {
        const char *text = options->dims[d], *equals = strrchr(text, '=');
        if (equals == NULL || equals == text)
            return tsr_error(TSR_INVALID_ARGUMENT, "'%.100s' is no extent: write NAME=N", text);
        bool found = false;
        char names[200] = "";
        for (size_t i = 0; i < proto->n_input; i++) {
            const Onnx__TypeProto *type = proto->input[i]->type;
            if (type == NULL || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || type->tensor_type == NULL ||
                type->tensor_type->shape == NULL)
                continue;
            for (size_t k = 0; k < type->tensor_type->shape->n_dim; k++) {
                const char *symbol = onnx_symbol(type->tensor_type->shape->dim[k]);
                found = found || (strlen(symbol) == (size_t)(equals - text) && memcmp(symbol, text, strlen(symbol)) == 0);
                const size_t used = strlen(names);
                if (symbol[0] != '\0' && strstr(names, symbol) == NULL)
                    snprintf(names + used, sizeof names - used, "%s'%.40s'", used > 0 ? ", " : "", symbol);
            }
        }
        if (!found)
            return tsr_error(TSR_INVALID_ARGUMENT, "no input has a dimension called '%.*s'%s%s", (int)(equals - text), text,
                             names[0] != '\0' ? "; there are " : "; all are fixed", names);
    }
    return tsr_ok();
}
