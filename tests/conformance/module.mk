# SPDX-License-Identifier: Apache-2.0
INC.tests/conformance := $(INC_isa) $(INC_driver) $(INC_runtime) -Itests/harness
CONFORMANCE           := $(BUILD)/tests/conformance/test_devices
TESTS                 += $(CONFORMANCE)
$(CONFORMANCE): $(BUILD)/obj/tests/conformance/test_devices.o $(BUILD)/obj/tests/conformance/programs.o $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@

.PHONY: conformance
conformance: $(CONFORMANCE) $$(ONNX_SUITE) ## devices against one suite, the compiler against ONNX's: build/results/conformance.csv
	@mkdir -p build/results
	@TESSERA_COMMIT=$(COMMIT) $(CONFORMANCE) --csv $(RESULTS)/conformance.csv
	@TESSERA_COMMIT=$(COMMIT) $(ONNX_SUITE) --csv $(RESULTS)/conformance.csv
