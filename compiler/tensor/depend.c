// SPDX-License-Identifier: Apache-2.0
// Two accesses meet where their indices are equal: one linear equation over the iterations of both, each variable in a
// range. It is solved exactly, largest coefficient first, as one would write a number in a mixed radix: what the smaller terms
// can still add leaves few values to try. Only a search that takes too long, or an index that is not affine, stays undecided.
#include "access.h"

__extension__ typedef __int128 wide;

typedef struct term {
    int64_t coefficient, low, high;
} term;

enum { MAX_TERMS = 4 * TSR_MAX_AFFINE, MAX_STEPS = 20000 };

typedef struct equation { // constant + sum(coefficient * x) == 0, low <= x <= high
    term terms[MAX_TERMS];
    uint32_t count;
    wide constant;
    wide least[MAX_TERMS + 1], most[MAX_TERMS + 1]; // of the terms from here on
    uint64_t divisor[MAX_TERMS + 1];                // of their coefficients
    uint32_t steps;
    bool relaxed; // a solution need not be one: to.i may lie past the end of its loop
} equation;

static bool add_term(equation *e, int64_t coefficient, int64_t low, int64_t high) {
    if (coefficient == 0 && low <= high)
        return true;
    if (e->count == MAX_TERMS)
        return false;
    uint32_t i = e->count++;
    const uint64_t size = coefficient < 0 ? 0 - (uint64_t)coefficient : (uint64_t)coefficient;
    for (; i > 0; i--) { // sorted
        const int64_t c = e->terms[i - 1].coefficient;
        if ((c < 0 ? 0 - (uint64_t)c : (uint64_t)c) >= size)
            break;
        e->terms[i] = e->terms[i - 1];
    }
    e->terms[i] = (term){coefficient, low, high};
    return true;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static wide floor_div(wide a, wide b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

static depend solve(equation *e, uint32_t at, wide sum) {
    if (++e->steps > MAX_STEPS)
        return DEPEND_MAYBE;
    if (sum + e->least[at] > 0 || sum + e->most[at] < 0)
        return DEPEND_NO;
    if (at == e->count)
        return DEPEND_YES; // sum is 0
    if (sum % (wide)e->divisor[at] != 0)
        return DEPEND_NO;
    const term t = e->terms[at];
    // c * x must leave what the rest can make up: between -sum - most and -sum - least
    wide a = -sum - e->most[at + 1], b = -sum - e->least[at + 1], c = t.coefficient;
    wide first = c > 0 ? -floor_div(-a, c) : -floor_div(-b, c), last = c > 0 ? floor_div(b, c) : floor_div(a, c);
    depend found = DEPEND_NO;
    for (wide x = first < t.low ? t.low : first; x <= last && x <= t.high; x++) {
        const depend one = solve(e, at + 1, sum + c * x);
        found = one > found ? one : found;
        if (found == DEPEND_YES || e->steps > MAX_STEPS)
            return found == DEPEND_YES ? found : DEPEND_MAYBE;
    }
    return found;
}

static depend solvable(equation *e) {
    for (uint32_t i = 0; i < e->count; i++)
        if (e->terms[i].low > e->terms[i].high)
            return DEPEND_NO;
    e->least[e->count] = e->most[e->count] = 0;
    e->divisor[e->count] = 0;
    for (uint32_t i = e->count; i-- > 0;) {
        const term t = e->terms[i];
        const wide low = (wide)t.coefficient * t.low, high = (wide)t.coefficient * t.high;
        e->least[i] = e->least[i + 1] + (low < high ? low : high);
        e->most[i] = e->most[i + 1] + (low < high ? high : low);
        e->divisor[i] =
            common_divisor(t.coefficient < 0 ? 0 - (uint64_t)t.coefficient : (uint64_t)t.coefficient, e->divisor[i + 1]);
    }
    return solve(e, 0, e->constant);
}

static bool is_around(const binder *loops, const binder *one) {
    for (; loops != NULL; loops = loops->up)
        if (loops == one)
            return true;
    return false;
}

// The terms of a loop's variable, or of the two that it is when both accesses have iterations of their own.
static bool loop_terms(equation *e, const tsr_stmt *loop, int64_t from, int64_t to, const distance *d, bool same) {
    if (same) // from.i == to.i
        return add_term(e, from - to, 0, loop->extent - 1);
    e->relaxed |= d != NULL && from != to;
    if (d != NULL) // to.i == from.i + d
        return add_term(e, from - to, 0, loop->extent - 1) && add_term(e, -to, d->low, d->high);
    return add_term(e, from, 0, loop->extent - 1) && add_term(e, -to, 0, loop->extent - 1);
}

depend depends(const access *from, const access *to, const distance *distances, uint32_t count, const binder *same) {
    if (from->buffer != to->buffer)
        return DEPEND_NO;
    if (!from->is_affine || !to->is_affine)
        return DEPEND_MAYBE;
    equation e = {.constant = (wide)from->affine.constant - to->affine.constant};
    for (const binder *b = from->loops; b != NULL; b = b->up) {
        const bool common = is_around(to->loops, b);
        const int64_t c = tsr_affine_coefficient(&from->affine, b->loop->var);
        const distance *d = NULL;
        for (uint32_t i = 0; i < count; i++)
            if (distances[i].var == b->loop->var)
                d = &distances[i];
        if (b->loop->extent < 1)
            return DEPEND_NO; // it never runs
        const bool fits = common ? loop_terms(&e, b->loop, c, tsr_affine_coefficient(&to->affine, b->loop->var), d,
                                              d == NULL && is_around(same, b))
                                 : add_term(&e, c, 0, b->loop->extent - 1);
        if (!fits)
            return DEPEND_MAYBE;
    }
    for (const binder *b = to->loops; b != NULL; b = b->up) {
        if (b->loop->extent < 1)
            return DEPEND_NO;
        if (!is_around(from->loops, b) &&
            !add_term(&e, -tsr_affine_coefficient(&to->affine, b->loop->var), 0, b->loop->extent - 1))
            return DEPEND_MAYBE;
    }
    const depend found = solvable(&e);
    return found == DEPEND_YES && (from->guarded || to->guarded || e.relaxed) ? DEPEND_MAYBE : found;
}
