# SPDX-License-Identifier: Apache-2.0
INC.tests/models = $(INC_tessera) $(INC_compiler) -Itests/harness
TEST_MODELS     := $(BUILD)/tests/test_models
TEST_TFLITE_OPS := $(BUILD)/tests/test_tflite_ops
TESTS           += $(TEST_MODELS) $(TEST_TFLITE_OPS)
$(TEST_MODELS) $(TEST_TFLITE_OPS): $(BUILD)/tests/%: $(BUILD)/obj/tests/models/%.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

SLOW_TESTS      += tests/models/full.sh
SLOW_NEEDS      += $(TEST_MODELS) sims
