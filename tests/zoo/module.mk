# SPDX-License-Identifier: Apache-2.0
INC.tests/zoo = $(INC_tessera) $(INC_compiler) $(INC_export) -Imodels/zoo -Itests/harness
TEST_ZOO     := $(BUILD)/tests/test_zoo
TESTS        += $(TEST_ZOO)
$(TEST_ZOO): $(BUILD)/obj/tests/zoo/test_zoo.o $(ZOO_OBJECTS) $(BUILD)/lib/libtsr_export.a $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(LIBS_export) $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@
