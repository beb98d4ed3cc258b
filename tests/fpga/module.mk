# SPDX-License-Identifier: Apache-2.0
TEST_SCRIPTS += tests/fpga/test_fpga.sh
TEST_NEEDS   += $(BUILD)/bin/tessera $(BUILD)/bin/tessera-hwemu $(GEN)/tsr_isa_pkg.sv $(foreach c,$(CONFIGS),$(GEN)/$(c)/tsr_cfg_pkg.sv)
