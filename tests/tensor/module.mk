# SPDX-License-Identifier: Apache-2.0
INC.tests/tensor   = $(INC_isa) $(INC_graph) $(INC_tensor) $(INC_host) $(INC_import) -Itests/harness
TENSOR_TEST_LIBS   = $(BUILD)/lib/libtsr_host.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a

$(BUILD)/tests/run_graph: $(BUILD)/obj/tests/tensor/run_graph.o $(BUILD)/obj/tests/tensor/machine.o $(BUILD)/lib/libtsr_import.a $$(TENSOR_TEST_LIBS)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_import) $(LLVM_LIBS) -lm
