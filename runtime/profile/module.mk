# SPDX-License-Identifier: Apache-2.0
# Reads instructions, as the runtime itself does not.
INC_profile         := -Iruntime/profile/include
INC.runtime/profile := $(INC_profile) $(INC_tessera) -I$(GEN)
$(eval $(call library,profile,runtime/profile))
