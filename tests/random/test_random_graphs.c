// SPDX-License-Identifier: Apache-2.0
// Random small graphs, compiled by the whole compiler, against the interpreter, which runs each node as the graph says before any
// pass: quantised graphs give its bytes on `cpu`, on `func` with its race check and, a few of them, on `rtl`; float graphs on
// `cpu`, to rounding (passes may fold a multiplication into weights, and sums of products are not rounded between).
//
// GRAPH_SEED and GRAPH_COUNT choose the graphs; a failure prints its seed and the shortest beginning of the graph that still fails.
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#include "../passes/evaluate.h"
#include "check.h"
#include "device.h"
#include "tsr/graph.h"

GREATEST_MAIN_DEFS();

static uint64_t state;
static uint32_t next(uint32_t bound) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}
static int between(int low, int high) { return low + (int)next((uint32_t)(high - low + 1)); }

// ---- random graphs, as text --------------------------------------------------------------------------------------------
typedef struct value {
    int h, w, c; // c alone when flat
    bool flat;
    char quant[40]; // "(0.02,-3)" or nothing
    double scale;
} value;

typedef struct generator {
    char text[6000];
    size_t used;
    bool whole; // quantised
    value values[16];
    int count; // v0, v1, ...
} generator;

static void put(generator *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(generator *g, const char *format, ...) {
    va_list list;
    va_start(list, format);
    g->used += (size_t)vsnprintf(g->text + g->used, sizeof g->text - g->used, format, list);
    va_end(list);
}

static void random_quant(generator *g, value *v, double scale) {
    v->scale = scale;
    if (g->whole)
        snprintf(v->quant, sizeof v->quant, "(%.6g,%d)", scale, between(-20, 20));
}

static void put_type(generator *g, const value *v) {
    if (v->flat)
        put(g, "v%d: %s[1,%d]%s", g->count, g->whole ? "int8" : "float32", v->c, v->quant);
    else
        put(g, "v%d: %s[1,%d,%d,%d]%s", g->count, g->whole ? "int8" : "float32", v->h, v->w, v->c, v->quant);
}

static void put_weights(generator *g, int outputs, int kh, int kw, int inputs, double x_scale, bool flat) {
    const double scale = between(1, 20) / 1000.0;
    char shape[60], quant[40] = "", bias[40] = "";
    snprintf(shape, sizeof shape, flat ? "[%d,%d]" : "[%d,%d,%d,%d]", outputs, flat ? inputs : kh, kw, inputs);
    if (g->whole) {
        snprintf(quant, sizeof quant, "(%.6g,0)", scale);
        snprintf(bias, sizeof bias, "(%.9g,0)", x_scale * scale);
    }
    put(g, "const w%d: %s%s%s = random %d\n", g->count, g->whole ? "int8" : "float32", shape, quant, between(1, 1000));
    put(g, "const b%d: %s[%d]%s = random %d\n", g->count, g->whole ? "int32" : "float32", outputs, bias, between(1, 1000));
}

static void clip(generator *g) {
    if (next(2))
        put(g, " clip_lo=0%s", next(2) ? " clip_hi=6" : "");
}

static bool put_conv(generator *g, int from, value v) {
    const int k = next(2) ? 3 : 1, stride = between(1, 2), pad = k == 3 && next(2) ? 1 : 0;
    const bool depthwise = next(3) == 0;
    value y = v;
    y.h = (v.h + 2 * pad - k) / stride + 1;
    y.w = (v.w + 2 * pad - k) / stride + 1;
    y.c = depthwise ? v.c : between(1, 20);
    if (v.flat || v.h + 2 * pad < k || v.w + 2 * pad < k)
        return false;
    put_weights(g, y.c, k, k, depthwise ? 1 : v.c, v.scale, false);
    random_quant(g, &y, between(10, 60) / 1000.0);
    put_type(g, &y);
    put(g, " = Conv(v%d, w%d, b%d) kernel=%d,%d stride=%d,%d pad_top=%d pad_left=%d pad_bottom=%d pad_right=%d", from, g->count,
        g->count, k, k, stride, stride, pad, pad, pad, pad);
    if (depthwise && v.c > 1)
        put(g, " groups=%d", v.c);
    clip(g);
    g->values[g->count] = y;
    return true;
}

static bool put_pool(generator *g, int from, value v) {
    const bool mean = next(2);
    if (v.flat || v.h < 2 || v.w < 2)
        return false;
    value y = v;
    y.h = (v.h - 2) / 2 + 1;
    y.w = (v.w - 2) / 2 + 1;
    put_type(g, &y);
    put(g, " = %s(v%d) kernel=2,2 stride=2,2", mean ? "AveragePool" : "MaxPool", from);
    g->values[g->count] = y;
    return true;
}

static bool put_binary(generator *g, int from, value v) {
    int other = -1;
    for (int i = 0; i < g->count; i++)
        if (i != from && g->values[i].flat == v.flat && g->values[i].c == v.c &&
            (v.flat || (g->values[i].h == v.h && g->values[i].w == v.w)))
            other = i;
    if (other < 0)
        other = from;
    static const char *const ops[] = {"Add", "Sub", "Mul"};
    const uint32_t op = next(3);
    value y = v;
    random_quant(g, &y, op == 2 ? between(20, 80) / 1000.0 : v.scale + g->values[other].scale);
    put_type(g, &y);
    put(g, " = %s(v%d, v%d)", ops[op], from, other);
    clip(g);
    g->values[g->count] = y;
    return true;
}

static bool put_concat(generator *g, int from, value v) {
    if (v.flat)
        return false;
    value y = v;
    y.c = 2 * v.c;
    put_type(g, &y);
    put(g, " = Concat(v%d, v%d) axis=3", from, from);
    g->values[g->count] = y;
    return y.c <= 64;
}

static bool put_transpose(generator *g, int from, value v) {
    if (v.flat)
        return false;
    value y = v;
    y.h = v.w;
    y.w = v.h;
    put_type(g, &y);
    put(g, " = Transpose(v%d) perm=0,2,1,3", from);
    g->values[g->count] = y;
    return true;
}

static bool put_flat(generator *g, int from, value v) {
    value y = v;
    if (!v.flat) {
        y.flat = true;
        y.c = v.h * v.w * v.c;
        put_type(g, &y);
        put(g, " = Reshape(v%d)", from);
    } else {
        y.c = between(1, 40);
        put_weights(g, y.c, 1, 1, v.c, v.scale, true);
        random_quant(g, &y, between(10, 60) / 1000.0);
        put_type(g, &y);
        put(g, " = FullyConnected(v%d, w%d, b%d)", from, g->count, g->count);
        clip(g);
    }
    g->values[g->count] = y;
    return true;
}

static bool put_clip(generator *g, int from, value v) {
    put_type(g, &v);
    put(g, " = Clip(v%d) clip_lo=%d clip_hi=%d", from, between(-2, 0), between(1, 6));
    g->values[g->count] = v;
    return true;
}

// The first `most` nodes of a seed's graph; the last is the output.
static void random_graph(generator *g, uint64_t seed, bool whole, int most) {
    static bool (*const makers[])(generator *g, int from, value v) = {put_conv,   put_conv,   put_conv,      put_pool, put_binary,
                                                                      put_binary, put_concat, put_transpose, put_flat, put_clip};
    memset(g, 0, sizeof *g);
    state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    next(2);
    g->whole = whole;
    put(g, "tessera-graph 1 random channels_last\ninput ");
    value *x = &g->values[0];
    *x = (value){.h = between(2, 12), .w = between(2, 12), .c = between(1, 18)};
    random_quant(g, x, between(10, 60) / 1000.0);
    put_type(g, x);
    put(g, "\n");
    g->count = 1;
    const int nodes = between(1, 6);
    for (int tries = 0; tries < 40 && g->count <= nodes && g->count <= most; tries++) {
        const int from = next(3) == 0 ? (int)next((uint32_t)g->count) : g->count - 1;
        const size_t before = g->used;
        if (makers[next(10)](g, from, g->values[from])) {
            put(g, "\n");
            g->count++;
        } else {
            g->used = before;
            g->text[before] = '\0';
        }
    }
    put(g, "output v%d\n", g->count - 1);
}

// ---- running -----------------------------------------------------------------------------------------------------------
static tsr_status interpret(const generator *g, tsr_arena *arena, const void *input, void **out_output) {
    tsr_graph *graph;
    TSR_TRY(tsr_graph_parse(g->text, g->used, "random", &graph));
    tsr_status status = g->whole ? tsr_quantise(graph) : tsr_ok();
    if (status.code == TSR_OK)
        status = evaluate(graph, arena, &input, out_output);
    tsr_graph_free(graph);
    return status;
}

static size_t elements_of(const value *v) { return v->flat ? (size_t)v->c : (size_t)v->h * (size_t)v->w * (size_t)v->c; }

static bool same(const generator *g, const void *want, const void *got, size_t count) {
    if (g->whole)
        return memcmp(want, got, count) == 0;
    for (size_t i = 0; i < count; i++) {
        const float a = ((const float *)want)[i], b = ((const float *)got)[i];
        if (!(fabsf(a - b) <= 1e-4f * (1 + fabsf(a))))
            return false;
    }
    return true;
}

// TSR_MISMATCH when the device computes something else.
static tsr_status try_graph(uint64_t seed, bool whole, int most, const char *device, const char *config, bool *out_done) {
    generator g;
    random_graph(&g, seed, whole, most);
    *out_done = g.count <= most;
    const size_t inputs = elements_of(&g.values[0]), outputs = elements_of(&g.values[g.count - 1]);
    tsr_arena *arena = tsr_arena_create();
    uint8_t *input = tsr_arena_alloc(arena, 4 * inputs), *got = tsr_arena_alloc(arena, 4 * outputs);
    for (size_t i = 0; i < inputs; i++) {
        const float real = (float)between(-64, 64) / 32;
        if (whole)
            input[i] = (uint8_t)next(256);
        else
            memcpy(input + 4 * i, &real, 4);
    }
    void *want;
    tsr_status status = interpret(&g, arena, input, &want);
    if (status.code == TSR_OK)
        status = compile_and_run(g.text, g.used, device, config, input, got);
    if (status.code == TSR_OK && !same(&g, want, got, outputs))
        status = tsr_error(TSR_MISMATCH, "the result differs");
    tsr_arena_free(arena);
    return status;
}

static check_result compare(bool whole, const char *device, uint64_t count) {
    static const char *const configs[] = {"tiny", "pynq", "wide", "batch4"};
    const char *chosen = getenv("GRAPH_SEED");
    const uint64_t first = chosen != NULL ? strtoull(chosen, NULL, 10) : 1;
    for (uint64_t seed = first; seed < first + count; seed++) {
        const char *config = strcmp(device, "rtl") == 0 ? "tiny" : configs[seed % 4];
        bool done;
        tsr_status status = try_graph(seed, whole, 16, device, config, &done);
        if (status.code == TSR_OK)
            continue;
        int most = 1; // of nodes: the shortest beginning that fails
        for (done = false; !done && most < 16; most++) {
            tsr_status shorter = try_graph(seed, whole, most, device, config, &done);
            if (shorter.code != TSR_OK) {
                status = shorter;
                break;
            }
        }
        generator g;
        random_graph(&g, seed, whole, most);
        fprintf(stderr, "GRAPH_SEED=%" PRIu64 " GRAPH_COUNT=1: on %s, %s: %s\n%s", seed, device, config, status.message, g.text);
        FAILm("a compiled graph computes something else than its nodes");
    }
    PASS();
}

static uint64_t scaled(uint64_t normal) {
    const char *count = getenv("GRAPH_COUNT"); // of quantised graphs on the CPU; the others in proportion
    const uint64_t all = count != NULL ? strtoull(count, NULL, 10) : 60;
    return normal * all / 60 > 0 ? normal * all / 60 : 1;
}

TEST quantised_graphs_give_the_interpreters_bytes_on_cpu(void) { return compare(true, "cpu", scaled(60)); }
TEST quantised_graphs_give_the_interpreters_bytes_on_func(void) { return compare(true, "func", scaled(60)); }
TEST quantised_graphs_give_the_interpreters_bytes_on_rtl(void) { return compare(true, "rtl", scaled(6)); }
TEST float_graphs_give_the_interpreters_numbers_on_cpu(void) { return compare(false, "cpu", scaled(40)); }

SUITE(random_graphs) {
    RUN_TEST(quantised_graphs_give_the_interpreters_bytes_on_cpu);
    RUN_TEST(quantised_graphs_give_the_interpreters_bytes_on_func);
    RUN_TEST(quantised_graphs_give_the_interpreters_bytes_on_rtl);
    RUN_TEST(float_graphs_give_the_interpreters_numbers_on_cpu);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(random_graphs);
    GREATEST_MAIN_END();
}
