# SPDX-License-Identifier: Apache-2.0
# XRT's library, where it is installed, is an oracle here; the project's own code does not need it.
TEST_XRT           := $(wildcard /usr/include/xrt/experimental/xrt_xclbin.h)
INC.tests/xclbin   := $(INC_xclbin) -Idriver/xclbin -I$(GEN) -Itests/harness $(if $(TEST_XRT),-isystem /usr/include/xrt)
FLAGS.tests/xclbin := $(if $(TEST_XRT),-DHAVE_XRT)
XCLBIN_TESTS       := $(patsubst tests/xclbin/%.c,$(BUILD)/tests/xclbin/%,$(wildcard tests/xclbin/test_*.c))
TESTS              += $(XCLBIN_TESTS)
# XRT under sanitizers reports its own.
SAN_SKIP           += $(BUILD)/tests/xclbin/test_xrt_reads
$(XCLBIN_TESTS): $(BUILD)/tests/xclbin/%: $(BUILD)/obj/tests/xclbin/%.o $$(XCLBIN_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(XCLBIN_LDLIBS) $(if $(and $(TEST_XRT),$(filter test_xrt_reads,$*)),-lxrt_coreutil) -o $@
