# SPDX-License-Identifier: Apache-2.0
INC.tests/tensor   = $(INC_isa) $(INC_graph) $(INC_tensor) $(INC_host) $(INC_import) -Itests/harness
TENSOR_TEST_LIBS   = $(BUILD)/lib/libtsr_import.a $(BUILD)/lib/libtsr_host.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a
TENSOR_TESTS       = $(patsubst tests/tensor/%.c,$(BUILD)/tests/tensor/%,$(wildcard tests/tensor/test_*.c))
TESTS             += $(TENSOR_TESTS)

$(TENSOR_TESTS): $(BUILD)/tests/tensor/%: $(BUILD)/obj/tests/tensor/%.o $(BUILD)/obj/tests/tensor/machine.o $$(TENSOR_TEST_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS_import) $(LLVM_LIBS) -lm
$(BUILD)/tests/tensor/test_lower: $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/tensor/lower_*.c))
