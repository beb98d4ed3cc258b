// SPDX-License-Identifier: Apache-2.0
// What a driver needs to know of the instruction set, without its header: so that drivers see neither formats nor rules.
#ifndef TSR_DRIVER_ISA_H
#define TSR_DRIVER_ISA_H

#include <stdint.h>

#include "tsr/status.h"

// ISA version of this build (major << 16 | minor), for devices that have no register to ask.
uint32_t tsr_driver_isa_version(void);

// The TSR_DEVICE_FAULT that a driver's wait returns: "sram_range: the access ends outside ... (load, instruction 12)".
tsr_status tsr_driver_fault(uint32_t code, uint32_t unit, uint32_t insn_index);

// Codes for devices that make faults up.
uint32_t tsr_driver_bus_read_fault(void);

#endif
