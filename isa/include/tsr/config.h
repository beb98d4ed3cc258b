// SPDX-License-Identifier: Apache-2.0
// Hardware configurations: one small text file each (isa/configs/NAME.cfg, `key = value`, `#` comments).
// Every file names every parameter once; unknown, missing, repeated or impossible ones are rejected by name and line.
#ifndef TSR_CONFIG_H
#define TSR_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"

typedef struct tsr_config {
    char name[32];
    uint32_t batch;     // rows of an input, accumulator or output entry
    uint32_t block_in;  // channels reduced in a cycle
    uint32_t block_out; // channels produced in a cycle
    uint32_t inp_bits, wgt_bits, acc_bits;
    uint32_t uop_buffer, inp_buffer, wgt_buffer, acc_buffer, out_buffer, par_buffer; // bytes
    uint32_t bus_bytes;          // AXI data width
    uint32_t queue_depth;        // instructions queued in front of a unit
    uint32_t outstanding_bursts; // in flight, each way
    uint32_t burst_beats;        // longest burst
} tsr_config;

tsr_status tsr_config_parse(const char *text, size_t size, const char *file_name, tsr_config *out_config);
tsr_status tsr_config_load(const char *path, tsr_config *out_config);

// Writes the canonical text ("key = value" lines, every key, fixed order) into buffer; it is what a compiled model carries.
// Returns the length without the terminator; the text needs at most TSR_CONFIG_TEXT_BYTES.
enum { TSR_CONFIG_TEXT_BYTES = 1024 };
size_t tsr_config_print(const tsr_config *config, char *buffer, size_t size);

// Identity of the hardware: FNV-1a 64 over "key=value\n" of all parameters but the name. Two configurations with one
// identity run the same programs.
uint64_t tsr_config_id(const tsr_config *config);

// Derived sizes, in bytes and entries.
static inline uint32_t tsr_inp_entry_bytes(const tsr_config *c) { return c->batch * c->block_in; }
static inline uint32_t tsr_wgt_entry_bytes(const tsr_config *c) { return c->block_out * c->block_in; }
static inline uint32_t tsr_acc_entry_bytes(const tsr_config *c) { return c->batch * c->block_out * 4; }
static inline uint32_t tsr_out_entry_bytes(const tsr_config *c) { return c->batch * c->block_out; }
static inline uint32_t tsr_par_entry_bytes(const tsr_config *c) { return c->block_out * 12; }
enum { TSR_UOP_BYTES = 8, TSR_INSN_BYTES = 32 };
static inline uint32_t tsr_inp_entries(const tsr_config *c) { return c->inp_buffer / tsr_inp_entry_bytes(c); }
static inline uint32_t tsr_wgt_entries(const tsr_config *c) { return c->wgt_buffer / tsr_wgt_entry_bytes(c); }
static inline uint32_t tsr_acc_entries(const tsr_config *c) { return c->acc_buffer / tsr_acc_entry_bytes(c); }
static inline uint32_t tsr_out_entries(const tsr_config *c) { return c->out_buffer / tsr_out_entry_bytes(c); }
static inline uint32_t tsr_par_entries(const tsr_config *c) { return c->par_buffer / tsr_par_entry_bytes(c); }
static inline uint32_t tsr_uop_entries(const tsr_config *c) { return c->uop_buffer / TSR_UOP_BYTES; }
// One plane (batch row) of INP or OUT, the space that LOAD and STORE address.
static inline uint32_t tsr_inp_plane_bytes(const tsr_config *c) { return c->inp_buffer / c->batch; }
static inline uint32_t tsr_out_plane_bytes(const tsr_config *c) { return c->out_buffer / c->batch; }

#endif
