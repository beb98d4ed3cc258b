# SPDX-License-Identifier: Apache-2.0
INC.isa       := $(INC_isa)
INC.isa/model := $(INC_isa)
INC.isa/gen   := -Iisa/include
$(eval $(call library,isa,isa isa/model))

# The generator runs on the build machine, before everything else; it is built once, with or without SAN.
ISAGEN        := $(GEN)/isagen
HOSTCC        := gcc
isagen_sources := $(wildcard isa/gen/*.c) isa/config.c isa/status.c
$(ISAGEN): $(isagen_sources) isa/gen/source.h isa/include/tsr/config.h isa/include/tsr/status.h
	@mkdir -p $(@D)
	@echo "  HOST $@"
	@$(HOSTCC) $(CSTD) $(WARN) -O1 -g $(INC.isa/gen) $(isagen_sources) -o $@

GENERATED_HEADERS += $(GEN)/tsr_isa.h
$(GEN)/tsr_isa.h: isa/tessera.isa $(ISAGEN)
	@echo "  GEN  $@"
	@$(ISAGEN) c $< $@

$(GEN)/tsr_isa_pkg.sv: isa/tessera.isa $(ISAGEN)
	@echo "  GEN  $@"
	@$(ISAGEN) sv $< $@

$(GEN)/%/tsr_cfg_pkg.sv: isa/configs/%.cfg $(ISAGEN)
	@mkdir -p $(@D)
	@echo "  GEN  $@"
	@$(ISAGEN) config $< $@

.PHONY: docs-isa check-docs check-docs-isa
docs-isa: $(ISAGEN) ## refresh the generated tables of isa/spec.md
	@$(ISAGEN) md isa/tessera.isa isa/spec.md
check-docs-isa: $(ISAGEN) ## fail when the tables of isa/spec.md do not match isa/tessera.isa
	@$(ISAGEN) md isa/tessera.isa isa/spec.md $(GEN)/spec.md
	@cmp isa/spec.md $(GEN)/spec.md || { echo "isa/spec.md is stale: run 'make docs-isa'"; exit 1; }
check-docs: check-docs-isa
