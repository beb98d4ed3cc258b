// SPDX-License-Identifier: Apache-2.0
#include "tsr/driver_control.h" // beside tsr/insn.h, so that the compiler sees that their TSR_UNITS agree

#include <stdio.h>

#include "tsr/insn.h"

static uint32_t read_register(tsr_control *c, uint32_t offset) {
    uint32_t value = 0;
    if (!c->read(c->context, offset, &value))
        c->failed = true;
    return value;
}

static void write_register(tsr_control *c, uint32_t offset, uint32_t value) {
    if (!c->write(c->context, offset, value))
        c->failed = true;
}

static uint64_t read_counter(tsr_control *c, uint32_t index) {
    // The core may be running: the halves belong together when the high one has not moved.
    const uint32_t at = TSR_REG_COUNTERS + 8 * index;
    uint32_t high = read_register(c, at + 4);
    for (;;) {
        const uint32_t low = read_register(c, at), again = read_register(c, at + 4);
        if (again == high || c->failed)
            return (uint64_t)high << 32 | low;
        high = again;
    }
}

tsr_control_identity tsr_control_identify(tsr_control *c) {
    tsr_control_identity identity = {.magic = read_register(c, TSR_REG_MAGIC),
                                     .isa_version = read_register(c, TSR_REG_ISA_VERSION)};
    const uint32_t low = read_register(c, TSR_REG_CONFIG_ID_LO), high = read_register(c, TSR_REG_CONFIG_ID_HI);
    identity.config_id = (uint64_t)high << 32 | low;
    if (identity.magic == TSR_ISA_MAGIC)
        identity.magic = read_register(c, TSR_REG_MAGIC); // is it still there? Then so it was in between.
    identity.is_core = !c->failed && identity.magic == TSR_ISA_MAGIC;
    identity.same_isa = identity.isa_version == TSR_ISA_VERSION;
    return identity;
}

void tsr_control_set_run(tsr_control *c, const tsr_control_segment segment[TSR_SEGMENTS], uint32_t insn_offset,
                         uint32_t insn_count) {
    for (uint32_t s = 0; s < TSR_SEGMENTS; s++) {
        const uint32_t at = TSR_REG_SEG0_BASE_LO + s * (TSR_REG_SEG1_BASE_LO - TSR_REG_SEG0_BASE_LO);
        write_register(c, at, (uint32_t)segment[s].base);
        write_register(c, at + 4, (uint32_t)(segment[s].base >> 32));
        write_register(c, at + 8, segment[s].size);
    }
    write_register(c, TSR_REG_INSN_OFFSET, insn_offset);
    write_register(c, TSR_REG_INSN_COUNT, insn_count);
}

void tsr_control_start(tsr_control *c, bool with_interrupt) {
    write_register(c, TSR_REG_GIE, with_interrupt);
    write_register(c, TSR_REG_IER, with_interrupt);
    write_register(c, TSR_REG_CTRL, TSR_CTRL_START_MASK);
}

bool tsr_control_is_done(tsr_control *c) { return (read_register(c, TSR_REG_CTRL) & TSR_CTRL_DONE_MASK) != 0 && !c->failed; }

void tsr_control_acknowledge(tsr_control *c) {
    const uint32_t pending = read_register(c, TSR_REG_ISR);
    write_register(c, TSR_REG_ISR, pending); // writing 1 toggles
    (void)read_register(c, TSR_REG_CTRL);    // clears done
}

bool tsr_control_settle(tsr_control *c, uint32_t polls, void (*pause)(void *context)) {
    for (uint32_t i = 0; i < polls && !c->failed; i++) {
        const uint32_t ctrl = read_register(c, TSR_REG_CTRL);
        if ((ctrl & (TSR_CTRL_IDLE_MASK | TSR_CTRL_DONE_MASK)) == TSR_CTRL_IDLE_MASK)
            return !c->failed;
        if (pause != NULL)
            pause(c->context);
    }
    return false;
}

tsr_fault tsr_control_read_fault(tsr_control *c) {
    const uint32_t fault = read_register(c, TSR_REG_FAULT);
    return (tsr_fault){.code = (fault & TSR_FAULT_CODE_MASK) >> TSR_FAULT_CODE_SHIFT,
                       .unit = (fault & TSR_FAULT_UNIT_MASK) >> TSR_FAULT_UNIT_SHIFT,
                       .insn_index = read_register(c, TSR_REG_FAULT_INDEX)};
}

void tsr_control_read_profile(tsr_control *c, tsr_profile *out) {
    out->cycles = read_counter(c, TSR_COUNTER_CYCLES);
    out->insns = read_counter(c, TSR_COUNTER_INSNS);
    out->bytes_read = read_counter(c, TSR_COUNTER_BYTES_READ);
    out->bytes_written = read_counter(c, TSR_COUNTER_BYTES_WRITTEN);
    out->gemm_uops = read_counter(c, TSR_COUNTER_GEMM_UOPS);
    out->alu_uops = read_counter(c, TSR_COUNTER_ALU_UOPS);
    for (uint32_t u = 0; u < TSR_UNITS; u++) {
        tsr_unit_profile *unit = &out->unit[u];
        unit->busy = read_counter(c, TSR_UNIT_COUNTER(u, BUSY));
        unit->stall_token = read_counter(c, TSR_UNIT_COUNTER(u, STALL_TOKEN));
        unit->stall_memory = read_counter(c, TSR_UNIT_COUNTER(u, STALL_MEMORY));
        unit->stall_queue = read_counter(c, TSR_UNIT_COUNTER(u, STALL_QUEUE));
        unit->stall_bank = read_counter(c, TSR_UNIT_COUNTER(u, STALL_BANK));
        unit->insns = read_counter(c, TSR_UNIT_COUNTER(u, INSNS));
    }
}

uint64_t tsr_control_read_progress(tsr_control *c) {
    return read_counter(c, TSR_COUNTER_INSNS) + read_counter(c, TSR_COUNTER_BYTES_READ) +
           read_counter(c, TSR_COUNTER_BYTES_WRITTEN) + read_counter(c, TSR_COUNTER_GEMM_UOPS) +
           read_counter(c, TSR_COUNTER_ALU_UOPS);
}

bool tsr_control_soft_reset(tsr_control *c, uint32_t polls, void (*pause)(void *context)) {
    write_register(c, TSR_REG_SOFT_RESET, 1);
    for (uint32_t i = 0; i < polls && !c->failed; i++) {
        if (read_register(c, TSR_REG_SOFT_RESET) == 0 && !c->failed) {
            tsr_control_acknowledge(c);
            return !c->failed;
        }
        if (pause != NULL)
            pause(c->context);
    }
    return false;
}

void tsr_control_describe(tsr_control *c, char text[TSR_CONTROL_STATE_BYTES]) {
    const uint32_t state = read_register(c, TSR_REG_STATE);
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t u = 0; u < TSR_UNITS && !c->failed && used < TSR_CONTROL_STATE_BYTES; u++) {
        const uint32_t bits = state >> 4 * u & 0xf; // isa/tessera.isa, register state
        const char *word = "idle";
        if ((bits & 1) != 0)
            word = "working";
        if ((bits & 2) != 0)
            word = "waiting for a token";
        else if ((bits & 4) != 0)
            word = "held by a bank";
        else if ((bits & 9) == 8)
            word = "about to begin";
        const int length =
            snprintf(text + used, TSR_CONTROL_STATE_BYTES - used, "%s%s %s", u > 0 ? ", " : "", tsr_unit_name(u), word);
        used += length > 0 ? (size_t)length : 0;
    }
}
