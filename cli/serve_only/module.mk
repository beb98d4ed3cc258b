# SPDX-License-Identifier: Apache-2.0
ifneq ($(HAVE_REMOTE),)
INC.cli/serve_only := -Icli -Iisa/include
SERVE_ONLY         := $(BUILD)/bin/tessera-serve
.PHONY: serve
serve: $(SERVE_ONLY) ## build/bin/tessera-serve: `tessera serve` alone, for a board's host without LLVM
$(SERVE_ONLY): $(BUILD)/obj/cli/serve_only/main.o $(BUILD)/lib/libtsr_cli.a $$(SERVE_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@
endif
