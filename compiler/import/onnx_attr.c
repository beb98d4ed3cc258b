// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "onnx.h"

const Onnx__AttributeProto *onnx_attr(const onnx_node *node, const char *name) {
    for (size_t i = 0; i < node->proto->n_attribute; i++)
        if (node->proto->attribute[i]->name != NULL && strcmp(node->proto->attribute[i]->name, name) == 0)
            return node->proto->attribute[i];
    return NULL;
}

// Files of the first versions do not say the type.
static tsr_status typed(const onnx_node *node, const char *name, Onnx__AttributeProto__AttributeType type, bool has_value,
                        const Onnx__AttributeProto **out_attr) {
    const Onnx__AttributeProto *attr = *out_attr = onnx_attr(node, name);
    if (attr == NULL)
        return tsr_ok();
    if (attr->ref_attr_name != NULL && attr->ref_attr_name[0] != '\0')
        return tsr_error(TSR_UNSUPPORTED, "attribute '%s' refers to a function's attribute", name);
    if ((attr->has_type && attr->type != type) || !has_value)
        return tsr_error(TSR_CORRUPT, "attribute '%s' has the wrong type", name);
    return tsr_ok();
}

tsr_status onnx_attr_int(const onnx_node *node, const char *name, int64_t standard, int64_t *out_value) {
    const Onnx__AttributeProto *attr = onnx_attr(node, name);
    TSR_TRY(typed(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, attr == NULL || attr->has_i, &attr));
    *out_value = attr != NULL ? attr->i : standard;
    return tsr_ok();
}

tsr_status onnx_attr_float(const onnx_node *node, const char *name, float standard, float *out_value) {
    const Onnx__AttributeProto *attr = onnx_attr(node, name);
    TSR_TRY(typed(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, attr == NULL || attr->has_f, &attr));
    *out_value = attr != NULL ? attr->f : standard;
    return isnan(*out_value) ? tsr_error(TSR_CORRUPT, "attribute '%s' is not a number", name) : tsr_ok();
}

tsr_status onnx_attr_ints(const onnx_node *node, const char *name, uint32_t most, int64_t *out_values, uint32_t *out_count,
                          bool *out_present) {
    const Onnx__AttributeProto *attr;
    *out_count = 0;
    TSR_TRY(typed(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, true, &attr));
    *out_present = attr != NULL;
    if (attr == NULL)
        return tsr_ok();
    if (attr->n_ints > most)
        return tsr_error(TSR_CORRUPT, "attribute '%s' has %zu elements, at most %" PRIu32 " make sense", name, attr->n_ints,
                         most);
    for (size_t i = 0; i < attr->n_ints; i++)
        out_values[i] = attr->ints[i];
    *out_count = (uint32_t)attr->n_ints;
    return tsr_ok();
}

tsr_status onnx_attr_text(const onnx_node *node, const char *name, const char *standard, size_t size, char *out_text) {
    const Onnx__AttributeProto *attr = onnx_attr(node, name);
    TSR_TRY(typed(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, attr == NULL || attr->has_s, &attr));
    if (attr == NULL)
        snprintf(out_text, size, "%s", standard);
    else
        snprintf(out_text, size, "%.*s", (int)(attr->s.len < size ? attr->s.len : size),
                 attr->s.len > 0 ? (const char *)attr->s.data : "");
    return tsr_ok();
}

static bool is_known(const char *known, const char *name) {
    const size_t length = strlen(name);
    for (const char *at = known; length > 0 && (at = strstr(at, name)) != NULL; at += length)
        if ((at == known || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

tsr_status onnx_check_attrs(const onnx_node *node, const char *known) {
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const char *name = node->proto->attribute[i]->name;
        if (name == NULL)
            return tsr_error(TSR_CORRUPT, "an attribute without a name");
        if (!is_known(known, name))
            return tsr_error(TSR_UNSUPPORTED, "attribute '%.60s' is not supported; these are: %s", name,
                             known[0] != '\0' ? known : "none");
    }
    return tsr_ok();
}
