# SPDX-License-Identifier: Apache-2.0
INC.tests/quantize    = $(INC_tessera) $(INC_compiler) $(INC_quantize) $(INC_export) -Itests/harness -I.
TEST_QUANTIZE        := $(BUILD)/tests/quantize/test_quantize
TESTS                += $(TEST_QUANTIZE)
$(TEST_QUANTIZE): $(BUILD)/obj/tests/quantize/test_quantize.o $$(QUANTIZE_LIBS) $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

TEST_SCRIPTS         += tests/quantize/test_quantize.sh tests/quantize/networks.sh
TEST_NEEDS           += $$(BENCH_QUANTIZE)
