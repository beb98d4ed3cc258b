// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on a seed alone (splitmix64), so that a failure can be made again from its seed.
#ifndef LOCKSTEP_RANDOM_H
#define LOCKSTEP_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline uint64_t rng_next(rng *r) {
    uint64_t z = r->state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// 0 .. n-1; n >= 1.
static inline uint32_t below(rng *r, uint32_t n) { return (uint32_t)((rng_next(r) >> 32) * n >> 32); }
// lo .. hi, both included.
static inline uint32_t between(rng *r, uint32_t lo, uint32_t hi) { return lo + below(r, hi - lo + 1); }
static inline bool chance(rng *r, uint32_t percent) { return below(r, 100) < percent; }
// 0 .. n-1, small numbers much more often.
static inline uint32_t mostly_small(rng *r, uint32_t n) {
    uint32_t limit = below(r, n) + 1;
    return below(r, chance(r, 50) ? limit : below(r, limit) + 1);
}
// 0 .. n-1 with a fondness for both ends.
static inline uint32_t edgy(rng *r, uint32_t n) {
    switch (below(r, 6)) {
    case 0: return 0;
    case 1: return n - 1;
    case 2: return n - 1 - mostly_small(r, n);
    case 3: return mostly_small(r, n);
    default: return below(r, n);
    }
}

#endif
