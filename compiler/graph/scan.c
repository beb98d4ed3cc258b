// SPDX-License-Identifier: Apache-2.0
// Characters to words and numbers, with the place of each. Text that is quoted in a message is cut short and made printable.
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void skip_blanks(scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r'))
        s->at++;
    if (s->at < s->end && *s->at == '#')
        while (s->at < s->end && *s->at != '\n')
            s->at++;
}

place scan_place(scanner *s) {
    skip_blanks(s);
    return (place){s->line, (uint32_t)(s->at - s->line_start) + 1};
}

tsr_status scan_error(const scanner *s, place where, const char *format, ...) {
    char message[TSR_MESSAGE_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    return tsr_error(TSR_CORRUPT, "%s:%" PRIu32 ":%" PRIu32 ": %s", s->file, where.line, where.column, message);
}

// What stands there, for a message.
static const char *shown(const scanner *s, char buffer[28]) {
    size_t length = 0;
    for (const char *c = s->at; c < s->end && *c != '\n' && *c != ' ' && length < 20; c++)
        buffer[length++] = *c >= 0x20 && *c < 0x7f ? *c : '?';
    buffer[length] = '\0';
    if (length == 0)
        strcpy(buffer, "end of line");
    return buffer;
}

static tsr_status wanted(scanner *s, const char *what) {
    char buffer[28];
    const place here = scan_place(s);
    return scan_error(s, here, "%s expected, not '%s'", what, shown(s, buffer));
}

bool scan_at(scanner *s, char c) {
    skip_blanks(s);
    return s->at < s->end && *s->at == c;
}

bool scan_accept(scanner *s, char c) {
    if (!scan_at(s, c))
        return false;
    s->at++;
    return true;
}

tsr_status scan_expect(scanner *s, char c) {
    if (scan_accept(s, c))
        return tsr_ok();
    return wanted(s, (const char[]){'\'', c, '\'', '\0'});
}

bool scan_at_name(scanner *s) {
    skip_blanks(s);
    return s->at < s->end && (*s->at == '"' || text_starts_name(*s->at));
}

static int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static tsr_status quoted(scanner *s, const char **out_name) {
    const place here = scan_place(s);
    const char *close = s->at + 1;
    while (close < s->end && *close != '"' && *close != '\n')
        close += *close == '\\' && close + 1 < s->end ? 2 : 1;
    if (close >= s->end || *close != '"')
        return scan_error(s, here, "a name in quotes that does not end on its line");
    char *name = tsr_arena_alloc(s->arena, (size_t)(close - s->at)), *to = name;
    for (const char *c = s->at + 1; c < close; c++) {
        if (*c == '\\' && c[1] == 'x' && c + 3 < close && hex_value(c[2]) >= 0 && hex_value(c[3]) >= 0) {
            *to++ = (char)(hex_value(c[2]) << 4 | hex_value(c[3]));
            c += 3;
        } else if (*c == '\\' && (c[1] == '"' || c[1] == '\\')) {
            *to++ = *++c;
        } else if (*c == '\\' || *c == '\0') {
            return scan_error(s, here, "in a name only \\\", \\\\ and \\xHH are escapes");
        } else {
            *to++ = *c;
            continue;
        }
        if (to[-1] == '\0')
            return scan_error(s, here, "a name that holds \\x00");
    }
    *to = '\0';
    s->at = close + 1;
    *out_name = name;
    return tsr_ok();
}

tsr_status scan_name(scanner *s, const char **out_name) {
    *out_name = "";
    if (!scan_at_name(s))
        return wanted(s, "a name");
    if (*s->at == '"')
        return quoted(s, out_name);
    const char *from = s->at;
    while (s->at < s->end && text_continues_name(*s->at))
        s->at++;
    *out_name = tsr_arena_strndup(s->arena, from, (size_t)(s->at - from));
    return tsr_ok();
}

bool scan_accept_word(scanner *s, const char *word) {
    const size_t length = strlen(word);
    skip_blanks(s);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0 ||
        (s->at + length < s->end && text_continues_name(s->at[length])))
        return false;
    s->at += length;
    return true;
}

// The characters that a number can be made of, as a string.
static tsr_status number(scanner *s, const char *what, char out_text[TEXT_NUMBER]) {
    size_t length = 0;
    skip_blanks(s);
    while (s->at + length < s->end && strchr("+-.0123456789abcdefinty", s->at[length]) != NULL && s->at[length] != '\0') {
        if (length + 1 == TEXT_NUMBER)
            return scan_error(s, scan_place(s), "a number of more than %d characters", TEXT_NUMBER - 1);
        out_text[length] = s->at[length];
        length++;
    }
    out_text[length] = '\0';
    return length == 0 ? wanted(s, what) : tsr_ok();
}

tsr_status scan_int(scanner *s, int64_t *out_value) {
    char text[TEXT_NUMBER], *end;
    *out_value = 0;
    TSR_TRY(number(s, "an integer", text));
    errno = 0;
    *out_value = strtoll(text, &end, 10);
    if (*end != '\0' || end == text)
        return wanted(s, "an integer");
    if (errno != 0)
        return scan_error(s, scan_place(s), "%s does not fit 64 bits", text);
    s->at += strlen(text);
    return tsr_ok();
}

tsr_status scan_range(scanner *s, int64_t low, int64_t high, int64_t *out_value) {
    const place here = scan_place(s);
    TSR_TRY(scan_int(s, out_value));
    if (*out_value < low || *out_value > high)
        return scan_error(s, here, "%" PRId64 " is not between %" PRId64 " and %" PRId64, *out_value, low, high);
    return tsr_ok();
}

tsr_status scan_double(scanner *s, double *out_value) {
    char text[TEXT_NUMBER], *end;
    *out_value = 0;
    TSR_TRY(number(s, "a number", text));
    *out_value = strtod(text, &end); // out of range: infinity or zero, as everywhere
    if (*end != '\0' || end == text)
        return wanted(s, "a number");
    s->at += strlen(text);
    return tsr_ok();
}

tsr_status scan_float(scanner *s, float *out_value) {
    const char *from = s->at;
    double value;
    *out_value = 0;
    TSR_TRY(scan_double(s, &value));
    char text[TEXT_NUMBER];
    s->at = from;
    TSR_TRY(number(s, "a number", text));
    *out_value = strtof(text, NULL); // in one rounding
    s->at += strlen(text);
    return tsr_ok();
}

bool scan_at_line_end(scanner *s) {
    skip_blanks(s);
    return s->at == s->end || *s->at == '\n';
}

tsr_status scan_line_end(scanner *s) { return scan_at_line_end(s) ? tsr_ok() : wanted(s, "the end of the line"); }

bool scan_next_line(scanner *s) {
    while (scan_at_line_end(s) && s->at < s->end) {
        s->at++;
        s->line++;
        s->line_start = s->at;
    }
    return s->at < s->end;
}
