// SPDX-License-Identifier: Apache-2.0
// A test harness in one header, with the macro names of silentbicycle/greatest, so that its readers feel at home and that
// header can take this one's place.
//
//   TEST adds_small_numbers(void) { ASSERT_EQ(4, 2 + 2); PASS(); }
//   SUITE(arithmetic) { RUN_TEST(adds_small_numbers); }
//   GREATEST_MAIN_DEFS();
//   int main(int argc, char **argv) { GREATEST_MAIN_BEGIN(); RUN_SUITE(arithmetic); GREATEST_MAIN_END(); }
//
// A program takes `-t TEXT` (only tests whose name holds TEXT), `-v` (print passing tests too), `-l` (list). Its last line
// is "N passed, N failed, N skipped"; the exit code is 0 when nothing failed.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { CHECK_FAIL = -1, CHECK_PASS = 0, CHECK_SKIP = 1 } check_result;

typedef struct {
    unsigned passed, failed, skipped;
    const char *only;
    int verbose, list;
    const char *message, *file;
    int line;
} check_state;

extern check_state check;

#define TEST static check_result
#define SUITE(name) static void name(void)
#define GREATEST_MAIN_DEFS() check_state check

#define PASSm(text)                                                                                                              \
    do {                                                                                                                         \
        check.message = (text);                                                                                                  \
        return CHECK_PASS;                                                                                                       \
    } while (0)
#define PASS() PASSm(NULL)
#define FAILm(text)                                                                                                              \
    do {                                                                                                                         \
        check.message = (text);                                                                                                  \
        check.file = __FILE__;                                                                                                   \
        check.line = __LINE__;                                                                                                   \
        return CHECK_FAIL;                                                                                                       \
    } while (0)
#define FAIL() FAILm(NULL)
#define SKIPm(text)                                                                                                              \
    do {                                                                                                                         \
        check.message = (text);                                                                                                  \
        return CHECK_SKIP;                                                                                                       \
    } while (0)

#define ASSERTm(text, condition)                                                                                                 \
    do {                                                                                                                         \
        if (!(condition))                                                                                                        \
            FAILm(text);                                                                                                         \
    } while (0)
#define ASSERT(condition) ASSERTm(#condition, condition)
#define ASSERT_FALSE(condition) ASSERTm("not " #condition, !(condition))
#define ASSERT_EQm(text, expected, actual) ASSERTm(text, (expected) == (actual))
#define ASSERT_EQ(expected, actual) ASSERT_EQm(#expected " == " #actual, expected, actual)
#define ASSERT_NEQ(expected, actual) ASSERTm(#expected " != " #actual, (expected) != (actual))
#define ASSERT_EQ_FMT(expected, actual, format)                                                                                  \
    do {                                                                                                                         \
        if ((expected) != (actual)) {                                                                                            \
            fprintf(stderr, "expected " format ", got " format "\n", (expected), (actual));                                      \
            FAILm(#expected " == " #actual);                                                                                     \
        }                                                                                                                        \
    } while (0)
#define ASSERT_STR_EQ(expected, actual)                                                                                          \
    do {                                                                                                                         \
        const char *want_ = (expected), *got_ = (actual);                                                                        \
        if (strcmp(want_, got_) != 0) {                                                                                          \
            fprintf(stderr, "expected \"%s\"\n     got \"%s\"\n", want_, got_);                                                  \
            FAILm(#expected " == " #actual);                                                                                     \
        }                                                                                                                        \
    } while (0)
#define ASSERT_STR_CONTAINS(part, text)                                                                                          \
    do {                                                                                                                         \
        const char *part_ = (part), *text_ = (text);                                                                             \
        if (strstr(text_, part_) == NULL) {                                                                                      \
            fprintf(stderr, "expected a text with \"%s\"\n                 got \"%s\"\n", part_, text_);                         \
            FAILm(#part " in " #text);                                                                                           \
        }                                                                                                                        \
    } while (0)
#define ASSERT_MEM_EQ(expected, actual, size) ASSERTm(#expected " equals " #actual, memcmp(expected, actual, size) == 0)
// A tsr_status that must be ok; prints its message when it is not.
#define ASSERT_OK(expr)                                                                                                          \
    do {                                                                                                                         \
        tsr_status status_ = (expr);                                                                                             \
        if (status_.code != TSR_OK) {                                                                                            \
            fprintf(stderr, "%s\n", status_.message);                                                                            \
            FAILm(#expr);                                                                                                        \
        }                                                                                                                        \
    } while (0)
#define CHECK_CALL(expr)                                                                                                         \
    do {                                                                                                                         \
        check_result result_ = (expr);                                                                                           \
        if (result_ != CHECK_PASS)                                                                                               \
            return result_;                                                                                                      \
    } while (0)

static inline int check_wanted(const char *name) {
    if (check.only != NULL && strstr(name, check.only) == NULL)
        return 0;
    if (check.list)
        puts(name);
    return !check.list;
}

static inline void check_report(const char *name, check_result result) {
    if (result == CHECK_PASS) {
        check.passed++;
        if (check.verbose)
            printf("PASS %s\n", name);
    } else if (result == CHECK_SKIP) {
        check.skipped++;
        printf("SKIP %s: %s\n", name, check.message != NULL ? check.message : "");
    } else {
        check.failed++;
        printf("FAIL %s: %s (%s:%d)\n", name, check.message != NULL ? check.message : "", check.file, check.line);
    }
    fflush(stdout);
}

static inline void check_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            check.verbose = 1;
        else if (strcmp(argv[i], "-l") == 0)
            check.list = 1;
        else if (strcmp(argv[i], "-t") == 0 && i + 1 < argc)
            check.only = argv[++i];
        else {
            fprintf(stderr, "usage: %s [-v] [-l] [-t TEXT]\n", argv[0]);
            exit(2);
        }
    }
}

#define RUN_TEST(test)                                                                                                           \
    do {                                                                                                                         \
        if (check_wanted(#test))                                                                                                 \
            check_report(#test, test());                                                                                         \
    } while (0)
#define RUN_TEST1(test, argument)                                                                                                \
    do {                                                                                                                         \
        if (check_wanted(#test))                                                                                                 \
            check_report(#test, test(argument));                                                                                 \
    } while (0)
// Runs test(argument) under a name made at run time, for tables of cases.
#define RUN_TEST_AS(name, test, argument)                                                                                        \
    do {                                                                                                                         \
        if (check_wanted(name))                                                                                                  \
            check_report(name, test(argument));                                                                                  \
    } while (0)
#define RUN_SUITE(suite) suite()
#define GREATEST_MAIN_BEGIN() check_arguments(argc, argv)
#define GREATEST_MAIN_END()                                                                                                      \
    do {                                                                                                                         \
        if (!check.list)                                                                                                         \
            printf("%u passed, %u failed, %u skipped\n", check.passed, check.failed, check.skipped);                             \
        return check.failed != 0;                                                                                                \
    } while (0)

#endif
