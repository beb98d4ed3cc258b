# SPDX-License-Identifier: Apache-2.0
INC.tests/cli = $(INC_cli) $(INC_tessera) -Itests/harness
TEST_FILES   := $(BUILD)/tests/test_cli_files
TEST_SAMPLES := $(BUILD)/tests/test_cli_samples
TESTS        += $(TEST_FILES) $(TEST_SAMPLES)
$(TEST_FILES) $(TEST_SAMPLES): $(BUILD)/tests/%: $(BUILD)/obj/tests/cli/%.o $(BUILD)/lib/libtsr_cli.a $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -lpng -ljpeg -lz -lm -o $@

TEST_SCRIPTS += tests/cli/test_cli.sh tests/cli/test_selftest.sh
TEST_NEEDS   += $(BUILD)/bin/tessera $(BUILD)/example
