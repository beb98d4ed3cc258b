# SPDX-License-Identifier: Apache-2.0
ifneq ($(HAVE_REMOTE),)
INC.tests/remote := -Idriver/remote/wire -Itests/conformance $(INC_tessera) -Itests/harness
TEST_REMOTE      := $(BUILD)/tests/remote/test_protocol $(BUILD)/tests/remote/test_serve
TESTS            += $(TEST_REMOTE)
$(TEST_REMOTE): $(BUILD)/tests/remote/%: $(BUILD)/obj/tests/remote/%.o $(BUILD)/obj/tests/remote/peer.o $(BUILD)/obj/tests/conformance/programs.o $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@
TEST_SCRIPTS     += tests/remote/remote.sh
TEST_NEEDS       += $(BUILD)/bin/tessera $(SERVE_ONLY)
endif
