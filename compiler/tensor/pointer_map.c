// SPDX-License-Identifier: Apache-2.0
// Open addressing.
#include "pointer_map.h"

#include <stdint.h>
#include <string.h>

static size_t place_of(const pointer_map *map, const void *key) {
    size_t i = (((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15u >> 20) & (map->capacity - 1);
    while (map->slots[i].key != NULL && map->slots[i].key != key)
        i = (i + 1) & (map->capacity - 1);
    return i;
}

void *map_get(const pointer_map *map, const void *key) {
    return map->capacity == 0 ? NULL : map->slots[place_of(map, key)].value;
}

void map_put(tsr_arena *arena, pointer_map *map, const void *key, void *value) {
    if (2 * map->count >= map->capacity) {
        pointer_map bigger = {.capacity = map->capacity == 0 ? 64 : 2 * map->capacity, .count = map->count};
        bigger.slots = TSR_NEW_ARRAY(arena, map_slot, bigger.capacity);
        for (size_t i = 0; i < map->capacity; i++)
            if (map->slots[i].key != NULL)
                bigger.slots[place_of(&bigger, map->slots[i].key)] = map->slots[i];
        *map = bigger;
    }
    map->slots[place_of(map, key)] = (map_slot){key, value};
    map->count++;
}

void map_clear(pointer_map *map) {
    enum { SMALL = 1024 };
    if (map->count == 0)
        return;
    map->count = 0;
    if (map->capacity > SMALL)
        map->capacity = 0;
    else
        memset(map->slots, 0, map->capacity * sizeof *map->slots);
}
