// SPDX-License-Identifier: Apache-2.0
// The standard pipeline.
#include "pass.h"

typedef struct {
    tsr_graph *graph;
    tsr_on_pass *on_pass;
    void *user;
} runner;

static tsr_status done(const runner *r, const char *pass, tsr_status status) {
    if (status.code == TSR_OK)
        status = tsr_graph_verify(r->graph);
    if (status.code == TSR_OK && r->on_pass != NULL)
        r->on_pass(r->user, pass, r->graph);
    return tsr_annotate(status, "graph pass %s", pass);
}

#define RUN(pass) TSR_TRY(done(&r, #pass, tsr_pass_##pass(graph)))

tsr_status tsr_passes_real(tsr_graph *graph, tsr_on_pass *on_pass, void *user) {
    const runner r = {graph, on_pass, user};
    RUN(dead);
    RUN(fold);
    RUN(matmul);
    RUN(layout); // to integers' side of Quantize and Dequantize, so that qdq sees operators next to them
    RUN(fold);   // weights behind the Transposes that layout added
    RUN(fuse_bias);
    RUN(fuse_activation);
    return tsr_ok();
}

tsr_status tsr_passes_run(tsr_graph *graph, const tsr_pass_options *options, tsr_on_pass *on_pass, void *user) {
    const runner r = {graph, on_pass, user};
    TSR_TRY(tsr_passes_real(graph, on_pass, user));
    RUN(qdq);
    RUN(fold_dequantize); // weights of operators that stay in float
    RUN(clean);
    RUN(fuse_activation); // Clips that are quantised by now
    RUN(layout);          // Flatten and FullyConnected are next to each other only by now
    RUN(fold);
    RUN(fold_pad);
    RUN(dead);
    if (options != NULL && options->block_in > 0)
        TSR_TRY(done(&r, "split_small_channel_pad", tsr_pass_split_small_channel_pad(graph, options->block_in)));
    TSR_TRY(done(&r, "quantise", tsr_quantise(graph)));
    RUN(int8);
    return tsr_ok();
}
