# SPDX-License-Identifier: Apache-2.0
# The public ONNX backend suite. `make conformance` runs it after the devices' own suite (tests/conformance/module.mk).
INC.tests/onnx := $(INC_tessera) $(INC_compiler) $(INC_import) $(INC_graph) -I$(GEN) -Itests/harness
ONNX_SUITE     := $(BUILD)/tests/onnx/conformance
TESTS          += $(ONNX_SUITE)
$(ONNX_SUITE): $$(patsubst %.c,$$(BUILD)/obj/%.o,$$(wildcard tests/onnx/*.c)) $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@
