// SPDX-License-Identifier: Apache-2.0
// What of the public suite is left out, and why: the one list. Counts of what ran, as a table.
#ifndef TESTS_ONNX_SCOPE_H
#define TESTS_ONNX_SCOPE_H

#include <stdbool.h>
#include <stdio.h>

// Why a case whose operators are in this release does not run; NULL: it has to.
const char *scope_of_case(const char *name);
// Why an operator is not in this release; NULL: it should be, and is missing.
const char *scope_of_operator(const char *op);

typedef enum { SCOPE_PASS, SCOPE_FAIL, SCOPE_OUT } scope_result;
// One run of a case; reason: of SCOPE_OUT.
void scope_count(const char *suite, scope_result result, const char *reason);
void scope_print(FILE *out);

#endif
