// SPDX-License-Identifier: Apache-2.0
// The two halves of the parser of the text form.
#ifndef TSR_TENSOR_PARSE_H
#define TSR_TENSOR_PARSE_H

#include "tsr/tensor.h"
#include "tsr/text.h"

typedef struct parser {
    scanner s;
    tsr_tensor_function *f;
    tsr_tbuffer **buffers;
    uint32_t buffer_count, buffer_capacity;
    const tsr_var *vars[TSR_MAX_NEST]; // of the loops around
    uint32_t var_count;
    const tsr_expr **lets; // of the statement that comes
    unsigned *let_heights; // how deep each is
    uint32_t let_count, let_capacity;
    unsigned depth, nest; // of parentheses, of statements
    unsigned height;      // of the expression so far, with the lets in it
    uint64_t room;
} parser;

tsr_tbuffer *parse_find_buffer(const parser *p, const char *name);
// buffer[index]
tsr_status parse_element(parser *p, tsr_tbuffer **out_buffer, const tsr_expr **out_index);
tsr_status parse_expr(parser *p, const tsr_expr **out_expr);
tsr_status parse_typed(parser *p, tsr_dtype dtype, const tsr_expr **out_expr); // an expression that must have this type
bool parse_short_type(const char *word, tsr_dtype *out_dtype);

#endif
