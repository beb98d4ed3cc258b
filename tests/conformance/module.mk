# SPDX-License-Identifier: Apache-2.0
INC.tests/conformance := $(INC_isa) $(INC_driver) $(INC_runtime) -Itests/harness
CONFORMANCE           := $(BUILD)/tests/conformance/test_devices
TESTS                 += $(CONFORMANCE)
$(CONFORMANCE): $(BUILD)/obj/tests/conformance/test_devices.o $(BUILD)/obj/tests/conformance/programs.o $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@

.PHONY: conformance
conformance: $(CONFORMANCE) ## one suite on every device of this build, into build/results/conformance.csv
	@mkdir -p build/results
	@TESSERA_COMMIT=$$(git rev-parse --short HEAD 2>/dev/null) $(CONFORMANCE) --csv build/results/conformance.csv
