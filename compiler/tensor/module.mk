# SPDX-License-Identifier: Apache-2.0
INC.compiler/tensor := $(INC_isa) $(INC_graph) $(INC_tensor)
$(eval $(call library,tensor,compiler/tensor))
