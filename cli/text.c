// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

int cli_finish(tsr_status status) {
    if (status.code == TSR_OK)
        return CLI_DONE;
    fflush(stdout);
    fprintf(stderr, "tessera: %s\n", status.message);
    return CLI_FAILED;
}

void json_text(const char *text) {
    putchar('"');
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            printf("\\%c", *p);
        else if (*p < 0x20)
            printf("\\u%04x", *p);
        else
            putchar(*p);
    }
    putchar('"');
}

void json_number(double number) {
    if (isfinite(number))
        printf("%.9g", number);
    else
        fputs("null", stdout);
}

enum { ROUND = 4, TEXT_BYTES = 128 };
static char *next_buffer(void) {
    static _Thread_local char buffers[ROUND][TEXT_BYTES];
    static _Thread_local unsigned next;
    return buffers[next++ % ROUND];
}

const char *count_text(uint64_t count) {
    char digits[32], *text = next_buffer(), *to = text;
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

const char *shape_text(uint32_t rank, const uint32_t *shape) {
    char *text = next_buffer();
    size_t used = 0;
    for (uint32_t i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%c%" PRIu32, i == 0 ? '[' : ',', shape[i]);
    snprintf(text + used, TEXT_BYTES - used, rank == 0 ? "[]" : "]");
    return text;
}
