// SPDX-License-Identifier: Apache-2.0
#include "tsr/driver.h" // beside tsr/insn.h, so that the compiler sees that their TSR_UNITS agree
#include "tsr/driver_isa.h"
#include "tsr/insn.h"

uint32_t tsr_driver_isa_version(void) { return TSR_ISA_VERSION; }

uint32_t tsr_driver_bus_read_fault(void) { return TSR_FAULT_BUS_READ; }

// What a user can do about it, or what it means; the names themselves come from the instruction set's definition.
static const char *meaning(uint32_t code) {
    switch (code) {
    case TSR_FAULT_ILLEGAL_OPCODE: return "no instruction has this opcode";
    case TSR_FAULT_ILLEGAL_FIELD: return "a field breaks its instruction's rules";
    case TSR_FAULT_TOKEN_UNDERFLOW: return "it waits for a token that nothing before it gives";
    case TSR_FAULT_TOKEN_OVERFLOW: return "more than 255 tokens";
    case TSR_FAULT_DRAM_RANGE: return "the access ends outside its segment";
    case TSR_FAULT_SRAM_RANGE: return "the access ends outside its plane or buffer";
    case TSR_FAULT_ILLEGAL_UOP: return "a reserved bit of a micro-op is set";
    case TSR_FAULT_UOP_RANGE: return "a micro-op's index is outside its buffer";
    case TSR_FAULT_BUS_READ: return "memory answered a read with an error";
    case TSR_FAULT_BUS_WRITE: return "memory answered a write with an error";
    case TSR_FAULT_MISSING_FINISH: return "the stream ended without finish";
    case TSR_FAULT_INSN_ALIGN: return "the stream is not aligned to 32 bytes or not inside segment 0";
    default: return "unknown fault";
    }
}

tsr_status tsr_driver_fault(uint32_t code, uint32_t unit, uint32_t insn_index) {
    return tsr_error(TSR_DEVICE_FAULT, "%s: %s (found by %s at instruction %u)", tsr_fault_name(code), meaning(code),
                     tsr_unit_name(unit), insn_index);
}
