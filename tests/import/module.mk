# SPDX-License-Identifier: Apache-2.0
IMPORT_TEST_LIBS       = $(BUILD)/lib/libtsr_import.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a
INC.tests/import       = $(INC_import) $(INC_tensor) $(INC_graph) $(INC_isa) -Itests/harness
TESTS                 += $(BUILD)/tests/test_import

$(BUILD)/tests/test_import: $(BUILD)/obj/tests/import/test_import.o $$(IMPORT_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
$(BUILD)/tests/show_graph: $(BUILD)/obj/tests/import/show_graph.o $$(IMPORT_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) -lm
