# SPDX-License-Identifier: Apache-2.0
# The devices of boards, against the real XRT library in hardware emulation. Where XRT is not installed the script says so.
INC.tests/xrt     := $(INC_isa) $(INC_driver) -Idriver/xclbin/include -Itests/harness
TEST_BOARD_FAULTS := $(BUILD)/tests/xrt/test_board_faults
$(TEST_BOARD_FAULTS): $(BUILD)/obj/tests/xrt/test_board_faults.o $(BUILD)/obj/tests/conformance/programs.o $$(DRIVER_LIBS) $$(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@
TESTS             += $(TEST_BOARD_FAULTS)
TEST_SCRIPTS      += tests/xrt/test_xrt.sh
XRT_TEST_NEEDS     = $(HWEMU) $(TESSERA) $(CONFORMANCE) $(SIMS)
TEST_NEEDS        += $(HWEMU)
# XRT and the preloaded library come before AddressSanitizer's.
SAN_SKIP          += $(TEST_BOARD_FAULTS) tests/xrt/test_xrt.sh

.PHONY: test-xrt test-xrt-run
test-xrt: packages ## the devices of boards alone, on emulated boards behind the real XRT library
	$(MAKE_AGAIN) test-xrt-run
test-xrt-run: $$(XRT_TEST_NEEDS) $(TEST_BOARD_FAULTS)
	@tests/run.sh -o $(BUILD)/tests/log $(TEST_BOARD_FAULTS) tests/xrt/test_xrt.sh
