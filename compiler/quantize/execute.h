// SPDX-License-Identifier: Apache-2.0
// Compiled graphs on the CPU. Apart from the rest of this room because the runtime and the graph both say tsr_tensor.
#ifndef QUANTIZE_EXECUTE_H
#define QUANTIZE_EXECUTE_H

#include "tsr/program.h"
#include "tsr/status.h"

typedef struct executor executor;

// Takes the program over, also when it fails.
tsr_status executor_create(tsr_program *program, executor **out_executor);
void executor_free(executor *e); // NULL is fine
tsr_status executor_set_input(executor *e, uint32_t index, void *data);
tsr_status executor_run(executor *e);
// The results of the last run, one pointer an output; valid until the next one.
const void *const *executor_outputs(const executor *e);

#endif
