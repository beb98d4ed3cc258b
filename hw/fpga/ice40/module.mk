# SPDX-License-Identifier: Apache-2.0
# The GEMM unit in an iCE40 HX8K with open tools from end to end. ICE40 is its folder in build.
ICE40         := build/ice40
ICE40_RTL     := hw/rtl/lib/tsr_sram.sv $(addprefix hw/rtl/,tsr_loop.sv tsr_issue.sv tsr_dot.sv tsr_gemm.sv tsr_gemm_add.sv) hw/fpga/ice40/tsr_ice40.sv
ICE40_PACKAGES := $(GEN)/tsr_isa_pkg.sv $(GEN)/tiny/tsr_cfg_pkg.sv
ICE40_SHARE    = $(dir $(realpath $(shell command -v yosys)))../share/yosys/ice40
ICE40_SEED    ?= 1

# $(call ice40_test,PROGRAM,FOLDER,SOURCES,VERILATOR OPTIONS)
define ice40_test
$(1): hw/fpga/ice40/ice40_test.cpp $(3) $(SIM_RUNTIME)
	@mkdir -p $$(@D) $(2)
	@rm -f $(2)/*
	@echo "  VERI $$@"
	@$(VERILATOR) --cc -O3 --x-assign fast --x-initial fast --noassert -Wno-fatal -Wno-lint -Wno-UNOPTFLAT $(4) --top-module tsr_ice40 --prefix Vtsr_ice40 --Mdir $(2) \
	  $(3) >$(2)/verilator.log 2>&1 || { tail -n 20 $(2)/verilator.log; exit 1; }
	@cat $(2)/V*.cpp >$(2)/all.cxx
	@$(SIM_CXX) -std=c++17 -O1 -w -I$(2) $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 -x c++ $(2)/all.cxx $$< -x none $(SIM_RUNTIME) -lz -lpthread -o $$@
endef
$(eval $(call ice40_test,build/tests/fpga_ice40,$(ICE40)/rtl,$(ICE40_PACKAGES) $(ICE40_RTL),))
$(eval $(call ice40_test,$(ICE40)/test_netlist,$(ICE40)/netlist,$(ICE40)/tsr_ice40.v,-DNO_ICE40_DEFAULT_ASSIGNMENTS $$(ICE40_SHARE)/cells_sim.v))

$(ICE40)/tsr_ice40.json: $(ICE40_PACKAGES) $(ICE40_RTL) hw/fpga/ice40/module.mk
	@mkdir -p $(@D)
	@echo "  YOSY $@"
	@yosys -q -l $(@:.json=.log) -p "read_verilog -sv $(ICE40_PACKAGES) $(ICE40_RTL); synth_ice40 -top tsr_ice40 -json $@.part; write_verilog -noattr $(@:.json=.v)" >$(@:.json=.out) 2>&1 || { grep -m 5 ERROR $(@:.json=.log); exit 1; }
	@mv $@.part $@
$(ICE40)/tsr_ice40.v: $(ICE40)/tsr_ice40.json ;

.PHONY: ice40
ice40: $(ICE40)/tsr_ice40.json $(ICE40)/test_netlist ## the GEMM unit placed and routed for an iCE40 HX8K with open tools: bitstream, cells, Fmax
	@$(ICE40)/test_netlist 3
	@hw/fpga/ice40/pnr.sh $(ICE40)/tsr_ice40 $(ICE40_SEED) $(COMMIT) $(RESULTS)/pnr.csv

TESTS         += build/tests/fpga_ice40
SAN_SKIP      += build/tests/fpga_ice40
