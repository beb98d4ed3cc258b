// SPDX-License-Identifier: Apache-2.0
// A map from pointers to pointers. What walks expressions needs one: they are shared graphs, and a walk that forgets where it
// has been takes time exponential in their depth.
#ifndef TSR_TENSOR_POINTER_MAP_H
#define TSR_TENSOR_POINTER_MAP_H

#include "tsr/arena.h"

typedef struct map_slot {
    const void *key;
    void *value;
} map_slot;

typedef struct pointer_map { // all zero: empty
    map_slot *slots;
    size_t capacity, count;
} pointer_map;

void *map_get(const pointer_map *map, const void *key); // NULL when it is not there
void map_put(tsr_arena *arena, pointer_map *map, const void *key, void *value); // a key that is not there yet
void map_clear(pointer_map *map); // keeps the memory of a small one

#endif
