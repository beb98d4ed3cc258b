# SPDX-License-Identifier: Apache-2.0
INC_export          := -Icompiler/export/include
INC.compiler/export := $(INC_export) $(INC_isa)
$(eval $(call library,export,compiler/export))
LIBS_export         := -lprotobuf-c
