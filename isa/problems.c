// SPDX-License-Identifier: Apache-2.0
#include "tsr/problems.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 1000 };

void tsr_problems_add(tsr_problems *list, const char *message) {
    for (uint32_t i = 0; i < list->stored; i++)
        if (strcmp(list->messages[i], message) == 0)
            return;
    list->count++;
    if (list->stored == MOST)
        return;
    if (list->messages == NULL)
        list->messages = TSR_NEW_ARRAY(list->arena, const char *, MOST);
    list->messages[list->stored++] = tsr_arena_strndup(list->arena, message, strlen(message));
}

bool tsr_problems_begin_with(const tsr_problems *list, const char *text) {
    for (uint32_t i = 0; i < list->stored; i++)
        if (strncmp(list->messages[i], text, strlen(text)) == 0)
            return true;
    return false;
}

tsr_status tsr_problems_status(const tsr_problems *list) {
    enum { ROOM = TSR_MESSAGE_BYTES - 64 }; // for the file's name and the count
    char text[ROOM] = "";
    size_t used = 0;
    uint32_t shown = 0;
    for (; shown < list->stored; shown++) {
        const size_t length = strlen(list->messages[shown]);
        if (shown > 0 && used + length + 2 >= ROOM)
            break;
        const int more = snprintf(text + used, ROOM - used, "%s%s", shown > 0 ? "; " : "", list->messages[shown]);
        used += more > 0 && (size_t)more < ROOM - used ? (size_t)more : ROOM - used - 1;
    }
    if (list->count == 0)
        return tsr_ok();
    if (shown == list->count)
        return tsr_error(TSR_UNSUPPORTED, "%s", text);
    return tsr_error(TSR_UNSUPPORTED, "%s; and %" PRIu32 " more", text, list->count - shown);
}

tsr_status tsr_problems_take(tsr_problems *list, tsr_status status) {
    if (list == NULL || status.code != TSR_UNSUPPORTED)
        return status;
    tsr_problems_add(list, status.message);
    return tsr_ok();
}
