# SPDX-License-Identifier: Apache-2.0
# What the core needs in an FPGA, with Yosys. A netlist is build/synth/CONFIG_FAMILY_MULTIPLIER.blif and .v.
INC.hw/fpga/synth := -Iisa/include
SYNTH_REPORT  := $(BUILD)/bin/synth_report
$(SYNTH_REPORT): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard hw/fpga/synth/*.c)) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -o $@

# Two products a DSP block unless told otherwise: `make synth MULTIPLIER=plain` (one), `lut` (none).
MULTIPLIER    ?= packed
SYNTH_FAMILIES := xc7 xcup
SYNTH_packed  := $(filter-out hw/rtl/tsr_dot.sv,$(SIM_RTL)) $(wildcard hw/rtl/packed/*.sv)
SYNTH_plain   := $(SIM_RTL)
SYNTH_lut     := $(SIM_RTL)
define synth_netlist
build/synth/$(1)_$(2)_$(3).blif: $(SYNTH_$(3)) $(GEN)/tsr_isa_pkg.sv $(GEN)/$(1)/tsr_cfg_pkg.sv hw/fpga/synth/synth.sh
	@echo "  YOSY $(1) for $(2), $(3) multipliers (minutes)"
	@hw/fpga/synth/synth.sh $(2) $(3) tessera $$(basename $$@) $(GEN)/tsr_isa_pkg.sv $(GEN)/$(1)/tsr_cfg_pkg.sv $(SYNTH_$(3))
build/synth/$(1)_$(2)_$(3).v: build/synth/$(1)_$(2)_$(3).blif
endef
$(foreach c,$(CONFIGS),$(foreach f,$(SYNTH_FAMILIES),$(foreach m,packed plain lut,$(eval $(call synth_netlist,$(c),$(f),$(m))))))

build/synth/%.blif: # what no rule above makes
	@echo "$*: there is no such configuration or multiplier; there are $(CONFIGS), and packed, plain, lut" >&2; exit 1

SYNTH_OF       = $(foreach c,$(or $(CONFIG),$(CONFIGS)),$(foreach f,$(SYNTH_FAMILIES),build/synth/$(c)_$(f)_$(MULTIPLIER).blif))
SYNTH_RECORD  := hw/fpga/synth/recorded.csv
SYNTH_PAGE    := hw/fpga/synth/README.md
.PHONY: synth synth-record docs-synth check-docs check-docs-synth
synth: $(SYNTH_REPORT) $$(SYNTH_OF) ## [CONFIG=pynq] LUT, FF, DSP, BRAM by module and the longest paths, for 7-series and UltraScale+
	@hw/fpga/synth/report.sh $(SYNTH_REPORT) $(COMMIT) $(RESULTS)/synth.csv $(SYNTH_OF)
	@awk -v recorded=$(SYNTH_RECORD) -f hw/fpga/synth/fit.awk hw/fpga/synth/parts.txt $(RESULTS)/synth.csv
synth-record: ## take the totals of the last `make synth` as the recorded ones, and write the table of hw/fpga/synth/README.md
	@hw/fpga/synth/record.sh $(RESULTS)/synth.csv $(SYNTH_RECORD)
	@$(MAKE) --no-print-directory docs-synth
docs-synth: ## refresh the table of hw/fpga/synth/README.md
	@hw/fpga/synth/page.sh $(SYNTH_PAGE) $(SYNTH_RECORD)
check-docs: check-docs-synth
check-docs-synth:
	@hw/fpga/synth/page.sh $(SYNTH_PAGE) $(SYNTH_RECORD) check

TEST_SCRIPTS  += hw/fpga/synth/test.sh
SAN_SKIP      += hw/fpga/synth/test.sh
TEST_NEEDS    += $(SYNTH_REPORT)
