# SPDX-License-Identifier: Apache-2.0
# test_write.c looks inside; it sees the graph, test_quantize.c the runtime.
INC.tests/quantize    = $(INC_tessera) $(INC_graph) $(INC_import) -Icompiler/quantize $(INC_compiler) $(INC_quantize) $(INC_export) -Itests/harness -I.
TEST_QUANTIZE        := $(BUILD)/tests/quantize/test_quantize
TEST_QUANTIZE_WRITE  := $(BUILD)/tests/quantize/test_write
TESTS                += $(TEST_QUANTIZE) $(TEST_QUANTIZE_WRITE)
$(TEST_QUANTIZE_WRITE): $(BUILD)/obj/tests/quantize/test_write.o $(addprefix $(BUILD)/obj/tests/passes/,evaluate.o build.o) \
                        $$(QUANTIZE_LIBS) $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@
$(TEST_QUANTIZE): $(BUILD)/obj/tests/quantize/test_quantize.o $$(QUANTIZE_LIBS) $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

TEST_SCRIPTS         += tests/quantize/test_quantize.sh tests/quantize/networks.sh
TEST_NEEDS           += $(BENCH_QUANTIZE)
