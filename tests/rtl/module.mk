# SPDX-License-Identifier: Apache-2.0
# The compute half of the RTL alone, below the level of lockstep, and what Yosys makes of the RTL. Nothing here changes with SAN=1.
RTL_TESTS     := build/tests/rtl_
RTL_PACKAGES   = $(GEN)/tsr_isa_pkg.sv $(GEN)/$(1)/tsr_cfg_pkg.sv
# Rounds of random programs in `make test`.
RTL_ROUNDS    := 2
RTL_ROUNDS_tiny := 20

# compute_CONFIG: the units GEMM and ALU with their buffers and tokens.
RTL_COMPUTE   := tsr_compute tsr_buffers tsr_inp_banks tsr_acc_banks tsr_wgt_sram lib/tsr_sram tsr_bank_guard tsr_tokens tsr_gemm tsr_dot tsr_alu tsr_alu_op tsr_rescale tsr_issue tsr_loop
RTL_COMPUTE   := $(RTL_COMPUTE:%=hw/rtl/%.sv)
define rtl_compute_test
$(RTL_TESTS)compute_$(1): tests/rtl/compute/compute_test.cpp tests/rtl/compute/compute_tb.sv $(RTL_COMPUTE) $(call RTL_PACKAGES,$(1)) $(SIM_RUNTIME)
	@mkdir -p $$@.obj
	@rm -f $$@.obj/*
	@echo "  VERI $$@"
	@$(VERILATOR) --cc -O3 --x-assign fast --x-initial fast --assert -Wno-fatal --top-module compute_tb --Mdir $$@.obj \
	  $$(filter %.sv,$$(sort $(call RTL_PACKAGES,$(1))) $(RTL_COMPUTE) tests/rtl/compute/compute_tb.sv) >$$@.obj/verilator.log 2>&1 || { tail -n 20 $$@.obj/verilator.log; exit 1; }
	@cat $$@.obj/Vcompute_tb*.cpp >$$@.obj/all.cxx
	@$(SIM_CXX) -std=c++17 -O1 -w -DROUNDS=$(or $(RTL_ROUNDS_$(1)),$(RTL_ROUNDS)) -I$$@.obj $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 -x c++ $$@.obj/all.cxx $$< -x none \
	  $(SIM_RUNTIME) -lz -lpthread -o $$@
endef
$(foreach c,$(CONFIGS),$(eval $(call rtl_compute_test,$(c))))

TESTS         += $(foreach c,$(CONFIGS),$(RTL_TESTS)compute_$(c))
SAN_SKIP      += $(foreach c,$(CONFIGS),$(RTL_TESTS)compute_$(c))

# build/netlist/tessera_CONFIG_VARIANT.v: the whole core through Yosys, as its coarse cells (variant netlist) or as gates
# (gates). Memories stay memories, and modules modules. Its simulator is a test build like any other.
RTL_netlist   := proc; opt; wreduce; peepopt; opt_clean; memory -nomap; opt_clean
RTL_gates     := synth -noshare -top tessera -run begin:fine; opt -fast -full; opt -undriven -fine; techmap; opt -fast; abc -fast; opt_clean
define rtl_netlist
build/netlist/tessera_$(1)_$(2).v: $(SIM_RTL) $(call RTL_PACKAGES,$(1)) tests/rtl/module.mk
	@mkdir -p $$(@D)
	@echo "  YOSY $$@"
	@yosys -q -l $$(@:.v=.log) -p "read_verilog -sv $(call RTL_PACKAGES,$(1)) $(SIM_RTL); hierarchy -check -top tessera; \
	  $(RTL_$(2)); check -assert; write_verilog -noattr $$@" >/dev/null
$$(eval $$(call simulator,tessera_sim_$(1)_$(2),$(1),$(2),--noassert -Wno-fatal -Wno-lint -Wno-UNOPTFLAT,build/netlist/tessera_$(1)_$(2).v))
endef
$(foreach c,$(CONFIGS),$(eval $(call rtl_netlist,$(c),netlist)))
$(eval $(call rtl_netlist,tiny,gates))
# NAME_xc7: what `make synth` maps to 7-series parts, with two products a DSP block, block RAMs and all.
build/netlist/xc7_cells.v: tests/rtl/netlist/cells.awk tests/rtl/module.mk
	@mkdir -p $(@D)
	@awk -f $< $$(dirname $$(dirname $$(readlink -f $$(command -v yosys))))/share/yosys/xilinx/cells_sim.v >$@
$(foreach c,$(CONFIGS),$(eval $(call simulator,tessera_sim_$(c)_xc7,$(c),netlist,--noassert --trace-depth 1 -Wno-fatal -Wno-lint -Wno-UNOPTFLAT,build/netlist/xc7_cells.v tests/rtl/netlist/xilinx_ram.v build/synth/$(c)_xc7_packed.v)))
$(SIM)/tessera_sim_tiny_xc7/model.o $(SIM)/tessera_sim_tiny_xc7/slow.o: SIM_OPT := -O0
$(SIM)/tessera_sim_tiny_xc7/slow.o: SIM_SLOW_OPT := -O0
# Tens of thousands of gates: an optimising compiler takes minutes over them.
$(SIM)/tessera_sim_tiny_gates/model.o $(SIM)/tessera_sim_tiny_gates/slow.o: SIM_OPT := -O0
$(SIM)/tessera_sim_tiny_gates/slow.o: SIM_SLOW_OPT := -O0

RTL_SCRIPTS   := tests/rtl/netlist/netlist.sh tests/rtl/netlist/core.sh
TEST_SCRIPTS  += $(RTL_SCRIPTS)
SAN_SKIP      += $(RTL_SCRIPTS)
TEST_NEEDS    += $(if $(filter 1,$(SAN)),,$(call RTL_PACKAGES,tiny) $(if $(shell command -v yosys),$(SIM)/libtessera_sim_tiny_netlist.so))

.PHONY: netlists synth-check
netlists: $(call RTL_PACKAGES,tiny) $(LOCKSTEP) $(foreach n,$(CONFIGS:%=%_netlist) tiny_gates tiny_xc7,$(SIM)/libtessera_sim_$(n).so) ## simulate every module's netlist in three flows, and the whole core's in every configuration
	@tests/rtl/netlist/netlist.sh -a -f generic -f xilinx -f ice40
	@tests/rtl/netlist/netlist.sh -f mapped tsr_fifo_ram
	@tests/rtl/netlist/core.sh netlist $(CONFIGS)
	@tests/rtl/netlist/core.sh gates tiny
	@NETLIST_PROGRAMS=60 tests/rtl/netlist/core.sh xc7 tiny
synth-check: $(foreach c,$(CONFIGS),synth-check-$(c)) ## Yosys reads the whole RTL and makes memories of the buffers, in every configuration
synth-check-%: $(GEN)/tsr_isa_pkg.sv $(GEN)/%/tsr_cfg_pkg.sv
	@tests/rtl/netlist/synth_check.sh $* $^ $(SIM_RTL)
