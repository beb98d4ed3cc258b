# SPDX-License-Identifier: Apache-2.0
INC_compiler  := -Icompiler/include
INC.compiler  = $(INC_isa) $(INC_compiler) $(INC_graph) $(INC_tensor) $(INC_import) $(INC_host) -Icompiler/accel/include
$(eval $(call library,compiler,compiler))
# What a program that compiles models links, in order.
COMPILER_LIBS = $(foreach l,compiler accel host import graph tensor isa,$(BUILD)/lib/libtsr_$(l).a)
COMPILER_LDLIBS = $(LLVM_LIBS) $(LIBS_import) -lm
