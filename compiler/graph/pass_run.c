// SPDX-License-Identifier: Apache-2.0
// The standard pipeline.
#include <string.h>

#include "pass.h"

typedef tsr_status run_pass(tsr_graph *graph, const tsr_pass_options *options);

static tsr_status run_expand_depthwise(tsr_graph *graph, const tsr_pass_options *options) {
    return tsr_pass_expand_depthwise(graph, options->block_in);
}
static tsr_status run_quantise(tsr_graph *graph, const tsr_pass_options *options) {
    (void)options;
    return tsr_quantise(graph);
}
#define PLAIN(name)                                                                                                              \
    static tsr_status run_##name(tsr_graph *graph, const tsr_pass_options *options) {                                            \
        (void)options;                                                                                                           \
        return tsr_pass_##name(graph);                                                                                           \
    }
PLAIN(dead)
PLAIN(fold)
PLAIN(common)
PLAIN(simplify)
PLAIN(recognise)
PLAIN(matmul)
PLAIN(layout)
PLAIN(fuse_bias)
PLAIN(fuse_input)
PLAIN(fuse_activation)
PLAIN(qdq)
PLAIN(fold_dequantize)
PLAIN(clean)
PLAIN(fold_pad)
PLAIN(int8)

static const struct {
    const char *name;
    run_pass *run;
} passes[] = {
#define PASS(name) {#name, run_##name},
    TSR_PASSES(PASS)
#undef PASS
};
enum { PASSES = sizeof passes / sizeof passes[0] };

const char *tsr_pass_name(unsigned index) { return index < PASSES ? passes[index].name : NULL; }

tsr_status tsr_pass_run(tsr_graph *graph, const char *name, const tsr_pass_options *options) {
    const tsr_pass_options none = {0};
    for (unsigned i = 0; i < PASSES; i++)
        if (strcmp(passes[i].name, name) == 0)
            return passes[i].run(graph, options != NULL ? options : &none);
    return tsr_error(TSR_NOT_FOUND, "there is no graph pass '%s'", name);
}

typedef struct {
    tsr_graph *graph;
    const tsr_pass_options *options;
    tsr_on_pass *on_pass;
    void *user;
} runner;

static tsr_status run(const runner *r, const char *pass) {
    tsr_status status = tsr_pass_run(r->graph, pass, r->options);
    if (status.code == TSR_OK)
        status = tsr_graph_verify(r->graph);
    if (status.code == TSR_OK && r->on_pass != NULL)
        r->on_pass(r->user, pass, r->graph);
    return tsr_annotate(status, "graph pass %s", pass);
}

static tsr_status run_all(const runner *r, const char *const *names) {
    for (; *names != NULL; names++)
        TSR_TRY(run(r, *names));
    return tsr_ok();
}

// What works on real numbers and does not look at quantisation.
// clang-format off
static const char *const real_passes[] = {
    "dead",
    "fold",
    "common",
    "simplify",
    "recognise", // before activations are fused into what it looks for
    "matmul",
    "layout", // to integers' side of Quantize and Dequantize, so that qdq sees operators next to them
    "fold",   // weights behind the Transposes that layout added
    "fuse_bias",
    "fuse_input",
    "fuse_activation",
    NULL,
};
// clang-format on

static const char *const integer_passes[] = {
    "qdq",
    "fold_dequantize", // weights of operators that stay in float
    "clean",
    "fuse_activation", // Clips that are quantised by now
    "layout",          // Flatten and FullyConnected are next to each other only by now
    "fold",
    "common", // what the passes above have added twice
    "fold_pad",
    "dead",
    "expand_depthwise",
    "quantise",
    "int8",
    NULL,
};

tsr_status tsr_passes_real(tsr_graph *graph, tsr_on_pass *on_pass, void *user) {
    const runner r = {graph, NULL, on_pass, user};
    return run_all(&r, real_passes);
}

tsr_status tsr_passes_run(tsr_graph *graph, const tsr_pass_options *options, tsr_on_pass *on_pass, void *user) {
    const runner r = {graph, options, on_pass, user};
    TSR_TRY(tsr_passes_real(graph, on_pass, user));
    return run_all(&r, integer_passes);
}
