// SPDX-License-Identifier: Apache-2.0
// Functions that are computed by polynomials, over their whole range and at its ends, against the C library in double.
#include <math.h>
#include <string.h>

#include "check.h"
#include "machine.h"

GREATEST_MAIN_DEFS();

enum { POINTS = 40000 };

typedef double function(double x);

// How many of the last binary digit a result is off; below the least normal number that digit has one size.
static double units_off(float got, double expected) {
    if (isnan(expected) || isinf((float)expected))
        return isnan(expected) ? (isnan(got) ? 0 : INFINITY) : (double)got == (double)(float)expected ? 0 : INFINITY;
    int exponent;
    frexp(expected, &exponent);
    return fabs((double)got - expected) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static check_result run(tsr_op op, function *expected, double lo, double hi, double bound) {
    static const float special[] = {0,         -0.0f,  INFINITY, -INFINITY, NAN,    1,     -1,
                                    88.72283f, 88.73f, -87.4f,   -103.9f,   1e-30f, 0.625f};
    enum { SPECIAL = sizeof special / sizeof *special };
    tsr_graph *g = tsr_graph_create("math");
    int64_t shape[] = {POINTS + SPECIAL};
    tsr_id x = tsr_graph_add_tensor(g, "x", TSR_F32, 1, shape), y = tsr_graph_add_tensor(g, "y", TSR_F32, 1, shape);
    tsr_id n = tsr_graph_add_node(g, op, "node", 1, &x, 1, &y);
    tsr_tbuffer **buffers = machine_buffers(g->arena, g);
    tsr_tensor_function *f;
    machine m;
    ASSERT_OK(tsr_lower_node(g->arena, g, &g->nodes[n], buffers, &f));
    const tsr_tensor_function *functions = f;
    ASSERT_OK(machine_create(g->arena, &functions, 1, "native", &m));
    float *in = (float *)(void *)machine_bytes(&m, buffers[x]), *out = (float *)(void *)machine_bytes(&m, buffers[y]);
    for (int i = 0; i < POINTS; i++)
        in[i] = (float)(lo + (hi - lo) * i / (POINTS - 1));
    memcpy(in + POINTS, special, sizeof special);
    machine_run(&m, 0);
    for (int i = 0; i < POINTS + SPECIAL; i++) {
        double off = units_off(out[i], expected((double)in[i]));
        if (off > bound)
            printf("of %.9g: %.9g is %.2f units off\n", (double)in[i], (double)out[i], off);
        ASSERT(off <= bound);
    }
    machine_free(&m);
    tsr_graph_free(g);
    return CHECK_PASS;
}

static double logistic(double x) { return 1 / (1 + exp(-x)); }

TEST exponentials_are_right_to_one_unit(void) {
    CHECK_CALL(run(TSR_OP_EXP, exp, -104, 89, 1.1));
    PASS();
}
TEST hyperbolic_tangents_are_right_to_two_units(void) {
    CHECK_CALL(run(TSR_OP_TANH, tanh, -12, 12, 1.5));
    PASS();
}
TEST error_functions_are_right_to_three_units(void) {
    CHECK_CALL(run(TSR_OP_ERF, erf, -6, 6, 2.5));
    PASS();
}
TEST sigmoids_are_right_to_three_units(void) {
    CHECK_CALL(run(TSR_OP_SIGMOID, logistic, -80, 80, 3));
    PASS();
}

SUITE(functions) {
    RUN_TEST(exponentials_are_right_to_one_unit);
    RUN_TEST(hyperbolic_tangents_are_right_to_two_units);
    RUN_TEST(error_functions_are_right_to_three_units);
    RUN_TEST(sigmoids_are_right_to_three_units);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(functions);
    GREATEST_MAIN_END();
}
