// SPDX-License-Identifier: Apache-2.0
// STORE: isa/spec.md, "STORE".
#include <string.h>

#include "state.h"

static uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }

// OUT addresses count the bytes of one plane, as INP's do.
static void read_out(tsr_model *m, const tsr_store_insn *s, uint32_t address, uint8_t *target) {
    uint32_t block = m->config.block_out, batch = m->config.batch;
    for (uint32_t done = 0; done < s->run;) {
        uint32_t tile = (address + done) / block, k = (address + done) % block;
        uint32_t part = min_u32(block - k, s->run - done);
        memcpy(target + done, m->out + ((size_t)tile * batch + s->plane) * block + k, part);
        done += part;
    }
    if (m->race != NULL)
        race_buffer(m->race, RACE_OUT, address / block, (address + s->run - 1) / block - address / block + 1, false);
}

uint32_t model_store(tsr_model *m, const tsr_store_insn *s) {
    for (uint32_t y = 0; y < s->y_count; y++) {
        for (uint32_t x = 0; x < s->x_count; x++) {
            uint32_t address = s->sram_addr + y * s->sram_y_stride + x * s->sram_x_stride;
            uint64_t offset = s->dram_offset + (uint64_t)y * s->y_stride + (uint64_t)x * s->x_stride;
            read_out(m, s, address, m->segment[s->segment].data + offset);
            m->counters.bytes_written += s->run;
            if (m->race != NULL)
                race_dram(m->race, s->segment, offset, s->run, true);
            if (model_stop(m, s->run))
                return TSR_FAULT_NONE;
        }
    }
    return TSR_FAULT_NONE;
}
