// SPDX-License-Identifier: Apache-2.0
// Who waits for whom: accesses with gaps against sets of bytes, marked one by one.
#include "check.h"
#include "tokens.h"

GREATEST_MAIN_DEFS();

enum { LOAD = 0, GEMM = 1, SIZE = 4096 };

static uint64_t random_state = 1;
static int64_t between(int64_t low, int64_t high) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return low + (int64_t)((uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 32) % (uint64_t)(high - low + 1));
}

typedef struct pattern {
    int64_t begin, unit;
    walk walks[3];
} pattern;

static void mark(const pattern *p, unsigned char bit, unsigned char *bytes) {
    for (int64_t i = 0; i < p->walks[0].count; i++)
        for (int64_t j = 0; j < p->walks[1].count; j++)
            for (int64_t k = 0; k < p->walks[2].count; k++)
                for (int64_t b = 0; b < p->unit; b++)
                    bytes[p->begin + i * p->walks[0].stride + j * p->walks[1].stride + k * p->walks[2].stride + b] |= bit;
}

static bool share_a_byte(const pattern *a, const pattern *b) {
    static unsigned char bytes[SIZE];
    memset(bytes, 0, sizeof bytes);
    mark(a, 1, bytes);
    mark(b, 2, bytes);
    bool both = false;
    for (size_t i = 0; i < SIZE; i++)
        both = both || bytes[i] == 3;
    return both;
}

static bool waits(const pattern *a, const pattern *b) {
    tsr_arena *arena = tsr_arena_create();
    tracker *t = tracker_create(arena);
    const access first = access_of_walks(SPACE_INP, a->begin, a->unit, true, 3, a->walks),
                 second = access_of_walks(SPACE_INP, b->begin, b->unit, false, 3, b->walks);
    tracker_add(t, LOAD, 1, &first);
    const bool yes = tracker_add(t, GEMM, 1, &second) != 0;
    tsr_arena_free(arena);
    return yes;
}

static pattern random_pattern(void) {
    pattern p = {between(0, 500), between(1, 8), {{0, 0}, {0, 0}, {0, 0}}};
    for (int i = 0; i < 3; i++)
        p.walks[i] = (walk){between(1, 5), between(0, 6) * between(1, 16)};
    return p;
}

TEST whoever_shares_a_byte_waits(void) {
    int apart = 0, together = 0, gaps = 0;
    for (int n = 0; n < 20000; n++) {
        const pattern a = random_pattern(), b = random_pattern();
        const bool shared = share_a_byte(&a, &b), waited = waits(&a, &b);
        if (shared)
            ASSERTm("two patterns share a byte and no token orders them", waited);
        together += shared;
        apart += !shared;
        gaps += !waited;
    }
    ASSERT(together > 1000 && apart > 1000 && gaps > 100);
    PASS();
}

// Blocks of channels of the same pixels: as a LOAD writes one while GEMM reads another.
TEST interleaved_blocks_do_not_wait_for_each_other(void) {
    for (int64_t channels = 2; channels <= 16; channels++)
        for (int64_t n = 0; n < channels; n++)
            for (int64_t m = 0; m < channels; m++) {
                const pattern a = {n * 4, 4, {{3, channels * 4 * 5}, {5, channels * 4}, {1, 0}}};
                const pattern b = {m * 4, 4, {{4, channels * 4 * 3}, {3, channels * 4}, {1, 0}}};
                ASSERT_EQ(n == m, waits(&a, &b));
            }
    PASS();
}

// A later write of some of the bytes does not stand for an earlier one of others.
TEST a_write_with_gaps_does_not_hide_what_lies_in_them(void) {
    tsr_arena *arena = tsr_arena_create();
    tracker *t = tracker_create(arena);
    const walk pixels = {8, 16};
    const access all = access_of_walks(SPACE_INP, 0, 116, true, 0, NULL),
                 some = access_of_walks(SPACE_INP, 0, 4, true, 1, &pixels),
                 others = access_of_walks(SPACE_INP, 4, 4, false, 1, &pixels);
    ASSERT_EQ(0, tracker_add(t, LOAD, 1, &all));
    ASSERT_EQ(0, tracker_add(t, LOAD, 1, &some));
    ASSERT_EQ(UINT32_C(1) << LOAD, tracker_add(t, GEMM, 1, &others));
    ASSERT_EQ(UINT32_C(1) << GEMM, tracker_signals(t, 0));
    ASSERT_EQ(0, tracker_signals(t, 1));
    tsr_arena_free(arena);
    PASS();
}

SUITE(tokens) {
    RUN_TEST(whoever_shares_a_byte_waits);
    RUN_TEST(interleaved_blocks_do_not_wait_for_each_other);
    RUN_TEST(a_write_with_gaps_does_not_hide_what_lies_in_them);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(tokens);
    GREATEST_MAIN_END();
}
