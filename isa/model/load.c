// SPDX-License-Identifier: Apache-2.0
// LOAD: isa/spec.md, "LOAD".
#include <string.h>

#include "state.h"

static uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }

// INP addresses count the bytes of one plane: byte k of tile t is t * block_in + k, whatever the batch.
// source NULL fills with pad_value.
static void write_inp(tsr_model *m, const tsr_load_insn *l, uint32_t address, const uint8_t *source) {
    uint32_t block = m->config.block_in, batch = m->config.batch;
    for (uint32_t done = 0; done < l->run;) {
        uint32_t tile = (address + done) / block, k = (address + done) % block;
        uint32_t part = min_u32(block - k, l->run - done);
        int8_t *target = m->inp + ((size_t)tile * batch + l->plane) * block + k;
        if (source != NULL)
            memcpy(target, source + done, part);
        else
            memset(target, l->pad_value, part);
        done += part;
    }
    if (m->race != NULL)
        race_buffer(m->race, RACE_INP, address / block, (address + l->run - 1) / block - address / block + 1, true);
}

// Every group of block_out bytes becomes the diagonal of one weight entry: a lane of its own for each channel.
static void write_diagonals(tsr_model *m, const tsr_load_insn *l, uint32_t address, const uint8_t *source) {
    uint32_t block = m->config.block_out, entry_bytes = tsr_wgt_entry_bytes(&m->config);
    uint32_t entries = l->run / block;
    for (uint32_t e = 0; e < entries; e++) {
        int8_t *entry = m->wgt + address + (size_t)e * entry_bytes;
        memset(entry, 0, entry_bytes);
        for (uint32_t lane = 0; lane < block; lane++)
            entry[lane * block + lane] = (int8_t)source[e * block + lane];
    }
    if (m->race != NULL)
        race_buffer(m->race, RACE_WGT, address / entry_bytes, entries, true);
}

// WGT, UOP, PAR: whole entries, addressed by bytes of the buffer.
static void write_entries(tsr_model *m, const tsr_load_insn *l, uint32_t address, const uint8_t *source) {
    static const race_space space[] = {RACE_INP, RACE_WGT, RACE_UOP, RACE_PAR};
    uint8_t *buffer[] = {NULL, (uint8_t *)m->wgt, m->uop, m->par};
    uint32_t entry_bytes[] = {1, tsr_wgt_entry_bytes(&m->config), TSR_UOP_BYTES, tsr_par_entry_bytes(&m->config)};
    memcpy(buffer[l->buffer] + address, source, l->run);
    if (m->race != NULL)
        race_buffer(m->race, space[l->buffer], address / entry_bytes[l->buffer], l->run / entry_bytes[l->buffer], true);
}

uint32_t model_load(tsr_model *m, const tsr_load_insn *l) {
    uint32_t rows = l->y_before + l->y_count + l->y_after;
    uint32_t columns = l->x_before + l->x_count + l->x_after;
    for (uint32_t y = 0; y < rows; y++) {
        for (uint32_t x = 0; x < columns; x++) {
            bool inside = y >= l->y_before && y < l->y_before + l->y_count && x >= l->x_before && x < l->x_before + l->x_count;
            uint32_t address = l->sram_addr + y * l->sram_y_stride + x * l->sram_x_stride;
            const uint8_t *source = NULL;
            if (inside) {
                uint64_t offset =
                    l->dram_offset + (uint64_t)(y - l->y_before) * l->y_stride + (uint64_t)(x - l->x_before) * l->x_stride;
                source = m->segment[l->segment].data + offset;
                m->counters.bytes_read += l->run;
                if (m->race != NULL)
                    race_dram(m->race, l->segment, offset, l->run, false);
            }
            if (l->buffer == TSR_BUF_INP)
                write_inp(m, l, address, source);
            else if (source != NULL && l->diag)
                write_diagonals(m, l, address, source);
            else if (source != NULL)
                write_entries(m, l, address, source);
            if (model_stop(m, l->run))
                return TSR_FAULT_NONE;
        }
    }
    return TSR_FAULT_NONE;
}
