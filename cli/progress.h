// SPDX-License-Identifier: Apache-2.0
// One line on a terminal's standard error for work that takes more than a moment; nothing at all in a pipe.
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

typedef struct progress progress;

// NULL when standard error is no terminal; the other functions take that. The line appears after half a second.
progress *progress_start(const char *label);
void progress_set(progress *bar, const char *stage, uint32_t done, uint32_t total); // total 0: not known. stage is copied
void progress_end(progress *bar); // wipes the line

// These fit tsr_session_on_step and tsr_compile_options.
void progress_on_step(void *bar, uint32_t step, uint32_t step_count);
void progress_on_stage(void *bar, const char *stage, unsigned done, unsigned total);

#endif
