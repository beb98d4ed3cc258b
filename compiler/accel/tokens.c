// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <string.h>

// An old dependency is widened to the instruction this far back in its unit: surely done by then, it stands for many and
// keeps the tokens under way far below the 255 that a counter holds.
enum { SLACK = 32 };
enum { LOAD = 0, STORE = 3 }; // as isa/spec.md numbers the units

typedef struct record {
    access what;
    uint32_t unit, instruction;
} record;

typedef struct record_list {
    record *items;
    uint32_t count, capacity;
} record_list;

typedef struct completion {
    uint32_t signals;
    uint32_t unit;
    int64_t knows[UNITS]; // when this instruction has completed, so have these (-1: none) and all before them in their unit
} completion;

struct tracker {
    tsr_arena *arena;
    record_list records[SPACES];
    completion *instructions;
    uint32_t count, capacity;
    int64_t recent[UNITS][SLACK]; // the last instructions of a unit, a ring
    uint32_t issued[UNITS];
    int64_t knows[UNITS][UNITS]; // [v][u]: the latest instruction of u that v's next one may rely on
};

tracker *tracker_create(tsr_arena *arena) {
    tracker *t = TSR_NEW(arena, tracker);
    t->arena = arena;
    for (int v = 0; v < UNITS; v++)
        for (int u = 0; u < UNITS; u++)
            t->knows[v][u] = -1;
    return t;
}

static void *grow(tsr_arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 64;
    void *larger = tsr_arena_alloc(arena, *capacity * size);
    if (count > 0)
        memcpy(larger, items, count * size);
    return larger;
}

access access_of_walks(space where, int64_t begin, int64_t unit, bool write, uint32_t count, const walk *walks) {
    access a = {where, begin, begin + unit, write, 0, 0};
    for (uint32_t i = 0; i < count; i++)
        a.end += (walks[i].count - 1) * walks[i].stride;
    for (int64_t below = 0, width = unit;;) { // from the shortest stride on
        int64_t stride = INT64_MAX, steps = 0;
        for (uint32_t i = 0; i < count; i++)
            if (walks[i].count > 1 && walks[i].stride > below && walks[i].stride < stride)
                stride = walks[i].stride;
        if (stride == INT64_MAX)
            return a;
        bool even = stride > width;
        for (uint32_t i = 0; i < count; i++) {
            even = even && (walks[i].count == 1 || walks[i].stride < stride || walks[i].stride % stride == 0);
            steps += walks[i].stride == stride ? walks[i].count - 1 : 0;
        }
        if (even) {
            a.stride = stride;
            a.width = width;
            return a;
        }
        width += steps * stride;
        below = stride;
    }
}

// How far b's pattern lies behind a's, of equal strides.
static int64_t phase(const access *a, const access *b) {
    const int64_t distance = (b->begin - a->begin) % a->stride;
    return distance < 0 ? distance + a->stride : distance;
}

static bool touches(const access *a, const access *b) {
    if (a->begin >= b->end || b->begin >= a->end)
        return false;
    return a->stride == 0 || a->stride != b->stride || phase(a, b) < a->width || a->stride - phase(a, b) < b->width;
}

static bool covers(const access *a, const access *b) {
    if (b->begin < a->begin || b->end > a->end)
        return false;
    return a->stride == 0 || (a->stride == b->stride && phase(a, b) + b->width <= a->width);
}

// Forgets what a new access stands for from now on: whoever conflicts with an older record inside it conflicts with it too.
static void remember(tracker *t, const access *a, uint32_t unit, uint32_t instruction) {
    record_list *list = &t->records[a->where];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const record *r = &list->items[i];
        bool superseded = covers(a, &r->what) && (a->write || (!r->what.write && r->unit == unit));
        if (!superseded)
            list->items[kept++] = *r;
    }
    list->count = kept;
    list->items = grow(t->arena, list->items, list->count, &list->capacity, sizeof(record));
    list->items[list->count++] = (record){*a, unit, instruction};
}

uint32_t tracker_add(tracker *t, uint32_t unit, uint32_t access_count, const access *accesses) {
    uint32_t me = t->count;
    t->instructions = grow(t->arena, t->instructions, t->count, &t->capacity, sizeof(completion));
    t->count++;

    int64_t needs[UNITS] = {-1, -1, -1, -1};
    for (uint32_t k = 0; k < access_count; k++) {
        const access *a = &accesses[k];
        const record_list *list = &t->records[a->where];
        for (uint32_t i = 0; i < list->count; i++) {
            const record *r = &list->items[i];
            if (r->unit != unit && (r->what.write || a->write) && r->instruction > needs[r->unit] && touches(a, &r->what))
                needs[r->unit] = r->instruction;
        }
    }
    for (int u = 0; u < UNITS; u++)
        if (needs[u] > t->knows[unit][u] && t->issued[u] >= SLACK && t->recent[u][t->issued[u] % SLACK] > needs[u])
            needs[u] = t->recent[u][t->issued[u] % SLACK];
    // Latest first: waiting for a late instruction may already tell of the earlier ones.
    uint32_t waits = 0;
    for (int round = 0; round < UNITS; round++) {
        int64_t latest = -1;
        for (int u = 0; u < UNITS; u++)
            if (needs[u] > t->knows[unit][u] && needs[u] > latest)
                latest = needs[u];
        if (latest < 0)
            break;
        completion *other = &t->instructions[latest];
        other->signals |= UINT32_C(1) << unit;
        waits |= UINT32_C(1) << other->unit;
        for (int u = 0; u < UNITS; u++)
            // LOAD takes tokens of STORE before it reads memory, but those of GEMM and ALU only before it writes a buffer:
            // what it hears of STORE through those comes too late for its reads.
            if (other->knows[u] > t->knows[unit][u] && !(unit == LOAD && u == STORE && other->unit != STORE))
                t->knows[unit][u] = other->knows[u];
    }
    t->knows[unit][unit] = me;
    t->recent[unit][t->issued[unit]++ % SLACK] = me;
    completion *c = &t->instructions[me];
    c->signals = 0;
    c->unit = unit;
    memcpy(c->knows, t->knows[unit], sizeof c->knows);
    for (uint32_t k = 0; k < access_count; k++)
        remember(t, &accesses[k], unit, me);
    return waits;
}

uint32_t tracker_signals(const tracker *t, uint32_t instruction) { return t->instructions[instruction].signals; }
