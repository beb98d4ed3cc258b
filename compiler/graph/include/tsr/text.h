// SPDX-License-Identifier: Apache-2.0
// What the text forms of graphs and of tensor programs share: a cursor over one text with the place of each error, names,
// numbers, and contents of constants.
#ifndef TSR_TEXT_H
#define TSR_TEXT_H

#include "tsr/graph.h"

enum {
    TEXT_SMALL = 64, // constants of so many elements are written as numbers, larger ones as hexadecimal digits
    TEXT_NUMBER = 48 // longest number in characters
};

// Characters of a name that needs no quotes.
bool text_starts_name(char c);
bool text_continues_name(char c);

// Bytes that constants may take whose text is shorter than they are.
#define TEXT_ROOM (UINT64_C(1) << 30)

// ---- print_value.c
void text_print_name(const char *name, FILE *out);
void text_print_float(float value, FILE *out); // the shortest that reads back as the same
void text_print_double(double value, FILE *out);
// " = ..." of a constant.
void text_print_data(const tsr_tensor *tensor, tsr_print_constants constants, FILE *out);

// ---- scan.c: a cursor over one text
typedef struct scanner {
    const char *at, *end, *line_start;
    const char *file;
    uint32_t line;
    tsr_arena *arena; // of names
} scanner;

typedef struct place { // for messages
    uint32_t line, column; // from 1
} place;

place scan_place(scanner *s); // of what comes next
tsr_status scan_error(const scanner *s, place where, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool scan_at(scanner *s, char c);     // looks past blanks and comments, not past the line
bool scan_accept(scanner *s, char c); // takes it when it is there
tsr_status scan_expect(scanner *s, char c);
bool scan_at_name(scanner *s);
tsr_status scan_name(scanner *s, const char **out_name); // plain or in quotes
// A name is the next: whether it is this word, which then is taken.
bool scan_accept_word(scanner *s, const char *word);
tsr_status scan_int(scanner *s, int64_t *out_value);
tsr_status scan_range(scanner *s, int64_t low, int64_t high, int64_t *out_value);
tsr_status scan_double(scanner *s, double *out_value);
tsr_status scan_float(scanner *s, float *out_value);
bool scan_at_line_end(scanner *s);
tsr_status scan_line_end(scanner *s);
bool scan_next_line(scanner *s); // to the first line with something on it; false at the end

// ---- parse_value.c
// What follows '=' of a constant: its contents in the graph's arena. *room: what is left of TEXT_ROOM.
tsr_status parse_data(scanner *s, tsr_arena *arena, const tsr_tensor *tensor, uint64_t *room, const void **out_data);

#endif
