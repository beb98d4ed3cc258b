# SPDX-License-Identifier: Apache-2.0
INC.tests/accel := $(INC_isa) $(INC_graph) $(INC_tensor) -Icompiler/accel/include -Itests/harness
TESTS += $(BUILD)/tests/test_accel
$(BUILD)/tests/test_accel: $(BUILD)/obj/tests/accel/test_accel.o $(BUILD)/lib/libtsr_accel.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) $^ -lm -o $@
