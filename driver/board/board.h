// SPDX-License-Identifier: Apache-2.0
// What the drivers of FPGA boards share: which xclbin and which configuration, which board, and the core's identity.
#ifndef BOARD_H
#define BOARD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/driver.h"
#include "tsr/driver_control.h"
#include "tsr/driver_host.h"
#include "tsr/xclbin.h"

typedef struct board_options {
    char xclbin[512]; // path; $TESSERA_XCLBIN unless given
    char device[40];  // "" (the first that is free), an index, or PCIe bus:device.function
    bool config_given;
    tsr_config config;
    uint32_t patience_s; // a run in which nothing moves for so long has hung
    uint32_t registers;  // opencl alone
} board_options;
#define BOARD_OPTIONS_TEXT "xclbin=FILE config=NAME device=INDEX|BDF patience=SECONDS"

// Whether XRT can be used at all: where it does not find the part of itself that drives boards, it ends the program.
tsr_status board_check_xrt(void);

// has_registers: the option registers=0|1 is known, too (1 unless given).
tsr_status board_parse_options(const char *text, bool has_registers, board_options *out_options);

// A checked file in memory, and what the driver needs of it.
typedef struct board_image {
    char path[512];
    uint8_t *bytes;
    size_t size;
    tsr_xclbin *xclbin;
    tsr_config config;                // options.config, else the one that the file names
    const tsr_xclbin_memory *memory;  // that all segments lie in
    uint32_t memory_index;
    const char *kernel; // the first instance of Tessera's kernel: "tessera:tessera_1"
    uint64_t max_buffer_bytes;
} board_image;

// Reads the file and refuses one that is for another configuration or ISA version (both are named), does not say what it is
// for, has no kernel of Tessera's, or connects the kernel's segments to different memories.
tsr_status board_image_load(const board_options *options, board_image *out_image);
void board_image_free(board_image *image);

// The core's registers against the image: TSR_MISMATCH names both configurations, and what is on the board where it can.
tsr_status board_check_identity(const tsr_control_identity *identity, const board_image *image);

// One holder a board among all programs that use Tessera; ends with the process at the latest. XRT's exclusive opening guards
// the kernel against everybody, but only once the xclbin has been loaded, which in emulation ends whatever ran there.
typedef struct board_lock {
    int fd; // -1: not held
} board_lock;
bool board_lock_take(const char *board_name, board_lock *out_lock); // false: somebody has it
void board_lock_release(board_lock *lock);

// ---- waiting --------------------------------------------------------------------------------------------------------

// Between polls of a run: short pauses at first, a millisecond at most.
enum { BOARD_SHORTEST_PAUSE_US = 20, BOARD_RESET_POLLS = 20000 }; // polls of a reset, with pauses: a second at least
void board_pause(long *pause_us);       // *pause_us: BOARD_SHORTEST_PAUSE_US at first
void board_pause_in_reset(void *unused); // for tsr_control_soft_reset

// Looks once a second whether anything moves in the core.
typedef struct board_watch {
    tsr_deadline next;
    uint64_t progress;
    uint32_t quiet_s;
} board_watch;
board_watch board_watch_begin(void);
bool board_watch_has_hung(board_watch *watch, tsr_control *control, uint32_t patience_s);

#endif
