// SPDX-License-Identifier: Apache-2.0
#include "attr.h"

#include <string.h>

#define WORDS_INT(name, extra)
#define WORDS_PAIR(name, extra)
#define WORDS_DIMS(name, extra)
#define WORDS_LIST(name, extra)
#define WORDS_FLAG(name, extra)
#define WORDS_FLOAT(name, extra)
#define WORDS_DOUBLE(name, extra)
#define WORDS_CHOICE(name, extra) static const char *const words_##name[] = {TSR_WORDS_##extra, NULL};
#define WORDS(kind, name, default, extra) WORDS_##kind(name, extra)
TSR_ATTRS(WORDS)

#define MORE_INT(name, extra) 0, NULL
#define MORE_PAIR(name, extra) 0, NULL
#define MORE_DIMS(name, extra) 0, NULL
#define MORE_LIST(name, extra) offsetof(tsr_attr, extra), NULL
#define MORE_FLAG(name, extra) 0, NULL
#define MORE_FLOAT(name, extra) 0, NULL
#define MORE_DOUBLE(name, extra) 0, NULL
#define MORE_CHOICE(name, extra) 0, words_##name
#define FIELD(kind, name, default, extra)                                                                                        \
    {#name, ATTR_##kind, offsetof(tsr_attr, name), sizeof(((tsr_attr *)0)->name), MORE_##kind(name, extra)},
const attr_field attr_fields[] = {TSR_ATTRS(FIELD)};
const unsigned attr_field_count = sizeof attr_fields / sizeof attr_fields[0];

unsigned attr_room(attr_kind kind) {
    switch (kind) {
    case ATTR_INT: return 1;
    case ATTR_PAIR: return 2;
    case ATTR_DIMS:
    case ATTR_LIST: return TSR_MAX_RANK;
    default: return 0;
    }
}

#define SET_INT(name, value) attr.name = value;
#define SET_PAIR(name, value) attr.name[0] = attr.name[1] = value;
#define SET_DIMS(name, value)                                                                                                    \
    for (unsigned i = 0; i < TSR_MAX_RANK; i++)                                                                                  \
        attr.name[i] = value;
#define SET_LIST(name, value) SET_DIMS(name, value)
#define SET_FLAG(name, value) attr.name = value;
#define SET_FLOAT(name, value) attr.name = value;
#define SET_DOUBLE(name, value) attr.name = value;
#define SET_CHOICE(name, value) attr.name = value;
#define SET(kind, name, value, extra) SET_##kind(name, value)

tsr_attr tsr_attr_default(void) {
    tsr_attr attr;
    memset(&attr, 0, sizeof attr);
    TSR_ATTRS(SET)
    return attr;
}
