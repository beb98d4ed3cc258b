# SPDX-License-Identifier: Apache-2.0
INC.compiler/graph := $(INC_graph) $(INC_isa)
$(eval $(call library,graph,compiler/graph))
