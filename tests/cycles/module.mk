# SPDX-License-Identifier: Apache-2.0
INC.tests/cycles = $(INC_tessera) $(INC_profile) -Ibench/networks -Itests/harness
TEST_TIMING     := $(BUILD)/tests/test_timing
TEST_CYCLES     := $(BUILD)/tests/test_cycles
TESTS           += $(TEST_TIMING) $(TEST_CYCLES)
$(TEST_TIMING) $(TEST_CYCLES): $(BUILD)/tests/%: $(BUILD)/obj/tests/cycles/%.o $(BUILD)/obj/bench/networks/cases.o $$(ZOO_OBJECTS) $(BUILD)/lib/libtsr_profile.a $(BUILD)/lib/libtsr_export.a $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(LIBS_export) $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -lm -o $@

SLOW_TESTS      += tests/cycles/timing_whole.sh tests/cycles/cycles_whole.sh
SLOW_NEEDS      += $(TEST_TIMING) $(TEST_CYCLES)
SAN_SKIP        += $(TEST_TIMING) $(TEST_CYCLES)

.PHONY: record-cycles
record-cycles: $(TEST_CYCLES) $$(SIMS) ## record the cycles of networks anew (tests/cycles/cycles.csv), after a change that is meant to move them
	@$(TEST_CYCLES) --whole --record
