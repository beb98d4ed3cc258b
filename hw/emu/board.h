// SPDX-License-Identifier: Apache-2.0
// An emulated board: one Verilated core, memory where buffers have been allocated, and the core's registers.
#ifndef EMU_BOARD_H
#define EMU_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/sim.h"
#include "tsr/status.h"

typedef struct emu_board emu_board;

// The simulator of the configuration called config_name (tsr/sim_load.h).
tsr_status emu_board_open(const char *config_name, const tsr_sim_memory *memory, emu_board **out_board);
void emu_board_close(emu_board *board); // NULL is fine

// Memory exists where the host has allocated buffers and nowhere else, so that whoever strays gets a bus error. It comes up
// with junk in it, as a board's does. false: overlaps another buffer, wraps around, or there is no memory.
bool emu_board_allocate(emu_board *board, uint64_t address, uint64_t size);
bool emu_board_free(emu_board *board, uint64_t address);
uint32_t emu_board_buffers(const emu_board *board); // how many there are
// The bytes [address, address + size) of one buffer, or NULL.
uint8_t *emu_board_at(emu_board *board, uint64_t address, uint64_t size);

bool emu_board_read_register(emu_board *board, uint32_t offset, uint32_t *out_value);
bool emu_board_write_register(emu_board *board, uint32_t offset, uint32_t value);

// Whether clocks have to pass while nobody asks: during a run, and a little after its end has been read or a reset was asked for.
bool emu_board_is_busy(const emu_board *board);
void emu_board_run(emu_board *board, uint64_t cycles);
uint64_t emu_board_cycle(const emu_board *board);
const char *emu_board_protocol_error(const emu_board *board); // as tsr_sim_api

#endif
