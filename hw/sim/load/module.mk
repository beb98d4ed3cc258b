# SPDX-License-Identifier: Apache-2.0
# Apart from hw/sim: this is linked into programs, the rest into the simulator libraries.
INC_sim         := -Ihw/sim/include
INC.hw/sim/load := $(INC_sim) -Iisa/include
$(eval $(call library,simload,hw/sim/load))
DRIVER_LIBS     += $(BUILD)/lib/libtsr_simload.a
