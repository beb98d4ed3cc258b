# SPDX-License-Identifier: Apache-2.0
# hw/rtl/packed, which synthesis takes, against hw/rtl/tsr_dot.sv, which simulates fast. Nothing here changes with SAN=1.
PACKED        := build/tests/packed
PACKED_RTL    := $(wildcard hw/rtl/packed/*.sv)
PACKED_V      := $(VERILATOR) --cc -O3 --x-assign fast --x-initial fast --noassert -Wno-fatal --top-module tsr_dot
PACKED_SMALL  := -GBatch=1 -GBlockIn=2 -GBlockOut=2
PACKED_LARGE  := -GBatch=2 -GBlockIn=8 -GBlockOut=4

build/tests/rtl_packed: tests/rtl/packed/packed_test.cpp hw/rtl/tsr_dot.sv $(PACKED_RTL) $(GEN)/tsr_isa_pkg.sv $(GEN)/tiny/tsr_cfg_pkg.sv $(SIM_RUNTIME)
	@mkdir -p $(PACKED)
	@rm -rf $(PACKED)/*
	@echo "  VERI $@"
	@mkdir $(PACKED)/rtl
	@cp $(PACKED_RTL) $(PACKED)/rtl
	@sed -i 's/ + 32.h8000;/;/; s/product0_o = p_q\[15:0\]/product0_o = {~p_q[15], p_q[14:0]}/' $(PACKED)/rtl/tsr_dot_pair.sv
	@! cmp -s hw/rtl/packed/tsr_dot_pair.sv $(PACKED)/rtl/tsr_dot_pair.sv || { echo "nothing was broken: tests/rtl/packed/module.mk has to follow the RTL"; exit 1; }
	@{ $(PACKED_V) --prefix Vsmall $(PACKED_SMALL) --Mdir $(PACKED)/v $(GEN)/tiny/tsr_cfg_pkg.sv $(PACKED_RTL) && \
	   $(PACKED_V) --prefix Vbroken $(PACKED_SMALL) --Mdir $(PACKED)/v $(GEN)/tiny/tsr_cfg_pkg.sv $(PACKED)/rtl/*.sv && \
	   $(PACKED_V) --prefix Vpacked $(PACKED_LARGE) --Mdir $(PACKED)/v $(GEN)/tiny/tsr_cfg_pkg.sv $(PACKED_RTL) && \
	   $(PACKED_V) --prefix Vplain $(PACKED_LARGE) --Mdir $(PACKED)/v $(GEN)/tiny/tsr_cfg_pkg.sv hw/rtl/tsr_dot.sv; } >$(PACKED)/verilator.log 2>&1 || \
	  { tail -n 20 $(PACKED)/verilator.log; exit 1; }
	@cat $(PACKED)/v/V*.cpp >$(PACKED)/all.cxx
	@$(SIM_CXX) -std=c++17 -O2 -w -I$(PACKED)/v $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 -x c++ $(PACKED)/all.cxx $< -x none $(SIM_RUNTIME) -lz -lpthread -o $@

.PHONY: lint-packed
lint-rtl: lint-packed
lint-packed: $(foreach c,$(CONFIGS),$(GEN)/$(c)/tsr_cfg_pkg.sv)
	@for c in $(CONFIGS); do verilator --lint-only -Wall --top-module tsr_dot $(GEN)/$$c/tsr_cfg_pkg.sv $(PACKED_RTL) || exit 1; done && echo "rtl, packed: clean"

TESTS         += build/tests/rtl_packed
SAN_SKIP      += build/tests/rtl_packed
