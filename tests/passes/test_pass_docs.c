// SPDX-License-Identifier: Apache-2.0
// The examples of compiler/graph/README.md: each pass leaves exactly the graph that is printed there, and it computes the same.
#include <math.h>

#include "check.h"
#include "evaluate.h"
#include "tsr/passes.h"

GREATEST_MAIN_DEFS();

static const char page[] = "compiler/graph/README.md";

static char *read_page(void) {
    FILE *file = fopen(page, "rb");
    enum { MOST = 1 << 18 };
    char *text = calloc(1, MOST);
    if (file == NULL || text == NULL || fread(text, 1, MOST - 1, file) == 0)
        abort(); // not in the top folder
    fclose(file);
    return text;
}

// The next block between ``` lines; moves *at behind it.
static const char *block(const char **at, size_t *out_size) {
    const char *from = strstr(*at, "\n```\n");
    const char *to = from == NULL ? NULL : strstr(from + 4, "```\n");
    if (to == NULL)
        return NULL;
    *at = to + 3;
    *out_size = (size_t)(to - (from + 5));
    return from + 5;
}

static const void *sample(tsr_arena *arena, const tsr_tensor *t) {
    unsigned char *bytes = tsr_arena_alloc(arena, (size_t)tsr_tensor_bytes(t));
    uint32_t state = 1;
    for (uint64_t i = 0; i < tsr_tensor_elements(t); i++) {
        state = state * 1664525u + 1013904223u;
        if (t->dtype == TSR_F32)
            ((float *)(void *)bytes)[i] = (float)(state >> 8) / (float)(1 << 21) - 4.0f;
        else
            bytes[i] = (unsigned char)(state >> 24);
    }
    return bytes;
}

static tsr_status compute(tsr_graph *g, tsr_arena *arena, bool has_numbers, void **outputs) {
    const void *inputs[2] = {NULL};
    for (uint32_t i = 0; i < g->input_count && i < 2; i++)
        inputs[i] = sample(arena, &g->tensors[g->inputs[i]]);
    if (!has_numbers)
        TSR_TRY(tsr_quantise(g));
    return evaluate(g, arena, inputs, outputs);
}

static check_result agree(const tsr_tensor *t, const void *a, const void *b) {
    for (uint64_t i = 0; i < tsr_tensor_elements(t); i++)
        if (t->dtype == TSR_F32) {
            const float x = ((const float *)a)[i], y = ((const float *)b)[i];
            ASSERT(fabsf(x - y) <= 1e-5f * (1 + fabsf(x)));
        } else {
            ASSERT_EQ(((const unsigned char *)a)[i], ((const unsigned char *)b)[i]);
        }
    PASS();
}

static check_result leaves(tsr_graph *g, const char *after, size_t size) {
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    tsr_graph_print(g, TSR_PRINT_ALL, file);
    fclose(file);
    const bool same = length == size && memcmp(text, after, size) == 0;
    if (!same)
        fprintf(stderr, "%s has\n%.*s\nthe pass leaves\n%s", page, (int)size, after, text);
    free(text);
    ASSERT(same);
    PASS();
}

static check_result run_example(const char *pass, tsr_graph *g, tsr_arena *arena, const char *after, size_t size) {
    const tsr_pass_options options = {.block_in = 16};
    const bool has_numbers = strcmp(pass, "int8") == 0;
    void *before[4], *then[4];
    tsr_graph *copy = tsr_graph_clone(g);
    tsr_status status = compute(copy, arena, has_numbers, before);
    ASSERT_OK(status);
    ASSERT_OK(tsr_pass_run(g, pass, &options));
    ASSERT_OK(tsr_graph_verify(g));
    CHECK_CALL(leaves(g, after, size));
    ASSERT_OK(compute(g, arena, has_numbers, then));
    for (uint32_t o = 0; o < g->output_count; o++)
        CHECK_CALL(agree(&g->tensors[g->outputs[o]], before[o], then[o]));
    tsr_graph_free(copy);
    PASS();
}

static const char *text; // of the page

TEST example(const char *pass) {
    char title[64];
    snprintf(title, sizeof title, "\n### %s\n", pass);
    const char *at = strstr(text, title);
    size_t size, after_size;
    ASSERT(at != NULL);
    const char *next = strstr(at + 1, "\n### "), *before = block(&at, &size), *after = block(&at, &after_size);
    ASSERT(before != NULL && after != NULL && (next == NULL || at < next));
    tsr_graph *g;
    ASSERT_OK(tsr_graph_parse(before, size, page, &g));
    tsr_arena *arena = tsr_arena_create();
    check_result result = run_example(pass, g, arena, after, after_size);
    tsr_arena_free(arena);
    tsr_graph_free(g);
    return result;
}

SUITE(pass_documentation) {
    char *whole = read_page();
    text = whole;
    for (unsigned i = 0; tsr_pass_name(i) != NULL; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s_does_what_its_example_says", tsr_pass_name(i));
        RUN_TEST_AS(name, example, tsr_pass_name(i));
    }
    free(whole);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(pass_documentation);
    GREATEST_MAIN_END();
}
