// SPDX-License-Identifier: Apache-2.0
// Finds and loads the simulator library of a configuration.
#ifndef TSR_SIM_LOAD_H
#define TSR_SIM_LOAD_H

#include "tsr/sim.h"
#include "tsr/status.h"

// Loads libtessera_sim_<config_name>.so from $TESSERA_SIM_DIR, or else from beside the program or build/sim, and checks that its
// interface is this one and that this processor can run it. TSR_NOT_FOUND names the make target that builds it. The caller
// gives *out_library to dlclose when no simulator of it is left.
tsr_status tsr_sim_load(const char *config_name, void **out_library, const tsr_sim_api **out_api);

#endif
