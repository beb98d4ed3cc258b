// SPDX-License-Identifier: Apache-2.0
#include "scope.h"

#include <fnmatch.h>
#include <string.h>

// Cases whose operators are in this release. One that is listed here and passes all the same is a failure.
static const struct {
    const char *pattern, *reason;
} not_now[] = {
    {"test_batchnorm_*_training_mode*", "training"},
    {"test_training_dropout*", "training"},
    {"test_*allowzero_reordered", "a tensor without elements"},
    {"test_*shape_zero", "a tensor without elements"},
    {"test_slice_start_out_of_bounds", "a tensor without elements"},
    {"test_split_zero_size_splits*", "a tensor without elements"},
    {"test_tri[lu]_zero", "a tensor without elements"},
    {"test_reduce_*_empty_set*", "a tensor without elements"},
    {"test_shape_start_greater_than_end", "a tensor without elements"},
    {"test_causal_conv_with_state_kernel_size_one*", "a tensor without elements"},
    {"test_cast*STRING*", "strings"},
    {"test_equal_string*", "strings"},
    {"test_if", "a branch on a value"},
    {"test_if_opt", "optional values"},
    {"test_if_seq", "sequences"},
    {"test_identity_opt", "optional values"},
    {"test_identity_sequence", "sequences"},
    {"test_*FLOAT8*", "float8, and elements of 4 and 2 bits"},
    {"test_*FLOAT4*", "float8, and elements of 4 and 2 bits"},
    {"test_*INT4*", "float8, and elements of 4 and 2 bits"},
    {"test_*INT2*", "float8, and elements of 4 and 2 bits"},
    {"test_*quantizelinear_e4m3fn*", "float8, and elements of 4 and 2 bits"},
    {"test_*quantizelinear_e5m2", "float8, and elements of 4 and 2 bits"},
    {"test_*quantizelinear_float4e2m1", "float8, and elements of 4 and 2 bits"},
    {"test_*quantizelinear_*int[24]", "float8, and elements of 4 and 2 bits"},
};

// Operators, by families.
static const struct {
    const char *reason, *operators; // separated by blanks
} left_out[] = {
    {"training", " Adagrad Adam Gradient Momentum "},
    {"strings", " RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer "},
    {"sequences",
     " ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap "
     "SplitToSequence "},
    {"optional values", " Optional OptionalGetElement OptionalHasElement "},
    {"loops", " Loop Scan "},
    {"random numbers", " Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike "},
    {"decoding of image files", " ImageDecoder "},
    {"classic machine learning", " ArrayFeatureExtractor Binarizer LabelEncoder TreeEnsemble "},
    {"a shape that follows from the numbers", " Unique "},
};

const char *scope_of_case(const char *name) {
    for (size_t i = 0; i < sizeof not_now / sizeof not_now[0]; i++)
        if (fnmatch(not_now[i].pattern, name, 0) == 0)
            return not_now[i].reason;
    return NULL;
}

const char *scope_of_operator(const char *op) {
    char word[80];
    snprintf(word, sizeof word, " %s ", op);
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (strstr(left_out[i].operators, word) != NULL)
            return left_out[i].reason;
    return NULL;
}

// ---- the table ---------------------------------------------------------------------------------------------------------

enum { MOST_LINES = 24 };
typedef struct line {
    char name[96];
    unsigned counts[3]; // a scope_result
} line;
static line suites[MOST_LINES], reasons[MOST_LINES];

static void count_in(line *lines, const char *name, scope_result result) {
    for (unsigned i = 0; i < MOST_LINES; i++)
        if (lines[i].name[0] == '\0' || strcmp(lines[i].name, name) == 0) {
            snprintf(lines[i].name, sizeof lines[i].name, "%s", name);
            lines[i].counts[result]++;
            return;
        }
}

void scope_count(const char *suite, scope_result result, const char *reason) {
    count_in(suites, suite, result);
    if (result == SCOPE_OUT)
        count_in(reasons, reason != NULL ? reason : "?", result);
}

void scope_print(FILE *out) {
    fprintf(out, "%-24s %8s %8s %8s %10s\n", "suite", "in scope", "pass", "share", "left out");
    for (unsigned i = 0; i < MOST_LINES && suites[i].name[0] != '\0'; i++) {
        const unsigned *c = suites[i].counts, all = c[SCOPE_PASS] + c[SCOPE_FAIL];
        fprintf(out, "%-24s %8u %8u %7.1f%% %10u\n", suites[i].name, all, c[SCOPE_PASS],
                all > 0 ? 100.0 * c[SCOPE_PASS] / all : 100.0, c[SCOPE_OUT]);
    }
    for (unsigned i = 0; i < MOST_LINES && reasons[i].name[0] != '\0'; i++)
        fprintf(out, "%sleft out %4u: %s\n", i == 0 ? "\n" : "", reasons[i].counts[SCOPE_OUT], reasons[i].name);
}
