// SPDX-License-Identifier: Apache-2.0
// The table of attributes as data, for the text form.
#ifndef GRAPH_ATTR_H
#define GRAPH_ATTR_H

#include <stddef.h>

#include "tsr/attr.h"

typedef enum attr_kind { ATTR_INT, ATTR_PAIR, ATTR_DIMS, ATTR_LIST, ATTR_FLAG, ATTR_FLOAT, ATTR_DOUBLE, ATTR_CHOICE } attr_kind;

typedef struct attr_field {
    const char *name;
    attr_kind kind;
    size_t offset, size; // in tsr_attr
    size_t count_offset; // LIST: of its length
    const char *const *words; // CHOICE, ends with NULL
} attr_field;

extern const attr_field attr_fields[];
extern const unsigned attr_field_count;

// How many int64_t a field of a kind has room for; 0 when it is not made of them.
unsigned attr_room(attr_kind kind);

#endif
