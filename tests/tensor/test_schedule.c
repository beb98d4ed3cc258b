// SPDX-License-Identifier: Apache-2.0
// Schedule primitives: before and after as text, and what each refuses.
#include "check.h"
#include "text.h"
#include "tsr/schedule.h"

GREATEST_MAIN_DEFS();

#define MATMUL                                                                                                                   \
    "  for i in 0..8 {\n    for j in 0..6 {\n      for k in 0..4 {\n"                                                            \
    "        c[(i * 6) + j] = c[(i * 6) + j] + (a[(i * 4) + k] * b[(k * 6) + j])\n      }\n    }\n  }\n"
static const char matmul[] = "function f\n  work i32 c[48]\n  work i32 a[32]\n  work i32 b[24]\n" MATMUL;
static const char float_matmul[] = "function f\n  work f32 c[48]\n  work f32 a[32]\n  work f32 b[24]\n" MATMUL;
static const char copy[] = "function f\n  work i8 x[10]\n  work i8 y[10]\n  for i in 0..10 {\n    y[i] = x[i]\n  }\n";

static tsr_tensor_function *parsed(tsr_arena *a, const char *text) {
    tsr_tensor_function *f = NULL;
    tsr_status status = parse_text(a, text, &f);
    if (f == NULL) {
        fprintf(stderr, "%s\n", status.message);
        abort();
    }
    return f;
}

static const tsr_var *loop(const tsr_tensor_function *f, const char *name) {
    const tsr_var *var;
    tsr_status status = tsr_find_loop(f, name, &var);
    if (status.code != TSR_OK)
        fprintf(stderr, "%s\n", status.message);
    return var;
}

static const char *statements(tsr_arena *a, const tsr_tensor_function *f) { // without the buffers
    const char *text = text_of(a, f), *at = strstr(text, "\n  for");
    tsr_status status = tsr_tensor_verify(f);
    return status.code != TSR_OK ? tsr_arena_printf(a, "%s", status.message) : at != NULL ? at + 1 : text;
}

TEST split_makes_two_loops(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, copy);
    const tsr_var *outer, *inner;
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 5, TSR_TAIL_NONE, &outer, &inner));
    ASSERT_STR_EQ("  for i_o in 0..2 {\n    for i_i in 0..5 {\n      let t0 = (i_o * 5) + i_i\n      y[t0] = x[t0]\n    }\n  }\n",
                  statements(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST split_guards_or_peels_what_is_left(void) {
    tsr_arena *a = tsr_arena_create();
    const tsr_var *outer, *inner;
    tsr_tensor_function *f = parsed(a, copy);
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 4, TSR_TAIL_GUARD, &outer, &inner));
    ASSERT_STR_EQ("  for i_o in 0..3 {\n    for i_i in 0..4 {\n      if ((i_o * 4) + i_i) < 10 {\n"
                  "        let t0 = (i_o * 4) + i_i\n        y[t0] = x[t0]\n      }\n    }\n  }\n",
                  statements(a, f));
    f = parsed(a, copy);
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 4, TSR_TAIL_LOOP, &outer, &inner));
    ASSERT_STR_EQ("  for i_o in 0..2 {\n    for i_i in 0..4 {\n      let t0 = (i_o * 4) + i_i\n      y[t0] = x[t0]\n    }\n  }\n"
                  "  for i_t in 0..2 {\n    let t0 = i_t + 8\n    y[t0] = x[t0]\n  }\n",
                  statements(a, f));
    f = parsed(a, copy);
    tsr_status status = tsr_schedule_split(f, loop(f, "i"), 4, TSR_TAIL_NONE, &outer, &inner);
    ASSERT_STR_EQ("f: split: loop i has 10 iterations, no multiple of 4; say what becomes of the last 2", status.message);
    ASSERT(outer == NULL && inner == NULL);
    status = tsr_schedule_split(f, loop(f, "i"), 11, TSR_TAIL_GUARD, &outer, &inner);
    ASSERT_STR_EQ("f: split: a factor of 11; loop i has 10 iterations", status.message);
    ASSERT_STR_EQ(copy, text_of(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST fuse_undoes_split(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, copy);
    const tsr_var *outer, *inner, *fused;
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 5, TSR_TAIL_NONE, &outer, &inner));
    ASSERT_OK(tsr_schedule_fuse(f, outer, inner, &fused));
    ASSERT_STR_EQ("  for i_o_i_i in 0..10 {\n    y[i_o_i_i] = x[i_o_i_i]\n  }\n", statements(a, f));
    f = parsed(a, matmul);
    ASSERT_OK(tsr_schedule_fuse(f, loop(f, "i"), loop(f, "j"), &fused));
    ASSERT_STR_CONTAINS("      c[i_j] = c[i_j] + (a[((i_j / 6) * 4) + k] * b[(k * 6) + (i_j % 6)])\n", statements(a, f));
    f = parsed(a, matmul);
    ASSERT_STR_EQ("f: fuse: directly inside of loop i stands another loop, not loop k",
                  tsr_schedule_fuse(f, loop(f, "i"), loop(f, "k"), &fused).message);
    tsr_arena_free(a);
    PASS();
}

TEST sums_of_integers_may_be_reordered_those_of_floats_only_on_request(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    const tsr_var *kij[] = {loop(f, "k"), loop(f, "i"), loop(f, "j")};
    ASSERT_OK(tsr_schedule_reorder(f, 3, kij, false));
    ASSERT_STR_CONTAINS("  for k in 0..4 {\n    for i in 0..8 {\n      for j in 0..6 {\n", statements(a, f));
    f = parsed(a, float_matmul); // each element's own order stays
    const tsr_var *kij_f[] = {loop(f, "k"), loop(f, "i"), loop(f, "j")};
    ASSERT_OK(tsr_schedule_reorder(f, 3, kij_f, false));
    f = parsed(a, "function f\n  work f32 y[1]\n  work f32 x[12]\n  for i in 0..3 {\n    for j in 0..4 {\n"
                  "      y[0] = y[0] + x[(i * 4) + j]\n    }\n  }\n");
    const tsr_var *ji[] = {loop(f, "j"), loop(f, "i")};
    const char *before = text_of(a, f);
    ASSERT_STR_EQ("f: reorder: floats are added into y[0] in the order of loops; in another they round differently",
                  tsr_schedule_reorder(f, 2, ji, false).message);
    ASSERT_STR_EQ(before, text_of(a, f));
    ASSERT_OK(tsr_schedule_reorder(f, 2, ji, true));
    tsr_arena_free(a);
    PASS();
}

TEST reorder_refuses_what_would_change_places(void) {
    tsr_arena *a = tsr_arena_create();
    // Each element needs the one a row up and a column to the right.
    tsr_tensor_function *f = parsed(a, "function f\n  work i32 x[100]\n  for i in 0..8 {\n    for j in 0..8 {\n"
                                       "      x[((i * 10) + j) + 10] = x[((i * 10) + j) + 1] - 1:i32\n    }\n  }\n");
    const tsr_var *ji[] = {loop(f, "j"), loop(f, "i")};
    ASSERT_STR_EQ("f: reorder: store of x[((i * 10) + j) + 10] and load of x[((i * 10) + j) + 1] would change places",
                  tsr_schedule_reorder(f, 2, ji, false).message);
    // To the left it may: both orders have it done before.
    f = parsed(a, "function f\n  work i32 x[100]\n  for i in 0..8 {\n    for j in 0..8 {\n"
                  "      x[((i * 10) + j) + 11] = x[(i * 10) + j] - 1:i32\n    }\n  }\n");
    const tsr_var *again[] = {loop(f, "j"), loop(f, "i")};
    ASSERT_OK(tsr_schedule_reorder(f, 2, again, false));
    f = parsed(a, "function f\n  work i32 x[64]\n  for i in 0..8 {\n    x[i] = 0:i32\n    for j in 0..8 {\n"
                  "      x[i] = x[i] + 1:i32\n    }\n  }\n");
    const tsr_var *apart[] = {loop(f, "j"), loop(f, "i")};
    ASSERT_STR_CONTAINS("several statements stands directly inside of loop i", tsr_schedule_reorder(f, 2, apart, false).message);
    tsr_arena_free(a);
    PASS();
}

TEST tile_splits_both_and_brings_the_outer_loops_together(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    const tsr_var *tiles[4];
    ASSERT_OK(tsr_schedule_tile(f, loop(f, "i"), loop(f, "j"), 4, 4, TSR_TAIL_GUARD, tiles));
    ASSERT_STR_CONTAINS("  for i_o in 0..2 {\n    for j_o in 0..2 {\n      for i_i in 0..4 {\n        for j_i in 0..4 {\n"
                        "          for k in 0..4 {\n            if ((j_o * 4) + j_i) < 6 {\n",
                        statements(a, f));
    f = parsed(a, matmul);
    ASSERT_STR_CONTAINS("tile: f: split: loop j has 6 iterations",
                        tsr_schedule_tile(f, loop(f, "i"), loop(f, "j"), 4, 4, TSR_TAIL_NONE, tiles).message);
    ASSERT_STR_EQ(matmul, text_of(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST vectorise_and_parallel_want_independent_iterations(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    ASSERT_OK(tsr_schedule_vectorise(f, loop(f, "j")));
    ASSERT_OK(tsr_schedule_parallel(f, loop(f, "i")));
    ASSERT_OK(tsr_schedule_unroll(f, loop(f, "k")));
    ASSERT_STR_CONTAINS("for i in 0..8 parallel {\n    for j in 0..6 vectorize {\n      for k in 0..4 unroll {\n",
                        statements(a, f));
    ASSERT_STR_EQ("f: vectorise: loop k reduces into c[(i * 6) + j]: its iterations all change one element",
                  tsr_schedule_vectorise(f, loop(f, "k")).message);
    ASSERT_OK(tsr_schedule_serial(f, loop(f, "k")));
    f = parsed(a, "function f\n  work i32 x[10]\n  for i in 0..8 {\n    x[i + 1] = x[i]\n  }\n");
    ASSERT_STR_EQ("f: parallel: iterations of loop i depend on each other: store of x[i + 1] and load of x[i]",
                  tsr_schedule_parallel(f, loop(f, "i")).message);
    f = parsed(a, "function f\n  work i32 x[30]\n  for i in 0..8 {\n    x[i * 2] = x[(i * 2) + 7]\n  }\n"); // even and odd
    ASSERT_OK(tsr_schedule_parallel(f, loop(f, "i")));
    f = parsed(a, "function f\n  work i32 y[8]\n  const i32 at[2] = 1 0\n  for i in 0..2 {\n    y[i64(at[i])] = 1:i32\n  }\n");
    ASSERT_STR_CONTAINS("may depend on each other: the index of y[i64(at[i])] is not affine",
                        tsr_schedule_vectorise(f, loop(f, "i")).message);
    f = parsed(a, "function f\n  local i32 t[1]\n  work i32 y[8]\n  for i in 0..8 {\n    t[0] = i32(i)\n    y[i] = t[0]\n  }\n");
    ASSERT_STR_CONTAINS("depend on each other: store of t[0]", tsr_schedule_vectorise(f, loop(f, "i")).message);
    ASSERT_OK(tsr_schedule_parallel(f, loop(f, "i"))); // each iteration has its own t
    tsr_arena_free(a);
    PASS();
}

TEST a_loop_that_is_not_there_or_not_one_is_named(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    const tsr_var *var, *i = loop(f, "i");
    ASSERT_STR_EQ("f: there is no loop q; there are: i, j, k", tsr_find_loop(f, "q", &var).message);
    const tsr_var *outer, *inner;
    ASSERT_OK(tsr_schedule_split(f, i, 2, TSR_TAIL_NONE, &outer, &inner));
    ASSERT_STR_EQ("f: unroll: there is no loop i", tsr_schedule_unroll(f, i).message);
    f = parsed(
        a, "function f\n  work i32 x[8]\n  for i in 0..8 {\n    x[i] = 0:i32\n  }\n  for i in 0..8 {\n    x[i] = 1:i32\n  }\n");
    ASSERT_STR_EQ("f: 2 loops are called i; loops: i, i", tsr_find_loop(f, "i", &var).message);
    tsr_arena_free(a);
    PASS();
}

static const tsr_tbuffer *buffer(tsr_arena *a, const tsr_tensor_function *f, const char *name) {
    tsr_tbuffer **buffers;
    const uint32_t count = tsr_tensor_buffers(f, a, &buffers);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(buffers[i]->name, name) == 0)
            return buffers[i];
    return NULL;
}

TEST cache_read_makes_a_small_matrix_of_a_tile(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    const tsr_var *tiles[4];
    tsr_tbuffer *copied;
    ASSERT_OK(tsr_schedule_tile(f, loop(f, "i"), loop(f, "j"), 4, 3, TSR_TAIL_NONE, tiles));
    ASSERT_OK(tsr_schedule_cache_read(f, tiles[1], buffer(a, f, "b"), TSR_SCOPE_LOCAL, &copied));
    ASSERT_EQ(12u, copied->elements);
    ASSERT_STR_EQ(
        "  for i_o in 0..2 {\n    for j_o in 0..2 {\n      for b_copy_r0 in 0..4 {\n        for b_copy_r1 in 0..3 {\n"
        "          b_copy[(b_copy_r0 * 3) + b_copy_r1] = b[((j_o * 3) + (b_copy_r0 * 6)) + b_copy_r1]\n        }\n      }\n"
        "      for i_i in 0..4 {\n        for j_i in 0..3 {\n          for k in 0..4 {\n"
        "            let t0 = (i_o * 4) + i_i\n            let t1 = (j_o * 3) + j_i\n"
        "            c[(t0 * 6) + t1] = c[(t0 * 6) + t1] + (a[(t0 * 4) + k] * b_copy[(k * 3) + j_i])\n          }\n        }\n   "
        "   }\n    }\n  }\n",
        statements(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST cache_write_gathers_sums_in_a_copy(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, matmul);
    tsr_tbuffer *copied;
    ASSERT_OK(tsr_schedule_cache_write(f, loop(f, "j"), buffer(a, f, "c"), TSR_SCOPE_LOCAL, &copied));
    ASSERT_STR_EQ("  for i in 0..8 {\n    for j in 0..6 {\n      c_copy[0] = c[(i * 6) + j]\n      for k in 0..4 {\n"
                  "        c_copy[0] = c_copy[0] + (a[(i * 4) + k] * b[(k * 6) + j])\n      }\n      c[(i * 6) + j] = c_copy[0]\n"
                  "    }\n  }\n",
                  statements(a, f));
    f = parsed(a, copy); // all of it is written: nothing to read first
    const tsr_var *outer, *inner;
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 5, TSR_TAIL_NONE, &outer, &inner));
    ASSERT_OK(tsr_schedule_cache_write(f, outer, buffer(a, f, "y"), TSR_SCOPE_LOCAL, &copied));
    ASSERT_STR_EQ("  for i_o in 0..2 {\n    for i_i in 0..5 {\n      y_copy[i_i] = x[(i_o * 5) + i_i]\n    }\n"
                  "    for y_copy_w0 in 0..5 {\n      y[(i_o * 5) + y_copy_w0] = y_copy[y_copy_w0]\n    }\n  }\n",
                  statements(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST caches_refuse_what_they_cannot_copy(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, copy);
    const tsr_var *outer, *inner;
    tsr_tbuffer *copied;
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 4, TSR_TAIL_GUARD, &outer, &inner));
    const char *before = text_of(a, f);
    ASSERT_STR_CONTAINS("cache_read: the copy would reach out of x, which has 10 elements",
                        tsr_schedule_cache_read(f, outer, buffer(a, f, "x"), TSR_SCOPE_LOCAL, &copied).message);
    ASSERT_STR_EQ("f: cache_read: loop i_o stores to y; cache_write copies both ways",
                  tsr_schedule_cache_read(f, outer, buffer(a, f, "y"), TSR_SCOPE_LOCAL, &copied).message);
    ASSERT_STR_EQ("f: cache_read: a copy is in memory local or scratch, not work",
                  tsr_schedule_cache_read(f, outer, buffer(a, f, "x"), TSR_SCOPE_WORK, &copied).message);
    ASSERT_STR_EQ(before, text_of(a, f));
    f = parsed(a, matmul);
    ASSERT_OK(tsr_schedule_parallel(f, loop(f, "i")));
    ASSERT_STR_CONTAINS("iterations of loop i depend on each other: store of a_copy[",
                        tsr_schedule_cache_read(f, loop(f, "j"), buffer(a, f, "a"), TSR_SCOPE_SCRATCH, &copied).message);
    ASSERT_OK(tsr_schedule_cache_read(f, loop(f, "j"), buffer(a, f, "a"), TSR_SCOPE_LOCAL, &copied));
    tsr_arena_free(a);
    PASS();
}

#define STENCIL                                                                                                                  \
    "  scratch i32 p[40]\n  work i32 y[38]\n  for q in 0..40 {\n    p[q] = x[q] * x[q]\n  }\n"                                   \
    "  for i in 0..38 {\n    y[i] = (p[i] + p[i + 1]) + p[i + 2]\n  }\n"

TEST compute_at_computes_what_an_iteration_reads(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = parsed(a, "function f\n  work i32 x[40]\n" STENCIL);
    const tsr_var *outer, *inner;
    ASSERT_OK(tsr_schedule_split(f, loop(f, "i"), 19, TSR_TAIL_NONE, &outer, &inner));
    ASSERT_OK(tsr_schedule_compute_at(f, buffer(a, f, "p"), outer));
    ASSERT_STR_CONTAINS("  for i_o in 0..2 {\n    for q_at in 0..21 {\n      let t0 = (i_o * 19) + q_at\n"
                        "      p[t0] = x[t0] * x[t0]\n    }\n    for i_i in 0..19 {\n",
                        statements(a, f));
    f = parsed(a, "function f\n  work i32 x[40]\n" STENCIL);
    ASSERT_STR_EQ("f: compute_at: y is in memory work: all of it is needed afterwards",
                  tsr_schedule_compute_at(f, buffer(a, f, "y"), loop(f, "i")).message);
    ASSERT_STR_EQ("f: compute_at: nothing before loop q fills p",
                  tsr_schedule_compute_at(f, buffer(a, f, "p"), loop(f, "q")).message);
    ASSERT_OK(tsr_schedule_parallel(f, loop(f, "i"))); // neighbours would write the same elements
    ASSERT_STR_CONTAINS("iterations of loop i depend on each other: store of p[",
                        tsr_schedule_compute_at(f, buffer(a, f, "p"), loop(f, "i")).message);
    tsr_arena_free(a);
    PASS();
}

// acc[o] += x[k] * w[o*4 + k] of int8, summed in int32
static const char mac[] =
    "function mac4x4\n  acc i32 sums[4]\n  inp i8 x[4]\n  wgt i8 w[16]\n  for o in 0..4 {\n    for k in 0..4 {\n"
    "      sums[o] = sums[o] + (i32(x[k]) * i32(w[(o * 4) + k]))\n    }\n  }\n";
#define MAC_NEST(value)                                                                                                          \
    "function f\n  acc i32 a[64]\n  inp i8 x[64]\n  wgt i8 w[64]\n  for p in 0..3 {\n    for i in 0..4 {\n      for j in 0..4 "  \
    "{\n"                                                                                                                        \
    "        a[((p * 8) + i) + 1] = " value "\n      }\n    }\n  }\n"

TEST tensorise_replaces_a_nest_and_says_where_operands_begin(void) {
    tsr_arena *a = tsr_arena_create();
    // Loops in the other order and a product the other way round match as well.
    tsr_tensor_function *f = parsed(a, MAC_NEST("a[((p * 8) + i) + 1] + (i32(w[((i * 4) + j) + 16]) * i32(x[(p * 12) + j]))"));
    const tsr_tensor_function *pattern = parsed(a, mac);
    const tsr_var *ji[] = {loop(f, "j"), loop(f, "i")};
    ASSERT_OK(tsr_schedule_reorder(f, 2, ji, false));
    ASSERT_OK(tsr_schedule_tensorise(f, loop(f, "p"), pattern));
    ASSERT_STR_CONTAINS(
        "  for p in 0..3 {\n    tensorised mac4x4(sums: a[(p * 8) + 1], x: x[p * 12], w: w[16]) {\n      for j in 0..4 {\n",
        statements(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST tensorise_names_the_place_that_does_not_match(void) {
    static const struct {
        const char *nest, *error;
    } cases[] = {
        {MAC_NEST("a[((p * 8) + i) + 1] - (i32(x[j]) * i32(w[(i * 4) + j]))"),
         "the value stored to a: the pattern has operator +, the nest operator -"},
        {MAC_NEST("a[((p * 8) + i) + 1] + i32(x[j])"),
         "right side of + of the value stored to a: the pattern has operator *, the nest a cast from int8 to int32"},
        {MAC_NEST("a[((p * 8) + i) + 1] + (i32(x[j]) * i32(x[(i * 4) + j]))"),
         "operand of i32() of right side of * of right side of + of the value stored to a: the pattern has w in memory wgt, the "
         "nest "
         "x in memory inp"},
        {MAC_NEST("a[(p * 8) + i] + (i32(x[j]) * i32(w[(i * 4) + j]))"),
         "two indices into a lie apart in another way than the pattern's"},
        {MAC_NEST("a[((p * 8) + i) + 1] + (i32(x[j]) * i32(w[(i * 8) + j]))"),
         "loop i moves the index of w by 8 an iteration, the pattern's loop o moves w by 4"},
        {MAC_NEST("a[((p * 8) + i) + 1] + (i32(x[j * 2]) * i32(w[(i * 4) + j]))"),
         "loop j moves the index of x by 2 an iteration, the pattern's loop k moves x by 1"},
        {MAC_NEST("a[((p * 8) + i) + 1] + (i32(x[j]) * i32(w[i64(x[0])]))"), "the index w[i64(x[0])] is not affine"},
        {"function f\n  acc i32 a[64]\n  inp i8 x[64]\n  wgt i8 w[64]\n  for i in 0..4 {\n    for j in 0..3 {\n"
         "      a[i] = a[i] + (i32(x[j]) * i32(w[(i * 4) + j]))\n    }\n  }\n",
         "no loop of 4 iterations for the pattern's loop k"},
        {"function f\n  acc i16 a[64]\n  inp i8 x[64]\n  wgt i8 w[64]\n  for i in 0..4 {\n    for j in 0..4 {\n"
         "      a[i] = a[i] + (i16(x[j]) * i16(w[(i * 4) + j]))\n    }\n  }\n",
         "what is stored to: the pattern has sums of int32, the nest a of int16"},
        {"function f\n  acc i32 a[64]\n  for i in 0..4 {\n    a[i] = 0:i32\n    a[i + 8] = 0:i32\n  }\n",
         "what should match is no nest of loops around one store: inside of loop i stands a sequence of statements"},
        {"function f\n  acc i32 a[64]\n  inp i8 x[64]\n  wgt i8 w[64]\n  for i in 0..4 {\n    for q in 0..3 {\n      for j in "
         "0..4 {\n"
         "        a[(q * 8) + i] = a[(q * 8) + i] + (i32(x[j]) * i32(w[(i * 4) + j]))\n      }\n    }\n  }\n",
         "loop q, which is none of mac4x4, is inside of loop i: reorder them first"},
    };
    tsr_arena *a = tsr_arena_create();
    const tsr_tensor_function *pattern = parsed(a, mac);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tsr_tensor_function *f = parsed(a, cases[i].nest);
        const char *before = text_of(a, f);
        const tsr_status status = tsr_schedule_tensorise(f, f->body->var, pattern);
        ASSERT_STR_CONTAINS(cases[i].error, status.message);
        ASSERT_STR_EQ(before, text_of(a, f));
    }
    tsr_arena_free(a);
    PASS();
}

SUITE(primitives) {
    RUN_TEST(split_makes_two_loops);
    RUN_TEST(split_guards_or_peels_what_is_left);
    RUN_TEST(fuse_undoes_split);
    RUN_TEST(sums_of_integers_may_be_reordered_those_of_floats_only_on_request);
    RUN_TEST(reorder_refuses_what_would_change_places);
    RUN_TEST(tile_splits_both_and_brings_the_outer_loops_together);
    RUN_TEST(vectorise_and_parallel_want_independent_iterations);
    RUN_TEST(cache_read_makes_a_small_matrix_of_a_tile);
    RUN_TEST(cache_write_gathers_sums_in_a_copy);
    RUN_TEST(caches_refuse_what_they_cannot_copy);
    RUN_TEST(compute_at_computes_what_an_iteration_reads);
    RUN_TEST(tensorise_replaces_a_nest_and_says_where_operands_begin);
    RUN_TEST(tensorise_names_the_place_that_does_not_match);
    RUN_TEST(a_loop_that_is_not_there_or_not_one_is_named);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(primitives);
    GREATEST_MAIN_END();
}
