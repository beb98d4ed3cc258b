# SPDX-License-Identifier: Apache-2.0
# The public ONNX backend suite. `make conformance` runs it after the devices' own suite (tests/conformance/module.mk).
INC.tests/onnx := $(INC_tessera) $(INC_compiler) $(INC_import) $(INC_graph) -I$(GEN) -Itests/harness
ONNX_SUITE     := $(BUILD)/tests/onnx/conformance
TESTS          += $(ONNX_SUITE)
$(ONNX_SUITE): $$(patsubst %.c,$$(BUILD)/obj/%.o,$$(wildcard tests/onnx/*.c)) $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

# The networks of the onnx package (PyPI) without stored weights: onnx/backend/test/data/light.
LIGHT          ?=
.PHONY: conformance-light
conformance-light: $(ONNX_SUITE) ## LIGHT=dir: the onnx package's AlexNet, DenseNet, Inception, ResNet, ... on the CPU against their recorded answers
	@test -d "$(LIGHT)" || { echo "LIGHT=dir: the folder with light_*.onnx, onnx/backend/test/data/light of the onnx package"; exit 2; }
	@mkdir -p build/results
	@TESSERA_COMMIT=$(COMMIT) $(ONNX_SUITE) --light "$(LIGHT)" -t "light " --csv $(RESULTS)/conformance.csv
