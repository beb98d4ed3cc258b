// SPDX-License-Identifier: Apache-2.0
// What of a model is not supported: all of it, not the first only. Importers, passes and code generation add to one list and go on
// as far as they can; at the end of a stage the list becomes one status.
#ifndef TSR_PROBLEMS_H
#define TSR_PROBLEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/arena.h"
#include "tsr/status.h"

typedef struct tsr_problems { // all zero but for the arena: none yet
    tsr_arena *arena; // of the messages
    uint32_t count, stored; // messages, and how many are kept (at most 1,000)
    const char **messages;
} tsr_problems;

// A failed status' message, each text once. Says node, operator, attribute, the reason and a way out.
void tsr_problems_add(tsr_problems *list, const char *message);
// Whether a message begins with the text: what has one problem already.
bool tsr_problems_begin_with(const tsr_problems *list, const char *text);
// TSR_OK, or TSR_UNSUPPORTED with as many of the messages as one has room for, and how many more there are.
tsr_status tsr_problems_status(const tsr_problems *list);
// TSR_UNSUPPORTED goes to the list and becomes TSR_OK; with no list (NULL) everything stays as it is.
tsr_status tsr_problems_take(tsr_problems *list, tsr_status status);

#endif
