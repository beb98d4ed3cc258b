# SPDX-License-Identifier: Apache-2.0
# Below the public interface: tensorise.h is of compiler/accel itself.
INC.tests/accel := $(INC_isa) $(INC_graph) $(INC_tensor) -Icompiler/accel/include -Icompiler/accel -Itests/harness
ACCEL_TESTS     := $(BUILD)/tests/accel/test_accel $(BUILD)/tests/accel/test_tensorise $(BUILD)/tests/accel/test_tokens
TESTS           += $(ACCEL_TESTS)
$(ACCEL_TESTS): $(BUILD)/tests/accel/%: $(BUILD)/obj/tests/accel/%.o $(BUILD)/lib/libtsr_accel.a $(BUILD)/lib/libtsr_tensor.a $(BUILD)/lib/libtsr_graph.a $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS) $^ -lm -o $@
