// SPDX-License-Identifier: Apache-2.0
// Instruction streams for the conformance suite, for any configuration with block_in = block_out. Apart from the suite because
// a user of devices sees no instruction formats.
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stdint.h>

#include "tsr/config.h"

enum { PROGRAM_WORK = 4096, PROGRAM_IN = 128, PROGRAM_OUT = 1027 };

typedef struct device_program {
    uint8_t *consts; // segment 0; free with program_free
    uint32_t consts_bytes, insn_offset, insn_count;
    uint32_t out_bytes; // at PROGRAM_OUT of segment 1
    // What the run must end with; 0 = no fault.
    uint32_t fault_code, fault_unit, fault_index;
} device_program;

// Copies program_copy_bytes(config) bytes from PROGRAM_IN to PROGRAM_OUT, adding delta to each with saturation.
device_program program_copy(const tsr_config *config, int16_t delta);
uint32_t program_copy_bytes(const tsr_config *config);
// Loads with padding, multiplies by weights, requantises, stores: touches every unit and buffer.
device_program program_layer(const tsr_config *config);
// Copies first, then faults at dispatch (a store outside its segment).
device_program program_dispatch_fault(const tsr_config *config);
// Faults in the GEMM unit (a micro-op outside its buffer).
device_program program_unit_fault(const tsr_config *config);
device_program program_without_finish(const tsr_config *config);
// Years of micro-ops.
device_program program_endless(const tsr_config *config);
void program_free(device_program *program);

#endif
