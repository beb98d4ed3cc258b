# SPDX-License-Identifier: Apache-2.0
INC.compiler/accel := $(INC_isa) $(INC_graph) $(INC_tensor) -Icompiler/accel/include -Icompiler/accel
$(eval $(call library,accel,compiler/accel))
