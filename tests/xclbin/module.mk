# SPDX-License-Identifier: Apache-2.0
INC.tests/xclbin := $(INC_xclbin) -Idriver/xclbin -I$(GEN) -Itests/harness
XCLBIN_TESTS     := $(patsubst tests/xclbin/%.c,$(BUILD)/tests/xclbin/%,$(wildcard tests/xclbin/test_*.c))
TESTS            += $(XCLBIN_TESTS)
$(XCLBIN_TESTS): $(BUILD)/tests/xclbin/%: $(BUILD)/obj/tests/xclbin/%.o $$(XCLBIN_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(XCLBIN_LDLIBS) -o $@
