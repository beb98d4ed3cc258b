# SPDX-License-Identifier: Apache-2.0
INC_host           := -Icompiler/host/include
LLVM_LIBS          := $(shell $(LLVM_CONFIG) --ldflags --libs core target x86 aarch64 arm riscv passes object analysis irreader linker 2>/dev/null)
INC.compiler/host  := $(INC_isa) $(INC_tensor) $(INC_host)
FLAGS.compiler/host := -isystem $(shell $(LLVM_CONFIG) --includedir 2>/dev/null)
$(eval $(call library,host,compiler/host))
