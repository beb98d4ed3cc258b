// SPDX-License-Identifier: Apache-2.0
#include "tsr/name_map.h"

#include <string.h>

static uint64_t hash(const char *text) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

// The slot that holds the key, or the free one where it belongs.
static uint32_t slot_of(const name_map *map, const char *key) {
    uint32_t slot = (uint32_t)hash(key) & (map->capacity - 1);
    while (map->keys[slot] != NULL && strcmp(map->keys[slot], key) != 0)
        slot = (slot + 1) & (map->capacity - 1);
    return slot;
}

bool name_map_get(const name_map *map, const char *key, uint32_t *out_value) {
    if (map->capacity == 0)
        return false;
    uint32_t slot = slot_of(map, key);
    if (map->keys[slot] == NULL)
        return false;
    *out_value = map->values[slot];
    return true;
}

bool name_map_add(name_map *map, const char *key, uint32_t value) {
    if (2 * (map->count + 1) > map->capacity) {
        name_map larger = *map;
        larger.capacity = map->capacity == 0 ? 64 : map->capacity * 2;
        larger.keys = TSR_NEW_ARRAY(map->arena, const char *, larger.capacity);
        larger.values = TSR_NEW_ARRAY(map->arena, uint32_t, larger.capacity);
        for (uint32_t i = 0; i < map->capacity; i++)
            if (map->keys[i] != NULL) {
                uint32_t slot = slot_of(&larger, map->keys[i]);
                larger.keys[slot] = map->keys[i];
                larger.values[slot] = map->values[i];
            }
        *map = larger;
    }
    uint32_t slot = slot_of(map, key);
    if (map->keys[slot] != NULL)
        return false;
    map->keys[slot] = key;
    map->values[slot] = value;
    map->count++;
    return true;
}
