# SPDX-License-Identifier: Apache-2.0
INC.tests/compiler := $(INC_compiler) $(INC_import) $(INC_graph) $(INC_isa) -Itests/harness
TEST_COMPILE       := $(BUILD)/tests/test_compile
TESTS              += $(TEST_COMPILE)
TEST_NEEDS         += $(foreach n,resnet18 resnet50 mobilenet_v1 mobilenet_v2,build/zoo/$(n)_int8.onnx)

$(TEST_COMPILE): $(BUILD)/obj/tests/compiler/test_compile.o $$(COMPILER_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) -o $@
