# SPDX-License-Identifier: Apache-2.0
INC.tests/sim := $(INC_driver) -Iisa/include -I$(GEN) -Ihw/sim -Ihw/sim/include
INC.hw/sim    := -Ihw/sim -Ihw/sim/include

$(BUILD)/tests/sim_memory: $(BUILD)/obj/tests/sim/memory_test.o $(BUILD)/obj/hw/sim/memory.o
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -o $@

$(BUILD)/tests/sim_rtl: $(BUILD)/obj/tests/sim/rtl_test.o $(BUILD)/obj/tests/sim/streams.o $$(DRIVER_LIBS) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@

$(BUILD)/tests/sim_clocks: $(BUILD)/obj/tests/sim/clocks_test.o $$(DRIVER_LIBS) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@

TESTS         += $(BUILD)/tests/sim_memory $(BUILD)/tests/sim_rtl $(BUILD)/tests/sim_clocks
TEST_NEEDS    += $(SIMS)
