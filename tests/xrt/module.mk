# SPDX-License-Identifier: Apache-2.0
# The devices of boards, against the real XRT library in hardware emulation. Where XRT is not installed the script says so.
INC.tests/xrt     := $(INC_isa) $(INC_driver) -Idriver/xclbin/include -Ihw/emu -Ihw/sim/include -Itests/harness
TEST_BOARD_FAULTS := $(BUILD)/tests/xrt/test_board_faults
$(TEST_BOARD_FAULTS): $(BUILD)/obj/tests/xrt/test_board_faults.o $(BUILD)/obj/tests/conformance/programs.o $$(DRIVER_LIBS) $$(XCLBIN_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@
TEST_HOSTILE_HOST := $(BUILD)/tests/xrt/test_hostile_host
$(TEST_HOSTILE_HOST): $(BUILD)/obj/tests/xrt/test_hostile_host.o $(addprefix $(BUILD)/obj/,hw/emu/serve.o hw/emu/wire.o hw/emu/board.o rpc.pb-c.o) $$(DRIVER_LIBS) $$(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lprotobuf-c -lm -lpthread -o $@
TESTS             += $(TEST_HOSTILE_HOST)
TESTS             += $(TEST_BOARD_FAULTS)
TEST_SCRIPTS      += tests/xrt/test_xrt.sh
XRT_TEST_NEEDS     = $(HWEMU) $(TESSERA) $(CONFORMANCE) $(SIMS)
TEST_NEEDS        += $(HWEMU)
SAN_SKIP          += tests/xrt/test_xrt.sh

.PHONY: test-xrt test-xrt-run
test-xrt: packages ## the devices of boards alone, on emulated boards behind the real XRT library
	$(MAKE_AGAIN) test-xrt-run
test-xrt-run: $$(XRT_TEST_NEEDS) $(TEST_BOARD_FAULTS) $(TEST_HOSTILE_HOST)
	@tests/run.sh -o $(BUILD)/tests/log $(TEST_HOSTILE_HOST) $(TEST_BOARD_FAULTS) tests/xrt/test_xrt.sh
