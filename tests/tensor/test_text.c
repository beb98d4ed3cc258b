// SPDX-License-Identifier: Apache-2.0
// The text form of tensor programs: what is printed reads back as the same; errors have a place; nothing in a text does harm.
#include "check.h"
#include "text.h"

GREATEST_MAIN_DEFS();

static check_result reads_back(const char *text) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f;
    ASSERT_OK(parse_text(a, text, &f));
    ASSERT_STR_EQ(text, text_of(a, f));
    tsr_arena_free(a);
    PASS();
}

TEST every_kind_of_statement_and_expression_reads_back(void) {
    return reads_back("function everything\n"
                      "  const i8 w[4] at 64 = -128 0 1 127\n"
                      "  work f32 x[64] at 128\n"
                      "  scratch f64 d[2]\n"
                      "  work i64 n[8]\n"
                      "  work bool flags[1]\n"
                      "  local i32 acc[16]\n"
                      "  for y in 0..4 parallel {\n"
                      "    for q in 0..2 unroll {\n"
                      "      for k in 0..8 {\n"
                      "        let t0 = (y * 4) + q\n"
                      "        acc[t0] = acc[t0] + i32(w[y])\n"
                      "      }\n"
                      "    }\n"
                      "    if (y >= 1) & (y < 3) {\n"
                      "      for c in 0..4 vectorize {\n"
                      "        let t0 = (y * 4) + c\n"
                      "        let t1 = x[t0]\n"
                      "        x[t0] = select(t1 > 0:f32, min(exp(t1), 6:f32), max(pow(t1, 0.1:f32), -inf:f32))\n"
                      "      }\n"
                      "    }\n"
                      "    n[y] = (bits_i64(d[0]) >> 3) ^ (i64(acc[0]) % 5)\n"
                      "  }\n"
                      "  tensorised mac(out: acc[4], in: w[0]) {\n"
                      "    flags[0] = nan:f64 == d[1]\n"
                      "  }\n");
}

TEST names_that_are_words_or_have_odd_characters_are_in_quotes(void) {
    return reads_back("function \"a function\"\n"
                      "  work i8 \"conv 1;\\xc3\"[4]\n"
                      "  work i8 \"for\"[4]\n"
                      "  for \"t0\" in 0..4 {\n"
                      "    \"for\"[\"t0\"] = \"conv 1;\\xc3\"[\"t0\"]\n"
                      "  }\n");
}

TEST two_things_of_one_name_get_numbers(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f = tsr_function_create(a, "f");
    tsr_tbuffer *x = tsr_tbuffer_create(a, "x", TSR_SCOPE_WORK, TSR_I8, 64),
                *y = tsr_tbuffer_create(a, "x", TSR_SCOPE_WORK, TSR_I8, 64);
    const tsr_var *i = tsr_var_create(f, "i"), *j = tsr_var_create(f, "i");
    const tsr_expr *at =
        tsr_binary_expr(a, TSR_ADD, tsr_binary_expr(a, TSR_MUL, tsr_var_expr(a, i), tsr_int(a, TSR_I64, 8)), tsr_var_expr(a, j));
    f->body = tsr_store(a, y, at, tsr_load(a, x, at));
    f->body = tsr_for(a, i, 8, TSR_FOR_SERIAL, tsr_for(a, j, 8, TSR_FOR_SERIAL, f->body));
    const char *text = text_of(a, f);
    ASSERT_STR_CONTAINS("let t0 = (i * 8) + i~2\n", text);
    ASSERT_STR_CONTAINS("x~2[t0] = x[t0]\n", text);
    CHECK_CALL(reads_back(text));
    tsr_arena_free(a);
    PASS();
}

TEST large_constants_are_left_out_unless_all_is_wanted(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f;
    char text[1024], shorter[256];
    size_t used = (size_t)snprintf(text, sizeof text, "function f\n  work i8 y[1]\n  const i8 w[65] = hex ");
    for (int i = 0; i < 65; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%02x", i);
    snprintf(text + used, sizeof text - used, "\n  y[0] = w[0]\n");
    ASSERT_OK(parse_text(a, text, &f));
    ASSERT_STR_CONTAINS("\n  const i8 w[65] = hex 000102", text_of(a, f));
    FILE *out = fmemopen(shorter, sizeof shorter, "w");
    tsr_tensor_print(f, out);
    fclose(out);
    ASSERT_STR_CONTAINS("\n  const i8 w[65] = omitted\n", shorter);
    ASSERT_STR_CONTAINS("text:2:20: the contents of this constant were left out", parse_text(a, shorter, &f).message);
    tsr_arena_free(a);
    PASS();
}

TEST errors_say_where_and_what(void) {
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "text:1:1: 'function NAME' expected"},
        {"function f\n  work i9 x[4]\n", "text:2:8: there is no type 'i9'"},
        {"function f\n  work i8 x[4]\n  work i8 x[4]\n", "text:3:11: a second buffer 'x'"},
        {"function f\n  work i8 x[9999999999999]\n", "text:2:13: 9999999999999 is not between 0 and 1099511627776"},
        {"function f\n  work i8 x[4] = 1 2 3 4\n", "text:2:11: only constants have contents"},
        {"function f\n  const i8 x[4] = 1 2 3\n", "text:2:24: an integer expected"},
        {"function f\n  x[0] = 1:i8\n", "text:2:3: there is no buffer 'x'"},
        {"function f\n  work i8 x[4]\n  x[0] = 1\n", "text:3:3: int64 is stored to 'x', a buffer of int8"},
        {"function f\n  work i8 x[4]\n  x[0] = 300:i8\n", "text:3:10: 300 is no int8"},
        {"function f\n  work i8 x[4]\n  x[i] = 1:i8\n", "text:3:5: there is no loop 'i' around this"},
        {"function f\n  work i8 x[4]\n  x[0:i8] = 1:i8\n", "text:3:5: int64 expected, not int8"},
        {"function f\n  work i8 x[4]\n  x[0] = x[0] + 1\n", "text:3:15: operands of + are int8 and int64"},
        {"function f\n  work f32 x[4]\n  x[0] = x[0] << x[1]\n", "text:3:15: no operator << for float32"},
        {"function f\n  work f32 x[4]\n  x[0] = sine(x[0])\n", "text:3:10: there is no function 'sine'"},
        {"function f\n  work f32 x[4]\n  x[0] = t0\n", "text:3:10: there is no 't0' above this statement"},
        {"function f\n  work f32 x[4]\n  let t1 = x[0]\n", "text:3:7: let t0 comes next, not 't1'"},
        {"function f\n  work f32 x[4]\n  x[0] = select(x[0], x[1], x[2])\n", "text:3:10: the condition of a select is a bool"},
        {"function f\n  work f32 x[4]\n  x[0] = bits_f32(x[0] < x[1])\n", "text:3:10: a float32 has not the size of a bool"},
        {"function f\n  for i in 0..4 {\n    for i in 0..4 {\n", "text:3:9: a loop 'i' inside of another"},
        {"function f\n  for i in 1..4 {\n", "text:2:12: '0' expected, not '1..4'"},
        {"function f\n  for i in 0..4 {\n", "text:3:1: '}' expected, not the end of the text"},
        {"function f\n  work i8 x[4]\n  if x[0] {\n  }\n", "text:3:6: bool expected, not int8"},
        {"function f\n  const i8 x[4]\n  x[0] = 1:i8\n", "text: tensor program f: a store to constant x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tsr_arena *a = tsr_arena_create();
        tsr_tensor_function *f;
        const tsr_status status = parse_text(a, cases[i].text, &f);
        ASSERT(f == NULL && status.code != TSR_OK);
        ASSERT_STR_CONTAINS(cases[i].error, status.message);
        tsr_arena_free(a);
    }
    PASS();
}

TEST deep_and_doubling_texts_end_soon(void) {
    tsr_arena *a = tsr_arena_create();
    tsr_tensor_function *f;
    const size_t size = 1 << 20;
    char *text = TSR_NEW_ARRAY(a, char, size);
    size_t used = (size_t)sprintf(text, "function f\n  work i64 x[4]\n  x[0] = ");
    memset(text + used, '(', 100000);
    ASSERT_STR_CONTAINS("nested more than 400 deep", parse_text(a, text, &f).message);
    used = (size_t)sprintf(text, "function f\n");
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(text + used, "for i%d in 0..2 {\n", i);
    ASSERT_STR_CONTAINS("nested more than 64 deep", parse_text(a, text, &f).message);
    // Each let is twice the one before: 2^300 paths; and 2^2000, which is too deep to walk.
    for (int lets = 300; lets <= 2000; lets += 1700) {
        used = (size_t)sprintf(text, "function f\n  work i64 x[4]\n  for i in 0..2 vectorize {\n  let t0 = i + i\n");
        for (int i = 1; i < lets; i++)
            used += (size_t)sprintf(text + used, "  let t%d = t%d + t%d\n", i, i - 1, i - 1);
        sprintf(text + used, "  x[i] = x[t%d] + t%d\n}\n", lets - 1, lets - 1);
        const tsr_status status = parse_text(a, text, &f);
        ASSERT_STR_CONTAINS(lets == 300 ? "" : "nested more than 400 deep", status.message);
        ASSERT_EQ(lets == 300, status.code == TSR_OK);
        if (lets == 300)
            ASSERT_STR_CONTAINS("let t299 = t298 + t298", text_of(a, f));
    }
    tsr_arena_free(a);
    PASS();
}

// Any status will do, but no crash, and what is accepted reads back.
TEST damaged_texts_are_read_or_refused(void) {
    static const char text[] =
        "function f\n  const i8 w[4] = 1 2 3 4\n  work i32 x[64]\n  local f32 s[2]\n  for i in 0..8 parallel {\n"
        "    let t0 = i * 8\n    x[t0] = x[t0] + select(i < 3, i32(w[i / 2]), 0:i32)\n    if i == 1 {\n"
        "      s[0] = exp(1.5:f32)\n    }\n  }\n  tensorised m(a: x[0]) {\n    x[0] = min(1:i32, 2:i32)\n  }\n";
    static const char pool[] = "()[]{}:,=+-*/%&<> \n\"\\0123456789tifxw.e";
    uint64_t state = 7;
    for (int round = 0; round < 20000; round++) {
        char changed[sizeof text];
        memcpy(changed, text, sizeof text);
        for (int k = 0; k < 1 + round % 4; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            changed[(state >> 33) % (sizeof text - 1)] = pool[(state >> 20) % (sizeof pool - 1)];
        }
        tsr_arena *a = tsr_arena_create();
        tsr_tensor_function *f;
        if (tsr_tensor_parse(a, changed, sizeof text - 1 - (size_t)(round % 7), "text", &f).code == TSR_OK)
            CHECK_CALL(reads_back(text_of(a, f)));
        tsr_arena_free(a);
    }
    PASS();
}

SUITE(text_form) {
    RUN_TEST(every_kind_of_statement_and_expression_reads_back);
    RUN_TEST(names_that_are_words_or_have_odd_characters_are_in_quotes);
    RUN_TEST(two_things_of_one_name_get_numbers);
    RUN_TEST(large_constants_are_left_out_unless_all_is_wanted);
    RUN_TEST(errors_say_where_and_what);
    RUN_TEST(deep_and_doubling_texts_end_soon);
    RUN_TEST(damaged_texts_are_read_or_refused);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(text_form);
    GREATEST_MAIN_END();
}
