# SPDX-License-Identifier: Apache-2.0
INC.tests/targets = $(INC_tessera) $(INC_compiler) -Itests/harness
TEST_TARGETS     := $(BUILD)/tests/test_targets
TESTS            += $(TEST_TARGETS)
$(TEST_TARGETS): $(BUILD)/obj/tests/targets/test_targets.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

# The runtime for other processors, with a program that runs cases; where there is a cross compiler.
CROSS            := $(foreach c,aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu,$(if $(shell command -v $(c)-gcc 2>/dev/null),$(c)))
CROSS_RUNNERS    := $(CROSS:%=$(BUILD)/tests/targets/run_cases-%)
CROSS_SOURCES    := $(wildcard runtime/*.c driver/*.c isa/*.c isa/model/*.c) $(foreach d,$(filter-out driver/rtl driver/remote% $(BOARD_FOLDERS),$(DRIVER_FOLDERS)),$(wildcard $(d)/*.c))
TEST_NEEDS       += $(CROSS_RUNNERS)
$(CROSS_RUNNERS): $(BUILD)/tests/targets/run_cases-%: tests/targets/run_cases.c $(CROSS_SOURCES) | $(GENERATED_HEADERS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$*-gcc $(CSTD) -O1 -static -Iruntime $(INC_runtime) $(INC_driver) $(INC_isa) $^ -lm -lpthread -o $@
TEST_SCRIPTS     += tests/targets/test_embedded.sh
