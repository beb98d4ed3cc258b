# SPDX-License-Identifier: Apache-2.0
# Proofs of the RTL's rules; a quick share of them is in `make test`.
FORMAL        := hw/rtl/formal/formal.sh
FORMAL_NEEDS  := $(GEN)/tsr_isa_pkg.sv build/formal/proof/tsr_cfg_pkg.sv $(GEN)/tiny/tsr_cfg_pkg.sv
build/formal/proof/tsr_cfg_pkg.sv: hw/rtl/formal/proof.cfg $(ISAGEN)
	@mkdir -p $(@D)
	@echo "  GEN  $@"
	@$(GEN)/isagen config $< $@

TEST_SCRIPTS  += hw/rtl/formal/quick.sh
TEST_NEEDS    += $(FORMAL_NEEDS)
SAN_SKIP      += hw/rtl/formal/quick.sh

.PHONY: formal formal-bugs
formal: $(FORMAL_NEEDS) ## prove the rules of the RTL; table and build/results/proofs.csv (minutes)
	@$(FORMAL) -j $(JOBS) -c $(RESULTS)/proofs.csv
formal-bugs: $(FORMAL_NEEDS) ## see that each seeded bug of hw/rtl/formal/bugs breaks the rules that it names
	@$(FORMAL) -j $(JOBS) -b
