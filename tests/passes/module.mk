# SPDX-License-Identifier: Apache-2.0
INC.tests/passes   = $(INC_import) $(INC_tensor) $(INC_graph) $(INC_isa) -Itests/harness
PASSES_TEST_LIBS   = $(BUILD)/lib/libtsr_import.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a
TESTS             += $(BUILD)/tests/test_passes $(BUILD)/tests/test_passes_models $(BUILD)/tests/test_text $(BUILD)/tests/test_pass_docs

$(BUILD)/tests/test_passes: $(addprefix $(BUILD)/obj/tests/passes/,test_passes.o evaluate.o build.o) $$(PASSES_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
$(BUILD)/tests/test_text: $(addprefix $(BUILD)/obj/tests/passes/,test_text.o build.o) $$(PASSES_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
$(BUILD)/tests/test_pass_docs: $(addprefix $(BUILD)/obj/tests/passes/,test_pass_docs.o evaluate.o) $$(PASSES_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
$(BUILD)/tests/test_passes_models: $(addprefix $(BUILD)/obj/tests/passes/,test_passes_models.o evaluate.o npy.o) $$(PASSES_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
