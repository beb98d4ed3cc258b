// SPDX-License-Identifier: Apache-2.0
// The xclbin that the emulated boards go with.
#ifndef EMU_IMAGE_H
#define EMU_IMAGE_H

#include <stdint.h>

#include "tsr/status.h"

// Writes an xclbin of the configuration called config_name. memory_mib: how much the board has.
tsr_status emu_image_write(const char *config_name, uint32_t memory_mib, const char *path);
// Where the file at `path` puts the registers of the first Tessera kernel.
tsr_status emu_image_find_kernel(const char *path, uint64_t *out_base);

#endif
