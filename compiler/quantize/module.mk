# SPDX-License-Identifier: Apache-2.0
# A user of the compiler and of the runtime: it runs models in float on the CPU, and writes files. execute.c sees the
# runtime, the others the graph.
INC_quantize           := -Icompiler/quantize/include
INC.compiler/quantize   = $(INC_quantize) $(INC_graph) $(INC_tensor) $(INC_import) $(INC_export) $(INC_compiler) $(INC_tessera) $(INC_isa)
$(eval $(call library,quantize,compiler/quantize))
# What a program that quantises links in front of COMPILER_LIBS.
QUANTIZE_LIBS           = $(foreach l,quantize export,$(BUILD)/lib/libtsr_$(l).a)
