// SPDX-License-Identifier: Apache-2.0
// The device's side of a connection.
#ifndef EMU_SERVE_H
#define EMU_SERVE_H

#include "board.h"

// What goes wrong on purpose, for tests of drivers.
typedef enum emu_fault_kind {
    EMU_FAULT_NONE,
    EMU_FAULT_DIE,       // the process is gone
    EMU_FAULT_MUTE,      // no call is answered any more
    EMU_FAULT_REGISTERS, // every register access is answered with an error
    EMU_FAULT_NEVER_DONE // no run is seen to end until the core is reset
} emu_fault_kind;

typedef struct emu_fault {
    emu_fault_kind kind;
    uint32_t after; // register accesses that are still right
} emu_fault;

typedef struct emu_serve_options {
    uint64_t unit_base, unit_range; // where the core's registers are on the board's bus
    emu_fault fault;
    bool verbose; // every call, on stderr
} emu_serve_options;

// Serves one connection until the host closes the device or goes away. board NULL: answers as a board that is in use by
// somebody else, every access with an error. Returns how many buffers the host left behind.
uint32_t emu_serve(int fd, emu_board *board, const emu_serve_options *options);

#endif
