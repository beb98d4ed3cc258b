# SPDX-License-Identifier: Apache-2.0
# One target a board. Each looks for the vendor's tools before it builds anything.
.PHONY: vivado-pynq-z1 vivado-pynq-z2 vivado-ultra96 vivado-kv260 vitis-u50 vitis-u200 vitis-u250 vitis-u280 fpga-needs
vivado-pynq-z1: ## bitstream and xclbin for a PYNQ-Z1, with Vivado: CONFIG=pynq CLOCK=150
vivado-pynq-z2: ## bitstream and xclbin for a PYNQ-Z2, with Vivado: CONFIG=pynq CLOCK=150
vivado-ultra96: ## bitstream and xclbin for an Ultra96-V2, with Vivado: CONFIG=pynq CLOCK=300
vivado-kv260: ## bitstream, overlay and xclbin for a Kria KV260, with Vivado: CONFIG=pynq CLOCK=300
vitis-u50: ## xclbin for an Alveo U50, with Vitis: CONFIG=wide CLOCK=300
vitis-u200: ## xclbin for an Alveo U200, with Vitis: CONFIG=wide CLOCK=300
vitis-u250: ## xclbin for an Alveo U250, with Vitis: CONFIG=wide CLOCK=300
vitis-u280: ## xclbin for an Alveo U280, with Vitis: CONFIG=wide CLOCK=300
vivado-pynq-z1 vivado-pynq-z2 vivado-ultra96 vivado-kv260 vitis-u50 vitis-u200 vitis-u250 vitis-u280:
	@CONFIG=$(CONFIG) CLOCK=$(CLOCK) hw/fpga/build.sh check $(subst vitis-,,$(subst vivado-,,$@))
	$(MAKE_AGAIN) fpga-needs
	@CONFIG=$(CONFIG) CLOCK=$(CLOCK) hw/fpga/build.sh build $(subst vitis-,,$(subst vivado-,,$@))
fpga-needs: $$(TESSERA) $(GEN)/tsr_isa_pkg.sv $(foreach c,$(CONFIGS),$(GEN)/$(c)/tsr_cfg_pkg.sv)
