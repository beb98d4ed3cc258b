# SPDX-License-Identifier: Apache-2.0
INC.models/digits = $(INC_tessera) $(INC_compiler) $(INC_cli)
DEMO         := $(BUILD)/bin/demo
$(DEMO): $(BUILD)/obj/models/digits/demo.o $$(CLI_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(CLI_LDLIBS) -o $@

# Only what the demo needs: one simulator, and the two programs that the README speaks of.
.PHONY: demo-run
demo-run: $(DEMO) $$(TESSERA) $$(SIM)/libtessera_sim_pynq.so
	@mkdir -p $(RESULTS)
	@$(DEMO) -o $(RESULTS)/demo.csv -r $(COMMIT)
