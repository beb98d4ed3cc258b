// SPDX-License-Identifier: Apache-2.0
// Names to numbers, for readers of files: a hash table in an arena.
#ifndef TSR_NAME_MAP_H
#define TSR_NAME_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/arena.h"

typedef struct name_map { // all zero but for the arena: empty; keys are not copied
    tsr_arena *arena;
    uint32_t count, capacity;
    const char **keys;
    uint32_t *values;
} name_map;

bool name_map_get(const name_map *map, const char *key, uint32_t *out_value);
bool name_map_add(name_map *map, const char *key, uint32_t value); // false, nothing changed: the key is there already

#endif
