// SPDX-License-Identifier: Apache-2.0
// Every operator lowered: compiled code (two processors) and interpreter agree byte for byte, and the main operators agree
// with plain loops written here.
#include "lower_case.h"

GREATEST_MAIN_DEFS();

// Chosen so that rounds of the vector loop leave a rest.
TEST a_long_vector_loop_is_shared_among_threads(void) {
    enum { COUNT = 70001 };
    tsr_graph *g = tsr_graph_create("long");
    const int64_t shape[] = {COUNT};
    const tsr_id in[] = {tsr_graph_add_tensor(g, "a", TSR_F32, 1, shape), tsr_graph_add_tensor(g, "b", TSR_F32, 1, shape)};
    const tsr_id y = tsr_graph_add_tensor(g, "y", TSR_F32, 1, shape);
    const tsr_id n = tsr_graph_add_node(g, TSR_OP_ADD, "add", 2, in, 1, &y);
    tsr_tbuffer **buffers = machine_buffers(g->arena, g);
    tsr_tensor_function *f;
    ASSERT_OK(tsr_lower_node(g->arena, g, &g->nodes[n], buffers, &f));
    ASSERT(f->body->kind == TSR_S_SEQ && f->body->items[0]->for_kind == TSR_FOR_PARALLEL);
    const tsr_tensor_function *functions = f;
    machine m;
    ASSERT_OK(machine_create(g->arena, &functions, 1, "baseline", &m));
    const float *a = (const float *)machine_bytes(&m, buffers[in[0]]), *b = (const float *)machine_bytes(&m, buffers[in[1]]);
    float *sum = (float *)machine_bytes(&m, buffers[y]), *copy = TSR_NEW_ARRAY(g->arena, float, COUNT);
    case_fill(TSR_F32, machine_bytes(&m, buffers[in[0]]), COUNT);
    case_fill(TSR_F32, machine_bytes(&m, buffers[in[1]]), COUNT);
    machine_run(&m, 0);
    memcpy(copy, sum, COUNT * sizeof *sum);
    ASSERT_OK(machine_interpret(&m, 0));
    ASSERT_MEM_EQ(copy, sum, COUNT * sizeof *sum);
    for (int i = 0; i < COUNT; i++)
        ASSERT(sum[i] == a[i] + b[i]);
    machine_free(&m);
    tsr_graph_free(g);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(a_long_vector_loop_is_shared_among_threads);
    const operator_case *const tables[] = {product_cases, elementwise_cases, axis_cases};
    for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const operator_case *c = tables[t]; c->name != NULL; c++)
            RUN_TEST_AS(c->name, run_case, c);
    GREATEST_MAIN_END();
}
