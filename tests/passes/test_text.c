// SPDX-License-Identifier: Apache-2.0
// The text form of a graph: what is printed reads back and prints the same; mistakes are found at their line and column.
#include <math.h>

#include "build.h"
#include "check.h"
#include "tsr/import.h"

GREATEST_MAIN_DEFS();

static char *print(const tsr_graph *g, size_t *out_size) {
    char *text = NULL;
    FILE *file = open_memstream(&text, out_size);
    if (file == NULL)
        abort();
    tsr_graph_print(g, TSR_PRINT_ALL, file);
    fclose(file);
    return text;
}

static check_result prints_the_same_when_read_back(const tsr_graph *g) {
    size_t size, again_size;
    char *text = print(g, &size);
    tsr_graph *again;
    ASSERT_OK(tsr_graph_parse(text, size, "graph.tsg", &again));
    char *second = print(again, &again_size);
    ASSERT_EQ(size, again_size);
    ASSERT_MEM_EQ(text, second, size);
    free(text);
    free(second);
    tsr_graph_free(again);
    PASS();
}

TEST a_graph_of_every_kind_of_thing_reads_back(void) {
    tsr_graph *g = tsr_graph_create("odd \"name\" \\ \n\xc3\xa4 ; #");
    g->channels_last = true;
    tsr_id x = input(g, quantised(g, TSR_I8, 0.1f, -128, SHAPE(1, 4, 4, 2)));
    tsr_id w = scales_per_channel(g, fill(g, quantised(g, TSR_I8, 1, 0, SHAPE(3, 3, 3, 2))), 0.123456789f);
    tsr_id y = conv3x3(g, x, w, TSR_NO_ID, 1, x);
    g->nodes[0].attr.clip_lo = -0.0f;
    g->nodes[0].attr.clip_hi = 1e-30f;
    const float odd[] = {NAN, -0.0f, INFINITY, -INFINITY, 1e-45f, 3.4028235e38f, 0.1f, 16777217.0f};
    tsr_id c = tsr_graph_add_const(g, "3rd", TSR_F32, 2, (const int64_t[]){2, 4}, odd);
    tsr_id r = input(g, real(g, SHAPE(4)));
    tsr_id z = node(g, TSR_OP_ADD, NULL, r, c, TSR_NO_ID, TSR_NO_ID);
    g->tensors[z].name = g->tensors[y].name; // as passes may leave them
    const int64_t wide[] = {INT64_MIN, INT64_MAX};
    tsr_id k = tsr_graph_add_const(g, "", TSR_I64, 1, (const int64_t[]){2}, wide);
    tsr_id s = tsr_graph_add_const(g, "scalar", TSR_BOOL, 0, NULL, "\1");
    ASSERT_OK(tsr_quantise(g));
    output(g, y);
    output(g, z);
    output(g, k);
    output(g, s);
    ASSERT_OK(tsr_graph_verify(g));
    check_result result = prints_the_same_when_read_back(g);
    tsr_graph_free(g);
    return result;
}

static check_result model(const char *path) {
    tsr_graph *g;
    ASSERT_OK(tsr_import_file(path, NULL, &g));
    check_result result = prints_the_same_when_read_back(g);
    tsr_graph_free(g);
    return result;
}
TEST the_digits_network_reads_back(void) { return model("models/digits/digits_qdq.onnx"); }
TEST a_tflite_model_reads_back(void) { return model("tests/import/small.tflite"); }

static tsr_status parse(const char *text, tsr_graph **out_graph) {
    return tsr_graph_parse(text, strlen(text), "t.tsg", out_graph);
}

TEST types_that_follow_may_be_left_out(void) {
    tsr_graph *g;
    ASSERT_OK(parse("tessera-graph 1 g # comment\n\n"
                    "input input: float32[1,4,4,2]\n"
                    "const w: float32[3,3,3,2] = random 1\n"
                    "const s: float32[3] = splat 2\r\n"
                    "a = Conv(input, w) kernel=3,3\n"
                    "output = Mul(a, s) clip_lo=0 @ \"the last\"\n"
                    "output output\n",
                    &g));
    ASSERT_EQ(2, g->node_count);
    const tsr_tensor *y = &g->tensors[g->outputs[0]];
    ASSERT_EQ(4, y->rank);
    ASSERT_EQ(2, y->shape[1]);
    ASSERT_EQ(3, y->shape[3]);
    ASSERT_STR_EQ("the last", g->nodes[1].name);
    ASSERT(g->nodes[1].attr.clip_lo == 0 && g->nodes[1].attr.clip_hi == INFINITY);
    tsr_graph_free(g);
    PASS();
}

static const struct {
    const char *lines, *message; // after the header line and "input x: float32[1,4]"
} mistakes[] = {
    {"y = Relux(x)\noutput y", "t.tsg:3:5: there is no operator 'Relux'"},
    {"y = Neg(z)\noutput y", "t.tsg:3:9: no line above defines 'z'"},
    {"a = Neg(b)\nb = Neg(a)\noutput b", "t.tsg:3:9: no line above defines 'b' (a node stands below those it reads: no cycles)"},
    {"x = Neg(x)\noutput x", "t.tsg:3:1: the tensor 'x' is defined a second time"},
    {"y = Neg(x) @ n\nz = Neg(x) @ n\noutput y", "t.tsg:4:1: a second node 'n'"},
    {"y = Neg()\noutput y", "t.tsg:3:1: Neg: the output's type has to be written"},
    {"y: float32[1,4] = Neg()\noutput y", "t.tsg:3:1: node 'y' (Neg): the first input"},
    {"y = Add(x, -)\noutput y", "input 1 is missing"},
    {"y = Clip(x) clip_low=1\noutput y", "t.tsg:3:13: nodes have no attribute 'clip_low'"},
    {"y = Clip(x) clip_lo=one\noutput y", "t.tsg:3:21: a number expected"},
    {"y = Pad(x) pad_mode=wrap\noutput y", "t.tsg:3:21: pad_mode has no 'wrap'"},
    {"y = Transpose(x) perm=0,1,2,3,4,5,6,7,8\noutput y", "perm takes 8 numbers at most"},
    {"y = Transpose(x) perm=1,1\noutput y", "perm must name every dimension once"},
    {"y: float32[4,4] = Neg(x)\noutput y", "t.tsg:3:1: node 'y' (Neg): the output's shape is [4,4], must be [1,4]"},
    {"y: float64[1,4] = Neg(x)\noutput y", "float32 -> float64"},
    {"y: float16q[1,4] = Neg(x)\noutput y", "t.tsg:3:4: 'float16q' is no type"},
    {"input z: float32[1,0]\noutput z", "t.tsg:3:20: 0 is not between 1 and"},
    {"input z: float32[99999999999,99999999999]\noutput z", "t.tsg:3:17: shape [99999999999,99999999999] is larger than 4 GiB"},
    {"input z: float32[1,1,1,1,1,1,1,1,1]\noutput z", "t.tsg:3:17: a rank of more than 8"},
    {"input z: int8[4](nan,0)\noutput z", "t.tsg:3:7: tensor 'z': scale 0 is nan, must be finite and > 0"},
    {"input z: int8[4](0,0)\noutput z", "scale 0 is 0, must be finite and > 0"},
    {"input z: int8[4](-0.5,0)\noutput z", "scale 0 is -0.5, must be finite and > 0"},
    {"input z: int8[4](inf,0)\noutput z", "scale 0 is inf, must be finite and > 0"},
    {"input z: float32[4](0.5,0)\noutput z", "only integer tensors can be quantised"},
    {"input z: int8[4](axis 1: 0.5,0)\noutput z", "t.tsg:3:23: 1 is not between 0 and 0"},
    {"input z: int8[2](axis 0: 0.5,0)\noutput z", "t.tsg:3:31: a number expected, not ')'"},
    {"const c: float32[2] = 1\ny = Neg(x)\noutput y", "a number expected, not 'end of line'"},
    {"const c: float32[2] = 1 2 3\ny = Neg(x)\noutput y", "t.tsg:3:27: the end of the line expected"},
    {"const c: int8[2] = 1 128\ny = Neg(x)\noutput y", "t.tsg:3:22: 128 is not between -128 and 127"},
    {"const c: int8[2] = hex 0\ny = Neg(x)\noutput y", "1 hexadecimal digits for a tensor of 2 bytes"},
    {"const c: int8[2] = omitted\ny = Neg(x)\noutput y", "left out when the text was written"},
    {"const c: float32[1000000000] = splat 0\ny = Neg(x)\noutput y", "take more than 1024 MiB"},
    {"const c: float32[1000000000] = 0\ny = Neg(x)\noutput y", "too few numbers for 1000000000 elements"},
    {"y = Neg(x)", "the graph has no outputs"},
    {"y = Neg(x)\noutput -", "an output that is left out"},
    {"output y", "no line above defines 'y'"},
    {"y = Neg(\"x", "t.tsg:3:9: a name in quotes that does not end on its line"},
    {"y = Neg(\"\\x00\")", "a name that holds \\x00"},
    {"y = MaxPool(x)\noutput y", "t.tsg:3:1: MaxPool: the input must have rank 4"},
    {"input p: float32[1,8,8,4]\ny = MaxPool(p) kernel=2,2 stride=0,2\noutput y",
     "t.tsg:4:1: MaxPool: kernel, strides and dilations must be between"},
    {"input p: float32[1,8,8,4]\ny = MaxPool(p) kernel=9223372036854775807,2\noutput y", "kernel, strides and dilations"},
    {"y = Clip(x) requant(in_zero=0,0 in=0:0:0,0:0:0 out=1:32:0 out_zero=0 lo=0 hi=1)\noutput y", "32 is not between 0 and 31"},
    {"y = Clip(x) requant(in_zero=0,0 in=0:0:0,0:0:0 out=1:1:0 out_zero=0 lo=2 hi=1)\noutput y", "clamps to nothing"},
};

TEST each_mistake_is_found_where_it_stands(void) {
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char text[600];
        snprintf(text, sizeof text, "tessera-graph 1 g\ninput x: float32[1,4]\n%s\n", mistakes[i].lines);
        tsr_graph *g;
        tsr_status status = parse(text, &g);
        if (strstr(status.message, mistakes[i].message) == NULL || strncmp(status.message, "t.tsg:", 6) != 0)
            fprintf(stderr, "%s\n  is \"%s\"\n  must have \"%s\"\n", mistakes[i].lines, status.message, mistakes[i].message);
        ASSERT(strstr(status.message, mistakes[i].message) != NULL && strncmp(status.message, "t.tsg:", 6) == 0);
        ASSERT(g == NULL);
    }
    PASS();
}

TEST other_files_and_versions_are_told_apart(void) {
    tsr_graph *g;
    ASSERT(!tsr_graph_is_text("tessera-graphics", 16) && !tsr_graph_is_text("", 0) && !tsr_graph_is_text("TFL3", 4));
    ASSERT(tsr_graph_is_text("# a comment\n\ntessera-graph 1 g", 30));
    ASSERT(strstr(parse("tessera-graph 2 g\n", &g).message, "t.tsg:1:15: version 2 of the text form") != NULL);
    ASSERT(strstr(parse("tessera-graph one g\n", &g).message, "t.tsg:1:15: an integer expected, not 'one'") != NULL);
    ASSERT(strstr(parse("", &g).message, "begins with 'tessera-graph 1 NAME'") != NULL);
    PASS();
}

static const char sample[] =
    "tessera-graph 1 \"a b\" channels_last\n"
    "input x: int8[1,4,4,2](0.1,-3)\n"
    "const w: int8[2,3,3,2](axis 0: 0.1,0 0.2,0) = random 3\n"
    "const b: int32[2](0.01,0) = 1 -2\n"
    "y: int8[1,2,2,2](0.2,0), - = Conv(x, w, b) kernel=3,3 clip_lo=-1.5 requant(in_zero=-3,0 in=0:0:0,0:0:0 "
    "out=5:1:2,6:0:3s out_zero=0 lo=-7 hi=9) @ n\n"
    "p = Pad(y) pads_begin=0,1,0,0 pad_mode=edge\n"
    "output p\n";

static void parse_exactly(const char *text, size_t size) { // so that a sanitizer sees a read past the end
    char *exact = malloc(size + 1);
    tsr_graph *g = NULL;
    if (exact == NULL)
        abort();
    memmove(exact + 1, text, size); // one byte in: nothing is aligned
    tsr_graph_parse(exact + 1, size, "t.tsg", &g);
    tsr_graph_free(g);
    free(exact);
}

TEST truncated_and_damaged_text_does_no_harm(void) {
    char damaged[sizeof sample];
    for (size_t length = 0; length < sizeof sample; length++)
        parse_exactly(sample, length);
    for (size_t at = 0; at + 1 < sizeof sample; at++)
        for (size_t i = 0; i < 12; i++) {
            memcpy(damaged, sample, sizeof sample);
            damaged[at] = "\0\n\"-0#([,9x\xff"[i];
            parse_exactly(damaged, sizeof sample - 1);
        }
    PASS();
}

SUITE(text_form) {
    RUN_TEST(a_graph_of_every_kind_of_thing_reads_back);
    RUN_TEST(the_digits_network_reads_back);
    RUN_TEST(a_tflite_model_reads_back);
    RUN_TEST(types_that_follow_may_be_left_out);
    RUN_TEST(each_mistake_is_found_where_it_stands);
    RUN_TEST(other_files_and_versions_are_told_apart);
    RUN_TEST(truncated_and_damaged_text_does_no_harm);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(text_form);
    GREATEST_MAIN_END();
}
