# SPDX-License-Identifier: Apache-2.0
INC.tests/models = $(INC_tessera) $(INC_compiler) -Itests/harness
TEST_MODELS     := $(BUILD)/tests/test_models
TESTS           += $(TEST_MODELS)
$(TEST_MODELS): $(BUILD)/obj/tests/models/test_models.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

SLOW_TESTS      += tests/models/full.sh
SLOW_NEEDS      += $(TEST_MODELS) sims
