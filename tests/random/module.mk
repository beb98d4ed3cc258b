# SPDX-License-Identifier: Apache-2.0
INC.tests/random   = $(INC_tessera) $(INC_compiler) $(INC_tensor) $(INC_graph) $(INC_isa) -Itests/harness
TEST_RANDOM_GRAPHS := $(BUILD)/tests/test_random_graphs
TESTS              += $(TEST_RANDOM_GRAPHS)

$(TEST_RANDOM_GRAPHS): $(BUILD)/obj/tests/random/test_random_graphs.o $(BUILD)/obj/tests/random/device.o $(BUILD)/obj/tests/passes/evaluate.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

SOAK_COUNT ?= 50000
.PHONY: soak-tensor
soak-tensor: $(BUILD)/tests/tensor/test_random_schedules $(TEST_RANDOM_GRAPHS) ## random schedules and random graphs against the interpreter, SOAK_COUNT=50000 from seed SOAK_SEED=1000
	TENSOR_SEED=$(or $(SOAK_SEED),1000) TENSOR_COUNT=$(SOAK_COUNT) $(BUILD)/tests/tensor/test_random_schedules
	GRAPH_SEED=$(or $(SOAK_SEED),1000) GRAPH_COUNT=$(shell expr $(SOAK_COUNT) / 50) $(TEST_RANDOM_GRAPHS)
