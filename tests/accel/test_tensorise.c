// SPDX-License-Identifier: Apache-2.0
// What no instruction can do is an error that names the loop, the index or the operand.
#include "check.h"
#include "tensorise.h"
#include "tsr/schedule.h"

GREATEST_MAIN_DEFS();

static tsr_config config; // tiny: 1 row, 4 lanes in and out; planes of 2048 (INP) and 1024 (OUT) bytes

#define MEMORIES                                                                                                                 \
    "function f\n  work i8 x[4096]\n  const i8 c[64]\n  const i32 q[64]\n  work i32 v[64]\n  work i8 y[4096]\n"                  \
    "  inp i8 inp[2048]\n  wgt i8 wgt[4096]\n  acc i32 acc[1024]\n  out i8 out[1024]\n  par i32 par[384]\n"

static tsr_status match(tsr_arena *a, const char *statements, shape *out) {
    tsr_tensor_function *f;
    const char *text = tsr_arena_printf(a, MEMORIES "%s", statements);
    TSR_TRY(tsr_tensor_parse(a, text, strlen(text), "text", &f));
    uint32_t used;
    return f->body->kind == TSR_S_SEQ ? tensorise(a, &config, f->body->items, f->body->item_count, out, &used)
                                      : tensorise(a, &config, &f->body, 1, out, &used);
}

static check_result refused(const char *statements, const char *why) {
    tsr_arena *a = tsr_arena_create();
    shape s;
    const tsr_status status = match(a, statements, &s);
    if (status.code != TSR_UNSUPPORTED)
        fputs(statements, stderr);
    ASSERT_STR_CONTAINS(why, status.message);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    tsr_arena_free(a);
    PASS();
}

#define GEMM(outer, acc, product) outer "for o in 0..4 {\nfor k in 0..4 {\nacc[" acc "] = acc[" acc "] + (" product ")\n}\n}\n}\n"

TEST a_gemm_matches_with_its_loops_in_any_order(void) {
    tsr_arena *a = tsr_arena_create();
    shape s;
    ASSERT_OK(match(
        a,
        "for k in 0..4 {\nfor p in 0..8 {\nfor o in 0..4 {\n"
        "acc[((p * 4) + o) + 16] = acc[((p * 4) + o) + 16] + (i32(wgt[((o * 4) + k) + 32]) * i32(inp[(p * 8) + k]))\n}\n}\n}\n",
        &s));
    ASSERT(s.kind == SHAPE_GEMM && !s.as.gemm.overwrite);
    ASSERT_EQ(1u, s.as.gemm.loop_count);
    ASSERT(s.as.gemm.loop[0].extent == 8 && s.as.gemm.loop[0].dst == 1 && s.as.gemm.loop[0].src == 2 &&
           s.as.gemm.loop[0].par == 0);
    ASSERT(s.as.gemm.acc == 4 && s.as.gemm.inp == 0 && s.as.gemm.wgt == 2);
    tsr_arena_free(a);
    PASS();
}

TEST a_gemm_that_does_not_match_says_where(void) {
    CHECK_CALL(
        refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k]) * i32(inp[k])"),
                "gemm: operand of i32() of right side of * of right side of + of the value stored to acc: the pattern has wgt "
                "in memory wgt, the nest inp in memory inp"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k]) * acc[o]"),
                       "the pattern has a cast from int8 to int32, the nest a load of acc"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k]) * i32(wgt[(o * 8) + k])"),
                       "loop o moves the index of wgt by 8 an iteration, the pattern's loop o moves wgt by 4"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k * 2]) * i32(wgt[(o * 4) + k])"),
                       "loop k moves the index of inp by 2 an iteration, the pattern's loop k moves inp by 1"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 6) + o", "i32(inp[k]) * i32(wgt[(o * 4) + k])"),
                       "loop p moves the index of 'acc' by 6 an iteration, which is no multiple of an entry's 4"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k + 2]) * i32(wgt[(o * 4) + k])"),
                       "'inp' begins at element 2, which is no multiple of an entry's 4"));
    CHECK_CALL(refused(GEMM("for p in 0..8 {\n", "(p * 4) + o", "i32(inp[k * k]) * i32(wgt[(o * 4) + k])"),
                       "the index inp[k * k] is not affine"));
    CHECK_CALL(refused("for o in 0..4 {\nfor k in 0..3 {\nacc[o] = acc[o] + (i32(inp[k]) * i32(wgt[(o * 4) + k]))\n}\n}\n",
                       "no loop of 4 iterations for the pattern's loop k; loops that it could be: k (3)"));
    return refused(
        "for a0 in 0..2 {\nfor a1 in 0..2 {\nfor a2 in 0..2 {\nfor a3 in 0..2 {\nfor a4 in 0..2 {\nfor a5 in 0..2 {\n"
        "for a6 in 0..2 {\nfor a7 in 0..2 {\nfor a8 in 0..2 {\nfor a9 in 0..2 {\nfor b0 in 0..2 {\nfor o in 0..4 {\n"
        "for k in 0..4 {\nacc[o] = acc[o] + (i32(inp[k]) * i32(wgt[(o * 4) + k]))\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n",
        "11 loops around a GEMM, more than 10");
}

TEST a_vector_operation_that_does_not_match_says_where(void) {
    CHECK_CALL(
        refused("for p in 0..8 {\nfor o in 0..4 {\nout[(p * 4) + o] = i8(min(max(acc[(p * 4) + o], -127:i32), 127:i32))\n}\n}\n",
                "what is stored to 'out' is not saturated: i8(min(max(value, -128), 127))"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 4) + o] = v[(p * 4) + o]\n}\n}\n",
                       "the value of what is stored to 'acc' is a load of 'v' in memory work; the ALU takes acc, inp widened to "
                       "int32, or a number"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 4) + o] = acc[(p * 4) + o] + v[o]\n}\n}\n",
                       "the right operand of what is stored to 'acc' is a load of 'v' in memory work"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 4) + o] = acc[(p * 4) + o] / acc[o]\n}\n}\n",
                       "the value of what is stored to 'acc' is operator /"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..3 {\nacc[(p * 4) + o] = 1:i32\n}\n}\n",
                       "no loop runs over the 4 lanes of 'acc' with a step of 1; loops that it could be: p (8), o (3)"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 4) + o] = acc[((p * 4) + (o * 2)) + 64]\n}\n}\n",
                       "loop o moves the index of 'acc' by 2 an iteration, not by 1"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 5) + o] = acc[(p * 4) + o]\n}\n}\n",
                       "loop p moves the index of 'acc' by 5 an iteration, which is no multiple of an entry's 4"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[(p * 4) + o] = i32(inp[((p * 4) + o) + 1])\n}\n}\n",
                       "'inp' begins at element 1, which is no multiple of an entry's 4"));
    CHECK_CALL(refused("for p in 0..8 {\nfor o in 0..4 {\nacc[p * o] = 1:i32\n}\n}\n", "the index into 'acc' is not affine"));
    return refused("for p in 0..8 {\nacc[p] = 1:i32\nacc[p] = 2:i32\n}\n",
                   "inside of loop p stands a sequence of statements, not one store");
}

TEST a_copy_that_does_not_match_says_where(void) {
    CHECK_CALL(refused("for i in 0..8 {\ninp[i] = x[i] + 1:i8\n}\n",
                       "what is stored to 'inp' in memory inp is operator +; a copy is a load or a number"));
    CHECK_CALL(refused("for i in 0..8 {\ny[i] = inp[i]\n}\n", "'y' is stored from memory inp; only out can be"));
    CHECK_CALL(refused("for i in 0..8 {\ninp[i] = out[i]\n}\n", "'inp' is loaded from 'out' in memory out, not from DRAM"));
    CHECK_CALL(refused("for i in 0..8 {\ninp[i] = select(i != 3, x[i], 0:i8)\n}\n",
                       "padding into 'inp' is not of the form select(begin <= i < end, load, number)"));
    CHECK_CALL(refused("for a in 0..2 {\nfor b in 0..2 {\nfor d in 0..2 {\nfor i in 0..4 {\n"
                       "inp[(((a * 64) + (b * 32)) + (d * 16)) + i] = x[(((a * 9) + (b * 99)) + (d * 999)) + i]\n}\n}\n}\n}\n",
                       "a copy into 'inp' has 3 loops around its contiguous run; LOAD and STORE have two: a (2), b (2), d (2)"));
    CHECK_CALL(refused("for o in 0..4 {\nfor k in 0..4 {\nwgt[(o * 4) + k] = select(o < k, c[o], 0:i8)\n}\n}\n",
                       "a select in a copy into 'wgt' is not select(o == k, load, 0) of two loops"));
    CHECK_CALL(refused("for o in 0..4 {\nfor k in 0..3 {\nwgt[(o * 4) + k] = select(o == k, c[o], 0:i8)\n}\n}\n",
                       "no loop runs over the 4 input lanes of 'wgt' with a step of 1; loops that it could be: o (4), k (3)"));
    CHECK_CALL(refused("for o in 0..4 {\nfor k in 0..4 {\nwgt[(o * 4) + k] = select(o == k, c[k], 0:i8)\n}\n}\n",
                       "loop o moves the index of 'c' by 0 an iteration, not by 1"));
    return refused("for o in 0..4 {\nfor k in 0..4 {\nfor e in 0..4 {\nwgt[((e * 16) + (o * 4)) + k] = select(o == e, c[(e * 4) "
                   "+ o], 0:i8)\n}\n}\n}\n",
                   "loops o and e, which a diagonal compares, do not run over the lanes of 'wgt'");
}

SUITE(tensorising) {
    RUN_TEST(a_gemm_matches_with_its_loops_in_any_order);
    RUN_TEST(a_gemm_that_does_not_match_says_where);
    RUN_TEST(a_vector_operation_that_does_not_match_says_where);
    RUN_TEST(a_copy_that_does_not_match_says_where);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    tsr_status status = tsr_config_load("isa/configs/tiny.cfg", &config);
    if (status.code != TSR_OK) {
        fprintf(stderr, "%s\n", status.message);
        return 1;
    }
    RUN_SUITE(tensorising);
    GREATEST_MAIN_END();
}
