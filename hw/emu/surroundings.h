// SPDX-License-Identifier: Apache-2.0
// What XRT's hardware-emulation mode wants to find around a host program, in a private folder: XILINX_XRT, xrt.ini,
// emconfig.json, the sockets. XRT puts sockets into /tmp/$USER, so the host program gets the folder's name as USER.
#ifndef EMU_SURROUNDINGS_H
#define EMU_SURROUNDINGS_H

#include <limits.h>

#include "tsr/status.h"

#define EMU_SOCKET "board"

typedef struct emu_surroundings {
    char folder[64]; // /tmp/tessera-hwemu-XXXXXX; empty before it is made
} emu_surroundings;

// TSR_NOT_FOUND when XRT is not installed, naming the packages.
tsr_status emu_surroundings_make(unsigned boards, emu_surroundings *out);
void emu_surroundings_remove(emu_surroundings *s); // the folder and all in it; nothing when it was not made
// Sets the environment of this process for a host program. xclbin: what the devices xrt and opencl load unless told otherwise.
tsr_status emu_surroundings_enter(const emu_surroundings *s, const char *xclbin);
void emu_surroundings_path(const emu_surroundings *s, const char *name, char out_path[PATH_MAX]);

#endif
