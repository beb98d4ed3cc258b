// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine.
#ifndef ZOO_RANDOM_H
#define ZOO_RANDOM_H

#include <stdint.h>

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

// About normal, mean 0, variance 1: the sum of eight uniform numbers of 16 bits. No mathematical library, whose last bit
// may differ from one machine to the next.
static inline double random_normal(uint64_t *state) {
    int32_t sum = 0;
    for (int i = 0; i < 2; i++) {
        const uint64_t bits = random_next(state);
        for (int j = 0; j < 4; j++)
            sum += (int32_t)(bits >> (16 * j) & 0xffff);
    }
    return ((double)sum / 65536 - 4) * 1.2247448713915890; // / sqrt(8 / 12)
}

#endif
